use super::*;
use crate::decode::testkit::*;
use crate::evidence::testkit::*;
use crate::model::evidence::{Evidence, Quote};

const SENDER: &str = "198.51.0.10";
const TARGET: &str = "203.0.7.80";

/// A UDP probe whose payload tells it from its sisters.
fn probe(ttl: u8, id: u16, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    ipv4_with(SENDER, TARGET, 17, ttl, id, &[], &udp(ports.0, ports.1, payload))
}

/// What is left of a packet when it dies: TTL 1, cut to `bytes` behind the IP header.
fn quoted(packet: &[u8], bytes: usize) -> Vec<u8> {
    let mut quote = packet[..packet.len().min(20 + bytes)].to_vec();
    quote[8] = 1;
    quote
}

fn exceeded(router: &str, quote: &[u8]) -> Vec<u8> {
    ipv4_with(router, SENDER, 1, 250, 9, &[], &icmp(11, 0, [0; 4], quote))
}

fn quotes(scene: &Scene) -> Vec<Quote> {
    let items = scene.digest().items;
    items
        .into_iter()
        .filter_map(|i| match i.fact {
            Evidence::Quote(q) => Some(*q),
            _ => None,
        })
        .collect()
}

#[track_caller]
fn matched(scene: &Scene) -> ProbeMatch {
    let quotes = quotes(scene);
    assert_eq!(quotes.len(), 1);
    quotes[0].probe.clone().unwrap()
}

/// Three probes with TTL 1 to 3, 10 ms apart, then whatever comes.
fn three() -> Scene {
    let mut scene = Scene::default();
    for n in 1..=3_u8 {
        scene.ip(ms(10 * i64::from(n)), &probe(n, 100 + u16::from(n), (40000, 33434 + u16::from(n)), &[n; 20]));
    }
    scene
}

#[test]
fn the_whole_quote() {
    let mut scene = three();
    scene.ip(ms(45), &exceeded("192.0.9.1", &quoted(&probe(2, 102, (40000, 33436), &[2; 20]), 28)));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (3, vec![2], Some(ms(25))));
    let quote = &quotes(&scene)[0];
    assert_eq!((quote.reply_ttl, quote.quoted.ttl, quote.quoted.tuple.dport), (250, 1, 33436));
    let digest = scene.digest();
    assert_eq!((digest.probings.len(), &digest.probings[0].sent[..5]), (1, &[0, 1, 1, 1, 0][..]));
}

#[test]
fn a_checksum_that_the_network_card_filled_in() {
    let mut scene = three();
    let mut quote = quoted(&probe(2, 102, (40000, 33436), &[2; 20]), 28);
    quote[26..28].copy_from_slice(&[0xab, 0xcd]);
    scene.ip(ms(45), &exceeded("192.0.9.1", &quote));
    assert_eq!((matched(&scene).level, matched(&scene).ttls), (3, vec![2]));
}

#[test]
fn levels_fall_with_what_still_agrees() {
    let one = |quote: &[u8]| {
        let mut scene = three();
        scene.ip(ms(45), &exceeded("192.0.9.1", quote));
        let m = matched(&scene);
        (m.level, m.ttls, m.rtt)
    };
    // Another length was quoted (a middlebox changed the payload): eight bytes and the identification.
    let mut other_length = quoted(&probe(3, 103, (40000, 33437), &[3; 20]), 8);
    other_length[3] += 4;
    assert_eq!(one(&other_length), (2, vec![3], Some(ms(15))));
    // Another identification: ports.
    assert_eq!(one(&quoted(&probe(3, 999, (40000, 33437), &[3; 20]), 28)), (1, vec![3], Some(ms(15))));
    // Other ports: nothing but source and destination, so every probe may be meant.
    assert_eq!(one(&quoted(&probe(3, 999, (1, 2), &[3; 20]), 28)), (0, vec![1, 2, 3], None));
}

#[test]
fn twins_stay_ambiguous() {
    let twin = probe(2, 0, (40000, 33434), b"same");
    let mut scene = Scene::default();
    scene.ip(0, &twin).ip(ms(10), &twin).ip(ms(20), &exceeded("192.0.9.1", &quoted(&twin, 28)));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (3, vec![2], None), "the TTL is known, the time is not");

    let mut scene = Scene::default();
    scene.ip(0, &probe(4, 0, (40000, 33434), b"same")).ip(ms(10), &probe(5, 0, (40000, 33434), b"same"));
    scene.ip(ms(20), &exceeded("192.0.9.1", &quoted(&twin, 28)));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (3, vec![4, 5], None), "neither is taken for the other");
}

/// Falsifier 2 of METHODS A: many traces of the same pair at once.
#[test]
fn interleaved_traces_are_told_apart() {
    let mut scene = Scene::default();
    let mut expected = Vec::new();
    for ttl in 1..=10_u8 {
        for trace in 0..32_u16 {
            let sent = i64::from(ttl) * ms(100) + i64::from(trace) * ms(1);
            let p = probe(ttl, trace << 8 | u16::from(ttl), (40000 + trace, 33434), &[ttl; 12]);
            scene.ip(sent, &p);
            expected.push((p, ttl));
        }
    }
    for (n, (p, ttl)) in expected.iter().enumerate() {
        scene.ip(ms(1100 + n as i64), &exceeded(&format!("192.0.9.{ttl}"), &quoted(p, 28)));
    }
    let quotes = quotes(&scene);
    assert_eq!(quotes.len(), 320);
    for quote in quotes {
        let m = quote.probe.unwrap();
        assert_eq!((m.level, m.ttls.len()), (3, 1));
        assert_eq!(quote.from.to_string(), format!("192.0.9.{}", m.ttls[0]));
    }
}

/// Falsifier 5: a NAT that rewrote the source and forgot the quote.
#[test]
fn a_rewritten_source_is_a_match_of_level_one() {
    let mut scene = three();
    let behind = ipv4_with("192.0.77.1", TARGET, 17, 1, 102, &[], &udp(61000, 33436, &[2; 20]));
    scene.ip(ms(45), &exceeded("192.0.9.1", &behind));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (1, vec![2], Some(ms(25))));
    let quote = &quotes(&scene)[0];
    assert_ne!(quote.quoted.tuple.src, quote.to, "and a reader can see why");
}

#[test]
fn old_and_unknown_probes_make_orphans() {
    let quote = quoted(&probe(2, 102, (40000, 33436), &[2; 20]), 28);
    let mut scene = three();
    scene.ip(ms(5_031), &exceeded("192.0.9.1", &quote));
    assert_eq!(quotes(&scene)[0].probe, None, "all are older than 5 s");
    let mut scene = three();
    scene.ip(ms(5_021), &exceeded("192.0.9.1", &quote));
    let vague = matched(&scene);
    assert_eq!((vague.level, vague.rtt), (0, None), "the right one is too old, and another one is not timed");
    let mut scene = three();
    scene.ip(ms(1), &exceeded("192.0.9.1", &quote));
    assert_eq!(quotes(&scene)[0].probe, None, "before it was sent");
    let mut scene = Scene::default();
    scene.ip(0, &exceeded("192.0.9.1", &quote));
    let orphan = &quotes(&scene)[0];
    assert_eq!((orphan.probe.clone(), orphan.quoted.tuple.dst.to_string()), (None, TARGET.to_owned()));
}

#[test]
fn icmp_probes_and_the_answer_of_the_target() {
    let echo =
        |ttl: u8, seq: u8| ipv4_with(SENDER, TARGET, 1, ttl, u16::from(seq), &[], &icmp(8, 0, [0, 77, 0, seq], b"12345678"));
    let mut scene = Scene::default();
    scene.ip(0, &echo(1, 1)).ip(ms(10), &echo(2, 2));
    scene.ip(ms(15), &exceeded("192.0.9.1", &quoted(&echo(1, 1), 8)));
    scene.ip(ms(50), &ipv4_with(TARGET, SENDER, 1, 55, 3, &[], &icmp(0, 0, [0, 77, 0, 2], b"12345678")));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (3, vec![1], Some(ms(15))));
    let quote = &quotes(&scene)[0];
    assert_eq!((quote.quoted.tuple.sport, quote.quoted.tuple.dport), (77, 1), "identifier and sequence number");
    let reached: Vec<Reached> = scene
        .digest()
        .items
        .into_iter()
        .filter_map(|i| match i.fact {
            Evidence::Reached(r) => Some(r),
            _ => None,
        })
        .collect();
    assert_eq!(reached.len(), 1);
    assert_eq!((reached[0].matched.ttls.clone(), reached[0].matched.rtt, reached[0].reply_ttl), (vec![2], Some(ms(40)), 55));
}

#[test]
fn ipv6_probes() {
    let six = |ttl: u8, payload: &[u8]| {
        let mut p = ipv6("2001:db8::1", "2001:db8:f::9", 17, &udp(40000, 33434, payload));
        p[7] = ttl;
        p
    };
    let mut scene = Scene::default();
    scene.ip(0, &six(1, b"one")).ip(ms(1), &six(2, b"two"));
    let mut quote = six(2, b"two");
    quote[7] = 0;
    scene.ip(ms(21), &ipv6("2001:db8:2::2", "2001:db8::1", 58, &icmp(3, 0, [0; 4], &quote)));
    let m = matched(&scene);
    assert_eq!((m.level, m.ttls, m.rtt), (3, vec![2], Some(ms(20))));
}

/// Falsifier 3: quotes cut anywhere match the right probe or are honestly vague.
#[test]
fn every_cut_of_a_quote() {
    let whole = quoted(&probe(2, 102, (40000, 33436), &[2; 20]), 28);
    for n in 20..=whole.len() {
        let mut scene = three();
        scene.ip(ms(45), &exceeded("192.0.9.1", &whole[..n]));
        let m = matched(&scene);
        assert!(m.ttls.contains(&2), "{n} bytes: {m:?}");
        assert!(m.ttls.len() == 1 || m.rtt.is_none());
        assert!(n >= 28 || m.level < 3, "{n} bytes are no whole quote");
    }
}

#[test]
fn probers_are_bounded_and_tracers_stay() {
    let mut scene = Scene::default();
    scene.ip(0, &probe(1, 1, (1, 33434), b"a")).ip(1, &probe(2, 2, (1, 33435), b"b"));
    for n in 0..200_u16 {
        let from = format!("100.64.{}.{}", n / 100, n % 100);
        scene.ip(ms(i64::from(n)), &ipv4_with(&from, TARGET, 17, 5, 1, &[], &udp(9, 9, b"")));
    }
    let (metas, bytes) = scene.metas();
    let mut probes = Probes::new(32, 1);
    for m in &metas {
        probes.sent(m, m.ip(&bytes), place(u64::from(m.record)));
    }
    assert!(probes.probers.len() <= 32 && probes.forgotten > 0);
    let (probings, _) = probes.harvest(&|_| true);
    assert_eq!(probings.len(), 1);
    assert_eq!(probings[0].src.to_string(), SENDER);
}
