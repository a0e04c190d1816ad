//! Two sides on a day: who they are, who answers for each, and how their statuses combine.

use std::ops::Deref;

use super::super::Law;
use super::super::dates::AsOf;
use super::super::status::StatusOn;
use super::super::tables::Domestic;
use super::super::territories::Reach;
use super::place::Side;
use crate::model::channel::{Channel, Purpose, Usable};
use crate::model::law::Status;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// Who asks whom, and when.
pub(super) struct Pair<'a> {
    pub(super) law: &'a Law,
    pub(super) from: Side<'a>,
    pub(super) to: Side<'a>,
    pub(super) on: Day,
}

/// What the two sides are to each other.
pub(super) enum Relation {
    /// One state, or parts of it under one law: nothing is asked of another.
    One,
    /// Two states, or territories of two states.
    Between,
    /// Parts of one state with laws of their own.
    Within(StateCode),
    /// Nobody is known to answer for one of them.
    Nobody,
}

/// How a side stands to an instrument.
pub(super) struct Standing<'a> {
    pub(super) side: Side<'a>,
    on: StatusOn,
}

impl Deref for Standing<'_> {
    type Target = StatusOn;

    fn deref(&self) -> &StatusOn {
        &self.on
    }
}

/// How the sides stand to an instrument, taken together.
pub(super) struct Both<'a> {
    pub(super) usable: Usable,
    pub(super) statuses: Vec<Standing<'a>>,
}

impl<'a> Pair<'a> {
    pub(super) fn relation(&self) -> Relation {
        let book = &self.law.book;
        let one = |a: Side<'_>, b: Side<'_>| a.whole(book).as_str() == b.whole(book).as_str();
        // A place held by another is its state's own in law.
        let own = |a: Side<'_>, b: Side<'_>| a.in_law_only(book).is_some_and(|state| one(Side::Code(state), b));
        let (from, to) = (self.from, self.to);
        if one(from, to) || own(from, to) || own(to, from) {
            return Relation::One;
        }
        if !from.answers(book) || !to.answers(book) {
            return Relation::Nobody;
        }
        match self.sovereigns() {
            [Some(a), Some(b)] if a != b => Relation::Between,
            [Some(a), Some(_)] => Relation::Within(a),
            _ => Relation::Nobody,
        }
    }

    pub(super) fn sides(&self) -> [Side<'a>; 2] {
        [self.from, self.to]
    }

    /// The sides, a mere part of a state as that state.
    pub(super) fn wholes(&self) -> [Side<'a>; 2] {
        self.sides().map(|s| s.whole(&self.law.book))
    }

    pub(super) fn sovereigns(&self) -> [Option<StateCode>; 2] {
        self.sides().map(|s| s.sovereign(&self.law.book))
    }

    /// Is one of them the United States, or a territory of it?
    pub(super) fn with_us(&self) -> bool {
        self.sovereigns().iter().flatten().any(|s| s.as_str() == "US")
    }

    pub(super) fn status(&self, instrument: &str, side: Side<'a>) -> Option<Standing<'a>> {
        let on = self.law.book.status_at(instrument, side.as_str(), self.on)?;
        Some(Standing { side, on })
    }

    /// How both stand to an instrument; `None` if one is known to be outside, or if nothing is open for it.
    pub(super) fn both(&self, instrument: &str) -> Option<Both<'a>> {
        let [a, b] = self.sides();
        self.combined(instrument, vec![self.status(instrument, a)?, self.status(instrument, b)?])
    }

    pub(super) fn combined(&self, instrument: &str, statuses: Vec<Standing<'a>>) -> Option<Both<'a>> {
        let mut usable = Usable::Yes;
        for s in &statuses {
            match s.status {
                Status::Party => {}
                Status::Denounced => usable = Usable::Ended,
                Status::Suspended if usable != Usable::Ended => usable = Usable::Suspended,
                Status::Suspended => {}
                Status::Unknown if self.is_open(instrument, s) => {
                    if usable == Usable::Yes {
                        usable = Usable::Unknown;
                    }
                }
                Status::Unknown | Status::NotParty | Status::NotExtended | Status::Signatory | Status::Ratified => return None,
            }
        }
        Some(Both { usable, statuses })
    }

    /// May a side about which the tables say nothing be bound after all? Not by a treaty of another region, unless it has
    /// a row there, and not by law of the European Union that is not known to reach the place: the letter says so.
    fn is_open(&self, instrument: &str, s: &Standing<'_>) -> bool {
        let book = &self.law.book;
        if self.is_unsettled_eu_law(instrument, s) {
            return false;
        }
        let Some(region) = region(instrument) else { return true };
        let codes = [s.side.state(), s.side.sovereign(book)];
        let has_row = book.instrument(instrument).is_some_and(|i| codes.iter().flatten().any(|c| i.rows.contains_key(c)));
        has_row
            || codes.iter().flatten().any(|c| {
                self.law.tables.groups.iter().any(|m| &*m.group == region && m.state == *c)
                    && !matches!(self.law.tables.belongs(region, *c, self.on), Some((false, _)))
            })
    }

    /// Law of the Union whose reach to the place is not in the tables.
    pub(super) fn is_unsettled_eu_law(&self, instrument: &str, s: &Standing<'_>) -> bool {
        let book = &self.law.book;
        s.status == Status::Unknown
            && s.row_of.is_none()
            && book.instrument(instrument).is_some_and(|i| i.is_eu_law())
            && s.side.territory(book).is_some_and(|t| t.eu_law == Reach::Unknown)
    }

    /// National law of the side that is asked: its own row, else that of the state under whose law it lies, which is
    /// named. A territory with law of its own has none but its own.
    pub(super) fn domestic(&self) -> Option<(&'a Domestic, Option<StateCode>)> {
        let rows = &self.law.tables.domestic;
        if let Some(own) = self.to.state().and_then(|s| rows.get(&s)) {
            return Some((own, None));
        }
        let parent = self.to.under_the_law_of(&self.law.book)?;
        rows.get(&parent).map(|d| (d, Some(parent)))
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

/// Can evidence of any kind be asked for on this channel? What follows from a preservation request is not asked for.
pub(super) fn discloses(c: &Channel) -> bool {
    c.purposes.contains(&Purpose::Disclose) && &*c.kind != "disclosure of the path"
}

/// Sorts by what is in force, what is unknown, what is suspended or has ended, and keeps the order within each.
pub(super) fn in_force_first(channels: &mut [Channel]) {
    channels.sort_by_key(|c| match c.usable {
        Usable::Yes => 0,
        Usable::Unknown => 1,
        Usable::Suspended => 2,
        Usable::Ended => 3,
    });
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
