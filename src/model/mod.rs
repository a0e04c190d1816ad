//! The vocabulary: plain data that every stage speaks. No I/O, no behaviour beyond arithmetic and display.

pub(crate) mod cache;
pub mod digest;
pub mod evidence;
pub mod hop;
pub mod law;
pub mod net;
pub mod path;
pub mod place;
pub mod record;
pub mod route;
pub mod time;
pub mod traceroute;
