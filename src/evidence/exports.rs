//! Flow exports inside a capture: what routers told a collector, read off the wire on the way.
//!
//! The packets are counted as packets; the flows that they tell of are records of the exporter, as they are in a file of
//! bare datagrams. UDP has no handshake: whoever can reach the wire can tell of flows that never were. So they are told as
//! somebody's word: no origin is shown because of them, and no translation that they tell of is followed.

use super::flow::FlowState;
use super::ledger::Ledger;
use super::shard::Caps;
use crate::decode::flow::Exporters;
use crate::model::evidence::Provenance;
use crate::model::net::PackedAddr;
use crate::model::record::{Outcome, Said, Saying};
use crate::model::time::Timestamp;

/// Exporters of one shard told apart; anybody can send in many names.
const RECORDERS: usize = 8;
/// Places of records that could not be read, kept per shard.
const REJECTS: usize = 100;
/// Templates come late, or never: the reason that is given then.
const NO_TEMPLATE: &str = "flow export: data whose template is not known";
const DAMAGED: &str = "flow export: a record that cannot be read";

/// What exporters told.
#[derive(Debug)]
pub struct Exports {
    exporters: Exporters,
    /// Their records. Nobody is told of the flows here: the shard tells its own sink.
    pub ledger: Ledger<()>,
    /// Flow records and samples that were read.
    pub records: u64,
    /// Those that were not.
    pub rejected: u64,
    /// The first of them.
    pub rejects: Vec<(Provenance, &'static str)>,
    said: Vec<Said>,
}

impl Exports {
    /// Nothing told yet.
    #[must_use]
    pub fn new(caps: Caps, seed: u64) -> Self {
        Self {
            exporters: Exporters::default(),
            ledger: Ledger::with_recorders(Caps { tallies: 1 << 12, ..Caps::for_records(caps.flows) }, seed, RECORDERS),
            records: 0,
            rejected: 0,
            rejects: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Reads a datagram of `exporter`, if it is an export; `tell` hears of every flow in it.
    pub(super) fn datagram(
        &mut self,
        exporter: PackedAddr,
        payload: &[u8],
        (ts, place): (Timestamp, Provenance),
        tell: &mut impl FnMut(FlowState),
    ) {
        let Some(format) = Exporters::recognise(payload) else { return };
        match self.exporters.datagram(exporter.unpack(), payload, Some(ts), &mut self.said) {
            Ok(datagram) => {
                self.records += u64::from(datagram.records);
                self.reject(u64::from(datagram.without_template), place, NO_TEMPLATE);
                self.reject(u64::from(datagram.rejected), place, DAMAGED);
            }
            Err(why) => self.reject(1, place, why.0),
        }
        for mut said in self.said.drain(..) {
            // Anybody can send a datagram in an exporter's name: what it tells is no proof of anybody's address.
            if let Saying::Contact(contact) = &mut said.fact
                && matches!(contact.outcome, Outcome::Exchanged | Outcome::Established)
            {
                contact.outcome = Outcome::Unknown;
            }
            if let Some(flow) = self.ledger.note(format.as_str(), place, said, &|| ()) {
                tell(flow);
            }
        }
    }

    /// Templates and sampling rates that had to go because there were too many.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.exporters.evicted()
    }

    fn reject(&mut self, records: u64, place: Provenance, why: &'static str) {
        self.rejected += records;
        if records > 0 && self.rejects.len() < REJECTS {
            self.rejects.push((place, why));
        }
    }
}
