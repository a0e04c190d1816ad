//! Around the facts of a letter: who writes to whom, where the facts come from, what is not said, what is for the writer.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan::ask::{Form, sent_by};
use super::super::plan::words::{self, usable};
use super::super::plan::{EvidenceRef, Named, Notice, Plan};
use super::Block;
use super::facts::About;
use crate::model::channel::Channel;

/// Pieces of evidence that are listed in a letter; the rest is counted.
const MOST_EVIDENCE: usize = 60;

pub(super) fn draft_note(form: Form) -> Block {
    let what = match form {
        Form::Budapest | Form::Letter => "This text",
        Form::InvestigationOrder | Form::PreservationCertificate => "This material, which is no order,",
    };
    Block::Para(format!(
        "DRAFT. {what} was made by a program out of a report; a person has to check it against the evidence, fill what stands in double \
         brackets and take out this paragraph and the last section. Before it is sent: may everything that is named here be told to the \
         recipient?"
    ))
}

pub(super) fn row(label: &str, value: String) -> Vec<String> {
    vec![label.to_owned(), value]
}

/// The instrument by its title, with the article.
pub(super) fn basis(c: &Channel, plan: &Plan) -> String {
    let id = c.instrument.as_deref();
    let title_of = |id: &str| plan.instruments.iter().find(|i| i.id == id).map(|i| i.title.as_str());
    let basis = words::basis(c, id.and_then(title_of));
    // Of two instruments the second is named by its title too.
    match title_of("ETS185").filter(|_| id != Some("ETS185")) {
        Some(title) => basis.replace("of ETS185", &format!("of the {title} (ETS185)")),
        None => basis,
    }
}

pub(super) fn rows(plan: &Plan, to: String, by: Option<&str>) -> Vec<Vec<String>> {
    vec![
        row("From", format!("[[NAME AND OFFICE]], {}", plan.requesting.words())),
        row("Sent by", by.map_or_else(|| "[[WHO MAY SEND IT]]".into(), |by| format!("{by} [[CHECK]]"))),
        row("To", to),
        row("Your reference", "[[THEIR REFERENCE, IF ANY]]".into()),
        row("Our reference", "[[YOUR REFERENCE]]".into()),
        row("Date", "[[DATE OF SENDING]]".into()),
        row("Contact", "[[TELEPHONE AND E-MAIL, DAY AND NIGHT]]".into()),
    ]
}

fn body(c: Option<&Channel>, to: &Named) -> String {
    match c.filter(|c| !c.body.is_empty()) {
        None => format!("[[COMPETENT BODY]], {}", to.words()),
        Some(c) => format!("{}, {} [[CHECK]]", c.body, to.words()),
    }
}

/// Who writes to whom, through what.
pub(super) fn head(plan: &Plan, to: &Named, channel: Option<&Channel>, by: Option<&str>, form: Form) -> Block {
    let mut rows = rows(plan, body(channel, to), by);
    rows.push(row("Urgency", "[[URGENT, AND WHY]] (see section 6)".into()));
    match channel {
        Some(c) => {
            rows.push(row("Channel", c.kind.to_string()));
            rows.push(row("Legal basis", basis(c, plan)));
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
    if form != Form::Letter {
        rows.push(row("Language", "[[LANGUAGE THAT THE RECIPIENT ACCEPTS]]".into()));
    }
    Block::Table { head: vec!["", "To fill or to check"], rows }
}

/// A notice goes to a point of contact, a response team or a foreign ministry, and rests on no treaty.
pub(super) fn notice_head(plan: &Plan, to: &Named, n: &Notice) -> Block {
    let all = || n.channel.iter().chain(&n.alternatives);
    let mut from: Vec<String> =
        all().map(|c| format!("{}: {}", c.kind, sent_by(c, &plan.requesting, plan.by_way_of, plan.senders.as_ref()))).collect();
    from.push(format!("the diplomatic channel: the foreign ministry of {}", plan.requesting.state));
    let mut ways: Vec<String> = all().map(|c| format!("{} ({})", c.kind, words::or(&c.body, "body unknown"))).collect();
    ways.push("the diplomatic channel (the foreign ministry)".into());
    let mut rows = rows(plan, body(n.channel.as_ref(), to), Some(&from.join("; ")));
    rows.push(row("Way", format!("one of: {} [[WHICH]]", ways.join("; "))));
    Block::Table { head: vec!["", "To fill or to check"], rows }
}

/// The inputs with their hashes, and the pieces of evidence.
pub(super) fn provenance<'a>(plan: &'a Plan, because: BTreeSet<&'a String>, about: &About<'a>) -> Vec<Block> {
    let mut wanted = because;
    for u in about.uses(plan) {
        wanted.insert(&u.because);
        wanted.extend(u.also.iter().map(|a| &a.because));
    }
    // What a listed piece was put together from is listed too. A provider is told of no other's records, and the conversation
    // that shows a clock may have gone another way.
    let mut open: Vec<&String> = wanted.iter().copied().filter(|_| !about.one_provider).collect();
    let by_id: BTreeMap<&str, &EvidenceRef> = plan.evidence.iter().map(|e| (e.id.as_str(), e)).collect();
    while let Some(id) = open.pop() {
        let cited = by_id.get(id.as_str()).map(|e| words::cited(&e.kind, &e.what)).unwrap_or_default();
        let new = cited.into_iter().filter_map(|n| by_id.get(format!("e{n}").as_str()).map(|e| &e.id));
        open.extend(new.filter(|id| wanted.insert(id)));
    }
    wanted.extend(about.clocks(plan).into_iter().map(|c| &c.because));
    let named: Vec<&EvidenceRef> = plan.evidence.iter().filter(|e| wanted.contains(&e.id)).collect();
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
             checked against these hashes. Times in this section are as recorded. Words in the last column that come from the traffic \
             itself were chosen by whoever sent it. A piece that is named in the last column and has no row here stands in the report.",
            plan.report.tool, plan.report.sha256
        )),
        Block::Table { head: vec!["Input", "Name", "Format", "SHA-256"], rows: inputs },
        Block::Table { head: vec!["Id", "Kind", "Time (UTC)", "Where", "What it says"], rows },
    ]
}

/// What is not claimed, with what tables, and the signature.
pub(super) fn not_said(plan: &Plan, more: &str) -> Vec<Block> {
    let tables: Vec<String> = plan.datasets.iter().map(|t| format!("{} ({})", t.name, words::or(&t.date, "no date"))).collect();
    let tables = if tables.is_empty() { "[[TABLES AND THEIR DATES]]".to_owned() } else { tables.join(", ") };
    vec![
        Block::Heading("What this does not say".into()),
        Block::Para(format!("{} {more}", plan.non_claim)),
        Block::Para(
            "A hop that is called inferred was put together from other records, and its address may not have carried the traffic. What \
             a header asserts and nobody vouches for is not relied on. No person is named, and nothing is said of who used a machine."
                .into(),
        ),
        Block::Para(format!("Machines were placed with these tables: {tables}. Each is as of its date, and addresses move.")),
        Block::Para(format!("{} {}.", plan.no_advice, plan.attribution)),
        Block::Para("[[PLACE, DATE, SIGNATURE, NAME AND OFFICE]]".into()),
    ]
}

/// With which law the draft was made, and by whom it can be sent.
pub(super) fn of_law(plan: &Plan) -> Vec<String> {
    let book = &plan.rule_book;
    let mut out = vec![plan.who_sends.to_owned()];
    out.push(format!("Law as of {}, out of the rule book of {} (SHA-256 {})", plan.on, book.date, book.sha256));
    if let Some(overlay) = &plan.law_overlay {
        out.push(format!("Over the rule book lay a folder of your own: {overlay}"));
    }
    if let Some(s) = &plan.senders {
        out.push(format!(
            "Bodies of {} that send: as the table of national law names them (grade {}; {}); check before sending",
            plan.requesting.state,
            s.grade,
            words::or(&s.source, "no source given")
        ));
    }
    out.extend(plan.warnings.iter().map(|w| words::warning(w)));
    out
}

/// What a channel rests on and what to mind, for the writer.
pub(super) fn of_channel(what: &str, c: &Channel) -> Vec<String> {
    let mut out = vec![format!("{what}: {}", words::whole_channel(c))];
    if c.instrument.is_some() {
        let (as_of, source) = (words::or(&c.as_of, "unknown"), words::or(&c.source, "no source given"));
        out = vec![format!("{what}: {}; {} (rows as of {as_of}, grade {}; {source})", words::basis(c, None), usable(c), c.grade)];
    }
    out.extend(c.caveats.iter().map(|x| format!("{}: {x}", c.kind)));
    out
}

/// The last section: it is cut off before sending.
pub(super) fn writer_only(lines: Vec<String>) -> Vec<Block> {
    let mut once = BTreeSet::new();
    let lines = lines.into_iter().filter(|l| once.insert(l.clone())).collect();
    vec![Block::Heading("For the writer only: take out before sending".into()), Block::Bullets(lines)]
}
