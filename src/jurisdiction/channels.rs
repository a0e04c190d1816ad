//! The lawful ways in which one state can ask another on a day to keep data, hand them over, act, or be told.
//!
//! First stands what rests on law, fastest first: orders and measures of the European Union, agreements on direct
//! orders, the network and the articles of the Budapest Convention, treaties of mutual legal assistance from the
//! closest to the widest; the letter rogatory, which needs no treaty, is the last of them. After it stands what needs no
//! legal basis and gives no evidence: networks, CERTs, INTERPOL, the points of contact of the United Nations, and what a
//! provider may say of its own accord.
//!
//! A channel is listed if its basis is in force for both sides on the day. If the tables leave that open for one of
//! them it is listed as unknown, with the reason; if one side is known to be outside it is not listed; if one side has
//! left or suspended it, it is listed as suspended, since a reader may still find it in a list of treaties. A regional
//! treaty is left open only for states of its region: that the tables have no row for a state elsewhere leaves nothing
//! open. Treaty status is not usable cooperation, and the caveats say what the rows say of that.
//!
//! * `pair`: the two sides, and who answers for each
//! * `treaties`: what rests on an instrument, in order
//! * `beside`: what rests on none
//! * `bodies`: whom to write to
//! * `caveats`: what holds for the pair as a whole

use super::Law;
use crate::model::channel::Channel;
use crate::model::net::StateCode;
use crate::model::time::Day;

mod beside;
mod bodies;
mod caveats;
mod pair;
#[cfg(test)]
mod tests;
mod treaties;

pub(super) use pair::{part_of, read_source};

impl Law {
    /// The lawful ways in which `from` can ask `to` on a day, in the order in which they are worth trying. Empty if both
    /// are the same state, or parts of it that its treaties reach alike; never empty otherwise.
    #[must_use]
    pub fn channels(&self, from: StateCode, to: StateCode, on: Day) -> Vec<Channel> {
        use pair::{Pair, Relation};
        let Some(pair) = Pair::new(self, from, to, on) else { return Vec::new() };
        match pair.relation() {
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
}
