//! `rutter practice`: a ledger of what was notified or asked, and what came back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

use super::output::{self, ListFormat};
use super::{Context, Outcome, complain};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::jurisdiction::notices::{self, Ledger};
use crate::model::net::StateCode;
use crate::model::practice::{Entry, Step};
use crate::model::time::Day;
use crate::report::escape::visible;
use crate::report::json;
use crate::report::terminal::plural;
use crate::source::error::SourceError;

/// A ledger larger than this is refused.
const MOST_BYTES: u64 = 64 << 20;

/// A state with fewer cases gets no figures, and a median needs as many answers.
const LEAST_CASES: usize = 5;

/// Arguments of `rutter practice`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What can be done with a ledger.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Write down a notice, a request or an answer; the ledger is made if it is not there.
    Add(AddArgs),
    /// Print the entries, by day.
    List {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
        /// Only of this state.
        #[arg(long, value_name = "STATE")]
        state: Option<StateCode>,
        /// Format; text if not said.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: ListFormat,
    },
    /// Say which lines are damaged, and what does not fit together.
    Check {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
    },
    /// Put ledgers together: sorted, and what is the same stands once.
    Merge {
        /// The ledgers.
        #[arg(value_name = "LEDGER", required = true, num_args = 1..)]
        ledgers: Vec<PathBuf>,
        /// Write it there.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Count, per state, what was told and asked and what came back; nothing below five cases.
    Stats {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
        /// Format; text if not said.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: ListFormat,
    },
    /// Write a table for others: states, steps, days and channels; no case, no address, no note.
    Export {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
        /// Write it there.
        #[arg(short, long, value_name = "FILE.csv")]
        output: PathBuf,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepArg {
    /// A state was told of activity from its territory.
    Notified,
    /// It confirmed that it was told.
    Acknowledged,
    /// It acted.
    Acted,
    /// It said that it will not.
    Refused,
    /// Preservation, disclosure or action was asked for.
    Asked,
    /// What was asked for was given.
    Given,
}

impl From<StepArg> for Step {
    fn from(step: StepArg) -> Self {
        match step {
            StepArg::Notified => Self::Notified,
            StepArg::Acknowledged => Self::Acknowledged,
            StepArg::Acted => Self::Acted,
            StepArg::Refused => Self::Refused,
            StepArg::Asked => Self::Asked,
            StepArg::Given => Self::Given,
        }
    }
}

/// Arguments of `rutter practice add`.
#[derive(Clone, Debug, Parser)]
pub struct AddArgs {
    /// The ledger.
    #[arg(value_name = "LEDGER")]
    pub ledger: PathBuf,
    /// Your name of the matter; it stays in the ledger.
    #[arg(long, value_name = "NAME")]
    pub case: String,
    /// The state that was told or asked.
    #[arg(long, value_name = "STATE")]
    pub state: StateCode,
    /// The state that told or asked.
    #[arg(long, value_name = "STATE")]
    pub by: StateCode,
    /// What happened.
    #[arg(long, value_name = "STEP")]
    pub step: StepArg,
    /// The day (YYYY-MM-DD).
    #[arg(long, value_name = "DATE")]
    pub on: Day,
    /// Through which channel, in the words of rutter law channel.
    #[arg(long, value_name = "CHANNEL")]
    pub channel: String,
    /// An address or prefix concerned; can be given again. A notice that names none engages no norm.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,
    /// A remark; it stays in the ledger.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

/// Runs it.
///
/// # Errors
/// A ledger that cannot be read, an entry that does not keep its contract, or output that cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Outcome, Error> {
    match &args.what {
        What::Add(add) => self::add(add, context),
        What::List { ledger, state, format } => list(ledger, state.map(canonical).transpose()?, *format),
        What::Check { ledger } => check(ledger),
        What::Merge { ledgers, output } => merge(ledgers, output),
        What::Stats { ledger, format } => stats(ledger, *format),
        What::Export { ledger, output } => export(ledger, output),
    }
}

/// `UK` is `GB`; a code that the rule book does not know is a slip of the pen.
fn canonical(state: StateCode) -> Result<StateCode, Error> {
    let law = Law::shipped().map_err(|e| Error::Data(e.to_string()))?;
    let state = law.book.canonical(state);
    if law.book.name_of(state).is_none() || !law.book.is_place(state) {
        return Err(Error::Usage(format!("{state}: no state or territory that the rule book knows")));
    }
    Ok(state)
}

fn failed<'a>(path: &'a Path, what: &'static str) -> impl Fn(std::io::Error) -> Error + 'a {
    move |source| Error::Source(SourceError::Io { path: path.display().to_string(), what, source })
}

fn read_all(file: &mut File, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed(path, "read"))?;
    if read as u64 > MOST_BYTES {
        return Err(Error::Data(format!("{}: is larger than {} MiB", path.display(), MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

/// A ledger, and how reading it ended.
fn open(path: &Path) -> Result<(Ledger, Outcome), Error> {
    let (ledger, damaged) = self::read(path)?;
    Ok((ledger, if damaged == 0 { Outcome::Done } else { Outcome::Partial }))
}

/// A ledger, and how many of its lines are damaged, which are complained of.
///
/// # Errors
/// When it can't be read.
pub fn read(path: &Path) -> Result<(Ledger, usize), Error> {
    let mut file = File::open(path).map_err(failed(path, "open"))?;
    file.lock_shared().map_err(failed(path, "lock"))?;
    let bytes = read_all(&mut file, path)?;
    let (ledger, damaged) = Ledger::read(&bytes);
    for d in damaged.iter().take(100) {
        complain(&format!("rutter: {}: line {}: {}", path.display(), d.line, d.why));
    }
    if damaged.len() > 100 {
        complain(&format!("rutter: {}: and {} more damaged lines", path.display(), damaged.len() - 100));
    }
    Ok((ledger, damaged.len()))
}

fn lines(entries: &[Entry]) -> Result<String, Error> {
    entries.iter().map(|e| json::line(e).map_err(|e| Error::Render(e.to_string()))).collect()
}

/// Appends under a lock, in one write. A last line that was cut off stays a line of its own.
fn add(args: &AddArgs, context: &Context) -> Result<Outcome, Error> {
    let addresses: BTreeSet<Arc<str>> = args.address.iter().map(|a| a.trim().into()).collect();
    let entry = Entry {
        schema: notices::SCHEMA.into(),
        case: args.case.trim().into(),
        state: canonical(args.state)?,
        by: canonical(args.by)?,
        step: args.step.into(),
        on: args.on,
        channel: args.channel.trim().into(),
        addresses: addresses.into_iter().collect(),
        note: args.note.trim().into(),
    };
    notices::check(&entry).map_err(Error::Usage)?;
    let path = &args.ledger;
    let written = |source| Error::Output { path: path.display().to_string(), source };
    let mut file = File::options().read(true).append(true).create(true).open(path).map_err(written)?;
    file.lock().map_err(written)?;
    file.seek(SeekFrom::Start(0)).map_err(written)?;
    let bytes = read_all(&mut file, path)?;
    let (ledger, damaged) = Ledger::read(&bytes);
    if ledger.entries.is_empty() && !damaged.is_empty() {
        return Err(Error::Data(format!(
            "{}: is no ledger: none of its lines is an entry (line {}: {})",
            path.display(),
            damaged.first().map_or(1, |d| d.line),
            damaged.first().map_or("", |d| d.why.as_str())
        )));
    }
    let outcome = if damaged.is_empty() { Outcome::Done } else { Outcome::Partial };
    if !damaged.is_empty() {
        let count = plural(damaged.len() as u64, "damaged line");
        complain(&format!("rutter: {}: {count} before it; see rutter practice check", path.display()));
    }
    if ledger.entries.contains(&entry) {
        if !context.quiet {
            complain(&format!("rutter: {}: the same entry is there already; nothing added", path.display()));
        }
        return Ok(outcome);
    }
    let cut = bytes.last().is_some_and(|b| *b != b'\n');
    let line = format!("{}{}", if cut { "\n" } else { "" }, lines(std::slice::from_ref(&entry))?);
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(written)?;
    Ok(outcome)
}

fn list(path: &Path, state: Option<StateCode>, format: ListFormat) -> Result<Outcome, Error> {
    let (mut ledger, outcome) = open(path)?;
    ledger.entries.retain(|e| state.is_none_or(|s| e.state == s));
    ledger.entries.sort_by_key(|e| e.on);
    let out = match format {
        ListFormat::Json => json::pretty(&ledger.entries).map_err(|e| Error::Render(e.to_string()))?,
        ListFormat::Jsonl => lines(&ledger.entries)?,
        ListFormat::Text => {
            let mut out = String::new();
            for e in &ledger.entries {
                let addresses: Vec<&str> = e.addresses.iter().map(AsRef::as_ref).collect();
                let about = if addresses.is_empty() { "no address named".to_owned() } else { addresses.join(", ") };
                let note = if e.note.is_empty() { String::new() } else { format!("; {}", e.note) };
                let line = format!(
                    "{}  {} by {}  {:<12}  {}; case {}; {about}{note}",
                    e.on,
                    e.state,
                    e.by,
                    e.step.as_str(),
                    e.channel,
                    e.case
                );
                out.push_str(&visible(&line));
                out.push('\n');
            }
            out.push_str(&entries(ledger.entries.len()));
            out.push('\n');
            out
        }
    };
    output::to_stdout(out.as_bytes())?;
    Ok(outcome)
}

fn entries(n: usize) -> String {
    if n == 1 { "1 entry".into() } else { format!("{n} entries") }
}

/// Damaged lines end with code 3; what does not fit together is said and ends nothing.
fn check(path: &Path) -> Result<Outcome, Error> {
    let (ledger, outcome) = open(path)?;
    let mut out = String::new();
    let mut seen = BTreeSet::new();
    for e in &ledger.entries {
        let line = json::line(e).map_err(|e| Error::Render(e.to_string()))?;
        if !seen.insert(line) {
            out.push_str(&visible(&format!("twice: {} {} of {}, case {}", e.state, e.step.as_str(), e.on, e.case)));
            out.push('\n');
        }
        let before = |s: &[Step]| ledger.entries.iter().any(|o| same_matter(o, e) && s.contains(&o.step) && o.on <= e.on);
        let asked_first: &[Step] = &[Step::Notified, Step::Asked];
        if !asked_first.contains(&e.step) && !before(asked_first) {
            let word = e.step.as_str();
            out.push_str(&visible(&format!("no notice or request before it: {} {word} of {}, case {}", e.state, e.on, e.case)));
            out.push('\n');
        }
    }
    let states: BTreeSet<StateCode> = ledger.entries.iter().map(|e| e.state).collect();
    let count = entries(ledger.entries.len());
    out.push_str(&format!("{}: {count} of {}\n", visible(&path.display().to_string()), plural(states.len() as u64, "state")));
    output::to_stdout(out.as_bytes())?;
    Ok(outcome)
}

fn same_matter(a: &Entry, b: &Entry) -> bool {
    (a.state, a.by, &a.case) == (b.state, b.by, &b.case)
}

fn merge(paths: &[PathBuf], target: &Path) -> Result<Outcome, Error> {
    output::spare_evidence(Some(target), paths)?;
    let mut outcome = Outcome::Done;
    let mut ledgers = Vec::new();
    for path in paths {
        let (ledger, how) = open(path)?;
        if how != Outcome::Done {
            complain(&format!("rutter: {}: its damaged lines are not in {}", path.display(), target.display()));
            outcome = how;
        }
        ledgers.push(ledger);
    }
    let merged = Ledger::merge(ledgers);
    output::write(Some(target), lines(&merged.entries)?.as_bytes())?;
    Ok(outcome)
}

/// Of one state. Counts are of cases, not of entries.
#[derive(Debug, Default, Serialize)]
struct Figures {
    cases: usize,
    notified: usize,
    acknowledged: usize,
    acted: usize,
    refused: usize,
    asked: usize,
    given: usize,
    /// Cases with an answer, and the median of the days to the first one; `null` under five answers.
    answered: usize,
    median_days: Option<f64>,
}

/// `figures` is `null` where there are fewer than five cases: their number is not told either.
#[derive(Debug, Serialize)]
struct StateFigures {
    state: StateCode,
    least_cases: usize,
    figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
struct Stats {
    schema: &'static str,
    states: Vec<StateFigures>,
}

type Case<'a> = (StateCode, &'a str);

fn figures(ledger: &Ledger) -> Stats {
    let mut states: BTreeMap<StateCode, BTreeMap<Case<'_>, Vec<&Entry>>> = BTreeMap::new();
    for e in &ledger.entries {
        states.entry(e.state).or_default().entry((e.by, &e.case)).or_default().push(e);
    }
    let states = states.into_iter().map(|(state, cases)| StateFigures {
        state,
        least_cases: LEAST_CASES,
        figures: (cases.len() >= LEAST_CASES).then(|| of_cases(cases.values())),
    });
    Stats { schema: "rutter.practice-stats/1", states: states.collect() }
}

fn of_cases<'a>(cases: impl Iterator<Item = &'a Vec<&'a Entry>>) -> Figures {
    let mut f = Figures::default();
    let mut days = Vec::new();
    for case in cases {
        let has = |step: Step| usize::from(case.iter().any(|e| e.step == step));
        f.cases += 1;
        f.notified += has(Step::Notified);
        f.acknowledged += has(Step::Acknowledged);
        f.acted += has(Step::Acted);
        f.refused += has(Step::Refused);
        f.asked += has(Step::Asked);
        f.given += has(Step::Given);
        let opening = |e: &&&Entry| matches!(e.step, Step::Notified | Step::Asked);
        let begun = case.iter().filter(opening).map(|e| e.on).min();
        let answer = begun.and_then(|begun| case.iter().filter(|e| !opening(e) && e.on >= begun).map(|e| e.on).min());
        days.extend(begun.zip(answer).map(|(begun, answer)| answer.days_since(begun)));
    }
    days.sort_unstable();
    f.answered = days.len();
    f.median_days = (days.len() >= LEAST_CASES).then(|| median(&days)).flatten();
    f
}

/// Of sorted numbers.
fn median(days: &[i32]) -> Option<f64> {
    let upper = *days.get(days.len() / 2)?;
    let lower = *days.get((days.len() - 1) / 2)?;
    Some((f64::from(lower) + f64::from(upper)) / 2.0)
}

fn stats(path: &Path, format: ListFormat) -> Result<Outcome, Error> {
    let (ledger, outcome) = open(path)?;
    let stats = figures(&ledger);
    let out = match format {
        ListFormat::Json => json::pretty(&stats).map_err(|e| Error::Render(e.to_string()))?,
        ListFormat::Jsonl => {
            stats.states.iter().map(|s| json::line(s).map_err(|e| Error::Render(e.to_string()))).collect::<Result<_, _>>()?
        }
        ListFormat::Text => stats.states.iter().map(sentence).collect::<Vec<_>>().concat() + STATS_NOTE,
    };
    output::to_stdout(out.as_bytes())?;
    Ok(outcome)
}

const STATS_NOTE: &str = "Cases of this ledger, no sample of a state's practice: what was not written down is not counted.\n";

/// With the number of cases beside every figure.
fn sentence(s: &StateFigures) -> String {
    let Some(f) = &s.figures else { return format!("{}  fewer than {LEAST_CASES} cases\n", s.state) };
    let of = |n: usize, what: &str| format!("{what} {n} of {} cases", f.cases);
    let median = match f.median_days {
        Some(days) => format!("median days to the first answer {days} ({} answers in {} cases)", f.answered, f.cases),
        None => format!("median days to the first answer: fewer than {LEAST_CASES} answers in {} cases", f.cases),
    };
    format!(
        "{}  {}; {}; {}; {}; {}; {}; {median}\n",
        s.state,
        of(f.notified, "notified"),
        of(f.acknowledged, "acknowledged"),
        of(f.acted, "acted"),
        of(f.refused, "refused"),
        of(f.asked, "asked"),
        of(f.given, "given"),
    )
}

/// Sorted by state, day and step, so that the order tells nothing of which lines are one case.
fn export(path: &Path, target: &Path) -> Result<Outcome, Error> {
    output::spare_evidence(Some(target), &[path.to_owned()])?;
    let (ledger, outcome) = open(path)?;
    let mut rows: Vec<[String; 5]> = ledger
        .entries
        .iter()
        .map(|e| [e.state.to_string(), e.by.to_string(), e.on.to_string(), e.step.as_str().to_owned(), harmless(&e.channel)])
        .collect();
    rows.sort();
    let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
    let render = |e: csv::Error| Error::Render(e.to_string());
    table.write_record(["state", "by", "on", "step", "channel"]).map_err(render)?;
    for row in &rows {
        table.write_record(row).map_err(render)?;
    }
    let bytes = table.into_inner().map_err(|e| Error::Render(e.to_string()))?;
    output::write(Some(target), &bytes)?;
    Ok(outcome)
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection).
fn harmless(text: &str) -> String {
    let text = visible(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']) { format!("'{text}") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_of_few_and_many() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3]), Some(3.0));
        assert_eq!(median(&[1, 2, 4, 9]), Some(3.0));
        assert_eq!(median(&[1, 2, 4, 9, 100]), Some(4.0));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for evil in ["=1+1", "+1", "-1", "@x", "|x"] {
            assert!(harmless(evil).starts_with('\''), "{evil}");
        }
        assert_eq!(harmless("24/7 network"), "24/7 network");
        assert!(!harmless("a\u{202e}b").contains('\u{202e}'));
    }
}
