//! `rutter law`: what binds a state on a day, how to ask another, where states part; and whether the facts hold together.
//!
//! * [`source`]: the law that a run uses, with the user's own folder laid over it
//! * [`place`]: states, territories and instruments by code or name
//! * `one`, `many`: the views
//! * `check`: the check

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde::Serialize;

use super::output::{self, Format};
use super::{Context, Outcome};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::model::time::Day;
use crate::report::law::{Basis, Readable};
use crate::report::{json, law as views};

mod check;
mod many;
mod map;
mod one;
pub mod place;
pub mod source;

/// Arguments of `rutter law`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// What is asked.
    #[command(subcommand)]
    pub question: Question,
}

/// The questions.
#[derive(Clone, Debug, Subcommand)]
pub enum Question {
    /// How a state or territory stands to an instrument on a day.
    Status {
        /// Id of the instrument, for example ETS185.
        instrument: String,
        /// Code or name of the state or territory.
        state: String,
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// Everything on a state or territory: instruments, national law, groups, positions, votes, standings.
    Show {
        /// Code or name.
        state: String,
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// States side by side: instruments, votes, positions, standings.
    Compare {
        /// Codes or names; two to twelve.
        #[arg(required = true, num_args = 2..=12)]
        states: Vec<String>,
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// The lawful ways in which one state can ask another for preservation, disclosure or action, best first: what
    /// is in force before what is unknown.
    Channel {
        /// Who asks: code or name.
        from: String,
        /// Who is asked: code or name.
        to: String,
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// An instrument: dates, provisions with time limits, published numbers, every state's status.
    Instrument {
        /// Its id, for example ETS185.
        instrument: String,
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// A world map, as SVG: how states stand to an instrument, or where they stand on F1, F2 or F3.
    Map {
        /// Id of an instrument, for example ETS185; or F1, F2, F3.
        what: String,
        /// The day that is asked about (YYYY-MM-DD); if not given, the day on which the rule book was last revised.
        #[arg(long, value_name = "DATE")]
        on: Option<Day>,
        /// Write it there (.svg); standard output if not given.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Law of the user's own.
        #[command(flatten)]
        overlay: OverlayArgs,
    },
    /// What is not settled, worst first, with the page that would settle it.
    Questions {
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
    /// Check the rule book and an overlay: refused rows, numbers, entry into force, contradictions, age. Exit code 1 on errors.
    Check {
        /// Shared flags.
        #[command(flatten)]
        shared: Shared,
    },
}

/// Flags that all questions share.
#[derive(Clone, Debug, clap::Args)]
pub struct Shared {
    /// The user's own folder of law files, laid over the shipped ones; reports name it.
    #[command(flatten)]
    pub overlay: OverlayArgs,
    /// The day that is asked about (YYYY-MM-DD); if not given, the day on which the rule book was last revised.
    #[arg(long, value_name = "DATE")]
    pub on: Option<Day>,
    /// Format; text if neither this nor -o says otherwise.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write it there; the suffix picks the format (.txt, .json, .jsonl, .html).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which law: every command that reads law takes these.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OverlayArgs {
    /// A folder of your own law files, laid over the shipped ones; reports name it.
    #[arg(long = "law", value_name = "DIR", env = "RUTTER_LAW")]
    pub law: Option<PathBuf>,
}

/// A question with its law and its day.
struct Asked<'a> {
    law: &'a Law,
    on: Day,
    shared: &'a Shared,
    context: &'a Context,
}

impl Asked<'_> {
    fn basis(&self) -> Basis {
        basis(self.law, self.shared.on.is_some())
    }

    /// Writes the view in the format that was asked for; a page only where there is one.
    fn write(&self, view: &(impl Readable + Serialize), has_page: bool) -> Result<Outcome, Error> {
        let failed = |e: serde_json::Error| Error::Render(e.to_string());
        let text = match Format::pick(self.shared.format, self.shared.output.as_deref())? {
            Format::Text => views::text(view, super::trace::look(self.context)),
            Format::Json => json::pretty(view).map_err(failed)?,
            Format::Jsonl => json::line(view).map_err(failed)?,
            Format::Html if has_page => views::page(view),
            Format::Html => return Err(no_page()),
        };
        output::write(self.shared.output.as_deref(), text.as_bytes())?;
        Ok(Outcome::Done)
    }
}

fn no_page() -> Error {
    Error::Usage("only show, compare, channel and instrument write a page; use .txt or .json, or say --format".into())
}

fn basis(law: &Law, on_given: bool) -> Basis {
    let dataset = Law::dataset();
    let overlay = law.overlay.as_ref().map(ToString::to_string);
    Basis { revised: dataset.date, sha256: dataset.sha256, overlay, on_given }
}

/// The day of the last revision: a default that needs no clock.
fn revised() -> Result<Day, Error> {
    Law::dataset().date.parse().map_err(|e| Error::Data(format!("rule book: {e}")))
}

/// Runs it.
///
/// # Errors
/// An unknown state or instrument, an overlay that cannot be used, or output that cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Outcome, Error> {
    let shared = match &args.question {
        Question::Map { what, on, output, overlay } => {
            let on = on.map_or_else(revised, Ok)?;
            return map::run(source::law(overlay.law.as_deref())?, what, on, output.as_deref());
        }
        Question::Status { shared, .. }
        | Question::Show { shared, .. }
        | Question::Compare { shared, .. }
        | Question::Channel { shared, .. }
        | Question::Instrument { shared, .. }
        | Question::Questions { shared }
        | Question::Check { shared } => shared,
    };
    let on = shared.on.map_or_else(revised, Ok)?;
    // A check tells everything that is wrong; loading would stop at the first.
    if let Question::Check { .. } = &args.question {
        return check::run(shared, on, context);
    }
    let law = source::law(shared.overlay.law.as_deref())?;
    let asked = Asked { law, on, shared, context };
    match &args.question {
        Question::Status { instrument, state, .. } => one::status(&asked, instrument, state),
        Question::Show { state, .. } => one::show(&asked, state),
        Question::Compare { states, .. } => many::compare(&asked, states),
        Question::Channel { from, to, .. } => one::channel(&asked, from, to),
        Question::Instrument { instrument, .. } => one::instrument(&asked, instrument),
        Question::Questions { .. } | Question::Check { .. } | Question::Map { .. } => many::questions(&asked),
    }
}
