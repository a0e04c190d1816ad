//! Instruments that are said to bind, and the date and grade that stand beside.

use super::text::{cells, sentences, words as words_of};
use super::{Fault, Names, Rule, low, words};

/// Clauses of prose, or whole rows of a table: an instrument that is said to bind has a date and a grade beside it.
pub(super) fn instruments(paragraph: &str, names: &Names, faults: &mut Vec<Fault>) {
    let mut said = false;
    for sentence in sentences(paragraph) {
        for clause in sentence.split(';') {
            said |= binds(clause, names, faults);
        }
    }
    // A cell of a comparison, `party, 2009-07-01; confirmed, 2025-10-28 [1]`: the second is the day of the last look.
    for cell in cells(paragraph) {
        let Some((status, known)) = cell.trim().split_once(';') else { continue };
        let graded = ["confirmed", "partly", "unconfirmed"].iter().any(|g| known.trim_start().starts_with(g));
        if !graded || status.split(',').next() != Some("party") {
            continue;
        }
        if !is_dated(&status.to_lowercase()) {
            let why = "a party since no day, and not said to be unknown".to_owned();
            faults.push(Fault { rule: Rule::InstrumentWithoutDateOrGrade, text: cell.trim().to_owned(), why });
        }
    }
    // The instrument in one cell, what is said of it in another.
    if !said && paragraph.contains('\t') {
        binds(&paragraph.replace('\t', " "), names, faults);
    }
}

/// Does the clause say that an instrument binds? If so, it is checked.
fn binds(clause: &str, names: &Names, faults: &mut Vec<Fault>) -> bool {
    // Parties in the abstract ("a Party", "Party to Party") are nobody in particular.
    const ABSTRACT: [&str; 11] = ["a", "another", "any", "each", "every", "no", "not", "other", "requested", "third", "to"];
    let lower = clause.to_lowercase();
    let w = words_of(&lower);
    let nobody = |i: usize| i > 0 && ABSTRACT.contains(&low(&w, i - 1)) || low(&w, i + 1) == "to" && low(&w, i + 2) == "party";
    let party =
        (0..w.len()).any(|i| low(&w, i) == "party" && !nobody(i)) || lower.contains("is a party") || lower.contains("as a party");
    let bound = party || ["binds ", " bound ", "in force", "applies to"].iter().any(|b| lower.contains(b));
    let negated = w.iter().any(|x| words::NEGATIONS.contains(&x.low.as_str()))
        || ["not-party", "non-party", "not-extended", "not-bound", "outside"].iter().any(|n| lower.contains(n));
    if !bound || negated {
        return false;
    }
    let Some(id) = names.instruments.iter().find(|id| has_word(clause, id)) else { return false };
    let dated = is_dated(&lower);
    let graded = ["confirmed", "partly"].iter().any(|g| lower.contains(g));
    let missing = match (dated, graded) {
        (true, true) => return true,
        (false, false) => "date and grade",
        (false, true) => "date",
        (true, false) => "grade",
    };
    let why = format!("{id} is said to bind without {missing}");
    faults.push(Fault { rule: Rule::InstrumentWithoutDateOrGrade, text: clause.trim().to_owned(), why });
    true
}

/// Is a day given, or said to be unknown? The day on which a row was last looked at is no day since which it binds.
fn is_dated(lower: &str) -> bool {
    let mut own = String::new();
    let mut rest = lower;
    while let Some((before, after)) = rest.split_once("as of ") {
        own.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/'));
    }
    own.push_str(rest);
    has_year(&own) || own.contains("unknown") || own.contains("not in the table")
}

fn has_word(text: &str, word: &str) -> bool {
    // Most clauses name no instrument, and there are many names.
    if memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_none() {
        return false;
    }
    text.match_indices(word).any(|(at, hit)| {
        let outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        outside(text.get(..at).and_then(|t| t.chars().next_back()))
            && outside(text.get(at + hit.len()..).and_then(|t| t.chars().next()))
    })
}

/// Four digits that can be a year, alone or at the head of a date.
pub(super) fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
}
