//! pf's log of packets: the CSV of filterlog (pfSense, OPNsense), within syslog and bare, and tcpdump's text of `pflog`
//! (OpenBSD, FreeBSD).
//!
//! Each line is one packet that a rule matched. A blocked one was turned away; of a passed one nobody says here whether it
//! was answered. Bytes are those that filterlog calls length (the IP packet; behind IPv6's header, the payload). Of a packet
//! with SYN and ACK the receiver is who opened the connection, so the ends are turned round, as in `netfilter`.

mod filterlog;
mod tcpdump;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::super::clock::Clock;
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::syslog::whole_lines;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said, Saying, Volume};

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Pf {
    clock: Clock,
}

impl Pf {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for Pf {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if is_banner(line) {
            return Ok(Piece::OTHER);
        }
        let (time, contact) = match tcpdump::line(line, &mut self.clock) {
            Some(read) => read?,
            None => (None, filterlog::line(line)?),
        };
        out.extend(contact.map(|c| Said { time, fact: Saying::Contact(c) }));
        Ok(Piece::RECORD)
    }
}

/// What tcpdump says of itself.
fn is_banner(line: &[u8]) -> bool {
    [&b"tcpdump: "[..], b"reading from file ", b"listening on "].iter().any(|b| line.starts_with(b))
}

/// The first 32 whole lines are packets that pf matched.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut clock = Clock::new(TimeZone::UTC, 2024);
    let (mut lines, mut read) = (0, 0);
    for line in whole_lines(beginning).filter(|l| !is_banner(l)).take(32) {
        lines += 1;
        let ok = match tcpdump::line(line, &mut clock) {
            Some(tcpdump) => tcpdump.is_ok(),
            None => filterlog::line(line).is_ok(),
        };
        read += usize::from(ok);
        if read == 0 {
            return false;
        }
    }
    lines > 0 && read * 4 >= lines * 3
}

pub(super) fn message(e: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    let read = match e.program {
        b"filterlog" => filterlog::line(e.message),
        // `tcpdump -lnettti pflog0 | logger -t pf`
        b"pf" | b"pflog" | b"pflogd" => match tcpdump::line(e.message, clock) {
            Some(read) => read.map(|(_, contact)| contact),
            None => return None,
        },
        _ => return None,
    };
    Some(read.map(|contact| out.extend(contact.map(|c| Said { time: e.time, fact: Saying::Contact(c) }))))
}

/// A packet as one of the two formats says it.
struct Packet {
    src: Endpoint,
    dst: Endpoint,
    proto: IpProtocol,
    bytes: u64,
    blocked: bool,
    /// SYN and ACK.
    answers: bool,
}

impl Packet {
    fn contact(self) -> Contact {
        let found = Contact {
            src: self.src.addr,
            dst: self.dst.addr,
            sport: self.src.port,
            dport: self.dst.port,
            proto: self.proto,
            forward: Volume { packets: 1, bytes: self.bytes },
            outcome: if self.blocked { Outcome::Refused } else { Outcome::Unknown },
            ..Contact::default()
        };
        if self.answers { super::netfilter::turned_round(found) } else { found }
    }
}
