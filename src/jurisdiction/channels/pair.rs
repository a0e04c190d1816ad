//! Two sides on a day: who they are, who answers for each, and how their statuses combine.

use super::super::Law;
use super::super::book::RuleBook;
use super::super::dates::AsOf;
use super::super::status::StatusOn;
use super::super::tables::Domestic;
use super::super::territories::Reach;
use crate::model::channel::{Channel, Purpose, Usable};
use crate::model::law::Status;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// Who asks whom, and when.
pub(super) struct Pair<'a> {
    pub(super) law: &'a Law,
    pub(super) from: StateCode,
    pub(super) to: StateCode,
    pub(super) on: Day,
}

/// What the two sides are to each other.
pub(super) enum Relation {
    /// Two states, or territories of two states.
    Between,
    /// Parts of one state with laws of their own.
    Within(StateCode),
    /// Nobody is known to answer for one of them.
    Nobody,
}

/// How the sides stand to an instrument, taken together.
pub(super) struct Both {
    pub(super) usable: Usable,
    pub(super) statuses: Vec<StatusOn>,
}

impl<'a> Pair<'a> {
    /// `None` if there is nothing to ask: both are one state, or parts of it that its treaties reach alike.
    pub(super) fn new(law: &'a Law, from: StateCode, to: StateCode, on: Day) -> Option<Self> {
        let (from, to) = (law.book.canonical(from), law.book.canonical(to));
        (whole(&law.book, from) != whole(&law.book, to)).then_some(Self { law, from, to, on })
    }

    pub(super) fn relation(&self) -> Relation {
        let book = &self.law.book;
        if !answers(book, self.from) || !answers(book, self.to) {
            return Relation::Nobody;
        }
        let (a, b) = (sovereign(book, self.from), sovereign(book, self.to));
        if a == b { Relation::Within(a) } else { Relation::Between }
    }

    pub(super) fn sides(&self) -> [StateCode; 2] {
        [self.from, self.to]
    }

    /// The sides, a mere part of a state as that state.
    pub(super) fn wholes(&self) -> [StateCode; 2] {
        self.sides().map(|s| whole(&self.law.book, s))
    }

    pub(super) fn sovereigns(&self) -> [StateCode; 2] {
        self.sides().map(|s| sovereign(&self.law.book, s))
    }

    pub(super) fn status(&self, instrument: &str, state: StateCode) -> Option<StatusOn> {
        self.law.book.status(instrument, state, self.on)
    }

    /// How both stand to an instrument; `None` if one is known to be outside, or if nothing is open for it.
    pub(super) fn both(&self, instrument: &str) -> Option<Both> {
        let [a, b] = self.sides();
        self.combined(instrument, vec![self.status(instrument, a)?, self.status(instrument, b)?])
    }

    pub(super) fn combined(&self, instrument: &str, statuses: Vec<StatusOn>) -> Option<Both> {
        let mut usable = Usable::Yes;
        for s in &statuses {
            match s.status {
                Status::Party => {}
                Status::Denounced | Status::Suspended => usable = Usable::Suspended,
                Status::Unknown if self.is_open(instrument, s.state) => {
                    if usable == Usable::Yes {
                        usable = Usable::Unknown;
                    }
                }
                Status::Unknown | Status::NotParty | Status::NotExtended | Status::Signatory | Status::Ratified => return None,
            }
        }
        Some(Both { usable, statuses })
    }

    /// May a state about which the tables say nothing be bound after all? Not by a treaty of another region, unless it has
    /// a row there.
    fn is_open(&self, instrument: &str, state: StateCode) -> bool {
        let Some(region) = region(instrument) else { return true };
        let book = &self.law.book;
        let codes = [state, sovereign(book, state)];
        let has_row = book.instrument(instrument).is_some_and(|i| codes.iter().any(|c| i.rows.contains_key(c)));
        has_row
            || codes.iter().any(|c| {
                self.law.tables.groups.iter().any(|m| &*m.group == region && m.state == *c)
                    && !matches!(self.law.tables.belongs(region, *c, self.on), Some((false, _)))
            })
    }

    /// National law of the side that is asked: its own row, else that of the state that answers for it, which is named.
    pub(super) fn domestic(&self) -> Option<(&'a Domestic, Option<StateCode>)> {
        let rows = &self.law.tables.domestic;
        let parent = sovereign(&self.law.book, self.to);
        match rows.get(&self.to) {
            Some(own) => Some((own, None)),
            None => rows.get(&parent).map(|d| (d, Some(parent))),
        }
    }
}

/// The circle of states for which a treaty was made; `None` if it is open to all.
fn region(instrument: &str) -> Option<&'static str> {
    Some(match instrument {
        "ARAB2010" => "Arab League",
        "ASEANMLAT" => "ASEAN",
        "CIS2001" | "CIS2018" => "CIS",
        "ECOWAS2011" => "ECOWAS",
        "ETS30" => "Council of Europe",
        "EUMLA2000" => "EU",
        "HARARE" => "Commonwealth",
        "MALABO" => "African Union",
        "OASA55" => "OAS",
        "SCO2009" => "SCO",
        _ => return None,
    })
}

/// The state that answers for a place: itself, unless the rule book names another.
pub(super) fn sovereign(book: &RuleBook, code: StateCode) -> StateCode {
    book.territory(code.as_str()).and_then(|t| t.parent).unwrap_or(code)
}

/// The state of which a place is a part: a territory that every treaty of its state reaches.
pub(in super::super) fn part_of(book: &RuleBook, code: StateCode) -> Option<StateCode> {
    book.territory(code.as_str()).filter(|t| t.treaties == Reach::Inherits).and_then(|t| t.parent)
}

fn whole(book: &RuleBook, code: StateCode) -> StateCode {
    part_of(book, code).unwrap_or(code)
}

/// Is there somebody to write to?
fn answers(book: &RuleBook, code: StateCode) -> bool {
    book.is_place(code) && (book.state(code).is_some() || book.territory(code.as_str()).is_some_and(|t| t.parent.is_some()))
}

/// Can evidence of any kind be asked for on this channel? What follows from a preservation request is not asked for.
pub(super) fn discloses(c: &Channel) -> bool {
    c.purposes.contains(&Purpose::Disclose) && &*c.kind != "disclosure of the path"
}

/// The oldest of several as-of dates; unknown if one is.
pub(super) fn oldest(dates: impl IntoIterator<Item = AsOf>) -> AsOf {
    let mut oldest = None;
    for date in dates {
        match (date, oldest) {
            (AsOf::Unknown, _) => return AsOf::Unknown,
            (AsOf::On(d), Some(AsOf::On(o))) if o.first <= d.first => {}
            (AsOf::On(_), _) => oldest = Some(date),
        }
    }
    oldest.unwrap_or(AsOf::Unknown)
}

/// What a row gives as its source, in words that do not look like one where there is none.
pub(in super::super) fn read_source(source: &str) -> &str {
    if source.is_empty() || source.starts_with("unconfirmed") { "no source read" } else { source }
}
