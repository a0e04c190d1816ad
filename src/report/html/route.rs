//! What of a path can be drawn on a map: the hops that have a place, and the links between them.

use std::collections::{BTreeMap, BTreeSet};

use super::Atlas;
use crate::model::hop::Knowledge;
use crate::report::geometry::Point;
use crate::report::model::{Hop, Path};

/// A hop on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    /// Index into the path's hops.
    pub(super) hop: usize,
    /// Degrees, longitude then latitude.
    pub(super) at: Point,
    /// A source named these coordinates; otherwise only the state is known and this is its centre.
    pub(super) exact: bool,
}

/// A link between two hops that both have a place, perhaps through hops that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    /// Index of the nearer hop.
    pub(super) from: usize,
    /// Index of the farther hop.
    pub(super) to: usize,
    /// The least that is known of any part of it.
    pub(super) kind: Knowledge,
}

/// Where a hop is drawn. A hop with a reason for having no place is never drawn, whatever else is said of it.
fn spot(index: usize, hop: &Hop, atlas: &Atlas<'_>) -> Option<Spot> {
    let best = hop.locus.first().filter(|_| hop.why_unplaced.is_none())?;
    let sound = |north: f32, east: f32| {
        let fits = (-90.0..=90.0).contains(&north) && (-180.0..=180.0).contains(&east);
        fits.then_some((f64::from(east), f64::from(north)))
    };
    if let Some(at) = best.lat.zip(best.lon).and_then(|(n, e)| sound(n, e)) {
        return Some(Spot { hop: index, at, exact: true });
    }
    let at = (atlas.state_centres)(best.state).and_then(|(n, e)| sound(n, e))?;
    Some(Spot { hop: index, at, exact: false })
}

/// Hops that have a place, by index.
pub(super) fn spots(path: &Path, atlas: &Atlas<'_>) -> Vec<Spot> {
    path.hops.iter().enumerate().filter_map(|(i, hop)| spot(i, hop, atlas)).collect()
}

/// Links between placed hops, in order. Where several chains join the same two hops, the best known one counts.
pub(super) fn links(path: &Path, spots: &[Spot]) -> Vec<Link> {
    let placed: BTreeSet<usize> = spots.iter().map(|s| s.hop).collect();
    let mut next: BTreeMap<usize, Vec<(usize, Knowledge)>> = BTreeMap::new();
    for s in &path.segments {
        next.entry(s.from).or_default().push((s.to, s.kind));
    }
    let mut found: BTreeMap<(usize, usize), Knowledge> = BTreeMap::new();
    for &from in &placed {
        let mut seen: BTreeMap<usize, Knowledge> = BTreeMap::new();
        let mut todo = vec![(from, Knowledge::Observed)];
        while let Some((at, so_far)) = todo.pop() {
            for &(to, kind) in next.get(&at).map(Vec::as_slice).unwrap_or_default() {
                let kind = so_far.max(kind);
                if placed.contains(&to) {
                    let best = found.entry((from, to)).or_insert(kind);
                    *best = kind.min(*best);
                } else if seen.get(&to).is_none_or(|&before| kind < before) {
                    // Each hop is entered at most once per kind, so a loop in the segments ends.
                    seen.insert(to, kind);
                    todo.push((to, kind));
                }
            }
        }
    }
    found.into_iter().filter(|((a, b), _)| a != b).map(|((from, to), kind)| Link { from, to, kind }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{bare, centres, names, report};
    use super::*;
    use crate::report::model::Segment;

    const ATLAS: Atlas<'static> = Atlas { state_centres: &centres, state_names: &names };

    #[test]
    fn hops_without_a_reason_to_be_unplaced_are_drawn_and_no_others() {
        let mut path = report().paths.swap_remove(0);
        let drawn = |path: &Path| spots(path, &ATLAS).iter().map(|s| (s.hop, s.exact)).collect::<Vec<_>>();
        assert_eq!(drawn(&path), [(0, true), (2, true), (3, true), (4, true), (6, true), (7, false)]);
        path.hops[2].why_unplaced = Some("round-trip times exclude every candidate".into());
        assert!(!drawn(&path).contains(&(2, true)));
    }

    #[test]
    fn a_link_over_unplaced_hops_is_known_no_better_than_its_worst_part() {
        let path = report().paths.swap_remove(0);
        let found = links(&path, &spots(&path, &ATLAS));
        let kind = |from, to| found.iter().find(|l| (l.from, l.to) == (from, to)).map(|l| l.kind);
        assert_eq!(kind(0, 2), Some(Knowledge::Observed));
        assert_eq!(kind(4, 6), Some(Knowledge::Gap));
        assert_eq!(kind(6, 7), Some(Knowledge::Inferred));
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn of_two_chains_the_better_known_one_counts_and_loops_end() {
        let mut path = report().paths.swap_remove(0);
        path.hops.truncate(5);
        path.hops[2] = bare(2, Some("192.0.2.1"), Some("no table has this address"));
        path.hops[3] = bare(2, Some("192.0.2.2"), Some("no table has this address"));
        let link = |from, to, kind| Segment { from, to, kind, min: 0, max: 0, why: String::new() };
        path.segments = vec![
            link(0, 2, Knowledge::Gap),
            link(2, 4, Knowledge::Observed),
            link(0, 3, Knowledge::Inferred),
            link(3, 4, Knowledge::Observed),
            link(2, 3, Knowledge::Observed),
            link(3, 2, Knowledge::Observed),
            link(4, 4, Knowledge::Observed),
        ];
        let found = links(&path, &spots(&path, &ATLAS));
        assert_eq!(found, [Link { from: 0, to: 4, kind: Knowledge::Inferred }]);
    }
}
