//! Connection and intrusion events of Firepower: `%FTD-1-430003: …, SrcIP: 203.0.113.5, DstIP: …, InitiatorBytes: 400, …`.
//! The addresses stand before everything that a client writes (user agent, URL); what stands behind it counts only if it
//! stands there once.

use super::Told;
use super::fields::{address, later, met, number, protocol, say, short, turned_away, went};
use crate::decode::clock::{self, Clock};
use crate::model::record::{Alert, Contact, Endpoint, Outcome, Said, Saying, Volume};
use crate::model::time::Timestamp;

/// 430001 intrusion, 430002 the begin of a connection, 430003 its end.
pub(super) fn read(number_: u32, text: &[u8], time: Option<Timestamp>, clock: &mut Clock, out: &mut Vec<Said>) -> Told {
    let (Some(src), Some(dst)) = (first(text, b"SrcIP").and_then(address), first(text, b"DstIP").and_then(address)) else {
        return None;
    };
    let port = |name: &[u8]| first(text, name).and_then(number).unwrap_or(0);
    // For ICMP the event has type and code in place of ports.
    let sport = first(text, b"SrcPort").or_else(|| first(text, b"ICMPType")).and_then(number).unwrap_or(0);
    let dport = first(text, b"DstPort").map_or_else(|| port(b"ICMPCode"), |p| number(p).unwrap_or(0));
    let proto = first(text, b"Protocol").and_then(protocol).unwrap_or_default();
    let count = |name: &[u8]| only(text, name).and_then(number).unwrap_or(0);
    let forward = Volume { packets: count(b"InitiatorPackets"), bytes: count(b"InitiatorBytes") };
    let backward = Volume { packets: count(b"ResponderPackets"), bytes: count(b"ResponderBytes") };
    let intrusion = number_ == 430_001;
    let action = if intrusion { first(text, b"InlineResult") } else { first(text, b"AccessControlRuleAction") };
    let blocked = action.is_some_and(turned_away);
    let outcome = match number_ {
        _ if blocked => Outcome::Refused,
        430_003 => went(proto, forward, backward),
        _ => Outcome::Unknown,
    };
    let began = first(text, b"FirstPacketSecond").and_then(|t| clock::iso(t, clock)).map(|(t, _)| t);
    let lasted: i64 = only(text, b"ConnectionDuration").and_then(number).unwrap_or(0);
    let ended = began.filter(|_| lasted > 0).and_then(|t| later(t, lasted));
    let time = began.or(time);
    met(out, time, Contact { src, dst, sport, dport, proto, ended, forward, backward, outcome, ..Contact::default() });
    if intrusion {
        let alert = Alert {
            src: Some(Endpoint { addr: src, port: sport }),
            dst: Some(Endpoint { addr: dst, port: dport }),
            proto,
            signature: short(first(text, b"Message").unwrap_or_default()),
            id: first(text, b"SID").map(short),
            severity: first(text, b"Priority").and_then(number),
            blocked,
        };
        say(out, time, Saying::Alert(Box::new(alert)));
    }
    Some(())
}

/// The value of the first `name`. A quoted one reaches to its quote.
fn first<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    values(text, name).next()
}

/// The value of `name` if it stands there once.
fn only<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut all = values(text, name);
    let value = all.next()?;
    all.next().is_none().then_some(value)
}

fn values<'a>(text: &'a [u8], name: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    memchr::memmem::find_iter(text, name).filter_map(move |at| {
        let starts = at == 0 || text.get(..at).is_some_and(|head| head.ends_with(b", "));
        let value = text.get(at + name.len()..)?.strip_prefix(b": ").filter(|_| starts)?;
        Some(match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.get(..memchr::memchr(b'"', quoted).unwrap_or(quoted.len()))?,
            None => value.get(..memchr::memmem::find(value, b", ").unwrap_or(value.len()))?,
        })
    })
}
