//! Outlines as SVG path data in one map frame: simplified, clipped, projected, rounded to a tenth of a pixel.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::topology::Topology;
use super::{Point, Projection, distance, wrap};
use crate::model::net::StateCode;

/// Path data is written in tenths of a pixel, so that it needs no decimal points.
pub(in crate::report) const SUBPIXELS: f64 = 10.0;
/// Lines may be off by this much, in pixels.
const TOLERANCE: f64 = 0.35;
/// Islands smaller than this in both directions are left out, in pixels, unless a state has nothing larger.
const SMALLEST: f64 = 1.2;

/// A map frame: which part of the plane it shows, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Frame {
    /// How the sphere is laid flat.
    pub(in crate::report) projection: Projection,
    /// Plane coordinates of the upper left corner.
    pub(in crate::report) corner: Point,
    /// Pixels per radius.
    pub(in crate::report) zoom: f64,
    /// Pixels, width and height.
    pub(in crate::report) size: Point,
}

impl Frame {
    /// Pixel of a point of the plane, from the upper left corner.
    pub(in crate::report) fn pixel(&self, (x, y): Point) -> Point {
        ((x - self.corner.0) * self.zoom, (self.corner.1 - y) * self.zoom)
    }

    /// Pixel of a point in degrees.
    pub(in crate::report) fn place(&self, point: Point) -> Point {
        self.pixel(self.projection.project(point))
    }

    /// Does the frame show this pixel?
    pub(in crate::report) fn shows(&self, (x, y): Point) -> bool {
        (0.0..=self.size.0).contains(&x) && (0.0..=self.size.1).contains(&y)
    }
}

/// Path data for one frame, in tenths of a pixel.
#[derive(Default)]
pub(in crate::report) struct Land {
    /// All areas together.
    pub(in crate::report) all: String,
    /// Lines with land on one side.
    pub(in crate::report) coast: String,
    /// Lines between two areas.
    pub(in crate::report) borders: String,
    /// Areas of single states; only those that were asked for and that the frame shows.
    pub(in crate::report) states: BTreeMap<StateCode, String>,
}

/// Draws the outlines into a frame. `wanted` says which states get path data of their own.
pub(in crate::report) fn draw(topology: &Topology, frame: &Frame, wanted: &dyn Fn(StateCode) -> bool) -> Land {
    let tolerance = (TOLERANCE / frame.zoom).to_degrees();
    let arcs: Vec<Vec<Point>> = topology.arcs.iter().map(|arc| simplify(arc, tolerance)).collect();
    let mut land = Land::default();
    for area in &topology.areas {
        let rings = area.rings.iter().flat_map(|r| ring_pixels(frame, &Topology::ring(&arcs, r)));
        let data = area_path(rings.collect());
        land.all.push_str(&data);
        if let Some(state) = area.state.filter(|s| wanted(*s) && !data.is_empty()) {
            land.states.entry(state).or_default().push_str(&data);
        }
    }
    for (arc, uses) in arcs.iter().zip(&topology.uses) {
        match uses {
            0 => {}
            1 => line_path(frame, arc, &mut land.coast),
            _ => line_path(frame, arc, &mut land.borders),
        }
    }
    land
}

/// Douglas and Peucker (1973), on degrees with longitudes shortened by the cosine of the latitude.
fn simplify(line: &[Point], tolerance: f64) -> Vec<Point> {
    let (Some(&first), Some(last)) = (line.first(), line.len().checked_sub(1)) else { return Vec::new() };
    let shrink = (line.iter().map(|p| p.1).sum::<f64>() / line.len() as f64).to_radians().cos().max(0.05);
    let flat = |p: Point| (p.0 * shrink, p.1);
    let mut keep: Vec<bool> = (0..=last).map(|i| i == 0 || i == last).collect();
    let mut todo = vec![(0, last)];
    while let Some((from, to)) = todo.pop() {
        let (a, b) = (flat(line.get(from).copied().unwrap_or(first)), flat(line.get(to).copied().unwrap_or(first)));
        let mut farthest = (tolerance, None);
        for (i, &p) in line.iter().enumerate().take(to).skip(from + 1) {
            let off = off_segment(flat(p), a, b);
            if off > farthest.0 {
                farthest = (off, Some(i));
            }
        }
        if let Some(middle) = farthest.1 {
            if let Some(slot) = keep.get_mut(middle) {
                *slot = true;
            }
            todo.extend([(from, middle), (middle, to)]);
        }
    }
    line.iter().zip(keep).filter_map(|(&p, k)| k.then_some(p)).collect()
}

fn off_segment(p: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let square = dx * dx + dy * dy;
    let t = if square > 0.0 { (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    (p.0 - a.0 - t * dx).hypot(p.1 - a.1 - t * dy)
}

/// The parts of a ring that the frame shows, in pixels.
fn ring_pixels(frame: &Frame, ring: &[Point]) -> Vec<Vec<Point>> {
    let projection = frame.projection;
    if let Projection::Azimuthal { lon0, lat0 } = projection
        && !ring.iter().any(|&p| distance(p, (lon0, lat0)) < 90.0)
    {
        // A ring around the antipode would turn inside out. No frame is wide enough to show any of it.
        return Vec::new();
    }
    let margin = 2.0;
    turns(ring, projection.lon0())
        .into_iter()
        .filter_map(|copy| {
            let world = keep_side(&keep_side(&copy, |p| p.0 + 180.0), |p| 180.0 - p.0);
            let flat: Vec<Point> = dense(&world, true).into_iter().map(|p| frame.pixel(projection.project_relative(p))).collect();
            let flat = keep_side(&keep_side(&flat, |p| p.0 + margin), |p| frame.size.0 + margin - p.0);
            let flat = keep_side(&keep_side(&flat, |p| p.1 + margin), |p| frame.size.1 + margin - p.1);
            (flat.len() > 2).then_some(flat)
        })
        .collect()
}

/// Copies of a line, whole turns apart, that reach into -180..180 around `lon0`.
fn turns(line: &[Point], lon0: f64) -> Vec<Vec<Point>> {
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    for p in line {
        west = west.min(p.0 - lon0);
        east = east.max(p.0 - lon0);
    }
    (-2..=2)
        .map(|turn| f64::from(turn) * 360.0)
        .filter(|shift| west + shift < 180.0 && east + shift > -180.0)
        .map(|shift| line.iter().map(|p| (p.0 - lon0 + shift, p.1)).collect())
        .collect()
}

/// One side of Sutherland and Hodgman's polygon clipping (1974): keeps where `inside` is not negative.
fn keep_side(ring: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(ring.len());
    let Some(&last) = ring.last() else { return kept };
    let mut before = (last, inside(last));
    for &p in ring {
        let now = inside(p);
        if (now >= 0.0) != (before.1 >= 0.0) {
            let t = before.1 / (before.1 - now);
            kept.push((before.0.0 + (p.0 - before.0.0) * t, before.0.1 + (p.1 - before.0.1) * t));
        }
        if now >= 0.0 {
            kept.push(p);
        }
        before = (p, now);
    }
    kept
}

/// Makes long steps short. Outlines are straight in degrees (the 49th parallel is two points), but neither a
/// parallel nor the edge of the world is straight on these maps.
fn dense(line: &[Point], closed: bool) -> Vec<Point> {
    let mut out = Vec::with_capacity(line.len());
    let mut before = if closed { line.last().copied() } else { None };
    for &p in line {
        if let Some(b) = before {
            let steps = ((p.0 - b.0).abs().max((p.1 - b.1).abs()) / 2.0).ceil().clamp(1.0, 180.0) as usize;
            out.extend((1..steps).map(|i| {
                let t = i as f64 / steps as f64;
                (b.0 + (p.0 - b.0) * t, b.1 + (p.1 - b.1) * t)
            }));
        }
        out.push(p);
        before = Some(p);
    }
    out
}

fn area_path(mut rings: Vec<Vec<Point>>) -> String {
    let extent = |ring: &[Point]| -> f64 {
        let (mut low, mut high) = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        for p in ring {
            low = (low.0.min(p.0), low.1.min(p.1));
            high = (high.0.max(p.0), high.1.max(p.1));
        }
        (high.0 - low.0).max(high.1 - low.1)
    };
    let largest = rings.iter().map(|r| extent(r)).fold(0.0, f64::max);
    rings.retain(|r| extent(r) >= SMALLEST.min(largest));
    let mut data = String::new();
    for ring in &rings {
        let before = data.len();
        if write_line(ring, &mut data) < 3 {
            data.truncate(before);
        } else {
            data.push('z');
        }
    }
    data
}

fn line_path(frame: &Frame, arc: &[Point], data: &mut String) {
    let projection = frame.projection;
    if let Projection::Azimuthal { lon0, lat0 } = projection
        && !arc.iter().any(|&p| distance(p, (lon0, lat0)) < 90.0)
    {
        return;
    }
    for piece in super::cut(&arc.iter().map(|p| (wrap(p.0), p.1)).collect::<Vec<_>>(), projection.lon0()) {
        let pixels: Vec<Point> = dense(&piece, false).into_iter().map(|p| frame.pixel(projection.project_relative(p))).collect();
        let mut run: Vec<Point> = Vec::new();
        for pair in pixels.windows(2) {
            let &[a, b] = pair else { continue };
            let misses = (a.0 < 0.0 && b.0 < 0.0)
                || (a.1 < 0.0 && b.1 < 0.0)
                || (a.0 > frame.size.0 && b.0 > frame.size.0)
                || (a.1 > frame.size.1 && b.1 > frame.size.1);
            if misses {
                write_line(&std::mem::take(&mut run), data);
            } else {
                if run.is_empty() {
                    run.push(a);
                }
                run.push(b);
            }
        }
        write_line(&run, data);
    }
}

/// Writes a line in tenths of a pixel, steps relative; returns how many points are left after rounding.
pub(in crate::report) fn write_line(line: &[Point], data: &mut String) -> usize {
    let mut points = 0;
    let mut before = (0i64, 0i64);
    for p in line {
        let now = ((p.0 * SUBPIXELS).round() as i64, (p.1 * SUBPIXELS).round() as i64);
        // Writing into a String cannot fail.
        if points == 0 {
            let _ = write!(data, "M{} {}", now.0, now.1);
        } else if now != before {
            let (dx, dy) = (now.0 - before.0, now.1 - before.1);
            let lead = if points == 1 {
                "l"
            } else if dx < 0 {
                ""
            } else {
                " "
            };
            let _ = write!(data, "{lead}{dx}{}{dy}", if dy < 0 { "" } else { " " });
        } else {
            continue;
        }
        points += 1;
        before = now;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::super::Scale;
    use super::*;

    fn world() -> Frame {
        Frame {
            projection: Projection::EqualEarth { lon0: 11.0 },
            corner: (-2.706_63, 1.3),
            zoom: 960.0 / 5.413_26,
            size: (960.0, 410.0),
        }
    }

    #[test]
    fn lines_are_relative_and_drop_repeats() {
        let mut data = String::new();
        assert_eq!(write_line(&[(1.0, 2.0), (1.01, 2.0), (3.0, 1.0), (2.0, 4.0)], &mut data), 3);
        assert_eq!(data, "M10 20l20-10-10 30");
    }

    #[test]
    fn simplifying_keeps_ends_and_corners() {
        let line = [(0.0, 0.0), (1.0, 0.001), (2.0, 0.0), (2.0, 2.0)];
        assert_eq!(simplify(&line, 0.01), [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0)]);
        assert_eq!(simplify(&line, 0.0001).len(), 4);
        assert!(simplify(&[], 1.0).is_empty());
    }

    #[test]
    fn long_steps_become_short_and_nothing_else_changes() {
        assert_eq!(dense(&[(0.0, 0.0), (1.0, 1.0)], true), [(0.0, 0.0), (1.0, 1.0)]);
        assert_eq!(dense(&[(0.0, 49.0), (3.0, 49.0)], false), [(0.0, 49.0), (1.5, 49.0), (3.0, 49.0)]);
        assert_eq!(dense(&[(0.0, 49.0), (3.0, 49.0)], true).len(), 4);
    }

    #[test]
    fn clipping_cuts_a_square_in_half() {
        let half = keep_side(&[(-1.0, 0.0), (1.0, 0.0), (1.0, 1.0), (-1.0, 1.0)], |p| p.0);
        assert_eq!(half.len(), 4);
        assert!(half.iter().all(|p| p.0 >= 0.0));
    }

    /// Every number of every path lies in the frame: nothing is smeared across the map at the edge of the world.
    #[test]
    fn the_world_stays_in_its_frame_and_russia_lies_on_both_edges() {
        let topology = Topology::read(Scale::World).unwrap();
        let frame = world();
        let ru = StateCode::new("RU").unwrap();
        let mut frame0 = frame;
        frame0.projection = Projection::EqualEarth { lon0: 0.0 };
        let rings: Vec<Vec<Point>> = topology
            .areas
            .iter()
            .filter(|a| a.state == Some(ru))
            .flat_map(|a| &a.rings)
            .flat_map(|r| ring_pixels(&frame0, &Topology::ring(&topology.arcs, r)))
            .collect();
        // Larger than Wrangel Island, which lies wholly east of 180.
        let wide = |r: &[Point]| r.iter().any(|p| p.0 > r.iter().map(|q| q.0).fold(f64::MAX, f64::min) + 8.0);
        assert!(rings.iter().any(|r| wide(r) && r.iter().all(|p| p.0 < 300.0)), "Chukotka east of 180");
        assert!(rings.iter().any(|r| r.iter().all(|p| p.0 > 400.0)), "the rest");
        assert!(rings.iter().flatten().all(|p| (-3.0..=963.0).contains(&p.0)));
        let land = draw(&topology, &frame, &|s| s == ru);
        assert_eq!(land.states.len(), 1);
        assert!(land.all.len() < 150_000 && land.coast.len() + land.borders.len() < 120_000);
    }

    /// Area in pixels of a state, from its path rings, against its area in the real world: catches inverted,
    /// doubled and missing rings.
    #[test]
    fn areas_on_the_map_match_the_earth() {
        let topology = Topology::read(Scale::World).unwrap();
        let frame = world();
        for (code, km2) in [("AU", 7.69e6), ("BR", 8.51e6), ("DE", 0.357e6), ("RU", 17.1e6), ("ZA", 1.22e6)] {
            let state = StateCode::new(code).unwrap();
            let rings = topology.areas.iter().filter(|a| a.state == Some(state)).flat_map(|a| &a.rings);
            let pixels: f64 = rings
                .flat_map(|r| ring_pixels(&frame, &Topology::ring(&topology.arcs, r)))
                .map(|r| {
                    let next = r.iter().cycle().skip(1);
                    r.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
                })
                .sum::<f64>()
                .abs();
            let on_earth = pixels / frame.zoom.powi(2) * 6371f64.powi(2);
            assert!((on_earth / km2 - 1.0).abs() < 0.06, "{code}: {on_earth:.0} km2");
        }
    }
}
