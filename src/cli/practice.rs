//! `rutter practice`: a ledger of what was notified or asked, and what came back.

mod export;
mod figures;

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
use crate::jurisdiction::notices::{self, Ledger};
use crate::jurisdiction::{Law, RuleBook};
use crate::model::net::StateCode;
use crate::model::practice::{Entry, Step};
use crate::model::time::Day;
use crate::report::escape::visible;
use crate::report::json;
use crate::report::terminal::plural;
use crate::source::error::SourceError;

/// A ledger larger than this is refused.
const MOST_BYTES: u64 = 64 << 20;

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
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// Count, per state, what was told and asked and what came back; nothing below five is told or follows.
    Stats {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
        /// Format; text if not said.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: ListFormat,
    },
    /// Write a table for others: numbers of cases by state, asker, time, channel and step; no case, no address, no note, and
    /// no number from which fewer than five cases follow.
    Export {
        /// The ledger.
        #[arg(value_name = "LEDGER")]
        ledger: PathBuf,
        /// Write it there.
        #[arg(short, long, value_name = "FILE.csv")]
        output: PathBuf,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
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
        What::Merge { ledgers, output, force } => merge(ledgers, output, *force),
        What::Stats { ledger, format } => stats(ledger, *format),
        What::Export { ledger, output, force } => export(ledger, output, *force, context),
    }
}

/// `UK` is `GB`; a code that the rule book does not know is a slip of the pen.
fn canonical(state: StateCode) -> Result<StateCode, Error> {
    let book = book()?;
    let state = book.canonical(state);
    if !is_known(book, state) {
        return Err(Error::Usage(format!("{state}: no state or territory that the rule book knows")));
    }
    Ok(state)
}

fn book() -> Result<&'static RuleBook, Error> {
    Ok(&Law::shipped().map_err(|e| Error::Data(e.to_string()))?.book)
}

fn is_known(book: &RuleBook, state: StateCode) -> bool {
    book.name_of(state).is_some() && book.is_place(state)
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
    let ledger = ledger.canonical(book()?);
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
    let entry = Entry {
        schema: notices::SCHEMA.into(),
        case: args.case.as_str().into(),
        state: canonical(args.state)?,
        by: canonical(args.by)?,
        step: args.step.into(),
        on: args.on,
        channel: args.channel.as_str().into(),
        addresses: args.address.iter().map(|a| Arc::from(a.trim())).collect(),
        note: args.note.as_str().into(),
    };
    notices::check(&entry).map_err(Error::Usage)?;
    let entry = notices::normal(entry);
    if let Some(wide) = notices::too_wide(&entry) {
        return Err(Error::Usage(format!("--address {wide}: too wide to name an address (IPv4 /16, IPv6 /29 at most)")));
    }
    let path = &args.ledger;
    let written = |source| Error::Output { path: path.display().to_string(), source };
    let mut file = File::options().read(true).append(true).create(true).open(path).map_err(written)?;
    file.lock().map_err(written)?;
    file.seek(SeekFrom::Start(0)).map_err(written)?;
    let bytes = read_all(&mut file, path)?;
    let (ledger, damaged) = Ledger::read(&bytes);
    let ledger = ledger.canonical(book()?);
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

#[derive(Serialize)]
struct List<'a> {
    schema: &'static str,
    entries: &'a [Entry],
}

fn list(path: &Path, state: Option<StateCode>, format: ListFormat) -> Result<Outcome, Error> {
    let (mut ledger, outcome) = open(path)?;
    ledger.entries.retain(|e| state.is_none_or(|s| e.state == s));
    ledger.entries.sort_by_key(|e| e.on);
    let out = match format {
        ListFormat::Json => {
            let list = List { schema: "rutter.practice-list/1", entries: &ledger.entries };
            json::pretty(&list).map_err(|e| Error::Render(e.to_string()))?
        }
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
    let mut say = |line: String| {
        out.push_str(&visible(&line));
        out.push('\n');
    };
    let mut seen = BTreeSet::new();
    let mut begun: BTreeMap<(StateCode, StateCode, &str), Day> = BTreeMap::new();
    for ((state, by, case), entries) in figures::matters(&ledger) {
        if let Some(day) = entries.iter().filter(|e| figures::opens(e.step)).map(|e| e.on).min() {
            begun.insert((state, by, case), day);
        }
    }
    let book = book()?;
    for e in &ledger.entries {
        let what = format!("{} {} of {}, case {}", e.state, e.step.as_str(), e.on, e.case);
        if !seen.insert(json::line(e).map_err(|e| Error::Render(e.to_string()))?) {
            say(format!("twice: {what}"));
        }
        let is_open = begun.get(&(e.state, e.by, &*e.case)).is_some_and(|day| *day <= e.on);
        if !figures::opens(e.step) && !is_open {
            say(format!("no notice or request before it, so that no figure counts it: {what}"));
        }
        if let Some(unknown) = [e.state, e.by].into_iter().find(|s| !is_known(book, *s)) {
            say(format!("{unknown} is no state or territory that the rule book knows: {what}"));
        }
        if let Some(wide) = notices::too_wide(e) {
            say(format!("{wide} is too wide to name an address: {what}"));
        }
    }
    let states: BTreeSet<StateCode> = ledger.entries.iter().map(|e| e.state).collect();
    let count = entries(ledger.entries.len());
    say(format!("{}: {count} of {}", path.display(), plural(states.len() as u64, "state")));
    output::to_stdout(out.as_bytes())?;
    Ok(outcome)
}

/// What is there has no copy elsewhere: it is not written over by a slip of the pen, and an input never.
fn spare(target: &Path, inputs: &[PathBuf], force: bool) -> Result<(), Error> {
    output::spare_evidence(Some(target), inputs)?;
    if !force && target.as_os_str() != "-" && target.symlink_metadata().is_ok_and(|m| m.len() > 0) {
        return Err(Error::Usage(format!("{}: is there already; name another file, or say --force", target.display())));
    }
    Ok(())
}

fn merge(paths: &[PathBuf], target: &Path, force: bool) -> Result<Outcome, Error> {
    spare(target, paths, force)?;
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

fn stats(path: &Path, format: ListFormat) -> Result<Outcome, Error> {
    let (ledger, outcome) = open(path)?;
    let stats = figures::Stats::of(&ledger);
    let render = |e: serde_json::Error| Error::Render(e.to_string());
    let out = match format {
        ListFormat::Json => json::pretty(&stats).map_err(render)?,
        ListFormat::Jsonl => stats.states.iter().map(|s| json::line(s).map_err(render)).collect::<Result<_, _>>()?,
        ListFormat::Text => figures::text(&stats),
    };
    output::to_stdout(out.as_bytes())?;
    Ok(outcome)
}

fn export(path: &Path, target: &Path, force: bool, context: &Context) -> Result<Outcome, Error> {
    spare(target, &[path.to_owned()], force)?;
    let (ledger, outcome) = open(path)?;
    output::write(Some(target), &export::table(&ledger)?)?;
    // The same words whatever was left out.
    if !context.quiet {
        complain("rutter: a state with fewer than five cases is not in an export, nor a number that gives fewer away");
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
