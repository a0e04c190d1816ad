//! A database of the user's, and addresses looked up in it.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use rutter::locate::{Locator, Query, Tables, UserDatabase};
use rutter::model::hop::HopRole;
use rutter::model::time::Day;

const ADDRS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(193, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x67c, 0, 0, 0, 0, 0, 1)),
];

fuzz_target!(|data: &[u8]| {
    let Ok(database) = UserDatabase::from_bytes(data.to_vec(), "fuzz.mmdb") else { return };
    assert!(!database.name().is_empty());
    let locator = Locator::new(Tables::shipped(), vec![database]);
    for addr in ADDRS {
        let place = locator.locate(&Query { addr, role: HopRole::Origin, names: &[], rtt_bounds: &[], on: Day(20_000) });
        let sum: f32 = place.locus.candidates.iter().map(|c| c.p).sum();
        assert!(sum <= 1.001 && place.locus.candidates.iter().all(|c| c.p > 0.0), "{place:?}");
    }
});
