//! The command line: parse, run, turn the outcome into an exit code.
//!
//! * [`args`]: flags that several commands share
//! * [`trace`], [`inspect`], [`lookup`], [`live`], [`law`], [`plan`], [`practice`], [`config`]: the commands
//! * [`output`]: where reports go; formats by suffix; closed pipes
//! * [`progress`]: a line on standard error for long work; Ctrl-C

pub mod args;
pub mod config;
pub mod inspect;
pub mod law;
pub mod live;
pub mod lookup;
pub mod output;
pub mod plan;
pub mod practice;
pub mod progress;
pub mod trace;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::error::Error;

/// How a run ended (DESIGN 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Done, but with rejected input or drops.
    Partial,
    /// Stopped by the user; what was read was reported.
    Interrupted,
}

impl Outcome {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Interrupted => 130,
        }
    }

    /// With `--strict`, partial is failed.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        if strict && self == Self::Partial { Self::Failed } else { self }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

const EXITS: &str = "\
Exit codes: 0 done; 1 failed; 2 usage; 3 done, but with rejected input or drops (--strict makes it 1); 130 interrupted.
Location is not responsibility: Rutter says where hops are and what law speaks to them, never who did it.";

/// Incident-attribution and transit-path tracer: packets in, jurisdiction report out.
#[derive(Debug, Parser)]
#[command(name = "rutter", version, about, after_help = EXITS, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on standard error (-v what is done, -vv details).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// No progress line and no summary of complaints on standard error; errors are still shown.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Colours on the terminal.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", env = "RUTTER_COLOR")]
    pub color: Colour,
    /// Read settings from this file instead of ./rutter.toml.
    #[arg(long, global = true, value_name = "FILE", env = "RUTTER_CONFIG")]
    pub config: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Trace attacks and transit paths through captures, and report the states and regimes that they touch.
    Trace(trace::Args),
    /// Say what is in a capture: packets, addresses of every layer, flows, ICMP errors, tunnels, chains, traceroutes.
    Inspect(inspect::Args),
    /// Say everything that is known of an address, with sources and dates.
    Lookup(lookup::Args),
    /// Trace while packets arrive, until Ctrl-C.
    Live(live::Args),
    /// Say what binds a state on a day, how to ask another state, and where states part; check the rule book.
    Law(law::Args),
    /// Make a checklist of requests out of a report, in the order in which evidence is lost, and draft the letters.
    Plan(plan::Args),
    /// Keep a ledger of what was notified and what came back.
    Practice(practice::Args),
    /// Show where each setting comes from, or print a template.
    Config(config::Args),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// What every command is told.
pub struct Context {
    /// Global flags.
    pub quiet: bool,
    /// Colours on standard output?
    pub colour: bool,
    /// Settings from the file.
    pub config: crate::config::Config,
    /// The file they came from.
    pub config_path: Option<PathBuf>,
    /// The matches of the command, for telling flags from defaults.
    pub matches: ArgMatches,
    /// The command line that makes the same report again.
    pub arguments: Vec<String>,
}

/// Parses `arguments` (the first is the program's name) and runs.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = Cli::command().try_get_matches_from(&arguments);
    let matches = match parsed {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() { Outcome::Usage.code() } else { 0 };
            // A help text into a closed pipe is no failure.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(Outcome::Usage.code());
        }
    };
    let colour = wants_colour(cli.color, std::io::stdout().is_terminal());
    crate::telemetry::start(cli.verbose, wants_colour(cli.color, std::io::stderr().is_terminal()));
    let outcome = execute(cli, &matches, colour, &arguments);
    let outcome = outcome.unwrap_or_else(|error| {
        if error.is_closed_pipe() {
            return Outcome::Done;
        }
        complain(&format!("rutter: {error}"));
        if matches!(error, Error::Usage(_)) { Outcome::Usage } else { Outcome::Failed }
    });
    ExitCode::from(outcome.code())
}

fn wants_colour(colour: Colour, terminal: bool) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

fn execute(cli: Cli, matches: &ArgMatches, colour: bool, arguments: &[OsString]) -> Result<Outcome, Error> {
    let (config, config_path) = crate::config::Config::load(cli.config.as_deref())?;
    let context = Context {
        quiet: cli.quiet,
        colour,
        config,
        config_path,
        matches: matches.subcommand().map(|(_, m)| m.clone()).unwrap_or_default(),
        arguments: arguments.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect(),
    };
    match cli.command {
        Command::Trace(args) => trace::run(args, &context),
        Command::Inspect(args) => inspect::run(&args, &context),
        Command::Lookup(args) => lookup::run(args, &context),
        Command::Live(args) => live::run(args, &context),
        Command::Law(args) => law::run(&args, &context),
        Command::Plan(args) => plan::run(&args, &context),
        Command::Practice(args) => practice::run(&args, &context),
        Command::Config(args) => config::run(&args, &context),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "rutter", &mut script);
            output::to_stdout(&script)?;
            Ok(Outcome::Done)
        }
        Command::Man => {
            output::to_stdout(&manual()?)?;
            Ok(Outcome::Done)
        }
    }
}

/// One page for all commands: `clap_mangen` writes a page per command; they are joined in order.
fn manual() -> Result<Vec<u8>, Error> {
    let mut page = Vec::new();
    let failed = |source| Error::Output { path: "-".into(), source };
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let mut options = Vec::new();
        clap_mangen::Man::new(sub.clone()).render_options_section(&mut options).map_err(failed)?;
        let _ = writeln!(page, ".SH RUTTER {}", sub.get_name().to_uppercase());
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "{about}");
        page.extend_from_slice(String::from_utf8_lossy(&options).replacen(".SH OPTIONS", ".PP", 1).as_bytes());
    }
    Ok(page)
}

/// A line on standard error. If even that is closed, nobody listens.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", crate::report::escape::visible(line));
}
