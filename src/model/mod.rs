//! The vocabulary: plain data that every stage speaks. No I/O, no behaviour beyond arithmetic and display.

pub(crate) mod cache;
pub mod channel;
pub mod coverage;
pub mod digest;
pub mod evidence;
pub mod faultline;
pub mod hop;
pub mod law;
pub mod net;
pub mod path;
pub mod path_law;
pub mod place;
pub mod practice;
pub mod quote;
pub mod record;
pub mod route;
pub mod time;
pub mod traceroute;
