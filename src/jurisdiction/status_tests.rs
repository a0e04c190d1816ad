//! The date logic on made-up rows, and what it says about answers as a whole.

use super::RuleBook;
use super::book_tests::{Made, book_of};
use super::status::StatusOn;
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;

fn day(s: &str) -> Day {
    s.parse().unwrap()
}

fn code(s: &str) -> StateCode {
    s.parse().unwrap()
}

fn shipped(instrument: &str, state: &str, on: &str) -> StatusOn {
    RuleBook::shipped().unwrap().status(instrument, code(state), day(on)).unwrap()
}

/// Status of DE on a day under one made-up row: status, signed, ratified, in_force, left, suspended, not_before.
fn made(row: &str, on: &str) -> (Status, Option<Day>) {
    let book = book_of(&Made { row: &format!("DE,{row},2020-06-30,confirmed,,,somewhere,"), ..Made::default() }).unwrap();
    let s = book.status("T1", code("DE"), day(on)).unwrap();
    (s.status, s.in_force)
}

#[test]
fn every_step_begins_on_its_day() {
    let row = "party,2002-01-01,2003-01-01,2004-01-01,2015-01-01,2010-01-01,";
    for (on, status) in [
        ("1999-12-31", Status::NotParty),
        ("2001-12-31", Status::NotParty),
        ("2002-01-01", Status::Signatory),
        ("2002-12-31", Status::Signatory),
        ("2003-01-01", Status::Ratified),
        ("2003-12-31", Status::Ratified),
        ("2004-01-01", Status::Party),
        ("2009-12-31", Status::Party),
        ("2010-01-01", Status::Suspended),
        ("2014-12-31", Status::Suspended),
        ("2015-01-01", Status::Denounced),
    ] {
        assert_eq!(made(row, on).0, status, "{on}");
    }
    assert_eq!(made(row, "2005-01-01").1, Some(day("2004-01-01")));
    assert_eq!(made(row, "2003-06-01").1, None);
}

#[test]
fn what_is_not_dated_is_not_settled_before_the_list() {
    assert_eq!(made("party,,,,,,", "2020-06-29").0, Status::Unknown);
    assert_eq!(made("party,,,,,,", "2020-06-30"), (Status::Party, None));
    assert_eq!(made("party,,,,,,2018", "2017-12-31").0, Status::NotParty);
    assert_eq!(made("party,,,,,,2018", "2019-01-01").0, Status::Unknown);
    assert_eq!(made("party,2001,,,,,", "2019-01-01").0, Status::Unknown);
    assert_eq!(made("signatory,,,,,,", "2020-06-29").0, Status::Unknown);
    assert_eq!(made("signatory,,,,,,", "2020-06-30").0, Status::Signatory);
    assert_eq!(made("party,,,2010,,,", "2009-12-31").0, Status::NotParty);
    assert_eq!(made("party,,,2010,,,", "2010-06-01").0, Status::Unknown);
    assert_eq!(made("party,,,2010,,,", "2010-12-31"), (Status::Party, None));
    // deposit known, own day of entry into force not: a year on it is in force for sure
    assert_eq!(made("party,,2010-01-01,,,,", "2010-02-01").0, Status::Unknown);
    assert_eq!(made("party,,2010-01-01,,,,", "2011-06-01"), (Status::Party, None));
    assert_eq!(made("disputed,2001-01-01,,,,,", "2019-01-01").0, Status::Unknown);
}

#[test]
fn a_day_known_to_the_month_leaves_that_month_open() {
    assert_eq!(shipped("MALABO", "BJ", "2024-11-11").status, Status::Signatory);
    let within = shipped("MALABO", "BJ", "2024-11-20");
    assert_eq!((within.status, within.applies()), (Status::Unknown, None));
    let after = shipped("MALABO", "BJ", "2024-12-12");
    assert_eq!((after.status, after.in_force, after.applies()), (Status::Party, None, Some(true)));
    assert_ne!(after.grade, Grade::Unconfirmed);
}

#[test]
fn a_day_that_the_table_lacks_is_counted_from_the_deposit() {
    assert_eq!(shipped("UNTOC", "DE", "2006-06-13").status, Status::Signatory);
    assert_eq!(shipped("UNTOC", "DE", "2006-07-13").status, Status::Ratified);
    let bound = shipped("UNTOC", "DE", "2006-07-14");
    assert_eq!((bound.status, bound.in_force), (Status::Party, Some(day("2006-07-14"))));
    assert!(bound.note.contains("counted by art. 38(2) from the deposit on 2006-06-14"), "{}", bound.note);
    // A first party is bound with the instrument.
    assert_eq!(shipped("UNTOC", "FR", "2003-09-29").in_force, Some(day("2003-09-29")));
}

#[test]
fn a_state_off_a_complete_list_is_outside_only_while_the_list_is_fresh() {
    let fresh = shipped("ETS185", "MN", "2026-06-01");
    assert_eq!((fresh.status, fresh.grade, fresh.row_of), (Status::NotParty, Grade::Partly, None));
    let old = shipped("ETS185", "MN", "2026-11-22");
    assert_eq!((old.status, old.applies(), old.stale), (Status::Unknown, None, true));
    // a list of which not every row was read settles nothing
    assert_eq!(shipped("ETS189", "MN", "2025-06-30").status, Status::Unknown);
    // no state, no territory
    assert_eq!(shipped("ETS185", "ZZ", "2025-06-30").status, Status::Unknown);
    assert!(RuleBook::shipped().unwrap().status("NOSUCH", code("DE"), day("2025-01-01")).is_none());
}

/// A list of years ago says who had joined, and not who has not joined since.
#[test]
fn a_negative_of_an_old_list_is_unknown() {
    for (id, state, then, word) in [
        ("ARAB2010", "MA", "2016-12-31", "signatory"),
        ("MALABO", "ZA", "2024-07-08", "signatory"),
        ("USMLAT", "JO", "2015-12-31", "not-in-force"),
        ("UNTOC", "PG", "2024-05-04", "non-party"),
        ("ETS30", "BR", "2025-02-13", "non-party"),
    ] {
        let at = shipped(id, state, then);
        assert_eq!(at.applies(), Some(false), "{id} {state}: {at:?}");
        let now = shipped(id, state, "2026-11-22");
        assert_eq!((now.status, now.applies(), now.grade), (Status::Unknown, None, Grade::Unconfirmed), "{id} {state}: {now:?}");
        assert!(now.note.contains("more than a year before") && now.note.contains(word), "{}", now.note);
    }
    // Signed, and read half a year ago; law of the Union; a scheme; a newer list that is complete.
    assert_eq!(shipped("ETS185", "IE", "2026-11-22").status, Status::Signatory);
    assert_eq!(shipped("EIO", "DK", "2026-11-22").status, Status::NotParty);
    assert_eq!(shipped("CLOUDACT", "NZ", "2026-11-22").status, Status::NotParty);
}

#[test]
fn an_instrument_that_is_not_in_force_binds_nobody_on_any_day() {
    let book = RuleBook::shipped().unwrap();
    for id in ["CETS224", "CETS223", "UNCC"] {
        for (state, _) in book.states() {
            for on in ["2000-01-01", "2024-12-31", "2026-11-22", "2030-01-01"] {
                let s = book.status(id, state, day(on)).unwrap();
                assert!(s.status != Status::Party && s.in_force.is_none(), "{id} {state} {on}");
            }
        }
    }
}

#[test]
fn nobody_is_bound_before_the_adoption_or_the_entry_into_force() {
    let book = RuleBook::shipped().unwrap();
    for i in book.instruments() {
        for (bound, what) in [(i.adopted, "adoption"), (i.in_force, "entry into force")] {
            let Some(date) = bound else { continue };
            let eve = Day(date.first.0 - 1);
            for (state, _) in book.states() {
                let s = book.status(&i.id, state, eve).unwrap();
                assert_ne!(s.status, Status::Party, "{} {state} on the eve of the {what}", i.id);
            }
        }
    }
}

#[test]
fn only_a_party_has_a_day_in_force_and_it_is_not_later_than_the_question() {
    let book = RuleBook::shipped().unwrap();
    let codes: Vec<StateCode> =
        book.states().map(|(s, _)| s).chain(book.territories().filter_map(|t| StateCode::new(&t.code))).collect();
    for i in book.instruments() {
        for state in &codes {
            for on in ["1990-01-01", "2007-01-01", "2018-05-25", "2024-10-01", "2026-11-22"] {
                let s = book.status(&i.id, *state, day(on)).unwrap();
                assert!(s.in_force.is_none() || s.status == Status::Party, "{} {state} {on}", i.id);
                assert!(s.in_force.is_none_or(|d| d <= day(on)), "{} {state} {on}", i.id);
                assert!(s.row_of.is_none() || !s.source.is_empty(), "{} {state}: row without source", i.id);
            }
        }
    }
}

#[test]
fn a_territory_answer_is_no_better_than_its_two_rows() {
    let s = shipped("ETS185", "RE", "2020-01-01");
    assert_eq!((s.status, s.grade, s.row_of), (Status::Party, Grade::Unconfirmed, Some(code("FR"))));
    assert!(s.note.starts_with("as part of FR"), "{}", s.note);
    let s = shipped("ETS185", "FO", "2020-01-01");
    assert_eq!(s.row_of, Some(code("FO")));
    assert!(s.note.contains("DK"), "{}", s.note);
}

#[test]
fn a_scheme_binds_nobody() {
    let s = shipped("HARARE", "GB", "2020-01-01");
    assert_eq!((s.status, s.applies()), (Status::Party, Some(false)));
    assert!(s.note.contains("non-binding"));
}

#[test]
fn the_list_of_a_state_is_the_sum_of_its_answers() {
    let book = RuleBook::shipped().unwrap();
    let list = book.instruments_of(code("DE"), day("2026-09-01"));
    assert!(list.is_sorted_by(|a, b| a.instrument < b.instrument));
    for id in ["ETS185", "EEVID", "UNTOC", "ICCPR", "NIS2", "GDPR", "EUMLA2000"] {
        assert!(list.iter().any(|s| &*s.instrument == id && s.status == Status::Party), "{id}");
    }
}

proptest::proptest! {
    /// In time a state goes forward: once bound it is not again merely a signatory, unless it left or is suspended.
    #[test]
    fn a_state_goes_forward_in_time(row in 0_usize..2000, a in 0_i32..30_000, b in 0_i32..30_000) {
        let book = RuleBook::shipped().unwrap();
        let rows: Vec<_> = book.instruments().flat_map(|i| i.rows.values().map(move |r| (i, r))).collect();
        let (i, r) = rows[row % rows.len()];
        let (early, late) = (Day(a.min(b)), Day(a.max(b)));
        let step = |on| match book.status(&i.id, r.state, on).unwrap().status {
            Status::NotParty | Status::NotExtended => 0,
            Status::Signatory => 1,
            Status::Ratified => 2,
            Status::Party => 3,
            Status::Suspended => 4,
            Status::Denounced => 5,
            Status::Unknown => -1,
        };
        let (e, l) = (step(early), step(late));
        proptest::prop_assert!(e <= l || l < 0 || e < 0, "{} {} {early} {e} {late} {l}", i.id, r.state);
    }
}
