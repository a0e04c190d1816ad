//! Drafts of letters: a request to preserve data, and a notice under norm 13(c).
//!
//! A draft says what evidence carries and no more: addresses, ports, times in UTC with the known differences of clocks, how
//! each hop is known, evidence ids and hashes. What only a person can know stands as a blank in double brackets. No sentence
//! has a state as the one who did something: a state is where a machine is placed, with a probability, and whom one asks or
//! tells. What speaks to the writer alone (grades and sources of the law, the ledger) stands in the last section.
//!
//! * `facts`: what was seen, as tables
//! * `order`: the material for an order to a provider
//! * `boxes`: what the forms ask for, with their letters
//! * `frame`: who writes to whom, where the facts come from, what is not said, and what is for the writer only
//! * [`markdown`], [`docx`]: the two renderings of the same blocks
//! * [`zip`]: the container of the second

use std::collections::{BTreeMap, BTreeSet};

use super::plan::ask::{Form, form, is_bundle};
use super::plan::text::operator;
use super::plan::{Ground, Group, Item, Named, Notice, Plan, Request, words};
use crate::model::channel::Channel;
use crate::model::net::StateCode;

use facts::About;

mod boxes;
pub mod docx;
mod facts;
mod frame;
pub mod markdown;
mod order;
pub mod zip;

#[cfg(test)]
mod tests;

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

/// All letters of a plan: one request to preserve per foreign state that somebody answers for, one notice per state that
/// is to be told. A European Preservation Order is addressed to a provider: there is one for each, and none for a state.
#[must_use]
pub fn draft(plan: &Plan) -> Vec<Letter> {
    let mut states: BTreeMap<StateCode, Vec<&Request>> = BTreeMap::new();
    for request in plan.requests.iter().filter(|r| !r.domestic && !r.unanswered) {
        states.entry(request.state).or_default().push(request);
    }
    let mut out: Vec<Letter> = states.into_values().filter_map(|requests| preservation(plan, &requests)).collect();
    out.extend(plan.orders.iter().map(|o| order::preservation(plan, o)));
    out.extend(plan.notices.iter().map(|n| notification(plan, n)));
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// Ends of the names of files that are drafts: what else lies in a folder of letters may be one of another plan.
pub const NAMES: [&str; 3] = ["-preservation-request", "-notification", "-preservation-order"];

fn title(form: Form) -> &'static str {
    match form {
        Form::Budapest | Form::Letter => "Request for the expedited preservation of stored computer data",
        Form::InvestigationOrder => {
            "Material for the form (Annex A) of a European Investigation Order: provisional measure to preserve data"
        }
        Form::PreservationCertificate => "Material for the certificate (EPOC-PR) of a European Preservation Order",
    }
}

/// What is asked, in the words of the basis.
fn asked(plan: &Plan, form: Form, to: &Named, channel: Option<&Channel>, later: Option<&Channel>) -> Vec<Block> {
    let which = if later.is_some_and(is_bundle) { " [[TITLE AND DATE OF THE TREATY]]" } else { "" };
    let later = later.map_or_else(
        || "[[REQUEST FOR MUTUAL ASSISTANCE OR ORDER]]".to_owned(),
        |c| format!("{} ({}{which})", c.kind, frame::basis(c, plan)),
    );
    let confidential = CONFIDENTIAL;
    let limit = channel.map(|c| &*c.limit).filter(|l| !l.is_empty());
    match form {
        Form::Budapest => vec![
            Block::Para(
                "We ask you, under article 29 of the Convention on Cybercrime, to order or otherwise obtain the expeditious \
                 preservation of the stored computer data named in section 4, without change, for at least 60 days, and on until a request \
                 for their disclosure is decided (article 29(7)). Please tell us the reference under which they are kept."
                    .into(),
            ),
            Block::Para(format!(
                "We ask for preservation only. If it turns out that a provider in another state took part in the transmission, please \
                 tell us as much traffic data as shows that provider and the path (article 30). {confidential}"
            )),
            Block::Para("What article 29(2) asks for:".into()),
            Block::Bullets(boxes::article_29(&later)),
        ],
        Form::InvestigationOrder => vec![
            Block::Para(
                "This is material for the form of Annex A. The order itself is issued, or validated, by a judge, a court, an investigating \
                 judge or a prosecutor, who fills in the form, translates it and signs it: [[ISSUING AUTHORITY]]."
                    .into(),
            ),
            Block::Para(format!(
                "Measure: a provisional measure (article 32) so that the data named in section 4 are not destroyed, changed, moved or \
                 disposed of{}. Are the data then to be handed over or to stay, and until when: [[HANDED OVER OR TO STAY, AND UNTIL WHEN]]. \
                 The order for handing them over: {later}, by [[DATE]]. {confidential}",
                limit.map(|l| format!("; {l}")).unwrap_or_default()
            )),
            boxes::annex_a(&plan.requesting, to),
        ],
        Form::PreservationCertificate | Form::Letter => vec![Block::Para(format!(
            "We ask you to have the data named in section 4 preserved without change, for [[NUMBER]] days or as long as your law allows, \
             and to tell us the reference under which they are kept. We ask for preservation only; disclosure will be asked for \
             apart, by {later}, by [[DATE]]. {confidential}"
        ))],
    }
}

const CONFIDENTIAL: &str = "Please keep this request confidential: [[YES OR NO, AND WHY]].";

fn preservation(plan: &Plan, requests: &[&Request]) -> Option<Letter> {
    let one = requests.first()?;
    let to = Named::from(*one);
    let with_channel = requests.iter().find(|r| r.first.is_some());
    let channel = with_channel.and_then(|r| r.first.as_ref());
    // What is announced is mutual assistance: the path of article 30 is told unasked, and a quicker order may stand beside it.
    let nearest = requests.iter().min_by_key(|r| r.group);
    let later = nearest.and_then(|r| r.mla.as_ref().or(r.disclose.as_ref()));
    let disclose = nearest.and_then(|r| r.disclose.as_ref());
    let sent_by = with_channel.and_then(|r| r.sent_by.as_deref());
    let form = form(channel);
    let place = to.words();
    let about =
        About { items: requests.iter().flat_map(|r| r.items.iter().map(|i| (i, r.ground))).collect(), one_provider: false };
    let because: BTreeSet<&String> = requests.iter().flat_map(|r| &r.because).collect();
    let mut blocks =
        vec![Block::Title(title(form).into()), frame::draft_note(form), frame::head(plan, &to, channel, sent_by, form)];
    blocks.push(Block::Heading("1. What is asked".into()));
    blocks.extend(asked(plan, form, &to, channel, later));
    blocks.extend(matter());
    blocks.push(Block::Heading("3. What was seen".into()));
    blocks.extend(facts::all(plan, &about, Some(&place)));
    blocks.push(Block::Heading("4. The data, and how they bear on the matter".into()));
    for r in requests {
        blocks.extend(part(r.group, &r.ask_for, &r.items, r.only_if.as_deref()));
    }
    blocks.push(keep(plan, &about));
    blocks.push(Block::Heading("5. Who holds the data".into()));
    blocks.push(Block::Bullets(holders(requests.iter().flat_map(|r| &r.items))));
    blocks.push(Block::Heading("6. Why it is urgent".into()));
    blocks.push(Block::Bullets(urgency(requests)));
    blocks.push(Block::Heading("7. Where this comes from".into()));
    blocks.extend(frame::provenance(plan, because, &about));
    blocks.extend(frame::not_said(
        plan,
        &format!("Locations are estimates: \"geolocated in {place}\" says where tables and measurements place a machine."),
    ));
    let mut private = frame::of_law(plan);
    private.extend(channel.iter().flat_map(|c| frame::of_channel("To preserve", c)));
    if let Some(c) = disclose.filter(|d| Some(*d) != channel && Some(*d) != later) {
        private.extend(frame::of_channel("Beside it", c));
    }
    if let Some(c) = later.filter(|l| Some(*l) != channel) {
        private.extend(frame::of_channel("To have it handed over", c));
    }
    let with_rule = || requests.iter().filter(|r| !r.retention.rule.is_empty());
    if let Some(r) = with_rule().find(|r| !r.retention.covered.is_empty()).or_else(|| with_rule().next()) {
        let (rule, source) = (&r.retention, words::or(&r.retention.source, "no source given"));
        private.push(format!(
            "Rule on retention of {}, as far as is known: {} (grade {}; {source})",
            to.state, rule.rule, rule.grade
        ));
    }
    private.push(ledger(plan, to.state.as_str(), "asked"));
    blocks.extend(frame::writer_only(private));
    Some(Letter { name: format!("{}{}", to.state, NAMES[0]), blocks })
}

/// The second section.
fn matter() -> [Block; 2] {
    [
        Block::Heading("2. The authority that asks, and the matter".into()),
        Block::Para(
            "Authority that conducts the matter: [[AUTHORITY]]. File: [[YOUR REFERENCE]]. Offence under investigation: [[OFFENCE AND \
             PROVISION OF YOUR LAW, WITH ITS PENALTY]]. Facts that no packet shows: [[HARM, WHO REPORTED IT, WHAT IS \
             KNOWN FROM ELSEWHERE]]."
                .into(),
        ),
    ]
}

/// What is asked about machines of one kind.
fn part(group: Group, ask_for: &[&str], items: &[Item], only_if: Option<&str>) -> Vec<Block> {
    let mut out = vec![
        Block::Para(format!("{} ({}):", sentence(group.title()), addresses(items))),
        Block::Bullets(ask_for.iter().map(|d| (*d).to_owned()).collect()),
    ];
    out.extend(only_if.map(|only_if| Block::Para(format!("This part is asked {only_if}."))));
    out
}

fn keep(plan: &Plan, about: &About<'_>) -> Block {
    Block::Para(format!(
        "Please keep what was recorded at the times of section 3 and [[NUMBER]] minutes before and after them. The data \
         show where the traffic came from before it reached the addresses above, and who can be asked next.{}",
        if about.clocks(plan).is_empty() { "" } else { " Where two times are given, please look at both." }
    ))
}

fn notification(plan: &Plan, n: &Notice) -> Letter {
    let to = Named::from(n);
    let place = to.words();
    let because: BTreeSet<&String> = n.because.iter().collect();
    let about = About { items: n.items.iter().map(|i| (i, Ground::Territory)).collect(), one_provider: false };
    let mut blocks = vec![
        Block::Title(format!("Notice of activity seen from or through addresses geolocated in {place}")),
        frame::draft_note(Form::Letter),
        frame::notice_head(plan, &to, n),
        Block::Heading("1. What this is".into()),
        Block::Para(
            "This is a notice, not an accusation. It tells you what was seen, so that it is known to you. It is no finding of breach of any \
             rule, and it says nothing of who sent the traffic or on whose behalf; the machines named here may themselves be \
             misused. It is no request for evidence: that is made apart, under the law of legal assistance."
                .into(),
        ),
        Block::Heading("2. What was seen".into()),
    ];
    blocks.extend(facts::all(plan, &about, Some(&place)));
    blocks.extend([
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
            about
                .span(plan)
                .map_or_else(|| "the records do not say when it ended".to_owned(), |s| format!("the last record is of {}", s.last))
        )),
        Block::Heading("4. On which ground".into()),
        Block::Para(
            "The norm of paragraph 13(c) of A/70/174 (2015-07-22): States should not knowingly allow their territory to be used for \
             internationally wrongful acts using ICTs. It is voluntary and non-binding. [[OTHER GROUND, IF ANY]]"
                .into(),
        ),
        Block::Heading("5. Where this comes from".into()),
    ]);
    blocks.extend(frame::provenance(plan, because, &about));
    blocks.extend(frame::not_said(plan, "Notice is not attribution."));
    let mut private = frame::of_law(plan);
    if let Some(norm) = &n.norm {
        private.push(format!(
            "The report on the norm {}: {}. {} (grade {}; {})",
            norm.norm, norm.state, norm.reading, norm.grade, norm.source
        ));
    }
    private.extend(n.channel.iter().chain(&n.alternatives).flat_map(|c| frame::of_channel("To tell", c)));
    private.push(ledger(plan, n.state.as_str(), "notified"));
    blocks.extend(frame::writer_only(private));
    Letter { name: format!("{}{}", to.state, NAMES[1]), blocks }
}

fn ledger(plan: &Plan, state: &str, step: &str) -> String {
    format!("Once it is sent: rutter practice add LEDGER --state {state} --by {} --step {step} …", plan.requesting.state)
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

fn holders<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in items {
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

/// When it may be lost, once for all parts that it holds for. What the recipient's law says, the recipient knows.
fn urgency(requests: &[&Request]) -> Vec<String> {
    let mut of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for r in requests {
        let lost = match r.retention.lost_from {
            None => "how long these data are kept is not known to us: they may be lost any day".to_owned(),
            Some(day) => {
                let part = r.retention.part().unwrap_or_else(|| "these data".to_owned());
                let rest = r.retention.rest().map(|rest| format!("; {rest}")).unwrap_or_default();
                format!("as far as is known to us {part} may be lost from {day}{rest}")
            }
        };
        of.entry(lost).or_default().push(r.group.title());
    }
    let line = |(lost, mut parts): (String, Vec<&str>)| {
        parts.dedup();
        format!("{}: {lost}.", sentence(&parts.join("; ")))
    };
    of.into_iter().map(line).collect()
}
