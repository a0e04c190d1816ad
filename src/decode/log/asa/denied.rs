//! What was turned away, and the few signatures that the firewall itself knows.

use super::fields::{address, met, number, protocol, say, short};
use super::{Cursor, Told};
use crate::model::net::IpProtocol;
use crate::model::record::{Alert, Contact, Endpoint, Outcome, Said, Saying, UNNAMED};
use crate::model::time::Timestamp;

/// `Deny tcp src outside:… dst inside:…`, `Deny inbound UDP from … to …`, `Deny IP spoof from (…) to …`. What stands before
/// the first end is the firewall's own text.
pub(super) fn read(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let from = memchr::memmem::find(text, b" from ");
    let src = memchr::memmem::find(text, b" src ");
    let named = match (src, from) {
        (Some(src), Some(from)) => src < from,
        (src, _) => src.is_some(),
    };
    let head = cursor.behind(if named { b" src " } else { b" from " })?;
    let proto = head.split(|&b| b == b' ').find_map(protocol).unwrap_or_default();
    let mut end = |before: &[u8]| -> Option<Endpoint> {
        if !before.is_empty() {
            while cursor.brackets().is_some() {}
            cursor.eat(before)?;
        }
        if named { cursor.at_interface() } else { cursor.endpoint() }
    };
    let (src, dst) = (end(b"")?, end(if named { b"dst " } else { b"to " })?);
    let mut contact = refused(src, dst, proto);
    if matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6) {
        while let Some(inner) = cursor.brackets() {
            if let Some((icmp_type, code)) = type_and_code(inner) {
                (contact.sport, contact.dport) = (icmp_type, code);
            }
        }
    }
    met(out, time, contact);
    Some(())
}

fn refused(src: Endpoint, dst: Endpoint, proto: IpProtocol) -> Contact {
    let outcome = Outcome::Refused;
    Contact { src: src.addr, dst: dst.addr, sport: src.port, dport: dst.port, proto, outcome, ..Contact::default() }
}

/// `type 8, code 0`
fn type_and_code(text: &[u8]) -> Option<(u16, u16)> {
    let mut cursor = Cursor(text);
    cursor.eat(b"type ")?;
    let icmp_type = number(cursor.up_to(|b| b == b',')?)?;
    cursor.eat(b",")?;
    cursor.eat(b"code ")?;
    Some((icmp_type, number(cursor.word()?)?))
}

/// 106100: `access-list NAME denied tcp inside/10.1.1.5(1234) -> outside/203.0.113.9(80) hit-cnt 1 first hit […]`.
pub(super) fn access_list(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    cursor.eat(b"access-list ")?;
    let _name = cursor.word()?;
    let outcome = match cursor.word()? {
        b"denied" => Outcome::Refused,
        b"permitted" | b"est-allowed" => Outcome::Unknown,
        _ => return None,
    };
    let proto = protocol(cursor.word()?).unwrap_or_default();
    let src = in_brackets(&mut cursor)?;
    while cursor.brackets().is_some() {}
    cursor.eat(b"->")?;
    let dst = in_brackets(&mut cursor)?;
    // For ICMP the brackets hold type and code already.
    met(out, time, Contact { outcome, ..refused(src, dst, proto) });
    Some(())
}

/// `inside/10.1.1.5(1234)`
fn in_brackets(cursor: &mut Cursor<'_>) -> Option<Endpoint> {
    let place = cursor.up_to(|b| b == b'(')?;
    let slash = memchr::memchr(b'/', place)?;
    let addr = address(place.get(slash + 1..)?)?;
    Some(Endpoint { addr, port: cursor.brackets().and_then(number).unwrap_or(0) })
}

/// 313001: `Denied ICMP type=8, code=0 from 203.0.113.5 on interface outside`, towards the firewall itself.
pub(super) fn icmp(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let proto = if cursor.behind(b" type=")?.ends_with(b"v6") { IpProtocol::ICMPV6 } else { IpProtocol::ICMP };
    let icmp_type = number(cursor.up_to(|b| b == b',')?)?;
    cursor.eat(b",")?;
    cursor.eat(b"code=")?;
    let code = number(cursor.word()?)?;
    cursor.eat(b"from ")?;
    let src = cursor.endpoint()?;
    let dst = Endpoint { addr: UNNAMED, port: code };
    met(out, time, refused(Endpoint { port: icmp_type, ..src }, dst, proto));
    Some(())
}

/// 4000xx: `IPS:2004 ICMP echo request from 203.0.113.5 to 192.0.2.1 on interface outside`.
pub(super) fn signature(id: u32, text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let name = cursor.behind(b" from ")?;
    let src = cursor.endpoint()?;
    cursor.eat(b"to ")?;
    let dst = cursor.endpoint()?;
    met(out, time, Contact { outcome: Outcome::Unknown, ..refused(src, dst, IpProtocol(0)) });
    say(
        out,
        time,
        Saying::Alert(Box::new(Alert {
            src: Some(src),
            dst: Some(dst),
            proto: IpProtocol(0),
            signature: short(name),
            id: Some(id.to_string().into()),
            severity: None,
            blocked: false,
        })),
    );
    Some(())
}

/// 401004: `Shunned packet: 203.0.113.5 ==> 192.0.2.1 on interface outside`.
pub(super) fn shunned(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    cursor.eat(b"Shunned packet:")?;
    let src = cursor.endpoint()?;
    cursor.eat(b"==>").or_else(|| cursor.eat(b"="))?;
    let dst = cursor.endpoint()?;
    met(out, time, refused(src, dst, IpProtocol(0)));
    Some(())
}

/// 710002, 710003, 710005: `TCP access denied by ACL from 203.0.113.5/4123 to outside:192.0.2.1/22`.
pub(super) fn to_the_box(id: u32, text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let head = cursor.behind(b" from ")?;
    let proto = head.split(|&b| b == b' ').find_map(protocol).unwrap_or_default();
    let src = cursor.endpoint()?;
    cursor.eat(b"to ")?;
    let dst = cursor.at_interface()?;
    let outcome = if id == 710_002 { Outcome::Unknown } else { Outcome::Refused };
    met(out, time, Contact { outcome, ..refused(src, dst, proto) });
    Some(())
}
