//! A block: bytes as they were read, and where the records lie in them. Nothing is copied per packet.

pub use super::link_type::LinkType;
use crate::model::evidence::Position;
use crate::model::time::Timestamp;

/// One packet record.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Packet time.
    pub ts: Timestamp,
    /// Where its bytes begin in the block.
    pub start: u32,
    /// How many were captured.
    pub caplen: u32,
    /// How many there were on the wire.
    pub wirelen: u32,
    /// Link type of its interface.
    pub link: LinkType,
}

/// Why a record was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectWhy {
    /// The input ends inside it.
    #[error("the input ends inside this record ({have} of {need} bytes)")]
    CutOff {
        /// Bytes that it announces.
        need: u64,
        /// Bytes that are there.
        have: u64,
    },
    /// A length that cannot be.
    #[error("announces {length} bytes, which cannot be")]
    AbsurdLength {
        /// The length.
        length: u64,
    },
    /// The leading and trailing length of a pcapng block differ.
    #[error("block length is {head} at its head and {tail} at its tail")]
    LengthsDiffer {
        /// At the head.
        head: u32,
        /// At the tail.
        tail: u32,
    },
    /// A packet of an interface that no block described.
    #[error("belongs to interface {interface}, which no block describes")]
    UnknownInterface {
        /// Its number.
        interface: u32,
    },
    /// Too small for its own header.
    #[error("{what} is shorter than its header")]
    TooShort {
        /// The kind of block.
        what: &'static str,
    },
    /// A section in an unknown version or byte order.
    #[error("section header is not of pcapng version 1")]
    BadSection,
}

/// A rejected record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where.
    pub at: Position,
    /// Why.
    pub why: RejectWhy,
}

/// Bytes and the records in them.
#[derive(Debug, Default)]
pub struct Block {
    /// As read; only the first `filled` bytes count, so that the memory need not be cleared for every block.
    pub data: Vec<u8>,
    /// Bytes of `data` that were read.
    pub filled: usize,
    /// Records, in order.
    pub records: Vec<Record>,
    /// Number of the first record, from 1.
    pub first_frame: u64,
    /// Offset of `data[0]` in the unpacked stream.
    pub base: u64,
    /// Bytes between a record's start and its packet bytes: so that offsets name the record, not the packet.
    pub header: u32,
    /// Records that could not be read.
    pub rejected: Vec<Reject>,
}

impl Block {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.records.clear();
        self.rejected.clear();
    }

    /// The captured bytes of a record.
    #[inline]
    #[must_use]
    pub fn bytes(&self, record: &Record) -> &[u8] {
        let start = record.start as usize;
        self.data.get(start..start + record.caplen as usize).unwrap_or_default()
    }

    /// Where record `index` stands.
    #[inline]
    #[must_use]
    pub fn position(&self, index: usize) -> Position {
        let start = self.records.get(index).map_or(0, |r| u64::from(r.start));
        Position::Frame {
            frame: self.first_frame + index as u64,
            offset: (self.base + start).saturating_sub(u64::from(self.header)),
        }
    }
}
