//! A report and a law to plan with, for tests: documentation addresses, and strings of somebody who wishes the reader ill.

use serde_json::{Value, json};

use super::build::{Means, build};
use super::read;
use super::{Named, Plan, Senders};
use crate::model::channel::{AskedData, Channel, Purpose, Retention, RetentionKind, Usable};
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::place::Dataset;
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

fn of_input(id: &str, kind: &str, input: usize, time: Option<&str>, what: &str) -> Value {
    json!({"id": id, "kind": kind, "input": input, "at": {"record": 2, "offset": 76}, "time": time, "what": what})
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

/// A request through a proxy behind a device that rewrites, and a mail of the same origin: two inputs whose clocks differ by
/// 36.68 s, hops in between that only a traceroute back shows, and that traceroute as a finding of its own.
pub(in crate::report) fn incident() -> Value {
    let here = "territory";
    let back = "seen on the way back (sensor's own traceroute): the forward path may differ";
    let mut router = hop(2, Some("203.0.113.12"), "transit", "inferred", &[("NL", here, 0.95)], &["e7"]);
    router["remarks"] = json!([back]);
    json!({
        "schema": "rutter.report/1", "tool": {"name": "rutter", "version": "0.1.0"}, "question": {"on": "2026-03-17", "law_overlay": null},
        "datasets": [{"name": "city-v4", "date": "2026-09-01", "sha256": "ab"}, {"name": "rule-book", "date": "2026-11-25", "sha256": "ef".repeat(32)}],
        "inputs": [
            {"path": "inside.pcap", "sha256": "ab".repeat(32), "format": "pcap"},
            {"path": "back.txt", "sha256": "ab".repeat(32), "format": "traceroute"},
            {"path": "border.nf9", "sha256": "ab".repeat(32), "format": "netflow9"},
        ],
        "paths": [
            {"id": "p1", "finding": "proxied-request", "reason": "a request", "origin": {"addr": "192.0.2.1", "trust": "echoed", "withheld": null},
             "target": {"addr": "10.20.0.80"}, "first": "2026-03-17T14:31:50.000270Z", "last": "2026-03-17T14:31:50.000270Z",
             "remarks": ["hops in between: a traceroute from 198.51.100.30 back to the origin's address at unknown time"], "hops": [
                hop(1, Some("192.0.2.1"), "origin", "inferred", &[("SG", here, 0.97)], &["e1", "e6"]),
                router,
                hop(3, Some("198.51.100.12"), "translator", "inferred", &[("DE", here, 0.97)], &["e8", "e10"]),
                hop(4, Some("10.20.0.5"), "proxy", "observed", &[], &["e6"]),
                hop(5, Some("10.20.0.80"), "target", "observed", &[], &["e6"]),
             ]},
            {"id": "p2", "finding": "mail", "reason": "a mail", "origin": {"addr": "192.0.2.1", "trust": "echoed", "withheld": null},
             "target": {"addr": "198.51.100.25"}, "first": "2026-03-17T14:20:13Z", "last": "2026-03-17T14:20:13Z", "remarks": [], "hops": [
                hop(0, Some("192.0.2.1"), "origin", "observed", &[("SG", here, 0.97)], &["e1", "e9", "e26"]),
                hop(1, Some("198.51.100.25"), "target", "observed", &[("DE", here, 0.97)], &["e1"]),
             ]},
            {"id": "p3", "finding": "traceroute", "reason": "a traceroute", "origin": {"addr": "198.51.100.30", "trust": "echoed", "withheld": null},
             "target": {"addr": "192.0.2.1"}, "first": null, "last": null, "remarks": [], "hops": [
                hop(0, Some("198.51.100.30"), "origin", "observed", &[("DE", here, 0.97)], &["e7"]),
                hop(1, Some("203.0.113.12"), "transit", "observed", &[("NL", here, 0.97)], &["e7"]),
                hop(2, Some("192.0.2.1"), "target", "observed", &[("SG", here, 0.95)], &["e7"]),
             ]},
        ],
        "evidence": [
            of_input("e1", "flow", 0, Some("2026-03-17T14:20:11Z"), "tcp 192.0.2.1 -> 198.51.100.25 port 51515 -> 25: 17 + 15 packets, proved"),
            of_input("e6", "chain", 0, Some("2026-03-17T14:31:50.000270Z"), "x-forwarded-for from 10.20.0.5 to 10.20.0.80: 192.0.2.1"),
            of_input("e7", "trace", 1, None, "paris-traceroute from 198.51.100.30 to 192.0.2.1: 7 distances, its target answered"),
            of_input("e8", "flow", 2, Some("2026-03-17T14:32:26.470Z"), "tcp 192.0.2.1 -> 198.51.100.12 port 52000 -> 443: 11 + 0 packets, echoed"),
            of_input("e9", "flow", 2, Some("2026-03-17T14:20:47.680Z"), "tcp 192.0.2.1 -> 198.51.100.25 port 51515 -> 25: 17 + 0 packets, echoed"),
            of_input("e10", "translation", 2, Some("2026-03-17T14:32:26.470Z"), "translation: 192.0.2.1:52000 -> 198.51.100.12:443 (rewritten to 10.20.0.5:8443)"),
            of_input("e26", "join", 2, Some("2026-03-17T14:20:47.680Z"), "the same conversation in 2 inputs: tcp 192.0.2.1 and 198.51.100.25 ports 51515 and 25; clock offset +36.680 s (1 agree) (e1, e9)"),
        ],
        "warnings": [], "reproduce": "rutter trace incident/",
    })
}

fn channel(kind: &str, instrument: Option<&str>, article: &str, purposes: &[Purpose], usable: Usable) -> Channel {
    Channel {
        kind: kind.into(),
        purposes: purposes.to_vec(),
        instrument: instrument.map(Into::into),
        article: article.into(),
        limit: "".into(),
        body: "the contact point".into(),
        usable,
        caveats: vec!["dual criminality".into()],
        grade: Grade::Partly,
        as_of: "2026-11-22".into(),
        source: "https://www.example.org/status".into(),
    }
}

/// Orders to providers, from the day on which they can be sent.
fn orders(requesting: StateCode, on: Day) -> Vec<Channel> {
    let applies = ["EE", "FR"].contains(&requesting.as_str()) && Some(on) >= "2026-08-18".parse().ok();
    let order = |article, purpose, limit: &str| {
        let mut c = channel("e-Evidence order", Some("EEVID"), article, &[purpose], Usable::Yes);
        (c.limit, c.body) = (limit.into(), "the designated establishment or legal representative".into());
        c
    };
    let both = [order("11", Purpose::Preserve, "60 days"), order("10", Purpose::Disclose, "10 days; 8 hours in an emergency")];
    both.into_iter().filter(|_| applies).collect()
}

/// Fastest first: a suspended one stands in front, and must not be used. `QQ` is no state, nobody answers for `AQ`, `GF` is
/// a part of `FR`, to `BE` nothing is open, and between `EE` and `NL` there are orders. With `BR` a treaty governs what
/// article 31 asks for, with `KE` none does.
pub(in crate::report) fn channels(to: StateCode) -> Vec<Channel> {
    let ets = |kind, article, purposes: &[Purpose]| channel(kind, Some("ETS185"), article, purposes, Usable::Yes);
    let suspended = channel("suspended order", Some("EIO"), "32", &[Purpose::Preserve, Purpose::Disclose], Usable::Suspended);
    match to.as_str() {
        "BE" => vec![suspended],
        "GF" => Vec::new(),
        "AQ" => {
            let mut nobody = channel("letter rogatory", None, "comity", &[Purpose::Disclose], Usable::Unknown);
            nobody.body = "nobody that the tables know of".into();
            vec![nobody]
        }
        "NL" => vec![
            channel("EIO", Some("EIO"), "32", &[Purpose::Preserve], Usable::Yes),
            channel("EIO", Some("EIO"), "1, 9, 12", &[Purpose::Disclose, Purpose::Act], Usable::Yes),
        ],
        "IE" => vec![channel("e-Evidence order", Some("EEVID"), "11", &[Purpose::Preserve], Usable::Yes)],
        "BR" => {
            let mut cloud = channel("CLOUD Act agreement", Some("CLOUDACT"), "whole", &[Purpose::Disclose], Usable::Yes);
            cloud.usable = Usable::Suspended;
            let mut treaty =
                channel("regional MLA treaty", Some("ETS30"), "1-20", &[Purpose::Disclose, Purpose::Act], Usable::Yes);
            treaty.source = "https://www.example.org/treaty".into();
            vec![
                cloud,
                ets("preservation request", "29", &[Purpose::Preserve]),
                ets("disclosure of the path", "30", &[Purpose::Disclose]),
                ets("MLA", "31", &[Purpose::Disclose]),
                channel("bilateral MLAT", Some("GBMLAT"), "whole", &[Purpose::Disclose], Usable::Yes),
                channel("bilateral MLAT", Some("USMLAT"), "whole", &[Purpose::Disclose], Usable::Suspended),
                treaty,
                channel("letter rogatory", None, "comity", &[Purpose::Disclose], Usable::Yes),
            ]
        }
        "KE" => vec![
            ets("preservation request", "29", &[Purpose::Preserve]),
            ets("disclosure of the path", "30", &[Purpose::Disclose]),
            ets("MLA", "27, 31", &[Purpose::Disclose]),
            channel("bilateral MLAT", Some("GBMLAT"), "whole", &[Purpose::Disclose], Usable::Yes),
        ],
        _ => {
            let mut network = ets("24/7 network", "35", &[Purpose::Preserve, Purpose::Inform]);
            network.limit = "24 hours a day, 7 days a week".into();
            let mut keep = ets("preservation request", "29", &[Purpose::Preserve]);
            keep.limit = "preservation not less than 60 days".into();
            vec![
                suspended,
                channel("unsure network", None, "practice", &[Purpose::Preserve], Usable::Unknown),
                network,
                keep,
                ets("disclosure of the path", "30", &[Purpose::Disclose]),
                ets("MLA", "31", &[Purpose::Disclose]),
                channel("UNTOC", Some("UNTOC"), "18", &[Purpose::Disclose, Purpose::Act], Usable::Yes),
                channel("CERT-to-CERT", None, "practice", &[Purpose::Inform, Purpose::Act], Usable::Yes),
                channel("INTERPOL", None, "I-24/7", &[Purpose::Preserve, Purpose::Inform], Usable::Yes),
                channel("UN points of contact", None, "directory", &[Purpose::Inform], Usable::Unknown),
            ]
        }
    }
}

fn retention(state: StateCode, seen: Day, asked: AskedData) -> Retention {
    let covered = if asked == AskedData::Subscriber { asked.classes().to_vec() } else { Vec::new() };
    let months = match state.as_str() {
        _ if covered.is_empty() => None,
        "SG" => Some(12),
        "US" => Some(3),
        _ => None,
    };
    Retention {
        state,
        asked,
        kind: months.map(|_| RetentionKind::Duty),
        covered: if months.is_some() { covered } else { Vec::new() },
        months,
        at_most: None,
        rule: if months.is_some() { "providers keep traffic data".into() } else { "".into() },
        lost_from: months.map(|m| Day(seen.0 + 30 * i32::from(m))),
        grade: Grade::Partly,
        source: "https://www.example.org/law".into(),
    }
}

fn place(code: StateCode) -> Option<Named> {
    match code.as_str() {
        "QQ" => None,
        "UK" => StateCode::new("GB").map(|state| Named { state, name: "United Kingdom".into() }),
        "SG" => Some(Named { state: code, name: "Singapore".into() }),
        other => Some(Named { state: code, name: other.into() }),
    }
}

pub(in crate::report) fn plan_of(report: &Value, requesting: &str) -> Plan {
    plan_on(report, requesting, "2026-04-01", None)
}

pub(in crate::report) fn plan_on(report: &Value, requesting: &str, on: &str, law_overlay: Option<&str>) -> Plan {
    let report = read::report(report.to_string().as_bytes()).unwrap();
    build(
        &report,
        &Means {
            requesting: code(requesting),
            on: on.parse().unwrap(),
            on_given: Some(on.parse().unwrap()) != report.on,
            sha256: "cd".repeat(32),
            channels: &channels,
            orders: orders(code(requesting), on.parse().unwrap()),
            retention: &retention,
            place: &place,
            title: &|id| match id {
                "ETS185" => Some("Convention on Cybercrime".to_owned()),
                "ETS30" => Some("European Convention on Mutual Assistance".to_owned()),
                _ => None,
            },
            senders: Some(Senders {
                central: Some("Ministry of Justice of the asker".into()),
                on_call: Some("Police of the asker".into()),
                cert: None,
                grade: Grade::Partly,
                source: "https://www.example.org/bodies".into(),
            }),
            rule_book: Dataset {
                name: "rule-book".into(),
                date: "2026-11-25".into(),
                sha256: "ef".repeat(32),
                licence: String::new(),
                attribution: String::new(),
            },
            law_overlay: law_overlay.map(ToOwned::to_owned),
            by_way_of: None,
        },
    )
}
