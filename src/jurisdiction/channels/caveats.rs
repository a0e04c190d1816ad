//! What holds for a pair as a whole, whichever channel is taken: what national law of the state that is asked says of
//! evidence and of where data must lie, limits on orders from outside, sanctions, places whose status is not simple.

use std::sync::Arc;

use super::super::Law;
use super::super::dates::{AsOf, When};
use super::pair::{Pair, Standing, read_source};
use super::place::Side;
use crate::model::law::Status;
use crate::model::net::StateCode;

/// How an instrument binds, with its date and grade.
pub(super) fn binding(s: &Standing<'_>) -> String {
    let since = s.in_force.map_or_else(|| "day of entry into force not in the table".to_owned(), |d| format!("since {d}"));
    format!("{} in force for {}, {since}, {}", s.instrument, s.side, s.grade)
}

impl Pair<'_> {
    pub(super) fn general_caveats(&self) -> Vec<Arc<str>> {
        let mut out: Vec<String> = self.sides().into_iter().filter_map(|s| self.place(s)).collect();
        out.extend(self.in_fact());
        if let Some((row, None)) = self.domestic() {
            if !row.cited.note.is_empty() {
                out.push(format!("{}: {} (table of national law, {})", self.to, row.cited.note, row.cited.grade));
            }
            if is_localisation(&row.blocking_localisation) {
                out.push(format!(
                    "where data must lie, and blocking, in {}: {} (table of national law, {})",
                    self.to, row.blocking_localisation, row.cited.grade
                ));
            }
        }
        out.extend(self.third_country());
        out.extend(self.representative_in_the_union());
        out.extend(self.sanctions());
        out.into_iter().map(Arc::from).collect()
    }

    /// An order of a third country has no force of its own against a provider in the Union.
    fn third_country(&self) -> Option<String> {
        let there = self.status("GDPR", self.to).filter(|s| s.status == Status::Party)?;
        if self.status("GDPR", self.from).is_some_and(|s| s.status == Status::Party) {
            return None;
        }
        let article = self.law.book.instrument("GDPR")?.provisions.iter().find(|p| p.provision == "art. 48")?;
        Some(format!(
            "an order of {} straight to a provider in {} meets art. 48 ({}): {} ({})",
            self.from,
            self.to,
            binding(&there),
            article.effect,
            article.grade
        ))
    }

    /// A provider outside that offers services in the Union has somebody there to whom an order can be sent.
    fn representative_in_the_union(&self) -> Option<String> {
        let here = self.status("EEVID", self.from).filter(|s| s.status == Status::Party)?;
        if self.status("EEVID", self.to).is_some_and(|s| s.status == Status::Party) {
            return None;
        }
        Some(format!(
            "a provider of {} that offers services in the Union can be reached through its establishment or representative in a \
             Member State, wherever its data lie ({})",
            self.to,
            binding(&here)
        ))
    }

    /// Cyber sanctions on one side only. The tables say whose regime it is, not who is listed.
    fn sanctions(&self) -> Option<String> {
        let [Some(from), Some(to)] = self.sovereigns() else { return None };
        let (regime, other) = match (self.regime(from), self.regime(to)) {
            (Some(r), None) => (r, to),
            (None, Some(r)) => (r, from),
            _ => return None,
        };
        Some(format!(
            "cyber sanctions: {regime}; none of {other} in the tables. Who is listed is not in the tables: look before dealing with a person or body"
        ))
    }

    fn regime(&self, state: StateCode) -> Option<String> {
        let statements = || {
            let own = self.law.tables.sanctions.iter().filter(move |s| s.state() == Some(state));
            own.filter(|s| s.date.is_none_or(|d| d.when(self.on) == When::Since))
        };
        if let Some(s) = statements().find(|s| &*s.value == "regime in force") {
            return Some(format!("{state}, {}, since {} ({}; {})", s.item, s.dated, s.cited.grade, read_source(&s.cited.source)));
        }
        if let Some(s) = self.status("EUCYBERSANC", Side::Code(state)).filter(|s| s.status == Status::Party) {
            return Some(binding(&s));
        }
        let aligned = statements().find(|s| &*s.value == "aligned")?;
        let (grade, source) = (aligned.cited.grade, read_source(&aligned.cited.source));
        Some(format!("{state} {}, {} ({grade}; {source})", aligned.item, aligned.dated))
    }

    /// A side that has left the Council of Europe is not for that reason out of its treaties. It has left from the day in
    /// its row; without one, from the date of the list on, and before that nobody knows.
    pub(super) fn left_the_council(&self) -> Vec<String> {
        const COUNCIL: &str = "Council of Europe";
        let left = |state: StateCode| {
            let row = self.law.tables.groups.iter().find(|m| &*m.group == COUNCIL && m.state == state)?;
            let list = Law::table_as_of("groups.csv");
            let (gone, when) = match row.left {
                _ if &*row.status != "withdrawn" => return None,
                Some(d) => (d.when(self.on), format!("with effect {d}")),
                None => {
                    let listed = matches!(list, AsOf::On(d) if d.when(self.on) == When::Since);
                    (if listed { When::Since } else { When::Unsure }, format!("{}, list of {list}", row.cited.note))
                }
            };
            match gone {
                When::Before => None,
                When::Unsure => Some(format!(
                    "whether {state} was still in the {COUNCIL} on {} is not settled by its row ({when}; {})",
                    self.on, row.cited.grade
                )),
                When::Since => Some(format!(
                    "{state} has left the {COUNCIL} ({when}; {}): how far it still carries out requests under its treaties is not in the \
                     tables",
                    row.cited.grade
                )),
            }
        };
        self.sovereigns().into_iter().flatten().filter_map(left).collect()
    }
}

fn is_localisation(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["locali", "onshore", "hosting of", "export"].iter().any(|w| words.contains(w))
}
