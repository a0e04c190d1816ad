//! What stands behind the number of bytes: referer, agent, and what administrators add.
//!
//! * `"$http_x_forwarded_for"` right behind the agent (nginx's shipped `main` format), if it is an address list;
//! * the ten fields of ingress-nginx, `length time [name] [name] upstream length time status id`;
//! * Traefik's `number "router" "http://server:port" 12ms`;
//! * fields with a name, `upstream_addr="192.0.2.1:80"`, `xff=...`, `host=...`.
//!
//! Fields without a name in other places are read over: what is in them is anybody's guess.

use std::net::IpAddr;

use super::super::scan::{authority, endpoint, is_address_list, number, quoted, status};

/// Pieces that are looked at.
const PIECES: usize = 24;
/// Upstream servers that one request is passed on to.
const UPSTREAMS: usize = 8;

/// What the tail says.
#[derive(Debug, Default)]
pub(super) struct Tail<'a> {
    /// `X-Forwarded-For`; empty if there is none.
    pub(super) forwarded: &'a [u8],
    /// Host; empty if none is named.
    pub(super) host: &'a [u8],
    /// Bytes of the request; 0 if not said.
    pub(super) received: u64,
    /// Upstream servers as nginx lists them: commas between those that were tried, colons between groups.
    upstream: &'a [u8],
}

impl Tail<'_> {
    /// Upstream servers with their ports, in the order in which they were tried.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = (IpAddr, u16)> {
        self.upstream.split(|b| matches!(b, b',' | b' ')).filter_map(endpoint).filter(|(_, port)| *port != 0).take(UPSTREAMS)
    }
}

#[derive(Clone, Copy, Default)]
struct Piece<'a> {
    /// `name` of `name="text"`; empty without.
    name: &'a [u8],
    text: &'a [u8],
    quoted: bool,
}

/// `None` if a quotation mark stands where none may stand, or if the line ends twice: then the client's text is not escaped.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<Tail<'_>> {
    // Nearly every line: referer, agent, nothing else.
    if let Some((_, rest)) = quoted(text)
        && let Some((_, [])) = rest.strip_prefix(b" ").and_then(quoted)
    {
        return Some(Tail::default());
    }
    full(text)
}

fn full(mut rest: &[u8]) -> Option<Tail<'_>> {
    let mut pieces = [Piece::default(); PIECES];
    let mut n = 0;
    while !rest.is_empty() {
        let piece;
        (piece, rest) = next(rest)?;
        match rest.split_first() {
            Some((b' ', behind)) => rest = behind,
            Some(_) => return None,
            None => {}
        }
        if piece.text.is_empty() && !piece.quoted {
            continue;
        }
        if let Some(place) = pieces.get_mut(n) {
            *place = piece;
            n += 1;
        }
    }
    let pieces = pieces.get(..n)?;
    if ends_twice(pieces) {
        return None;
    }
    let mut tail = Tail::default();
    // Agent and referer where they usually stand; a common format has neither.
    let behind = if pieces.iter().take(2).all(|p| p.quoted && p.name.is_empty()) { pieces.get(2..)? } else { pieces };
    if behind.len() < pieces.len() {
        shipped(behind, &mut tail);
    }
    for piece in behind {
        named(piece, &mut tail);
    }
    Some(tail)
}

/// One piece: `"text"`, `name="text"`, or a word. A text that is cut off ends with the line.
fn next(rest: &[u8]) -> Option<(Piece<'_>, &[u8])> {
    let to_end = |name, at| Some((Piece { name, text: rest.get(at..)?, quoted: true }, &[][..]));
    if rest.starts_with(b"\"") {
        return match quoted(rest) {
            Some((text, rest)) => Some((Piece { name: &[], text, quoted: true }, rest)),
            None => to_end(&[], 1),
        };
    }
    let end = rest.iter().position(|b| matches!(b, b' ' | b'"')).unwrap_or(rest.len());
    let word = rest.get(..end)?;
    if rest.get(end) == Some(&b'"') {
        let name = word.strip_suffix(b"=").or_else(|| word.strip_suffix(b":"))?;
        return match quoted(rest.get(end..)?) {
            Some((text, rest)) => Some((Piece { name, text, quoted: true }, rest)),
            None => to_end(name, end + 1),
        };
    }
    let piece = match word.iter().position(|&b| b == b'=') {
        Some(at) => Piece { name: word.get(..at)?, text: word.get(at + 1..)?, quoted: false },
        None => Piece { name: &[], text: word, quoted: false },
    };
    Some((piece, rest.get(end..)?))
}

/// A text that ends like a request line, and status and bytes behind it: where a server escapes nothing, a client's marks
/// make two ends of one request, and the second is the true one.
fn ends_twice(pieces: &[Piece<'_>]) -> bool {
    pieces.windows(3).any(|p| {
        let [request, code, bytes] = p else { return false };
        let version = memchr::memmem::rfind(request.text, b" HTTP/").and_then(|at| request.text.get(at + 6..));
        request.quoted
            && version.is_some_and(|v| v.len() <= 3 && v.first().is_some_and(u8::is_ascii_digit))
            && [code, bytes].iter().all(|p| !p.quoted && p.name.is_empty())
            && status(code.text).is_some()
            && (number(bytes.text).is_some() || bytes.text == b"-")
    })
}

/// Formats that are shipped, behind the agent.
fn shipped<'a>(behind: &[Piece<'a>], tail: &mut Tail<'a>) {
    let bare = |p: &Piece<'_>| !p.quoted && p.name.is_empty();
    let bracketed = |p: &Piece<'_>| bare(p) && p.text.starts_with(b"[") && p.text.ends_with(b"]");
    match behind {
        [list, ..] if list.quoted && list.name.is_empty() && is_address_list(list.text) => tail.forwarded = list.text,
        // The address is a word only if one server was asked; of several, the one that answered is the last.
        [length, time, name, other, more @ ..]
            if bare(length) && bare(time) && bracketed(name) && bracketed(other) && more.first().is_some_and(bare) =>
        {
            tail.received = number(length.text).unwrap_or(0);
            if let Some(last) = more.iter().find(|p| !p.text.ends_with(b",")) {
                tail.upstream = last.text;
            }
        }
        [count, router, url, took]
            if bare(count)
                && router.quoted
                && url.quoted
                && bare(took)
                && took.text.ends_with(b"ms")
                && number(count.text).is_some() =>
        {
            tail.upstream = authority(url.text).unwrap_or_default();
        }
        _ => {}
    }
}

/// Names that administrators and nginx's own examples give to these fields.
fn named<'a>(piece: &Piece<'a>, tail: &mut Tail<'a>) {
    match piece.name {
        b"upstream_addr" | b"upstream_address" | b"upstream" | b"ua" if tail.upstream.is_empty() => tail.upstream = piece.text,
        b"xff" | b"x_forwarded_for" | b"http_x_forwarded_for" | b"forwarded_for" | b"fwd"
            if tail.forwarded.is_empty() && is_address_list(piece.text) =>
        {
            tail.forwarded = piece.text;
        }
        b"host" | b"http_host" | b"vhost" | b"sn" | b"server_name" if tail.host.is_empty() => tail.host = piece.text,
        _ => {}
    }
}
