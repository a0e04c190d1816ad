//! Names for addresses, as the capture or the analyst gave them, and what hosts say of themselves.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::parts::{clean, remark, rest_on};
use crate::model::evidence::{BannerKind, Evidence, EvidenceId, EvidenceItem, Name};
use crate::model::hop::Hop;
use crate::model::quote::within_quotes;

/// Most names per address: a hostile zone can hold any number.
const NAMES: usize = 8;
/// Most banners likewise.
const BANNERS: usize = 4;

/// Names by address, each with the first fact that gave it.
pub(super) struct Names<'a> {
    names: BTreeMap<IpAddr, BTreeMap<&'a Name, EvidenceId>>,
    banners: BTreeMap<IpAddr, BTreeMap<(BannerKind, &'a str), EvidenceId>>,
}

impl<'a> Names<'a> {
    /// Collects the names of all addresses for which `wanted` holds.
    pub(super) fn gather(items: &[&'a EvidenceItem], wanted: impl Fn(IpAddr) -> bool) -> Self {
        let (mut names, mut banners) = (BTreeMap::<_, BTreeMap<_, _>>::new(), BTreeMap::<_, BTreeMap<_, _>>::new());
        for item in items {
            match &item.fact {
                Evidence::Name(name) if wanted(name.addr) => {
                    names.entry(name.addr).or_default().entry(name).or_insert(item.id);
                }
                Evidence::Banner(banner) if wanted(banner.who) => {
                    banners.entry(banner.who).or_default().entry((banner.kind, &*banner.text)).or_insert(item.id);
                }
                _ => {}
            }
        }
        Self { names, banners }
    }

    /// Gives a hop the names of its address, sorted, what it says of itself, and the evidence for both.
    pub(super) fn attach(&self, hop: &mut Hop) {
        if let Some(names) = hop.addr.and_then(|addr| self.names.get(&addr)) {
            hop.names = names.keys().take(NAMES).map(|name| (*name).clone()).collect();
            rest_on(hop, names.values().take(NAMES).copied());
        }
        if let Some(banners) = hop.addr.and_then(|addr| self.banners.get(&addr)) {
            for ((kind, text), id) in banners.iter().take(BANNERS) {
                let words =
                    format!("says of itself ({}): \"{}\"; weight 0 for attribution", kind.as_str(), within_quotes(&clean(text)));
                remark(&mut hop.remarks, words);
                rest_on(hop, [*id]);
            }
        }
    }
}
