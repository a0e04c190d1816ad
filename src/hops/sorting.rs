//! Replies of one run, sorted by distance and sender.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::icmp;
use super::parts::{LONGEST, count, remark, ttl_words};
use super::session::{Meaning, Reply, Session};
use crate::model::evidence::EvidenceId;

/// Most branches kept at one distance.
pub(super) const BRANCHES: usize = 64;

/// Replies of one address at one distance.
pub(super) struct Node<'a> {
    /// The distance; where several come into question, the smallest.
    pub(super) at: u8,
    /// The distance, if it is certain.
    pub(super) ttl: Option<u8>,
    pub(super) addr: IpAddr,
    pub(super) replies: Vec<Reply<'a>>,
    pub(super) remarks: Vec<String>,
}

/// What answered, sorted out.
pub(super) struct Sorted<'a> {
    /// Routers, by distance, then address.
    pub(super) nodes: Vec<Node<'a>>,
    /// Answers of the target, in order of sending.
    pub(super) arrived: Vec<Reply<'a>>,
    /// Distances at which somebody answered, or may have.
    pub(super) answered: [bool; LONGEST as usize + 1],
    /// Branches beyond [`BRANCHES`], and their replies.
    pub(super) left_out: (usize, usize),
}

/// From which distance on the target answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It did not.
    Never,
    /// Probes with this TTL are the first that arrived.
    At(u8),
    /// Probes arrived that are alike: the largest TTL that comes into question.
    Within(u8),
}

impl Sorted<'_> {
    /// How far it was to the target.
    pub(super) fn reach(&self) -> Reach {
        if let Some(at) = self.arrived.iter().filter_map(Reply::ttl).min() {
            return Reach::At(at);
        }
        let largest = self.arrived.iter().filter_map(|r| r.ttls.iter().copied().max());
        largest.min().map_or(Reach::Never, Reach::Within)
    }

    /// The distance of the farthest router.
    pub(super) fn farthest(&self) -> u8 {
        self.nodes.iter().map(|n| n.at).max().unwrap_or(0)
    }
}

/// Sorts replies into nodes. Nothing is guessed: a reply that fits several TTLs joins the node of its sender at one
/// of them only as evidence, or stands alone without a TTL.
pub(super) fn sort<'a>(session: &Session<'a>) -> Sorted<'a> {
    let mut certain: BTreeMap<(u8, IpAddr), Vec<Reply<'a>>> = BTreeMap::new();
    let mut unsure: BTreeMap<(IpAddr, Vec<u8>), Vec<Reply<'a>>> = BTreeMap::new();
    let mut refused: BTreeMap<IpAddr, Vec<Reply<'a>>> = BTreeMap::new();
    let mut arrived = Vec::new();
    let mut answered = [false; LONGEST as usize + 1];
    for reply in &session.replies {
        for ttl in &reply.ttls {
            if let Some(flag) = answered.get_mut(usize::from(*ttl)) {
                *flag = true;
            }
        }
        match (reply.meaning, reply.ttl()) {
            (Meaning::Arrived, _) => arrived.push(reply.clone()),
            (Meaning::Refused, _) => refused.entry(reply.from).or_default().push(reply.clone()),
            (Meaning::Expired, Some(ttl)) => certain.entry((ttl, reply.from)).or_default().push(reply.clone()),
            (Meaning::Expired, None) => unsure.entry((reply.from, reply.ttls.clone())).or_default().push(reply.clone()),
        }
    }
    let mut nodes: Vec<Node<'a>> = certain
        .into_iter()
        .map(|((ttl, addr), replies)| Node { at: ttl, ttl: Some(ttl), addr, replies, remarks: Vec::new() })
        .collect();
    for (addr, replies) in refused {
        refuse(&mut nodes, addr, replies);
    }
    for ((addr, ttls), replies) in unsure {
        let text = format!("TTL {}: the probes are alike", ttl_words(&ttls));
        match nodes.iter_mut().find(|n| n.addr == addr && n.ttl.is_some_and(|ttl| ttls.contains(&ttl))) {
            Some(node) => {
                remark(&mut node.remarks, format!("{} more: {text}", count(replies.len(), "reply", "replies")));
                node.replies.extend(replies);
            }
            None => {
                let at = ttls.iter().copied().min().unwrap_or(0);
                nodes.push(Node { at, ttl: None, addr, replies, remarks: vec![text] });
            }
        }
    }
    nodes.sort_by_key(|n| (n.at, n.addr));
    let left_out = cap_branches(&mut nodes);
    Sorted { nodes, arrived, answered, left_out }
}

/// A router that refuses to pass probes on does so for every TTL that is large enough: its distance is where its own
/// probes expired, or else at most the smallest TTL that it refused.
fn refuse<'a>(nodes: &mut Vec<Node<'a>>, addr: IpAddr, replies: Vec<Reply<'a>>) {
    let nearest = replies.iter().map(Reply::nearest).min().unwrap_or(0);
    let mut words: Vec<String> = replies.iter().filter_map(|r| r.quote).map(icmp::words).collect();
    words.sort_unstable();
    words.dedup();
    let mut ttls: Vec<u8> = replies.iter().flat_map(|r| r.ttls.iter().copied()).collect();
    ttls.sort_unstable();
    ttls.dedup();
    match nodes.iter_mut().find(|n| n.addr == addr && n.at <= nearest) {
        Some(node) => {
            for text in words {
                remark(&mut node.remarks, format!("{text} (probes with TTL {})", ttl_words(&ttls)));
            }
            node.replies.extend(replies);
        }
        None => {
            let ttl = replies.iter().filter(|r| r.nearest() == nearest).find_map(Reply::ttl);
            let mut node = Node { at: nearest, ttl, addr, replies, remarks: words };
            match *ttls {
                [_] if ttl.is_some() => {}
                _ if ttl.is_some() => node.remarks.push(format!("refused probes with TTL {}", ttl_words(&ttls))),
                _ => node.remarks.push(format!("TTL {}: the probes are alike", ttl_words(&ttls))),
            }
            nodes.push(node);
        }
    }
}

/// Keeps the [`BRANCHES`] branches of a distance that were seen first.
fn cap_branches(nodes: &mut Vec<Node<'_>>) -> (usize, usize) {
    let mut by_distance: BTreeMap<u8, Vec<(EvidenceId, IpAddr)>> = BTreeMap::new();
    for node in nodes.iter() {
        if let Some(first) = node.replies.iter().map(|r| r.id).min() {
            by_distance.entry(node.at).or_default().push((first, node.addr));
        }
    }
    by_distance.retain(|_, branches| branches.len() > BRANCHES);
    let mut drop = BTreeSet::new();
    for (at, mut branches) in by_distance {
        branches.sort_unstable();
        drop.extend(branches.into_iter().skip(BRANCHES).map(|(_, addr)| (at, addr)));
    }
    let mut left_out = (0, 0);
    nodes.retain(|node| {
        let keep = !drop.contains(&(node.at, node.addr));
        if !keep {
            left_out = (left_out.0 + 1, left_out.1 + node.replies.len());
        }
        keep
    });
    left_out
}
