//! Lines of a text format, bounded; and which text format it is.

use std::borrow::Cow;

use super::{Format, MAX_LINE, Read, mtr, text, tracepath, tracert, wartsdump};

/// Lines at the beginning among which a format must show itself: prompts and banners come first.
const LOOK_AT: usize = 64;

/// A line with its place.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) offset: u64,
    /// Without its end; bytes that are no UTF-8 replaced.
    pub(super) text: Cow<'a, str>,
}

impl Line<'_> {
    /// Counts what is wrong with this line.
    pub(super) fn reject(&self, out: &mut Read, why: &'static str) {
        out.reject(self.number, self.offset, why);
    }
}

/// Every line that is not blank and not too long.
pub(super) fn each(bytes: &[u8], out: &mut Read, mut tell: impl FnMut(&Line<'_>, &mut Read)) {
    let (mut number, mut offset) = (0, 0);
    for raw in bytes.split(|&b| b == b'\n') {
        number += 1;
        if raw.len() > MAX_LINE {
            out.reject(number, offset, "a line of more than 64 KiB");
        } else if !raw.trim_ascii().is_empty() {
            let text = String::from_utf8_lossy(raw.strip_suffix(b"\r").unwrap_or(raw));
            tell(&Line { number, offset, text }, out);
        }
        offset += raw.len() as u64 + 1;
    }
}

/// A line that somebody typed (`host$ traceroute ...`, `C:\>tracert ...`).
pub(super) fn is_command(line: &str) -> bool {
    let Some((_, typed)) = line.split_once(['>', '$', '#']) else { return false };
    let word = typed.split_whitespace().next().unwrap_or_default();
    ["traceroute", "tracert", "tracepath", "mtr", "paris-traceroute", "run", "show"].iter().any(|tool| word.starts_with(tool))
}

/// Weekday first: a date as IOS-XR and `date` print it.
pub(super) fn is_date(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&word) && line.contains(':')
}

pub(super) fn recognise(bytes: &[u8]) -> Option<Format> {
    let mut first = true;
    for raw in bytes.split(|&b| b == b'\n').filter(|l| !l.trim_ascii().is_empty()).take(LOOK_AT) {
        let text = String::from_utf8_lossy(raw);
        let line = text.trim_end();
        if mtr::is_csv(line) {
            return Some(Format::MtrCsv);
        }
        if mtr::is_heading(line) {
            return Some(Format::MtrText);
        }
        if wartsdump::is_heading(line) {
            return Some(Format::WartsDump);
        }
        if tracepath::is_hop(line) {
            return Some(Format::Tracepath);
        }
        if text::is_heading(line) {
            // sc_wartsdump has the same heading as scamper's short text, and differs behind it.
            let dumped = bytes.windows(10).any(|w| w == b"\n attempt: ");
            return Some(if dumped { Format::WartsDump } else { Format::Text });
        }
        if tracert::is_heading(line) || tracert::is_hop(line) {
            return Some(Format::Tracert);
        }
        if first && text::is_hop(line) {
            return Some(Format::Text);
        }
        first &= is_command(line) || is_date(line);
    }
    None
}
