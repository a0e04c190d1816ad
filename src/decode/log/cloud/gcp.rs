//! Google: entries of `compute.googleapis.com/vpc_flows` and `compute.googleapis.com/firewall`.

use std::borrow::Cow;

use serde::Deserialize;

use super::objects;
use crate::decode::clock::{self, Clock};
use crate::decode::log::asa::fields::{address, met};
use crate::decode::record::{Piece, Reject};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, Volume};
use crate::model::time::Timestamp;

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, rename = "jsonPayload")]
    payload: Option<Payload<'a>>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    connection: Option<Connection<'a>>,
    #[serde(borrow)]
    start_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    end_time: Option<Cow<'a, str>>,
    #[serde(default)]
    bytes_sent: Number,
    #[serde(default)]
    packets_sent: Number,
    /// `ALLOWED` or `DENIED`, of firewall rules.
    #[serde(borrow)]
    disposition: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Connection<'a> {
    #[serde(borrow)]
    src_ip: Cow<'a, str>,
    #[serde(borrow)]
    dest_ip: Cow<'a, str>,
    #[serde(default)]
    src_port: Number,
    #[serde(default)]
    dest_port: Number,
    #[serde(default)]
    protocol: Number,
}

/// A natural number, also in quotes, as 64-bit ones are (protobuf's JSON); 0 for anything else.
#[derive(Clone, Copy, Default)]
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<'a> {
            Plain(u64),
            // Some exports have made a fraction of it.
            Fraction(f64),
            Quoted(#[serde(borrow)] Cow<'a, str>),
            Null(()),
        }
        Ok(Self(match Either::deserialize(d)? {
            Either::Plain(n) => n,
            Either::Fraction(f) if f.is_finite() && f >= 0.0 => f as u64,
            Either::Quoted(text) => text.parse().unwrap_or(0),
            Either::Fraction(_) | Either::Null(()) => 0,
        }))
    }
}

fn time(text: Option<&Cow<'_, str>>) -> Option<Timestamp> {
    let mut utc = Clock::new(jiff::tz::TimeZone::UTC, 1970);
    clock::iso(text?.as_bytes(), &mut utc).map(|(t, _)| t)
}

/// Reads one log entry.
pub(super) fn entry(object: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
    let Ok(entry) = serde_json::from_slice::<Entry<'_>>(object) else { return Err(Reject("no log entry of flows")) };
    let Some(payload) = entry.payload else { return Ok(Piece::RECORD) };
    let Some(connection) = payload.connection else { return Ok(Piece::RECORD) };
    let (Some(src), Some(dst)) = (address(connection.src_ip.as_bytes()), address(connection.dest_ip.as_bytes())) else {
        return Err(Reject("src_ip or dest_ip is no address"));
    };
    let small = |n: Number| u16::try_from(n.0).unwrap_or(0);
    let began = time(payload.start_time.as_ref()).or_else(|| time(entry.timestamp.as_ref()));
    let ended = time(payload.end_time.as_ref()).filter(|end| began.is_some_and(|b| *end > b));
    let outcome = match payload.disposition.as_deref() {
        Some("DENIED") => Outcome::Refused,
        _ => Outcome::Unknown,
    };
    let contact = Contact {
        src,
        dst,
        sport: small(connection.src_port),
        dport: small(connection.dest_port),
        proto: IpProtocol(u8::try_from(connection.protocol.0).unwrap_or(0)),
        ended,
        forward: Volume { packets: payload.packets_sent.0, bytes: payload.bytes_sent.0 },
        outcome,
        ..Contact::default()
    };
    met(out, began, contact);
    Ok(Piece::RECORD)
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.get(objects::between(beginning)..).unwrap_or_default();
    if text.first() != Some(&b'{') {
        return false;
    }
    let object = objects::object_len(text).and_then(|len| text.get(..len));
    let parsed = object.and_then(|o| serde_json::from_slice::<Entry<'_>>(o).ok());
    parsed.and_then(|entry| entry.payload).is_some_and(|payload| payload.connection.is_some())
}
