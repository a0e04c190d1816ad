//! pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, many interfaces with their own link type and
//! clock, enhanced, simple and obsolete packet blocks. Unknown blocks are counted and skipped.

use super::block::{Block, LinkType, Record, Reject, RejectWhy};
use super::pcap::MAX_PACKET;
use crate::model::evidence::Position;
use crate::model::time::Timestamp;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;
/// Larger blocks than any packet or option needs are damage (16 MiB, as in other readers).
const MAX_BLOCK: u32 = 16 << 20;
/// Interfaces kept per section.
const MAX_INTERFACES: usize = 65_536;

/// One interface of the current section.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snaplen: u32,
    /// Ticks per second (if_tsresol).
    resolution: u64,
    /// Seconds to add (if_tsoffset).
    offset: i64,
}

impl Interface {
    fn time(&self, ticks: u64) -> Timestamp {
        let (seconds, rest) = (ticks / self.resolution, ticks % self.resolution);
        let ns = match self.resolution {
            1_000_000 => rest * 1000,
            1_000_000_000 => rest,
            r => (u128::from(rest) * 1_000_000_000 / u128::from(r)) as u64,
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(self.offset);
        Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(ns as i64))
    }
}

/// What one section has told so far.
#[derive(Debug, Default)]
pub struct Reader {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Time of the last packet that has one: simple packet blocks have none and take this. Those before the first packet
    /// with a time take that one's, as far as they are read together with it.
    last: Option<Timestamp>,
    /// Blocks that hold no packet.
    pub records: u64,
}

/// Is this the beginning of a pcapng file?
#[must_use]
pub fn is_pcapng(head: &[u8]) -> bool {
    head.first_chunk() == Some(&SECTION.to_be_bytes())
        && matches!(head.get(8..12), Some([0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a]))
}

impl Reader {
    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let raw = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let raw = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }

    /// Bytes that the block beginning with `rest` announces.
    #[must_use]
    pub fn need(&self, rest: &[u8]) -> u64 {
        self.u32(rest, 4).map_or(12, u64::from)
    }

    /// As [`super::pcap::Header::walk`].
    ///
    /// # Errors
    /// A length that lies: the blocks after it can't be found.
    pub fn walk(&mut self, block: &mut Block, mut at: usize) -> Result<usize, usize> {
        let Block { data, filled, records, rejected, .. } = block;
        let data = data.get(..*filled).unwrap_or_default();
        loop {
            let frame = block.first_frame + records.len() as u64;
            let mut reject = |why| rejected.push(Reject { at: Position::Frame { frame, offset: block.base + at as u64 }, why });
            let Some(head) = data.get(at..at + 12) else { return Ok(at) };
            if *head.first_chunk().unwrap_or(&[0; 4]) == SECTION.to_be_bytes() {
                self.big_endian = match head.get(8..12) {
                    Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                    Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                    _ => {
                        reject(RejectWhy::BadSection);
                        return Err(at);
                    }
                };
            }
            let (Some(kind), Some(length)) = (self.u32(head, 0), self.u32(head, 4)) else { return Ok(at) };
            if !(12..=MAX_BLOCK).contains(&length) || length % 4 != 0 {
                reject(RejectWhy::AbsurdLength { length: u64::from(length) });
                return Err(at);
            }
            let Some(whole) = data.get(at..at + length as usize) else { return Ok(at) };
            let tail = self.u32(whole, length as usize - 4).unwrap_or(0);
            if tail != length {
                reject(RejectWhy::LengthsDiffer { head: length, tail });
                return Err(at);
            }
            let body = whole.get(8..length as usize - 4).unwrap_or_default();
            match kind {
                SECTION => {
                    if self.u16(body, 4) != Some(1) {
                        reject(RejectWhy::BadSection);
                        return Err(at);
                    }
                    self.interfaces.clear();
                    self.records += 1;
                }
                INTERFACE => {
                    self.records += 1;
                    match self.interface(body) {
                        Some(interface) if self.interfaces.len() < MAX_INTERFACES => self.interfaces.push(interface),
                        _ => reject(RejectWhy::TooShort { what: "interface description block" }),
                    }
                }
                PACKET | SIMPLE | ENHANCED => match self.packet(kind, body) {
                    Ok((ts, offset, caplen, wirelen, link)) => {
                        if kind != SIMPLE && self.last.replace(ts).is_none() {
                            records.iter_mut().for_each(|untimed| untimed.ts = ts);
                        }
                        records.push(Record { ts, start: (at + 8 + offset) as u32, caplen, wirelen, link });
                    }
                    Err(why) => reject(why),
                },
                _ => self.records += 1,
            }
            at += length as usize;
        }
    }

    fn interface(&self, body: &[u8]) -> Option<Interface> {
        let mut interface =
            Interface { link: LinkType(self.u16(body, 0)?), snaplen: self.u32(body, 4)?, resolution: 1_000_000, offset: 0 };
        let mut options = body.get(8..)?;
        while let (Some(code), Some(length)) = (self.u16(options, 0), self.u16(options, 2)) {
            let length = usize::from(length);
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (0, _) => break,
                (9, &[exponent, ..]) => interface.resolution = resolution(exponent).unwrap_or(interface.resolution),
                (14, value) => {
                    if let Some(&raw) = value.first_chunk() {
                        interface.offset = if self.big_endian { i64::from_be_bytes(raw) } else { i64::from_le_bytes(raw) };
                    }
                }
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }

    /// Time, offset of the bytes in the body, captured and original length, link type.
    fn packet(&self, kind: u32, body: &[u8]) -> Result<(Timestamp, usize, u32, u32, LinkType), RejectWhy> {
        let short = RejectWhy::TooShort { what: "packet block" };
        let word = |at| self.u32(body, at).ok_or(short);
        let (number, ticks, offset, caplen, wirelen) = match kind {
            ENHANCED => (word(0)?, (word(4)?, word(8)?), 20, word(12)?, word(16)?),
            PACKET => {
                let number = self.u16(body, 0).ok_or(short)?;
                (u32::from(number), (word(4)?, word(8)?), 20, word(12)?, word(16)?)
            }
            _ => (0, (0, 0), 4, u32::MAX, word(0)?),
        };
        let interface = self.interfaces.get(number as usize).ok_or(RejectWhy::UnknownInterface { interface: number })?;
        let room = body.len().saturating_sub(offset) as u32;
        let caplen = if kind == SIMPLE {
            // A simple packet is as long as the original, the snap length, or the block, whichever is least.
            let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
            wirelen.min(snaplen).min(room)
        } else {
            caplen
        };
        if caplen > room || caplen > MAX_PACKET {
            return Err(RejectWhy::AbsurdLength { length: u64::from(caplen) });
        }
        let ts = if kind == SIMPLE {
            self.last.unwrap_or_default()
        } else {
            interface.time(u64::from(ticks.0) << 32 | u64::from(ticks.1))
        };
        Ok((ts, offset, caplen, wirelen, interface.link))
    }
}

/// if_tsresol: a negative power of ten, or of two if the upper bit is set. `None` if it overflows.
fn resolution(exponent: u8) -> Option<u64> {
    if exponent & 0x80 == 0 { 10_u64.checked_pow(u32::from(exponent)) } else { 1_u64.checked_shl(u32::from(exponent & 0x7f)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: u32, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    }

    fn enhanced(ticks: u32) -> Vec<u8> {
        let words = [0, 0, ticks, 4, 4, 0x4242_4242_u32];
        block(ENHANCED, &words.map(u32::to_le_bytes).concat())
    }

    /// A simple packet has no time: it takes that of its neighbour, and never the beginning of 1970.
    #[test]
    fn a_packet_without_time_takes_its_neighbours() {
        let section = block(SECTION, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        let interface = block(INTERFACE, &[1, 0, 0, 0, 0, 0, 4, 0]);
        let simple = block(SIMPLE, &[4, 0, 0, 0, 0x42, 0x42, 0x42, 0x42]);
        let bytes =
            [section, interface, simple.clone(), simple.clone(), enhanced(5), simple.clone(), enhanced(7), simple].concat();
        let mut read = Block { filled: bytes.len(), data: bytes, ..Block::default() };
        let end = Reader::default().walk(&mut read, 0).unwrap();
        assert_eq!((end, read.rejected.len()), (read.filled, 0));
        let times: Vec<i64> = read.records.iter().map(|r| r.ts.0 / 1000).collect();
        assert_eq!(times, [5, 5, 5, 5, 7, 7]);
    }
}
