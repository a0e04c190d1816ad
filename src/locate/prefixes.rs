//! Nested prefixes, flattened: the most specific one that holds an address, by one binary search.

use std::net::IpAddr;

use ipnet::IpNet;

/// Sorted, disjoint ranges with a value each; made once from prefixes that may nest.
#[derive(Clone, Debug)]
pub(super) struct Prefixes<T> {
    values: Vec<T>,
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u32)>,
}

/// No value from here on.
const NONE: u32 = u32::MAX;

impl<T> Prefixes<T> {
    /// Of two entries for the same prefix the later one counts.
    pub(super) fn new(entries: impl IntoIterator<Item = (IpNet, T)>) -> Self {
        let (mut values, mut v4, mut v6) = (Vec::new(), Vec::new(), Vec::new());
        for (net, value) in entries {
            let id = values.len() as u32;
            values.push(value);
            match net {
                IpNet::V4(n) => v4.push((u128::from(u32::from(n.network())), u128::from(u32::from(n.broadcast())), id)),
                IpNet::V6(n) => v6.push((u128::from(n.network()), u128::from(n.broadcast()), id)),
            }
        }
        let narrow = |(start, id): (u128, u32)| Some((u32::try_from(start).ok()?, id));
        Self { values, v4: flatten(v4).into_iter().filter_map(narrow).collect(), v6: flatten(v6) }
    }

    /// Value of the most specific prefix that holds `addr`. IPv4-mapped addresses are IPv6 here.
    pub(super) fn get(&self, addr: IpAddr) -> Option<&T> {
        let id = match addr {
            IpAddr::V4(a) => find(&self.v4, u32::from(a))?,
            IpAddr::V6(a) => find(&self.v6, u128::from(a))?,
        };
        self.values.get(id as usize)
    }

    /// Marks every block of 16 upper bits in which some prefix lies; for both families one bit a block.
    pub(super) fn blocks(&self) -> (Blocks, Blocks) {
        let (mut four, mut six) = (Blocks::default(), Blocks::default());
        for (i, &(start, id)) in self.v4.iter().enumerate() {
            if id != NONE {
                let end = self.v4.get(i + 1).map_or(u32::MAX, |next| next.0 - 1);
                four.mark((start >> 16) as u16, (end >> 16) as u16);
            }
        }
        for (i, &(start, id)) in self.v6.iter().enumerate() {
            if id != NONE {
                let end = self.v6.get(i + 1).map_or(u128::MAX, |next| next.0 - 1);
                six.mark((start >> 112) as u16, (end >> 112) as u16);
            }
        }
        (four, six)
    }
}

fn find<K: Copy + Ord>(ranges: &[(K, u32)], key: K) -> Option<u32> {
    let at = ranges.partition_point(|r| r.0 <= key).checked_sub(1)?;
    ranges.get(at).map(|r| r.1).filter(|&id| id != NONE)
}

/// Sweeps over `(first, last, id)`; wider prefixes come first at the same start, so the stack holds what is open.
fn flatten(mut nets: Vec<(u128, u128, u32)>) -> Vec<(u128, u32)> {
    nets.sort_unstable_by_key(|&(first, last, id)| (first, std::cmp::Reverse(last), id));
    let mut out: Vec<(u128, u32)> = Vec::with_capacity(nets.len() * 2);
    let mut open: Vec<(u128, u32)> = Vec::new();
    let mut put = |start: u128, id: u32| match out.last_mut() {
        Some(last) if last.0 == start => last.1 = id,
        Some(last) if last.1 == id => {}
        _ => out.push((start, id)),
    };
    for &(first, last, id) in &nets {
        while let Some(&(end, _)) = open.last().filter(|o| o.0 < first) {
            open.pop();
            put(end + 1, open.last().map_or(NONE, |o| o.1));
        }
        put(first, id);
        open.push((last, id));
    }
    while let Some((end, _)) = open.pop() {
        if let Some(after) = end.checked_add(1) {
            put(after, open.last().map_or(NONE, |o| o.1));
        }
    }
    out
}

/// One bit for each block of 16 upper address bits.
#[derive(Clone, Debug)]
pub(super) struct Blocks(Box<[u64]>);

impl Default for Blocks {
    fn default() -> Self {
        Self(vec![0; 1024].into_boxed_slice())
    }
}

impl Blocks {
    fn mark(&mut self, first: u16, last: u16) {
        for block in first..=last {
            if let Some(word) = self.0.get_mut(usize::from(block >> 6)) {
                *word |= 1 << (block & 63);
            }
        }
    }

    /// Is anything marked in this block?
    #[inline]
    pub(super) fn has(&self, block: u16) -> bool {
        self.0.get(usize::from(block >> 6)).is_some_and(|word| word >> (block & 63) & 1 == 1)
    }
}

/// Reads a prefix or a bare address, as lists of prefixes mix them; host bits are dropped.
pub(super) fn parse(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|n| n.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_halves_of_one_24_are_two_answers() {
        // 128.177.163.0/26 is in Chicago, .64/26 in Dallas: a table by /24 cannot say so.
        let table = Prefixes::new([
            (parse("128.177.163.0/24").unwrap(), "somewhere"),
            (parse("128.177.163.0/26").unwrap(), "Chicago"),
            (parse("128.177.163.64/26").unwrap(), "Dallas"),
        ]);
        let at = |a: &str| table.get(a.parse().unwrap()).copied();
        assert_eq!(at("128.177.163.63"), Some("Chicago"));
        assert_eq!(at("128.177.163.64"), Some("Dallas"));
        assert_eq!(at("128.177.163.128"), Some("somewhere"));
        assert_eq!(at("128.177.164.0"), None);
    }

    proptest! {
        #[test]
        fn the_longest_prefix_wins(nets in prop::collection::vec((any::<u32>(), 0u8..=32), 1..40), keys in prop::collection::vec(any::<u32>(), 30)) {
            let nets: Vec<IpNet> = nets.iter().map(|&(a, l)| IpNet::new(std::net::Ipv4Addr::from(a & 0x0707_0707).into(), l).unwrap().trunc()).collect();
            let table = Prefixes::new(nets.iter().copied().enumerate().map(|(i, n)| (n, i)));
            let (blocks, _) = table.blocks();
            for key in keys.into_iter().map(|k| k & 0x0f0f_0f0f).chain([0, u32::MAX]) {
                let addr = IpAddr::from(std::net::Ipv4Addr::from(key));
                let best = nets.iter().enumerate().filter(|(_, n)| n.contains(&addr)).max_by_key(|(i, n)| (n.prefix_len(), *i)).map(|(i, _)| i);
                prop_assert_eq!(table.get(addr).copied(), best);
                prop_assert!(best.is_none() || blocks.has((key >> 16) as u16));
            }
        }
    }
}
