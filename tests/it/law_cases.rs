//! Cases of (place, instrument, day) that were taken from status pages, apart from the making of `data/law`.
//!
//! Unknown is a gap, not a contradiction: the tables may know less than the case. A contradiction fails the test unless it is
//! in [`REVIEWED`], where somebody has written down why it stands.

use std::collections::BTreeMap;
use std::fs;

use rutter::jurisdiction::RuleBook;
use rutter::model::law::Status;
use rutter::model::time::Day;

use super::support::repo;

/// Contradictions that were looked at: place (or `*`), instrument, first and last day (or blank), and the reason. Take a row
/// out when the data no longer contradict the case: the test says which rows are not needed.
const REVIEWED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "MV",
        "HARARE",
        "",
        "",
        "left in 2016 and came back in 2020: the row knows that it was outside before 2020, in another word",
    ),
    ("JO", "USMLAT", "", "", "signed in 2013, and the table says `not-in-force`: outside either way, in another word"),
];

/// Cases that the tables do not answer, per instrument.
const UNKNOWN: &[(&str, usize)] = &[
    ("AP1", 8),
    ("ARAB2010", 8),
    ("CETS223", 2),
    ("ETS108", 9),
    ("ETS185", 3),
    ("ETS189", 5),
    ("EUMLA2000", 6),
    ("GDPR45", 3),
    ("ICCPR", 1),
    ("MALABO", 2),
    ("OASA55", 3),
    ("UNCC", 5),
    ("UNTOC", 2),
    ("USMLAT", 6),
];

struct Case {
    place: String,
    instrument: String,
    on: Day,
    expected: String,
    is_read: bool,
    line: usize,
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(repo("tests/it/law_cases.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
    let (place, instrument, on) = (column("place"), column("instrument"), column("on"));
    let (expected, source, read) = (column("expected"), column("source"), column("read"));
    reader
        .records()
        .map(|record| {
            let r = record.unwrap();
            assert!(!r[source].is_empty(), "{r:?}: a case needs a source");
            Case {
                place: if &r[place] == "CRIMEA" { "UA-43".to_owned() } else { r[place].to_owned() },
                instrument: r[instrument].to_owned(),
                on: r[on].parse().unwrap(),
                expected: r[expected].to_owned(),
                is_read: &r[read] == "yes",
                line: r.position().unwrap().line() as usize,
            }
        })
        .collect()
}

/// `None`: the tables do not know.
fn agrees(expected: &str, status: Status) -> Option<bool> {
    if status == Status::Unknown {
        return None;
    }
    Some(match expected {
        "in-force" => status == Status::Party,
        "signed-only" => status == Status::Signatory,
        "left" => status == Status::Denounced,
        "suspended" => status == Status::Suspended,
        "not-in-force" => {
            matches!(status, Status::NotParty | Status::Signatory | Status::Ratified | Status::NotExtended | Status::Denounced)
        }
        other => panic!("{other:?} is no expectation"),
    })
}

fn reviewed(case: &Case) -> Option<usize> {
    REVIEWED.iter().position(|(place, instrument, from, to, _)| {
        let day = |text: &str| text.parse::<Day>().ok();
        (*place == "*" || *place == case.place)
            && *instrument == case.instrument
            && day(from).is_none_or(|d| case.on >= d)
            && day(to).is_none_or(|d| case.on <= d)
    })
}

#[test]
fn the_rule_book_agrees_with_status_pages() {
    let book = RuleBook::shipped().unwrap();
    let mut tally: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut contradictions = Vec::new();
    let mut used = vec![false; REVIEWED.len()];
    let mut agreed_and_read = 0;
    let all = cases();
    assert!(all.len() >= 150);
    for case in &all {
        let answer = book.status_at(&case.instrument, &case.place, case.on);
        let answer = answer.unwrap_or_else(|| panic!("line {}: no {} or no {}", case.line, case.instrument, case.place));
        let slot = tally.entry(case.instrument.clone()).or_default();
        match agrees(&case.expected, answer.status) {
            Some(true) => {
                slot[0] += 1;
                agreed_and_read += usize::from(case.is_read);
            }
            None => {
                slot[1] += 1;
                println!("unknown: line {}: {} {} on {} ({})", case.line, case.place, case.instrument, case.on, answer.note);
            }
            Some(false) => {
                slot[2] += 1;
                let what = format!(
                    "line {}: {} {} on {}: expected {}, the rule book says {} ({})",
                    case.line,
                    case.place,
                    case.instrument,
                    case.on,
                    case.expected,
                    answer.status.as_str(),
                    answer.note
                );
                match reviewed(case) {
                    Some(n) => {
                        used[n] = true;
                        println!("reviewed: {what}; {}", REVIEWED[n].4);
                    }
                    None => contradictions.push(what),
                }
            }
        }
    }
    println!("{:<10} {:>6} {:>8} {:>9}", "instrument", "agree", "unknown", "disagree");
    for (instrument, [agree, unknown, disagree]) in &tally {
        println!("{instrument:<10} {agree:>6} {unknown:>8} {disagree:>9}");
    }
    let sum = |n: usize| tally.values().map(|t| t[n]).sum::<usize>();
    println!("{:<10} {:>6} {:>8} {:>9}; {agreed_and_read} of those that agree were read", "all", sum(0), sum(1), sum(2));
    let unneeded: Vec<_> = REVIEWED.iter().zip(&used).filter(|(_, used)| !**used).map(|(row, _)| row).collect();
    assert!(unneeded.is_empty(), "no case contradicts these any more, take them out: {unneeded:#?}");
    let gaps: Vec<(&str, usize)> = tally.iter().map(|(id, t)| (id.as_str(), t[1])).filter(|(_, n)| *n > 0).collect();
    assert_eq!(gaps, UNKNOWN, "cases that the tables do not answer");
    assert!(contradictions.is_empty(), "{} contradictions:\n{}", contradictions.len(), contradictions.join("\n"));
    assert!(agreed_and_read >= 150, "only {agreed_and_read} cases that were read agree");
}

#[test]
fn an_expectation_can_fail() {
    assert_eq!(agrees("in-force", Status::Unknown), None);
    assert_eq!(agrees("in-force", Status::Signatory), Some(false));
    assert_eq!(agrees("not-in-force", Status::Party), Some(false));
    assert_eq!(agrees("not-in-force", Status::Suspended), Some(false));
    assert_eq!(agrees("signed-only", Status::Ratified), Some(false));
    assert_eq!(agrees("left", Status::NotParty), Some(false));
}
