//! Entry into force by the final clauses: from the day of deposit follows the day from which a state is bound. Where both
//! were read and do not fit, one of them was read wrongly.

use super::Complaint;
use crate::jurisdiction::Law;
use crate::jurisdiction::dates::Dated;
use crate::jurisdiction::instruments::{Force, Instrument};
use crate::jurisdiction::rows::{Meaning, StatusRow};
use crate::model::law::Grade;
use crate::model::time::Day;

/// What lies between deposit and entry into force.
#[derive(Clone, Copy)]
enum Delay {
    /// First day of the month that follows the end of so many months.
    FirstOfMonthAfter(i32),
    /// So many months.
    Months(i32),
    /// So many days. Counts with and without the first day differ by one, so depositaries do: a day more or less passes.
    Days(i32, i32),
}

struct Rule {
    id: &'static str,
    /// The clause.
    clause: &'static str,
    delay: Delay,
    /// States bound by an act of their own (a Council decision on accession to the EU), with a date of its own.
    except: &'static [&'static str],
    /// Older than states that succeeded to it, often with the dates of the state before them.
    has_successors: bool,
}

/// States that succeeded to treaties in 1991 to 2006. What looks like a contradiction there may be a succession, so it is a
/// warning.
const SUCCESSORS: &[&str] = &["BA", "CZ", "HR", "ME", "MK", "RS", "SI", "SK"];

const fn rule(id: &'static str, clause: &'static str, delay: Delay) -> Rule {
    Rule { id, clause, delay, except: &[], has_successors: false }
}

const fn older(id: &'static str, clause: &'static str, delay: Delay) -> Rule {
    Rule { has_successors: true, ..rule(id, clause, delay) }
}

/// Final clauses on whoever joins after the entry into force; an instrument whose clause is not certain is not here.
const RULES: &[Rule] = &[
    rule("ETS185", "arts 36(4), 37(2)", Delay::FirstOfMonthAfter(3)),
    rule("ETS189", "arts 10(2), 11(2)", Delay::FirstOfMonthAfter(3)),
    rule("CETS224", "art. 16(4)", Delay::FirstOfMonthAfter(3)),
    older("ETS108", "arts 22(3), 23(2)", Delay::FirstOfMonthAfter(3)),
    older("ETS30", "arts 27(3), 28(2)", Delay::Days(90, 1)),
    older("UNTOC", "art. 38(2)", Delay::Days(30, 0)),
    rule("UNCC", "art. 65(2)", Delay::Days(30, 0)),
    older("AP1", "art. 95(2)", Delay::Months(6)),
    older("ICCPR", "art. 49(2)", Delay::Months(3)),
    rule("OASA55", "final clauses", Delay::Days(30, 0)),
    Rule { except: &["BG", "RO", "HR"], ..rule("EUMLA2000", "art. 27(3)-(4)", Delay::Days(90, 0)) },
];

/// Instruments that enter into force so many days after so many deposits.
const FIRST: &[(&str, &str, usize, i32)] =
    &[("MALABO", "art. 36", 15, 30), ("UNTOC", "art. 38(1)", 40, 90), ("UNCC", "art. 65(1)", 40, 90)];

pub(super) fn entry_into_force(law: &Law) -> Vec<Complaint> {
    let mut out = Vec::new();
    for rule in RULES {
        let Some(instrument) = law.book.instrument(rule.id) else { continue };
        out.extend(instrument.rows.values().filter_map(|row| contradiction(rule, instrument, row)));
    }
    for &(id, clause, deposits, days) in FIRST {
        if let Some(instrument) = law.book.instrument(id) {
            out.extend(as_a_whole(instrument, clause, deposits, days));
        }
    }
    out
}

fn contradiction(rule: &Rule, instrument: &Instrument, row: &StatusRow) -> Option<Complaint> {
    // A successor is bound since it succeeded; a territory since the day that a declaration names.
    let own = row.relation.meaning == Meaning::Bound && !matches!(row.relation.word, "succeeded" | "acceded-on-joining");
    let (deposit, in_force) = (row.ratified.and_then(Dated::exact)?, row.in_force.and_then(Dated::exact)?);
    if !own || rule.except.contains(&row.state.as_str()) {
        return None;
    }
    let by_clause = after(deposit, rule.delay)?;
    let expected = instrument.in_force.map_or(by_clause, |d| by_clause.max(d.last));
    let slack = if let Delay::Days(_, slack) = rule.delay { slack } else { 0 };
    if (in_force.0 - expected.0).abs() <= slack {
        return None;
    }
    let what = format!(
        "in force from {in_force}, but deposit on {deposit} and {} of {} make it {expected} ({})",
        rule.clause, rule.id, row.grade
    );
    let succession = row.note.contains("success") || (rule.has_successors && SUCCESSORS.contains(&row.state.as_str()));
    let is_error = row.grade != Grade::Unconfirmed && !succession;
    let file = format!("instruments/{}.csv", rule.id);
    Some(Complaint { is_error, ..Complaint::error(file, row.state.as_str(), what) })
}

fn as_a_whole(i: &Instrument, clause: &str, deposits: usize, days: i32) -> Option<Complaint> {
    let mut read: Vec<Day> = i
        .rows
        .values()
        .filter(|r| matches!(r.relation.meaning, Meaning::Bound | Meaning::Deposited) && r.grade == Grade::Confirmed)
        .filter_map(|r| r.ratified.and_then(Dated::exact))
        .collect();
    read.sort_unstable();
    let expected = Day(read.get(deposits.checked_sub(1)?)?.0.saturating_add(days));
    let file = format!("instruments/{}.toml", i.id);
    let since = format!("{deposits} deposits were read, so that {clause} makes it in force from {expected}");
    match (i.force, i.in_force) {
        // Deposits that were not read may have made it earlier.
        (Force::InForce, Some(d)) if d.first <= expected => None,
        (Force::InForce, Some(d)) => Some(Complaint::error(file, "in_force", format!("{since}, not {d}"))),
        (Force::NotInForce, _) => {
            let as_of = match i.as_of {
                crate::jurisdiction::dates::AsOf::On(d) => d.last,
                crate::jurisdiction::dates::AsOf::Unknown => return None,
            };
            (as_of >= expected).then(|| Complaint::error(file, "force", format!("{since}; the file says that it is not")))
        }
        _ => None,
    }
}

fn after(deposit: Day, delay: Delay) -> Option<Day> {
    match delay {
        Delay::Days(days, _) => Some(Day(deposit.0.checked_add(days)?)),
        Delay::Months(months) => months_later(deposit, months),
        Delay::FirstOfMonthAfter(months) => {
            let (year, month, _) = months_later(deposit, months)?.civil();
            if month == 12 { Day::new(year + 1, 1, 1) } else { Day::new(year, month + 1, 1) }
        }
    }
}

/// The same day of a later month, or the last day of it.
fn months_later(day: Day, months: i32) -> Option<Day> {
    let (year, month, of_month) = day.civil();
    let n = i32::try_from(month).ok()? - 1 + months;
    let (year, month) = (year + n.div_euclid(12), u32::try_from(n.rem_euclid(12)).ok()? + 1);
    (0..4).find_map(|back| Day::new(year, month, of_month.checked_sub(back)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_counted_as_depositaries_do() {
        let first = |d: &str| after(day(d), Delay::FirstOfMonthAfter(3)).unwrap().to_string();
        // Argentina, Australia, Armenia under ETS 185.
        assert_eq!(first("2018-06-05"), "2018-10-01");
        assert_eq!(first("2012-11-30"), "2013-03-01");
        assert_eq!(first("2006-10-12"), "2007-02-01");
        assert_eq!(first("2012-03-01"), "2012-07-01");
        assert_eq!(after(day("2024-08-31"), Delay::Months(6)), Some(day("2025-02-28")));
        assert_eq!(after(day("1967-05-23"), Delay::Days(90, 1)), Some(day("1967-08-21")));
    }

    #[test]
    fn every_rule_names_an_instrument() {
        let law = Law::shipped().unwrap();
        for id in RULES.iter().map(|r| r.id).chain(FIRST.iter().map(|f| f.0)) {
            assert!(law.book.instrument(id).is_some(), "{id}");
        }
    }
}
