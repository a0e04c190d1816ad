//! One share of the traffic: its flows, probes, quotes, names, chains and tunnels.

use std::net::IpAddr;

use hashbrown::HashMap;

use super::batch::{Batch, Meta, SIP};
use super::exports::Exports;
use super::flow::{FlowKey, FlowState, Outcome};
use super::flow_table::{FlowTable, Guess};
use super::fragments::{self, Fragments};
use super::heads::Heads;
use super::keyed::Keyed;
use super::probes::{self, Probes};
use super::streams::{self, Out, Segment, Streams};
use super::tally::Tally;
use crate::decode::icmp;
use crate::decode::packet::{self, Transport};
use crate::model::evidence::{ListKind, Provenance, Quote, Quoted, Tunnel, TunnelKind};
use crate::model::net::{IpProtocol, PackedAddr};
use crate::model::record::Announcement;
use crate::model::time::Timestamp;

/// Upper bounds per shard. What a bound costs is counted and reported.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Flows in the table.
    pub flows: usize,
    /// Address pairs, pressed targets, reaching sources: each.
    pub tallies: usize,
    /// Sources of probes.
    pub probers: usize,
    /// ICMP errors kept.
    pub quotes: usize,
    /// Names, chains, host names: each.
    pub heads: usize,
    /// Tunnelled address pairs, and lists of addresses in options: each.
    pub tunnels: usize,
}

impl Caps {
    /// Shares out a cap on all flows. A flow takes 128 bytes and 24 to 40 of index and queue; an address pair about 400.
    #[must_use]
    pub fn for_flows(flows: usize) -> Self {
        let share = flows.div_ceil(super::batch::SHARDS);
        Self {
            flows: share,
            tallies: (share / 8).clamp(1 << 10, 1 << 13),
            probers: 1 << 13,
            quotes: 1 << 15,
            heads: 1 << 14,
            tunnels: 1 << 13,
        }
    }
}

impl Caps {
    /// For the shard of a recorder: it has no live flows, and all the traffic is in it.
    #[must_use]
    pub fn for_records(flows: usize) -> Self {
        Self { flows: 1, tallies: (flows / 8).clamp(1 << 10, 1 << 15), ..Self::for_flows(flows) }
    }
}

/// Told about every flow that ends.
pub trait FlowSink {
    /// `flows` are over: expired, evicted, or the run is. `heads` knows their host names.
    fn ended(&mut self, flows: &[FlowState], heads: &Heads);
}

impl FlowSink for () {
    fn ended(&mut self, _: &[FlowState], _: &Heads) {}
}

/// Flows that ended and were not yet counted. What counts them needs their pairs and their states, which are seldom in
/// the processor's cache: for a few dozen flows at once memory answers in the time that it takes for one.
#[derive(Debug, Default)]
struct Endings(Vec<FlowState>);

/// Flows counted together.
const TOGETHER: usize = 64;

impl Endings {
    #[inline]
    fn note(&mut self, flow: &FlowState, tally: &mut Tally, heads: &Heads, sink: &mut impl FlowSink) {
        self.0.push(*flow);
        if self.0.len() >= TOGETHER {
            self.count(tally, heads, sink);
        }
    }

    fn count(&mut self, tally: &mut Tally, heads: &Heads, sink: &mut impl FlowSink) {
        sink.ended(&self.0, heads);
        tally.add(&self.0);
        self.0.clear();
    }
}

/// Encapsulation, outer addresses, inner addresses, key or VNI.
pub type TunnelKey = (TunnelKind, (PackedAddr, PackedAddr), (PackedAddr, PackedAddr), Option<u32>);

/// Where addresses are listed, ends of that header, the addresses.
pub type ListKey = (ListKind, (PackedAddr, PackedAddr), Vec<PackedAddr>);

/// Packets of a tunnel and its first one.
#[derive(Clone, Copy, Debug)]
pub struct TunnelCount {
    /// Packets.
    pub packets: u64,
    /// First packet.
    pub from: Provenance,
    /// Its time.
    pub time: Timestamp,
}

/// State of one share of the traffic.
#[derive(Debug)]
pub struct Shard {
    /// Live flows.
    pub table: FlowTable,
    /// Ended flows, added up.
    pub tally: Tally,
    endings: Endings,
    /// Probes.
    pub probes: Probes,
    /// ICMP errors.
    pub quotes: Vec<(Provenance, Timestamp, Quote)>,
    /// ICMP errors seen, kept or not.
    pub quotes_seen: u64,
    /// Of these: matched to a probe.
    pub quotes_matched: u64,
    /// Names, chains.
    pub heads: Heads,
    /// Heads that are not whole yet.
    pub streams: Streams,
    /// Datagrams that are not whole yet.
    pub fragments: Fragments,
    /// BGP routes that sessions told: the first 32,768.
    pub routes: Vec<(Provenance, Timestamp, Announcement)>,
    /// All of them.
    pub routes_seen: u64,
    /// Tunnels.
    pub tunnels: HashMap<TunnelKey, TunnelCount, Keyed>,
    /// What options and routing headers list, each with its first packet.
    pub listed: HashMap<ListKey, (Provenance, Timestamp), Keyed>,
    /// Latest packet of the blocks before this one: flows whose time was up by then are let go. Not of this block, which
    /// may span hours.
    clock: Timestamp,
    /// Facts left out because a list was full.
    pub left_out: u64,
    /// What exporters told a collector; made when the first export comes.
    pub exports: Option<Box<Exports>>,
    seed: u64,
    caps: Caps,
}

/// Labels and interfaces kept of one ICMP error: routers send one stack of a few and at most four interface roles.
const LABELS: usize = 16;
const INTERFACES: usize = 4;

/// Packets whose table slots are fetched ahead together.
const AHEAD: usize = 8;

impl Shard {
    /// An empty shard. The seed keys its hash tables.
    #[must_use]
    pub fn new(caps: Caps, seed: u64) -> Self {
        Self {
            table: FlowTable::new(caps.flows),
            tally: Tally::new(caps.tallies, seed),
            endings: Endings::default(),
            probes: Probes::new(caps.probers, seed),
            quotes: Vec::new(),
            quotes_seen: 0,
            quotes_matched: 0,
            heads: Heads::new(caps.heads, seed),
            streams: Streams::new(streams::Caps::default(), seed),
            fragments: Fragments::new(seed),
            routes: Vec::new(),
            routes_seen: 0,
            tunnels: HashMap::with_hasher(Keyed::new(seed)),
            listed: HashMap::with_hasher(Keyed::new(seed)),
            clock: Timestamp(i64::MIN),
            left_out: 0,
            exports: None,
            seed,
            caps,
        }
    }

    /// Takes in this shard's part of a block. `place` says where record n of the block stands.
    pub fn apply(&mut self, block: &[u8], batch: &Batch, place: &impl Fn(u32) -> Provenance, sink: &mut impl FlowSink) {
        if batch.is_empty() {
            return;
        }
        {
            let Self { table, tally, endings, heads, clock, .. } = self;
            table.expire(*clock, &mut |flow| endings.note(flow, tally, heads, sink));
        }
        // Slots are fetched two groups ahead, flows one group ahead: memory answers while other packets are counted.
        let metas = batch.metas.as_slice();
        let group = |n: usize| metas.get(n * AHEAD..metas.len().min((n + 1) * AHEAD)).unwrap_or_default();
        group(0).iter().chain(group(1)).for_each(|m| self.table.prefetch_slot(m.hash));
        let guess = |table: &FlowTable, group: &[Meta]| {
            let mut guesses = [Guess::NONE; AHEAD];
            guesses.iter_mut().zip(group).for_each(|(guess, m)| *guess = table.prefetch_flow(m.hash));
            guesses
        };
        let mut next = guess(&self.table, group(0));
        for n in 0..metas.len().div_ceil(AHEAD) {
            group(n + 2).iter().for_each(|m| self.table.prefetch_slot(m.hash));
            let guesses = std::mem::replace(&mut next, guess(&self.table, group(n + 1)));
            group(n + 1).iter().filter(|m| m.tells).for_each(|m| self.probes.prefetch(m));
            for (m, guess) in group(n).iter().zip(guesses) {
                self.packet(block, m, guess, place, sink);
            }
        }
        self.clock = self.clock.max(batch.now);
        for wrapped in &batch.wrapped {
            let Some(m) = batch.metas.get(wrapped.meta as usize) else { continue };
            let key = (wrapped.kind, wrapped.outer, (m.src, m.dst), wrapped.id);
            // Encrypted ones, of which QUIC makes many, leave half of the room to those that show what they carry.
            if let Some(count) = self.tunnels.get_mut(&key) {
                count.packets += 1;
            } else if self.tunnels.len() < self.caps.tunnels / if wrapped.kind.is_sealed() { 2 } else { 1 } {
                self.tunnels.insert(key, TunnelCount { packets: 1, from: place(m.record), time: m.ts });
            } else {
                self.left_out += 1;
            }
        }
        for list in &batch.listed {
            let key = (list.kind, list.ends, list.addrs.to_vec());
            if self.listed.contains_key(&key) {
                continue;
            }
            if self.listed.len() < self.caps.tunnels {
                self.listed.insert(key, (place(list.record), list.ts));
            } else {
                self.left_out += 1;
            }
        }
        for piece in &batch.pieces {
            let ip = block.get(piece.ip_at as usize..piece.end as usize).unwrap_or_default();
            if let Some(whole) = self.fragments.add(ip, piece.ts, place(piece.record)) {
                fragments::look(&whole, &mut self.heads);
            }
        }
    }

    /// Facts left out of this shard's lists, all together.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out + self.heads.left_out + self.streams.left_out + self.fragments.left_out
    }

    #[inline]
    fn packet(&mut self, block: &[u8], m: &Meta, guess: Guess, place: &impl Fn(u32) -> Provenance, sink: &mut impl FlowSink) {
        let l4 = m.l4(block);
        let seq_ack = (m.seq, m.ack);
        let Self { table, tally, endings, heads, .. } = self;
        let mut ended = |flow: &FlowState| endings.note(flow, tally, heads, sink);
        let (index, low_to_high) = match table.find(m, guess) {
            // Its time was up before this packet came, whether or not somebody has tidied up meanwhile.
            Some((index, low_to_high)) if table.get_mut(index).is_some_and(|flow| flow.is_over(m.ts)) => {
                if let Some(flow) = table.get_mut(index) {
                    ended(flow);
                    *flow = FlowState::open(m, flow.key(), low_to_high, place(m.record));
                }
                (index, low_to_high)
            }
            Some(found) => found,
            None => {
                let (key, low_to_high) = FlowKey::of(m);
                (table.insert(FlowState::open(m, key, low_to_high, place(m.record)), m.hash, &mut ended), low_to_high)
            }
        };
        let Some(flow) = table.get_mut(index) else { return };
        if flow.observe(m, low_to_high, seq_ack) == Outcome::Reopens {
            ended(flow);
            *flow = FlowState::open(m, flow.key(), low_to_high, place(m.record));
            flow.observe(m, low_to_high, seq_ack);
        }
        if !(m.tells | flow.is_watched()) {
            return;
        }
        match m.transport {
            Transport::Tcp => {
                if m.speaks | flow.is_watched() {
                    let payload = l4.get(l4.get(12).map_or(20, |b| usize::from(b >> 4) * 4)..).unwrap_or_default();
                    let mut out = Out { heads: &mut self.heads, routes: &mut self.routes, routes_seen: &mut self.routes_seen };
                    self.streams.segment(flow, &Segment { m, payload, low_to_high, at: place(m.record) }, &mut out);
                    if m.sport == 53 {
                        let asked = flow.trust().may_be_origin();
                        self.heads.dns_over_tcp(payload, asked, m.ts, &|| place(m.record));
                    }
                }
                if m.tcp_flags & (2 | 4) != 0 {
                    self.probes.answered(m, l4, place(m.record));
                }
            }
            Transport::Udp => {
                if m.speaks {
                    let (caps, seed) = (self.caps, self.seed);
                    let exports = self.exports.get_or_insert_with(|| Box::new(Exports::new(caps, seed)));
                    let heads = &self.heads;
                    let payload = l4.get(8..).unwrap_or_default();
                    exports.datagram(m.src, payload, (m.ts, place(m.record)), &mut |mut flow| {
                        flow.host = 0;
                        sink.ended(&[flow], heads);
                    });
                }
                if matches!(m.sport, 53 | 5353) {
                    let asked = m.sport == 53 && !flow.is_forward(low_to_high) && flow.was_asked();
                    self.heads.dns(l4.get(8..).unwrap_or_default(), asked, m.ts, &|| place(m.record));
                }
                if (m.sport == SIP) | (m.dport == SIP) {
                    self.heads.sip(l4.get(8..).unwrap_or_default(), (m.src, m.dst), m.ts, place(m.record));
                }
                if probes::TRACEROUTE_PORTS.contains(&m.sport) || m.sport == 53 {
                    self.probes.answered(m, l4, place(m.record));
                }
            }
            Transport::Icmp => {
                if m.sport == if m.proto == IpProtocol::ICMP { 0 } else { 129 } {
                    self.probes.answered(m, l4, place(m.record));
                }
            }
            Transport::IcmpError => self.quote(m, l4, place),
            Transport::Fragment | Transport::Other => {}
        }
        if probes::is_probe_like(m) {
            self.probes.sent(m, m.ip(block), place(m.record));
        }
    }

    /// Takes in a flow that a record tells of.
    pub fn recorded(&mut self, flow: &FlowState, sink: &mut impl FlowSink) {
        let Self { tally, endings, heads, .. } = self;
        endings.note(flow, tally, heads, sink);
    }

    /// Takes in a tunnel that a record tells of.
    pub fn said_tunnel(&mut self, tunnel: &Tunnel, from: Provenance, time: Timestamp) {
        let pack = |(a, b): (IpAddr, IpAddr)| (PackedAddr::from(a), PackedAddr::from(b));
        let key = (tunnel.kind, pack(tunnel.outer), pack(tunnel.inner), tunnel.id);
        if let Some(count) = self.tunnels.get_mut(&key) {
            count.packets += tunnel.packets;
        } else if self.tunnels.len() < self.caps.tunnels {
            self.tunnels.insert(key, TunnelCount { packets: tunnel.packets, from, time });
        } else {
            self.left_out += 1;
        }
    }

    fn quote(&mut self, m: &Meta, l4: &[u8], place: &impl Fn(u32) -> Provenance) {
        let Ok(Some(error)) = icmp::parse_error(m.proto == IpProtocol::ICMPV6, l4) else { return };
        let Ok(quoted) = packet::outermost(error.quoted, &mut ()) else { return };
        self.quotes_seen += 1;
        let probe = self.probes.match_quote(&quoted, error.quoted, m.dst, m.ts);
        self.quotes_matched += u64::from(probe.is_some());
        if self.quotes.len() >= self.caps.quotes {
            self.left_out += 1;
            return;
        }
        let quote = Quote {
            from: m.src.unpack(),
            to: m.dst.unpack(),
            reply_ttl: m.ttl,
            icmp_type: error.icmp_type,
            icmp_code: error.icmp_code,
            quoted: Quoted { tuple: probes::quoted_tuple(&quoted, error.quoted), ttl: quoted.ttl },
            mpls: error.labels().iter().copied().take(LABELS).collect(),
            interfaces: error.interfaces().iter().take(INTERFACES).cloned().collect(),
            probe,
        };
        self.quotes.push((place(m.record), m.ts, quote));
    }

    /// The run is over: every live flow ends.
    pub fn finish(&mut self, sink: &mut impl FlowSink) {
        self.streams.finish(&mut Out { heads: &mut self.heads, routes: &mut self.routes, routes_seen: &mut self.routes_seen });
        let Self { table, tally, endings, heads, .. } = self;
        for flow in table.in_order() {
            endings.note(flow, tally, heads, sink);
        }
        endings.count(tally, heads, sink);
        if let Some(exports) = &mut self.exports {
            exports.ledger.finish();
        }
        let evicted = self.table.evicted;
        self.table = FlowTable::new(self.caps.flows);
        self.table.evicted = evicted;
    }

    /// Ends of the pairs that were added up, senders of ICMP errors, entries of chains.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let pairs = self.tally.pairs.iter().flat_map(|pair| [pair.sum.ends.0.unpack(), pair.sum.ends.1.unpack()]);
        let chained = self.heads.chains().flat_map(|(_, _, chain)| chain.entries).filter_map(|entry| entry.addr);
        pairs.chain(self.quotes.iter().map(|(_, _, quote)| quote.from)).chain(chained)
    }

    /// Flows that ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.tally.flows + self.endings.0.len() as u64
    }

    /// The tally as it would be if every live flow ended now. The flows live on.
    #[must_use]
    pub fn tally_now(&self) -> Tally {
        let mut tally = self.tally.clone();
        tally.add(&self.endings.0);
        let mut some = Vec::with_capacity(TOGETHER);
        for flow in self.table.in_order() {
            some.push(*flow);
            if some.len() == TOGETHER {
                tally.add(&some);
                some.clear();
            }
        }
        tally.add(&some);
        tally
    }
}
