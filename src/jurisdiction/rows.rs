//! A row of a status table: one state or territory and one instrument.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::dates::{AsOf, Dated};
use crate::model::law::Grade;
use crate::model::net::StateCode;

/// How sure somebody was of a row that was not, or not wholly, read in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Would be surprised to be wrong.
    High,
    /// Probably right.
    Medium,
    /// A guess.
    Low,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

impl FromStr for Confidence {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "high" => Ok(Self::High),
            "medium" => Ok(Self::Medium),
            "low" => Ok(Self::Low),
            _ => Err(format!("{s:?} is no confidence (high, medium, low)")),
        }
    }
}

/// What the word in the `status` column means for the date logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Bound from its day of entry into force, until it left.
    Bound,
    /// A decision of others about this state, from the day in `signed`.
    Decided,
    /// Deposited its instrument; the instrument itself is not in force.
    Deposited,
    /// Signed and no more.
    Signed,
    /// Outside, whatever it is called (invited, negotiating, own law of the same content …).
    Outside,
    /// Outside since the day in `in_force`, under law of its own; before that nobody wrote down what it was.
    OwnLaw,
    /// The responsible state's consent does not extend to this territory.
    Excluded,
    /// The responsible state's consent was extended to this territory.
    Extended,
    /// The one state with which all agreements of a bundle are made.
    Hub,
    /// Contradicted or not known.
    Unknown,
}

/// The word in the `status` column, kept as it stands: `invited` and `non-party` are both outside, and not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The word.
    pub word: &'static str,
    /// What it means for the date logic.
    pub meaning: Meaning,
}

const RELATIONS: &[(&str, Meaning)] = &[
    ("acceded", Meaning::Bound),
    ("acceded-on-joining", Meaning::Bound),
    ("adequate", Meaning::Decided),
    ("agreement", Meaning::Bound),
    ("agreement-in-force", Meaning::Bound),
    ("aligns", Meaning::Outside),
    ("applies", Meaning::Bound),
    ("applies-via-EEA", Meaning::Bound),
    ("bound", Meaning::Bound),
    ("check", Meaning::Unknown),
    ("disputed", Meaning::Unknown),
    ("eea-pending", Meaning::Outside),
    ("exploring", Meaning::Outside),
    ("home-state", Meaning::Hub),
    ("in-force", Meaning::Bound),
    ("invited", Meaning::Outside),
    ("negotiating", Meaning::Outside),
    ("no-MLAT", Meaning::Outside),
    ("non-party", Meaning::Outside),
    ("non-signatory", Meaning::Outside),
    ("not-admitted", Meaning::Outside),
    ("not-applicable", Meaning::Outside),
    ("not-bound", Meaning::Outside),
    ("not-in-force", Meaning::Outside),
    ("observer", Meaning::Outside),
    ("own-regime", Meaning::OwnLaw),
    ("participant", Meaning::Bound),
    ("party", Meaning::Bound),
    ("ratified-not-in-force", Meaning::Deposited),
    ("reservation", Meaning::Bound),
    ("retained-law", Meaning::OwnLaw),
    ("signatory", Meaning::Signed),
    ("signatory-or-withdrawn", Meaning::Unknown),
    ("signatory-ratified", Meaning::Deposited),
    ("succeeded", Meaning::Bound),
    ("suspended", Meaning::Bound),
    ("territorial-exclusion", Meaning::Excluded),
    ("territorial-extension", Meaning::Extended),
    ("unknown", Meaning::Unknown),
    ("via-US-EU", Meaning::Bound),
    ("withdrawn", Meaning::Bound),
];

impl FromStr for Relation {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        RELATIONS
            .binary_search_by_key(&s, |(word, _)| word)
            .ok()
            .and_then(|i| RELATIONS.get(i))
            .map(|&(word, meaning)| Self { word, meaning })
            .ok_or_else(|| format!("{s:?} is no known status"))
    }
}

/// One row. Blank dates are unknown.
#[derive(Clone, Debug)]
pub struct StatusRow {
    /// State or territory.
    pub state: StateCode,
    /// The word in the `status` column.
    pub relation: Relation,
    /// Signature; for a [`Meaning::Decided`] row the day of the decision.
    pub signed: Option<Dated>,
    /// Deposit of the instrument of ratification, acceptance, approval, accession or succession.
    pub ratified: Option<Dated>,
    /// Entry into force for this state.
    pub in_force: Option<Dated>,
    /// End of being bound.
    pub left: Option<Dated>,
    /// Begin of a suspension.
    pub suspended: Option<Dated>,
    /// Certainly not bound before this, where the day itself is not known.
    pub not_before: Option<Dated>,
    /// When the row was last checked.
    pub as_of: AsOf,
    /// How well it is known.
    pub grade: Grade,
    /// How sure, where it was not wholly read.
    pub confidence: Option<Confidence>,
    /// Remarks: declarations, reservations, what was not read.
    pub note: Arc<str>,
    /// Where it was read.
    pub source: Arc<str>,
    /// Why the grade is lower than the one given, blank if it is not.
    pub lowered: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted_for_the_search() {
        assert!(RELATIONS.is_sorted_by_key(|(word, _)| *word));
        assert_eq!("party".parse::<Relation>().map(|r| r.meaning), Ok(Meaning::Bound));
        assert!("Party".parse::<Relation>().is_err());
    }
}
