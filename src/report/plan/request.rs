//! What was gathered for a state to a request, and to a notice.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ask::{disclose, is_nobody, mutual_assistance, notify, preserve, sent_by};
use super::build::{Gathered, Key, Making, words};
use super::words::{ids, join, p};
use super::{BasisP, Ground, Item, NOTICE_P, Named, Notice, Request, SURE_P, Seen, StateP};
use crate::model::channel::Retention;
use crate::model::hop::{HopRole, Knowledge};
use crate::model::net::StateCode;
use crate::model::time::Day;

pub(super) fn items(making: &Making<'_>, found: &BTreeMap<IpAddr, Gathered>) -> Vec<Item> {
    let mut ordered: Vec<(&IpAddr, &Gathered)> = found.iter().collect();
    ordered.sort_by_key(|(_, g)| g.order);
    ordered
        .into_iter()
        .map(|(&addr, g)| {
            let mut others: Vec<StateP> = g.others.iter().map(|(&state, &p)| StateP { state, p }).collect();
            others.sort_by(|a, b| b.p.total_cmp(&a.p).then(a.state.cmp(&b.state)));
            Item {
                addr,
                asn: g.asn,
                as_name: g.as_name.clone(),
                bases: g.bases.iter().map(|(&basis, &p)| BasisP { basis, p }).collect(),
                seen: g.seen,
                traffic: g.traffic,
                others,
                uses: making.uses(addr, &g.paths),
                hops: g.hops.clone(),
            }
        })
        .collect()
}

pub(super) fn wide(all: impl Iterator<Item = Option<Seen>>) -> Option<Seen> {
    all.flatten().fold(None, |wide, s| join(wide, s.first, s.last))
}

fn largest_p(items: &[Item]) -> f32 {
    items.iter().flat_map(|i| &i.hops).map(|h| h.p).fold(0.0, f32::max)
}

pub(super) fn request(making: &Making<'_>, (state, ground, group): Key, found: BTreeMap<IpAddr, Gathered>) -> Request {
    let means = making.means;
    let items = items(making, &found);
    let (seen, traffic) = (wide(items.iter().map(|i| i.seen)), wide(items.iter().map(|i| i.traffic)));
    let best = largest_p(&items);
    let domestic = making.is_own(state);
    let channels = making.channels(state);
    let unanswered = !domestic && channels.iter().all(is_nobody);
    let (first, hand_over, mla) = (preserve(channels, group), disclose(channels, group), mutual_assistance(channels));
    let used: BTreeSet<usize> = first.iter().chain(&hand_over).chain(&mla).flat_map(|p| &p.used).copied().collect();
    let rest = channels.iter().enumerate().filter(|(i, _)| !used.contains(i));
    let requesting = Named { state: means.requesting, name: making.name(means.requesting) };
    let sender = |c| sent_by(c, &requesting, means.by_way_of, means.senders.as_ref());
    // The clock runs from the traffic: what a provider kept is of then.
    let from = [seen, traffic].into_iter().flatten().map(|s| s.first.day()).min();
    let mut retention = (means.retention)(state, from.unwrap_or(means.on), group.asked());
    if from.is_none() {
        retention.lost_from = None;
    }
    Request {
        number: 0,
        state,
        name: making.name(state),
        ground,
        group,
        domestic,
        p: best,
        only_if: only_if(state, ground, best, &items),
        seen,
        traffic,
        ask_for: group.data().to_vec(),
        deadline: deadline(&retention, from, means.on),
        retention,
        sent_by: first.as_ref().map(|p| sender(&p.channel)),
        disclose_sent_by: hand_over.as_ref().map(|p| sender(&p.channel)),
        mla_sent_by: mla.as_ref().map(|p| sender(&p.channel)),
        first: first.map(|p| p.channel),
        disclose: hand_over.map(|p| p.channel),
        mla: mla.map(|p| p.channel),
        alternatives: rest.map(|(_, c)| c.clone()).collect(),
        unanswered,
        because: words(found.values().flat_map(|g| &g.because).collect::<BTreeSet<_>>()),
        items,
    }
}

/// An address that only an inference puts on the way.
pub(super) fn guessed(i: &&Item) -> bool {
    i.hops.iter().all(|h| h.role == HopRole::Transit && h.kind != Knowledge::Observed)
}

/// Is there nothing in the request but such addresses?
pub(super) fn is_guessed(r: &Request) -> bool {
    r.items.iter().all(|i| guessed(&i))
}

/// All that has to hold for the request to make sense.
fn only_if(state: StateCode, ground: Ground, best: f32, items: &[Item]) -> Option<String> {
    let mut all = Vec::new();
    if ground == Ground::Operator {
        all.push(format!(
            "only if whoever runs the machine, or holds its address, keeps the data under its control from {state}: its seat or \
             its entry in a registry is there, the machine is placed elsewhere or nowhere"
        ));
    } else {
        all.extend(uncertain(state, best, items));
    }
    all.extend(only_if_on_the_way(items));
    (!all.is_empty()).then(|| all.join("; and "))
}

/// What only an inference puts on the way is asked about on that condition.
pub(super) fn only_if_on_the_way(items: &[Item]) -> Option<String> {
    let of: Vec<String> = items.iter().filter(guessed).take(6).map(|i| i.addr.to_string()).collect();
    if of.is_empty() {
        return None;
    }
    Some(format!(
        "only if the traffic took this way: {} inferred, and no record shows the traffic there ({})",
        if of.len() == 1 { format!("{} is", of.concat()) } else { format!("{} are", of.join(", ")) },
        ids(&because(items.iter().filter(guessed)), 4)
    ))
}

pub(super) fn because<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    let named: BTreeSet<&String> = items.flat_map(|i| &i.hops).flat_map(|h| &h.because).collect();
    let mut named: Vec<String> = named.into_iter().cloned().collect();
    named.sort_by_key(String::len); // e2 before e10
    named
}

fn uncertain(state: StateCode, best: f32, items: &[Item]) -> Option<String> {
    let uncertain: Vec<String> = items
        .iter()
        .filter(|i| !i.others.is_empty() || i.hops.iter().all(|h| h.p < SURE_P))
        .take(6)
        .map(|i| {
            let here = i.hops.iter().map(|h| h.p).fold(0.0, f32::max);
            let others: Vec<String> = i.others.iter().take(4).map(|o| format!("{} p {}", o.state, p(o.p))).collect();
            let others =
                if others.is_empty() { "the rest is unknown".to_owned() } else { format!("or in {}", others.join(", ")) };
            format!("{} in {state} p {}, {others} ({})", i.addr, p(here), ids(&because(std::iter::once(i)), 4))
        })
        .collect();
    if uncertain.is_empty() && best >= SURE_P {
        return None;
    }
    Some(format!("only if the machine is there: location is uncertain: {}", uncertain.join("; ")))
}

fn deadline(retention: &Retention, from: Option<Day>, on: Day) -> String {
    let Some(from) = from else { return "unknown: no evidence says when it was used; ask first".into() };
    let rest = retention.part().zip(retention.rest()).map(|(part, rest)| format!(" ({part}); {rest}")).unwrap_or_default();
    match retention.lost_from {
        None => format!("unknown: {}; ask first", retention.any_day()),
        Some(day) if day <= on => {
            format!("lost from {day}, counted from {from}: that day is past or has come, ask whether anything is left{rest}")
        }
        Some(day) => {
            let left = crate::report::terminal::plural(u64::from(day.days_since(on).unsigned_abs()), "day");
            format!("lost from {day}: {left} after {on}, counted from {from}{rest}")
        }
    }
}

/// Whom to tell: places of use, as far as they are more there than elsewhere, and somebody answers for the place.
pub(super) fn notices(making: &Making<'_>, groups: &BTreeMap<Key, BTreeMap<IpAddr, Gathered>>) -> Vec<Notice> {
    let mut states: BTreeMap<StateCode, Vec<&BTreeMap<IpAddr, Gathered>>> = BTreeMap::new();
    for ((state, ground, group), found) in groups {
        let is_foreign = !making.is_own(*state) && !making.channels(*state).iter().all(is_nobody);
        if *ground == Ground::Territory && group.may_be_notified() && is_foreign {
            states.entry(*state).or_default().push(found);
        }
    }
    let mut out: Vec<Notice> = states.into_iter().filter_map(|(state, found)| notice(making, state, &found)).collect();
    out.sort_by(|a, b| b.p.total_cmp(&a.p).then(a.state.cmp(&b.state)));
    out
}

fn notice(making: &Making<'_>, state: StateCode, found: &[&BTreeMap<IpAddr, Gathered>]) -> Option<Notice> {
    let mut told: Vec<Item> = found.iter().flat_map(|f| items(making, f)).collect();
    told.retain(|i| i.hops.iter().any(|h| h.p >= NOTICE_P));
    if told.is_empty() {
        return None;
    }
    let addrs: BTreeSet<IpAddr> = told.iter().map(|i| i.addr).collect();
    let of = || found.iter().flat_map(|f| f.iter()).filter(|(a, _)| addrs.contains(a)).map(|(_, g)| g);
    let mut ways = notify(making.channels(state));
    let channel = if ways.is_empty() { None } else { Some(ways.remove(0)) };
    let means = making.means;
    let requesting = Named { state: means.requesting, name: making.name(means.requesting) };
    Some(Notice {
        state,
        name: making.name(state),
        p: largest_p(&told),
        seen: wide(told.iter().map(|i| i.seen)),
        traffic: wide(told.iter().map(|i| i.traffic)),
        sent_by: channel.as_ref().map(|c| sent_by(c, &requesting, means.by_way_of, means.senders.as_ref())),
        channel,
        alternatives: ways,
        norm: of().find_map(|g| g.norm.clone()),
        because: words(of().flat_map(|g| &g.because).collect::<BTreeSet<_>>()),
        items: told,
    })
}
