//! Tables in pages (`data/geo/FORMAT.md`): millions of rows of which a run asks for a few hundred. Each page is packed
//! alone and unpacked when the first of its keys is asked for; then it stays.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use zstd::bulk::Decompressor;

use super::columns::{Columns, TableError, varint};

/// Most that a head may unpack to, bytes.
const HEAD_CAP: usize = 16 << 20;
/// Most that a page may unpack to, bytes.
const PAGE_CAP: usize = 1 << 20;

thread_local! {
    /// To make one takes longer than to unpack a page.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes of a frame; `None` if it is damaged or unpacks to more than `cap`.
fn unpack(frame: &[u8], cap: usize) -> Option<Vec<u8>> {
    UNPACKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Decompressor::new().ok();
        }
        slot.as_mut()?.decompress(frame, cap).ok()
    })
}

/// A page that may have been opened.
#[derive(Debug)]
struct Page<T> {
    first: u64,
    packed: Range<usize>,
    /// `None` inside: it cannot be read, so its rows say nothing.
    open: OnceLock<Option<T>>,
}

/// A table whose pages are read as `T`.
#[derive(Debug)]
pub(super) struct Pages<T> {
    bytes: Cow<'static, [u8]>,
    frames: Range<usize>,
    pages: Vec<Page<T>>,
    rows: usize,
}

impl<T> Pages<T> {
    /// Checks the kind and the index; gives the unpacked head too. Opens no page.
    pub(super) fn read(bytes: Cow<'static, [u8]>, magic: &[u8; 5], family: u8) -> Result<(Self, Vec<u8>), TableError> {
        let mut columns = Columns::open(&bytes, magic, family)?;
        let rows = columns.number()?;
        let n = columns.number()?;
        let head = columns.column(0)?;
        let [firsts, lengths] = [columns.column(n)?, columns.column(n)?];
        let frames = columns.column(0)?;
        let slice = |r: &Range<usize>| bytes.get(r.clone()).unwrap_or_default();
        let (firsts, lengths) = (slice(&firsts), slice(&lengths));
        let head = unpack(slice(&head), HEAD_CAP).ok_or(TableError::Packed)?;
        // `n` is no more than the bytes of a column, so this is no allocation by claim.
        let mut pages: Vec<Page<T>> = Vec::with_capacity(n);
        let (mut at, mut first, mut from) = ([0; 2], 0u64, 0usize);
        for i in 0..n {
            let delta = varint(firsts, &mut at[0]).ok_or(TableError::Short(2))?;
            first = first.checked_add(delta).filter(|_| i == 0 || delta > 0).ok_or(TableError::Order)?;
            let length = varint(lengths, &mut at[1]).and_then(|n| usize::try_from(n).ok()).ok_or(TableError::Short(3))?;
            let to = from.checked_add(length).filter(|&to| to <= frames.len()).ok_or(TableError::Short(4))?;
            pages.push(Page { first, packed: from..to, open: OnceLock::new() });
            from = to;
        }
        Ok((Self { bytes, frames, pages, rows }, head))
    }

    /// A table without pages.
    pub(super) fn empty() -> Self {
        Self { bytes: Cow::Borrowed(&[]), frames: 0..0, pages: Vec::new(), rows: 0 }
    }

    /// Number of rows, as the file says it.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The page that holds `key`, with its first key; `open` reads it if nobody did so before.
    pub(super) fn get(&self, key: u64, open: impl FnOnce(u64, Vec<u8>) -> Option<T>) -> Option<(u64, &T)> {
        let page = self.pages.get(self.pages.partition_point(|p| p.first <= key).checked_sub(1)?)?;
        let read = || open(page.first, unpack(self.frame(page)?, PAGE_CAP)?);
        page.open.get_or_init(read).as_ref().map(|t| (page.first, t))
    }

    fn frame(&self, page: &Page<T>) -> Option<&[u8]> {
        self.bytes.get(self.frames.clone())?.get(page.packed.clone())
    }

    /// First keys of all pages.
    #[cfg(test)]
    pub(super) fn firsts(&self) -> impl Iterator<Item = u64> {
        self.pages.iter().map(|p| p.first)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::columns::tests::{put_column, put_varint};
    use super::*;
    use proptest::prelude::*;

    /// Writes a file of pages.
    pub(in crate::locate) fn file(magic: &[u8; 5], family: u8, rows: usize, head: &[u8], pages: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut out = magic.to_vec();
        out.push(family);
        out.extend((rows as u32).to_le_bytes());
        out.extend((pages.len() as u32).to_le_bytes());
        let pack = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).unwrap();
        let (mut firsts, mut lengths, mut frames, mut last) = (vec![], vec![], vec![], 0);
        for (first, page) in pages {
            let frame = pack(page);
            put_varint(&mut firsts, first - last);
            put_varint(&mut lengths, frame.len() as u64);
            frames.extend(frame);
            last = *first;
        }
        for column in [&pack(head), &firsts, &lengths, &frames] {
            put_column(&mut out, column);
        }
        out
    }

    fn sample() -> Vec<u8> {
        file(b"JTXX1", 4, 5, b"head", &[(10, b"ten".to_vec()), (20, b"twenty".to_vec()), (30, Vec::new())])
    }

    #[test]
    fn a_key_is_in_the_page_that_begins_before_it() {
        let (pages, head) = Pages::<Vec<u8>>::read(sample().into(), b"JTXX1", 4).unwrap();
        let get = |key| pages.get(key, |_, bytes| Some(bytes)).map(|(first, page)| (first, page.as_slice()));
        assert_eq!((head.as_slice(), pages.rows()), (b"head".as_slice(), 5));
        assert_eq!(get(9), None);
        assert_eq!(get(10), Some((10, b"ten".as_slice())));
        assert_eq!(get(29), Some((20, b"twenty".as_slice())));
        assert_eq!(get(u64::MAX), Some((30, b"".as_slice())));
        assert_eq!(pages.get(20, |_, _| unreachable!("open already")).unwrap().0, 20);
    }

    #[test]
    fn other_kinds_and_pages_that_claim_too_much_are_refused() {
        let read = |bytes: Vec<u8>, family| Pages::<Vec<u8>>::read(bytes.into(), b"JTXX1", family).map(|_| ());
        assert_eq!(read(sample(), 6), Err(TableError::Magic));
        assert_eq!(read(file(b"JTXX1", 4, 1, &vec![0; HEAD_CAP + 1], &[]), 4), Err(TableError::Packed));
        assert_eq!(read(file(b"JTXX1", 4, 1, b"", &[(1, vec![]), (1, vec![])]), 4), Err(TableError::Order));
        let large = file(b"JTXX1", 4, 1, b"", &[(1, vec![0; PAGE_CAP + 1])]);
        let (pages, _) = Pages::<Vec<u8>>::read(large.into(), b"JTXX1", 4).unwrap();
        assert_eq!(pages.get(1, |_, bytes| Some(bytes)), None);
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(cut in 0usize..200, flip in 0usize..200, to: u8) {
            let mut bytes = sample();
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok((pages, _)) = Pages::<Vec<u8>>::read(bytes.into(), b"JTXX1", 4) {
                for key in [0, 15, 25, 35] { let _ = pages.get(key, |_, bytes| Some(bytes)); }
            }
        }
    }
}
