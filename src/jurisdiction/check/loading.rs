//! The loaders stop at the first thing that is wrong. Here it is written down, taken out or replaced by the shipped text,
//! and the loader is asked again, until it has nothing left to say.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Complaint;
use crate::jurisdiction::overlay::{is_of_book, recounted};
use crate::jurisdiction::tables::LawTables;
use crate::jurisdiction::{Law, LawError, RuleBook};

/// Refusals after which nobody reads on.
const MOST: usize = 500;

/// A text, and for each of its lines the number that it had at first.
struct File<'a> {
    text: Cow<'a, str>,
    numbers: Vec<usize>,
    /// Rows were taken out: numbers of rows no longer agree, and that is no news.
    is_thinned: bool,
}

struct Files<'a> {
    by_name: BTreeMap<String, File<'a>>,
    /// Replaced by the shipped text already.
    replaced: BTreeSet<String>,
    complaints: Vec<Complaint>,
}

/// The law without what was refused, and what that was. `None` if not even the rest can be loaded.
pub(super) fn load(files: &[(&str, &str)]) -> (Option<Law>, Vec<Complaint>) {
    let mut all = Files { by_name: BTreeMap::new(), replaced: BTreeSet::new(), complaints: Vec::new() };
    for (name, text) in files {
        let file = File { text: Cow::Borrowed(*text), numbers: Vec::new(), is_thinned: false };
        if all.by_name.insert((*name).to_owned(), file).is_some() {
            all.complaints.push(Complaint::error(*name, "", "given twice"));
        }
    }
    let book = all.until_loaded(|all| RuleBook::from_files(&all.of(is_of_book)));
    let tables = all.until_loaded(|all| LawTables::from_files(&all.of(|_| true)));
    let law = book.zip(tables).map(|(book, tables)| Law { book, tables, overlay: None });
    (law, all.complaints)
}

impl<'a> Files<'a> {
    fn of(&self, wanted: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
        self.by_name.iter().filter(|(name, _)| wanted(name)).map(|(name, file)| (name.as_str(), &*file.text)).collect()
    }

    fn until_loaded<T>(&mut self, load: impl Fn(&Self) -> Result<T, LawError>) -> Option<T> {
        loop {
            let error = match load(self) {
                Ok(loaded) => return Some(loaded),
                Err(error) => error,
            };
            if self.complaints.len() >= MOST {
                self.complaints.push(Complaint::error("", "", format!("more than {MOST} refusals: the rest was not looked at")));
                return None;
            }
            if !self.repair(&error) {
                return None;
            }
        }
    }

    /// Writes the error down and takes away what caused it. `false`: nothing can be done.
    fn repair(&mut self, error: &LawError) -> bool {
        match error {
            LawError::Missing { file } => {
                self.complaints.push(Complaint::error(file, "", "the file is missing"));
                self.replace(file)
            }
            LawError::Syntax { file, why } => {
                let line = why.split("line: ").nth(1).and_then(|rest| rest.split(',').next()).and_then(|n| n.parse().ok());
                let dropped = line.filter(|_| file.ends_with(".csv")).and_then(|line| self.drop_row(file, line));
                let at = dropped.map(|number| format!("line {number}")).unwrap_or_default();
                self.complaints.push(Complaint::error(file, at, why));
                dropped.is_some() || self.replace(file)
            }
            LawError::Value { file, at, column, why } => self.repair_value(file, at, column, why),
        }
    }

    fn repair_value(&mut self, file: &str, at: &str, column: &str, why: &str) -> bool {
        let what = format!("{column}: {why}");
        if let Some(line) = at.strip_prefix("line ").and_then(|n| n.parse().ok())
            && why != "the column is missing"
            && let Some(number) = self.drop_row(file, line)
        {
            self.complaints.push(Complaint::error(file, format!("line {number}"), what));
            return true;
        }
        let rows = format!("{}.csv", file.trim_end_matches(".toml"));
        if file.ends_with(".toml") && (at.starts_with("count ") || column == "absent") {
            let table = self.by_name.get(&rows);
            let is_thinned = table.is_some_and(|t| t.is_thinned);
            let head = self.by_name.get(file).zip(table).and_then(|(head, rows)| recounted(&head.text, &rows.text));
            if let (Some(text), Some(slot)) = (head, self.by_name.get_mut(file)) {
                slot.text = Cow::Owned(text);
                if !is_thinned {
                    self.complaints.push(Complaint::error(file, at, what));
                }
                return true;
            }
        }
        self.complaints.push(Complaint::error(file, at, what));
        self.replace(file)
    }

    /// The shipped text for one that cannot be used; a new instrument goes as a whole.
    fn replace(&mut self, file: &str) -> bool {
        let shipped = Law::shipped_files().find(|(name, _)| *name == file);
        if let Some((_, text)) = shipped {
            let is_new = self.replaced.insert(file.to_owned());
            let fresh = File { text: Cow::Borrowed(text), numbers: Vec::new(), is_thinned: false };
            let old = self.by_name.insert(file.to_owned(), fresh);
            return is_new && old.is_none_or(|old| old.text != text);
        }
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let gone = [format!("{stem}.toml"), format!("{stem}.csv")];
        let before = self.by_name.len();
        self.by_name.retain(|name, _| name != file && !(name.starts_with("instruments/") && gone.contains(name)));
        self.by_name.len() < before
    }

    /// Takes out the row that begins at `line` and gives the number of the line as the user knows it.
    fn drop_row(&mut self, name: &str, line: usize) -> Option<usize> {
        let file = self.by_name.get_mut(name)?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file.text.as_bytes());
        let mut starts = Vec::new();
        let mut record = csv::ByteRecord::new();
        loop {
            let at = reader.position().line() as usize;
            match reader.read_byte_record(&mut record) {
                Ok(true) => starts.push(record.position().map_or(at, |p| p.line() as usize)),
                _ => break,
            }
        }
        // The row may be said to begin at the blank line before it.
        let n = starts.iter().position(|start| *start == line)?;
        let lines: Vec<&str> = file.text.split_inclusive('\n').collect();
        let end = starts.get(n + 1).map_or(lines.len(), |next| next - 1);
        let range = line.checked_sub(1)?..end.max(line);
        if range.start == 0 || range.end > lines.len() {
            return None;
        }
        if file.numbers.is_empty() {
            file.numbers = (1..=lines.len()).collect();
        }
        let blank = lines.get(range.clone())?.iter().take_while(|l| l.trim().is_empty()).count();
        let number = file.numbers.get(range.start + blank).or(file.numbers.get(range.start)).copied();
        let kept: String = lines.iter().enumerate().filter(|(i, _)| !range.contains(i)).map(|(_, line)| *line).collect();
        file.numbers.drain(range);
        file.text = Cow::Owned(kept);
        file.is_thinned = true;
        number
    }
}
