//! Hops: the points of a path, before anybody says where they are.

use std::net::IpAddr;

use serde::Serialize;

use super::evidence::{EvidenceId, LabelEntry, Name};
use super::time::Span;

/// What a hop does on the path. Confidence in a location depends on it: databases know hosts, not routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HopRole {
    /// Where the traffic started, as far as the evidence reaches. No statement about a person or a state.
    Origin,
    /// A router on the way.
    Transit,
    /// Where a tunnel was entered.
    TunnelEntry,
    /// Where a tunnel was left.
    TunnelExit,
    /// A proxy that forwarded a request, a server that passed a mail on.
    Proxy,
    /// An address that a device rewrote (NAT): the one that was addressed.
    Translator,
    /// A host abused to bounce traffic off.
    Reflector,
    /// The host attacked, or the destination of a trace.
    Target,
}

impl HopRole {
    /// Databases are trusted for end points and distrusted for the rest.
    #[must_use]
    pub fn is_endpoint(self) -> bool {
        matches!(self, Self::Origin | Self::Proxy | Self::Translator | Self::Reflector | Self::Target)
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Transit => "transit",
            Self::TunnelEntry => "tunnel-entry",
            Self::TunnelExit => "tunnel-exit",
            Self::Proxy => "proxy",
            Self::Translator => "translator",
            Self::Reflector => "reflector",
            Self::Target => "target",
        }
    }
}

/// How a hop or a link is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// A packet shows it.
    Observed,
    /// Somebody else's header says so.
    Asserted,
    /// Follows from other evidence, not from a packet on this path.
    Inferred,
    /// Nobody answered.
    Gap,
}

impl Knowledge {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Asserted => "asserted",
            Self::Inferred => "inferred",
            Self::Gap => "gap",
        }
    }
}

/// One point of a path. Several hops with the same `ttl` are branches (equal-cost paths).
#[derive(Clone, Debug)]
pub struct Hop {
    /// Place on the path, from 0 at the origin.
    pub rank: u16,
    /// TTL at which it answered, if a trace found it.
    pub ttl: Option<u8>,
    /// Its address; `None` for a silent hop or an origin that may not be shown.
    pub addr: Option<IpAddr>,
    /// What it does.
    pub role: HopRole,
    /// How it is known.
    pub kind: Knowledge,
    /// First and last sighting.
    pub seen: Option<Span>,
    /// Round trips from the prober, ns, in order of sending.
    pub rtts: Vec<i64>,
    /// MPLS labels it reported.
    pub mpls: Vec<LabelEntry>,
    /// Names for its address.
    pub names: Vec<Name>,
    /// Free remarks: `zero-ttl forwarding`, `answered by the target's firewall` …
    pub remarks: Vec<String>,
    /// The evidence.
    pub because: Vec<EvidenceId>,
}
