//! What an event says.

use std::borrow::Cow;
use std::net::IpAddr;

use super::super::super::clock::Clock;
use super::super::super::record::Reject;
use super::super::super::text::{MAX_NAME, is_authority};
use super::super::json::values::{Meeting, address, entry, header, host, label, port, protocol, stamp};
use super::super::json::{Reader, Text, Value, unsigned};
use super::event::{Event, Flow, Tcp, members};
use super::mail;
use crate::model::evidence::{ChainKind, Tunnel, TunnelKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Alert, Contact, Endpoint, Outcome, Said, Saying};
use crate::model::time::Timestamp;

/// Header lines of one request that are read.
const MAX_HEADERS: usize = 128;

/// Says it.
///
/// # Errors
/// When what such an event cannot do without is missing or is not what it should be.
pub(super) fn tell(event: &Event<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let at = stamp(event.timestamp, clock).ok_or(Reject("no timestamp"))?;
    match event.kind {
        b"flow" => flow(event, at, clock, out),
        b"alert" => alert(event, at, clock, out),
        b"netflow" => netflow(event, at, clock, out),
        b"dns" => named(event, at, out),
        b"http" => http(event, at, out),
        b"smtp" => smtp(event, at, out),
        b"tls" | b"quic" | b"ssh" => hello(event, at, out),
        b"drop" => {
            let contact = Contact { outcome: Outcome::Refused, ..opened(event)? };
            say(at, contact, out);
            Ok(())
        }
        // Of the sensor, of files, of packets that are odd.
        b"stats" | b"engine" | b"anomaly" | b"fileinfo" => Ok(()),
        // Another application protocol.
        _ if !event.src_ip.is_empty() && !event.dest_ip.is_empty() => {
            say(at, opened(event)?, out);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn say(at: Timestamp, contact: Contact, out: &mut Vec<Said>) {
    out.push(Said { time: Some(at), fact: Saying::Contact(contact) });
}

/// The ends as the event names them: of its packet, where it is about a packet.
#[inline]
fn ends(event: &Event<'_>) -> Result<Contact, Reject> {
    let end = |word| address(word).ok_or(Reject("no address of an end"));
    let (src, dst) = (end(event.src_ip)?, end(event.dest_ip)?);
    let proto = protocol(event.proto, src.is_ipv6());
    let (sport, dport) = if matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6) {
        (port(event.icmp_type), port(event.icmp_code))
    } else {
        (port(event.src_port), port(event.dest_port))
    };
    Ok(Contact { src, dst, sport, dport, proto, ..Contact::default() })
}

/// The ends with the side that opened the connection first: `flow` names it since version 7, `direction` before; otherwise
/// the event's own order stands.
#[inline]
fn opened(event: &Event<'_>) -> Result<Contact, Reject> {
    let mut contact = ends(event)?;
    if let (Some(src), Some(dst)) = (address(event.flow.src), address(event.flow.dst)) {
        if (src, dst) == (contact.dst, contact.src) && src != dst {
            turn(&mut contact);
        } else if src == dst && contact.proto.has_ports() {
            (contact.sport, contact.dport) = (port(event.flow.sport), port(event.flow.dport));
        }
    } else if matches!(event.direction, b"to_client" | b"toclient") {
        turn(&mut contact);
    }
    Ok(contact)
}

fn turn(contact: &mut Contact) {
    (contact.src, contact.dst) = (contact.dst, contact.src);
    if !matches!(contact.proto, IpProtocol::ICMP | IpProtocol::ICMPV6) {
        (contact.sport, contact.dport) = (contact.dport, contact.sport);
    }
}

/// A flow that is over.
#[inline]
fn flow(event: &Event<'_>, at: Timestamp, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = opened(event)?;
    let time = counted(&event.flow, at, &mut contact, clock);
    if contact.proto == IpProtocol::TCP {
        contact.outcome = outcome(&event.flow, &event.tcp);
    }
    say(time, contact, out);
    Ok(())
}

/// Counters and times of the flow. Bytes are those of frames. Gives the time of the first packet.
fn counted(flow: &Flow<'_>, at: Timestamp, contact: &mut Contact, clock: &mut Clock) -> Timestamp {
    (contact.forward, contact.backward) = (flow.forward, flow.backward);
    let start = stamp(flow.start, clock).unwrap_or(at);
    contact.ended = stamp(flow.end, clock).filter(|&end| end > start);
    start
}

/// Of a TCP flow. Frames without data count as bytes too, so what was exchanged is read off the flags: a SYN-ACK that was
/// acknowledged is a connection, and both sides having pushed is data both ways.
fn outcome(flow: &Flow<'_>, tcp: &Tcp<'_>) -> Outcome {
    const SYN: u8 = 0x02;
    const RST: u8 = 0x04;
    const PSH: u8 = 0x08;
    const ACK: u8 = 0x10;
    let hex = |flags: &[u8]| std::str::from_utf8(flags).ok().and_then(|f| u8::from_str_radix(f, 16).ok());
    let (Some(client), Some(server)) = (hex(tcp.client), hex(tcp.server)) else {
        // Without flags: what Suricata made of them.
        return match flow.state {
            b"established" => Outcome::Established,
            b"new" if flow.backward.packets == 0 => Outcome::Unanswered,
            _ => Outcome::Unknown,
        };
    };
    let pushed = client & server & PSH != 0 && flow.forward.bytes > 0 && flow.backward.bytes > 0;
    let accepted = server & (SYN | ACK) == SYN | ACK && client & ACK != 0;
    if client & server & ACK != 0 && pushed {
        // Begun before the sensor did: no SYN was seen, but data that was acknowledged.
        Outcome::Exchanged
    } else if accepted {
        Outcome::Established
    } else if server & RST != 0 && client & SYN != 0 && server & SYN == 0 {
        Outcome::Refused
    } else if client & SYN != 0 && server == 0 && flow.backward.packets == 0 {
        Outcome::Unanswered
    } else {
        Outcome::Unknown
    }
}

/// One direction of a flow, from its sender.
fn netflow(event: &Event<'_>, at: Timestamp, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = ends(event)?;
    let time = counted(&event.flow, at, &mut contact, clock);
    say(time, contact, out);
    Ok(())
}

/// An alert, with what else its line says.
fn alert(event: &Event<'_>, at: Timestamp, clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    if !event.alert.given {
        return Err(Reject("an alert without its object"));
    }
    let id = label(event.alert.signature_id, MAX_NAME);
    let named = label(&event.alert.signature.bytes(), MAX_NAME);
    let signature = named.or_else(|| id.clone()).ok_or(Reject("an alert without a signature"))?;
    let blocked = event.alert.action == b"blocked";
    let met = opened(event);
    if met.is_err() && !event.src_ip.is_empty() {
        return Err(Reject("no address of an end"));
    }
    let end = |word, number| address(word).map(|addr| Endpoint { addr, port: port(number) });
    let src = end(event.src_ip, event.src_port);
    out.push(Said {
        time: Some(at),
        fact: Saying::Alert(Box::new(Alert {
            src,
            dst: end(event.dest_ip, event.dest_port),
            proto: protocol(event.proto, src.is_some_and(|e| e.addr.is_ipv6())),
            signature,
            id,
            severity: unsigned(event.alert.severity).and_then(|n| u8::try_from(n).ok()),
            blocked,
        })),
    });
    // Some rules fire on what has no addresses.
    let Ok(mut contact) = met else { return Ok(()) };
    contact.host = asked_host(event);
    let meeting = Meeting { time: Some(at), peer: contact.src, server: contact.dst, host: contact.host.clone() };
    tunnel(event, at, out);
    if event.flow.given {
        let time = counted(&event.flow, at, &mut contact, clock);
        contact.outcome = if blocked {
            Outcome::Refused
        } else if contact.proto == IpProtocol::TCP && event.http.given {
            answered(event.http.status)
        } else {
            // The flow goes on: what was not seen yet may come.
            Outcome::Unknown
        };
        say(time, contact, out);
    }
    chains(event, meeting, out);
    Ok(())
}

/// Without a status there was no answer yet.
fn answered(status: &[u8]) -> Outcome {
    if status.is_empty() { Outcome::Established } else { Outcome::Exchanged }
}

fn asked_host(event: &Event<'_>) -> Option<std::sync::Arc<str>> {
    let name = if event.http.hostname.raw.is_empty() { event.hello.sni } else { event.http.hostname };
    if name.raw.is_empty() { None } else { host(&name.bytes()) }
}

fn http(event: &Event<'_>, at: Timestamp, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = opened(event)?;
    contact.act = Act::Request;
    if contact.proto == IpProtocol::TCP {
        contact.outcome = answered(event.http.status);
    }
    contact.host = asked_host(event);
    let meeting = Meeting { time: Some(at), peer: contact.src, server: contact.dst, host: contact.host.clone() };
    say(at, contact, out);
    chains(event, meeting, out);
    Ok(())
}

/// Forwarding headers of the request, and where a proxy was asked to go on to.
fn chains(event: &Event<'_>, meeting: Meeting, out: &mut Vec<Said>) {
    let http = &event.http;
    if http.method == b"CONNECT" && is_authority(&http.url.bytes()) {
        out.push(meeting.chain(ChainKind::Connect, vec![entry(&http.url.bytes())]));
    }
    let mut lines: Vec<(ChainKind, Cow<'_, [u8]>)> = Vec::new();
    headers(http.headers, &mut lines);
    let missing = |kind, lines: &[(ChainKind, Cow<'_, [u8]>)]| lines.iter().all(|(k, _)| *k != kind);
    // What the sensor read out of the headers, unless the headers themselves are there.
    let forwarded = if http.xff.raw.is_empty() { event.xff } else { http.xff };
    for (kind, text) in
        [(ChainKind::XForwardedFor, forwarded), (ChainKind::Via, http.via), (ChainKind::ClientIp, http.true_client_ip)]
    {
        if !text.raw.is_empty() && missing(kind, &lines) {
            lines.push((kind, text.bytes()));
        }
    }
    if !lines.is_empty() {
        meeting.say(&lines, out);
    }
}

fn headers<'a>(raw: &'a [u8], lines: &mut Vec<(ChainKind, Cow<'a, [u8]>)>) {
    let mut reader = Reader::new(raw);
    if reader.value() != Ok(Value::Array) {
        return;
    }
    for _ in 0..MAX_HEADERS {
        let (mut name, mut value) = (Text::default(), Text::default());
        let member = |key: &'a [u8], reader: &mut Reader<'a>| {
            match key {
                b"name" => name = reader.any_scalar()?.text(),
                b"value" => value = reader.any_scalar()?.text(),
                _ => reader.skip()?,
            }
            Ok(())
        };
        // The line has been read once already: this does not fail.
        if reader.item() != Ok(true) || members(&mut reader, member).is_err() {
            break;
        }
        if let Some(kind) = header(name.raw) {
            lines.push((kind, value.bytes()));
        }
    }
}

/// Two hosts, a protocol that shows little, and the server's name.
fn hello(event: &Event<'_>, at: Timestamp, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = opened(event)?;
    contact.host = asked_host(event);
    if contact.proto == IpProtocol::TCP {
        let answered = match event.kind {
            b"ssh" => event.banners == (true, true),
            _ => !matches!(event.hello.version, b"" | b"UNDETERMINED"),
        };
        contact.outcome = if answered { Outcome::Exchanged } else { Outcome::Established };
    }
    say(at, contact, out);
    Ok(())
}

/// Before version 5 an answer was logged with its own sender first. The port that everybody asks tells.
fn named(event: &Event<'_>, at: Timestamp, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = opened(event)?;
    if contact.sport == 53 && contact.dport != 53 {
        turn(&mut contact);
    }
    contact.act = Act::Request;
    let place = out.len();
    say(at, contact, out);
    if event.dns.names(at, out)?
        && let Some(Said { fact: Saying::Contact(contact), .. }) = out.get_mut(place)
        && contact.proto == IpProtocol::TCP
    {
        contact.outcome = Outcome::Exchanged;
    }
    Ok(())
}

fn smtp(event: &Event<'_>, at: Timestamp, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut contact = opened(event)?;
    contact.act = Act::Request;
    let mail = mail::mail(event.email)?;
    if contact.proto == IpProtocol::TCP {
        // A transaction needs answers to each of its commands before a recipient is named.
        contact.outcome = if mail::has_recipient(event.smtp)? { Outcome::Exchanged } else { Outcome::Established };
    }
    say(at, contact, out);
    out.extend(mail.map(|mail| Said { time: Some(at), fact: Saying::Mail(Box::new(mail)) }));
    Ok(())
}

/// The alert is about a packet within another one.
fn tunnel(event: &Event<'_>, at: Timestamp, out: &mut Vec<Said>) {
    let outer = address(event.outer.src).zip(address(event.outer.dst));
    let inner = address(event.src_ip).zip(address(event.dest_ip));
    let (Some(outer), Some(inner)) = (outer, inner) else { return };
    let Some(kind) = tunnel_kind(event, outer.0, inner.0) else { return };
    out.push(Said { time: Some(at), fact: Saying::Tunnel(Tunnel { kind, outer, inner, id: None, packets: 1 }) });
}

/// By what the packet was found in, else by the protocol of the outermost one. Which of several UDP tunnels it was is not
/// guessed.
fn tunnel_kind(event: &Event<'_>, outer: IpAddr, inner: IpAddr) -> Option<TunnelKind> {
    let starts = |word: &[u8]| event.pkt_src.starts_with(word);
    if starts(b"gre") || event.outer.proto == b"GRE" {
        Some(TunnelKind::Gre)
    } else if starts(b"teredo") {
        Some(TunnelKind::Teredo)
    } else if starts(b"vxlan") {
        Some(TunnelKind::Vxlan)
    } else if starts(b"geneve") {
        Some(TunnelKind::Geneve)
    } else if starts(b"erspan") {
        Some(TunnelKind::Erspan)
    } else if starts(b"ipv4") || starts(b"ipv6") || matches!(event.outer.proto, b"IPv6" | b"IP-ENCAP" | b"IPIP") {
        Some(match (outer.is_ipv6(), inner.is_ipv6()) {
            (false, true) => TunnelKind::SixInFour,
            (true, true) => TunnelKind::SixInSix,
            (_, false) => TunnelKind::IpIp,
        })
    } else {
        None
    }
}
