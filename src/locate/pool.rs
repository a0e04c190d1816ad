//! Joins the fused table with the user's own databases: a log-linear pool with small weights.
//!
//! Databases copy from each other and from the registries, so their votes are not independent: naive Bayes was "95 %
//! sure" and wrong in one of eight (METHODS D.3). Hence: (1) only a state other than the registration is evidence, a
//! database that repeats the registration adds next to nothing, and only once; (2) every further database for the
//! same state counts half of the one before; (3) another edition of a source that the table was made from counts
//! next to nothing. The weights below are judgements in the direction of those measurements; they were not fitted,
//! because no truth set comes with users' databases.

use std::collections::BTreeMap;

use crate::model::net::StateCode;

/// Log-odds that the first database adds to a state other than the registration; end point and transit. It is
/// larger for transit because there the table alone is worth so little: two sources that agree against the registration
/// were right for 21 of 28 routers.
const ENDPOINT: f32 = 2.0;
const TRANSIT: f32 = 2.5;
/// For a database that repeats the registration, or a source that is already in the table.
const REPEATS: f32 = 0.2;
/// Mass with which a state starts that only users' databases name.
const FLOOR: f32 = 0.03;
/// "Somewhere else" never starts below this.
const UNKNOWN: f32 = 0.02;

/// One database's vote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    /// The state that it names.
    pub(super) state: StateCode,
    /// Another edition of a shipped source.
    pub(super) repeats: bool,
}

/// The outcome.
#[derive(Debug, PartialEq)]
pub(super) struct Pooled {
    /// Probabilities, most probable first, then by code. The rest is unknown.
    pub(super) states: Vec<(StateCode, f32)>,
    /// Share of each vote in the answer.
    pub(super) shares: Vec<f32>,
    /// Share of the table, by the states that it named.
    pub(super) table: Vec<(StateCode, f32)>,
}

/// `table`: what the table gives, with probabilities. `votes` in the order in which the databases were given.
#[must_use]
pub(super) fn pool(table: &[(StateCode, f32)], registered: Option<StateCode>, votes: &[Vote], endpoint: bool) -> Pooled {
    let mut mass: BTreeMap<StateCode, f32> = BTreeMap::new();
    for &(state, p) in table {
        *mass.entry(state).or_default() += p;
    }
    let mut unknown = (1.0 - mass.values().sum::<f32>()).max(UNKNOWN);
    let mut heard: BTreeMap<StateCode, u32> = BTreeMap::new();
    let mut repeated = false;
    let mut weights = Vec::with_capacity(votes.len());
    for vote in votes {
        let new = !mass.contains_key(&vote.state);
        let start = mass.entry(vote.state).or_default();
        if new {
            *start = FLOOR;
            unknown = (unknown - FLOOR).max(UNKNOWN);
        }
        let weight = if vote.repeats || Some(vote.state) == registered {
            // All copies of the registration, and of the table's own sources, are one vote.
            if std::mem::replace(&mut repeated, true) { 0.0 } else { REPEATS }
        } else {
            let nth = heard.entry(vote.state).or_default();
            *nth += 1;
            (if endpoint { ENDPOINT } else { TRANSIT }) * 0.5f32.powi(*nth as i32 - 1)
        };
        *start *= weight.exp();
        weights.push(weight);
    }
    let sum = mass.values().sum::<f32>() + unknown;
    let mut states: Vec<(StateCode, f32)> = mass.iter().map(|(&s, m)| (s, (m / sum).min(super::confidence::MOST))).collect();
    states.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));

    // A state's probability is shared among those that named it: the table counts as one, a vote as its weight.
    let of = |state: StateCode| states.iter().find(|s| s.0 == state).map_or(0.0, |s| s.1);
    let named = |state: StateCode| {
        let own: f32 = votes.iter().zip(&weights).filter(|(v, _)| v.state == state).map(|(_, w)| w).sum();
        own + if table.iter().any(|t| t.0 == state) { 1.0 } else { 0.0 }
    };
    let share = |state: StateCode, weight: f32| {
        let all = named(state);
        if all > 0.0 { of(state) * weight / all } else { 0.0 }
    };
    let shares = votes.iter().zip(&weights).map(|(v, &w)| share(v.state, w)).collect();
    let table = table.iter().map(|&(s, _)| (s, share(s, 1.0))).collect();
    Pooled { states, shares, table }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cc(code: &str) -> StateCode {
        StateCode::new(code).unwrap()
    }

    fn vote(code: &str) -> Vote {
        Vote { state: cc(code), repeats: false }
    }

    #[test]
    fn without_votes_the_table_stands() {
        let p = pool(&[(cc("DE"), 0.55), (cc("US"), 0.3)], Some(cc("US")), &[], true);
        assert!((p.states[0].1 - 0.55).abs() < 1e-6 && (p.states[1].1 - 0.3).abs() < 1e-6);
        assert!((p.table[0].1 - 0.55).abs() < 1e-6);
    }

    #[test]
    fn evidence_against_the_registration_counts_and_copies_of_it_do_not() {
        let table = [(cc("DE"), 0.55), (cc("US"), 0.3)];
        let with = |votes: &[Vote]| pool(&table, Some(cc("US")), votes, true);
        let p = |pooled: &Pooled, code| pooled.states.iter().find(|s| s.0 == cc(code)).unwrap().1;
        let agrees = with(&[vote("DE")]);
        assert!(p(&agrees, "DE") > 0.85);
        let copies = with(&[vote("US"), vote("US"), vote("US"), vote("US")]);
        assert!(p(&copies, "DE") > p(&copies, "US"), "four copies of the register do not outvote one observation");
        assert_eq!(copies.shares[1], 0.0);
        let same_source = with(&[Vote { state: cc("DE"), repeats: true }]);
        assert!(p(&same_source, "DE") < 0.62, "the same source again is no second opinion");
    }

    #[test]
    fn a_lone_contradiction_does_not_win() {
        let p = pool(&[(cc("DE"), 0.94)], Some(cc("DE")), &[vote("FR")], true);
        assert_eq!(p.states[0].0, cc("DE"));
        assert!(p.states[0].1 < 0.9 && p.states[1].1 > 0.1, "but it is heard: {:?}", p.states);
    }

    #[test]
    fn an_undetermined_router_stays_undetermined() {
        let p = pool(&[(cc("DE"), 0.28)], Some(cc("DE")), &[vote("NL")], false);
        assert!(p.states.iter().all(|s| s.1 < 0.5), "{:?}", p.states);
    }

    proptest! {
        #[test]
        fn probabilities_and_shares_stay_in_bounds(
            a in 0.0f32..0.6, b in 0.0f32..0.4, endpoint: bool,
            votes in prop::collection::vec((0usize..4, any::<bool>()), 0..9),
        ) {
            let codes = ["DE", "US", "NL", "FR"];
            let votes: Vec<Vote> = votes.into_iter().map(|(c, repeats)| Vote { state: cc(codes[c]), repeats }).collect();
            let out = pool(&[(cc("DE"), a), (cc("US"), b)], Some(cc("US")), &votes, endpoint);
            let sum: f32 = out.states.iter().map(|s| s.1).sum();
            prop_assert!(sum <= 1.0 + 1e-4);
            prop_assert!(out.states.iter().all(|s| (0.0..=0.99).contains(&s.1)));
            let shares: f32 = out.shares.iter().chain(out.table.iter().map(|t| &t.1)).sum();
            prop_assert!(shares <= sum + 1e-4);
        }
    }
}
