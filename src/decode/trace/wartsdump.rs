//! Text of scamper's sc_wartsdump: a trace in long form, a reply in several lines.

use super::Read;
use super::lines;
use super::parts::{self, SECOND, address};
use super::text;
use crate::model::traceroute::Traceroute;

pub(super) fn is_heading(line: &str) -> bool {
    line.starts_with("list id ") || line.starts_with("cycle start, list ") || hop(line).is_some()
}

/// `hop  1  192.0.2.1`, with the name in parentheses or brackets behind it where there is one.
fn hop(line: &str) -> Option<(u8, std::net::IpAddr)> {
    let mut words = line.strip_prefix("hop ")?.split_whitespace();
    let ttl: u8 = words.next()?.parse().ok().filter(|&ttl| ttl > 0)?;
    let word = words.next()?;
    // `name (address)`: the address is the one that stands in parentheses.
    let inside = words.next().and_then(|w| address(w.strip_prefix('(')?.strip_suffix(')')?));
    Some((ttl, inside.or_else(|| address(word))?))
}

pub(super) fn read(bytes: &[u8], out: &mut Read) {
    let mut current: Option<Traceroute> = None;
    lines::each(bytes, out, |line, out| {
        let text = line.text.as_ref();
        if text.starts_with("traceroute from ") && text::is_heading(text) {
            out.traceroutes.extend(current.take().map(closed));
            let mut trace = parts::empty("scamper");
            let mut words = text.split_whitespace().skip(2);
            trace.src = words.next().and_then(address);
            trace.dst = words.nth(1).and_then(address);
            current = Some(trace);
        } else if let (Some((ttl, addr)), Some(trace)) = (hop(text), current.as_mut()) {
            let added = parts::hop(trace, ttl).and_then(|hop| parts::answer(hop, parts::reply(addr, None, None)));
            if let Err(why) = added {
                line.reject(out, why);
            }
        } else if text.starts_with([' ', '\t']) {
            if let Some(trace) = current.as_mut() {
                detail(text.trim(), trace);
            }
        } else if text.starts_with("hop ") {
            line.reject(out, "a hop without an address");
        } else if !(text.starts_with("list id ") || text.starts_with("cycle ")) {
            // Another kind of object (a ping, an alias): not ours, and its details aren't either.
            out.traceroutes.extend(current.take().map(closed));
            line.reject(out, "an object that is no traceroute");
        }
    });
    out.traceroutes.extend(current.map(closed));
}

/// An indented line: of the trace, or of the last reply.
fn detail(text: &str, trace: &mut Traceroute) {
    if let Some(kind) = text.strip_prefix("type: ") {
        trace.proto = parts::protocol(kind, trace.dst);
    } else if let Some(reason) = text.strip_prefix("stop reason: ") {
        trace.complete = reason.starts_with("done");
    }
    let Some(reply) = trace.hops.last_mut().and_then(|h| h.replies.last_mut()) else { return };
    if text.starts_with("attempt: ") {
        reply.rtt_ns = text
            .split(", ")
            .find_map(|field| field.strip_prefix("rtt: "))
            .and_then(|rtt| parts::duration(rtt.strip_suffix('s')?, SECOND));
    } else if let Some(rest) = text.strip_prefix("icmp-type: ") {
        let mut numbers = rest.split(", ");
        let kind = numbers.next().and_then(|n| n.parse().ok());
        let code = numbers.next().and_then(|n| n.strip_prefix("icmp-code: ")?.parse().ok());
        if let (Some(kind), Some(code)) = (kind, code) {
            reply.flag = super::scamper::remark(reply.addr, kind, code);
        }
    } else if text.contains("label") || text.starts_with("mpls") {
        reply.mpls.extend(parts::labels(text));
        reply.mpls.truncate(16);
    }
}

fn closed(mut trace: Traceroute) -> Traceroute {
    parts::close(&mut trace);
    trace
}
