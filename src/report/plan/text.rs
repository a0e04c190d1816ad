//! A plan as a checklist: for a terminal, and as Markdown. Both print the same lines.

use std::fmt::Write as _;

use super::{Ground, Item, Named, Notice, Plan, Request, Seen, channel, ids, p};
use crate::report::letters::markdown::escaped;
use crate::report::terminal::{Look, plural};

/// Addresses, paths and conversations of an address that are printed; the JSON has all.
const MOST_ITEMS: usize = 20;
const MOST_HOPS: usize = 6;
const MOST_USES: usize = 4;
const MOST_IDS: usize = 12;

/// Columns of the labels.
const LABEL: usize = 11;

/// A headline and labelled lines.
struct Entry {
    title: String,
    lines: Vec<(&'static str, String)>,
}

/// A headline and entries; `check` gives every entry a box to tick.
struct Section {
    title: String,
    note: &'static str,
    check: bool,
    entries: Vec<Entry>,
}

const ORDER: &str = "In the order in which evidence dies: what may be gone any day comes first. Own-state entries are \
for your own authorities.";
const VICTIM: &str = "Kept apart: these speak for the victim, not of anybody else.";
const NOTICES: &str = "Norm 13(c), A/70/174 (2015-07-22), is voluntary: a notice is no accusation, and no finding of breach. \
What was sent, and what comes back, can be kept with rutter practice add.";

fn sections(plan: &Plan) -> Vec<Section> {
    let (apart, rest): (Vec<&Request>, Vec<&Request>) = plan.requests.iter().partition(|r| r.group == super::Group::VictimEnd);
    let entries = |list: Vec<&Request>| list.into_iter().map(|r| request(r, plan)).collect::<Vec<_>>();
    let mut out = vec![Section { title: "Requests".into(), note: ORDER, check: true, entries: entries(rest) }];
    if !apart.is_empty() {
        out.push(Section { title: "The victim's end".into(), note: VICTIM, check: true, entries: entries(apart) });
    }
    if !plan.notices.is_empty() {
        let entries = plan.notices.iter().map(notice).collect();
        out.push(Section { title: "Notices".into(), note: NOTICES, check: true, entries });
    }
    out
}

fn head(plan: &Plan) -> Vec<String> {
    let mut out = vec![
        format!(
            "Asked by {} on {}: {}. Law as of {}.",
            plan.requesting.words(),
            plan.on,
            plural(plan.requests.len() as u64, "request"),
            plan.on
        ),
        format!("Made from a report of {} with SHA-256 {}.", plan.report.tool, plan.report.sha256),
    ];
    if plan.requests.is_empty() {
        out.push("Nothing to ask: no hop of the report has an address that a state could be asked about.".into());
    }
    if plan.report.on.is_some_and(|day| day != plan.on) {
        let day = plan.report.on.map(|d| d.to_string()).unwrap_or_default();
        out.push(format!("The report reads the law as of {day}; this plan reads it as of the day of asking, {}.", plan.on));
    }
    out
}

fn foot(plan: &Plan) -> Vec<String> {
    let mut out: Vec<String> = plan.warnings.iter().map(|w| format!("The report warns: {w}")).collect();
    out.extend([plan.no_advice, plan.non_claim, plan.attribution].map(str::to_owned));
    out
}

fn request(r: &Request, plan: &Plan) -> Entry {
    let ground = match r.ground {
        Ground::Territory => "located there",
        Ground::Operator => "operator or holder there",
    };
    let own = if r.domestic { ", own state" } else { "" };
    let title =
        format!("{}. {}: {} ({ground}{own}; {})", r.number, Named::from(r).words(), r.group.title(), addresses(r.items.len()));
    let mut lines = vec![("Seen", seen(r.seen))];
    item_lines(&mut lines, &r.items);
    if let Some(only_if) = &r.only_if {
        lines.push(("Only if", only_if.strip_prefix("only if ").unwrap_or(only_if).to_owned()));
    }
    lines.extend(r.ask_for.iter().map(|data| ("Ask for", (*data).to_owned())));
    lines.push(("Deadline", deadline(r)));
    if r.domestic {
        let own = "production by your own authority, under your own law: no other state is asked; preserve first";
        lines.push(("First", own.into()));
    } else {
        channels(&mut lines, r, plan);
    }
    lines.push(("Evidence", ids(&r.because, MOST_IDS)));
    Entry { title, lines }
}

fn addresses(n: usize) -> String {
    if n == 1 { "1 address".into() } else { format!("{n} addresses") }
}

fn deadline(r: &Request) -> String {
    let mut out = r.deadline.clone();
    let retention = &r.retention;
    if !retention.rule.is_empty() {
        let source = super::or(&retention.source, "no source given");
        let _ = write!(out, ". Rule of {}: {} (grade {}; {source})", r.state, retention.rule, retention.grade);
    }
    out
}

fn channels(lines: &mut Vec<(&'static str, String)>, r: &Request, plan: &Plan) {
    match &r.first {
        Some(first) => lines.push(("First", channel(first))),
        None => lines.push((
            "First",
            format!(
                "the tables know no channel from {} to {} on {} that could be used; that is not to say that there is none: ask your \
                 central authority",
                plan.requesting.state, r.state, plan.on
            ),
        )),
    }
    if let Some(disclose) = r.disclose.as_ref().filter(|d| Some(*d) != r.first.as_ref()) {
        lines.push(("Then", channel(disclose)));
    }
    lines.extend(r.alternatives.iter().map(|c| ("Else", channel(c))));
}

fn seen(seen: Option<Seen>) -> String {
    match seen {
        None => "unknown time".into(),
        Some(s) if s.first == s.last => format!("{} (UTC)", s.first),
        Some(s) => format!("{} to {} (UTC)", s.first, s.last),
    }
}

/// `AS64500 EXAMPLE`, or nothing.
pub(in crate::report) fn operator(item: &Item) -> String {
    match (item.asn, &item.as_name) {
        (Some(asn), Some(name)) => format!("AS{asn} {name}"),
        (Some(asn), None) => format!("AS{asn}"),
        _ => String::new(),
    }
}

fn item_lines(lines: &mut Vec<(&'static str, String)>, items: &[Item]) {
    for item in items.iter().take(MOST_ITEMS) {
        let operator = operator(item);
        let operator = if operator.is_empty() { operator } else { format!(" ({operator})") };
        let mut hops: Vec<String> = item
            .hops
            .iter()
            .take(MOST_HOPS)
            .map(|h| {
                format!(
                    "{} hop {}, {}, {}, p {} ({})",
                    h.path,
                    h.rank,
                    h.role.as_str(),
                    h.kind.as_str(),
                    p(h.p),
                    ids(&h.because, 4)
                )
            })
            .collect();
        if item.hops.len() > MOST_HOPS {
            hops.push(format!("and {} more", item.hops.len() - MOST_HOPS));
        }
        let bases: Vec<&str> = item.bases.iter().map(|b| b.basis.as_str()).collect();
        lines.push(("Address", format!("{}{operator}, by {}: {}", item.addr, bases.join(", "), hops.join("; "))));
        for u in item.uses.iter().take(MOST_USES) {
            let line = format!("{} {} port {} with {} port {} ({})", u.time, u.proto, u.port, u.peer, u.peer_port, u.because);
            lines.push(("", line));
        }
        if item.uses.len() > MOST_USES {
            lines.push(("", format!("and {} more conversations (in the JSON)", item.uses.len() - MOST_USES)));
        }
    }
    if items.len() > MOST_ITEMS {
        lines.push(("", format!("and {} more addresses (in the JSON)", items.len() - MOST_ITEMS)));
    }
}

fn notice(n: &Notice) -> Entry {
    let mut lines = vec![("Seen", seen(n.seen))];
    item_lines(&mut lines, &n.items);
    if let Some(norm) = &n.norm {
        lines.push(("Norm", format!("{}: {} (grade {}; {})", norm.norm, norm.state, norm.grade, norm.source)));
    }
    match &n.channel {
        Some(c) => lines.push(("First", channel(c))),
        None => lines.push(("First", "the tables know no channel for a notice: ask your foreign ministry or CERT".into())),
    }
    lines.push(("Evidence", ids(&n.because, MOST_IDS)));
    Entry { title: format!("Tell {} what was seen", Named::from(n).words()), lines }
}

fn not_asked(plan: &Plan) -> Vec<String> {
    plan.not_asked
        .iter()
        .map(|n| {
            let addr = n.addr.map(|a| format!(" {a}")).unwrap_or_default();
            format!("{} hop {}{addr}: {} ({})", n.path, n.rank, n.why, ids(&n.because, 4))
        })
        .collect()
}

/// For a terminal.
#[must_use]
pub fn render(plan: &Plan, look: Look) -> String {
    let width = usize::from(look.width.max(60));
    let mut out = String::new();
    for line in head(plan) {
        wrap(&mut out, "", "", &line, width);
    }
    for section in sections(plan) {
        let _ = writeln!(out, "\n{}", look.head(&section.title));
        wrap(&mut out, "", "", section.note, width);
        for entry in section.entries {
            let mark = if section.check { "[ ] " } else { "" };
            out.push('\n');
            wrap(&mut out, mark, "    ", &entry.title, width);
            for (label, text) in entry.lines {
                wrap(&mut out, &format!("    {label:<LABEL$}"), &" ".repeat(4 + LABEL), &text, width);
            }
        }
    }
    if !plan.not_asked.is_empty() {
        let _ = writeln!(out, "\n{}", look.head("Hops that give no request"));
        for line in not_asked(plan) {
            wrap(&mut out, "    ", "      ", &line, width);
        }
    }
    out.push('\n');
    for line in foot(plan) {
        wrap(&mut out, "", "", &line, width);
    }
    out
}

/// Breaks at spaces; a longer word stands alone.
fn wrap(out: &mut String, first: &str, rest: &str, text: &str, width: usize) {
    let mut column = first.chars().count();
    let indent = rest.chars().count();
    out.push_str(first);
    let mut begin = true;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let length = word.chars().count();
        if !begin && column + 1 + length > width {
            out.push('\n');
            out.push_str(rest);
            column = indent;
            begin = true;
        }
        if !begin {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        begin = false;
    }
    out.push('\n');
}

/// As Markdown (CommonMark with task lists).
#[must_use]
pub fn markdown(plan: &Plan) -> String {
    let mut out = String::from("# Plan of requests\n\n");
    for line in head(plan) {
        let _ = writeln!(out, "{}\n", escaped(&line));
    }
    for section in sections(plan) {
        let _ = writeln!(out, "## {}\n\n{}\n", escaped(&section.title), escaped(section.note));
        for entry in section.entries {
            let mark = if section.check { "[ ] " } else { "" };
            let _ = writeln!(out, "- {mark}**{}**", escaped(&entry.title));
            for (label, text) in entry.lines {
                let label = if label.is_empty() { String::new() } else { format!("{label}: ") };
                let _ = writeln!(out, "  - {label}{}", escaped(&text));
            }
        }
        out.push('\n');
    }
    if !plan.not_asked.is_empty() {
        out.push_str("## Hops that give no request\n\n");
        for line in not_asked(plan) {
            let _ = writeln!(out, "- {}", escaped(&line));
        }
        out.push('\n');
    }
    let lines: Vec<String> = foot(plan).iter().map(|l| escaped(l)).collect();
    let _ = writeln!(out, "{}", lines.join("\n\n"));
    out
}
