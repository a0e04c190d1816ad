//! What `rutter law` prints: views that are documents for programs, and the same as text and as a page for people.
//!
//! The caller fills the views from its tables. Every row carries its grade, the day on which it was last checked, and its
//! source; what is unknown is `null` for programs and the word *unknown* for people, never a no.
//!
//! * [`document`]: headings, tables and numbered sources, out of which both renderings are made
//! * `text`, `page`: the renderings
//! * `one`, `many`: how each view reads

use serde::Serialize;

use crate::model::channel::{Channel, DataClass, Retention, RetentionKind};
use crate::model::faultline::{Parting, Standings};
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;

pub mod document;
mod many;
mod one;
mod page;
#[cfg(test)]
mod tests;
mod text;

pub use document::{Document, Readable};
pub use page::page;
pub use text::text;

/// Versions of the contracts.
pub mod schema {
    /// Of [`super::StatusView`].
    pub const STATUS: &str = "rutter.law-status/1";
    /// Of [`super::ShowView`].
    pub const SHOW: &str = "rutter.law-show/1";
    /// Of [`super::CompareView`].
    pub const COMPARE: &str = "rutter.law-compare/1";
    /// Of [`super::ChannelView`].
    pub const CHANNEL: &str = "rutter.law-channel/1";
    /// Of [`super::InstrumentView`].
    pub const INSTRUMENT: &str = "rutter.law-instrument/1";
    /// Of [`super::QuestionsView`].
    pub const QUESTIONS: &str = "rutter.law-questions/1";
    /// Of [`super::CheckView`].
    pub const CHECK: &str = "rutter.law-check/1";
}

/// Stands on every page and under every text.
pub const NO_ADVICE: &str = "This is no legal advice. Location is not responsibility: nothing here says who did something.";

/// Which facts an answer rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Basis {
    /// Day of the last revision of the rule book.
    pub revised: String,
    /// Its SHA-256, hexadecimal, without the overlay.
    pub sha256: String,
    /// The user's own folder that was laid over it; `null` if none was.
    pub overlay: Option<String>,
    /// Was the day of the question given? Else it is the day of the revision.
    pub on_given: bool,
}

/// How a state or territory stands to an instrument on a day.
#[derive(Clone, Debug, Serialize)]
pub struct StatusRow {
    /// Id of the instrument.
    pub instrument: String,
    /// Code of the state or territory, as the rule book has it; longer than two letters where ISO 3166-1 has none.
    pub state: String,
    /// The day.
    pub on: Day,
    /// How it stands.
    pub status: Status,
    /// Does it apply? `null` for unknown.
    pub in_force: Option<bool>,
    /// Since when; `null` if it does not apply, or nobody wrote the day down.
    pub since: Option<Day>,
    /// How well that is known.
    pub grade: Grade,
    /// Where the row was read.
    pub source: String,
    /// Why this is the answer, then remarks of the row.
    pub note: String,
    /// Title of the instrument.
    pub title: String,
    /// Name of the state or territory.
    pub name: String,
    /// Signature, as far as the row has it; it may lie after `on`.
    pub signed: Option<String>,
    /// Deposit, likewise.
    pub ratified: Option<String>,
    /// End of being bound, likewise.
    pub left: Option<String>,
    /// When the row was last checked; `unknown` if nobody wrote it down.
    pub as_of: String,
    /// More than 180 days before `on`, or unknown.
    pub stale: bool,
    /// The depositary's or legislator's own page.
    pub official: Option<String>,
    /// Whose row decided; `null` if there was none.
    pub row_of: Option<StateCode>,
}

/// `rutter law status`.
#[derive(Clone, Debug, Serialize)]
pub struct StatusView {
    /// [`schema::STATUS`].
    pub schema: &'static str,
    /// The answer.
    #[serde(flatten)]
    pub row: StatusRow,
    /// What it rests on.
    pub basis: Basis,
}

/// A row of a table beside the instruments, as cited.
#[derive(Clone, Debug, Serialize)]
pub struct Cited {
    /// How well it is known.
    pub grade: Grade,
    /// When the table was last checked; `unknown` if nobody wrote it down.
    pub as_of: String,
    /// Where it was read.
    pub source: String,
    /// Remarks.
    pub note: String,
}

/// A place whose law is not simply that of a state.
#[derive(Clone, Debug, Serialize)]
pub struct TerritoryRow {
    /// Legal character in words.
    pub character: String,
    /// The state whose treaties may reach it.
    pub parent: Option<StateCode>,
    /// Who answers for it, in words.
    pub responsible: String,
    /// On the Budapest Convention.
    pub ets185: String,
    /// On law of the European Union.
    pub eu_law: String,
    /// Instruments that are said to reach it.
    pub extends: Vec<String>,
    /// Instruments that are said not to.
    pub excludes: Vec<String>,
    /// Citation.
    #[serde(flatten)]
    pub cited: Cited,
}

/// National law and authorities.
#[derive(Clone, Debug, Serialize)]
pub struct NationalRow {
    /// Computer-crime law.
    pub computer_crime_law: String,
    /// Data-protection law.
    pub data_protection_law: String,
    /// Rule on the retention of traffic data.
    pub retention_rule: String,
    /// Months of it; `null` where there is no rule or nobody knows it.
    pub retention_months: Option<u16>,
    /// Does it bind every provider, for at least so long? `null` where no rule is known.
    pub retention_kind: Option<RetentionKind>,
    /// The data that its words name; empty where they do not say.
    pub retention_of: Vec<DataClass>,
    /// Blocking and localisation.
    pub blocking_localisation: String,
    /// Central authority for mutual legal assistance.
    pub mla_authority: String,
    /// National CERT.
    pub cert: String,
    /// Body on call day and night.
    pub contact_24_7: String,
    /// Citation.
    #[serde(flatten)]
    pub cited: Cited,
}

/// A membership.
#[derive(Clone, Debug, Serialize)]
pub struct GroupRow {
    /// Organisation or network.
    pub group: String,
    /// `member`, or what it is instead.
    pub status: String,
    /// On the day; `null` where the table does not settle it.
    pub belongs: Option<bool>,
    /// Since when.
    pub joined: Option<String>,
    /// Until when.
    pub left: Option<String>,
    /// Citation.
    #[serde(flatten)]
    pub cited: Cited,
}

/// What a state, or a region for its states, has said or signed.
#[derive(Clone, Debug, Serialize)]
pub struct StatementRow {
    /// Table: `positions`, `declarations`, `papers`, `WCIT-12`, `sanctions`, `filtering`, `experts`, `sponsors`.
    pub table: &'static str,
    /// On what.
    pub item: String,
    /// The answer.
    pub value: String,
    /// When, as written; blank if it is not.
    pub date: String,
    /// Citation.
    #[serde(flatten)]
    pub cited: Cited,
}

/// A vote.
#[derive(Clone, Debug, Serialize)]
pub struct VoteRow {
    /// `A/RES/73/27`.
    pub item: String,
    /// What it was about.
    pub title: String,
    /// Day.
    pub date: String,
    /// `yes`, `no`, `abstain`, `absent`, `unknown`.
    pub vote: &'static str,
    /// Citation.
    #[serde(flatten)]
    pub cited: Cited,
}

/// `rutter law show`: everything on one state or territory.
#[derive(Clone, Debug, Serialize)]
pub struct ShowView {
    /// [`schema::SHOW`].
    pub schema: &'static str,
    /// Code.
    pub state: String,
    /// Name.
    pub name: String,
    /// `UN member` or what it is instead; blank for a territory.
    pub un_status: String,
    /// The day.
    pub on: Day,
    /// Where its law is not simply that of a state.
    pub territory: Option<TerritoryRow>,
    /// Instruments to which it stands in a known way.
    pub instruments: Vec<StatusRow>,
    /// Instruments about which nothing is known for it.
    pub nothing_known: Vec<String>,
    /// National law.
    pub national: Option<NationalRow>,
    /// How long the data of the day last that are lost first.
    pub retention: Option<Retention>,
    /// The same for the data of other kinds of hops, in the order in which they are lost.
    pub later: Vec<Retention>,
    /// Organisations and networks.
    pub groups: Vec<GroupRow>,
    /// Positions, declarations, signatures.
    pub statements: Vec<StatementRow>,
    /// Votes.
    pub votes: Vec<VoteRow>,
    /// Where it stands on the three lines; `null` for a territory.
    pub standings: Option<Standings>,
    /// What it rests on.
    pub basis: Basis,
}

/// A code and its name.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// Code.
    pub state: String,
    /// Name.
    pub name: String,
}

/// A cell of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The answer: a status, a vote, a position; `unknown` where the tables have none.
    pub value: String,
    /// Since when, or the date of the text.
    pub date: Option<String>,
    /// `null` where there is no row.
    pub grade: Option<Grade>,
    /// When the row was last checked.
    pub as_of: String,
    /// More than 180 days before the day, or unknown.
    pub stale: bool,
    /// Where it was read; blank where there is no row.
    pub source: String,
}

/// A line of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct CompareRow {
    /// Instrument, vote or question.
    pub item: String,
    /// Title.
    pub title: String,
    /// Do the known answers differ?
    pub differ: bool,
    /// One per state, in the order of [`CompareView::states`].
    pub cells: Vec<Cell>,
}

/// A part of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// `instruments`, `votes`, `positions`, `declarations`, `groups`.
    pub what: &'static str,
    /// Its lines.
    pub rows: Vec<CompareRow>,
}

/// `rutter law compare`.
#[derive(Clone, Debug, Serialize)]
pub struct CompareView {
    /// [`schema::COMPARE`].
    pub schema: &'static str,
    /// The day.
    pub on: Day,
    /// In the order in which they were asked for.
    pub states: Vec<Place>,
    /// The parts.
    pub matrices: Vec<Matrix>,
    /// Where each stands on the three lines.
    pub standings: Vec<Standings>,
    /// On what they part.
    pub partings: Vec<Parting>,
    /// What it rests on.
    pub basis: Basis,
}

/// `rutter law channel`.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelView {
    /// [`schema::CHANNEL`].
    pub schema: &'static str,
    /// Who asks.
    pub from: String,
    /// Who is asked.
    pub to: String,
    /// The day.
    pub on: Day,
    /// Lawful ways to ask, best first: what is in force before what is unknown.
    pub channels: Vec<Channel>,
    /// Name of the asking state.
    pub from_name: String,
    /// Name of the asked state.
    pub to_name: String,
    /// Remarks on the question: what the two places are, who answers for them in law and who has power there in fact.
    pub notes: Vec<String>,
    /// How long the data of the day last that are lost first in the asked state.
    pub retention: Retention,
    /// The same for the data of other kinds of hops, in the order in which they are lost.
    pub later: Vec<Retention>,
    /// What it rests on.
    pub basis: Basis,
}

/// A published number.
#[derive(Clone, Debug, Serialize)]
pub struct CountRow {
    /// `party`, `signatory` …
    pub what: String,
    /// Published.
    pub published: usize,
    /// Rows.
    pub listed: usize,
    /// The words that publish it.
    pub words: String,
}

/// A provision.
#[derive(Clone, Debug, Serialize)]
pub struct ProvisionRow {
    /// Article.
    pub provision: String,
    /// What it does, in own words.
    pub effect: String,
    /// Limit in time.
    pub time_limit: Option<String>,
    /// Who can invoke it, against whom.
    pub who: Option<String>,
    /// Where it was read.
    pub source: String,
    /// How well it is known.
    pub grade: Grade,
}

/// `rutter law instrument`.
#[derive(Clone, Debug, Serialize)]
pub struct InstrumentView {
    /// [`schema::INSTRUMENT`].
    pub schema: &'static str,
    /// Id.
    pub instrument: String,
    /// Title.
    pub title: String,
    /// `treaty`, `regulation` …
    pub kind: String,
    /// Who keeps the list.
    pub depositary: Option<String>,
    /// Adoption or opening for signature.
    pub adopted: Option<String>,
    /// Entry into force of the instrument itself.
    pub in_force: Option<String>,
    /// `in-force`, `not-in-force`, `per-row`, `non-binding`, `unknown`.
    pub force: &'static str,
    /// The depositary's or legislator's own page.
    pub official: Option<String>,
    /// What the list covers.
    pub scope: String,
    /// When it was last checked.
    pub as_of: String,
    /// How well the list as a whole is known.
    pub grade: Grade,
    /// What holds for a state without a row, and why.
    pub absent: String,
    /// The day.
    pub on: Day,
    /// Published numbers.
    pub counts: Vec<CountRow>,
    /// Its articles.
    pub provisions: Vec<ProvisionRow>,
    /// Every state and territory, by status and code.
    pub statuses: Vec<StatusRow>,
    /// What it rests on.
    pub basis: Basis,
}

/// How well a file is known.
#[derive(Clone, Debug, Serialize)]
pub struct FileCount {
    /// File below `data/law`.
    pub file: String,
    /// Rows.
    pub rows: usize,
    /// Of these confirmed.
    pub confirmed: usize,
    /// Partly.
    pub partly: usize,
    /// Unconfirmed.
    pub unconfirmed: usize,
}

/// A row that somebody should look up.
#[derive(Clone, Debug, Serialize)]
pub struct OpenRow {
    /// What names the row: a state, or a state and an item.
    pub key: String,
    /// What the row says now.
    pub says: String,
    /// How well that is known.
    pub grade: Grade,
    /// What stands against it or is missing.
    pub note: String,
}

/// Rows of one file that one page would settle.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// File below `data/law`.
    pub file: String,
    /// Title of the instrument or table.
    pub title: String,
    /// What is the matter: `contradictory`, `unconfirmed`, `partly`, `complaint`.
    pub what: &'static str,
    /// What would change.
    pub why: String,
    /// Where to look.
    pub confirm_at: String,
    /// The rows.
    pub rows: Vec<OpenRow>,
}

/// `rutter law questions`.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionsView {
    /// [`schema::QUESTIONS`].
    pub schema: &'static str,
    /// The day.
    pub on: Day,
    /// Worst first.
    pub questions: Vec<Question>,
    /// Per file.
    pub files: Vec<FileCount>,
    /// What it rests on.
    pub basis: Basis,
}

/// Something that `rutter law check` found.
#[derive(Clone, Debug, Serialize)]
pub struct ComplaintRow {
    /// File.
    pub file: String,
    /// Line or entry; blank for the file as a whole.
    pub at: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What.
    pub what: String,
}

/// `rutter law check`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckView {
    /// [`schema::CHECK`].
    pub schema: &'static str,
    /// The day to which age is counted.
    pub on: Day,
    /// Files looked at.
    pub files: usize,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// What was found, errors first.
    pub complaints: Vec<ComplaintRow>,
    /// What was checked.
    pub basis: Basis,
}

#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Serialize)]
struct Summary<'a> {
    on: Day,
    files: usize,
    errors: usize,
    warnings: usize,
    basis: &'a Basis,
}

/// A check as JSON Lines: every complaint, then the summary.
///
/// # Errors
/// A value that JSON cannot hold; there is none.
pub fn check_lines(view: &CheckView) -> serde_json::Result<String> {
    let mut out = String::new();
    for complaint in &view.complaints {
        out.push_str(&super::json::line(&Line { schema: view.schema, kind: "complaint", body: complaint })?);
    }
    let CheckView { on, files, errors, warnings, basis, .. } = view;
    let body = Summary { on: *on, files: *files, errors: *errors, warnings: *warnings, basis };
    out.push_str(&super::json::line(&Line { schema: view.schema, kind: "summary", body: &body })?);
    Ok(out)
}
