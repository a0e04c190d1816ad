use proptest::prelude::*;

use super::*;

const FRANKFURT: Point = (50.11, 8.68);
const PARIS: Point = (48.86, 2.35);
const TOKYO: Point = (35.68, 139.69);
const NEW_YORK: Point = (40.71, -74.01);

fn candidate(state: &str, p: f32, at: Option<Point>) -> Candidate {
    Candidate { state: StateCode::new(state).unwrap(), p, city: None, coordinates: at }
}

fn node(ms: f64, candidates: &[(&str, f32, Point)]) -> Node {
    Node {
        candidates: candidates.iter().map(|(s, p, at)| candidate(s, *p, Some(*at))).collect(),
        timing: Some(Timing { low: ms, high: ms }),
        bound_ms: Some(ms),
        counts: Counts::Always,
    }
}

fn line(nodes: Vec<Node>) -> Chain {
    Chain { groups: nodes.into_iter().map(|n| vec![n]).collect(), vantage: None }
}

fn p_of(states: &[(StateCode, f64)], state: &str) -> f64 {
    states.iter().find(|(s, _)| s.as_str() == state).map_or(0.0, |(_, p)| *p)
}

#[test]
fn one_wrong_row_between_two_near_hops_is_corrected() {
    let chain = line(vec![
        node(10.0, &[("DE", 0.9, FRANKFURT)]),
        node(10.3, &[("JP", 0.8, TOKYO), ("DE", 0.1, FRANKFURT)]),
        node(10.6, &[("DE", 0.9, FRANKFURT)]),
    ]);
    let posterior = chain.solve();
    let middle = posterior.marginals(1, 0);
    // What is left for JP is the case that both neighbours are wrong.
    assert!(middle[0] < 0.05 && middle[1] > 0.5 && middle[1] > middle[2], "JP, DE, unknown: {middle:?}");
    assert!(p_of(&posterior.states(1.0), "JP") < 0.05 && p_of(&posterior.states(1.0), "DE") > 0.95);
    // Falsifier: with 300 ms between them Tokyo is possible again.
    let slow = line(vec![chain.groups[0][0].clone(), node(160.0, &[("JP", 0.8, TOKYO), ("DE", 0.1, FRANKFURT)])]);
    assert!(slow.solve().marginals(1, 0)[0] > 0.6);
}

#[test]
fn no_state_is_invented_where_the_only_row_is_wrong() {
    let chain = line(vec![
        node(10.0, &[("DE", 0.9, FRANKFURT)]),
        node(10.3, &[("JP", 0.9, TOKYO)]),
        node(10.6, &[("DE", 0.9, FRANKFURT)]),
    ]);
    let middle = chain.solve().marginals(1, 0);
    assert!(middle.len() == 2 && middle[1] > 0.9, "it goes to unknown: {middle:?}");
}

#[test]
fn without_times_nothing_changes() {
    let mut chain = line(vec![node(1.0, &[("DE", 0.6, FRANKFURT), ("FR", 0.3, PARIS)]), node(1.0, &[("JP", 0.9, TOKYO)])]);
    for n in chain.groups.iter_mut().flatten() {
        n.timing = None;
    }
    let posterior = chain.solve();
    for (got, want) in posterior.marginals(0, 0).into_iter().zip([0.6, 0.3, 0.1]) {
        assert!((got - want).abs() < 1e-6);
    }
    assert!((p_of(&posterior.states(1.0), "JP") - 0.9).abs() < 1e-6);
}

#[test]
fn one_doubt_is_not_counted_twice() {
    // Two hops in one place, the same doubt about both: multiplied marginals would say 0.75 for each state.
    let chain = line(vec![
        node(1.0, &[("DE", 0.49, FRANKFURT), ("US", 0.49, NEW_YORK)]),
        node(1.1, &[("DE", 0.49, FRANKFURT), ("US", 0.49, NEW_YORK)]),
    ]);
    let states = chain.solve().states(1.0);
    assert!((p_of(&states, "DE") - 0.5).abs() < 0.02, "{states:?}");
}

#[test]
fn a_branch_counts_and_is_judged_by_its_neighbours() {
    let mut chain = line(vec![
        node(10.0, &[("DE", 0.9, FRANKFURT)]),
        node(14.0, &[("DE", 0.9, FRANKFURT)]),
        node(15.0, &[("DE", 0.9, FRANKFURT)]),
    ]);
    chain.groups[1].push(node(14.0, &[("FR", 0.9, PARIS)]));
    chain.groups[1].push(node(14.0, &[("JP", 0.9, TOKYO)]));
    let posterior = chain.solve();
    let states = posterior.states(1.0);
    assert!(p_of(&states, "FR") > 0.8 && p_of(&states, "JP") < 0.1, "{states:?}");
    assert!(posterior.marginals(1, 1)[0] > 0.8 && posterior.marginals(1, 2)[0] < 0.1);
    assert!(posterior.marginals(1, 3).is_empty() && posterior.marginals(9, 0).is_empty());
    let (de, fr) = (StateCode::new("DE").unwrap(), StateCode::new("FR").unwrap());
    assert!(posterior.joint(0, (0, de), (1, fr)) > 0.7);
    assert_eq!(posterior.joint(0, (0, de), (7, fr)), 0.0);
}

#[test]
fn hops_of_the_way_back_count_in_part() {
    let mut chain = line(vec![node(1.0, &[("DE", 0.9, FRANKFURT)]), node(5.0, &[("FR", 0.9, PARIS)])]);
    let whole = p_of(&chain.solve().states(1.0), "FR");
    chain.groups[1][0].counts = Counts::IfSymmetric;
    let states = chain.solve().states(0.6);
    assert!((p_of(&states, "FR") - 0.6 * whole).abs() < 1e-9);
    assert!(p_of(&states, "DE") > 0.9, "hops that packets show count in full");
}

#[test]
fn an_empty_chain_has_no_states() {
    assert!(Chain::default().solve().states(1.0).is_empty());
    assert!(line(vec![node(1.0, &[])]).solve().states(1.0).is_empty());
}

#[test]
fn nonsense_probabilities_do_no_harm() {
    let chain = line(vec![
        node(1.0, &[("DE", f32::NAN, FRANKFURT), ("FR", 7.0, (f32::NAN, 900.0)), ("JP", -1.0, TOKYO)]),
        node(2.0, &[]),
    ]);
    let m = chain.solve().marginals(0, 0);
    assert!(m.iter().all(|p| (0.0..=1.0).contains(p)) && (m.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{m:?}");
}

fn any_node() -> impl Strategy<Value = Node> {
    let place = (
        prop::sample::select(vec!["DE", "FR", "JP", "US"]),
        0.01_f32..1.0,
        -80.0_f32..80.0,
        -179.0_f32..179.0,
        prop::bool::weighted(0.8),
    );
    (prop::collection::vec(place, 0..4), prop::option::weighted(0.8, 0.1_f64..200.0)).prop_map(|(places, ms)| {
        let sum: f32 = places.iter().map(|p| p.1).sum::<f32>().max(1.0);
        Node {
            candidates: places.iter().map(|(s, p, lat, lon, has)| candidate(s, p / sum, has.then_some((*lat, *lon)))).collect(),
            timing: ms.map(|ms| Timing { low: ms, high: ms }),
            bound_ms: ms,
            counts: Counts::Always,
        }
    })
}

/// Every assignment of states to nodes, with its weight.
fn enumerate(chain: &Chain) -> Vec<(Vec<usize>, f64)> {
    let nodes: Vec<&Node> = chain.groups.iter().map(|g| &g[0]).collect();
    let mut all: Vec<(Vec<usize>, f64)> = vec![(Vec::new(), 1.0)];
    for (i, n) in nodes.iter().enumerate() {
        let weights = chain.weights(n);
        let mut next = Vec::new();
        for (states, weight) in &all {
            for (s, w) in weights.iter().enumerate() {
                let step = if i == 0 { 1.0 } else { factors(nodes[i - 1], n)[states[i - 1]][s] };
                let mut longer: Vec<usize> = states.clone();
                longer.push(s);
                next.push((longer, weight * w * step));
            }
        }
        all = next;
    }
    all
}

proptest! {
    #[test]
    fn messages_agree_with_every_chain_counted_by_hand(nodes in prop::collection::vec(any_node(), 1..5), with_vantage: bool) {
        let mut chain = line(nodes);
        chain.vantage = with_vantage.then_some(FRANKFURT);
        let all = enumerate(&chain);
        let total: f64 = all.iter().map(|(_, w)| w).sum();
        let posterior = chain.solve();
        let state = |k: usize, s: usize| chain.groups[k][0].candidates.get(s).map(|c| c.state);
        for (code, p) in posterior.states(1.0) {
            let hit: f64 = all.iter().filter(|(s, _)| s.iter().enumerate().any(|(k, s)| state(k, *s) == Some(code))).map(|(_, w)| w).sum();
            prop_assert!((p - hit / total).abs() < 1e-9, "{code}: {p} against {}", hit / total);
        }
        for k in 0..chain.groups.len() {
            for (s, p) in posterior.marginals(k, 0).into_iter().enumerate() {
                let sum: f64 = all.iter().filter(|(states, _)| states[k] == s).map(|(_, w)| w).sum();
                prop_assert!((p - sum / total).abs() < 1e-9);
            }
        }
        if chain.groups.len() > 1 {
            for (x, y) in [("DE", "FR"), ("JP", "JP"), ("US", "DE")].map(|(x, y)| (StateCode::new(x).unwrap(), StateCode::new(y).unwrap())) {
                let sum: f64 = all.iter().filter(|(s, _)| state(0, s[0]) == Some(x) && state(1, s[1]) == Some(y)).map(|(_, w)| w).sum();
                prop_assert!((posterior.joint(0, (0, x), (0, y)) - sum / total).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_branch_is_a_chain_of_its_own(nodes in prop::collection::vec(any_node(), 2..5), branch in any_node(), at in 0_usize..4) {
        let at = at.min(nodes.len() - 1);
        let first = line(nodes);
        let (mut second, mut both) = (first.clone(), first.clone());
        second.groups[at][0] = branch.clone();
        both.groups[at].push(branch);
        let (first, second) = (first.solve().states(1.0), second.solve().states(1.0));
        for (code, p) in both.solve().states(1.0) {
            let want = p_of(&first, code.as_str()).max(p_of(&second, code.as_str()));
            prop_assert!((p - want).abs() < 1e-9, "{code}: {p} against {want}");
        }
    }

    #[test]
    fn no_place_outside_the_feasible_set(nodes in prop::collection::vec(any_node(), 1..9)) {
        let mut chain = line(nodes);
        chain.vantage = Some(FRANKFURT);
        let posterior = chain.solve();
        for (k, group) in chain.groups.iter().enumerate() {
            let m = posterior.marginals(k, 0);
            prop_assert!((m.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            for (c, p) in group[0].candidates.iter().zip(&m) {
                if let (Some(at), Some(ms)) = (c.coordinates, group[0].bound_ms) {
                    prop_assert!(*p == 0.0 || distance_km(FRANKFURT, at) <= 100.0 * ms + 60.0);
                }
            }
        }
    }
}
