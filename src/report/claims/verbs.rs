//! The verbs of attack and their forms. A table of stems, so that no tense of any of them is forgotten.

/// Form of a verb as it stands in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `hack`: after an auxiliary or "to", and for several subjects.
    Base,
    /// `hacks`.
    Third,
    /// `hacked`: past, and participle.
    Past,
    /// `hacking`.
    Ing,
}

/// What nobody does to somebody who wants it.
const STEMS: &[&str] = &[
    "assault",
    "attack",
    "backdoor",
    "blackmail",
    "bombard",
    "breach",
    "brute-force",
    "bruteforce",
    "bug",
    "burgle",
    "bypass",
    "compromise",
    "corrupt",
    "crack",
    "crash",
    "cripple",
    "cyber-attack",
    "cyberattack",
    "ddos",
    "deface",
    "defraud",
    "destroy",
    "disrupt",
    "dos",
    "dox",
    "eavesdrop",
    "encroach",
    "encrypt",
    "erase",
    "exfiltrate",
    "exploit",
    "extort",
    "flood",
    "hack",
    "harvest",
    "hijack",
    "impersonate",
    "infect",
    "infiltrate",
    "intercept",
    "intrude",
    "invade",
    "jam",
    "leak",
    "loot",
    "manipulate",
    "mastermind",
    "meddle",
    "orchestrate",
    "overload",
    "overwhelm",
    "paralyse",
    "paralyze",
    "penetrate",
    "perpetrate",
    "phish",
    "pilfer",
    "plunder",
    "poison",
    "pwn",
    "raid",
    "ransack",
    "ravage",
    "rob",
    "sabotage",
    "scan",
    "siphon",
    "sniff",
    "snoop",
    "spam",
    "spearphish",
    "spear-phish",
    "spoof",
    "spy",
    "steal",
    "strike",
    "subvert",
    "swindle",
    "syphon",
    "tamper",
    "trespass",
    "vandalise",
    "vandalize",
    "victimise",
    "victimize",
    "violate",
    "weaponise",
    "weaponize",
    "wipe",
    "wiretap",
    "wreck",
];

/// Forms that follow no rule, and forms whose other forms are nouns or lawful.
const IRREGULAR: &[(&str, Form)] = &[
    ("hit", Form::Past),
    ("hurt", Form::Past),
    ("knocked", Form::Past),
    ("probed", Form::Past),
    ("probing", Form::Ing),
    ("stole", Form::Past),
    ("stolen", Form::Past),
    ("struck", Form::Past),
    ("targets", Form::Third),
    ("targetted", Form::Past),
];

/// Bare forms that no noun beside a state's name is: `Russia and China attack`.
const PLURAL: &[&str] = &[
    "attack",
    "breach",
    "compromise",
    "exfiltrate",
    "defraud",
    "hack",
    "hijack",
    "infiltrate",
    "invade",
    "meddle",
    "orchestrate",
    "penetrate",
    "sabotage",
    "siphon",
    "steal",
    "wiretap",
];

/// What is done to data with or without leave.
const HANDLING: &[&str] = &[
    "access", "alter", "change", "collect", "copy", "delete", "download", "enter", "extract", "modify", "monitor", "open",
    "record", "remove", "search", "seize", "use", "view",
];

/// A verb and the words behind it that make it an attack.
const PHRASAL: &[(&str, &[&str])] = &[
    ("black blacks blacking blacked", &["out"]),
    ("break breaks breaking broke broken", &["in", "into", "through"]),
    ("bring brings bringing brought", &["down", "offline"]),
    ("cut cuts cutting", &["off"]),
    ("force forces forcing forced", &["its", "offline", "their"]),
    ("gain gains gaining gained", &["access", "control", "entry"]),
    ("get gets getting got", &["access", "into"]),
    ("go goes going went", &["after"]),
    ("help helps helping helped", &["itself", "themselves"]),
    ("knock knocks knocking knocked", &["down", "offline", "out"]),
    ("leave leaves leaving left", &["inaccessible", "inoperable", "offline", "unusable", "useless"]),
    ("lock locks locking locked", &["out"]),
    ("logged", &["in", "into"]),
    ("make makes making made", &["inaccessible", "inoperable", "unreachable", "unusable", "useless"]),
    ("obtain obtains obtaining obtained", &["access"]),
    ("pull pulls pulling pulled", &["down", "offline"]),
    ("render renders rendering rendered", &["inaccessible", "inoperable", "unavailable", "unreachable", "unusable", "useless"]),
    ("seize seizes seizing seized", &["control"]),
    ("shut shuts shutting", &["down", "off"]),
    ("switch switches switching switched", &["off"]),
    ("take takes taking took taken", &["control", "down", "offline", "out", "over"]),
    ("turn turns turning turned", &["off"]),
];

/// The form, if the word is one of a verb of attack.
pub(super) fn form(word: &str) -> Option<Form> {
    // Words shorter than the shortest stem are most words.
    if word.len() < 3 {
        return None;
    }
    IRREGULAR.iter().find(|(w, _)| *w == word).map(|(_, f)| *f).or_else(|| STEMS.iter().find_map(|stem| inflected(stem, word)))
}

/// Past, or participle.
pub(super) fn is_past(word: &str) -> bool {
    form(word) == Some(Form::Past)
}

/// May the bare form stand behind a name as its verb?
pub(super) fn is_plural(word: &str) -> bool {
    PLURAL.contains(&word)
}

/// What makes an attack of a verb that is none by itself.
pub(super) fn particles(verb: &str) -> Option<&'static [&'static str]> {
    PHRASAL.iter().find(|(forms, _)| forms.split(' ').any(|f| f == verb)).map(|(_, particles)| *particles)
}

/// `accessed`, `copies`, `read`: lawful with leave.
pub(super) fn is_handling(word: &str) -> bool {
    matches!(word, "read" | "reads" | "took") || HANDLING.iter().any(|stem| is_form_of(stem, word))
}

/// Is the word a form of this regular verb?
pub(super) fn is_form_of(stem: &str, word: &str) -> bool {
    inflected(stem, word).is_some()
}

/// Can it be the participle of a passive?
pub(super) fn is_done(word: &str) -> bool {
    is_past(word) || word.len() > 3 && word.ends_with("ed")
}

fn inflected(stem: &str, word: &str) -> Option<Form> {
    let (short, last) = stem.split_at(stem.len() - 1);
    if !word.starts_with(short) {
        return None;
    }
    if let Some(end) = word.strip_prefix(stem) {
        return match end {
            "" => Some(Form::Base),
            "s" | "es" => Some(Form::Third),
            "ed" => Some(Form::Past),
            "d" if last == "e" => Some(Form::Past),
            "ing" => Some(Form::Ing),
            // `scanned`, `jamming`.
            _ => match end.strip_prefix(last)? {
                "ed" => Some(Form::Past),
                "ing" => Some(Form::Ing),
                "es" => Some(Form::Third),
                _ => None,
            },
        };
    }
    match (last, word.strip_prefix(short)?) {
        ("e", "ing") => Some(Form::Ing),
        ("y", "ies") => Some(Form::Third),
        ("y", "ied") => Some(Form::Past),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_verb_is_known() {
        for (word, is) in [
            ("attack", Form::Base),
            ("attacks", Form::Third),
            ("brute-forced", Form::Past),
            ("brute-forcing", Form::Ing),
            ("ddosed", Form::Past),
            ("ddoses", Form::Third),
            ("doxxed", Form::Past),
            ("jammed", Form::Past),
            ("wiping", Form::Ing),
            ("scanning", Form::Ing),
            ("spied", Form::Past),
            ("spies", Form::Third),
            ("stole", Form::Past),
            ("stealing", Form::Ing),
            ("wiretapped", Form::Past),
            ("intercepts", Form::Third),
        ] {
            assert_eq!(form(word), Some(is), "{word}");
        }
        for word in
            ["", "at", "attacker", "scanner", "domain", "exploitation", "flooder", "hackathon", "spying-glass", "does", "probe"]
        {
            assert_eq!(form(word), None, "{word}");
        }
        assert!(particles("took").unwrap().contains(&"down") && particles("tooks").is_none());
    }
}
