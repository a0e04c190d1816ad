//! Pieces that the logs of web servers, proxies and load balancers share: addresses with and without a port, numbers, quoted
//! texts. Everything borrows; nothing allocates.

use std::net::{IpAddr, Ipv4Addr};

use crate::decode::text::node_address;
use crate::model::net::unmapped;
use crate::model::record::Outcome;

/// Lines of a beginning that are tried.
const TRIED: usize = 64;

/// Are more than half of the first whole lines such that `is_one` holds? Empty lines do not count. A last line without an
/// end is tried only if it is the only one: it may be cut off.
pub(in crate::decode::log) fn mostly(beginning: &[u8], mut is_one: impl FnMut(&[u8]) -> bool) -> bool {
    let whole = memchr::memrchr(b'\n', beginning).and_then(|end| beginning.get(..end)).unwrap_or(beginning);
    let (mut right, mut tried) = (0_usize, 0_usize);
    for line in whole.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(TRIED) {
        tried += 1;
        right += usize::from(is_one(line));
    }
    right * 2 > tried
}

/// What stands before the first blank, and what behind it.
#[inline]
pub(in crate::decode::log) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

/// Place of the first quotation mark that no backslash escapes. Apache writes `\"` for a mark within a text and doubles
/// backslashes; nginx writes `\x22` and leaves no mark at all.
#[inline]
pub(in crate::decode::log) fn quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', text.get(from..)?)?;
        let before = text.get(from..at)?;
        let backslashes = before.iter().rev().take_while(|&&b| b == b'\\').count();
        if backslashes % 2 == 0 {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The text between the quotation mark at the beginning and the one that closes it, and what follows that.
#[inline]
pub(in crate::decode::log) fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let end = quote(inner)?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// A decimal number, the whole text.
#[inline]
pub(in crate::decode::log) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

/// A number, or 0 for `-`.
#[inline]
pub(in crate::decode::log) fn count(text: &[u8]) -> Option<u64> {
    if text == b"-" { Some(0) } else { number(text) }
}

/// A port, the whole text.
#[inline]
pub(in crate::decode::log) fn port(text: &[u8]) -> Option<u16> {
    number(text).and_then(|n| u16::try_from(n).ok())
}

/// A status of three digits, or 0 for `-`.
#[inline]
pub(in crate::decode::log) fn status(text: &[u8]) -> Option<u16> {
    match text {
        b"-" => Some(0),
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// What a status says of a request. Where the client left or the server hung up before there was an answer, the record shows
/// a connection and no more: 444 and 499 are nginx's words for that, 460 and 000 those of AWS.
#[inline]
pub(in crate::decode::log) fn answered(status: u16, sent: u64) -> Outcome {
    match status {
        0..=99 | 444 => Outcome::Established,
        460 | 499 if sent == 0 => Outcome::Established,
        _ => Outcome::Exchanged,
    }
}

/// Four parts at the beginning, and how many bytes they take. Leading zeros are decimal, as in `node_address`.
#[inline]
fn v4(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let mut octets = [0_u8; 4];
    let mut at = 0;
    for (n, octet) in octets.iter_mut().enumerate() {
        if n > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let (mut value, start) = (0_u32, at);
        while let Some(digit) = text.get(at).filter(|b| b.is_ascii_digit()) {
            if at - start == 3 {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
            at += 1;
        }
        if at == start {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    Some((Ipv4Addr::from(octets), at))
}

fn v6(text: &[u8]) -> Option<IpAddr> {
    let without_zone = text.split(|&b| b == b'%').next()?;
    if !without_zone.contains(&b':') {
        return None;
    }
    std::str::from_utf8(without_zone).ok()?.parse().ok().map(unmapped)
}

/// An address, with a port if it is written in a way that leaves no doubt (`192.0.2.1:80`, `[2001:db8::1]:80`); the whole
/// text. Port 0 if there is none.
#[inline]
pub(in crate::decode::log) fn endpoint(text: &[u8]) -> Option<(IpAddr, u16)> {
    match text.first()? {
        b'0'..=b'9' => {
            if let Some((addr, end)) = v4(text) {
                return match text.get(end..) {
                    None | Some([]) => Some((IpAddr::V4(addr), 0)),
                    Some([b':', rest @ ..]) => port(rest).map(|p| (IpAddr::V4(addr), p)),
                    Some(_) => None,
                };
            }
            v6(text).map(|addr| (addr, 0))
        }
        b'[' => {
            let end = memchr::memchr(b']', text)?;
            let inner = text.get(1..end)?;
            let addr = v6(inner).or_else(|| v4(inner).filter(|(_, n)| *n == inner.len()).map(|(a, _)| IpAddr::V4(a)))?;
            match text.get(end + 1..)? {
                [] => Some((addr, 0)),
                [b':', rest @ ..] => port(rest).map(|p| (addr, p)),
                _ => None,
            }
        }
        _ => v6(text).map(|addr| (addr, 0)),
    }
}

/// An address with a port, in formats that always have one: `2001:db8::1:4711` is port 4711 there.
#[inline]
pub(in crate::decode::log) fn with_port(text: &[u8]) -> Option<(IpAddr, u16)> {
    if text.starts_with(b"[") {
        return endpoint(text);
    }
    let colon = memchr::memrchr(b':', text)?;
    let port = port(text.get(colon + 1..)?)?;
    let (addr, none) = endpoint(text.get(..colon)?)?;
    (none == 0).then_some((addr, port))
}

/// Is this an address list and nothing else, as `X-Forwarded-For` has it? `unknown` may stand in it.
pub(in crate::decode::log) fn is_address_list(text: &[u8]) -> bool {
    let mut some = false;
    for element in text.split(|&b| b == b',').map(<[u8]>::trim_ascii) {
        if node_address(element).is_some() {
            some = true;
        } else if !element.eq_ignore_ascii_case(b"unknown") {
            return false;
        }
    }
    some
}

/// Could this be a name or address with or without a port, as a server writes it where its own name or the client's stands?
#[inline]
pub(in crate::decode::log) fn is_name(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 280
        && text.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'*' | b'[' | b']'))
}

/// Name in `scheme://name:port/path`; credentials in front are passed over.
pub(in crate::decode::log) fn authority(url: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(url, b"://")?;
    if !url.get(..at)?.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = url.get(at + 3..)?;
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#' | b' ')).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let name = memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<String> {
        endpoint(text.as_bytes()).map(|(a, p)| format!("{a} {p}"))
    }

    #[test]
    fn endpoints() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1 0")),
            ("192.0.2.1:80", Some("192.0.2.1 80")),
            ("010.001.002.003", Some("10.1.2.3 0")),
            ("2001:db8::1", Some("2001:db8::1 0")),
            ("[2001:db8::1]:443", Some("2001:db8::1 443")),
            ("[2001:db8::1]", Some("2001:db8::1 0")),
            ("::ffff:192.0.2.1", Some("192.0.2.1 0")),
            ("fe80::1%eth0", Some("fe80::1 0")),
            ("192.0.2.256", None),
            ("192.0.2.1.5", None),
            ("192.0.2.1:", None),
            ("192.0.2.1:70000", None),
            ("192.0.2", None),
            ("1921.0.2.1", None),
            ("[2001:db8::1]x", None),
            ("dead.beef", None),
            ("", None),
        ] {
            assert_eq!(end(text).as_deref(), expected, "{text}");
        }
        assert_eq!(with_port(b"2001:db8::1:4711").map(|e| e.1), Some(4711));
        assert_eq!(with_port(b"::ffff:192.0.2.1:4711").map(|e| e.0.to_string()).as_deref(), Some("192.0.2.1"));
        assert_eq!(with_port(b"192.0.2.1"), None);
        assert_eq!(with_port(b"192.0.2.1:1:2"), None);
    }

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(quoted(br#""a\"b" c"#), Some((&br#"a\"b"#[..], &b" c"[..])));
        assert_eq!(quoted(br#""a\\" c"#), Some((&br"a\\"[..], &b" c"[..])));
        assert_eq!(quoted(br#""a\\\" c"#), None);
        assert_eq!(quoted(b"\"\""), Some((&b""[..], &b""[..])));
        assert_eq!(quoted(b"x\"\""), None);
    }

    #[test]
    fn lists_and_authorities() {
        assert!(is_address_list(b"192.0.2.1, unknown,2001:db8::1"));
        for no in [&b""[..], b"-", b"unknown", b"192.0.2.1, x", b"192.0.2.1 192.0.2.2", b"1.2.3"] {
            assert!(!is_address_list(no));
        }
        assert_eq!(authority(b"https://u:p@www.example.org:443/a@b"), Some(&b"www.example.org:443"[..]));
        assert_eq!(authority(b"/redirect?to=http://example.org/"), None);
        assert_eq!(authority(b"http:///"), None);
    }

    #[test]
    fn half_of_the_lines_is_not_most() {
        let is_a = |line: &[u8]| line == b"a";
        assert!(mostly(b"a\n\r\n a \r\nb\n", is_a));
        assert!(!mostly(b"a\nb\n", is_a));
        assert!(mostly(b"a", is_a) && mostly(b"a\ncut of", is_a) && !mostly(b"", is_a));
    }
}
