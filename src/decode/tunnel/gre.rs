//! GRE, and what is known by its protocol types: NVGRE, mirrored frames, Cisco's meta data.

use super::{Body, Found, truncated};
use crate::decode::error::DecodeError;
use crate::model::evidence::TunnelKind;

/// The lowest virtual subnet that NVGRE gives to users (RFC 7637 3.2). Below it a key is any GRE tunnel's.
const FIRST_SUBNET: u32 = 0x1000;

/// GRE versions 0 (RFC 2784, 2890; source routing of RFC 1701 is skipped over by nobody and ends the path) and 1
/// (PPTP, RFC 2637).
pub(super) fn gre(gre: &Body<'_>) -> Found {
    let body = gre.bytes();
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
    let inner = gre.after(size);
    match (ethertype, id) {
        (0x88be, _) if !sequence => inner.by_link(1, TunnelKind::Erspan, id),
        (0x88be, _) => erspan_2(&inner),
        (0x22eb, _) => erspan_3(&inner),
        (0x8909, _) => meta_data(&inner, id),
        // RFC 7637 3.2: a key, and neither checksum nor sequence number; the key is a subnet and a flow's number.
        (0x6558, Some(key)) if f0 == 0x20 && f1 == 0 && key >> 8 >= FIRST_SUBNET => {
            inner.by_link(1, TunnelKind::Nvgre, Some(key >> 8))
        }
        _ => inner.by_ethertype(ethertype, TunnelKind::Gre, id),
    }
}

/// Session of a mirrored frame, the lower ten bits of the second 16.
fn session(header: &[u8]) -> Option<u32> {
    header.get(2..4).map(|b| u32::from(b[0] & 3) << 8 | u32::from(b[1]))
}

/// Mirrored Ethernet frames (draft-foschiano-erspan): type I has no header of its own and no sequence number, type II
/// has 8 bytes.
fn erspan_2(inner: &Body<'_>) -> Found {
    let header = inner.bytes();
    if header.len() < 8 {
        return Err(truncated("erspan", 8, header.len()));
    }
    inner.after(8).by_link(1, TunnelKind::Erspan, session(header))
}

/// Type III has 12, and 8 more if its last bit says so. It may carry IP packets instead of frames.
fn erspan_3(inner: &Body<'_>) -> Found {
    let header = inner.bytes();
    let Some(&[kind, flags]) = header.get(10..12) else { return Err(truncated("erspan", 12, header.len())) };
    let (inner, id) = (inner.after(if flags & 1 == 1 { 20 } else { 12 }), session(header));
    match kind >> 2 & 0x1f {
        0 => inner.by_link(1, TunnelKind::Erspan, id),
        2 => Ok(inner.ip(TunnelKind::Erspan, id, true)),
        _ => Ok(None),
    }
}

/// Cisco's meta data in GRE: EtherType of what follows, version 1, length 1, one option with a security group.
fn meta_data(inner: &Body<'_>, id: Option<u32>) -> Found {
    match *inner.bytes() {
        [t0, t1, 1, 1, _, _, _, _, ..] => inner.after(8).by_ethertype(u16::from_be_bytes([t0, t1]), TunnelKind::Gre, id),
        _ => Ok(None),
    }
}
