//! `rutter trace` and the law of the path: who asks, rows of the user's own, a ledger of notices.

use std::fs;

use serde_json::Value;

use super::support::{json, run, strings};

const INCIDENT: &str = "fixtures/incident/";

/// The path of the incident that crosses states.
fn path(report: &Value) -> &Value {
    report["paths"].as_array().unwrap().iter().max_by_key(|p| p["states"].as_array().unwrap().len()).unwrap()
}

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().filter_map(|v| v[key].as_str()).collect()
}

#[test]
fn requests_come_in_the_order_in_which_evidence_is_lost() {
    let report = json(&["trace", INCIDENT, "--requesting", "EE"]);
    assert_eq!(report["question"]["requesting"], "EE");
    let law = &path(&report)["law"];
    assert_eq!((&law["requesting"], &law["requesting_given"]), (&Value::from("EE"), &Value::from(true)));
    let requests = law["requests"].as_array().unwrap();
    // What is covered in part only may be gone any day.
    let is_whole = |r: &Value| matches!(r["retention"]["asked"].as_str(), Some("connection"));
    let lost: Vec<Option<&str>> = requests.iter().map(|r| r["retention"]["lost_from"].as_str().filter(|_| is_whole(r))).collect();
    assert!(requests.len() > 3 && lost.is_sorted(), "{lost:?}");
    // Flow records of a provider on the way have no last day anywhere.
    for request in requests {
        let clocks = [&[request["retention"].clone()], request["later"].as_array().unwrap().as_slice()].concat();
        assert!(clocks.iter().all(|c| c["asked"] != "flow" || c["lost_from"].is_null()), "{clocks:?}");
        assert!(clocks.iter().all(|c| c["lost_from"].is_null() || c["kind"] == "duty"), "{clocks:?}");
    }
    let british = requests.iter().find(|r| r["to"] == "GB").unwrap();
    assert_eq!(
        (&british["retention"]["kind"], &british["retention"]["at_most"], &british["retention"]["months"]),
        (&Value::from("maximum"), &Value::from(12), &Value::Null)
    );
    // Between two members the order of the Union stands before the treaty.
    let german = requests.iter().find(|r| r["to"] == "DE").unwrap();
    let kinds = texts(&german["channels"], "kind");
    let at = |kind: &str| kinds.iter().position(|k| *k == kind).unwrap();
    assert!(at("EIO") < at("24/7 network"), "{kinds:?}");
    // Nobody was named, and the target has no place.
    let nobody = json(&["trace", INCIDENT]);
    assert_eq!(
        (&path(&nobody)["law"]["requesting"], &path(&nobody)["law"]["requests"]),
        (&Value::Null, &Value::from(Vec::<Value>::new()))
    );
    assert!(run(&["trace", INCIDENT]).1.contains("--requesting STATE"));
    // Nobody was named: the state where the target stands asks, and that is said.
    let assumed = json(&["trace", "fixtures/ssh-bruteforce-gre.pcap.gz"]);
    let law = &path(&assumed)["law"];
    assert_eq!(law["requesting_given"], false);
    let own = law["requests"].as_array().unwrap().iter().find(|r| r["to"] == law["requesting"]).unwrap();
    assert!(own["channels"].as_array().unwrap().is_empty() && own["note"].as_str().unwrap().contains("its own authorities"));
}

#[test]
fn the_day_decides_what_covers_the_path() {
    let of = |on: &str| {
        let report = json(&["trace", INCIDENT, "--on", on]);
        let coverage = path(&report)["law"]["coverage"].clone();
        let row = coverage["instruments"].as_array().unwrap().iter().find(|i| i["instrument"] == "ETS185").cloned();
        row.map(|row| row["expected"].as_f64().unwrap())
    };
    assert!(of("2026-11-22").unwrap() > 5.0);
    // Brazil is bound since 2023-03-01.
    assert!(of("2023-03-01").unwrap() > of("2023-02-28").unwrap());
    assert!(of("2001-01-01").is_none_or(|expected| expected == 0.0));
}

#[test]
fn a_notice_engages_the_norm_for_the_address_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl").display().to_string();
    let states = |arguments: &[&str]| {
        let report = json(&[&["trace", INCIDENT], arguments].concat());
        let hops = path(&report)["hops"].as_array().unwrap().clone();
        let touches = hops.iter().flat_map(|hop| {
            let addr = hop["addr"].as_str().unwrap_or_default().to_owned();
            hop["touches"].as_array().unwrap().iter().map(move |touch| (addr.clone(), touch.clone())).collect::<Vec<_>>()
        });
        let norms = touches.flat_map(|(addr, touch)| {
            let norms = touch["norms"].as_array().unwrap().clone();
            norms.into_iter().filter(|norm| norm["norm"] == "13(c)").map(move |norm| (addr.clone(), norm["state"].clone()))
        });
        norms.map(|(addr, state)| (addr, state.as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let before = states(&[]);
    let named = before.iter().find(|(addr, _)| addr == "18.228.44.19").expect("the client has a place");
    assert_eq!(named.1, "not engaged: no notice recorded");
    let add = ["practice", "add", &ledger, "--case", "c", "--state", "BR", "--by", "EE", "--step", "notified"];
    let (code, _, err) =
        run(&[&add[..], &["--on", "2026-03-17", "--channel", "24/7 network", "--address", "18.228.44.19"]].concat());
    assert_eq!(code, 0, "{err}");
    for (addr, state) in states(&["--practice", &ledger]) {
        let told = state.starts_with("notified 2026-03-17");
        assert_eq!(told, addr == "18.228.44.19", "{addr}: {state}");
    }
    let (code, _, err) = run(&["trace", INCIDENT, "--practice", "no-such-ledger"]);
    assert_eq!(code, 1, "{err}");
}

/// A traceroute that was printed without a time, in a file of its own.
fn traceroute(hops: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let last = hops.last().unwrap();
    let mut text = format!("traceroute to {last} ({last}), 30 hops max, 60 byte packets\n");
    for (n, hop) in hops.iter().enumerate() {
        text.push_str(&format!(" {}  {hop} ({hop})  {}.4 ms  {}.5 ms  {}.6 ms\n", n + 1, n * 50, n * 50, n * 50));
    }
    let file = folder.path().join("trace.txt");
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    (folder, file)
}

/// An address in each of GB, PR, JP, TW.
const GB: &str = "81.2.69.142";
const PR: &str = "66.50.10.1";
const JP: &str = "129.250.7.16";
const TW: &str = "168.95.1.1";

/// Nobody knows when it was seen, so nobody can say when it is lost.
#[test]
fn evidence_without_a_time_has_no_last_day() {
    let (_folder, file) = traceroute(&[GB, PR]);
    let report = json(&["trace", &file, "--requesting", "DE"]);
    let requests = path(&report)["law"]["requests"].as_array().unwrap().clone();
    let british = requests.iter().find(|r| r["to"] == "GB").unwrap();
    assert!(requests.iter().all(|r| r["retention"]["lost_from"].is_null()), "{requests:?}");
    assert_eq!((&british["retention"]["months"], &british["retention"]["at_most"]), (&Value::Null, &Value::from(12)));
    let months: Vec<Option<u64>> = requests.iter().map(|r| r["retention"]["months"].as_u64()).collect();
    assert!(months.is_sorted(), "first what is lost first: {months:?}");
    for format in ["text", "html"] {
        let (_, out, err) = run(&["trace", &file, "--requesting", "DE", "--format", format]);
        let plain = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains("at most 12 months, and no duty of every provider: may be gone any day"), "{format}: {err}");
        assert!(!plain.contains("may be gone from"), "{format}");
    }
}

/// Coverage and the list of channels say the same of a territory of the United States.
#[test]
fn an_agreement_of_the_united_states_is_not_known_to_reach_its_territories() {
    let (_folder, file) = traceroute(&[PR, GB]);
    let report = json(&["trace", &file, "--requesting", "PR"]);
    let coverage = &path(&report)["law"]["coverage"];
    assert_eq!(strings(&coverage["states"]), ["PR", "GB"], "the tables place them there");
    for i in coverage["instruments"].as_array().unwrap() {
        let bundle = ["CLOUDACT", "USMLAT"].iter().any(|id| i["instrument"] == *id);
        let porto_rico = i["cells"].as_array().unwrap().iter().find(|c| c["state"] == "PR").unwrap();
        assert!(!bundle || (porto_rico["status"] == "unknown" && i["worst"] != 2), "{i}");
    }
    let channel = json(&["law", "channel", "PR", "GB", "--on", "2026-01-01"]);
    let agreed = channel["channels"].as_array().unwrap().iter().find(|c| c["instrument"] == "CLOUDACT").cloned();
    assert!(agreed.is_none_or(|c| c["usable"] == "unknown"));
}

#[test]
fn what_is_left_where_the_net_tears_is_there() {
    let (_folder, file) = traceroute(&[JP, TW]);
    let report = json(&["trace", &file]);
    let gaps = path(&report)["law"]["coverage"]["gaps"].clone();
    let left = strings(&gaps.as_array().unwrap().iter().find(|g| g["from"] == "JP" && g["to"] == "TW").unwrap()["left"]);
    assert!(left.iter().any(|l| l.starts_with("letter rogatory")), "{left:?}");
    assert!(!left.iter().any(|l| l.starts_with("UN points of contact")), "Taiwan is no UN member: {left:?}");
    let (_, out, _) = run(&["trace", &file]);
    let gap = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let gap = gap.split("JP-TW:").nth(1).unwrap().chars().take(160).collect::<String>();
    assert!(gap.contains("left: letter rogatory") && !gap.contains("UN points"), "{gap}");
}

/// An agreement between two states is no law of a hop unless the other of the two asks.
#[test]
fn bundles_speak_to_a_hop_only_if_their_other_end_asks() {
    let (_folder, file) = traceroute(&[JP, GB]);
    let listed = |asking: &[&str]| {
        let report = json(&[&["trace", &file], asking].concat());
        let provisions = path(&report)["law"]["provisions"].clone();
        let british: Vec<Value> = provisions.as_array().unwrap().iter().filter(|r| r["state"] == "GB").cloned().collect();
        assert!(!british.is_empty());
        british.iter().flat_map(|r| r["provisions"].as_array().unwrap().clone()).any(|p| p["instrument"] == "CLOUDACT")
    };
    // The last hop is the destination, to which the agreement does not speak; a hop on the way it does.
    let (_folder2, way) = traceroute(&[GB, JP]);
    let on_the_way = |asking: &str| {
        let report = json(&["trace", &way, "--requesting", asking]);
        let provisions = path(&report)["law"]["provisions"].as_array().unwrap().clone();
        let of = provisions.iter().filter(|r| r["state"] == "GB").flat_map(|r| r["provisions"].as_array().unwrap().clone());
        of.collect::<Vec<_>>().iter().any(|p| p["instrument"] == "CLOUDACT")
    };
    assert!(on_the_way("US") && !on_the_way("FR"));
    assert!(!listed(&[]));
}

/// The text that binds them all binds few cases, and says so wherever it is named.
#[test]
fn the_condition_of_a_wide_text_stands_beside_it() {
    let (_folder, file) = traceroute(&[JP, GB]);
    let condition = "only for serious crime that is transnational and involves an organised criminal group";
    let report = json(&["trace", &file]);
    let coverage = &path(&report)["law"]["coverage"];
    let row = coverage["instruments"].as_array().unwrap().iter().find(|i| i["instrument"] == "UNTOC").unwrap();
    assert_eq!(row["condition"], condition);
    assert!(!coverage["words"].as_str().unwrap().contains("UNTOC (") || coverage["words"].as_str().unwrap().contains(condition));
    let (_, page, _) = run(&["trace", &file, "--format", "html"]);
    assert!(page.contains(&format!("UNTOC ({condition})")), "the smallest sets");
    assert!(page.contains(&format!("UNTOC<br><span class=\"dim\">{condition}")), "the matrix");
}

#[test]
fn rows_of_the_users_own_count_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().display().to_string();
    fs::create_dir(folder.path().join("instruments")).unwrap();
    let rows = "state,status,signed,ratified,in_force,left,suspended,not_before,as_of,grade,confidence,note,source,lowered\n\
                BR,non-party,,,,,,,2026-11-01,confirmed,,an example,own list,\n";
    fs::write(folder.path().join("instruments/ETS185.csv"), rows).unwrap();
    let cell = |arguments: &[&str]| {
        let report = json(&[&["trace", INCIDENT], arguments].concat());
        let instruments = path(&report)["law"]["coverage"]["instruments"].as_array().unwrap().clone();
        let row = instruments.into_iter().find(|i| i["instrument"] == "ETS185").unwrap();
        let cell = row["cells"].as_array().unwrap().iter().find(|c| c["state"] == "BR").unwrap()["status"].clone();
        (cell, report["question"]["law_overlay"].clone(), report["datasets"].clone())
    };
    assert_eq!(cell(&[]).0, "party");
    let (status, named, datasets) = cell(&["--law", &own]);
    assert_eq!(status, "not-party");
    assert!(named.as_str().unwrap().starts_with(&own), "{named}");
    assert!(texts(&datasets, "name").iter().any(|name| name.starts_with("law-overlay ")), "{datasets}");
    // A bad row ends the run before anything is read, with its place.
    fs::write(folder.path().join("instruments/ETS185.csv"), rows.replace("own list", "")).unwrap();
    let (code, out, err) = run(&["trace", INCIDENT, "--law", &own]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("line 2") && err.contains("source"), "{err}");
}

#[test]
fn maps_are_pictures_of_an_instrument_or_a_line() {
    for (what, words) in [("ETS185", "Convention on Cybercrime"), ("f1", "Where states stand on F1")] {
        let (code, svg, err) = run(&["law", "map", what, "--on", "2026-11-22"]);
        assert_eq!(code, 0, "{err}");
        assert!(svg.starts_with("<svg ") && svg.contains(words) && svg.contains("2026-11-22"), "{what}");
        assert_eq!(svg, run(&["law", "map", what, "--on", "2026-11-22"]).1, "the same bytes");
    }
    // A day earlier the colour of Brazil is another one.
    assert_ne!(
        run(&["law", "map", "ETS185", "--on", "2023-02-28"]).1,
        run(&["law", "map", "ETS185", "--on", "2023-03-01"]).1.replace("2023-03-01", "2023-02-28")
    );
    // Crimea lies within another outline; what the rule book says of it is drawn there and named.
    let (_, svg, _) = run(&["law", "map", "ETS185", "--on", "2026-11-22"]);
    assert!(svg.contains("<title>Crimea and Sevastopol (UA-43): unknown</title>"));
    assert!(svg.matches("Crimea and Sevastopol (UA-43): unknown").count() > 1, "and in the words");
    assert!(run(&["law", "map", "F1"]).1.contains("Crimea and Sevastopol (UA-43): no data"));
    // Every agreement of a bundle is with one state, which is not unknown for that.
    for bundle in ["USMLAT", "CLOUDACT"] {
        let (_, svg, _) = run(&["law", "map", bundle, "--on", "2026-11-22"]);
        assert!(svg.contains("(US): home of the bundle"), "{bundle}");
        assert!(!svg.contains("(US): unknown") && svg.contains("every agreement is with it (1)"), "{bundle}");
    }
    for (arguments, words) in [(&["law", "map", "ETS18"][..], "ETS185"), (&["law", "map", "F1", "-o", "x.png"], "SVG")] {
        let (code, _, err) = run(arguments);
        assert!(code == 2 && err.contains(words), "{code} {err}");
    }
}
