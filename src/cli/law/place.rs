//! States, territories and instruments by code or name, and what was probably meant.

use crate::error::Error;
use crate::jurisdiction::Law;
use crate::jurisdiction::instruments::Instrument;
use crate::jurisdiction::territories::Territory;
use crate::model::net::StateCode;
use crate::report::escape::visible;

/// A state or territory of the rule book.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its code: two letters, or more where ISO 3166-1 has none (`UA-43`).
    pub code: String,
    /// Its name; it says nothing about whose a disputed place is.
    pub name: String,
}

impl Place {
    /// The code, if it has two letters.
    #[must_use]
    pub fn state(&self) -> Option<StateCode> {
        StateCode::new(&self.code)
    }

    /// Its entry among the territories.
    #[must_use]
    pub fn territory<'a>(&self, law: &'a Law) -> Option<&'a Territory> {
        law.book.territory(&self.code)
    }
}

/// Finds a place by code in either case, or by its exact name in either case.
///
/// # Errors
/// No such place: a usage error that says which ones are near.
pub fn place(law: &Law, text: &str) -> Result<Place, Error> {
    let wanted = text.trim();
    if let Some(state) = StateCode::new(wanted) {
        let state = law.book.canonical(state);
        if let Some(name) = law.book.name_of(state).filter(|_| law.book.is_place(state)) {
            return Ok(Place { code: state.to_string(), name: name.to_string() });
        }
    }
    let all = || {
        let states = law.book.states().map(|(code, s)| (code.to_string(), s.name.to_string()));
        // Labels of registries and other spellings are no places.
        let is_place = |t: &&Territory| t.alias_of.is_none() && &*t.character != "not a state";
        let territories = law.book.territories().filter(is_place).map(|t| (t.code.clone(), t.name.to_string()));
        states.chain(territories)
    };
    let folded = wanted.to_lowercase();
    if let Some((code, name)) = all().find(|(code, name)| code.to_lowercase() == folded || name.to_lowercase() == folded) {
        return Ok(Place { code, name });
    }
    let near = nearest(&folded, all().map(|(code, name)| (name.to_lowercase(), format!("{code} ({name})"))));
    Err(unknown(wanted, "no state or territory of the rule book", &near, "give a two-letter code or the name"))
}

/// As [`place`], and the European Union, which is no state and can be a party.
///
/// # Errors
/// As [`place`].
pub fn party(law: &Law, text: &str) -> Result<Place, Error> {
    if ["eu", "european union"].contains(&text.trim().to_lowercase().as_str()) {
        return Ok(Place { code: "EU".to_owned(), name: "European Union".to_owned() });
    }
    place(law, text)
}

/// Finds an instrument by its id in either case.
///
/// # Errors
/// No such instrument: a usage error that says which ones are near.
pub fn instrument<'a>(law: &'a Law, text: &str) -> Result<&'a Instrument, Error> {
    let folded = text.trim().to_lowercase();
    if let Some(found) = law.book.instruments().find(|i| i.id.to_lowercase() == folded) {
        return Ok(found);
    }
    let ids = law.book.instruments().map(|i| (i.id.to_lowercase(), i.id.to_string()));
    let titles = law.book.instruments().map(|i| (i.title.to_lowercase(), format!("{} ({})", i.id, i.title)));
    let near = nearest(&folded, ids.chain(titles));
    let all: Vec<&str> = law.book.instruments().map(|i| &*i.id).collect();
    Err(unknown(text.trim(), "no instrument of the rule book", &near, &format!("there are {}", all.join(", "))))
}

fn unknown(text: &str, what: &str, near: &[String], else_say: &str) -> Error {
    let shown: String = text.chars().take(60).collect();
    let hint = if near.is_empty() { else_say.to_owned() } else { format!("did you mean {}?", near.join(", ")) };
    Error::Usage(format!("{}: {what}; {hint}", visible(&shown)))
}

/// At most five that contain the text or are a few letters away from it, nearest first.
fn nearest(text: &str, all: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let text: String = text.chars().take(60).collect();
    let mut near: Vec<(usize, String)> = all
        .filter_map(|(name, shown)| {
            let letters = text.chars().count();
            let distance = if letters >= 3 && name.contains(&text) {
                name.chars().count().abs_diff(letters).min(3)
            } else {
                distance(&text, &name)
            };
            (distance <= 1 + letters / 5 || (letters >= 3 && name.contains(&text))).then_some((distance, shown))
        })
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().map(|(_, shown)| shown).take(5).collect()
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(80).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], n: usize| r.get(n).copied().unwrap_or(usize::MAX - 1);
            next.push((at(&row, j) + usize::from(x != *y)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_in_any_case() {
        let law = Law::shipped().unwrap();
        let code = |text: &str| place(law, text).map(|p| p.code).map_err(|e| e.to_string());
        for (text, expected) in [
            ("DE", "DE"),
            ("de", "DE"),
            ("Germany", "DE"),
            ("germany", "DE"),
            ("UK", "GB"),
            ("hong kong", "HK"),
            ("ua-43", "UA-43"),
            ("Crimea and Sevastopol", "UA-43"),
            ("XK", "XK"),
            ("tw", "TW"),
        ] {
            assert_eq!(code(text).as_deref(), Ok(expected), "{text}");
        }
        assert!(code("Germani").unwrap_err().contains("did you mean DE (Germany)"));
        assert!(code("EU").is_err() && code("ZZ").is_err());
        assert!(code("\u{1b}[2J").unwrap_err().contains("\\u{1b}"));
        assert_eq!(&*instrument(law, "ets185").unwrap().id, "ETS185");
        assert!(instrument(law, "ETS186").unwrap_err().to_string().contains("ETS185"));
        assert!(instrument(law, "cybercrime").unwrap_err().to_string().contains("ETS185"));
    }
}
