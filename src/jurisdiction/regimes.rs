//! Which instruments speak to a hop, and in which order a reader sees them.
//!
//! A hop raises one question first: who can keep and disclose the traffic data that shows the path? So the Budapest
//! Convention leads with its articles on exactly that (17, 29, 30, 35), its twins in the UN convention follow, then
//! orders straight to providers (e-Evidence, CLOUD Act), then duties of operators and victims, then regional texts.
//! General treaties of mutual legal assistance, human rights and the law of armed conflict are no more about this hop
//! than about any other; they stay out of the list and are there through [`RuleBook::instruments_of`].

use std::sync::Arc;

use super::book::RuleBook;
use super::rows::Meaning;
use super::status::StatusOn;
use crate::model::law::{Basis, RegimeTouch, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;

/// When an instrument is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    /// Always: that a state is outside, or that nobody knows, is news here.
    Always,
    /// If the state has signed, ratified, left or suspended it, or is bound; a territory also if it does not extend.
    Joined,
    /// As `Joined`, and also where a member of the EU is expressly not bound.
    JoinedOrOptedOut,
}

/// An instrument that speaks to a hop.
struct Speaker {
    id: &'static str,
    /// The articles that speak, as the provisions of the instrument have them.
    articles: &'static str,
    /// On which grounds.
    bases: &'static [Basis],
    show: Show,
}

const ALL: &[Basis] = &[Basis::Territory, Basis::Registration, Basis::OperatorSeat, Basis::Victim];
const REGIONAL: &[Basis] = &[Basis::Territory, Basis::OperatorSeat, Basis::Victim];

/// In order of display.
const SPEAKERS: &[Speaker] = &[
    Speaker { id: "ETS185", articles: "arts 17, 29, 30, 35", bases: ALL, show: Show::Always },
    Speaker { id: "CETS224", articles: "arts 7, 8, 9, 10", bases: ALL, show: Show::Joined },
    Speaker { id: "UNCC", articles: "arts 26, 41, 42, 43", bases: ALL, show: Show::Joined },
    Speaker { id: "EEVID", articles: "arts 10, 11", bases: ALL, show: Show::JoinedOrOptedOut },
    Speaker { id: "CLOUDACT", articles: "", bases: ALL, show: Show::Joined },
    Speaker { id: "EIO", articles: "art. 32", bases: &[Basis::Territory, Basis::Victim], show: Show::Joined },
    Speaker { id: "NIS2", articles: "art. 26", bases: &[Basis::OperatorSeat], show: Show::Joined },
    Speaker { id: "NIS2", articles: "art. 23(1)", bases: &[Basis::Victim], show: Show::Joined },
    Speaker { id: "GDPR", articles: "art. 33", bases: &[Basis::Victim], show: Show::Joined },
    Speaker { id: "MALABO", articles: "arts 25-31", bases: REGIONAL, show: Show::Joined },
    Speaker { id: "ARAB2010", articles: "arts 23-28, 32-43", bases: REGIONAL, show: Show::Joined },
    Speaker { id: "CIS2018", articles: "arts 3, 5-9", bases: REGIONAL, show: Show::Joined },
    Speaker { id: "CIS2001", articles: "", bases: REGIONAL, show: Show::Joined },
    Speaker { id: "SCO2009", articles: "arts 2-5", bases: REGIONAL, show: Show::Joined },
    Speaker { id: "ECOWAS2011", articles: "arts 4-23, 33", bases: REGIONAL, show: Show::Joined },
];

impl RuleBook {
    /// The instruments that speak to a hop which `state` can claim on `basis`, in order of display.
    #[must_use]
    pub fn regimes(&self, state: StateCode, basis: Basis, on: Day) -> Vec<RegimeTouch> {
        SPEAKERS
            .iter()
            .filter(|s| s.bases.contains(&basis))
            .filter_map(|s| {
                let status = self.status(s.id, state, on)?;
                self.is_shown(s.show, &status).then(|| regime(&status, s.articles))
            })
            .collect()
    }

    fn is_shown(&self, show: Show, s: &StatusOn) -> bool {
        let joined = matches!(
            s.status,
            Status::Party | Status::Signatory | Status::Ratified | Status::Denounced | Status::Suspended | Status::NotExtended
        );
        joined
            || match show {
                Show::Always => true,
                Show::Joined => false,
                Show::JoinedOrOptedOut => {
                    let expressly = s.word == Some("not-bound");
                    let begun = self.instrument(&s.instrument).and_then(|i| i.in_force).is_some_and(|d| d.last <= s.on);
                    expressly && begun && self.is_eu_member(s.state)
                }
            }
    }

    /// Member States are those in which NIS2 applies of itself.
    fn is_eu_member(&self, state: StateCode) -> bool {
        self.instrument("NIS2").and_then(|i| i.rows.get(&state)).is_some_and(|r| r.relation.meaning == Meaning::Bound)
    }
}

fn regime(s: &StatusOn, articles: &str) -> RegimeTouch {
    let mut parts = Vec::new();
    // Articles that reach nobody there would read as if they did.
    let reaches = !matches!(s.status, Status::NotParty | Status::NotExtended | Status::Unknown);
    if reaches && !articles.is_empty() {
        parts.push(articles.to_owned());
    }
    if !s.note.is_empty() {
        parts.push(s.note.clone());
    }
    if s.stale {
        parts.push(match s.as_of {
            super::dates::AsOf::On(d) => format!("as of {d}: a later change is not excluded"),
            super::dates::AsOf::Unknown => "no as-of date: a later change is not excluded".to_owned(),
        });
    }
    RegimeTouch {
        instrument: s.instrument.clone(),
        title: s.title.clone(),
        status: s.status,
        in_force: s.in_force,
        grade: s.grade,
        source: match &s.official {
            Some(page) => page.clone(),
            None if s.source.is_empty() || s.source.starts_with("unconfirmed") => Arc::from("no source read"),
            None => s.source.clone(),
        },
        note: Arc::from(parts.join("; ")),
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    /// A cited article must be one of the instrument's provisions, so that a reader can look it up.
    #[test]
    fn every_cited_article_is_in_the_rule_book() {
        let book = RuleBook::shipped().unwrap();
        for s in SPEAKERS {
            let instrument = book.instrument(s.id).unwrap();
            let provisions: Vec<&str> = instrument.provisions.iter().map(|p| p.provision.as_str()).collect();
            let whole = provisions.contains(&s.articles);
            let singly = s
                .articles
                .trim_start_matches("arts ")
                .split(", ")
                .all(|a| provisions.iter().any(|p| *p == format!("art. {a}") || p.starts_with(&format!("art. {a}("))));
            let prefix = provisions.iter().any(|p| p.starts_with(s.articles));
            assert!(s.articles.is_empty() || whole || singly || prefix, "{} {}: {provisions:?}", s.id, s.articles);
        }
    }
}
