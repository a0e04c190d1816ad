//! What a traceroute tells of the way between two points of a conversation.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::parts::{milliseconds, point, rest_on, segment};
use crate::model::hop::{Hop, Knowledge};
use crate::model::path::Segment;
use crate::model::route::{Route, RouteSource};

const WAY_BACK: &str = "seen on the way back (sensor's own traceroute): the forward path may differ";

/// What a traceroute puts between two points. Index 0 is the point before; hop n of `hops` has index n + 1.
pub(super) struct Way {
    pub(super) hops: Vec<Hop>,
    /// Segments that end at one of `hops`.
    pub(super) segments: Vec<Segment>,
    /// Segments that end at the point behind; their `to` is not set.
    pub(super) open: Vec<Segment>,
    pub(super) remark: String,
}

impl Way {
    /// The best traceroute between `a` and `b`: one that ran from `a` before one that ran back; complete ones, then
    /// those with more hops, then earlier ones first.
    pub(super) fn find(traces: &[Route], a: IpAddr, b: IpAddr) -> Option<Self> {
        let usable = |route: &&Route| route.source == RouteSource::Traceroute && route.hops.iter().any(|h| h.ttl.is_some());
        let best = |r: &&Route| (!r.complete, std::cmp::Reverse(r.hops.len()), r.seen.first, r.origin);
        let there = traces.iter().filter(usable).filter(|r| r.origin == Some(a) && r.target == b).min_by_key(best);
        if let Some(route) = there {
            return Some(Self::forward(route));
        }
        let back = |r: &&Route| r.target == a && r.origin.is_some_and(|o| neighbours(o, b));
        traces.iter().filter(usable).filter(back).min_by_key(|r| (r.origin != Some(b), best(r))).map(Self::backward)
    }

    /// As it is, without its two ends.
    fn forward(route: &Route) -> Self {
        let last = route.hops.len().saturating_sub(1);
        let mut hops: Vec<Hop> = route.hops.get(1..last).unwrap_or_default().to_vec();
        for hop in &mut hops {
            hop.rank = hop.rank.saturating_sub(1);
        }
        let (open, segments) = route.segments.iter().cloned().partition(|s| s.to == last);
        let remark = format!("hops in between: a traceroute from the origin's address at {}", route.seen.first);
        Self { hops, segments, open, remark }
    }

    /// Reversed. Round trips and TTLs count from the far end, so they become words.
    fn backward(route: &Route) -> Self {
        let last = route.hops.len().saturating_sub(1);
        let top = route.hops.last().map_or(0, |h| h.rank);
        let inner = route.hops.get(1..last).unwrap_or_default();
        let mut hops: Vec<(usize, Hop)> = inner.iter().enumerate().map(|(i, hop)| (i + 1, turned(hop, top))).collect();
        hops.sort_by_key(|(i, hop)| (hop.rank, hop.addr, *i));
        // Old index to new one; the old target is the point before, the old prober the point behind.
        let mut index: BTreeMap<usize, usize> = hops.iter().enumerate().map(|(new, (old, _))| (*old, new + 1)).collect();
        index.insert(last, 0);
        let behind = hops.len() + 1;
        index.insert(0, behind);
        let turn = |s: &Segment| -> Option<Segment> {
            let (from, to) = (*index.get(&s.to)?, *index.get(&s.from)?);
            let kind = if s.kind == Knowledge::Gap { Knowledge::Gap } else { Knowledge::Inferred };
            Some(segment(from, to, kind, (s.min, s.max), format!("way back: {}", s.why)))
        };
        let (open, segments) = route.segments.iter().filter_map(turn).partition(|s| s.to == behind);
        let prober = route.origin.map_or_else(|| "the far end".to_owned(), |o| o.to_string());
        let remark = format!("hops in between: a traceroute from {prober} back to the origin's address at {}", route.seen.first);
        Self { hops: hops.into_iter().map(|(_, hop)| hop).collect(), segments, open, remark }
    }
}

/// A hop of the way back, on the way there.
fn turned(hop: &Hop, top: u16) -> Hop {
    let mut turned = point(hop.addr, hop.role, if hop.kind == Knowledge::Gap { Knowledge::Gap } else { Knowledge::Inferred });
    turned.rank = top.saturating_sub(hop.rank).saturating_sub(1);
    (turned.seen, turned.mpls, turned.names) = (hop.seen, hop.mpls.clone(), hop.names.clone());
    rest_on(&mut turned, hop.because.iter().copied());
    turned.remarks.push(WAY_BACK.to_owned());
    let rtt = hop.rtts.iter().min().map(|&ns| format!(", round trip {}", milliseconds(ns))).unwrap_or_default();
    if let Some(ttl) = hop.ttl {
        turned.remarks.push(format!("counted from the far end: TTL {ttl}{rtt}"));
    }
    turned.remarks.extend(hop.remarks.iter().cloned());
    turned
}

/// The same host, or the same IPv4 /24 or IPv6 /48.
fn neighbours(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.octets().get(..3) == b.octets().get(..3),
        (IpAddr::V6(a), IpAddr::V6(b)) => a.segments().get(..3) == b.segments().get(..3),
        _ => false,
    }
}
