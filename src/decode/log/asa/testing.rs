//! For the tests of the formats beside this one: statements as short texts, and whole inputs through a decoder.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::decode::clock::Clock;
use crate::decode::format::recognise;
use crate::decode::log::{self, Envelope, Format};
use crate::decode::record::{RecordFormat, Reject, Step};
use crate::model::record::{Act, Endpoint, Outcome, Said, Saying, UNNAMED, Volume};
use crate::model::time::Timestamp;

pub(in crate::decode::log) fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2024)
}

/// What an input gave.
#[derive(Debug, Default)]
pub(in crate::decode::log) struct Seen {
    pub(in crate::decode::log) said: Vec<String>,
    pub(in crate::decode::log) records: u64,
    pub(in crate::decode::log) rejected: Vec<&'static str>,
}

/// A whole input through a decoder.
pub(in crate::decode::log) fn run(mut format: Box<dyn RecordFormat>, bytes: &[u8]) -> Seen {
    let (mut seen, mut out, mut at) = (Seen::default(), Vec::new(), 0);
    while at < bytes.len() {
        match format.step(&bytes[at..], true, &mut out) {
            Step::Piece { bytes: n, read } => {
                assert!(n > 0 && at + n <= bytes.len(), "a step of {n} bytes at {at} of {}", bytes.len());
                at += n;
                match read {
                    Ok(piece) => {
                        seen.records += piece.records;
                        (0..piece.rejected).for_each(|_| seen.rejected.push(piece.why.map_or("", |why| why.0)));
                    }
                    Err(Reject(why)) => seen.rejected.push(why),
                }
            }
            Step::More => panic!("asks for more at the end"),
        }
        seen.said.extend(out.drain(..).map(|said| show(&said)));
    }
    format.finish(&mut out);
    assert!(out.is_empty());
    seen
}

/// A fixture through its decoder, after a look at its beginning.
pub(in crate::decode::log) fn fixture(name: &str, format: Format) -> Seen {
    let bytes = std::fs::read(records().join(name)).unwrap();
    assert_eq!(recognise(&bytes), Some(crate::decode::format::Format::Log(format)), "{name}");
    run(log::open(format, clock()), &bytes)
}

pub(in crate::decode::log) fn records() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records")
}

/// What a message within syslog says; `None` if it is nobody's.
pub(in crate::decode::log) fn told(
    reader: log::MessageReader,
    program: &str,
    message: &[u8],
) -> Option<Result<Vec<String>, &'static str>> {
    // 2024-03-12T08:00:00Z
    let time = Some(Timestamp(1_710_230_400_000_000_000));
    let mut out = Vec::new();
    let read = reader(&Envelope { time, program: program.as_bytes(), message }, &mut clock(), &mut out)?;
    if read.is_err() {
        assert!(out.is_empty(), "a rejected message says something: {out:?}");
    }
    Some(read.map(|()| out.iter().map(show).collect()).map_err(|Reject(why)| why))
}

/// Every file of the corpus, its first 64 KiB. Empty, with a word about it, where there is no corpus.
pub(in crate::decode::log) fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(mut bytes) = std::fs::read(&path) {
                bytes.truncate(64 << 10);
                files.push((path, bytes));
            }
        }
    }
    if files.is_empty() {
        #[expect(clippy::print_stdout, reason = "tests")]
        {
            println!("skipped: no corpus");
        }
    }
    files
}

fn at(end: Endpoint) -> String {
    let addr = if end.addr == UNNAMED { "-".to_owned() } else { end.addr.to_string() };
    if end.port == 0 { addr } else { format!("{addr} {}", end.port) }
}

fn volume(v: Volume) -> String {
    format!("{}/{}", v.packets, v.bytes)
}

/// A statement in a line; the time without its day where that is 2024-03-12.
pub(in crate::decode::log) fn show(said: &Said) -> String {
    let short = |t: Timestamp| t.to_string().replace("2024-03-12T", "");
    let time = said.time.map_or("?".to_owned(), short);
    match &said.fact {
        Saying::Contact(c) => {
            let mut text = format!(
                "{time} {} > {} {}",
                at(Endpoint { addr: c.src, port: c.sport }),
                at(Endpoint { addr: c.dst, port: c.dport }),
                c.proto
            );
            if c.outcome != Outcome::Unknown {
                text += &format!(" {:?}", c.outcome);
            }
            if c.act != Act::Connection {
                text += &format!(" {:?}", c.act);
            }
            if (c.forward, c.backward) != Default::default() {
                text += &format!(" {} {}", volume(c.forward), volume(c.backward));
            }
            if let Some(ended) = c.ended {
                text += &format!(" to {}", short(ended));
            }
            if let Some(host) = &c.host {
                text += &format!(" host {host}");
            }
            if let Some(observer) = c.observer {
                text += &format!(" by {observer}");
            }
            text
        }
        Saying::Translation(t) => {
            let seen = t.seen.filter(|s| s.last != s.first).map_or(String::new(), |s| format!(" to {}", short(s.last)));
            let pair = |(before, after): (Endpoint, Endpoint)| {
                if before == after { at(before) } else { format!("{} => {}", at(before), at(after)) }
            };
            format!("{time} nat [{}] [{}] {}{seen}", pair(t.src), pair(t.dst), t.proto)
        }
        Saying::Alert(a) => format!(
            "{time} alert {} > {} {} {:?} {:?} {:?}{}",
            a.src.map_or("?".to_owned(), at),
            a.dst.map_or("?".to_owned(), at),
            a.proto,
            a.signature,
            a.id,
            a.severity,
            if a.blocked { " blocked" } else { "" }
        ),
        Saying::Chain(c) => {
            let entries: Vec<&str> = c.entries.iter().map(|e| &*e.text).collect();
            format!("{time} {} {entries:?} before {} at {}", c.kind.as_str(), c.peer, c.server)
        }
        other => format!("{time} {other:?}"),
    }
}
