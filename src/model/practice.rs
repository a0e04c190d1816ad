//! Practice: what was notified or asked, and what came back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::net::StateCode;
use super::time::Day;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A state, through a named body, was told of activity from its territory.
    Notified,
    /// It confirmed that it was told.
    Acknowledged,
    /// It acted: took down, preserved, handed over, prosecuted.
    Acted,
    /// It said that it will not.
    Refused,
    /// Preservation, disclosure or action was asked for.
    Asked,
    /// What was asked for was given.
    Given,
}

impl Step {
    /// The word in ledgers and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::Acknowledged => "acknowledged",
            Self::Acted => "acted",
            Self::Refused => "refused",
            Self::Asked => "asked",
            Self::Given => "given",
        }
    }
}

/// One entry of a practice ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of the contract: `rutter.practice/1`.
    pub schema: Arc<str>,
    /// Name of the matter, chosen by the user; left out of exports.
    pub case: Arc<str>,
    /// The state that was told or asked.
    pub state: StateCode,
    /// Who told or asked.
    pub by: StateCode,
    /// What happened.
    pub step: Step,
    /// The day.
    pub on: Day,
    /// Through which channel: the words of `rutter law channel`.
    pub channel: Arc<str>,
    /// Addresses concerned; left out of exports.
    #[serde(default)]
    pub addresses: Vec<Arc<str>>,
    /// Remarks; left out of exports.
    #[serde(default)]
    pub note: Arc<str>,
}
