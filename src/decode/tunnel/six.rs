//! IPv6 over an Internet that has only IPv4.

use super::{Body, Inner};
use crate::decode::packet::Packet;
use crate::model::evidence::TunnelKind;

/// What protocol 41 is: 6to4 (RFC 3056) if an inner address in 2002::/16 names the outer one at its side, and none names
/// another.
pub(super) fn in_ip(body: &Body<'_>, outer: &Packet) -> TunnelKind {
    if !outer.src.is_v4() {
        return TunnelKind::SixInSix;
    }
    // Does it name the outer address? `None`: it is not of 6to4.
    let names = |at: usize, outer: u64| match body.bytes().get(at..).and_then(|b| b.first_chunk()) {
        Some(&[0x20, 0x02, a, b, c, d]) => Some(u64::from(u32::from_be_bytes([a, b, c, d])) == outer & 0xffff_ffff),
        _ => None,
    };
    match (names(8, outer.src.lo), names(24, outer.dst.lo)) {
        (Some(true), Some(true) | None) | (None, Some(true)) => TunnelKind::SixToFour,
        _ => TunnelKind::SixInFour,
    }
}

/// 2001::/32 (RFC 4380 2.6).
fn is_teredo(address: &[u8]) -> bool {
    address.starts_with(&[0x20, 0x01, 0, 0])
}

/// Teredo (RFC 4380 5.1.1): perhaps authentication (0001), perhaps an origin (0000), then IPv6 between addresses of
/// Teredo or of the link, for solicitation and advertisement. Behind it there may be trailers (RFC 6081 4).
pub(super) fn teredo(body: &Body<'_>) -> Option<Inner> {
    let mut body = *body;
    if let &[0, 1, client, value, ..] = body.bytes() {
        body = body.after(4 + usize::from(client) + usize::from(value) + 9); // nonce and confirmation
    }
    if body.bytes().starts_with(&[0, 0]) {
        body = body.after(8);
    }
    let ip = body.bytes();
    let (src, dst) = (ip.get(8..24)?, ip.get(24..40)?);
    let on_link = |address: &[u8]| matches!(address, [0xfe, 0x80..=0xbf, ..]);
    let expected = is_teredo(src) || is_teredo(dst) || on_link(src) && (on_link(dst) || dst.starts_with(&[0xff, 2]));
    if ip.first()? >> 4 == 6 && expected { body.ip(TunnelKind::Teredo, None, true) } else { None }
}

/// The same between clients and relays, on whatever ports they have: IPv6 that fills the datagram, without anything in
/// front, with one end of Teredo.
pub(super) fn teredo_on_any_port(body: &Body<'_>) -> Option<Inner> {
    let ip = body.bytes();
    let global = |address: &[u8]| matches!(address, [0x20..=0x3f, ..]) || matches!(address, [0xfe, 0x80..=0xbf, ..]);
    let (src, dst) = (ip.get(8..24)?, ip.get(24..40)?);
    let next = matches!(ip.get(6)?, 0 | 6 | 17 | 43 | 44 | 50 | 51 | 58 | 59 | 60);
    let ends = is_teredo(src) && global(dst) || is_teredo(dst) && global(src);
    if ip.first()? >> 4 == 6 && next && ends { body.ip(TunnelKind::Teredo, None, false) } else { None }
}

/// AYIYA (draft-massar-v6ops-ayiya 3): sizes of identity and signature, their kinds, opcode, next header, time. Opcode 1
/// forwards a packet.
pub(super) fn ayiya(body: &Body<'_>) -> Option<Inner> {
    let &[identity, signature, operation, next, _, _, _, _] = body.bytes().first_chunk()?;
    let version = match next {
        4 => 4,
        41 => 6,
        _ => return None,
    };
    if operation & 15 != 1 {
        return None;
    }
    let inner = body.after(8 + (1_usize << (identity >> 4)) + usize::from(signature >> 4) * 4);
    if inner.bytes().first()? >> 4 == version { inner.ip(TunnelKind::Ayiya, None, false) } else { None }
}
