//! One hop on the page: a row of the overview and a table of everything that is known of it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Atlas;
use super::law::Law;
use super::words;
use crate::model::evidence::{EvidenceId, LabelEntry};
use crate::model::net::StateCode;
use crate::report::model::{Hop, Path, SourceRow, Touch};

/// Entries of a list that are printed; the rest is counted.
const MOST: usize = 12;

/// A list of which perhaps not everything is printed.
#[derive(Serialize)]
pub(super) struct Excerpt<T> {
    /// What is printed.
    pub(super) shown: Vec<T>,
    /// How many more there are.
    pub(super) more: usize,
}

impl<T> Excerpt<T> {
    /// The first `most` of `all`.
    pub(super) fn first<S>(all: &[S], most: usize, view: impl FnMut(&S) -> T) -> Self {
        Self { shown: all.iter().take(most).map(view).collect(), more: all.len().saturating_sub(most) }
    }
}

/// A possible place.
#[derive(Serialize)]
pub(super) struct PlaceRow {
    code: String,
    state: String,
    city: Option<String>,
    p: String,
    words: &'static str,
    /// Width of the bar in pixels, 0 to 60.
    bar: u32,
}

/// What a table said, and whether the answer went another way.
#[derive(Serialize)]
pub(super) struct SourceView {
    source: String,
    state: String,
    date: String,
    weight: String,
    differs: bool,
}

/// A touch.
#[derive(Serialize)]
pub(super) struct TouchView {
    code: String,
    state: String,
    basis: &'static str,
    p: String,
    words: &'static str,
    regimes: String,
    linked: bool,
    norms: Vec<NormLink>,
}

/// A norm that a touch engages, by its number in the list of norms.
#[derive(Serialize)]
pub(super) struct NormLink {
    number: usize,
    norm: String,
    state: String,
}

/// A piece of evidence; a link only if the list has it.
#[derive(Serialize)]
pub(super) struct Proof {
    id: String,
    linked: bool,
}

/// A hop.
#[derive(Serialize)]
pub(super) struct HopView {
    anchor: String,
    label: String,
    ttl: Option<u8>,
    addr: Option<String>,
    names: Excerpt<String>,
    role: &'static str,
    known: &'static str,
    known_words: &'static str,
    places: Excerpt<PlaceRow>,
    /// The best place in one line, or the reason for there being none.
    place: String,
    placed: bool,
    place_p: String,
    unknown_p: String,
    why_unplaced: Option<String>,
    anycast: bool,
    flags: String,
    asn: Option<String>,
    as_name: Option<String>,
    as_state: Option<String>,
    registered_in: Option<String>,
    rtt: Option<String>,
    rtts: String,
    mpls: Option<String>,
    sources: Excerpt<SourceView>,
    disagree: bool,
    touches: Excerpt<TouchView>,
    remarks: Excerpt<String>,
    because: Excerpt<Proof>,
}

/// What hops need to know of the rest of the page.
pub(super) struct Around<'a> {
    pub(super) atlas: &'a Atlas<'a>,
    pub(super) law: &'a Law,
    pub(super) evidence: &'a BTreeSet<EvidenceId>,
}

impl Around<'_> {
    /// `Germany (DE)`, or the code alone.
    pub(super) fn state(&self, code: StateCode) -> String {
        (self.atlas.state_names)(code).map_or_else(|| code.to_string(), |name| format!("{name} ({code})"))
    }
}

/// The view of one hop of finding `number`.
pub(super) fn view(number: usize, path: &Path, index: usize, label: &str, around: &Around<'_>) -> Option<HopView> {
    let hop = path.hops.get(index)?;
    let best = hop.locus.first().filter(|_| hop.why_unplaced.is_none());
    let place = match (best, &hop.why_unplaced) {
        (Some(b), _) => match &b.city {
            Some(city) => format!("{city}, {}", b.state),
            None => around.state(b.state),
        },
        (None, Some(why)) => why.clone(),
        (None, None) => "place unknown".into(),
    };
    let (known, known_words) = words::known(hop);
    let sources: Vec<SourceView> = hop.sources.iter().map(|s| source(s, best.map(|b| b.state), around)).collect();
    Some(HopView {
        anchor: format!("f{number}h{index}"),
        label: label.into(),
        ttl: hop.ttl,
        addr: hop.addr.clone(),
        names: Excerpt::first(&hop.names, MOST, Clone::clone),
        role: words::role(hop.role),
        known,
        known_words,
        places: Excerpt::first(&hop.locus, MOST, |l| PlaceRow {
            code: l.state.to_string(),
            state: around.state(l.state),
            city: l.city.clone(),
            p: words::p(l.p),
            words: words::likelihood(l.p),
            bar: if l.p.is_finite() { (l.p.clamp(0.0, 0.99) * 60.0).round() as u32 } else { 0 },
        }),
        place,
        placed: best.is_some(),
        place_p: best.map(|b| words::p(b.p)).unwrap_or_default(),
        unknown_p: words::p(hop.unknown_p),
        why_unplaced: hop.why_unplaced.clone(),
        anycast: hop.anycast,
        flags: hop.flags.join(", "),
        asn: hop.asn.map(|a| a.to_string()),
        as_name: hop.as_name.clone(),
        as_state: hop.as_state.map(|s| around.state(s)),
        registered_in: hop.registered_in.map(|s| around.state(s)),
        rtt: hop.rtt_ms.iter().copied().filter(|r| r.is_finite()).reduce(f64::min).map(|r| format!("{r:.1}")),
        rtts: rtts(hop),
        mpls: mpls(&hop.mpls),
        disagree: sources.iter().any(|s| s.differs),
        sources: Excerpt { more: sources.len().saturating_sub(MOST), shown: sources.into_iter().take(MOST).collect() },
        touches: Excerpt::first(&hop.touches, 40, |t| touch(t, around)),
        remarks: Excerpt::first(&hop.remarks, MOST, Clone::clone),
        because: Excerpt::first(&hop.because, MOST, |e| Proof { id: e.to_string(), linked: around.evidence.contains(e) }),
    })
}

fn source(s: &SourceRow, answer: Option<StateCode>, around: &Around<'_>) -> SourceView {
    SourceView {
        source: s.source.clone(),
        state: s.state.map_or_else(|| "no single state".into(), |c| around.state(c)),
        date: if s.date.is_empty() { "date unknown".into() } else { s.date.clone() },
        weight: if s.weight.is_finite() { format!("{:.2}", s.weight) } else { "unknown".into() },
        differs: answer.is_some() && s.state.is_some() && s.state != answer,
    }
}

fn touch(t: &Touch, around: &Around<'_>) -> TouchView {
    let rows = around.law.rows_of(t.state);
    let norms = t.norms.iter().take(MOST).map(|n| NormLink {
        number: around.law.number_of(n),
        norm: n.norm.to_string(),
        state: n.state.to_string(),
    });
    TouchView {
        code: t.state.to_string(),
        state: around.state(t.state),
        basis: words::basis(t.basis),
        p: words::p(t.p),
        words: words::likelihood(t.p),
        regimes: if rows == 0 { "none in the rule book".into() } else { words::several(rows, "instrument") },
        linked: rows > 0,
        norms: norms.collect(),
    }
}

fn rtts(hop: &Hop) -> String {
    let mut text: Vec<String> =
        hop.rtt_ms.iter().take(MOST).map(|r| if r.is_finite() { format!("{r:.3}") } else { "?".into() }).collect();
    if hop.rtt_ms.len() > MOST {
        text.push(format!("and {} more", hop.rtt_ms.len() - MOST));
    }
    text.join(", ")
}

fn mpls(labels: &[LabelEntry]) -> Option<String> {
    let mut text: Vec<String> = labels
        .iter()
        .take(MOST)
        .map(|l| format!("label {}, class {}, TTL {}{}", l.label, l.tc, l.ttl, if l.bottom { ", bottom of stack" } else { "" }))
        .collect();
    if labels.len() > MOST {
        text.push(format!("and {} more", labels.len() - MOST));
    }
    (!text.is_empty()).then(|| text.join("; "))
}
