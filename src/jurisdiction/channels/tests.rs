//! Properties of the list, whatever the rows say. What it says for single pairs is in `tests/it/channels.rs`.

use proptest::prelude::*;

use super::super::Law;
use crate::model::channel::{Channel, Usable};
use crate::model::net::StateCode;
use crate::model::time::Day;

fn law() -> &'static Law {
    Law::shipped().unwrap()
}

fn channels(from: &str, to: &str, on: &str) -> Vec<Channel> {
    law().channels(from.parse().unwrap(), to.parse().unwrap(), on.parse().unwrap())
}

fn has(list: &[Channel], instrument: &str) -> Option<Usable> {
    list.iter().find(|c| c.instrument.as_deref() == Some(instrument)).map(|c| c.usable)
}

fn codes() -> Vec<StateCode> {
    let book = &law().book;
    let mut codes: Vec<StateCode> = book.states().map(|(c, _)| c).collect();
    codes.extend(book.territories().filter_map(|t| StateCode::new(&t.code)));
    codes.extend(["QQ", "ZZ", "AS"].iter().filter_map(|c| StateCode::new(c)));
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn the_tables_elsewhere_are_read() {
    let tables = &Law::shipped().unwrap().tables;
    assert!(tables.us_law("18 U.S.C. 2702").is_some());
    assert!(tables.us_law("18 U.S.C. 2703(f)").is_some());
    assert_eq!(tables.directory().and_then(|d| d.date).map(|d| d.to_string()).as_deref(), Some("2024-05"));
}

/// Every pair of codes on one day: something to say unless it is one state, a source and a body on every line, no duplicate.
#[test]
fn every_pair_has_an_answer() {
    let on: Day = "2026-11-22".parse().unwrap();
    let codes = codes();
    for &from in &codes {
        for &to in &codes {
            let list = law().channels(from, to, on);
            let book = &law().book;
            if book.canonical(from) == book.canonical(to) {
                assert!(list.is_empty(), "{from} {to}");
                continue;
            }
            let mut seen = std::collections::BTreeSet::new();
            for c in &list {
                assert!(
                    !c.source.is_empty() && !c.body.is_empty() && !c.article.is_empty() && !c.kind.is_empty(),
                    "{from} {to} {c:?}"
                );
                assert!(!c.as_of.is_empty() && !c.purposes.is_empty(), "{from} {to} {c:?}");
                assert_ne!(c.instrument.as_deref(), Some("UNCC"));
                assert!(seen.insert((c.kind.clone(), c.instrument.clone(), c.article.clone())), "{from} {to} {c:?}");
                if c.usable != Usable::Yes {
                    assert!(!c.caveats.is_empty(), "{from} {to}: {} is not open and does not say why", c.kind);
                }
            }
        }
    }
}

/// Treaties bind both ways. What depends on who is asked (its CERT, the law of its providers) is left out.
#[test]
fn what_is_law_is_symmetric() {
    let codes = codes();
    for on in ["2012-06-01", "2021-06-01", "2026-11-22"] {
        let on: Day = on.parse().unwrap();
        let lines = |a: StateCode, b: StateCode| -> Vec<_> {
            let list = law().channels(a, b, on);
            let list = list.into_iter().filter(|c| !matches!(&*c.kind, "CERT-to-CERT" | "voluntary disclosure by the provider"));
            list.map(|c| (c.kind, c.instrument, c.article, c.limit, c.usable, c.grade, c.as_of)).collect()
        };
        for (i, &a) in codes.iter().enumerate() {
            for &b in codes.iter().skip(i + 1).step_by(3) {
                assert_eq!(lines(a, b), lines(b, a), "{a} {b} on {on}");
            }
        }
    }
}

#[test]
fn parts_of_one_state_ask_nobody_and_territories_with_their_own_law_are_told_apart() {
    assert!(channels("FR", "RE", "2026-11-22").is_empty());
    assert!(channels("GB", "UK", "2026-11-22").is_empty());
    assert!(channels("FR", "FR", "2026-11-22").is_empty());
    for (a, b) in [("GL", "DK"), ("FO", "GL"), ("HK", "CN"), ("NL", "CW")] {
        let list = channels(a, b, "2026-11-22");
        assert_eq!(
            list.first().map(|c| (&*c.kind, c.usable)),
            Some(("arrangement within one state", Usable::Unknown)),
            "{a} {b}"
        );
        assert!(list.iter().all(|c| c.instrument.is_none()));
    }
}

#[test]
fn each_day_has_its_own_channels() {
    let yes = Some(Usable::Yes);
    assert_eq!(has(&channels("FR", "DE", "2026-08-17"), "EEVID"), None);
    assert_eq!(has(&channels("FR", "DE", "2026-08-18"), "EEVID"), yes);
    assert_eq!(has(&channels("FR", "DK", "2026-11-22"), "EEVID"), None);
    assert_eq!(has(&channels("FR", "DK", "2026-11-22"), "EIO"), None);
    assert_eq!(has(&channels("DE", "IE", "2026-11-22"), "EEVID"), yes);
    assert_eq!(has(&channels("DE", "IE", "2026-11-22"), "EIO"), None);
    assert_eq!(has(&channels("US", "GB", "2022-10-02"), "CLOUDACT"), None);
    assert_eq!(has(&channels("US", "GB", "2022-10-03"), "CLOUDACT"), yes);
    assert_eq!(has(&channels("GB", "AU", "2026-11-22"), "CLOUDACT"), None);
    assert_eq!(has(&channels("US", "CA", "2026-11-22"), "CLOUDACT"), None);
    assert_eq!(has(&channels("CW", "US", "2024-09-30"), "ETS185"), None);
    assert_eq!(has(&channels("CW", "US", "2024-10-01"), "ETS185"), yes);
    assert_eq!(has(&channels("FO", "DE", "2026-11-22"), "ETS185"), None);
    assert_eq!(has(&channels("US", "HK", "2019-06-01"), "USMLAT"), yes);
    assert_eq!(has(&channels("US", "HK", "2026-11-22"), "USMLAT"), Some(Usable::Suspended));
    assert_eq!(has(&channels("NG", "FR", "2022-10-31"), "ETS185"), None);
    assert_eq!(has(&channels("NG", "FR", "2022-11-01"), "ETS185"), yes);
}

#[test]
fn article_27_stands_only_where_no_other_treaty_does() {
    let article =
        |from, to| channels(from, to, "2026-01-22").into_iter().find(|c| &*c.kind == "MLA").map(|c| c.article.to_string());
    assert_eq!(article("NG", "FR").as_deref(), Some("27, 31"));
    assert_eq!(article("DE", "FR").as_deref(), Some("31"));
    assert_eq!(article("US", "FR").as_deref(), Some("31"));
}

#[test]
fn the_letter_is_always_there_and_what_has_no_legal_basis_follows_it() {
    for (a, b) in [("KP", "FR"), ("IR", "US"), ("TW", "US"), ("XK", "AL"), ("SO", "ET")] {
        let list = channels(a, b, "2026-11-22");
        let at = list.iter().position(|c| &*c.kind == "letter rogatory").unwrap();
        assert!(list[..at].iter().all(|c| c.instrument.is_some()), "{a} {b}");
        assert!(list[at..].iter().all(|c| c.instrument.is_none()), "{a} {b}");
    }
}

proptest! {
    #[test]
    fn no_code_and_no_day_panics(a in "[A-Z]{2}", b in "[A-Z]{2}", day in any::<i32>()) {
        let (a, b) = (StateCode::new(&a).unwrap(), StateCode::new(&b).unwrap());
        let first = law().channels(a, b, Day(day));
        prop_assert_eq!(&first, &law().channels(a, b, Day(day)));
        prop_assert!(first.iter().all(|c| !c.source.is_empty()));
        let kept = law().retention(a, Day(day));
        prop_assert!(!kept.rule.is_empty() && !kept.source.is_empty());
        prop_assert!(kept.lost_from.is_none_or(|d| d.0 >= day));
    }
}
