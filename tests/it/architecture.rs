//! The dependency rule of ARCHITECTURE.md, read off the source: no arrow against the direction in which data flows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Stages in the order in which data flows, and what stands around them.
const ORDER: [&str; 8] = ["source", "decode", "evidence", "hops", "locate", "paths", "jurisdiction", "report"];

/// What each folder may use besides `model`, `error` and itself.
fn allowed(folder: &str) -> &'static [&'static str] {
    match folder {
        "model" | "source" | "decode" | "hops" | "locate" | "paths" | "jurisdiction" | "report" => &[],
        // State across packets is kept while they are decoded: batches hold what decode found.
        "evidence" => &["decode"],
        "pipeline" => &["source", "decode", "evidence", "hops", "locate", "paths", "jurisdiction", "report"],
        // Of decode: the words of its registry of formats.
        "cli" => {
            &["pipeline", "decode", "evidence", "report", "config", "telemetry", "source", "locate", "paths", "jurisdiction"]
        }
        "error" => &["source"],
        "config" | "telemetry" => &[],
        "main" | "lib" => &["cli"],
        other => panic!("{other} is a new room: say in tests/it/architecture.rs what it may use"),
    }
}

/// Tests may look at everything: they read captures and archives to feed a decoder.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs" || name == "corpus.rs")
        || path.components().any(|c| c.as_os_str() == "tests")
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") && !is_test(&path) {
            out.push(path);
        }
    }
}

/// Names after `crate::` anywhere in the text: uses, paths in code, but not in comments.
fn names(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(heads(group));
        } else {
            found.insert(first_word(rest));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// First word of every path of a group, whose opening brace has been read: commas and braces of inner groups divide
/// inner groups only.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut from, mut heads) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(first_word(&group[from..at]));
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

fn violations(room: &str, text: &str) -> Vec<String> {
    let may = allowed(room);
    names(text)
        .into_iter()
        .filter(|n| !matches!(n.as_str(), "" | "model" | "error") && n != room && !may.contains(&n.as_str()))
        .collect()
}

#[test]
fn no_arrow_points_against_the_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "only {} sources found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let room = inside.iter().next().unwrap().to_string_lossy();
        let room = room.trim_end_matches(".rs");
        for name in violations(room, &fs::read_to_string(&file).unwrap()) {
            wrong.push(format!("src/{} uses {name}", inside.display()));
        }
    }
    assert!(wrong.is_empty(), "arrows against the data flow:\n{}", wrong.join("\n"));
}

#[test]
fn the_rule_notices_a_wrong_arrow() {
    assert_eq!(violations("hops", "use crate::report::model::Hop;"), ["report"]);
    assert_eq!(violations("source", "fn f() { crate::evidence::shard::go() }"), ["evidence"]);
    assert_eq!(violations("locate", "use crate::{model::net, paths::build};"), ["paths"]);
    assert_eq!(violations("locate", "use crate::{model::{net, time}, paths::build};"), ["paths"]);
    assert_eq!(
        violations("source", "use crate::{\n    error::{Error, x::{a, b}},\n    hops::{c},\n    report,\n};"),
        ["hops", "report"]
    );
    assert!(violations("locate", "use crate::{model::{paths, report}}; use std::{hops}; fn f() -> {report}").is_empty());
    assert!(violations("evidence", "use crate::decode::icmp; // crate::report").is_empty());
    for (i, stage) in ORDER.iter().enumerate() {
        let later = |name: &&str| ORDER[i + 1..].contains(name);
        assert!(!allowed(stage).iter().any(later), "{stage} may use a later stage");
    }
}

/// Files stay readable: most under 400 lines, none over 800 before its tests.
#[test]
fn no_file_is_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "xtask/src"] {
        let mut files = Vec::new();
        sources(&root.join(folder), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let lines = text.lines().take_while(|l| *l != "#[cfg(test)]").count();
            assert!(lines <= 800, "{} has {lines} lines before its tests", file.display());
        }
    }
}
