//! How many different ones? Exact up to 1,024, HyperLogLog above (Flajolet et al. 2007; 2,048 registers, standard
//! error 1.04 / sqrt(2048) = 2.3 %). Merging is order-free, so shards add up to the same number in any order.

use smallvec::SmallVec;

use crate::model::cache::prefetch;

/// Distinct values counted exactly.
const EXACT: usize = 1024;
/// Of these: kept in order. More are kept by their hash.
const SORTED: usize = 16;
const BITS: u32 = 11;
const REGISTERS: usize = 1 << BITS;

/// A counter of distinct 64-bit hashes.
#[derive(Clone, Debug)]
pub enum Spread {
    /// Sorted hashes.
    Few(SmallVec<[u64; 2]>),
    /// Hashes, each at the first free place from where it belongs.
    Some(Places),
    /// Registers.
    Many(Box<[u8; REGISTERS]>),
}

/// An open-addressing table of hashes, at most seven eighths of it taken. A sorted list would be searched in ten places of
/// memory for a value that is there, and moved for one that is not.
#[derive(Clone, Debug)]
pub struct Places {
    /// 0 is free; a power of two of them.
    slots: Box<[u64]>,
    taken: usize,
}

impl Places {
    fn with(size: usize, hashes: impl Iterator<Item = u64>) -> Self {
        let mut places = Self { slots: vec![0; size].into_boxed_slice(), taken: 0 };
        hashes.for_each(|hash| places.put(hash));
        places
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().copied().filter(|&hash| hash != 0)
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    /// There is room for one more.
    #[inline]
    fn put(&mut self, hash: u64) {
        // One hash of 2^64 is taken for another.
        let (hash, mask) = (hash.max(1), self.slots.len() - 1);
        let mut at = self.home(hash);
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == hash {
                return;
            }
            if *slot == 0 {
                *slot = hash;
                self.taken += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn add(&mut self, hash: u64) {
        self.put(hash);
        if self.taken > self.slots.len() / 8 * 7 {
            *self = Self::with(self.slots.len() * 2, self.iter());
        }
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self::Few(SmallVec::new())
    }
}

/// A fixed, well mixing hash of a value: counting must not depend on the run (SplitMix64 finaliser).
#[must_use]
pub fn hash(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.rotate_left(31).wrapping_add(0x94d0_49bb_1331_11eb);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

impl Spread {
    /// Counts a value by its hash.
    pub fn add(&mut self, hash: u64) {
        match self {
            Self::Few(sorted) => {
                if let Err(at) = sorted.binary_search(&hash) {
                    sorted.insert(at, hash);
                    if sorted.len() > SORTED {
                        *self = Self::Some(Places::with(SORTED * 4, sorted.iter().copied()));
                    }
                }
            }
            Self::Some(places) => {
                places.add(hash);
                if places.taken > EXACT {
                    let mut registers = Box::new([0; REGISTERS]);
                    places.iter().for_each(|h| raise(&mut registers, h));
                    *self = Self::Many(registers);
                }
            }
            Self::Many(registers) => raise(registers, hash),
        }
    }

    /// Asks the processor to fetch what [`Self::add`] will need.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        match self {
            Self::Few(_) => {}
            Self::Some(places) => {
                if let Some(slot) = places.slots.get(places.home(hash)) {
                    prefetch(std::ptr::from_ref(slot));
                }
            }
            Self::Many(registers) => {
                if let Some(register) = registers.get((hash >> (64 - BITS)) as usize) {
                    prefetch(std::ptr::from_ref(register));
                }
            }
        }
    }

    /// Adds what another counter counted.
    pub fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(sorted) => sorted.iter().for_each(|&h| self.add(h)),
            Self::Some(places) => places.iter().for_each(|h| self.add(h)),
            Self::Many(theirs) => {
                let mut registers = Box::new([0; REGISTERS]);
                match self {
                    Self::Few(sorted) => sorted.iter().for_each(|&h| raise(&mut registers, h)),
                    Self::Some(places) => places.iter().for_each(|h| raise(&mut registers, h)),
                    Self::Many(ours) => std::mem::swap(&mut registers, ours),
                }
                registers.iter_mut().zip(theirs.iter()).for_each(|(o, t)| *o = (*o).max(*t));
                *self = Self::Many(registers);
            }
        }
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Few(sorted) => sorted.len() as u64,
            Self::Some(places) => places.taken as u64,
            Self::Many(registers) => estimate(registers),
        }
    }
}

fn raise(registers: &mut [u8; REGISTERS], hash: u64) {
    let rank = (hash << BITS | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
    let register = &mut registers[(hash >> (64 - BITS)) as usize];
    *register = (*register).max(rank);
}

fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    let m = REGISTERS as f64;
    let sum: f64 = registers.iter().map(|&r| (-f64::from(r)).exp2()).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
    let empty = registers.iter().filter(|&&r| r == 0).count();
    // Small range: linear counting is better while registers are empty.
    if raw <= 2.5 * m && empty > 0 { (m * (m / empty as f64).ln()).round() as u64 } else { raw.round() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(range: std::ops::Range<u64>) -> Spread {
        let mut spread = Spread::default();
        range.for_each(|n| spread.add(hash(n, 7)));
        spread
    }

    #[test]
    fn exact_while_few_and_close_when_many() {
        assert_eq!(counted(0..1024).count(), 1024);
        for n in [2_000_u64, 50_000, 1_000_000] {
            let error = counted(0..n).count() as f64 / n as f64 - 1.0;
            assert!(error.abs() < 0.08, "{n}: off by {error}");
        }
    }

    #[test]
    fn merging_does_not_count_twice_and_has_no_order() {
        let (a, b) = (counted(0..3_000), counted(2_000..6_000));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab.count(), ba.count());
        assert_eq!(ab.count(), counted(0..6_000).count());
        let (mut few, c) = (counted(0..10), counted(5..20));
        few.merge(&c);
        assert_eq!(few.count(), 20);
    }

    #[test]
    fn every_way_of_keeping_them_counts_alike() {
        let mut spread = Spread::default();
        let mut known = std::collections::BTreeSet::new();
        for n in 0..6_000_u64 {
            let hash = hash(n * 7 % 1_700, 3);
            spread.add(hash);
            known.insert(hash);
            let exact = !matches!(spread, Spread::Many(_));
            assert_eq!(exact, known.len() <= EXACT, "{n}");
            assert!(!exact || spread.count() == known.len() as u64, "{n}");
        }
        assert!(matches!(spread, Spread::Many(_)));
        for (n, kept) in [(16, "Few"), (17, "Some"), (1024, "Some"), (1025, "Many")] {
            assert!(format!("{:?}", counted(0..n)).starts_with(kept), "{n}");
            for m in [5, 16, 17, 400, 1025] {
                let mut sum = counted(0..n);
                sum.merge(&counted(n / 2..n / 2 + m));
                assert_eq!(sum.count(), counted(0..n.max(n / 2 + m)).count(), "{n} and {m}");
            }
        }
        // Hashes that all belong to one place.
        let mut spread = Spread::default();
        (0..1_000_u64).for_each(|n| spread.add(n));
        assert_eq!(spread.count(), 999, "0 is taken for 1");
    }
}
