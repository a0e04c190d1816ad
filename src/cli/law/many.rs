//! Comparisons of states, and what is not settled.

use std::collections::{BTreeMap, BTreeSet};

use super::one::{self, cited, is_later, source};
use super::place::{self, Place};
use super::{Asked, Outcome};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::jurisdiction::check;
use crate::jurisdiction::coverage::home_of_bundle;
use crate::jurisdiction::rows::{Confidence, Meaning, StatusRow};
use crate::jurisdiction::tables::{self, Membership, Statement};
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::law::{
    self as views, Cell, CompareRow, CompareView, FileCount, Matrix, OpenRow, Question, QuestionsView, schema,
};

fn no_row() -> Cell {
    Cell { value: "unknown".into(), date: None, grade: None, as_of: "unknown".into(), stale: false, source: String::new() }
}

/// The state with which all agreements of a bundle are made stands on neither side of it.
const HOME: &str = "home of the bundle";

fn compare_row(item: &str, title: &str, cells: Vec<Cell>) -> CompareRow {
    let known: BTreeSet<&str> = cells.iter().map(|c| c.value.as_str()).filter(|v| !["unknown", HOME].contains(v)).collect();
    CompareRow { item: item.to_owned(), title: title.to_owned(), differ: known.len() > 1, cells }
}

pub(super) fn compare(asked: &Asked<'_>, states: &[String]) -> Result<Outcome, Error> {
    let (law, on) = (asked.law, asked.on);
    let mut places: Vec<Place> = Vec::new();
    for text in states {
        let place = place::place(law, text)?;
        if places.iter().any(|p| p.code == place.code) {
            return Err(Error::Usage(format!("{} is given twice", place.code)));
        }
        places.push(place);
    }
    let codes: Vec<Option<StateCode>> = places.iter().map(Place::state).collect();
    let known: Vec<StateCode> = codes.iter().copied().flatten().collect();
    let view = CompareView {
        schema: schema::COMPARE,
        on,
        states: places.iter().map(|p| views::Place { state: p.code.clone(), name: p.name.clone() }).collect(),
        matrices: vec![
            Matrix { what: "instruments", rows: instruments(law, &places, on)? },
            Matrix { what: "votes", rows: votes(law, &codes, on) },
            Matrix { what: "positions", rows: statements(law, "positions", &codes, on) },
            Matrix { what: "declarations", rows: statements(law, "declarations", &codes, on) },
            Matrix { what: "signatures", rows: statements(law, "WCIT-12", &codes, on) },
            Matrix { what: "groups", rows: groups(law, &codes, on) },
        ],
        standings: known.iter().map(|s| law.standings(*s, on)).collect(),
        partings: law.partings(&known, on),
        basis: asked.basis(),
    };
    asked.write(&view, true)
}

fn instruments(law: &Law, places: &[Place], on: Day) -> Result<Vec<CompareRow>, Error> {
    let mut out = Vec::new();
    for i in law.book.instruments() {
        let mut cells = Vec::new();
        let home = home_of_bundle(&i.id);
        for place in places {
            if home.is_some() && place.state() == home {
                cells.push(Cell {
                    value: HOME.to_owned(),
                    date: None,
                    grade: Some(i.grade),
                    as_of: i.as_of.to_string(),
                    stale: i.as_of.is_stale(on),
                    source: i.official.as_deref().map(source).unwrap_or_default(),
                });
                continue;
            }
            let s = one::status_of(law, i, place, on)?;
            if s.status == Status::Unknown && s.row_of.is_none() && s.source.is_empty() {
                cells.push(no_row());
                continue;
            }
            cells.push(Cell {
                value: s.status.as_str().to_owned(),
                date: s.in_force.map(|d| format!("since {d}")),
                grade: Some(s.grade),
                as_of: s.as_of.to_string(),
                stale: s.stale,
                source: source(&s.source),
            });
        }
        if cells.iter().any(|c| !["unknown", HOME].contains(&c.value.as_str())) {
            out.push(compare_row(&i.id, &i.title, cells));
        }
    }
    Ok(out)
}

fn votes(law: &Law, states: &[Option<StateCode>], on: Day) -> Vec<CompareRow> {
    let as_of = Law::table_as_of("rollcalls.csv");
    let (as_of, stale) = (as_of.to_string(), as_of.is_stale(on));
    let calls = law.tables.roll_calls.iter().filter(|c| c.date.first <= on && !c.votes.is_empty());
    calls
        .map(|c| {
            let cell = |state: &Option<StateCode>| match state.and_then(|s| c.votes.get(&s)) {
                Some((vote, grade)) => Cell {
                    value: vote.as_str().to_owned(),
                    date: None,
                    grade: Some(*grade),
                    as_of: as_of.clone(),
                    stale,
                    source: source(&c.source),
                },
                None => no_row(),
            };
            compare_row(&c.symbol, &format!("{}, {}", c.title, c.date), states.iter().map(cell).collect())
        })
        .collect()
}

fn statements(law: &Law, table: &str, states: &[Option<StateCode>], on: Day) -> Vec<CompareRow> {
    let Some((_, file, rows)) = one::statement_tables(law).into_iter().find(|(word, _, _)| *word == table) else {
        return Vec::new();
    };
    // The first row of a state on an item is its answer.
    let asked: BTreeSet<StateCode> = states.iter().copied().flatten().collect();
    let mut found: BTreeMap<&str, BTreeMap<StateCode, &Statement>> = BTreeMap::new();
    for s in rows.iter().filter(|s| !is_later(s, on)) {
        if let Some(state) = s.state().filter(|state| asked.contains(state)) {
            found.entry(&s.item).or_default().entry(state).or_insert(s);
        }
    }
    let stale = Law::table_as_of(file).is_stale(on);
    let cell = |s: &Statement| {
        let c = cited(file, &s.cited);
        let date = (!s.dated.is_empty()).then(|| s.dated.to_string());
        Cell { value: s.value.to_string(), date, grade: Some(c.grade), as_of: c.as_of, stale, source: c.source }
    };
    found.into_iter().map(|(item, of)| compare_row(item, "", cells(states, &of, |s| cell(s)))).collect()
}

/// One cell per state, in order.
fn cells<T>(states: &[Option<StateCode>], of: &BTreeMap<StateCode, &T>, cell: impl Fn(&T) -> Cell) -> Vec<Cell> {
    states.iter().map(|state| state.and_then(|s| of.get(&s)).map_or_else(no_row, |found| cell(found))).collect()
}

fn groups(law: &Law, states: &[Option<StateCode>], on: Day) -> Vec<CompareRow> {
    let asked: BTreeSet<StateCode> = states.iter().copied().flatten().collect();
    let mut found: BTreeMap<&str, BTreeMap<StateCode, &Membership>> = BTreeMap::new();
    for m in law.tables.groups.iter().filter(|m| asked.contains(&m.state)) {
        found.entry(&m.group).or_default().entry(m.state).or_insert(m);
    }
    let cell = |m: &Membership| {
        let c = cited("groups.csv", &m.cited);
        let (value, date) = membership(m, on);
        let listed = m.listed();
        Cell { value, date, grade: Some(c.grade), as_of: listed.to_string(), stale: listed.is_stale(on), source: c.source }
    };
    found.into_iter().map(|(group, of)| compare_row(group, "", cells(states, &of, |m| cell(m)))).collect()
}

/// How a row answers on the day, and the dates behind that. What a later list says is shown beside the word *unknown*.
fn membership(m: &Membership, on: Day) -> (String, Option<String>) {
    let from = m.joined.map(|d| format!("from {d}"));
    let left = m.left.map(|d| format!("left {d}"));
    match m.is_member(on) {
        Some(true) => ("member".to_owned(), from),
        Some(false) if matches!(&*m.status, "member" | "withdrawn") => ("not a member".to_owned(), left.or(from)),
        Some(false) => (format!("listed as {}", m.status), from),
        None => ("unknown".to_owned(), Some(format!("{} on the list of {}", m.status, m.listed()))),
    }
}

/// Instruments in the order in which they matter to a path; everything else comes after.
const WEIGHT: &[&str] = &[
    "ETS185",
    "CETS224",
    "UNCC",
    "EEVID",
    "CLOUDACT",
    "EIO",
    "ETS189",
    "UNTOC",
    "ETS30",
    "EUMLA2000",
    "USMLAT",
    "OASA55",
    "MALABO",
    "ARAB2010",
    "CIS2018",
    "CIS2001",
    "SCO2009",
    "ASEANMLAT",
    "ECOWAS2011",
    "HARARE",
    "NIS2",
    "GDPR",
    "GDPR45",
    "ETS108",
    "CETS223",
];

/// Rows of one file and one kind, with the rank of the kind.
type Pile = BTreeMap<(u8, usize, String), Vec<OpenRow>>;

/// How bad: contradictory, unconfirmed by confidence, partly; `None` if the row is settled.
fn rank(grade: Grade, confidence: Option<Confidence>, is_contradictory: bool) -> Option<u8> {
    match (is_contradictory, grade, confidence) {
        (true, ..) => Some(0),
        (_, Grade::Unconfirmed, Some(Confidence::Low)) => Some(1),
        (_, Grade::Unconfirmed, None | Some(Confidence::Medium)) => Some(2),
        (_, Grade::Unconfirmed, Some(Confidence::High)) => Some(3),
        (_, Grade::Partly, _) => Some(4),
        (_, Grade::Confirmed, _) => None,
    }
}

fn why(rank: u8, weight: usize) -> (&'static str, &'static str) {
    let channels = weight < 20;
    match (rank, channels) {
        (0, _) => ("contradictory", "The tables contradict each other, so that every answer on these is unknown."),
        (1..=3, true) => ("unconfirmed", "Nobody read these in a source. A different status would open or close a channel."),
        (1..=3, false) => ("unconfirmed", "Nobody read these in a source. A different answer would change what a report shows."),
        (_, true) => {
            ("partly", "The status was read; a date or a detail was not. A date would settle answers before and around it.")
        }
        (_, false) => ("partly", "Read in part; a date or a detail was not."),
    }
}

pub(super) fn questions(asked: &Asked<'_>) -> Result<Outcome, Error> {
    let law = asked.law;
    let mut pile: Pile = BTreeMap::new();
    let mut files: BTreeMap<String, FileCount> = BTreeMap::new();
    let mut where_to: BTreeMap<String, (String, String)> = BTreeMap::new();
    for i in law.book.instruments() {
        let file = format!("instruments/{}.csv", i.id);
        let weight = WEIGHT.iter().position(|id| **id == *i.id).unwrap_or(WEIGHT.len());
        where_to.insert(file.clone(), (i.title.to_string(), i.official.as_ref().map(ToString::to_string).unwrap_or_default()));
        for row in i.rows.values() {
            count(&mut files, &file, row.grade);
            let contradictory = row.relation.meaning == Meaning::Unknown && row.relation.word != "unknown";
            if let Some(rank) = rank(row.grade, row.confidence, contradictory) {
                pile.entry((rank, weight, file.clone())).or_default().push(open(row));
            }
        }
    }
    tables_of(law, &mut pile, &mut files, &mut where_to);
    let mut questions: Vec<Question> = check::compare(law, asked.on)
        .into_iter()
        .filter(|c| !c.what.contains("180 days"))
        .map(|c| Question {
            title: if c.at.is_empty() { "the file as a whole".to_owned() } else { c.at.clone() },
            confirm_at: where_to.get(&c.file.replace(".toml", ".csv")).map(|(_, page)| page.clone()).unwrap_or_default(),
            file: c.file,
            what: "complaint",
            why: c.what,
            rows: Vec::new(),
        })
        .collect();
    for ((rank, weight, file), rows) in pile {
        let (what, why) = why(rank, weight);
        let (title, page) = where_to.get(&file).cloned().unwrap_or_default();
        // What confidence divided is one question to whoever looks it up.
        match questions.last_mut().filter(|q| q.file == file && q.what == what) {
            Some(question) => question.rows.extend(rows),
            None => questions.push(Question { file, title, what, why: why.to_owned(), confirm_at: page, rows }),
        }
    }
    let view = QuestionsView {
        schema: schema::QUESTIONS,
        on: asked.on,
        questions,
        files: files.into_values().collect(),
        basis: asked.basis(),
    };
    asked.write(&view, false)
}

fn count(files: &mut BTreeMap<String, FileCount>, file: &str, grade: Grade) {
    let entry = files.entry(file.to_owned()).or_insert_with(|| FileCount {
        file: file.to_owned(),
        rows: 0,
        confirmed: 0,
        partly: 0,
        unconfirmed: 0,
    });
    entry.rows += 1;
    match grade {
        Grade::Confirmed => entry.confirmed += 1,
        Grade::Partly => entry.partly += 1,
        Grade::Unconfirmed => entry.unconfirmed += 1,
    }
}

fn open(row: &StatusRow) -> OpenRow {
    let dates = [("signed", row.signed), ("deposit", row.ratified), ("in force", row.in_force), ("left", row.left)];
    let dates = dates.into_iter().filter_map(|(what, d)| d.map(|d| format!("{what} {d}")));
    let says: Vec<String> = std::iter::once(row.relation.word.to_owned()).chain(dates).collect();
    let note = [&*row.lowered, &*row.note].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
    OpenRow { key: row.state.to_string(), says: says.join(", "), grade: row.grade, note }
}

/// The tables beside the instruments.
fn tables_of(
    law: &Law,
    pile: &mut Pile,
    files: &mut BTreeMap<String, FileCount>,
    where_to: &mut BTreeMap<String, (String, String)>,
) {
    let mut add = |file: &str, weight: usize, key: String, says: String, c: &tables::Cited| {
        count(files, file, c.grade);
        // `unknown` is an honest answer to a question that nobody has looked at: it comes with the unconfirmed ones.
        if let Some(rank) = rank(c.grade, None, false) {
            let row = OpenRow { key, says, grade: c.grade, note: c.note.to_string() };
            pile.entry((rank, weight, file.to_owned())).or_default().push(row);
        }
    };
    for m in &law.tables.groups {
        // Networks and unions decide about channels.
        let key = format!("{} {}", m.state, m.group);
        add("groups.csv", 6, key, m.status.to_string(), &m.cited);
    }
    for d in law.tables.domestic.values() {
        add("domestic.csv", 8, d.state.to_string(), d.retention_rule.to_string(), &d.cited);
    }
    for (n, (_, file, rows)) in one::statement_tables(law).into_iter().enumerate() {
        for s in rows {
            add(file, 30 + n, format!("{} {}", s.who, s.item), s.value.to_string(), &s.cited);
        }
    }
    for call in &law.tables.roll_calls {
        // One list settles all votes of a resolution.
        let mut open: BTreeMap<Grade, usize> = BTreeMap::new();
        for (_, grade) in call.votes.values() {
            count(files, "rollcalls.csv", *grade);
            *open.entry(*grade).or_default() += 1;
        }
        for (grade, votes) in open {
            if let Some(rank) = rank(grade, None, false) {
                let row = OpenRow { key: call.symbol.to_string(), says: format!("{votes} votes"), grade, note: String::new() };
                pile.entry((rank, 29, "rollcalls.csv".to_owned())).or_default().push(row);
            }
        }
    }
    for t in law.book.territories() {
        count(files, "territories.toml", t.grade);
        if let Some(rank) = rank(t.grade, None, false) {
            let row = OpenRow { key: t.code.clone(), says: t.name.to_string(), grade: t.grade, note: t.note.to_string() };
            pile.entry((rank, 7, "territories.toml".to_owned())).or_default().push(row);
        }
    }
    for (file, title, page) in [
        ("groups.csv", "organisations and networks", "the organisation's own list of members"),
        ("domestic.csv", "national law and authorities", "the official gazette or the central authority's page"),
        ("territories.toml", "territories", "the territorial declarations at the depositaries"),
        ("rollcalls.csv", "votes of the General Assembly", "https://digitallibrary.un.org (voting data of each resolution)"),
        ("national_positions.csv", "positions on the law that applies", "the state's own paper; A/76/136"),
        ("national_positions_docs.csv", "position papers", "the state's own paper; A/76/136"),
        ("memberships.csv", "declarations", "the declaration's own list"),
        ("wcit12.csv", "signatures of 2012", "https://www.itu.int/osg/wcit-12/highlights/signatories.html"),
        ("gge_membership.csv", "groups of governmental experts", "the annex of each report of the group"),
        ("poa_cosponsors.csv", "sponsors", "the draft resolution and its addenda"),
        ("sanctions_regimes.csv", "sanctions", "the official journal of whoever listed"),
        ("filtering_regimes.csv", "blocking and filtering", "the official gazette"),
    ] {
        where_to.insert(file.to_owned(), (title.to_owned(), page.to_owned()));
    }
}
