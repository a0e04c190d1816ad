//! scamper's binary format: records with a type and a length, and in them flags that say which fields follow in which
//! order. Traces (type 6) are read; lists and cycles say nothing here; other records are counted.
//!
//! Source: the manual page warts(5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{MAX_HOPS, Read, parts};
use crate::model::net::unmapped;
use crate::model::traceroute::Traceroute;

const MAGIC: u16 = 0x1205;
const HEADER: usize = 8;
/// List, cycle start, cycle definition, cycle stop.
const FURNITURE: std::ops::RangeInclusive<u16> = 1..=4;
const TRACE: u16 = 6;
/// Longest record that is read, in bytes.
const MAX_RECORD: usize = 16 * 1024 * 1024;
/// Addresses that one record may define: two ends, and one a hop for every TTL and every attempt.
const MAX_ADDRESSES: usize = 65_536;

pub(super) fn looks_like(bytes: &[u8]) -> bool {
    matches!(bytes, [0x12, 0x05, 0, kind, 0, _, _, _, ..] if (1..=32).contains(kind))
}

/// Fields in network byte order. Every reading is checked; a record that lies ends.
struct Cursor<'a> {
    bytes: &'a [u8],
    addresses: Vec<Option<IpAddr>>,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Numbers of the fields that follow, from 1, and how many bytes they take: 7 bits a byte, the eighth says that
    /// another byte follows.
    fn fields(&mut self) -> Option<(Vec<u16>, usize)> {
        let (mut set, mut base) = (Vec::new(), 0_u16);
        loop {
            let flags = self.u8()?;
            set.extend((0..7).filter(|bit| flags >> bit & 1 == 1).map(|bit| base + bit + 1));
            base += 7;
            if flags & 0x80 == 0 {
                break;
            }
            if base > 140 {
                return None;
            }
        }
        let len = if set.is_empty() { 0 } else { usize::from(self.u16()?) };
        Some((set, len))
    }

    /// An address in full, or the number of one that came before in the record.
    fn address(&mut self) -> Option<Option<IpAddr>> {
        let len = self.u8()?;
        if len == 0 {
            let id = self.u32()?;
            return self.addresses.get(id as usize).copied();
        }
        let kind = self.u8()?;
        let bytes = self.take(usize::from(len))?;
        let addr = match (kind, len) {
            (1, 4) => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))),
            (2, 16) => Some(unmapped(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)))),
            // A link-layer address.
            _ => None,
        };
        if self.addresses.len() >= MAX_ADDRESSES {
            return None;
        }
        self.addresses.push(addr);
        Some(addr)
    }
}

pub(super) fn read(bytes: &[u8], out: &mut Read) {
    let (mut at, mut record) = (0_usize, 0_u64);
    while let Some(head) = bytes.get(at..at + HEADER) {
        record += 1;
        let (magic, kind) = (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
        let len = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let offset = at as u64;
        if magic != MAGIC {
            return out.reject(record, offset, "no record of warts");
        }
        at += HEADER;
        let Some(body) = bytes.get(at..at.saturating_add(len)) else {
            return out.reject(record, offset, "a record that ends behind the file");
        };
        at += len;
        if len > MAX_RECORD {
            out.reject(record, offset, "a record of more than 16 MiB");
        } else if kind == TRACE {
            let mut cursor = Cursor { bytes: body, addresses: Vec::new() };
            match trace(&mut cursor, record, offset, out) {
                Some(trace) => out.traceroutes.push(trace),
                None => out.reject(record, offset, "a trace that can't be read"),
            }
        } else if !FURNITURE.contains(&kind) {
            out.reject(record, offset, "a record that is no traceroute");
        }
    }
    if at < bytes.len() {
        out.reject(record + 1, at as u64, "a header that is cut off");
    }
}

/// Bytes of the fields of a trace that are only stepped over; addresses and the fields that are read stand below.
fn trace_field(field: u16) -> Option<usize> {
    Some(match field {
        1..=4 | 28 => 4,
        7..=10 | 15..=18 | 20..=22 | 24 | 25 => 1,
        12..=14 | 19 | 23 | 29 => 2,
        _ => return None,
    })
}

fn trace(c: &mut Cursor<'_>, record: u64, offset: u64, out: &mut Read) -> Option<Traceroute> {
    let mut trace = parts::empty("scamper");
    let (fields, len) = c.fields()?;
    let after = c.bytes.get(len..)?;
    let (mut reason, mut kind) = (0, 0);
    for field in fields {
        match field {
            5 => trace.started = parts::seconds(i64::from(c.u32()?), i64::from(c.u32()?)),
            6 => reason = c.u8()?,
            11 => kind = c.u8()?,
            26 => trace.src = c.address()?,
            27 => trace.dst = c.address()?,
            known => match trace_field(known) {
                Some(len) => drop(c.take(len)?),
                None => break,
            },
        }
    }
    c.bytes = after;
    let method = match kind {
        1 | 4 => "icmp",
        2 | 5 => "udp",
        3 | 6 => "tcp",
        _ => "",
    };
    trace.proto = parts::protocol(method, trace.dst);
    for _ in 0..c.u16()? {
        if let Err(why) = hop(c, &mut trace)? {
            out.reject(record, offset, why);
        }
    }
    debug_assert!(trace.hops.len() <= MAX_HOPS);
    // Replies are written in the order of probes, which need not be that of TTLs.
    trace.hops.sort_by_key(|h| h.ttl);
    trace.complete = reason == 1;
    parts::close(&mut trace);
    Some(trace)
}

fn hop_field(field: u16) -> Option<usize> {
    Some(match field {
        1 => 4,
        3..=5 | 11 | 14..=16 => 1,
        8..=10 | 12 | 13 => 2,
        19 => 8,
        _ => return None,
    })
}

/// One reply. Outer `None`: the record lies.
fn hop(c: &mut Cursor<'_>, trace: &mut Traceroute) -> Option<Result<(), &'static str>> {
    let (fields, len) = c.fields()?;
    let after = c.bytes.get(len..)?;
    let (mut ttl, mut addr, mut rtt, mut icmp, mut labels) = (0, None, None, None, Vec::new());
    for field in fields {
        match field {
            2 => ttl = c.u8()?,
            6 => rtt = Some(i64::from(c.u32()?) * 1000),
            7 => icmp = Some((c.u8()?, c.u8()?)),
            17 => {
                let len = usize::from(c.u16()?);
                labels = extensions(c.take(len)?);
            }
            18 => addr = c.address()?,
            known => match hop_field(known) {
                Some(len) => drop(c.take(len)?),
                None => break,
            },
        }
    }
    c.bytes = after;
    let Some(addr) = addr else { return Some(Err("a reply without an address")) };
    if ttl == 0 {
        return Some(Err("a TTL outside 1 to 255"));
    }
    let mut reply = parts::reply(addr, None, rtt);
    reply.mpls = labels;
    reply.flag = icmp.and_then(|(kind, code)| super::scamper::remark(addr, kind, code));
    Some(parts::hop(trace, ttl).and_then(|hop| parts::answer(hop, reply)))
}

/// Labels (class 1, type 1) among the objects of RFC 4884.
fn extensions(bytes: &[u8]) -> Vec<crate::model::evidence::LabelEntry> {
    let mut c = Cursor { bytes, addresses: Vec::new() };
    let mut labels = Vec::new();
    while let (Some(len), Some(class), Some(kind)) = (c.u16(), c.u8(), c.u8()) {
        let Some(data) = c.take(usize::from(len)) else { break };
        if (class, kind) == (1, 1) {
            for &entry in data.as_chunks::<4>().0 {
                let word = u64::from(u32::from_be_bytes(entry));
                parts::push_label(&mut labels, word >> 12, word >> 9 & 7, word >> 8 & 1 == 1, word & 0xff);
            }
        }
    }
    labels
}
