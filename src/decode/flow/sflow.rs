//! sFlow version 5 (<https://sflow.org/sflow_version_5.txt>): a switch sends the beginnings of packets picked at random, and
//! counters. Everything is in XDR (RFC 4506): words of four bytes, big-endian.
//!
//! A sampled packet is decoded as a captured one would be, down through its tunnels. It makes a contact of its outermost
//! addresses and, if something is inside, one of the innermost, with the tunnels between them. Volumes are those of the
//! packet times the sampling rate: bytes of the frame for the outer contact, of the inner IP packet for the inner one.
//! One packet says nothing of how a connection went. Counters, and notices of discarded packets, are stepped over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use super::statement::scaled;
use super::{Datagram, Format, be32};
use crate::decode::link::{self, Network};
use crate::decode::packet::{self, LayerSink, Packet};
use crate::decode::record::Reject;
use crate::model::evidence::{Tunnel, TunnelKind};
use crate::model::net::{IpProtocol, PackedAddr, unmapped};
use crate::model::record::{Contact, Endpoint, Said, Saying, Translation, Volume};
use crate::model::time::{Span, Timestamp};

/// Records of one sample that are looked at.
const MAX_RECORDS: u32 = 256;

/// A reader of XDR.
#[derive(Clone, Copy)]
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }

    fn skip(&mut self, words: usize) -> Option<()> {
        self.0 = self.0.get(words * 4..)?;
        Some(())
    }

    /// Bytes with a length in front, padded to four.
    fn opaque(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.word()?).ok()?;
        let bytes = self.0.get(..len)?;
        self.0 = self.0.get(len.checked_next_multiple_of(4)?..).unwrap_or_default();
        Some(bytes)
    }

    /// A type, and 4 or 16 bytes; type 0 is no address.
    fn address(&mut self) -> Option<Option<IpAddr>> {
        match self.word()? {
            0 => Some(None),
            1 => Some(Some(IpAddr::V4(Ipv4Addr::from(self.word()?)))),
            2 => {
                let (bytes, rest) = self.0.split_first_chunk::<16>()?;
                self.0 = rest;
                Some(Some(unmapped(IpAddr::V6(Ipv6Addr::from(*bytes)))))
            }
            _ => None,
        }
    }
}

/// Where the samples begin, and how many there are.
pub(super) fn header(bytes: &[u8]) -> Option<(usize, u32)> {
    let agent = match be32(bytes, 4)? {
        1 => 4,
        2 => 16,
        _ => return None,
    };
    // Behind the agent: sub-agent, sequence, uptime, count of samples.
    Some((8 + agent + 16, be32(bytes, 8 + agent + 12)?))
}

/// Reads one datagram, or the first of several.
pub(super) fn read(
    observer: Option<IpAddr>,
    bytes: &[u8],
    received: Option<Timestamp>,
    out: &mut Vec<Said>,
) -> Result<Datagram, Reject> {
    let Some((at, count)) = header(bytes) else { return Err(Reject("sflow: header cut off, or no address of an agent")) };
    let agent = Words(bytes.get(4..).unwrap_or_default()).address().flatten().filter(|agent| !agent.is_unspecified());
    let mut sampled = Sampled { observer: observer.or(agent), received, out };
    let mut words = Words(bytes.get(at..).unwrap_or_default());
    let mut done = Datagram::of(Format::SFlow, bytes.len());
    for n in 0..count {
        let (Some(format), Some(body)) = (words.word(), words.opaque()) else {
            if n == 0 {
                return Err(Reject("sflow: the first sample is cut off"));
            }
            // How many more the header claims is not to be believed when the rest is not there.
            done.rejected += 1;
            break;
        };
        let read = match format {
            1 => sampled.flow(Words(body), false),
            3 => sampled.flow(Words(body), true),
            _ => Some(()),
        };
        match read {
            Some(()) => done.records += 1,
            None => done.rejected += 1,
        }
    }
    done.bytes = bytes.len() - words.0.len();
    Ok(done)
}

/// What a sample told in records of its own about the packet.
#[derive(Default)]
struct Parts<'a> {
    /// Protocol of the header, length of the frame, and its beginning.
    header: Option<(u32, u64, &'a [u8])>,
    /// The packet as the switch itself decoded it.
    decoded: Option<(Contact, u64)>,
    /// Addresses after translation.
    addresses: Option<(Option<IpAddr>, Option<IpAddr>)>,
    /// Ports after translation.
    ports: Option<(u16, u16)>,
}

struct Sampled<'a> {
    observer: Option<IpAddr>,
    received: Option<Timestamp>,
    out: &'a mut Vec<Said>,
}

impl Sampled<'_> {
    /// A flow sample; the expanded one has words of their own for the kinds of its source and interfaces.
    fn flow(&mut self, mut words: Words<'_>, expanded: bool) -> Option<()> {
        words.skip(if expanded { 3 } else { 2 })?;
        let rate = words.word()?.max(1);
        // Pool and drops, then the interfaces.
        words.skip(if expanded { 6 } else { 4 })?;
        let records = words.word()?;
        let mut parts = Parts::default();
        for _ in 0..records.min(MAX_RECORDS) {
            let (format, body) = (words.word()?, Words(words.opaque()?));
            part(format, body, &mut parts)?;
        }
        let outermost = match (parts.header, parts.decoded.take()) {
            (Some((protocol, length, frame)), decoded) => {
                self.frame(protocol, length, frame, rate).or_else(|| self.decoded(decoded, rate))
            }
            (None, decoded) => self.decoded(decoded, rate),
        };
        if let (Some(contact), true) = (outermost, parts.addresses.is_some() || parts.ports.is_some()) {
            self.translation(&contact, &parts);
        }
        Some(())
    }

    fn push(&mut self, fact: Saying) {
        self.out.push(Said { time: self.received, fact });
    }

    fn decoded(&mut self, decoded: Option<(Contact, u64)>, rate: u32) -> Option<Contact> {
        let (contact, bytes) = decoded?;
        let forward = scaled(Volume { packets: 1, bytes }, rate);
        let contact = Contact { forward, sampled: rate, observer: self.observer, ..contact };
        self.push(Saying::Contact(contact.clone()));
        Some(contact)
    }

    /// The beginning of a frame; gives its outermost contact.
    fn frame(&mut self, protocol: u32, length: u64, frame: &[u8], rate: u32) -> Option<Contact> {
        let mut layers = Layers::default();
        let ip_at = match protocol {
            11 | 12 => 0,
            13 => link::mpls(frame, 0).ok()??,
            _ => {
                let below = link::network_layer(link_type(protocol)?, frame).ok()?;
                matches!(below.network, Network::Ipv4 | Network::Ipv6).then_some(below.offset as usize)?
            }
        };
        let packet = packet::from_ip(frame, ip_at, &mut layers).ok()?;
        let contact = |packet: &Packet, frame: &[u8], bytes: u64| {
            let icmp = matches!(packet.proto, IpProtocol::ICMP | IpProtocol::ICMPV6) && packet.sport | packet.dport != 0;
            // The decoder gives the counterpart of a type where there is one; a record has type and code.
            let code = || frame.get(packet.l4_at as usize + 1).copied().map_or(packet.dport, u16::from);
            Contact {
                src: packet.src.unpack(),
                dst: packet.dst.unpack(),
                sport: packet.sport,
                dport: if icmp { code() } else { packet.dport },
                proto: packet.proto,
                forward: scaled(Volume { packets: 1, bytes }, rate),
                sampled: rate,
                observer: self.observer,
                ..Contact::default()
            }
        };
        let outer_frame = frame.get(ip_at..).unwrap_or_default();
        let outer = match layers.tunnels.first() {
            Some(_) => contact(&packet::outermost(outer_frame, &mut ()).ok()?, outer_frame, length),
            None => contact(&packet, frame, length),
        };
        let has_inner = layers.tunnels.first().is_some_and(|t| !t.kind.is_sealed());
        let inner = has_inner.then(|| contact(&packet, frame, u64::from(packet.ip_len)));
        self.push(Saying::Contact(outer.clone()));
        for tunnel in layers.tunnels {
            self.push(Saying::Tunnel(Tunnel { packets: u64::from(rate), ..tunnel }));
        }
        if let Some(inner) = inner {
            self.push(Saying::Contact(inner));
        }
        Some(outer)
    }

    /// "If an address was not translated it should be equal to that reported for the header."
    fn translation(&mut self, contact: &Contact, parts: &Parts<'_>) {
        let (src, dst) = parts.addresses.unwrap_or_default();
        let ported = contact.proto.has_ports();
        let before = |addr: IpAddr, port: u16| Endpoint { addr, port: if ported { port } else { 0 } };
        let after = |before: Endpoint, addr: Option<IpAddr>, port: Option<u16>| {
            let addr = addr.filter(|a| !a.is_unspecified()).unwrap_or(before.addr);
            let kept = if addr == before.addr { before.port } else { 0 };
            Endpoint { addr, port: port.filter(|p| *p != 0 && ported).unwrap_or(kept) }
        };
        let (src_before, dst_before) = (before(contact.src, contact.sport), before(contact.dst, contact.dport));
        let src_after = after(src_before, src, parts.ports.map(|p| p.0));
        let dst_after = after(dst_before, dst, parts.ports.map(|p| p.1));
        if (src_after, dst_after) != (src_before, dst_before) {
            self.push(Saying::Translation(Box::new(Translation {
                src: (src_before, src_after),
                dst: (dst_before, dst_after),
                proto: contact.proto,
                seen: self.received.map(Span::at),
            })));
        }
    }
}

/// LINKTYPE of a header protocol.
fn link_type(protocol: u32) -> Option<u16> {
    Some(match protocol {
        1 => 1,
        3 => 6,
        4 => 10,
        5 => 107,
        7 => 9,
        14 => 50,
        15 => 105,
        _ => return None,
    })
}

/// One record of a sample; those that are not read are stepped over. `None` if it is shorter than it must be.
fn part<'a>(format: u32, mut words: Words<'a>, parts: &mut Parts<'a>) -> Option<()> {
    match format {
        1 => {
            let (protocol, length) = (words.word()?, words.word()?);
            words.skip(1)?;
            parts.header = Some((protocol, u64::from(length), words.opaque()?));
        }
        3 | 4 => {
            let (length, proto) = (words.word()?, words.word()?);
            let kind = if format == 3 { 1_u32 } else { 2 }.to_be_bytes();
            let mut address = || {
                let size = if format == 3 { 4 } else { 16 };
                let (bytes, rest) = words.0.split_at_checked(size)?;
                words.0 = rest;
                Words(&[kind.as_slice(), bytes].concat()).address()?
            };
            let (src, dst) = (address()?, address()?);
            let (sport, dport) = (words.word()? as u16, words.word()? as u16);
            let contact = Contact { src, dst, sport, dport, proto: IpProtocol(proto as u8), ..Contact::default() };
            parts.decoded = Some((contact, u64::from(length)));
        }
        1007 => parts.addresses = Some((words.address()?, words.address()?)),
        1020 => parts.ports = Some((words.word()? as u16, words.word()? as u16)),
        _ => {}
    }
    Some(())
}

/// The tunnels of a packet, outermost first.
#[derive(Default)]
struct Layers {
    /// Addresses of the last IP header.
    last: (PackedAddr, PackedAddr),
    tunnels: SmallVec<[Tunnel; 2]>,
}

impl LayerSink for Layers {
    fn ip(&mut self, src: PackedAddr, dst: PackedAddr) {
        self.last = (src, dst);
    }

    fn tunnel(&mut self, kind: TunnelKind, outer: (PackedAddr, PackedAddr), id: Option<u32>) {
        let unpacked = |(src, dst): (PackedAddr, PackedAddr)| (src.unpack(), dst.unpack());
        let inner = if kind.is_sealed() { outer } else { self.last };
        self.tunnels.push(Tunnel { kind, outer: unpacked(outer), inner: unpacked(inner), id, packets: 1 });
    }
}
