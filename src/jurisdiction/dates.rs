//! Dates as tables of law have them: a day, a month, a year, or a range of these. A treaty that somebody joined "in
//! 2023" binds it on the last day of that year and did not on the last day of the year before; in between nobody
//! knows, and the answer says so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Law;
use crate::model::time::Day;

/// A date with its uncertainty: `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, or `FIRST/LAST` of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The first day that it can mean.
    pub first: Day,
    /// The last day that it can mean.
    pub last: Day,
}

/// Where a day lies relative to a [`Dated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Certainly before it.
    Before,
    /// Inside its uncertainty.
    Unsure,
    /// On or after it, whichever day it means.
    Since,
}

impl Dated {
    /// A known day.
    #[must_use]
    pub fn day(day: Day) -> Self {
        Self { first: day, last: day }
    }

    /// The day, if it is known to the day.
    #[must_use]
    pub fn exact(self) -> Option<Day> {
        (self.first == self.last).then_some(self.first)
    }

    /// Where `on` lies relative to this date.
    #[must_use]
    pub fn when(self, on: Day) -> When {
        if on < self.first {
            When::Before
        } else if on < self.last {
            When::Unsure
        } else {
            When::Since
        }
    }
}

/// Has this certainly come by `on`? What has no date, and what may lie later, has not: nothing that rests on it counts yet.
#[must_use]
pub fn has_come(date: Option<Dated>, on: Day) -> bool {
    date.is_some_and(|d| d.when(on) == When::Since)
}

/// Prints the shortest form: a day, a month, a year, or the range.
impl fmt::Display for Dated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((y1, m1, d1), (y2, m2, d2)) = (self.first.civil(), self.last.civil());
        let next_is_first = Day(self.last.0.saturating_add(1)).civil().2 == 1;
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else if (y1, m1, d1) == (y2, 1, 1) && (m2, d2) == (12, 31) {
            write!(f, "{y1:04}")
        } else if (y1, m1) == (y2, m2) && d1 == 1 && next_is_first {
            write!(f, "{y1:04}-{m1:02}")
        } else if (m1, d1, m2, d2) == (1, 1, 12, 31) {
            write!(f, "{y1:04}/{y2:04}")
        } else {
            write!(f, "{}/{}", self.first, self.last)
        }
    }
}

/// Why a text is no [`Dated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADate;

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected YYYY-MM-DD, YYYY-MM, YYYY or a range FIRST/LAST of these")
    }
}

impl FromStr for Dated {
    type Err = NotADate;

    fn from_str(s: &str) -> Result<Self, NotADate> {
        if let Some((first, last)) = s.split_once('/') {
            let (first, last) = (part(first)?, part(last)?);
            return if first.first <= last.last { Ok(Self { first: first.first, last: last.last }) } else { Err(NotADate) };
        }
        part(s)
    }
}

/// One day, month or year.
fn part(s: &str) -> Result<Dated, NotADate> {
    let day = |text: &str| text.parse::<Day>().map_err(|_| NotADate);
    match s.len() {
        10 => day(s).map(Dated::day),
        7 => {
            let first = day(&format!("{s}-01"))?;
            let (y, m, _) = first.civil();
            let next = if m == 12 { Day::new(y + 1, 1, 1) } else { Day::new(y, m + 1, 1) };
            Ok(Dated { first, last: Day(next.ok_or(NotADate)?.0 - 1) })
        }
        4 => Ok(Dated { first: day(&format!("{s}-01-01"))?, last: day(&format!("{s}-12-31"))? }),
        _ => Err(NotADate),
    }
}

impl Serialize for Dated {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dated {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// When a row was last checked. Blank is refused; `unknown` must be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Checked then.
    On(Dated),
    /// Nobody wrote it down. Treated as old.
    Unknown,
}

impl AsOf {
    /// Did more than 180 days pass from the last day that it can mean until `on`? Unlike staleness this asks only what may have
    /// happened until the day asked about.
    #[must_use]
    pub fn is_old(self, on: Day) -> bool {
        match self {
            Self::On(d) => on.days_since(d.last) > STALE_DAYS,
            Self::Unknown => true,
        }
    }

    /// Did more than a year pass? A list of signatories grows by a few a year, so that after one a "not yet" is none any more.
    #[must_use]
    pub fn is_outgrown(self, on: Day) -> bool {
        match self {
            Self::On(d) => on.days_since(d.last) > 366,
            Self::Unknown => true,
        }
    }

    /// More than 180 days before `on` or before the last revision of the rule book, whichever is later, counted from the
    /// earliest day that it can mean; an unknown date is old. A row about an old day can still be corrected today, and no
    /// clock is read: the day of the revision stands for that of the run.
    #[must_use]
    pub fn is_stale(self, on: Day) -> bool {
        match self {
            Self::On(d) => on.max(Law::revised()).days_since(d.first) > STALE_DAYS,
            Self::Unknown => true,
        }
    }
}

/// Age in days from which a row carries a warning.
pub const STALE_DAYS: i32 = 180;

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(d) => d.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for AsOf {
    type Err = NotADate;

    fn from_str(s: &str) -> Result<Self, NotADate> {
        if s == "unknown" { Ok(Self::Unknown) } else { s.parse().map(Self::On) }
    }
}

impl<'de> Deserialize<'de> for AsOf {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn dates_print_as_they_are_written() {
        for text in ["2024-02-29", "2024-02", "2023-12", "1986", "2023/2025", "2024-04-19/2024-06-20"] {
            assert_eq!(text.parse::<Dated>().unwrap().to_string(), text);
        }
        for text in ["", "2024-13", "2023-02-29", "24", "2025/2023", "2024-1", "abcd", "2024-04-19/", "–024"] {
            assert_eq!(text.parse::<Dated>(), Err(NotADate), "{text:?}");
        }
    }

    #[test]
    fn a_year_is_unsure_inside_and_sure_at_its_end() {
        let d: Dated = "2023".parse().unwrap();
        assert_eq!(d.when("2022-12-31".parse().unwrap()), When::Before);
        assert_eq!(d.when("2023-01-01".parse().unwrap()), When::Unsure);
        assert_eq!(d.when("2023-12-30".parse().unwrap()), When::Unsure);
        assert_eq!(d.when("2023-12-31".parse().unwrap()), When::Since);
        let day = Dated::day("2009-07-01".parse().unwrap());
        assert_eq!(day.when("2009-06-30".parse().unwrap()), When::Before);
        assert_eq!(day.when("2009-07-01".parse().unwrap()), When::Since);
    }

    #[test]
    fn rows_go_stale_after_180_days() {
        let revised = Law::revised();
        let d = AsOf::On(Dated::day(revised));
        assert!(!d.is_stale(Day(revised.0 + STALE_DAYS)) && d.is_stale(Day(revised.0 + STALE_DAYS + 1)));
        assert!(AsOf::Unknown.is_stale("1990-01-01".parse().unwrap()));
    }

    /// A question about an old day does not make an old row new.
    #[test]
    fn rows_are_also_old_on_the_day_of_the_revision() {
        let row = |days: i32| AsOf::On(Dated::day(Day(Law::revised().0 - days)));
        for on in ["1990-01-01", "2022-01-01"] {
            assert!(row(STALE_DAYS + 1).is_stale(on.parse().unwrap()), "{on}");
            assert!(!row(STALE_DAYS).is_stale(on.parse().unwrap()), "{on}");
        }
    }

    #[test]
    fn what_has_no_date_or_may_be_later_has_not_come() {
        let come = |date: &str, on: &str| has_come(date.parse().ok(), on.parse().unwrap());
        assert!(!come("2021-03", "2021-03-01") && !come("2021-03", "2021-03-30") && come("2021-03", "2021-03-31"));
        assert!(come("2021-03-05", "2021-03-05") && !come("2021-03-05", "2021-03-04") && !come("", "2030-01-01"));
    }
}
