//! One integration binary: it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod architecture;
mod bad_input;
mod cli;
mod corpus;
mod fixtures;
mod incident;
mod inspected;
mod lab;
mod live;
mod lookup;
mod records;
mod schema;
mod skipped;
mod support;
mod traces;
