//! How a state or a territory stands to an instrument on a day.
//!
//! Signed, ratified, in force, left and suspended are different answers, and each has its day. What the tables do not
//! date they do not settle: a state that is listed as party without a date is a party from the day of the list on,
//! and before that the answer is unknown.

use std::sync::Arc;

use super::book::RuleBook;
use super::dates::{AsOf, Dated, STALE_DAYS, When};
use super::instruments::{Absent, Force, Instrument};
use super::rows::{Confidence, Meaning, StatusRow};
use super::territories::{Reach, Territory};
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;

/// The answer, with everything that a reader needs to check it.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusOn {
    /// Id of the instrument.
    pub instrument: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// The state or territory that was asked for (`UK` and `EL` as `GB` and `GR`).
    pub state: StateCode,
    /// The day.
    pub on: Day,
    /// How it stands.
    pub status: Status,
    /// Since when it has been in force; `None` if it is not, or the day is not known.
    pub in_force: Option<Day>,
    /// Signature, as far as the row knows it; it may lie after `on`.
    pub signed: Option<Dated>,
    /// Deposit, as far as the row knows it; it may lie after `on`.
    pub ratified: Option<Dated>,
    /// End of being bound, as far as the row knows it; it may lie after `on`.
    pub left: Option<Dated>,
    /// Whose row decided: its own, that of the responsible state, or `None` if there was none.
    pub row_of: Option<StateCode>,
    /// The word in that row (`invited`, `acceded`).
    pub word: Option<&'static str>,
    /// How well the answer is known: the worst grade of what it rests on.
    pub grade: Grade,
    /// How sure, where a row was not wholly read.
    pub confidence: Option<Confidence>,
    /// Where the row was read; blank if there was none.
    pub source: Arc<str>,
    /// The depositary's or legislator's own page, to check it.
    pub official: Option<Arc<str>>,
    /// When the row was last checked.
    pub as_of: AsOf,
    /// The row is more than 180 days older than `on`, or nobody wrote its date down.
    pub stale: bool,
    /// Why this is the answer, then the remarks of the row.
    pub note: String,
    /// The instrument binds nobody by design.
    pub non_binding: bool,
}

impl StatusOn {
    /// Does it apply: yes, no, or `None` for unknown.
    #[must_use]
    pub fn applies(&self) -> Option<bool> {
        match self.status {
            Status::Party => Some(!self.non_binding),
            Status::Unknown => None,
            _ => Some(false),
        }
    }
}

/// A status with its reasons, before anybody asks where it was read.
struct Verdict {
    status: Status,
    in_force: Option<Day>,
    why: Vec<String>,
}

impl Verdict {
    fn new(status: Status) -> Self {
        Self { status, in_force: None, why: Vec::new() }
    }

    fn because(status: Status, why: impl Into<String>) -> Self {
        Self { status, in_force: None, why: vec![why.into()] }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::because(Status::Unknown, why)
    }
}

impl RuleBook {
    /// How `state` stands to `instrument` on `on`; `None` if there is no such instrument.
    #[must_use]
    pub fn status(&self, instrument: &str, state: StateCode, on: Day) -> Option<StatusOn> {
        self.instrument(instrument).map(|i| self.status_of(i, self.canonical(state), on))
    }

    /// As [`RuleBook::status`], for any place that the rule book lists, also one whose code is longer than two letters
    /// (`UA-43`, `X-SAT`). The answer's `state` is then the state that answers for it, or `ZZ` (user-assigned, no state)
    /// where none does. `None` if there is no such instrument or no such place.
    #[must_use]
    pub fn status_at(&self, instrument: &str, code: &str, on: Day) -> Option<StatusOn> {
        if let Some(state) = StateCode::new(code) {
            return self.status(instrument, state, on);
        }
        let (i, t) = (self.instrument(instrument)?, self.territory(code)?);
        let state = t.parent.or_else(|| StateCode::new("ZZ"))?;
        Some(self.by_territory(i, t, state, on).unwrap_or_else(|| self.without_row(i, state, on)))
    }

    /// Every instrument to which `state` stands in a known way on the day, by id. Those about which nothing is known
    /// are left out, those to which it is known to be outside are not. Reservations are remarks on another instrument and
    /// stay with [`RuleBook::status`].
    #[must_use]
    pub fn instruments_of(&self, state: StateCode, on: Day) -> Vec<StatusOn> {
        let state = self.canonical(state);
        self.instruments()
            .filter(|i| &*i.kind != "reservations")
            .map(|i| self.status_of(i, state, on))
            .filter(|s| s.row_of.is_some() || s.status != Status::Unknown)
            .collect()
    }

    pub(super) fn status_of(&self, i: &Instrument, state: StateCode, on: Day) -> StatusOn {
        if let Some(row) = i.rows.get(&state) {
            return self.by_own_row(i, row, on);
        }
        let territory = self.territory(state.as_str());
        if let Some(t) = territory
            && let Some(answer) = self.by_territory(i, t, state, on)
        {
            return answer;
        }
        self.without_row(i, state, on)
    }

    fn by_own_row(&self, i: &Instrument, row: &StatusRow, on: Day) -> StatusOn {
        let mut verdict = match row.relation.meaning {
            Meaning::Hub => hub(i, row, on),
            _ => judge(i, row, on),
        };
        if matches!(row.relation.meaning, Meaning::Excluded | Meaning::Extended) && verdict.status == Status::NotParty {
            verdict = self.beside_its_state(i, row, on, verdict);
        }
        answer(i, row, row.state, on, verdict)
    }

    /// A territory with a row of its own that is not bound on the day: was the responsible state?
    fn beside_its_state(&self, i: &Instrument, row: &StatusRow, on: Day, verdict: Verdict) -> Verdict {
        let Some(parent) = self.territory(row.state.as_str()).and_then(|t| t.parent) else { return verdict };
        match self.status_of(i, parent, on).status {
            Status::NotParty | Status::Denounced => {
                Verdict::because(Status::NotParty, format!("{parent}, which answers for it, is outside it on this day"))
            }
            parent_status => {
                let mut why = vec![format!("{parent}, which answers for it: {}", parent_status.as_str())];
                if let Some(from) = row.in_force {
                    why.push(format!("extended to it from {from}"));
                }
                Verdict { status: Status::NotExtended, in_force: None, why }
            }
        }
    }

    /// A territory without a row: what its responsible state's consent means for it. `None`: treat it as a state.
    fn by_territory(&self, i: &Instrument, t: &Territory, state: StateCode, on: Day) -> Option<StatusOn> {
        let reach = reach(i, t);
        let bare = |verdict: Verdict, grade: Grade| {
            let mut s = no_row(i, state, on, verdict, grade);
            s.source = t.source.clone();
            s.as_of = t.as_of;
            s.stale = t.as_of.is_stale(on);
            s
        };
        let Some(parent) = t.parent else {
            if reach == Reach::Outside {
                let words = if &*i.id == "ETS185" { &t.ets185_words } else { &t.eu_law_words };
                return Some(bare(Verdict::because(Status::NotParty, format!("{}: {words}", t.name)), t.grade));
            }
            return if self.state(state).is_some() {
                None
            } else {
                let who = if t.responsible.is_empty() { "nobody".into() } else { t.responsible.clone() };
                Some(bare(Verdict::unknown(format!("{}: no single state answers for it ({who})", t.name)), t.grade))
            };
        };
        let of_parent = self.status_of(i, parent, on);
        let grade = of_parent.grade.max(t.grade);
        let known_outside = matches!(of_parent.status, Status::NotParty | Status::Denounced);
        Some(match reach {
            Reach::Inherits => {
                let mut s = of_parent;
                s.state = state;
                s.grade = grade;
                s.note = join([format!("as part of {parent}"), s.note]);
                s
            }
            _ if known_outside => bare(
                Verdict::because(Status::NotParty, format!("{parent}, which answers for it, is outside it on this day")),
                grade,
            ),
            Reach::Excluded | Reach::Outside => {
                let words = if i.is_eu_law() { &t.eu_law_words } else { &t.ets185_words };
                let why = format!("{parent}, which answers for it: {}; {}: {words}", of_parent.status.as_str(), t.name);
                bare(Verdict::because(Status::NotExtended, why), grade)
            }
            Reach::Unknown => {
                let mut verdict = Verdict::unknown(format!(
                    "whether the instrument reaches {} is not in the tables ({parent}: {})",
                    t.name,
                    of_parent.status.as_str()
                ));
                verdict.why.extend(words_of(i, t).map(|words| format!("its entry says: {words}")));
                bare(verdict, Grade::Unconfirmed)
            }
        })
    }

    fn without_row(&self, i: &Instrument, state: StateCode, on: Day) -> StatusOn {
        let Some(known) = self.state(state) else {
            return no_row(i, state, on, Verdict::unknown("no state or territory of the rule book"), Grade::Unconfirmed);
        };
        if let Some(adopted) = i.adopted
            && on < adopted.first
        {
            return no_row(i, state, on, Verdict::because(Status::NotParty, format!("not adopted before {adopted}")), i.grade);
        }
        let listed = |d: Dated| on >= d.last;
        match (i.absent, i.as_of) {
            (Absent::Closed, _) => no_row(i, state, on, Verdict::because(Status::NotParty, &*i.absent_because), i.grade),
            (Absent::NotParty, AsOf::On(d)) if on.days_since(d.last) <= STALE_DAYS => {
                let why = format!("not on the list of {d}, which is complete: {}", i.absent_because);
                no_row(i, state, on, Verdict::because(Status::NotParty, why), i.grade.max(Grade::Partly))
            }
            (Absent::NotParty, as_of) => {
                let why = format!("not on the list of {as_of}, which may have grown since");
                no_row(i, state, on, Verdict::unknown(why), Grade::Unconfirmed)
            }
            (Absent::Party, AsOf::On(d)) if listed(d) && is_geneva_party(state, known.un_status.as_ref()) => {
                let why = format!("since when is not in the table: {}", i.absent_because);
                no_row(i, state, on, Verdict::because(Status::Party, why), i.grade.max(Grade::Partly))
            }
            _ => no_row(i, state, on, Verdict::unknown("no row for this state"), Grade::Unconfirmed),
        }
    }
}

/// The parties to the Geneva Conventions: the members and observers of the UN, and the Cook Islands.
fn is_geneva_party(state: StateCode, un_status: &str) -> bool {
    un_status == "UN member" || un_status == "UN observer" || state.as_str() == "CK"
}

/// What the entry of a territory says of the instrument, if it says anything.
fn words_of<'a>(i: &Instrument, t: &'a Territory) -> Option<&'a str> {
    let words = if &*i.id == "ETS185" {
        &t.ets185_words
    } else if i.is_eu_law() {
        &t.eu_law_words
    } else {
        return None;
    };
    (words.len() > 1).then_some(&**words)
}

fn reach(i: &Instrument, t: &Territory) -> Reach {
    if t.excludes.iter().any(|id| **id == *i.id) {
        Reach::Excluded
    } else if t.extends.iter().any(|id| **id == *i.id) {
        Reach::Inherits
    } else if &*i.id == "ETS185" {
        t.ets185
    } else if i.is_eu_law() {
        t.eu_law
    } else {
        t.treaties
    }
}

/// A row on its own, without regard to a responsible state.
fn judge(i: &Instrument, row: &StatusRow, on: Day) -> Verdict {
    if let Some(adopted) = i.adopted
        && on < adopted.first
        && row.relation.meaning != Meaning::OwnLaw
    {
        return Verdict::because(Status::NotParty, format!("not adopted before {adopted}"));
    }
    match row.relation.meaning {
        // In a bundle every agreement is the instrument; beside a treaty it is another one.
        Meaning::Bound if row.relation.word == "agreement" && i.force != Force::PerRow => Verdict::unknown(
            "no party to it: an agreement applies parts of it, and which parts bind on this day is not in the table",
        ),
        Meaning::Bound | Meaning::Extended => bound(i, row, on),
        Meaning::Deposited => deposited(row, on),
        Meaning::Signed => outgrown(i, row, on, signed(row, on)),
        Meaning::Decided => match row.signed.map(|d| (d, d.when(on))) {
            Some((d, When::Since)) => Verdict::because(Status::Party, format!("decision of {d}")),
            // An older decision may have stood on the day: the row has one only.
            Some((d, When::Before)) if row.not_before.is_some_and(|first| first.when(on) != When::Before) => {
                Verdict::unknown(format!("the decision of {d} is not the first: whether one stood on this day is in the remarks"))
            }
            Some((d, When::Before)) => Verdict::because(Status::NotParty, format!("no decision before {d}")),
            Some((d, When::Unsure)) => Verdict::unknown(format!("decision some day in {d}")),
            None => Verdict::unknown("day of the decision not in the table"),
        },
        Meaning::OwnLaw => match row.in_force.map(|d| (d, d.when(on))) {
            Some((d, When::Since)) => Verdict::because(Status::NotParty, format!("{} since {d}", row.relation.word)),
            Some((d, _)) => Verdict::unknown(format!("{} since {d}; before that not in the table", row.relation.word)),
            None => Verdict::because(Status::NotParty, row.relation.word),
        },
        Meaning::Outside | Meaning::Excluded => match row.relation.word {
            "not-bound" | "not-applicable" => Verdict::new(Status::NotParty),
            "non-party" => outgrown(i, row, on, Verdict::new(Status::NotParty)),
            // Whoever is about to join may have joined since; and a list of treaties in force grows.
            word @ ("invited" | "no-MLAT") if row.as_of.is_old(on) => {
                Verdict::unknown(format!("listed as {word} on {}, which may have changed since", row.as_of))
            }
            word => outgrown(i, row, on, Verdict::because(Status::NotParty, format!("listed as {word}"))),
        },
        Meaning::Hub | Meaning::Unknown => Verdict::unknown(format!("listed as {}", row.relation.word)),
    }
}

/// Whoever had signed, or was outside, when a list was read may have joined since. Law of the Union names whom it binds, and
/// what its state keeps a territory out of does not grow by itself.
fn outgrown(i: &Instrument, row: &StatusRow, on: Day, verdict: Verdict) -> Verdict {
    let closed = i.is_eu_law() || i.force == Force::NonBinding || row.relation.meaning == Meaning::Excluded;
    let not_yet = matches!(verdict.status, Status::Signatory | Status::NotParty);
    let signed_later = row.signed.is_some_and(|d| d.when(on) == When::Before);
    // Whoever is not on a newer list that is complete has not joined until then; nor has anybody who is outside by a newer
    // count of parties that leaves room for no more.
    let listed = matches!(i.absent, Absent::NotParty | Absent::Party) && !i.as_of.is_outgrown(on);
    if closed || !not_yet || signed_later || listed || !row.as_of.is_outgrown(on) {
        return verdict;
    }
    let word = row.relation.word;
    Verdict::unknown(match row.as_of {
        AsOf::On(d) => format!("listed as {word} on {d}, more than a year before: whether it has joined since is not known"),
        AsOf::Unknown => format!("listed as {word} on a day that nobody wrote down: whether it has joined since is not known"),
    })
}

fn bound(i: &Instrument, row: &StatusRow, on: Day) -> Verdict {
    match row.left.map(|d| (d, d.when(on))) {
        Some((d, When::Since)) => return Verdict::because(Status::Denounced, format!("left with effect {d}")),
        Some((d, When::Unsure)) => return Verdict::unknown(format!("left some day in {d}")),
        _ => {}
    }
    match row.suspended.map(|d| (d, d.when(on))) {
        Some((d, When::Since)) => return Verdict::because(Status::Suspended, format!("suspended since {d}")),
        Some((d, When::Unsure)) => return Verdict::unknown(format!("suspended some day in {d}")),
        _ => {}
    }
    if let Some(d) = row.in_force {
        return since(row, d, on, None);
    }
    if let Some((joining, d)) = i.counted(row) {
        return since(
            row,
            d,
            on,
            row.ratified.map(|deposit| format!("counted by {} from the deposit on {deposit}", joining.clause)),
        );
    }
    match i.in_force.map(|d| (d, d.when(on))) {
        Some((d, When::Before)) => return not_yet(row, on, &format!("the instrument is in force from {d}")),
        Some((d, When::Unsure)) => return Verdict::unknown(format!("the instrument is in force from some day in {d}")),
        _ => {}
    }
    match row.not_before.map(|d| (d, d.when(on))) {
        Some((d, When::Before)) => return not_yet(row, on, &format!("not before {d}")),
        Some((d, When::Unsure)) => return Verdict::unknown(format!("bound from some day in or after {d}")),
        _ => {}
    }
    match row.ratified.map(|d| (d, d.when(on))) {
        Some((d, When::Before)) => return not_yet(row, on, &format!("deposit on {d}")),
        Some((d, When::Unsure)) => return Verdict::unknown(format!("deposit some day in {d}")),
        // Final clauses let weeks or months pass between deposit and entry into force; a year covers them all.
        Some((d, When::Since)) if on.days_since(d.last) > 366 => {
            return Verdict::because(
                Status::Party,
                format!("deposit on {d}; its own day of entry into force is not in the table"),
            );
        }
        Some((d, When::Since)) => {
            return Verdict::unknown(format!("deposit on {d}; whether in force on this day is not in the table"));
        }
        None => {}
    }
    if row.signed.is_some_and(|d| d.when(on) == When::Before) {
        return not_yet(row, on, "signed later");
    }
    undated(row, on)
}

/// On a list, without a day. The word of the list may be that of a later status: on `on` it has not come yet.
fn undated(row: &StatusRow, on: Day) -> Verdict {
    let Some((end, begun)) = end_to_come(row) else {
        let word = row.relation.word;
        return match row.as_of {
            AsOf::On(d) if on < d.last => {
                Verdict::unknown(format!("date unknown: listed as {word} on {d}, whether already on this day is not known"))
            }
            AsOf::On(d) => Verdict::because(Status::Party, format!("date unknown: listed as {word} on {d}")),
            AsOf::Unknown => Verdict::because(Status::Party, format!("date unknown: listed as {word} without a date")),
        };
    };
    match row.as_of {
        AsOf::On(d) if on < d.last => {
            Verdict::unknown(format!("date unknown: {end}, whether already in force on this day is not known"))
        }
        AsOf::On(d) if d.last < begun => {
            let at = if d.exact().is_some() { "on" } else { "in" };
            Verdict::because(Status::Party, format!("date unknown: listed in force {at} {d}; {end}"))
        }
        _ => Verdict::because(Status::Party, format!("date unknown: in force before, {end}")),
    }
}

/// How being bound ends by the row, in words, and the first day on which that can be; whoever asks has looked that it is
/// later.
fn end_to_come(row: &StatusRow) -> Option<(String, Day)> {
    let suspended = row.suspended.map(|d| (format!("suspended from {d}"), d.first));
    suspended.or_else(|| row.left.map(|d| (format!("left with effect {d}"), d.first)))
}

/// In force from a day that is in the table, or was counted.
fn since(row: &StatusRow, d: Dated, on: Day, counted: Option<String>) -> Verdict {
    let mut verdict = match d.when(on) {
        When::Since => match d.exact() {
            Some(day) => Verdict { status: Status::Party, in_force: Some(day), why: Vec::new() },
            None => Verdict::because(Status::Party, format!("in force since some day in {d}")),
        },
        When::Unsure => Verdict::unknown(format!("in force from some day in {d}")),
        When::Before => not_yet(row, on, &format!("in force from {d}")),
    };
    verdict.why.extend(counted);
    if verdict.status == Status::Party {
        verdict.why.extend(end_to_come(row).map(|(end, _)| end));
    }
    verdict
}

/// Bound later than `on`: how far had it come?
fn not_yet(row: &StatusRow, on: Day, later: &str) -> Verdict {
    let later = later.to_owned();
    let ratified = row.ratified.map(|d| d.when(on));
    let signed = row.signed.map(|d| d.when(on));
    match (ratified, signed) {
        (Some(When::Since), _) => Verdict::because(Status::Ratified, later),
        (Some(When::Unsure), _) | (_, Some(When::Unsure)) => Verdict::unknown(later),
        (None, Some(When::Since)) => Verdict {
            status: Status::Signatory,
            in_force: None,
            why: vec![later, "its day of deposit is not in the table".to_owned()],
        },
        (_, Some(When::Since)) => Verdict::because(Status::Signatory, later),
        (_, Some(When::Before)) => Verdict::because(Status::NotParty, later),
        (_, None) if row.relation.word == "party" => Verdict {
            status: Status::NotParty,
            in_force: None,
            why: vec![later, "whether it had signed is not in the table".to_owned()],
        },
        (_, None) => Verdict::because(Status::NotParty, later),
    }
}

fn deposited(row: &StatusRow, on: Day) -> Verdict {
    const NOBODY: &str = "the instrument itself is not in force";
    match (row.ratified.map(|d| (d, d.when(on))), row.as_of) {
        (Some((_, When::Since)), _) => Verdict::because(Status::Ratified, NOBODY),
        (Some((d, When::Unsure)), _) => Verdict::unknown(format!("deposit some day in {d}; {NOBODY}")),
        (Some((d, When::Before)), _) => not_yet(row, on, &format!("deposit on {d}; {NOBODY}")),
        (None, AsOf::On(d)) if on < d.last => not_yet(row, on, &format!("listed as {} on {d}; {NOBODY}", row.relation.word)),
        (None, _) => Verdict::because(Status::Ratified, format!("day of deposit not read; {NOBODY}")),
    }
}

fn signed(row: &StatusRow, on: Day) -> Verdict {
    match (row.signed.map(|d| (d, d.when(on))), row.as_of) {
        (Some((_, When::Since)), _) => Verdict::new(Status::Signatory),
        (Some((d, When::Unsure)), _) => Verdict::unknown(format!("signed some day in {d}")),
        (Some((d, When::Before)), _) => Verdict::because(Status::NotParty, format!("signed on {d}")),
        (None, AsOf::On(d)) if on < d.last => Verdict::unknown(format!("listed as signatory on {d}; day of signature not read")),
        (None, _) => Verdict::because(Status::Signatory, "day of signature not read"),
    }
}

/// The one state of a bundle with which all agreements are made: bound since the first of them.
fn hub(i: &Instrument, row: &StatusRow, on: Day) -> Verdict {
    let first = i.bound().filter_map(|r| r.in_force.and_then(Dated::exact).map(|d| (d, r.state))).filter(|(d, _)| *d <= on).min();
    match (first, row.in_force) {
        (Some((day, with)), _) => {
            Verdict { status: Status::Party, in_force: Some(day), why: vec![format!("first agreement in force: with {with}")] }
        }
        (None, Some(d)) if d.when(on) == When::Since => {
            Verdict::because(Status::NotParty, format!("its act is in force since {d}, no agreement under it on this day"))
        }
        (None, _) => Verdict::new(Status::NotParty),
    }
}

fn answer(i: &Instrument, row: &StatusRow, state: StateCode, on: Day, verdict: Verdict) -> StatusOn {
    let stale = row.as_of.is_stale(on);
    let mut parts = verdict.why;
    if i.force == Force::NonBinding {
        parts.push("non-binding: nobody is bound".to_owned());
    }
    parts.push(row.note.to_string());
    StatusOn {
        instrument: i.id.clone(),
        title: i.title.clone(),
        state,
        on,
        status: verdict.status,
        in_force: verdict.in_force,
        signed: row.signed,
        ratified: row.ratified,
        left: row.left,
        row_of: Some(row.state),
        word: Some(row.relation.word),
        // A row that was read well does not make what it leaves open well known.
        grade: match verdict.status {
            Status::Unknown => Grade::Unconfirmed,
            _ => i.counted(row).map_or(row.grade, |(joining, _)| row.grade.max(joining.grade)),
        },
        confidence: row.confidence,
        source: row.source.clone(),
        official: i.official.clone(),
        as_of: row.as_of,
        stale,
        note: join(parts),
        non_binding: i.force == Force::NonBinding,
    }
}

fn no_row(i: &Instrument, state: StateCode, on: Day, verdict: Verdict, grade: Grade) -> StatusOn {
    StatusOn {
        instrument: i.id.clone(),
        title: i.title.clone(),
        state,
        on,
        status: verdict.status,
        in_force: verdict.in_force,
        signed: None,
        ratified: None,
        left: None,
        row_of: None,
        word: None,
        grade,
        confidence: None,
        source: "".into(),
        official: i.official.clone(),
        as_of: i.as_of,
        stale: i.as_of.is_stale(on),
        note: join(verdict.why),
        non_binding: i.force == Force::NonBinding,
    }
}

fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("; ")
}
