//! Who acts: states by name, adjective, code and capital, their organs and peoples, and what stands for a state.

use super::text::Word;
use super::{Names, deeds, is, low, verbs, words};

/// Somebody who acts: where the phrase ends, and whether it is a name alone, which may also be a place.
#[derive(Clone, Copy)]
pub(super) struct Actor {
    pub(super) end: usize,
    pub(super) alone: bool,
    /// A word that only points at a state (`it`, `they`): what it says must name an offence by itself.
    pub(super) pointer: bool,
}

impl Actor {
    fn new(end: usize, alone: bool) -> Self {
        Self { end, alone, pointer: false }
    }
}

/// A state with one who acts for it, at `i`.
pub(super) fn actor_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
    if is(w, i, words::ORGANS) && low(w, i + 1) == "of" {
        let at = i + 2 + usize::from(low(w, i + 2) == "the");
        if let Some(state) = names.state_at(w, at).filter(|s| !s.adjective) {
            return Some(Actor::new(state.end, false));
        }
    }
    let state = names.state_at(w, i)?;
    let more = w
        .iter()
        .skip(state.end)
        .take(4)
        .take_while(|x| words::BETWEEN.contains(&x.low.as_str()) || words::ORGANS.contains(&x.low.as_str()))
        .count();
    if more > 0 && is(w, state.end + more - 1, words::ORGANS) {
        return Some(Actor::new(state.end + more, false));
    }
    if !state.adjective && !state.possessive {
        return Some(Actor::new(state.end, true));
    }
    member_at(w, state.end).map(|end| Actor::new(end, false))
}

/// After an adjective or a possessive: `threat actors`, `APT28`, `GRU`, `young citizens`; where it ends.
fn member_at(w: &[Word], from: usize) -> Option<usize> {
    let said = |x: &&Word| x.shown.chars().next().is_some_and(char::is_alphabetic) && !ends_subject(x);
    let length = w.iter().skip(from).take(5).take_while(said).count();
    (1..=length).rev().map(|n| from + n).find(|&end| {
        let Some(last) = w.get(end - 1) else { return false };
        let infrastructure = (from..end).any(|j| is(w, j, words::INFRASTRUCTURE)) || is(w, end, words::INFRASTRUCTURE);
        !infrastructure
            && (is(w, end - 1, words::MEMBERS)
                || is(w, end - 1, words::GROUPS)
                || is(w, end - 1, words::PEOPLE)
                || is(w, end - 1, words::AGENTS) && verbs::form(&last.low).is_none()
                || is_group_name(last)
                || last.is_capital() && last.low != "as" && !is_system(last))
    })
}

/// Does a noun phrase end before this word?
fn ends_subject(word: &Word) -> bool {
    let low = word.low.as_str();
    words::PREPOSITIONS.contains(&low)
        || deeds::ADVERBS.contains(&low)
        || deeds::BE.contains(&low)
        || matches!(low, "and" | "or" | "of" | "but" | "nor" | "while" | "whose")
        || matches!(verbs::form(low), Some(verbs::Form::Past | verbs::Form::Ing))
}

/// `AS64496`.
pub(super) fn is_system(word: &Word) -> bool {
    word.shown.strip_prefix("AS").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// `APT28`, `UNC2452`: what vendors call groups.
pub(super) fn is_group_name(word: &Word) -> bool {
    ["apt", "unc", "fin", "storm", "uac", "dev", "temp"].iter().any(|name| {
        let number = word.low.strip_prefix(name).map(|n| n.trim_start_matches('-'));
        number.is_some_and(|n| !n.is_empty() && n.len() < 6 && n.bytes().all(|b| b.is_ascii_digit()))
    }) || word.low == "apt"
}

/// A word that stands for a state: `this state`, `a foreign government`, and `it` where one was named.
pub(super) fn pointer_at(w: &[Word], i: usize, named: bool) -> Option<Actor> {
    if let Some(end) = noun_at(w, i) {
        return Some(Actor { end, alone: true, pointer: true });
    }
    // `after it attacked`: the preposition opens a clause.
    let opened = i > 0 && is(w, i - 1, &["after", "before", "since", "until"]);
    (named && is(w, i, words::PRONOUNS)).then_some(Actor { end: i + 1, alone: !opened, pointer: true })
}

/// `that state`, `a hostile foreign government`, `foreign governments`, `a foreign intelligence service`.
pub(super) fn noun_at(w: &[Word], i: usize) -> Option<usize> {
    let determined = is(w, i, words::DETERMINERS);
    let from = i + usize::from(determined);
    let any = w.iter().skip(from).take(3).take_while(|x| words::ANY_STATE.contains(&x.low.as_str())).count();
    let at = from + any;
    // "Other states" begins a phrase of its own only where no word of it stands before.
    if !determined && (any == 0 || i > 0 && (is(w, i - 1, words::ANY_STATE) || is(w, i - 1, words::DETERMINERS))) {
        return None;
    }
    let foreign = (from..at).any(|j| is(w, j, &["foreign", "hostile", "enemy", "rogue", "rival"]));
    let organ = w
        .iter()
        .skip(at)
        .take(3)
        .take_while(|x| words::BETWEEN.contains(&x.low.as_str()) || words::ORGANS.contains(&x.low.as_str()));
    let organ = at + organ.count();
    if foreign && organ > at && is(w, organ - 1, words::ORGANS) {
        return Some(organ);
    }
    if is(w, at, words::STATE_NOUNS) {
        // `a state actor`.
        return Some(at + 1 + usize::from(is(w, at + 1, words::GROUPS)));
    }
    None
}

/// A name with its state in brackets, `APT28 (Russia)`, or behind it, `a group from Iran`: where that ends.
pub(super) fn tagged_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
    let word = w.get(i)?;
    let named = word.is_capital() && !is_system(word) && names.state_at(w, i).is_none() && !is(w, i, words::INFRASTRUCTURE);
    let who = is_group_name(word) || is(w, i, words::GROUPS) || is(w, i, words::PEOPLE) || is(w, i, words::MEMBERS);
    if low(w, i + 1) == "(" && (named || who) {
        let close = (i + 2..(i + 9).min(w.len())).find(|&j| low(w, j) == ")")?;
        let inside = (i + 2..close).find_map(|j| names.state_at(w, j).map(|s| (j, s.end)));
        let (from, end) = inside?;
        let short = from <= i + 4 && end + 2 >= close && !(i + 2..close).any(|j| is(w, j, words::INFRASTRUCTURE));
        // A town in brackets' company is a place, and so is what stands behind a preposition.
        let start = (0..i).rev().take_while(|&j| w.get(j).is_some_and(Word::is_capital)).last().unwrap_or(i);
        let placed = start > 0 && is(w, start - 1, words::PREPOSITIONS) && low(w, start - 1) != "by";
        return (short && !placed).then(|| Actor::new(close + 1, false));
    }
    let behind = i + 1 + usize::from(low(w, i + 1) == ",");
    if who && is(w, behind, &["from", "of", "for"]) {
        let at = behind + 1 + usize::from(low(w, behind + 1) == "the");
        let state = names.state_at(w, at).filter(|s| !s.possessive && !is(w, s.end, words::INFRASTRUCTURE))?;
        return Some(Actor::new(state.end, false));
    }
    None
}
