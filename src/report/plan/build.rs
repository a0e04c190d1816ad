//! Report and law to plan: what of the report can be asked about, and the order of the requests.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ask::{amended, is_within_one_state};
use super::orders;
use super::read::{Evidence, Hop, Path, Report, Touch};
use super::records::Records;
use super::request::{is_guessed, notices, request};
use super::words::{OF_REPORT, cited, is_inside, join};
use super::{
    EvidenceRef, FindingRef, Ground, Group, HopRef, InputRef, InstrumentRef, Item, LEAST_P, NO_ADVICE, Named, NotAsked, Order,
    Plan, ReportRef, Request, SCHEMA, Seen, Senders, TableRef, Use, WHO_SENDS, Ways,
};
use crate::model::channel::{AskedData, Channel, Retention};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::Basis;
use crate::model::net::StateCode;
use crate::model::place::Dataset;
use crate::model::time::{Day, Timestamp};
use crate::report::model::{ATTRIBUTION, NON_CLAIM};

/// Conversations that are listed per address and per path; the evidence ids are all there.
pub(super) const MOST_USES: usize = 40;

/// What is asked of the law, and for whom.
pub struct Means<'a> {
    /// Who asks.
    pub requesting: StateCode,
    /// On which day.
    pub on: Day,
    /// Was that day given? Else it is the report's.
    pub on_given: bool,
    /// SHA-256 of the report's file.
    pub sha256: String,
    /// The channels from the requesting state to another on that day, best first; empty if both are one state, or parts of it
    /// that its treaties reach alike.
    pub channels: &'a dyn Fn(StateCode) -> Vec<Channel>,
    /// The orders that the requesting state can send straight to providers on that day: to preserve, then to produce. Empty
    /// where it can send none.
    pub orders: Vec<Channel>,
    /// How long the data that a hop is asked for, of something seen on a day, last in a state.
    pub retention: &'a dyn Fn(StateCode, Day, AskedData) -> Retention,
    /// A state or territory by its own code (`GB` for `UK`), with its name; `None` if the rule book knows no such place.
    pub place: &'a dyn Fn(StateCode) -> Option<Named>,
    /// The title of an instrument.
    pub title: &'a dyn Fn(&str) -> Option<String>,
    /// The requesting state's own bodies.
    pub senders: Option<Senders>,
    /// The state that answers for the requesting territory, where it is not known by whose hands its requests go.
    pub by_way_of: Option<StateCode>,
    /// The rule book.
    pub rule_book: Dataset,
    /// The user's folder that was laid over it.
    pub law_overlay: Option<String>,
}

/// Codes of registries' lists that are no state.
const NO_STATE: [&str; 3] = ["AP", "EU", "ZZ"];

/// Why nothing is asked on a path that is a measurement only.
const MEASURED: &str = "a measurement, no traffic of the incident: nobody is asked on it";

/// What gathers under one request.
pub(super) type Key = (StateCode, Ground, Group);

/// An address while it is gathered.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) asn: Option<u32>,
    pub(super) as_name: Option<String>,
    pub(super) bases: BTreeMap<Basis, f32>,
    pub(super) others: BTreeMap<StateCode, f32>,
    pub(super) hops: Vec<HopRef>,
    pub(super) because: BTreeSet<u32>,
    /// Indices of its paths.
    pub(super) paths: BTreeSet<usize>,
    /// When evidence has it.
    pub(super) seen: Option<Seen>,
    /// When the traffic passed on its paths.
    pub(super) traffic: Option<Seen>,
    pub(super) norm: Option<super::NormRef>,
    pub(super) order: usize,
}

/// What the parts of a plan are made with.
pub(super) struct Making<'a> {
    pub(super) means: &'a Means<'a>,
    pub(super) records: &'a Records<'a>,
    /// Evidence of all hops, by path.
    of_path: Vec<BTreeSet<u32>>,
    channels: BTreeMap<StateCode, Vec<Channel>>,
}

impl Making<'_> {
    pub(super) fn name(&self, state: StateCode) -> String {
        (self.means.place)(state).map_or_else(|| state.to_string(), |n| n.name)
    }

    pub(super) fn channels(&self, to: StateCode) -> &[Channel] {
        self.channels.get(&to).map_or(&[], Vec::as_slice)
    }

    /// Is it the state that asks, or a part of it? Then no other is asked.
    pub(super) fn is_own(&self, state: StateCode) -> bool {
        state == self.means.requesting || self.channels(state).is_empty()
    }

    /// Conversations that name the address, in the evidence of all hops of its paths.
    pub(super) fn uses(&self, addr: IpAddr, paths: &BTreeSet<usize>) -> Vec<Use> {
        let counts = |id| paths.iter().any(|p| self.of_path.get(*p).is_some_and(|of| of.contains(&id)));
        self.records.uses(addr, counts, MOST_USES)
    }
}

/// The plan.
#[must_use]
pub fn build(report: &Report, means: &Means<'_>) -> Plan {
    let mut not_asked = Vec::new();
    let paths = settled(report, means, &mut not_asked);
    let records = Records::of(report);
    let of_path: Vec<BTreeSet<u32>> = paths.iter().map(|p| p.hops.iter().flat_map(|h| &h.because).copied().collect()).collect();
    let mut groups: BTreeMap<Key, BTreeMap<IpAddr, Gathered>> = BTreeMap::new();
    let mut providers = orders::Providers::default();
    let mut order = 0;
    for (n, path) in paths.iter().enumerate() {
        let ends = (path.origin.filter(|_| is_shown(path)).map(|a| records.outside((a, None)).0), public_end(path, &records));
        for (i, hop) in path.hops.iter().enumerate() {
            order += 1;
            let provider = if means.orders.is_empty() { None } else { operator(path, i, &records) };
            if let Some((asn, addr)) = provider {
                let found = providers.of(asn, Group::of(hop.role, &path.finding), addr);
                orders::gather(found, (n, path), hop, ends, &records, order);
            }
            match hop.addr.ok_or_else(|| why_silent(path, hop)).and_then(|addr| why_not(path, i, &records).map_or(Ok(addr), Err))
            {
                Ok(addr) => gather(&mut groups, (n, path), (hop, addr), ends, &records, order),
                Err(why) => not_asked.push(skipped(
                    path,
                    hop,
                    match provider {
                        Some((asn, _)) => format!("{why}; it stands in the order to AS{asn}"),
                        None => why,
                    },
                )),
            }
        }
    }
    let states: BTreeSet<StateCode> = groups.keys().map(|(state, ..)| *state).filter(|s| *s != means.requesting).collect();
    let channels = states.into_iter().map(|s| (s, amended((means.channels)(s), !means.orders.is_empty()))).collect();
    let making = Making { means, records: &records, of_path, channels };
    groups.retain(|(state, ..), found| {
        let within = making.channels(*state).iter().any(is_within_one_state);
        if within {
            not_asked.extend(found.iter().flat_map(|(addr, g)| g.hops.iter().map(|h| within_one_state(means, *state, *addr, h))));
        }
        !within
    });
    let notices = notices(&making, &groups);
    let mut requests: Vec<Request> = groups.into_iter().map(|(key, found)| request(&making, key, found)).collect();
    requests.sort_by(|a, b| {
        // What speaks for the victim is kept apart, at the end; where the traffic may not have passed comes after where it did.
        let apart = |r: &Request| r.group == Group::VictimEnd;
        (apart(a), a.retention.first_lost(), is_guessed(a), a.ground)
            .cmp(&(apart(b), b.retention.first_lost(), is_guessed(b), b.ground))
            .then_with(|| b.p.total_cmp(&a.p))
            .then_with(|| (a.state, a.group).cmp(&(b.state, b.group)))
    });
    for (i, request) in requests.iter_mut().enumerate() {
        request.number = i + 1;
    }
    let orders = providers.orders(&making);
    let on_paths: BTreeSet<&String> = (requests.iter().flat_map(|r| &r.items))
        .chain(notices.iter().flat_map(|n| &n.items))
        .chain(items_of(&orders))
        .flat_map(|i| &i.hops)
        .map(|h| &h.path)
        .collect();
    let told = paths.iter().enumerate().filter(|(_, p)| on_paths.contains(&p.id));
    let findings: Vec<FindingRef> = told.map(|(n, p)| finding(&making, n, p)).collect();
    let clocks = records.clocks();
    let named = named(&making, (&orders, &requests, &notices), &not_asked, &findings, report);
    let ways: Vec<Ways> = (making.channels.iter())
        .filter(|(state, all)| !all.is_empty() && requests.iter().any(|r| r.state == **state))
        .map(|(&state, all)| Ways { state, name: making.name(state), channels: all.clone() })
        .collect();
    let named_channels = ways.iter().flat_map(|w| &w.channels).chain(means.orders.iter().filter(|_| !orders.is_empty()));
    let instruments = named_channels.filter_map(|c| c.instrument.clone()).collect::<BTreeSet<_>>();
    let instruments = instruments
        .into_iter()
        .map(|id| InstrumentRef { title: (means.title)(&id).unwrap_or_else(|| id.to_string()), id: id.to_string() })
        .collect();
    let incident = paths.iter().filter_map(|p| p.seen).map(|(first, _)| first.day()).min();
    Plan {
        schema: SCHEMA,
        report: ReportRef {
            sha256: means.sha256.clone(),
            tool: report.tool.clone(),
            on: report.on,
            reproduce: report.reproduce.clone(),
        },
        requesting: Named { state: means.requesting, name: making.name(means.requesting) },
        on: means.on,
        on_given: means.on_given,
        incident,
        rule_book: means.rule_book.clone(),
        law_overlay: means.law_overlay.clone(),
        senders: means.senders.clone(),
        by_way_of: means.by_way_of,
        who_sends: WHO_SENDS,
        inputs: report.inputs.iter().map(input).collect(),
        clocks,
        datasets: tables(report),
        findings,
        orders,
        requests,
        ways,
        instruments,
        notices,
        not_asked,
        evidence: named.into_iter().filter_map(|id| Some(evidence(id, report.evidence.get(&id)?))).collect(),
        warnings: warnings(report, means, incident),
        non_claim: NON_CLAIM,
        no_advice: NO_ADVICE,
        attribution: ATTRIBUTION,
    }
}

/// What the reader of the plan must know beside what the report warns of.
fn warnings(report: &Report, means: &Means<'_>, incident: Option<Day>) -> Vec<String> {
    let mut out = Vec::new();
    if report.law_overlay != means.law_overlay {
        let with =
            |overlay: &Option<String>| overlay.as_ref().map_or("no folder of your own".to_owned(), |o| format!("the folder {o}"));
        out.push(format!(
            "the report was made with {} laid over the rule book, this plan with {}: their law may differ",
            with(&report.law_overlay),
            with(&means.law_overlay)
        ));
    }
    if let Some(book) = report.datasets.iter().find(|d| d.name == "rule-book" && d.sha256 != means.rule_book.sha256) {
        out.push(format!(
            "the report read a rule book of {}, this plan reads one of {} with other contents",
            book.date, means.rule_book.date
        ));
    }
    if let Some(day) = incident.or(report.on).filter(|day| means.on < *day) {
        out.push(format!(
            "the day of asking, {}, is before the incident, {day}: law and days left are those of that earlier day",
            means.on
        ));
    }
    out.extend(report.warnings.iter().map(|w| format!("{OF_REPORT}{w}")));
    out
}

/// Tables that addresses were placed with.
fn tables(report: &Report) -> Vec<TableRef> {
    let places = |name: &str| !name.starts_with("law-overlay") && !matches!(name, "rule-book" | "special-purpose");
    let found = report.datasets.iter().filter(|d| places(&d.name));
    found.map(|d| TableRef { name: d.name.clone(), date: d.date.clone() }).collect()
}

/// The paths with every state under the code that the rule book has it by. A code that is no state's is left out and said.
fn settled(report: &Report, means: &Means<'_>, not_asked: &mut Vec<NotAsked>) -> Vec<Path> {
    let mut places: BTreeMap<StateCode, Option<StateCode>> = BTreeMap::new();
    let mut paths = report.paths.clone();
    for path in &mut paths {
        let id = path.id.clone();
        for hop in &mut path.hops {
            let mut unknown = BTreeSet::new();
            hop.touches.retain_mut(|touch: &mut Touch| {
                if NO_STATE.contains(&touch.state.as_str()) {
                    return false;
                }
                match places.entry(touch.state).or_insert_with(|| (means.place)(touch.state).map(|n| n.state)) {
                    Some(state) => touch.state = *state,
                    None => _ = unknown.insert(touch.state),
                }
                !unknown.contains(&touch.state)
            });
            if let Some(code) = unknown.first() {
                let more = if unknown.len() > 1 { format!(" and {} more codes", unknown.len() - 1) } else { String::new() };
                not_asked.push(NotAsked {
                    path: id.clone(),
                    rank: hop.rank,
                    addr: hop.addr,
                    why: format!("{code}{more}: no state or territory that the rule book knows"),
                    because: words(&hop.because),
                });
            }
        }
    }
    paths
}

fn skipped(path: &Path, hop: &Hop, why: String) -> NotAsked {
    NotAsked { path: path.id.clone(), rank: hop.rank, addr: hop.addr, why, because: words(&hop.because) }
}

fn finding(making: &Making<'_>, n: usize, path: &Path) -> FindingRef {
    let from = path.origin.filter(|_| is_shown(path));
    let to = public_end(path, making.records);
    let mut uses = from.map(|addr| making.uses(addr, &BTreeSet::from([n]))).unwrap_or_default();
    // Evidence of another meeting of the two may support a path; the traffic on it is what went to its end.
    if uses.iter().any(|u| Some(u.peer) == to) {
        uses.retain(|u| Some(u.peer) == to);
    }
    FindingRef {
        path: path.id.clone(),
        finding: path.finding.clone(),
        reason: path.reason.clone(),
        seen: path.seen.map(|(first, last)| Seen { first, last }),
        remarks: path.remarks.clone(),
        from: from.map(|a| making.records.outside((a, None)).0),
        to,
        uses,
    }
}

/// Numbers of all evidence that is named somewhere.
fn named(
    making: &Making<'_>,
    (orders, requests, notices): (&[Order], &[Request], &[super::Notice]),
    not_asked: &[NotAsked],
    findings: &[FindingRef],
    report: &Report,
) -> BTreeSet<u32> {
    let items = || requests.iter().flat_map(|r| &r.items).chain(notices.iter().flat_map(|n| &n.items)).chain(items_of(orders));
    let uses: Vec<&Use> = items().flat_map(|i| &i.uses).chain(findings.iter().flat_map(|f| &f.uses)).collect();
    let clocks = uses.iter().map(|u| u.input).chain(uses.iter().flat_map(|u| &u.also).map(|a| a.input));
    let clocks: BTreeSet<u32> = clocks.filter_map(|input| making.records.because_of_clock(input)).collect();
    let number = |id: &String| id.get(1..)?.parse().ok();
    let named: BTreeSet<u32> = (requests.iter().flat_map(|r| &r.because))
        .chain(orders.iter().flat_map(|o| &o.because))
        .chain(notices.iter().flat_map(|n| &n.because))
        .chain(not_asked.iter().flat_map(|n| &n.because))
        .chain(uses.iter().map(|u| &u.because))
        .chain(uses.iter().flat_map(|u| &u.also).map(|a| &a.because))
        .filter_map(number)
        .chain(clocks)
        .collect();
    with_cited(named, report)
}

/// A piece of evidence that was put together from others is read with those.
fn with_cited(mut named: BTreeSet<u32>, report: &Report) -> BTreeSet<u32> {
    let mut open: Vec<u32> = named.iter().copied().collect();
    while let Some(id) = open.pop() {
        let cited = report.evidence.get(&id).map(|e| cited(&e.kind, &e.what)).unwrap_or_default();
        let new = cited.into_iter().filter(|id| report.evidence.contains_key(id));
        open.extend(new.filter(|id| named.insert(*id)));
    }
    named
}

fn items_of(orders: &[Order]) -> impl Iterator<Item = &Item> {
    orders.iter().flat_map(|o| &o.parts).flat_map(|p| &p.items)
}

fn input(input: &super::read::Input) -> InputRef {
    let name = input.path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("(no name)");
    InputRef { name: name.to_owned(), sha256: input.sha256.clone(), format: input.format.clone() }
}

fn evidence(id: u32, e: &Evidence) -> EvidenceRef {
    EvidenceRef {
        id: format!("e{id}"),
        kind: e.kind.clone(),
        input: e.input,
        at: e.at.clone(),
        time: e.time,
        what: e.what.clone(),
    }
}

pub(super) fn words<'a>(ids: impl IntoIterator<Item = &'a u32>) -> Vec<String> {
    ids.into_iter().map(|id| format!("e{id}")).collect()
}

/// Beginning of the reason why nothing is asked between parts of one state.
pub(super) const WITHIN: &str = "within one state";

/// A hop in another part of the state that asks, with law of its own: no other state is asked, and no letter is written.
fn within_one_state(means: &Means<'_>, state: StateCode, addr: IpAddr, hop: &HopRef) -> NotAsked {
    let why = format!(
        "{WITHIN}, {state} and {}: its own authorities, or by way of the state that answers for it; the arrangement is not in the \
         tables",
        means.requesting
    );
    NotAsked { path: hop.path.clone(), rank: hop.rank, addr: Some(addr), why, because: hop.because.clone() }
}

/// Why a hop without an address gives no request.
fn why_silent(path: &Path, hop: &Hop) -> String {
    if path.finding == "traceroute" {
        return MEASURED.into();
    }
    if hop.kind == Knowledge::Asserted {
        return "asserted by a header only, and without an address".into();
    }
    if hop.role == HopRole::Origin {
        let why = path.withheld.as_deref().unwrap_or("its source address is not proved");
        return format!("origin withheld: {why}");
    }
    "silent: no address to ask about".into()
}

/// Why a hop with an address gives none, if it does not.
fn why_not(path: &Path, at: usize, records: &Records<'_>) -> Option<String> {
    why_nobody(path, at, records).or_else(|| path.hops.get(at).and_then(why_no_state))
}

/// The provider of a hop that can be ordered to keep what it has, and the address: its operator is known, and the address is
/// found from outside its network. What the addressed end holds is no provider's to hand over behind its back.
fn operator(path: &Path, at: usize, records: &Records<'_>) -> Option<(u32, IpAddr)> {
    let hop = path.hops.get(at).filter(|h| h.role != HopRole::Target)?;
    let addr = hop.addr.filter(|a| !is_inside(*a) && why_nobody(path, at, records).is_none())?;
    let special = hop.why_unplaced.as_deref().is_some_and(|why| why.starts_with("special-purpose"));
    let asn = hop.asn.filter(|asn| *asn != 0 && !special)?;
    Some((asn, addr))
}

/// Why nobody at all is asked about a hop with an address.
fn why_nobody(path: &Path, at: usize, records: &Records<'_>) -> Option<String> {
    let hop = path.hops.get(at)?;
    if path.finding == "traceroute" {
        return Some(MEASURED.into());
    }
    if hop.kind == Knowledge::Asserted {
        return Some("asserted by a header only: no evidence vouches for it".into());
    }
    if hop.because.is_empty() {
        return Some("the claim has no evidence: nothing is asked on it".into());
    }
    if let Some(why) = hop.why_unplaced.as_deref().filter(|w| w.starts_with("spoofed")) {
        return Some(why.to_owned());
    }
    if hop.role == HopRole::Origin && !is_shown(path) {
        return Some(format!("source address not proved ({}): it may be forged", path.trust));
    }
    own_device(path, at, records)
}

/// Why no state is asked about it.
fn why_no_state(hop: &Hop) -> Option<String> {
    // Whatever a report or somebody's own tables say: such an address is in many networks at once, and found in none from outside.
    if hop.addr.is_some_and(is_inside) && !grounds(hop).is_empty() {
        return Some(
            "an address of special purpose (private, shared, loopback or link-local): nobody outside its network can find it, and no \
             state is asked about it"
                .into(),
        );
    }
    if grounds(hop).is_empty() {
        return Some(hop.why_unplaced.clone().unwrap_or_else(|| "no state is known that could be asked".into()));
    }
    None
}

/// A device that rewrites for the addressed end: what stood behind it is known, or is known there.
fn own_device(path: &Path, at: usize, records: &Records<'_>) -> Option<String> {
    const KEEP: &str = "the device of the addressed end: its own logs are to be kept there";
    let hop = path.hops.get(at).filter(|h| h.role == HopRole::Translator)?;
    let told =
        hop.because.iter().find_map(|&id| Some((id, records.rewritten(id).filter(|(outer, _)| Some(outer.0) == hop.addr)?)));
    if let Some((id, (_, (inner, port)))) = told {
        let port = port.map(|n| format!(" port {n}")).unwrap_or_default();
        return Some(format!("already known: e{id} says what stood behind it ({inner}{port}); {KEEP}"));
    }
    let next = path.hops.iter().skip(at + 1).filter(|h| h.kind != Knowledge::Asserted).find_map(|h| h.addr)?;
    is_inside(next).then(|| format!("stands directly before an inside address ({next}): {KEEP}"))
}

/// Is the origin's address believed?
fn is_shown(path: &Path) -> bool {
    matches!(path.trust.as_str(), "proved" | "echoed")
}

/// Where the path ends for somebody outside: before the device that rewrote the address of the target.
fn public_end(path: &Path, records: &Records<'_>) -> Option<IpAddr> {
    let target = path.target?;
    if !is_inside(target) {
        return Some(target);
    }
    let device = path.hops.iter().rev().filter(|h| h.role == HopRole::Translator).find_map(|h| h.addr.filter(|a| !is_inside(*a)));
    let inner = || {
        let hops = path.hops.iter().rev().filter(|h| h.kind != Knowledge::Asserted).filter_map(|h| h.addr);
        hops.filter(|a| is_inside(*a)).map(|a| records.outside((a, None)).0).find(|a| !is_inside(*a))
    };
    device.or_else(inner)
}

/// The states that can be asked about a hop: on which ground, and with which probability.
fn grounds(hop: &Hop) -> BTreeMap<StateCode, (Ground, f32)> {
    let mut out: BTreeMap<StateCode, (Ground, f32)> = BTreeMap::new();
    for touch in &hop.touches {
        let ground = match touch.basis {
            Basis::Territory | Basis::Flag if touch.p >= LEAST_P => Ground::Territory,
            // What the victim's own provider keeps, the victim can ask for without a state.
            Basis::OperatorSeat | Basis::Registration if hop.role != HopRole::Target => Ground::Operator,
            _ => continue,
        };
        let best = out.entry(touch.state).or_insert((ground, touch.p));
        if (ground, -touch.p) < (best.0, -best.1) {
            *best = (ground, touch.p);
        }
    }
    out
}

fn gather(
    groups: &mut BTreeMap<Key, BTreeMap<IpAddr, Gathered>>,
    (n, path): (usize, &Path),
    (hop, addr): (&Hop, IpAddr),
    (from, to): (Option<IpAddr>, Option<IpAddr>),
    records: &Records<'_>,
    order: usize,
) {
    let group = Group::of(hop.role, &path.finding);
    let grounds = grounds(hop);
    for (&state, &(ground, share)) in &grounds {
        let into = groups.entry((state, ground, group)).or_default().entry(addr).or_default();
        for touch in hop.touches.iter().filter(|t| t.state == state && t.basis != Basis::Victim) {
            let best = into.bases.entry(touch.basis).or_insert(touch.p);
            *best = best.max(touch.p);
            into.norm = into.norm.take().or_else(|| touch.norm.clone());
        }
        for (&other, &(_, p)) in grounds.iter().filter(|(s, (g, _))| **s != state && *g == Ground::Territory) {
            let best = into.others.entry(other).or_insert(p);
            *best = best.max(p);
        }
        into.add((n, path), hop, (from, to), records, (order, share));
    }
}

impl Gathered {
    /// A hop at which the address stands; `share` is the probability of what gathers it.
    pub(super) fn add(
        &mut self,
        (n, path): (usize, &Path),
        hop: &Hop,
        (from, to): (Option<IpAddr>, Option<IpAddr>),
        records: &Records<'_>,
        (order, share): (usize, f32),
    ) {
        if self.order == 0 {
            self.order = order;
        }
        self.asn = self.asn.or(hop.asn);
        self.as_name = self.as_name.take().or_else(|| hop.as_name.clone());
        self.because.extend(&hop.because);
        self.paths.insert(n);
        let times: Vec<Timestamp> = hop.because.iter().filter_map(|id| records.sighted(*id)).collect();
        times.iter().for_each(|&time| self.seen = join(self.seen, time, time));
        if let Some((first, last)) = path.seen {
            self.traffic = join(self.traffic, first, last);
            // Evidence is a sample of what a finding sums up. A router that answered a probe did so at its own time.
            if !times.is_empty() && hop.role != HopRole::Transit {
                self.seen = join(self.seen, first, last);
            }
        }
        self.hops.push(HopRef {
            path: path.id.clone(),
            finding: path.finding.clone(),
            rank: hop.rank,
            role: hop.role,
            kind: hop.kind,
            remarks: hop.remarks.clone(),
            from,
            to,
            p: share,
            because: words(&hop.because),
        });
    }
}
