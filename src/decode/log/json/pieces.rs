//! Objects out of lines: one a line as a rule, but people also pretty-print, and put a whole log into one array.

use super::super::super::record::{LONGEST_LINE, Piece, Reject};
use super::{MAX_DEPTH, Reader, Value};

/// Puts an object together that is spread over lines; tells objects that share a line apart.
///
/// An object over several lines is begun by a line that holds nothing but its brace, as all pretty-printers write it. A line
/// that was cut off can therefore not swallow the next one. It is told with the line of its last brace. Where it is broken is
/// found while it is put together, so that the objects behind it are not lost with it.
#[derive(Debug, Default)]
pub(in super::super) struct Pieces {
    /// What has been seen of the object that is open; empty if none is.
    open: Vec<u8>,
    /// Containers that are open in it, one bit each, the innermost lowest: is it an object?
    objects: u64,
    /// How many.
    depth: u32,
    /// Last byte outside strings that is no white space.
    last: u8,
    /// The object before was given up: what is left of its lines belongs to it.
    lost: bool,
}

impl Pieces {
    /// Reads a line; `tell` is called with each object that is complete. One that is broken is counted.
    #[inline]
    pub(in super::super) fn line(
        &mut self,
        line: &[u8],
        mut tell: impl FnMut(&[u8]) -> Result<Piece, Reject>,
    ) -> Result<Piece, Reject> {
        if self.open.is_empty() && line.first() == Some(&b'{') && line.len() > 1 {
            return match line.last() {
                Some(b',' | b']') => tell(without_end(line)),
                _ => tell(line),
            };
        }
        self.other_line(line, &mut tell)
    }

    fn other_line(&mut self, line: &[u8], tell: &mut dyn FnMut(&[u8]) -> Result<Piece, Reject>) -> Result<Piece, Reject> {
        let alone = line.strip_prefix(b"[").or_else(|| line.strip_prefix(b",")).unwrap_or(line).trim_ascii();
        if self.open.is_empty() {
            return match alone {
                b"" | b"]" | b"[" => Ok(Piece::OTHER),
                b"{" => {
                    self.begin();
                    Ok(Piece::OTHER)
                }
                _ if line.starts_with(b"[") => array(line, tell),
                [b'{', ..] => tell(without_end(alone)),
                _ if self.lost => Ok(Piece::OTHER),
                _ => Err(Reject("no JSON object")),
            };
        }
        let stray_brace = line == b"{" && self.objects & 1 == 1 && self.last != b':';
        if stray_brace {
            // An object does not begin within another one without a key: the other one was never ended.
            self.begin();
            return Ok(Piece { records: 0, rejected: 1, why: Some(Reject("cut-off JSON")) });
        }
        self.more(line, tell)
    }

    fn begin(&mut self) {
        self.open.clear();
        self.open.push(b'{');
        (self.objects, self.depth, self.last, self.lost) = (1, 1, b'{', false);
    }

    fn give_up(&mut self, why: &'static str) -> Result<Piece, Reject> {
        self.open = Vec::new();
        self.lost = true;
        Err(Reject(why))
    }

    /// A further line of the object that is open.
    fn more(&mut self, line: &[u8], tell: &mut dyn FnMut(&[u8]) -> Result<Piece, Reject>) -> Result<Piece, Reject> {
        if self.open.len() + line.len() > LONGEST_LINE {
            return self.give_up("JSON object too long");
        }
        let (mut string, mut escape) = (false, false);
        for (at, &b) in line.iter().enumerate() {
            if string {
                match b {
                    _ if escape => escape = false,
                    b'\\' => escape = true,
                    b'"' => string = false,
                    _ => {}
                }
                continue;
            }
            match b {
                b'"' => string = true,
                b'{' | b'[' if self.depth == MAX_DEPTH => return self.give_up("JSON nested too deep"),
                b'{' | b'[' => {
                    self.depth += 1;
                    self.objects = self.objects << 1 | u64::from(b == b'{');
                }
                b'}' | b']' if (b == b'}') != (self.objects & 1 == 1) => return self.give_up("damaged JSON"),
                b'}' | b']' => {
                    self.depth -= 1;
                    self.objects >>= 1;
                    if self.depth == 0 {
                        return self.complete(line, at + 1, tell);
                    }
                }
                _ => {}
            }
            self.last = if b.is_ascii_whitespace() { self.last } else { b };
        }
        if string {
            // Strings end in their line: a line break within one must be escaped.
            return self.give_up("damaged JSON");
        }
        self.open.extend_from_slice(line);
        self.open.push(b'\n');
        Ok(Piece::OTHER)
    }

    /// The object ends within `line`; behind it there may be a comma, the end of the array, or the next brace.
    fn complete(
        &mut self,
        line: &[u8],
        end: usize,
        tell: &mut dyn FnMut(&[u8]) -> Result<Piece, Reject>,
    ) -> Result<Piece, Reject> {
        let (last, behind) = line.split_at_checked(end).unwrap_or((line, b""));
        let mut object = std::mem::take(&mut self.open);
        object.extend_from_slice(last);
        let read = tell(&object);
        object.clear();
        self.open = object;
        match behind.trim_ascii() {
            b"" | b"," | b"]" => read,
            [b',', rest @ ..] if rest.trim_ascii() == b"{" => {
                self.begin();
                read
            }
            _ => read.map(|read| Piece {
                rejected: read.rejected + 1,
                why: read.why.or(Some(Reject("something behind the JSON object"))),
                ..read
            }),
        }
    }
}

/// Without the comma or the bracket that divides it from the next object or ends the array.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"]").unwrap_or(line).trim_ascii_end();
    line.strip_suffix(b",").unwrap_or(line).trim_ascii_end()
}

/// A line with an array, or with its beginning. What is no object in it is counted as broken; behind damage nothing is read.
fn array(line: &[u8], tell: &mut dyn FnMut(&[u8]) -> Result<Piece, Reject>) -> Result<Piece, Reject> {
    let mut sum = Piece::OTHER;
    let reject = |sum: &mut Piece, why: Reject| {
        sum.rejected += 1;
        sum.why = sum.why.or(Some(why));
    };
    let mut reader = Reader::new(line);
    if !matches!(reader.value(), Ok(Value::Array)) {
        return Err(Reject("no JSON object"));
    }
    loop {
        let before = reader.at();
        let item = match reader.item() {
            Ok(true) => reader.raw(),
            Ok(false) => {
                if let Err(why) = reader.end() {
                    reject(&mut sum, why);
                }
                break;
            }
            Err(why) => Err(why),
        };
        match item.and_then(&mut *tell) {
            Ok(piece) => {
                sum.records += piece.records;
                sum.rejected += piece.rejected;
                sum.why = sum.why.or(piece.why);
            }
            Err(why) => {
                // The array goes on in the next line.
                let rest = line.get(before..).unwrap_or_default().trim_ascii();
                if matches!(rest, b"" | b",") {
                    break;
                }
                reject(&mut sum, why);
                if item.is_err() {
                    break;
                }
            }
        }
    }
    if sum.records == 0 && sum.rejected == 1 { Err(sum.why.unwrap_or(Reject("damaged JSON"))) } else { Ok(sum) }
}
