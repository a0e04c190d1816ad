//! One direction of a connection, its segments put in order.

use super::kind::{Found, Kind, Where};
use super::{HEAD, MARKER, Out, WAITING};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) serial: u64,
    /// Input and number of the flow's first frame: the same ports may be used again.
    pub(super) born: (u16, u64),
    pub(super) circumstances: Where,
    pub(super) kind: Kind,
    /// Sequence number of what comes next.
    pub(super) next: u32,
    pub(super) bytes: Vec<u8>,
    /// Segments from further on, in order of arrival.
    pub(super) waiting: Vec<(u32, Vec<u8>)>,
}

pub(super) enum Added {
    /// Nothing that can be read now.
    Nothing,
    /// Bytes at the end.
    Bytes,
    /// A segment is missing, and won't be waited for any longer.
    Gap,
}

impl Stream {
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.waiting.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    }

    pub(super) fn empty(&mut self) {
        self.bytes.clear();
        self.waiting.clear();
    }

    /// Takes in a segment.
    pub(super) fn add(&mut self, seq: u32, payload: &[u8]) -> Added {
        if let Kind::Bgp { lost, .. } = &mut self.kind
            && *lost
        {
            // After a gap, from the next segment on that begins with a message.
            if !payload.starts_with(&MARKER) {
                return Added::Nothing;
            }
            *lost = false;
            self.next = seq;
        }
        if matches!(self.kind, Kind::SocksReply { .. }) && self.bytes.is_empty() && self.waiting.is_empty() {
            // With what comes after the request: what its sender had heard by then may be less than was said already.
            self.next = seq;
        }
        let ahead = seq.wrapping_sub(self.next) as i32;
        let room = HEAD.saturating_sub(self.bytes.len());
        if ahead <= 0 && self.waiting.is_empty() {
            return self.append(payload.get(ahead.unsigned_abs() as usize..).unwrap_or_default(), room);
        }
        if ahead.saturating_add(payload.len() as i32) <= 0 {
            return Added::Nothing; // came before
        }
        if ahead > room as i32 || ahead > 0 && self.waiting.len() >= WAITING {
            return Added::Gap;
        }
        self.waiting.push((seq, payload.to_vec()));
        self.settle()
    }

    fn append(&mut self, bytes: &[u8], room: usize) -> Added {
        if bytes.is_empty() {
            return Added::Nothing;
        }
        self.next = self.next.wrapping_add(bytes.len() as u32);
        self.bytes.extend(bytes.get(..room).unwrap_or(bytes));
        Added::Bytes
    }

    /// Appends what waits and is now next: of two segments that have the same place, what came first.
    fn settle(&mut self) -> Added {
        let mut added = Added::Nothing;
        loop {
            let next = self.next;
            let ahead = |seq: u32| i64::from(seq.wrapping_sub(next) as i32);
            self.waiting.retain(|(seq, bytes)| ahead(*seq) + bytes.len() as i64 > 0);
            let Some(n) = self.waiting.iter().position(|(seq, _)| ahead(*seq) <= 0) else { return added };
            let (earlier, _) = self.waiting.split_at(n);
            // Up to where one begins that came earlier still.
            let limit = earlier.iter().map(|(seq, _)| ahead(*seq)).min().unwrap_or(i64::MAX);
            let Some((seq, bytes)) = self.waiting.get(n) else { return added };
            let skip = usize::try_from(-ahead(*seq)).unwrap_or(0);
            let fresh = bytes.get(skip..).unwrap_or_default();
            let fresh = fresh.get(..usize::try_from(limit).unwrap_or(usize::MAX)).unwrap_or(fresh).to_vec();
            let room = HEAD.saturating_sub(self.bytes.len());
            added = self.append(&fresh, room);
        }
    }

    /// Nothing more will come: what is there is read as far as it goes.
    pub(super) fn finish(&mut self, out: &mut Out<'_>, found: &mut Found) {
        let w = self.circumstances;
        match &self.kind {
            Kind::Proxy | Kind::Socks { .. } | Kind::SocksReply { .. } | Kind::Bgp { .. } => {}
            _ if self.bytes.is_empty() => {}
            _ => drop(self.kind.read(&self.bytes, true, &w, (w.from, w.time), out, found)),
        }
    }
}
