//! A block: bytes as they were read, and where the records lie in them. Nothing is copied per packet.

use std::fmt;

use crate::model::evidence::Position;
use crate::model::time::Timestamp;

/// A LINKTYPE number (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "NULL",
            1 => "EN10MB",
            6 => "IEEE802_5",
            9 => "PPP",
            10 => "FDDI",
            50 => "PPP_HDLC",
            51 => "PPP_ETHER",
            12 | 14 | 101 => "RAW",
            104 => "C_HDLC",
            105 => "IEEE802_11",
            107 => "FRELAY",
            108 => "LOOP",
            109 => "ENC",
            113 => "LINUX_SLL",
            117 => "PFLOG",
            119 => "IEEE802_11_PRISM",
            127 => "IEEE802_11_RADIOTAP",
            149 => "USER2",
            163 => "IEEE802_11_AVS",
            166 => "PPP_PPPD",
            189 => "USB_LINUX",
            195 => "IEEE802_15_4_WITHFCS",
            204 => "PPP_WITH_DIR",
            220 => "USB_LINUX_MMAPPED",
            228 => "IPV4",
            229 => "IPV6",
            239 => "NFLOG",
            249 => "USBPCAP",
            258 => "PKTAP",
            276 => "LINUX_SLL2",
            n => return write!(f, "LINKTYPE_{n}"),
        })
    }
}

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
