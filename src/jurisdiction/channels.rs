//! The lawful ways in which one state can ask another on a day to keep data, hand them over, act, or be told.
//!
//! First stands what rests on law, in the order in which it is preferred: orders and measures of the European Union,
//! agreements on direct orders, the network and the articles of the Budapest Convention, treaties of mutual legal
//! assistance from the closest to the widest; the letter rogatory, which needs no treaty, is the last of them. After it
//! stands what needs no legal basis and gives no evidence: networks, CERTs, INTERPOL, the points of contact of the United
//! Nations, and what a provider may say of its own accord. Before the letter and after it what is in force stands before
//! what is unknown, and that before what is suspended. Nothing is said of speed: what is quick on paper may not be.
//!
//! A channel is listed if its basis is in force for both sides on the day. If the tables leave that open for one of
//! them it is listed as unknown, with the reason; if one side is known to be outside it is not listed; if one side has
//! left or suspended it, it is listed as suspended, since a reader may still find it in a list of treaties. A regional
//! treaty is left open only for states of its region: that the tables have no row for a state elsewhere leaves nothing
//! open. Nor is law of the European Union open for a place which it is not known to reach; the letter says so. Treaty
//! status is not usable cooperation, and the caveats say what the rows say of that.
//!
//! A territory is asked as itself and not as the state that answers for it: its own entry and rows decide what reaches
//! it, and bodies of that state are named for it only where it lies under that state's law.
//!
//! * `place`: a side, and what its entry among the territories says of it
//! * `pair`: the two sides, and how their statuses combine
//! * `treaties`: what rests on an instrument, in order
//! * `beside`: what rests on none
//! * `bodies`: whom to write to
//! * `caveats`: what holds for the pair as a whole

use pair::{Pair, Relation};
use place::Side;

use super::Law;
use crate::model::channel::Channel;
use crate::model::net::StateCode;
use crate::model::time::Day;

mod beside;
mod bodies;
mod caveats;
pub(in crate::jurisdiction) mod left;
mod pair;
mod place;
#[cfg(test)]
mod tests;
mod treaties;

pub(super) use pair::read_source;
pub(super) use place::part_of;

impl Law {
    /// The lawful ways in which `from` can ask `to` on a day, in the order in which they are worth trying. Empty if both
    /// are the same state, or parts of it that its treaties reach alike; never empty otherwise.
    #[must_use]
    pub fn channels(&self, from: StateCode, to: StateCode, on: Day) -> Vec<Channel> {
        let side = |state| Side::Code(self.book.canonical(state));
        channels(&Pair { law: self, from: side(from), to: side(to), on })
    }

    /// As [`Law::channels`], also for a place whose code is longer than two letters (`UA-43`, `X-SAT`); `None` if the rule
    /// book has no such place.
    #[must_use]
    pub fn channels_at(&self, from: &str, to: &str, on: Day) -> Option<Vec<Channel>> {
        Some(channels(&self.pair(from, to, on)?))
    }

    /// The orders that an authority of a state can send straight to a provider that offers services in the European Union,
    /// wherever its machines stand: preservation first, then production. Empty where the e-Evidence Regulation is not
    /// known to apply in that state on the day. To which Member State an order goes depends on the provider.
    #[must_use]
    pub fn orders_to_providers(&self, from: StateCode, on: Day) -> Vec<Channel> {
        let side = Side::Code(self.book.canonical(from));
        Pair { law: self, from: side, to: side, on }.orders_to_providers()
    }

    /// What a reader must know of the two places before anything else: what each is that is not simply a state, who answers
    /// for it, and who has power there in fact. Empty between two states.
    #[must_use]
    pub fn remarks_on_places(&self, from: &str, to: &str) -> Vec<String> {
        let Some(pair) = self.pair(from, to, Day(0)) else { return Vec::new() };
        let mut out: Vec<String> = pair.sides().into_iter().filter_map(|side| pair.place(side)).collect();
        out.dedup();
        out.extend(pair.in_fact());
        out
    }

    fn pair(&self, from: &str, to: &str, on: Day) -> Option<Pair<'_>> {
        Some(Pair { law: self, from: Side::new(&self.book, from)?, to: Side::new(&self.book, to)?, on })
    }
}

fn channels(pair: &Pair<'_>) -> Vec<Channel> {
    match pair.relation() {
        Relation::One => Vec::new(),
        Relation::Nobody => vec![pair.letter_to_nobody()],
        Relation::Within(state) => vec![pair.within(state), pair.cert()],
        Relation::Between => {
            let mut channels = pair.by_treaty();
            let caveats = pair.general_caveats();
            // Once where evidence is first asked for, and once at the letter, which is always there.
            if let Some(first) = channels.iter_mut().find(|c| pair::discloses(c)) {
                first.caveats.extend(caveats.iter().cloned());
            }
            channels.push(pair.letter(&caveats));
            channels.extend(pair.beside());
            channels
        }
    }
}
