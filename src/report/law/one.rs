//! How the views of one state, one pair or one instrument read.

use super::document::{Document, Readable, Section, joined, or_unknown};
use super::{Basis, ChannelView, Cited, InstrumentView, NO_ADVICE, NationalRow, ShowView, StatusRow, StatusView};
use crate::model::channel::{Retention, RetentionKind, Usable};
use crate::model::faultline::{Standing, Standings};
use crate::model::law::Status;
use crate::model::time::Day;
use crate::report::footnotes::Footnotes;

/// The day, why that day, and what lies under the answer.
pub(super) fn lead(on: Day, basis: &Basis) -> Vec<String> {
    let mut out = Vec::new();
    let why = if basis.on_given { "" } else { " (no --on was given: the day on which the rule book was last revised)" };
    out.push(format!("On {on}{why}. Rule book revised {}.", basis.revised));
    if let Some(overlay) = &basis.overlay {
        out.push(format!("With the user's own files laid over it: {overlay}."));
    }
    out.push(NO_ADVICE.to_owned());
    out
}

/// `since 2009-07-01`, or nothing.
pub(super) fn since(row: &StatusRow) -> String {
    row.since.map(|d| format!("since {d}")).unwrap_or_default()
}

/// Where it was read, and the official page.
fn source_of(row: &StatusRow) -> String {
    match &row.official {
        Some(page) if *page != row.source => format!("{}; official page: {page}", row.source),
        _ => row.source.clone(),
    }
}

impl Readable for StatusView {
    fn document(&self) -> Document {
        let r = &self.row;
        let mut d = Document { title: format!("{}: {} {}", r.instrument, r.state, r.name), ..Document::default() };
        d.lead = lead(r.on, &self.basis);
        let force = match r.in_force {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let known = d.known(r.grade, &r.as_of, r.stale, &source_of(r));
        let mut rows = vec![
            ["instrument".to_owned(), format!("{}, {}", r.instrument, r.title)],
            ["status".to_owned(), r.status.as_str().to_owned()],
            ["in force".to_owned(), joined(", ", [force.to_owned(), since(r)])],
            ["known".to_owned(), known],
        ];
        for (what, date) in [("signed", &r.signed), ("deposit", &r.ratified), ("left", &r.left)] {
            if let Some(date) = date {
                rows.push([what.to_owned(), date.clone()]);
            }
        }
        if let Some(of) = r.row_of.filter(|of| of.as_str() != r.state) {
            rows.push(["row of".to_owned(), of.to_string()]);
        }
        if !r.note.is_empty() {
            rows.push(["remarks".to_owned(), r.note.clone()]);
        }
        d.sections.push(Section::new("Answer").table(["", ""], rows));
        d
    }
}

fn cell(d: &mut Document, cited: &Cited) -> String {
    d.known(cited.grade, &cited.as_of, false, &cited.source)
}

pub(super) fn instruments(d: &mut Document, rows: &[StatusRow]) -> Vec<[String; 5]> {
    rows.iter()
        .map(|r| {
            let known = d.known(r.grade, &r.as_of, r.stale, &source_of(r));
            [
                format!("{} {}", r.instrument, r.title),
                r.status.as_str().to_owned(),
                r.since.map(|s| s.to_string()).unwrap_or_default(),
                r.note.clone(),
                known,
            ]
        })
        .collect()
}

pub(super) fn score(s: &Standing) -> String {
    match (s.score, s.interval) {
        (Some(score), Some((low, high))) => format!("{score:+.2}, 90 % interval {low:+.2} to {high:+.2}, n {}", s.n),
        (Some(score), None) => format!("{score:+.2}, n {}", s.n),
        (None, _) => format!("no data, n {}", s.n),
    }
}

fn standings(d: &mut Document, s: &Standings) -> Section {
    let mut rows = Vec::new();
    for line in &s.lines {
        rows.push([line.line.as_str().to_owned(), line.line.question().to_owned(), score(line), String::new()]);
        for i in &line.items {
            let known = format!("{} {}", i.grade, d.cite(&i.source));
            rows.push([String::new(), i.item.to_string(), joined(", ", [i.value.to_string(), i.date.to_string()]), known]);
        }
    }
    Section::new("Standings")
        .say("Where its votes, texts and signatures lie between two readings, from -1 to +1. No camp, and no evidence of who did something.")
        .table(["line", "question or item", "value", "known"], rows)
}

fn retention(d: &mut Document, first: &Retention, later: &[Retention]) -> Vec<[String; 2]> {
    let all = || std::iter::once(first).chain(later);
    // What a duty covers says most of the rule.
    let rule = all().find(|r| !r.covered.is_empty()).unwrap_or(first);
    let known = format!("{} {}", rule.grade, d.cite(&rule.source));
    let mut rows: Vec<[String; 2]> = all().map(|r| [String::new(), r.lost()]).collect();
    if let Some(row) = rows.first_mut() {
        row[0] = "clock".to_owned();
    }
    rows.extend([["rule".to_owned(), or_unknown(&rule.rule)], ["known".to_owned(), known]]);
    rows
}

fn national(d: &mut Document, n: &NationalRow) -> Section {
    let known = cell(d, &n.cited);
    // A number by itself reads as a duty.
    let months = n.retention_months.map(|m| match n.retention_kind {
        Some(RetentionKind::Duty) => format!("{m} months"),
        Some(RetentionKind::Maximum) => format!("at most {m} months"),
        Some(RetentionKind::ByOrder) => format!("{m} months by order"),
        None => format!("{m} months, no duty of providers"),
    });
    let months = months.unwrap_or_default();
    let rows = vec![
        ["computer crime".to_owned(), or_unknown(&n.computer_crime_law)],
        ["data protection".to_owned(), or_unknown(&n.data_protection_law)],
        ["retention".to_owned(), or_unknown(&joined(": ", [months, n.retention_rule.clone()]))],
        ["blocking, localisation".to_owned(), or_unknown(&n.blocking_localisation)],
        ["legal assistance".to_owned(), or_unknown(&n.mla_authority)],
        ["CERT".to_owned(), or_unknown(&n.cert)],
        ["day and night".to_owned(), or_unknown(&n.contact_24_7)],
        ["known".to_owned(), known],
        ["remarks".to_owned(), n.cited.note.clone()],
    ];
    Section::new("National law and authorities").table(["", ""], rows.into_iter().filter(|[_, v]| !v.is_empty()).collect())
}

impl Readable for ShowView {
    fn document(&self) -> Document {
        let mut d = Document { title: format!("{} {}", self.state, self.name), ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        if !self.un_status.is_empty() {
            d.lead.insert(1, format!("{}.", self.un_status));
        }
        if let Some(t) = &self.territory {
            let parent = t.parent.map_or_else(|| "none".to_owned(), |p| p.to_string());
            let mut rows = vec![
                ["character".to_owned(), t.character.clone()],
                ["treaties through".to_owned(), parent],
                ["who answers for it".to_owned(), or_unknown(&t.responsible)],
                ["Budapest Convention".to_owned(), or_unknown(&t.ets185)],
                ["EU law".to_owned(), or_unknown(&t.eu_law)],
                ["extended to it".to_owned(), t.extends.join(", ")],
                ["not extended to it".to_owned(), t.excludes.join(", ")],
                ["remarks".to_owned(), t.cited.note.clone()],
            ];
            rows.push(["known".to_owned(), cell(&mut d, &t.cited)]);
            rows.retain(|[_, value]| !value.is_empty());
            d.sections.push(
                Section::new("Territory").say("A code says nothing about whose a disputed place is.").table(["", ""], rows),
            );
        }
        let rows = instruments(&mut d, &self.instruments);
        let mut section = Section::new("Instruments");
        if !self.nothing_known.is_empty() {
            section = section.say(format!("Unknown, since the tables have nothing: {}.", self.nothing_known.join(", ")));
        }
        d.sections.push(section.table(["instrument", "status", "since", "remarks", "known"], rows));
        if let Some(n) = &self.national {
            let section = national(&mut d, n);
            d.sections.push(section);
        }
        if let Some(r) = &self.retention {
            let rows = retention(&mut d, r, &self.later);
            d.sections.push(Section::new(format!("How long data of {} last", self.on)).table(["", ""], rows));
        }
        if !self.groups.is_empty() {
            let rows = self
                .groups
                .iter()
                .map(|g| {
                    let belongs = match g.belongs {
                        Some(true) => "yes",
                        Some(false) => "no",
                        None => "unknown",
                    };
                    let span = joined(
                        ", ",
                        [
                            g.joined.as_ref().map(|d| format!("from {d}")).unwrap_or_default(),
                            g.left.as_ref().map(|d| format!("to {d}")).unwrap_or_default(),
                            g.cited.note.clone(),
                        ],
                    );
                    [g.group.clone(), g.status.clone(), belongs.to_owned(), span, cell(&mut d, &g.cited)]
                })
                .collect();
            let section = Section::new("Organisations and networks");
            d.sections.push(section.table(["group", "listed as", "on the day", "dates, remarks", "known"], rows));
        }
        if !self.statements.is_empty() {
            let rows = self
                .statements
                .iter()
                .map(|s| {
                    let said = joined("; ", [s.value.clone(), s.cited.note.clone()]);
                    [s.table.to_owned(), s.item.clone(), said, s.date.clone(), cell(&mut d, &s.cited)]
                })
                .collect();
            let section = Section::new("Positions, declarations, signatures");
            d.sections.push(section.table(["table", "item", "value", "date", "known"], rows));
        }
        if !self.votes.is_empty() {
            let rows = self
                .votes
                .iter()
                .map(|v| [v.item.clone(), v.title.clone(), v.vote.to_owned(), v.date.clone(), cell(&mut d, &v.cited)])
                .collect();
            d.sections.push(Section::new("Votes").table(["resolution", "title", "vote", "date", "known"], rows));
        }
        if let Some(s) = self.standings.as_ref().filter(|s| !s.lines.is_empty()) {
            let section = standings(&mut d, s);
            d.sections.push(section);
        }
        d
    }
}

impl Readable for ChannelView {
    fn document(&self) -> Document {
        let title = format!("How {} {} can ask {} {}", self.from, self.from_name, self.to, self.to_name);
        let mut d = Document { title, ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        d.lead.extend(self.notes.iter().cloned());
        let footnotes = Footnotes::all(&self.channels);
        let rows: Vec<[String; 7]> = self
            .channels
            .iter()
            .zip(&footnotes.of)
            .enumerate()
            .map(|(n, (c, (_, notes)))| {
                let on = joined(", ", [c.instrument.as_deref().unwrap_or_default().to_owned(), c.article.to_string()]);
                let usable = match c.usable {
                    Usable::Yes => "yes",
                    Usable::Unknown => "unknown",
                    Usable::Suspended => "suspended",
                    Usable::Ended => "no, it has ended",
                };
                let purposes: Vec<&str> = c.purposes.iter().map(|p| p.as_str()).collect();
                let known = d.known(c.grade, &c.as_of, false, &c.source);
                let basis = if on.is_empty() { "no treaty" } else { on.as_str() };
                [
                    format!("{}. {}", n + 1, c.kind),
                    purposes.join(", "),
                    format!("{basis}; usable: {usable}"),
                    joined("; ", [c.limit.to_string()]),
                    c.body.to_string(),
                    known,
                    notes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                ]
            })
            .collect();
        let mut section = Section::new("Channels, best first: what is in force before what is unknown");
        section = if rows.is_empty() {
            section.say("None: nothing is asked of another state.")
        } else {
            section
                .say("First what rests on law, the letter rogatory last of it; then what stands beside it and gives no evidence.")
                .say("A treaty in force is not the same as cooperation that works: read the notes.")
        };
        d.sections.push(section.table(["channel", "for", "basis", "limit", "to whom", "known", "notes"], rows));
        if !footnotes.notes.is_empty() {
            let notes = footnotes.notes.iter().enumerate().map(|(n, note)| [(n + 1).to_string(), note.to_string()]).collect();
            d.sections.push(Section::new("Notes to the channels").table(["", ""], notes));
        }
        let rows = retention(&mut d, &self.retention, &self.later);
        d.sections.push(Section::new(format!("The clock: data of {} in {}", self.on, self.to)).table(["", ""], rows));
        d
    }
}

impl Readable for InstrumentView {
    fn document(&self) -> Document {
        let mut d = Document { title: format!("{} {}", self.instrument, self.title), ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        let given = |date: &Option<String>| date.clone().unwrap_or_else(|| "unknown".to_owned());
        let known = d.known(self.grade, &self.as_of, false, self.official.as_deref().unwrap_or_default());
        let facts = vec![
            ["kind".to_owned(), self.kind.clone()],
            ["depositary".to_owned(), given(&self.depositary)],
            ["adopted".to_owned(), given(&self.adopted)],
            ["in force".to_owned(), self.in_force.clone().unwrap_or_else(|| self.force.replace('-', " "))],
            ["list".to_owned(), self.scope.clone()],
            ["without a row".to_owned(), self.absent.clone()],
            ["list known".to_owned(), known],
        ];
        d.sections.push(Section::new("Instrument").table(["", ""], facts.into_iter().filter(|[_, v]| !v.is_empty()).collect()));
        if !self.counts.is_empty() {
            let rows = self
                .counts
                .iter()
                .map(|c| [c.what.clone(), c.published.to_string(), c.listed.to_string(), c.words.clone()])
                .collect();
            d.sections.push(Section::new("Numbers").table(["what", "published", "listed", "as published"], rows));
        }
        if !self.provisions.is_empty() {
            let rows = self
                .provisions
                .iter()
                .map(|p| {
                    let known = d.known(p.grade, &self.as_of, false, &p.source);
                    let limit = p.time_limit.clone().unwrap_or_default();
                    [p.provision.clone(), p.effect.clone(), limit, p.who.clone().unwrap_or_default(), known]
                })
                .collect();
            let section = Section::new("Provisions, in own words");
            d.sections.push(section.table(["article", "what it does", "time limit", "who", "known"], rows));
        }
        const ORDER: [Status; 8] = [
            Status::Party,
            Status::Suspended,
            Status::Ratified,
            Status::Signatory,
            Status::Denounced,
            Status::NotExtended,
            Status::NotParty,
            Status::Unknown,
        ];
        for status in ORDER {
            let rows: Vec<&StatusRow> = self.statuses.iter().filter(|r| r.status == status).collect();
            if rows.is_empty() {
                continue;
            }
            let section = Section::new(format!("{}: {}", status.as_str(), rows.len()));
            // Where most of the world is, a list of codes is enough.
            let short = matches!(status, Status::NotParty | Status::Unknown) && rows.len() > 20;
            let section = if short {
                section.say(rows.iter().map(|r| r.state.as_str()).collect::<Vec<_>>().join(", "))
            } else {
                let rows = rows
                    .iter()
                    .map(|r| {
                        let dates = joined(
                            ", ",
                            [
                                since(r),
                                r.signed.as_ref().map(|d| format!("signed {d}")).unwrap_or_default(),
                                r.ratified.as_ref().map(|d| format!("deposit {d}")).unwrap_or_default(),
                                r.left.as_ref().map(|d| format!("left {d}")).unwrap_or_default(),
                            ],
                        );
                        let known = d.known(r.grade, &r.as_of, r.stale, &r.source);
                        [format!("{} {}", r.state, r.name), dates, r.note.clone(), known]
                    })
                    .collect();
                section.table(["state or territory", "dates", "remarks", "known"], rows)
            };
            d.sections.push(section);
        }
        d
    }
}
