//! An input whose first bytes were read: unpacked, capped, hashed on the way, and not yet known to be anything.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::archive::{self, Capped, Wrapping};
use super::capture::{Format, OpenOptions};
use super::error::SourceError;

/// The bytes as they lie on disk: counted, and hashed if asked for.
struct Raw {
    inner: Box<dyn Read + Send>,
    hash: Option<Sha256>,
    bytes: u64,
}

/// Both the unpacker and the summary need the raw bytes; one lock per block costs nothing.
#[derive(Clone)]
pub(super) struct SharedRaw(Arc<Mutex<Raw>>);

impl SharedRaw {
    fn with<T>(&self, f: impl FnOnce(&mut Raw) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.with(|raw| raw.bytes)
    }

    /// SHA-256 of the whole input in hexadecimal, if it was asked for: what was not read yet is read now.
    pub(super) fn sha256(&self) -> Option<String> {
        self.with(|raw| {
            let mut hash = raw.hash.take()?;
            let mut buf = vec![0; 1 << 16];
            while let Ok(n) = raw.inner.read(&mut buf) {
                if n == 0 {
                    break;
                }
                hash.update(buf.get(..n).unwrap_or_default());
            }
            Some(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
        })
    }
}

impl Read for SharedRaw {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.with(|raw| {
            let n = raw.inner.read(buf)?;
            raw.bytes += n as u64;
            if let (Some(hash), Some(read)) = (raw.hash.as_mut(), buf.get(..n)) {
                hash.update(read);
            }
            Ok(n)
        })
    }
}

/// An input that was opened.
pub struct Opened {
    pub(super) name: String,
    pub(super) raw: SharedRaw,
    pub(super) reader: Capped<Box<dyn Read + Send>>,
    /// `--unpack-cap`, for the message.
    pub(super) cap: u64,
    /// What was read of it, unpacked.
    pub(super) head: Vec<u8>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Opened {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can't be opened, or is empty.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        if path.as_os_str() == "-" {
            return Self::from_reader("-", Box::new(io::stdin()), options);
        }
        let file = File::open(path).map_err(|source| SourceError::Io { path: name.clone(), what: "open", source })?;
        Self::from_reader(&name, Box::new(file), options)
    }

    /// The same for anything that can be read.
    ///
    /// # Errors
    /// When it can't be read, or is empty.
    pub fn from_reader(name: &str, inner: Box<dyn Read + Send>, options: &OpenOptions) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Io { path: name.to_owned(), what: "read", source };
        let raw = SharedRaw(Arc::new(Mutex::new(Raw { inner, hash: options.hash.then(Sha256::new), bytes: 0 })));
        let mut outside = raw.clone();
        let head = archive::sniff(&mut outside).map_err(failed)?;
        if head.is_empty() {
            return Err(SourceError::Empty { path: name.to_owned() });
        }
        // What is not packed cannot unpack to more than it is.
        let cap = if Wrapping::of(&head) == Wrapping::Plain { u64::MAX } else { options.unpack_cap };
        let unwrapped = archive::unwrap(head, Box::new(outside)).map_err(failed)?;
        let mut reader = Capped::new(unwrapped, cap);
        let head = archive::sniff(&mut reader).map_err(failed)?;
        Ok(Self { name: name.to_owned(), raw, reader, cap: options.unpack_cap, head })
    }

    /// As given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which capture it is; `None` if it is none.
    #[must_use]
    pub fn capture(&self) -> Option<Format> {
        Format::of(&self.head)
    }

    /// Its first `n` bytes, or all if it has fewer.
    ///
    /// # Errors
    /// When reading or unpacking fails.
    pub fn beginning(&mut self, n: usize) -> Result<&[u8], SourceError> {
        let more = n.saturating_sub(self.head.len());
        let read = (&mut self.reader).take(more as u64).read_to_end(&mut self.head);
        match read {
            Err(source) if self.head.is_empty() => Err(SourceError::Io { path: self.name.clone(), what: "read", source }),
            // What is there says what it is; that it is cut off is told when it is read.
            _ => Ok(&self.head),
        }
    }

    /// In words, for somebody who gave the wrong file.
    #[must_use]
    pub fn looks_like(&self) -> &'static str {
        archive::looks_like(&self.head)
    }

    /// Goes on as a stream of bytes.
    #[must_use]
    pub fn stream(self) -> Stream {
        Stream { name: self.name, raw: self.raw, cap: self.cap, front: Cursor::new(self.head), reader: self.reader }
    }
}

/// The unpacked bytes of an input.
pub struct Stream {
    name: String,
    raw: SharedRaw,
    cap: u64,
    front: Cursor<Vec<u8>>,
    reader: Capped<Box<dyn Read + Send>>,
}

impl Stream {
    /// As given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Fills `room` from its beginning, as far as there are bytes; fewer than it holds only at the end.
    ///
    /// # Errors
    /// When reading or unpacking fails, or more would be unpacked than allowed; what was read before is in `room`, and its
    /// length comes with the error.
    pub fn fill(&mut self, room: &mut [u8]) -> Result<usize, (usize, SourceError)> {
        let mut filled = 0;
        while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = match self.front.read(rest) {
                Ok(0) => self.reader.read(rest),
                read => read,
            };
            match read {
                Ok(0) if self.reader.exceeded => {
                    return Err((filled, SourceError::TooLarge { path: self.name.clone(), cap: self.cap }));
                }
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err((filled, SourceError::Io { path: self.name.clone(), what: "read", source })),
            }
        }
        Ok(filled)
    }

    /// Bytes read from disk so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.raw.bytes_read()
    }

    /// SHA-256 of the whole input, if it was asked for.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        self.raw.sha256()
    }
}
