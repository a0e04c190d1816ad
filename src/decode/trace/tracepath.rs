//! Linux tracepath: `TTL:` (or `TTL?:` where it guesses), one host, one round trip, remarks.

use super::Read;
use super::lines::{self, Line};
use super::parts;
use super::text::{Host, hosts};
use crate::model::net::IpProtocol;
use crate::model::traceroute::{TracedHop, Traceroute};

fn split(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.trim_start().split_once(':')?;
    let digits = number.strip_suffix('?').unwrap_or(number);
    let right = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if right && rest.starts_with(' ') { Some((digits.parse().ok()?, rest)) } else { None }
}

/// A line that only tracepath writes.
pub(super) fn is_hop(line: &str) -> bool {
    let Some((ttl, rest)) = split(line) else { return false };
    (1..=255).contains(&ttl)
        && (rest.contains("[LOCALHOST]") || rest.trim() == "no reply" || {
            let mut hop = TracedHop::default();
            let mut words = rest.split_whitespace();
            words.any(|w| w.strip_suffix("ms").is_some_and(|n| parts::duration(n, parts::MS).is_some()))
                && hosts(rest, &mut hop, &mut Host::default()).is_ok()
                && !hop.replies.is_empty()
        })
}

pub(super) fn read(bytes: &[u8], out: &mut Read) {
    let mut current: Option<Traceroute> = None;
    lines::each(bytes, out, |line, out| one(line, &mut current, out));
    out.traceroutes.extend(current);
}

fn one(line: &Line<'_>, current: &mut Option<Traceroute>, out: &mut Read) {
    let text = line.text.as_ref();
    let Some((ttl, rest)) = split(text) else {
        if !(text.trim_start().starts_with("Resume:")
            || text.trim_start().starts_with("Too many hops")
            || lines::is_command(text))
        {
            line.reject(out, "no line of tracepath");
        }
        return;
    };
    let Some(ttl) = u8::try_from(ttl).ok().filter(|&ttl| ttl > 0) else {
        return line.reject(out, "a TTL outside 1 to 255");
    };
    let local = rest.contains("[LOCALHOST]");
    let last = current.as_ref().and_then(|t| t.hops.last()).map_or(0, |h| h.ttl);
    if local || ttl < last {
        out.traceroutes.extend(current.take());
    }
    let trace = current.get_or_insert_with(|| {
        let mut trace = parts::empty("tracepath");
        trace.proto = Some(IpProtocol::UDP);
        trace
    });
    if local {
        return;
    }
    let words = rest.trim();
    let read = parts::hop(trace, ttl).and_then(|hop| {
        if words == "no reply" || words.starts_with("send failed") {
            hop.silent = hop.silent.saturating_add(1);
            Ok(())
        } else {
            hosts(rest, hop, &mut Host::default())
        }
    });
    if let Err(why) = read {
        line.reject(out, why);
    }
    trace.complete |= words.ends_with(" reached");
}
