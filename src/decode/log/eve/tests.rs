//! Events of each type, the project's own fixture, the corpus.

#![expect(clippy::print_stdout, reason = "tests")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::super::record::{Lines, RecordFormat, Step};
use super::super::{Format, recognise};
use super::*;
use crate::model::evidence::{Chain, ChainKind, NameHow, TunnelKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Alert, Contact, Mail, Outcome, Saying};

fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2026)
}

/// What each piece says, records, why some were rejected.
fn each(bytes: &[u8]) -> (Vec<Vec<Said>>, u64, Vec<&'static str>) {
    let mut format = Lines(Eve::new(clock()));
    let (mut said, mut records, mut rejected) = (Vec::new(), 0, Vec::new());
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut out = Vec::new();
        let Step::Piece { bytes, read } = format.step(rest, true, &mut out) else { panic!("more at the end") };
        rest = &rest[bytes..];
        match read {
            Ok(piece) => {
                records += piece.records;
                rejected.extend(piece.why.map(|r| r.0));
                said.push(out);
            }
            Err(Reject(why)) => {
                assert!(out.is_empty(), "a rejected line has said something");
                rejected.push(why);
            }
        }
    }
    (said, records, rejected)
}

fn all(bytes: &[u8]) -> (Vec<Said>, u64, Vec<&'static str>) {
    let (said, records, rejected) = each(bytes);
    (said.into_iter().flatten().collect(), records, rejected)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn contacts(said: &[Said]) -> Vec<&Contact> {
    said.iter().filter_map(|s| if let Saying::Contact(c) = &s.fact { Some(c) } else { None }).collect()
}

fn alerts(said: &[Said]) -> Vec<&Alert> {
    said.iter().filter_map(|s| if let Saying::Alert(a) = &s.fact { Some(&**a) } else { None }).collect()
}

fn chains(said: &[Said]) -> Vec<&Chain> {
    said.iter().filter_map(|s| if let Saying::Chain(c) = &s.fact { Some(&**c) } else { None }).collect()
}

fn mails(said: &[Said]) -> Vec<&Mail> {
    said.iter().filter_map(|s| if let Saying::Mail(m) = &s.fact { Some(&**m) } else { None }).collect()
}

fn names(said: &[Said]) -> Vec<(String, String, NameHow, Option<u32>)> {
    said.iter()
        .filter_map(|s| if let Saying::Name(n) = &s.fact { Some(n) } else { None })
        .map(|n| (n.addr.to_string(), n.name.to_string(), n.how, n.ttl_s))
        .collect()
}

fn fixture() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records/eve.json")).unwrap()
}

/// An event between two hosts.
fn event(kind: &str, rest: &str) -> Vec<Said> {
    let line = format!(
        r#"{{"timestamp":"2026-03-10T09:00:00.250000+0100","event_type":"{kind}","src_ip":"198.51.100.23","src_port":50122,"dest_ip":"192.0.2.10","dest_port":443,"proto":"TCP",{rest}}}"#
    );
    let (said, records, rejected) = all(line.as_bytes());
    assert_eq!((records, rejected.as_slice()), (1, &[][..]), "{line}");
    said
}

#[test]
fn the_fixture() {
    let bytes = fixture();
    assert_eq!(recognise(&bytes), Some(Format::Eve));
    let (said, records, rejected) = all(&bytes);
    assert_eq!((records, rejected), (13, vec!["cut-off JSON"]));
    let met = contacts(&said);
    use Outcome::*;
    let outcomes: Vec<_> = met.iter().map(|c| c.outcome).collect();
    assert_eq!(
        outcomes,
        [Exchanged, Refused, Exchanged, Refused, Unknown, Unknown, Exchanged, Exchanged, Exchanged, Exchanged, Unknown]
    );
    assert_eq!(said[0].time.unwrap().to_string(), "2026-03-10T08:00:00Z");
    assert_eq!(met[0].ended.unwrap().to_string(), "2026-03-10T08:00:05.500Z");
    assert_eq!((met[0].forward.packets, met[0].backward.bytes), (12, 8940));
    // The alert about an answer: the client stays the one who opened the connection.
    let fired = alerts(&said);
    assert_eq!((fired[1].src.unwrap().addr, fired[1].blocked, fired[0].blocked), (ip("192.0.2.10"), true, false));
    assert_eq!((met[3].src, met[3].sport, met[3].dst, met[3].dport), (ip("198.51.100.23"), 50122, ip("192.0.2.10"), 443));
    assert_eq!(
        (&*fired[0].signature, fired[0].id.as_deref(), fired[0].severity),
        ("LOCAL scan of \"admin\" \\x1b[31m", Some("1000001"), Some(2))
    );
    // An answer that was logged with its sender first.
    assert_eq!((met[5].src, met[5].dport), (ip("192.0.2.15"), 53));
    let name = |addr: &str, name: &str, how, ttl| (addr.to_owned(), name.to_owned(), how, Some(ttl));
    assert_eq!(
        names(&said),
        [
            name("203.0.113.80", "www.example.org", NameHow::Forward, 60),
            name("203.0.113.80", "edge-1.example.net", NameHow::Ptr, 86400)
        ]
    );
    let forwarded: Vec<_> = chains(&said).iter().map(|c| (c.kind, c.peer, c.entries.len(), c.entries[0].addr)).collect();
    let (kind, peer, client) = (ChainKind::XForwardedFor, ip("203.0.113.5"), Some(ip("198.51.100.23")));
    assert_eq!(forwarded, [(kind, peer, 1, client), (kind, peer, 2, client)]);
    assert_eq!(met[7].host.as_deref(), Some("www.example.org"));
    let mail = mails(&said)[0];
    assert_eq!((mail.received.len(), mail.received[0].addr), (1, Some(ip("203.0.113.20"))));
    assert_eq!(mail.received[0].by.as_deref(), Some("out.example.net"));
    assert_eq!((mail.received[0].helo.as_deref(), mail.received[0].name.as_deref()), (Some("relay"), Some("relay.example.net")));
    assert_eq!(mail.originating[0].addr, Some(ip("203.0.113.7")));
    assert!(met.iter().all(|c| ![c.src, c.dst].contains(&ip("198.51.100.66"))), "an address out of a text");
}

#[test]
fn pretty_printed_it_says_the_same() {
    let text = String::from_utf8(fixture()).unwrap();
    let events: Vec<serde_json::Value> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let (mut lines, ..) = all(&fixture());
    let (array, records, rejected) = all(serde_json::to_string_pretty(&events).unwrap().as_bytes());
    assert_eq!((records, rejected.len()), (13, 0));
    lines.truncate(array.len());
    assert_eq!(array, lines);
    let one_line = serde_json::to_string(&events).unwrap();
    assert_eq!(all(one_line.as_bytes()).0, lines);
    assert!(looks_like(one_line.as_bytes()));
}

#[test]
fn tcp_flows_by_their_flags() {
    let outcome = |state: &str, flags: Option<(&str, &str)>, back: u64| {
        let tcp = flags.map_or_else(String::new, |(c, s)| format!(r#","tcp":{{"tcp_flags_ts":"{c}","tcp_flags_tc":"{s}"}}"#));
        let flow = format!(
            r#""flow":{{"pkts_toserver":3,"pkts_toclient":{back},"bytes_toserver":300,"bytes_toclient":{},"state":"{state}"}}{tcp}"#,
            back * 100
        );
        contacts(&event("flow", &flow))[0].outcome
    };
    use Outcome::*;
    for (state, flags, back, expected) in [
        ("closed", Some(("1b", "1b")), 3, Exchanged),
        ("established", Some(("18", "18")), 3, Exchanged),
        ("closed", Some(("13", "13")), 3, Established),
        ("closed", Some(("1b", "13")), 3, Established),
        ("closed", Some(("02", "14")), 1, Refused),
        ("new", Some(("02", "00")), 0, Unanswered),
        ("new", Some(("02", "12")), 1, Unknown),
        ("closed", None, 3, Unknown),
        ("established", None, 3, Established),
        ("new", None, 0, Unanswered),
        ("closed", Some(("zz", "")), 3, Unknown),
    ] {
        assert_eq!(outcome(state, flags, back), expected, "{state} {flags:?} {back}");
    }
    let udp = event("flow", r#""proto":"UDP","flow":{"pkts_toserver":1,"pkts_toclient":1,"state":"established"}"#);
    assert_eq!((contacts(&udp)[0].proto, contacts(&udp)[0].outcome), (IpProtocol::UDP, Unknown));
}

#[test]
fn who_opened_the_connection_of_an_alert() {
    let alert = r#""alert":{"action":"allowed","signature_id":1,"signature":"x"}"#;
    let opener = |rest: &str| {
        let said = event("alert", &format!("{alert},{rest}"));
        let met = contacts(&said)[0].clone();
        assert_eq!(alerts(&said)[0].src.unwrap().addr, ip("198.51.100.23"));
        (met.src.to_string(), met.sport)
    };
    assert_eq!(opener(r#""flow":{"pkts_toserver":1}"#), ("198.51.100.23".to_owned(), 50122));
    assert_eq!(opener(r#""flow":{"src_ip":"192.0.2.10","dest_ip":"198.51.100.23"}"#), ("192.0.2.10".to_owned(), 443));
    assert_eq!(opener(r#""flow":{"src_ip":"198.51.100.23","dest_ip":"192.0.2.10"},"direction":"to_client""#).0, "198.51.100.23");
    assert_eq!(opener(r#""flow":{},"direction":"to_client""#), ("192.0.2.10".to_owned(), 443));
    assert!(contacts(&event("alert", alert)).is_empty(), "without counters an alert is only an alert");
    let (_, records, rejected) = all(br#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"alert","alert":{"signature_id":2200003,"signature":"truncated packet"}}"#);
    assert_eq!((records, rejected.len()), (1, 0), "a rule that fires on what has no addresses");
}

#[test]
fn dns_of_every_version() {
    let of = |dns: &str| names(&event("dns", &format!(r#""dns":{{{dns}}}"#)));
    let www = |addr: &str, ttl| (addr.to_owned(), "www.example.org".to_owned(), NameHow::Forward, ttl);
    let one = r#""type":"answer","rrname":"www.example.org","rrtype":"A""#;
    assert_eq!(of(&format!(r#"{one},"ttl":9,"rdata":"203.0.113.1""#)), [www("203.0.113.1", Some(9))]);
    let answers =
        r#""answers":[{"rrname":"edge.example.net","rrtype":"AAAA","ttl":7,"rdata":"2001:db8:0000:0000:0000:0000:0000:0001"}]"#;
    assert_eq!(of(&format!(r#"{one},{answers},"grouped":{{"AAAA":["2001:db8::1"]}}"#))[0], www("2001:db8::1", Some(7)));
    assert_eq!(
        of(&format!(r#"{one},"grouped":{{"A":["203.0.113.1","203.0.113.2"],"TXT":["203.0.113.66"]}}"#)),
        [www("203.0.113.1", None), www("203.0.113.2", None)]
    );
    let three = r#""version":3,"type":"response","queries":[{"rrname":"www.example.org","rrtype":"AAAA"},{"rrname":"other"}]"#;
    assert_eq!(of(&format!("{three},{answers}")), [www("2001:db8::1", Some(7))]);
    assert_eq!(of(r#""type":"query","rrname":"www.example.org","rrtype":"A""#), []);
    assert_eq!(of(&format!(r#"{one},"answers":[{{"rrtype":"TXT","rdata":"203.0.113.66"}},3,[],null]"#)), []);
}

#[test]
fn other_events() {
    let said = event(
        "http",
        r#""http":{"hostname":"A.example.org","status":"200","request_headers":[{"name":"X-Forwarded-For","value":"203.0.113.1"},{"name":"Via","value":"1.1 p"},{"name":"User-Agent","value":"203.0.113.66"}],"xff":"203.0.113.2"}"#,
    );
    assert_eq!(
        chains(&said).iter().map(|c| (c.kind, &*c.entries[0].text)).collect::<Vec<_>>(),
        [(ChainKind::XForwardedFor, "203.0.113.1"), (ChainKind::Via, "p")]
    );
    assert_eq!((contacts(&said)[0].act, contacts(&said)[0].host.as_deref()), (Act::Request, Some("a.example.org")));
    let said = event("http", r#""http":{"http_method":"CONNECT","url":"203.0.113.7:443"}"#);
    assert_eq!((chains(&said)[0].kind, chains(&said)[0].entries[0].addr), (ChainKind::Connect, Some(ip("203.0.113.7"))));
    assert_eq!(contacts(&said)[0].outcome, Outcome::Established);
    for url in ["/", "http://203.0.113.7/", "203.0.113.7", "203.0.113.7:443/x"] {
        let said = event("http", &format!(r#""http":{{"http_method":"CONNECT","url":"{url}"}}"#));
        assert!(chains(&said).is_empty(), "{url}");
    }
    for kind in ["stats", "anomaly", "fileinfo"] {
        assert_eq!(event(kind, r#""stats":{}"#), []);
    }
    assert_eq!(contacts(&event("smb", r#""smb":{}"#))[0].outcome, Outcome::Unknown);
    assert_eq!(contacts(&event("drop", r#""drop":{}"#))[0].outcome, Outcome::Refused);
    let icmp = contacts(&event("flow", r#""proto":"IPv6-ICMP","icmp_type":128,"icmp_code":0,"flow":{}"#))[0].clone();
    assert_eq!((icmp.proto, icmp.sport, icmp.dport), (IpProtocol::ICMPV6, 128, 0));
    let tunnel = event(
        "alert",
        r#""alert":{"signature":"x"},"pkt_src":"gre tunnel","tunnel":{"src_ip":"203.0.113.1","dest_ip":"203.0.113.2","proto":"GRE","depth":1}"#,
    );
    assert!(
        matches!(tunnel[1].fact, Saying::Tunnel(t) if t.kind == TunnelKind::Gre && t.outer.0 == ip("203.0.113.1") && t.inner.0 == ip("198.51.100.23"))
    );
}

#[test]
fn received_lines_that_lie() {
    let line = |text: &str| {
        let value = serde_json::json!({ "received": [text] }).to_string();
        mail::mail(value.as_bytes()).unwrap().unwrap().received[0].addr
    };
    assert_eq!(line("from [203.0.113.66] (host.example.net [198.51.100.1]) by mx.example.org"), Some(ip("198.51.100.1")));
    assert_eq!(line("from h (unknown [IPv6:2001:db8::1]) by mx"), Some(ip("2001:db8::1")));
    assert_eq!(line("from 203.0.113.66 by mx.example.org"), None);
    assert_eq!(line("by mx.example.org (x [203.0.113.66])"), None);
    assert_eq!(line("(from [203.0.113.66])"), None);
}

#[test]
fn damaged_events() {
    for (line, why) in [
        (r#"{"timestamp":"2026-03-10T09:00:00Z","src_ip":"192.0.2.1"}"#, "no event_type"),
        (r#"{"event_type":"flow","src_ip":"192.0.2.1","dest_ip":"192.0.2.2"}"#, "no timestamp"),
        (
            r#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"flow","src_ip":"x","dest_ip":"192.0.2.2"}"#,
            "no address of an end",
        ),
        (
            r#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"alert","src_ip":"192.0.2.1","dest_ip":"192.0.2.2"}"#,
            "an alert without its object",
        ),
        (r#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"stats"}}"#, "something behind the JSON object"),
        ("plain text", "no JSON object"),
    ] {
        assert_eq!(all(line.as_bytes()), (vec![], 0, vec![why]), "{line}");
    }
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no corpus");
    None
}

#[test]
fn the_corpus_says_what_others_read_in_it() {
    let Some(corpus) = corpus() else { return };
    for file in std::fs::read_dir(corpus.join("log-eve")).unwrap().map(|e| e.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let expected: serde_json::Value =
            serde_json::from_slice(&std::fs::read(corpus.join(format!("expected/log-eve/{name}.json"))).unwrap()).unwrap();
        let expected = &expected["expected"];
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(recognise(&bytes[..bytes.len().min(64 << 10)]), Some(Format::Eve), "{name}");
        let (said, records, rejected) = all(&bytes);
        assert_eq!((records, rejected.len()), (expected["records"].as_u64().unwrap(), 0), "{name}");
        let fired = alerts(&said);
        assert_eq!(fired.len() as u64, expected["event_types"]["alert"].as_u64().unwrap(), "{name}");
        // The ends that an event itself names: those of its alert, else those of its contact.
        let (events, ..) = each(&bytes);
        let ends: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.first()?.fact {
                Saying::Alert(a) => Some((a.src?.addr, a.dst?.addr)),
                Saying::Contact(c) => Some((c.src, c.dst)),
                _ => None,
            })
            .collect();
        let count = |of: fn(&(IpAddr, IpAddr)) -> IpAddr| {
            let mut counts = BTreeMap::<String, u64>::new();
            ends.iter().for_each(|e| *counts.entry(of(e).to_string()).or_default() += 1);
            counts
        };
        for (hosts, key) in [(count(|e| e.0), "src_ips"), (count(|e| e.1), "dest_ips")] {
            assert_eq!(hosts.len() as u64, expected[key]["count"].as_u64().unwrap(), "{name} {key}");
            for pair in expected[key]["top"].as_array().unwrap() {
                assert_eq!(hosts.get(pair[0].as_str().unwrap()).copied(), pair[1].as_u64(), "{name} {key} {pair}");
            }
        }
        for pair in expected["signatures"].as_array().unwrap() {
            let ours = fired.iter().filter(|a| *a.signature == *pair[0].as_str().unwrap()).count() as u64;
            assert_eq!(ours, pair[1].as_u64().unwrap(), "{name} {pair}");
        }
        let at: Vec<_> = said.iter().filter(|s| matches!(s.fact, Saying::Alert(_))).map(|s| s.time).collect();
        for (key, ours) in [("first_ts", at.first()), ("last_ts", at.last())] {
            let theirs = crate::decode::clock::iso(expected[key].as_str().unwrap().as_bytes(), &mut clock()).map(|(t, _)| t);
            assert_eq!(ours, Some(&theirs), "{name} {key}");
        }
    }
}

#[test]
fn nothing_else_in_the_corpus_looks_like_it() {
    let Some(corpus) = corpus() else { return };
    let mut folders: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.extend(std::fs::read_dir(corpus.join("expected")).unwrap().map(|e| e.unwrap().path()));
    for file in folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap()).map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let ours = file.parent().unwrap() == corpus.join("log-eve");
        assert_eq!(looks_like(&bytes[..bytes.len().min(64 << 10)]), ours, "{}", file.display());
    }
    for text in [
        r#"{"event_type":"flow","src_ip":"192.0.2.1"}"#,
        r#"{"timestamp":"2026-03-10T09:00:00Z","event_type":7}"#,
        r#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"User Created"}"#,
        r#"{"a":{"timestamp":"2026-03-10T09:00:00Z","event_type":"flow"}}"#,
        r#""timestamp":"2026-03-10T09:00:00Z","event_type":"flow""#,
        "",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    assert!(looks_like(br#"{"timestamp":"2026-03-10T09:00:00Z","event_type":"flow","src_ip":"192."#), "cut off");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = all(&bytes);
        let _ = looks_like(&bytes);
    }

    #[test]
    fn cuts_and_damage_do_not_panic(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), put in any::<u8>()) {
        let mut bytes = fixture();
        let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
        bytes[a] = put;
        let _ = all(&bytes);
        let _ = all(&bytes[a.min(b)..a.max(b)]);
    }
}
