//! The same rules over documents: rows carry their evidence, dates and grades as keys, so those are read and no words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Fault, Names, Rule, lint};

/// Keys under which others speak: operators, attackers, the analyst, libraries of licences. They are data.
const DATA_KEYS: [&str; 14] = [
    "as_name",
    "attribution",
    "city",
    "filter",
    "licence",
    "name",
    "names",
    "path",
    "reproduce",
    "sha256",
    "source",
    "sources",
    "text",
    "what",
];

/// Words for how well a row is known.
const GRADES: [&str; 3] = ["confirmed", "partly", "unconfirmed"];

/// Checks the rows of a document (`rutter.report/1`, or what `rutter law` prints): a probability of a place has evidence
/// under it, none is 1, and an instrument has a grade, a source and, where it binds, a day or the reason why there is none.
#[must_use]
pub fn lint_rows(document: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    paths(document, &mut faults);
    walk(document, "", &mut faults);
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

fn walk(value: &Value, at: &str, faults: &mut Vec<Fault>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{at}[{i}]"), faults);
            }
        }
        Value::Object(fields) => {
            if let Some(p) = fields.get("p").and_then(Value::as_f64).filter(|p| *p >= 0.999) {
                faults.push(Fault { rule: Rule::Certainty, text: at.to_owned(), why: format!("p is {p}") });
            }
            instrument(value, at, faults);
            for (key, field) in fields {
                walk(field, &format!("{at}.{key}"), faults);
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

/// Lints every string of a document that is the program's own wording, with the place of each fault.
#[must_use]
pub fn lint_strings(document: &Value, names: &Names) -> Vec<Fault> {
    let mut faults = Vec::new();
    let data = data_of(document);
    strings(document, "", &mut |at, text| {
        let quiet = super::without_data(text, &data);
        faults.extend(lint(&quiet, names).into_iter().map(|f| Fault { why: format!("{at}: {}", f.why), ..f }));
    });
    faults
}

fn strings(value: &Value, at: &str, say: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => say(at, text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, at, say)),
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| !DATA_KEYS.contains(&key.as_str())) {
                strings(field, &format!("{at}.{key}"), say);
            }
        }
        _ => {}
    }
}

/// What others wrote in a document: names of hosts and operators, paths, quotations of evidence. Given to
/// [`without_data`](super::without_data), they are out of the way in every rendering of it.
#[must_use]
pub fn data_of(document: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, data: bool, out: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if data => {
                out.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, data, out)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    collect(field, data || DATA_KEYS.contains(&key.as_str()), out);
                }
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    collect(document, false, &mut out);
    // A word that a state is called by would take the states out of every sentence, a date the dates.
    out.retain(|text| text.contains(|c: char| !c.is_alphabetic()) && text.contains(char::is_alphabetic));
    out
}
