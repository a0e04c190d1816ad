//! BMP version 3 (RFC 7854; routes sent, RFC 8671; the table of the router itself, RFC 9069): what a router reports of its
//! sessions.
//!
//! Route Monitoring holds UPDATE messages. Peer Up holds the OPEN messages of both ends, so how the session writes is known;
//! for sessions whose Peer Up is missing it is guessed from what fits. The rest is counted.

use std::collections::BTreeMap;

use super::super::record::Reject;
use super::bytes::{Bytes, named};
use super::framing::Framing;
use super::mrt::{asn, time};
use super::open::{OPEN, Open, RECEIVES, SENDS};
use super::path::Width;
use super::prefix::PathIds;
use super::update::{Teller, UPDATE, Writing, message, update};
use crate::model::record::Said;

/// Version, length, type.
const HEAD: usize = 6;
/// Longest message in bytes: an UPDATE has at most 65,535 (RFC 8654), mirrored ones may be several.
const LONGEST: usize = 1 << 20;
/// Sessions that are remembered; those of one large route server are a few thousand.
const MOST_SESSIONS: usize = 1 << 16;

const ROUTE_MONITORING: u8 = 0;
const STATISTICS: u8 = 1;
const PEER_DOWN: u8 = 2;
const PEER_UP: u8 = 3;
const INITIATION: u8 = 4;
const TERMINATION: u8 = 5;
const ROUTE_MIRRORING: u8 = 6;

/// Peer type of the table of the router itself.
const LOC_RIB: u8 = 3;

/// Peer type, distinguisher, address: which session.
type SessionKey = (u8, [u8; 8], [u8; 16]);

/// Path identifiers of a session by [`super::prefix::Family::index`]: of what was received, of what was sent.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    received: [PathIds; 4],
    sent: [PathIds; 4],
}

/// What is kept between messages.
#[derive(Debug, Default)]
pub(super) struct Bmp {
    sessions: BTreeMap<SessionKey, Agreed>,
}

impl Framing for Bmp {
    const HEAD: usize = HEAD;
    const LONGEST: usize = LONGEST;
    // With a few words about the router.
    const BEGINS_LONG: bool = false;

    fn length(&self, head: &[u8]) -> Result<usize, Reject> {
        let mut bytes = Bytes(head);
        if bytes.u8()? != 3 {
            return Err(Reject("a BMP message of a version that is not 3"));
        }
        match usize::try_from(bytes.u32()?).unwrap_or(usize::MAX) {
            length if length < HEAD => Err(Reject("a BMP message that is shorter than its head")),
            length => Ok(length),
        }
    }

    fn plausible(&self, head: &[u8]) -> bool {
        let least = match head.get(5) {
            Some(&(ROUTE_MONITORING | STATISTICS | PEER_DOWN | PEER_UP | ROUTE_MIRRORING)) => HEAD + 42,
            Some(&(INITIATION | TERMINATION)) => HEAD,
            _ => return false,
        };
        self.length(head).is_ok_and(|length| (least..=LONGEST).contains(&length))
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<Said>) -> Result<bool, Reject> {
        let mut bytes = Bytes(record);
        bytes.take(HEAD - 1)?;
        match bytes.u8()? {
            INITIATION | TERMINATION => {
                while !bytes.0.is_empty() {
                    bytes.u16()?;
                    let length = bytes.u16()?;
                    bytes.take(usize::from(length))?;
                }
            }
            kind @ (ROUTE_MONITORING | STATISTICS | PEER_DOWN | PEER_UP | ROUTE_MIRRORING) => {
                let peer = Peer::read(&mut bytes)?;
                match kind {
                    ROUTE_MONITORING => return self.route(&peer, bytes, out),
                    PEER_UP => self.up(&peer, bytes)?,
                    PEER_DOWN => drop(self.sessions.remove(&peer.key)),
                    _ => {}
                }
            }
            _ => return Err(Reject("a BMP type that does not exist")),
        }
        Ok(true)
    }
}

/// The per-peer head (RFC 7854 4.2).
#[derive(Clone, Copy, Debug)]
struct Peer {
    key: SessionKey,
    teller: Teller,
    /// AS paths have two-byte numbers.
    two_byte_as: bool,
    /// Routes that the router sent to the peer (RFC 8671).
    sent: bool,
}

impl Peer {
    fn read(bytes: &mut Bytes<'_>) -> Result<Self, Reject> {
        let [kind, flags] = bytes.array()?;
        if kind > LOC_RIB {
            return Err(Reject("a BMP peer type that does not exist"));
        }
        let distinguisher = bytes.array()?;
        let address = bytes.array::<16>()?;
        let number = bytes.u32()?;
        bytes.u32()?;
        let (seconds, micros) = (bytes.u32()?, bytes.u32()?);
        let own = kind == LOC_RIB;
        // Of the flags of the router's own table none is about addresses or numbers.
        let (v6, two_byte_as, sent) = (!own && flags & 0x80 != 0, !own && flags & 0x20 != 0, !own && flags & 0x10 != 0);
        let addr = if v6 {
            Bytes(&address).addr(true)?
        } else {
            // An IPv4 address fills the last four bytes.
            Bytes(address.get(12..).unwrap_or_default()).addr(false)?
        };
        // A time of zero is none. What the router sent to the peer, the peer did not tell.
        let time = (seconds != 0).then(|| time(seconds, micros));
        let teller = if sent {
            Teller { time, ..Teller::default() }
        } else {
            Teller { time, peer: named(addr).filter(|_| !own), peer_as: asn(number) }
        };
        Ok(Self { key: (kind, distinguisher, address), teller, two_byte_as, sent })
    }
}

impl Bmp {
    fn route(&self, peer: &Peer, mut bytes: Bytes<'_>, out: &mut Vec<Said>) -> Result<bool, Reject> {
        let (UPDATE, body) = message(&mut bytes)? else {
            return Err(Reject("route monitoring without an UPDATE"));
        };
        let width = if peer.two_byte_as { Width::Two } else { Width::Four };
        let path_ids = match self.sessions.get(&peer.key) {
            Some(agreed) if peer.sent => agreed.sent,
            Some(agreed) => agreed.received,
            None => [PathIds::Unknown; 4],
        };
        update(body, &Writing { width, path_ids }, &peer.teller, out)?;
        Ok(bytes.0.is_empty())
    }

    fn up(&mut self, peer: &Peer, mut bytes: Bytes<'_>) -> Result<(), Reject> {
        // Address and ports of the router's end.
        bytes.take(20)?;
        let mut open = || match message(&mut bytes)? {
            (OPEN, body) => Open::read(body),
            _ => Err(Reject("peer up without an OPEN")),
        };
        let (sent, received) = (open()?, open()?);
        // The OPENs of the router's own table are made up (RFC 9069 5.2): what they agree on says nothing.
        let left_out = peer.key.0 == LOC_RIB || self.sessions.len() >= MOST_SESSIONS && !self.sessions.contains_key(&peer.key);
        if !left_out {
            let agreed = Agreed { received: agreed(&received, &sent), sent: agreed(&sent, &received) };
            self.sessions.insert(peer.key, agreed);
        }
        Ok(())
    }
}

/// Path identifiers are there if one end offers to send and the other to receive them (RFC 7911 4).
fn agreed(from: &Open, to: &Open) -> [PathIds; 4] {
    std::array::from_fn(|i| {
        let offers = |open: &Open, what: u8| open.add_path.get(i).is_some_and(|how| how & what != 0);
        if offers(from, SENDS) && offers(to, RECEIVES) { PathIds::With } else { PathIds::Without }
    })
}
