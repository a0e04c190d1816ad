//! What the logs of firewalls have in common: numbers, addresses, protocol names, counters.

use std::net::IpAddr;
use std::sync::Arc;

use crate::decode::text;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said, Saying, Translation, UNNAMED, Volume};
use crate::model::time::{Span, Timestamp};

/// Nanoseconds in a second.
pub(in crate::decode::log) const SECOND: i64 = 1_000_000_000;

/// Somebody whom the record does not name.
pub(in crate::decode::log) const NOBODY: Endpoint = Endpoint { addr: UNNAMED, port: 0 };

/// An address that names somebody. The unspecified address of IPv6 is left out: it stands for the recording host here.
pub(in crate::decode::log) fn address(text: &[u8]) -> Option<IpAddr> {
    text::node_address(text).filter(|addr| *addr != UNNAMED)
}

/// Likewise, without `0.0.0.0`: firewalls write that where there is no address.
pub(in crate::decode::log) fn some_address(text: &[u8]) -> Option<IpAddr> {
    address(text).filter(|addr| !addr.is_unspecified())
}

/// A natural number: digits and nothing else.
pub(in crate::decode::log) fn number<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    if text.is_empty() || text.len() > 19 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    T::try_from(text.iter().fold(0_u64, |sum, b| sum * 10 + u64::from(b - b'0'))).ok()
}

/// A protocol by its name or number. `ip` is none: it stands for all of them.
pub(in crate::decode::log) fn protocol(text: &[u8]) -> Option<IpProtocol> {
    const NAMES: [(&str, u8); 17] = [
        ("tcp", 6),
        ("udp", 17),
        ("icmp", 1),
        ("icmp6", 58),
        ("icmpv6", 58),
        ("ipv6-icmp", 58),
        ("igmp", 2),
        ("ipinip", 4),
        ("ipip", 4),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("ahp", 51),
        ("eigrp", 88),
        ("ospf", 89),
        ("pim", 103),
        ("sctp", 132),
    ];
    let named = NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name.as_bytes())).map(|(_, n)| *n);
    named.or_else(|| number(text)).map(IpProtocol)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their digits (right from 2001 to 2286).
pub(in crate::decode::log) fn since_1970(text: &[u8]) -> Option<Timestamp> {
    let n: i64 = number(text)?;
    let unit = match text.len() {
        10 => SECOND,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    n.checked_mul(unit).map(Timestamp)
}

/// `time` and `seconds`.
pub(in crate::decode::log) fn later(time: Timestamp, seconds: i64) -> Option<Timestamp> {
    time.0.checked_add(seconds.checked_mul(SECOND)?).map(Timestamp)
}

/// Without the first and the last quote, if both are there.
pub(in crate::decode::log) fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text)
}

/// A short text for a report: printable ASCII.
pub(in crate::decode::log) fn short(text: &[u8]) -> Arc<str> {
    text::escaped(text, 253).into()
}

/// The host in a URL with a scheme.
pub(in crate::decode::log) fn host_of_url(url: &[u8]) -> Option<Arc<str>> {
    let at = memchr::memmem::find(url.get(..16.min(url.len()))?, b"://")?;
    if !url.get(..at)?.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    host_of_authority(url.get(at + 3..)?)
}

/// The host at the beginning of what stands behind a scheme: `user@host:port/path`.
pub(in crate::decode::log) fn host_of_authority(rest: &[u8]) -> Option<Arc<str>> {
    let authority = rest.split(|b| matches!(b, b'/' | b'?' | b'#')).next()?;
    let host = memchr::memrchr(b'@', authority).map_or(authority, |at| authority.get(at + 1..).unwrap_or_default());
    text::host_name(host).map(Into::into)
}

/// Does the action say that it was turned away? By its beginning, without regard to case: `blocked`, `deny`, `DROP`.
pub(in crate::decode::log) fn turned_away(action: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"block", b"den", b"drop", b"reject", b"reset", b"prevent"];
    WORDS.iter().any(|word| action.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// A packet of TCP without payload has at most this many bytes, the Ethernet header counted.
const BARE: u64 = 74;
/// Where packets are not counted: no SYN-ACK is repeated so often that it comes to this many bytes.
const MORE_THAN_HANDSHAKES: u64 = 1024;

/// How a connection went that was let through and whose counters hold headers. TCP payload from the target, and more
/// from the source than a SYN and one answer, is an exchange: somebody who forged the source gets no more than repeated
/// SYN-ACKs out of the target.
pub(in crate::decode::log) fn went(proto: IpProtocol, forward: Volume, backward: Volume) -> Outcome {
    let nothing = |v: Volume| v.packets == 0 && v.bytes == 0;
    if nothing(forward) {
        return Outcome::Unknown;
    }
    if nothing(backward) {
        return if proto.has_ports() { Outcome::Unanswered } else { Outcome::Unknown };
    }
    let payload = if backward.packets == 0 {
        backward.bytes > MORE_THAN_HANDSHAKES
    } else {
        backward.bytes > backward.packets.saturating_mul(BARE)
    };
    let more = if forward.packets == 0 { forward.bytes > 2 * BARE } else { forward.packets >= 3 };
    if proto == IpProtocol::TCP && payload && more { Outcome::Exchanged } else { Outcome::Unknown }
}

/// Says it.
pub(in crate::decode::log) fn say(out: &mut Vec<Said>, time: Option<Timestamp>, fact: Saying) {
    out.push(Said { time, fact });
}

/// Says that two hosts met.
pub(in crate::decode::log) fn met(out: &mut Vec<Said>, time: Option<Timestamp>, contact: Contact) {
    say(out, time, Saying::Contact(contact));
}

/// Says that addresses were rewritten, if they were.
pub(in crate::decode::log) fn rewritten(
    out: &mut Vec<Said>,
    time: Option<Timestamp>,
    proto: IpProtocol,
    src: (Endpoint, Endpoint),
    dst: (Endpoint, Endpoint),
    ended: Option<Timestamp>,
) {
    if src.0 == src.1 && dst.0 == dst.1 {
        return;
    }
    let seen = time.map(|first| Span { first, last: ended.unwrap_or(first).max(first) });
    say(out, time, Saying::Translation(Box::new(Translation { src, dst, proto, seen })));
}

/// Says that a VPN lent `inner` to `outer`.
pub(in crate::decode::log) fn lent(out: &mut Vec<Said>, time: Option<Timestamp>, outer: IpAddr, inner: IpAddr) {
    let at = |addr| Endpoint { addr, port: 0 };
    rewritten(out, time, IpProtocol(0), (at(outer), at(inner)), (NOBODY, NOBODY), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number::<u16>(b"65535"), Some(65535));
        for text in ["", "65536", "+1", "-1", "1 ", "0x1", "99999999999999999999"] {
            assert_eq!(number::<u16>(text.as_bytes()), None, "{text}");
        }
        assert_eq!(since_1970(b"1557513467369913239").map(|t| t.to_string()).as_deref(), Some("2019-05-10T18:37:47.369913239Z"));
        assert_eq!(since_1970(b"1557968201").map(|t| t.to_string()).as_deref(), Some("2019-05-16T00:56:41Z"));
        assert_eq!(since_1970(b"15579682011"), None);
    }

    #[test]
    fn a_handshake_is_no_exchange() {
        let v = |packets, bytes| Volume { packets, bytes };
        for (forward, backward, expected) in [
            ((1, 40), (5, 220), Outcome::Unknown),
            ((3, 120), (3, 120), Outcome::Unknown),
            ((2, 92), (9, 9000), Outcome::Unknown),
            ((10, 900), (8, 4000), Outcome::Exchanged),
            ((0, 900), (0, 4000), Outcome::Exchanged),
            ((0, 900), (0, 300), Outcome::Unknown),
            ((3, 180), (0, 0), Outcome::Unanswered),
            ((0, 0), (3, 180), Outcome::Unknown),
        ] {
            assert_eq!(
                went(IpProtocol::TCP, v(forward.0, forward.1), v(backward.0, backward.1)),
                expected,
                "{forward:?} {backward:?}"
            );
        }
        assert_eq!(went(IpProtocol::UDP, v(10, 900), v(8, 4000)), Outcome::Unknown);
    }

    #[test]
    fn hosts_of_urls() {
        assert_eq!(host_of_url(b"https://u:p@www.Example.org:8443/a?b://c").as_deref(), Some("www.example.org"));
        assert_eq!(host_of_url(b"/a/b?u=http://x.example"), None);
        assert!(turned_away(b"Blocked") && turned_away(b"deny") && turned_away(b"DENIED") && !turned_away(b"allow"));
    }
}
