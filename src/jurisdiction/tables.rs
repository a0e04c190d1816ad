//! The tables beside the instruments: who belongs to which organisation, what national law says, how states voted, what
//! they signed and what they have published. Facts with sources, like the rule book, and loaded as strictly.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use super::Law;
use super::book::{LawError, grade};
use super::dates::{AsOf, Dated, When};
use super::fields::{Fields, Table};
use crate::model::channel::{DataClass, RetentionKind};
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// File of the memberships.
const GROUPS: &str = "groups.csv";

/// Where a row was read, and how well it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Cited {
    /// What was read.
    pub source: Arc<str>,
    /// How well.
    pub grade: Grade,
    /// Remarks.
    pub note: Arc<str>,
}

/// A membership of an organisation or network.
#[derive(Clone, Debug)]
pub struct Membership {
    /// `EU`, `INTERPOL`, `Budapest 24/7 network (art. 35)` …
    pub group: Arc<str>,
    /// The state.
    pub state: StateCode,
    /// `member`, or what it is instead: `partner`, `withdrawn`, `inactive` …
    pub status: Arc<str>,
    /// Since when; `None` if the table has no date.
    pub joined: Option<Dated>,
    /// Until when; `None` if it has not left, or nobody wrote the day down.
    pub left: Option<Dated>,
    /// When the row was last checked, if it says so itself; otherwise the date of the table holds.
    pub as_of: Option<AsOf>,
    /// Where it was read.
    pub cited: Cited,
}

impl Membership {
    /// The day from which the row speaks: that of the list it was read from. A list says who is a member, not since when.
    #[must_use]
    pub fn listed(&self) -> AsOf {
        self.as_of.unwrap_or_else(|| Law::table_as_of(GROUPS))
    }

    /// Is the day on or after that of the list? A list without a date is as old as the rule book.
    fn is_listed(&self, on: Day) -> bool {
        match self.listed() {
            AsOf::On(d) => d.when(on) == When::Since,
            AsOf::Unknown => on >= Law::revised(),
        }
    }

    /// Is it a member on the day? `None`: no date settles it, or the row's word does not.
    ///
    /// A member without a day of joining is one from the day of the list on; before that nobody knows. One that has
    /// withdrawn was a member until it left; without that day it is out from the day of the list on.
    #[must_use]
    pub fn is_member(&self, on: Day) -> Option<bool> {
        match self.left.map(|d| d.when(on)) {
            Some(When::Since) => return Some(false),
            Some(When::Unsure) => return None,
            Some(When::Before) | None => {}
        }
        match (&*self.status, self.left) {
            ("member", _) | ("withdrawn", Some(_)) => match self.joined.map(|d| d.when(on)) {
                Some(When::Before) => Some(false),
                Some(When::Unsure) => None,
                Some(When::Since) => Some(true),
                // Before it left it was in, whenever it joined.
                None => (self.left.is_some() || self.is_listed(on)).then_some(true),
            },
            // The day in `joined` is that of joining or of leaving, as the file has it; neither settles an earlier day.
            ("withdrawn", None) => self.is_listed(on).then_some(false),
            ("non-member" | "applicant" | "partner" | "invited" | "associate", _) => Some(false),
            _ => None,
        }
    }
}

/// National law and authorities of a state.
#[derive(Clone, Debug)]
pub struct Domestic {
    /// The state.
    pub state: StateCode,
    /// Computer-crime law.
    pub computer_crime_law: Arc<str>,
    /// Data-protection law.
    pub data_protection_law: Arc<str>,
    /// Rule on the retention of traffic data, in words.
    pub retention_rule: Arc<str>,
    /// Months of the rule; `None` where there is none or nobody knows it. The words say which.
    pub retention_months: Option<u16>,
    /// Does it bind every provider, for at least so long? `None` where no rule is known.
    pub retention_kind: Option<RetentionKind>,
    /// The data that its words name; empty where they do not say.
    pub retention_of: Vec<DataClass>,
    /// Blocking and localisation.
    pub blocking_localisation: Arc<str>,
    /// Central authority for mutual legal assistance.
    pub mla_authority: Arc<str>,
    /// National CERT.
    pub cert: Arc<str>,
    /// Body on call day and night.
    pub contact_24_7: Arc<str>,
    /// Where it was read.
    pub cited: Cited,
}

/// What a state, or a region speaking for its states, has said, signed or done.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Two letters, or `EU` and `x-AU` for texts of the European and the African Union.
    pub who: Arc<str>,
    /// On what: a question, a declaration, a regime.
    pub item: Arc<str>,
    /// The answer: `affirms`, `supporter`, `signed` …
    pub value: Arc<str>,
    /// When; `None` if it is no plain date.
    pub date: Option<Dated>,
    /// The date as it is written.
    pub dated: Arc<str>,
    /// Where it was read.
    pub cited: Cited,
}

impl Statement {
    /// The state, unless a region speaks.
    #[must_use]
    pub fn state(&self) -> Option<StateCode> {
        StateCode::new(&self.who).filter(|s| s.as_str() != "EU")
    }
}

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vote {
    /// For.
    Yes,
    /// Against.
    No,
    /// Present, and neither.
    Abstain,
    /// Did not vote.
    Absent,
    /// The sources do not have it.
    Unknown,
}

impl Vote {
    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Abstain => "abstain",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for Vote {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Ok(match s {
            "yes" => Self::Yes,
            "no" => Self::No,
            "abstain" => Self::Abstain,
            "absent" => Self::Absent,
            "" => Self::Unknown,
            other => return Err(format!("{other:?} is no vote")),
        })
    }
}

/// A roll call of the General Assembly.
#[derive(Clone, Debug)]
pub struct RollCall {
    /// `A/RES/73/27`.
    pub symbol: Arc<str>,
    /// What it was about.
    pub title: Arc<str>,
    /// Day of the vote.
    pub date: Dated,
    /// Who tabled it.
    pub tabled_by: Arc<str>,
    /// The published count, as it is written (`119-46-14`).
    pub count: Arc<str>,
    /// The line that it is an item of (`F1`); blank if of none.
    pub line: Arc<str>,
    /// The vote that counts as +1 there.
    pub plus: Option<Vote>,
    /// How each state voted, with the grade of the row.
    pub votes: BTreeMap<StateCode, (Vote, Grade)>,
    /// Where the votes were read.
    pub source: Arc<str>,
}

/// A provision of an instrument or a law that has no file of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// The instrument or body of law, in words.
    pub instrument: Arc<str>,
    /// `18 U.S.C. 2702`.
    pub provision: Arc<str>,
    /// What it does.
    pub effect: Arc<str>,
    /// Limit in time.
    pub time_limit: Option<Arc<str>>,
    /// Who can invoke it.
    pub who: Option<Arc<str>>,
    /// Where it was read.
    pub source: Arc<str>,
    /// How well it is known.
    pub grade: Grade,
    #[serde(rename = "confidence")]
    _confidence: Option<String>,
    #[serde(rename = "lowered")]
    _lowered: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElsewhereFile {
    #[serde(rename = "provision")]
    provisions: Vec<Elsewhere>,
}

/// A report, resolution or body of the United Nations.
#[derive(Clone, Debug)]
pub struct UnInstrument {
    /// Symbol, or a name where it has none.
    pub symbol: Arc<str>,
    /// Its day.
    pub date: Option<Dated>,
    /// What it did.
    pub what: Arc<str>,
    /// Where it was read.
    pub source: Arc<str>,
    /// How well it is known.
    pub grade: Grade,
}

/// The tables.
#[derive(Clone, Debug)]
pub struct LawTables {
    /// Memberships, by group and state.
    pub groups: Vec<Membership>,
    /// National law.
    pub domestic: BTreeMap<StateCode, Domestic>,
    /// Declarations and networks that states join one by one.
    pub memberships: Vec<Statement>,
    /// What states say of the law that applies.
    pub positions: Vec<Statement>,
    /// The papers in which they say it.
    pub position_papers: Vec<Statement>,
    /// Signatures of 2012.
    pub wcit12: Vec<Statement>,
    /// Cyber sanctions.
    pub sanctions: Vec<Statement>,
    /// Blocking and filtering.
    pub filtering: Vec<Statement>,
    /// Members of the groups of governmental experts.
    pub gge: Vec<Statement>,
    /// Sponsors of the two tracks of 2023.
    pub sponsors: Vec<Statement>,
    /// Roll calls, by date.
    pub roll_calls: Vec<RollCall>,
    /// Provisions of instruments without a file of their own.
    pub elsewhere: Vec<Elsewhere>,
    /// What the United Nations have resolved and set up.
    pub un: Vec<UnInstrument>,
}

/// Name below `data/law`, and text.
pub(super) const TABLES: &[(&str, &str)] = &[
    ("domestic.csv", include_str!("../../data/law/domestic.csv")),
    ("filtering_regimes.csv", include_str!("../../data/law/filtering_regimes.csv")),
    ("gge_membership.csv", include_str!("../../data/law/gge_membership.csv")),
    ("groups.csv", include_str!("../../data/law/groups.csv")),
    ("memberships.csv", include_str!("../../data/law/memberships.csv")),
    ("national_positions.csv", include_str!("../../data/law/national_positions.csv")),
    ("national_positions_docs.csv", include_str!("../../data/law/national_positions_docs.csv")),
    ("poa_cosponsors.csv", include_str!("../../data/law/poa_cosponsors.csv")),
    ("provisions-elsewhere.toml", include_str!("../../data/law/provisions-elsewhere.toml")),
    ("rollcall_items.csv", include_str!("../../data/law/rollcall_items.csv")),
    ("rollcall_sources.csv", include_str!("../../data/law/rollcall_sources.csv")),
    ("rollcalls.csv", include_str!("../../data/law/rollcalls.csv")),
    ("sanctions_regimes.csv", include_str!("../../data/law/sanctions_regimes.csv")),
    ("un_instruments.csv", include_str!("../../data/law/un_instruments.csv")),
    ("wcit12.csv", include_str!("../../data/law/wcit12.csv")),
];

impl LawTables {
    /// Loads them from named texts. A table that is not given is refused; other names are ignored, since they belong to the
    /// rule book.
    ///
    /// # Errors
    /// The first thing that is wrong, with its file, line and column.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, LawError> {
        let take = |name: &'static str| {
            let found = files.iter().find(|(n, _)| *n == name);
            found.map(|(_, text)| (name, *text)).ok_or_else(|| LawError::Missing { file: name.to_owned() })
        };
        Ok(Self {
            groups: rows(take(GROUPS)?, membership)?,
            domestic: rows(take("domestic.csv")?, domestic)?.into_iter().map(|d| (d.state, d)).collect(),
            memberships: rows(take("memberships.csv")?, statement)?,
            positions: rows(take("national_positions.csv")?, position)?,
            position_papers: rows(take("national_positions_docs.csv")?, statement)?,
            wcit12: rows(take("wcit12.csv")?, statement)?,
            sanctions: rows(take("sanctions_regimes.csv")?, statement)?,
            filtering: rows(take("filtering_regimes.csv")?, statement)?,
            gge: rows(take("gge_membership.csv")?, statement)?,
            sponsors: rows(take("poa_cosponsors.csv")?, statement)?,
            roll_calls: roll_calls(take("rollcall_items.csv")?, take("rollcalls.csv")?, take("rollcall_sources.csv")?)?,
            elsewhere: elsewhere(take("provisions-elsewhere.toml")?)?,
            un: rows(take("un_instruments.csv")?, un_instrument)?,
        })
    }

    /// The provision of the law of the United States that begins with `section`.
    pub(super) fn us_law(&self, section: &str) -> Option<&Elsewhere> {
        self.elsewhere.iter().find(|row| &*row.instrument == "US law" && row.provision.starts_with(section))
    }

    /// The directory of points of contact of the United Nations.
    pub(super) fn directory(&self) -> Option<&UnInstrument> {
        self.un.iter().find(|row| &*row.symbol == "Global POC directory")
    }

    /// Does the state belong to the group on the day? `None`: it is not listed, or its row does not settle it
    /// ([`Membership::is_member`]).
    #[must_use]
    pub fn belongs(&self, group: &str, state: StateCode, on: Day) -> Option<(bool, &Membership)> {
        let row = self.groups.iter().find(|m| &*m.group == group && m.state == state)?;
        Some((row.is_member(on)?, row))
    }
}

fn rows<T>((file, text): (&str, &str), read: impl Fn(&Fields<'_>) -> Result<T, LawError>) -> Result<Vec<T>, LawError> {
    let mut table = Table::new(file, text)?;
    let mut out = Vec::new();
    while let Some(row) = table.next_row() {
        out.push(read(&row?)?);
    }
    Ok(out)
}

fn cited(row: &Fields<'_>) -> Result<Cited, LawError> {
    Ok(Cited { source: row.required("source")?.into(), grade: grade(row)?, note: row.get("note")?.into() })
}

fn membership(row: &Fields<'_>) -> Result<Membership, LawError> {
    Ok(Membership {
        group: row.required("group")?.into(),
        state: row.parsed("state")?,
        status: row.required("status")?.into(),
        joined: row.optional("joined")?,
        left: row.optional_column("left")?,
        as_of: row.optional_column("as_of")?,
        cited: cited(row)?,
    })
}

/// A cell of national law that names somebody.
#[must_use]
pub fn named_body(cell: &str) -> Option<&str> {
    let nobody = ["", "none", "none known", "none confirmed", "unknown"];
    Some(cell.trim()).filter(|name| !nobody.contains(name))
}

fn domestic(row: &Fields<'_>) -> Result<Domestic, LawError> {
    let text = |column: &str| row.get(column).map(Arc::from);
    Ok(Domestic {
        state: row.parsed("state")?,
        computer_crime_law: text("computer_crime_law")?,
        data_protection_law: text("data_protection_law")?,
        retention_rule: text("retention_rule")?,
        retention_months: row.optional("retention_months")?,
        retention_kind: retention_kind(row)?,
        retention_of: retention_of(row)?,
        blocking_localisation: text("blocking_localisation")?,
        mla_authority: text("mla_authority")?,
        cert: text("cert")?,
        contact_24_7: text("contact_24_7")?,
        cited: cited(row)?,
    })
}

/// A kind is a reading of the words of the rule: without them there is none.
fn retention_kind(row: &Fields<'_>) -> Result<Option<RetentionKind>, LawError> {
    const COLUMN: &str = "retention_kind";
    let word = row.get(COLUMN)?;
    if word.is_empty() {
        return Ok(None);
    }
    let kind = RetentionKind::ALL.into_iter().find(|k| k.as_str() == word);
    let kind = kind.ok_or_else(|| row.error(COLUMN, format!("{word:?} is no kind (duty, maximum, by-order)")))?;
    if row.get("retention_rule")?.is_empty() {
        return Err(row.error(COLUMN, "a kind without a rule"));
    }
    Ok(Some(kind))
}

fn retention_of(row: &Fields<'_>) -> Result<Vec<DataClass>, LawError> {
    const COLUMN: &str = "retention_of";
    let mut out = Vec::new();
    for word in row.get(COLUMN)?.split_whitespace() {
        let class = DataClass::ALL.into_iter().find(|c| c.as_str() == word);
        let class = class.ok_or_else(|| row.error(COLUMN, format!("{word:?} is no class (subscriber, connection, traffic)")))?;
        if out.contains(&class) {
            return Err(row.error(COLUMN, format!("{word:?} twice")));
        }
        out.push(class);
    }
    if !out.is_empty() && row.get("retention_kind")?.is_empty() {
        return Err(row.error(COLUMN, "data of a rule without a kind"));
    }
    Ok(out)
}

fn statement(row: &Fields<'_>) -> Result<Statement, LawError> {
    let dated = row.get("date")?;
    Ok(Statement {
        who: row.required("state")?.into(),
        item: row.required("item")?.into(),
        value: row.required("value")?.into(),
        date: dated.parse().ok(),
        dated: dated.into(),
        cited: cited(row)?,
    })
}

/// A statement with one of the values that a position can have.
fn position(row: &Fields<'_>) -> Result<Statement, LawError> {
    match row.required("value")? {
        "affirms" | "denies" | "reserves" | "silent" | "unknown" => statement(row),
        other => Err(row.error("value", format!("{other:?} is no position (affirms, denies, reserves, silent, unknown)"))),
    }
}

fn elsewhere((file, text): (&str, &str)) -> Result<Vec<Elsewhere>, LawError> {
    let parsed: ElsewhereFile = toml::from_str(text).map_err(|e| LawError::toml(file, text, &e))?;
    match parsed.provisions.iter().find(|p| p.source.is_empty()) {
        Some(p) => Err(LawError::value(file, &*p.provision, "source", "must not be blank")),
        None => Ok(parsed.provisions),
    }
}

fn un_instrument(row: &Fields<'_>) -> Result<UnInstrument, LawError> {
    Ok(UnInstrument {
        symbol: row.required("symbol")?.into(),
        date: row.optional("date")?,
        what: row.get("what")?.into(),
        source: row.required("source")?.into(),
        grade: grade(row)?,
    })
}

fn roll_calls(items: (&str, &str), votes: (&str, &str), sources: (&str, &str)) -> Result<Vec<RollCall>, LawError> {
    let sources: BTreeMap<String, Arc<str>> =
        rows(sources, |row| Ok((row.required("id")?.to_owned(), row.required("source")?.into())))?.into_iter().collect();
    let mut calls: Vec<RollCall> = rows(items, |row| {
        Ok(RollCall {
            symbol: row.required("item")?.into(),
            title: row.required("title")?.into(),
            date: row.parsed("date")?,
            tabled_by: row.get("tabled_by")?.into(),
            count: row.required("yes-no-abstain")?.into(),
            line: row.get("index")?.into(),
            plus: match row.get("plus_vote")? {
                "" => None,
                word => Some(word.parse().map_err(|why: String| row.error("plus_vote", why))?),
            },
            votes: BTreeMap::new(),
            source: Arc::default(),
        })
    })?;
    let mut table = Table::new(votes.0, votes.1)?;
    while let Some(row) = table.next_row() {
        let row = row?;
        let (item, state, id): (&str, StateCode, &str) = (row.required("item")?, row.parsed("state")?, row.required("source")?);
        let vote = row.get("value")?.parse().map_err(|why: String| row.error("value", why))?;
        let grade = grade(&row)?;
        let call = calls.iter_mut().find(|c| &*c.symbol == item).ok_or_else(|| row.error("item", "no such roll call"))?;
        call.source = sources.get(id).cloned().unwrap_or_else(|| id.into());
        if call.votes.insert(state, (vote, grade)).is_some() {
            return Err(row.error("state", "listed twice for this vote"));
        }
    }
    calls.sort_by(|a, b| a.date.first.cmp(&b.date.first).then_with(|| a.symbol.cmp(&b.symbol)));
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::super::Law;
    use super::*;

    #[test]
    fn the_shipped_tables_load() {
        let law = Law::shipped().unwrap();
        let t = &law.tables;
        assert_eq!(t.roll_calls.iter().filter(|c| !c.votes.is_empty()).count(), 12);
        assert!(t.roll_calls.iter().all(|c| c.votes.is_empty() || c.votes.len() == 193));
        let de = StateCode::new("DE").unwrap();
        assert!(t.domestic.contains_key(&de));
        assert_eq!(t.belongs("EU", de, "2026-11-01".parse().unwrap()).map(|(is, _)| is), Some(true));
        assert!(t.belongs("EU", StateCode::new("BR").unwrap(), "2026-01-01".parse().unwrap()).is_none());
    }

    /// `rule,months,kind,of` in a row of national law.
    #[test]
    fn a_kind_of_retention_is_one_of_three_words() {
        let read = |rule: &str| {
            let text = format!(
                "state,computer_crime_law,data_protection_law,retention_rule,retention_months,retention_kind,retention_of,\
                 blocking_localisation,mla_authority,cert,contact_24_7,note,source,grade,confidence\n\
                 DE,,,{rule},,,,,,a page,confirmed,\n"
            );
            let files: Vec<(&str, &str)> =
                TABLES.iter().map(|&(n, t)| if n == "domestic.csv" { (n, text.as_str()) } else { (n, t) }).collect();
            LawTables::from_files(&files).map(|t| t.domestic[&"DE".parse().unwrap()].clone()).map_err(|e| e.to_string())
        };
        let row = read("a law: 12 months,12,duty,subscriber traffic").unwrap();
        assert_eq!(row.retention_kind, Some(RetentionKind::Duty));
        assert_eq!(row.retention_of, [DataClass::Subscriber, DataClass::Traffic]);
        assert_eq!(read("a law,,,").unwrap().retention_kind, None);
        for (bad, why) in [
            ("a law,12,must,", "is no kind"),
            (",12,duty,", "without a rule"),
            ("a law,12,duty,flows", "is no class"),
            ("a law,12,duty,traffic traffic", "twice"),
            ("a law,12,,traffic", "without a kind"),
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn who_left_is_out_from_that_day() {
        let law = Law::shipped().unwrap();
        let gb = StateCode::new("GB").unwrap();
        let is = |on: &str| law.tables.belongs("EU", gb, on.parse().unwrap()).map(|(is, _)| is);
        assert_eq!(is("2026-11-01"), Some(false));
    }

    /// `status,joined,left,on` and whether the row makes it a member, with and without the column for the day of leaving.
    #[test]
    fn a_list_settles_no_day_before_its_own() {
        let is = |head: &str, row: &str, on: &str| {
            let text = format!("group,state,status,{head},note,source,grade,confidence\nG,DE,{row},,a page,confirmed,\n");
            let files: Vec<(&str, &str)> =
                TABLES.iter().map(|&(n, t)| if n == GROUPS { (n, text.as_str()) } else { (n, t) }).collect();
            let tables = LawTables::from_files(&files).unwrap();
            let on = on.parse().unwrap();
            assert_eq!(tables.belongs("G", "DE".parse().unwrap(), on).map(|(is, _)| is), tables.groups[0].is_member(on));
            tables.groups[0].is_member(on)
        };
        let AsOf::On(listed) = Law::table_as_of(GROUPS) else { panic!("the list has a date") };
        let (before, after) = (Day(listed.first.0 - 1).to_string(), listed.last.to_string());
        let old = |row: &str, on: &str| is("joined", row, on);
        let new = |row: &str, on: &str| is("joined,left", row, on);
        // A blank day of joining.
        assert_eq!((old("member,", &before), old("member,", &after)), (None, Some(true)));
        assert_eq!((new("member,,", "1900-01-01"), new("member,,", &after)), (None, Some(true)));
        // A day of joining.
        assert_eq!((old("member,2010", "2009-12-31"), old("member,2010", "2010-06-01")), (Some(false), None));
        assert_eq!((old("member,2010", "2010-12-31"), new("member,2010,", "2012-01-01")), (Some(true), Some(true)));
        // A day of leaving: a member until then.
        let left = |on: &str| new("withdrawn,1996-02-28,2022-03-16", on);
        assert_eq!([left("1990-01-01"), left("2010-06-01"), left("2022-03-16")], [Some(false), Some(true), Some(false)]);
        assert_eq!(new("withdrawn,,2022-03-16", "2010-06-01"), Some(true));
        assert_eq!(new("withdrawn,,2022", "2022-06-01"), None);
        // Withdrawn nobody knows when; what stands under `joined` may be either day.
        for row in ["withdrawn,", "withdrawn,2020-01-31"] {
            assert_eq!((old(row, "2010-06-01"), old(row, &after)), (None, Some(false)), "{row}");
        }
        assert_eq!((old("partner,", "2010-06-01"), old("inactive,", &after)), (Some(false), None));
        // The row's own date.
        let own = |on: &str| is("joined,as_of", "member,,2015-03-01", on);
        assert_eq!((own("2015-02-28"), own("2015-03-01")), (None, Some(true)));
    }

    #[test]
    fn a_row_without_source_or_with_an_odd_vote_is_refused() {
        let replaced = |file: &str, text: &str| {
            let files: Vec<(&str, &str)> = TABLES.iter().map(|&(n, t)| if n == file { (n, text) } else { (n, t) }).collect();
            LawTables::from_files(&files).map(drop).map_err(|e| e.to_string())
        };
        let head = "state,item,value,date,note,source,grade,confidence\n";
        assert!(replaced("wcit12.csv", &format!("{head}DE,x,signed,2012-12-14,,,confirmed,\n")).unwrap_err().contains("source"));
        assert!(replaced("wcit12.csv", &format!("{head}DE,x,signed,2012-12-14,,page,sure,\n")).unwrap_err().contains("grade"));
        let votes = "item,state,value,date,note,source,grade,confidence\nA/RES/73/27,DE,perhaps,2018-12-05,,v1,confirmed,\n";
        assert!(replaced("rollcalls.csv", votes).unwrap_err().contains("vote"));
    }
}
