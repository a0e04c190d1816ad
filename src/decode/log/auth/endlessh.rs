//! endlessh, a tar pit that speaks an endless SSH banner: `ACCEPT host=::ffff:192.0.2.1 port=4711 fd=4 n=1/4096`, `CLOSE
//! host=... port=... fd=4 time=20.017 bytes=20`. Nothing in it is the client's. It sends and does not read: that a connection
//! stood is said, not that data went both ways. Which port it listens on is not in these lines.

use super::super::super::clock;
use super::super::Envelope;
use super::super::syslog::{address, number};
use super::contact;
use crate::decode::record::Reject;
use crate::model::record::{Act, Contact, Outcome, Said, Saying, Volume};
use crate::model::time::Timestamp;

/// Reads a message; a `CLOSE` says when the connection began.
///
/// # Errors
/// When the client can't be read.
pub(super) fn read(e: &Envelope<'_>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let Some(fields) = e.message.strip_prefix(b"ACCEPT ").or_else(|| e.message.strip_prefix(b"CLOSE ")) else { return Ok(()) };
    let value = |key: &[u8]| fields.split(|&b| b == b' ').find_map(|f| f.strip_prefix(key));
    let client = value(b"host=").and_then(address).zip(value(b"port=").and_then(number));
    let client = client.ok_or(Reject("endlessh: no client"))?;
    // `time=` is in seconds, like a time since 1970.
    let lasted = value(b"time=").and_then(clock::epoch).filter(|t| t.0 > 0);
    let began = e.time.zip(lasted).and_then(|(end, lasted)| end.0.checked_sub(lasted.0)).map(Timestamp);
    let found = Contact {
        ended: began.and(e.time),
        backward: Volume { packets: 0, bytes: value(b"bytes=").and_then(number).unwrap_or(0) },
        ..contact(client, Act::Connection, Outcome::Established)
    };
    out.push(Said { time: began.or(e.time), fact: Saying::Contact(found) });
    Ok(())
}
