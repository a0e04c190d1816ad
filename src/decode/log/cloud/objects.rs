//! JSON files as a stream of objects: one a line, an array of them, or a list within an object (`{"records":[…]}`). Objects are
//! cut out by their braces and read one at a time, so a file may be longer than memory.

use crate::decode::record::{Counted, Piece, RecordFormat, Reject, Step};
use crate::model::record::Said;

/// Longest object in bytes. One of Azure's holds the flows of one network card in one minute.
const MAX_OBJECT: usize = 16 << 20;

/// Reads one object.
type Read = fn(&[u8], &mut Vec<Said>) -> Result<Piece, Reject>;

/// Cuts the input into objects.
#[derive(Debug)]
pub(super) struct Objects {
    read: Read,
    scan: Scan,
}

impl Objects {
    pub(super) fn new(read: Read) -> Self {
        Self { read, scan: Scan::default() }
    }
}

/// How far the object at the front of the buffer was looked at. Kept while more of it is waited for, so that no byte is
/// looked at twice.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    at: usize,
    depth: u32,
    string: bool,
    escaped: bool,
    /// An end of line was the last thing seen.
    line_ended: bool,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The object has this many bytes.
    Object(usize),
    /// It is broken off: after this many bytes something else begins.
    Broken(usize),
    /// The buffer ends within it.
    Open,
}

impl Scan {
    /// Goes on to the end of the object. No string goes over the end of its line, and no object begins a line within
    /// another one: what does so ends a broken one.
    fn go_on(&mut self, buf: &[u8]) -> Found {
        for &b in buf.get(self.at..).unwrap_or_default() {
            let at = self.at;
            self.at += 1;
            if self.string {
                match b {
                    b'\n' => return Found::Broken(self.at),
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.string = false,
                    _ => {}
                }
                continue;
            }
            if b == b'{' && self.line_ended && at > 0 {
                return Found::Broken(at);
            }
            self.line_ended = b == b'\n';
            match b {
                b'"' => self.string = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Found::Object(self.at);
                    }
                }
                _ => {}
            }
        }
        Found::Open
    }
}

/// Length of the object at the front of `buf`, if it is whole.
pub(super) fn object_len(buf: &[u8]) -> Option<usize> {
    match Scan::default().go_on(buf) {
        Found::Object(len) => Some(len),
        _ => None,
    }
}

/// What may stand between objects: blanks, commas, brackets, and what is left of an object that held a list of them.
pub(super) fn between(buf: &[u8]) -> usize {
    buf.iter().position(|b| !(b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']' | b'}'))).unwrap_or(buf.len())
}

/// Length of `{"records":[` at the front.
pub(super) fn list_head(buf: &[u8]) -> Option<usize> {
    let mut rest = buf;
    for token in [&b"{"[..], b"\"records\"", b":", b"["] {
        rest = rest.trim_ascii_start().strip_prefix(token)?;
    }
    Some(buf.len() - rest.len())
}

impl RecordFormat for Objects {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        let piece = |bytes: usize, read| Step::Piece { bytes: bytes.max(1), read };
        if self.scan.at == 0 {
            let blank = between(buf);
            if blank > 0 {
                return piece(blank, Ok(Piece::OTHER));
            }
            if buf.first() != Some(&b'{') {
                let end = memchr::memchr(b'\n', buf);
                return match end {
                    None if !at_end && buf.len() < MAX_OBJECT => Step::More,
                    end => piece(end.map_or(buf.len(), |end| end + 1), Err(Reject("no JSON object"))),
                };
            }
            if buf.len() < 64 && !at_end {
                return Step::More;
            }
            if let Some(head) = list_head(buf) {
                return piece(head, Ok(Piece::OTHER));
            }
        }
        let found = self.scan.go_on(buf);
        let step = match found {
            Found::Object(len) if len > MAX_OBJECT => piece(len, Err(Reject("an object that is too long"))),
            Found::Object(len) => piece(len, (self.read)(buf.get(..len).unwrap_or_default(), out)),
            Found::Broken(len) => piece(len, Err(Reject("an object that is broken off"))),
            Found::Open if at_end => piece(buf.len(), Err(Reject("an object that is broken off"))),
            Found::Open if buf.len() > MAX_OBJECT => piece(buf.len(), Err(Reject("an object that is too long"))),
            Found::Open => return Step::More,
        };
        self.scan = Scan::default();
        step
    }

    fn longest(&self) -> usize {
        // More than an object: what is longer is rejected here, with its reason.
        MAX_OBJECT + (1 << 20)
    }

    fn counted(&self) -> Counted {
        Counted::Records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(object: &[u8], _: &mut Vec<Said>) -> Result<Piece, Reject> {
        match serde_json::from_slice::<serde::de::IgnoredAny>(object) {
            Ok(_) => Ok(Piece::RECORD),
            Err(_) => Err(Reject("no JSON")),
        }
    }

    /// Records and rejects, with the buffer growing by `portion` bytes.
    fn run(text: &[u8], portion: usize) -> (u64, u64) {
        let mut objects = Objects::new(count);
        let (mut at, mut end, mut seen) = (0, 0, (0, 0));
        while at < text.len() {
            end = (end + portion).min(text.len());
            match objects.step(&text[at..end], end == text.len(), &mut Vec::new()) {
                Step::Piece { bytes, read } => {
                    assert!(bytes > 0 && at + bytes <= end);
                    at += bytes;
                    end = end.max(at);
                    match read {
                        Ok(piece) => seen.0 += piece.records,
                        Err(_) => seen.1 += 1,
                    }
                }
                Step::More => assert!(end < text.len(), "asks for more at the end"),
            }
        }
        seen
    }

    #[test]
    fn lines_arrays_and_lists() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":{\"b\":\"}\"}}\n", (2, 0)),
            ("[{\"a\":1},\n  {\"a\":\"\\\"{\"}\n]\n", (2, 0)),
            ("{ \"records\" : [ {\"a\":1} , {\"b\":2}]}\n", (2, 0)),
            ("[\n  {\n    \"a\": {\n      \"b\": 1\n    }\n  }\n]", (1, 0)),
            // A line that was cut off takes no other one with it.
            ("{\"a\":1\n{\"a\":2}\n{\"a\":\"x\n{\"a\":3}\n", (2, 2)),
            ("hello\n{\"a\":1}\n{\"a\":", (1, 2)),
            ("{\"a\":1,}\n{}", (1, 1)),
            ("", (0, 0)),
        ] {
            for portion in [1, 7, 4096] {
                assert_eq!(run(text.as_bytes(), portion), expected, "{text} in portions of {portion}");
            }
        }
    }

    #[test]
    fn a_file_of_braces_ends() {
        assert_eq!(run(&vec![b'{'; 100_000], 65_536), (0, 1));
    }
}
