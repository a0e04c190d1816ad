//! Stage 1, `source`: bytes in.
//!
//! * [`block`]: a few hundred kilobytes of records with an index; the unit in which packets travel through the program
//! * [`capture`]: a capture file or stream of any format, block by block
//! * [`link_type`]: what a capture says its frames are
//! * [`pcap`], [`pcapng`], [`snoop`]: the walk over records of each format
//! * [`opened`]: an input whose first bytes were read, not yet known to be anything
//! * [`archive`]: gzip, Zstandard and LZ4 around them, recognised by content, with an output cap
//! * [`live`]: frames of an interface: capture threads, hand-over, what was lost; on Linux over a ring shared with the
//!   kernel (`ring`) or a `pnet` channel (`channel`), both on a socket of our own (`packet_socket`); or datagrams that are sent to
//!   a port (`listener`)
//! * [`names`]: names for addresses that the analyst brings along
//! * [`resolve`]: names asked for at run time, only with `--resolve`
//! * [`files`]: folders and lists of inputs, in time order

pub mod archive;
pub mod block;
pub mod capture;
#[cfg(target_os = "linux")]
mod channel;
pub mod error;
pub mod files;
pub mod link_type;
#[cfg(target_os = "linux")]
mod listener;
pub mod live;
pub mod names;
pub mod opened;
#[cfg(target_os = "linux")]
mod packet_socket;
pub mod pcap;
pub mod pcapng;
pub mod resolve;
#[cfg(target_os = "linux")]
mod ring;
pub mod snoop;
