//! Overlays of data centres and carriers: virtual networks over UDP, labels over UDP, Ethernet over IP.

use super::{Body, Found, Inner, truncated};
use crate::model::evidence::TunnelKind;

/// VXLAN (RFC 7348 5): flags, 3 reserved, VNI, 1 reserved.
pub(super) fn vxlan(body: &Body<'_>) -> Found {
    let bytes = body.bytes();
    let Some(&[flags, _, _, _, v0, v1, v2, _]) = bytes.first_chunk() else {
        return Err(truncated("vxlan", 16, bytes.len() + 8));
    };
    if flags & 0x08 == 0 {
        return Ok(None); // no VNI: something else on this port
    }
    let found = body.after(8).by_link(1, TunnelKind::Vxlan, Some(u32::from_be_bytes([0, v0, v1, v2])))?;
    Ok(found.filter(|inner| body.has_room_for(inner)))
}

/// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): flags, 2 reserved, next protocol, VNI, 1 reserved. Without the flag P it is
/// VXLAN.
pub(super) fn vxlan_gpe(body: &Body<'_>) -> Option<Inner> {
    let &[flags, 0, 0, next, v0, v1, v2, 0] = body.bytes().first_chunk()? else { return None };
    // Version 0, nothing reserved, a VNI, no message of operation and maintenance.
    if flags & !0x06 != 0x08 {
        return None;
    }
    let (kind, id) = (TunnelKind::VxlanGpe, Some(u32::from_be_bytes([0, v0, v1, v2])));
    let inner = body.after(8);
    match (flags & 0x04 != 0, next) {
        (false, 0) => inner.framed(1, kind, id),
        (false, _) => None,
        (true, 4) => service_header(&inner, kind, id),
        (true, next) => inner.by_next_protocol(next, kind, id),
    }
}

/// Network service header (RFC 8300 2.2): version, flags, TTL, length in words, metadata type, next protocol.
fn service_header(body: &Body<'_>, kind: TunnelKind, id: Option<u32>) -> Option<Inner> {
    let &[first, second, _, next] = body.bytes().first_chunk()?;
    let words = usize::from(second & 0x3f);
    // Version 0 and no OAM message; base and service path are two words.
    if first & 0xe0 != 0 || words < 2 { None } else { body.after(words * 4).by_next_protocol(next, kind, id) }
}

/// GENEVE (RFC 8926 3.4).
pub(super) fn geneve(body: &Body<'_>) -> Found {
    let bytes = body.bytes();
    let Some(&[first, _, t0, t1, v0, v1, v2, _]) = bytes.first_chunk() else {
        return Err(truncated("geneve", 16, bytes.len() + 8));
    };
    if first >> 6 != 0 {
        return Ok(None); // version 0 is the only one
    }
    let size = 8 + usize::from(first & 0x3f) * 4;
    if bytes.len() < size {
        return Err(truncated("geneve", size + 8, bytes.len() + 8));
    }
    let id = Some(u32::from_be_bytes([0, v0, v1, v2]));
    let found = body.after(size).by_ethertype(u16::from_be_bytes([t0, t1]), TunnelKind::Geneve, id)?;
    Ok(found.filter(|inner| body.has_room_for(inner)))
}

/// Generic UDP encapsulation (draft-ietf-intarea-gue 3): variant 0 has a header with a protocol number, variant 1 is an
/// IP packet, whose version begins with the bits 01.
pub(super) fn gue(body: &Body<'_>) -> Option<Inner> {
    let &[first, protocol, ..] = body.bytes() else { return None };
    match (first >> 6, first & 0x20 != 0, protocol) {
        (0, false, 4 | 41) => {
            let inner = body.after(4 + usize::from(first & 0x1f) * 4);
            let version = inner.bytes().first()? >> 4;
            if (version == 4) == (protocol == 4) { inner.ip(TunnelKind::Gue, None, false) } else { None }
        }
        (1, ..) => body.ip(TunnelKind::Gue, None, false),
        _ => None,
    }
}

/// MPLS in UDP (RFC 7510): a label stack. Its first label is the receiver's.
pub(super) fn mpls(body: &Body<'_>) -> Option<Inner> {
    let &[l0, l1, l2, _] = body.bytes().first_chunk()?;
    body.labelled(TunnelKind::MplsUdp, Some(u32::from_be_bytes([0, l0, l1, l2]) >> 4))
}

/// EtherIP (RFC 3378 3): version 3 and twelve bits of zero, then a frame.
pub(super) fn ether_ip(body: &Body<'_>) -> Found {
    match *body.bytes() {
        [0x30, 0, ..] => body.after(2).by_link(1, TunnelKind::EtherIp, None),
        _ => Ok(None),
    }
}
