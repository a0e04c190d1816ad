//! SIP (RFC 3261): whom a request passed. Every proxy puts a `Via` line of its own on top, and notes on the line below
//! from where it received the request (`received`, `rport`, RFC 3581). A response carries the lines of its request.

use super::text;
use crate::model::evidence::{ChainEntry, RECORD_ROUTE};

/// Bytes of a head that are looked at.
pub const MAX_HEAD: usize = 64 << 10;
/// Header lines that are looked at.
const MAX_HEADERS: usize = 128;
/// Entries kept: the first ones, which were written next to the receiver.
pub const MAX_ENTRIES: usize = 64;
/// Bytes of an entry's text.
const MAX_TEXT: usize = 256;

/// Methods of RFC 3261 and its extensions, and the version that a response begins with, by their first four bytes.
const FIRST_WORDS: [[u8; 4]; 15] = [
    *b"INVI", *b"ACK ", *b"BYE ", *b"CANC", *b"REGI", *b"OPTI", *b"PRAC", *b"SUBS", *b"NOTI", *b"PUBL", *b"INFO", *b"REFE",
    *b"MESS", *b"UPDA", *b"SIP/",
];

/// What a message says of its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// A response: its lines are those of the request, which went the other way.
    pub response: bool,
    /// Host of the request's URI: lower case, at most 253 bytes.
    pub host: Option<String>,
    /// `Via`, the uppermost first: `host:port`, and `;received=` and `;rport=` where they are. The address is the received
    /// one if there is one. Behind them `Record-Route` (RFC 3261 16.6): URIs as written, without an address.
    pub entries: Vec<ChainEntry>,
    /// Entries beyond.
    pub left_out: u32,
}

/// Could this payload begin with a SIP message?
#[inline]
#[must_use]
pub fn looks_like(payload: &[u8]) -> bool {
    payload.first_chunk().is_some_and(|first| FIRST_WORDS.contains(first))
}

/// Does the head that begins here end in these bytes? `None` if this is no SIP message.
#[must_use]
pub fn is_whole(bytes: &[u8]) -> Option<bool> {
    if !looks_like(bytes) {
        return None;
    }
    match memchr::memchr(b'\n', bytes) {
        Some(_) if start_line(bytes).is_none() => None,
        Some(_) => Some(memchr::memmem::find(bytes, b"\r\n\r\n").is_some() || memchr::memmem::find(bytes, b"\n\n").is_some()),
        None => (bytes.len() < MAX_HEAD && is_address_next(bytes)).then_some(false),
    }
}

/// Of a first line that does not end here: does what shows of it tell it from HTTP?
fn is_address_next(line: &[u8]) -> bool {
    let uri = line.split(|&b| b == b' ').nth(1).unwrap_or_default();
    line.starts_with(b"SIP/2.0 ") || [&b"sip:"[..], b"sips:", b"tel:"].iter().any(|scheme| uri.starts_with(scheme))
}

/// The first line: response or not, and the request's URI.
fn start_line(bytes: &[u8]) -> Option<(bool, &[u8])> {
    let end = memchr::memchr(b'\n', bytes.get(..MAX_HEAD).unwrap_or(bytes))?;
    let line = bytes.get(..end)?.trim_ascii_end();
    if let Some(status) = line.strip_prefix(b"SIP/2.0 ") {
        return status.first_chunk::<3>().is_some_and(|code| code.iter().all(u8::is_ascii_digit)).then_some((true, &[][..]));
    }
    let rest = line.strip_suffix(b" SIP/2.0")?;
    let space = memchr::memchr(b' ', rest)?;
    Some((false, rest.get(space + 1..)?))
}

/// Reads the head at the beginning of a message; `None` if it is none. Of a head that is cut off, the lines that are there
/// in full are read.
#[must_use]
pub fn head(message: &[u8]) -> Option<Head> {
    if !looks_like(message) {
        return None;
    }
    let bytes = message.get(..MAX_HEAD).unwrap_or(message);
    let (response, uri) = start_line(bytes)?;
    let mut out = Head { response, host: uri_host(uri).and_then(text::host_name), ..Head::default() };
    let mut routes = Vec::new();
    let mut rest = bytes.get(memchr::memchr(b'\n', bytes)? + 1..).unwrap_or_default();
    for _ in 0..MAX_HEADERS {
        let Some((line, after)) = logical_line(rest) else { break };
        rest = after;
        let line = line.trim_ascii();
        if line.is_empty() {
            break;
        }
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = (line.get(..colon).unwrap_or_default().trim_ascii(), line.get(colon + 1..).unwrap_or_default());
        let (list, read): (_, Reader) = if name.eq_ignore_ascii_case(b"via") || name.eq_ignore_ascii_case(b"v") {
            (&mut out.entries, via)
        } else if name.eq_ignore_ascii_case(b"record-route") {
            (&mut routes, record_route)
        } else {
            continue;
        };
        for entry in value.split(|&b| b == b',').filter_map(read) {
            if list.len() < MAX_ENTRIES {
                list.push(entry);
            } else {
                out.left_out += 1;
            }
        }
    }
    routes.truncate(MAX_ENTRIES.saturating_sub(out.entries.len()));
    if !out.entries.is_empty() {
        out.entries.append(&mut routes);
    }
    Some(out)
}

/// Reads one value of a header.
type Reader = fn(&[u8]) -> Option<ChainEntry>;

/// A header line with its continuation lines (RFC 3261 7.3.1), and what follows. One whose end is not there is none.
fn logical_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        let line = bytes.get(..at)?;
        // Behind an empty line the body begins, whatever it begins with.
        let goes_on = matches!(bytes.get(at), Some(b' ' | b'\t')) && !line.trim_ascii().is_empty();
        if !goes_on {
            return Some((line, bytes.get(at..)?));
        }
    }
}

/// `SIP/2.0/UDP host:port;branch=…;received=…;rport=…`, blanks allowed around the slashes and the colon.
fn via(value: &[u8]) -> Option<ChainEntry> {
    let mut parts = value.split(|&b| b == b';').map(<[u8]>::trim_ascii);
    let sent = parts.next()?;
    let mut slashes = memchr::memchr_iter(b'/', sent);
    let _version = slashes.next()?;
    let transport = sent.get(slashes.next()? + 1..)?.trim_ascii_start();
    let space = transport.iter().position(u8::is_ascii_whitespace)?;
    let by: Vec<u8> = transport.get(space..)?.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if by.is_empty() {
        return None;
    }
    let mut written = by.clone();
    let mut received = None;
    for part in parts {
        let Some(equals) = memchr::memchr(b'=', part) else { continue };
        let (name, value) = (part.get(..equals)?.trim_ascii(), part.get(equals + 1..)?.trim_ascii());
        for wanted in [&b"received"[..], b"rport"] {
            if name.eq_ignore_ascii_case(wanted) && !value.is_empty() {
                written.extend([b";", wanted, b"=", value].concat());
                if wanted == b"received" {
                    received = text::node_address(value);
                }
            }
        }
    }
    Some(ChainEntry { text: text::escaped(&written, MAX_TEXT).into(), addr: received.or_else(|| text::node_address(&by)) })
}

fn record_route(value: &[u8]) -> Option<ChainEntry> {
    let value = value.trim_ascii();
    let uri = match (memchr::memchr(b'<', value), memchr::memchr(b'>', value)) {
        (Some(open), Some(close)) if open < close => value.get(open + 1..close)?,
        _ => value,
    };
    let uri = text::escaped(uri, MAX_TEXT - RECORD_ROUTE.len());
    (!uri.is_empty()).then(|| ChainEntry { text: format!("{RECORD_ROUTE}{uri}").into(), addr: None })
}

/// `sip:user@host:port;…`: the host with its port.
fn uri_host(uri: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', uri)?;
    if !matches!(uri.get(..colon)?.to_ascii_lowercase().as_slice(), b"sip" | b"sips") {
        return None;
    }
    let rest = uri.get(colon + 1..)?;
    let rest = rest.split(|b| matches!(b, b';' | b'?')).next()?;
    Some(memchr::memrchr(b'@', rest).map_or(rest, |at| rest.get(at + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(lines: &str) -> Vec<(String, Option<String>)> {
        let message =
            format!("INVITE sip:bob@Biloxi.example;x=1 SIP/2.0\r\n{lines}\r\nMax-Forwards: 70\r\n\r\nv: SIP/2.0/UDP body");
        let head = head(message.as_bytes()).unwrap();
        assert_eq!((head.response, head.host.as_deref()), (false, Some("biloxi.example")));
        head.entries.into_iter().map(|e| (e.text.to_string(), e.addr.map(|a| a.to_string()))).collect()
    }

    fn entry(text: &str, addr: Option<&str>) -> (String, Option<String>) {
        (text.to_owned(), addr.map(str::to_owned))
    }

    #[test]
    fn the_way_of_a_request() {
        assert_eq!(
            entries(
                "Via: SIP/2.0/UDP ss2.example.com:5060;branch=z9, SIP/2.0/TCP [2001:db8::9];branch=z8\r\n\
                 v : SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;received=192.0.2.207;RPORT=1024;branch=z7\r\n\
                 Via: SIP/2.0/TLS\r\n 192.0.2.4:5061;received=nonsense;rport"
            ),
            [
                entry("ss2.example.com:5060", None),
                entry("[2001:db8::9]", Some("2001:db8::9")),
                entry("first.example.com:4000;received=192.0.2.207;rport=1024", Some("192.0.2.207")),
                entry("192.0.2.4:5061;received=nonsense", Some("192.0.2.4")),
            ]
        );
        assert_eq!(entries("Via: nonsense\r\nVia: SIP/2.0/UDP\r\nVia: ;received=192.0.2.1"), []);
    }

    #[test]
    fn recorded_routes_are_text_and_only_beside_a_via() {
        let line = "Record-Route: <sip:ss2.example.com;lr>, \"x\" <sip:192.0.2.1;lr>";
        assert_eq!(
            entries(&format!("{line}\r\nVia: SIP/2.0/UDP 192.0.2.9")),
            [
                entry("192.0.2.9", Some("192.0.2.9")),
                entry("record-route sip:ss2.example.com;lr", None),
                entry("record-route sip:192.0.2.1;lr", None),
            ]
        );
        assert_eq!(entries(line), []);
    }

    #[test]
    fn other_texts_that_begin_alike() {
        for other in
            ["OPTIONS / HTTP/1.1\r\n\r\n", "SIP/2.0 OK\r\n\r\n", "INFO something\r\n\r\n", "BYE ", "NOTIFY * HTTP/1.1\r\n\r\n"]
        {
            assert_eq!(head(other.as_bytes()), None, "{other}");
        }
        assert!(head(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n\r\n").unwrap().response);
        assert_eq!((is_whole(b"OPTIONS / HTTP/1.1\r\n\r\n"), is_whole(b"OPTIONS /a"), is_whole(b"BYE ")), (None, None, None));
        assert_eq!((is_whole(b"OPTIONS sip:a"), is_whole(b"SIP/2.0 20")), (Some(false), Some(false)));
        assert_eq!((is_whole(b"BYE sip:a SIP/2.0\r\nVia: x"), is_whole(b"BYE sip:a SIP/2.0\r\n\r\n")), (Some(false), Some(true)));
    }

    #[test]
    fn lists_are_bounded() {
        let lines: String = (0..80).map(|n| format!("Via: SIP/2.0/UDP 192.0.2.{n}\r\n")).collect();
        let head = head(format!("BYE sip:a SIP/2.0\r\n{lines}\r\n").as_bytes()).unwrap();
        assert_eq!((head.entries.len(), head.left_out), (64, 16));
        assert_eq!(&*head.entries[0].text, "192.0.2.0");
    }
}
