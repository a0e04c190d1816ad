//! What the tests of these formats share.
#![expect(clippy::print_stdout, reason = "says what was skipped")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::decode::clock::Clock;
use crate::decode::record::LineFormat;
use crate::model::evidence::Chain;
use crate::model::record::{Contact, Said, Saying};

pub(in crate::decode::log) fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2024)
}

/// What an input says.
#[derive(Debug, Default)]
pub(in crate::decode::log) struct Read {
    pub(in crate::decode::log) records: u64,
    pub(in crate::decode::log) rejected: Vec<(usize, &'static str)>,
    pub(in crate::decode::log) said: Vec<Said>,
    /// Line of each statement.
    pub(in crate::decode::log) lines: Vec<usize>,
}

impl Read {
    pub(in crate::decode::log) fn of(format: &mut dyn LineFormat, text: &[u8]) -> Self {
        let mut read = Self::default();
        for (line, text) in text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).enumerate().filter(|(_, l)| !l.is_empty()) {
            let mut out = Vec::new();
            match format.line(text, &mut out) {
                Ok(piece) => {
                    read.records += piece.records;
                    read.lines.extend(out.iter().map(|_| line + 1));
                    read.said.append(&mut out);
                }
                Err(why) => {
                    assert!(out.is_empty(), "line {}: rejected, and yet it said something", line + 1);
                    read.rejected.push((line + 1, why.0));
                }
            }
        }
        read
    }

    pub(in crate::decode::log) fn contacts(&self) -> Vec<&Contact> {
        self.said.iter().filter_map(|s| if let Saying::Contact(c) = &s.fact { Some(c) } else { None }).collect()
    }

    pub(in crate::decode::log) fn chains(&self) -> Vec<&Chain> {
        self.said.iter().filter_map(|s| if let Saying::Chain(c) = &s.fact { Some(&**c) } else { None }).collect()
    }

    /// Entries of the chains, as written.
    pub(in crate::decode::log) fn entries(&self) -> Vec<Vec<&str>> {
        self.chains().iter().map(|c| c.entries.iter().map(|e| &*e.text).collect()).collect()
    }

    /// `src:port>dst:port outcome forward/backward host`, a line a contact; the unnamed host is `?`.
    pub(in crate::decode::log) fn short(&self) -> Vec<String> {
        let name = |addr: std::net::IpAddr| if addr.is_unspecified() { "?".to_owned() } else { addr.to_string() };
        self.contacts()
            .iter()
            .map(|c| {
                format!(
                    "{} {}>{} {} {:?} {}/{} {}",
                    name(c.src),
                    c.sport,
                    name(c.dst),
                    c.dport,
                    c.outcome,
                    c.forward.bytes,
                    c.backward.bytes,
                    c.host.as_deref().unwrap_or("-")
                )
            })
            .collect()
    }

    pub(in crate::decode::log) fn times(&self) -> Vec<String> {
        self.said.iter().map(|s| s.time.map_or_else(|| "-".to_owned(), |t| t.to_string())).collect()
    }
}

pub(in crate::decode::log) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(name)).unwrap()
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let there = folder.is_dir();
    if !there {
        println!("skipped: no corpus");
    }
    there.then_some(folder)
}

/// A file of the corpus, and what is expected of it.
pub(in crate::decode::log) fn corpus_file(name: &str) -> Option<(Vec<u8>, serde_json::Value)> {
    let folder = corpus()?;
    let text = std::fs::read(folder.join(name)).unwrap();
    let expected = std::fs::read(folder.join("expected").join(format!("{name}.json"))).unwrap();
    Some((text, serde_json::from_slice(&expected).unwrap()))
}

/// `source_ip` (or another field) per line, out of crowdsec's assertions on its parser. None where a line has none.
pub(in crate::decode::log) fn asserted(
    expected: &serde_json::Value,
    parser: &str,
    field: &str,
    lines: usize,
) -> Vec<Option<String>> {
    let asserts: Vec<&str> =
        expected["expected"]["crowdsec_parser_assert"]["lines"].as_array().unwrap().iter().filter_map(|l| l.as_str()).collect();
    (0..lines)
        .map(|n| {
            asserts.iter().find_map(|line| {
                let rest = line.strip_prefix(&format!("results[\"s01-parse\"][\"{parser}\"][{n}].Evt."))?;
                let (name, value) = rest.split_once(" == ")?;
                name.ends_with(&format!("[\"{field}\"]")).then(|| value.trim_matches('"').to_owned())
            })
        })
        .collect()
}

/// Names of the corpus files, this source tree and other texts that `looks_like` takes, out of all of them, sorted.
pub(in crate::decode::log) fn taken(looks_like: impl Fn(&[u8]) -> bool) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("fixtures"), root.join("data")];
    let corpus = corpus();
    folders.extend(corpus.clone());
    let mut taken = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut beginning = Vec::new();
            std::fs::File::open(&path).unwrap().take(64 << 10).read_to_end(&mut beginning).unwrap();
            if looks_like(&beginning) {
                let base = corpus.as_deref().filter(|c| path.starts_with(c)).unwrap_or(root);
                taken.push(path.strip_prefix(base).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    taken.sort();
    taken
}

/// The files in `all` that are there: those of the corpus only if there is one.
pub(in crate::decode::log) fn there(all: &[&str]) -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").is_dir();
    let mut there: Vec<String> = all.iter().filter(|n| corpus || !n.starts_with("log-")).map(|n| (*n).to_owned()).collect();
    there.sort();
    there
}
