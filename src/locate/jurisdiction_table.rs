//! The fused state table: sorted ranges, each with where it is, where it is registered, and who announces it.
//!
//! Where an address is gets asked for every source in a capture, so the starts and the states are unpacked at first use:
//! one byte a row, and the starts beside a small index that leaves a handful of rows to search. IPv4: 2.9 MB of starts,
//! 0.3 MB of index. IPv6: 5.0 MB of starts (upper 64 bits), and a second index of 12 further bits in the few /16 blocks
//! that are dense. All else is asked for the hops of a path only, and stays in pages.

use std::borrow::Cow;
use std::ops::Range;

use super::columns::{Columns, Deltas, TableError};
use super::pages::Pages;
use crate::model::cache::prefetch;
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

/// Bytes of a row in its page: registration, class, second state, and four of the announcing system.
const WIDTH: usize = 7;

/// A table of states.
#[derive(Debug)]
pub(super) struct JurisdictionTable {
    starts: Starts,
    location: Vec<u8>,
    codes: Vec<Option<StateCode>>,
    /// The rest of the rows, column by column, by number of the row.
    rest: Pages<Vec<u8>>,
}

impl JurisdictionTable {
    /// Decodes a file of `family` 4 or 6. `known` filters the state codes: the registries' `EU`, `ZZ` and codes out of
    /// use are no states.
    pub(super) fn decode(bytes: Cow<'static, [u8]>, family: u8, known: impl Fn(StateCode) -> bool) -> Result<Self, TableError> {
        let (rest, mut head) = Pages::read(bytes, b"JTBL2", family)?;
        let n = rest.rows();
        let mut columns = Columns::bare(&head);
        let location = columns.column(n)?;
        let [codes, list, numbers, rare] = [columns.column(0)?, columns.column(0)?, columns.column(n)?, columns.column(0)?];
        let slice = |range: Range<usize>| head.get(range).unwrap_or_default();
        let codes = slice(codes)
            .chunks_exact(2)
            .map(|c| std::str::from_utf8(c).ok().and_then(StateCode::new).filter(|&s| known(s)))
            .collect();
        let starts = Starts::decode(&Deltas::read(slice(list)), slice(numbers), slice(rare), family)?;
        head.truncate(location.end);
        head.drain(..location.start);
        head.shrink_to_fit();
        Ok(Self { starts, location: head, codes, rest })
    }

    /// A table without rows.
    pub(super) fn empty() -> Self {
        Self {
            starts: Starts::V4 { starts: Vec::new(), first: vec![0; 65_537] },
            location: Vec::new(),
            codes: Vec::new(),
            rest: Pages::empty(),
        }
    }

    /// Number of rows.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.location.len()
    }

    #[inline]
    fn code(&self, number: u8) -> Option<StateCode> {
        self.codes.get(usize::from(number)).copied().flatten()
    }

    /// Location only: the fast path. `key` is the IPv4 address, or the upper 64 bits of the IPv6 address.
    #[inline]
    pub(super) fn state(&self, key: u64) -> Option<StateCode> {
        self.code(*self.location.get(self.starts.find(key)?)?)
    }

    /// Asks the processor to fetch what [`Self::state`] will need for `key`.
    #[inline]
    pub(super) fn prefetch(&self, key: u64) {
        if let Some(row) = self.starts.guess(key) {
            self.starts.prefetch(row);
            prefetch(self.location.as_ptr().wrapping_add(row));
        }
    }

    /// The whole row.
    pub(super) fn row(&self, key: u64) -> Option<Row> {
        let row = self.starts.find(key)?;
        let (first, page) = self.rest.get(row as u64, |_, bytes| Some(bytes))?;
        let rows = page.len() / WIDTH;
        let at = row.checked_sub(usize::try_from(first).ok()?).filter(|&at| at < rows)?;
        let column = |i: usize| page.get(i * rows + at).copied();
        let asn = u32::from_le_bytes([column(3)?, column(4)?, column(5)?, column(6)?]);
        Some(Row {
            location: self.code(*self.location.get(row)?),
            registration: self.code(column(0)?),
            confidence: column(1)?,
            second: self.code(column(2)?),
            asn: Some(asn).filter(|&n| n != 0).map(Asn),
        })
    }
}

impl Starts {
    fn decode(deltas: &Deltas, numbers: &[u8], rare: &[u8], family: u8) -> Result<Self, TableError> {
        if family == 4 {
            let starts = deltas.starts(0, numbers, rare)?;
            let first = index(&starts, 65_536, |s: u32| s >> 16);
            return Ok(Self::V4 { starts, first });
        }
        let starts: Vec<u64> = deltas.starts(0, numbers, rare)?;
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

    /// Rows among which the segment that holds `key` ends: a handful.
    #[inline]
    fn rows(&self, key: u64) -> Option<Range<usize>> {
        let (index, slot) = match self {
            Self::V4 { first, .. } => (first, usize::try_from(key >> 16).ok()?),
            Self::V6 { first, sub, subs, .. } => {
                let block = (key >> 48) as usize;
                match *sub.get(block)? {
                    u32::MAX => (first, block),
                    dense => {
                        debug_assert!((dense as usize).is_multiple_of(SUB));
                        (subs, dense as usize + ((key >> 36) as usize & 0xfff))
                    }
                }
            }
        };
        Some(*index.get(slot)? as usize..*index.get(slot + 1)? as usize)
    }

    /// A row near the one that holds `key`.
    #[inline]
    fn guess(&self, key: u64) -> Option<usize> {
        self.rows(key).map(|rows| rows.start.midpoint(rows.end))
    }

    #[inline]
    fn prefetch(&self, row: usize) {
        match self {
            Self::V4 { starts, .. } => prefetch(starts.as_ptr().wrapping_add(row)),
            Self::V6 { starts, .. } => prefetch(starts.as_ptr().wrapping_add(row)),
        }
    }

    /// Row whose segment holds `key`.
    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        let rows = self.rows(key)?;
        let lo = rows.start;
        let among = match self {
            Self::V4 { starts, .. } => {
                let key = u32::try_from(key).ok()?;
                starts.get(rows)?.partition_point(|&s| s <= key)
            }
            Self::V6 { starts, .. } => starts.get(rows)?.partition_point(|&s| s <= key),
        };
        (lo + among).checked_sub(1)
    }
}

/// `out[b]` is the first row whose bucket is at least `b`, for `b` in `0..=buckets`. The rows are sorted.
fn index<K: Copy>(starts: &[K], buckets: usize, bucket: impl Fn(K) -> u32) -> Vec<u32> {
    let mut out = vec![0; buckets + 1];
    for (row, &start) in (1..).zip(starts) {
        if let Some(behind) = out.get_mut(bucket(start) as usize + 1) {
            *behind = row;
        }
    }
    let mut rows = 0;
    for first in &mut out {
        rows = rows.max(*first);
        *first = rows;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{put_column, put_varint};
    use super::super::pages::tests::file as paged;
    use super::*;
    use proptest::prelude::*;

    /// Builds a file out of `(start, location code index)`, with pages of three rows; distance 2 is in the list. The
    /// announcing system is the number of the row.
    fn file(family: u8, rows: &[(u64, u8)]) -> Vec<u8> {
        let (mut numbers, mut rare, mut last) = (Vec::new(), Vec::new(), 0);
        for &(start, _) in rows {
            numbers.push(if start - last == 2 { 0 } else { 255 });
            if start - last != 2 {
                put_varint(&mut rare, start - last);
            }
            last = start;
        }
        let location: Vec<u8> = rows.iter().map(|r| r.1).collect();
        let mut head = Vec::new();
        for column in [location.as_slice(), b"--DEFRNL", &[2], &numbers, &rare] {
            put_column(&mut head, column);
        }
        let numbered: Vec<(u32, u8)> = (0..).zip(location).collect();
        let page = |rows: &[(u32, u8)]| {
            let location = rows.iter().map(|r| r.1);
            let mut page: Vec<u8> = location.clone().chain(rows.iter().map(|_| 5)).chain(location).collect();
            page.extend((0..4).flat_map(|i| rows.iter().map(move |r| r.0.to_le_bytes()[i])));
            (u64::from(rows[0].0), page)
        };
        paged(b"JTBL2", family, rows.len(), &head, &numbered.chunks(3).map(page).collect::<Vec<_>>())
    }

    fn check(family: u8, mut starts: Vec<u64>, keys: &[u64]) {
        starts.sort_unstable();
        starts.dedup();
        let rows: Vec<(u64, u8)> = starts.iter().enumerate().map(|(i, &s)| (s, (i % 4) as u8)).collect();
        let table = JurisdictionTable::decode(file(family, &rows).into(), family, |_| true).unwrap();
        for &key in keys.iter().chain(&starts) {
            let naive = rows.iter().rposition(|r| r.0 <= key);
            let codes = [None, StateCode::new("DE"), StateCode::new("FR"), StateCode::new("NL")];
            let state = naive.and_then(|i| codes[i % 4]);
            assert_eq!(table.state(key), state, "{key:#x}");
            let row = naive.map(|i| Row {
                location: state,
                registration: state,
                confidence: 5,
                second: state,
                asn: Some(Asn(i as u32)).filter(|n| n.0 > 0),
            });
            assert_eq!(table.row(key), row, "{key:#x}");
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
        fn damaged_files_are_refused_and_never_panic(cut in 0usize..300, flip in 0usize..300, to: u8) {
            let mut bytes = file(4, &[(0, 0), (1 << 24, 1), (1 << 30, 2)]);
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok(t) = JurisdictionTable::decode(bytes.into(), 4, |_| true) { let _ = (t.row(1 << 25), t.state(1)); }
        }
    }

    #[test]
    fn a_file_of_another_kind_or_without_all_rows_is_refused() {
        let decode = |bytes: Vec<u8>, family| JurisdictionTable::decode(bytes.into(), family, |_| true).map(|_| ());
        assert_eq!(decode(file(4, &[]), 4), Ok(()));
        assert_eq!(decode(file(4, &[]), 6), Err(TableError::Magic));
        let mut bytes = file(4, &[(5, 0), (6, 1)]);
        bytes[6] = 3;
        assert_eq!(decode(bytes, 4), Err(TableError::Short(1)), "two rows that claim to be three");
        let mut head = Vec::new();
        for column in [[0, 0].as_slice(), b"--", &[], &[255, 255], &[5, 0]] {
            put_column(&mut head, column);
        }
        assert_eq!(decode(paged(b"JTBL2", 4, 2, &head, &[]), 4), Err(TableError::Order), "a row that starts where the last did");
    }

    #[test]
    fn codes_that_are_no_states_are_unknown() {
        let table = JurisdictionTable::decode(file(4, &[(0, 1)]).into(), 4, |s| s.as_str() != "DE").unwrap();
        assert_eq!(table.state(1), None);
    }
}
