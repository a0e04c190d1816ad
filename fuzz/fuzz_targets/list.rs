//! Lists of indicators; the first byte chooses the format, the second one the portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::list;
use rutter_fuzz::{choice, drive};

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    let word = list::Format::ALL[which % list::Format::ALL.len()];
    drive::both_ways(|| list::open(word), data, portion);
    let _ = list::recognise(data);
});
