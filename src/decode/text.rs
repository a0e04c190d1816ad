//! Strings from the wire: whoever sent them wanted something. What leaves here is printable ASCII.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use crate::model::net::unmapped;

/// Longest domain name in text form without the final dot (RFC 1035 2.3.4: 255 bytes on the wire).
pub const MAX_NAME: usize = 253;

/// Printable ASCII as it is, everything else as `\xNN`, a backslash doubled; cut off before `max` bytes are passed.
#[must_use]
pub fn escaped(bytes: &[u8], max: usize) -> String {
    let mut out = String::with_capacity(bytes.len().min(max));
    for &byte in bytes {
        let size = match byte {
            b'\\' => 2,
            0x20..=0x7e => 1,
            _ => 4,
        };
        if out.len() + size > max {
            break;
        }
        push_escaped(&mut out, byte);
    }
    out
}

/// Appends one byte as [`escaped`] writes it.
pub(crate) fn push_escaped(out: &mut String, byte: u8) {
    match byte {
        b'\\' => out.push_str("\\\\"),
        0x20..=0x7e => out.push(char::from(byte)),
        // Writing to a String can't fail.
        _ => drop(write!(out, "\\x{byte:02x}")),
    }
}

/// A host name as asked for: lower case, no port, no final dot, at most [`MAX_NAME`] bytes. `None` if nothing is
/// left, or if it is longer: a cut-off name is another name.
#[must_use]
pub fn host_name(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.trim_ascii();
    let without_port = if bytes.starts_with(b"[") {
        let end = bytes.iter().position(|&b| b == b']')?;
        bytes.get(1..end)?
    } else {
        match bytes.iter().rposition(|&b| b == b':') {
            // More than one colon: a bare IPv6 address.
            Some(colon) if bytes.iter().filter(|&&b| b == b':').count() == 1 => bytes.get(..colon)?,
            _ => bytes,
        }
    };
    let without_dot = without_port.strip_suffix(b".").unwrap_or(without_port);
    let name = escaped(without_dot, MAX_NAME + 1).to_ascii_lowercase();
    (!name.is_empty() && name.len() <= MAX_NAME && without_dot.len() <= MAX_NAME).then_some(name)
}

/// Is this a host and a port, as CONNECT names whom to go on to (RFC 9110 9.3.6), and nothing else?
#[must_use]
pub fn is_authority(bytes: &[u8]) -> bool {
    let Some(colon) = bytes.iter().rposition(|&b| b == b':') else { return false };
    let (host, port) = (bytes.get(..colon).unwrap_or_default(), bytes.get(colon + 1..).unwrap_or_default());
    let number = std::str::from_utf8(port).ok().filter(|p| p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse().ok());
    let named = match host {
        [b'[', inner @ .., b']'] => std::str::from_utf8(inner).is_ok_and(|a| a.parse::<std::net::Ipv6Addr>().is_ok()),
        host => {
            !host.is_empty()
                && !host.iter().any(|b| matches!(b, b':' | b'/' | b'?' | b'#' | b'@' | b'[' | b']' | 0..=b' ' | 0x7f))
        }
    };
    named && number.is_some_and(|n: u16| n != 0)
}

/// The address in a forwarding header: plain, with a port, in brackets, with a zone, IPv4-mapped, or IPv4 with
/// leading zeros. Zero-padded parts are read as decimal: the proxies that write them pad, they don't count in octal.
#[must_use]
pub fn node_address(node: &[u8]) -> Option<IpAddr> {
    let node = std::str::from_utf8(node.trim_ascii()).ok()?;
    if let Some(rest) = node.strip_prefix('[') {
        let (inner, after) = rest.split_once(']')?;
        let port_ok = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return if port_ok { bare_address(inner) } else { None };
    }
    if let Some(addr) = bare_address(node) {
        return Some(addr);
    }
    let (host, port) = node.rsplit_once(':')?;
    if is_port(port) && !host.contains(':') { padded_v4(host).map(IpAddr::V4) } else { None }
}

/// A number, or an obfuscated port (RFC 7239 6).
fn is_port(port: &str) -> bool {
    port.starts_with('_') || !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())
}

fn bare_address(text: &str) -> Option<IpAddr> {
    if let Some(v4) = padded_v4(text) {
        return Some(IpAddr::V4(v4));
    }
    let without_zone = text.split_once('%').map_or(text, |(addr, _)| addr);
    if let Ok(addr) = without_zone.parse() {
        return Some(unmapped(addr));
    }
    // `::ffff:010.000.000.003`: both habits at once.
    let tail = without_zone.get(..7).filter(|p| p.eq_ignore_ascii_case("::ffff:")).and_then(|_| without_zone.get(7..))?;
    padded_v4(tail).map(IpAddr::V4)
}

/// Four decimal parts of one to three digits.
fn padded_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Option<String> {
        node_address(text.as_bytes()).map(|a| a.to_string())
    }

    #[test]
    fn addresses_in_every_dress() {
        for (text, expected) in [
            ("192.0.2.43", "192.0.2.43"),
            (" 192.0.2.43:4711 ", "192.0.2.43"),
            ("10.000.000.03", "10.0.0.3"),
            ("010.1.1.9", "10.1.1.9"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
            ("::FFFF:010.000.000.003", "10.0.0.3"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]:_port", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("192.0.2.1:_p", "192.0.2.1"),
        ] {
            assert_eq!(addr(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nonsense_is_no_address() {
        for text in
            ["", "unknown", "_obf", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1.2.3.4:x", "[2001:db8::1", "[::1]x", "0010.1.1.1", "é"]
        {
            assert_eq!(addr(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_and_a_port_and_nothing_else() {
        for good in ["example.org:443", "192.0.2.1:1", "[2001:db8::1]:65535", "m\u{fc}nchen.example:80"] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":",
            ":443",
            "example.org",
            "example.org:",
            "example.org:0",
            "example.org:65536",
            "example.org:+1",
            "/",
            "/a:80",
            "http://a.example:80",
            "u@a.example:80",
            "a b:80",
            "2001:db8::1:80",
            "[2001:db8::1]",
            "[x]:80",
            "a:80/",
            "*",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn escapes_are_unambiguous_and_bounded() {
        assert_eq!(escaped(b"a\x1b[31m\\\xff", 256), "a\\x1b[31m\\\\\\xff");
        assert_eq!(escaped(b"ab\x00c", 5), "ab", "an escape is never cut in half");
        assert_eq!(escaped(&[b'a'; 300], 256).len(), 256);
    }

    #[test]
    fn host_names_lose_port_dot_and_case() {
        assert_eq!(host_name(b"WWW.Example.ORG:8080").as_deref(), Some("www.example.org"));
        assert_eq!(host_name(b"example.org.").as_deref(), Some("example.org"));
        assert_eq!(host_name(b"[2001:DB8::1]:443").as_deref(), Some("2001:db8::1"));
        assert_eq!(host_name(b"2001:db8::1").as_deref(), Some("2001:db8::1"));
        assert_eq!(host_name(b"a\r\nb").as_deref(), Some("a\\x0d\\x0ab"));
        assert_eq!(host_name(b":80"), None);
        assert_eq!(host_name(&[b'a'; 254]), None);
        assert_eq!(host_name(&[b'a'; 253]).map(|n| n.len()), Some(253));
    }
}
