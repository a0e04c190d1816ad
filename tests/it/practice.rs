//! `rutter practice`: the ledger on disk.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{json, repo, run, rutter};

fn add(ledger: &str, case: &str, step: &str, on: &str, more: &[&str]) -> (i32, String) {
    let mut args = vec!["practice", "add", ledger, "--case", case, "--state", "SG", "--by", "FR", "--step", step, "--on", on];
    args.extend_from_slice(&["--channel", "CERT-to-CERT"]);
    args.extend_from_slice(more);
    let (code, out, err) = run(&args);
    assert!(out.is_empty(), "{out}");
    (code, err)
}

fn file(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn what_is_added_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    assert_eq!(add(&ledger, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7", "--note", "by telephone"]).0, 0);
    assert_eq!(add(&ledger, "c1", "acknowledged", "2026-03-07", &[]).0, 0);
    // The same entry once more changes nothing.
    let before = fs::read(&ledger).unwrap();
    let (code, err) = add(&ledger, "c1", "acknowledged", "2026-03-07", &[]);
    assert!(code == 0 && err.contains("there already"), "{err}");
    assert_eq!(fs::read(&ledger).unwrap(), before);
    let (code, out, _) = run(&["practice", "list", &ledger, "--state", "sg"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("2026-03-05  SG by FR  notified") && out.contains("192.0.2.7; by telephone") && out.ends_with("2 entries\n"),
        "{out}"
    );
    assert!(run(&["practice", "list", &ledger, "--state", "DE"]).1.starts_with("0 entries"));
    let (_, lines, _) = run(&["practice", "list", &ledger, "--format", "jsonl"]);
    assert_eq!(lines.as_bytes(), before, "jsonl is the ledger itself");
    assert_eq!(run(&["practice", "check", &ledger]), (0, format!("{ledger}: 2 entries of 1 state\n"), String::new()));
}

#[test]
fn entries_that_break_the_contract_are_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    for (step, on, more, what) in [
        ("notified", "2026-03-05", &["--address", "nobody"][..], "no address and no prefix"),
        ("notified", "2026-03-05", &["--note", "a\u{1b}[2J"], "control characters"),
        ("notified", "2026-02-30", &[], "YYYY-MM-DD"),
        ("told", "2026-03-05", &[], "possible values"),
    ] {
        let (code, err) = add(&ledger, "c", step, on, more);
        assert!(code == 2 && err.contains(what), "{code} {err}");
    }
    assert_eq!(add(&ledger, " ", "notified", "2026-03-05", &[]).0, 2);
    let same = [
        "practice",
        "add",
        &ledger,
        "--case",
        "c",
        "--state",
        "UK",
        "--by",
        "GB",
        "--step",
        "asked",
        "--on",
        "2026-03-05",
        "--channel",
        "x",
    ];
    assert_eq!(run(&same).0, 2, "UK is GB");
    assert!(!Path::new(&ledger).exists());
    // A file of something else is not added to.
    fs::write(&ledger, "PK\u{3}\u{4} no ledger\n").unwrap();
    let (code, err) = add(&ledger, "c", "notified", "2026-03-05", &[]);
    assert!(code == 1 && err.contains("is no ledger"), "{err}");
    assert_eq!(fs::read_to_string(&ledger).unwrap(), "PK\u{3}\u{4} no ledger\n");
}

#[test]
fn damaged_lines_are_named_and_end_with_three() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    add(&ledger, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7"]);
    let mut bytes = fs::read(&ledger).unwrap();
    bytes.extend(b"{\"schema\":\"rutter.practice/1\",\"case\":\"\x1b[2J\"}\n\xff\n{\"x\":\"\\u001b]0;evil\\u0007\\u202e\"}\n{\"schema\":\"rutter.pra");
    fs::write(&ledger, &bytes).unwrap();
    let (code, out, err) = run(&["practice", "check", &ledger]);
    assert_eq!((code, out.as_str()), (3, &*format!("{ledger}: 1 entry of 1 state\n")));
    for line in 2..=5 {
        assert!(err.contains(&format!("line {line}:")), "{err}");
    }
    assert!(!err.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{err:?}");
    for (command, word) in [("list", "SG by FR"), ("stats", "not named")] {
        let (code, out, _) = run(&["practice", command, &ledger]);
        assert!(code == 3 && out.contains(word), "{command}: {out}");
    }
    // Nor does a report pretend that all was read.
    let trace = |ledger: &str| run(&["trace", "fixtures/proxy-chain.pcap", "--practice", ledger]);
    let (code, out, _) = trace(&ledger);
    assert!(code == 3 && out.contains("4 lines that could not be read"), "{code} {out}");
    let whole = file(folder.path(), "whole.jsonl");
    add(&whole, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7"]);
    assert_eq!(trace(&whole).0, 0);
    // A line that was cut off in the middle is not glued to the next one.
    assert_eq!(add(&ledger, "c1", "acted", "2026-03-08", &[]).0, 3);
    let (code, out, _) = run(&["practice", "list", &ledger]);
    assert!(code == 3 && out.ends_with("2 entries\n"), "{out}");
    assert_eq!(run(&["practice", "check", &file(folder.path(), "none.jsonl")]).0, 1);
}

#[test]
fn what_does_not_fit_together_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    add(&ledger, "c1", "acted", "2026-03-08", &[]);
    add(&ledger, "c2", "notified", "2026-03-09", &[]);
    let twice = fs::read_to_string(&ledger).unwrap() + fs::read_to_string(&ledger).unwrap().lines().nth(1).unwrap() + "\n";
    fs::write(&ledger, twice).unwrap();
    let (code, out, _) = run(&["practice", "check", &ledger]);
    assert_eq!(code, 0);
    assert!(
        out.contains("no notice or request before it, so that no figure counts it: SG acted of 2026-03-08")
            && out.contains("twice: SG notified"),
        "{out}"
    );
}

#[test]
fn merging_is_sorted_and_does_not_depend_on_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|n| file(folder.path(), &format!("{n}.jsonl")));
    add(&a, "c1", "acted", "2026-03-08", &[]);
    add(&a, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7"]);
    add(&b, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7"]);
    add(&b, "c2", "notified", "2026-01-05", &[]);
    assert_eq!(run(&["practice", "merge", &a, &b, "-o", &c]).0, 0);
    // A ledger has no copy elsewhere: it is not written over by a slip of the pen.
    let (code, _, err) = run(&["practice", "merge", &a, "-o", &c]);
    assert!(code == 2 && err.contains("--force") && fs::read_to_string(&c).unwrap().lines().count() == 3, "{err}");
    assert_eq!(run(&["practice", "merge", &b, &a, &a, "-o", &d]).0, 0);
    let merged = fs::read_to_string(&c).unwrap();
    assert_eq!(merged, fs::read_to_string(&d).unwrap());
    let days: Vec<String> =
        merged.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["on"].as_str().unwrap().to_owned()).collect();
    assert_eq!(days, ["2026-01-05", "2026-03-05", "2026-03-08"]);
    let (code, _, err) = run(&["practice", "merge", &a, &b, "-o", &a]);
    assert!(code == 2 && err.contains("is an input"), "{err}");
    // Damaged lines stay where they are, and are named.
    fs::write(&b, "nonsense\n").unwrap();
    let (code, _, err) = run(&["practice", "merge", &a, &b, "-o", &c, "--force"]);
    assert!(code == 3 && err.contains("line 1") && err.contains("are not in"), "{err}");
    assert_eq!(fs::read_to_string(&c).unwrap().lines().count(), 2);
}

#[test]
fn no_figure_below_five_cases() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    for n in 1..=4 {
        add(&ledger, &format!("c{n}"), "notified", "2026-03-01", &[]);
        // Many entries of one case are one case.
        add(&ledger, &format!("c{n}"), "notified", "2026-03-02", &[]);
        add(&ledger, &format!("c{n}"), "acknowledged", &format!("2026-03-0{}", n + 1), &[]);
    }
    let (_, out, _) = run(&["practice", "stats", &ledger]);
    assert!(!out.contains("SG") && !out.contains('4'), "{out}");
    let (_, out, _) = run(&["practice", "stats", &ledger, "--format", "json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert!(value["states"].as_array().unwrap().is_empty(), "{out}");
    add(&ledger, "c5", "asked", "2026-03-01", &[]);
    let (_, out, _) = run(&["practice", "stats", &ledger]);
    assert!(out.contains("notified not told of 5 cases; acknowledged not told of 5 cases"), "{out}");
    assert!(out.contains("median days to the first answer not told of 5 cases"), "{out}");
    add(&ledger, "c5", "notified", "2026-03-20", &[]);
    add(&ledger, "c5", "given", "2026-03-21", &[]);
    let (_, out, _) = run(&["practice", "stats", &ledger]);
    assert!(out.contains("median days to the first answer 3 (5 answers in 5 cases)"), "{out}");
    assert!(out.contains("notified 5 of 5 cases; acknowledged not told of 5 cases; acted not told of 5"), "{out}");
}

/// What came before it was asked for is no answer, and a matter that nobody opened is no case.
#[test]
fn an_answer_before_the_notice_counts_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    for n in 0..6 {
        add(&ledger, &format!("c{n}"), "acted", "2026-03-01", &[]);
        add(&ledger, &format!("c{n}"), "notified", "2026-03-02", &[]);
        add(&ledger, &format!("d{n}"), "acted", "2026-03-03", &[]);
    }
    let (_, out, _) = run(&["practice", "stats", &ledger]);
    assert!(out.starts_with("SG  notified 6 of 6 cases; acknowledged not told of 6 cases; acted not told of 6"), "{out}");
    let csv = file(folder.path(), "x.csv");
    assert_eq!(run(&["practice", "export", &ledger, "-o", &csv]).0, 0);
    assert!(!fs::read_to_string(&csv).unwrap().contains("acted"), "what no figure counts is not exported");
}

#[test]
fn an_export_tells_no_case() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, csv) = (file(folder.path(), "practice.jsonl"), file(folder.path(), "x.csv"));
    for n in 0..5 {
        let more = ["--address", "192.0.2.7", "--note", "secret note"];
        assert_eq!(add(&ledger, &format!("secret-case-{n}"), "notified", "2026-03-05", &more).0, 0);
    }
    let line = fs::read_to_string(&ledger).unwrap();
    let of_another = line.lines().next().unwrap().replace("\"SG\"", "\"BT\"");
    let evil = line.lines().next().unwrap().replace("CERT-to-CERT", "=HYPERLINK(\\\"http://evil.example\\\",\\\"x\\\")");
    fs::write(&ledger, line + &of_another + "\n" + &evil + "\n").unwrap();
    let (code, _, err) = run(&["practice", "export", &ledger, "-o", &csv]);
    assert!(code == 0 && err.contains("a state with fewer than five cases is not in an export"), "{err}");
    // The evil entry is of a case that is open already.
    let table = "state,by,period,channel,step,cases,of\n\
                 SG,FR,2026-03,CERT-to-CERT,opened,5,5\n\
                 SG,FR,2026-03,CERT-to-CERT,notified,5,5\n";
    assert_eq!(fs::read_to_string(&csv).unwrap(), table);
    // What is there is not written over by a slip of the pen, and the ledger never.
    fs::write(&csv, "precious").unwrap();
    let (code, _, err) = run(&["practice", "export", &ledger, "-o", &csv]);
    assert!(code == 2 && err.contains("--force") && fs::read_to_string(&csv).unwrap() == "precious", "{err}");
    assert_eq!(run(&["practice", "export", &ledger, "-o", &csv, "--force"]).0, 0);
    assert_eq!(fs::read_to_string(&csv).unwrap(), table);
    assert_eq!(run(&["practice", "export", &ledger, "-o", &ledger, "--force"]).0, 2);
    assert_eq!(run(&["practice", "export", &ledger, "-o", "-"]).1, table);
}

/// As many cases as you like of channels in words of somebody's own: the words stay at home.
#[test]
fn a_formula_is_no_channel() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    for n in 0..5 {
        add(&ledger, &format!("c{n}"), "notified", "2026-03-05", &[]);
    }
    let evil = fs::read_to_string(&ledger).unwrap().replace("CERT-to-CERT", "=HYPERLINK(\\\"http://evil.example\\\",\\\"x\\\")");
    fs::write(&ledger, evil).unwrap();
    let (code, out, _) = run(&["practice", "export", &ledger, "-o", "-"]);
    assert_eq!(code, 0);
    assert!(out.contains("SG,FR,2026-03,other,notified,5,5") && !out.contains("HYPERLINK"), "{out}");
}

/// A reader of both tables finds no case that neither tells.
#[test]
fn an_export_tells_no_more_than_stats() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    let export = || run(&["practice", "export", &ledger, "-o", "-"]).1;
    for n in 0..6 {
        add(&ledger, &format!("c{n}"), "notified", "2026-03-05", &[]);
    }
    let before = export();
    add(&ledger, "c0", "acknowledged", "2026-03-06", &[]);
    assert_eq!(export(), before, "one answer is not told");
    // One more asker: nobody's name is told any more.
    let other = ["practice", "add", &ledger, "--case", "c9", "--state", "SG", "--by", "NG", "--step", "notified"];
    assert_eq!(run(&[&other[..], &["--on", "2026-03-09", "--channel", "UNTOC"]].concat()).0, 0);
    assert_eq!(export(), "state,by,period,channel,step,cases,of\nSG,,2026-03,,opened,7,7\nSG,,2026-03,,notified,7,7\n");
    assert!(run(&["practice", "stats", &ledger]).1.starts_with("SG  notified 7 of 7 cases;"));
}

/// Channels are called in a ledger as `law channel` calls them.
#[test]
fn every_kind_of_channel_can_be_exported() {
    for (from, to) in
        [("FR", "DE"), ("FR", "NG"), ("GB", "US"), ("US", "HK"), ("BR", "AR"), ("RU", "KZ"), ("EG", "SA"), ("GB", "IM")]
    {
        let answer = json(&["law", "channel", from, to, "--on", "2026-10-01"]);
        for channel in answer["channels"].as_array().unwrap() {
            let kind = channel["kind"].as_str().unwrap();
            assert!(rutter::model::channel::KINDS.contains(&kind), "{from} {to}: {kind}");
        }
    }
}

#[test]
fn what_is_odd_is_refused_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    let (code, err) = add(&ledger, "c1", "notified", "2026-03-05", &["--address", "0.0.0.0/0"]);
    assert!(code == 2 && err.contains("too wide"), "{err}");
    add(&ledger, "c1", "notified", "2026-03-05", &["--address", "192.0.2.7"]);
    let line = fs::read_to_string(&ledger).unwrap();
    let odd = line.replace("\"SG\"", "\"QQ\"") + &line.replace("192.0.2.7", "::/0") + &line.replace("\"SG\"", "\"UK\"");
    fs::write(&ledger, odd).unwrap();
    let (code, out, _) = run(&["practice", "check", &ledger]);
    assert_eq!(code, 0);
    assert!(out.contains("QQ is no state") && out.contains("::/0 is too wide") && out.contains("3 entries of 3 states"), "{out}");
    assert!(run(&["practice", "list", &ledger, "--state", "GB"]).1.contains("GB by FR"), "UK is GB");
}

#[test]
fn documents_keep_their_contracts() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    for n in 0..6 {
        add(&ledger, &format!("c{n}"), "notified", "2026-03-05", &["--address", "192.0.2.7"]);
        add(&ledger, &format!("c{n}"), "acted", "2026-03-07", &[]);
    }
    let check = |schema: &str, text: &str| {
        let schema: Value = serde_json::from_slice(&fs::read(repo("schema").join(schema)).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        assert!(schema.is_valid(&value), "{value}");
        assert!(!schema.is_valid(&serde_json::json!({"schema": "x"})));
    };
    let of = |args: &[&str]| run(&[&["practice"], args].concat()).1;
    check("practice-1.json", fs::read_to_string(&ledger).unwrap().lines().next().unwrap());
    check("practice-1.json", of(&["list", &ledger, "--format", "jsonl"]).lines().next().unwrap());
    check("practice-list-1.json", &of(&["list", &ledger, "--format", "json"]));
    check("practice-stats-1.json", &of(&["stats", &ledger, "--format", "json"]));
    check("practice-stats-1.json", of(&["stats", &ledger, "--format", "jsonl"]).lines().next().unwrap());
}

/// Many writers at once: no line is lost and none is torn.
#[test]
fn writers_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = file(folder.path(), "practice.jsonl");
    let children: Vec<_> = (0..12)
        .map(|n| {
            let case = format!("c{n}");
            let args = ["practice", "add", &ledger, "--case", &case, "--state", "SG", "--by", "FR", "--step", "asked"];
            rutter().args(args).args(["--on", "2026-03-05", "--channel", "INTERPOL"]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let (code, out, _) = run(&["practice", "check", &ledger]);
    assert_eq!((code, out), (0, format!("{ledger}: 12 entries of 1 state\n")));
}
