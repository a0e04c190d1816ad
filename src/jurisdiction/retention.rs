//! How long traffic data last where they are kept: the clock that stands against a hop.
//!
//! The table of national law gives a period in months and the rule in words. Where the words name a shorter period for
//! data of the same kind (90 days, or 12 months for access to the internet beside 24 for telephony) the data may be gone
//! after that, and the clock runs to it. Where no duty is known nothing is assumed in its place: how long an operator
//! keeps data of its own accord is not in the tables, and the data may be gone any day.
//!
//! A rule is one of its time. The table has the rule of today, not that of the day on which something was seen, so a last
//! day is given only where today's rule is known to reach back that far: it names the year of its law, and that year was
//! over; or it names none, and what was seen would by its period still have been kept on the day on which the table was
//! read, so that this rule, whenever it was made, is the one that held for it then. Otherwise the rule of that time is not
//! in the tables, and no last day is given.

use super::Law;
use super::channels::{part_of, read_source};
use super::dates::{AsOf, Dated, has_come};
use crate::model::channel::Retention;
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// The day on which the Court of Justice held the directive on data retention invalid (C-293/12): from then on national
/// rules were struck down one by one.
const DIRECTIVE_INVALID: (i32, u32, u32) = (2014, 4, 8);

/// The table of national law.
const FILE: &str = "domestic.csv";

const ANY_DAY: &str = "no duty to keep traffic data is known: they may be gone any day";

impl Law {
    /// How long traffic data of something seen on a day lasts in a state. A territory that every treaty of its state
    /// reaches has that state's rule; any other has its own or none that is known.
    #[must_use]
    pub fn retention(&self, state: StateCode, seen: Day) -> Retention {
        self.kept(state, Some(seen), seen)
    }

    /// The same for something of which nobody knows when it was seen, by the rule of `on`: there is no last day then.
    #[must_use]
    pub fn retention_undated(&self, state: StateCode, on: Day) -> Retention {
        self.kept(state, None, on)
    }

    fn kept(&self, state: StateCode, seen: Option<Day>, on: Day) -> Retention {
        let state = self.book.canonical(state);
        let rows = &self.tables.domestic;
        let parent = part_of(&self.book, state);
        let Some(row) = rows.get(&state).or_else(|| parent.and_then(|p| rows.get(&p))) else {
            return Retention {
                state,
                months: None,
                rule: format!("the table of national law has no row for {state}; {ANY_DAY}").into(),
                lost_from: None,
                grade: Grade::Unconfirmed,
                source: "no row in the table of national law".into(),
            };
        };
        let mut words = Vec::new();
        if row.state != state {
            words.push(format!("as part of {}", row.state));
        }
        let clock = row.retention_months.and_then(|months| Clock::new(on, months, &row.retention_rule));
        let not_of_that_time = not_of_that_time(&row.retention_rule, on, clock.as_ref());
        if let Some(why) = &not_of_that_time {
            words.push(format!(
                "the rule of {on} is not in the tables, so that no last day can be given; the one that they have {why}"
            ));
        }
        if !row.retention_rule.is_empty() {
            words.push(row.retention_rule.to_string());
        }
        let mut months = row.retention_months.filter(|_| not_of_that_time.is_none());
        let mut lost_from = None;
        match (months, clock) {
            (Some(counted), Some(clock)) => {
                lost_from = seen.map(|_| clock.lost_from);
                if seen.is_none() {
                    words.push("the day of the traffic is unknown, so that no last day can be given".to_owned());
                }
                if let Some(period) = clock.shorter {
                    let until = if seen.is_some() { format!(" (until {})", clock.full) } else { String::new() };
                    words.push(format!(
                        "the words name a period of {period} beside that of {counted} months{until}; the shorter one is counted"
                    ));
                    if matches!(period.unit, Unit::Months) {
                        months = u16::try_from(period.count).ok();
                    }
                }
                words.extend(self.limits_of_the_union(state, on));
            }
            (None, _) if not_of_that_time.is_some() => words.push("the data may be gone any day".to_owned()),
            _ => words.push(ANY_DAY.to_owned()),
        }
        if !row.cited.note.is_empty() && row.cited.note.contains("period") {
            words.push(row.cited.note.to_string());
        }
        Retention {
            state,
            months,
            rule: words.join("; ").into(),
            lost_from,
            grade: row.cited.grade,
            source: read_source(&row.cited.source).into(),
        }
    }

    /// What the Court of the Union says of such rules, if the state is a member or is listed as one without a day.
    fn limits_of_the_union(&self, state: StateCode, on: Day) -> Option<String> {
        if on.civil() < DIRECTIVE_INVALID {
            return None;
        }
        let state = part_of(&self.book, state).unwrap_or(state);
        let row = self.tables.groups.iter().find(|m| &*m.group == "EU" && m.state == state)?;
        let member = match row.is_member(on) {
            Some(true) => "Member State of the EU".to_owned(),
            None if &*row.status == "member" => {
                format!("on the list of Member States of the EU of {}, since when is not in it", row.listed())
            }
            _ => return None,
        };
        Some(format!(
            "{member}: its Court allows general retention of traffic data only within limits (C-293/12, C-793/19), so that a rule on \
             paper may not be applied"
        ))
    }
}

/// What was seen on a day, and until when it is kept by a rule.
struct Clock {
    lost_from: Day,
    /// By the period in months.
    full: Day,
    /// The period that was counted, if the words name one that is shorter.
    shorter: Option<Period>,
}

impl Clock {
    fn new(seen: Day, months: u16, rule: &str) -> Option<Self> {
        let full = after(seen, Period { count: months.into(), unit: Unit::Months })?;
        let named = periods(rule).into_iter().filter_map(|p| after(seen, p).map(|day| (day, p)));
        let shorter = named.min_by_key(|(day, _)| *day).filter(|(day, _)| *day < full);
        Some(Self { lost_from: shorter.map_or(full, |(day, _)| day), full, shorter: shorter.map(|(_, p)| p) })
    }
}

/// Why the rule is not known to be that of `on`; `None` if it is.
fn not_of_that_time(rule: &str, on: Day, clock: Option<&Clock>) -> Option<String> {
    if let Some(year) = year_of_the_law(rule) {
        return (!has_come(year.to_string().parse().ok(), on)).then(|| format!("names {year}"));
    }
    // Without a duty there is no clock to stop.
    let clock = clock?;
    let read = match Law::table_as_of(FILE) {
        AsOf::On(Dated { first, .. }) => first,
        AsOf::Unknown => Law::revised(),
    };
    (on < read && clock.lost_from <= read).then(|| format!("is that of {read} and does not say since when it holds"))
}

/// The latest year that the words name for a law or a decision; what is only a bill or pending is none.
fn year_of_the_law(rule: &str) -> Option<u16> {
    let clauses = rule.split(';').filter(|c| !["bill", "pending"].iter().any(|word| c.to_ascii_lowercase().contains(word)));
    let numbers = clauses.flat_map(|c| c.split(|c: char| !c.is_ascii_alphanumeric())).filter(|t| t.len() == 4);
    numbers.filter_map(|t| t.parse().ok()).filter(|year| (1900..2100).contains(year)).max()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Days,
    Months,
}

/// `90 days`, `6 months`; years are months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    count: u32,
    unit: Unit,
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.unit {
            Unit::Days => write!(f, "{} days", self.count),
            Unit::Months => write!(f, "{} months", self.count),
        }
    }
}

/// `seen` and a period: calendar months, and the last day of a month that is too short.
fn after(seen: Day, period: Period) -> Option<Day> {
    if period.unit == Unit::Days {
        return seen.0.checked_add(i32::try_from(period.count).ok()?).map(Day);
    }
    let (year, month, day) = seen.civil();
    let months = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(period.count);
    let (year, month) = (i32::try_from(months.div_euclid(12)).ok()?, months.rem_euclid(12) as u32 + 1);
    (1..=day).rev().find_map(|d| Day::new(year, month, d))
}

/// The periods that the words name for traffic data of the internet. A clause on something else (content, telephony,
/// subscribers, preservation on request) says nothing of them, and periods that are added up are one.
fn periods(words: &str) -> Vec<Period> {
    const OTHER: [&str; 9] =
        ["content", "telephony", "subscriber", "identity", "location", "mobile", "preserv", "on order", "by decree"];
    if words.contains('+') {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut unit = None;
    for clause in words.to_ascii_lowercase().split([',', ';']) {
        let tokens: Vec<&str> =
            clause.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|t| !t.is_empty()).collect();
        let is_other = OTHER.iter().any(|o| clause.contains(o));
        for (i, token) in tokens.iter().enumerate() {
            // Of `1-2 years` the first; after a first period also a bare `9`, in the unit before it.
            let Ok(count) = token.split('-').next().unwrap_or_default().parse::<u32>() else { continue };
            let own = tokens.get(i + 1).and_then(|t| unit_of(t));
            let is_cited = i > 0 && tokens.get(i - 1).is_some_and(|t| ["s", "art", "no"].contains(t));
            let bare = count < 100 && !is_cited && !token.contains('-');
            let Some((factor, u)) = own.or(unit.filter(|_| bare)) else { continue };
            unit = Some((factor, u));
            if !is_other && count > 0 {
                found.push(Period { count: count.saturating_mul(factor), unit: u });
            }
        }
    }
    found
}

fn unit_of(token: &str) -> Option<(u32, Unit)> {
    Some(match token {
        "day" | "days" => (1, Unit::Days),
        "month" | "months" => (1, Unit::Months),
        "year" | "years" => (12, Unit::Months),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(state: &str, seen: &str) -> (Option<u16>, Option<String>, String) {
        let r = Law::shipped().unwrap().retention(state.parse().unwrap(), seen.parse().unwrap());
        (r.months, r.lost_from.map(|d| d.to_string()), r.rule.to_string())
    }

    #[test]
    fn months_are_calendar_months() {
        let months = |count| Period { count, unit: Unit::Months };
        for (seen, period, lost) in [
            ("2026-11-22", months(12), "2027-11-22"),
            ("2026-08-31", months(6), "2027-02-28"),
            ("2023-08-31", months(6), "2024-02-29"),
            ("2024-02-29", months(12), "2025-02-28"),
            ("2026-01-31", months(1), "2026-02-28"),
            ("2026-12-01", months(1), "2027-01-01"),
            ("2026-11-22", Period { count: 90, unit: Unit::Days }, "2027-02-20"),
        ] {
            assert_eq!(after(seen.parse().unwrap(), period).map(|d| d.to_string()).as_deref(), Some(lost), "{seen} {period}");
        }
        assert_eq!(after(Day(i32::MAX), months(12)), None);
        assert_eq!(after(Day(i32::MAX), Period { count: 90, unit: Unit::Days }), None);
    }

    #[test]
    fn the_words_name_other_periods() {
        let in_words = |text| periods(text).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        for (words, named) in [
            (
                "CPCE L.34-1 and decree 2021-1361 ff: 12 months traffic by yearly renewed order; identity data 5 years",
                "12 months",
            ),
            ("Law 167/2017: 72 months for grave crime; otherwise 24 telephony, 12 internet", "72 months 12 months"),
            ("Act 917/2014 s. 157: mobile 12 months, internet access 9, internet telephony 6", "9 months"),
            ("internet logs 3 months, telephony 12 months", "3 months"),
            ("logs 180 days in Indian jurisdiction; subscriber data 5 years; licence: IPDR 2 years", "180 days 24 months"),
            ("access providers' traffic up to 2 years, hosting 1-2 years", "24 months 12 months"),
            ("12 months online + 24 months archived", ""),
            ("Electronic Communications Act s. 111-1: 1 year", "12 months"),
            ("internet access 10 months, telephony 6, location 2", "10 months"),
            ("1 year; preservation 90 days", "12 months"),
            ("", ""),
        ] {
            assert_eq!(in_words(words), named, "{words}");
        }
    }

    #[test]
    fn the_year_of_a_law_is_the_latest_that_it_names() {
        for (words, year) in [
            ("TIA Act 1979 as amended 2015: two years of telecom metadata", Some(2015)),
            ("Marco Civil (12.965/2014): connection logs 1 year", Some(2014)),
            ("Electronic Communications Act 2022:482: internet access 10 months", Some(2022)),
            ("Decree 1704/2012: 5 years", Some(2012)),
            ("no retention in force after CJEU C-793/19; bill for 3 months of IP addresses 2025-26: check", None),
            ("no general ISP retention; 18 U.S.C. 2703(f) 90+90 days", None),
            ("Act 1038: traffic data about 12 months", None),
            ("Law 5651 and regulation: up to 2 years", None),
        ] {
            assert_eq!(year_of_the_law(words), year, "{words}");
        }
    }

    /// A rule of 2016 says nothing of 2010, and one without a year nothing of what it would no longer keep.
    #[test]
    fn the_rule_of_another_time_gives_no_last_day() {
        for (state, seen) in
            [("GB", "2010-01-01"), ("GB", "2016-06-01"), ("IN", "2015-01-01"), ("NG", "2010-01-01"), ("AT", "2010-01-01")]
        {
            let (months, lost, rule) = kept(state, seen);
            assert_eq!((months, lost), (None, None), "{state} {seen}");
            assert!(rule.contains(&format!("the rule of {seen} is not in the tables")), "{rule}");
            assert!(!rule.contains("no duty"), "{rule}");
        }
        assert_eq!(kept("GB", "2016-12-31").1.as_deref(), Some("2017-12-31"));
        let revised = Law::revised();
        // Two years, in a law whose year the rule does not name.
        let (months, lost, rule) = kept("NG", &Day(revised.0 - 400).to_string());
        assert!(months == Some(24) && lost.is_some() && !rule.contains("is not in the tables"), "{rule}");
    }

    #[test]
    fn what_was_seen_nobody_knows_when_has_no_last_day() {
        let law = Law::shipped().unwrap();
        for (state, months) in [("GB", Some(12)), ("DE", None), ("IT", Some(12))] {
            let r = law.retention_undated(state.parse().unwrap(), "2026-11-22".parse().unwrap());
            assert_eq!((r.months, r.lost_from), (months, None), "{state}");
            assert_eq!(r.rule.contains("the day of the traffic is unknown"), months.is_some(), "{}", r.rule);
            assert!(!r.rule.contains("until"), "{}", r.rule);
        }
    }

    /// A list of members says nothing of a day before it.
    #[test]
    fn membership_of_the_union_is_said_as_far_as_it_is_known() {
        let mut law = Law::shipped().unwrap().clone();
        let it = law.tables.groups.iter_mut().find(|m| &*m.group == "EU" && m.state.as_str() == "IT").unwrap();
        (it.joined, it.left) = (None, None);
        let rule = |on: &str| law.retention("IT".parse().unwrap(), on.parse().unwrap()).rule.to_string();
        assert!(rule("2026-11-22").contains("; Member State of the EU: its Court"));
        assert!(rule("2020-01-01").contains("on the list of Member States of the EU of "));
        let de = law.retention("GB".parse().unwrap(), "2026-11-22".parse().unwrap());
        assert!(!de.rule.contains("its Court"), "{}", de.rule);
    }

    #[test]
    fn a_duty_gives_a_day_and_none_gives_none() {
        let (months, lost, rule) = kept("NG", "2026-11-22");
        assert_eq!((months, lost.as_deref()), (Some(24), Some("2028-11-22")));
        assert!(rule.contains("2 years"));
        for state in ["DE", "NL", "US", "KP", "HK", "SO", "QQ", "FO", "JE"] {
            let (months, lost, rule) = kept(state, "2026-11-22");
            assert_eq!((months, lost), (None, None), "{state}");
            assert!(rule.contains("no duty") && rule.contains("any day"), "{state}: {rule}");
        }
        assert!(kept("AT", "2026-11-22").2.contains("annulled"));
    }

    #[test]
    fn the_shorter_period_counts_and_is_named() {
        let (months, lost, rule) = kept("IT", "2026-11-22");
        assert_eq!((months, lost.as_deref()), (Some(12), Some("2027-11-22")));
        assert!(rule.contains("2032-11-22") && rule.contains("Member State"), "{rule}");
    }

    #[test]
    fn part_of_a_state_has_its_rule_and_a_country_of_its_own_has_not() {
        let (months, _, rule) = kept("RE", "2026-11-22");
        assert_eq!(months, kept("FR", "2026-11-22").0);
        assert!(rule.starts_with("as part of FR"));
        assert_eq!(kept("UK", "2026-11-22").0, kept("GB", "2026-11-22").0);
    }
}
