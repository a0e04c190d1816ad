//! Drafts of letters: a request to preserve data, and a notice under norm 13(c).
//!
//! A draft says what evidence carries and no more: addresses, ports, times in UTC, evidence ids and hashes. What only a
//! person can know stands as a blank in double brackets. No sentence has a state as the one who did something: a state
//! is where a machine is placed, with a probability, and whom one asks or tells.
//!
//! * [`markdown`], [`docx`]: the two renderings of the same blocks
//! * [`zip`]: the container of the second

use std::collections::{BTreeMap, BTreeSet};

use super::plan::text::operator;
use super::plan::{EvidenceRef, FindingRef, Ground, Item, Named, Notice, Plan, Request, Seen, article, ids, or, p, usable};
use crate::model::channel::Channel;
use crate::model::law::Grade;
use crate::model::net::StateCode;

pub mod docx;
pub mod markdown;
pub mod zip;

#[cfg(test)]
mod tests;

/// Pieces of evidence that are listed in a letter; the rest is counted.
const MOST_EVIDENCE: usize = 60;
/// Findings that are described.
const MOST_FINDINGS: usize = 12;
/// Rows of the table of addresses.
const MOST_ROWS: usize = 120;

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// File name without its suffix: letters, digits and hyphens only.
    pub name: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a letter. `[[…]]` in a text is a blank to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The title.
    Title(String),
    /// A headline.
    Heading(String),
    /// A paragraph.
    Para(String),
    /// A list.
    Bullets(Vec<String>),
    /// A table with a first row of heads.
    Table {
        /// The heads.
        head: Vec<&'static str>,
        /// As many cells each as there are heads.
        rows: Vec<Vec<String>>,
    },
}

/// All letters of a plan: one request to preserve per foreign state, one notice per state that is to be told.
#[must_use]
pub fn draft(plan: &Plan) -> Vec<Letter> {
    let mut states: BTreeMap<StateCode, Vec<&Request>> = BTreeMap::new();
    for request in plan.requests.iter().filter(|r| !r.domestic) {
        states.entry(request.state).or_default().push(request);
    }
    let mut out: Vec<Letter> = states.into_values().filter_map(|requests| preservation(plan, &requests)).collect();
    out.extend(plan.notices.iter().map(|n| notification(plan, n)));
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn draft_note() -> Block {
    Block::Para(
        "DRAFT. A program made this text out of a report; a person has to check it against the evidence, fill what stands in double \
         brackets and take out this paragraph. Before it is sent: may everything that is named here be told to the recipient?"
            .into(),
    )
}

/// Who writes to whom, through what.
fn address_block(plan: &Plan, to: &Named, channel: Option<&Channel>) -> Block {
    let mut rows = vec![
        row("From", format!("[[NAME AND OFFICE]], {}", plan.requesting.words())),
        row("To", channel.map_or_else(|| format!("[[COMPETENT BODY]], {}", to.words()), |c| body(c, to))),
        row("Your reference", "[[THEIR REFERENCE, IF ANY]]".into()),
        row("Our reference", "[[YOUR REFERENCE]]".into()),
        row("Date", "[[DATE OF SENDING]]".into()),
        row("Contact", "[[TELEPHONE AND E-MAIL, DAY AND NIGHT]]".into()),
    ];
    match channel {
        Some(c) => {
            rows.push(row("Channel", c.kind.to_string()));
            rows.push(row("Legal basis", legal_basis(c, plan)));
            if !c.limit.is_empty() {
                rows.push(row("Time limit", c.limit.to_string()));
            }
        }
        None => {
            let (from, to, on) = (plan.requesting.state, to.state, plan.on);
            rows.push(row("Channel", "[[CHANNEL]]".into()));
            rows.push(row("Legal basis", format!("[[LEGAL BASIS]] (the tables know no channel from {from} to {to} on {on})")));
        }
    }
    Block::Table { head: vec!["", "To fill or to check"], rows }
}

fn row(label: &str, value: String) -> Vec<String> {
    vec![label.to_owned(), value]
}

fn body(c: &Channel, to: &Named) -> String {
    if c.body.is_empty() {
        format!("[[COMPETENT BODY]], {}", to.words())
    } else {
        format!("{}, {} [[CHECK]]", c.body, to.words())
    }
}

fn legal_basis(c: &Channel, plan: &Plan) -> String {
    let basis = match &c.instrument {
        Some(id) if c.article.is_empty() => id.to_string(),
        Some(id) => format!("{id}, {}", article(&c.article)),
        None if c.article.is_empty() => "no instrument: comity and practice".into(),
        None => c.article.to_string(),
    };
    format!(
        "{basis}; on {}: {} (rows as of {}, grade {}; {})",
        plan.on,
        usable(c),
        or(&c.as_of, "unknown"),
        c.grade,
        or(&c.source, "no source given")
    )
}

fn preservation(plan: &Plan, requests: &[&Request]) -> Option<Letter> {
    let to = Named::from(*requests.first()?);
    let channel = requests.iter().find_map(|r| r.first.as_ref());
    let place = to.words();
    let because: BTreeSet<&String> = requests.iter().flat_map(|r| &r.because).collect();
    let mut blocks = vec![
        Block::Title("Request for the expedited preservation of stored computer data".into()),
        draft_note(),
        address_block(plan, &to, channel),
        Block::Heading("1. What is asked".into()),
        Block::Para(
"We ask you to have the data named in section 4 preserved without change, for [[NUMBER]] days or as long as your law allows, \
             and to tell us the reference under which they are kept. We ask for preservation only; disclosure will be asked for \
             apart, by [[REQUEST FOR MUTUAL ASSISTANCE OR ORDER, AND BY WHEN]]. Please keep this request confidential: [[YES OR NO, \
             AND WHY]]."
.into()),
        Block::Heading("2. The authority that asks, and the matter".into()),
        Block::Para(
            "Authority that conducts the matter: [[AUTHORITY]]. File: [[YOUR REFERENCE]]. Offence under investigation: [[OFFENCE AND \
             PROVISION OF YOUR LAW, WITH ITS PENALTY]]. Facts that no packet shows: [[HARM, WHO REPORTED IT, WHAT IS \
             KNOWN FROM ELSEWHERE]]."
                .into(),
        ),
        Block::Heading("3. What was seen".into()),
    ];
    let first = requests.iter().filter_map(|r| r.seen).map(|s| s.first).min();
    let last = requests.iter().filter_map(|r| r.seen).map(|s| s.last).max();
    let seen = first.zip(last).map(|(first, last)| Seen { first, last });
    blocks.extend(summary(plan, seen, requests.iter().flat_map(|r| &r.items)));
    blocks.extend([
        facts(requests.iter().flat_map(|r| r.items.iter().map(|i| (i, r.ground)))),
        Block::Para(
            "Times are those of the records, in UTC. A port is given where a record has one; \"not recorded\" means that the port is \
             unknown, not that there was none."
                .into(),
        ),
    ]);
    blocks.push(Block::Heading("4. The data, and how they bear on the matter".into()));
    for r in requests {
        blocks.push(Block::Para(format!("{} ({}):", sentence(r.group.title()), addresses(&r.items))));
        blocks.push(Block::Bullets(r.ask_for.iter().map(|d| (*d).to_owned()).collect()));
        if let Some(only_if) = &r.only_if {
            blocks.push(Block::Para(format!("This part is asked {only_if}.")));
        }
    }
    blocks.push(Block::Para(
        "The data show where the traffic came from before it reached the addresses above, and who can be asked next.".into(),
    ));
    blocks.push(Block::Heading("5. Who holds the data".into()));
    blocks.push(Block::Bullets(holders(requests)));
    blocks.push(Block::Heading("6. Why it is urgent".into()));
    blocks.push(Block::Bullets(requests.iter().map(|r| urgency(r)).collect()));
    blocks.push(Block::Heading("7. Where this comes from".into()));
    blocks.extend(provenance(plan, &because));
    if let Some(c) = channel.filter(|c| !c.caveats.is_empty()) {
        blocks.push(Block::Heading("8. For the writer only; take out before sending".into()));
        blocks.push(Block::Bullets(c.caveats.iter().map(|c| c.to_string()).collect()));
    }
    blocks.extend(closing(
        plan,
        &format!("Locations are estimates: \"geolocated in {place}\" says where tables and measurements place a machine."),
    ));
    Some(Letter { name: format!("{}-preservation-request", to.state), blocks })
}

fn notification(plan: &Plan, n: &Notice) -> Letter {
    let to = Named::from(n);
    let place = to.words();
    let because: BTreeSet<&String> = n.because.iter().collect();
    let mut blocks = vec![
        Block::Title(format!("Notice of activity seen from or through addresses geolocated in {place}")),
        draft_note(),
        address_block(plan, &to, n.channel.as_ref()),
        Block::Heading("1. What this is".into()),
        Block::Para(
            "This is a notice, not an accusation. It tells you what was seen, so that it is known to you. It is no finding of breach of any \
             rule, and it says nothing of who sent the traffic or on whose behalf; the machines named here may themselves be \
             misused."
                .into(),
        ),
        Block::Heading("2. What was seen".into()),
    ];
    blocks.extend(summary(plan, n.seen, n.items.iter()));
    blocks.extend([
        Block::Para(format!("The addresses below are geolocated in {place}, with the probability p that stands beside each.")),
        facts(n.items.iter().map(|i| (i, Ground::Territory))),
        Block::Para("What it did, as far as is known from elsewhere than packets: [[HARM AND EFFECT]].".into()),
        Block::Heading("3. What is asked".into()),
        Block::Bullets(vec![
            "to confirm that this notice arrived, and to name a contact: reference [[YOUR REFERENCE]];".into(),
            "to look at it, and to take the steps that are reasonable and within your capacity: mitigation, preservation of data, \
             information of whoever runs the machines;"
                .into(),
            "to tell us what was found and done, or that help is wanted for it, by [[DATE, IF ANY]].".into(),
        ]),
        Block::Para(format!(
            "The activity [[GOES ON / HAS ENDED]]; {}.",
            n.seen.map_or_else(|| "the records do not say when it ended".to_owned(), |s| format!("the last record is of {}", s.last))
        )),
        Block::Heading("4. On which ground".into()),
        Block::Para(norm(n)),
        Block::Heading("5. Where this comes from".into()),
    ]);
    blocks.extend(provenance(plan, &because));
    let mut private: Vec<String> = Vec::new();
    if let Some(norm) = &n.norm {
        private.push(format!("The report on the norm: {}. {} (grade {})", norm.state, norm.reading, norm.grade));
    }
    private.extend(n.channel.iter().flat_map(|c| &c.caveats).map(ToString::to_string));
    private.push(format!(
        "Once it is sent: rutter practice add LEDGER --state {} --by {} --step notified …",
        n.state, plan.requesting.state
    ));
    blocks.push(Block::Heading("6. For the writer only; take out before sending".into()));
    blocks.push(Block::Bullets(private));
    blocks.extend(closing(plan, "Notice is not attribution."));
    Letter { name: format!("{}-notification", to.state), blocks }
}

fn norm(n: &Notice) -> String {
    let source = n.norm.as_ref().map_or("A/70/174 para 13(c)", |norm| norm.source.as_str());
    let grade = n.norm.as_ref().map_or(Grade::Unconfirmed, |norm| norm.grade);
    format!(
        "The norm of paragraph 13(c) of A/70/174 (2015-07-22): States should not knowingly allow their territory to be used for \
         internationally wrongful acts using ICTs. It is voluntary and non-binding. [[OTHER GROUND, IF ANY]] (source: {source}; \
         grade {grade})"
    )
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn addresses(items: &[Item]) -> String {
    let mut shown: Vec<String> = items.iter().take(12).map(|i| i.addr.to_string()).collect();
    if items.len() > shown.len() {
        shown.push(format!("and {} more, see section 3", items.len() - shown.len()));
    }
    shown.join(", ")
}

fn when(seen: Option<Seen>) -> String {
    match seen {
        None => "No record says when it was seen: [[TIME, IF KNOWN]].".into(),
        Some(s) if s.first == s.last => format!("It was seen at {} (UTC).", s.first),
        Some(s) => format!("It was seen from {} to {} (UTC).", s.first, s.last),
    }
}

fn summary<'a>(plan: &Plan, seen: Option<Seen>, items: impl Iterator<Item = &'a Item>) -> Vec<Block> {
    let paths: BTreeSet<&String> = items.flat_map(|i| &i.hops).map(|h| &h.path).collect();
    let on_paths: Vec<&FindingRef> = plan.findings.iter().filter(|f| paths.contains(&f.path)).collect();
    let mut lines: Vec<String> = on_paths.iter().take(MOST_FINDINGS).map(|f| finding(f)).collect();
    if on_paths.len() > lines.len() {
        lines.push(format!("and {} more", on_paths.len() - lines.len()));
    }
    vec![
        Block::Para(format!(
            "{} The addresses stand on the paths of these findings, in the words of the report. They describe traffic, no person and no \
             state.",
            when(seen)
        )),
        Block::Bullets(lines),
    ]
}

fn finding(f: &FindingRef) -> String {
    let when = f.seen.map(|s| format!(", {} to {}", s.first, s.last)).unwrap_or_default();
    format!("{} {}{when}: {}", f.path, f.finding, f.reason)
}

/// Addresses with ports and times; a row for each conversation, or one for an address without any.
fn facts<'a>(items: impl Iterator<Item = (&'a Item, Ground)>) -> Block {
    let mut rows = Vec::new();
    let mut left_out = 0;
    for (item, ground) in items {
        let share = item.hops.iter().map(|h| h.p).fold(0.0, f32::max);
        let named: BTreeSet<&String> = item.hops.iter().flat_map(|h| &h.because).collect();
        let mut because: Vec<String> = named.into_iter().cloned().collect();
        because.sort_by_key(String::len); // e2 before e10
        let place = match ground {
            Ground::Territory => format!("p {} by location ({})", p(share), ids(&because, 3)),
            Ground::Operator => format!("p {} by operator's seat or register ({})", p(share), ids(&because, 3)),
        };
        let mut roles: Vec<String> =
            item.hops.iter().take(4).map(|h| format!("{} hop {}: {}", h.path, h.rank, h.role.as_str())).collect();
        if item.hops.len() > roles.len() {
            roles.push(format!("and {} more", item.hops.len() - roles.len()));
        }
        let (place, roles) = (place, roles.join("; "));
        if item.uses.is_empty() {
            let time = match item.seen {
                None => "unknown".to_owned(),
                Some(seen) if seen.first == seen.last => seen.first.to_string(),
                Some(seen) => format!("{} to {}", seen.first, seen.last),
            };
            let all = ids(&because, 6);
            rows.push(vec![item.addr.to_string(), "not recorded".into(), time, ends(item), roles.clone(), place.clone(), all]);
        }
        for u in &item.uses {
            rows.push(vec![
                item.addr.to_string(),
                format!("{} {}", u.proto, u.port),
                u.time.to_string(),
                format!("{} port {}", u.peer, u.peer_port),
                roles.clone(),
                place.clone(),
                u.because.clone(),
            ]);
        }
    }
    if rows.len() > MOST_ROWS {
        left_out = rows.len() - MOST_ROWS;
        rows.truncate(MOST_ROWS);
    }
    if left_out > 0 {
        let mut last = vec![format!("and {left_out} more rows in the plan")];
        last.resize(7, String::new());
        rows.push(last);
    }
    Block::Table {
        head: vec!["Address", "Port", "Time (UTC)", "Other end", "Place on the path", "In this state", "Evidence"],
        rows,
    }
}

/// The ends of the paths on which the address stands: a provider on the way finds traffic by them.
fn ends(item: &Item) -> String {
    let ends: BTreeSet<_> = item.hops.iter().filter_map(|h| h.from.zip(h.to)).collect();
    let shown: Vec<String> = ends.iter().take(4).map(|(from, to)| format!("traffic from {from} to {to}")).collect();
    match ends.len() - shown.len() {
        0 if shown.is_empty() => "not recorded".into(),
        0 => shown.join("; "),
        more => format!("{} and {more} more", shown.join("; ")),
    }
}

fn holders(requests: &[&Request]) -> Vec<String> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in requests.iter().flat_map(|r| &r.items) {
        let who = match operator(item) {
            none if none.is_empty() => "operator unknown: [[OPERATOR]]".to_owned(),
            known => format!("{known} (as tables of autonomous systems say; whoever runs the machine itself may be another)"),
        };
        out.entry(who).or_default().insert(item.addr.to_string());
    }
    out.into_iter()
        .map(|(who, addrs)| {
            let shown: Vec<&str> = addrs.iter().take(20).map(String::as_str).collect();
            let more = if addrs.len() > shown.len() { format!(" and {} more", addrs.len() - shown.len()) } else { String::new() };
            format!("{who}: {}{more}", shown.join(", "))
        })
        .collect()
}

fn urgency(r: &Request) -> String {
    let rule = &r.retention;
    let lost = match rule.lost_from {
        None => "how long they are kept is not known to us, they may be lost any day".to_owned(),
        Some(day) => format!("as far as is known to us they may be lost from {day}"),
    };
    let known = if rule.rule.is_empty() {
        String::new()
    } else {
        format!("; rule known to us: {} (grade {}; {})", rule.rule, rule.grade, or(&rule.source, "no source given"))
    };
    format!("{}: {lost}{known}", sentence(r.group.title()))
}

fn provenance(plan: &Plan, because: &BTreeSet<&String>) -> Vec<Block> {
    let named: Vec<&EvidenceRef> = plan.evidence.iter().filter(|e| because.contains(&e.id)).collect();
    let used: BTreeSet<usize> = named.iter().map(|e| e.input).collect();
    let inputs = plan.inputs.iter().enumerate().filter(|(i, _)| used.contains(i));
    let inputs: Vec<Vec<String>> = inputs
        .map(|(i, input)| {
            let hash = input.sha256.clone().unwrap_or_else(|| "not computed".into());
            vec![i.to_string(), input.name.clone(), input.format.clone(), hash]
        })
        .collect();
    let mut rows: Vec<Vec<String>> = named
        .iter()
        .take(MOST_EVIDENCE)
        .map(|e| vec![e.id.clone(), e.kind.clone(), e.time.to_string(), format!("input {}, {}", e.input, e.at), e.what.clone()])
        .collect();
    if named.len() > MOST_EVIDENCE {
        let more = format!("{} more pieces stand in the report", named.len() - MOST_EVIDENCE);
        rows.push(vec!["…".into(), String::new(), String::new(), String::new(), more]);
    }
    vec![
        Block::Para(format!(
            "The facts were read from the inputs below by {} and stand in a report whose file has the SHA-256 {}. The records can be \
             checked against these hashes. Words in the last column that come from the traffic itself were chosen by whoever sent it.",
            plan.report.tool, plan.report.sha256
        )),
        Block::Table { head: vec!["Input", "Name", "Format", "SHA-256"], rows: inputs },
        Block::Table { head: vec!["Id", "Kind", "Time (UTC)", "Where", "What it says"], rows },
    ]
}

fn closing(plan: &Plan, more: &str) -> Vec<Block> {
    vec![
        Block::Heading("What this does not say".into()),
        Block::Para(format!("{} {more}", plan.non_claim)),
        Block::Para(format!("{} {}.", plan.no_advice, plan.attribution)),
        Block::Para("[[PLACE, DATE, SIGNATURE, NAME AND OFFICE]]".into()),
    ]
}
