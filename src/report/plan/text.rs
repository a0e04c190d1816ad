//! A plan as a checklist: for a terminal, and as Markdown. Both print the same lines. What to do stands first, one block per
//! request; all channels to a state with their sources and remarks stand once, below.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use super::words::{self, ids, p};
use super::{Ground, Item, Named, Notice, Order, Plan, Request, Ways, ask};
use crate::model::channel::Channel;
use crate::report::footnotes::Footnotes;
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
const ORDERS: &str = "Before all requests to states: a European Preservation Order goes straight to a provider, one for each, about \
all its addresses on the paths, in whatever states the machines were placed. It goes to the Member State in which the \
provider has a designated establishment or a legal representative, which no record shows. The request to a state about the \
same machine stands below.";
const VICTIM: &str = "Kept apart: these speak for the victim, not of anybody else.";
const NOTICES: &str = "Norm 13(c), A/70/174 (2015-07-22), is voluntary: a notice is no accusation, and no finding of breach. \
It goes between points of contact, response teams or foreign ministries, never under a treaty of legal assistance. \
What was sent, and what comes back, can be kept with rutter practice add.";
const WAYS: &str = "All channels to each state, best first, with what they rest on. A suspended one is no way to take. \
What several channels have in common stands once, as a note.";

/// Beside the channels of the tables there is always this one.
const DIPLOMATIC: &str = "the foreign ministry, by the diplomatic channel";

fn sections(plan: &Plan) -> Vec<Section> {
    let (apart, rest): (Vec<&Request>, Vec<&Request>) = plan.requests.iter().partition(|r| r.group == super::Group::VictimEnd);
    let entries = |list: Vec<&Request>| list.into_iter().map(|r| request(r, plan)).collect::<Vec<_>>();
    let mut out = Vec::new();
    if !plan.orders.is_empty() {
        let entries = plan.orders.iter().map(|o| order(o, plan)).collect();
        out.push(Section { title: "Orders to providers".into(), note: ORDERS, check: true, entries });
    }
    if !rest.is_empty() {
        out.push(Section { title: "Requests".into(), note: ORDER, check: true, entries: entries(rest) });
    }
    if !apart.is_empty() {
        out.push(Section { title: "The victim's end".into(), note: VICTIM, check: true, entries: entries(apart) });
    }
    if !plan.notices.is_empty() {
        let entries = plan.notices.iter().map(|n| notice(n, plan)).collect();
        out.push(Section { title: "Notices".into(), note: NOTICES, check: true, entries });
    }
    if !plan.ways.is_empty() || !plan.orders.is_empty() {
        let mut entries: Vec<Entry> = plan.ways.iter().map(|w| ways(w, plan)).collect();
        entries.extend(to_providers(plan));
        out.push(Section { title: "Channels, state by state".into(), note: WAYS, check: false, entries });
    }
    out
}

fn head(plan: &Plan) -> Vec<String> {
    let notices =
        if plan.notices.is_empty() { String::new() } else { format!(", {}", plural(plan.notices.len() as u64, "notice")) };
    let orders = match plan.orders.len() as u64 {
        0 => String::new(),
        n => format!("{} to providers, ", plural(n, "order")),
    };
    let mut out = vec![
        format!("Asked by {}: {orders}{}{notices}.", plan.requesting.words(), plural(plan.requests.len() as u64, "request")),
        day(plan),
        format!(
            "Made from a report of {} with SHA-256 {}. Law: rule book of {}, SHA-256 {}.",
            plan.report.tool, plan.report.sha256, plan.rule_book.date, plan.rule_book.sha256
        ),
    ];
    if let Some(overlay) = &plan.law_overlay {
        out.push(format!("Over the rule book lies a folder of your own: {overlay}."));
    }
    if plan.requests.is_empty() && plan.orders.is_empty() {
        let measured = !plan.not_asked.is_empty() && plan.not_asked.iter().all(|n| n.why.starts_with("a measurement"));
        let within = plan.not_asked.iter().any(|n| n.why.starts_with(super::build::WITHIN));
        out.push(if within {
            "Nothing to ask of another state: below stands what is within the state that asks, and what gives no request.".into()
        } else if measured {
            "Nothing to ask: the report has only a measurement, and no traffic of an incident.".into()
        } else {
            "Nothing to ask: no hop of the report has an address that a state could be asked about.".into()
        });
    } else {
        out.push(plan.who_sends.into());
    }
    if plan.report.on.is_some_and(|day| day != plan.on) {
        let day = plan.report.on.map(|d| d.to_string()).unwrap_or_default();
        out.push(format!("The report reads the law as of {day}; this plan reads it as of the day of asking, {}.", plan.on));
    }
    out.extend(plan.clocks.iter().map(|c| format!("{}.", words::clock(plan, c))));
    out.extend(plan.warnings.iter().map(|w| words::warning(w)));
    out
}

/// The day as of which law is read, and where it comes from.
fn day(plan: &Plan) -> String {
    let on = plan.on;
    if plan.on_given {
        return format!("Law as of {on}, the day of asking; days left are counted from it.");
    }
    let of = if plan.incident == Some(on) { "incident" } else { "report" };
    format!(
        "Law as of {on}, the day of the {of}, and days left are counted from it: no day of asking was given. --on DATE asks as of \
         the day of asking."
    )
}

fn foot(plan: &Plan) -> Vec<String> {
    [plan.no_advice, plan.non_claim, plan.attribution].map(str::to_owned).to_vec()
}

fn request(r: &Request, plan: &Plan) -> Entry {
    let ground = match r.ground {
        Ground::Territory => "located there",
        Ground::Operator => "operator or holder there",
    };
    let own = if r.domestic { ", own state" } else { "" };
    let title =
        format!("{}. {}: {} ({ground}{own}; {})", r.number, Named::from(r).words(), r.group.title(), addresses(r.items.len()));
    let mut lines = vec![("By when", deadline(r))];
    if r.domestic {
        let own = "production by your own authority, under your own law: no other state is asked; preserve first";
        lines.push(("First", own.into()));
    } else {
        channels(&mut lines, r, plan);
    }
    if let Some(only_if) = &r.only_if {
        lines.push(("Only if", only_if.replace("only if ", "")));
    }
    lines.extend(r.ask_for.iter().map(|data| ("Ask for", (*data).to_owned())));
    item_lines(&mut lines, &r.items, plan);
    lines.push(("Seen", words::seen(r.seen, r.traffic)));
    lines.push(("Evidence", ids(&r.because, MOST_IDS)));
    Entry { title, lines }
}

fn order(o: &Order, plan: &Plan) -> Entry {
    let count = o.parts.iter().map(|p| p.items.len()).sum();
    let parts: Vec<&str> = o.parts.iter().map(|p| p.group.title()).collect();
    let name = o.as_name.as_ref().map(|n| format!(" {n}")).unwrap_or_default();
    let title = format!("Order {}. AS{}{name}: {} ({})", o.number, o.asn, parts.join("; "), addresses(count));
    let mut lines = vec![
        ("By when", "how long the provider keeps these data is not known: they may be gone any day; ask first".to_owned()),
        ("First", format!("European Preservation Order; {}", words::channel(&o.preserve))),
        ("Sent by", o.sent_by.clone()),
    ];
    if let Some(produce) = &o.produce {
        lines.push(("Then", format!("European Production Order; {}", words::channel(produce))));
    }
    lines.push(("Addressee", o.addressee.into()));
    lines.push(("Only if", o.only_if.replacen("only if ", "", 1)));
    for part in &o.parts {
        lines.extend(part.only_if.iter().map(|only_if| ("Only if", only_if.replacen("only if ", "", 1))));
        lines.extend(part.ask_for.iter().map(|data| ("Ask for", (*data).to_owned())));
        item_lines_of(&mut lines, &part.items, plan, true);
    }
    lines.push(("Seen", words::seen(o.seen, o.traffic)));
    lines.push(("Evidence", ids(&o.because, MOST_IDS)));
    lines.push(("Letter", o.letter.clone()));
    Entry { title, lines }
}

/// The orders of the providers that a request is about too.
fn orders_beside(r: &Request, plan: &Plan) -> Option<String> {
    let asked: BTreeSet<IpAddr> = r.items.iter().filter(|_| r.group != super::Group::VictimEnd).map(|i| i.addr).collect();
    let is_in = |o: &&Order| o.parts.iter().flat_map(|p| &p.items).any(|i| asked.contains(&i.addr));
    let of: Vec<String> = plan.orders.iter().filter(is_in).map(|o| format!("order {} to AS{}", o.number, o.asn)).collect();
    (!of.is_empty()).then(|| format!("{}, straight to the provider, about the same addresses", of.join(", ")))
}

/// What the orders to providers rest on, once.
fn to_providers(plan: &Plan) -> Option<Entry> {
    let first = plan.orders.first()?;
    let channels: Vec<Channel> = std::iter::once(&first.preserve).chain(&first.produce).cloned().collect();
    let mut lines = Vec::new();
    channel_lines(&mut lines, &channels);
    Some(Entry { title: "Providers, wherever their machines are".into(), lines })
}

fn addresses(n: usize) -> String {
    if n == 1 { "1 address".into() } else { format!("{n} addresses") }
}

fn deadline(r: &Request) -> String {
    let retention = &r.retention;
    // The rule and where it was read stand once per state, except where no channels do.
    if r.domestic && !retention.rule.is_empty() {
        format!("{}. Rule of {}: {}", r.deadline, r.state, rule(r))
    } else {
        r.deadline.clone()
    }
}

fn rule(r: &Request) -> String {
    let retention = &r.retention;
    format!("{} (grade {}; {})", retention.rule, retention.grade, words::or(&retention.source, "no source given"))
}

fn channels(lines: &mut Vec<(&'static str, String)>, r: &Request, plan: &Plan) {
    if r.unanswered {
        lines.push((
            "First",
            "nobody that the tables know of answers for the place: there is nobody to write to, and no letter".into(),
        ));
        return;
    }
    match &r.first {
        Some(first) => lines.push(("First", words::channel(first))),
        None => lines.push((
            "First",
            format!(
                "the tables know no channel from {} to {} on {} that could be used; that is not to say that there is none: ask your \
                 central authority",
                plan.requesting.state, r.state, plan.on
            ),
        )),
    }
    lines.extend(r.sent_by.iter().map(|by| ("Sent by", by.clone())));
    let mut sent_by = r.sent_by.as_ref();
    if let Some(disclose) = r.disclose.as_ref().filter(|d| Some(*d) != r.first.as_ref()) {
        let unasked = if ask::is_path(disclose) { UNASKED } else { "" };
        lines.push(("Then", format!("{}{unasked}", words::channel(disclose))));
        let other = r.disclose_sent_by.as_ref().filter(|by| sent_by != Some(*by) && unasked.is_empty());
        lines.extend(other.map(|by| ("Sent by", by.clone())));
        sent_by = other.or(sent_by);
    }
    if let Some(mla) = r.mla.as_ref().filter(|m| Some(*m) != r.first.as_ref() && Some(*m) != r.disclose.as_ref()) {
        lines.push(("Then", format!("{}{DATA_THEMSELVES}", words::channel(mla))));
        let other = r.mla_sent_by.as_ref().filter(|by| sent_by != Some(*by));
        lines.extend(other.map(|by| ("Sent by", by.clone())));
    }
    lines.extend(orders_beside(r, plan).map(|beside| ("Beside it", beside)));
}

/// Article 30 of the Budapest Convention is no request of the one who asks.
const UNASKED: &str = "; told unasked, and no request";
const DATA_THEMSELVES: &str = "; for the data themselves";

/// `AS64500 EXAMPLE`, or nothing.
pub(in crate::report) fn operator(item: &Item) -> String {
    match (item.asn, &item.as_name) {
        (Some(asn), Some(name)) => format!("AS{asn} {name}"),
        (Some(asn), None) => format!("AS{asn}"),
        _ => String::new(),
    }
}

fn item_lines(lines: &mut Vec<(&'static str, String)>, items: &[Item], plan: &Plan) {
    item_lines_of(lines, items, plan, false);
}

/// In an order to a provider the places of a machine are no grounds.
fn item_lines_of(lines: &mut Vec<(&'static str, String)>, items: &[Item], plan: &Plan, of_provider: bool) {
    for item in items.iter().take(MOST_ITEMS) {
        let operator = operator(item);
        let operator = if operator.is_empty() { operator } else { format!(" ({operator})") };
        let mut hops: Vec<String> = item
            .hops
            .iter()
            .take(MOST_HOPS)
            .map(|h| {
                let share = if of_provider { String::new() } else { format!(", p {}", p(h.p)) };
                format!("{} hop {}, {}, {}{share} ({})", h.path, h.rank, h.role.as_str(), h.kind.as_str(), ids(&h.because, 4))
            })
            .collect();
        if item.hops.len() > MOST_HOPS {
            hops.push(format!("and {} more", item.hops.len() - MOST_HOPS));
        }
        if of_provider {
            lines.push(("Address", format!("{}: {}; {}", item.addr, hops.join("; "), words::placed(item))));
        } else {
            let bases: Vec<&str> = item.bases.iter().map(|b| b.basis.as_str()).collect();
            lines.push(("Address", format!("{}{operator}, by {}: {}", item.addr, bases.join(", "), hops.join("; "))));
        }
        for u in item.uses.iter().take(MOST_USES) {
            let other = words::end(u.peer, u.peer_port);
            let line =
                format!("{} {} with {other}, at {} ({})", u.proto, words::port(u.port), words::time(u, plan), words::records(u));
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

fn notice(n: &Notice, plan: &Plan) -> Entry {
    let mut lines = Vec::new();
    match &n.channel {
        Some(c) => lines.push(("First", words::channel(c))),
        None => lines.push(("First", DIPLOMATIC.into())),
    }
    lines.extend(n.sent_by.iter().map(|by| ("Sent by", by.clone())));
    lines.extend(n.alternatives.iter().map(|c| ("Or", words::channel(c))));
    if n.channel.is_some() {
        lines.push(("Or", DIPLOMATIC.into()));
    }
    if let Some(norm) = &n.norm {
        lines.push(("Norm", format!("{}: {} (grade {}; {})", norm.norm, norm.state, norm.grade, norm.source)));
    }
    item_lines(&mut lines, &n.items, plan);
    lines.push(("Seen", words::seen(n.seen, n.traffic)));
    lines.push(("Evidence", ids(&n.because, MOST_IDS)));
    Entry { title: format!("Tell {} what was seen", Named::from(n).words()), lines }
}

fn ways(w: &Ways, plan: &Plan) -> Entry {
    let named = Named { state: w.state, name: w.name.clone() };
    let mut lines = Vec::new();
    // What a duty covers says most of the rule; what is not covered stands with its request.
    let of_state = || plan.requests.iter().filter(|r| r.state == w.state && !r.retention.rule.is_empty());
    if let Some(r) = of_state().find(|r| !r.retention.covered.is_empty()).or_else(|| of_state().next()) {
        lines.push(("Clock", rule(r)));
    }
    channel_lines(&mut lines, &w.channels);
    Entry { title: named.words(), lines }
}

/// Channels with what they rest on; what several have in common stands once, below.
fn channel_lines(lines: &mut Vec<(&'static str, String)>, channels: &[Channel]) {
    // A source is a remark like another: what several channels rest on stands once.
    let with_source = |c: &Channel| {
        let source = format!("source: {}", words::or(&c.source, "none given"));
        Channel { caveats: c.caveats.iter().cloned().chain([source.into()]).collect(), ..c.clone() }
    };
    let notes = Footnotes::common(&channels.iter().map(with_source).collect::<Vec<_>>());
    for (c, (own, numbers)) in channels.iter().zip(&notes.of) {
        let mut line = words::channel_with_purposes(c);
        if !own.is_empty() {
            let own: Vec<&str> = own.iter().map(|o| &**o).collect();
            let _ = write!(line, "; mind: {}", own.join("; "));
        }
        if !numbers.is_empty() {
            let _ = write!(line, "; {}", Footnotes::words(numbers));
        }
        lines.push(("Channel", line));
    }
    lines.extend(notes.notes.iter().enumerate().map(|(i, note)| ("", format!("note {}: {note}", i + 1))));
}

/// A line for each path and reason: forty hops that are skipped for one reason are one line.
fn not_asked(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut at: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for n in &plan.not_asked {
        let addr = n.addr.map(|a| format!(" {a}")).unwrap_or_default();
        let hop = format!("{}{addr} ({})", n.rank, ids(&n.because, 4));
        let place = *at.entry((&n.path, &n.why)).or_insert_with(|| {
            lines.push((n.path.clone(), n.why.clone(), Vec::new()));
            lines.len() - 1
        });
        if let Some((_, _, hops)) = lines.get_mut(place) {
            hops.push(hop);
        }
    }
    let line = |(path, why, hops): (String, String, Vec<String>)| {
        let word = if hops.len() == 1 { "hop" } else { "hops" };
        let more = if hops.len() > MOST_ITEMS { format!(" and {} more", hops.len() - MOST_ITEMS) } else { String::new() };
        let shown: Vec<String> = hops.into_iter().take(MOST_ITEMS).collect();
        format!("{path} {word} {}{more}: {why}", shown.join(", "))
    };
    lines.into_iter().map(line).collect()
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
