//! Touches: grounds, probabilities, what is shown, and what is never said.

use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use super::touches::{LawOfTheDay, VictimEnd, touch_path, touches};
use super::{RuleBook, touches as module};
use crate::model::evidence::SourceTrust;
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::law::{Basis, Status, Touch};
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, Finding, LocatedHop};
use crate::model::path_law::PathLaw;
use crate::model::place::{Candidate, Locus, Placement, WhyUnplaced};
use crate::model::time::{Day, Span, Timestamp};

fn code(s: &str) -> StateCode {
    s.parse().unwrap()
}

fn day(s: &str) -> Day {
    s.parse().unwrap()
}

fn book() -> &'static RuleBook {
    RuleBook::shipped().unwrap()
}

/// A hop with places, registration and seat; `-` for none.
fn hop(places: &[(&str, f32)], registered: &str, seat: &str) -> LocatedHop {
    let addr: IpAddr = "192.0.2.1".parse().unwrap();
    let candidates: SmallVec<[Candidate; 4]> =
        places.iter().map(|(s, p)| Candidate { state: code(s), p: *p, city: None, coordinates: None }).collect();
    let why_unplaced = places.is_empty().then_some(WhyUnplaced::NoData);
    let placement = Placement {
        locus: Locus { candidates },
        why_unplaced,
        registered_in: StateCode::new(registered),
        as_state: StateCode::new(seat),
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

fn grounds(touches: &[Touch]) -> Vec<(String, Basis, f32)> {
    touches.iter().map(|t| (t.state.to_string(), t.basis, t.p)).collect()
}

#[test]
fn every_ground_is_a_touch_of_its_own() {
    let h = hop(&[("DE", 0.9), ("NL", 0.06), ("FR", 0.04)], "US", "GB");
    let t = touches(&h, None, false, day("2026-09-01"), book());
    assert_eq!(
        grounds(&t),
        [
            ("DE".to_owned(), Basis::Territory, 0.9),
            ("NL".to_owned(), Basis::Territory, 0.06),
            ("US".to_owned(), Basis::Registration, 0.99),
            ("GB".to_owned(), Basis::OperatorSeat, 0.99),
        ]
    );
}

#[test]
fn two_cities_of_a_state_are_one_touch_and_nothing_is_certain() {
    let h = hop(&[("DE", 0.6), ("DE", 0.4), ("GR", 0.0)], "-", "-");
    assert_eq!(grounds(&touches(&h, None, false, day("2026-09-01"), book())), [("DE".to_owned(), Basis::Territory, 0.99)]);
    // below the threshold singly, above it together
    let h = hop(&[("DE", 0.03), ("DE", 0.03)], "-", "-");
    assert_eq!(touches(&h, None, false, day("2026-09-01"), book()).len(), 1);
}

#[test]
fn what_is_asserted_spoofed_unproved_or_silent_touches_nobody() {
    let on = day("2026-09-01");
    let mut h = hop(&[("DE", 0.9)], "US", "GB");
    h.hop.kind = Knowledge::Asserted;
    assert!(touches(&h, Some(code("FR")), true, on, book()).is_empty());
    for why in [WhyUnplaced::Spoofed, WhyUnplaced::Unproved] {
        let mut h = hop(&[], "US", "GB");
        h.placement.as_mut().unwrap().why_unplaced = Some(why);
        assert!(touches(&h, None, false, on, book()).is_empty());
    }
    let mut h = hop(&[("DE", 0.9)], "US", "GB");
    h.placement = None;
    h.hop.addr = None;
    assert!(touches(&h, None, false, on, book()).is_empty());
    // an address that may not be shown gives no ground either
    let mut h = hop(&[("DE", 0.9)], "US", "GB");
    h.hop.addr = None;
    assert!(touches(&h, None, false, on, book()).is_empty());
}

#[test]
fn an_unplaced_address_still_has_a_registry_and_an_operator() {
    let mut h = hop(&[], "US", "GB");
    h.placement.as_mut().unwrap().why_unplaced = Some(WhyUnplaced::Anycast);
    let t = touches(&h, None, false, day("2026-09-01"), book());
    assert_eq!(t.iter().map(|t| t.basis).collect::<Vec<_>>(), [Basis::Registration, Basis::OperatorSeat]);
}

#[test]
fn labels_of_registries_name_no_state_and_aliases_do() {
    let h = hop(&[("UK", 0.9)], "EU", "AP");
    assert_eq!(grounds(&touches(&h, None, false, day("2026-09-01"), book())), [("GB".to_owned(), Basis::Territory, 0.9)]);
}

#[test]
fn the_victim_is_where_the_analyst_says_or_where_the_target_is() {
    let h = hop(&[("DE", 0.7), ("AT", 0.2)], "-", "-");
    let on = day("2026-09-01");
    let given = touches(&h, Some(code("FR")), true, on, book());
    assert_eq!(grounds(&given).last(), Some(&("FR".to_owned(), Basis::Victim, 0.99)));
    let placed = touches(&h, None, true, on, book());
    assert_eq!(
        grounds(&placed).get(2..).unwrap(),
        [("DE".to_owned(), Basis::Victim, 0.7), ("AT".to_owned(), Basis::Victim, 0.2)]
    );
    assert!(touches(&h, Some(code("FR")), false, on, book()).iter().all(|t| t.basis != Basis::Victim));
    let norms: Vec<&str> = placed.last().unwrap().norms.iter().map(|n| &*n.norm).collect();
    assert_eq!(norms, ["13(f)"]);
}

fn ids(t: &Touch) -> Vec<(&str, Status)> {
    t.regimes.iter().map(|r| (&*r.instrument, r.status)).collect()
}

#[test]
fn regimes_are_those_of_the_day_and_the_budapest_convention_leads() {
    let h = hop(&[("DE", 0.9)], "-", "-");
    let first = |on| touches(&h, None, false, day(on), book()).remove(0);
    assert_eq!(ids(&first("2000-01-01")), [("ETS185", Status::NotParty)]);
    assert_eq!(ids(&first("2009-06-30")), [("ETS185", Status::Ratified)]);
    let now = first("2026-08-18");
    assert_eq!(
        ids(&now),
        [("ETS185", Status::Party), ("CETS224", Status::Signatory), ("EEVID", Status::Party), ("EIO", Status::Party)]
    );
    assert!(!ids(&first("2026-08-17")).iter().any(|(id, _)| *id == "EEVID"));
    let budapest = now.regimes.first().unwrap();
    assert_eq!(budapest.in_force, Some(day("2009-07-01")));
    assert!(budapest.note.starts_with("arts 17, 29, 30, 35"), "{}", budapest.note);
    let later = first("2026-12-01");
    let old = &later.regimes.first().unwrap().note;
    assert!(old.contains("as of 2026-04-25: a later change is not excluded"), "{old}");
    assert!(budapest.source.contains("coe.int"), "{}", budapest.source);
    let outside = touches(&hop(&[("CN", 0.9)], "-", "-"), None, false, day("2026-09-01"), book()).remove(0);
    assert!(!outside.regimes.first().unwrap().note.contains("arts"), "articles that do not reach it");
    assert!(outside.regimes.iter().all(|r| !r.source.starts_with("unconfirmed")), "a reader is told that no source was read");
}

#[test]
fn an_opt_out_is_shown_and_a_stranger_is_not() {
    let on = day("2026-09-01");
    let dk = touches(&hop(&[("DK", 0.9)], "-", "-"), None, false, on, book()).remove(0);
    assert!(ids(&dk).contains(&("EEVID", Status::NotParty)));
    let eve = touches(&hop(&[("DK", 0.9)], "-", "-"), None, false, day("2026-08-17"), book()).remove(0);
    assert!(!ids(&eve).iter().any(|(id, _)| *id == "EEVID"), "nothing to opt out of yet");
    let fo = touches(&hop(&[("FO", 0.9)], "-", "-"), None, false, on, book()).remove(0);
    assert!(ids(&fo).contains(&("ETS185", Status::NotExtended)));
    let ch = touches(&hop(&[("CH", 0.9)], "-", "-"), None, false, on, book()).remove(0);
    assert!(!ids(&ch).iter().any(|(id, _)| *id == "EEVID"), "{:?}", ids(&ch));
    let hk = touches(&hop(&[("HK", 0.9)], "-", "-"), None, false, on, book()).remove(0);
    assert_eq!(ids(&hk), [("ETS185", Status::NotParty)]);
}

#[test]
fn norms_are_read_and_never_found_breached() {
    let h = hop(&[("DE", 0.6), ("GB", 0.3)], "US", "-");
    let t = touches(&h, Some(code("GB")), false, day("2026-09-01"), book());
    let norms: Vec<Vec<&str>> = t.iter().map(|t| t.norms.iter().map(|n| &*n.norm).collect()).collect();
    assert_eq!(norms, [vec!["13(b)", "13(c)"], vec!["13(c)"], vec![]]);
    let c = t.first().unwrap().norms.get(1).unwrap();
    assert_eq!(&*c.state, "not engaged: no notice recorded");
    assert!(c.reading.contains("DE a binding rule in its published position of 2021-03 (confirmed"), "{}", c.reading);
    assert!(c.reading.contains("GB a voluntary norm"), "{}", c.reading);
    assert!(c.reading.contains("read the same fact differently"), "{}", c.reading);
    let b = t.first().unwrap().norms.first().unwrap();
    assert!(b.state.contains("governs whoever uses this report"));
    // before the document was published nothing had been said
    let early = touches(&h, None, false, day("2019-01-01"), book());
    assert!(early.first().unwrap().norms.get(1).unwrap().reading.contains("DE unknown"));
}

/// `(state, expected stance)` as the summary of the law layer lists them, but for what was read since.
#[test]
fn due_diligence_positions_are_those_of_the_list() {
    use super::norms::Stance;
    for s in ["AU", "CZ", "EE", "FI", "FR", "DE", "IT", "JP", "NL", "NO", "CH", "SE"] {
        assert_eq!(book().due_diligence(code(s)).unwrap().stance, Stance::Binding, "{s}");
    }
    // The United States by its contribution to A/76/136 of 2021.
    for s in ["GB", "CA", "NZ", "IL", "US"] {
        assert_eq!(book().due_diligence(code(s)).unwrap().stance, Stance::Voluntary, "{s}");
    }
    assert_eq!(book().due_diligence(code("RU")).unwrap().stance, Stance::Unknown);
    assert_eq!(book().due_diligence(code("AR")).unwrap().stance, Stance::Open);
}

fn path(kind: &'static str, hops: Vec<LocatedHop>) -> AttackPath {
    AttackPath {
        origin: None,
        trust: SourceTrust::Plausible,
        origin_withheld: None,
        target: None,
        seen: Span::at(Timestamp(0)),
        finding: Finding { kind, score: 1.0, reason: String::new() },
        hops,
        segments: Vec::new(),
        borders: Vec::new(),
        states: Vec::new(),
        remarks: Vec::new(),
        law: PathLaw::default(),
    }
}

#[test]
fn the_destination_of_a_traceroute_is_nobodys_victim() {
    let mut target = hop(&[("DE", 0.9)], "-", "-");
    target.hop.role = HopRole::Target;
    let victims = |p: &AttackPath| p.hops.iter().flat_map(|h| &h.touches).filter(|t| t.basis == Basis::Victim).count();
    let mut law = LawOfTheDay::new(book(), day("2026-09-01"));
    let mut p = path("traceroute", vec![hop(&[("FR", 0.9)], "-", "-"), target.clone()]);
    touch_path(&mut p, None, VictimEnd::Target, &mut law);
    assert_eq!((victims(&p), p.hops.iter().all(|h| !h.touches.is_empty())), (0, true));
    let mut p = path("brute-force", vec![hop(&[("FR", 0.9)], "-", "-"), target.clone()]);
    touch_path(&mut p, None, VictimEnd::Target, &mut law);
    assert_eq!(victims(&p), 1);
    let mut p = path("traceroute", vec![target]);
    touch_path(&mut p, Some(code("AT")), VictimEnd::Given(&|a| a.is_ipv4()), &mut law);
    assert_eq!(victims(&p), 1);
}

/// Location is not responsibility: no text of a touch may make a state the doer, or claim certainty.
#[test]
fn the_words_stay_honest() {
    let on = day("2026-09-01");
    let mut law = LawOfTheDay::new(book(), on);
    let codes: Vec<StateCode> =
        book().states().map(|(s, _)| s).chain(book().territories().filter_map(|t| StateCode::new(&t.code))).collect();
    for state in codes {
        let h = hop(&[(state.as_str(), 0.9)], state.as_str(), state.as_str());
        for t in law.touches(&h, Some(state), true) {
            assert!(t.p <= module::MOST_P);
            let texts = t.norms.iter().flat_map(|n| [&n.state, &n.reading]).chain(t.regimes.iter().map(|r| &r.note));
            for text in texts.map(Arc::as_ref) {
                for word in ["100 %", "100%", " attacked ", "is responsible", " guilty"] {
                    assert!(!text.contains(word), "{state}: {text}");
                }
            }
            assert!(t.regimes.len() <= 9, "{state} {:?}: {} regimes are more than a reader can use", t.basis, t.regimes.len());
        }
    }
}

/// 1,000 paths of 15 hops with five states each; how long they take is measured by `benches/law.rs`.
#[test]
fn a_thousand_paths_have_all_their_touches() {
    let five = [("DE", 0.3), ("NL", 0.2), ("FR", 0.2), ("GB", 0.2), ("US", 0.1)];
    let mut paths: Vec<AttackPath> =
        (0..1000).map(|_| path("conversation", (0..15).map(|_| hop(&five, "SE", "CH")).collect())).collect();
    let mut law = LawOfTheDay::new(book(), day("2026-09-01"));
    for p in &mut paths {
        touch_path(p, Some(code("JP")), VictimEnd::Target, &mut law);
    }
    assert_eq!(paths.iter().flat_map(|p| &p.hops).map(|h| h.touches.len()).sum::<usize>(), 1000 * 15 * 7);
}
