//! Tab-separated logs. Lines with `#` say what the columns are; a file may hold several such headings, where logs were
//! rotated and put together again.

use super::super::super::clock::Clock;
use super::super::super::record::{LineFormat, Piece, Reject};
use super::fields::{Field, Row, unescaped};
use super::rows::{self, Kind};
use crate::model::record::Said;

/// Columns of a log that are believed; Zeek's widest has some sixty.
const MAX_COLUMNS: usize = 1024;

/// What the heading says.
#[derive(Debug)]
struct Heading {
    /// Between columns.
    separator: u8,
    /// Between the items of sets and vectors.
    between: u8,
    /// A set or vector without items.
    empty: Vec<u8>,
    /// A field that is not set.
    unset: Vec<u8>,
    /// Which log, if `#path` says.
    path: Option<Kind>,
    /// Which log, by `#path` or by its fields.
    kind: Kind,
    /// The columns; unknown ones are `None`.
    columns: Vec<Option<Field>>,
}

impl Default for Heading {
    fn default() -> Self {
        Self {
            separator: b'\t',
            between: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            path: None,
            kind: Kind::Other,
            columns: Vec::new(),
        }
    }
}

impl Heading {
    /// Reads a line that begins with `#`. Words that are not known, `#open` and `#types` say nothing that is needed.
    fn line(&mut self, line: &[u8]) -> Result<(), Reject> {
        if let Some(separator) = line.strip_prefix(b"#separator") {
            // The first line of every heading. It is divided by a blank, as the separator is not known yet.
            let separator = unescaped(separator.trim_ascii());
            let separator = match separator.as_slice() {
                &[one] => one,
                [] => b'\t',
                _ => return Err(Reject("separator of several bytes")),
            };
            *self = Self { separator, ..Self::default() };
            return Ok(());
        }
        let mut words = line.split(|&b| b == self.separator);
        let word = words.next().unwrap_or_default();
        match word {
            b"#set_separator" => self.between = *words.next().map(unescaped).unwrap_or_default().first().unwrap_or(&b','),
            b"#empty_field" => self.empty = words.next().map(unescaped).unwrap_or_default(),
            b"#unset_field" => self.unset = words.next().map(unescaped).unwrap_or_default(),
            b"#path" => {
                self.path = words.next().map(Kind::named);
                self.kind = self.path.unwrap_or(self.kind);
            }
            b"#fields" => {
                self.columns.clear();
                self.columns.extend(words.take(MAX_COLUMNS + 1).map(Field::named));
                if self.columns.is_empty() || self.columns.len() > MAX_COLUMNS {
                    self.columns.clear();
                    return Err(Reject("number of columns in the heading"));
                }
                let has = |field| self.columns.contains(&Some(field));
                self.kind = self.path.unwrap_or_else(|| Kind::of_fields(has));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads it line by line.
#[derive(Debug)]
pub(in super::super) struct Tsv {
    clock: Clock,
    heading: Heading,
}

impl Tsv {
    pub(in super::super) fn new(clock: Clock) -> Self {
        Self { clock, heading: Heading::default() }
    }
}

impl LineFormat for Tsv {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if line.first() == Some(&b'#') {
            return self.heading.line(line).map(|()| Piece::OTHER);
        }
        let Heading { separator, between, ref empty, ref unset, kind, ref columns, .. } = self.heading;
        if columns.is_empty() {
            return Err(Reject("no #fields line before it"));
        }
        let mut row = Row::tsv(between);
        let mut from = 0;
        let mut ends = memchr::memchr_iter(separator, line);
        for (n, column) in columns.iter().enumerate() {
            let end = ends.next();
            if end.is_none() != (n + 1 == columns.len()) {
                return Err(Reject("another number of columns than the heading has"));
            }
            let end = end.unwrap_or(line.len());
            if let Some(field) = *column {
                let cell = line.get(from..end).unwrap_or_default();
                if cell != unset.as_slice() && cell != empty.as_slice() {
                    row.set(field, cell);
                }
            }
            from = end + 1;
        }
        rows::tell(kind, &row, &mut self.clock, out)?;
        Ok(Piece::RECORD)
    }
}

/// A heading with `#fields` divided as `#separator` or a tab says, and something that only Zeek writes beside it.
pub(in super::super) fn looks_like_tsv(beginning: &[u8]) -> bool {
    let heading = beginning.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take_while(|l| l[0] == b'#');
    let (mut told, mut separator) = (false, b'\t');
    for line in heading.take(16) {
        if let Some(word) = line.strip_prefix(b"#separator ") {
            let [one] = unescaped(word.trim_ascii())[..] else { return false };
            (told, separator) = (true, one);
        }
        let after = |word: &[u8]| line.strip_prefix(word).is_some_and(|rest| rest.first() == Some(&separator));
        told |= after(b"#types") || after(b"#unset_field") || after(b"#path");
        if after(b"#fields") {
            return told || line.split(|&b| b == separator).nth(1) == Some(b"ts");
        }
    }
    false
}
