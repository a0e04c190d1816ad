//! Everything that a run found, put into the one report model.

use super::answer::{Answer, Ask, Means};
use super::extract;
use super::replay::{Counts, Reading};
use super::study::Overview;
use crate::locate::Tables;
use crate::model::digest::Digest;
use crate::model::evidence::Position;
use crate::report::html::{self, Atlas, HtmlError};
use crate::report::model as report;
use crate::report::terminal::plural;
use crate::source::capture::{InputSummary, Skipped};
use crate::source::names::NamesFile;

/// What surrounds the findings.
pub struct Frame<'a> {
    /// A command that makes the report again.
    pub reproduce: String,
    /// Names files that were read.
    pub names: &'a [NamesFile],
}

/// Days after which the tables are called old; rows of the rule book say it for themselves.
const OLD_DAYS: i32 = 180;

/// The report.
#[must_use]
pub fn report(
    reading: &Reading<Overview>,
    digest: &Digest,
    found: &Answer,
    ask: &Ask,
    means: &Means<'_>,
    frame: &Frame<'_>,
) -> report::ReportModel {
    let mut datasets = means.locator.datasets();
    datasets.extend(means.law.datasets());
    datasets.sort();
    report::ReportModel {
        schema: report::SCHEMA,
        tool: report::Tool { name: "rutter", version: env!("CARGO_PKG_VERSION") },
        question: question(found, ask, means),
        inputs: inputs(reading, frame.names, found, ask),
        datasets,
        paths: extract::paths(&found.paths),
        traffic: traffic(&reading.study),
        evidence: extract::evidence(&found.paths, digest, found),
        counters: counters(&reading.counts, frame.names),
        rejected: rejected(reading, frame.names),
        warnings: warnings(reading, digest, found, ask, means),
        non_claim: report::NON_CLAIM,
        reproduce: frame.reproduce.clone(),
    }
}

fn question(found: &Answer, ask: &Ask, means: &Means<'_>) -> report::Question {
    report::Question {
        text: ask.text.clone(),
        victims: ask.question.victims.iter().map(ToString::to_string).collect(),
        attackers: ask.question.attackers.iter().map(ToString::to_string).collect(),
        filter: ask.question.filter.as_ref().map(|f| f.as_str().to_owned()),
        trusted_proxies: ask.trusted.iter().map(ToString::to_string).collect(),
        victim_state: ask.victim_state,
        requesting: ask.requesting,
        law_overlay: means.law.overlay.as_ref().map(ToString::to_string),
        on: found.on,
        top: ask.question.top,
        findings: found.found,
    }
}

/// Captures, then names files, then the resolver: `InputId` counts through all of them.
fn inputs(reading: &Reading<Overview>, names: &[NamesFile], found: &Answer, ask: &Ask) -> Vec<report::Input> {
    let captures = reading.inputs.iter().map(|i| report::Input {
        path: i.path.clone(),
        sha256: i.sha256.clone(),
        format: i.format.to_owned(),
        link_types: i.link_types.clone(),
        packets: i.packets,
        records: i.records,
        rejected: i.rejected,
        skipped: skipped(i),
        first: i.first,
        last: i.last,
        truncated: i.truncated,
    });
    let names = names.iter().map(|n| report::Input {
        path: n.path.clone(),
        sha256: Some(n.sha256.clone()),
        format: "names".to_owned(),
        link_types: Vec::new(),
        packets: 0,
        records: n.names.len() as u64,
        rejected: n.rejected_total,
        skipped: Vec::new(),
        first: None,
        last: None,
        truncated: false,
    });
    let resolver = ask.resolve.then(|| report::Input {
        path: "resolver".to_owned(),
        sha256: None,
        format: "resolver".to_owned(),
        link_types: Vec::new(),
        packets: 0,
        records: found.resolved.len() as u64,
        rejected: 0,
        skipped: Vec::new(),
        first: None,
        last: None,
        truncated: false,
    });
    captures.chain(names).chain(resolver).collect()
}

/// Packets of an input that were not looked into.
pub(super) fn skipped(input: &InputSummary) -> Vec<report::SkippedRow> {
    let row = |s: &Skipped| report::SkippedRow { link_type: s.link.in_words(), packets: s.packets };
    input.skipped.iter().map(row).collect()
}

fn traffic(overview: &Overview) -> Vec<report::StateTraffic> {
    let mut rows: Vec<report::StateTraffic> = overview
        .by_state()
        .map(|(state, a)| report::StateTraffic { state, flows: a.flows, packets: a.packets, bytes: a.bytes })
        .collect();
    rows.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.state.cmp(&b.state)));
    rows
}

fn counters(c: &Counts, names: &[NamesFile]) -> report::Counters {
    report::Counters {
        packets: c.packets,
        bytes: c.bytes,
        flows: c.flows,
        evicted: c.evicted,
        dropped: c.dropped,
        rejected: c.rejected + names.iter().map(|n| n.rejected_total).sum::<u64>(),
        quotes: c.quotes,
        matched: c.matched,
        skipped: c.skipped,
        stream_gaps: c.stream_gaps,
        contradictory_fragments: c.contradictory,
        forgotten_templates: c.forgotten_templates,
    }
}

fn rejected(reading: &Reading<Overview>, names: &[NamesFile]) -> Vec<report::Rejected> {
    let of_captures =
        reading.rejected.iter().map(|r| report::Rejected { input: r.from.input.0, at: r.from.at, why: r.why.clone() });
    let of_names = names.iter().enumerate().flat_map(|(n, file)| {
        let input = u16::try_from(reading.inputs.len() + n).unwrap_or(u16::MAX);
        file.rejected.iter().map(move |&(at, why): &(Position, &str)| report::Rejected { input, at, why: why.to_owned() })
    });
    of_captures.chain(of_names).collect()
}

fn warnings(reading: &Reading<Overview>, digest: &Digest, found: &Answer, ask: &Ask, means: &Means<'_>) -> Vec<String> {
    let mut out: Vec<String> = reading.failures.iter().map(ToString::to_string).collect();
    for input in reading.inputs.iter().filter(|i| i.truncated) {
        out.push(format!("{}: ends in the middle of a record; what came after is missing", input.path));
    }
    out.extend(reading.warnings.iter().cloned());
    if ask.on.is_none() && reading.inputs.iter().all(|i| i.last.is_none()) && found.on.is_some() {
        out.push("No record has a time: law is read as of the day of the location tables (--on says otherwise).".to_owned());
    }
    if reading.interrupted {
        out.push("Interrupted: the report covers only what had been read.".to_owned());
    }
    if digest.sampled {
        out.push(
            "More candidates than are kept in memory: counts of address pairs, floods and scans are lower bounds.".to_owned(),
        );
    }
    if digest.probers_left_out > 0 {
        out.push(format!(
            "{} more hosts sent probes at two or more distances: only the traces of those that asked at the most distances were put together (any --filter looks at all).",
            digest.probers_left_out
        ));
    }
    if ask.practice_damaged > 0 {
        out.push(format!(
            "The ledger of practice has {} that could not be read; what they tell is not in this report.",
            plural(ask.practice_damaged as u64, "line")
        ));
    }
    let c = &reading.counts;
    if c.evicted > 0 {
        out.push(format!(
            "Cut off by the cap on live flows (--max-flows): {}; later packets of such a flow count as a new flow.",
            plural(c.evicted, "flow")
        ));
    }
    if c.dropped > 0 {
        out.push(format!("Lost in live capture, and in no finding: {}.", plural(c.dropped, "packet")));
    }
    let broken = means.locator.tables().broken_rules();
    if broken > 0 {
        out.push(format!(
            "This program was built wrongly: {} of its router-name rules cannot be used, so routers may be placed worse.",
            plural(broken as u64, "line")
        ));
    }
    for db in means.locator.databases().iter().filter(|db| db.undecodable() > 0) {
        out.push(format!(
            "{}: {} met a record that cannot be decoded; those addresses were placed without this database.",
            db.name(),
            plural(db.undecodable(), "look-up")
        ));
    }
    if ask.resolve {
        out.push("Names were asked of a resolver at run time: another run may get other answers.".to_owned());
    }
    if let Some(on) = found.on {
        let tables = Tables::shipped().as_of();
        if on.days_since(tables).abs() > OLD_DAYS {
            out.push(format!(
                "The location tables are of {tables}, the incident of {on}: addresses move; a table of the day would be better."
            ));
        }
    }
    out
}

/// The report as a page.
///
/// # Errors
/// When the template fails.
pub fn html(report: &report::ReportModel, tables: &Tables) -> Result<String, HtmlError> {
    let atlas = Atlas {
        state_names: &|state| tables.state_name(state).map(str::to_owned),
        state_centres: &|state| tables.state_centre(state),
    };
    html::render(report, &atlas)
}
