//! The reader of JSON logs through the formats that are written in it; the first byte chooses one, the second the portions.
//! What is read must not depend on white space between the tokens: lines that another reader of JSON accepts are read again as
//! that one would write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::format::{self, Format};
use rutter::decode::log;
use rutter_fuzz::{choice, drive, spaced};

const WORDS: [log::Format; 5] =
    [log::Format::Eve, log::Format::ZeekJson, log::Format::Caddy, log::Format::Gcp, log::Format::Azure];

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    let word = WORDS[which % WORDS.len()];
    let open = || format::open(Format::Log(word), drive::clock(), &[]);
    let told = drive::both_ways(open, data, portion);
    if let Some(spaced) = spaced::lines(data) {
        assert_eq!(told.said, drive::portions(open(), &spaced, usize::MAX).said, "white space changes what is said");
    }
});
