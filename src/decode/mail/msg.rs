//! Outlook's message file: a compound file in which one stream holds the header lines as they came over the wire
//! (PidTagTransportMessageHeaders, property 007D of [MS-OXPROPS]). A message that was never sent has none.

use std::io::{Cursor, Read};

use super::{MAX_HEAD, said};
use crate::decode::record::{Counted, LONGEST_WHOLE, Piece, RecordFormat, Reject, Step};
use crate::model::record::Said;

const MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// The header lines as UTF-16.
const UNICODE: &str = "__substg1.0_007D001F";
/// The same in an 8-bit character set.
const EIGHT_BIT: &str = "__substg1.0_007D001E";

/// Reads the file as a whole: its parts may lie anywhere in it.
#[derive(Debug)]
pub(super) struct Msg;

/// Is it a compound file with the names of a message file's streams in its beginning?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        memchr::memmem::find(beginning, &wide).is_some()
    };
    beginning.starts_with(MAGIC) && (has("__substg1.0_") || has("__nameid_version1.0"))
}

impl RecordFormat for Msg {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        if !at_end {
            return Step::More;
        }
        Step::Piece { bytes: buf.len(), read: message(buf, out) }
    }

    fn longest(&self) -> usize {
        LONGEST_WHOLE
    }

    fn counted(&self) -> Counted {
        Counted::Records
    }
}

fn message(file: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
    const DAMAGED: Reject = Reject("damaged compound file");
    if !sane_table(file) {
        return Err(DAMAGED);
    }
    let mut file = cfb::OpenOptions::new().open_with(Cursor::new(file)).map_err(|_| DAMAGED)?;
    if file.is_stream(UNICODE) {
        let stream = file.open_stream(UNICODE).map_err(|_| DAMAGED)?;
        let units: Vec<u16> = bytes(stream, 2 * MAX_HEAD + 2)?
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default()))
            .take_while(|&unit| unit != 0)
            .collect();
        return said(String::from_utf16_lossy(&units).as_bytes(), out);
    }
    if file.is_stream(EIGHT_BIT) {
        let stream = file.open_stream(EIGHT_BIT).map_err(|_| DAMAGED)?;
        let head = bytes(stream, MAX_HEAD + 1)?;
        return said(head.split(|&b| b == 0).next().unwrap_or_default(), out);
    }
    if file.is_storage("__nameid_version1.0") || file.is_stream("__properties_version1.0") {
        // A draft, or a note: it came no way.
        return Ok(Piece::RECORD);
    }
    Err(Reject("a compound file that is no message"))
}

fn bytes(stream: impl Read, most: usize) -> Result<Vec<u8>, Reject> {
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    stream.take(most).read_to_end(&mut bytes).map_err(|_| Reject("damaged stream in a compound file"))?;
    Ok(bytes)
}

/// Is the allocation table ([MS-CFB] 2.3, 2.5) no larger than the file? Its list of sectors may name the same one
/// again and again: a file of 1 MiB could then ask for a table of 1 GiB.
pub(super) fn sane_table(file: &[u8]) -> bool {
    const FREE: u32 = 0xffff_ffff;
    const LAST: u32 = 0xffff_fffe;
    let number = |at: usize| file.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let shift = match file.get(30..32) {
        Some([9, 0]) => 9,
        Some([12, 0]) => 12,
        _ => return false,
    };
    let sector = 1_usize << shift;
    let most = file.len() / sector;
    let mut named = (0..109).filter(|n| number(76 + 4 * n).is_some_and(|s| s != FREE)).count();
    let mut next = number(68).unwrap_or(LAST);
    // A list that loops is turned away by the reader; here it only must not be followed for ever.
    for _ in 0..=most {
        if next == LAST || next == FREE {
            return named <= most;
        }
        let Some(start) = usize::try_from(next).ok().and_then(|n| n.checked_add(1)?.checked_mul(sector)) else { return false };
        let last = sector / 4 - 1;
        named += (0..last).filter(|n| number(start + 4 * n).is_some_and(|s| s != FREE)).count();
        if named > most {
            return false;
        }
        next = number(start + 4 * last).unwrap_or(LAST);
    }
    false
}
