//! WireGuard's messages of the Linux kernel module, with dynamic debug on (`drivers/net/wireguard/{receive,send,timers}.c`),
//! and what wg-quick says, which names nobody.
//!
//! A peer's endpoint is where its last authenticated packet came from. A handshake's first message can be sent under a false
//! source address; an answered handshake or a packet under its keys can't, so only those make a contact `Established`. The
//! local end and its port are not in these lines. `Keypair created` names a peer by its number alone and is left out.

#[cfg(test)]
mod tests;

use super::super::clock::Clock;
use super::super::record::Reject;
use super::Envelope;
use super::syslog::{cut, endpoint, holds};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said, Saying};

/// The peer came to us, or we went to it.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

/// What the message begins with, behind the interface.
const EVENTS: [(&[u8], Way, Outcome); 13] = [
    (b"Receiving handshake initiation from peer ", Way::In, Outcome::Unknown),
    (b"Sending handshake response to peer ", Way::In, Outcome::Unknown),
    (b"Receiving handshake response from peer ", Way::Out, Outcome::Established),
    (b"Sending handshake initiation to peer ", Way::Out, Outcome::Unknown),
    (b"Retrying handshake with peer ", Way::Out, Outcome::Unknown),
    (b"Receiving keepalive packet from peer ", Way::In, Outcome::Established),
    (b"Sending keepalive packet to peer ", Way::Out, Outcome::Unknown),
    (b"Handshake for peer ", Way::Out, Outcome::Unanswered),
    (b"Invalid handshake initiation from ", Way::In, Outcome::Refused),
    (b"Invalid MAC of handshake, dropping packet from ", Way::In, Outcome::Refused),
    (b"Invalid handshake response from ", Way::In, Outcome::Refused),
    (b"Sending cookie response for denied handshake message for ", Way::In, Outcome::Unknown),
    (b"Receiving cookie response from ", Way::Out, Outcome::Unknown),
];

pub(super) fn message(e: &Envelope<'_>, _: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    if e.program == b"wg-quick" || e.program.starts_with(b"wg-quick@") {
        return Some(Ok(()));
    }
    let m = if e.program == b"kernel" { e.message.strip_prefix(b"wireguard: ")? } else { return None };
    // `wg0: `; an interface's name has at most 15 bytes and no blank.
    let Some((_interface, m)) = cut(m, b": ").filter(|(name, _)| name.len() <= 15) else { return Some(Ok(())) };
    Some(event(m).map(|contact| out.extend(contact.map(|c| Said { time: e.time, fact: Saying::Contact(c) }))))
}

fn event(m: &[u8]) -> Result<Option<Contact>, Reject> {
    let known = EVENTS.iter().find_map(|(start, way, outcome)| Some((m.strip_prefix(*start)?, *way, *outcome)));
    let (rest, way, outcome) = match known {
        Some(known) => known,
        // `Packet has unallowed src IP (10.0.0.5) from peer 5 (192.0.2.1:51820)`: its keys were right, its inner source was
        // not; the packet is dropped, the peer stays.
        None if m.starts_with(b"Packet has ") && holds(m, b" from peer ") => {
            let (_, rest) = super::syslog::rcut(m, b" from peer ").unwrap_or_default();
            (rest, Way::In, Outcome::Established)
        }
        None => return Ok(None),
    };
    let text = match cut(rest, b"(") {
        Some((_, inner)) => cut(inner, b")").map(|(endpoint, _)| endpoint),
        None => Some(rest.split(|&b| b == b' ').next().unwrap_or_default()),
    };
    let text = text.ok_or(Reject("wireguard: the line is cut off"))?;
    if text == b"(einval)" || text.is_empty() {
        // A peer without an endpoint.
        return Ok(None);
    }
    let peer = endpoint(text).ok_or(Reject("wireguard: no endpoint"))?;
    Ok(Some(between(peer, way, outcome)))
}

fn between(peer: Endpoint, way: Way, outcome: Outcome) -> Contact {
    let found = Contact { proto: IpProtocol::UDP, outcome, ..Contact::default() };
    match way {
        Way::In => Contact { src: peer.addr, sport: peer.port, ..found },
        Way::Out => Contact { dst: peer.addr, dport: peer.port, ..found },
    }
}
