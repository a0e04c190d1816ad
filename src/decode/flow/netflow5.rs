//! NetFlow versions 5 and 7: a header and up to 30 records of one fixed layout (Cisco, "NetFlow Services Solutions Guide",
//! appendix 1). Version 7 has neither sampling nor a nanosecond that is worth more, and records of four more bytes.

use std::net::{IpAddr, Ipv4Addr};

use super::statement::one_way;
use super::{Datagram, Format, be16, be32, by_uptime, unix};
use crate::decode::record::Reject;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Said, Saying, Volume};

/// Bytes of the header of both.
pub(super) const HEADER: usize = 24;
/// Records that a datagram holds; some exporters send more.
pub(super) const MOST: usize = 30;

/// Bytes of a record.
pub(super) fn record(format: Format) -> usize {
    if format == Format::NetFlow7 { 52 } else { 48 }
}

/// Reads one datagram, or the first of several.
pub(super) fn read(format: Format, observer: Option<IpAddr>, bytes: &[u8], out: &mut Vec<Said>) -> Result<Datagram, Reject> {
    let header = || Some((usize::from(be16(bytes, 2)?), be32(bytes, 4)?, be32(bytes, 8)?, be32(bytes, 12)?, be16(bytes, 22)?));
    let Some((count, uptime, seconds, ns, sampling)) = header() else { return Err(Reject("netflow5: header cut off")) };
    let body = bytes.get(HEADER..).unwrap_or_default();
    let size = record(format);
    let there = body.len() / size;
    if count == 0 || count > there && (count > MOST || there == 0) {
        return Err(Reject("netflow5: count and length contradict each other"));
    }
    let read = count.min(there);
    let mut done = Datagram::of(format, (HEADER + count * size).min(bytes.len()));
    (done.records, done.rejected) = (read as u32, (count - read) as u32);
    // The two upper bits say how it is sampled; some routers leave them empty and sample all the same.
    let rate = if format == Format::NetFlow5 { u32::from(sampling & 0x3fff).max(1) } else { 1 };
    let head = Header { observer, exported: unix(seconds, ns.min(999_999_999)), uptime, rate };
    out.extend(body.chunks_exact(size).take(read).filter_map(|record| head.contact(record)));
    Ok(done)
}

struct Header {
    observer: Option<IpAddr>,
    exported: crate::model::time::Timestamp,
    uptime: u32,
    rate: u32,
}

impl Header {
    /// One record: source (0), destination (4), packets (16), octets (20), uptime of the first (24) and last packet (28), ports
    /// (32, 34), TCP flags (37), protocol (38). Both versions have these in the same places.
    fn contact(&self, bytes: &[u8]) -> Option<Said> {
        let record: &[u8; 40] = bytes.first_chunk()?;
        let word = |at: usize| be32(record, at).unwrap_or_default();
        let half = |at: usize| be16(record, at).unwrap_or_default();
        let proto = IpProtocol(record[38]);
        let (sport, dport) = match proto {
            // Type and code stand in the place of the destination port.
            IpProtocol::ICMP => (half(34) >> 8, half(34) & 0xff),
            _ => (half(32), half(34)),
        };
        let (first, last) = match (word(24), word(28)) {
            (0, 0) => (self.exported, self.exported),
            (first, last) => (by_uptime(self.exported, self.uptime, first), by_uptime(self.exported, self.uptime, last)),
        };
        let packets = u64::from(word(16));
        let rate = u64::from(self.rate);
        let contact = Contact {
            src: IpAddr::V4(Ipv4Addr::from(word(0))),
            dst: IpAddr::V4(Ipv4Addr::from(word(4))),
            sport,
            dport,
            proto,
            ended: (last > first).then_some(last),
            forward: Volume { packets: packets * rate, bytes: u64::from(word(20)) * rate },
            outcome: one_way(proto, record[37], packets, self.rate),
            sampled: self.rate,
            observer: self.observer,
            ..Contact::default()
        };
        Some(Said { time: Some(first), fact: Saying::Contact(contact) })
    }
}
