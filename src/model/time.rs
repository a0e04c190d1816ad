//! Time as the evidence tells it. Nothing here reads a clock: a replay must be deterministic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Of what has no time: a traceroute that was printed without one.
    pub const UNKNOWN: Self = Self(i64::MIN);

    /// Is there a time?
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// The time, if there is one.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        self.is_known().then_some(self)
    }

    /// The day (UTC) this moment falls on.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(86_400_000_000_000) as i32)
    }

    /// `self - earlier` in nanoseconds; saturates.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC with as many fractional digits as are needed (0, 3, 6 or 9); `unknown time` for [`Timestamp::UNKNOWN`].
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return f.write_str("unknown time");
        }
        let (day, ns) = (self.day(), self.0.rem_euclid(86_400_000_000_000));
        let (s, frac) = (ns / 1_000_000_000, ns % 1_000_000_000);
        write!(f, "{day}T{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)?;
        if frac == 0 {
        } else if frac % 1_000_000 == 0 {
            write!(f, ".{:03}", frac / 1_000_000)?;
        } else if frac % 1_000 == 0 {
            write!(f, ".{:06}", frac / 1_000)?;
        } else {
            write!(f, ".{frac:09}")?;
        }
        f.write_str("Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.is_known() { s.collect_str(self) } else { s.serialize_none() }
    }
}

/// From the first to the last sighting, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First sighting.
    pub first: Timestamp,
    /// Last sighting.
    pub last: Timestamp,
}

impl Span {
    /// A span of one moment.
    #[must_use]
    pub fn at(t: Timestamp) -> Self {
        Self { first: t, last: t }
    }

    /// The smallest span that holds both; what has no time adds nothing.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if !self.first.is_known() {
            return other;
        }
        if !other.first.is_known() {
            return self;
        }
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// A civil date (proleptic Gregorian, UTC) as days since 1970-01-01. Treaties enter into force by day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The date `year-month-day`, or `None` if there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) || year.abs() > 9999 {
            return None;
        }
        // Days from civil, with the year starting in March so that leap days come last.
        let y = i64::from(if month <= 2 { year - 1 } else { year });
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let doy = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Some(Self((era * 146_097 + doe - 719_468) as i32))
    }

    /// Year, month and day of month.
    #[must_use]
    pub fn civil(self) -> (i32, u32, u32) {
        let z = i64::from(self.0) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        (year as i32, month as u32, (doy - (153 * mp + 2) / 5 + 1) as u32)
    }

    /// Days from `earlier` to `self`; negative if `self` is the earlier one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.civil();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

/// Why a string is no [`Day`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADay;

impl fmt::Display for NotADay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a date as YYYY-MM-DD")
    }
}

impl std::error::Error for NotADay {}

impl std::str::FromStr for Day {
    type Err = NotADay;

    fn from_str(s: &str) -> Result<Self, NotADay> {
        let b = s.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return Err(NotADay);
        }
        let number = |r: std::ops::Range<usize>| -> Option<u32> {
            let t = s.get(r)?;
            t.bytes().all(|c| c.is_ascii_digit()).then(|| t.parse().ok())?
        };
        let (y, m, d) = (number(0..4), number(5..7), number(8..10));
        let (Some(y), Some(m), Some(d)) = (y, m, d) else { return Err(NotADay) };
        Self::new(y as i32, m, d).ok_or(NotADay)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_round_trip_over_four_centuries() {
        for n in (-200_000..200_000).step_by(37) {
            let (y, m, d) = Day(n).civil();
            assert_eq!(Day::new(y, m, d), Some(Day(n)));
        }
        assert_eq!("2024-02-29".parse(), Ok(Day(19_782)));
        assert_eq!("2023-02-29".parse::<Day>(), Err(NotADay));
        assert_eq!("2023-2-09".parse::<Day>(), Err(NotADay));
        assert_eq!("+023-02-09".parse::<Day>(), Err(NotADay));
    }

    #[test]
    fn timestamps_print_as_rfc_3339() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(1_335_958_313_152_630_000).to_string(), "2012-05-02T11:31:53.152630Z");
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(Timestamp(i64::MIN + 1).day().civil().0, 1677);
        assert_eq!(Timestamp::UNKNOWN.to_string(), "unknown time");
    }
}
