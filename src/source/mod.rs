//! Stage 1, `source`: bytes in.
//!
//! * [`block`]: a megabyte of records with an index; the unit in which packets travel through the program
//! * [`capture`]: a capture file or stream of any format, block by block
//! * [`pcap`], [`pcapng`], [`snoop`]: the walk over records of each format
//! * [`archive`]: gzip, Zstandard and LZ4 around them, recognised by content, with an output cap
//! * [`names`]: names for addresses that the analyst brings along
//! * [`resolve`]: names asked for at run time, only with `--resolve`
//! * [`files`]: folders and lists of inputs, in time order

pub mod archive;
pub mod block;
pub mod capture;
pub mod error;
pub mod files;
pub mod names;
pub mod pcap;
pub mod pcapng;
pub mod resolve;
pub mod snoop;
