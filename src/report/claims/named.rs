//! Who is named without a verb of attack: behind a label, at the end of a trail, in answer to a question.

use super::blame::anybody_at;
use super::text::Word;
use super::{Names, deeds, denied, is, low, shown, words};

/// Over adverbs and articles.
fn past_adverbs(w: &[Word], at: usize) -> usize {
    let skipped =
        |j: &usize| is(w, *j, deeds::ADVERBS) || is(w, *j, &["a", "an", "the", "unknown", ":"]) || low(w, *j).ends_with("ly");
    at + (at..w.len()).take_while(skipped).count()
}

/// A state at `at` with which what is said ends: no host of it, and none that does something else.
fn whole(w: &[Word], at: usize, names: &Names) -> Option<usize> {
    let end = anybody_at(w, at, names).map(|a| a.end).or_else(|| {
        // `Attribution: Russian.`
        names.state_at(w, at).filter(|s| !s.possessive).map(|s| s.end)
    })?;
    let closed =
        low(w, end).is_empty() || is(w, end, &[".", ",", ";", "!", "?", "(", ")", "/", "and", "or", "\u{2013}", "\u{2014}"]);
    closed.then_some(end)
}

/// `Attribution: Russia.`, `Threat actor: RU`, `Responsible party = Iran`.
pub(super) fn labelled(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const LABELS: &[&str] = &["actor", "actors", "attribution", "blame", "responsible", "responsibility"];
    const BLAMED: &[&str] = &[
        "attack",
        "attacker",
        "attacking",
        "guilty",
        "hostile",
        "liable",
        "offending",
        "responsible",
        "sponsoring",
        "state",
        "suspected",
        "threat",
    ];
    const PARTIES: &[&str] = &["entity", "organisation", "parties", "party", "source", "sponsor"];
    if !is(w, i, &[":", "=", "-", "\u{2013}", "\u{2014}"]) {
        return None;
    }
    let from = (0..i).rev().find(|&j| is(w, j, &[";", ",", ":", "."])).map_or(0, |j| j + 1);
    let who = |j: usize| is(w, j, &["who", "whoever"]) && (j..i).any(|k| is(w, k, &["behind", "did", "responsible"]));
    let label = (from..i).find(|&j| {
        let party = is(w, j, PARTIES) || is(w, j, words::STATE_NOUNS) || is(w, j, words::GROUPS);
        // A resolution has sponsors too.
        let culprit = is(w, j, words::CULPRITS) && low(w, j) != "sponsor";
        let head = j + 1 == i || low(w, j + 1) == "(" || is(w, j + 1, words::PREPOSITIONS);
        who(j) || head && (is(w, j, LABELS) || culprit || party && j > from && is(w, j - 1, BLAMED))
    })?;
    // `Positions on attribution: Germany` are no such label, and `Actor behind the attack: X` is one.
    let title = !(from..label).any(|j| is(w, j, words::PREPOSITIONS)) && label < from + 4;
    let end = whole(w, past_adverbs(w, i + 1), names)?;
    (title && !denied(w, i)).then(|| format!("{:?} names a state under a label for who did it", shown(w, label, end)))
}

/// `all evidence points to Russia`, `the trail leads to Moscow`, `everything suggests Iran`.
pub(super) fn pointed(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const CLUES: &[&str] = &[
        "artefacts",
        "artifacts",
        "clue",
        "clues",
        "everything",
        "evidence",
        "finger",
        "fingers",
        "forensics",
        "indications",
        "indicators",
        "signs",
        "suspicion",
        "suspicions",
        "tradecraft",
        "trail",
        "trails",
    ];
    const POINTS: &[&str] = &["fall", "falls", "fell", "lead", "leads", "led", "point", "pointed", "pointing", "points"];
    const SUGGESTS: &[&str] = &["indicate", "indicates", "suggest", "suggested", "suggests"];
    let clue = (i.saturating_sub(10)..i).any(|j| is(w, j, CLUES) || is(w, j, deeds::OFFENCES) || is(w, j, words::WEAPONS));
    let to = if is(w, i, SUGGESTS) {
        i
    } else if is(w, i, POINTS) {
        (i + 1..i + 5).find(|&j| is(w, j, &["at", "on", "to", "toward", "towards"]))?
    } else {
        return None;
    };
    let quiet = (i + 1..to).all(|j| is(w, j, &["back", "straight"]) || is(w, j, deeds::ADVERBS) || low(w, j).ends_with("ly"));
    let end = whole(w, past_adverbs(w, to + 1), names)?;
    (clue && quiet && !denied(w, i)).then(|| format!("{:?} points at a state", shown(w, i, end)))
}

/// `It was Russia.`, `This must have been Iran.`
pub(super) fn cleft(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let begins = i == 0 || is(w, i - 1, &[",", ";", ":", "and", "because", "but", "that", "\u{2013}", "\u{2014}"]);
    if !begins || !is(w, i, &["it", "that", "this"]) {
        return None;
    }
    let at =
        i + 1 + (i + 1..w.len()).take_while(|&j| is(w, j, deeds::BE) || is(w, j, deeds::ADVERBS) || low(w, j) == "the").count();
    // "It is Germany" says which state is meant.
    let did = (i + 1..at).any(|j| is(w, j, &["been", "must", "was", "were"]));
    let be = did && (i + 1..at).any(|j| is(w, j, deeds::BE)) && !(i + 1..at).any(|j| is(w, j, &["not", "never"]));
    let state = names.state_at(w, at).filter(|s| !s.adjective && !s.possessive && be)?;
    let ends =
        is(w, state.end, &["", ".", "!", "?", ";", ")"]) || low(w, state.end) == "," && is(w, state.end + 1, &["again", "not"]);
    ends.then(|| format!("{:?} answers who it was with a state", shown(w, i, state.end)))
}
