//! Traceroutes whose probes were captured.

use proptest::prelude::*;

use super::super::protocol;
use super::*;
use crate::model::evidence::{InterfaceInfo, LabelEntry};
use crate::model::hop::HopRole;

/// Linux traceroute over UDP through three equal-cost branches, as in the lab: every probe is its own flow.
fn classic() -> Made {
    let mut m = Made::default();
    m.asked(1..=6);
    let mut flow = 0;
    let hops: [&[&str]; 5] = [
        &["10.9.1.2", "10.9.1.2", "10.9.1.2"],
        &["10.9.3.2", "10.9.4.2", "10.9.4.2"],
        &["10.9.5.2", "10.9.5.2", "10.9.5.2"],
        &["10.9.8.2", "10.9.8.2", "10.9.8.2"],
        &["10.9.9.2", "10.9.9.2", "10.9.9.2"],
    ];
    for (ttl, froms) in (1..).zip(hops) {
        for from in froms {
            flow += 1;
            m.error(&probe(ttl, flow, flow as i64), from);
        }
    }
    for _ in 0..3 {
        flow += 1;
        m.arrived(&probe(6, flow, flow as i64));
    }
    m
}

#[test]
fn classic_traceroute_lists_branches_and_observes_no_link_behind_the_first() {
    let routes = classic().traces();
    let [route] = routes.as_slice() else { panic!("{routes:?}") };
    assert!(route.complete);
    assert_eq!(route.trust, SourceTrust::Echoed);
    let shape: Vec<_> = route.hops.iter().map(|h| (h.rank, h.ttl, h.addr.unwrap().to_string())).collect();
    let expected = [
        (0, None, SRC),
        (1, Some(1), "10.9.1.2"),
        (2, Some(2), "10.9.3.2"),
        (2, Some(2), "10.9.4.2"),
        (3, Some(3), "10.9.5.2"),
        (4, Some(4), "10.9.8.2"),
        (5, Some(5), "10.9.9.2"),
        (6, Some(6), DST),
    ];
    assert_eq!(shape, expected.map(|(rank, ttl, addr)| (rank, ttl, addr.to_owned())));
    assert_eq!(at(route, "10.9.4.2").rtts, [200_000, 200_000]);
    assert_eq!(at(route, "10.9.4.2").because, [EvidenceId(5), EvidenceId(6)]);
    assert_eq!((at(route, SRC).role, at(route, DST).role), (HopRole::Origin, HopRole::Target));
    assert_eq!(kind(route, SRC, "10.9.1.2"), Knowledge::Observed);
    let observed: Vec<&Segment> = route.segments.iter().filter(|s| s.kind == Knowledge::Observed).collect();
    assert_eq!(observed.len(), 1, "{observed:?}");
    let possible = link(route, "10.9.3.2", "10.9.5.2").unwrap();
    assert_eq!(possible.kind, Knowledge::Inferred);
    assert_eq!(possible.why, "possible: replies belong to different flows (load balancing)");
    // (2/3)^3 = 29.6 %
    assert!(
        says(&route.remarks, "TTL 2: 2 branches in 3 flows; P(one equally likely more was missed) <= 30 %"),
        "{:?}",
        route.remarks
    );
}

#[test]
fn paris_links_are_observed_along_the_flow_only() {
    let mut m = Made::default();
    m.asked(1..=4);
    // Flow 1 takes the upper branch, flow 2 the lower one.
    for (flow, branch) in [(1, "10.0.2.1"), (2, "10.0.2.2")] {
        let t = flow as i64 * 100;
        m.error(&probe(1, flow, t), "10.0.1.1");
        m.error(&probe(2, flow, t + 10), branch);
        m.error(&probe(3, flow, t + 20), if flow == 1 { "10.0.3.1" } else { "10.0.3.2" });
        m.arrived(&probe(4, flow, t + 30));
    }
    let routes = m.traces();
    let route = &routes[0];
    assert_eq!(kind(route, "10.0.1.1", "10.0.2.1"), Knowledge::Observed);
    assert_eq!(kind(route, "10.0.2.1", "10.0.3.1"), Knowledge::Observed);
    assert_eq!(kind(route, "10.0.2.2", "10.0.3.2"), Knowledge::Observed);
    assert_eq!(kind(route, "10.0.3.2", DST), Knowledge::Observed);
    assert_eq!(link(route, "10.0.2.1", "10.0.3.2"), None, "both flows are accounted for: no cross link");
    assert!(route.segments.iter().all(|s| s.kind == Knowledge::Observed));
}

#[test]
fn a_match_by_destination_alone_observes_nothing() {
    let mut m = Made::default();
    m.asked(1..=3);
    m.error(&probe(1, 7, 0), "10.0.1.1");
    m.error(&Probe { level: 0, ..probe(2, 7, 10) }, "10.0.2.1");
    m.error(&probe(3, 7, 20), "10.0.3.1");
    let routes = m.traces();
    assert_eq!(kind(&routes[0], "10.0.1.1", "10.0.2.1"), Knowledge::Inferred);
    assert!(says(&at(&routes[0], "10.0.2.1").remarks, "by the destination alone"));
}

#[test]
fn silent_middle_hops_are_lines_and_one_gap() {
    let mut m = Made::default();
    m.asked(1..=5);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(4, 1, 30), "10.0.4.1");
    m.arrived(&probe(5, 1, 40));
    let routes = m.traces();
    let route = &routes[0];
    let silent: Vec<_> = route.hops.iter().filter(|h| h.kind == Knowledge::Gap).map(|h| (h.rank, h.ttl, h.addr)).collect();
    assert_eq!(silent, [(2, Some(2), None), (3, Some(3), None)]);
    let gap = link(route, "10.0.1.1", "10.0.4.1").unwrap();
    assert_eq!((gap.kind, gap.min, gap.max, gap.why.as_str()), (Knowledge::Gap, 2, 2, "silent"));
    assert_eq!(at(route, "10.0.4.1").rank, 4);
}

#[test]
fn a_distance_that_nobody_asked_is_no_silent_hop() {
    let mut m = Made::default();
    m.asked([1, 4, 5]);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(4, 1, 30), "10.0.4.1");
    m.arrived(&probe(5, 1, 40));
    let routes = m.traces();
    assert!(routes[0].hops.iter().all(|h| h.kind != Knowledge::Gap));
    let gap = link(&routes[0], "10.0.1.1", "10.0.4.1").unwrap();
    assert_eq!((gap.min, gap.max), (2, 2));
    assert!(gap.why.starts_with("not asked"));
}

#[test]
fn an_unreached_target_is_inferred_behind_one_gap() {
    let mut m = Made::default();
    m.asked(1..=30);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(2, 1, 10), "10.0.2.1");
    let routes = m.traces();
    let route = &routes[0];
    assert!(!route.complete);
    assert_eq!(route.hops.len(), 4, "no line per silent TTL behind the last answer");
    let target = at(route, DST);
    assert_eq!((target.kind, target.ttl), (Knowledge::Inferred, None));
    assert!(says(&target.remarks, "did not answer"));
    let gap = link(route, "10.0.2.1", DST).unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 0, 28));
    assert_eq!(gap.why, "silent from TTL 3 to 30; the target did not answer");
}

#[test]
fn a_target_that_answers_from_its_distance_on_is_one_hop() {
    let mut m = Made::default();
    m.asked(1..=6);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    for ttl in 2..=6 {
        m.reached(&probe(ttl, 1, i64::from(ttl) * 10));
    }
    let routes = m.traces();
    assert_eq!(routes[0].hops.len(), 3);
    let target = at(&routes[0], DST);
    assert_eq!((target.ttl, target.rtts.len()), (Some(2), 1));
    assert!(says(&target.remarks, "answered 4 probes with a larger TTL too (3 to 6)"), "{:?}", target.remarks);
    assert_eq!(kind(&routes[0], "10.0.1.1", DST), Knowledge::Observed);
}

#[test]
fn somebody_elses_refusal_is_a_hop_with_words_and_not_the_target() {
    let mut m = Made::default();
    m.asked(1..=5);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(2, 1, 10), "10.0.2.1");
    for ttl in 3..=5 {
        m.error(&Probe { icmp: (3, 13), ..probe(ttl, 1, i64::from(ttl) * 10) }, "10.0.2.1");
    }
    m.error(&Probe { icmp: (3, 1), ..probe(4, 2, 100) }, "10.0.3.9");
    m.error(&Probe { icmp: (3, 1), ..probe(5, 2, 110) }, "10.0.3.9");
    let routes = m.traces();
    let route = &routes[0];
    assert!(!route.complete);
    assert!(says(
        &at(route, "10.0.2.1").remarks,
        "ICMP 3/13: communication administratively prohibited (probes with TTL 3, 4 or 5)"
    ));
    assert!(says(&at(route, "10.0.3.9").remarks, "ICMP 3/1: host unreachable"));
    assert_eq!(at(route, "10.0.3.9").ttl, Some(4));
    assert_eq!(route.hops.iter().filter(|h| h.addr == Some(ip("10.0.3.9"))).count(), 1);
    assert!(route.hops.iter().all(|h| h.addr.is_some()), "refused distances are not silent");
    assert_eq!(at(route, DST).kind, Knowledge::Inferred);
    assert!(route.segments.iter().any(|s| s.why.starts_with("refused")));
}

#[test]
fn alike_probes_leave_the_distance_open() {
    let mut m = Made::default();
    m.asked(1..=5);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(2, 1, 10), "10.0.2.1");
    m.error(&Probe { ttls: vec![3, 4], rtt_us: None, ..probe(3, 1, 20) }, "10.0.3.1");
    m.arrived(&probe(5, 1, 40));
    let routes = m.traces();
    let route = &routes[0];
    let hop = at(route, "10.0.3.1");
    assert_eq!((hop.ttl, hop.kind), (None, Knowledge::Observed));
    assert!(says(&hop.remarks, "TTL 3 or 4: the probes are alike"));
    assert_eq!(kind(route, "10.0.2.1", "10.0.3.1"), Knowledge::Inferred);
    assert!(route.hops.iter().all(|h| h.kind != Knowledge::Gap), "TTL 4 may have answered");
    let gap = link(route, "10.0.3.1", DST).unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 0, 1));
}

#[test]
fn an_ambiguous_reply_of_a_known_hop_is_evidence_only() {
    let mut m = Made::default();
    m.asked(1..=4);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(2, 1, 10), "10.0.2.1");
    let id = m.error(&Probe { ttls: vec![2, 3], rtt_us: None, ..probe(2, 1, 20) }, "10.0.2.1");
    m.error(&probe(3, 1, 30), "10.0.3.1");
    let routes = m.traces();
    let hop = at(&routes[0], "10.0.2.1");
    assert_eq!((hop.ttl, hop.rtts.len()), (Some(2), 1));
    assert!(hop.because.contains(&id));
    assert!(says(&hop.remarks, "1 reply more: TTL 2 or 3: the probes are alike"));
}

#[test]
fn a_target_to_which_all_probes_are_alike_is_found_by_exclusion() {
    // TCP probes with one sequence number: the answer fits all, but five of the six died on the way.
    let made = |asked: &[u8]| {
        let mut m = Made::default();
        m.asked_of(&probe(1, 1, 0), []);
        m.digest.probings[0].sent.iter_mut().zip(0..).for_each(|(n, ttl)| *n = u32::from(asked.contains(&ttl)));
        for ttl in 1..=5u8 {
            m.error(&probe(ttl, 1, i64::from(ttl)), &format!("10.0.{ttl}.1"));
        }
        m.reached(&Probe { ttls: (1..=7).filter(|t| asked.contains(t)).collect(), rtt_us: None, ..probe(6, 1, 1) });
        m.traces().remove(0)
    };
    let route = made(&[1, 2, 3, 4, 5, 6]);
    let target = at(&route, DST);
    assert_eq!((target.ttl, target.rank), (Some(6), 6));
    assert!(says(&target.remarks, "TTL 6 by exclusion"));
    assert_eq!(kind(&route, "10.0.5.1", DST), Knowledge::Observed);
    // Two probes are left: the distance stays open.
    let route = made(&[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(at(&route, DST).ttl, None);
    assert!(says(&at(&route, DST).remarks, "TTL 6 or 7: the probes are alike"));
    let gap = link(&route, "10.0.5.1", DST).unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 0, 1));
}

#[test]
fn a_late_ambiguous_answer_does_not_cut_a_slow_trace() {
    let mut m = Made::default();
    m.asked_of(&probe(1, 1, 0), []);
    m.digest.probings[0].sent[1..=5].fill(1);
    for ttl in 1..=4u8 {
        m.error(&probe(ttl, 1, i64::from(ttl) * 6_000), &format!("10.0.{ttl}.1"));
    }
    // The match names the first of the probes that are alike, the answer came after the last.
    m.reached(&Probe { ttls: vec![1, 2, 3, 4, 5], rtt_us: Some(30_000_000), ..probe(5, 1, 6_000) });
    let routes = m.traces();
    assert_eq!(routes.len(), 1);
    assert_eq!(at(&routes[0], DST).ttl, Some(5));
}

#[test]
fn a_distance_with_an_unanswered_probe_is_not_excluded() {
    let mut m = Made::default();
    m.asked_of(&probe(1, 1, 0), []);
    m.digest.probings[0].sent[1..=4].copy_from_slice(&[1, 1, 2, 1]);
    for ttl in 1..=3u8 {
        m.error(&probe(ttl, 1, i64::from(ttl)), &format!("10.0.{ttl}.1"));
    }
    m.reached(&Probe { ttls: vec![1, 2, 3, 4], rtt_us: None, ..probe(4, 1, 1) });
    let target = m.traces()[0].hops.last().unwrap().clone();
    assert_eq!(target.ttl, None);
    assert!(says(&target.remarks, "TTL 3 or 4: the probes are alike"), "{:?}", target.remarks);
}

#[test]
fn an_open_answer_after_a_pause_starts_no_new_run() {
    let mut m = Made::default();
    m.asked(1..=4);
    for ttl in 1..=4u8 {
        m.error(&probe(ttl, 1, i64::from(ttl)), &format!("10.0.{ttl}.1"));
    }
    m.reached(&Probe { ttls: vec![1, 2, 3, 4], rtt_us: None, ..probe(4, 1, 8_000) });
    assert_eq!(m.traces().len(), 1);
}

#[test]
fn interleaved_traces_stay_apart() {
    let mut m = Made::default();
    let to = |dst: &str, ttl: u8, flow| Probe { dst: ip(dst), ..probe(ttl, flow, i64::from(ttl)) };
    for dst in ["192.0.2.1", "192.0.2.2"] {
        m.asked_of(&to(dst, 1, 0), 1..=3);
    }
    for ttl in 1..=3u8 {
        m.error(&to("192.0.2.1", ttl, 1), &format!("10.1.{ttl}.1"));
        m.error(&to("192.0.2.2", ttl, 2), &format!("10.2.{ttl}.1"));
    }
    // The same pair with another protocol is another trace.
    let icmp = |ttl| Probe { proto: IpProtocol::ICMP, ..to("192.0.2.1", ttl, 3) };
    m.asked_of(&icmp(1), 1..=3);
    for ttl in 1..=3u8 {
        m.error(&icmp(ttl), &format!("10.3.{ttl}.1"));
    }
    let routes = m.traces();
    assert_eq!(routes.len(), 3);
    for (route, net) in routes.iter().zip([1, 2, 3]) {
        let own: Vec<String> = (1..=3).map(|ttl| format!("10.{net}.{ttl}.1")).collect();
        let found: Vec<String> = route.hops[1..4].iter().map(|h| h.addr.unwrap().to_string()).collect();
        assert_eq!(found, own);
    }
    assert_eq!(protocol(&m.digest, &routes[2]), Some(IpProtocol::ICMP));
}

#[test]
fn runs_are_told_apart_by_pauses() {
    let run = |m: &mut Made, start: i64| {
        for ttl in 1..=3u8 {
            m.error(&probe(ttl, 1, start + i64::from(ttl) * 10), &format!("10.0.{ttl}.1"));
        }
    };
    let count = |starts: &[i64]| {
        let mut m = Made::default();
        m.asked(1..=3);
        starts.iter().for_each(|s| run(&mut m, *s));
        m.traces().len()
    };
    assert_eq!(count(&[0, 1000, 2000, 3000]), 1, "cycles of mtr");
    assert_eq!(count(&[0, 7_000]), 2, "a restart after a pause of more than 5 s");
    assert_eq!(count(&[0, 60_000]), 2, "a pause of more than 30 s");
    // Three silent hops cost a sequential tool 45 s; the trace goes on.
    let mut m = Made::default();
    m.asked(1..=6);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.error(&probe(2, 1, 100), "10.0.2.1");
    m.error(&probe(6, 1, 45_200), "10.0.6.1");
    assert_eq!(m.traces().len(), 1);
}

#[test]
fn a_storm_is_no_traceroute() {
    let mut m = Made::default();
    // A routing loop: ordinary traffic of many hosts with whatever TTL was left expires at one of two routers.
    for n in 0..200u8 {
        let p = |ttl| Probe { src: ip(&format!("198.51.100.{n}")), dst: ip("203.0.113.9"), ..probe(ttl, 1, i64::from(n)) };
        m.asked_of(&p(1), [38, 39]);
        m.error(&p(38), "10.0.0.1");
        m.error(&p(39), "10.0.0.2");
    }
    // The same without probes, and with one source and many destinations.
    for n in 0..200u8 {
        let p = |dst: String| Probe { seen: false, dst: ip(&dst), ..probe(1, 1, i64::from(n)) };
        m.error(&p(format!("203.0.113.{n}")), "10.0.0.3");
        m.error(&p(format!("203.0.113.{n}")), "10.0.0.4");
    }
    assert!(m.traces().is_empty());
    // One loop that a single pair runs into.
    let mut m = Made::default();
    m.asked([38, 39]);
    m.error(&probe(38, 1, 0), "10.0.0.1");
    m.error(&probe(39, 1, 10), "10.0.0.2");
    assert!(m.traces().is_empty());
    // Packets of many hosts with almost nothing left (TTL 1 and 2) at their one router.
    let mut m = Made::default();
    for n in 0..20u8 {
        let p = |ttl| Probe { src: ip(&format!("198.51.100.{n}")), ..probe(ttl, 1, i64::from(n)) };
        m.asked_of(&p(1), [1, 2]);
        m.error(&p(1), "10.0.0.1");
        m.error(&p(2), "10.0.0.1");
    }
    assert!(m.traces().is_empty());
    // Pings that die far away tell of no distance.
    let mut m = Made::default();
    m.error(&probe(64, 1, 0), "10.0.0.1");
    m.error(&probe(128, 1, 0), "10.0.0.2");
    assert!(m.traces().is_empty());
}

#[test]
fn one_door_that_answers_alone_is_a_traceroute_if_a_sweep_was_sent() {
    let mut m = Made::default();
    m.asked(1..=30);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    assert_eq!(m.traces().len(), 1);
    let mut m = Made::default();
    m.asked([1]);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    assert!(m.traces().is_empty());
}

#[test]
fn an_ordinary_answer_without_expiry_is_no_traceroute() {
    let mut m = Made::default();
    m.asked([38, 39]);
    m.reached(&probe(38, 1, 0));
    m.reached(&probe(39, 1, 10));
    assert!(m.traces().is_empty());
}

#[test]
fn labels_interfaces_and_names_reach_the_hop() {
    let mut m = Made::default();
    m.asked(1..=3);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    let p = probe(2, 1, 10);
    let mut quote = Made::quote(&p, "10.0.2.1");
    quote.mpls = vec![LabelEntry { label: 24_001, tc: 0, bottom: true, ttl: 1 }];
    quote.interfaces = vec![InterfaceInfo {
        role: 0,
        index: Some(3),
        addr: Some(ip("10.0.2.9")),
        name: Some("eth\x1b0".into()),
        mtu: Some(1500),
    }];
    m.add(Made::time(&p), Evidence::Quote(Box::new(quote)));
    m.error(&probe(3, 1, 20), "10.0.3.1");
    for n in (0..12).rev() {
        m.name("10.0.2.1", &format!("r{n:02}.example.net"));
    }
    let routes = m.traces();
    let hop = at(&routes[0], "10.0.2.1");
    assert_eq!(hop.mpls[0].label, 24_001);
    let incoming = "incoming interface (RFC 5837): eth\\u{1b}0, 10.0.2.9, ifIndex 3, MTU 1500 bytes";
    assert!(says(&hop.remarks, incoming), "{:?}", hop.remarks);
    let names: Vec<&str> = hop.names.iter().map(|n| n.name.as_ref()).collect();
    assert_eq!(names, (0..8).map(|n| format!("r{n:02}.example.net")).collect::<Vec<_>>());
    assert_eq!(kind(&routes[0], "10.0.1.1", "10.0.2.1"), Knowledge::Observed, "a label with TTL 1 hides nothing");
}

#[test]
fn an_opaque_tunnel_is_a_gap() {
    let mut m = Made::default();
    m.asked(1..=3);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    let p = probe(2, 1, 10);
    let mut quote = Made::quote(&p, "10.0.2.1");
    quote.mpls = vec![LabelEntry { label: 16, tc: 0, bottom: true, ttl: 250 }];
    m.add(Made::time(&p), Evidence::Quote(Box::new(quote)));
    m.error(&probe(3, 1, 20), "10.0.3.1");
    let routes = m.traces();
    let gap = link(&routes[0], "10.0.1.1", "10.0.2.1").unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 4, 5));
    assert!(gap.why.starts_with("hidden: opaque MPLS tunnel"));
    assert_eq!(kind(&routes[0], "10.0.2.1", "10.0.3.1"), Knowledge::Observed);
}

#[test]
fn a_longer_way_back_raises_the_alarm_and_a_changed_initial_ttl_does_not() {
    let trace = |reply_ttl| {
        let mut m = Made::default();
        m.asked(1..=3);
        m.error(&probe(1, 1, 0), "10.0.1.1");
        m.error(&Probe { reply_ttl, ..probe(2, 1, 10) }, "10.0.2.1");
        m.error(&Probe { reply_ttl: 62, ..probe(3, 1, 20) }, "10.0.3.1");
        m.traces().remove(0)
    };
    let hidden = trace(251 - 7);
    let gap = link(&hidden, "10.0.1.1", "10.0.2.1").unwrap();
    // Way back 255 - 244 + 1 = 12 against 2 expected.
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 0, 10));
    assert_eq!(kind(&trace(254), "10.0.1.1", "10.0.2.1"), Knowledge::Observed);
    assert_eq!(kind(&trace(61), "10.0.1.1", "10.0.2.1"), Knowledge::Observed, "two more are below the threshold");
}

#[test]
fn quoted_ttls_tell_of_tunnels_and_of_zero_ttl_forwarding() {
    let mut m = Made::default();
    m.asked(1..=6);
    for (ttl, quoted_ttl) in [(1, 1), (2, 1), (3, 2), (4, 3)] {
        m.error(&Probe { quoted_ttl, ..probe(ttl, 1, i64::from(ttl)) }, &format!("10.0.{ttl}.1"));
    }
    m.error(&Probe { quoted_ttl: 0, ..probe(5, 1, 50) }, "10.0.5.1");
    m.error(&probe(6, 1, 60), "10.0.5.1");
    let routes = m.traces();
    assert!(says(&at(&routes[0], "10.0.3.1").remarks, "implicit"));
    assert!(!says(&at(&routes[0], "10.0.2.1").remarks, "implicit"));
    let twice: Vec<&Hop> = routes[0].hops.iter().filter(|h| h.addr == Some(ip("10.0.5.1"))).collect();
    assert_eq!(twice.len(), 2);
    assert!(says(&twice[0].remarks, "zero-TTL forwarding"));
    assert!(says(&twice[1].remarks, "no loop"));
}

#[test]
fn a_loop_needs_three_visits() {
    let trace = |addrs: &[&str]| {
        let mut m = Made::default();
        m.asked(1..=addrs.len() as u8);
        for (ttl, addr) in (1..).zip(addrs) {
            m.error(&probe(ttl, 1, i64::from(ttl)), addr);
        }
        m.traces().remove(0)
    };
    let (a, b) = ("10.0.0.1", "10.0.0.2");
    assert!(says(&trace(&[a, b, a, b, a]).remarks, "routing loop: 10.0.0.1 answers at TTL 1, 3, 5"));
    let changed = trace(&[a, b, a]);
    assert!(!says(&changed.remarks, "routing loop") && says(&changed.remarks, "the path changed"));
}

#[test]
fn a_rewritten_source_is_remarked_and_earns_no_trust() {
    let mut m = Made::default();
    m.asked(1..=3);
    for ttl in 1..=3u8 {
        m.error(&Probe { to: Some(ip("192.0.2.77")), ..probe(ttl, 1, i64::from(ttl)) }, &format!("10.0.{ttl}.1"));
    }
    let routes = m.traces();
    assert_eq!(routes[0].trust, SourceTrust::Plausible);
    assert!(says(&at(&routes[0], "10.0.1.1").remarks, "was sent to 192.0.2.77"));
}

#[test]
fn branches_and_round_trips_are_capped_and_counted() {
    let mut m = Made::default();
    m.asked(1..=3);
    for n in 0..300 {
        m.error(&probe(1, n, n as i64), "10.0.1.1");
        m.error(&probe(2, n, n as i64), &format!("10.2.{}.{}", n / 250, n % 250));
    }
    m.error(&probe(3, 1, 1), "10.0.3.1");
    let routes = m.traces();
    assert_eq!(routes[0].hops.iter().filter(|h| h.ttl == Some(2)).count(), 64);
    assert!(says(&routes[0].remarks, "236 branches with 236 replies left out"), "{:?}", routes[0].remarks);
    assert_eq!(at(&routes[0], "10.0.1.1").rtts.len(), 256);
    assert!(says(&at(&routes[0], "10.0.1.1").remarks, "the first 256 of 300 round trips"));
}

#[test]
fn more_routes_than_the_cap_are_counted() {
    let mut m = Made::default();
    for n in 0..4100u32 {
        let p = |ttl: u8| Probe { dst: IpAddr::from((0x0b00_0000 + n).to_be_bytes()), ..probe(ttl, 1, 0) };
        m.error(&p(1), &IpAddr::from((0x0c00_0000 + n).to_be_bytes()).to_string());
        m.error(&p(2), &IpAddr::from((0x0d00_0000 + n).to_be_bytes()).to_string());
    }
    let routes = m.traces();
    assert_eq!(routes.len(), 4096);
    assert!(says(&routes[4095].remarks, "4 more traceroutes are left out"));
}

#[test]
fn unequal_path_lengths_keep_the_target_last() {
    let mut m = Made::default();
    m.asked(1..=4);
    m.error(&probe(1, 1, 0), "10.0.1.1");
    m.arrived(&probe(2, 1, 10));
    m.error(&probe(1, 2, 20), "10.0.1.1");
    m.error(&probe(2, 2, 30), "10.0.2.1");
    m.arrived(&probe(3, 2, 40));
    let routes = m.traces();
    let route = &routes[0];
    assert!(says(&route.remarks, "paths of different length"));
    assert_eq!(kind(route, "10.0.1.1", DST), Knowledge::Observed);
    assert_eq!(kind(route, "10.0.2.1", DST), Knowledge::Observed);
}

#[test]
fn the_order_of_the_list_does_not_matter() {
    let mut made = classic();
    made.name("10.9.8.2", "b.example.net");
    made.name("10.9.8.2", "a.example.net");
    made.name("10.9.8.2", "a.example.net");
    let expected = format!("{:?}", made.traces());
    made.digest.items.reverse();
    assert_eq!(format!("{:?}", made.traces()), expected);
    made.digest.items.rotate_left(5);
    assert_eq!(format!("{:?}", made.traces()), expected);
}

proptest! {
    /// Whatever routers and attackers send: no panic, every promise of a route kept, and a link is observed only if
    /// one flow was answered at both ends.
    #[test]
    fn any_replies_give_sound_routes(
        replies in prop::collection::vec(
            (0u8..6, 1u8..9, prop::option::of(1u8..9), 0u64..4, 0u8..4, 0i64..90_000, 0u8..5, 0u8..3, any::<(u8, bool)>()), 0..60),
        asked in prop::collection::vec(1u8..=40, 0..12),
    ) {
        let mut m = Made::default();
        m.asked(asked);
        for (from, ttl, second, flow, level, sent, what, quoted_ttl, (reply_ttl, seen)) in replies {
            let mut ttls = vec![ttl];
            ttls.extend(second);
            ttls.sort_unstable();
            ttls.dedup();
            let p = Probe { ttls, level, quoted_ttl, reply_ttl, seen, dport: 33_434 + u16::from(ttl), ..probe(ttl, flow, sent) };
            let from = format!("10.0.0.{from}");
            match what {
                0 => m.reached(&p),
                1 => m.arrived(&p),
                2 => m.error(&Probe { icmp: (3, 13), ..p }, &from),
                3 => m.error(&Probe { icmp: (11, 0), ..p }, DST),
                _ => m.error(&p, &from),
            };
        }
        for route in m.traces() {
            for s in route.segments.iter().filter(|s| s.kind == Knowledge::Observed && s.from > 0) {
                let flows = |i: usize| -> std::collections::BTreeSet<u64> {
                    let ids = route.hops[i].because.iter().filter_map(|id| m.digest.item(*id));
                    ids.filter_map(|item| match &item.fact {
                        Evidence::Quote(q) => q.probe.as_ref().map(|p| p.flow_key),
                        Evidence::Reached(r) => Some(r.matched.flow_key),
                        _ => None,
                    }).collect()
                };
                let arrivals: std::collections::BTreeSet<u64> = m.digest.items.iter().filter_map(|item| match &item.fact {
                    Evidence::Quote(q) if q.from == ip(DST) => q.probe.as_ref().map(|p| p.flow_key),
                    Evidence::Reached(r) => Some(r.matched.flow_key),
                    _ => None,
                }).collect();
                let far = if s.to + 1 == route.hops.len() { arrivals } else { flows(s.to) };
                prop_assert!(!flows(s.from).is_disjoint(&far));
            }
        }
    }
}
