//! Traceroutes; the first byte chooses the format, the second one the portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::format::{self, Format};
use rutter::decode::trace;
use rutter_fuzz::{choice, drive, say};

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    let word = trace::Format::ALL[which % trace::Format::ALL.len()];
    let read = trace::read(word, data);
    assert!(read.rejected.len() <= trace::MAX_REJECTED && read.rejected.len() as u64 <= read.rejected_total);
    assert_eq!(read.rejected.is_empty(), read.rejected_total == 0);
    read.traceroutes.iter().for_each(say::traceroute);
    let _ = trace::recognise(data);
    let open = || format::open(Format::Trace(word), drive::clock(), &[]);
    if word.is_line_by_line() {
        drive::portions(open(), data, (portion + 1).max(data.len() / 64));
    } else {
        drive::both_ways(open, data, portion);
    }
});
