//! Solaris snoop (RFC 1761): big-endian, records padded to four bytes.

use super::block::{Block, LinkType, Record, Reject, RejectWhy};
use super::pcap::MAX_PACKET;
use crate::model::evidence::Position;
use crate::model::time::Timestamp;

/// Bytes of the file header.
pub const HEADER: usize = 16;
/// Bytes in front of every packet.
pub const RECORD_HEADER: usize = 24;

/// The file header.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    link: LinkType,
}

impl Header {
    /// Reads it; `None` if this is no snoop file of version 2.
    #[must_use]
    pub fn read(head: &[u8]) -> Option<Self> {
        let rest = head.strip_prefix(b"snoop\0\0\0\0\0\0\x02")?;
        // RFC 1761 data link types; only those with a LINKTYPE of their own.
        let link = match u32::from_be_bytes(*rest.first_chunk()?) {
            0 | 4 => 1, // IEEE 802.3 and Ethernet
            2 => 6,
            8 => 10,
            other => u16::try_from(other).map_or(u16::MAX, |n| 0x8000 | n),
        };
        Some(Self { link: LinkType(link) })
    }

    /// Link type of every packet.
    #[must_use]
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// As [`super::pcap::Header::walk`].
    ///
    /// # Errors
    /// An absurd length.
    pub fn walk(&self, block: &mut Block, mut at: usize) -> Result<usize, usize> {
        let Block { data, filled, records, rejected, .. } = block;
        let data = data.get(..*filled).unwrap_or_default();
        while let Some(header) = data.get(at..at + RECORD_HEADER) {
            let field = |i: usize| header.get(i..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b));
            let (wirelen, caplen, record) = (field(0), field(4), field(8));
            if caplen > MAX_PACKET || u64::from(record) < u64::from(caplen) + RECORD_HEADER as u64 || record > 2 * MAX_PACKET {
                let place = Position::Frame { frame: block.first_frame + records.len() as u64, offset: block.base + at as u64 };
                rejected.push(Reject { at: place, why: RejectWhy::AbsurdLength { length: u64::from(caplen.max(record)) } });
                return Err(at);
            }
            if at + record as usize > data.len() {
                break;
            }
            let ts = i64::from(field(16)) * 1_000_000_000 + i64::from(field(20)) * 1000;
            records.push(Record { ts: Timestamp(ts), start: (at + RECORD_HEADER) as u32, caplen, wirelen, link: self.link });
            at += record as usize;
        }
        Ok(at)
    }
}
