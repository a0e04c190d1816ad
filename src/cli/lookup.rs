//! `rutter lookup`: everything known of an address.

use std::io::{BufRead, Read};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::args::{self, TableArgs};
use super::output::{ListFormat as Format, Sink};
use super::{Context, Outcome};
use crate::error::Error;
use crate::locate::{Locator, Query, Tables};
use crate::model::evidence::{Name, NameHow};
use crate::model::hop::HopRole;
use crate::model::time::Day;
use crate::pipeline::extract;
use crate::report::escape::visible;
use crate::report::json;
use crate::report::lookup::{Lookup, SCHEMA};
use crate::report::model::ATTRIBUTION;
use crate::report::terminal::plural;
use crate::source::names;

/// As what the address is looked at: databases know end points and do not know routers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A host at an end of a path.
    #[default]
    Endpoint,
    /// A router on the way.
    Transit,
}

/// Arguments of `rutter lookup`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// Addresses; - reads lines of ADDRESS or ADDRESS,NAME from standard input.
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// As what it is looked at.
    #[arg(long, value_name = "ROLE", default_value = "endpoint")]
    pub role: Role,
    /// A host name of the (one) address: router names say more than tables.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The day that is asked about (YYYY-MM-DD). The shipped tables know one day only and say which.
    #[arg(long, value_name = "DATE")]
    pub on: Option<Day>,
    /// Format; text if neither this nor -o says otherwise. json is one array, jsonl one object a line.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write it there; the suffix picks the format (.txt, .json, .jsonl).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fail (exit code 1) when a line or argument was no address.
    #[arg(long)]
    pub strict: bool,
    /// The tables.
    #[command(flatten)]
    pub tables: TableArgs,
}

/// Longest line of standard input.
const MAX_LINE: u64 = 4096;
/// Bytes of output gathered before they are written.
const CHUNK: usize = 1 << 16;

struct Run<'a> {
    args: &'a Args,
    locator: Locator,
    context: &'a Context,
    format: Format,
    sink: Sink,
    out: Vec<u8>,
    answers: u64,
    rejected: u64,
}

/// Runs it.
///
/// # Errors
/// A table that can't be read, a suffix that names no format, or output that can't be written.
pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let format = Format::pick(args.format, args.output.as_deref())?;
    let locator = args.tables.locator(context)?;
    let sink = Sink::open(args.output.as_deref())?;
    let mut run = Run { args: &args, locator, context, format, sink, out: Vec::new(), answers: 0, rejected: 0 };
    if format == Format::Json {
        run.out.extend_from_slice(b"[\n");
    }
    for text in &args.addresses {
        if text == "-" {
            run.lines(&mut std::io::stdin().lock())?;
        } else {
            run.one(text, args.name.as_deref(), text)?;
        }
    }
    match format {
        Format::Json => run.out.extend_from_slice(b"\n]\n"),
        Format::Text if run.answers > 0 => run.out.extend_from_slice(format!("{ATTRIBUTION}\n").as_bytes()),
        Format::Text | Format::Jsonl => {}
    }
    run.sink.write(&run.out)?;
    run.sink.finish()?;
    tracing::info!("addresses: {} answered, {} rejected", run.answers, run.rejected);
    let broken = run.locator.tables().broken_rules();
    if broken > 0 {
        let lines = plural(broken as u64, "line");
        super::complain(&format!("rutter: this program was built wrongly: {lines} of its router-name rules cannot be used"));
    }
    for db in run.locator.databases().iter().filter(|db| db.undecodable() > 0) {
        let met = plural(db.undecodable(), "look-up");
        super::complain(&format!("rutter: {}: {met} met a record that cannot be decoded", db.name()));
    }
    if run.answers == 0 && run.rejected > 0 {
        return Ok(Outcome::Usage);
    }
    Ok(if run.rejected > 0 { Outcome::Partial } else { Outcome::Done }.strict(args.strict))
}

impl Run<'_> {
    fn lines(&mut self, input: &mut impl BufRead) -> Result<(), Error> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input.take(MAX_LINE).read_until(b'\n', &mut line);
            if read.map_err(|source| {
                Error::Source(crate::source::error::SourceError::Io { path: "-".into(), what: "read", source })
            })? == 0
            {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (addr, name) = text.split_once(',').map_or((text.as_str(), None), |(a, n)| (a, Some(n)));
            self.one(addr, name.map(|n| n.trim().trim_matches('"')).filter(|n| !n.is_empty()), &text)?;
        }
    }

    fn one(&mut self, text: &str, name: Option<&str>, whole: &str) -> Result<(), Error> {
        let Some(addr) = args::address(text) else {
            self.rejected += 1;
            super::complain(&format!("rutter: {whole:?} is no IP address"));
            return Ok(());
        };
        let names: Vec<Name> =
            name.and_then(names::clean).map(|name| Name { addr, name, how: NameHow::File, ttl_s: None }).into_iter().collect();
        let role = match self.args.role {
            Role::Endpoint => HopRole::Target,
            Role::Transit => HopRole::Transit,
        };
        let place = self.locator.locate(&Query {
            addr,
            role,
            names: &names,
            rtt_bounds: &[],
            on: self.args.on.unwrap_or_else(|| Tables::shipped().as_of()),
        });
        let row = Lookup {
            schema: SCHEMA,
            addr: addr.to_string(),
            name: names.first().map(|n| n.name.to_string()),
            locus: extract::locus(&place),
            unknown_p: extract::unknown_p(&place),
            why_unplaced: place.why_unplaced.as_ref().map(ToString::to_string),
            anycast: place.anycast,
            flags: place.flags.iter().map(ToString::to_string).collect(),
            asn: place.asn,
            as_name: place.as_name.as_ref().map(ToString::to_string),
            as_state: place.as_state,
            registered_in: place.registered_in,
            sources: extract::sources(&place),
        };
        let failed = |e: serde_json::Error| Error::Render(e.to_string());
        match self.format {
            Format::Jsonl => self.out.extend_from_slice(json::line(&row).map_err(failed)?.as_bytes()),
            Format::Json => {
                if self.answers > 0 {
                    self.out.extend_from_slice(b",\n");
                }
                self.out.extend_from_slice(json::line(&row).map_err(failed)?.trim_end().as_bytes());
            }
            Format::Text => self.out.extend_from_slice(text_of(&row, self.context).as_bytes()),
        }
        self.answers += 1;
        if self.out.len() > CHUNK {
            self.sink.write(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}

fn text_of(row: &Lookup, context: &Context) -> String {
    use std::fmt::Write as _;
    let state = |s: Option<crate::model::net::StateCode>| match s {
        Some(s) => Tables::shipped().state_name(s).map_or_else(|| s.to_string(), |name| format!("{s} ({name})")),
        None => "unknown".to_owned(),
    };
    let mut out = String::new();
    let _ = writeln!(out, "{}", super::trace::look(context).head(&row.addr));
    if let Some(name) = &row.name {
        let _ = writeln!(out, "  name           {}", visible(name));
    }
    for l in &row.locus {
        let city = l.city.as_deref().map(|c| format!(", {}", visible(c))).unwrap_or_default();
        let _ = writeln!(out, "  location       {}{city}, p {:.2}", state(Some(l.state)), l.p);
    }
    if row.anycast {
        let _ = writeln!(out, "  anycast        yes: on a list of addresses that are announced from many places");
    }
    let why = row.why_unplaced.as_deref().map(|w| format!(": {}", visible(w))).unwrap_or_default();
    let _ = writeln!(out, "  unknown        p {:.2}{why}", row.unknown_p.min(0.99));
    let _ = writeln!(out, "  registered in  {}", state(row.registered_in));
    let operator = match row.asn {
        Some(asn) => {
            format!("{asn} {}, registered in {}", visible(row.as_name.as_deref().unwrap_or("(no name)")), state(row.as_state))
        }
        None => "unknown".to_owned(),
    };
    let _ = writeln!(out, "  operator       {operator}");
    if !row.flags.is_empty() {
        let _ = writeln!(out, "  flags          {}", row.flags.join(", "));
    }
    for s in &row.sources {
        let says = s.state.map_or_else(|| "no single state".to_owned(), |c| c.to_string());
        let date = if s.date.is_empty() { "no date" } else { &s.date };
        let _ = writeln!(out, "  source         {}: {says}, weight {:.2}, {date}", visible(&s.source), s.weight);
    }
    out
}
