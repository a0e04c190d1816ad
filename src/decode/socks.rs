//! SOCKS 4, 4a (the memos of Lee and Koblas, and of Lee) and 5 (RFC 1928, 1929): where a proxy is asked to go on to.
//!
//! A proxy listens where its owner likes, so the conversation is told by its content: the opener's first payload is a
//! greeting or a request and nothing else. What it looks like to the first bytes alone is common; so a greeting of
//! version 5 counts once a request follows it, and a request of version 4, which stands alone, once the answer is one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::record::Reject;
use super::text;
use crate::model::evidence::ChainEntry;
use crate::model::net::unmapped;

/// Longest user name or domain name of version 4; version 5 has lengths of one byte.
const LONGEST: usize = 255;
/// Authentication methods offered: the registered numbers are ten, and clients offer up to four.
const METHODS: u8 = 8;

/// What the client asked the proxy for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// 4 or 5.
    pub version: u8,
    /// 1 connect, 2 bind (wait for a connection from there), 3 pass on datagrams.
    pub command: u8,
    /// Destination and port: `192.0.2.1:80`, `[2001:db8::1]:80`, `www.example.org:80`.
    pub target: ChainEntry,
    /// The destination's name, if it has one: lower case, at most 253 bytes.
    pub name: Option<String>,
    /// Bytes up to the end of the request.
    pub len: usize,
}

impl Request {
    /// Does the proxy go on to the target, or wait for it? For datagrams the address is the client's own.
    #[must_use]
    pub fn leads_on(&self) -> bool {
        matches!(self.command, 1 | 2)
    }
}

/// Could this be the whole of an opener's first payload?
#[must_use]
pub fn looks_like(payload: &[u8]) -> bool {
    match payload {
        [5, n, methods @ ..] => {
            (1..=METHODS).contains(n) && methods.len() == usize::from(*n) && methods.iter().all(|m| !(10..128).contains(m))
        }
        [4, 1 | 2, ..] => version_4(payload).is_ok_and(|r| r.is_some_and(|r| r.len == payload.len())),
        _ => false,
    }
}

/// Reads what a client sent from the beginning of the connection; `None` while more is needed.
///
/// # Errors
/// When it is not SOCKS, or goes on in a way that shows nothing (GSS-API, RFC 1961).
pub fn request(bytes: &[u8]) -> Result<Option<Request>, Reject> {
    match bytes.first() {
        Some(4) => version_4(bytes),
        Some(5) => version_5(bytes),
        Some(_) => Err(Reject("neither version 4 nor 5")),
        None => Ok(None),
    }
}

/// A proxy's answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Did the proxy do as it was asked?
    pub granted: bool,
    /// The address and port from which it goes on, or where it waits, in its own words; zeros where it does not say. Of
    /// version 4 some repeat here where they go on to.
    pub bound: ChainEntry,
}

/// Reads what a server sent around its answer to a request of this version; `None` while more is needed. `bytes` may begin
/// with the choice of a method and the result of a log-in (RFC 1928 3, 1929 2), as some clients wait for neither.
///
/// # Errors
/// When it is no answer.
pub fn reply(version: u8, bytes: &[u8]) -> Result<Option<Reply>, Reject> {
    if version == 4 {
        let Some(&[zero, code, p0, p1, a, b, c, d]) = bytes.first_chunk::<8>() else { return Ok(None) };
        if zero != 0 || !(0x5a..=0x5d).contains(&code) {
            return Err(Reject("no answer of version 4"));
        }
        let bound = Host::Addr(Ipv4Addr::new(a, b, c, d).into()).entry(u16::from_be_bytes([p0, p1]));
        return Ok(Some(Reply { granted: code == 0x5a, bound: said(bound) }));
    }
    let mut rest = bytes;
    for _ in 0..3 {
        match *rest {
            [5, _, 0, _, ..] => {
                let Some((host, _, size)) = address(rest.get(3..).unwrap_or_default())? else { return Ok(None) };
                let port = rest.get(3 + size..).and_then(|b| b.first_chunk::<2>());
                let Some(&[p0, p1]) = port else { return Ok(None) };
                let bound = host.entry(u16::from_be_bytes([p0, p1]));
                return Ok(Some(Reply { granted: rest.get(1) == Some(&0), bound: said(bound) }));
            }
            // The method that it chose, or that a log-in went well: what is asked for comes after.
            [5, 0 | 2, 1 | 5, ..] | [1, 0, 5, ..] => rest = rest.get(2..).unwrap_or_default(),
            [5] | [5, _] | [5, _, 0] | [1] | [1, 0] | [] => return Ok(None),
            _ => break,
        }
    }
    Err(Reject("no answer of version 5"))
}

/// Zeros are no address.
fn said(mut entry: ChainEntry) -> ChainEntry {
    entry.addr = entry.addr.filter(|addr| !addr.is_unspecified());
    entry
}

/// Does a server's first payload answer a request of version 4?
#[must_use]
pub fn answers_version_4(payload: &[u8]) -> bool {
    payload.len() == 8 && matches!(payload, [0, 0x5a..=0x5d, ..])
}

fn version_4(bytes: &[u8]) -> Result<Option<Request>, Reject> {
    let Some((&[_, command, p0, p1, a, b, c, d], rest)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let port = u16::from_be_bytes([p0, p1]);
    if !matches!(command, 1 | 2) || port == 0 {
        return Err(Reject("no request of version 4"));
    }
    let Some((_, user)) = terminated(rest)? else { return Ok(None) };
    let mut len = 8 + user + 1;
    // 4a: an impossible address, and a name behind the user name.
    let (host, name) = if [a, b, c] == [0, 0, 0] && d != 0 {
        let Some((name, n)) = terminated(bytes.get(len..).unwrap_or_default())? else { return Ok(None) };
        len += n + 1;
        if name.is_empty() {
            return Err(Reject("no destination"));
        }
        (Host::Name(name), text::host_name(name))
    } else if a == 0 {
        return Err(Reject("no destination"));
    } else {
        (Host::Addr(Ipv4Addr::new(a, b, c, d).into()), None)
    };
    Ok(Some(Request { version: 4, command, target: host.entry(port), name, len }))
}

/// Text up to a zero byte, and its length. It must be printable: other protocols begin with the same bytes.
fn terminated(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Reject> {
    let end = bytes.iter().take(LONGEST + 1).position(|&b| b == 0);
    let text = bytes.get(..end.unwrap_or(bytes.len().min(LONGEST + 1))).unwrap_or_default();
    if !text.iter().all(|b| (0x20..0x7f).contains(b)) || end.is_none() && text.len() > LONGEST {
        return Err(Reject("a name is not printable"));
    }
    Ok(end.map(|n| (text, n)))
}

fn version_5(bytes: &[u8]) -> Result<Option<Request>, Reject> {
    let [_, n, ..] = *bytes else { return Ok(None) };
    let mut at = 2 + usize::from(n);
    let rest = |at: usize| bytes.get(at..).unwrap_or_default();
    // User name and password (RFC 1929), if the server asked for them.
    if let [1, user, ..] = *rest(at) {
        let Some(&password) = bytes.get(at + 2 + usize::from(user)) else { return Ok(None) };
        at += 3 + usize::from(user) + usize::from(password);
    }
    let command = match *rest(at) {
        [5, command @ 1..=3, 0, _, ..] => command,
        [5, _, _, _, ..] => return Err(Reject("no request of version 5")),
        [5, ..] | [] | [1] => return Ok(None),
        _ => return Err(Reject("neither a log-in by password nor a request")),
    };
    let Some((host, name, size)) = address(rest(at + 3))? else { return Ok(None) };
    let Some(&[p0, p1]) = rest(at + 3 + size).first_chunk::<2>() else { return Ok(None) };
    let target = host.entry(u16::from_be_bytes([p0, p1]));
    Ok(Some(Request { version: 5, command, target, name, len: at + 3 + size + 2 }))
}

/// An address of version 5, its name if it has one, and its bytes, the one of its kind included (RFC 1928 5); `None` while
/// more is needed.
fn address(bytes: &[u8]) -> Result<Option<(Host<'_>, Option<String>, usize)>, Reject> {
    let Some((&kind, body)) = bytes.split_first() else { return Ok(None) };
    Ok(match kind {
        1 => body.first_chunk::<4>().map(|a| (Host::Addr(Ipv4Addr::from(*a).into()), None, 5)),
        4 => body.first_chunk::<16>().map(|a| (Host::Addr(unmapped(Ipv6Addr::from(*a).into())), None, 17)),
        3 => {
            let Some((&n, names)) = body.split_first() else { return Ok(None) };
            let name = names.get(..usize::from(n));
            name.map(|name| (Host::Name(name), text::host_name(name), 2 + usize::from(n)))
        }
        _ => return Err(Reject("unknown kind of address")),
    })
}

enum Host<'b> {
    Addr(IpAddr),
    Name(&'b [u8]),
}

impl Host<'_> {
    fn entry(&self, port: u16) -> ChainEntry {
        match *self {
            // A name may be an address in letters: clients that resolve nothing send what they were given.
            Host::Name(name) => ChainEntry {
                text: format!("{}:{port}", text::escaped(name, text::MAX_NAME - 6)).into(),
                addr: text::node_address(name),
            },
            Host::Addr(addr) => {
                let text = if addr.is_ipv6() { format!("[{addr}]:{port}") } else { format!("{addr}:{port}") };
                ChainEntry { text: text.into(), addr: Some(addr) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testkit::{join, v6};

    fn target(bytes: &[u8]) -> (String, Option<String>, Option<String>) {
        let r = request(bytes).unwrap().unwrap();
        assert_eq!(r.len, bytes.len());
        (r.target.text.to_string(), r.target.addr.map(|a| a.to_string()), r.name)
    }

    #[test]
    fn every_kind_of_destination() {
        let four = join(&[&[4, 1, 0, 80, 192, 0, 2, 1], b"user\0"]);
        assert!(looks_like(&four));
        assert_eq!(target(&four), ("192.0.2.1:80".into(), Some("192.0.2.1".into()), None));
        let four_a = join(&[&[4, 1, 1, 187, 0, 0, 0, 1], b"\0", b"Login.Example.ORG\0"]);
        assert!(looks_like(&four_a));
        assert_eq!(target(&four_a), ("Login.Example.ORG:443".into(), None, Some("login.example.org".into())));
        let five = join(&[&[5, 2, 0, 2], &[1, 1], b"u", &[2], b"pw", &[5, 1, 0, 4], &v6("2001:db8::1"), &[0, 22]]);
        assert_eq!(target(&five), ("[2001:db8::1]:22".into(), Some("2001:db8::1".into()), None));
        let named = join(&[&[5, 1, 0, 5, 1, 0, 3, 11], b"example.org", &[0, 25]]);
        assert_eq!(target(&named), ("example.org:25".into(), None, Some("example.org".into())));
        let numbered = join(&[&[5, 1, 0, 5, 1, 0, 3, 9], b"192.0.2.7", &[0, 25]]);
        assert_eq!(target(&numbered).1.as_deref(), Some("192.0.2.7"));
        assert!(!request(&join(&[&[5, 1, 0, 5, 3, 0, 1], &[0; 6]])).unwrap().unwrap().leads_on(), "datagrams");
    }

    #[test]
    fn a_request_that_is_not_whole_is_waited_for() {
        for whole in [
            join(&[&[5, 2, 0, 2], &[1, 1], b"u", &[2], b"pw", &[5, 1, 0, 1, 192, 0, 2, 1, 0, 22]]),
            join(&[&[4, 1, 1, 187, 0, 0, 0, 1], b"me\0", b"a.example\0"]),
        ] {
            for n in 0..whole.len() {
                assert_eq!(request(&whole[..n]), Ok(None), "{n} bytes");
            }
        }
    }

    #[test]
    fn where_a_proxy_says_that_it_goes_on_from() {
        let read = |version: u8, bytes: &[u8]| {
            let reply = reply(version, bytes).unwrap().unwrap();
            (reply.granted, reply.bound.text.to_string(), reply.bound.addr.map(|a| a.to_string()))
        };
        let nine = || Some("192.0.2.9".to_owned());
        assert_eq!(read(4, &[0, 0x5a, 0, 80, 192, 0, 2, 9]), (true, "192.0.2.9:80".into(), nine()));
        assert_eq!(read(4, &[0, 0x5b, 0, 0, 0, 0, 0, 0]), (false, "0.0.0.0:0".into(), None));
        let five = [5, 0, 0, 1, 192, 0, 2, 9, 0, 80];
        // Alone, behind the choice of a method, behind a log-in.
        for before in [&[][..], &[5, 0], &[5, 2, 1, 0], &[1, 0]] {
            let whole = join(&[before, &five]);
            assert_eq!(read(5, &whole), (true, "192.0.2.9:80".into(), nine()), "{before:?}");
            for n in 0..whole.len() {
                assert_eq!(reply(5, &whole[..n]), Ok(None), "{n} bytes of {whole:?}");
            }
        }
        assert_eq!(read(5, &join(&[&[5, 0, 0, 4], &v6("2001:db8::9"), &[0, 22]])).1, "[2001:db8::9]:22");
        assert_eq!(read(5, &join(&[&[5, 0, 0, 3, 7], b"a.examp", &[0, 22]])), (true, "a.examp:22".into(), None));
        assert_eq!(read(5, &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]), (false, "0.0.0.0:0".into(), None));
        for other in [&[5, 0, 0, 7, 1][..], &[5, 9, 9, 9], &[1, 1, 5], b"HTTP/1.1", &[5, 0, 5, 0, 5, 0, 5, 0, 0, 1]] {
            assert!(reply(5, other).is_err(), "{other:?}");
        }
        assert!(reply(4, &[0, 0x5e, 0, 0, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn what_only_begins_like_it_is_not_it() {
        for other in [
            &[5, 1][..],
            &[5, 0],
            &[5, 1, 0, 0],
            &[5, 1, 77],
            &[4, 1, 0, 80, 192, 0, 2, 1],
            &[4, 1, 0, 0, 192, 0, 2, 1, 0],
            &[4, 3, 0, 80, 192, 0, 2, 1, 0],
            &[4, 1, 0, 80, 192, 0, 2, 1, 7, 0],
            &[4, 1, 0, 80, 192, 0, 2, 1, 0, 0],
            &[4, 1, 0, 80, 0, 0, 0, 0, 0],
            &[4, 1, 0, 80, 0, 0, 0, 1, 0, 0],
        ] {
            assert!(!looks_like(other), "{other:?}");
        }
        assert!(looks_like(&[5, 1, 0]) && looks_like(&[5, 2, 0, 2]));
        assert!(request(&[5, 1, 1, 1, 1, 0, 4]).is_ok_and(|r| r.is_none()), "a log-in as long as it says");
        assert!(request(&[5, 1, 0, 6, 1, 0]).is_err() && request(&[5, 1, 0, 5, 9, 0, 1]).is_err());
        assert!(answers_version_4(&[0, 0x5a, 0, 0, 0, 0, 0, 0]) && !answers_version_4(&[0, 0x5a]) && !answers_version_4(&[4; 8]));
    }
}
