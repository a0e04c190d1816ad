//! NextTrace's JSON: a list of attempts for every TTL, round trips in nanoseconds. The places that it looked up are not
//! read: they are somebody's database, not what the network said.

use serde_json::Value;

use super::Read;
use super::json::{Place, ttl, word};
use super::parts::{self, address};
use crate::model::traceroute::Traceroute;

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    let Some(hops) = value["Hops"].as_array() else {
        return place.reject(out, "no result of NextTrace");
    };
    let mut trace = parts::empty("nexttrace");
    for (at, attempts) in hops.iter().enumerate() {
        for attempt in attempts.as_array().into_iter().flatten() {
            if let Err(why) = add(at, attempt, &mut trace) {
                place.reject(out, why);
            }
        }
    }
    out.traceroutes.push(trace);
}

fn add(at: usize, value: &Value, trace: &mut Traceroute) -> Result<(), &'static str> {
    let ttl = ttl(&value["TTL"]).or_else(|| u8::try_from(at + 1).ok()).ok_or(parts::TOO_MANY_HOPS)?;
    let hop = parts::hop(trace, ttl)?;
    // Go writes net.IPAddr as an object; as text in some versions.
    let Some(addr) = address(word(&value["Address"]["IP"])).or_else(|| address(word(&value["Address"]))) else {
        hop.silent = hop.silent.saturating_add(1);
        return Ok(());
    };
    let rtt = value["RTT"].as_i64().filter(|&ns| ns > 0);
    let mut reply = parts::reply(addr, parts::name(word(&value["Hostname"])), rtt);
    reply.asn = parts::asn(word(&value["Geo"]["asnumber"]));
    for text in value["MPLS"].as_array().into_iter().flatten().take(16) {
        reply.mpls.extend(parts::labels(word(text)));
    }
    reply.mpls.truncate(16);
    parts::answer(hop, reply)
}
