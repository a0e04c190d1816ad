//! filterlog's CSV: nine fields of the rule, then those of IPv4 or IPv6, then those of the protocol. No text in it is the
//! sender's.

use super::super::super::record::Reject;
use super::super::syslog::{address, number};
use super::Packet;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint};

/// What pf did with the packet.
const ACTIONS: [&[u8]; 8] = [b"pass", b"block", b"reject", b"match", b"scrub", b"nat", b"rdr", b"binat"];

/// Reads a line.
///
/// # Errors
/// When it is none of filterlog's, or cut off.
pub(super) fn line(line: &[u8]) -> Result<Option<Contact>, Reject> {
    const CUT: Reject = Reject("filterlog: the line is cut off");
    let mut fields = line.split(|&b| b == b',');
    // Rule, sub-rule, anchor, tracker; interface, reason, action, direction, IP version.
    let rule = fields.next().unwrap_or_default();
    let (action, direction) = (fields.nth(5).ok_or(CUT)?, fields.next().ok_or(CUT)?);
    if number::<u64>(rule).is_none() || !ACTIONS.contains(&action) || !matches!(direction, b"in" | b"out" | b"in/out") {
        return Err(Reject("filterlog: no line of it"));
    }
    // IPv4: TOS, ECN, TTL, id, offset, flags, protocol number, its name, length. IPv6: class, label, hop limit, protocol
    // name, its number, length.
    let (before, named_first) = match fields.next().ok_or(CUT)? {
        b"4" => (6, false),
        b"6" => (3, true),
        _ => return Err(Reject("filterlog: neither IPv4 nor IPv6")),
    };
    let (one, other) = (fields.nth(before).ok_or(CUT)?, fields.next().ok_or(CUT)?);
    let proto = number(if named_first { other } else { one }).map(IpProtocol).ok_or(Reject("filterlog: no protocol"))?;
    let bytes = number(fields.next().ok_or(CUT)?).unwrap_or(0);
    let (src, dst) = (fields.next().and_then(address), fields.next().and_then(address));
    let (Some(src), Some(dst)) = (src, dst) else { return Err(Reject("filterlog: an address is missing")) };
    let mut port = || if proto.has_ports() { fields.next().and_then(number).unwrap_or(0) } else { 0 };
    let (sport, dport) = (port(), port());
    // Length of the data, flags. ICMP has names of types here, and is left without them.
    let flags = if proto == IpProtocol::TCP { fields.nth(1).unwrap_or_default() } else { &[] };
    let packet = Packet {
        src: Endpoint { addr: src, port: sport },
        dst: Endpoint { addr: dst, port: dport },
        proto,
        bytes,
        blocked: matches!(action, b"block" | b"reject"),
        answers: flags.contains(&b'S') && flags.contains(&b'A'),
    };
    Ok(Some(packet.contact()))
}
