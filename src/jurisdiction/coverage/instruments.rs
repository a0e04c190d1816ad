//! The instruments that count: those under which one state may ask another for data, evidence or help. Human rights, the law
//! of armed conflict, data protection and duties of operators are law of the path too, and no channel.

use std::sync::Arc;

use super::super::book::RuleBook;
use super::super::dates::When;
use super::super::instruments::{Force, Instrument};
use crate::model::net::StateCode;
use crate::model::time::Day;

/// In order of display among equals: what was written for computer crime and electronic evidence first, then mutual legal
/// assistance in general, then what binds nobody.
const ON_COOPERATION: &[&str] = &[
    "ETS185",
    "CETS224",
    "EEVID",
    "UNCC",
    "ARAB2010",
    "CIS2018",
    "CIS2001",
    "SCO2009",
    "MALABO",
    "ECOWAS2011",
    "CLOUDACT",
    "EIO",
    "EUMLA2000",
    "ETS30",
    "OASA55",
    "ASEANMLAT",
    "UNTOC",
    "USMLAT",
    "CHMLAT",
    "INMLAT",
    "JPMLAT",
    "AUMLAT",
    "GBMLAT",
    "HARARE",
];

/// Those of [`ON_COOPERATION`] that were written for computer crime or electronic evidence.
const ON_EVIDENCE: usize = 11;

/// Was it written for computer crime or electronic evidence, as opposed to crime in general?
pub(super) fn is_on_evidence(id: &str) -> bool {
    ON_COOPERATION.iter().take(ON_EVIDENCE).any(|known| *known == id)
}

/// The state with which all agreements of a bilateral bundle are made, its home; `None` if it is no such bundle. Every other
/// row of a bundle is an agreement between that state and the home, and binds these two only.
#[must_use]
pub fn home_of_bundle(id: &str) -> Option<StateCode> {
    match id {
        "CLOUDACT" | "USMLAT" => StateCode::new("US"),
        "AUMLAT" => StateCode::new("AU"),
        "CHMLAT" => StateCode::new("CH"),
        "GBMLAT" => StateCode::new("GB"),
        "INMLAT" => StateCode::new("IN"),
        "JPMLAT" => StateCode::new("JP"),
        _ => None,
    }
}

/// On what an instrument that binds all these states depends in the single case; blank if on nothing that a reader would not
/// expect of its title.
pub(super) fn condition(id: &str) -> &'static str {
    match id {
        "GBMLAT" => "several of these treaties are only for drug trafficking or the proceeds of crime",
        "UNTOC" => "only for serious crime that is transnational and involves an organised criminal group",
        _ => "",
    }
}

/// An instrument on the day.
#[derive(Debug)]
pub(super) struct Considered<'a> {
    pub(super) instrument: &'a Instrument,
    /// The one state with which all agreements of a bilateral bundle are made; `None` if it is no bundle.
    pub(super) home: Option<StateCode>,
    /// It can bind somebody on the day.
    pub(super) binding: bool,
    /// How it stands, in words.
    pub(super) force: Arc<str>,
    pub(super) source: Arc<str>,
}

/// What the rule book has of them.
pub(super) fn considered(book: &RuleBook, on: Day) -> Vec<Considered<'_>> {
    let found = ON_COOPERATION.iter().filter_map(|id| book.instrument(id));
    found
        .map(|i| Considered {
            instrument: i,
            home: home_of_bundle(&i.id),
            binding: !matches!(i.force, Force::NonBinding | Force::NotInForce)
                && i.in_force.is_none_or(|d| d.when(on) != When::Before),
            force: force(i, on).into(),
            source: i.official.clone().unwrap_or_else(|| "no official page in the tables".into()),
        })
        .collect()
}

fn force(i: &Instrument, on: Day) -> String {
    match (i.force, i.in_force.map(|d| (d, d.when(on)))) {
        (Force::NonBinding, _) => "binds nobody by design".to_owned(),
        (Force::PerRow, _) => "each agreement has its own day".to_owned(),
        (Force::NotInForce, _) => format!("not in force as of {}", i.as_of),
        (_, Some((d, When::Since))) => format!("in force since {d}"),
        (_, Some((d, When::Before))) => format!("not in force on this day: in force from {d}"),
        (_, Some((d, When::Unsure))) => format!("in force from some day in {d}"),
        (_, None) => "day of entry into force not in the tables".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_in_the_rule_book() {
        let book = RuleBook::shipped().unwrap();
        let on: Day = "2026-09-01".parse().unwrap();
        let known = considered(book, on);
        let ids: Vec<&str> = known.iter().map(|c| &*c.instrument.id).collect();
        assert_eq!(ids, ON_COOPERATION);
        assert!(known.iter().all(|c| c.home == c.instrument.home() && c.home.is_some() == (&*c.instrument.kind == "bilateral")));
        assert!(known.iter().any(|c| !condition(&c.instrument.id).is_empty()));
        assert!(is_on_evidence("CLOUDACT") && !is_on_evidence("EIO"));
    }

    #[test]
    fn what_is_not_in_force_says_so() {
        let book = RuleBook::shipped().unwrap();
        let force = |id: &str, on: &str| force(book.instrument(id).unwrap(), on.parse().unwrap());
        assert_eq!(force("EEVID", "2026-08-18"), "in force since 2026-08-18");
        assert_eq!(force("EEVID", "2026-08-17"), "not in force on this day: in force from 2026-08-18");
        assert!(force("HARARE", "2026-08-17").contains("nobody"));
        assert!(force("USMLAT", "2026-08-17").contains("own day"));
    }
}
