//! How long the data that a hop is asked for last where they are kept: the clock that stands against it.
//!
//! The table of national law gives a period in months, the rule in words, and a reading of the words: what kind of rule it
//! is, and which data it names. Only a duty of every provider, on data of the class that the hop is asked for, gives a last
//! day. A maximum says at most how long, an order binds whom it is addressed to, and a rule whose words do not say which data
//! it is about covers none. A duty on traffic data in general is one of those who give access; flow records of a network on
//! the way, and translation logs, are covered only where the words name them.
//!
//! Where the words name a shorter period for the same data (90 days, or 12 months for access to the internet beside 24 for
//! telephony) the data may be gone after that, and the clock runs to it. Where no duty is known nothing is assumed in its
//! place: how long an operator keeps data of its own accord is not in the tables, and the data may be gone any day.
//!
//! A rule is one of its time. The table has the rule of today, not that of the day on which something was seen, so a last
//! day is given only where today's rule is known to reach back that far: it names the year of its law, and that year was
//! over; or it names none, and what was seen would by its period still have been kept on the day on which the table was
//! read, so that this rule, whenever it was made, is the one that held for it then. Otherwise the rule of that time is not
//! in the tables, and no last day is given.

use super::Law;
use super::channels::{part_of, read_source};
use super::dates::{AsOf, Dated, has_come};
use super::tables::Domestic;
use crate::model::channel::{AskedData, DataClass, Retention, RetentionKind};
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// The day on which the Court of Justice held the directive on data retention invalid (C-293/12): from then on national
/// rules were struck down one by one.
const DIRECTIVE_INVALID: (i32, u32, u32) = (2014, 4, 8);

/// The table of national law.
const FILE: &str = "domestic.csv";

/// Words by which a rule names flow records.
const FLOWS: [&str; 3] = ["flow record", "netflow", "ipfix"];

/// Words by which a rule names translation logs.
const TRANSLATIONS: [&str; 3] = ["translation", "nat log", "nat record"];

impl Law {
    /// How long the data that a hop is asked for, of something seen on a day, last in a state. A territory that every treaty
    /// of its state reaches has that state's rule; any other has its own or none that is known.
    #[must_use]
    pub fn retention(&self, state: StateCode, seen: Day, asked: AskedData) -> Retention {
        self.kept(state, Some(seen), seen, asked)
    }

    /// The same for something of which nobody knows when it was seen, by the rule of `on`: there is no last day then.
    #[must_use]
    pub fn retention_undated(&self, state: StateCode, on: Day, asked: AskedData) -> Retention {
        self.kept(state, None, on, asked)
    }

    /// The clocks of a state, whatever stands there: one for each kind of hop, in the order in which the data are lost.
    #[must_use]
    pub fn clocks(&self, state: StateCode, seen: Day) -> Vec<Retention> {
        let mut clocks: Vec<Retention> = AskedData::OF_A_STATE.into_iter().map(|a| self.retention(state, seen, a)).collect();
        clocks.sort_by_key(Retention::order);
        clocks
    }

    fn kept(&self, state: StateCode, seen: Option<Day>, on: Day, asked: AskedData) -> Retention {
        let state = self.book.canonical(state);
        let rows = &self.tables.domestic;
        let parent = part_of(&self.book, state);
        let mut out = Retention {
            state,
            asked,
            kind: None,
            covered: Vec::new(),
            months: None,
            at_most: None,
            rule: "".into(),
            lost_from: None,
            grade: Grade::Unconfirmed,
            source: "no row in the table of national law".into(),
        };
        let Some(row) = rows.get(&state).or_else(|| parent.and_then(|p| rows.get(&p))) else {
            out.rule = format!("the table of national law has no row for {state}; {}", any_day(asked)).into();
            return out;
        };
        (out.grade, out.source) = (row.cited.grade, read_source(&row.cited.source).into());
        let mut words = Vec::new();
        if row.state != state {
            words.push(format!("as part of {}", row.state));
        }
        let cover = Cover::of(row, asked);
        let clock = row.retention_months.and_then(|months| Clock::new(on, months, cover.as_ref()?));
        let not_of_that_time = not_of_that_time(&row.retention_rule, on, clock.as_ref());
        if let Some(why) = &not_of_that_time {
            words.push(format!(
                "the rule of {on} is not in the tables, so that no last day can be given; the one that they have {why}"
            ));
        }
        if !row.retention_rule.is_empty() {
            words.push(row.retention_rule.to_string());
        }
        if not_of_that_time.is_some() {
            words.push("the data may be gone any day".to_owned());
        } else {
            // A rule on providers is none on mail logs, nor on what the victim holds itself.
            out.kind = row.retention_kind.filter(|_| !asked.classes().is_empty());
            match (cover, clock) {
                (Some(cover), Some(clock)) => {
                    out.covered = cover.classes;
                    out.months = row.retention_months;
                    count(&mut out, &mut words, seen, &clock);
                    words.extend(self.limits_of_the_union(state, on));
                }
                _ => words.push(not_covered(&mut out, row)),
            }
        }
        if !row.cited.note.is_empty() && row.cited.note.contains("period") {
            words.push(row.cited.note.to_string());
        }
        out.rule = words.join("; ").into();
        out
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

/// A duty that covers what is asked for.
fn count(out: &mut Retention, words: &mut Vec<String>, seen: Option<Day>, clock: &Clock) {
    out.lost_from = seen.map(|_| clock.lost_from);
    if seen.is_none() {
        words.push("the day of the traffic is unknown, so that no last day can be given".to_owned());
    }
    if let (Some(period), Some(counted)) = (clock.other, out.months) {
        let until = if seen.is_some() { format!(" (until {})", clock.full) } else { String::new() };
        let which = if clock.lost_from < clock.full { "the shorter one" } else { "the one for these data" };
        words.push(format!("the words name a period of {period} beside that of {counted} months{until}; {which} is counted"));
        if matches!(period.unit, Unit::Months) {
            out.months = u16::try_from(period.count).ok();
        }
    }
    if out.asked == AskedData::Connection {
        words.push("a duty of those who give access or host: whoever runs the machine itself may have none".to_owned());
    }
    if let Some(rest) = out.rest() {
        words.push(format!("{rest}: no duty is known to cover them"));
    }
}

/// No duty that covers what is asked for; says why.
fn not_covered(out: &mut Retention, row: &Domestic) -> String {
    let asked = out.asked;
    match out.kind {
        Some(RetentionKind::Maximum) => {
            out.at_most = row.retention_months;
            "no duty of every provider, and the data may be gone any day before".to_owned()
        }
        Some(RetentionKind::ByOrder) => "kept only by order: the data may be gone any day".to_owned(),
        Some(RetentionKind::Duty) if row.retention_of.is_empty() => {
            format!("these words do not say of which data; {}", any_day(asked))
        }
        _ => any_day(asked),
    }
}

fn any_day(asked: AskedData) -> String {
    format!("no duty is known to cover {}: the data may be gone any day", asked.noun())
}

/// What of the data asked for a duty covers, and the words that speak of it.
struct Cover {
    classes: Vec<DataClass>,
    words: String,
}

impl Cover {
    fn of(row: &Domestic, asked: AskedData) -> Option<Self> {
        if row.retention_kind != Some(RetentionKind::Duty) {
            return None;
        }
        let classes: Vec<DataClass> = asked.classes().iter().copied().filter(|c| row.retention_of.contains(c)).collect();
        let words = match asked {
            AskedData::Flow | AskedData::Reflector => clauses_with(&row.retention_rule, &FLOWS),
            AskedData::Translation => clauses_with(&row.retention_rule, &TRANSLATIONS),
            _ => Some(row.retention_rule.to_string()),
        };
        Some(Self { words: words?, classes }).filter(|cover| !cover.classes.is_empty())
    }
}

/// The clauses that name a thing and a period for it; `None` if none does.
fn clauses_with(rule: &str, names: &[&str]) -> Option<String> {
    let named = rule.split(';').filter(|clause| {
        let low = clause.to_ascii_lowercase();
        names.iter().any(|name| low.contains(name)) && !periods(clause, &[DataClass::Traffic]).is_empty()
    });
    let named = named.collect::<Vec<_>>().join(";");
    (!named.is_empty()).then_some(named)
}

/// What was seen on a day, and until when it is kept by a rule.
struct Clock {
    lost_from: Day,
    /// By the period in months.
    full: Day,
    /// The period that was counted, if the words name another one for these data.
    other: Option<Period>,
}

impl Clock {
    fn new(seen: Day, months: u16, cover: &Cover) -> Option<Self> {
        let full = after(seen, Period { count: months.into(), unit: Unit::Months })?;
        let named = periods(&cover.words, &cover.classes);
        let is_for_these = named.iter().any(|n| n.named);
        let days = named.into_iter().filter_map(|n| after(seen, n.period).map(|day| (day, n.period)));
        // A period that is named for these data counts, also where the table's number is the shorter one of other data.
        let other = days.min_by_key(|(day, _)| *day).filter(|(day, _)| *day < full || (is_for_these && *day > full));
        Some(Self { lost_from: other.map_or(full, |(day, _)| day), full, other: other.map(|(_, p)| p) })
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

/// A period in the words, and whether its clause names the data that are asked for.
#[derive(Clone, Copy, Debug)]
struct Named {
    period: Period,
    named: bool,
}

/// The periods that the words name for data of these classes. A clause on something else (content, telephony, preservation on
/// request) says nothing of them, nor does one that names only other classes; one that names no class counts. Periods that
/// are added up are one.
fn periods(words: &str, classes: &[DataClass]) -> Vec<Named> {
    const OTHER: [&str; 9] =
        ["content", "telephony", "mobile", "preserv", "on order", "by decree", "judicial", "court", "pending"];
    if words.contains('+') {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut unit = None;
    for clause in words.to_ascii_lowercase().split([',', ';']) {
        let tokens: Vec<&str> =
            clause.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|t| !t.is_empty()).collect();
        let of = classes_of(clause);
        let named = of.iter().any(|c| classes.contains(c));
        // Where a machine or a subscriber was.
        let is_place = clause.contains("location") && of.is_empty();
        let is_other = is_place || OTHER.iter().any(|o| clause.contains(o)) || !(named || of.is_empty());
        for (i, token) in tokens.iter().enumerate() {
            // Of `1-2 years` the first; after a first period also a bare `9`, in the unit before it.
            let Ok(count) = token.split('-').next().unwrap_or_default().parse::<u32>() else { continue };
            let own = tokens.get(i + 1).and_then(|t| unit_of(t));
            let is_cited = i > 0 && tokens.get(i - 1).is_some_and(|t| ["s", "art", "no"].contains(t));
            let bare = count < 100 && !is_cited && !token.contains('-');
            let Some((factor, u)) = own.or(unit.filter(|_| bare)) else { continue };
            unit = Some((factor, u));
            if !is_other && count > 0 {
                found.push(Named { period: Period { count: count.saturating_mul(factor), unit: u }, named });
            }
        }
    }
    found
}

/// The classes of data that a clause names.
fn classes_of(clause: &str) -> Vec<DataClass> {
    const NAMES: [(DataClass, &[&str]); 3] = [
        (DataClass::Subscriber, &["subscriber", "identity", "identification", "user data", "base data"]),
        (DataClass::Connection, &["connection", "internet access", "internet log", "access provider", "host"]),
        (DataClass::Traffic, &["traffic", "metadata", "flow", "translation", "ipdr"]),
    ];
    NAMES.iter().filter(|(_, names)| names.iter().any(|n| clause.contains(n))).map(|(class, _)| *class).collect()
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

    const ORIGIN: AskedData = AskedData::Subscriber;

    fn clock_of(law: &Law, state: &str, seen: &str, asked: AskedData) -> (Option<u16>, Option<String>, String) {
        let r = law.retention(state.parse().unwrap(), seen.parse().unwrap(), asked);
        assert_eq!(r.covered.is_empty(), r.months.is_none(), "{r:?}");
        assert!(r.lost_from.is_none() || r.kind == Some(RetentionKind::Duty), "{r:?}");
        (r.months, r.lost_from.map(|d| d.to_string()), r.rule.to_string())
    }

    /// Of an origin.
    fn kept(state: &str, seen: &str) -> (Option<u16>, Option<String>, String) {
        clock_of(Law::shipped().unwrap(), state, seen, ORIGIN)
    }

    /// The shipped law with another rule in the row of a state.
    fn with_rule(state: &str, rule: &str, months: u16, kind: RetentionKind, of: &[DataClass]) -> Law {
        let mut law = Law::shipped().unwrap().clone();
        let row = law.tables.domestic.get_mut(&state.parse().unwrap()).unwrap();
        (row.retention_rule, row.retention_months) = (rule.into(), Some(months));
        (row.retention_kind, row.retention_of) = (Some(kind), of.to_vec());
        law
    }

    /// What may be kept at most, or only by order, or of other data, has no last day.
    #[test]
    fn only_a_duty_on_the_data_that_are_asked_for_gives_a_last_day() {
        let law = Law::shipped().unwrap();
        let lost = |state: &str, asked| clock_of(law, state, "2026-11-22", asked).1;
        for state in ["GB", "NO", "IE", "PT", "CO", "DK", "EE", "NG", "RU", "AU", "FR", "IT", "ZA", "PK", "DE", "US"] {
            for asked in [AskedData::Flow, AskedData::Translation, AskedData::Mail, AskedData::Reflector, AskedData::Victim] {
                let (months, lost, rule) = clock_of(law, state, "2026-11-22", asked);
                assert_eq!((months, lost), (None, None), "{state} {asked:?}");
                assert!(rule.contains("any day"), "{state}: {rule}");
            }
        }
        for state in ["GB", "DE", "DK"] {
            assert!(AskedData::OF_A_STATE.into_iter().all(|asked| lost(state, asked).is_none()), "{state}");
        }
        // Who had an address or a contract, and nothing of who connected where.
        for (state, day) in [("NO", "2027-11-22"), ("CO", "2031-11-22"), ("PT", "2027-11-22"), ("IE", "2027-11-22")] {
            assert_eq!(lost(state, ORIGIN).as_deref(), Some(day), "{state}");
            assert_eq!(lost(state, AskedData::Connection), None, "{state}");
        }
        let colombian = law.retention("CO".parse().unwrap(), "2026-11-22".parse().unwrap(), ORIGIN);
        assert_eq!(colombian.covered, [DataClass::Subscriber]);
        assert!(colombian.lost().ends_with("connection logs may be gone any day"), "{}", colombian.lost());
        assert!(colombian.rule.contains("connection logs may be gone any day"), "{}", colombian.rule);
        // A duty whose words do not say on which data.
        let (_, day, rule) = clock_of(law, "EE", "2026-11-22", ORIGIN);
        assert!(day.is_none() && rule.contains("do not say of which data"), "{rule}");
        let british = law.retention("GB".parse().unwrap(), "2026-11-22".parse().unwrap(), AskedData::Flow);
        assert_eq!((british.kind, british.months, british.at_most), (Some(RetentionKind::Maximum), None, Some(12)));
        assert!(british.lost().contains("at most 12 months") && british.lost().ends_with("any day"), "{}", british.lost());
        let own = law.retention("GB".parse().unwrap(), "2026-11-22".parse().unwrap(), AskedData::Victim);
        assert_eq!((own.kind, own.at_most), (None, None), "a rule on operators is none on the victim");
        let flows = clock_of(law, "NG", "2026-11-22", AskedData::Flow).2;
        assert!(flows.contains("no duty is known to cover flow records of a transit provider"), "{flows}");
        assert!(clock_of(law, "BR", "2026-11-22", AskedData::Connection).2.contains("may have none"));
    }

    /// A duty on traffic data in general is no duty of a backbone, unless the words say so.
    #[test]
    fn flow_records_are_covered_where_the_words_name_them() {
        let asked = |rule: &str, kind, asked| {
            clock_of(&with_rule("NG", rule, 24, kind, &[DataClass::Traffic]), "NG", "2026-11-22", asked).1
        };
        let (duty, flow, nat) = (RetentionKind::Duty, AskedData::Flow, AskedData::Translation);
        assert_eq!(asked("a law: traffic data 2 years", duty, flow), None);
        let named = "a law: traffic data 2 years; flow records 6 months; NAT logs 90 days";
        assert_eq!(asked(named, duty, flow).as_deref(), Some("2027-05-22"));
        assert_eq!(asked(named, duty, nat).as_deref(), Some("2027-02-20"));
        assert_eq!(asked("a law: traffic data 2 years; no flow records", duty, flow), None);
        for kind in [RetentionKind::Maximum, RetentionKind::ByOrder] {
            assert_eq!(asked(named, kind, flow), None);
        }
    }

    /// The table has one number; the words have one for each class of data.
    #[test]
    fn the_period_is_that_of_the_data() {
        let (months, day, rule) = kept("GH", "2026-11-22");
        assert_eq!((months, day.as_deref()), (Some(72), Some("2032-11-22")), "{rule}");
        assert!(rule.contains("the one for these data is counted"), "{rule}");
        let all = [DataClass::Subscriber, DataClass::Connection, DataClass::Traffic];
        let law = with_rule(
            "IR",
            "access providers keep traffic data 6 months; hosts keep traffic data 15 days",
            6,
            RetentionKind::Duty,
            &all,
        );
        assert_eq!(clock_of(&law, "IR", "2026-11-22", AskedData::Connection).1.as_deref(), Some("2026-12-07"));
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
        let of = [DataClass::Connection, DataClass::Traffic];
        let in_words = |text| periods(text, &of).iter().map(|n| n.period.to_string()).collect::<Vec<_>>().join(" ");
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
            ("traffic data about 12 months, subscriber data 6 years", "12 months"),
            ("hosts keep traffic data 15 days; traffic by judicial order 2 years", "15 days"),
            ("", ""),
        ] {
            assert_eq!(in_words(words), named, "{words}");
        }
        let subscriber = |text| periods(text, &[DataClass::Subscriber]).iter().map(|n| n.period.count).collect::<Vec<_>>();
        assert_eq!(subscriber("5 years of subscriber and location data"), [60]);
        assert_eq!(subscriber("traffic data about 12 months, subscriber data 6 years, location 2"), [72]);
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
        assert!(!kept("GB", "2016-12-31").2.contains("is not in the tables"));
        assert_eq!(kept("BR", "2014-12-31").1.as_deref(), Some("2015-06-30"));
        assert_eq!(kept("BR", "2013-12-31").1, None);
        let revised = Law::revised();
        // Two years, in a law whose year the rule does not name.
        let (months, lost, rule) = kept("NG", &Day(revised.0 - 400).to_string());
        assert!(months == Some(24) && lost.is_some() && !rule.contains("is not in the tables"), "{rule}");
    }

    #[test]
    fn what_was_seen_nobody_knows_when_has_no_last_day() {
        let law = Law::shipped().unwrap();
        for (state, months) in [("NO", Some(12)), ("GB", None), ("DE", None), ("IT", Some(12))] {
            let r = law.retention_undated(state.parse().unwrap(), "2026-11-22".parse().unwrap(), ORIGIN);
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
        let rule = |on: &str| law.retention("IT".parse().unwrap(), on.parse().unwrap(), ORIGIN).rule.to_string();
        assert!(rule("2026-11-22").contains("; Member State of the EU: its Court"));
        assert!(rule("2020-01-01").contains("on the list of Member States of the EU of "));
        let norwegian = law.retention("NO".parse().unwrap(), "2026-11-22".parse().unwrap(), ORIGIN);
        assert!(norwegian.lost_from.is_some() && !norwegian.rule.contains("its Court"), "{}", norwegian.rule);
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
        assert_eq!(kept("UK", "2026-11-22"), kept("GB", "2026-11-22"));
    }
}
