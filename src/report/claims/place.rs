//! Is a name a place in its sentence, or a subject?

use super::text::Word;
use super::{Names, low, words};

const LISTS: &[&str] = &["and", "or", ",", "nor", "/", "&"];

/// At the head of a clause these open what a comma ends: behind that the sentence proper begins.
const OPENERS: &[&str] = &[
    "after",
    "although",
    "as",
    "at",
    "because",
    "before",
    "despite",
    "during",
    "following",
    "for",
    "from",
    "given",
    "if",
    "in",
    "notwithstanding",
    "on",
    "once",
    "over",
    "regardless",
    "since",
    "though",
    "through",
    "under",
    "until",
    "when",
    "whereas",
    "while",
    "with",
    "within",
    "without",
];

/// Verbs that can be no participle: what stands before has its verb, and what stands behind "and" is new.
const FINITE: &[&str] = &[
    "are", "began", "came", "comes", "enters", "fell", "gave", "goes", "has", "is", "knew", "leads", "leaves", "lies", "passes",
    "ran", "reaches", "runs", "saw", "starts", "took", "was", "went", "were",
];

/// Words that begin a clause, whose verb is still to come.
const CLAUSES: &[&str] = &["that", "which", "who", "because", "if", "when", "while", ";", ":"];

/// Does the name at `i` say where, and not who? A list of places shares its preposition.
pub(super) fn is_place(w: &[Word], i: usize, names: &Names) -> bool {
    let is = |j: usize, list: &[&str]| list.contains(&low(w, j));
    let mut at = i;
    loop {
        let Some(mut before) = at.checked_sub(1) else { return false };
        if low(w, before) == "the" {
            let Some(earlier) = before.checked_sub(1) else { return false };
            before = earlier;
        }
        if is(before, words::PREPOSITIONS) {
            // "It went to Germany and Russia attacked": the first clause has its verb, so the second has its subject.
            return at == i || !clause_has_verb(w, before, i);
        }
        if !is(before, LISTS) {
            return false;
        }
        // The name before the conjunction, a serial comma included.
        let mut end = before;
        while end > 0 && is(end - 1, LISTS) {
            end -= 1;
        }
        let comma = low(w, before) == "," && end == before;
        let listed = (0..end)
            .rev()
            .take(5)
            .find_map(|j| names.state_at(w, j).filter(|s| s.end == end && !s.adjective).map(|s| (j, s.town)));
        match listed {
            // "After the flood in Germany, Russia attacked": a list ends with "and", and a town has its state behind it.
            Some((_, false)) if at == i && comma => return false,
            Some((start, town)) => {
                if town && at == i && comma && opened(w, start) {
                    return false;
                }
                at = start;
                continue;
            }
            None => {}
        }
        // `in Frankfurt, Germany`.
        if low(w, before) != "," || end != before {
            return false;
        }
        let mut town = end;
        while town > 0 && town + 3 > end && w.get(town - 1).is_some_and(Word::is_capital) {
            town -= 1;
        }
        return town < end && town > 0 && is(town - 1, words::PREPOSITIONS) && !opened(w, town);
    }
}

fn head(w: &[Word], to: usize, ends: &[&str]) -> usize {
    (0..to).rev().find(|&j| ends.contains(&low(w, j))).map_or(0, |j| j + 1)
}

/// Does the clause around `at` begin with a word that opens another part of the sentence? Its own preposition is none:
/// "In Frankfurt, Germany, hosts".
fn opened(w: &[Word], at: usize) -> bool {
    let from = head(w, at, &[";", ":", ","]);
    OPENERS.contains(&low(w, from)) && (from + 2 < at || !words::PREPOSITIONS.contains(&low(w, from)))
}

fn clause_has_verb(w: &[Word], before: usize, i: usize) -> bool {
    let and = (before..i).any(|j| matches!(low(w, j), "and" | "or" | ","));
    let from = head(w, before, CLAUSES);
    and && (from..before).any(|j| FINITE.contains(&low(w, j)))
}
