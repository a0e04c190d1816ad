//! Rutter: packets in, jurisdiction report out.

pub mod cli;
pub mod config;
pub mod decode;
pub mod error;
pub mod evidence;
pub mod hops;
pub mod jurisdiction;
pub mod locate;
pub mod model;
pub mod paths;
pub mod pipeline;
pub mod report;
pub mod source;
pub mod telemetry;
