//! The report for a terminal: readable at 100 columns, colours only where the caller allows them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::escape::visible;
use super::model::{ATTRIBUTION, Hop, Path, ReportModel, Touch};
use crate::model::hop::Knowledge;
use crate::model::law::{Basis, RegimeTouch, Status};
use crate::model::net::StateCode;

mod law;
mod norms;
#[cfg(test)]
mod tests;

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// May escape sequences for colours be written?
    pub colour: bool,
    /// Columns, at least 60.
    pub width: u16,
}

impl Default for Look {
    fn default() -> Self {
        Self { colour: false, width: 100 }
    }
}

const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const WARN: Style = AnsiColor::Yellow.on_default();

impl Look {
    /// A headline.
    #[must_use]
    pub fn head(self, text: &str) -> String {
        self.paint(HEAD, text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width.max(60) - 3);
        table
    }

    /// `text` broken at words to the width, every line but the first indented like the first.
    pub(super) fn wrap(self, indent: &str, text: &str) -> String {
        let most = usize::from(self.width.max(60)) - indent.chars().count();
        let mut out = String::new();
        let mut column = 0;
        for word in text.split(' ') {
            let length = word.chars().count();
            if column != 0 && column + 1 + length > most {
                out.push('\n');
                column = 0;
            }
            if column == 0 {
                out.push_str(indent);
            } else {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
        out
    }
}

/// The whole report.
#[must_use]
pub fn render(report: &ReportModel, look: Look) -> String {
    let mut out = String::new();
    header(&mut out, report, look);
    for path in &report.paths {
        out.push('\n');
        out.push_str(&render_path(path, look));
    }
    if report.paths.is_empty() {
        let q = &report.question;
        let asked = !q.victims.is_empty() || !q.attackers.is_empty() || q.filter.is_some();
        let why = if asked {
            "No finding: nothing in the evidence matches the question."
        } else {
            "No finding: nothing in the evidence is a path, a scan, a flood or a conversation."
        };
        let _ = writeln!(out, "\n{why}");
    }
    footer(&mut out, report, look);
    out
}

fn header(out: &mut String, report: &ReportModel, look: Look) {
    let c = &report.counters;
    let first = report.inputs.iter().filter_map(|i| i.first).min();
    let last = report.inputs.iter().filter_map(|i| i.last).max();
    let period = match (first, last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    let on = report.question.on.map(|day| format!(", law as of {day}")).unwrap_or_default();
    let inputs = plural(report.inputs.len() as u64, "input");
    let line = format!("{} {}: {inputs}, {}{period}{on}", report.tool.name, report.tool.version, plural(c.packets, "packet"));
    out.push_str(&look.paint(HEAD, look.wrap("", &line).trim_end()));
    out.push('\n');
    let shown = report.paths.len();
    out.push_str(
        &look.wrap("", &format!("Findings: {shown} of {}. {}", report.question.findings, visible(&report.question.text))),
    );
}

/// `1 packet`, `12,345 packets`.
#[must_use]
pub fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(n)) }
}

/// 1234567 as `1,234,567`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// One finding.
#[must_use]
pub fn render_path(path: &Path, look: Look) -> String {
    let mut out = String::new();
    let target = path.target.addr.as_deref().unwrap_or("unknown");
    let ends = match &path.origin.addr {
        Some(origin) => format!("{origin} -> {target}"),
        None => format!("to {target}, origin not shown"),
    };
    let title = look.wrap("", &format!("{}  {}  {ends}", path.id, path.finding));
    let _ = writeln!(out, "{}", look.paint(HEAD, title.trim_end()));
    out.push_str(&look.wrap("    ", &format!("{}; source address: {}", visible(&path.reason), path.origin.trust)));
    if let Some(why) = &path.origin.withheld {
        out.push_str(&look.wrap("    ", &format!("origin not shown: {}", visible(why))));
    }
    let states: Vec<String> = path.states.iter().map(|s| format!("{} {:.2}", s.state, s.p)).collect();
    let states = if states.is_empty() { "no state, nothing could be placed".to_owned() } else { states.join("  ") };
    out.push_str(&look.wrap("    ", &format!("territory touched (probability): {states}")));
    let borders: Vec<String> =
        path.borders.iter().map(|b| format!("{} | {} {:.2} (hops {}-{})", b.leaves, b.enters, b.p, b.from, b.to)).collect();
    if !borders.is_empty() {
        out.push_str(&look.wrap("    ", &format!("borders crossed: {}", borders.join(", "))));
    }
    out.push_str(&hops(path, look));
    // What a hop says is not said again.
    let at_a_hop = |remark: &&String| path.hops.iter().any(|h| h.remarks.contains(remark));
    for remark in path.remarks.iter().filter(|r| !at_a_hop(r)) {
        out.push_str(&look.wrap("    ", &format!("note: {}", visible(remark))));
    }
    out.push_str(&touches(path, look));
    out.push_str(&law::render(path, look));
    out
}

/// Columns that the places need at least. Below it (long IPv6 addresses, a narrow terminal) the address goes above the
/// place instead of beside it.
const PLACES: usize = 30;

fn hops(path: &Path, look: Look) -> String {
    let rows: Vec<[String; 6]> = path
        .hops
        .iter()
        .enumerate()
        .map(|(index, hop)| {
            let ttl = hop.ttl.map_or_else(|| "-".to_owned(), |t| t.to_string());
            [index.to_string(), ttl, address(hop), whereabouts(path, hop), best(hop), known(path, index, hop)]
        })
        .collect();
    let head = ["#", "TTL", "address", "where (probability), name, operator", "best ms", "known by"].map(ToOwned::to_owned);
    let widest = |column: usize| {
        let cells = std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column));
        cells.flat_map(|cell| cell.lines()).map(|line| line.chars().count()).max().unwrap_or(0) + 2
    };
    let beside: usize = [0, 1, 2, 4, 5].into_iter().map(widest).sum();
    let above = beside + PLACES > usize::from(look.width.max(60)) - 3;
    let cells = |[number, ttl, address, places, best, known]: [String; 6]| match above {
        true if address == "address" => vec![number, ttl, format!("{address}, {places}"), best, known],
        true => vec![number, ttl, format!("{address}\n{places}"), best, known],
        false => vec![number, ttl, address, places, best, known],
    };
    let mut table = look.table();
    table.set_header(cells(head));
    for row in rows {
        table.add_row(cells(row));
    }
    let narrow: &[usize] = if above { &[0, 1, 3] } else { &[0, 1, 2, 4] };
    for column in narrow {
        if let Some(column) = table.column_mut(*column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut out = String::new();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        // Colours around whole lines: inside a cell they would count as width.
        let line = if number == 0 { look.paint(FAINT, line) } else { line.to_owned() };
        let _ = writeln!(out, "  {line}");
    }
    out
}

/// One line each: where it is, its names, who runs it, its labels, remarks.
fn whereabouts(path: &Path, hop: &Hop) -> String {
    let mut lines = vec![place(hop)];
    lines.extend(hop.names.iter().take(2).map(|n| visible(n).into_owned()));
    lines.extend(network(hop));
    if !hop.mpls.is_empty() {
        let labels: Vec<String> = hop.mpls.iter().map(|l| format!("{} (TTL {})", l.label, l.ttl)).collect();
        lines.push(format!("MPLS label {}", labels.join(", ")));
    }
    // Why the origin is withheld stands above the table, in whatever words a hop repeats it.
    let above = |r: &str| path.origin.withheld.as_deref().is_some_and(|why| r.ends_with(why));
    lines.extend(hop.remarks.iter().filter(|r| *r != "silent" && !above(r)).map(|r| visible(r).into_owned()));
    lines.join("\n")
}

fn address(hop: &Hop) -> String {
    match &hop.addr {
        Some(addr) => addr.clone(),
        None if hop.kind == Knowledge::Gap && !hop.is_withheld() => "*".to_owned(),
        None if hop.kind == Knowledge::Asserted => "none given".to_owned(),
        None => "not shown".to_owned(),
    }
}

fn place(hop: &Hop) -> String {
    if hop.locus.is_empty() {
        return visible(hop.why_unplaced.as_deref().unwrap_or("unknown")).into_owned();
    }
    let places = hop.locus.iter().take(3).map(|l| match &l.city {
        Some(city) => format!("{} {:.2} {}", l.state, l.p, visible(city)),
        None => format!("{} {:.2}", l.state, l.p),
    });
    places.collect::<Vec<_>>().join(", ")
}

fn network(hop: &Hop) -> Option<String> {
    let registered = hop.registered_in.map(|state| format!("registered in {state}"));
    let operator = hop.asn.map(|asn| {
        let seat = hop.as_state.map(|s| format!(" (seat {s})")).unwrap_or_default();
        let (number, name) = (asn.to_string(), hop.as_name.as_deref().unwrap_or(""));
        // Some registries repeat the number in the name: "AS6453 - TATA".
        let name = name.strip_prefix(&number).and_then(|n| n.trim_start().strip_prefix('-')).map_or(name, str::trim_start);
        let name = if name.is_empty() { String::new() } else { format!(" {}", visible(name)) };
        format!("{number}{name}{seat}")
    });
    let parts: Vec<String> = operator.into_iter().chain(registered).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Smallest round trip: the only one that bounds a distance.
fn best(hop: &Hop) -> String {
    let best = hop.rtt_ms.iter().copied().fold(f64::INFINITY, f64::min);
    if best.is_finite() { format!("{best:.1}") } else { "-".to_owned() }
}

/// The hop, and the link that leads to it.
fn known(path: &Path, index: usize, hop: &Hop) -> String {
    let hop_word = if hop.kind == Knowledge::Gap && hop.is_withheld() { "not shown" } else { hop.kind.as_str() };
    let link = path.segments.iter().find(|s| s.to == index).map(|s| match s.kind {
        Knowledge::Gap if s.min == s.max => format!("after gap of {}", s.min),
        Knowledge::Gap => format!("after gap of {}-{}", s.min, s.max),
        Knowledge::Observed => "link observed".to_owned(),
        kind => format!("link {}", kind.as_str()),
    });
    [Some(hop_word.to_owned()), link].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// By state: on what bases, at which hops, and what is in force there. One block per state, not per hop: the same
/// regimes hold at every hop of a state.
fn touches(path: &Path, look: Look) -> String {
    let mut by_state: BTreeMap<StateCode, Vec<(usize, &Touch)>> = BTreeMap::new();
    for (index, hop) in path.hops.iter().enumerate() {
        for touch in &hop.touches {
            by_state.entry(touch.state).or_default().push((index, touch));
        }
    }
    if by_state.is_empty() {
        return String::new();
    }
    let mut out = look.paint(HEAD, "    What the hops touch");
    out.push('\n');
    for (state, touches) in &by_state {
        let bases = [Basis::Territory, Basis::Registration, Basis::OperatorSeat, Basis::Victim, Basis::Flag];
        let grounds: Vec<String> = bases.into_iter().filter_map(|basis| ground(touches, basis)).collect();
        out.push_str(&look.wrap("    ", &format!("{state}  {}", grounds.join("; "))));
        let regimes: Vec<&RegimeTouch> =
            touches.iter().max_by_key(|(_, t)| t.regimes.len()).map(|(_, t)| t.regimes.iter().collect()).unwrap_or_default();
        let words: Vec<String> = regimes.iter().map(|r| regime(r)).collect();
        if !words.is_empty() {
            out.push_str(&look.wrap("        ", &words.join("; ")));
        }
    }
    out.push_str(&norms::render(path, look));
    out
}

fn ground(touches: &[(usize, &Touch)], basis: Basis) -> Option<String> {
    let of: Vec<&(usize, &Touch)> = touches.iter().filter(|(_, t)| t.basis == basis).collect();
    let most = of.iter().map(|(_, t)| t.p).fold(0.0_f32, f32::max);
    let hops: Vec<String> = of.iter().map(|(i, _)| i.to_string()).collect();
    let noun = if of.len() == 1 { "hop" } else { "hops" };
    (!of.is_empty()).then(|| format!("{} at {noun} {} (p up to {most:.2})", basis.as_str(), hops.join(", ")))
}

fn regime(r: &RegimeTouch) -> String {
    let since = match (r.in_force, r.status) {
        (Some(day), _) => format!(" since {day}"),
        (None, Status::Party) => ", date unknown".to_owned(),
        (None, _) => String::new(),
    };
    format!("{} {}{since} [{}]", r.instrument, r.status.as_str(), r.grade)
}

fn footer(out: &mut String, report: &ReportModel, look: Look) {
    let c = &report.counters;
    out.push('\n');
    let mut line = format!(
        "Counted: {}, {}, {} ({} matched to probes)",
        plural(c.packets, "packet"),
        plural(c.flows, "flow"),
        plural(c.quotes, "ICMP quote"),
        grouped(c.matched)
    );
    for (n, noun, what) in [
        (c.evicted, "flow", "cut off by the cap"),
        (c.dropped, "packet", "dropped"),
        (c.rejected, "record", "rejected"),
        (c.skipped, "packet", "skipped"),
        (c.stream_gaps, "TCP stream", "with a segment missing at its beginning"),
        (c.contradictory_fragments, "datagram", "whose fragments contradict each other"),
        (c.forgotten_templates, "export template", "forgotten, as there were too many"),
    ] {
        if n > 0 {
            let _ = write!(line, ", {} {what}", plural(n, noun));
        }
    }
    out.push_str(&look.wrap("", &format!("{line}.")));
    for r in report.rejected.iter().take(5) {
        let path = report.inputs.get(usize::from(r.input)).map_or("?", |i| i.path.as_str());
        out.push_str(&look.wrap("  ", &format!("rejected: {}, {}: {}", visible(path), place_of(r.at), visible(&r.why))));
    }
    if report.rejected.len() > 5 {
        let _ = writeln!(out, "  … and {} more (the first {}: --format json)", grouped(c.rejected - 5), report.rejected.len());
    }
    for input in &report.inputs {
        let hash = input.sha256.as_deref().map(|h| format!(", sha256 {h}")).unwrap_or_default();
        let cut = if input.truncated { ", truncated" } else { "" };
        let skipped: String =
            input.skipped.iter().map(|s| format!("; skipped: {}, {}", s.link_type, plural(s.packets, "packet"))).collect();
        let (path, format) = (visible(&input.path), visible(&input.format));
        out.push_str(&look.wrap("", &format!("Input: {path} ({format}{cut}{hash}{skipped})")));
    }
    for warning in &report.warnings {
        out.push_str(&look.paint(WARN, look.wrap("", &format!("Warning: {}", visible(warning))).trim_end()));
        out.push('\n');
    }
    let data =
        report.datasets.iter().map(|d| format!("{} {}", visible(&d.name), if d.date.is_empty() { "(no date)" } else { &d.date }));
    out.push_str(&look.wrap("", &format!("Data: {}.", data.collect::<Vec<_>>().join(", "))));
    out.push_str(&look.wrap("", &format!("{ATTRIBUTION}; the other sources: NOTICE.")));
    out.push_str(&look.wrap("", report.non_claim));
}

/// `frame 17 (byte 1234)`.
#[must_use]
pub fn place_of(at: crate::model::evidence::Position) -> String {
    use crate::model::evidence::Position;
    match at {
        Position::Frame { frame, offset } => format!("frame {frame} (byte {offset})"),
        Position::Line { line, offset } => format!("line {line} (byte {offset})"),
        Position::Record { record, offset } => format!("record {record} (byte {offset})"),
    }
}
