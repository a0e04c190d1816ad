//! Who announced the prefix of a hop, as the routing tables and updates among the inputs tell it: which network an address
//! belonged to at that time, which is not where it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::parts::{remark, rest_on};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId};
use crate::model::hop::Hop;
use crate::model::net::{Asn, unmapped};
use crate::model::record::Announcement;
use crate::model::time::Timestamp;

/// Most AS numbers of a path shown.
const SHOWN: usize = 12;

/// What peers told of one prefix, by time.
type Told<'a> = Vec<(Timestamp, EvidenceId, &'a Announcement)>;

/// Routes by prefix.
#[derive(Default)]
pub struct Routes<'a> {
    by_prefix: BTreeMap<IpNet, Told<'a>>,
}

impl<'a> Routes<'a> {
    /// Gathers them.
    #[must_use]
    pub fn of(digest: &'a Digest) -> Self {
        let mut out = Self::default();
        for item in &digest.items {
            if let Evidence::Route(route) = &item.fact {
                out.by_prefix.entry(route.prefix.trunc()).or_default().push((item.time, item.id, route));
            }
        }
        out.by_prefix.values_mut().for_each(|told| told.sort_by_key(|(time, id, _)| (*time, *id)));
        out
    }

    /// The longest prefix around `addr` that was told of.
    fn around(&self, addr: IpAddr) -> Option<(IpNet, &Told<'a>)> {
        let longest = if addr.is_ipv4() { 32 } else { 128 };
        (1..=longest).rev().find_map(|length| {
            let net = IpNet::new(addr, length).ok()?.trunc();
            self.by_prefix.get(&net).map(|told| (net, told))
        })
    }

    /// Says on a hop who announced its prefix when it was seen: of every peer the last word before, else its first one after.
    pub fn tell(&self, hop: &mut Hop) {
        if self.by_prefix.is_empty() {
            return;
        }
        let Some((prefix, told)) = hop.addr.and_then(|addr| self.around(unmapped(addr))) else { return };
        let when = hop.seen.map(|span| span.last).filter(|t| t.is_known()).unwrap_or(Timestamp(i64::MAX));
        let mut last: BTreeMap<Option<IpAddr>, &(Timestamp, EvidenceId, &Announcement)> = BTreeMap::new();
        for said in told {
            let known = last.contains_key(&said.2.peer);
            if said.0 <= when || !known {
                last.insert(said.2.peer, said);
            }
        }
        let held: Vec<_> = last.into_values().filter(|(_, _, route)| !route.withdrawn).collect();
        let Some((time, _, first)) = held.first() else {
            remark(&mut hop.remarks, format!("the route to {prefix} was withdrawn by every peer that told of it"));
            return;
        };
        let mut origins: Vec<Asn> = held.iter().flat_map(|(_, _, route)| route.origins.iter().copied()).collect();
        origins.sort_unstable();
        origins.dedup();
        let origins: Vec<String> = origins.iter().take(SHOWN).map(ToString::to_string).collect();
        let path: Vec<String> = first.path.iter().take(SHOWN).map(|asn| asn.0.to_string()).collect();
        let later = if *time > when { ", told only later" } else { "" };
        remark(
            &mut hop.remarks,
            format!("{prefix} was announced by {}, AS path {} at {time}{later}", origins.join(" and "), path.join(" ")),
        );
        rest_on(hop, held.iter().map(|(_, id, _)| *id).take(8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hops::parts::point;
    use crate::model::evidence::{EvidenceItem, InputId, Position, Provenance};
    use crate::model::hop::{HopRole, Knowledge};
    use crate::model::time::Span;

    fn route(id: u32, prefix: &str, origin: u32, second: i64, withdrawn: bool) -> EvidenceItem {
        let route = Announcement {
            prefix: prefix.parse().unwrap(),
            path_id: None,
            path: if withdrawn { [].into_iter().collect() } else { [Asn(64_500), Asn(origin)].into_iter().collect() },
            origins: if withdrawn { [].into_iter().collect() } else { [Asn(origin)].into_iter().collect() },
            peer: Some("192.0.2.1".parse().unwrap()),
            peer_as: Some(Asn(64_500)),
            next_hop: None,
            withdrawn,
        };
        let from = Provenance { input: InputId(0), at: Position::Record { record: u64::from(id), offset: 0 } };
        EvidenceItem { id: EvidenceId(id), from, time: Timestamp(second * 1_000_000_000), fact: Evidence::Route(Box::new(route)) }
    }

    fn said(items: Vec<EvidenceItem>, second: i64) -> Vec<String> {
        let digest = Digest { items, ..Digest::default() };
        let mut hop = point(Some("203.0.113.7".parse().unwrap()), HopRole::Transit, Knowledge::Observed);
        hop.seen = Some(Span::at(Timestamp(second * 1_000_000_000)));
        Routes::of(&digest).tell(&mut hop);
        hop.remarks
    }

    #[test]
    fn the_longest_prefix_and_the_last_word_before_the_time() {
        let items = || {
            vec![
                route(1, "203.0.0.0/16", 64_501, 10, false),
                route(2, "203.0.113.0/24", 64_502, 20, false),
                route(3, "203.0.113.0/24", 64_503, 30, false),
                route(4, "203.0.113.0/24", 0, 40, true),
            ]
        };
        assert!(said(items(), 25)[0].starts_with("203.0.113.0/24 was announced by AS64502, AS path 64500 64502 at"));
        assert!(said(items(), 35)[0].contains("AS64503"));
        assert!(said(items(), 45)[0].contains("withdrawn by every peer"));
        assert!(said(items(), 5)[0].ends_with("told only later"), "{:?}", said(items(), 5));
        assert!(said(Vec::new(), 5).is_empty());
    }
}
