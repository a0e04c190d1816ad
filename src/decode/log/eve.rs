//! Suricata's EVE log: an object a line, or all of them in an array. Keys are those of Suricata's documentation
//! ("EVE JSON Format") and of its JSON schema, versions 3 to 8.
//!
//! `flow`, `netflow` and the events of application protocols are contacts; an alert is an alert and, where it carries the
//! counters of its flow, a contact. `src_ip` is the sender of the packet that an event is about, who need not have opened
//! the connection: [`event`] has what tells. Events about the sensor itself and about files are counted and say nothing.

mod dns;
mod event;
mod mail;
mod tell;
#[cfg(test)]
mod tests;

use super::super::clock::Clock;
use super::super::record::{LineFormat, Piece, Reject};
use super::json::{Pieces, Reader, Value};
use crate::model::record::Said;

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Eve {
    clock: Clock,
    pieces: Pieces,
}

impl Eve {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, pieces: Pieces::default() }
    }
}

impl LineFormat for Eve {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let clock = &mut self.clock;
        self.pieces.line(line, |object| {
            let mut event = event::Event::default();
            event.read(object)?;
            tell::tell(&event, clock, out)?;
            Ok(Piece::RECORD)
        })
    }
}

/// An object with `timestamp` and `event_type`, both strings, on its outermost level. It may be cut off.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let text = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    let Ok(mut reader) = Reader::object(text) else { return false };
    let (mut time, mut kind) = (false, false);
    while let Ok(Some(key)) = reader.key() {
        match reader.value() {
            Ok(Value::Object | Value::Array) => {
                if reader.leave().is_err() {
                    break;
                }
            }
            Ok(Value::Text(text)) => match key.raw {
                b"timestamp" => time = text.raw.get(4) == Some(&b'-') && text.raw.get(10) == Some(&b'T'),
                b"event_type" => kind = text.raw.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_'),
                _ => {}
            },
            Ok(_) => {}
            Err(_) => break,
        }
    }
    time && kind
}
