//! `rutter trace`: evidence in, report out.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;

use super::args::{self, AskArgs, ReadArgs, TableArgs};
use super::output::{self, Format};
use super::progress::{self, Bar};
use super::{Context, Outcome};
use crate::error::Error;
use crate::locate::Tables;
use crate::pipeline::answer::{self, Answer, Means, Resolver};
use crate::pipeline::assemble::{self, Frame};
use crate::pipeline::inputs;
use crate::pipeline::replay::{self, Progress, Reading};
use crate::pipeline::study::Overview;
use crate::report;
use crate::report::escape::visible;
use crate::report::terminal::plural;
use crate::source::error::SourceError;
use crate::source::{files, names, resolve};

const EXAMPLES: &str = "\
Examples:
  rutter trace capture.pcapng
  rutter trace capture.pcapng -o report.html
  rutter trace -r evidence/ --victim 203.0.113.7 --format jsonl | jq 'select(.type == \"finding\")'
  tcpdump -w - | rutter trace -r - --filter 'port:22 and not state:\"DE\"'";

/// Arguments of `rutter trace`.
#[derive(Clone, Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Evidence or folders of it: captures, logs, flow exports, traceroutes, mails, routing tables, lists (also .gz, .zst,
    /// .lz4); recognised by content; - is standard input.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The same, as in other tools.
    #[arg(short = 'r', long = "read", value_name = "FILE|DIR|-")]
    pub read: Vec<PathBuf>,
    /// Write the report there; the suffix picks the format (.txt, .json, .jsonl, .html).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Format of the report; text if neither this nor -o says otherwise.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Compute the SHA-256 of every input, also for the text report; documents (json, jsonl, html) always hold it.
    #[arg(long)]
    pub hash: bool,
    /// Show what one hop rests on, and nothing else: an address, or PATH:NUMBER as the report counts (p1:3).
    #[arg(long, value_name = "HOP", conflicts_with_all = ["output", "format"])]
    pub explain: Option<String>,
    /// Do not compute SHA-256 of the inputs.
    #[arg(long, conflicts_with = "hash")]
    pub no_hash: bool,
    /// The question.
    #[command(flatten)]
    pub ask: AskArgs,
    /// The tables.
    #[command(flatten)]
    pub tables: TableArgs,
    /// The reading.
    #[command(flatten)]
    pub read_args: ReadArgs,
}

/// Runs it.
///
/// # Errors
/// When nothing could be read, or the report could not be written.
pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let format = Format::pick(args.format, args.output.as_deref())?;
    // Everything that can be wrong with the question is said before a long capture is read.
    let ask = args.ask.ask(context)?;
    let locator = args.tables.locator(context)?;
    let named: Result<Vec<_>, _> = args.ask.names_files(context).iter().map(|path| names::read(path)).collect();
    let named = named?;
    for file in &named {
        tracing::info!("names file {}: {} read, {} rejected", visible(&file.path), file.names.len(), file.rejected_total);
    }
    let inputs: Vec<PathBuf> = args.inputs.iter().chain(&args.read).cloned().collect();
    if inputs.is_empty() {
        return Err(Error::Usage("no input; name a file or a folder, or - for standard input".into()));
    }
    let hash = !args.no_hash && (args.hash || format != Format::Text);

    let expanded = files::expand(&inputs);
    output::spare_evidence(args.output.as_deref(), &expanded.files)?;
    tracing::info!("{}, {}", plural(expanded.files.len() as u64, "file"), plural(expanded.bytes, "byte"));
    let skipped = expanded.skipped_in_words();
    let progress = Arc::new(Progress::default());
    progress::stop_on_interrupt(&progress);
    let bar = Bar::start(&progress, expanded.bytes, context.quiet);
    let mut options = args.read_args.options(context, hash)?;
    options.wanted = args::wanted(&ask);
    let mut sorted = inputs::sort(expanded.files, &options.recognition, &options.open);
    inputs::add_alerts(&mut sorted, &args.ask.alerts, &options.open);
    let mut reading = replay::replay(sorted, &options, Overview::new(locator.tables()), &progress);
    drop(bar);
    log_reading(&reading);
    reading.failures.splice(0..0, expanded.failures);
    reading.warnings.splice(0..0, skipped);
    if reading.inputs.is_empty() {
        return Err(first_failure(reading.failures, context));
    }

    let asked = |addrs: &[std::net::IpAddr]| resolve::reverse(addrs);
    let resolve = ask.resolve.then(|| Resolver::new(&asked, reading.inputs.len() + named.len()));
    let means = Means { locator: &locator, law: args.tables.law()?, resolve };
    let mut digest = std::mem::take(&mut reading.digest);
    let first = reading.inputs.iter().filter_map(|i| i.first).min();
    answer::add_names(&mut digest, &named, reading.inputs.len(), first);
    answer::join(&mut digest);
    let last = reading.inputs.iter().filter_map(|i| i.last).max();
    let found = answer::answer(&digest, last, &ask, &means);
    log_answer(&found);
    let frame = Frame { reproduce: reproduce(&context.arguments), names: &named };
    let report = assemble::report(&reading, &digest, &found, &ask, &means, &frame);

    let bytes = match &args.explain {
        None => render(&report, format, context)?,
        Some(hop) => match report::explain::render(&report, hop, look(context)) {
            Some(text) => text.into_bytes(),
            None => return Err(Error::Usage(format!("--explain {hop}: no path that is shown has such a hop"))),
        },
    };
    output::write(args.output.as_deref(), &bytes)?;
    tracing::info!("report of {} bytes written", bytes.len());
    for failure in &reading.failures {
        super::complain(&format!("rutter: {failure}"));
    }
    let kept = args.read_args.finish_rejects(&options);
    let c = &report.counters;
    if reading.interrupted {
        return Ok(Outcome::Interrupted);
    }
    let partial = !reading.failures.is_empty() || c.rejected > 0 || c.dropped > 0 || ask.practice_damaged > 0;
    if partial && !context.quiet && format != Format::Text {
        super::complain(&format!(
            "rutter: done, with {} rejected (see \"rejected\" in the report)",
            plural(c.rejected, "record")
        ));
    }
    // The process ends here: see `Remains`.
    std::mem::forget((reading.remains, digest, found));
    Ok(if partial || !kept { Outcome::Partial } else { Outcome::Done }.strict(args.read_args.strict))
}

/// For `-v`: what was read.
pub(super) fn log_reading(reading: &Reading<Overview>) {
    let c = &reading.counts;
    tracing::info!(
        "read {}: {}, {}, {} ({} matched), {} rejected, {} failed",
        plural(reading.inputs.len() as u64, "input"),
        plural(c.packets, "packet"),
        plural(c.flows, "flow"),
        plural(c.quotes, "ICMP quote"),
        c.matched,
        c.rejected,
        reading.failures.len()
    );
    for input in &reading.inputs {
        let (path, format) = (visible(&input.path), &input.format);
        tracing::debug!(
            "{path}: {format}, {} packets, {} other records, {} rejected",
            input.packets,
            input.records,
            input.rejected
        );
    }
}

/// For `-v`: what was found.
pub(super) fn log_answer(found: &Answer) {
    let on = found.on.map_or_else(|| "no day".to_owned(), |day| day.to_string());
    tracing::info!(
        "{}, {} shown; law as of {on}; {} resolved",
        plural(found.found as u64, "finding"),
        found.paths.len(),
        plural(found.resolved.len() as u64, "name")
    );
    for path in &found.paths {
        tracing::debug!(
            "{}, score {:.3}: {} hops, source address {}",
            path.finding.kind,
            path.finding.score,
            path.hops.len(),
            path.trust.as_str()
        );
    }
}

/// The report's bytes.
///
/// # Errors
/// When a renderer fails.
pub fn render(report: &report::model::ReportModel, format: Format, context: &Context) -> Result<Vec<u8>, Error> {
    let json = |e: serde_json::Error| Error::Render(e.to_string());
    Ok(match format {
        Format::Text => report::terminal::render(report, look(context)).into_bytes(),
        Format::Json => report::json::pretty(report).map_err(json)?.into_bytes(),
        Format::Jsonl => report::json::lines(report).map_err(json)?.into_bytes(),
        Format::Html => assemble::html(report, Tables::shipped()).map_err(|e| Error::Render(e.to_string()))?.into_bytes(),
    })
}

/// Colour and width of the terminal. Width is `COLUMNS` within reason, else 100: the same everywhere.
#[must_use]
pub fn look(context: &Context) -> report::terminal::Look {
    let width = std::env::var("COLUMNS").ok().and_then(|w| w.parse().ok()).unwrap_or(100_u16).clamp(80, 160);
    report::terminal::Look { colour: context.colour, width }
}

/// All failures but the last are told here; the last one ends the run.
fn first_failure(mut failures: Vec<SourceError>, context: &Context) -> Error {
    let last = failures.pop();
    for failure in failures {
        super::complain(&format!("rutter: {failure}"));
    }
    let _ = context;
    last.map_or_else(|| Error::Usage("no capture in the folders that were named".into()), Error::Source)
}

/// The command as it was typed, quoted for a shell.
#[must_use]
pub fn reproduce(arguments: &[String]) -> String {
    let quoted = arguments.iter().map(|a| {
        let plain = !a.is_empty() && a.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:,=@%+".contains(&b));
        if plain { a.clone() } else { format!("'{}'", a.replace('\'', "'\\''")) }
    });
    std::iter::once("rutter".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
