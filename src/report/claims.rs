//! The linter of claims: what a report may not say, as a test over everything that it says.
//!
//! Five rules. No state is the subject of an attack verb, whoever it is called by: name, adjective, code, government.
//! A word of likelihood and a word of confidence never share a sentence (US Intelligence Community Directive 203, 2015,
//! D.6.e.2.a: they weigh different things, the event and the sources). Nothing has the probability 1. A probability of a
//! place has evidence under it. An instrument that is said to bind stands beside its date and its grade.
//!
//! The rules read words, not meanings, and are strict where they cannot tell: a writer can always say it otherwise. What
//! others wrote is no claim: quotations, names of hosts, whatever [`without_data`] is given. A name after a preposition
//! is a place ("hosts in Germany were attacked"), and one under a passive verb is a victim ("Estonia was attacked").

mod rows;
mod text;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use self::text::{Word, paragraphs, sentences, without_quotes};
use crate::model::net::StateCode;

pub use rows::{data_of, lint_rows, lint_strings};
pub use text::{text_of, without_data};

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
    instruments: Vec<String>,
}

#[derive(Clone, Debug)]
struct Phrase {
    words: Vec<String>,
    adjective: bool,
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
            let first = name.split(['(', ',', ';']).next().unwrap_or(name).trim();
            // One word in lower case is no name: `alias`, `none`.
            if first.chars().next().is_some_and(char::is_uppercase) {
                names.add(first, false);
            }
        }
        for (code, name) in words::OTHER_NAMES {
            if names.codes.contains(*code) {
                names.add(name, false);
            }
        }
        for (code, adjectives) in words::ADJECTIVES {
            if names.codes.contains(*code) {
                for adjective in adjectives.split(' ') {
                    names.add(&adjective.replace('-', " "), true);
                    names.add(adjective, true);
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

    fn add(&mut self, name: &str, adjective: bool) {
        let words: Vec<String> = text::words(name).into_iter().map(|w| w.low).filter(|w| w != "the" && w != ".").collect();
        if let Some(first) = words.first().cloned() {
            self.phrases.entry(first).or_default().push(Phrase { words, adjective });
        }
    }

    /// A state at `i`: where its name ends, and whether that is an adjective.
    fn state_at(&self, w: &[Word], i: usize) -> Option<State> {
        let word = w.get(i)?;
        if self.codes.contains(bare(&word.shown)) {
            let next = w.get(i + 1).map(|n| n.shown.as_str()).unwrap_or_default();
            let number = next.starts_with(|c: char| c.is_ascii_digit());
            let shouting = next.len() > 2 && next.chars().all(|c| c.is_ascii_uppercase());
            return (!number && !shouting).then_some(State { end: i + 1, adjective: false, possessive: word.possessive });
        }
        if !word.is_capital() {
            return None;
        }
        self.phrases.get(&word.low)?.iter().find_map(|phrase| {
            let here = w.get(i..i + phrase.words.len())?;
            let same = here.iter().zip(&phrase.words).all(|(a, b)| a.low == *b);
            let possessive = here.last().is_some_and(|l| l.possessive);
            same.then_some(State { end: i + phrase.words.len(), adjective: phrase.adjective, possessive })
        })
    }
}

fn bare(shown: &str) -> &str {
    shown.trim_end_matches("'s").trim_end_matches("\u{2019}s")
}

#[derive(Clone, Copy)]
struct State {
    end: usize,
    adjective: bool,
    possessive: bool,
}

/// Somebody who acts: where the phrase ends, and whether it is a name alone, which may also be a place.
#[derive(Clone, Copy)]
struct Actor {
    end: usize,
    alone: bool,
}

/// Lints a text, sentence by sentence: everything that reaches a reader as words. HTML goes through [`text_of`] first, and
/// what is quoted without quotation marks through [`without_data`].
#[must_use]
pub fn lint(text: &str, names: &Names) -> Vec<Fault> {
    let mut faults = Vec::new();
    for paragraph in paragraphs(text) {
        let quiet = without_quotes(&paragraph);
        for sentence in sentences(&quiet) {
            let w = text::words(&sentence);
            let mut say = |rule, why: Option<String>| {
                faults.extend(why.map(|why| Fault { rule, text: sentence.clone(), why }));
            };
            say(Rule::StateAsActor, actor(&w, names));
            say(Rule::LikelihoodWithConfidence, both_weights(&w));
            say(Rule::Certainty, certainty(&w, &sentence));
        }
        if !names.instruments.is_empty() {
            instruments(&quiet, names, &mut faults);
        }
    }
    faults
}

/// The first claim that a state did something.
fn actor(w: &[Word], names: &Names) -> Option<String> {
    (0..w.len()).find_map(|i| {
        hyphenated(w, i, names)
            .or_else(|| agent(w, i, names))
            .or_else(|| active(w, i, names))
            .or_else(|| passive(w, i, names))
            .or_else(|| ascribed(w, i, names))
    })
}

fn low(w: &[Word], i: usize) -> &str {
    w.get(i).map(|x| x.low.as_str()).unwrap_or_default()
}

fn shown(w: &[Word], from: usize, to: usize) -> String {
    let part = w.get(from..to.min(w.len())).unwrap_or_default();
    part.iter().map(|x| x.shown.as_str()).collect::<Vec<_>>().join(" ")
}

/// Is one of these among the next words of the sentence?
fn follows(w: &[Word], from: usize, reach: usize, list: &[&str]) -> bool {
    w.iter().skip(from).take(reach).any(|x| list.contains(&x.low.as_str()))
}

/// `Russia-backed`, `state-sponsored hackers`, `nation-state actor`.
fn hyphenated(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let word = w.get(i)?;
    let (first, last) = word.shown.rsplit_once('-')?;
    let last = last.to_lowercase();
    let claim = words::BACKED.contains(&last.as_str());
    let doing = || {
        w.iter().skip(i + 1).take(2).any(|x| {
            words::AGENTS.contains(&x.low.as_str())
                || words::OFFENCES.contains(&x.low.as_str())
                || matches!(x.low.as_str(), "actor" | "actors" | "group" | "groups")
        })
    };
    let a_state = matches!(first.to_lowercase().as_str(), "state" | "nation-state" | "government");
    let named = names.state_at(&text::words(first), 0).is_some();
    let found = (claim && (named || a_state && doing())) || (word.low == "nation-state" && doing());
    found.then(|| format!("{:?} says who is behind it", shown(w, i, i + 2)))
}

/// A state with one who acts for it, at `i`.
fn actor_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
    if words::ORGANS.contains(&low(w, i)) && low(w, i + 1) == "of" {
        let at = i + 2 + usize::from(low(w, i + 2) == "the");
        if let Some(state) = names.state_at(w, at).filter(|s| !s.adjective) {
            return Some(Actor { end: state.end, alone: false });
        }
    }
    let state = names.state_at(w, i)?;
    let more = w
        .iter()
        .skip(state.end)
        .take(4)
        .take_while(|x| words::BETWEEN.contains(&x.low.as_str()) || words::ORGANS.contains(&x.low.as_str()))
        .count();
    if more > 0 && words::ORGANS.contains(&low(w, state.end + more - 1)) {
        return Some(Actor { end: state.end + more, alone: false });
    }
    (!state.adjective && !state.possessive).then_some(Actor { end: state.end, alone: true })
}

/// Does the name at `i` say where, and not who? A list of places shares its preposition.
fn is_place(w: &[Word], i: usize, names: &Names) -> bool {
    let mut at = i;
    loop {
        let Some(mut before) = at.checked_sub(1) else { return false };
        if low(w, before) == "the" {
            let Some(earlier) = before.checked_sub(1) else { return false };
            before = earlier;
        }
        if words::PREPOSITIONS.contains(&low(w, before)) {
            return true;
        }
        if !matches!(low(w, before), "and" | "or" | "," | "nor") {
            return false;
        }
        // The name before the conjunction, a serial comma included.
        let mut end = before;
        while end > 0 && matches!(low(w, end - 1), "," | "and" | "or") {
            end -= 1;
        }
        let listed = (0..end).rev().take(5).find(|&j| names.state_at(w, j).is_some_and(|s| s.end == end));
        if let Some(start) = listed {
            at = start;
            continue;
        }
        // `in Frankfurt, Germany`.
        if low(w, before) != "," {
            return false;
        }
        let mut town = end;
        while town > 0 && town + 3 > end && w.get(town - 1).is_some_and(Word::is_capital) {
            town -= 1;
        }
        return town < end && town > 0 && words::PREPOSITIONS.contains(&low(w, town - 1));
    }
}

/// `Russian hackers`, `China's cyberattack`, `attackers from Iran`.
fn agent(w: &[Word], i: usize, names: &Names) -> Option<String> {
    if matches!(low(w, i), "attacker" | "attackers" | "hacker" | "hackers" | "intruders" | "spies" | "saboteurs")
        && matches!(low(w, i + 1), "from" | "of")
    {
        let at = i + 2 + usize::from(low(w, i + 2) == "the");
        let state = names.state_at(w, at).filter(|s| !words::INFRASTRUCTURE.contains(&low(w, s.end)))?;
        return Some(format!("{:?} names a state's people", shown(w, i, state.end)));
    }
    let state = names.state_at(w, i)?;
    if !state.adjective && !state.possessive && is_place(w, i, names) {
        return None;
    }
    let more = w.iter().skip(state.end).take(3).take_while(|x| words::BETWEEN.contains(&x.low.as_str())).count();
    let at = state.end + more;
    // "attacks" after a name may be a verb; `active` has it, with its reasons.
    let noun = words::AGENTS.contains(&low(w, at)) && !words::COMPOUNDS.contains(&low(w, at + 1));
    noun.then(|| format!("{:?} names a state as actor", shown(w, i, at + 1)))
}

/// `Russia has repeatedly attacked`, `the government of X is behind`.
fn active(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let actor = actor_at(w, i, names)?;
    if actor.alone && is_place(w, i, names) {
        return None;
    }
    let mut at = actor.end;
    let mut be = false;
    for _ in 0..10 {
        match low(w, at) {
            "(" => at = (at..w.len()).find(|&j| low(w, j) == ")")? + 1,
            "," => at = (at + 1..(at + 12).min(w.len())).find(|&j| low(w, j) == ",")? + 1,
            word if words::BE.contains(&word) => {
                be = true;
                at += 1;
            }
            word if words::ADVERBS.contains(&word) => at += 1,
            _ => break,
        }
    }
    let verb = low(w, at);
    let ing = verb.ends_with("ing");
    let free = !be || ing;
    let lawful = || follows(w, at + 1, 6, words::LAWFUL);
    let offence = || follows(w, at + 1, 6, words::OFFENCES);
    let negated = || w.iter().take(at).any(|x| words::NEGATIONS.contains(&x.low.as_str()));
    let article = at + usize::from(matches!(verb, "the" | "a" | "an"));
    let found = (free && words::ACTIVE.contains(&verb))
        || (!be && words::PARTICIPLES.contains(&verb))
        || (free && words::UNLESS_LAWFUL.contains(&verb) && !lawful())
        || (free && matches!(verb, "carried" | "carries" | "carry" | "carrying") && low(w, at + 1) == "out" && !lawful())
        || (free && matches!(verb, "broke" | "breaks" | "breaking") && low(w, at + 1) == "into")
        || (!be && words::IF_OFFENCE.contains(&verb) && offence())
        || (be && verb == "behind")
        || (matches!(verb, "stands" | "stood") && low(w, at + 1) == "behind")
        || (be && verb == "to" && low(w, at + 1) == "blame")
        || (be && verb == "responsible" && offence() && !negated())
        || (be && words::CULPRITS.contains(&low(w, article)) && !negated());
    found.then(|| format!("{:?} makes a state the subject", shown(w, i, at + 2)))
}

/// `attacked by Russia`, `an operation conducted by the Chinese military`.
fn passive(w: &[Word], i: usize, names: &Names) -> Option<String> {
    if low(w, i) != "by" {
        return None;
    }
    let at = i + 1 + usize::from(matches!(low(w, i + 1), "the" | "a" | "an"));
    let actor = actor_at(w, at, names)?;
    if actor.alone && words::INFRASTRUCTURE.contains(&low(w, actor.end)) {
        return None;
    }
    let before = w.get(i.saturating_sub(10)..i).unwrap_or_default();
    let from = before.iter().rposition(|x| matches!(x.low.as_str(), ";" | ":")).map_or(0, |p| p + 1);
    let before = before.get(from..).unwrap_or_default();
    let any = |list: &[&str]| before.iter().any(|x| list.contains(&x.low.as_str()));
    let out = before.iter().zip(before.iter().skip(1)).any(|(a, b)| a.low == "carried" && b.low == "out");
    let found = any(words::PARTICIPLES)
        || ((any(words::UNLESS_LAWFUL) || out) && !any(words::LAWFUL))
        || (any(words::IF_OFFENCE) && any(words::OFFENCES))
        || before.last().is_some_and(|x| words::AGENTS.contains(&x.low.as_str()));
    found.then(|| format!("{:?} makes a state the agent", shown(w, i, actor.end)))
}

/// `attributed to Iran`, `the work of North Korea`; said in the negative it is no claim.
fn ascribed(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let to = match low(w, i) {
        "attributed" | "attributable" | "attribute" | "attributes" => (i + 1..i + 8).find(|&j| low(w, j) == "to")?,
        "blamed" => (i + 1..i + 4).find(|&j| low(w, j) == "on")?,
        "work" | "behest" | "orders" | "behalf" if low(w, i + 1) == "of" => i + 1,
        _ => return None,
    };
    let at = to + 1 + usize::from(low(w, to + 1) == "the");
    let actor = actor_at(w, at, names)?;
    let negated = w.iter().take(i).any(|x| words::NEGATIONS.contains(&x.low.as_str()));
    let of = to == i + 1 && low(w, to) == "of";
    let offence = w.iter().any(|x| words::OFFENCES.contains(&x.low.as_str()) || words::PARTICIPLES.contains(&x.low.as_str()));
    (!negated && (!of || offence)).then(|| format!("{:?} ascribes it to a state", shown(w, i, actor.end)))
}

fn both_weights(w: &[Word]) -> Option<String> {
    let mut line = String::from(" ");
    for word in w.iter().filter(|x| x.low.starts_with(char::is_alphanumeric)) {
        line.push_str(&word.low.replace('-', " "));
        line.push(' ');
    }
    let find = |list: &[&'static str]| list.iter().copied().find(|p| line.contains(&format!(" {p} ")));
    let (likelihood, confidence) = (find(words::LIKELIHOOD)?, find(words::CONFIDENCE)?);
    Some(format!("{likelihood:?} weighs the event, {confidence:?} the sources"))
}

fn certainty(w: &[Word], sentence: &str) -> Option<String> {
    if let Some(found) = whole_hundred(sentence) {
        return Some(found);
    }
    let negated = |i: usize| {
        let from = i.saturating_sub(6);
        w.get(from..i).unwrap_or_default().iter().any(|x| words::NEGATIONS.contains(&x.low.as_str()) || x.low.ends_with("n't"))
    };
    let nearly = |i: usize| i > 0 && matches!(low(w, i - 1), "almost" | "nearly" | "less" | "more");
    for i in 0..w.len() {
        let claim = match low(w, i) {
            "certain" => {
                let intensified = |x: &str| matches!(x, "absolutely" | "completely" | "now" | "quite" | "therefore" | "thus");
                let verb = (0..i).rev().find(|&j| !intensified(low(w, j)));
                let predicate = verb.is_some_and(|j| words::BE.contains(&low(w, j)) || low(w, j) == "for");
                let noun_follows = low(w, i + 1).starts_with(char::is_alphabetic)
                    && !matches!(low(w, i + 1), "that" | "to" | "of" | "about" | "and" | "or" | "but" | "from" | "by");
                predicate && !noun_follows
            }
            "certainly" | "undoubtedly" | "indisputably" | "definitely" => true,
            "certainty" => i > 0 && matches!(low(w, i - 1), "with" | "absolute" | "complete"),
            "doubt" => i > 0 && (low(w, i - 1) == "beyond" || (low(w, i - 1) == "any" && i > 1 && low(w, i - 2) == "beyond")),
            "p" | "probability" => {
                let at = (i + 1..w.len()).find(|&j| !matches!(low(w, j), "=" | ":" | "of" | "is" | "≈"));
                at.is_some_and(|at| is_one(w, at))
            }
            _ => false,
        };
        if claim && !nearly(i) && !negated(i) {
            return Some(format!("{:?} claims probability 1", shown(w, i.saturating_sub(1), i + 3)));
        }
    }
    None
}

/// `1`, `1.0`, `1.00`, and not `1 %`, `1 in 256`, `1/2`.
fn is_one(w: &[Word], at: usize) -> bool {
    if low(w, at) != "1" {
        return false;
    }
    let fraction = low(w, at + 1) == "." && low(w, at + 2).starts_with(|c: char| c.is_ascii_digit());
    let end = if fraction { at + 3 } else { at + 1 };
    let zeros = !fraction || low(w, at + 2).chars().all(|c| c == '0');
    zeros && !matches!(low(w, end), "%" | "in" | "/" | "to" | "-")
}

/// `100 %`, `100%`, `100 per cent`: no share of anything is written so, not even of packets.
fn whole_hundred(sentence: &str) -> Option<String> {
    sentence.match_indices("100").find_map(|(at, hit)| {
        let before = sentence.get(..at)?.chars().next_back();
        let inside = before.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        let rest = sentence.get(at + hit.len()..)?;
        let rest = rest.strip_prefix(".0").map_or(rest, |r| r.trim_start_matches('0'));
        let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{2009}', '-']).to_lowercase();
        let share = ["%", "per cent", "percent", "per-cent"].iter().any(|m| rest.starts_with(m));
        (share && !inside).then(|| "\"100 %\"".to_owned())
    })
}

/// Clauses of prose, or whole rows of a table: an instrument that is said to bind has a date and a grade beside it.
fn instruments(paragraph: &str, names: &Names, faults: &mut Vec<Fault>) {
    let mut said = false;
    for sentence in sentences(paragraph) {
        for clause in sentence.split(';') {
            said |= binds(clause, names, faults);
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
    let Some(id) = names.instruments.iter().find(|id| has_word(clause, id)) else { return false };
    let lower = clause.to_lowercase();
    let w = text::words(&lower);
    let nobody = |i: usize| i > 0 && ABSTRACT.contains(&low(&w, i - 1)) || low(&w, i + 1) == "to" && low(&w, i + 2) == "party";
    let party =
        (0..w.len()).any(|i| low(&w, i) == "party" && !nobody(i)) || lower.contains("is a party") || lower.contains("as a party");
    let bound = party || ["binds ", " bound ", "in force", "applies to"].iter().any(|b| lower.contains(b));
    let negated = w.iter().any(|x| words::NEGATIONS.contains(&x.low.as_str()))
        || ["not-party", "non-party", "not-extended", "not-bound", "outside"].iter().any(|n| lower.contains(n));
    if !bound || negated {
        return false;
    }
    let dated = has_year(clause) || lower.contains("unknown");
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

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, hit)| {
        let outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        outside(text.get(..at).and_then(|t| t.chars().next_back()))
            && outside(text.get(at + hit.len()..).and_then(|t| t.chars().next()))
    })
}

/// Four digits that can be a year, alone or at the head of a date.
fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
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
