//! JSON: the whole model in one document, or one object a line. The contract is published in `schema/`.

use serde::Serialize;

use super::model::{
    self, Counters, Dataset, EvidenceRow, Origin, Question, Rejected, ReportModel, StateP, StateTraffic, Target, Tool,
};
use crate::model::time::Timestamp;

/// A document, indented, with a final line break.
///
/// # Errors
/// A value that JSON cannot hold; none of the models has one.
pub fn pretty(model: &impl Serialize) -> serde_json::Result<String> {
    let mut out = serde_json::to_string_pretty(model)?;
    out.push('\n');
    Ok(out)
}

/// One line, with its line break.
///
/// # Errors
/// As [`pretty`].
pub fn line(model: &impl Serialize) -> serde_json::Result<String> {
    let mut out = serde_json::to_string(model)?;
    out.push('\n');
    Ok(out)
}

/// One object of JSON Lines. Flattened, not converted to a `Value`: that would print every `f32` with the noise of
/// an `f64`.
#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct Finding<'a> {
    id: &'a str,
    finding: &'a str,
    reason: &'a str,
    origin: &'a Origin,
    target: &'a Target,
    first: Timestamp,
    last: Timestamp,
    states: &'a [StateP],
}

#[derive(Serialize)]
struct Summary<'a> {
    tool: &'a Tool,
    question: &'a Question,
    datasets: &'a [Dataset],
    traffic: &'a [StateTraffic],
    counters: &'a Counters,
    rejected: &'a [Rejected],
    warnings: &'a [String],
    non_claim: &'a str,
    reproduce: &'a str,
}

fn tagged(kind: &str, body: impl Serialize) -> serde_json::Result<String> {
    line(&Line { schema: model::SCHEMA, kind, body })
}

/// A path and, in short, the finding that it stands for: two lines.
///
/// # Errors
/// As [`pretty`].
pub fn path_lines(path: &model::Path) -> serde_json::Result<String> {
    let finding = Finding {
        id: &path.id,
        finding: path.finding,
        reason: &path.reason,
        origin: &path.origin,
        target: &path.target,
        first: path.first,
        last: path.last,
        states: &path.states,
    };
    Ok(tagged("path", path)? + &tagged("finding", finding)?)
}

/// JSON Lines: every input, then every path followed by its finding in short, then the evidence, then the summary.
/// Each object has `schema` and `type`.
///
/// # Errors
/// As [`pretty`].
pub fn lines(report: &ReportModel) -> serde_json::Result<String> {
    let mut out = input_lines(report)?;
    for path in &report.paths {
        out.push_str(&path_lines(path)?);
    }
    for row in &report.evidence {
        out.push_str(&evidence_line(row)?);
    }
    out.push_str(&summary_line(report)?);
    Ok(out)
}

/// The inputs, one a line.
///
/// # Errors
/// As [`pretty`].
pub fn input_lines(report: &ReportModel) -> serde_json::Result<String> {
    report.inputs.iter().map(|input| tagged("input", input)).collect()
}

/// One piece of evidence.
///
/// # Errors
/// As [`pretty`].
pub fn evidence_line(row: &EvidenceRow) -> serde_json::Result<String> {
    tagged("evidence", row)
}

/// What remains to be said when everything else was.
///
/// # Errors
/// As [`pretty`].
pub fn summary_line(report: &ReportModel) -> serde_json::Result<String> {
    tagged(
        "summary",
        Summary {
            tool: &report.tool,
            question: &report.question,
            datasets: &report.datasets,
            traffic: &report.traffic,
            counters: &report.counters,
            rejected: &report.rejected,
            warnings: &report.warnings,
            non_claim: report.non_claim,
            reproduce: &report.reproduce,
        },
    )
}
