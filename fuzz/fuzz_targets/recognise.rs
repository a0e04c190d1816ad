//! What is this? And whatever the answer is, it can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::format;
use rutter::source::capture;
use rutter_fuzz::drive;

fuzz_target!(|data: &[u8]| {
    let _ = capture::Format::of(data);
    let found = format::recognise(data);
    assert_eq!(found, format::recognise(data));
    if let Some(found) = found {
        assert_eq!(format::Format::of_word(found.as_str()), Some(found));
        let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
        drive::portions(format::open(found, drive::clock(), &[]), text, usize::MAX);
    }
});
