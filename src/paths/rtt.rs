//! What a route's round trips say about where its hops can be.
//!
//! Routers answer slowly when they are busy, so the time of one hop alone proves little; but the answer of a later
//! hop on the same way bounds an earlier one too: a packet that went over A to B and came back cannot have been
//! faster than light to A and back. Hence the smallest time among a hop and its successors (METHODS D.4).

use super::earth::KM_PER_MS;
use crate::model::hop::{Hop, Knowledge};
use crate::model::path::Segment;

/// Slack of every bound: places are cities, not machines.
pub(super) const SLACK_KM: f64 = 60.0;

/// Round trip of a hop in ms, between `low` and `high`: equal unless the hop's own time was inflated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

/// Smallest round trip of a hop in ms.
fn own_ms(hop: &Hop) -> Option<f64> {
    hop.rtts.iter().copied().filter(|ns| *ns >= 0).min().map(|ns| ns as f64 / 1e6)
}

/// Timing per hop. `groups` holds indices into `hops` from the prober outward, branches of one TTL together.
///
/// A hop whose own time exceeds a later hop's was inflated; so is that of a router inside an MPLS tunnel whose
/// answer travels to the tunnel's end first (RFC 4950 labels give it away). Of such a hop no more is known than
/// that it lies between its neighbours.
pub(super) fn timings(hops: &[Hop], groups: &[Vec<usize>]) -> Vec<Option<Timing>> {
    let own = |i: usize| hops.get(i).and_then(own_ms);
    let least = |group: &Vec<usize>| group.iter().filter_map(|&i| own(i)).fold(f64::INFINITY, f64::min);
    // Smallest time of any later group.
    let mut later = vec![f64::INFINITY; groups.len()];
    let mut smallest = f64::INFINITY;
    for (slot, group) in later.iter_mut().zip(groups).rev() {
        *slot = smallest;
        smallest = smallest.min(least(group));
    }
    let mut out = vec![None; hops.len()];
    let mut reached = 0.0;
    for (group, later) in groups.iter().zip(later) {
        let mut sound = f64::INFINITY;
        for &i in group {
            let (Some(own), Some(slot), Some(hop)) = (own(i), out.get_mut(i), hops.get(i)) else { continue };
            let high = own.min(later);
            let inflated = own > later || !hop.mpls.is_empty();
            *slot = Some(Timing { low: if inflated { f64::min(reached, high) } else { high }, high });
            if !inflated {
                sound = sound.min(high);
            }
        }
        if sound.is_finite() {
            reached = sound;
        }
    }
    out
}

/// A time in ms per hop that proves how far from the prober it can be: its own, or that of a hop behind it which
/// packets of the same flow reached (an observed link; replies of different flows may have come another way).
pub(super) fn bounds(hops: &[Hop], segments: &[Segment], reversed: bool) -> Vec<Option<f64>> {
    let mut out: Vec<Option<f64>> = hops.iter().map(own_ms).collect();
    if reversed {
        return out;
    }
    let mut links: Vec<(usize, usize)> =
        segments.iter().filter(|s| s.kind == Knowledge::Observed && s.from < s.to).map(|s| (s.from, s.to)).collect();
    links.sort_unstable();
    for (from, to) in links.into_iter().rev() {
        let behind = out.get(to).copied().flatten();
        if let (Some(slot), Some(ms)) = (out.get_mut(from), behind) {
            // A hop that never gave a time of its own (the prober, say) is bounded by nobody.
            *slot = slot.map(|own| own.min(ms));
        }
    }
    out
}

/// Is a place at this distance out of reach within the time?
pub(super) fn out_of_reach(km: f64, ms: f64) -> bool {
    km > KM_PER_MS * ms + SLACK_KM
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::LabelEntry;
    use crate::model::hop::HopRole;

    fn hop(rtts_ms: &[f64]) -> Hop {
        Hop {
            rank: 0,
            ttl: None,
            addr: None,
            role: HopRole::Transit,
            kind: Knowledge::Observed,
            seen: None,
            rtts: rtts_ms.iter().map(|ms| (ms * 1e6) as i64).collect(),
            mpls: Vec::new(),
            names: Vec::new(),
            remarks: Vec::new(),
            because: Vec::new(),
        }
    }

    fn link(from: usize, to: usize, kind: Knowledge) -> Segment {
        Segment { from, to, kind, min: 0, max: 0, why: String::new() }
    }

    #[test]
    fn a_busy_router_is_bounded_by_its_neighbours() {
        let mut hops = vec![hop(&[]), hop(&[1.0, 0.8]), hop(&[90.0]), hop(&[5.0]), hop(&[6.0])];
        let groups: Vec<Vec<usize>> = (0..5).map(|i| vec![i]).collect();
        let t = timings(&hops, &groups);
        assert_eq!(t[0], None);
        assert_eq!(t[1], Some(Timing { low: 0.8, high: 0.8 }));
        assert_eq!(t[2], Some(Timing { low: 0.8, high: 5.0 }));
        assert_eq!(t[3], Some(Timing { low: 5.0, high: 5.0 }));
        // Inside a tunnel the time is the time to the tunnel's end.
        hops[3].mpls.push(LabelEntry { label: 16, tc: 0, bottom: true, ttl: 1 });
        assert_eq!(timings(&hops, &groups)[3], Some(Timing { low: 0.8, high: 5.0 }));
    }

    #[test]
    fn only_the_same_flow_bounds_an_earlier_hop() {
        let hops = [hop(&[]), hop(&[10.0]), hop(&[4.0]), hop(&[-3.0])];
        let observed = [link(0, 1, Knowledge::Observed), link(1, 2, Knowledge::Observed), link(2, 3, Knowledge::Observed)];
        assert_eq!(bounds(&hops, &observed, false), [None, Some(4.0), Some(4.0), None]);
        assert_eq!(bounds(&hops, &observed, true), [None, Some(10.0), Some(4.0), None]);
        assert_eq!(bounds(&hops, &[link(1, 2, Knowledge::Inferred), link(1, 99, Knowledge::Observed)], false)[1], Some(10.0));
    }
}
