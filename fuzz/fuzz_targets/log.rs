//! Logs; the first byte chooses the format, the second one the portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::format::{self, Format};
use rutter::decode::log;
use rutter_fuzz::{choice, drive};

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    let word = log::Format::ALL[which % log::Format::ALL.len()];
    drive::both_ways(|| format::open(Format::Log(word), drive::clock(), &[]), data, portion);
});
