//! What ended flows add up to: address pairs, targets under a flood, sources that scan.
//!
//! All three lists are bounded by a Misra-Gries rule: when a list overflows, the weakest half goes. A flood of
//! millions of sources therefore costs a fixed amount of memory, and what matters, which is heavy, stays.

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::flow::FlowState;
use super::spread::{self, Spread};
use crate::model::evidence::{Direction, Handshake, SourceTrust};
use crate::model::net::{IpProtocol, PackedAddr};
use crate::model::time::Span;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Half-open flows from which on a target counts as flooded.
const FLOODED: u64 = 1024;

/// Examples kept per pair, flood or scan.
pub const EXAMPLES: usize = 4;

/// What flows of one opener towards one target add up to.
#[derive(Clone, Debug)]
pub struct Pair {
    /// First and last packet.
    pub seen: Span,
    /// Flows.
    pub flows: u64,
    /// TCP with a completed handshake.
    pub completed: u64,
    /// TCP SYN without any answer.
    pub half_open: u64,
    /// TCP refused.
    pub refused: u64,
    /// Shaped like log-in attempts.
    pub short: u64,
    /// Opener to target.
    pub forward: Direction,
    /// Target to opener.
    pub backward: Direction,
    /// Best trust in the opener.
    pub trust: SourceTrust,
    /// Smallest client-side RTT, ns.
    pub rtt_client: Option<i64>,
    /// Smallest server-side RTT, ns.
    pub rtt_server: Option<i64>,
    /// First flow, and the one with the most packets.
    pub first: FlowState,
    /// The largest flow if it is another one.
    pub largest: Option<Box<FlowState>>,
}

/// Half-open or one-way flows towards one target.
#[derive(Clone, Debug)]
pub struct Pressure {
    /// First and last packet.
    pub seen: Span,
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// Distinct sources.
    pub sources: Spread,
    /// Most frequent port (majority vote, Boyer and Moore) and its lead.
    pub port: (u16, u64),
    /// Protocol of the first flow.
    pub proto: IpProtocol,
    /// First flows.
    pub examples: SmallVec<[FlowState; 1]>,
}

/// Half-open or refused flows of one source.
#[derive(Clone, Debug)]
pub struct Reach {
    /// First and last packet.
    pub seen: Span,
    /// Flows.
    pub flows: u64,
    /// Distinct targets.
    pub targets: Spread,
    /// Distinct ports.
    pub ports: Spread,
    /// Most frequent target (majority vote) and its lead.
    pub target: (PackedAddr, u64),
    /// First flows.
    pub examples: SmallVec<[FlowState; 1]>,
}

/// The tally of one shard.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By opener and target.
    pub pairs: Map<(PackedAddr, PackedAddr), Pair>,
    /// By target, and whether it is the *sender* of unsolicited answers (backscatter).
    pub pressure: Map<(PackedAddr, bool), Pressure>,
    /// By source.
    pub reach: Map<PackedAddr, Reach>,
    cap: usize,
    /// Flows counted.
    pub flows: u64,
    /// Did a list overflow?
    pub sampled: bool,
}

impl Tally {
    /// Lists of at most `cap` entries each.
    #[must_use]
    pub fn new(cap: usize, seed: u64) -> Self {
        let map = foldhash::fast::FixedState::with_seed(seed);
        Self {
            pairs: HashMap::with_hasher(map.clone()),
            pressure: HashMap::with_hasher(map.clone()),
            reach: HashMap::with_hasher(map),
            cap: cap.max(64),
            flows: 0,
            sampled: false,
        }
    }

    /// Counts a flow that ended.
    pub fn add(&mut self, flow: &FlowState) {
        self.flows += 1;
        if flow.is_icmp_error() {
            return;
        }
        let (opener, target) = flow.ends();
        if flow.is_traceroute_probe() {
            return; // seen by the probes
        }
        if !flow.is_half_open() {
            self.pair(opener, target, flow);
            return;
        }
        let unsolicited = flow.handshake == Handshake::Unsolicited;
        let (pressed, other) = if unsolicited { ((opener, true), target) } else { ((target, false), opener) };
        let flooded = self.press(pressed, other, flow) > FLOODED;
        // One of the many unanswered openings towards a target that is flooded already: it says nothing as a pair or
        // as a scan, and millions of such entries would push out those that do.
        if !flooded || self.pairs.contains_key(&(opener, target)) {
            self.pair(opener, target, flow);
        }
        if !unsolicited && (!flooded || self.reach.contains_key(&opener)) {
            self.stretch(opener, target, flow);
        }
    }

    fn pair(&mut self, opener: PackedAddr, target: PackedAddr, flow: &FlowState) {
        let (forward, backward) = flow.directions();
        if self.pairs.len() >= self.cap && !self.pairs.contains_key(&(opener, target)) {
            self.sampled = true;
            weed(&mut self.pairs, self.cap / 2, |p| (p.completed > 0, p.forward.packets + p.backward.packets));
        }
        let pair = self.pairs.entry((opener, target)).or_insert_with(|| Pair {
            seen: flow.span(),
            flows: 0,
            completed: 0,
            half_open: 0,
            refused: 0,
            short: 0,
            forward: Direction::default(),
            backward: Direction::default(),
            trust: SourceTrust::Impossible,
            rtt_client: None,
            rtt_server: None,
            first: *flow,
            largest: None,
        });
        pair.seen = pair.seen.join(flow.span());
        pair.flows += 1;
        match flow.handshake {
            Handshake::Completed => pair.completed += 1,
            Handshake::HalfOpen => pair.half_open += 1,
            Handshake::Refused => pair.refused += 1,
            _ => {}
        }
        pair.short += u64::from(flow.is_short());
        join_direction(&mut pair.forward, &forward);
        join_direction(&mut pair.backward, &backward);
        pair.trust = pair.trust.min(flow.trust());
        pair.rtt_client = least(pair.rtt_client, flow.rtt_client());
        pair.rtt_server = least(pair.rtt_server, flow.rtt_server());
        if flow.packets() > pair.largest.as_ref().map_or(pair.first.packets(), |l| l.packets()) && pair.flows > 1 {
            match &mut pair.largest {
                Some(largest) => **largest = *flow,
                none => *none = Some(Box::new(*flow)),
            }
        }
    }

    /// Flows that press on `key` by now.
    fn press(&mut self, key: (PackedAddr, bool), other: PackedAddr, flow: &FlowState) -> u64 {
        if self.pressure.len() >= self.cap && !self.pressure.contains_key(&key) {
            self.sampled = true;
            weed(&mut self.pressure, self.cap / 2, |p| (false, p.flows));
        }
        let pressure = self.pressure.entry(key).or_insert_with(|| Pressure {
            seen: flow.span(),
            flows: 0,
            packets: 0,
            sources: Spread::default(),
            port: (flow.server_port(), 0),
            proto: flow.key.proto,
            examples: SmallVec::new(),
        });
        pressure.seen = pressure.seen.join(flow.span());
        pressure.flows += 1;
        pressure.packets += flow.packets();
        pressure.sources.add(spread::hash(other.hi, other.lo));
        vote(&mut pressure.port, flow.server_port());
        if pressure.examples.len() < EXAMPLES {
            pressure.examples.push(*flow);
        }
        pressure.flows
    }

    fn stretch(&mut self, source: PackedAddr, target: PackedAddr, flow: &FlowState) {
        if self.reach.len() >= self.cap && !self.reach.contains_key(&source) {
            self.sampled = true;
            weed(&mut self.reach, self.cap / 2, |r| (false, r.flows));
        }
        let reach = self.reach.entry(source).or_insert_with(|| Reach {
            seen: flow.span(),
            flows: 0,
            targets: Spread::default(),
            ports: Spread::default(),
            target: (target, 0),
            examples: SmallVec::new(),
        });
        reach.seen = reach.seen.join(flow.span());
        reach.flows += 1;
        reach.targets.add(spread::hash(target.hi, target.lo));
        reach.ports.add(spread::hash(u64::from(flow.server_port()), u64::from(flow.key.proto.0)));
        vote(&mut reach.target, target);
        if reach.examples.len() < EXAMPLES {
            reach.examples.push(*flow);
        }
    }
}

/// Keeps the `keep` heaviest entries; ties by key, so that it comes out the same in every run.
fn weed<K: Ord + Copy + std::hash::Hash, V, W: Ord>(map: &mut Map<K, V>, keep: usize, weight: impl Fn(&V) -> W) {
    let mut order: Vec<(W, K)> = map.iter().map(|(k, v)| (weight(v), *k)).collect();
    if order.len() <= keep {
        return;
    }
    let drop = order.len() - keep;
    order.select_nth_unstable(drop);
    for (_, key) in order.into_iter().take(drop) {
        map.remove(&key);
    }
}

/// Boyer-Moore majority vote.
fn vote<T: PartialEq + Copy>(leader: &mut (T, u64), candidate: T) {
    if leader.0 == candidate {
        leader.1 += 1;
    } else if leader.1 == 0 {
        *leader = (candidate, 1);
    } else {
        leader.1 -= 1;
    }
}

/// Sums two directions.
pub fn join_direction(into: &mut Direction, more: &Direction) {
    into.packets += more.packets;
    into.bytes += more.bytes;
    if more.packets > 0 {
        into.ttl_min = if into.ttl_min == 0 { more.ttl_min } else { into.ttl_min.min(more.ttl_min) };
    }
    into.ttl_max = into.ttl_max.max(more.ttl_max);
}

/// The smaller of two optional numbers.
#[must_use]
pub fn least(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
