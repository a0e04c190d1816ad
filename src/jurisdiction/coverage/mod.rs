//! Coverage of a path: which instruments on cooperation bind its states on a day, how many hops each reaches, which few of
//! them together reach all that any reaches, and between which states there is no treaty channel at all.
//!
//! A hop is counted where it is: by the territories of its placement, with the canonical codes that [`super::touches`] uses, and
//! only if it was not merely asserted. Where it may be in several states, three numbers say what that does: hops whose leading
//! state is bound, the expected number, and the number that is left in the worst case within each hop's 90 % set. Unknown counts as
//! outside everywhere.
//!
//! * [`instruments`]: which instruments count, and how each stands on the day
//! * [`places`]: hop to states
//! * [`cover`]: the smallest sets of instruments
//! * [`words`]: the sentence

mod cover;
mod instruments;
mod places;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Law;
use super::channels::left::left_between;
use super::channels::part_of;
use crate::model::coverage::{Cell, Coverage, Gap, InstrumentCoverage};
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;
use crate::model::path::AttackPath;
use crate::model::time::Day;
use cover::{Mask, smallest_covers};
use instruments::{Considered, condition, considered};
use places::{PlacedHop, Places, places};

pub use instruments::home_of_bundle;

/// At most so many equally small sets of instruments are listed.
pub const MOST_SETS: usize = 12;

/// How a state stands to every instrument considered, in their order.
#[derive(Debug)]
struct StateLaw {
    cells: Vec<Cell>,
    /// Instruments that bind it.
    bound: Mask,
    /// Instruments that are known not to.
    outside: Mask,
    /// Bundles of bilateral agreements all of which are made with it.
    home: Mask,
    /// The state that answers for it; itself if it is one.
    under: StateCode,
    /// It is a state or territory of the rule book: who answers for any other place is not in the tables.
    listed: bool,
}

/// Coverage on one day, with what was already looked up: paths ask for the same few states again and again.
#[derive(Debug)]
pub struct CoverageOfTheDay<'a> {
    law: &'a Law,
    on: Day,
    considered: Vec<Considered<'a>>,
    states: BTreeMap<StateCode, Arc<StateLaw>>,
    left: BTreeMap<(StateCode, StateCode), Vec<Arc<str>>>,
}

impl<'a> CoverageOfTheDay<'a> {
    /// The law as it was on `on`, the day of the incident.
    #[must_use]
    pub fn new(law: &'a Law, on: Day) -> Self {
        Self { law, on, considered: considered(&law.book, on), states: BTreeMap::new(), left: BTreeMap::new() }
    }

    /// The coverage of a path.
    #[must_use]
    pub fn of(&mut self, path: &AttackPath) -> Coverage {
        let places = places(&self.law.book, path);
        let laws: BTreeMap<StateCode, Arc<StateLaw>> =
            places.all_states().into_iter().map(|state| (state, self.state_law(state))).collect();
        let ends = self.bilateral_ends(&places, &laws);
        let mut rows: Vec<(usize, InstrumentCoverage)> = (0..self.considered.len())
            .filter(|i| self.considered.get(*i).is_some_and(|c| c.home.is_none() || ends.contains_key(i)))
            .filter_map(|i| self.row(i, &places, &laws, ends.get(&i)))
            .collect();
        rows.sort_by(|(i, a), (j, b)| {
            b.expected
                .total_cmp(&a.expected)
                .then(a.outside.len().cmp(&b.outside.len()))
                .then(a.grade.cmp(&b.grade))
                .then(i.cmp(j))
        });

        let covering = rows.iter().filter(|(_, r)| r.outside.len() < places.hops.len()).fold(0, |m, (i, _)| m | 1 << i);
        // A bundle that is listed joins all first states there are; the home of it has no row of its own.
        let bundles = self.bilateral();
        let reach = |hop: &PlacedHop| laws.get(&hop.best()).map_or(0, |l| l.bound & !bundles) | bundles;
        let best_masks: Vec<(usize, Mask)> = places.hops.iter().map(|hop| (hop.index, reach(hop) & covering)).collect();
        let uncovered = best_masks.iter().filter(|(_, mask)| *mask == 0).map(|(index, _)| *index).collect();
        let minimal = self.minimal(best_masks.iter().map(|(_, mask)| *mask), &rows);
        let gaps = self.gaps(&places.states, &laws);
        let instruments: Vec<InstrumentCoverage> = rows.into_iter().map(|(_, row)| row).collect();
        let words = words::words(&places, &instruments, &minimal, &gaps, pairs(&places.states, &laws));
        Coverage { states: places.states, hops: places.hops.len(), instruments, minimal, uncovered, gaps, words }
    }

    /// Bundles whose two ends are the only first states of the path: those may cover it, the others are for pairs only.
    fn bilateral_ends(&self, places: &Places, laws: &BTreeMap<StateCode, Arc<StateLaw>>) -> BTreeMap<usize, [StateCode; 2]> {
        let best: BTreeSet<StateCode> = places.hops.iter().map(PlacedHop::best).collect();
        let best: Vec<StateCode> = best.into_iter().collect();
        let &[a, b] = best.as_slice() else { return BTreeMap::new() };
        let (Some(of_a), Some(of_b)) = (laws.get(&a), laws.get(&b)) else { return BTreeMap::new() };
        let bilateral = self.considered.iter().enumerate().filter(|(_, c)| c.home.is_some());
        bilateral.filter(|(i, _)| bilateral_binds(of_a, of_b, 1 << i)).map(|(i, _)| (i, [a, b])).collect()
    }

    /// One line of the matrix, unless none of the states has anything to do with the instrument.
    fn row(
        &self,
        i: usize,
        places: &Places,
        laws: &BTreeMap<StateCode, Arc<StateLaw>>,
        ends: Option<&[StateCode; 2]>,
    ) -> Option<(usize, InstrumentCoverage)> {
        let considered = self.considered.get(i)?;
        let bit: Mask = 1 << i;
        let binds = |state: StateCode| match ends {
            Some(ends) => ends.contains(&state),
            None => laws.get(&state).is_some_and(|l| l.bound & bit != 0),
        };
        let mut cells: Vec<Cell> = places.states.iter().filter_map(|state| laws.get(state)?.cells.get(i).cloned()).collect();
        if !cells.iter().any(|c| !matches!(c.status, Status::NotParty | Status::Unknown)) {
            return None;
        }
        let mut force = considered.force.clone();
        if let Some(ends @ [a, b]) = ends {
            agreement(&mut cells, ends, considered.home);
            force = format!("agreement between {a} and {b}; {force}").into();
        }
        let bound = cells.iter().filter(|c| binds(c.state)).map(|c| c.grade).max();
        let p = |states: &[(StateCode, f32)]| states.iter().filter(|(s, _)| binds(*s)).map(|(_, p)| p).sum::<f32>().min(1.0);
        Some((
            i,
            InstrumentCoverage {
                instrument: considered.instrument.id.clone(),
                title: considered.instrument.title.clone(),
                force,
                condition: condition(&considered.instrument.id).into(),
                grade: bound.unwrap_or(considered.instrument.grade),
                source: considered.source.clone(),
                cells,
                // The sum of nothing is -0 for floats.
                expected: places.hops.iter().map(|hop| p(&hop.states)).sum::<f32>() + 0.0,
                worst: places.hops.iter().filter(|h| h.set().is_some_and(|set| set.iter().all(|(s, _)| binds(*s)))).count(),
                outside: places.hops.iter().filter(|h| !binds(h.best())).map(|h| h.index).collect(),
            },
        ))
    }

    /// The smallest sets: those that rest on better known rows first, then those that reach more hops twice, then by ids.
    fn minimal(&self, masks: impl Iterator<Item = Mask>, rows: &[(usize, InstrumentCoverage)]) -> Vec<Vec<Arc<str>>> {
        let mut sets: Vec<(Grade, usize, Vec<Arc<str>>)> = smallest_covers(masks)
            .into_iter()
            .map(|set| {
                let members = rows.iter().filter(|(i, _)| set & (1 << i) != 0);
                let worst = members.clone().map(|(_, row)| row.grade).max().unwrap_or(Grade::Unconfirmed);
                let outside = members.clone().map(|(_, row)| row.outside.len()).sum();
                let mut ids: Vec<Arc<str>> = members.map(|(_, row)| row.instrument.clone()).collect();
                ids.sort();
                (worst, outside, ids)
            })
            .collect();
        sets.sort();
        sets.into_iter().map(|(_, _, ids)| ids).take(MOST_SETS).collect()
    }

    fn gaps(&mut self, states: &[StateCode], laws: &BTreeMap<StateCode, Arc<StateLaw>>) -> Vec<Gap> {
        let bilateral = self.bilateral();
        let multilateral = !bilateral;
        let every: Mask = self.considered.iter().enumerate().filter(|(_, c)| c.binding).fold(0, |m, (i, _)| m | 1 << i);
        let mut gaps = Vec::new();
        for (n, from) in states.iter().enumerate() {
            let Some(a) = laws.get(from) else { continue };
            for to in states.iter().skip(n + 1) {
                let Some(b) = laws.get(to) else { continue };
                if a.under == b.under || a.bound & b.bound & multilateral != 0 || bilateral_binds(a, b, bilateral) {
                    continue;
                }
                // A bundle can join the pair only if one of them is its home; the tables have few other bilateral treaties, so that
                // of a pair without such a home nobody can say that there is none.
                let homes = a.home | b.home;
                let relevant = every & (multilateral | homes);
                let known = homes != 0 && relevant & !(a.outside | b.outside) == 0;
                let unlisted: Vec<&str> =
                    [(from, a), (to, b)].iter().filter(|(_, l)| !l.listed).map(|(s, _)| s.as_str()).collect();
                let (left, note) = if unlisted.is_empty() {
                    (self.left(*from, *to), String::new())
                } else {
                    let note =
                        "no place of the rule book: which state answers for it, and so what reaches it, is not in the tables";
                    (Vec::new(), format!("{}: {note}", unlisted.join(", ")))
                };
                gaps.push(Gap { from: *from, to: *to, known: known && unlisted.is_empty(), left, note: note.into() });
            }
        }
        gaps
    }

    /// What is left between two of them, as the list of channels has it.
    fn left(&mut self, from: StateCode, to: StateCode) -> Vec<Arc<str>> {
        let (law, on, pair) = (self.law, self.on, (from.min(to), from.max(to)));
        self.left.entry(pair).or_insert_with(|| left_between(law, pair.0, pair.1, on)).clone()
    }

    fn bilateral(&self) -> Mask {
        self.considered.iter().enumerate().filter(|(_, c)| c.home.is_some()).fold(0, |mask, (i, _)| mask | 1 << i)
    }

    fn state_law(&mut self, state: StateCode) -> Arc<StateLaw> {
        if let Some(known) = self.states.get(&state) {
            return known.clone();
        }
        let book = &self.law.book;
        let territory = book.territory(state.as_str());
        let under = territory.and_then(|t| t.parent).unwrap_or(state);
        // Whether an agreement of the home reaches a territory of it that its treaties do not reach as a whole is not in the tables.
        let whole = part_of(book, state).unwrap_or(state);
        let mut law = StateLaw {
            cells: Vec::with_capacity(self.considered.len()),
            bound: 0,
            outside: 0,
            home: 0,
            under,
            listed: book.state(state).is_some() || territory.is_some(),
        };
        for (i, c) in self.considered.iter().enumerate() {
            let bit: Mask = 1 << i;
            let s = book.status_of(c.instrument, state, self.on);
            match s.applies().filter(|applies| !applies || c.binding) {
                Some(true) => law.bound |= bit,
                Some(false) => law.outside |= bit,
                None => {}
            }
            if c.home == Some(whole) {
                law.home |= bit;
                // That it has agreements with others says nothing of this pair.
                law.outside &= !bit;
            }
            let as_of = s.as_of.to_string().into();
            law.cells.push(Cell { state, status: s.status, since: s.in_force, grade: s.grade, as_of });
        }
        let law = Arc::new(law);
        self.states.insert(state, law.clone());
        law
    }
}

/// The home of a bundle is bound to the other end as that is to it, whatever it has agreed with others. Nobody else is party to
/// what these two have agreed, whatever agreement of its own it has with the home.
fn agreement(cells: &mut [Cell], ends: &[StateCode; 2], home: Option<StateCode>) {
    let partner = cells.iter().find(|c| ends.contains(&c.state) && Some(c.state) != home && c.status == Status::Party).cloned();
    let Some(partner) = partner else { return };
    for cell in cells.iter_mut().filter(|c| c.state != partner.state) {
        let end = ends.contains(&cell.state);
        let (status, since) = if end { (partner.status, partner.since) } else { (Status::NotParty, None) };
        *cell = Cell { state: cell.state, status, since, ..partner.clone() };
    }
}

/// Is there a row of a bundle in `bundles` between the two: one its home, the other bound?
/// Pairs of places that do not lie in one state: between parts of one no treaty is needed.
fn pairs(states: &[StateCode], laws: &BTreeMap<StateCode, Arc<StateLaw>>) -> usize {
    let under: Vec<StateCode> = states.iter().filter_map(|s| laws.get(s)).map(|l| l.under).collect();
    under.iter().enumerate().map(|(n, a)| under.iter().skip(n + 1).filter(|b| a != *b).count()).sum()
}

fn bilateral_binds(a: &StateLaw, b: &StateLaw, bundles: Mask) -> bool {
    (a.home & b.bound & !b.home | b.home & a.bound & !a.home) & bundles != 0
}

impl Law {
    /// Which instruments cover the path on a day. For many paths of a day make one [`CoverageOfTheDay`] and ask that.
    #[must_use]
    pub fn coverage(&self, path: &AttackPath, on: Day) -> Coverage {
        CoverageOfTheDay::new(self, on).of(path)
    }
}
