//! Figures of a ledger, per state: how many cases there are, and what came of them.
//!
//! A case is opened by a notice or a request; answers count from that day on, and those of a matter that nobody opened do not.
//! Where a number is small a reader could tell the case behind it, so nothing below five is printed: no state with fewer cases, and
//! no figure that is smaller.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::jurisdiction::notices::Ledger;
use crate::model::net::StateCode;
use crate::model::practice::{Entry, Step};

/// Nothing below this is told.
pub(super) const LEAST: usize = 5;

/// Version of the contract.
const SCHEMA: &str = "rutter.practice-stats/1";

/// A number of cases; `null` below five.
type Told = Option<usize>;

/// Of one state. Counts are of cases, not of entries.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Figures {
    /// Cases that were opened.
    pub(super) cases: usize,
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

/// `figures` is `null` where there are fewer than five cases: their number is not told either.
#[derive(Debug, Serialize)]
pub(super) struct StateFigures {
    schema: &'static str,
    r#type: &'static str,
    state: StateCode,
    least_cases: usize,
    pub(super) figures: Option<Figures>,
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

/// What counts of a matter: its entries from the first notice or request on.
pub(super) type Case<'a> = Vec<&'a Entry>;

/// The cases of each state.
pub(super) fn cases(ledger: &Ledger) -> BTreeMap<StateCode, Vec<Case<'_>>> {
    let mut states: BTreeMap<StateCode, Vec<Case<'_>>> = BTreeMap::new();
    for ((state, _, _), entries) in matters(ledger) {
        let cases = states.entry(state).or_default();
        let Some(begun) = entries.iter().filter(|e| opens(e.step)).map(|e| e.on).min() else { continue };
        cases.push(entries.into_iter().filter(|e| e.on >= begun).collect());
    }
    states
}

impl Stats {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let states = cases(ledger).into_iter().map(|(state, cases)| StateFigures {
            schema: SCHEMA,
            r#type: "state",
            state,
            least_cases: LEAST,
            figures: (cases.len() >= LEAST).then(|| Figures::of(&cases)),
        });
        Self { schema: SCHEMA, states: states.collect() }
    }
}

impl Figures {
    fn of(cases: &[Vec<&Entry>]) -> Self {
        let told = |n: usize| (n >= LEAST).then_some(n);
        let with = |step: Step| told(cases.iter().filter(|case| case.iter().any(|e| e.step == step)).count());
        let first = |case: &[&Entry], answer: bool| case.iter().filter(|e| opens(e.step) != answer).map(|e| e.on).min();
        let mut days: Vec<i32> =
            cases.iter().filter_map(|case| Some(first(case, true)?.days_since(first(case, false)?))).collect();
        days.sort_unstable();
        Self {
            cases: cases.len(),
            notified: with(Step::Notified),
            acknowledged: with(Step::Acknowledged),
            acted: with(Step::Acted),
            refused: with(Step::Refused),
            asked: with(Step::Asked),
            given: with(Step::Given),
            answered: told(days.len()),
            median_days: told(days.len()).and_then(|_| median(&days)),
        }
    }
}

/// Of sorted numbers.
fn median(days: &[i32]) -> Option<f64> {
    let upper = *days.get(days.len() / 2)?;
    let lower = *days.get((days.len() - 1) / 2)?;
    Some((f64::from(lower) + f64::from(upper)) / 2.0)
}

const NOTE: &str = "Cases of this ledger, no sample of a state's practice: what was not written down is not counted. Figures under five are \
                    not told.\n";

/// For people.
pub(super) fn text(stats: &Stats) -> String {
    stats.states.iter().map(sentence).collect::<Vec<_>>().concat() + NOTE
}

fn sentence(s: &StateFigures) -> String {
    let Some(f) = &s.figures else {
        return format!("{}  fewer than {LEAST} cases\n", s.state);
    };
    let of = |n: Told, word: &str| match n {
        Some(n) => format!("{word} {n} of {} cases", f.cases),
        None => format!("{word} fewer than {LEAST} of {} cases", f.cases),
    };
    let median = match (f.median_days, f.answered) {
        (Some(days), Some(answered)) => {
            format!("median days to the first answer {days} ({answered} answers in {} cases)", f.cases)
        }
        _ => format!("median days to the first answer: fewer than {LEAST} answers in {} cases", f.cases),
    };
    let parts = [
        of(f.notified, "notified"),
        of(f.acknowledged, "acknowledged"),
        of(f.acted, "acted"),
        of(f.refused, "refused"),
        of(f.asked, "asked"),
        of(f.given, "given"),
        median,
    ];
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
