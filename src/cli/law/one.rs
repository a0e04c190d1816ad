//! The views of one state, one pair, one instrument.

use super::place::{self, Place};
use super::{Asked, Outcome};
use crate::error::Error;
use crate::jurisdiction::Law;
use crate::jurisdiction::instruments::{Absent, Force, Instrument};
use crate::jurisdiction::status::StatusOn;
use crate::jurisdiction::tables::{self, Statement};
use crate::model::channel::Retention;
use crate::model::law::Status;
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::law::{
    ChannelView, Cited, CountRow, GroupRow, InstrumentView, NationalRow, ProvisionRow, ShowView, StatementRow, StatusRow,
    StatusView, TerritoryRow, VoteRow, schema,
};

/// What stands where nobody read a source.
const NO_SOURCE: &str = "no source read";

/// A source as it is shown: what says of itself that it was not read is none.
pub(super) fn source(text: &str) -> String {
    if text.is_empty() || text == "unconfirmed" { NO_SOURCE.to_owned() } else { text.to_owned() }
}

pub(super) fn row(s: &StatusOn, place: &Place) -> StatusRow {
    let dated = |d: Option<crate::jurisdiction::dates::Dated>| d.map(|d| d.to_string());
    StatusRow {
        instrument: s.instrument.to_string(),
        state: place.code.clone(),
        on: s.on,
        status: s.status,
        in_force: s.applies(),
        since: s.in_force,
        grade: s.grade,
        source: source(&s.source),
        note: s.note.clone(),
        title: s.title.to_string(),
        name: place.name.clone(),
        signed: dated(s.signed),
        ratified: dated(s.ratified),
        left: dated(s.left),
        as_of: s.as_of.to_string(),
        stale: s.stale,
        official: s.official.as_ref().map(ToString::to_string),
        row_of: s.row_of,
    }
}

/// How a place stands to an instrument; the same for codes of two letters and longer ones.
pub(super) fn status_of(law: &Law, instrument: &Instrument, place: &Place, on: Day) -> Result<StatusOn, Error> {
    let found = law.book.status_at(&instrument.id, &place.code, on);
    found.ok_or_else(|| Error::Data(format!("{}: no answer for {}", instrument.id, place.code)))
}

pub(super) fn status(asked: &Asked<'_>, instrument: &str, state: &str) -> Result<Outcome, Error> {
    let instrument = place::instrument(asked.law, instrument)?;
    let place = place::party(asked.law, state)?;
    let answer = status_of(asked.law, instrument, &place, asked.on)?;
    asked.write(&StatusView { schema: schema::STATUS, row: row(&answer, &place), basis: asked.basis() }, false)
}

pub(super) fn cited(file: &str, c: &tables::Cited) -> Cited {
    Cited { grade: c.grade, as_of: Law::table_as_of(file).to_string(), source: source(&c.source), note: c.note.to_string() }
}

/// The tables of statements, with the word under which they are shown and their file.
pub(super) fn statement_tables(law: &Law) -> [(&'static str, &'static str, &[Statement]); 8] {
    let t = &law.tables;
    [
        ("positions", "national_positions.csv", &t.positions),
        ("declarations", "memberships.csv", &t.memberships),
        ("WCIT-12", "wcit12.csv", &t.wcit12),
        ("papers", "national_positions_docs.csv", &t.position_papers),
        ("experts", "gge_membership.csv", &t.gge),
        ("sponsors", "poa_cosponsors.csv", &t.sponsors),
        ("sanctions", "sanctions_regimes.csv", &t.sanctions),
        ("filtering", "filtering_regimes.csv", &t.filtering),
    ]
}

/// Is the statement known to be of a later day?
pub(super) fn is_later(s: &Statement, on: Day) -> bool {
    s.date.is_some_and(|d| d.first > on)
}

pub(super) fn show(asked: &Asked<'_>, state: &str) -> Result<Outcome, Error> {
    let (law, on) = (asked.law, asked.on);
    let place = place::place(law, state)?;
    let territory = place.territory(law);
    let code = place.state();
    let mut instruments = Vec::new();
    let mut nothing_known = Vec::new();
    for i in law.book.instruments() {
        let answer = status_of(law, i, &place, on)?;
        if answer.status == Status::Unknown && answer.row_of.is_none() {
            nothing_known.push(i.id.to_string());
        } else {
            instruments.push(row(&answer, &place));
        }
    }
    let is_state = code.is_some_and(|c| law.book.state(c).is_some());
    let mut clocks = code.map(|c| law.clocks(c, on)).unwrap_or_default().into_iter();
    let view = ShowView {
        schema: schema::SHOW,
        un_status: code.and_then(|c| law.book.state(c)).map(|s| s.un_status.to_string()).unwrap_or_default(),
        on,
        territory: territory.map(|t| TerritoryRow {
            character: t.character.to_string(),
            parent: t.parent,
            responsible: t.responsible.to_string(),
            ets185: t.ets185_words.to_string(),
            eu_law: t.eu_law_words.to_string(),
            extends: t.extends.clone(),
            excludes: t.excludes.clone(),
            cited: Cited { grade: t.grade, as_of: t.as_of.to_string(), source: source(&t.source), note: t.note.to_string() },
        }),
        instruments,
        nothing_known,
        national: code.and_then(|c| law.tables.domestic.get(&c)).map(national),
        retention: clocks.next(),
        later: clocks.collect(),
        groups: code.map(|c| groups(law, c, on)).unwrap_or_default(),
        statements: code.map(|c| statements(law, c, on)).unwrap_or_default(),
        votes: code.map(|c| votes(law, c, on)).unwrap_or_default(),
        standings: code.filter(|_| is_state).map(|c| law.standings(c, on)),
        basis: asked.basis(),
        state: place.code,
        name: place.name,
    };
    asked.write(&view, true)
}

fn national(d: &tables::Domestic) -> NationalRow {
    NationalRow {
        computer_crime_law: d.computer_crime_law.to_string(),
        data_protection_law: d.data_protection_law.to_string(),
        retention_rule: d.retention_rule.to_string(),
        retention_months: d.retention_months,
        retention_kind: d.retention_kind,
        retention_of: d.retention_of.clone(),
        blocking_localisation: d.blocking_localisation.to_string(),
        mla_authority: d.mla_authority.to_string(),
        cert: d.cert.to_string(),
        contact_24_7: d.contact_24_7.to_string(),
        cited: cited("domestic.csv", &d.cited),
    }
}

fn groups(law: &Law, state: StateCode, on: Day) -> Vec<GroupRow> {
    law.tables
        .groups
        .iter()
        .filter(|m| m.state == state)
        .map(|m| GroupRow {
            group: m.group.to_string(),
            status: m.status.to_string(),
            belongs: law.tables.belongs(&m.group, state, on).map(|(is, _)| is),
            joined: m.joined.map(|d| d.to_string()),
            left: m.left.map(|d| d.to_string()),
            cited: cited("groups.csv", &m.cited),
        })
        .collect()
}

fn statements(law: &Law, state: StateCode, on: Day) -> Vec<StatementRow> {
    let mut out = Vec::new();
    for (table, file, rows) in statement_tables(law) {
        for s in rows.iter().filter(|s| s.state() == Some(state) && !is_later(s, on)) {
            out.push(StatementRow {
                table,
                item: s.item.to_string(),
                value: s.value.to_string(),
                date: s.dated.to_string(),
                cited: cited(file, &s.cited),
            });
        }
    }
    out
}

fn votes(law: &Law, state: StateCode, on: Day) -> Vec<VoteRow> {
    let calls = law.tables.roll_calls.iter().filter(|c| c.date.first <= on);
    calls
        .filter_map(|c| {
            let (vote, grade) = c.votes.get(&state)?;
            Some(VoteRow {
                item: c.symbol.to_string(),
                title: c.title.to_string(),
                date: c.date.to_string(),
                vote: vote.as_str(),
                cited: Cited {
                    grade: *grade,
                    as_of: Law::table_as_of("rollcalls.csv").to_string(),
                    source: source(&c.source),
                    note: String::new(),
                },
            })
        })
        .collect()
}

pub(super) fn channel(asked: &Asked<'_>, from: &str, to: &str) -> Result<Outcome, Error> {
    let (law, on) = (asked.law, asked.on);
    let (from, to) = (place::place(law, from)?, place::place(law, to)?);
    let mut notes = law.remarks_on_places(&from.code, &to.code);
    let channels = law
        .channels_at(&from.code, &to.code, on)
        .ok_or_else(|| Error::Data(format!("no answer for {} and {}", from.code, to.code)))?;
    if channels.is_empty() {
        notes.push("One state: its own authorities order what its law allows, and nothing is asked of another state.".to_owned());
    }
    let (retention, later) = retention(law, &to, on)?;
    let view = ChannelView {
        schema: schema::CHANNEL,
        retention,
        later,
        from: from.code,
        to: to.code,
        on,
        channels,
        from_name: from.name,
        to_name: to.name,
        notes,
        basis: asked.basis(),
    };
    asked.write(&view, true)
}

/// How long the data last at a place that are lost first there, and the rest. Where its code is longer than two letters the
/// rule of the state that answers for it is not taken for its own.
fn retention(law: &Law, place: &Place, on: Day) -> Result<(Retention, Vec<Retention>), Error> {
    // User-assigned, no state: nothing is known of it.
    let nobody = StateCode::new("ZZ");
    let no_code = || Error::Data(format!("{}: no code", place.code));
    let state = place.state().or(nobody).ok_or_else(no_code)?;
    let mut clocks = law.clocks(state, on);
    if place.state().is_none() {
        let parent = place.territory(law).and_then(|t| t.parent);
        let of_parent = parent.map_or_else(String::new, |p| format!(", and that of {p} is not taken for it"));
        for nothing in &mut clocks {
            let no_row = format!("the table of national law has no row for {}{of_parent}; {}", place.code, nothing.any_day());
            nothing.rule = no_row.into();
            nothing.state = parent.unwrap_or(nothing.state);
        }
    }
    let mut clocks = clocks.into_iter();
    let first = clocks.next().ok_or_else(no_code)?;
    Ok((first, clocks.collect()))
}

pub(super) fn instrument(asked: &Asked<'_>, id: &str) -> Result<Outcome, Error> {
    let law = asked.law;
    let i = place::instrument(law, id)?;
    let mut statuses = Vec::new();
    for place in places(law, i) {
        statuses.push(row(&status_of(law, i, &place, asked.on)?, &place));
    }
    statuses.sort_by(|a, b| (a.status, &a.state).cmp(&(b.status, &b.state)));
    let absent = match i.absent {
        Absent::Unknown => "unknown",
        Absent::NotParty => "not a party",
        Absent::Closed => "outside",
        Absent::Party => "a party",
    };
    let view = InstrumentView {
        schema: schema::INSTRUMENT,
        instrument: i.id.to_string(),
        title: i.title.to_string(),
        kind: i.kind.to_string(),
        depositary: i.depositary.as_ref().map(ToString::to_string),
        adopted: i.adopted.map(|d| d.to_string()),
        in_force: i.in_force.map(|d| d.to_string()),
        force: match i.force {
            Force::InForce => "in-force",
            Force::NotInForce => "not-in-force",
            Force::PerRow => "per-row",
            Force::NonBinding => "non-binding",
            Force::Unknown => "unknown",
        },
        official: i.official.as_ref().map(ToString::to_string),
        scope: i.scope.to_string(),
        as_of: i.as_of.to_string(),
        grade: i.grade,
        absent: format!("{absent}: {}", i.absent_because),
        on: asked.on,
        counts: i
            .counts
            .iter()
            .map(|c| CountRow { what: c.what.clone(), published: c.published, listed: c.listed, words: c.words.clone() })
            .collect(),
        provisions: i
            .provisions
            .iter()
            .map(|p| ProvisionRow {
                provision: p.provision.clone(),
                effect: p.effect.clone(),
                time_limit: p.time_limit.clone(),
                who: p.who.clone(),
                source: source(&p.source),
                grade: p.grade,
            })
            .collect(),
        statuses,
        basis: asked.basis(),
    };
    asked.write(&view, true)
}

/// Every state, every territory for which a state answers, and whoever else has a row.
fn places(law: &Law, i: &Instrument) -> Vec<Place> {
    let mut out: std::collections::BTreeMap<String, String> =
        law.book.states().map(|(code, s)| (code.to_string(), s.name.to_string())).collect();
    let territories = law.book.territories().filter(|t| t.alias_of.is_none() && t.parent.is_some());
    out.extend(territories.map(|t| (t.code.clone(), t.name.to_string())));
    for code in i.rows.keys() {
        let name = law.book.name_of(*code).map(ToString::to_string).unwrap_or_default();
        out.entry(code.to_string()).or_insert(name);
    }
    out.into_iter().map(|(code, name)| Place { code, name }).collect()
}
