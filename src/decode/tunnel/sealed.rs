//! Tunnels whose inside is encrypted: told from their outside, they end the visible path. Nothing inside is guessed at.
//!
//! Told wrongly they would say "encrypted" of something that is not, but invent no address.

use super::{Body, Found, Inner};
use crate::model::evidence::TunnelKind;

fn sealed(body: &Body<'_>, kind: TunnelKind) -> Inner {
    Inner { at: body.at, kind, id: None }
}

/// ESP (RFC 4303 2.1): SPI 0 is for use inside a host, and 1 to 255 are reserved.
pub(super) fn esp(body: &Body<'_>) -> Found {
    let is_one = body.bytes().first_chunk().is_some_and(|&spi| u32::from_be_bytes(spi) > 255);
    Ok(is_one.then(|| sealed(body, TunnelKind::Esp)))
}

/// ESP in UDP (RFC 3948 2): four zero bytes are IKE, one byte is a keep-alive. SPI, a sequence number that begins with
/// 1, at least one word of padding, next header and payload, and a check value of three; all in whole words.
pub(super) fn esp_in_udp(body: &Body<'_>) -> Option<Inner> {
    let &[s0, s1, s2, s3, n0, n1, n2, n3] = body.bytes().first_chunk()?;
    let (spi, number) = (u32::from_be_bytes([s0, s1, s2, s3]), u32::from_be_bytes([n0, n1, n2, n3]));
    (spi > 255 && number != 0 && body.size >= 24 && body.size.is_multiple_of(4)).then(|| sealed(body, TunnelKind::Esp))
}

/// WireGuard's four messages: type, three zero bytes, and the length that the type has; data is padded to 16 bytes.
pub(super) fn wireguard(body: &Body<'_>) -> Option<Inner> {
    let &[kind, 0, 0, 0] = body.bytes().first_chunk()? else { return None };
    let fits = match kind {
        1 => body.size == 148,
        2 => body.size == 92,
        3 => body.size == 64,
        4 => body.size >= 32 && body.size.is_multiple_of(16),
        _ => false,
    };
    fits.then(|| sealed(body, TunnelKind::WireGuard))
}

/// OpenVPN: opcode and key number in the first byte. Resets begin with key 0 and are followed by a session that is not
/// 0; of data only the size of its tag is known, and that it is no text.
pub(super) fn openvpn(body: &Body<'_>) -> Option<Inner> {
    let bytes = body.bytes();
    let (opcode, key) = (bytes.first()? >> 3, bytes.first()? & 7);
    let session = bytes.get(1..9).is_some_and(|b| b.iter().any(|&b| b != 0));
    let text = bytes.iter().take(64).all(|&b| matches!(b, b'\t' | b'\r' | b'\n' | 0x20..=0x7e));
    let fits = match opcode {
        // Hard resets of client and server (version 2, and of the client version 3).
        7 | 8 | 10 => key == 0 && session && body.size >= 14,
        // Control and acknowledgement.
        4 | 5 => session && body.size >= 14,
        6 | 9 => body.size >= 24,
        _ => false,
    };
    (fits && !text).then(|| sealed(body, TunnelKind::OpenVpn))
}

/// A long header of QUIC (RFC 8999 5.1, RFC 9000 17.2): form and fixed bit, a known version, and connection numbers of
/// at most 20 bytes each.
pub(super) fn quic(body: &Body<'_>) -> Option<Inner> {
    let bytes = body.bytes();
    let &[0xc0..=0xff, v0, v1, v2, v3, to, ..] = bytes else { return None };
    // Versions 1 and 2 (RFC 9369) and the last drafts of version 1.
    let known = matches!(u32::from_be_bytes([v0, v1, v2, v3]), 1 | 0x6b33_43cf | 0xff00_001b..=0xff00_0022);
    let from = *bytes.get(6 + usize::from(to))?;
    (known && to <= 20 && from <= 20).then(|| sealed(body, TunnelKind::Quic))
}
