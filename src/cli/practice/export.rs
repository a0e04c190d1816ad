//! A table of practice for others: states, months, steps and channels. No case, no address, no remark, no day, no channel in words
//! of somebody's own, and nothing of a state with fewer than five cases.

use std::collections::BTreeSet;

use super::figures::Stats;
use crate::error::Error;
use crate::jurisdiction::notices::Ledger;
use crate::model::channel::KINDS;
use crate::model::net::StateCode;

/// The table as CSV, and how many states are left out of it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn table(ledger: &Ledger) -> Result<(Vec<u8>, usize), Error> {
    let stats = Stats::of(ledger);
    let told: BTreeSet<StateCode> = stats.states.iter().filter(|s| s.figures.is_some()).map(|s| s.state()).collect();
    let mut rows: Vec<[String; 5]> = ledger
        .entries
        .iter()
        .filter(|e| told.contains(&e.state))
        .map(|e| {
            let (year, month, _) = e.on.civil();
            let channel = KINDS.iter().find(|kind| **kind == &*e.channel).copied().unwrap_or("other");
            [
                e.state.to_string(),
                e.by.to_string(),
                format!("{year:04}-{month:02}"),
                e.step.as_str().to_owned(),
                channel.to_owned(),
            ]
        })
        .collect();
    // Sorted, so that the order tells nothing of which lines are one case.
    rows.sort();
    let render = |e: csv::Error| Error::Render(e.to_string());
    let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
    table.write_record(["state", "by", "month", "step", "channel"]).map_err(render)?;
    for row in &rows {
        table.write_record(row).map_err(render)?;
    }
    let bytes = table.into_inner().map_err(|e| Error::Render(e.to_string()))?;
    Ok((bytes, stats.states.len() - told.len()))
}
