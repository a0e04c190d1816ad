//! The city table: sorted ranges, each with a cell of 0.1 degree and its state.
//!
//! Seven million ranges are asked a few hundred times in a run, so they stay packed but for the pages that are asked
//! for. A page takes 12 KB once it is open.

use std::borrow::Cow;

use super::columns::{Columns, Deltas, TableError, varint};
use super::pages::Pages;
use crate::model::net::StateCode;

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

/// Ranges of one page.
#[derive(Debug)]
struct Page {
    starts: Vec<u64>,
    /// Number of the cell, for each range.
    cells: Vec<u32>,
}

/// A city table.
#[derive(Debug)]
pub(super) struct CityTable {
    pages: Pages<Page>,
    deltas: Deltas,
    /// Six bytes each.
    cells: Vec<u8>,
}

impl CityTable {
    /// Reads the index and the cells of a file of `family` 4 or 6.
    pub(super) fn decode(bytes: Cow<'static, [u8]>, family: u8) -> Result<Self, TableError> {
        let (pages, mut head) = Pages::read(bytes, b"JTCY2", family)?;
        let mut columns = Columns::bare(&head);
        let (cells, list) = (columns.column(0)?, columns.column(0)?);
        let deltas = Deltas::read(head.get(list).unwrap_or_default());
        head.truncate(cells.end);
        head.drain(..cells.start);
        Ok(Self { pages, deltas, cells: head })
    }

    /// A table without ranges.
    pub(super) fn empty() -> Self {
        Self { pages: Pages::empty(), deltas: Deltas::read(&[]), cells: Vec::new() }
    }

    /// Cell of the range that holds `key` (IPv4 address, or upper 64 bits of IPv6).
    pub(super) fn cell(&self, key: u64) -> Option<Cell> {
        let (_, page) = self.pages.get(key, |first, bytes| page(first, &bytes, &self.deltas))?;
        let row = page.starts.partition_point(|&s| s <= key).checked_sub(1)?;
        let from = usize::try_from(*page.cells.get(row)?).ok()?.checked_mul(6)?;
        let &[a, b, lat1, lat0, lon1, lon0] = self.cells.get(from..from.checked_add(6)?)? else { return None };
        Some(Cell {
            state: StateCode::new(std::str::from_utf8(&[a, b]).ok()?)?,
            lat: f32::from(i16::from_be_bytes([lat1, lat0])) / 10.0,
            lon: f32::from(i16::from_be_bytes([lon1, lon0])) / 10.0,
        })
    }

    /// Number of ranges, and whether every page can be read.
    #[cfg(test)]
    pub(super) fn check(&self) -> (usize, bool) {
        let read = |first| self.pages.get(first, |first, bytes| page(first, &bytes, &self.deltas)).map(|p| p.1.starts.len());
        let rows: Option<Vec<usize>> = self.pages.firsts().map(read).collect();
        (self.pages.rows(), rows.is_some_and(|rows| rows.iter().sum::<usize>() == self.pages.rows()))
    }
}

fn page(first: u64, bytes: &[u8], deltas: &Deltas) -> Option<Page> {
    let (&[rows0, rows1, cells0, cells1], rest) = bytes.split_first_chunk()?;
    let (rows, cells) = (usize::from(u16::from_le_bytes([rows0, rows1])), u16::from_le_bytes([cells0, cells1]));
    let (numbers, rest) = rest.split_at_checked(rows)?;
    let (low, rest) = rest.split_at_checked(rows)?;
    let (high, rest) = rest.split_at_checked(rows)?;
    let (mut at, mut cell) = (0, 0u32);
    let mut own = Vec::with_capacity(usize::from(cells));
    for _ in 0..cells {
        cell = cell.checked_add(u32::try_from(varint(rest, &mut at)?).ok()?)?;
        own.push(cell);
    }
    let starts = deltas.starts(first, numbers, rest.get(at..)?).ok()?;
    let cells = low.iter().zip(high).map(|(&low, &high)| own.get(usize::from(u16::from_le_bytes([low, high]))).copied());
    Some(Page { starts, cells: cells.collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{put_column, put_varint};
    use super::super::pages::tests::file as paged;
    use super::*;
    use proptest::prelude::*;

    /// Pages of `size` ranges; distance 1 is the only one in the list.
    fn file(rows: &[(u64, u16)], size: usize) -> Vec<u8> {
        let mut head = Vec::new();
        put_column(&mut head, b"DE\x01\xf5\x00\x57FR\xff\xff\x00\x18");
        put_column(&mut head, &[1]);
        let page = |rows: &[(u64, u16)]| {
            let (mut numbers, mut rare, mut last) = (Vec::new(), Vec::new(), rows[0].0);
            for &(start, _) in rows {
                numbers.push(if start - last == 1 { 0 } else { 255 });
                if start - last != 1 {
                    put_varint(&mut rare, start - last);
                }
                last = start;
            }
            let mut page = (rows.len() as u16).to_le_bytes().to_vec();
            page.extend([2, 0]);
            page.extend(numbers);
            page.extend(rows.iter().map(|r| r.1 as u8));
            page.extend(rows.iter().map(|_| 0));
            page.extend([0, 1]);
            page.extend(rare);
            (rows[0].0, page)
        };
        paged(b"JTCY2", 4, rows.len(), &head, &rows.chunks(size).map(page).collect::<Vec<_>>())
    }

    #[test]
    fn cells_are_big_endian_tenths_of_degrees() {
        let table = CityTable::decode(file(&[(10, 0), (20, 1)], 8).into(), 4).unwrap();
        let (de, fr) = (table.cell(19).unwrap(), table.cell(20).unwrap());
        assert_eq!((de.state.as_str(), de.lat, de.lon), ("DE", 50.1, 8.7));
        assert_eq!((fr.state.as_str(), fr.lat, fr.lon), ("FR", -0.1, 2.4));
        assert_eq!(table.cell(9), None);
        assert_eq!(table.check(), (2, true));
    }

    proptest! {
        #[test]
        fn pages_change_no_answer(
            mut starts in prop::collection::vec(0u64..2_000, 1..600),
            keys in prop::collection::vec(0u64..2_000, 50),
            size in 1usize..200,
        ) {
            starts.sort_unstable();
            starts.dedup();
            let rows: Vec<(u64, u16)> = starts.iter().enumerate().map(|(i, &s)| (s, (i / 3 % 2) as u16)).collect();
            let table = CityTable::decode(file(&rows, size).into(), 4).unwrap();
            for key in keys {
                let naive = rows.iter().rev().find(|r| r.0 <= key).map(|r| if r.1 == 0 { "DE" } else { "FR" });
                let cell = table.cell(key);
                prop_assert_eq!(cell.as_ref().map(|c| c.state.as_str()), naive);
            }
        }

        #[test]
        fn damaged_files_never_panic(cut in 0usize..200, flip in 0usize..200, to: u8) {
            let mut bytes = file(&[(0, 0), (7, 1), (900, 1)], 2);
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok(t) = CityTable::decode(bytes.into(), 4) { let _ = (t.cell(8), t.cell(1000)); }
        }

        #[test]
        fn damaged_pages_never_panic(bytes in prop::collection::vec(0u8..8, 0..60)) {
            let _ = page(0, &bytes, &Deltas::read(&[1, 2]));
        }
    }
}
