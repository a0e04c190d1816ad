//! FortiGate: `date=2019-05-10 time=11:37:47 logid="0000000013" type="traffic" …`, the keys and values of Fortinet's "FortiOS
//! Log Message Reference" (traffic, UTM, and the system and VPN events that name a client), with blanks or commas between.
//!
//! User names, host names and URLs in it are written by clients. A quoted value ends at a quote that is not escaped and is
//! followed by another key or by nothing; a line in which a field that is used stands twice with different values is
//! rejected, since one of the two was smuggled in.

#[cfg(test)]
mod tests;

use super::super::clock::{self, Clock};
use super::super::http;
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::asa::fields::{
    NOBODY, address, host_of_url, later, lent, met, number, protocol, rewritten, say, short, since_1970, some_address,
    turned_away, went,
};
use crate::decode::text;
use crate::model::evidence::{Chain, ChainKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Alert, Contact, Endpoint, Outcome, Said, Saying, UNNAMED, Volume};
use crate::model::time::Timestamp;

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Fortinet {
    clock: Clock,
}

impl Fortinet {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for Fortinet {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let fields = Fields::read(without_priority(line))?;
        if !fields.is_fortinet() {
            return Err(Reject("no FortiOS log line"));
        }
        tell(&fields, None, &mut self.clock, out).map(|()| Piece::RECORD)
    }
}

/// Is the first line one of FortiOS?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let line = text.get(..memchr::memchr(b'\n', text).unwrap_or(text.len())).unwrap_or_default();
    let line = without_priority(line.trim_ascii());
    let starts = |key: &[u8]| line.starts_with(key);
    (starts(b"date=")
        || starts(b"itime=")
        || starts(b"logver=")
        || starts(b"eventtime=")
        || starts(b"devname=")
        || starts(b"id="))
        && Fields::read(line).is_ok_and(|fields| fields.is_fortinet())
}

/// Within syslog.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    let text = envelope.message;
    if !(text.starts_with(b"date=")
        || text.starts_with(b"logver=")
        || text.starts_with(b"devname=")
        || text.starts_with(b"timestamp="))
    {
        return None;
    }
    match Fields::read(text) {
        Ok(fields) => fields.is_fortinet().then(|| tell(&fields, envelope.time, clock, out)),
        Err(why) => Some(Err(why)),
    }
}

/// `<189>` of syslog.
fn without_priority(line: &[u8]) -> &[u8] {
    let inner = line.strip_prefix(b"<").unwrap_or_default();
    match inner.iter().take(4).position(|&b| b == b'>') {
        Some(end) if end > 0 && inner.iter().take(end).all(u8::is_ascii_digit) => inner.get(end + 1..).unwrap_or_default(),
        _ => line,
    }
}

/// The keys that are read.
macro_rules! keys {
    ($($key:ident $text:literal,)*) => {
        #[derive(Clone, Copy, Debug)]
        enum Key {
            $($key,)*
        }

        const KEYS: usize = [$(Key::$key,)*].len();

        fn key_of(text: &[u8]) -> Option<Key> {
            match text {
                $($text => Some(Key::$key),)*
                _ => None,
            }
        }
    };
}

keys! {
    Date b"date",
    Time b"time",
    EventTime b"eventtime",
    Tz b"tz",
    LogId b"logid",
    Type b"type",
    SrcIp b"srcip",
    DstIp b"dstip",
    SrcPort b"srcport",
    DstPort b"dstport",
    Proto b"proto",
    Action b"action",
    Duration b"duration",
    SentByte b"sentbyte",
    RcvdByte b"rcvdbyte",
    SentPkt b"sentpkt",
    RcvdPkt b"rcvdpkt",
    TranIp b"tranip",
    TranPort b"tranport",
    TransIp b"transip",
    TransPort b"transport",
    Hostname b"hostname",
    Url b"url",
    Attack b"attack",
    AttackId b"attackid",
    Virus b"virus",
    Severity b"severity",
    RemIp b"remip",
    RemPort b"remport",
    LocIp b"locip",
    LocPort b"locport",
    TunnelIp b"tunnelip",
    AssignIp b"assignip",
    Status b"status",
    ForwardedFor b"forwardedfor",
}

/// The values of a line, empty where it has none.
#[derive(Debug)]
struct Fields<'a>([&'a [u8]; KEYS]);

impl<'a> Fields<'a> {
    fn read(mut line: &'a [u8]) -> Result<Self, Reject> {
        let mut fields = Self([b""; KEYS]);
        loop {
            line = separated(line);
            if line.is_empty() {
                return Ok(fields);
            }
            let Some(key_len) = key_len(line) else { return Err(Reject("no pairs of key and value")) };
            let (key, rest) = (line.get(..key_len).unwrap_or_default(), line.get(key_len + 1..).unwrap_or_default());
            let (value, rest) = value(rest).ok_or(Reject("a quote that is never closed"))?;
            line = rest;
            if let Some(slot) = key_of(key).and_then(|key| fields.0.get_mut(key as usize)) {
                if !slot.is_empty() && *slot != value {
                    return Err(Reject("a field stands twice with different values"));
                }
                *slot = value;
            }
        }
    }

    fn get(&self, key: Key) -> &'a [u8] {
        self.0.get(key as usize).copied().unwrap_or_default()
    }

    /// What every line of FortiOS has.
    fn is_fortinet(&self) -> bool {
        let has = |key| !self.get(key).is_empty();
        (has(Key::Date) && has(Key::Time) || has(Key::EventTime)) && has(Key::LogId) && has(Key::Type)
    }

    fn number(&self, key: Key) -> u64 {
        number(self.get(key)).unwrap_or(0)
    }

    fn port(&self, key: Key) -> u16 {
        number(self.get(key)).unwrap_or(0)
    }
}

/// Without the separators at the front.
fn separated(line: &[u8]) -> &[u8] {
    let at = line.iter().position(|b| !matches!(b, b' ' | b',' | b'\t')).unwrap_or(line.len());
    line.get(at..).unwrap_or_default()
}

/// Length of the key at the front, if `=` follows it.
fn key_len(line: &[u8]) -> Option<usize> {
    let len = line.iter().take(40).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')))?;
    (len > 0 && line.get(len) == Some(&b'=')).then_some(len)
}

/// The value at the front, without its quotes, and what follows.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        return text.split_at_checked(memchr::memchr2(b' ', b',', text).unwrap_or(text.len()));
    };
    for at in memchr::memchr_iter(b'"', quoted) {
        let escapes = quoted.get(..at)?.iter().rev().take_while(|&&b| b == b'\\').count();
        let rest = quoted.get(at + 1..)?;
        let ends = rest.is_empty()
            || matches!(rest.first(), Some(b' ' | b',')) && {
                let next = separated(rest);
                next.is_empty() || key_len(next).is_some()
            };
        if escapes % 2 == 0 && ends {
            return Some((quoted.get(..at)?, rest));
        }
    }
    None
}

/// When: `eventtime` counts from 1970, its unit depends on the release; `date` and `time` are local, `tz` says to what.
fn time_of(fields: &Fields<'_>, clock: &mut Clock) -> Option<Timestamp> {
    if let Some(time) = since_1970(fields.get(Key::EventTime)) {
        return Some(time);
    }
    let mut text = [0_u8; 48];
    let mut len = 0;
    for part in [fields.get(Key::Date), b"T", fields.get(Key::Time), fields.get(Key::Tz)] {
        text.get_mut(len..len + part.len())?.copy_from_slice(part);
        len += part.len();
    }
    let (time, rest) = clock::iso(text.get(..len)?, clock)?;
    rest.is_empty().then_some(time)
}

fn tell(fields: &Fields<'_>, envelope: Option<Timestamp>, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let time = time_of(fields, clock).or(envelope);
    match fields.get(Key::Type) {
        b"traffic" => traffic(fields, time, out),
        b"utm" | b"ips" | b"attack" | b"virus" | b"webfilter" | b"anomaly" => inspected(fields, time, out),
        b"event" => event(fields, time, out),
        _ => Ok(()),
    }
}

/// The two ends; `None` where the line names none.
fn ends(fields: &Fields<'_>) -> Result<Option<Contact>, Reject> {
    let (src, dst) = (fields.get(Key::SrcIp), fields.get(Key::DstIp));
    if src.is_empty() || dst.is_empty() {
        return Ok(None);
    }
    let (Some(src), Some(dst)) = (address(src), address(dst)) else { return Err(Reject("srcip or dstip is no address")) };
    let proto = protocol(fields.get(Key::Proto)).unwrap_or_default();
    let (sport, dport) = (fields.port(Key::SrcPort), fields.port(Key::DstPort));
    let forward = Volume { packets: fields.number(Key::SentPkt), bytes: fields.number(Key::SentByte) };
    let backward = Volume { packets: fields.number(Key::RcvdPkt), bytes: fields.number(Key::RcvdByte) };
    Ok(Some(Contact { src, dst, sport, dport, proto, forward, backward, ..Contact::default() }))
}

/// Identifier of the lines that tell of a session that goes on.
const GOES_ON: &[u8] = b"0000000020";

fn traffic(fields: &Fields<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let Some(mut contact) = ends(fields)? else { return Ok(()) };
    let counted = went(contact.proto, contact.forward, contact.backward);
    contact.outcome = match fields.get(Key::Action) {
        action if turned_away(action) => Outcome::Refused,
        // The target closed with a reset before it sent anything else.
        b"server-rst" if counted != Outcome::Exchanged && contact.backward.packets <= 1 => Outcome::Refused,
        // An end in good order (FIN both ways).
        b"close" if contact.proto == IpProtocol::TCP && counted != Outcome::Exchanged => Outcome::Established,
        b"ip-conn" => Outcome::Unanswered,
        b"close" | b"accept" | b"client-rst" | b"server-rst" | b"timeout" => counted,
        _ => Outcome::Unknown,
    };
    if fields.get(Key::Action) == b"start" {
        (contact.forward, contact.backward) = (Volume::default(), Volume::default());
    }
    // The line is written at the end.
    let lasted = i64::try_from(fields.number(Key::Duration)).unwrap_or(0);
    let began = time.and_then(|t| later(t, -lasted)).or(time);
    let over = contact.outcome != Outcome::Refused && fields.get(Key::LogId) != GOES_ON && fields.get(Key::Action) != b"start";
    contact.ended = time.filter(|_| lasted > 0 && over);
    let before = (Endpoint { addr: contact.src, port: contact.sport }, Endpoint { addr: contact.dst, port: contact.dport });
    let mut after = before;
    if let Some(addr) = some_address(fields.get(Key::TransIp)) {
        after.0 = Endpoint { addr, port: some_port(fields.port(Key::TransPort), before.0.port) };
    }
    if let Some(addr) = some_address(fields.get(Key::TranIp)) {
        after.1 = Endpoint { addr, port: some_port(fields.port(Key::TranPort), before.1.port) };
    }
    contact.host = text::host_name(fields.get(Key::Hostname)).map(Into::into);
    let (proto, ended) = (contact.proto, contact.ended);
    met(out, began, contact);
    rewritten(out, began, proto, (before.0, after.0), (before.1, after.1), ended);
    Ok(())
}

fn some_port(port: u16, or: u16) -> u16 {
    if port == 0 { or } else { port }
}

/// What the inspection of content says.
fn inspected(fields: &Fields<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let Some(mut contact) = ends(fields)? else { return Ok(()) };
    // `dropped`, `reset`, `blocked`, `clear_session`.
    let action = fields.get(Key::Action);
    let blocked = turned_away(action) || action.starts_with(b"clear");
    if blocked {
        contact.outcome = Outcome::Refused;
    }
    contact.host = text::host_name(fields.get(Key::Hostname)).map(Into::into).or_else(|| host_of_url(fields.get(Key::Url)));
    let src = Endpoint { addr: contact.src, port: contact.sport };
    let dst = Endpoint { addr: contact.dst, port: contact.dport };
    let proto = contact.proto;
    let chain = http::chain(ChainKind::XForwardedFor, std::iter::once(fields.get(Key::ForwardedFor)));
    if let Some(chain) = chain {
        let host = contact.host.clone();
        let chain = Chain { kind: chain.kind, peer: src.addr, server: dst.addr, host, entries: chain.entries };
        say(out, time, Saying::Chain(Box::new(chain)));
    }
    met(out, time, contact);
    let name = [Key::Attack, Key::Virus].map(|key| fields.get(key)).into_iter().find(|name| !name.is_empty());
    if let Some(name) = name {
        let id = Some(fields.get(Key::AttackId)).filter(|id| !id.is_empty()).map(short);
        let severity = severity(fields.get(Key::Severity));
        let alert = Alert { src: Some(src), dst: Some(dst), proto, signature: short(name), id, severity, blocked };
        say(out, time, Saying::Alert(Box::new(alert)));
    }
    Ok(())
}

/// In FortiOS' order, 1 the highest.
fn severity(word: &[u8]) -> Option<u8> {
    let words: [&[u8]; 5] = [b"critical", b"high", b"medium", b"low", b"info"];
    words.iter().zip(1..).find(|(w, _)| word.starts_with(w)).map(|(_, n)| n)
}

/// Log-ins to the firewall and its VPN, and the addresses that the VPN lends.
fn event(fields: &Fields<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let action = fields.get(Key::Action);
    if let Some(outer) = some_address(fields.get(Key::RemIp)) {
        let local = some_address(fields.get(Key::LocIp)).unwrap_or(UNNAMED);
        let mut contact = Contact {
            src: outer,
            dst: local,
            sport: fields.port(Key::RemPort),
            dport: fields.port(Key::LocPort),
            ..Contact::default()
        };
        match action {
            b"ssl-login-fail" => (contact.act, contact.outcome) = (Act::LoginFailed, Outcome::Exchanged),
            b"ssl-new-con" | b"tunnel-up" | b"tunnel-stats" | b"tunnel-down" => contact.outcome = Outcome::Established,
            b"negotiate" if fields.get(Key::Status) == b"failure" => contact.outcome = Outcome::Refused,
            _ => {}
        }
        if action.starts_with(b"ssl-") {
            contact.proto = IpProtocol::TCP;
        }
        met(out, time, contact);
        for inner in [Key::TunnelIp, Key::AssignIp] {
            if let Some(inner) = some_address(fields.get(inner)) {
                lent(out, time, outer, inner);
            }
        }
        return Ok(());
    }
    if action != b"login" {
        return Ok(());
    }
    // An administrator: `action="login" status="failed" srcip=203.0.113.5`.
    let (Some(src), dst) = (some_address(fields.get(Key::SrcIp)), some_address(fields.get(Key::DstIp))) else { return Ok(()) };
    let act = match fields.get(Key::Status) {
        b"success" => Act::LoginSucceeded,
        b"failed" | b"failure" => Act::LoginFailed,
        _ => return Ok(()),
    };
    let dst = dst.unwrap_or(NOBODY.addr);
    let outcome = Outcome::Exchanged;
    met(out, time, Contact { src, dst, proto: IpProtocol::TCP, act, outcome, ..Contact::default() });
    Ok(())
}
