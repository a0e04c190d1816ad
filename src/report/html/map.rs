//! The maps: outlines once per view, then per finding the shaded states, the hops and the lines between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape::{LONGEST, html, short};
use super::label::merged;
use super::layout::{Area, Layout, beside, text_width};
use super::route::{Link, Spot, links, spots};
use super::view::View;
use super::words::{self, shade};
use super::{Atlas, HtmlError};
use crate::model::hop::Knowledge;
use crate::model::net::StateCode;
use crate::report::geometry::{Frame, Land, Point, SUBPIXELS, Topology, cut, draw, great_circle, write_line};
use crate::report::model::Path;

/// More different regional views than this, and the remaining findings are drawn on the world: keeps the page small.
const MOST_VIEWS: usize = 12;
/// Height of a marker in pixels.
const MARKER: f64 = 19.0;

/// The map of one finding.
pub(super) struct Picture {
    /// Markup.
    pub(super) svg: String,
    /// Projection, for the caption.
    pub(super) words: &'static str,
    /// States that have a probability but no room on this map, with it.
    pub(super) missing: Vec<(StateCode, f32)>,
}

struct Plan {
    view: View,
    spots: Vec<Spot>,
    links: Vec<Link>,
}

struct Drawn {
    id: String,
    frame: Frame,
    land: Land,
}

/// The maps of all findings, and the definitions they share (to be put into the page before them).
pub(super) fn pictures(
    paths: &[Path],
    labels: &[Vec<String>],
    atlas: &Atlas<'_>,
) -> Result<(String, Vec<Option<Picture>>), HtmlError> {
    let mut plans: Vec<Option<Plan>> = Vec::with_capacity(paths.len());
    let mut wanted: BTreeMap<View, BTreeSet<StateCode>> = BTreeMap::new();
    for path in paths {
        let spots = spots(path, atlas);
        let links = links(path, &spots);
        let plan = View::choose(&spots, &links).map(|view| {
            let crowded = wanted.len() >= MOST_VIEWS && !wanted.contains_key(&view);
            let view = if crowded { View::world(&spots, &links) } else { view };
            wanted.entry(view).or_default().extend(path.states.iter().map(|s| s.state));
            Plan { view, spots, links }
        });
        plans.push(plan);
    }
    let mut topologies = BTreeMap::new();
    let mut drawn: BTreeMap<View, Drawn> = BTreeMap::new();
    let mut defs = String::new();
    for (n, (view, states)) in wanted.iter().enumerate() {
        let topology = match topologies.entry(view.scale()) {
            std::collections::btree_map::Entry::Occupied(e) => e.into_mut(),
            std::collections::btree_map::Entry::Vacant(e) => e.insert(Topology::read(view.scale())?),
        };
        let frame = view.frame();
        let one = Drawn { id: format!("view{n}"), frame, land: draw(topology, &frame, &|s| states.contains(&s)) };
        define(&one, *view, &mut defs);
        drawn.insert(*view, one);
    }
    let pictures = paths.iter().zip(labels).zip(&plans).enumerate().map(|(n, ((path, labels), plan))| {
        let plan = plan.as_ref()?;
        Some(picture(n, path, labels, plan, drawn.get(&plan.view)?, atlas))
    });
    Ok((defs, pictures.collect()))
}

/// Outlines of a view as definitions: sea, graticule, land, borders, and each state that some finding shades.
fn define(one: &Drawn, view: View, out: &mut String) {
    let Drawn { id, frame, land } = one;
    let scale = 1.0 / SUBPIXELS;
    let mut net = String::new();
    let mut sea = String::new();
    let step = view.graticule();
    let line = |points: Vec<Point>, out: &mut String| {
        for piece in cut(&points, frame.projection.lon0()) {
            let pixels: Vec<Point> = piece.into_iter().map(|p| frame.pixel(frame.projection.project_relative(p))).collect();
            for run in pixels.chunk_by(|a, b| near(frame, *a) && near(frame, *b)).filter(|r| r.len() > 1) {
                write_line(run, out);
            }
        }
    };
    for lon in (-180..180).step_by(step.unsigned_abs().into()) {
        line((-80..=80).step_by(2).map(|lat| (f64::from(lon), f64::from(lat))).collect(), &mut net);
    }
    for lat in (-90 + step..90).step_by(step.unsigned_abs().into()) {
        line((-180..=180).step_by(2).map(|lon| (f64::from(lon), f64::from(lat))).collect(), &mut net);
    }
    match view {
        View::World { .. } => {
            let side = |x: f64| (-45..=45).map(move |lat| (x, f64::from(lat) * 2.0));
            let ring: Vec<Point> =
                side(-180.0).chain(side(180.0).rev()).map(|p| frame.pixel(frame.projection.project_relative(p))).collect();
            write_line(&ring, &mut sea);
            sea.push('z');
        }
        View::Region { .. } => {
            let (w, h) = frame.size;
            write_line(&[(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)], &mut sea);
            sea.push('z');
        }
    }
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<g id=\"{id}-land\"><g transform=\"scale({scale})\"><path class=\"sea\" d=\"{sea}\"/><path class=\"net\" d=\"{net}\"/>"
    );
    let _ = write!(out, "<path class=\"land\" d=\"{}\"/></g></g>", land.all);
    let _ = write!(out, "<g id=\"{id}-lines\"><g transform=\"scale({scale})\"><path class=\"border\" d=\"{}\"/>", land.borders);
    let _ = write!(out, "<path class=\"coast\" d=\"{}\"/></g></g>", land.coast);
    for (state, data) in &land.states {
        let _ = write!(out, "<g id=\"{id}-{state}\"><path transform=\"scale({scale})\" d=\"{data}\"/></g>");
    }
    out.push('\n');
}

/// In the frame or close to it: graticule lines are broken where they are far outside.
fn near(frame: &Frame, (x, y): Point) -> bool {
    (-60.0..=frame.size.0 + 60.0).contains(&x) && (-60.0..=frame.size.1 + 60.0).contains(&y)
}

/// Hops that share a marker.
struct Cluster {
    hops: Vec<usize>,
    at: Point,
    exact: bool,
    area: Area,
}

fn picture(n: usize, path: &Path, labels: &[String], plan: &Plan, drawn: &Drawn, atlas: &Atlas<'_>) -> Picture {
    let Drawn { id, frame, land } = drawn;
    let (w, h) = frame.size;
    let mut svg = String::new();
    let number = n + 1;
    let _ = write!(
        svg,
        "<svg class=\"map\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"map{number}-t map{number}-d\">\
         <title id=\"map{number}-t\">Map of finding {number}</title><desc id=\"map{number}-d\">{}</desc>\
         <clipPath id=\"map{number}-c\"><rect width=\"{w}\" height=\"{h}\"/></clipPath><g clip-path=\"url(#map{number}-c)\">\
         <use href=\"#{id}-land\"/>",
        html(&describe(path, labels, plan, atlas), LONGEST)
    );
    let mut missing = Vec::new();
    for s in &path.states {
        let class = shade(s.p);
        if land.states.contains_key(&s.state) {
            let _ = write!(svg, "<use class=\"s{class}\" href=\"#{id}-{}\"/>", s.state);
        } else if let Some((x, y)) = centre(s.state, frame, atlas) {
            let _ = write!(svg, "<circle class=\"s{class} tiny\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\"/>");
        } else {
            missing.push((s.state, s.p));
        }
    }
    let _ = write!(svg, "<use href=\"#{id}-lines\"/>");
    let clusters = clusters(labels, plan, frame);
    let lines = draw_links(plan, frame, &clusters, &mut svg);
    for s in &plan.spots {
        let (x, y) = frame.place(s.at);
        let _ = write!(svg, "<circle class=\"spot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.4\"/>");
    }
    let mut layout = Layout::new(frame.size, lines);
    for c in &clusters {
        layout.take(c.area);
    }
    for c in &clusters {
        draw_marker(c, path, labels, atlas, &mut layout, &mut svg);
    }
    for s in &path.states {
        let Some(at) = centre(s.state, frame, atlas) else { continue };
        let text = format!("{} {}", s.state, words::p(s.p));
        let (tw, th) = (text_width(&text, 11.0) + 6.0, 14.0);
        let spot = Area::around(at, 16.0, 6.0);
        let choices = std::iter::once(Area::around(at, tw, th)).chain(beside(spot, tw, th)).chain(beside(
            Area::around(at, 60.0, 50.0),
            tw,
            th,
        ));
        if let Some(a) = layout.find(choices) {
            let _ = write!(
                svg,
                "<text class=\"tag\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                a.x + a.w / 2.0,
                a.y + 11.0,
                html(&text, LONGEST)
            );
        }
    }
    let _ = write!(svg, "</g><rect class=\"frame\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\"/></svg>", w - 1.0, h - 1.0);
    Picture { svg, words: plan.view.words(), missing }
}

fn centre(state: StateCode, frame: &Frame, atlas: &Atlas<'_>) -> Option<Point> {
    let (north, east) = (atlas.state_centres)(state)?;
    let at = frame.place((f64::from(east), f64::from(north)));
    frame.shows(at).then_some(at)
}

/// Markers that would cover each other become one.
fn clusters(labels: &[String], plan: &Plan, frame: &Frame) -> Vec<Cluster> {
    let sized = |hops: &[usize], at: Point| {
        let text = merged(hops.iter().filter_map(|&h| labels.get(h)).map(String::as_str));
        Area::around(at, (text_width(&text, 12.0) + 12.0).max(MARKER), MARKER)
    };
    let mut clusters: Vec<Cluster> = Vec::new();
    for s in &plan.spots {
        let at = frame.place(s.at);
        match clusters.iter_mut().find(|c| (c.at.0 - at.0).hypot(c.at.1 - at.1) < 0.5 && c.exact == s.exact) {
            Some(same) => same.hops.push(s.hop),
            None => clusters.push(Cluster { hops: vec![s.hop], at, exact: s.exact, area: sized(&[s.hop], at) }),
        }
    }
    for c in &mut clusters {
        c.area = sized(&c.hops, c.at);
    }
    'again: loop {
        for i in 0..clusters.len() {
            for j in i + 1..clusters.len() {
                let (Some(a), Some(b)) = (clusters.get(i), clusters.get(j)) else { continue };
                if !a.area.meets(&b.area) {
                    continue;
                }
                let (m, n) = (a.hops.len() as f64, b.hops.len() as f64);
                let at = ((a.at.0 * m + b.at.0 * n) / (m + n), (a.at.1 * m + b.at.1 * n) / (m + n));
                let exact = a.exact || b.exact;
                let mut hops: Vec<usize> = a.hops.iter().chain(&b.hops).copied().collect();
                hops.sort_unstable();
                let area = sized(&hops, at);
                clusters.remove(j);
                if let Some(slot) = clusters.get_mut(i) {
                    *slot = Cluster { hops, at, exact, area };
                }
                continue 'again;
            }
        }
        return clusters;
    }
}

/// Draws the links, the least known first so that the best known lie on top; returns points along them.
fn draw_links(plan: &Plan, frame: &Frame, clusters: &[Cluster], svg: &mut String) -> Vec<Point> {
    let at: BTreeMap<usize, Point> = plan.spots.iter().map(|s| (s.hop, s.at)).collect();
    let mut order: Vec<&Link> = plan.links.iter().collect();
    order.sort_by_key(|l| (std::cmp::Reverse(l.kind), l.from, l.to));
    let mut points = Vec::new();
    let mut marks = String::new();
    for link in order {
        let (Some(&a), Some(&b)) = (at.get(&link.from), at.get(&link.to)) else { continue };
        if a == b {
            continue;
        }
        let pieces: Vec<Vec<Point>> = cut(&great_circle(a, b), frame.projection.lon0())
            .into_iter()
            .map(|piece| piece.into_iter().map(|p| frame.pixel(frame.projection.project_relative(p))).collect())
            .collect();
        let mut data = String::new();
        for piece in &pieces {
            write_line(piece, &mut data);
            for pair in piece.windows(2) {
                let &[p, q] = pair else { continue };
                let steps = ((q.0 - p.0).hypot(q.1 - p.1) / 6.0).ceil().clamp(1.0, 400.0) as usize;
                points.extend((0..steps).map(|i| {
                    let t = i as f64 / steps as f64;
                    (p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t)
                }));
            }
        }
        let kind = link.kind.as_str();
        let _ = write!(
            svg,
            "<g transform=\"scale({})\"><path class=\"halo\" d=\"{data}\"/><path class=\"link {kind}\" d=\"{data}\"/></g>",
            1.0 / SUBPIXELS
        );
        let longest = pieces.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
        if let Some((p, angle)) = longest.filter(|l| length(l) > 46.0).and_then(|l| halfway(l))
            && !clusters.iter().any(|c| c.area.holds(p))
        {
            let (x, y) = p;
            let _ = write!(
                marks,
                "<path class=\"arrow {kind}\" transform=\"translate({x:.1} {y:.1}) rotate({angle:.0})\" d=\"M-5-4.5L6 0-5 4.5z\"/>"
            );
            if link.kind == Knowledge::Gap {
                let _ = write!(marks, "<text class=\"query\" x=\"{x:.1}\" y=\"{:.1}\">?</text>", y - 9.0);
            }
        }
    }
    svg.push_str(&marks);
    points
}

fn length(line: &[Point]) -> f64 {
    line.iter().zip(line.iter().skip(1)).map(|(a, b)| (b.0 - a.0).hypot(b.1 - a.1)).sum()
}

/// The point in the middle of a line and its direction there, degrees clockwise from east.
fn halfway(line: &[Point]) -> Option<(Point, f64)> {
    let mut left = length(line) / 2.0;
    for (a, b) in line.iter().zip(line.iter().skip(1)) {
        let step = (b.0 - a.0).hypot(b.1 - a.1);
        if step >= left && step > 0.0 {
            let t = left / step;
            return Some(((a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t), (b.1 - a.1).atan2(b.0 - a.0).to_degrees()));
        }
        left -= step;
    }
    None
}

/// City of a hop, or the name of its state.
fn place_name(path: &Path, hop: usize, atlas: &Atlas<'_>) -> Option<String> {
    let best = path.hops.get(hop)?.locus.first()?;
    let state = || (atlas.state_names)(best.state).unwrap_or_else(|| best.state.to_string());
    Some(best.city.clone().unwrap_or_else(state))
}

fn draw_marker(c: &Cluster, path: &Path, labels: &[String], atlas: &Atlas<'_>, layout: &mut Layout, svg: &mut String) {
    let text = merged(c.hops.iter().filter_map(|&h| labels.get(h)).map(String::as_str));
    let mut places: Vec<String> = Vec::new();
    for name in c.hops.iter().filter_map(|&h| place_name(path, h, atlas)) {
        if !places.contains(&name) {
            places.push(name);
        }
    }
    let class = if c.exact { "exact" } else { "state" };
    let Area { x, y, w, h } = c.area;
    let known = if c.exact { "" } else { " (only the state is known)" };
    let title = format!("Hop {text}: {}{known}", places.join(", "));
    let _ = write!(
        svg,
        "<g class=\"marker {class}\"><title>{}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h}\" rx=\"9.5\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
        html(&title, LONGEST),
        c.at.0,
        c.at.1 + 4.2,
        html(&text, LONGEST)
    );
    let more = places.len().saturating_sub(2);
    let mut name = places.iter().take(2).map(|p| short(p, 22)).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(name, " +{more}");
    }
    let only_first = places.first().map(|p| short(p, 22)).unwrap_or_default();
    for text in [name, only_first] {
        let (tw, th) = (text_width(&text, 12.5) + 4.0, 16.0);
        if let Some(a) = layout.find(beside(c.area, tw, th)) {
            // The width is a guess, so a label beside its marker is set from the near edge.
            let (class, x) = if a.x >= c.area.x + c.area.w {
                ("city right", a.x + 2.0)
            } else if a.x + a.w <= c.area.x {
                ("city left", a.x + a.w - 2.0)
            } else {
                ("city", a.x + a.w / 2.0)
            };
            let _ = write!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", a.y + 12.4, html(&text, LONGEST));
            break;
        }
    }
}

/// The map in words, for those who cannot see it.
fn describe(path: &Path, labels: &[String], plan: &Plan, atlas: &Atlas<'_>) -> String {
    let mut text = String::from("Hops with a place, in order: ");
    for (i, s) in plan.spots.iter().enumerate().take(60) {
        let label = labels.get(s.hop).map(String::as_str).unwrap_or("?");
        let name = place_name(path, s.hop, atlas).unwrap_or_default();
        let known = if s.exact { "" } else { " (state only)" };
        let _ = write!(text, "{}{label} {}{known}", if i > 0 { "; " } else { "" }, short(&name, 40));
    }
    if plan.spots.len() > 60 {
        let _ = write!(text, "; and {} more", plan.spots.len() - 60);
    }
    let _ = write!(text, ". {} of {} have none.", path.hops.len() - plan.spots.len(), words::several(path.hops.len(), "hop"));
    text
}
