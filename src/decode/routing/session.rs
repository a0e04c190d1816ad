//! BGP out of captured TCP streams (RFC 4271 4).

use std::net::IpAddr;

use super::super::record::Reject;
use super::bytes::named;
use super::open::{OPEN, Open, SENDS};
use super::path::Width;
use super::prefix::PathIds;
use super::update::{HEAD, Teller, UPDATE, Writing, update};
use crate::model::net::Asn;
use crate::model::record::Said;
use crate::model::time::Timestamp;

/// What one direction of a BGP session said of itself: how AS numbers and path identifiers are written.
///
/// One direction alone does not tell what was agreed: that takes the OPEN messages of both. What its own OPEN offers is
/// taken as likely, and each UPDATE is then read in the way in which its lengths fit. The same goes for sessions whose
/// beginning was not captured: start with the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// AS numbers have four bytes (RFC 6793): the OPEN said so.
    pub four_byte_as: bool,
    /// Prefixes may carry path identifiers (RFC 7911): the OPEN offered to send them.
    pub add_path: bool,
    /// An OPEN was read.
    pub opened: bool,
    /// AS of the sender, if its OPEN was read.
    pub peer_as: Option<Asn>,
    /// Messages that were whole and could not be read.
    pub rejected: u32,
}

impl Session {
    fn open(&mut self, body: &[u8]) -> Result<(), Reject> {
        let open = Open::read(body)?;
        *self = Self {
            four_byte_as: open.four_byte_as,
            add_path: open.add_path.iter().any(|how| how & SENDS != 0),
            opened: true,
            peer_as: Some(open.asn),
            rejected: self.rejected,
        };
        Ok(())
    }

    fn writing(&self) -> Writing {
        let width = if self.opened && !self.four_byte_as { Width::Two } else { Width::Four };
        Writing::new(width, if self.opened && !self.add_path { PathIds::Without } else { PathIds::Unknown })
    }
}

/// Reads BGP messages (RFC 4271) from the beginning of one direction of a TCP stream, as many as are whole, and gives the
/// bytes that were read. `peer` is the sender. OPEN changes `session`, UPDATE makes statements, the others say nothing here;
/// a message that is framed well and cannot be read is counted in `session` and stepped over.
///
/// # Errors
/// When the bytes are no BGP message. Messages in front of such bytes are read first; the next call fails.
pub fn messages(
    stream: &[u8],
    session: &mut Session,
    peer: IpAddr,
    time: Timestamp,
    out: &mut Vec<Said>,
) -> Result<usize, Reject> {
    let mut read = 0;
    loop {
        let rest = stream.get(read..).unwrap_or_default();
        let length = match length(rest) {
            Ok(Some(length)) => length,
            Ok(None) => return Ok(read),
            Err(_) if read > 0 => return Ok(read),
            Err(why) => return Err(why),
        };
        let (Some(&kind), Some(body)) = (rest.get(HEAD - 1), rest.get(HEAD..length)) else { return Ok(read) };
        let understood = match kind {
            OPEN => session.open(body),
            UPDATE => {
                let teller = Teller { time: Some(time), peer: named(peer), peer_as: session.peer_as };
                update(body, &session.writing(), &teller, out)
            }
            _ => Ok(()),
        };
        session.rejected = session.rejected.saturating_add(u32::from(understood.is_err()));
        read += length;
    }
}

/// Length of the message at the front; `None` if too little of it is there. Up to 65,535 bytes (RFC 8654).
fn length(stream: &[u8]) -> Result<Option<usize>, Reject> {
    if stream.iter().take(16).any(|&b| b != 0xff) {
        return Err(Reject("no BGP message: its marker is not all ones"));
    }
    let Some(&[high, low, kind]) = stream.get(16..).and_then(|s| s.first_chunk()) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    // OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH (RFC 2918), and one that was only ever a draft.
    if length < HEAD || !(1..=6).contains(&kind) {
        return Err(Reject("no BGP message: its length or type cannot be"));
    }
    Ok(Some(length))
}
