//! Packets inside packets: where the inner IP header starts, and what the encapsulation says of itself.
//!
//! A protocol number or an EtherType names an encapsulation for certain. A UDP port does not: what stands behind it must
//! look like that encapsulation in every field that is fixed, down to an inner IP header that fits the length that the
//! outer one leaves for it. Otherwise the packet stays plain UDP: a wrongly recognised tunnel would invent addresses.

mod access;
mod gre;
mod overlay;
mod sealed;
mod six;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::samples;

use super::error::DecodeError;
use super::link::{self, Network};
use super::packet::{Packet, Transport};
use crate::model::evidence::TunnelKind;

/// An inner IP header, or the end of what can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// Its offset in the frame. Means nothing if [`TunnelKind::is_sealed`].
    pub at: usize,
    /// How it is wrapped.
    pub kind: TunnelKind,
    /// GRE key, VNI, TEID and the like.
    pub id: Option<u32>,
}

/// What a reader of one encapsulation finds.
type Found = Result<Option<Inner>, DecodeError>;

/// UDP ports of tunnels. QUIC's is not among them: most of what is on it needs no second look, see [`suspect`].
mod port {
    pub(super) const OPENVPN: u16 = 1194;
    pub(super) const L2TP: u16 = 1701;
    pub(super) const GTP_U: u16 = 2152;
    pub(super) const TEREDO: u16 = 3544;
    pub(super) const ESP: u16 = 4500;
    pub(super) const VXLAN: u16 = 4789;
    pub(super) const VXLAN_GPE: u16 = 4790;
    pub(super) const AYIYA: u16 = 5072;
    pub(super) const CAPWAP: u16 = 5247;
    pub(super) const GUE: u16 = 6080;
    pub(super) const GENEVE: u16 = 6081;
    pub(super) const MPLS: u16 = 6635;
    /// Linux used it before IANA gave VXLAN one.
    pub(super) const VXLAN_OLD: u16 = 8472;
    pub(super) const WIREGUARD: u16 = 51820;
    pub(super) const QUIC: u16 = 443;

    pub(super) const ALL: [u16; 14] =
        [OPENVPN, L2TP, GTP_U, TEREDO, ESP, VXLAN, VXLAN_GPE, AYIYA, CAPWAP, GUE, GENEVE, MPLS, VXLAN_OLD, WIREGUARD];
}

/// The ports in a table without collisions, so that asking is a multiplication and a comparison whatever the port.
const SLOTS: usize = 64;
const FACTOR: u16 = factor();
const PORTS: [u16; SLOTS] = table();

#[inline(always)]
const fn slot(port: u16, factor: u16) -> usize {
    (port.wrapping_mul(factor) >> 10) as usize
}

/// The first odd factor that gives every port a slot of its own.
const fn factor() -> u16 {
    let mut factor: u16 = 1;
    loop {
        let (mut taken, mut clash, mut i) = (0_u64, false, 0);
        while i < port::ALL.len() {
            let bit = 1 << slot(port::ALL[i], factor);
            clash |= taken & bit != 0;
            taken |= bit;
            i += 1;
        }
        if !clash {
            return factor;
        }
        factor += 2;
    }
}

/// Slots of no port hold one that belongs elsewhere, which nothing that comes here is equal to.
const fn table() -> [u16; SLOTS] {
    let first = port::ALL[0];
    let mut table = [first; SLOTS];
    table[slot(first, FACTOR)] = first;
    let mut i = 1;
    while i < port::ALL.len() {
        table[slot(port::ALL[i], FACTOR)] = port::ALL[i];
        i += 1;
    }
    table
}

/// Is this UDP port that of a tunnel?
#[inline(always)]
#[must_use]
pub fn is_port(port: u16) -> bool {
    PORTS[slot(port, FACTOR)] == port
}

/// May this UDP datagram, from its header on, be of a tunnel? By either port, or by its first bytes: a long header of
/// QUIC (RFC 8999 5.1), or an IPv6 packet as long as its length says, as in Teredo, whose clients choose their ports.
#[inline(always)]
#[must_use]
pub fn suspect(udp: &[u8; 20]) -> bool {
    let word = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
    let (sport, dport) = (word(0), word(2));
    // Each is nearly always decided by the first byte, so branches cost less here than all of it at every packet.
    (udp[8] >= 0xc0 && (sport == port::QUIC) | (dport == port::QUIC))
        || (udp[8] >> 4 == 6 && word(12).wrapping_add(48) == word(4))
        || (is_port(sport) | is_port(dport))
}

/// Can this packet carry another one? Cheap, and right for nearly every packet.
#[inline]
#[must_use]
pub fn may_hold(frame: &[u8], packet: &Packet) -> bool {
    match packet.transport {
        Transport::Udp => match frame.get(packet.l4_at as usize..packet.end as usize).and_then(|b| b.first_chunk()) {
            Some(head) => suspect(head),
            None => is_port(packet.sport) | is_port(packet.dport),
        },
        Transport::Other => matches!(packet.proto.0, 4 | 41 | 47 | 50 | 97 | 115),
        Transport::Tcp | Transport::Icmp | Transport::IcmpError | Transport::Fragment => false,
    }
}

/// Finds the packet inside `packet`, if it is of a tunnel that Rutter reads, or that it is of one that nobody reads
/// ([`TunnelKind::is_sealed`]).
///
/// # Errors
/// When the encapsulation's own header is cut off or contradicts itself, where it is one for certain.
pub fn inner(frame: &[u8], packet: &Packet) -> Found {
    let at = packet.l4_at as usize;
    let body = Body { frame, at, end: packet.end as usize, size: packet.l4_len as usize };
    let found = |kind| Ok(Some(Inner { at, kind, id: None }));
    match (packet.proto.0, packet.transport) {
        (4, _) => found(TunnelKind::IpIp),
        (41, _) => found(six::in_ip(&body, packet)),
        (47, _) => gre::gre(&body),
        (50, _) => sealed::esp(&body),
        (97, _) => overlay::ether_ip(&body),
        (115, _) => access::l2tp_v3(&body),
        (17, Transport::Udp) => udp(&body.datagram(), packet),
        _ => Ok(None),
    }
}

fn udp(body: &Body<'_>, packet: &Packet) -> Found {
    // These have their port at the receiving end only: at the other it spreads flows over links.
    let found = match packet.dport {
        port::VXLAN | port::VXLAN_OLD => overlay::vxlan(body)?,
        port::VXLAN_GPE => overlay::vxlan_gpe(body),
        port::GENEVE => overlay::geneve(body)?,
        port::GUE => overlay::gue(body),
        port::MPLS => overlay::mpls(body),
        _ => None,
    };
    let either = |port| match port {
        port::GTP_U => access::gtp_u(body),
        port::L2TP => access::l2tp(body),
        port::CAPWAP => access::capwap(body),
        port::TEREDO => six::teredo(body),
        port::AYIYA => six::ayiya(body),
        port::ESP => sealed::esp_in_udp(body),
        port::WIREGUARD => sealed::wireguard(body),
        port::OPENVPN => sealed::openvpn(body),
        port::QUIC => sealed::quic(body),
        _ => None,
    };
    Ok(found.or_else(|| either(packet.dport)).or_else(|| either(packet.sport)).or_else(|| six::teredo_on_any_port(body)))
}

fn truncated(layer: &'static str, need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated { layer, need: need as u32, have: have as u32 }
}

/// What an outer header carries.
#[derive(Clone, Copy)]
struct Body<'f> {
    frame: &'f [u8],
    /// Where it begins in the frame.
    at: usize,
    /// Where its captured bytes end.
    end: usize,
    /// How long it was said to be: more than is there if the capture or a fragment cuts it off.
    size: usize,
}

impl<'f> Body<'f> {
    /// The captured bytes.
    fn bytes(&self) -> &'f [u8] {
        self.frame.get(self.at..self.end).unwrap_or_default()
    }

    /// What follows its first `skip` bytes.
    fn after(&self, skip: usize) -> Self {
        Self { at: self.at + skip, size: self.size.saturating_sub(skip), ..*self }
    }

    /// The same without what is behind `size`.
    fn cut(&self, size: usize) -> Self {
        Self { size: self.size.min(size), end: self.end.min(self.at + size), ..*self }
    }

    /// The payload of a UDP datagram, as long as its own header says, as the IP header of a fragment speaks of that
    /// fragment. Offload leaves 0.
    fn datagram(&self) -> Self {
        match self.bytes() {
            &[_, _, _, _, l0, l1, ..] if [l0, l1] != [0, 0] => {
                let size = usize::from(u16::from_be_bytes([l0, l1])).max(8);
                Self { size, end: self.end.min(self.at + size), ..*self }.after(8)
            }
            _ => self.after(8),
        }
    }

    /// Does an IP packet begin here that fills the body, or at most fills it where there may be `padding`?
    fn is_ip(&self, padding: bool) -> bool {
        let (least, declared) = match self.bytes() {
            b @ [first @ 0x45..=0x4f, _, l0, l1, ..] if b.len() >= 20 => {
                (usize::from(first & 15) * 4, usize::from(u16::from_be_bytes([*l0, *l1])))
            }
            b @ [0x60..=0x6f, _, _, _, l0, l1, ..] if b.len() >= 40 => (40, 40 + usize::from(u16::from_be_bytes([*l0, *l1]))),
            _ => return false,
        };
        declared >= least && if padding { declared <= self.size } else { declared == self.size }
    }

    /// Can this find be, by the length that it says, as far as it was captured? Offload leaves 0.
    fn has_room_for(&self, found: &Inner) -> bool {
        let inner = self.after(found.at.saturating_sub(self.at));
        match inner.bytes() {
            [0x45..=0x4f, _, 0, 0, ..] => true,
            bytes @ [0x45..=0x4f, ..] if bytes.len() >= 20 => inner.is_ip(true),
            bytes @ [0x60..=0x6f, ..] if bytes.len() >= 40 => inner.is_ip(true),
            // The reader of IP complains.
            _ => true,
        }
    }

    /// [`Self::is_ip`], as a find.
    fn ip(&self, kind: TunnelKind, id: Option<u32>, padding: bool) -> Option<Inner> {
        self.is_ip(padding).then_some(Inner { at: self.at, kind, id })
    }

    /// The IP packet in a frame of this link type that begins here, if it fits in.
    fn framed(&self, link: u16, kind: TunnelKind, id: Option<u32>) -> Option<Inner> {
        match link::network_layer(link, self.bytes()) {
            Ok(link::Below { network: Network::Ipv4 | Network::Ipv6, offset }) => self.after(offset as usize).ip(kind, id, true),
            _ => None,
        }
    }

    /// The IP packet in a frame of this link type that begins here for certain.
    fn by_link(&self, link: u16, kind: TunnelKind, id: Option<u32>) -> Found {
        let below = link::network_layer(link, self.bytes())?;
        Ok(match below.network {
            Network::Ipv4 | Network::Ipv6 => Some(Inner { at: self.at + below.offset as usize, kind, id }),
            _ => None,
        })
    }

    /// What an EtherType leads to.
    fn by_ethertype(&self, ethertype: u16, kind: TunnelKind, id: Option<u32>) -> Found {
        match ethertype {
            0x0800 | 0x86dd => Ok(Some(Inner { at: self.at, kind, id })),
            // Transparent Ethernet bridging; MPLS labels are walked by the link layer's reader.
            0x6558 => self.by_link(1, kind, id),
            0x880b => self.by_link(9, kind, id),
            0x8847 | 0x8848 => {
                Ok(link::mpls(self.frame.get(..self.end).unwrap_or_default(), self.at)?.map(|at| Inner { at, kind, id }))
            }
            _ => Ok(None),
        }
    }

    /// What a protocol number of VXLAN-GPE or a network service header leads to, less that header itself.
    fn by_next_protocol(&self, next: u8, kind: TunnelKind, id: Option<u32>) -> Option<Inner> {
        match next {
            1 | 2 => self.ip(kind, id, true),
            3 => self.framed(1, kind, id),
            5 => self.labelled(kind, id),
            _ => None,
        }
    }

    /// The IP packet behind a label stack, if it fits in.
    fn labelled(&self, kind: TunnelKind, id: Option<u32>) -> Option<Inner> {
        let at = link::mpls(self.frame.get(..self.end)?, self.at).ok()??;
        self.after(at.checked_sub(self.at)?).ip(kind, id, true)
    }
}
