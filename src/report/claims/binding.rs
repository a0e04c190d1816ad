//! Instruments that are said to bind, and the date and grade that stand beside.

use super::text::{Word, cells, sentences, words as words_of};
use super::{Fault, Names, Rule, deeds, is, low, measures};

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
    let named = |text: &str| names.instruments.iter().find(|id| has_word(text, id));
    if named(clause).is_none() {
        return false;
    }
    // A "no" in one part of a clause says nothing about another, and the day of one instrument nothing about the next.
    let mut segments: Vec<(String, bool)> = Vec::new();
    for part in parts(clause) {
        let bound = is_bound(&part, names);
        let another = bound && named(&part).is_some();
        match segments.last_mut() {
            Some((text, said)) if !(*said && another && named(text).is_some()) => {
                text.push_str(&part);
                *said |= bound;
            }
            // The grade before its name is still the last one's: `confirmed ETS30 in force for DE`.
            Some((text, _)) => {
                let at = named(&part).and_then(|id| part.find(id.as_str())).unwrap_or(0);
                let (before, own) = part.split_at(at);
                text.push_str(before);
                segments.push((own.to_owned(), bound));
            }
            None => segments.push((part, bound)),
        }
    }
    let mut said = false;
    for (segment, _) in segments.iter().filter(|(_, bound)| *bound) {
        let Some(id) = named(segment).or_else(|| named(clause)) else { continue };
        said = true;
        let lower = segment.to_lowercase();
        let missing = match (is_dated(&lower), ["confirmed", "partly"].iter().any(|g| lower.contains(g))) {
            (true, true) => continue,
            (false, false) => "date and grade",
            (false, true) => "date",
            (true, false) => "grade",
        };
        let why = format!("{id} is said to bind without {missing}");
        faults.push(Fault { rule: Rule::InstrumentWithoutDateOrGrade, text: clause.trim().to_owned(), why });
    }
    said
}

/// A clause at its commas and conjunctions. What an instrument is outside of keeps the words on the instrument:
/// "FO is outside it, which is in force for Denmark".
fn parts(clause: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = String::new();
    let flush = |open: &mut String, out: &mut Vec<String>| {
        let part = std::mem::take(open);
        let relative = ["which ", "that "].iter().any(|r| part.trim_start().starts_with(r));
        match out.last_mut() {
            // "Under X, Germany must" is one, as is "ratified, not yet in force".
            Some(last) if last.trim_end().ends_with(',') && opened(last).is_some() => last.push_str(&part),
            Some(last) if part.trim_start().starts_with("not yet ") => last.push_str(&part),
            Some(last) if relative && last.to_lowercase().contains("outside ") => last.push_str(&part),
            _ => out.push(part),
        }
    };
    for word in clause.split_inclusive([' ', '\t', ',', '(', ')', ':']) {
        if matches!(word.trim(), "and" | "but" | "while" | "whereas" | "although" | "though" | "so") {
            flush(&mut open, &mut out);
        }
        open.push_str(word);
        if word.ends_with([',', '(', ')', ':']) {
            flush(&mut open, &mut out);
        }
    }
    flush(&mut open, &mut out);
    out
}

/// Does a part of a clause say that somebody is bound?
fn is_bound(part: &str, names: &Names) -> bool {
    let lower = part.to_lowercase();
    let w = words_of(&lower);
    // Parties in the abstract ("a Party", "Party to Party") are nobody in particular.
    const ABSTRACT: [&str; 11] = ["a", "another", "any", "each", "every", "no", "not", "other", "requested", "third", "to"];
    // Of "each State Party" the first word counts.
    let before = |i: usize| i.checked_sub(1 + usize::from(i > 1 && low(&w, i - 1) == "state")).map_or("", |j| low(&w, j));
    let nobody = |i: usize| ABSTRACT.contains(&before(i)) || low(&w, i + 1) == "to" && low(&w, i + 2) == "party";
    // "With no reservation" takes nothing back, nor does what stands far behind the verb.
    const ASIDE: [&str; 10] = [
        "condition",
        "conditions",
        "declaration",
        "declarations",
        "delay",
        "doubt",
        "exception",
        "reservation",
        "reservations",
        "limits",
    ];
    let denies = |j: usize| {
        let word = low(&w, j);
        (measures::NEGATIONS.contains(&word) || word.ends_with("n't")) && !is(&w, j + 1, &ASIDE)
    };
    let negated = |i: usize| (0..i + 3).any(denies);
    let outside = ["not-party", "non-party", "not-extended", "not-bound", "outside"].iter().any(|n| lower.contains(n));
    // What a treaty does in general is no claim on anybody; with a state beside it, it is one.
    let state = || names_a_state(&words_of(part), names);
    let binds = |i: usize| match low(&w, i) {
        "party" => !nobody(i) || i > 1 && low(&w, i - 1) == "a" && is(&w, i - 2, &["as", "is"]),
        "binds" | "bound" => true,
        "force" => i > 0 && is(&w, i - 1, &["in", "into"]),
        "applies" if low(&w, i + 1) == "to" => true,
        "member" => low(&w, i + 1) == "of" && state(),
        "parties" => i > 0 && is(&w, i - 1, deeds::BE) && state(),
        word => deeds::BINDS.contains(&word) && state(),
    };
    let under = || !w.iter().any(|x| measures::NEGATIONS.contains(&x.low.as_str())) && stands_under(part, names);
    !outside && ((0..w.len()).any(|i| binds(i) && !negated(i)) || under())
}

/// `Under X Germany keeps the data`, `pursuant to X art. 29, Germany has 90 days`: who acts under it is bound by it. A request under it
/// *to* somebody may be refused.
fn stands_under(part: &str, names: &Names) -> bool {
    let w = words_of(part);
    let Some(after) = opened(part).and_then(|_| names.instruments.iter().find_map(|id| part.split_once(id.as_str()))) else {
        return false;
    };
    let rest = words_of(after.1);
    let skipped = |x: &Word| {
        matches!(x.low.as_str(), "art" | "arts" | "article" | "articles" | "." | "," | "(" | ")" | "the" | "and")
            || x.low.starts_with(|c: char| c.is_ascii_digit())
            || x.low.len() == 1
    };
    let at = rest.iter().take_while(|x| skipped(x)).count();
    w.len() > at && names.state_at(&rest, at).is_some_and(|s| !s.adjective && !s.possessive)
}

/// What stands behind the "under" with which a part begins.
fn opened(part: &str) -> Option<&str> {
    let part = part.trim_start();
    ["Under ", "under ", "Pursuant to ", "pursuant to ", "By virtue of ", "In accordance with "]
        .iter()
        .find_map(|o| part.strip_prefix(o))
}

fn names_a_state(w: &[Word], names: &Names) -> bool {
    (0..w.len()).any(|i| names.state_at(w, i).is_some_and(|s| !s.adjective))
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
    has_year(&own) || own.contains("unknown") || own.contains("not in the table") || own.contains("nobody read")
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
