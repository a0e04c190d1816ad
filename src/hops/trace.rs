//! One run of a traceroute to hops: the prober, then what answered at each distance, then the target.
//!
//! Ranks count places on the path, so that all branches of one distance share a rank and a silent distance has its
//! own. The target comes last whatever the distance at which it first answered.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::names::Names;
use super::parts::{self, BECAUSE, LONGEST, ROUTES, count, in_order, point, remark, rest_on, seen_point, ttl_words};
use super::session::{Meaning, Reply, Session, sessions};
use super::sorting::{BRANCHES, Node, Reach, Sorted, sort};
use super::{hidden, icmp, links, orphan};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, InterfaceInfo, Quote, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::IpProtocol;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

/// Most round trips kept per hop.
const RTTS: usize = 256;

/// Every traceroute in the digest, in order of its first fact: one route per run of a prober, target and protocol;
/// then those whose probes nobody captured. `hops[0]` is the prober (rank 0), the last hop the target. At most
/// 4,096 routes; what is left out is remarked on the last one.
///
/// A hop without an address and of kind `gap` was asked at its `ttl` and did not answer. A hop with an address and
/// without a `ttl` answered, but to which of several probes that are alike cannot be told.
#[must_use]
pub fn traces(digest: &Digest) -> Vec<Route> {
    let items = in_order(digest);
    let sessions = sessions(&items, &digest.probings);
    let orphans = orphan::groups(&items);
    let mut involved: BTreeSet<IpAddr> = BTreeSet::new();
    for session in &sessions {
        involved.extend([session.aim.0, session.aim.1]);
        involved.extend(session.replies.iter().map(|r| r.from));
    }
    for group in &orphans {
        involved.extend([group.aim.0, group.aim.1]);
        involved.extend(group.errors.iter().map(|e| e.quote.from));
    }
    let names = Names::gather(&items, |addr| involved.contains(&addr));
    let all = sessions.len() + orphans.len();
    let mut routes: Vec<Route> = sessions.iter().take(ROUTES).map(|s| route(s, &names)).collect();
    let room = ROUTES - routes.len();
    routes.extend(orphans.iter().take(room).map(|g| orphan::route(g, &names)));
    if let (Some(last), true) = (routes.last_mut(), all > ROUTES) {
        last.remarks.push(format!("{} more traceroutes are left out", all - ROUTES));
    }
    routes
}

/// The protocol of the probes that `route` was read from; `None` if it is no traceroute of this digest.
#[must_use]
pub fn protocol(digest: &Digest, route: &Route) -> Option<IpProtocol> {
    let ids = route.hops.iter().flat_map(|hop| &hop.because);
    ids.filter_map(|id| digest.item(*id)).find_map(|item| match &item.fact {
        Evidence::Quote(quote) => Some(quote.quoted.tuple.proto),
        Evidence::Reached(reached) => Some(reached.probe.proto),
        _ => None,
    })
}

/// All hops of one place on the path.
pub(super) struct Group {
    /// The distance.
    pub(super) at: u8,
    /// Indices into the route's hops; empty for a silent distance.
    pub(super) hops: Vec<usize>,
}

fn route(session: &Session<'_>, names: &Names<'_>) -> Route {
    let (src, dst, _) = session.aim;
    let sorted = sort(session);
    let nodes = &sorted.nodes;
    let (reach, last) = (sorted.reach(), sorted.farthest());
    // Silence is shown one line each as far as somebody answered beyond it; what follows the last answer is one gap.
    let shown_to = match reach {
        Reach::At(at) => last.max(at.saturating_sub(1)),
        Reach::Within(_) | Reach::Never => last,
    };

    let mut hops = vec![prober(session)];
    let mut groups = vec![Group { at: 0, hops: vec![0] }];
    let mut flows: Vec<BTreeSet<u64>> = vec![BTreeSet::new()];
    for at in 1..=shown_to {
        let here: Vec<&Node<'_>> = nodes.iter().filter(|n| n.at == at).collect();
        let rank = groups.len() as u16;
        if here.is_empty() {
            let asked = session.asked.get(usize::from(at)).is_some_and(|a| *a);
            let answered = sorted.answered.get(usize::from(at)).is_some_and(|a| *a);
            if asked && !answered && !matches!(reach, Reach::At(target) if at >= target) {
                let mut hop = point(None, HopRole::Transit, Knowledge::Gap);
                (hop.rank, hop.ttl) = (rank, Some(at));
                hop.remarks.push("silent".to_owned());
                hops.push(hop);
                flows.push(BTreeSet::new());
                groups.push(Group { at, hops: Vec::new() });
            }
            continue;
        }
        let mut group = Group { at, hops: Vec::new() };
        for node in here {
            group.hops.push(hops.len());
            let mut hop = transit(node);
            hop.rank = rank;
            hops.push(hop);
            flows.push(node.replies.iter().filter(|r| r.meaning == Meaning::Expired).filter_map(Reply::flow).collect());
        }
        groups.push(group);
    }
    let mut target = target(session, &sorted);
    target.rank = groups.len() as u16;
    hops.push(target);
    for hop in &mut hops {
        names.attach(hop);
    }

    let mut remarks = summary(session, &sorted);
    let signs = hidden::signs(&sorted, &groups, &mut hops, &mut remarks);
    let silent_to = session.asked.iter().rposition(|a| *a).unwrap_or(0).min(usize::from(LONGEST)) as u8;
    let segments = links::between(&links::Trail {
        groups: &groups,
        flows: &flows,
        sorted: &sorted,
        asked: &session.asked,
        signs: &signs,
        reach,
        silent_to,
        target: hops.len() - 1,
    });
    let came_back = session.replies.iter().any(|r| r.quote.is_none_or(|q| q.to == src));
    Route {
        source: RouteSource::Traceroute,
        origin: Some(src),
        trust: if came_back { SourceTrust::Echoed } else { SourceTrust::Plausible },
        target: dst,
        seen: session.seen,
        hops,
        segments,
        complete: reach != Reach::Never,
        remarks,
    }
}

/// Rank 0: whoever sent the probes. Quoted or captured, a packet shows it.
fn prober(session: &Session<'_>) -> Hop {
    let first = session.replies.iter().map(|r| r.id).min();
    let ids: Vec<_> = first.into_iter().collect();
    seen_point(Some(session.aim.0), HopRole::Origin, Knowledge::Observed, session.seen, &ids)
}

/// A router that answered.
fn transit(node: &Node<'_>) -> Hop {
    let mut hop = point(Some(node.addr), HopRole::Transit, Knowledge::Observed);
    hop.ttl = node.ttl;
    hop.remarks.clone_from(&node.remarks);
    answered(&mut hop, &node.replies);
    for quote in node.replies.iter().filter_map(|r| r.quote) {
        observations(&mut hop, quote);
    }
    hop
}

/// The target: observed if it answered for itself; otherwise only named by the probes.
fn target(session: &Session<'_>, sorted: &Sorted<'_>) -> Hop {
    let reach = sorted.reach();
    if reach == Reach::Never {
        let mut hop = point(Some(session.aim.1), HopRole::Target, Knowledge::Inferred);
        hop.remarks.push("did not answer".to_owned());
        return hop;
    }
    let mut hop = point(Some(session.aim.1), HopRole::Target, Knowledge::Observed);
    // Tools stop listing at the first distance at which the target answers; what came later says nothing new.
    let first = |r: &Reply<'_>| !matches!(reach, Reach::At(at) if r.ttl().is_some_and(|ttl| ttl > at));
    let (here, beyond): (Vec<Reply<'_>>, Vec<Reply<'_>>) = sorted.arrived.iter().cloned().partition(first);
    if let Reach::At(at) = reach {
        hop.ttl = Some(at);
    }
    answered(&mut hop, &here);
    for quote in here.iter().filter_map(|r| r.quote) {
        if !icmp::is_port_unreachable(quote) {
            remark(&mut hop.remarks, icmp::words(quote));
        }
        observations(&mut hop, quote);
    }
    for reply in here.iter().filter(|r| r.ttls.len() > 1) {
        remark(&mut hop.remarks, format!("TTL {}: the probes are alike", ttl_words(&reply.ttls)));
    }
    if !beyond.is_empty() {
        let mut ttls: Vec<u8> = beyond.iter().flat_map(|r| r.ttls.iter().copied()).collect();
        ttls.sort_unstable();
        ttls.dedup();
        let n = count(beyond.len(), "probe", "probes");
        remark(&mut hop.remarks, format!("answered {n} with a larger TTL too ({})", ttl_words(&ttls)));
    }
    hop
}

/// What all replies of a hop say together: when, how long, with which labels, and how sure they were matched.
fn answered(hop: &mut Hop, replies: &[Reply<'_>]) {
    let mut sorted: Vec<&Reply<'_>> = replies.iter().collect();
    sorted.sort_by_key(|r| (r.sent(), r.id));
    let seen = sorted.iter().map(|r| Span::at(r.time)).reduce(Span::join);
    hop.seen = seen;
    let rtts = || sorted.iter().filter_map(|r| r.matched.rtt);
    hop.rtts = rtts().take(RTTS).collect();
    if rtts().count() > RTTS {
        hop.remarks.push(format!("the first {RTTS} of {} round trips are kept", rtts().count()));
    }
    if sorted.len() > BECAUSE {
        hop.remarks.push(format!("the first {BECAUSE} of {} replies are listed", sorted.len()));
    }
    rest_on(hop, sorted.iter().map(|r| r.id));
    if let Some(reply) = sorted.iter().find(|r| r.by_exclusion() && r.ttl().is_some()) {
        let text = format!("TTL {} by exclusion: of the probes that are alike, all others were answered", ttl_words(&reply.ttls));
        hop.remarks.push(text);
    }
    let mut stacks = sorted.iter().filter_map(|r| r.quote).map(|q| &q.mpls).filter(|stack| !stack.is_empty());
    if let Some(first) = stacks.next() {
        hop.mpls.clone_from(first);
        if stacks.any(|stack| !stack.iter().map(|l| l.label).eq(first.iter().map(|l| l.label))) {
            hop.remarks.push("MPLS labels differ between its replies; the first are shown".to_owned());
        }
    }
    match sorted.iter().map(|r| r.matched.level).max() {
        Some(0) => hop.remarks.push("matched to its probe by the destination alone".to_owned()),
        Some(1) => {
            hop.remarks.push("matched to its probe by ports or identifier alone: the rest of the quote differs".to_owned())
        }
        _ => {}
    }
}

/// What single replies say of the router or of what happened on the way.
pub(super) fn observations(hop: &mut Hop, quote: &Quote) {
    if quote.quoted.tuple.src != quote.to {
        let text = format!(
            "quotes a packet from {} but was sent to {}: address translation on the way, or a spoofed source",
            quote.quoted.tuple.src, quote.to
        );
        remark(&mut hop.remarks, text);
    }
    if quote.quoted.ttl == 0 {
        remark(&mut hop.remarks, "zero-TTL forwarding: the router before passed the packet on with TTL 0");
    }
    for interface in quote.interfaces.iter().filter(|i| i.role == 0) {
        if let Some(text) = incoming(interface) {
            remark(&mut hop.remarks, text);
        }
    }
}

/// RFC 5837: the interface by which the probe came in, which is the end of the link, while the address of the reply
/// may be another interface's (METHODS A.7).
fn incoming(interface: &InterfaceInfo) -> Option<String> {
    let name = interface.name.as_deref().map(parts::clean);
    let parts: Vec<String> = [
        name,
        interface.addr.map(|addr| addr.to_string()),
        interface.index.map(|index| format!("ifIndex {index}")),
        interface.mtu.map(|mtu| format!("MTU {mtu} bytes")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("incoming interface (RFC 5837): {}", parts.join(", ")))
}

/// What the run was, and what must be known to read it.
fn summary(session: &Session<'_>, sorted: &Sorted<'_>) -> Vec<String> {
    let asked: Vec<u8> = session.asked.iter().zip(0..).filter(|(asked, _)| **asked).map(|(_, ttl)| ttl).collect();
    let mut remarks = vec![format!(
        "traceroute with {} probes: {}, asked at {}",
        session.aim.2,
        count(session.replies.len(), "reply", "replies"),
        match *asked {
            [first, .., last] => format!("TTL {first} to {last}"),
            _ => format!("TTL {}", ttl_words(&asked)),
        }
    )];
    let (n, of) = session.run;
    if of > 1 {
        remarks.push(format!("run {n} of {of} between these two; which TTLs were asked is known for all runs together only"));
    }
    for at in 1..=LONGEST {
        let branches = sorted.nodes.iter().filter(|n| n.ttl == Some(at)).count();
        if branches > 1 {
            remarks.push(missed_branch(at, branches, sorted));
        }
    }
    if let Reach::At(at) = sorted.reach()
        && sorted.farthest() >= at
    {
        let farthest = sorted.farthest();
        remarks.push(format!("paths of different length: the target answers from TTL {at}, a router still at TTL {farthest}"));
    }
    if let (branches @ 1.., replies) = sorted.left_out {
        let (branches, replies) = (count(branches, "branch", "branches"), count(replies, "reply", "replies"));
        remarks.push(format!("{branches} with {replies} left out: at most {BRANCHES} are kept at one TTL"));
    }
    remarks
}

/// METHODS A.4: with n flows and k branches seen, one more equally likely branch was missed with a probability of at
/// most (k / (k + 1))^n.
fn missed_branch(at: u8, branches: usize, sorted: &Sorted<'_>) -> String {
    let here = || sorted.nodes.iter().filter(|n| n.ttl == Some(at)).flat_map(|n| &n.replies);
    let flows: BTreeSet<u64> = here().filter_map(Reply::flow).collect();
    let p = (branches as f64 / (branches as f64 + 1.0)).powi(flows.len().min(10_000) as i32);
    let percent = ((p * 100.0).ceil() as u32).clamp(1, 99);
    let flows = count(flows.len(), "flow", "flows");
    format!("TTL {at}: {branches} branches in {flows}; P(one equally likely more was missed) <= {percent} %")
}
