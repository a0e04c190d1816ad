//! Law on the page: regimes once per state, norms once each; hops link to them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Atlas;
use super::escape::is_link;
use super::words;
use crate::model::law::{NormTouch, RegimeTouch, Status};
use crate::model::net::StateCode;
use crate::report::model::ReportModel;

/// A piece of a source: a link or plain text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    href: Option<String>,
    text: String,
}

/// Breaks a source into links and text. The text of a link is its host; print shows the whole address.
pub(super) fn source(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut plain = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end().trim_end_matches([',', ';']);
        if is_link(bare) && pieces.len() < 20 {
            if !plain.is_empty() {
                pieces.push(Piece { href: None, text: std::mem::take(&mut plain) });
            }
            let host = bare.split('/').nth(2).unwrap_or(bare);
            pieces.push(Piece { href: Some(bare.into()), text: host.strip_prefix("www.").unwrap_or(host).into() });
            plain.push_str(word.get(bare.len()..).unwrap_or_default());
        } else {
            plain.push_str(word);
        }
    }
    if !plain.trim().is_empty() {
        pieces.push(Piece { href: None, text: plain });
    }
    pieces
}

/// A row of the rule book for one state.
#[derive(Serialize)]
pub(super) struct RegimeRow {
    instrument: String,
    title: String,
    status: &'static str,
    bound: bool,
    since: String,
    grade: String,
    note: String,
    source: Vec<Piece>,
}

impl RegimeRow {
    fn new(r: &RegimeTouch) -> Self {
        let since = match (r.in_force, r.status) {
            (Some(day), _) => day.to_string(),
            (None, Status::Party | Status::Ratified | Status::Unknown) => "date unknown".into(),
            (None, _) => "not in force".into(),
        };
        let since = if r.status == Status::Ratified && r.in_force.is_none() { "not yet".into() } else { since };
        Self {
            instrument: r.instrument.to_string(),
            title: r.title.to_string(),
            status: words::status(r.status),
            bound: r.status == Status::Party,
            since,
            grade: r.grade.to_string(),
            note: r.note.to_string(),
            source: source(&r.source),
        }
    }
}

/// Regimes of one state.
#[derive(Serialize)]
pub(super) struct StateLaw {
    code: String,
    name: String,
    /// `finding 1 (hops 2, 3: territory)`, as links.
    touched: Vec<TouchedBy>,
    regimes: Vec<RegimeRow>,
}

/// Where a state is touched.
#[derive(Serialize)]
pub(super) struct TouchedBy {
    finding: usize,
    hops: String,
    bases: String,
}

/// Hops of one finding that touch a state, by index, and the grounds.
#[derive(Default)]
struct Touched {
    hops: BTreeSet<usize>,
    bases: BTreeSet<&'static str>,
}

/// A norm and how it is read.
#[derive(Serialize)]
pub(super) struct NormRow {
    number: usize,
    norm: String,
    title: String,
    state: String,
    reading: String,
    grade: String,
    source: Vec<Piece>,
}

/// Everything legal of a report.
pub(super) struct Law {
    /// States by code.
    pub(super) states: Vec<StateLaw>,
    /// Norms in order of first appearance.
    pub(super) norms: Vec<NormRow>,
    seen: Vec<NormTouch>,
    /// Rows per state, for the hops' links.
    counts: BTreeMap<StateCode, usize>,
}

impl Law {
    /// Collects regimes and norms from all touches. `labels` are the hops' labels per path.
    pub(super) fn collect(report: &ReportModel, labels: &[Vec<String>], atlas: &Atlas<'_>) -> Self {
        let mut regimes: BTreeMap<StateCode, Vec<&RegimeTouch>> = BTreeMap::new();
        let mut touched: BTreeMap<StateCode, BTreeMap<usize, Touched>> = BTreeMap::new();
        let mut seen: Vec<NormTouch> = Vec::new();
        for (n, path) in report.paths.iter().enumerate() {
            for (i, hop) in path.hops.iter().enumerate() {
                for touch in &hop.touches {
                    let rows = regimes.entry(touch.state).or_default();
                    for regime in &touch.regimes {
                        if !rows.contains(&regime) {
                            rows.push(regime);
                        }
                    }
                    let by = touched.entry(touch.state).or_default().entry(n).or_default();
                    by.hops.insert(i);
                    by.bases.insert(words::basis(touch.basis));
                    for norm in &touch.norms {
                        if !seen.contains(norm) {
                            seen.push(norm.clone());
                        }
                    }
                }
            }
        }
        let counts = regimes.iter().map(|(s, r)| (*s, r.len())).collect();
        let states = regimes.into_iter().map(|(state, rows)| StateLaw {
            code: state.to_string(),
            name: (atlas.state_names)(state).unwrap_or_else(|| state.to_string()),
            touched: touched
                .remove(&state)
                .unwrap_or_default()
                .into_iter()
                .map(|(n, Touched { hops, bases })| {
                    let of = labels.get(n).map(Vec::as_slice).unwrap_or_default();
                    let one = if hops.len() == 1 { "hop" } else { "hops" };
                    let hops = super::label::merged(hops.iter().filter_map(|&h| of.get(h)).map(String::as_str));
                    let hops = format!("{one} {hops}");
                    TouchedBy { finding: n + 1, hops, bases: bases.into_iter().collect::<Vec<_>>().join(", ") }
                })
                .collect(),
            regimes: rows.into_iter().map(RegimeRow::new).collect(),
        });
        let norms = seen.iter().enumerate().map(|(i, n)| NormRow {
            number: i + 1,
            norm: n.norm.to_string(),
            title: n.title.to_string(),
            state: n.state.to_string(),
            reading: n.reading.to_string(),
            grade: n.grade.to_string(),
            source: source(&n.source),
        });
        Self { states: states.collect(), norms: norms.collect(), seen, counts }
    }

    /// How many rows the rule book has for a state.
    pub(super) fn rows_of(&self, state: StateCode) -> usize {
        self.counts.get(&state).copied().unwrap_or(0)
    }

    /// Number of a norm in [`Self::norms`].
    pub(super) fn number_of(&self, norm: &NormTouch) -> usize {
        self.seen.iter().position(|n| n == norm).map_or(0, |i| i + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(href: &str, text: &str) -> Piece {
        Piece { href: Some(href.into()), text: text.into() }
    }

    fn plain(text: &str) -> Piece {
        Piece { href: None, text: text.into() }
    }

    #[test]
    fn sources_become_links_and_text() {
        assert_eq!(source("https://www.coe.int/x?y=1 (read)"), [link("https://www.coe.int/x?y=1", "coe.int"), plain(" (read)")]);
        assert_eq!(
            source("A/60/202; https://a.org/1; http://b.org"),
            [plain("A/60/202; "), link("https://a.org/1", "a.org"), plain("; "), link("http://b.org", "b.org")]
        );
        assert_eq!(source("javascript:alert(1)"), [plain("javascript:alert(1)")]);
        assert_eq!(source(""), []);
    }
}
