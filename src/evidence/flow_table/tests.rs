use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::decode::testkit::{ipv4, udp};
use crate::evidence::batch::Meta;
use crate::evidence::flow::{FlowKey, Outcome};
use crate::evidence::testkit::*;

fn at(ns: i64) -> Timestamp {
    Timestamp(1_700_000_000_000_000_000 + ns)
}

const SECOND: i64 = 1_000_000_000;

/// Applies packets to a table of its own, without a shard.
fn feed(table: &mut FlowTable, metas: &[Meta], bytes: &[u8], ended: &mut impl FnMut(&FlowState)) {
    for m in metas {
        table.expire(m.ts, ended);
        let numbers = match m.l4(bytes) {
            &[_, _, _, _, s0, s1, s2, s3, a0, a1, a2, a3, ..] => {
                (u32::from_be_bytes([s0, s1, s2, s3]), u32::from_be_bytes([a0, a1, a2, a3]))
            }
            _ => (0, 0),
        };
        let (key, up) = FlowKey::of(m);
        let guess = table.prefetch_flow(m.hash);
        let found = table.find(m, guess);
        assert_eq!(found, table.find(m, Guess::NONE), "a guess changes no answer");
        let (index, low_to_high) =
            found.unwrap_or_else(|| (table.insert(FlowState::open(m, key, up, place(u64::from(m.record))), m.hash, ended), up));
        assert_eq!(low_to_high, up);
        let flow = table.get_mut(index).unwrap();
        if flow.observe(m, low_to_high, numbers) == Outcome::Reopens {
            ended(flow);
            *flow = FlowState::open(m, key, low_to_high, place(u64::from(m.record)));
            flow.observe(m, low_to_high, numbers);
        }
    }
}

/// Seconds after which a scene's only flow is forgotten, looked at every second.
fn patience(scene: &Scene) -> i64 {
    let (metas, bytes) = scene.metas();
    let mut table = FlowTable::new(64);
    feed(&mut table, &metas, &bytes, &mut |_| {});
    (0..1000)
        .find(|&s| {
            let mut gone = 0;
            table.expire(at(s * SECOND), &mut |_| gone += 1);
            gone > 0
        })
        .unwrap()
}

#[test]
fn patience_depends_on_what_was_seen() {
    let mut half_open = Scene::default();
    half_open.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    let mut established = Scene::default();
    established.handshake(0, CLIENT, SERVER);
    let mut closed = Scene::default();
    closed.handshake(0, CLIENT, SERVER).tcp(ms(100), CLIENT, SERVER, (101, 501), FIN | ACK, b"");
    let mut datagram = Scene::default();
    datagram.ip(0, &ipv4("198.51.0.10", "203.0.7.53", 17, &udp(1, 2, b"x")));
    assert_eq!(patience(&half_open), 10);
    // Queues are looked at in steps of 2 s, newly opened flows after 10 s.
    assert!((300..=304).contains(&patience(&established)), "{}", patience(&established));
    assert!((2..=12).contains(&patience(&closed)), "{}", patience(&closed));
    assert!((60..=64).contains(&patience(&datagram)), "{}", patience(&datagram));
}

#[test]
fn a_packet_renews_patience() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    scene.tcp(200 * SECOND, CLIENT, SERVER, (101, 501), ACK, b"still there");
    let seconds = patience(&scene);
    assert!((500..=504).contains(&seconds), "{seconds}");
}

#[test]
fn time_that_jumps_loses_nothing() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    let (metas, bytes) = scene.metas();
    for jump in [-1_000_000 * SECOND, 0, 50 * SECOND] {
        let mut table = FlowTable::new(64);
        feed(&mut table, &metas, &bytes, &mut |_| {});
        table.expire(at(jump), &mut |_| panic!("too early"));
        assert_eq!(table.len(), 1);
        let mut gone = 0;
        table.expire(Timestamp(i64::MAX), &mut |_| gone += 1);
        assert_eq!((gone, table.len()), (1, 0));
        table.expire(Timestamp(i64::MIN), &mut |_| {});
    }
}

/// What the cap is for: a flood of openings must not push out a conversation.
#[test]
fn a_flood_evicts_the_oldest_half_open_and_nothing_else() {
    let mut scene = Scene::default();
    for n in 0..40 {
        scene.handshake(ms(i64::from(n)), ("198.51.0.10", 50_000 + n), SERVER);
    }
    for n in 0..5000_u32 {
        let spoofed = format!("100.{}.{}.{}", n / 250, n % 250, n % 7);
        scene.tcp(ms(1000) + i64::from(n) * 1000, (&spoofed, 1025), SERVER, (n, 0), SYN, b"");
    }
    let (metas, bytes) = scene.metas();
    let mut table = FlowTable::new(100);
    let mut order = Vec::new();
    feed(&mut table, &metas, &bytes, &mut |flow| {
        assert_eq!(flow.handshake, crate::model::evidence::Handshake::HalfOpen);
        order.push(flow.first);
    });
    assert_eq!((table.len(), table.evicted), (100, 4940));
    assert_eq!(table.live().filter(|f| !f.is_half_open()).count(), 40);
    assert!(order.is_sorted(), "oldest first");
    assert_eq!(table.live().filter(|f| f.is_half_open()).map(|f| f.first).min(), Some(at(ms(1000) + 4940 * 1000)));
}

#[test]
fn without_half_open_flows_the_next_to_expire_goes() {
    let mut scene = Scene::default();
    for n in 0..70 {
        scene.handshake(i64::from(n) * 2 * SECOND, ("198.51.0.10", 50_000 + n), SERVER);
    }
    let (metas, bytes) = scene.metas();
    let mut table = FlowTable::new(64);
    let mut evicted = Vec::new();
    feed(&mut table, &metas, &bytes, &mut |flow| evicted.push((flow.tuple().sport, flow.fact(None).evicted)));
    assert_eq!(evicted, (0..6).map(|n| (50_000 + n, true)).collect::<Vec<_>>());
}

/// Removing from a crowded table leaves no hole in front of those that stay.
#[test]
fn whoever_stays_is_found() {
    let mut scene = Scene::default();
    for n in 0..650_u16 {
        let time = if n % 2 == 0 { 0 } else { 30 * SECOND };
        scene.ip(time + i64::from(n), &ipv4("198.51.0.10", "203.0.7.80", 17, &udp(1000 + n, 9, b"x")));
    }
    let (metas, bytes) = scene.metas();
    let mut table = FlowTable::new(1 << 10);
    feed(&mut table, &metas, &bytes, &mut |_| panic!("too early"));
    table.expire(at(70 * SECOND), &mut |_| {});
    assert_eq!(table.len(), 325);
    for m in &metas {
        assert_eq!(table.find(m, Guess::NONE).is_some(), m.sport % 2 == 1, "port {}", m.sport);
    }
}

#[test]
fn a_guess_from_before_a_removal_is_void() {
    let mut scene = Scene::default();
    scene.ip(0, &ipv4("198.51.0.10", "203.0.7.80", 17, &udp(1000, 9, b"x")));
    let (metas, bytes) = scene.metas();
    let mut table = FlowTable::new(64);
    feed(&mut table, &metas, &bytes, &mut |_| {});
    let guess = table.prefetch_flow(metas[0].hash);
    assert!(table.find(&metas[0], guess).is_some());
    table.expire(at(100 * SECOND), &mut |_| {});
    assert_eq!(table.find(&metas[0], guess), None, "its place still looks like it");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a map that forgets in the plainest way: the same flows with the same packets, whatever the order.
    #[test]
    fn like_a_plain_map(packets in proptest::collection::vec((0..40_u16, 0..3_u8, 0..4_000_000_000_i64), 1..400)) {
        let mut scene = Scene::default();
        let mut now = 0;
        for (port, kind, gap) in packets {
            now += gap;
            let (client, server) = (("198.51.0.10", 40_000 + port), SERVER);
            match kind {
                0 => scene.tcp(now, client, server, (1, 0), SYN, b""),
                1 => scene.tcp(now, client, server, (2, 9), ACK, b"x"),
                _ => scene.ip(now, &ipv4("198.51.0.10", "203.0.7.80", 17, &udp(40_000 + port, 9, b"x"))),
            };
        }
        let (metas, bytes) = scene.metas();
        let mut table = FlowTable::new(1 << 10);
        let mut packets = 0;
        feed(&mut table, &metas, &bytes, &mut |flow| packets += flow.packets());
        let mut by_key = BTreeMap::new();
        for flow in table.live() {
            prop_assert!(by_key.insert(flow.key(), flow.packets()).is_none(), "a flow stands in the table twice");
            packets += flow.packets();
        }
        prop_assert_eq!(packets, metas.len() as u64, "every packet is in exactly one flow");
        prop_assert_eq!(by_key.len(), table.len());
        for m in &metas {
            let (key, _) = FlowKey::of(m);
            prop_assert_eq!(table.find(m, Guess::NONE).is_some(), by_key.contains_key(&key));
        }
        // Nobody is kept for longer than the longest patience and the coarseness of the queues. (A flow whose patience
        // shrinks, because it was closed or its ports used again, keeps the place that it had.)
        let last = metas.iter().map(|m| m.ts.0).max().unwrap_or(0);
        for flow in table.live() {
            prop_assert!(flow.last.0 + 304 * SECOND > last);
        }
    }
}
