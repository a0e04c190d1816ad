//! What an ICMP error says: the packet that died, and the objects that RFC 4884 lets a router add to it.
//!
//! RFC 4884 has a length field that says where the quoted datagram ends and the objects begin. Three kinds of
//! routers are met: those that fill it in, those from before that leave it 0 and put the objects behind 128 bytes,
//! and those that write some other number there (often the length of the quoted datagram without its padding)
//! although the objects stand behind 128 bytes. The last two are guesses, so they need a checksum that is right.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::error::DecodeError;
use super::text;
use crate::model::evidence::{InterfaceInfo, LabelEntry};

/// ICMP header of an error: type, code, checksum, four bytes that depend on the type.
const HEADER: usize = 8;
/// Where the objects begin when nobody says so: RFC 4884 5.5 has 128 bytes of quote.
const LEGACY_QUOTE: usize = 128;
/// Objects that are looked at; RFC 4884 has two or three in mind.
const MAX_OBJECTS: usize = 64;
/// Label stack entries that are kept.
const MAX_LABELS: usize = 32;
/// Interface objects that are kept: one per role is meant.
const MAX_INTERFACES: usize = 8;

/// How the objects were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// There are none, or they can't be trusted.
    None,
    /// Where the length field says (RFC 4884 5.1).
    Declared,
    /// The length field is 0; behind 128 bytes, with a right checksum (RFC 4884 5.5).
    Legacy,
    /// The length field points elsewhere; behind 128 bytes all the same, with a right checksum.
    WrongLength,
}

/// An ICMP or ICMPv6 error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError<'b> {
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub icmp_code: u8,
    /// The quoted packet from its IP header on, as much as was captured; may end in padding.
    pub quoted: &'b [u8],
    /// How the objects were found.
    pub extension: Extension,
    objects: &'b [u8],
}

/// Reads the message that begins at `body[0]`; `Ok(None)` if it is no error message.
///
/// # Errors
/// When it is an error message and less than its header was captured.
pub fn parse_error(v6: bool, body: &[u8]) -> Result<Option<IcmpError<'_>>, DecodeError> {
    let Some(&icmp_type) = body.first() else { return Err(DecodeError::truncated("icmp", HEADER, 0)) };
    let is_error = if v6 { matches!(icmp_type, 1..=4) } else { matches!(icmp_type, 3 | 4 | 5 | 11 | 12) };
    if !is_error {
        return Ok(None);
    }
    let (Some(&icmp_code), Some(rest)) = (body.get(1), body.get(HEADER..)) else {
        return Err(DecodeError::truncated("icmp error", HEADER, body.len()));
    };
    // Only these have the length field (RFC 4884 4); in the others its place holds a gateway, an MTU or a pointer.
    let extensible = if v6 { matches!(icmp_type, 1 | 3) } else { matches!(icmp_type, 3 | 11 | 12) };
    let declared = match (extensible, v6) {
        (false, _) => None,
        (true, false) => body.get(5).map(|&n| usize::from(n) * 4),
        (true, true) => body.get(4).map(|&n| usize::from(n) * 8),
    };
    let (quote, extension) = match declared {
        None => (rest.len(), Extension::None),
        Some(0) if is_extension(rest, LEGACY_QUOTE, true) => (LEGACY_QUOTE, Extension::Legacy),
        Some(0) => (rest.len(), Extension::None),
        Some(n) if is_extension(rest, n, false) => (n, Extension::Declared),
        Some(n) if n != LEGACY_QUOTE && is_extension(rest, LEGACY_QUOTE, true) => (LEGACY_QUOTE, Extension::WrongLength),
        // Objects with a bad checksum are no objects, but they are no part of the quote either.
        Some(n) if rest.get(n).is_some_and(|b| b >> 4 == 2) => (n, Extension::None),
        Some(_) => (rest.len(), Extension::None),
    };
    let quoted = rest.get(..quote).unwrap_or(rest);
    let objects = if extension == Extension::None { &[] } else { rest.get(quote + 4..).unwrap_or_default() };
    Ok(Some(IcmpError { icmp_type, icmp_code, quoted, extension, objects }))
}

/// Does an extension structure begin at `at` (RFC 4884 7: version 2, checksum over all of it, 0 if not computed)?
/// Where the place is a guess, a checksum that was not computed proves nothing.
fn is_extension(rest: &[u8], at: usize, guessed: bool) -> bool {
    let Some(structure) = rest.get(at..) else { return false };
    let [first, _, c0, c1, ..] = *structure else { return false };
    if first >> 4 != 2 {
        return false;
    }
    match [c0, c1] {
        [0, 0] => !guessed,
        _ => checksum_is_right(structure),
    }
}

/// RFC 1071: the ones' complement sum over everything, checksum included, is all ones.
fn checksum_is_right(bytes: &[u8]) -> bool {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut sum: u64 = pairs.iter().map(|p| u64::from(u16::from_be_bytes(*p))).sum();
    sum += odd.first().map_or(0, |&b| u64::from(b) << 8);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum == 0xffff
}

impl<'b> IcmpError<'b> {
    /// The label stack of the packet that died (RFC 4950: class 1, type 1), top first; at most 32 entries.
    #[must_use]
    pub fn labels(&self) -> SmallVec<[LabelEntry; 4]> {
        let mut labels = SmallVec::new();
        for (class, ctype, payload) in self.objects() {
            if (class, ctype) != (1, 1) {
                continue;
            }
            for &[a, b, c, ttl] in payload.as_chunks::<4>().0 {
                if labels.len() == MAX_LABELS {
                    return labels;
                }
                let label = u32::from(a) << 12 | u32::from(b) << 4 | u32::from(c) >> 4;
                labels.push(LabelEntry { label, tc: c >> 1 & 7, bottom: c & 1 == 1, ttl });
            }
        }
        labels
    }

    /// Interfaces of the router (RFC 5837: class 2), at most 8. An object that ends early gives what it holds.
    #[must_use]
    pub fn interfaces(&self) -> Vec<InterfaceInfo> {
        self.objects()
            .filter(|(class, ..)| *class == 2)
            .take(MAX_INTERFACES)
            .map(|(_, ctype, payload)| interface(ctype, payload))
            .collect()
    }

    /// Class, type and payload of every object until one makes no sense.
    fn objects(&self) -> impl Iterator<Item = (u8, u8, &'b [u8])> + use<'b> {
        let mut rest = self.objects;
        std::iter::from_fn(move || {
            let [l0, l1, class, ctype, ..] = *rest else { return None };
            let len = usize::from(u16::from_be_bytes([l0, l1]));
            let payload = rest.get(4..len)?;
            // Lengths are multiples of 4 (RFC 4884 7.1); one that is not is rounded up as others do.
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            Some((class, ctype, payload))
        })
        .take(MAX_OBJECTS)
    }
}

/// RFC 5837 4.1: two bits of role, two reserved, then which of index, address, name and MTU follow in this order.
fn interface(ctype: u8, mut rest: &[u8]) -> InterfaceInfo {
    let mut info = InterfaceInfo { role: ctype >> 6, index: None, addr: None, name: None, mtu: None };
    if ctype & 8 != 0 {
        let Some(index) = take_word(&mut rest) else { return info };
        info.index = Some(index);
    }
    if ctype & 4 != 0 {
        let Some(addr) = take_address(&mut rest) else { return info };
        info.addr = Some(addr);
    }
    if ctype & 2 != 0 {
        // The length counts itself and the padding; the name ends at the first zero (4.3).
        let Some((&len, _)) = rest.split_first() else { return info };
        let len = usize::from(len).min(64);
        let Some(name) = rest.get(1..len) else { return info };
        let name = name.split(|&b| b == 0).next().unwrap_or_default();
        info.name = (!name.is_empty()).then(|| text::escaped(name, 63).into());
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    if ctype & 1 != 0 {
        info.mtu = take_word(&mut rest);
    }
    info
}

fn take_word(rest: &mut &[u8]) -> Option<u32> {
    let (word, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*word))
}

/// Address family (1 IPv4, 2 IPv6), two reserved bytes, address (RFC 5837 4.2).
fn take_address(rest: &mut &[u8]) -> Option<IpAddr> {
    let (&[f0, f1, _, _], after) = rest.split_first_chunk::<4>()?;
    match u16::from_be_bytes([f0, f1]) {
        1 => {
            let (octets, after) = after.split_first_chunk::<4>()?;
            *rest = after;
            Some(IpAddr::from(*octets))
        }
        2 => {
            let (octets, after) = after.split_first_chunk::<16>()?;
            *rest = after;
            Some(IpAddr::from(*octets))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
