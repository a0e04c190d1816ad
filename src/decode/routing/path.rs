//! AS paths (RFC 4271 5.1.2), of two-byte and four-byte numbers (RFC 6793), confederations left out (RFC 5065).

use smallvec::SmallVec;

use super::super::record::Reject;
use crate::model::net::Asn;

/// Longest path that is kept, in ASes. Longer ones do not occur unless somebody wants them to; who announces the prefix is
/// kept of those as well.
pub(super) const LONGEST_PATH: usize = 255;

const SET: u8 = 1;
const SEQUENCE: u8 = 2;

/// How many bytes an AS number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Two,
    Four,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Two => Self::Four,
            Self::Four => Self::Two,
        }
    }

    #[inline]
    fn number(self, bytes: &[u8]) -> Asn {
        match (self, bytes) {
            (Self::Two, &[a, b]) => Asn(u32::from(u16::from_be_bytes([a, b]))),
            (Self::Four, &[a, b, c, d]) => Asn(u32::from_be_bytes([a, b, c, d])),
            // `segments` cuts them to size.
            _ => Asn(0),
        }
    }

    /// This width if a path can be read with it, the other one if only that fits. A path whose segments have known types and
    /// end where the attribute ends hardly ever fits both.
    #[inline]
    pub(super) fn of(self, path: &[u8]) -> Result<Self, Reject> {
        if fits(path, self) {
            Ok(self)
        } else if fits(path, self.other()) {
            Ok(self.other())
        } else {
            Err(Reject("an AS path whose segments do not end where it ends"))
        }
    }
}

/// Type and numbers of each segment; stops where one is cut off.
#[inline]
fn segments(mut path: &[u8], width: Width) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&[kind, count], rest) = path.split_first_chunk::<2>()?;
        let (numbers, rest) = rest.split_at_checked(usize::from(count) * width.bytes())?;
        path = rest;
        Some((kind, numbers))
    })
}

#[inline]
fn fits(path: &[u8], width: Width) -> bool {
    let mut length = 0;
    for (kind, numbers) in segments(path, width) {
        if !(1..=4).contains(&kind) {
            return false;
        }
        length += 2 + numbers.len();
    }
    length == path.len()
}

/// Length of a path as route selection counts it: a set is one, confederations are nothing (RFC 4271 9.1.2.2, RFC 5065 5.3).
fn hops(path: &[u8], width: Width) -> usize {
    segments(path, width)
        .map(|(kind, numbers)| match kind {
            SET => usize::from(!numbers.is_empty()),
            SEQUENCE => numbers.len() / width.bytes(),
            _ => 0,
        })
        .sum()
}

/// A path as it is kept, and who is at its end.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// Nearest first, at most [`LONGEST_PATH`].
    pub(super) ases: SmallVec<[Asn; 64]>,
    /// Members of the last segment if it is a set, else the last AS.
    pub(super) origins: SmallVec<[Asn; 1]>,
}

impl Path {
    /// From AS_PATH, and from AS4_PATH if two-byte speakers were on the way.
    #[inline]
    pub(super) fn read(path: &[u8], as4_path: Option<&[u8]>, preferred: Width) -> Result<Self, Reject> {
        let width = preferred.of(path)?;
        let mut read = Self::default();
        match as4_path.filter(|four| width == Width::Two && fits(four, Width::Four)) {
            None => read.append(path, width, usize::MAX),
            Some(four) => {
                // RFC 6793 4.2.3: the part that only the two-byte path has, then the four-byte one. A four-byte path
                // that is longer was not kept up to date and is ignored.
                match hops(path, width).checked_sub(hops(four, Width::Four)) {
                    Some(leading) => {
                        read.append(path, width, leading);
                        read.append(four, Width::Four, usize::MAX);
                    }
                    None => read.append(path, width, usize::MAX),
                }
            }
        }
        Ok(read)
    }

    /// Appends the first `left` hops.
    #[inline]
    fn append(&mut self, path: &[u8], width: Width, mut left: usize) {
        for (kind, numbers) in segments(path, width) {
            let mut numbers = numbers.chunks_exact(width.bytes()).map(|n| width.number(n));
            match kind {
                _ if left == 0 => return,
                SEQUENCE => {
                    let n = numbers.len().min(left);
                    left -= n;
                    let Some(last) = n.checked_sub(1) else { continue };
                    let room = LONGEST_PATH.saturating_sub(self.ases.len());
                    self.ases.extend(numbers.clone().take(n.min(room)));
                    self.origins.clear();
                    self.origins.extend(numbers.nth(last));
                }
                SET if numbers.len() > 0 => {
                    left -= 1;
                    let room = LONGEST_PATH.saturating_sub(self.ases.len());
                    self.ases.extend(numbers.clone().take(room));
                    self.origins.clear();
                    self.origins.extend(numbers);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(kind: u8, width: Width, ases: &[u32]) -> Vec<u8> {
        let mut out = vec![kind, ases.len() as u8];
        for n in ases {
            out.extend(&n.to_be_bytes()[4 - width.bytes()..]);
        }
        out
    }

    fn two(kind: u8, ases: &[u32]) -> Vec<u8> {
        segment(kind, Width::Two, ases)
    }

    fn four(kind: u8, ases: &[u32]) -> Vec<u8> {
        segment(kind, Width::Four, ases)
    }

    fn read(path: &[u8], as4: Option<&[u8]>, width: Width) -> (Vec<u32>, Vec<u32>) {
        let path = Path::read(path, as4, width).unwrap();
        (path.ases.iter().map(|a| a.0).collect(), path.origins.iter().map(|a| a.0).collect())
    }

    #[test]
    fn sets_and_confederations() {
        let path = [four(3, &[65001]), four(2, &[64496, 64497]), four(1, &[64500, 64501])].concat();
        assert_eq!(read(&path, None, Width::Four), (vec![64496, 64497, 64500, 64501], vec![64500, 64501]));
        let path = [four(1, &[64500, 64501]), four(2, &[64499]), four(4, &[65001])].concat();
        assert_eq!(read(&path, None, Width::Four), (vec![64500, 64501, 64499], vec![64499]));
        assert_eq!(read(&[], None, Width::Four), (vec![], vec![]));
        assert_eq!(read(&[2, 0], None, Width::Four), (vec![], vec![]));
    }

    #[test]
    fn the_width_is_the_one_that_fits() {
        let path = four(2, &[64496, 4_200_000_000]);
        assert_eq!(read(&path, None, Width::Two), (vec![64496, 4_200_000_000], vec![4_200_000_000]));
        let path = two(2, &[64496, 64497, 64498]);
        assert_eq!(read(&path, None, Width::Four), (vec![64496, 64497, 64498], vec![64498]));
        for broken in [&[2, 3, 0, 1][..], &[7, 1, 0, 1], &[2], &[2, 1, 0, 1, 0]] {
            assert!(Path::read(broken, None, Width::Four).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn four_byte_numbers_come_back() {
        // RFC 6793 4.2.3: an old speaker 64497 in front, AS_TRANS behind.
        let path = two(2, &[64497, 64496, 23456, 23456]);
        let as4 = four(2, &[64496, 4_200_000_001, 4_200_000_002]);
        let merged = vec![64497, 64496, 4_200_000_001, 4_200_000_002];
        assert_eq!(read(&path, Some(&as4), Width::Two), (merged, vec![4_200_000_002]));
        // A set counts as one hop.
        let path = [two(2, &[64497, 64496]), two(1, &[23456, 64499])].concat();
        let as4 = [four(2, &[64496]), four(1, &[4_200_000_001, 64499])].concat();
        assert_eq!(read(&path, Some(&as4), Width::Two).0, [64497, 64496, 4_200_000_001, 64499]);
        // Longer than the path: ignored. Broken: ignored.
        let path = two(2, &[64497]);
        assert_eq!(read(&path, Some(&four(2, &[1, 2])), Width::Two).0, [64497]);
        assert_eq!(read(&path, Some(&[2, 9, 1]), Width::Two).0, [64497]);
        // Four-byte speakers never look at it.
        let path = four(2, &[64497, 64496]);
        assert_eq!(read(&path, Some(&four(2, &[1])), Width::Four).0, [64497, 64496]);
    }

    #[test]
    fn long_paths_are_cut_and_keep_their_end() {
        let path = [four(2, &[64496; 250]), four(2, &[64497; 250])].concat();
        let (ases, origins) = read(&path, None, Width::Four);
        assert_eq!((ases.len(), ases[254], origins), (255, 64497, vec![64497]));
    }
}
