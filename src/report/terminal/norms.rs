//! Norms of a finding: what all states share is printed once, what differs from state to state a line each.
//!
//! The reading of a norm is one text per touch. Under norm 13(c) it also says how the state of the hop and that of the
//! victim read due diligence, so texts of the same norm differ in the middle: the sentences that all of them begin
//! and end with are the common part.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{HEAD, Look, visible};
use crate::model::net::StateCode;
use crate::report::model::Path;

/// The sentence under every reading; here it stands in the headline.
const VOLUNTARY: &str = "Voluntary: a flag is no finding of breach";

/// All norms of a path; empty without any.
pub(super) fn render(path: &Path, look: Look) -> String {
    let mut norms: BTreeMap<(&str, &str), BTreeMap<StateCode, &str>> = BTreeMap::new();
    for touch in path.hops.iter().flat_map(|h| &h.touches) {
        for norm in &touch.norms {
            norms.entry((&norm.norm, &norm.state)).or_default().insert(touch.state, &norm.reading);
        }
    }
    if norms.is_empty() {
        return String::new();
    }
    let mut out = look.paint(HEAD, "    Norms (voluntary: a flag is no finding of breach)");
    out.push('\n');
    for ((norm, state), readings) in &norms {
        let (common, own) = split(readings);
        let text: String = common.iter().filter(|s| **s != VOLUNTARY).map(|s| format!(" {}.", capital(&visible(s)))).collect();
        out.push_str(&look.wrap("    ", &format!("{}  {}.{text}", visible(norm), visible(state))));
        for (code, sentences) in own {
            let line = sentences.join(". ");
            let line = shortened(&line, readings.keys().copied());
            let line = line.replacen(&format!(": {code} "), ": ", 1);
            out.push_str(&look.wrap("        ", &format!("{code}  {}.", visible(&line))));
        }
    }
    out
}

/// Divides a text at full stops, but not within parentheses: sources stand there, and their full stops abbreviate.
fn sentences(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut out) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '.' if depth == 0 && text.get(at + 1..).is_some_and(|rest| rest.starts_with(' ')) => {
                out.extend(text.get(from..at));
                from = at + 2;
            }
            _ => {}
        }
    }
    out.extend(text.get(from..));
    out
}

/// Sentences that all readings begin or end with, and per state what is left between them.
fn split<'a>(readings: &BTreeMap<StateCode, &'a str>) -> (Vec<&'a str>, Vec<(StateCode, Vec<&'a str>)>) {
    let all: Vec<(StateCode, Vec<&str>)> =
        readings.iter().map(|(state, r)| (*state, sentences(r.trim_end_matches('.')))).collect();
    let Some((_, model)) = all.first() else { return (Vec::new(), Vec::new()) };
    let shortest = all.iter().map(|(_, s)| s.len()).min().unwrap_or(0);
    let same = |nth: &dyn Fn(&[&'a str]) -> Option<&'a str>| all.iter().all(|(_, s)| nth(s) == nth(model));
    let begin = (0..shortest).take_while(|&i| same(&|s| s.get(i).copied())).count();
    let end = (0..shortest - begin).take_while(|&i| same(&|s| s.iter().rev().nth(i).copied())).count();
    let common: Vec<&str> = model.iter().take(begin).chain(model.iter().skip(model.len() - end)).copied().collect();
    let own =
        all.iter().map(|(state, s)| (*state, s.iter().skip(begin).take(s.len() - begin - end).copied().collect::<Vec<_>>()));
    (common, own.filter(|(_, sentences)| !sentences.is_empty()).collect())
}

/// The position of the victim's state would stand in every line: it is left out where that state has its own.
fn shortened(line: &str, states: impl Iterator<Item = StateCode>) -> Cow<'_, str> {
    const CLAUSE: &str = "; victim's state ";
    const CONTRAST: &str = "; the two published positions";
    let Some(at) = line.find(CLAUSE) else { return line.into() };
    let (before, clause) = line.split_at(at);
    let named = clause.strip_prefix(CLAUSE).and_then(|c| c.get(..2)).unwrap_or_default();
    if !states.into_iter().any(|s| s.as_str() == named) {
        return line.into();
    }
    match clause.find(CONTRAST).and_then(|i| clause.get(i..)) {
        Some(contrast) => format!("{before}{CLAUSE}{named}: see there{contrast}").into(),
        None => before.into(),
    }
}

/// A sentence begins with a capital.
fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(s: &str) -> StateCode {
        StateCode::new(s).unwrap()
    }

    #[test]
    fn the_common_sentences_stand_once_and_the_rest_by_state() {
        let readings = BTreeMap::from([
            (code("DE"), "known first. Due diligence: DE binding (A. B). End"),
            (code("SG"), "known first. Due diligence: SG unknown; victim's state DE binding (A. B). End"),
        ]);
        let (common, own) = split(&readings);
        assert_eq!(common, ["known first", "End"]);
        assert_eq!(own[0], (code("DE"), vec!["Due diligence: DE binding (A. B)"]));
        assert_eq!(own[1].0, code("SG"));
    }

    #[test]
    fn one_reading_and_equal_readings_have_no_lines_of_their_own() {
        for states in [&["DE"][..], &["DE", "FR"]] {
            let readings = states.iter().map(|s| (code(s), "a. b. c")).collect();
            let (common, own) = split(&readings);
            assert_eq!((common, own.len()), (vec!["a", "b", "c"], 0));
        }
        // One is the beginning of the other: nothing is counted twice.
        let (common, own) = split(&BTreeMap::from([(code("DE"), "a. a"), (code("FR"), "a. a. a")]));
        assert_eq!((common, own), (vec!["a", "a"], vec![(code("FR"), vec!["a"])]));
    }

    #[test]
    fn the_victims_position_stands_once_and_the_contrast_stays() {
        let states = || [code("DE"), code("US")].into_iter();
        assert_eq!(shortened("SG unknown; victim's state DE binding (x; y)", states()), "SG unknown");
        assert_eq!(
            shortened(
                "US voluntary; victim's state DE binding (x; y); the two published positions read it differently",
                states()
            ),
            "US voluntary; victim's state DE: see there; the two published positions read it differently"
        );
        let whole = "SG unknown; victim's state JP binding";
        assert_eq!(shortened(whole, states()), whole, "JP has no line");
    }
}
