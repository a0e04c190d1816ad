//! Inputs that hold no packets, record by record into the ledger.
//!
//! One thread reads them one after the other: formats carry state from line to line (headings, templates, a year), and the
//! ledger counts in the order of the input, so that the result is the same in every run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;

use super::inputs::Source;
use super::replay::{Counts, Options, Progress, REJECTS_KEPT, Rejected};
use crate::decode::clock::{Assumed, Clock};
use crate::decode::format::{self, Format};
use crate::decode::record::{Counted, RecordFormat, Reject, Step};
use crate::evidence::batch::Witness;
use crate::evidence::ledger::Ledger;
use crate::evidence::shard::FlowSink;
use crate::locate::Tables;
use crate::model::evidence::{InputId, Position, Provenance};
use crate::model::record::{Said, Saying};
use crate::model::time::Timestamp;
use crate::source::capture::InputSummary;
use crate::source::error::SourceError;
use crate::source::opened::Stream;

/// How records are read.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// Zone of times that are written without one.
    pub zone: TimeZone,
    /// Was the zone given, and not only assumed?
    pub zone_given: bool,
    /// Year of times that are written without one; if not given, that of the latest time known by then, else that of the
    /// location tables (the clock of the machine would give another report every year).
    pub year: Option<i32>,
    /// Where rejected records are kept as they stand.
    pub rejects: Option<Arc<RejectsFile>>,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, zone_given: false, year: None, rejects: None }
    }
}

/// The file of `--rejects`.
#[derive(Debug)]
pub struct RejectsFile(std::sync::Mutex<Keeping>);

#[derive(Debug)]
struct Keeping {
    out: BufWriter<File>,
    /// The first thing that went wrong. Nothing is written from then on: records in the middle would be missing.
    failed: Option<std::io::Error>,
}

impl RejectsFile {
    /// Writes to `file`.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(Keeping { out: BufWriter::new(file), failed: None }))
    }

    /// Adds a record as it stands, with an end of line.
    fn keep(&self, record: &[u8]) {
        let mut file = super::replay::lock(&self.0);
        if file.failed.is_some() {
            return;
        }
        let end: &[u8] = if record.last() == Some(&b'\n') { b"" } else { b"\n" };
        file.failed = file.out.write_all(record).and_then(|()| file.out.write_all(end)).err();
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When it can't be written, or something before it could not.
    pub fn finish(&self) -> std::io::Result<()> {
        let mut file = super::replay::lock(&self.0);
        match file.failed.take() {
            Some(error) => Err(error),
            None => file.out.flush(),
        }
    }
}

/// Bytes read at once.
const READ: usize = 256 << 10;

/// What reading records came to.
#[derive(Debug, Default)]
pub struct Told {
    /// One per input that could be opened.
    pub inputs: Vec<InputSummary>,
    /// The first rejected records.
    pub rejected: Vec<Rejected>,
    /// What went wrong with inputs as a whole.
    pub failures: Vec<SourceError>,
    /// What had to be assumed.
    pub warnings: Vec<String>,
}

/// Reads the inputs in their order. `before` are the inputs that were read already; numbers go on from there.
pub fn read<K: FlowSink>(
    records: Vec<(Source, Format)>,
    options: &Options,
    before: &[InputSummary],
    progress: &Progress,
    (ledger, sink): (&mut Ledger<K>, &dyn Fn() -> K),
    (witness, counts): (&mut impl Witness, &mut Counts),
) -> Told {
    let mut told = Told::default();
    let done = progress.bytes.load(Ordering::Relaxed);
    let mut bytes = 0;
    for (source, format) in records {
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
        let opened = match source.open(&options.open) {
            Ok(opened) => opened,
            Err(error) => {
                told.failures.push(error);
                continue;
            }
        };
        let number = before.len() + told.inputs.len();
        let latest = before.iter().chain(&told.inputs).filter_map(|i| i.last).max();
        let year =
            options.records.year.or(latest.map(|t| t.day().civil().0)).unwrap_or_else(|| Tables::shipped().as_of().civil().0);
        let clock = Clock::new(options.records.zone.clone(), year);
        let assumed = clock.assumed();
        let decoder = format::open(format, clock, &options.recognition.own);
        let mut input = Input {
            stream: opened.stream(),
            word: format.as_str(),
            counted: decoder.counted(),
            single: decoder.single_lines(),
            id: InputId(u16::try_from(number).unwrap_or(u16::MAX)),
            number: 1,
            offset: 0,
            records: 0,
            rejected: 0,
            forgotten: 0,
            span: None,
            truncated: false,
        };
        input.read(decoder, options, progress, done + bytes, (ledger, sink), witness, &mut told);
        bytes += input.stream.bytes_read();
        counts.records += input.records;
        counts.rejected += input.rejected;
        counts.forgotten_templates += input.forgotten;
        told.warnings.extend(warn(&input, &assumed, options, year));
        told.inputs.push(input.summary());
    }
    ledger.finish();
    told
}

fn warn(input: &Input, assumed: &Assumed, options: &Options, year: i32) -> Option<String> {
    let zone = (assumed.zone() && !options.records.zone_given).then(|| "times without a zone were read as UTC (--tz)".to_owned());
    let year = (assumed.year() && options.records.year.is_none())
        .then(|| format!("times without a year were read as of {year} (--year)"));
    let words: Vec<String> = zone.into_iter().chain(year).collect();
    (!words.is_empty()).then(|| format!("{}: {}", input.stream.name(), words.join("; ")))
}

/// One input while it is read.
struct Input {
    stream: Stream,
    word: &'static str,
    counted: Counted,
    /// Is every piece one line?
    single: bool,
    id: InputId,
    /// Line or record that comes next, from 1.
    number: u64,
    /// Its offset.
    offset: u64,
    records: u64,
    rejected: u64,
    /// Templates that the decoder had to forget.
    forgotten: u64,
    span: Option<(Timestamp, Timestamp)>,
    truncated: bool,
}

impl Input {
    #[expect(clippy::too_many_arguments, reason = "the loop over one input: what it reads with, and where everything goes")]
    fn read<K: FlowSink>(
        &mut self,
        mut decoder: Box<dyn RecordFormat>,
        options: &Options,
        progress: &Progress,
        done: u64,
        (ledger, sink): (&mut Ledger<K>, &dyn Fn() -> K),
        witness: &mut impl Witness,
        told: &mut Told,
    ) {
        let mut buf = vec![0; READ];
        let (mut start, mut filled) = (0, 0);
        let mut at_end = false;
        // In the middle of a line that is longer than may be.
        let mut skipping = false;
        let mut out: Vec<Said> = Vec::new();
        while !progress.stop.load(Ordering::Relaxed) {
            // Make room, and read on.
            buf.copy_within(start..filled, 0);
            (start, filled) = (0, filled - start);
            if filled == buf.len() {
                buf.resize(buf.len() * 2, 0);
            }
            if !at_end {
                let room = buf.get_mut(filled..).unwrap_or_default();
                let wanted = room.len();
                let read = self.stream.fill(room).unwrap_or_else(|(n, error)| {
                    told.failures.push(error);
                    self.truncated = true;
                    n
                });
                filled += read;
                at_end = read < wanted || self.truncated;
                progress.bytes.store(done + self.stream.bytes_read(), Ordering::Relaxed);
            }
            if self.offset == 0 && start == 0 && buf.get(..filled).is_some_and(|b| b.starts_with(b"\xef\xbb\xbf")) {
                start = 3; // a byte-order mark
                self.offset = 3;
            }
            let before = self.records;
            while let Some(rest) = buf.get(start..filled).filter(|rest| !rest.is_empty()) {
                if skipping {
                    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
                    skipping = !rest.get(..end).unwrap_or_default().ends_with(b"\n");
                    self.step_over(rest.get(..end).unwrap_or_default(), u64::from(!skipping));
                    start += end;
                    continue;
                }
                match decoder.step(rest, at_end, &mut out) {
                    Step::More if !at_end && rest.len() < decoder.longest() => break,
                    Step::More => {
                        // Of lines the next one is a new chance; of records there is none.
                        let piece = if self.counted == Counted::Lines { rest.get(..1).unwrap_or_default() } else { rest };
                        self.reject(rest, TOO_LONG, options, told);
                        skipping = self.counted == Counted::Lines;
                        self.truncated |= !skipping;
                        at_end |= !skipping;
                        let n = piece.len();
                        self.step_over(piece, 0);
                        start += n;
                    }
                    Step::Piece { bytes, read } => {
                        let bytes = bytes.clamp(1, rest.len());
                        let piece = rest.get(..bytes).unwrap_or_default();
                        match read {
                            Ok(read) => {
                                self.records += read.records;
                                if let Some(why) = read.why {
                                    self.reject(piece, why, options, told);
                                    self.rejected += read.rejected.saturating_sub(1);
                                }
                            }
                            Err(why) => self.reject(piece, why, options, told),
                        }
                        self.take(&mut out, (ledger, sink), witness);
                        self.step_over(piece, 1);
                        start += bytes;
                    }
                }
            }
            progress.packets.fetch_add(self.records - before, Ordering::Relaxed);
            if at_end {
                break;
            }
        }
        decoder.finish(&mut out);
        self.forgotten = decoder.forgotten();
        self.take(&mut out, (ledger, sink), witness);
    }

    fn at(&self) -> Position {
        match self.counted {
            Counted::Lines => Position::Line { line: self.number, offset: self.offset },
            Counted::Records => Position::Record { record: self.number, offset: self.offset },
        }
    }

    fn step_over(&mut self, piece: &[u8], pieces: u64) {
        self.number += match self.counted {
            Counted::Lines if self.single => u64::from(piece.last() == Some(&b'\n')),
            Counted::Lines => memchr::memchr_iter(b'\n', piece).count() as u64,
            Counted::Records => pieces,
        };
        self.offset += piece.len() as u64;
    }

    fn reject(&mut self, piece: &[u8], why: Reject, options: &Options, told: &mut Told) {
        self.rejected += 1;
        if told.rejected.len() < REJECTS_KEPT {
            told.rejected.push(Rejected { from: Provenance { input: self.id, at: self.at() }, why: why.0.to_owned() });
        }
        if let Some(file) = &options.records.rejects {
            file.keep(piece);
        }
    }

    fn take<K: FlowSink>(
        &mut self,
        out: &mut Vec<Said>,
        (ledger, sink): (&mut Ledger<K>, &dyn Fn() -> K),
        witness: &mut impl Witness,
    ) {
        let from = Provenance { input: self.id, at: self.at() };
        // Nearly everything is a contact, and large: it is read where it lies.
        let mut others = false;
        for said in &*out {
            if let Some(time) = said.time {
                let ended = match &said.fact {
                    Saying::Contact(contact) => contact.ended.unwrap_or(time),
                    _ => time,
                };
                self.span = Some(self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time).max(ended))));
            }
            said.fact.each_address(|addr| witness.address(addr.into()));
            match &said.fact {
                Saying::Contact(contact) => {
                    ledger.contact(self.word, from, said.time, contact, sink);
                }
                _ => others = true,
            }
        }
        if others {
            for said in out.drain(..).filter(|said| !matches!(said.fact, Saying::Contact(_))) {
                ledger.note(self.word, from, said, sink);
            }
        }
        out.clear();
    }

    fn summary(&self) -> InputSummary {
        InputSummary {
            path: self.stream.name().to_owned(),
            sha256: self.stream.sha256(),
            format: self.word,
            link_types: Vec::new(),
            packets: 0,
            records: self.records,
            rejected: self.rejected,
            skipped: Vec::new(),
            first: self.span.map(|s| s.0),
            last: self.span.map(|s| s.1),
            truncated: self.truncated,
        }
    }
}

const TOO_LONG: Reject = Reject("longer than a record may be");
