//! The first rule, put together: no state is an actor. Who acts is in `who`, what it did in `act`, who is blamed for what in
//! `blame`, who is only a place in `place`. Here: what a word or two say without any verb.

use super::act::active;
use super::blame::{accused, ascribed, burdened, identified, passive};
use super::named::{cleft, labelled, pointed};
use super::place::is_place;
use super::text::{Word, words as words_of};
use super::who::is_group_name;
use super::{Names, deeds, denied, follows, is, low, shown, words};

/// Does the sentence name a state?
pub(super) fn names_one(w: &[Word], names: &Names) -> bool {
    (0..w.len()).any(|i| names.state_at(w, i).is_some())
}

/// The first claim that a state did something. `named`: the paragraph has named one, so that `it` may be that.
pub(super) fn actor(w: &[Word], names: &Names, named: bool) -> Option<String> {
    (0..w.len()).filter(|&i| !is_unsaid(w, i)).find_map(|i| {
        hyphenated(w, i, names)
            .or_else(|| agent(w, i, names))
            .or_else(|| active(w, i, names, named))
            .or_else(|| passive(w, i, names))
            .or_else(|| ascribed(w, i, names))
            .or_else(|| accused(w, i, names))
            .or_else(|| identified(w, i, names))
            .or_else(|| burdened(w, i, names))
            .or_else(|| labelled(w, i, names))
            .or_else(|| pointed(w, i, names))
            .or_else(|| cleft(w, i, names))
    })
}

/// Does the clause of the word at `i` say nothing: `nothing here says that X did it`, `whether X did it`?
fn is_unsaid(w: &[Word], i: usize) -> bool {
    const SAYS: &[&str] = &[
        "claim",
        "claims",
        "conclude",
        "concludes",
        "establish",
        "establishes",
        "evidence",
        "implies",
        "imply",
        "indication",
        "mean",
        "means",
        "proof",
        "prove",
        "proves",
        "say",
        "says",
        "show",
        "shows",
        "sign",
        "suggest",
        "suggests",
    ];
    let ends = |j: &usize| is(w, *j, &[";", ":", ",", "but", "so"]);
    let opens = (0..i).rev().take_while(|j| !ends(j)).find(|&j| is(w, j, &["that", "whether"]));
    opens.is_some_and(|j| low(w, j) == "whether" || j > 0 && is(w, j - 1, SAYS) && denied(w, j - 1))
}

/// `Russia-backed`, `state-sponsored hackers`, `nation-state actor`, `Russian-speaking hackers`.
fn hyphenated(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let word = w.get(i)?;
    let (first, last) = word.shown.rsplit_once('-')?;
    let last = last.to_lowercase();
    let claim = words::BACKED.contains(&last.as_str());
    let doing = || {
        w.iter().skip(i + 1).take(2).any(|x| {
            words::AGENTS.contains(&x.low.as_str())
                || deeds::OFFENCES.contains(&x.low.as_str())
                || words::GROUPS.contains(&x.low.as_str())
                || words::WEAPONS.contains(&x.low.as_str())
        })
    };
    let a_state = matches!(first.to_lowercase().as_str(), "state" | "nation-state" | "government");
    let named = names.state_at(&words_of(first), 0).is_some();
    let found = (claim && (named || a_state && doing()))
        || (words::ORIGINS.contains(&last.as_str()) && named && doing())
        || (word.low == "nation-state" && doing());
    found.then(|| format!("{:?} says who is behind it", shown(w, i, i + 2)))
}

/// `Russian hackers`, `China's cyberattack`, `attackers from Iran`, `Iran's recent attack`, `Russian involvement in the hack`.
fn agent(w: &[Word], i: usize, names: &Names) -> Option<String> {
    if is(w, i, words::PEOPLE) && is(w, i + 1, &["from", "of"]) {
        let at = i + 2 + usize::from(low(w, i + 2) == "the");
        let state = names.state_at(w, at).filter(|s| !is(w, s.end, words::INFRASTRUCTURE))?;
        return Some(format!("{:?} names a state's people", shown(w, i, state.end)));
    }
    let state = names.state_at(w, i)?;
    let whose = state.adjective || state.possessive;
    let between = |x: &Word| {
        words::BETWEEN.contains(&x.low.as_str()) || whose && words::QUALIFIERS.contains(&x.low.as_str()) || whose && x.low == "-"
    };
    let more = w.iter().skip(state.end).take(4).take_while(|x| between(x)).count();
    let at = state.end + more;
    // "in US hackers' hands": people of a state are nobody's place.
    if !whose && is_place(w, i, names) && !is(w, at, words::PEOPLE) {
        return None;
    }
    // "attacks" after a name may be a verb; `active` has it, with its reasons.
    let noun = is(w, at, words::AGENTS) && !is(w, at + 1, words::COMPOUNDS);
    let weapon = whose && (is(w, at, words::WEAPONS) || more > 0 && is(w, at, words::CAMPAIGNS));
    let part = whose && is(w, at, &["hand", "involvement", "part", "role"]) && follows(w, at + 1, 6, deeds::OFFENCES)
        || whose && is(w, at, &["deed", "deeds", "doing", "fault", "handiwork"]);
    let hostile = (state.end..at).any(|j| is(w, j, words::HOSTILE));
    let group = whose && (hostile && is(w, at, words::GROUPS) || w.get(at).is_some_and(is_group_name));
    (noun || (weapon || group) && !is(w, at + 1, words::COMPOUNDS) || part)
        .then(|| format!("{:?} names a state as actor", shown(w, i, at + 1)))
}
