//! Floods and scans: what many one-sided flows add up to.
//!
//! Nobody finished a handshake, so nobody's address is proved. A flood has a target and no origin.

use super::ends::{self, gap_of};
use super::names::Names;
use super::parts::{LONGEST, count, in_order, seen_point, segment, thousands};
use crate::model::digest::{Digest, Flood, Scan};
use crate::model::evidence::SourceTrust;
use crate::model::hop::{HopRole, Knowledge};
use crate::model::route::{Route, RouteSource};

/// So many sources, each used about once, are a random number generator.
const RANDOMISED: u64 = 20;

/// A flood: its target, preceded by an origin without an address. In backscatter the target is the host that
/// somebody attacks in the name of the addresses that the sensor sees it answer.
#[must_use]
pub fn flood(digest: &Digest, flood: &Flood) -> Route {
    let randomised = flood.sources >= RANDOMISED && flood.sources.saturating_mul(2) >= flood.flows;
    let sources = thousands(flood.sources);
    let (trust, withheld) = if flood.backscatter {
        let text =
            format!("withheld: {sources} addresses get answers to packets that they did not send; who spoofs them is unknown");
        (SourceTrust::Backscatter, text)
    } else if randomised {
        (
            SourceTrust::Impossible,
            format!("withheld: sources are randomised: {sources} distinct in {} flows", thousands(flood.flows)),
        )
    } else {
        (SourceTrust::Plausible, format!("withheld: {sources} sources, none of which finished a handshake"))
    };
    let mut origin = seen_point(None, HopRole::Origin, Knowledge::Inferred, flood.seen, &flood.because);
    origin.remarks.push(withheld.clone());
    let mut target = seen_point(Some(flood.target), HopRole::Target, Knowledge::Observed, flood.seen, &flood.because);
    target.rank = 1;
    let port = if flood.proto.has_ports() { format!(" port {}", flood.port) } else { String::new() };
    target.remarks.push(if flood.backscatter {
        "victim: its answers go to addresses that somebody else used as sources (backscatter)".to_owned()
    } else {
        format!("{} packets in {} flows to {}{port}", thousands(flood.packets), thousands(flood.flows), flood.proto)
    });
    Names::gather(&in_order(digest), |addr| addr == flood.target).attach(&mut target);
    let mut remarks = vec![withheld];
    if digest.sampled {
        remarks.push("some flows were dropped to keep memory bounded: the counts are lower bounds".to_owned());
    }
    Route {
        source: RouteSource::Flow,
        origin: None,
        trust,
        target: flood.target,
        seen: flood.seen,
        hops: vec![origin, target],
        segments: vec![segment(0, 1, Knowledge::Gap, (0, LONGEST), "the origin is unknown, so is the way")],
        complete: true,
        remarks,
    }
}

/// A scan: its source and the target with the most flows. The source is believed as far as the best of its
/// conversations allows.
#[must_use]
pub fn scan(digest: &Digest, scan: &Scan) -> Route {
    let own = || digest.conversations.iter().filter(|c| c.origin == scan.source);
    let trust = own().map(|c| c.trust).min().unwrap_or(SourceTrust::Plausible);
    let main = own().filter(|c| c.target == scan.target).min_by_key(|c| c.seen.first);
    let mut origin = seen_point(Some(scan.source), HopRole::Origin, Knowledge::Observed, scan.seen, &scan.because);
    let mut target = seen_point(Some(scan.target), HopRole::Target, Knowledge::Observed, scan.seen, &scan.because);
    target.rank = 1;
    if let Some(conversation) = main {
        ends::round_trips(conversation, &mut origin, &mut target);
    }
    let targets = count(scan.targets as usize, "target", "targets");
    target.remarks.push(format!("the target with the most flows of {targets}"));
    let names = Names::gather(&in_order(digest), |addr| addr == scan.source || addr == scan.target);
    names.attach(&mut origin);
    names.attach(&mut target);
    let (range, why) = main.map_or(((0, LONGEST), "the way is not seen".to_owned()), gap_of);
    let ports = count(scan.ports as usize, "port", "ports");
    let mut remarks =
        vec![format!("{} flows that were not answered or refused, to {targets} and {ports}", thousands(scan.flows))];
    if digest.sampled {
        remarks.push("some flows were dropped to keep memory bounded: the counts are lower bounds".to_owned());
    }
    Route {
        source: RouteSource::Flow,
        origin: Some(scan.source),
        trust,
        target: scan.target,
        seen: scan.seen,
        hops: vec![origin, target],
        segments: vec![segment(0, 1, Knowledge::Gap, range, why)],
        complete: true,
        remarks,
    }
}
