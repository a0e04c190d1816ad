//! Who acts, and what it is said to have done: states by name, adjective, code and capital, their organs and peoples,
//! and the words that stand for a state which was named before.

use super::text::{Word, words as words_of};
use super::{Names, low, shown, words};

/// Somebody who acts: where the phrase ends, and whether it is a name alone, which may also be a place.
#[derive(Clone, Copy)]
struct Actor {
    end: usize,
    alone: bool,
    /// A word that only points at a state (`it`, `they`): what it says must name an offence by itself.
    pointer: bool,
}

impl Actor {
    fn new(end: usize, alone: bool) -> Self {
        Self { end, alone, pointer: false }
    }
}

/// Does the sentence name a state?
pub(super) fn names_one(w: &[Word], names: &Names) -> bool {
    (0..w.len()).any(|i| names.state_at(w, i).is_some())
}

/// The first claim that a state did something. `named`: the paragraph has named one, so that `it` may be that.
pub(super) fn actor(w: &[Word], names: &Names, named: bool) -> Option<String> {
    (0..w.len()).find_map(|i| {
        hyphenated(w, i, names)
            .or_else(|| agent(w, i, names))
            .or_else(|| active(w, i, names, named))
            .or_else(|| passive(w, i, names))
            .or_else(|| ascribed(w, i, names))
            .or_else(|| accused(w, i, names))
    })
}

fn is(w: &[Word], i: usize, list: &[&str]) -> bool {
    list.contains(&low(w, i))
}

/// Is one of these among the next words of the sentence?
fn follows(w: &[Word], from: usize, reach: usize, list: &[&str]) -> bool {
    w.iter().skip(from).take(reach).any(|x| list.contains(&x.low.as_str()))
}

/// Is the clause before `i` in the negative? "No doubt" and "not only" deny nothing.
fn denied(w: &[Word], i: usize) -> bool {
    let from = (0..i).rev().find(|&j| is(w, j, &[";", ":"])).map_or(0, |j| j + 1);
    (from..i).any(|j| is(w, j, words::NEGATIONS) && !is(w, j + 1, &["doubt", "only", "question", "surprise", "wonder"]))
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
                || words::GROUPS.contains(&x.low.as_str())
        })
    };
    let a_state = matches!(first.to_lowercase().as_str(), "state" | "nation-state" | "government");
    let named = names.state_at(&words_of(first), 0).is_some();
    let found = (claim && (named || a_state && doing())) || (word.low == "nation-state" && doing());
    found.then(|| format!("{:?} says who is behind it", shown(w, i, i + 2)))
}

/// A state with one who acts for it, at `i`.
fn actor_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
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
    (!state.adjective && !state.possessive).then_some(Actor::new(state.end, true))
}

/// A word that stands for a state: `this state`, and `it` where one was named.
fn pointer_at(w: &[Word], i: usize, named: bool) -> Option<Actor> {
    let pointer = |end| Actor { end, alone: true, pointer: true };
    if is(w, i, words::DETERMINERS) && is(w, i + 1, words::STATE_NOUNS) {
        return Some(pointer(i + 2));
    }
    (named && is(w, i, words::PRONOUNS)).then(|| pointer(i + 1))
}

/// Does the name at `i` say where, and not who? A list of places shares its preposition.
fn is_place(w: &[Word], i: usize, names: &Names) -> bool {
    const LISTS: &[&str] = &["and", "or", ",", "nor", "/", "&"];
    let mut at = i;
    loop {
        let Some(mut before) = at.checked_sub(1) else { return false };
        if low(w, before) == "the" {
            let Some(earlier) = before.checked_sub(1) else { return false };
            before = earlier;
        }
        if is(w, before, words::PREPOSITIONS) {
            return true;
        }
        if !is(w, before, LISTS) {
            return false;
        }
        // The name before the conjunction, a serial comma included.
        let mut end = before;
        while end > 0 && is(w, end - 1, LISTS) {
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
        return town < end && town > 0 && is(w, town - 1, words::PREPOSITIONS);
    }
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
    let part = whose && is(w, at, &["hand", "involvement", "part", "role"]) && follows(w, at + 1, 6, words::OFFENCES);
    (noun || weapon && !is(w, at + 1, words::COMPOUNDS) || part)
        .then(|| format!("{:?} names a state as actor", shown(w, i, at + 1)))
}

/// `Russia has repeatedly attacked`, `the government of X is behind`, `it attacked`.
fn active(w: &[Word], i: usize, names: &Names, named: bool) -> Option<String> {
    let actor = actor_at(w, i, names).or_else(|| pointer_at(w, i, named))?;
    if actor.alone && is_place(w, i, names) {
        return None;
    }
    let mut at = actor.end;
    let (mut be, mut did) = (false, false);
    for _ in 0..10 {
        match low(w, at) {
            "(" => at = (at..w.len()).find(|&j| low(w, j) == ")")? + 1,
            "," => at = (at + 1..(at + 12).min(w.len())).find(|&j| low(w, j) == ",")? + 1,
            word if words::BE.contains(&word) => {
                be = true;
                at += 1;
            }
            word if words::ADVERBS.contains(&word) => {
                did |= word == "did";
                at += 1;
            }
            _ => break,
        }
    }
    let verb = low(w, at);
    let ing = verb.ends_with("ing");
    let free = !be || ing;
    let lawful = || follows(w, at + 1, 6, words::LAWFUL);
    let offence = || follows(w, at + 1, 6, words::OFFENCES);
    let negated = || denied(w, at);
    let article = at + usize::from(matches!(verb, "the" | "a" | "an"));
    // A pointer may point at something else: only what names an offence by itself counts.
    let sure = |claim: bool| claim && (!actor.pointer || offence());
    let found = (free && words::ACTIVE.contains(&verb) && !is(w, at + 1, words::COMPOUNDS))
        || (!be && words::PARTICIPLES.contains(&verb))
        || sure(free && words::UNLESS_LAWFUL.contains(&verb) && !lawful())
        || sure(free && matches!(verb, "carried" | "carries" | "carry" | "carrying") && low(w, at + 1) == "out" && !lawful())
        || (free && matches!(verb, "broke" | "breaks" | "breaking") && low(w, at + 1) == "into")
        || (free && matches!(verb, "took" | "takes" | "taking") && low(w, at + 1) == "down")
        || (free && matches!(verb, "gained" | "gains" | "gaining") && low(w, at + 1) == "access")
        || (!be && words::IF_OFFENCE.contains(&verb) && offence())
        || sure(be && verb == "behind")
        || sure(matches!(verb, "stands" | "stood") && low(w, at + 1) == "behind")
        || (be && verb == "to" && low(w, at + 1) == "blame")
        || (be && verb == "responsible" && (offence() || is(w, at + 2, words::IT)) && !negated())
        || (be && verb == "involved" && offence() && !negated())
        || (did && is(w, at, words::IT) && !actor.pointer)
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
    if actor.alone && is(w, actor.end, words::INFRASTRUCTURE) {
        return None;
    }
    let before = w.get(i.saturating_sub(10)..i).unwrap_or_default();
    let from = before.iter().rposition(|x| matches!(x.low.as_str(), ";" | ":")).map_or(0, |p| p + 1);
    let before = before.get(from..).unwrap_or_default();
    let any = |list: &[&str]| before.iter().any(|x| list.contains(&x.low.as_str()));
    let out = before.iter().zip(before.iter().skip(1)).any(|(a, b)| a.low == "carried" && b.low == "out");
    let last = |list: &[&str]| before.last().is_some_and(|x| list.contains(&x.low.as_str()));
    let found = any(words::PARTICIPLES)
        || ((any(words::UNLESS_LAWFUL) || out) && !any(words::LAWFUL))
        || (any(words::IF_OFFENCE) && any(words::OFFENCES))
        || last(words::AGENTS)
        || last(words::OFFENCES)
        || last(words::DEEDS) && any(words::OFFENCES);
    found.then(|| format!("{:?} makes a state the agent", shown(w, i, actor.end)))
}

/// `attributed to Iran`, `the work of North Korea`, `hackers tied to China`; said in the negative it is no claim.
fn ascribed(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let groups = || (i.saturating_sub(4)..i).any(|j| is(w, j, words::PEOPLE) || is(w, j, words::GROUPS));
    let to = match low(w, i) {
        "attributed" | "attributable" | "attribute" | "attributes" | "attributing" | "ascribed" => {
            (i + 1..i + 8).find(|&j| low(w, j) == "to")?
        }
        "attribution" if is(w, i + 1, &["to"]) => i + 1,
        "blamed" | "pinned" => (i + 1..i + 4).find(|&j| low(w, j) == "on")?,
        "work" | "behest" | "order" | "orders" | "behalf" | "hands" | "handiwork" if low(w, i + 1) == "of" => i + 1,
        "linked" | "tied" | "connected" | "answering" | "loyal" if low(w, i + 1) == "to" && groups() => i + 1,
        "working" | "acting" | "operating" | "spying" if low(w, i + 1) == "for" && groups() => i + 1,
        _ => return None,
    };
    let at = to + 1 + usize::from(low(w, to + 1) == "the");
    let actor = actor_at(w, at, names).filter(|a| !(a.alone && is(w, a.end, words::INFRASTRUCTURE)))?;
    let of = to == i + 1 && low(w, to) == "of";
    let offence = w.iter().any(|x| words::OFFENCES.contains(&x.low.as_str()) || words::PARTICIPLES.contains(&x.low.as_str()));
    (!denied(w, i) && (!of || offence)).then(|| format!("{:?} ascribes it to a state", shown(w, i, actor.end)))
}

/// `we blame Russia`, `accused China of`.
fn accused(w: &[Word], i: usize, names: &Names) -> Option<String> {
    if !is(w, i, &["accuse", "accused", "accuses", "accusing", "blame", "blamed", "blames", "blaming"]) {
        return None;
    }
    let at = i + 1 + usize::from(low(w, i + 1) == "the");
    let actor = actor_at(w, at, names)?;
    (!denied(w, i)).then(|| format!("{:?} accuses a state", shown(w, i, actor.end)))
}
