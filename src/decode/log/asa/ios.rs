//! Access lists and log-ins of Cisco routers and switches.

use super::fields::{address, met, number, protocol};
use super::{Cursor, Told};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, Volume};
use crate::model::time::Timestamp;

/// Reads the text behind the tag.
pub(super) fn read(mnemonic: &[u8], text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    match mnemonic {
        b"IPACCESSLOGP" | b"IPACCESSLOGDP" | b"IPACCESSLOGNP" | b"ACCESSLOGP" | b"ACCESSLOGDP" | b"ACCESSLOGNP" => {
            access_list(text, time, out)
        }
        b"LOGIN_FAILED" => login(text, Act::LoginFailed, time, out),
        b"LOGIN_SUCCESS" => login(text, Act::LoginSucceeded, time, out),
        _ => Some(()),
    }
}

/// `list NAME denied tcp 203.0.113.5(4123) (Gi0/0 0011.2233.4455) -> 192.0.2.1(22), 1 packet`; for ICMP type and code
/// stand behind the second address: ` (8/0)`.
fn access_list(text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    cursor.eat(b"list ")?;
    let _name = cursor.word()?;
    let outcome = match cursor.word()? {
        b"denied" => Outcome::Refused,
        b"permitted" => Outcome::Unknown,
        _ => return None,
    };
    let proto = protocol(cursor.word()?).unwrap_or_default();
    let src = address(cursor.up_to(|b| matches!(b, b'(' | b' '))?)?;
    let sport = if cursor.0.starts_with(b"(") { cursor.brackets().and_then(number).unwrap_or(0) } else { 0 };
    // Interface and sender's link address, where they are logged.
    while cursor.brackets().is_some() {}
    cursor.eat(b"->")?;
    let dst = address(cursor.up_to(|b| matches!(b, b'(' | b' ' | b','))?)?;
    let mut contact = Contact { src, dst, sport, proto, outcome, ..Contact::default() };
    if let Some(inner) = cursor.brackets() {
        match memchr::memchr(b'/', inner) {
            Some(at) => {
                contact.sport = number(inner.get(..at)?)?;
                contact.dport = number(inner.get(at + 1..)?)?;
            }
            None => contact.dport = number(inner)?,
        }
    }
    cursor.eat(b",")?;
    contact.forward = Volume { packets: number(cursor.word()?)?, bytes: 0 };
    met(out, time, contact);
    Some(())
}

/// `Login failed [user: NAME] [Source: 203.0.113.5] [localport: 22] [Reason: …] at …`: the name may hold anything, the
/// last source is the device's.
fn login(text: &[u8], act: Act, time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let at = memchr::memmem::rfind(text, b"[Source: ")?;
    let mut cursor = Cursor(text.get(at..)?);
    cursor.eat(b"[Source: ")?;
    let src = address(cursor.up_to(|b| b == b']')?)?;
    cursor.eat(b"]")?;
    cursor.eat(b"[localport: ")?;
    let dport = number(cursor.up_to(|b| b == b']')?)?;
    // Log-ins over the network are telnet, SSH or HTTP: TCP, and something was typed.
    let proto = IpProtocol::TCP;
    met(out, time, Contact { src, dport, proto, act, outcome: Outcome::Exchanged, ..Contact::default() });
    Some(())
}
