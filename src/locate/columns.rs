//! The column layout shared by the compiled tables (`data/geo/FORMAT.md`): little-endian, each column a u32 length
//! and its bytes, numbers as LEB128 varints.

use std::ops::Range;

/// Why a compiled table cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum TableError {
    /// The first bytes are not those of this format, or the address family is not the one asked for.
    #[error("not a table of this kind")]
    Magic,
    /// A column ends before its last row.
    #[error("column {0} is too short")]
    Short(u8),
    /// A segment starts outside the address family or before the one in front of it.
    #[error("segment starts are not increasing")]
    Order,
}

/// Walks over a file column by column. Hands out ranges rather than slices, so that the owner of the bytes can keep
/// both.
pub(super) struct Columns<'a> {
    bytes: &'a [u8],
    at: usize,
    column: u8,
}

impl<'a> Columns<'a> {
    /// Checks the five bytes of magic and the family (4 or 6).
    pub(super) fn open(bytes: &'a [u8], magic: &[u8; 5], family: u8) -> Result<Self, TableError> {
        if bytes.get(..5) != Some(magic.as_slice()) || bytes.get(5) != Some(&family) {
            return Err(TableError::Magic);
        }
        Ok(Self { bytes, at: 6, column: 0 })
    }

    /// A u32 of the header or in front of a column.
    pub(super) fn number(&mut self) -> Result<usize, TableError> {
        let raw = self.bytes.get(self.at..self.at + 4).ok_or(TableError::Short(self.column))?;
        self.at += 4;
        Ok(raw.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
    }

    /// The next column, of at least `least` bytes.
    pub(super) fn column(&mut self, least: usize) -> Result<Range<usize>, TableError> {
        self.column += 1;
        let length = self.number()?;
        let end = self.at.checked_add(length).filter(|&e| e <= self.bytes.len());
        let end = end.filter(|_| length >= least).ok_or(TableError::Short(self.column))?;
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }
}

/// Reads one LEB128 number at `at` and moves `at` behind it; `None` at the end or above 64 bits.
#[inline]
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    let mut shift = 0;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Appends `n` as LEB128.
    pub(in crate::locate) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
        while n >= 0x80 {
            out.push((n as u8) | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }

    /// Appends a column with its length.
    pub(in crate::locate) fn put_column(out: &mut Vec<u8>, column: &[u8]) {
        out.extend((column.len() as u32).to_le_bytes());
        out.extend(column);
    }

    proptest::proptest! {
        #[test]
        fn varints_come_back(n: u64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, n);
            let mut at = 0;
            proptest::prop_assert_eq!(varint(&bytes, &mut at), Some(n));
            proptest::prop_assert_eq!(at, bytes.len());
        }

        #[test]
        fn any_bytes_are_a_number_or_none(bytes: Vec<u8>) {
            let mut at = 0;
            while varint(&bytes, &mut at).is_some() {}
            proptest::prop_assert!(at <= bytes.len());
        }
    }

    #[test]
    fn numbers_above_64_bits_are_refused() {
        assert_eq!(varint(&[0xff; 11], &mut 0), None);
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], &mut 0), None);
    }
}
