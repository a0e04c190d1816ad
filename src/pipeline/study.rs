//! What a run looks at besides the digest. Less is decoded when less is asked for.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;

use crate::evidence::batch::Witness;
use crate::evidence::flow::{FlowKey, FlowState};
use crate::evidence::heads::Heads;
use crate::evidence::keyed::Keyed;
use crate::evidence::shard::FlowSink;
use crate::locate::Tables;
use crate::model::evidence::Flow;
use crate::model::net::{PackedAddr, StateCode};
use crate::model::record::UNNAMED;

/// A witness per thread, a sink per shard; both come home at the end.
pub trait Study: Sync {
    /// Sees every address of every layer, per thread.
    type Witness: Witness + Send;
    /// Sees every flow that ends, per shard.
    type Sink: FlowSink + Send;
    /// A new witness.
    fn witness(&self) -> Self::Witness;
    /// A new sink.
    fn sink(&self) -> Self::Sink;
    /// A new sink for the flows of one recorder.
    fn record_sink(&self) -> Self::Sink {
        self.sink()
    }
    /// A thread is done.
    fn take_witness(&mut self, witness: Self::Witness);
    /// A shard is done.
    fn take_sink(&mut self, sink: Self::Sink);
    /// The records are done: one sink per recorder. `packets`: there were packets too.
    fn take_records(&mut self, sinks: Vec<Self::Sink>, packets: bool);
}

/// Flows, packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes at the IP layer.
    pub bytes: u64,
}

/// How much traffic had an end in which state: two table look-ups per flow, none per packet. The address of an opener
/// that proved nothing may be anybody's: it is placed nowhere.
pub struct Overview {
    tables: &'static Tables,
    /// By [`slot`].
    amounts: Vec<Amount>,
    /// Does it count flows that records tell of, or those that packets show? The same traffic may be told of twice.
    recorded: bool,
    /// Addresses asked for lately and their slots: few hosts take part in half of the flows.
    recent: Vec<(PackedAddr, u16)>,
}

/// Addresses remembered, a power of two: as many as stay in the innermost cache.
const RECENT: usize = 1 << 8;

/// The same for flows that a recorder tells of. There is one such sink and not one for every shard, and nothing is known of a
/// flow before it is told, so more pays: as many as the next cache has room for.
const RECENT_OF_RECORDS: usize = 1 << 12;

/// Flows counted together.
const TOGETHER: usize = 64;

/// Slot of no state.
const UNKNOWN: u16 = SLOTS as u16 - 1;

/// Not looked up yet.
const ASKED: u16 = u16::MAX;

/// Opener and target as far as they can be placed.
fn placed(flow: &FlowState) -> (Option<PackedAddr>, PackedAddr) {
    let (opener, target) = flow.ends();
    (flow.trust().may_be_origin().then_some(opener), target)
}

/// States, and one place for "unknown".
const SLOTS: usize = 26 * 26 + 1;

/// Place of a state in a list of all of them: two letters in base 26; the last one is "unknown".
fn slot(state: Option<StateCode>) -> usize {
    let letter = |b: &u8| usize::from(b.wrapping_sub(b'A'));
    match state.as_ref().map(|s| s.as_str().as_bytes()) {
        Some([a, b]) => (letter(a) * 26 + letter(b)).min(SLOTS - 1),
        _ => SLOTS - 1,
    }
}

impl Overview {
    /// An empty overview.
    #[must_use]
    pub fn new(tables: &'static Tables) -> Self {
        Self {
            tables,
            amounts: vec![Amount::default(); SLOTS],
            recorded: false,
            recent: vec![(PackedAddr::default(), UNKNOWN); RECENT],
        }
    }

    fn place_of(&self, addr: PackedAddr) -> usize {
        ((addr.hi ^ addr.lo).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize & (self.recent.len() - 1)
    }

    /// Slot of an address that was looked up lately; others are asked for.
    #[inline]
    fn recall(&self, addr: PackedAddr) -> u16 {
        match self.recent.get(self.place_of(addr)) {
            Some(&(known, slot)) if known == addr => slot,
            _ => {
                self.tables.prefetch(addr.unpack());
                ASKED
            }
        }
    }

    fn look_up(&mut self, addr: PackedAddr) -> u16 {
        let found = slot(self.tables.state(addr.unpack())) as u16;
        let place = self.place_of(addr);
        if let Some(entry) = self.recent.get_mut(place) {
            *entry = (addr, found);
        }
        found
    }

    fn count(&mut self, flow: &FlowState, opener: u16, target: u16) {
        let (from, to) = flow.ends();
        let opener = if opener == ASKED { self.look_up(from) } else { opener };
        let target = if target == ASKED { self.look_up(to) } else { target };
        for slot in [opener, target].into_iter().take(if opener == target { 1 } else { 2 }) {
            if let Some(amount) = self.amounts.get_mut(usize::from(slot)) {
                amount.flows += 1;
                amount.packets += flow.packets();
                amount.bytes += flow.bytes();
            }
        }
    }

    /// States that had traffic, by code; "unknown" last.
    pub fn by_state(&self) -> impl Iterator<Item = (Option<StateCode>, Amount)> {
        self.amounts.iter().enumerate().filter(|(_, a)| a.flows > 0).map(|(i, a)| {
            let letter = |n: usize| char::from(b'A' + n as u8);
            let code = (i < SLOTS - 1).then(|| [letter(i / 26), letter(i % 26)].iter().collect::<String>());
            (code.and_then(|c| StateCode::new(&c)), *a)
        })
    }
}

impl FlowSink for Overview {
    fn ended(&mut self, flows: &[FlowState], _: &Heads) {
        if flows.iter().any(|flow| flow.is_recorded() != self.recorded) {
            return; // exports come one by one, and are counted by who told them
        }
        for flows in flows.chunks(TOGETHER) {
            let mut ends = [(UNKNOWN, UNKNOWN); TOGETHER];
            // Twice over the same flows: in the first round memory is asked for what the second one needs.
            for (known, flow) in ends.iter_mut().zip(flows) {
                let (opener, target) = placed(flow);
                *known = (opener.map_or(UNKNOWN, |addr| self.recall(addr)), self.recall(target));
            }
            for ((opener, target), flow) in ends.into_iter().zip(flows) {
                self.count(flow, opener, target);
            }
        }
    }
}

impl Study for Overview {
    type Witness = ();
    type Sink = Self;

    fn witness(&self) {}

    fn sink(&self) -> Self {
        Self::new(self.tables)
    }

    fn record_sink(&self) -> Self {
        let recent = vec![(PackedAddr::default(), UNKNOWN); RECENT_OF_RECORDS];
        Self { recorded: true, recent, ..Self::new(self.tables) }
    }

    fn take_witness(&mut self, (): ()) {}

    fn take_sink(&mut self, sink: Self) {
        for (sum, amount) in self.amounts.iter_mut().zip(sink.amounts) {
            sum.flows += amount.flows;
            sum.packets += amount.packets;
            sum.bytes += amount.bytes;
        }
    }

    /// Several recorders, and packets, tell of the same traffic: it is counted once, from the packets if there are any, else
    /// from who recorded most.
    fn take_records(&mut self, sinks: Vec<Self>, packets: bool) {
        let flows = |sink: &Self| sink.amounts.iter().map(|a| a.flows).sum::<u64>();
        let most = sinks.into_iter().rev().max_by_key(flows);
        if let Some(sink) = most.filter(|_| !packets) {
            self.take_sink(sink);
        }
    }
}

/// Everything there is: every address of every layer, every flow.
#[derive(Debug, Default)]
pub struct Census {
    /// All addresses.
    pub addresses: BTreeSet<std::net::IpAddr>,
    /// All flows by five-tuple, those that packets show before those that records tell of; a five-tuple that was used twice
    /// is one entry.
    pub flows: BTreeMap<(bool, FlowKey), Flow>,
    /// Addresses or flows left out because there were more than [`CENSUS_CAP`].
    pub left_out: u64,
}

/// Most addresses and most flows that an inspection lists.
pub const CENSUS_CAP: usize = 4_000_000;

/// Addresses seen by one thread.
#[derive(Debug, Default)]
pub struct Addresses(HashSet<PackedAddr, Keyed>, u64);

impl Witness for Addresses {
    const QUOTES: bool = true;

    fn address(&mut self, addr: PackedAddr) {
        if self.0.len() < CENSUS_CAP {
            self.0.insert(addr);
        } else if !self.0.contains(&addr) {
            self.1 += 1;
        }
    }
}

/// Flows that ended in one shard.
#[derive(Debug, Default)]
pub struct Flows(Vec<(FlowKey, Flow)>, u64);

impl FlowSink for Flows {
    fn ended(&mut self, flows: &[FlowState], heads: &Heads) {
        for flow in flows {
            if self.0.len() < CENSUS_CAP / crate::evidence::batch::SHARDS {
                self.0.push((flow.key(), flow.fact(heads.host(flow.host).cloned())));
            } else {
                self.1 += 1;
            }
        }
    }
}

impl Study for Census {
    type Witness = Addresses;
    type Sink = Flows;

    fn witness(&self) -> Addresses {
        Addresses::default()
    }

    fn sink(&self) -> Flows {
        Flows::default()
    }

    fn take_witness(&mut self, witness: Addresses) {
        self.left_out += witness.1;
        self.addresses.extend(witness.0.into_iter().map(PackedAddr::unpack));
    }

    fn take_sink(&mut self, sink: Flows) {
        self.left_out += sink.1;
        for (key, flow) in sink.0 {
            if flow.recorded {
                self.addresses.extend([flow.tuple.src, flow.tuple.dst].into_iter().filter(|addr| *addr != UNNAMED));
            }
            self.flows
                .entry((flow.recorded, key))
                .and_modify(|sum| {
                    let same_way = sum.tuple == flow.tuple;
                    let (f, b) = if same_way { (flow.forward, flow.backward) } else { (flow.backward, flow.forward) };
                    crate::evidence::tally::join_direction(&mut sum.forward, &f);
                    crate::evidence::tally::join_direction(&mut sum.backward, &b);
                    sum.seen = sum.seen.join(flow.seen);
                    sum.trust = sum.trust.min(flow.trust);
                })
                .or_insert(flow);
        }
    }

    fn take_records(&mut self, sinks: Vec<Flows>, _: bool) {
        sinks.into_iter().for_each(|sink| self.take_sink(sink));
    }
}
