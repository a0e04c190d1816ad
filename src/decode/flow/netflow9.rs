//! NetFlow version 9 (RFC 3954).

use std::net::IpAddr;

use super::sets::Reading;
use super::statement::Head;
use super::{Datagram, Exporters, Format, be16, be32, unix};
use crate::decode::record::Reject;
use crate::model::record::{Said, UNNAMED};

/// Version, count of records, uptime, seconds, sequence, source id.
pub(super) const HEADER: usize = 20;

/// Reads one datagram.
pub(super) fn read(exporters: &mut Exporters, exporter: IpAddr, bytes: &[u8], out: &mut Vec<Said>) -> Result<Datagram, Reject> {
    let header = || Some((be16(bytes, 2)?, be32(bytes, 4)?, be32(bytes, 8)?, be32(bytes, 16)?));
    let (Some((count, uptime, seconds, source)), Some(sets)) = (header(), bytes.get(HEADER..)) else {
        return Err(Reject("netflow9: header cut off"));
    };
    let head = Head { observer: (exporter != UNNAMED).then_some(exporter), exported: unix(seconds, 0), uptime: Some(uptime) };
    let done = Datagram::of(Format::NetFlow9, bytes.len());
    Ok(Reading::new(exporters, (exporter, 9, source), head, done, out).sets(sets, Some(count)))
}
