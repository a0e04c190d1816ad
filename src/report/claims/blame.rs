//! Who is blamed: agents of passive verbs, ascriptions, accusations, culprits that are named, burdens that are laid on somebody.

use super::object::{is_lawful_subject, is_without_leave, particle};
use super::place::is_place;
use super::text::Word;
use super::verbs::{form, is_done, is_past};
use super::who::{Actor, actor_at, is_group_name, noun_at, tagged_at};
use super::{Names, deeds, denied, follows, is, low, shown, words};

/// A state as actor at `i`, or somebody who is tagged as a state's.
pub(super) fn anybody_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
    let infrastructure = |a: &Actor| a.alone && is(w, a.end, words::INFRASTRUCTURE);
    actor_at(w, i, names).filter(|a| !infrastructure(a)).or_else(|| tagged_at(w, i, names))
}

/// `attacked by Russia`, `an operation conducted by the Chinese military`, `hacked by a foreign government`.
pub(super) fn passive(w: &[Word], i: usize, names: &Names) -> Option<String> {
    if low(w, i) != "by" {
        return None;
    }
    let colon = usize::from(low(w, i + 1) == ":");
    let at = i + 1 + colon + usize::from(matches!(low(w, i + 1 + colon), "the" | "a" | "an"));
    let end = anybody_at(w, at, names).map(|a| a.end).or_else(|| noun_at(w, i + 1))?;
    // `attacked: by Russia`.
    let to = i - usize::from(i > 0 && low(w, i - 1) == ":");
    let from = (to.saturating_sub(10)..to).rev().find(|&j| is(w, j, &[";", ":"])).map_or(to.saturating_sub(10), |j| j + 1);
    let before = w.get(from..to).unwrap_or_default();
    // `was not attacked by`, `was never, it says, attacked by`.
    let undone = before
        .iter()
        .zip(before.iter().skip(1))
        .any(|(a, b)| matches!(a.low.as_str(), "never" | "not") && (is_done(&b.low) || deeds::BE.contains(&b.low.as_str())));
    if undone {
        return None;
    }
    let any = |list: &[&str]| before.iter().any(|x| list.contains(&x.low.as_str()));
    let out = before.iter().zip(before.iter().skip(1)).any(|(a, b)| a.low == "carried" && b.low == "out");
    let last = |list: &[&str]| before.last().is_some_and(|x| list.contains(&x.low.as_str()));
    // `an attack on the bank by Russia`, and no bank that is run by it.
    let on = before.iter().zip(before.iter().skip(1)).any(|(a, b)| {
        words::AGENTS.contains(&a.low.as_str()) && matches!(b.low.as_str(), "against" | "at" | "in" | "of" | "on" | "upon")
    });
    let done = before.last().is_some_and(|x| x.low.ends_with("ed") || matches!(x.low.as_str(), "run" | "held" | "kept" | "sent"));
    let targets = any(&["targeted", "targeting"]);
    let leave = (from..to).any(|j| is_without_leave(w, j, j));
    let found = before.iter().any(|x| is_past(&x.low))
        || (from..to).any(|j| particle(w, j).is_some())
        || leave
        || (on && !done)
        || ((any(deeds::UNLESS_LAWFUL) || out) && !is_lawful_subject(w, from, to, targets))
        || (any(deeds::IF_OFFENCE) && any(deeds::OFFENCES))
        || last(words::AGENTS)
        || last(deeds::OFFENCES)
        || last(deeds::DEEDS) && (any(deeds::OFFENCES) || before.first().is_some_and(|x| deeds::IT.contains(&x.low.as_str())));
    found.then(|| format!("{:?} makes a state the agent", shown(w, i, end)))
}

/// `attributed to Iran`, `the work of North Korea`, `hackers tied to China`; said in the negative it is no claim.
pub(super) fn ascribed(w: &[Word], i: usize, names: &Names) -> Option<String> {
    let groups = || {
        (i.saturating_sub(4)..i).any(|j| {
            is(w, j, words::PEOPLE) || is(w, j, words::GROUPS) || is(w, j, words::MEMBERS) || w.get(j).is_some_and(is_group_name)
        })
    };
    let mut plain = false;
    let to = match low(w, i) {
        "attributed" | "attributable" | "attribute" | "attributes" | "attributing" | "ascribed" | "imputable" | "imputed" => {
            (i + 1..i + 8).find(|&j| low(w, j) == "to")?
        }
        "attribution" if is(w, i + 1, &["to"]) => i + 1,
        "blamed" | "pinned" | "blame" | "pin" => (i + 1..i + 5).find(|&j| low(w, j) == "on")?,
        "victim" | "victims" | "prey" if is(w, i + 1, &["of", "to"]) => {
            plain = true;
            i + 1
        }
        "fingerprints" | "hallmark" | "hallmarks" if low(w, i + 1) == "of" => {
            plain = true;
            i + 1
        }
        "work" | "behest" | "order" | "orders" | "behalf" | "hands" | "handiwork" | "deed" | "doing" if low(w, i + 1) == "of" => {
            i + 1
        }
        "linked" | "tied" | "connected" | "answering" | "loyal" | "links" | "ties" | "affiliated"
            if low(w, i + 1) == "to" && groups() =>
        {
            i + 1
        }
        "link" | "links" | "tie" | "ties" | "connect" | "connects"
            if (i + 2..i + 8).any(|j| low(w, j) == "to" && (i + 1..j).any(|k| is(w, k, deeds::OFFENCES))) =>
        {
            (i + 2..i + 8).find(|&j| low(w, j) == "to")?
        }
        "linked" | "tied" | "connected" | "traced"
            if (i + 1..i + 3).any(|j| low(w, j) == "to") && (i.saturating_sub(6)..i).any(|j| is(w, j, deeds::OFFENCES)) =>
        {
            (i + 1..i + 3).find(|&j| low(w, j) == "to")?
        }
        "arm" | "front" | "puppet" | "tool" | "wing" if low(w, i + 1) == "of" && groups() => {
            plain = true;
            i + 1
        }
        "affiliated" | "associated" | "aligned" if low(w, i + 1) == "with" && groups() => i + 1,
        "work" | "works" | "worked" | "working" | "acts" | "acting" | "operating" | "spying"
            if low(w, i + 1) == "for" && groups() =>
        {
            i + 1
        }
        "sponsored" | "backed" | "directed" | "paid" | "controlled" | "employed" | "run" if low(w, i + 1) == "by" && groups() => {
            i + 1
        }
        _ => return None,
    };
    let at = (to + 1..w.len()).find(|&j| !is(w, j, &[":", "the"]))?;
    let end = anybody_at(w, at, names)
        .map(|a| a.end)
        .or_else(|| noun_at(w, to + 1).filter(|_| (to + 1..to + 4).any(|j| is(w, j, words::ANY_STATE)) || groups()))?;
    let of = to == i + 1 && low(w, to) == "of" && !plain;
    let offence = w.iter().any(|x| deeds::OFFENCES.contains(&x.low.as_str()) || is_past(&x.low));
    (!denied(w, i) && (!of || offence)).then(|| format!("{:?} ascribes it to a state", shown(w, i, end)))
}

/// `we blame Russia`, `accused China of`.
pub(super) fn accused(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const VERBS: &[&str] = &[
        "accuse",
        "accused",
        "accuses",
        "accusing",
        "blame",
        "blamed",
        "blames",
        "blaming",
        "incriminate",
        "incriminates",
        "implicate",
        "implicated",
        "implicates",
        "implicating",
        "indict",
        "indicted",
        "suspect",
        "suspects",
    ];
    if !is(w, i, VERBS) {
        return None;
    }
    let at = i + 1 + usize::from(low(w, i + 1) == "the");
    let actor = actor_at(w, at, names)?;
    (!denied(w, i)).then(|| format!("{:?} accuses a state", shown(w, i, actor.end)))
}

/// `the attacker is Iran`, `behind the intrusion stands Russia`, `the hackers were Chinese`, `culprit: Iran`.
pub(super) fn identified(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const WHO: &[&str] = &[
        "adversary",
        "aggressor",
        "author",
        "authors",
        "instigator",
        "mastermind",
        "offender",
        "offenders",
        "suspect",
        "suspects",
        "wrongdoer",
        "wrongdoers",
        "attackers",
        "attacker",
        "culprit",
        "hijacker",
    ];
    const LINKS: &[&str] =
        &["is", "was", "are", "were", "be", "been", "stands", "stood", ":", "=", "became", "remains", "remain"];
    let word = w.get(i)?;
    // `Russia, the attacker`, `Russia (the culprit)`.
    if let Some(state) = names.state_at(w, i).filter(|s| !s.adjective && !s.possessive) {
        let the = is(w, state.end, &[",", "(", ":", "\u{2013}", "\u{2014}"]) && is(w, state.end + 1, &["the", "an", "our"]);
        let culprit = the && (is(w, state.end + 2, WHO) || is(w, state.end + 2, words::PEOPLE)) && !is_place(w, i, names);
        return culprit.then(|| format!("{:?} names a state as culprit", shown(w, i, state.end + 3)));
    }
    let what = is(w, i, words::WEAPONS) || is(w, i, deeds::OFFENCES);
    if what && is(w, i + 1, deeds::BE) {
        let at = i + 2 + (i + 2..w.len()).take_while(|&j| is(w, j, deeds::ADVERBS)).count();
        let state = names
            .state_at(w, at)
            .filter(|s| s.adjective && !w.get(s.end).is_some_and(|n| n.low.starts_with(char::is_alphabetic)));
        return state.filter(|_| !denied(w, at)).map(|s| format!("{:?} names whose it is", shown(w, i, s.end)));
    }
    let deed = || follows(w, i + 2, 4, deeds::OFFENCES) || follows(w, i + 2, 4, words::WEAPONS);
    let state_word = is(w, i, words::STATE_NOUNS)
        && (i > 0 && is(w, i - 1, &["attacking", "offending", "responsible", "guilty"])
            || low(w, i + 1) == "responsible" && deed());
    let who = state_word || (is(w, i, WHO) || is(w, i, words::PEOPLE)) && !word.possessive;
    let behind = low(w, i) == "behind" && (follows(w, i + 1, 3, deeds::OFFENCES) || is(w, i + 1, deeds::IT));
    let whoever = is(w, i, &["who", "whoever"]) && (form(low(w, i + 1)).is_some() || low(w, i + 1) == "did");
    if !who && !behind && !whoever {
        return None;
    }
    let link = (i + 1..i + 9).find(|&j| is(w, j, LINKS))?;
    // What stands between belongs to the culprit: `of the attack`, `in this case`.
    let own = link == i + 1
        || behind
        || whoever
        || is(w, i + 1, &["behind", "of", "in", "here", "responsible", "who", "that", "(", ","]);
    let mut at = link + 1;
    while is(w, at, &["a", "an", "the", "in", "fact", ":", ","]) && low(w, at) != "in"
        || is(w, at, deeds::ADVERBS)
        || is(w, at, deeds::BE)
    {
        at += 1;
    }
    let state = names.state_at(w, at)?;
    let thing = is(w, state.end, words::INFRASTRUCTURE) || state.possessive || low(w, state.end) == "-";
    let listed = low(w, link) == ":" && !word.is_capital() && link > i + 1;
    (own && !thing && !listed && !denied(w, at)).then(|| format!("{:?} names a state as culprit", shown(w, i, state.end)))
}

/// `responsibility lies with Iran`, `the blame falls on Russia`, `the fault is Iran's`.
pub(super) fn burdened(w: &[Word], i: usize, names: &Names) -> Option<String> {
    const LAID: &[&str] = &[
        "are", "be", "fall", "falls", "fell", "is", "laid", "lay", "lie", "lies", "put", "rest", "rested", "rests", "sits",
        "was", "belongs", "goes", "attaches",
    ];
    if !is(w, i, deeds::BURDENS) {
        return None;
    }
    let deed = low(w, i + 1) != "for" || follows(w, i + 1, 6, deeds::OFFENCES) || is(w, i + 2, deeds::IT);
    let found = (i + 1..(i + 14).min(w.len())).find_map(|j| {
        let laid = (i + 1..j).any(|k| is(w, k, LAID));
        let on = is(w, j, &["with", "on", "upon", "at", "to"]);
        let after = j + 1 + usize::from(low(w, j + 1) == "the");
        let owner = laid && names.state_at(w, j).is_some_and(|s| s.possessive && !is(w, s.end, words::INFRASTRUCTURE));
        let bearer = || (laid && on).then(|| anybody_at(w, after, names).map(|a| a.end).or_else(|| noun_at(w, j + 1))).flatten();
        if owner { Some(j + 1) } else { bearer() }
    });
    let of = || {
        let state = is(w, i + 1, &["of"]).then(|| names.state_at(w, i + 2 + usize::from(low(w, i + 2) == "the"))).flatten()?;
        (is(w, state.end, &["for"]) && follows(w, state.end, 6, deeds::OFFENCES)).then_some(state.end)
    };
    let whose = || {
        let owner = i > 0
            && (0..i).rev().take(3).any(|j| names.state_at(w, j).is_some_and(|s| s.end == i && (s.possessive || s.adjective)));
        (owner && low(w, i + 1) == "for" && follows(w, i + 1, 6, deeds::OFFENCES)).then_some(i + 3)
    };
    let end = found.or_else(of).or_else(whose)?;
    (deed && !denied(w, i) && !denied(w, end)).then(|| format!("{:?} lays it on a state", shown(w, i, end)))
}
