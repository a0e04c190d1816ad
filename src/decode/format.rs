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

/// Traceroutes: formats of one object a line go line by line, the others as a whole.
struct Traces(trace::Format);

impl RecordFormat for Traces {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        let bytes = if at_end {
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
        Counted::Records
    }
}
