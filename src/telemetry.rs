//! Logs: on standard error only, none unless `-v` or `RUTTER_LOG` asks for them. What a user has to know without asking
//! is a complaint or stands in the report.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Starts logging. `verbosity` 1 (`-v`) is what a run does: inputs and tables, counts, findings, how it captures; 2 (`-vv`)
/// each input, table and telling too. 0 is for warnings, of which Rutter itself gives none. `RUTTER_LOG` (a filter as in
/// `rutter=debug`) overrides it.
pub fn start(verbosity: u8, colour: bool) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("RUTTER_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second start (tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour)
        .with_span_events(FmtSpan::NONE)
        .try_init();
}
