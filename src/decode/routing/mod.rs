//! Routing: prefixes, who announces them and over which path, at a time.
//!
//! * `mrt`: dumps of tables and updates (RFC 6396, 8050, and the types that RFC 6396 retired); `table` reads its tables
//! * `bmp`: what a router reports to a monitoring station (RFC 7854, 8671, 9069)
//! * [`messages`]: BGP itself, out of one direction of a captured TCP stream
//! * `framing`: cutting an input into records and finding the next one behind damage
//! * `update`, `attributes`, `path`, `prefix`, `open`, `bytes`: the parts of a BGP message
//!
//! Read are IPv4 and IPv6 unicast and multicast (SAFI 1 and 2). Labelled and VPN prefixes (SAFI 4, 128) and everything else
//! are counted as records and say nothing: an address behind a route distinguisher is no address of the Internet.
//!
//! A route is what a peer said, not what is true: peers may announce whatever they like.

mod attributes;
mod bmp;
mod bytes;
mod framing;
mod mrt;
mod open;
mod path;
mod prefix;
mod session;
mod table;
mod update;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire;

pub use session::{Session, messages};

use super::record::RecordFormat;

/// How routes are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// MRT (RFC 6396, 8050): tables and updates.
    Mrt,
    /// A stream of BMP messages (RFC 7854).
    Bmp,
}

impl Format {
    /// Every format, in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::Mrt, Self::Bmp];

    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mrt => "mrt",
            Self::Bmp => "bmp",
        }
    }
}

/// Which format a file has, from its first bytes: the first record must be readable, and what follows it must be the
/// head of another.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    if framing::begins_with(mrt::Mrt::default(), beginning) {
        Some(Format::Mrt)
    } else if framing::begins_with(bmp::Bmp::default(), beginning) {
        Some(Format::Bmp)
    } else {
        None
    }
}

/// A decoder for one input.
#[must_use]
pub fn open(format: Format) -> Box<dyn RecordFormat> {
    match format {
        Format::Mrt => Box::new(framing::Framed::new(mrt::Mrt::default())),
        Format::Bmp => Box::new(framing::Framed::new(bmp::Bmp::default())),
    }
}
