//! Messages in files: one (RFC 5322), or many, each behind a `From ` line (RFC 4155).
//!
//! A `From ` line begins a message only behind an empty line, if it holds a time of day, and if a header field follows. In
//! mailboxes that mark such lines in bodies (`>From `) nothing else can begin one. Mailboxes that mark nothing and count
//! bytes (`Content-Length`) are read the same way: there a sender may write a whole message into a body, and it is taken
//! for one.

use memchr::memmem;

use super::{MAX_HEAD, head, said};
use crate::decode::record::{Piece, RecordFormat, Reject, Step};
use crate::model::record::Said;

/// Bytes that are held back at the end of a buffer, so that `\n\r\nFrom ` is never cut.
const HELD_BACK: usize = 8;
/// Longest `From ` line with the line behind it.
const MAX_ENVELOPE: usize = 64 << 10;

/// What comes next in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A message.
    Message,
    /// The rest of a head that is too long.
    Head,
    /// A body, or what is left of it; `fresh` at the beginning of a line behind an empty one.
    Body {
        /// May a `From ` line stand here?
        fresh: bool,
    },
}

/// Reads messages.
#[derive(Debug)]
pub(super) struct Messages {
    many: bool,
    part: Part,
}

impl Messages {
    /// A file that is one message.
    pub(super) fn one() -> Self {
        Self { many: false, part: Part::Message }
    }

    /// A mailbox.
    pub(super) fn many() -> Self {
        Self { many: true, part: Part::Message }
    }

    fn message(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        let blank = if buf.starts_with(b"\n") { 1 } else { 2 * usize::from(buf.starts_with(b"\r\n")) };
        if blank > 0 {
            return Step::Piece { bytes: blank, read: Ok(Piece::OTHER) };
        }
        let text = buf.strip_prefix(b"\xef\xbb\xbf").unwrap_or(buf);
        if self.many && !text.starts_with(b"From ") {
            if buf.len() < HELD_BACK && !at_end {
                return Step::More;
            }
            self.part = Part::Body { fresh: false };
            // The end of the line stays: an empty line may follow.
            let line = memchr::memchr(b'\n', buf).unwrap_or(buf.len()).max(1);
            return Step::Piece { bytes: line, read: Err(Reject("no From line where a message begins")) };
        }
        let window = buf.get(..MAX_HEAD).unwrap_or(buf);
        let bytes = match head::end_of_head(window) {
            Some(end) => {
                self.part = Part::Body { fresh: true };
                end
            }
            None if window.len() < MAX_HEAD && !at_end => return Step::More,
            None if window.len() == buf.len() && at_end => {
                self.part = Part::Body { fresh: false };
                buf.len()
            }
            None => {
                self.part = Part::Head;
                memchr::memrchr(b'\n', window).unwrap_or(window.len()).max(1)
            }
        };
        let mut read = said(buf.get(..bytes).unwrap_or_default(), out);
        if let (Part::Head, Ok(piece)) = (self.part, &mut read) {
            piece.rejected += 1;
            piece.why.get_or_insert(Reject("head of a message longer than 1 MiB"));
        }
        Step::Piece { bytes, read }
    }

    /// Steps over what is left of a head.
    fn rest_of_head(&mut self, buf: &[u8], at_end: bool) -> Step {
        let bytes = if let Some(end) = head::end_of_head(buf) {
            self.part = Part::Body { fresh: true };
            end
        } else if at_end {
            buf.len()
        } else if buf.len() > HELD_BACK {
            buf.len() - HELD_BACK
        } else {
            return Step::More;
        };
        Step::Piece { bytes, read: Ok(Piece::OTHER) }
    }

    /// Steps over a body up to the next message. `None`: it begins here.
    fn body(&mut self, buf: &[u8], fresh: bool, at_end: bool) -> Option<Step> {
        let other = |bytes| Some(Step::Piece { bytes, read: Ok(Piece::OTHER) });
        if !self.many {
            return other(buf.len());
        }
        for start in starts(buf, fresh) {
            let begins = begins_message(buf.get(start..).unwrap_or_default(), at_end);
            if begins == Some(false) {
                continue;
            }
            self.part = if begins == Some(true) { Part::Message } else { Part::Body { fresh: true } };
            return match (start, begins) {
                (0, Some(_)) => None,
                (0, None) => Some(Step::More),
                (start, _) => other(start),
            };
        }
        if at_end {
            return other(buf.len());
        }
        let Some(bytes) = buf.len().checked_sub(HELD_BACK).filter(|&n| n > 0) else { return Some(Step::More) };
        self.part = Part::Body { fresh: false };
        let line = buf.get(..bytes).and_then(|b| memchr::memrchr(b'\n', b)).filter(|&n| n > 0);
        other(line.unwrap_or(bytes))
    }
}

/// Where `From ` stands at the beginning of a line behind an empty one.
fn starts(buf: &[u8], fresh: bool) -> impl Iterator<Item = usize> {
    let here = (fresh && buf.starts_with(b"From ")).then_some(0);
    let behind = memmem::find_iter(buf, b"\nFrom ").filter(move |&end| match buf.get(..end) {
        Some([]) => fresh,
        Some([b'\r']) => fresh,
        Some([.., b'\n'] | [.., b'\n', b'\r']) => true,
        _ => false,
    });
    here.into_iter().chain(behind.map(|end| end + 1))
}

/// Do a `From ` line with a time and a header field stand here? `None`: more bytes are needed to tell.
fn begins_message(bytes: &[u8], at_end: bool) -> Option<bool> {
    let mut lines = bytes.get(..MAX_ENVELOPE).unwrap_or(bytes).split_inclusive(|&b| b == b'\n');
    let whole = |line: &&[u8]| line.ends_with(b"\n") || at_end || bytes.len() >= MAX_ENVELOPE;
    let envelope = lines.next().filter(whole)?;
    if !has_time(envelope) {
        return Some(false);
    }
    match lines.next() {
        Some(line) if head::is_field(line) || line.starts_with(b">From ") => Some(true),
        Some(line) => whole(&line).then_some(false),
        None if at_end || bytes.len() >= MAX_ENVELOPE => Some(false),
        None => None,
    }
}

/// `HH:MM` in a `From ` line.
fn has_time(line: &[u8]) -> bool {
    line.windows(5).any(|w| matches!(w, [a, b, b':', c, d] if [a, b, c, d].into_iter().all(u8::is_ascii_digit)))
}

/// Does a text begin like a mailbox?
pub(super) fn looks_like_mbox(beginning: &[u8]) -> bool {
    if !beginning.starts_with(b"From ") || begins_message(beginning, true) != Some(true) {
        return false;
    }
    let mut rest = beginning;
    while rest.starts_with(b"From ") || rest.starts_with(b">From ") {
        let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        rest = rest.get(line..).unwrap_or_default();
    }
    head::looks_like(rest)
}

impl RecordFormat for Messages {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        match self.part {
            Part::Head => return self.rest_of_head(buf, at_end),
            Part::Body { fresh } => {
                if let Some(step) = self.body(buf, fresh, at_end) {
                    return step;
                }
            }
            Part::Message => {}
        }
        self.message(buf, at_end, out)
    }

    fn longest(&self) -> usize {
        2 * MAX_HEAD
    }
}
