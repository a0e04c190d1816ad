//! scamper's JSON (`sc_warts2json`, `-O json`), the lines of M-Lab's traceroute caller, and the one object in which its
//! newer version wraps them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

use super::Read;
use super::json::{Place, number, ttl, unsigned, word};
use super::parts::{self, address};
use crate::model::evidence::LabelEntry;
use crate::model::traceroute::Traceroute;

/// The letter of traceroute for an unreachable destination that is more than the port; `None` for time exceeded, port
/// unreachable and echo reply.
pub(super) fn remark(addr: IpAddr, kind: u8, code: u8) -> Option<Arc<str>> {
    let letter = match (addr.is_ipv4(), kind, code) {
        (true, 3, 0) | (false, 1, 0) => "!N",
        (true, 3, 1) | (false, 1, 3) => "!H",
        (true, 3, 2) => "!P",
        (true, 3, 4) | (false, 2, _) => "!F",
        (true, 3, 5) => "!S",
        (true, 3, 9 | 10 | 13) | (false, 1, 1) => "!X",
        (true, 3, 3) | (false, 1, 4) => return None,
        (true, 3, code) | (false, 1, code) => return parts::flag(&format!("!<{code}>")),
        _ => return None,
    };
    parts::flag(letter)
}

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    let known = |v: &Value, out: &mut Read| {
        let read = match word(&v["type"]) {
            "trace" => trace(v, place, out),
            "tracelb" => multipath(v, place, out),
            _ => return place.reject(out, "an object of scamper that is no traceroute"),
        };
        out.traceroutes.push(read);
    };
    match word(&value["type"]) {
        "trace" | "tracelb" => known(value, out),
        "cycle-start" | "cycle-stop" | "cycle-def" | "list" => {}
        "" if value.get("Trace").is_some() => known(&value["Trace"], out),
        "" if value.get("Tracelb").is_some() => known(&value["Tracelb"], out),
        // The line that M-Lab writes first.
        "" if value.get("TracerouteCallerVersion").is_some() => {}
        "" => place.reject(out, "no object of scamper"),
        _ => place.reject(out, "an object of scamper that is no traceroute"),
    }
}

fn head(v: &Value) -> Traceroute {
    let mut trace = parts::empty("scamper");
    trace.src = address(word(&v["src"]));
    trace.dst = address(word(&v["dst"]));
    trace.proto = parts::protocol(word(&v["method"]), trace.dst);
    trace.started = v["start"]["sec"].as_i64().and_then(|s| parts::seconds(s, v["start"]["usec"].as_i64().unwrap_or(0)));
    trace
}

fn icmp(v: &Value) -> Option<(u8, u8)> {
    let byte = |key: &str| unsigned(&v[key]).and_then(|n| u8::try_from(n).ok());
    Some((byte("icmp_type")?, byte("icmp_code")?))
}

fn mpls(v: &Value) -> Vec<LabelEntry> {
    let mut labels = Vec::new();
    for entry in v["icmpext"].as_array().into_iter().flatten().flat_map(|e| e["mpls_labels"].as_array().into_iter().flatten()) {
        let field = |key: &str| unsigned(&entry[key]).unwrap_or(0);
        parts::push_label(&mut labels, field("mpls_label"), field("mpls_exp"), field("mpls_s") == 1, field("mpls_ttl"));
    }
    labels
}

fn trace(v: &Value, place: Place, out: &mut Read) -> Traceroute {
    let mut trace = head(v);
    for reply in v["hops"].as_array().into_iter().flatten() {
        let (Some(ttl), Some(addr)) = (ttl(&reply["probe_ttl"]), address(word(&reply["addr"]))) else {
            place.reject(out, "a reply without a TTL or an address");
            continue;
        };
        let rtt = number(&reply["rtt"]).and_then(|v| parts::rounded(v, 1e6));
        let mut answer = parts::reply(addr, parts::name(word(&reply["name"])), rtt);
        answer.mpls = mpls(reply);
        answer.flag = icmp(reply).and_then(|(kind, code)| remark(addr, kind, code));
        if let Err(why) = parts::hop(&mut trace, ttl).and_then(|hop| parts::answer(hop, answer)) {
            place.reject(out, why);
        }
    }
    trace.hops.sort_by_key(|h| h.ttl);
    trace.complete = word(&v["stop_reason"]) == "COMPLETED";
    parts::close(&mut trace);
    trace
}

/// A multipath trace (MDA): links between nodes, and the probes that showed them. A hop here is what answered at a TTL;
/// which of its addresses follow which is not kept.
fn multipath(v: &Value, place: Place, out: &mut Read) -> Traceroute {
    let mut trace = head(v);
    // TTL of the probes that a node's links answered, to place nodes that are no end of a link.
    let mut before: BTreeMap<IpAddr, u8> = BTreeMap::new();
    let mut nodes = Vec::new();
    for node in v["nodes"].as_array().into_iter().flatten() {
        let from = address(word(&node["addr"]));
        nodes.push((from, parts::name(word(&node["name"]))));
        for link in node["links"].as_array().into_iter().flatten().flat_map(|l| l.as_array().into_iter().flatten()) {
            let to = word(&link["addr"]);
            let name = parts::name(word(&link["name"]));
            for probe in link["probes"].as_array().into_iter().flatten() {
                let Some(ttl) = ttl(&probe["ttl"]) else {
                    place.reject(out, "a probe without a TTL");
                    continue;
                };
                if let (Some(from), Some(one_less)) = (from, ttl.checked_sub(1)) {
                    let least = before.entry(from).or_insert(one_less);
                    *least = one_less.min(*least);
                }
                let Some(addr) = address(to) else { continue };
                for reply in probe["replies"].as_array().into_iter().flatten() {
                    let rtt = number(&reply["rtt"]).and_then(|v| parts::rounded(v, 1e6));
                    let mut answer = parts::reply(addr, name.clone(), rtt);
                    answer.mpls = mpls(reply);
                    answer.flag = icmp(reply).and_then(|(kind, code)| remark(addr, kind, code));
                    if let Err(why) = parts::hop(&mut trace, ttl).and_then(|hop| parts::answer(hop, answer)) {
                        place.reject(out, why);
                    }
                }
            }
        }
    }
    let placed = |trace: &Traceroute, addr| trace.hops.iter().any(|h| h.replies.iter().any(|r| r.addr == addr));
    for (addr, name) in nodes {
        let Some(addr) = addr else { continue };
        if placed(&trace, addr) {
            continue;
        }
        match before.get(&addr).copied().filter(|&ttl| ttl > 0) {
            Some(ttl) => {
                let added = parts::hop(&mut trace, ttl).and_then(|hop| parts::answer(hop, parts::reply(addr, name, None)));
                if let Err(why) = added {
                    place.reject(out, why);
                }
            }
            None => place.reject(out, "a node of which no TTL is known"),
        }
    }
    trace.hops.sort_by_key(|h| h.ttl);
    parts::close(&mut trace);
    trace
}
