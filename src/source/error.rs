//! What can be wrong with an input as a whole. A bad record is no error: it is counted and reported.

use std::io;

/// Each message names the input, the place and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The operating system said no.
    #[error("{path}: cannot {what}: {source}")]
    Io {
        /// The input.
        path: String,
        /// `open`, `read`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Nothing in it.
    #[error("{path}: the file is empty; there is nothing to read in it")]
    Empty {
        /// The input.
        path: String,
    },
    /// Something else.
    #[error("{path}: this is {looks_like}, no capture; Rutter reads pcap, pcapng and snoop, also inside .gz, .zst and .lz4")]
    NotACapture {
        /// The input.
        path: String,
        /// A guess from the first bytes.
        looks_like: &'static str,
    },
    /// Something that begins like no format we read.
    #[error(
        "{path}: this is {looks_like}, no capture (pcap, pcapng, snoop) and no log, flow export, traceroute, mail, routing table or list that Rutter knows; --as FORMAT says what it is (--help lists them)"
    )]
    Unknown {
        /// The input.
        path: String,
        /// A guess from the first bytes.
        looks_like: &'static str,
    },
    /// A names file without a name.
    #[error("{path}: no line in it is a name for an address; expected \"ADDRESS NAME\" or \"ADDRESS,NAME\" lines")]
    NoNames {
        /// The file.
        path: String,
    },
    /// An archive that unpacks to more than allowed.
    #[error("{path}: unpacks to more than {cap} bytes; everything up to there was read (raise --unpack-cap to read on)")]
    TooLarge {
        /// The input.
        path: String,
        /// The cap in bytes.
        cap: u64,
    },
    /// Not allowed to capture.
    #[error(
        "{interface}: no permission to capture; run as root or give the program the capability: setcap cap_net_raw+ep $(command -v rutter)"
    )]
    NoPermission {
        /// The interface.
        interface: String,
    },
    /// No such interface.
    #[error("{interface}: no such interface; there are: {there_are}")]
    NoInterface {
        /// What was asked for.
        interface: String,
        /// Names of the others.
        there_are: String,
    },
    /// Live capture is not built for this system.
    #[error("{interface}: live capture needs Linux; elsewhere capture with tcpdump and read the file")]
    Unsupported {
        /// The interface.
        interface: String,
    },
}
