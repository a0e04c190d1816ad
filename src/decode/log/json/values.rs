//! Values as network monitors write them: addresses, ports, protocols, seconds, names.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::super::super::clock::{self, Clock};
use super::super::super::http;
use super::super::super::text::{self, MAX_NAME};
use super::unsigned;
use crate::model::evidence::{Chain, ChainEntry, ChainKind};
use crate::model::net::{IpProtocol, unmapped};
use crate::model::record::{Said, Saying};
use crate::model::time::Timestamp;

/// An address. In its usual dress, which most have, it is read at once.
#[inline]
pub(in super::super) fn address(word: &[u8]) -> Option<IpAddr> {
    if let Some(v4) = dotted(word) {
        return Some(IpAddr::V4(v4));
    }
    let v6 = groups(word).map(|addr| unmapped(IpAddr::V6(addr)));
    v6.or_else(|| if word.is_empty() { None } else { text::node_address(word) })
}

/// Groups of one to four hexadecimal digits between colons, at most once two colons (RFC 4291 2.2, forms 1 and 2).
fn groups(word: &[u8]) -> Option<Ipv6Addr> {
    let (mut before, mut bits, mut count, mut gap) = (0_u128, 0_u128, 0_u32, None);
    let mut rest = word;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let (mut group, mut digits) = (0_u32, 0_usize);
        while let Some(digit) = rest.get(digits).and_then(|&b| char::from(b).to_digit(16)) {
            group = group << 4 | digit;
            digits += 1;
            if digits > 4 {
                return None;
            }
        }
        if digits == 0 || count == 8 {
            return None;
        }
        bits = bits << 16 | u128::from(group);
        count += 1;
        rest = rest.get(digits..)?;
        match rest {
            [] => {}
            [b':', b':', after @ ..] if gap.is_none() => {
                gap = Some(count);
                (before, bits, rest) = (bits, 0, after);
            }
            [b':', after @ ..] if !after.is_empty() => rest = after,
            _ => return None,
        }
    }
    match gap {
        None if count == 8 => Some(Ipv6Addr::from(bits)),
        // Two colons stand for one group at least; with none before them there is nothing to shift.
        Some(0) if count < 8 => Some(Ipv6Addr::from(bits)),
        Some(n) if count < 8 => Some(Ipv6Addr::from(before << (16 * (8 - n)) | bits)),
        _ => None,
    }
}

/// ISO 8601 with a zone or without. The one form of nearly all of Suricata's times, `2026-03-10T09:00:00.250000+0100`, is read
/// at once.
#[inline]
pub(in super::super) fn stamp(word: &[u8], clock: &mut Clock) -> Option<Timestamp> {
    if let Some(time) = fixed_stamp(word) {
        return Some(time);
    }
    clock::iso(word, clock).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time)
}

#[inline]
fn fixed_stamp(word: &[u8]) -> Option<Timestamp> {
    let w: &[u8; 31] = word.try_into().ok()?;
    let two = |at: usize| -> Option<u32> {
        let (high, low) = (w.get(at)?.wrapping_sub(b'0'), w.get(at + 1)?.wrapping_sub(b'0'));
        (high <= 9 && low <= 9).then_some(u32::from(high) * 10 + u32::from(low))
    };
    let (b'-', b'-', b'T', b':', b':', b'.') = (w[4], w[7], w[10], w[13], w[16], w[19]) else { return None };
    let sign = match w[26] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let year = i32::try_from(two(0)? * 100 + two(2)?).ok()?;
    let microseconds = two(20)? * 10_000 + two(22)? * 100 + two(24)?;
    let time = clock::utc((year, two(5)?, two(8)?), (two(11)?, two(14)?, two(17)?), microseconds * 1000)?;
    let (hours, minutes) = (two(27)?, two(29)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    time.0.checked_sub(sign * i64::from(hours * 3600 + minutes * 60) * 1_000_000_000).map(Timestamp)
}

/// Four numbers of one to three digits, 255 at most.
#[inline]
fn dotted(word: &[u8]) -> Option<Ipv4Addr> {
    if !(7..=15).contains(&word.len()) {
        return None;
    }
    let (mut bits, mut part, mut digits, mut dots) = (0_u32, 0_u32, 0_u32, 0_u32);
    for &b in word {
        let digit = b.wrapping_sub(b'0');
        if digit <= 9 {
            part = part * 10 + u32::from(digit);
            digits += 1;
            if digits > 3 || part > 255 {
                return None;
            }
        } else if b == b'.' && digits > 0 {
            bits = bits << 8 | part;
            (part, digits, dots) = (0, 0, dots + 1);
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0).then(|| Ipv4Addr::from(bits << 8 | part))
}

/// A port; 0 if it is none.
#[inline]
pub(in super::super) fn port(word: &[u8]) -> u16 {
    unsigned(word).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// A transport protocol by its name or number; 0 if it is none. ICMP between IPv6 addresses is ICMPv6, whatever it is called.
#[inline]
pub(in super::super) fn protocol(word: &[u8], v6: bool) -> IpProtocol {
    let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
    match word.len() {
        3 if is(b"tcp") => IpProtocol::TCP,
        3 if is(b"udp") => IpProtocol::UDP,
        3 if is(b"gre") => IpProtocol(47),
        3 if is(b"esp") => IpProtocol(50),
        4 if is(b"icmp") => {
            if v6 {
                IpProtocol::ICMPV6
            } else {
                IpProtocol::ICMP
            }
        }
        4 if is(b"sctp") => IpProtocol::SCTP,
        5 if is(b"icmp6") => IpProtocol::ICMPV6,
        6 if is(b"icmpv6") => IpProtocol::ICMPV6,
        9 if is(b"ipv6-icmp") => IpProtocol::ICMPV6,
        1..=3 => IpProtocol(unsigned(word).and_then(|n| u8::try_from(n).ok()).unwrap_or(0)),
        _ => IpProtocol(0),
    }
}

/// Seconds, with a fraction and perhaps an exponent, in nanoseconds. `None` for what is below zero, and beyond 4 * 10^9 s.
#[inline]
pub(in super::super) fn seconds(word: &[u8]) -> Option<i64> {
    const LONGEST: i64 = 4_000_000_000;
    let n = word.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, rest) = word.split_at_checked(n)?;
    let (mut ns, mut unit) = (0_i64, 100_000_000_i64);
    match rest.split_first() {
        None => {}
        Some((b'.', fraction)) if fraction.iter().all(u8::is_ascii_digit) => {
            for b in fraction.iter().take(9) {
                ns += i64::from(b - b'0') * unit;
                unit /= 10;
            }
        }
        // 9.5367431640625e-07: what is so small has no use for more digits than a float has.
        _ => {
            let value: f64 = std::str::from_utf8(word).ok().filter(|t| t.len() <= 40)?.parse().ok()?;
            return (0.0..=LONGEST as f64).contains(&value).then_some((value * 1e9) as i64);
        }
    }
    let whole = unsigned(whole).and_then(|n| i64::try_from(n).ok()).filter(|&n| n <= LONGEST)?;
    Some(whole * 1_000_000_000 + ns)
}

/// A host name for [`crate::model::record::Contact::host`] and its like: lower case, no port, no final dot.
pub(in super::super) fn host(word: &[u8]) -> Option<Arc<str>> {
    let plain = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if !word.is_empty() && word.len() <= MAX_NAME && word.last() != Some(&b'.') && word.iter().all(plain) {
        return std::str::from_utf8(word).ok().map(Arc::from);
    }
    text::host_name(word).map(Arc::from)
}

/// Printable ASCII of at most `max` bytes; `None` if there is nothing.
pub(in super::super) fn label(word: &[u8], max: usize) -> Option<Arc<str>> {
    if word.is_empty() {
        return None;
    }
    let plain = |&b: &u8| matches!(b, 0x20..=0x7e) && b != b'\\';
    match std::str::from_utf8(word) {
        Ok(text) if text.len() <= max && word.iter().all(plain) => Some(text.into()),
        _ => Some(text::escaped(word, max).into()),
    }
}

/// An entry of a chain.
pub(in super::super) fn entry(word: &[u8]) -> ChainEntry {
    ChainEntry { text: text::escaped(word, 256).into(), addr: text::node_address(word) }
}

/// Which forwarding header this is.
pub(in super::super) fn header(name: &[u8]) -> Option<ChainKind> {
    let is = |header: &&[u8]| name.eq_ignore_ascii_case(header);
    const CLIENT: [&[u8]; 5] = [b"client-ip", b"x-real-ip", b"true-client-ip", b"cf-connecting-ip", b"fastly-client-ip"];
    if is(&b"x-forwarded-for".as_slice()) {
        Some(ChainKind::XForwardedFor)
    } else if is(&b"forwarded".as_slice()) {
        Some(ChainKind::Forwarded)
    } else if is(&b"via".as_slice()) {
        Some(ChainKind::Via)
    } else {
        CLIENT.iter().any(is).then_some(ChainKind::ClientIp)
    }
}

/// Who met whom, for the chains of one request.
#[derive(Clone, Debug)]
pub(in super::super) struct Meeting {
    /// When.
    pub(in super::super) time: Option<Timestamp>,
    /// Who sent the request.
    pub(in super::super) peer: IpAddr,
    /// Who received it.
    pub(in super::super) server: IpAddr,
    /// For which host.
    pub(in super::super) host: Option<Arc<str>>,
}

impl Meeting {
    /// Says the chains that these header lines hold, one for each kind of header.
    pub(in super::super) fn say(self, lines: &[(ChainKind, Cow<'_, [u8]>)], out: &mut Vec<Said>) {
        for kind in [ChainKind::XForwardedFor, ChainKind::Forwarded, ChainKind::Via, ChainKind::ClientIp] {
            let of_kind = lines.iter().filter(|(k, _)| *k == kind).map(|(_, line)| line.as_ref());
            if let Some(chain) = http::chain(kind, of_kind) {
                out.push(self.chain(kind, chain.entries));
            }
        }
    }

    /// A chain with these entries.
    pub(in super::super) fn chain(&self, kind: ChainKind, entries: Vec<ChainEntry>) -> Said {
        let Self { time, peer, server, ref host } = *self;
        Said { time, fact: Saying::Chain(Box::new(Chain { kind, peer, server, host: host.clone(), entries })) }
    }
}

/// The address that a name under in-addr.arpa or ip6.arpa stands for (RFC 1035 3.5, RFC 3596 2.5). `name` is lower case.
pub(in super::super) fn reverse_address(name: &str) -> Option<IpAddr> {
    if let Some(labels) = name.strip_suffix(".in-addr.arpa") {
        let mut octets = [0_u8; 4];
        let mut parts = labels.rsplit('.');
        for octet in &mut octets {
            let part = parts.next().filter(|p| p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()))?;
            *octet = part.parse().ok()?;
        }
        return parts.next().is_none().then(|| Ipv4Addr::from(octets).into());
    }
    let labels = name.strip_suffix(".ip6.arpa")?;
    if labels.len() != 63 {
        return None;
    }
    let mut bits = 0_u128;
    for label in labels.rsplit('.') {
        let mut digits = label.chars();
        let digit = digits.next().filter(|_| label.len() == 1)?.to_digit(16)?;
        bits = bits << 4 | u128::from(digit);
    }
    Some(Ipv6Addr::from(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_one_reads(word in "[0-9.]{0,17}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            prop_assert_eq!(address(word.as_bytes()), text::node_address(word.as_bytes()));
        }

        #[test]
        fn six_too(word in "[0-9a-fA-F:]{0,24}|([0-9a-f]{0,4}:){1,9}[0-9a-f]{0,4}|(0{0,4}:){0,5}:ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}", bits in any::<u128>(), mask in any::<u128>()) {
            for word in [word, Ipv6Addr::from(bits).to_string(), Ipv6Addr::from(bits & mask & bits.rotate_left(7)).to_string()] {
                prop_assert_eq!(address(word.as_bytes()), text::node_address(word.as_bytes()), "{}", word);
                prop_assert_eq!(groups(word.as_bytes()), word.parse::<Ipv6Addr>().ok().filter(|_| !word.contains('.')), "{}", word);
            }
        }

        #[test]
        fn times_too(word in "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}[-+ Z][0-2][0-9][0-6][0-9]") {
            let clock = || Clock::new(jiff::tz::TimeZone::UTC, 2026);
            let long = clock::iso(word.as_bytes(), &mut clock()).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time);
            prop_assert_eq!(stamp(word.as_bytes(), &mut clock()), long);
            if let Some(time) = fixed_stamp(word.as_bytes()) {
                prop_assert_eq!(Some(time), long);
            }
        }

        #[test]
        fn names_come_out_as_the_common_way_writes_them(word in "[a-zA-Z0-9_.:-]{0,20}") {
            prop_assert_eq!(host(word.as_bytes()), text::host_name(word.as_bytes()).map(Arc::from));
        }

        #[test]
        fn seconds_are_close_to_what_a_float_makes_of_them(value in 0.0..1e6_f64) {
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:.9}")] {
                let ns = seconds(text.as_bytes()).unwrap();
                prop_assert!((ns as f64 - value * 1e9).abs() <= 2.0 + value, "{} {}", text, ns);
            }
        }
    }

    #[test]
    fn what_is_no_number_of_seconds() {
        for word in ["", "-", "-1", "1.2.3", ".", "1e99", "NaN", "inf", "1x", "10000000001"] {
            assert_eq!(seconds(word.as_bytes()), None, "{word}");
        }
        assert_eq!(seconds(b"1."), Some(1_000_000_000));
        assert_eq!(seconds(b"9.5367431640625e-07"), Some(953));
    }

    #[test]
    fn reverse_names() {
        assert_eq!(reverse_address("4.2.0.192.in-addr.arpa"), Some("192.0.2.4".parse().unwrap()));
        let v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(reverse_address(v6), Some("2001:db8::1".parse().unwrap()));
        for name in
            ["2.0.192.in-addr.arpa", "9.4.2.0.192.in-addr.arpa", "x.2.0.192.in-addr.arpa", "example.org", "1.ip6.arpa", &v6[2..]]
        {
            assert_eq!(reverse_address(name), None, "{name}");
        }
    }

    #[test]
    fn protocols() {
        assert_eq!(protocol(b"TCP", false), IpProtocol::TCP);
        assert_eq!(protocol(b"icmp", true), IpProtocol::ICMPV6);
        assert_eq!(protocol(b"IPv6-ICMP", true), IpProtocol::ICMPV6);
        assert_eq!(protocol(b"089", false), IpProtocol(89));
        assert_eq!(protocol(b"unknown_transport", false), IpProtocol(0));
    }
}
