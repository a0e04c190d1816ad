//! Conversations, tunnels, floods, scans.

use super::super::{conversation as route_of, flood, scan};
use super::*;
use crate::model::digest::{Flood, Scan};
use crate::model::evidence::{Tunnel, TunnelKind};
use crate::model::hop::HopRole;

const ATTACKER: &str = "198.51.100.7";
const VICTIM: &str = "203.0.113.80";

fn tunnel(outer: (&str, &str), inner: (&str, &str), id: Option<u32>) -> Evidence {
    let pair = |(a, b)| (ip(a), ip(b));
    Evidence::Tunnel(Tunnel { kind: TunnelKind::Gre, outer: pair(outer), inner: pair(inner), id, packets: 9 })
}

fn of(m: &Made, c: &Conversation, traces: &[Route]) -> Route {
    let route = route_of(&m.digest, c, traces);
    check(&route);
    route
}

#[test]
fn the_plain_way_is_one_gap_from_the_ttls() {
    let mut m = Made::default();
    m.name(ATTACKER, "host.example");
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    assert_eq!((route.origin, route.trust), (Some(ip(ATTACKER)), SourceTrust::Proved));
    let origin = &route.hops[0];
    assert_eq!((origin.kind, origin.names.len()), (Knowledge::Observed, 1));
    let bound = "client-side handshake round trip 31.2 ms: the TCP end is within 3,120 km of the sensor";
    assert!(says(&origin.remarks, bound), "{:?}", origin.remarks);
    assert!(origin.rtts.is_empty(), "round trips of hops are the prober's");
    let [gap] = route.segments.as_slice() else { panic!("{:?}", route.segments) };
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 14, 14));
    assert_eq!(gap.why, "about 14 routers hidden, from TTL 50 of 64");
}

#[test]
fn gaps_say_what_the_ttls_do_not_tell() {
    let gap = |forward: (u8, u8), backward: (u8, u8)| {
        let mut c = conversation(ATTACKER, VICTIM);
        (c.forward.ttl_min, c.forward.ttl_max) = forward;
        (c.backward.ttl_min, c.backward.ttl_max) = backward;
        let s = of(&Made::default(), &c, &[]).segments.remove(0);
        (s.min, s.max, s.why)
    };
    assert_eq!(
        gap((48, 50), (61, 61)),
        (
            17,
            19,
            "about 14 to 16 routers hidden, from TTL 48 to 50 of 64, and about 3 routers hidden beyond the sensor, from TTL 61 of 64".to_owned()
        )
    );
    let (min, max, why) = gap((50, 50), (0, 0));
    assert_eq!((min, max), (14, 40));
    assert!(why.ends_with("beyond it unknown"));
    assert_eq!(gap((64, 64), (64, 64)).2, "no router hidden, from TTL 64 of 64");
    // 55 routers: no usual initial value.
    assert_eq!(gap((200, 200), (0, 0)).1, 40);
    assert_eq!(gap((200, 200), (0, 0)).0, 0);
    // Two hosts behind one address: the spread is no distance.
    assert_eq!(gap((50, 120), (64, 64)).0, 8);
    assert_eq!(gap((50, 120), (64, 64)).1, 8);
}

#[test]
fn tunnel_ends_stand_between_the_inner_ends() {
    let mut m = Made::default();
    let (a, b) = ("192.0.2.1", "192.0.2.2");
    let there = m.add(Timestamp(1), tunnel((a, b), (ATTACKER, VICTIM), Some(77)));
    let back = m.add(Timestamp(2), tunnel((b, a), (VICTIM, ATTACKER), Some(77)));
    m.add(Timestamp(3), tunnel(("192.0.2.8", "192.0.2.9"), (ATTACKER, "203.0.113.81"), None));
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    let shape: Vec<_> = route.hops.iter().map(|h| (h.addr.unwrap().to_string(), h.role)).collect();
    let expected = [(ATTACKER, HopRole::Origin), (a, HopRole::TunnelEntry), (b, HopRole::TunnelExit), (VICTIM, HopRole::Target)];
    assert_eq!(shape, expected.map(|(addr, role)| (addr.to_owned(), role)));
    assert!(says(&at(&route, a).remarks, "outer address of a gre tunnel with key 77"));
    assert_eq!(at(&route, a).because, [there, back]);
    assert_eq!(at(&route, a).kind, Knowledge::Observed);
    let gaps: Vec<_> = route.segments.iter().map(|s| (s.from, s.to, s.kind, s.min, s.max)).collect();
    assert_eq!(gaps, [(0, 1, Knowledge::Gap, 14, 14), (1, 2, Knowledge::Gap, 0, 40), (2, 3, Knowledge::Gap, 0, 0)]);
    // Seen on the way back only: the ends change places and are inferred.
    let mut m = Made::default();
    m.add(Timestamp(2), tunnel((b, a), (VICTIM, ATTACKER), None));
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    assert_eq!((at(&route, a).role, at(&route, a).kind), (HopRole::TunnelEntry, Knowledge::Inferred));
}

#[test]
fn several_tunnels_share_their_ranks() {
    let mut m = Made::default();
    m.add(Timestamp(1), tunnel(("192.0.2.1", "192.0.2.2"), (ATTACKER, VICTIM), None));
    m.add(Timestamp(1), tunnel(("192.0.2.3", "192.0.2.4"), (ATTACKER, VICTIM), None));
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    let ranks: Vec<u16> = route.hops.iter().map(|h| h.rank).collect();
    assert_eq!(ranks, [0, 1, 1, 2, 2, 3]);
    assert_eq!(link(&route, "192.0.2.1", "192.0.2.4"), None, "ends of different tunnels");
    assert!(link(&route, "192.0.2.3", "192.0.2.4").is_some());
    assert!(says(&route.hops[1].remarks, "side by side"));
    // Two headers around one packet.
    m.digest.items[1].from = m.digest.items[0].from;
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    assert!(says(&route.hops[1].remarks, "nested"));
}

#[test]
fn a_tunnel_with_one_key_per_direction_is_one_tunnel() {
    let mut m = Made::default();
    m.add(Timestamp(1), tunnel(("192.0.2.1", "192.0.2.2"), (ATTACKER, VICTIM), Some(1)));
    m.add(Timestamp(2), tunnel(("192.0.2.2", "192.0.2.1"), (VICTIM, ATTACKER), Some(2)));
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    assert_eq!(route.hops.len(), 4);
    assert!(says(&route.hops[1].remarks, "with key 1 (key 2 in the other direction)"));
    assert_eq!(route.hops[1].because, [EvidenceId(1), EvidenceId(2)]);
}

/// A trace with a silent second hop.
fn trace(src: &str, dst: &str) -> Route {
    let mut m = Made::default();
    let p = |ttl: u8| Probe { src: ip(src), dst: ip(dst), ..probe(ttl, 1, i64::from(ttl)) };
    m.asked_of(&p(1), 1..=4);
    m.error(&p(1), "10.0.1.1");
    m.error(&p(3), "10.0.3.1");
    m.reached(&p(4));
    m.traces().remove(0)
}

#[test]
fn the_sensors_own_trace_is_reversed_and_inferred() {
    // From a neighbour of the victim.
    let traces = [trace("203.0.113.5", ATTACKER)];
    let route = of(&Made::default(), &conversation(ATTACKER, VICTIM), &traces);
    let shape: Vec<_> = route.hops.iter().map(|h| (h.rank, h.addr.map(|a| a.to_string()))).collect();
    let some = |addr: &str| Some(addr.to_owned());
    assert_eq!(shape, [(0, some(ATTACKER)), (1, some("10.0.3.1")), (2, None), (3, some("10.0.1.1")), (4, some(VICTIM))]);
    let hop = at(&route, "10.0.3.1");
    assert_eq!(hop.kind, Knowledge::Inferred);
    assert!(says(&hop.remarks, "seen on the way back (sensor's own traceroute): the forward path may differ"));
    assert!(hop.rtts.is_empty() && hop.ttl.is_none(), "they count from the other end");
    assert!(says(&hop.remarks, "counted from the far end: TTL 3, round trip 0.3 ms"), "{:?}", hop.remarks);
    assert!(route.segments.iter().all(|s| s.kind != Knowledge::Observed));
    let gap = link(&route, "10.0.3.1", "10.0.1.1").unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 1, 1));
    assert!(link(&route, ATTACKER, "10.0.3.1").is_some() && link(&route, "10.0.1.1", VICTIM).is_some());
    // From somewhere else: not used.
    let route = of(&Made::default(), &conversation(ATTACKER, VICTIM), &[trace("203.0.114.5", ATTACKER)]);
    assert_eq!(route.hops.len(), 2);
}

#[test]
fn a_trace_of_the_origin_is_inserted_as_it_is() {
    let traces = [trace(VICTIM, ATTACKER), trace(ATTACKER, VICTIM)];
    let route = of(&Made::default(), &conversation(ATTACKER, VICTIM), &traces);
    let hop = at(&route, "10.0.1.1");
    assert_eq!((hop.rank, hop.ttl, hop.kind, hop.rtts.len()), (1, Some(1), Knowledge::Observed, 1));
    assert_eq!(kind(&route, ATTACKER, "10.0.1.1"), Knowledge::Observed);
    assert_eq!(kind(&route, "10.0.3.1", VICTIM), Knowledge::Observed);
    assert!(says(&route.remarks, "a traceroute from the origin's address"));
}

#[test]
fn a_reflector_is_not_the_origin() {
    let mut c = conversation(ATTACKER, VICTIM);
    c.trust = SourceTrust::Reflected;
    let route = of(&Made::default(), &c, &[]);
    assert_eq!(route.origin, None);
    assert_eq!((route.hops[0].role, route.hops[0].addr), (HopRole::Origin, None));
    assert_eq!(at(&route, ATTACKER).role, HopRole::Reflector);
}

fn flooding(sources: u64, flows: u64, backscatter: bool) -> Flood {
    Flood {
        target: ip(VICTIM),
        proto: IpProtocol::TCP,
        port: 443,
        seen: Span::at(Timestamp(7)),
        flows,
        sources,
        packets: flows,
        backscatter,
        because: vec![EvidenceId(3)],
    }
}

#[test]
fn a_flood_has_a_target_and_no_origin() {
    let mut m = Made::default();
    m.name(VICTIM, "www.example");
    for (f, trust, text) in [
        (flooding(2000, 2010, false), SourceTrust::Impossible, "withheld: sources are randomised: 2,000 distinct in 2,010 flows"),
        (flooding(30, 9000, false), SourceTrust::Plausible, "withheld: 30 sources, none of which finished a handshake"),
        (flooding(500, 500, true), SourceTrust::Backscatter, "withheld: 500 addresses get answers"),
    ] {
        let route = flood(&m.digest, &f);
        check(&route);
        assert_eq!((route.origin, route.trust), (None, trust));
        assert!(!route.trust.may_be_origin());
        assert_eq!((route.hops[0].addr, route.hops[0].role), (None, HopRole::Origin));
        assert!(says(&route.remarks, text), "{:?}", route.remarks);
        let target = at(&route, VICTIM);
        assert_eq!((target.role, target.names.len()), (HopRole::Target, 1));
        assert_eq!(says(&target.remarks, "victim"), f.backscatter);
        assert_eq!(route.segments[0].kind, Knowledge::Gap);
    }
}

#[test]
fn a_scan_is_believed_as_far_as_its_conversations() {
    let s = Scan {
        source: ip(ATTACKER),
        seen: Span::at(Timestamp(7)),
        flows: 300,
        targets: 250,
        ports: 1,
        target: ip(VICTIM),
        because: vec![EvidenceId(3)],
    };
    let mut m = Made::default();
    let route = scan(&m.digest, &s);
    check(&route);
    assert_eq!(route.trust, SourceTrust::Plausible, "half-open flows prove nothing");
    assert_eq!((route.segments[0].min, route.segments[0].max), (0, 40));
    m.digest.conversations.push(conversation(ATTACKER, VICTIM));
    let route = scan(&m.digest, &s);
    assert_eq!(route.trust, SourceTrust::Proved);
    assert_eq!(route.segments[0].why, "about 14 routers hidden, from TTL 50 of 64");
    assert!(says(&route.remarks, "250 targets and 1 port"));
}

#[test]
fn an_encrypted_tunnel_ends_the_visible_path_at_its_ends() {
    let mut m = Made::default();
    let pair = |(a, b)| (ip(a), ip(b));
    let sealed = |outer| {
        let outer = pair(outer);
        Evidence::Tunnel(Tunnel { kind: TunnelKind::Esp, outer, inner: outer, id: None, packets: 9 })
    };
    let there = m.add(Timestamp(1), sealed((ATTACKER, VICTIM)));
    let back = m.add(Timestamp(2), sealed((VICTIM, ATTACKER)));
    m.add(Timestamp(3), sealed((ATTACKER, "203.0.113.81")));
    let route = of(&m, &conversation(ATTACKER, VICTIM), &[]);
    let roles: Vec<_> = route.hops.iter().map(|h| h.role).collect();
    assert_eq!(roles, [HopRole::Origin, HopRole::Target], "no hop is made of what nobody saw");
    for hop in &route.hops {
        let says_so = "an end of an esp tunnel: what is inside is encrypted, so the visible path ends here";
        assert_eq!(hop.remarks.iter().filter(|r| *r == says_so).count(), 1, "{:?}", hop.remarks);
        assert!(hop.because.contains(&there) && hop.because.contains(&back));
    }
    assert_eq!(route.segments.len(), 1);
}
