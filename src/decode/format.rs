//! The registry: every format of records, by content and by word. Captures are recognised before, in `source`.

use std::fmt;

use super::clock::Clock;
use super::log::custom;
use super::record::{Counted, LONGEST_WHOLE, Piece, RecordFormat, Reject, Step};
use super::{flow, list, log, mail, routing, trace};
use crate::model::record::{Said, Saying};

/// How an input that holds no packets is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A log.
    Log(log::Format),
    /// A flow export.
    Flow(flow::Format),
    /// A traceroute.
    Trace(trace::Format),
    /// Mail.
    Mail(mail::Format),
    /// Routes.
    Routing(routing::Format),
    /// A list of indicators.
    List(list::Format),
    /// One of the user's own formats, by its place in the configuration.
    Custom(u16),
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Format {
    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log(f) => f.as_str(),
            Self::Flow(f) => f.as_str(),
            Self::Trace(f) => f.as_str(),
            Self::Mail(f) => f.as_str(),
            Self::Routing(f) => f.as_str(),
            Self::List(f) => f.as_str(),
            Self::Custom(_) => "custom",
        }
    }

    /// Every format that has a word, in the order of the registry.
    pub fn all() -> impl Iterator<Item = Self> {
        let traces = trace::Format::ALL.into_iter().map(Self::Trace);
        let logs = log::Format::ALL.into_iter().map(Self::Log);
        let flows = flow::Format::ALL.into_iter().map(Self::Flow);
        let mails = mail::Format::ALL.into_iter().map(Self::Mail);
        let routing = routing::Format::ALL.into_iter().map(Self::Routing);
        let lists = list::Format::ALL.into_iter().map(Self::List);
        flows.chain(routing).chain(mails).chain(traces).chain(logs).chain(lists)
    }

    /// The format with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::all().find(|f| f.as_str() == word)
    }
}

/// Bytes of an input's beginning that decide what it is.
pub const BEGINNING: usize = 64 << 10;

/// Which format an input has, from its first bytes ([`BEGINNING`] of them, or all there are). Binary formats first, then
/// the narrow ones; a list of addresses is the last thing that a text can be.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    mail::recognise(text)
        .map(Format::Mail)
        .or_else(|| flow::recognise(beginning).map(Format::Flow))
        .or_else(|| routing::recognise(beginning).map(Format::Routing))
        .or_else(|| trace::recognise(beginning).map(Format::Trace))
        .or_else(|| log::recognise(text).map(Format::Log))
        .or_else(|| list::recognise(text).map(Format::List))
}

/// A decoder for one input. `own` are the user's formats.
#[must_use]
pub fn open(format: Format, clock: Clock, own: &[custom::Pattern]) -> Box<dyn RecordFormat> {
    match format {
        Format::Log(f) => log::open(f, clock),
        Format::Flow(f) => flow::open(f),
        Format::Trace(f) => Box::new(Traces(f)),
        Format::Mail(f) => mail::open(f),
        Format::Routing(f) => routing::open(f),
        Format::List(f) => list::open(f),
        Format::Custom(n) => custom::open(own.get(usize::from(n)), clock),
    }
}

/// Traceroutes: formats of one object a line go line by line, so that every one has its place, the others as a whole.
struct Traces(trace::Format);

/// Length of the line at the beginning, its end included, if it is empty or holds one object.
fn object_line(buf: &[u8], at_end: bool) -> Option<usize> {
    let bytes = memchr::memchr(b'\n', buf).map(|n| n + 1).or_else(|| at_end.then_some(buf.len()))?;
    let line = buf.get(..bytes)?.trim_ascii();
    (line.is_empty() || line.starts_with(b"{") && line.ends_with(b"}")).then_some(bytes)
}

impl RecordFormat for Traces {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        let line = if self.0.is_line_by_line() { object_line(buf, at_end) } else { None };
        let bytes = if let Some(line) = line {
            line
        } else if at_end {
            buf.len()
        } else if self.0.is_line_by_line() && buf.first() != Some(&b'[') {
            // Many lines at a time: what is read line by line may be read in any portions of whole lines.
            match memchr::memrchr(b'\n', buf) {
                Some(end) => end + 1,
                None => return Step::More,
            }
        } else {
            return Step::More;
        };
        let read = trace::read(self.0, buf.get(..bytes).unwrap_or_default());
        let records = read.traceroutes.len() as u64;
        out.extend(read.traceroutes.into_iter().map(|t| Said { time: t.started, fact: Saying::Traceroute(Box::new(t)) }));
        let why = read.rejected.first().map(|r| Reject(r.why));
        Step::Piece { bytes, read: Ok(Piece { records, rejected: read.rejected_total, why }) }
    }

    fn longest(&self) -> usize {
        LONGEST_WHOLE
    }

    fn counted(&self) -> Counted {
        if self.0.is_line_by_line() { Counted::Lines } else { Counted::Records }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of one object go one by one; an object over several lines is read as a whole.
    #[test]
    fn an_object_a_line() {
        for (text, pieces) in [
            (&b"{\"a\":1}\n\n {\"b\":{}}\r\n{\"c\":1}"[..], vec![8, 1, 11, 7]),
            (b"{\n \"a\": {}\n}\n", vec![13]),
            (b"[{\"a\":1}]", vec![9]),
        ] {
            let (mut traces, mut rest, mut found, mut out) = (Traces(trace::Format::Atlas), text, vec![], vec![]);
            while let Step::Piece { bytes, .. } = traces.step(rest, true, &mut out) {
                found.push(bytes);
                rest = &rest[bytes..];
                if rest.is_empty() {
                    break;
                }
            }
            assert_eq!(found, pieces);
        }
        assert_eq!(Traces(trace::Format::Atlas).step(b"{\"a\":1}", false, &mut vec![]), Step::More);
    }
}
