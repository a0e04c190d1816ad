//! ICMP errors and what they quote; the first byte says of which version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::{icmp, packet};
use rutter_fuzz::{choice, layers, say};

fuzz_target!(|data: &[u8]| {
    let (version, body) = choice(data);
    let Ok(Some(error)) = icmp::parse_error(version % 2 == 1, body) else { return };
    assert!(error.quoted.len() <= body.len());
    assert!(error.labels().len() <= 32);
    let interfaces = error.interfaces();
    assert!(interfaces.len() <= 8);
    for interface in &interfaces {
        interface.addr.into_iter().for_each(say::address);
        interface.name.iter().for_each(|name| say::text("an interface", name, 253));
    }
    if let Ok(quoted) = packet::outermost(error.quoted, &mut layers::Layers::default()) {
        assert!(quoted.end as usize <= error.quoted.len());
    }
    let mut told = layers::Layers::default();
    if let Ok(quoted) = packet::from_ip(error.quoted, 0, &mut told) {
        layers::check(&quoted, error.quoted, &told);
    }
});
