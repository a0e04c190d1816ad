//! `rutter plan`: a report in, a checklist of requests and drafts of letters out.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use sha2::{Digest, Sha256};

use super::output::{self, Sink};
use super::{Context, Outcome};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::plan::build::{Means, build};
use crate::report::plan::{Plan, read, text};
use crate::report::terminal::{Look, plural};
use crate::report::{json, letters};
use crate::source::error::SourceError;

/// A report larger than this is refused: one with a thousand findings has a few megabytes.
const MOST_BYTES: u64 = 64 << 20;

/// Formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// One document.
    Json,
    /// Markdown, with boxes to tick.
    Md,
}

impl Format {
    fn pick(asked: Option<Self>, output: Option<&Path>) -> Result<Self, Error> {
        if let Some(format) = asked {
            return Ok(format);
        }
        let Some(path) = output.filter(|p| p.as_os_str() != "-") else { return Ok(Self::Text) };
        match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("txt") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some("md" | "markdown") => Ok(Self::Md),
            _ => Err(Error::Usage(format!(
                "{}: the suffix names no format; use .txt, .json or .md, or say --format",
                path.display()
            ))),
        }
    }
}

/// Arguments of `rutter plan`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// A report, made with rutter trace --format json; - is standard input.
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,
    /// Who asks: two letters of ISO 3166-1.
    #[arg(long, value_name = "STATE")]
    pub requesting: StateCode,
    /// The day of asking (YYYY-MM-DD): law as of then. Else the day of the report.
    #[arg(long, value_name = "DATE")]
    pub on: Option<Day>,
    /// Law of the user's own.
    #[command(flatten)]
    pub overlay: super::law::OverlayArgs,
    /// Write drafts of letters into this folder, as Markdown and as DOCX.
    #[arg(long, value_name = "DIR")]
    pub letters: Option<PathBuf>,
    /// Write over letters that are there.
    #[arg(long, requires = "letters")]
    pub force: bool,
    /// Format; text if neither this nor -o says otherwise.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write it there; the suffix picks the format (.txt, .json, .md).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// A report that cannot be read or is none, a day that nobody named, letters that are there already, or output that
/// cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Outcome, Error> {
    let format = Format::pick(args.format, args.output.as_deref())?;
    output::spare_evidence(args.output.as_deref(), std::slice::from_ref(&args.report))?;
    let law = super::law::source::law(args.overlay.law.as_deref())?;
    let plan = plan(args, law)?;
    let written = args.letters.as_deref().map(|folder| write_letters(&plan, folder, args.force)).transpose()?;
    let out = match format {
        Format::Text => text::render(&plan, Look { colour: context.colour && args.output.is_none(), ..Look::default() }),
        Format::Json => json::pretty(&plan).map_err(|e| Error::Render(e.to_string()))?,
        Format::Md => text::markdown(&plan),
    };
    output::write(args.output.as_deref(), out.as_bytes())?;
    if let (Some(count), Some(folder), false) = (written, &args.letters, context.quiet) {
        let letters = plural(count as u64, "letter");
        super::complain(&format!("rutter: {letters} drafted in {}, each as .md and .docx; check every word", folder.display()));
    }
    Ok(Outcome::Done)
}

fn plan(args: &Args, law: &Law) -> Result<Plan, Error> {
    let path = args.report.display().to_string();
    let bytes = report_bytes(&args.report)?;
    let report = read::report(&bytes).map_err(|why| Error::Data(format!("{path}: {why}")))?;
    let on = args.on.or(report.on).ok_or_else(|| {
        Error::Usage(format!("{path}: the report has no day; say as of which day the law is to be read: --on YYYY-MM-DD"))
    })?;
    let requesting = law.book.canonical(args.requesting);
    if law.book.name_of(requesting).is_none() || !law.book.is_place(requesting) {
        return Err(Error::Usage(format!("--requesting {requesting}: no state or territory that the rule book knows")));
    }
    let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok(build(
        &report,
        &Means {
            requesting,
            on,
            sha256,
            channels: &|to| law.channels(requesting, to, on),
            retention: &|state, seen| law.retention(state, seen),
            name: &|state| law.book.name_of(state).map(ToString::to_string),
        },
    ))
}

fn report_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |what| move |source| Error::Source(SourceError::Io { path: path.display().to_string(), what, source });
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).map_err(failed("open"))?.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    };
    if read.map_err(failed("read"))? as u64 > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(Error::Data(format!("{}: is larger than {most} MiB; ask trace for fewer findings (--top)", path.display())));
    }
    Ok(bytes)
}

/// All or none: nothing is written if a file of one of the names is there.
fn write_letters(plan: &Plan, folder: &Path, force: bool) -> Result<usize, Error> {
    let failed = |source| Error::Output { path: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let letters = letters::draft(plan);
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for letter in &letters {
        files.push((folder.join(format!("{}.md", letter.name)), letters::markdown::render(letter).into_bytes()));
        files.push((folder.join(format!("{}.docx", letter.name)), letters::docx::render(letter)));
    }
    if !force && let Some((there, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(Error::Usage(format!(
            "{}: is there already, perhaps with somebody's changes; name another folder, or say --force",
            there.display()
        )));
    }
    for (path, bytes) in &files {
        let mut sink = Sink::open(Some(path))?;
        sink.write(bytes)?;
        sink.finish()?;
    }
    Ok(letters.len())
}
