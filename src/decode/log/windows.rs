//! The log of the Windows firewall (`pfirewall.log`), as Microsoft's "Interpreting the Windows Firewall log" has it: lines
//! of blank-separated fields in the order that `#Fields:` gives, local time unless `#Time Format:` says otherwise.
//!
//! `ALLOW` is written when a connection is let through, before anybody answers; `OPEN` and `CLOSE` (Windows XP and 2003) tell of
//! TCP connections that were made.

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::asa::fields::{address, met, number, protocol};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, Volume};
use jiff::tz::TimeZone;

/// The fields that are read, in the order that the log has unless it says otherwise.
const USUAL: [&[u8]; 16] = [
    b"date",
    b"time",
    b"action",
    b"protocol",
    b"src-ip",
    b"dst-ip",
    b"src-port",
    b"dst-port",
    b"size",
    b"tcpflags",
    b"tcpsyn",
    b"tcpack",
    b"tcpwin",
    b"icmptype",
    b"icmpcode",
    b"info",
];
const FIELDS: usize = USUAL.len();
/// Columns that are looked at.
const MAX_COLUMNS: usize = 32;
const ACTIONS: [&[u8]; 6] = [b"ALLOW", b"DROP", b"OPEN", b"OPEN-INBOUND", b"CLOSE", b"INFO-EVENTS-LOST"];

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Firewall {
    clock: Clock,
    utc: bool,
    /// Which field stands in a column.
    columns: [Option<u8>; MAX_COLUMNS],
}

impl Firewall {
    pub(super) fn new(clock: Clock) -> Self {
        let mut columns = [None; MAX_COLUMNS];
        for (column, n) in columns.iter_mut().zip(0..FIELDS as u8) {
            *column = Some(n);
        }
        Self { clock, utc: false, columns }
    }

    fn heading(&mut self, text: &[u8]) -> Result<Piece, Reject> {
        if let Some(format) = text.strip_prefix(b"#Time Format:") {
            self.utc = format.trim_ascii().eq_ignore_ascii_case(b"UTC");
        } else if let Some(names) = text.strip_prefix(b"#Fields:") {
            let mut columns = [None; MAX_COLUMNS];
            for (column, name) in columns.iter_mut().zip(words(names)) {
                *column = USUAL.iter().position(|usual| *usual == name).and_then(|n| u8::try_from(n).ok());
            }
            // What says who met whom must be there, else the lines cannot be read.
            if (0..6).any(|n| !columns.contains(&Some(n))) {
                return Err(Reject("a heading without time, action or addresses"));
            }
            self.columns = columns;
        }
        Ok(Piece::OTHER)
    }

    fn fields<'a>(&self, line: &'a [u8]) -> [&'a [u8]; FIELDS] {
        let mut fields = [&[][..]; FIELDS];
        for (column, word) in self.columns.iter().zip(words(line)) {
            if let Some(field) = column.and_then(|n| fields.get_mut(usize::from(n))) {
                *field = word;
            }
        }
        fields
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ' || b == b'\t').filter(|w| !w.is_empty())
}

impl LineFormat for Firewall {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if line.starts_with(b"#") {
            return self.heading(line);
        }
        let [date, time, action, proto, src, dst, sport, dport, size, _, _, _, _, icmp_type, icmp_code, _] = self.fields(line);
        if !ACTIONS.contains(&action) {
            return Err(Reject("the action is none of the Windows firewall"));
        }
        let mut text = [b'T'; 32];
        let len = date.len() + 1 + time.len();
        let when = if len <= text.len() {
            text[..date.len()].copy_from_slice(date);
            text[date.len() + 1..len].copy_from_slice(time);
            let mut utc = Clock::new(TimeZone::UTC, 1970);
            clock::iso(&text[..len], if self.utc { &mut utc } else { &mut self.clock })
        } else {
            None
        };
        let Some((when, b"")) = when else { return Err(Reject("no date and time")) };
        if action == b"INFO-EVENTS-LOST" {
            return Ok(Piece::RECORD);
        }
        let (src, dst) = match (src, dst) {
            (b"-" | b"", _) | (_, b"-" | b"") => return Ok(Piece::RECORD),
            (src, dst) => match (address(src), address(dst)) {
                (Some(src), Some(dst)) => (src, dst),
                // A solicitation for one's own address comes from nobody (RFC 4862 5.4.2).
                _ if src == b"::" || dst == b"::" => return Ok(Piece::RECORD),
                _ => return Err(Reject("source or destination is no address")),
            },
        };
        let proto = protocol(proto).unwrap_or_default();
        let icmp = matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6);
        let (sport, dport) = if icmp { (icmp_type, icmp_code) } else { (sport, dport) };
        let (outcome, forward) = match action {
            // The size is that of the packet.
            b"DROP" => (Outcome::Refused, Volume { packets: 1, bytes: number(size).unwrap_or(0) }),
            b"OPEN" | b"OPEN-INBOUND" | b"CLOSE" if proto == IpProtocol::TCP => (Outcome::Established, Volume::default()),
            _ => (Outcome::Unknown, Volume::default()),
        };
        let port = |text: &[u8]| number(text).unwrap_or(0);
        let contact = Contact { src, dst, sport: port(sport), dport: port(dport), proto, forward, outcome, ..Contact::default() };
        met(out, Some(when), contact);
        Ok(Piece::RECORD)
    }
}

/// Does it begin with the firewall's headings, or with a line of it?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut lines = beginning.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(8);
    let Some(first) = lines.next() else { return false };
    if first.starts_with(b"#") {
        let names = std::iter::once(first).chain(lines).take_while(|l| l.starts_with(b"#"));
        return names
            .filter_map(|l| l.strip_prefix(b"#Fields:"))
            .any(|names| words(names).take(6).eq(USUAL.iter().take(6).copied()) && words(names).any(|w| w == b"tcpflags"));
    }
    let mut read = Firewall::new(Clock::new(TimeZone::UTC, 1970));
    (FIELDS..=FIELDS + 2).contains(&words(first).count()) && read.line(first, &mut Vec::new()).is_ok()
}

#[cfg(test)]
mod tests;
