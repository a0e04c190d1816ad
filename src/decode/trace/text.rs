//! traceroute's own text and its relatives: Linux, BSD, macOS, JunOS, IOS, IOS-XR, paris-traceroute, scamper.
//!
//! A line is a TTL and then hosts, each followed by its round trips; a line without a TTL continues the hop above. What
//! stands in parentheses behind a word is the address, and the word is a name, whatever it looks like.

use std::net::IpAddr;
use std::sync::Arc;

use super::Read;
use super::lines::{self, Line};
use super::parts::{self, MS, address};
use crate::model::evidence::LabelEntry;
use crate::model::net::{Asn, IpProtocol};
use crate::model::traceroute::{TracedHop, TracedReply, Traceroute};

/// Sentences that routers print around the hops.
const FURNITURE: [&str; 8] = [
    "Type escape sequence",
    "VRF info",
    "Tracing the route to",
    "traceroute: Warning",
    "traceroute6: Warning",
    "traceroute: Using",
    "Password:",
    "!",
];

const HEADINGS: [(&str, &str); 8] = [
    ("traceroute to ", "traceroute"),
    ("traceroute6 to ", "traceroute6"),
    ("traceroute from ", "scamper"),
    ("traceroute [(", "paris-traceroute"),
    ("paris-traceroute to ", "paris-traceroute"),
    ("paris_traceroute to ", "paris-traceroute"),
    ("tcptraceroute to ", "tcptraceroute"),
    ("Tracing the route to ", "ios"),
];

pub(super) fn is_heading(line: &str) -> bool {
    heading(line).is_some()
}

/// A line that stands for itself: a TTL, a host, a round trip.
pub(super) fn is_hop(line: &str) -> bool {
    let Some((_, rest)) = split_ttl(line) else { return false };
    let mut hop = TracedHop::default();
    let mut state = Host::default();
    hosts(rest, &mut hop, &mut state).is_ok() && !hop.replies.is_empty() && hop.named.is_empty()
}

fn heading(line: &str) -> Option<Traceroute> {
    let (rest, tool) = HEADINGS.iter().find_map(|(start, tool)| Some((line.trim_start().strip_prefix(start)?, *tool)))?;
    let mut trace = parts::empty(tool);
    if line.trim_start().starts_with("traceroute [(") {
        // [(10.0.0.1:33456) -> (10.0.0.2:33457)], protocol udp, ...
        let (from, rest) = rest.split_once(')')?;
        let (_, to) = rest.split_once('(')?;
        let (to, after) = to.split_once(')')?;
        let host = |s: &str| address(s).or_else(|| address(s.rsplit_once(':')?.0));
        (trace.src, trace.dst) = (host(from), host(to));
        let word = after.split_once("protocol ").map_or("", |(_, p)| p);
        trace.proto = parts::protocol(word, trace.dst);
        return Some(trace);
    }
    let words: Vec<&str> = rest.split_whitespace().take(16).map(|w| w.trim_end_matches(',')).collect();
    if tool == "scamper" {
        trace.src = address(words.first()?);
        if words.get(1) != Some(&"to") {
            return None;
        }
        trace.dst = address(words.get(2)?);
        return Some(trace);
    }
    let first = words.first()?;
    match words.get(1).and_then(|w| in_parentheses(w)).and_then(address) {
        Some(addr) => {
            trace.dst = Some(addr);
            trace.dst_name = parts::name(first);
        }
        None => parts::aim(&mut trace, first),
    }
    if let Some(at) = words.iter().position(|w| *w == "from") {
        trace.src = words.get(at + 1).and_then(|w| address(w));
    }
    if tool == "tcptraceroute" {
        trace.proto = Some(IpProtocol::TCP);
    }
    Some(trace)
}

fn in_parentheses(word: &str) -> Option<&str> {
    word.strip_prefix('(')?.trim_end_matches(',').strip_suffix(')')
}

/// `12  rest`: a TTL and what follows it. Also 0 and more than 255, which no TTL is.
pub(super) fn split_ttl(line: &str) -> Option<(u32, &str)> {
    let line = line.trim_start();
    let (number, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let right = !number.is_empty() && number.len() <= 5 && number.bytes().all(|b| b.is_ascii_digit());
    if right { Some((number.parse().ok()?, rest)) } else { None }
}

/// The host whose round trips are being read.
#[derive(Default)]
pub(super) struct Host {
    addr: Option<IpAddr>,
    name: Option<Arc<str>>,
    asn: Option<Asn>,
    /// Labels that were printed before its round trips.
    mpls: Vec<LabelEntry>,
    /// Round trips that were printed for it.
    trips: u32,
    /// The word before was a round trip: a flag is its own.
    timed: bool,
    /// Which reply of the hop is its first.
    since: usize,
}

impl Host {
    /// The next host begins, where the hop stands now.
    fn next(&mut self, hop: &TracedHop, addr: Option<IpAddr>, name: Option<Arc<str>>) {
        let asn = if self.addr.is_none() { self.asn } else { None };
        *self = Self { addr, name, asn, mpls: Vec::new(), trips: 0, timed: false, since: hop.replies.len() };
    }
}

/// Reads the part of a line behind the TTL, or a line that continues a hop.
pub(super) fn hosts(rest: &str, hop: &mut TracedHop, host: &mut Host) -> Result<(), &'static str> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (mut at, mut understood) = (0, false);
    while let Some(&word) = words.get(at) {
        let next = words.get(at + 1).copied();
        at += 1;
        if word == "*" {
            hop.silent = hop.silent.saturating_add(1);
            understood = true;
        } else if let Some((ns, used)) = round_trip(word, next) {
            at += used;
            host.trips += 1;
            host.timed = true;
            understood = true;
            match (host.addr, &host.name) {
                (Some(addr), name) => {
                    let mut reply = parts::reply(addr, name.clone(), Some(ns));
                    reply.asn = host.asn;
                    reply.mpls.clone_from(&host.mpls);
                    parts::answer(hop, reply)?;
                }
                (None, Some(name)) => parts::answer_named(hop, name.clone(), Some(ns))?,
                (None, None) => return Err("a round trip without a host"),
            }
        } else if word.starts_with('!') {
            let flag = parts::flag(word);
            let own = host.timed && hop.replies.len() > host.since;
            match (hop.replies.last_mut().filter(|_| own), host.addr) {
                (Some(last), _) => last.flag = flag,
                // IOS prints `192.0.2.1 !A  *  !A`: answers without round trips.
                (None, Some(addr)) => {
                    let bare = parts::reply(addr, host.name.clone(), None);
                    parts::answer(hop, TracedReply { flag, asn: host.asn, mpls: host.mpls.clone(), ..bare })?;
                }
                (None, None) => {}
            }
            host.timed = false;
            understood = true;
        } else if word.starts_with('[') || word.starts_with('<') {
            let close = if word.starts_with('[') { ']' } else { '>' };
            let from = at - 1;
            while !words.get(at - 1).is_some_and(|w| w.ends_with(close)) && at < words.len() {
                at += 1;
            }
            remark(&words.get(from..at).unwrap_or_default().join(" "), hop, host);
        } else if word.starts_with("P(") {
            // paris-traceroute: probes sent and answered.
            while !words.get(at - 1).is_some_and(|w| w.ends_with(')')) && at < words.len() {
                at += 1;
            }
        } else if word == "asymm" || word == "pmtu" {
            at += 1;
        } else if word == "reached" || in_parentheses(word).is_some() {
            // A parenthesis that follows no name: `(TOS=0!)` and the like.
        } else if let Some(addr) = next.and_then(in_parentheses).and_then(address) {
            at += 1;
            host.next(hop, Some(addr), parts::name(word));
        } else if let Some(addr) = address(word) {
            host.next(hop, Some(addr), None);
        } else {
            host.next(hop, None, parts::name(word));
        }
    }
    if understood || host.addr.is_some() { Ok(()) } else { Err("neither a host with a round trip nor a silent probe") }
}

/// `1.234 ms`, `1.234ms`, `4 msec`, and `0.1/0.2/0.3/0.0 ms` (the first is the best): nanoseconds, and words used besides.
fn round_trip(word: &str, next: Option<&str>) -> Option<(i64, usize)> {
    let (number, used) = match next {
        Some("ms" | "msec" | "ms," | "msec,") => (word, 1),
        _ => (word.strip_suffix("ms")?, 0),
    };
    let best = number.split('/').next().unwrap_or(number);
    parts::duration(best, MS).map(|ns| (ns, used))
}

/// `[AS64496]` before or behind its address, `[MPLS: ...]`, `<MPLS:...>`, `[open]`.
fn remark(text: &str, hop: &mut TracedHop, host: &mut Host) {
    let inner = text.trim_matches(['[', ']', '<', '>']);
    if inner.contains("MPLS") {
        let labels = parts::labels(inner);
        // Linux prints labels before the round trips, BSD and IOS behind them.
        if host.trips == 0 {
            host.mpls.clone_from(&labels);
        }
        for reply in hop.replies.iter_mut().skip(host.since).filter(|r| r.mpls.is_empty()) {
            reply.mpls.clone_from(&labels);
        }
    } else if inner.starts_with("AS") || inner.starts_with("as") {
        let asn = parts::asn(inner);
        if host.addr.is_some() && host.trips == 0 {
            host.asn = asn;
        } else {
            // Before its host: remembered for the next one.
            *host = Host { asn, since: hop.replies.len(), ..Host::default() };
        }
    } else if let Some(last) = hop.replies.last_mut() {
        last.flag = parts::flag(text);
    }
}

pub(super) fn read(bytes: &[u8], out: &mut Read) {
    let mut current: Option<Traceroute> = None;
    let mut host = Host::default();
    lines::each(bytes, out, |line, out| one(line, &mut current, &mut host, out));
    out.traceroutes.extend(current.map(closed));
}

fn closed(mut trace: Traceroute) -> Traceroute {
    parts::close(&mut trace);
    trace
}

fn one(line: &Line<'_>, current: &mut Option<Traceroute>, host: &mut Host, out: &mut Read) {
    let text = line.text.as_ref();
    if let Some(next) = heading(text) {
        out.traceroutes.extend(current.replace(next).map(closed));
        return;
    }
    if let Some((ttl, rest)) = split_ttl(text) {
        let Some(ttl) = u8::try_from(ttl).ok().filter(|&ttl| ttl > 0) else {
            line.reject(out, "a TTL outside 1 to 255");
            return;
        };
        let last = current.as_ref().and_then(|t| t.hops.last()).map(|h| h.ttl);
        if last.is_some_and(|last| ttl < last) {
            // TTLs only rise within one run: the next one began without a heading.
            out.traceroutes.extend(current.take().map(closed));
        }
        *host = Host::default();
        let fresh = last != Some(ttl);
        let trace = current.get_or_insert_with(|| parts::empty("traceroute"));
        let read = parts::hop(trace, ttl).and_then(|hop| {
            host.since = hop.replies.len();
            hosts(rest, hop, host)
        });
        if let Err(why) = read {
            if fresh && trace.hops.last().is_some_and(|h| h.ttl == ttl && *h == TracedHop { ttl, ..TracedHop::default() }) {
                trace.hops.pop();
            }
            line.reject(out, why);
        }
        return;
    }
    let indented = text.starts_with([' ', '\t']);
    if indented && let Some(hop) = current.as_mut().and_then(|t| t.hops.last_mut()) {
        if text.trim_start().starts_with("MPLS ") {
            remark(text.trim(), hop, host);
        } else if let Err(why) = hosts(text, hop, host) {
            line.reject(out, why);
        }
    } else if !(lines::is_command(text) || lines::is_date(text) || FURNITURE.iter().any(|f| text.trim_start().starts_with(f))) {
        line.reject(out, "no line of a traceroute");
    }
}
