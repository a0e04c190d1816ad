//! Traceroutes that tools wrote down: recognised by content, read one file at a time, nothing kept between files.
//!
//! * `text`: traceroute of Linux, BSD, macOS, JunOS, IOS and IOS-XR, scamper's short text, paris-traceroute
//! * `tracert`: Windows, whatever its language; `tracepath`; `mtr` (report, screen, CSV, XML, JSON)
//! * `wartsdump`: text of sc_wartsdump; `scamper`: its JSON, and what M-Lab wraps around it; `warts`: its own format
//! * `atlas`, `perfsonar`, `trippy`, `nexttrace`, `globalping`: JSON
//! * `parts`, `lines`, `json`: what the formats share
//!
//! Whoever wrote the file may have written anything. Lines are cut at [`MAX_LINE`], hops and replies are bounded, and what
//! can't be read is counted with its place.

mod atlas;
mod globalping;
mod json;
mod lines;
mod mtr;
mod nexttrace;
mod parts;
mod perfsonar;
mod scamper;
mod text;
mod tracepath;
mod tracert;
mod trippy;
mod warts;
mod wartsdump;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::model::traceroute::Traceroute;

/// Longest line of a text format in bytes; longer ones are rejected.
pub const MAX_LINE: usize = 64 * 1024;
/// Most hops of one traceroute: there are no more TTLs.
pub const MAX_HOPS: usize = 255;
/// Most replies that are kept of one hop, with and without an address each.
pub const MAX_REPLIES: usize = 64;
/// Most rejected places that are kept; all are counted.
pub const MAX_REJECTED: usize = 100;

/// How a traceroute was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// traceroute, traceroute6, paris-traceroute, IOS, IOS-XR, JunOS, scamper's short text.
    Text,
    /// Windows tracert.
    Tracert,
    /// Linux tracepath.
    Tracepath,
    /// mtr's report or a copy of its screen (JunOS `traceroute monitor` too).
    MtrText,
    /// `mtr --csv`.
    MtrCsv,
    /// `mtr --xml`.
    MtrXml,
    /// `mtr --json`.
    MtrJson,
    /// Text of sc_wartsdump.
    WartsDump,
    /// scamper's JSON, with M-Lab's wrapping or without.
    Scamper,
    /// scamper's binary format.
    Warts,
    /// RIPE Atlas results, an array or a result a line.
    Atlas,
    /// perfSONAR pScheduler trace results.
    PerfSonar,
    /// Trippy's JSON report.
    Trippy,
    /// NextTrace's JSON.
    NextTrace,
    /// Globalping measurements (traceroute and mtr).
    Globalping,
}

impl Format {
    /// Every format, in the order in which they are listed to the user.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::Tracert,
        Self::Tracepath,
        Self::MtrText,
        Self::MtrCsv,
        Self::MtrXml,
        Self::MtrJson,
        Self::WartsDump,
        Self::Scamper,
        Self::Warts,
        Self::Atlas,
        Self::PerfSonar,
        Self::Trippy,
        Self::NextTrace,
        Self::Globalping,
    ];

    /// Is it written an object a line, so that it may be read in portions of whole lines?
    #[must_use]
    pub fn is_line_by_line(self) -> bool {
        matches!(self, Self::Atlas | Self::Scamper)
    }

    /// A short word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "traceroute",
            Self::Tracert => "tracert",
            Self::Tracepath => "tracepath",
            Self::MtrText => "mtr",
            Self::MtrCsv => "mtr-csv",
            Self::MtrXml => "mtr-xml",
            Self::MtrJson => "mtr-json",
            Self::WartsDump => "warts-dump",
            Self::Scamper => "scamper-json",
            Self::Warts => "warts",
            Self::Atlas => "atlas",
            Self::PerfSonar => "perfsonar",
            Self::Trippy => "trippy",
            Self::NextTrace => "nexttrace",
            Self::Globalping => "globalping",
        }
    }
}

/// Something that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Line, from 1; the record, from 1, in a binary format.
    pub line: u64,
    /// Where it begins, in bytes from the beginning (of the text in UTF-8 if the file is UTF-16).
    pub offset: u64,
    /// What is wrong.
    pub why: &'static str,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Traceroutes in the order of the file.
    pub traceroutes: Vec<Traceroute>,
    /// The first [`MAX_REJECTED`] places that could not be read.
    pub rejected: Vec<Rejected>,
    /// All of them, counted.
    pub rejected_total: u64,
}

impl Read {
    fn reject(&mut self, line: u64, offset: u64, why: &'static str) {
        self.rejected_total += 1;
        if self.rejected.len() < MAX_REJECTED {
            self.rejected.push(Rejected { line, offset, why });
        }
    }
}

/// Which format a file has, from its first bytes (some kilobytes are enough). `None`: no traceroute that is known.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    let beginning = beginning.get(..MAX_LINE).unwrap_or(beginning);
    if warts::looks_like(beginning) {
        return Some(Format::Warts);
    }
    let bytes = utf8(beginning);
    match bytes.trim_ascii_start().first()? {
        b'{' | b'[' => json::recognise(&bytes),
        b'<' => mtr::looks_like_xml(&bytes).then_some(Format::MtrXml),
        _ => lines::recognise(&bytes),
    }
}

/// Reads a whole file; the caller has capped its size. Never fails: what can't be read is in [`Read::rejected`].
#[must_use]
pub fn read(format: Format, bytes: &[u8]) -> Read {
    let mut out = Read::default();
    if format == Format::Warts {
        warts::read(bytes, &mut out);
        return out;
    }
    let bytes = utf8(bytes);
    match format {
        Format::Text => text::read(&bytes, &mut out),
        Format::Tracert => tracert::read(&bytes, &mut out),
        Format::Tracepath => tracepath::read(&bytes, &mut out),
        Format::MtrText => mtr::read_text(&bytes, &mut out),
        Format::MtrCsv => mtr::read_csv(&bytes, &mut out),
        Format::MtrXml => mtr::read_xml(&bytes, &mut out),
        Format::WartsDump => wartsdump::read(&bytes, &mut out),
        Format::MtrJson => json::read(&bytes, &mut out, mtr::object),
        Format::Scamper => json::read(&bytes, &mut out, scamper::object),
        Format::Atlas => json::read(&bytes, &mut out, atlas::object),
        Format::PerfSonar => json::read(&bytes, &mut out, perfsonar::object),
        Format::Trippy => json::read(&bytes, &mut out, trippy::object),
        Format::NextTrace => json::read(&bytes, &mut out, nexttrace::object),
        Format::Globalping => json::read(&bytes, &mut out, globalping::object),
        Format::Warts => {}
    }
    out
}

/// The text without a byte-order mark; UTF-16 with one (PowerShell's `>` writes that) becomes UTF-8.
fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (rest, read) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes as fn([u8; 2]) -> u16),
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        _ => return Cow::Borrowed(bytes),
    };
    let units = rest.as_chunks::<2>().0.iter().map(|&pair| read(pair));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
}
