//! Times as logs write them. Where the zone or the year is missing it is assumed, and that is noted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::time::{Day, Timestamp};

const SECOND: i64 = 1_000_000_000;

/// What was assumed; shared by all clones of a clock.
#[derive(Debug, Default)]
pub struct Assumed {
    zone: AtomicBool,
    year: AtomicBool,
}

impl Assumed {
    /// Was a time without a zone read?
    #[must_use]
    pub fn zone(&self) -> bool {
        self.zone.load(Ordering::Relaxed)
    }

    /// Was a time without a year read?
    #[must_use]
    pub fn year(&self) -> bool {
        self.year.load(Ordering::Relaxed)
    }
}

/// What is assumed where a record is silent.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    year: i32,
    assumed: Arc<Assumed>,
}

impl Clock {
    /// `zone` for times without one, `year` for times without one.
    #[must_use]
    pub fn new(zone: TimeZone, year: i32) -> Self {
        Self { zone, year, assumed: Arc::default() }
    }

    /// What had to be assumed so far, by this clock and its clones.
    #[must_use]
    pub fn assumed(&self) -> Arc<Assumed> {
        self.assumed.clone()
    }

    /// A time without a zone: year, month, day; hour, minute, second; nanosecond. `None` if there is no such time. A
    /// second 60 is the one after 59.
    pub fn local(&mut self, date: (i32, u32, u32), time: (u32, u32, u32), ns: u32) -> Option<Timestamp> {
        self.assumed.zone.store(true, Ordering::Relaxed);
        let utc = utc(date, time, ns)?;
        if self.zone == TimeZone::UTC {
            return Some(utc);
        }
        let small = |n: u32| i8::try_from(n).ok();
        let civil = DateTime::new(
            i16::try_from(date.0).ok()?,
            small(date.1)?,
            small(date.2)?,
            small(time.0)?,
            small(time.1)?,
            small(time.2.min(59))?,
            i32::try_from(ns).ok()?,
        )
        .ok()?;
        let offset = self.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        i64::try_from(offset.as_nanosecond()).ok().map(Timestamp)
    }

    /// The same without a year (RFC 3164).
    pub fn without_year(&mut self, (month, day): (u32, u32), time: (u32, u32, u32), ns: u32) -> Option<Timestamp> {
        self.assumed.year.store(true, Ordering::Relaxed);
        self.local((self.year, month, day), time, ns)
    }
}

/// In UTC: year, month, day; hour, minute, second; nanosecond.
#[must_use]
pub fn utc((year, month, day): (i32, u32, u32), (hour, minute, second): (u32, u32, u32), ns: u32) -> Option<Timestamp> {
    if hour > 23 || minute > 59 || second > 60 || ns > 999_999_999 {
        return None;
    }
    let day = Day::new(year, month, day)?;
    let seconds = i64::from(day.0) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    seconds.checked_mul(SECOND)?.checked_add(i64::from(ns)).map(Timestamp)
}

/// One to `N` digits at the front: the number and the rest.
#[inline]
fn digits(text: &[u8], most: usize) -> Option<(u32, &[u8])> {
    let n = text.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(n)?;
    (n > 0).then(|| (number.iter().fold(0, |sum: u32, b| sum.wrapping_mul(10).wrapping_add(u32::from(b - b'0'))), rest))
}

#[inline]
fn after(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.strip_prefix(&[byte])
}

/// Hour, minute, second.
type Hms = (u32, u32, u32);

/// `HH:MM:SS`, and what follows.
fn clock_time(text: &[u8]) -> Option<(Hms, &[u8])> {
    let (h, rest) = digits(text, 2)?;
    let (m, rest) = digits(after(rest, b':')?, 2)?;
    let (s, rest) = digits(after(rest, b':')?, 2)?;
    Some(((h, m, s), rest))
}

/// `.123` or `,123` in nanoseconds, 0 if there is none, and what follows. Digits beyond the ninth are dropped.
fn fraction(text: &[u8]) -> (u32, &[u8]) {
    let Some((b'.' | b',', rest)) = text.split_first() else { return (0, text) };
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if n == 0 {
        return (0, text);
    }
    let (number, rest) = rest.split_at(n);
    let ns = (0..9).fold(0, |sum, i| sum * 10 + u32::from(number.get(i).map_or(0, |b| b - b'0')));
    (ns, rest)
}

/// `Z`, `+HHMM`, `+HH:MM`, `+HH`: seconds east of UTC, and what follows.
fn zone(text: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, rest) = match text.split_first()? {
        (b'Z' | b'z', rest) => return Some((0, rest)),
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let minutes = digits(after(rest, b':').unwrap_or(rest), 2);
    let (minutes, rest) = minutes.unwrap_or((0, rest));
    (hours < 24 && minutes < 60).then_some((sign * i64::from(hours * 3600 + minutes * 60), rest))
}

fn shifted(time: Timestamp, east_s: i64) -> Option<Timestamp> {
    time.0.checked_sub(east_s * SECOND).map(Timestamp)
}

/// Number of an English month by its first three letters, in any case.
#[must_use]
pub fn month(text: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = text.get(..3)?;
    MONTHS.iter().zip(1..).find(|(name, _)| start.eq_ignore_ascii_case(name.as_slice())).map(|(_, n)| n)
}

/// `2023-01-31T12:34:56.789Z`, also with a blank, `_` or `/` in the usual places, with any of the zones `Z`, `+0100`, `+01:00`, `+01`.
/// Without a zone `clock` says which one. Gives the time and what follows it.
pub fn iso<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Timestamp, &'a [u8])> {
    let (year, rest) = digits(text, 4)?;
    let (sep, rest) = rest.split_first()?;
    if !matches!(sep, b'-' | b'/') {
        return None;
    }
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(after(rest, *sep)?, 2)?;
    let (b'T' | b't' | b' ' | b'_' | b'\t', rest) = rest.split_first()? else { return None };
    let (time, rest) = clock_time(rest)?;
    let (ns, rest) = fraction(rest);
    let date = (i32::try_from(year).ok()?, month, day);
    // A blank may stand before a numeric zone.
    let spaced =
        rest.strip_prefix(b" ").filter(|r| matches!(r.first(), Some(b'+' | b'-')) && r.get(1).is_some_and(u8::is_ascii_digit));
    match zone(spaced.unwrap_or(rest)) {
        Some((east, rest)) => Some((shifted(utc(date, time, ns)?, east)?, rest)),
        None => Some((clock.local(date, time, ns)?, rest)),
    }
}

/// `10/Oct/2000:13:55:36 -0700`, as web servers write it, and what follows.
pub fn web<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Timestamp, &'a [u8])> {
    let (day, rest) = digits(text, 2)?;
    let rest = after(rest, b'/')?;
    let month = month(rest)?;
    let (year, rest) = digits(after(rest.get(3..)?, b'/')?, 4)?;
    let (time, rest) = clock_time(after(rest, b':')?)?;
    let (ns, rest) = fraction(rest);
    let date = (i32::try_from(year).ok()?, month, day);
    match after(rest, b' ').and_then(zone) {
        Some((east, rest)) => Some((shifted(utc(date, time, ns)?, east)?, rest)),
        None => Some((clock.local(date, time, ns)?, rest)),
    }
}

/// `Oct  9 13:55:36`, with a year behind the day or behind the time if there is one (Cisco), and what follows.
pub fn bsd<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Timestamp, &'a [u8])> {
    let month = month(text)?;
    let rest = text.get(3..)?.trim_ascii_start();
    let (day, rest) = digits(rest, 2)?;
    let rest = after(rest, b' ')?.trim_ascii_start();
    let year_of = |text: &'a [u8]| digits(text, 4).filter(|(y, _)| (1970..10_000).contains(y));
    let (year, rest) = match year_of(rest) {
        Some((year, rest)) if rest.first() == Some(&b' ') => (Some(year), rest.trim_ascii_start()),
        _ => (None, rest),
    };
    let (time, rest) = clock_time(rest)?;
    let (ns, rest) = fraction(rest);
    let behind = after(rest, b' ').and_then(year_of).filter(|(_, r)| matches!(r.first(), None | Some(b' ' | b':')));
    let (year, rest) = match (year, behind) {
        (None, Some((year, rest))) => (Some(year), rest),
        _ => (year, rest),
    };
    let time = match year {
        Some(year) => clock.local((i32::try_from(year).ok()?, month, day), time, ns)?,
        None => clock.without_year((month, day), time, ns)?,
    };
    Some((time, rest))
}

/// Seconds since 1970 with a fraction of up to nine digits (`1379288667.706265`); the whole text.
#[must_use]
pub fn epoch(text: &[u8]) -> Option<Timestamp> {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if n == 0 || n > 10 {
        return None;
    }
    let (number, rest) = text.split_at(n);
    let seconds = number.iter().fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'));
    let (ns, rest) = fraction(rest);
    let time = seconds.checked_mul(SECOND)?.checked_add(i64::from(ns))?;
    rest.is_empty().then_some(Timestamp(if negative { -time } else { time }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(TimeZone::UTC, 2024)
    }

    #[test]
    fn times_in_every_dress() {
        for (text, expected) in [
            ("2023-01-31T12:34:56.789Z", "2023-01-31T12:34:56.789Z"),
            ("2022-07-10T23:50:05.533101+0200", "2022-07-10T21:50:05.533101Z"),
            ("2022-07-10 23:50:05,5 -01:30 x", "2022-07-11T01:20:05.500Z"),
            ("2022/07/10 23:50:05 host", "2022-07-10T23:50:05Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(iso(text.as_bytes(), &mut clock()).unwrap().0.to_string(), expected, "{text}");
        }
        let (time, rest) = web(b"10/Oct/2000:13:55:36 -0700] x", &mut clock()).unwrap();
        assert_eq!((time.to_string().as_str(), rest), ("2000-10-10T20:55:36Z", &b"] x"[..]));
        for (text, expected) in [
            ("Feb 29 01:02:03 host", "2024-02-29T01:02:03Z"),
            ("Oct  9 2021 13:55:36 asa", "2021-10-09T13:55:36Z"),
            ("Oct  9 13:55:36 2021: asa", "2021-10-09T13:55:36Z"),
        ] {
            assert_eq!(bsd(text.as_bytes(), &mut clock()).unwrap().0.to_string(), expected, "{text}");
        }
        assert_eq!(epoch(b"1379288667.706265").unwrap().to_string(), "2013-09-15T23:44:27.706265Z");
    }

    #[test]
    fn what_is_assumed_is_noted() {
        let mut c = clock();
        assert!(iso(b"2022-07-10T23:50:05Z", &mut c).is_some() && !c.assumed.zone() && !c.assumed.year());
        assert!(iso(b"2022-07-10T23:50:05", &mut c).is_some() && c.assumed.zone() && !c.assumed.year());
        assert!(bsd(b"Jan  1 00:00:00 x", &mut c).is_some() && c.assumed.year());
        let mut berlin = Clock::new(TimeZone::get("Europe/Berlin").unwrap(), 2024);
        assert_eq!(iso(b"2024-07-01 12:00:00", &mut berlin).unwrap().0.to_string(), "2024-07-01T10:00:00Z");
        assert_eq!(iso(b"2024-01-01 12:00:00", &mut berlin).unwrap().0.to_string(), "2024-01-01T11:00:00Z");
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01", "20230101T000000Z"]
        {
            assert_eq!(iso(text.as_bytes(), &mut clock()), None, "{text}");
        }
        assert_eq!(bsd(b"Feb 30 00:00:00", &mut clock()), None);
        assert_eq!(web(b"31/Foo/2000:13:55:36 -0700", &mut clock()), None);
        assert_eq!((epoch(b"1."), epoch(b""), epoch(b"99999999999"), epoch(b"9999999999.9")), (None, None, None, None));
    }
}
