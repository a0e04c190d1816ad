//! Paths: located hops in order, with what lies between them.

use std::net::IpAddr;

use super::evidence::SourceTrust;
use super::hop::{Hop, Knowledge};
use super::law::Touch;
use super::net::StateCode;
use super::path_law::PathLaw;
use super::place::Placement;
use super::time::Span;

/// A hop and where it is.
#[derive(Clone, Debug)]
pub struct LocatedHop {
    /// The hop.
    pub hop: Hop,
    /// Its place; `None` for a hop without an address.
    pub placement: Option<Placement>,
    /// States that can claim it, filled in by the jurisdiction stage.
    pub touches: Vec<Touch>,
}

/// What lies between two hops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the nearer hop in [`AttackPath::hops`].
    pub from: usize,
    /// Index of the farther hop.
    pub to: usize,
    /// How the link is known.
    pub kind: Knowledge,
    /// Fewest routers hidden in it.
    pub min: u8,
    /// Most routers hidden in it.
    pub max: u8,
    /// In words.
    pub why: String,
}

/// A change of state between two placed hops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Border {
    /// Index of the hop before.
    pub from: usize,
    /// Index of the hop after.
    pub to: usize,
    /// State before.
    pub leaves: StateCode,
    /// State after.
    pub enters: StateCode,
    /// Probability that both hops are where their first candidates say.
    pub p: f32,
}

/// Why a conversation is shown, and before which others.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `brute-force`, `syn-flood`, `flood` (one-way, not TCP), `backscatter` (the target is a victim of forged
    /// packets), `scan`, `upload`, `proxied-request`, `traceroute`, `chosen`, `conversation`.
    pub kind: &'static str,
    /// Larger comes first.
    pub score: f64,
    /// The reason in words, with the numbers.
    pub reason: String,
}

/// Origin to target: what came how, where, and how that is known.
#[derive(Clone, Debug)]
pub struct AttackPath {
    /// The origin, if it may be shown.
    pub origin: Option<IpAddr>,
    /// How far its address can be believed.
    pub trust: SourceTrust,
    /// Why it is not shown, if it is not.
    pub origin_withheld: Option<String>,
    /// The target.
    pub target: Option<IpAddr>,
    /// First and last packet.
    pub seen: Span,
    /// Why it is shown.
    pub finding: Finding,
    /// Hops from origin to target.
    pub hops: Vec<LocatedHop>,
    /// Links between them, in order of `from`, then `to`.
    pub segments: Vec<Segment>,
    /// Borders crossed, as far as hops are placed.
    pub borders: Vec<Border>,
    /// Probability per state that the path touched its territory, most probable first, then by code.
    pub states: Vec<(StateCode, f32)>,
    /// Remarks on the path as a whole.
    pub remarks: Vec<String>,
    /// The law of the path, filled in by the jurisdiction stage.
    pub law: PathLaw,
}
