//! The linter of claims: what a report may not say, as a test over everything that it says.
//!
//! Five rules. No state is the subject of an attack verb, whoever it is called by: name, adjective, code, government, service,
//! people, "a foreign government"; none is called the attacker, and no responsibility is laid on one.
//! A word of likelihood and a word of confidence never share a sentence (US Intelligence Community Directive 203, 2015,
//! D.6.e.2.a: they weigh different things, the event and the sources). Nothing has the probability 1. A probability of a
//! place has evidence under it. An instrument that is said to bind stands beside its date and its grade.
//!
//! The rules read words, not meanings, and are strict where they cannot tell: a writer can always say it otherwise. What
//! others wrote is evidence and no claim, as long as the report marks it as theirs ([`Foreign`]). A name after a
//! preposition is a place ("hosts in Germany were attacked"), and one under a passive verb is a victim ("Estonia was
//! attacked").

mod act;
mod actor;
mod binding;
mod blame;
mod called;
mod deeds;
mod measures;
mod named;
mod object;
mod place;
mod quoted;
mod rows;
mod table;
mod text;
mod verbs;
mod weight;
mod who;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use self::text::{Word, paragraphs, sentences, without_quotes};
use crate::model::net::StateCode;

pub use quoted::{Foreign, foreign, without_foreign};
pub use rows::{lint_rows, lint_strings};
pub use table::{of_markdown, of_tables};
pub use text::text_of;
pub use weight::{Near, lint_probabilities};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A state did something to somebody.
    StateAsActor,
    /// Likelihood and confidence in one sentence.
    LikelihoodWithConfidence,
    /// Probability 1.
    Certainty,
    /// A probability that no evidence carries.
    ProbabilityWithoutEvidence,
    /// An instrument that binds, without date or grade.
    InstrumentWithoutDateOrGrade,
}

/// A sentence or row that may not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// The sentence, or the place of the row in its document.
    pub text: String,
    /// What in it.
    pub why: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {} in: {}", self.rule, self.why, self.text)
    }
}

/// What states and instruments are called.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Words of a name, lower case, by the first of them; longest first.
    phrases: BTreeMap<String, Vec<Phrase>>,
    codes: BTreeSet<String>,
    /// Names as the tables have them, lower case.
    whole: BTreeSet<String>,
    instruments: Vec<String>,
}

#[derive(Clone, Debug)]
struct Phrase {
    words: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Adjective,
    /// A capital: a place in its state as well.
    Town,
}

impl Names {
    /// States and territories with their names out of the caller's tables. Adjectives and other names are added from
    /// the linter's own list. Of `Iran (Islamic Republic of)` and `Congo, Democratic Republic` the first part counts.
    #[must_use]
    pub fn new<N: AsRef<str>>(states: impl IntoIterator<Item = (StateCode, N)>) -> Self {
        let mut names = Self::default();
        for (code, name) in states {
            names.codes.insert(code.to_string());
            let name = name.as_ref();
            names.whole.insert(name.trim().to_lowercase());
            let first = name.split(['(', ',', ';']).next().unwrap_or(name).trim();
            // One word in lower case is no name: `alias`, `none`.
            if first.chars().next().is_some_and(char::is_uppercase) {
                names.add(first, Kind::Name);
            }
        }
        let others = called::OTHER_NAMES.iter().chain(called::SERVICES).map(|other| (other, Kind::Name));
        for ((code, name), kind) in others.chain(called::CAPITALS.iter().map(|capital| (capital, Kind::Town))) {
            if names.codes.contains(*code) {
                names.add(name, kind);
            }
        }
        for (code, adjectives) in called::ADJECTIVES {
            if names.codes.contains(*code) {
                for adjective in adjectives.split(' ') {
                    names.add(&adjective.replace('-', " "), Kind::Adjective);
                    names.add(adjective, Kind::Adjective);
                    // `Russians`, `the North Koreans`.
                    if adjective.ends_with("an") || adjective.ends_with("i") {
                        names.add(&format!("{}s", adjective.replace('-', " ")), Kind::Name);
                    }
                }
            }
        }
        for phrases in names.phrases.values_mut() {
            phrases.sort_by(|a, b| b.words.len().cmp(&a.words.len()).then(a.words.cmp(&b.words)));
        }
        names
    }

    /// Ids and titles of instruments.
    #[must_use]
    pub fn with_instruments<N: Into<String>>(mut self, instruments: impl IntoIterator<Item = N>) -> Self {
        self.instruments.extend(instruments.into_iter().map(Into::into));
        self
    }

    fn add(&mut self, name: &str, kind: Kind) {
        let words: Vec<String> = text::words(name).into_iter().map(|w| w.low).filter(|w| w != "the" && w != ".").collect();
        if let Some(first) = words.first().cloned() {
            self.phrases.entry(first).or_default().push(Phrase { words, kind });
        }
    }

    /// Is the word the code of a state?
    fn is_code(&self, w: &[Word], i: usize) -> bool {
        w.get(i).is_some_and(|word| self.codes.contains(bare(&word.shown)))
    }

    /// A state at `i`: where its name ends, and whether that is an adjective.
    fn state_at(&self, w: &[Word], i: usize) -> Option<State> {
        let word = w.get(i)?;
        if self.codes.contains(bare(&word.shown)) {
            let next = w.get(i + 1).map(|n| n.shown.as_str()).unwrap_or_default();
            let number = next.starts_with(|c: char| c.is_ascii_digit());
            let shouting = next.len() > 2 && next.chars().all(|c| c.is_ascii_uppercase());
            return (!number && !shouting).then_some(State {
                end: i + 1,
                adjective: false,
                town: false,
                possessive: word.possessive,
            });
        }
        if !word.is_capital() {
            return None;
        }
        self.phrases.get(&word.low)?.iter().find_map(|phrase| {
            let here = w.get(i..i + phrase.words.len())?;
            let same = here.iter().zip(&phrase.words).all(|(a, b)| a.low == *b);
            let possessive = here.last().is_some_and(|l| l.possessive);
            let (adjective, town) = (phrase.kind == Kind::Adjective, phrase.kind == Kind::Town);
            same.then_some(State { end: i + phrase.words.len(), adjective, town, possessive })
        })
    }

    /// Is the whole text what a state is called?
    fn is_name(&self, text: &str) -> bool {
        let w = text::words(text);
        let from = usize::from(low(&w, 0) == "the");
        self.whole.contains(&text.trim().to_lowercase()) || self.state_at(&w, from).is_some_and(|s| s.end == w.len())
    }
}

fn bare(shown: &str) -> &str {
    shown.trim_end_matches("'s").trim_end_matches("\u{2019}s")
}

#[derive(Clone, Copy)]
struct State {
    end: usize,
    adjective: bool,
    town: bool,
    possessive: bool,
}

fn is(w: &[Word], i: usize, list: &[&str]) -> bool {
    list.contains(&low(w, i))
}

/// Is one of these among the next words of the sentence?
fn follows(w: &[Word], from: usize, reach: usize, list: &[&str]) -> bool {
    w.iter().skip(from).take(reach).any(|x| list.contains(&x.low.as_str()))
}

/// Is the clause before `i` in the negative? "No doubt" and "not only" deny nothing, nor what another clause says.
fn denied(w: &[Word], i: usize) -> bool {
    let begins = |j: usize| {
        is(w, j, &[";", ":", "but"])
            || low(w, j) == "," && is(w, j + 1, &["and", "but", "so", "therefore", "thus", "yet", "while"])
    };
    let from = (0..i).rev().find(|&j| begins(j)).map_or(0, |j| j + 1);
    let denies = |j: usize| is(w, j, measures::NEGATIONS) || low(w, j).ends_with("n't");
    (from..i).any(|j| denies(j) && !is(w, j + 1, &["doubt", "only", "question", "surprise", "wonder"]))
}

fn low(w: &[Word], i: usize) -> &str {
    w.get(i).map(|x| x.low.as_str()).unwrap_or_default()
}

fn shown(w: &[Word], from: usize, to: usize) -> String {
    let part = w.get(from..to.min(w.len())).unwrap_or_default();
    part.iter().map(|x| x.shown.as_str()).collect::<Vec<_>>().join(" ")
}

/// Lints a text, sentence by sentence: everything that reaches a reader as words. HTML goes through [`text_of`] first,
/// Markdown through [`of_markdown`], tables of a terminal through [`of_tables`], and what is attributed without quotation
/// marks through [`without_foreign`].
#[must_use]
pub fn lint(text: &str, names: &Names) -> Vec<Fault> {
    let mut faults = Vec::new();
    for paragraph in paragraphs(text) {
        let quiet = without_quotes(&paragraph);
        // "It" in the next sentence may be a state that this one names.
        let mut named = false;
        for sentence in sentences(&quiet) {
            let w = text::words(&sentence);
            let mut say = |rule, why: Option<String>| {
                faults.extend(why.map(|why| Fault { rule, text: sentence.clone(), why }));
            };
            named |= actor::names_one(&w, names);
            say(Rule::StateAsActor, actor::actor(&w, names, named));
            say(Rule::LikelihoodWithConfidence, weight::both_weights(&w, names));
            say(Rule::Certainty, weight::certainty(&w, &sentence));
        }
        if !names.instruments.is_empty() {
            binding::instruments(&quiet, names, &mut faults);
        }
    }
    faults
}

/// The words of likelihood of US Intelligence Community Directive 203 (2015), section D.6.e.2.a, first row. Bounds: 0.05,
/// 0.20, 0.45, 0.55, 0.80, 0.95; what lies on one takes the higher word. How far the sources carry is another question:
/// it stands apart, with reasons.
#[must_use]
pub fn likelihood(p: f32) -> &'static str {
    match p {
        p if !p.is_finite() => "unknown",
        p if p >= 0.95 => "almost certain",
        p if p >= 0.80 => "very likely",
        p if p >= 0.55 => "likely",
        p if p >= 0.45 => "roughly even chance",
        p if p >= 0.20 => "unlikely",
        p if p >= 0.05 => "very unlikely",
        _ => "almost no chance",
    }
}

#[cfg(test)]
mod tests;
