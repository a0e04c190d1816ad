//! Addresses that packets list of their way: IP options (RFC 791 3.1) and IPv6 routing headers. Routers write them, and so can
//! the sender: they are asserted, and nothing follows from them for states and borders.

use super::parts::{LONGEST, count, in_order, point, remark, rest_on, segment, sort_segments};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceItem, Listed};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::unmapped;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

/// Puts the longest list of the conversation's packets between its two ends, where nothing better is known of the way.
pub fn listed(digest: &Digest, route: &mut Route) {
    let [origin, target] = route.hops.as_slice() else { return };
    let (Some(a), Some(b), RouteSource::Flow) = (origin.addr.map(unmapped), target.addr.map(unmapped), route.source) else {
        return;
    };
    let of_ends = |list: &Listed| {
        let ends = (unmapped(list.src), unmapped(list.dst));
        ends == (a, b) || ends == (b, a)
    };
    let lists: Vec<(&EvidenceItem, &Listed)> = in_order(digest)
        .into_iter()
        .filter_map(|item| match &item.fact {
            Evidence::Listed(list) if of_ends(list) => Some((item, list.as_ref())),
            _ => None,
        })
        .collect();
    // Lists of the way that was taken before lists of the way that was asked for, lists of the way there before those back.
    let best = |(item, list): &&(&EvidenceItem, &Listed)| {
        (list.kind.is_wish(), unmapped(list.src) != a, std::cmp::Reverse(list.addrs.len()), item.id)
    };
    let Some((item, list)) = lists.iter().min_by_key(best) else { return };
    let back = unmapped(list.src) != a;
    let mut addrs: Vec<_> = list.addrs.iter().copied().map(unmapped).filter(|addr| ![a, b].contains(addr)).collect();
    addrs.dedup();
    if back {
        addrs.reverse();
    }
    if addrs.is_empty() {
        return;
    }
    let hops: Vec<Hop> = addrs
        .iter()
        .zip(1_u16..)
        .map(|(addr, rank)| {
            let mut hop = point(Some(*addr), HopRole::Transit, Knowledge::Asserted);
            hop.rank = rank;
            hop.seen = Some(Span::at(item.time));
            let what = if list.kind.is_wish() { "asked for in" } else { "written into" };
            let way = if back { ", on the way back" } else { "" };
            hop.remarks.push(format!("{what} the packet ({}{way}); anybody can write there", list.kind.as_str()));
            rest_on(&mut hop, [item.id]);
            hop
        })
        .collect();
    let n = hops.len();
    if let Some(target) = route.hops.last_mut() {
        target.rank = u16::try_from(n + 1).unwrap_or(u16::MAX);
    }
    route.hops.splice(1..1, hops);
    route.segments.clear();
    for i in 0..=n {
        route.segments.push(segment(i, i + 1, Knowledge::Asserted, (0, LONGEST), "next in the list that the packet carries"));
    }
    sort_segments(&mut route.segments);
    if lists.len() > 1 {
        remark(
            &mut route.remarks,
            format!("{} in packets of this conversation", count(lists.len(), "list of addresses", "lists of addresses")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hops::parts::seen_point;
    use crate::model::evidence::{EvidenceId, InputId, ListKind, Position, Provenance, SourceTrust};
    use crate::model::time::Timestamp;

    fn list(id: u32, kind: ListKind, src: &str, dst: &str, addrs: &[&str]) -> EvidenceItem {
        let list = Listed {
            kind,
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            addrs: addrs.iter().map(|a| a.parse().unwrap()).collect(),
        };
        let from = Provenance { input: InputId(0), at: Position::Frame { frame: id.into(), offset: 0 } };
        EvidenceItem { id: EvidenceId(id), from, time: Timestamp(0), fact: Evidence::Listed(Box::new(list)) }
    }

    fn hops(items: Vec<EvidenceItem>) -> Vec<(String, Knowledge)> {
        let span = Span::at(Timestamp(0));
        let end = |addr: &str, role| seen_point(Some(addr.parse().unwrap()), role, Knowledge::Observed, span, &[]);
        let mut route = Route {
            source: RouteSource::Flow,
            origin: Some("192.0.2.1".parse().unwrap()),
            trust: SourceTrust::Echoed,
            target: "203.0.113.9".parse().unwrap(),
            seen: span,
            hops: vec![end("192.0.2.1", HopRole::Origin), end("203.0.113.9", HopRole::Target)],
            segments: vec![segment(0, 1, Knowledge::Gap, (0, LONGEST), "")],
            complete: true,
            remarks: Vec::new(),
        };
        listed(&Digest { items, ..Digest::default() }, &mut route);
        assert_eq!(route.segments.len() + 1, route.hops.len());
        route.hops.iter().map(|h| (h.addr.unwrap().to_string(), h.kind)).collect()
    }

    #[test]
    fn a_list_of_the_way_taken_stands_between_the_ends() {
        let asked = list(1, ListKind::LooseSourceRoute, "192.0.2.1", "203.0.113.9", &["198.51.100.1"; 3]);
        let back = list(2, ListKind::RecordRoute, "203.0.113.9", "192.0.2.1", &["198.51.100.8", "198.51.100.7", "192.0.2.1"]);
        let names = |found: Vec<(String, Knowledge)>| found.into_iter().map(|(a, _)| a).collect::<Vec<_>>();
        assert_eq!(names(hops(vec![asked.clone(), back])), ["192.0.2.1", "198.51.100.7", "198.51.100.8", "203.0.113.9"]);
        assert_eq!(names(hops(vec![asked])), ["192.0.2.1", "198.51.100.1", "203.0.113.9"]);
        let other = list(3, ListKind::RecordRoute, "192.0.2.77", "203.0.113.9", &["198.51.100.1"]);
        assert_eq!(hops(vec![other]).len(), 2);
    }

    #[test]
    fn listed_hops_are_claims() {
        let there = list(1, ListKind::RecordRoute, "192.0.2.1", "203.0.113.9", &["198.51.100.1"]);
        assert_eq!(hops(vec![there])[1].1, Knowledge::Asserted);
    }
}
