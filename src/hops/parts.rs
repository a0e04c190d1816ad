//! The pieces of a route that every kind of evidence needs.

use std::net::IpAddr;

use crate::model::digest::Digest;
use crate::model::evidence::{EvidenceId, EvidenceItem};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::path::Segment;
use crate::model::time::Span;

/// The longest path considered, in routers: the upper end of a gap about which nothing else is known. Traceroute
/// gives up at 30; paths of more than 40 routers are routing loops.
pub(super) const LONGEST: u8 = 40;
/// Most routes that one kind of evidence gives.
pub(super) const ROUTES: usize = 4096;
/// Most ids kept under one hop.
pub(super) const BECAUSE: usize = 64;

/// The facts in the order of their ids, whatever order the list has.
pub(super) fn in_order(digest: &Digest) -> Vec<&EvidenceItem> {
    let mut items: Vec<&EvidenceItem> = digest.items.iter().collect();
    items.sort_by_key(|item| item.id);
    items
}

/// A hop about which nothing more is known yet.
pub(super) fn point(addr: Option<IpAddr>, role: HopRole, kind: Knowledge) -> Hop {
    Hop {
        rank: 0,
        ttl: None,
        addr,
        role,
        kind,
        seen: None,
        rtts: Vec::new(),
        mpls: Vec::new(),
        names: Vec::new(),
        remarks: Vec::new(),
        because: Vec::new(),
    }
}

/// A hop that packets of `seen` show, with its evidence.
pub(super) fn seen_point(addr: Option<IpAddr>, role: HopRole, kind: Knowledge, seen: Span, because: &[EvidenceId]) -> Hop {
    let mut hop = point(addr, role, kind);
    hop.seen = Some(seen);
    rest_on(&mut hop, because.iter().copied());
    hop
}

/// Adds evidence to a hop: sorted, unique, at most [`BECAUSE`].
pub(super) fn rest_on(hop: &mut Hop, ids: impl IntoIterator<Item = EvidenceId>) {
    hop.because.extend(ids);
    hop.because.sort_unstable();
    hop.because.dedup();
    hop.because.truncate(BECAUSE);
}

/// Notes a remark once.
pub(super) fn remark(remarks: &mut Vec<String>, text: impl Into<String>) {
    let text = text.into();
    if !remarks.contains(&text) {
        remarks.push(text);
    }
}

/// A segment of any kind.
pub(super) fn segment(from: usize, to: usize, kind: Knowledge, (min, max): (u8, u8), why: impl Into<String>) -> Segment {
    Segment { from, to, kind, min, max, why: why.into() }
}

/// The order that a route promises.
pub(super) fn sort_segments(segments: &mut [Segment]) {
    segments.sort_by_key(|s| (s.from, s.to));
}

/// Does the address belong to no host outside: private, unique local, link-local, or the machine itself? A client from
/// outside has none of these.
pub(super) fn is_inside(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(a) => a.is_private() || a.is_loopback() || a.is_link_local(),
        IpAddr::V6(a) => a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local(),
    }
}

/// `3`, `3 or 4`, `1 to 16`.
pub(super) fn ttl_words(ttls: &[u8]) -> String {
    match ttls {
        [] => "unknown".to_owned(),
        [one] => one.to_string(),
        [first, .., last] if ttls.len() > 3 && usize::from(last - first) + 1 == ttls.len() => format!("{first} to {last}"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(ToString::to_string).collect();
            format!("{} or {last}", head.join(", "))
        }
    }
}

/// Nanoseconds as milliseconds with one decimal.
pub(super) fn milliseconds(ns: i64) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}

/// `3120` as `3,120`.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Text of a router or a client with its control characters escaped and its length capped.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .take(256)
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<char>>() } else { vec![c] })
        .collect()
}

/// `1 reply`, `3 replies`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
