//! What to ask of whom, in the order in which evidence dies: `rutter.plan/1`.
//!
//! A plan is made out of a report and of the law of the day. It says what may be asked, never who did anything: a hop
//! that only a header asserts, or whose address is forged or withheld, gives no request but a line that says why.
//!
//! * [`read`]: a report from a file, which may come from anybody
//! * [`build`]: report and law to plan
//! * [`text`]: the plan as a checklist, for a terminal and as Markdown

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::model::channel::{Channel, Retention};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, Grade};
use crate::model::net::StateCode;
use crate::model::time::{Day, Timestamp};

pub mod build;
pub mod read;
#[cfg(test)]
pub(in crate::report) mod sample;
#[cfg(test)]
mod tests;
pub mod text;

/// Version of the contract.
pub const SCHEMA: &str = "rutter.plan/1";

/// Candidates of a location below this give no request.
pub const LEAST_P: f32 = 0.05;

/// From here on a place is not marked as uncertain, if it is the only candidate.
pub const SURE_P: f32 = 0.8;

/// A notice is drafted for a state only if the tables hold at least one hop to be more there than elsewhere.
pub const NOTICE_P: f32 = 0.5;

/// Under every plan and in every letter.
pub const NO_ADVICE: &str = "A draft out of tables and evidence, for a person to check; no legal advice.";

/// A whole plan.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The report that it was made from.
    pub report: ReportRef,
    /// Who asks.
    pub requesting: Named,
    /// The day on which is asked: law as of then.
    pub on: Day,
    /// What the report read.
    pub inputs: Vec<InputRef>,
    /// What was found on the paths that are named here.
    pub findings: Vec<FindingRef>,
    /// What to ask, first things first.
    pub requests: Vec<Request>,
    /// Whom to tell.
    pub notices: Vec<Notice>,
    /// Hops that give no request, and why.
    pub not_asked: Vec<NotAsked>,
    /// Every piece of evidence that is named here.
    pub evidence: Vec<EvidenceRef>,
    /// What the reader must know.
    pub warnings: Vec<String>,
    /// [`super::model::NON_CLAIM`].
    pub non_claim: &'static str,
    /// [`NO_ADVICE`].
    pub no_advice: &'static str,
    /// [`super::model::ATTRIBUTION`].
    pub attribution: &'static str,
}

/// The report.
#[derive(Clone, Debug, Serialize)]
pub struct ReportRef {
    /// Of the file's bytes.
    pub sha256: String,
    /// The program that wrote it.
    pub tool: String,
    /// Its day.
    pub on: Option<Day>,
    /// How it is made again.
    pub reproduce: String,
}

/// A state or territory with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Code.
    pub state: StateCode,
    /// Name in the rule book; the code where it has none.
    pub name: String,
}

impl Named {
    /// `Singapore (SG)`, or the code alone.
    #[must_use]
    pub fn words(&self) -> String {
        if self.name == self.state.as_str() { self.name.clone() } else { format!("{} ({})", self.name, self.state) }
    }
}

/// One input of the report.
#[derive(Clone, Debug, Serialize)]
pub struct InputRef {
    /// Its file name without folders: those are nobody else's business.
    pub name: String,
    /// Of its bytes, if the report has it.
    pub sha256: Option<String>,
    /// Its format.
    pub format: String,
}

/// A finding of the report, in its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingRef {
    /// Id of its path.
    pub path: String,
    /// Kind.
    pub finding: String,
    /// Why it stands in the report, with the numbers.
    pub reason: String,
    /// First and last packet; `null` if unknown.
    pub seen: Option<Seen>,
}

/// What a hop's operator can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// An origin: who used the address.
    Subscriber,
    /// A proxy, or an end of a tunnel.
    SteppingStone,
    /// A server that passed a mail on.
    Mail,
    /// An address that a device rewrote.
    Translation,
    /// A router on the way.
    Transit,
    /// A host that answered forged packets.
    Reflector,
    /// The host that was addressed. Kept apart.
    VictimEnd,
}

impl Group {
    /// What is asked for, as a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber data of an origin",
            Self::SteppingStone => "connection logs of a stepping stone",
            Self::Mail => "mail logs",
            Self::Translation => "translation (NAT) logs",
            Self::Transit => "traffic data of a transit provider",
            Self::Reflector => "logs of a reflector",
            Self::VictimEnd => "evidence at the victim's end",
        }
    }

    /// The data, a line each.
    #[must_use]
    pub fn data(self) -> &'static [&'static str] {
        match self {
            Self::Subscriber => &[
                "subscriber data of whoever used the address with the source port at the exact time; behind a shared address (carrier-grade NAT) address and time without the port point to many",
                "log-in and session records of that use, and the addresses that were used to log in",
            ],
            Self::SteppingStone => &[
                "connection and log-in records of the machine: who connected to it, from which address and port, when",
                "flow records of its provider for the address around that time",
                "an image of disk and memory, before the machine is reinstalled; whoever runs it may be a victim too",
            ],
            Self::Mail => &[
                "mail logs: queue numbers, client addresses and ports, names given in HELO, accounts that logged in",
                "the message as it was received, if it is still kept",
            ],
            Self::Translation => {
                &["translation logs for the address, port and time: which inner address and port stood behind it"]
            }
            Self::Transit => &[
                "traffic data that shows from which neighbour the traffic came and to whom it went: flow records (NetFlow, IPFIX, sFlow), no content",
                "translation (NAT) logs, where the provider translates",
                "the name of the next provider on the way, so that it can be asked too",
            ],
            Self::Reflector => &[
                "logs and flow records only: the sender's address in the queries was forged, and whoever runs the machine was abused",
                "from which neighbour the forged queries came",
            ],
            Self::VictimEnd => &[
                "logs, captures and images of the system that was addressed, from whoever runs it, with their consent where that is enough",
            ],
        }
    }

    fn of(role: HopRole, finding: &str) -> Self {
        match role {
            HopRole::Origin => Self::Subscriber,
            HopRole::Transit => Self::Transit,
            HopRole::TunnelEntry | HopRole::TunnelExit => Self::SteppingStone,
            HopRole::Proxy if finding == "mail" => Self::Mail,
            HopRole::Proxy => Self::SteppingStone,
            HopRole::Translator => Self::Translation,
            HopRole::Reflector => Self::Reflector,
            HopRole::Target => Self::VictimEnd,
        }
    }

    /// Does norm 13(c) speak to it? It is about territory that is used, not about wires that are crossed.
    fn may_be_notified(self) -> bool {
        matches!(self, Self::Subscriber | Self::SteppingStone | Self::Mail | Self::Reflector)
    }
}

/// Why this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// The machine is there.
    Territory,
    /// Who runs it, or holds its address, has a seat or an entry there.
    Operator,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// First sighting.
    pub first: Timestamp,
    /// Last sighting.
    pub last: Timestamp,
}

/// One request: a state, what is asked for, and why there.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// From 1.
    pub number: usize,
    /// Of whom.
    pub state: StateCode,
    /// Its name.
    pub name: String,
    /// Why this state.
    pub ground: Ground,
    /// What kind of hop.
    pub group: Group,
    /// The requesting state's own: no other state is asked.
    pub domestic: bool,
    /// Largest probability of the ground among its hops.
    pub p: f32,
    /// Condition under which it makes sense; `null` if none.
    pub only_if: Option<String>,
    /// When the hops were seen; `null` where no evidence has a time.
    pub seen: Option<Seen>,
    /// What to ask for.
    pub ask_for: Vec<&'static str>,
    /// About which addresses.
    pub items: Vec<Item>,
    /// When it is lost.
    pub retention: Retention,
    /// The same in words.
    pub deadline: String,
    /// The channel to use first: to preserve.
    pub first: Option<Channel>,
    /// The channel for having it handed over; may be the same.
    pub disclose: Option<Channel>,
    /// The rest, fastest first.
    pub alternatives: Vec<Channel>,
    /// Ids of the evidence under it.
    pub because: Vec<String>,
}

/// An address in a request.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// The address.
    pub addr: IpAddr,
    /// Its autonomous system.
    pub asn: Option<u32>,
    /// And the name of that.
    pub as_name: Option<String>,
    /// Largest probability of each ground.
    pub bases: Vec<BasisP>,
    /// When it was seen; `null` where no evidence has a time.
    pub seen: Option<Seen>,
    /// Other states in which it may be.
    pub others: Vec<StateP>,
    /// Conversations in which it was seen, as far as evidence has ports.
    pub uses: Vec<Use>,
    /// Where on which paths.
    pub hops: Vec<HopRef>,
}

/// A ground and how probable it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BasisP {
    /// The ground.
    pub basis: Basis,
    /// Its probability.
    pub p: f32,
}

/// A state and how probable it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StateP {
    /// The state.
    pub state: StateCode,
    /// Its probability.
    pub p: f32,
}

/// A conversation of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// When it began; `null` if unknown.
    pub time: Timestamp,
    /// `tcp`, `udp`.
    pub proto: String,
    /// Port at the address that is asked about.
    pub port: u16,
    /// The other end.
    pub peer: IpAddr,
    /// Its port.
    pub peer_port: u16,
    /// The evidence.
    pub because: String,
}

/// A hop of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HopRef {
    /// Id of the path.
    pub path: String,
    /// What kind of finding.
    pub finding: String,
    /// Rank of the hop.
    pub rank: u16,
    /// What it does.
    pub role: HopRole,
    /// How it is known.
    pub kind: Knowledge,
    /// Where the path begins, if that may be shown: a provider on the way finds traffic by its ends.
    pub from: Option<IpAddr>,
    /// Where it ends.
    pub to: Option<IpAddr>,
    /// Probability of the ground here.
    pub p: f32,
    /// Evidence.
    pub because: Vec<String>,
}

/// A state to tell, under norm 13(c): a notice, not an accusation.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Whom.
    pub state: StateCode,
    /// Its name.
    pub name: String,
    /// Largest probability that a hop is there.
    pub p: f32,
    /// When its hops were seen.
    pub seen: Option<Seen>,
    /// About which addresses.
    pub items: Vec<Item>,
    /// How.
    pub channel: Option<Channel>,
    /// The norm as the report has it.
    pub norm: Option<NormRef>,
    /// Ids of the evidence under it.
    pub because: Vec<String>,
}

/// A norm, as the report cites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NormRef {
    /// `13(c)`.
    pub norm: String,
    /// Title.
    pub title: String,
    /// State of the norm.
    pub state: String,
    /// How it is read.
    pub reading: String,
    /// Citation.
    pub source: String,
    /// How well it is known.
    pub grade: Grade,
}

/// A hop that gives no request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// Id of the path.
    pub path: String,
    /// Rank.
    pub rank: u16,
    /// Its address, if it may be shown.
    pub addr: Option<IpAddr>,
    /// Why.
    pub why: String,
    /// Evidence.
    pub because: Vec<String>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceRef {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Index into `inputs`.
    pub input: usize,
    /// Where in it.
    pub at: String,
    /// When.
    pub time: Timestamp,
    /// What it says.
    pub what: String,
}

impl From<&Request> for Named {
    fn from(r: &Request) -> Self {
        Self { state: r.state, name: r.name.clone() }
    }
}

impl From<&Notice> for Named {
    fn from(n: &Notice) -> Self {
        Self { state: n.state, name: n.name.clone() }
    }
}

/// Two decimals, never 0 and never 1.
pub(super) fn p(p: f32) -> String {
    if p < 0.005 { "<0.01".into() } else { format!("{:.2}", p.min(0.99)) }
}

/// `e1, e3 and 12 more`.
pub(super) fn ids(ids: &[String], most: usize) -> String {
    let shown: Vec<&str> = ids.iter().take(most).map(String::as_str).collect();
    match ids.len() - shown.len() {
        0 if shown.is_empty() => "no evidence id".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A channel in one line, with everything that it rests on.
pub(super) fn channel(c: &Channel) -> String {
    let purposes: Vec<&str> = c.purposes.iter().map(|p| p.as_str()).collect();
    let mut out = format!("{} [{}]: ", c.kind, purposes.join(", "));
    match (&c.instrument, c.article.is_empty()) {
        (Some(id), true) => out.push_str(id),
        (Some(id), false) => {
            out.push_str(id);
            out.push(' ');
            out.push_str(&article(&c.article));
        }
        (None, true) => out.push_str("rests on no instrument"),
        (None, false) => out.push_str(&c.article),
    }
    out.push_str(&format!(" (rows as of {}, grade {}; {})", or(&c.as_of, "unknown"), c.grade, or(&c.source, "no source given")));
    if c.usable != crate::model::channel::Usable::Yes {
        out.push_str("; ");
        out.push_str(usable(c));
    }
    if !c.limit.is_empty() {
        out.push_str(&format!("; limit: {}", c.limit));
    }
    if !c.body.is_empty() {
        out.push_str(&format!("; to: {}", c.body));
    }
    if !c.caveats.is_empty() {
        let caveats: Vec<&str> = c.caveats.iter().map(Arc::as_ref).collect();
        out.push_str(&format!("; mind: {}", caveats.join("; ")));
    }
    out
}

/// `art. 29` for a bare number.
pub(super) fn article(text: &str) -> String {
    if text.starts_with(|c: char| c.is_ascii_digit()) { format!("art. {text}") } else { text.to_owned() }
}

pub(super) fn usable(c: &Channel) -> &'static str {
    use crate::model::channel::Usable;
    match c.usable {
        Usable::Yes => "its basis is in force for both",
        Usable::Unknown => "whether its basis is in force for both: unknown",
        Usable::Suspended => "its basis is suspended, or one side does not use it",
    }
}

pub(super) fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}
