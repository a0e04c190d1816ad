//! Rows that hold texts: names, chains of forwarders, the way of a mail, alerts. Attackers write most of these texts.

use std::borrow::Cow;
use std::net::IpAddr;

use super::super::super::record::Reject;
use super::super::super::text::{MAX_NAME, is_authority};
use super::super::json::unsigned;
use super::super::json::values::{Meeting, address, entry, header, host, label, port, protocol, reverse_address, seconds};
use super::fields::{Field, Row};
use super::rows::{ends, say};
use crate::model::evidence::{ChainKind, Name, NameHow, Tunnel, TunnelKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Alert, Contact, Endpoint, Mail, Outcome, Received, Said, Saying, Volume};
use crate::model::time::Timestamp;

/// A question and what was answered. The answers are those to the question, aliases among them: an address belongs to the
/// name that was asked for.
pub(super) fn dns(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = protocol(row.get(Field::Proto), contact.src.is_ipv6());
    contact.act = Act::Request;
    let answers = row.list(Field::Answers);
    if contact.proto == IpProtocol::TCP {
        contact.outcome = if answers.is_empty() { Outcome::Established } else { Outcome::Exchanged };
    }
    say(at, contact, out);
    if answers.is_empty() {
        return Ok(());
    }
    let how = match row.get(Field::QtypeName) {
        b"A" | b"AAAA" => NameHow::Forward,
        b"PTR" => NameHow::Ptr,
        _ => return Ok(()),
    };
    let Some(asked) = host(&row.text(Field::Query)) else { return Ok(()) };
    let reverse = if how == NameHow::Ptr { reverse_address(&asked) } else { None };
    let ttls = row.list(Field::Ttls);
    for (n, answer) in answers.iter().enumerate() {
        let ttl_s = ttls.get(n).and_then(|ttl| seconds(ttl)).and_then(|ns| u32::try_from(ns / 1_000_000_000).ok());
        let named = match how {
            NameHow::Ptr => reverse.zip(host(answer)),
            _ => address(answer).filter(|a| !a.is_unspecified()).map(|addr| (addr, asked.clone())),
        };
        if let Some((addr, name)) = named {
            out.push(Said { time: at, fact: Saying::Name(Name { addr, name, how, ttl_s }) });
        }
    }
    Ok(())
}

/// A request. `proxied` is a set of `HEADER -> value`, where Zeek writes the header's name and the arrow.
pub(super) fn http(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = IpProtocol::TCP;
    contact.act = Act::Request;
    contact.outcome = if row.has(Field::StatusCode) { Outcome::Exchanged } else { Outcome::Established };
    contact.host = host(&row.text(Field::Host));
    let bytes = |field| Volume { packets: 0, bytes: unsigned(row.get(field)).unwrap_or(0) };
    (contact.forward, contact.backward) = (bytes(Field::RequestBodyLen), bytes(Field::ResponseBodyLen));
    let meeting = Meeting { time: at, peer: contact.src, server: contact.dst, host: contact.host.clone() };
    say(at, contact, out);
    if row.get(Field::Method) == b"CONNECT" && row.has(Field::Uri) && is_authority(&row.text(Field::Uri)) {
        out.push(meeting.chain(ChainKind::Connect, vec![entry(&row.text(Field::Uri))]));
    }
    if row.has(Field::Proxied) {
        let mut lines: Vec<(ChainKind, Cow<'_, [u8]>)> = Vec::new();
        for item in row.list(Field::Proxied) {
            let Some(arrow) = memchr::memmem::find(&item, b" -> ") else { continue };
            let (name, value) = (item.get(..arrow).unwrap_or_default(), item.get(arrow + 4..).unwrap_or_default());
            if let Some(kind) = header(name) {
                lines.push((kind, value.to_vec().into()));
            }
        }
        meeting.say(&lines, out);
    }
    Ok(())
}

/// A mail that was handed over. `path` begins with the receiver and the sender of this transaction; behind them stand the
/// addresses out of the Received lines, the latest first.
pub(super) fn smtp(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = IpProtocol::TCP;
    contact.act = Act::Request;
    let both_spoke = row.has(Field::Helo) && row.has(Field::LastReply);
    contact.outcome = if both_spoke { Outcome::Exchanged } else { Outcome::Established };
    let (src, dst) = (contact.src, contact.dst);
    say(at, contact, out);
    let path = row.list(Field::Path);
    let mut rest = path.as_slice();
    for end in [dst, src] {
        if let Some((first, after)) = rest.split_first()
            && address(first) == Some(end)
        {
            rest = after;
        }
    }
    let received = rest.iter().filter_map(|a| address(a)).map(|a| Received { addr: Some(a), ..Received::default() });
    let mail = Mail {
        message_id: label(&row.text(Field::MsgId), MAX_NAME),
        from: label(&row.text(Field::From), MAX_NAME),
        received: received.collect(),
        originating: if row.has(Field::OriginatingIp) { vec![entry(&row.text(Field::OriginatingIp))] } else { Vec::new() },
        ..Mail::default()
    };
    if mail != Mail::default() {
        out.push(Said { time: at, fact: Saying::Mail(Box::new(mail)) });
    }
    Ok(())
}

/// A tunnel began or ended. Who talks within it stands in conn.log.
pub(super) fn tunnel(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let contact = ends(row)?;
    let kind = row.get(Field::TunnelType);
    let kind = match kind.strip_prefix(b"Tunnel::").unwrap_or(kind) {
        b"AYIYA" => TunnelKind::Ayiya,
        b"TEREDO" => TunnelKind::Teredo,
        b"GTPv1" => TunnelKind::GtpU,
        b"GRE" => TunnelKind::Gre,
        b"VXLAN" => TunnelKind::Vxlan,
        b"GENEVE" => TunnelKind::Geneve,
        // Which of IPv4 and IPv6 is inside is not said.
        b"IP" => TunnelKind::IpIp,
        // SOCKS and HTTP: proxies, which have logs of their own.
        _ => return Ok(()),
    };
    let outer = (contact.src, contact.dst);
    out.push(Said { time: at, fact: Saying::Tunnel(Tunnel { kind, outer, inner: outer, id: None, packets: 0 }) });
    Ok(())
}

/// A proxy was asked to go on to somebody.
pub(super) fn socks(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(row)?;
    contact.proto = IpProtocol::TCP;
    contact.outcome = if row.has(Field::Status) { Outcome::Exchanged } else { Outcome::Established };
    let meeting = Meeting { time: at, peer: contact.src, server: contact.dst, host: None };
    say(at, contact, out);
    let place = |host: Field, name: Field, number: Field| {
        let text = if row.has(host) { row.text(host) } else { row.text(name) };
        if text.is_empty() {
            return None;
        }
        let number = port(row.get(number));
        let mut place = text.into_owned();
        if number != 0 {
            if matches!(address(&place), Some(IpAddr::V6(_))) {
                place.insert(0, b'[');
                place.push(b']');
            }
            place.extend_from_slice(format!(":{number}").as_bytes());
        }
        Some(entry(&place))
    };
    let asked = place(Field::RequestHost, Field::RequestName, Field::RequestP);
    if let Some(entry) = asked.or_else(|| place(Field::BoundHost, Field::BoundName, Field::BoundP)) {
        out.push(meeting.chain(ChainKind::Socks, vec![entry]));
    }
    Ok(())
}

/// Zeek noticed something. `src` and `dst` are who it is about; without them, the ends of the connection.
pub(super) fn notice(row: &Row<'_>, at: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let note = row.text(Field::Note);
    let Some(id) = label(&note, MAX_NAME) else { return Err(Reject("a notice without its note")) };
    let connection = ends(row).unwrap_or_else(|_| Contact::default());
    let known = |field: Field, end: IpAddr, end_port: u16| {
        let named = address(row.get(field));
        let addr = named.or(Some(end)).filter(|a| named.is_some() || !a.is_unspecified())?;
        Some(Endpoint { addr, port: if addr == end { end_port } else { 0 } })
    };
    let src = known(Field::Src, connection.src, connection.sport);
    let mut dst = known(Field::Dst, connection.dst, connection.dport);
    if let Some(dst) = dst.as_mut().filter(|d| d.port == 0) {
        dst.port = port(row.get(Field::P));
    }
    let msg = row.text(Field::Msg);
    let words = if msg.is_empty() { note.into_owned() } else { [note.as_ref(), b": ", msg.as_ref()].concat() };
    let drops = |action: &Cow<'_, [u8]>| action.as_ref() == b"Notice::ACTION_DROP";
    let alert = Alert {
        src,
        dst,
        proto: protocol(row.get(Field::Proto), src.is_some_and(|e| e.addr.is_ipv6())),
        signature: label(&words, MAX_NAME).unwrap_or_else(|| id.clone()),
        id: Some(id),
        severity: None,
        blocked: row.flag(Field::Dropped) == Some(true) || row.list(Field::Actions).iter().any(drops),
    };
    out.push(Said { time: at, fact: Saying::Alert(Box::new(alert)) });
    Ok(())
}
