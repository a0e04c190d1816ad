//! Amazon VPC flow logs.
//!
//! The default format (version 2) has fourteen fields in a fixed order; for any other one the file begins with a heading of
//! names. `pkt-srcaddr` and `pkt-dstaddr` are the addresses in the packet where those of the interface differ (a NAT
//! gateway, a load balancer): they are the ends that met.

use crate::decode::clock::{self, Clock};
use crate::decode::log::asa::fields::{address, later, met, number};
use crate::decode::record::{LineFormat, Piece, Reject};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, Volume};
use crate::model::time::Timestamp;

/// Names that are read.
const NAMES: [&[u8]; 14] = [
    b"srcaddr",
    b"dstaddr",
    b"srcport",
    b"dstport",
    b"protocol",
    b"packets",
    b"bytes",
    b"start",
    b"end",
    b"action",
    b"log-status",
    b"pkt-srcaddr",
    b"pkt-dstaddr",
    b"tcp-flags",
];
/// Where they stand in the default format, behind version, account and interface.
const DEFAULT: [Option<u8>; MAX_COLUMNS] = {
    let mut columns = [None; MAX_COLUMNS];
    let mut n = 0;
    while n < 11 {
        columns[3 + n as usize] = Some(n);
        n += 1;
    }
    columns
};
/// Columns that are looked at. The longest format, a transit gateway's, has fewer.
const MAX_COLUMNS: usize = 64;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// Reads it line by line.
#[derive(Debug)]
pub(in crate::decode::log) struct Aws {
    columns: [Option<u8>; MAX_COLUMNS],
    /// Fields of a line.
    width: usize,
    clock: Clock,
}

impl Aws {
    pub(in crate::decode::log) fn new(clock: Clock) -> Self {
        Self { columns: DEFAULT, width: 14, clock }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|w| !w.is_empty())
}

/// The columns that a heading names, and how many there are.
fn heading(line: &[u8]) -> Option<([Option<u8>; MAX_COLUMNS], usize)> {
    let name = |w: &[u8]| w.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
    let mut columns = [None; MAX_COLUMNS];
    let mut width = 0;
    for word in words(line) {
        if !name(word) || !word.first()?.is_ascii_lowercase() {
            return None;
        }
        *columns.get_mut(width)? = NAMES.iter().position(|n| *n == word).and_then(|n| u8::try_from(n).ok());
        width += 1;
    }
    let has = |name: &[u8]| words(line).any(|w| w == name);
    let ends = (has(b"srcaddr") || has(b"pkt-srcaddr")) && (has(b"dstaddr") || has(b"pkt-dstaddr"));
    (ends && width >= 3).then_some((columns, width))
}

impl LineFormat for Aws {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if let Some((columns, width)) = heading(line) {
            (self.columns, self.width) = (columns, width);
            return Ok(Piece::OTHER);
        }
        // Out of CloudWatch every line has its time in front.
        let line = match line.get(10) {
            Some(b'T') => match clock::iso(line, &mut self.clock) {
                Some((_, rest)) => rest,
                None => line,
            },
            _ => line,
        };
        let mut fields = [&[][..]; NAMES.len()];
        let mut found = 0;
        for word in words(line) {
            if let Some(field) = self.columns.get(found).copied().flatten().and_then(|n| fields.get_mut(usize::from(n))) {
                // A dash stands for what is not known.
                *field = if word == b"-" { b"" } else { word };
            }
            found += 1;
        }
        if found != self.width {
            return Err(Reject("more or fewer fields than the format has"));
        }
        tell(&fields, out)
    }
}

fn tell(fields: &[&[u8]; NAMES.len()], out: &mut Vec<Said>) -> Result<Piece, Reject> {
    let [src, dst, sport, dport, proto, packets, bytes, start, end, action, status, pkt_src, pkt_dst, flags] = *fields;
    match status {
        // Nothing was seen, or not all was.
        b"NODATA" | b"SKIPDATA" => return Ok(Piece::RECORD),
        b"OK" | b"" => {}
        _ => return Err(Reject("the log status is none")),
    }
    let (src, dst) = (if pkt_src.is_empty() { src } else { pkt_src }, if pkt_dst.is_empty() { dst } else { pkt_dst });
    let (Some(src), Some(dst)) = (address(src), address(dst)) else { return Err(Reject("srcaddr or dstaddr is no address")) };
    let outcome = match action {
        b"REJECT" => Outcome::Refused,
        // Let through; whether anybody answered is in the record of the other direction.
        b"ACCEPT" | b"" => Outcome::Unknown,
        _ => return Err(Reject("the action is neither ACCEPT nor REJECT")),
    };
    let proto =
        if proto.is_empty() { IpProtocol(0) } else { IpProtocol(number(proto).ok_or(Reject("the protocol is no number"))?) };
    let port = |text: &[u8]| number::<u16>(text).unwrap_or(0);
    let time = |text: &[u8]| later(Timestamp(0), number(text)?);
    let (began, ended) = (time(start), time(end));
    let sent = Volume { packets: number(packets).unwrap_or(0), bytes: number(bytes).unwrap_or(0) };
    // Flags are those of all packets together, an ACK only with a SYN: both are the answer to a SYN (18).
    let answers = proto == IpProtocol::TCP && number::<u8>(flags).is_some_and(|f| f & (SYN | ACK) == SYN | ACK);
    let mut contact = Contact {
        src,
        dst,
        sport: port(sport),
        dport: port(dport),
        proto,
        ended: ended.filter(|end| began.is_some_and(|b| *end > b)),
        forward: sent,
        outcome,
        ..Contact::default()
    };
    if answers {
        contact = Contact {
            src: dst,
            dst: src,
            sport: contact.dport,
            dport: contact.sport,
            forward: Volume::default(),
            backward: sent,
            ..contact
        };
    }
    met(out, began, contact);
    Ok(Piece::RECORD)
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let line = text.get(..memchr::memchr(b'\n', text).unwrap_or(text.len())).unwrap_or_default().trim_ascii();
    if let Some((_, width)) = heading(line) {
        // Names that no other format has together.
        let own = |w: &[u8]| {
            matches!(w, b"log-status" | b"interface-id" | b"account-id" | b"tgw-id" | b"action" | b"protocol" | b"bytes")
        };
        return width >= 4 && words(line).filter(|w| own(w)).count() >= 2;
    }
    // The default format: version, account (twelve digits), interface.
    let mut from_version = words(line).skip_while(|w| w.len() > 10 && w.get(10) == Some(&b'T'));
    let version = from_version.next() == Some(b"2");
    let account = from_version.next().is_some_and(|w| w == b"unknown" || w.len() == 12 && w.iter().all(u8::is_ascii_digit));
    let interface = from_version.next().is_some_and(|w| w.starts_with(b"eni-") || w == b"-");
    version && account && interface && Aws::new(Clock::new(jiff::tz::TimeZone::UTC, 1970)).line(line, &mut Vec::new()).is_ok()
}
