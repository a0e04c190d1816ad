//! Accuracy on the truth sets, counted anew at every run; `cargo test --lib locate::accuracy -- --nocapture` prints it.
//!
//! The truth sets may not be redistributed, so they lie outside the repository, and the tests skip without them. The
//! probabilities of the confidence classes and the router-name rules were made with these rows in view: the counts
//! describe them and predict nothing.

#![expect(clippy::print_stdout, reason = "tests that print")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::geodesy::{distance_km, wide};
use super::*;
use crate::model::evidence::{Name, NameHow};
use crate::model::hop::HopRole;
use crate::model::net::StateCode;
use crate::model::place::Placement;
use crate::model::time::Day;

fn outside(folder: &str, file: &str) -> Option<Vec<csv::StringRecord>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/geo").join(folder).join(file);
    let Ok(mut reader) = csv::ReaderBuilder::new().flexible(true).has_headers(folder == "truth").from_path(path) else {
        println!("skipped: no {folder} set {file}");
        return None;
    };
    Some(reader.records().map(Result::unwrap).collect())
}

/// The second address of a prefix, or its only one.
fn inside(prefix: &str) -> IpAddr {
    let net: ipnet::IpNet = prefix.parse().unwrap();
    net.hosts().next().unwrap_or(net.addr())
}

fn locate(addr: IpAddr, role: HopRole, name: Option<&str>) -> Placement {
    let names: Vec<Name> = name.map(|n| Name { addr, name: Arc::from(n), how: NameHow::Ptr, ttl_s: None }).into_iter().collect();
    let on = Day::new(2026, 9, 16).unwrap();
    Locator::new(Tables::shipped(), vec![]).locate(&Query { addr, role, names: &names, rtt_bounds: &[], on })
}

/// Rows by class: how many, location right, second right.
type Classes = BTreeMap<u8, [u32; 3]>;

fn classes(rows: &[(IpAddr, StateCode)]) -> Classes {
    let mut out = Classes::new();
    for &(addr, truth) in rows {
        let row = Tables::shipped().row(addr).unwrap();
        let cell = out.entry(row.confidence).or_default();
        cell[0] += 1;
        cell[1] += u32::from(row.location == Some(truth));
        cell[2] += u32::from(row.second == Some(truth));
    }
    out
}

/// Decided means: a best candidate of at least one half.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    right: u32,
    wrong: u32,
    undecided: u32,
    /// Of the wrong ones, said with 0.9 and more.
    sure_and_wrong: u32,
}

impl Score {
    fn add(&mut self, place: &Placement, truth: StateCode) {
        match place.locus.best().filter(|c| c.p >= 0.5) {
            Some(c) if c.state == truth => self.right += 1,
            Some(c) => {
                self.wrong += 1;
                self.sure_and_wrong += u32::from(c.p >= 0.9);
            }
            None => self.undecided += 1,
        }
    }
}

fn truth(file: &str, prefix: usize, state: usize) -> Option<Vec<(IpAddr, StateCode)>> {
    let rows = outside("truth", file)?;
    Some(rows.iter().map(|r| (inside(&r[prefix]), StateCode::new(&r[state]).unwrap())).collect())
}

#[test]
fn classes_of_the_fused_table() {
    for (file, prefix, state) in [("cloud_regions_v4.csv", 0, 3), ("mlab_sites_v4.csv", 0, 2), ("ixp_lans.csv", 0, 2)] {
        let Some(rows) = truth(file, prefix, state) else { return };
        let classes = classes(&rows);
        println!("{file}: class -> [rows, location right, second right]: {classes:?}");
        assert!(classes[&6][1] * 10 >= classes[&6][0] * 9, "class 6 of {file}");
    }
    let Some(rows) = outside("truth", "router_hostnames_v4.csv") else { return };
    let rows: Vec<(IpAddr, StateCode)> = rows.iter().map(|r| (r[0].parse().unwrap(), StateCode::new(&r[2]).unwrap())).collect();
    println!("router_hostnames_v4.csv: {:?}", classes(&rows));
}

#[test]
fn endpoints() {
    for (file, prefix, state, every, least) in
        [("cloud_regions_v4.csv", 0, 3, 40, 99), ("mlab_sites_v4.csv", 0, 2, 1, 70), ("ixp_lans.csv", 0, 2, 1, 90)]
    {
        let Some(rows) = truth(file, prefix, state) else { return };
        let mut score = Score::default();
        for &(addr, truth) in rows.iter().step_by(every) {
            score.add(&locate(addr, HopRole::Target, None), truth);
        }
        println!("{file} as end points, every {every}th row: {score:?}");
        let all = score.right + score.wrong + score.undecided;
        assert!(score.right * 100 >= all * least, "{file}: {score:?}");
    }
}

#[test]
fn cities_of_end_points() {
    let Some(rows) = outside("truth", "mlab_sites_v4.csv") else { return };
    let (mut named, mut near) = (0u32, 0u32);
    for row in &rows {
        let place = locate(inside(&row[0]), HopRole::Target, None);
        let Some(at) = place.locus.best().and_then(|c| c.coordinates) else { continue };
        named += 1;
        near += u32::from(distance_km(wide(at), (row[4].parse().unwrap(), row[5].parse().unwrap())) <= 100.0);
    }
    println!("M-Lab hosts with a point: {named} of {}, within 100 km: {near}", rows.len());
    assert!(near * 2 > named);
}

#[test]
fn routers_with_and_without_their_names() {
    let Some(rows) = outside("truth", "router_hostnames_v4.csv") else { return };
    let (mut with, mut without) = (Score::default(), Score::default());
    let mut undecided = Vec::new();
    let (mut placed, mut near) = (0u32, 0u32);
    for row in &rows {
        let (addr, truth) = (row[0].parse().unwrap(), StateCode::new(&row[2]).unwrap());
        without.add(&locate(addr, HopRole::Transit, None), truth);
        let place = locate(addr, HopRole::Transit, Some(&row[1]));
        let before = (with.right, with.undecided);
        with.add(&place, truth);
        if (with.right, with.undecided) != (before.0 + 1, before.1) {
            undecided.push(format!("{} {} {:?}", &row[1], &row[2], place.locus.best()));
        }
        if let Some(at) = place.locus.best().and_then(|c| c.coordinates) {
            placed += 1;
            near += u32::from(distance_km(wide(at), (row[3].parse().unwrap(), row[4].parse().unwrap())) <= 60.0);
        }
    }
    println!(
        "routers, table only: {without:?}\nrouters, with names: {with:?}; points: {placed}, within 60 km: {near}\nnot right: {undecided:#?}"
    );
    assert_eq!(with.sure_and_wrong, 0, "a rule that is wrong is worse than none");
    assert!(with.right >= 200, "{with:?}");
    assert_eq!(without.sure_and_wrong, 0, "a table alone is never that sure of a router");
}

#[test]
fn share_of_known_anycast_that_the_shipped_list_covers() {
    for file in ["anycast-v4-2026-08.csv", "anycast-v6-2026-08.csv"] {
        let Some(rows) = outside("reference", file) else { return };
        let covered = rows.iter().filter(|r| Tables::shipped().anycast(inside(&r[0])).is_some()).count();
        println!("{file}: {covered} of {} prefixes covered", rows.len());
        assert!(covered > 0);
    }
}

#[test]
fn router_names_of_the_corpus() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/groundtruth/router-hostnames-visible.csv");
    let Ok(mut reader) = csv::Reader::from_path(path) else {
        println!("skipped: no corpus");
        return;
    };
    let mut score = Score::default();
    for row in reader.records().map(Result::unwrap) {
        let place = locate(row[1].parse().unwrap(), HopRole::Transit, Some(&row[0]));
        let truth = StateCode::new(&row[5]).unwrap();
        let before = score.wrong;
        score.add(&place, truth);
        if score.wrong > before {
            println!("wrong: {} {} said {:?}", &row[0], truth, place.locus.best());
        }
    }
    println!("corpus routers: {score:?}");
    assert_eq!(score.sure_and_wrong, 0, "{score:?}");
}
