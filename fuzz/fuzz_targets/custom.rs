//! A format of the user's: a regular expression in the first line, and lines for it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::log::custom;
use rutter_fuzz::drive;

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|&b| b == b'\n').unwrap_or(data.len());
    let (expression, lines) = data.split_at(at);
    // Compiling an expression takes longer than everything else, and its cost is for its author to know.
    let Some(expression) = std::str::from_utf8(expression).ok().filter(|e| e.len() <= 300) else { return };
    let Ok(pattern) = custom::Pattern::new("fuzz", expression) else { return };
    let _ = pattern.looks_like(lines);
    drive::both_ways(|| custom::open(Some(&pattern), drive::clock()), lines, at);
});
