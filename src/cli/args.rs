//! Flags that several commands share, and how they become settings.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use jiff::tz::TimeZone;

use super::Context;
use super::law::OverlayArgs;
use crate::config::Config;
use crate::decode::format::Format as DecodeFormat;
use crate::decode::log::custom::Pattern;
use crate::error::Error;
use crate::evidence::merge::Wanted;
use crate::jurisdiction::Law;
use crate::locate::{Locator, Tables, UserDatabase};
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::paths::filter::{Filter, FilterError};
use crate::paths::question::{Question, parse_net};
use crate::pipeline::answer::{Ask, SensorPlace};
use crate::pipeline::inputs::Recognition;
use crate::pipeline::records::{RecordOptions, RejectsFile};
use crate::pipeline::replay::Options;
use crate::report::escape::visible;
use crate::source::capture::OpenOptions;

/// How captures are read.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadArgs {
    /// Threads; 0 is one per processor. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, env = "RUTTER_THREADS")]
    pub threads: usize,
    /// Most live flows kept at a time (150 bytes each); beyond it the oldest half-open ones are cut off and counted.
    #[arg(long, value_name = "N", default_value_t = 1 << 22, env = "RUTTER_MAX_FLOWS", value_parser = clap::value_parser!(u64).range(1024..=1 << 28))]
    pub max_flows: u64,
    /// Most bytes that an archive may unpack to.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 40, env = "RUTTER_UNPACK_CAP")]
    pub unpack_cap: u64,
    /// What the inputs are that are no captures, where their content does not say it.
    #[arg(long = "as", value_name = "FORMAT", long_help = format_help())]
    pub input_format: Option<String>,
    /// Zone of times that are written without one: an IANA name (Europe/Tallinn) or +HH:MM; UTC, with a warning, if not given.
    #[arg(long, value_name = "ZONE", env = "RUTTER_TZ")]
    pub tz: Option<String>,
    /// Year of times that are written without one (syslog); if not given, that of the latest time known by then, with a warning.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1970..=2262))]
    pub year: Option<i32>,
    /// Keep rejected records there, as they stand.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Fail (exit code 1) when input was rejected.
    #[arg(long)]
    pub strict: bool,
}

impl ReadArgs {
    /// Flag over environment over file over default.
    ///
    /// # Errors
    /// An unknown zone, a format of the user's that is none, or a file for rejected records that can't be made.
    pub fn options(&self, context: &Context, hash: bool) -> Result<Options, Error> {
        let c = &context.config;
        let zone = self.tz.as_ref().or(c.tz.as_ref()).map(|text| zone(text)).transpose()?;
        let own = own_formats(c)?;
        let forced = self.input_format.as_deref().and_then(|word| {
            let of_own = own.iter().zip(0..).find(|(pattern, _)| pattern.name == word).map(|(_, n)| DecodeFormat::Custom(n));
            of_own.or_else(|| DecodeFormat::of_word(word))
        });
        if let (Some(word), None) = (&self.input_format, forced) {
            return Err(Error::Usage(format!("--as {word}: no such format; {}", format_list())));
        }
        let rejects = self
            .rejects
            .as_ref()
            .map(|path| {
                let file = std::fs::File::create(path);
                file.map_err(|e| Error::Usage(format!("--rejects {}: cannot write: {e}", path.display())))
            })
            .transpose()?;
        let chosen =
            |id, flag: u64, file: Option<u64>| if is_default(&context.matches, id) { file.unwrap_or(flag) } else { flag };
        Ok(Options {
            threads: chosen("threads", self.threads as u64, c.threads.map(|n| n as u64)) as usize,
            max_flows: chosen("max_flows", self.max_flows, c.max_flows.map(|n| n as u64)).clamp(1024, 1 << 28) as usize,
            open: OpenOptions { hash, unpack_cap: chosen("unpack_cap", self.unpack_cap, c.unpack_cap) },
            wanted: Wanted::default(),
            recognition: Recognition { forced, own },
            records: RecordOptions {
                zone_given: zone.is_some(),
                zone: zone.unwrap_or(TimeZone::UTC),
                year: self.year,
                rejects: rejects.map(|file| Arc::new(RejectsFile::new(file))),
            },
        })
    }
}

/// The formats of `[format]` in the configuration, by name.
fn own_formats(config: &Config) -> Result<Vec<Pattern>, Error> {
    let own = config.format.iter().flatten();
    own.map(|(name, format)| Pattern::new(name, &format.line).map_err(|why| Error::Usage(format!("[format.{name}]: {why}"))))
        .collect()
}

/// `Europe/Tallinn`, `+02:00`, `UTC`.
fn zone(text: &str) -> Result<TimeZone, Error> {
    let fixed = || {
        let (sign, rest) = text.split_at_checked(1)?;
        let sign = match sign {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let digits = rest.replace(':', "");
        let (hours, minutes) = digits.split_at_checked(2)?;
        let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i32>().ok()? };
        let hours = hours.parse::<i32>().ok().filter(|hours| *hours <= 14)?;
        let seconds = hours * 3600 + minutes * 60;
        jiff::tz::Offset::from_seconds(sign * seconds).ok().filter(|_| minutes < 60).map(TimeZone::fixed)
    };
    fixed().or_else(|| TimeZone::get(text).ok()).ok_or_else(|| {
        Error::Usage(format!("--tz {text}: no such time zone; expected an IANA name such as Europe/Tallinn, or +HH:MM"))
    })
}

fn format_list() -> String {
    let words: Vec<&str> = DecodeFormat::all().map(DecodeFormat::as_str).collect();
    format!("there are {}, and those of [format] in rutter.toml", words.join(", "))
}

fn format_help() -> String {
    format!("What the inputs are that are no captures, where their content does not say it; {}.", format_list())
}

impl ReadArgs {
    /// The rejected records are all written now; `false`, and a complaint, if they could not be. That is no reason to lose
    /// the report: it is written before this is asked.
    #[must_use]
    pub fn finish_rejects(&self, options: &Options) -> bool {
        let Some((file, path)) = options.records.rejects.as_ref().zip(self.rejects.as_ref()) else { return true };
        match file.finish() {
            Ok(()) => true,
            Err(error) => {
                super::complain(&format!("rutter: --rejects {}: cannot write: {error}", path.display()));
                false
            }
        }
    }
}

/// Was this argument left at its default?
#[must_use]
pub fn is_default(matches: &ArgMatches, id: &str) -> bool {
    !matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// Tables that answers rest on.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tables")]
pub struct TableArgs {
    /// A further location database (GeoIP2, DB-IP, IPinfo or flat layout); may be given more than once.
    #[arg(long, value_name = "FILE", env = "RUTTER_MMDB", value_delimiter = if cfg!(windows) { ';' } else { ':' })]
    pub mmdb: Vec<PathBuf>,
    /// A list of prefixes that are announced from many places, one a line: they get no single state.
    #[arg(long, value_name = "FILE", env = "RUTTER_ANYCAST")]
    pub anycast: Option<PathBuf>,
    /// Law of the user's own.
    #[command(flatten)]
    pub overlay: OverlayArgs,
}

impl TableArgs {
    /// The law that answers rest on.
    ///
    /// # Errors
    /// A folder that can't be read, or rows in it that the rule book refuses.
    pub fn law(&self) -> Result<&'static Law, Error> {
        super::law::source::law(self.overlay.law.as_deref())
    }

    /// Opens what was named; the shipped tables are opened when they are first asked.
    ///
    /// # Errors
    /// A database or list that can't be read.
    pub fn locator(&self, context: &Context) -> Result<Locator, Error> {
        let own = if self.mmdb.is_empty() { context.config.mmdb.clone().unwrap_or_default() } else { self.mmdb.clone() };
        let databases: Result<Vec<_>, _> = own.iter().map(|path| UserDatabase::open(path)).collect();
        let tables = match self.anycast.as_ref().or(context.config.anycast.as_ref()) {
            None => Tables::shipped(),
            Some(path) => {
                tracing::info!("anycast list {}", visible(&path.display().to_string()));
                let text =
                    std::fs::read_to_string(path).map_err(|e| Error::Data(format!("{}: cannot read: {e}", path.display())))?;
                let tables = Tables::with_anycast(&text, &path.display().to_string()).map_err(|e| Error::Data(e.to_string()))?;
                // Once per run, for as long as the run lasts.
                Box::leak(Box::new(tables))
            }
        };
        let databases = databases.map_err(|e| Error::Data(e.to_string()))?;
        for db in &databases {
            tracing::info!("database {} of {}", visible(db.name()), if db.date().is_empty() { "no date" } else { db.date() });
        }
        let locator = Locator::new(tables, databases);
        tracing::info!("location tables of {}", tables.as_of());
        for d in locator.datasets() {
            tracing::debug!(
                "table {}, as of {}, SHA-256 {}",
                visible(&d.name),
                if d.date.is_empty() { "no date" } else { &d.date },
                d.sha256
            );
        }
        Ok(locator)
    }
}

/// What is asked of the evidence.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Question")]
pub struct AskArgs {
    /// Address or prefix that was attacked; may be given more than once.
    #[arg(long, value_name = "CIDR")]
    pub victim: Vec<String>,
    /// Address or prefix that is suspected; may be given more than once.
    #[arg(long, value_name = "CIDR")]
    pub attacker: Vec<String>,
    /// Only conversations that match, for example 'state:"IN" and port:22 and not net:10.0.0.0/8'.
    #[arg(long, value_name = "EXPR", long_help = filter_help())]
    pub filter: Option<String>,
    /// Alerts, indicators or addresses that mark the attack: EVE, Zeek notices, STIX, lists; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub alerts: Vec<PathBuf>,
    /// Findings shown.
    #[arg(long, value_name = "N", default_value_t = 10, env = "RUTTER_TOP")]
    pub top: usize,
    /// Proxies whose forwarded headers are believed (address or prefix); may be given more than once.
    #[arg(long, value_name = "CIDR", env = "RUTTER_TRUST", value_delimiter = ',')]
    pub trust: Vec<String>,
    /// State of the victim (ISO 3166-1 alpha-2), if it does not follow from the target's place.
    #[arg(long, value_name = "STATE", env = "RUTTER_VICTIM_STATE")]
    pub victim_state: Option<StateCode>,
    /// A ledger of notices and answers (rutter practice): norm 13(c) is then shown as far as it tells.
    #[arg(long, value_name = "LEDGER", env = "RUTTER_PRACTICE")]
    pub practice: Option<PathBuf>,
    /// State whose authorities would ask for data (ISO 3166-1 alpha-2); the victim's if not given.
    #[arg(long, value_name = "STATE", env = "RUTTER_REQUESTING")]
    pub requesting: Option<StateCode>,
    /// Day on which law is read (YYYY-MM-DD); the day of the last packet if not given.
    #[arg(long, value_name = "DATE")]
    pub on: Option<Day>,
    /// Where the sensor stands, in degrees north and east: round-trip times then exclude places.
    #[arg(long, value_name = "LAT,LON", env = "RUTTER_SENSOR_AT", allow_hyphen_values = true)]
    pub sensor_at: Option<String>,
    /// Names for addresses: a hosts file or ADDRESS,NAME lines; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub names: Vec<PathBuf>,
    /// Ask the system's resolver for reverse names of hops. It tells name servers what you look at.
    #[arg(long)]
    pub resolve: bool,
    /// Never ask a resolver; this is the default, the flag is for habit's sake.
    #[arg(short = 'n', conflicts_with = "resolve")]
    pub numeric: bool,
}

/// One line: what is wrong, at which character (from 1), and the filter around that place. The error itself prints three
/// lines, the last of which only points with a caret.
fn bad_filter(error: &FilterError, filter: Option<&str>) -> String {
    let text = error.to_string();
    let mut lines = text.lines();
    let what = lines.next().unwrap_or_default();
    let what = what.strip_prefix("filter: ").unwrap_or(what);
    let column = filter.and_then(|f| f.get(..error.offset())).unwrap_or_default().chars().count() + 1;
    match lines.next().map(str::trim) {
        Some(shown) => format!("--filter: {what} at column {column}: {shown}"),
        None => format!("--filter: {what}"),
    }
}

fn filter_help() -> String {
    format!("Only conversations that match.\n\n{}", Filter::HELP)
}

impl AskArgs {
    /// The question, checked before anything is opened.
    ///
    /// # Errors
    /// A bad prefix, filter, place or state.
    pub fn ask(&self, context: &Context) -> Result<Ask, Error> {
        let c = &context.config;
        let nets = |flag: &str, list: &[String]| {
            list.iter().map(|text| parse_net(flag, text).map_err(|e| Error::Usage(e.to_string()))).collect::<Result<Vec<_>, _>>()
        };
        let trust = if self.trust.is_empty() { c.trust.clone().unwrap_or_default() } else { self.trust.clone() };
        let filter = self
            .filter
            .as_deref()
            .map(Filter::parse)
            .transpose()
            .map_err(|e| Error::Usage(bad_filter(&e, self.filter.as_deref())))?;
        let top = if is_default(&context.matches, "top") { c.top.unwrap_or(self.top) } else { self.top };
        let state = match (self.victim_state, &c.victim_state) {
            (Some(state), _) => Some(state),
            (None, Some(text)) => Some(text.parse().map_err(|e: String| Error::Usage(format!("victim-state: {e}")))?),
            (None, None) => None,
        };
        let sensor = self.sensor_at.as_ref().or(c.sensor_at.as_ref()).map(|text| place(text)).transpose()?;
        let question =
            Question { victims: nets("--victim", &self.victim)?, attackers: nets("--attacker", &self.attacker)?, filter, top };
        let (practice, practice_damaged) = self.practice.as_deref().map(super::practice::read).transpose()?.unwrap_or_default();
        Ok(Ask {
            text: self.in_words(),
            question,
            trusted: nets("--trust", &trust)?,
            victim_state: state,
            requesting: self.requesting.map(asker).transpose()?,
            practice,
            practice_damaged,
            on: self.on,
            sensor,
            resolve: self.resolve,
        })
    }

    fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if !self.victim.is_empty() {
            parts.push(format!("victim {}", self.victim.join(", ")));
        }
        if !self.attacker.is_empty() {
            parts.push(format!("suspected source {}", self.attacker.join(", ")));
        }
        if let Some(filter) = &self.filter {
            parts.push(format!("filter {filter}"));
        }
        if parts.is_empty() {
            "What in this evidence stands out, where did it come from, and through which states?".to_owned()
        } else {
            format!("Which paths match: {}?", parts.join("; "))
        }
    }

    /// Names files: flag over configuration.
    #[must_use]
    pub fn names_files(&self, context: &Context) -> Vec<PathBuf> {
        if self.names.is_empty() { context.config.names.clone().unwrap_or_default() } else { self.names.clone() }
    }
}

/// A question may ask for any pair of addresses; without one the heaviest are enough.
#[must_use]
pub fn wanted(ask: &Ask) -> Wanted {
    if ask.question.is_open() { Wanted::Heaviest } else { Wanted::All }
}

/// `LAT,LON` in degrees.
fn place(text: &str) -> Result<SensorPlace, Error> {
    let bad = || Error::Usage(format!("--sensor-at {text}: expected degrees north and east, for example 59.44,24.75"));
    let (lat, lon) = text.split_once(',').ok_or_else(bad)?;
    let (lat, lon): (f32, f32) = (lat.trim().parse().map_err(|_| bad())?, lon.trim().parse().map_err(|_| bad())?);
    if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
        return Err(bad());
    }
    Ok(SensorPlace { lat, lon })
}

/// An address as people write it: with brackets, with a zone, IPv4-mapped.
#[must_use]
pub fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let text = text.split('%').next().unwrap_or(text);
    text.parse().ok().map(crate::model::net::unmapped)
}

/// No state answers for the place that is to ask.
pub fn nobody_asks(code: StateCode) -> Error {
    Error::Usage(format!("--requesting {code}: no state or territory of the rule book for which somebody can ask"))
}

/// A state or territory for which somebody can ask another.
fn asker(code: StateCode) -> Result<StateCode, Error> {
    let book = &Law::shipped().map_err(|e| Error::Data(e.to_string()))?.book;
    let state = book.canonical(code);
    if book.can_ask(state) { Ok(state) } else { Err(nobody_asks(code)) }
}
