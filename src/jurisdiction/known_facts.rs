//! Cases that can be checked at the depositaries, the day before and the day of each change among them.
//!
//! The last column says what stands behind a case: `rule` where the answer follows from the article on entry into
//! force (ETS 185 arts 36 and 37: first day of the month after three months) and a deposit that the rule book read,
//! `row` where it repeats a row that was read in a source, `weak` where the row itself is unconfirmed or partly read.

use super::RuleBook;
use crate::model::law::Status::{self, *};
use crate::model::time::Day;

type Case = (&'static str, &'static str, &'static str, Status, Option<&'static str>, &'static str);

const CASES: &[Case] = &[
    // Budapest Convention: the founders, when it entered into force
    ("ETS185", "AL", "2001-11-22", NotParty, None, "row"),
    ("ETS185", "AL", "2001-11-23", Signatory, None, "row"),
    ("ETS185", "AL", "2002-06-20", Ratified, None, "row"),
    ("ETS185", "AL", "2004-06-30", Ratified, None, "row"),
    ("ETS185", "AL", "2004-07-01", Party, Some("2004-07-01"), "row"),
    ("ETS185", "EE", "2004-07-01", Party, Some("2004-07-01"), "row"),
    ("ETS185", "HU", "2004-07-01", Party, Some("2004-07-01"), "row"),
    ("ETS185", "LT", "2004-07-01", Party, Some("2004-07-01"), "row"),
    ("ETS185", "RO", "2004-09-01", Party, Some("2004-09-01"), "rule"),
    // each state from its own day
    ("ETS185", "DE", "2009-03-08", Signatory, None, "row"),
    ("ETS185", "DE", "2009-03-09", Ratified, None, "row"),
    ("ETS185", "DE", "2009-06-30", Ratified, None, "rule"),
    ("ETS185", "DE", "2009-07-01", Party, Some("2009-07-01"), "rule"),
    ("ETS185", "DE", "2026-11-22", Party, Some("2009-07-01"), "rule"),
    ("ETS185", "US", "2006-12-31", Ratified, None, "weak"),
    ("ETS185", "US", "2007-01-01", Party, Some("2007-01-01"), "weak"),
    ("ETS185", "GB", "2011-08-31", Ratified, None, "weak"),
    ("ETS185", "GB", "2011-09-01", Party, Some("2011-09-01"), "weak"),
    ("ETS185", "UK", "2011-09-01", Party, Some("2011-09-01"), "weak"),
    ("ETS185", "FR", "2006-04-30", Ratified, None, "row"),
    ("ETS185", "FR", "2006-05-01", Party, Some("2006-05-01"), "row"),
    ("ETS185", "NL", "2007-02-28", Ratified, None, "weak"),
    ("ETS185", "NL", "2007-03-01", Party, Some("2007-03-01"), "weak"),
    ("ETS185", "DK", "2005-10-01", Party, Some("2005-10-01"), "row"),
    ("ETS185", "JP", "2012-10-31", Ratified, None, "weak"),
    ("ETS185", "JP", "2012-11-01", Party, Some("2012-11-01"), "weak"),
    ("ETS185", "AU", "2013-02-28", Ratified, None, "weak"),
    ("ETS185", "AU", "2013-03-01", Party, Some("2013-03-01"), "weak"),
    ("ETS185", "CA", "2015-10-31", Ratified, None, "weak"),
    ("ETS185", "CA", "2015-11-01", Party, Some("2015-11-01"), "weak"),
    ("ETS185", "AT", "2012-10-01", Party, Some("2012-10-01"), "row"),
    ("ETS185", "BE", "2012-12-01", Party, Some("2012-12-01"), "row"),
    ("ETS185", "CZ", "2013-12-01", Party, Some("2013-12-01"), "row"),
    ("ETS185", "CH", "2012-01-01", Party, Some("2012-01-01"), "weak"),
    ("ETS185", "NO", "2006-10-01", Party, Some("2006-10-01"), "weak"),
    ("ETS185", "FI", "2007-09-01", Party, Some("2007-09-01"), "row"),
    ("ETS185", "IT", "2008-10-01", Party, Some("2008-10-01"), "weak"),
    ("ETS185", "UA", "2006-07-01", Party, Some("2006-07-01"), "weak"),
    ("ETS185", "SE", "2021-07-31", Ratified, None, "weak"),
    ("ETS185", "SE", "2021-08-01", Party, Some("2021-08-01"), "weak"),
    ("ETS185", "NG", "2022-10-31", Ratified, None, "row"),
    ("ETS185", "NG", "2022-11-01", Party, Some("2022-11-01"), "row"),
    ("ETS185", "BR", "2023-02-28", Ratified, None, "rule"),
    ("ETS185", "BR", "2023-03-01", Party, Some("2023-03-01"), "rule"),
    ("ETS185", "BJ", "2024-10-01", Party, Some("2024-10-01"), "row"),
    ("ETS185", "FJ", "2024-09-30", Ratified, None, "rule"),
    ("ETS185", "NZ", "2025-11-30", Ratified, None, "row"),
    ("ETS185", "NZ", "2025-12-01", Party, Some("2025-12-01"), "row"),
    ("ETS185", "GR", "2017-05-01", Party, Some("2017-05-01"), "weak"),
    ("ETS185", "TR", "2015-01-01", Party, Some("2015-01-01"), "weak"),
    // signed and no more; never signed; asked and not come
    ("ETS185", "IE", "2002-02-27", NotParty, None, "row"),
    ("ETS185", "IE", "2025-10-28", Signatory, None, "row"),
    ("ETS185", "ZA", "2020-01-01", Signatory, None, "weak"),
    ("ETS185", "RU", "2014-01-01", NotParty, None, "weak"),
    ("ETS185", "CN", "2020-01-01", NotParty, None, "weak"),
    ("ETS185", "IN", "2020-01-01", NotParty, None, "weak"),
    ("ETS185", "KR", "2025-01-01", NotParty, None, "weak"),
    ("ETS185", "MX", "2025-01-01", NotParty, None, "weak"),
    ("ETS185", "TW", "2025-01-01", NotParty, None, "weak"),
    // territories override states
    ("ETS185", "FO", "2020-01-01", NotExtended, None, "row"),
    ("ETS185", "GL", "2020-01-01", NotExtended, None, "row"),
    ("ETS185", "FO", "2003-01-01", NotParty, None, "row"),
    ("ETS185", "AW", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "SX", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "BQ", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "IM", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "JE", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "GG", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "GI", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "GI", "2005-01-01", NotExtended, None, "weak"),
    ("ETS185", "CW", "2024-09-30", NotExtended, None, "row"),
    ("ETS185", "CW", "2024-10-01", Party, Some("2024-10-01"), "row"),
    ("ETS185", "AI", "2025-01-01", NotExtended, None, "weak"),
    ("ETS185", "HK", "2025-01-01", NotParty, None, "weak"),
    ("ETS185", "MO", "2025-01-01", NotParty, None, "weak"),
    ("ETS185", "RE", "2006-04-30", Ratified, None, "weak"),
    ("ETS185", "RE", "2006-05-01", Party, Some("2006-05-01"), "weak"),
    ("ETS185", "PR", "2025-01-01", Party, Some("2007-01-01"), "weak"),
    ("ETS185", "AX", "2025-01-01", Party, Some("2007-09-01"), "weak"),
    ("ETS185", "PF", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "XK", "2025-01-01", NotParty, None, "weak"),
    ("ETS185", "AQ", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "UA-43", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "CY-N", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "AS", "2025-01-01", Party, Some("2007-01-01"), "weak"),
    ("ETS185", "AS", "2006-12-31", Ratified, None, "weak"),
    ("ETS185", "MP", "2025-01-01", Party, Some("2007-01-01"), "weak"),
    ("ETS185", "UM", "2025-01-01", Party, Some("2007-01-01"), "weak"),
    ("ETS185", "TK", "2025-12-01", Unknown, None, "weak"),
    ("ETS185", "CC", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "CX", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "HM", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "NF", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "BL", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "PM", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "TF", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "WF", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "BV", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "GS", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "PN", "2025-01-01", Unknown, None, "weak"),
    ("ETS185", "SH", "2025-01-01", Unknown, None, "weak"),
    // Second Protocol and UN convention: nobody is bound
    ("CETS224", "JP", "2022-05-12", Signatory, None, "row"),
    ("CETS224", "JP", "2023-08-10", Ratified, None, "row"),
    ("CETS224", "RS", "2023-02-09", Ratified, None, "row"),
    ("CETS224", "HU", "2026-02-05", Ratified, None, "row"),
    ("CETS224", "JP", "2022-05-11", NotParty, None, "row"),
    ("UNCC", "VN", "2025-10-24", NotParty, None, "row"),
    ("UNCC", "VN", "2025-10-25", Signatory, None, "row"),
    ("UNCC", "RU", "2025-10-25", Signatory, None, "row"),
    ("UNCC", "GB", "2025-10-26", Signatory, None, "row"),
    ("UNCC", "US", "2025-11-01", NotParty, None, "row"),
    ("UNCC", "HK", "2026-01-01", Unknown, None, "weak"),
    // EU law
    ("EEVID", "DE", "2026-08-17", NotParty, None, "row"),
    ("EEVID", "DE", "2026-08-18", Party, Some("2026-08-18"), "row"),
    ("EEVID", "IE", "2026-08-18", Party, Some("2026-08-18"), "weak"),
    ("EEVID", "DK", "2026-08-18", NotParty, None, "row"),
    ("EEVID", "US", "2026-08-18", NotParty, None, "rule"),
    ("EEVID", "FO", "2026-08-18", NotParty, None, "rule"),
    ("EEVID", "RE", "2026-08-18", Party, Some("2026-08-18"), "rule"),
    ("EEVID", "CY-N", "2026-08-18", NotExtended, None, "rule"),
    ("EEVID", "BL", "2026-08-18", NotExtended, None, "row"),
    ("EEVID", "PM", "2026-08-18", NotExtended, None, "row"),
    ("EEVID", "TF", "2026-08-18", NotExtended, None, "row"),
    ("EEVID", "WF", "2026-08-18", NotExtended, None, "row"),
    ("GDPR", "BV", "2026-08-18", Unknown, None, "weak"),
    ("EIO", "DK", "2020-01-01", NotParty, None, "row"),
    ("EIO", "IE", "2020-01-01", NotParty, None, "row"),
    ("NIS2", "DE", "2024-10-17", NotParty, None, "row"),
    ("NIS2", "DE", "2024-10-18", Party, Some("2024-10-18"), "row"),
    ("GDPR", "FR", "2018-05-24", NotParty, None, "weak"),
    ("GDPR", "FR", "2018-05-25", Party, Some("2018-05-25"), "weak"),
    ("GDPR", "NO", "2018-07-20", Party, Some("2018-07-20"), "weak"),
    ("GDPR", "SJ", "2020-01-01", NotExtended, None, "weak"),
    ("GDPR", "AX", "2020-01-01", Party, Some("2018-05-25"), "weak"),
    ("GDPR", "GL", "2020-01-01", NotExtended, None, "row"),
    ("GDPR", "GB", "2021-01-01", Denounced, None, "weak"),
    ("GDPR", "GB", "2019-01-01", Party, Some("2018-05-25"), "weak"),
    // CLOUD Act agreements: two partners and the United States
    ("CLOUDACT", "GB", "2022-10-02", Signatory, None, "row"),
    ("CLOUDACT", "GB", "2022-10-03", Party, Some("2022-10-03"), "row"),
    ("CLOUDACT", "AU", "2024-01-30", Signatory, None, "weak"),
    ("CLOUDACT", "AU", "2024-01-31", Party, Some("2024-01-31"), "weak"),
    ("CLOUDACT", "US", "2022-10-02", NotParty, None, "row"),
    ("CLOUDACT", "US", "2022-10-03", Party, Some("2022-10-03"), "row"),
    ("CLOUDACT", "CA", "2025-01-01", NotParty, None, "row"),
    ("CLOUDACT", "DE", "2025-01-01", NotParty, None, "row"),
    // elsewhere
    ("MALABO", "MR", "2023-06-07", Ratified, None, "row"),
    ("MALABO", "MR", "2023-06-08", Party, Some("2023-06-08"), "row"),
    ("MALABO", "BJ", "2024-01-01", Signatory, None, "weak"),
    ("ECOWAS2011", "ML", "2025-01-28", Party, None, "weak"),
    ("ECOWAS2011", "ML", "2025-01-29", Denounced, None, "weak"),
    ("EUMLA2000", "GB", "2021-01-01", Denounced, None, "weak"),
    ("EUMLA2000", "GB", "2020-12-31", Party, None, "weak"),
    ("EUMLA2000", "NO", "2026-01-01", Unknown, None, "row"),
    ("EUMLA2000", "IS", "2026-01-01", Unknown, None, "row"),
    ("USMLAT", "HK", "2019-06-01", Party, None, "weak"),
    ("USMLAT", "HK", "2020-09-01", Suspended, None, "weak"),
    ("ICCPR", "CN", "2020-01-01", Signatory, None, "row"),
    ("ICCPR", "US", "1990-01-01", Signatory, None, "row"),
    ("UNTOC", "HK", "2006-09-26", NotExtended, None, "weak"),
    ("UNTOC", "HK", "2024-01-01", Party, None, "weak"),
    ("AP1", "US", "2025-12-31", Signatory, None, "weak"),
    ("AP1", "DE", "1991-08-13", Ratified, None, "weak"),
    ("AP1", "DE", "2025-12-31", Party, Some("1991-08-14"), "weak"),
];

#[test]
fn states_and_territories_stand_as_the_depositaries_say() {
    let book = RuleBook::shipped().unwrap();
    let mut wrong = Vec::new();
    for &(instrument, state, on, status, in_force, kind) in CASES {
        assert!(["rule", "row", "weak"].contains(&kind));
        let day: Day = on.parse().unwrap();
        let got = book.status_at(instrument, state, day).unwrap();
        let expected: Option<Day> = in_force.map(|d| d.parse().unwrap());
        if (got.status, got.in_force) != (status, expected) {
            wrong.push(format!(
                "{instrument} {state} {on}: {:?} {:?}, not {status:?} {in_force:?} ({})",
                got.status, got.in_force, got.note
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

/// The word of a row may be that of a later day: before it, the answer says what was to come.
#[test]
fn a_later_status_is_told_as_later() {
    let book = RuleBook::shipped().unwrap();
    for (instrument, state, on, words) in [
        ("USMLAT", "HK", "2019-06-01", "suspended from 2020-08"),
        ("EUMLA2000", "GB", "2020-12-31", "left with effect 2021-01-01"),
        ("EUMLA2000", "GB", "2020-12-31", "listed in force in 2013"),
    ] {
        let note = book.status_at(instrument, state, on.parse().unwrap()).unwrap().note;
        assert!(note.contains(words) && !note.contains("listed as"), "{instrument} {state} {on}: {note}");
    }
}

/// ISO 3166-1 has more codes than states: each is a state or a territory here, so that none is answered as a state of its own.
#[test]
fn every_territory_of_iso_3166_is_known_with_who_answers_for_it() {
    let book = RuleBook::shipped().unwrap();
    for (code, parent) in [
        ("AS", "US"),
        ("BL", "FR"),
        ("BV", "NO"),
        ("CC", "AU"),
        ("CX", "AU"),
        ("GS", "GB"),
        ("HM", "AU"),
        ("MP", "US"),
        ("NF", "AU"),
        ("PM", "FR"),
        ("PN", "GB"),
        ("SH", "GB"),
        ("TF", "FR"),
        ("TK", "NZ"),
        ("UM", "US"),
        ("WF", "FR"),
    ] {
        let t = book.territory(code).unwrap_or_else(|| panic!("no {code}"));
        assert_eq!(t.parent.map(|p| p.to_string()).as_deref(), Some(parent), "{code}");
        assert!(t.source.starts_with("github:factbook") && t.alias_of.is_none(), "{code}");
    }
    let eu = "EU".parse().unwrap();
    assert!(!book.is_place(eu), "a label of registries is no place");
}

/// Where the tables give a deposit, arts 36 (4) and 37 (2) of ETS 185 give the day of entry into force.
#[test]
fn budapest_dates_follow_the_rule_of_its_final_clauses() {
    let book = RuleBook::shipped().unwrap();
    let convention = book.instrument("ETS185").unwrap();
    let begin: Day = "2004-07-01".parse().unwrap();
    let mut checked = 0;
    for row in convention.bound() {
        let (Some(deposit), Some(in_force)) = (row.ratified.and_then(|d| d.exact()), row.in_force.and_then(|d| d.exact())) else {
            continue;
        };
        let (y, m, _) = deposit.civil();
        let (y, m) = if m + 4 > 12 { (y + 1, m + 4 - 12) } else { (y, m + 4) };
        assert_eq!(in_force, Day::new(y, m, 1).unwrap().max(begin), "{} deposited {deposit}", row.state);
        checked += 1;
    }
    assert_eq!(checked, 81, "all");
}
