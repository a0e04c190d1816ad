//! Hop to states: all that its placement names, most probable first, and the smallest set of them that holds 90 %.

use std::collections::{BTreeMap, BTreeSet};

use super::super::book::RuleBook;
use super::super::touches::LEAST_P;
use crate::model::hop::Knowledge;
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, LocatedHop};
use crate::model::place::WhyUnplaced;

/// What the worst case looks at.
const SET: f32 = 0.9;

/// Sums of shares are not exact.
const SLACK: f32 = 1e-4;

/// A hop that is placed.
#[derive(Debug)]
pub(super) struct PlacedHop {
    /// Index into the path.
    pub(super) index: usize,
    /// States with their probability, most probable first, then by code. Never empty.
    pub(super) states: Vec<(StateCode, f32)>,
    first: StateCode,
    /// Length of the 90 % set; `None` if all of them together do not reach it.
    in_set: Option<usize>,
}

impl PlacedHop {
    /// The most probable state.
    pub(super) fn best(&self) -> StateCode {
        self.first
    }

    /// The smallest set that holds 90 %; `None` if there is none, because too much of the place is unknown.
    pub(super) fn set(&self) -> Option<&[(StateCode, f32)]> {
        self.states.get(..self.in_set?)
    }

    /// States that a reader is shown: those that are touches, and those of the 90 % set.
    fn shown(&self) -> impl Iterator<Item = StateCode> {
        let in_set = self.in_set.unwrap_or(0);
        self.states.iter().enumerate().filter(move |(i, (_, p))| *i < in_set || *p >= LEAST_P).map(|(_, (s, _))| *s)
    }
}

/// The placed hops of a path.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) hops: Vec<PlacedHop>,
    /// In the order of the hops, each once.
    pub(super) states: Vec<StateCode>,
}

impl Places {
    /// Also those that are too improbable to be shown.
    pub(super) fn all_states(&self) -> BTreeSet<StateCode> {
        self.hops.iter().flat_map(|h| &h.states).map(|(s, _)| *s).collect()
    }
}

pub(super) fn places(book: &RuleBook, path: &AttackPath) -> Places {
    let hops: Vec<PlacedHop> = path.hops.iter().enumerate().filter_map(|(i, hop)| place(book, i, hop)).collect();
    let mut seen = BTreeSet::new();
    let states = hops.iter().flat_map(PlacedHop::shown).filter(|s| seen.insert(*s)).collect();
    Places { hops, states }
}

/// The same hops, and the same sums, as those that touch a territory.
fn place(book: &RuleBook, index: usize, hop: &LocatedHop) -> Option<PlacedHop> {
    let placement = hop.placement.as_ref().filter(|_| hop.hop.addr.is_some() && hop.hop.kind != Knowledge::Asserted)?;
    if matches!(placement.why_unplaced, Some(WhyUnplaced::Spoofed | WhyUnplaced::Unproved)) {
        return None;
    }
    let mut sums: BTreeMap<StateCode, f32> = BTreeMap::new();
    for c in placement.locus.candidates.iter().filter(|c| c.p.is_finite() && c.p > 0.0) {
        let state = book.canonical(c.state);
        if book.is_place(state) {
            *sums.entry(state).or_default() += c.p;
        }
    }
    let mut states: Vec<(StateCode, f32)> = sums.into_iter().collect();
    states.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let first = states.first().filter(|(_, p)| *p >= LEAST_P)?.0;
    let mut sum = 0.0;
    let in_set = states.iter().position(|(_, p)| {
        sum += p;
        sum >= SET - SLACK
    });
    Some(PlacedHop { index, first, states, in_set: in_set.map(|i| i + 1) })
}
