//! Orders to providers. Under the e-Evidence Regulation a judicial authority of a Member State orders a provider that offers
//! services in the Union, at its designated establishment or legal representative, wherever the data or the machines are: so
//! what gathers here is the provider of a hop, and not the state in which a router was placed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ask::sent_by;
use super::build::{Gathered, Making, words};
use super::read::{Hop, Path};
use super::records::Records;
use super::request::{guessed, items, only_if_on_the_way, wide};
use super::{Group, LEAST_P, Named, Order, OrderPart};
use crate::model::channel::Purpose::{Disclose, Preserve};
use crate::model::law::Basis;

/// Whom an order goes to.
pub(super) const ADDRESSEE: &str = "[[DESIGNATED ESTABLISHMENT OR LEGAL REPRESENTATIVE, AND IN WHICH MEMBER STATE]]";

/// Arts 1 to 3 of Regulation (EU) 2023/1543.
pub(super) const ONLY_IF: &str = "only if the provider offers services in the Union, the data are of those services, and its designated \
establishment or legal representative is in another Member State in which the Regulation applies; no record shows any of that";

/// Hops by the provider that holds the data.
#[derive(Default)]
pub(super) struct Providers(BTreeMap<u32, BTreeMap<Group, BTreeMap<IpAddr, Gathered>>>);

/// A hop of a provider's.
pub(super) fn gather(
    into: &mut Gathered,
    of: (usize, &Path),
    hop: &Hop,
    ends: (Option<IpAddr>, Option<IpAddr>),
    records: &Records<'_>,
    order: usize,
) {
    let mut best: f32 = 0.0;
    for touch in hop.touches.iter().filter(|t| t.basis != Basis::Victim) {
        let p = into.bases.entry(touch.basis).or_insert(touch.p);
        *p = p.max(touch.p);
        if matches!(touch.basis, Basis::Territory | Basis::Flag) && touch.p >= LEAST_P {
            let p = into.others.entry(touch.state).or_insert(touch.p);
            *p = p.max(touch.p);
            best = best.max(touch.p);
        }
    }
    into.add(of, hop, ends, records, (order, best));
}

impl Providers {
    pub(super) fn of(&mut self, asn: u32, group: Group, addr: IpAddr) -> &mut Gathered {
        self.0.entry(asn).or_default().entry(group).or_default().entry(addr).or_default()
    }

    /// An order for each: those first whose machines were seen in the traffic, and of them those nearest to whoever used them.
    pub(super) fn orders(self, making: &Making<'_>) -> Vec<Order> {
        let mut out: Vec<Order> = self.0.into_iter().filter_map(|(asn, found)| order(making, asn, &found)).collect();
        let is_guessed = |o: &Order| o.parts.iter().flat_map(|p| &p.items).all(|i| guessed(&i));
        out.sort_by_key(|o| (is_guessed(o), o.parts.iter().map(|p| p.group).min(), o.asn));
        for (i, order) in out.iter_mut().enumerate() {
            order.number = i + 1;
        }
        out
    }
}

fn order(making: &Making<'_>, asn: u32, found: &BTreeMap<Group, BTreeMap<IpAddr, Gathered>>) -> Option<Order> {
    let means = making.means;
    let with = |purpose| means.orders.iter().find(|c| c.purposes.contains(&purpose));
    let preserve = with(Preserve)?.clone();
    let parts: Vec<OrderPart> = found
        .iter()
        .map(|(&group, found)| {
            let items = items(making, found);
            OrderPart { group, ask_for: stored(group.data()), only_if: only_if_on_the_way(&items), items }
        })
        .collect();
    let all = || parts.iter().flat_map(|p| &p.items);
    let requesting = Named { state: means.requesting, name: making.name(means.requesting) };
    let because: BTreeSet<&u32> = found.values().flat_map(BTreeMap::values).flat_map(|g| &g.because).collect();
    Some(Order {
        number: 0,
        asn,
        as_name: all().find_map(|i| i.as_name.clone()),
        addressee: ADDRESSEE,
        only_if: ONLY_IF,
        seen: wide(all().map(|i| i.seen)),
        traffic: wide(all().map(|i| i.traffic)),
        sent_by: sent_by(&preserve, &requesting, means.by_way_of, means.senders.as_ref()),
        preserve,
        produce: with(Disclose).cloned(),
        letter: format!("AS{asn}-preservation-order"),
        because: words(because),
        parts,
    })
}

/// What a provider has stored already. An image of a machine is content, or no stored data at all: another order, or a request.
fn stored(data: &[&'static str]) -> Vec<&'static str> {
    data.iter().copied().filter(|d| !d.starts_with("an image of ")).collect()
}
