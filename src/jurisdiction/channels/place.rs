//! A side of a pair, and what the entry of a place among the territories says of it: what it is, who answers for it in
//! law, and who has power there in fact. Where the two differ a treaty of the first is not known to reach it.

use std::fmt;

use super::super::book::RuleBook;
use super::super::territories::{Reach, Territory};
use super::pair::Pair;
use crate::model::net::StateCode;

/// Who asks, or who is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side<'a> {
    /// A code of two letters: a state, a territory, or neither.
    Code(StateCode),
    /// A place whose code is longer, since ISO 3166-1 has none for it (`UA-43`, `X-SAT`).
    Longer(&'a Territory),
}

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'a> Side<'a> {
    /// By its code; `None` for a longer code that the rule book does not have.
    pub(super) fn new(book: &'a RuleBook, code: &str) -> Option<Self> {
        match StateCode::new(code) {
            Some(state) => Some(Self::Code(book.canonical(state))),
            None => book.territory(code).map(Self::Longer),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Code(state) => state.as_str(),
            Self::Longer(t) => &t.code,
        }
    }

    /// Its code, if that has two letters.
    pub(super) fn state(self) -> Option<StateCode> {
        match self {
            Self::Code(state) => Some(state),
            Self::Longer(_) => None,
        }
    }

    /// Its entry among the territories.
    pub(super) fn territory(self, book: &'a RuleBook) -> Option<&'a Territory> {
        match self {
            Self::Code(state) => book.territory(state.as_str()),
            Self::Longer(t) => Some(t),
        }
    }

    /// The state that answers for it: itself, unless the rule book names another.
    pub(super) fn sovereign(self, book: &'a RuleBook) -> Option<StateCode> {
        self.territory(book).and_then(|t| t.parent).or_else(|| self.state())
    }

    /// A mere part of a state as that state.
    pub(super) fn whole(self, book: &'a RuleBook) -> Self {
        self.territory(book).and_then(part).map_or(self, Side::Code)
    }

    /// Is there somebody to write to?
    pub(super) fn answers(self, book: &'a RuleBook) -> bool {
        match self {
            Self::Code(state) => book.can_ask(state),
            Self::Longer(t) => t.parent.is_some(),
        }
    }

    /// The state under whose law it lies, so that authorities of that state are its own: that of which it is a part, that
    /// whose law is said to apply there, or that which answers for it in law where another has power in fact.
    pub(super) fn under_the_law_of(self, book: &'a RuleBook) -> Option<StateCode> {
        self.territory(book).and_then(|t| part(t).or_else(|| t.parent.filter(|_| t.law_of_parent)).or_else(|| in_law_only(t)))
    }

    /// The state that answers for it in law, where its entry says that this is not so in fact.
    pub(super) fn in_law_only(self, book: &'a RuleBook) -> Option<StateCode> {
        self.territory(book).and_then(in_law_only)
    }
}

/// The state of which a place is a part: a territory that every treaty of its state reaches.
pub(in super::super) fn part_of(book: &RuleBook, code: StateCode) -> Option<StateCode> {
    book.territory(code.as_str()).and_then(part)
}

fn part(t: &Territory) -> Option<StateCode> {
    t.parent.filter(|_| t.treaties == Reach::Inherits)
}

/// `UA de jure; RU de facto`: who, and what they are to the place.
fn clauses(t: &Territory) -> impl Iterator<Item = (StateCode, &str)> {
    t.responsible.split(';').filter_map(|clause| {
        let (who, what) = clause.trim().split_once(' ')?;
        // Words of two letters are no codes.
        let who = StateCode::new(who).filter(|s| s.as_str() == who)?;
        Some((who, what))
    })
}

fn in_law_only(t: &Territory) -> Option<StateCode> {
    let parent = t.parent?;
    clauses(t).any(|(who, what)| who == parent && what.contains("de jure")).then_some(parent)
}

/// Other states that have power there in fact, by the words of the entry.
fn held_by(t: &Territory) -> Vec<StateCode> {
    let in_fact = |what: &str| ["de facto", "effective control", "occupying power"].iter().any(|w| what.contains(w));
    let others = clauses(t).filter(|(who, what)| who.as_str() != t.code && Some(*who) != t.parent && in_fact(what));
    others.map(|(who, _)| who).collect()
}

impl Pair<'_> {
    /// A place whose law is not simply that of a state.
    pub(super) fn place(&self, side: Side<'_>) -> Option<String> {
        let t = self.law.book.territory(side.as_str())?;
        let mut text = format!("{side}, {}: {}", t.name, t.character);
        if !t.responsible.is_empty() && &*t.responsible != side.as_str() {
            text.push_str("; who answers for it: ");
            text.push_str(&t.responsible);
        }
        if t.parent.is_some() && t.ets185 == Reach::Unknown && t.ets185_words.len() > 1 {
            text.push_str("; its entry on the Convention on Cybercrime: ");
            text.push_str(&t.ets185_words);
        }
        if !t.note.is_empty() {
            text.push_str("; ");
            text.push_str(&t.note);
        }
        text.push_str(&format!(" (as of {}, {})", t.as_of, t.grade));
        Some(text)
    }

    /// Who has power in fact at a place of the pair, where that is not who answers for it in law.
    pub(super) fn in_fact(&self) -> Vec<String> {
        let book = &self.law.book;
        let mut out = Vec::new();
        for (side, other) in [(self.from, self.to), (self.to, self.from)] {
            let Some(t) = side.territory(book) else { continue };
            let holders = held_by(t);
            let in_law = in_law_only(t);
            if let (true, Some(parent)) = (holders.is_empty(), in_law) {
                out.push(format!(
                    "whether authorities of {parent}, which answers for {side} in law, can act there is not in the tables"
                ));
            }
            let parent = in_law.or(t.parent).map_or_else(|| "anybody".to_owned(), |p| p.to_string());
            for holder in holders {
                let named = format!("is named in the entry of {side} as having power there in fact ({})", t.responsible);
                out.push(if other.sovereign(book) != Some(holder) {
                    format!("{holder} {named}: whether authorities of {parent} can act there is not in the tables")
                } else if other.as_str() == self.from.as_str() {
                    format!(
                        "the asker, {holder}, {named}: power in fact gives no right under a treaty, and whether {parent} answers {holder} on \
                         {side} is not in the tables"
                    )
                } else {
                    format!("{holder}, which is asked, {named}: power in fact gives no right under a treaty")
                });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_entry_say_who_holds_a_place() {
        let book = RuleBook::shipped().unwrap();
        let of = |code: &str| {
            let t = book.territory(code).unwrap();
            let held: Vec<String> = held_by(t).iter().map(ToString::to_string).collect();
            (in_law_only(t).map(|s| s.to_string()), held.join(" "))
        };
        for (code, law, fact) in [
            ("UA-43", Some("UA"), "RU"),
            ("CY-N", Some("CY"), "TR"),
            ("GE-AB", Some("GE"), "RU"),
            ("MD-SN", Some("MD"), ""),
            ("EH", None, "MA"),
            ("PS", None, "IL"),
            ("TW", None, ""),
            ("XK", None, ""),
            ("GI", None, ""),
            ("RE", None, ""),
            ("HK", None, ""),
        ] {
            assert_eq!(of(code), (law.map(str::to_owned), fact.to_owned()), "{code}");
        }
    }
}
