//! A decoder of records over an input that comes in portions, as `pipeline::records` drives it.

use jiff::tz::TimeZone;
use rutter::decode::clock::Clock;
use rutter::decode::record::{Piece, RecordFormat, Step};
use rutter::model::record::Said;

use crate::say;

/// What came of an input.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    /// Statements, in order.
    pub said: Vec<Said>,
    /// Records.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
}

/// Times without a zone are in UTC, times without a year of 2024.
#[must_use]
pub fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2024)
}

/// Portions in which an input is read.
const PORTIONS: [usize; 8] = [1, 2, 3, 7, 16, 61, 256, 1000];

/// Drives two decoders of the same format over `data`, one with all of it at once and one in portions that `choice` names,
/// and compares what they say.
pub fn both_ways(open: impl Fn() -> Box<dyn RecordFormat>, data: &[u8], choice: usize) -> Told {
    let (whole, cut) = two_ways(open, data, choice);
    assert_eq!(whole, cut, "in portions it says something else");
    whole
}

/// The same for formats that look for the next record behind damage: in how many pieces that is stepped over depends on how much
/// is there, what is read does not.
pub fn both_ways_behind_damage(open: impl Fn() -> Box<dyn RecordFormat>, data: &[u8], choice: usize) {
    let (whole, cut) = two_ways(open, data, choice);
    assert_eq!((whole.said, whole.records), (cut.said, cut.records), "in portions it says something else");
    assert_eq!(whole.rejected > 0, cut.rejected > 0, "damage that is one in portions only, or as a whole only");
}

fn two_ways(open: impl Fn() -> Box<dyn RecordFormat>, data: &[u8], choice: usize) -> (Told, Told) {
    // Formats that are read as a whole look at all of it again with every portion.
    let portion = PORTIONS[choice % PORTIONS.len()].max(data.len() / 64);
    (portions(open(), data, data.len() + 1), portions(open(), data, portion))
}

/// Drives `decoder` over `data` in portions of so many bytes, and checks every step and every statement.
pub fn portions(mut decoder: Box<dyn RecordFormat>, data: &[u8], portion: usize) -> Told {
    let mut told = Told::default();
    let mut out = Vec::new();
    let (mut start, mut filled, mut at_end) = (0, 0, false);
    loop {
        let read = portion.min(data.len() - filled);
        filled += read;
        at_end |= read < portion;
        while start < filled {
            let rest = &data[start..filled];
            match decoder.step(rest, at_end, &mut out) {
                Step::More => {
                    assert!(!at_end, "asks for more at the end");
                    assert!(out.is_empty(), "says something of a piece that is not whole");
                    assert!(rest.len() < decoder.longest(), "asks for more than the longest piece has");
                    break;
                }
                Step::Piece { bytes, read } => {
                    assert!((1..=rest.len()).contains(&bytes), "a piece of {bytes} of {} bytes", rest.len());
                    match read {
                        Ok(Piece { records, rejected, why }) => {
                            assert_eq!(rejected > 0, why.is_some(), "rejected without a reason, or a reason without a reject");
                            told.records += records;
                            told.rejected += rejected;
                        }
                        Err(_) => {
                            assert!(out.is_empty(), "a rejected piece that says something");
                            told.rejected += 1;
                        }
                    }
                    start += bytes;
                    told.said.append(&mut out);
                }
            }
        }
        if at_end {
            break;
        }
    }
    decoder.finish(&mut out);
    told.said.append(&mut out);
    let most = 16 + data.len();
    assert!(told.said.len() <= most, "{} statements of {} bytes", told.said.len(), data.len());
    assert!(told.records <= most as u64, "{} records in {} bytes", told.records, data.len());
    told.said.iter().for_each(say::check);
    told
}
