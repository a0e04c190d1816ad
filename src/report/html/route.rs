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
