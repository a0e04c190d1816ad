//! Places whose law is not, or not simply, that of a state: which state answers for them, and which of its
//! instruments reach them. A code here says nothing about whose a disputed place is.

use std::sync::Arc;

use serde::Deserialize;

use super::dates::AsOf;
use crate::model::law::Grade;
use crate::model::net::StateCode;

/// Does an instrument that binds the responsible state reach the territory?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Yes, as part of that state.
    Inherits,
    /// No.
    Excluded,
    /// It stands outside on its own account.
    Outside,
    /// Not in the tables.
    Unknown,
}

/// A territory or pseudo code.
#[derive(Clone, Debug)]
pub struct Territory {
    /// Two letters, or a longer code where ISO 3166-1 has none (`UA-43`, `X-SAT`).
    pub code: String,
    /// Name.
    pub name: Arc<str>,
    /// Legal character in words.
    pub character: Arc<str>,
    /// The state whose treaties may reach it; `None` where the table says that there is none.
    pub parent: Option<StateCode>,
    /// The code is another spelling of this state.
    pub alias_of: Option<StateCode>,
    /// Who answers for it, in words: de jure and de facto apart.
    pub responsible: Arc<str>,
    /// Reach of the Budapest Convention.
    pub ets185: Reach,
    /// Reach of EU law.
    pub eu_law: Reach,
    /// Reach of everything else.
    pub treaties: Reach,
    /// The law of the responsible state applies there and its authorities act there, whatever its treaties reach.
    pub law_of_parent: bool,
    /// Instruments that are said to reach it.
    pub extends: Vec<String>,
    /// Instruments that are said not to.
    pub excludes: Vec<String>,
    /// The words on the Budapest Convention.
    pub ets185_words: Arc<str>,
    /// The words on EU law.
    pub eu_law_words: Arc<str>,
    /// Remarks.
    pub note: Arc<str>,
    /// Where it was read.
    pub source: Arc<str>,
    /// When.
    pub as_of: AsOf,
    /// How well it is known.
    pub grade: Grade,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TerritoryFile {
    pub(super) as_of: AsOf,
    #[serde(rename = "territory")]
    pub(super) territories: Vec<TerritoryEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TerritoryEntry {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) character: String,
    pub(super) parent: Option<String>,
    pub(super) alias_of: Option<StateCode>,
    #[serde(default)]
    pub(super) responsible: String,
    #[serde(rename = "iso")]
    pub(super) _iso: Option<String>,
    pub(super) ets185: Reach,
    pub(super) eu_law: Reach,
    pub(super) treaties: Reach,
    #[serde(default)]
    pub(super) law_of_parent: bool,
    #[serde(default)]
    pub(super) extends: Vec<String>,
    #[serde(default)]
    pub(super) excludes: Vec<String>,
    #[serde(default)]
    pub(super) ets185_words: String,
    #[serde(default)]
    pub(super) eu_law_words: String,
    #[serde(rename = "other_treaties")]
    pub(super) _other_treaties: Option<String>,
    #[serde(rename = "geolocation_note")]
    pub(super) _geolocation_note: Option<String>,
    #[serde(default)]
    pub(super) note: String,
    #[serde(default)]
    pub(super) source: String,
    pub(super) grade: Grade,
    #[serde(rename = "confidence")]
    pub(super) _confidence: Option<String>,
}
