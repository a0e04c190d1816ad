//! The column layout shared by the compiled tables (`data/geo/FORMAT.md`): little-endian, each column a u32 length
//! and its bytes, numbers as LEB128 varints, distances between starts as numbers of a list.

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
    /// A packed part is damaged, or larger than such a part may be.
    #[error("a packed part cannot be read")]
    Packed,
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

    /// Columns without a header, as in the unpacked head of a table.
    pub(super) fn bare(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, column: 0 }
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

/// Distances between the starts of neighbouring rows. A few of them, powers of two above all, make up nearly all; they
/// stand in a list, so that a row takes one byte. Byte 255: the distance is not in the list, but next among the rare ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deltas([u64; 256]);

impl Deltas {
    /// Reads the list: at most 255 varints.
    pub(super) fn read(list: &[u8]) -> Self {
        let mut deltas = [0; 256];
        let mut at = 0;
        for slot in deltas.iter_mut().take(255) {
            *slot = varint(list, &mut at).unwrap_or(0);
        }
        Self(deltas)
    }

    /// Sums up the distances behind `start`, one for each of `numbers`. Starts that do not increase are refused; the
    /// first distance may be 0.
    pub(super) fn starts<K: TryFrom<u64> + Default>(
        &self,
        start: u64,
        numbers: &[u8],
        rare: &[u8],
    ) -> Result<Vec<K>, TableError> {
        let (mut at, mut sum) = (0, start);
        let (mut short, mut disorder) = (false, false);
        // Half a million rows at once: what is wrong is noted on the way, and said at the end.
        let row = |(i, &number): (usize, &u8)| {
            let delta = match number {
                u8::MAX => varint(rare, &mut at).unwrap_or_else(|| {
                    short = true;
                    0
                }),
                number => self.0[usize::from(number)],
            };
            let next = sum.wrapping_add(delta);
            disorder |= next < sum || (next == sum && i > 0);
            sum = next;
            K::try_from(sum).unwrap_or_default()
        };
        let out = numbers.iter().enumerate().map(row).collect();
        // The last start is the largest.
        match (short, disorder || K::try_from(sum).is_err()) {
            (true, _) => Err(TableError::Short(0)),
            (_, true) => Err(TableError::Order),
            _ => Ok(out),
        }
    }
}

/// Reads one LEB128 number at `at` and moves `at` behind it; `None` at the end or above 64 bits.
#[inline]
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    if first < 0x80 {
        *at += 1;
        return Some(u64::from(first));
    }
    varint_wide(bytes, at).and_then(|n| u64::try_from(n).ok())
}

/// [`varint`] of up to 128 bits.
pub(super) fn varint_wide(bytes: &[u8], at: &mut usize) -> Option<u128> {
    let mut value = 0u128;
    for shift in (0..128).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        // The last byte has room for two bits.
        if shift == 126 && byte > 3 {
            return None;
        }
        value |= u128::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
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

    #[test]
    fn starts_are_sums_of_listed_and_rare_distances() {
        let deltas = Deltas::read(&[1, 0x80, 2]);
        assert_eq!(deltas.starts::<u32>(10, &[0, 1, 255, 1], &[5]), Ok(vec![11, 267, 272, 528]));
        assert_eq!(deltas.starts::<u32>(10, &[255, 0], &[]), Err(TableError::Short(0)));
        assert_eq!(deltas.starts::<u32>(0, &[0, 7], &[]), Err(TableError::Order), "number 7 is not in the list");
        assert_eq!(deltas.starts::<u32>(u64::from(u32::MAX), &[0], &[]), Err(TableError::Order));
        assert_eq!(deltas.starts::<u64>(u64::MAX, &[0], &[]), Err(TableError::Order));
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
        assert_eq!(varint_wide(&[0xff; 20], &mut 0), None);
        let mut most = [0xff; 19];
        most[18] = 3;
        assert_eq!(varint_wide(&most, &mut 0), Some(u128::MAX));
        most[18] = 4;
        assert_eq!(varint_wide(&most, &mut 0), None);
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], &mut 0), None);
    }
}
