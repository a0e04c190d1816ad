//! What every format is made of: addresses, names, round trips, labels, and a traceroute that grows within its bounds.

use std::net::IpAddr;
use std::sync::Arc;

use super::{MAX_HOPS, MAX_REPLIES};
use crate::decode::text;
use crate::model::evidence::LabelEntry;
use crate::model::net::{Asn, IpProtocol, unmapped};
use crate::model::time::Timestamp;
use crate::model::traceroute::{NamedReply, TracedHop, TracedReply, Traceroute};

/// Labels that are kept of one reply; more than a router can quote (RFC 4950).
const MAX_LABELS: usize = 16;
/// Longest remark that is kept, in bytes.
const MAX_FLAG: usize = 64;

pub(super) const TOO_MANY_HOPS: &str = "more hops than there are TTLs";
pub(super) const TOO_MANY_REPLIES: &str = "more replies of one hop than are kept";

/// An address and nothing else; a zone is left out, IPv4-mapped becomes IPv4.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let without_zone = match text.split_once('%') {
        Some((addr, _)) if addr.contains(':') => addr,
        _ => text,
    };
    without_zone.parse().ok().map(unmapped)
}

/// A name, made safe; `None` if it is empty, too long, or an address.
pub(super) fn name(text: &str) -> Option<Arc<str>> {
    if text == "*" || text == "???" || address(text).is_some() {
        return None;
    }
    text::host_name(text.as_bytes()).map(Arc::from)
}

pub(super) fn flag(text: &str) -> Option<Arc<str>> {
    let safe = text::escaped(text.trim().as_bytes(), MAX_FLAG);
    (!safe.is_empty()).then(|| Arc::from(safe))
}

/// A decimal number, with a point or a comma, of units of `unit` nanoseconds. No sign, no exponent.
pub(super) fn duration(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || whole.len() > 9 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut ns = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes().take(9) {
        place /= 10;
        ns = ns.checked_add(place * i64::from(digit - b'0'))?;
    }
    Some(ns)
}

pub(super) const MS: i64 = 1_000_000;
pub(super) const SECOND: i64 = 1_000_000_000;

/// A number of units of `unit` nanoseconds, as JSON has them.
pub(super) fn rounded(value: f64, unit: f64) -> Option<i64> {
    let ns = (value * unit).round();
    (value.is_finite() && (0.0..1e18).contains(&ns)).then_some(ns as i64)
}

/// `AS64496`, `as64496` or the number alone; 0 and what is no number are `None`.
pub(super) fn asn(text: &str) -> Option<Asn> {
    let text = text.trim().trim_end_matches('/');
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text).trim();
    let number: u32 = digits.split('/').next()?.parse().ok()?;
    (number != 0).then_some(Asn(number))
}

/// A point in time as RFC 3339 or ISO 8601 with a zone.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let parsed: jiff::Timestamp = text.trim().parse().ok()?;
    i64::try_from(parsed.as_nanosecond()).ok().map(Timestamp)
}

/// Seconds and microseconds since 1970.
pub(super) fn seconds(sec: i64, usec: i64) -> Option<Timestamp> {
    // A clock that never was set: the time is not known.
    if sec <= 0 || !(0..1_000_000).contains(&usec) {
        return None;
    }
    sec.checked_mul(SECOND)?.checked_add(usec * 1000).map(Timestamp)
}

/// `icmp-echo-paris`, `UDP`, `tcp-ack` ...
pub(super) fn protocol(text: &str, dst: Option<IpAddr>) -> Option<IpProtocol> {
    let word = text.get(..4).unwrap_or(text).to_ascii_lowercase();
    if word.starts_with("icmp") {
        Some(if matches!(dst, Some(IpAddr::V6(_))) { IpProtocol::ICMPV6 } else { IpProtocol::ICMP })
    } else if word.starts_with("udp") {
        Some(IpProtocol::UDP)
    } else if word.starts_with("tcp") {
        Some(IpProtocol::TCP)
    } else if word == "sctp" {
        Some(IpProtocol::SCTP)
    } else {
        None
    }
}

pub(super) fn push_label(labels: &mut Vec<LabelEntry>, label: u64, tc: u64, bottom: bool, ttl: u64) {
    let (Ok(label), Ok(tc), Ok(ttl)) = (u32::try_from(label), u8::try_from(tc), u8::try_from(ttl)) else { return };
    if label < 1 << 20 && tc < 8 && labels.len() < MAX_LABELS {
        labels.push(LabelEntry { label, tc, bottom, ttl });
    }
}

/// Labels in the words of traceroute, mtr, JunOS, IOS and NextTrace: `MPLS:L=16,E=0,S=1,T=1`, `MPLS: Label 16 Exp 0`,
/// `MPLS: Labels 16/17 Exp 0`, `MPLS Label=16 CoS=0 TTL=1 S=1`, `MPLS: Lbl 16 TC 0 S u TTL 1`.
pub(super) fn labels(text: &str) -> Vec<LabelEntry> {
    let mut out: Vec<LabelEntry> = Vec::new();
    let mut words = text.split([' ', '\t', ',', '=', ':', '[', ']', '<', '>']).filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        match word.trim_start_matches('/').to_ascii_lowercase().as_str() {
            "l" | "lbl" | "label" | "labels" => {
                for label in words.next().unwrap_or_default().split('/') {
                    if let Ok(label) = label.parse() {
                        push_label(&mut out, label, 0, false, 0);
                    }
                }
            }
            key @ ("e" | "exp" | "tc" | "cos" | "s" | "t" | "ttl") => {
                let value = words.next().unwrap_or_default();
                // Linux writes the entries of a stack as `.../L=..`: the last value has the next key at its end.
                let (value, next) = value.split_once('/').map_or((value, None), |(v, n)| (v, Some(n)));
                if let Some(last) = out.last_mut() {
                    match (key, value.parse::<u8>()) {
                        ("s", Ok(s)) => last.bottom = s == 1,
                        ("t" | "ttl", Ok(ttl)) => last.ttl = ttl,
                        ("e" | "exp" | "tc" | "cos", Ok(tc)) if tc < 8 => last.tc = tc,
                        _ => {}
                    }
                }
                if next == Some("L")
                    && let Some(Ok(label)) = words.next().map(str::parse)
                {
                    push_label(&mut out, label, 0, false, 0);
                }
            }
            _ => {}
        }
    }
    out
}

pub(super) fn reply(addr: IpAddr, name: Option<Arc<str>>, rtt_ns: Option<i64>) -> TracedReply {
    TracedReply { addr, name, rtt_ns, flag: None, asn: None, mpls: Vec::new() }
}

/// A traceroute of `tool` of which nothing is known.
pub(super) fn empty(tool: &'static str) -> Traceroute {
    Traceroute { tool, src: None, dst: None, dst_name: None, proto: None, started: None, hops: Vec::new(), complete: false }
}

/// The destination in one word: an address, or else a name.
pub(super) fn aim(trace: &mut Traceroute, word: &str) {
    match address(word) {
        Some(addr) => trace.dst = Some(addr),
        None => trace.dst_name = name(word),
    }
}

/// The hop with this TTL, made if need be.
pub(super) fn hop(trace: &mut Traceroute, ttl: u8) -> Result<&mut TracedHop, &'static str> {
    let at = match trace.hops.iter().rposition(|h| h.ttl == ttl) {
        Some(at) => at,
        None if trace.hops.len() < MAX_HOPS => {
            trace.hops.push(TracedHop { ttl, ..TracedHop::default() });
            trace.hops.len() - 1
        }
        None => return Err(TOO_MANY_HOPS),
    };
    trace.hops.get_mut(at).ok_or(TOO_MANY_HOPS)
}

/// Adds an answer, within the bound.
pub(super) fn answer(hop: &mut TracedHop, reply: TracedReply) -> Result<(), &'static str> {
    if hop.replies.len() >= MAX_REPLIES {
        return Err(TOO_MANY_REPLIES);
    }
    hop.replies.push(reply);
    Ok(())
}

/// Adds an answer without an address, within the bound.
pub(super) fn answer_named(hop: &mut TracedHop, name: Arc<str>, rtt_ns: Option<i64>) -> Result<(), &'static str> {
    if hop.named.len() >= MAX_REPLIES {
        return Err(TOO_MANY_REPLIES);
    }
    hop.named.push(NamedReply { name, rtt_ns });
    Ok(())
}

/// Did the destination answer?
pub(super) fn close(trace: &mut Traceroute) {
    let answered = |h: &TracedHop| {
        h.replies.iter().any(|r| Some(r.addr) == trace.dst)
            || trace.dst_name.is_some() && h.named.iter().any(|n| Some(&n.name) == trace.dst_name.as_ref())
    };
    if trace.hops.iter().any(answered) {
        trace.complete = true;
    }
}
