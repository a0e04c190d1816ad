//! A capture of any format, block by block.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::archive::{self, Capped};
use super::block::{Block, LinkType, Reject, RejectWhy};
use super::error::SourceError;
use super::opened::{Opened, SharedRaw};
use super::{pcap, pcapng, snoop};
use crate::model::evidence::Position;
use crate::model::time::Timestamp;

/// Bytes asked for at once. As fast as a memory map, and it works for pipes, archives and growing files. A megabyte is as
/// fast on one thread, but two threads then wait longer for each other (`benches/whole.rs`: 1.46 times one, not 1.6).
const READ: usize = 256 << 10;
/// A block may grow to this for one huge pcapng block.
const MAX_BLOCK: usize = 32 << 20;

/// How to open inputs.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Compute SHA-256 of the bytes as they lie on disk (about 0.5 ns per byte).
    pub hash: bool,
    /// Most bytes that an archive may unpack to.
    pub unpack_cap: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { hash: false, unpack_cap: 1 << 40 }
    }
}

/// What kind of capture it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic pcap.
    Pcap,
    /// pcapng.
    Pcapng,
    /// Solaris snoop.
    Snoop,
    /// An interface.
    Live,
}

impl Format {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Snoop => "snoop",
            Self::Live => "live",
        }
    }

    /// Which capture begins like this.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        if pcap::Header::read(head).is_some() {
            Some(Self::Pcap)
        } else if pcapng::is_pcapng(head) {
            Some(Self::Pcapng)
        } else {
            snoop::Header::read(head).map(|_| Self::Snoop)
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was read of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSummary {
    /// As given.
    pub path: String,
    /// SHA-256 in hexadecimal, if it was asked for.
    pub sha256: Option<String>,
    /// Format: `pcap`, `nginx` and the like.
    pub format: &'static str,
    /// Link types, sorted by number.
    pub link_types: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Records of a log or another input without packets; records of a capture that hold no packet.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Packets of link types that are named and not read. Who reads the packets fills it in.
    pub skipped: Vec<Skipped>,
    /// First packet by time.
    pub first: Option<Timestamp>,
    /// Last packet by time.
    pub last: Option<Timestamp>,
    /// Ended in the middle of a record, or in damage.
    pub truncated: bool,
}

/// Packets of a link type that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Which.
    pub link: LinkType,
    /// How many.
    pub packets: u64,
}

enum Walk {
    Pcap(pcap::Header),
    Snoop(snoop::Header),
    Pcapng(pcapng::Reader),
}

/// One open input.
pub struct CaptureFile {
    path: String,
    raw: SharedRaw,
    reader: Capped<Box<dyn Read + Send>>,
    cap: u64,
    walk: Walk,
    /// The beginning of a record whose end was not read yet.
    carry: Vec<u8>,
    /// Offset of `carry[0]` in the unpacked stream.
    offset: u64,
    ended: bool,
    links: BTreeSet<LinkType>,
    summary: InputSummary,
}

impl CaptureFile {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can't be opened, is empty, or is no capture.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, SourceError> {
        Self::read(Opened::open(path, options)?)
    }

    /// Reads a capture from anything that can be read.
    ///
    /// # Errors
    /// When it is empty or no capture.
    pub fn from_reader(name: &str, inner: Box<dyn Read + Send>, options: &OpenOptions) -> Result<Self, SourceError> {
        Self::read(Opened::from_reader(name, inner, options)?)
    }

    /// Goes on with an input that was opened.
    ///
    /// # Errors
    /// When it is no capture.
    pub fn read(opened: Opened) -> Result<Self, SourceError> {
        let Opened { name, raw, reader, cap, head } = opened;
        let (walk, format, header) = if let Some(header) = pcap::Header::read(&head) {
            (Walk::Pcap(header), Format::Pcap, pcap::HEADER)
        } else if pcapng::is_pcapng(&head) {
            (Walk::Pcapng(pcapng::Reader::default()), Format::Pcapng, 0)
        } else if let Some(header) = snoop::Header::read(&head) {
            (Walk::Snoop(header), Format::Snoop, snoop::HEADER)
        } else {
            return Err(SourceError::NotACapture { path: name, looks_like: archive::looks_like(&head) });
        };
        let links = match &walk {
            Walk::Pcap(h) => BTreeSet::from([h.link()]),
            Walk::Snoop(h) => BTreeSet::from([h.link()]),
            Walk::Pcapng(_) => BTreeSet::new(),
        };
        let summary = InputSummary {
            path: name.clone(),
            sha256: None,
            format: format.as_str(),
            link_types: Vec::new(),
            packets: 0,
            records: 0,
            rejected: 0,
            skipped: Vec::new(),
            first: None,
            last: None,
            truncated: false,
        };
        let carry = head.get(header..).unwrap_or_default().to_vec();
        let offset = header as u64;
        Ok(Self { path: name, raw, reader, cap, walk, carry, offset, ended: false, links, summary })
    }

    /// Fills `block` with the next records; `false` at the end. After an error the block still holds what was read.
    ///
    /// # Errors
    /// When reading or unpacking fails; the input then ends here.
    pub fn next_block(&mut self, block: &mut Block) -> Result<bool, SourceError> {
        block.clear();
        block.first_frame = self.summary.packets + 1;
        block.base = self.offset;
        block.header = match &self.walk {
            Walk::Pcap(h) => h.record_header() as u32,
            Walk::Snoop(_) => snoop::RECORD_HEADER as u32,
            Walk::Pcapng(_) => 28,
        };
        if self.ended {
            return Ok(false);
        }
        if block.data.len() < READ + self.carry.len() {
            block.data.resize(READ + self.carry.len(), 0);
        }
        if let Some(front) = block.data.get_mut(..self.carry.len()) {
            front.copy_from_slice(&self.carry);
        }
        block.filled = self.carry.len();
        // Filled to the same length however little a pipe gives at a time: what comes out must not depend on it.
        let mut want = self.carry.len() + READ;
        let mut walked = 0;
        let mut failure = None;
        loop {
            let room = block.data.get_mut(block.filled..want).unwrap_or_default();
            let n = match self.reader.read(room) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(source) => {
                    failure = Some(SourceError::Io { path: self.path.clone(), what: "read", source });
                    0
                }
            };
            block.filled += n;
            if n > 0 && block.filled < want {
                continue;
            }
            let walk = match &mut self.walk {
                Walk::Pcap(h) => h.walk(block, walked),
                Walk::Snoop(h) => h.walk(block, walked),
                Walk::Pcapng(r) => r.walk(block, walked),
            };
            match walk {
                Ok(at) => walked = at,
                Err(at) => {
                    walked = at;
                    self.ended = true;
                    self.summary.truncated = true;
                    break;
                }
            }
            if n == 0 {
                self.ended = true;
                self.cut_off(block, walked);
                break;
            }
            if !block.records.is_empty() {
                break;
            }
            if block.filled == want {
                if want >= MAX_BLOCK {
                    self.ended = true;
                    self.cut_off(block, walked);
                    break;
                }
                want *= 2;
                if block.data.len() < want {
                    block.data.resize(want, 0);
                }
            }
        }
        self.carry.clear();
        if !self.ended {
            self.carry.extend_from_slice(block.data.get(walked..block.filled).unwrap_or_default());
        }
        self.offset += walked as u64;
        self.count(block);
        if self.reader.exceeded {
            failure = failure.or(Some(SourceError::TooLarge { path: self.path.clone(), cap: self.cap }));
        }
        failure.map_or(Ok(!self.ended || !block.records.is_empty() || !block.rejected.is_empty()), Err)
    }

    /// The stream ended; whatever is left is the beginning of a record.
    fn cut_off(&mut self, block: &mut Block, walked: usize) {
        let rest = block.data.get(walked..block.filled).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        let need = match &self.walk {
            Walk::Pcap(h) => h.need(rest),
            Walk::Snoop(_) => snoop::RECORD_HEADER as u64,
            Walk::Pcapng(r) => r.need(rest),
        };
        let at = Position::Frame { frame: block.first_frame + block.records.len() as u64, offset: block.base + walked as u64 };
        block.rejected.push(Reject { at, why: RejectWhy::CutOff { need, have: rest.len() as u64 } });
        self.summary.truncated = true;
    }

    fn count(&mut self, block: &Block) {
        let s = &mut self.summary;
        s.packets += block.records.len() as u64;
        s.rejected += block.rejected.len() as u64;
        if let Walk::Pcapng(reader) = &self.walk {
            s.records = reader.records;
        }
        let mut link = None;
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for record in &block.records {
            (first, last) = (first.min(record.ts.0), last.max(record.ts.0));
            if link != Some(record.link) {
                link = Some(record.link);
                self.links.insert(record.link);
            }
        }
        if !block.records.is_empty() {
            s.first = Some(s.first.map_or(Timestamp(first), |f| f.min(Timestamp(first))));
            s.last = Some(s.last.map_or(Timestamp(last), |l| l.max(Timestamp(last))));
        }
    }

    /// Bytes read from disk so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.raw.bytes_read()
    }

    /// What was read. The hash is of the whole file, also where reading stopped early.
    #[must_use]
    pub fn summary(mut self) -> InputSummary {
        self.summary.link_types = self.links.iter().map(ToString::to_string).collect();
        self.summary.sha256 = self.raw.sha256();
        self.summary
    }
}
