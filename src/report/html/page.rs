//! The page as the template sees it: plain texts, lists and three kinds of pictures.

use std::collections::BTreeSet;

use serde::Serialize;

use super::hop::{Around, Excerpt, HopView};
use super::law::{Law, NormRow, Piece, StateLaw, source};
use super::path_law::PathLawView;
use super::{Atlas, HtmlError, STYLE, diagram, escape, hop, label, map, path_law, words};
use crate::model::hop::Knowledge;
use crate::model::net::StateCode;
use crate::model::time::Timestamp;
use crate::report::model::{Input, Path, ReportModel};
use crate::report::terminal::plural;

/// Hops over the whole report that get a table of their own; the rest is counted and stands in the JSON report.
const HOP_TABLES: usize = 600;
/// Rows of the overview of one finding.
const HOP_ROWS: usize = 300;
/// Rows of evidence.
const EVIDENCE: usize = 4_000;
/// Rows of any other list.
const ROWS: usize = 200;
/// Findings that get a section.
const FINDINGS: usize = 100;

/// A page. Fields that end in `svg` or `css`, and `reproduce`, are markup made here; everything else is text.
#[derive(Serialize)]
pub(super) struct Page {
    css: &'static str,
    version: &'static str,
    schema: &'static str,
    period: String,
    on: String,
    tables_as_of: String,
    non_claim: &'static str,
    warnings: Vec<String>,
    question: Vec<Entry>,
    asked: String,
    shown: String,
    defs_svg: String,
    findings: Vec<Finding>,
    findings_left_out: usize,
    shades: Vec<Shade>,
    laws: Vec<StateLaw>,
    norms: Vec<NormRow>,
    traffic: Excerpt<TrafficRow>,
    evidence: Excerpt<EvidenceView>,
    inputs: Excerpt<InputView>,
    rejected: Excerpt<RejectedView>,
    rejected_total: String,
    datasets: Vec<DatasetView>,
    counters: Vec<Entry>,
    reproduce: String,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Shade {
    class: u8,
    words: &'static str,
}

#[derive(Serialize)]
struct StateChip {
    code: String,
    name: String,
    p: String,
    words: &'static str,
}

#[derive(Serialize)]
struct LinkRow {
    from: String,
    to: String,
    kind: &'static str,
    words: &'static str,
    hidden: String,
    why: String,
}

#[derive(Serialize)]
struct BorderRow {
    from: String,
    to: String,
    leaves: String,
    enters: String,
    p: String,
    words: &'static str,
}

#[derive(Serialize)]
struct Finding {
    number: usize,
    id: String,
    kind: String,
    reason: String,
    origin: String,
    withheld: Option<String>,
    trust: &'static str,
    trust_words: &'static str,
    target: String,
    period: String,
    states: Vec<StateChip>,
    map_svg: Option<String>,
    map_words: &'static str,
    map_missing: String,
    way_svg: Option<String>,
    /// Hops beyond the last rank that the diagram draws; empty if there is none.
    way_left_out: String,
    hops: Vec<HopView>,
    rows_left_out: usize,
    /// Hops that also get a table of their own: the first so many.
    tables: usize,
    tables_left_out: usize,
    borders: Excerpt<BorderRow>,
    links: Excerpt<LinkRow>,
    observed: usize,
    remarks: Excerpt<String>,
    law: Option<PathLawView>,
}

#[derive(Serialize)]
struct TrafficRow {
    state: String,
    flows: String,
    packets: String,
    bytes: String,
}

#[derive(Serialize)]
struct EvidenceView {
    id: String,
    kind: &'static str,
    input: usize,
    at: String,
    time: String,
    what: String,
}

#[derive(Serialize)]
struct InputView {
    number: usize,
    path: String,
    sha256: String,
    format: String,
    links: String,
    skipped: Vec<String>,
    packets: String,
    records: String,
    rejected: String,
    period: String,
    truncated: bool,
}

#[derive(Serialize)]
struct RejectedView {
    input: usize,
    at: String,
    why: String,
}

#[derive(Serialize)]
struct DatasetView {
    name: String,
    date: String,
    licence: String,
    attribution: Vec<Piece>,
    sha256: String,
}

/// Lays out a report.
pub(super) fn page(report: &ReportModel, atlas: &Atlas<'_>) -> Result<Page, HtmlError> {
    let paths = report.paths.get(..FINDINGS.min(report.paths.len())).unwrap_or_default();
    let labels: Vec<Vec<String>> = report.paths.iter().map(label::labels).collect();
    let law = Law::collect(report, &labels, atlas);
    let evidence: BTreeSet<_> = report.evidence.iter().take(EVIDENCE).map(|e| e.id).collect();
    let around = Around { atlas, law: &law, evidence: &evidence };
    let (defs_svg, pictures) = map::pictures(paths, &labels, atlas)?;
    let mut tables = HOP_TABLES;
    let findings = paths.iter().zip(&labels).zip(pictures).enumerate().map(|(n, ((path, labels), picture))| {
        let mut finding = finding(n, path, labels, &around);
        finding.tables = finding.hops.len().min(tables);
        finding.tables_left_out = path.hops.len() - finding.tables;
        tables -= finding.tables;
        if let Some(p) = picture {
            finding.map_svg = Some(p.svg);
            finding.map_words = p.words;
            let missing: Vec<String> =
                p.missing.iter().map(|(s, p)| format!("{} p {}", around.state(*s), words::p(*p))).collect();
            finding.map_missing = missing.join("; ");
        }
        finding
    });
    let findings: Vec<Finding> = findings.collect();
    let q = &report.question;
    let shown = format!(
        "{} of {} shown",
        words::count(report.paths.len() as u64),
        words::count(q.findings.max(report.paths.len()) as u64)
    );
    Ok(Page {
        css: STYLE,
        version: report.tool.version,
        schema: report.schema,
        period: period_of_inputs(&report.inputs),
        on: q.on.map_or_else(|| "not stated".into(), |d| d.to_string()),
        tables_as_of: dates(report),
        non_claim: report.non_claim,
        warnings: report.warnings.clone(),
        question: question(report, &around),
        asked: if q.text.trim().is_empty() { "What do these inputs show?".into() } else { q.text.clone() },
        shown,
        defs_svg,
        findings,
        findings_left_out: report.paths.len() - paths.len(),
        shades: words::SHADES.iter().map(|&(class, words)| Shade { class, words }).collect(),
        traffic: Excerpt::first(&report.traffic, ROWS, |t| TrafficRow {
            state: t.state.map_or_else(|| "unknown".into(), |s| around.state(s)),
            flows: words::count(t.flows),
            packets: words::count(t.packets),
            bytes: words::count(t.bytes),
        }),
        evidence: Excerpt::first(&report.evidence, EVIDENCE, |e| EvidenceView {
            id: e.id.to_string(),
            kind: e.kind,
            input: usize::from(e.input) + 1,
            at: words::position(e.at),
            time: e.time.to_string(),
            what: e.what.clone(),
        }),
        inputs: {
            let mut number = 0;
            Excerpt::first(&report.inputs, 1_000, |i| {
                number += 1;
                input(number, i)
            })
        },
        rejected: Excerpt::first(&report.rejected, ROWS, |r| RejectedView {
            input: usize::from(r.input) + 1,
            at: words::position(r.at),
            why: r.why.clone(),
        }),
        rejected_total: words::count(report.counters.rejected.max(report.rejected.len() as u64)),
        datasets: report
            .datasets
            .iter()
            .map(|d| DatasetView {
                name: d.name.clone(),
                date: or_unknown(&d.date),
                licence: or_unknown(&d.licence),
                attribution: source(&d.attribution),
                sha256: or_unknown(&d.sha256),
            })
            .collect(),
        counters: counters(report),
        // The only text that may be longer than the cap: a command that is cut off is no command.
        reproduce: escape::html(&report.reproduce, usize::MAX),
        laws: law.states,
        norms: law.norms,
    })
}

/// First and last date of the tables: law is read as of the incident, tables are of whatever day they are.
fn dates(report: &ReportModel) -> String {
    let dates = || report.datasets.iter().map(|d| d.date.as_str()).filter(|d| !d.is_empty());
    match (dates().min(), dates().max()) {
        (Some(first), Some(last)) if first == last => first.into(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "unknown".into(),
    }
}

fn or_unknown(text: &str) -> String {
    if text.is_empty() { "unknown".into() } else { text.into() }
}

fn finding(n: usize, path: &Path, labels: &[String], around: &Around<'_>) -> Finding {
    let label = |i: usize| labels.get(i).cloned().unwrap_or_else(|| "?".into());
    let hops: Vec<HopView> =
        (0..path.hops.len().min(HOP_ROWS)).filter_map(|i| hop::view(n + 1, path, i, &label(i), around)).collect();
    let way = diagram::picture(n, path, labels, around.atlas);
    let way_left_out = way.as_ref().map_or(0, |way| way.left_out);
    let unseen: Vec<_> = path.segments.iter().filter(|s| s.kind != Knowledge::Observed).collect();
    Finding {
        number: n + 1,
        id: path.id.clone(),
        kind: words::finding(path.finding).into(),
        reason: path.reason.clone(),
        origin: path.origin.addr.clone().unwrap_or_else(|| "withheld".into()),
        withheld: match (&path.origin.addr, &path.origin.withheld) {
            (None, None) => Some("no reason recorded".into()),
            (_, why) => why.clone(),
        },
        trust: path.origin.trust,
        trust_words: words::trust(path.origin.trust),
        target: path.target.addr.clone().unwrap_or_else(|| "unknown".into()),
        period: period(Some(path.first), Some(path.last)),
        states: path
            .states
            .iter()
            .map(|s| StateChip {
                code: s.state.to_string(),
                name: (around.atlas.state_names)(s.state).unwrap_or_else(|| s.state.to_string()),
                p: words::p(s.p),
                words: words::likelihood(s.p),
            })
            .collect(),
        map_svg: None,
        map_words: "",
        map_missing: String::new(),
        way_svg: way.map(|way| way.svg),
        way_left_out: if way_left_out == 0 { String::new() } else { words::several(way_left_out, "hop") },
        rows_left_out: path.hops.len() - hops.len(),
        hops,
        tables: 0,
        tables_left_out: 0,
        borders: Excerpt::first(&path.borders, ROWS, |b| BorderRow {
            from: label(b.from),
            to: label(b.to),
            leaves: around.state(b.leaves),
            enters: around.state(b.enters),
            p: words::p(b.p),
            words: words::likelihood(b.p),
        }),
        observed: path.segments.len() - unseen.len(),
        links: Excerpt::first(&unseen, ROWS, |s| LinkRow {
            from: label(s.from),
            to: label(s.to),
            kind: s.kind.as_str(),
            words: words::knowledge(s.kind),
            hidden: words::hidden(s.min, s.max),
            why: s.why.clone(),
        }),
        remarks: Excerpt::first(&path.remarks, ROWS, Clone::clone),
        law: path_law::view(&path.law, labels, around),
    }
}

fn period_of_inputs(inputs: &[Input]) -> String {
    period(inputs.iter().filter_map(|i| i.first).min(), inputs.iter().filter_map(|i| i.last).max())
}

/// Two moments to the second; the tables of evidence have them to the nanosecond.
fn period(first: Option<Timestamp>, last: Option<Timestamp>) -> String {
    let text = |t: Timestamp| {
        let all = Timestamp(t.0.div_euclid(1_000_000_000).saturating_mul(1_000_000_000)).to_string();
        all.trim_end_matches('Z').replacen('T', " ", 1)
    };
    match (first, last) {
        (Some(a), Some(b)) if text(a) == text(b) => format!("{} UTC", text(a)),
        (Some(a), Some(b)) if a.day() == b.day() => {
            let end = text(b);
            format!("{} to {} UTC", text(a), end.split_once(' ').map_or(end.as_str(), |(_, time)| time))
        }
        (Some(a), Some(b)) => format!("{} to {} UTC", text(a), text(b)),
        _ => "unknown".into(),
    }
}

fn question(report: &ReportModel, around: &Around<'_>) -> Vec<Entry> {
    let q = &report.question;
    let list = |all: &[String]| if all.is_empty() { "none named".into() } else { all.join(", ") };
    let mut rows = vec![
        Entry { name: "Victim", value: list(&q.victims) },
        Entry { name: "Attacker named by the analyst", value: list(&q.attackers) },
        Entry { name: "Filter", value: q.filter.clone().unwrap_or_else(|| "none".into()) },
        Entry { name: "Trusted proxies", value: list(&q.trusted_proxies) },
    ];
    let state = |s: Option<StateCode>| s.map_or_else(|| "not known".into(), |s| around.state(s));
    rows.push(Entry { name: "State of the victim", value: state(q.victim_state) });
    rows.push(Entry { name: "Findings asked for", value: words::count(q.top as u64) });
    rows
}

fn input(number: usize, i: &Input) -> InputView {
    InputView {
        number,
        path: i.path.clone(),
        sha256: i.sha256.clone().unwrap_or_else(|| "not computed".into()),
        format: i.format.clone(),
        links: i.link_types.join(", "),
        skipped: i.skipped.iter().map(|s| format!("{}, {}", s.link_type, plural(s.packets, "packet"))).collect(),
        packets: words::count(i.packets),
        records: words::count(i.records),
        rejected: words::count(i.rejected),
        period: period(i.first, i.last),
        truncated: i.truncated,
    }
}

fn counters(report: &ReportModel) -> Vec<Entry> {
    let c = &report.counters;
    [
        ("Packets read", c.packets),
        ("Bytes captured", c.bytes),
        ("Flows begun", c.flows),
        ("Flows cut off by the cap on the flow table", c.evicted),
        ("Packets lost in live capture", c.dropped),
        ("Records that could not be read", c.rejected),
        ("ICMP errors with a quote", c.quotes),
        ("Of these, matched to a probe", c.matched),
        ("Packets skipped because of their link type", c.skipped),
        ("TCP streams with a segment missing at their beginning", c.stream_gaps),
        ("Datagrams whose fragments contradict each other", c.contradictory_fragments),
        ("Templates of flow exporters that were forgotten", c.forgotten_templates),
    ]
    .into_iter()
    .enumerate()
    // What hardly ever happens is said when it did.
    .filter(|&(i, (_, n))| i < 8 || n > 0)
    .map(|(_, (name, n))| Entry { name, value: words::count(n) })
    .collect()
}
