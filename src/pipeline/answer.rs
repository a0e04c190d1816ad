//! Digest to located paths with their touches: hops, locate, paths and jurisdiction, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::Error;
use crate::hops;
use crate::jurisdiction::notices::Ledger;
use crate::jurisdiction::{Law, LawOfTheDay, PathLaws, VictimEnd, touch_path};
use crate::locate::{Locator, Query, RttBound};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, InputId, Name, Position, Provenance};
use crate::model::hop::Hop;
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, Finding};
use crate::model::place::Placement;
use crate::model::record::UNNAMED;
use crate::model::route::Route;
use crate::model::time::{Day, Timestamp};
use crate::paths::build::{Bound, build};
use crate::paths::question::Question;
use crate::paths::rank::{Ranked, Subject, rank};
use crate::source::names::NamesFile;

/// Where the sensor stands, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SensorPlace {
    /// North.
    pub lat: f32,
    /// East.
    pub lon: f32,
}

/// What the analyst wants to know.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// In words.
    pub text: String,
    /// Which paths.
    pub question: Question,
    /// Proxies whose headers are believed.
    pub trusted: Vec<IpNet>,
    /// State of the victim.
    pub victim_state: Option<StateCode>,
    /// State whose authorities would ask others.
    pub requesting: Option<StateCode>,
    /// Notices and what came of them.
    pub practice: Ledger,
    /// Lines of the ledger that could not be read, and are not in it.
    pub practice_damaged: usize,
    /// Day on which law is read.
    pub on: Option<Day>,
    /// Where the sensor stands.
    pub sensor: Option<SensorPlace>,
    /// Ask the resolver for names?
    pub resolve: bool,
}

/// Asks for the reverse names of addresses.
pub type Resolve<'a> = dyn Fn(&[IpAddr]) -> Vec<Name> + 'a;

/// A resolver that may be asked.
#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    /// Asks it.
    pub ask: &'a Resolve<'a>,
    /// Its place in the list of inputs: it follows captures and names files.
    pub input: InputId,
}

impl<'a> Resolver<'a> {
    /// A resolver that stands behind `inputs` other inputs.
    #[must_use]
    pub fn new(ask: &'a Resolve<'a>, inputs: usize) -> Self {
        Self { ask, input: InputId(u16::try_from(inputs).unwrap_or(u16::MAX)) }
    }
}

/// What answers rest on.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where addresses are.
    pub locator: &'a Locator,
    /// What the law is.
    pub law: &'a Law,
    /// The resolver, if it may be asked.
    pub resolve: Option<Resolver<'a>>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The findings shown, by rank.
    pub paths: Vec<AttackPath>,
    /// How many there were.
    pub found: usize,
    /// Day on which law was read; `None` without a packet and without `--on`.
    pub on: Option<Day>,
    /// What the resolver said: facts that hops rest on as on those of the digest, with ids that go on from there. The
    /// place of an answer is its number; it has no bytes, so the offset is 0. Dated with the last packet.
    pub resolved: Vec<EvidenceItem>,
}

impl Answer {
    /// The fact with this id, of `digest` (from which this answer was made) or of the resolver.
    #[must_use]
    pub fn item<'a>(&'a self, digest: &'a Digest, id: EvidenceId) -> Option<&'a EvidenceItem> {
        digest.item(id).or_else(|| self.resolved.iter().find(|item| item.id == id))
    }
}

/// The law inside the program.
///
/// # Errors
/// None in a program whose tests pass.
pub fn law() -> Result<&'static Law, Error> {
    Law::shipped().map_err(|e| Error::Data(e.to_string()))
}

/// Adds names out of files to the facts. A file has no time: its names count for the whole run and are dated with
/// the first packet. `inputs` is the number of captures: names files follow them in the list of inputs.
pub fn add_names(digest: &mut Digest, files: &[NamesFile], inputs: usize, first: Option<Timestamp>) {
    for (number, file) in (inputs..).zip(files) {
        let input = InputId(u16::try_from(number).unwrap_or(u16::MAX));
        for (at, name) in &file.names {
            let Ok(id) = u32::try_from(digest.items.len() + 1) else { return };
            let from = Provenance { input, at: *at };
            let fact = Evidence::Name(name.clone());
            digest.items.push(EvidenceItem { id: EvidenceId(id), from, time: first.unwrap_or_default(), fact });
        }
    }
}

/// The answer to `ask` out of `digest`. `last` is the time of the last packet.
#[must_use]
pub fn answer(digest: &Digest, last: Option<Timestamp>, ask: &Ask, means: &Means<'_>) -> Answer {
    let tables = means.locator.tables();
    // Evidence without any time is read with the law of the tables' day; the report says so.
    let undated = (!digest.items.is_empty()).then(|| tables.as_of());
    let on = ask.on.or(last.map(Timestamp::day)).or(undated);
    let Some(day) = on else { return Answer::default() };
    let trusted = |addr: IpAddr| ask.trusted.iter().any(|net| net.contains(&addr));
    let mut traces = hops::traces(digest);
    traces.extend(hops::written(digest));
    let joins = hops::Joins::of(digest);
    let mut chains = hops::chains(digest, &joins, &trusted);
    chains.extend(hops::mails(digest, &trusted));
    chains.iter_mut().for_each(|route| joins.enrich(route, &traces));
    let ranking = rank(digest, &traces, &chains, &ask.question, &|a| tables.state(a), &|a| tables.row(a).and_then(|r| r.asn));
    let mut routes: Vec<(Route, Finding)> =
        ranking.subjects.into_iter().filter_map(|ranked| route(digest, &joins, &traces, &chains, ranked)).collect();
    let announced = hops::Routes::of(digest);
    routes.iter_mut().flat_map(|(route, _)| &mut route.hops).for_each(|hop| announced.tell(hop));
    let resolved = match means.resolve {
        Some(resolver) => resolve_names(&mut routes, resolver, digest.items.len(), last.unwrap_or_default()),
        None => Vec::new(),
    };
    let mut law = LawOfTheDay::new(&means.law.book, day);
    let mut laws = PathLaws::new(means.law, day, ask.requesting.or(ask.victim_state));
    let is_victim = |addr: IpAddr| ask.question.names_victim(addr);
    let victim = if ask.question.victims.is_empty() { VictimEnd::Target } else { VictimEnd::Given(&is_victim) };
    let paths = routes.into_iter().map(|(route, finding)| {
        let mut place = |hop: &Hop, bounds: &[Bound]| place(hop, bounds, day, ask.sensor, means.locator);
        let mut path = build(route, finding, &ask.question, &mut place);
        touch_path(&mut path, ask.victim_state, victim, &mut law);
        ask.practice.tell(&mut path, day);
        path.law = laws.of(&path);
        path
    });
    Answer { paths: paths.collect(), found: ranking.found, on, resolved }
}

fn route(
    digest: &Digest,
    joins: &hops::Joins<'_>,
    traces: &[Route],
    chains: &[Route],
    ranked: Ranked,
) -> Option<(Route, Finding)> {
    let route = match ranked.subject {
        Subject::Trace(i) => traces.get(i).cloned(),
        Subject::Chain(i) => chains.get(i).cloned(),
        Subject::Conversation(i) => digest.conversations.get(i).map(|c| {
            let mut route = hops::conversation(digest, c, traces);
            hops::listed(digest, &mut route);
            joins.enrich(&mut route, traces);
            route
        }),
        Subject::Flood(i) => digest.floods.get(i).map(|f| hops::flood(digest, f)),
        Subject::Scan(i) => digest.scans.get(i).map(|s| hops::scan(digest, s)),
    };
    route.map(|mut route| {
        unname(digest, &mut route);
        if let Some(origin) = route.hops.first_mut() {
            origin.because.extend(ranked.because);
            origin.because.sort_unstable();
            origin.because.dedup();
        }
        (route, ranked.finding)
    })
}

/// A host that wrote a record and is not named in it has no address. Packets of `::` (RFC 4862 5.4.2) are another thing.
fn unname(digest: &Digest, route: &mut Route) {
    let in_packets = |hop: &Hop| {
        let facts = hop.because.iter().filter_map(|id| digest.item(*id));
        facts.into_iter().any(|item| matches!(&item.fact, Evidence::Flow(flow) if !flow.recorded))
    };
    for hop in route.hops.iter_mut().filter(|hop| hop.addr == Some(UNNAMED) && !in_packets(hop)) {
        hop.addr = None;
        hop.remarks.push("the host that wrote the record; no record names its address".to_owned());
    }
    route.origin = route.origin.filter(|origin| *origin != UNNAMED);
}

/// Puts together what belongs together. To be called once, when all facts are there.
pub fn join(digest: &mut Digest) {
    let joins = hops::joins(digest);
    digest.items.extend(joins);
}

/// Round trips are the sensor's: a probe and its answer pass it, so what lies between them is the way from the sensor
/// to the hop and back, whoever probed.
fn place(hop: &Hop, bounds: &[Bound], on: Day, sensor: Option<SensorPlace>, locator: &Locator) -> Option<Placement> {
    let addr = hop.addr?;
    let mut all: Vec<RttBound> =
        bounds.iter().map(|b| RttBound { lat: f64::from(b.lat), lon: f64::from(b.lon), rtt_ns: b.rtt_ns }).collect();
    if let (Some(sensor), Some(&rtt_ns)) = (sensor, hop.rtts.iter().min()) {
        all.push(RttBound { lat: f64::from(sensor.lat), lon: f64::from(sensor.lon), rtt_ns });
    }
    Some(locator.locate(&Query { addr, role: hop.role, names: &hop.names, rtt_bounds: &all, on }))
}

/// Asks once for all nameless hops, and only for those that the report shows. What comes back are facts like all
/// others, numbered on from the `known` ones.
fn resolve_names(routes: &mut [(Route, Finding)], resolver: Resolver<'_>, known: usize, time: Timestamp) -> Vec<EvidenceItem> {
    let nameless = |h: &&Hop| h.names.is_empty();
    let wanted: BTreeSet<IpAddr> = routes.iter().flat_map(|(r, _)| &r.hops).filter(nameless).filter_map(|h| h.addr).collect();
    let asked: Vec<IpAddr> = wanted.iter().copied().collect();
    let mut items = Vec::new();
    let mut found: BTreeMap<IpAddr, Vec<(EvidenceId, Name)>> = BTreeMap::new();
    for name in (resolver.ask)(&asked).into_iter().filter(|name| wanted.contains(&name.addr)) {
        let Ok(id) = u32::try_from(known + items.len() + 1).map(EvidenceId) else { break };
        let at = Position::Line { line: items.len() as u64 + 1, offset: 0 };
        found.entry(name.addr).or_default().push((id, name.clone()));
        items.push(EvidenceItem { id, from: Provenance { input: resolver.input, at }, time, fact: Evidence::Name(name) });
    }
    for hop in routes.iter_mut().flat_map(|(r, _)| &mut r.hops).filter(|h| h.names.is_empty()) {
        for (id, name) in hop.addr.and_then(|addr| found.get(&addr)).into_iter().flatten() {
            hop.names.push(name.clone());
            // New ids are the largest: the list stays sorted.
            hop.because.push(*id);
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::{NameHow, SourceTrust};
    use crate::model::hop::{HopRole, Knowledge};
    use crate::model::route::RouteSource;
    use crate::model::time::Span;

    fn hop(addr: [u8; 4], because: &[u32]) -> Hop {
        Hop {
            rank: 0,
            ttl: None,
            addr: Some(addr.into()),
            role: HopRole::Transit,
            kind: Knowledge::Observed,
            seen: None,
            rtts: Vec::new(),
            mpls: Vec::new(),
            names: Vec::new(),
            remarks: Vec::new(),
            because: because.iter().map(|&n| EvidenceId(n)).collect(),
        }
    }

    #[test]
    fn a_resolved_name_is_evidence_with_an_id_and_a_place() {
        let name = |addr: [u8; 4], name: &str| Name { addr: addr.into(), name: name.into(), how: NameHow::Resolved, ttl_s: None };
        let (a, b, c) = ([192, 0, 2, 1], [192, 0, 2, 2], [192, 0, 2, 3]);
        let mut named = hop(b, &[2]);
        named.names.push(name(b, "known.example"));
        let route = Route {
            source: RouteSource::Traceroute,
            origin: None,
            trust: SourceTrust::Echoed,
            target: a.into(),
            seen: Span::at(Timestamp(0)),
            hops: vec![hop(a, &[1]), named, hop(a, &[3])],
            segments: Vec::new(),
            complete: true,
            remarks: Vec::new(),
        };
        let mut routes = vec![(route, Finding { kind: "traceroute", score: 1.0, reason: String::new() })];
        // Also answers what nobody asked.
        let ask = |asked: &[IpAddr]| {
            assert_eq!(asked, [IpAddr::from(a)]);
            vec![name(c, "unasked.example"), name(a, "a.example")]
        };
        let items = resolve_names(&mut routes, Resolver::new(&ask, 4), 3, Timestamp(7));
        assert_eq!(items.len(), 1);
        let item = items.first().unwrap();
        assert_eq!((item.id, item.from.input, item.time), (EvidenceId(4), InputId(4), Timestamp(7)));
        assert_eq!(item.from.at, Position::Line { line: 1, offset: 0 });
        let because: Vec<Vec<u32>> = routes[0].0.hops.iter().map(|h| h.because.iter().map(|e| e.0).collect()).collect();
        assert_eq!(because, [vec![1, 4], vec![2], vec![3, 4]]);
        let found = Answer { resolved: items, ..Answer::default() };
        assert!(found.item(&Digest::default(), EvidenceId(4)).is_some());
        assert!(found.item(&Digest::default(), EvidenceId(3)).is_none());
    }
}
