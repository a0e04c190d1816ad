//! `rutter live`: the same findings while packets arrive, until Ctrl-C.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::args::{AskArgs, TableArgs, is_default};
use super::output::{self, Format as ReportFormat};
use super::{Context, Outcome};
use crate::error::Error;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;
use crate::pipeline::answer::{self, Ask, Means, Resolver};
use crate::pipeline::assemble::{self, Frame};
use crate::pipeline::extract::Numbering;
use crate::pipeline::live::{self, Options};
use crate::pipeline::news::News;
use crate::pipeline::replay::{Counts, Progress};
use crate::pipeline::study::Overview;
use crate::report::{json, terminal};
use crate::source::live::{CaptureMode, LiveCounters, LiveOptions};
use crate::source::names::NamesFile;
use crate::source::{names, resolve};

const EXAMPLES: &str = "\
Ctrl-C (or SIGTERM) ends the run: the summary follows, and the exit code is 0, or 3 if packets were dropped.

Examples:
  rutter live -i eth0
  rutter live -i eth0 -i eth1 --format jsonl > findings.jsonl
  rutter live -i eth0 --duration 3600 -o hour.html
  rutter live -i udp:0.0.0.0:2055

Without root, give the program the capability once: setcap cap_net_raw+ep $(command -v rutter)";

/// How frames come from the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A ring of memory shared with the kernel (TPACKET_V3); falls back to the channel where there is none.
    #[default]
    Ring,
    /// One system call a packet (the datalink channel of pnet).
    Channel,
}

/// Formats of a running report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Jsonl,
}

/// Arguments of `rutter live`.
#[derive(Clone, Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Interface, or udp:ADDRESS:PORT to which routers send NetFlow, IPFIX or sFlow; may be given more than once.
    #[arg(short, long = "interface", value_name = "IFACE", required = true)]
    pub interface: Vec<String>,
    /// Format of what is printed while packets arrive.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// At the end write the whole report there; the suffix picks the format (.txt, .json, .jsonl, .html).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Seconds of packet time between two looks at what there is so far.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub interval: u64,
    /// End after this many seconds; without it only a signal ends the run.
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u64>,
    /// How frames come from the kernel.
    #[arg(long, value_name = "MODE", default_value = "ring")]
    pub mode: Mode,
    /// Threads per interface; several share its traffic by flow (fanout).
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub capture_threads: u64,
    /// MiB of kernel memory per capture thread.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub buffer: u64,
    /// Only frames for this host, as in tcpdump.
    #[arg(short = 'p', long)]
    pub no_promiscuous: bool,
    /// Most live flows kept at a time.
    #[arg(long, value_name = "N", default_value_t = 1 << 20, env = "RUTTER_MAX_FLOWS", value_parser = clap::value_parser!(u64).range(1024..=1 << 28))]
    pub max_flows: u64,
    /// Fail (exit code 1) when packets were dropped.
    #[arg(long)]
    pub strict: bool,
    /// The question.
    #[command(flatten)]
    pub ask: AskArgs,
    /// The tables.
    #[command(flatten)]
    pub tables: TableArgs,
}

impl Args {
    fn options(&self, context: &Context) -> Options {
        let file = context.config.max_flows.filter(|_| is_default(&context.matches, "max_flows"));
        Options {
            capture: LiveOptions {
                mode: match self.mode {
                    Mode::Ring => CaptureMode::Ring,
                    Mode::Channel => CaptureMode::Channel,
                },
                promiscuous: !self.no_promiscuous,
                threads: self.capture_threads as usize,
                buffer: (self.buffer as usize) << 20,
                ..LiveOptions::default()
            },
            interval: Duration::from_secs(self.interval),
            max_flows: file.unwrap_or(self.max_flows as usize).clamp(1024, 1 << 28),
            signals: true,
            opened: if context.quiet { |_| () } else { |on| super::complain(&format!("rutter: capturing on {on}; Ctrl-C ends")) },
            ..Options::default()
        }
    }
}

/// Prints what is new.
struct Teller<'a> {
    format: Format,
    ask: &'a Ask,
    means: Means<'a>,
    named: &'a [NamesFile],
    interfaces: usize,
    look: terminal::Look,
    news: News,
    numbering: Numbering,
    counters: LiveCounters,
}

impl Teller<'_> {
    fn tell(&mut self, digest: &Digest) -> Result<(), Error> {
        let mut digest = digest.clone();
        let begin = first(&digest);
        answer::add_names(&mut digest, self.named, self.interfaces, begin);
        answer::join(&mut digest);
        let found = answer::answer(&digest, last(&digest), self.ask, &self.means);
        let mut out = String::new();
        let news = self.news.pick(&found.paths, &digest);
        tracing::debug!("{} items of evidence, {} findings, {} told", digest.items.len(), found.found, news.len());
        for path in news {
            let (shown, evidence) = self.numbering.tell(path, &digest, &found);
            let failed = |e: serde_json::Error| Error::Render(e.to_string());
            match self.format {
                Format::Text => {
                    out.push_str(&terminal::render_path(&shown, self.look));
                    out.push('\n');
                }
                Format::Jsonl => {
                    out.push_str(&json::path_lines(&shown).map_err(failed)?);
                    for row in &evidence {
                        out.push_str(&json::evidence_line(row).map_err(failed)?);
                    }
                }
            }
        }
        if out.is_empty() { Ok(()) } else { output::to_stdout(out.as_bytes()) }
    }
}

fn first(digest: &Digest) -> Option<Timestamp> {
    digest.conversations.iter().map(|c| c.seen.first).chain(digest.items.iter().map(|i| i.time)).min()
}

fn last(digest: &Digest) -> Option<Timestamp> {
    digest.conversations.iter().map(|c| c.seen.last).chain(digest.items.iter().map(|i| i.time)).max()
}

/// Runs it.
///
/// # Errors
/// When an interface can't be opened, or nobody can be told.
pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    // Everything that can be wrong with the question is said before the device is opened.
    if let Some(path) = &args.output {
        ReportFormat::pick(None, Some(path))?;
    }
    let ask = args.ask.ask(context)?;
    let locator = args.tables.locator(context)?;
    let named: Result<Vec<_>, _> = args.ask.names_files(context).iter().map(|path| names::read(path)).collect();
    let named = named?;
    let asked = |addrs: &[std::net::IpAddr]| resolve::reverse(addrs);
    let resolve = ask.resolve.then(|| Resolver::new(&asked, args.interface.len() + named.len()));
    let means = Means { locator: &locator, law: args.tables.law()?, resolve };
    let progress = Arc::new(Progress::default());
    if let Some(seconds) = args.duration {
        let progress = progress.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(seconds));
            progress.stop.store(true, Ordering::Relaxed);
        });
    }
    let mut teller = Teller {
        format: args.format,
        ask: &ask,
        means,
        named: &named,
        interfaces: args.interface.len(),
        look: super::trace::look(context),
        news: News::default(),
        numbering: Numbering::default(),
        counters: LiveCounters::default(),
    };
    let options = Options { wanted: super::args::wanted(&ask), ..args.options(context) };
    tracing::info!(
        "capturing on {}: {:?}, {} threads of {} MiB each, promiscuous {}, at most {} flows, a look every {} s",
        crate::report::escape::visible(&args.interface.join(", ")),
        options.capture.mode,
        options.capture.threads,
        args.buffer,
        options.capture.promiscuous,
        options.max_flows,
        args.interval
    );
    let mut told = Ok(());
    let mut on_digest = |digest: &Digest, _: &Counts, counters: LiveCounters, _: bool| {
        teller.counters = counters;
        if told.is_ok() {
            told = teller.tell(digest);
            // Nobody listens any more, or the disk is full: there is no use in going on.
            progress.stop.fetch_or(told.is_err(), Ordering::Relaxed);
        }
    };
    let mut reading = live::run(&args.interface, &options, Overview::new(locator.tables()), &progress, &mut on_digest)?;
    let counters = teller.counters;
    told?;
    reading.counts.dropped = counters.lost();
    // A signal or the end of the time given is how a live run ends: nothing is missing because of it.
    reading.interrupted = false;
    super::trace::log_reading(&reading);
    tracing::info!("lost: {} in the kernel, {} at the hand-over", counters.kernel_dropped, counters.handover_dropped);

    let mut digest = std::mem::take(&mut reading.digest);
    let begin = first(&digest);
    answer::add_names(&mut digest, &named, reading.inputs.len(), begin);
    answer::join(&mut digest);
    let end = reading.inputs.iter().filter_map(|i| i.last).max();
    let found = answer::answer(&digest, end, &ask, &means);
    super::trace::log_answer(&found);
    let frame = Frame { reproduce: super::trace::reproduce(&context.arguments), names: &named };
    let report = assemble::report(&reading, &digest, &found, &ask, &means, &frame);
    let text = match args.format {
        Format::Text => format!("Summary\n{}", terminal::render(&report, super::trace::look(context))),
        Format::Jsonl => {
            let failed = |e: serde_json::Error| Error::Render(e.to_string());
            json::input_lines(&report).map_err(failed)? + &json::summary_line(&report).map_err(failed)?
        }
    };
    output::to_stdout(text.as_bytes())?;
    if let Some(path) = &args.output {
        let format = ReportFormat::pick(None, Some(path))?;
        output::write(Some(path), &super::trace::render(&report, format, context)?)?;
    }
    reading.failures.iter().for_each(|f| super::complain(&format!("rutter: {f}")));
    if counters.lost() > 0 {
        super::complain(&format!(
            "rutter: packets dropped: {} by the kernel (raise --buffer), {} at the hand-over (the processor is too slow)",
            counters.kernel_dropped, counters.handover_dropped
        ));
    }
    let partial = counters.lost() > 0 || !reading.failures.is_empty() || ask.practice_damaged > 0;
    Ok(if partial { Outcome::Partial } else { Outcome::Done }.strict(args.strict))
}
