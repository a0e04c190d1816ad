//! Records that begin with a length. Neither MRT nor BMP has a marker to find the next record behind damage, so the head of a
//! record is only believed, after damage, if the head of another follows where its length points.

use super::super::format::BEGINNING;
use super::super::record::{Counted, Piece, RecordFormat, Reject, Step};
use crate::model::record::Said;

/// Longest record that is believed behind damage, in bytes; longer ones are read where nothing is wrong.
const LONGEST_BEHIND_DAMAGE: usize = 1 << 17;

const LEFT_OVER: Reject = Reject("a record goes on behind what it says");

/// A format of such records.
pub(super) trait Framing: Send {
    /// Length of a record's head in bytes.
    const HEAD: usize;
    /// Longest record in bytes, the head included.
    const LONGEST: usize;
    /// Inputs may begin with a record that is longer than what is looked at to recognise them.
    const BEGINS_LONG: bool;

    /// Length of the record that begins with this head, the head included.
    fn length(&self, head: &[u8]) -> Result<usize, Reject>;

    /// Could this be the head of a record that stands behind those that were read?
    fn plausible(&self, head: &[u8]) -> bool;

    /// Reads one record, head included. `false`: bytes are left over behind what it says.
    fn record(&mut self, record: &[u8], out: &mut Vec<Said>) -> Result<bool, Reject>;
}

/// Where the next record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Here.
    At(usize),
    /// Perhaps here: the head behind it is not in the buffer yet.
    Perhaps(usize),
    /// Not in this many bytes.
    Beyond(usize),
}

/// Cuts an input into records.
pub(super) struct Framed<F> {
    format: F,
    /// Damaged bytes were stepped over, and no record has been found since.
    lost: bool,
}

impl<F: Framing> Framed<F> {
    pub(super) fn new(format: F) -> Self {
        Self { format, lost: false }
    }

    /// Length of a plausible record at the front of `buf`.
    fn candidate(&self, buf: &[u8]) -> Option<usize> {
        let head = buf.get(..F::HEAD).filter(|head| self.format.plausible(head))?;
        self.format.length(head).ok().filter(|&n| n <= F::LONGEST.min(LONGEST_BEHIND_DAMAGE))
    }

    /// Looks for two records in a row, or one that ends the input.
    fn find(&self, buf: &[u8], from: usize, at_end: bool) -> Found {
        for at in from..buf.len() {
            let here = buf.get(at..).unwrap_or_default();
            if here.len() < F::HEAD {
                return Found::Beyond(if at_end { buf.len() } else { at });
            }
            let Some(length) = self.candidate(here) else { continue };
            match here.get(length..) {
                Some([]) if at_end => return Found::At(at),
                rest => match rest.and_then(|next| next.get(..F::HEAD)) {
                    Some(head) if self.format.plausible(head) => return Found::At(at),
                    None if !at_end => return Found::Perhaps(at),
                    _ => {}
                },
            }
        }
        Found::Beyond(buf.len())
    }

    /// The record at the front is damaged, and so is its length, perhaps: the next one is looked for.
    fn astray(&mut self, buf: &[u8], at_end: bool, why: Reject) -> Step {
        let (bytes, lost) = match self.find(buf, 1, at_end) {
            Found::At(at) => (at, false),
            Found::Perhaps(at) | Found::Beyond(at) => (at, true),
        };
        self.lost = lost;
        Step::Piece { bytes: bytes.max(1), read: Err(why) }
    }

    /// Something is wrong with the record that ends at `length`, so its length is only believed if another record or
    /// nothing follows. `None`: that is not in the buffer yet.
    fn length_is_right(&self, buf: &[u8], length: usize, at_end: bool) -> Option<bool> {
        let next = buf.get(length..).unwrap_or_default();
        match next.get(..F::HEAD) {
            None => at_end.then_some(true),
            Some(head) => Some(self.format.plausible(head)),
        }
    }
}

impl<F: Framing> RecordFormat for Framed<F> {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        if self.lost {
            // Counted when the way was lost.
            let read = Ok(Piece::OTHER);
            match self.find(buf, 0, at_end) {
                Found::At(0) => self.lost = false,
                Found::Perhaps(0) | Found::Beyond(0) => return Step::More,
                Found::At(bytes) | Found::Perhaps(bytes) | Found::Beyond(bytes) => return Step::Piece { bytes, read },
            }
        }
        let Some(head) = buf.get(..F::HEAD) else {
            let read = Err(Reject("the input ends within the head of a record"));
            return if at_end { Step::Piece { bytes: buf.len(), read } } else { Step::More };
        };
        let length = match self.format.length(head) {
            Ok(length) if length <= F::LONGEST => length,
            Ok(_) => return self.astray(buf, at_end, Reject("the length of a record is absurd")),
            Err(why) => return self.astray(buf, at_end, why),
        };
        let Some(record) = buf.get(..length) else {
            return if at_end { self.astray(buf, at_end, Reject("the input ends within a record")) } else { Step::More };
        };
        let (read, why) = match self.format.record(record, out) {
            Ok(true) => return Step::Piece { bytes: length, read: Ok(Piece::RECORD) },
            Ok(false) => (Ok(Piece { records: 1, rejected: 1, why: Some(LEFT_OVER) }), LEFT_OVER),
            Err(why) => (Err(why), why),
        };
        let right = self.length_is_right(buf, length, at_end);
        if read.is_err() || right != Some(true) {
            out.clear();
        }
        match right {
            Some(true) => Step::Piece { bytes: length, read },
            Some(false) => self.astray(buf, at_end, why),
            None => Step::More,
        }
    }

    fn longest(&self) -> usize {
        // A record that cannot be read is judged by the head behind it.
        F::LONGEST + F::HEAD
    }

    fn counted(&self) -> Counted {
        Counted::Records
    }
}

/// Does an input that begins like this have this format? Its first record can be read, and a plausible head follows.
pub(super) fn begins_with<F: Framing>(mut format: F, beginning: &[u8]) -> bool {
    let Some(head) = beginning.get(..F::HEAD).filter(|head| format.plausible(head)) else { return false };
    let Ok(length) = format.length(head) else { return false };
    match beginning.split_at_checked(length) {
        Some((record, rest)) => {
            let follows = rest.get(..F::HEAD).is_none_or(|head| format.plausible(head));
            follows && format.record(record, &mut Vec::new()).is_ok()
        }
        None => F::BEGINS_LONG && beginning.len() >= BEGINNING && length <= F::LONGEST,
    }
}
