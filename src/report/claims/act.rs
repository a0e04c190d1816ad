//! What somebody is said to have done: from the subject of a sentence to its verb.

use super::object::{is_harmless, is_lawful, is_power, is_without_leave, particle};
use super::place::is_place;
use super::text::Word;
use super::verbs::{Form, form, is_plural};
use super::who::{Actor, actor_at, pointer_at, tagged_at};
use super::{Names, deeds, denied, follows, is, low, shown, words};

/// Words between a subject and its verb, at most so many steps of them.
const STEPS: usize = 14;
/// Words of a phrase between them.
const PHRASE: usize = 8;

/// How the verb is reached.
#[derive(Clone, Copy, Default)]
struct Way {
    /// Behind a form of "to be".
    be: bool,
    did: bool,
    /// Behind "to" or an auxiliary: the bare form is a verb there.
    bare: bool,
    /// Behind a phrase that is not the subject's own: a participle there may be another noun's.
    apart: bool,
    /// Behind a "not" of its own.
    denied: bool,
    at: usize,
}

/// `Russia has repeatedly attacked`, `the government of X is behind`, `APT28 (Russia) hacked`, `it attacked`.
pub(super) fn active(w: &[Word], i: usize, names: &Names, named: bool) -> Option<String> {
    let actor = actor_at(w, i, names)
        .or_else(|| people_at(w, i, names))
        .or_else(|| tagged_at(w, i, names))
        .or_else(|| pointer_at(w, i, named))?;
    if actor.alone && is_place(w, i, names) || neither(w, i) {
        return None;
    }
    let first = walk(w, actor, names).filter(|way| claims(w, *way, actor));
    let way = first.or_else(|| then(w, i, actor))?;
    Some(format!("{:?} makes a state the subject", shown(w, i, way.at + 2)))
}

/// `Russia broke the seal and stole the mails`: the next thing that the subject of the sentence is said to have done.
fn then(w: &[Word], i: usize, actor: Actor) -> Option<Way> {
    const OBJECTS: &[&str] =
        &["a", "all", "an", "every", "her", "his", "into", "it", "its", "off", "our", "out", "the", "their", "them"];
    let subject = i == 0 || i == 1 && low(w, 0) == "the";
    let own = |j: &usize| !is(w, *j, &[";", ":", "that", "where", "which", "who", "whose", "when"]);
    let and = (actor.end + 1..w.len().min(actor.end + STEPS)).take_while(own).filter(|&j| is(w, j, &["and", "then"]));
    let mut deeds = and.map(|j| Way { at: j + 1, ..Way::default() });
    let done = |way: &Way| form(low(w, way.at)).is_none_or(|f| f == Form::Past) && is(w, way.at + 1, OBJECTS);
    deeds.find(|way| subject && !actor.pointer && done(way) && claims(w, *way, actor))
}

/// `neither Russia nor China`.
fn neither(w: &[Word], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).map_or("", |j| low(w, j));
    let word = if before(1) == "the" { before(2) } else { before(1) };
    matches!(word, "neither" | "nor")
}

/// `the Chinese hacked the bank`: a people is its adjective with an article, if what it did follows at once.
fn people_at(w: &[Word], i: usize, names: &Names) -> Option<Actor> {
    const OBJECTS: &[&str] = &["a", "an", "into", "it", "our", "that", "the", "their", "them", "this", "us"];
    let state = names.state_at(w, i).filter(|s| s.adjective && !s.possessive)?;
    let the = i > 0 && is(w, i - 1, &["a", "an", "the"]);
    let did = form(low(w, state.end)).is_some() && is(w, state.end + 1, OBJECTS);
    (the && did).then_some(Actor { end: state.end, alone: false, pointer: false })
}

/// Over everything that may stand between a subject and its verb.
fn walk(w: &[Word], actor: Actor, names: &Names) -> Option<Way> {
    let mut way = Way { at: actor.end, ..Way::default() };
    for _ in 0..STEPS {
        let word = low(w, way.at);
        let next = low(w, way.at + 1);
        // "Not only" denies nothing, and who never stopped went on.
        way.denied |= matches!(word, "never" | "not") && !is(w, way.at + 1, &["just", "merely", "only", "simply"]);
        way.denied &= !deeds::UNDONE.contains(&word);
        match word {
            "(" => way.at = (way.at..w.len()).find(|&j| low(w, j) == ")")? + 1,
            "," => way.at = comma(w, way.at, actor)?,
            "\u{2013}" | "\u{2014}" | "-" | "--" => {
                way.at = (way.at + 1..(way.at + 12).min(w.len())).find(|&j| is(w, j, &["\u{2013}", "\u{2014}", "-", "--"]))? + 1;
            }
            "to" if next != "blame" && (way.be || way.at > actor.end) && !way.apart => {
                way = Way { bare: true, be: false, at: way.at + 1, ..way };
            }
            word if deeds::BE.contains(&word) => way = Way { be: true, at: way.at + 1, ..way },
            word if deeds::ADVERBS.contains(&word) || word == "cyber" => {
                way.did |= word == "did";
                way.bare |= deeds::AUXILIARIES.contains(&word);
                // "is said to have hacked".
                way.be &= !matches!(word, "have" | "having");
                way.at += 1;
            }
            word if deeds::INTENT.contains(&word) && to_verb(w, way.at + 1) => {
                way = Way { bare: true, be: false, at: way.at + 2, ..way };
            }
            word if deeds::INTENT.contains(&word) && aimed(w, way.at + 1).is_some() => {
                way = Way { bare: true, be: false, at: aimed(w, way.at + 1)?, ..way };
            }
            "helped" | "helps" | "let" | "lets" | "made" | "makes" if helped(w, way.at + 1).is_some() => {
                way = Way { bare: true, be: false, at: helped(w, way.at + 1)?, ..way };
            }
            word if deeds::GOING_ON.contains(&word) && goes_on(w, way.at + 1).is_some() => {
                way = Way { be: false, at: goes_on(w, way.at + 1)?, ..way };
            }
            _ if !actor.pointer && !way.be && !way.apart => match phrase(w, way.at, names) {
                Some(at) => way = Way { apart: true, at, ..way },
                None => break,
            },
            _ => break,
        }
    }
    Some(way)
}

/// Behind a comma: what it opens ends at the next one, or the verb follows at once.
fn comma(w: &[Word], at: usize, actor: Actor) -> Option<usize> {
    let verb = form(low(w, at + 1)).is_some() || deeds::BE.contains(&low(w, at + 1));
    match (at + 1..(at + 16).min(w.len())).find(|&j| low(w, j) == ",") {
        Some(close) => Some(close + 1),
        None => (verb && !actor.alone && !actor.pointer).then_some(at + 1),
    }
}

fn to_verb(w: &[Word], at: usize) -> bool {
    low(w, at) == "to"
}

/// `ordered the group to hack`, `helped others hack`: the verb of what somebody is made to do.
fn aimed(w: &[Word], at: usize) -> Option<usize> {
    let to = (at..at + 6).find(|&j| low(w, j) == "to")?;
    let quiet = (at..to).all(|j| !is(w, j, &[",", ";", ".", ":"]) && !is(w, j, words::PREPOSITIONS));
    (quiet && does(w, to + 1)).then_some(to + 1)
}

/// Behind "to": the bare form of a deed.
fn does(w: &[Word], at: usize) -> bool {
    let verb = low(w, at);
    form(verb) == Some(Form::Base)
        || particle(w, at).is_some()
        || matches!(verb, "carry" | "launch" | "target")
        || deeds::IF_OFFENCE.iter().any(|w| w.starts_with(verb) && verb.len() > 3)
}

/// `helped hackers steal`: the verb of whom somebody helps.
fn helped(w: &[Word], at: usize) -> Option<usize> {
    let people = is(w, at, words::PEOPLE) || is(w, at, words::GROUPS) || is(w, at, words::MEMBERS);
    (people && form(low(w, at + 1)) == Some(Form::Base)).then_some(at + 1)
}

/// `kept on attacking`, `is suspected of having hacked`.
fn goes_on(w: &[Word], at: usize) -> Option<usize> {
    let from = at + usize::from(is(w, at, &["of", "on", "with", "for", "from", "in"]));
    let from = from + usize::from(is(w, from, &["having", "repeatedly"]));
    let verb = form(low(w, from))?;
    (verb == Form::Ing || verb == Form::Past && low(w, from - 1) == "having").then_some(from)
}

/// A phrase behind the subject, up to a verb of attack: `on 2026-03-17`, `and its allies`, `together with others`.
fn phrase(w: &[Word], at: usize, names: &Names) -> Option<usize> {
    // A state behind "and" is read for itself: it may be a place in a list of places.
    let capital = |j: usize| w.get(j).is_some_and(Word::is_capital) && names.state_at(w, j).is_none();
    let company = |j: usize| is(w, j, words::COMPANY) || capital(j);
    let from = match low(w, at) {
        "and" | "or" | "&" | "plus" => at + 1 + usize::from(low(w, at + 1) == "the"),
        "together" | "along" | "jointly" | "in" if low(w, at + 1) == "with" => at + 2,
        "as" if low(w, at + 1) == "well" && low(w, at + 2) == "as" => at + 3,
        "alongside" | "yesterday" | "today" | "last" | "this" | "earlier" => at + 1,
        word if words::PREPOSITIONS.contains(&word) => at + 1,
        _ => return None,
    };
    if is(w, at, &["and", "or", "&", "plus"]) && !company(from) {
        return None;
    }
    let stop = |j: usize| {
        let word = low(w, j);
        word.is_empty()
            || matches!(
                word,
                ":" | ";" | "," | "(" | ")" | "and" | "but" | "that" | "which" | "who" | "where" | "whose" | "when" | "if"
            )
            || deeds::BE.contains(&word)
    };
    for j in from..from + PHRASE {
        let verb = form(low(w, j));
        if matches!(verb, Some(Form::Past | Form::Third)) || (j > from && deeds::ADVERBS.contains(&low(w, j))) {
            // `with 3 attacked hosts`: not an object's own participle.
            let own = !is(w, j - 1, &["a", "an", "the", "of", "no", "any", "some", "all", "its", "their"]) && j > from;
            return own.then_some(j);
        }
        if stop(j) {
            return None;
        }
    }
    None
}

/// Is the verb that was reached a claim?
fn claims(w: &[Word], way: Way, actor: Actor) -> bool {
    let Way { be, did, bare, apart, denied: undone, at } = way;
    if undone {
        return false;
    }
    let verb = low(w, at);
    let next = low(w, at + 1);
    let free = !be || verb.ends_with("ing");
    let targets = verb.starts_with("target");
    let lawful = |from: usize| is_lawful(w, from, targets);
    let offence = || follows(w, at + 1, 6, deeds::OFFENCES) || follows(w, at + 1, 6, words::WEAPONS);
    let negated = || denied(w, at);
    let article = at + usize::from(matches!(verb, "the" | "a" | "an"));
    // A pointer may point at something else: only what names an offence by itself counts.
    let sure = |claim: bool| claim && (!actor.pointer || offence());
    let ends = |j: usize| low(w, j).is_empty() || is(w, j, &[".", ",", ";", ":", "!", "?", ")", "and", "here"]);
    let attack = match form(verb) {
        Some(Form::Past) => !be && !(apart && (next == "by" || ends(at + 1) && !dated(w, at))),
        Some(Form::Third | Form::Ing) => free && !is(w, at + 1, words::COMPOUNDS),
        Some(Form::Base) => free && (bare || is_plural(verb)) && !is(w, at + 1, words::COMPOUNDS),
        None => free && (particle(w, at).is_some() || is_without_leave(w, actor.end, at)),
    } && !is_harmless(w, at)
        && !is_power(w, actor.end, at);
    let blamed = is(w, at + 1, &["for"]) && (offence() || is(w, at + 2, deeds::IT) || form(low(w, at + 2)) == Some(Form::Ing));
    attack
        || sure(free && (bare || !matches!(verb, "launch" | "target")) && deeds::UNLESS_LAWFUL.contains(&verb) && !lawful(at + 1))
        || sure(free && matches!(verb, "carried" | "carries" | "carry" | "carrying") && next == "out" && !lawful(at + 2))
        || (!be && deeds::IF_OFFENCE.contains(&verb) && offence() && !negated())
        || (bare && deeds::IF_OFFENCE.iter().any(|w| w.starts_with(verb) && verb.len() > 3) && offence() && !negated())
        || sure(be && verb == "behind")
        || sure(matches!(verb, "stands" | "stood" | "stand") && next == "behind")
        || (be && verb == "to" && next == "blame" && !negated())
        || (be && deeds::ANSWERABLE.contains(&verb) && (blamed || !actor.pointer && ends(at + 1)) && !negated())
        || (deeds::BEARS.contains(&verb) && follows(w, at + 1, 3, deeds::BURDENS) && borne(w, at, actor) && !negated())
        || (be && verb == "involved" && offence() && !negated())
        || (be && verb == "at" && next == "fault" && !negated())
        || (matches!(verb, "stand" | "stands" | "stood") && is(w, at + 1, words::CULPRITS))
        || (did && is(w, at, deeds::IT) && !actor.pointer)
        || (be && words::CULPRITS.contains(&low(w, article)) && !negated())
}

/// Does the word before say when? `Russia on 2026-03-17 attacked.`
fn dated(w: &[Word], at: usize) -> bool {
    at > 0 && low(w, at - 1).starts_with(|c: char| c.is_ascii_digit())
}

/// `bears responsibility for the attack`: for what is said, or for all.
fn borne(w: &[Word], at: usize, actor: Actor) -> bool {
    let burden = (at + 1..at + 5).find(|&j| is(w, j, deeds::BURDENS));
    burden.is_some_and(|j| match low(w, j + 1) {
        "for" | "to" | "of" | "in" => follows(w, j + 1, 6, deeds::OFFENCES) || is(w, j + 2, deeds::IT),
        _ => !actor.pointer,
    })
}
