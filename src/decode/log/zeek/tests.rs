//! Rows of each log, the project's own fixtures, the corpus.

#![expect(clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::super::clock::Clock;
use super::super::super::record::{LineFormat, Lines, RecordFormat, Reject, Step};
use super::super::{Format, recognise};
use super::*;
use crate::model::evidence::{ChainKind, NameHow, TunnelKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, Saying};

fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2026)
}

/// Everything in a file: statements, records, rejected lines.
fn all(format: Box<dyn RecordFormat>, bytes: &[u8]) -> (Vec<Said>, u64, Vec<&'static str>) {
    let mut format = format;
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
                said.append(&mut out);
            }
            Err(Reject(why)) => {
                assert!(out.is_empty(), "a rejected line has said something");
                rejected.push(why);
            }
        }
    }
    (said, records, rejected)
}

fn tsv(text: &str) -> (Vec<Said>, u64, Vec<&'static str>) {
    all(Box::new(Lines(Tsv::new(clock()))), text.as_bytes())
}

fn json(text: &str) -> (Vec<Said>, u64, Vec<&'static str>) {
    all(Box::new(Lines(Json::new(clock()))), text.as_bytes())
}

fn contacts(said: &[Said]) -> Vec<&Contact> {
    said.iter().filter_map(|s| if let Saying::Contact(c) = &s.fact { Some(c) } else { None }).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(name)).unwrap()
}

fn ip(text: &str) -> std::net::IpAddr {
    text.parse().unwrap()
}

#[test]
fn connections() {
    let bytes = fixture("zeek-conn.log");
    assert_eq!(recognise(&bytes), Some(Format::Zeek));
    let (said, records, rejected) = all(Box::new(Lines(Tsv::new(clock()))), &bytes);
    assert_eq!((records, rejected), (6, vec!["another number of columns than the heading has"]));
    let met = contacts(&said);
    assert_eq!(met.len(), 6);
    assert_eq!((met[0].src, met[0].sport, met[0].dst, met[0].dport), (ip("198.51.100.23"), 50122, ip("192.0.2.10"), 443));
    assert_eq!((met[0].forward.packets, met[0].forward.bytes, met[0].backward.bytes), (12, 1460, 8800));
    assert_eq!(said[0].time.unwrap().to_string(), "2026-03-10T08:00:00.000100Z");
    assert_eq!(met[0].ended.unwrap().to_string(), "2026-03-10T08:00:01.250100Z");
    let outcomes: Vec<Outcome> = met.iter().map(|c| c.outcome).collect();
    use Outcome::*;
    assert_eq!(outcomes, [Exchanged, Unanswered, Refused, Unknown, Unknown, Established]);
    assert_eq!((met[4].proto, met[4].sport, met[4].dport), (IpProtocol::ICMP, 8, 0));
    // The second heading has the responder first.
    assert_eq!((met[5].src, met[5].sport), (ip("198.51.100.23"), 50123));
}

#[test]
fn requests_and_their_chains() {
    let (said, records, rejected) = all(Box::new(Lines(Tsv::new(clock()))), &fixture("zeek-http.log"));
    assert_eq!((records, rejected.len()), (4, 0));
    let met = contacts(&said);
    assert!(met.iter().all(|c| c.act == Act::Request && c.proto == IpProtocol::TCP));
    let hosts: Vec<_> = met.iter().map(|c| c.host.as_deref().unwrap()).collect();
    assert_eq!(hosts, ["www.example.org", "example.org", "mail.example.net", "\\x1b[31m\\\\evil"]);
    assert_eq!((met[0].outcome, met[2].outcome), (Outcome::Exchanged, Outcome::Established));
    let chains: Vec<_> = said
        .iter()
        .filter_map(|s| if let Saying::Chain(c) = &s.fact { Some(c) } else { None })
        .map(|c| (c.kind, c.peer, c.entries.iter().map(|e| e.text.to_string()).collect::<Vec<_>>()))
        .collect();
    let peer = ip("203.0.113.5");
    // What a user agent or a path says of headers makes none.
    assert_eq!(
        chains,
        [
            (ChainKind::XForwardedFor, peer, vec!["198.51.100.23".to_owned(), "203.0.113.200".to_owned()]),
            (ChainKind::Via, peer, vec!["proxy.example.net".to_owned()]),
            (ChainKind::Connect, peer, vec!["mail.example.net:443".to_owned()]),
        ]
    );
}

#[test]
fn only_a_host_and_a_port_are_where_a_proxy_goes_on_to() {
    let asked = |uri: &str| {
        let line = format!(
            r#"{{"ts":1.5,"uid":"C1","id.orig_h":"192.0.2.1","id.orig_p":1,"id.resp_h":"192.0.2.2","id.resp_p":80,"trans_depth":1,"method":"CONNECT","host":"a.example","uri":"{uri}"}}"#
        );
        let (said, _, rejected) = json(&line);
        assert!(rejected.is_empty() && !contacts(&said).is_empty(), "{rejected:?}");
        said.iter().filter(|s| matches!(s.fact, Saying::Chain(_))).count()
    };
    assert_eq!(["a.example:443", "192.0.2.9:22", "/", "a.example", "a.example:443/x"].map(asked), [1, 1, 0, 0, 0]);
}

#[test]
fn mails_keep_their_way_and_nothing_else() {
    let (said, records, rejected) = all(Box::new(Lines(Tsv::new(clock()))), &fixture("zeek-smtp.log"));
    assert_eq!((records, rejected.len(), contacts(&said).len()), (2, 0, 2));
    let mails: Vec<_> = said.iter().filter_map(|s| if let Saying::Mail(m) = &s.fact { Some(m) } else { None }).collect();
    assert_eq!(mails.len(), 1, "the second row says nothing of a mail");
    let way: Vec<_> = mails[0].received.iter().map(|r| r.addr.unwrap().to_string()).collect();
    assert_eq!(way, ["203.0.113.20", "2001:db8::25"]);
    assert_eq!(mails[0].originating[0].addr, Some(ip("203.0.113.7")));
    assert_eq!((mails[0].message_id.as_deref(), mails[0].from.as_deref()), (Some("<1@example.net>"), Some("A <a@example.net>")));
}

#[test]
fn names_in_answers() {
    let bytes = fixture("zeek-dns.json");
    assert_eq!(recognise(&bytes), Some(Format::ZeekJson));
    let (said, records, rejected) = all(Box::new(Lines(Json::new(clock()))), &bytes);
    assert_eq!((records, rejected), (6, vec!["cut-off JSON"]));
    assert_eq!(contacts(&said).len(), 6);
    let names: Vec<_> = said
        .iter()
        .filter_map(|s| if let Saying::Name(n) = &s.fact { Some(n) } else { None })
        .map(|n| (n.addr.to_string(), n.name.to_string(), n.how, n.ttl_s))
        .collect();
    let name = |addr: &str, name: &str, how, ttl| (addr.to_owned(), name.to_owned(), how, Some(ttl));
    assert_eq!(
        names,
        [
            name("203.0.113.80", "www.example.org", NameHow::Forward, 60),
            name("203.0.113.81", "www.example.org", NameHow::Forward, 60),
            name("2001:db8::80", "host.example.org", NameHow::Forward, 3600),
            name("203.0.113.80", "edge-1.example.net", NameHow::Ptr, 86400),
            name("203.0.113.82", "www.example.org", NameHow::Forward, 30),
        ]
    );
    let nested = said.iter().rev().find(|s| matches!(s.fact, Saying::Contact(_))).unwrap();
    assert_eq!(nested.time.unwrap().to_string(), "2026-03-10T08:03:26.500Z");
}

const ENDS: &str =
    r#""ts":1773129600.5,"uid":"C1","id.orig_h":"198.51.100.23","id.orig_p":50122,"id.resp_h":"192.0.2.10","id.resp_p":22"#;

#[test]
fn log_ins_and_handshakes() {
    let one = |rest: &str| {
        let (said, records, rejected) = json(&format!("{{{ENDS},{rest}}}"));
        assert_eq!((records, rejected.as_slice()), (1, &[][..]), "{rest}");
        let met = contacts(&said)[0].clone();
        (met.act, met.outcome, met.proto, met.host.as_deref().map(str::to_owned))
    };
    let (tcp, udp) = (IpProtocol::TCP, IpProtocol::UDP);
    assert_eq!(one(r#""auth_success":true,"auth_attempts":1"#), (Act::LoginSucceeded, Outcome::Exchanged, tcp, None));
    assert_eq!(one(r#""auth_success":false,"auth_attempts":9"#), (Act::LoginFailed, Outcome::Exchanged, tcp, None));
    assert_eq!(one(r#""auth_attempts":0,"server":"SSH-2.0-x""#), (Act::Connection, Outcome::Established, tcp, None));
    assert_eq!(
        one(r#""auth_attempts":0,"server":"SSH-2.0-x","client":"SSH-2.0-y""#),
        (Act::Connection, Outcome::Exchanged, tcp, None)
    );
    let name = Some("www.example.org".to_owned());
    let tls = |rest: &str| one(&format!(r#""server_name":"WWW.example.org","version":{rest}"#));
    assert_eq!(tls(r#""TLSv12","established":true"#), (Act::Connection, Outcome::Exchanged, tcp, name.clone()));
    assert_eq!(tls(r#""TLSv12","established":false"#), (Act::Connection, Outcome::Established, tcp, name.clone()));
    assert_eq!(tls(r#""DTLSv12","established":true"#), (Act::Connection, Outcome::Unknown, udp, name.clone()));
    // It may have been QUIC.
    assert_eq!(tls(r#""TLSv13","established":false"#), (Act::Connection, Outcome::Unknown, IpProtocol(0), name));
}

#[test]
fn states_of_connections() {
    let outcome = |proto: &str, state: &str, orig: u64, resp: u64| {
        let rest = format!(r#""proto":"{proto}","conn_state":"{state}","orig_bytes":{orig},"resp_bytes":{resp}"#);
        contacts(&json(&format!("{{{ENDS},{rest}}}")).0)[0].outcome
    };
    for state in ["S1", "S2", "S3", "SF", "RSTO", "RSTR"] {
        assert_eq!(outcome("tcp", state, 1, 1), Outcome::Exchanged, "{state}");
        assert_eq!(outcome("tcp", state, 1, 0), Outcome::Established, "{state}");
        assert_eq!(outcome("udp", state, 1, 1), Outcome::Unknown, "{state}");
    }
    for (state, expected) in [
        ("S0", Outcome::Unanswered),
        ("SH", Outcome::Unanswered),
        ("RSTOS0", Outcome::Unanswered),
        ("REJ", Outcome::Refused),
        ("RSTRH", Outcome::Unknown),
        ("SHR", Outcome::Unknown),
        ("OTH", Outcome::Unknown),
    ] {
        assert_eq!(outcome("tcp", state, 9, 9), expected, "{state}");
    }
}

#[test]
fn tunnels_proxies_notices_traceroutes() {
    let (said, _, _) = json(&format!(r#"{{{ENDS},"tunnel_type":"Tunnel::TEREDO","action":"Tunnel::DISCOVER"}}"#));
    let Saying::Tunnel(tunnel) = &said[0].fact else { panic!("{said:?}") };
    assert_eq!((tunnel.kind, tunnel.outer), (TunnelKind::Teredo, (ip("198.51.100.23"), ip("192.0.2.10"))));
    assert_eq!(json(&format!(r#"{{{ENDS},"tunnel_type":"Tunnel::HTTP"}}"#)), (vec![], 1, vec![]));

    let (said, _, _) = json(&format!(
        r#"{{{ENDS},"version":5,"status":"succeeded","request.host":"2001:db8::9","request_p":443,"bound.host":"0.0.0.0","bound_p":1}}"#
    ));
    let Saying::Chain(chain) = &said[1].fact else { panic!("{said:?}") };
    assert_eq!((chain.kind, chain.entries.len(), &*chain.entries[0].text), (ChainKind::Socks, 1, "[2001:db8::9]:443"));
    assert_eq!(chain.entries[0].addr, Some(ip("2001:db8::9")));

    let (said, _, _) = json(
        r#"{"ts":1773129600.5,"note":"SSH::Password_Guessing","msg":"198.51.100.66 \u001b guesses","src":"203.0.113.9","dst":"192.0.2.10","p":22,"actions":["Notice::ACTION_LOG","Notice::ACTION_DROP"]}"#,
    );
    let Saying::Alert(alert) = &said[0].fact else { panic!("{said:?}") };
    assert_eq!((alert.src.unwrap().addr, alert.dst.unwrap().port, alert.blocked), (ip("203.0.113.9"), 22, true));
    assert_eq!(&*alert.signature, "SSH::Password_Guessing: 198.51.100.66 \\x1b guesses");

    let (said, _, _) =
        json(r#"{"_path":"traceroute","_write_ts":"x","ts":1773129600.5,"src":"192.0.2.1","dst":"203.0.113.1","proto":"udp"}"#);
    assert_eq!((contacts(&said)[0].src, contacts(&said)[0].dport), (ip("192.0.2.1"), 0));
}

#[test]
fn rows_without_use_and_rows_without_sense() {
    for row in [r#""_path":"weird","name":"x""#, r#""certificate.version":3"#, r#""method":"INVITE","call_id":"x""#] {
        assert_eq!(json(&format!("{{{ENDS},{row}}}")), (vec![], 1, vec![]), "{row}");
    }
    for (row, why) in [
        (r#"{"ts":"yesterday","conn_state":"SF"}"#, "not a time"),
        (r#"{"ts":1.5,"conn_state":"SF","id.orig_h":"x","id.resp_h":"192.0.2.1"}"#, "no address of an end"),
        (r#"{"a":1}"#, "no fields of a Zeek log"),
        (r#"{"ts":1.5"#, "cut-off JSON"),
        ("prose", "no JSON object"),
    ] {
        assert_eq!(json(row), (vec![], 0, vec![why]), "{row}");
    }
    assert_eq!(tsv("1.5\tC1\t192.0.2.1\n").2, ["no #fields line before it"]);
    // Separators, milliseconds, floats.
    let (said, ..) = tsv(
        "#separator |\n#unset_field|~\n#fields|ts|conn_state|id.orig_h|id.resp_h\n1.5|S0|192.0.2.1|192.0.2.2\n~|S0|192.0.2.1|192.0.2.2\n",
    );
    assert_eq!(said.iter().map(|s| s.time.map(|t| t.0)).collect::<Vec<_>>(), [Some(1_500_000_000), None]);
    for (ts, expected) in [("1773129600500", "2026-03-10T08:00:00.500Z"), ("1.7731296005e9", "2026-03-10T08:00:00.500Z")] {
        let row = format!(r#"{{"ts":{ts},"conn_state":"S0","id.orig_h":"192.0.2.1","id.resp_h":"192.0.2.2"}}"#);
        let ms = json(&row).0[0].time.unwrap().0 / 1_000_000;
        assert_eq!(crate::model::time::Timestamp(ms * 1_000_000).to_string(), expected);
    }
}

#[test]
fn texts_can_not_become_addresses() {
    let row = format!(
        r#"{{{ENDS},"conn_state":"SF","proto":"tcp","service":"\",\"id.orig_h\":\"203.0.113.66\"","history":"id.orig_h\":203.0.113.66","x":{{"id.orig_h":"203.0.113.66","id":{{"orig_h":"203.0.113.66"}}}}}}"#
    );
    let (said, ..) = json(&row);
    assert_eq!(contacts(&said)[0].src, ip("198.51.100.23"));
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no corpus");
    None
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut file = std::fs::File::open(path).unwrap();
    let head = crate::source::archive::sniff(&mut file).unwrap();
    let mut bytes = Vec::new();
    crate::source::archive::unwrap(head, Box::new(file)).unwrap().take(64 << 20).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_corpus_says_what_others_read_in_it() {
    let Some(corpus) = corpus() else { return };
    let mut seen = 0;
    for file in std::fs::read_dir(corpus.join("log-zeek")).unwrap().map(|e| e.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let expected: serde_json::Value =
            serde_json::from_slice(&std::fs::read(corpus.join(format!("expected/log-zeek/{name}.json"))).unwrap()).unwrap();
        let expected = &expected["expected"];
        let bytes = unpacked(&file);
        let format = recognise(&bytes).unwrap();
        assert_eq!(format, if expected["format"] == "json" { Format::ZeekJson } else { Format::Zeek }, "{name}");
        let (said, records, rejected) = all(super::super::open(format, clock()), &bytes);
        assert_eq!((records, rejected.len()), (expected["records"].as_u64().unwrap(), 0), "{name}");
        let met = contacts(&said);
        let count = |of: fn(&Contact) -> std::net::IpAddr| {
            let mut counts = BTreeMap::<String, u64>::new();
            met.iter().for_each(|c| *counts.entry(of(c).to_string()).or_default() += 1);
            counts
        };
        for (hosts, key) in [(count(|c| c.src), "orig_hosts"), (count(|c| c.dst), "resp_hosts")] {
            assert_eq!(hosts.len() as u64, expected[key]["count"].as_u64().unwrap(), "{name} {key}");
            for pair in expected[key]["top"].as_array().unwrap() {
                assert_eq!(hosts.get(pair[0].as_str().unwrap()).copied(), pair[1].as_u64(), "{name} {key}");
            }
        }
        let tuples: BTreeSet<_> = met.iter().map(|c| (c.src, c.sport, c.dst, c.dport, c.proto)).collect();
        assert_eq!(tuples.len() as u64, expected["five_tuples"].as_u64().unwrap(), "{name}");
        let ours: BTreeSet<String> = met.iter().flat_map(|c| [c.src, c.dst]).map(|a| a.to_string()).collect();
        for address in expected["global_addresses"].as_array().unwrap() {
            assert!(ours.contains(address.as_str().unwrap()), "{name} {address}");
        }
        let first = &expected["first"][0];
        let time = first["ts"].as_str().map_or_else(|| first["ts"].to_string(), str::to_owned);
        assert_eq!(said[0].time, crate::decode::clock::epoch(time.as_bytes()), "{name}");
        seen += 1;
    }
    assert!(seen >= 6, "{seen} files");
}

#[test]
fn nothing_else_in_the_corpus_looks_like_it() {
    let Some(corpus) = corpus() else { return };
    let mut folders: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.extend(std::fs::read_dir(corpus.join("expected")).unwrap().map(|e| e.unwrap().path()));
    for file in folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap()).map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let ours = file.parent().unwrap() == corpus.join("log-zeek");
        let bytes = unpacked_or_raw(&file);
        let beginning = &bytes[..bytes.len().min(64 << 10)];
        assert_eq!(looks_like_tsv(beginning) || looks_like_json(beginning), ours, "{}", file.display());
        assert!(!(looks_like_tsv(beginning) && looks_like_json(beginning)));
    }
}

fn unpacked_or_raw(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap();
    if raw.starts_with(&[0x1f, 0x8b]) { unpacked(path) } else { raw }
}

#[test]
fn other_formats_are_not_taken_for_it() {
    for text in [
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time c-ip\n",
        "#include <stdio.h>\n#define fields\tts\nint main(void) { return 0; }\n",
        r#"{"level":"info","ts":1773129600.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.9"}}"#,
        r#"{"timestamp":"2026-03-10T09:01:00.250000+0100","event_type":"flow","src_ip":"192.0.2.1"}"#,
        r#"{"insertId":"x","jsonPayload":{"connection":{"src_ip":"192.0.2.1"}},"timestamp":"2026-03-10T09:01:00Z"}"#,
        r#"{"ts":1773129600.5,"level":"error","msg":"uid"}"#,
        r#"{"a":{"ts":1,"uid":"x"}}"#,
        "ts\tuid\tid.orig_h\n",
        "The quick brown fox.\n",
        "",
        "[",
        "{",
    ] {
        assert!(!looks_like_tsv(text.as_bytes()) && !looks_like_json(text.as_bytes()), "{text}");
    }
    assert!(looks_like_json(format!("{{{ENDS},\"conn_sta").as_bytes()), "cut off");
    assert!(looks_like_json(format!("[\n  {{{ENDS}}}").as_bytes()), "in an array");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut out = Vec::new();
        let _ = Json::new(clock()).line(&bytes, &mut out);
        let mut tsv = Tsv::new(clock());
        let _ = tsv.line(b"#fields\tts\tid.orig_h\tid.resp_h\tanswers\tconn_state", &mut out);
        let _ = tsv.line(&bytes, &mut out);
        let _ = (looks_like_tsv(&bytes), looks_like_json(&bytes));
    }

    #[test]
    fn cuts_and_damage_do_not_panic(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), put in any::<u8>()) {
        for name in ["zeek-conn.log", "zeek-http.log", "zeek-smtp.log", "zeek-dns.json"] {
            let mut bytes = fixture(name);
            let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes[a] = put;
            let cut = &bytes[a.min(b)..a.max(b)];
            for text in [&bytes, cut] {
                let format = if name.ends_with("json") { Format::ZeekJson } else { Format::Zeek };
                let lines = text.split(|&b| b == b'\n').filter(|l| !l.trim_ascii().is_empty() && l[0] != b'#').count() as u64;
                let (_, records, rejected) = all(super::super::open(format, clock()), text);
                prop_assert!(records + rejected.len() as u64 <= lines + 20);
            }
        }
    }
}

#[test]
fn escapes_in_cells() {
    assert_eq!(fields::unescaped(b"a\\x2cb\\\\x41\\x4\\"), b"a,b\\x41\\x4\\");
}
