//! Errors whose probes nobody captured.

use super::*;

fn orphan(dport: u16, ms: i64) -> Probe {
    Probe { seen: false, dport, ..probe(1, 0, ms) }
}

#[test]
fn ports_of_classic_traceroute_give_the_ttl() {
    let mut m = Made::default();
    // Three probes per TTL; TTL 3 is silent; the target answers the first probe of TTL 5.
    for ttl in [1u16, 2, 4] {
        for q in 0..3 {
            let port = 33_434 + (ttl - 1) * 3 + q;
            m.error(&orphan(port, i64::from(port)), &format!("10.0.{ttl}.1"));
        }
    }
    m.arrived(&orphan(33_434 + 12, 40_000));
    let routes = m.traces();
    let [route] = routes.as_slice() else { panic!("{routes:?}") };
    let shape: Vec<_> = route.hops.iter().map(|h| (h.ttl, h.addr.unwrap().to_string(), h.kind)).collect();
    let expected = [(None, SRC), (Some(1), "10.0.1.1"), (Some(2), "10.0.2.1"), (Some(4), "10.0.4.1"), (Some(5), DST)];
    assert_eq!(shape, expected.map(|(ttl, addr)| (ttl, addr.to_owned(), Knowledge::Inferred)));
    assert!(says(&route.remarks, "fingerprint: UDP destination ports"), "{:?}", route.remarks);
    let gap = link(route, "10.0.2.1", "10.0.4.1").unwrap();
    assert_eq!((gap.kind, gap.min, gap.max), (Knowledge::Gap, 1, 1));
    assert!(route.segments.iter().all(|s| s.kind != Knowledge::Observed));
    assert_eq!(route.trust, SourceTrust::Plausible, "nobody saw the prober send");
    assert!(route.complete);
}

#[test]
fn one_probe_per_ttl_is_not_taken_for_three() {
    let mut m = Made::default();
    for ttl in 1..=7u16 {
        m.error(&orphan(33_433 + ttl, i64::from(ttl)), &format!("10.0.{ttl}.1"));
    }
    let routes = m.traces();
    let ttls: Vec<_> = routes[0].hops.iter().filter_map(|h| h.ttl).collect();
    assert_eq!(ttls, [1, 2, 3, 4, 5, 6, 7]);
    assert!(says(&routes[0].remarks, "1 probe per TTL"));
}

#[test]
fn bsd_counts_one_port_later() {
    let mut m = Made::default();
    for n in 0..9u16 {
        m.error(&orphan(33_435 + n, i64::from(n)), &format!("10.0.{}.1", n / 3 + 1));
    }
    m.arrived(&orphan(33_435 + 9, 40));
    let routes = m.traces();
    let ttls: Vec<_> = routes[0].hops.iter().filter_map(|h| h.ttl).collect();
    assert_eq!(ttls, [1, 2, 3, 4]);
    // One probe per TTL from 33435 on: Linux with a silent first hop, or BSD.
    let mut m = Made::default();
    for ttl in 1..=5u16 {
        m.error(&orphan(33_434 + ttl, i64::from(ttl)), &format!("10.0.{ttl}.1"));
    }
    let routes = m.traces();
    assert!(routes[0].hops.iter().all(|h| h.ttl.is_none()));
    assert_eq!(routes[0].hops.iter().map(|h| h.rank).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    assert!(says(&routes[0].remarks, "order known, TTL not"));
}

#[test]
fn icmp_sequence_numbers_give_the_ttl_from_one_and_else_the_order() {
    let trace = |base: u16| {
        let mut m = Made::default();
        for n in 0..9u16 {
            let p = Probe { proto: IpProtocol::ICMP, sport: 77, ..orphan(base + n, i64::from(n)) };
            m.error(&p, &format!("10.0.{}.1", n / 3 + 1));
        }
        m.traces().remove(0)
    };
    let linux = trace(1);
    assert_eq!(at(&linux, "10.0.3.1").ttl, Some(3));
    assert!(says(&linux.remarks, "traceroute -I"));
    let windows = trace(5000);
    let order: Vec<_> = windows.hops.iter().map(|h| (h.ttl, h.rank, h.addr.unwrap().to_string())).collect();
    let expected = [(0, SRC), (1, "10.0.1.1"), (2, "10.0.2.1"), (3, "10.0.3.1"), (4, DST)];
    assert_eq!(order, expected.map(|(rank, addr)| (None, rank, addr.to_owned())));
    assert!(says(&windows.remarks, "order known, TTL not"));
}

#[test]
fn without_a_fingerprint_the_order_is_called_unknown() {
    let mut m = Made::default();
    for (n, port) in [80u16, 443, 53, 8080].into_iter().enumerate() {
        m.error(&orphan(port, n as i64), &format!("10.0.{n}.1"));
    }
    let routes = m.traces();
    let route = &routes[0];
    assert!(route.hops.iter().all(|h| h.ttl.is_none()));
    assert!(says(&at(route, "10.0.2.1").remarks, "order unknown"));
    assert_eq!(route.segments.len(), 1);
    assert_eq!(route.segments[0].kind, Knowledge::Gap);
    let ranks: Vec<u16> = route.hops.iter().map(|h| h.rank).collect();
    assert_eq!(ranks, [0, 1, 1, 1, 1, 2]);
}

#[test]
fn a_router_at_two_distances_breaks_the_fingerprint() {
    let mut m = Made::default();
    for (ttl, addr) in (0u16..).zip(["10.0.1.1", "10.0.2.1", "10.0.1.1", "10.0.3.1"]) {
        for q in 0..3 {
            m.error(&orphan(33_434 + ttl * 3 + q, i64::from(ttl * 3 + q)), addr);
        }
    }
    assert!(says(&m.traces()[0].remarks, "order unknown"));
}

#[test]
fn two_senders_are_no_traceroute() {
    let mut m = Made::default();
    for n in 0..50u16 {
        m.error(&orphan(33_434 + n, i64::from(n)), if n % 2 == 0 { "10.0.1.1" } else { "10.0.2.1" });
    }
    assert!(m.traces().is_empty());
}
