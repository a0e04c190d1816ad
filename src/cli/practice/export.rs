//! A table of practice for others: how many cases, by state, step, channel, asker and time, as finely as at least five cases remain
//! in every cell. No case, no address, no remark, no day, no channel in words of somebody's own.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Case, LEAST, cases};
use crate::error::Error;
use crate::jurisdiction::notices::Ledger;
use crate::model::channel::KINDS;
use crate::model::practice::{Entry, Step};

/// Channels of somebody's own, and kinds of which there are too few to be told.
const OTHER: &str = "other";
/// All channels together.
const ANY: &str = "any";

/// Who asked, and when: the finest of these in whose every cell five cases remain is told, the last always. A cell that is left
/// out of a whole could be told from the whole, so all cells of a step go by one of them.
const FINENESS: [fn(&Entry) -> Cell; 6] = [
    |e| (e.by.to_string(), month(e)),
    |e| (String::new(), month(e)),
    |e| (e.by.to_string(), year(e)),
    |e| (String::new(), year(e)),
    |e| (e.by.to_string(), String::new()),
    |_| (String::new(), String::new()),
];

/// Asker and time; blank for all.
type Cell = (String, String);

fn month(e: &Entry) -> String {
    let (year, month, _) = e.on.civil();
    format!("{year:04}-{month:02}")
}

fn year(e: &Entry) -> String {
    format!("{:04}", e.on.civil().0)
}

/// The table as CSV, and how many states are left out of it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn table(ledger: &Ledger) -> Result<(Vec<u8>, usize), Error> {
    let render = |e: csv::Error| Error::Render(e.to_string());
    let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
    table.write_record(["state", "step", "channel", "by", "when", "cases"]).map_err(render)?;
    let states = cases(ledger);
    let told = states.iter().filter(|(_, cases)| cases.len() >= LEAST);
    let mut left_out = states.len();
    for (state, cases) in told {
        left_out -= 1;
        for step in [Step::Notified, Step::Acknowledged, Step::Acted, Step::Refused, Step::Asked, Step::Given] {
            for (channel, (by, when), count) in rows(cases, step) {
                let row = [&state.to_string(), step.as_str(), channel, &by, &when, &count.to_string()];
                table.write_record(row).map_err(render)?;
            }
        }
    }
    let bytes = table.into_inner().map_err(|e| Error::Render(e.to_string()))?;
    Ok((bytes, left_out))
}

/// An entry of a step, and the number of its case.
type Numbered<'a> = (usize, &'a Entry);

/// Rows of one state and step; none if fewer than five cases have it.
fn rows(cases: &[Case<'_>], step: Step) -> Vec<(&'static str, Cell, usize)> {
    let numbered = cases.iter().enumerate();
    let entries: Vec<Numbered<'_>> =
        numbered.flat_map(|(n, case)| case.iter().filter(move |e| e.step == step).map(move |e| (n, *e))).collect();
    let mut out = Vec::new();
    for (channel, entries) in by_channel(&entries) {
        let Some(cells) = FINENESS.iter().find_map(|cell| counts(&entries, cell)) else { continue };
        out.extend(cells.into_iter().map(|(cell, count)| (channel, cell, count)));
    }
    out
}

/// By kind of channel, those with few cases together; all together where a few would still be left.
fn by_channel<'a>(entries: &[Numbered<'a>]) -> BTreeMap<&'static str, Vec<Numbered<'a>>> {
    let kind = |e: &Entry| KINDS.iter().find(|kind| **kind == &*e.channel).copied().unwrap_or(OTHER);
    let mut kinds: BTreeMap<&'static str, Vec<Numbered<'a>>> = BTreeMap::new();
    for (n, e) in entries {
        kinds.entry(kind(e)).or_default().push((*n, e));
    }
    let (mut kinds, few): (BTreeMap<_, _>, BTreeMap<_, _>) =
        kinds.into_iter().partition(|(kind, entries)| *kind != OTHER && distinct(entries) >= LEAST);
    let few: Vec<Numbered<'a>> = few.into_values().flatten().collect();
    if few.is_empty() {
        return kinds;
    }
    if distinct(&few) < LEAST {
        return BTreeMap::from([(ANY, entries.to_vec())]);
    }
    kinds.insert(OTHER, few);
    kinds
}

fn distinct(entries: &[Numbered<'_>]) -> usize {
    entries.iter().map(|(case, _)| *case).collect::<BTreeSet<usize>>().len()
}

/// Cases of each cell; `None` if one has too few.
fn counts(entries: &[Numbered<'_>], cell: &fn(&Entry) -> Cell) -> Option<BTreeMap<Cell, usize>> {
    let mut cells: BTreeMap<Cell, BTreeSet<usize>> = BTreeMap::new();
    for (case, e) in entries {
        cells.entry(cell(e)).or_default().insert(*case);
    }
    let counts: BTreeMap<Cell, usize> = cells.into_iter().map(|(cell, cases)| (cell, cases.len())).collect();
    counts.values().all(|n| *n >= LEAST).then_some(counts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::net::StateCode;
    use crate::model::time::Day;

    fn entry(case: u8, state: &str, by: &str, step: Step, day: u16, channel: &str) -> Entry {
        Entry {
            schema: "rutter.practice/1".into(),
            case: case.to_string().into(),
            state: StateCode::new(state).unwrap(),
            by: StateCode::new(by).unwrap(),
            step,
            on: Day(20_000 + i32::from(day)),
            channel: channel.into(),
            addresses: Vec::new(),
            note: "".into(),
        }
    }

    fn ledger() -> impl Strategy<Value = Vec<Entry>> {
        let step = prop::sample::select(vec![Step::Notified, Step::Asked, Step::Acknowledged, Step::Acted, Step::Given]);
        let state = prop::sample::select(vec!["SG", "BR"]);
        let by = prop::sample::select(vec!["EE", "FR", "NG"]);
        let channel = prop::sample::select(vec!["CERT-to-CERT", "INTERPOL", "=cmd()"]);
        let one = (0..24_u8, state, by, step, 0..500_u16, channel).prop_map(|(n, s, b, step, d, c)| entry(n, s, b, step, d, c));
        prop::collection::vec(one, 0..160)
    }

    fn text(entries: &[Entry]) -> String {
        let ledger = Ledger { entries: entries.to_vec() };
        String::from_utf8(table(&ledger).unwrap().0).unwrap()
    }

    proptest! {
        /// No cell is below five, a step tells no more cases than there are, and a state with few cases tells nothing at all.
        #[test]
        fn no_cell_is_below_five(mut entries in ledger()) {
            let told = text(&entries);
            let all = Ledger { entries: entries.clone() };
            let most = cases(&all).values().map(Vec::len).max().unwrap_or(0);
            for row in told.lines().skip(1) {
                let count: usize = row.rsplit(',').next().unwrap().parse().unwrap();
                prop_assert!(count >= LEAST && count <= most, "{row}");
                prop_assert!(!row.contains('='), "{row}");
            }
            for n in 0..LEAST as u8 - 1 {
                entries.push(entry(n, "KE", "EE", Step::Notified, 10, "INTERPOL"));
                prop_assert_eq!(&text(&entries), &told);
            }
        }
    }
}
