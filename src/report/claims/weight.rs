//! How a claim is weighed: likelihood and confidence apart (US Intelligence Community Directive 203, 2015), nothing with
//! probability 1, and no probability without the evidence under it.

use super::text::{Word, cells, sentences, without_quotes, words as words_of};
use super::{Fault, Names, Rule, deeds, follows, is, low, measures, paragraphs, shown};

/// Likelihood and confidence in one sentence.
pub(super) fn both_weights(w: &[Word], names: &Names) -> Option<String> {
    let mut line = String::from(" ");
    for word in w.iter().filter(|x| x.low.starts_with(char::is_alphanumeric)) {
        line.push_str(&word.low.replace('-', " "));
        line.push(' ');
    }
    let find = |list: &[&'static str]| list.iter().copied().find(|p| line.contains(&format!(" {p} "))).map(str::to_owned);
    let likelihood = find(measures::LIKELIHOOD).or_else(|| (0..w.len()).find_map(|i| in_numbers(w, i, names)))?;
    let confidence = find(measures::CONFIDENCE).or_else(|| (0..w.len()).find_map(|i| graded_confidence(w, i)))?;
    Some(format!("{likelihood:?} weighs the event, {confidence:?} the sources"))
}

/// `a probability of 0.93`, `P(DE) = 0.9`, `DE 0.93`, `a 93 % chance`, `the likelihood is high`.
fn in_numbers(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const CHANCE: &[&str] = &["chance", "chances", "likelihood", "odds", "possibility", "probability"];
    const HOW_MUCH: &[&str] = &["fair", "good", "great", "high", "higher", "low", "lower", "slim", "small", "strong"];
    let percent = || low(w, i) == "%" && i > 0 && low(w, i - 1).starts_with(|c: char| c.is_ascii_digit());
    let chance = || {
        let about = is(w, i, CHANCE);
        let much = (i.saturating_sub(2)..i + 5).any(|j| is(w, j, HOW_MUCH)) && !(i..i + 5).any(|j| low(w, j) == "confidence");
        about && much || percent() && follows(w, i + 1, 2, CHANCE)
    };
    let share = || is(w, i, CHANCE) && (i + 1..i + 5).any(|j| low(w, j) == "%");
    (is_probability(w, i, names) || chance() || share()).then(|| shown(w, i, i + 4))
}

/// `our confidence in this is high`, `confidence (moderate)`, `confidence that it is so remains low`.
fn graded_confidence(w: &[Word], i: usize) -> Option<String> {
    const GRADES: &[&str] = &[
        "absolute",
        "complete",
        "considerable",
        "full",
        "good",
        "great",
        "high",
        "higher",
        "highest",
        "limited",
        "little",
        "low",
        "lower",
        "lowest",
        "medium",
        "moderate",
        "strong",
        "utmost",
        "weak",
    ];
    if low(w, i) != "confidence" || is(w, i + 1, &["interval", "intervals", "bounds", "limits"]) {
        return None;
    }
    let stop = |j: usize| is(w, j, &[";", "."]);
    let before = (i.saturating_sub(4)..i).rev().take_while(|&j| !stop(j)).any(|j| is(w, j, GRADES));
    let after = (i + 1..(i + 10).min(w.len())).take_while(|&j| !stop(j)).any(|j| is(w, j, GRADES));
    let number = (i + 1..i + 4).take_while(|&j| j == i + 1 || is(w, j - 1, &[":", "of", "=", "is", "("]));
    let number = number.into_iter().any(|j| low(w, j).starts_with(|c: char| c.is_ascii_digit()));
    (before || after || number).then(|| "confidence".to_owned())
}

/// The first claim of probability 1.
pub(super) fn certainty(w: &[Word], sentence: &str) -> Option<String> {
    if let Some(found) = whole_hundred(sentence) {
        return Some(found);
    }
    let negated = |i: usize| {
        let from = i.saturating_sub(6);
        let doubt = |j: usize| is(w, j + 1, &["doubt", "only", "question"]);
        (from..i).any(|j| (measures::NEGATIONS.contains(&low(w, j)) || low(w, j).ends_with("n't")) && !doubt(j))
    };
    let nearly = |i: usize| i > 0 && matches!(low(w, i - 1), "almost" | "nearly" | "less" | "more");
    for i in 0..w.len() {
        let claim = match low(w, i) {
            "certain" | "sure" => {
                let intensified = |x: &str| {
                    matches!(
                        x,
                        "absolutely" | "completely" | "entirely" | "fully" | "now" | "quite" | "therefore" | "thus" | "totally"
                    )
                };
                let verb = (0..i).rev().find(|&j| !intensified(low(w, j)));
                let predicate = verb.is_some_and(|j| deeds::BE.contains(&low(w, j)) || low(w, j) == "for");
                let noun_follows = low(w, i + 1).starts_with(char::is_alphabetic)
                    && !matches!(low(w, i + 1), "that" | "to" | "of" | "about" | "and" | "or" | "but" | "from" | "by");
                predicate && !noun_follows
            }
            "certainly" | "undoubtedly" | "indisputably" | "definitely" | "undeniably" | "unquestionably" | "surely"
            | "irrefutably" | "unmistakably" | "incontestably" | "unequivocally" | "conclusively" | "doubtless"
            | "doubtlessly" | "incontrovertibly" => true,
            // To prove is to leave no probability: evidence shows, carries, speaks for.
            "prove" | "proves" | "proving" | "proof" | "proved" | "proven" => proves(w, i),
            "indisputable" | "undeniable" | "unquestionable" | "irrefutable" | "incontrovertible" | "incontestable" => true,
            // `there is no question that`, `beyond question`; a letter that asks no question is none.
            "question" | "dispute" => {
                i > 0
                    && (is(w, i - 1, &["beyond", "without"]) || low(w, i - 1) == "no" && is(w, i + 1, &["about", "but", "that"]))
            }
            "fact" => is_fact(w, i),
            "guarantees" | "guarantee" | "guaranteed" => low(w, i + 1) == "that",
            "certainty" => i > 0 && matches!(low(w, i - 1), "with" | "absolute" | "complete" | "a" | "full" | "total" | "to"),
            "doubt" => {
                i > 0
                    && (matches!(low(w, i - 1), "beyond" | "no" | "without")
                        || (low(w, i - 1) == "a" && i > 1 && low(w, i - 2) == "without")
                        || (low(w, i - 1) == "any" && i > 1 && matches!(low(w, i - 2), "beyond" | "without")))
            }
            "p" | "pr" | "prob" | "probability" | "likelihood" | "chance" => {
                value_at(w, i).is_some_and(|at| is_one(w, at) && !is(w, at - 1, &["<", "\u{2264}", "to", "about"]))
            }
            // `a 99.99 % chance`, `0.9999 certain`.
            word if word.starts_with(|c: char| c.is_ascii_digit()) => {
                is_one(w, i) && follows(w, i + 1, 6, &["certain", "chance", "likelihood", "probability", "probable", "sure"])
            }
            _ => false,
        };
        let says_no = matches!(low(w, i), "doubt" | "question" | "dispute") || !negated(i);
        if claim && !nearly(i) && says_no {
            return Some(format!("{:?} claims probability 1", shown(w, i.saturating_sub(1), i + 3)));
        }
    }
    None
}

/// `it is a fact that`, `that is an established fact`, `we know for a fact`; `in fact` and `the fact that` claim nothing.
fn is_fact(w: &[Word], i: usize) -> bool {
    let article = (i.saturating_sub(3)..i).rev().find(|&j| is(w, j, &["a", "an"]));
    let before = article.and_then(|j| j.checked_sub(1)).map_or("", |j| low(w, j));
    let ends = is(w, i + 1, &["", ".", ",", ";", ":", "that"]);
    ends && (deeds::BE.contains(&before) || before == "for")
}

/// `proves that`, `proved that`, `proof of who`, `is proven`; not a handshake that is "proved" in a column of its own.
fn proves(w: &[Word], i: usize) -> bool {
    const WHAT: [&str; 9] = ["beyond", "conclusively", "how", "that", "where", "whether", "which", "who", "whose"];
    let next = (i + 1..i + 3).any(|j| WHAT.contains(&low(w, j)));
    match low(w, i) {
        "proven" => next || i > 0 && deeds::BE.contains(&low(w, i - 1)),
        "proof" => low(w, i + 1) == "that" || low(w, i + 1) == "of" && WHAT.contains(&low(w, i + 2)),
        _ => next,
    }
}

/// The words between a probability and its number: `P(DE) =`, `probability that it is in Germany is`.
fn value_at(w: &[Word], i: usize) -> Option<usize> {
    const BETWEEN: [&str; 16] = [
        "=", ":", "of", "is", "\u{2248}", "was", "equals", "to", "up", "about", "<", ">", "\u{2265}", "\u{2264}", "at", "exactly",
    ];
    let mut from = i + 1;
    if low(w, from) == "(" {
        from = (from..(from + 8).min(w.len())).find(|&j| low(w, j) == ")")? + 1;
    }
    let at = (from..w.len()).find(|&j| !BETWEEN.contains(&low(w, j)))?;
    if low(w, at).starts_with(|c: char| c.is_ascii_digit()) || low(w, at) == "one" {
        return Some(at);
    }
    // What the probability is of stands between, and then "is".
    let what = is(w, from, &["that", "of", "for"]);
    let is_at = (from..(from + 12).min(w.len()))
        .rev()
        .find(|&j| is(w, j, &["=", "is", "equals", "was"]) && low(w, j + 1).starts_with(|c: char| c.is_ascii_digit()));
    is_at.filter(|_| what).map(|j| j + 1)
}

/// `1`, `1.0`, `1.00`, `1,0`, `one`, `0.9995`, `99.95 %`, and not `1 %`, `1 in 256`, `1/2`.
fn is_one(w: &[Word], at: usize) -> bool {
    if low(w, at) == "one" {
        return is(w, at + 1, &["", ".", ",", ";", ")"]);
    }
    let fraction = matches!(low(w, at + 1), "." | ",") && low(w, at + 2).starts_with(|c: char| c.is_ascii_digit());
    let (end, digits) = if fraction { (at + 3, low(w, at + 2)) } else { (at + 1, "") };
    let percent = is(w, end, &["%", "percent"]) || low(w, end) == "per" && low(w, end + 1) == "cent";
    match low(w, at) {
        "0" => digits.starts_with("999") && !percent,
        "99" => digits.starts_with('9') && percent,
        "1" => digits.chars().all(|c| c == '0') && !percent && !is(w, end, &["in", "/", "to", "-"]),
        _ => false,
    }
}

/// `100 %`, `100%`, `100 per cent`: no share of anything is written so, not even of packets.
fn whole_hundred(sentence: &str) -> Option<String> {
    let lower = sentence.to_lowercase().replace('-', " ");
    let spelled = ["hundred per cent", "hundred percent", "hundred pct", "100 pct", "100 out of 100"];
    if spelled.iter().any(|s| lower.contains(s)) {
        return Some("\"100 %\"".to_owned());
    }
    sentence.match_indices("100").find_map(|(at, hit)| {
        let before = sentence.get(..at)?.chars().next_back();
        let inside = before.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        let whole = sentence.get(at + hit.len()..)?;
        let rest = whole.strip_prefix(['.', ',']).filter(|r| r.starts_with('0')).map_or(whole, |r| r.trim_start_matches('0'));
        let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{2009}', '-']).to_lowercase();
        let share = ["%", "\u{ff05}", "\u{fe6a}", "\u{66a}", "per cent", "percent", "per-cent", "p.c.", "pct"]
            .iter()
            .any(|m| rest.starts_with(m));
        (share && !inside).then(|| "\"100 %\"".to_owned())
    })
}

/// What must stand near a probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// The id of a piece of evidence (`e12`), or the words that there is none.
    Evidence,
    /// That, or the finding or hop that carries it (`p1`, `hop 3`): the report has its evidence.
    Finding,
}

/// Lints the probabilities of a whole output: each number that is called one (`p 0.93`, `probability 0.93`, `DE 0.93`) has in
/// its paragraph what it rests on. Templates are pieces of outputs, and are not read so.
#[must_use]
pub fn lint_probabilities(text: &str, names: &Names, near: Near) -> Vec<Fault> {
    let mut faults = Vec::new();
    for paragraph in paragraphs(text) {
        let quiet = without_quotes(&paragraph);
        let whole = words_of(&quiet);
        // A row of the table of hops begins with the number of its hop.
        let numbered = |cell: &String| cell.trim().bytes().all(|b| b.is_ascii_digit());
        let a_hop = near == Near::Finding && quiet.contains('\t') && cells(&quiet).first().is_some_and(numbered);
        if a_hop || carried(&whole, near) {
            continue;
        }
        for part in cells(&quiet).into_iter().flat_map(|cell| sentences(&cell)) {
            let w = words_of(&part);
            if let Some(i) = (0..w.len()).find(|&i| is_probability(&w, i, names)) {
                let why = format!("{:?} stands near no evidence", shown(&w, i, i + 5));
                faults.push(Fault { rule: Rule::ProbabilityWithoutEvidence, text: part, why });
            }
        }
    }
    faults
}

fn carried(w: &[Word], near: Near) -> bool {
    let id = |word: &str, letter: char| {
        word.strip_prefix(letter).is_some_and(|n| !n.is_empty() && n.len() < 10 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    (0..w.len()).any(|i| {
        let word = low(w, i);
        let none = word == "no" && low(w, i + 1) == "evidence" && low(w, i + 2) == "id";
        let hop = matches!(word, "hop" | "hops") && low(w, i + 1).starts_with(|c: char| c.is_ascii_digit());
        id(word, 'e') || none || near == Near::Finding && (hop || id(word, 'p'))
    })
}

/// A number between 0 and 1 that is called a probability, or stands behind a state.
fn is_probability(w: &[Word], i: usize, names: &Names) -> bool {
    let number = |at: usize| {
        low(w, at) == "0" && matches!(low(w, at + 1), "." | ",") && low(w, at + 2).starts_with(|c: char| c.is_ascii_digit())
    };
    if is(w, i, &["p", "pr", "prob", "probability", "likelihood", "chance"]) {
        return value_at(w, i).is_some_and(number);
    }
    names.is_code(w, i) && number(i + 1)
}
