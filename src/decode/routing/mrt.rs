//! MRT (RFC 6396, with path identifiers by RFC 8050): heads, types, and the messages of sessions. Tables are in `table`.
//!
//! * TABLE_DUMP, TABLE_DUMP_V2
//! * BGP4MP and BGP4MP_ET: messages in all eight dresses, changes of state (counted, they name no prefix), and the table entry
//!   of old OpenBGPD and Zebra (RFC 6396 appendix B.2)
//! * BGP, BGP4PLUS and BGP4PLUS_01: what RIS wrote until 2001 (appendix B.1)
//! * OSPF, IS-IS, RIP and the rest: counted, they say nothing of the paths between networks
//!
//! The time of a statement is that of its record; a table says what held when it was written, not when a route came.

use super::super::record::Reject;
use super::bytes::{Bytes, named};
use super::framing::Framing;
use super::path::Width;
use super::prefix::{PathIds, is_v6};
use super::table::{self, Peers};
use super::update::{Teller, UPDATE, Writing, message, update};
use crate::model::net::Asn;
use crate::model::record::Said;
use crate::model::time::Timestamp;

/// Time, type, subtype, length.
const HEAD: usize = 12;
/// Longest record in bytes: a table's entries of all peers for one prefix take less than a tenth.
const LONGEST: usize = 16 << 20;
/// No MRT is older (5 January 1989), in seconds since 1970: BGP itself is not.
const EARLIEST: u32 = 600_000_000;
/// How far behind damage a record's time may lie from the last good one, in seconds.
const WINDOW: u32 = 31 * 86_400;

const BGP: u16 = 5;
const BGP4PLUS: u16 = 9;
const BGP4PLUS_01: u16 = 10;
const TABLE_DUMP: u16 = 12;
const TABLE_DUMP_V2: u16 = 13;
const BGP4MP: u16 = 16;
const BGP4MP_ET: u16 = 17;

/// Head of a record.
#[derive(Clone, Copy, Debug)]
struct Head {
    seconds: u32,
    kind: u16,
    subtype: u16,
    length: u32,
}

impl Head {
    fn read(bytes: &mut Bytes<'_>) -> Result<Self, Reject> {
        Ok(Self { seconds: bytes.u32()?, kind: bytes.u16()?, subtype: bytes.u16()?, length: bytes.u32()? })
    }

    /// Least length of the body, of the types that routes come in.
    fn least(self) -> Option<u32> {
        match (self.kind, self.subtype) {
            (BGP, 1..=7) => Some(12),
            (BGP4PLUS | BGP4PLUS_01, 1..=7) => Some(36),
            (TABLE_DUMP, 1..=4) => Some(22),
            (TABLE_DUMP_V2, 1..=12) => Some(7),
            (BGP4MP, 0..=11) => Some(16),
            (BGP4MP_ET, 0..=11) => Some(20),
            _ => None,
        }
    }
}

/// What is kept between records: the peers of a table, and the time.
#[derive(Debug, Default)]
pub(super) struct Mrt {
    peers: Peers,
    /// Of the last record that could be read.
    seconds: Option<u32>,
}

impl Framing for Mrt {
    const HEAD: usize = HEAD;
    const LONGEST: usize = LONGEST;
    // With the list of a table's peers.
    const BEGINS_LONG: bool = true;

    fn length(&self, head: &[u8]) -> Result<usize, Reject> {
        Ok(usize::try_from(Head::read(&mut Bytes(head))?.length).unwrap_or(usize::MAX).saturating_add(HEAD))
    }

    fn plausible(&self, head: &[u8]) -> bool {
        let Ok(head) = Head::read(&mut Bytes(head)) else { return false };
        head.seconds >= EARLIEST
            && self.seconds.is_none_or(|last| head.seconds.abs_diff(last) <= WINDOW)
            && head.least().is_some_and(|least| head.length >= least)
            && head.length <= LONGEST as u32
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<Said>) -> Result<bool, Reject> {
        let mut bytes = Bytes(record);
        let head = Head::read(&mut bytes)?;
        let whole = self.body(head, bytes, out)?;
        self.seconds = Some(head.seconds);
        Ok(whole)
    }
}

impl Mrt {
    fn body(&mut self, head: Head, mut bytes: Bytes<'_>, out: &mut Vec<Said>) -> Result<bool, Reject> {
        let mut teller = Teller { time: Some(time(head.seconds, 0)), ..Teller::default() };
        match (head.kind, head.subtype) {
            (TABLE_DUMP, 1..=4) => {
                // The subtype is the address family; 3 and 4 are those with four-byte numbers, written for a few months.
                let width = if head.subtype <= 2 { Width::Two } else { Width::Four };
                table::dump(bytes, head.subtype.is_multiple_of(2), width, teller, out)
            }
            (TABLE_DUMP_V2, 1) => {
                self.peers = Peers::read(&mut bytes)?;
                Ok(bytes.0.is_empty())
            }
            (TABLE_DUMP_V2, subtype @ (2..=5 | 8..=11)) => {
                // Unicast and multicast of IPv4, then of IPv6; the second four have path identifiers.
                let v6 = matches!(subtype, 4 | 5 | 10 | 11);
                table::rib(bytes, v6, subtype >= 8, &self.peers, teller.time, out)
            }
            (TABLE_DUMP_V2, subtype @ (6 | 12)) => table::generic(bytes, subtype == 12, &self.peers, teller.time, out),
            (BGP4MP, subtype) => bgp4mp(subtype, bytes, teller, out),
            (BGP4MP_ET, subtype) => {
                teller.time = Some(time(head.seconds, bytes.u32()?));
                bgp4mp(subtype, bytes, teller, out)
            }
            (BGP | BGP4PLUS | BGP4PLUS_01, 1) => {
                let v6 = head.kind != BGP;
                teller.peer_as = asn(u32::from(bytes.u16()?));
                teller.peer = named(bytes.addr(v6)?);
                bytes.u16()?;
                bytes.addr(v6)?;
                // The message without its head.
                update(bytes.0, &Writing::new(Width::Two, PathIds::Without), &teller, out).map(|()| true)
            }
            // Preferences, states, OPEN, NOTIFICATION, KEEPALIVE; where the peers of a table stand (RFC 6397).
            (BGP | BGP4PLUS | BGP4PLUS_01, 0 | 2..=7) | (TABLE_DUMP_V2, 7) => Ok(true),
            // NULL, START, DIE, I_AM_DEAD, PEER_DOWN, RIP, IDRP, RIPNG, OSPF, IS-IS.
            (0..=4 | 6..=8 | 11 | 32 | 33 | 48 | 49, _) => Ok(true),
            _ => Err(Reject("an MRT type that does not exist")),
        }
    }
}

/// A record of a session (RFC 6396 4.4).
fn bgp4mp(subtype: u16, mut bytes: Bytes<'_>, mut teller: Teller, out: &mut Vec<Said>) -> Result<bool, Reject> {
    // Number width, written by the collector itself, path identifiers.
    let (width, local, ids) = match subtype {
        // Changes of state; an index of tables.
        0 | 3 | 5 => return Ok(true),
        1 => (Width::Two, false, PathIds::Without),
        2 => return table::session_entry(bytes, teller, out),
        4 => (Width::Four, false, PathIds::Without),
        6 => (Width::Two, true, PathIds::Without),
        7 => (Width::Four, true, PathIds::Without),
        8 => (Width::Two, false, PathIds::With),
        9 => (Width::Four, false, PathIds::With),
        10 => (Width::Two, true, PathIds::With),
        11 => (Width::Four, true, PathIds::With),
        _ => return Err(Reject("a BGP4MP subtype that does not exist")),
    };
    let number = |bytes: &mut Bytes<'_>| match width {
        Width::Two => bytes.u16().map(u32::from),
        Width::Four => bytes.u32(),
    };
    let peer_as = number(&mut bytes)?;
    let local_as = number(&mut bytes)?;
    bytes.u16()?;
    let v6 = is_v6(bytes.u16()?)?;
    let (peer, own) = (bytes.addr(v6)?, bytes.addr(v6)?);
    // What the collector sent, the collector told.
    let (teller_as, addr) = if local { (local_as, own) } else { (peer_as, peer) };
    teller.peer = named(addr);
    teller.peer_as = asn(teller_as);
    let (kind, body) = message(&mut bytes)?;
    if kind == UPDATE {
        update(body, &Writing::new(width, ids), &teller, out)?;
    }
    Ok(bytes.0.is_empty())
}

/// AS 0 is how writers leave the field empty (RFC 7607).
pub(super) fn asn(number: u32) -> Option<Asn> {
    (number != 0).then_some(Asn(number))
}

/// Seconds since 1970 and microseconds.
pub(super) fn time(seconds: u32, micros: u32) -> Timestamp {
    Timestamp(i64::from(seconds) * 1_000_000_000 + i64::from(micros.min(999_999)) * 1000)
}
