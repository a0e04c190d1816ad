//! Traceroutes that tools wrote down. The tool saw the packets and the file says what it saw: hops are observed by the
//! tool, not by us, and the route says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::names::Names;
use super::parts::{LONGEST, ROUTES, in_order, point, rest_on, seen_point, segment, sort_segments};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Name, NameHow, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::path::Segment;
use crate::model::record::UNNAMED;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;
use crate::model::traceroute::{TracedHop, TracedReply, Traceroute};

/// Most branches shown of one distance.
const BRANCHES: usize = 16;

/// One route per written traceroute that names its target by an address, in order of the facts; at most 4,096.
#[must_use]
pub fn written(digest: &Digest) -> Vec<Route> {
    let items = in_order(digest);
    let traces: Vec<(&EvidenceItem, &Traceroute)> = items
        .iter()
        .filter_map(|item| match &item.fact {
            Evidence::Trace(trace) if trace.dst.is_some() || trace.hops.iter().any(|h| !h.replies.is_empty()) => {
                Some((*item, trace.as_ref()))
            }
            _ => None,
        })
        .collect();
    let addresses: BTreeSet<IpAddr> = traces.iter().flat_map(|(_, t)| &t.hops).flat_map(|h| &h.replies).map(|r| r.addr).collect();
    let names = Names::gather(&items, |addr| addresses.contains(&addr));
    let mut routes: Vec<Route> = traces.iter().take(ROUTES).map(|(item, trace)| route(item, trace, &names)).collect();
    if let (Some(last), true) = (routes.last_mut(), traces.len() > ROUTES) {
        last.remarks.push(format!("{} more written traceroutes are left out", traces.len() - ROUTES));
    }
    routes
}

fn route(item: &EvidenceItem, trace: &Traceroute, names: &Names<'_>) -> Route {
    let seen = Span::at(trace.started.unwrap_or(item.time));
    let because = [item.id];
    let mut remarks = vec![format!("as {} printed it; no packet of it was seen", trace.tool)];
    let target = trace.dst.unwrap_or(UNNAMED);
    if let Some(name) = &trace.dst_name {
        remarks.push(format!("towards {name}"));
    }
    // The distance at which the target answered; tools go on asking beyond it.
    let is_target = |reply: &TracedReply| Some(reply.addr) == trace.dst;
    let reached = trace.hops.iter().filter(|h| h.replies.iter().any(is_target)).map(|h| h.ttl).min();
    let mut hops = vec![seen_point(trace.src, HopRole::Origin, Knowledge::Observed, seen, &because)];
    if trace.src.is_none() {
        hops.iter_mut().for_each(|hop| hop.remarks.push("the tool does not say where it ran".to_owned()));
    }
    let mut groups: Vec<(u8, Vec<usize>)> = vec![(0, vec![0])];
    for traced in trace.hops.iter().filter(|h| reached.is_none_or(|at| h.ttl <= at)) {
        let rank = groups.len() as u16;
        let mut group = Vec::new();
        for addr in branches(traced, trace.dst) {
            group.push(hops.len());
            hops.push(transit(traced, addr, rank, seen, item.id));
        }
        if group.is_empty() && reached.is_none_or(|at| traced.ttl < at) {
            group.push(hops.len());
            hops.push(silent(traced, rank, item.id));
        }
        if !group.is_empty() {
            groups.push((traced.ttl, group));
        }
    }
    // What follows the last answer is one gap.
    while reached.is_none()
        && groups.len() > 1
        && groups.last().is_some_and(|(_, g)| g.iter().all(|&i| hops.get(i).is_none_or(|h| h.addr.is_none())))
    {
        let gone = groups.pop().map_or(0, |(_, g)| g.len());
        hops.truncate(hops.len().saturating_sub(gone));
    }
    let mut end = if reached.is_some() || trace.complete {
        seen_point(trace.dst, HopRole::Target, Knowledge::Observed, seen, &because)
    } else {
        let mut hop = point(trace.dst, HopRole::Target, Knowledge::Inferred);
        hop.remarks.push("did not answer".to_owned());
        rest_on(&mut hop, because);
        hop
    };
    end.rank = groups.len() as u16;
    end.ttl = reached;
    if let Some(at) = reached {
        let replies = trace.hops.iter().filter(|h| h.ttl == at).flat_map(|h| &h.replies).filter(|r| is_target(r));
        end.rtts = replies.filter_map(|r| r.rtt_ns).collect();
    }
    hops.push(end);
    let segments = segments(&groups, &hops, reached);
    hops.iter_mut().for_each(|hop| names.attach(hop));
    name_as_printed(&mut hops, trace);
    Route {
        source: RouteSource::Traceroute,
        origin: trace.src,
        trust: SourceTrust::Echoed,
        target,
        seen,
        hops,
        segments,
        complete: reached.is_some() || trace.complete,
        remarks,
    }
}

/// Addresses of one distance other than the target's, in the order in which they were printed.
fn branches(traced: &TracedHop, target: Option<IpAddr>) -> Vec<IpAddr> {
    let mut out = Vec::new();
    for reply in traced.replies.iter().filter(|r| Some(r.addr) != target) {
        if !out.contains(&reply.addr) && out.len() < BRANCHES {
            out.push(reply.addr);
        }
    }
    out.sort_unstable();
    out
}

fn transit(traced: &TracedHop, addr: IpAddr, rank: u16, seen: Span, id: EvidenceId) -> Hop {
    let mut hop = seen_point(Some(addr), HopRole::Transit, Knowledge::Observed, seen, &[id]);
    (hop.rank, hop.ttl) = (rank, Some(traced.ttl));
    for reply in traced.replies.iter().filter(|r| r.addr == addr) {
        hop.rtts.extend(reply.rtt_ns);
        if hop.mpls.is_empty() {
            hop.mpls.clone_from(&reply.mpls);
        }
        if let Some(flag) = reply.flag.as_deref().filter(|flag| *flag != "<") {
            super::parts::remark(&mut hop.remarks, format!("the tool remarks {flag}"));
        }
    }
    hop
}

fn silent(traced: &TracedHop, rank: u16, id: EvidenceId) -> Hop {
    let mut hop = point(None, HopRole::Transit, Knowledge::Gap);
    (hop.rank, hop.ttl) = (rank, Some(traced.ttl));
    hop.remarks.push("silent".to_owned());
    for named in traced.named.iter().take(2) {
        hop.remarks.push(format!("the tool printed a name and no address: {}", named.name));
    }
    rest_on(&mut hop, [id]);
    hop
}

/// Names that the tool printed beside the addresses: what its resolver said on that day.
fn name_as_printed(hops: &mut [Hop], trace: &Traceroute) {
    for reply in trace.hops.iter().flat_map(|h| &h.replies) {
        let Some(name) = &reply.name else { continue };
        for hop in hops.iter_mut().filter(|h| h.addr == Some(reply.addr) && h.names.len() < 8) {
            if hop.names.iter().all(|n| n.name != *name) {
                hop.names.push(Name { addr: reply.addr, name: name.clone(), how: NameHow::Ptr, ttl_s: None });
            }
        }
    }
}

/// Links between neighbouring distances. Probes of one distance may have gone another way than those of the next, so
/// branches are linked all with all, and only where there is one on both sides is the link more than possible.
fn segments(groups: &[(u8, Vec<usize>)], hops: &[Hop], reached: Option<u8>) -> Vec<Segment> {
    let mut out = Vec::new();
    let target = hops.len() - 1;
    let answered = |i: &usize| hops.get(*i).is_some_and(|h| h.addr.is_some() || h.role == HopRole::Origin);
    let known: Vec<(u8, Vec<usize>)> = groups
        .iter()
        .map(|(at, g)| (*at, g.iter().copied().filter(answered).collect::<Vec<_>>()))
        .filter(|(_, g)| !g.is_empty())
        .chain(std::iter::once((reached.unwrap_or(u8::MAX), vec![target])))
        .collect();
    for pair in known.windows(2) {
        let [(near_at, near), (far_at, far)] = pair else { continue };
        let unknown_end = *far_at == u8::MAX;
        let between = if unknown_end { 0 } else { far_at.saturating_sub(*near_at).saturating_sub(1) };
        for &from in near {
            for &to in far {
                let one = near.len() == 1 && far.len() == 1;
                out.push(if unknown_end {
                    segment(from, to, Knowledge::Gap, (0, LONGEST), "nobody answered beyond")
                } else if between > 0 {
                    segment(from, to, Knowledge::Gap, (between, between), "silent")
                } else if one {
                    segment(from, to, Knowledge::Observed, (0, 0), "next in the tool's output")
                } else {
                    segment(from, to, Knowledge::Inferred, (0, 0), "possible: the probes may have taken different ways")
                });
            }
        }
    }
    sort_segments(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::{InputId, Position, Provenance};
    use crate::model::time::Timestamp;

    fn reply(addr: &str, ms: i64) -> TracedReply {
        TracedReply { addr: addr.parse().unwrap(), name: None, rtt_ns: Some(ms * 1_000_000), flag: None, asn: None, mpls: vec![] }
    }

    fn digest(trace: Traceroute) -> Digest {
        let from = Provenance { input: InputId(0), at: Position::Record { record: 1, offset: 0 } };
        let item = EvidenceItem { id: EvidenceId(1), from, time: Timestamp::UNKNOWN, fact: Evidence::Trace(Box::new(trace)) };
        Digest { items: vec![item], ..Digest::default() }
    }

    fn trace(hops: Vec<TracedHop>) -> Traceroute {
        Traceroute {
            tool: "traceroute",
            src: None,
            dst: Some("203.0.113.9".parse().unwrap()),
            dst_name: None,
            proto: None,
            started: None,
            hops,
            complete: false,
        }
    }

    fn at(ttl: u8, replies: Vec<TracedReply>) -> TracedHop {
        TracedHop { ttl, replies, ..TracedHop::default() }
    }

    #[test]
    fn silence_branches_and_the_target() {
        let hops = vec![
            at(1, vec![reply("192.0.2.1", 1)]),
            at(2, vec![]),
            at(3, vec![reply("192.0.2.3", 3), reply("192.0.2.4", 3)]),
            at(4, vec![reply("203.0.113.9", 9)]),
            at(5, vec![reply("203.0.113.9", 9)]),
        ];
        let routes = written(&digest(trace(hops)));
        let route = &routes[0];
        assert!(route.complete && route.origin.is_none());
        let shown: Vec<_> = route.hops.iter().map(|h| (h.rank, h.ttl, h.addr.map(|a| a.to_string()))).collect();
        let some = |a: &str| Some(a.to_owned());
        assert_eq!(
            shown,
            [
                (0, None, None),
                (1, Some(1), some("192.0.2.1")),
                (2, Some(2), None),
                (3, Some(3), some("192.0.2.3")),
                (3, Some(3), some("192.0.2.4")),
                (4, Some(4), some("203.0.113.9")),
            ]
        );
        let kinds: Vec<_> = route.segments.iter().map(|s| (s.from, s.to, s.kind, s.min)).collect();
        assert_eq!(
            kinds,
            [
                (0, 1, Knowledge::Observed, 0),
                (1, 3, Knowledge::Gap, 1),
                (1, 4, Knowledge::Gap, 1),
                (3, 5, Knowledge::Inferred, 0),
                (4, 5, Knowledge::Inferred, 0),
            ]
        );
    }

    #[test]
    fn a_target_that_never_answered_is_only_named() {
        let routes = written(&digest(trace(vec![at(1, vec![reply("192.0.2.1", 1)]), at(2, vec![]), at(3, vec![])])));
        let route = &routes[0];
        assert!(!route.complete);
        assert_eq!(route.hops.len(), 3, "trailing silence is one gap: {:?}", route.hops);
        assert_eq!(route.hops[2].kind, Knowledge::Inferred);
        assert_eq!((route.segments[1].kind, route.segments[1].max), (Knowledge::Gap, LONGEST));
    }
}
