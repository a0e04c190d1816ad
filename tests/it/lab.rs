//! Traceroutes captured in a network-namespace lab with 3-way ECMP: what Rutter reads out of the packets against what
//! each tool printed. The topology is known, so every link can be judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::support::{json, repo};

type Hops = BTreeMap<u64, BTreeSet<String>>;

/// TTL and addresses as traceroute, mtr and scamper print them.
fn printed(text: &str) -> Hops {
    let mut hops = Hops::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(ttl) = words.next().and_then(|w| w.trim_end_matches(".|--").parse().ok()) else { continue };
        let addrs = words.filter(|w| w.parse::<std::net::IpAddr>().is_ok()).map(str::to_owned);
        hops.entry(ttl).or_default().extend(addrs);
    }
    hops.retain(|_, addrs| !addrs.is_empty());
    hops
}

fn read(trace: &Value) -> Hops {
    let mut hops = Hops::new();
    for hop in trace["hops"].as_array().unwrap() {
        let addrs = hop["addrs"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned());
        hops.entry(hop["ttl"].as_u64().unwrap()).or_default().extend(addrs);
    }
    hops.retain(|_, addrs| !addrs.is_empty());
    hops
}

fn captures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(repo("fixtures/lab"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter_map(|n| n.strip_suffix(".pcap").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names.len(), 11, "{names:?}");
    names
}

/// The third number of a lab address: the network it lies in (net.sh numbers links from 1).
fn link(addr: &str) -> u32 {
    let third = if addr.contains(':') { addr.split(':').nth(1) } else { addr.split('.').nth(2) };
    third.unwrap().parse().unwrap()
}

/// Which router answers from an address of link n: src(0) r1 r2a r2b r2c r3 r4 r5 dst.
fn router(addr: &str) -> &'static str {
    match (link(addr), addr.ends_with(".1") || addr.ends_with("::1")) {
        (1, true) => "src",
        (1, false) | (2..=4, true) => "r1",
        (2, false) | (5, true) => "r2a",
        (3, false) | (6, true) => "r2b",
        (4, false) | (7, true) => "r2c",
        (5..=7, false) | (8, true) => "r3",
        (8, false) | (9, true) => "r4",
        (9, false) | (10, true) => "r5",
        (10, false) => "dst",
        other => panic!("{addr} is not of the lab: {other:?}"),
    }
}

const LINKS: [(&str, &str); 10] = [
    ("src", "r1"),
    ("r1", "r2a"),
    ("r1", "r2b"),
    ("r1", "r2c"),
    ("r2a", "r3"),
    ("r2b", "r3"),
    ("r2c", "r3"),
    ("r3", "r4"),
    ("r4", "r5"),
    ("r5", "dst"),
];

#[test]
fn every_printed_hop_is_found_at_its_ttl() {
    for name in captures() {
        let capture = format!("fixtures/lab/{name}.pcap");
        let inspection = json(&["inspect", &capture]);
        let traces = inspection["traceroutes"].as_array().unwrap();
        assert_eq!(traces.len(), 1, "{name}: one traceroute");
        assert_eq!(traces[0]["complete"], true, "{name}: the destination answered");
        let (found, said) = (read(&traces[0]), printed(&fs::read_to_string(repo(&format!("fixtures/lab/{name}.txt"))).unwrap()));
        assert!(!said.is_empty(), "{name}: nothing printed");
        for (ttl, addrs) in &said {
            let ours = found.get(ttl).cloned().unwrap_or_default();
            assert!(addrs.is_subset(&ours), "{name}, TTL {ttl}: printed {addrs:?}, found {ours:?}");
        }
        // What the tool did not print must still be real: the router at that distance, by the topology.
        for (ttl, addrs) in &found {
            for addr in addrs {
                let distance = match router(addr) {
                    "r1" => 1,
                    "r2a" | "r2b" | "r2c" => 2,
                    "r3" => 3,
                    "r4" => 4,
                    "r5" => 5,
                    "dst" => 6,
                    _ => 0,
                };
                assert_eq!(*ttl, distance, "{name}: {addr} at TTL {ttl}");
            }
        }
        // Nothing that the capture holds is missing: every sender of a time exceeded is a hop.
        let all: BTreeSet<&String> = found.values().flatten().collect();
        for error in inspection["icmp_errors"].as_array().unwrap() {
            let from = error["from"].as_str().unwrap().to_owned();
            assert!(all.contains(&from), "{name}: {from} answered and is no hop");
        }
    }
}

#[test]
fn no_link_is_observed_that_no_packet_took() {
    let mut observed = 0;
    for name in captures() {
        let report = json(&["trace", "--filter", "finding:traceroute", &format!("fixtures/lab/{name}.pcap")]);
        let path = &report["paths"][0];
        assert_eq!(path["finding"], "traceroute", "{name}");
        let hops = path["hops"].as_array().unwrap();
        let addr = |n: &Value| hops[n.as_u64().unwrap() as usize]["addr"].as_str().map(str::to_owned);
        for segment in path["segments"].as_array().unwrap() {
            if segment["kind"] != "observed" {
                continue;
            }
            observed += 1;
            let (from, to) = (addr(&segment["from"]).unwrap(), addr(&segment["to"]).unwrap());
            assert!(LINKS.contains(&(router(&from), router(&to))), "{name}: {from} -> {to} is no link of the lab");
        }
    }
    assert!(observed > 20, "only {observed} links observed in all: the test looks at nothing");
}

/// Classic traceroute changes the flow with every probe: behind a load balancer none of its links is proved.
#[test]
fn classic_traceroute_proves_no_link_behind_a_balancer() {
    for name in ["tr4-udp", "tr6-udp"] {
        let report = json(&["trace", "--filter", "finding:traceroute", &format!("fixtures/lab/{name}.pcap")]);
        let path = &report["paths"][0];
        let hops = path["hops"].as_array().unwrap();
        for segment in path["segments"].as_array().unwrap() {
            let from = &hops[segment["from"].as_u64().unwrap() as usize];
            if from["ttl"].as_u64().is_some_and(|ttl| ttl >= 1) {
                assert_ne!(segment["kind"], "observed", "{name}: {segment}");
            }
        }
    }
}
