//! The city table: sorted ranges, each with a cell of 0.1 degree and its state.
//!
//! Three million ranges are asked a few hundred times in a run, so they stay packed: every 128th range is marked, and
//! a look-up unpacks at most 128. That takes the size of the file instead of four times that.

use std::ops::Range;

use super::columns::{Columns, TableError, varint};
use crate::model::net::StateCode;

/// Ranges between two marks.
const STEP: usize = 128;

/// A cell of the world, 0.1 degree wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    /// The state that the source names.
    pub(super) state: StateCode,
    /// Degrees north, one decimal.
    pub(super) lat: f32,
    /// Degrees east, one decimal.
    pub(super) lon: f32,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    start: u64,
    /// Behind the delta of the marked range.
    next: u32,
    /// In front of its cell number.
    cell: u32,
}

/// A decoded `.jtcy`.
#[derive(Debug, Default)]
pub(super) struct CityTable {
    data: Vec<u8>,
    starts: Range<usize>,
    numbers: Range<usize>,
    cells: Range<usize>,
    marks: Vec<Mark>,
}

impl CityTable {
    /// Decodes an unpacked file of `family` 4 or 6.
    pub(super) fn decode(data: Vec<u8>, family: u8) -> Result<Self, TableError> {
        let mut columns = Columns::open(&data, b"JTCY1", family)?;
        let n = columns.number()?;
        let cell_count = columns.number()?;
        let starts = columns.column(n)?;
        let numbers = columns.column(n)?;
        let cells = columns.column(cell_count.saturating_mul(6))?;
        let (deltas, ids) = (data.get(starts.clone()).unwrap_or_default(), data.get(numbers.clone()).unwrap_or_default());
        let (mut next, mut cell, mut start) = (0, 0, 0u64);
        let mut marks = Vec::with_capacity(n / STEP + 1);
        for i in 0..n {
            let delta = varint(deltas, &mut next).ok_or(TableError::Short(1))?;
            start = start.checked_add(delta).filter(|_| i == 0 || delta > 0).ok_or(TableError::Order)?;
            if i % STEP == 0 {
                let (Ok(next), Ok(cell)) = (u32::try_from(next), u32::try_from(cell)) else { return Err(TableError::Short(2)) };
                marks.push(Mark { start, next, cell });
            }
            // A cell number ends with its first byte below 0x80; its value is not wanted here.
            let rest = ids.get(cell..).unwrap_or_default();
            cell += rest.iter().position(|&b| b < 0x80).ok_or(TableError::Short(2))? + 1;
        }
        Ok(Self { data, starts, numbers, cells, marks })
    }

    /// Cell of the range that holds `key` (IPv4 address, or upper 64 bits of IPv6).
    pub(super) fn cell(&self, key: u64) -> Option<Cell> {
        let mark = self.marks.get(self.marks.partition_point(|m| m.start <= key).checked_sub(1)?)?;
        let deltas = self.data.get(self.starts.clone())?;
        let ids = self.data.get(self.numbers.clone())?;
        let (mut next, mut at) = (mark.next as usize, mark.cell as usize);
        let mut start = mark.start;
        let mut id = varint(ids, &mut at)?;
        for _ in 1..STEP {
            let Some(delta) = varint(deltas, &mut next) else { break };
            start = start.saturating_add(delta);
            if start > key {
                break;
            }
            id = varint(ids, &mut at)?;
        }
        let from = usize::try_from(id).ok()?.checked_mul(6)?;
        let raw = self.data.get(self.cells.clone())?.get(from..from.checked_add(6)?)?;
        let &[a, b, lat1, lat0, lon1, lon0] = raw else { return None };
        Some(Cell {
            state: StateCode::new(std::str::from_utf8(&[a, b]).ok()?)?,
            lat: f32::from(i16::from_be_bytes([lat1, lat0])) / 10.0,
            lon: f32::from(i16::from_be_bytes([lon1, lon0])) / 10.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{put_column, put_varint};
    use super::*;
    use proptest::prelude::*;

    fn file(rows: &[(u64, u64)]) -> Vec<u8> {
        let mut out = b"JTCY1\x04".to_vec();
        out.extend((rows.len() as u32).to_le_bytes());
        out.extend(2u32.to_le_bytes());
        let (mut starts, mut ids, mut last) = (Vec::new(), Vec::new(), 0);
        for &(s, id) in rows {
            put_varint(&mut starts, s - last);
            put_varint(&mut ids, id);
            last = s;
        }
        put_column(&mut out, &starts);
        put_column(&mut out, &ids);
        put_column(&mut out, b"DE\x01\xf5\x00\x57FR\xff\xff\x00\x18");
        out
    }

    #[test]
    fn cells_are_big_endian_tenths_of_degrees() {
        let table = CityTable::decode(file(&[(10, 0), (20, 1)]), 4).unwrap();
        let (de, fr) = (table.cell(19).unwrap(), table.cell(20).unwrap());
        assert_eq!((de.state.as_str(), de.lat, de.lon), ("DE", 50.1, 8.7));
        assert_eq!((fr.state.as_str(), fr.lat, fr.lon), ("FR", -0.1, 2.4));
        assert_eq!(table.cell(9), None);
    }

    proptest! {
        #[test]
        fn marks_change_no_answer(mut starts in prop::collection::vec(0u64..100_000, 1..600), keys in prop::collection::vec(0u64..100_000, 50)) {
            starts.sort_unstable();
            starts.dedup();
            let rows: Vec<(u64, u64)> = starts.iter().enumerate().map(|(i, &s)| (s, (i / 3 % 2) as u64)).collect();
            let table = CityTable::decode(file(&rows), 4).unwrap();
            for key in keys {
                let naive = rows.iter().rev().find(|r| r.0 <= key).map(|r| if r.1 == 0 { "DE" } else { "FR" });
                let cell = table.cell(key);
                prop_assert_eq!(cell.as_ref().map(|c| c.state.as_str()), naive);
            }
        }

        #[test]
        fn damaged_files_never_panic(cut in 0usize..120, flip in 0usize..120, to: u8) {
            let mut bytes = file(&[(0, 0), (7, 1), (900, 1)]);
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok(t) = CityTable::decode(bytes, 4) { let _ = t.cell(8); }
        }
    }
}
