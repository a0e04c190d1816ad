//! Windows tracert, in whatever language: the times come first, then the host, and the sentences around are prose.
//!
//! A hop is a TTL, a handful of `*`, `12 ms` or `<1 ms`, and `name [address]`, an address, or a sentence. The unit may be
//! written in the language of the system. Lines that begin with no number are prose: one that holds an address names the
//! destination.

use super::lines::{self, Line};
use super::parts::{self, MS, address};
use super::text::split_ttl;
use super::{MAX_REPLIES, Read};
use crate::model::net::IpProtocol;
use crate::model::traceroute::{TracedHop, Traceroute};

/// How the first sentence begins, for files in which no hop answered.
const HEADINGS: [&str; 10] = [
    "Tracing route to ",
    "Routenverfolgung zu ",
    "Traza a ",
    "Traza a la ",
    "Rastreando a rota para ",
    "Tracciamento instradamento verso ",
    "Bezig met het traceren van de route naar ",
    "Sp\u{e5}rar v\u{e4}gen till ",
    "\u{15a}ledzenie trasy do ",
    "\u{422}\u{440}\u{430}\u{441}\u{441}\u{438}\u{440}\u{43e}\u{432}\u{43a}\u{430} \u{43c}\u{430}\u{440}\u{448}\u{440}\u{443}\u{442}\u{430} \u{43a} ",
];

pub(super) fn is_heading(line: &str) -> bool {
    HEADINGS.iter().any(|h| line.trim_start().starts_with(h))
}

/// Three probes, as always, at least one of them answered, and a host at the right place.
pub(super) fn is_hop(line: &str) -> bool {
    let Some((ttl, rest)) = split_ttl(line) else { return false };
    let Some((times, host)) = times(rest) else { return false };
    (1..=255).contains(&ttl) && times.len() == 3 && times.iter().any(Option::is_some) && sender(&host).is_some()
}

/// A time in nanoseconds, and whether it is only known to be less.
type Time = Option<(i64, bool)>;

/// The times at the beginning, and the words behind them.
fn times(rest: &str) -> Option<(Vec<Time>, Vec<&str>)> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (mut at, mut times) = (0, Vec::new());
    while let Some(&word) = words.get(at) {
        if word == "*" {
            times.push(None);
            at += 1;
            continue;
        }
        let (number, less) = word.strip_prefix('<').map_or((word, false), |n| (n, true));
        // The unit is a word of letters: without one it is no time, but the beginning of a host.
        let unit =
            words.get(at + 1).is_some_and(|u| !u.contains(['.', ':', '*', '<']) && !u.starts_with(|c: char| c.is_ascii_digit()));
        let Some(ns) = parts::duration(number, MS).filter(|_| unit && !number.contains(['.', ','])) else { break };
        times.push(Some((ns, less)));
        at += 2;
    }
    let words = words.get(at..).unwrap_or_default();
    // `192.0.2.1  reports: ...` may stand without times.
    let reports = times.is_empty() && sender(words).is_some_and(|(_, _, used)| used < words.len());
    (reports || !times.is_empty() && times.len() <= MAX_REPLIES).then(|| (times, words.to_vec()))
}

/// Address, name, and how many words they took.
fn sender<'a>(words: &[&'a str]) -> Option<(std::net::IpAddr, Option<&'a str>, usize)> {
    let first = words.first()?;
    if let Some(addr) = words.get(1).and_then(|w| bracketed(w)) {
        return Some((addr, Some(first), 2));
    }
    address(first).map(|addr| (addr, None, 1))
}

fn bracketed(word: &str) -> Option<std::net::IpAddr> {
    address(word.strip_prefix('[')?.split_once(']')?.0)
}

/// The destination that a sentence names: `name [address]`, or an address.
fn destination(line: &str) -> Option<Traceroute> {
    let mut trace = parts::empty("tracert");
    // Microsoft's tracert sends echo requests only.
    let finish = |mut trace: Traceroute| {
        trace.proto = Some(if trace.dst.is_some_and(|d| d.is_ipv6()) { IpProtocol::ICMPV6 } else { IpProtocol::ICMP });
        Some(trace)
    };
    let words: Vec<&str> = line.split_whitespace().take(64).collect();
    if let Some(at) = words.iter().position(|w| bracketed(w).is_some()) {
        trace.dst = words.get(at).and_then(|w| bracketed(w));
        trace.dst_name = at.checked_sub(1).and_then(|before| words.get(before)).and_then(|w| parts::name(w));
        return finish(trace);
    }
    trace.dst = words.iter().find_map(|w| address(w.trim_end_matches([',', '.', ':'])));
    trace.dst?;
    finish(trace)
}

pub(super) fn read(bytes: &[u8], out: &mut Read) {
    let mut current: Option<Traceroute> = None;
    lines::each(bytes, out, |line, out| {
        let text = line.text.as_ref();
        if lines::is_command(text) {
        } else if let Some((ttl, rest)) = split_ttl(text) {
            hop(line, ttl, rest, &mut current, out);
        } else if let Some(next) = destination(text) {
            finish(current.replace(next), out);
        }
    });
    finish(current, out);
}

fn finish(trace: Option<Traceroute>, out: &mut Read) {
    out.traceroutes.extend(trace.map(|mut trace| {
        parts::close(&mut trace);
        trace
    }));
}

fn hop(line: &Line<'_>, ttl: u32, rest: &str, current: &mut Option<Traceroute>, out: &mut Read) {
    let Some(ttl) = u8::try_from(ttl).ok().filter(|&ttl| ttl > 0) else {
        return line.reject(out, "a TTL outside 1 to 255");
    };
    let Some((times, words)) = times(rest) else {
        return line.reject(out, "no times behind the TTL");
    };
    if current.as_ref().and_then(|t| t.hops.last()).is_some_and(|last| ttl <= last.ttl) {
        finish(current.take(), out);
    }
    let trace = current.get_or_insert_with(|| parts::empty("tracert"));
    let mut hop = TracedHop { ttl, ..TracedHop::default() };
    hop.silent = times.iter().filter(|t| t.is_none()).count() as u16;
    let answered = || times.iter().flatten();
    if let Some((addr, name, used)) = sender(&words) {
        let name = name.and_then(parts::name);
        // `192.0.2.1  reports: Destination host unreachable.`
        let words = parts::flag(&words.get(used..).unwrap_or_default().join(" "));
        for &(ns, less) in answered() {
            let mut reply = parts::reply(addr, name.clone(), Some(ns));
            reply.flag = words.clone().or_else(|| if less { parts::flag("<") } else { None });
            hop.replies.push(reply);
        }
        if hop.replies.is_empty() {
            hop.replies.push(crate::model::traceroute::TracedReply { flag: words, ..parts::reply(addr, name, None) });
        }
    } else if let Some(name) = words.first().and_then(|w| parts::name(w)) {
        // No address: if something answered, the first word is its name, else the words are a sentence.
        for &(ns, _) in answered() {
            hop.named.push(crate::model::traceroute::NamedReply { name: name.clone(), rtt_ns: Some(ns) });
        }
    }
    if trace.hops.len() < super::MAX_HOPS {
        trace.hops.push(hop);
    } else {
        line.reject(out, parts::TOO_MANY_HOPS);
    }
}
