//! A map with a limit: when it is full, the entry that was announced longest ago makes room.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What is kept, and in which order it was announced.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    /// Keys by the number of their last announcement.
    by_age: BTreeMap<u64, K>,
    announced: u64,
    limit: usize,
    evicted: u64,
}

impl<K: Ord + Copy, V> Bounded<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), by_age: BTreeMap::new(), announced: 0, limit, evicted: 0 }
    }

    #[inline]
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Puts `value` in the place of what was there; the youngest now.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.announced += 1;
        if let Some((age, _)) = self.entries.insert(key, (self.announced, value)) {
            self.by_age.remove(&age);
        }
        self.by_age.insert(self.announced, key);
        if self.entries.len() > self.limit
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.entries.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// What is there to be changed, made by `Default` if need be; the youngest now.
    pub(super) fn change(&mut self, key: K, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        let mut value = self.take(&key).unwrap_or_default();
        change(&mut value);
        self.put(key, value);
    }

    pub(super) fn take(&mut self, key: &K) -> Option<V> {
        let (age, value) = self.entries.remove(key)?;
        self.by_age.remove(&age);
        Some(value)
    }

    /// Removes the entries between two keys that are `wanted`.
    pub(super) fn remove(&mut self, range: RangeInclusive<K>, wanted: impl Fn(&V) -> bool) {
        let keys: Vec<K> = self.entries.range(range).filter(|(_, (_, value))| wanted(value)).map(|(key, _)| *key).collect();
        for key in keys {
            self.take(&key);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_announced_longest_ago_goes() {
        let mut map = Bounded::new(2);
        map.put(1, 'a');
        map.put(2, 'b');
        map.put(1, 'c');
        map.put(3, 'd');
        assert_eq!((map.get(&1), map.get(&2), map.get(&3), map.evicted()), (Some(&'c'), None, Some(&'d'), 1));
        map.remove(1..=2, |_| true);
        assert_eq!((map.get(&1), map.get(&3)), (None, Some(&'d')));
        map.put(4, 'e');
        assert_eq!((map.get(&3), map.get(&4), map.evicted()), (Some(&'d'), Some(&'e'), 1));
        assert_eq!(map.entries.len(), map.by_age.len());
    }
}
