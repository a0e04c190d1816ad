//! `cargo run -p xtask -- law SOURCE_DIR TARGET_DIR`: turns the collected tables of law (CSV, one table for all
//! instruments) into the rule book that people review: one file per instrument, a row per state, sorted.
//!
//! Nothing is corrected on the way without a trace. Where a table says something about itself that its columns do
//! not say (a day of withdrawal in a note, a grade that the note takes back), the change is listed in the constants
//! below, each with the words in the table that justify it; the conversion fails if those words are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

type Failure = Box<dyn Error>;
type Row = BTreeMap<String, String>;

/// (instrument, state, column, value, words of the note that say so).
const DATES_IN_NOTES: &[(&str, &str, &str, &str, &str)] = &[
    ("AP1", "AD", "not_before", "2025", "acceded 2025"),
    ("CIS2018", "KZ", "not_before", "2019-12-09", "Law 277-VI of 2019-12-09"),
    ("CIS2018", "RU", "not_before", "2021-06", "June 2021"),
    ("ECOWAS2011", "BF", "left", "2025-01-29", "left ECOWAS with effect 2025-01-29"),
    ("ECOWAS2011", "ML", "left", "2025-01-29", "left ECOWAS with effect 2025-01-29"),
    ("ECOWAS2011", "NE", "left", "2025-01-29", "left ECOWAS with effect 2025-01-29"),
    ("ETS185", "GD", "not_before", "2024-04-19", "between 2024-04-19 and 2024-06-20"),
    ("ETS189", "IS", "not_before", "2023", "ratified 2023"),
    ("ETS189", "MD", "not_before", "2017", "ratified 2017"),
    ("ETS189", "SM", "not_before", "2019", "ratified 2019"),
    ("EUMLA2000", "GB", "left", "2021-01-01", "since 2021-01-01 replaced"),
    ("ICCPR", "AG", "not_before", "2019", "year 2019"),
    ("ICCPR", "FJ", "not_before", "2018", "year 2018"),
    ("ICCPR", "MH", "not_before", "2018", "year 2018"),
    ("ICCPR", "QA", "not_before", "2018", "year 2018"),
    ("ICCPR", "SS", "not_before", "2024-02", "acceded Feb 2024"),
    ("ICCPR", "ST", "not_before", "2017", "year 2017"),
    ("SCO2009", "BY", "not_before", "2024", "joined SCO 2024"),
    ("SCO2009", "IN", "not_before", "2017", "joined SCO 2017"),
    ("SCO2009", "IR", "not_before", "2023", "joined SCO 2023"),
    ("SCO2009", "PK", "not_before", "2017", "joined SCO 2017"),
    ("UNCC", "GB", "signed", "2025-10-25/2025-10-26", "25 or 26 Oct 2025"),
    ("UNCC", "UG", "signed", "2025-10-25/2025-10-26", "25-26 Oct 2025"),
    ("UNCC", "ZA", "signed", "2025-10-25/2025-10-26", "25-26 Oct 2025"),
    ("UNCC", "ZW", "signed", "2025-10-25/2025-10-26", "25-26 Oct 2025"),
    ("USMLAT", "CN", "not_before", "2001-03-08", "in force 2001-03-08"),
    ("USMLAT", "DZ", "not_before", "2017", "in force 2017"),
    ("USMLAT", "HK", "suspended", "2020-08", "suspended the HK-US MLA agreement in Aug 2020"),
    ("USMLAT", "KZ", "not_before", "2016-12", "in force 2016-12"),
];

/// Rows whose status their own note contradicts: (instrument, state, words of the note, reason). They become `disputed`.
const CONTRADICTED: &[(&str, &str, &str, &str)] = &[
    ("EUMLA2000", "GR", "none deposited", "given as party; the note says that the table read shows no deposit"),
    ("EUMLA2000", "IE", "none deposited", "given as party; the note says that the table read shows no deposit"),
    ("EUMLA2000", "IT", "none deposited", "given as party; the note says that the table read shows no deposit"),
    ("ICCPR", "SB", "after 2015-03: year 1976", "given as party; the note dates an accession after 2015 to 1976"),
    ("ICCPR", "TV", "after 2015-03: year 1976", "given as party; the note dates an accession after 2015 to 1976"),
];

/// Name of an instrument in the table of provisions, and its id.
const PROVISIONS_OF: &[(&str, &str)] = &[
    ("ASEAN MLAT", "ASEANMLAT"),
    ("Arab Convention on Combating IT Offences", "ARAB2010"),
    ("Budapest Convention (ETS 185)", "ETS185"),
    ("CIS Agreement 2018", "CIS2018"),
    ("Commonwealth Harare Scheme", "HARARE"),
    ("ECOWAS Directive C/DIR/1/08/11", "ECOWAS2011"),
    ("EU cyber sanctions (Decision (CFSP) 2019/797, Regulation (EU) 2019/796)", "EUCYBERSANC"),
    ("European Convention on MLA (ETS 30) and protocols 99, 182", "ETS30"),
    ("European Investigation Order (Directive 2014/41/EU)", "EIO"),
    ("GDPR (EU) 2016/679", "GDPR"),
    ("Geneva Conventions, Additional Protocol I", "AP1"),
    ("Inter-American MLA Convention (A-55)", "OASA55"),
    ("Malabo Convention", "MALABO"),
    ("NIS2 Directive (EU) 2022/2555", "NIS2"),
    ("SCO Agreement 2009", "SCO2009"),
    (
        "Second Additional Protocol (CETS 224) - not in force in the copies read (3 ratifications by 2026-02-05, 5 needed)",
        "CETS224",
    ),
    ("UN Convention against Cybercrime (2024, Hanoi) - not in force (40 ratifications needed, art. 65)", "UNCC"),
    ("UNTOC", "UNTOC"),
    ("US-UK Data Access Agreement", "CLOUDACT"),
    ("e-Evidence Regulation (EU) 2023/1543", "EEVID"),
];

/// What holds for a state without a row, where the tables settle it: (instrument, policy, why).
const ABSENT: &[(&str, &str, &str)] = &[
    ("AP1", "party", "the table lists the non-parties; all other parties to the Geneva Conventions are parties"),
    ("EEVID", "closed", "binds Member States of the EU only; all 27 have a row"),
    ("EIO", "closed", "binds Member States of the EU only; all 27 have a row"),
    ("EUCYBERSANC", "closed", "binds Member States of the EU only; all 27 have a row"),
    ("ETS185", "not-party", "the published number of parties equals the number listed"),
    ("GDPR", "closed", "applies in Member States and EEA states only; all 30 have a row"),
    ("NIS2", "closed", "binds Member States of the EU only; all 27 have a row"),
];

/// Counts that the scope column publishes: (instrument, what, published number, words of the scope).
const PUBLISHED: &[(&str, &str, u32, &str)] = &[
    ("AP1", "outside", 21, "21 non-parties"),
    ("CETS224", "ratified", 3, "3 ratified"),
    ("CETS224", "signed", 52, "52 signatories"),
    ("ETS185", "party", 81, "81 parties"),
    ("ETS185", "signatory", 2, "2 signatories"),
    ("ETS189", "party", 38, "38 parties"),
    ("UNCC", "ratified", 3, "3 reported"),
    ("UNCC", "signed", 73, "73 signatories"),
    ("UNTOC", "outside", 7, "7 not shown as parties"),
    ("UNTOC", "party", 190, "190 parties"),
];

/// Tables that are copied row by row, with the columns they are sorted by.
const COPIED: &[(&str, &[&str])] = &[
    ("domestic.csv", &["state"]),
    ("filtering_regimes.csv", &["state", "item"]),
    ("gge_membership.csv", &["item", "state"]),
    ("groups.csv", &["group", "state"]),
    ("memberships.csv", &["item", "state"]),
    ("national_positions.csv", &["state", "item"]),
    ("national_positions_docs.csv", &["state", "date"]),
    ("poa_cosponsors.csv", &["item", "state"]),
    ("rollcall_items.csv", &["item"]),
    ("sanctions_regimes.csv", &["state", "item"]),
    ("states.csv", &["state"]),
    ("un_instruments.csv", &["date", "symbol"]),
    ("wcit12.csv", &["state"]),
];

/// Converts the collected tables in `source` into the rule book in `target`; the number of files written.
pub(crate) fn convert(source: &Path, target: &Path) -> Result<usize, Failure> {
    let out = files(source)?;
    fs::create_dir_all(target.join("instruments"))?;
    for (name, text) in &out {
        let path = target.join(name);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(out.len())
}

/// Name and text of every file.
fn files(source: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut out = BTreeMap::new();
    let instruments = table(source, "instruments.csv")?.1;
    let statuses = table(source, "statuses.csv")?.1;
    let provisions = table(source, "duties.csv")?.1;
    instrument_files(&instruments, &statuses, &provisions, &mut out)?;
    out.insert("provisions-elsewhere.toml".to_owned(), provisions_elsewhere(&provisions));
    out.insert("territories.toml".to_owned(), territories(&table(source, "territories.csv")?.1, &instruments)?);
    out.insert("norms.toml".to_owned(), norms(&table(source, "un_norms.csv")?.1));
    for (name, keys) in COPIED {
        let (mut header, mut rows) = table(source, name)?;
        if *name == "national_positions.csv" {
            say_what_was_not_coded(&mut rows);
        }
        rows.sort_by_key(|r| keys.iter().map(|k| get(r, k).to_owned()).collect::<Vec<_>>());
        header.retain(|h| !h.is_empty());
        out.insert((*name).to_owned(), csv_text(&header, &rows)?);
    }
    roll_calls(table(source, "rollcalls.csv")?.1, &mut out)?;
    out.insert("tables.toml".to_owned(), tables(&instruments, &out));
    Ok(out)
}

fn table(folder: &Path, name: &str) -> Result<(Vec<String>, Vec<Row>), Failure> {
    let path = folder.join(name);
    let mut reader = csv::Reader::from_path(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| format!("{}: {e}", path.display()))?;
        rows.push(header.iter().cloned().zip(record.iter().map(|v| v.trim().to_owned())).collect());
    }
    Ok((header, rows))
}

fn get<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn csv_text(header: &[String], rows: &[Row]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(header.iter().map(|h| get(row, h)))?;
    }
    let bytes = writer.into_inner().map_err(|e| io::Error::other(e.to_string()))?;
    Ok(String::from_utf8(bytes)?)
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut s = String::with_capacity(text.len() + 2);
    s.push('"');
    for c in text.chars() {
        match c {
            '"' => s.push_str("\\\""),
            '\\' => s.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(s, "\\u{:04X}", c as u32);
            }
            c => s.push(c),
        }
    }
    s.push('"');
    s
}

/// `key = "value"`, or nothing for a blank: a blank is unknown.
fn pair(out: &mut String, key: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(out, "{key} = {}", quoted(value));
    }
}

/// The as-of column holds days, months, years, ranges and remarks; a range is written `FIRST/LAST`.
fn as_of(given: &str) -> String {
    let bare = given.split(['+', ' ']).next().unwrap_or("");
    match bare.split_once('-') {
        Some((first, last)) if last.len() == 4 => format!("{first}/{last}"),
        _ if bare.starts_with(|c: char| c.is_ascii_digit()) => bare.to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn instrument_files(
    instruments: &[Row],
    statuses: &[Row],
    provisions: &[Row],
    out: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    let header: Vec<String> = [
        "state",
        "status",
        "signed",
        "ratified",
        "in_force",
        "left",
        "suspended",
        "not_before",
        "as_of",
        "grade",
        "confidence",
        "note",
        "source",
        "lowered",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut applied = BTreeSet::new();
    for instrument in instruments {
        let id = get(instrument, "instrument");
        let mut rows: Vec<Row> = statuses.iter().filter(|r| get(r, "instrument") == id).cloned().collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by(|a, b| get(a, "state").cmp(get(b, "state")));
        for row in &mut rows {
            status_row(id, row, &as_of(get(instrument, "as_of")), &mut applied)?;
        }
        out.insert(format!("instruments/{id}.csv"), csv_text(&header, &rows)?);
        out.insert(format!("instruments/{id}.toml"), instrument_toml(instrument, instruments, &rows, provisions)?);
    }
    for (instrument, state, column, ..) in DATES_IN_NOTES {
        if !applied.contains(&(*instrument, *state)) {
            return Err(format!("{instrument} {state}: no row for the {column} of a note").into());
        }
    }
    for row in statuses {
        if !out.contains_key(&format!("instruments/{}.csv", get(row, "instrument"))) {
            return Err(format!("statuses.csv: instrument {} is not in instruments.csv", get(row, "instrument")).into());
        }
    }
    Ok(())
}

fn status_row(id: &str, row: &mut Row, as_of: &str, applied: &mut BTreeSet<(&str, &str)>) -> Result<(), Failure> {
    let state = get(row, "state").to_owned();
    for (instrument, s, column, value, words) in DATES_IN_NOTES {
        if *instrument == id && *s == state {
            if !get(row, "note").contains(words) {
                return Err(format!("{id} {state}: the note no longer says {words:?}").into());
            }
            row.insert((*column).to_owned(), (*value).to_owned());
            applied.insert((instrument, s));
        }
    }
    row.insert("as_of".to_owned(), as_of.to_owned());
    let mut lowered = Vec::new();
    for (instrument, s, words, reason) in CONTRADICTED {
        if *instrument == id && *s == state {
            if !get(row, "note").contains(words) {
                return Err(format!("{id} {state}: the note no longer says {words:?}").into());
            }
            row.insert("status".to_owned(), "disputed".to_owned());
            lowered.push((*reason).to_owned());
            row.insert("grade".to_owned(), "unconfirmed".to_owned());
        }
    }
    if get(row, "grade") == "confirmed" {
        if let Some(word) = doubt(row) {
            lowered.push(format!("given as confirmed; the row itself says {word:?}"));
        } else if binds(get(row, "status")) && ["ratified", "in_force"].iter().all(|c| get(row, c).is_empty()) {
            lowered.push("given as confirmed; it has no day of deposit or entry into force".to_owned());
        } else if !get(row, "confidence").is_empty() {
            lowered.push(format!("given as confirmed with confidence {:?}", get(row, "confidence")));
        }
        if !lowered.is_empty() {
            row.insert("grade".to_owned(), "partly".to_owned());
        }
    }
    row.insert("lowered".to_owned(), lowered.join("; "));
    Ok(())
}

/// `confirmed` means that status and every date were read (LAW.md); a row that says otherwise is `partly`.
fn doubt(row: &Row) -> Option<&'static str> {
    let text = format!("{} {}", get(row, "note"), get(row, "source"));
    ["unconfirmed", "not read", "reported"].into_iter().find(|w| text.contains(w))
}

fn binds(status: &str) -> bool {
    matches!(
        status,
        "party" | "acceded" | "succeeded" | "applies" | "in-force" | "agreement" | "agreement-in-force" | "territorial-extension"
    )
}

fn instrument_toml(row: &Row, instruments: &[Row], statuses: &[Row], provisions: &[Row]) -> Result<String, Failure> {
    let id = get(row, "instrument");
    let mut t = String::new();
    pair(&mut t, "id", id);
    for key in ["title", "kind", "depositary", "adopted", "in_force"] {
        pair(&mut t, key, get(row, key));
    }
    pair(&mut t, "force", force(row));
    let page = get(row, "official_status_page");
    let page = match page.strip_prefix("same as ") {
        Some(other) => instruments.iter().find(|r| get(r, "instrument") == other).map_or("", |r| get(r, "official_status_page")),
        None => page,
    };
    pair(&mut t, "official", page);
    pair(&mut t, "scope", get(row, "scope"));
    pair(&mut t, "as_of", &as_of(get(row, "as_of")));
    pair(&mut t, "as_of_given", get(row, "as_of"));
    pair(&mut t, "grade", get(row, "grade"));
    let (policy, why) = ABSENT
        .iter()
        .find(|(i, ..)| *i == id)
        .map_or(("unknown", "the tables do not say that the list is complete"), |(_, policy, why)| (*policy, *why));
    pair(&mut t, "absent", policy);
    pair(&mut t, "absent_because", why);
    for (instrument, what, published, words) in PUBLISHED.iter().filter(|(i, ..)| *i == id) {
        if !get(row, "scope").contains(words) {
            return Err(format!("{instrument}: the scope no longer says {words:?}").into());
        }
        let listed = statuses.iter().filter(|r| counts_as(get(r, "status"), what)).count();
        let _ = write!(t, "\n[[count]]\nwhat = {}\npublished = {published}\nlisted = {listed}\n", quoted(what));
        pair(&mut t, "words", words);
    }
    for p in provisions.iter().filter(|p| PROVISIONS_OF.iter().any(|(name, i)| *i == id && *name == get(p, "instrument"))) {
        t.push_str("\n[[provision]]\n");
        provision(&mut t, p);
    }
    Ok(t)
}

fn counts_as(status: &str, what: &str) -> bool {
    match what {
        "party" => matches!(status, "party" | "acceded" | "succeeded"),
        "signatory" => status == "signatory",
        "ratified" => matches!(status, "ratified-not-in-force" | "signatory-ratified"),
        "signed" => matches!(status, "signatory" | "ratified-not-in-force" | "signatory-ratified"),
        "outside" => matches!(status, "non-party" | "signatory"),
        _ => false,
    }
}

/// Can the instrument bind anybody? A date in the column says so; the kind or the scope says the rest.
fn force(row: &Row) -> &'static str {
    let scope = get(row, "scope");
    match get(row, "kind") {
        "non-binding scheme" => "non-binding",
        "bilateral" | "decisions" | "reservations" => "per-row",
        _ if !get(row, "in_force").is_empty() => "in-force",
        _ if scope.contains("needed") || scope.contains("not in force") => "not-in-force",
        _ => "unknown",
    }
}

fn provision(t: &mut String, p: &Row) {
    for (key, column) in [
        ("provision", "provision"),
        ("effect", "effect"),
        ("time_limit", "time_limit"),
        ("who", "who_may_invoke"),
        ("source", "source"),
    ] {
        pair(t, key, get(p, column));
    }
    grade(t, p);
}

fn grade(t: &mut String, row: &Row) {
    let given = get(row, "grade");
    match doubt(row).filter(|_| given == "confirmed") {
        Some(word) => {
            pair(t, "grade", "partly");
            pair(t, "lowered", &format!("given as confirmed; the row itself says {word:?}"));
        }
        None => pair(t, "grade", given),
    }
    pair(t, "confidence", get(row, "confidence"));
}

fn provisions_elsewhere(provisions: &[Row]) -> String {
    let mut t = String::from("# Provisions of instruments that have no file of their own.\n");
    for p in provisions.iter().filter(|p| !PROVISIONS_OF.iter().any(|(name, _)| *name == get(p, "instrument"))) {
        t.push_str("\n[[provision]]\n");
        pair(&mut t, "instrument", get(p, "instrument"));
        provision(&mut t, p);
    }
    t
}

fn territories(rows: &[Row], instruments: &[Row]) -> Result<String, Failure> {
    let as_of_given = instruments.iter().find(|r| get(r, "instrument") == "TERR").map_or("", |r| get(r, "as_of"));
    let mut rows = rows.to_vec();
    if !rows.iter().any(|r| get(r, "code") == "MS") {
        rows.push(montserrat());
    }
    rows.sort_by(|a, b| get(a, "code").cmp(get(b, "code")));
    let mut t = format!("as_of = {}\n", quoted(&as_of(as_of_given)));
    for row in &rows {
        t.push_str("\n[[territory]]\n");
        for (key, column) in [("code", "code"), ("name", "name"), ("character", "legal_character")] {
            pair(&mut t, key, get(row, column));
        }
        pair(&mut t, "parent", parent(row));
        if matches!(get(row, "code"), "UK" | "EL") {
            pair(&mut t, "alias_of", get(row, "responsible_state"));
        }
        pair(&mut t, "responsible", get(row, "responsible_state"));
        pair(&mut t, "iso", get(row, "iso_3166_1_code"));
        pair(&mut t, "ets185", ets185_reach(get(row, "budapest_ets185")));
        pair(&mut t, "eu_law", eu_reach(get(row, "eu_law")));
        pair(&mut t, "treaties", if is_integral(row) { "inherits" } else { "unknown" });
        let other = get(row, "other_treaties");
        if other.contains("UNTOC extended") {
            t.push_str("extends = [\"UNTOC\"]\n");
        }
        if other.contains("excluded from ETS 189 too") {
            t.push_str("excludes = [\"ETS189\"]\n");
        }
        for (key, column) in [
            ("ets185_words", "budapest_ets185"),
            ("eu_law_words", "eu_law"),
            ("other_treaties", "other_treaties"),
            ("geolocation_note", "geolocation_note"),
            ("note", "note"),
            ("source", "source"),
        ] {
            pair(&mut t, key, get(row, column));
        }
        pair(&mut t, "grade", get(row, "grade"));
        pair(&mut t, "confidence", get(row, "confidence"));
    }
    Ok(t)
}

/// The table of US treaties names Montserrat beside the other British territories; the table of territories lacks it.
fn montserrat() -> Row {
    [
        ("code", "MS"),
        ("name", "Montserrat"),
        ("legal_character", "British overseas territory"),
        ("responsible_state", "GB"),
        ("iso_3166_1_code", "yes"),
        ("other_treaties", "US-UK MLAT"),
        (
            "note",
            "row added in the conversion: named among the territories of the US-UK treaty, absent from the table of territories",
        ),
        ("source", "https://2009-2017.state.gov/j/inl/rls/nrcrpt/2015/vol2/239045.htm"),
        ("grade", "partly"),
        ("confidence", "high"),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .collect()
}

/// The state that answers for the territory in treaties; `none` where there is none or it is itself.
fn parent(row: &Row) -> &str {
    match (get(row, "code"), get(row, "responsible_state")) {
        ("UA-43", _) => "UA",
        ("CY-N", _) => "CY",
        ("MD-SN", _) => "MD",
        ("GE-AB", _) => "GE",
        ("IO", _) => "GB",
        (_, s) if s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase()) => s,
        _ => "none",
    }
}

fn ets185_reach(words: &str) -> &'static str {
    if words.starts_with("covered as") {
        "inherits"
    } else if ["no extension seen", "excluded", "not covered"].iter().any(|w| words.starts_with(w)) {
        "excluded"
    } else if ["cannot accede", "not a party", "EU not a party"].iter().any(|w| words.starts_with(w)) {
        "outside"
    } else {
        "unknown"
    }
}

fn eu_reach(words: &str) -> &'static str {
    if words.starts_with("yes") {
        "inherits"
    } else if words == "no" || ["no ", "no;", "left with", "outside"].iter().any(|w| words.starts_with(w)) {
        "excluded"
    } else {
        "unknown"
    }
}

/// Inside the state and inside the EU: its treaties apply there unless they say otherwise.
fn is_integral(row: &Row) -> bool {
    get(row, "eu_law").starts_with("yes") && get(row, "budapest_ets185").starts_with("covered as")
}

fn norms(rows: &[Row]) -> String {
    let mut t = String::from("as_of = \"unknown\"\n");
    for row in rows {
        t.push_str("\n[[norm]]\n");
        for (key, column) in [
            ("norm", "norm"),
            ("title", "short_title_own_words"),
            ("paragraphs", "paragraphs"),
            ("engaged_by", "evidence_on_a_hop_that_engages_it"),
            ("reading", "reading_for_the_tool"),
            ("satisfied_by", "practice_that_satisfies_it"),
            ("signal", "signal_strength"),
            ("source", "source"),
        ] {
            pair(&mut t, key, get(row, column));
        }
        grade(&mut t, row);
    }
    t
}

/// Positions that were not coded have neither value nor source nor grade; a blank is unknown, so they say it.
fn say_what_was_not_coded(rows: &mut [Row]) {
    for row in rows {
        if get(row, "value").is_empty() {
            row.insert("value".to_owned(), "unknown".to_owned());
        }
        if get(row, "source").is_empty() {
            row.insert("source".to_owned(), "none: not coded".to_owned());
        }
        if get(row, "grade").is_empty() {
            row.insert("grade".to_owned(), "unconfirmed".to_owned());
        }
    }
}

/// The citation of a vote is long and the same for a whole resolution: it stands once, under a number.
fn roll_calls(mut rows: Vec<Row>, out: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let citations: BTreeSet<String> = rows.iter().map(|r| get(r, "source").to_owned()).collect();
    let id = |text: &str| citations.iter().position(|c| c == text).map_or(String::new(), |n| format!("v{}", n + 1));
    for row in &mut rows {
        let short = id(get(row, "source"));
        row.insert("source".to_owned(), short);
    }
    rows.sort_by_key(|r| (get(r, "item").to_owned(), get(r, "state").to_owned()));
    let header = ["item", "state", "value", "date", "note", "source", "grade", "confidence"].map(str::to_owned);
    out.insert("rollcalls.csv".to_owned(), csv_text(&header, &rows)?);
    let sources: Vec<Row> =
        citations.iter().map(|c| [("id".to_owned(), id(c)), ("source".to_owned(), c.clone())].into_iter().collect()).collect();
    out.insert("rollcall_sources.csv".to_owned(), csv_text(&["id".to_owned(), "source".to_owned()], &sources)?);
    Ok(())
}

/// As-of dates of the tables that are no instrument.
fn tables(instruments: &[Row], out: &BTreeMap<String, String>) -> String {
    let mut t = String::from("# As-of dates of the tables beside the instruments; `unknown` where none is given.\n");
    for name in out.keys().filter(|n| !n.starts_with("instruments/")) {
        let id = match name.as_str() {
            "groups.csv" => "GROUPS",
            "domestic.csv" => "DOMESTIC",
            "territories.toml" => "TERR",
            "provisions-elsewhere.toml" => "DUTIES",
            _ => "",
        };
        let row = instruments.iter().find(|r| get(r, "instrument") == id);
        let given = row.map_or("", |r| get(r, "as_of"));
        t.push_str("\n[[table]]\n");
        pair(&mut t, "file", name);
        pair(&mut t, "title", row.map_or("", |r| get(r, "title")));
        pair(&mut t, "as_of", &as_of(given));
        pair(&mut t, "as_of_given", given);
        pair(&mut t, "grade", row.map_or("", |r| get(r, "grade")));
    }
    t
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    /// The folder is the conversion, byte for byte, until somebody corrects a row in it; then that row differs here
    /// and the list of corrected files below grows.
    #[test]
    fn the_folder_is_the_conversion() {
        const CORRECTED: &[&str] = &[
            "domestic.csv",
            "filtering_regimes.csv",
            "gge_membership.csv",
            "groups.csv",
            "instruments/ARAB2010.csv",
            "instruments/ARAB2010.toml",
            "instruments/ASEANMLAT.csv",
            "instruments/ASEANMLAT.toml",
            "instruments/CETS223.csv",
            "instruments/CETS224.csv",
            "instruments/CIS2001.csv",
            "instruments/CIS2001.toml",
            "instruments/CLOUDACT.csv",
            "instruments/ECOWAS2011.csv",
            "instruments/ECOWAS2011.toml",
            "instruments/EEVID.csv",
            "instruments/EEVID.toml",
            "instruments/EIO.csv",
            "instruments/EIO.toml",
            "instruments/ETS108.csv",
            "instruments/ETS185.csv",
            "instruments/ETS189.csv",
            "instruments/ETS30.csv",
            "instruments/EUCYBERSANC.csv",
            "instruments/EUCYBERSANC.toml",
            "instruments/EUMLA2000.csv",
            "instruments/GDPR.csv",
            "instruments/GDPR.toml",
            "instruments/GDPR45.csv",
            "instruments/HARARE.csv",
            "instruments/HARARE.toml",
            "instruments/ICCPRRES.csv",
            "instruments/ICCPRRES.toml",
            "instruments/NIS2.toml",
            "instruments/OASA55.csv",
            "instruments/OASA55.toml",
            "instruments/UNCC.csv",
            "instruments/UNCC.toml",
            "instruments/USMLAT.csv",
            "memberships.csv",
            "national_positions.csv",
            "national_positions_docs.csv",
            "poa_cosponsors.csv",
            "provisions-elsewhere.toml",
            "rollcall_items.csv",
            "rollcall_sources.csv",
            "rollcalls.csv",
            "sanctions_regimes.csv",
            "tables.toml",
            "un_instruments.csv",
            "wcit12.csv",
        ];
        let source = root().join("../shared/law");
        if !source.is_dir() {
            // Said on purpose: a test that looked at nothing must not pass in silence.
            let _ = std::io::Write::write_all(&mut std::io::stdout(), b"skipped: no collected tables\n");
            return;
        }
        let made = files(&source).unwrap();
        assert_eq!(made, files(&source).unwrap(), "two runs differ");
        for (name, text) in &made {
            let on_disk = fs::read_to_string(root().join("data/law").join(name)).unwrap();
            assert!(on_disk == *text || CORRECTED.contains(&name.as_str()), "{name} differs");
        }
    }

    #[test]
    fn as_of_dates_are_read_and_never_made_up() {
        for (given, expected) in [
            ("2025-10-28", "2025-10-28"),
            ("2025-03", "2025-03"),
            ("2023-2025", "2023/2025"),
            ("2021+", "2021"),
            ("2014 + unconfirmed", "2014"),
            ("unconfirmed to 2025-26", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(as_of(given), expected, "{given:?}");
        }
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ \n\u{7f}"), "\"a \\\"b\\\" \\\\ \\u000A\\u007F\"");
    }

    #[test]
    fn a_row_that_doubts_itself_is_not_confirmed() {
        let row = |note: &str, grade: &str| -> Row {
            [("state", "DE"), ("status", "party"), ("ratified", "2001-01-01"), ("note", note), ("grade", grade), ("source", "s")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into_iter()
                .collect()
        };
        let graded = |note, grade| {
            let mut r = row(note, grade);
            status_row("T1", &mut r, "unknown", &mut BTreeSet::new()).unwrap();
            (get(&r, "grade").to_owned(), !get(&r, "lowered").is_empty())
        };
        assert_eq!(graded("", "confirmed"), ("confirmed".to_owned(), false));
        assert_eq!(graded("date not read", "confirmed"), ("partly".to_owned(), true));
        assert_eq!(graded("date not read", "unconfirmed"), ("unconfirmed".to_owned(), false));
    }
}
