//! Lists that point at addresses, prefixes and names.
//!
//! * `stix`: STIX 2.1 and 2.0 bundles, TAXII envelopes, single objects, an object a line; `pattern`: the patterns in them
//! * `plain`: an entry a line, CSV, hosts files, ipset; `entry`: one entry, defanged or not
//! * `guess`: is a text a plain list?
//!
//! Somebody says that whoever has the address matters; a list says nothing of where, when or why beyond its own words.

mod entry;
mod guess;
mod pattern;
mod plain;
mod stix;

#[cfg(test)]
mod tests;

use super::record::{Lines, RecordFormat};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// STIX 2.1 (and 2.0) bundle or object.
    Stix,
    /// An address, prefix or name a line, with a comment or further columns behind it.
    Plain,
}

impl Format {
    /// Every format, in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::Stix, Self::Plain];

    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stix => "stix",
            Self::Plain => "list",
        }
    }

    fn looks_like(self, beginning: &[u8]) -> bool {
        match self {
            Self::Stix => stix::looks_like(beginning),
            Self::Plain => guess::looks_like(beginning),
        }
    }
}

/// Which list a file is, from its first bytes. A plain list of host names alone is not recognised: any text could be one.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.looks_like(beginning))
}

/// A decoder for one input.
#[must_use]
pub fn open(format: Format) -> Box<dyn RecordFormat> {
    match format {
        Format::Stix => Box::new(stix::Stix),
        Format::Plain => Box::new(Lines(plain::Plain::default())),
    }
}
