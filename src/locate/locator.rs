//! One address, one answer: the order in which sources are asked, and what overrides what.
//!
//! Special-purpose, then anycast, then the cloud operator's own region, then the router's name, then the fused table
//! by role together with the user's databases, then round-trip times as exclusion. What was heard but overruled stays
//! in `sources` with weight 0, so that a report can show disagreement. Continuity between neighbours is the work of
//! stage `paths`; it finds here every candidate with its probability and, where a source supports one, its point.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use super::airports::Spot;
use super::confidence;
use super::embedded::{ANYCAST, CLOUD_REGIONS, JURISDICTION_V4, JURISDICTION_V6, ROUTER_NAMES, Shipped};
use super::geodesy::{FIBRE_KM_PER_MS, VACUUM_KM_PER_MS, distance_km, wide};
use super::mmdb::UserDatabase;
use super::mmdb_record::Record;
use super::pool::{self, Vote};
use super::router_names::Operator;
use super::special::Embedded;
use super::tables::{self, Row, Tables};
use crate::model::evidence::Name;
use crate::model::hop::HopRole;
use crate::model::net::{Asn, StateCode, unmapped};
use crate::model::place::{Candidate, Dataset, Locus, Placement, SourceClaim, WhyUnplaced};
use crate::model::time::Day;

/// Starlink: its addresses are placed at a gateway, its users are not (METHODS D.5).
const SATELLITE: Asn = Asn(14593);
/// A table that is this many days away from the incident gets a flag.
const STALE_DAYS: i32 = 180;
/// Slack in km of an exclusion: cities are areas and points are rounded.
const SLACK_KM: f64 = 60.0;
/// What is left of a candidate that only something faster than fibre could have answered from (METHODS D.2 keeps
/// fibre for exclusion and the vacuum for proof).
const FASTER_THAN_FIBRE: f32 = 0.001;
/// Candidates below this are not listed.
const LEAST: f32 = 0.01;

/// A round trip from a place that is known: the address cannot be farther away than light comes in that time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RttBound {
    /// Degrees north of whoever measured.
    pub lat: f64,
    /// Degrees east of whoever measured.
    pub lon: f64,
    /// Smallest round trip in ns. Negative or zero values bound nothing and are ignored.
    pub rtt_ns: i64,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The address.
    pub addr: IpAddr,
    /// What it does on the path: databases are believed for end points and doubted for the rest.
    pub role: HopRole,
    /// Names for the address.
    pub names: &'a [Name],
    /// Round trips from known places.
    pub rtt_bounds: &'a [RttBound],
    /// Day of the incident. The shipped tables are of one date; a distance above 180 days is flagged.
    pub on: Day,
}

/// Answers where addresses are. Needs no I/O once its databases are open, and may be shared between threads.
#[derive(Debug)]
pub struct Locator {
    tables: &'static Tables,
    databases: Vec<UserDatabase>,
}

/// An answer in the making.
#[derive(Default)]
struct Draft {
    candidates: Vec<Candidate>,
    claims: Vec<SourceClaim>,
}

impl Locator {
    /// A locator over the tables and the user's databases, in the order in which they were given.
    #[must_use]
    pub fn new(tables: &'static Tables, databases: Vec<UserDatabase>) -> Self {
        Self { tables, databases }
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &'static Tables {
        self.tables
    }

    /// The user's databases.
    #[must_use]
    pub fn databases(&self) -> &[UserDatabase] {
        &self.databases
    }

    /// Everything that answers may rest on: shipped tables by name, then the user's databases as given.
    #[must_use]
    pub fn datasets(&self) -> Vec<Dataset> {
        let mut all = self.tables.datasets();
        all.extend(self.databases.iter().map(UserDatabase::dataset));
        all
    }

    /// Where is it? See the module for the order of sources.
    #[must_use]
    pub fn locate(&self, query: &Query<'_>) -> Placement {
        let mut addr = unmapped(query.addr);
        let mut flags: Vec<Cow<'static, str>> = Vec::new();
        if let Some(embedded) = Embedded::of(addr) {
            flags.push(embedded.flag().into());
            if let Embedded::Nat64(v4) = embedded {
                addr = IpAddr::V4(v4);
            }
        }
        let special = self.tables.special(addr);
        if let Some(block) = special.filter(|s| !s.anycast) {
            let mut place = Placement::unplaced(query.addr, WhyUnplaced::SpecialPurpose(block.name, block.reference));
            place.flags = flags;
            return place;
        }

        let row =
            self.tables.row(addr).unwrap_or(Row { location: None, registration: None, confidence: 0, second: None, asn: None });
        let records: Vec<(&UserDatabase, Arc<Record>)> =
            self.databases.iter().filter_map(|db| Some((db, db.get(addr, tables::countries())?))).collect();
        let mut place = Placement::unplaced(query.addr, WhyUnplaced::NoData);
        self.identify(&mut place, &row, &records);

        let mut draft = Draft::default();
        let region = tables::cloud().get(addr);
        if let Some(region) = region {
            flags.push(region.flag().into());
        }
        if place.asn == Some(SATELLITE) {
            flags.push("satellite".into());
        }
        if let Some(flag) = stale(table_of(addr), query.on) {
            flags.push(flag.into());
        }
        flags.extend(records.iter().filter_map(|(_, r)| r.represented).map(|s| format!("represents:{s}").into()));

        let list = self.tables.anycast(addr).map(|l| l.to_string()).or_else(|| special.map(|_| "special-purpose".to_owned()));
        let vendor = records.iter().find(|(_, r)| r.anycast).map(|(db, _)| db.name().to_owned());
        if let Some(source) = list.or(vendor) {
            place.anycast = true;
            place.why_unplaced = Some(WhyUnplaced::Anycast);
            let date = if source == ANYCAST.name { ANYCAST.date } else { "" };
            draft.claims.push(SourceClaim { source: source.into(), state: None, date: date.into(), weight: 1.0 });
            draft.overrule_table(addr, &row);
            draft.overrule_databases(&records);
        } else {
            self.ask(&mut draft, query, addr, &row, &records, region);
            let heard = !draft.candidates.is_empty();
            exclude(&mut draft.candidates, query.rtt_bounds);
            if place.asn == Some(SATELLITE) {
                dampen(&mut draft, query.role);
            }
            draft.candidates.retain(|c| c.p >= LEAST);
            draft.candidates.sort_by(|a, b| b.p.total_cmp(&a.p).then(a.state.cmp(&b.state)));
            place.why_unplaced = match (draft.candidates.is_empty(), heard) {
                (false, _) => None,
                (true, true) => Some(WhyUnplaced::Excluded),
                (true, false) => Some(WhyUnplaced::NoData),
            };
        }
        // A source whose candidate was excluded has no share in what is left.
        for claim in &mut draft.claims {
            if claim.state.is_some_and(|s| !draft.candidates.iter().any(|c| c.state == s)) {
                claim.weight = 0.0;
            }
        }
        place.locus = Locus { candidates: draft.candidates.into_iter().collect::<SmallVec<[Candidate; 4]>>() };
        place.sources = draft.claims;
        flags.sort_unstable();
        flags.dedup();
        place.flags = flags;
        place
    }

    /// Registration and operator, which stand beside the place and never become it.
    fn identify(&self, place: &mut Placement, row: &Row, records: &[(&UserDatabase, Arc<Record>)]) {
        place.registered_in = row.registration.or_else(|| records.iter().find_map(|(_, r)| r.registered));
        place.asn = row.asn.or_else(|| records.iter().find_map(|(_, r)| r.asn));
        let Some(asn) = place.asn else { return };
        if let Some((state, name)) = self.tables.autonomous_system(asn) {
            place.as_state = state;
            place.as_name = Some(name).filter(|n| !n.is_empty()).map(Arc::from);
        }
        if place.as_name.is_none() {
            place.as_name = records.iter().filter(|(_, r)| r.asn == Some(asn)).find_map(|(_, r)| r.as_name.clone());
        }
    }

    fn ask(
        &self,
        draft: &mut Draft,
        query: &Query<'_>,
        addr: IpAddr,
        row: &Row,
        records: &[(&UserDatabase, Arc<Record>)],
        region: Option<&super::cloud::Region>,
    ) {
        if let Some((region, state)) = region.and_then(|r| Some((r, r.state?))) {
            let city = region.at.and_then(|at| tables::cities().near(state, at)).map(|c| Arc::clone(&c.name));
            let candidate = Candidate { state, p: confidence::CLOUD, city, coordinates: region.at };
            if feasible(&candidate, query.rtt_bounds) {
                draft.claim(&CLOUD_REGIONS, Some(state), 1.0);
                draft.candidates.push(candidate);
                draft.overrule_table(addr, row);
                draft.overrule_databases(records);
                return;
            }
            draft.claim(&CLOUD_REGIONS, Some(state), 0.0);
        }
        if self.ask_names(draft, query, row) {
            draft.overrule_table(addr, row);
            draft.overrule_databases(records);
            return;
        }
        self.ask_tables(draft, query, addr, row, records, region.is_some_and(super::cloud::Region::is_global));
    }

    /// Names: true if they decided.
    fn ask_names(&self, draft: &mut Draft, query: &Query<'_>, row: &Row) -> bool {
        let world = tables::world();
        let mut spots: Vec<(Spot, f32)> = Vec::new();
        for name in query.names.iter().filter(|n| !n.how.moves_nothing()) {
            let Some(found) = tables::router_names().decode(&name.name, row.asn, &world) else { continue };
            let p = match found.operator {
                Operator::Matches if found.measured => confidence::NAME,
                Operator::Matches => confidence::NAME_UNMEASURED,
                Operator::Unannounced => confidence::NAME_UNANNOUNCED,
                Operator::Differs => 0.0,
            };
            let candidate = Candidate { state: found.spot.state, p, city: None, coordinates: found.spot.at };
            if p == 0.0 || !feasible(&candidate, query.rtt_bounds) {
                draft.claim(&ROUTER_NAMES, Some(found.spot.state), 0.0);
            } else if let Some(same) = spots.iter_mut().find(|(s, _)| s.state == found.spot.state) {
                same.1 = same.1.max(p);
                if same.0.at.is_none() {
                    same.0 = found.spot;
                }
            } else {
                spots.push((found.spot, p));
            }
        }
        // Names that contradict each other share the answer.
        let n = spots.len() as f32;
        for (spot, p) in spots {
            draft.claim(&ROUTER_NAMES, Some(spot.state), 1.0 / n);
            draft.candidates.push(Candidate { state: spot.state, p: p / n, city: spot.city, coordinates: spot.at });
        }
        n > 0.0
    }

    fn ask_tables(
        &self,
        draft: &mut Draft,
        query: &Query<'_>,
        addr: IpAddr,
        row: &Row,
        records: &[(&UserDatabase, Arc<Record>)],
        global: bool,
    ) {
        let (mut first, mut second) = confidence::of(row, query.role);
        if global {
            // The cloud operator itself assigns the range to no region.
            (first, second) = (first / 2.0, second / 2.0);
        }
        let listed: Vec<(StateCode, f32)> = [(row.location, first), (row.second, second)]
            .into_iter()
            .filter_map(|(s, p)| Some((s?, p)))
            .filter(|e| e.1 > 0.0)
            .collect();
        let voters: Vec<(&UserDatabase, &Record, Vote)> = records
            .iter()
            .filter_map(|(db, r)| Some((*db, r.as_ref(), Vote { state: r.state?, repeats: db.repeats_shipped() })))
            .collect();
        let votes: Vec<Vote> = voters.iter().map(|v| v.2).collect();
        let endpoint = query.role.is_endpoint();
        let pooled = pool::pool(&listed, row.registration, &votes, endpoint);
        for &(state, weight) in &pooled.table {
            draft.claim(table_of(addr), Some(state), weight);
        }
        for ((db, record, _), &weight) in voters.iter().zip(&pooled.shares) {
            draft.database(db, record, weight);
        }
        // A city out of a database only where it was found reliable: end points, and positive evidence.
        let cities = endpoint || matches!(row.confidence, 3 | 6);
        let cell = tables::cell(addr).filter(|_| cities);
        for (state, p) in pooled.states {
            let mut candidate = Candidate { state, p, city: None, coordinates: None };
            let own = voters.iter().find(|(_, r, _)| cities && r.state == Some(state) && r.at.is_some());
            if let Some(cell) = cell.filter(|c| c.state == state) {
                candidate.coordinates = Some((cell.lat, cell.lon));
                candidate.city = tables::cities().near(state, (cell.lat, cell.lon)).map(|c| Arc::clone(&c.name));
            } else if let Some((_, record, _)) = own {
                candidate.coordinates = record.at;
                candidate.city.clone_from(&record.city);
            }
            draft.candidates.push(candidate);
        }
    }
}

impl Draft {
    fn claim(&mut self, source: &'static Shipped, state: Option<StateCode>, weight: f32) {
        self.claims.push(SourceClaim { source: source.name.into(), state, date: source.date.into(), weight });
    }

    fn database(&mut self, db: &UserDatabase, record: &Record, weight: f32) {
        self.claims.push(SourceClaim {
            source: db.name().to_owned().into(),
            state: record.state,
            date: db.date().to_owned().into(),
            weight,
        });
    }

    /// The table was heard, and something better decided.
    fn overrule_table(&mut self, addr: IpAddr, row: &Row) {
        for state in [row.location, row.second].into_iter().flatten() {
            self.claim(table_of(addr), Some(state), 0.0);
        }
    }

    fn overrule_databases(&mut self, records: &[(&UserDatabase, Arc<Record>)]) {
        for (db, record) in records {
            if record.state.is_some() {
                self.database(db, record, 0.0);
            }
        }
    }
}

/// The table that answers for the family of `addr`.
fn table_of(addr: IpAddr) -> &'static Shipped {
    if addr.is_ipv4() { &JURISDICTION_V4 } else { &JURISDICTION_V6 }
}

/// `table-age:812d` if the incident is far from the table's date.
fn stale(table: &Shipped, on: Day) -> Option<String> {
    let days = table.date.parse::<Day>().ok()?.days_since(on);
    (days.abs() > STALE_DAYS).then(|| format!("table-age:{days}d"))
}

/// How far it is at least from `bound` to `candidate`: to its point, else to the nearest city of its state. `None` if
/// nothing is known of either.
fn least_km(candidate: &Candidate, bound: &RttBound) -> Option<f64> {
    let from = (bound.lat, bound.lon);
    match candidate.coordinates {
        Some(at) => Some(distance_km(from, wide(at))),
        None => tables::cities().nearest_km(candidate.state, from),
    }
}

/// Round trips that bound anything: positive, from a place on Earth.
fn usable(bounds: &[RttBound]) -> impl Iterator<Item = &RttBound> {
    bounds.iter().filter(|b| b.rtt_ns > 0 && (-90.0..=90.0).contains(&b.lat) && (-180.0..=180.0).contains(&b.lon))
}

/// Within reach by fibre of every bound?
fn feasible(candidate: &Candidate, bounds: &[RttBound]) -> bool {
    usable(bounds).all(|b| least_km(candidate, b).is_none_or(|km| km <= reach(b, FIBRE_KM_PER_MS)))
}

fn reach(bound: &RttBound, km_per_ms: f64) -> f64 {
    bound.rtt_ns as f64 / 1e6 * km_per_ms + SLACK_KM
}

/// Takes out what light cannot have reached. A refuted point takes the state with it only if no city of the state is
/// within reach: databases are wrong about cities more often than about states. What is taken out goes to all others
/// and to "unknown" in proportion, so a lone candidate that falls leaves nothing behind.
fn exclude(candidates: &mut Vec<Candidate>, bounds: &[RttBound]) {
    if candidates.is_empty() || usable(bounds).next().is_none() {
        return;
    }
    let before: f32 = candidates.iter().map(|c| c.p).sum();
    let unknown = (1.0 - before).max(0.0);
    for candidate in candidates.iter_mut() {
        if !feasible(candidate, bounds) {
            candidate.city = None;
            candidate.coordinates = None;
        }
        let mut keep = 1.0f32;
        for bound in usable(bounds) {
            let Some(km) = least_km(candidate, bound) else { continue };
            if km > reach(bound, VACUUM_KM_PER_MS) {
                keep = 0.0;
            } else if km > reach(bound, FIBRE_KM_PER_MS) {
                keep = keep.min(FASTER_THAN_FIBRE);
            }
        }
        candidate.p *= keep;
    }
    let after: f32 = candidates.iter().map(|c| c.p).sum();
    // With no mass on "unknown" a refuted answer would come back by division; a hundredth is always unknown.
    let sum = after + unknown.max(1.0 - confidence::MOST);
    for candidate in candidates.iter_mut() {
        candidate.p = (candidate.p / sum).min(confidence::MOST);
    }
    candidates.retain(|c| c.p > 0.0);
}

/// A satellite gateway's place says little of the user's: end points keep the state as a possibility, no city.
fn dampen(draft: &mut Draft, role: HopRole) {
    if !role.is_endpoint() {
        return;
    }
    for candidate in &mut draft.candidates {
        candidate.p = candidate.p.min(confidence::SATELLITE);
        candidate.city = None;
        candidate.coordinates = None;
    }
}
