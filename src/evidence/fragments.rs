//! Datagrams that came in pieces (RFC 791 3.2, RFC 8200 4.5), put together for what stands in them: names in DNS answers,
//! heads of requests, SIP.
//!
//! All pieces between two addresses reach one shard, whatever tunnel carries them, so a shard can put them together. The
//! datagram may hold packets of other addresses, whose flows are in another shard: it is read for what it says, and
//! neither counted again (the pieces were), nor does a flow get its host name from it. What a DNS answer says beyond its
//! first piece counts as not asked for.
//!
//! Pieces that overlap with different bytes mean one thing to one host and another to the next (RFC 5722): such a datagram
//! is dropped, and counted.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::heads::Heads;
use super::keyed::Keyed;
use crate::decode::http;
use crate::decode::packet::{self, Transport};
use crate::model::evidence::Provenance;
use crate::model::net::PackedAddr;
use crate::model::time::Timestamp;

/// How long pieces are waited for. RFC 791 suggests 15 s, RFC 8200 says 60.
const PATIENCE_NS: i64 = 30_000_000_000;
/// Datagrams at a time.
const OPEN: usize = 1024;
/// Bytes of all of them.
const BYTES: usize = 8 << 20;
/// Longest datagram: what the length field of IPv4 can say.
const LONGEST: u32 = 65_535;

/// Source, destination, protocol, identification.
type Key = (PackedAddr, PackedAddr, u8, u32);

#[derive(Debug)]
struct Datagram {
    serial: u64,
    /// The first piece that came.
    from: Provenance,
    time: Timestamp,
    /// The header of the piece that stands first, without its options.
    header: Vec<u8>,
    /// By offset.
    parts: BTreeMap<u32, Vec<u8>>,
    bytes: usize,
    /// Length, once the last piece came.
    end: Option<u32>,
    /// Its pieces contradict each other.
    bad: bool,
}

/// One piece, as its header describes it.
struct Piece<'b> {
    key: Key,
    header: Vec<u8>,
    offset: u32,
    more: bool,
    body: &'b [u8],
}

/// A datagram that is whole again.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    /// The packet, with a header of its own.
    pub packet: Vec<u8>,
    /// Where its first piece stands.
    pub from: Provenance,
    /// When that came.
    pub time: Timestamp,
}

/// Datagrams of one shard that are not whole yet.
#[derive(Debug)]
pub struct Fragments {
    open: HashMap<Key, Datagram, Keyed>,
    /// By age.
    order: BTreeMap<u64, Key>,
    next: u64,
    bytes: usize,
    /// Datagrams whose pieces contradict each other.
    pub contradictory: u64,
    /// Datagrams forgotten because there were too many.
    pub left_out: u64,
}

impl Fragments {
    /// None. The seed keys the hash table.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let open = HashMap::with_hasher(Keyed::new(seed));
        Self { open, order: BTreeMap::new(), next: 0, bytes: 0, contradictory: 0, left_out: 0 }
    }

    /// Takes in a fragment, which begins with its IP header; gives the datagram once it is whole.
    pub fn add(&mut self, ip: &[u8], time: Timestamp, from: Provenance) -> Option<Whole> {
        let piece = read(ip)?;
        if self.open.get(&piece.key).is_some_and(|known| time.since(known.time) > PATIENCE_NS) {
            self.forget(piece.key); // the number is used again
        }
        if !self.open.contains_key(&piece.key) {
            while self.open.len() >= OPEN {
                self.make_room(time);
            }
            let (header, parts) = (Vec::new(), BTreeMap::new());
            self.order.insert(self.next, piece.key);
            let fresh = Datagram { serial: self.next, from, time, header, parts, bytes: 0, end: None, bad: false };
            self.open.insert(piece.key, fresh);
            self.next += 1;
        }
        let datagram = self.open.get_mut(&piece.key)?;
        if datagram.bad {
            return None;
        }
        match datagram.take(&piece) {
            Some(more) => self.bytes += more,
            None => {
                // Kept without its pieces: what still comes of it is not a datagram of its own.
                self.contradictory += 1;
                datagram.bad = true;
                datagram.parts.clear();
                self.bytes -= std::mem::take(&mut datagram.bytes);
                return None;
            }
        }
        let whole = datagram.whole();
        if whole.is_some() {
            self.forget(piece.key);
        }
        while self.bytes > BYTES {
            self.make_room(time);
        }
        whole
    }

    /// Forgets the oldest. Nobody misses one whose time is up.
    fn make_room(&mut self, now: Timestamp) {
        let Some((_, &key)) = self.order.first_key_value() else { return };
        let lost = self.open.get(&key).is_some_and(|d| !d.bad && now.since(d.time) <= PATIENCE_NS);
        self.left_out += u64::from(lost);
        self.forget(key);
    }

    fn forget(&mut self, key: Key) {
        if let Some(datagram) = self.open.remove(&key) {
            self.order.remove(&datagram.serial);
            self.bytes -= datagram.bytes;
        }
    }
}

impl Datagram {
    /// Adds a piece; how many bytes more are kept, or `None` if it contradicts what is known.
    fn take(&mut self, piece: &Piece<'_>) -> Option<usize> {
        let end = piece.offset + piece.body.len() as u32;
        let beyond =
            if piece.more { self.end.is_some_and(|known| end > known) } else { self.end.is_some_and(|known| end != known) };
        if beyond || end > LONGEST || piece.more && !piece.body.len().is_multiple_of(8) {
            return None;
        }
        if let Some(known) = self.parts.get(&piece.offset)
            && known == piece.body
        {
            return Some(0); // came twice
        }
        let before = self.parts.range(..=piece.offset).next_back().map_or(0, |(at, part)| at + part.len() as u32);
        let after = self.parts.range(piece.offset..).next().map_or(u32::MAX, |(at, _)| *at);
        let farthest = self.parts.last_key_value().map_or(0, |(at, part)| at + part.len() as u32);
        if before > piece.offset || after < end || !piece.more && farthest > end {
            return None;
        }
        if !piece.more {
            self.end = Some(end);
        }
        if piece.offset == 0 {
            self.header.clone_from(&piece.header);
        }
        if piece.body.is_empty() {
            return Some(0);
        }
        self.parts.insert(piece.offset, piece.body.to_vec());
        self.bytes += piece.body.len();
        Some(piece.body.len())
    }

    fn whole(&mut self) -> Option<Whole> {
        // No two overlap, so as many bytes as there should be are all of them.
        if self.header.is_empty() || self.end? as usize != self.bytes {
            return None;
        }
        let mut packet = std::mem::take(&mut self.header);
        let six = packet.len() == 40;
        let declared = self.bytes + if six { 0 } else { packet.len() };
        let [hi, lo] = u16::try_from(declared).ok()?.to_be_bytes();
        let at = if six { 4 } else { 2 };
        packet.get_mut(at..at + 2)?.copy_from_slice(&[hi, lo]);
        packet.extend(std::mem::take(&mut self.parts).into_values().flatten());
        Some(Whole { packet, from: self.from, time: self.time })
    }
}

/// Reads a fragment. One that was not captured to its end is no use.
fn read(ip: &[u8]) -> Option<Piece<'_>> {
    match ip.first()? >> 4 {
        4 => read_4(ip),
        6 => read_6(ip),
        _ => None,
    }
}

fn read_4(ip: &[u8]) -> Option<Piece<'_>> {
    let fixed = ip.first_chunk::<20>()?;
    let size = usize::from(fixed[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    let place = u16::from_be_bytes([fixed[6], fixed[7]]);
    let body = ip.get(size.max(20)..total)?;
    let address = |at: usize| fixed.get(at..at + 4)?.first_chunk::<4>().map(|a| PackedAddr::from_v4((*a).into()));
    let key = (address(12)?, address(16)?, fixed[9], u32::from(u16::from_be_bytes([fixed[4], fixed[5]])));
    let mut header = fixed.to_vec();
    header[0] = 0x45;
    header[6..8].fill(0);
    Some(Piece { key, header, offset: u32::from(place & 0x1fff) * 8, more: place & 0x2000 != 0, body })
}

fn read_6(ip: &[u8]) -> Option<Piece<'_>> {
    let fixed = ip.first_chunk::<40>()?;
    let end = 40 + usize::from(u16::from_be_bytes([fixed[4], fixed[5]]));
    let (mut next, mut at) = (fixed[6], 40);
    // Headers in front of the fragment header: each is there in every piece.
    for _ in 0..8 {
        let rest = ip.get(at..end)?;
        if next == 44 {
            let &[next, _, hi, lo, a, b, c, d] = rest.first_chunk::<8>()?;
            let place = u16::from_be_bytes([hi, lo]);
            let address = |at: usize| fixed.get(at..at + 16)?.first_chunk::<16>().map(PackedAddr::from_bytes);
            let mut header = fixed.to_vec();
            header[6] = next;
            return Some(Piece {
                key: (address(8)?, address(24)?, 44, u32::from_be_bytes([a, b, c, d])),
                header,
                offset: u32::from(place & 0xfff8),
                more: place & 1 != 0,
                body: rest.get(8..)?,
            });
        }
        if !matches!(next, 0 | 43 | 60) {
            return None;
        }
        let &[following, len] = rest.first_chunk::<2>()?;
        (next, at) = (following, at + (usize::from(len) + 1) * 8);
    }
    None
}

/// Reads a datagram that is whole again, for what stands in it.
pub(super) fn look(whole: &Whole, heads: &mut Heads) {
    let Ok(p) = packet::from_ip(&whole.packet, 0, &mut ()) else { return };
    let l4 = whole.packet.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
    let (from, time) = (whole.from, whole.time);
    match p.transport {
        Transport::Udp => {
            let payload = l4.get(8..).unwrap_or_default();
            if matches!(p.sport, 53 | 5353) {
                heads.dns(payload, false, time, &|| from);
            }
            if (p.sport == super::batch::SIP) | (p.dport == super::batch::SIP) {
                heads.sip(payload, (p.src, p.dst), time, from);
            }
        }
        Transport::Tcp => {
            let payload = l4.get(l4.get(12).map_or(20, |b| usize::from(b >> 4) * 4)..).unwrap_or_default();
            if http::looks_like_request(payload) && http::head_end(payload, 0).is_some() {
                heads.http(payload, (p.src, p.dst), time, &|| from);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
