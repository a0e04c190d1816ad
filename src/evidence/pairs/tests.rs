use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::decode::testkit::{ipv4, udp};
use crate::evidence::flow::FlowKey;
use crate::evidence::testkit::*;

/// A UDP flow of `packets` packets from client number `n`.
fn flow(n: u16, packets: u16) -> FlowState {
    let mut scene = Scene::default();
    let client = format!("198.51.{}.{}", n >> 8, n & 255);
    for i in 0..packets {
        scene.ip(ms(i64::from(i)), &ipv4(&client, "203.0.7.80", 17, &udp(1000, 9, b"x")));
    }
    let (metas, _) = scene.metas();
    let (key, up) = FlowKey::of(&metas[0]);
    let mut flow = FlowState::open(&metas[0], key, up, place(u64::from(n)));
    for m in &metas {
        flow.observe(m, up, (0, 0));
    }
    flow
}

fn add(pairs: &mut Pairs, flow: &FlowState) -> bool {
    let hash = pairs.hash(&flow.ends());
    pairs.add(flow.ends(), hash, flow)
}

#[test]
fn the_first_and_the_largest_flow_stand_for_a_pair() {
    let mut pairs = Pairs::new(64, 7);
    for packets in [2, 5, 3, 5] {
        assert!(!add(&mut pairs, &flow(1, packets)));
    }
    let pair = pairs.get(&flow(1, 1).ends()).unwrap();
    assert_eq!((pair.sum.flows, pair.sum.packets(), pair.sum.forward().packets), (4, 15, 15));
    assert_eq!(pair.examples().map(FlowState::packets).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(pair.main().packets(), 5);

    add(&mut pairs, &flow(2, 3));
    add(&mut pairs, &flow(2, 1));
    let pair = pairs.get(&flow(2, 1).ends()).unwrap();
    assert_eq!(pair.examples().count(), 1, "the first one is the largest");
    assert_eq!(pair.main().packets(), 3);
}

#[test]
fn a_full_table_keeps_the_heavier_half() {
    let mut pairs = Pairs::new(64, 7);
    let weight = |n: u16| 1 + n * 7 % 13;
    for n in 0..64 {
        assert!(!add(&mut pairs, &flow(n, weight(n))), "there is room for {n}");
    }
    assert!(add(&mut pairs, &flow(64, 1)), "one too many");
    assert_eq!(pairs.len(), 33);
    let kept: Vec<u16> = (0..64).filter(|&n| pairs.get(&flow(n, 1).ends()).is_some()).collect();
    let lightest = kept.iter().map(|&n| weight(n)).min().unwrap();
    assert_eq!(kept.len(), 32);
    assert!((0..64).filter(|n| !kept.contains(n)).all(|n| weight(n) <= lightest));
    assert_eq!(pairs.iter().count(), pairs.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// While there is room, the same sums as a plain map's, in whatever order flows end.
    #[test]
    fn like_a_plain_map(ends in proptest::collection::vec((0..60_u16, 1..4_u16), 1..200)) {
        let mut pairs = Pairs::new(64, 7);
        let mut plain: BTreeMap<Ends, (u32, u64)> = BTreeMap::new();
        for (n, packets) in ends {
            let flow = flow(n, packets);
            add(&mut pairs, &flow);
            let sum = plain.entry(flow.ends()).or_default();
            *sum = (sum.0 + 1, sum.1 + flow.packets());
        }
        let found: BTreeMap<Ends, (u32, u64)> = pairs.iter().map(|p| (p.sum.ends, (p.sum.flows, p.sum.packets()))).collect();
        prop_assert_eq!(found, plain);
    }

    /// However many pairs come, none stands twice, none is lost from its slot, and the cap holds.
    #[test]
    fn slots_and_sums_agree(ends in proptest::collection::vec(0..400_u16, 1..600)) {
        let flows: Vec<FlowState> = (0..400).map(|n| flow(n, 1)).collect();
        let mut pairs = Pairs::new(64, 7);
        for n in ends {
            add(&mut pairs, &flows[usize::from(n)]);
            prop_assert!(pairs.len() <= 64);
        }
        let mut seen = std::collections::BTreeSet::new();
        for pair in pairs.iter() {
            prop_assert!(seen.insert(pair.sum.ends));
            prop_assert_eq!(pairs.get(&pair.sum.ends).map(|p| p.sum.flows), Some(pair.sum.flows));
        }
        prop_assert_eq!(seen.len(), pairs.len());
    }
}
