//! A `rutter.report/1` document from a file, which may be cut, wrong or made by somebody who wishes the reader ill.
//!
//! Keys that are not used here are not looked at. What is used is checked: ids, addresses, hashes and probabilities have
//! their form or the report is refused; every free text is made harmless once, here, so that no renderer has to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;

use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, Grade};
use crate::model::net::StateCode;
use crate::model::time::{Day, Timestamp};
use crate::report::escape::visible;
use crate::report::model::SCHEMA;

/// Longest free text that is kept, in characters.
const LONGEST: usize = 600;

/// Remarks that are kept of a hop or a path.
const MOST_REMARKS: usize = 12;

/// Why a report cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// Nothing is in it.
    Empty,
    /// It ends in the middle.
    Cut,
    /// JSON Lines.
    Lines,
    /// It is no JSON: line, column, reason.
    NoJson(String),
    /// JSON of something else; what it says it is.
    Other(String),
    /// A report that does not keep its contract.
    Broken(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty; a report is made with: rutter trace CAPTURE --format json -o report.json"),
            Self::Cut => f.write_str("ends in the middle: the report was cut off; make it again"),
            Self::Lines => f.write_str("is JSON Lines; a plan needs one document: rutter trace --format json"),
            Self::NoJson(why) => write!(f, "is no JSON: {why}"),
            Self::Other(what) => write!(f, "is no {SCHEMA}: {what}"),
            Self::Broken(why) => write!(f, "does not keep to {SCHEMA}: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// What a plan needs of a report.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name and version of the program.
    pub tool: String,
    /// Its day.
    pub on: Option<Day>,
    /// The user's folder that was laid over its law.
    pub law_overlay: Option<String>,
    /// The tables that it rests on.
    pub datasets: Vec<Table>,
    /// Inputs.
    pub inputs: Vec<Input>,
    /// Findings.
    pub paths: Vec<Path>,
    /// Evidence by number.
    pub evidence: BTreeMap<u32, Evidence>,
    /// What the report warns of.
    pub warnings: Vec<String>,
    /// The command.
    pub reproduce: String,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its date.
    pub date: String,
    /// Its hash, as the report has it.
    pub sha256: String,
}

/// An input.
#[derive(Clone, Debug)]
pub struct Input {
    /// As given.
    pub path: String,
    /// 64 hexadecimal digits.
    pub sha256: Option<String>,
    /// Format.
    pub format: String,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct Path {
    /// `p1`.
    pub id: String,
    /// Kind.
    pub finding: String,
    /// Why it stands there, with the numbers.
    pub reason: String,
    /// Trust in the origin.
    pub trust: String,
    /// Why the origin is not shown.
    pub withheld: Option<String>,
    /// The origin, if it may be shown.
    pub origin: Option<IpAddr>,
    /// The target.
    pub target: Option<IpAddr>,
    /// First and last packet, if known.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// Remarks of the report: how it was put together.
    pub remarks: Vec<String>,
    /// Hops.
    pub hops: Vec<Hop>,
}

/// A hop.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Rank.
    pub rank: u16,
    /// Address.
    pub addr: Option<IpAddr>,
    /// Role.
    pub role: HopRole,
    /// How it is known.
    pub kind: Knowledge,
    /// Why it has no place.
    pub why_unplaced: Option<String>,
    /// Autonomous system.
    pub asn: Option<u32>,
    /// Its name.
    pub as_name: Option<String>,
    /// Who can claim it.
    pub touches: Vec<Touch>,
    /// Remarks of the report: why it is held to stand there.
    pub remarks: Vec<String>,
    /// Evidence numbers.
    pub because: Vec<u32>,
}

/// A touch.
#[derive(Clone, Debug)]
pub struct Touch {
    /// State.
    pub state: StateCode,
    /// Ground.
    pub basis: Basis,
    /// Probability, 0 to 1.
    pub p: f32,
    /// Norm 13(c), if it stands there.
    pub norm: Option<super::NormRef>,
}

/// Evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Kind.
    pub kind: String,
    /// Index of the input.
    pub input: usize,
    /// Place in it.
    pub at: String,
    /// When.
    pub time: Timestamp,
    /// In words.
    pub what: String,
}

#[derive(Deserialize)]
struct Head {
    schema: Option<serde_json::Value>,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawReport {
    tool: RawTool,
    question: RawQuestion,
    #[serde(default)]
    datasets: Vec<RawTable>,
    inputs: Vec<RawInput>,
    paths: Vec<RawPath>,
    evidence: Vec<RawEvidence>,
    warnings: Vec<String>,
    reproduce: String,
}

#[derive(Deserialize)]
struct RawTool {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct RawQuestion {
    on: Option<Day>,
    law_overlay: Option<String>,
}

#[derive(Deserialize)]
struct RawTable {
    name: String,
    date: String,
    sha256: String,
}

#[derive(Deserialize)]
struct RawInput {
    path: String,
    sha256: Option<String>,
    format: String,
}

#[derive(Deserialize)]
struct RawTarget {
    addr: Option<String>,
}

#[derive(Deserialize)]
struct RawOrigin {
    addr: Option<String>,
    trust: String,
    withheld: Option<String>,
}

#[derive(Deserialize)]
struct RawPath {
    id: String,
    finding: String,
    reason: String,
    origin: RawOrigin,
    target: RawTarget,
    first: Option<String>,
    last: Option<String>,
    #[serde(default)]
    remarks: Vec<String>,
    hops: Vec<RawHop>,
}

#[derive(Deserialize)]
struct RawHop {
    rank: u16,
    addr: Option<String>,
    role: String,
    kind: String,
    why_unplaced: Option<String>,
    asn: Option<u32>,
    as_name: Option<String>,
    touches: Vec<RawTouch>,
    #[serde(default)]
    remarks: Vec<String>,
    because: Vec<String>,
}

#[derive(Deserialize)]
struct RawTouch {
    state: StateCode,
    basis: String,
    p: f32,
    norms: Vec<RawNorm>,
}

#[derive(Deserialize)]
struct RawNorm {
    norm: String,
    title: String,
    state: String,
    reading: String,
    source: String,
    grade: Grade,
}

#[derive(Deserialize)]
struct RawAt {
    frame: Option<u64>,
    line: Option<u64>,
    record: Option<u64>,
    offset: Option<u64>,
}

#[derive(Deserialize)]
struct RawEvidence {
    id: String,
    kind: String,
    input: usize,
    at: RawAt,
    time: Option<String>,
    what: String,
}

/// A report out of the bytes of a file.
///
/// # Errors
/// See [`ReadError`].
pub fn report(bytes: &[u8]) -> Result<Report, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|e| ReadError::NoJson(format!("byte {} is no UTF-8", e.valid_up_to())))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    let head: Head = serde_json::from_str(text).map_err(|e| no_json(text, &e))?;
    if head.kind.is_some() && head.schema.as_ref().is_some_and(|s| s == SCHEMA) {
        return Err(ReadError::Lines);
    }
    match head.schema {
        Some(schema) if schema == SCHEMA => {}
        Some(other) => return Err(ReadError::Other(format!("it says that it is {}", free(&other.to_string())))),
        None => return Err(ReadError::Other("it does not say what it is (key \"schema\")".into())),
    }
    let raw: RawReport = serde_json::from_str(text).map_err(|e| ReadError::Broken(free(&e.to_string())))?;
    raw.check()
}

fn no_json(text: &str, error: &serde_json::Error) -> ReadError {
    if error.is_eof() {
        return ReadError::Cut;
    }
    let line: Option<Head> = text.lines().next().and_then(|l| serde_json::from_str(l).ok());
    match line {
        Some(head) if head.kind.is_some() && error.line() > 1 => ReadError::Lines,
        _ if error.is_data() => ReadError::Other(free(&error.to_string())),
        _ => ReadError::NoJson(free(&error.to_string())),
    }
}

/// Harmless: nothing that a terminal obeys, nothing that reads as a blank of a letter, and not without end.
fn free(text: &str) -> String {
    let shown = match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    };
    // Non-characters are no characters of XML; private use and the like show as nothing.
    let shown: String = shown.chars().map(|c| if is_odd(c) { '\u{fffd}' } else { c }).collect();
    visible(&shown).replace("[[", "[ [").replace("]]", "] ]")
}

fn is_odd(c: char) -> bool {
    let n = u32::from(c);
    matches!(n, 0xad | 0x34f | 0x115f | 0x1160 | 0x3164 | 0xe000..=0xf8ff | 0xfe00..=0xfe0f | 0xfff0..=0xfffc)
        || n & 0xfffe == 0xfffe
        || n >= 0xe_0000
}

fn broken(what: impl fmt::Display) -> ReadError {
    ReadError::Broken(free(&what.to_string()))
}

fn number(id: &str, letter: char) -> Result<u32, ReadError> {
    id.strip_prefix(letter)
        .filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| broken(format!("{id:?} is no id of the form {letter}1")))
}

fn numbers(list: &[String]) -> Result<Vec<u32>, ReadError> {
    let mut out: Vec<u32> = list.iter().map(|id| number(id, 'e')).collect::<Result<_, _>>()?;
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

fn address(text: Option<String>) -> Result<Option<IpAddr>, ReadError> {
    text.map(|text| text.parse().map_err(|_| broken(format!("{text:?} is no address")))).transpose()
}

fn hash(text: String) -> Result<String, ReadError> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(broken(format!("{text:?} is no SHA-256")))
    }
}

/// RFC 3339 in UTC, as reports write it.
fn time(text: Option<&str>) -> Result<Timestamp, ReadError> {
    let Some(text) = text else { return Ok(Timestamp::UNKNOWN) };
    parse_time(text).ok_or_else(|| broken(format!("{text:?} is no time of the form 2026-03-17T14:31:50Z")))
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let day: Day = day.parse().ok()?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if clock.len() != 8 || fraction.len() > 9 || !digits(fraction) {
        return None;
    }
    let mut parts = clock.split(':').map(|t| if t.len() == 2 && digits(t) { t.parse::<i64>().ok() } else { None });
    let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || h > 23 || m > 59 || s > 60 {
        return None;
    }
    let scale = 10_i64.pow(9 - u32::try_from(fraction.len()).ok()?);
    let ns = fraction.parse::<i64>().ok()? * scale;
    let at = i64::from(day.0).checked_mul(86_400)?.checked_add(h * 3600 + m * 60 + s)?;
    at.checked_mul(1_000_000_000)?.checked_add(ns).map(Timestamp)
}

fn role(word: &str) -> Result<HopRole, ReadError> {
    use HopRole::{Origin, Proxy, Reflector, Target, Transit, Translator, TunnelEntry, TunnelExit};
    [Origin, Transit, TunnelEntry, TunnelExit, Proxy, Translator, Reflector, Target]
        .into_iter()
        .find(|r| r.as_str() == word)
        .ok_or_else(|| broken(format!("{word:?} is no role of a hop that this version knows")))
}

fn kind(word: &str) -> Result<Knowledge, ReadError> {
    [Knowledge::Observed, Knowledge::Asserted, Knowledge::Inferred, Knowledge::Gap]
        .into_iter()
        .find(|k| k.as_str() == word)
        .ok_or_else(|| broken(format!("{word:?} is no kind of a hop that this version knows")))
}

fn basis(word: &str) -> Result<Basis, ReadError> {
    [Basis::Territory, Basis::Registration, Basis::OperatorSeat, Basis::Victim, Basis::Flag]
        .into_iter()
        .find(|b| b.as_str() == word)
        .ok_or_else(|| broken(format!("{word:?} is no ground of a touch that this version knows")))
}

impl RawReport {
    fn check(self) -> Result<Report, ReadError> {
        let inputs: Vec<Input> = self
            .inputs
            .into_iter()
            .map(|i| Ok(Input { path: free(&i.path), sha256: i.sha256.map(hash).transpose()?, format: free(&i.format) }))
            .collect::<Result<_, ReadError>>()?;
        let mut evidence = BTreeMap::new();
        for raw in self.evidence {
            if raw.input >= inputs.len() {
                return Err(broken(format!("evidence {:?} names input {} of {}", raw.id, raw.input, inputs.len())));
            }
            let id = number(&raw.id, 'e')?;
            if evidence.insert(id, raw.check()?).is_some() {
                return Err(broken(format!("e{id} stands twice")));
            }
        }
        let paths: Vec<Path> = self.paths.into_iter().map(RawPath::check).collect::<Result<_, _>>()?;
        let mut names = BTreeSet::new();
        if let Some(twice) = paths.iter().map(|p| &p.id).find(|id| !names.insert(*id)) {
            return Err(broken(format!("path {twice} stands twice")));
        }
        for id in paths.iter().flat_map(|p| &p.hops).flat_map(|h| &h.because) {
            if !evidence.contains_key(id) {
                return Err(broken(format!("e{id} is named and not there")));
            }
        }
        Ok(Report {
            tool: free(&format!("{} {}", self.tool.name, self.tool.version)),
            on: self.question.on,
            law_overlay: self.question.law_overlay.map(|o| free(&o)),
            datasets: (self.datasets.iter())
                .map(|d| Table { name: free(&d.name), date: free(&d.date), sha256: free(&d.sha256) })
                .collect(),
            inputs,
            paths,
            evidence,
            warnings: self.warnings.iter().map(|w| free(w)).collect(),
            reproduce: free(&self.reproduce),
        })
    }
}

impl RawPath {
    fn check(self) -> Result<Path, ReadError> {
        number(&self.id, 'p')?;
        let (first, last) = (time(self.first.as_deref())?, time(self.last.as_deref())?);
        Ok(Path {
            id: self.id,
            finding: free(&self.finding),
            reason: free(&self.reason),
            trust: free(&self.origin.trust),
            withheld: self.origin.withheld.map(|w| free(&w)),
            origin: address(self.origin.addr)?,
            target: address(self.target.addr)?,
            seen: first.known().zip(last.known()).map(|(a, b)| (a.min(b), a.max(b))),
            remarks: remarks(&self.remarks),
            hops: self.hops.into_iter().map(RawHop::check).collect::<Result<_, _>>()?,
        })
    }
}

/// As many as a reader needs; there are few in a report of our own.
fn remarks(list: &[String]) -> Vec<String> {
    list.iter().take(MOST_REMARKS).map(|r| free(r)).collect()
}

impl RawHop {
    fn check(self) -> Result<Hop, ReadError> {
        let hop = Hop {
            rank: self.rank,
            addr: address(self.addr)?,
            role: role(&self.role)?,
            kind: kind(&self.kind)?,
            why_unplaced: self.why_unplaced.map(|w| free(&w)),
            asn: self.asn,
            as_name: self.as_name.map(|n| free(&n)),
            touches: self.touches.into_iter().map(RawTouch::check).collect::<Result<_, _>>()?,
            remarks: remarks(&self.remarks),
            because: numbers(&self.because)?,
        };
        hop.check()?;
        Ok(hop)
    }
}

impl Hop {
    /// What cannot be said of one hop.
    fn check(&self) -> Result<(), ReadError> {
        if let Some(addr) = self.addr.filter(|_| self.kind == Knowledge::Gap) {
            return Err(broken(format!("hop {} is a gap and has the address {addr}", self.rank)));
        }
        // A victim may be anywhere; no place, register or operator has such an address.
        let claims = || self.touches.iter().filter(|t| t.basis != Basis::Victim);
        if let Some(addr) = self.addr.filter(|a| a.is_unspecified() || a.is_multicast())
            && claims().next().is_some()
        {
            return Err(broken(format!("{addr} is no address of a machine in a state, and has a state")));
        }
        let here: f32 = claims().filter(|t| t.basis == Basis::Territory).map(|t| t.p).sum();
        // Candidates are rounded to two decimals each.
        if here > 1.0 + 0.005 * self.touches.len() as f32 + 0.001 {
            return Err(broken(format!("the places of hop {} have {here:.2} together, more than 1", self.rank)));
        }
        Ok(())
    }
}

impl RawTouch {
    fn check(self) -> Result<Touch, ReadError> {
        if !(0.0..=1.0).contains(&self.p) {
            return Err(broken(format!("{} is no probability", self.p)));
        }
        let norm = self.norms.into_iter().find(|n| n.norm == "13(c)").map(|n| super::NormRef {
            norm: n.norm,
            title: free(&n.title),
            state: free(&n.state),
            reading: free(&n.reading),
            source: free(&n.source),
            grade: n.grade,
        });
        Ok(Touch { state: self.state, basis: basis(&self.basis)?, p: self.p.min(0.99), norm })
    }
}

impl RawEvidence {
    fn check(self) -> Result<Evidence, ReadError> {
        let offset = self.at.offset.map(|o| format!(" (byte {o})")).unwrap_or_default();
        let at = match (self.at.frame, self.at.line, self.at.record) {
            (Some(n), ..) => format!("frame {n}{offset}"),
            (_, Some(n), _) => format!("line {n}{offset}"),
            (_, _, Some(n)) => format!("record {n}{offset}"),
            _ => return Err(broken("a piece of evidence has no place in its input")),
        };
        Ok(Evidence { kind: free(&self.kind), input: self.input, at, time: time(self.time.as_deref())?, what: free(&self.what) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for ns in [0, 1, 1_335_958_313_152_630_000, -1, 1_773_757_910_000_270_000] {
            let text = Timestamp(ns).to_string();
            assert_eq!(parse_time(&text), Some(Timestamp(ns)), "{text}");
        }
        for bad in
            ["", "2026-03-17", "2026-03-17T14:31:50", "2026-03-17T14:31:50.Z", "2026-03-17T24:00:00Z", "9999-12-31T00:00:00Z"]
        {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_report_is_refused_with_the_reason() {
        let why = |text: &str| report(text.as_bytes()).unwrap_err();
        assert_eq!(why(" \n"), ReadError::Empty);
        assert_eq!(why("{\"schema\":\"rutter.report/1\",\"paths\":[{"), ReadError::Cut);
        assert!(matches!(why("PK\u{3}\u{4}"), ReadError::NoJson(_)));
        assert!(matches!(why("[]"), ReadError::Other(_)));
        assert!(matches!(why("{}"), ReadError::Other(_)));
        assert!(matches!(why("{\"schema\":\"rutter.inspect/1\"}"), ReadError::Other(_)));
        assert!(matches!(why("{\"schema\":\"rutter.report/1\"}"), ReadError::Broken(_)));
        let line = "{\"schema\":\"rutter.report/1\",\"type\":\"input\"}\n";
        assert_eq!(why(line), ReadError::Lines);
        assert_eq!(why(&line.repeat(2)), ReadError::Lines);
        assert!(matches!(report(b"\xff\xfe"), Err(ReadError::NoJson(_))));
        // What it says of itself is printed, and obeyed by no terminal.
        let evil = why("{\"schema\":\"\\u001b[2J\"}").to_string();
        assert!(!evil.contains('\u{1b}'), "{evil}");
    }

    /// A report of one hop.
    fn one_hop(hop: &serde_json::Value) -> Result<Report, ReadError> {
        let path = |id: &str| {
            serde_json::json!({"id": id, "finding": "flood", "reason": "r", "origin": {"addr": null, "trust": "proved", "withheld": null},
                "target": {"addr": null}, "first": null, "last": null, "hops": [hop]})
        };
        let whole = serde_json::json!({"schema": SCHEMA, "tool": {"name": "rutter", "version": "0"}, "question": {"on": null}, "inputs": [],
            "paths": [path("p1"), path("p2")], "evidence": [], "warnings": [], "reproduce": ""});
        report(whole.to_string().as_bytes())
    }

    #[test]
    fn what_cannot_be_said_of_a_hop_is_refused() {
        let touch = |state: &str, p: f32| serde_json::json!({"state": state, "basis": "territory", "p": p, "norms": []});
        let hop = serde_json::json!({"rank": 1, "addr": "192.0.2.1", "role": "proxy", "kind": "observed", "why_unplaced": null, "asn": null,
            "as_name": null, "touches": [touch("DE", 0.6), touch("FR", 0.4)], "because": []});
        assert!(one_hop(&hop).is_ok());
        let refused = |change: &dyn Fn(&mut serde_json::Value), why: &str| {
            let mut bad = hop.clone();
            change(&mut bad);
            let said = one_hop(&bad).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        };
        refused(&|h| h["kind"] = "gap".into(), "is a gap and has the address");
        refused(&|h| h["addr"] = "0.0.0.0".into(), "no address of a machine");
        refused(&|h| h["addr"] = "ff02::1".into(), "no address of a machine");
        refused(&|h| h["touches"][1]["p"] = 0.6.into(), "more than 1");
        // The same path twice.
        let path = serde_json::json!({"id": "p1", "finding": "flood", "reason": "r", "origin": {"addr": null, "trust": "proved", "withheld": null},
            "target": {"addr": null}, "first": null, "last": null, "hops": []});
        let whole = serde_json::json!({"schema": SCHEMA, "tool": {"name": "rutter", "version": "0"}, "question": {"on": null}, "inputs": [],
            "paths": [path, path], "evidence": [], "warnings": [], "reproduce": ""});
        assert!(report(whole.to_string().as_bytes()).unwrap_err().to_string().contains("p1 stands twice"));
    }

    #[test]
    fn free_text_is_harmless() {
        let text = free("a\u{1b}[31m\u{202e}b\u{fffe}\u{e000} [[YOUR NAME]]");
        assert_eq!(text, "a\\u{1b}[31m\\u{202e}b\u{fffd}\u{fffd} [ [YOUR NAME] ]");
        assert_eq!(free("münchen 東京 🙂"), "münchen 東京 🙂");
        assert!(free(&"x".repeat(5_000)).chars().count() < 610);
    }
}
