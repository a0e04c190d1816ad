//! Final clauses: what lies between the deposit of an instrument of consent and the day from which a state is bound.
//!
//! Depositaries publish the day of deposit always and that of entry into force often not. Where a clause is in the file of the
//! instrument, the day follows from it by counting; where both days are in the table, `rutter law check` compares them.

use std::sync::Arc;

use serde::Deserialize;

use super::dates::Dated;
use super::instruments::Instrument;
use super::rows::{Meaning, StatusRow};
use crate::model::law::Grade;
use crate::model::time::Day;

/// What lies between deposit and entry into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// So many days.
    Days(i32),
    /// So many months: the same day of a later month, or the last day of it.
    Months(i32),
    /// First day of the month that follows the end of so many months.
    FirstOfMonthAfter(i32),
}

impl Delay {
    /// The day that is so much later than `deposit`; `None` outside the calendar.
    #[must_use]
    pub fn after(self, deposit: Day) -> Option<Day> {
        match self {
            Self::Days(days) => Some(Day(deposit.0.checked_add(days)?)),
            Self::Months(months) => months_later(deposit, months),
            Self::FirstOfMonthAfter(months) => {
                let (year, month, _) = months_later(deposit, months)?.civil();
                if month == 12 { Day::new(year + 1, 1, 1) } else { Day::new(year, month + 1, 1) }
            }
        }
    }
}

fn months_later(day: Day, months: i32) -> Option<Day> {
    let (year, month, of_month) = day.civil();
    let n = i32::try_from(month).ok()? - 1 + months;
    let (year, month) = (year + n.div_euclid(12), u32::try_from(n.rem_euclid(12)).ok()? + 1);
    (0..4).find_map(|back| Day::new(year, month, of_month.checked_sub(back)?))
}

/// The clause on whoever joins, table `[joining]` of an instrument's file. It holds for the first parties too: they are bound
/// with the instrument itself, which is later.
#[derive(Clone, Debug)]
pub struct Joining {
    /// `art. 38(2)`.
    pub clause: Arc<str>,
    /// What it says.
    pub delay: Delay,
    /// Counts with and without the first day differ by one, and this depositary's own table has both: days more or less.
    pub slack: i32,
    /// Places bound by an act of their own (a Council decision on accession to the EU), with a date of its own.
    pub except: Vec<String>,
    /// Where the clause was read.
    pub source: Arc<str>,
    /// How well it is known.
    pub grade: Grade,
}

impl Joining {
    /// Days from which a deposit on `deposit` binds, not before the instrument itself is in force.
    #[must_use]
    pub fn in_force(&self, instrument: Option<Dated>, deposit: Dated) -> Option<Dated> {
        let first = Day(self.delay.after(deposit.first)?.0.checked_sub(self.slack)?);
        let last = Day(self.delay.after(deposit.last)?.0.checked_add(self.slack)?);
        let begin = instrument.unwrap_or(Dated { first, last });
        Some(Dated { first: first.max(begin.first), last: last.max(begin.last) })
    }

    /// Does the clause speak of this row? A successor is bound since it succeeded, a territory since the day that a
    /// declaration names.
    #[must_use]
    pub fn governs(&self, row: &StatusRow) -> bool {
        row.relation.meaning == Meaning::Bound
            && !matches!(row.relation.word, "succeeded" | "acceded-on-joining")
            && !self.except.iter().any(|place| *place == row.state.as_str())
    }
}

impl Instrument {
    /// From when a row binds by the final clause, where the table has a deposit and no day of entry into force.
    #[must_use]
    pub fn counted(&self, row: &StatusRow) -> Option<(&Joining, Dated)> {
        let joining = self.joining.as_ref().filter(|j| row.in_force.is_none() && j.governs(row))?;
        Some((joining, joining.in_force(self.in_force, row.ratified?)?))
    }
}

/// The clause on the instrument itself, table `[beginning]`: so many days after so many deposits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    /// `art. 38(1)`.
    pub clause: String,
    /// How many deposits.
    pub deposits: usize,
    /// How many days after the last of them.
    pub days: i32,
    /// Where the clause was read.
    pub source: String,
    /// How well it is known.
    pub grade: Grade,
}

/// `[joining]` as it is written: exactly one of `days`, `months`, `first_of_month_after`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JoiningFile {
    clause: String,
    days: Option<i32>,
    months: Option<i32>,
    first_of_month_after: Option<i32>,
    #[serde(default)]
    slack: i32,
    #[serde(default)]
    except: Vec<String>,
    source: String,
    grade: Grade,
}

/// Longest delay of a final clause, in days; the longest known is twelve months.
const LONGEST: i32 = 1000;

impl JoiningFile {
    pub(super) fn read(self) -> Result<Joining, &'static str> {
        let delay = match (self.days, self.months, self.first_of_month_after) {
            (Some(n), None, None) => Delay::Days(n),
            (None, Some(n), None) => Delay::Months(n),
            (None, None, Some(n)) => Delay::FirstOfMonthAfter(n),
            _ => return Err("needs one of days, months, first_of_month_after"),
        };
        let (Delay::Days(n) | Delay::Months(n) | Delay::FirstOfMonthAfter(n)) = delay;
        if !(0..=LONGEST).contains(&n) || !(0..=n).contains(&self.slack) {
            return Err("no delay that a final clause can have");
        }
        if self.clause.is_empty() || self.source.is_empty() {
            return Err("clause and source must not be blank");
        }
        Ok(Joining {
            clause: self.clause.into(),
            delay,
            slack: self.slack,
            except: self.except,
            source: self.source.into(),
            grade: self.grade,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_counted_as_depositaries_do() {
        let first = |d: &str| Delay::FirstOfMonthAfter(3).after(day(d)).unwrap().to_string();
        // Argentina, Australia, Armenia under ETS 185.
        assert_eq!(first("2018-06-05"), "2018-10-01");
        assert_eq!(first("2012-11-30"), "2013-03-01");
        assert_eq!(first("2006-10-12"), "2007-02-01");
        assert_eq!(first("2012-03-01"), "2012-07-01");
        assert_eq!(Delay::Months(6).after(day("2024-08-31")), Some(day("2025-02-28")));
        assert_eq!(Delay::Days(90).after(day("1967-05-23")), Some(day("1967-08-21")));
    }

    #[test]
    fn a_deposit_known_to_the_month_binds_some_day_in_a_month() {
        let text = "clause = \"art. 1\"\ndays = 30\nsource = \"x\"\ngrade = \"confirmed\"";
        let joining = toml::from_str::<JoiningFile>(text).unwrap().read().unwrap();
        let begin = Dated::day(day("2003-09-29"));
        let at = |deposit: &str| joining.in_force(Some(begin), deposit.parse().unwrap()).unwrap().to_string();
        assert_eq!(at("2004-05"), "2004-05-31/2004-06-30");
        assert_eq!(at("2004-05-27"), "2004-06-26");
        assert_eq!(at("2002-12-09"), "2003-09-29", "a first party is bound with the instrument");
    }

    #[test]
    fn a_clause_says_one_thing() {
        let read = |delays: &str| {
            let text = format!("clause = \"art. 1\"\n{delays}\nsource = \"x\"\ngrade = \"partly\"");
            toml::from_str::<JoiningFile>(&text).unwrap().read()
        };
        assert!(read("months = 6").is_ok());
        for wrong in ["", "days = 1\nmonths = 1", "days = -1", "days = 2147483647", "days = 3\nslack = 4"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
