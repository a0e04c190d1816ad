//! Where states read the rules differently: three lines, each with what it rests on. Never a camp, and no evidence of who
//! did something.

use std::sync::Arc;

use serde::Serialize;

use super::law::Grade;
use super::net::StateCode;

/// The three lines of the argument of 2011.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Line {
    /// Does the existing law, of war and self-defence too, apply to operations by ICT?
    F1,
    /// May a state block information?
    F2,
    /// Who governs the Internet: states alone, or others with them?
    F3,
}

impl Line {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F1, Self::F2, Self::F3];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F1 => "F1",
            Self::F2 => "F2",
            Self::F3 => "F3",
        }
    }

    /// The question.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::F1 => "does existing international law apply to operations by ICT",
            Self::F2 => "may a state block information",
            Self::F3 => "who takes part in governing the Internet",
        }
    }
}

/// One item under a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// `A/RES/73/27`, `WCIT-12`, `Freedom Online Coalition` …
    pub item: Arc<str>,
    /// Near-identical items are one family.
    pub family: Arc<str>,
    /// What the state did: `yes`, `signed`, `affirms`.
    pub value: Arc<str>,
    /// When, as written.
    pub date: Arc<str>,
    /// From -1 to +1.
    pub score: f32,
    /// How well it is known.
    pub grade: Grade,
    /// Where it was read.
    pub source: Arc<str>,
}

/// A state on one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The line.
    pub line: Line,
    /// Mean of the items, from -1 to +1; `null`: no data (fewer than three items, one family only, or nothing two-sided).
    pub score: Option<f32>,
    /// 90 % interval; `null` without a score.
    pub interval: Option<(f32, f32)>,
    /// Items.
    pub n: usize,
    /// The items.
    pub items: Vec<Item>,
}

/// A state on all three lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standings {
    /// The state.
    pub state: StateCode,
    /// F1, F2, F3.
    pub lines: Vec<Standing>,
}

/// A vote, text or signature on which the states of a path part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parting {
    /// The line, or `null` for questions that cut across (due diligence, sovereignty).
    pub line: Option<Line>,
    /// The item.
    pub item: Arc<str>,
    /// What it was about.
    pub title: Arc<str>,
    /// When, as written.
    pub date: Arc<str>,
    /// What each state of the path did; states for which the tables have nothing are left out here and listed in `unknown`.
    pub sides: Vec<(StateCode, Arc<str>)>,
    /// States without data.
    pub unknown: Vec<StateCode>,
    /// The worst grade of the rows.
    pub grade: Grade,
    /// Where they were read.
    pub source: Arc<str>,
}
