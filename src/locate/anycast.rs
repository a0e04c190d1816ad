//! Prefixes that are announced at many places at once: no single state is right for them.
//!
//! Voting tables do not see it: 69 % of known anycast prefixes look like agreement (DATA.md), so a list overrides them.
//! The shipped list is short: services that are publicly known as anycast, written from general knowledge with the page to check. Against a public list of
//! measured anycast prefixes (bgp.tools, August 2026, not redistributable) see the accuracy test for the share that it
//! covers; `--anycast FILE` adds a fuller one.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use sha2::{Digest as _, Sha256};

use super::embedded::ANYCAST;
use super::prefixes::{self, Prefixes};
use crate::model::place::Dataset;

/// Most prefixes that a user's list may have.
const MOST: usize = 1_000_000;

/// Why a user's list of anycast prefixes cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnycastError {
    /// Not a prefix.
    #[error("{name}: line {line}: {text:?} is no IP prefix (expected for example 192.0.2.0/24, one a line)")]
    Line {
        /// File, as the caller named it.
        name: String,
        /// Number from 1.
        line: usize,
        /// The first field of the line, at most 64 characters.
        text: String,
    },
    /// Too many.
    #[error("{name}: more than {MOST} prefixes")]
    TooMany {
        /// File, as the caller named it.
        name: String,
    },
}

/// Where an entry came from.
pub(super) type Origin = Arc<str>;

/// Entries of the shipped list.
pub(super) fn shipped() -> Vec<(IpNet, Origin)> {
    let source: Origin = ANYCAST.name.into();
    let row = |line: &str| Some((prefixes::parse(line.split('\t').next()?)?, Arc::clone(&source)));
    ANYCAST.text().lines().filter_map(row).collect()
}

/// Entries of a user's list: a prefix or address in the first field of each line (comma, tab or space ends it), `#`
/// begins a comment.
pub(super) fn parse(text: &str, name: &str) -> Result<Vec<(IpNet, Origin)>, AnycastError> {
    let source: Origin = name.into();
    let mut out = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(field) = line.split([',', '\t', ' ', ';']).next().filter(|f| !f.is_empty()) else { continue };
        let net = prefixes::parse(field).ok_or_else(|| AnycastError::Line {
            name: name.to_owned(),
            line: number,
            text: field.chars().take(64).collect(),
        })?;
        if out.len() == MOST {
            return Err(AnycastError::TooMany { name: name.to_owned() });
        }
        out.push((net, Arc::clone(&source)));
    }
    Ok(out)
}

/// The entry for the report: which list it was. A list says of no day that it is as of it.
pub(super) fn dataset(text: &str, name: &str) -> Dataset {
    Dataset {
        name: name.to_owned(),
        date: String::new(),
        sha256: Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect(),
        licence: "the user's own".to_owned(),
        attribution: String::new(),
    }
}

/// The list for look-ups.
pub(super) fn table(entries: Vec<(IpNet, Origin)>) -> Prefixes<Origin> {
    Prefixes::new(entries)
}

/// Name of the list that holds `addr`.
pub(super) fn listed(table: &Prefixes<Origin>, addr: IpAddr) -> Option<&Origin> {
    table.get(addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_line_is_a_prefix_with_a_service_and_a_source() {
        for line in ANYCAST.text().lines().filter(|l| !l.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "{line}");
            let net: IpNet = fields[0].parse().unwrap();
            assert_eq!(net, net.trunc(), "{line}");
            assert!(fields[2].starts_with("https://"), "{line}");
        }
        assert!(shipped().len() > 100);
    }

    #[test]
    fn a_users_list_names_the_bad_line() {
        let list = parse("# comment\n192.0.2.0/24,x\n\n2001:db8::/48\n198.51.100.9 # one host\n", "mine").unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[2].0.to_string(), "198.51.100.9/32");
        let error = parse("192.0.2.0/24\nfoo/33\n", "mine").unwrap_err();
        assert_eq!(error.to_string(), "mine: line 2: \"foo/33\" is no IP prefix (expected for example 192.0.2.0/24, one a line)");
    }
}
