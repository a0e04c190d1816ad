//! Entry into force by the final clauses: from the day of deposit follows the day from which a state is bound. Where both
//! were read and do not fit, one of them was read wrongly.

use super::Complaint;
use crate::jurisdiction::Law;
use crate::jurisdiction::dates::{AsOf, Dated};
use crate::jurisdiction::final_clauses::{Beginning, Joining};
use crate::jurisdiction::instruments::{Force, Instrument};
use crate::jurisdiction::rows::{Meaning, StatusRow};
use crate::model::law::Grade;
use crate::model::time::Day;

/// States that succeeded to treaties in 1991 to 2006, often with the dates of the state before them: what looks like a
/// contradiction in a treaty of before is perhaps a succession, so it is a warning.
const SUCCESSORS: &[&str] = &["BA", "CZ", "HR", "ME", "MK", "RS", "SI", "SK"];

/// Since then nobody succeeds to the first parties' dates any more.
const LAST_SUCCESSION: &str = "2006-06-03";

pub(super) fn entry_into_force(law: &Law) -> Vec<Complaint> {
    let mut out = Vec::new();
    for i in law.book.instruments() {
        if let Some(joining) = &i.joining {
            out.extend(i.rows.values().filter_map(|row| contradiction(i, joining, row)));
        }
        out.extend(i.beginning.as_ref().and_then(|beginning| as_a_whole(i, beginning)));
    }
    out
}

fn contradiction(i: &Instrument, joining: &Joining, row: &StatusRow) -> Option<Complaint> {
    if !joining.governs(row) {
        return None;
    }
    let (deposit, in_force) = (row.ratified.and_then(Dated::exact)?, row.in_force.and_then(Dated::exact)?);
    let expected = joining.in_force(i.in_force, Dated::day(deposit))?;
    if (expected.first..=expected.last).contains(&in_force) {
        return None;
    }
    let what = format!(
        "in force from {in_force}, but deposit on {deposit} and {} of {} make it {expected} ({})",
        joining.clause, i.id, row.grade
    );
    let is_old = LAST_SUCCESSION.parse().is_ok_and(|last: Day| i.adopted.is_none_or(|d| d.first < last));
    let succession = row.note.contains("success") || (is_old && SUCCESSORS.contains(&row.state.as_str()));
    let is_error = row.grade != Grade::Unconfirmed && !succession;
    Some(Complaint { is_error, ..Complaint::error(format!("instruments/{}.csv", i.id), row.state.as_str(), what) })
}

fn as_a_whole(i: &Instrument, beginning: &Beginning) -> Option<Complaint> {
    let mut read: Vec<Day> = i
        .rows
        .values()
        .filter(|r| matches!(r.relation.meaning, Meaning::Bound | Meaning::Deposited) && r.grade == Grade::Confirmed)
        .filter_map(|r| r.ratified.and_then(Dated::exact))
        .collect();
    read.sort_unstable();
    let expected = Day(read.get(beginning.deposits.checked_sub(1)?)?.0.saturating_add(beginning.days));
    let file = format!("instruments/{}.toml", i.id);
    let since =
        format!("{} deposits were read, so that {} makes it in force from {expected}", beginning.deposits, beginning.clause);
    match (i.force, i.in_force) {
        // Deposits that were not read may have made it earlier.
        (Force::InForce, Some(d)) if d.first <= expected => None,
        (Force::InForce, Some(d)) => Some(Complaint::error(file, "in_force", format!("{since}, not {d}"))),
        (Force::NotInForce, _) => {
            let AsOf::On(as_of) = i.as_of else { return None };
            (as_of.last >= expected).then(|| Complaint::error(file, "force", format!("{since}; the file says that it is not")))
        }
        _ => None,
    }
}
