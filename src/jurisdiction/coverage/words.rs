//! One sentence that says what covers the path and where it tears. Instruments are named with their date and grade.

use std::sync::Arc;

use super::instruments::{home_of_bundle, is_on_evidence};
use super::places::Places;
use crate::model::coverage::{Gap, InstrumentCoverage};
use crate::model::law::Status;

/// `pairs`: of places that do not lie in one state.
pub(super) fn words(
    places: &Places,
    instruments: &[InstrumentCoverage],
    minimal: &[Vec<Arc<str>>],
    gaps: &[Gap],
    pairs: usize,
) -> String {
    let hops = places.hops.len();
    if hops == 0 {
        return "No hop of this path is placed, so there is no state for an instrument to bind.".to_owned();
    }
    let inside = |i: &InstrumentCoverage| hops - i.outside.len();
    // The first of those that reach most hops: the list is in order already.
    let most = |list: &mut dyn Iterator<Item = &InstrumentCoverage>| -> Option<InstrumentCoverage> {
        list.filter(|i| inside(i) > 0)
            .fold(None, |best: Option<&InstrumentCoverage>, i| match best {
                Some(b) if (inside(b), b.worst) >= (inside(i), i.worst) => Some(b),
                _ => Some(i),
            })
            .cloned()
    };
    let Some(best) = most(&mut instruments.iter()) else {
        return format!(
            "No instrument on cooperation in the tables is known to bind the leading state of any of {}.",
            count(hops, "placed hop")
        );
    };
    let mut parts = vec![format!(
        "{} binds the leading state of {} of {} (expected {:.1}, in the worst case within the 90 % sets {})",
        cite(&best),
        inside(&best),
        count(hops, "placed hop"),
        best.expected,
        best.worst
    )];
    if !is_on_evidence(&best.instrument) {
        parts.push(match most(&mut instruments.iter().filter(|i| is_on_evidence(&i.instrument))) {
            Some(narrow) => format!(
                "of the texts written for computer crime or electronic evidence, {} reaches most: {} (expected {:.1}, worst case {})",
                cite(&narrow),
                inside(&narrow),
                narrow.expected,
                narrow.worst
            ),
            None => "no text written for computer crime or electronic evidence is known to bind any of them".to_owned(),
        });
    }
    if let Some(set) = minimal.first().filter(|set| set.len() > 1) {
        let named: Vec<String> = set.iter().filter_map(|id| instruments.iter().find(|i| i.instrument == *id)).map(cite).collect();
        let reached = hops - places_outside(places, instruments, set);
        parts.push(format!("no fewer than {} reach {reached}: {}", count(set.len(), "instrument"), named.join(" and ")));
    }
    let unlisted = gaps.iter().filter(|g| !g.note.is_empty()).count();
    let (pairs, gaps) = (pairs.saturating_sub(unlisted), gaps.len() - unlisted);
    if pairs > 0 {
        parts.push(match gaps {
            0 if pairs == 1 => "the tables have a treaty channel between the two states".to_owned(),
            1 if pairs == 1 => "the tables have no treaty channel between the two states".to_owned(),
            0 => format!("the tables have a treaty channel for each of the {}", count(pairs, "pair of states")),
            n => format!("the tables have no treaty channel for {n} of {}", count(pairs, "pair of states")),
        });
    }
    if unlisted > 0 {
        parts.push(format!(
            "nothing can be said of {}, one side of which the rule book does not list",
            count(unlisted, "pair of states")
        ));
    }
    let mut sentence = parts.join("; ");
    sentence.push('.');
    sentence
}

/// Hops that none of the set reaches.
fn places_outside(places: &Places, instruments: &[InstrumentCoverage], set: &[Arc<str>]) -> usize {
    let members: Vec<&InstrumentCoverage> = instruments.iter().filter(|i| set.contains(&i.instrument)).collect();
    places.hops.iter().filter(|hop| members.iter().all(|i| i.outside.contains(&hop.index))).count()
}

/// With its day, its grade, the oldest as-of date of the rows by which it binds, and its condition if it has one. A bundle is cited with the day of its
/// agreement: it is listed only where there is one on the path.
fn cite(i: &InstrumentCoverage) -> String {
    let agreement = || match i.cells.iter().filter_map(|c| c.since).max() {
        Some(day) => format!("agreement in force since {day}"),
        None => "day of the agreement not in the tables".to_owned(),
    };
    let since = if home_of_bundle(&i.instrument).is_some() { agreement() } else { i.force.to_string() };
    let dates = i.cells.iter().filter(|c| c.status == Status::Party).map(|c| &*c.as_of);
    // A row without a date may be the oldest.
    let as_of = match dates.clone().find(|d| *d == "unknown").or_else(|| dates.min()) {
        Some("unknown") | None => "no as-of date".to_owned(),
        Some(date) => format!("as of {date}"),
    };
    let condition = if i.condition.is_empty() { String::new() } else { format!("; {}", i.condition) };
    format!("{} ({since}, {}, {as_of}{condition})", i.instrument, i.grade)
}

fn count(n: usize, what: &str) -> String {
    match (n, what.split_once(' ')) {
        (1, _) => format!("1 {what}"),
        (_, Some(("pair", rest))) => format!("{n} pairs {rest}"),
        _ => format!("{n} {what}s"),
    }
}
