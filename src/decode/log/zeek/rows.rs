//! What a row of which log says. The fields are those of Zeek's own documentation of its logs (`base/protocols/*/main.zeek`,
//! `base/frameworks/*/main.zeek`).

use std::net::IpAddr;

use super::super::super::clock::{self, Clock};
use super::super::super::record::Reject;
use super::super::json::unsigned;
use super::super::json::values::{address, host, port, protocol, seconds};
use super::fields::{Field, Row};
use super::wordy;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, Saying, Volume};
use crate::model::time::Timestamp;

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Conn,
    Dns,
    Http,
    Ssl,
    Quic,
    Ssh,
    Smtp,
    Tunnel,
    Socks,
    Notice,
    Traceroute,
    /// Any other: its rows are counted.
    Other,
}

impl Kind {
    /// By the name of the log. Sensors that also write a reduced log append `_red`.
    pub(super) fn named(path: &[u8]) -> Self {
        match path.strip_suffix(b"_red").unwrap_or(path) {
            b"conn" => Self::Conn,
            b"dns" => Self::Dns,
            b"http" => Self::Http,
            b"ssl" => Self::Ssl,
            b"quic" => Self::Quic,
            b"ssh" => Self::Ssh,
            b"smtp" => Self::Smtp,
            b"tunnel" => Self::Tunnel,
            b"socks" => Self::Socks,
            b"notice" => Self::Notice,
            b"traceroute" => Self::Traceroute,
            _ => Self::Other,
        }
    }

    /// By the fields that are there: those which the log always sets, or which no other has.
    #[inline]
    pub(super) fn of_fields(has: impl Fn(Field) -> bool) -> Self {
        let any = |fields: &[Field]| fields.iter().any(|&f| has(f));
        if any(&[Field::ConnState, Field::MissedBytes]) {
            Self::Conn
        } else if any(&[Field::CallId, Field::Fuid]) {
            // SIP has a method and a status too; files are named by themselves.
            Self::Other
        } else if any(&[Field::TransId, Field::QtypeName]) {
            Self::Dns
        } else if any(&[Field::RequestBodyLen, Field::ResponseBodyLen, Field::Method]) {
            Self::Http
        } else if any(&[Field::AuthAttempts, Field::AuthSuccess]) {
            Self::Ssh
        } else if has(Field::Dcid) {
            Self::Quic
        } else if any(&[Field::Established, Field::Resumed, Field::ServerName]) {
            Self::Ssl
        } else if any(&[Field::Helo, Field::MailFrom, Field::LastReply]) {
            Self::Smtp
        } else if has(Field::TunnelType) {
            Self::Tunnel
        } else if any(&[Field::RequestHost, Field::RequestName, Field::RequestP, Field::BoundHost, Field::BoundP]) {
            Self::Socks
        } else if has(Field::Note) {
            Self::Notice
        } else if has(Field::Src) && has(Field::Dst) && has(Field::Proto) && !has(Field::Uid) {
            Self::Traceroute
        } else {
            Self::Other
        }
    }
}

/// Reads a row.
///
/// # Errors
/// When a field that such a row cannot do without is missing or is not what it should be.
#[inline]
pub(super) fn tell(kind: Kind, row: &Row<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let at = time(row, clock)?;
    match kind {
        Kind::Conn => conn(row, at, out),
        Kind::Dns => wordy::dns(row, at, out),
        Kind::Http => wordy::http(row, at, out),
        Kind::Ssl | Kind::Quic => encrypted(kind, row, at, out),
        Kind::Ssh => ssh(row, at, out),
        Kind::Smtp => wordy::smtp(row, at, out),
        Kind::Tunnel => wordy::tunnel(row, at, out),
        Kind::Socks => wordy::socks(row, at, out),
        Kind::Notice => wordy::notice(row, at, out),
        Kind::Traceroute => traceroute(row, at, out),
        Kind::Other => Ok(()),
    }
}

/// Seconds since 1970 as a rule; also milliseconds, ISO 8601, and a float with an exponent.
#[inline]
fn time(row: &Row<'_>, clock: &mut Clock) -> Result<Option<Timestamp>, Reject> {
    let word = row.get(Field::Ts);
    if let Some(time) = clock::epoch(word) {
        return Ok(Some(time));
    }
    if word.is_empty() {
        return Ok(None);
    }
    let milliseconds = unsigned(word).filter(|_| word.len() == 13).and_then(|ms| i64::try_from(ms * 1_000_000).ok());
    let iso = || clock::iso(word, clock).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time);
    let float = || seconds(word).filter(|_| word.contains(&b'e') || word.contains(&b'E')).map(Timestamp);
    milliseconds.map(Timestamp).or_else(iso).or_else(float).map(Some).ok_or(Reject("not a time"))
}

/// Who opened the connection and whom it went to, with ports.
#[inline]
pub(super) fn ends(row: &Row<'_>) -> Result<Contact, Reject> {
    let end = |field| address(row.get(field)).ok_or(Reject("no address of an end"));
    let (src, dst) = (end(Field::OrigH)?, end(Field::RespH)?);
    let (sport, dport) = (port(row.get(Field::OrigP)), port(row.get(Field::RespP)));
    Ok(Contact { src, dst, sport, dport, ..Contact::default() })
}

pub(super) fn say(time: Option<Timestamp>, contact: Contact, out: &mut Vec<Said>) {
    out.push(Said { time, fact: Saying::Contact(contact) });
}

fn is_v6(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V6(_))
}

fn number(row: &Row<'_>, field: Field) -> u64 {
    unsigned(row.get(field)).unwrap_or(0)
}

/// A connection. Bytes are those of IP packets where they were counted, else those of the payload.
#[inline]
fn conn(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = protocol(row.get(Field::Proto), is_v6(contact.src));
    let volume = |packets, ip_bytes, payload| Volume {
        packets: number(row, packets),
        bytes: unsigned(row.get(ip_bytes)).unwrap_or_else(|| number(row, payload)),
    };
    contact.forward = volume(Field::OrigPkts, Field::OrigIpBytes, Field::OrigBytes);
    contact.backward = volume(Field::RespPkts, Field::RespIpBytes, Field::RespBytes);
    contact.ended = seconds(row.get(Field::Duration)).filter(|&ns| ns > 0).and_then(|ns| at?.0.checked_add(ns)).map(Timestamp);
    if contact.proto == IpProtocol::TCP {
        let both_ways = number(row, Field::OrigBytes) > 0 && number(row, Field::RespBytes) > 0;
        contact.outcome = outcome(row.get(Field::ConnState), both_ways);
    }
    say(at, contact, out);
    Ok(())
}

/// Of a TCP connection, from `conn_state`. Where only one side was seen, nothing is known of the other.
fn outcome(state: &[u8], both_ways: bool) -> Outcome {
    match state {
        b"S1" | b"S2" | b"S3" | b"SF" | b"RSTO" | b"RSTR" if both_ways => Outcome::Exchanged,
        b"S1" | b"S2" | b"S3" | b"SF" | b"RSTO" | b"RSTR" => Outcome::Established,
        // Attempts without a SYN-ACK: nothing further, a reset by the sender itself, a FIN.
        b"S0" | b"RSTOS0" | b"SH" => Outcome::Unanswered,
        b"REJ" => Outcome::Refused,
        // RSTRH and SHR: answers to a SYN that was not seen. OTH: begun before the log.
        _ => Outcome::Unknown,
    }
}

/// TLS, DTLS and QUIC. The log does not name the transport: DTLS and QUIC are UDP, and what TLS of today's version went over
/// is certain only where it was not QUIC's, whose handshakes Zeek puts into the same log and never sees established.
fn encrypted(kind: Kind, row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    let version = row.get(Field::Version);
    let established = row.flag(Field::Established) == Some(true);
    if kind == Kind::Quic || version.starts_with(b"DTLS") {
        contact.proto = IpProtocol::UDP;
    } else if established || version.starts_with(b"SSLv") || matches!(version, b"TLSv10" | b"TLSv11" | b"TLSv12") {
        contact.proto = IpProtocol::TCP;
        contact.outcome = if established { Outcome::Exchanged } else { Outcome::Established };
    }
    contact.host = host(&row.text(Field::ServerName));
    say(at, contact, out);
    Ok(())
}

/// A log-in, or a connection of which it could not be told how it went: Zeek guesses from the sizes of packets.
fn ssh(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = IpProtocol::TCP;
    let success = row.flag(Field::AuthSuccess);
    contact.act = match success {
        Some(true) => Act::LoginSucceeded,
        Some(false) => Act::LoginFailed,
        None => Act::Connection,
    };
    // Both banners were read.
    let both_spoke = row.has(Field::Client) && row.has(Field::Server);
    contact.outcome = if success.is_some() || both_spoke { Outcome::Exchanged } else { Outcome::Established };
    say(at, contact, out);
    Ok(())
}

/// Somebody ran a traceroute; its hops are not in the log.
fn traceroute(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let end = |field| address(row.get(field)).ok_or(Reject("no address of an end"));
    let (src, dst) = (end(Field::Src)?, end(Field::Dst)?);
    say(at, Contact { src, dst, proto: protocol(row.get(Field::Proto), is_v6(src)), ..Contact::default() }, out);
    Ok(())
}
