//! Flow exports inside a capture: what routers told a collector, read off the wire on the way.
//!
//! The packets are counted as packets; the flows that they tell of are records of the exporter, as they are in a file of
//! bare datagrams.

use super::flow::FlowState;
use super::ledger::Ledger;
use super::shard::Caps;
use crate::decode::flow::Exporters;
use crate::model::evidence::Provenance;
use crate::model::net::PackedAddr;
use crate::model::record::Said;
use crate::model::time::Timestamp;

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
            ledger: Ledger::new(Caps::for_records(caps.flows.saturating_mul(8)), seed),
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
        for said in self.said.drain(..) {
            if let Some(flow) = self.ledger.note(format.as_str(), place, said, &|| ()) {
                tell(flow);
            }
        }
    }

    fn reject(&mut self, records: u64, place: Provenance, why: &'static str) {
        self.rejected += records;
        if records > 0 && self.rejects.len() < REJECTS {
            self.rejects.push((place, why));
        }
    }
}
