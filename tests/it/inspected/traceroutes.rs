//! Traceroutes that tools wrote down, hop by hop.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use serde_json::Value;

use super::{Sheet, addr, array, one_hop, read, text, texts};

/// Traceroutes as tools wrote them.
pub(super) fn traceroutes(sheet: &mut Sheet, got: &Value, want: &Value, corpus: &Path) {
    let ours = array(&got["traceroutes"]);
    if let Some(hops) = want["rich_traceroute_expected"]["hops"].as_object() {
        sheet.value("traceroutes", Some(ours.len()), 1);
        return sums(sheet, got, hops);
    }
    if let Some(results) = want.get("ripe_atlas_sagan") {
        sheet.value("traceroutes", Some(ours.len()), &results["results"]);
        // Results of which their reader failed at the labels are left out.
        let theirs = array(&results["list"]).iter().filter(|r| r.get("error").is_none());
        return matched(sheet, ours, theirs, atlas);
    }
    if sheet.file == "perfsonar__trace-result.json" {
        for (ours, path) in ours.iter().zip(array(&want["paths"])) {
            for hop in array(path) {
                let seconds = hop["rtt"].as_str().and_then(|t| t.strip_prefix("PT")?.strip_suffix('S')?.parse::<f64>().ok());
                let there = array(&ours["hops"]).iter().find(|h| h["ttl"] == hop["ttl"]);
                let addrs = hop["ip"].as_str().map(str::to_owned).into_iter().collect();
                one_hop(sheet, there, addrs, seconds.map(|s| s * 1e3).into_iter().collect());
            }
        }
        return;
    }
    if want.get("links").is_some() {
        sheet.value("traceroutes", Some(ours.len()), 1);
        let (nothing, mut paths) = (Value::Null, Vec::new());
        for key in ["src", "dst"] {
            sheet.value(key, ours.first().map(|t| text(&t[key])), addr(&text(&want[key])));
        }
        for link in array(&want["links"]) {
            for ttl in array(&link["ttls"]) {
                paths.push((ttl, text(&link["to"]), link["min_rtt"].as_f64()));
            }
        }
        let hops = array(&ours.first().unwrap_or(&nothing)["hops"]);
        for (ttl, to, trip) in paths {
            let hop = hops.iter().find(|h| h["ttl"] == *ttl).unwrap_or(&nothing);
            let there = texts(&hop["addrs"]);
            sheet.value("link to", there.get(&addr(&to)), addr(&to));
            let trips: Vec<f64> = array(&hop["rtts_ms"]).iter().filter_map(Value::as_f64).collect();
            if let Some(trip) = trip {
                let near = trips.iter().find(|t| (*t - trip).abs() < 0.001_1).map(|_| trip);
                sheet.value("link round trip", near, trip);
            }
        }
        return;
    }
    // The long text of a trace has no expectation of its own: its binary form has.
    let binary = corpus.join("expected/tr-warts").join(sheet.file.replace(".txt", ".warts.json"));
    let other = if want["paths"].is_null() && want["hops"].is_null() { read(&binary) } else { want.clone() };
    let paths = if other["hops"].is_array() { vec![other.clone()] } else { array(&other["paths"]).to_vec() };
    let paths: Vec<&Value> = paths.iter().filter(|p| p["type"] != "ping").collect();
    let counted = other["sc_warts2json"]["types"].get("trace").and_then(Value::as_u64).unwrap_or(paths.len() as u64);
    sheet.value("traceroutes", Some(ours.len() as u64), counted);
    matched(sheet, ours, paths.into_iter(), warts);
}

/// Traceroutes of one input stand in no promised order: each of theirs is compared with the one of ours that agrees best.
fn matched<'a>(
    sheet: &mut Sheet,
    ours: &[Value],
    theirs: impl Iterator<Item = &'a Value>,
    compare: fn(&mut Sheet, &Value, &Value),
) {
    let mut left: Vec<&Value> = ours.iter().collect();
    for theirs in theirs {
        let agree = |ours: &Value| {
            let mut trial = Sheet::default();
            compare(&mut trial, ours, theirs);
            std::cmp::Reverse(trial.differ.len())
        };
        match (0..left.len()).rev().max_by_key(|&n| agree(left[n])) {
            Some(best) => compare(sheet, left.remove(best), theirs),
            None => sheet.value("traceroute", None::<u8>, "one more"),
        }
    }
}

fn warts(sheet: &mut Sheet, ours: &Value, path: &Value) {
    for key in ["src", "dst"] {
        sheet.value(key, Some(text(&ours[key])), addr(&text(&path[key])));
    }
    let mut hops: BTreeMap<u64, (BTreeSet<String>, Vec<f64>)> = BTreeMap::new();
    for hop in array(&path["hops"]) {
        let entry = hops.entry(hop["ttl"].as_u64().unwrap()).or_default();
        entry.0.insert(text(&hop["addr"]));
        entry.1.extend(hop["rtt"].as_f64());
    }
    for (ttl, (addrs, trips)) in hops {
        one_hop(sheet, array(&ours["hops"]).iter().find(|h| h["ttl"] == ttl), addrs, trips);
    }
}

/// Hosts of every TTL, with the sums of their round trips. `inspect` has no hosts without addresses, and mtr's own sums only
/// as the least round trip; of several hosts at one TTL only the addresses can be told apart.
fn sums(sheet: &mut Sheet, got: &Value, want: &serde_json::Map<String, Value>) {
    let mtr = got["format"].as_str().is_some_and(|f| f.starts_with("mtr"));
    for (ttl, hosts) in want {
        let at: u64 = ttl.parse().unwrap();
        let ours = array(&got["traceroutes"][0]["hops"]).iter().find(|h| h["ttl"] == at);
        sheet.value("hop", ours.map(|h| h["ttl"].to_string()), ttl);
        let Some(ours) = ours else { continue };
        let hosts = array(hosts);
        let addrs: BTreeSet<String> =
            hosts.iter().map(|h| text(&h["host"])).filter(|a| a.parse::<IpAddr>().is_ok()).map(|a| addr(&a)).collect();
        sheet.set(&format!("hop {ttl} address"), texts(&ours["addrs"]), addrs.clone());
        let trips: Vec<f64> = array(&ours["rtts_ms"]).iter().filter_map(Value::as_f64).collect();
        let [host] = hosts else { continue };
        if addrs.is_empty() || trips.is_empty() {
            continue;
        }
        let average = (trips.iter().sum::<f64>() / trips.len() as f64 * 1e3).round() / 1e3;
        let least = trips.iter().copied().fold(f64::INFINITY, f64::min);
        let most = trips.iter().copied().fold(0.0, f64::max);
        let all = [("min_rtt", least), ("avg_rtt", average), ("max_rtt", most)];
        for (key, ours) in all.into_iter().take(if mtr { 1 } else { 3 }) {
            sheet.trips(&format!("hop {ttl} {key}"), vec![ours], host[key].as_f64().into_iter().collect());
        }
    }
}

/// RIPE's own reader: addresses and round trips, hop by hop.
fn atlas(sheet: &mut Sheet, ours: &Value, theirs: &Value) {
    for key in ["src", "dst"] {
        if let Some(theirs) = theirs[key].as_str() {
            sheet.value(key, Some(text(&ours[key])), addr(theirs));
        }
    }
    for (n, (addrs, trips)) in array(&theirs["ip_path"]).iter().zip(array(&theirs["rtts"])).enumerate() {
        let addrs = array(addrs).iter().filter_map(|a| a.as_str().map(str::to_owned)).collect();
        one_hop(sheet, ours["hops"].get(n), addrs, array(trips).iter().filter_map(Value::as_f64).collect());
    }
}
