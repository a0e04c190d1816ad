//! Packets inside packets: where the inner IP header starts, and what the encapsulation says of itself.

use super::error::DecodeError;
use super::link::{self, Network};
use super::packet::{Packet, Transport};
use crate::model::evidence::TunnelKind;

/// An inner IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// Its offset in the frame.
    pub at: usize,
    /// How it is wrapped.
    pub kind: TunnelKind,
    /// GRE key, VNI.
    pub id: Option<u32>,
}

/// UDP ports of VXLAN: IANA's (RFC 7348) and the one that Linux used before it.
const VXLAN: [u16; 2] = [4789, 8472];
/// UDP port of GENEVE (RFC 8926).
const GENEVE: u16 = 6081;

/// Can this packet carry another one? Cheap, and right for nearly every packet.
#[inline]
#[must_use]
pub fn may_hold(packet: &Packet) -> bool {
    match packet.transport {
        Transport::Udp => is_port(packet.dport),
        Transport::Other => matches!(packet.proto.0, 4 | 41 | 47),
        Transport::Tcp | Transport::Icmp | Transport::IcmpError | Transport::Fragment => false,
    }
}

/// Is this UDP port that of a tunnel?
#[inline]
#[must_use]
pub fn is_port(port: u16) -> bool {
    VXLAN.contains(&port) | (port == GENEVE)
}

/// Finds the packet inside `packet`, if it is of a tunnel that Rutter reads.
///
/// # Errors
/// When the encapsulation's own header is cut off or contradicts itself.
pub fn inner(frame: &[u8], packet: &Packet) -> Result<Option<Inner>, DecodeError> {
    let at = packet.l4_at as usize;
    let body = frame.get(at..packet.end as usize).unwrap_or_default();
    let outer_is_v6 = !packet.src.is_v4();
    match (packet.proto.0, packet.transport) {
        (4, _) => Ok(Some(Inner { at, kind: TunnelKind::IpIp, id: None })),
        (41, _) => Ok(Some(Inner { at, kind: if outer_is_v6 { TunnelKind::SixInSix } else { TunnelKind::SixInFour }, id: None })),
        (47, _) => gre(frame, at, body, packet.end as usize),
        (17, Transport::Udp) if VXLAN.contains(&packet.dport) => vxlan(frame, at, body, packet.end as usize),
        (17, Transport::Udp) if packet.dport == GENEVE => geneve(frame, at, body, packet.end as usize),
        _ => Ok(None),
    }
}

fn truncated(layer: &'static str, need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated { layer, need: need as u32, have: have as u32 }
}

/// What an EtherType leads to; `at` is the first byte after the header that names it.
fn by_ethertype(
    frame: &[u8],
    at: usize,
    end: usize,
    ethertype: u16,
    kind: TunnelKind,
    id: Option<u32>,
) -> Result<Option<Inner>, DecodeError> {
    match ethertype {
        0x0800 | 0x86dd => Ok(Some(Inner { at, kind, id })),
        // Transparent Ethernet bridging; MPLS labels are walked by the link layer's reader.
        0x6558 => by_link(frame, at, end, 1, kind, id),
        0x880b => by_link(frame, at, end, 9, kind, id),
        0x8847 | 0x8848 => Ok(link::mpls(frame.get(..end).unwrap_or_default(), at)?.map(|at| Inner { at, kind, id })),
        _ => Ok(None),
    }
}

fn by_link(
    frame: &[u8],
    at: usize,
    end: usize,
    link: u16,
    kind: TunnelKind,
    id: Option<u32>,
) -> Result<Option<Inner>, DecodeError> {
    let below = link::network_layer(link, frame.get(at..end).unwrap_or_default())?;
    Ok(match below.network {
        Network::Ipv4 | Network::Ipv6 => Some(Inner { at: at + below.offset as usize, kind, id }),
        _ => None,
    })
}

/// GRE versions 0 (RFC 2784, 2890; source routing of RFC 1701 is skipped over by nobody and ends the path) and 1
/// (PPTP, RFC 2637).
fn gre(frame: &[u8], at: usize, body: &[u8], end: usize) -> Result<Option<Inner>, DecodeError> {
    let [f0, f1, t0, t1, ..] = *body else { return Err(truncated("gre", 4, body.len())) };
    let (checksum, routing, key, sequence) = (f0 & 0x80 != 0, f0 & 0x40 != 0, f0 & 0x20 != 0, f0 & 0x10 != 0);
    let (version, ethertype) = (f1 & 7, u16::from_be_bytes([t0, t1]));
    let acknowledgement = version == 1 && f1 & 0x80 != 0;
    if version > 1 {
        return Err(DecodeError::Malformed { layer: "gre", what: "version is neither 0 nor 1" });
    }
    if routing {
        return Ok(None);
    }
    let key_at = 4 + if checksum { 4 } else { 0 };
    let size = key_at + 4 * (usize::from(key) + usize::from(sequence) + usize::from(acknowledgement));
    if body.len() < size {
        return Err(truncated("gre", size, body.len()));
    }
    let id = match body.get(key_at..key_at + 4) {
        Some(&[a, b, c, d]) if key => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    };
    match ethertype {
        // Mirrored Ethernet frames (draft-foschiano-erspan): type I has no header of its own and no sequence number,
        // type II has 8 bytes, type III 12 and 8 more if its last bit says so.
        0x88be => by_link(frame, at + size + if sequence { 8 } else { 0 }, end, 1, TunnelKind::Gre, id),
        0x22eb => {
            let Some(flags) = body.get(size + 11) else { return Err(truncated("erspan", size + 12, body.len())) };
            by_link(frame, at + size + if flags & 1 == 1 { 20 } else { 12 }, end, 1, TunnelKind::Gre, id)
        }
        _ => by_ethertype(frame, at + size, end, ethertype, TunnelKind::Gre, id),
    }
}

fn vxlan(frame: &[u8], at: usize, body: &[u8], end: usize) -> Result<Option<Inner>, DecodeError> {
    // 8 bytes of UDP, then flags, 3 reserved, VNI, 1 reserved (RFC 7348 5).
    let Some(&[flags, _, _, _, v0, v1, v2, _]) = body.get(8..16) else { return Err(truncated("vxlan", 16, body.len())) };
    if flags & 0x08 == 0 {
        return Ok(None); // no VNI: something else on this port
    }
    by_link(frame, at + 16, end, 1, TunnelKind::Vxlan, Some(u32::from_be_bytes([0, v0, v1, v2])))
}

fn geneve(frame: &[u8], at: usize, body: &[u8], end: usize) -> Result<Option<Inner>, DecodeError> {
    let Some(&[first, _, t0, t1, v0, v1, v2, _]) = body.get(8..16) else { return Err(truncated("geneve", 16, body.len())) };
    if first >> 6 != 0 {
        return Ok(None); // version 0 is the only one (RFC 8926 3.4)
    }
    let size = 16 + usize::from(first & 0x3f) * 4;
    if body.len() < size {
        return Err(truncated("geneve", size, body.len()));
    }
    by_ethertype(
        frame,
        at + size,
        end,
        u16::from_be_bytes([t0, t1]),
        TunnelKind::Geneve,
        Some(u32::from_be_bytes([0, v0, v1, v2])),
    )
}
