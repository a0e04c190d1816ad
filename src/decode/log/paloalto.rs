//! Palo Alto firewalls: the comma-separated lines of PAN-OS, as "Traffic Log Fields", "Threat Log Fields" and
//! "GlobalProtect Log Fields" of the PAN-OS Administrator's Guide list them (8.1 to 11). The first 46 fields of a traffic
//! line are the same in all of them; what later releases append is not used. The times have no zone: they are the firewall's.
//!
//! Clients write URLs, file names, user agents and user names. A field with a comma or a quote in it is quoted and its quotes
//! are doubled; a line in which the ports, the protocol or the action are none has slipped, and is rejected.

#[cfg(test)]
mod tests;

use super::super::clock::{self, Clock};
use super::super::http;
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::asa::fields::{
    address, host_of_authority, host_of_url, later, lent, met, number, protocol, rewritten, say, short, some_address,
    turned_away, unquoted, went,
};
use crate::model::evidence::{Chain, ChainKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Alert, Contact, Endpoint, Outcome, Said, Saying, Volume};
use crate::model::time::Timestamp;

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct PaloAlto {
    clock: Clock,
}

impl PaloAlto {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for PaloAlto {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        // The heading of an export.
        if line.starts_with(b"Domain,Receive Time,Serial #,Type,") {
            return Ok(Piece::OTHER);
        }
        let fields = Fields::read(line);
        if !fields.is_paloalto() {
            return Err(Reject("no PAN-OS log line"));
        }
        tell(&fields, None, &mut self.clock, out).map(|()| Piece::RECORD)
    }
}

/// Is the first line one of PAN-OS, or the heading of an export?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let line = text.get(..memchr::memchr(b'\n', text).unwrap_or(text.len())).unwrap_or_default();
    line.starts_with(b"Domain,Receive Time,Serial #,Type,") || Fields::read(line.trim_ascii()).is_paloalto()
}

/// Within syslog.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    if !envelope.message.first()?.is_ascii_digit() || memchr::memchr(b',', envelope.message.get(..6)?).is_none() {
        return None;
    }
    let fields = Fields::read(envelope.message);
    fields.is_paloalto().then(|| tell(&fields, envelope.time, clock, out))
}

/// Fields that are looked at.
const MAX_FIELDS: usize = 64;

/// The fields of a line, without their quotes.
struct Fields<'a> {
    fields: [&'a [u8]; MAX_FIELDS],
    found: usize,
}

impl<'a> Fields<'a> {
    fn read(line: &'a [u8]) -> Self {
        let mut this = Self { fields: [b""; MAX_FIELDS], found: 0 };
        let mut rest = line;
        for slot in &mut this.fields {
            let end = field_len(rest);
            *slot = unquoted(rest.get(..end).unwrap_or_default());
            this.found += 1;
            match rest.get(end + 1..) {
                Some(next) => rest = next,
                None => break,
            }
        }
        this
    }

    fn get(&self, n: usize) -> &'a [u8] {
        self.fields.get(n).copied().unwrap_or_default()
    }

    /// `1,2024/01/31 12:34:56,SERIAL,TYPE,…`
    fn is_paloalto(&self) -> bool {
        const TYPES: [&[u8]; 14] = [
            b"TRAFFIC",
            b"THREAT",
            b"GLOBALPROTECT",
            b"SYSTEM",
            b"CONFIG",
            b"HIP-MATCH",
            b"HIPMATCH",
            b"USERID",
            b"AUTHENTICATION",
            b"DECRYPTION",
            b"TUNNEL",
            b"SCTP",
            b"CORRELATION",
            b"IPTAG",
        ];
        let date = |text: &[u8]| {
            text.len() == 19
                && text.iter().zip(b"0000/00/00 00:00:00").all(|(b, like)| match like {
                    b'0' => b.is_ascii_digit(),
                    other => b == other,
                })
        };
        self.found >= 8 && date(self.get(1)) && TYPES.contains(&self.get(3))
    }
}

/// Length of the field at the front: to the comma, or to the comma behind the closing quote. A quote that is never closed
/// holds no comma back.
fn field_len(text: &[u8]) -> usize {
    let plain = || memchr::memchr(b',', text).unwrap_or(text.len());
    if text.first() != Some(&b'"') {
        return plain();
    }
    let mut at = 1;
    while let Some(quote) = text.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        at += quote + 1;
        match text.get(at) {
            None | Some(b',') => return at,
            // A doubled quote stands for one.
            Some(b'"') => at += 1,
            Some(_) => {}
        }
    }
    plain()
}

fn tell(fields: &Fields<'_>, envelope: Option<Timestamp>, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut time = |n: usize| clock::iso(fields.get(n), clock).map(|(t, _)| t);
    let generated = time(6).or_else(|| time(1)).or(envelope);
    match fields.get(3) {
        b"TRAFFIC" => {
            let began = if fields.get(4) == b"end" { time(35) } else { None };
            traffic(fields, generated, began, out)
        }
        b"THREAT" => threat(fields, generated, out),
        b"GLOBALPROTECT" => remote_access(fields, generated, out),
        _ => Ok(()),
    }
}

/// Fields 7 to 30, which traffic and threat lines share.
fn ends(fields: &Fields<'_>) -> Result<Contact, Reject> {
    let (Some(src), Some(dst)) = (address(fields.get(7)), address(fields.get(8))) else {
        return Err(Reject("source or destination is no address"));
    };
    let (Some(sport), Some(dport)) = (number(fields.get(24)), number(fields.get(25))) else {
        return Err(Reject("source or destination port is no number"));
    };
    let Some(proto) = protocol(fields.get(29)) else { return Err(Reject("unknown protocol")) };
    let action = fields.get(30);
    if action.is_empty() || !action.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b' ' | b'C' | b'I' | b'M' | b'P'))
    {
        return Err(Reject("the action is none"));
    }
    Ok(Contact { src, dst, sport, dport, proto, ..Contact::default() })
}

/// Says how the addresses were rewritten, if NAT columns are filled.
fn translated(fields: &Fields<'_>, contact: &Contact, time: Option<Timestamp>, out: &mut Vec<Said>) {
    let after = |addr: usize, port: usize, or: Endpoint| match some_address(fields.get(addr)) {
        Some(addr) => Endpoint { addr, port: number(fields.get(port)).filter(|&p: &u16| p > 0).unwrap_or(or.port) },
        None => or,
    };
    let (src, dst) = (Endpoint { addr: contact.src, port: contact.sport }, Endpoint { addr: contact.dst, port: contact.dport });
    rewritten(out, time, contact.proto, (src, after(9, 26, src)), (dst, after(10, 27, dst)), contact.ended);
}

fn traffic(
    fields: &Fields<'_>,
    generated: Option<Timestamp>,
    began: Option<Timestamp>,
    out: &mut Vec<Said>,
) -> Result<(), Reject> {
    if fields.found < 36 {
        return Err(Reject("a traffic line that is cut off"));
    }
    let mut contact = ends(fields)?;
    let count = |n: usize| number(fields.get(n)).unwrap_or(0);
    contact.forward = Volume { packets: count(44), bytes: count(32) };
    contact.backward = Volume { packets: count(45), bytes: count(33) };
    let counted = went(contact.proto, contact.forward, contact.backward);
    contact.outcome = match fields.get(4) {
        _ if turned_away(fields.get(30)) => Outcome::Refused,
        // Written at the first packets.
        b"start" => Outcome::Unknown,
        _ => match fields.get(46) {
            _ if counted == Outcome::Exchanged => Outcome::Exchanged,
            b"tcp-fin" => Outcome::Established,
            b"tcp-rst-from-server" if contact.backward.packets <= 1 => Outcome::Refused,
            _ => counted,
        },
    };
    let elapsed = number(fields.get(36)).unwrap_or(0);
    contact.ended = began.filter(|_| elapsed > 0).and_then(|t| later(t, elapsed));
    let time = began.or(generated);
    translated(fields, &contact, time, out);
    met(out, time, contact);
    Ok(())
}

fn threat(fields: &Fields<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    if fields.found < 36 {
        return Err(Reject("a threat line that is cut off"));
    }
    let mut contact = ends(fields)?;
    let action = fields.get(30);
    let blocked = turned_away(action) || action == b"sinkhole";
    if blocked {
        contact.outcome = Outcome::Refused;
    }
    let subtype = fields.get(4);
    if subtype == b"url" {
        let url = fields.get(31);
        contact.host = host_of_url(url).or_else(|| host_of_authority(url));
    }
    translated(fields, &contact, time, out);
    if let Some(chain) = http::chain(ChainKind::XForwardedFor, std::iter::once(fields.get(48))) {
        let host = contact.host.clone();
        let chain = Chain { kind: chain.kind, peer: contact.src, server: contact.dst, host, entries: chain.entries };
        say(out, time, Saying::Chain(Box::new(chain)));
    }
    let client = Endpoint { addr: contact.src, port: contact.sport };
    let server = Endpoint { addr: contact.dst, port: contact.dport };
    let proto = contact.proto;
    met(out, time, contact);
    // Of visits, file transfers and clean samples a line is written too: they are alerts only where they were stopped.
    if matches!(subtype, b"url" | b"file" | b"data" | b"wildfire") && !blocked {
        return Ok(());
    }
    // The addresses are those of the session; the direction says which end sent what was found.
    let (src, dst) = if fields.get(35) == b"server-to-client" { (server, client) } else { (client, server) };
    let (name, id) = name_and_id(fields.get(32));
    let alert = Alert {
        src: Some(src),
        dst: Some(dst),
        proto,
        signature: short(name),
        id: id.map(short),
        severity: severity(fields.get(34)),
        blocked,
    };
    say(out, time, Saying::Alert(Box::new(alert)));
    Ok(())
}

/// `SSH User Authentication Brute Force Attempt(40015)`
fn name_and_id(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let open = text.strip_suffix(b")").and_then(|inner| memchr::memrchr(b'(', inner));
    match open.and_then(|at| Some((text.get(..at)?, text.get(at + 1..text.len() - 1)?))) {
        Some((name, id)) if !id.is_empty() && id.iter().all(u8::is_ascii_digit) => {
            (if name.is_empty() { id } else { name.trim_ascii() }, Some(id))
        }
        _ => (text, None),
    }
}

/// In PAN-OS' order, 1 the highest.
fn severity(word: &[u8]) -> Option<u8> {
    let words: [&[u8]; 5] = [b"critical", b"high", b"medium", b"low", b"informational"];
    words.iter().zip(1..).find(|(w, _)| **w == word).map(|(_, n)| n)
}

/// GlobalProtect: 8 event, 9 stage, 15 and 16 the public addresses, 17 and 18 the private ones, 28 status.
fn remote_access(fields: &Fields<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    if fields.found < 29 {
        return Err(Reject("a GlobalProtect line that is cut off"));
    }
    let status = fields.get(28);
    if !matches!(status, b"success" | b"failure" | b"") {
        return Err(Reject("the status is none"));
    }
    let Some(outer) = some_address(fields.get(15)).or_else(|| some_address(fields.get(16))) else { return Ok(()) };
    let act = match (fields.get(9), status) {
        (b"login", b"success") => Act::LoginSucceeded,
        (b"login", b"failure") => Act::LoginFailed,
        _ => Act::Connection,
    };
    let outcome = if act == Act::Connection { Outcome::Unknown } else { Outcome::Exchanged };
    let proto = if act == Act::Connection { IpProtocol(0) } else { IpProtocol::TCP };
    met(out, time, Contact { src: outer, proto, act, outcome, ..Contact::default() });
    for inner in [17, 18].into_iter().filter_map(|n| some_address(fields.get(n))) {
        lent(out, time, outer, inner);
    }
    Ok(())
}
