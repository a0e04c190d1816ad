//! Where reports go: standard output or a file, in a format that the suffix picks.

use std::fs::File;
use std::io::{BufWriter, Write};
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

/// Formats of an inspection or a look-up: there is no page of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Text,
    /// A document.
    Json,
    /// One object a line.
    Jsonl,
}

impl ListFormat {
    /// As [`Format::pick`].
    ///
    /// # Errors
    /// A suffix that names no format, or a page.
    pub fn pick(asked: Option<Self>, output: Option<&Path>) -> Result<Self, Error> {
        if let Some(format) = asked {
            return Ok(format);
        }
        match Format::pick(None, output)? {
            Format::Text => Ok(Self::Text),
            Format::Json => Ok(Self::Json),
            Format::Jsonl => Ok(Self::Jsonl),
            Format::Html => Err(Error::Usage(format!(
                "{}: only trace and live write a page; use .txt, .json or .jsonl, or say --format",
                output.unwrap_or(Path::new("-")).display()
            ))),
        }
    }
}

/// A report must not be written over the evidence it is made from.
///
/// # Errors
/// When `output` is one of `inputs`, by whatever name.
pub fn spare_evidence(output: Option<&Path>, inputs: &[PathBuf]) -> Result<(), Error> {
    let Some(output) = output.filter(|p| p.as_os_str() != "-") else { return Ok(()) };
    let Ok(place) = output.canonicalize() else { return Ok(()) }; // not there yet
    let is_evidence = |input: &PathBuf| input.canonicalize().is_ok_and(|p| p == place) || is_same_file(&place, input);
    match inputs.iter().find(|input| place.is_file() && is_evidence(input)) {
        Some(_) => Err(Error::Usage(format!("{}: is an input; name another file for the output", output.display()))),
        None => Ok(()),
    }
}

/// Two names of one file (a hard link).
fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |p: &Path| p.metadata().map(|m| (m.dev(), m.ino())).ok();
        identity(a).is_some() && identity(a) == identity(b)
    }
    #[cfg(not(unix))]
    {
        let _ = (a, b);
        false
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

/// Writes to `path`, or to standard output for `None` and `-`. See [`Sink`].
///
/// # Errors
/// Any error of the system.
pub fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Error> {
    let mut sink = Sink::open(path)?;
    sink.write(bytes)?;
    sink.finish()
}

/// Where output goes piece by piece. A file is written beside its place and moved there by [`Sink::finish`]: it is never
/// half there. Without `finish` nothing stays behind.
#[derive(Debug)]
pub struct Sink {
    file: Option<Target>,
}

#[derive(Debug)]
struct Target {
    path: PathBuf,
    /// Where it is written until it is whole; `None` for a device or a pipe.
    beside: Option<PathBuf>,
    out: Option<BufWriter<File>>,
}

impl Sink {
    /// Standard output for `None` and `-`, else a file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path.filter(|p| p.as_os_str() != "-") else { return Ok(Self { file: None }) };
        let failed = |source| Error::Output { path: path.display().to_string(), source };
        let regular = path.metadata().map_or(true, |m| m.is_file());
        let beside = regular.then(|| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}.part", std::process::id()));
            path.with_file_name(name)
        });
        let opened = match &beside {
            Some(beside) => File::create(beside),
            None => File::options().write(true).open(path),
        };
        let out = Some(BufWriter::new(opened.map_err(failed)?));
        Ok(Self { file: Some(Target { path: path.to_owned(), beside, out }) })
    }

    /// Adds `bytes`.
    ///
    /// # Errors
    /// Any error of the system; for standard output a closed pipe among them.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(target) = &mut self.file else { return to_stdout(bytes) };
        let Some(out) = &mut target.out else { return Ok(()) };
        out.write_all(bytes).map_err(|source| Error::Output { path: target.path.display().to_string(), source })
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// Any error of the system; the file is not there then.
    pub fn finish(mut self) -> Result<(), Error> {
        let Some(target) = &mut self.file else { return Ok(()) };
        let failed = |source| Error::Output { path: target.path.display().to_string(), source };
        if let Some(mut out) = target.out.take() {
            out.flush().map_err(failed)?;
        }
        if let Some(beside) = &target.beside {
            std::fs::rename(beside, &target.path).map_err(failed)?;
        }
        target.beside = None;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.out = None;
        if let Some(beside) = &self.beside {
            // It was not finished: nobody may take it for the whole.
            let _ = std::fs::remove_file(beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.write(b"half").unwrap();
        assert!(!path.exists() && names() == 1);
        drop(sink);
        assert_eq!(names(), 0, "nothing stays behind");
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.write(b"one ").unwrap();
        sink.write(b"two").unwrap();
        sink.finish().unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), names()), (b"one two".to_vec(), 1));
        assert!(Sink::open(Some(&folder.path().join("no/such/folder.txt"))).is_err());
    }

    #[test]
    fn a_list_has_no_page() {
        let pick = |name: &str| ListFormat::pick(None, Some(Path::new(name))).map_err(|e| e.to_string());
        assert_eq!(pick("x.JSON"), Ok(ListFormat::Json));
        assert_eq!(pick("x.ndjson"), Ok(ListFormat::Jsonl));
        assert_eq!(pick("-"), Ok(ListFormat::Text));
        assert!(pick("x.html").unwrap_err().contains("only trace and live write a page"));
        assert!(pick("x.doc").unwrap_err().contains("names no format"));
        assert_eq!(ListFormat::pick(Some(ListFormat::Json), Some(Path::new("x.html"))).unwrap(), ListFormat::Json);
    }
}
