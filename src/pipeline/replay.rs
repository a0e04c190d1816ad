//! Files through the shards.
//!
//! Every thread takes the next block of the input, decodes it, and then carries it through shard after shard in
//! order. A shard takes blocks strictly by number, so thread n+1 follows behind thread n like hands on a belt:
//! all threads do all kinds of work, nothing is copied between them, and the result does not depend on their
//! number. Reading and hashing the file is the only serial part.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::inputs::{Inputs, Recognition, Source};
use super::records::{self, RecordOptions};
use super::study::Study;
use crate::decode::error::DecodeError;
use crate::decode::format::Format;
use crate::evidence::batch::{Dealer, HashKey, SHARDS, Witness};
use crate::evidence::ledger::Ledger;
use crate::evidence::merge::{self, Wanted};
use crate::evidence::shard::{Caps, FlowSink, Shard};
use crate::model::digest::Digest;
use crate::model::evidence::{InputId, Position, Provenance};
use crate::source::block::{Block, LinkType};
use crate::source::capture::{CaptureFile, InputSummary, OpenOptions, Skipped};
use crate::source::error::SourceError;

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads; 0 is one per processor, at most 8.
    pub threads: usize,
    /// Cap on live flows.
    pub max_flows: usize,
    /// How to open files.
    pub open: OpenOptions,
    /// Which address pairs come into the digest.
    pub wanted: Wanted,
    /// How to tell what an input is.
    pub recognition: Recognition,
    /// How records are read.
    pub records: RecordOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            max_flows: 1 << 22,
            open: OpenOptions::default(),
            wanted: Wanted::default(),
            recognition: Recognition::default(),
            records: RecordOptions::default(),
        }
    }
}

/// More threads than shards have nothing to do.
const MAX_THREADS: usize = SHARDS;

/// Rejected records kept with their place; all are counted.
pub const REJECTS_KEPT: usize = 100;

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejected {
    /// Where.
    pub from: Provenance,
    /// Why.
    pub why: String,
}

/// What reading came to.
#[derive(Debug)]
pub struct Reading<S> {
    /// What the packets say.
    pub digest: Digest,
    /// One per input that could be opened, in order of reading.
    pub inputs: Vec<InputSummary>,
    /// The first rejected records.
    pub rejected: Vec<Rejected>,
    /// Inputs that could not be opened, or not to the end.
    pub failures: Vec<SourceError>,
    /// Counts.
    pub counts: Counts,
    /// What the study gathered.
    pub study: S,
    /// What had to be assumed while reading.
    pub warnings: Vec<String>,
    /// Was it stopped before the end?
    pub interrupted: bool,
    /// What the digest was made of.
    pub remains: Remains,
}

/// Tables of a run that is over: millions of small pieces. Dropping gives them back one by one; a process that ends
/// soon does better to forget them (`std::mem::forget`), since the system takes them back at once.
#[derive(Debug, Default)]
pub struct Remains {
    _shards: Vec<Shard>,
}

/// Sums over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Records of inputs that hold no packets.
    pub records: u64,
    /// Flow records in exports that packets carried.
    pub exported: u64,
    /// Routes that were told.
    pub routes: u64,
    /// Captured bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// Flows cut off by the cap.
    pub evicted: u64,
    /// Records that could not be read, in whole or in an inner layer.
    pub rejected: u64,
    /// Packets of link types that are named and not read.
    pub skipped: u64,
    /// ICMP errors with a quote.
    pub quotes: u64,
    /// Of these, matched to a probe.
    pub matched: u64,
    /// Packets lost in live capture: by the kernel and at the hand-over. A replay loses none.
    pub dropped: u64,
    /// Beginnings of TCP streams of which a segment was missing.
    pub stream_gaps: u64,
    /// Datagrams whose pieces contradict each other.
    pub contradictory: u64,
    /// Templates and sampling rates of flow exporters that had to be forgotten because there were too many.
    pub forgotten_templates: u64,
}

/// For a progress display: bytes read of bytes there are, packets. Written by the readers, read by anyone.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes read from disk.
    pub bytes: AtomicU64,
    /// Packets and records decoded.
    pub packets: AtomicU64,
    /// Set it to stop reading; what was read is still reported.
    pub stop: AtomicBool,
}

/// A mutex that outlives a panicking thread: counters of a crashed run are still worth reading.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The input: one file after the other, block by block.
struct Feeder<'a> {
    files: std::vec::IntoIter<Source>,
    open: &'a OpenOptions,
    current: Option<CaptureFile>,
    input: u16,
    next_block: u64,
    inputs: Vec<InputSummary>,
    failures: Vec<SourceError>,
    done_bytes: u64,
    key: Option<HashKey>,
}

impl Feeder<'_> {
    /// Fills `block`; its number, its input and the hash key, or `None` at the end.
    fn feed(&mut self, block: &mut Block, progress: &Progress) -> Option<(u64, InputId, HashKey)> {
        loop {
            if progress.stop.load(Ordering::Relaxed) {
                self.close();
                return None;
            }
            if self.current.is_none() {
                let source = self.files.next()?;
                match source.open(self.open).and_then(CaptureFile::read) {
                    Ok(file) => self.current = Some(file),
                    Err(error) => {
                        self.failures.push(error);
                        continue;
                    }
                }
            }
            let Some(file) = self.current.as_mut() else { continue };
            let more = match file.next_block(block) {
                Ok(more) => more,
                Err(error) => {
                    self.failures.push(error);
                    false
                }
            };
            progress.bytes.store(self.done_bytes + file.bytes_read(), Ordering::Relaxed);
            // A last block may hold records although the file ended in an error.
            if more || !block.records.is_empty() || !block.rejected.is_empty() {
                let input = InputId(self.input);
                if !more {
                    self.close();
                }
                let key = *self.key.get_or_insert_with(|| HashKey::from_evidence(&block.data));
                self.next_block += 1;
                return Some((self.next_block - 1, input, key));
            }
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(file) = self.current.take() {
            self.done_bytes += file.bytes_read();
            self.inputs.push(file.summary());
            self.input = self.input.saturating_add(1);
        }
    }
}

/// A shard and whose turn it is.
struct Station<K> {
    /// Number of the block whose turn it is, to be looked at without the lock.
    next: AtomicU64,
    turn: Mutex<Turn<K>>,
    moved: Condvar,
}

struct Turn<K> {
    /// Number of the block whose turn it is.
    next: u64,
    /// Threads asleep until it moves: to wake nobody is a system call too.
    asleep: u32,
    shard: Shard,
    sink: K,
    /// Did its live flows end?
    over: bool,
}

impl<K: FlowSink> Station<K> {
    /// Ends the live flows if all `blocks` went through. Who still carries one through comes here later, and what another
    /// thread is at work on is left to it: so the threads share the shards out among them.
    fn close(&self, blocks: u64) {
        if let Ok(mut turn) = self.turn.try_lock()
            && turn.next == blocks
        {
            turn.finish();
        }
    }
}

impl<K: FlowSink> Turn<K> {
    fn finish(&mut self) {
        if !self.over {
            self.shard.finish(&mut self.sink);
            self.over = true;
        }
    }
}

/// Reads the inputs: captures, then everything else.
pub fn replay<S: Study>(inputs: Inputs, options: &Options, study: S, progress: &Progress) -> Reading<S> {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS),
        n => n.min(MAX_THREADS),
    };
    let caps = Caps::for_flows(options.max_flows);
    let stations: Vec<Station<S::Sink>> = (0..SHARDS)
        .map(|i| Station {
            next: AtomicU64::new(0),
            turn: Mutex::new(Turn { next: 0, asleep: 0, shard: Shard::new(caps, i as u64), sink: study.sink(), over: false }),
            moved: Condvar::new(),
        })
        .collect();
    let feeder = Mutex::new(Feeder {
        files: inputs.captures.into_iter(),
        open: &options.open,
        current: None,
        input: 0,
        next_block: 0,
        inputs: Vec::new(),
        failures: inputs.failures,
        done_bytes: 0,
        key: None,
    });
    let broken = AtomicBool::new(false);
    let parts: Vec<Part<S::Witness>> = if threads == 1 {
        vec![work::<S>(&feeder, &stations, &study, progress, (caps, &broken))]
    } else {
        std::thread::scope(|scope| {
            let work = || work::<S>(&feeder, &stations, &study, progress, (caps, &broken));
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().filter_map(|w| w.join().ok()).collect()
        })
    };
    let mut feeder = feeder.into_inner().unwrap_or_else(PoisonError::into_inner);
    if broken.into_inner() {
        let source = std::io::Error::other("a reading thread ended early; what it had is missing from the report");
        feeder.failures.push(SourceError::Io { path: "replay".to_owned(), what: "go on", source });
    }
    conclude(feeder, stations, parts, study, (inputs.records, inputs.key), (options, progress))
}

/// One thread's part of the counting.
pub(super) struct Part<W> {
    pub(super) counts: Counts,
    pub(super) rejected: Vec<Rejected>,
    pub(super) witness: W,
    /// Packets by input and link type, of link types that are not read.
    pub(super) skipped: BTreeMap<(InputId, LinkType), u64>,
}

impl<W> Part<W> {
    pub(super) fn new(witness: W) -> Self {
        Self { counts: Counts::default(), rejected: Vec::new(), witness, skipped: BTreeMap::new() }
    }
}

/// The lock, tried for about as long as another thread takes to read a block: going to sleep and waking up takes longer.
fn soon<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    for _ in 0..SPINS {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(_) => std::hint::spin_loop(),
        }
    }
    lock(mutex)
}

/// Looks at a station before a thread goes to sleep over it: about 100 µs, as long as it takes to fall asleep and wake up.
const SPINS: u32 = 6_000;
/// Looks after which a thread makes use of its time.
const IMPATIENT: u32 = 100;
/// How long a thread waits for its turn before it looks whether there will be one.
const PATIENCE: Duration = Duration::from_millis(50);

/// Tells the other threads when one of them panics: they would wait for its block for ever.
struct Alarm<'a> {
    broken: &'a AtomicBool,
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// A block that a thread took, dealt to the shards.
#[derive(Default)]
struct Load {
    number: u64,
    input: InputId,
    block: Block,
    dealer: Option<Dealer>,
}

impl Load {
    /// Takes the next block of the input; `false` if there is none.
    fn take<W: Witness>(&mut self, feeder: &Mutex<Feeder<'_>>, progress: &Progress, part: &mut Part<W>) -> bool {
        let Some((number, input, key)) = soon(feeder).feed(&mut self.block, progress) else { return false };
        (self.number, self.input) = (number, input);
        let dealer = self.dealer.get_or_insert_with(|| Dealer::new(key));
        dealer.clear();
        deal(&self.block, input, dealer, part);
        progress.packets.fetch_add(self.block.records.len() as u64, Ordering::Relaxed);
        true
    }
}

fn work<S: Study>(
    feeder: &Mutex<Feeder<'_>>,
    stations: &[Station<S::Sink>],
    study: &S,
    progress: &Progress,
    (caps, broken): (Caps, &AtomicBool),
) -> Part<S::Witness> {
    let alarm = Alarm { broken };
    let mut part = Part::new(study.witness());
    let (mut load, mut next_load) = (Load::default(), Load::default());
    let (mut more, mut ahead) = (true, false);
    loop {
        if ahead {
            std::mem::swap(&mut load, &mut next_load);
            ahead = false;
        } else {
            more = more && load.take(feeder, progress, &mut part);
            if !more {
                let blocks = lock(feeder).next_block;
                stations.iter().for_each(|station| station.close(blocks));
                return part;
            }
        }
        for (n, station) in stations.iter().enumerate() {
            for spins in 0..SPINS {
                if station.next.load(Ordering::Acquire) == load.number {
                    break;
                }
                // Whoever is before us takes long: time to take and deal the block after this one.
                if spins == IMPATIENT && more && !ahead {
                    ahead = next_load.take(feeder, progress, &mut part);
                    more = ahead;
                }
                std::hint::spin_loop();
            }
            let mut turn = lock(&station.turn);
            while turn.next != load.number {
                if alarm.broken.load(Ordering::Relaxed) {
                    return part; // the block that should come before this one never will
                }
                turn.asleep += 1;
                turn = station.moved.wait_timeout(turn, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
                turn.asleep -= 1;
            }
            let Turn { next, asleep, shard, sink, .. } = &mut *turn;
            if load.number == 0
                && let Some(dealer) = &load.dealer
            {
                *shard = Shard::new(caps, dealer.key.seed(n));
            }
            if let Some(batch) = load.dealer.as_ref().and_then(|dealer| dealer.batches.get(n)) {
                let place = |record: u32| Provenance { input: load.input, at: load.block.position(record as usize) };
                shard.apply(&load.block.data, batch, &place, sink);
            }
            *next += 1;
            station.next.store(*next, Ordering::Release);
            let somebody = *asleep > 0;
            drop(turn);
            if somebody {
                station.moved.notify_all();
            }
        }
    }
}

/// Decodes a block and deals it to the shards.
pub(super) fn deal<W: Witness>(block: &Block, input: InputId, dealer: &mut Dealer, part: &mut Part<W>) {
    part.counts.packets += block.records.len() as u64;
    for reject in &block.rejected {
        note_reject(part, Provenance { input, at: reject.at }, || reject.why.to_string());
    }
    for (i, record) in block.records.iter().enumerate() {
        let frame = block.bytes(record);
        part.counts.bytes += frame.len() as u64;
        if let Some(error) = dealer.deal(record.link.0, frame, record.start, i as u32, record.ts, &mut part.witness) {
            match error {
                // Nothing is wrong with the packet.
                DecodeError::Unsupported { link } => {
                    part.counts.skipped += 1;
                    *part.skipped.entry((input, LinkType(link))).or_default() += 1;
                }
                error => note_reject(part, Provenance { input, at: block.position(i) }, || error.to_string()),
            }
        }
    }
}

/// Keeps the earliest rejects: threads see blocks out of order, so each keeps its own first ones.
fn note_reject<W>(part: &mut Part<W>, from: Provenance, why: impl FnOnce() -> String) {
    part.counts.rejected += 1;
    if part.rejected.len() < REJECTS_KEPT {
        part.rejected.push(Rejected { from, why: why() });
    }
}

fn conclude<S: Study>(
    mut feeder: Feeder<'_>,
    stations: Vec<Station<S::Sink>>,
    parts: Vec<Part<S::Witness>>,
    mut study: S,
    (records, key): (Vec<(Source, Format)>, Option<HashKey>),
    (options, progress): (&Options, &Progress),
) -> Reading<S> {
    feeder.close();
    let mut counts = Counts::default();
    let mut rejected = Vec::new();
    let mut skipped: BTreeMap<(InputId, LinkType), u64> = BTreeMap::new();
    for part in parts {
        counts.packets += part.counts.packets;
        counts.bytes += part.counts.bytes;
        counts.rejected += part.counts.rejected;
        counts.skipped += part.counts.skipped;
        for (of, packets) in part.skipped {
            *skipped.entry(of).or_default() += packets;
        }
        rejected.extend(part.rejected);
        study.take_witness(part.witness);
    }
    rejected.sort_unstable();
    rejected.truncate(REJECTS_KEPT);
    note_skipped(&mut feeder.inputs, skipped);
    let mut shards = Vec::with_capacity(SHARDS);
    for station in stations {
        let mut turn = station.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
        turn.finish();
        let Turn { shard, sink, .. } = turn;
        count_shard(&shard, &mut counts);
        let told = shard.exports.iter().flat_map(|exports| &exports.rejects);
        rejected.extend(told.map(|&(from, why)| Rejected { from, why: why.to_owned() }));
        study.take_sink(sink);
        shards.push(shard);
    }
    rejected.sort_unstable();
    rejected.truncate(REJECTS_KEPT);
    let seed = feeder.key.or(key).map_or(0, |key| key.seed(SHARDS));
    let mut ledger = Ledger::new(Caps::for_records(options.max_flows), seed);
    if records.iter().any(|(_, format)| matches!(format, Format::Routing(_))) {
        ledger.routed = Some(shards.iter().flat_map(Shard::addresses).collect());
    }
    let mut witness = study.witness();
    let told = {
        let to = (&mut ledger, &(|| study.record_sink()) as &dyn Fn() -> S::Sink);
        records::read(records, options, &feeder.inputs, progress, to, (&mut witness, &mut counts))
    };
    study.take_witness(witness);
    rejected.extend(told.rejected);
    rejected.truncate(REJECTS_KEPT);
    feeder.inputs.extend(told.inputs);
    feeder.failures.extend(told.failures);
    counts.routes += ledger.routes_seen;
    let digest = merge::digest(&shards.iter().collect::<Vec<_>>(), ledger.records(), options.wanted);
    let (more, sinks) = ledger.into_parts();
    counts.flows += more.iter().map(Shard::ended).sum::<u64>();
    study.take_records(sinks, counts.packets > 0);
    shards.extend(more);
    Reading {
        digest,
        inputs: feeder.inputs,
        rejected,
        failures: feeder.failures,
        counts,
        study,
        warnings: told.warnings,
        interrupted: progress.stop.load(Ordering::Relaxed),
        remains: Remains { _shards: shards },
    }
}

/// Writes what was skipped of an input into its summary.
pub(super) fn note_skipped(inputs: &mut [InputSummary], skipped: BTreeMap<(InputId, LinkType), u64>) {
    for ((input, link), packets) in skipped {
        if let Some(summary) = inputs.get_mut(usize::from(input.0)) {
            summary.skipped.push(Skipped { link, packets });
        }
    }
}

/// Adds a shard's counters.
pub(super) fn count_shard(shard: &Shard, counts: &mut Counts) {
    counts.flows += shard.ended();
    counts.evicted += shard.table.evicted;
    counts.quotes += shard.quotes_seen;
    counts.routes += shard.routes_seen;
    if let Some(exports) = &shard.exports {
        counts.exported += exports.records;
        counts.rejected += exports.rejected;
        counts.forgotten_templates += exports.forgotten();
    }
    counts.stream_gaps += shard.streams.gaps;
    counts.contradictory += shard.fragments.contradictory;
    counts.matched += shard.quotes_matched;
}

/// The place of a frame, for messages.
#[must_use]
pub fn describe(at: Position) -> String {
    match at {
        Position::Frame { frame, offset } => format!("frame {frame} (byte {offset})"),
        Position::Line { line, offset } => format!("line {line} (byte {offset})"),
        Position::Record { record, offset } => format!("record {record} (byte {offset})"),
    }
}
