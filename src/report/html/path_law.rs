//! The law of a path on the page: what covers it, which articles speak to its hops, how to ask, where its states part.

use std::sync::Arc;

use serde::Serialize;

use super::hop::{Around, Excerpt};
use super::law::{Piece, source};
use super::words;
use crate::model::channel::{Channel, Retention, Usable};
use crate::model::coverage::{Coverage, Gap, InstrumentCoverage};
use crate::model::faultline::{Parting, Standings};
use crate::model::law::{ProvisionTouch, Status};
use crate::model::path_law::{PathLaw, Request, RoleLaw};
use crate::model::time::Day;
use crate::report::footnotes::Footnotes;

/// Rows of a list.
const ROWS: usize = 40;
/// Columns of the matrix.
const STATES: usize = 30;

/// The law of one finding.
#[derive(Serialize)]
pub(super) struct PathLawView {
    words: String,
    hops: usize,
    states: Vec<String>,
    states_left_out: usize,
    matrix: Excerpt<Row>,
    minimal: String,
    gaps: Excerpt<GapView>,
    articles: Excerpt<RoleView>,
    asked_by: Option<String>,
    asked_given: bool,
    requests: Excerpt<RequestView>,
    standings: Vec<StandingRow>,
    partings: Excerpt<PartingRow>,
}

#[derive(Serialize)]
struct Row {
    instrument: String,
    title: String,
    condition: String,
    cells: Vec<CellView>,
    expected: String,
    worst: usize,
}

#[derive(Serialize)]
struct CellView {
    words: String,
    class: &'static str,
    grade: String,
}

#[derive(Serialize)]
struct GapView {
    from: String,
    to: String,
    known: bool,
    left: String,
    note: String,
}

#[derive(Serialize)]
struct RoleView {
    state: String,
    role: &'static str,
    hops: String,
    items: Vec<ArticleView>,
}

#[derive(Serialize)]
struct ArticleView {
    name: String,
    effect: String,
    limit: String,
    status: String,
    grade: String,
}

#[derive(Serialize)]
struct RequestView {
    state: String,
    p: String,
    hops: String,
    lost: String,
    rule: String,
    grade: String,
    note: String,
    ways: Excerpt<WayView>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct WayView {
    kind: String,
    basis: String,
    purposes: String,
    limit: String,
    body: String,
    usable: &'static str,
    caveats: Vec<String>,
    notes: String,
    grade: String,
    as_of: String,
    source: Vec<Piece>,
}

#[derive(Serialize)]
struct StandingRow {
    state: String,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct PartingRow {
    line: &'static str,
    item: String,
    title: String,
    date: String,
    sides: Vec<String>,
    unknown: String,
    grade: String,
    source: Vec<Piece>,
}

/// The view; `None` where nothing is known of any state.
pub(super) fn view(law: &PathLaw, labels: &[String], around: &Around<'_>) -> Option<PathLawView> {
    if law.coverage.states.is_empty() && law.requests.is_empty() {
        return None;
    }
    let c = &law.coverage;
    Some(PathLawView {
        words: c.words.clone(),
        hops: c.hops,
        states: c.states.iter().take(STATES).map(ToString::to_string).collect(),
        states_left_out: c.states.len().saturating_sub(STATES),
        matrix: Excerpt::first(&c.instruments, ROWS, row),
        minimal: minimal(c, labels),
        gaps: Excerpt::first(&c.gaps, ROWS, |g| gap(g, around)),
        articles: Excerpt::first(&law.provisions, ROWS, |r| role(r, labels, around)),
        asked_by: law.requesting.map(|s| around.state(s)),
        asked_given: law.requesting_given,
        requests: Excerpt::first(&law.requests, ROWS, |r| request(r, labels, around)),
        standings: law.standings.iter().take(STATES).map(|s| standing(s, around)).collect(),
        partings: Excerpt::first(&law.partings, ROWS, parting),
    })
}

fn hops(of: &[usize], labels: &[String]) -> String {
    super::label::merged(of.iter().filter_map(|&h| labels.get(h)).map(String::as_str))
}

fn row(i: &InstrumentCoverage) -> Row {
    Row {
        instrument: i.instrument.to_string(),
        title: if i.condition.is_empty() { i.title.to_string() } else { format!("{}: {}", i.title, i.condition) },
        condition: i.condition.to_string(),
        cells: i
            .cells
            .iter()
            .take(STATES)
            .map(|c| CellView {
                words: since(c.status, c.since),
                class: match c.status {
                    Status::Party => "in",
                    Status::Unknown => "unknown",
                    _ => "out",
                },
                grade: c.grade.to_string(),
            })
            .collect(),
        expected: format!("{:.1}", i.expected),
        worst: i.worst,
    }
}

/// A status with its day: nobody is said to be bound without one.
fn since(status: Status, day: Option<Day>) -> String {
    match (status, day) {
        (Status::Party, Some(day)) => format!("{} since {day}", words::status(status)),
        (Status::Party, None) => format!("{}, day unknown", words::status(status)),
        _ => words::status(status).to_owned(),
    }
}

fn minimal(c: &Coverage, labels: &[String]) -> String {
    if c.minimal.is_empty() {
        return String::new();
    }
    let named = |id: &Arc<str>| {
        let condition = c.instruments.iter().find(|i| i.instrument == *id).map(|i| &*i.condition).filter(|c| !c.is_empty());
        condition.map_or_else(|| id.to_string(), |condition| format!("{id} ({condition})"))
    };
    let sets: Vec<String> = c.minimal.iter().map(|set| set.iter().map(named).collect::<Vec<_>>().join(" + ")).collect();
    let outside = if c.uncovered.is_empty() {
        "no placed hop is outside".to_owned()
    } else {
        format!("outside even these: {} {}", if c.uncovered.len() == 1 { "hop" } else { "hops" }, hops(&c.uncovered, labels))
    };
    format!("{}; {outside}", sets.join(", or "))
}

fn gap(g: &Gap, around: &Around<'_>) -> GapView {
    GapView {
        from: around.state(g.from),
        to: around.state(g.to),
        known: g.known,
        left: g.left.join(", "),
        note: g.note.to_string(),
    }
}

fn role(r: &RoleLaw, labels: &[String], around: &Around<'_>) -> RoleView {
    RoleView {
        state: around.state(r.state),
        role: words::role(r.role),
        hops: hops(&r.hops, labels),
        items: r.provisions.iter().take(ROWS).map(article).collect(),
    }
}

fn article(p: &ProvisionTouch) -> ArticleView {
    ArticleView {
        name: format!("{} {}", p.instrument, p.provision),
        effect: p.effect.to_string(),
        limit: p.time_limit.as_deref().unwrap_or_default().to_owned(),
        status: since(p.status, p.in_force),
        grade: p.grade.to_string(),
    }
}

fn request(r: &Request, labels: &[String], around: &Around<'_>) -> RequestView {
    let clocks = std::iter::once(&r.retention).chain(&r.later);
    let lost = clocks.map(Retention::lost).collect::<Vec<_>>().join(". ");
    let footnotes = Footnotes::common(r.channels.get(..ROWS).unwrap_or(&r.channels));
    RequestView {
        state: around.state(r.to),
        p: words::p(r.p),
        hops: hops(&r.hops, labels),
        lost,
        rule: r.retention.rule.to_string(),
        grade: r.retention.grade.to_string(),
        note: r.note.to_string(),
        ways: Excerpt {
            shown: r.channels.iter().zip(&footnotes.of).map(|(c, (own, common))| way(c, own, common)).collect(),
            more: r.channels.len().saturating_sub(ROWS),
        },
        notes: footnotes.notes.iter().map(ToString::to_string).collect(),
    }
}

fn way(c: &Channel, own: &[Arc<str>], common: &[usize]) -> WayView {
    let purposes: Vec<&str> = c.purposes.iter().map(|p| p.as_str()).collect();
    WayView {
        kind: c.kind.to_string(),
        basis: c.instrument.as_ref().map_or_else(|| c.article.to_string(), |i| format!("{i} {}", numbered(&c.article))),
        purposes: purposes.join(", "),
        limit: c.limit.to_string(),
        body: c.body.to_string(),
        usable: match c.usable {
            Usable::Yes => "in force between them",
            Usable::Unknown => "unknown",
            Usable::Suspended => "suspended",
            Usable::Ended => "ended: one side has left it",
        },
        caveats: own.iter().map(ToString::to_string).collect(),
        notes: Footnotes::words(common),
        grade: c.grade.to_string(),
        as_of: c.as_of.to_string(),
        source: source(&c.source),
    }
}

/// `35` is an article; `whole` and `18 U.S.C. 2702` say what they are.
fn numbered(article: &str) -> String {
    let plain = article.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' ' | '-' | '(' | ')'));
    if plain && !article.is_empty() { format!("art. {article}") } else { article.to_owned() }
}

fn standing(s: &Standings, around: &Around<'_>) -> StandingRow {
    let lines = s.lines.iter().map(|l| match (l.score, l.interval) {
        (Some(score), Some((low, high))) => format!("{score:+.2} ({low:+.2} to {high:+.2}; n {})", l.n),
        (Some(score), None) => format!("{score:+.2} (n {})", l.n),
        (None, _) => format!("no data (n {})", l.n),
    });
    StandingRow { state: around.state(s.state), lines: lines.collect() }
}

fn parting(p: &Parting) -> PartingRow {
    let mut sides: Vec<(&str, Vec<&str>)> = Vec::new();
    for (state, value) in &p.sides {
        match sides.iter_mut().find(|(v, _)| *v == &**value) {
            Some((_, states)) => states.push(state.as_str()),
            None => sides.push((value, vec![state.as_str()])),
        }
    }
    PartingRow {
        line: p.line.map_or("", |l| l.as_str()),
        item: p.item.to_string(),
        title: p.title.to_string(),
        date: p.date.to_string(),
        sides: sides.into_iter().map(|(v, states)| format!("{v}: {}", states.join(" "))).collect(),
        unknown: p.unknown.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        grade: p.grade.to_string(),
        source: source(&p.source),
    }
}
