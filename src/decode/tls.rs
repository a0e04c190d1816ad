//! The server name in a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3): the only thing that Rutter reads of TLS.

use std::borrow::Cow;

use super::text;

/// Content type of handshake records.
const HANDSHAKE: u8 = 22;
/// Handshake type of a ClientHello.
const CLIENT_HELLO: u8 = 1;
/// Extension number of `server_name`.
const SERVER_NAME: u16 = 0;
/// Most handshake bytes that are put together from several records.
const MAX_HELLO: usize = 1 << 16;

/// Could this payload begin with a ClientHello? Costs a comparison of three bytes.
#[inline]
#[must_use]
pub fn looks_like_client_hello(payload: &[u8]) -> bool {
    matches!(payload, [HANDSHAKE, 3, _, _, _, CLIENT_HELLO, ..])
}

/// The host that the ClientHello at the beginning of `payload` asks for, lower case, at most 253 bytes. What lies in
/// a later TCP segment is not there; `None` if the name is among it.
#[must_use]
pub fn server_name(payload: &[u8]) -> Option<String> {
    if !looks_like_client_hello(payload) {
        return None;
    }
    let handshake = handshake_bytes(payload);
    let mut hello = Reader(&handshake);
    hello.take(4)?; // handshake type and 24-bit length; the latter may reach beyond this segment
    hello.take(2 + 32)?; // legacy version, random
    hello.vector8()?; // legacy session id
    hello.vector16()?; // cipher suites
    hello.vector8()?; // compression methods
    hello.number16()?; // length of all extensions
    loop {
        let number = hello.number16()?;
        let mut extension = Reader(hello.vector16()?);
        if number == SERVER_NAME {
            // A list with one entry in practice: type 0 is a host name, no other was ever defined.
            let mut list = Reader(extension.vector16()?);
            let name = (list.take(1)? == [0]).then(|| list.vector16())??;
            // Addresses and ports are no host names (RFC 6066 3).
            return if name.contains(&b':') { None } else { text::host_name(name) };
        }
    }
}

/// How much of a ClientHello has arrived, record by record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// Where the next record begins.
    record_at: usize,
    /// Handshake bytes in the records before it.
    handshake: usize,
    /// Bytes that the hello takes.
    wanted: usize,
}

impl Extent {
    /// Is all of it there? `bytes` begin with it and grow from call to call. `None` if it is none after all.
    pub fn is_whole(&mut self, bytes: &[u8]) -> Option<bool> {
        loop {
            let rest = bytes.get(self.record_at..).unwrap_or_default();
            let Some(&[kind, major, _, n0, n1]) = rest.first_chunk::<5>() else { return Some(false) };
            if (kind, major) != (HANDSHAKE, 3) {
                return None;
            }
            let len = usize::from(u16::from_be_bytes([n0, n1]));
            let Some(body) = rest.get(5..5 + len) else { return Some(false) };
            if self.record_at == 0 {
                let &[CLIENT_HELLO, l0, l1, l2] = body.first_chunk::<4>()? else { return None };
                self.wanted = 4 + u32::from_be_bytes([0, l0, l1, l2]) as usize;
            }
            self.record_at += 5 + len;
            self.handshake += len;
            if self.handshake >= self.wanted {
                return Some(true);
            }
        }
    }
}

/// Handshake messages may be cut at any byte into several records (RFC 8446 5.1).
fn handshake_bytes(payload: &[u8]) -> Cow<'_, [u8]> {
    let mut records = Reader(payload);
    let mut joined: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    while let Some([HANDSHAKE, 3, _]) = records.take(3).and_then(|b| b.first_chunk::<3>()) {
        let Some(len) = records.number16() else { break };
        let fragment = records.up_to(usize::from(len));
        if joined.is_empty() {
            joined = Cow::Borrowed(fragment);
        } else if joined.len() + fragment.len() <= MAX_HELLO {
            joined.to_mut().extend_from_slice(fragment);
        } else {
            break;
        }
    }
    joined
}

/// Takes bytes off the front.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, n: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn up_to(&mut self, n: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|b| u16::from_be_bytes(*b))
    }

    fn vector8(&mut self) -> Option<&'b [u8]> {
        let len = *self.take(1)?.first()?;
        self.take(usize::from(len))
    }

    fn vector16(&mut self) -> Option<&'b [u8]> {
        let len = self.number16()?;
        self.take(usize::from(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testkit::{client_hello, join};

    #[test]
    fn the_name_that_is_asked_for() {
        assert_eq!(server_name(&client_hello("WWW.Example.org")).as_deref(), Some("www.example.org"));
        assert_eq!(server_name(&client_hello("xn--bcher-kva.example.")).as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(server_name(&client_hello("a\nb")).as_deref(), Some("a\\x0ab"));
        assert_eq!(server_name(&client_hello("")), None);
        assert_eq!(server_name(&client_hello("a:443")), None, "no host name has a colon");
    }

    #[test]
    fn a_hello_in_several_records() {
        let whole = client_hello("split.example");
        let body = &whole[5..];
        let records: Vec<u8> = body.chunks(20).flat_map(|c| join(&[&[22, 3, 1, 0, c.len() as u8], c])).collect();
        assert_eq!(server_name(&records).as_deref(), Some("split.example"));
    }

    #[test]
    fn its_end_is_found_however_it_is_cut() {
        let whole = client_hello("split.example");
        let records: Vec<u8> = whole[5..].chunks(20).flat_map(|c| join(&[&[22, 3, 1, 0, c.len() as u8], c])).collect();
        for hello in [whole, records] {
            let mut extent = Extent::default();
            for n in 0..hello.len() {
                assert_eq!(extent.is_whole(&hello[..n]), Some(false), "{n} bytes");
            }
            assert_eq!(extent.is_whole(&hello), Some(true));
        }
        assert_eq!(Extent::default().is_whole(&[22, 3, 1, 0, 4, 2, 0, 0, 0]), None, "another handshake message");
        assert_eq!(Extent::default().is_whole(&[23, 3, 1, 0, 4, 1, 0, 0, 0]), None);
    }

    #[test]
    fn every_cut_is_survived_and_none_invents_a_name() {
        let whole = client_hello("cut.example");
        let needed = whole.len();
        for n in 0..needed {
            assert_eq!(server_name(&whole[..n]), None, "{n} of {needed} bytes");
        }
    }

    #[test]
    fn other_records_are_told_by_their_first_bytes() {
        for other in [[23, 3, 3, 0, 9, 1], [22, 3, 3, 0, 9, 2], [22, 2, 0, 0, 9, 1], [128, 3, 1, 0, 9, 1]] {
            assert!(!looks_like_client_hello(&other));
        }
    }
}
