//! Figures of a ledger, per state: how many cases there are, and what came of them.
//!
//! A case is opened by a notice or a request; answers count from that day on, and those of a matter that nobody opened do not.
//! Where a number is small a reader could tell the case behind it, so nothing below five is told: no state with fewer cases, not
//! even its name; no figure that is smaller; and no figure that leaves fewer than five of what it is counted in, for who
//! subtracts has that number too.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::jurisdiction::notices::Ledger;
use crate::model::channel::KINDS;
use crate::model::net::StateCode;
use crate::model::practice::{Entry, Step};
use crate::model::time::Day;

/// Nothing below this is told.
pub(super) const LEAST: usize = 5;

/// In the order of a table.
pub(super) const STEPS: [Step; 6] = [Step::Notified, Step::Acknowledged, Step::Acted, Step::Refused, Step::Asked, Step::Given];

/// Version of the contract.
const SCHEMA: &str = "rutter.practice-stats/1";

/// A number of cases; `null` where it is not told.
type Told = Option<usize>;

/// Of one state. Counts are of cases, not of entries.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Figures {
    /// Cases that were opened.
    cases: usize,
    notified: Told,
    acknowledged: Told,
    acted: Told,
    refused: Told,
    asked: Told,
    given: Told,
    /// Cases with an answer, and the median of the days to the first one.
    answered: Told,
    median_days: Option<f64>,
}

/// Of a state with five cases or more; others are not named.
#[derive(Debug, Serialize)]
pub(super) struct StateFigures {
    schema: &'static str,
    r#type: &'static str,
    state: StateCode,
    least_cases: usize,
    figures: Figures,
}

/// Of a ledger, by state.
#[derive(Debug, Serialize)]
pub(super) struct Stats {
    schema: &'static str,
    pub(super) states: Vec<StateFigures>,
}

/// Entries of each matter: who was told or asked, by whom, in which case.
pub(super) type Matters<'a> = BTreeMap<(StateCode, StateCode, &'a str), Vec<&'a Entry>>;

pub(super) fn matters(ledger: &Ledger) -> Matters<'_> {
    let mut matters = Matters::new();
    for e in &ledger.entries {
        matters.entry((e.state, e.by, &e.case)).or_default().push(e);
    }
    matters
}

/// Does the step open a case?
pub(super) fn opens(step: Step) -> bool {
    matches!(step, Step::Notified | Step::Asked)
}

/// A matter that was opened, with what counts in it.
#[derive(Clone, Debug)]
pub(super) struct Case<'a> {
    pub(super) by: StateCode,
    /// The day on which it was opened.
    pub(super) begun: Day,
    /// The kind of channel by which it was opened; `other` for words of the user's own.
    pub(super) channel: &'static str,
    /// From that day on.
    entries: Vec<&'a Entry>,
}

impl Case<'_> {
    pub(super) fn has(&self, step: Step) -> bool {
        self.entries.iter().any(|e| e.step == step)
    }

    /// Days from opening it to the first answer.
    fn days(&self) -> Option<i32> {
        Some(self.entries.iter().filter(|e| !opens(e.step)).map(|e| e.on).min()?.days_since(self.begun))
    }
}

/// Cases of every state that has five of them.
pub(super) fn cases(ledger: &Ledger) -> BTreeMap<StateCode, Vec<Case<'_>>> {
    let kind = |e: &Entry| KINDS.iter().find(|kind| **kind == &*e.channel).copied().unwrap_or("other");
    let mut states: BTreeMap<StateCode, Vec<Case<'_>>> = BTreeMap::new();
    for ((state, by, _), mut entries) in matters(ledger) {
        let opening = entries.iter().filter(|e| opens(e.step)).map(|e| (e.on, kind(e))).min();
        let Some((begun, channel)) = opening else { continue };
        entries.retain(|e| e.on >= begun);
        states.entry(state).or_default().push(Case { by, begun, channel, entries });
    }
    states.retain(|_, cases| cases.len() >= LEAST);
    states
}

/// Nobody, or enough of them.
fn is_clear(n: usize) -> bool {
    n == 0 || n >= LEAST
}

/// May it be told that `n` cases of `of` are such?
fn can_be_told(n: usize, of: usize) -> bool {
    n >= LEAST && is_clear(of.saturating_sub(n))
}

/// May the number of those with `step` be told for a part of the cases of a state? None at all may follow from a total.
/// `with_notices`: the number of those with a notice is told too, so that the number of those with both follows.
pub(super) fn is_safe(cases: &[&Case<'_>], step: Step, with_notices: bool) -> bool {
    let n = cases.iter().filter(|case| case.has(step)).count();
    let both = cases.iter().filter(|case| case.has(Step::Notified) && case.has(Step::Asked)).count();
    (n == 0 || can_be_told(n, cases.len())) && (step != Step::Asked || !with_notices || is_clear(both))
}

impl Stats {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let states = cases(ledger).into_iter().map(|(state, cases)| StateFigures {
            schema: SCHEMA,
            r#type: "state",
            state,
            least_cases: LEAST,
            figures: Figures::of(&cases),
        });
        Self { schema: SCHEMA, states: states.collect() }
    }
}

impl Figures {
    pub(super) fn of(cases: &[Case<'_>]) -> Self {
        let all: Vec<&Case<'_>> = cases.iter().collect();
        let of = all.len();
        let mut days: Vec<i32> = all.iter().filter_map(|case| case.days()).collect();
        days.sort_unstable();
        let answered = can_be_told(days.len(), of).then_some(days.len());
        let count = |step: Step| all.iter().filter(|case| case.has(step)).count();
        let with_notices = can_be_told(count(Step::Notified), of);
        let with = |step: Step| {
            let n = count(step);
            // Who subtracts has the cases with other answers only.
            let others = if opens(step) { 0 } else { answered.map_or(0, |answered| answered.saturating_sub(n)) };
            (n >= LEAST && is_clear(others) && is_safe(&all, step, with_notices)).then_some(n)
        };
        Self {
            cases: of,
            notified: with(Step::Notified),
            acknowledged: with(Step::Acknowledged),
            acted: with(Step::Acted),
            refused: with(Step::Refused),
            asked: with(Step::Asked),
            given: with(Step::Given),
            answered,
            median_days: answered.and_then(|_| median(&days)),
        }
    }

    /// Cases with the step.
    pub(super) fn with(&self, step: Step) -> Told {
        match step {
            Step::Notified => self.notified,
            Step::Acknowledged => self.acknowledged,
            Step::Acted => self.acted,
            Step::Refused => self.refused,
            Step::Asked => self.asked,
            Step::Given => self.given,
        }
    }
}

/// Of sorted numbers.
fn median(days: &[i32]) -> Option<f64> {
    let upper = *days.get(days.len() / 2)?;
    let lower = *days.get((days.len() - 1) / 2)?;
    Some((f64::from(lower) + f64::from(upper)) / 2.0)
}

const NOTE: &str = "Cases of this ledger, no sample of a state's practice: what was not written down is not counted. A state with fewer than five \
                    cases is not named. A figure is not told where it is under five, or leaves one to four of the cases.\n";

/// For people.
pub(super) fn text(stats: &Stats) -> String {
    stats.states.iter().map(sentence).collect::<Vec<_>>().concat() + NOTE
}

fn sentence(s: &StateFigures) -> String {
    let f = &s.figures;
    let mut parts: Vec<String> = STEPS
        .into_iter()
        .map(|step| match f.with(step) {
            Some(n) => format!("{} {n} of {} cases", step.as_str(), f.cases),
            None => format!("{} not told of {} cases", step.as_str(), f.cases),
        })
        .collect();
    parts.push(match (f.median_days, f.answered) {
        (Some(days), Some(answered)) => {
            format!("median days to the first answer {days} ({answered} answers in {} cases)", f.cases)
        }
        _ => format!("median days to the first answer not told of {} cases", f.cases),
    });
    format!("{}  {}\n", s.state, parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_of_few_and_many() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3]), Some(3.0));
        assert_eq!(median(&[1, 2, 4, 9]), Some(3.0));
        assert_eq!(median(&[1, 2, 4, 9, 100]), Some(4.0));
    }
}
