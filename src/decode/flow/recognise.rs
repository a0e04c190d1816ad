//! Which export some bytes are, and where it ends: by versions, counts and lengths alone, without reading a record.
//!
//! Every payload on some UDP ports is asked about, so the first bytes decide for nearly all of them: two bytes of another
//! protocol are one of these versions once in some 16,000 times, and then lengths and counts do not agree.

use super::sets::FIRST_DATA;
use super::{Format, be16, be32, ipfix, netflow5, netflow9, sflow};
use crate::decode::format::BEGINNING;

/// Bytes that a datagram can have (RFC 768).
pub(super) const LONGEST: usize = 65_535;
/// Exporters send no time behind the year 2099, in seconds.
const LATEST: u32 = 4_102_444_800;

/// Which version the first bytes name.
#[inline]
pub(super) fn version(bytes: &[u8]) -> Option<Format> {
    match *bytes {
        [0, 5, ..] => Some(Format::NetFlow5),
        [0, 7, ..] => Some(Format::NetFlow7),
        [0, 9, ..] => Some(Format::NetFlow9),
        [0, 10, ..] => Some(Format::Ipfix),
        [0, 0, 0, 5, ..] => Some(Format::SFlow),
        _ => None,
    }
}

/// Where a datagram ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// It has so many bytes.
    Whole(usize),
    /// It goes on behind the end of what is there, or its end can't be told from what is there.
    More,
    /// There is none.
    Not,
}

/// How long the datagram is that begins here. NetFlow 9 does not say how long it is: it ends where a set would have a number
/// that none has, as the 9 of the next header is. `at_end`: nothing follows.
pub(super) fn extent(format: Format, bytes: &[u8], at_end: bool) -> Extent {
    if bytes.len() >= 4 && version(bytes) != Some(format) {
        return Extent::Not;
    }
    match extent_of(format, bytes, at_end) {
        Some(Extent::Whole(n)) if n > LONGEST => Extent::Not,
        Some(Extent::More) if bytes.len() > LONGEST || at_end => Extent::Not,
        Some(extent) => extent,
        None if at_end => Extent::Not,
        None => Extent::More,
    }
}

/// `None`: the header is cut off.
fn extent_of(format: Format, bytes: &[u8], at_end: bool) -> Option<Extent> {
    let fits = |n: usize| if n > bytes.len() { Extent::More } else { Extent::Whole(n) };
    Some(match format {
        Format::NetFlow5 | Format::NetFlow7 => match usize::from(be16(bytes, 2)?) {
            count @ 1..=netflow5::MOST => fits(netflow5::HEADER + count * netflow5::record(format)),
            _ => Extent::Not,
        },
        Format::Ipfix => match usize::from(be16(bytes, 2)?) {
            length @ ipfix::HEADER.. => fits(length),
            _ => Extent::Not,
        },
        Format::NetFlow9 => {
            let mut at = netflow9::HEADER;
            bytes.get(..at)?;
            // Where a set can't be one, the datagram ends in front of it: what follows is damage, the sets so far are not.
            let so_far = |at: usize| if at > netflow9::HEADER { Extent::Whole(at) } else { Extent::Not };
            loop {
                let (id, len) = match (be16(bytes, at), be16(bytes, at + 2)) {
                    (Some(id), Some(len)) => (id, usize::from(len)),
                    // Fewer than four bytes at the end are padding.
                    _ if at_end => break Extent::Whole(bytes.len()),
                    _ => break Extent::More,
                };
                // A template of one field takes 8 bytes behind the head of its set.
                let least = if id < FIRST_DATA { 12 } else { 4 };
                if !matches!(id, 0 | 1 | FIRST_DATA..) || len < least || at + len > LONGEST {
                    break so_far(at);
                }
                if at + len > bytes.len() {
                    break if at_end { so_far(at) } else { Extent::More };
                }
                at += len;
            }
        }
        Format::SFlow => {
            let agent = be32(bytes, 4)?;
            if !matches!(agent, 1 | 2) {
                return Some(Extent::Not);
            }
            let (mut at, count) = sflow::header(bytes)?;
            for _ in 0..count {
                let len = usize::try_from(be32(bytes, at + 4)?).unwrap_or(usize::MAX);
                if len > LONGEST || at > LONGEST {
                    return Some(Extent::Not);
                }
                at += 8 + len;
            }
            fits(at)
        }
    })
}

/// Do the bytes, all of them, make one datagram of this format, by everything that its head says?
fn is_whole(format: Format, bytes: &[u8]) -> bool {
    sane(format, bytes).unwrap_or(false)
}

fn sane(format: Format, bytes: &[u8]) -> Option<bool> {
    if extent(format, bytes, true) != Extent::Whole(bytes.len()) {
        return Some(false);
    }
    let plausible = |seconds: u32| seconds < LATEST;
    Some(match format {
        Format::NetFlow5 => plausible(be32(bytes, 8)?) && be32(bytes, 12)? < 1_000_000_000,
        Format::NetFlow7 => plausible(be32(bytes, 8)?) && be32(bytes, 12)? < 1_000_000_000 && be32(bytes, 20)? == 0,
        Format::NetFlow9 => {
            let count = usize::from(be16(bytes, 2)?);
            let sets = bytes.get(netflow9::HEADER..)?;
            plausible(be32(bytes, 8)?)
                && (1..=sets.len()).contains(&count)
                && walks(sets, |id| matches!(id, 0 | 1 | FIRST_DATA..))
        }
        Format::Ipfix => {
            let sets = bytes.get(ipfix::HEADER..)?;
            plausible(be32(bytes, 4)?) && !sets.is_empty() && walks(sets, |id| matches!(id, 2 | 3 | FIRST_DATA..))
        }
        Format::SFlow => {
            let (mut at, count) = sflow::header(bytes)?;
            // Samples are in XDR: their lengths are multiples of four.
            let even = (0..count).all(|_| {
                let len = be32(bytes, at + 4).unwrap_or(1) as usize;
                at += 8 + len;
                len.is_multiple_of(4)
            });
            count > 0 && even
        }
    })
}

/// Sets of known numbers, one behind the other up to the end; what is left may be padding.
fn walks(mut sets: &[u8], known: impl Fn(u16) -> bool) -> bool {
    let mut seen = false;
    while let (Some(id), Some(len)) = (be16(sets, 0), be16(sets, 2)) {
        let Some(behind) = sets.get(usize::from(len)..).filter(|_| known(id) && len >= 4) else { return false };
        (sets, seen) = (behind, true);
    }
    seen && sets.iter().all(|b| *b == 0)
}

/// Do the first `n` bytes make a datagram of this format, with another one or nothing behind it?
pub(super) fn is_followed(format: Format, bytes: &[u8], n: usize) -> bool {
    bytes
        .split_at_checked(n)
        .is_some_and(|(datagram, behind)| is_whole(format, datagram) && (behind.len() < 4 || version(behind) == Some(format)))
}

/// Which export a datagram is.
#[inline]
pub(super) fn datagram(payload: &[u8]) -> Option<Format> {
    version(payload).filter(|format| is_whole(*format, payload))
}

/// Which export a file is: its first datagram is whole, and behind it begins another one or nothing.
pub(super) fn file(beginning: &[u8]) -> Option<Format> {
    let format = version(beginning)?;
    let Extent::Whole(n) = extent(format, beginning, beginning.len() < BEGINNING) else { return None };
    is_followed(format, beginning, n).then_some(format)
}

/// Where the next datagram of this format may begin behind the first byte: whole, or so far as it is there. As many places
/// are tried as costs little; where these were all wrong it begins no earlier than given.
pub(super) fn next(format: Format, bytes: &[u8], at_end: bool) -> usize {
    const TRIES: usize = 64;
    let found = memchr::memchr_iter(0, bytes)
        .filter(|at| *at > 0 && (bytes.len() - at < 4 || version(bytes.get(*at..).unwrap_or_default()) == Some(format)))
        .enumerate()
        .find(|(tries, at)| {
            let rest = bytes.get(*at..).unwrap_or_default();
            match extent(format, rest, at_end) {
                _ if *tries == TRIES => true,
                Extent::Whole(n) => is_followed(format, rest, n),
                Extent::More => true,
                Extent::Not => false,
            }
        });
    found.map_or(bytes.len(), |(_, at)| at)
}
