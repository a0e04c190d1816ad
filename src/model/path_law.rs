//! The law of a path: what covers it, what speaks to its hops, who can be asked how, and where its states part.

use std::sync::Arc;

use serde::Serialize;

use super::channel::{Channel, Retention};
use super::coverage::Coverage;
use super::faultline::{Parting, Standings};
use super::hop::HopRole;
use super::law::ProvisionTouch;
use super::net::StateCode;

/// The law of one path on the day of the incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PathLaw {
    /// Which instruments bind its states, and where the net tears.
    pub coverage: Coverage,
    /// Articles that speak to what a hop does, by state and role.
    pub provisions: Vec<RoleLaw>,
    /// Who asks, in `requests`; `null` if nobody was named and it does not follow from the victim.
    pub requesting: Option<StateCode>,
    /// Was it named, or does it follow from the victim's place?
    pub requesting_given: bool,
    /// How the requesting state can ask each other state of the path, in the order in which evidence is lost.
    pub requests: Vec<Request>,
    /// Where its states stand on the three lines.
    pub standings: Vec<Standings>,
    /// Votes, texts and signatures on which its states part.
    pub partings: Vec<Parting>,
}

/// Articles for one role in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoleLaw {
    /// The state.
    pub state: StateCode,
    /// The role.
    pub role: HopRole,
    /// Hops with this role that touch the state by territory (index into the path).
    pub hops: Vec<usize>,
    /// The articles.
    pub provisions: Vec<ProvisionTouch>,
}

/// What can be asked of one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// The state that would be asked.
    pub to: StateCode,
    /// Probability that at least one hop is there.
    pub p: f32,
    /// Hops that touch it by territory.
    pub hops: Vec<usize>,
    /// How long the data last that are lost first there.
    pub retention: Retention,
    /// The same for what else its hops are asked for, in the order in which it is lost; empty where all do the same.
    pub later: Vec<Retention>,
    /// Lawful ways, best first: what is in force before what is unknown; empty where it is the requesting state itself.
    pub channels: Vec<Channel>,
    /// What to know before asking: its own authorities, no channel known.
    pub note: Arc<str>,
}
