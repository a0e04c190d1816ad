//! tcpdump's text of `pflog`: `Jan 31 12:34:56.789012 rule 2/(match) block in on em0: 192.0.2.1.4711 > 198.51.100.1.22: S ...`
//! (OpenBSD), `12:34:56.789012 rule 2/0(match): block in on em0: 192.0.2.1.4711 > 198.51.100.1.22: Flags [S], ...` (FreeBSD).
//! What the packet carries may be printed too, behind its ends, and is the sender's.

use super::super::super::clock::{self, Clock};
use super::super::super::record::Reject;
use super::super::syslog::{address, cut, holds, number, rcut, word};
use super::Packet;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint};
use crate::model::time::Timestamp;

type Read = Result<(Option<Timestamp>, Option<Contact>), Reject>;

/// Reads a line; `None` if it is none of `pflog`'s.
pub(super) fn line(line: &[u8], clock: &mut Clock) -> Option<Read> {
    let (stamp, rest) = if line.starts_with(b"rule ") {
        (&[][..], line.get(5..)?)
    } else {
        // The longest time that stands before it.
        cut(line, b" rule ").filter(|(stamp, _)| stamp.len() <= 40)?
    };
    let time = time(stamp, clock)?;
    // `2/(match) [uid 0, pid 1] block in on em0: `
    let (rule, rest) = cut(rest, b")")?;
    let (number_and_anchor, _reason) = cut(rule, b"/")?;
    if number_and_anchor.is_empty() || number_and_anchor.contains(&b' ') {
        return None;
    }
    let rest = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
    let rest = match rest.strip_prefix(b"[") {
        Some(who) => cut(who, b"]")?.1.trim_ascii_start(),
        None => rest,
    };
    let (action, rest) = word(rest);
    let (direction, rest) = word(rest);
    let known = matches!(action, b"pass" | b"block" | b"match" | b"scrub" | b"nat" | b"binat" | b"rdr" | b"unknown(11)");
    let (_interface, packet) = cut(rest.strip_prefix(b"on ")?, b":")?;
    if !known || !matches!(direction, b"in" | b"out") {
        return None;
    }
    Some(self::packet(packet.trim_ascii_start(), action == b"block").map(|c| (time, c)))
}

/// `None`: no time; `Some(None)`: a time without a day, or none at all.
fn time(stamp: &[u8], clock: &mut Clock) -> Option<Option<Timestamp>> {
    let stamp = stamp.trim_ascii();
    if stamp.is_empty() {
        return Some(None);
    }
    let whole = [clock::iso, clock::bsd].into_iter().find_map(|read| read(stamp, clock)).filter(|(_, rest)| rest.is_empty());
    if let Some((time, _)) = whole {
        return Some(Some(time));
    }
    if let Some(time) = clock::epoch(stamp) {
        return Some(Some(time));
    }
    // Time of day, or time since the packet before.
    let digits = |b: &u8| b.is_ascii_digit() || matches!(b, b':' | b'.');
    (stamp.first()?.is_ascii_digit() && stamp.contains(&b':') && stamp.iter().all(digits)).then_some(None)
}

/// `[IP |IP6 ]SRC > DST: what it carries`
fn packet(text: &[u8], blocked: bool) -> Result<Option<Contact>, Reject> {
    let text = text.strip_prefix(b"IP ").or_else(|| text.strip_prefix(b"IP6 ")).unwrap_or(text);
    let (src, rest) = word(text);
    let Some(rest) = rest.strip_prefix(b"> ") else {
        // ARP and the like; or, with `-v`, the addresses stand on the next line.
        return Ok(None);
    };
    let (dst, carried) = word(rest);
    let Some(dst) = dst.strip_suffix(b":") else { return Err(Reject("pflog: the line is cut off")) };
    // Names instead of addresses say nothing here.
    let (Some(src), Some(dst)) = (end(src), end(dst)) else { return Ok(None) };
    let proto = protocol(carried);
    let answers = proto == IpProtocol::TCP && is_answer(carried);
    Ok(Some(Packet { src, dst, proto, bytes: 0, blocked, answers }.contact()))
}

/// `192.0.2.1.4711`, `192.0.2.1`, `2001:db8::1.22`; a port that is printed by its name is not known here.
fn end(text: &[u8]) -> Option<Endpoint> {
    if let Some(addr) = address(text) {
        return Some(Endpoint { addr, port: 0 });
    }
    let (host, port) = rcut(text, b".")?;
    Some(Endpoint { addr: address(host)?, port: number(port).unwrap_or(0) })
}

/// By the first words behind the ends.
fn protocol(carried: &[u8]) -> IpProtocol {
    let (first, _) = word(carried);
    match first {
        b"Flags" => IpProtocol::TCP,
        b"udp" | b"UDP," => IpProtocol::UDP,
        b"icmp:" | b"ICMP" => IpProtocol::ICMP,
        b"icmp6:" | b"ICMP6," => IpProtocol::ICMPV6,
        b"esp" | b"ESP(spi" => IpProtocol(50),
        // OpenBSD: flags alone, `S`, `F`, `P`, `R` or `.`.
        flags if !flags.is_empty() && flags.len() <= 6 && flags.iter().all(|b| b"SFPRWE.".contains(b)) => IpProtocol::TCP,
        _ => IpProtocol(0),
    }
}

/// SYN and ACK: `Flags [S.],` or `S 1:1(0) ack 2`.
fn is_answer(carried: &[u8]) -> bool {
    let (first, rest) = word(carried);
    if first == b"Flags" {
        let flags = word(rest).0;
        return flags.contains(&b'S') && flags.contains(&b'.');
    }
    // The acknowledgement stands among the first words, before anything that the sender wrote.
    first.contains(&b'S') && holds(rest.get(..64.min(rest.len())).unwrap_or_default(), b" ack ")
}
