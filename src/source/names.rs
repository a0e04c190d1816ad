//! Names that the analyst brings along: a hosts file (`ADDRESS NAME [NAME …]`) or CSV (`ADDRESS,NAME`).

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::archive::Capped;
use super::error::SourceError;
use crate::model::evidence::{Name, NameHow, Position};
use crate::model::net::unmapped;

/// Most bytes read of a names file.
const MAX_BYTES: u64 = 256 << 20;
/// Most names kept.
const MAX_NAMES: usize = 1 << 20;
/// Names kept per line of a hosts file.
const MAX_PER_LINE: usize = 16;
/// Longest DNS name in text form (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;
/// Longest line; the rest of a longer one is no name.
const MAX_LINE: u64 = 64 << 10;

/// What a names file holds.
#[derive(Clone, Debug, Default)]
pub struct NamesFile {
    /// As given.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Names with their place, in order of the file.
    pub names: Vec<(Position, Name)>,
    /// The first lines that are neither form, with the reason.
    pub rejected: Vec<(Position, &'static str)>,
    /// All such lines.
    pub rejected_total: u64,
}

/// Rejected lines kept with their place.
const REJECTS_KEPT: usize = 100;

/// Reads a names file.
///
/// # Errors
/// When it can't be opened or read, or not one line in it is a name for an address.
pub fn read(path: &Path) -> Result<NamesFile, SourceError> {
    let shown = path.display().to_string();
    let failed = |what| move |source| SourceError::Io { path: path.display().to_string(), what, source };
    let file = File::open(path).map_err(failed("open"))?;
    let mut reader = BufReader::new(Capped::new(file, MAX_BYTES));
    let mut out = NamesFile { path: shown.clone(), ..NamesFile::default() };
    let mut hash = Sha256::new();
    let (mut number, mut offset) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed("read"))?;
        if n == 0 {
            break;
        }
        hash.update(&line);
        number += 1;
        let at = Position::Line { line: number, offset };
        offset += n as u64;
        let text = String::from_utf8_lossy(&line);
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        match parse(text) {
            Ok(names) if out.names.len() < MAX_NAMES => out.names.extend(names.into_iter().map(|name| (at, name))),
            Ok(_) => out.reject(at, "more names than are kept"),
            Err(why) if number == 1 && text.contains(',') && why == NO_ADDRESS => {} // the head line of a CSV file
            Err(why) => out.reject(at, why),
        }
    }
    if out.names.is_empty() {
        return Err(SourceError::NoNames { path: shown });
    }
    out.sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(out)
}

impl NamesFile {
    fn reject(&mut self, at: Position, why: &'static str) {
        self.rejected_total += 1;
        if self.rejected.len() < REJECTS_KEPT {
            self.rejected.push((at, why));
        }
    }
}

const NO_ADDRESS: &str = "does not begin with an IP address";

fn parse(text: &str) -> Result<Vec<Name>, &'static str> {
    let is_separator = |c: char| c == ',' || c.is_ascii_whitespace();
    let mut words = text.split(is_separator).map(|w| w.trim_matches('"')).filter(|w| !w.is_empty());
    let addr: IpAddr = words.next().and_then(|w| w.parse().ok()).ok_or(NO_ADDRESS)?;
    let names: Vec<Name> = words.filter_map(clean).take(MAX_PER_LINE).map(|name| file_name(unmapped(addr), name)).collect();
    if names.is_empty() { Err("has no host name after the address") } else { Ok(names) }
}

fn file_name(addr: IpAddr, name: Arc<str>) -> Name {
    Name { addr, name, how: NameHow::File, ttl_s: None }
}

/// A host name in lower case without its final dot; `None` for what cannot be one.
#[must_use]
pub fn clean(text: &str) -> Option<Arc<str>> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let printable = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    (!name.is_empty() && name.len() <= MAX_NAME && printable && name.parse::<IpAddr>().is_err()).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, &'static str> {
        parse(text).map(|names| names.iter().map(|n| format!("{} {}", n.addr, n.name)).collect())
    }

    #[test]
    fn hosts_and_csv_lines() {
        assert_eq!(
            names("192.0.2.1\tFra1.Example.NET. fra1"),
            Ok(vec!["192.0.2.1 fra1.example.net".into(), "192.0.2.1 fra1".into()])
        );
        assert_eq!(names("2001:db8::1,\"core.example\""), Ok(vec!["2001:db8::1 core.example".into()]));
        assert_eq!(names("::ffff:192.0.2.7 mapped"), Ok(vec!["192.0.2.7 mapped".into()]));
        assert_eq!(names("addr,name"), Err(NO_ADDRESS));
        assert_eq!(names("192.0.2.1 \u{1b}[31m"), Err("has no host name after the address"));
        assert_eq!(names("192.0.2.1 192.0.2.2"), Err("has no host name after the address"));
    }
}
