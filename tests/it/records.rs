//! Inputs that hold no packets, through the program: every format's fixture, what the options change, and hostile inputs.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{json, repo, run, rutter};

/// File, word of its format, and counts: records, rejected, flows, chains, alerts, translations, names, Received lines, routes,
/// indicators, traceroutes. Counted in the files by hand; those of the binary files stand in the programs that write them.
const COUNTS: [(&str, &str, [u64; 11]); 38] = [
    ("alb.log", "alb", [7, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("apache-vhost.log", "web", [9, 2, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("asa.log", "syslog", [13, 1, 7, 0, 0, 5, 0, 0, 0, 0, 0]),
    ("auth.log", "syslog", [22, 4, 14, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("aws-vpc.log", "aws-vpc", [8, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("azure-flow.json", "azure-flow", [6, 3, 5, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("blocklist.txt", "list", [8, 2, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
    ("caddy.json", "caddy", [7, 2, 7, 4, 0, 0, 0, 0, 0, 0, 0]),
    ("cef.log", "cef", [5, 2, 4, 1, 2, 1, 0, 0, 0, 0, 0]),
    ("cloudfront.log", "w3c", [5, 2, 5, 2, 0, 0, 0, 0, 0, 0, 0]),
    ("eve.json", "eve", [13, 1, 9, 2, 2, 0, 2, 1, 0, 0, 0]),
    ("filterlog.log", "pf", [9, 2, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("fortinet.log", "fortinet", [6, 2, 5, 0, 1, 2, 0, 0, 0, 0, 0]),
    ("gcp-flow.json", "gcp-flow", [6, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("haproxy.log", "haproxy", [9, 2, 9, 2, 0, 0, 0, 0, 0, 0, 0]),
    ("iis.log", "w3c", [6, 2, 5, 2, 0, 0, 0, 0, 0, 0, 0]),
    ("ipfix.bin", "ipfix", [3, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0]),
    ("leef.log", "cef", [4, 2, 3, 0, 1, 1, 0, 0, 0, 0, 0]),
    ("mail.eml", "eml", [1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]),
    ("mail.mbox", "mbox", [2, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]),
    ("netfilter.log", "syslog", [13, 1, 9, 0, 0, 2, 0, 0, 0, 0, 0]),
    ("netflow5.bin", "netflow5", [5, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("netflow9.bin", "netflow9", [5, 1, 4, 0, 0, 1, 0, 0, 0, 0, 0]),
    ("nginx.log", "web", [14, 2, 9, 3, 0, 0, 0, 0, 0, 0, 0]),
    ("openvpn.log", "openvpn", [14, 2, 5, 0, 0, 2, 0, 0, 0, 0, 0]),
    ("paloalto.log", "paloalto", [9, 2, 8, 1, 2, 3, 0, 0, 0, 0, 0]),
    ("rib.mrt", "mrt", [5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0]),
    ("session.bmp", "bmp", [7, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0]),
    ("sflow.bin", "sflow", [4, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("stix.json", "stix", [6, 1, 0, 0, 0, 0, 0, 0, 0, 6, 0]),
    ("syslog5424.log", "syslog", [7, 2, 6, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("updates.mrt", "mrt", [7, 1, 0, 0, 0, 0, 0, 0, 6, 0, 0]),
    ("windows-firewall.log", "windows-firewall", [6, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("wireguard.log", "syslog", [11, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("zeek-conn.log", "zeek", [6, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("zeek-dns.json", "zeek-json", [6, 1, 6, 0, 0, 0, 5, 0, 0, 0, 0]),
    ("zeek-http.log", "zeek", [4, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0]),
    ("zeek-smtp.log", "zeek", [2, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0]),
];

/// Files, and the address that stands only in what attackers wrote into them.
const FORGED: [(&str, &str); 23] = [
    ("alb.log", "198.51.100.66"),
    ("apache-vhost.log", "198.51.100.66"),
    ("asa.log", "198.51.100.66"),
    ("auth.log", "192.0.2.9"),
    ("aws-vpc.log", "198.51.100.66"),
    ("azure-flow.json", "198.51.100.66"),
    ("caddy.json", "198.51.100.66"),
    ("cef.log", "198.51.100.66"),
    ("cloudfront.log", "198.51.100.66"),
    ("filterlog.log", "192.0.2.9"),
    ("fortinet.log", "198.51.100.66"),
    ("gcp-flow.json", "198.51.100.66"),
    ("haproxy.log", "198.51.100.66"),
    ("iis.log", "198.51.100.66"),
    ("leef.log", "198.51.100.66"),
    ("netfilter.log", "192.0.2.9"),
    ("nginx.log", "198.51.100.66"),
    ("openvpn.log", "192.0.2.9"),
    ("paloalto.log", "198.51.100.66"),
    ("syslog5424.log", "192.0.2.9"),
    ("windows-firewall.log", "198.51.100.66"),
    ("wireguard.log", "192.0.2.9"),
    ("zeek-http.log", "198.51.100.66"),
];

fn fixture(name: &str) -> String {
    repo("fixtures/records").join(name).display().to_string()
}

fn array(v: &Value) -> &[Value] {
    v.as_array().map_or(&[], Vec::as_slice)
}

fn complaints(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_slice(&fs::read(repo("schema/inspect-1.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect()
}

/// A file in a folder of its own, which is gone with the guard.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn inspect(path: &Path, more: &[&str]) -> Value {
    let path = path.display().to_string();
    json(&[&["inspect", "--no-hash"], more, &[&path]].concat())
}

/// Ends of all flows.
fn ends(value: &Value) -> BTreeSet<String> {
    let both = |f: &Value| [&f["src"], &f["dst"]].map(|a| a.as_str().unwrap().to_owned());
    array(&value["flows"]).iter().flat_map(both).collect()
}

#[test]
fn every_format_says_what_its_file_holds() {
    let mut there: Vec<String> =
        fs::read_dir(repo("fixtures/records")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, COUNTS.map(|c| c.0.to_owned()), "a fixture without a row, or a row without one");
    for (name, word, counts) in COUNTS {
        let got = json(&["inspect", &fixture(name)]);
        let number = |key: &str| got[key].as_u64().unwrap();
        let length = |key: &str| array(&got[key]).len() as u64;
        let found = [
            number("records"),
            number("rejected_total"),
            length("flows"),
            length("chains"),
            length("alerts"),
            length("translations"),
            length("names"),
            length("received"),
            number("routes"),
            length("indicators"),
            length("traceroutes"),
        ];
        assert_eq!((got["format"].as_str().unwrap(), found), (word, counts), "{name}");
        assert_eq!((number("packets"), &got["truncated"], number("left_out")), (0, &Value::Bool(false), 0), "{name}");
        assert!(array(&got["flows"]).iter().all(|f| f["recorded"] == true), "{name}");
        assert_eq!(complaints(&got), Vec::<String>::new(), "{name}");
    }
}

/// A chain of mail servers is a chain: the latest line first, mail after mail.
#[test]
fn received_lines_stay_in_their_order() {
    for (name, expected) in [
        ("mail.eml", vec!["192.0.2.25", "198.51.100.66", "203.0.113.9"]),
        ("mail.mbox", vec!["192.0.2.25", "2001:db8:5::25", "", "198.51.100.66"]),
    ] {
        let got = json(&["inspect", &fixture(name)]);
        let addrs: Vec<&str> = array(&got["received"]).iter().map(|r| r["addr"].as_str().unwrap_or_default()).collect();
        assert_eq!(addrs, expected, "{name}");
    }
}

#[test]
fn what_attackers_wrote_is_nobody_s_address() {
    for (name, forged) in FORGED {
        assert!(String::from_utf8_lossy(&fs::read(fixture(name)).unwrap()).contains(forged), "{name} holds no {forged}");
        let got = json(&["inspect", &fixture(name)]);
        assert!(!ends(&got).contains(forged), "{name}: {forged} took part");
        for row in array(&got["translations"]).iter().chain(array(&got["alerts"])) {
            assert!(!row.to_string().contains(forged), "{name}: {row}");
        }
    }
    // Not even as an address that was seen.
    let auth = json(&["inspect", &fixture("auth.log")]);
    assert!(!array(&auth["addresses"]).contains(&Value::from("192.0.2.9")));
}

/// Runs, threads, standard input and archives change nothing.
#[test]
fn the_same_bytes_and_the_same_from_an_archive() {
    for (name, ..) in COUNTS {
        let file = fixture(name);
        let once = run(&["inspect", "--format", "json", "--threads", "1", &file]);
        assert_eq!(run(&["inspect", "--format", "json", "--threads", "3", &file]), once, "{name}");
    }
    for name in ["nginx.log", "eve.json", "netflow9.bin", "mail.eml"] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&fs::read(fixture(name)).unwrap()).unwrap();
        let (_folder, path) = written(&format!("{name}.gz"), &packed.finish().unwrap());
        let (mut plain, mut unpacked) = (inspect(Path::new(&fixture(name)), &[]), inspect(&path, &[]));
        for value in [&mut plain, &mut unpacked] {
            value["path"] = Value::Null;
            // A warning names the file.
            value.as_object_mut().unwrap().remove("warnings");
        }
        assert_eq!(unpacked, plain, "{name}");
    }
}

#[test]
fn a_format_can_be_forced() {
    let forced = inspect(Path::new(&fixture("wireguard.log")), &["--as", "fortinet"]);
    assert_eq!((forced["format"].as_str(), forced["records"].as_u64()), (Some("fortinet"), Some(0)));
    assert_eq!(forced["rejected_total"], 12, "every line is none of this format");
    // What begins like nothing that is known is read if its format is said.
    let log = fs::read_to_string(fixture("nginx.log")).unwrap();
    let (_folder, path) = written("web.log", format!("{}{log}", "It was a quiet day.\n".repeat(4000)).as_bytes());
    let (code, out, err) = run(&["inspect", &path.display().to_string()]);
    assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
    let got = inspect(&path, &["--as", "web"]);
    assert_eq!((got["records"].as_u64(), got["rejected_total"].as_u64()), (Some(14), Some(4002)));
    let (code, _, err) = run(&["inspect", "--as", "nonsense", &fixture("nginx.log")]);
    assert!(code == 2 && err.lines().count() == 1 && err.contains("nonsense") && err.contains("web"), "{err}");
}

#[test]
fn zone_and_year_can_be_said() {
    let file = fixture("auth.log");
    let said = |more: &[&str]| {
        let got = inspect(Path::new(&file), more);
        let words: Vec<String> = array(&got["warnings"]).iter().map(|w| w.as_str().unwrap().to_owned()).collect();
        (got["first"].as_str().unwrap().to_owned(), words.join("\n"))
    };
    let (first, words) = said(&[]);
    assert!(first.ends_with("-01-31T06:25:17Z") && words.contains("--tz") && words.contains("--year"), "{first} {words}");
    let (first, words) = said(&["--year", "2024"]);
    assert!(first == "2024-01-31T06:25:17Z" && words.contains("--tz") && !words.contains("--year"), "{first} {words}");
    let (there, words) = said(&["--year", "2024", "--tz", "Europe/Berlin"]);
    assert_eq!((there.as_str(), words.as_str()), ("2024-01-31T05:25:17Z", ""));
    // Times that say their zone are what they are.
    let zoned = |more: &[&str]| inspect(Path::new(&fixture("syslog5424.log")), more)["first"].clone();
    assert_eq!(zoned(&["--tz", "Asia/Tokyo"]), zoned(&[]));
}

/// What is rejected is kept as it stands, and nothing else.
#[test]
fn rejected_lines_are_kept() {
    let mut files = 0;
    for (name, _, counts) in COUNTS {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let got = inspect(Path::new(&fixture(name)), &["--rejects", &kept.display().to_string()]);
        let rows = array(&got["rejected"]);
        let kept = fs::read(&kept).unwrap();
        if counts[1] == 0 {
            assert_eq!(kept, b"", "{name}");
        }
        let numbers: Option<Vec<u64>> = rows.iter().map(|r| r["at"]["line"].as_u64()).collect();
        let Some(numbers) = numbers.filter(|n| !n.is_empty()) else { continue };
        assert_eq!(rows.len() as u64, counts[1], "{name}");
        let bytes = fs::read(fixture(name)).unwrap();
        let lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        let expected: Vec<u8> = numbers.iter().flat_map(|&n| [lines[usize::try_from(n).unwrap() - 1], b"\n"].concat()).collect();
        assert_eq!(String::from_utf8_lossy(&kept), String::from_utf8_lossy(&expected), "{name}");
        for row in rows {
            let at = usize::try_from(row["at"]["offset"].as_u64().unwrap()).unwrap();
            assert!(at == 0 || bytes[at - 1] == b'\n', "{name}: {row} begins no line");
        }
        files += 1;
    }
    assert!(files > 20, "{files}");
}

/// Lines of JSON, one traceroute each, have places of their own.
#[test]
fn every_result_of_a_probe_has_its_line() {
    let result = |id: u32, hops: &str| {
        format!(
            r#"{{"fw":5020,"type":"traceroute","msm_id":1,"prb_id":{id},"af":4,"src_addr":"192.0.2.1","from":"192.0.2.1","dst_addr":"203.0.113.1","dst_name":"203.0.113.1","proto":"ICMP","timestamp":{},"result":[{hops}]}}"#,
            1_773_129_600 + id
        )
    };
    let hop = r#"{"hop":1,"result":[{"from":"192.0.2.254","rtt":1.5,"ttl":64,"size":28}]}"#;
    let broken = "{\"type\":\"traceroute\", cut }";
    let text = format!("{}\n{broken}\n{}\n", result(1, hop), result(2, hop));
    let (_folder, path) = written("results.jsonl", text.as_bytes());
    let kept = path.with_file_name("kept");
    let got = inspect(&path, &["--rejects", &kept.display().to_string()]);
    assert_eq!(
        (got["format"].as_str(), got["records"].as_u64(), got["rejected_total"].as_u64()),
        (Some("atlas"), Some(2), Some(1))
    );
    assert_eq!(got["rejected"][0]["at"]["line"], 2, "{}", got["rejected"]);
    assert_eq!(fs::read_to_string(kept).unwrap(), format!("{broken}\n"));
}

const WEB: &str = r#"203.0.113.5 - - [12/Mar/2026:06:25:01 +0100] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0""#;

#[test]
fn hostile_lines_are_counted_and_the_rest_is_read() {
    let long = "A".repeat(2 << 20);
    let cases: [(&str, Vec<u8>, u64, u64); 6] = [
        ("a line of 2 MiB", format!("{WEB}\n{long}\n{WEB}\n").into_bytes(), 2, 1),
        ("a line of 2 MiB at the end", format!("{WEB}\n{WEB}\n{long}").into_bytes(), 2, 1),
        ("CRLF", format!("{WEB}\r\n{WEB}\r\n").into_bytes(), 2, 0),
        (
            "NUL bytes",
            [WEB.as_bytes(), b"\n\0\0\0\0\n", WEB.as_bytes(), b"\n", WEB.replace("curl", "\0").as_bytes(), b"\n"].concat(),
            3,
            1,
        ),
        (
            "several encodings",
            [
                WEB.as_bytes(),
                b"\n",
                WEB.replace("curl", "K\u{f6}ln").as_bytes(),
                b"\n",
                &WEB.replace("curl", "#").into_bytes(),
                b"\n",
            ]
            .concat()
            .iter()
            .map(|&b| if b == b'#' { 0xf6 } else { b })
            .collect(),
            3,
            0,
        ),
        ("a byte-order mark", format!("\u{feff}{WEB}\n{WEB}\n").into_bytes(), 2, 0),
    ];
    for (what, bytes, records, rejected) in cases {
        let (_folder, path) = written("access.log", &bytes);
        let got = inspect(&path, &[]);
        assert_eq!(got["format"], "web", "{what}");
        assert_eq!(
            (got["records"].as_u64(), got["rejected_total"].as_u64()),
            (Some(records), Some(rejected)),
            "{what}: {}",
            got["rejected"]
        );
        assert_eq!(ends(&got), BTreeSet::from([String::new(), "203.0.113.5".to_owned()]), "{what}");
        assert_eq!(complaints(&got), Vec::<String>::new(), "{what}");
    }
}

/// Escape sequences never reach a terminal as they are, whichever field they came in, whether or not the line was read.
#[test]
fn nothing_acts_on_the_terminal() {
    let mut inputs: Vec<PathBuf> = COUNTS.iter().map(|c| PathBuf::from(fixture(c.0))).collect();
    let escape = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
    let mail = format!(
        "Received: from evil{escape} (evil{escape} [203.0.113.9]) by mx{escape}.example.org; Mon, 16 Mar 2026 09:14:31 +0000\nFrom: <{escape}@example.net>\nMessage-ID: <{escape}>\nSubject: {escape}\n\nHello\n"
    );
    let list = format!("{}{escape}\n", format!("203.0.113.7 # {escape}\n").repeat(20));
    let lines = format!("{WEB}\n{}\n{escape}\n", WEB.replace("\"-\"", &format!("\"{escape}\"")));
    let eve = format!(
        "{}\n",
        serde_json::json!({"timestamp": "2026-03-10T09:03:00.250000+0100", "event_type": "alert", "src_ip": "203.0.113.5",
            "src_port": 1, "dest_ip": "192.0.2.10", "dest_port": 80, "proto": "TCP",
            "alert": {"action": "allowed", "signature_id": 1, "signature": escape, "severity": 2},
            "http": {"hostname": escape, "xff": escape}})
    );
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("mail.eml", &mail), ("list.txt", &list), ("access.log", &lines), ("eve.json", &eve)] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        inputs.push(path);
    }
    for path in inputs {
        let out = rutter().arg("inspect").arg(&path).output().unwrap();
        assert!(matches!(out.status.code(), Some(0 | 3)), "{}", path.display());
        for printed in [out.stdout, out.stderr] {
            let text = String::from_utf8(printed).unwrap();
            let bad = text.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
            assert_eq!(bad, None, "{}: {text}", path.display());
        }
    }
}

#[test]
fn a_mail_of_ten_thousand_hops() {
    let line = "Received: from a (a [203.0.113.9]) by b; 16 Mar 2026 09:14:31 +0000\n";
    let mail = |lines: usize| {
        let text = format!("{}From: <a@example.net>\nSubject: x\n\nHello\n", line.repeat(lines));
        let (_folder, path) = written("long.eml", text.as_bytes());
        let got = inspect(&path, &[]);
        assert_eq!((got["format"].as_str(), got["records"].as_u64()), (Some("eml"), Some(1)));
        assert_eq!(array(&got["received"]).len(), 256);
        got
    };
    let got = mail(10_000);
    assert_eq!(
        (&got["left_out"], &got["rejected_total"]),
        (&Value::from(10_000 - 256), &Value::from(0)),
        "what is left out is said"
    );
    // Of a head of more than 1 MiB the beginning is read, and that it is longer is said.
    let got = mail(20_000);
    assert!(got["rejected"][0]["why"].as_str().unwrap().contains("longer than 1 MiB"), "{}", got["rejected"]);
}

/// One line that names the way out.
#[test]
fn an_unknown_file_says_what_to_do() {
    for bytes in [&b"It was a quiet day.\nNothing happened.\n"[..], &[0x80, 0x81, 0, 0, 7, 9, 200, 201, 3, 3, 3, 3]] {
        let (_folder, path) = written("unknown.dat", bytes);
        let (code, out, err) = run(&["inspect", "--format", "json", &path.display().to_string()]);
        assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
        assert!(err.contains("unknown.dat") && err.contains("--as FORMAT"), "{err}");
    }
}

#[test]
fn a_format_of_the_user_s_own() {
    let config = r#"[format.shop]
line = '^(?P<time>\S+) client=(?P<src>\S+) port=(?P<sport>\d+) asked (?P<host>\S+) status (?P<outcome>\d+) via \[(?P<xff>[^\]]*)\]$'
"#;
    let log = "2026-03-12T06:25:01Z client=203.0.113.5 port=4711 asked shop.example.org status 200 via [198.51.100.23]\n\
               2026-03-12T06:25:02Z client=2001:db8::5 port=4712 asked shop.example.org status 403 via []\n\
               something else\n";
    let (folder, path) = written("shop.log", log.as_bytes());
    let settings = folder.path().join("rutter.toml");
    fs::write(&settings, config).unwrap();
    let settings = settings.display().to_string();
    for more in [&["--config", settings.as_str()][..], &["--config", settings.as_str(), "--as", "shop"]] {
        let got = inspect(&path, more);
        assert_eq!((got["records"].as_u64(), got["rejected_total"].as_u64()), (Some(2), Some(1)), "{more:?}: {got}");
        assert_eq!(got["first"], "2026-03-12T06:25:01Z");
        let clients = ["203.0.113.5", "2001:db8::5", ""].map(str::to_owned);
        assert_eq!(ends(&got), BTreeSet::from(clients));
        assert_eq!(got["chains"][0]["entries"], serde_json::json!(["198.51.100.23"]));
        assert_eq!(complaints(&got), Vec::<String>::new());
    }
    assert_eq!(run(&["inspect", &path.display().to_string()]).0, 1, "without the setting nobody knows it");
    fs::write(folder.path().join("bad.toml"), "[format.shop]\nline = '(?P<src>\\S+) (?P<nonsense>x)'\n").unwrap();
    let bad = folder.path().join("bad.toml").display().to_string();
    let (code, _, err) = run(&["inspect", "--config", &bad, &path.display().to_string()]);
    assert!(code == 2 && err.lines().count() == 1 && err.contains("format.shop") && err.contains("nonsense"), "{err}");
}
