//! perfSONAR pScheduler trace results: paths of hops in order, round trips as ISO 8601 durations.

use serde_json::Value;

use super::Read;
use super::json::{Place, unsigned, word};
use super::parts::{self, SECOND, address};
use crate::model::net::Asn;
use crate::model::traceroute::{TracedHop, Traceroute};

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    // A result alone, or the run that holds it.
    let result = if value.get("paths").is_some() { value } else { &value["result"] };
    let Some(paths) = result["paths"].as_array() else {
        return place.reject(out, "no trace result of perfSONAR");
    };
    for path in paths {
        let mut trace = parts::empty("perfsonar");
        for (at, hop) in path.as_array().into_iter().flatten().enumerate() {
            if let Err(why) = add(at, hop, &mut trace) {
                place.reject(out, why);
                break;
            }
        }
        out.traceroutes.push(trace);
    }
}

fn add(at: usize, value: &Value, trace: &mut Traceroute) -> Result<(), &'static str> {
    // A place in the list is a TTL: hops without an answer have an object too.
    let ttl = u8::try_from(at + 1).map_err(|_| parts::TOO_MANY_HOPS)?;
    let mut hop = TracedHop { ttl, ..TracedHop::default() };
    match address(word(&value["ip"])) {
        Some(addr) => {
            let mut reply = parts::reply(addr, parts::name(word(&value["hostname"])), trip(word(&value["rtt"])));
            reply.asn = unsigned(&value["as"]["number"]).and_then(|n| u32::try_from(n).ok()).filter(|&n| n != 0).map(Asn);
            reply.flag = parts::flag(word(&value["error"]));
            hop.replies.push(reply);
        }
        None => hop.silent = 1,
    }
    trace.hops.push(hop);
    Ok(())
}

/// `PT0.0215S`; with minutes too, which no round trip has.
fn trip(text: &str) -> Option<i64> {
    parts::duration(text.strip_prefix("PT")?.strip_suffix('S')?, SECOND)
}
