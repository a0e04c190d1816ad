//! Look-up of a state by address: the flat table against maxminddb on the same source, and what decoding costs.
//!
//! `cargo bench --bench lookup`. One call looks up 1,048,576 different addresses, spread over announced space by a
//! fixed generator, so that caches are as cold as with new sources in a capture; divan's items per second give the time
//! per address.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a benchmark reports to whoever runs it")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use maxminddb::Reader;
use rutter::locate::{Locator, Query, Tables};
use rutter::model::hop::HopRole;
use rutter::model::time::Day;

const N: usize = 1 << 20;

fn main() {
    // The tables are read before anything is timed, but for most of their pages.
    let started = std::time::Instant::now();
    let _ = Tables::shipped().state(IpAddr::V4(Ipv4Addr::new(62, 115, 1, 1)));
    let v4 = started.elapsed();
    let _ = Tables::shipped().state("2a01:4f8::1".parse().expect("an address"));
    let v6 = started.elapsed() - v4;
    let place = started.elapsed();
    let _ = locate("62.115.1.1".parse().expect("an address"));
    let first = started.elapsed() - place;
    let addresses: Vec<IpAddr> = addresses_v4().into_iter().chain(addresses_v6()).step_by(2 * N / 300).collect();
    let ready = started.elapsed();
    let _: usize = addresses.into_iter().map(locate).sum();
    let pages = started.elapsed() - ready;
    eprintln!("first use: v4 states {v4:.1?}, v6 states {v6:.1?}, all that one IPv4 hop needs besides {first:.1?}");
    eprintln!("300 addresses of both families, each in pages of its own: {pages:.1?}");
    divan::main();
}

fn locate(addr: IpAddr) -> usize {
    let locator = Locator::new(Tables::shipped(), Vec::new());
    let on = Day::new(2026, 9, 1).expect("a day");
    locator.locate(&Query { addr, role: HopRole::Origin, names: &[], rtt_bounds: &[], on }).locus.candidates.len()
}

/// SplitMix64: addresses that are the same in every run.
fn numbers() -> impl Iterator<Item = u64> {
    let mut state = 2026u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    })
}

fn addresses_v4() -> Vec<IpAddr> {
    numbers().map(|n| IpAddr::V4(Ipv4Addr::from(n as u32))).filter(|a| Tables::shipped().state(*a).is_some()).take(N).collect()
}

fn addresses_v6() -> Vec<IpAddr> {
    // Random addresses of 2000::/3 are nearly all unassigned: take the first 16 bits from blocks that registries use.
    let blocks: [u16; 12] = [0x2001, 0x2400, 0x2402, 0x2406, 0x2600, 0x2604, 0x2607, 0x2800, 0x2804, 0x2a00, 0x2a01, 0x2c0f];
    numbers()
        .zip(numbers().skip(1))
        .map(|(a, b)| {
            let high = (a & !(0xffff << 48)) | u64::from(blocks[(b % 12) as usize]) << 48;
            IpAddr::V6(Ipv6Addr::from(u128::from(high) << 64 | u128::from(b)))
        })
        .filter(|a| Tables::shipped().state(*a).is_some())
        .take(N)
        .collect()
}

fn table(bencher: Bencher<'_, '_>, addresses: Vec<IpAddr>) {
    let tables = Tables::shipped();
    bencher.counter(ItemsCount::new(N)).bench(|| addresses.iter().filter(|a| tables.state(*black_box(*a)).is_some()).count());
}

fn mmdb(bencher: Bencher<'_, '_>, addresses: Vec<IpAddr>) {
    let packed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/geo/dbip-country-lite-2026-09.mmdb.zst")).unwrap();
    let reader = Reader::from_source(zstd::bulk::decompress(&packed, 64 << 20).unwrap()).unwrap();
    let path = maxminddb::path!["country", "iso_code"];
    bencher.counter(ItemsCount::new(N)).bench(|| {
        addresses
            .iter()
            .filter(|a| {
                let found = reader.lookup(*black_box(*a)).unwrap();
                found.decode_path::<&str>(&path).unwrap().is_some()
            })
            .count()
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn table_v4(bencher: Bencher<'_, '_>) {
    table(bencher, addresses_v4());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn table_v6(bencher: Bencher<'_, '_>) {
    table(bencher, addresses_v6());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn maxminddb_v4(bencher: Bencher<'_, '_>) {
    mmdb(bencher, addresses_v4());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn maxminddb_v6(bencher: Bencher<'_, '_>) {
    mmdb(bencher, addresses_v6());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn whole_answer_v4(bencher: Bencher<'_, '_>) {
    let addresses = addresses_v4();
    bencher.counter(ItemsCount::new(256usize)).bench(|| addresses.iter().take(256).map(|a| locate(*black_box(a))).sum::<usize>());
}
