//! Exact set cover, the other way round: each hop is the set of instruments that reach it, and a set of instruments covers
//! the path if it meets every one of them.

use std::collections::BTreeSet;

/// A set of instruments, by their place in the list.
pub(super) type Mask = u32;

/// Search is given up beyond so many steps; with the twenty instruments there are it takes a few hundred.
const MOST_STEPS: usize = 1 << 20;

/// All smallest sets that meet every non-empty mask, in numeric order; none if all are empty.
pub(super) fn smallest_covers(masks: impl Iterator<Item = Mask>) -> Vec<Mask> {
    let masks: BTreeSet<Mask> = masks.filter(|m| *m != 0).collect();
    // Meeting a set meets all that contain it.
    let needed: Vec<Mask> =
        masks.iter().copied().filter(|m| !masks.iter().any(|other| other != m && other & m == *other)).collect();
    if needed.is_empty() {
        return Vec::new();
    }
    let mut steps = 0;
    for size in 1..=needed.len() {
        let mut found = BTreeSet::new();
        search(&needed, 0, size, &mut found, &mut steps);
        if !found.is_empty() || steps >= MOST_STEPS {
            return found.into_iter().collect();
        }
    }
    Vec::new()
}

/// Branches on the members of the first set that is not met; every cover has one of them.
fn search(needed: &[Mask], chosen: Mask, left: usize, found: &mut BTreeSet<Mask>, steps: &mut usize) {
    *steps += 1;
    let Some(open) = needed.iter().filter(|m| *m & chosen == 0).min_by_key(|m| m.count_ones()) else {
        found.insert(chosen);
        return;
    };
    if left == 0 || *steps >= MOST_STEPS {
        return;
    }
    let mut rest = *open;
    while rest != 0 {
        let bit = rest & rest.wrapping_neg();
        rest ^= bit;
        search(needed, chosen | bit, left - 1, found, steps);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_that_is_in_all_is_enough() {
        assert_eq!(smallest_covers([0b011, 0b110, 0b010].into_iter()), [0b010]);
        assert_eq!(smallest_covers([0b11, 0b11].into_iter()), [0b01, 0b10]);
    }

    /// The greedy choice, the one that is in most, is no part of the smallest cover here.
    #[test]
    fn it_is_exact_where_greed_is_not() {
        let masks = [0b0011, 0b0101, 0b1010, 0b1100, 0b0011 | 0b10000, 0b1100 | 0b10000];
        assert_eq!(smallest_covers(masks.into_iter()).iter().map(|m| m.count_ones()).max(), Some(2));
    }

    #[test]
    fn what_nothing_reaches_is_left_outside() {
        assert_eq!(smallest_covers([0, 0b1].into_iter()), [0b1]);
        assert!(smallest_covers([0, 0].into_iter()).is_empty());
    }

    proptest! {
        /// Against all subsets.
        #[test]
        fn every_smallest_cover_is_found(masks in prop::collection::vec(0u32..256, 0..12)) {
            let met = |set: u32| masks.iter().all(|m| *m == 0 || m & set != 0);
            let least = (1u32..256).filter(|s| met(*s)).map(u32::count_ones).min();
            let mut all: Vec<u32> = (1u32..256).filter(|s| met(*s) && Some(s.count_ones()) == least).collect();
            if masks.iter().all(|m| *m == 0) {
                all.clear();
            }
            prop_assert_eq!(smallest_covers(masks.iter().copied()), all);
        }
    }
}
