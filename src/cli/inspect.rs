//! `rutter inspect`: what is in an input.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;

use super::args::ReadArgs;
use super::output::{self, ListFormat as Format};
use super::progress::{self, Bar};
use super::{Context, Outcome};
use crate::error::Error;
use crate::pipeline::inspect as pipeline;
use crate::pipeline::replay::Progress;
use crate::report::terminal::plural;
use crate::report::{inspect_text, json};
use crate::source::files;

/// Arguments of `rutter inspect`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// Captures, logs, flow exports, traceroutes, mails, routing tables, lists, or folders of them; - is standard input.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The same, as in other tools.
    #[arg(short = 'r', long = "read", value_name = "FILE|DIR|-")]
    pub read: Vec<PathBuf>,
    /// Format; text if neither this nor -o says otherwise. json is one document per input, jsonl one line.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write it there; the suffix picks the format (.txt, .json, .jsonl).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Do not compute SHA-256 of the inputs.
    #[arg(long)]
    pub no_hash: bool,
    /// The reading.
    #[command(flatten)]
    pub read_args: ReadArgs,
}

/// Runs it.
///
/// # Errors
/// When nothing could be read, or the result could not be written.
pub fn run(args: &Args, context: &Context) -> Result<Outcome, Error> {
    let format = Format::pick(args.format, args.output.as_deref())?;
    let inputs: Vec<PathBuf> = args.inputs.iter().chain(&args.read).cloned().collect();
    if inputs.is_empty() {
        return Err(Error::Usage("no input; name a file or a folder, or - for standard input".into()));
    }
    let expanded = files::expand(&inputs);
    output::spare_evidence(args.output.as_deref(), &expanded.files)?;
    tracing::info!("{}, {}", plural(expanded.files.len() as u64, "file"), plural(expanded.bytes, "byte"));
    let skipped = expanded.skipped_in_words();
    let progress = Arc::new(Progress::default());
    progress::stop_on_interrupt(&progress);
    let bar = Bar::start(&progress, expanded.bytes, context.quiet);
    let options = args.read_args.options(context, !args.no_hash)?;
    let mut failures = expanded.failures;
    let (mut out, mut partial, mut done, mut interrupted) = (Vec::new(), false, 0, false);
    for file in expanded.files {
        let seen = pipeline::inspect(file, &options, &progress);
        interrupted |= seen.interrupted;
        failures.extend(seen.failures);
        let Some(inspection) = seen.inspection else { continue };
        tracing::info!(
            "{}: {}, {}, addresses {}, flows {}, rejected {}",
            crate::report::escape::visible(&inspection.path),
            plural(inspection.packets, "packet"),
            plural(inspection.records, "record"),
            inspection.addresses.len(),
            inspection.flows.len(),
            inspection.rejected_total
        );
        done += 1;
        partial |= inspection.rejected_total > 0;
        let failed = |e: serde_json::Error| Error::Render(e.to_string());
        let text = match format {
            Format::Text => inspect_text::render(&inspection, super::trace::look(context)),
            Format::Json => json::pretty(&inspection).map_err(failed)?,
            Format::Jsonl => json::line(&inspection).map_err(failed)?,
        };
        out.extend_from_slice(text.as_bytes());
        if interrupted {
            break;
        }
    }
    drop(bar);
    output::write(args.output.as_deref(), &out)?;
    let kept = args.read_args.finish_rejects(&options);
    if let Some(skipped) = &skipped {
        super::complain(&format!("rutter: {skipped}"));
    }
    let bad = !failures.is_empty();
    if done == 0 && bad {
        let last = failures.pop();
        failures.iter().for_each(|f| super::complain(&format!("rutter: {f}")));
        return last.map_or(Ok(Outcome::Failed), |e| Err(Error::Source(e)));
    }
    failures.iter().for_each(|f| super::complain(&format!("rutter: {f}")));
    if interrupted {
        return Ok(Outcome::Interrupted);
    }
    Ok(if bad || partial || !kept { Outcome::Partial } else { Outcome::Done }.strict(args.read_args.strict))
}
