//! How many different ones? Exact up to 1,024, HyperLogLog above (Flajolet et al. 2007; 2,048 registers, standard
//! error 1.04 / sqrt(2048) = 2.3 %). Merging is order-free, so shards add up to the same number in any order.

use smallvec::SmallVec;

/// Distinct values counted exactly.
const EXACT: usize = 1024;
const BITS: u32 = 11;
const REGISTERS: usize = 1 << BITS;

/// A counter of distinct 64-bit hashes.
#[derive(Clone, Debug)]
pub enum Spread {
    /// Sorted hashes.
    Few(SmallVec<[u64; 2]>),
    /// Registers.
    Many(Box<[u8; REGISTERS]>),
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
                    if sorted.len() > EXACT {
                        let mut registers = Box::new([0; REGISTERS]);
                        sorted.iter().for_each(|&h| raise(&mut registers, h));
                        *self = Self::Many(registers);
                    }
                }
            }
            Self::Many(registers) => raise(registers, hash),
        }
    }

    /// Adds what another counter counted.
    pub fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(sorted) => sorted.iter().for_each(|&h| self.add(h)),
            Self::Many(theirs) => {
                if let Self::Few(ours) = self {
                    let mut registers = Box::new([0; REGISTERS]);
                    ours.iter().for_each(|&h| raise(&mut registers, h));
                    *self = Self::Many(registers);
                }
                if let Self::Many(ours) = self {
                    ours.iter_mut().zip(theirs.iter()).for_each(|(o, t)| *o = (*o).max(*t));
                }
            }
        }
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Few(sorted) => sorted.len() as u64,
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
}
