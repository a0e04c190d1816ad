//! The rule book and its loader. What cannot be checked is refused: a row without source, as-of date or grade, a state
//! nobody knows, a territory that does not say who answers for it, a state listed twice, an entry into force before
//! the adoption of the instrument, an instrument that is not in force and yet binds somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Law;
use super::dates::{AsOf, Dated};
use super::fields::{Fields, Table};
use super::final_clauses::JoiningFile;
use super::instruments::{Absent, Count, Force, Instrument, InstrumentFile};
use super::norms::{DUE_DILIGENCE, Norm, NormFile, Position, Stance};
use super::rows::{Meaning, StatusRow};
use super::territories::{Territory, TerritoryEntry, TerritoryFile};
use crate::model::law::Grade;
use crate::model::net::StateCode;

/// Why a rule book was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LawError {
    /// The file is no CSV or TOML of the expected form.
    #[error("{file}: {why}")]
    Syntax {
        /// File.
        file: String,
        /// What the parser says, with the line.
        why: String,
    },
    /// A value is missing or cannot be right.
    #[error("{file}, {at}, {column}: {why}")]
    Value {
        /// File.
        file: String,
        /// Line or entry.
        at: String,
        /// Column or key.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file that the others need is not there.
    #[error("{file}: the file is missing")]
    Missing {
        /// File.
        file: String,
    },
}

impl LawError {
    pub(super) fn syntax(file: &str, why: impl ToString) -> Self {
        Self::Syntax { file: file.to_owned(), why: why.to_string().trim_end().to_owned() }
    }

    /// On one line, with the line of the file that the parser points at.
    pub(super) fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let why = error.message().lines().collect::<Vec<_>>().join(" ");
        match error.span().and_then(|s| text.get(..s.start)) {
            Some(before) => Self::syntax(file, format!("line {}: {why}", before.matches('\n').count() + 1)),
            None => Self::syntax(file, why),
        }
    }

    pub(super) fn value(file: &str, at: impl Into<String>, column: &str, why: impl Into<String>) -> Self {
        Self::Value { file: file.to_owned(), at: at.into(), column: column.to_owned(), why: why.into() }
    }
}

/// A state as the rule book lists it.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name.
    pub name: Arc<str>,
    /// `UN member`, `UN observer`, or what it is instead.
    pub un_status: Arc<str>,
}

/// The rule book.
#[derive(Clone, Debug)]
pub struct RuleBook {
    states: BTreeMap<StateCode, State>,
    territories: BTreeMap<String, Territory>,
    instruments: BTreeMap<Arc<str>, Instrument>,
    norms: Vec<Norm>,
    positions: BTreeMap<StateCode, Position>,
}

impl RuleBook {
    /// The rule book inside the program, as [`Law::shipped`] holds it.
    ///
    /// # Errors
    /// None in a program whose tests pass: one of them loads it.
    pub fn shipped() -> Result<&'static Self, &'static LawError> {
        Law::shipped().map(|law| &law.book)
    }

    /// Loads a rule book from named texts: `states.csv`, `territories.toml`, `norms.toml`, `national_positions.csv`
    /// and `instruments/ID.toml` with `instruments/ID.csv` beside it. Other names are refused.
    ///
    /// # Errors
    /// The first thing that is wrong, with its file, line and column.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, LawError> {
        let mut by_name = BTreeMap::new();
        for (name, text) in files {
            if by_name.insert(*name, *text).is_some() {
                return Err(LawError::syntax(name, "given twice"));
            }
        }
        let mut take = |name: &'static str| {
            by_name.remove(name).map(|text| (name, text)).ok_or_else(|| LawError::Missing { file: name.to_owned() })
        };
        let states = states(take("states.csv")?)?;
        let territories = territories(take("territories.toml")?, &states)?;
        let norms = norms(take("norms.toml")?)?;
        let positions = positions(take("national_positions.csv")?)?;
        let known: BTreeSet<StateCode> =
            states.keys().copied().chain(territories.keys().filter_map(|c| StateCode::new(c))).collect();
        let mut instruments = BTreeMap::new();
        let names: Vec<&str> = by_name.keys().copied().filter(|n| n.ends_with(".toml")).collect();
        for name in names {
            let text = by_name.remove(name).unwrap_or_default();
            let rows_name = format!("{}.csv", name.trim_end_matches(".toml"));
            let (rows_name, rows) = by_name.remove_entry(rows_name.as_str()).ok_or(LawError::Missing { file: rows_name })?;
            let instrument = instrument((name, text), (rows_name, rows), &known)?;
            instruments.insert(instrument.id.clone(), instrument);
        }
        if let Some(name) = by_name.keys().next() {
            return Err(LawError::syntax(name, "no part of a rule book"));
        }
        for (code, t) in &territories {
            if let Some(id) = t.extends.iter().chain(&t.excludes).find(|id| !instruments.contains_key(id.as_str())) {
                return Err(LawError::value("territories.toml", code, "extends, excludes", format!("no instrument {id:?}")));
            }
        }
        Ok(Self { states, territories, instruments, norms, positions })
    }

    /// An instrument by its id.
    #[must_use]
    pub fn instrument(&self, id: &str) -> Option<&Instrument> {
        self.instruments.get(id)
    }

    /// All instruments, by id.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }

    /// A state.
    #[must_use]
    pub fn state(&self, code: StateCode) -> Option<&State> {
        self.states.get(&code)
    }

    /// A territory or pseudo code.
    #[must_use]
    pub fn territory(&self, code: &str) -> Option<&Territory> {
        self.territories.get(code)
    }

    /// All territories and pseudo codes, by code.
    pub fn territories(&self) -> impl Iterator<Item = &Territory> {
        self.territories.values()
    }

    /// All states, by code.
    pub fn states(&self) -> impl Iterator<Item = (StateCode, &State)> {
        self.states.iter().map(|(code, state)| (*code, state))
    }

    /// Name of a state or territory, if the rule book has it. It says nothing about whose a disputed place is.
    #[must_use]
    pub fn name_of(&self, code: StateCode) -> Option<&Arc<str>> {
        let state = self.states.get(&code).map(|s| &s.name);
        state.or_else(|| self.territories.get(code.as_str()).map(|t| &t.name))
    }

    /// A norm of A/70/174 by its number, for example `13(c)`.
    #[must_use]
    pub fn norm(&self, number: &str) -> Option<&Norm> {
        self.norms.iter().find(|n| &*n.norm == number)
    }

    /// What a state has published on due diligence.
    #[must_use]
    pub fn due_diligence(&self, state: StateCode) -> Option<&Position> {
        self.positions.get(&state)
    }

    /// `UK` and `EL` are other spellings; everything else is itself.
    #[must_use]
    pub fn canonical(&self, code: StateCode) -> StateCode {
        self.territories.get(code.as_str()).and_then(|t| t.alias_of).unwrap_or(code)
    }

    /// Is the code a state or a place, as opposed to a label of a registry (`EU`, `AP`) that names neither?
    #[must_use]
    pub fn is_place(&self, code: StateCode) -> bool {
        self.territories.get(code.as_str()).is_none_or(|t| &*t.character != "not a state")
    }

    /// Does somebody answer for the place, so that another state can be asked by it?
    #[must_use]
    pub fn can_ask(&self, code: StateCode) -> bool {
        let has_parent = || self.territories.get(code.as_str()).is_some_and(|t| t.parent.is_some());
        self.is_place(code) && (self.state(code).is_some() || has_parent())
    }
}

type File<'a> = (&'a str, &'a str);

fn states((file, text): File<'_>) -> Result<BTreeMap<StateCode, State>, LawError> {
    let mut table = Table::new(file, text)?;
    let mut states = BTreeMap::new();
    while let Some(row) = table.next_row() {
        let row = row?;
        let state = State { name: row.required("name")?.into(), un_status: row.required("un_status")?.into() };
        if states.insert(row.parsed("state")?, state).is_some() {
            return Err(row.error("state", "listed twice"));
        }
    }
    Ok(states)
}

fn territories((file, text): File<'_>, states: &BTreeMap<StateCode, State>) -> Result<BTreeMap<String, Territory>, LawError> {
    let parsed: TerritoryFile = toml::from_str(text).map_err(|e| LawError::toml(file, text, &e))?;
    let mut territories = BTreeMap::new();
    for entry in parsed.territories {
        let code = entry.code.clone();
        let territory = territory(file, entry, parsed.as_of, states)?;
        if territories.insert(code.clone(), territory).is_some() {
            return Err(LawError::value(file, code, "code", "listed twice"));
        }
    }
    Ok(territories)
}

fn territory(file: &str, e: TerritoryEntry, as_of: AsOf, states: &BTreeMap<StateCode, State>) -> Result<Territory, LawError> {
    let error = |column: &str, why: &str| LawError::value(file, format!("territory {}", e.code), column, why);
    let parent = match e.parent.as_deref() {
        None | Some("") => return Err(error("parent", "who answers for it is not said; write \"none\" if nobody does")),
        Some("none") => None,
        Some(code) => {
            let state = StateCode::new(code).filter(|s| states.contains_key(s));
            Some(state.ok_or_else(|| error("parent", &format!("no state {code:?}")))?)
        }
    };
    if e.source.is_empty() {
        return Err(error("source", "must not be blank"));
    }
    if e.alias_of.is_some_and(|s| !states.contains_key(&s)) {
        return Err(error("alias_of", "no such state"));
    }
    Ok(Territory {
        code: e.code,
        name: e.name.into(),
        character: e.character.into(),
        parent,
        alias_of: e.alias_of,
        responsible: e.responsible.into(),
        ets185: e.ets185,
        eu_law: e.eu_law,
        treaties: e.treaties,
        extends: e.extends,
        excludes: e.excludes,
        law_of_parent: e.law_of_parent,
        ets185_words: e.ets185_words.into(),
        eu_law_words: e.eu_law_words.into(),
        note: e.note.into(),
        source: e.source.into(),
        as_of,
        grade: e.grade,
    })
}

fn norms((file, text): File<'_>) -> Result<Vec<Norm>, LawError> {
    let parsed: NormFile = toml::from_str(text).map_err(|e| LawError::toml(file, text, &e))?;
    match parsed.norms.iter().find(|n| n.source.is_empty()) {
        Some(n) => Err(LawError::value(file, &*n.norm, "source", "must not be blank")),
        None => Ok(parsed.norms),
    }
}

fn positions((file, text): File<'_>) -> Result<BTreeMap<StateCode, Position>, LawError> {
    let mut table = Table::new(file, text)?;
    let mut positions = BTreeMap::new();
    while let Some(row) = table.next_row() {
        let row = row?;
        let (value, source, grade) = (row.required("value")?, row.required("source")?, grade(&row)?);
        // Regional positions (`EU`, `x-AU`) bind no single state to a reading.
        let Some(state) = StateCode::new(row.required("state")?).filter(|s| s.as_str() != "EU") else { continue };
        if row.required("item")? != DUE_DILIGENCE {
            continue;
        }
        let stance = match value {
            "affirms" => Stance::Binding,
            "denies" => Stance::Voluntary,
            "reserves" => Stance::Open,
            "unknown" | "silent" => Stance::Unknown,
            other => return Err(row.error("value", format!("{other:?} is no position"))),
        };
        let position =
            Position { stance, date: row.optional("date")?, source: source.into(), grade, note: row.get("note")?.into() };
        if positions.insert(state, position).is_some() {
            return Err(row.error("state", "listed twice for this question"));
        }
    }
    Ok(positions)
}

pub(super) fn grade(row: &Fields<'_>) -> Result<Grade, LawError> {
    match row.required("grade")? {
        "confirmed" => Ok(Grade::Confirmed),
        "partly" => Ok(Grade::Partly),
        "unconfirmed" => Ok(Grade::Unconfirmed),
        other => Err(row.error("grade", format!("{other:?} is no grade (confirmed, partly, unconfirmed)"))),
    }
}

fn instrument((file, text): File<'_>, rows: File<'_>, known: &BTreeSet<StateCode>) -> Result<Instrument, LawError> {
    let f: InstrumentFile = toml::from_str(text).map_err(|e| LawError::toml(file, text, &e))?;
    let error = |column: &str, why: String| LawError::value(file, "top", column, why);
    if file != format!("instruments/{}.toml", f.id) {
        return Err(error("id", format!("{:?} is not the name of the file", f.id)));
    }
    if let (Some(adopted), Some(in_force)) = (f.adopted, f.in_force)
        && in_force.last < adopted.first
    {
        return Err(error("in_force", format!("{in_force} is before the adoption on {adopted}")));
    }
    if (f.force == Force::InForce) != f.in_force.is_some() {
        return Err(error("force", "an instrument in force has a day, and no other has one".to_owned()));
    }
    for (n, p) in f.provisions.iter().enumerate() {
        if p.source.is_empty() {
            return Err(LawError::value(file, format!("provision {}", n + 1), "source", "must not be blank"));
        }
    }
    let joining = f.joining.map(JoiningFile::read).transpose().map_err(|why| LawError::value(file, "joining", "clause", why))?;
    if f.beginning.as_ref().is_some_and(|b| b.source.is_empty() || b.clause.is_empty()) {
        return Err(LawError::value(file, "beginning", "clause, source", "must not be blank"));
    }
    let mut instrument = Instrument {
        id: f.id.into(),
        title: f.title.into(),
        kind: f.kind.into(),
        depositary: f.depositary.map(Into::into),
        adopted: f.adopted,
        in_force: f.in_force,
        force: f.force,
        official: f.official.map(Into::into),
        scope: f.scope.into(),
        as_of: f.as_of,
        grade: f.grade,
        absent: f.absent,
        absent_because: f.absent_because.into(),
        joining,
        beginning: f.beginning,
        counts: f.counts,
        provisions: f.provisions,
        rows: BTreeMap::new(),
    };
    let mut table = Table::new(rows.0, rows.1)?;
    while let Some(row) = table.next_row() {
        let row = row?;
        let status = status_row(&row, &instrument, known)?;
        if instrument.rows.insert(status.state, status).is_some() {
            return Err(row.error("state", "listed twice"));
        }
    }
    check_counts(file, &instrument)?;
    Ok(instrument)
}

fn status_row(row: &Fields<'_>, instrument: &Instrument, known: &BTreeSet<StateCode>) -> Result<StatusRow, LawError> {
    let state = row.parsed("state")?;
    if !known.contains(&state) {
        return Err(row.error("state", format!("{state} is no state or territory of the rule book")));
    }
    let status = StatusRow {
        state,
        relation: row.parsed("status")?,
        signed: row.optional("signed")?,
        ratified: row.optional("ratified")?,
        in_force: row.optional("in_force")?,
        left: row.optional("left")?,
        suspended: row.optional("suspended")?,
        not_before: row.optional("not_before")?,
        as_of: row.parsed("as_of")?,
        grade: grade(row)?,
        confidence: row.optional("confidence")?,
        note: row.get("note")?.into(),
        source: row.required("source")?.into(),
        lowered: row.get("lowered")?.into(),
    };
    let early = |column: &str, date: Option<Dated>, bound: Option<Dated>, what: &str| match (date, bound) {
        (Some(d), Some(b)) if d.last < b.first => Err(row.error(column, format!("{d} is before {what} on {b}"))),
        _ => Ok(()),
    };
    early("ratified", status.ratified, status.signed, "the signature")?;
    early("in_force", status.in_force, status.ratified, "the deposit")?;
    // An own law of the same content, and a decision taken over from an older one, have dates of their own.
    if !matches!(status.relation.meaning, Meaning::OwnLaw | Meaning::Decided) {
        early("signed", status.signed, instrument.adopted, "the adoption")?;
        early("in_force", status.in_force, instrument.adopted, "the adoption")?;
        early("in_force", status.in_force, instrument.in_force, "the entry into force of the instrument")?;
    }
    if instrument.force == Force::NotInForce && matches!(status.relation.meaning, Meaning::Bound | Meaning::Extended) {
        return Err(row.error("status", "the instrument is not in force: it binds nobody"));
    }
    if instrument.force == Force::NotInForce && status.in_force.is_some() {
        return Err(row.error("in_force", "the instrument itself is not in force"));
    }
    Ok(status)
}

/// The numbers in the file must be the numbers of its rows, and a list is called complete only if they agree.
fn check_counts(file: &str, instrument: &Instrument) -> Result<(), LawError> {
    for count in &instrument.counts {
        let rows = instrument.rows.values().filter(|r| count.includes(r.relation.word)).count();
        if rows != count.listed {
            return Err(LawError::value(
                file,
                format!("count {}", count.what),
                "listed",
                format!("{} rows, not {}", rows, count.listed),
            ));
        }
    }
    // What makes a list one of all: parties, or what a bundle has instead; before entry into force there are signatures only.
    let of_all = |c: &Count| match c.what.as_str() {
        "party" | "agreement" | "decision" => true,
        "signed" => instrument.force == Force::NotInForce,
        _ => false,
    };
    if instrument.absent == Absent::NotParty && !instrument.counts.iter().any(|c| of_all(c) && c.published == c.listed) {
        return Err(LawError::value(file, "top", "absent", "a list is complete only if its published number is listed"));
    }
    Ok(())
}
