//! A made-up report with everything the page can show: a traceroute over five states with a silent hop, MPLS and
//! a two-state alternative; a flood whose origin is withheld; a request through proxies with asserted entries.
//! Addresses of hosts are from the documentation blocks of RFC 5737 and RFC 3849, mostly.

use std::sync::Arc;

use crate::model::evidence::{EvidenceId, LabelEntry, Position};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, Grade, NormTouch, RegimeTouch, Status};
use crate::model::net::{Asn, StateCode};
use crate::model::path_law::PathLaw;
use crate::model::time::{Day, Timestamp};
use crate::report::model::*;

pub(super) fn state(code: &str) -> StateCode {
    code.parse().unwrap()
}

/// Centre and name of a state, from the embedded country table.
fn country(code: StateCode) -> Option<(String, Option<(f32, f32)>)> {
    let line = include_str!("../../../data/geo/countries.tsv").lines().find(|l| l.starts_with(&format!("{code}\t")))?;
    let columns: Vec<&str> = line.split('\t').collect();
    let centre = columns[9].parse().ok().zip(columns[10].parse().ok());
    Some((columns[3].into(), centre))
}

pub(super) fn centres(code: StateCode) -> Option<(f32, f32)> {
    country(code)?.1
}

pub(super) fn names(code: StateCode) -> Option<String> {
    country(code).map(|c| c.0)
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp((1_790_000_000 + seconds) * 1_000_000_000 + 123_456_000)
}

fn row(code: &str, p: f32, city: &str, at: Option<(f32, f32)>) -> LocusRow {
    let city = (!city.is_empty()).then(|| city.to_owned());
    LocusRow { state: state(code), p, city, lat: at.map(|a| a.0), lon: at.map(|a| a.1) }
}

fn regimes(code: &str) -> Vec<RegimeTouch> {
    let page = "https://www.coe.int/en/web/conventions/full-list?module=signatures-by-treaty&treatynum=185";
    let r = |instrument: &str, title: &str, status, in_force: Option<&str>, grade, source: &str, note: &str| RegimeTouch {
        instrument: Arc::from(instrument),
        title: Arc::from(title),
        status,
        in_force: in_force.map(|d| d.parse::<Day>().unwrap()),
        grade,
        source: Arc::from(source),
        note: Arc::from(note),
    };
    let mut rows = vec![match code {
        "US" => r("ETS185", "Convention on Cybercrime", Status::Party, Some("2007-01-01"), Grade::Confirmed, page, ""),
        "BR" => r("ETS185", "Convention on Cybercrime", Status::Party, Some("2023-03-01"), Grade::Confirmed, page, ""),
        "CN" | "RU" => r("ETS185", "Convention on Cybercrime", Status::NotParty, None, Grade::Confirmed, page, ""),
        _ => r("ETS185", "Convention on Cybercrime", Status::Party, Some("2009-07-01"), Grade::Confirmed, page, ""),
    }];
    rows.push(r(
        "UNCC",
        "United Nations Convention against Cybercrime",
        Status::Signatory,
        None,
        Grade::Partly,
        "https://treaties.un.org/pages/ViewDetails.aspx?src=TREATY&mtdsg_no=XVIII-16&chapter=18 (list of signatures)",
        "40 ratifications needed; not in force on the day",
    ));
    rows.push(r(
        "CETS224",
        "Second Additional Protocol (electronic evidence)",
        Status::Unknown,
        None,
        Grade::Unconfirmed,
        "",
        "not read",
    ));
    rows
}

fn norm(which: &str) -> NormTouch {
    let (title, reading) = match which {
        "13(b)" => (
            "Consider all relevant information",
            "Before anything is attributed, context and evidence are to be weighed; this report supplies part of the information.",
        ),
        _ => (
            "Territory not knowingly to be used",
            "A state should not knowingly allow its territory to be used. Without a notice to the state, knowledge is not recorded.",
        ),
    };
    NormTouch {
        norm: Arc::from(which),
        title: Arc::from(title),
        state: Arc::from(if which == "13(b)" { "engaged" } else { "not engaged: no notice recorded" }),
        reading: Arc::from(reading),
        source: Arc::from("A/70/174, para 13; A/76/135"),
        grade: Grade::Confirmed,
    }
}

fn touch(code: &str, basis: Basis, p: f32) -> Touch {
    let norms = if basis == Basis::Territory { vec![norm("13(b)"), norm("13(c)")] } else { vec![] };
    Touch { state: state(code), basis, p, regimes: regimes(code), norms }
}

fn source(name: &str, code: Option<&str>, weight: f32) -> SourceRow {
    SourceRow { source: name.into(), state: code.map(state), date: "2026-09".into(), weight }
}

/// A hop without place and without touches.
pub(super) fn bare(rank: u16, addr: Option<&str>, why: Option<&str>) -> Hop {
    Hop {
        rank,
        ttl: Some(rank as u8),
        addr: addr.map(Into::into),
        names: vec![],
        role: HopRole::Transit,
        kind: if addr.is_some() { Knowledge::Observed } else { Knowledge::Gap },
        locus: vec![],
        unknown_p: 1.0,
        why_unplaced: why.map(Into::into),
        anycast: false,
        flags: vec![],
        asn: None,
        as_name: None,
        as_state: None,
        registered_in: None,
        sources: vec![],
        rtt_ms: vec![],
        mpls: vec![],
        touches: vec![],
        remarks: vec![],
        because: vec![],
    }
}

#[expect(clippy::too_many_arguments, reason = "one line per hop reads best")]
fn placed(rank: u16, addr: &str, name: &str, asn: u32, as_name: &str, seat: &str, locus: Vec<LocusRow>, ms: f64, e: u32) -> Hop {
    let mut hop = bare(rank, Some(addr), None);
    let best = locus[0].clone();
    hop.names = if name.is_empty() { vec![] } else { vec![name.into()] };
    hop.asn = Some(Asn(asn));
    hop.as_name = Some(as_name.into());
    hop.as_state = Some(state(seat));
    hop.registered_in = Some(state(seat));
    hop.unknown_p = 1.0 - locus.iter().map(|l| l.p).sum::<f32>();
    hop.rtt_ms = vec![ms, ms + 0.412, ms + 0.093];
    hop.sources = vec![
        source("router-names", Some(best.state.as_str()), 0.8),
        source("dbip-country-lite", Some(seat), if best.state == state(seat) { 0.2 } else { 0.0 }),
    ];
    hop.touches = locus.iter().map(|l| touch(l.state.as_str(), Basis::Territory, l.p)).collect();
    hop.touches.push(touch(seat, Basis::OperatorSeat, 0.9));
    hop.locus = locus;
    hop.because = vec![EvidenceId(e), EvidenceId(e + 1)];
    hop
}

fn chain(hops: usize, kinds: &[(usize, Knowledge, u8, u8, &str)]) -> Vec<Segment> {
    (1..hops)
        .map(|to| {
            let special = kinds.iter().find(|k| k.0 == to);
            let (kind, min, max, why) =
                special.map_or((Knowledge::Observed, 0, 0, "answered at consecutive TTLs"), |k| (k.1, k.2, k.3, k.4));
            Segment { from: to - 1, to, kind, min, max, why: why.into() }
        })
        .collect()
}

fn border(from: usize, to: usize, leaves: &str, enters: &str, p: f32) -> Border {
    Border { from, to, leaves: state(leaves), enters: state(enters), p }
}

fn states(all: &[(&str, f32)]) -> Vec<StateP> {
    all.iter().map(|&(s, p)| StateP { state: state(s), p }).collect()
}

fn traceroute() -> Path {
    let frankfurt = || vec![row("DE", 0.96, "Frankfurt am Main", Some((50.11, 8.68)))];
    let mut hops = vec![
        placed(
            0,
            "198.51.100.23",
            "",
            3320,
            "Deutsche Telekom AG",
            "DE",
            vec![row("DE", 0.93, "Berlin", Some((52.52, 13.40)))],
            0.2,
            1,
        ),
        bare(1, Some("10.20.0.1"), Some("special-purpose address: Private-Use (RFC 1918)")),
        placed(2, "62.154.10.1", "f-ed11-i.f.de.net.dtag.de", 3320, "Deutsche Telekom AG", "DE", frankfurt(), 8.9, 3),
        placed(3, "129.250.4.16", "ae-9.r20.frnkge13.de.bb.gin.ntt.net", 2914, "NTT America", "US", frankfurt(), 9.4, 5),
        placed(
            4,
            "129.250.6.9",
            "ae-3.r23.parsfr04.fr.bb.gin.ntt.net",
            2914,
            "NTT America",
            "US",
            vec![row("FR", 0.91, "Paris", Some((48.86, 2.35)))],
            18.3,
            7,
        ),
        bare(5, None, Some("silent: no answer at this distance")),
        placed(
            6,
            "2001:db8:ffff:1234:5678:9abc:def0:6",
            "",
            12956,
            "Telxius Cable",
            "ES",
            vec![row("ES", 0.58, "Madrid", Some((40.42, -3.70))), row("PT", 0.31, "Lisbon", Some((38.72, -9.14)))],
            36.0,
            9,
        ),
        placed(
            7,
            "203.0.113.77",
            "www.example.com.br",
            64500,
            "Exemplo Serviços de Rede",
            "PT",
            vec![row("PT", 0.97, "", None)],
            41.7,
            11,
        ),
    ];
    hops[0].role = HopRole::Origin;
    hops[0].ttl = None;
    hops[7].role = HopRole::Target;
    hops[3].mpls = vec![LabelEntry { label: 24_011, tc: 0, bottom: true, ttl: 1 }];
    hops[3].remarks = vec!["inside a label-switched path: routers before it may be hidden".into()];
    hops[1].rtt_ms = vec![0.8];
    hops[1].because = vec![EvidenceId(2)];
    Path {
        id: "p1".into(),
        finding: "traceroute",
        reason: "24 probes with rising TTL from 198.51.100.23 towards 203.0.113.77; the target answered at TTL 7".into(),
        origin: Origin { addr: Some("198.51.100.23".into()), trust: "proved", withheld: None },
        target: Target { addr: Some("203.0.113.77".into()) },
        first: moment(0),
        last: moment(42),
        segments: chain(
            8,
            &[
                (5, Knowledge::Gap, 1, 1, "no answer at TTL 5"),
                (6, Knowledge::Gap, 0, 0, "no answer at TTL 5"),
                (7, Knowledge::Inferred, 0, 2, "TTL of the answer leaves room for two more routers"),
            ],
        ),
        hops,
        borders: vec![border(3, 4, "DE", "FR", 0.87), border(4, 6, "FR", "ES", 0.53), border(6, 7, "ES", "PT", 0.56)],
        states: states(&[("DE", 0.99), ("PT", 0.98), ("FR", 0.91), ("ES", 0.58)]),
        remarks: vec!["The way back may differ from the way there.".into()],
        law: PathLaw::default(),
    }
}

fn proxied() -> Path {
    let mut hops = vec![
        placed(0, "203.0.113.9", "", 4134, "CHINANET-BACKBONE", "CN", vec![row("CN", 0.71, "", None)], 0.0, 20),
        placed(
            1,
            "198.51.100.80",
            "",
            7922,
            "Comcast Cable",
            "US",
            vec![row("US", 0.88, "San Jose", Some((37.34, -121.89)))],
            0.0,
            22,
        ),
        placed(
            2,
            "192.0.2.10",
            "edge.example.net",
            13335,
            "Cloudflare",
            "US",
            vec![row("JP", 0.62, "Tokyo", Some((35.68, 139.69)))],
            0.0,
            24,
        ),
        bare(3, Some("192.0.2.53"), Some("anycast: one address, many places")),
        placed(
            4,
            "203.0.113.77",
            "www.example.com",
            64500,
            "Exemplo Serviços de Rede",
            "SG",
            vec![row("SG", 0.97, "Singapore", Some((1.35, 103.82)))],
            0.0,
            26,
        ),
    ];
    for (hop, role) in hops.iter_mut().zip([HopRole::Origin, HopRole::Proxy, HopRole::Proxy, HopRole::Proxy, HopRole::Target]) {
        hop.role = role;
        hop.ttl = None;
        hop.rtt_ms.clear();
    }
    hops[0].kind = Knowledge::Asserted;
    hops[1].kind = Knowledge::Asserted;
    hops[2].kind = Knowledge::Inferred;
    hops[3].anycast = true;
    hops[3].flags = vec!["hosting".into()];
    Path {
        id: "p2".into(),
        finding: "proxied-request",
        reason: "312 requests for /wp-login.php with a forwarded chain of four entries; the rightmost entry that is no trusted proxy is 192.0.2.10".into(),
        origin: Origin { addr: Some("203.0.113.9".into()), trust: "plausible", withheld: None },
        target: Target { addr: Some("203.0.113.77".into()) },
        first: moment(100),
        last: moment(90_000),
        segments: chain(5, &[(1, Knowledge::Asserted, 0, 9, "X-Forwarded-For, leftmost entry"), (2, Knowledge::Asserted, 0, 9, "X-Forwarded-For"), (3, Knowledge::Inferred, 0, 4, "peer of the connection")]),
        hops,
        borders: vec![border(0, 1, "CN", "US", 0.62), border(1, 2, "US", "JP", 0.55), border(2, 4, "JP", "SG", 0.6)],
        states: states(&[("SG", 0.97), ("US", 0.88), ("CN", 0.71), ("JP", 0.62)]),
        remarks: vec!["Entries left of 192.0.2.10 are what the sender wrote and may be invented.".into()],
        law: PathLaw::default(),
    }
}

fn flood() -> Path {
    let mut hops = vec![
        bare(0, None, Some("source address not proved, so not placed")),
        placed(
            1,
            "203.0.113.77",
            "www.example.com",
            64500,
            "Exemplo Serviços de Rede",
            "PT",
            vec![row("PT", 0.97, "Lisbon", Some((38.72, -9.14)))],
            0.0,
            30,
        ),
    ];
    hops[0].role = HopRole::Origin;
    hops[0].ttl = None;
    hops[1].role = HopRole::Target;
    hops[1].ttl = None;
    hops[1].rtt_ms.clear();
    Path {
        id: "p3".into(),
        finding: "syn-flood",
        reason:
            "1,204,331 half-open connections to port 443 from about 48,000 source addresses in 61 s; none completed a handshake"
                .into(),
        origin: Origin {
            addr: None,
            trust: "impossible",
            withheld: Some("sources are spread evenly over all of the address space: forged".into()),
        },
        target: Target { addr: Some("203.0.113.77".into()) },
        first: moment(200),
        last: moment(261),
        segments: chain(2, &[(1, Knowledge::Gap, 1, 30, "nothing is known of the way of forged packets")]),
        hops,
        borders: vec![],
        states: states(&[("PT", 0.97)]),
        remarks: vec![],
        law: PathLaw::default(),
    }
}

/// Four branches at two ranks over the Atlantic, in more ranks than fit in a row.
fn branches() -> Path {
    let city = |code: &str, name: &str, at| vec![row(code, 0.9, name, Some(at))];
    let cities: [(&str, &str, (f32, f32)); 12] = [
        ("NL", "Amsterdam", (52.37, 4.90)),
        ("NL", "Amsterdam", (52.37, 4.90)),
        ("GB", "London", (51.51, -0.13)),
        ("US", "New York", (40.71, -74.01)),
        ("US", "Newark", (40.74, -74.17)),
        ("US", "Ashburn", (39.04, -77.49)),
        ("US", "Atlanta", (33.75, -84.39)),
        ("US", "Dallas", (32.78, -96.80)),
        ("US", "Los Angeles", (34.05, -118.24)),
        ("MX", "Ciudad de México", (19.43, -99.13)),
        ("MX", "Monterrey", (25.69, -100.32)),
        ("MX", "Santiago de Querétaro", (20.59, -100.39)),
    ];
    let ranks = [0u16, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9];
    let hops: Vec<Hop> = cities
        .iter()
        .zip(ranks)
        .enumerate()
        .map(|(i, ((code, name, at), rank))| {
            placed(
                rank,
                &format!("192.0.2.{}", i + 100),
                "",
                64510,
                "Example Transit",
                "NL",
                city(code, name, *at),
                4.0 + 11.0 * f64::from(rank),
                40,
            )
        })
        .collect();
    let link = |from, to| Segment { from, to, kind: Knowledge::Observed, min: 0, max: 0, why: String::new() };
    let pairs = [(0, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 5), (5, 6), (6, 7), (6, 8), (7, 9), (8, 9), (9, 10), (10, 11)];
    Path {
        id: "p4".into(),
        finding: "chosen",
        reason: "named by the analyst".into(),
        origin: Origin { addr: Some("192.0.2.100".into()), trust: "echoed", withheld: None },
        target: Target { addr: Some("192.0.2.111".into()) },
        first: moment(300),
        last: moment(301),
        segments: pairs.into_iter().map(|(a, b)| link(a, b)).collect(),
        hops,
        borders: vec![
            border(1, 2, "NL", "GB", 0.8),
            border(2, 3, "GB", "US", 0.8),
            border(2, 4, "GB", "US", 0.8),
            border(7, 9, "US", "MX", 0.8),
            border(8, 9, "US", "MX", 0.8),
        ],
        states: states(&[("US", 0.99), ("MX", 0.99), ("NL", 0.95), ("GB", 0.9)]),
        remarks: vec![],
        law: PathLaw::default(),
    }
}

/// The whole report.
pub(super) fn report() -> ReportModel {
    let kinds = ["quote", "reached", "chain", "flow"];
    let evidence = (1..=34u32).map(|n| EvidenceRow {
        id: EvidenceId(n),
        kind: kinds[n as usize % 4],
        input: (n % 2) as u16,
        at: Position::Frame { frame: u64::from(n) * 17, offset: u64::from(n) * 1_234 },
        time: moment(i64::from(n)),
        what: format!("ICMP time exceeded from 129.250.4.{n} quoting UDP 198.51.100.23:33434 to 203.0.113.77:3344{n}, matched to a probe (level 3)"),
    });
    ReportModel {
        schema: SCHEMA,
        tool: Tool { name: "rutter", version: "0.1.0" },
        question: Question {
            text: "Which way did the traffic to 203.0.113.77 take, and which states does it touch?".into(),
            victims: vec!["203.0.113.77".into()],
            attackers: vec![],
            filter: None,
            trusted_proxies: vec!["192.0.2.0/24".into()],
            victim_state: Some(state("PT")),
            on: "2026-09-21".parse().ok(),
            requesting: None,
            law_overlay: None,
            top: 10,
            findings: 4,
        },
        inputs: vec![
            Input {
                path: "evidence/border-1.pcapng.zst".into(),
                sha256: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
                format: "pcapng".into(),
                link_types: vec!["EN10MB".into()],
                packets: 1_482_113,
                records: 4,
                rejected: 2,
                skipped: vec![SkippedRow { link_type: "link type USB_LINUX (189)".into(), packets: 12 }],
                first: Some(moment(0)),
                last: Some(moment(90_000)),
                truncated: false,
            },
            Input {
                path: "evidence/border-2.pcap".into(),
                sha256: None,
                format: "pcap".into(),
                link_types: vec!["RAW".into()],
                packets: 9_120,
                records: 0,
                rejected: 0,
                skipped: vec![],
                first: Some(moment(20)),
                last: Some(moment(400)),
                truncated: true,
            },
        ],
        datasets: vec![
            Dataset {
                name: "dbip-country-lite".into(),
                date: "2026-09".into(),
                sha256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae".into(),
                licence: "CC BY 4.0".into(),
                attribution: "IP Geolocation by DB-IP, https://db-ip.com".into(),
            },
            Dataset { name: "router-names".into(), date: "2026-09-14".into(), sha256: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9".into(), licence: "MIT OR Apache-2.0".into(), attribution: String::new() },
        ],
        paths: vec![traceroute(), proxied(), flood(), branches()],
        traffic: vec![
            StateTraffic { state: Some(state("US")), flows: 12_004, packets: 903_331, bytes: 712_334_001 },
            StateTraffic { state: Some(state("DE")), flows: 4_410, packets: 301_200, bytes: 202_118_220 },
            StateTraffic { state: None, flows: 1_204_331, packets: 1_204_331, bytes: 72_259_860 },
        ],
        evidence: evidence.collect(),
        counters: Counters { packets: 1_491_233, bytes: 981_223_113, flows: 1_221_090, evicted: 0, dropped: 0, rejected: 2, quotes: 61, matched: 58, skipped: 12, ..Counters::default() },
        rejected: vec![Rejected { input: 0, at: Position::Frame { frame: 88_213, offset: 61_120_332 }, why: "captured length 4,294,967,295 is longer than the block".into() }],
        warnings: vec!["evidence/border-2.pcap ends inside a record: what followed is lost.".into()],
        non_claim: NON_CLAIM,
        reproduce: "rutter trace -r evidence/border-1.pcapng.zst -r evidence/border-2.pcap --victim 203.0.113.77 --trust 192.0.2.0/24 --on 2026-09-21 -o report.html".into(),
    }
}
