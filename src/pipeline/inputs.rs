//! Inputs, recognised by content and put in order: captures by time, so that a flow that goes on in the next file is one
//! flow; then everything else, routing tables last, since only the routes to addresses that the others name are kept.

use std::path::{Path, PathBuf};

use crate::decode::format::{self, Format};
use crate::decode::list;
use crate::decode::log::custom::Pattern;
use crate::evidence::batch::HashKey;
use crate::model::time::Timestamp;
use crate::source::block::Block;
use crate::source::capture::{CaptureFile, OpenOptions};
use crate::source::error::SourceError;
use crate::source::opened::Opened;

/// An input that is to be read.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    /// Open already: standard input, a pipe, or the only input.
    opened: Option<Opened>,
}

impl Source {
    /// Opens it, if it is not open.
    ///
    /// # Errors
    /// When it can't be opened, or is empty.
    pub fn open(self, options: &OpenOptions) -> Result<Opened, SourceError> {
        self.opened.map_or_else(|| Opened::open(&self.path, options), Ok)
    }
}

/// How to tell what an input is.
#[derive(Clone, Debug, Default)]
pub struct Recognition {
    /// `--as`: what every input is that is no capture.
    pub forced: Option<Format>,
    /// The user's own formats.
    pub own: Vec<Pattern>,
}

impl Recognition {
    /// Which format an input has that is no capture. The user's own formats are asked first.
    fn of(&self, opened: &mut Opened) -> Result<Option<Format>, SourceError> {
        if self.forced.is_some() {
            return Ok(self.forced);
        }
        let beginning = opened.beginning(format::BEGINNING)?;
        let own = self.own.iter().zip(0..).find(|(pattern, _)| pattern.looks_like(beginning)).map(|(_, n)| Format::Custom(n));
        Ok(own.or_else(|| format::recognise(beginning)))
    }
}

/// Inputs in the order in which they are read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Captures, by the time of their first packet, then by path.
    pub captures: Vec<Source>,
    /// Everything else, in the order of [`rank`], then by path.
    pub records: Vec<(Source, Format)>,
    /// Inputs that can't be read. The rest goes on.
    pub failures: Vec<SourceError>,
    /// Keys the tables of a run without captures, from the beginning of its first input.
    pub key: Option<HashKey>,
}

/// Formats whose times have no year come after those that have one, routing comes last.
fn rank(format: Format) -> u8 {
    use crate::decode::log::Format as Log;
    match format {
        Format::Log(Log::Syslog | Log::Pf) => 1,
        Format::Routing(_) => 2,
        _ => 0,
    }
}

/// Adds files that point at who matters: alerts, indicators, lists of addresses or names.
pub fn add_alerts(inputs: &mut Inputs, files: &[PathBuf], options: &OpenOptions) {
    for path in files {
        match Opened::open(path, options)
            .and_then(|opened| no_capture(path, opened))
            .and_then(|mut opened| Ok((format::recognise(opened.beginning(format::BEGINNING)?), opened)))
        {
            Ok((format, opened)) => {
                // Names alone are too little to tell a list by; here nothing else can be meant.
                let format = format.unwrap_or(Format::List(list::Format::Plain));
                inputs.records.push((Source { path: path.clone(), opened: Some(opened) }, format));
            }
            Err(error) => inputs.failures.push(error),
        }
    }
}

/// A capture is evidence and no list.
fn no_capture(path: &Path, opened: Opened) -> Result<Opened, SourceError> {
    match opened.capture() {
        Some(_) => Err(SourceError::Unknown { path: path.display().to_string(), looks_like: "a capture, which marks nobody" }),
        None => Ok(opened),
    }
}

/// Opens every file, looks at its beginning and puts it in its place.
#[must_use]
pub fn sort(files: Vec<PathBuf>, recognition: &Recognition, options: &OpenOptions) -> Inputs {
    let mut out = Inputs::default();
    let alone = files.len() == 1;
    let mut captures: Vec<(Option<Timestamp>, Source)> = Vec::new();
    for path in files {
        // What can be read only once stays open. A regular file is opened again when its turn comes.
        let once = alone || !path.is_file();
        let looked = Opened::open(&path, options).and_then(|mut opened| {
            if opened.capture().is_some() {
                if once {
                    captures.push((None, Source { path: path.clone(), opened: Some(opened) }));
                } else {
                    captures.push((first_packet(opened)?, Source { path: path.clone(), opened: None }));
                }
                return Ok(());
            }
            let Some(format) = recognition.of(&mut opened)? else {
                return Err(SourceError::Unknown { path: path.display().to_string(), looks_like: opened.looks_like() });
            };
            out.key = out.key.or_else(|| Some(HashKey::from_evidence(opened.beginning(format::BEGINNING).ok()?)));
            out.records.push((Source { path: path.clone(), opened: once.then_some(opened) }, format));
            Ok(())
        });
        out.failures.extend(looked.err());
    }
    captures.sort_by(|(a, x), (b, y)| (a, &x.path).cmp(&(b, &y.path)));
    out.captures = captures.into_iter().map(|(_, source)| source).collect();
    out.records.sort_by(|(x, a), (y, b)| (rank(*a), &x.path).cmp(&(rank(*b), &y.path)));
    out
}

fn first_packet(opened: Opened) -> Result<Option<Timestamp>, SourceError> {
    let mut block = Block::default();
    let mut file = CaptureFile::read(opened)?;
    // An error further in is reported when the file is read.
    let _ = file.next_block(&mut block);
    Ok(block.records.iter().map(|r| r.ts).min())
}
