//! Logs: on standard error only, off unless `-v` or `RUTTER_LOG` asks for them.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Starts logging. `verbosity` 0 is warnings, 1 what a run does, 2 and more details. `RUTTER_LOG` (a filter as in
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
