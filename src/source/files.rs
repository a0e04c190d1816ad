//! Lists and folders of inputs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::SourceError;

/// Files and folders below each other that are followed; deeper ones are a mistake or an attack.
const MAX_DEPTH: usize = 32;

/// Files of one run: evidence names its input by a number of 16 bits, and names files and the resolver need some too.
const MAX_INPUTS: usize = 65_000;

/// What a list of inputs comes to.
#[derive(Debug, Default)]
pub struct Expanded {
    /// Files, by path.
    pub files: Vec<PathBuf>,
    /// Folders that could not be read. The rest goes on.
    pub failures: Vec<SourceError>,
    /// Sum of the sizes on disk, for progress.
    pub bytes: u64,
    /// Entries of folders that are no files: links to folders or to nothing, pipes, sockets, devices.
    pub skipped: u64,
}

impl Expanded {
    /// What was left aside in folders, in words; `None` if nothing was.
    #[must_use]
    pub fn skipped_in_words(&self) -> Option<String> {
        let entries = match self.skipped {
            0 => return None,
            1 => "1 entry of a folder is no file and was".to_owned(),
            n => format!("{n} entries of folders are no files and were"),
        };
        Some(format!(
            "{entries} not read: links to folders or to nothing, pipes, sockets, devices. Name one as an input to have it read."
        ))
    }
}

/// Resolves folders (recursively, hidden files left out, symbolic links to folders not followed, whatever is no file
/// counted).
#[must_use]
pub fn expand(inputs: &[PathBuf]) -> Expanded {
    let mut out = Expanded::default();
    let mut files = BTreeSet::new();
    for input in inputs {
        if input.is_dir() {
            walk(input, 0, &mut files, &mut out);
        } else {
            files.insert(input.clone());
        }
    }
    if files.len() > MAX_INPUTS {
        let source = std::io::Error::other(format!("more than {MAX_INPUTS} files; the later ones are not read"));
        out.failures.push(SourceError::Io { path: "inputs".to_owned(), what: "read", source });
    }
    out.files = files.into_iter().take(MAX_INPUTS).collect();
    out.bytes = out.files.iter().filter_map(|p| p.metadata().ok()).map(|m| m.len()).sum();
    out
}

fn walk(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>, out: &mut Expanded) {
    let failed = |what, source| SourceError::Io { path: folder.display().to_string(), what, source };
    if depth > MAX_DEPTH {
        out.failures.push(failed("read", std::io::Error::other("folders nested too deeply")));
        return;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            out.failures.push(failed("open", error));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        match path.symlink_metadata() {
            _ if hidden => {}
            Ok(meta) if meta.is_dir() => walk(&path, depth + 1, files, out),
            Ok(_) if path.is_file() => {
                files.insert(path);
            }
            _ => out.skipped += 1,
        }
    }
}
