use super::*;
use crate::model::digest::Flood;
use crate::model::evidence::{
    ChainKind, Direction, Evidence, EvidenceId, EvidenceItem, Flow, Handshake, InputId, Name, NameHow, Position, Probing,
    Provenance,
};
use crate::model::hop::{Hop, HopRole};
use crate::model::net::{FiveTuple, IpProtocol};
use crate::model::route::RouteSource;
use crate::model::time::Span;
use crate::paths::filter::Filter;
use crate::paths::question::parse_net;

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn span(first_s: i64, last_s: i64) -> Span {
    Span { first: Timestamp(first_s * 1_000_000_000), last: Timestamp(last_s * 1_000_000_000) }
}

fn sum(packets: u64, bytes: u64) -> Direction {
    Direction { packets, bytes, ttl_min: 50, ttl_max: 50 }
}

/// Ten flows of ordinary web traffic.
fn web(origin: &str, target: &str) -> Conversation {
    Conversation {
        origin: addr(origin),
        target: addr(target),
        seen: span(0, 60),
        flows: 10,
        completed: 10,
        half_open: 0,
        refused: 0,
        short: 0,
        proto: IpProtocol::TCP,
        port: 443,
        forward: sum(100, 20_000),
        backward: sum(200, 300_000),
        trust: SourceTrust::Proved,
        rtt_client: None,
        rtt_server: None,
        host: None,
        because: Vec::new(),
    }
}

fn guessing(origin: &str, target: &str, short: u64) -> Conversation {
    Conversation { port: 22, flows: short, completed: short, short, seen: span(0, 58), ..web(origin, target) }
}

fn flood(target: &str, backscatter: bool) -> Flood {
    Flood {
        target: addr(target),
        proto: IpProtocol::TCP,
        port: 80,
        seen: span(0, 12),
        flows: 12_345,
        sources: 9_800,
        packets: 12_345,
        backscatter,
        because: Vec::new(),
    }
}

fn scan(source: &str, target: &str) -> Scan {
    Scan {
        source: addr(source),
        seen: span(0, 60),
        flows: 900,
        targets: 300,
        ports: 3,
        target: addr(target),
        because: Vec::new(),
    }
}

fn hop(rank: u16, role: HopRole, kind: Knowledge, at: Option<&str>) -> Hop {
    Hop {
        rank,
        ttl: None,
        addr: at.map(addr),
        role,
        kind,
        seen: None,
        rtts: Vec::new(),
        mpls: Vec::new(),
        names: Vec::new(),
        remarks: Vec::new(),
        because: Vec::new(),
    }
}

fn trace(origin: &str, target: &str, between: &[&str], complete: bool) -> Route {
    let mut hops = vec![hop(0, HopRole::Origin, Knowledge::Observed, Some(origin))];
    hops.extend(between.iter().zip(1..).map(|(a, n)| hop(n, HopRole::Transit, Knowledge::Observed, Some(a))));
    hops.push(hop(90, HopRole::Target, Knowledge::Observed, Some(target)));
    Route {
        source: RouteSource::Traceroute,
        origin: Some(addr(origin)),
        trust: SourceTrust::Echoed,
        target: addr(target),
        seen: span(5, 9),
        hops,
        segments: Vec::new(),
        complete,
        remarks: Vec::new(),
    }
}

fn proxied(client: &str, proxy: &str, server: &str) -> Route {
    let hops = vec![
        hop(0, HopRole::Proxy, Knowledge::Asserted, Some("198.18.0.66")),
        hop(1, HopRole::Origin, Knowledge::Asserted, Some(client)),
        hop(2, HopRole::Proxy, Knowledge::Observed, Some(proxy)),
        hop(3, HopRole::Target, Knowledge::Observed, Some(server)),
    ];
    Route { source: RouteSource::ForwardedChain, trust: SourceTrust::Proved, hops, ..trace(client, server, &[], true) }
}

fn item(n: u32, fact: Evidence) -> EvidenceItem {
    let from = Provenance { input: InputId(0), at: Position::Frame { frame: u64::from(n), offset: 0 } };
    EvidenceItem { id: EvidenceId(n), from, time: Timestamp(0), fact }
}

fn flow(src: &str, dst: &str, dport: u16, trust: SourceTrust) -> Evidence {
    Evidence::Flow(Box::new(Flow {
        tuple: FiveTuple { src: addr(src), dst: addr(dst), sport: 40_000, dport, proto: IpProtocol::TCP },
        seen: span(0, 1),
        forward: sum(1, 60),
        backward: sum(0, 0),
        handshake: Handshake::HalfOpen,
        trust,
        rtt_server: None,
        rtt_client: None,
        host: None,
        evicted: false,
        recorded: false,
    }))
}

fn ranked(digest: &Digest, traces: &[Route], chains: &[Route], question: &Question) -> Ranking {
    let state = |a: IpAddr| StateCode::new(if a == addr("8.8.8.8") { "US" } else { "DE" });
    rank(digest, traces, chains, question, &state, &|_| Some(Asn(64_500)))
}

fn kinds_of(ranking: &Ranking) -> Vec<&'static str> {
    ranking.subjects.iter().map(|r| r.finding.kind).collect()
}

fn asked(filter: &str) -> Question {
    Question { filter: Some(Filter::parse(filter).unwrap()), ..Question::default() }
}

#[test]
fn attacks_come_before_the_rest_with_reasons_in_numbers() {
    let digest = Digest {
        conversations: vec![
            web("8.8.8.8", "9.9.9.9"),
            guessing("8.8.4.4", "9.9.9.9", 312),
            Conversation { forward: sum(9_000, 48_000_000), backward: sum(500, 40_000), ..web("9.9.9.9", "1.2.3.4") },
            web("8.8.8.7", "9.9.9.9"),
        ],
        floods: vec![flood("9.9.9.9", false), flood("7.7.7.7", true)],
        scans: vec![scan("5.5.5.5", "9.9.9.9")],
        ..Digest::default()
    };
    let traces = [trace("9.9.9.9", "8.8.8.8", &["1.1.1.1", "2.2.2.2"], true)];
    let chains = [proxied("6.6.6.6", "10.0.0.2", "9.9.9.9")];
    let ranking = ranked(&digest, &traces, &chains, &Question::default());
    assert_eq!(
        kinds_of(&ranking),
        ["brute-force", "syn-flood", "backscatter", "upload", "scan", "proxied-request", "traceroute"]
    );
    assert_eq!(ranking.found, 7, "ordinary web traffic is no finding");
    let reason = |kind: &str| ranking.subjects.iter().find(|r| r.finding.kind == kind).unwrap().finding.reason.clone();
    assert_eq!(
        reason("brute-force"),
        "312 short sessions to tcp/22 in 58 s (322.8 a minute); typical of password guessing, and of a program that logs in over and over"
    );
    assert!(reason("syn-flood").starts_with("12,345 half-open flows to tcp/80 from about 9,800 addresses in 12 s"));
    assert!(reason("backscatter").contains("that host is a victim"));
    assert!(
        reason("upload")
            .starts_with("48.0 MB sent and 40.0 kB received in 60 s (1200 to 1) on tcp/443; the median of 4 conversations is")
    );
    assert_eq!(reason("scan"), "one source tried 300 addresses and 3 ports in 60 s: 900 flows refused or without an answer");
    assert_eq!(
        reason("proxied-request"),
        "a request forwarded by 1 proxy that is believed, with 1 claim in its header that nobody vouches for"
    );
    assert_eq!(reason("traceroute"), "traceroute: 2 router addresses answered, none silent, the target answered");
    for r in &ranking.subjects {
        assert!(!r.finding.reason.contains("8.8.4.4") && !r.finding.reason.contains("5.5.5.5"), "reasons name no address");
    }
}

#[test]
fn each_threshold_matters() {
    let kind = |c: Conversation| {
        let digest = Digest { conversations: vec![c, web("1.1.1.1", "2.2.2.2"), web("1.1.1.2", "2.2.2.2")], ..Digest::default() };
        ranked(&digest, &[], &[], &Question::default()).subjects[0].finding.kind
    };
    assert_eq!(kind(guessing("8.8.8.8", "9.9.9.9", 10)), "brute-force");
    assert_eq!(kind(guessing("8.8.8.8", "9.9.9.9", 9)), "conversation");
    assert_eq!(kind(Conversation { port: 443, ..guessing("8.8.8.8", "9.9.9.9", 500) }), "conversation");
    assert_eq!(kind(Conversation { port: 25, ..guessing("8.8.8.8", "9.9.9.9", 39) }), "conversation");
    assert_eq!(
        kind(Conversation { completed: 25, ..guessing("8.8.8.8", "9.9.9.9", 12) }),
        "conversation",
        "most sessions were long"
    );
    let upload = |sent, got| Conversation { forward: sum(10, sent), backward: sum(10, got), ..web("8.8.8.8", "9.9.9.9") };
    assert_eq!(kind(upload(2_000_000, 1_000)), "upload");
    assert_eq!(kind(upload(900_000, 1_000)), "conversation");
    assert_eq!(kind(upload(2_000_000, 500_000)), "conversation");
    assert_eq!(
        kind(Conversation { backward: sum(0, 0), ..upload(2_000_000, 0) }),
        "conversation",
        "one-way traffic is no upload"
    );
    // Usual for the place: everybody sends as much.
    let digest = Digest {
        conversations: (1..9).map(|n| Conversation { origin: addr(&format!("8.8.8.{n}")), ..upload(2_000_000, 1_000) }).collect(),
        ..Digest::default()
    };
    assert_eq!(ranked(&digest, &[], &[], &Question::default()).subjects[0].finding.kind, "conversation");
}

#[test]
fn nothing_special_falls_back_to_the_largest_with_a_public_end() {
    let small = Conversation { forward: sum(1, 100), backward: sum(1, 100), ..web("8.8.8.8", "10.0.0.1") };
    let conversations = vec![web("10.0.0.1", "10.0.0.2"), small, web("10.0.0.1", "1.2.3.4")];
    let digest = Digest { conversations, ..Digest::default() };
    let ranking = ranked(&digest, &[], &[], &Question::default());
    let subjects: Vec<Subject> = ranking.subjects.iter().map(|r| r.subject).collect();
    assert_eq!(subjects, [Subject::Conversation(2), Subject::Conversation(1)]);
    let private = Digest { conversations: vec![web("10.0.0.1", "10.0.0.2")], ..Digest::default() };
    let only = ranked(&private, &[], &[], &Question::default());
    assert!(only.subjects[0].finding.reason.contains("no address is public"), "rather that than an empty report");
    assert_eq!(ranked(&Digest::default(), &[], &[], &Question::default()), Ranking::default());
}

#[test]
fn nothing_is_shown_twice() {
    let failed = |origin: &str, target: &str| Conversation {
        completed: 0,
        half_open: 10,
        trust: SourceTrust::Plausible,
        ..web(origin, target)
    };
    let digest = Digest {
        conversations: vec![
            failed("5.5.5.5", "9.9.9.1"),
            failed("4.4.4.4", "9.9.9.9"),
            Conversation { trust: SourceTrust::Backscatter, ..failed("7.7.7.7", "9.9.9.9") },
            web("10.0.0.2", "9.9.9.9"),
            web("9.9.9.9", "8.8.8.8"),
            web("3.3.3.3", "9.9.9.9"),
        ],
        floods: vec![flood("9.9.9.9", false), flood("7.7.7.7", true)],
        scans: vec![scan("5.5.5.5", "9.9.9.1")],
        ..Digest::default()
    };
    let traces = [trace("9.9.9.9", "8.8.8.8", &["1.1.1.1"], true)];
    let chains = [proxied("6.6.6.6", "10.0.0.2", "9.9.9.9")];
    let all = asked("port:443 or not port:443");
    let ranking = ranked(&digest, &traces, &chains, &all);
    let conversations: Vec<Subject> =
        ranking.subjects.iter().map(|r| r.subject).filter(|s| matches!(s, Subject::Conversation(_))).collect();
    assert_eq!(conversations, [Subject::Conversation(5)], "the one that nothing else covers");
    assert_eq!(ranking.found, 6);
    // What is not shown covers nothing.
    let only = ranked(&digest, &traces, &chains, &asked("src:5.5.5.5 finding:conversation"));
    assert_eq!(only.subjects[0].subject, Subject::Conversation(0));
}

#[test]
fn the_fullest_trace_of_a_pair_comes_first_and_others_pairs_before_its_repeats() {
    let traces = [
        trace("9.9.9.9", "8.8.8.8", &["1.1.1.1", "2.2.2.2", "3.3.3.3"], false),
        trace("9.9.9.9", "8.8.8.8", &["1.1.1.1", "2.2.2.2", "3.3.3.3"], true),
        trace("9.9.9.9", "7.7.7.7", &["1.1.1.1"], false),
    ];
    let ranking = ranked(&Digest::default(), &traces, &[], &Question::default());
    let subjects: Vec<Subject> = ranking.subjects.iter().map(|r| r.subject).collect();
    assert_eq!(subjects, [Subject::Trace(1), Subject::Trace(2), Subject::Trace(0)]);
    assert!(ranking.subjects[2].finding.reason.ends_with("a fuller or earlier trace of the same pair stands above"));
}

#[test]
fn a_traceroute_is_no_scan_but_a_scanner_that_traces_is() {
    let probing = Probing {
        src: addr("9.9.9.9"),
        dst: addr("8.8.8.8"),
        proto: IpProtocol::UDP,
        seen: span(0, 9),
        sent: vec![0, 3, 3, 3],
        from: Provenance { input: InputId(0), at: Position::Frame { frame: 1, offset: 0 } },
    };
    let probes = Scan { flows: 9, targets: 1, ports: 9, ..scan("9.9.9.9", "8.8.8.8") };
    let mut digest = Digest { probings: vec![probing], scans: vec![probes], ..Digest::default() };
    assert_eq!(ranked(&digest, &[], &[], &Question::default()).found, 0);
    digest.scans[0].flows = 1_000;
    assert_eq!(kinds_of(&ranked(&digest, &[], &[], &Question::default())), ["scan"]);
    digest.scans[0] = Scan { flows: 9, targets: 9, ports: 1, ..scan("9.9.9.9", "8.8.8.8") };
    assert_eq!(kinds_of(&ranked(&digest, &[], &[], &Question::default())), ["scan"]);
}

#[test]
fn the_analyst_chooses_by_victim_attacker_and_filter() {
    let digest = Digest {
        conversations: vec![
            web("8.8.8.8", "9.9.9.9"),
            guessing("8.8.4.4", "9.9.9.9", 40),
            Conversation { forward: sum(9_000, 48_000_000), backward: sum(500, 40_000), ..web("9.9.9.9", "1.2.3.4") },
            web("9.9.9.9", "1.1.1.1"),
        ],
        items: vec![
            item(1, flow("5.5.5.5", "9.9.9.9", 23, SourceTrust::Plausible)),
            item(
                2,
                Evidence::Name(Name { addr: addr("1.1.1.1"), name: "one.Example.org".into(), how: NameHow::Ptr, ttl_s: None }),
            ),
        ],
        scans: vec![Scan { because: vec![EvidenceId(1), EvidenceId(99)], ..scan("5.5.5.5", "9.9.9.1") }],
        ..Digest::default()
    };
    let victim = Question { victims: vec![parse_net("--victim", "9.9.9.9").unwrap()], ..Question::default() };
    let ranking = ranked(&digest, &[], &[], &victim);
    assert_eq!(kinds_of(&ranking), ["brute-force", "upload", "scan", "chosen"], "natural kinds stay, the rest is chosen");
    assert!(ranking.subjects[3].finding.reason.starts_with("chosen by the analyst: 10 flows on tcp/443 in 60 s"));
    let attacker = Question { attackers: vec![parse_net("--attacker", "8.8.0.0/16").unwrap()], ..victim };
    assert_eq!(kinds_of(&ranked(&digest, &[], &[], &attacker)), ["brute-force", "chosen"]);
    let subject = |filter: &str| ranked(&digest, &[], &[], &asked(filter)).subjects.iter().map(|r| r.subject).collect::<Vec<_>>();
    assert_eq!(subject("name:*.example.org"), [Subject::Conversation(3)]);
    assert_eq!(subject("state:US"), [Subject::Conversation(0)]);
    assert_eq!(subject("port:23"), [Subject::Scan(0)]);
    assert_eq!(subject("trust:plausible"), [Subject::Scan(0)]);
    assert!(subject("finding:flood").is_empty(), "no fall-back when a question has no answer");
}

#[test]
fn claims_in_a_header_match_no_host_filter() {
    let chains = [proxied("6.6.6.6", "10.0.0.2", "9.9.9.9")];
    let found = |filter: &str| ranked(&Digest::default(), &[], &chains, &asked(filter)).found;
    assert_eq!([found("host:198.18.0.66"), found("host:6.6.6.6"), found("host:10.0.0.2"), found("dst:9.9.9.9")], [0, 1, 1, 1]);
    assert_eq!(ChainKind::Via.as_str(), "via");
}

#[test]
fn the_list_is_cut_and_the_rest_counted() {
    let digest =
        Digest { conversations: (1..31).map(|n| guessing(&format!("8.8.8.{n}"), "9.9.9.9", 50)).collect(), ..Digest::default() };
    let ranking = ranked(&digest, &[], &[], &Question::default());
    assert_eq!((ranking.subjects.len(), ranking.found), (10, 30));
    assert_eq!(ranked(&digest, &[], &[], &Question { top: 0, ..Question::default() }).subjects.len(), 0);
}

proptest::proptest! {
    #[test]
    fn the_order_of_input_does_not_matter(seed in 0_usize..1_000, shorts in proptest::collection::vec(5_u64..15, 2..9)) {
        let conversations: Vec<Conversation> =
            shorts.iter().zip(1..).map(|(s, n)| guessing(&format!("8.8.8.{n}"), "9.9.9.9", *s)).collect();
        let mut turned = conversations.clone();
        turned.rotate_left(seed % shorts.len());
        turned.swap(0, seed % shorts.len());
        let named = |list: Vec<Conversation>| {
            let digest = Digest { conversations: list, ..Digest::default() };
            let subjects = ranked(&digest, &[], &[], &Question::default()).subjects;
            let of = |r: Ranked| match r.subject {
                Subject::Conversation(i) => (digest.conversations[i].origin, r.finding),
                other => unreachable!("{other:?}"),
            };
            subjects.into_iter().map(of).collect::<Vec<_>>()
        };
        proptest::prop_assert_eq!(named(conversations), named(turned));
    }
}

#[test]
fn public_addresses() {
    for yes in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2600::1", "3fff:1000::1"] {
        assert!(is_public(addr(yes)), "{yes}");
    }
    for no in [
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "192.0.2.1",
        "192.0.0.9",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "3fff:fff::1",
        "::ffff:10.0.0.1",
    ] {
        assert!(!is_public(addr(no)), "{no}");
    }
}
