//! Digest to located paths with their touches: hops, locate, paths and jurisdiction, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::Error;
use crate::hops;
use crate::jurisdiction::{LawOfTheDay, RuleBook, VictimEnd, touch_path};
use crate::locate::{Locator, Query, RttBound};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, InputId, Name, Provenance};
use crate::model::hop::Hop;
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, Finding};
use crate::model::place::Placement;
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
    /// Day on which law is read.
    pub on: Option<Day>,
    /// Where the sensor stands.
    pub sensor: Option<SensorPlace>,
    /// Ask the resolver for names?
    pub resolve: bool,
}

/// Asks for the reverse names of addresses.
pub type Resolve<'a> = dyn Fn(&[IpAddr]) -> Vec<Name> + 'a;

/// What answers rest on.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where addresses are.
    pub locator: &'a Locator,
    /// What the law is.
    pub book: &'a RuleBook,
    /// The resolver, if it may be asked.
    pub resolve: Option<&'a Resolve<'a>>,
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
}

/// The rule book inside the program.
///
/// # Errors
/// None in a program whose tests pass.
pub fn rule_book() -> Result<&'static RuleBook, Error> {
    RuleBook::shipped().map_err(|e| Error::Data(e.to_string()))
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
    let on = ask.on.or(last.map(Timestamp::day));
    let Some(day) = on else { return Answer::default() };
    let trusted = |addr: IpAddr| ask.trusted.iter().any(|net| net.contains(&addr));
    let traces = hops::traces(digest);
    let chains = hops::chains(digest, &trusted);
    let tables = means.locator.tables();
    let ranking = rank(digest, &traces, &chains, &ask.question, &|a| tables.state(a), &|a| tables.row(a).and_then(|r| r.asn));
    let mut routes: Vec<(Route, Finding)> =
        ranking.subjects.into_iter().filter_map(|ranked| route(digest, &traces, &chains, ranked)).collect();
    if let Some(resolve) = means.resolve {
        resolve_names(&mut routes, resolve);
    }
    let mut law = LawOfTheDay::new(means.book, day);
    let is_victim = |addr: IpAddr| ask.question.names_victim(addr);
    let victim = if ask.question.victims.is_empty() { VictimEnd::Target } else { VictimEnd::Given(&is_victim) };
    let paths = routes.into_iter().map(|(route, finding)| {
        let mut place = |hop: &Hop, bounds: &[Bound]| place(hop, bounds, day, ask.sensor, means.locator);
        let mut path = build(route, finding, &ask.question, &mut place);
        touch_path(&mut path, ask.victim_state, victim, &mut law);
        path
    });
    Answer { paths: paths.collect(), found: ranking.found, on }
}

fn route(digest: &Digest, traces: &[Route], chains: &[Route], ranked: Ranked) -> Option<(Route, Finding)> {
    let route = match ranked.subject {
        Subject::Trace(i) => traces.get(i).cloned(),
        Subject::Chain(i) => chains.get(i).cloned(),
        Subject::Conversation(i) => digest.conversations.get(i).map(|c| hops::conversation(digest, c, traces)),
        Subject::Flood(i) => digest.floods.get(i).map(|f| hops::flood(digest, f)),
        Subject::Scan(i) => digest.scans.get(i).map(|s| hops::scan(digest, s)),
    };
    route.map(|route| (route, ranked.finding))
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

/// Asks once for all nameless hops, and only for those that the report shows.
fn resolve_names(routes: &mut [(Route, Finding)], resolve: &Resolve<'_>) {
    let nameless = |h: &&Hop| h.names.is_empty();
    let wanted: BTreeSet<IpAddr> = routes.iter().flat_map(|(r, _)| &r.hops).filter(nameless).filter_map(|h| h.addr).collect();
    let wanted: Vec<IpAddr> = wanted.into_iter().collect();
    let mut found: BTreeMap<IpAddr, Vec<Name>> = BTreeMap::new();
    for name in resolve(&wanted) {
        found.entry(name.addr).or_default().push(name);
    }
    for hop in routes.iter_mut().flat_map(|(r, _)| &mut r.hops).filter(|h| h.names.is_empty()) {
        if let Some(names) = hop.addr.and_then(|addr| found.get(&addr)) {
            hop.names.clone_from(names);
        }
    }
}
