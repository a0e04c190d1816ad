//! Trippy's JSON report. Its sums are of a TTL: they belong to a host only where one host answered.

use serde_json::Value;

use super::Read;
use super::json::{Place, number, ttl, unsigned, word};
use super::parts::{self, address};
use crate::model::traceroute::Traceroute;

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    let (info, Some(hops)) = (&value["info"], value["hops"].as_array()) else {
        return place.reject(out, "no report of Trippy");
    };
    let mut trace = parts::empty("trippy");
    parts::aim(&mut trace, word(&info["target"]["ip"]));
    trace.dst_name = parts::name(word(&info["target"]["hostname"]));
    trace.started = parts::moment(word(&info["start_timestamp"]));
    for hop in hops {
        if let Err(why) = add(hop, &mut trace) {
            place.reject(out, why);
        }
    }
    parts::close(&mut trace);
    out.traceroutes.push(trace);
}

fn add(value: &Value, trace: &mut Traceroute) -> Result<(), &'static str> {
    let hop = parts::hop(trace, ttl(&value["ttl"]).ok_or("a TTL outside 1 to 255")?)?;
    let count = |key: &str| unsigned(&value[key]).unwrap_or(0);
    hop.silent = u16::try_from(count("sent").saturating_sub(count("recv"))).unwrap_or(u16::MAX);
    let hosts = value["hosts"].as_array().map_or(&[][..], Vec::as_slice);
    let alone = hosts.len() == 1 && count("recv") > 0;
    for host in hosts {
        let addr = address(word(&host["ip"])).ok_or("a host without an address")?;
        let best = number(&value["best"]).filter(|_| alone).and_then(|v| parts::rounded(v, 1e6));
        parts::answer(hop, parts::reply(addr, parts::name(word(&host["hostname"])), best))?;
    }
    Ok(())
}
