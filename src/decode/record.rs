//! What decoders of records have in common: a buffer goes in, statements come out, record by record.

use crate::model::record::Said;

/// Why a record could not be read. Owns nothing: hostile input makes millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject(pub &'static str);

/// What a piece of the input was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Records in it, whether or not they say something that matters here.
    pub records: u64,
    /// Records in it that could not be read, while others could.
    pub rejected: u64,
    /// Why the first of them could not.
    pub why: Option<Reject>,
}

impl Piece {
    /// One record.
    pub const RECORD: Self = Self { records: 1, rejected: 0, why: None };
    /// A comment, a heading, an empty line, a template: read, and no record.
    pub const OTHER: Self = Self { records: 0, rejected: 0, why: None };
}

/// One step through the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first `bytes` bytes (at least 1) were one piece. A rejected one is stepped over likewise.
    Piece {
        /// Length of the piece, its end of line included.
        bytes: usize,
        /// What it was.
        read: Result<Piece, Reject>,
    },
    /// The buffer ends within a piece: more is needed. Never given at the end of the input.
    More,
}

/// How places in a format are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// By line.
    Lines,
    /// By record.
    Records,
}

/// A decoder of one input. It keeps what a format needs from earlier pieces (headings, templates, half a traceroute),
/// bounded, and nothing else.
pub trait RecordFormat: Send {
    /// Reads one piece from the beginning of `buf`, which is not empty. At the end of the input (`at_end`) it must not ask
    /// for more. `out` is empty; statements are pushed onto it.
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step;

    /// The input is over: what was still open is said now.
    fn finish(&mut self, _out: &mut Vec<Said>) {}

    /// Pieces of its memory (templates of an exporter) that had to go because there were too many: what rests on one of
    /// them is rejected from then on.
    fn forgotten(&self) -> u64 {
        0
    }

    /// Longest piece in bytes; a longer one is rejected. Formats that can only be read as a whole have a large one.
    fn longest(&self) -> usize {
        LONGEST_LINE
    }

    /// How places are counted.
    fn counted(&self) -> Counted {
        Counted::Lines
    }

    /// Is every piece one line? Ends of lines need not be looked for a second time then.
    fn single_lines(&self) -> bool {
        false
    }
}

/// Longest line that is read, in bytes.
pub const LONGEST_LINE: usize = 1 << 20;

/// Longest input of a format that is read as a whole, in bytes.
pub const LONGEST_WHOLE: usize = 256 << 20;

/// A decoder of lines.
pub trait LineFormat: Send {
    /// Reads a line, without its end of line and without white space around it; it is not empty.
    ///
    /// # Errors
    /// When it is no line of this format.
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject>;

    /// The input is over.
    fn finish(&mut self, _out: &mut Vec<Said>) {}
}

/// Cuts the input into lines for a [`LineFormat`].
#[derive(Debug)]
pub struct Lines<F>(pub F);

impl<F: LineFormat> RecordFormat for Lines<F> {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        let (line, bytes) = match memchr::memchr(b'\n', buf) {
            Some(end) => (buf.get(..end).unwrap_or_default(), end + 1),
            None if at_end => (buf, buf.len()),
            None => return Step::More,
        };
        let line = line.trim_ascii();
        let read = if line.is_empty() { Ok(Piece::OTHER) } else { self.0.line(line, out) };
        Step::Piece { bytes, read }
    }

    fn finish(&mut self, out: &mut Vec<Said>) {
        self.0.finish(out);
    }

    fn single_lines(&self) -> bool {
        true
    }
}
