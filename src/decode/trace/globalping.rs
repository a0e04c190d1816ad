//! Globalping measurements of type traceroute and mtr: a traceroute for every probe that took part.

use serde_json::Value;

use super::Read;
use super::json::{Place, number, word};
use super::parts::{self, address};
use crate::model::net::Asn;
use crate::model::traceroute::{TracedHop, Traceroute};

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    if !matches!(word(&value["type"]), "traceroute" | "mtr") {
        return place.reject(out, "no traceroute of Globalping");
    }
    let Some(results) = value["results"].as_array() else {
        return place.reject(out, "a measurement without results");
    };
    for result in results {
        let result = &result["result"];
        let Some(hops) = result["hops"].as_array() else {
            place.reject(out, "a probe without hops");
            continue;
        };
        let mut trace = parts::empty("globalping");
        trace.dst = address(word(&result["resolvedAddress"])).or_else(|| address(word(&value["target"])));
        trace.dst_name = parts::name(word(&value["target"]));
        trace.proto = parts::protocol(word(&value["measurementOptions"]["protocol"]), trace.dst);
        trace.started = parts::moment(word(&value["createdAt"]));
        for (at, hop) in hops.iter().enumerate() {
            if let Err(why) = add(at, hop, &mut trace) {
                place.reject(out, why);
                break;
            }
        }
        parts::close(&mut trace);
        out.traceroutes.push(trace);
    }
}

fn add(at: usize, value: &Value, trace: &mut Traceroute) -> Result<(), &'static str> {
    // A place in the list is a TTL: hops without an answer are in it.
    let ttl = u8::try_from(at + 1).map_err(|_| parts::TOO_MANY_HOPS)?;
    let mut hop = TracedHop { ttl, ..TracedHop::default() };
    let timings = value["timings"].as_array().map_or(&[][..], Vec::as_slice);
    let trips = || timings.iter().map(|t| number(&t["rtt"]).and_then(|v| parts::rounded(v, 1e6)));
    if let Some(addr) = address(word(&value["resolvedAddress"])) {
        let name = parts::name(word(&value["resolvedHostname"]));
        let asn = value["asn"][0].as_u64().and_then(|n| u32::try_from(n).ok()).filter(|&n| n != 0).map(Asn);
        for rtt in trips() {
            match rtt {
                Some(_) => {
                    let mut reply = parts::reply(addr, name.clone(), rtt);
                    reply.asn = asn;
                    parts::answer(&mut hop, reply)?;
                }
                None => hop.silent = hop.silent.saturating_add(1),
            }
        }
        if hop.replies.is_empty() {
            hop.replies.push(parts::reply(addr, name, None));
        }
    } else {
        hop.silent = u16::try_from(timings.len()).unwrap_or(u16::MAX).max(1);
    }
    trace.hops.push(hop);
    Ok(())
}
