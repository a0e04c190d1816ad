//! Stage `locate`: from an address to a distribution over places, with every source that was heard.
//!
//! Location, registration and operator are three facts and stay apart. A place never comes without a probability, and
//! "unknown" is an answer. Nothing here reads a file, a clock or the network, except [`UserDatabase::open`], which reads
//! the database that the user named; the shipped tables are inside the program and are read at first use.
//!
//! * [`Tables`]: the shipped tables; [`Tables::state`] is the fast look-up, [`Tables::row`] the whole row
//! * [`Locator`]: joins them with names, round-trip times and the user's databases
//!
//! There is no list of exchange LANs: no open one may be shipped, so such an address is answered by the table.

mod airports;
mod anycast;
mod as_info;
mod cities;
mod city_table;
mod cloud;
mod columns;
mod confidence;
mod countries;
mod embedded;
mod geodesy;
mod jurisdiction_table;
mod locator;
mod mmdb;
mod mmdb_record;
mod pages;
mod pool;
mod prefixes;
mod router_names;
mod special;
mod tables;

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod converted;
#[cfg(test)]
mod tests;

pub use anycast::AnycastError;
pub use locator::{Locator, Query, RttBound};
pub use mmdb::{DatabaseError, UserDatabase};
pub use tables::{Row, Tables};
