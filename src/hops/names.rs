//! Names for addresses, as the capture or the analyst gave them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::parts::rest_on;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Name};
use crate::model::hop::Hop;

/// Most names per address: a hostile zone can hold any number.
const NAMES: usize = 8;

/// Names by address, each with the first fact that gave it.
pub(super) struct Names<'a>(BTreeMap<IpAddr, BTreeMap<&'a Name, EvidenceId>>);

impl<'a> Names<'a> {
    /// Collects the names of all addresses for which `wanted` holds.
    pub(super) fn gather(items: &[&'a EvidenceItem], wanted: impl Fn(IpAddr) -> bool) -> Self {
        let mut by_addr: BTreeMap<IpAddr, BTreeMap<&Name, EvidenceId>> = BTreeMap::new();
        for item in items {
            if let Evidence::Name(name) = &item.fact
                && wanted(name.addr)
            {
                by_addr.entry(name.addr).or_default().entry(name).or_insert(item.id);
            }
        }
        Self(by_addr)
    }

    /// Gives a hop the names of its address, sorted, and the evidence for them.
    pub(super) fn attach(&self, hop: &mut Hop) {
        let Some(names) = hop.addr.and_then(|addr| self.0.get(&addr)) else { return };
        hop.names = names.keys().take(NAMES).map(|name| (*name).clone()).collect();
        rest_on(hop, names.values().take(NAMES).copied());
    }
}
