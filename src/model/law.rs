//! Law as data: who can claim a hop, what binds them, how well that is known.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::net::StateCode;
use super::time::Day;

/// On what ground a state can claim a hop. Separate bases are separate touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The machine is there.
    Territory,
    /// A registry lists the prefix there.
    Registration,
    /// The operator of the autonomous system has its seat there.
    OperatorSeat,
    /// The victim is there.
    Victim,
    /// Ship or satellite under its flag.
    Flag,
}

impl Basis {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::Registration => "registration",
            Self::OperatorSeat => "operator-seat",
            Self::Victim => "victim",
            Self::Flag => "flag",
        }
    }
}

/// How well a row of the rule book is known. Printed beside every row; unknown is never printed as "no".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Status and every date were read in a source.
    Confirmed,
    /// The status was read, a date or a detail was not.
    Partly,
    /// Not read.
    Unconfirmed,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Confirmed => "confirmed",
            Self::Partly => "partly",
            Self::Unconfirmed => "unconfirmed",
        })
    }
}

/// Relation of a state or territory to an instrument on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Bound.
    Party,
    /// Signed, not ratified.
    Signatory,
    /// Ratified, not yet in force for it on that day.
    Ratified,
    /// Left.
    Denounced,
    /// Its application is suspended.
    Suspended,
    /// Known to be outside.
    NotParty,
    /// Does not extend to this territory though the responsible state is bound.
    NotExtended,
    /// Nobody knows, or nobody looked.
    Unknown,
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Signatory => "signatory",
            Self::Ratified => "ratified",
            Self::Denounced => "denounced",
            Self::Suspended => "suspended",
            Self::NotParty => "not-party",
            Self::NotExtended => "not-extended",
            Self::Unknown => "unknown",
        }
    }
}

/// An instrument as it stands for one state on the incident's day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegimeTouch {
    /// Id of the instrument, for example `ETS185`.
    pub instrument: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// Status on the day.
    pub status: Status,
    /// Since when it has been in force for this state; `None` if it is not, or the date is unknown.
    pub in_force: Option<Day>,
    /// How well the row is known.
    pub grade: Grade,
    /// Where the row can be checked: the depositary's official status page where there is one.
    pub source: Arc<str>,
    /// Remarks of the row (reservation, territorial clause, staleness).
    pub note: Arc<str>,
}

/// An article that speaks to what a hop does, as it stands for the hop's state on the day. That it speaks says nothing of
/// what anybody did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProvisionTouch {
    /// Id of the instrument, for example `ETS185`.
    pub instrument: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// `art. 17`.
    pub provision: Arc<str>,
    /// What it lets somebody ask, or makes somebody do, in own words.
    pub effect: Arc<str>,
    /// Limit in time, in words.
    pub time_limit: Option<Arc<str>>,
    /// Who can invoke it, against whom.
    pub who: Option<Arc<str>>,
    /// Why it speaks to this role.
    pub why: Arc<str>,
    /// Status of the instrument for the state on the day.
    pub status: Status,
    /// Since when it has been in force for this state; `None` if it is not, or the date is unknown.
    pub in_force: Option<Day>,
    /// The worse of the grades of the status and of the article.
    pub grade: Grade,
    /// When the status was last checked; `unknown` if nobody wrote it down.
    pub as_of: Arc<str>,
    /// Where the status can be checked.
    pub source: Arc<str>,
    /// Where the article was read.
    pub text_source: Arc<str>,
    /// Remarks: not in force, unknown, reservations, staleness.
    pub note: Arc<str>,
}

/// A norm that a hop engages, and how it is to be read. Voluntary: a flag is no finding of breach.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NormTouch {
    /// `13(b)`, `13(c)` of A/70/174.
    pub norm: Arc<str>,
    /// Short title.
    pub title: Arc<str>,
    /// State of the norm: `engaged`, `not engaged: no notice recorded` …
    pub state: Arc<str>,
    /// How the tool reads it.
    pub reading: Arc<str>,
    /// Citation.
    pub source: Arc<str>,
    /// How well it is known.
    pub grade: Grade,
}

/// "Hop 4 touches DE (p 0.93, territory)".
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {
    /// The state or territory.
    pub state: StateCode,
    /// The ground.
    pub basis: Basis,
    /// Probability that this basis holds: of the place for territory, of the register entry otherwise.
    pub p: f32,
    /// Instruments that speak to it on the day.
    pub regimes: Vec<RegimeTouch>,
    /// Norms that it engages.
    pub norms: Vec<NormTouch>,
}
