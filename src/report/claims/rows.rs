//! The same rules over documents: rows carry their evidence, dates and grades as keys, so those are read and no words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::binding::has_year;
use super::quoted::{foreign, is_foreign, own_words};
use super::{Fault, Names, Rule, lint};
use crate::model::time::Day;

/// Words for how well a row is known.
const GRADES: [&str; 3] = ["confirmed", "partly", "unconfirmed"];

/// Checks the rows of a document (`rutter.report/1`, or what `rutter law` prints): a probability of a place has evidence
/// under it, none is 1, and an instrument has a grade, a source and, where it binds, a day or the reason why there is none.
#[must_use]
pub fn lint_rows(document: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    paths(document, &mut faults);
    let known: BTreeSet<&str> = list(document, "evidence").iter().map(|e| word(e, "id")).collect();
    walk(document, "", &known, &mut faults);
    faults
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn paths(document: &Value, faults: &mut Vec<Fault>) {
    let known: BTreeSet<&str> = list(document, "evidence").iter().map(|e| word(e, "id")).collect();
    let mut fault = |at: String, why: String| faults.push(Fault { rule: Rule::ProbabilityWithoutEvidence, text: at, why });
    for (n, path) in list(document, "paths").iter().enumerate() {
        let hops = list(path, "hops");
        let carried = |i: usize| hops.get(i).is_some_and(|h| !list(h, "because").is_empty());
        for (i, hop) in hops.iter().enumerate() {
            let at = format!("paths[{n}].hops[{i}]");
            let because = list(hop, "because");
            // What a header asserts is placed for information and weighs nothing.
            let weighs = word(hop, "kind") != "asserted";
            if weighs && because.is_empty() && (!list(hop, "locus").is_empty() || !list(hop, "touches").is_empty()) {
                fault(at.clone(), "a place or a touch without evidence".to_owned());
            }
            if !weighs && !list(hop, "touches").is_empty() {
                fault(at.clone(), "what a header asserts touches a state".to_owned());
            }
            for id in because.iter().filter_map(Value::as_str).filter(|id| !known.contains(id)) {
                fault(at.clone(), format!("no row of evidence {id}"));
            }
        }
        for (i, border) in list(path, "borders").iter().enumerate() {
            let end = |key: &str| border.get(key).and_then(Value::as_u64).and_then(|v| usize::try_from(v).ok());
            if ![end("from"), end("to")].into_iter().all(|e| e.is_some_and(&carried)) {
                fault(format!("paths[{n}].borders[{i}]"), "a border between hops without evidence".to_owned());
            }
        }
        if !list(path, "states").is_empty() && !(0..hops.len()).any(carried) {
            fault(format!("paths[{n}].states"), "states without any hop that has evidence".to_owned());
        }
    }
}

fn walk(value: &Value, at: &str, known: &BTreeSet<&str>, faults: &mut Vec<Fault>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{at}[{i}]"), known, faults);
            }
        }
        Value::Object(fields) => {
            if let Some(p) = fields.get("p").and_then(Value::as_f64).filter(|p| *p >= 0.999) {
                faults.push(Fault { rule: Rule::Certainty, text: at.to_owned(), why: format!("p is {p}") });
            }
            // A row of a plan: a probability, and the evidence under it.
            if fields.get("p").is_some_and(Value::is_number) && fields.contains_key("because") {
                let ids = list(value, "because");
                if ids.is_empty() || ids.iter().any(|id| !id.as_str().is_some_and(|id| known.contains(id))) {
                    let why = "a probability whose evidence is not in the document".to_owned();
                    faults.push(Fault { rule: Rule::ProbabilityWithoutEvidence, text: at.to_owned(), why });
                }
            }
            instrument(value, at, faults);
            matrix(value, at, faults);
            for (key, field) in fields {
                walk(field, &format!("{at}.{key}"), known, faults);
            }
        }
        _ => {}
    }
}

/// A row that says how a state stands to an instrument, or that a channel rests on one.
fn instrument(row: &Value, at: &str, faults: &mut Vec<Fault>) {
    let id = word(row, "instrument");
    let has = |key: &str| row.get(key).is_some();
    if id.is_empty() || !(has("status") || has("usable")) {
        return;
    }
    let mut fault = |what: &str| {
        let why = format!("{id}: {what}");
        faults.push(Fault { rule: Rule::InstrumentWithoutDateOrGrade, text: at.to_owned(), why });
    };
    if !GRADES.contains(&word(row, "grade")) {
        fault("no grade");
    }
    if word(row, "source").trim().is_empty() {
        fault("no source");
    }
    if has("usable") && word(row, "as_of").is_empty() {
        fault("no as-of date");
    }
    if word(row, "status") == "party" {
        let day = |key: &str| row.get(key).and_then(Value::as_str).is_some_and(|d| d.len() >= 4);
        let note = word(row, "note").to_lowercase();
        let reasons = ["unknown", "not in the table", "not read", "some day in", "decision of", "deposit on", "listed as"];
        if !day("in_force") && !day("since") && !reasons.iter().any(|r| note.contains(r)) {
            fault("binds, and neither a day nor why there is none");
        }
    }
}

/// The matrix of coverage, and of a comparison: an instrument and how each state stands to it. The row says since when it is
/// in force or why it is not; each cell has a grade, the day on which it was last checked, and the key for its own day, which
/// is `null` for unknown and never left out. Nobody is bound since a day who is not bound.
fn matrix(row: &Value, at: &str, faults: &mut Vec<Fault>) {
    let cells = list(row, "cells");
    if cells.is_empty() {
        return;
    }
    let coverage = row.get("instrument").is_some();
    let id = if coverage { word(row, "instrument") } else { word(row, "item") };
    let mut fault = |cell: Option<usize>, what: &str| {
        let text = cell.map_or_else(|| at.to_owned(), |n| format!("{at}.cells[{n}]"));
        faults.push(Fault { rule: Rule::InstrumentWithoutDateOrGrade, text, why: format!("{id}: {what}") });
    };
    if coverage {
        for key in ["title", "force", "source"] {
            if word(row, key).trim().is_empty() {
                fault(None, &format!("no {key}"));
            }
        }
        let force = word(row, "force").to_lowercase();
        if !has_year(&force) && !["not", "no ", "unknown", "nobody"].iter().any(|w| force.contains(w)) {
            fault(None, "no day of its own, nor why there is none");
        }
        if !GRADES.contains(&word(row, "grade")) {
            fault(None, "no grade");
        }
    }
    for (n, cell) in cells.iter().enumerate() {
        let status = if coverage { word(cell, "status") } else { word(cell, "value") };
        let day = cell.get(if coverage { "since" } else { "date" });
        let (grade, as_of) = (word(cell, "grade"), word(cell, "as_of"));
        // An empty cell of a comparison says that there is no row.
        if !coverage && status == "unknown" && cell.get("grade").is_none_or(Value::is_null) {
            continue;
        }
        if status.is_empty() {
            fault(Some(n), "no status");
        }
        if !GRADES.contains(&grade) {
            fault(Some(n), "no grade");
        }
        if as_of.trim().is_empty() {
            fault(Some(n), "no as-of date");
        }
        match day {
            None => fault(Some(n), "no key for its day"),
            Some(Value::String(day)) if coverage || status == "party" => {
                if day.parse::<Day>().is_err() && !has_year(day) {
                    fault(Some(n), "its day is none");
                }
                if coverage && !matches!(status, "party" | "suspended") {
                    fault(Some(n), "a day since which it binds, and it does not");
                }
            }
            Some(Value::Null) if status == "party" && as_of == "unknown" && grade == "confirmed" => {
                fault(Some(n), "confirmed, with neither a day nor an as-of date");
            }
            Some(_) => {}
        }
        if coverage && status == "unknown" && grade == "confirmed" {
            fault(Some(n), "an unknown that is confirmed");
        }
    }
}

/// Lints every string of a document that is the program's own wording, with the place of each fault. What stands under keys
/// for names and citations, and behind a mark of attribution, is somebody else's.
#[must_use]
pub fn lint_strings(document: &Value, names: &Names) -> Vec<Fault> {
    let mut faults = Vec::new();
    let theirs = foreign(document, names);
    strings(document, "", &mut |at, text| {
        let quiet = own_words(text, &theirs);
        faults.extend(lint(&quiet, names).into_iter().map(|f| Fault { why: format!("{at}: {}", f.why), ..f }));
    });
    faults
}

fn strings(value: &Value, at: &str, say: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => say(at, text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, at, say)),
        Value::Object(fields) => {
            for (key, field) in fields {
                let at = format!("{at}.{key}");
                match field {
                    // Names and citations; an object under such a key has keys of its own.
                    Value::Array(items) if is_foreign(key) => {
                        items.iter().filter(|item| item.is_object()).for_each(|item| strings(item, &at, say));
                    }
                    field if is_foreign(key) && !field.is_object() => {}
                    field => strings(field, &at, say),
                }
            }
        }
        _ => {}
    }
}
