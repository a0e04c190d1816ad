//! The loader refuses what cannot be checked, the embedded list is the folder, and the tables that no stage reads yet
//! keep the rules of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::RuleBook;
use super::book::LawError;
use super::dates::Dated;
use super::embedded::FILES;

/// A small rule book with one instrument, `T1`, adopted 2000-01-01 and in force 2001-01-01.
pub(super) struct Made<'a> {
    pub(super) row: &'a str,
    pub(super) second_row: &'a str,
    pub(super) top: &'a str,
    pub(super) territory: &'a str,
    pub(super) extra: &'a [(&'a str, &'a str)],
}

impl Default for Made<'_> {
    fn default() -> Self {
        Self {
            row: "DE,party,,,2004-01-01,,,,2020-06-30,confirmed,,,somewhere,",
            second_row: "",
            top: "adopted = \"2000-01-01\"\nin_force = \"2001-01-01\"\nforce = \"in-force\"\nabsent = \"unknown\"",
            territory: "code = \"FO\"\nname = \"Faroes\"\ncharacter = \"self-governing\"\nparent = \"DK\"\nets185 = \"excluded\"\neu_law = \"excluded\"\ntreaties = \"unknown\"\nsource = \"somewhere\"\ngrade = \"confirmed\"",
            extra: &[],
        }
    }
}

const HEADER: &str = "state,status,signed,ratified,in_force,left,suspended,not_before,as_of,grade,confidence,note,source,lowered";

pub(super) fn book_of(made: &Made<'_>) -> Result<RuleBook, LawError> {
    let toml = format!(
        "id = \"T1\"\ntitle = \"One\"\nkind = \"treaty\"\nas_of = \"2020-06-30\"\ngrade = \"confirmed\"\nabsent_because = \"x\"\n{}\n",
        made.top
    );
    let rows = format!("{HEADER}\n{}\n{}", made.row, made.second_row);
    let territories = format!("as_of = \"2020\"\n[[territory]]\n{}\n", made.territory);
    let mut files = vec![
        ("states.csv", "state,iso3,name,un_status\nDE,DEU,Germany,UN member\nDK,DNK,Denmark,UN member\n"),
        ("territories.toml", territories.as_str()),
        ("norms.toml", "as_of = \"unknown\"\nnorm = []\n"),
        ("national_positions.csv", "state,item,value,date,note,source,grade,confidence\n"),
        ("instruments/T1.toml", toml.as_str()),
        ("instruments/T1.csv", rows.as_str()),
    ];
    files.extend_from_slice(made.extra);
    RuleBook::from_files(&files)
}

#[track_caller]
fn refused(made: &Made<'_>, words: &[&str]) {
    let error = book_of(made).err().unwrap().to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} not in {error:?}");
    }
}

#[test]
fn a_small_book_loads() {
    let book = book_of(&Made::default()).unwrap();
    assert_eq!(book.instrument("T1").unwrap().rows.len(), 1);
}

#[test]
fn rows_that_cannot_be_checked_are_refused_with_file_line_and_column() {
    let row = |row| Made { row, ..Made::default() };
    let at = ["instruments/T1.csv", "line 2"];
    refused(&row("DE,party,,,2004-01-01,,,,2020-06-30,confirmed,,,,"), &[at[0], at[1], "source", "blank"]);
    refused(&row("DE,party,,,2004-01-01,,,,,confirmed,,,s,"), &[at[0], at[1], "as_of", "blank"]);
    refused(&row("DE,party,,,2004-01-01,,,,2020-06-30,,,,s,"), &[at[0], at[1], "grade", "blank"]);
    refused(&row("DE,party,,,2004-01-01,,,,2020-06-30,sure,,,s,"), &["grade", "sure"]);
    refused(&row("QQ,party,,,2004-01-01,,,,2020-06-30,partly,,,s,"), &["state", "QQ"]);
    refused(&row("DEU,party,,,2004-01-01,,,,2020-06-30,partly,,,s,"), &["state", "DEU"]);
    refused(&row("DE,member,,,2004-01-01,,,,2020-06-30,partly,,,s,"), &["status", "member"]);
    refused(&row("DE,party,,,2004-02-30,,,,2020-06-30,partly,,,s,"), &["in_force", "YYYY"]);
    refused(&row("DE,party,,,1999-12-31,,,,2020-06-30,partly,,,s,"), &["in_force", "before the adoption"]);
    refused(&row("DE,party,,,2000-12-31,,,,2020-06-30,partly,,,s,"), &["in_force", "before the entry into force"]);
    refused(&row("DE,party,1999-01-01,,2004-01-01,,,,2020-06-30,partly,,,s,"), &["signed", "before the adoption"]);
    refused(&row("DE,party,2003-01-01,2002-01-01,,,,,2020-06-30,partly,,,s,"), &["ratified", "before the signature"]);
    refused(&row("DE,party,,2005-01-01,2004-01-01,,,,2020-06-30,partly,,,s,"), &["in_force", "before the deposit"]);
    refused(&row("DE,party,,,2004-01-01,,,,2020-06-30,partly,sure,,s,"), &["confidence", "sure"]);
    refused(&row("DE,party,2004-01-01"), &["instruments/T1.csv", "2"]);
    let twice = Made { second_row: "DE,signatory,,,,,,,2020-06-30,partly,,,s,", ..Made::default() };
    refused(&twice, &["line 3", "state", "listed twice"]);
}

#[test]
fn instruments_that_contradict_themselves_are_refused() {
    let top = |top| Made { top, ..Made::default() };
    refused(
        &top("adopted = \"2000-01-01\"\nin_force = \"1999-01-01\"\nforce = \"in-force\"\nabsent = \"unknown\""),
        &["instruments/T1.toml", "in_force", "adoption"],
    );
    refused(&top("force = \"in-force\"\nabsent = \"unknown\""), &["force"]);
    refused(&top("force = \"not-in-force\"\nabsent = \"unknown\""), &["line 2", "binds nobody"]);
    refused(&top("force = \"unknown\"\nabsent = \"not-party\""), &["absent", "published"]);
    refused(
        &top(
            "force = \"unknown\"\nabsent = \"not-party\"\n[[count]]\nwhat = \"party\"\npublished = 2\nlisted = 2\nwords = \"2\"",
        ),
        &["count party", "1 rows"],
    );
    refused(
        &top(
            "force = \"unknown\"\nabsent = \"not-party\"\n[[count]]\nwhat = \"party\"\npublished = 2\nlisted = 1\nwords = \"2\"",
        ),
        &["absent", "complete"],
    );
    refused(&top("force = \"unknown\"\nabsent = \"unknown\"\nsurprise = 1"), &["instruments/T1.toml", "line 9", "surprise"]);
}

#[test]
fn territories_must_say_who_answers_for_them() {
    let good = Made::default().territory.to_owned();
    let with = |from: &str, to: &str| good.replace(from, to);
    for (text, words) in [
        (with("parent = \"DK\"\n", ""), ["territory FO", "parent"]),
        (with("parent = \"DK\"", "parent = \"\""), ["territory FO", "parent"]),
        (with("parent = \"DK\"", "parent = \"QQ\""), ["parent", "QQ"]),
        (with("source = \"somewhere\"", "source = \"\""), ["territory FO", "source"]),
        (with("grade = \"confirmed\"", ""), ["territories.toml", "grade"]),
        (format!("{good}\nextends = [\"NOSUCH\"]"), ["extends", "NOSUCH"]),
        (format!("{good}\n[[territory]]\n{good}"), ["FO", "twice"]),
    ] {
        refused(&Made { territory: &text, ..Made::default() }, &words);
    }
}

#[test]
fn files_that_do_not_belong_or_are_missing_are_refused() {
    refused(&Made { extra: &[("instruments/T2.csv", HEADER)], ..Made::default() }, &["instruments/T2.csv"]);
    refused(&Made { extra: &[("norms.toml", "")], ..Made::default() }, &["norms.toml", "twice"]);
    let mut files = FILES.to_vec();
    files.retain(|(name, _)| *name != "instruments/ETS185.csv");
    assert_eq!(RuleBook::from_files(&files).err(), Some(LawError::Missing { file: "instruments/ETS185.csv".to_owned() }));
    files.retain(|(name, _)| *name != "states.csv");
    assert_eq!(RuleBook::from_files(&files).err(), Some(LawError::Missing { file: "states.csv".to_owned() }));
}

#[test]
fn norms_and_positions_need_a_source_too() {
    let norm = "as_of = \"unknown\"\n[[norm]]\nnorm = \"13(a)\"\ntitle = \"t\"\nparagraphs = \"p\"\nengaged_by = \"e\"\nreading = \"r\"\nsatisfied_by = \"s\"\nsignal = \"s\"\nsource = \"\"\ngrade = \"partly\"\n";
    let mut files = FILES.to_vec();
    for f in &mut files {
        if f.0 == "norms.toml" {
            f.1 = norm;
        }
    }
    assert!(RuleBook::from_files(&files).err().unwrap().to_string().contains("13(a)"));
    let mut files = FILES.to_vec();
    for f in &mut files {
        if f.0 == "national_positions.csv" {
            f.1 = "state,item,value,date,note,source,grade,confidence\nDE,x,affirms,2021,,,confirmed,\n";
        }
    }
    assert!(RuleBook::from_files(&files).err().unwrap().to_string().contains("source"));
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/law")
}

fn names_in(folder: &Path, prefix: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().is_file())
        .map(|e| format!("{prefix}{}", e.file_name().into_string().unwrap()))
        .collect()
}

#[test]
fn the_embedded_list_is_the_folder() {
    let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(embedded.len(), FILES.len());
    let on_disk = names_in(&data().join("instruments"), "instruments/");
    let listed: BTreeSet<String> = embedded.iter().filter(|n| n.starts_with("instruments/")).cloned().collect();
    assert_eq!(listed, on_disk);
    let top = names_in(&data(), "");
    assert!(embedded.iter().filter(|n| !n.starts_with("instruments/")).all(|n| top.contains(n)));
    for (name, text) in FILES {
        assert_eq!(*text, std::fs::read_to_string(data().join(name)).unwrap(), "{name} is not what was compiled in");
    }
}

#[test]
fn the_shipped_book_loads_whole() {
    let book = RuleBook::shipped().unwrap();
    assert!(book.instruments().count() >= 29);
    for i in book.instruments() {
        let path = |suffix: &str| data().join("instruments").join(format!("{}.{suffix}", i.id));
        let rows = csv::Reader::from_path(path("csv")).unwrap().into_records().count();
        assert_eq!(i.rows.len(), rows, "{}", i.id);
        let head: toml::Table = std::fs::read_to_string(path("toml")).unwrap().parse().unwrap();
        assert_eq!(i.provisions.len(), head.get("provision").map_or(0, |p| p.as_array().unwrap().len()), "{}", i.id);
    }
    assert!(book.instruments().map(|i| i.rows.len()).sum::<usize>() >= 1435);
    assert_eq!(book.states().count(), 199);
    assert_eq!(book.territories().count(), 65);
    assert!(book.norm("13(a)").is_some() && book.norm("13(k)").is_some());
}

#[test]
fn published_numbers_are_the_numbers_listed_but_for_those_that_are_known() {
    let book = RuleBook::shipped().unwrap();
    let mut short = Vec::new();
    for i in book.instruments() {
        for c in &i.counts {
            assert!(i.scope.contains(&c.words), "{}: {}", i.id, c.words);
            if c.published != c.listed {
                short.push(format!("{} {}: {} of {}", i.id, c.what, c.listed, c.published));
            }
        }
    }
    assert_eq!(short, ["MALABO party: 18 of 20", "UNCC signed: 75 of 76"]);
    // AP I: 196 parties to the Geneva Conventions less 21 leave 175
    let on = "2025-12-31".parse().unwrap();
    let parties = book.states().filter(|(s, _)| book.status("AP1", *s, on).unwrap().applies() == Some(true)).count();
    assert_eq!(parties, 175);
}

/// Every table of the folder: source and grade on every row, known states, readable dates.
#[test]
fn the_tables_of_later_stages_keep_the_same_rules() {
    let book = RuleBook::shipped().unwrap();
    let tables: toml::Table = std::fs::read_to_string(data().join("tables.toml")).unwrap().parse().unwrap();
    let listed: BTreeSet<String> =
        tables["table"].as_array().unwrap().iter().map(|t| t["file"].as_str().unwrap().to_owned()).collect();
    let mut on_disk = names_in(&data(), "");
    on_disk.remove("README.md");
    on_disk.remove("tables.toml");
    assert_eq!(listed, on_disk);
    let mut votes: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for name in on_disk.iter().filter(|n| n.ends_with(".csv")) {
        let mut reader = csv::Reader::from_path(data().join(name)).unwrap();
        let header = reader.headers().unwrap().clone();
        let has = |column: &str| header.iter().position(|h| h == column);
        for (n, record) in reader.records().enumerate() {
            let record = record.unwrap();
            let at = format!("{name} line {}", n + 2);
            let get = |column: &str| has(column).map(|i| &record[i]);
            for column in ["source", "grade"] {
                let value = get(column);
                assert!(value.is_none_or(|v| !v.is_empty()), "{at}: {column}");
                let exempt = matches!(name.as_str(), "states.csv" | "rollcall_items.csv" | "rollcall_sources.csv");
                assert!(value.is_some() || exempt, "{at}: {column} missing");
            }
            assert!(get("grade").is_none_or(|g| ["confirmed", "partly", "unconfirmed"].contains(&g)), "{at}");
            if let Some(state) = get("state") {
                let known =
                    state == "x-AU" || state.parse().is_ok_and(|s| book.state(s).is_some()) || book.territory(state).is_some();
                assert!(known, "{at}: state {state:?}");
            }
            if name == "rollcalls.csv" {
                assert!(get("date").unwrap().parse::<Dated>().is_ok(), "{at}");
                let item = votes.entry(get("item").unwrap().to_owned()).or_default();
                *item.entry(get("value").unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(votes.len(), 12);
    assert!(votes.values().all(|v| v.values().sum::<usize>() == 193));
    totals_agree(&votes);
}

/// The totals beside each resolution are those of its rows, where the table does not say that a state is missing.
fn totals_agree(votes: &BTreeMap<String, BTreeMap<String, usize>>) {
    let mut reader = csv::Reader::from_path(data().join("rollcall_items.csv")).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let Some(counted) = votes.get(&record[0]) else { continue };
        let totals = &record[4];
        if totals.contains("missing") {
            continue;
        }
        let n = |v: &str| counted.get(v).copied().unwrap_or(0);
        let ours = format!("{}-{}-{}", n("yes"), n("no"), n("abstain"));
        assert!(totals.starts_with(&ours), "{}: {totals} against {ours}", &record[0]);
    }
}
