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
    codes.extend(["QQ", "ZZ", "AA"].iter().filter_map(|c| StateCode::new(c)));
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

/// To providers orders go from each Member State in which the regulation applies, and from no other.
#[test]
fn orders_to_providers_hang_on_the_side_that_asks() {
    let orders = |from: &str, on: &str| law().orders_to_providers(from.parse().unwrap(), on.parse().unwrap());
    let ee = orders("EE", "2026-08-18");
    let articles: Vec<&str> = ee.iter().map(|c| &*c.article).collect();
    assert_eq!(articles, ["11", "10"]);
    assert!(ee[0].limit.contains("60 days") && ee[1].limit.contains("10 days; 8 hours"), "{ee:?}");
    for c in &ee {
        assert!(c.body.contains("in the Member State in which it has one") && !c.body.contains("EE"), "{}", c.body);
        assert!(c.caveats.iter().any(|x| x.contains("EEVID in force for EE, since 2026-08-18")), "{:?}", c.caveats);
    }
    for (from, on) in
        [("EE", "2026-08-17"), ("DK", "2026-11-22"), ("GB", "2026-11-22"), ("US", "2026-11-22"), ("FO", "2026-11-22")]
    {
        assert!(orders(from, on).is_empty(), "{from} {on}");
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

const TODAY: &str = "2026-11-22";

fn at(from: &str, to: &str) -> Vec<Channel> {
    law().channels_at(from, to, TODAY.parse().unwrap()).unwrap()
}

fn caveats(list: &[Channel]) -> String {
    list.iter().flat_map(|c| &c.caveats).map(|c| &**c).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_place_held_by_another_does_not_have_the_channels_of_its_state() {
    for (from, to) in
        [("DE", "UA-43"), ("RU", "UA-43"), ("FR", "CY-N"), ("TR", "CY-N"), ("RU", "GE-AB"), ("DE", "MD-SN"), ("UA-43", "DE")]
    {
        let list = at(from, to);
        for c in list.iter().filter(|c| c.instrument.is_some()) {
            assert_ne!(c.usable, Usable::Yes, "{from} {to}: {c:?}");
        }
        assert_eq!(has(&list, "EEVID"), None, "{from} {to}: the law of the Union does not reach it");
        let text = caveats(&list);
        let place = if from.len() > 2 { from } else { to };
        assert!(text.contains(&format!("{place}, {}", law().book.territory(place).unwrap().name)), "{from} {to}: {text}");
    }
    assert_eq!(has(&at("DE", "UA-43"), "ETS185"), Some(Usable::Unknown));
    assert!(caveats(&at("DE", "UA-43")).contains("cannot guarantee application"));
    assert!(caveats(&at("FR", "CY-N")).contains("EEVID not open on this day: CY-N not-extended"));
    // Kyiv answers for it in law, and who is written to says so.
    let letter = at("DE", "UA-43").into_iter().find(|c| &*c.kind == "letter rogatory").unwrap();
    assert!(letter.body.contains("of UA, which answers for UA-43 in law"), "{}", letter.body);
    assert!(at("UA", "UA-43").is_empty() && at("CY-N", "CY").is_empty(), "one state in law");
    assert!(law().channels_at("DE", "UA-99", TODAY.parse().unwrap()).is_none());
}

#[test]
fn who_has_power_in_fact_is_told_and_the_asker_is_warned() {
    for (from, to, words) in [
        ("RU", "UA-43", "the asker, RU, is named in the entry of UA-43 as having power there in fact"),
        ("TR", "CY-N", "the asker, TR, is named"),
        ("RU", "GE-AB", "the asker, RU, is named"),
        ("MA", "EH", "the asker, MA, is named"),
        ("PS", "IL", "IL, which is asked, is named in the entry of PS"),
        ("DE", "UA-43", "whether authorities of UA can act there"),
        ("DE", "MD-SN", "whether authorities of MD, which answers for MD-SN in law, can act there"),
    ] {
        assert!(caveats(&at(from, to)).contains(words), "{from} {to}: {}", caveats(&at(from, to)));
        let remarks = law().remarks_on_places(from, to);
        assert!(remarks.iter().any(|r| r.contains(words)), "{from} {to}: {remarks:?}");
        let place = if from == "PS" { from } else { to };
        assert!(remarks.first().is_some_and(|r| r.starts_with(place)), "the place first: {remarks:?}");
    }
    assert!(!caveats(&at("DE", "UA-43")).contains("the asker"));
    assert!(law().remarks_on_places("DE", "FR").is_empty());
}

/// In the rows that are shipped no member of the Union has such a place.
#[test]
fn law_of_the_union_is_not_open_where_its_reach_is_unknown() {
    let (name, text) = Law::shipped_files().find(|(name, _)| *name == "territories.toml").unwrap();
    let own = text.replacen("eu_law = \"excluded\"", "eu_law = \"unknown\"", usize::MAX);
    let law = Law::with_overlay("own", &[(name.to_owned(), own)]).unwrap();
    for to in ["CY-N", "NC"] {
        let list = law.channels_at("DE", to, TODAY.parse().unwrap()).unwrap();
        assert_eq!((has(&list, "EEVID"), has(&list, "EIO")), (None, None), "{to}");
        assert!(caveats(&list).contains(&format!("EEVID not taken as open: {to} unknown")), "{}", caveats(&list));
    }
}

#[test]
fn bodies_of_a_state_are_not_those_of_a_territory_with_law_of_its_own() {
    for (from, to, not) in [
        ("DE", "GI", "Home Office"),
        ("IM", "JE", "Home Office"),
        ("FR", "MO", "Ministry"),
        ("HK", "MO", "Ministry"),
        ("US", "AW", "AIRS"),
        ("DE", "GL", "Rigsadvokaten"),
        ("FR", "TK", "Crown"),
    ] {
        for c in at(from, to) {
            assert!(!c.body.contains(not), "{from} {to}: {}", c.body);
        }
        let parent = law().book.territory(to).and_then(|t| t.parent).unwrap();
        let text = caveats(&at(from, to));
        assert!(text.contains(&format!("those of {parent}, which answers for it, are not taken")), "{from} {to}: {text}");
    }
    let curacao = at("US", "CW");
    for kind in ["24/7 network", "preservation request", "MLA"] {
        let c = curacao.iter().find(|c| &*c.kind == kind).unwrap();
        assert_eq!(&*c.body, "National Central Bureau of INTERPOL Curacao", "{kind}");
    }
    // Federal law of the United States applies in Puerto Rico, and its authorities act there.
    let pr = at("DE", "PR");
    let mla = pr.iter().find(|c| &*c.kind == "MLA").unwrap();
    assert!(mla.body.contains("Office of International Affairs"), "{}", mla.body);
    assert_eq!(has(&pr, "USMLAT"), Some(Usable::Unknown), "what a treaty reaches is another question");
    // INTERPOL has a bureau in some territories, and those of others are the state's.
    for (to, name) in [
        ("SJ", "National Central Bureau that serves SJ (its own or that of NO: not in the tables)"),
        ("GF", "National Central Bureau of FR"),
        ("CW", "National Central Bureau of CW"),
        ("FR", "National Central Bureau of FR"),
    ] {
        let list = at("DE", to);
        assert_eq!(list.iter().find(|c| &*c.kind == "INTERPOL").map(|c| &*c.body), Some(name));
    }
    // Its own row, and a mere part of a state.
    assert!(at("FR", "HK").iter().any(|c| c.body.contains("Department of Justice")));
    assert!(at("DE", "RE").iter().any(|c| c.body.contains("of FR, which answers for RE")));
}

/// A list that names no scope settles nothing, and art. 27 does not say that there is no treaty.
#[test]
fn a_treaty_of_unread_scope_is_unknown() {
    for to in ["TH", "CO", "AU"] {
        let list = at("GB", to);
        let treaty = list.iter().find(|c| c.instrument.as_deref() == Some("GBMLAT")).unwrap();
        assert_eq!(treaty.usable, Usable::Unknown, "{to}");
        assert!(treaty.caveats.iter().any(|c| c.contains("serves crime in general was not read")), "{to}: {:?}", treaty.caveats);
    }
    assert!(caveats(&at("GB", "AU")).contains("not settled: GBMLAT"), "{}", caveats(&at("GB", "AU")));
}

/// Order of LAW rule 6 among what is in force; what is unknown comes after it, and what is suspended last.
#[test]
fn what_is_in_force_comes_first_and_then_the_order_of_preference() {
    const ORDER: [&str; 9] = ["EEVID", "EIO", "CLOUDACT", "ETS185", "CETS224", "USMLAT", "EUMLA2000", "ETS30", "UNTOC"];
    let rank = |usable| match usable {
        Usable::Yes => 0,
        Usable::Unknown => 1,
        Usable::Suspended => 2,
        Usable::Ended => 3,
    };
    let codes = codes();
    for &from in &codes {
        for &to in codes.iter().step_by(7) {
            let list = law().channels(from, to, TODAY.parse().unwrap());
            let letter = list.iter().position(|c| &*c.kind == "letter rogatory").unwrap_or(0);
            for part in [&list[..letter], &list[letter..]] {
                let ranks: Vec<u8> =
                    part.iter().skip(usize::from(part.len() == list.len() - letter)).map(|c| rank(c.usable)).collect();
                assert!(ranks.is_sorted(), "{from} {to}: {ranks:?}");
            }
            let place = |c: &Channel| ORDER.iter().position(|id| c.instrument.as_deref() == Some(id));
            let places: Vec<usize> = list.iter().filter(|c| c.usable == Usable::Yes).filter_map(place).collect();
            assert!(places.is_sorted(), "{from} {to}: {places:?}");
        }
    }
    assert_eq!(
        channels("FR", "DK", TODAY).first().and_then(|c| c.instrument.as_deref().map(str::to_owned)).as_deref(),
        Some("ETS185")
    );
    assert_eq!(channels("FR", "AF", TODAY).first().map(|c| c.usable), Some(Usable::Yes));
}

#[test]
fn an_agreement_beside_a_treaty_makes_no_party() {
    for state in ["NO", "IS"] {
        let list = channels("DE", state, TODAY);
        let c = list.iter().find(|c| c.instrument.as_deref() == Some("EUMLA2000")).unwrap();
        assert_eq!(c.usable, Usable::Unknown);
        assert!(c.caveats.iter().any(|w| w.contains("no party to it")), "{:?}", c.caveats);
        assert!(!c.caveats.iter().any(|w| w.contains(&format!("in force for {state}"))), "{:?}", c.caveats);
    }
}

#[test]
fn the_hours_of_a_contact_point_are_no_limit() {
    let list = channels("FR", "DE", TODAY);
    let network = list.iter().find(|c| &*c.kind == "24/7 network").unwrap();
    assert_eq!((&*network.article, &*network.limit), ("35", ""));
    assert!(network.caveats.iter().any(|c| c.contains("day and night") && c.contains("no limit for an answer")));
    // What carries a preservation request is not its basis, and the first that preserves is the request itself.
    let preserve = list.iter().find(|c| c.instrument.as_deref() == Some("ETS185")).unwrap();
    assert_eq!((&*preserve.kind, &*preserve.article), ("preservation request", "29 (through the contact point of art. 35)"));
    assert!(preserve.limit.contains("60 days"));
}

#[test]
fn the_council_of_europe_is_left_on_the_day_and_not_before() {
    let left = |law: &Law, on: &str| {
        let list = law.channels("DE".parse().unwrap(), "RU".parse().unwrap(), on.parse().unwrap());
        let text = caveats(&list);
        (text.contains("RU has left the Council of Europe"), text.contains("whether RU was still in the Council of Europe"))
    };
    for on in ["2010-06-01", "2022-03-15"] {
        assert!(!left(law(), on).0, "{on}");
    }
    assert!(left(law(), TODAY).0);
    let with = |left: &str| {
        let head = "group,state,status,joined,left,note,source,grade,confidence\n";
        let row = format!("{head}Council of Europe,RU,withdrawn,1996-02-28,{left},,a page,confirmed,\n");
        Law::with_overlay("own", &[("groups.csv".to_owned(), row)]).unwrap()
    };
    let dated = with("2022-03-16");
    assert_eq!(left(&dated, "2010-06-01"), (false, false));
    assert_eq!(left(&dated, "2022-03-15"), (false, false));
    assert_eq!(left(&dated, "2022-03-16"), (true, false));
    // Without a day it has left by the date of the list, and before that nobody knows.
    let undated = with("");
    assert_eq!(left(&undated, "2022-03-15"), (false, true));
    assert_eq!(left(&undated, TODAY), (true, false));
}

#[test]
fn a_place_for_which_nobody_answers_has_one_line() {
    for to in ["XZ", "X-SAT", "AQ", "EH"] {
        let list = at("DE", to);
        assert_eq!(list.len(), 1, "{to}");
        assert_eq!((&*list[0].body, list[0].usable), ("nobody that the tables know of", Usable::Unknown));
        assert!(list[0].caveats.iter().any(|c| c.starts_with(to)), "{to}: {:?}", list[0].caveats);
    }
}

proptest! {
    #[test]
    fn no_code_and_no_day_panics(a in "[A-Z]{2}", b in "[A-Z]{2}", day in any::<i32>()) {
        let (a, b) = (StateCode::new(&a).unwrap(), StateCode::new(&b).unwrap());
        let first = law().channels(a, b, Day(day));
        prop_assert_eq!(&first, &law().channels(a, b, Day(day)));
        prop_assert!(first.iter().all(|c| !c.source.is_empty()));
        for kept in law().clocks(a, Day(day)) {
            prop_assert!(!kept.rule.is_empty() && !kept.source.is_empty());
            prop_assert!(kept.lost_from.is_none_or(|d| d.0 >= day));
        }
    }
}
