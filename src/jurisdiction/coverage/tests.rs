//! Coverage of small paths: what is counted, what is not, and in which words.

use std::net::IpAddr;

use super::*;
use crate::model::evidence::SourceTrust;
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::path::{Finding, LocatedHop};
use crate::model::place::{Candidate, Locus, Placement, WhyUnplaced};
use crate::model::time::{Span, Timestamp};

fn code(s: &str) -> StateCode {
    s.parse().unwrap()
}

fn day(s: &str) -> Day {
    s.parse().unwrap()
}

fn hop(places: &[(&str, f32)]) -> LocatedHop {
    let addr: IpAddr = "192.0.2.1".parse().unwrap();
    let candidates = places.iter().map(|(s, p)| Candidate { state: code(s), p: *p, city: None, coordinates: None }).collect();
    let placement = Placement {
        locus: Locus { candidates },
        why_unplaced: places.is_empty().then_some(WhyUnplaced::NoData),
        ..Placement::unplaced(addr, WhyUnplaced::NoData)
    };
    let hop = Hop {
        rank: 1,
        ttl: Some(1),
        addr: Some(addr),
        role: HopRole::Transit,
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
        law: crate::model::path_law::PathLaw::default(),
    }
}

fn through(states: &[&str]) -> AttackPath {
    path(states.iter().map(|s| hop(&[(s, 0.95)])).collect())
}

fn coverage(path: &AttackPath, on: &str) -> Coverage {
    Law::shipped().unwrap().coverage(path, day(on))
}

fn row<'a>(c: &'a Coverage, id: &str) -> &'a InstrumentCoverage {
    c.instruments.iter().find(|i| &*i.instrument == id).unwrap_or_else(|| panic!("{id} is not listed"))
}

fn codes(states: &[StateCode]) -> Vec<&str> {
    states.iter().map(StateCode::as_str).collect()
}

#[test]
fn the_hops_outside_are_named_by_their_place_in_the_path() {
    let c = coverage(&through(&["DE", "RU", "FR"]), "2026-01-01");
    assert_eq!((c.hops, codes(&c.states)), (3, vec!["DE", "RU", "FR"]));
    let ets = row(&c, "ETS185");
    assert_eq!(ets.outside, [1]);
    assert_eq!(ets.worst, 2);
    assert!((ets.expected - 1.9).abs() < 1e-4, "{}", ets.expected);
    assert_eq!(ets.cells.iter().map(|c| c.state.as_str()).collect::<Vec<_>>(), ["DE", "RU", "FR"]);
    assert_eq!(ets.cells[0].status, Status::Party);
    assert_eq!(ets.cells[0].since, Some(day("2009-07-01")));
    assert!(&*ets.force == "in force since 2004-07-01" && ets.source.starts_with("http"), "{ets:?}");
    assert!(c.instruments.is_sorted_by(|a, b| a.expected >= b.expected));
}

#[test]
fn before_its_day_an_instrument_covers_nothing() {
    let path = through(&["DE", "FR"]);
    let at = |on: &str| coverage(&path, on);
    assert_eq!(row(&at("2026-08-18"), "EEVID").expected, 1.9);
    let before = at("2026-08-17");
    assert!(!before.minimal.iter().flatten().any(|id| &**id == "EEVID"));
    assert!(before.instruments.iter().all(|i| &*i.instrument != "EEVID" || i.expected == 0.0));
    // 2004: the Budapest Convention bound neither yet
    assert!(at("2004-07-02").instruments.iter().all(|i| &*i.instrument != "ETS185" || i.outside == [0, 1]));
}

#[test]
fn what_binds_nobody_is_listed_and_covers_nothing() {
    let c = coverage(&through(&["RU", "FR"]), "2026-09-01");
    for i in c.instruments.iter().filter(|i| matches!(&*i.instrument, "UNCC" | "CETS224" | "HARARE")) {
        assert_eq!((i.expected, i.worst, i.outside.as_slice()), (0.0, 0, &[0, 1][..]), "{i:?}");
    }
    assert!(row(&c, "UNCC").force.starts_with("not in force"));
    let c = coverage(&through(&["GB", "IN"]), "2026-09-01");
    let harare = row(&c, "HARARE");
    assert!(harare.expected == 0.0 && &*harare.force == "binds nobody by design");
    assert!(!c.minimal.iter().flatten().any(|id| &**id == "HARARE"));
}

#[test]
fn the_worst_case_looks_at_the_whole_90_per_cent_set() {
    let split = |p: f32, q: f32| path(vec![hop(&[("DE", p), ("RU", q)])]);
    let worst = |path: &AttackPath| row(&coverage(path, "2026-01-01"), "ETS185").worst;
    assert_eq!(worst(&split(0.92, 0.06)), 1);
    assert_eq!(worst(&split(0.88, 0.10)), 0);
    // DE alone is bound, but a fifth of the place is unknown
    assert_eq!(worst(&path(vec![hop(&[("DE", 0.8)])])), 0);
    let c = coverage(&split(0.88, 0.10), "2026-01-01");
    assert_eq!(codes(&c.states), ["DE", "RU"]);
    assert!(row(&c, "ETS185").outside.is_empty() && (row(&c, "ETS185").expected - 0.88).abs() < 1e-5);
}

#[test]
fn two_cities_and_two_spellings_are_one_state() {
    let c = coverage(&path(vec![hop(&[("FR", 0.4), ("UK", 0.3), ("GB", 0.25)])]), "2026-01-01");
    assert_eq!(codes(&c.states), ["GB", "FR"]);
}

#[test]
fn what_touches_nobody_is_not_counted() {
    let mut asserted = hop(&[("DE", 0.95)]);
    asserted.hop.kind = Knowledge::Asserted;
    let mut spoofed = hop(&[("DE", 0.95)]);
    spoofed.placement.as_mut().unwrap().why_unplaced = Some(WhyUnplaced::Spoofed);
    let mut silent = hop(&[]);
    (silent.placement, silent.hop.addr) = (None, None);
    let mut c = coverage(&path(vec![asserted, spoofed, silent, hop(&[("EU", 0.9)]), hop(&[])]), "2026-01-01");
    assert_eq!(c.words, "No hop of this path is placed, so there is no state for an instrument to bind.");
    c.words.clear();
    assert_eq!(c, Coverage::default());
}

#[test]
fn the_smallest_sets_reach_all_that_any_instrument_reaches() {
    let c = coverage(&through(&["DE", "FR", "NL"]), "2026-09-01");
    assert!(c.minimal.iter().all(|set| set.len() == 1) && c.minimal.len() > 2, "{:?}", c.minimal);
    assert!(c.uncovered.is_empty());
    // Antarctica is nobody's
    let c = coverage(&through(&["DE", "AQ"]), "2026-09-01");
    assert_eq!(c.uncovered, [1]);
    assert!(!c.minimal.is_empty());
    // before the convention on organised crime, no one text bound both
    let c = coverage(&through(&["FR", "US", "UA"]), "2003-01-01");
    for set in &c.minimal {
        assert!(set.is_sorted());
        let reached = |index: usize| set.iter().any(|id| !row(&c, id).outside.contains(&index));
        assert!((0..3).all(|i| reached(i) || c.uncovered.contains(&i)), "{set:?}");
    }
}

#[test]
fn a_bundle_covers_only_the_path_between_its_two_ends() {
    let listed =
        |states: &[&str], on: &str, id: &str| coverage(&through(states), on).instruments.iter().any(|i| &*i.instrument == id);
    assert!(listed(&["US", "GB"], "2026-01-01", "CLOUDACT"));
    assert!(!listed(&["US", "GB"], "2022-10-02", "CLOUDACT"));
    assert!(!listed(&["AU", "GB"], "2026-01-01", "CLOUDACT"));
    assert!(!listed(&["US", "GB", "FR"], "2026-01-01", "CLOUDACT"));
    assert!(!listed(&["US", "CA"], "2026-01-01", "CLOUDACT"));
    assert!(listed(&["US", "CA"], "2026-01-01", "USMLAT"));
    let c = coverage(&through(&["US", "GB"]), "2026-01-01");
    let agreement = row(&c, "CLOUDACT");
    assert!(agreement.outside.is_empty() && agreement.worst == 2);
    assert!(agreement.cells.iter().all(|c| c.since == Some(day("2022-10-03"))), "{:?}", agreement.cells);
    assert!(c.minimal.iter().any(|set| set.len() == 1 && &*set[0] == "CLOUDACT"), "{:?}", c.minimal);
    let c = coverage(&through(&["US", "CA"]), "2026-01-01");
    assert!(row(&c, "USMLAT").cells.iter().all(|c| c.status == Status::Party));
}

#[test]
fn pairs_without_a_treaty_channel() {
    let gaps = |states: &[&str], on: &str| {
        let c = coverage(&through(states), on);
        c.gaps.into_iter().map(|g| (format!("{}-{}", g.from, g.to), g.known)).collect::<Vec<_>>()
    };
    assert!(gaps(&["DE", "FR", "US"], "2026-01-01").is_empty());
    assert_eq!(gaps(&["DE", "AQ"], "2026-01-01"), [("DE-AQ".to_owned(), false)]);
    // a bilateral treaty closes the gap that the absence of any other leaves
    assert_eq!(gaps(&["CA", "TW", "US"], "2026-01-01"), [("CA-TW".to_owned(), false)]);
    // territory and state are no pair
    assert!(gaps(&["DK", "FO"], "2026-01-01").is_empty());
    let words = |states: &[&str]| coverage(&through(states), "2026-01-01").words;
    assert!(!words(&["DK", "FO"]).contains("pair"), "{}", words(&["DK", "FO"]));
    assert!(words(&["PR", "US", "DE"]).contains("the 2 pairs of states"), "{}", words(&["PR", "US", "DE"]));
    // before there was any multilateral text between them
    assert_eq!(gaps(&["RU", "IN"], "1990-01-01").len(), 1);
}

/// Nobody can say that there is no treaty between two states if the tables have bilateral treaties of neither.
#[test]
fn a_gap_is_known_only_where_the_tables_could_know() {
    let law = Law::shipped().unwrap();
    let all: Vec<StateCode> = law.book.states().map(|(code, _)| code).collect();
    let us = code("US");
    let mut day_law = CoverageOfTheDay::new(law, day("2026-09-01"));
    let laws: BTreeMap<StateCode, Arc<StateLaw>> = all.iter().map(|s| (*s, day_law.state_law(*s))).collect();
    let gaps = day_law.gaps(&all, &laws);
    assert!(!gaps.is_empty());
    assert!(gaps.iter().all(|g| !g.known || g.from == us || g.to == us));
    for g in &gaps {
        assert!(!day_law.considered.iter().any(|c| {
            let binds = |s: StateCode| law.book.status_of(c.instrument, s, day("2026-09-01")).applies() == Some(true);
            c.home.is_none() && binds(g.from) && binds(g.to)
        }));
        assert!(g.left.iter().any(|l| l.starts_with("letter rogatory")), "{g:?}");
    }
}

#[test]
fn who_is_not_in_interpol_is_not_asked_through_it() {
    let c = coverage(&through(&["KP", "AQ"]), "2026-01-01");
    assert!(!c.gaps[0].left.iter().any(|l| l.starts_with("INTERPOL")), "{:?}", c.gaps);
}

/// What is left is what the list of channels between the two has, and nothing that only other pairs have.
#[test]
fn what_is_left_is_what_the_channels_say() {
    let law = Law::shipped().unwrap();
    let left = |a: &str, b: &str, on: &str| {
        let gaps = coverage(&through(&[a, b]), on).gaps;
        gaps[0].left.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // Taiwan is no member of the United Nations, nor of INTERPOL.
    let taiwan = left("JP", "TW", "2026-09-01");
    assert!(taiwan.iter().any(|l| l.starts_with("letter rogatory")), "{taiwan:?}");
    assert!(!taiwan.iter().any(|l| l.starts_with("UN points") || l.starts_with("INTERPOL")), "{taiwan:?}");
    // The directory began in May 2024.
    let points = |on: &str| left("KP", "TV", on).iter().any(|l| l.starts_with("UN points of contact"));
    assert!(points("2026-09-01") && !points("2023-09-01"));
    for g in coverage(&through(&["JP", "TW", "KP", "XK", "AQ", "SO"]), "2026-09-01").gaps {
        let listed = law.channels(g.from, g.to, day("2026-09-01"));
        for l in &g.left {
            let kind = l.trim_end_matches(" (unknown)");
            let found = listed.iter().chain(&law.channels(g.to, g.from, day("2026-09-01"))).any(|c| {
                &*c.kind == kind
                    && c.instrument.is_none()
                    && (kind.len() < l.len() || c.usable == crate::model::channel::Usable::Yes)
            });
            assert!(found, "{} {}: {l}", g.from, g.to);
        }
    }
}

/// Of a place that the rule book does not list nobody can say which state answers for it, nor that a net tears there.
#[test]
fn a_place_that_is_not_listed_is_no_gap_of_a_known_kind() {
    let c = coverage(&through(&["US", "QQ", "FR"]), "2026-09-01");
    let open: Vec<_> = c.gaps.iter().filter(|g| g.from == code("QQ") || g.to == code("QQ")).collect();
    assert_eq!(open.len(), 2);
    assert!(
        open.iter().all(|g| g.left.is_empty() && !g.known && g.note.starts_with("QQ: no place of the rule book")),
        "{open:?}"
    );
    assert!(c.words.contains("nothing can be said of 2 pairs of states"), "{}", c.words);
    assert!(c.words.contains("a treaty channel between the two states"), "the pair that is left: {}", c.words);
    assert!(coverage(&through(&["DE", "AQ"]), "2026-09-01").gaps.iter().all(|g| g.note.is_empty()));
}

/// An agreement of the United States is not known to reach its territories, as the list of channels says.
#[test]
fn a_territory_of_the_home_of_a_bundle_is_unknown() {
    let c = coverage(&through(&["PR", "GB"]), "2026-01-01");
    assert!(c.instruments.iter().all(|i| !matches!(&*i.instrument, "CLOUDACT" | "USMLAT") || i.outside.contains(&0)), "{c:?}");
    assert!(!c.minimal.iter().flatten().any(|id| matches!(&**id, "CLOUDACT" | "USMLAT")), "{:?}", c.minimal);
    let both = coverage(&through(&["US", "GB"]), "2026-01-01");
    assert!(row(&both, "CLOUDACT").outside.is_empty());
}

/// A third state has nothing of an agreement between two others, even if it has one of its own with the same home.
#[test]
fn a_bundle_fills_the_cells_of_its_two_ends_only() {
    let third = path(vec![hop(&[("US", 0.95)]), hop(&[("GB", 0.6), ("AU", 0.35)])]);
    let c = coverage(&third, "2026-01-01");
    let row = row(&c, "CLOUDACT");
    let cells: Vec<(&str, Status, bool)> = row.cells.iter().map(|c| (c.state.as_str(), c.status, c.since.is_some())).collect();
    assert_eq!(cells, [("US", Status::Party, true), ("GB", Status::Party, true), ("AU", Status::NotParty, false)]);
    assert!(row.force.starts_with("agreement between GB and US"), "{}", row.force);
}

/// It binds them all and reaches few cases: whoever reads that it covers the path reads that too.
#[test]
fn a_text_with_a_condition_says_it() {
    let c = coverage(&through(&["DE", "RU", "NG"]), "2026-09-01");
    let condition = "only for serious crime that is transnational and involves an organised criminal group";
    assert_eq!(&*row(&c, "UNTOC").condition, condition);
    assert!(row(&c, "ETS185").condition.is_empty());
    let cited = c.words.split("UNTOC (").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    assert!(cited.ends_with(condition), "{}", c.words);
}

#[test]
fn the_sentence_has_numbers_dates_and_grades() {
    let c = coverage(&through(&["DE", "RU", "FR", "AQ"]), "2026-09-01");
    assert!(c.words.contains(" binds the leading state of "), "{}", c.words);
    for part in
        [" of 4 placed hops (expected ", " (in force since ", "ETS185 (in force since 2004-07-01, ", " of 6 pairs of states."]
    {
        assert!(c.words.contains(part), "{part:?} is not in {:?}", c.words);
    }
    for word in ["likely", "probabl", "confidence", "100 %", "possibl"] {
        assert!(!c.words.contains(word), "{}", c.words);
    }
    let c = coverage(&through(&["AQ"]), "2026-09-01");
    assert_eq!(c.words, "No instrument on cooperation in the tables is known to bind the leading state of any of 1 placed hop.");
}

#[test]
fn one_day_for_many_paths_gives_what_each_gives_alone() {
    let law = Law::shipped().unwrap();
    let paths = [through(&["DE", "RU"]), through(&["US", "GB"]), through(&["BR", "HK", "CN"]), path(vec![])];
    let mut of_the_day = CoverageOfTheDay::new(law, day("2026-09-01"));
    for p in paths.iter().chain(paths.iter().rev()) {
        assert_eq!(of_the_day.of(p), law.coverage(p, day("2026-09-01")));
    }
}

/// Made up, for the tables leave no gap known: FR and US outside everything, or with one text of which nobody knows.
#[test]
fn a_gap_is_known_if_every_text_is_known_to_leave_one_of_the_two_outside() {
    let mut of_the_day = CoverageOfTheDay::new(Law::shipped().unwrap(), day("2026-09-01"));
    let all: Mask = (1 << of_the_day.considered.len()) - 1;
    let bundles = of_the_day.bilateral();
    let law = |state: &str, outside: Mask, home: Mask| {
        let of = StateLaw { cells: Vec::new(), bound: 0, outside, home, under: code(state), listed: true };
        (code(state), Arc::new(of))
    };
    let mut gap = |a: (StateCode, Arc<StateLaw>), b: (StateCode, Arc<StateLaw>)| {
        let states = [a.0, b.0];
        of_the_day.gaps(&states, &[a, b].into_iter().collect())[0].known
    };
    assert!(gap(law("FR", all, 0), law("US", 0, bundles)));
    assert!(gap(law("US", all & !bundles, bundles), law("FR", bundles, 0)));
    assert!(!gap(law("FR", all & !1, 0), law("US", 0, bundles)));
    assert!(!gap(law("FR", all & !bundles, 0), law("US", all & !bundles, bundles)));
    // whatever is known of all these texts, a bilateral treaty that no table has is not excluded
    assert!(!gap(law("FR", all, 0), law("BR", all, 0)));
}
