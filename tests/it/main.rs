//! One integration binary: it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod architecture;
mod bad_input;
mod channels;
mod claims;
mod cli;
mod corpus;
mod fixtures;
mod incident;
mod inspected;
mod lab;
mod law;
mod law_cases;
mod live;
mod lookup;
mod path_law;
mod plan;
mod practice;
mod records;
mod schema;
mod skipped;
mod support;
mod traces;
