//! The shipped tables against the collected ones that they were made of (`xtask geo`): the same answers, read here in
//! the plainest way. Skipped where the sources are not at hand.

#![expect(clippy::print_stderr, reason = "says what was skipped")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::as_info::AsInfo;
use super::cities::Cities;
use super::city_table::CityTable;
use super::cloud::CloudRegions;
use super::columns::{Columns, varint};
use super::embedded;
use super::jurisdiction_table::{JurisdictionTable, Row};
use super::prefixes::{self, Prefixes};
use super::tables;
use crate::model::net::{Asn, StateCode};

/// A collected file, unpacked.
pub(super) fn source(name: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../shared/geo/ship/{name}.zst", env!("CARGO_MANIFEST_DIR"));
    let Ok(packed) = std::fs::read(path) else {
        eprintln!("skipped: no collected tables");
        return None;
    };
    Some(zstd::bulk::decompress(&packed, 64 << 20).unwrap())
}

/// A collected file as text.
pub(super) fn text(name: &str) -> Option<String> {
    source(name).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    let mut at = 0;
    std::iter::from_fn(|| varint(bytes, &mut at)).collect()
}

fn sums(deltas: Vec<u64>) -> Vec<u64> {
    let mut sum = 0;
    let add = |delta| {
        sum += delta;
        sum
    };
    deltas.into_iter().map(add).collect()
}

/// First and last key of range `i`.
fn ends(starts: &[u64], i: usize, family: u8) -> [u64; 2] {
    let most = if family == 4 { u64::from(u32::MAX) } else { u64::MAX };
    [starts[i], starts.get(i + 1).map_or(most, |next| next - 1)]
}

fn states(family: u8, shipped: &embedded::Shipped) {
    let Some(data) = source(&format!("jurisdiction-v{family}.jtbl")) else { return };
    let mut columns = Columns::open(&data, b"JTBL1", family).unwrap();
    let n = columns.number().unwrap();
    let c: Vec<&[u8]> = (0..8).map(|_| &data[columns.column(0).unwrap()]).collect();
    let (starts, index, announcers) = (sums(numbers(c[0])), numbers(c[5]), numbers(c[7]));
    let known = |s: &StateCode| tables::countries().has(*s);
    let code = |i: u8| {
        let at = 2 * usize::from(i);
        StateCode::new(std::str::from_utf8(&c[6][at..at + 2]).unwrap()).filter(known)
    };
    let table = JurisdictionTable::decode(shipped.bytes.into(), family, |s| known(&s)).unwrap();
    assert_eq!(table.len(), n);
    let mut silent = 0;
    for i in 0..n {
        let asn = Some(Asn(announcers[index[i] as usize] as u32)).filter(|a| a.0 != 0);
        let (registration, confidence) = (code(c[2][i]), c[3][i]);
        // One source alone, for space that is neither registered nor announced.
        let doubtful = asn.is_none() && confidence <= 1 && registration.is_none();
        silent += usize::from(doubtful && code(c[1][i]).is_some());
        let heard = |s| Some(s).filter(|_| !doubtful).flatten();
        let row = Row { location: heard(code(c[1][i])), registration, confidence, second: heard(code(c[4][i])), asn };
        for key in ends(&starts, i, family) {
            assert_eq!(table.row(key), Some(row), "{key:#x}");
            assert_eq!(table.state(key), row.location, "{key:#x}");
        }
    }
    assert!(silent > 0, "no row shows that doubtful states are taken out");
}

#[test]
fn states_v4() {
    states(4, &embedded::JURISDICTION_V4);
}

#[test]
fn states_v6() {
    states(6, &embedded::JURISDICTION_V6);
}

fn cells(family: u8, shipped: &embedded::Shipped) {
    let Some(data) = source(&format!("city-v{family}.jtcy")) else { return };
    let mut columns = Columns::open(&data, b"JTCY1", family).unwrap();
    let (n, _) = (columns.number().unwrap(), columns.number().unwrap());
    let c: Vec<&[u8]> = (0..3).map(|_| &data[columns.column(0).unwrap()]).collect();
    let (starts, ids) = (sums(numbers(c[0])), numbers(c[1]));
    assert_eq!((starts.len(), ids.len()), (n, n));
    let table = CityTable::decode(shipped.bytes.into(), family).unwrap();
    for i in 0..n {
        let raw: [u8; 6] = c[2][6 * ids[i] as usize..][..6].try_into().unwrap();
        let number = |a, b| f32::from(i16::from_be_bytes([a, b])) / 10.0;
        let cell = StateCode::new(std::str::from_utf8(&raw[..2]).unwrap())
            .map(|state| (state, number(raw[2], raw[3]), number(raw[4], raw[5])));
        for key in ends(&starts, i, family) {
            assert_eq!(table.cell(key).map(|c| (c.state, c.lat, c.lon)), cell, "{key:#x}");
        }
    }
    assert_eq!(starts[0].checked_sub(1).and_then(|key| table.cell(key)), None);
}

#[test]
fn cells_v4() {
    cells(4, &embedded::CITY_V4);
}

#[test]
fn cells_v6() {
    cells(6, &embedded::CITY_V6);
}

#[test]
fn autonomous_systems() {
    let Some(text) = text("as-info.tsv") else { return };
    let table = AsInfo::shipped();
    let mut last = 0;
    for line in text.lines() {
        let [number, state, name] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let number: u32 = number.parse().unwrap();
        assert_eq!(table.get(Asn(number)), Some((StateCode::new(state), name)));
        assert!((last + 1..number).take(3).all(|gap| table.get(Asn(gap)).is_none()), "before {number}");
        last = number;
    }
}

/// Inhabitants, name, latitude and longitude.
type City<'a> = (u32, &'a str, (f32, f32));

#[test]
fn cities() {
    let Some(text) = text("cities15000.tsv") else { return };
    let mut states: BTreeMap<StateCode, Vec<City<'_>>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let f: Vec<&str> = line.split('\t').collect();
        let name = if f[2].is_empty() { f[1] } else { f[2] };
        let city = (f[7].parse().unwrap(), name, (f[5].parse().unwrap(), f[6].parse().unwrap()));
        states.entry(StateCode::new(f[3]).unwrap()).or_default().push(city);
    }
    let table = Cities::shipped();
    for (a, b) in (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| (a, b))) {
        let state = StateCode::new(std::str::from_utf8(&[a, b]).unwrap()).unwrap();
        let mut own = states.remove(&state).unwrap_or_default();
        own.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        let found: Vec<_> = table.of(state).iter().map(|c| (c.population, &*c.name, c.at)).collect();
        assert_eq!(found, own, "{state}");
    }
    assert!(states.is_empty());
}

#[test]
fn cloud_prefixes() {
    let Some(text) = text("cloud-regions.tsv") else { return };
    let rows: Vec<_> = text
        .lines()
        .map(|line| {
            let (net, region) = line.split_once('\t').unwrap();
            (prefixes::parse(net).unwrap(), region)
        })
        .collect();
    let (plain, table) = (Prefixes::new(rows.iter().copied()), CloudRegions::shipped());
    let check = |addr: IpAddr| {
        let region = plain.get(addr).map(|r| format!("cloud:{}", r.replace('\t', "/")));
        assert_eq!(table.get(addr).map(|r| r.flag()), region, "{addr}");
    };
    for (net, _) in rows {
        check(net.network());
        check(net.broadcast());
        match (net.network(), net.broadcast()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                check(Ipv4Addr::from(u32::from(first).wrapping_sub(1)).into());
                check(Ipv4Addr::from(u32::from(last).wrapping_add(1)).into());
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                check(Ipv6Addr::from(u128::from(first).wrapping_sub(1)).into());
                check(Ipv6Addr::from(u128::from(last).wrapping_add(1)).into());
            }
            _ => {}
        }
    }
}
