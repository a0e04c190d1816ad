//! Where reports go: standard output or a file, in a format that the suffix picks.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::error::Error;

/// Formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// One document.
    Json,
    /// One object a line.
    Jsonl,
    /// A self-contained page with a map.
    Html,
}

impl Format {
    /// `--format`, else by the suffix of `-o`, else text.
    ///
    /// # Errors
    /// A suffix that names no format.
    pub fn pick(asked: Option<Self>, output: Option<&Path>) -> Result<Self, Error> {
        if let Some(format) = asked {
            return Ok(format);
        }
        let Some(path) = output else { return Ok(Self::Text) };
        match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("txt") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some("jsonl" | "ndjson") => Ok(Self::Jsonl),
            Some("html" | "htm") => Ok(Self::Html),
            None if path.as_os_str() == "-" => Ok(Self::Text),
            _ => Err(Error::Usage(format!(
                "{}: the suffix names no format; use .txt, .json, .jsonl or .html, or say --format",
                path.display()
            ))),
        }
    }
}

/// Writes to standard output.
///
/// # Errors
/// Any error of the system; a closed pipe among them.
pub fn to_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| Error::Output { path: "standard output".into(), source })
}

/// Writes to `path`, or to standard output for `None` and `-`. A file is written beside its place and then moved
/// there: a report is never half there.
///
/// # Errors
/// Any error of the system.
pub fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Error> {
    let Some(path) = path.filter(|p| p.as_os_str() != "-") else { return to_stdout(bytes) };
    let failed = |source| Error::Output { path: path.display().to_string(), source };
    let regular = path.metadata().map_or(true, |m| m.is_file());
    if !regular {
        return std::fs::write(path, bytes).map_err(failed); // a device or a pipe
    }
    let mut beside: PathBuf = path.to_owned();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    beside.set_file_name(name);
    std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path)).map_err(|source| {
        let _ = std::fs::remove_file(&beside);
        failed(source)
    })
}
