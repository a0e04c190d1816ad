//! The law of a path: touches, coverage, partings, channels and retention.
//!
//! `cargo bench --bench law`. 1,000 paths of 15 hops, each hop with five candidate states out of all that the rule book has,
//! drawn by a fixed generator and with the weight of real paths on few of them. All are asked on one day from one requesting
//! state, as for one incident. The goal is one second for all of it; one pass with its parts is printed first.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a benchmark reports to whoever runs it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rutter::jurisdiction::coverage::CoverageOfTheDay;
use rutter::jurisdiction::faultlines::LinesOfTheDay;
use rutter::jurisdiction::{Law, LawOfTheDay, VictimEnd, touch_path};
use rutter::model::evidence::SourceTrust;
use rutter::model::hop::{Hop, HopRole, Knowledge};
use rutter::model::net::StateCode;
use rutter::model::path::{AttackPath, Finding, LocatedHop};
use rutter::model::place::{Candidate, Locus, Placement, WhyUnplaced};
use rutter::model::time::{Day, Span, Timestamp};
use rutter::report::plan::build::{Means, build};
use rutter::report::plan::{Named, read};

const PATHS: usize = 1000;
const HOPS: usize = 15;

/// Shares of the five candidates of a hop.
const SHARES: [f32; 5] = [0.55, 0.2, 0.1, 0.08, 0.05];

fn main() {
    let started = Instant::now();
    let law = Law::shipped().unwrap();
    eprintln!("the law is loaded in {:.1?}", started.elapsed());
    let mut paths = paths();
    let mut spent = Spent::default();
    let started = Instant::now();
    let counts = whole(law, &mut paths, &mut spent);
    let total = started.elapsed();
    eprintln!("{PATHS} paths of {HOPS} hops, five candidate states each: {total:.1?}");
    eprintln!(
        "  touches {:.1?}, coverage {:.1?}, partings {:.1?}, channels {:.1?}, retention {:.1?}",
        spent.touches, spent.coverage, spent.partings, spent.channels, spent.retention
    );
    eprintln!(
        "  {} touches, {} cells, {} pairs without a treaty channel, {} partings, {} channels, {} states in all paths",
        counts.touches, counts.cells, counts.gaps, counts.partings, counts.channels, counts.states
    );
    let started = Instant::now();
    let asked: usize = paths
        .iter()
        .map(|path| path_states(path).iter().map(|state| law.channels(requesting(), *state, on()).len()).sum::<usize>())
        .sum();
    eprintln!("  the same {asked} channels without keeping those of a state for the next path: {:.1?}", started.elapsed());
    divan::main();
}

#[derive(Default)]
struct Spent {
    touches: Duration,
    coverage: Duration,
    partings: Duration,
    channels: Duration,
    retention: Duration,
}

#[derive(Default)]
struct Counts {
    touches: usize,
    cells: usize,
    gaps: usize,
    partings: usize,
    channels: usize,
    states: usize,
}

fn on() -> Day {
    Day::new(2026, 9, 1).unwrap()
}

fn requesting() -> StateCode {
    StateCode::new("FR").unwrap()
}

/// Everything for every path. Channels and retention depend on the state and the day alone, so each is asked once.
fn whole(law: &Law, paths: &mut [AttackPath], spent: &mut Spent) -> Counts {
    let mut counts = Counts::default();
    let mut touching = LawOfTheDay::new(&law.book, on());
    let mut coverage = CoverageOfTheDay::new(law, on());
    let lines = LinesOfTheDay::new(law, on());
    let (mut channels, mut retention) = (BTreeMap::new(), BTreeMap::new());
    for path in paths {
        let mut clock = Instant::now();
        let mut lap = |part: &mut Duration| {
            *part += clock.elapsed();
            clock = Instant::now();
        };
        touch_path(path, None, VictimEnd::Target, &mut touching);
        counts.touches += path.hops.iter().map(|h| h.touches.len()).sum::<usize>();
        lap(&mut spent.touches);
        let covered = coverage.of(path);
        counts.cells += covered.instruments.iter().map(|i| i.cells.len()).sum::<usize>();
        counts.gaps += covered.gaps.len();
        lap(&mut spent.coverage);
        counts.partings += black_box(lines.partings(&covered.states)).len();
        lap(&mut spent.partings);
        for state in &covered.states {
            let to_state = channels.entry(*state).or_insert_with(|| law.channels(requesting(), *state, on()));
            counts.channels += black_box(to_state.clone()).len();
        }
        lap(&mut spent.channels);
        for state in &covered.states {
            black_box(retention.entry(*state).or_insert_with(|| law.clocks(*state, on())).clone());
        }
        lap(&mut spent.retention);
    }
    counts.states = channels.len();
    counts
}

/// SplitMix64: paths that are the same in every run.
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

/// A quarter of the draws falls on eight states in which much is hosted, the rest on all alike.
fn paths() -> Vec<AttackPath> {
    let all: Vec<StateCode> = Law::shipped().unwrap().book.states().map(|(code, _)| code).collect();
    let often: Vec<StateCode> = ["US", "DE", "NL", "FR", "GB", "CN", "RU", "SG"].map(|s| StateCode::new(s).unwrap()).to_vec();
    let mut numbers = numbers();
    let mut draw = || {
        let n = numbers.next().unwrap_or_default();
        let from = if n.is_multiple_of(4) { &often } else { &all };
        from[(n >> 8) as usize % from.len()]
    };
    (0..PATHS).map(|_| path((0..HOPS).map(|i| hop(i, &mut draw)).collect())).collect()
}

fn hop(i: usize, draw: &mut impl FnMut() -> StateCode) -> LocatedHop {
    let addr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, i as u8));
    let mut states = BTreeSet::new();
    while states.len() < SHARES.len() {
        states.insert(draw());
    }
    let candidates =
        states.iter().zip(SHARES).map(|(state, p)| Candidate { state: *state, p, city: None, coordinates: None }).collect();
    let placement = Placement {
        locus: Locus { candidates },
        why_unplaced: None,
        registered_in: Some(draw()),
        as_state: Some(draw()),
        ..Placement::unplaced(addr, WhyUnplaced::NoData)
    };
    let role = match i {
        0 => HopRole::Origin,
        i if i + 1 == HOPS => HopRole::Target,
        _ => HopRole::Transit,
    };
    let hop = Hop {
        rank: i as u16,
        ttl: Some(i as u8),
        addr: Some(addr),
        role,
        kind: Knowledge::Observed,
        seen: None,
        rtts: Vec::new(),
        mpls: Vec::new(),
        names: Vec::new(),
        remarks: Vec::new(),
        because: Vec::new(),
    };
    LocatedHop { hop, placement: Some(placement), touches: Vec::new() }
}

fn path(hops: Vec<LocatedHop>) -> AttackPath {
    AttackPath {
        origin: None,
        trust: SourceTrust::Proved,
        origin_withheld: None,
        target: None,
        seen: Span::at(Timestamp::UNKNOWN),
        finding: Finding { kind: "conversation", score: 0.0, reason: String::new() },
        hops,
        segments: Vec::new(),
        borders: Vec::new(),
        states: Vec::new(),
        remarks: Vec::new(),
        law: rutter::model::path_law::PathLaw::default(),
    }
}

fn path_states(path: &AttackPath) -> Vec<StateCode> {
    let placements = path.hops.iter().filter_map(|h| h.placement.as_ref());
    let states: BTreeSet<StateCode> = placements.flat_map(|p| p.locus.candidates.iter().map(|c| c.state)).collect();
    states.into_iter().collect()
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn whole_engine(bencher: Bencher<'_, '_>) {
    let law = Law::shipped().unwrap();
    let mut paths = paths();
    bencher.counter(ItemsCount::new(PATHS)).bench_local(|| whole(law, black_box(&mut paths), &mut Spent::default()).touches);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn coverage_alone(bencher: Bencher<'_, '_>) {
    let law = Law::shipped().unwrap();
    let paths = paths();
    bencher.counter(ItemsCount::new(PATHS)).bench_local(|| {
        let mut coverage = CoverageOfTheDay::new(law, on());
        paths.iter().map(|p| coverage.of(black_box(p)).gaps.len()).sum::<usize>()
    });
}

/// All states on all lines, as for three world maps; divan's items are states.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn standings_of_all_states(bencher: Bencher<'_, '_>) {
    let law = Law::shipped().unwrap();
    let states: Vec<StateCode> = law.book.states().map(|(code, _)| code).collect();
    bencher.counter(ItemsCount::new(states.len())).bench_local(|| {
        let lines = LinesOfTheDay::new(law, on());
        states.iter().map(|s| lines.standings(*s).lines.len()).sum::<usize>()
    });
}

/// The plan of one path through so many hosts of one state: it may not grow with their square.
#[divan::bench(sample_count = 5, sample_size = 1, args = [2_000, 20_000])]
fn plan_of_hosts_in_one_state(bencher: Bencher<'_, '_>, hosts: u32) {
    let law = Law::shipped().unwrap();
    let report = read::report(report_of(hosts).as_bytes()).unwrap();
    let place = |state: StateCode| law.book.name_of(state).map(|name| Named { state, name: name.to_string() });
    let means = Means {
        requesting: requesting(),
        on: on(),
        on_given: true,
        sha256: String::new(),
        channels: &|to| law.channels(requesting(), to, on()),
        orders: law.orders_to_providers(requesting(), on()),
        retention: &|state, seen, asked| law.retention(state, seen, asked),
        place: &place,
        title: &|id| law.book.instrument(id).map(|i| i.title.to_string()),
        senders: None,
        by_way_of: None,
        rule_book: Law::dataset(),
        law_overlay: None,
    };
    bencher.counter(ItemsCount::new(hosts)).bench_local(|| build(black_box(&report), &means).requests.len());
}

/// A report as `rutter trace` writes it, with one path.
fn report_of(hosts: u32) -> String {
    let hop = |i: u32| {
        let (high, low) = (i >> 16, i & 0xffff);
        format!(
            r#"{{"rank":{low},"addr":"2001:db8::{high:x}:{low:x}","names":[],"role":"proxy","kind":"observed","asn":64500,"as_name":"X",
            "touches":[{{"state":"SG","basis":"territory","p":0.9,"regimes":[],"norms":[]}}],"because":["e1"]}}"#
        )
    };
    let hops: Vec<String> = (0..hosts).map(hop).collect();
    format!(
        r#"{{"schema":"rutter.report/1","tool":{{"name":"rutter","version":"0.1.0"}},"question":{{"on":"2026-09-01"}},
        "inputs":[{{"path":"in.pcap","sha256":"{}","format":"pcap"}}],"warnings":[],"reproduce":"rutter trace in.pcap",
        "paths":[{{"id":"p1","finding":"brute-force","reason":"many short sessions","first":null,"last":null,"target":{{"addr":null}},
        "origin":{{"addr":null,"trust":"proved","withheld":null}},"hops":[{}]}}],
        "evidence":[{{"id":"e1","kind":"flow","input":0,"at":{{"frame":7,"offset":24}},"time":"2026-03-17T02:03:45Z","what":"tcp 192.0.2.1 -> 198.51.100.7 port 40001 -> 22: 9 + 8 packets"}}]}}"#,
        "ab".repeat(32),
        hops.join(",")
    )
}
