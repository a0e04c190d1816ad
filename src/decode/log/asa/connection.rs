//! Connections and translations.
//!
//! `Built` is written when the first packet is let through, for TCP the SYN: that is no connection yet, and a forged SYN
//! makes the line too. How it went is only said by `Teardown`. `inbound` says that the first address (on the interface of
//! the lower security level) opened it, `outbound` the second. In brackets stands the mapped address: what the other side
//! sees of this one.

use super::fields::{NOBODY, later, met, number, protocol, rewritten};
use super::{Cursor, Told, duration, endpoint};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said};
use crate::model::time::Timestamp;

/// An end: its own address, and how the other side sees it.
#[derive(Clone, Copy)]
struct End {
    real: Endpoint,
    mapped: Endpoint,
}

fn end(cursor: &mut Cursor<'_>) -> Option<End> {
    let real = cursor.at_interface()?;
    let mut mapped = real;
    // The first brackets with an address in them; the others hold a user (`(LOCAL\name)`).
    let mut seen = false;
    while let Some(inner) = cursor.brackets() {
        if !seen && let Some(found) = endpoint(inner) {
            mapped = found;
            seen = true;
        }
    }
    Some(End { real, mapped })
}

/// 302013 to 302018 and their like.
pub(super) fn read(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let built = match cursor.word()? {
        b"Built" => true,
        b"Teardown" => false,
        _ => return None,
    };
    let direction = if built { cursor.word()? } else { b"" };
    let proto = protocol(cursor.word()?)?;
    let head = cursor.behind(b" connection ")?;
    if head.len() > 16 {
        return None;
    }
    let _number = cursor.word()?;
    cursor.eat(b"for ").or_else(|| cursor.eat(b"from "))?;
    let first = end(&mut cursor)?;
    cursor.eat(b"to ")?;
    let second = end(&mut cursor)?;
    let ports = |e: End| if proto.has_ports() { (e.real.port, e.mapped.port) } else { (0, 0) };
    if built {
        let (opener, target) = match direction {
            b"inbound" => (first, second),
            b"outbound" => (second, first),
            _ => return None,
        };
        let of = |e: End| {
            let (real, mapped) = ports(e);
            (Endpoint { port: real, ..e.real }, Endpoint { port: mapped, ..e.mapped })
        };
        let ((src, src_mapped), (dst, dst_mapped)) = (of(opener), of(target));
        met(out, time, contact(src, dst, proto));
        rewritten(out, time, proto, (src, src_mapped), (dst_mapped, dst), None);
        return Some(());
    }
    cursor.eat(b"duration ")?;
    let lasted = duration(cursor.word()?)?;
    cursor.eat(b"bytes ")?;
    let bytes: u64 = number(cursor.word()?)?;
    let reason = cursor.0.trim_ascii();
    // Nothing says who opened it but the `Built` line. Ports do where exactly one of them is a well-known one; else
    // nothing is said.
    let (src, dst) = match (first.real.port < 1024, second.real.port < 1024) {
        _ if !proto.has_ports() => return Some(()),
        (false, true) => (first.real, second.real),
        (true, false) => (second.real, first.real),
        _ => return Some(()),
    };
    let outcome = match (proto, bytes) {
        (IpProtocol::TCP, 0) if reason.starts_with(b"SYN Timeout") => Outcome::Unanswered,
        (IpProtocol::TCP, 0) if reason.starts_with(b"TCP Reset") => Outcome::Refused,
        (IpProtocol::TCP, 0) if reason.starts_with(b"TCP FINs") => Outcome::Established,
        // Bytes are those of both directions: which one they went is not said.
        (IpProtocol::TCP, 1..) => Outcome::Established,
        _ => Outcome::Unknown,
    };
    let began = time.and_then(|t| later(t, -lasted));
    let ended = time.filter(|_| lasted > 0);
    met(out, began.or(time), Contact { outcome, ended, ..contact(src, dst, proto) });
    Some(())
}

fn contact(src: Endpoint, dst: Endpoint, proto: IpProtocol) -> Contact {
    Contact { src: src.addr, dst: dst.addr, sport: src.port, dport: dst.port, proto, ..Contact::default() }
}

/// 302020, 302021: `faddr` is the foreign address, `laddr` the local one, `gaddr` what the outside sees of the local one.
pub(super) fn icmp(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let direction = match cursor.word()? {
        b"Built" => cursor.word()?,
        // Who asked is said by the line before.
        b"Teardown" => return Some(()),
        _ => return None,
    };
    cursor.behind(b"faddr ")?;
    let foreign = cursor.endpoint()?.addr;
    while cursor.brackets().is_some() {}
    cursor.eat(b"gaddr ")?;
    let global = cursor.endpoint()?.addr;
    while cursor.brackets().is_some() {}
    cursor.eat(b"laddr ")?;
    let local = cursor.endpoint()?.addr;
    while cursor.brackets().is_some() {}
    let proto = if local.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
    let mut value = |name: &[u8]| cursor.eat(name).and_then(|()| number::<u16>(cursor.word()?)).unwrap_or(0);
    let (sport, dport) = (value(b"type "), value(b"code "));
    let at = |addr| Endpoint { addr, port: 0 };
    let (src, dst) = match direction {
        b"inbound" => ((at(foreign), at(foreign)), (at(global), at(local))),
        b"outbound" => ((at(local), at(global)), (at(foreign), at(foreign))),
        _ => return None,
    };
    met(out, time, Contact { src: src.0.addr, dst: dst.1.addr, sport, dport, proto, ..Contact::default() });
    rewritten(out, time, proto, src, dst, None);
    Some(())
}

/// 305009 to 305012: an address was given another one, whomever it talks to.
pub(super) fn translation(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let built = match cursor.word()? {
        b"Built" => true,
        b"Teardown" => false,
        _ => return None,
    };
    let head = cursor.behind(b"translation from ")?;
    let proto = head.split(|&b| b == b' ').find_map(protocol).unwrap_or_default();
    let real = within_list(&mut cursor)?;
    while cursor.brackets().is_some() {}
    cursor.eat(b"to ")?;
    let mapped = within_list(&mut cursor)?;
    while cursor.brackets().is_some() {}
    let (mut began, mut ended) = (time, None);
    if !built {
        cursor.eat(b"duration ")?;
        let lasted = duration(cursor.word()?)?;
        began = time.and_then(|t| later(t, -lasted)).or(time);
        ended = time;
    }
    let port = |e: Endpoint| if proto.has_ports() { e } else { Endpoint { port: 0, ..e } };
    rewritten(out, began, proto, (port(real), port(mapped)), (NOBODY, NOBODY), ended);
    Some(())
}

/// `inside:10.1.1.5/80`, or `inside(list):10.1.1.5/80`.
fn within_list(cursor: &mut Cursor<'_>) -> Option<Endpoint> {
    let mut ahead = *cursor;
    ahead.up_to(|b| matches!(b, b' ' | b':' | b'('))?;
    if ahead.brackets().is_some() {
        ahead.eat(b":")?;
        let end = ahead.endpoint()?;
        *cursor = ahead;
        return Some(end);
    }
    cursor.at_interface()
}
