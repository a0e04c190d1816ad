//! Instruments: treaties, regulations, directives, bundles of bilateral agreements, and what their articles do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::dates::{AsOf, Dated};
use super::final_clauses::{Beginning, Joining, JoiningFile};
use super::rows::{Meaning, StatusRow};
use crate::model::law::Grade;
use crate::model::net::StateCode;

/// Can the instrument bind anybody?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// Since the day in `in_force`.
    InForce,
    /// Not by the as-of date: nobody is bound, whoever has ratified.
    NotInForce,
    /// A bundle (bilateral agreements, decisions, reservations): every row has its own day.
    PerRow,
    /// It binds nobody by design.
    NonBinding,
    /// The tables give no day.
    Unknown,
}

/// What the tables settle for a state that has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// Nothing.
    Unknown,
    /// The list of parties is complete on its as-of date: the published number equals the number listed.
    NotParty,
    /// Only a closed circle of states can be bound, and all of them have a row.
    Closed,
    /// The table lists those outside; every other state is a party.
    Party,
}

/// A number that the depositary or the scope publishes, beside the number of rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// `party`, `signatory`, `ratified`, `signed`, `agreement`, `applies`, `decision`, `outside`.
    pub what: String,
    /// The published number.
    pub published: usize,
    /// How many rows there are.
    pub listed: usize,
    /// The words that publish it.
    pub words: String,
}

impl Count {
    /// Does a row of this status count?
    #[must_use]
    pub fn includes(&self, word: &str) -> bool {
        match self.what.as_str() {
            "party" => matches!(word, "party" | "acceded" | "succeeded" | "in-force" | "bound"),
            "signatory" => word == "signatory",
            "ratified" => matches!(word, "ratified-not-in-force" | "signatory-ratified"),
            "signed" => matches!(word, "signatory" | "ratified-not-in-force" | "signatory-ratified"),
            "agreement" => matches!(word, "agreement" | "agreement-in-force" | "in-force"),
            "applies" => matches!(word, "applies" | "bound" | "party"),
            "decision" => word == "adequate",
            "outside" => matches!(word, "non-party" | "signatory"),
            _ => false,
        }
    }
}

/// What an article lets somebody ask, or makes somebody do. In own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provision {
    /// `art. 17`, `arts 20-21`.
    pub provision: String,
    /// What it does.
    pub effect: String,
    /// Limit in time, as the source has it.
    pub time_limit: Option<String>,
    /// Who can invoke it, against whom.
    pub who: Option<String>,
    /// Where it was read.
    pub source: String,
    /// How well it is known.
    pub grade: Grade,
    /// How sure, where it was not wholly read.
    pub confidence: Option<String>,
    /// Why the grade is lower than the one given.
    pub lowered: Option<String>,
}

/// An instrument with its rows.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Id, for example `ETS185`.
    pub id: Arc<str>,
    /// Title.
    pub title: Arc<str>,
    /// `treaty`, `regulation`, `directive`, `bilateral` …
    pub kind: Arc<str>,
    /// Who keeps the list.
    pub depositary: Option<Arc<str>>,
    /// Adoption or opening for signature.
    pub adopted: Option<Dated>,
    /// Entry into force of the instrument itself.
    pub in_force: Option<Dated>,
    /// Can it bind anybody?
    pub force: Force,
    /// The depositary's or legislator's own page.
    pub official: Option<Arc<str>>,
    /// What the list covers, in words.
    pub scope: Arc<str>,
    /// When the list was last checked.
    pub as_of: AsOf,
    /// How well the list as a whole is known.
    pub grade: Grade,
    /// What holds for a state without a row.
    pub absent: Absent,
    /// Why.
    pub absent_because: Arc<str>,
    /// The final clause on whoever joins.
    pub joining: Option<Joining>,
    /// The final clause on the instrument itself.
    pub beginning: Option<Beginning>,
    /// Published numbers.
    pub counts: Vec<Count>,
    /// Its articles.
    pub provisions: Vec<Provision>,
    /// Its rows.
    pub rows: BTreeMap<StateCode, StatusRow>,
}

impl Instrument {
    /// Law of the European Union: it reaches a territory as far as EU law does.
    #[must_use]
    pub fn is_eu_law(&self) -> bool {
        matches!(&*self.id, "EEVID" | "EIO" | "EUCYBERSANC" | "GDPR" | "NIS2")
    }

    /// The one state with which all agreements of a bilateral bundle are made; `None` if it is no such bundle.
    #[must_use]
    pub fn home(&self) -> Option<StateCode> {
        let hub = |row: &&StatusRow| row.relation.meaning == Meaning::Hub;
        (&*self.kind == "bilateral").then(|| self.rows.values().find(hub).map(|row| row.state)).flatten()
    }

    /// Rows that bind, for a list that counts states.
    pub fn bound(&self) -> impl Iterator<Item = &StatusRow> {
        self.rows.values().filter(|r| r.relation.meaning == Meaning::Bound)
    }
}

/// The file of an instrument as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstrumentFile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) depositary: Option<String>,
    pub(super) adopted: Option<Dated>,
    pub(super) in_force: Option<Dated>,
    pub(super) force: Force,
    pub(super) official: Option<String>,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) as_of: AsOf,
    /// The date as it was given, where it is no plain date.
    #[serde(rename = "as_of_given")]
    pub(super) _as_of_given: Option<String>,
    pub(super) grade: Grade,
    pub(super) absent: Absent,
    pub(super) absent_because: String,
    pub(super) joining: Option<JoiningFile>,
    pub(super) beginning: Option<Beginning>,
    #[serde(default, rename = "count")]
    pub(super) counts: Vec<Count>,
    #[serde(default, rename = "provision")]
    pub(super) provisions: Vec<Provision>,
}
