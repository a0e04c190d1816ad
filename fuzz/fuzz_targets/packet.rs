//! Frames of every link type, the first byte choosing it: the general reader and the fast one say the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::link;
use rutter_fuzz::{choice, layers};

fuzz_target!(|data: &[u8]| {
    let (kind, frame) = choice(data);
    let link = layers::LINKS[kind % layers::LINKS.len()];
    layers::frame(link, frame);
    if let Ok(below) = link::network_layer(link, frame) {
        assert!(below.offset as usize <= frame.len() + 4096, "an offset that has nothing to do with the frame");
    }
});
