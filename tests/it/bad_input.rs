//! What users and attackers feed it: one clear line that names the file, the place and the way out, and everything
//! readable is still reported.

use std::fs;

use super::support::{json, repo, run};

/// Exit code 1, nothing on standard output, one line on standard error with all of `words`.
fn refuses(args: &[&str], code: i32, words: &[&str]) {
    let (got, out, err) = run(args);
    assert_eq!(got, code, "{args:?}: {err}");
    assert!(out.is_empty(), "{args:?} printed {out}");
    assert_eq!(err.lines().count(), 1, "{args:?}: not one line: {err}");
    for word in words {
        assert!(err.contains(word), "{args:?}: {word:?} is not in {err}");
    }
}

#[test]
fn wrong_files_are_named_with_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    for command in ["trace", "inspect"] {
        refuses(&[command, &file("e.pcap", b"")], 1, &["e.pcap", "empty"]);
        refuses(&[command, &file("t.pcap", b"hello, world\n")], 1, &["t.pcap", "plain text", "pcapng"]);
        refuses(&[command, &file("p.pcap", b"\x89PNG\r\n\x1a\n....")], 1, &["p.pcap", "PNG"]);
        refuses(&[command, "no/such.pcap"], 1, &["no/such.pcap", "cannot open"]);
        refuses(&[command], 2, &["no input"]);
        refuses(&[command, &folder.path().join("empty").display().to_string()], 1, &["empty"]);
    }
}

#[test]
fn wrong_questions_are_refused_before_anything_is_read() {
    let good = "fixtures/lab/tr4-udp.pcap";
    refuses(&["trace", "--victim", "10.0.0.0/33", good], 2, &["--victim", "10.0.0.0/33"]);
    refuses(&["trace", "--trust", "300.1.1.1", good], 2, &["--trust", "300.1.1.1"]);
    refuses(&["trace", "--sensor-at", "91,0", good], 2, &["--sensor-at", "91,0"]);
    refuses(&["trace", "--mmdb", "README.md", good], 1, &["README.md"]);
    refuses(&["trace", "--mmdb", "no/such.mmdb", good], 1, &["no/such.mmdb"]);
    refuses(&["trace", "--names", "fixtures/lab/tr4-udp.pcap", good], 1, &["tr4-udp.pcap", "ADDRESS"]);
    for filter in ["port:", "state:DEU", "(port:22", "nonsense", "port:22 and", "foo:bar"] {
        let (code, out, err) = run(&["trace", "--filter", filter, good]);
        assert!(code == 2 && out.is_empty() && err.contains("--filter"), "{filter}: {code} {err}");
    }
    let (code, _, err) = run(&["trace", "--on", "2026-02-30", good]);
    assert!(code == 2 && err.contains("YYYY-MM-DD"), "{err}");
}

#[test]
fn what_is_readable_is_reported_and_the_rest_is_counted() {
    let whole = json(&["inspect", "fixtures/lab/tr4-udp.pcap"]);
    let bytes = fs::read(repo("fixtures/lab/tr4-udp.pcap")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcap");
    fs::write(&cut, &bytes[..bytes.len() - 7]).unwrap();
    let cut = cut.display().to_string();
    let (code, out, _) = run(&["inspect", "--format", "json", &cut]);
    assert_eq!(code, 3);
    let got: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(got["packets"].as_u64().unwrap() + 1, whole["packets"].as_u64().unwrap());
    assert_eq!(got["truncated"], true);
    assert_eq!(got["rejected"][0]["at"]["frame"], whole["packets"]);
    assert_eq!(run(&["inspect", "--strict", &cut]).0, 1);
    assert_eq!(run(&["trace", &cut]).0, 3);
}

#[test]
fn one_bad_file_does_not_spoil_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(repo("fixtures/lab/tr4-udp.pcap"), folder.path().join("good.pcap")).unwrap();
    fs::write(folder.path().join("bad.pcap"), b"not a capture").unwrap();
    let (code, out, err) = run(&["trace", "-r", &folder.path().display().to_string(), "--format", "json"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("bad.pcap"), "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["inputs"].as_array().unwrap().len(), 1);
    assert_eq!(report["paths"][0]["finding"], "traceroute");
    assert!(report["warnings"].to_string().contains("bad.pcap"));
}

/// Every file of fixtures/bad: no panic, no order to the terminal, and one of the documented exit codes.
#[test]
fn hostile_files_never_end_a_run_badly() {
    let mut files: Vec<_> = fs::read_dir(repo("fixtures/bad")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| !f.to_string_lossy().ends_with(".json"));
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let file = file.display().to_string();
        for args in [vec!["inspect", &file], vec!["trace", &file], vec!["trace", "--format", "html", &file]] {
            let args: Vec<&str> = args.into_iter().chain(["--unpack-cap", "4000000"]).collect();
            let (code, out, err) = run(&args);
            assert!(matches!(code, 0 | 1 | 3), "{args:?}: {code}\n{err}");
            assert!(!err.contains("panicked"), "{args:?}: {err}");
            assert!(code != 1 || err.contains(&file), "{args:?}: {err}");
            for text in [&out, &err] {
                assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}') && !text.contains('\u{202e}'), "{args:?}: {text}");
            }
        }
    }
}
