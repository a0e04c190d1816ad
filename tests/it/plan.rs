//! `rutter plan`: a report in, a checklist and letters out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use rutter::jurisdiction::Law;
use rutter::report::claims::{Names, lint};
use serde_json::Value;

use super::support::{json, repo, run, rutter};

/// A report of the fixture, in a file.
fn report(folder: &Path, capture: &str) -> String {
    let path = folder.join("report.json").display().to_string();
    let (code, _, err) = run(&["trace", capture, "-o", &path]);
    assert_eq!(code, 0, "{err}");
    path
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn a_plan_keeps_its_contract_and_is_the_same_twice() {
    let schema: Value = serde_json::from_slice(&fs::read(repo("schema/plan-1.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for capture in [
        "fixtures/incident/",
        "fixtures/ssh-bruteforce-gre.pcap.gz",
        "fixtures/proxy-chain.pcap",
        "fixtures/syn-flood.pcap.zst",
        "fixtures/backbone-v4.pcapng",
    ] {
        let path = report(folder.path(), capture);
        let plan = json(&["plan", &path, "--requesting", "FR"]);
        let complaints: Vec<String> = schema.iter_errors(&plan).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect();
        assert!(complaints.is_empty(), "{capture}: {complaints:?}");
        assert_eq!(plan, json(&["plan", &path, "--requesting", "fr"]));
        // Unknown first, then by day; what speaks for the victim at the end. The numbers are those of the order.
        let asked = list(&plan["requests"]).iter().filter(|r| r["group"] != "victim-end");
        let is_partly_lost = |r: &Value| r["deadline"].as_str().unwrap().contains("may be gone any day");
        let days: Vec<Option<&str>> =
            asked.map(|r| r["retention"]["lost_from"].as_str().filter(|_| !is_partly_lost(r))).collect();
        let numbers: Vec<u64> = list(&plan["requests"]).iter().map(|r| r["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        assert!(list(&plan["requests"]).is_sorted_by_key(|r| r["group"] == "victim-end"));
        assert!(days.is_sorted(), "{days:?}");
        // Only a duty on what is asked for has a last day.
        for r in list(&plan["requests"]) {
            let clock = &r["retention"];
            assert!(clock["lost_from"].is_null() || clock["kind"] == "duty" && !list(&clock["covered"]).is_empty(), "{clock}");
            let uncovered = ["transit", "translation", "mail", "reflector", "victim-end"].contains(&r["group"].as_str().unwrap());
            assert!(!uncovered || clock["lost_from"].is_null(), "{r}");
        }
        // Everything that is named is there.
        let there: Vec<&str> = list(&plan["evidence"]).iter().map(|e| e["id"].as_str().unwrap()).collect();
        for id in list(&plan["requests"]).iter().chain(list(&plan["not_asked"])).flat_map(|r| list(&r["because"])) {
            assert!(there.contains(&id.as_str().unwrap()), "{id}");
        }
        for format in ["text", "md"] {
            let once = run(&["plan", &path, "--requesting", "FR", "--format", format]);
            assert_eq!(once, run(&["plan", &path, "--requesting", "FR", "--format", format]));
            assert!(once.1.contains("Location is not responsibility"), "{}", once.1);
        }
    }
}

#[test]
fn who_stands_on_the_path_is_asked_for_what_its_role_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/ssh-bruteforce-gre.pcap.gz");
    let plan = json(&["plan", &path, "--requesting", "DE", "--on", "2026-03-20"]);
    assert_eq!(plan["on"], "2026-03-20");
    let request = |state: &str, group: &str| {
        list(&plan["requests"])
            .iter()
            .find(|r| r["state"] == state && r["group"] == group && r["ground"] == "territory")
            .unwrap_or_else(|| panic!("no {group} of {state}: {plan}"))
    };
    let origin = request("SG", "subscriber");
    assert_eq!(origin["name"], "Singapore");
    assert!(list(&origin["items"]).iter().any(|i| i["addr"] == "3.1.64.90"));
    assert!(origin["sent_by"].as_str().unwrap().contains("DE"), "{}", origin["sent_by"]);
    assert!(list(&origin["items"][0]["uses"]).iter().all(|u| u["peer_port"] == 22 && u["port"].as_u64().unwrap() > 0));
    assert!(origin["items"][0]["uses"].as_array().is_some_and(|u| !u.is_empty()));
    assert_eq!(request("GB", "stepping-stone")["domestic"], false);
    let own = request("DE", "stepping-stone");
    assert_eq!(own["domestic"], true);
    assert!(own["first"].is_null() && list(&own["alternatives"]).is_empty());
    assert_eq!(request("DE", "victim-end")["domestic"], true);
}

#[test]
fn asserted_and_withheld_hops_say_why_they_are_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let plan = json(&["plan", &report(folder.path(), "fixtures/proxy-chain.pcap"), "--requesting", "DE"]);
    let why =
        |addr: &str| list(&plan["not_asked"]).iter().find(|n| n["addr"] == addr).map(|n| n["why"].as_str().unwrap().to_owned());
    assert!(why("8.8.4.4").unwrap().starts_with("asserted by a header only"));
    assert!(list(&plan["requests"]).iter().flat_map(|r| list(&r["items"])).all(|i| i["addr"] != "8.8.4.4"));
    let plan = json(&["plan", &report(folder.path(), "fixtures/syn-flood.pcap.zst"), "--requesting", "DE"]);
    assert!(
        list(&plan["not_asked"]).iter().any(|n| n["addr"].is_null() && n["why"].as_str().unwrap().starts_with("origin withheld"))
    );
    // The forged senders stand in no request.
    assert!(list(&plan["requests"]).iter().flat_map(|r| list(&r["items"])).all(|i| i["addr"] != "46.23.57.197"));
}

#[test]
fn letters_are_drafted_once_and_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/ssh-bruteforce-gre.pcap.gz");
    let letters = folder.path().join("letters");
    let dir = letters.display().to_string();
    let (code, _, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("drafted in"), "{err}");
    let read = || {
        let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&letters)
            .unwrap()
            .map(|e| e.unwrap())
            .map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let first = read();
    let names: Vec<&str> = first.iter().map(|(n, _)| n.as_str()).collect();
    for name in ["SG-notification.docx", "SG-notification.md", "SG-preservation-request.docx", "SG-preservation-request.md"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(names.iter().all(|n| !n.starts_with("DE-")), "no letter to oneself");
    for (name, bytes) in first.iter().filter(|(n, _)| n.ends_with(".md")) {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.contains("[[YOUR REFERENCE]]") && text.contains("Location is not responsibility"), "{name}");
        assert!(!text.contains("100 %") && !text.contains("100%"), "{name}");
    }
    let sg = first.iter().find(|(n, _)| n == "SG-preservation-request.md").unwrap();
    let text = std::str::from_utf8(&sg.1).unwrap();
    assert!(text.contains("3.1.64.90") && text.contains("p 0.97") && text.contains("2026-03-17T02:0"));
    assert!(first.iter().filter(|(n, _)| n.ends_with(".docx")).all(|(_, b)| b.starts_with(b"PK\x03\x04")));
    // Somebody filled in a blank: it is not written over.
    fs::write(letters.join("SG-notification.md"), "mine").unwrap();
    fs::write(letters.join("notes.md"), "not a letter").unwrap();
    fs::remove_file(letters.join("US-preservation-request.md")).unwrap();
    let (code, out, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir]);
    assert_eq!(code, 2, "{err}");
    assert!(out.is_empty() && err.contains("is there already"), "{err}");
    assert_eq!(fs::read_to_string(letters.join("SG-notification.md")).unwrap(), "mine");
    assert!(!letters.join("US-preservation-request.md").exists(), "all or none");
    fs::remove_file(letters.join("notes.md")).unwrap();
    let (code, _, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir, "--force"]);
    assert!(code == 0 && !err.contains("not of this plan"), "{err}");
    assert_eq!(read(), first, "the same bytes");
    // What an earlier report left there is told.
    fs::write(letters.join("KP-notification.md"), "old").unwrap();
    fs::write(letters.join("notes.md"), "not a letter").unwrap();
    let (code, _, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir, "--force"]);
    assert!(code == 0 && err.contains("not of this plan, perhaps of an earlier one: KP-notification.md\n"), "{err}");
}

/// Neither the report nor the plan nor anything in the way is lost to a letter, and no half of a set is written.
#[test]
fn letters_take_no_other_files_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/ssh-bruteforce-gre.pcap.gz");
    let letters = folder.path().join("letters");
    let dir = letters.display().to_string();
    let names = || fs::read_dir(&letters).unwrap().count();
    // The plan under the name of a letter.
    let out = letters.join("SG-notification.md").display().to_string();
    let (code, _, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir, "-o", &out]);
    assert!(code == 2 && err.contains("is a letter of this plan") && names() == 0, "{code} {err}");
    // The report under the name of a letter.
    let inside = letters.join("US-preservation-request.md");
    fs::copy(&path, &inside).unwrap();
    let inside_name = inside.display().to_string();
    let (code, _, err) = run(&["plan", &inside_name, "--requesting", "DE", "--letters", &dir, "--force"]);
    assert!(code == 2 && err.contains("is an input") && names() == 1, "{code} {err}");
    assert_eq!(fs::read(&inside).unwrap(), fs::read(&path).unwrap());
    fs::remove_file(&inside).unwrap();
    // A folder under the name of the last letter: nothing is written.
    fs::create_dir(letters.join("US-preservation-request.md")).unwrap();
    let (code, _, err) = run(&["plan", &path, "--requesting", "DE", "--letters", &dir, "--force"]);
    assert!(code == 2 && err.contains("no plain file") && names() == 1, "{code} {err}");
}

/// A traceroute of our own is no incident: nobody is written to.
#[test]
fn a_measurement_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/backbone-v4.pcapng");
    let letters = folder.path().join("letters");
    let (code, out, err) = run(&["plan", &path, "--requesting", "EE", "--letters", &letters.display().to_string()]);
    assert!(code == 0 && out.contains("Nothing to ask: the report has only a measurement"), "{out} {err}");
    assert_eq!(fs::read_dir(&letters).unwrap().count(), 0);
}

/// What a reader of the incident has to be able to act on.
#[test]
fn the_plan_of_the_incident_is_one_to_act_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/incident/");
    let letters = folder.path().join("letters");
    let dir = letters.display().to_string();
    let (code, text, err) = run(&["plan", &path, "--requesting", "EE", "--letters", &dir]);
    assert_eq!(code, 0, "{err}");
    let lines = text.lines().count();
    assert!(lines < 850, "{lines} lines are no checklist");
    let to_do = text.lines().position(|l| l.starts_with("Channels, state by state")).unwrap();
    assert!(to_do < 280, "{to_do} lines before the channels");
    assert_eq!(text.matches("[disclose, act]: UNTOC").count(), 5, "once per state");
    assert!(
        text.contains("the day of the incident") && text.contains("Sent by") && !text.contains("limit: 24 hours a day"),
        "{text}"
    );
    let plan = json(&["plan", &path, "--requesting", "EE"]);
    assert!(list(&plan["requests"]).iter().all(|r| r["group"] != "translation"), "the device is the victim's own");
    assert!(list(&plan["not_asked"]).iter().any(|n| n["why"].as_str().unwrap().starts_with("already known: e")));
    assert_eq!(plan["clocks"][0]["milliseconds"], 36_680);
    let read = |name: &str| fs::read_to_string(letters.join(name)).unwrap();
    let br = read("BR-preservation-request.md");
    for fact in [
        "port 52000",
        "port 51515",
        "2026-03-17T14:31:49.790Z",
        "differs by +36.680 s",
        "art. 29, through the contact point",
        "Police and Border",
    ] {
        assert!(br.contains(fact), "{fact}: {br}");
    }
    let nl = read("NL-preservation-request.md");
    assert!(nl.contains("inferred, and not seen in the traffic") && nl.contains("unknown time"), "{nl}");
    assert!(nl.contains("Material for the form") && !nl.contains("It was seen at"), "{nl}");
    assert!(nl.contains("3.68.40.12, port 443") && !nl.contains("to 10.20.0.80"), "{nl}");
    assert!(!nl.contains("port 51515"), "the mail went another way: {nl}");
    let book = &Law::shipped().unwrap().book;
    let names = Names::new(book.states().map(|(code, state)| (code, state.name.to_string())));
    for entry in fs::read_dir(&letters).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let faults = lint(&fs::read_to_string(&entry).unwrap().replace('\\', ""), &names);
        assert!(faults.is_empty(), "{}: {faults:?}", entry.display());
    }
    assert!(lint(&text, &names).is_empty(), "{:?}", lint(&text, &names));
    let notice = read("BR-notification.md");
    assert!(!notice.contains("Legal basis") && notice.contains("the diplomatic channel"), "{notice}");
    assert!(!notice.contains("UNTOC") && !notice.contains("ETS30"), "{notice}");
    for name in ["BR-preservation-request.md", "NL-preservation-request.md", "BR-notification.md"] {
        let all = read(name);
        let (sent, private) = all.split_once("## For the writer only").unwrap();
        assert!(
            !sent.contains(", grade ")
                && !sent.contains("(grade ")
                && !sent.contains("github:")
                && !sent.contains("practice add"),
            "{name}: {sent}"
        );
        assert!(private.contains("rule book of"), "{name}");
    }
}

/// The letters of a plan of the incident, in a folder.
fn letters_of(folder: &Path, asked: &[&str]) -> (String, Vec<String>, impl Fn(&str) -> String) {
    let path = report(folder, "fixtures/incident/");
    let letters = folder.join("letters");
    let mut args = vec!["plan", &path, "--letters", letters.to_str().unwrap()];
    args.extend(asked);
    let (code, text, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    let mut names: Vec<String> = fs::read_dir(&letters)
        .unwrap()
        .filter_map(|e| Some(e.unwrap().file_name().to_str()?.strip_suffix(".md")?.to_owned()))
        .collect();
    names.sort();
    (text, names, move |name| fs::read_to_string(letters.join(format!("{name}.md"))).unwrap())
}

#[test]
fn the_time_of_a_letter_spans_every_conversation_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, read) = letters_of(folder.path(), &["--requesting", "EE"]);
    let br = read("BR-preservation-request");
    let (_, rest) = br.split_once("Time of the records: ").unwrap();
    let (span, _) = rest.split_once(" (UTC); all times below lie within it.").unwrap();
    let (from, to) = span.split_once(" to ").unwrap();
    let listed = br.split_once("The conversations, by which").unwrap().1.split_once("Times are those of the records").unwrap().0;
    let all: Vec<&str> = listed.split([' ', '|']).filter(|w| w.starts_with("2026-03-17T")).collect();
    assert!(all.len() > 3, "{listed}");
    for moment in all {
        let moment = moment.trim_end_matches(';');
        assert!(from.trim_end_matches('Z') <= moment.trim_end_matches('Z'), "{moment} before {span}");
        assert!(moment.trim_end_matches('Z') <= to.trim_end_matches('Z'), "{moment} after {span}");
    }
}

/// A European Preservation Order goes to a provider, wherever its routers were placed: one letter for AS2914, whose routers
/// are in four states, one for the provider of the origin, and none that is for a provider in a state.
#[test]
fn an_order_is_for_one_provider_in_whatever_states() {
    let folder = tempfile::tempdir().unwrap();
    let (text, names, read) = letters_of(folder.path(), &["--requesting", "EE", "--on", "2026-11-22"]);
    let orders: Vec<&str> = names.iter().map(String::as_str).filter(|n| n.ends_with("-preservation-order")).collect();
    assert_eq!(orders, ["AS16509-preservation-order", "AS2914-preservation-order"], "{names:?}");
    assert!(names.contains(&"NL-preservation-request".to_owned()) && !names.iter().any(|n| n.contains("-AS")), "{names:?}");
    let (first, then) = text.split_once("\nRequests\n").unwrap();
    assert!(first.contains("2 orders to providers") && first.contains("Order 2. AS2914"), "{first}");
    assert!(!then.split("\nNotices\n").next().unwrap().contains("EEVID"), "no state is asked by it: {then}");
    let transit = read("AS2914-preservation-order");
    let (sent, _) = transit.split_once("## For the writer only").unwrap();
    for addr in ["129.250.6.147", "129.250.3.248", "129.250.7.12", "129.250.7.16"] {
        assert!(sent.contains(addr), "no {addr}: {sent}");
    }
    assert!(sent.contains("| Provider | AS2914 ") && sent.contains("EPOC-PR") && sent.contains("60 days"), "{sent}");
    assert!(sent.contains("only if the provider offers services in the Union"), "{sent}");
    assert!(sent.contains("AND IN WHICH MEMBER STATE]]") && !sent.contains("of the provider in DE"), "{sent}");
    assert!(!sent.contains("3.68.40.25") || !sent.contains("victim's end"), "{sent}");
    let origin = read("AS16509-preservation-order");
    assert!(origin.contains("18.228.44.19") && !origin.contains("| 3.68.40.25 |") && !origin.contains("| 3.68.40.12 |"));
    let nl = read("NL-preservation-request");
    assert!(nl.contains("| L | the judicial authority that validated it |"), "{nl}");
    let json =
        json(&["plan", &folder.path().join("report.json").display().to_string(), "--requesting", "EE", "--on", "2026-11-22"]);
    let schema: Value = serde_json::from_slice(&fs::read(repo("schema/plan-1.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let complaints: Vec<String> = schema.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(list(&json["orders"]).len(), 2);
    let book = &Law::shipped().unwrap().book;
    let states = Names::new(book.states().map(|(code, state)| (code, state.name.to_string())));
    for name in names.iter().map(String::as_str) {
        let faults = lint(&read(name).replace('\\', ""), &states);
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
    assert!(lint(&text, &states).is_empty(), "{:?}", lint(&text, &states));
}

/// What a request under article 29 announces is mutual assistance under the treaty that governs; article 30 is no request.
#[test]
fn a_request_to_preserve_announces_mutual_assistance() {
    let folder = tempfile::tempdir().unwrap();
    let (text, names, read) = letters_of(folder.path(), &["--requesting", "EE"]);
    for name in names.iter().filter(|n| n.ends_with("-preservation-request")) {
        assert!(!read(name).contains("art. 30), by"), "{name}");
    }
    let f = |name: &str| {
        let letter = read(name);
        letter.lines().find(|l| l.starts_with("- (f) ")).unwrap_or_else(|| panic!("{name}: {letter}")).to_owned()
    };
    let (us, gb, br) = (f("US-preservation-request"), f("GB-preservation-request"), f("BR-preservation-request"));
    assert!(us.contains("(USMLAT), read with art. 31 of the ") && us.contains("[[TITLE AND DATE OF THE TREATY]]"), "{us}");
    assert!(gb.contains("(ETS30), arts 1-20, read with art. 31 of the "), "{gb}");
    assert!(br.contains("(ETS185), arts 27, 31"), "{br}");
    for line in [us, gb, br] {
        assert!(line.contains("request for mutual assistance") && !line.contains("art. 30"), "{line}");
    }
    let gb = text.split("[ ] ").find(|b| b.contains("(GB): traffic data")).unwrap();
    let thens: Vec<&str> = gb.lines().map(str::trim).filter(|l| l.starts_with("Then ")).collect();
    assert!(thens.len() == 2 && thens[0].contains("disclosure of the path") && thens[1].contains("MLA: ETS30"), "{gb}");
}

/// Puerto Rico is of the United States: neither asks the other by treaty, and neither is written to.
#[test]
fn within_one_state_no_letter_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (text, names, read) = letters_of(folder.path(), &["--requesting", "PR"]);
    assert!(names.iter().any(|n| n.starts_with("NL")) && !names.iter().any(|n| n.starts_with("US")), "{names:?}");
    assert!(text.contains("within one state, US and PR"), "{text}");
    // The authorities of the United States act there.
    let nl = read("NL-preservation-request");
    assert!(nl.contains("FBI / DOJ CCIPS") && !nl.contains("whether by way of"), "{nl}");
    // By whose hands Gibraltar asks others, nobody has told.
    let folder = tempfile::tempdir().unwrap();
    let (text, names, _) = letters_of(folder.path(), &["--requesting", "GI"]);
    assert!(!names.iter().any(|n| n.starts_with("GB")), "{names:?}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("whether by way of GB is not in the tables"), "{text}");
}

/// A folder of the user's own is named, and a report that was made without it is told of.
#[test]
fn an_overlay_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/proxy-chain.pcap");
    let law = folder.path().join("mine");
    fs::create_dir(&law).unwrap();
    let states = fs::read_to_string(repo("data/law/states.csv")).unwrap();
    let rows: Vec<&str> = states.lines().take(2).collect();
    fs::write(law.join("states.csv"), format!("{}\n", rows.join("\n"))).unwrap();
    let law = law.display().to_string();
    let plan = json(&["plan", &path, "--requesting", "EE", "--law", &law]);
    assert!(plan["law_overlay"].as_str().unwrap().contains("mine (1 file"), "{}", plan["law_overlay"]);
    assert!(plan["warnings"][0].as_str().unwrap().contains("this plan with the folder"), "{}", plan["warnings"]);
    assert!(run(&["plan", &path, "--requesting", "EE", "--law", &law]).1.contains("lies a folder of your own"));
    let plain = json(&["plan", &path, "--requesting", "EE"]);
    assert!(plain["law_overlay"].is_null() && plain["rule_book"]["sha256"].as_str().unwrap().len() == 64);
}

#[test]
fn what_is_no_report_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(report(folder.path(), "fixtures/proxy-chain.pcap")).unwrap();
    let path = folder.path().join("x.json");
    let name = path.display().to_string();
    let lines = run(&["trace", "--format", "jsonl", "fixtures/proxy-chain.pcap"]).1.into_bytes();
    let inspect = run(&["inspect", "--format", "json", "fixtures/proxy-chain.pcap"]).1.into_bytes();
    let mut deep = vec![b'['; 100_000];
    deep.push(b'x');
    let cases: [(&[u8], &str); 8] = [
        (b"", "is empty"),
        (&whole[..whole.len() / 2], "ends in the middle"),
        (&lines, "is JSON Lines"),
        (&inspect, "is no rutter.report/1"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "is no JSON"),
        (b"<html>", "is no JSON"),
        (b"{\"schema\":\"\\u001b[2J\"}", "is no rutter.report/1"),
        (&deep, "is no"),
    ];
    for (bytes, what) in cases {
        fs::write(&path, bytes).unwrap();
        let (code, out, err) = run(&["plan", &name, "--requesting", "FR"]);
        assert_eq!(code, 1, "{what}: {err}");
        assert!(out.is_empty() && err.contains(what) && err.contains(&name), "{what}: {err}");
        assert!(err.lines().count() == 1 && !err.contains('\u{1b}'), "{err}");
    }
    // Parts that do not keep the contract.
    let sound: Value = serde_json::from_slice(&whole).unwrap();
    let changes: [&dyn Fn(&mut Value); 9] = [
        &|r| r["paths"][0]["hops"][3]["kind"] = Value::from("gap"),
        &|r| r["paths"][0]["hops"][3]["addr"] = Value::from("0.0.0.0"),
        &|r| r["paths"][1]["id"] = Value::from("p1"),
        &|r| r["paths"][0]["hops"][3]["touches"][0]["p"] = Value::from(7.5),
        &|r| r["paths"][0]["hops"][3]["touches"][0]["state"] = Value::from("../../etc"),
        &|r| r["paths"][0]["hops"][3]["addr"] = Value::from("x; rm"),
        &|r| r["paths"][0]["id"] = Value::from("p1\n"),
        &|r| r["inputs"][0]["sha256"] = Value::from("../x"),
        &|r| r["evidence"] = Value::from(Vec::<Value>::new()),
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut bad = sound.clone();
        change(&mut bad);
        fs::write(&path, bad.to_string()).unwrap();
        let (code, out, err) = run(&["plan", &name, "--requesting", "FR"]);
        assert!(code == 1 && out.is_empty() && err.contains("does not keep to"), "{i}: {code} {err}");
    }
    assert_eq!(run(&["plan", &name.replace("x.json", "none.json"), "--requesting", "FR"]).0, 1);
}

#[test]
fn usage_errors_name_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/proxy-chain.pcap");
    for (args, what) in [
        (vec!["plan", &path], "--requesting"),
        (vec!["plan", &path, "--requesting", "QQ"], "no state or territory"),
        (vec!["plan", &path, "--requesting", "EU"], "no state or territory"),
        (vec!["plan", &path, "--requesting", "XZ"], "no state or territory"),
        (vec!["plan", &path, "--requesting", "AQ"], "no state or territory"),
        (vec!["plan", &path, "--requesting", "FR", "-o", &path], "is an input"),
        (vec!["plan", &path, "--requesting", "FR", "-o", "x.html"], "names no format"),
        (vec!["plan", &path, "--requesting", "FR", "--force"], "--letters"),
    ] {
        let (code, _, err) = run(&args);
        assert!(code == 2 && err.contains(what), "{args:?}: {code} {err}");
    }
    let mut dayless: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    dayless["question"]["on"] = Value::Null;
    fs::write(&path, dayless.to_string()).unwrap();
    let (code, _, err) = run(&["plan", &path, "--requesting", "FR"]);
    assert!(code == 2 && err.contains("--on"), "{err}");
    assert_eq!(run(&["plan", &path, "--requesting", "UK", "--on", "2026-04-01"]).0, 0);
}

/// Names and evidence come from whoever sent the traffic.
#[test]
fn hostile_strings_reach_no_output() {
    const EVIL: &str = "\u{1b}[2J\u{9b}31m<img src=x>|`x`[a](http://evil.example)\u{202e}\r\n# H [[YOUR REFERENCE]]";
    let folder = tempfile::tempdir().unwrap();
    let path = report(folder.path(), "fixtures/ssh-bruteforce-gre.pcap.gz");
    let mut bad: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for hop in bad["paths"][0]["hops"].as_array_mut().unwrap() {
        hop["as_name"] = Value::from(EVIL);
    }
    for e in bad["evidence"].as_array_mut().unwrap() {
        e["what"] = Value::from(EVIL);
    }
    for key in ["reproduce", "path"] {
        if key == "path" {
            bad["inputs"][0]["path"] = Value::from(format!("a/../{EVIL}"));
        } else {
            bad[key] = Value::from(EVIL);
        }
    }
    let letters = folder.path().join("letters").display().to_string();
    let mut outputs = Vec::new();
    for format in ["text", "json", "md"] {
        let mut child = rutter()
            .args(["plan", "-", "--requesting", "FR", "--format", format, "--letters", &letters, "--force"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bad.to_string().as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(0));
        outputs.push((format.to_owned(), String::from_utf8(out.stdout).unwrap()));
    }
    for entry in fs::read_dir(&letters).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        // The parts of a DOCX are stored as they are.
        outputs.push((name, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned()));
    }
    assert!(outputs.len() > 8);
    for (name, out) in outputs {
        let markup = name.ends_with("md") || name.ends_with("docx");
        assert!(!out.contains("\u{1b}[2J") && !out.contains('\u{9b}') && !out.contains('\u{202e}'), "{name}");
        assert!(!markup || !out.replace("\\<", "").contains("<img"), "{name}: {out}");
        assert!(!name.ends_with("md") || (!out.replace("\\]", "").contains("](http") && !out.contains("\n# H")), "{name}");
    }
}
