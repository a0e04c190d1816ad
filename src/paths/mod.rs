//! Routes in, attack paths out: which of many findings to show, whether an origin may be shown at all, and where
//! the hops of a path are once they are looked at together instead of one by one.
//!
//! | file | one idea |
//! |---|---|
//! | [`question`] | what the analyst asked for, and prefixes read from text |
//! | [`filter`] | the filter language |
//! | [`rank`] | every finding of a digest, in an order with reasons |
//! | [`build`] | one route and its finding to one [`AttackPath`](crate::model::path::AttackPath) |
//! | [`posterior`] | the places of a path's hops, given each other's and the round trips |
//!
//! Nothing here reads a file or a table: whoever calls hands in a locator as a closure.

mod alarms;
pub mod build;
mod earth;
pub mod filter;
mod kinds;
pub mod posterior;
pub mod question;
pub mod rank;
mod rtt;
mod subject;
mod veil;
mod words;
