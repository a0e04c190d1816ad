//! Signs of routers that a traceroute does not show (METHODS A.6, the taxonomy of TNT), and of loops.
//!
//! Nothing here reveals a hidden router; each sign turns a link into a gap with the number of routers that the sign
//! supports, because a later stage must not take the two ends for neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::parts::{LONGEST, remark};
use super::session::Meaning;
use super::sorting::{Node, Sorted};
use super::trace::Group;
use crate::model::evidence::initial_ttl;
use crate::model::hop::Hop;

/// FRPLA: so many hops more on the way back than at the hop before raise the alarm.
const ALARM: i16 = 3;

/// What the signs come to.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// By hop: fewest and most routers hidden before it, and the sign in words.
    pub(super) before: BTreeMap<usize, ((u8, u8), String)>,
    /// Hops whose distance is ambiguous.
    pub(super) without_ttl: BTreeSet<usize>,
}

/// Looks for all signs; remarks go to the hops and to the route.
pub(super) fn signs(sorted: &Sorted<'_>, groups: &[Group], hops: &mut [Hop], remarks: &mut Vec<String>) -> Signs {
    let mut signs = Signs::default();
    for group in groups.iter().filter(|g| g.at > 0) {
        let ambiguous = group.hops.iter().filter(|&&i| hops.get(i).is_some_and(|h| h.ttl.is_none()));
        signs.without_ttl.extend(ambiguous);
    }
    let single = singles(sorted, groups);
    for (&at, &(index, node)) in &single {
        let before = single.get(&(at - 1)).map(|(_, node)| *node);
        let after = single.get(&(at + 1)).map(|(_, node)| *node);
        let Some(hop) = hops.get_mut(index) else { continue };
        if let Some((range, text)) = opaque(node, before, after).or_else(|| longer_way_back(node, before?)) {
            remark(&mut hop.remarks, text.clone());
            signs.before.insert(index, (range, text));
        }
        if let Some(text) = implicit(node, before, after) {
            remark(&mut hop.remarks, text);
        }
        if let Some(text) = before.and_then(|before| twice(node, before)) {
            remark(&mut hop.remarks, text);
        }
    }
    cycles(sorted, remarks);
    signs
}

/// Distances at which one router alone answered, with its hop.
fn singles<'a>(sorted: &'a Sorted<'a>, groups: &[Group]) -> BTreeMap<u8, (usize, &'a Node<'a>)> {
    let mut single = BTreeMap::new();
    for group in groups.iter().filter(|g| g.at > 0) {
        if let [index] = *group.hops
            && let Some(node) = sorted.nodes.iter().find(|n| n.ttl == Some(group.at))
        {
            single.insert(group.at, (index, node));
        }
    }
    single
}

/// TTL of the topmost label, where a reply brought one.
fn label_ttl(node: &Node<'_>) -> Option<u8> {
    node.replies.iter().filter_map(|r| r.quote).find_map(|q| q.mpls.first()).map(|label| label.ttl)
}

/// Smallest TTL that an expired probe still had when it was quoted.
fn quoted_ttl(node: &Node<'_>) -> Option<u8> {
    node.replies.iter().filter(|r| r.meaning == Meaning::Expired).filter_map(|r| r.quote).map(|q| q.quoted.ttl).min()
}

/// One labelled hop between unlabelled ones, its label's TTL counted down from 255: the tunnel's routers before it
/// did not touch the probe's own TTL.
fn opaque(node: &Node<'_>, before: Option<&Node<'_>>, after: Option<&Node<'_>>) -> Option<((u8, u8), String)> {
    let left = label_ttl(node).filter(|ttl| (2..255).contains(ttl))?;
    if before.and_then(label_ttl).is_some() || after.and_then(label_ttl).is_some() {
        return None;
    }
    let n = 255 - left;
    // A label that did not start at 255 tells nothing about the length of its tunnel.
    (n <= LONGEST).then(|| {
        // The entry is reported as received or already counted down, by make.
        ((n - 1, n), format!("opaque MPLS tunnel: label TTL {left} of 255, about {n} routers not shown"))
    })
}

/// FRPLA: the way back is suddenly longer than the way there. Hidden tunnels do that, and so do asymmetric routes:
/// the least is therefore none.
fn longer_way_back(node: &Node<'_>, before: &Node<'_>) -> Option<((u8, u8), String)> {
    let surplus = |node: &Node<'_>| -> Option<i16> {
        let expired = node.replies.iter().filter(|r| r.meaning == Meaning::Expired).filter_map(|r| r.quote);
        let back = expired.filter_map(|q| Some(initial_ttl(q.reply_ttl)? - q.reply_ttl + 1)).min()?;
        Some(i16::from(back) - i16::from(node.at))
    };
    let more = surplus(node)? - surplus(before)?;
    (ALARM..=i16::from(LONGEST)).contains(&more).then(|| {
        let text = format!("the way back is {more} routers longer than from the hop before: a hidden tunnel or another way back");
        ((0, more as u8), text)
    })
}

/// Inside a tunnel that copies the TTL into its labels but does not report them, each router quotes a TTL that is one
/// larger than the one before.
fn implicit(node: &Node<'_>, before: Option<&Node<'_>>, after: Option<&Node<'_>>) -> Option<String> {
    let ttl = quoted_ttl(node).filter(|&ttl| ttl > 1)?;
    let rises = before.and_then(quoted_ttl).is_some_and(|t| t + 1 == ttl)
        || after.and_then(quoted_ttl).is_some_and(|t| t.checked_sub(1) == Some(ttl));
    Some(if rises {
        format!("quoted TTL {ttl}, rising from hop to hop: inside an MPLS tunnel that reports no labels (implicit)")
    } else {
        format!("quoted TTL {ttl} instead of 1: the packet may have expired inside a tunnel")
    })
}

/// The same address at two distances in a row.
fn twice(node: &Node<'_>, before: &Node<'_>) -> Option<String> {
    if node.addr != before.addr {
        return None;
    }
    if quoted_ttl(before) == Some(0) || quoted_ttl(node) == Some(0) {
        return Some("same address twice because of zero-TTL forwarding; no loop".to_owned());
    }
    let reply_ttl = |node: &Node<'_>| node.replies.iter().filter_map(|r| r.quote).map(|q| q.reply_ttl).max();
    Some(match (reply_ttl(before), reply_ttl(node)) {
        (Some(a), Some(b)) if b < a => {
            format!("same address as the hop before, reply TTL falls by {}: its replies' source is rewritten (NAT)", a - b)
        }
        _ => "same address as the hop before: the end of a hidden tunnel, or the route changed".to_owned(),
    })
}

/// Addresses that come back after others. Twice is a changed path or a balancer; three times is a loop.
fn cycles(sorted: &Sorted<'_>, remarks: &mut Vec<String>) {
    let mut visits: BTreeMap<IpAddr, Vec<u8>> = BTreeMap::new();
    for node in &sorted.nodes {
        let expired = node.replies.iter().any(|r| r.meaning == Meaning::Expired);
        if let (Some(ttl), true) = (node.ttl, expired) {
            visits.entry(node.addr).or_default().push(ttl);
        }
    }
    for (addr, ttls) in visits {
        let returns = ttls.windows(2).filter(|pair| matches!(pair, [a, b] if b - a > 1)).count();
        let list: Vec<String> = ttls.iter().map(ToString::to_string).collect();
        let list = list.join(", ");
        match returns {
            0 => {}
            1 => remarks.push(format!("{addr} answers at TTL {list}: the path changed or the probes took different ones")),
            _ => remarks.push(format!("routing loop: {addr} answers at TTL {list}")),
        }
    }
}
