//! Every finding of a digest, most telling first, with the reason for its place.
//!
//! The kinds, their scores and their words are in `kinds`. What this file adds is the choice: with `--victim`,
//! `--attacker` or `--filter` whatever answers the question is a finding (and keeps its kind if it has one);
//! without them whatever has a kind is, and the largest conversations if nothing has.
//!
//! One thing is shown once: a conversation without a kind of its own is left out where a flood, a scan, a proxied
//! request or a trace that is shown covers it, and a "scan" that consists of a traceroute's probes is none.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::alarms::Alarms;
use super::kinds::{self, Usual};
use super::question::Question;
use super::subject::{self, SubjectFacts, World};
use crate::model::digest::{Conversation, Digest, Scan};
use crate::model::evidence::{EvidenceId, SourceTrust};
use crate::model::hop::Knowledge;
use crate::model::net::{Asn, StateCode};
use crate::model::path::Finding;
use crate::model::route::Route;
use crate::model::time::Timestamp;

/// What a finding is about: an index into the list of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Index into the traces.
    Trace(usize),
    /// Index into the forwarded chains.
    Chain(usize),
    /// Index into [`Digest::conversations`].
    Conversation(usize),
    /// Index into [`Digest::floods`].
    Flood(usize),
    /// Index into [`Digest::scans`].
    Scan(usize),
}

/// A finding and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// What it is about.
    pub subject: Subject,
    /// Kind, score and reason.
    pub finding: Finding,
    /// What put it there, besides the traffic: alerts, entries of lists.
    pub because: Vec<EvidenceId>,
}

/// Findings, largest score first. Equal scores: earlier first, then by addresses; never by order of input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// At most [`Question::top`] of them.
    pub subjects: Vec<Ranked>,
    /// How many there were before the list was cut.
    pub found: usize,
}

/// A finding with what breaks ties.
struct Entry {
    ranked: Ranked,
    seen: Timestamp,
    source: Option<IpAddr>,
    target: IpAddr,
}

impl Entry {
    fn order(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.ranked.finding, &other.ranked.finding);
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.kind.cmp(b.kind))
            .then_with(|| (self.seen, self.source, self.target).cmp(&(other.seen, other.source, other.target)))
            .then_with(|| a.reason.cmp(&b.reason))
            .then_with(|| self.ranked.subject.cmp(&other.ranked.subject))
    }
}

/// Ranks what a run found. `traces` and `chains` are the routes that the hops stage read from `digest`; `state_of`
/// and `asn_of` are asked only if the filter asks.
#[must_use]
pub fn rank(
    digest: &Digest,
    traces: &[Route],
    chains: &[Route],
    question: &Question,
    state_of: &dyn Fn(IpAddr) -> Option<StateCode>,
    asn_of: &dyn Fn(IpAddr) -> Option<Asn>,
) -> Ranking {
    let names = if question.filter.is_some() { subject::names(digest) } else { BTreeMap::<IpAddr, Vec<Arc<str>>>::new() };
    let world = World { state_of, asn_of, names: &names };
    let open = question.is_open();
    let mut entries = Vec::new();

    let mut traced = BTreeSet::new();
    let wanted: Vec<(usize, &Route)> = traces
        .iter()
        .enumerate()
        .filter(|(_, route)| open || SubjectFacts::route(world, digest, route, "traceroute").answers(question))
        .collect();
    for (i, route, earlier) in by_completeness(wanted) {
        traced.extend(route.origin.map(|origin| (origin, route.target)));
        entries.push(route_entry(Subject::Trace(i), kinds::trace(route, earlier), route));
    }

    let mut forwarded = BTreeSet::new();
    let mut shown: BTreeSet<EvidenceId> = BTreeSet::new();
    for (i, route) in chains.iter().enumerate() {
        let finding = kinds::chain(route);
        if open || SubjectFacts::route(world, digest, route, finding.kind).answers(question) {
            let spoke = route.hops.iter().filter(|h| h.kind != Knowledge::Asserted).filter_map(|h| h.addr);
            let server = kinds::asked_to_go_on(route).unwrap_or(route.target);
            let spoke: Vec<IpAddr> = spoke.chain(route.origin).collect();
            for (n, from) in spoke.iter().enumerate().take(16) {
                forwarded.insert((*from, server));
                // Joined from several inputs, a route holds conversations between its own hops.
                forwarded.extend(spoke.iter().skip(n + 1).map(|to| (*from, *to)));
            }
            shown.extend(route.hops.iter().flat_map(|h| h.because.iter().copied()));
            entries.push(route_entry(Subject::Chain(i), finding, route));
        }
    }

    let mut flooded = BTreeSet::new();
    for (i, flood) in digest.floods.iter().enumerate() {
        let finding = kinds::flood(flood);
        if open || SubjectFacts::flood(world, digest, flood, finding.kind).answers(question) {
            flooded.insert((flood.target, flood.backscatter));
            let subject = Subject::Flood(i);
            entries.push(Entry {
                ranked: Ranked { subject, finding, because: Vec::new() },
                seen: flood.seen.first,
                source: None,
                target: flood.target,
            });
        }
    }

    let probes = Probes::of(digest, traces);
    let mut scanned = BTreeSet::new();
    for (i, scan) in digest.scans.iter().enumerate().filter(|(_, s)| !probes.explain(s)) {
        let finding = kinds::scan(scan);
        if open || SubjectFacts::scan(world, digest, scan, finding.kind).answers(question) {
            scanned.insert(scan.source);
            entries.push(Entry {
                ranked: Ranked { subject: Subject::Scan(i), finding, because: Vec::new() },
                seen: scan.seen.first,
                source: Some(scan.source),
                target: scan.target,
            });
        }
    }

    let covered = |c: &Conversation| {
        let ends = (c.origin, c.target);
        let nothing_came_of_it = c.completed == 0;
        traced.contains(&ends)
            || forwarded.contains(&ends)
            || !c.because.is_empty() && c.because.iter().all(|id| shown.contains(id))
            || nothing_came_of_it
                && (scanned.contains(&c.origin)
                    || flooded.contains(&(c.target, false))
                    || c.trust == SourceTrust::Backscatter && flooded.contains(&(c.origin, true)))
    };
    let usual = Usual::of(&digest.conversations);
    let alarms = Alarms::of(digest);
    for (i, c) in digest.conversations.iter().enumerate() {
        let (natural, because) = match alarms.finding(c) {
            Some((finding, because)) => (Some(finding), because),
            None => (kinds::conversation(c, usual), Vec::new()),
        };
        if natural.is_none() && (open || covered(c)) {
            continue;
        }
        let kind = natural.as_ref().map_or("conversation", |f| f.kind);
        if open || SubjectFacts::conversation(world, digest, c, kind).answers(question) {
            let finding = natural.unwrap_or_else(|| kinds::plain_conversation(c, "chosen", "chosen by the analyst: "));
            let mut entry = conversation_entry(i, finding, c);
            entry.ranked.because = because;
            entries.push(entry);
        }
    }

    if open && entries.is_empty() {
        fall_back(digest, &mut entries);
    }
    entries.sort_by(Entry::order);
    let found = entries.len();
    Ranking { subjects: entries.into_iter().take(question.top).map(|e| e.ranked).collect(), found }
}

/// Nothing has a kind: the largest conversations with a public end, or any if all ends are private.
fn fall_back(digest: &Digest, entries: &mut Vec<Entry>) {
    let public = |c: &Conversation| is_public(c.origin) || is_public(c.target);
    let none_public = !digest.conversations.iter().any(public);
    let remark = if none_public {
        "nothing stands out, and no address is public: among the largest conversations; "
    } else {
        "nothing stands out: among the largest conversations; "
    };
    for (i, c) in digest.conversations.iter().enumerate().filter(|(_, c)| none_public || public(c)) {
        entries.push(conversation_entry(i, kinds::plain_conversation(c, "conversation", remark), c));
    }
}

fn conversation_entry(i: usize, finding: Finding, c: &Conversation) -> Entry {
    let ranked = Ranked { subject: Subject::Conversation(i), finding, because: Vec::new() };
    Entry { ranked, seen: c.seen.first, source: Some(c.origin), target: c.target }
}

fn route_entry(subject: Subject, finding: Finding, route: &Route) -> Entry {
    Entry {
        ranked: Ranked { subject, finding, because: Vec::new() },
        seen: route.seen.first,
        source: route.origin,
        target: route.target,
    }
}

/// The traces, most complete first, and how many of the same pair stand before each.
fn by_completeness(mut traces: Vec<(usize, &Route)>) -> Vec<(usize, &Route, usize)> {
    traces.sort_by_key(|(i, r)| (std::cmp::Reverse(kinds::completeness(r)), r.seen.first, r.seen.last, *i));
    let mut before: BTreeMap<(Option<IpAddr>, IpAddr), usize> = BTreeMap::new();
    let counted = traces.into_iter().map(|(i, route)| {
        let seen = before.entry((route.origin, route.target)).or_default();
        *seen += 1;
        (i, route, *seen - 1)
    });
    counted.collect()
}

/// Probes that were sent to die on the way. A traceroute with UDP tries a new port with every probe, and nobody
/// answers most of them: to a counter of half-open flows it looks like a scan.
struct Probes {
    /// Source: probes sent, targets.
    by_source: BTreeMap<IpAddr, (u64, BTreeSet<IpAddr>)>,
}

impl Probes {
    fn of(digest: &Digest, traces: &[Route]) -> Self {
        let mut by_source: BTreeMap<IpAddr, (u64, BTreeSet<IpAddr>)> = BTreeMap::new();
        for p in &digest.probings {
            let (sent, targets) = by_source.entry(p.src).or_default();
            *sent = sent.saturating_add(p.sent.iter().map(|n| u64::from(*n)).sum());
            targets.insert(p.dst);
        }
        for route in traces {
            if let Some(origin) = route.origin {
                by_source.entry(origin).or_default().1.insert(route.target);
            }
        }
        Self { by_source }
    }

    /// Do the probes explain the whole of a scan? Probes with a TTL large enough to arrive are not counted as
    /// probes, so a scan may have as many flows again.
    fn explain(&self, scan: &Scan) -> bool {
        self.by_source.get(&scan.source).is_some_and(|(sent, targets)| {
            scan.targets <= targets.len() as u64 && scan.flows <= sent.saturating_mul(2) && targets.contains(&scan.target)
        })
    }
}

/// An address that hosts on the public Internet can have (IANA special-purpose registries, RFC 6890, in short).
fn is_public(addr: IpAddr) -> bool {
    match crate::model::net::unmapped(addr) {
        IpAddr::V4(a) => {
            let [x, y, z, _] = a.octets();
            let special = matches!(x, 0 | 10 | 127 | 224..)
                || a.is_private()
                || a.is_link_local()
                || a.is_documentation()
                || (x == 100 && (64..128).contains(&y))
                || (x == 198 && (18..20).contains(&y))
                || (x, y, z) == (192, 0, 0);
            !special
        }
        // 2000::/3 is all that is handed out; 2001:db8::/32 and 3fff::/20 in it are for documentation (RFC 3849, 9637).
        IpAddr::V6(a) => {
            let [x, y, ..] = a.segments();
            x & 0xe000 == 0x2000 && (x, y) != (0x2001, 0x0db8) && !(x == 0x3fff && y < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests;
