//! Rutter: packets in, jurisdiction report out.

pub mod decode;
pub mod evidence;
pub mod hops;
pub mod jurisdiction;
pub mod locate;
pub mod model;
pub mod paths;
pub mod report;
pub mod source;
