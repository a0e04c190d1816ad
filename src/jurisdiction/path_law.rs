//! Path to the law of the path: coverage, articles by role, requests and partings, on the day of the incident.
//!
//! A pure function of the path, the requesting state, the day and the law. What depends on two states only is looked up
//! once: the paths of an incident touch the same few states again and again.

use std::collections::{BTreeMap, BTreeSet};

use super::Law;
use super::coverage::CoverageOfTheDay;
use super::faultlines::LinesOfTheDay;
use super::touches::LEAST_P;
use crate::model::channel::{AskedData, Channel, Retention};
use crate::model::hop::HopRole;
use crate::model::law::{Basis, ProvisionTouch};
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, LocatedHop};
use crate::model::path_law::{PathLaw, Request, RoleLaw};
use crate::model::time::{Day, Timestamp};

/// The law of one day for many paths.
#[derive(Debug)]
pub struct PathLaws<'a> {
    law: &'a Law,
    on: Day,
    requesting: Option<StateCode>,
    channels: BTreeMap<(StateCode, StateCode), Vec<Channel>>,
    provisions: BTreeMap<(HopRole, StateCode, Option<StateCode>), Vec<ProvisionTouch>>,
    coverage: CoverageOfTheDay<'a>,
    lines: LinesOfTheDay<'a>,
}

impl<'a> PathLaws<'a> {
    /// The law as it was on `on`. `requesting` is the state whose authorities would ask; without it, the victim's.
    #[must_use]
    pub fn new(law: &'a Law, on: Day, requesting: Option<StateCode>) -> Self {
        let requesting = requesting.map(|state| law.book.canonical(state));
        Self {
            law,
            on,
            requesting,
            channels: BTreeMap::new(),
            provisions: BTreeMap::new(),
            coverage: CoverageOfTheDay::new(law, on),
            lines: LinesOfTheDay::new(law, on),
        }
    }

    /// The law of a path whose touches are filled in.
    #[must_use]
    pub fn of(&mut self, path: &AttackPath) -> PathLaw {
        let states = states(path);
        let requesting = self.requesting.or_else(|| victim(path));
        let codes: Vec<StateCode> = states.keys().copied().collect();
        PathLaw {
            coverage: self.coverage.of(path),
            provisions: self.provisions(path, requesting),
            requesting,
            requesting_given: self.requesting.is_some(),
            requests: requesting.map(|from| self.requests(path, &states, from)).unwrap_or_default(),
            standings: codes.iter().map(|state| self.lines.standings(*state)).collect(),
            partings: if codes.len() > 1 { self.lines.partings(&codes) } else { Vec::new() },
        }
    }

    fn provisions(&mut self, path: &AttackPath, requesting: Option<StateCode>) -> Vec<RoleLaw> {
        let mut hops: BTreeMap<(StateCode, HopRole), Vec<usize>> = BTreeMap::new();
        for (index, hop) in path.hops.iter().enumerate() {
            for (state, _) in territories(hop) {
                hops.entry((state, hop.hop.role)).or_default().push(index);
            }
        }
        let (law, on) = (self.law, self.on);
        let of = hops.into_iter().map(|((state, role), hops)| {
            let known = self.provisions.entry((role, state, requesting));
            let provisions = known.or_insert_with(|| law.provisions_asked(role, state, on, requesting)).clone();
            RoleLaw { state, role, hops, provisions }
        });
        of.filter(|role| !role.provisions.is_empty()).collect()
    }

    /// In the order in which evidence is lost: where no duty to keep it is known it may be gone any day, so that comes first.
    fn requests(&mut self, path: &AttackPath, states: &BTreeMap<StateCode, Vec<usize>>, from: StateCode) -> Vec<Request> {
        let (law, on) = (self.law, self.on);
        // Without a time there is no last day; the order is that of the periods.
        let seen = path.seen.first.known().map(Timestamp::day);
        let mut requests: Vec<Request> = states
            .iter()
            .map(|(&to, hops)| {
                let channels = self.channels.entry((from, to)).or_insert_with(|| law.channels(from, to, on)).clone();
                let note = if to == from {
                    "the requesting state itself: its own authorities order what its law allows"
                } else if channels.is_empty() {
                    "no channel is known"
                } else {
                    ""
                };
                let roles = hops.iter().filter_map(|i| path.hops.get(*i)).map(|hop| hop.hop.role);
                let asked: BTreeSet<AskedData> = roles.map(|role| AskedData::of(role, path.finding.kind)).collect();
                let clock =
                    |asked| seen.map_or_else(|| law.retention_undated(to, on, asked), |seen| law.retention(to, seen, asked));
                let mut later: Vec<Retention> = asked.into_iter().map(clock).collect();
                later.sort_by_key(Retention::order);
                // Every state here has a hop.
                let retention = if later.is_empty() { clock(AskedData::Flow) } else { later.remove(0) };
                let p = path.states.iter().find(|(state, _)| *state == to).map_or(0.0, |(_, p)| *p);
                Request { to, p, hops: hops.clone(), retention, later, channels, note: note.into() }
            })
            .collect();
        requests.sort_by(|a, b| {
            a.retention.order().cmp(&b.retention.order()).then_with(|| b.p.total_cmp(&a.p)).then_with(|| a.to.cmp(&b.to))
        });
        requests
    }
}

/// States that a hop touches by territory.
fn territories(hop: &LocatedHop) -> impl Iterator<Item = (StateCode, f32)> {
    hop.touches.iter().filter(|t| t.basis == Basis::Territory && t.p >= LEAST_P).map(|t| (t.state, t.p))
}

/// States by code, with the hops that touch each by territory.
fn states(path: &AttackPath) -> BTreeMap<StateCode, Vec<usize>> {
    let mut states: BTreeMap<StateCode, Vec<usize>> = BTreeMap::new();
    for (index, hop) in path.hops.iter().enumerate() {
        for (state, _) in territories(hop) {
            states.entry(state).or_default().push(index);
        }
    }
    states
}

/// The most probable state of the victim.
fn victim(path: &AttackPath) -> Option<StateCode> {
    let victims = path.hops.iter().flat_map(|hop| &hop.touches).filter(|touch| touch.basis == Basis::Victim);
    victims.max_by(|a, b| a.p.total_cmp(&b.p).then_with(|| b.state.cmp(&a.state))).map(|touch| touch.state)
}
