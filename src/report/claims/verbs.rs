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
    "cyberattack",
    "ddos",
    "deface",
    "destroy",
    "disrupt",
    "dos",
    "eavesdrop",
    "encroach",
    "encrypt",
    "erase",
    "exfiltrate",
    "exploit",
    "extort",
    "flood",
    "hack",
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
    "tamper",
    "trespass",
    "vandalise",
    "vandalize",
    "victimise",
    "victimize",
    "violate",
    "weaponise",
    "weaponize",
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
    "hack",
    "hijack",
    "infiltrate",
    "invade",
    "orchestrate",
    "penetrate",
    "sabotage",
    "steal",
];

/// A verb and the word behind it that makes it an attack.
const PHRASAL: &[(&str, &[&str])] = &[
    ("break breaks breaking broke broken", &["in", "into", "through"]),
    ("bring brings bringing brought", &["down"]),
    ("cut cuts cutting", &["off"]),
    ("force forces forcing forced", &["its", "their"]),
    ("gain gains gaining gained", &["access", "control", "entry"]),
    ("get gets getting got", &["access", "into"]),
    ("go goes going went", &["after"]),
    ("knock knocks knocking knocked", &["down", "offline", "out"]),
    ("logged", &["in", "into"]),
    ("obtain obtains obtaining obtained", &["access"]),
    ("seize seizes seizing seized", &["control"]),
    ("shut shuts shutting", &["down"]),
    ("take takes taking took taken", &["control", "down", "offline", "over"]),
    ("wipe wipes wiping wiped", &["all", "its", "out", "the"]),
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

/// `took down`, `broke into`.
pub(super) fn is_phrasal(verb: &str, next: &str) -> bool {
    PHRASAL.iter().any(|(forms, behind)| behind.contains(&next) && forms.split(' ').any(|f| f == verb))
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
            ("jammed", Form::Past),
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
        assert!(is_phrasal("took", "down") && !is_phrasal("took", "part"));
    }
}
