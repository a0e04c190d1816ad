//! IEEE 802.11 frames and the capture headers in front of them. Data frames that are not encrypted carry LLC.

use super::error::DecodeError;
use super::link::{self, Below, Step};

type Found = Result<Below, DecodeError>;

/// EtherType of 802.11 for other headers: what stands for a frame that holds no readable packet.
const NO_PACKET: u16 = 0x890d;

fn take<const N: usize>(frame: &[u8], at: usize, layer: &'static str) -> Result<[u8; N], DecodeError> {
    match frame.get(at..).and_then(|b| b.first_chunk()) {
        Some(bytes) => Ok(*bytes),
        None => Err(DecodeError::truncated(layer, at + N, frame.len())),
    }
}

/// A frame that begins at `at`. `padded`: the driver pads the MAC header to four bytes.
pub(super) fn ieee_802_11(frame: &[u8], at: usize, padded: bool) -> Found {
    let [control, flags] = take(frame, at, "802.11")?;
    let (data, no_payload, qos) = (control >> 2 & 3 == 2, control & 0x40 != 0, control & 0x80 != 0);
    let (both_systems, protected, order) = (flags & 3 == 3, flags & 0x40 != 0, flags & 0x80 != 0);
    if control & 3 != 0 {
        return Err(DecodeError::Malformed { layer: "802.11", what: "version is not 0" });
    }
    if !data || no_payload || protected {
        return link::other(NO_PACKET, at);
    }
    let [sequence] = take(frame, at + 22, "802.11")?;
    if sequence & 0x0f != 0 {
        return link::other(NO_PACKET, at); // a fragment that is not the first
    }
    // Frame control, duration, three addresses, sequence control; a fourth address between access points.
    let mut header = 24 + if both_systems { 6 } else { 0 };
    let mut aggregated = false;
    if qos {
        let [qos_control] = take(frame, at + header, "802.11")?;
        aggregated = qos_control & 0x80 != 0;
        header += 2 + if order { 4 } else { 0 };
    }
    if padded {
        header = header.next_multiple_of(4);
    }
    // An A-MSDU holds several packets; the first is read: destination, source, length, LLC (IEEE 802.11 9.3.2.2).
    link::upward(Step::Llc, frame, at + header + if aggregated { 14 } else { 0 })
}

/// Radiotap (<https://www.radiotap.org>): version, padding, length and presence bits in little-endian order.
pub(super) fn radiotap(frame: &[u8]) -> Found {
    radiotap_at(frame, 0)
}

/// The same behind another header.
pub(super) fn radiotap_at(frame: &[u8], at: usize) -> Found {
    const DATA_PAD: u8 = 0x20;
    let [version, _, l0, l1, p0, ..] = take::<8>(frame, at, "radiotap")?;
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 {
        return Err(DecodeError::Malformed { layer: "radiotap", what: "version is not 0" });
    }
    if len < 8 {
        return Err(DecodeError::Malformed { layer: "radiotap", what: "length below 8" });
    }
    if frame.len() < at + len {
        return Err(DecodeError::truncated("radiotap", at + len, frame.len()));
    }
    // Presence words go on while their highest bit is set; fields follow in order, aligned to their size.
    let mut field = 4;
    while field + 4 <= len && take::<4>(frame, at + field, "radiotap")?[3] & 0x80 != 0 {
        field += 4;
    }
    field += 4;
    if p0 & 1 != 0 {
        field = field.next_multiple_of(8) + 8; // bit 0: TSFT, 64 bits
    }
    let flags = if p0 & 2 != 0 && field < len { frame.get(at + field).copied().unwrap_or(0) } else { 0 };
    ieee_802_11(frame, at + len, flags & DATA_PAD != 0)
}

/// Prism's header has 144 bytes, unless it is AVS's under the same number.
pub(super) fn prism(frame: &[u8]) -> Found {
    let magic = u32::from_be_bytes(take(frame, 0, "prism")?);
    if magic & 0xffff_f000 == 0x8021_1000 { avs(frame) } else { ieee_802_11(frame, 144, false) }
}

/// AVS: magic and length in network order.
pub(super) fn avs(frame: &[u8]) -> Found {
    let len = u32::from_be_bytes(take(frame, 4, "avs")?) as usize;
    if !(8..=frame.len()).contains(&len) {
        return Err(DecodeError::Malformed { layer: "avs", what: "length that cannot be" });
    }
    ieee_802_11(frame, len, false)
}
