//! IPFIX (RFC 7011): variable lengths, elements of enterprises, and biflows (RFC 5103).

use std::net::IpAddr;

use super::sets::Reading;
use super::statement::Head;
use super::{Datagram, Exporters, Format, be16, be32, unix};
use crate::decode::record::Reject;
use crate::model::record::{Said, UNNAMED};

/// Version, length, export time, sequence, observation domain.
pub(super) const HEADER: usize = 16;

/// Reads one message; what is behind its length is not looked at.
pub(super) fn read(exporters: &mut Exporters, exporter: IpAddr, bytes: &[u8], out: &mut Vec<Said>) -> Result<Datagram, Reject> {
    let header = || Some((usize::from(be16(bytes, 2)?), be32(bytes, 4)?, be32(bytes, 12)?));
    let Some((length, seconds, domain)) = header() else { return Err(Reject("ipfix: header cut off")) };
    if length < HEADER {
        return Err(Reject("ipfix: length below that of the header"));
    }
    let end = length.min(bytes.len());
    let head = Head { observer: (exporter != UNNAMED).then_some(exporter), exported: unix(seconds, 0), uptime: None };
    let done = Datagram::of(Format::Ipfix, end);
    let sets = bytes.get(HEADER..end).unwrap_or_default();
    Ok(Reading::new(exporters, (exporter, 10, domain), head, done, out).sets(sets, None))
}
