#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::openvpn::OpenVpn;
use super::super::pf::Pf;
use super::*;
use crate::model::record::{Act, Contact, Endpoint, Outcome, Saying, UNNAMED};

/// What a decoder made of a text.
#[derive(Default)]
pub(in crate::decode::log) struct Reading {
    pub(in crate::decode::log) said: Vec<Said>,
    pub(in crate::decode::log) records: u64,
    /// Line from 1, and why.
    pub(in crate::decode::log) rejected: Vec<(usize, &'static str)>,
}

impl Reading {
    pub(in crate::decode::log) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.said.iter().filter_map(|s| if let Saying::Contact(c) = &s.fact { Some(c) } else { None })
    }

    /// Records, contacts, translations, rejected.
    pub(in crate::decode::log) fn counts(&self) -> (u64, usize, usize, usize) {
        let translations = self.said.iter().filter(|s| matches!(s.fact, Saying::Translation(_))).count();
        (self.records, self.contacts().count(), translations, self.rejected.len())
    }

    /// A line for each statement.
    pub(in crate::decode::log) fn text(&self) -> Vec<String> {
        self.said.iter().map(written).collect()
    }

    /// No statement may hold this address: it stands only where attackers write.
    pub(in crate::decode::log) fn never_names(&self, forged: &str) {
        for said in self.text() {
            assert!(!said.contains(forged), "{said}");
        }
    }
}

fn end(e: Endpoint) -> String {
    match (e.addr, e.port) {
        (UNNAMED, port) => format!("here:{port}"),
        (addr, port) => format!("{addr}:{port}"),
    }
}

pub(in crate::decode::log) fn written(said: &Said) -> String {
    match &said.fact {
        Saying::Contact(c) => {
            let (src, dst) = (Endpoint { addr: c.src, port: c.sport }, Endpoint { addr: c.dst, port: c.dport });
            let mut text = format!("{} > {} {:?} {:?}", end(src), end(dst), c.act, c.outcome);
            if c.proto.0 != 6 {
                text.push_str(&format!(" {}", c.proto));
            }
            text
        }
        Saying::Translation(t) => {
            format!("{} = {}, {} = {}", end(t.src.0), end(t.src.1), end(t.dst.0), end(t.dst.1))
        }
        other => format!("{other:?}"),
    }
}

pub(in crate::decode::log) fn read(mut format: impl LineFormat, text: &[u8]) -> Reading {
    let mut reading = Reading::default();
    for (line, n) in text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).zip(1..) {
        if line.is_empty() {
            continue;
        }
        let mut out = Vec::new();
        match format.line(line, &mut out) {
            Ok(piece) => reading.records += piece.records,
            Err(reject) => {
                assert!(out.is_empty(), "a rejected line says nothing");
                reading.rejected.push((n, reject.0));
            }
        }
        reading.said.extend(out);
    }
    reading
}

pub(in crate::decode::log) fn clock() -> Clock {
    Clock::new(TimeZone::UTC, 2024)
}

/// What syslog makes of a message of a program.
pub(in crate::decode::log) fn of(program: &str, message: &str) -> Vec<String> {
    read(Syslog::new(clock()), format!("Jan 31 06:25:17 gate {program}: {message}").as_bytes()).text()
}

pub(in crate::decode::log) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(name)).unwrap()
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.is_dir() {
        println!("skipped: no corpus");
        return None;
    }
    Some(folder)
}

fn envelope_of(line: &str) -> (Option<String>, String, String) {
    let e = open(line.as_bytes(), &mut clock()).unwrap_or_else(|r| panic!("{line}: {r:?}")).envelope;
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (e.time.map(|t| t.to_string()), text(e.program), text(e.message))
}

#[test]
fn envelopes_in_every_dress() {
    let jan = "2024-01-31T06:25:17Z";
    for (line, time, program, message) in [
        ("Jan 31 06:25:17 gate sshd[12]: hello", jan, "sshd", "hello"),
        ("<38>Jan 31 06:25:17 gate sshd[12]: hello", jan, "sshd", "hello"),
        ("<38>Jan 31 06:25:17 sshd[12]: hello", jan, "sshd", "hello"),
        ("21 <38>Jan 31 06:25:17 gate sshd: a: b", jan, "sshd", "a: b"),
        ("2024-01-31T07:25:17.5+01:00 gate postfix/smtpd[1]: x", "2024-01-31T06:25:17.500Z", "postfix/smtpd", "x"),
        ("2024-01-31T07:25:17+0100 gate kernel: [   12.345678] x", jan, "kernel", "x"),
        ("2024-01-31 06:25:17 gate sshd[12]: x", jan, "sshd", "x"),
        ("1706682317.000000 gate sshd[12]: x", jan, "sshd", "x"),
        ("Wed Jan 31 06:25:17 2024 authpriv.info dropbear[12]: x", jan, "dropbear", "x"),
        ("Wed 2024-01-31 06:25:17 UTC gate sshd[12]: x", jan, "sshd", "x"),
        ("Jan 31 06:25:17 gate auth.info sshd[12]: x", jan, "sshd", "x"),
        ("Jan 31 2024 06:25:17 asa : %ASA-6-302013: Built", jan, "", "%ASA-6-302013: Built"),
        ("<166>Jan 31 2024 06:25:17: %ASA-6-302013: Built", jan, "", "%ASA-6-302013: Built"),
        ("<166>Jan 31 2024 06:25:17 UTC: %ASA-6-302013: Built", jan, "", "%ASA-6-302013: Built"),
        ("<189>45: *Jan 31 06:25:17.000: %SEC-6-IPACCESSLOGP: x", jan, "", "%SEC-6-IPACCESSLOGP: x"),
        ("Jan 31 06:25:17 fw CEF:0|A|B|1|x|y|5|src=192.0.2.1", jan, "", "CEF:0|A|B|1|x|y|5|src=192.0.2.1"),
        ("<14>Jan 31 06:25:17 PA-220 1,2024/01/31 06:25:17,0011", jan, "", "1,2024/01/31 06:25:17,0011"),
        ("Jan 31 06:25:17 fw date=2024-01-31 time=06:25:17", jan, "", "date=2024-01-31 time=06:25:17"),
        ("<134>1 2024-01-31T06:25:17Z h app 1 - [a b=\"\\]\\\"]\"][c] x", jan, "app", "x"),
        ("<134>1 2024-01-31T06:25:17Z h - - - - \u{feff}x", jan, "", "x"),
        ("<134>1 2024-01-31T06:25:17Z h app - - -", jan, "app", ""),
    ] {
        assert_eq!(envelope_of(line), (Some(time.to_owned()), program.to_owned(), message.to_owned()), "{line}");
    }
    assert_eq!(envelope_of("<189>date=2024-01-31 a=b"), (None, String::new(), "date=2024-01-31 a=b".to_owned()));
    assert_eq!(envelope_of("<30>app[1]: x"), (None, "app".to_owned(), "x".to_owned()));
    for line in
        ["", "hello", "<999>x", "Feb 30 00:00:00 a b: c", "<1>1 x", "<1>1 - a b c", "<1>1 - a b c d e", "<1>1 - a b c d [e f=\"]"]
    {
        assert!(open(line.as_bytes(), &mut clock()).is_err(), "{line}");
    }
}

#[test]
fn a_folded_message_is_read_once() {
    assert_eq!(once(b"message repeated 3 times: [ a [b] ]"), b"a [b]");
    for m in [&b"message repeated x times: [ a]"[..], b"message repeated 3 times: [ a", b"last message repeated 3 times"] {
        assert_eq!(once(m), m);
    }
}

#[test]
fn syslog_is_taken_for_nothing_else() {
    for text in [
        "2024/01/31 06:25:17 [error] 123#0: *1 open() failed, client: 192.0.2.1, server: x\n",
        "[Wed Jan 31 06:25:17.000001 2024] [core:error] [pid 12:tid 12] [client 192.0.2.1:1] AH00001: x\n",
        "192.0.2.1:4711 [31/Jan/2024:06:25:17.123] http-in be/s1 0/0/0/1/1 200 1 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n",
        "{\"timestamp\":\"2024-01-31T06:25:17.0+0000\",\"event_type\":\"alert\"}\n",
        "2024-01-31T06:25:17.123Z INFO app: started\n",
        "2024-01-31 06:25:17,123 fail2ban.actions [12]: NOTICE [sshd] Ban 192.0.2.1\n",
        "2024-01-31 06:25:17 192.0.2.1 GET / - 80 - 192.0.2.2 x - 200\n",
        "2024-01-31 06:25:17 192.0.2.1:1194 TLS: Initial packet from [AF_INET]192.0.2.1:1194\n",
        "Wed Jan 31 06:25:17 2024 [pid 12] CONNECT: Client \"192.0.2.1\"\n",
        "May  5 06:25:17 INFO: started\n",
        "May 5 is the day when everything: began.\n",
        "In May 1999 a paper said: trace everything.\n",
        "#include <stdio.h>\nint main(void) { return 0; }\n",
        "<html><body>1</body></html>\n",
        "<1>\n",
        "tcp 0 0 192.0.2.1:22 192.0.2.2:4711 ESTABLISHED\n",
        "[1.5, 2]\n",
        "",
        "\n\n",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    for text in [
        "Jan 31 06:25:17 gate sshd[12]: hello",
        "Jan 31 06:25:17 filterlog: 5,,,x\n",
        "-- Journal begins at Wed 2024-01-31 06:25:17 UTC. --\nJan 31 06:25:17 gate app: x\nJan 31 06:2",
        "<14>1 2024-01-31T06:25:17Z h app - - - x\n",
        "2022-02-13T10:09:11.521Z Port 22\n",
        "[    0.000000] Linux version 6.1.0\n[    1.000001] x\n",
        "    [NEW] udp      17 30 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 [UNREPLIED] src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1\n",
    ] {
        assert!(looks_like(text.as_bytes()), "{text}");
    }
}

/// Everything in the corpus that is no such log, and what is.
#[test]
fn of_the_corpus_the_right_files_are_taken() {
    let Some(corpus) = corpus() else { return };
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&corpus).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let mut seen = 0;
    for folder in folders.iter().filter(|f| f.is_dir() && !f.ends_with("expected")) {
        for file in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
            let bytes = std::fs::read(&file).unwrap();
            let beginning = bytes.get(..bytes.len().min(64 << 10)).unwrap();
            assert_eq!(looks_like(beginning), folder.ends_with("log-auth"), "{}", file.display());
            assert!(!super::super::pf::looks_like(beginning), "{}", file.display());
            assert!(!super::super::openvpn::looks_like(beginning), "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 100);
}

#[test]
fn our_own_files_are_told_apart() {
    for (name, is) in [
        ("auth.log", "syslog"),
        ("syslog5424.log", "syslog"),
        ("netfilter.log", "syslog"),
        ("wireguard.log", "syslog"),
        ("filterlog.log", "pf"),
        ("openvpn.log", "openvpn"),
    ] {
        let text = fixture(name);
        let found = [
            ("syslog", looks_like(&text)),
            ("pf", super::super::pf::looks_like(&text)),
            ("openvpn", super::super::openvpn::looks_like(&text)),
        ];
        assert_eq!(found.iter().filter(|f| f.1).map(|f| f.0).collect::<Vec<_>>(), [is], "{name}");
    }
}

/// Where we differ from what other tools say of the corpus: file, fact, addresses, why.
const DEVIATIONS: [(&str, &str, &[&str], &str); 3] = [
    (
        "crowdsecurity__sshd-bad-keyexchange-bf.log",
        "offenders",
        &["123.57.135.134", "206.189.59.169", "123.123.123.123"],
        "fail2ban's aggressive mode counts an offer without a common algorithm; nobody came as far as a log-in",
    ),
    (
        "crowdsecurity__sshd-logs.log",
        "offenders",
        &["123.57.135.134", "206.189.59.169", "123.123.123.123", "118.27.24.104"],
        "the same, and a connection that was closed before a log-in was tried",
    ),
    (
        "crowdsecurity__sshd-logs.log",
        "strings",
        &["192.168.1.1"],
        "one line has the address twice (`refused connect from NAME@ADDRESS (ADDRESS)`): a text more than contacts",
    ),
];

fn deviates(file: &str, fact: &str, addr: &str) -> bool {
    DEVIATIONS.iter().any(|(f, what, addrs, _)| *f == file && *what == fact && addrs.contains(&addr))
}

#[test]
fn auth_corpus_agrees() {
    let Some(corpus) = corpus() else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus.join("log-auth")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 5);
    let mut asserted = 0;
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read(corpus.join("expected/log-auth").join(format!("{name}.json"))).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        let expected = &expected["expected"];
        let text = std::fs::read(&file).unwrap();
        let reading = read(Syslog::new(clock()), &text);
        assert_eq!(reading.rejected, [], "{name}");
        assert_eq!(reading.records, expected["lines"].as_u64().unwrap(), "{name}");

        // Addresses and how often they stand: as clients, and as servers where a line names one.
        let mut ends: BTreeMap<String, u64> = BTreeMap::new();
        let mut failed: BTreeMap<String, u64> = BTreeMap::new();
        for c in reading.contacts() {
            for addr in [c.src, c.dst].into_iter().filter(|a| *a != UNNAMED) {
                *ends.entry(addr.to_string()).or_default() += 1;
            }
            if c.act == Act::LoginFailed || c.outcome == Outcome::Refused {
                *failed.entry(c.src.to_string()).or_default() += 1;
            }
        }
        for pair in expected["ipv4_strings"]["top"].as_array().unwrap() {
            let (addr, count) = (pair[0].as_str().unwrap(), pair[1].as_u64().unwrap());
            let ours = ends.get(addr).copied().unwrap_or(0);
            assert_eq!(ours + u64::from(deviates(&name, "strings", addr)), count, "{name} {addr}");
        }
        for pair in expected["fail2ban_regex_sshd_aggressive"]["offenders"]["top"].as_array().unwrap() {
            let addr = pair[0].as_str().unwrap();
            assert!(ends.contains_key(addr), "{name} {addr}: not even a contact");
            assert_eq!(failed.contains_key(addr), !deviates(&name, "offenders", addr), "{name} {addr}");
        }
        // CrowdSec says of a line which client it is about, and of a scenario which clients it fired for.
        let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
        for line in expected["crowdsec_parser_assert"]["lines"].as_array().into_iter().flatten().filter_map(|l| l.as_str()) {
            let Some((place, addr)) = line.split_once("].Evt.Meta[\"source_ip\"] == ") else { continue };
            let n: usize = place.rsplit_once('[').unwrap().1.parse().unwrap();
            let of_line = read(Syslog::new(clock()), lines[n]);
            let clients: Vec<String> = of_line.contacts().map(|c| c.src.to_string()).collect();
            assert_eq!(clients, [addr.trim_matches('"')], "{name} line {n}");
            asserted += 1;
        }
        for line in expected["crowdsec_scenario_assert"]["lines"].as_array().into_iter().flatten().filter_map(|l| l.as_str()) {
            let Some((_, addr)) = line.split_once(".IP == ") else { continue };
            assert!(ends.contains_key(addr.trim_matches('"')), "{name} {addr}");
            asserted += 1;
        }
    }
    assert!(asserted > 30, "{asserted}");
}

#[test]
fn tarpit_contacts_have_their_span() {
    let line = b"2022-02-13T10:42:37.830Z CLOSE host=::ffff:192.0.2.42 port=39590 fd=4 time=20.017 bytes=20";
    let reading = read(Syslog::new(clock()), line);
    let contact = reading.contacts().next().unwrap();
    assert_eq!(reading.said[0].time.unwrap().to_string(), "2022-02-13T10:42:17.813Z");
    assert_eq!(contact.ended.unwrap().to_string(), "2022-02-13T10:42:37.830Z");
    assert_eq!((contact.backward.bytes, contact.src.to_string().as_str()), (20, "192.0.2.42"));
    let go = read(Syslog::new(clock()), b"I0613 10:22:21.684962       1 client.go:58] ACCEPT host=192.0.2.1 port=53598 n=2/4096");
    assert_eq!(go.said[0].time.unwrap().to_string(), "2024-06-13T10:22:21.684962Z");
}

#[test]
fn rfc5424_fixture() {
    let reading = read(Syslog::new(clock()), &fixture("syslog5424.log"));
    assert_eq!(reading.counts(), (7, 6, 0, 2), "{:?}", reading.rejected);
    assert_eq!(
        reading.text(),
        [
            "198.51.100.7:40001 > here:22 LoginFailed Exchanged",
            "198.51.100.8:40002 > here:22 LoginFailed Exchanged",
            "2001:db8::5:50000 > here:22 LoginSucceeded Exchanged",
            "198.51.100.9:40003 > here:22 LoginFailed Exchanged",
            "198.51.100.10:40004 > 203.0.113.250:23 Connection Refused",
            "198.51.100.11:40005 > here:22 Connection Exchanged",
        ]
    );
    reading.never_names("192.0.2.9");
}

/// Every line of the fixtures.
pub(in crate::decode::log) fn samples() -> Vec<Vec<u8>> {
    ["auth.log", "syslog5424.log", "netfilter.log", "wireguard.log", "filterlog.log", "openvpn.log"]
        .iter()
        .flat_map(|name| fixture(name).split(|&b| b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
}

fn all_readers(line: &[u8]) {
    let line = line.trim_ascii();
    if line.is_empty() {
        return;
    }
    let mut out = Vec::new();
    for format in [&mut Syslog::new(clock()) as &mut dyn LineFormat, &mut Pf::new(clock()), &mut OpenVpn::new(clock())] {
        let _ = format.line(line, &mut out);
        out.clear();
    }
    let _ = (looks_like(line), super::super::pf::looks_like(line), super::super::openvpn::looks_like(line));
}

#[test]
fn no_cut_ends_a_run() {
    for line in samples() {
        for end in 0..line.len() {
            all_readers(&line[..end]);
            all_readers(&line[end..]);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_end_a_run(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        all_readers(&bytes);
    }

    #[test]
    fn no_damage_ends_a_run(n in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in "[ -~\\x00]{0,12}") {
        let samples = samples();
        let mut line = n.get(&samples).clone();
        let at = if line.is_empty() { 0 } else { at.index(line.len()) };
        line.splice(at..at, with.bytes());
        all_readers(&line);
    }
}
