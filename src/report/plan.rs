//! What to ask of whom, in the order in which evidence dies: `rutter.plan/1`.
//!
//! A plan is made out of a report and of the law of the day. It says what may be asked, never who did anything: a hop
//! that only a header asserts, or whose address is forged or withheld, gives no request but a line that says why.
//!
//! * [`read`]: a report from a file, which may come from anybody
//! * [`build`]: report and law to plan; `records` reads ports, clocks and rewritten addresses out of the evidence, `request`
//!   makes a request and a notice of what was gathered, `orders` an order to a provider, `ask` picks the channel and says
//!   who sends
//! * [`text`]: the plan as a checklist, for a terminal and as Markdown

use std::net::IpAddr;

use serde::Serialize;

use crate::model::channel::{Channel, Retention};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, Grade};
use crate::model::net::StateCode;
use crate::model::place::Dataset;
use crate::model::time::{Day, Timestamp};

pub(in crate::report) mod ask;
pub mod build;
mod group;
mod orders;
pub mod read;
mod records;
pub(in crate::report) mod request;
#[cfg(test)]
pub(in crate::report) mod sample;
#[cfg(test)]
mod tests;
pub mod text;
pub(in crate::report) mod words;

pub use group::Group;

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

/// Who may send what: in every plan and in every letter.
pub const WHO_SENDS: &str = "A request over a 24/7 network goes out only through the requesting state's own contact point, a request for \
mutual assistance through its central authority, a European order only from a judge, a court or a prosecutor. A private person, \
a company or a response team can send none of them: they take the matter to the police or to a prosecutor of their own state.";

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
    /// Was that day given? Else it is the report's.
    pub on_given: bool,
    /// The day of the first traffic on a path; `null` if no path has a time.
    pub incident: Option<Day>,
    /// The rule book that the law was read in.
    pub rule_book: Dataset,
    /// Folder of the user's that was laid over it.
    pub law_overlay: Option<String>,
    /// The requesting state's own bodies, which send.
    pub senders: Option<Senders>,
    /// The state that answers for the requesting territory, where it is not known by whose hands its requests go.
    #[serde(skip)]
    pub by_way_of: Option<StateCode>,
    /// [`WHO_SENDS`].
    pub who_sends: &'static str,
    /// What the report read.
    pub inputs: Vec<InputRef>,
    /// Inputs whose clock is known to differ from that of another.
    pub clocks: Vec<ClockRef>,
    /// Tables that the report placed addresses with.
    pub datasets: Vec<TableRef>,
    /// What was found on the paths that are named here.
    pub findings: Vec<FindingRef>,
    /// Orders to providers, where the requesting state can send them: they stand before all requests to states.
    pub orders: Vec<Order>,
    /// What to ask of states, first things first.
    pub requests: Vec<Request>,
    /// All channels to each foreign state, best first.
    pub ways: Vec<Ways>,
    /// Titles of the instruments that are named.
    pub instruments: Vec<InstrumentRef>,
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

/// The bodies of the state that asks, as far as the tables of national law name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Senders {
    /// Central authority for mutual legal assistance.
    pub central: Option<String>,
    /// Contact point on call day and night.
    pub on_call: Option<String>,
    /// National response team.
    pub cert: Option<String>,
    /// How well the row is known.
    pub grade: Grade,
    /// Where it was read.
    pub source: String,
}

/// A clock that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockRef {
    /// Index into `inputs`: whose clock.
    pub input: usize,
    /// Index into `inputs`: from whose it differs. Which of the two is right is not known.
    pub against: usize,
    /// By how much it is ahead, in milliseconds.
    pub milliseconds: i64,
    /// How many conversations agree on that.
    pub agree: u32,
    /// The evidence: one conversation in both inputs.
    pub because: String,
}

/// A table that addresses were placed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableRef {
    /// Its name.
    pub name: String,
    /// Its date.
    pub date: String,
}

/// The channels to a state.
#[derive(Clone, Debug, Serialize)]
pub struct Ways {
    /// The state.
    pub state: StateCode,
    /// Its name.
    pub name: String,
    /// The channels, best first.
    pub channels: Vec<Channel>,
}

/// An instrument that a channel rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstrumentRef {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
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
    /// Remarks of the report: how the path was put together.
    pub remarks: Vec<String>,
    /// Where its origin stands, if that may be shown, as others on the way saw it.
    pub from: Option<IpAddr>,
    /// Where it ends, as others on the way saw it: before a device of the addressed end rewrote it.
    pub to: Option<IpAddr>,
    /// Conversations of the origin on the path.
    pub uses: Vec<Use>,
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
    /// When the hops were seen, by clocks as far as their differences are known; `null` where no evidence of them has a time.
    pub seen: Option<Seen>,
    /// When the traffic passed on their paths; `null` where no path has a time.
    pub traffic: Option<Seen>,
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
    /// The channel of mutual assistance for the data themselves, which a request under article 29 of the Budapest Convention
    /// announces; may be the same as `disclose`.
    pub mla: Option<Channel>,
    /// The rest, best first.
    pub alternatives: Vec<Channel>,
    /// Who sends it by the channel to use first.
    pub sent_by: Option<String>,
    /// Who sends it by the channel for having it handed over.
    pub disclose_sent_by: Option<String>,
    /// Who sends it by the channel of mutual assistance.
    pub mla_sent_by: Option<String>,
    /// Does nobody that the tables know of answer for the place? Then there is nobody to write to.
    pub unanswered: bool,
    /// Ids of the evidence under it.
    pub because: Vec<String>,
}

/// A European Preservation Order to a provider, and the production order after it. One provider has one, about all its
/// addresses on the paths, in whatever states the machines were placed.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// From 1, apart from the numbers of requests.
    pub number: usize,
    /// The provider's autonomous system.
    pub asn: u32,
    /// And the name of that.
    pub as_name: Option<String>,
    /// The blank for whom it goes to: no packet shows in which Member State a provider can be reached.
    pub addressee: &'static str,
    /// Condition under which it can be issued.
    pub only_if: &'static str,
    /// What to keep, by what the machines did.
    pub parts: Vec<OrderPart>,
    /// When the hops were seen; `null` where no evidence of them has a time.
    pub seen: Option<Seen>,
    /// When the traffic passed on their paths; `null` where no path has a time.
    pub traffic: Option<Seen>,
    /// The preservation order.
    pub preserve: Channel,
    /// The production order that follows.
    pub produce: Option<Channel>,
    /// Who issues the preservation order.
    pub sent_by: String,
    /// Name of its letter, without a suffix.
    pub letter: String,
    /// Ids of the evidence under it.
    pub because: Vec<String>,
}

/// What an order asks about machines of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct OrderPart {
    /// What kind of hop.
    pub group: Group,
    /// What to ask for.
    pub ask_for: Vec<&'static str>,
    /// About which addresses. `others` has all states in which the machine may be, and `p` of a hop is the largest of their
    /// probabilities, 0 where there are none: no ground of the order, only a help to find the machine.
    pub items: Vec<Item>,
    /// Condition under which this part makes sense; `null` if none.
    pub only_if: Option<String>,
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
    /// When it was seen; `null` where no evidence of it has a time.
    pub seen: Option<Seen>,
    /// When the traffic passed on its paths.
    pub traffic: Option<Seen>,
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
    /// When it began, as the record has it; `null` if unknown.
    pub time: Timestamp,
    /// The same by the clock of the input that this one is known to differ from; `null` if no difference is known.
    pub corrected: Option<Timestamp>,
    /// Index into `inputs`: who recorded it.
    pub input: usize,
    /// `tcp`, `udp`.
    pub proto: String,
    /// Did the address that is asked about open it?
    pub opened: bool,
    /// Port at the address that is asked about; `null` if it was not recorded.
    pub port: Option<u16>,
    /// The other end, as seen from outside.
    pub peer: IpAddr,
    /// Its port; `null` if it was not recorded.
    pub peer_port: Option<u16>,
    /// The evidence.
    pub because: String,
    /// Other records of the same conversation.
    pub also: Vec<Also>,
}

/// Another record of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Also {
    /// The evidence.
    pub because: String,
    /// Index into `inputs`.
    pub input: usize,
    /// When it began by that record.
    pub time: Timestamp,
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
    /// Remarks of the report: why it is held to stand there.
    pub remarks: Vec<String>,
    /// Where the path begins, if that may be shown: a provider on the way finds traffic by its ends.
    pub from: Option<IpAddr>,
    /// Where it ends, as others on the way saw it.
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
    /// When the traffic passed on their paths.
    pub traffic: Option<Seen>,
    /// About which addresses.
    pub items: Vec<Item>,
    /// How: a point of contact or a response team; beside it there is always the diplomatic channel, and no treaty.
    pub channel: Option<Channel>,
    /// The other such ways.
    pub alternatives: Vec<Channel>,
    /// Who sends it by `channel`.
    pub sent_by: Option<String>,
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
