//! What a verb is done to: the noun at the head of its object, the particle behind that, and what makes the deed lawful or
//! wrong.

use super::text::Word;
use super::{deeds, follows, is, low, verbs, words};

/// What a state does by itself, and to no victim: `launched a consultation`, `ordered the preservation of data`.
const ACTS: &[&str] = &[
    "act",
    "agreement",
    "appeal",
    "bill",
    "blocking",
    "call",
    "case",
    "chair",
    "collection",
    "consultation",
    "consultations",
    "convention",
    "costs",
    "declaration",
    "disclosure",
    "draft",
    "initiative",
    "inquiry",
    "investigation",
    "investigations",
    "law",
    "localisation",
    "position",
    "presidency",
    "preservation",
    "proceedings",
    "production",
    "proposal",
    "protocol",
    "report",
    "request",
    "requests",
    "resolution",
    "resolutions",
    "retention",
    "review",
    "sanctions",
    "search",
    "searches",
    "seizure",
    "talks",
    "text",
    "treaty",
];

/// What a state founds; said of a target these are victims.
const BODIES: &[&str] = &["centre", "fund", "group", "network", "platform", "portal", "process", "programme"];

/// Verbs of attack with objects that make them something else. Heads of objects.
const HARMLESS: &[(&str, &[&str])] = &[
    ("strike", &["agreement", "balance", "bargain", "chord", "compromise", "deal", "pact", "tone", "treaty"]),
    ("struck", &["agreement", "balance", "bargain", "chord", "compromise", "deal", "pact", "tone", "treaty"]),
    ("hit", &["cap", "ceiling", "deadline", "limit", "mark", "maximum", "quota", "target", "threshold"]),
    ("scan", &["copies", "documents", "forms", "horizon", "letter", "letters", "pages", "paper", "papers", "requests"]),
    ("crack", &["case"]),
    ("breach", &["ceiling", "limit", "threshold"]),
    ("corrupt", &["officials"]),
];

/// What a state may do to its own.
const TO_ITS_OWN: &[&str] = &["crash", "destroy", "encrypt", "erase", "scan", "wipe"];

/// And what of its own it has from a deed.
const OF_A_DEED: &[&str] = &["adversaries", "footprints", "target", "targets", "traces", "tracks", "victim", "victims"];

/// What a law can permit, by the stem.
const POWERS: &[&str] = &["bug", "bypass", "hack", "infiltrate", "intercept", "scan", "wiretap"];

/// What makes it law, or asked for.
const LAWS: &[&str] = &[
    "act",
    "art",
    "article",
    "arts",
    "code",
    "consent",
    "convention",
    "decree",
    "law",
    "letter",
    "order",
    "orders",
    "para",
    "protocol",
    "request",
    "section",
    "statute",
    "treaty",
    "warrant",
    "warrants",
];

/// Particles that may stand behind the object as well.
const SEPARABLE: &[&str] =
    &["down", "inaccessible", "inoperable", "off", "offline", "out", "over", "unavailable", "unreachable", "unusable", "useless"];

/// What is gained, and what it is called before that.
const GAINS: &[&str] = &["access", "control", "entry"];
const HOW_GAINED: &[&str] = &[
    "administrative",
    "administrator",
    "complete",
    "covert",
    "full",
    "illegal",
    "illicit",
    "initial",
    "persistent",
    "privileged",
    "remote",
    "root",
    "total",
    "unauthorised",
    "unauthorized",
    "undetected",
    "unlawful",
    "unrestricted",
];

/// Whose leave is missing.
const LEAVE: &[&str] = &["authorisation", "authorization", "authority", "consent", "knowledge", "leave", "permission"];

/// Done so, it is no lawful act.
const WRONGLY: &[&str] = &[
    "clandestinely",
    "covertly",
    "fraudulently",
    "illegally",
    "illicitly",
    "maliciously",
    "secretly",
    "surreptitiously",
    "unlawfully",
];

/// Does a noun phrase end before the word at `j`?
fn ends(w: &[Word], j: usize) -> bool {
    const ALSO: &[&str] = &[
        "again",
        "and",
        "as",
        "because",
        "but",
        "earlier",
        "last",
        "nor",
        "or",
        "shut",
        "so",
        "that",
        "this",
        "today",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whose",
        "yesterday",
        "wide",
    ];
    let word = low(w, j);
    let digits = |j: usize| !low(w, j).is_empty() && low(w, j).bytes().all(|b| b.is_ascii_digit());
    // `resolution 73/27`, and not `400 machines`, `30,000 machines`.
    let number = digits(j) && !low(w, j + 1).starts_with(char::is_alphabetic) && !(low(w, j + 1) == "," && digits(j + 2));
    if word == "," && j > 0 && digits(j - 1) && digits(j + 1) {
        return false;
    }
    word.is_empty()
        || number
        || !word.starts_with(char::is_alphanumeric)
        || words::PREPOSITIONS.contains(&word)
        || deeds::BE.contains(&word)
        || ALSO.contains(&word)
        || word.ends_with("ly")
        || SEPARABLE.contains(&word)
}

/// Where an object begins: behind a day, a legal basis and the like, `launched on 2026-03-17 its review`.
fn begins(w: &[Word], from: usize) -> usize {
    if low(w, from) == "," {
        return (from + 1..from + 9).find(|&j| low(w, j) == ",").map_or(from, |j| j + 1);
    }
    if is(w, from, &["in", "on", "under"]) {
        let day = |j: usize| low(w, j).starts_with(|c: char| c.is_ascii_digit());
        return (from + 1..from + 4).find(|&j| day(j) && !day(j + 1)).map_or(from, |j| j + 1);
    }
    from
}

/// Where the object that begins at `from` ends: behind its head.
fn end_of(w: &[Word], from: usize) -> usize {
    (from..w.len()).find(|&j| ends(w, j) && !(j == from && is(w, j, &["that", "this"]))).unwrap_or(w.len())
}

/// The head of the object behind `from`, and where its phrase begins.
fn head(w: &[Word], from: usize) -> Option<(usize, usize)> {
    let from = begins(w, from);
    let end = end_of(w, from);
    (end > from).then(|| (from, end - 1))
}

/// Is the verb before `from` done to something that is no victim? `targets`: the verb names one.
pub(super) fn is_lawful(w: &[Word], from: usize, targets: bool) -> bool {
    head(w, from).is_some_and(|(from, head)| lawful_phrase(w, from, head, targets) || told(w, from, head + 1))
}

/// Is the subject of a passive that ends before `to` no victim: `a consultation was launched`?
pub(super) fn is_lawful_subject(w: &[Word], from: usize, to: usize, targets: bool) -> bool {
    (from..to).any(|j| (ends(w, j + 1) || verbs::is_done(low(w, j + 1))) && lawful_phrase(w, from, j, targets))
}

fn lawful_phrase(w: &[Word], from: usize, head: usize, targets: bool) -> bool {
    let hostile =
        |j: usize| is(w, j, deeds::OFFENCES) || is(w, j, words::WEAPONS) || is(w, j, words::PEOPLE) || is(w, j, words::FOUL);
    is(w, head, ACTS) || !targets && is(w, head, BODIES) && !(from..head).any(hostile)
}

/// `ordered the provider to keep the data`: what it is told says whether that is lawful, and is read for itself.
fn told(w: &[Word], from: usize, to: usize) -> bool {
    low(w, to) == "to" && !(from..to).any(|j| is(w, j, deeds::OFFENCES) || is(w, j, words::WEAPONS))
}

/// Has the verb of attack at `at` an object that makes it none: `struck an agreement`, `encrypts its replies`?
pub(super) fn is_harmless(w: &[Word], at: usize) -> bool {
    let Some((from, head)) = head(w, at + 1) else { return false };
    let verb = low(w, at);
    let has = |stem: &str| verb == stem || verbs::is_form_of(stem, verb);
    // `attacked nobody`, and not `attacked no fewer than 30`.
    let none = is(w, from, &["no", "nobody", "none", "nothing"]) && !is(w, from + 1, &["fewer", "less", "other"]);
    let another = (from..=head).any(|j| is(w, j, OF_A_DEED) || w.get(j).is_some_and(|x| x.possessive));
    let own = is(w, from, &["his", "her", "its", "our", "their"]) && !another;
    none || HARMLESS.iter().any(|(stem, heads)| has(stem) && is(w, head, heads)) || own && TO_ITS_OWN.iter().any(|stem| has(stem))
}

/// Does a law permit what the verb at `at` says: `under art. 21 it may intercept`, `it must, by its law, intercept`?
pub(super) fn is_power(w: &[Word], subject: usize, at: usize) -> bool {
    let may = (subject..at).any(|j| is(w, j, &["can", "may", "must", "shall"]));
    let basis = |j: usize| is(w, j, &["by", "pursuant", "subject", "under", "with"]) && follows(w, j + 1, 5, LAWS);
    may && POWERS.iter().any(|stem| verbs::is_form_of(stem, low(w, at))) && (0..w.len()).any(basis)
}

/// The particle that makes an attack of the verb at `at`: `took down`, `took the exchange offline`, `gained full access`.
pub(super) fn particle(w: &[Word], at: usize) -> Option<usize> {
    let particles = verbs::particles(low(w, at))?;
    let next = at + 1;
    if is(w, next, particles) {
        let asked =
            GAINS.contains(&low(w, next)) && (next..w.len()).any(|j| is(w, j, &["by", "with"]) && follows(w, j + 1, 2, LAWS));
        return (!asked && !is_lawful(w, next + 1, false)).then_some(next);
    }
    // `shut the valves and the pumps down`, `took the site of the ministry offline`.
    let shared = |j: usize| is(w, j, &["and", "of"]) && is(w, j + 1, &["its", "the", "their"]);
    let far = (next + 1..next + 6).take_while(|&j| !ends(w, j - 1) || shared(j - 1)).find(|&j| is(w, j, particles))?;
    let part = low(w, far);
    let gained = GAINS.contains(&part) && (next..far).any(|j| is(w, j, HOW_GAINED));
    // `took the data over a secure line`, `brought the time down to ten days`, `took the row out of the table`.
    let elsewhere = low(w, far + 1) == "to" || low(w, far + 1) == "of" && !low(w, at).starts_with("lock");
    let apart = SEPARABLE.contains(&part) && ends(w, far + 1) && !elsewhere;
    let own = (next..far).any(|j| low(w, j) == "own");
    (gained || apart && !own && !lawful_phrase(w, next, far - 1, false)).then_some(far)
}

/// `accessed the mailbox without permission`, `secretly copied the mails`: what is an offence only so.
pub(super) fn is_without_leave(w: &[Word], subject: usize, at: usize) -> bool {
    // What a treaty lets everybody read, it lets them read without leave.
    let open = w.iter().any(|x| matches!(x.low.as_str(), "public" | "publicly" | "party" | "art" | "arts" | "article"));
    let end = (at..w.len()).find(|&j| is(w, j, &[";", ":", "but"])).unwrap_or(w.len());
    let without = (0..end).any(|j| low(w, j) == "without" && follows(w, j + 1, 4, LEAVE));
    !open && verbs::is_handling(low(w, at)) && (without || (subject..end).any(|j| is(w, j, WRONGLY)))
}
