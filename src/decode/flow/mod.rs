//! Flow exports: what routers, firewalls and probes say of the traffic that passed them.
//!
//! * `netflow5`: versions 5 and 7, fixed records
//! * `netflow9` (RFC 3954) and `ipfix` (RFC 7011): records whose layout was announced before, as a `template`; `fields` says
//!   which information elements are read, `values` holds one record, `statement` turns it into statements, `sampling` keeps
//!   what an exporter says of its sampling
//! * `sflow`: version 5, beginnings of packets picked at random, read by the packet decoder
//! * `recognise`: which export a datagram is, by its header alone; `bare`: a file of datagrams
//!
//! # What a record is taken for
//! A flow record becomes a [`Contact`](crate::model::record::Contact): addresses, ports, volumes, times. Its `src` is who
//! sent the packets that were counted, which is not always who opened the connection: the record of an answer has the server
//! as its source. Only records that know better (RFC 5103 with `biflowDirection`, firewalls) say who opened.
//!
//! How it went is said with care. A one-way record never shows an exchange, and the SYN flag alone does not show that
//! nobody answered: the answer may have gone another way. See `statement` for what is concluded.
//!
//! # What is kept
//! Templates by exporter, protocol, observation domain and number, and sampling rates by exporter and domain. Both are
//! bounded; the one that was announced longest ago goes first and is counted. Data whose template is not known is counted,
//! never guessed at. An exporter is known by its address only: whoever can forge that can forge its records as well.

mod bare;
mod bounded;
mod fields;
mod ipfix;
mod netflow5;
mod netflow9;
mod recognise;
mod sampling;
mod sets;
mod sflow;
mod statement;
mod template;
mod values;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use self::bounded::Bounded;
use self::sampling::Domain;
use self::template::{Key, Template};
use self::values::Values;
use super::record::{RecordFormat, Reject};
use crate::model::net::unmapped;
use crate::model::record::{Said, UNNAMED};
use crate::model::time::Timestamp;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// NetFlow version 5.
    NetFlow5,
    /// NetFlow version 7.
    NetFlow7,
    /// NetFlow version 9 (RFC 3954).
    NetFlow9,
    /// IPFIX (RFC 7011).
    Ipfix,
    /// sFlow version 5.
    SFlow,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::NetFlow5, Self::NetFlow7, Self::NetFlow9, Self::Ipfix, Self::SFlow];

    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NetFlow5 => "netflow5",
            Self::NetFlow7 => "netflow7",
            Self::NetFlow9 => "netflow9",
            Self::Ipfix => "ipfix",
            Self::SFlow => "sflow",
        }
    }
}

/// What a datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Its format.
    pub format: Format,
    /// Bytes of it, where several stand in a row.
    pub bytes: usize,
    /// Flow records or samples in it that were read. Samples of counters and of discarded packets are among them, templates
    /// and the options of the exporter are not.
    pub records: u32,
    /// Data records whose template is not known (yet). IPFIX does not say how many there are: a set of them counts as one.
    pub without_template: u32,
    /// Records that could not be read.
    pub rejected: u32,
}

impl Datagram {
    fn of(format: Format, bytes: usize) -> Self {
        Self { format, bytes, records: 0, without_template: 0, rejected: 0 }
    }
}

/// Templates kept over all exporters.
const MAX_TEMPLATES: usize = 4096;
/// Observation domains whose sampling is kept over all exporters.
const MAX_DOMAINS: usize = 4096;

/// Templates and sampling rates of exporters, by address and observation domain; bounded.
#[derive(Debug)]
pub struct Exporters {
    templates: Bounded<Key, Template>,
    domains: Bounded<sampling::Key, Domain>,
    /// The record that is being read; kept because clearing it costs nothing and making it does.
    values: Box<Values>,
}

impl Default for Exporters {
    fn default() -> Self {
        Self { templates: Bounded::new(MAX_TEMPLATES), domains: Bounded::new(MAX_DOMAINS), values: Box::default() }
    }
}

impl Exporters {
    /// Which export a datagram is, by its header alone and without doubt: version, counts and lengths agree.
    #[must_use]
    pub fn recognise(payload: &[u8]) -> Option<Format> {
        recognise::datagram(payload)
    }

    /// Reads one datagram that came from `exporter` at `received`. [`UNNAMED`] where nobody knows who sent it: then the
    /// observer is who the export itself names, if it does.
    ///
    /// # Errors
    /// When it is no export, or damaged before its first record.
    pub fn datagram(
        &mut self,
        exporter: IpAddr,
        payload: &[u8],
        received: Option<Timestamp>,
        out: &mut Vec<Said>,
    ) -> Result<Datagram, Reject> {
        let exporter = unmapped(exporter);
        let observer = (exporter != UNNAMED).then_some(exporter);
        match recognise::version(payload).ok_or(Reject("no export: unknown version"))? {
            format @ (Format::NetFlow5 | Format::NetFlow7) => netflow5::read(format, observer, payload, out),
            Format::NetFlow9 => netflow9::read(self, exporter, payload, out),
            Format::Ipfix => ipfix::read(self, exporter, payload, out),
            Format::SFlow => sflow::read(observer, payload, received, out),
        }
    }

    /// Templates and sampling domains that had to go because there were too many.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.templates.evicted() + self.domains.evicted()
    }
}

/// Which export a file of bare datagrams is.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    recognise::file(beginning)
}

/// A decoder for a file of bare datagrams, one behind the other. The exporter is unnamed, times are those of the headers;
/// sFlow has none.
#[must_use]
pub fn open(format: Format) -> Box<dyn RecordFormat> {
    Box::new(bare::Bare::new(format))
}

/// Two bytes at `at`.
#[inline]
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Four bytes at `at`.
#[inline]
fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Seconds since 1970 and nanoseconds.
#[inline]
fn unix(seconds: u32, ns: u32) -> Timestamp {
    Timestamp(i64::from(seconds) * 1_000_000_000 + i64::from(ns))
}

/// The time at which a router's clock of milliseconds since its start stood at `then`, if it stood at `uptime` when it was
/// `exported`. The clock wraps after 49.7 days; a difference beyond half of that is one into the future, by which routers
/// are off now and then.
#[inline]
fn by_uptime(exported: Timestamp, uptime: u32, then: u32) -> Timestamp {
    let ago_ms = i64::from(uptime.wrapping_sub(then).cast_signed());
    Timestamp(exported.0.saturating_sub(ago_ms * 1_000_000))
}
