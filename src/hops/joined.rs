//! What the joins of several inputs add to a route: the address that was rewritten, the hops that a traceroute knows between
//! two points, the other inputs that show the same.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::parts::{LONGEST, point, remark, rest_on, segment, sort_segments};
use super::way::Way;
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, Join, JoinKind};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::unmapped;
use crate::model::route::{Route, RouteSource};

/// Joins of one kind shown on a route.
const SHOWN: usize = 8;

type Found<'a> = (EvidenceId, &'a Join);

/// The join by which a second witness names a client.
pub(super) type Vouching<'a> = Found<'a>;

/// The joins of a digest, to be asked for every route.
pub struct Joins<'a> {
    all: Vec<Found<'a>>,
}

impl<'a> Joins<'a> {
    /// Gathers them.
    #[must_use]
    pub fn of(digest: &'a Digest) -> Self {
        let all = digest.items.iter().filter_map(|item| match &item.fact {
            Evidence::Join(join) => Some((item.id, join.as_ref())),
            _ => None,
        });
        Self { all: all.collect() }
    }

    fn of_kind(&self, kind: JoinKind) -> impl Iterator<Item = &Found<'a>> {
        self.all.iter().filter(move |(_, join)| join.kind == kind)
    }

    /// The join by which a second witness names the client that the chain with one of these ids names.
    pub(super) fn vouching(&self, chains: &[EvidenceId]) -> Option<Vouching<'a>> {
        self.of_kind(JoinKind::Proxied).find(|(_, join)| chains.iter().any(|id| join.of.contains(id))).copied()
    }

    /// Adds to `route` what joins know of it. `traces` are all traceroutes.
    pub fn enrich(&self, route: &mut Route, traces: &[Route]) {
        if self.all.is_empty() || matches!(route.source, RouteSource::Traceroute) {
            return;
        }
        self.translated_source(route);
        self.translated_target(route);
        if route.source == RouteSource::ForwardedChain {
            fill(route, traces);
        }
        self.same(route);
    }

    /// A device wrote another source address: who was behind it stands before it, if that was one host only.
    fn translated_source(&self, route: &mut Route) {
        let Some((at, after)) = origin(route) else { return };
        let of_source = |join: &Join| unmapped(join.addr) == after && join.words.starts_with("source");
        let shown: BTreeSet<EvidenceId> = route.hops.iter().flat_map(|h| h.because.iter().copied()).collect();
        let found: Vec<&Found<'_>> = self
            .of_kind(JoinKind::Translated)
            .filter(|(_, join)| of_source(join) && join.of.iter().any(|id| shown.contains(id)))
            .collect();
        let before: BTreeSet<IpAddr> = found.iter().filter_map(|(_, join)| join.other).collect();
        let (Some(&inside), 1) = (before.first(), before.len()) else {
            if let Some(hop) = route.hops.get_mut(at).filter(|_| before.len() > 1) {
                remark(
                    &mut hop.remarks,
                    format!("a translation stands behind it, for {} hosts: which one is not known", before.len()),
                );
            }
            return;
        };
        let mut hop = point(Some(inside), HopRole::Origin, Knowledge::Inferred);
        hop.remarks.push("named by a translation record as the host behind the next address".to_owned());
        for (id, join) in found {
            cite(&mut hop, *id, join);
        }
        if let Some(device) = route.hops.get_mut(at) {
            device.role = HopRole::Translator;
        }
        insert(route, at, hop, "rewritten here, as a record says");
        route.origin = Some(inside);
    }

    /// A device wrote another destination address: the one that was addressed stands before it.
    fn translated_target(&self, route: &mut Route) {
        let client = route.origin.map(unmapped);
        let found = self.of_kind(JoinKind::Translated).find_map(|(id, join)| {
            if client.is_none() || join.peer != client {
                return None;
            }
            let outside = join.other.filter(|_| join.words.starts_with("destination"))?;
            let knows = |addr: IpAddr| route.hops.iter().position(|h| h.addr.map(unmapped) == Some(unmapped(addr)));
            match (knows(join.addr), knows(outside)) {
                (Some(at), None) if at > 0 => Some((*id, *join, at, true)),
                (None, Some(at)) if at + 1 == route.hops.len() => Some((*id, *join, at, false)),
                _ => None,
            }
        });
        let Some((id, join, at, inside_known)) = found else { return };
        if !is_line(route) {
            return;
        }
        if inside_known {
            let mut hop = point(join.other, HopRole::Translator, Knowledge::Inferred);
            hop.remarks.push(format!("was addressed from outside; {}", join.words));
            cite(&mut hop, id, join);
            hop.seen = route.hops.get(at).and_then(|h| h.seen);
            insert(route, at, hop, "rewritten here, as a record says");
        } else if let Some(last) = route.hops.get_mut(at) {
            last.role = HopRole::Translator;
            last.remarks.push(format!("was addressed from outside; {}", join.words));
            cite(last, id, join);
            let mut hop = point(Some(join.addr), HopRole::Target, Knowledge::Inferred);
            hop.rank = last.rank.saturating_add(1);
            hop.seen = last.seen;
            cite(&mut hop, id, join);
            route.hops.push(hop);
            route.segments.push(segment(at, at + 1, Knowledge::Inferred, (0, LONGEST), "rewritten here, as a record says"));
            route.target = join.addr;
        }
    }

    /// The same conversation in other inputs, and mails of the same client.
    fn same(&self, route: &mut Route) {
        let shown: BTreeSet<EvidenceId> = route.hops.iter().flat_map(|h| h.because.iter().copied()).collect();
        let origin = route.origin.map(unmapped);
        // Of the path's own conversations, and of its origin's others: they tie the clocks together.
        let here = |j: &Join| {
            j.of.iter().any(|id| shown.contains(id)) || [Some(unmapped(j.addr)), j.other.map(unmapped)].contains(&origin)
        };
        for (id, join) in self.of_kind(JoinKind::SameConversation).filter(|(_, j)| origin.is_some() && here(j)).take(SHOWN) {
            let ends = [Some(unmapped(join.addr)), join.other.map(unmapped)];
            for hop in route.hops.iter_mut().filter(|h| ends.contains(&h.addr.map(unmapped)) && h.addr.is_some()) {
                cite(hop, *id, join);
                remark(&mut hop.remarks, join.words.clone());
            }
        }
        for (id, join) in self.of_kind(JoinKind::Mailed).filter(|(_, j)| Some(unmapped(j.addr)) == origin).take(SHOWN) {
            for hop in route.hops.iter_mut().filter(|h| h.role == HopRole::Origin) {
                cite(hop, *id, join);
                remark(&mut hop.remarks, join.words.clone());
            }
        }
    }
}

/// A hop rests on a join and on what the join rests on.
pub(super) fn cite(hop: &mut Hop, id: EvidenceId, join: &Join) {
    rest_on(hop, std::iter::once(id).chain(join.of.iter().copied()));
}

fn origin(route: &Route) -> Option<(usize, IpAddr)> {
    let at = route.hops.iter().position(|h| h.role == HopRole::Origin)?;
    Some((at, unmapped(route.hops.get(at)?.addr?)))
}

/// One hop after the other, without branches.
fn is_line(route: &Route) -> bool {
    route.segments.len() + 1 == route.hops.len() && route.segments.iter().enumerate().all(|(i, s)| (s.from, s.to) == (i, i + 1))
}

/// Puts `hop` before the hop at `at`; what led there leads to the new one.
fn insert(route: &mut Route, at: usize, mut hop: Hop, why: &str) {
    hop.rank = route.hops.get(at).map_or(0, |h| h.rank);
    for later in route.hops.iter_mut().skip(at) {
        later.rank = later.rank.saturating_add(1);
    }
    for s in &mut route.segments {
        // A link that ends at `at` now ends at the new hop, which has that index.
        s.from += usize::from(s.from >= at);
        s.to += usize::from(s.to > at);
    }
    route.hops.insert(at, hop);
    route.segments.push(segment(at, at + 1, Knowledge::Inferred, (0, LONGEST), why));
    sort_segments(&mut route.segments);
}

/// Puts the hops of a traceroute between the origin and the hop behind it.
fn fill(route: &mut Route, traces: &[Route]) {
    let Some((at, from)) = origin(route) else { return };
    let Some(to) = route.hops.get(at + 1).and_then(|h| h.addr) else { return };
    let Some(way) = Way::find(traces, from, unmapped(to)) else { return };
    let more = way.hops.len();
    let base = route.hops.get(at).map_or(0, |h| h.rank).saturating_add(1);
    let ranks = way.hops.iter().map(|h| h.rank.saturating_add(1)).max().unwrap_or(0);
    for later in route.hops.iter_mut().skip(at + 1) {
        later.rank = later.rank.saturating_add(ranks);
    }
    route.segments.retain(|s| (s.from, s.to) != (at, at + 1));
    for s in &mut route.segments {
        s.from += if s.from > at { more } else { 0 };
        s.to += if s.to > at { more } else { 0 };
    }
    for s in &way.segments {
        route.segments.push(segment(s.from + at, s.to + at, s.kind, (s.min, s.max), s.why.clone()));
    }
    for s in &way.open {
        route.segments.push(segment(s.from + at, at + 1 + more, s.kind, (s.min, s.max), s.why.clone()));
    }
    let hops = way.hops.into_iter().map(|mut hop| {
        hop.rank = hop.rank.saturating_add(base);
        hop
    });
    route.hops.splice(at + 1..at + 1, hops);
    sort_segments(&mut route.segments);
    route.remarks.push(way.remark);
}
