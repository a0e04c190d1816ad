//! What detectors and lists say of the two ends of a conversation. Whoever wrote them says it: they choose what is shown
//! first, and say nothing of where anybody is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::words::counted;
use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{Evidence, EvidenceId};
use crate::model::net::unmapped;
use crate::model::path::Finding;
use crate::model::quote::within_quotes;
use crate::model::record::{Endpoint, Pattern};

/// Prefixes looked through one by one; single addresses are found at once.
const PREFIXES: usize = 4096;

/// An alert between two ends.
struct Alarm<'a> {
    id: EvidenceId,
    signature: &'a str,
    times: u64,
}

/// Alerts by their ends, indicators by address.
#[derive(Default)]
pub(super) struct Alarms<'a> {
    alerts: BTreeMap<(IpAddr, IpAddr), Vec<Alarm<'a>>>,
    addresses: BTreeMap<IpAddr, (EvidenceId, &'a str)>,
    prefixes: Vec<(IpNet, EvidenceId, &'a str)>,
    names: BTreeMap<&'a str, (EvidenceId, &'a str)>,
}

impl<'a> Alarms<'a> {
    pub(super) fn of(digest: &'a Digest) -> Self {
        let mut out = Self::default();
        for item in &digest.items {
            match &item.fact {
                Evidence::Alert(alert, times) => {
                    let end = |e: Option<Endpoint>| e.map(|e| unmapped(e.addr));
                    if let (Some(src), Some(dst)) = (end(alert.src), end(alert.dst)) {
                        let alarm = Alarm { id: item.id, signature: &alert.signature, times: *times };
                        out.alerts.entry((src.min(dst), src.max(dst))).or_default().push(alarm);
                    }
                }
                Evidence::Indicator(i) => match &i.pattern {
                    Pattern::Net(net) if net.prefix_len() == net.max_prefix_len() => {
                        out.addresses.entry(unmapped(net.addr())).or_insert((item.id, &i.label));
                    }
                    Pattern::Net(net) if out.prefixes.len() < PREFIXES => out.prefixes.push((*net, item.id, &i.label)),
                    Pattern::Net(_) => {}
                    Pattern::Name(name) => {
                        out.names.entry(name).or_insert((item.id, &i.label));
                    }
                },
                _ => {}
            }
        }
        out
    }

    fn listed(&self, addr: IpAddr) -> Option<(EvidenceId, &'a str)> {
        let addr = unmapped(addr);
        let in_prefix = || self.prefixes.iter().find(|(net, ..)| net.contains(&addr)).map(|(_, id, label)| (*id, *label));
        self.addresses.get(&addr).copied().or_else(in_prefix)
    }

    /// The finding that alerts or lists make of a conversation, and the facts behind it.
    pub(super) fn finding(&self, c: &Conversation) -> Option<(Finding, Vec<EvidenceId>)> {
        let (a, b) = (unmapped(c.origin), unmapped(c.target));
        if let Some(alarms) = self.alerts.get(&(a.min(b), a.max(b))) {
            let times: u64 = alarms.iter().map(|alarm| alarm.times).sum();
            let mut signatures: Vec<&str> = alarms.iter().map(|alarm| alarm.signature).collect();
            signatures.sort_unstable();
            signatures.dedup();
            let more = signatures.len().saturating_sub(3);
            let shown: Vec<String> = signatures.iter().take(3).map(|s| format!("\"{}\"", within_quotes(s))).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let reason = format!("a detector fired {} here: {}{more}", counted(times, "time", "times"), shown.join(", "));
            let score = 70.0 + 10.0 * (times as f64).ln_1p() / std::f64::consts::LN_10;
            let ids = alarms.iter().map(|alarm| alarm.id).take(8).collect();
            return Some((Finding { kind: "alert", score, reason }, ids));
        }
        let by_name = || c.host.as_deref().and_then(|host| self.names.get(host)).copied();
        let (end, (id, label)) = self
            .listed(a)
            .map(|found| ("the origin", found))
            .or_else(|| self.listed(b).map(|found| ("the target", found)))
            .or_else(|| by_name().map(|found| ("the name that was asked for", found)))?;
        let label = if label.is_empty() { "without a reason given" } else { label };
        let reason = format!("{end} is on a list that was given: {label}");
        Some((Finding { kind: "listed", score: 65.0, reason }, vec![id]))
    }
}
