//! Keyed hashing for tables that are fed by packets. Attackers choose addresses, ports and names: a hash any part of
//! which is a public constant lets them choose keys that all go to the same place, and a table becomes a list.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Folded multiply: both halves of the 128-bit product, as in wyhash.
#[inline]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Stretches a seed to `N` odd words (SplitMix64).
pub(super) fn stretch<const N: usize>(seed: u64) -> [u64; N] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) | 1
    })
}

/// Secret of a hash table: where it begins and what it multiplies by.
#[derive(Clone, Copy, Debug)]
pub struct Keyed([u64; 2]);

impl Keyed {
    /// Of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(stretch(seed))
    }
}

/// Of the system's randomness: for tables whose order shows nowhere.
impl Default for Keyed {
    fn default() -> Self {
        Self::new(RandomState::new().build_hasher().finish())
    }
}

impl BuildHasher for Keyed {
    type Hasher = State;

    #[inline]
    fn build_hasher(&self) -> State {
        State { state: self.0[0], key: self.0[1] }
    }
}

/// A hash in the making.
#[derive(Clone, Copy, Debug)]
pub struct State {
    state: u64,
    key: u64,
}

impl Hasher for State {
    #[inline]
    fn finish(&self) -> u64 {
        fold(self.state, self.key)
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        // Zero only for one number out of 2^64, which nobody knows who does not know the state.
        self.state = fold(self.state ^ n, self.key);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        let last = rest.iter().fold(0, |n, &b| n << 8 | u64::from(b));
        self.write_u64(last ^ (bytes.len() as u64) << 56);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::net::PackedAddr;

    #[test]
    fn no_constant_makes_addresses_collide() {
        // 0xc0ac29b7c97c50dd undoes a public constant of a well-known hash; the others, those of this file.
        for lo in [0xc0ac_29b7_c97c_50dd_u64, 0x9e37_79b9_7f4a_7c15, 0, 1, u64::MAX] {
            let keyed = Keyed::new(7);
            let hashes: BTreeSet<u64> = (0..10_000).map(|hi| keyed.hash_one(PackedAddr { hi, lo })).collect();
            assert_eq!(hashes.len(), 10_000, "{lo:#x}");
            let low: BTreeSet<u64> = hashes.iter().map(|h| h & 0xfff).collect();
            assert!(low.len() > 3_600, "{} of 4,096 places are used", low.len());
        }
    }

    #[test]
    fn a_seed_is_a_hash_of_its_own() {
        let (a, b) = (Keyed::new(1), Keyed::new(2));
        assert_eq!(a.hash_one("x"), Keyed::new(1).hash_one("x"));
        assert_ne!(a.hash_one("x"), b.hash_one("x"));
        assert_ne!(a.hash_one("x"), a.hash_one("x\0"));
        assert_ne!(a.hash_one(""), a.hash_one("\0"));
    }
}
