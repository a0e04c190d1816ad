//! The path as a line with stations: every hop in order, placed or not, gaps broken, borders as ticks.
//! Unlike the map it leaves nothing out: a hop without a place has its station here, with the reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Atlas;
use super::escape::{LONGEST, html, short};
use super::words;
use crate::model::hop::Knowledge;
use crate::report::geometry::Point;
use crate::report::model::{Hop, Path, Segment};

/// Stations per row: seven still read well on A4.
const PER_ROW: usize = 7;
/// Pixels from one station to the next.
const STEP: f64 = 126.0;
/// Pixels left and right of the stations' cells, for lines that go on in the next row.
const SIDE: f64 = 34.0;
/// Pixels above the line of a row, for borders.
const ABOVE: f64 = 46.0;
/// Pixels from one branch to the next, and from the last branch to the end of the row.
const BRANCH: f64 = 96.0;
/// Radius of a station.
const RADIUS: f64 = 13.0;
/// Branches of one rank that are drawn; the table has all.
const BRANCHES: usize = 5;
/// Ranks that are drawn; the table has all.
const RANKS: usize = 140;

/// One station.
#[derive(Clone, Copy)]
struct Station {
    column: usize,
    row: usize,
    x: f64,
    y: f64,
}

/// Where everything stands.
struct Plan {
    /// Stations by hop.
    stations: BTreeMap<usize, Station>,
    /// Where it says how many branches of a rank are not drawn.
    left_out: Vec<(Point, usize)>,
    /// Hops of ranks that are not drawn.
    beyond: usize,
    height: f64,
}

/// The diagram of one finding.
pub(super) struct Picture {
    pub(super) svg: String,
    /// Hops of ranks beyond the last one that is drawn.
    pub(super) left_out: usize,
}

fn plan(path: &Path) -> Plan {
    let mut ranks: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (i, hop) in path.hops.iter().enumerate() {
        ranks.entry(hop.rank).or_default().push(i);
    }
    let mut columns: Vec<Vec<usize>> = ranks.into_values().collect();
    let beyond = columns.drain(RANKS.min(columns.len())..).map(|hops| hops.len()).sum();
    let mut stations = BTreeMap::new();
    let mut left_out = Vec::new();
    let mut top = 0.0;
    for (row, line) in columns.chunks(PER_ROW).enumerate() {
        let branches = line.iter().map(|c| c.len().min(BRANCHES)).max().unwrap_or(1);
        for (i, hops) in line.iter().enumerate() {
            let x = SIDE + STEP * (i as f64 + 0.5);
            for (branch, &hop) in hops.iter().take(BRANCHES).enumerate() {
                let y = top + ABOVE + BRANCH * branch as f64;
                stations.insert(hop, Station { column: row * PER_ROW + i, row, x, y });
            }
            if hops.len() > BRANCHES {
                let at = (x, top + ABOVE + BRANCH * BRANCHES as f64 - 12.0);
                left_out.push((at, hops.len() - BRANCHES));
            }
        }
        top += ABOVE + BRANCH * branches as f64;
    }
    Plan { stations, left_out, beyond, height: top + 4.0 }
}

/// Draws the path; `None` for one without hops.
pub(super) fn picture(n: usize, path: &Path, labels: &[String], atlas: &Atlas<'_>) -> Option<Picture> {
    if path.hops.is_empty() {
        return None;
    }
    let Plan { stations, left_out, beyond, height } = plan(path);
    let columns = stations.values().map(|s| s.column + 1).max().unwrap_or(1).min(PER_ROW);
    let width = 2.0 * SIDE + STEP * PER_ROW as f64;
    let number = n + 1;
    let mut svg = format!(
        "<svg class=\"diagram\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"way{number}-t way{number}-d\">\
         <title id=\"way{number}-t\">Path diagram of finding {number}</title>\
         <desc id=\"way{number}-d\">{} in {}. The table below says the same in words.</desc>",
        words::several(path.hops.len(), "hop"),
        words::several(columns, "column"),
    );
    for segment in &path.segments {
        if let (Some(a), Some(b)) = (stations.get(&segment.from), stations.get(&segment.to)) {
            draw_segment(segment, *a, *b, &mut svg);
        }
    }
    draw_borders(path, labels, &stations, &mut svg);
    for (i, s) in &stations {
        if let (Some(hop), Some(label)) = (path.hops.get(*i), labels.get(*i)) {
            draw_station(hop, label, *s, atlas, &mut svg);
        }
    }
    for ((x, y), more) in &left_out {
        let _ = write!(svg, "<text class=\"note\" x=\"{x:.0}\" y=\"{y:.0}\">and {more} more in the table</text>");
    }
    svg.push_str("</svg>");
    Some(Picture { svg, left_out: beyond })
}

/// The straight or bent parts of a link: two of them where it goes on in the next row.
fn pieces(a: Station, b: Station) -> Vec<(Point, Point)> {
    if a.row == b.row {
        return vec![((a.x, a.y), (b.x, b.y))];
    }
    let right = 2.0 * SIDE + STEP * PER_ROW as f64;
    vec![((a.x, a.y), (right - 4.0, a.y)), ((4.0, b.y), (b.x, b.y))]
}

fn draw_segment(segment: &Segment, a: Station, b: Station, svg: &mut String) {
    let kind = segment.kind.as_str();
    let hidden = words::hidden(segment.min, segment.max);
    let title = format!("{kind}; hidden routers: {hidden}; {}", segment.why);
    // Writing into a String cannot fail.
    let _ = write!(svg, "<g><title>{}</title>", html(&title, LONGEST));
    let parts = pieces(a, b);
    for &((x1, y1), (x2, y2)) in &parts {
        let skips = parts.len() == 1 && b.column > a.column + 1 && (y1 - y2).abs() < 1.0;
        if skips {
            let _ = write!(
                svg,
                "<path class=\"link {kind}\" d=\"M{x1:.0} {y1:.0}Q{:.0} {:.0} {x2:.0} {y2:.0}\"/>",
                (x1 + x2) / 2.0,
                y1 - 58.0
            );
        } else if (y1 - y2).abs() > 1.0 {
            // Steep in the middle, where no caption is.
            let bend = (x2 - x1) * 0.58;
            let (c1, c2) = (x1 + bend, x2 - bend);
            let _ = write!(
                svg,
                "<path class=\"link {kind}\" d=\"M{x1:.0} {y1:.0}C{c1:.0} {y1:.0} {c2:.0} {y2:.0} {x2:.0} {y2:.0}\"/>"
            );
        } else {
            let _ = write!(svg, "<path class=\"link {kind}\" d=\"M{x1:.0} {y1:.0}H{x2:.0}\"/>");
        }
    }
    if parts.len() == 2 {
        for &((x1, _), (x2, y)) in &parts {
            let x = if x1 > SIDE { x2 - 3.0 } else { 9.0 };
            let _ = write!(svg, "<path class=\"more\" d=\"M{:.0} {:.0}l5 5-5 5\"/>", x - 4.0, y - 5.0);
        }
    }
    if segment.kind != Knowledge::Observed {
        let number = hidden.replace(" to ", "–");
        let text = match segment.kind {
            Knowledge::Gap if segment.max > 0 => format!("? {number}"),
            Knowledge::Gap => "?".into(),
            _ if segment.max > 0 => format!("{kind}, {number}"),
            _ => kind.into(),
        };
        let ((x1, y1), (x2, y2)) = parts.last().copied().unwrap_or_default();
        // Between the two stations, below the line; on a continued line right after the edge.
        let x = if parts.len() == 2 { (b.x - RADIUS) / 2.0 } else { (x1 + x2) / 2.0 };
        let _ = write!(svg, "<text class=\"how\" x=\"{x:.0}\" y=\"{:.0}\">{text}</text>", (y1 + y2) / 2.0 + 13.0);
    }
    svg.push_str("</g>");
}

fn draw_borders(path: &Path, labels: &[String], stations: &BTreeMap<usize, Station>, svg: &mut String) {
    // Several borders at one tick (branches) are one tick above the upper line, with the first text and a count.
    let mut ticks: BTreeMap<(usize, i64, i64), (String, String, usize)> = BTreeMap::new();
    for border in &path.borders {
        let (Some(a), Some(b)) = (stations.get(&border.from), stations.get(&border.to)) else { continue };
        // Where hops without a place lie between, the border is somewhere before the second hop.
        let near = stations
            .values()
            .filter(|s| s.column + 1 == b.column)
            .map(|s| s.y)
            .fold(a.y, |y, other| if a.column + 1 == b.column { y } else { other.min(b.y) });
        let (x, y) = if b.column % PER_ROW == 0 { (SIDE + 10.0, b.y) } else { (b.x - STEP / 2.0, near.min(b.y)) };
        let label = |i: usize| labels.get(i).map(String::as_str).unwrap_or("?");
        let title = format!(
            "border between hop {} and hop {}: {} to {}, p {}",
            label(border.from),
            label(border.to),
            border.leaves,
            border.enters,
            words::p(border.p)
        );
        let text = format!("{} | {}", border.leaves, border.enters);
        let tick = ticks
            .entry((b.column, x.round() as i64, y.round() as i64))
            .or_insert_with(|| (String::new(), format!("{text}\n{}", words::p(border.p)), 0));
        tick.0.push_str(&title);
        tick.0.push_str(". ");
        tick.2 += 1;
    }
    for ((_, x, y), (title, text, several)) in &ticks {
        let (states, p) = text.split_once('\n').unwrap_or((text, ""));
        let more = if *several > 1 { format!(" +{}", several - 1) } else { String::new() };
        let _ = write!(
            svg,
            "<g class=\"tick\"><title>{}</title><path d=\"M{x} {}V{}\"/><text x=\"{x}\" y=\"{}\">{states}{more}</text><text class=\"p\" x=\"{x}\" y=\"{}\">p {}</text></g>",
            html(title, LONGEST),
            y - 14,
            y + 3,
            y - 31,
            y - 19,
            html(p, LONGEST)
        );
    }
}

/// What stands under a station, from the second line on.
struct Caption {
    head: String,
    lines: Vec<(&'static str, String)>,
}

fn caption(hop: &Hop, atlas: &Atlas<'_>) -> Caption {
    let placed = hop.locus.first().filter(|_| hop.why_unplaced.is_none());
    let mut lines = Vec::new();
    let head = match placed {
        Some(best) => {
            let rows: Vec<String> = hop.locus.iter().take(2).map(|l| format!("{} {}", l.state, words::p(l.p))).collect();
            lines.push(("p", rows.join(" | ")));
            let state = || (atlas.state_names)(best.state).unwrap_or_else(|| best.state.to_string());
            best.city.clone().unwrap_or_else(state)
        }
        None => {
            let why = hop.why_unplaced.as_deref().unwrap_or("place unknown");
            let (first, second) = two_lines(why, 22);
            lines.push(("why", first));
            if !second.is_empty() {
                lines.push(("why", second));
            }
            match hop.kind {
                _ if hop.is_withheld() => "not shown".into(),
                Knowledge::Gap => "no answer".into(),
                _ => "no place".into(),
            }
        }
    };
    if let Some(addr) = &hop.addr {
        lines.push(("addr", short(addr, 19)));
    }
    let mut last = hop.asn.map(|a| a.to_string()).unwrap_or_default();
    let fastest = hop.rtt_ms.iter().copied().filter(|r| r.is_finite() && *r >= 0.0).reduce(f64::min);
    if let Some(ms) = fastest {
        let _ = write!(last, "{}{ms:.1} ms", if last.is_empty() { "" } else { " · " });
    }
    if !last.is_empty() && lines.len() < 4 {
        lines.push(("note", last));
    }
    Caption { head, lines }
}

/// Breaks a reason into two lines at a space; what does not fit is in the station's title.
fn two_lines(text: &str, width: usize) -> (String, String) {
    let all = short(text, 2 * width);
    if all.chars().count() <= width {
        return (all, String::new());
    }
    let at = all.char_indices().take(width + 1).filter(|(_, c)| *c == ' ').map(|(i, _)| i).last();
    match at {
        Some(i) => {
            let (a, b) = all.split_at(i);
            (a.trim().into(), short(b.trim(), width))
        }
        None => (short(&all, width), String::new()),
    }
}

fn draw_station(hop: &Hop, label: &str, s: Station, atlas: &Atlas<'_>, svg: &mut String) {
    let placed = !hop.locus.is_empty() && hop.why_unplaced.is_none();
    let class = match (placed, hop.kind) {
        (_, Knowledge::Gap) => "gap",
        (true, Knowledge::Observed) => "observed",
        (true, Knowledge::Asserted) => "asserted",
        (true, _) => "inferred",
        (false, _) => "unplaced",
    };
    let Caption { head, lines } = caption(hop, atlas);
    let why = hop.why_unplaced.as_deref().map(|w| format!(". No place: {w}")).unwrap_or_default();
    let ttl = hop.ttl.map(|t| format!(", TTL {t}")).unwrap_or_default();
    let title = format!(
        "hop {label}{ttl}: {} ({}), {}{why}",
        hop.addr.as_deref().unwrap_or("no address"),
        words::known(hop).0,
        words::role(hop.role)
    );
    let wide = super::layout::text_width(label, 12.0) > 2.0 * RADIUS - 5.0;
    let size = if wide { "no small" } else { "no" };
    let _ = write!(
        svg,
        "<g class=\"station {class}\"><title>{}</title><circle cx=\"{:.0}\" cy=\"{:.0}\" r=\"{RADIUS}\"/><text class=\"{size}\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
        html(&title, LONGEST),
        s.x,
        s.y,
        s.x,
        s.y + if wide { 3.2 } else { 4.2 },
        html(label, LONGEST)
    );
    let _ =
        write!(svg, "<text class=\"head\" x=\"{:.0}\" y=\"{:.0}\">{}</text>", s.x, s.y + 28.0, html(&short(&head, 18), LONGEST));
    for (i, (class, line)) in lines.iter().enumerate() {
        let _ = write!(
            svg,
            "<text class=\"{class}\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            s.x,
            s.y + 41.5 + 13.0 * i as f64,
            html(&short(line, 23), LONGEST)
        );
    }
    svg.push_str("</g>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_break_at_a_space() {
        let (a, b) = two_lines("silent: no answer at this distance", 22);
        assert_eq!((a.as_str(), b.as_str()), ("silent: no answer at", "this distance"));
        assert_eq!(two_lines("short", 22), ("short".into(), String::new()));
        assert_eq!(two_lines(&"x".repeat(60), 22).0.chars().count(), 22);
    }

    #[test]
    fn rows_are_joined_at_their_edges() {
        let a = Station { column: 6, row: 0, x: 800.0, y: 40.0 };
        let b = Station { column: 7, row: 1, x: 90.0, y: 200.0 };
        let parts = pieces(a, b);
        assert_eq!(parts.len(), 2);
        assert!(parts[0].1.0 > a.x && parts[1].0.0 < b.x);
    }
}
