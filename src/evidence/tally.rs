//! What ended flows add up to: address pairs, targets under a flood, sources that scan.
//!
//! All three lists are bounded by a Misra-Gries rule: when a list overflows, the weakest half goes. A flood of
//! millions of sources therefore costs a fixed amount of memory, and what matters, which is heavy, stays.

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::flow::FlowState;
use super::keyed::Keyed;
use super::pairs::{Ends, Pairs};
use super::spread::{self, Spread};
use crate::model::evidence::{Direction, Handshake};
use crate::model::net::{IpProtocol, PackedAddr};
use crate::model::time::Span;

type Map<K, V> = HashMap<K, V, Keyed>;

/// Flows whose pairs are fetched ahead together.
const AHEAD: usize = 32;

/// Half-open flows from which on a target counts as flooded.
const FLOODED: u64 = 1024;

/// Examples kept per flood or scan.
pub const EXAMPLES: usize = 4;

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
    pub pairs: Pairs,
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
        let map = Keyed::new(seed);
        Self {
            pairs: Pairs::new(cap, seed),
            pressure: HashMap::with_hasher(map),
            reach: HashMap::with_hasher(map),
            cap: cap.max(64),
            flows: 0,
            sampled: false,
        }
    }

    /// Counts flows that ended, in order. A few dozen at a time: the pairs of all of them are fetched ahead.
    pub fn add(&mut self, flows: &[FlowState]) {
        for flows in flows.chunks(AHEAD) {
            let mut hashes = [0; AHEAD];
            for (hash, flow) in hashes.iter_mut().zip(flows) {
                *hash = self.pairs.hash(&flow.ends());
                self.pairs.prefetch_slot(*hash);
            }
            let mut new = 0;
            for hash in hashes.iter().take(flows.len()) {
                new += usize::from(self.pairs.prefetch_sum(*hash, new));
            }
            flows.iter().filter(|flow| flow.is_half_open()).for_each(|flow| self.look_ahead(flow));
            for (hash, flow) in hashes.into_iter().zip(flows) {
                self.one(flow, hash);
            }
        }
    }

    /// Finds what a half-open flow will press on and stretch, and fetches where its ends will be counted: many such finds wait
    /// for memory at the same time, as no one depends on another.
    fn look_ahead(&self, flow: &FlowState) {
        let ((opener, target), pressed, other) = Self::roles(flow);
        if let Some(pressure) = self.pressure.get(&pressed) {
            pressure.sources.prefetch(spread::hash(other.hi, other.lo));
        }
        if let Some(reach) = self.reach.get(&opener) {
            reach.targets.prefetch(spread::hash(target.hi, target.lo));
            reach.ports.prefetch(spread::hash(u64::from(flow.server_port()), u64::from(flow.proto.0)));
        }
    }

    /// Opener and target of a half-open flow, who is pressed on, and by whom.
    fn roles(flow: &FlowState) -> (Ends, (PackedAddr, bool), PackedAddr) {
        let (opener, target) = flow.ends();
        let unsolicited = flow.handshake == Handshake::Unsolicited;
        let (pressed, other) = if unsolicited { ((opener, true), target) } else { ((target, false), opener) };
        ((opener, target), pressed, other)
    }

    fn one(&mut self, flow: &FlowState, hash: u32) {
        self.flows += 1;
        if flow.is_icmp_error() || flow.is_traceroute_probe() {
            return; // seen by the probes
        }
        let (opener, target) = flow.ends();
        if !flow.is_half_open() {
            self.sampled |= self.pairs.add((opener, target), hash, flow);
            return;
        }
        let (_, pressed, other) = Self::roles(flow);
        let flooded = self.press(pressed, other, flow) > FLOODED;
        // One of the many unanswered openings towards a target that is flooded already: it says nothing as a pair or
        // as a scan, and millions of such entries would push out those that do.
        if !flooded || self.pairs.has(&(opener, target), hash) {
            self.sampled |= self.pairs.add((opener, target), hash, flow);
        }
        if !pressed.1 && (!flooded || self.reach.contains_key(&opener)) {
            self.stretch(opener, target, flow);
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
            proto: flow.proto,
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
        reach.ports.add(spread::hash(u64::from(flow.server_port()), u64::from(flow.proto.0)));
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
