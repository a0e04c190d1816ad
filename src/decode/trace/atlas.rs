//! RIPE Atlas traceroute results, firmware 1 to 5: an array from the API, or a result a line.

use serde_json::Value;

use super::Read;
use super::json::{Place, number, ttl, unsigned, word};
use super::parts::{self, address};
use crate::model::evidence::LabelEntry;
use crate::model::traceroute::{TracedHop, Traceroute};

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    if value.get("prb_id").is_none() || !matches!(word(&value["type"]), "traceroute" | "") {
        return place.reject(out, "no traceroute of RIPE Atlas");
    }
    let mut trace = parts::empty("atlas");
    // The probe's own address may be private; "from" is what the controller saw, and is no place where a probe left.
    trace.src = address(word(&value["src_addr"]));
    match address(word(&value["dst_addr"])).or_else(|| address(word(&value["addr"]))) {
        Some(addr) => trace.dst = Some(addr),
        None => parts::aim(&mut trace, word(&value["dst_name"])),
    }
    if trace.dst_name.is_none() {
        trace.dst_name = parts::name(word(&value["dst_name"]));
    }
    trace.proto = parts::protocol(word(&value["proto"]), trace.dst);
    trace.started = value["timestamp"].as_i64().and_then(|s| parts::seconds(s, 0));
    match &value["result"] {
        // Firmware 1 sent the text of its traceroute.
        Value::String(text) => {
            let mut inner = Read::default();
            super::text::read(text.as_bytes(), &mut inner);
            for _ in 0..inner.rejected_total.min(1) {
                place.reject(out, "lines in a result that can't be read");
            }
            let Some(first) = inner.traceroutes.into_iter().next() else {
                return place.reject(out, "a result without a traceroute");
            };
            trace.dst = trace.dst.or(first.dst);
            trace.hops = first.hops;
        }
        Value::Array(hops) => {
            for hop in hops {
                add(hop, &mut trace, |why| place.reject(out, why));
            }
        }
        _ => return place.reject(out, "a result without hops"),
    }
    parts::close(&mut trace);
    out.traceroutes.push(trace);
}

fn add(hop: &Value, trace: &mut Traceroute, mut reject: impl FnMut(&'static str)) {
    let at = match ttl(&hop["hop"]) {
        Some(ttl) => parts::hop(trace, ttl),
        // "name resolution failed": nothing was sent.
        None if hop.get("error").is_some() => return,
        None => Err("a TTL outside 1 to 255"),
    };
    let at = match at {
        Ok(at) => at,
        Err(why) => return reject(why),
    };
    match hop["result"].as_array() {
        Some(replies) => {
            for reply in replies {
                if let Err(why) = one(reply, at) {
                    reject(why);
                }
            }
        }
        // "connect failed": no probe left, so none was silent.
        None if hop.get("error").is_some() => {}
        None => reject("a hop without replies"),
    }
}

fn one(reply: &Value, hop: &mut TracedHop) -> Result<(), &'static str> {
    let Some(addr) = address(word(&reply["from"])) else {
        // {"x":"*"}: a probe without an answer. An "error" means that none was sent, an empty object says nothing.
        if reply.get("x").is_some() {
            hop.silent = hop.silent.saturating_add(1);
        }
        return Ok(());
    };
    if reply.get("late").is_some() {
        // It answers a probe that many packets ago, so the TTL under which it stands is not its own.
        return Err("a late reply: it answers an earlier probe");
    }
    let mut answer = parts::reply(addr, None, number(&reply["rtt"]).and_then(|v| parts::rounded(v, 1e6)));
    answer.mpls = labels(reply);
    answer.flag = match &reply["err"] {
        Value::String(letter) => parts::flag(&format!("!{letter}")),
        Value::Number(code) => parts::flag(&format!("!<{code}>")),
        _ => None,
    };
    parts::answer(hop, answer)
}

/// Class 1, type 1 of RFC 4884: labels.
fn labels(reply: &Value) -> Vec<LabelEntry> {
    let mut out = Vec::new();
    for entry in reply["icmpext"]["obj"].as_array().into_iter().flatten().flat_map(|o| o["mpls"].as_array().into_iter().flatten())
    {
        let field = |key: &str| unsigned(&entry[key]).unwrap_or(0);
        parts::push_label(&mut out, field("label"), field("exp"), field("s") == 1, field("ttl"));
    }
    out
}
