//! Classic pcap (draft-ietf-opsawg-pcap): microseconds or nanoseconds, both byte orders, and the "modified"
//! variant of old Linux kernels with 24-byte record headers.

use super::block::{Block, LinkType, Record, Reject, RejectWhy};
use crate::model::evidence::Position;
use crate::model::time::Timestamp;

/// Longest packet that any tool writes (tcpdump's MAXIMUM_SNAPLEN); longer ones are garbage.
pub const MAX_PACKET: u32 = 262_144;

/// The file header.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    big_endian: bool,
    nanoseconds: bool,
    record_header: usize,
    link: LinkType,
}

/// Bytes of the file header.
pub const HEADER: usize = 24;

impl Header {
    /// Reads it; `None` if this is no pcap.
    #[must_use]
    pub fn read(head: &[u8]) -> Option<Self> {
        let (big_endian, nanoseconds, record_header) = match head.first_chunk::<4>()? {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, false, 16),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, false, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, true, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, true, 16),
            [0x34, 0xcd, 0xb2, 0xa1] => (false, false, 24),
            [0xa1, 0xb2, 0xcd, 0x34] => (true, false, 24),
            _ => return None,
        };
        // The upper half of the field holds flags (length of the frame check sequence).
        let network = word(head.get(20..24)?, big_endian);
        Some(Self { big_endian, nanoseconds, record_header, link: LinkType(network as u16) })
    }

    /// Link type of every packet.
    #[must_use]
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Bytes in front of every packet.
    #[must_use]
    pub fn record_header(&self) -> usize {
        self.record_header
    }

    /// Indexes the whole records in `block.data[at..]`; where the first incomplete one begins. `Err` carries the
    /// place of a record after which nothing can be found any more.
    ///
    /// # Errors
    /// An absurd length: pcap has no marks to find the next record by.
    pub fn walk(&self, block: &mut Block, at: usize) -> Result<usize, usize> {
        // One copy of the loop per byte order: the test is paid once a block, not twice a packet.
        if self.big_endian { self.walk_as::<true>(block, at) } else { self.walk_as::<false>(block, at) }
    }

    /// Bytes that the record beginning with `rest` announces, header included.
    #[must_use]
    pub fn need(&self, rest: &[u8]) -> u64 {
        let caplen = rest.get(8..12).map_or(0, |b| word(b, self.big_endian));
        self.record_header as u64 + u64::from(caplen)
    }

    fn walk_as<const BIG: bool>(&self, block: &mut Block, mut at: usize) -> Result<usize, usize> {
        let unit = if self.nanoseconds { 1 } else { 1000 };
        let Block { data, filled, records, rejected, .. } = block;
        let data = data.get(..*filled).unwrap_or_default();
        while let Some(header) = data.get(at..at + self.record_header) {
            // Of either length of header these are the first four words.
            let Some(&[seconds, fraction, caplen, wirelen]) = header.as_chunks::<4>().0.first_chunk() else { break };
            let [seconds, fraction, caplen, wirelen] =
                [seconds, fraction, caplen, wirelen].map(|b| if BIG { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) });
            if caplen > MAX_PACKET {
                let at_frame =
                    Position::Frame { frame: block.first_frame + records.len() as u64, offset: block.base + at as u64 };
                rejected.push(Reject { at: at_frame, why: RejectWhy::AbsurdLength { length: u64::from(caplen) } });
                return Err(at);
            }
            let start = at + self.record_header;
            let end = start + caplen as usize;
            if end > data.len() {
                break;
            }
            // A fraction of a second or more is carried, not refused: the packet is real, its clock is not.
            let ts = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * unit;
            records.push(Record { ts: Timestamp(ts), start: start as u32, caplen, wirelen, link: self.link });
            at = end;
        }
        Ok(at)
    }
}

#[inline]
fn word(bytes: &[u8], big_endian: bool) -> u32 {
    match bytes.first_chunk::<4>() {
        Some(&b) if big_endian => u32::from_be_bytes(b),
        Some(&b) => u32::from_le_bytes(b),
        None => 0,
    }
}
