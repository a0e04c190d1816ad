//! The eleven voluntary norms of 2015 (UN GGE, A/70/174 para 13) and what states have published on due diligence.
//!
//! Norm 13(c) begins with knowledge: seen, notified, acknowledged, acted or not. Packets show only the first step, so
//! without a recorded notice the norm is not engaged, and the report says so. Whether due diligence is a binding rule
//! is read differently by different states; where the state of a hop and the state of the victim differ, that
//! difference is the finding, and no breach follows from either.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;

use super::book::RuleBook;
use super::dates::{AsOf, Dated, has_come};
use crate::model::law::{Grade, NormTouch};
use crate::model::net::StateCode;
use crate::model::time::Day;

/// A norm in own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Norm {
    /// `13(c)`.
    pub norm: Arc<str>,
    /// Short title.
    pub title: Arc<str>,
    /// Where it stands: A/70/174, and the reading guide A/76/135.
    pub paragraphs: String,
    /// What has to be seen on a hop.
    pub engaged_by: String,
    /// How a report reads it.
    pub reading: Arc<str>,
    /// Practice that satisfies it.
    pub satisfied_by: String,
    /// How much it says about a path.
    pub signal: String,
    /// Where it was read.
    pub source: String,
    /// How well it is known.
    pub grade: Grade,
    /// How sure, where it was not wholly read.
    pub confidence: Option<String>,
    /// Why the grade is lower than the one given.
    pub lowered: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NormFile {
    #[serde(rename = "as_of")]
    pub(super) _as_of: AsOf,
    #[serde(rename = "norm")]
    pub(super) norms: Vec<Norm>,
}

/// What a state has published on due diligence in cyberspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// A binding rule.
    Binding,
    /// A voluntary norm.
    Voluntary,
    /// Speaks of it and leaves open whether it binds.
    Open,
    /// Nothing that was read.
    Unknown,
}

impl Stance {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binding => "a binding rule",
            Self::Voluntary => "a voluntary norm",
            Self::Open => "left open whether it binds",
            Self::Unknown => "unknown",
        }
    }
}

/// A published position, with its row's source and grade.
#[derive(Clone, Debug)]
pub struct Position {
    /// How it reads due diligence.
    pub stance: Stance,
    /// Date of the document.
    pub date: Option<Dated>,
    /// Where it was read.
    pub source: Arc<str>,
    /// How well it is known.
    pub grade: Grade,
    /// Remarks of the row.
    pub note: Arc<str>,
}

/// The question of `national_positions.csv` that is used here.
pub(super) const DUE_DILIGENCE: &str = "due diligence is a binding obligation in cyberspace";

impl RuleBook {
    /// Norm 13(b): it speaks to whoever reads the report, so it stands on the first touch of every hop.
    #[must_use]
    pub(super) fn norm_on_attribution(&self) -> Option<NormTouch> {
        self.norm_touch("13(b)", "engaged: governs whoever uses this report", None)
    }

    /// Norm 13(c) for a hop in `state`, with the due-diligence readings of `state` and `victim` on the day.
    #[must_use]
    pub(super) fn norm_on_territory(&self, state: StateCode, victim: Option<StateCode>, on: Day) -> Option<NormTouch> {
        let mut more = String::from("Due diligence: ");
        let here = self.say_position(&mut more, state, on);
        if let Some(victim) = victim.filter(|v| *v != state) {
            more.push_str("; victim's state ");
            let there = self.say_position(&mut more, victim, on);
            if matches!((here, there), (Stance::Binding, Stance::Voluntary) | (Stance::Voluntary, Stance::Binding)) {
                more.push_str("; the two published positions read the same fact differently");
            }
        }
        self.norm_touch("13(c)", "not engaged: no notice recorded", Some(&more))
    }

    /// Norm 13(f) attaches to the victim's end only, and needs evidence that no packet gives.
    #[must_use]
    pub(super) fn norm_on_victim(&self) -> Option<NormTouch> {
        self.norm_touch("13(f)", "not engaged: no evidence that the target is critical infrastructure", None)
    }

    fn norm_touch(&self, id: &str, state: &str, more: Option<&str>) -> Option<NormTouch> {
        let norm = self.norm(id)?;
        let mut reading = norm.reading.to_string();
        if let Some(more) = more {
            let _ = write!(reading, ". {more}");
        }
        reading.push_str(". Voluntary: a flag is no finding of breach");
        Some(NormTouch {
            norm: norm.norm.clone(),
            title: norm.title.clone(),
            state: state.into(),
            reading: reading.into(),
            source: format!("{}; {}", norm.paragraphs, norm.source).into(),
            grade: norm.grade,
        })
    }

    /// Writes the position of `state` and gives its stance on the day. As on the fault lines, a document counts once its day
    /// is known to have come; one without a date never does.
    fn say_position(&self, text: &mut String, state: StateCode, on: Day) -> Stance {
        let known = self.due_diligence(state);
        let position = known.filter(|p| has_come(p.date, on));
        let _ = match position {
            None if known.is_some_and(|p| p.date.is_none()) => {
                write!(text, "{state} unknown (a position is in the rule book, since when is not)")
            }
            None => write!(text, "{state} unknown (no published position in the rule book on this day)"),
            Some(p) if p.stance == Stance::Unknown => {
                write!(text, "{state} unknown (position published, not read on this question)")
            }
            Some(p) => {
                let _ = write!(text, "{state} {} in its published position", p.stance.as_str());
                if let Some(date) = p.date {
                    let _ = write!(text, " of {date}");
                }
                write!(text, " ({}, {})", p.grade, p.source)
            }
        };
        position.map_or(Stance::Unknown, |p| p.stance)
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::RuleBook;
    use super::super::embedded::FILES;
    use super::*;

    /// A document of "2021-03" does not count from the first of March, and one without a date never.
    #[test]
    fn a_position_counts_once_its_day_has_come() {
        let head = "state,item,value,date,note,source,grade,confidence\n";
        let row = |state: &str, date: &str| format!("{state},{DUE_DILIGENCE},affirms,{date},,a page,confirmed,\n");
        let text = format!("{head}{}{}", row("DE", "2021-03"), row("FR", ""));
        let files: Vec<(&str, &str)> =
            FILES.iter().map(|&(n, t)| if n == "national_positions.csv" { (n, text.as_str()) } else { (n, t) }).collect();
        let book = RuleBook::from_files(&files).unwrap();
        let said = |state: &str, on: &str| {
            let mut text = String::new();
            let stance = book.say_position(&mut text, state.parse().unwrap(), on.parse().unwrap());
            (stance, text)
        };
        assert_eq!(said("DE", "2021-03-01").0, Stance::Unknown);
        assert_eq!(said("DE", "2021-03-30").0, Stance::Unknown);
        assert_eq!(said("DE", "2021-03-31").0, Stance::Binding);
        let (stance, text) = said("FR", "2026-01-01");
        assert!(stance == Stance::Unknown && text.contains("since when is not"), "{text}");
    }
}
