//! What nobody may learn from figures and tables, for any ledger.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::export::{self, Row};
use super::figures::{self, LEAST, STEPS, Stats};
use crate::jurisdiction::notices::{Ledger, SCHEMA};
use crate::model::net::StateCode;
use crate::model::practice::{Entry, Step};
use crate::model::time::Day;
use crate::report::json;

fn entry(case: &str, state: &str, by: &str, step: Step, on: Day, channel: &str) -> Entry {
    Entry {
        schema: SCHEMA.into(),
        case: case.into(),
        state: state.parse().unwrap(),
        by: by.parse().unwrap(),
        step,
        on,
        channel: channel.into(),
        addresses: Vec::new(),
        note: "".into(),
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// All that stats and export print.
fn said(ledger: &Ledger) -> Vec<u8> {
    let stats = Stats::of(ledger);
    let mut out = export::table(ledger).unwrap();
    out.extend(figures::text(&stats).bytes());
    out.extend(json::pretty(&stats).unwrap().bytes());
    out
}

fn count(ledger: &Ledger, state: &str) -> usize {
    let state: StateCode = state.parse().unwrap();
    let opened = ledger.entries.iter().filter(|e| e.state == state && figures::opens(e.step));
    opened.map(|e| (e.by, e.case.clone())).collect::<BTreeSet<_>>().len()
}

fn table(ledger: &Ledger) -> String {
    String::from_utf8(export::table(ledger).unwrap()).unwrap()
}

/// Few states, askers, months and channels, so that cells are of every size.
fn some_entry() -> impl Strategy<Value = Entry> {
    let channels = prop::sample::select(vec!["CERT-to-CERT", "CERT-to-CERT", "MLA", "INTERPOL", "by pigeon", "=1+1"]);
    let states = prop::sample::select(vec!["BR", "BR", "BR", "SG", "NG"]);
    let askers = prop::sample::select(vec!["EE", "EE", "FR"]);
    (0..40_u8, states, askers, prop::sample::select(STEPS.to_vec()), 0..500_i32, channels).prop_map(
        |(case, state, by, step, on, channel)| {
            // Most cases have a day near that of their number, so that months fill up.
            let on = Day(20_000 + i32::from(case % 3) * 365 + on % 40);
            entry(&format!("c{case}"), state, by, step, on, channel)
        },
    )
}

fn some_ledger() -> impl Strategy<Value = Ledger> {
    prop::collection::vec(some_entry(), 0..250).prop_map(|entries| Ledger { entries })
}

proptest! {
    #[test]
    fn a_case_of_a_state_with_few_changes_no_byte(
        mut ledger in some_ledger(),
        keep in 0..4_usize,
        state in prop::sample::select(vec!["BR", "SG", "NG", "KZ"]),
        step in prop::sample::select(vec![Step::Notified, Step::Asked]),
        by in prop::sample::select(vec!["EE", "FR", "JP"]),
    ) {
        // Fewer than four of the state remain.
        let code: StateCode = state.parse().unwrap();
        let mut kept = BTreeSet::new();
        ledger.entries.retain(|e| {
            let matter = (e.by, e.case.clone());
            e.state != code || kept.contains(&matter) || (kept.len() < keep && kept.insert(matter))
        });
        let before = said(&ledger);
        ledger.entries.push(entry("new", state, by, step, Day(20_001), "MLA"));
        ledger.entries.push(entry("new", state, by, Step::Refused, Day(20_009), "MLA"));
        prop_assert!(count(&ledger, state) < LEAST);
        prop_assert_eq!(before, said(&ledger));
    }

    /// Nor does the order of the file, a second copy of an entry, or an answer to nothing.
    #[test]
    fn only_cases_count(mut ledger in some_ledger()) {
        let before = said(&ledger);
        ledger.entries.reverse();
        ledger.entries.extend(ledger.entries.clone());
        for n in 0..9 {
            ledger.entries.push(entry(&format!("nobody's {n}"), "BR", "EE", Step::Acted, Day(20_001), "MLA"));
        }
        prop_assert_eq!(before, said(&ledger));
    }

    #[test]
    fn no_number_gives_fewer_than_five_away(ledger in some_ledger()) {
        let clear = |n: usize| n == 0 || n >= LEAST;
        let stats = Stats::of(&ledger);
        let value: serde_json::Value = serde_json::from_str(&json::pretty(&stats).unwrap()).unwrap();
        let rows = export::rows(&ledger);
        let mut sums: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for row in &rows {
            prop_assert!(row.cases >= LEAST && clear(row.of - row.cases), "{row:?}");
            *sums.entry((row.state.to_string(), row.step.map_or("cases", Step::as_str))).or_default() += row.cases;
        }
        for state in value["states"].as_array().unwrap() {
            let (name, f) = (state["state"].as_str().unwrap(), &state["figures"]);
            let figure = |name: &str| f[name].as_u64().map(|n| usize::try_from(n).unwrap());
            let all = figure("cases").unwrap();
            prop_assert_eq!(all, count(&ledger, name));
            for step in STEPS.map(Step::as_str).into_iter().chain(["cases", "answered"]) {
                let told = figure(step);
                prop_assert!(told.is_none_or(|n| n >= LEAST && clear(all - n)), "{step}: {f}");
                if step != "answered" {
                    prop_assert_eq!(told, sums.remove(&(name.to_owned(), step)), "{}: export and stats differ", step);
                }
            }
            for answer in ["acknowledged", "acted", "refused", "given"] {
                if let (Some(n), Some(answered)) = (figure(answer), figure("answered")) {
                    prop_assert!(clear(answered - n), "{answer}: {f}");
                }
            }
            if let (Some(notified), Some(asked)) = (figure("notified"), figure("asked")) {
                prop_assert!(clear(notified + asked - all), "{f}");
            }
        }
        prop_assert!(sums.is_empty(), "{sums:?}");
        // Notices and requests of the same part: how many have both follows.
        let same = |a: &Row, b: &Row| (a.state, a.channel, &a.by, &a.period) == (b.state, b.channel, &b.by, &b.period);
        for a in rows.iter().filter(|r| r.step == Some(Step::Notified)) {
            for b in rows.iter().filter(|r| r.step == Some(Step::Asked) && same(a, r)) {
                prop_assert!(a.of == b.of && clear(a.cases + b.cases - a.of), "{a:?} {b:?}");
            }
        }
    }

    /// No cell of a sheet is a formula, and no word of the user's own is in it.
    #[test]
    fn cells_are_words_of_ours(ledger in some_ledger()) {
        let table = table(&ledger);
        prop_assert!(table.split([',', '\n']).all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '"'])));
        prop_assert!(!table.contains("pigeon") && table.lines().all(|line| line.split(',').count() == 7));
    }
}

fn ledger(cases: &[(usize, &str, &str, &str, bool)]) -> Ledger {
    let mut entries = Vec::new();
    for (i, (n, by, on, channel, answered)) in cases.iter().enumerate() {
        for j in 0..*n {
            let case = format!("{i}-{j}");
            entries.push(entry(&case, "BR", by, Step::Notified, day(on), channel));
            if *answered {
                entries.push(entry(&case, "BR", by, Step::Acknowledged, day("2027-01-01"), "INTERPOL"));
            }
        }
    }
    Ledger { entries }
}

#[test]
fn asker_and_time_are_told_as_far_as_five_remain() {
    let rows = |cases: &[(usize, &str, &str, &str, bool)]| {
        table(&ledger(cases)).lines().filter(|l| l.contains("opened")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mla =
        |cases: &[(usize, &str, &str)]| rows(&cases.iter().map(|(n, by, on)| (*n, *by, *on, "MLA", false)).collect::<Vec<_>>());
    assert_eq!(
        mla(&[(5, "EE", "2026-03-05"), (6, "NG", "2026-04-05")]),
        ["BR,EE,2026-03,MLA,opened,5,5", "BR,NG,2026-04,MLA,opened,6,6"]
    );
    assert_eq!(mla(&[(4, "EE", "2026-03-05"), (6, "EE", "2026-04-05")]), ["BR,EE,2026,MLA,opened,10,10"]);
    assert_eq!(mla(&[(4, "EE", "2025-03-05"), (6, "EE", "2026-04-05")]), ["BR,EE,,MLA,opened,10,10"]);
    assert_eq!(mla(&[(4, "EE", "2026-03-05"), (1, "NG", "2026-03-06")]), ["BR,,2026-03,MLA,opened,5,5"]);
    assert_eq!(mla(&[(4, "EE", "2025-03-05"), (1, "NG", "2026-03-06")]), ["BR,,,MLA,opened,5,5"]);
    // A kind with few takes the next smallest with it; what remains of all is of no kind.
    let few = |mla: usize| {
        rows(&[
            (mla, "EE", "2026-03-05", "MLA", false),
            (6, "EE", "2026-03-05", "EIO", false),
            (7, "EE", "2026-03-05", "INTERPOL", false),
        ])
    };
    assert_eq!(few(1), ["BR,EE,2026-03,INTERPOL,opened,7,7", "BR,EE,2026-03,rest,opened,7,7"]);
    assert_eq!(few(5).len(), 3);
    assert_eq!(
        rows(&[(3, "EE", "2026-03-05", "MLA", false), (6, "EE", "2026-03-05", "EIO", false)]),
        ["BR,EE,2026-03,,opened,9,9"]
    );
}

#[test]
fn what_is_left_of_a_part_is_not_one_case() {
    // All but one of the notices of March were answered: the month, and the asker, are not told with the answers.
    let some = ledger(&[
        (6, "EE", "2026-03-05", "MLA", true),
        (1, "EE", "2026-03-05", "MLA", false),
        (5, "EE", "2026-04-05", "MLA", false),
        (9, "EE", "2026-04-05", "MLA", true),
    ]);
    assert_eq!(
        table(&some).lines().skip(1).collect::<Vec<_>>(),
        [
            "BR,EE,2026,MLA,acknowledged,15,21",
            "BR,EE,2026-03,MLA,opened,7,7",
            "BR,EE,2026-03,MLA,notified,7,7",
            "BR,EE,2026-04,MLA,opened,14,14",
            "BR,EE,2026-04,MLA,notified,14,14",
        ]
    );
    // All but one of the whole: neither table tells it.
    let one = ledger(&[(6, "EE", "2026-03-05", "MLA", true), (1, "EE", "2026-03-05", "MLA", false)]);
    assert!(!table(&one).contains("acknowledged"), "{}", table(&one));
    assert!(figures::text(&Stats::of(&one)).contains("acknowledged not told of 7 cases"));
    // One kind of channel cannot be told apart: then none is.
    let kinds = ledger(&[
        (8, "EE", "2026-03-05", "MLA", true),
        (2, "EE", "2026-03-05", "EIO", true),
        (6, "EE", "2026-03-05", "EIO", false),
    ]);
    assert!(table(&kinds).contains("BR,,,,acknowledged,10,16\n"), "{}", table(&kinds));
}
