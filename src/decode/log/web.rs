//! Logs of nginx and Apache: access logs in the common and combined format and what is usually put before and behind it
//! (`access`), those of nginx-proxy-manager (`manager`), and both servers' error logs (`error`).
//!
//! A server names its clients and not itself: contacts go to [`UNNAMED`](crate::model::record::UNNAMED). The client stands
//! where the server wrote it. User name, request, referer, agent and host come from the client, in an error log unescaped;
//! a line in which they can be taken for more than that is rejected.

mod access;
mod error;
mod manager;
pub(super) mod say;
pub(super) mod scan;
#[cfg(test)]
pub(super) mod testkit;
#[cfg(test)]
mod tests;

use super::super::clock::Clock;
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use crate::model::record::Said;

/// No line of a web server.
const OTHER_FORMAT: Reject = Reject("no line of a web server's log");

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Web {
    clock: Clock,
    host: say::Host,
}

impl Web {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, host: say::Host::default() }
    }
}

impl LineFormat for Web {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        read(line, &mut self.clock, &mut self.host, out).map(|()| Piece::RECORD)
    }
}

/// Which kind of line it is shows in its first bytes: `[24/Jan/`, `[Thu Oct`, `2022/01/24 `.
#[inline]
fn read(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    match line {
        [b'[', a, b, b'/', ..] if a.is_ascii_digit() && b.is_ascii_digit() => manager::read(line, clock, host, out),
        [b'[', a, _, _, b' ', ..] if a.is_ascii_uppercase() => error::apache(line, clock, out),
        [a, _, _, _, b'/', _, _, b'/', ..] if a.is_ascii_digit() => error::nginx(line, clock, host, out),
        _ => access::read(line, clock, host, out),
    }
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    // Of times nothing is kept, so any clock will do.
    let mut clock = Clock::new(jiff::tz::TimeZone::UTC, 1970);
    let (mut host, mut out) = (say::Host::default(), Vec::new());
    scan::mostly(beginning, |line| {
        out.clear();
        read(line, &mut clock, &mut host, &mut out).is_ok()
    })
}

/// Lines of nginx and Apache within syslog. Both also say things there that are no lines of a log.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    if !matches!(envelope.program, b"nginx" | b"apache2" | b"apache" | b"httpd") {
        return None;
    }
    let read = match envelope.message {
        // Apache leaves its own time out when it writes to syslog.
        [b'[', a, ..] if a.is_ascii_lowercase() => error::apache_in_syslog(envelope.message, envelope.time, out),
        message => read(message, clock, &mut say::Host::default(), out),
    };
    match read {
        Err(OTHER_FORMAT) => None,
        read => Some(read),
    }
}
