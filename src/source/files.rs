//! Lists and folders of inputs, in the order of time: a flow that goes on in the next file is one flow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::block::Block;
use super::capture::{CaptureFile, OpenOptions};
use super::error::SourceError;
use crate::model::time::Timestamp;

/// Files and folders below each other that are followed; deeper ones are a mistake or an attack.
const MAX_DEPTH: usize = 32;

/// Files of one run: evidence names its input by a number of 16 bits, and names files and the resolver need some too.
const MAX_INPUTS: usize = 65_000;

/// What a list of inputs comes to.
#[derive(Debug, Default)]
pub struct Expanded {
    /// Captures, by the time of their first packet, then by path.
    pub captures: Vec<PathBuf>,
    /// Inputs that are no readable captures. The rest goes on.
    pub failures: Vec<SourceError>,
    /// Sum of the sizes on disk, for progress.
    pub bytes: u64,
}

/// Resolves folders (recursively, hidden files left out, symbolic links to folders not followed) and sorts.
#[must_use]
pub fn expand(inputs: &[PathBuf]) -> Expanded {
    let mut out = Expanded::default();
    let mut files = BTreeSet::new();
    for input in inputs {
        if input.is_dir() {
            walk(input, 0, &mut files, &mut out.failures);
        } else {
            files.insert(input.clone());
        }
    }
    // A single input needs no order, and standard input can be read only once.
    let alone = files.len() == 1;
    let mut timed: Vec<(Option<Timestamp>, PathBuf)> = Vec::new();
    for file in files {
        if alone || file.as_os_str() == "-" {
            timed.push((None, file));
            continue;
        }
        match first_packet(&file) {
            Ok(time) => timed.push((time, file)),
            Err(error) => out.failures.push(error),
        }
    }
    timed.sort();
    if timed.len() > MAX_INPUTS {
        let source = std::io::Error::other(format!("more than {MAX_INPUTS} files; the later ones are not read"));
        out.failures.push(SourceError::Io { path: "inputs".to_owned(), what: "read", source });
        timed.truncate(MAX_INPUTS);
    }
    out.captures = timed.into_iter().map(|(_, path)| path).collect();
    out.bytes = out.captures.iter().filter_map(|p| p.metadata().ok()).map(|m| m.len()).sum();
    out
}

fn walk(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>, failures: &mut Vec<SourceError>) {
    let failed = |what, source| SourceError::Io { path: folder.display().to_string(), what, source };
    if depth > MAX_DEPTH {
        failures.push(failed("read", std::io::Error::other("folders nested too deeply")));
        return;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            failures.push(failed("open", error));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        match path.symlink_metadata() {
            _ if hidden => {}
            Ok(meta) if meta.is_dir() => walk(&path, depth + 1, files, failures),
            Ok(_) if path.is_file() => {
                files.insert(path);
            }
            _ => {}
        }
    }
}

fn first_packet(path: &Path) -> Result<Option<Timestamp>, SourceError> {
    let mut block = Block::default();
    let mut file = CaptureFile::open(path, &OpenOptions::default())?;
    // An error further in is reported when the file is read.
    let _ = file.next_block(&mut block);
    Ok(block.records.iter().map(|r| r.ts).min())
}
