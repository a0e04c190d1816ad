//! From the fields of a record to statements.
//!
//! # What a record shows of how it went
//! | record | outcome |
//! |---|---|
//! | a firewall denied it (`firewallEvent` 3), or the router dropped it for a rule or because there is no way (`forwardingStatus`) | refused |
//! | payload of TCP both ways by a firewall's count (`initiatorOctets`, `responderOctets`) | exchanged |
//! | biflow (RFC 5103) over TCP: SYN, ACK and PSH both ways; without flags: packets of more than bare headers came back, and at least three went | exchanged |
//! | biflow over TCP: SYN and ACK both ways | established |
//! | biflow over TCP: reset by the other side, which never opened | refused |
//! | biflow over TCP, all packets looked at: SYN alone, and nothing came back | unanswered |
//! | one way, all packets looked at: SYN, ACK and PSH or FIN, no RST, at least three packets | established |
//! | anything else | unknown |
//!
//! A one-way record with nothing but SYN is unknown: the answer may have gone past another router, or was not sampled. One
//! with RST is unknown too: whoever sent it may be either side. The drop of a router for want of bandwidth or because the
//! TTL ran out is no refusal.
//!
//! # Two headers
//! A record with the addresses of both families is one of IP in IP, as routers with segment routing export it: a contact of
//! the inner addresses, and the tunnel. Its volume is that of the outer packets.
//!
//! # Times
//! Absolute times go before those that count from the exporter's start; a firewall's event has a time of its own. Where a
//! record has none, its time is that of the export, which is never earlier.

use std::net::IpAddr;

use super::by_uptime;
use super::fields::Field;
use super::sampling::{self, Domain};
use super::values::Values;
use crate::model::evidence::{Tunnel, TunnelKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said, Saying, Translation, UNNAMED, Volume};
use crate::model::time::{Span, Timestamp};

/// TCP flags.
mod tcp {
    pub(super) const FIN: u8 = 1;
    pub(super) const SYN: u8 = 2;
    pub(super) const RST: u8 = 4;
    pub(super) const PSH: u8 = 8;
    pub(super) const ACK: u8 = 16;
}

/// What the header of a datagram says for all its records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Who sent it, if known.
    pub(super) observer: Option<IpAddr>,
    /// When.
    pub(super) exported: Timestamp,
    /// Milliseconds since the exporter's start, where the header has them.
    pub(super) uptime: Option<u32>,
}

/// Pushes what a record says. One without two addresses says nothing about hosts.
pub(super) fn say(values: &Values, head: &Head, domain: Option<&Domain>, out: &mut Vec<Said>) {
    let src = values.either(Field::SrcV4, Field::SrcV6);
    let dst = values.either(Field::DstV4, Field::DstV6);
    let proto = IpProtocol(low_byte(values.get(Field::Proto)));
    let (sport, dport) = ports(values, proto);
    let (first, last) = times(values, head, domain);
    let time = first.or(last).unwrap_or(head.exported);
    let ended = last.filter(|last| *last > time);
    // `::` as a source (RFC 4862 5.4.2) would be mistaken for the host that wrote the record.
    let ends = src.zip(dst).filter(|(src, dst)| *src != UNNAMED && *dst != UNNAMED);
    if let Some((src, dst)) = ends {
        let rate = sampling::of_record(values, domain);
        let (forward, backward) = volumes(values);
        let contact = Contact {
            src,
            dst,
            sport,
            dport,
            proto,
            ended,
            forward: scaled(forward, rate),
            backward: scaled(backward, rate),
            outcome: outcome(values, proto, forward, backward, rate),
            sampled: rate,
            observer: head.observer.or_else(|| values.either(Field::ExporterV4, Field::ExporterV6)),
            ..Contact::default()
        };
        let packets = contact.forward.packets;
        out.push(Said { time: Some(time), fact: Saying::Contact(oriented(values, contact)) });
        if let Some(outer) = values.outer() {
            let kind = if src.is_ipv4() { TunnelKind::IpIp } else { TunnelKind::SixInFour };
            let tunnel = Tunnel { kind, outer, inner: (src, dst), id: None, packets };
            out.push(Said { time: Some(time), fact: Saying::Tunnel(tunnel) });
        }
    }
    if values.any(TRANSLATED)
        && let Some(src) = src
    {
        let [sport, dport] = if is_icmp(proto) { [0, 0] } else { [sport, dport] };
        let before = (Endpoint { addr: src, port: sport }, Endpoint { addr: dst.unwrap_or(UNNAMED), port: dport });
        let seen = Span { first: time, last: ended.unwrap_or(time) };
        if let Some(translation) = translation(values, before, proto, seen) {
            out.push(Said { time: Some(time), fact: Saying::Translation(Box::new(translation)) });
        }
    }
}

fn low_byte(number: Option<u64>) -> u8 {
    number.unwrap_or_default() as u8
}

fn port(number: Option<u64>) -> u16 {
    number.and_then(|n| u16::try_from(n).ok()).unwrap_or_default()
}

fn is_icmp(proto: IpProtocol) -> bool {
    matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6)
}

/// Ports; for ICMP type and code, which many exporters write in the place of the destination port, as version 5 did.
fn ports(values: &Values, proto: IpProtocol) -> (u16, u16) {
    let (sport, dport) = (port(values.get(Field::SrcPort)), port(values.get(Field::DstPort)));
    if !is_icmp(proto) {
        return (sport, dport);
    }
    if let Some(kind) = values.get(Field::IcmpType) {
        return (u16::from(low_byte(Some(kind))), u16::from(low_byte(values.get(Field::IcmpCode))));
    }
    let both = match values.get(Field::IcmpTypeCode) {
        Some(both) => port(Some(both)),
        None if sport == 0 => dport,
        None => 0,
    };
    (both >> 8, both & 0xff)
}

/// Seconds between 1900, where NTP begins (RFC 5905 6), and 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

fn ntp(time: u64) -> Option<Timestamp> {
    let (seconds, fraction) = ((time >> 32).checked_sub(NTP_EPOCH)?, time & 0xffff_ffff);
    let ns = i64::try_from(seconds * 1_000_000_000).ok()? + ((fraction * 1_000_000_000) >> 32) as i64;
    Some(Timestamp(ns))
}

/// So many units of `ns` since 1970.
fn since_1970(units: u64, ns: i64) -> Option<Timestamp> {
    i64::try_from(units).ok()?.checked_mul(ns).map(Timestamp)
}

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

/// Fields of one end of a flow, in the order in which they are believed.
struct TimeFields {
    millis: Field,
    ntp: Field,
    seconds: Field,
    uptime: Field,
    delta: Field,
}

const START: TimeFields = TimeFields {
    millis: Field::StartMillis,
    ntp: Field::StartNtp,
    seconds: Field::StartSeconds,
    uptime: Field::FirstUptime,
    delta: Field::StartDelta,
};
const END: TimeFields = TimeFields {
    millis: Field::EndMillis,
    ntp: Field::EndNtp,
    seconds: Field::EndSeconds,
    uptime: Field::LastUptime,
    delta: Field::EndDelta,
};

/// First and last packet. A field with 0 was not filled in.
fn times(values: &Values, head: &Head, domain: Option<&Domain>) -> (Option<Timestamp>, Option<Timestamp>) {
    let has_uptimes = values.some(Field::FirstUptime).or_else(|| values.some(Field::LastUptime)).is_some();
    let at = |fields: &TimeFields| {
        if let Some(ms) = values.some(fields.millis) {
            return since_1970(ms, MILLI);
        }
        if let Some(then) = values.get(fields.uptime).filter(|_| has_uptimes) {
            let then = u32::try_from(then).ok()?;
            let started = || values.some(Field::InitMillis).or_else(|| domain?.started_ms);
            return match head.uptime {
                Some(uptime) => Some(by_uptime(head.exported, uptime, then)),
                None => since_1970(started()?.checked_add(u64::from(then))?, MILLI),
            };
        }
        let rest = || values.some(fields.ntp).and_then(ntp);
        let rest = rest().or_else(|| since_1970(values.some(fields.seconds)?, SECOND));
        rest.or_else(|| {
            let ago = since_1970(values.get(fields.delta)?, 1_000)?;
            Some(Timestamp(head.exported.0.saturating_sub(ago.0)))
        })
    };
    let event = || {
        let millis = values.some(Field::EventMillis).and_then(|ms| since_1970(ms, MILLI));
        let ntp = || values.some(Field::EventNtp).and_then(ntp);
        millis.or_else(ntp).or_else(|| since_1970(values.some(Field::EventSeconds)?, SECOND))
    };
    let duration = || {
        let millis = values.get(Field::DurationMillis).and_then(|ms| since_1970(ms, MILLI));
        millis.or_else(|| since_1970(values.get(Field::DurationMicros)?, 1_000)).map(|t| t.0)
    };
    match (at(&START), at(&END)) {
        (Some(first), None) => {
            let last = duration().map(|d| Timestamp(first.0.saturating_add(d)));
            (Some(first), last.or_else(event))
        }
        (None, Some(last)) => (duration().map(|d| Timestamp(last.0.saturating_sub(d))), Some(last)),
        (None, None) => (event(), None),
        both => both,
    }
}

/// Packets and octets both ways, as they were counted. Counts of what leaves are taken where there is no other: routers that
/// watch the way out have only those.
fn volumes(values: &Values) -> (Volume, Volume) {
    let count = |n: Option<u64>| n.unwrap_or_default();
    let forward = Volume {
        packets: count(values.first([Field::Packets, Field::InitiatorPackets, Field::PacketsTotal, Field::PostPackets])),
        bytes: count(values.first([Field::Octets, Field::InitiatorOctets, Field::OctetsTotal, Field::PostOctets])),
    };
    let backward = Volume {
        packets: count(values.first([Field::ReversePackets, Field::ResponderPackets, Field::ReversePacketsTotal])),
        bytes: count(values.first([Field::ReverseOctets, Field::ResponderOctets, Field::ReverseOctetsTotal])),
    };
    (forward, backward)
}

/// What `rate` times as much would be.
pub(super) fn scaled(volume: Volume, rate: u32) -> Volume {
    let times = |n: u64| n.saturating_mul(u64::from(rate));
    Volume { packets: times(volume.packets), bytes: times(volume.bytes) }
}

/// How a connection went by the record of one direction; see the head of this file.
pub(super) fn one_way(proto: IpProtocol, flags: u8, packets: u64, rate: u32) -> Outcome {
    let opened = flags & (tcp::SYN | tcp::ACK) == tcp::SYN | tcp::ACK && flags & (tcp::PSH | tcp::FIN) != 0;
    let made = proto == IpProtocol::TCP && opened && flags & tcp::RST == 0 && packets >= 3 && rate == 1;
    if made { Outcome::Established } else { Outcome::Unknown }
}

const REVERSE: u64 = Field::ReverseOctets.bit()
    | Field::ReversePackets.bit()
    | Field::ReverseOctetsTotal.bit()
    | Field::ReversePacketsTotal.bit()
    | Field::ReverseTcpFlags.bit();

/// Bytes of IPv6, TCP and its longest options: a packet of more holds data.
const BARE_HEADERS: u64 = 100;

/// How it went; see the head of this file. Volumes as they were counted.
fn outcome(values: &Values, proto: IpProtocol, forward: Volume, backward: Volume, rate: u32) -> Outcome {
    if values.get(Field::FirewallEvent) == Some(3) || values.get(Field::ForwardingStatus).is_some_and(turned_away) {
        return Outcome::Refused;
    }
    if proto != IpProtocol::TCP {
        return Outcome::Unknown;
    }
    if values.some(Field::InitiatorOctets).is_some() && values.some(Field::ResponderOctets).is_some() {
        return Outcome::Exchanged;
    }
    let there = low_byte(values.get(Field::TcpFlags));
    if !values.any(REVERSE) {
        return one_way(proto, there, forward.packets, rate);
    }
    if !values.any(Field::TcpFlags.bit()) {
        let data_came_back = backward.packets > 0 && backward.bytes / backward.packets > BARE_HEADERS;
        return if data_came_back && forward.packets >= 3 { Outcome::Exchanged } else { Outcome::Unknown };
    }
    let back = low_byte(values.get(Field::ReverseTcpFlags));
    let both = there & back;
    if both & (tcp::SYN | tcp::ACK | tcp::PSH) == tcp::SYN | tcp::ACK | tcp::PSH {
        Outcome::Exchanged
    } else if both & (tcp::SYN | tcp::ACK) == tcp::SYN | tcp::ACK {
        Outcome::Established
    } else if back & (tcp::RST | tcp::SYN) == tcp::RST && there & tcp::SYN != 0 {
        Outcome::Refused
    } else if there == tcp::SYN && backward.packets == 0 && back == 0 && rate == 1 {
        Outcome::Unanswered
    } else {
        Outcome::Unknown
    }
}

/// RFC 7270 4.12: the upper two bits are 2 for a dropped packet, with the reason in the others: unknown, a list of rules
/// (129, 130), no route (131), no neighbour (132), spoofed (140). A want of bandwidth, a bad header or a TTL that ran out is
/// nobody's decision.
fn turned_away(status: u64) -> bool {
    matches!(status & 0xff, 128..=132 | 140)
}

/// RFC 5103 6.3: `biflowDirection` 2 says that the destination opened it.
fn oriented(values: &Values, contact: Contact) -> Contact {
    if values.get(Field::BiflowDirection) != Some(2) {
        return contact;
    }
    let (sport, dport) = if is_icmp(contact.proto) { (contact.sport, contact.dport) } else { (contact.dport, contact.sport) };
    Contact { src: contact.dst, dst: contact.src, sport, dport, forward: contact.backward, backward: contact.forward, ..contact }
}

const TRANSLATED: u64 = Field::NatSrcV4.bit()
    | Field::NatSrcV6.bit()
    | Field::NatDstV4.bit()
    | Field::NatDstV6.bit()
    | Field::NatSrcPort.bit()
    | Field::NatDstPort.bit();

/// What was rewritten; `None` if nothing was. Firewalls fill these fields in for every flow: with the address that there was,
/// or with zeros for a flow that they denied.
fn translation(values: &Values, before: (Endpoint, Endpoint), proto: IpProtocol, seen: Span) -> Option<Translation> {
    let icmp = is_icmp(proto);
    let after = |before: Endpoint, v4: Field, v6: Field, port_field: Field| {
        let addr = values.either(v4, v6).filter(|addr| !addr.is_unspecified()).unwrap_or(before.addr);
        // The identifier that is rewritten with ICMP is no port.
        let port = match values.some(port_field).filter(|_| !icmp).map(|n| port(Some(n))) {
            Some(port) => port,
            None if addr == before.addr => before.port,
            None => 0,
        };
        Endpoint { addr, port }
    };
    let src = after(before.0, Field::NatSrcV4, Field::NatSrcV6, Field::NatSrcPort);
    let dst = after(before.1, Field::NatDstV4, Field::NatDstV6, Field::NatDstPort);
    let rewritten = src != before.0 || dst != before.1;
    rewritten.then_some(Translation { src: (before.0, src), dst: (before.1, dst), proto, seen: Some(seen) })
}
