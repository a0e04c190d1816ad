//! CEF (`CEF:0|vendor|product|version|signature|name|severity|key=value …`; ArcSight "Common Event Format", with its
//! extension dictionary) and LEEF 1.0 and 2.0 (`LEEF:2.0|vendor|product|version|event|^|key=value^…`; IBM "Log Event Extended
//! Format"): what any product says of two ends, in one of two dresses.
//!
//! Whoever sends traffic writes URLs, user names and file names into it. Both formats escape what separates fields, but not
//! every product does: a line in which a field that is used stands twice with different values is rejected.

mod event;
#[cfg(test)]
mod tests;

use super::super::clock::Clock;
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::asa::fields::{number, some_address};
use crate::model::record::Said;
use event::{Event, tell};

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Cef {
    clock: Clock,
}

impl Cef {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for Cef {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let event = read(line).unwrap_or(Err(Reject("no CEF or LEEF line")))?;
        tell(&event, None, &mut self.clock, out);
        Ok(Piece::RECORD)
    }
}

/// Is the first line CEF or LEEF with its whole header?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let line = text.get(..memchr::memchr(b'\n', text).unwrap_or(text.len())).unwrap_or_default();
    matches!(read(line.trim_ascii()), Some(Ok(_)))
}

/// Within syslog.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    let read = match envelope.program {
        // The envelope's reader may take the first word for the program.
        b"CEF" => cef(envelope.message),
        b"LEEF" => leef(envelope.message),
        _ => read(envelope.message),
    }?;
    Some(read.map(|event| tell(&event, envelope.time, clock, out)))
}

fn read(line: &[u8]) -> Option<Result<Event<'_>, Reject>> {
    match line.strip_prefix(b"CEF:") {
        Some(rest) => cef(rest.trim_ascii_start()),
        None => leef(line.strip_prefix(b"LEEF:")?),
    }
}

/// The text to the next bar that is not escaped, and what follows it.
fn header_field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let bar = memchr::memchr_iter(b'|', text).find(|&at| {
        let escapes = text.get(..at).unwrap_or_default().iter().rev().take_while(|&&b| b == b'\\').count();
        escapes % 2 == 0
    })?;
    Some((text.get(..bar)?, text.get(bar + 1..)?))
}

/// `N` fields of the header, and what follows them.
fn header<const N: usize>(mut text: &[u8]) -> Option<([&[u8]; N], &[u8])> {
    let mut fields = [&[][..]; N];
    for field in &mut fields {
        (*field, text) = header_field(text)?;
    }
    Some((fields, text))
}

const TWICE: Reject = Reject("a field stands twice with different values");

/// Behind `CEF:`.
fn cef(text: &[u8]) -> Option<Result<Event<'_>, Reject>> {
    if !matches!(text, [b'0' | b'1', b'|', ..]) {
        return None;
    }
    let Some(([_version, vendor, _product, _release, id, name, severity], extension)) = header::<7>(text) else {
        return Some(Err(Reject("the header of a CEF line is cut off")));
    };
    let mut event = Event::of_cef(vendor, id, name, severity);
    let mut rest = extension.trim_ascii();
    while !rest.is_empty() {
        let Some(key_end) = key_len(rest) else { return Some(Err(Reject("no pairs of key and value"))) };
        let (key, value) = (rest.get(..key_end).unwrap_or_default(), rest.get(key_end + 1..).unwrap_or_default());
        let end = value_len(value);
        if !event.set_cef(key, value.get(..end).unwrap_or_default().trim_ascii()) {
            return Some(Err(TWICE));
        }
        rest = value.get(end..).unwrap_or_default().trim_ascii_start();
    }
    event.six();
    Some(Ok(event))
}

/// Length of the key at the front, if `=` follows it.
fn key_len(text: &[u8]) -> Option<usize> {
    let len =
        text.iter().take(128).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']')))?;
    (len > 0 && text.get(len) == Some(&b'=')).then_some(len)
}

/// Length of the value at the front: to the blank before the next key. An escaped equals sign makes no key.
fn value_len(text: &[u8]) -> usize {
    for equals in memchr::memchr_iter(b'=', text) {
        let head = text.get(..equals).unwrap_or_default();
        if head.ends_with(b"\\") {
            continue;
        }
        let key =
            head.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']')).count();
        let at = equals - key;
        // The key begins behind a blank: at the very front that is an empty value (`spt= dpt=22`).
        if key > 0 && at > 0 && text.get(at - 1) == Some(&b' ') {
            return at - 1;
        }
    }
    text.len()
}

/// Behind `LEEF:`.
fn leef(text: &[u8]) -> Option<Result<Event<'_>, Reject>> {
    let second = match text {
        [b'1', b'.', b'0', b'|', ..] => false,
        [b'2', b'.', b'0', b'|', ..] => true,
        _ => return None,
    };
    let Some(([_version, vendor, _product, _release, id], mut rest)) = header::<5>(text) else {
        return Some(Err(Reject("the header of a LEEF line is cut off")));
    };
    let mut delimiter = b'\t';
    if second {
        // The delimiter is one character or its number (`x09`, `0x09`), or nothing: a tab. Some leave its field out.
        let at = memchr::memchr(b'|', rest.get(..6.min(rest.len())).unwrap_or_default());
        if let Some(found) = at.and_then(|at| delimiter_of(rest.get(..at)?).map(|d| (d, at))) {
            delimiter = found.0;
            rest = rest.get(found.1 + 1..).unwrap_or_default();
        }
    }
    let mut event = Event::of_leef(vendor, id);
    // rsyslog writes a tab as #011.
    let escaped_tab =
        delimiter == b'\t' && memchr::memchr(b'\t', rest).is_none() && memchr::memmem::find(rest, b"#011").is_some();
    let mut pairs = rest;
    while !pairs.is_empty() {
        let end = if escaped_tab { memchr::memmem::find(pairs, b"#011") } else { memchr::memchr(delimiter, pairs) };
        let end = end.unwrap_or(pairs.len());
        let pair = pairs.get(..end).unwrap_or_default();
        pairs = pairs.get(end + if escaped_tab { 4 } else { 1 }..).unwrap_or_default();
        let Some(equals) = memchr::memchr(b'=', pair) else { continue };
        let (key, value) = (pair.get(..equals).unwrap_or_default(), pair.get(equals + 1..).unwrap_or_default());
        if !event.set_leef(key.trim_ascii(), value.trim_ascii()) {
            return Some(Err(TWICE));
        }
    }
    Some(Ok(event))
}

fn delimiter_of(text: &[u8]) -> Option<u8> {
    match text {
        [] => Some(b'\t'),
        [one] => Some(*one),
        [b'0', b'x' | b'X', hex @ ..] | [b'x' | b'X', hex @ ..] if (1..=4).contains(&hex.len()) => {
            u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok().filter(|_| !hex.starts_with(b"+"))
        }
        _ => None,
    }
}
