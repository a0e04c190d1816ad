//! What lies between the hops of a traceroute.
//!
//! Two routers that answered one after the other need not be neighbours: a load balancer may have sent the two
//! probes along different branches (METHODS A.4). Only replies to probes of the same flow make a link observed.

use std::collections::BTreeSet;

use super::hidden::Signs;
use super::parts::{LONGEST, segment, sort_segments};
use super::session::{Asked, Meaning, Reply};
use super::sorting::{Reach, Sorted};
use super::trace::Group;
use crate::model::hop::Knowledge;
use crate::model::path::Segment;

/// Most segments between two neighbouring places: full meshes of wide diamonds say nothing.
const MESH: usize = 256;
const POSSIBLE: &str = "possible: replies belong to different flows (load balancing)";
const ALIKE: &str = "possible: the TTL of a reply is ambiguous, the probes are alike";
const SAME_FLOW: &str = "replies to probes of the same flow";
/// Tools stop asking at 30 by default: with so many TTLs asked, silence is no matter of distance any more.
const USUAL_LIMIT: u8 = 30;

/// A run, as far as its links depend on it.
pub(super) struct Trail<'a> {
    pub(super) groups: &'a [Group],
    /// By hop: flows that were answered there.
    pub(super) flows: &'a [BTreeSet<u64>],
    pub(super) sorted: &'a Sorted<'a>,
    pub(super) asked: &'a Asked,
    pub(super) signs: &'a Signs,
    pub(super) reach: Reach,
    /// The largest TTL that was asked.
    pub(super) silent_to: u8,
    /// Index of the target.
    pub(super) target: usize,
}

/// All segments of a run, in order of `from`, then `to`.
pub(super) fn between(trail: &Trail<'_>) -> Vec<Segment> {
    let loud: Vec<&Group> = trail.groups.iter().filter(|g| !g.hops.is_empty()).collect();
    let mut segments = Vec::new();
    for pair in loud.windows(2) {
        if let [near, far] = pair {
            link(trail, near, far, &mut segments);
        }
    }
    if let Some(last) = loud.last() {
        match trail.reach {
            Reach::At(at) => to_target(trail, &loud, last, at, &mut segments),
            Reach::Within(largest) => {
                let max = largest.saturating_sub(last.at).saturating_sub(1);
                let kind = if max > 0 { Knowledge::Gap } else { Knowledge::Inferred };
                segments.extend(last.hops.iter().map(|&i| segment(i, trail.target, kind, (0, max), ALIKE)));
            }
            Reach::Never => {
                let max = trail.silent_to.clamp(USUAL_LIMIT, LONGEST).saturating_sub(last.at);
                let refused =
                    trail.sorted.nodes.iter().any(|n| n.at == last.at && n.replies.iter().any(|r| r.meaning == Meaning::Refused));
                let why = match trail.silent_to {
                    _ if refused => "refused here; the target did not answer".to_owned(),
                    t if t > last.at + 1 => format!("silent from TTL {} to {t}; the target did not answer", last.at + 1),
                    t if t > last.at => format!("silent at TTL {t}; the target did not answer"),
                    _ => "no larger TTL was asked; the target did not answer".to_owned(),
                };
                let from = last.hops.iter().copied();
                segments.extend(from.map(|i| segment(i, trail.target, Knowledge::Gap, (0, max), why.clone())));
            }
        }
    }
    sort_segments(&mut segments);
    segments
}

static NO_FLOWS: BTreeSet<u64> = BTreeSet::new();

fn flows<'a>(trail: &Trail<'a>, hop: usize) -> &'a BTreeSet<u64> {
    trail.flows.get(hop).unwrap_or(&NO_FLOWS)
}

/// Is a flow of `a` unaccounted for among `others`, or no flow known at all?
fn unaccounted(a: &BTreeSet<u64>, others: &BTreeSet<u64>) -> bool {
    a.is_empty() || !a.is_subset(others)
}

/// Segments between the hops of two groups with nothing but silence between them.
fn link(trail: &Trail<'_>, near: &Group, far: &Group, out: &mut Vec<Segment>) {
    let pairs = || near.hops.iter().flat_map(|&a| far.hops.iter().map(move |&b| (a, b)));
    if let Some((range, why)) = silence(trail, near.at, far.at) {
        out.extend(pairs().take(MESH).map(|(a, b)| segment(a, b, Knowledge::Gap, range, why.clone())));
        return;
    }
    let all_near: BTreeSet<u64> = near.hops.iter().flat_map(|&a| flows(trail, a)).copied().collect();
    let all_far: BTreeSet<u64> = far.hops.iter().flat_map(|&b| flows(trail, b)).copied().collect();
    let mut possible = 0;
    for (a, b) in pairs() {
        let (at_a, at_b) = (flows(trail, a), flows(trail, b));
        // Whatever expires at the first router came there straight from the prober.
        let same = if near.at == 0 { !at_b.is_empty() } else { !at_a.is_disjoint(at_b) };
        let kind = if same {
            Knowledge::Observed
        } else if possible < MESH && (near.at == 0 || unaccounted(at_a, &all_far) || unaccounted(at_b, &all_near)) {
            possible += 1;
            Knowledge::Inferred
        } else {
            continue;
        };
        let why = match kind {
            Knowledge::Observed if near.at == 0 => "the first router answered",
            Knowledge::Observed => SAME_FLOW,
            _ if ambiguous(trail, a) || ambiguous(trail, b) => ALIKE,
            _ => POSSIBLE,
        };
        out.push(match trail.signs.before.get(&b) {
            // Consecutive TTLs, and yet the evidence speaks against neighbours.
            Some((range, sign)) => segment(a, b, Knowledge::Gap, *range, format!("hidden: {sign}")),
            None => segment(a, b, kind, (0, 0), why),
        });
    }
}

/// Did only probes that are alike lead to this hop?
fn ambiguous(trail: &Trail<'_>, hop: usize) -> bool {
    hop != 0 && trail.signs.without_ttl.contains(&hop)
}

/// How many routers lie between two distances, and why nobody knows them; `None` if they are neighbours.
fn silence(trail: &Trail<'_>, near: u8, far: u8) -> Option<((u8, u8), String)> {
    let max = far.saturating_sub(near).saturating_sub(1);
    if max == 0 {
        return None;
    }
    let between = || (near + 1)..far;
    let set = |flags: &Asked, ttl: u8| flags.get(usize::from(ttl)).is_some_and(|f| *f);
    let min = between().filter(|&ttl| !set(&trail.sorted.answered, ttl)).count() as u8;
    let asked = between().filter(|&ttl| set(trail.asked, ttl)).count();
    let why = if min < max {
        "silent, or answered by a reply whose TTL is ambiguous"
    } else if asked == usize::from(max) {
        "silent"
    } else if asked == 0 {
        "not asked: no probe with such a TTL was captured"
    } else {
        "silent, or not asked"
    };
    Some(((min, max), why.to_owned()))
}

/// Segments into a target that answered.
fn to_target(trail: &Trail<'_>, loud: &[&Group], last: &Group, at: u8, out: &mut Vec<Segment>) {
    let arrived = |ttl: u8| -> BTreeSet<u64> {
        let here = trail.sorted.arrived.iter().filter(|r| r.ttl() == Some(ttl));
        here.filter_map(Reply::flow).collect()
    };
    let before = out.len();
    for group in loud.iter().filter(|g| g.at + 1 >= at) {
        let reached = arrived(group.at + 1);
        let expired_here: BTreeSet<u64> = group.hops.iter().flat_map(|&i| flows(trail, i)).copied().collect();
        for &hop in &group.hops {
            let here = flows(trail, hop);
            let same = if group.at == 0 { !reached.is_empty() } else { !here.is_disjoint(&reached) };
            if same {
                out.push(segment(hop, trail.target, Knowledge::Observed, (0, 0), SAME_FLOW));
            } else if unaccounted(here, &reached) || unaccounted(&reached, &expired_here) {
                let why = if ambiguous(trail, hop) { ALIKE } else { POSSIBLE };
                let why = if group.at >= at { "possible: paths of different length" } else { why };
                out.push(segment(hop, trail.target, Knowledge::Inferred, (0, 0), why));
            }
        }
    }
    if out.len() == before {
        let from = loud.iter().rev().find(|g| g.at + 1 < at).unwrap_or(&last);
        if let Some((range, why)) = silence(trail, from.at, at) {
            out.extend(from.hops.iter().map(|&i| segment(i, trail.target, Knowledge::Gap, range, why.clone())));
        }
    }
}
