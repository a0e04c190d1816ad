//! The fused state table: sorted ranges, each with where it is, where it is registered, and who announces it.
//!
//! Layout in memory: the columns stay as they are in the file, one byte a row; only the starts are unpacked, beside a
//! small index that leaves a handful of rows to search. IPv4: 2.9 MB of starts, 0.3 MB of index. IPv6: 5.0 MB of
//! starts (upper 64 bits), and a second index of 12 further bits in the few /16 blocks that are dense.

use std::ops::Range;

use super::columns::{Columns, TableError, varint};
use crate::model::net::{Asn, StateCode};

/// What the table says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// State in which the address is used; `None` where no source says.
    pub location: Option<StateCode>,
    /// State under which a regional Internet registry lists it.
    pub registration: Option<StateCode>,
    /// Class of agreement, 0 to 6, as in `data/geo/FORMAT.md`.
    pub confidence: u8,
    /// What the source that was not followed says (classes below 5).
    pub second: Option<StateCode>,
    /// Announces it.
    pub asn: Option<Asn>,
}

/// Segment starts with an index over their upper bits.
#[derive(Debug)]
enum Starts {
    V4 { starts: Vec<u32>, first: Vec<u32> },
    V6 { starts: Vec<u64>, first: Vec<u32>, sub: Vec<u32>, subs: Vec<u32> },
}

/// A /16 with more rows than this gets a second index.
const DENSE: u32 = 64;
/// Entries of one second index: 12 further bits, and the end.
const SUB: usize = 4097;

/// A decoded `.jtbl`.
#[derive(Debug)]
pub(super) struct JurisdictionTable {
    data: Vec<u8>,
    starts: Starts,
    location: Range<usize>,
    registration: Range<usize>,
    confidence: Range<usize>,
    second: Range<usize>,
    asn: Vec<u32>,
    codes: Vec<Option<StateCode>>,
}

impl JurisdictionTable {
    /// Decodes an unpacked file of `family` 4 or 6. `known` filters the state codes: the registries' `EU`, `ZZ` and
    /// codes out of use are no states.
    pub(super) fn decode(mut data: Vec<u8>, family: u8, known: impl Fn(StateCode) -> bool) -> Result<Self, TableError> {
        let mut columns = Columns::open(&data, b"JTBL1", family)?;
        let n = columns.number()?;
        let start = columns.column(n)?;
        let location = columns.column(n)?;
        let registration = columns.column(n)?;
        let confidence = columns.column(n)?;
        let second = columns.column(n)?;
        let asn_index = columns.column(n)?;
        let code_list = columns.column(0)?;
        let asn_list = columns.column(0)?;

        let codes: Vec<Option<StateCode>> = data
            .get(code_list)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|c| std::str::from_utf8(c).ok().and_then(StateCode::new).filter(|&s| known(s)))
            .collect();
        let announcers = numbers(data.get(asn_list).unwrap_or_default());
        let asn = asn_column(data.get(asn_index).unwrap_or_default(), n, &announcers)?;
        let starts = Starts::decode(data.get(start).unwrap_or_default(), n, family)?;

        // Space that nobody registered and nobody announces, named by a single source: old allocations such as 6bone's
        // 3ffe::/16 (RFC 3701). Such rows were right for 10 of 38 exchange LANs (truth set) and are no evidence.
        for (i, &announcer) in asn.iter().enumerate() {
            let at = |column: &Range<usize>| data.get(column.start + i).copied().unwrap_or_default();
            let registered = codes.get(usize::from(at(&registration))).is_some_and(Option::is_some);
            if announcer == 0 && at(&confidence) <= 1 && !registered {
                for column in [&location, &second] {
                    if let Some(cell) = data.get_mut(column.start + i) {
                        *cell = 0;
                    }
                }
            }
        }
        Ok(Self { data, starts, location, registration, confidence, second, asn, codes })
    }

    /// A table without rows.
    pub(super) fn empty() -> Self {
        Self {
            data: Vec::new(),
            starts: Starts::V4 { starts: Vec::new(), first: vec![0; 65_537] },
            location: 0..0,
            registration: 0..0,
            confidence: 0..0,
            second: 0..0,
            asn: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// Number of rows.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.asn.len()
    }

    #[inline]
    fn code(&self, column: &Range<usize>, row: usize) -> Option<StateCode> {
        self.codes.get(usize::from(*self.data.get(column.start + row)?)).copied().flatten()
    }

    /// Location only: the fast path. `key` is the IPv4 address, or the upper 64 bits of the IPv6 address.
    #[inline]
    pub(super) fn state(&self, key: u64) -> Option<StateCode> {
        self.code(&self.location, self.starts.find(key)?)
    }

    /// The whole row.
    pub(super) fn row(&self, key: u64) -> Option<Row> {
        let row = self.starts.find(key)?;
        Some(Row {
            location: self.code(&self.location, row),
            registration: self.code(&self.registration, row),
            confidence: self.data.get(self.confidence.start + row).copied().unwrap_or_default(),
            second: self.code(&self.second, row),
            asn: self.asn.get(row).copied().filter(|&n| n != 0).map(Asn),
        })
    }
}

/// All varints of a column.
fn numbers(bytes: &[u8]) -> Vec<u32> {
    let mut at = 0;
    std::iter::from_fn(|| varint(bytes, &mut at)).map(|n| u32::try_from(n).unwrap_or(0)).collect()
}

fn asn_column(bytes: &[u8], n: usize, announcers: &[u32]) -> Result<Vec<u32>, TableError> {
    let mut at = 0;
    let mut out = Vec::with_capacity(n);
    for _ in 0..n {
        let index = varint(bytes, &mut at).ok_or(TableError::Short(6))?;
        out.push(usize::try_from(index).ok().and_then(|i| announcers.get(i)).copied().unwrap_or(0));
    }
    Ok(out)
}

impl Starts {
    fn decode(bytes: &[u8], n: usize, family: u8) -> Result<Self, TableError> {
        let mut at = 0;
        let mut sum = 0u64;
        // `n` was checked against the length of a one-byte column, so this is no allocation by claim.
        if family == 4 {
            let mut starts = Vec::with_capacity(n);
            for i in 0..n {
                let delta = varint(bytes, &mut at).ok_or(TableError::Short(1))?;
                sum = sum.checked_add(delta).filter(|_| i == 0 || delta > 0).ok_or(TableError::Order)?;
                starts.push(u32::try_from(sum).map_err(|_| TableError::Order)?);
            }
            let first = index(&starts, 65_536, |s| s >> 16);
            return Ok(Self::V4 { starts, first });
        }
        let mut starts = Vec::with_capacity(n);
        for i in 0..n {
            let delta = varint(bytes, &mut at).ok_or(TableError::Short(1))?;
            sum = sum.checked_add(delta).filter(|_| i == 0 || delta > 0).ok_or(TableError::Order)?;
            starts.push(sum);
        }
        let first = index(&starts, 65_536, |s| (s >> 48) as u32);
        let mut sub = vec![u32::MAX; 65_536];
        let mut subs = Vec::new();
        for (block, bounds) in first.windows(2).enumerate() {
            let (&[lo, hi], Some(slot)) = (bounds, sub.get_mut(block)) else { continue };
            if hi - lo > DENSE {
                *slot = subs.len() as u32;
                let rows = starts.get(lo as usize..hi as usize).unwrap_or_default();
                subs.extend(index(rows, 4096, |s| (s >> 36) as u32 & 0xfff).iter().map(|i| i + lo));
            }
        }
        Ok(Self::V6 { starts, first, sub, subs })
    }

    /// Row whose segment holds `key`.
    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        match self {
            Self::V4 { starts, first } => {
                let key = u32::try_from(key).ok()?;
                let block = (key >> 16) as usize;
                let (lo, hi) = (*first.get(block)? as usize, *first.get(block + 1)? as usize);
                (lo + starts.get(lo..hi)?.partition_point(|&s| s <= key)).checked_sub(1)
            }
            Self::V6 { starts, first, sub, subs } => {
                let block = (key >> 48) as usize;
                let dense = *sub.get(block)?;
                let (lo, hi) = if dense == u32::MAX {
                    (*first.get(block)?, *first.get(block + 1)?)
                } else {
                    let slot = dense as usize + ((key >> 36) as usize & 0xfff);
                    debug_assert!((dense as usize).is_multiple_of(SUB));
                    (*subs.get(slot)?, *subs.get(slot + 1)?)
                };
                let lo = lo as usize;
                (lo + starts.get(lo..hi as usize)?.partition_point(|&s| s <= key)).checked_sub(1)
            }
        }
    }
}

/// `out[b]` is the first row whose bucket is at least `b`, for `b` in `0..=buckets`.
fn index<K: Copy>(starts: &[K], buckets: usize, bucket: impl Fn(K) -> u32) -> Vec<u32> {
    let mut out = Vec::with_capacity(buckets + 1);
    for (row, &start) in starts.iter().enumerate() {
        let b = (bucket(start) as usize).min(buckets);
        while out.len() <= b {
            out.push(row as u32);
        }
    }
    out.resize(buckets + 1, starts.len() as u32);
    out
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{put_column, put_varint};
    use super::*;
    use proptest::prelude::*;

    /// Builds a file out of `(start, location code index)`.
    fn file(family: u8, rows: &[(u64, u8)]) -> Vec<u8> {
        let mut out = b"JTBL1".to_vec();
        out.push(family);
        out.extend((rows.len() as u32).to_le_bytes());
        let mut starts = Vec::new();
        let mut last = 0;
        for &(s, _) in rows {
            put_varint(&mut starts, s - last);
            last = s;
        }
        let loc: Vec<u8> = rows.iter().map(|r| r.1).collect();
        put_column(&mut out, &starts);
        put_column(&mut out, &loc);
        put_column(&mut out, &loc);
        put_column(&mut out, &vec![5; rows.len()]);
        put_column(&mut out, &vec![0; rows.len()]);
        put_column(&mut out, &vec![1; rows.len()]);
        put_column(&mut out, b"--DEFRNL");
        put_column(&mut out, &[0, 7]);
        out
    }

    fn check(family: u8, mut starts: Vec<u64>, keys: &[u64]) {
        starts.sort_unstable();
        starts.dedup();
        let rows: Vec<(u64, u8)> = starts.iter().enumerate().map(|(i, &s)| (s, (i % 4) as u8)).collect();
        let table = JurisdictionTable::decode(file(family, &rows), family, |_| true).unwrap();
        for &key in keys.iter().chain(&starts) {
            let naive = rows.iter().rev().find(|r| r.0 <= key).map(|r| r.1);
            let codes = [None, StateCode::new("DE"), StateCode::new("FR"), StateCode::new("NL")];
            assert_eq!(table.state(key), naive.and_then(|c| codes[usize::from(c)]), "{key:#x}");
            assert_eq!(table.row(key).is_some(), naive.is_some());
        }
    }

    proptest! {
        #[test]
        fn v4_agrees_with_a_linear_scan(starts in prop::collection::vec(0u64..1 << 32, 1..80), keys in prop::collection::vec(0u64..1 << 32, 40)) {
            check(4, starts, &keys);
        }

        #[test]
        fn v6_agrees_with_a_linear_scan(
            spread in prop::collection::vec(any::<u64>(), 0..40),
            dense in prop::collection::vec(0x2a00_0000_0000_0000u64..0x2a00_ffff_ffff_ffff, 60..200),
            keys in prop::collection::vec(0x2a00_0000_0000_0000u64..0x2a01_0000_0000_0000, 60),
        ) {
            check(6, spread.into_iter().chain(dense).collect(), &keys);
        }

        #[test]
        fn damaged_files_are_refused_and_never_panic(cut in 0usize..200, flip in 0usize..200, to: u8) {
            let mut bytes = file(4, &[(0, 0), (1 << 24, 1), (1 << 30, 2)]);
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok(t) = JurisdictionTable::decode(bytes, 4, |_| true) { let _ = t.row(1 << 25); }
        }
    }

    #[test]
    fn a_segment_that_starts_before_its_predecessor_is_refused() {
        let mut bytes = file(4, &[(5, 0), (6, 1)]);
        let delta = bytes.iter().position(|&b| b == 5).unwrap() + 1;
        bytes[delta] = 0;
        assert_eq!(JurisdictionTable::decode(bytes, 4, |_| true).unwrap_err(), TableError::Order);
        assert_eq!(JurisdictionTable::decode(file(4, &[]), 6, |_| true).unwrap_err(), TableError::Magic);
    }

    #[test]
    fn codes_that_are_no_states_are_unknown() {
        let table = JurisdictionTable::decode(file(4, &[(0, 1)]), 4, |s| s.as_str() != "DE").unwrap();
        assert_eq!(table.state(1), None);
    }
}
