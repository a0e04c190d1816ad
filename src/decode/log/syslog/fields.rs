//! Small pieces that messages within syslog are made of: addresses, endpoints, numbers, words.

use std::net::IpAddr;
use std::str::FromStr;

use memchr::memmem;

use crate::model::net::unmapped;
use crate::model::record::Endpoint;

/// An address and nothing else: no port, no brackets. A zone (`%eth0`) is dropped, IPv4-mapped is IPv4.
pub(in crate::decode::log) fn address(text: &[u8]) -> Option<IpAddr> {
    // The longest IPv6 address has 45 characters; a zone may follow.
    if text.len() > 80 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let text = text.split_once('%').map_or(text, |(addr, _)| addr);
    text.parse().ok().map(unmapped)
}

/// Decimal digits and nothing else.
pub(in crate::decode::log) fn number<T: FromStr>(text: &[u8]) -> Option<T> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `address:port` or `[address]:port`. What follows the last colon is the port, also behind an IPv6 address without
/// brackets: OpenVPN and dropbear write it so.
pub(in crate::decode::log) fn endpoint(text: &[u8]) -> Option<Endpoint> {
    let (host, port) = rcut(text, b":")?;
    let host = match host.strip_prefix(b"[") {
        Some(inner) => inner.strip_suffix(b"]")?,
        None => host,
    };
    Some(Endpoint { addr: address(host)?, port: number(port)? })
}

/// What stands before and behind the first `sep`.
pub(in crate::decode::log) fn cut<'a>(text: &'a [u8], sep: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text, sep)?;
    Some((text.get(..at)?, text.get(at + sep.len()..)?))
}

/// What stands before and behind the last `sep`.
pub(in crate::decode::log) fn rcut<'a>(text: &'a [u8], sep: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::rfind(text, sep)?;
    Some((text.get(..at)?, text.get(at + sep.len()..)?))
}

/// Up to the first blank, and what follows the blanks. The first part is empty only if the text is.
pub(in crate::decode::log) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(at) => {
            let (word, rest) = text.split_at(at);
            (word, rest.trim_ascii_start())
        }
        None => (text, &[]),
    }
}

/// Does `needle` stand anywhere in it?
pub(in crate::decode::log) fn holds(text: &[u8], needle: &[u8]) -> bool {
    memmem::find(text, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_address_only() {
        assert_eq!(address(b"::ffff:192.0.2.1").unwrap().to_string(), "192.0.2.1");
        assert_eq!(address(b"fe80::1%eth0").unwrap().to_string(), "fe80::1");
        for text in [&b""[..], b"192.0.2.1:22", b"[2001:db8::1]", b"192.0.2", b"a", &[b'1'; 90]] {
            assert_eq!(address(text), None);
        }
    }

    #[test]
    fn endpoints_split_at_the_last_colon() {
        let of = |text: &str| endpoint(text.as_bytes()).map(|e| (e.addr.to_string(), e.port));
        assert_eq!(of("192.0.2.1:4711"), Some(("192.0.2.1".to_owned(), 4711)));
        assert_eq!(of("[2001:db8::1%2]:51820"), Some(("2001:db8::1".to_owned(), 51820)));
        assert_eq!(of("2001:db8::1:1194"), Some(("2001:db8::1".to_owned(), 1194)));
        assert_eq!(of("::ffff:192.0.2.1:1194"), Some(("192.0.2.1".to_owned(), 1194)));
        for text in ["192.0.2.1", "192.0.2.1:70000", "192.0.2.1:+1", "[192.0.2.1:1", ":1"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
