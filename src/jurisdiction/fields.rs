//! Reading a table of the rule book: every error names file, line and column.

use std::str::FromStr;
use std::sync::Arc;

use csv::StringRecord;

use super::book::LawError;

/// A table with a header.
pub(super) struct Table<'a> {
    file: &'a str,
    header: Arc<StringRecord>,
    records: csv::StringRecordsIntoIter<&'a [u8]>,
}

impl<'a> Table<'a> {
    /// Reads the header of `text`; the file must have at least the columns that are asked for later.
    pub(super) fn new(file: &'a str, text: &'a str) -> Result<Self, LawError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = Arc::new(reader.headers().map_err(|e| LawError::syntax(file, e))?.clone());
        Ok(Self { file, header, records: reader.into_records() })
    }

    /// The next row.
    pub(super) fn next_row(&mut self) -> Option<Result<Fields<'a>, LawError>> {
        let record = match self.records.next()? {
            Ok(record) => record,
            Err(e) => return Some(Err(LawError::syntax(self.file, e))),
        };
        let line = record.position().map_or(0, csv::Position::line);
        Some(Ok(Fields { file: self.file, line, header: self.header.clone(), record }))
    }
}

/// One row.
pub(super) struct Fields<'a> {
    file: &'a str,
    line: u64,
    header: Arc<StringRecord>,
    record: StringRecord,
}

impl Fields<'_> {
    /// The value of a column, blank if it is.
    pub(super) fn get(&self, column: &str) -> Result<&str, LawError> {
        self.header
            .iter()
            .position(|h| h == column)
            .and_then(|i| self.record.get(i))
            .ok_or_else(|| self.error(column, "the column is missing"))
    }

    /// A value that must not be blank.
    pub(super) fn required(&self, column: &str) -> Result<&str, LawError> {
        match self.get(column)? {
            "" => Err(self.error(column, "must not be blank")),
            value => Ok(value),
        }
    }

    /// A value that must not be blank, parsed.
    pub(super) fn parsed<T: FromStr>(&self, column: &str) -> Result<T, LawError>
    where
        T::Err: ToString,
    {
        self.required(column)?.parse().map_err(|e: T::Err| self.error(column, e.to_string()))
    }

    /// A value that may be blank, parsed.
    pub(super) fn optional<T: FromStr>(&self, column: &str) -> Result<Option<T>, LawError>
    where
        T::Err: ToString,
    {
        match self.get(column)? {
            "" => Ok(None),
            value => value.parse().map(Some).map_err(|e: T::Err| self.error(column, e.to_string())),
        }
    }

    /// A value that may be blank, of a column that may be missing.
    pub(super) fn optional_column<T: FromStr>(&self, column: &str) -> Result<Option<T>, LawError>
    where
        T::Err: ToString,
    {
        if self.header.iter().any(|h| h == column) { self.optional(column) } else { Ok(None) }
    }

    /// An error in this row.
    pub(super) fn error(&self, column: &str, why: impl Into<String>) -> LawError {
        LawError::Value {
            file: self.file.to_owned(),
            at: format!("line {}", self.line),
            column: column.to_owned(),
            why: why.into(),
        }
    }
}
