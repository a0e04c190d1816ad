//! One incident out of several inputs: which facts belong together, and why.
//!
//! * the same conversation in two inputs: the same five-tuple (Community ID), once the offset between their clocks is known
//! * a proxied request: the proxy told the server whom it forwards for, and the proxy's own log names the same client at the
//!   same time; that is two witnesses where a header alone is one
//! * a translation: the address that was addressed outside became another one inside
//! * a mail and the session in which it was handed over
//!
//! A join is a conclusion. It changes no fact: it is a fact of its own, with the ids of those it rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::mail::lines;
use super::parts::{BECAUSE, in_order, is_inside};
use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{Chain, Evidence, EvidenceId, EvidenceItem, Flow, InputId, Join, JoinKind, Position, Provenance};
use crate::model::net::{FiveTuple, IpProtocol, unmapped};
use crate::model::record::{Endpoint, Translation, UNNAMED};
use crate::model::time::{Span, Timestamp};

/// Most joins of one kind.
const JOINS: usize = 4096;
/// Clocks that are farther apart are not joined: two days hold every mistake of time zone.
const FARTHEST_NS: i64 = 48 * 3_600 * SECOND;
/// Conversations that must agree on an offset, if it is more than [`NEAR_NS`].
const AGREEING: usize = 3;
/// Clocks of one network are seldom farther apart.
const NEAR_NS: i64 = 300 * SECOND;
/// What is left between two clocks after the offset is taken off: a proxy logs when it is done, an exporter counts in seconds.
const SLACK_NS: i64 = 5 * SECOND;
/// The same for a mail, which may wait in a queue.
const MAIL_SLACK_NS: i64 = 600 * SECOND;
const SECOND: i64 = 1_000_000_000;
/// Ports on which mail is handed over.
const MAIL_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// Everything in `digest` that belongs together, as facts whose ids follow those that are there. Each stands where the last
/// of the facts that it rests on stands.
#[must_use]
pub fn joins(digest: &Digest) -> Vec<EvidenceItem> {
    let items = in_order(digest);
    let (mut found, clocks) = same_conversations(&items);
    found.extend(proxied(&items, digest, &clocks));
    found.extend(translated(&items, digest));
    found.extend(mailed(&items, digest));
    let by_id: BTreeMap<EvidenceId, &EvidenceItem> = items.iter().map(|item| (item.id, *item)).collect();
    let mut next = items.last().map_or(0, |item| item.id.0);
    let numbered = found.into_iter().filter_map(|join| {
        let rests: Vec<&&EvidenceItem> = join.of.iter().filter_map(|id| by_id.get(id)).collect();
        let last = rests.iter().max_by_key(|item| item.from)?;
        next = next.checked_add(1)?;
        Some(EvidenceItem { id: EvidenceId(next), from: last.from, time: last.time, fact: Evidence::Join(Box::new(join)) })
    });
    numbered.collect()
}

/// Offsets between the clocks of two inputs: later minus earlier input, and how many conversations say so.
struct Clocks(BTreeMap<(InputId, InputId), (i64, usize)>);

impl Clocks {
    /// What to add to a time of `from` to get a time of `to`; 0 if it is not known.
    fn between(&self, from: InputId, to: InputId) -> i64 {
        if from <= to { self.0.get(&(from, to)).map_or(0, |o| o.0) } else { self.0.get(&(to, from)).map_or(0, |o| -o.0) }
    }
}

/// Five-tuple with the lower end first: the same for both directions, as Community ID has it.
type Ends = ((IpAddr, u16), (IpAddr, u16), IpProtocol);

fn ends(t: &FiveTuple) -> Ends {
    let (a, b) = ((unmapped(t.src), t.sport), (unmapped(t.dst), t.dport));
    (a.min(b), a.max(b), t.proto)
}

type Sighting<'a> = (&'a EvidenceItem, &'a Flow);

fn same_conversations(items: &[&EvidenceItem]) -> (Vec<Join>, Clocks) {
    let mut seen: BTreeMap<Ends, Vec<Sighting<'_>>> = BTreeMap::new();
    for item in items {
        let Evidence::Flow(flow) = &item.fact else { continue };
        let t = &flow.tuple;
        let named = t.src != UNNAMED && t.dst != UNNAMED && (!t.proto.has_ports() || t.sport != 0 && t.dport != 0);
        if named && item.time.is_known() {
            seen.entry(ends(t)).or_default().push((item, flow));
        }
    }
    // The first sighting of each input.
    let shared: Vec<Vec<Sighting<'_>>> = seen
        .into_values()
        .map(|mut all| {
            all.sort_by_key(|(item, _)| (item.from.input, item.time, item.id));
            all.dedup_by_key(|(item, _)| item.from.input);
            all
        })
        .filter(|all| all.len() > 1)
        .collect();
    let mut differences: BTreeMap<(InputId, InputId), Vec<i64>> = BTreeMap::new();
    for all in &shared {
        for (n, (a, _)) in all.iter().enumerate() {
            for (b, _) in all.iter().skip(n + 1) {
                let apart = b.time.since(a.time);
                if apart.saturating_abs() <= FARTHEST_NS {
                    differences.entry((a.from.input, b.from.input)).or_default().push(apart);
                }
            }
        }
    }
    // A five-tuple comes again. A few conversations that agree show an offset; one alone only if it is small.
    let median = |mut all: Vec<i64>| {
        let middle = all.len() / 2;
        let offset = *all.select_nth_unstable(middle).1;
        let agree = all.iter().filter(|apart| apart.saturating_sub(offset).saturating_abs() <= SLACK_NS).count();
        (agree >= AGREEING || offset.saturating_abs() <= NEAR_NS).then_some((offset, agree))
    };
    let clocks = Clocks(differences.into_iter().filter_map(|(pair, all)| Some((pair, median(all)?))).collect());
    let mut out = Vec::new();
    for all in shared.iter().take(JOINS) {
        let Some(((first, flow), others)) = all.split_first() else { continue };
        let agrees = |item: &EvidenceItem| {
            let Some((offset, _)) = clocks.0.get(&(first.from.input, item.from.input)).copied() else { return false };
            item.time.since(first.time).saturating_sub(offset).saturating_abs() <= SLACK_NS
        };
        let together: Vec<&Sighting<'_>> = others.iter().filter(|(item, _)| agrees(item)).collect();
        let Some((last, _)) = together.last() else { continue };
        let (offset, of_how_many) = clocks.0.get(&(first.from.input, last.from.input)).copied().unwrap_or((0, 0));
        let t = &flow.tuple;
        let ports = if t.proto.has_ports() { format!(" ports {} and {}", t.sport, t.dport) } else { String::new() };
        let words = format!(
            "the same conversation in {} inputs: {} {} and {}{ports}; clock offset {} ({of_how_many} agree)",
            together.len() + 1,
            t.proto,
            t.src,
            t.dst,
            seconds(offset),
        );
        let of = std::iter::once(first.id).chain(together.iter().map(|(item, _)| item.id)).collect();
        out.push(join(JoinKind::SameConversation, of, Some(offset), (t.src, Some(t.dst)), words));
    }
    (out, clocks)
}

/// `+0.412 s`.
fn seconds(ns: i64) -> String {
    format!("{:+.3} s", ns as f64 / 1e9)
}

fn join(
    kind: JoinKind,
    mut of: Vec<EvidenceId>,
    offset_ns: Option<i64>,
    (addr, other): (IpAddr, Option<IpAddr>),
    words: String,
) -> Join {
    of.sort_unstable();
    of.dedup();
    of.truncate(BECAUSE);
    Join { kind, of, offset_ns, addr, other, peer: None, words }
}

fn near(span: Span, time: Timestamp, slack: i64) -> bool {
    if !span.first.is_known() || !time.is_known() {
        return false;
    }
    time.0 >= span.first.0.saturating_sub(slack) && time.0 <= span.last.0.saturating_add(slack)
}

/// Inputs on whose facts a conversation rests.
fn inputs_of(c: &Conversation, of: &BTreeMap<EvidenceId, Provenance>) -> BTreeSet<InputId> {
    c.because.iter().filter_map(|id| of.get(id)).map(|from| from.input).collect()
}

/// A chain whose nearest entry is a client in the log of the host that sent the request.
///
/// Anybody can write a header, and a log of somebody else may name anybody at any time. So the peer must stand inside the
/// network (a client from outside does not), the log must begin to name the client when the chain was first seen, and it
/// must not name the peer as a client of its own: then it is the log of the server or of another site.
fn proxied(items: &[&EvidenceItem], digest: &Digest, clocks: &Clocks) -> Vec<Join> {
    let places: BTreeMap<EvidenceId, Provenance> = items.iter().map(|item| (item.id, item.from)).collect();
    let by_ends: BTreeMap<(IpAddr, IpAddr), &Conversation> =
        digest.conversations.iter().map(|c| ((unmapped(c.origin), unmapped(c.target)), c)).collect();
    let mut out = Vec::new();
    for item in items {
        let Evidence::Chain(chain) = &item.fact else { continue };
        let Some(client) = nearest(chain) else { continue };
        let peer = unmapped(chain.peer);
        if out.len() >= JOINS {
            break;
        }
        if !is_inside(peer) || client == peer {
            continue;
        }
        let logged = [UNNAMED, peer].into_iter().filter_map(|target| by_ends.get(&(client, target)));
        let vouches = |c: &&&Conversation| {
            let inputs = inputs_of(c, &places);
            let Some(&log) = inputs.iter().find(|input| **input != item.from.input) else { return false };
            let own = by_ends.get(&(peer, UNNAMED)).is_none_or(|of_peer| inputs_of(of_peer, &places).is_disjoint(&inputs));
            let time = Timestamp(item.time.0.saturating_add(clocks.between(item.from.input, log)));
            own && c.trust.may_be_origin() && near(Span::at(c.seen.first), time, SLACK_NS)
        };
        let Some(c) = logged.filter(|c| vouches(c)).min_by_key(|c| c.target != UNNAMED) else { continue };
        let words = format!(
            "{peer}, which stands inside, named {client} to {} in {}, and a log of another input that names no such client as {peer} \
             begins to name {client} within 5 s of it",
            chain.server,
            chain.kind.as_str()
        );
        let of = std::iter::once(item.id).chain(c.because.iter().copied()).collect();
        out.push(join(JoinKind::Proxied, of, None, (chain.peer, Some(client)), words));
    }
    out
}

/// The entry that the peer itself wrote: the rightmost one.
pub(super) fn nearest(chain: &Chain) -> Option<IpAddr> {
    let writes = !chain.kind.leads_on()
        && !matches!(chain.kind, crate::model::evidence::ChainKind::Via | crate::model::evidence::ChainKind::SipVia);
    chain.entries.last().filter(|_| writes)?.addr.map(unmapped)
}

/// Translations of a destination or a source, with the conversations on both sides.
fn translated(items: &[&EvidenceItem], digest: &Digest) -> Vec<Join> {
    let mut by_ends: BTreeMap<(IpAddr, IpAddr), Vec<&Conversation>> = BTreeMap::new();
    for c in &digest.conversations {
        by_ends.entry((unmapped(c.origin), unmapped(c.target))).or_default().push(c);
    }
    let mut told: BTreeSet<(IpAddr, IpAddr, IpAddr)> = BTreeSet::new();
    let mut out = Vec::new();
    for item in items {
        let Evidence::Translation(t) = &item.fact else { continue };
        // What a captured datagram tells anybody can have sent: it is shown, and nothing follows from it.
        if matches!(item.from.at, Position::Frame { .. }) {
            continue;
        }
        let Translation { src, dst, .. } = t.as_ref();
        for ((before, after), peer, is_target) in [(dst, src.0, true), (src, dst.0, false)] {
            if before.addr == after.addr || out.len() >= JOINS || !told.insert((before.addr, after.addr, peer.addr)) {
                continue;
            }
            let between = |a: Endpoint, b: Endpoint| {
                let pair = if is_target { (b.addr, a.addr) } else { (a.addr, b.addr) };
                let same_port = move |c: &&Conversation| !is_target || a.port == 0 || c.port == 0 || a.port == c.port;
                let same_time = |c: &&Conversation| near(c.seen, item.time, NEAR_NS);
                let all = by_ends.get(&(unmapped(pair.0), unmapped(pair.1))).into_iter().flatten().copied();
                all.filter(same_port).filter(same_time)
            };
            let because: Vec<EvidenceId> =
                between(*before, peer).chain(between(*after, peer)).flat_map(|c| c.because.iter().copied()).collect();
            if because.is_empty() {
                continue;
            }
            let side = if is_target { "destination" } else { "source" };
            let words = format!("{side} {} was rewritten to {}", before.addr, after.addr);
            let of = std::iter::once(item.id).chain(because).collect();
            let found = join(JoinKind::Translated, of, None, (after.addr, Some(before.addr)), words);
            out.push(Join { peer: Some(unmapped(peer.addr)), ..found });
        }
    }
    out
}

/// Who handed the mail to the server that wrote the topmost line, and the conversation in another input that shows it. Lines
/// further down may be forged, and would tie anybody to the mail.
fn mailed(items: &[&EvidenceItem], digest: &Digest) -> Vec<Join> {
    let places: BTreeMap<EvidenceId, Provenance> = items.iter().map(|item| (item.id, item.from)).collect();
    let mut by_client: BTreeMap<IpAddr, Vec<&Conversation>> = BTreeMap::new();
    for c in digest.conversations.iter().filter(|c| MAIL_PORTS.contains(&c.port)) {
        let of_client = by_client.entry(unmapped(c.origin)).or_default();
        if of_client.len() < BECAUSE {
            of_client.push(c);
        }
    }
    let mut out = Vec::new();
    for item in items {
        let Evidence::Mail(mail) = &item.fact else { continue };
        if out.len() >= JOINS {
            break;
        }
        let top = lines(mail, item.time).into_iter().find(|line| line.addr.is_some());
        let Some((client, time, server)) = top.and_then(|r| Some((unmapped(r.addr?), r.time?, r.by_addr.map(unmapped)))) else {
            continue;
        };
        let matching = by_client.get(&client).into_iter().flatten().filter(|c| {
            (c.target == UNNAMED || server.is_none_or(|s| s == unmapped(c.target))) && near(c.seen, time, MAIL_SLACK_NS)
        });
        let elsewhere = |id: &EvidenceId| places.get(id).is_some_and(|from| from.input != item.from.input);
        let because: Vec<EvidenceId> = matching.flat_map(|c| c.because.iter().copied()).filter(elsewhere).collect();
        if because.is_empty() {
            continue;
        }
        let words = format!(
            "a mail ({}) says that {client} handed it over at {time}, and a conversation of {client} on a mail port in another input \
             shows it",
            mail.message_id.as_deref().unwrap_or("without a Message-ID")
        );
        let of = std::iter::once(item.id).chain(because).collect();
        out.push(join(JoinKind::Mailed, of, None, (client, server), words));
    }
    out
}
