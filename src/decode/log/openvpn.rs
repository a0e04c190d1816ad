//! OpenVPN's server, in its own log file and within syslog.
//!
//! A server with many clients puts the client before each message: `192.0.2.1:1194 ` until its name is known, then
//! `name/192.0.2.1:1194 `. The name comes out of a certificate or was logged in with, and may be anything without a blank; the
//! endpoint is what stands behind its last slash. A line without that is a client's or a point-to-point link's own: there the
//! other end is who was addressed. Whether UDP or TCP carries it is not in these lines.
//!
//! An inner address that is lent to a client is a translation of its outer endpoint.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::syslog::{address, cut, endpoint, holds, number, rcut, whole_lines, word};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Endpoint, Outcome, Said, Saying, Translation, UNNAMED};
use crate::model::time::{Span, Timestamp};

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct OpenVpn {
    clock: Clock,
}

impl OpenVpn {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for OpenVpn {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let (time, message) = stamped(line, &mut self.clock).ok_or(Reject("openvpn: the line begins with no time"))?;
        read(Some(time), message, out)?;
        Ok(Piece::RECORD)
    }
}

/// `2024-01-31 12:34:56 [us=123456 ]`, before release 2.5 `Wed Jan 31 12:34:56 2024 `, and what follows.
fn stamped<'a>(line: &'a [u8], clock: &mut Clock) -> Option<(Timestamp, &'a [u8])> {
    let (time, rest) = match line.first()? {
        b'0'..=b'9' if line.get(4) == Some(&b'-') && line.get(10) == Some(&b' ') => clock::iso(line, clock)?,
        b'A'..=b'Z' if line.get(3) == Some(&b' ') => {
            let (time, rest) = clock::bsd(line.get(4..)?, clock)?;
            // The year is behind the time, and is never left out.
            let text = line.get(..line.len() - rest.len())?;
            number::<u32>(text.get(text.len().checked_sub(4)?..)?)?;
            (time, rest)
        }
        _ => return None,
    };
    let rest = rest.strip_prefix(b" ")?;
    let Some(fraction) = rest.strip_prefix(b"us=") else { return Some((time, rest)) };
    let (us, rest) = word(fraction);
    let us = number::<i64>(us).filter(|us| (0..1_000_000).contains(us))?;
    Some((Timestamp(time.0.checked_add(us * 1000)?), rest))
}

/// Of the first 32 whole lines the first one and three in four have OpenVPN's time, and one in four says something that
/// OpenVPN says.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    const PEER: &[u8] = b"] Peer Connection Initiated with ";
    const WORDS: [&[u8]; 14] = [
        b"OpenVPN ",
        b"TLS: ",
        b"TLS Error: ",
        b"TLS Auth Error: ",
        b"MULTI",
        b"VERIFY ",
        b"Data Channel",
        b"Control Channel",
        b"link local",
        b"link remote",
        b"Initialization Sequence Completed",
        b"SENT CONTROL ",
        b"PUSH: ",
        b"peer info: IV_",
    ];
    let mut clock = Clock::new(TimeZone::UTC, 2024);
    let (mut lines, mut timed, mut known) = (0, 0, 0);
    for line in whole_lines(beginning).take(32) {
        lines += 1;
        let Some((_, rest)) = stamped(line, &mut clock) else {
            if timed == 0 {
                return false;
            }
            continue;
        };
        timed += 1;
        let (_, message) = client(rest);
        known += usize::from(WORDS.iter().any(|w| message.starts_with(w)) || is_link(message) || holds(message, PEER));
    }
    timed * 4 >= lines * 3 && known > 0 && known * 4 >= lines
}

/// `UDPv4 link local (bound): ...`
fn is_link(message: &[u8]) -> bool {
    let (first, rest) = word(message);
    (first.starts_with(b"UDPv") || first.starts_with(b"TCPv")) && rest.starts_with(b"link ")
}

pub(super) fn message(e: &Envelope<'_>, _: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    let ours = e.program.starts_with(b"openvpn") || e.program.starts_with(b"ovpn");
    ours.then(|| read(e.time, e.message, out))
}

/// The client before a message, and the message.
fn client(text: &[u8]) -> (Option<Endpoint>, &[u8]) {
    let (first, rest) = word(text);
    let last = rcut(first, b"/").map_or(first, |(_name, endpoint)| endpoint);
    match endpoint(last) {
        Some(client) => (Some(client), rest),
        None => (None, text),
    }
}

fn read(time: Option<Timestamp>, text: &[u8], out: &mut Vec<Said>) -> Result<(), Reject> {
    let (client, m) = client(text);
    let said = |fact| Said { time, fact };
    if let Some(rest) = m.strip_prefix(b"MULTI: Learn: ") {
        out.extend(learned(time, rest)?.map(said));
    } else if let (Some(outer), Some(rest)) = (client, m.strip_prefix(b"MULTI_sva: pool returned ")) {
        // `IPv4=10.8.0.6, IPv6=(Not enabled)`
        for field in rest.split(|&b| b == b',').take(2) {
            let inner = cut(field, b"=").and_then(|(_, addr)| address(addr.trim_ascii()));
            out.extend(inner.map(|inner| said(lent(time, outer, inner))));
        }
    } else {
        out.extend(contact(client, m)?.map(|c| said(Saying::Contact(c))));
    }
    Ok(())
}

/// `10.8.0.6 -> name/192.0.2.1:1194`. A network behind a client or, on a bridge, a MAC address is no address that is lent.
fn learned(time: Option<Timestamp>, text: &[u8]) -> Result<Option<Saying>, Reject> {
    let (inner, who) = cut(text, b" -> ").ok_or(Reject("openvpn: the line is cut off"))?;
    let outer = rcut(who, b"/").map_or(who, |(_name, outer)| outer);
    let outer = endpoint(outer).ok_or(Reject("openvpn: no endpoint"))?;
    Ok(address(inner).map(|inner| lent(time, outer, inner)))
}

fn lent(time: Option<Timestamp>, outer: Endpoint, inner: std::net::IpAddr) -> Saying {
    let here = Endpoint { addr: UNNAMED, port: 0 };
    Saying::Translation(Box::new(Translation {
        src: (outer, Endpoint { addr: inner, port: 0 }),
        dst: (here, here),
        proto: IpProtocol(0),
        seen: time.map(Span::at),
    }))
}

/// The contact that a message is about.
fn contact(client: Option<Endpoint>, m: &[u8]) -> Result<Option<Contact>, Reject> {
    const NO_PEER: Reject = Reject("openvpn: no endpoint");
    let from = |e: Endpoint, act, outcome| Contact { src: e.addr, sport: e.port, act, outcome, ..Contact::default() };
    let to = |e: Endpoint, outcome| Contact { dst: e.addr, dport: e.port, outcome, ..Contact::default() };
    // Where no client stands before the message, the recorder is one itself.
    let with = |peer: Endpoint, outcome| match client {
        Some(_) => from(peer, Act::Connection, outcome),
        None => to(peer, outcome),
    };
    if let Some(rest) = m.strip_prefix(b"TLS: Initial packet from ") {
        // At a client it is the server's answer.
        let outcome = if client.is_some() { Outcome::Unknown } else { Outcome::Established };
        let peer = family(rest).ok_or(NO_PEER)?;
        return Ok(Some(via(with(peer, outcome), client, rest)));
    }
    if let Some((_, rest)) = rcut(m, b"] Peer Connection Initiated with ").filter(|_| m.starts_with(b"[")) {
        let peer = family(rest).ok_or(NO_PEER)?;
        return Ok(Some(via(with(peer, Outcome::Established), client, rest)));
    }
    if m.starts_with(b"TLS Error: ") {
        // Somebody knocked without the key: `cannot locate HMAC in incoming packet from [AF_INET]192.0.2.1:1194`.
        let peer = rcut(m, b" from ").and_then(|(_, rest)| family(rest));
        return Ok(peer.map(|p| from(p, Act::Connection, Outcome::Refused)));
    }
    let Some(client) = client else { return Ok(None) };
    let failed = m.starts_with(b"TLS Auth Error: ")
        || m.starts_with(b"VERIFY ERROR: ")
        || m.starts_with(b"SENT CONTROL [") && rcut(m, b"]: '").is_some_and(|(_, control)| control.starts_with(b"AUTH_FAILED"))
        || m.starts_with(b"Delayed exit in ") && m.ends_with(b"AUTH_FAILED");
    if failed {
        return Ok(Some(from(client, Act::LoginFailed, Outcome::Established)));
    }
    if m.starts_with(b"TLS: Username/Password authentication succeeded for username ") {
        return Ok(Some(from(client, Act::LoginSucceeded, Outcome::Established)));
    }
    Ok(None)
}

/// `[AF_INET]192.0.2.1:1194`, and whatever follows behind a blank or a comma.
fn family(text: &[u8]) -> Option<Endpoint> {
    endpoint(without_family(text).split(|&b| matches!(b, b' ' | b',')).next()?)
}

fn without_family(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"[AF_INET]").or_else(|| text.strip_prefix(b"[AF_INET6]")).unwrap_or(text)
}

/// `... (via [AF_INET]198.51.100.1%eth0)`: the address on which the server was reached (`--multihome`).
fn via(found: Contact, client: Option<Endpoint>, text: &[u8]) -> Contact {
    let here = cut(text, b" (via ").and_then(|(_, rest)| cut(rest, b")")).and_then(|(here, _)| address(without_family(here)));
    match here {
        Some(here) if client.is_some() => Contact { dst: here, ..found },
        _ => found,
    }
}
