//! Which instruments bind the states of a path, and where the net tears.

use std::sync::Arc;

use serde::Serialize;

use super::law::{Grade, Status};
use super::net::StateCode;
use super::time::Day;

/// One cell: a state and an instrument.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The state.
    pub state: StateCode,
    /// Its status on the day.
    pub status: Status,
    /// Since when it has been in force for the state; `null` if it is not, or the day is not known.
    pub since: Option<Day>,
    /// How well that is known.
    pub grade: Grade,
    /// When the row was last checked; `unknown` if nobody wrote it down.
    pub as_of: Arc<str>,
}

/// One instrument across the states of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstrumentCoverage {
    /// Id.
    pub instrument: Arc<str>,
    /// Title.
    pub title: Arc<str>,
    /// Since when the instrument itself has been in force, or why it binds nobody on the day, in words; of a bundle of
    /// bilateral agreements, between which two.
    pub force: Arc<str>,
    /// On what it depends in the single case, though it binds them all: `only for serious crime that …`; blank if on nothing
    /// that its title does not say.
    pub condition: Arc<str>,
    /// The worst grade of the rows by which it binds; of the list as a whole if it binds none of these states.
    pub grade: Grade,
    /// Where that can be checked: the depositary's or legislator's own page where there is one.
    pub source: Arc<str>,
    /// A cell per state of the path, in the order of [`Coverage::states`].
    pub cells: Vec<Cell>,
    /// Expected number of placed hops in bound states: the sum over hops of the probability of a state that is bound.
    pub expected: f32,
    /// Fewest hops it can cover when every hop may be in any state of its 90 % set; unknown counts as outside.
    pub worst: usize,
    /// Hops (index into the path) whose most probable state is not known to be bound.
    pub outside: Vec<usize>,
}

/// Two states without any treaty channel between them on the day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// One.
    pub from: StateCode,
    /// The other.
    pub to: StateCode,
    /// Is it known that there is none, or only that the tables know of none?
    pub known: bool,
    /// What is left: `letter rogatory` and the like, with `(unknown)` behind what is not known to be open between them.
    pub left: Vec<Arc<str>>,
    /// Why nothing can be said of the pair, where the rule book does not list one of them; else blank.
    pub note: Arc<str>,
}

/// The coverage of a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// States of the path by territory, in the order of its hops.
    pub states: Vec<StateCode>,
    /// Hops that are placed.
    pub hops: usize,
    /// Treaties and Union law on cooperation that at least one of them has joined, signed or left, best expected coverage first. One that is not in
    /// force on the day, or binds nobody by design, is listed and covers nothing. A bundle of bilateral agreements is listed only where the path
    /// lies between its two ends, and its cells are those of that one agreement: a third state is outside it.
    pub instruments: Vec<InstrumentCoverage>,
    /// The smallest sets of instruments that together bind the most probable state of every placed hop, or, where none do, that leave the fewest
    /// outside; ids, sorted.
    pub minimal: Vec<Vec<Arc<str>>>,
    /// Hops that even these leave outside.
    pub uncovered: Vec<usize>,
    /// Pairs of states without a treaty channel. A territory and the state that answers for it are no pair.
    pub gaps: Vec<Gap>,
    /// One sentence, with numbers.
    pub words: String,
}
