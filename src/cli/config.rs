//! `rutter config`: where each setting comes from.

use std::fmt::Write as _;

use clap::Parser;

use super::{Context, Outcome, output};
use crate::config::TEMPLATE;
use crate::error::Error;

/// Arguments of `rutter config`.
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// Print a rutter.toml with every key, commented out.
    #[arg(long)]
    pub template: bool,
    /// Print every setting, its value and where the value comes from; this is the default.
    #[arg(long, conflicts_with = "template")]
    pub explain: bool,
}

/// Runs it.
///
/// # Errors
/// When standard output can't be written.
pub fn run(args: &Args, context: &Context) -> Result<Outcome, Error> {
    let text = if args.template { TEMPLATE.to_owned() } else { explain(context) };
    output::to_stdout(text.as_bytes())?;
    Ok(Outcome::Done)
}

fn explain(context: &Context) -> String {
    let c = &context.config;
    let file = context.config_path.as_ref().map_or_else(|| "no file".to_owned(), |p| p.display().to_string());
    let list = |l: &[String]| l.join(", ");
    let paths = |l: &[std::path::PathBuf]| l.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    let rows: [(&str, &str, Option<String>, &str); 10] = [
        ("threads", "RUTTER_THREADS", c.threads.map(|n| n.to_string()), "0"),
        ("max-flows", "RUTTER_MAX_FLOWS", c.max_flows.map(|n| n.to_string()), "4194304 (live: 1048576)"),
        ("unpack-cap", "RUTTER_UNPACK_CAP", c.unpack_cap.map(|n| n.to_string()), "1099511627776"),
        ("top", "RUTTER_TOP", c.top.map(|n| n.to_string()), "10"),
        ("trust", "RUTTER_TRUST", c.trust.as_deref().map(list), "none"),
        ("mmdb", "RUTTER_MMDB", c.mmdb.as_deref().map(paths), "none"),
        ("names", "", c.names.as_deref().map(paths), "none"),
        ("anycast", "RUTTER_ANYCAST", c.anycast.as_ref().map(|p| p.display().to_string()), "the shipped list"),
        ("victim-state", "RUTTER_VICTIM_STATE", c.victim_state.clone(), "where the target is"),
        ("sensor-at", "RUTTER_SENSOR_AT", c.sensor_at.clone(), "unknown"),
    ];
    let mut out = format!("# flag over environment over file ({file}) over default\n");
    for (key, variable, from_file, default) in rows {
        let from_environment = (!variable.is_empty()).then(|| std::env::var(variable).ok()).flatten();
        let (value, origin) = match (from_environment, from_file) {
            (Some(value), _) => (value, format!("environment, {variable}")),
            (None, Some(value)) => (value, format!("file, {file}")),
            (None, None) => (default.to_owned(), "default".to_owned()),
        };
        let _ = writeln!(out, "{key:<13} {:<24} ({origin})", crate::report::escape::visible(&value));
    }
    out
}
