use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::evidence::{Name, NameHow, SourceTrust};
use crate::model::path::Segment;
use crate::model::time::{Span, Timestamp};
use crate::paths::earth::distance_km;
use crate::paths::question::parse_net;

const FRANKFURT: (f32, f32) = (50.11, 8.68);
const PARIS: (f32, f32) = (48.86, 2.35);
const TOKYO: (f32, f32) = (35.68, 139.69);

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn state(code: &str) -> StateCode {
    StateCode::new(code).unwrap()
}

fn hop(rank: u16, role: HopRole, at: Option<&str>, ms: &[f64]) -> Hop {
    Hop {
        rank,
        ttl: (role == HopRole::Transit).then_some(rank as u8),
        addr: at.map(addr),
        role,
        kind: if at.is_some() { Knowledge::Observed } else { Knowledge::Gap },
        seen: None,
        rtts: ms.iter().map(|ms| (ms * 1e6) as i64).collect(),
        mpls: Vec::new(),
        names: Vec::new(),
        remarks: Vec::new(),
        because: Vec::new(),
    }
}

fn route(source: RouteSource, trust: SourceTrust, hops: Vec<Hop>) -> Route {
    let find = |role| hops.iter().find(|h| h.role == role).and_then(|h| h.addr);
    let link = |from| Segment { from, to: from + 1, kind: Knowledge::Observed, min: 0, max: 0, why: String::new() };
    Route {
        source,
        origin: find(HopRole::Origin),
        trust,
        target: find(HopRole::Target).unwrap_or(addr("9.0.2.9")),
        seen: Span::at(Timestamp(0)),
        segments: (0..hops.len() - 1).map(link).collect(),
        hops,
        complete: true,
        remarks: Vec::new(),
    }
}

/// The third octet says where the tables believe an address to be: 1 DE, 2 FR, 3 JP, 4 DE or NL, anything else unknown.
fn tables(hop: &Hop, _: &[Bound]) -> Option<Placement> {
    let ip = hop.addr?;
    let IpAddr::V4(v4) = ip else { return None };
    type Row = (&'static str, f32, Option<(f32, f32)>);
    let rows: &[Row] = match v4.octets()[2] {
        1 => &[("DE", 0.95, Some(FRANKFURT))],
        2 => &[("FR", 0.95, Some(PARIS))],
        3 => &[("JP", 0.9, Some(TOKYO)), ("DE", 0.05, Some(FRANKFURT))],
        4 => &[("NL", 0.4, None), ("DE", 0.45, None)],
        _ => return None,
    };
    let mut placement = Placement::unplaced(ip, WhyUnplaced::NoData);
    placement.why_unplaced = None;
    placement.locus.candidates =
        rows.iter().map(|(s, p, at)| Candidate { state: state(s), p: *p, city: None, coordinates: *at }).collect();
    Some(placement)
}

fn finding() -> Finding {
    Finding { kind: "traceroute", score: 1.0, reason: "why".to_owned() }
}

fn built(route: Route) -> AttackPath {
    build(route, finding(), &Question::default(), &mut tables)
}

fn p(path: &AttackPath, code: &str) -> f32 {
    path.states.iter().find(|(s, _)| *s == state(code)).map_or(0.0, |(_, p)| *p)
}

fn traceroute(between: &[(&str, f64)]) -> Route {
    let mut hops = vec![hop(0, HopRole::Origin, Some("9.0.1.1"), &[])];
    hops.extend(between.iter().zip(1..).map(|((a, ms), n)| hop(n, HopRole::Transit, Some(a), &[*ms])));
    hops.push(hop(90, HopRole::Target, Some("9.0.2.9"), &[12.0]));
    route(RouteSource::Traceroute, SourceTrust::Echoed, hops)
}

#[test]
fn a_wrong_row_is_corrected_and_said_so() {
    let path = built(traceroute(&[("9.1.1.1", 1.0), ("9.1.3.1", 1.3), ("9.1.1.2", 1.6), ("9.1.2.1", 9.0)]));
    let hop = &path.hops[2];
    assert_eq!(best_state(hop).unwrap().0, state("DE"));
    assert_eq!(hop.hop.remarks, ["looked at alone: JP; with its neighbours and their round trips: DE"]);
    assert!(p(&path, "JP") == 0.0 && p(&path, "DE") > 0.9 && p(&path, "FR") > 0.9);
    assert_eq!(path.borders.len(), 1, "{:?}", path.borders);
    let border = path.borders[0];
    assert_eq!((border.from, border.to, border.leaves, border.enters), (3, 4, state("DE"), state("FR")));
    assert!(border.p > 0.85 && border.p <= 0.99, "{border:?}");
    assert!(path.hops.iter().all(|h| h.touches.is_empty()) && path.origin == Some(addr("9.0.1.1")));
}

#[test]
fn a_place_that_light_cannot_reach_is_none() {
    let only_tokyo = |hop: &Hop, bounds: &[Bound]| {
        let mut placement = tables(hop, bounds)?;
        placement.locus.candidates.retain(|c| c.p > 0.1);
        Some(placement)
    };
    let route = traceroute(&[("9.1.1.1", 1.0), ("9.1.3.1", 1.3), ("9.1.1.2", 1.6)]);
    let path = build(route, finding(), &Question::default(), &mut { only_tokyo });
    let placement = path.hops[2].placement.as_ref().unwrap();
    assert!(placement.locus.candidates.is_empty());
    assert_eq!(placement.why_unplaced, Some(WhyUnplaced::Excluded));
}

#[test]
fn bounds_are_handed_to_the_locator_only_from_a_known_prober() {
    let bounds_of = |route: Route| {
        let mut seen = Vec::new();
        let _ = build(route, finding(), &Question::default(), &mut |hop: &Hop, bounds: &[Bound]| {
            seen.extend(bounds.iter().map(|b| (hop.rank, *b)));
            tables(hop, bounds)
        });
        seen
    };
    let seen = bounds_of(traceroute(&[("9.1.1.1", 5.0), ("9.1.1.2", 4.0)]));
    let bound = Bound { lat: FRANKFURT.0, lon: FRANKFURT.1, rtt_ns: 4_600_000 };
    assert_eq!(seen[..2], [(1, bound), (2, bound)], "the later hop of the same flow bounds the earlier one");
    let mut unproved = traceroute(&[("9.1.1.1", 5.0)]);
    unproved.trust = SourceTrust::Plausible;
    assert!(bounds_of(unproved).is_empty());
    let mut unknown = traceroute(&[("9.1.1.1", 5.0)]);
    unknown.hops[0].addr = Some(addr("9.0.4.1"));
    assert!(bounds_of(unknown).is_empty(), "DE or NL is no vantage point");
}

#[test]
fn a_sensor_that_stands_elsewhere_excludes_nothing() {
    // Somebody in Tokyo traces towards Paris; the sensor sits in Paris and sees round trips from there.
    let mut route = traceroute(&[("9.1.2.1", 0.3), ("9.1.2.2", 0.5)]);
    route.hops[0].addr = Some(addr("9.0.3.1"));
    route.origin = route.hops[0].addr;
    let path = built(route);
    assert!(p(&path, "FR") > 0.9 && p(&path, "JP") > 0.85, "{:?}", path.states);
    assert!(path.remarks.iter().any(|r| r.contains("do not fit the prober's place")), "{:?}", path.remarks);
}

#[test]
fn an_unproved_origin_is_withheld_everywhere() {
    let mut hops = vec![hop(0, HopRole::Origin, Some("9.0.3.7"), &[]), hop(1, HopRole::Target, Some("9.0.1.9"), &[])];
    hops[0].names.push(Name { addr: addr("9.0.3.7"), name: Arc::from("tokyo.example"), how: NameHow::Ptr, ttl_s: None });
    hops[1].remarks.push("asked by 9.0.3.7 first".to_owned());
    let mut spoofed = route(RouteSource::Flow, SourceTrust::Plausible, hops);
    spoofed.remarks.push("from 9.0.3.7, not from 9.0.3.77".to_owned());
    let path = built(spoofed.clone());
    assert_eq!((path.origin, path.hops[0].hop.addr), (None, None));
    assert!(path.hops[0].placement.is_none() && path.hops[0].hop.names.is_empty());
    assert!(path.origin_withheld.as_ref().unwrap().starts_with("source addresses are not proved"));
    assert_eq!(path.states.iter().map(|s| s.0).collect::<Vec<_>>(), [state("DE")]);
    assert_eq!(path.remarks[0], "from (withheld), not from 9.0.3.77");
    assert_eq!(path.hops[1].hop.remarks, ["asked by (withheld) first"]);
    assert!(path.remarks.iter().any(|r| r.contains("edge of what the sensor saw")));

    // The analyst may look at it, and it is still nowhere.
    let named = Question { attackers: vec![parse_net("--attacker", "9.0.3.0/24").unwrap()], ..Question::default() };
    let path = build(spoofed, finding(), &named, &mut tables);
    assert_eq!(path.origin, Some(addr("9.0.3.7")));
    assert_eq!(path.hops[0].placement.as_ref().unwrap().why_unplaced, Some(WhyUnplaced::Unproved));
    assert!(p(&path, "JP") == 0.0 && path.origin_withheld.is_none() && path.borders.is_empty());
}

#[test]
fn each_trust_has_its_reason() {
    for (trust, part) in [
        (SourceTrust::Plausible, "not proved"),
        (SourceTrust::Reflected, "reflectors"),
        (SourceTrust::Backscatter, "victims"),
        (SourceTrust::Impossible, "cannot be real senders"),
        (SourceTrust::Proved, "no address of an origin"),
    ] {
        let mut flow = route(
            RouteSource::Flow,
            trust,
            vec![hop(0, HopRole::Origin, None, &[]), hop(1, HopRole::Target, Some("9.0.1.9"), &[])],
        );
        flow.origin = None;
        assert!(built(flow).origin_withheld.unwrap().contains(part), "{trust:?}");
    }
}

#[test]
fn a_claim_is_placed_but_adds_no_state() {
    let mut hops = vec![
        hop(0, HopRole::Proxy, Some("9.9.3.1"), &[]),
        hop(1, HopRole::Origin, Some("9.9.2.1"), &[]),
        hop(2, HopRole::Target, Some("9.9.1.1"), &[]),
    ];
    hops[0].kind = Knowledge::Asserted;
    hops[1].kind = Knowledge::Asserted;
    let path = built(route(RouteSource::ForwardedChain, SourceTrust::Proved, hops));
    assert_eq!(best_state(&path.hops[0]).unwrap().0, state("JP"), "placed for information");
    assert_eq!(p(&path, "JP"), 0.0);
    assert!(p(&path, "FR") > 0.9, "a trusted proxy vouches for the client");
    assert_eq!(path.borders.len(), 1);
    assert!(path.remarks.iter().any(|r| r.starts_with("1 hop is known only from a header")), "{:?}", path.remarks);
}

#[test]
fn a_target_that_did_not_answer_adds_no_state() {
    let mut route = traceroute(&[("9.1.1.1", 1.0), ("9.1.1.2", 1.2)]);
    route.complete = false;
    route.hops[3].rtts.clear();
    let path = built(route);
    assert!(p(&path, "FR") == 0.0 && p(&path, "DE") > 0.9 && path.borders.is_empty());
    assert!(best_state(&path.hops[3]).is_some());
}

#[test]
fn hops_of_the_way_back_count_in_part() {
    let mut hops = vec![
        hop(0, HopRole::Origin, Some("9.0.1.1"), &[]),
        hop(1, HopRole::Transit, Some("9.1.2.1"), &[20.0]),
        hop(2, HopRole::Transit, Some("9.1.1.1"), &[1.0]),
        hop(3, HopRole::Target, Some("9.0.1.9"), &[]),
    ];
    hops[1].kind = Knowledge::Inferred;
    hops[2].kind = Knowledge::Inferred;
    // Round trips count from the target: far from it, a hop on another continent is possible.
    let mut far = hops.clone();
    (far[1].addr, far[1].rtts) = (Some(addr("9.1.3.1")), vec![250_000_000]);
    assert!(p(&built(route(RouteSource::Flow, SourceTrust::Proved, far)), "JP") > 0.4);
    let path = built(route(RouteSource::Flow, SourceTrust::Proved, hops));
    assert!((0.5..=0.6).contains(&p(&path, "FR")) && p(&path, "DE") > 0.95, "{:?}", path.states);
    let borders: Vec<_> = path.borders.iter().map(|b| (b.from, b.to, b.leaves, b.enters)).collect();
    assert_eq!(borders, [(0, 1, state("DE"), state("FR")), (1, 2, state("FR"), state("DE"))]);
    assert!(path.borders.iter().all(|b| b.p <= 0.6));
    assert!(!path.remarks.iter().any(|r| r.starts_with("detour")), "0.6 is no detour");
}

#[test]
fn a_detour_needs_all_three_to_be_probable() {
    let mut route = traceroute(&[("9.1.1.1", 1.0), ("9.1.2.1", 9.0)]);
    route.hops[3].addr = Some(addr("9.0.1.9"));
    route.hops[3].rtts = vec![18_000_000];
    route.target = addr("9.0.1.9");
    let path = built(route.clone());
    assert!(
        path.remarks.iter().any(|r| r.starts_with("detour: both ends are in DE, the path touches FR (p 0.9")),
        "{:?}",
        path.remarks
    );
    route.hops[2].addr = Some(addr("9.1.4.1"));
    assert!(!built(route).remarks.iter().any(|r| r.starts_with("detour")));
}

#[test]
fn two_likely_states_are_both_named() {
    let path = built(route(
        RouteSource::Flow,
        SourceTrust::Proved,
        vec![hop(0, HopRole::Origin, Some("9.0.4.1"), &[]), hop(1, HopRole::Target, Some("9.0.5.9"), &[])],
    ));
    assert_eq!(path.hops[0].hop.remarks, ["undetermined: DE 0.45 or NL 0.40"]);
    assert_eq!(path.states, [(state("DE"), 0.45), (state("NL"), 0.4)]);
    assert_eq!(path.hops[1].placement.as_ref().unwrap().why_unplaced, Some(WhyUnplaced::NoData));
}

#[test]
fn a_silent_hop_does_not_part_its_neighbours() {
    let mut route = traceroute(&[("9.1.1.1", 1.0), ("9.1.1.2", 1.1), ("9.1.3.1", 1.3)]);
    route.hops[2].addr = None;
    route.hops[2].rtts.clear();
    route.hops[2].kind = Knowledge::Gap;
    let path = built(route);
    assert!(path.hops[2].placement.is_none());
    assert_eq!(best_state(&path.hops[3]).unwrap().0, state("DE"));
    assert_eq!(path.borders.len(), 1);
}

/// The most that the hops stage hands over: 40 TTLs of 64 branches, every pair of neighbours linked.
#[test]
fn the_widest_route_is_built_in_bounded_time() {
    let mut hops = vec![hop(0, HopRole::Origin, Some("9.0.1.1"), &[])];
    let mut segments = Vec::new();
    for ttl in 1..=40_u16 {
        let first = hops.len();
        for n in 0..64_usize {
            hops.push(hop(ttl, HopRole::Transit, Some(&format!("9.{ttl}.{}.{n}", 1 + n % 3)), &[f64::from(ttl)]));
            for from in first.saturating_sub(64)..first {
                let to = first + n;
                segments.push(Segment { from, to, kind: Knowledge::Observed, min: 0, max: 0, why: String::new() });
            }
        }
    }
    hops.push(hop(99, HopRole::Target, Some("9.0.2.9"), &[50.0]));
    let mut wide = route(RouteSource::Traceroute, SourceTrust::Echoed, hops);
    wide.segments = segments;
    let path = built(wide);
    assert_eq!(path.hops.len(), 2_562);
    assert!(path.states.iter().all(|(_, p)| *p <= 0.99) && p(&path, "DE") > 0.9);
}

fn any_route() -> impl Strategy<Value = (Route, bool)> {
    let kinds = prop::sample::select(vec![Knowledge::Observed, Knowledge::Asserted, Knowledge::Inferred, Knowledge::Gap]);
    let roles =
        prop::sample::select(vec![HopRole::Origin, HopRole::Transit, HopRole::Proxy, HopRole::Target, HopRole::TunnelEntry]);
    let one = (
        kinds,
        roles,
        prop::option::weighted(0.9, (1_u8..6, 1_u8..4)),
        prop::collection::vec(-1_000_000_i64..90_000_000, 0..3),
        0_u16..6,
    );
    let trust =
        prop::sample::select(vec![SourceTrust::Proved, SourceTrust::Echoed, SourceTrust::Plausible, SourceTrust::Impossible]);
    let source = prop::sample::select(vec![RouteSource::Traceroute, RouteSource::Flow, RouteSource::ForwardedChain]);
    (prop::collection::vec(one, 1..9), trust, source, any::<bool>(), prop::collection::vec((0_usize..10, 0_usize..10), 0..9))
        .prop_map(|(hops, trust, source, complete, links)| {
            let mut list = vec![hop(0, HopRole::Origin, Some("9.0.1.1"), &[])];
            for (kind, role, at, rtts, rank) in hops {
                let at = at.map(|(place, n)| format!("9.0.{place}.{n}"));
                let mut h = hop(rank, role, at.as_deref(), &[]);
                (h.kind, h.rtts) = (kind, rtts);
                h.remarks.push("next to 9.0.1.1".to_owned());
                list.push(h);
            }
            list.push(hop(9, HopRole::Target, Some("9.0.2.9"), &[12.0]));
            let mut r = route(source, trust, list);
            r.target = addr("9.0.2.9");
            r.complete = complete;
            r.segments.extend(links.into_iter().map(|(from, to)| Segment {
                from,
                to,
                kind: Knowledge::Observed,
                min: 0,
                max: 0,
                why: String::new(),
            }));
            (r, complete)
        })
}

proptest! {
    #[test]
    fn whatever_the_route_the_promises_hold((route, _) in any_route()) {
        let mut given: Vec<Vec<StateCode>> = Vec::new();
        for h in &route.hops {
            given.push(tables(h, &[]).map(|p| p.locus.candidates.iter().map(|c| c.state).collect()).unwrap_or_default());
        }
        let hidden: Vec<IpAddr> = route.hops.iter().filter(|h| h.role == HopRole::Origin).filter_map(|h| h.addr).collect();
        let (trust, target, first) = (route.trust, route.target, route.clone());
        let path = built(route);
        prop_assert_eq!(path.hops.len(), first.hops.len());
        if trust.may_be_origin() {
            prop_assert!(path.origin.is_some());
        } else {
            prop_assert!(path.origin.is_none() && path.origin_withheld.is_some());
            for h in &path.hops {
                prop_assert!(h.hop.addr.is_none_or(|a| a == target || !hidden.contains(&a)));
                prop_assert!(h.hop.remarks.iter().all(|r| !r.contains("9.0.1.1")));
            }
        }
        let mut allowed = std::collections::BTreeSet::new();
        for (i, h) in path.hops.iter().enumerate() {
            let Some(placement) = &h.placement else { continue };
            let sum: f32 = placement.locus.candidates.iter().map(|c| c.p).sum();
            prop_assert!(sum <= 1.0 + 1e-5);
            for c in &placement.locus.candidates {
                prop_assert!(c.p > 0.0 && c.p <= 0.99);
                prop_assert!(given[i].contains(&c.state), "a state that no source named");
                if h.hop.kind != Knowledge::Asserted || h.hop.role == HopRole::Origin {
                    allowed.insert(c.state);
                }
            }
        }
        for (code, p) in &path.states {
            prop_assert!(*p > 0.0 && *p <= 0.99 && allowed.contains(code), "{code} from a claim");
        }
        for b in &path.borders {
            prop_assert!(b.from < b.to && b.leaves != b.enters && (0.0..=0.99).contains(&b.p));
        }
        // The same again gives the same.
        prop_assert_eq!(format!("{:?}", built(first)), format!("{path:?}"));
    }

    #[test]
    fn no_place_outside_the_feasible_set(ms in prop::collection::vec((1_u8..4, 0.1_f64..30.0), 1..8)) {
        let between: Vec<(String, f64)> = ms.iter().map(|(place, ms)| (format!("9.1.{place}.1"), *ms)).collect();
        let route = traceroute(&between.iter().map(|(a, ms)| (a.as_str(), *ms)).collect::<Vec<_>>());
        let path = built(route);
        let refused = path.remarks.iter().any(|r| r.contains("do not fit"));
        for (h, (_, ms)) in path.hops.iter().skip(1).zip(&ms) {
            for c in &h.placement.as_ref().unwrap().locus.candidates {
                let km = distance_km(FRANKFURT, c.coordinates.unwrap());
                prop_assert!(refused || km <= 100.0 * ms + 60.0, "{km} km in {ms} ms");
            }
        }
    }
}
