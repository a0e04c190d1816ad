//! A user's own files over the shipped ones: an unpublished ratification, a corrected row, an agreement that is not public.
//!
//! A table's rows replace the rows with the same key, or are added; a TOML file replaces the shipped one as a whole; a new
//! instrument is a TOML file with a table beside it. Where a table changes how many parties are listed, the numbers
//! `listed` follow, and a list whose published number is no longer met is no longer called complete.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csv::StringRecord;

use super::instruments::Count;
use super::tables::LawTables;
use super::{Law, LawError, RuleBook};

/// Most files of an overlay.
pub const MOST_FILES: usize = 400;
/// Most bytes of one of them.
pub const MOST_BYTES: usize = 8 << 20;
/// Most bytes of all of them.
pub const MOST_BYTES_IN_ALL: usize = 32 << 20;

/// Files of `data/law` that the program does not carry: they may lie in an overlay folder, and change nothing.
pub const UNREAD: &[&str] = &["README.md", "tables.toml"];

/// The shipped files with the overlay's rows in them.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Name below `data/law`, and text.
    pub files: Vec<(String, Cow<'static, str>)>,
    /// What could not be laid over; the shipped text stands there instead.
    pub refused: Vec<LawError>,
    /// By file: line in the merged text, line in the overlay's file.
    lines: BTreeMap<String, BTreeMap<usize, usize>>,
}

impl Merged {
    /// The files as the loaders take them.
    #[must_use]
    pub fn as_files(&self) -> Vec<(&str, &str)> {
        self.files.iter().map(|(name, text)| (name.as_str(), &**text)).collect()
    }

    /// A place in a merged file, said as a place in the file that the user wrote. Places in shipped rows and in other files
    /// stay as they are.
    #[must_use]
    pub fn place(&self, file: &str, at: &str) -> String {
        let own = at.strip_prefix("line ").and_then(|n| n.parse::<usize>().ok()).and_then(|n| self.lines.get(file)?.get(&n));
        own.map_or_else(|| at.to_owned(), |line| format!("line {line} of the overlay"))
    }

    fn placed(&self, error: LawError) -> LawError {
        match error {
            LawError::Value { file, at, column, why } => LawError::Value { at: self.place(&file, &at), file, column, why },
            other => other,
        }
    }
}

/// Is this a file of the rule book, as opposed to one of the tables beside it?
pub(super) fn is_of_book(name: &str) -> bool {
    name.starts_with("instruments/")
        || matches!(name, "states.csv" | "territories.toml" | "norms.toml" | "national_positions.csv")
}

/// `instruments/ID.toml` or `instruments/ID.csv`, with an id that is safe to print and to look for.
fn instrument_file(name: &str) -> Option<(&str, &str)> {
    let (id, suffix) = name.strip_prefix("instruments/")?.rsplit_once('.')?;
    let plain = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && matches!(suffix, "toml" | "csv")).then_some((id, suffix))
}

/// The columns that together name a row.
fn keys(name: &str) -> &'static [&'static str] {
    match name {
        "groups.csv" => &["group", "state"],
        "rollcall_items.csv" => &["item"],
        "rollcall_sources.csv" => &["id"],
        "states.csv" | "domestic.csv" => &["state"],
        "un_instruments.csv" => &["symbol"],
        _ if name.starts_with("instruments/") => &["state"],
        _ => &["item", "state"],
    }
}

/// Lays files over the shipped ones. Names are relative to the folder, with `/`.
#[must_use]
pub fn merge(overlay: &[(String, String)]) -> Merged {
    let mut files: Vec<(String, Cow<'static, str>)> =
        Law::shipped_files().map(|(name, text)| (name.to_owned(), Cow::Borrowed(text))).collect();
    let mut merged = Merged { files: Vec::new(), refused: Vec::new(), lines: BTreeMap::new() };
    let mut given = BTreeSet::new();
    let all: usize = overlay.iter().map(|(_, text)| text.len()).sum();
    if overlay.len() > MOST_FILES || all > MOST_BYTES_IN_ALL {
        let why = format!("{} files of {all} bytes: more than {MOST_FILES} files or {MOST_BYTES_IN_ALL} bytes", overlay.len());
        merged.refused.push(LawError::syntax("overlay", why));
        merged.files = files;
        return merged;
    }
    for (name, text) in overlay {
        let known = files.iter().position(|(n, _)| n == name);
        let outcome = if !given.insert(name) {
            Err(LawError::syntax(name, "given twice"))
        } else if text.len() > MOST_BYTES {
            Err(LawError::syntax(name, format!("more than {MOST_BYTES} bytes")))
        } else {
            match known {
                Some(at) if name.ends_with(".toml") => Ok(Some((at, Cow::Owned(text.clone())))),
                Some(at) => {
                    let base = files.get(at).map(|(_, t)| &**t).unwrap_or_default();
                    laid_over(name, base, text).map(|(text, lines)| {
                        merged.lines.insert(name.clone(), lines);
                        Some((at, Cow::Owned(text)))
                    })
                }
                None => new_file(name, text, overlay).map(|file| {
                    files.extend(file);
                    None
                }),
            }
        };
        match outcome {
            Ok(Some((at, text))) => {
                if let Some(slot) = files.get_mut(at) {
                    slot.1 = text;
                }
            }
            Ok(None) => {}
            Err(why) => merged.refused.push(why),
        }
    }
    follow_counts(&mut files, &given);
    merged.files = files;
    merged
}

/// A file that is not among the shipped ones: part of a new instrument, one that the program does not read, or a mistake.
fn new_file(name: &str, text: &str, overlay: &[(String, String)]) -> Result<Option<(String, Cow<'static, str>)>, LawError> {
    if UNREAD.contains(&name) {
        return Ok(None);
    }
    let Some((id, suffix)) = instrument_file(name) else {
        return Err(LawError::syntax(name, "no file of the rule book has this name; see the list in data/law/README.md"));
    };
    let other = format!("instruments/{id}.{}", if suffix == "toml" { "csv" } else { "toml" });
    if overlay.iter().any(|(n, _)| *n == other) {
        Ok(Some((name.to_owned(), Cow::Owned(text.to_owned()))))
    } else {
        Err(LawError::syntax(name, format!("a new instrument needs {other} too")))
    }
}

/// Rows of `own` in the place of rows of `base` with the same key, new ones at the end; and where they came from.
fn laid_over(name: &str, base: &str, own: &str) -> Result<(String, BTreeMap<usize, usize>), LawError> {
    let (head, rows) = records(name, base)?;
    let (own_head, own_rows) = records(name, own)?;
    let at = |head: &StringRecord, column: &str| head.iter().position(|h| h == column);
    let mut head = head;
    for column in &own_head {
        if at(&head, column).is_none() {
            if name == "groups.csv" && column == "left" {
                head.push_field(column);
                continue;
            }
            let why = format!("column {column:?} is none of {}", head.iter().collect::<Vec<_>>().join(", "));
            return Err(LawError::syntax(name, why));
        }
    }
    let keys = keys(name);
    if let Some(missing) = keys.iter().find(|k| at(&own_head, k).is_none()) {
        return Err(LawError::syntax(name, format!("column {missing:?} is missing")));
    }
    let key = |head: &StringRecord, row: &StringRecord| -> Vec<String> {
        let part = |column: &&str| {
            let value = at(head, column).and_then(|i| row.get(i)).unwrap_or_default();
            if *column == "state" { value.to_ascii_uppercase() } else { value.to_owned() }
        };
        keys.iter().map(part).collect()
    };
    let mut replacing: BTreeMap<Vec<String>, (usize, StringRecord)> = BTreeMap::new();
    let mut order = Vec::new();
    for (line, row) in own_rows {
        let key = key(&own_head, &row);
        let whole: StringRecord =
            head.iter().map(|column| at(&own_head, column).and_then(|i| row.get(i)).unwrap_or_default()).collect();
        order.push(key.clone());
        if replacing.insert(key, (line, whole)).is_some() {
            return Err(LawError::Value {
                file: name.to_owned(),
                at: format!("line {line} of the overlay"),
                column: keys.join(", "),
                why: "listed twice".to_owned(),
            });
        }
    }
    let mut out = Written::default();
    out.row(&head);
    let mut lines = BTreeMap::new();
    for (_, row) in rows {
        match replacing.remove(&key(&head, &row)) {
            Some((line, own)) => {
                lines.insert(out.line, line);
                out.row(&own);
            }
            None => {
                let mut row = row;
                while row.len() < head.len() {
                    row.push_field("");
                }
                out.row(&row);
            }
        }
    }
    for key in order {
        if let Some((line, own)) = replacing.remove(&key) {
            lines.insert(out.line, line);
            out.row(&own);
        }
    }
    Ok((out.text, lines))
}

/// Header and rows with their lines.
fn records(name: &str, text: &str) -> Result<(StringRecord, Vec<(usize, StringRecord)>), LawError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().map_err(|e| LawError::syntax(name, e))?.clone();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|e| LawError::syntax(name, e))?;
        rows.push((record.position().map_or(0, |p| p.line() as usize), record));
    }
    Ok((head, rows))
}

/// A table being written, and the line that comes next.
struct Written {
    text: String,
    line: usize,
}

impl Default for Written {
    fn default() -> Self {
        Self { text: String::new(), line: 1 }
    }
}

impl Written {
    fn row(&mut self, row: &StringRecord) {
        for (n, field) in row.iter().enumerate() {
            if n > 0 {
                self.text.push(',');
            }
            if field.contains(['"', ',', '\n', '\r']) || (row.len() == 1 && field.is_empty()) {
                self.text.push('"');
                self.text.push_str(&field.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(field);
            }
            self.line += field.matches('\n').count();
        }
        self.text.push('\n');
        self.line += 1;
    }
}

/// Where rows were laid over and the TOML file was not, its numbers of listed rows are counted again.
fn follow_counts(files: &mut [(String, Cow<'static, str>)], given: &BTreeSet<&String>) {
    for name in given {
        let Some((id, "csv")) = instrument_file(name) else { continue };
        let head = format!("instruments/{id}.toml");
        if given.contains(&head) {
            continue;
        }
        let Some(rows) = files.iter().find(|(n, _)| n == *name).map(|(_, text)| text.clone()) else { continue };
        if let Some(slot) = files.iter_mut().find(|(n, _)| *n == head)
            && let Some(text) = recounted(&slot.1, &rows)
        {
            slot.1 = Cow::Owned(text);
        }
    }
}

/// The TOML file of an instrument with `listed` as the table has it. `None` if that changes nothing, or if either cannot be
/// read: then its loader says why.
pub(super) fn recounted(head: &str, rows: &str) -> Option<String> {
    let (before, is_complete) = counts(head)?;
    let (columns, rows) = records("", rows).ok()?;
    let status = columns.iter().position(|c| c == "status")?;
    let words: Vec<&str> = rows.iter().filter_map(|(_, row)| row.get(status)).collect();
    let listed: Vec<usize> = before.iter().map(|c| words.iter().filter(|word| c.includes(word)).count()).collect();
    let meets = before.iter().zip(&listed).any(|(c, n)| c.what == "party" && c.published == *n);
    let mut out = String::with_capacity(head.len());
    let (mut table, mut n) = ("", 0);
    for line in head.split_inclusive('\n') {
        let key = line.split('=').next().unwrap_or_default().trim();
        if line.trim_start().starts_with('[') {
            n += usize::from(table == "[[count]]");
            table = line.trim();
        }
        match (table, key, listed.get(n)) {
            ("[[count]]", "listed", Some(listed)) => out.push_str(&format!("listed = {listed}\n")),
            ("", "absent", _) if is_complete && !meets => out.push_str("absent = \"unknown\"\n"),
            ("", "absent_because", _) if is_complete && !meets => {
                out.push_str("absent_because = \"an overlay changed the number of parties that are listed\"\n");
            }
            _ => out.push_str(line),
        }
    }
    // Text that only looked like a key would have been spoilt: then nothing is changed.
    let (after, _) = counts(&out)?;
    let is_right = after.len() == listed.len() && after.iter().zip(&listed).all(|(c, n)| c.listed == *n);
    (is_right && out != head).then_some(out)
}

/// The published numbers of an instrument's file, and whether its list is called complete.
fn counts(head: &str) -> Option<(Vec<Count>, bool)> {
    let mut table: toml::Table = toml::from_str(head).ok()?;
    let is_complete = table.get("absent").and_then(toml::Value::as_str) == Some("not-party");
    let counts = match table.remove("count") {
        Some(value) => value.try_into().ok()?,
        None => Vec::new(),
    };
    Some((counts, is_complete))
}

impl Law {
    /// The shipped law with the user's files laid over it. `name` is how reports name the folder.
    ///
    /// # Errors
    /// The first thing that is wrong with them, with its file, line and column.
    pub fn with_overlay(name: &str, files: &[(String, String)]) -> Result<Self, LawError> {
        let merged = merge(files);
        if let Some(first) = merged.refused.first() {
            return Err(first.clone());
        }
        let all = merged.as_files();
        let of_book: Vec<(&str, &str)> = all.iter().copied().filter(|(name, _)| is_of_book(name)).collect();
        let placed = |error| merged.placed(error);
        Ok(Self {
            book: RuleBook::from_files(&of_book).map_err(placed)?,
            tables: LawTables::from_files(&all).map_err(placed)?,
            overlay: Some(Arc::from(name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::law::Status;
    use crate::model::net::StateCode;

    const HEAD: &str =
        "state,status,signed,ratified,in_force,left,suspended,not_before,as_of,grade,confidence,note,source,lowered\n";

    fn with(files: &[(&str, &str)]) -> Result<Law, String> {
        let files: Vec<(String, String)> = files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        Law::with_overlay("own", &files).map_err(|e| e.to_string())
    }

    fn status(law: &Law, id: &str, state: &str, on: &str) -> Status {
        law.book.status(id, StateCode::new(state).unwrap(), on.parse().unwrap()).unwrap().status
    }

    #[test]
    fn a_row_replaces_a_row_and_the_count_follows() {
        let row = format!("{HEAD}ie,party,2002-02-28,2026-01-10,2026-05-01,,,,2026-11-20,confirmed,,own copy,the deposit,\n");
        let law = with(&[("instruments/ETS185.csv", &row)]).unwrap();
        assert_eq!(status(&law, "ETS185", "IE", "2026-06-01"), Status::Party);
        let shipped = Law::shipped().unwrap();
        assert_ne!(status(shipped, "ETS185", "IE", "2025-12-01"), Status::Party);
        let parties =
            |law: &Law| law.book.instrument("ETS185").unwrap().counts.iter().find(|c| c.what == "party").unwrap().clone();
        let before = shipped.book.instrument("ETS185").unwrap().rows[&StateCode::new("IE").unwrap()].relation.word;
        if before != "party" {
            assert_eq!(parties(&law).listed, parties(shipped).listed + 1);
        }
        assert_eq!(law.overlay.as_deref(), Some("own"));
        assert_eq!(status(&law, "ETS185", "DE", "2026-06-01"), status(shipped, "ETS185", "DE", "2026-06-01"));
    }

    #[test]
    fn an_instrument_can_be_added() {
        let head = "id = \"OWN1\"\ntitle = \"An agreement\"\nkind = \"bilateral\"\nforce = \"per-row\"\nas_of = \"2026-11-20\"\n\
                    grade = \"confirmed\"\nabsent = \"unknown\"\nabsent_because = \"not looked at\"\n";
        let row = format!("{HEAD}DE,party,,,2020-01-01,,,,2026-11-20,confirmed,,,the text,\n");
        let law = with(&[("instruments/OWN1.toml", head), ("instruments/OWN1.csv", &row)]).unwrap();
        assert_eq!(status(&law, "OWN1", "DE", "2020-01-01"), Status::Party);
        assert!(with(&[("instruments/OWN1.toml", head)]).unwrap_err().contains("OWN1.csv"));
        assert!(with(&[("instruments/../x.toml", head), ("instruments/../x.csv", &row)]).unwrap_err().contains("no file"));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_line_that_the_user_wrote() {
        let row = format!("{HEAD}DE,party,2001-11-23,2009-03-09,2009-07-01,,,,2026-11-20,confirmed,,,,\n");
        let error = with(&[("instruments/ETS185.csv", &row)]).unwrap_err();
        assert!(error.contains("line 2 of the overlay") && error.contains("source"), "{error}");
        assert!(with(&[("instruments/ETS185.csv", "state,colour\nDE,red\n")]).unwrap_err().contains("colour"));
        assert!(with(&[("notes.txt", "")]).unwrap_err().contains("no file of the rule book"));
        assert!(with(&[("wcit12.csv", "item,value\nx,y\n")]).unwrap_err().contains("\"state\" is missing"));
        let twice = format!("{HEAD}DE,party,,,,,,,unknown,partly,,,s,\nde,party,,,,,,,unknown,partly,,,s,\n");
        assert!(with(&[("instruments/ETS185.csv", &twice)]).unwrap_err().contains("listed twice"));
    }

    #[test]
    fn the_shipped_files_over_themselves_change_nothing() {
        let files: Vec<(String, String)> = Law::shipped_files().map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
        let law = Law::with_overlay("same", &files).unwrap();
        let shipped = Law::shipped().unwrap();
        let (a, b) = (law.book.instrument("ETS185").unwrap(), shipped.book.instrument("ETS185").unwrap());
        assert_eq!((a.rows.len(), a.absent), (b.rows.len(), b.absent));
        assert_eq!(law.tables.groups.len(), shipped.tables.groups.len());
        assert_eq!(law.tables.positions.len(), shipped.tables.positions.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn nothing_panics(name in "(instruments/)?(ETS185|wcit12|groups|norms|X)\\.(csv|toml)", text in "(state,|item,|group,|status|DE|\"|\n|\\PC){0,60}") {
            let merged = merge(&[(name.clone(), text)]);
            let _ = merged.place(&name, "line 2");
        }
    }
}
