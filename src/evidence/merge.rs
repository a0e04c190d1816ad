//! What the shards found, merged, numbered and sorted: from here on nothing depends on hash order or threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::flow::FlowState;
use super::heads;
use super::ledger::Records;
use super::pairs::{Ends, Pair, Sum};
use super::probes::Aim;
use super::shard::{ListKey, Shard, TunnelKey};
use super::tally::{self, Pressure, Reach, Tally};
use crate::model::digest::{Conversation, Digest, Flood, Scan};
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Listed, Provenance, Quote, Tunnel};
use crate::model::net::{FiveTuple, PackedAddr};
use crate::model::time::{Span, Timestamp};

/// Half-open or one-way flows at one target from which on it counts as a flood candidate.
const FLOOD_FLOWS: u64 = 50;
/// Distinct sources, likewise.
const FLOOD_SOURCES: u64 = 20;
/// Targets or ports of one source from which on it counts as a scan candidate.
const SCAN_SPREAD: u64 = 10;

/// Routes of BGP sessions in captures that come into the digest, per shard.
const ROUTES: usize = 4096;

/// A fact on its way to an id. The order of the tuple is the order of ids.
struct Pending {
    from: Provenance,
    rank: u8,
    time: Timestamp,
    fact: Evidence,
}

/// A flow among all flows of a run: its first packet and its five-tuple.
type FlowName = (Provenance, FiveTuple);

/// Which address pairs come into the digest. A busy hour has millions, and a report shows ten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The heaviest by what findings are made of, and those that other facts name.
    #[default]
    Heaviest,
    /// All that the tallies hold: for a question that may ask for any of them.
    All,
}

/// Pairs kept for each of the [`WEIGHTS`].
const HEAVIEST: usize = 1024;

/// What findings are made of: log-in attempts, bytes sent, packets, flows.
const WEIGHTS: [fn(&Sum) -> u64; 4] = [|p| u64::from(p.short), |p| p.forward().bytes, Sum::packets, |p| u64::from(p.flows)];

/// A share of what was seen, and who saw it: 0 for packets, then the recorders of the ledger in their order.
#[derive(Clone, Copy)]
struct Part<'a> {
    shard: &'a Shard,
    tally: &'a Tally,
    vantage: u16,
}

/// Adds up the shards, and the records if there are any: what ended flows say.
#[must_use]
pub fn digest<'a>(shards: &[&'a Shard], mut records: Records<'a>, wanted: Wanted) -> Digest {
    join_exports(&mut records, shards);
    let mut parts: Vec<Part<'_>> = shards.iter().map(|&shard| Part { shard, tally: &shard.tally, vantage: 0 }).collect();
    parts.extend((1..).zip(&records.recorders).map(|(vantage, shard)| Part { shard, tally: &shard.tally, vantage }));
    add_up(&parts, &mut records.facts, records.left_out, wanted)
}

/// The same as if every live flow ended now. Nothing changes in the shards: a live run calls it again and again.
/// Takes as much memory again as the tallies do, for as long as it runs.
#[must_use]
pub fn digest_now(shards: &[&Shard], wanted: Wanted) -> Digest {
    let mut records = Records::default();
    join_exports(&mut records, shards);
    let all: Vec<(&Shard, u16)> =
        shards.iter().map(|&shard| (shard, 0)).chain(records.recorders.iter().copied().zip(1..)).collect();
    let tallies: Vec<Tally> = all.iter().map(|(shard, _)| shard.tally_now()).collect();
    let parts: Vec<Part<'_>> =
        all.iter().zip(&tallies).map(|(&(shard, vantage), tally)| Part { shard, tally, vantage }).collect();
    add_up(&parts, &mut records.facts, records.left_out, wanted)
}

/// Adds what exporters told in captured packets.
fn join_exports<'a>(records: &mut Records<'a>, shards: &[&'a Shard]) {
    for exports in shards.iter().filter_map(|shard| shard.exports.as_ref()) {
        let more = exports.ledger.records();
        records.recorders.extend(more.recorders);
        records.facts.extend(more.facts);
        records.left_out += more.left_out;
    }
}

/// A pair and the number of its part. Of the packets no pair is in two parts, since they are dealt by address pair.
type Found<'a> = (usize, Pair<'a>);

/// The same pair as several saw it: first the one whose counts are taken (packets, else who recorded most).
type Sightings<'a> = SmallVec<[Found<'a>; 1]>;

/// The wanted pairs, and those that other facts of their part name.
fn select<'a>(parts: &[Part<'a>], wanted: Wanted, named: &[BTreeSet<Ends>]) -> BTreeMap<Ends, Sightings<'a>> {
    let of_part = |(n, part): (usize, &Part<'a>)| {
        let tally: &'a Tally = part.tally;
        tally.pairs.iter().map(move |pair| (n, pair))
    };
    let mut all: Vec<Found<'a>> = parts.iter().enumerate().flat_map(of_part).collect();
    let mut kept: BTreeMap<Ends, Sightings<'a>> = BTreeMap::new();
    if wanted == Wanted::All || all.len() <= HEAVIEST {
        for found in all {
            kept.entry(found.1.sum.ends).or_default().push(found);
        }
    } else {
        let mut ends: BTreeSet<Ends> = BTreeSet::new();
        for weight in WEIGHTS {
            // Ties by address, so that the same ones are kept in every run.
            all.select_nth_unstable_by_key(HEAVIEST, |(n, pair)| (std::cmp::Reverse(weight(pair.sum)), pair.sum.ends, *n));
            ends.extend(all.iter().take(HEAVIEST).map(|(_, pair)| pair.sum.ends));
        }
        ends.extend(named.iter().flatten().copied());
        for ends in ends {
            let sightings: Sightings<'a> =
                parts.iter().enumerate().filter_map(|(n, part)| Some((n, part.tally.pairs.get(&ends)?))).collect();
            if !sightings.is_empty() {
                kept.insert(ends, sightings);
            }
        }
    }
    let vantage = |n: usize| parts.get(n).map_or(0, |part| part.vantage);
    for sightings in kept.values_mut() {
        sightings.sort_by_key(|(n, pair)| (vantage(*n) != 0, std::cmp::Reverse(pair.sum.flows), *n));
    }
    kept
}

/// The keys whose parts in the shards add up to at least `enough`, sorted: most entries are seen to be too small to be
/// put together.
fn large<K: Ord + Copy>(parts: impl Iterator<Item = (K, u64)>, enough: u64) -> Vec<K> {
    let mut parts: Vec<(K, u64)> = parts.collect();
    parts.sort_unstable_by_key(|(key, _)| *key);
    let same = |a: &(K, u64), b: &(K, u64)| a.0 == b.0;
    let sum = |of_key: &[(K, u64)]| of_key.iter().map(|(_, part)| part).sum::<u64>();
    parts.chunk_by(same).filter(|of_key| sum(of_key) >= enough).filter_map(|of_key| of_key.first()).map(|(key, _)| *key).collect()
}

/// Probers whose traces are put together unless all are wanted, and ICMP errors kept that answer no probe we saw.
const PROBERS: usize = 512;
const ORPHANS: usize = 1 << 13;

/// The probers that asked at the most distances, the earlier first; `None` if all are wanted or there are few. And how
/// many there are beyond.
fn probers(shards: &[Part<'_>], wanted: Wanted) -> (Option<BTreeSet<Aim>>, u64) {
    let mut all: Vec<_> = shards.iter().flat_map(|part| part.shard.probes.aims()).collect();
    if wanted == Wanted::All || all.len() <= PROBERS {
        return (None, 0);
    }
    all.sort_unstable_by_key(|&(ttls, from, aim)| (std::cmp::Reverse(ttls), from, aim));
    let beyond = (all.len() - PROBERS) as u64;
    (Some(all.into_iter().take(PROBERS).map(|(_, _, aim)| aim).collect()), beyond)
}

fn aim_of(quote: &Quote) -> Aim {
    let t = &quote.quoted.tuple;
    (t.src.into(), t.dst.into(), t.proto)
}

fn add_up(shards: &[Part<'_>], facts: &mut Vec<(Provenance, Timestamp, Evidence)>, left_out: u64, wanted: Wanted) -> Digest {
    let mut pressure: BTreeMap<((PackedAddr, bool), u16), Pressure> = BTreeMap::new();
    let mut reach: BTreeMap<(PackedAddr, u16), Reach> = BTreeMap::new();
    let mut tunnels: BTreeMap<TunnelKey, super::shard::TunnelCount> = BTreeMap::new();
    let mut listed: BTreeMap<ListKey, (Provenance, Timestamp)> = BTreeMap::new();
    let mut hosts: BTreeMap<FlowName, Arc<str>> = BTreeMap::new();
    let mut out = Digest::default();
    let mut pending = Vec::new();
    let mut names = Vec::new();
    let mut named: Vec<BTreeSet<Ends>> = Vec::with_capacity(shards.len());
    let pressed = large(
        shards.iter().flat_map(|part| part.tally.pressure.iter().map(|(key, p)| ((*key, part.vantage), p.flows))),
        FLOOD_FLOWS,
    );
    let spread = |r: &Reach| r.targets.count().max(r.ports.count());
    let reaching = large(
        shards.iter().flat_map(|part| part.tally.reach.iter().map(|(key, r)| ((*key, part.vantage), spread(r)))),
        SCAN_SPREAD,
    );
    let (chosen, beyond) = probers(shards, wanted);
    out.probers_left_out = beyond;
    for &Part { shard, tally, vantage } in shards {
        let mut orphans = 0;
        out.sampled |= tally.sampled || shard.left_out() > 0 || shard.probes.forgotten > 0;
        // Hash order is harmless here: everything goes into ordered maps, and merging is commutative.
        for (key, p) in tally.pressure.iter().filter(|(key, _)| pressed.binary_search(&(**key, vantage)).is_ok()) {
            pressure.entry((*key, vantage)).and_modify(|q| join_pressure(q, p)).or_insert_with(|| p.clone());
        }
        for (key, r) in tally.reach.iter().filter(|(key, _)| reaching.binary_search(&(**key, vantage)).is_ok()) {
            reach.entry((*key, vantage)).and_modify(|q| join_reach(q, r)).or_insert_with(|| r.clone());
        }
        let mut named_here: BTreeSet<Ends> = BTreeSet::new();
        for (key, count) in &shard.tunnels {
            let inner = key.2;
            named_here.extend([inner, (inner.1, inner.0)]);
            let sum = tunnels.entry(*key).or_insert(super::shard::TunnelCount { packets: 0, ..*count });
            sum.packets += count.packets;
            if count.from < sum.from {
                (sum.from, sum.time) = (count.from, count.time);
            }
        }
        for (from, time, quote) in &shard.quotes {
            let is_kept = match (&chosen, &quote.probe) {
                (None, _) => true,
                (Some(chosen), Some(_)) => chosen.contains(&aim_of(quote)),
                (Some(_), None) => {
                    orphans += 1;
                    orphans <= ORPHANS / shards.len()
                }
            };
            if !is_kept {
                continue;
            }
            pending.push(Pending { from: *from, rank: 1, time: *time, fact: Evidence::Quote(Box::new(quote.clone())) });
        }
        let (probings, reached) = shard.probes.harvest(&|aim| chosen.as_ref().is_none_or(|c| c.contains(aim)));
        out.probings.extend(probings);
        for (from, time, fact) in reached {
            pending.push(Pending { from, rank: 2, time, fact: Evidence::Reached(fact) });
        }
        for (from, time, chain) in shard.heads.chains() {
            named_here.insert((chain.peer.into(), chain.server.into()));
            pending.push(Pending { from, rank: 3, time, fact: Evidence::Chain(Box::new(chain)) });
        }
        for (from, time, banner) in shard.heads.banners() {
            named_here.extend([(banner.who.into(), banner.to.into()), (banner.to.into(), banner.who.into())]);
            pending.push(Pending { from, rank: 8, time, fact: Evidence::Banner(Box::new(banner)) });
        }
        for (from, time, mail) in shard.heads.mails() {
            named_here.extend(mail.session.as_ref().map(|s| (s.peer.into(), s.server.into())));
            pending.push(Pending { from, rank: 6, time, fact: Evidence::Mail(Box::new(mail)) });
        }
        for (from, time, route) in shard.routes.iter().take(ROUTES) {
            pending.push(Pending { from: *from, rank: 7, time: *time, fact: Evidence::Route(Box::new(route.clone())) });
        }
        for (key, &(from, time)) in &shard.listed {
            // A packet and its shard differ where the list is of an outer header.
            let first = listed.entry(key.clone()).or_insert((from, time));
            *first = (*first).min((from, time));
            named_here.extend([key.1, (key.1.1, key.1.0)]);
        }
        names.extend(shard.heads.names());
        named.push(named_here);
    }
    for (from, time, name) in heads::said_once(names) {
        pending.push(Pending { from, rank: 5, time, fact: Evidence::Name(name) });
    }
    for ((kind, outer, inner, id), count) in tunnels {
        let unpack = |(a, b): (PackedAddr, PackedAddr)| (a.unpack(), b.unpack());
        let tunnel = Tunnel { kind, outer: unpack(outer), inner: unpack(inner), id, packets: count.packets };
        pending.push(Pending { from: count.from, rank: 4, time: count.time, fact: Evidence::Tunnel(tunnel) });
    }
    for ((kind, (src, dst), addrs), (from, time)) in listed {
        let addrs = addrs.into_iter().map(PackedAddr::unpack).collect();
        let list = Listed { kind, src: src.unpack(), dst: dst.unpack(), addrs };
        pending.push(Pending { from, rank: 7, time, fact: Evidence::Listed(Box::new(list)) });
    }
    out.probings.sort_by_key(|p| (p.from, p.src, p.dst, p.proto));
    out.sampled |= left_out > 0;
    pending.extend(facts.drain(..).map(|(from, time, fact)| Pending { from, rank: 6, time, fact }));
    let mut pressure = by_one(pressure, |p| p.flows);
    let mut reach = by_one(reach, |r| r.flows);
    pressure.retain(|_, p| p.flows >= FLOOD_FLOWS && p.sources.count() >= FLOOD_SOURCES);
    reach.retain(|_, r| r.targets.count() >= SCAN_SPREAD || r.ports.count() >= SCAN_SPREAD);

    let pairs = select(shards, wanted, &named);
    for (n, pair) in pairs.values().flatten() {
        let Some(part) = shards.get(*n) else { continue };
        for flow in pair.examples() {
            if let Some(host) = part.shard.heads.host(flow.host) {
                hosts.insert((flow.provenance(), flow.tuple()), host.clone());
            }
        }
    }
    for (name, flow) in examples(&pairs, &pressure, &reach) {
        let fact = Evidence::Flow(Box::new(flow.fact(hosts.get(&name).cloned())));
        pending.push(Pending { from: name.0, rank: 0, time: flow.first, fact });
    }
    let ids = number(&mut out, pending);
    let of_host = |flow: &FlowState| hosts.get(&(flow.provenance(), flow.tuple()));
    let host_of = |seen: &Sightings<'_>| seen.iter().flat_map(|(_, pair)| pair.examples()).find_map(of_host).cloned();
    out.conversations = pairs.iter().filter_map(|(ends, seen)| conversation(*ends, seen, host_of(seen), &ids)).collect();
    out.conversations.sort_by_key(|c| (c.seen.first, c.origin, c.target));
    out.floods = pressure.iter().map(|(key, p)| flood(*key, p, &ids)).collect();
    out.floods.sort_by_key(|f| (f.seen.first, f.target, f.backscatter));
    out.scans = reach.iter().map(|(source, r)| scan(*source, r, &ids)).collect();
    out.scans.sort_by_key(|s| (s.seen.first, s.source));
    out
}

/// Of several who saw the same, the one who saw most: their counts are of the same traffic and are not added.
fn by_one<K: Ord, V>(seen: BTreeMap<(K, u16), V>, weight: impl Fn(&V) -> u64) -> BTreeMap<K, V> {
    let mut out: BTreeMap<K, V> = BTreeMap::new();
    for ((key, _), value) in seen {
        match out.entry(key) {
            std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(value)),
            std::collections::btree_map::Entry::Occupied(mut kept) if weight(&value) > weight(kept.get()) => {
                kept.insert(value);
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
    }
    out
}

/// Flows that some list names; each becomes one item.
fn examples<'a>(
    pairs: &BTreeMap<Ends, Sightings<'a>>,
    pressure: &'a BTreeMap<(PackedAddr, bool), Pressure>,
    reach: &'a BTreeMap<PackedAddr, Reach>,
) -> BTreeMap<FlowName, &'a FlowState> {
    let of_pairs = pairs.values().flatten().flat_map(|(_, pair)| pair.examples());
    let of_pressure = pressure.values().flat_map(|p| &p.examples);
    let of_reach = reach.values().flat_map(|r| &r.examples);
    of_pairs.chain(of_pressure).chain(of_reach).map(|f| ((f.provenance(), f.tuple()), f)).collect()
}

/// Gives ids in the order of provenance, then kind, then content.
fn number(out: &mut Digest, mut pending: Vec<Pending>) -> BTreeMap<FlowName, EvidenceId> {
    // Facts of one kind out of one frame (names of one answer) are told apart by what they say.
    pending.sort_by(|a, b| {
        (a.from, a.rank).cmp(&(b.from, b.rank)).then_with(|| format!("{:?}", a.fact).cmp(&format!("{:?}", b.fact)))
    });
    let mut ids = BTreeMap::new();
    out.items = pending
        .into_iter()
        .zip(1..)
        .map(|(p, n)| {
            let id = EvidenceId(n);
            if let Evidence::Flow(flow) = &p.fact {
                ids.insert((p.from, flow.tuple), id);
            }
            EvidenceItem { id, from: p.from, time: p.time, fact: p.fact }
        })
        .collect();
    ids
}

fn ids_of<'a>(flows: impl Iterator<Item = &'a FlowState>, ids: &BTreeMap<FlowName, EvidenceId>) -> Vec<EvidenceId> {
    let mut found: Vec<EvidenceId> = flows.filter_map(|f| ids.get(&(f.provenance(), f.tuple())).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(8);
    found
}

fn join_examples(into: &mut SmallVec<[FlowState; 1]>, more: &[FlowState]) {
    into.extend(more.iter().copied());
    into.sort_unstable_by_key(|f| (f.provenance(), f.key()));
    into.truncate(tally::EXAMPLES);
}

fn join_pressure(into: &mut Pressure, more: &Pressure) {
    into.seen = into.seen.join(more.seen);
    into.flows += more.flows;
    into.packets += more.packets;
    into.sources.merge(&more.sources);
    into.port = into.port.max_by_lead(more.port);
    join_examples(&mut into.examples, &more.examples);
}

fn join_reach(into: &mut Reach, more: &Reach) {
    into.seen = into.seen.join(more.seen);
    into.flows += more.flows;
    into.targets.merge(&more.targets);
    into.ports.merge(&more.ports);
    into.target = into.target.max_by_lead(more.target);
    join_examples(&mut into.examples, &more.examples);
}

/// The candidate with the larger lead of two majority votes; the smaller candidate if they tie.
trait ByLead: Sized {
    fn max_by_lead(self, other: Self) -> Self;
}

impl<T: Ord + Copy> ByLead for (T, u64) {
    fn max_by_lead(self, other: Self) -> Self {
        if self.0 == other.0 {
            (self.0, self.1 + other.1)
        } else if (self.1, other.0) >= (other.1, self.0) {
            self
        } else {
            other
        }
    }
}

fn conversation(
    (origin, target): (PackedAddr, PackedAddr),
    seen: &Sightings<'_>,
    host: Option<Arc<str>>,
    ids: &BTreeMap<FlowName, EvidenceId>,
) -> Option<Conversation> {
    let (_, pair) = seen.first()?;
    let main = pair.main();
    // A recorder that does not know the port leaves it to one that does.
    let port = seen.iter().map(|(_, pair)| pair.main().server_port()).find(|port| *port != 0).unwrap_or(0);
    let trust = seen.iter().map(|(_, pair)| pair.sum.trust).min()?;
    Some(Conversation {
        origin: origin.unpack(),
        target: target.unpack(),
        seen: seen.iter().map(|(_, pair)| pair.sum.seen).reduce(Span::join)?,
        flows: u64::from(pair.sum.flows),
        completed: u64::from(pair.sum.completed),
        half_open: u64::from(pair.sum.half_open),
        refused: u64::from(pair.sum.refused),
        short: u64::from(pair.sum.short),
        proto: main.proto,
        port,
        forward: pair.sum.forward(),
        backward: pair.sum.backward(),
        trust,
        rtt_client: pair.sum.rtt_client(),
        rtt_server: pair.sum.rtt_server(),
        host,
        because: ids_of(seen.iter().flat_map(|(_, pair)| pair.examples()), ids),
    })
}

fn flood((target, backscatter): (PackedAddr, bool), p: &Pressure, ids: &BTreeMap<FlowName, EvidenceId>) -> Flood {
    Flood {
        target: target.unpack(),
        proto: p.proto,
        port: p.port.0,
        seen: p.seen,
        flows: p.flows,
        sources: p.sources.count(),
        packets: p.packets,
        backscatter,
        because: ids_of(p.examples.iter(), ids),
    }
}

fn scan(source: PackedAddr, r: &Reach, ids: &BTreeMap<FlowName, EvidenceId>) -> Scan {
    Scan {
        source: source.unpack(),
        seen: r.seen,
        flows: r.flows,
        targets: r.targets.count(),
        ports: r.ports.count(),
        target: r.target.0.unpack(),
        because: ids_of(r.examples.iter(), ids),
    }
}

#[cfg(test)]
mod tests;
