//! A file of bare datagrams, as `nc -lu` or a test set keeps them, and as RFC 5655 defines files of IPFIX: one behind the
//! other, with nothing between them.

use super::recognise::{self, Extent, LONGEST};
use super::{Exporters, Format};
use crate::decode::record::{Counted, Piece, RecordFormat, Reject, Step};
use crate::model::record::{Said, UNNAMED};

/// Reads one format.
pub(super) struct Bare {
    format: Format,
    exporters: Exporters,
    /// Behind damage: the next datagram must be one by everything that its head says, and not only by its length.
    lost: bool,
}

impl Bare {
    pub(super) fn new(format: Format) -> Self {
        Self { format, exporters: Exporters::default(), lost: false }
    }

    fn read(&mut self, datagram: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let done = self.exporters.datagram(UNNAMED, datagram, None, out)?;
        let why = match (done.rejected, done.without_template) {
            (0, 0) => None,
            (0, _) => Some(Reject("data without a template")),
            _ => Some(Reject("a record that is cut off, or a template that can't be")),
        };
        let rejected = u64::from(done.rejected) + u64::from(done.without_template);
        Ok(Piece { records: u64::from(done.records), rejected, why })
    }
}

impl RecordFormat for Bare {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        match recognise::extent(self.format, buf, at_end) {
            Extent::More => return Step::More,
            // What follows is looked at as well.
            Extent::Whole(bytes) if self.lost && !at_end && buf.len() < bytes + 4 => return Step::More,
            Extent::Whole(bytes) if !self.lost || recognise::is_followed(self.format, buf, bytes) => {
                self.lost = false;
                let read = self.read(buf.get(..bytes).unwrap_or_default(), out);
                return Step::Piece { bytes, read };
            }
            Extent::Whole(_) | Extent::Not => {}
        }
        self.lost = true;
        let bytes = recognise::next(self.format, buf, at_end).max(1);
        Step::Piece { bytes, read: Err(Reject("no datagram of this format begins here")) }
    }

    fn forgotten(&self) -> u64 {
        self.exporters.evicted()
    }

    /// A datagram, and the beginning of the next one that shows where it ends.
    fn longest(&self) -> usize {
        LONGEST + 4
    }

    fn counted(&self) -> Counted {
        Counted::Records
    }
}
