//! What a run looks at besides the digest. Less is decoded when less is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashSet;

use crate::evidence::batch::Witness;
use crate::evidence::flow::{FlowKey, FlowState};
use crate::evidence::shard::FlowSink;
use crate::locate::Tables;
use crate::model::evidence::Flow;
use crate::model::net::{PackedAddr, StateCode};

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
    /// A thread is done.
    fn take_witness(&mut self, witness: Self::Witness);
    /// A shard is done.
    fn take_sink(&mut self, sink: Self::Sink);
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

/// How much traffic had an end in which state: two table look-ups per flow, none per packet.
pub struct Overview {
    tables: &'static Tables,
    /// `None` is an address that no table places.
    pub by_state: BTreeMap<Option<StateCode>, Amount>,
}

impl Overview {
    /// An empty overview.
    #[must_use]
    pub fn new(tables: &'static Tables) -> Self {
        Self { tables, by_state: BTreeMap::new() }
    }
}

impl FlowSink for Overview {
    fn ended(&mut self, flow: &FlowState, _: Option<&Arc<str>>) {
        let (a, b) = (self.tables.state(flow.key.low.unpack()), self.tables.state(flow.key.high.unpack()));
        let mut add = |state| {
            let amount = self.by_state.entry(state).or_default();
            amount.flows += 1;
            amount.packets += flow.packets();
            amount.bytes += flow.bytes();
        };
        add(a);
        if a != b {
            add(b);
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

    fn take_witness(&mut self, (): ()) {}

    fn take_sink(&mut self, sink: Self) {
        for (state, amount) in sink.by_state {
            let sum = self.by_state.entry(state).or_default();
            sum.flows += amount.flows;
            sum.packets += amount.packets;
            sum.bytes += amount.bytes;
        }
    }
}

/// Everything there is: every address of every layer, every flow.
#[derive(Debug, Default)]
pub struct Census {
    /// All addresses.
    pub addresses: BTreeSet<std::net::IpAddr>,
    /// All flows by five-tuple; a five-tuple that was used twice is one entry.
    pub flows: BTreeMap<FlowKey, Flow>,
    /// Addresses or flows left out because there were more than [`CENSUS_CAP`].
    pub left_out: u64,
}

/// Most addresses and most flows that an inspection lists.
pub const CENSUS_CAP: usize = 4_000_000;

/// Addresses seen by one thread.
#[derive(Debug, Default)]
pub struct Addresses(HashSet<PackedAddr, foldhash::fast::FixedState>, u64);

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
    fn ended(&mut self, flow: &FlowState, host: Option<&Arc<str>>) {
        if self.0.len() < CENSUS_CAP / crate::evidence::batch::SHARDS {
            self.0.push((flow.key, flow.fact(host.cloned())));
        } else {
            self.1 += 1;
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
            self.flows
                .entry(key)
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
}
