//! The same as a replay, while packets arrive.
//!
//! ```text
//! capture threads --blocks--> decoding thread --moments--> caller's thread
//!   (source::live)  queue of   decodes, fills   tokio       signals, stop flag,
//!   copy frames     blocks     the shards       channel     calls `on_digest`
//! ```
//! The decoding thread owns all shards, so nothing is locked per packet. Now and then it adds them up, flows that
//! are still alive included, and passes the digest on if the last one has been taken: whoever is slow to answer or
//! to print misses moments, never packets, and since a digest covers everything from the start, the next one makes
//! up for it. The only places where packets get lost are the kernel and the hand-over of blocks; both are counted.
//!
//! Moments come by packet time. If the traffic stops, packet time stands still, so what came before the silence is
//! reported after one interval of silence on the clock.
//!
//! Memory: the queue of blocks, the kernel's rings, the caps of the shards, and for the length of an addition the
//! tallies a second time. A run has no end, so a full list of ICMP quotes lets its older half go; that is counted as
//! left out, and the digest says that it is a sample.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::replay::{Counts, Part, Progress, REJECTS_KEPT, Reading, Remains, count_shard, deal, note_skipped};
use super::study::Study;
use crate::evidence::batch::{Dealer, HashKey, SHARDS};
use crate::evidence::ledger::Records;
use crate::evidence::merge::{self, Wanted};
use crate::evidence::shard::{Caps, Shard};
use crate::model::digest::Digest;
use crate::model::evidence::Provenance;
use crate::model::time::Timestamp;
use crate::source::block::{Block, LinkType};
use crate::source::capture::{Format, InputSummary};
use crate::source::error::SourceError;
use crate::source::live::{Blocks, Captured, LiveCapture, LiveCounters, LiveOptions, Next};

/// How long the decoding thread waits for a block before it looks at the clock.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often the stop flag is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How to capture.
    pub capture: LiveOptions,
    /// Packet time between two digests.
    pub interval: Duration,
    /// Cap on live flows.
    pub max_flows: usize,
    /// Which address pairs come into the digests.
    pub wanted: Wanted,
    /// Told the interfaces once they are open.
    pub opened: fn(&str),
    /// Do SIGINT and SIGTERM (Ctrl-C elsewhere) end the run? They stay taken from then on, for the whole program.
    pub signals: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            capture: LiveOptions::default(),
            interval: Duration::from_secs(10),
            max_flows: 1 << 20,
            wanted: Wanted::default(),
            opened: |_| (),
            signals: true,
        }
    }
}

/// Told what there is so far: the digest, the counts, what was captured and lost, and whether it is the last word.
pub type OnDigest<'a> = dyn FnMut(&Digest, &Counts, LiveCounters, bool) + 'a;

/// Captures on `interfaces` until a signal comes, `progress.stop` is set, or the last interface has disappeared.
/// `on_digest` runs on the calling thread, the last time with `true` after everything has been counted.
///
/// What comes back is what a replay of the same packets brings, with one input per interface. `interrupted` tells
/// whether somebody ended the run; the counters of the last call tell what is missing.
///
/// # Errors
/// When an interface cannot be opened; nothing has been captured then. What goes wrong later is in `failures`.
pub fn run<S: Study, N: AsRef<str>>(
    interfaces: &[N],
    options: &Options,
    study: S,
    progress: &Progress,
    on_digest: &mut OnDigest<'_>,
) -> Result<Reading<S>, SourceError> {
    let named = || interfaces.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    let failed = |source| SourceError::Io { path: named(), what: "wait for signals around", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let mut signals = {
        let _inside = runtime.enter();
        if options.signals { Some(Signals::listen().map_err(failed)?) } else { None }
    };
    let mut capture = LiveCapture::open_all(interfaces, &options.capture)?;
    (options.opened)(&named());
    let Some(blocks) = capture.take_blocks() else { return Err(failed(std::io::ErrorKind::ResourceBusy.into())) };
    let mut decoder = Decoder::<S>::new(&study, capture.interfaces(), options);
    // One moment may wait: a second would only be older.
    let (tell, mut told) = mpsc::channel(1);
    let decoded = std::thread::scope(|scope| {
        let decoder = &mut decoder;
        let decoding = scope.spawn(move || decoder.run(&blocks, &tell, progress));
        runtime.block_on(attend(&capture, &mut told, &mut signals, progress, on_digest));
        capture.stop();
        decoding.join()
    });
    let mut failures = capture.finish();
    if decoded.is_err() {
        // Its shards still hold what they had counted by then.
        let source = std::io::Error::other("the decoding thread ended early");
        failures.push(SourceError::Io { path: named(), what: "decode", source });
    }
    let reading = decoder.conclude(study, failures, progress.stop.load(Ordering::Relaxed));
    on_digest(&reading.digest, &reading.counts, capture.counters(), true);
    Ok(reading)
}

/// A digest on its way to the caller.
struct Moment {
    digest: Digest,
    counts: Counts,
}

/// The caller's thread until the decoding thread has ended: passes moments on, and asks the capture to stop.
async fn attend(
    capture: &LiveCapture,
    told: &mut Receiver<Moment>,
    signals: &mut Option<Signals>,
    progress: &Progress,
    on_digest: &mut OnDigest<'_>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = asked_to_stop(signals.as_mut()), if !stopping => progress.stop.store(true, Ordering::Relaxed),
            moment = told.recv() => match moment {
                // On the way out only the last word counts.
                Some(moment) if !stopping => on_digest(&moment.digest, &moment.counts, capture.counters(), false),
                Some(_) => {}
                None => return,
            },
            _ = look.tick() => {}
        }
        if !stopping && progress.stop.load(Ordering::Relaxed) {
            capture.stop();
            stopping = true;
        }
    }
}

/// The signals that end a run.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From here on they no longer kill the program.
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }
}

/// Ends when a signal comes; never, if nobody listens.
async fn asked_to_stop(signals: Option<&mut Signals>) {
    let Some(signals) = signals else { return std::future::pending().await };
    #[cfg(unix)]
    {
        tokio::select! {
            _ = signals.interrupt.recv() => {}
            _ = signals.terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let Signals {} = signals;
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// When the next digest is due.
#[derive(Debug)]
struct Pace {
    /// Nanoseconds of packet time.
    interval: i64,
    /// Packet time of the last digest; of the first packet before there was one.
    last: Option<Timestamp>,
    newest: Timestamp,
    /// Anything since the last digest?
    news: bool,
    silent: bool,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        // A block is up to 100 ms long; more often than that there is nothing to tell.
        let interval = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX).max(100_000_000);
        Self { interval, last: None, newest: Timestamp(0), news: false, silent: false }
    }

    /// A block with packets up to `newest`.
    fn saw(&mut self, newest: Timestamp) {
        // A clock that was set back must not keep digests away until it has caught up.
        if self.last.is_none_or(|last| newest < last) {
            self.last = Some(newest);
        }
        self.newest = newest;
        self.news = true;
        self.silent = false;
    }

    /// No block for `how_long` on the clock.
    fn silence(&mut self, how_long: Duration) {
        self.silent = how_long.as_nanos() >= self.interval as u128;
    }

    fn is_due(&self) -> bool {
        self.news && (self.silent || self.last.is_some_and(|last| self.newest.since(last) >= self.interval))
    }

    fn told(&mut self) {
        (self.last, self.news, self.silent) = (Some(self.newest), false, false);
    }
}

/// The decoding thread.
struct Decoder<S: Study> {
    shards: Vec<Shard>,
    sinks: Vec<S::Sink>,
    dealer: Dealer,
    part: Part<S::Witness>,
    inputs: Vec<InputSummary>,
    pace: Pace,
    wanted: Wanted,
    /// ICMP quotes of a shard at which the older half goes.
    most_quotes: usize,
}

impl<S: Study> Decoder<S> {
    fn new(study: &S, interfaces: &[(String, LinkType)], options: &Options) -> Self {
        // Nobody on the network may know where a flow goes in our tables, and there is no replay to be equal to.
        let secret = RandomState::new().build_hasher().finish();
        let caps = Caps::for_flows(options.max_flows);
        Self {
            shards: (0..SHARDS as u64).map(|i| Shard::new(caps, secret ^ i)).collect(),
            sinks: (0..SHARDS).map(|_| study.sink()).collect(),
            dealer: Dealer::new(HashKey::new(secret)),
            part: Part::new(study.witness()),
            inputs: interfaces.iter().map(|(name, link)| summary(name, *link)).collect(),
            pace: Pace::new(options.interval),
            wanted: options.wanted,
            most_quotes: caps.quotes / 4 * 3,
        }
    }

    fn run(&mut self, blocks: &Blocks, tell: &Sender<Moment>, progress: &Progress) {
        let mut heard = Instant::now();
        // Adding up takes time in which blocks pile up: at most a fifth of it may go there.
        let mut rested = heard;
        loop {
            match blocks.next(PATIENCE) {
                Next::Block(captured) => {
                    heard = Instant::now();
                    progress.packets.fetch_add(captured.block.records.len() as u64, Ordering::Relaxed);
                    progress.bytes.fetch_add(captured.block.filled as u64, Ordering::Relaxed);
                    self.take(&captured);
                    blocks.recycle(captured.block);
                }
                Next::Quiet => self.pace.silence(heard.elapsed()),
                Next::Ended => return,
            }
            let begun = Instant::now();
            if self.pace.is_due()
                && begun >= rested
                && let Ok(room) = tell.try_reserve()
            {
                room.send(self.moment());
                self.pace.told();
                let ended = Instant::now();
                rested = ended + (ended - begun) * 4;
            }
        }
    }

    fn take(&mut self, captured: &Captured) {
        let Captured { input, block } = captured;
        self.dealer.clear();
        deal(block, *input, &mut self.dealer, &mut self.part);
        let place = |record: u32| Provenance { input: *input, at: block.position(record as usize) };
        for ((shard, sink), batch) in self.shards.iter_mut().zip(&mut self.sinks).zip(&self.dealer.batches) {
            shard.apply(&block.data, batch, &place, sink);
            if shard.quotes.len() >= self.most_quotes {
                let older = shard.quotes.len() / 2;
                shard.quotes.drain(..older);
                shard.left_out += older as u64;
            }
        }
        if let Some(newest) = self.inputs.get_mut(usize::from(input.0)).and_then(|summary| note(summary, block)) {
            self.pace.saw(newest);
        }
    }

    /// Everything so far, live flows included.
    fn moment(&self) -> Moment {
        let mut counts = self.part.counts;
        for shard in &self.shards {
            count_shard(shard, &mut counts);
            counts.flows += shard.table.len() as u64;
        }
        Moment { digest: merge::digest_now(&self.shards.iter().collect::<Vec<_>>(), self.wanted), counts }
    }

    fn conclude(self, mut study: S, failures: Vec<SourceError>, interrupted: bool) -> Reading<S> {
        let Self { mut shards, sinks, part, mut inputs, wanted, .. } = self;
        let Part { mut counts, mut rejected, witness, skipped } = part;
        note_skipped(&mut inputs, skipped);
        study.take_witness(witness);
        rejected.sort_unstable();
        rejected.truncate(REJECTS_KEPT);
        for (shard, mut sink) in shards.iter_mut().zip(sinks) {
            shard.finish(&mut sink);
            count_shard(shard, &mut counts);
            study.take_sink(sink);
        }
        let digest = merge::digest(&shards.iter().collect::<Vec<_>>(), Records::default(), wanted);
        Reading {
            digest,
            inputs,
            rejected,
            failures,
            counts,
            study,
            warnings: Vec::new(),
            interrupted,
            remains: Remains::default(),
        }
    }
}

fn summary(name: &str, link: LinkType) -> InputSummary {
    InputSummary {
        path: name.to_owned(),
        sha256: None,
        format: Format::Live.as_str(),
        link_types: vec![link.to_string()],
        packets: 0,
        records: 0,
        rejected: 0,
        skipped: Vec::new(),
        first: None,
        last: None,
        truncated: false,
    }
}

/// Adds a block to the summary of its interface; the time of the block's newest packet.
fn note(summary: &mut InputSummary, block: &Block) -> Option<Timestamp> {
    summary.packets += block.records.len() as u64;
    let oldest = block.records.iter().map(|r| r.ts).min()?;
    let newest = block.records.iter().map(|r| r.ts).max()?;
    summary.first = Some(summary.first.map_or(oldest, |first| first.min(oldest)));
    summary.last = Some(summary.last.map_or(newest, |last| last.max(newest)));
    Some(newest)
}

#[cfg(test)]
mod tests;
