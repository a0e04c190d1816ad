//! Traceroutes of which only the ICMP errors were captured.
//!
//! Without the probes, the distance has to come out of what the errors quote: some tools write it into a port or a
//! sequence number (METHODS A.3). Where no such fingerprint holds, the routers are listed and their order is called
//! unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::icmp;
use super::names::Names;
use super::parts::{LONGEST, count, point, rest_on, seen_point, segment, sort_segments};
use super::session::Aim;
use super::trace::observations;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Quote, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::IpProtocol;
use crate::model::path::Segment;
use crate::model::route::{Route, RouteSource};
use crate::model::time::{Span, Timestamp};

/// Distinct senders of errors that make a traceroute out of orphans. A routing loop has two.
const SENDERS: usize = 3;
/// A longer pause starts a new run.
const PAUSE: i64 = 30_000_000_000;
/// Destination port of the first UDP probe: Linux counts from 33434, BSD's traceroutes count up before they send.
const FIRST_PORTS: [u16; 2] = [33434, 33435];
/// Most addresses listed of one run.
const LISTED: usize = 256;

/// An error whose probe was not seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orphan<'a> {
    pub(super) id: EvidenceId,
    pub(super) time: Timestamp,
    pub(super) quote: &'a Quote,
}

/// Orphans of one quoted source, destination and protocol, in order of time.
#[derive(Debug)]
pub(super) struct OrphanGroup<'a> {
    pub(super) aim: Aim,
    pub(super) errors: Vec<Orphan<'a>>,
}

/// Those groups of orphans that can be a traceroute, in order of their first fact.
pub(super) fn groups<'a>(items: &[&'a EvidenceItem]) -> Vec<OrphanGroup<'a>> {
    let mut by_aim: BTreeMap<Aim, Vec<Orphan<'a>>> = BTreeMap::new();
    for item in items {
        let Evidence::Quote(quote) = &item.fact else { continue };
        if quote.probe.is_none() && (quote.is_time_exceeded() || icmp::is_unreachable(quote)) {
            let tuple = &quote.quoted.tuple;
            let orphan = Orphan { id: item.id, time: item.time, quote };
            by_aim.entry((tuple.src, tuple.dst, tuple.proto)).or_default().push(orphan);
        }
    }
    let mut found = Vec::new();
    for (aim, mut errors) in by_aim {
        errors.sort_by_key(|e| (e.time, e.id));
        let mut rest = errors.as_slice();
        while !rest.is_empty() {
            let pause = rest.windows(2).position(|p| matches!(p, [a, b] if b.time.since(a.time) > PAUSE));
            let (run, after) = rest.split_at(pause.map_or(rest.len(), |i| i + 1));
            rest = after;
            let senders: BTreeSet<IpAddr> = run.iter().map(|e| e.quote.from).collect();
            let routers: BTreeSet<IpAddr> = run.iter().filter(|e| e.quote.is_time_exceeded()).map(|e| e.quote.from).collect();
            if senders.len() >= SENDERS && routers.len() >= 2 {
                found.push(OrphanGroup { aim, errors: run.to_vec() });
            }
        }
    }
    found.sort_by_key(|g| (g.errors.iter().map(|e| e.id).min(), g.aim));
    found
}

/// What the errors tell of the order of their senders.
struct Order {
    /// In words, for the remark.
    label: &'static str,
    /// Does `key` give the TTL itself?
    exact: bool,
    /// Probes per distance.
    per_ttl: u16,
    /// Value of the counting field for the first probe.
    base: u16,
}

/// The counting field: destination port, or sequence number for ICMP.
fn counter(e: &Orphan<'_>) -> u16 {
    e.quote.quoted.tuple.dport
}

/// Tests the fingerprints that METHODS A.3 lists and that a quote shows. IP identifiers are no part of the quote, so
/// TCP tools have none here.
fn fingerprint(group: &OrphanGroup<'_>) -> Option<Order> {
    let expired: Vec<&Orphan<'_>> = group.errors.iter().filter(|e| e.quote.is_time_exceeded()).collect();
    let counters: BTreeSet<u16> = expired.iter().map(|e| counter(e)).collect();
    if counters.len() < SENDERS {
        return None;
    }
    let (&first, &last) = (counters.first()?, counters.last()?);
    match group.aim.2 {
        IpProtocol::UDP if first >= FIRST_PORTS[0] => by_port(&expired, &counters, first, last),
        IpProtocol::ICMP | IpProtocol::ICMPV6 => {
            let ids: BTreeSet<u16> = expired.iter().map(|e| e.quote.quoted.tuple.sport).collect();
            if ids.len() != 1 {
                return None;
            }
            let label = "fingerprint: ICMP sequence numbers count up from 1, 3 probes per TTL (traceroute -I)";
            let from_one = Order { label, exact: true, per_ttl: 3, base: 1 };
            if (1..=3).contains(&first) && last <= 3 * u16::from(LONGEST) && holds(&expired, &from_one, true) {
                return Some(from_one);
            }
            let label = "fingerprint: ICMP identifier constant, sequence number counts up (tracert): order known, TTL not";
            // The counter started anywhere, so only the right offset keeps the three probes of a router together.
            (0..3u16)
                .map(|shift| Order { label, exact: false, per_ttl: 3, base: first.saturating_sub(shift) })
                .find(|order| last - first <= 3 * u16::from(LONGEST) && holds(&expired, order, true))
        }
        _ => None,
    }
}

/// UDP destination ports that count up. Which port was the first tells itself where three probes share a TTL; with one
/// probe per TTL only port 33434 itself does.
fn by_port(expired: &[&Orphan<'_>], counters: &BTreeSet<u16>, first: u16, last: u16) -> Option<Order> {
    let in_range = |base: u16, per_ttl: u16| first >= base && last - base < per_ttl * u16::from(LONGEST);
    let three = |base| Order {
        label: "fingerprint: UDP destination ports count up, 3 probes per TTL (traceroute)",
        exact: true,
        per_ttl: 3,
        base,
    };
    let fitting: Vec<Order> =
        FIRST_PORTS.map(three).into_iter().filter(|o| in_range(o.base, 3) && holds(expired, o, true)).collect();
    match fitting.len() {
        0 => {}
        1 => return fitting.into_iter().next(),
        _ => {
            let slot = |e: &Orphan<'_>, o: &Order| counter(e).checked_sub(o.base).map(|steps| steps / o.per_ttl);
            let agree = expired.iter().all(|e| fitting.windows(2).all(|p| matches!(p, [a, b] if slot(e, a) == slot(e, b))));
            let label =
                if agree { "fingerprint: UDP destination ports count up, 3 probes per TTL (traceroute)" } else { PORTS_ONLY };
            return fitting.into_iter().next().map(|o| Order { exact: agree, label, ..o });
        }
    }
    let exact = first == FIRST_PORTS[0];
    let label = if exact {
        "fingerprint: UDP destination ports count up from 33434, 1 probe per TTL (traceroute -q 1)"
    } else {
        PORTS_ONLY
    };
    let one = Order { label, exact, per_ttl: 1, base: FIRST_PORTS[0] };
    (in_range(one.base, 1) && holds(expired, &one, false) && adjacent(counters)).then_some(one)
}

const PORTS_ONLY: &str = "fingerprint: UDP destination ports count up (traceroute): order known, TTL not";

/// Does every router answer at one distance only, and (with `repeats`) do the probes of one distance mostly meet one
/// router? The second test tells three probes per TTL from one.
fn holds(expired: &[&Orphan<'_>], order: &Order, repeats: bool) -> bool {
    let mut slots: BTreeMap<u16, (BTreeSet<IpAddr>, BTreeSet<u16>)> = BTreeMap::new();
    let mut homes: BTreeMap<IpAddr, BTreeSet<u16>> = BTreeMap::new();
    for e in expired {
        let Some(steps) = counter(e).checked_sub(order.base) else { return false };
        let slot = steps / order.per_ttl;
        let (addrs, counters) = slots.entry(slot).or_default();
        addrs.insert(e.quote.from);
        counters.insert(counter(e));
        homes.entry(e.quote.from).or_default().insert(slot);
    }
    if slots.len() < 2 || homes.values().any(|at| at.len() > 1) {
        return false;
    }
    let repeated: Vec<usize> = slots.values().filter(|(_, counters)| counters.len() > 1).map(|(addrs, _)| addrs.len()).collect();
    let alone = repeated.iter().filter(|&&n| n == 1).count();
    !repeats || (!repeated.is_empty() && alone * 2 > repeated.len())
}

/// Are there three consecutive values? Without them one probe per TTL is a guess.
fn adjacent(counters: &BTreeSet<u16>) -> bool {
    counters.iter().any(|&c| counters.contains(&c.saturating_add(1)) && counters.contains(&c.saturating_add(2)))
}

/// Errors of one sender at one place.
struct Stop<'a> {
    ttl: Option<u8>,
    addr: IpAddr,
    errors: Vec<Orphan<'a>>,
}

/// A group of orphans as a route. Every hop is inferred: no packet shows the probe that it answers.
pub(super) fn route(group: &OrphanGroup<'_>, names: &Names<'_>) -> Route {
    let (src, dst, proto) = group.aim;
    let order = fingerprint(group);
    let (mut stops, reached) = stops(group, order.as_ref());
    let left_out = stops.len().saturating_sub(LISTED);
    stops.truncate(LISTED);
    let times = group.errors.iter().map(|e| Span::at(e.time));
    let seen = times.reduce(Span::join).unwrap_or(Span::at(Timestamp(0)));
    let first: Vec<EvidenceId> = group.errors.iter().map(|e| e.id).min().into_iter().collect();
    let mut hops = vec![seen_point(Some(src), HopRole::Origin, Knowledge::Inferred, seen, &first)];
    for stop in &stops {
        hops.push(hop(stop, order.as_ref()));
    }
    hops.push(target(dst, &reached, order.as_ref()));
    rank(&mut hops, order.is_some());
    for hop in &mut hops {
        names.attach(hop);
    }
    let segments = match &order {
        Some(order) => in_order(&hops, order),
        None => vec![segment(0, hops.len() - 1, Knowledge::Gap, (1, LONGEST), "order unknown")],
    };
    let n = count(group.errors.len(), "error", "errors");
    let mut remarks = vec![format!("{n} about {proto} probes of which none was captured")];
    remarks.push(order.map_or("no fingerprint of a known tool holds: order unknown".to_owned(), |o| o.label.to_owned()));
    remarks.push(format!("either one direction alone was captured, or somebody else sent the probes in the name of {src}"));
    if left_out > 0 {
        remarks.push(format!("{left_out} more addresses are left out"));
    }
    Route {
        source: RouteSource::Traceroute,
        origin: Some(src),
        trust: SourceTrust::Plausible,
        target: dst,
        seen,
        hops,
        segments,
        complete: !reached.is_empty(),
        remarks,
    }
}

/// Senders in order: by TTL, else by counter, else by first sight; and the errors that the target sent.
fn stops<'a>(group: &OrphanGroup<'a>, order: Option<&Order>) -> (Vec<Stop<'a>>, Vec<Orphan<'a>>) {
    let ttl_of = |e: &Orphan<'_>| {
        let order = order.filter(|o| o.exact)?;
        let slot = counter(e).checked_sub(order.base)? / order.per_ttl + 1;
        u8::try_from(slot).ok().filter(|&ttl| ttl <= LONGEST)
    };
    let mut reached = Vec::new();
    let mut stops: Vec<Stop<'a>> = Vec::new();
    let mut by_counter: Vec<Orphan<'a>> = group.errors.clone();
    if order.is_some() {
        by_counter.sort_by_key(|e| (counter(e), e.time, e.id));
    }
    let mut index: BTreeMap<(IpAddr, Option<u8>), usize> = BTreeMap::new();
    for e in by_counter {
        let arrived = e.quote.from == group.aim.1 && icmp::is_unreachable(e.quote);
        if arrived {
            reached.push(e);
            continue;
        }
        // A refusal comes back for every TTL that is large enough: the first one counts.
        let refused = !e.quote.is_time_exceeded();
        let known = refused.then(|| stops.iter().position(|s| s.addr == e.quote.from)).flatten();
        let ttl = ttl_of(&e);
        let at = known.or_else(|| index.get(&(e.quote.from, ttl)).copied());
        match at.and_then(|i| stops.get_mut(i)) {
            Some(stop) => stop.errors.push(e),
            None => {
                index.insert((e.quote.from, ttl), stops.len());
                stops.push(Stop { ttl, addr: e.quote.from, errors: vec![e] });
            }
        }
    }
    if order.is_some_and(|o| o.exact) {
        stops.sort_by_key(|s| (s.ttl, s.addr));
    }
    (stops, reached)
}

fn hop(stop: &Stop<'_>, order: Option<&Order>) -> Hop {
    let mut hop = point(Some(stop.addr), HopRole::Transit, Knowledge::Inferred);
    hop.ttl = stop.ttl;
    fill(&mut hop, &stop.errors);
    for e in stop.errors.iter().filter(|e| !e.quote.is_time_exceeded()) {
        super::parts::remark(&mut hop.remarks, icmp::words(e.quote));
    }
    if order.is_none() {
        hop.remarks.push("order unknown".to_owned());
    }
    hop
}

fn fill(hop: &mut Hop, errors: &[Orphan<'_>]) {
    hop.seen = errors.iter().map(|e| Span::at(e.time)).reduce(Span::join);
    rest_on(hop, errors.iter().map(|e| e.id));
    if let Some(labelled) = errors.iter().map(|e| &e.quote.mpls).find(|stack| !stack.is_empty()) {
        hop.mpls.clone_from(labelled);
    }
    for e in errors {
        observations(hop, e.quote);
    }
}

fn target(dst: IpAddr, reached: &[Orphan<'_>], order: Option<&Order>) -> Hop {
    let mut hop = point(Some(dst), HopRole::Target, Knowledge::Inferred);
    if reached.is_empty() {
        hop.remarks.push("did not answer".to_owned());
        return hop;
    }
    if let Some(order) = order.filter(|o| o.exact) {
        let slots = reached.iter().filter_map(|e| counter(e).checked_sub(order.base)).map(|steps| steps / order.per_ttl + 1);
        hop.ttl = slots.min().and_then(|slot| u8::try_from(slot).ok()).filter(|&ttl| ttl <= LONGEST);
    }
    fill(&mut hop, reached);
    hop
}

/// Ranks by TTL where it is known, else by position. Where not even the order is known, all share rank 1.
fn rank(hops: &mut [Hop], ordered: bool) {
    let last = hops.len().saturating_sub(1);
    let mut rank = 0;
    let mut before = None;
    for (i, hop) in hops.iter_mut().enumerate() {
        let branch = i > 1 && i < last && if ordered { hop.ttl.is_some() && hop.ttl == before } else { true };
        if i > 0 && !branch {
            rank += 1;
        }
        hop.rank = rank;
        before = hop.ttl;
    }
}

/// Segments between hops whose order is known.
fn in_order(hops: &[Hop], order: &Order) -> Vec<Segment> {
    let mut places: Vec<(u8, Vec<usize>)> = Vec::new();
    for (i, hop) in hops.iter().enumerate() {
        match places.last_mut() {
            Some((_, here)) if here.last().and_then(|&j| hops.get(j)).is_some_and(|h| h.rank == hop.rank) => here.push(i),
            _ => places.push((hop.ttl.unwrap_or(0), vec![i])),
        }
    }
    let last = hops.len().saturating_sub(1);
    let mut out = Vec::new();
    for pair in places.windows(2) {
        let [(near, from), (far, to)] = pair else { continue };
        let unanswered = to.contains(&last) && hops.last().is_some_and(|h| h.because.is_empty());
        let (kind, range, why) = if unanswered {
            (Knowledge::Gap, (0, 30u8.saturating_sub(*near)), "the target did not answer")
        } else if !order.exact {
            (Knowledge::Inferred, (0, 0), "consecutive in order; silent routers between them cannot be told")
        } else if *far > near + 1 {
            (Knowledge::Gap, (far - near - 1, far - near - 1), "no error captured")
        } else {
            (Knowledge::Inferred, (0, 0), "consecutive TTLs by fingerprint; no probe was captured")
        };
        out.extend(
            from.iter().flat_map(|&a| to.iter().map(move |&b| (a, b))).take(256).map(|(a, b)| segment(a, b, kind, range, why)),
        );
    }
    sort_segments(&mut out);
    out
}
