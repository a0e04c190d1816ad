//! `rutter lookup` as a user meets it.

use std::io::Write;
use std::net::Ipv4Addr;
use std::process::Stdio;

use serde_json::Value;

use super::support::{json, repo, run, rutter};

/// A router name decides. The rules are regular expressions: if this program was linked without a part of the engine
/// that one of them needs, the name says nothing, the registration (US) comes first, and there is a complaint.
#[test]
fn router_names_are_read_by_the_program_as_it_is_built() {
    let name = "ae-6.r32.tokyjp05.jp.bb.gin.ntt.net";
    let (code, out, err) = run(&["lookup", "--role", "transit", "--name", name, "129.250.5.109", "--format", "jsonl"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let row: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(row["locus"][0]["state"], "JP", "{out}");
    assert!(row["locus"][0]["p"].as_f64().unwrap() > 0.8, "{out}");
    assert!(row["sources"].to_string().contains("router-hostname-rules"), "{out}");
    let (_, out, _) = run(&["lookup", "--role", "transit", "129.250.5.109", "--format", "jsonl"]);
    let row: Value = serde_json::from_str(&out).unwrap();
    assert!(
        row["locus"][0]["state"] != "JP" || row["locus"][0]["p"].as_f64().unwrap() < 0.8,
        "the name made the difference: {out}"
    );
}

#[test]
fn a_thousand_lines_are_answered_in_their_order() {
    let addresses: Vec<String> =
        (0..1000_u32).map(|n| Ipv4Addr::from(0x0100_0000 + n.wrapping_mul(2_654_435_761) % 0xdc00_0000).to_string()).collect();
    let mut child = rutter()
        .args(["lookup", "--format", "jsonl", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text: String = addresses
        .iter()
        .enumerate()
        .map(|(i, a)| if i % 3 == 0 { format!("{a},r{i}.example\r\n") } else { format!("{a}\n") })
        .collect();
    // Answers come while lines still go in: neither side may wait for the other.
    let writing = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert_eq!((out.status.code(), out.stderr.as_slice()), (Some(0), &b""[..]));
    let rows: Vec<Value> = String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.iter().map(|r| r["addr"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), addresses);
    assert_eq!((rows[3]["name"].as_str(), rows[4]["name"].as_str()), (Some("r3.example"), None));
    assert!(rows.iter().filter(|r| !r["locus"].as_array().unwrap().is_empty()).count() > 300, "hardly anything is placed");
}

#[test]
fn the_suffix_picks_the_format_of_look_ups_and_inspections() {
    let folder = tempfile::tempdir().unwrap();
    for (command, what) in [("lookup", "8.8.8.8"), ("inspect", "fixtures/lab/tr4-udp.pcap")] {
        for (suffix, begins) in
            [("txt", what), ("json", if command == "lookup" { "[\n" } else { "{\n" }), ("jsonl", "{\"schema\"")]
        {
            let file = folder.path().join(format!("{command}.{suffix}"));
            let (code, out, err) = run(&[command, what, "-o", &file.display().to_string()]);
            assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""), "{command} {suffix}");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with(begins), "{command} {suffix}: {text}");
        }
        let file = folder.path().join("x.json").display().to_string();
        assert_eq!(run(&[command, what, "--format", "text", "-o", &file]).0, 0);
        assert!(std::fs::read_to_string(&file).unwrap().starts_with(what), "--format is stronger than the suffix");
        for bad in ["x.html", "x.docx"] {
            let (code, _, err) = run(&[command, what, "-o", bad]);
            assert!(code == 2 && err.contains(bad) && err.lines().count() == 1, "{command} {bad}: {err}");
        }
        assert!(!repo("x.html").exists());
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 7, "no half-written file stays behind");
}

#[test]
fn what_is_no_address_is_said_and_can_be_made_fatal() {
    for (strict, code) in [(&[][..], 3), (&["--strict"], 1)] {
        let args: Vec<&str> = ["lookup", "8.8.8.8", "fra1"].iter().chain(strict).copied().collect();
        let (got, out, err) = run(&args);
        assert_eq!(got, code);
        assert!(out.contains("AS15169") && err.contains("\"fra1\" is no IP address"), "{out}{err}");
    }
    assert_eq!(run(&["lookup", "--strict", "8.8.8.8"]).0, 0);
    assert_eq!(run(&["lookup", "fra1"]).0, 2);
}

/// CC BY 4.0 asks for it wherever places are shown (NOTICE).
#[test]
fn places_carry_the_attribution() {
    const WORDS: &str = "IP Geolocation by DB-IP";
    let (_, out, _) = run(&["lookup", "8.8.8.8", "62.115.187.118"]);
    assert_eq!(out.lines().last(), Some("IP Geolocation by DB-IP, https://db-ip.com"));
    assert_eq!(out.matches(WORDS).count(), 1);
    for format in ["text", "json", "jsonl", "html"] {
        let (_, out, _) = run(&["trace", "--format", format, "fixtures/backbone-v4.pcapng"]);
        assert!(out.contains(WORDS) && out.contains("https://db-ip.com"), "{format}");
    }
}

#[test]
fn anycast_is_said_and_a_users_list_stands_in_the_data_sets() {
    let (_, out, _) = run(&["lookup", "8.8.8.8"]);
    assert!(out.contains("  anycast        yes") && out.contains("anycast: no single state"), "{out}");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("mine.csv");
    std::fs::write(&list, "129.250.0.0/16\n").unwrap();
    let list = list.display().to_string();
    let report = json(&["trace", "--anycast", &list, "fixtures/backbone-v4.pcapng"]);
    let own = report["datasets"].as_array().unwrap().iter().find(|d| d["name"] == list.as_str()).unwrap();
    assert_eq!(own["sha256"], "244d9f13f4894681673fe9292a7d419582099803aeadcabc7bdab544647af3e7");
    assert_eq!((own["date"].as_str(), own["licence"].as_str()), (Some(""), Some("the user's own")));
    let hop = report["paths"][0]["hops"].as_array().unwrap().iter().find(|h| h["addr"] == "129.250.5.109").unwrap();
    assert!(hop["anycast"] == true && hop["sources"].to_string().contains("mine.csv"), "{hop}");
    let text = run(&["trace", "--anycast", &list, "fixtures/backbone-v4.pcapng"]).1;
    assert!(text.contains("mine.csv (no date)"), "{text}");
    // The overview of the traffic uses the same tables.
    let states = |r: &Value| r["traffic"].as_array().unwrap().iter().map(|t| t["state"].to_string()).collect::<Vec<_>>();
    std::fs::write(&list, "3.64.0.0/12\n13.112.0.0/14\n").unwrap();
    let report = json(&["trace", "--anycast", &list, "fixtures/backbone-v4.pcapng"]);
    let before = json(&["trace", "fixtures/backbone-v4.pcapng"]);
    assert!(
        states(&before).contains(&"\"JP\"".to_owned()) && !states(&report).contains(&"\"JP\"".to_owned()),
        "{}",
        report["traffic"]
    );
}
