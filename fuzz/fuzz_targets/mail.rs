//! Mail; the first byte chooses how it is stored, or the bare head of a message, the second one the portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::mail;
use rutter_fuzz::{choice, drive, say};

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    match mail::Format::ALL.get(which % 4) {
        Some(&word) => drop(drive::both_ways(|| mail::open(word), data, portion)),
        None => say::mail(&mail::head(data)),
    }
    let _ = mail::recognise(data);
});
