//! Numbers that somebody publishes against numbers of rows, and the age of rows.

use std::collections::BTreeMap;

use super::Complaint;
use crate::jurisdiction::Law;
use crate::jurisdiction::dates::AsOf;
use crate::jurisdiction::tables::{RollCall, Vote};
use crate::model::time::Day;

/// What the ITU publishes of 2012-12-14: signed, and not.
const WCIT: (usize, usize) = (89, 55);

/// Published numbers that are not the listed ones. The file says so itself, so it is no error.
pub(super) fn published(law: &Law) -> Vec<Complaint> {
    let mut out = Vec::new();
    for i in law.book.instruments() {
        for count in i.counts.iter().filter(|c| c.published != c.listed) {
            let what = format!("{} published ({}), {} listed", count.published, count.words, count.listed);
            out.push(Complaint::warning(format!("instruments/{}.toml", i.id), format!("count {}", count.what), what));
        }
    }
    let signed = law.tables.wcit12.iter().filter(|s| &*s.value == "signed").count();
    let not = law.tables.wcit12.iter().filter(|s| &*s.value == "not_signed").count();
    if (signed, not) != WCIT {
        let what = format!("{signed} signed and {not} not; the ITU publishes {} and {}", WCIT.0, WCIT.1);
        out.push(Complaint::warning("wcit12.csv", "", what));
    }
    out
}

/// Totals of the votes.
pub(super) fn roll_calls(law: &Law) -> Vec<Complaint> {
    law.tables.roll_calls.iter().filter_map(roll_call).collect()
}

fn roll_call(call: &RollCall) -> Option<Complaint> {
    const FILE: &str = "rollcall_items.csv";
    // `112-52-8 (data set)`; `without a vote` has no numbers, and nobody voted.
    let first = call.count.split_whitespace().next().unwrap_or_default();
    if call.votes.is_empty() && !first.contains('-') {
        return None;
    }
    let numbers: Vec<Option<usize>> = first.split('-').map(|n| n.parse().ok()).collect();
    let [Some(yes), Some(no), Some(abstain)] = numbers[..] else {
        let what = format!("{:?} are no three numbers: yes, no, abstain", call.count);
        return Some(Complaint::warning(FILE, &*call.symbol, what));
    };
    if call.votes.is_empty() {
        return Some(Complaint::warning(FILE, &*call.symbol, format!("{} published, no vote is listed", call.count)));
    }
    let mut listed: BTreeMap<Vote, usize> = BTreeMap::new();
    for (vote, _) in call.votes.values() {
        *listed.entry(*vote).or_default() += 1;
    }
    let n = |vote| listed.get(&vote).copied().unwrap_or_default();
    let found = (n(Vote::Yes), n(Vote::No), n(Vote::Abstain));
    if found == (yes, no, abstain) {
        return None;
    }
    let unknown = n(Vote::Unknown);
    let missing = |published: usize, listed: usize| published.saturating_sub(listed);
    let explained = found.0 <= yes
        && found.1 <= no
        && found.2 <= abstain
        && missing(yes, found.0) + missing(no, found.1) + missing(abstain, found.2) <= unknown;
    let what = format!("{} published, {}-{}-{} listed and {unknown} unknown", call.count, found.0, found.1, found.2);
    Some(Complaint { is_error: !explained, ..Complaint::error(FILE, &*call.symbol, what) })
}

/// One line per file: how many of its rows are old.
pub(super) fn age(law: &Law, on: Day) -> Vec<Complaint> {
    let mut out = Vec::new();
    for i in law.book.instruments() {
        let (mut old, mut undated) = (0_usize, 0_usize);
        for row in i.rows.values() {
            match row.as_of {
                AsOf::Unknown => undated += 1,
                as_of if as_of.is_stale(on) => old += 1,
                AsOf::On(_) => {}
            }
        }
        if old + undated > 0 {
            let what = format!(
                "of {} rows {old} were last checked more than 180 days before {}, and {undated} have no as-of date",
                i.rows.len(),
                on.max(Law::revised())
            );
            out.push(Complaint::warning(format!("instruments/{}.csv", i.id), "", what));
        }
    }
    out
}
