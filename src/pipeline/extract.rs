//! Located paths to the one report model: rounding, words, and only the evidence that something rests on.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Flow, Quote};
use crate::model::hop::Knowledge;
use crate::model::path::{AttackPath, LocatedHop};
use crate::model::place::{Placement, WhyUnplaced};
use crate::report::model as report;

/// Two decimals: more would claim a precision that no table has.
fn round(p: f32) -> f32 {
    (p.clamp(0.0, 0.99) * 100.0).round() / 100.0
}

/// What is left, so that the column adds up to 1 as printed.
fn rest(p: f32) -> f32 {
    (p.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

/// Nanoseconds to milliseconds with three decimals.
#[must_use]
pub fn milliseconds(ns: i64) -> f64 {
    (ns as f64 / 1000.0).round() / 1000.0
}

/// The paths as the report shows them.
#[must_use]
pub fn paths(paths: &[AttackPath]) -> Vec<report::Path> {
    paths.iter().zip(1..).map(|(p, n)| path(p, n)).collect()
}

fn path(p: &AttackPath, n: usize) -> report::Path {
    let show = |addr: Option<IpAddr>| addr.map(|a| a.to_string());
    report::Path {
        id: format!("p{n}"),
        finding: p.finding.kind,
        reason: p.finding.reason.clone(),
        origin: report::Origin { addr: show(p.origin), trust: p.trust.as_str(), withheld: p.origin_withheld.clone() },
        target: report::Target { addr: show(p.target) },
        first: p.seen.first,
        last: p.seen.last,
        hops: p.hops.iter().map(hop).collect(),
        segments: p
            .segments
            .iter()
            .map(|s| report::Segment { from: s.from, to: s.to, kind: s.kind, min: s.min, max: s.max, why: s.why.clone() })
            .collect(),
        borders: p
            .borders
            .iter()
            .map(|b| report::Border { from: b.from, to: b.to, leaves: b.leaves, enters: b.enters, p: round(b.p) })
            .collect(),
        states: p.states.iter().map(|&(state, p)| report::StateP { state, p: round(p) }).collect(),
        remarks: p.remarks.clone(),
    }
}

fn hop(located: &LocatedHop) -> report::Hop {
    let LocatedHop { hop, placement, touches } = located;
    let why_unplaced = match placement {
        Some(place) => place.why_unplaced.as_ref().map(ToString::to_string),
        None if hop.kind == Knowledge::Gap => Some(WhyUnplaced::Silent.to_string()),
        None => Some(WhyUnplaced::Unproved.to_string()),
    };
    let mut names: Vec<String> = hop.names.iter().map(|n| n.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let place = placement.as_ref();
    report::Hop {
        rank: hop.rank,
        ttl: hop.ttl,
        addr: hop.addr.map(|a| a.to_string()),
        names,
        role: hop.role,
        kind: hop.kind,
        locus: place.map(locus).unwrap_or_default(),
        unknown_p: rest(place.map_or(1.0, |p| p.locus.unknown_p())),
        why_unplaced,
        anycast: place.is_some_and(|p| p.anycast),
        flags: place.map(|p| p.flags.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        asn: place.and_then(|p| p.asn),
        as_name: place.and_then(|p| p.as_name.as_ref().map(ToString::to_string)),
        as_state: place.and_then(|p| p.as_state),
        registered_in: place.and_then(|p| p.registered_in),
        sources: place.map(sources).unwrap_or_default(),
        rtt_ms: hop.rtts.iter().map(|&ns| milliseconds(ns)).collect(),
        mpls: hop.mpls.clone(),
        touches: touches
            .iter()
            .map(|t| report::Touch {
                state: t.state,
                basis: t.basis,
                p: round(t.p),
                regimes: t.regimes.clone(),
                norms: t.norms.clone(),
            })
            .collect(),
        remarks: hop.remarks.clone(),
        because: hop.because.clone(),
    }
}

/// What the places of a placement leave, rounded.
#[must_use]
pub fn unknown_p(place: &Placement) -> f32 {
    rest(place.locus.unknown_p())
}

/// The places of a placement as rows.
#[must_use]
pub fn locus(place: &Placement) -> Vec<report::LocusRow> {
    place
        .locus
        .candidates
        .iter()
        .map(|c| report::LocusRow {
            state: c.state,
            p: round(c.p),
            city: c.city.as_ref().map(ToString::to_string),
            lat: c.coordinates.map(|(lat, _)| lat),
            lon: c.coordinates.map(|(_, lon)| lon),
        })
        .collect()
}

/// What each table said, as rows.
#[must_use]
pub fn sources(place: &Placement) -> Vec<report::SourceRow> {
    place
        .sources
        .iter()
        .map(|s| report::SourceRow {
            source: s.source.to_string(),
            state: s.state,
            date: s.date.to_string(),
            weight: rest(s.weight),
        })
        .collect()
}

/// The evidence that `paths` name, in order of id.
#[must_use]
pub fn evidence(paths: &[AttackPath], digest: &Digest) -> Vec<report::EvidenceRow> {
    let named: BTreeSet<EvidenceId> = paths.iter().flat_map(|p| &p.hops).flat_map(|h| h.hop.because.iter().copied()).collect();
    named.into_iter().filter_map(|id| digest.item(id)).map(evidence_row).collect()
}

fn evidence_row(item: &EvidenceItem) -> report::EvidenceRow {
    report::EvidenceRow {
        id: item.id,
        kind: item.fact.kind(),
        input: item.from.input.0,
        at: item.from.at,
        time: item.time,
        what: describe(&item.fact),
    }
}

/// A fact in one line.
#[must_use]
pub fn describe(fact: &Evidence) -> String {
    match fact {
        Evidence::Flow(flow) => describe_flow(flow),
        Evidence::Quote(quote) => describe_quote(quote),
        Evidence::Reached(r) => format!("{} answered a probe of {} (TTL {})", r.probe.dst, r.probe.src, ttls(&r.matched.ttls)),
        Evidence::Chain(c) => {
            let entries: Vec<&str> = c.entries.iter().map(|e| e.text.as_ref()).collect();
            format!("{} from {} to {}: {}", c.kind.as_str(), c.peer, c.server, entries.join(", "))
        }
        Evidence::Tunnel(t) => {
            let id = t.id.map(|id| format!(" id {id}")).unwrap_or_default();
            format!(
                "{}{id} {} -> {} carries {} -> {} ({} packets)",
                t.kind.as_str(),
                t.outer.0,
                t.outer.1,
                t.inner.0,
                t.inner.1,
                t.packets
            )
        }
        Evidence::Name(n) => format!("{} is {} ({})", n.addr, n.name, n.how.as_str()),
    }
}

fn describe_flow(f: &Flow) -> String {
    let t = &f.tuple;
    let ports = if t.proto.has_ports() { format!(" port {} -> {}", t.sport, t.dport) } else { String::new() };
    let rtt = f.rtt_client.map(|ns| format!(", client-side handshake {} ms", milliseconds(ns))).unwrap_or_default();
    format!(
        "{} {} -> {}{ports}: {} + {} packets, {} + {} bytes, {}{rtt}{}",
        t.proto,
        t.src,
        t.dst,
        f.forward.packets,
        f.backward.packets,
        f.forward.bytes,
        f.backward.bytes,
        f.trust.as_str(),
        if f.evicted { ", cut off by the cap on flows" } else { "" },
    )
}

fn describe_quote(q: &Quote) -> String {
    let matched = match &q.probe {
        None => "no probe seen".to_owned(),
        Some(m) => {
            let rtt = m.rtt.map(|ns| format!(", {} ms", milliseconds(ns))).unwrap_or_default();
            format!("probe TTL {} (level {}{rtt})", ttls(&m.ttls), m.level)
        }
    };
    let labels = if q.mpls.is_empty() {
        String::new()
    } else {
        let labels: Vec<String> = q.mpls.iter().map(|l| l.label.to_string()).collect();
        format!(", MPLS {}", labels.join("/"))
    };
    format!(
        "ICMP {}/{} from {} quotes {} {} -> {}: {matched}{labels}",
        q.icmp_type, q.icmp_code, q.from, q.quoted.tuple.proto, q.quoted.tuple.src, q.quoted.tuple.dst
    )
}

fn ttls(ttls: &[u8]) -> String {
    let words: Vec<String> = ttls.iter().map(ToString::to_string).collect();
    words.join(" or ")
}
