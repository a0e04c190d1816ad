//! A table of practice for others: numbers of cases by state, asker, time, kind of channel and step. No case, no address, no
//! remark, no day, no channel in words of somebody's own, and no number from which one to four cases follow.
//!
//! Asker, time and channel are those of the notice or request that opened the case. The cases of a state are parted once by
//! channel, and those parts by asker and time as far as every part has five cases; a step is then told by these parts, or by
//! coarser ones that are made of them, as far as every part may be told. So the rows of one step of one state share no case,
//! nothing of it is left out, and they add up to the figure of `stats`: nothing follows by subtraction that no row tells.

use std::collections::BTreeMap;

use super::figures::{Case, Figures, LEAST, STEPS, cases, is_safe};
use crate::error::Error;
use crate::jurisdiction::notices::Ledger;
use crate::model::net::StateCode;
use crate::model::practice::Step;

/// The channel of the cases of kinds that have too few of their own.
const REST: &str = "rest";

/// How far the time of a part is told. The finer one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Period {
    None,
    Year,
    Month,
}

/// How the cases of a kind of channel are parted: by asker or not, and by time.
#[derive(Clone, Copy, Debug)]
struct Split {
    by: bool,
    period: Period,
}

/// The finest first. The last one parts nothing.
const SPLITS: [Split; 6] = [
    Split { by: true, period: Period::Month },
    Split { by: true, period: Period::Year },
    Split { by: true, period: Period::None },
    Split { by: false, period: Period::Month },
    Split { by: false, period: Period::Year },
    Split { by: false, period: Period::None },
];
const WHOLE: Split = Split { by: false, period: Period::None };

/// Cases that are told as one: by asker and time, blank where these are not told.
type Parts<'a> = BTreeMap<(String, String), Vec<&'a Case<'a>>>;

impl Split {
    fn part<'a>(self, cases: &[&'a Case<'a>]) -> Parts<'a> {
        let mut parts = Parts::new();
        for case in cases {
            let by = if self.by { case.by.to_string() } else { String::new() };
            let (year, month, _) = case.begun.civil();
            let period = match self.period {
                Period::None => String::new(),
                Period::Year => format!("{year:04}"),
                Period::Month => format!("{year:04}-{month:02}"),
            };
            parts.entry((by, period)).or_default().push(case);
        }
        parts
    }

    /// Are its parts made of whole parts of the other?
    fn is_coarser(self, than: Self) -> bool {
        self.by <= than.by && self.period <= than.period
    }
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) state: StateCode,
    /// Blank, or a kind.
    pub(super) channel: &'static str,
    /// Blank, or a state.
    pub(super) by: String,
    /// Blank, a year or a month.
    pub(super) period: String,
    /// `None`: opened, by whatever step.
    pub(super) step: Option<Step>,
    pub(super) cases: usize,
    /// Of how many.
    pub(super) of: usize,
}

/// Cases by kind of channel, each five or more. Kinds with fewer are put together, with the next smallest if they are still too
/// few; if nothing else remains, the kind is blank.
fn by_channel<'a>(cases: &'a [Case<'a>]) -> BTreeMap<&'static str, Vec<&'a Case<'a>>> {
    let mut kinds: BTreeMap<&'static str, Vec<&Case<'_>>> = BTreeMap::new();
    for case in cases {
        kinds.entry(case.channel).or_default().push(case);
    }
    let mut sizes: Vec<(usize, &'static str)> = kinds.iter().map(|(kind, cases)| (cases.len(), *kind)).collect();
    sizes.sort_unstable();
    let mut rest = Vec::new();
    for (size, kind) in sizes {
        if size < LEAST || (1..LEAST).contains(&rest.len()) {
            rest.extend(kinds.remove(kind).unwrap_or_default());
        }
    }
    if !rest.is_empty() {
        kinds.insert(if kinds.is_empty() { "" } else { REST }, rest);
    }
    kinds
}

/// All rows, sorted.
pub(super) fn rows(ledger: &Ledger) -> Vec<Row> {
    let mut rows = Vec::new();
    for (state, cases) in cases(ledger) {
        let figures = Figures::of(&cases);
        let kinds: Vec<(&'static str, Vec<&Case<'_>>, Split)> = by_channel(&cases)
            .into_iter()
            .map(|(kind, cases)| {
                let fits = |split: &Split| split.part(&cases).values().all(|part| part.len() >= LEAST);
                let split = SPLITS.into_iter().find(fits).unwrap_or(WHOLE);
                (kind, cases, split)
            })
            .collect();
        let mut tell = |channel: &'static str, parts: Parts<'_>, step: Option<Step>| {
            for ((by, period), part) in parts {
                let n = part.iter().filter(|case| step.is_none_or(|step| case.has(step))).count();
                if n > 0 {
                    rows.push(Row { state, channel, by, period, step, cases: n, of: part.len() });
                }
            }
        };
        for (kind, cases, split) in &kinds {
            tell(kind, split.part(cases), None);
        }
        // What stats does not tell is not told in parts either.
        for step in STEPS.into_iter().filter(|step| figures.with(*step).is_some()) {
            let with_notices = figures.with(Step::Notified).is_some();
            let safe = |parts: &Parts<'_>| parts.values().all(|part| is_safe(part, step, with_notices));
            let parted: Option<Vec<_>> = kinds
                .iter()
                .map(|(kind, cases, finest)| {
                    let coarser = SPLITS.into_iter().filter(|split| split.is_coarser(*finest));
                    Some((*kind, coarser.map(|split| split.part(cases)).find(safe)?))
                })
                .collect();
            let whole = || vec![("", WHOLE.part(&cases.iter().collect::<Vec<_>>()))];
            for (kind, parts) in parted.unwrap_or_else(whole) {
                tell(kind, parts, Some(step));
            }
        }
    }
    rows.sort();
    rows
}

/// The table as CSV.
///
/// # Errors
/// When it cannot be written.
pub(super) fn table(ledger: &Ledger) -> Result<Vec<u8>, Error> {
    let render = |e: csv::Error| Error::Render(e.to_string());
    let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
    table.write_record(["state", "by", "period", "channel", "step", "cases", "of"]).map_err(render)?;
    for row in rows(ledger) {
        let (state, cases, of) = (row.state.to_string(), row.cases.to_string(), row.of.to_string());
        let step = row.step.map_or("opened", Step::as_str);
        table.write_record([&*state, &row.by, &row.period, row.channel, step, &cases, &of]).map_err(render)?;
    }
    table.into_inner().map_err(|e| Error::Render(e.to_string()))
}
