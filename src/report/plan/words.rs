//! Words that plan and letters share: numbers, ids, clocks, channels.

use std::net::IpAddr;

use super::{ClockRef, Item, Plan, Seen, Use};
use crate::model::channel::{Channel, Usable};
use crate::model::net::unmapped;
use crate::model::time::Timestamp;

/// Two decimals, never 0 and never 1.
pub(in crate::report) fn p(p: f32) -> String {
    if p < 0.005 { "<0.01".into() } else { format!("{:.2}", p.min(0.99)) }
}

/// `e1, e3 and 12 more`.
pub(in crate::report) fn ids(ids: &[String], most: usize) -> String {
    let shown: Vec<&str> = ids.iter().take(most).map(String::as_str).collect();
    match ids.len() - shown.len() {
        0 if shown.is_empty() => "no evidence id".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub(in crate::report) fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

/// `art. 29` for a bare number, `arts 1, 9, 12` for several, nothing for an instrument as a whole.
pub(in crate::report) fn article(text: &str) -> String {
    let bare = |t: &str| t.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | ',' | '-'));
    match text {
        "whole" => String::new(),
        // A section of a code is no article of a treaty.
        _ if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains("U.S.C.") => text.to_owned(),
        _ if bare(text) && text.contains([',', '-']) => format!("arts {text}"),
        _ => format!("art. {text}"),
    }
}

/// Instrument and article; `title` names the instrument, its id follows.
pub(in crate::report) fn basis(c: &Channel, title: Option<&str>) -> String {
    let article = article(&c.article);
    match &c.instrument {
        None if article.is_empty() => "rests on no instrument: comity and practice".into(),
        None => format!("rests on no instrument ({article})"),
        Some(id) => {
            let name = title.filter(|t| *t != &**id).map_or_else(|| id.to_string(), |t| format!("{t} ({id})"));
            if article.is_empty() { name } else { format!("{name}, {article}") }
        }
    }
}

pub(in crate::report) fn usable(c: &Channel) -> &'static str {
    match c.usable {
        // An order to a provider: whose law the other side is under depends on where that can be reached.
        Usable::Yes if c.instrument.as_deref() == Some("EEVID") => "its basis applies in the state that asks",
        Usable::Yes => "its basis is in force for both",
        Usable::Unknown => "whether its basis is in force for both: unknown",
        Usable::Suspended => "its basis is suspended, or one side does not use it",
        Usable::Ended => "one side has left its basis",
    }
}

/// What the channel rests on, when that was last checked and how well it is known.
fn head(c: &Channel, source: bool) -> String {
    let source = if source { format!("; {}", or(&c.source, "no source given")) } else { String::new() };
    let mut out = format!("{} (rows as of {}, grade {}{source})", basis(c, None), or(&c.as_of, "unknown"), c.grade);
    // What rests on no instrument has no basis that could be in force.
    if c.usable != Usable::Yes && c.instrument.is_some() {
        out.push_str("; ");
        out.push_str(usable(c));
    } else if c.usable == Usable::Unknown {
        out.push_str("; whether the other side uses it: unknown");
    }
    if !c.limit.is_empty() {
        out.push_str(&format!("; limit: {}", c.limit));
    }
    if !c.body.is_empty() {
        out.push_str(&format!("; to: {}", c.body));
    }
    out
}

/// A channel in one line, without its sources and remarks.
pub(in crate::report) fn channel(c: &Channel) -> String {
    format!("{}: {}", c.kind, head(c, false))
}

/// The same with its purposes.
pub(in crate::report) fn channel_with_purposes(c: &Channel) -> String {
    let purposes: Vec<&str> = c.purposes.iter().map(|p| p.as_str()).collect();
    format!("{} [{}]: {}", c.kind, purposes.join(", "), head(c, false))
}

/// A channel in one line with its purposes and sources.
pub(in crate::report) fn whole_channel(c: &Channel) -> String {
    let purposes: Vec<&str> = c.purposes.iter().map(|p| p.as_str()).collect();
    format!("{} [{}]: {}", c.kind, purposes.join(", "), head(c, true))
}

/// `+36.680 s`.
pub(in crate::report) fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { '-' } else { '+' };
    let all = milliseconds.unsigned_abs();
    format!("{sign}{}.{:03} s", all / 1000, all % 1000)
}

/// `input 2 (border.nf9)`.
pub(in crate::report) fn input(plan: &Plan, index: usize) -> String {
    plan.inputs.get(index).map_or_else(|| format!("input {index}"), |i| format!("input {index} ({})", i.name))
}

/// That two clocks differ, and that nobody knows which is right.
pub(in crate::report) fn clock(plan: &Plan, c: &ClockRef) -> String {
    let agree = if c.agree == 1 { "1 conversation shows it".into() } else { format!("{} conversations agree", c.agree) };
    format!(
        "The clock of {} differs by {} from that of {} ({}; {agree}): \"corrected\" is the time by the clock of the latter. Which of \
         the two was right is not recorded",
        input(plan, c.input),
        seconds(c.milliseconds),
        input(plan, c.against),
        c.because
    )
}

/// The time of a conversation: as recorded, and corrected where a clock is known to differ.
pub(in crate::report) fn time(u: &Use, plan: &Plan) -> String {
    match (u.corrected, plan.clocks.iter().find(|c| c.input == u.input)) {
        (Some(corrected), Some(c)) => {
            let by = seconds(c.milliseconds);
            format!("{} as recorded (clock of input {} differs by {by}; corrected: {corrected})", u.time, u.input)
        }
        _ => u.time.to_string(),
    }
}

/// A warning as a sentence: the report's own, or that of the plan.
pub(in crate::report) fn warning(text: &str) -> String {
    text.strip_prefix(OF_REPORT).map_or_else(|| format!("Warning: {text}."), |own| format!("The report warns: {own}"))
}

/// Before what the report warns of.
pub(super) const OF_REPORT: &str = "the report warns: ";

/// `e1, also e9 (14:20:47.680Z by the clock of input 2)`.
pub(in crate::report) fn records(u: &Use) -> String {
    let also: Vec<String> = u
        .also
        .iter()
        .take(4)
        .map(|a| format!("; also {}, recorded {} by the clock of input {}", a.because, a.time, a.input))
        .collect();
    format!("{}{}", u.because, also.concat())
}

/// Where the machine of an order to a provider was placed.
pub(in crate::report) fn placed(item: &Item) -> String {
    let places: Vec<String> = item.others.iter().take(4).map(|o| format!("{} p {}", o.state, p(o.p))).collect();
    if places.is_empty() {
        return "placed in no state".into();
    }
    let mut because: Vec<String> = item.hops.iter().flat_map(|h| &h.because).cloned().collect();
    because.sort_by_key(|id| (id.len(), id.clone()));
    because.dedup();
    format!("placed in {} ({})", places.join(", "), ids(&because, 3))
}

/// The numbers of the pieces that a piece was put together from: `… (e1, e9)`.
pub(in crate::report) fn cited(kind: &str, what: &str) -> Vec<u32> {
    let list = |text: &str| -> Option<Vec<u32>> {
        text.split(", ").map(|id| id.strip_prefix('e').and_then(|n| n.parse().ok())).collect()
    };
    if kind != "join" {
        return Vec::new();
    }
    what.rsplit_once('(').and_then(|(_, last)| list(last.strip_suffix(')')?)).unwrap_or_default()
}

/// `port 443`, or that none was recorded: a 0 in a record means that it names none.
pub(in crate::report) fn port(port: Option<u16>) -> String {
    port.map_or_else(|| "port not recorded".into(), |n| format!("port {n}"))
}

/// An end of a conversation as somebody outside saw it.
pub(in crate::report) fn end(addr: IpAddr, n: Option<u16>) -> String {
    if is_inside(addr) {
        format!("[[PUBLIC ADDRESS AND PORT]] (inside: {addr}, {})", port(n))
    } else {
        format!("{addr}, {}", port(n))
    }
}

/// Does nobody outside a network see the address as it stands (RFC 1918, 4193, 6598, loopback, link-local)?
pub(in crate::report) fn is_inside(addr: IpAddr) -> bool {
    match unmapped(addr) {
        IpAddr::V4(a) => {
            let [first, second, ..] = a.octets();
            a.is_private() || a.is_loopback() || a.is_link_local() || a.is_unspecified() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(a) => {
            let [first, ..] = a.segments();
            a.is_loopback() || a.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
    }
}

/// A period, or that nobody knows it.
pub(in crate::report) fn period(seen: Option<Seen>) -> String {
    match seen {
        None => "unknown time".into(),
        Some(s) if s.first == s.last => format!("{} (UTC)", s.first),
        Some(s) => format!("{} to {} (UTC)", s.first, s.last),
    }
}

/// When an address was seen: never the time of a path for a hop that no record of that time names.
pub(in crate::report) fn seen(seen: Option<Seen>, traffic: Option<Seen>) -> String {
    match (seen, traffic) {
        (Some(_), _) => period(seen),
        (None, None) => "unknown time".into(),
        (None, Some(_)) => format!("unknown time: no record of it has one; the traffic on its path is of {}", period(traffic)),
    }
}

/// The wider of two periods.
pub(in crate::report) fn join(a: Option<Seen>, first: Timestamp, last: Timestamp) -> Option<Seen> {
    Some(a.map_or(Seen { first, last }, |s| Seen { first: s.first.min(first), last: s.last.max(last) }))
}
