//! Dates in mail (RFC 5322 3.3), the obsolete forms (4.3) and those of `asctime` included. A date without a zone says no
//! time, and neither does one with a zone name that stands for several zones.

use jiff::tz::TimeZone;
use smallvec::SmallVec;

use crate::decode::clock::{self, Clock};
use crate::model::time::Timestamp;

/// Words of a date that are looked at.
const MAX_WORDS: usize = 12;

/// Reads the words of a date, comments left out: `Mon, 22 Aug 2016 14:22:58 +0000`, `28-Aug-02 12:00 EDT`,
/// `Fri Sep 13 13:46:00 2002 -0700`, `2022-10-10T20:11:32Z`. What follows the zone is not looked at.
pub(super) fn date<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<Timestamp> {
    let words: SmallVec<[&[u8]; MAX_WORDS]> = words.flat_map(pieces).filter(|piece| !piece.is_empty()).take(MAX_WORDS).collect();
    let first = *words.first()?;
    if first.get(4) == Some(&b'-') {
        return iso(&words);
    }
    // A day's name in front says nothing that the rest does not say, and it may be in any language.
    let day_name = !first.iter().any(u8::is_ascii_digit) && month(first).is_none();
    let words = words.get(usize::from(day_name)..)?;
    let (date, time, east) = match words {
        [day, name, y, time, zone_word, ..] if number(day, 2).is_some() => {
            ((year(y)?, month(name)?, number(day, 2)?), time, zone(zone_word)?)
        }
        [name, day, time, a, b, ..] => {
            let (y, zone_word) = if year(a).is_some() { (a, b) } else { (b, a) };
            ((year(y)?, month(name)?, number(day, 2)?), time, zone(zone_word)?)
        }
        _ => return None,
    };
    let utc = clock::utc(date, time_of_day(time)?, 0)?;
    utc.0.checked_sub(east * 1_000_000_000).map(Timestamp)
}

/// A word cut at commas, and `28-Aug-2002` at its hyphens.
fn pieces(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    let hyphens = word.first().is_some_and(u8::is_ascii_digit)
        && word.split(|&b| b == b'-').nth(1).is_some_and(|name| name.first().is_some_and(u8::is_ascii_alphabetic));
    word.split(move |&b| b == b',' || hyphens && b == b'-')
}

/// RFC 3339 and its relatives, with a zone.
fn iso(words: &[&[u8]]) -> Option<Timestamp> {
    let text = words.get(..words.len().min(3))?.join(&b' ');
    let mut clock = Clock::new(TimeZone::UTC, 1970);
    let (time, _) = clock::iso(&text, &mut clock)?;
    (!clock.assumed().zone()).then_some(time)
}

/// A number of at most `most` digits and nothing else.
fn number(word: &[u8], most: usize) -> Option<u32> {
    let digits = !word.is_empty() && word.len() <= most && word.iter().all(u8::is_ascii_digit);
    digits.then(|| word.iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0')))
}

fn month(word: &[u8]) -> Option<u32> {
    clock::month(word).filter(|_| word.iter().all(|b| b.is_ascii_alphabetic() || *b == b'.'))
}

/// Two digits below 50 are of this century, others and three digits count from 1900 (RFC 5322 4.3).
fn year(word: &[u8]) -> Option<i32> {
    let n = i32::try_from(number(word, 4)?).ok()?;
    match word.len() {
        2 if n < 50 => Some(n + 2000),
        2 | 3 => Some(n + 1900),
        4 => Some(n),
        _ => None,
    }
}

/// `HH:MM` or `HH:MM:SS`; a fraction is dropped.
fn time_of_day(word: &[u8]) -> Option<(u32, u32, u32)> {
    let whole = word.split(|&b| b == b'.').next()?;
    let mut parts = whole.split(|&b| b == b':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |s| number(s, 2))?;
    parts.next().is_none().then_some((hour, minute, second))
}

/// Seconds east of UTC. Names are those that RFC 5322 4.3 gives a meaning, and UTC.
fn zone(word: &[u8]) -> Option<i64> {
    if let Some((sign @ (b'+' | b'-'), digits)) = word.split_first() {
        let (hours, minutes) = match digits.iter().position(|&b| b == b':') {
            Some(colon) => (digits.get(..colon)?, digits.get(colon + 1..)?),
            None if digits.len() == 4 => digits.split_at_checked(2)?,
            None => return None,
        };
        let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
        let seconds = i64::from(hours * 3600 + minutes * 60);
        return (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -seconds } else { seconds });
    }
    let hours = match word.to_ascii_uppercase().as_slice() {
        b"UT" | b"GMT" | b"UTC" | b"Z" => 0,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        date(text.as_bytes().split(u8::is_ascii_whitespace)).map(|t| t.to_string())
    }

    #[test]
    fn dates_in_every_dress() {
        for (text, expected) in [
            ("Mon, 22 Aug 2016 14:22:58 +0000", "2016-08-22T14:22:58Z"),
            ("22 Aug 2016 09:22:13 -0000", "2016-08-22T09:22:13Z"),
            ("Sat,  3 Aug 2002 12:19:09 -0700 trailing", "2002-08-03T19:19:09Z"),
            ("Sat,3 Aug 2002 12:19:09 -07:00", "2002-08-03T19:19:09Z"),
            ("Mon, 10 Oct 2022 20:11:32 GMT", "2022-10-10T20:11:32Z"),
            ("28-Aug-02 12:00 EDT", "2002-08-28T16:00:00Z"),
            ("28 August 99 12:00 PST", "1999-08-28T20:00:00Z"),
            ("28 Aug 102 12:00:01.5 UT", "2002-08-28T12:00:01Z"),
            ("Fri Sep 13 13:46:00 2002 -0700", "2002-09-13T20:46:00Z"),
            ("Fri Sep 13 13:46:00 EST 2002", "2002-09-13T18:46:00Z"),
            ("2022-10-10T20:11:32+02:00", "2022-10-10T18:11:32Z"),
            ("2022-10-10 20:11:32 +0200", "2022-10-10T18:11:32Z"),
            ("lun., 10 Oct 2022 20:11:32 +0000", "2022-10-10T20:11:32Z"),
            ("31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_says_no_time_says_none() {
        for text in [
            "",
            "Mon,",
            "28/08/2002 10:40:04",
            "28 Aug 2002 10:40:04",
            "28 Aug 2002 10:40:04 CEST",
            "30 Feb 2002 10:40:04 +0000",
            "28 Aug 2002 24:40:04 +0000",
            "28 Aug 2002 10:40:04 +2400",
            "28 Foo 2002 10:40:04 +0000",
            "Fri Sep 13 13:46:00 2002",
            "2022-10-10T20:11:32",
            "99999999999 Aug 2002 10:40:04 +0000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
