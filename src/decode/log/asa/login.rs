//! Log-ins, to the firewall and to its VPN. Whoever logs in writes the user name: an address that stands behind the name is
//! the last one of its kind in the line, one that stands before it is the first.

use super::fields::{address, lent, met, some_address};
use super::{Cursor, Told};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said};
use crate::model::time::Timestamp;

/// Log-ins that name the client's address.
pub(super) fn read(number: u32, text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let mut cursor = Cursor(text);
    let mut contact = Contact { act: Act::LoginFailed, outcome: Outcome::Exchanged, ..Contact::default() };
    match number {
        // `… : user = NAME : user IP = 203.0.113.5`; older releases end with the name.
        113_005 | 113_015 => {
            let Some(addr) = last(text, b" : user IP = ") else { return Some(()) };
            contact.src = address(addr)?;
            // What the client spoke is not said.
            contact.outcome = Outcome::Unknown;
        }
        // `Authentication failed for user NAME from 203.0.113.5/4123 to 192.0.2.1/80 on interface outside`
        109_005 | 109_006 => {
            if number == 109_005 {
                contact.act = Act::LoginSucceeded;
            }
            cursor.0 = last(text, b" from ")?;
            ends(&mut cursor, &mut contact, false)?;
        }
        // `Login denied from 203.0.113.5/4123 to outside:192.0.2.1/ssh for user "NAME"`
        605_004 | 605_005 => {
            cursor.eat(b"Login ")?;
            contact.act = match cursor.word()? {
                b"denied" => Act::LoginFailed,
                b"permitted" => Act::LoginSucceeded,
                _ => return None,
            };
            cursor.eat(b"from ")?;
            if cursor.0.trim_ascii_start().starts_with(b"serial") {
                return Some(());
            }
            ends(&mut cursor, &mut contact, true)?;
        }
        // `SSH session from 203.0.113.5 on interface outside for user "NAME" disconnected …`: it says no more.
        315_011 => {
            cursor.eat(b"SSH session from ")?;
            contact.src = cursor.endpoint()?.addr;
            contact.act = Act::Connection;
            contact.outcome = Outcome::Established;
            contact.proto = IpProtocol::TCP;
        }
        // `User authentication succeeded: IP address: 203.0.113.5, Uname: NAME`
        _ => {
            cursor.eat(b"User authentication ")?;
            contact.act = match cursor.up_to(|b| b == b':')? {
                b"succeeded" => Act::LoginSucceeded,
                b"failed" => Act::LoginFailed,
                _ => return None,
            };
            if cursor.eat(b": IP address:").is_none() {
                return Some(());
            }
            contact.src = cursor.endpoint()?.addr;
            contact.outcome = Outcome::Unknown;
        }
    }
    met(out, time, contact);
    Some(())
}

/// `203.0.113.5/4123 to [interface:]192.0.2.1/80`; all that log in this way do it over TCP.
fn ends(cursor: &mut Cursor<'_>, contact: &mut Contact, at_interface: bool) -> Told {
    let src = cursor.endpoint()?;
    cursor.eat(b"to ")?;
    let dst = if at_interface { cursor.at_interface()? } else { cursor.endpoint()? };
    (contact.src, contact.sport, contact.dst, contact.dport) = (src.addr, src.port, dst.addr, dst.port);
    contact.proto = IpProtocol::TCP;
    Some(())
}

/// What stands behind the last `word`.
fn last<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::rfind(text, word)?;
    text.get(at + word.len()..)
}

/// Messages of the VPN: `Group <g> User <u> IP <203.0.113.5> …` and `Group = g, Username = u, IP = 203.0.113.5, …`. What is
/// behind the address is the firewall's own text.
pub(super) fn vpn(number: u32, text: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Told {
    let (addr, said) = if (713_000..714_000).contains(&number) {
        let rest = last(text, b"IP = ")?;
        let end = rest.iter().position(|b| matches!(b, b',' | b' ')).unwrap_or(rest.len());
        rest.split_at_checked(end)?
    } else {
        let rest = last(text, b" IP <")?;
        let end = memchr::memchr(b'>', rest)?;
        (rest.get(..end)?, rest.get(end + 1..)?)
    };
    let src = address(addr)?;
    let said = said.strip_prefix(b",").unwrap_or(said).trim_ascii();
    let mut contact = Contact { src, outcome: Outcome::Exchanged, act: Act::LoginSucceeded, ..Contact::default() };
    match number {
        // The two phases of IKE are completed: the peer answered, whoever logs in or not.
        713_119 | 713_120 => {
            if !said.starts_with(b"PHASE ") {
                return None;
            }
            (contact.act, contact.outcome) = (Act::Connection, Outcome::Established);
        }
        713_167 => (contact.act, contact.outcome) = (Act::LoginFailed, Outcome::Unknown),
        713_228 => {
            let mut cursor = Cursor(said);
            cursor.eat(b"Assigned private IP address ")?;
            let inner = cursor.endpoint()?.addr;
            lent(out, time, src, inner);
            return Some(());
        }
        716_039 => {
            if !said.starts_with(b"Authentication: rejected") {
                return None;
            }
            contact.act = Act::LoginFailed;
        }
        716_038 if !said.starts_with(b"Authentication: successful") => return None,
        // `IPv4 Address <10.0.0.5> IPv6 address <::> assigned to session`, or `Address <10.0.0.5> …`.
        722_051 => {
            let inner = said.split(|&b| b == b'<').skip(1).filter_map(|part| part.split(|&b| b == b'>').next());
            let before = out.len();
            for inner in inner.take(2).filter_map(some_address) {
                lent(out, time, src, inner);
            }
            return (out.len() > before).then_some(());
        }
        _ => {}
    }
    if number >= 716_000 || number == 113_039 {
        contact.proto = IpProtocol::TCP;
    }
    met(out, time, contact);
    Some(())
}
