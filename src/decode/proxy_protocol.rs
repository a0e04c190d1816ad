//! The PROXY protocol (HAProxy's `proxy-protocol.txt`, versions 1 and 2): a line or a block in front of everything else,
//! in which a proxy that passes bytes on unread names the client in front of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::record::Reject;
use crate::model::evidence::ChainEntry;
use crate::model::net::unmapped;

/// Longest header of version 1, end of line included.
const LONGEST_LINE: usize = 107;
/// What version 2 begins with: no line of text and no other protocol does.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// A whole header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The client as the proxy saw it. `None`: the proxy speaks for itself (LOCAL, a check of its own), or does not say
    /// (UNKNOWN, a family that has no IP address).
    pub client: Option<ChainEntry>,
    /// Bytes of the header; what follows is what the client sent.
    pub len: usize,
}

/// Could this payload begin with a header?
#[must_use]
pub fn looks_like(payload: &[u8]) -> bool {
    payload.starts_with(b"PROXY ") || payload.starts_with(SIGNATURE)
}

/// Reads the header at the beginning; `None` while more of it is needed.
///
/// # Errors
/// When it is none.
pub fn header(bytes: &[u8]) -> Result<Option<Header>, Reject> {
    if bytes.starts_with(SIGNATURE) {
        return version_2(bytes);
    }
    if bytes.starts_with(b"PROXY ") {
        return version_1(bytes);
    }
    let begins = |with: &[u8]| with.starts_with(bytes);
    if begins(b"PROXY ") || begins(SIGNATURE) { Ok(None) } else { Err(Reject("no PROXY header")) }
}

fn version_1(bytes: &[u8]) -> Result<Option<Header>, Reject> {
    let head = bytes.get(..LONGEST_LINE).unwrap_or(bytes);
    let Some(end) = memchr::memmem::find(head, b"\r\n") else {
        return if head.len() < LONGEST_LINE { Ok(None) } else { Err(Reject("the line does not end")) };
    };
    let bad = Reject("damaged PROXY line");
    let line = std::str::from_utf8(head.get(..end).unwrap_or_default()).map_err(|_| bad)?;
    let mut words = line.split(' ').skip(1);
    let family = words.next().unwrap_or_default();
    let client = match family {
        "UNKNOWN" => None,
        "TCP4" | "TCP6" => {
            let mut address = || words.next()?.parse::<IpAddr>().ok().filter(|a| a.is_ipv6() == (family == "TCP6"));
            let (from, to) = (address().ok_or(bad)?, address().ok_or(bad)?);
            let mut port = || words.next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()) && p.parse::<u16>().is_ok());
            if to.is_ipv6() != from.is_ipv6() || !port() || !port() || words.next().is_some() {
                return Err(bad);
            }
            Some(entry(from))
        }
        _ => return Err(bad),
    };
    Ok(Some(Header { client, len: end + 2 }))
}

fn version_2(bytes: &[u8]) -> Result<Option<Header>, Reject> {
    let Some(&[version, family, n0, n1]) = bytes.get(SIGNATURE.len()..).and_then(|b| b.first_chunk::<4>()) else {
        return Ok(None);
    };
    let (size, at) = (usize::from(u16::from_be_bytes([n0, n1])), SIGNATURE.len() + 4);
    let Some(body) = bytes.get(at..at + size) else {
        return if matches!(version, 0x20 | 0x21) { Ok(None) } else { Err(Reject("neither PROXY nor LOCAL")) };
    };
    let client = match (version, family >> 4) {
        (0x20, _) => None,
        (0x21, 1) if size >= 12 => body.first_chunk::<4>().map(|a| entry(Ipv4Addr::from(*a).into())),
        (0x21, 2) if size >= 36 => body.first_chunk::<16>().map(|a| entry(Ipv6Addr::from(*a).into())),
        (0x21, 0 | 3) => None,
        (0x21, _) => return Err(Reject("an address that does not fit its family")),
        _ => return Err(Reject("neither PROXY nor LOCAL")),
    };
    Ok(Some(Header { client, len: at + size }))
}

fn entry(addr: IpAddr) -> ChainEntry {
    let addr = unmapped(addr);
    ChainEntry { text: addr.to_string().into(), addr: Some(addr) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testkit::{join, v4, v6};

    fn client(bytes: &[u8]) -> Option<String> {
        let header = header(bytes).unwrap().unwrap();
        assert_eq!(bytes.get(header.len..), Some(&b"GET "[..]));
        header.client.map(|c| c.text.to_string())
    }

    fn two(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        join(&[SIGNATURE, &[command, family], &(body.len() as u16).to_be_bytes(), body, b"GET "])
    }

    #[test]
    fn both_versions_name_the_client() {
        assert_eq!(client(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET ").as_deref(), Some("192.0.2.1"));
        assert_eq!(client(b"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\nGET ").as_deref(), Some("2001:db8::1"));
        let four = join(&[&v4("192.0.2.1"), &v4("198.51.100.1"), &[1, 2, 1, 187], &[4, 0, 1, 0]]);
        assert_eq!(client(&two(0x21, 0x11, &four)).as_deref(), Some("192.0.2.1"), "with a TLV behind");
        let six = join(&[&v6("2001:db8::1"), &v6("2001:db8::2"), &[1, 2, 1, 187]]);
        assert_eq!(client(&two(0x21, 0x21, &six)).as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn who_names_no_client_has_none() {
        assert_eq!(client(b"PROXY UNKNOWN\r\nGET "), None);
        assert_eq!(client(b"PROXY UNKNOWN ffff:f::ffff ffff::f 65535 65535\r\nGET "), None);
        assert_eq!(client(&two(0x20, 0x11, &[9; 12])), None, "LOCAL: the addresses mean nothing");
        assert_eq!(client(&two(0x21, 0x31, &[b'/'; 216])), None, "a socket in the file system");
    }

    #[test]
    fn cuts_wait_and_damage_is_refused() {
        for whole in [b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".to_vec(), two(0x21, 0x11, &[1; 12])[..28].to_vec()] {
            for n in 0..whole.len() {
                assert_eq!(header(&whole[..n]), Ok(None), "{n} bytes");
            }
        }
        for bad in [
            &b"PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 99999\r\n",
            b"PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXI",
        ] {
            assert!(header(bad).is_err(), "{}", bad.escape_ascii());
        }
        assert!(header(&[b"PROXY ".to_vec(), vec![b'1'; 200]].concat()).is_err());
        assert!(header(&two(0x31, 0x11, &[1; 12])).is_err() && header(&two(0x21, 0x11, &[1; 4])).is_err());
    }
}
