//! What was seen, for a letter: the findings, each address with how it is known, and the conversations with ports and times.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::plan::text::operator;
use super::super::plan::words::{clock, end, ids, join, p, period, placed, records};
use super::super::plan::{ClockRef, FindingRef, Ground, HopRef, Item, Plan, Seen, Use};
use super::Block;
use crate::model::hop::{HopRole, Knowledge};
use crate::model::time::Timestamp;

/// Findings that are described.
const MOST_FINDINGS: usize = 12;
/// Rows of a table.
const MOST_ROWS: usize = 120;
/// Places of one address that are told.
const MOST_HOPS: usize = 4;
/// Remarks of a finding or a hop that are told.
const MOST_REMARKS: usize = 8;

/// What a letter is about.
pub(super) struct About<'a> {
    /// The addresses, and why the state that is written to has to do with each.
    pub(super) items: Vec<(&'a Item, Ground)>,
    /// Is it for one provider, who is told of no other's addresses? Conversations of an origin on the way to one of them are
    /// what a provider in between finds the traffic by, so they stand in for addresses without conversations of their own.
    pub(super) one_provider: bool,
}

impl<'a> About<'a> {
    /// The findings on whose paths the addresses stand.
    fn findings(&self, plan: &'a Plan) -> Vec<&'a FindingRef> {
        let paths: BTreeSet<&String> = self.items.iter().flat_map(|(i, _)| &i.hops).map(|h| &h.path).collect();
        plan.findings.iter().filter(|f| paths.contains(&f.path)).collect()
    }

    /// Conversations of the origins of the paths.
    fn of_findings(&self, plan: &'a Plan) -> Vec<(&'a FindingRef, &'a Use)> {
        let mine: BTreeSet<IpAddr> = self.items.iter().map(|(i, _)| i.addr).collect();
        let bare = self.items.iter().filter(|(i, _)| i.uses.is_empty());
        let bare: BTreeSet<&String> = bare.flat_map(|(i, _)| &i.hops).map(|h| &h.path).collect();
        let told = |f: &FindingRef, u: &Use| {
            !self.one_provider || bare.contains(&f.path) || mine.contains(&u.peer) || f.from.is_some_and(|a| mine.contains(&a))
        };
        let all = self.findings(plan).into_iter().filter(|f| f.from.is_some()).flat_map(|f| f.uses.iter().map(move |u| (f, u)));
        all.filter(|(f, u)| told(f, u)).collect()
    }

    /// All conversations that are listed.
    pub(super) fn uses(&self, plan: &'a Plan) -> Vec<&'a Use> {
        self.items.iter().flat_map(|(i, _)| &i.uses).chain(self.of_findings(plan).into_iter().map(|(_, u)| u)).collect()
    }

    /// Clocks that are known to differ: in a letter for one provider only those of its conversations.
    pub(super) fn clocks(&self, plan: &'a Plan) -> Vec<&'a ClockRef> {
        let uses = self.uses(plan);
        let by: BTreeSet<usize> = uses.iter().flat_map(|u| u.also.iter().map(|a| a.input).chain([u.input])).collect();
        plan.clocks.iter().filter(|c| !self.one_provider || by.contains(&c.input)).collect()
    }

    /// All times that stand in the letter: of the addresses, of the traffic on their paths, and of every conversation that is
    /// listed, as recorded and as corrected. What is to be kept is what was recorded then.
    pub(super) fn span(&self, plan: &Plan) -> Option<Seen> {
        let of_items = self.items.iter().flat_map(|(i, _)| [i.seen, i.traffic]).flatten();
        let span = of_items.fold(None, |wide, s| join(wide, s.first, s.last));
        let of_uses = self.uses(plan).into_iter().flat_map(|u| {
            [Some(u.time), u.corrected].into_iter().flatten().chain(u.also.iter().map(|a| a.time)).filter_map(Timestamp::known)
        });
        of_uses.fold(span, |wide, t| join(wide, t, t))
    }
}

/// All of it: when, the findings, the addresses, the conversations, the clocks. Without a `place` it is for a provider, and
/// the places of machines are no ground.
pub(super) fn all(plan: &Plan, about: &About<'_>, place: Option<&str>) -> Vec<Block> {
    let items = &about.items;
    let findings = about.findings(plan);
    let mut lines: Vec<String> = findings.iter().take(MOST_FINDINGS).map(|f| finding(f)).collect();
    if findings.len() > lines.len() {
        lines.push(format!("and {} more", findings.len() - lines.len()));
    }
    let mut blocks = vec![
        Block::Para(format!(
            "{} The addresses stand on the paths of these findings, in the words of the report. They describe traffic, no person and no \
             state.",
            when(about, about.span(plan))
        )),
        Block::Bullets(lines),
        Block::Para(match place {
            Some(place) => format!(
                "The addresses. \"Geolocated in {place}\" has the probability p that stands beside each, with the evidence of the \
                 address; it weighs where the machine is, not whether the traffic passed it."
            ),
            None => "The addresses, in whatever states their machines are. The last column says where tables place a machine, with the \
                     probability p and the evidence of the address, to help to find it; the order does not rest on it."
                .to_owned(),
        }),
        addresses(plan, items, place.is_some()),
    ];
    blocks.extend(conversations(plan, about));
    blocks
}

fn when(about: &About<'_>, span: Option<Seen>) -> String {
    if span.is_none() {
        return "No record says when it was seen: [[TIME, IF KNOWN]].".into();
    }
    if about.items.iter().all(|(i, _)| i.seen.is_none() && i.uses.iter().all(|u| !u.time.is_known())) {
        return format!(
            "No record that names these addresses has a time. The times of the traffic on the paths and of the conversations below \
             lie within {}.",
            period(span)
        );
    }
    format!("Time of the records: {}; all times below lie within it.", period(span))
}

fn finding(f: &FindingRef) -> String {
    let when = f.seen.map(|s| format!(", {}", period(Some(s)))).unwrap_or_default();
    let ends = match (f.from, f.to) {
        (Some(from), Some(to)) => format!("; from {from} to {to}"),
        (Some(from), None) => format!("; from {from} to [[PUBLIC ADDRESS OF THE ADDRESSED END]]"),
        _ => String::new(),
    };
    let remarks: Vec<&str> = f.remarks.iter().take(MOST_REMARKS).map(String::as_str).collect();
    let remarks = if remarks.is_empty() { String::new() } else { format!(". Remarks: {}", remarks.join("; ")) };
    format!("{}, {}{when}{ends}: {}{remarks}", f.path, plain(&f.finding), f.reason)
}

/// The kind of a finding in plain words.
fn plain(kind: &str) -> &str {
    match kind {
        "proxied-request" => "a web request that a proxy passed on",
        "mail" => "a mail that was handed over",
        "brute-force" => "many short log-in attempts",
        "syn-flood" | "flood" => "a flood of packets",
        "backscatter" => "answers to forged packets",
        "scan" => "a scan of ports or addresses",
        "upload" => "an upload",
        "alert" => "an alert of a sensor",
        "listed" => "traffic with an address that a list names",
        "chosen" | "conversation" => "a conversation",
        other => other,
    }
}

/// How a hop is known, in words: what is inferred is said to be inferred, with the reasons. A reason that stands among the
/// evidence is not told twice.
fn known(plan: &Plan, h: &HopRef) -> String {
    let how = match (h.kind, h.role) {
        (Knowledge::Observed, _) => "observed in the records",
        (Knowledge::Asserted, _) => "asserted by a header only",
        (Knowledge::Gap, _) => "not known: it did not answer",
        (Knowledge::Inferred, HopRole::Transit) => "inferred, and not seen in the traffic",
        (Knowledge::Inferred, _) => "inferred from records that agree",
    };
    let told = |r: &&String| plan.evidence.iter().any(|e| e.kind == "join" && e.what.starts_with(r.as_str()));
    let remarks: Vec<&str> = h.remarks.iter().filter(|r| !told(r)).take(MOST_REMARKS).map(String::as_str).collect();
    let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
    format!("{} hop {}: {how}{remarks}; evidence {}", h.path, h.rank, ids(&h.because, 6))
}

fn addresses(plan: &Plan, items: &[(&Item, Ground)], of_state: bool) -> Block {
    let row = |(item, ground): &(&Item, Ground)| address(plan, item, Some(*ground).filter(|_| of_state));
    let mut rows: Vec<Vec<String>> = items.iter().take(MOST_ROWS).map(row).collect();
    if items.len() > MOST_ROWS {
        let mut last = vec![format!("and {} more addresses in the plan", items.len() - MOST_ROWS)];
        last.resize(6, String::new());
        rows.push(last);
    }
    Block::Table {
        head: vec![
            "Address",
            "Operator",
            "Place on the path",
            "How it is known",
            "Seen (UTC)",
            if of_state { "In this state" } else { "Placed by tables" },
        ],
        rows,
    }
}

fn address(plan: &Plan, item: &Item, ground: Option<Ground>) -> Vec<String> {
    let share = item.hops.iter().map(|h| h.p).fold(0.0, f32::max);
    let named: BTreeSet<&String> = item.hops.iter().flat_map(|h| &h.because).collect();
    let mut because: Vec<String> = named.into_iter().cloned().collect();
    because.sort_by_key(String::len); // e2 before e10
    let by = match ground {
        Some(Ground::Territory) => format!("p {} by location ({})", p(share), ids(&because, 3)),
        Some(Ground::Operator) => format!("p {} by operator's seat or register ({})", p(share), ids(&because, 3)),
        None => placed(item),
    };
    let more = |mut list: Vec<String>| {
        if item.hops.len() > MOST_HOPS {
            list.push(format!("and {} more", item.hops.len() - MOST_HOPS));
        }
        list.join(". ")
    };
    let hops = || item.hops.iter().take(MOST_HOPS);
    let seen = match (item.seen, item.traffic) {
        (Some(s), _) => period(Some(s)).replace(" (UTC)", ""),
        (None, Some(t)) => format!("unknown time; the traffic on the path: {}", period(Some(t)).replace(" (UTC)", "")),
        (None, None) => "unknown time".into(),
    };
    vec![
        item.addr.to_string(),
        operator(item),
        more(hops().map(|h| format!("{} hop {}: {}", h.path, h.rank, h.role.as_str())).collect()),
        more(hops().map(|h| known(plan, h)).collect()),
        seen,
        by,
    ]
}

/// Every conversation once: of the addresses, and of the origins of their paths, by which a provider on the way finds the
/// traffic.
fn conversations(plan: &Plan, about: &About<'_>) -> Vec<Block> {
    let items = &about.items;
    let mut rows: BTreeMap<String, Row<'_>> = BTreeMap::new();
    for (f, u) in about.of_findings(plan) {
        let row = rows.entry(u.because.clone()).or_insert_with(|| Row { addr: f.from, of: u, about: BTreeSet::new() });
        row.about.insert(f.path.clone());
    }
    for (item, _) in items {
        for u in &item.uses {
            let row =
                rows.entry(u.because.clone()).or_insert_with(|| Row { addr: Some(item.addr), of: u, about: BTreeSet::new() });
            row.about.insert(item.addr.to_string());
        }
    }
    let named: BTreeSet<String> = rows.values().flat_map(|r| &r.about).cloned().collect();
    let bare: Vec<String> = items.iter().map(|(i, _)| i.addr.to_string()).filter(|a| !named.contains(a)).collect();
    let mut blocks = Vec::new();
    if rows.is_empty() {
        blocks
            .push(Block::Para("No record has the ports of a conversation: [[PORTS AND TIMES, IF KNOWN FROM ELSEWHERE]].".into()));
    } else {
        blocks.push(Block::Para("The conversations, by which the traffic can be found:".into()));
        let mut all: Vec<Row<'_>> = rows.into_values().collect();
        all.sort_by_key(|r| (r.of.corrected.unwrap_or(r.of.time), r.of.because.len(), r.of.because.clone()));
        let left_out = all.len().saturating_sub(MOST_ROWS);
        let mut cells: Vec<Vec<String>> = all.iter().take(MOST_ROWS).map(|r| r.cells(plan)).collect();
        if left_out > 0 {
            let mut last = vec![format!("and {left_out} more in the plan")];
            last.resize(6, String::new());
            cells.push(last);
        }
        let head = vec!["About", "From", "To", "Time as recorded (UTC)", "Corrected (UTC)", "Evidence"];
        blocks.push(Block::Table { head, rows: cells });
    }
    if !bare.is_empty() {
        let shown: Vec<&str> = bare.iter().take(12).map(String::as_str).collect();
        blocks.push(Block::Para(format!(
            "No record of a conversation names {}: such an address stands on the path for the reasons given above, and its provider \
             finds the traffic by the two ends.",
            shown.join(", ")
        )));
    }
    blocks.push(Block::Para(
        "Times are those of the records, in UTC. \"Port not recorded\" means that the port is unknown, not that there was none."
            .into(),
    ));
    let clocks: Vec<String> =
        about.clocks(plan).into_iter().map(|c| format!("{}: [[CHECKED AGAINST UTC, AND HOW]].", clock(plan, c))).collect();
    if !clocks.is_empty() {
        blocks.push(Block::Bullets(clocks));
    }
    blocks
}

/// A conversation, seen from one of its ends.
struct Row<'a> {
    addr: Option<IpAddr>,
    of: &'a Use,
    about: BTreeSet<String>,
}

impl Row<'_> {
    fn cells(&self, plan: &Plan) -> Vec<String> {
        let u = self.of;
        let own = self.addr.map_or_else(|| "not recorded".to_owned(), |a| end(a, u.port));
        let other = end(u.peer, u.peer_port);
        let (from, to) = if u.opened { (own, other) } else { (other, own) };
        let about: Vec<String> = self.about.iter().cloned().collect();
        let by = plan.clocks.iter().find(|c| c.input == u.input).map(|c| super::words::seconds(c.milliseconds));
        let corrected = match (u.corrected, by) {
            (Some(t), Some(by)) => format!("{t} (the clock of input {} differs by {by})", u.input),
            _ if plan.clocks.iter().any(|c| c.against == u.input) => format!("by the clock of input {}", u.input),
            _ => "no difference known".into(),
        };
        vec![about.join(", "), format!("{} {from}", u.proto), to, u.time.to_string(), corrected, records(u)]
    }
}
