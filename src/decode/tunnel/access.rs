//! Tunnels between an access network and its core: GTP-U of mobile networks, L2TP of dial-in and DSL, CAPWAP of
//! wireless access points.

use super::{Body, Found, Inner};
use crate::decode::wireless;
use crate::model::evidence::TunnelKind;

/// Extension headers of GTP-U that are followed.
const MAX_EXTENSIONS: usize = 16;

/// User plane of GTP version 1 (3GPP TS 29.281 5.1): flags, message type, length of what follows the first 8 bytes, TEID.
/// Only G-PDUs (255) carry packets.
pub(super) fn gtp_u(body: &Body<'_>) -> Option<Inner> {
    let &[flags, 255, l0, l1, t0, t1, t2, t3] = body.bytes().first_chunk()? else { return None };
    // Version 1, protocol type GTP, a spare bit.
    if flags & 0xf8 != 0x30 {
        return None;
    }
    let size = 8 + usize::from(u16::from_be_bytes([l0, l1]));
    if size > body.size {
        return None;
    }
    let body = body.cut(size);
    // Sequence number, N-PDU number and type of the next extension are all there if one of them is.
    let inner = if flags & 7 == 0 { body.after(8) } else { extensions(&body, flags & 4 != 0)? };
    inner.ip(TunnelKind::GtpU, Some(u32::from_be_bytes([t0, t1, t2, t3])), false)
}

/// Each extension says its length in words first, and the type of the next one last (5.2.1).
fn extensions<'f>(body: &Body<'f>, any: bool) -> Option<Body<'f>> {
    let bytes = body.bytes();
    let (mut at, mut next) = (12, if any { *bytes.get(11)? } else { 0 });
    for _ in 0..=MAX_EXTENSIONS {
        if next == 0 {
            return Some(body.after(at));
        }
        let words = usize::from(*bytes.get(at)?);
        if words == 0 {
            return None;
        }
        at += words * 4;
        next = *bytes.get(at - 1)?;
    }
    None
}

/// Data messages of L2TP version 2 (RFC 2661 3.1) with PPP inside; version 3 over UDP (RFC 3931 4.1.2) has its own.
pub(super) fn l2tp(body: &Body<'_>) -> Option<Inner> {
    let bytes = body.bytes();
    let &[flags, version, ..] = bytes else { return None };
    if (flags, version) == (0, 3) && matches!(bytes, [_, _, 0, 0, ..]) {
        return behind_cookie(&body.after(4));
    }
    // A control message, reserved bits, another version.
    if flags & 0xb4 != 0 || version != 2 {
        return None;
    }
    let word = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let (mut at, mut body) = (2, *body);
    if flags & 0x40 != 0 {
        let size = usize::from(word(2)?);
        if size > body.size {
            return None;
        }
        body = body.cut(size);
        at += 2;
    }
    let id = u32::from(word(at)?) << 16 | u32::from(word(at + 2)?);
    at += 4;
    if flags & 0x08 != 0 {
        at += 4; // sequence numbers
    }
    if flags & 0x02 != 0 {
        at += 2 + usize::from(word(at)?); // offset and what it skips
    }
    // Numbers of tunnel and session are not 0 in data; which of both is which the name of the id says.
    if id >> 16 == 0 || id & 0xffff == 0 { None } else { body.after(at).framed(9, TunnelKind::L2tp, Some(id)) }
}

/// L2TP version 3 over IP (RFC 3931 4.1.1).
pub(super) fn l2tp_v3(body: &Body<'_>) -> Found {
    Ok(behind_cookie(body))
}

/// Session (0: control), a cookie of 0, 4 or 8 bytes, perhaps a sublayer of 4, and a frame. The sizes were agreed on
/// before and are not in the packet: a frame counts if just one place has one, of Ethernet with IP in it.
fn behind_cookie(body: &Body<'_>) -> Option<Inner> {
    let session = u32::from_be_bytes(*body.bytes().first_chunk()?);
    if session == 0 {
        return None;
    }
    let at = |skip| {
        let inner = body.after(skip).framed(1, TunnelKind::L2tpV3, Some(session))?;
        checked(body.frame.get(inner.at..body.end)?).then_some(inner)
    };
    let mut found = [4, 8, 12, 16].into_iter().filter_map(at);
    match (found.next(), found.next()) {
        (Some(inner), None) => Some(inner),
        _ => None,
    }
}

/// Is this IPv6, or IPv4 with a right checksum (RFC 1071)?
fn checked(ip: &[u8]) -> bool {
    let Some(first) = ip.first().filter(|&b| b >> 4 == 4) else { return true };
    let Some(header) = ip.get(..usize::from(first & 15) * 4) else { return false };
    let sum: u32 = header.as_chunks::<2>().0.iter().map(|&pair| u32::from(u16::from_be_bytes(pair))).sum();
    (sum >> 16) + (sum & 0xffff) == 0xffff
}

/// Data of CAPWAP (RFC 5415 4.1 to 4.3), not encrypted: preamble 0; header length, radio, binding and flags; fragment
/// numbers. The payload is a frame of 802.3, or of 802.11 in the form that the binding has (1: IEEE 802.11, RFC 5416).
pub(super) fn capwap(body: &Body<'_>) -> Option<Inner> {
    let &[0, b1, b2, b3, _, _, o0, o1] = body.bytes().first_chunk()? else { return None };
    let (size, binding, native) = (usize::from(b1 >> 3) * 4, b2 >> 1 & 0x1f, b2 & 1 != 0);
    let (fragment, keep_alive, reserved) = (b3 & 0x80 != 0, b3 & 0x08 != 0, b3 & 0x07);
    let offset = u16::from_be_bytes([o0, o1]);
    if size < 8 || keep_alive || reserved != 0 || offset & 7 != 0 || offset != 0 && !fragment {
        return None;
    }
    if offset != 0 {
        return None; // a fragment that is not the first
    }
    // A first fragment's packet is longer than it.
    let inner = Body { size: if fragment { usize::from(u16::MAX) } else { body.size.saturating_sub(size) }, ..body.after(size) };
    match (native, binding) {
        (false, _) => inner.framed(1, TunnelKind::Capwap, None),
        (true, 1) => {
            let below = wireless::ieee_802_11(inner.bytes(), 0, false).ok()?;
            inner.after(below.offset as usize).ip(TunnelKind::Capwap, None, true)
        }
        _ => None,
    }
}
