//! `rutter plan`: a report in, a checklist of requests and drafts of letters out.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use sha2::{Digest, Sha256};

use super::args::nobody_asks;
use super::output;
use super::{Context, Outcome};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::jurisdiction::tables::named_body;
use crate::jurisdiction::territories::Reach;
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::plan::build::{Means, build};
use crate::report::plan::{Named, Plan, Senders, read, text};
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
    let drafted = args.letters.as_deref().map(|folder| Drafts::of(&plan, folder));
    if let Some(drafted) = &drafted {
        drafted.check(args)?;
    }
    let out = match format {
        Format::Text => text::render(&plan, Look { colour: context.colour && args.output.is_none(), ..Look::default() }),
        Format::Json => json::pretty(&plan).map_err(|e| Error::Render(e.to_string()))?,
        Format::Md => text::markdown(&plan),
    };
    if let Some(drafted) = &drafted {
        drafted.write()?;
    }
    output::write(args.output.as_deref(), out.as_bytes())?;
    if let (Some(drafted), false) = (&drafted, context.quiet) {
        let (count, folder) = (plural(drafted.letters as u64, "letter"), drafted.folder.display());
        super::complain(&format!("rutter: {count} drafted in {folder}, each as .md and .docx; check every word"));
        let others = drafted.others();
        if !others.is_empty() {
            super::complain(&format!(
                "rutter: in {folder} and not of this plan, perhaps of an earlier one: {}",
                others.join(", ")
            ));
        }
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
    if !law.book.can_ask(requesting) {
        return Err(nobody_asks(args.requesting));
    }
    let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok(build(
        &report,
        &Means {
            requesting,
            on,
            on_given: args.on.is_some(),
            sha256,
            channels: &|to| law.channels(requesting, to, on),
            orders: law.orders_to_providers(requesting, on),
            retention: &|state, seen, asked| law.retention(state, seen, asked),
            place: &|state| place(law, state),
            title: &|id| law.book.instrument(id).map(|i| i.title.to_string()),
            senders: senders(law, requesting),
            by_way_of: by_way_of(law, requesting),
            rule_book: Law::dataset(),
            law_overlay: law.overlay.as_ref().map(ToString::to_string),
        },
    ))
}

/// A state or territory of the rule book, by its own code.
fn place(law: &Law, code: StateCode) -> Option<Named> {
    let state = law.book.canonical(code);
    let name = law.book.name_of(state).filter(|_| law.book.is_place(state))?;
    Some(Named { state, name: name.to_string() })
}

/// The state that answers for a territory that is no mere part of it: whether the territory's requests go by way of that
/// state is not in the tables.
fn by_way_of(law: &Law, code: StateCode) -> Option<StateCode> {
    law.book.territory(code.as_str()).filter(|t| t.treaties != Reach::Inherits && !t.law_of_parent).and_then(|t| t.parent)
}

/// The bodies that send, out of the table of national law: those of a territory, or of the state whose authorities act there.
fn senders(law: &Law, state: StateCode) -> Option<Senders> {
    let territory = law.book.territory(state.as_str());
    let parent = territory.filter(|t| t.law_of_parent || t.treaties == Reach::Inherits).and_then(|t| t.parent);
    let row = law.tables.domestic.get(&state).or_else(|| law.tables.domestic.get(&parent?))?;
    let known = |cell: &str| named_body(cell).map(ToOwned::to_owned);
    Some(Senders {
        central: known(&row.mla_authority),
        on_call: known(&row.contact_24_7),
        cert: known(&row.cert),
        grade: row.cited.grade,
        source: row.cited.source.to_string(),
    })
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

/// Drafts and where they go.
struct Drafts<'a> {
    folder: &'a Path,
    letters: usize,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Drafts<'a> {
    fn of(plan: &Plan, folder: &'a Path) -> Self {
        let letters = letters::draft(plan);
        let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for letter in &letters {
            files.push((folder.join(format!("{}.md", letter.name)), letters::markdown::render(letter).into_bytes()));
            files.push((folder.join(format!("{}.docx", letter.name)), letters::docx::render(letter)));
        }
        Self { folder, letters: letters.len(), files }
    }

    /// Before anything is written: nothing lies in the way, and neither the report nor the plan is one of the files.
    fn check(&self, args: &Args) -> Result<(), Error> {
        let place = |path: &Path| {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some((folder.canonicalize().ok()?, path.file_name()?.to_owned()))
        };
        // Made now, so that a name can be compared with the names in it.
        let failed = |source| Error::Output { path: self.folder.display().to_string(), source };
        std::fs::create_dir_all(self.folder).map_err(failed)?;
        let output = args.output.as_deref().and_then(place);
        for (path, _) in &self.files {
            if output.is_some() && place(path) == output {
                return Err(Error::Usage(format!(
                    "{}: is a letter of this plan; name another file for the plan (-o)",
                    path.display()
                )));
            }
            output::spare_evidence(Some(path), std::slice::from_ref(&args.report))?;
            let Ok(there) = path.symlink_metadata() else { continue };
            if !args.force {
                return Err(Error::Usage(format!(
                    "{}: is there already, perhaps with somebody's changes; name another folder, or say --force",
                    path.display()
                )));
            }
            if !there.is_file() {
                return Err(Error::Usage(format!("{}: is there already and no plain file; name another folder", path.display())));
            }
        }
        Ok(())
    }

    /// All or none: all are written beside their places first.
    fn write(&self) -> Result<(), Error> {
        let mut beside: Vec<(PathBuf, &Path)> = Vec::new();
        let done = self.files.iter().try_for_each(|(path, bytes)| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}.part", std::process::id()));
            let part = path.with_file_name(name);
            beside.push((part.clone(), path));
            std::fs::write(&part, bytes).map_err(|source| Error::Output { path: path.display().to_string(), source })
        });
        let done = done.and_then(|()| {
            beside.iter().try_for_each(|(part, path)| {
                std::fs::rename(part, path).map_err(|source| Error::Output { path: path.display().to_string(), source })
            })
        });
        if done.is_err() {
            for (part, _) in &beside {
                // Those that were not moved; the error that is told is the first one.
                let _ = std::fs::remove_file(part);
            }
        }
        done
    }

    /// Names of drafts in the folder that are not of this plan.
    fn others(&self) -> Vec<String> {
        let own: Vec<_> = self.files.iter().filter_map(|(path, _)| path.file_name()).collect();
        let is_draft = |name: &str| {
            let stem = name.strip_suffix(".md").or_else(|| name.strip_suffix(".docx"));
            stem.is_some_and(|s| letters::NAMES.iter().any(|end| s.ends_with(end)))
        };
        let entries = std::fs::read_dir(self.folder).into_iter().flatten().flatten();
        let mut others: Vec<String> = entries
            .map(|e| e.file_name())
            .filter(|name| !own.contains(&name.as_os_str()))
            .filter_map(|name| name.into_string().ok())
            .filter(|name| is_draft(name))
            .map(|name| crate::report::escape::visible(&name).into_owned())
            .collect();
        others.sort();
        others
    }
}
