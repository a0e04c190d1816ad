//! A report and a law to plan with, for tests: documentation addresses, and strings of somebody who wishes the reader ill.

use serde_json::{Value, json};

use super::Plan;
use super::build::{Means, build};
use super::read;
use crate::model::channel::{Channel, Purpose, Retention, Usable};
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// What an attacker writes where he can.
pub(in crate::report) const EVIL: &str =
    "\u{1b}]0;x\u{7}<script>&amp;|`a`*b*[l](http://evil.example)\u{202e}\r\n# H [[YOUR REFERENCE]] \u{fffe}";

pub(in crate::report) fn code(s: &str) -> StateCode {
    StateCode::new(s).unwrap()
}

fn touch(state: &str, basis: &str, p: f64) -> Value {
    let norm = json!({"norm": "13(c)", "title": "t", "state": "not engaged: no notice recorded", "reading": "knowledge is the trigger",
        "source": "A/70/174 para 13(c)", "grade": "partly"});
    json!({"state": state, "basis": basis, "p": p, "regimes": [], "norms": if basis == "territory" { vec![norm] } else { vec![] }})
}

pub(in crate::report) fn hop(
    rank: u16,
    addr: Option<&str>,
    role: &str,
    kind: &str,
    touches: &[(&str, &str, f64)],
    because: &[&str],
) -> Value {
    json!({"rank": rank, "ttl": null, "addr": addr, "names": [], "role": role, "kind": kind, "why_unplaced": null, "asn": 64500,
        "as_name": EVIL, "touches": touches.iter().map(|(s, b, p)| touch(s, b, *p)).collect::<Vec<_>>(), "because": because})
}

fn evidence(id: &str, time: Option<&str>, what: &str) -> Value {
    json!({"id": id, "kind": "flow", "input": 0, "at": {"frame": 7, "offset": 1234}, "time": time, "what": what})
}

/// Two findings: a log-in series through a proxy, and a flood whose origin is withheld.
pub(in crate::report) fn report() -> Value {
    let (seat, reg, here) = ("operator-seat", "registration", "territory");
    json!({
        "schema": "rutter.report/1", "tool": {"name": "rutter", "version": "0.1.0"}, "question": {"on": "2026-03-17"},
        "inputs": [{"path": "/home/somebody/secret case/in.pcap", "sha256": "ab".repeat(32), "format": "pcap"}],
        "paths": [
            {"id": "p1", "finding": "brute-force", "reason": "120 short sessions", "origin": {"addr": "192.0.2.1", "trust": "proved", "withheld": null},
             "target": {"addr": "198.51.100.8"},
             "first": "2026-03-17T02:00:00Z", "last": "2026-03-17T03:00:00Z", "hops": [
                hop(0, Some("203.0.113.200"), "proxy", "asserted", &[], &["e1"]),
                hop(1, Some("192.0.2.1"), "origin", "observed", &[("SG", here, 0.97), ("US", seat, 0.99), ("US", reg, 0.99)], &["e1", "e2"]),
                hop(2, Some("192.0.2.9"), "transit", "inferred", &[("NL", here, 0.6), ("BE", here, 0.3), ("LU", here, 0.01)], &["e2"]),
                hop(3, None, "transit", "gap", &[], &[]),
                hop(4, Some("198.51.100.7"), "proxy", "observed", &[("DE", here, 0.97), ("EU", reg, 0.99)], &["e3"]),
                hop(5, Some("198.51.100.8"), "target", "observed", &[("DE", here, 0.97), ("US", seat, 0.99), ("DE", "victim", 0.97)], &["e3"]),
             ]},
            {"id": "p2", "finding": "syn-flood", "reason": EVIL, "origin": {"addr": null, "trust": "impossible", "withheld": EVIL}, "target": {"addr": null},
             "first": null, "last": null, "hops": [hop(0, None, "origin", "inferred", &[], &["e4"])]},
            {"id": "p3", "finding": "flood", "reason": EVIL, "origin": {"addr": "192.0.2.66", "trust": "plausible", "withheld": null}, "target": {"addr": null},
             "first": null, "last": null, "hops": [hop(0, Some("192.0.2.66"), "origin", "observed", &[("FR", here, 0.9)], &["e4"])]},
        ],
        "evidence": [
            evidence("e1", Some("2026-03-17T02:03:45.177207Z"), "tcp 192.0.2.1 -> 198.51.100.7 port 40001 -> 22: 9 + 8 packets, proved"),
            evidence("e2", Some("2026-03-17T02:04:00Z"), "tcp 192.0.2.1 -> 198.51.100.7 port 40002 -> 22: 9 + 8 packets, proved"),
            evidence("e3", None, EVIL),
            evidence("e4", None, "udp 192.0.2.66 -> 198.51.100.8 port 1 -> 53: x"),
        ],
        "warnings": [EVIL], "reproduce": "rutter trace in.pcap",
    })
}

fn channel(kind: &str, purposes: &[Purpose], usable: Usable) -> Channel {
    Channel {
        kind: kind.into(),
        purposes: purposes.to_vec(),
        instrument: Some("ETS185".into()),
        article: "29".into(),
        limit: "60 days".into(),
        body: "the contact point".into(),
        usable,
        caveats: vec!["dual criminality".into()],
        grade: Grade::Partly,
        as_of: "2026-11-22".into(),
        source: "https://www.example.org/status".into(),
    }
}

/// Fastest first: a suspended one stands in front, and must not be used.
pub(in crate::report) fn channels(to: StateCode) -> Vec<Channel> {
    if to == code("BE") {
        return Vec::new();
    }
    vec![
        channel("suspended order", &[Purpose::Preserve, Purpose::Disclose], Usable::Suspended),
        channel("unsure network", &[Purpose::Preserve], Usable::Unknown),
        channel("24/7 network", &[Purpose::Preserve, Purpose::Inform], Usable::Yes),
        channel("treaty request", &[Purpose::Disclose], Usable::Yes),
    ]
}

fn retention(state: StateCode, seen: Day) -> Retention {
    let months = match state.as_str() {
        "SG" => Some(12),
        "US" => Some(3),
        _ => None,
    };
    Retention {
        state,
        months,
        rule: if months.is_some() { "providers keep traffic data".into() } else { "".into() },
        lost_from: months.map(|m| Day(seen.0 + 30 * i32::from(m))),
        grade: Grade::Partly,
        source: "https://www.example.org/law".into(),
    }
}

pub(in crate::report) fn plan_of(report: &Value, requesting: &str) -> Plan {
    let report = read::report(report.to_string().as_bytes()).unwrap();
    build(
        &report,
        &Means {
            requesting: code(requesting),
            on: "2026-04-01".parse().unwrap(),
            sha256: "cd".repeat(32),
            channels: &channels,
            retention: &retention,
            name: &|state| (state == code("SG")).then(|| "Singapore".to_owned()),
        },
    )
}
