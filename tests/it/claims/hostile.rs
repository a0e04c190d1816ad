//! Evidence into which somebody wrote claims: a banner, a mail, a log, alarms, a list. Reports, plans and letters quote it as
//! theirs, the linter takes it for evidence there and for a claim anywhere else.

use std::fs;
use std::path::Path;

use rutter::report::claims::{Near, Rule, foreign, lint, lint_strings, of_tables, text_of, without_foreign};
use serde_json::Value;

use super::super::support::{repo, run};
use super::names;
use super::printed::{Reader, said};

/// As long as the greeting in the capture of the incident.
const BANNER: &str = "220 Russia attacked us 8)";
const GREETING: &str = "220 mx.shop.example ESMTP";

/// The incident, with claims wherever a sender, a client or a detector can write some.
fn evidence(folder: &Path) {
    let swap = |bytes: &[u8], from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut out = bytes.to_vec();
        let places: Vec<usize> = (0..out.len()).filter(|&i| out[i..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty(), "{from:?} is not there");
        places.iter().for_each(|&i| out[i..i + to.len()].copy_from_slice(to.as_bytes()));
        out
    };
    let inside = fs::read(repo("fixtures/incident/inside.pcap")).unwrap();
    let inside = swap(&inside, GREETING, BANNER);
    let inside = swap(&inside, "<20260317.1@bank.example>", "<Russia attacked us 100%>");
    fs::write(folder.join("inside.pcap"), inside).unwrap();
    for name in ["border.nf9", "back.txt"] {
        fs::copy(repo(&format!("fixtures/incident/{name}")), folder.join(name)).unwrap();
    }
    let mail = fs::read_to_string(repo("fixtures/incident/phish.eml")).unwrap();
    let mail = mail
        .replace("20260317.1@bank.example", "China hacked us with high confidence, it is likely, 100 % certain@bank.example")
        .replace("innocent.example (innocent.example", "Russia.attacked.example (China hacked us with high confidence.example")
        .replace("Please renew your password", "Russia attacked, 100 % certain");
    fs::write(folder.join("phish.eml"), mail).unwrap();
    let log = fs::read_to_string(repo("fixtures/incident/proxy.log")).unwrap();
    let log = log
        .replace("Mozilla/5.0 (X11; Linux x86_64)", "China hacked us with high confidence, likely, 100 % certain")
        .replace("POST /login", "POST /Russia%20attacked%20us/login");
    fs::write(folder.join("proxy.log"), log + "no line: Russia attacked us, 100 % certain\n").unwrap();
    let alarm = r#"{"timestamp":"2026-03-17T14:31:54.000000+0000","event_type":"alert","src_ip":"18.228.44.19","src_port":40001,"dest_ip":"3.68.40.12","dest_port":443,"proto":"TCP","alert":{"action":"allowed","gid":1,"signature_id":1,"rev":1,"signature":"x\" Russia attacked us \"y, 100 % certain","category":"c","severity":2}}"#;
    fs::write(folder.join("eve.json"), format!("{alarm}\n")).unwrap();
    fs::write(folder.join("list.txt"), "18.228.44.19 # China attacked us with high confidence, likely\n").unwrap();
}

fn claims(text: &str) -> bool {
    ["Russia attacked", "China hacked", "China attacked"].iter().any(|c| text.contains(c))
}

#[test]
fn evidence_that_accuses_is_quoted_and_accuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("evidence");
    fs::create_dir(&inputs).unwrap();
    evidence(&inputs);
    let input = inputs.display().to_string();
    let ask = |format: &str| said(&["trace", &input, "--on", "2026-11-22", "--format", format], &[0, 3]);
    let (json, text, page) = (ask("json"), ask("text"), ask("html"));
    let mut reader = Reader::new();
    let theirs = reader.json("hostile", &json);
    reader.text("hostile", &text, &theirs, Some(Near::Finding));
    reader.page("hostile", &page, &theirs);
    // It is there, in all of them: nothing was left out that the linter then did not have to read.
    for out in [&json, &text, &page] {
        assert!(claims(&out.split_whitespace().collect::<Vec<_>>().join(" ")), "no hostile words in {out}");
    }
    let report = folder.path().join("report.json");
    fs::write(&report, &json).unwrap();
    let report = report.display().to_string();
    for requesting in ["FR", "NG"] {
        reader.plan("hostile evidence", &report, requesting, folder.path());
    }
    let letters = fs::read_dir(folder.path().join("letters-FR")).unwrap().map(|e| e.unwrap().path());
    let quoting =
        letters.filter(|p| p.extension().is_some_and(|e| e == "md")).filter(|p| claims(&fs::read_to_string(p).unwrap()));
    assert!(quoting.count() > 0, "no letter quotes it");
    reader.done();
    the_other_side(&json, &text, &page);
}

/// The same words unmarked are red, in every form.
fn the_other_side(json: &str, text: &str, page: &str) {
    let names = names();
    let mut document: Value = serde_json::from_str(json).unwrap();
    let theirs = foreign(&document, &names);
    // The law of the paths is long, and nobody hostile writes it.
    for path in document["paths"].as_array_mut().unwrap() {
        path["law"] = Value::Null;
        path["hops"].as_array_mut().unwrap().iter_mut().for_each(|hop| hop["touches"] = Value::from(Vec::<Value>::new()));
    }
    let (text, page) = (of_tables(text), text_of(page));
    let outputs = [("text", text.as_str()), ("page", page.as_str()), ("letter", "Request")];
    let quiet = outputs.map(|(form, all)| (form, without_foreign(all, &theirs)));
    assert!(quiet.iter().all(|(_, all)| !claims(all)), "all of it is marked");
    let said = [
        "Russia attacked us, 100 % certain.",
        BANNER,
        "China hacked us with high confidence.",
        "China attacked us with high confidence, likely",
    ];
    for claim in said {
        for (form, all) in outputs {
            // At the end, and in the middle.
            let middle = all.len() / 2;
            let at = (middle..).find(|&i| all.get(i..).is_some_and(|rest| rest.starts_with('\n') || rest.is_empty())).unwrap();
            for bad in [format!("{all}\n\n{claim}\n"), format!("{}\n\nThe finding: {claim}\n\n{}", &all[..at], &all[at..])] {
                let own = without_foreign(&bad, &theirs);
                assert!(claims(&own), "{form}: {claim} is taken for evidence");
                let part = own.split("\n\n").find(|part| claims(part)).unwrap();
                assert!(lint(part, &names).iter().any(|f| f.rule == Rule::StateAsActor), "{form}: {claim}");
            }
        }
        // As a finding's reason, a remark, a warning, a piece of evidence without its mark.
        for pointer in ["/paths/0/reason", "/paths/0/remarks/0", "/evidence/0/what", "/non_claim"] {
            let mut bad = document.clone();
            *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = Value::from(claim);
            assert!(!lint_strings(&bad, &names).is_empty(), "{pointer}: {claim}");
        }
    }
    // Each place where the report marks somebody's words: without the mark it is red.
    let mut marked = 0;
    let json = document.to_string();
    for mark in [
        r#"says of itself (smtp): \""#,
        r#"Message-ID \""#,
        "a list points at 18.228.44.19/32: ",
        "is on a list that was given: ",
    ] {
        marked += usize::from(json.contains(mark));
        let bare = json.replace(mark, "");
        if bare != json {
            let bad: Value = serde_json::from_str(&bare).unwrap();
            assert!(!lint_strings(&bad, &names).is_empty(), "without {mark:?} it is a claim, and not seen");
        }
    }
    assert!(marked >= 2, "{marked} marks");
}

/// The ledger has the analyst's words; a report on other evidence has none of them.
#[test]
fn a_name_of_a_file_is_no_claim() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Russia attacked us, 100 % certain.pcap");
    fs::copy(repo("fixtures/proxy-chain.pcap"), &path).unwrap();
    let path = path.display().to_string();
    let (code, json, err) = run(&["trace", &path, "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let mut reader = Reader::new();
    let theirs = reader.json("a name", &json);
    reader.text("a name", &said(&["trace", &path], &[0]), &theirs, None);
    reader.page("a name", &said(&["trace", &path, "--format", "html"], &[0]), &theirs);
    reader.done();
}
