//! Who asked for what through whom: `Host`, `X-Forwarded-For`, `Forwarded` (RFC 7239) and `Via` (RFC 9110 7.6.3) of
//! an HTTP/1 request head; `X-Real-IP` and its like, which carry a single client address; and where CONNECT (RFC 9110
//! 9.3.6) asks a proxy to go on to.

use std::ops::Range;

use super::text;
use crate::model::evidence::{ChainEntry, ChainKind};

/// Bytes of a head that are looked at.
pub const MAX_HEAD: usize = 64 << 10;
/// Header lines that are looked at.
const MAX_HEADERS: usize = 128;
/// Entries kept per chain. The rightmost ones: they were written by the forwarders next to the server.
pub const MAX_ENTRIES: usize = 64;
/// Bytes of an entry's text.
const MAX_TEXT: usize = 256;

/// Headers that carry the one address that a proxy took for the client's: nginx, Cloudflare, Akamai and others, Fastly.
const CLIENT_IP: [&str; 4] = ["x-real-ip", "cf-connecting-ip", "true-client-ip", "fastly-client-ip"];

/// What a request head says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Host asked for: lower case, without port, at most 253 bytes.
    pub host: Option<String>,
    /// One chain per kind of header, in the order of [`ChainKind`].
    pub chains: Vec<ForwardedChain>,
    /// The head does not end in this payload; header lines that are there in full were read.
    pub incomplete: bool,
}

/// The entries of all header lines of one kind, joined in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedChain {
    /// Which header.
    pub kind: ChainKind,
    /// Entries, leftmost first.
    pub entries: Vec<ChainEntry>,
    /// Entries to the left of these that were too many.
    pub left_out: u32,
}

/// Methods of the IANA registry that clients use through proxies, by their first four bytes.
const METHODS: [[u8; 4]; 17] = [
    *b"GET ", *b"POST", *b"HEAD", *b"PUT ", *b"CONN", *b"OPTI", *b"DELE", *b"PATC", *b"TRAC", *b"PROP", *b"REPO", *b"MKCO",
    *b"MOVE", *b"COPY", *b"LOCK", *b"UNLO", *b"SEAR",
];

/// Could this payload begin with a request head? Costs a comparison of four bytes, for nearly every payload.
#[inline]
#[must_use]
pub fn looks_like_request(payload: &[u8]) -> bool {
    // All methods begin with three capitals. One mask turns away what does not: a `match` on the methods becomes jumps
    // by the first byte, and the first byte of encrypted payload is beyond guessing.
    let capitals = |first: &[u8; 4]| u32::from_be_bytes(*first) & 0xe0e0_e000 == 0x4040_4000;
    payload.first_chunk().is_some_and(|first| capitals(first) && METHODS.contains(first))
}

/// Reads the request head at the beginning of `payload`; `None` if there is none.
#[must_use]
pub fn request_head(payload: &[u8]) -> Option<Head> {
    if !looks_like_request(payload) {
        return None;
    }
    let bytes = payload.get(..MAX_HEAD).unwrap_or(payload);
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_requests(true);
    config.allow_multiple_spaces_in_request_line_delimiters(true);
    let incomplete = match config.parse_request(&mut request, bytes) {
        Ok(status) => status.is_partial(),
        Err(httparse::Error::TooManyHeaders) => true,
        Err(_) => return None,
    };
    // A complete request line is what tells a request from text that begins like one.
    request.version?;
    let mut head = Head { incomplete, ..Head::default() };
    let lines = |name: &'static str| request.headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value);
    head.host = lines("host").find_map(text::host_name).or_else(|| authority(&request).and_then(text::host_name));
    for (kind, name) in
        [(ChainKind::XForwardedFor, "x-forwarded-for"), (ChainKind::Forwarded, "forwarded"), (ChainKind::Via, "via")]
    {
        if let Some(chain) = chain(kind, lines(name)) {
            head.chains.push(chain);
        }
    }
    let client_ips = request.headers.iter().filter(|h| CLIENT_IP.iter().any(|name| h.name.eq_ignore_ascii_case(name)));
    if let Some(mut chain) = chain(ChainKind::ClientIp, client_ips.map(|h| h.value)) {
        // Several of them with one address are one statement.
        let mut once: Vec<ChainEntry> = Vec::with_capacity(chain.entries.len());
        chain.entries.drain(..).for_each(|entry| {
            if !once.contains(&entry) {
                once.push(entry);
            }
        });
        head.chains.push(ForwardedChain { entries: once, ..chain });
    }
    if let (Some("CONNECT"), Some(target)) = (request.method, request.path)
        && text::is_authority(target.as_bytes())
    {
        head.chains.push(ForwardedChain { kind: ChainKind::Connect, entries: vec![entry(target.as_bytes())], left_out: 0 });
    }
    Some(head)
}

/// Does the head that begins here go on beyond these bytes? `false` too where they can't be the beginning of one.
#[must_use]
pub fn goes_on(bytes: &[u8]) -> bool {
    if !looks_like_request(bytes) || bytes.len() >= MAX_HEAD || head_end(bytes, 0).is_some() {
        return false;
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_requests(true);
    config.allow_multiple_spaces_in_request_line_delimiters(true);
    match config.parse_request(&mut httparse::Request::new(&mut headers), bytes) {
        Ok(status) => status.is_partial(),
        Err(error) => error == httparse::Error::TooManyHeaders,
    }
}

/// Where the first empty line ends, looked for from a few bytes in front of `from` on.
#[must_use]
pub fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let mut at = from;
    // An end of line, and another one right behind it or behind a carriage return.
    while let Some(end) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += end + 1;
        match bytes.get(at..).unwrap_or_default() {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The host in the request target, where the target has one (RFC 9112 3.2.2 and 3.2.3).
fn authority<'b>(request: &httparse::Request<'_, 'b>) -> Option<&'b [u8]> {
    let target = request.path?;
    if request.method == Some("CONNECT") {
        return Some(target.as_bytes());
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host).as_bytes())
}

/// Joins the lines of one header (RFC 9110 5.3) and reads their entries.
#[must_use]
pub fn chain<'b>(kind: ChainKind, lines: impl Iterator<Item = &'b [u8]>) -> Option<ForwardedChain> {
    let mut elements: Vec<&[u8]> = lines.flat_map(|line| split(line, b',', kind == ChainKind::Via)).collect();
    if elements.is_empty() {
        return None;
    }
    let left_out = elements.len().saturating_sub(MAX_ENTRIES);
    elements.drain(..left_out);
    let entries = elements
        .into_iter()
        .map(|element| match kind {
            ChainKind::Forwarded => forwarded(element),
            ChainKind::Via => via(element),
            _ => entry(&unquoted(element)),
        })
        .collect();
    Some(ForwardedChain { kind, entries, left_out: u32::try_from(left_out).unwrap_or(u32::MAX) })
}

fn entry(node: &[u8]) -> ChainEntry {
    ChainEntry { text: text::escaped(node, MAX_TEXT).into(), addr: text::node_address(node) }
}

/// One element of `Forwarded`: pairs behind semicolons. One without `for=` still stands for a forwarder that did not
/// say for whom, so it is kept as it is written.
fn forwarded(element: &[u8]) -> ChainEntry {
    split(element, b';', false)
        .find_map(|pair| {
            let equals = pair.iter().position(|&b| b == b'=')?;
            let (name, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
            name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| entry(&unquoted(value.trim_ascii())))
        })
        .unwrap_or_else(|| ChainEntry { text: text::escaped(element, MAX_TEXT).into(), addr: None })
}

/// One element of `Via`: protocol, then who received the message, then perhaps a comment.
fn via(element: &[u8]) -> ChainEntry {
    let mut words = element.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let protocol = words.next().unwrap_or_default();
    match words.next() {
        Some(received_by) if !received_by.starts_with(b"(") => entry(received_by),
        _ => entry(protocol),
    }
}

/// Pieces between separators that stand outside quoted strings and, if `comments`, outside parentheses; trimmed,
/// empty ones dropped (RFC 9110 5.6.1).
fn split(value: &[u8], separator: u8, comments: bool) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = value.get(at..).filter(|r| !r.is_empty())?;
            let Range { start, end } = piece(rest, separator, comments);
            at += end + 1;
            let piece = rest.get(start..end)?.trim_ascii();
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    })
}

/// From the beginning of `rest` to the first separator, or to its end. A quoted string that is never closed holds no
/// separators back: whoever left it open must not hide the entries that honest forwarders wrote behind it.
fn piece(rest: &[u8], separator: u8, comments: bool) -> Range<usize> {
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'"' if depth == 0 => {
                if let Some(len) = rest.get(at + 1..).and_then(quoted_len) {
                    at += len;
                }
            }
            b'(' if comments && (depth > 0 || rest.get(at..).is_some_and(is_closed)) => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b if b == separator && depth == 0 => return 0..at,
            _ => {}
        }
        at += 1;
    }
    0..rest.len()
}

/// Bytes of a quoted string up to and with its closing quote; `None` if it is not closed.
fn quoted_len(rest: &[u8]) -> Option<usize> {
    let mut escape = false;
    rest.iter()
        .position(|&b| {
            let closes = b == b'"' && !escape;
            escape = b == b'\\' && !escape;
            closes
        })
        .map(|n| n + 1)
}

/// Is the parenthesis at the beginning closed again?
fn is_closed(rest: &[u8]) -> bool {
    let mut depth = 0_usize;
    rest.iter().any(|&b| {
        match b {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// A quoted string without quotes and backslashes (RFC 9110 5.6.4); anything else as it is.
fn unquoted(value: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")) else { return value.into() };
    if !inner.contains(&b'\\') {
        return inner.into();
    }
    let mut escape = false;
    let plain = inner.iter().copied().filter(|&b| {
        escape = b == b'\\' && !escape;
        !escape
    });
    plain.collect::<Vec<u8>>().into()
}

#[cfg(test)]
mod tests;
