//! The law of a path for a terminal: what covers it, whom to ask first, where its states part.

use std::collections::BTreeMap;

use super::{HEAD, Look, visible};
use crate::model::channel::{Channel, Usable};
use crate::model::coverage::Gap;
use crate::model::law::{Grade, Status};
use crate::model::path_law::{PathLaw, Request};
use crate::report::model::Path;

/// Rows of each part; the JSON report has all of them.
const SHOWN: usize = 8;
/// Columns of the matrix.
const STATES: usize = 12;

/// Everything; empty where nothing is known.
pub(super) fn render(path: &Path, look: Look) -> String {
    let law = &path.law;
    let mut out = coverage(law, look);
    out.push_str(&articles(law, look));
    out.push_str(&requests(law, look));
    out.push_str(&partings(law, look));
    out
}

fn headline(text: &str, look: Look) -> String {
    format!("{}\n", look.paint(HEAD, &format!("    {text}")))
}

/// `7 more in the JSON report`.
fn more(left: usize, look: Look) -> String {
    if left == 0 { String::new() } else { look.wrap("        ", &format!("{left} more in the JSON report")) }
}

fn coverage(law: &PathLaw, look: Look) -> String {
    let c = &law.coverage;
    if c.states.is_empty() || c.words.is_empty() {
        return String::new();
    }
    let mut out = headline("What covers the path", look);
    out.push_str(&look.wrap("    ", &visible(&c.words)));
    let states = c.states.iter().take(STATES);
    let mut line = format!("    {:<10}", "");
    for state in states.clone() {
        line.push_str(&format!("{state:>5}"));
    }
    out.push_str(line.trim_end());
    out.push_str("   expected hops\n");
    for i in c.instruments.iter().take(SHOWN) {
        let mut line = format!("    {:<10}", visible(&i.instrument));
        for cell in i.cells.iter().take(STATES) {
            let mark = mark(cell.status);
            let mark = if cell.grade == Grade::Confirmed { mark.to_owned() } else { mark.to_lowercase() };
            line.push_str(&format!("{mark:>5}"));
        }
        out.push_str(&format!("{line}   {:.1} of {}, at worst {}\n", i.expected, c.hops, i.worst));
    }
    out.push_str(&more(c.instruments.len().saturating_sub(SHOWN) + c.states.len().saturating_sub(STATES), look));
    out.push_str(&look.wrap("    ", "P party, S signatory, R ratified and not yet in force, - outside, x left or suspended, t not extended to it, ? unknown; in small letters where the row is not confirmed; days are in the other formats"));
    for i in c.instruments.iter().take(SHOWN).filter(|i| !i.condition.is_empty()) {
        out.push_str(&look.wrap("    ", &format!("{}: {}", visible(&i.instrument), visible(&i.condition))));
    }
    if !c.minimal.is_empty() {
        let sets: Vec<String> = c.minimal.iter().take(SHOWN).map(|set| visible(&set.join(" + ")).into_owned()).collect();
        let outside: Vec<String> = c.uncovered.iter().map(ToString::to_string).collect();
        let outside =
            if outside.is_empty() { String::new() } else { format!("; outside even these: hops {}", outside.join(", ")) };
        out.push_str(&look.wrap("    ", &format!("Smallest sets that cover it: {}{outside}", sets.join(", or "))));
    }
    let (gaps, open): (Vec<&Gap>, Vec<&Gap>) = c.gaps.iter().partition(|g| g.note.is_empty());
    for gap in gaps.iter().take(SHOWN) {
        let left: Vec<String> = gap.left.iter().map(|l| visible(l).into_owned()).collect();
        let known = if gap.known { "no treaty channel" } else { "no treaty channel known" };
        let left = if left.is_empty() { String::new() } else { format!("; left: {}", left.join(", ")) };
        out.push_str(&look.wrap("    ", &format!("{}-{}: {known}{left}", gap.from, gap.to)));
    }
    out.push_str(&more(gaps.len().saturating_sub(SHOWN), look));
    let mut notes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for gap in open {
        notes.entry(&gap.note).or_default().push(format!("{}-{}", gap.from, gap.to));
    }
    for (note, pairs) in notes {
        out.push_str(&look.wrap("    ", &format!("{}: not settled; {}", pairs.join(", "), visible(note))));
    }
    out
}

/// One letter for a status.
pub(super) fn mark(status: Status) -> &'static str {
    match status {
        Status::Party => "P",
        Status::Signatory => "S",
        Status::Ratified => "R",
        Status::Denounced | Status::Suspended => "x",
        Status::NotParty => "-",
        Status::NotExtended => "t",
        Status::Unknown => "?",
    }
}

fn articles(law: &PathLaw, look: Look) -> String {
    if law.provisions.is_empty() {
        return String::new();
    }
    let mut out = headline("Articles that speak to what the hops do", look);
    for role in law.provisions.iter().take(SHOWN) {
        let hops: Vec<String> = role.hops.iter().map(ToString::to_string).collect();
        let named: Vec<String> = role
            .provisions
            .iter()
            .map(|p| {
                let limit = p.time_limit.as_ref().map(|t| format!(": {}", visible(t))).unwrap_or_default();
                let standing = match (p.status, p.in_force) {
                    (Status::Party, Some(day)) => format!("since {day}"),
                    (Status::Party, None) => "day unknown".to_owned(),
                    (Status::Unknown, _) => "unknown whether it binds".to_owned(),
                    (other, _) => other.as_str().to_owned(),
                };
                format!("{} {}{limit} [{standing}, {}]", visible(&p.instrument), visible(&p.provision), p.grade)
            })
            .collect();
        let noun = if hops.len() == 1 { "hop" } else { "hops" };
        out.push_str(&look.wrap("    ", &format!("{} as {}, {noun} {}", role.state, role.role.as_str(), hops.join(", "))));
        out.push_str(&look.wrap("        ", &named.join("; ")));
    }
    out.push_str(&more(law.provisions.len().saturating_sub(SHOWN), look));
    out
}

fn requests(law: &PathLaw, look: Look) -> String {
    let Some(from) = law.requesting else {
        let asked = "who would ask is not said, and the target has no place: --requesting STATE shows how it can ask the others";
        return if law.coverage.states.is_empty() { String::new() } else { look.wrap("    ", asked) };
    };
    if law.requests.is_empty() {
        return String::new();
    }
    let how = if law.requesting_given { "" } else { ", the state where the target is placed; --requesting names another" };
    let mut out = headline(&format!("How {from} can ask, first what is lost first"), look);
    out.push_str(&look.wrap("    ", &format!("asked by {from}{how}")));
    for request in law.requests.iter().take(SHOWN) {
        let hops: Vec<String> = request.hops.iter().map(ToString::to_string).collect();
        let noun = if hops.len() == 1 { "hop" } else { "hops" };
        let lost = lost(request);
        out.push_str(&look.wrap("    ", &format!("{}  (p {:.2}, {noun} {})  {lost}", request.to, request.p, hops.join(", "))));
        if !request.note.is_empty() {
            out.push_str(&look.wrap("        ", &visible(&request.note)));
        }
        for channel in request.channels.iter().take(3) {
            out.push_str(&look.wrap("        ", &way(channel)));
        }
        out.push_str(&more(request.channels.len().saturating_sub(3), look));
    }
    out.push_str(&more(law.requests.len().saturating_sub(SHOWN), look));
    out
}

/// When data may be lost, in words.
fn lost(request: &Request) -> String {
    let clocks = std::iter::once(&request.retention).chain(&request.later);
    clocks.map(|r| format!("{} [{}]", r.lost(), r.grade)).collect::<Vec<_>>().join(". ")
}

/// One channel on a line.
fn way(channel: &Channel) -> String {
    let purposes: Vec<&str> = channel.purposes.iter().map(|p| p.as_str()).collect();
    let basis = channel.instrument.as_ref().map(|i| format!("{} ", visible(i))).unwrap_or_default();
    let mut line = format!("{} ({basis}{}): {}", visible(&channel.kind), visible(&channel.article), purposes.join(", "));
    if !channel.limit.is_empty() {
        line.push_str(&format!("; {}", visible(&channel.limit)));
    }
    line.push_str(match channel.usable {
        Usable::Yes => "",
        Usable::Unknown => "; whether it can be used is unknown",
        Usable::Suspended => "; suspended",
        Usable::Ended => "; ended",
    });
    format!("{line} [{}]", channel.grade)
}

fn partings(law: &PathLaw, look: Look) -> String {
    if law.partings.is_empty() {
        return String::new();
    }
    let mut out = headline("Where its states part (no camp, and no evidence of who did it)", look);
    for parting in law.partings.iter().take(SHOWN) {
        let mut sides: Vec<(String, Vec<String>)> = Vec::new();
        for (state, value) in &parting.sides {
            match sides.iter_mut().find(|(v, _)| **v == **value) {
                Some((_, states)) => states.push(state.to_string()),
                None => sides.push((value.to_string(), vec![state.to_string()])),
            }
        }
        let sides: Vec<String> = sides.into_iter().map(|(v, states)| format!("{} {}", visible(&v), states.join(" "))).collect();
        let line = parting.line.map_or("", |l| l.as_str());
        let line = if line.is_empty() { String::new() } else { format!("{line} ") };
        out.push_str(&look.wrap(
            "    ",
            &format!("{line}{} ({}): {} [{}]", visible(&parting.item), visible(&parting.date), sides.join("; "), parting.grade),
        ));
    }
    out.push_str(&more(law.partings.len().saturating_sub(SHOWN), look));
    out
}
