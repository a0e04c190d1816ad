//! Lawful ways to ask another state for data or action, and how long the data lasts.

use std::sync::Arc;

use serde::Serialize;

use super::law::Grade;
use super::net::StateCode;
use super::time::Day;

/// What a channel can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Keep data that would be lost.
    Preserve,
    /// Hand data over.
    Disclose,
    /// Stop or mitigate.
    Act,
    /// Tell somebody, and be told.
    Inform,
}

impl Purpose {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preserve => "preserve",
            Self::Disclose => "disclose",
            Self::Act => "act",
            Self::Inform => "inform",
        }
    }
}

/// Can the channel be used on the day?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usable {
    /// Its legal basis is in force for both.
    Yes,
    /// The tables do not settle whether it is.
    Unknown,
    /// Its basis is suspended, or one side does not use it.
    Suspended,
    /// One side has left its basis; it is listed since a reader may still find it in a list of treaties.
    Ended,
}

/// Every kind of channel. A ledger may name others; an export names these and no others.
pub const KINDS: &[&str] = &[
    "24/7 network",
    "CERT-to-CERT",
    "CLOUD Act agreement",
    "Commonwealth scheme",
    "EIO",
    "EU MLA Convention",
    "G7 24/7 network",
    "INTERPOL",
    "MLA",
    "Second Protocol",
    "UN points of contact",
    "UNTOC",
    "agreement on information security",
    "arrangement within one state",
    "bilateral MLAT",
    "disclosure of the path",
    "e-Evidence order",
    "letter rogatory",
    "preservation request",
    "regional MLA treaty",
    "regional directive",
    "voluntary disclosure by the provider",
];

/// A lawful way to ask, from one state to another on a day. The best comes first: what is in force before
/// what is unknown. All that they rest on stands beside them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// `24/7 network`, `EIO`, `letter rogatory` …
    pub kind: Arc<str>,
    /// What it is good for, in order.
    pub purposes: Vec<Purpose>,
    /// Id of the instrument; `null` where it rests on none (comity, practice).
    pub instrument: Option<Arc<str>>,
    /// Article, or what stands for it.
    pub article: Arc<str>,
    /// Limit in time, in words; blank where there is none.
    pub limit: Arc<str>,
    /// Who to write to in the requested state, as far as the tables know; else what kind of body.
    pub body: Arc<str>,
    /// On the day.
    pub usable: Usable,
    /// What the asker must know: dual criminality, reservations, sanctions, a list that is old.
    pub caveats: Vec<Arc<str>>,
    /// The worst grade of what it rests on.
    pub grade: Grade,
    /// As-of date of the rows it rests on, the oldest; `unknown` if one has none.
    pub as_of: Arc<str>,
    /// Where that can be checked.
    pub source: Arc<str>,
}

/// How long providers in a state keep traffic data, and when what was seen on a day is lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// The state.
    pub state: StateCode,
    /// Months for which traffic data must be kept; `null` where there is no duty, or nobody knows it, or not for that day.
    pub months: Option<u16>,
    /// The rule in words: also whether there is none.
    pub rule: Arc<str>,
    /// The first day on which the data may be gone; `null` where no duty of that day is known: it may be gone any day. Also
    /// `null` where nobody knows when the traffic was seen; the words say so.
    pub lost_from: Option<Day>,
    /// How well that is known.
    pub grade: Grade,
    /// Where it was read.
    pub source: Arc<str>,
}
