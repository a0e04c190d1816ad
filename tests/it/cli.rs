//! The program as a user meets it: pipes, formats, the same bytes twice, Ctrl-C.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use super::support::{json, repo, run, rutter};

const CAPTURE: &str = "fixtures/backbone-v4.pcapng";

#[test]
fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
    for format in ["text", "json", "jsonl", "html"] {
        let once = run(&["trace", "--threads", "1", "--format", format, CAPTURE]);
        let first = once.1.replace("--threads 1", "--threads N");
        for threads in ["1", "2", "5"] {
            let (code, again, _) = run(&["trace", "--threads", threads, "--format", format, CAPTURE]);
            assert_eq!(code, once.0);
            assert_eq!(again.replace(&format!("--threads {threads}"), "--threads N"), first, "{format}, {threads} threads");
        }
        assert!(first.len() > 1000, "{format}: hardly anything printed");
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_time_and_sums_up() {
    let folder = tempfile::tempdir().unwrap();
    for (name, fixture) in [("b.pcap", "fixtures/lab/tr4-udp.pcap"), ("a.pcap", "fixtures/lab/sc4-udp.pcap")] {
        std::fs::copy(repo(fixture), folder.path().join(name)).unwrap();
    }
    let path = folder.path().display().to_string();
    let both = json(&["trace", "-r", &path]);
    let packets = |v: &serde_json::Value| v["counters"]["packets"].as_u64().unwrap();
    let each = ["fixtures/lab/tr4-udp.pcap", "fixtures/lab/sc4-udp.pcap"].map(|f| json(&["trace", f]));
    assert_eq!(packets(&both), packets(&each[0]) + packets(&each[1]));
    let first: Vec<_> = both["inputs"].as_array().unwrap().iter().map(|i| i["first"].as_str().unwrap().to_owned()).collect();
    assert_eq!(first.len(), 2);
    assert!(first.is_sorted(), "{first:?}");
}

#[test]
fn standard_input_and_archives_give_the_same_findings() {
    let plain = json(&["trace", "--no-hash", CAPTURE]);
    let mut child = rutter()
        .args(["trace", "--no-hash", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(repo(CAPTURE)).unwrap()).unwrap();
    let out = child.wait_with_output().unwrap();
    let piped: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(piped["paths"], plain["paths"]);
    assert_eq!(piped["counters"], plain["counters"]);
}

/// `rutter … | head -1`: the reader goes away, and that is no error.
#[test]
fn a_closed_pipe_ends_cleanly() {
    for format in ["text", "json", "jsonl", "html"] {
        let mut child =
            rutter().args(["trace", "--format", format, CAPTURE]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn the_suffix_picks_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, begins) in [("r.html", "<!doctype html>"), ("r.json", "{"), ("r.jsonl", "{\"schema\""), ("r.txt", "rutter ")] {
        let file = folder.path().join(name);
        let (code, out, err) = run(&["trace", "--quiet", CAPTURE, "-o", &file.display().to_string()]);
        assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""), "{name}");
        assert!(std::fs::read_to_string(&file).unwrap().starts_with(begins), "{name}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 4, "no half-written file stays behind");
    let (code, _, err) = run(&["trace", CAPTURE, "-o", "report.docx"]);
    assert_eq!(code, 2);
    assert!(err.contains("report.docx") && err.contains(".html"), "{err}");
}

#[test]
fn no_colour_unless_asked_and_a_hundred_columns() {
    let (_, plain, _) = run(&["trace", CAPTURE]);
    assert!(!plain.contains('\u{1b}'), "escape sequences in a pipe");
    let widest = plain.lines().filter(|l| !l.contains("sha256")).map(|l| l.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns");
    let (_, coloured, _) = run(&["trace", "--color", "always", CAPTURE]);
    assert!(coloured.contains('\u{1b}'));
}

/// Every constructed and every laboratory capture, at the narrowest and the usual width.
#[test]
fn no_line_is_wider_than_the_terminal() {
    for folder in ["fixtures", "fixtures/lab", "fixtures/formats"] {
        for entry in std::fs::read_dir(repo(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.contains(".pcap") || name.ends_with(".json") {
                continue;
            }
            for columns in [80, 100] {
                let file = format!("{folder}/{name}");
                let out = rutter().env("COLUMNS", columns.to_string()).args(["trace", &file]).output().unwrap();
                let text = String::from_utf8(out.stdout).unwrap();
                assert!(text.contains("Counted:"), "{file}");
                for line in text.lines() {
                    assert!(line.chars().count() <= columns, "{file}, {columns} columns: {line}");
                }
            }
        }
    }
}

#[test]
fn a_bad_filter_is_one_line_with_its_place() {
    let (code, out, err) = run(&["trace", "--filter", "port:22 and )", CAPTURE]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "rutter: --filter: expected a test such as state:DE at column 13: port:22 and )\n");
    // What an attacker of the terminal writes is not acted on, and the column counts characters.
    let (_, _, err) = run(&["trace", "--filter", "name:\u{fc}\u{1b}[31m state:XYZ", CAPTURE]);
    assert!(err.lines().count() == 1 && !err.contains('\u{1b}') && !err.contains("\\u{a}"), "{err}");
    assert!(err.starts_with("rutter: --filter: "), "{err}");
}

/// `-v` says what is done, and changes nothing else.
#[test]
fn more_is_said_when_more_is_asked_for() {
    let plain = run(&["trace", CAPTURE]);
    assert_eq!(plain.2, "");
    let (code, out, said) = run(&["trace", "-v", CAPTURE]);
    assert_eq!((code, out.replace(" -v", "")), (plain.0, plain.1.replace(" -v", "")));
    for part in ["1 file,", "93 packets", "1 finding, 1 shown", "location tables of", "report of"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let (_, _, more) = run(&["trace", "-vv", CAPTURE]);
    assert!(more.contains("table jurisdiction-v4") && more.contains("backbone-v4.pcapng: pcapng"), "{more}");
    assert!(!said.contains("table jurisdiction-v4"), "{said}");
    let out = rutter().env("RUTTER_LOG", "rutter=info").args(["inspect", CAPTURE]).output().unwrap();
    assert!(String::from_utf8_lossy(&out.stderr).contains("93 packets"));
    let (_, _, said) = run(&["lookup", "-v", "8.8.8.8"]);
    assert!(said.contains("addresses: 1 answered, 0 rejected"), "{said}");
}

/// A resolver's answers are evidence too. What it answers here is not known; that its ids have rows is.
#[test]
fn every_id_has_its_row_and_the_resolver_is_an_input() {
    let report = json(&["trace", "--resolve", "fixtures/lab/tr4-udp.pcap"]);
    let inputs = report["inputs"].as_array().unwrap();
    let last = inputs.last().unwrap();
    assert_eq!((inputs.len(), last["format"].as_str(), last["sha256"].is_null()), (2, Some("resolver"), true));
    let rows: Vec<&str> = report["evidence"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    for hop in report["paths"].as_array().unwrap().iter().flat_map(|p| p["hops"].as_array().unwrap()) {
        for id in hop["because"].as_array().unwrap() {
            assert!(rows.contains(&id.as_str().unwrap()), "{id}");
        }
    }
    let resolved = report["evidence"].as_array().unwrap().iter().filter(|e| e["input"] == 1).count();
    assert!(resolved as u64 <= last["records"].as_u64().unwrap());
    let plain = json(&["trace", "fixtures/lab/tr4-udp.pcap"]);
    assert_eq!(plain["inputs"].as_array().unwrap().len(), 1);
}

#[test]
fn help_and_manual_name_every_command() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, 0);
    let (_, man, _) = run(&["man"]);
    for command in ["trace", "inspect", "lookup", "live", "config", "completions"] {
        assert!(help.contains(command), "{command} is not in --help");
        assert!(man.contains(&command.to_uppercase()) || man.contains(command), "{command} is not in the manual");
        assert_eq!(run(&[command, "--help"]).0, 0);
    }
    let (code, script, _) = run(&["completions", "bash"]);
    assert!(code == 0 && script.contains("rutter"));
    assert_eq!(run(&["--version"]).1.trim(), format!("rutter {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn settings_say_where_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rutter.toml"), "top = 3\nvictim-state = \"EE\"\n").unwrap();
    let out = rutter().current_dir(folder.path()).env("RUTTER_THREADS", "2").arg("config").output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let line = |key: &str| text.lines().find(|l| l.starts_with(key)).unwrap().to_owned();
    assert!(line("top").contains("3") && line("top").contains("file, rutter.toml"), "{text}");
    assert!(line("threads").contains("environment, RUTTER_THREADS"), "{text}");
    assert!(line("max-flows").contains("4194304 (live: 1048576)") && line("max-flows").contains("default"), "{text}");
    std::fs::write(folder.path().join("rutter.toml"), "\n\ntopp = 3\n").unwrap();
    let out = rutter().current_dir(folder.path()).arg("config").output().unwrap();
    let err = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(err.contains("rutter.toml: line 3") && err.contains("topp"), "{err}");
}

/// Reading from a pipe that never ends: the first Ctrl-C reports what was read and exits with 130.
#[cfg(unix)]
#[test]
fn ctrl_c_reports_what_was_read() {
    let mut child =
        rutter().args(["trace", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&std::fs::read(repo("fixtures/lab/tr4-udp.pcap")).unwrap()).unwrap();
    input.flush().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    // SAFETY: a signal to a child that this test started and has not waited for.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) };
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("interrupted"), "{said}");
    drop(input);
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130));
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("Interrupted") && text.contains("Counted:"), "{text}");
}
