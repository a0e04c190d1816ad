//! `rutter law`: answers that a lawyer can check, the overlay, the check, the contracts.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{json, repo, run, rutter};

fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_slice(&fs::read(repo("schema").join(name)).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn complaints(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect()
}

fn status(instrument: &str, state: &str, on: &str) -> Value {
    json(&["law", "status", instrument, state, "--on", on])
}

/// `instrument state on: status in_force since` for reading.
fn line(instrument: &str, state: &str, on: &str) -> String {
    let v = status(instrument, state, on);
    let text = |key: &str| match &v[key] {
        Value::Null => "unknown".to_owned(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    format!("{} {} {}: {} {} {}", text("instrument"), text("state"), text("on"), text("status"), text("in_force"), text("since"))
}

#[test]
fn territories_and_days_make_the_difference() {
    for expected in [
        "ETS185 DK 2026-01-01: party true 2005-10-01",
        "ETS185 FO 2026-01-01: not-extended false unknown",
        "ETS185 GL 2026-01-01: not-extended false unknown",
        "ETS185 CW 2024-09-30: not-extended false unknown",
        "ETS185 CW 2024-10-01: party true 2024-10-01",
        "CLOUDACT GB 2022-10-02: ratified false unknown",
        "CLOUDACT GB 2022-10-03: party true 2022-10-03",
        "CLOUDACT US 2022-10-03: party true 2022-10-03",
        "ETS185 DE 2009-06-30: ratified false unknown",
        "ETS185 DE 2009-07-01: party true 2009-07-01",
    ] {
        let mut words = expected.split([' ', ':']);
        let (i, s, on) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let found = line(i, s, on);
        if i == "CLOUDACT" && on < "2022-10-03" {
            // Whether the signature alone or more is known depends on how far the row was read.
            assert!(found.contains("false unknown"), "{found}");
        } else {
            assert_eq!(found, expected);
        }
    }
    assert_ne!(status("CLOUDACT", "US", "2022-10-02")["in_force"], true);
}

#[test]
fn the_answer_has_what_design_promises() {
    let v = status("ETS185", "Germany", "2026-11-22");
    for key in ["instrument", "state", "on", "status", "in_force", "since", "grade", "source", "note"] {
        assert!(v.get(key).is_some(), "{key}");
    }
    assert_eq!((v["state"].as_str(), v["in_force"].as_bool()), (Some("DE"), Some(true)));
    let crimea = status("ETS185", "UA-43", "2015-01-01");
    assert_eq!(crimea["state"], "UA-43");
    assert!(crimea["in_force"].is_null(), "nobody settled it: {crimea}");
    let channel = json(&["law", "channel", "FR", "NG", "--on", "2026-01-01"]);
    assert_eq!((channel["from"].as_str(), channel["to"].as_str()), (Some("FR"), Some("NG")));
    assert!(channel["channels"].is_array());
}

#[test]
fn hong_kong_in_2019() {
    let v = json(&["law", "show", "HK", "--on", "2019-06-01"]);
    assert_eq!(v["territory"]["parent"], "CN");
    let of = |id: &str| v["instruments"].as_array().unwrap().iter().find(|i| i["instrument"] == id).cloned();
    assert_ne!(of("ETS185").map(|s| s["in_force"].clone()), Some(Value::Bool(true)));
    let mlat = status("USMLAT", "HK", "2019-06-01");
    assert_ne!(mlat["status"], "suspended", "the suspension came in 2020");
    assert!(!mlat["note"].as_str().unwrap().contains("listed as suspended"), "nor did the list of 2015 say so: {mlat}");
    assert!(v["votes"].as_array().unwrap().is_empty(), "a territory has no vote");
}

/// A question about an old day is answered from rows that may be old today.
#[test]
fn a_row_is_old_on_the_day_of_the_run_too() {
    use rutter::model::time::Day;
    let v = json(&["law", "instrument", "ETS185", "--on", "2022-01-01"]);
    let revised: Day = v["basis"]["revised"].as_str().unwrap().parse().unwrap();
    let mut old = 0;
    for s in v["statuses"].as_array().unwrap() {
        if let Ok(as_of) = s["as_of"].as_str().unwrap().parse::<Day>() {
            let stale = revised.days_since(as_of) > 180;
            assert_eq!(s["stale"], stale, "{s}");
            old += usize::from(stale);
        }
    }
    let (_, out, _) = run(&["law", "instrument", "ETS185", "--on", "2022-01-01"]);
    assert_eq!(out.contains("(old)"), old > 0);
}

/// What no date settles is unknown, not a membership and not its end.
#[test]
fn a_later_list_of_members_settles_no_earlier_day() {
    let cell = |group: &str, state: &str, on: &str| {
        let v = json(&["law", "compare", state, "JP", "--on", on]);
        let groups = v["matrices"].as_array().unwrap().iter().find(|m| m["what"] == "groups").unwrap().clone();
        let row = groups["rows"].as_array().unwrap().iter().find(|r| r["item"] == group).unwrap().clone();
        (row["cells"][0]["value"].as_str().unwrap().to_owned(), row["cells"][0]["date"].as_str().unwrap_or_default().to_owned())
    };
    // Russia was a member in 2010: the table has the days, or says that it does not know.
    let (value, _) = cell("Council of Europe", "RU", "2010-06-01");
    assert!(["member", "unknown"].contains(&value.as_str()), "{value}");
    assert_eq!(cell("Council of Europe", "RU", "2026-11-01").0, "not a member");
    let (value, date) = cell("African Union", "NG", "1990-01-01");
    assert!(value != "member" && (value != "unknown" || date.starts_with("member on the list of ")), "{value} {date}");
    assert_eq!(cell("African Union", "NG", "2026-11-01").0, "member");
}

#[test]
fn the_home_of_a_bundle_is_not_unknown_to_it() {
    let v = json(&["law", "compare", "US", "GB", "--on", "2026-11-01"]);
    let instruments = v["matrices"].as_array().unwrap().iter().find(|m| m["what"] == "instruments").unwrap().clone();
    for id in ["USMLAT", "CLOUDACT"] {
        let row = instruments["rows"].as_array().unwrap().iter().find(|r| r["item"] == id).unwrap();
        assert_eq!(
            (&row["cells"][0]["value"], &row["differ"]),
            (&Value::from("home of the bundle"), &Value::from(false)),
            "{row}"
        );
    }
}

/// Today's rule on retention is not that of 2010.
#[test]
fn retention_is_read_as_of_the_day() {
    for (state, on) in [("GB", "2010-01-01"), ("NG", "2010-01-01"), ("IN", "2015-01-01")] {
        let v = json(&["law", "channel", "FR", state, "--on", on])["retention"].clone();
        assert!(v["lost_from"].is_null() && v["months"].is_null(), "{v}");
        assert!(v["rule"].as_str().unwrap().contains(&format!("the rule of {on} is not in the tables")), "{v}");
    }
    // Each kind of hop has its own clock: who had an address is kept, the flow records of a provider on the way are not.
    let v = json(&["law", "channel", "FR", "NO", "--on", "2024-01-01"]);
    let clocks = [&[v["retention"].clone()], v["later"].as_array().unwrap().as_slice()].concat();
    let lost = |asked: &str| clocks.iter().find(|c| c["asked"] == asked).unwrap()["lost_from"].clone();
    assert_eq!((lost("subscriber"), lost("connection"), lost("flow")), ("2025-01-01".into(), Value::Null, Value::Null));
    assert_eq!(v["retention"]["lost_from"], Value::Null, "first what is lost first");
    // A maximum is no duty.
    let v = json(&["law", "channel", "EE", "GB", "--on", "2026-11-22"]);
    let clocks = [&[v["retention"].clone()], v["later"].as_array().unwrap().as_slice()].concat();
    assert!(clocks.iter().all(|c| c["lost_from"].is_null() && c["at_most"] == 12), "{clocks:?}");
    let (_, out, _) = run(&["law", "channel", "EE", "GB", "--on", "2026-11-22"]);
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("at most 12 months") && !words.contains("2027-11-22"), "{out}");
}

/// Each row is looked at once per comparison, not once per item and state.
#[test]
fn a_large_overlay_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = String::from("state,item,value,date,note,source,grade,confidence\n");
    for n in 0..20_000 {
        rows.push_str(&format!("DE,item {n},affirms,2020-01-01,,page {n},confirmed,\n"));
    }
    rows.push_str(&format!("FR,item 7,denies,2020-01-01,{},page,confirmed,\n", "x".repeat(300_000)));
    fs::write(folder.path().join("national_positions.csv"), rows).unwrap();
    let args = ["law", "compare", "DE", "FR", "--format", "json", "--law", folder.path().to_str().unwrap()];
    let (code, out, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    let v: Value = serde_json::from_str(&out).unwrap();
    let positions = v["matrices"].as_array().unwrap().iter().find(|m| m["what"] == "positions").unwrap().clone();
    let row = positions["rows"].as_array().unwrap().iter().find(|r| r["item"] == "item 7").unwrap().clone();
    assert_eq!((&row["cells"][0]["value"], &row["cells"][1]["value"]), (&Value::from("affirms"), &Value::from("denies")));
    assert_eq!(row["differ"], true);
    assert!(positions["rows"].as_array().unwrap().len() >= 20_000);
}

#[test]
fn text_says_the_day_the_grade_and_the_source() {
    let (code, out, err) = run(&["law", "status", "ETS185", "FO"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("no --on was given") && out.contains("not-extended") && out.contains("[1]"), "{out}");
    assert!(out.contains("no legal advice") && !out.contains('\u{1b}'), "{out}");
    for args in [
        &["law", "show", "FO"][..],
        &["law", "compare", "US", "RU", "CN"],
        &["law", "channel", "France", "Nigeria"],
        &["law", "instrument", "ets185", "--on", "2024-10-01"],
        &["law", "questions"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("no legal advice") && out.lines().count() > 10, "{args:?}: {out}");
        assert!(!out.contains("100 %") && !out.contains('\u{1b}'), "{args:?}");
        assert_eq!(run(args).1, out, "the same question, the same bytes");
    }
    let coloured = rutter().args(["--color", "always", "law", "status", "ETS185", "DE"]).output().unwrap();
    assert!(coloured.stdout.contains(&0x1b));
}

#[test]
fn pages_load_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (n, args) in [
        &["law", "show", "HK", "--on", "2019-06-01"][..],
        &["law", "compare", "US", "RU", "CN"],
        &["law", "channel", "FR", "NG"],
        &["law", "instrument", "ETS185"],
    ]
    .into_iter()
    .enumerate()
    {
        let page = folder.path().join(format!("{n}.html"));
        let (code, out, err) = run(&[args, &["-o", page.to_str().unwrap()]].concat());
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("default-src 'none'") && !page.contains("<script") && !page.contains(" src=\""), "{args:?}");
        assert!(page.contains("prefers-color-scheme: dark"));
        // Channels may all rest on comity.
        assert!(page.contains("<h2>Sources</h2>") || args[1] == "channel", "{args:?}");
    }
    let (code, _, err) = run(&["law", "status", "ETS185", "DE", "-o", folder.path().join("x.html").to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("only show, compare, channel and instrument"), "{err}");
}

#[test]
fn a_name_that_is_none_is_answered_with_a_near_one() {
    for (args, hint) in [
        (&["law", "status", "ETS186", "DE"][..], "ETS185"),
        (&["law", "status", "ETS185", "Germny"], "DE (Germany)"),
        (&["law", "show", "ZZ"], "no state or territory"),
        (&["law", "channel", "FR", "X-SET"], "no state or territory"),
        (&["law", "compare", "US", "us"], "given twice"),
        (&["law", "compare", "US"], "2"),
        (&["law", "status", "ETS185", "DE", "--on", "yesterday"], "YYYY-MM-DD"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(hint), "{args:?}: {err}");
    }
}

const HEAD: &str = "state,status,signed,ratified,in_force,left,suspended,not_before,as_of,grade,confidence,note,source,lowered\n";

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

/// Rows that contradict a final clause are used, since they are the user's own, and told of.
#[test]
fn an_overlay_that_contradicts_itself_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    write(
        folder.path(),
        "instruments/ETS185.csv",
        &format!("{HEAD}IE,party,2002-02-28,2026-10-01,2026-11-01,,,,2026-11-20,confirmed,,,own copy,\n"),
    );
    let (code, out, err) = run(&["law", "status", "ETS185", "IE", "--on", "2026-11-22", "--law", dir]);
    assert!(code == 0 && out.contains("party"), "{code} {out}");
    assert!(err.contains("instruments/ETS185.csv") && err.contains("36(4)"), "{err}");
}

/// The Union is no state, and a party to some treaties.
#[test]
fn the_union_can_be_a_party() {
    let status = |id: &str| json(&["law", "status", id, "EU", "--on", "2026-11-22"]);
    assert_eq!(status("UNTOC")["status"], "party");
    assert_eq!(status("UNCC")["status"], "signatory");
    assert_eq!(run(&["law", "show", "EU"]).0, 2);
}

#[test]
fn an_overlay_changes_the_answer_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    write(
        folder.path(),
        "instruments/ETS185.csv",
        &format!("{HEAD}AE,party,,2026-01-15,2026-05-01,,,,2026-11-20,confirmed,,,own copy,\n"),
    );
    let args = ["law", "status", "ETS185", "AE", "--on", "2026-05-01"];
    assert_ne!(json(&args)["in_force"], true);
    let with = json(&[&args[..], &["--law", dir]].concat());
    assert_eq!(with["in_force"], true);
    assert!(with["basis"]["overlay"].as_str().unwrap().starts_with(dir), "{with}");
    let by_environment = rutter().env("RUTTER_LAW", dir).args(args).output().unwrap();
    assert!(String::from_utf8(by_environment.stdout).unwrap().contains("laid over"));
    let (code, out, _) = run(&["law", "check", "--law", dir]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("published") && out.contains("laid over"), "the count no longer agrees: a warning\n{out}");
}

#[test]
fn a_check_tells_everything_that_is_wrong_with_an_overlay() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let rows = "AE,party,,2026-01-15,2026-09-01,,,,2026-11-20,confirmed,,,own copy,\n\
                CN,friend,,,,,,,2026-11-20,confirmed,,,own copy,\nIN,party,,,,,,,2026-11-20,,,,own copy,\n";
    write(folder.path(), "instruments/ETS185.csv", &format!("{HEAD}{rows}"));
    write(folder.path(), "wcit12.csv", "state,item,value,date,note,source,grade,confidence\nDE,x,y,2012-12-14,,,partly,\n");
    write(folder.path(), "notes.txt", "\u{1b}[2J");
    let (code, out, _) = run(&["law", "check", "--law", dir, "--format", "jsonl"]);
    assert_eq!(code, 1);
    let lines: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let schema = validator("law-check-1.json");
    for line in &lines {
        assert_eq!(complaints(&schema, line), Vec::<String>::new(), "{line}");
    }
    let found = |file: &str, at: &str, what: &str| {
        lines.iter().any(|l| {
            l["severity"] == "error"
                && l["file"] == file
                && l["at"].as_str().unwrap().contains(at)
                && l["what"].as_str().unwrap().contains(what)
        })
    };
    assert!(found("instruments/ETS185.csv", "line 3 of the overlay", "friend"), "{out}");
    assert!(found("instruments/ETS185.csv", "line 4 of the overlay", "grade"), "{out}");
    assert!(found("instruments/ETS185.csv", "AE", "2026-05-01"), "{out}");
    assert!(found("wcit12.csv", "line 2 of the overlay", "source"), "{out}");
    assert!(found("overlay", "", "notes.txt"), "{out}");
    assert_eq!(lines.last().unwrap()["type"], "summary");
    let (code, out, err) = run(&["law", "status", "ETS185", "AE", "--law", dir]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains(dir), "{err}");
}

#[test]
fn the_shipped_law_passes_its_check() {
    let (code, out, err) = run(&["law", "check"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("0 errors"), "{out}");
    let old = |on: &str| {
        let v = json(&["law", "check", "--on", on]);
        let what = |c: &Value| c["what"].as_str().unwrap().split(' ').nth(3).and_then(|n| n.parse::<u64>().ok());
        let aged = |c: &&Value| c["what"].as_str().unwrap().contains("180 days");
        v["complaints"].as_array().unwrap().iter().filter(aged).filter_map(what).sum::<u64>()
    };
    assert!(old("2030-01-01") > old("2001-01-01"), "rows grow old");
    let today = json(&["law", "check"])["basis"]["revised"].as_str().unwrap().to_owned();
    assert_eq!(old("2001-01-01"), old(&today), "a question about an old day makes no row new");
    assert_eq!(run(&["law", "check", "--law", repo("data/law").to_str().unwrap()]).0, 0, "the folder over itself");
}

#[test]
fn every_document_keeps_its_contract() {
    for (name, args) in [
        ("law-status-1.json", &["law", "status", "ETS185", "DE"][..]),
        ("law-status-1.json", &["law", "status", "AP1", "X-SAT"]),
        ("law-show-1.json", &["law", "show", "DE"]),
        ("law-show-1.json", &["law", "show", "HK", "--on", "2019-06-01"]),
        ("law-show-1.json", &["law", "show", "UA-43"]),
        ("law-compare-1.json", &["law", "compare", "US", "RU", "CN"]),
        ("law-channel-1.json", &["law", "channel", "FR", "NG"]),
        ("law-channel-1.json", &["law", "channel", "DE", "UA-43"]),
        ("law-instrument-1.json", &["law", "instrument", "ETS185"]),
        ("law-instrument-1.json", &["law", "instrument", "GDPR45"]),
        ("law-questions-1.json", &["law", "questions"]),
        ("law-check-1.json", &["law", "check"]),
    ] {
        let value = json(args);
        assert_eq!(complaints(&validator(name), &value), Vec::<String>::new(), "{args:?}");
        let mut bad = value.clone();
        bad.as_object_mut().unwrap().remove("basis");
        assert!(!validator(name).is_valid(&bad), "{name} can be broken");
    }
}

#[test]
fn questions_are_told_worst_first() {
    let v = json(&["law", "questions"]);
    let order = |q: &Value| match q["what"].as_str().unwrap() {
        "complaint" => 0,
        "contradictory" => 1,
        "unconfirmed" => 2,
        "partly" => 3,
        other => panic!("{other}"),
    };
    let ranks: Vec<u8> = v["questions"].as_array().unwrap().iter().map(order).collect();
    assert!(ranks.is_sorted(), "{ranks:?}");
    let files = v["files"].as_array().unwrap();
    for f in files {
        let n = |key: &str| f[key].as_u64().unwrap();
        assert_eq!(n("rows"), n("confirmed") + n("partly") + n("unconfirmed"), "{f}");
    }
    assert!(files.iter().any(|f| f["file"] == "instruments/ETS185.csv"));
}

/// The files of `data/law` against the schemas that are published for those who write them.
#[test]
fn the_data_keep_their_own_contracts() {
    let root = repo("data/law");
    let mut seen = 0;
    let mut files: Vec<String> = Vec::new();
    for folder in ["", "instruments"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    for name in files {
        let schema = match name.as_str() {
            n if n.starts_with("instruments/") && n.ends_with(".toml") => "instrument.json",
            n if n.starts_with("instruments/") => "status-row.json",
            "territories.toml" => "territories.json",
            "norms.toml" => "norms.json",
            "groups.csv" => "group-row.json",
            "domestic.csv" => "domestic-row.json",
            "states.csv" => "state-row.json",
            "rollcall_items.csv" => "rollcall-item-row.json",
            "rollcalls.csv" => "vote-row.json",
            "rollcall_sources.csv" => "rollcall-source-row.json",
            "national_positions.csv" => "position-row.json",
            "wcit12.csv"
            | "memberships.csv"
            | "national_positions_docs.csv"
            | "sanctions_regimes.csv"
            | "filtering_regimes.csv"
            | "gge_membership.csv"
            | "poa_cosponsors.csv" => "statement-row.json",
            _ => continue,
        };
        seen += 1;
        let schema = validator(&format!("law/{schema}"));
        let text = fs::read_to_string(root.join(&name)).unwrap();
        if name.ends_with(".toml") {
            let value: toml::Value = toml::from_str(&text).unwrap();
            let value = serde_json::to_value(value).unwrap();
            assert_eq!(complaints(&schema, &value), Vec::<String>::new(), "{name}");
            continue;
        }
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        for record in reader.records() {
            let record = record.unwrap();
            let row: serde_json::Map<String, Value> =
                head.iter().zip(&record).map(|(k, v)| (k.to_owned(), Value::from(v))).collect();
            let row = Value::Object(row);
            assert_eq!(complaints(&schema, &row), Vec::<String>::new(), "{name}: {row}");
        }
    }
    assert!(seen > 60, "{seen}");
    let row = validator("law/status-row.json");
    let text = format!("{HEAD}DE,party,2001-11-23,,,,,,unknown,partly,,,a page,");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let record = reader.records().next().unwrap().unwrap();
    let good: serde_json::Map<String, Value> = head.iter().zip(&record).map(|(k, v)| (k.to_owned(), Value::from(v))).collect();
    assert!(row.is_valid(&Value::Object(good.clone())));
    for (key, bad) in
        [("source", ""), ("as_of", ""), ("grade", "sure"), ("state", "de"), ("signed", "23.11.2001"), ("status", "friend")]
    {
        let mut broken = good.clone();
        broken.insert(key.to_owned(), Value::from(bad));
        assert!(!row.is_valid(&Value::Object(broken)), "{key} = {bad:?}");
    }
}
