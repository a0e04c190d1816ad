//! Heads that are longer than a segment, and conversations whose meaning lies in several: the beginning of one direction of
//! a TCP connection, put together as far as something is to be read there.
//!
//! A head that is whole in its first segment, as most are, is read where it lies; nothing is kept. What is not whole is
//! kept until it is: bounded in number and bytes, the oldest going first. Only the segments of a flow that is marked as
//! watched are looked at beyond the test of that mark.
//!
//! Segments may come out of order, twice, or with other bytes in the same place; what came first counts, as nobody can say
//! what the receiver took. Where a piece is missing, what is there is read as far as that goes.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use self::kind::{Found, Kind, Start, Step, Where, socks_fact};
use self::stream::{Added, Stream};
use super::batch::Meta;
use super::flow::{FlowKey, FlowState};
use super::heads::Heads;
use super::keyed::Keyed;
use crate::decode::{http, socks};
use crate::model::evidence::Provenance;
use crate::model::record::Announcement;
use crate::model::time::Timestamp;

mod kind;
mod stream;

/// BGP's port, and what its messages begin with (RFC 4271 4.1).
const BGP: u16 = 179;
const MARKER: [u8; 16] = [0xff; 16];
/// Bytes of one head: as many as its decoder looks at.
const HEAD: usize = http::MAX_HEAD;
/// Segments that wait for one before them, per stream.
const WAITING: usize = 8;
/// Routes kept per shard.
const ROUTES: usize = 1 << 15;

/// Upper bounds of one shard.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Streams.
    pub streams: usize,
    /// Bytes of all of them.
    pub bytes: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { streams: 4096, bytes: 16 << 20 }
    }
}

/// One direction of a flow.
type Id = (FlowKey, bool);

/// A payload on its way through.
pub(super) struct Segment<'a> {
    pub(super) m: &'a Meta,
    pub(super) payload: &'a [u8],
    pub(super) low_to_high: bool,
    pub(super) at: Provenance,
}

/// Where what is read goes.
pub(super) struct Out<'a> {
    pub(super) heads: &'a mut Heads,
    /// BGP routes that sessions told: the first of them, and how many.
    pub(super) routes: &'a mut Vec<(Provenance, Timestamp, Announcement)>,
    pub(super) routes_seen: &'a mut u64,
}

/// Heads of one shard that are not whole yet.
#[derive(Debug)]
pub struct Streams {
    open: HashMap<Id, Stream, Keyed>,
    /// By age.
    order: BTreeMap<u64, Id>,
    next: u64,
    bytes: usize,
    caps: Caps,
    /// Streams that had to go before they were whole, as there were too many.
    pub left_out: u64,
    /// Streams of which a segment was missing.
    pub gaps: u64,
}

impl Streams {
    /// None. The seed keys the hash table.
    #[must_use]
    pub fn new(caps: Caps, seed: u64) -> Self {
        Self {
            open: HashMap::with_hasher(Keyed::new(seed)),
            order: BTreeMap::new(),
            next: 0,
            bytes: 0,
            caps: Caps { streams: caps.streams.max(1), bytes: caps.bytes.max(HEAD) },
            left_out: 0,
            gaps: 0,
        }
    }

    /// Looks at a payload that may begin something, or of a flow that is watched.
    pub(super) fn segment(&mut self, flow: &mut FlowState, s: &Segment<'_>, out: &mut Out<'_>) {
        if s.payload.is_empty() {
            return;
        }
        if flow.is_watched() {
            let id = (flow.key(), s.low_to_high);
            self.answered(flow, s, out);
            match self.open.get(&id).map(|stream| stream.born == flow.place()) {
                Some(true) => return self.go_on(id, flow, s, out),
                Some(false) => self.give_up(id, out),
                None => self.rest(flow),
            }
        }
        if s.m.speaks {
            self.begin(flow, s, s.payload, (s.m.seq, s.at, s.m.ts), out);
        }
    }

    /// Ends the watch over a flow of which no direction is open.
    fn rest(&self, flow: &mut FlowState) {
        let open = [true, false].into_iter().any(|up| self.open.get(&(flow.key(), up)).is_some_and(|s| s.born == flow.place()));
        flow.watch(open);
    }

    /// An answer makes a request of SOCKS 4 one.
    fn answered(&mut self, flow: &mut FlowState, s: &Segment<'_>, out: &mut Out<'_>) {
        let id = (flow.key(), !s.low_to_high);
        let Some(stream) = self.open.get_mut(&id).filter(|stream| stream.born == flow.place()) else { return };
        let Kind::Socks { asked } = &mut stream.kind else { return };
        let Some(request) = asked.take() else { return };
        if socks::answers_version_4(s.payload) {
            let (host, answer) = socks_fact(request, &stream.circumstances, out);
            if let Some(mut answer) = answer {
                // It is at hand, and whole.
                answer.read(s.payload, true, &stream.circumstances, (s.at, s.m.ts), out, &mut Found::default());
            }
            note_host(flow, host);
            flow.begin_again();
        }
        self.close(id);
        self.rest(flow);
    }

    /// A payload that may begin something. `seq`, `from` and `time` are its first byte's.
    fn begin(
        &mut self,
        flow: &mut FlowState,
        s: &Segment<'_>,
        payload: &[u8],
        (mut seq, from, time): (u32, Provenance, Timestamp),
        out: &mut Out<'_>,
    ) {
        let forward = flow.is_forward(s.low_to_high);
        let way = (s.m.src, s.m.dst);
        let circumstances = Where { ends: flow.ends(), way, port: flow.server_port(), from, time };
        let opening = flow.is_start(s.low_to_high, seq);
        let first_bytes = forward && opening;
        let mut start = Start {
            forward,
            opening,
            first_bytes,
            beginning: first_bytes || forward && flow.take_again(),
            first_head: forward && flow.take_head(),
        };
        let mut rest = payload;
        while let Some(mut kind) = start.kind(rest, s.m) {
            let mut found = Found::default();
            let step = kind.read(rest, false, &circumstances, (s.at, s.m.ts), out, &mut found);
            note_host(flow, found.host);
            self.await_answer(found.answer, flow, s, &circumstances, out);
            match step {
                Step::Done => return,
                Step::More(done) => {
                    let bytes = rest.get(done..).unwrap_or_default();
                    let next = seq.wrapping_add(rest.len() as u32);
                    self.open_stream((flow.key(), s.low_to_high), flow, (kind, circumstances, next, bytes), out);
                    return;
                }
                Step::Again(done) => {
                    rest = rest.get(done.max(1)..).unwrap_or_default();
                    seq = seq.wrapping_add(done as u32);
                    if rest.is_empty() {
                        flow.begin_again();
                        return;
                    }
                    start = Start { forward, opening: false, first_bytes: false, beginning: true, first_head: true };
                }
            }
        }
    }

    /// What the other side says next is to be read.
    fn await_answer(&mut self, answer: Option<Kind>, flow: &mut FlowState, s: &Segment<'_>, asked: &Where, out: &mut Out<'_>) {
        let Some(kind) = answer else { return };
        let circumstances = Where { way: (asked.way.1, asked.way.0), from: s.at, time: s.m.ts, ..*asked };
        self.open_stream((flow.key(), !s.low_to_high), flow, (kind, circumstances, s.m.ack, &[]), out);
    }

    fn open_stream(
        &mut self,
        id: Id,
        flow: &mut FlowState,
        (kind, circumstances, next, bytes): (Kind, Where, u32, &[u8]),
        out: &mut Out<'_>,
    ) {
        self.give_up(id, out);
        while self.open.len() >= self.caps.streams {
            self.make_room(out);
        }
        let stream = Stream {
            serial: self.next,
            born: flow.place(),
            circumstances,
            kind,
            next,
            bytes: bytes.to_vec(),
            waiting: Vec::new(),
        };
        self.order.insert(self.next, id);
        self.next += 1;
        self.bytes += stream.size();
        self.open.insert(id, stream);
        flow.watch(true);
        self.bound(out);
    }

    /// The next segment of a stream.
    fn go_on(&mut self, id: Id, flow: &mut FlowState, s: &Segment<'_>, out: &mut Out<'_>) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        let before = stream.size();
        let mut found = Found::default();
        let step = match stream.add(s.m.seq, s.payload) {
            Added::Nothing => Step::More(0),
            Added::Bytes => {
                let full = stream.bytes.len() >= HEAD;
                let step = stream.kind.read(&stream.bytes, full, &stream.circumstances, (s.at, s.m.ts), out, &mut found);
                match step {
                    Step::More(0) if full => Step::Done,
                    step => step,
                }
            }
            Added::Gap => {
                self.gaps += 1;
                if let Kind::Bgp { lost, .. } = &mut stream.kind {
                    *lost = true;
                    stream.empty();
                    Step::More(0)
                } else {
                    stream.finish(out, &mut found);
                    Step::Done
                }
            }
        };
        note_host(flow, found.host);
        let answer = found.answer.map(|kind| (kind, stream.circumstances));
        match step {
            Step::More(done) => {
                stream.bytes.drain(..done.min(stream.bytes.len()));
                let after = stream.size();
                self.bytes = self.bytes + after - before;
                self.bound(out);
            }
            Step::Done => {
                let after = stream.size();
                self.bytes = self.bytes + after - before;
                self.close(id);
                self.rest(flow);
            }
            Step::Again(done) => {
                let rest = stream.bytes.get(done..).unwrap_or_default().to_vec();
                let seq = stream.next.wrapping_sub(rest.len() as u32);
                let after = stream.size();
                self.bytes = self.bytes + after - before;
                self.close(id);
                self.rest(flow);
                flow.begin_again();
                if let Some((kind, circumstances)) = answer {
                    self.await_answer(Some(kind), flow, s, &circumstances, out);
                }
                if !rest.is_empty() {
                    self.begin(flow, s, &rest, (seq, s.at, s.m.ts), out);
                }
            }
        }
    }

    /// The oldest go while all together are too large.
    fn bound(&mut self, out: &mut Out<'_>) {
        while self.bytes > self.caps.bytes {
            self.make_room(out);
        }
    }

    fn make_room(&mut self, out: &mut Out<'_>) {
        let Some((_, &id)) = self.order.first_key_value() else { return };
        self.left_out += 1;
        self.give_up(id, out);
    }

    /// Reads what is there of a stream and forgets it.
    fn give_up(&mut self, id: Id, out: &mut Out<'_>) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.finish(out, &mut Found::default());
            self.close(id);
        }
    }

    fn close(&mut self, id: Id) {
        if let Some(stream) = self.open.remove(&id) {
            self.order.remove(&stream.serial);
            self.bytes -= stream.size();
        }
    }

    /// The run is over: what is open is read as far as it goes.
    pub(super) fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((_, &id)) = self.order.first_key_value() {
            self.give_up(id, out);
        }
    }
}

/// The first name that a flow asks for is its name.
fn note_host(flow: &mut FlowState, host: Option<u32>) {
    if let Some(host) = host
        && flow.host == 0
    {
        flow.host = host;
    }
}

#[cfg(test)]
mod tests;
