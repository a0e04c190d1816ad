//! Where an address is: a distribution over places, never a point without a probability.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use smallvec::SmallVec;

use super::net::{Asn, StateCode};

/// One possible place.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// In which state's territory (or territory with its own code).
    pub state: StateCode,
    /// Probability in 0..=0.99; nothing is certain.
    pub p: f32,
    /// City or metropolitan area, where a source names one.
    pub city: Option<Arc<str>>,
    /// Degrees north and east, rounded to what the source supports.
    pub coordinates: Option<(f32, f32)>,
}

/// Candidates, most probable first (ties by code). Probabilities sum to at most 1; the rest is "unknown".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Locus {
    /// The candidates.
    pub candidates: SmallVec<[Candidate; 4]>,
}

impl Locus {
    /// What is left for "somewhere else or unknown".
    #[must_use]
    pub fn unknown_p(&self) -> f32 {
        (1.0 - self.candidates.iter().map(|c| c.p).sum::<f32>()).clamp(0.0, 1.0)
    }

    /// The most probable candidate.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// Probability of `state`.
    #[must_use]
    pub fn p(&self, state: StateCode) -> f32 {
        self.candidates.iter().filter(|c| c.state == state).map(|c| c.p).sum()
    }
}

/// Why a hop has no place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyUnplaced {
    /// IANA special-purpose address: by definition nowhere. Name of the block and its RFC.
    SpecialPurpose(&'static str, &'static str),
    /// One address, many sites.
    Anycast,
    /// No table knows it.
    NoData,
    /// Round-trip times exclude every candidate.
    Excluded,
    /// The hop did not answer.
    Silent,
    /// The source address is not proved, so it is not placed.
    Unproved,
    /// The sender was spoofed: the address belongs to somebody else.
    Spoofed,
}

impl fmt::Display for WhyUnplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpecialPurpose(name, rfc) => write!(f, "special-purpose address: {name} ({rfc})"),
            Self::Anycast => f.write_str("anycast: one address, many places"),
            Self::NoData => f.write_str("no table has this address"),
            Self::Excluded => f.write_str("round-trip times exclude every candidate"),
            Self::Silent => f.write_str("silent: no answer at this distance"),
            Self::Unproved => f.write_str("source address not proved, so not placed"),
            Self::Spoofed => f.write_str("spoofed: the address belongs to somebody else"),
        }
    }
}

/// What one source says of an address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceClaim {
    /// Its name, as listed under `datasets`.
    pub source: Cow<'static, str>,
    /// The state it names; `None` where it says "none" or "many".
    pub state: Option<StateCode>,
    /// As-of date of the source (`YYYY-MM-DD` or `YYYY-MM`), empty if it does not say.
    pub date: Cow<'static, str>,
    /// Share it had in the answer, 0..=1; 0 for a source that was heard but overruled.
    pub weight: f32,
}

/// Everything known of an address. Location, registration and operator are apart and stay apart.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The address asked about.
    pub addr: IpAddr,
    /// Where it is.
    pub locus: Locus,
    /// Why there is no place, if there is none.
    pub why_unplaced: Option<WhyUnplaced>,
    /// On the list of anycast prefixes.
    pub anycast: bool,
    /// `hosting`, `cloud:aws/eu-central-1`, `satellite` …, sorted.
    pub flags: Vec<Cow<'static, str>>,
    /// Autonomous system that announces it.
    pub asn: Option<Asn>,
    /// Name of that system.
    pub as_name: Option<Arc<str>>,
    /// State in which that system is registered: the operator's seat as far as registries say.
    pub as_state: Option<StateCode>,
    /// State under which a registry (RIR) lists the prefix.
    pub registered_in: Option<StateCode>,
    /// What each source said.
    pub sources: Vec<SourceClaim>,
}

impl Placement {
    /// Nothing known, with the reason.
    #[must_use]
    pub fn unplaced(addr: IpAddr, why: WhyUnplaced) -> Self {
        Self {
            addr,
            locus: Locus::default(),
            why_unplaced: Some(why),
            anycast: false,
            flags: Vec::new(),
            asn: None,
            as_name: None,
            as_state: None,
            registered_in: None,
            sources: Vec::new(),
        }
    }
}

/// A table that answers rest on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Dataset {
    /// Its name, as in [`SourceClaim::source`].
    pub name: String,
    /// As-of date.
    pub date: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Licence.
    pub licence: String,
    /// Attribution that the licence asks for, or empty.
    pub attribution: String,
}
