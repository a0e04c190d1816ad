//! Header fields of one message (RFC 5322 2.2): names, values with their continuation lines, and what is taken out of them.

use std::sync::Arc;

use super::received;
use super::{MAX_FIELD, MAX_HEAD, MAX_RECEIVED, date};
use crate::decode::record::Reject;
use crate::decode::text::{self, MAX_NAME};
use crate::model::evidence::ChainEntry;
use crate::model::record::Mail;
use crate::model::time::Timestamp;

/// Addresses of senders' clients that are kept.
const MAX_ORIGINATING: usize = 64;
/// Bytes of the text of one.
const MAX_ORIGINATING_TEXT: usize = 256;
/// Results of authentication that are kept.
const MAX_AUTHENTICATION: usize = 16;
/// Bytes of one.
const MAX_AUTHENTICATION_TEXT: usize = 512;
/// Header fields that decide whether a text is a mail.
const DECIDING_FIELDS: usize = 30;

/// What the head of a message says.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Its way.
    pub(super) mail: Mail,
    /// Its `Date`.
    pub(super) date: Option<Timestamp>,
    /// Header fields in it.
    pub(super) fields: u64,
    /// Lines that are no header field, and entries that were too many.
    pub(super) rejected: u64,
    /// Why the first of them was rejected.
    pub(super) why: Option<Reject>,
}

impl Head {
    fn reject(&mut self, why: &'static str) {
        self.rejected += 1;
        self.why.get_or_insert(Reject(why));
    }
}

/// A header field, or a line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    /// Name and value; the value as it stands, its line breaks included.
    Field(&'a [u8], &'a [u8]),
    /// A line that is no field.
    Other(&'a [u8]),
}

/// Cuts a head into fields. It ends with the first empty line.
#[derive(Debug)]
struct Fields<'a> {
    rest: &'a [u8],
}

/// The first line of `bytes` without its end, and the bytes up to and with it.
fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    let (line, len) = match memchr::memchr(b'\n', bytes) {
        Some(end) => (bytes.get(..end).unwrap_or_default(), end + 1),
        None => (bytes, bytes.len()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), len)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let bytes = self.rest;
        let (line, mut end) = first_line(bytes);
        if line.is_empty() {
            self.rest = &[];
            return None;
        }
        while let Some(b' ' | b'\t') = bytes.get(end) {
            end += first_line(bytes.get(end..).unwrap_or_default()).1;
        }
        let whole;
        (whole, self.rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        Some(match name_len(line) {
            Some(colon) => {
                let value = whole.get(colon + 1..).unwrap_or_default();
                Line::Field(line.get(..colon).unwrap_or_default().trim_ascii_end(), value)
            }
            None => Line::Other(line),
        })
    }
}

/// Where the colon stands behind the field name at the beginning of a line: printable ASCII, and white space before the
/// colon as old programs write it (RFC 5322 3.6.8 and 4.5).
fn name_len(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

/// Does a line begin like a header field?
pub(super) fn is_field(line: &[u8]) -> bool {
    name_len(line).is_some()
}

/// Lines that stand above a head and are no field of it: what mailboxes and Exchange put there.
fn is_heading(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ") || line.starts_with(b"Microsoft Mail Internet Headers")
}

/// Bytes up to and with the empty line that ends a head; `None` if there is none in these bytes.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|end| match (bytes.get(end + 1), bytes.get(end + 2)) {
        (Some(b'\n'), _) => Some(end + 2),
        (Some(b'\r'), Some(b'\n')) => Some(end + 3),
        _ => None,
    })
}

/// Reads a head.
pub(super) fn read(bytes: &[u8]) -> Head {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut head = Head::default();
    let mut rest = bytes;
    if let Some(beginning) = bytes.get(..MAX_HEAD).filter(|_| bytes.len() > MAX_HEAD) {
        rest = beginning;
        if end_of_head(beginning).is_none() {
            head.reject("head of a message longer than 1 MiB");
        }
    }
    for (n, line) in (Fields { rest }).enumerate() {
        match line {
            Line::Field(name, value) => {
                head.fields += 1;
                let too_long = value.len() > MAX_FIELD;
                if too_long {
                    head.reject("header field longer than 64 KiB");
                }
                // The beginning of a Received line is the client's; without its end it says nothing.
                let is_received = name.eq_ignore_ascii_case(b"Received");
                let most = if too_long && is_received { 0 } else { MAX_FIELD };
                head.field(name, value.get(..most).unwrap_or(value));
            }
            Line::Other(line) if n < 2 && is_heading(line) => {}
            Line::Other(_) => head.reject("no header field in the head of a message"),
        }
    }
    head
}

impl Head {
    fn field(&mut self, name: &[u8], value: &[u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("Received") {
            if self.mail.received.len() < MAX_RECEIVED {
                self.mail.received.push(received::read(value));
            } else {
                self.mail.left_out += 1;
            }
        } else if is("Message-ID") {
            self.mail.message_id = self.mail.message_id.take().or_else(|| short(value));
        } else if is("From") {
            self.mail.from = self.mail.from.take().or_else(|| short(value));
        } else if is("Date") {
            self.date = self.date.or_else(|| date_of(value));
        } else if ["X-Originating-IP", "X-Source-IP", "X-Sender-IP", "X-Client-IP", "X-Originating-Client-IP"].into_iter().any(is)
        {
            self.originating(value);
        } else if ["Authentication-Results", "ARC-Authentication-Results", "Received-SPF"].into_iter().any(is) {
            self.authentication(&[name, b" ", &unfolded(value, MAX_AUTHENTICATION_TEXT)].concat(), name.len());
        } else if is("ARC-Seal") {
            let tag = |tag: &[u8]| tag_value(value, tag).unwrap_or_default();
            self.authentication(&[b"arc-seal i=", tag(b"i"), b" cv=", tag(b"cv")].concat(), 0);
        }
    }

    /// Keeps a result; the first `lower` bytes, the name of the field, in lower case.
    fn authentication(&mut self, text: &[u8], lower: usize) {
        if self.mail.authentication.len() == MAX_AUTHENTICATION {
            return self.reject("more results of authentication than are kept");
        }
        let mut text = text::escaped(text, MAX_AUTHENTICATION_TEXT);
        if let Some(name) = text.get_mut(..lower) {
            name.make_ascii_lowercase();
        }
        self.mail.authentication.push(text.into());
    }

    /// Addresses behind commas, in brackets or not, perhaps with comments.
    fn originating(&mut self, value: &[u8]) {
        for part in value.split(|&b| b == b',') {
            let tokens = received::tokens(part);
            let Some(word) = received::words(&tokens).next() else { continue };
            if self.mail.originating.len() == MAX_ORIGINATING {
                return self.reject("more addresses of the sender's client than are kept");
            }
            let text = text::escaped(part.trim_ascii(), MAX_ORIGINATING_TEXT).into();
            self.mail.originating.push(ChainEntry { text, addr: received::literal(word).or_else(|| text::node_address(word)) });
        }
    }
}

/// A value with its line breaks and runs of white space made one blank, as far as `most` bytes.
fn unfolded(value: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        if out.len() > most {
            break;
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    out
}

fn short(value: &[u8]) -> Option<Arc<str>> {
    let text = text::escaped(&unfolded(value, MAX_NAME), MAX_NAME);
    (!text.is_empty()).then(|| text.into())
}

fn date_of(value: &[u8]) -> Option<Timestamp> {
    let tokens = received::tokens(value);
    date::date(received::words(&tokens))
}

/// Value of a `tag=value` pair among pairs behind semicolons (RFC 6376 3.2).
fn tag_value<'a>(value: &'a [u8], tag: &[u8]) -> Option<&'a [u8]> {
    value.split(|&b| b == b';').find_map(|pair| {
        let equals = memchr::memchr(b'=', pair)?;
        let (name, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
        name.trim_ascii().eq_ignore_ascii_case(tag).then(|| value.trim_ascii())
    })
}

/// Does a text begin with the head of a mail? At least two of the fields that mails have, with nothing before or between that is
/// no field, and among them one that only mail has or an address of mail.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut names = 0;
    let mut certain = false;
    for line in (Fields { rest: beginning }).take(DECIDING_FIELDS) {
        let Line::Field(name, value) = line else { return false };
        let is = |other: &&str| name.eq_ignore_ascii_case(other.as_bytes());
        // Programs write these with a capital; YAML and its like do not.
        let capital = name.first().is_some_and(u8::is_ascii_uppercase);
        if ["Received", "Message-ID", "MIME-Version", "Return-Path", "Delivered-To"].iter().any(is) {
            names += 1;
            certain = true;
        } else if capital && ["From", "To"].iter().any(is) {
            names += 1;
            certain |= value.contains(&b'@');
        } else if capital && ["Date", "Subject"].iter().any(is) {
            names += 1;
        }
        if names >= 2 && certain {
            return true;
        }
    }
    false
}
