//! netfilter's packet log (`LOG` of iptables and ip6tables, `log` of nftables, ufw, firewalld, Shorewall) in the kernel's
//! messages, and connections as `conntrack` and ulogd write them.
//!
//! A packet's line has a prefix that the administrator chose, then `IN= OUT= ... SRC= DST= LEN= PROTO= SPT= DPT=`. An ICMP
//! error quotes the packet that it is about in square brackets: its addresses are of another packet, which whoever sent the
//! error wrote, and are left alone. Bytes are those of the IP packet. Of a packet with SYN and ACK the receiver is who opened
//! the connection (RFC 9293 3.5), so the ends are turned round.

mod conntrack;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::super::clock::Clock;
use super::super::record::Reject;
use super::Envelope;
use super::syslog::{address, cut, holds, number};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, Saying, Volume};

pub(super) fn message(e: &Envelope<'_>, _: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    match e.program {
        // ulogd's LOGEMU writes no tag.
        b"kernel" | b"" => packet(e, out),
        p if p.starts_with(b"conntrack") => Some(conntrack::read(e, out)),
        p if p.starts_with(b"ulogd") => {
            if holds(e.message, b"ORIG: SRC=") {
                Some(conntrack::read(e, out))
            } else {
                packet(e, out)
            }
        }
        _ => None,
    }
}

/// What is read of a packet's line.
#[derive(Default)]
struct Packet {
    src: Option<IpAddr>,
    dst: Option<IpAddr>,
    bytes: Option<u64>,
    proto: Option<IpProtocol>,
    sport: Option<u16>,
    dport: Option<u16>,
    kind: Option<u16>,
    code: Option<u16>,
    syn: bool,
    ack: bool,
}

fn packet(e: &Envelope<'_>, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    // The prefix ends where `IN=` begins, often without a blank between them.
    let (prefix, _) = cut(e.message, b"IN=")?;
    let fields = e.message.get(prefix.len()..)?;
    if !holds(fields, b" OUT=") {
        return None;
    }
    // ARP and other protocols have no addresses of this kind.
    if !holds(fields, b" SRC=") {
        return Some(Ok(()));
    }
    let mut p = Packet::default();
    for word in fields.split(|&b| b == b' ') {
        match word {
            [b'[', ..] => break,
            b"SYN" => p.syn = true,
            b"ACK" => p.ack = true,
            _ => {
                let Some((key, value)) = cut(word, b"=") else { continue };
                field(&mut p, key, value);
            }
        }
    }
    let (Some(src), Some(dst)) = (p.src, p.dst) else { return Some(Err(Reject("netfilter: an address is missing"))) };
    let proto = p.proto.unwrap_or(IpProtocol(0));
    let icmp = matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6);
    let (sport, dport) = if icmp { (p.kind, p.code) } else { (p.sport, p.dport) };
    let volume = Volume { packets: 1, bytes: p.bytes.unwrap_or(0) };
    let mut found = Contact {
        src,
        dst,
        sport: sport.unwrap_or(0),
        dport: dport.unwrap_or(0),
        proto,
        forward: volume,
        outcome: if turns_away(prefix) { Outcome::Refused } else { Outcome::Unknown },
        ..Contact::default()
    };
    if p.syn && p.ack {
        found = turned_round(found);
    }
    out.push(Said { time: e.time, fact: Saying::Contact(found) });
    Some(Ok(()))
}

/// The same contact seen from its other end.
pub(super) fn turned_round(c: Contact) -> Contact {
    Contact { src: c.dst, dst: c.src, sport: c.dport, dport: c.sport, forward: c.backward, backward: c.forward, ..c }
}

/// Each field counts where it stands first: UDP has a `LEN` of its own.
fn field(p: &mut Packet, key: &[u8], value: &[u8]) {
    fn first<T>(slot: &mut Option<T>, value: Option<T>) {
        if slot.is_none() {
            *slot = value;
        }
    }
    match key {
        b"SRC" => first(&mut p.src, address(value)),
        b"DST" => first(&mut p.dst, address(value)),
        b"LEN" => first(&mut p.bytes, number(value)),
        b"PROTO" => first(&mut p.proto, protocol(value)),
        b"SPT" => first(&mut p.sport, number(value)),
        b"DPT" => first(&mut p.dport, number(value)),
        b"TYPE" => first(&mut p.kind, number(value)),
        b"CODE" => first(&mut p.code, number(value)),
        _ => {}
    }
}

/// A protocol by the name that the kernel gives it, or by its number.
fn protocol(name: &[u8]) -> Option<IpProtocol> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"tcp" => IpProtocol::TCP,
        b"udp" => IpProtocol::UDP,
        b"icmp" => IpProtocol::ICMP,
        b"icmpv6" => IpProtocol::ICMPV6,
        b"sctp" => IpProtocol::SCTP,
        b"gre" => IpProtocol(47),
        b"esp" => IpProtocol(50),
        b"ah" => IpProtocol(51),
        b"udplite" => IpProtocol(136),
        _ => IpProtocol(number(name)?),
    })
}

/// Does the administrator's prefix say that the packet went no further?
fn turns_away(prefix: &[u8]) -> bool {
    let prefix = prefix.to_ascii_uppercase();
    let says = |words: &[&[u8]]| words.iter().any(|w| holds(&prefix, w));
    says(&[b"BLOCK", b"DROP", b"REJECT", b"DENY", b"DENIED"]) && !says(&[b"ALLOW", b"ACCEPT", b"AUDIT"])
}
