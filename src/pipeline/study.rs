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

/// How much traffic had an end in which state: two table look-ups per flow, none per packet. The address of an opener
/// that proved nothing may be anybody's: it is placed nowhere.
pub struct Overview {
    tables: &'static Tables,
    /// By [`slot`].
    amounts: Vec<Amount>,
    /// Addresses asked for lately and their slots: few hosts take part in most flows.
    recent: Vec<(PackedAddr, u16)>,
}

/// Addresses remembered, a power of two.
const RECENT: usize = 1 << 10;

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
        Self { tables, amounts: vec![Amount::default(); SLOTS], recent: vec![(PackedAddr::default(), SLOTS as u16 - 1); RECENT] }
    }

    fn slot_of(&mut self, addr: PackedAddr) -> usize {
        let place = ((addr.hi ^ addr.lo).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
        let Some(entry) = self.recent.get_mut(place) else { return SLOTS - 1 };
        if entry.0 != addr {
            *entry = (addr, slot(self.tables.state(addr.unpack())) as u16);
        }
        usize::from(entry.1)
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
    fn ended(&mut self, flow: &FlowState, _: Option<&Arc<str>>) {
        let (opener, target) = flow.ends();
        let target = self.slot_of(target);
        let opener = if flow.trust().may_be_origin() { self.slot_of(opener) } else { SLOTS - 1 };
        for slot in [opener, target].into_iter().take(if opener == target { 1 } else { 2 }) {
            if let Some(amount) = self.amounts.get_mut(slot) {
                amount.flows += 1;
                amount.packets += flow.packets();
                amount.bytes += flow.bytes();
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

    fn take_witness(&mut self, (): ()) {}

    fn take_sink(&mut self, sink: Self) {
        for (sum, amount) in self.amounts.iter_mut().zip(sink.amounts) {
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
