//! Files of bare flow exports; the first byte chooses the format, the second one the portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::flow;
use rutter_fuzz::{choice, drive};

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    let word = flow::Format::ALL[which % flow::Format::ALL.len()];
    drive::both_ways_behind_damage(|| flow::open(word), data, portion);
    let _ = flow::recognise(data);
});
