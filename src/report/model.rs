//! The one extract that every renderer renders: `rutter.report/1`. Field order is key order in JSON; every key
//! is always there, `null` or `[]` where nothing is known; keys are only added within a version.

use serde::Serialize;

use crate::model::evidence::{EvidenceId, LabelEntry};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, NormTouch, RegimeTouch};
use crate::model::net::{Asn, StateCode};
use crate::model::path_law::PathLaw;
pub use crate::model::place::Dataset;
use crate::model::time::{Day, Timestamp};

/// Version of the contract.
pub const SCHEMA: &str = "rutter.report/1";

/// Printed in every report: location is not responsibility (UN GGE 2015, A/70/174 para 28(f), in own words).
pub const NON_CLAIM: &str = "Location is not responsibility: that traffic was launched from, passed through or ended in a state's territory \
is not sufficient to attribute it to that state. Rutter names no culprit.";

/// What has to stand wherever places out of the shipped tables are shown (CC BY 4.0; `NOTICE`).
pub const ATTRIBUTION: &str = "IP Geolocation by DB-IP, https://db-ip.com";

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct ReportModel {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// What was asked.
    pub question: Question,
    /// What was read.
    pub inputs: Vec<Input>,
    /// With which tables.
    pub datasets: Vec<Dataset>,
    /// The findings, in order of rank.
    pub paths: Vec<Path>,
    /// How much traffic had an end in which state, most packets first: an overview of everything, not of findings.
    pub traffic: Vec<StateTraffic>,
    /// Every piece of evidence that a path names, by id.
    pub evidence: Vec<EvidenceRow>,
    /// What was counted.
    pub counters: Counters,
    /// Rejected records: the first ones, with their place. The number of all is in `counters.rejected`.
    pub rejected: Vec<Rejected>,
    /// What the reader must know before relying on it (old tables, drops, truncation, a data gap).
    pub warnings: Vec<String>,
    /// [`NON_CLAIM`].
    pub non_claim: &'static str,
    /// A command that makes this report again.
    pub reproduce: String,
}

/// The program.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `rutter`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The analyst's choices; `null` or `[]` where none was made.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Question {
    /// In words.
    pub text: String,
    /// `--victim`.
    pub victims: Vec<String>,
    /// `--attacker`.
    pub attackers: Vec<String>,
    /// `--filter`.
    pub filter: Option<String>,
    /// `--trust`.
    pub trusted_proxies: Vec<String>,
    /// State of the victim, if it was given or follows from the target.
    pub victim_state: Option<StateCode>,
    /// Day as of which law is read: `--on`, else the day of the last packet. Tables have dates of their own, in
    /// `datasets`; one that is far from this day is warned of.
    pub on: Option<Day>,
    /// State whose authorities would ask: `--requesting`. Without it each path takes the victim's.
    pub requesting: Option<StateCode>,
    /// Folder of the user's that was laid over the rule book.
    pub law_overlay: Option<String>,
    /// How many findings were asked for.
    pub top: usize,
    /// How many there were.
    pub findings: usize,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// As given.
    pub path: String,
    /// Of the bytes as they lie on disk; `null` if it was not computed.
    pub sha256: Option<String>,
    /// `pcap`, `pcapng`, `snoop`, `live`, `names`, `resolver`, `unknown`.
    pub format: String,
    /// Link types, sorted.
    pub link_types: Vec<String>,
    /// Packets read.
    pub packets: u64,
    /// Records that are no packets.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Packets that were counted and not looked into, by link type.
    pub skipped: Vec<SkippedRow>,
    /// First packet.
    pub first: Option<Timestamp>,
    /// Last packet.
    pub last: Option<Timestamp>,
    /// Ended in the middle of a record.
    pub truncated: bool,
}

/// Packets of a link type that is named and not read: nothing is wrong with them, and no IP is looked for in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkippedRow {
    /// `link type USB_LINUX (189)`; `link type 9999` where the number has no name.
    pub link_type: String,
    /// How many.
    pub packets: u64,
}

/// An end of a path.
#[derive(Clone, Debug, Serialize)]
pub struct Origin {
    /// `null` if it may not be shown.
    pub addr: Option<String>,
    /// `proved`, `echoed`, `plausible`, `reflected`, `backscatter`, `impossible`.
    pub trust: &'static str,
    /// Why it is not shown.
    pub withheld: Option<String>,
}

/// The other end.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    /// Its address.
    pub addr: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct Path {
    /// `p1`, `p2` … in order of rank.
    pub id: String,
    /// `brute-force`, `syn-flood`, `flood`, `backscatter`, `scan`, `upload`, `proxied-request`, `traceroute`, `alert`, `listed`, `mail`, `chosen`,
    /// `conversation`.
    pub finding: &'static str,
    /// Why it stands here, with the numbers.
    pub reason: String,
    /// Where it started, as far as evidence reaches.
    pub origin: Origin,
    /// Where it went.
    pub target: Target,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// In order.
    pub hops: Vec<Hop>,
    /// Between them.
    pub segments: Vec<Segment>,
    /// Borders crossed.
    pub borders: Vec<Border>,
    /// States touched by territory, with the probability that at least one hop is there.
    pub states: Vec<StateP>,
    /// Remarks.
    pub remarks: Vec<String>,
    /// The law of the path: coverage and gaps, articles by role, requests, where its states part.
    pub law: PathLaw,
}

/// One hop.
#[derive(Clone, Debug, Serialize)]
pub struct Hop {
    /// From 0 at the origin.
    pub rank: u16,
    /// TTL at which it answered.
    pub ttl: Option<u8>,
    /// `null` if silent or withheld.
    pub addr: Option<String>,
    /// Names.
    pub names: Vec<String>,
    /// What it does.
    pub role: HopRole,
    /// How it is known.
    pub kind: Knowledge,
    /// Where it is.
    pub locus: Vec<LocusRow>,
    /// What is left.
    pub unknown_p: f32,
    /// Why it has no place.
    pub why_unplaced: Option<String>,
    /// On the anycast list.
    pub anycast: bool,
    /// `hosting`, `cloud:…`.
    pub flags: Vec<String>,
    /// Autonomous system.
    pub asn: Option<Asn>,
    /// Its name.
    pub as_name: Option<String>,
    /// Its seat.
    pub as_state: Option<StateCode>,
    /// Registry's state for the prefix.
    pub registered_in: Option<StateCode>,
    /// What each table said.
    pub sources: Vec<SourceRow>,
    /// Round trips in ms, three decimals.
    pub rtt_ms: Vec<f64>,
    /// Labels.
    pub mpls: Vec<LabelEntry>,
    /// Who can claim it.
    pub touches: Vec<Touch>,
    /// Remarks.
    pub remarks: Vec<String>,
    /// Evidence.
    pub because: Vec<EvidenceId>,
}

impl Hop {
    /// An origin whose address is not shown. It is no silent hop, whatever its `kind`. (One that a header asserts and
    /// names no address for is not withheld: there is none.)
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.role == HopRole::Origin && self.addr.is_none() && self.kind != Knowledge::Asserted
    }
}

/// A possible place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LocusRow {
    /// State.
    pub state: StateCode,
    /// Probability, two decimals.
    pub p: f32,
    /// City.
    pub city: Option<String>,
    /// Degrees north.
    pub lat: Option<f32>,
    /// Degrees east.
    pub lon: Option<f32>,
}

/// What a table said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRow {
    /// Its name.
    pub source: String,
    /// What it named.
    pub state: Option<StateCode>,
    /// Its date.
    pub date: String,
    /// Its share.
    pub weight: f32,
}

/// Who can claim a hop.
#[derive(Clone, Debug, Serialize)]
pub struct Touch {
    /// State.
    pub state: StateCode,
    /// Ground.
    pub basis: Basis,
    /// Probability, two decimals.
    pub p: f32,
    /// Instruments.
    pub regimes: Vec<RegimeTouch>,
    /// Norms.
    pub norms: Vec<NormTouch>,
}

/// A link.
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    /// Index into `hops`.
    pub from: usize,
    /// Index into `hops`.
    pub to: usize,
    /// How it is known.
    pub kind: Knowledge,
    /// Fewest hidden routers.
    pub min: u8,
    /// Most hidden routers.
    pub max: u8,
    /// In words.
    pub why: String,
}

/// A border.
#[derive(Clone, Debug, Serialize)]
pub struct Border {
    /// Index into `hops`.
    pub from: usize,
    /// Index into `hops`.
    pub to: usize,
    /// State before.
    pub leaves: StateCode,
    /// State after.
    pub enters: StateCode,
    /// Probability, two decimals.
    pub p: f32,
}

/// A state of a path.
#[derive(Clone, Debug, Serialize)]
pub struct StateP {
    /// State.
    pub state: StateCode,
    /// Probability, two decimals.
    pub p: f32,
}

/// Overview row. Both ends of a flow count: a flow between two states stands in two rows, one within a state in one,
/// so the rows add up to more than there was.
#[derive(Clone, Debug, Serialize)]
pub struct StateTraffic {
    /// State in which the tables place an end of the flow. `null` is "unknown": no table has the address or it is
    /// anycast or special-purpose, or it belongs to an opener that proved nothing, so that it may be anybody's.
    pub state: Option<StateCode>,
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes at the IP layer.
    pub bytes: u64,
}

/// A piece of evidence.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceRow {
    /// Its id.
    pub id: EvidenceId,
    /// Its kind.
    pub kind: &'static str,
    /// Index into `inputs`.
    pub input: u16,
    /// Place in the input.
    pub at: crate::model::evidence::Position,
    /// When.
    pub time: Timestamp,
    /// In words.
    pub what: String,
}

/// A record that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// Index into `inputs`.
    pub input: u16,
    /// Place.
    pub at: crate::model::evidence::Position,
    /// Why.
    pub why: String,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Packets read.
    pub packets: u64,
    /// Bytes captured.
    pub bytes: u64,
    /// Flows begun.
    pub flows: u64,
    /// Flows cut off by the cap on the flow table.
    pub evicted: u64,
    /// Packets lost in live capture: by the kernel and at the hand-over.
    pub dropped: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// ICMP errors with a quote.
    pub quotes: u64,
    /// Of these, matched to a probe.
    pub matched: u64,
    /// Packets that were counted and not looked into, because of their link type.
    pub skipped: u64,
    /// Beginnings of TCP streams of which a segment was missing: heads in them were read as far as they go.
    pub stream_gaps: u64,
    /// Datagrams whose fragments contradict each other: they were not put together.
    pub contradictory_fragments: u64,
    /// Templates and sampling rates of flow exporters that were forgotten because there were too many.
    pub forgotten_templates: u64,
}
