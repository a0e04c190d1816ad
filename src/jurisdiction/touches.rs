//! Hop to touches: which states can claim it, on what ground, and what law speaks to that.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::book::RuleBook;
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, NormTouch, RegimeTouch, Touch};
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, LocatedHop};
use crate::model::place::{Placement, WhyUnplaced};
use crate::model::time::Day;

/// A place less likely than this is no touch.
pub const LEAST_P: f32 = 0.05;

/// Nothing is certain; a register entry is as good as it gets. It says that the registry lists it, no more.
pub const MOST_P: f32 = 0.99;

/// The law of one day, with what was already looked up: a path asks the same few states again and again.
#[derive(Debug)]
pub struct LawOfTheDay<'a> {
    book: &'a RuleBook,
    on: Day,
    regimes: BTreeMap<(StateCode, Basis), Vec<RegimeTouch>>,
    territory_norms: BTreeMap<(StateCode, Option<StateCode>), Option<NormTouch>>,
    attribution: Option<NormTouch>,
    victim: Option<NormTouch>,
}

impl<'a> LawOfTheDay<'a> {
    /// The law in `book` as it was on `on`, the day of the incident.
    #[must_use]
    pub fn new(book: &'a RuleBook, on: Day) -> Self {
        Self {
            book,
            on,
            regimes: BTreeMap::new(),
            territory_norms: BTreeMap::new(),
            attribution: book.norm_on_attribution(),
            victim: book.norm_on_victim(),
        }
    }

    /// The touches of a hop, most probable territory first, then registration, operator's seat and victim.
    ///
    /// A hop that somebody else's header asserts touches nobody: the header may be forged. Nor does an address that
    /// was spoofed or not proved, for it may be anybody's. `EU` and `AP` in a registry name no state.
    /// `victim_state` is the state that the analyst gave; without it a victim is where the target is placed.
    #[must_use]
    pub fn touches(&mut self, hop: &LocatedHop, victim_state: Option<StateCode>, is_target: bool) -> Vec<Touch> {
        let mut grounds = Vec::new();
        if hop.hop.kind != Knowledge::Asserted {
            if let Some(placement) = hop.placement.as_ref().filter(|_| hop.hop.addr.is_some()) {
                self.grounds_of_address(placement, &mut grounds);
            }
            if is_target {
                self.grounds_of_victim(hop.placement.as_ref(), victim_state, &mut grounds);
            }
        }
        let mut touches: Vec<Touch> =
            grounds.into_iter().map(|(state, basis, p)| self.touch(state, basis, p, victim_state)).collect();
        if let (Some(first), Some(norm)) = (touches.first_mut(), &self.attribution) {
            first.norms.insert(0, norm.clone());
        }
        touches
    }

    fn grounds_of_address(&self, placement: &Placement, grounds: &mut Vec<(StateCode, Basis, f32)>) {
        if matches!(placement.why_unplaced, Some(WhyUnplaced::Spoofed | WhyUnplaced::Unproved)) {
            return;
        }
        for (state, p) in self.territories(placement) {
            grounds.push((state, Basis::Territory, p));
        }
        for (state, basis) in [(placement.registered_in, Basis::Registration), (placement.as_state, Basis::OperatorSeat)] {
            if let Some(state) = state.map(|s| self.book.canonical(s)).filter(|s| self.book.is_place(*s)) {
                grounds.push((state, basis, MOST_P));
            }
        }
    }

    fn grounds_of_victim(
        &self,
        placement: Option<&Placement>,
        given: Option<StateCode>,
        grounds: &mut Vec<(StateCode, Basis, f32)>,
    ) {
        match given.map(|s| self.book.canonical(s)) {
            Some(state) => grounds.push((state, Basis::Victim, MOST_P)),
            None => {
                for (state, p) in placement.map(|p| self.territories(p)).unwrap_or_default() {
                    grounds.push((state, Basis::Victim, p));
                }
            }
        }
    }

    /// Candidates summed per state, at least [`LEAST_P`], most probable first, then by code.
    fn territories(&self, placement: &Placement) -> Vec<(StateCode, f32)> {
        let mut sums: BTreeMap<StateCode, f32> = BTreeMap::new();
        for c in placement.locus.candidates.iter().filter(|c| c.p.is_finite()) {
            let state = self.book.canonical(c.state);
            if self.book.is_place(state) {
                *sums.entry(state).or_default() += c.p;
            }
        }
        let mut states: Vec<(StateCode, f32)> =
            sums.into_iter().filter(|(_, p)| *p >= LEAST_P).map(|(s, p)| (s, p.min(MOST_P))).collect();
        states.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        states
    }

    fn touch(&mut self, state: StateCode, basis: Basis, p: f32, victim_state: Option<StateCode>) -> Touch {
        let (book, on) = (self.book, self.on);
        let regimes = self.regimes.entry((state, basis)).or_insert_with(|| book.regimes(state, basis, on)).clone();
        let norm = match basis {
            Basis::Territory => self
                .territory_norms
                .entry((state, victim_state))
                .or_insert_with(|| book.norm_on_territory(state, victim_state, on))
                .clone(),
            Basis::Victim => self.victim.clone(),
            _ => None,
        };
        Touch { state, basis, p, regimes, norms: norm.into_iter().collect() }
    }
}

/// The touches of one hop. For many hops of a day make one [`LawOfTheDay`] and ask that.
#[must_use]
pub fn touches(hop: &LocatedHop, victim_state: Option<StateCode>, is_target: bool, on: Day, book: &RuleBook) -> Vec<Touch> {
    LawOfTheDay::new(book, on).touches(hop, victim_state, is_target)
}

/// Which hop of a path is the victim.
#[derive(Clone, Copy)]
pub enum VictimEnd<'a> {
    /// The target, unless the path is a traceroute: whose destination is nobody's victim.
    Target,
    /// Hops with these addresses, which the analyst gave.
    Given(&'a dyn Fn(IpAddr) -> bool),
}

/// Fills in the touches of every hop of a path. Whatever was there is replaced.
pub fn touch_path(path: &mut AttackPath, victim_state: Option<StateCode>, victim: VictimEnd<'_>, law: &mut LawOfTheDay<'_>) {
    let is_trace = path.finding.kind == "traceroute";
    for hop in &mut path.hops {
        let is_victim = match victim {
            VictimEnd::Target => hop.hop.role == HopRole::Target && !is_trace,
            VictimEnd::Given(is_given) => hop.hop.addr.is_some_and(is_given),
        };
        hop.touches = law.touches(hop, victim_state, is_victim);
    }
}
