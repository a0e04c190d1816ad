//! Real captures, none made by this project: packet counts, addresses of every layer and ICMP errors against what
//! independent tools found in them. What differs is explained here, file by file, and must differ in just that way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rutter::evidence::batch::{Dealer, HashKey, SHARDS, Witness};
use rutter::evidence::shard::{Caps, Shard};
use rutter::model::evidence::{InputId, Provenance, Quote, TunnelKind};
use rutter::model::net::{IpProtocol, PackedAddr};
use rutter::model::record::Mail;
use rutter::source::block::Block;
use rutter::source::capture::{CaptureFile, OpenOptions};
use serde_json::Value;

const KINDS: [&str; 11] = [
    "pcap-linktype",
    "pcap-traceroute",
    "pcapng-format",
    "pcap-ipopt-frag",
    "pcap-bad",
    "pcap-tunnel",
    "pcap-attack",
    "pcap-mail",
    "pcap-proxy",
    "pcap-groundtruth",
    "bgp-pcap",
];

/// A file, and how many packets are found in it instead of the expected ones.
struct Difference {
    file: &'static str,
    packets: Option<u64>,
    why: &'static str,
}

const DIFFERENCES: [Difference; 3] = [
    Difference {
        file: "hadrielk__test018.pcapng",
        packets: Some(4),
        why: "the expected 8 count custom blocks, which hold no packet; capinfos counts 4",
    },
    Difference {
        file: "hadrielk__test102.pcapng",
        packets: Some(5),
        why: "the expected 8 count custom blocks, which hold no packet; capinfos counts 5",
    },
    Difference {
        file: "hadrielk__test202.pcapng",
        packets: Some(8),
        why: "the expected 11 count custom blocks, which hold no packet; capinfos counts 8",
    },
];

/// Frames that can't be read, by file: their number and the first complaint. No other file has any.
const UNREADABLE: [(&str, usize, &str); 6] = [
    ("the-tcpdump-group__hoobr_rt6_print.pcap", 2, "frame 1: raw ip: version is neither 4 nor 6"),
    ("the-tcpdump-group__ipv6_39_byte_header.pcap", 1, "frame 1: ipv6: cut off, 25 of 40 bytes are there"),
    ("the-tcpdump-group__radiotap-heapoverflow.pcap", 1, "frame 1: radiotap: version is not 0"),
    ("the-tcpdump-group__unsupported-link-type-160.pcap", 1, "frame 1: link type 160 is not read"),
    ("zeek__geneve-truncated.pcapng", 1, "frame 1: ethernet: cut off, 0 of 14 bytes are there"),
    ("zeek__mpls-6in6-6in6-4in6-trunc.pcap", 1, "frame 1: ipv4: cut off, 4 of 20 bytes are there"),
];

/// Labels that the expectation does not have, but tcpdump has: file, sender of the error, stack. The length field of
/// RFC 4884 is wrong in both; the objects stand behind 128 bytes, with a right checksum.
const UNEXPECTED_LABELS: [(&str, &str, &str); 2] = [
    ("trippy-issue-804-mpls-rfc4884-length.pcap", "62.115.112.244", "[416240/1]"),
    ("chrissanders__icmp_traceroute.pcapng", "12.122.133.110", "[19642/255]"),
];

/// Fields of the expectation, and the tunnels whose number they are.
const NUMBERED: [(&str, &[TunnelKind]); 5] = [
    ("gtp.teid", &[TunnelKind::GtpU]),
    // tshark has one dissector for both.
    ("vxlan.vni", &[TunnelKind::Vxlan, TunnelKind::VxlanGpe]),
    ("geneve.vni", &[TunnelKind::Geneve]),
    ("erspan.spanid", &[TunnelKind::Erspan]),
    ("mpls.label", &[TunnelKind::MplsUdp]),
];

/// Packets of tunnels without a number, by the protocol chains of the expectation.
const COUNTED: [(&str, TunnelKind, u64); 6] = [
    ("seladb__IPv4-encapsulated-IPv6.pcap", TunnelKind::SixToFour, 1),
    ("seladb__WireGuard.pcap", TunnelKind::WireGuard, 4),
    // 35 less 3 that carry nothing.
    ("zeek__ayiya3.pcap", TunnelKind::Ayiya, 32),
    // 4 on Teredo's port; 25 between a client and a relay on other ports, which tshark leaves as data.
    ("zeek__Teredo.pcap", TunnelKind::Teredo, 29),
    ("zeek__gtp8_teredo.pcap", TunnelKind::Teredo, 10),
    ("zeek__6in6in6.pcap", TunnelKind::SixInSix, 2),
];

/// Packets that tshark does not count, as it waits for the rest of them, which is not in the capture; without
/// reassembly it counts them too: file, number of the tunnel, packets.
const MORE_FRAGMENTS: [(&str, u32, u64); 1] = [("zeek__gtp1_gn_normal_incl_fragmentation.pcap", 45751, 4)];

#[derive(Default)]
struct Addresses(BTreeSet<IpAddr>);

impl Witness for Addresses {
    const QUOTES: bool = true;
    fn address(&mut self, addr: PackedAddr) {
        self.0.insert(addr.unpack());
    }
}

#[derive(Default)]
struct Read {
    packets: u64,
    addresses: BTreeSet<IpAddr>,
    errors: Vec<String>,
    failure: Option<String>,
    quotes: Vec<Quote>,
    /// Packets by kind and number of the tunnel.
    tunnels: BTreeMap<(TunnelKind, Option<u32>), u64>,
    /// Kind, peer, server and entries.
    chains: BTreeSet<String>,
    mails: Vec<Mail>,
    /// Source, destination and addresses of lists in options and routing headers.
    listed: BTreeSet<(IpAddr, IpAddr, Vec<IpAddr>)>,
}

fn read(path: &Path) -> Read {
    let mut out = Read::default();
    let mut file = match CaptureFile::open(path, &OpenOptions::default()) {
        Ok(file) => file,
        Err(error) => return Read { failure: Some(error.to_string()), ..out },
    };
    let mut block = Block::default();
    let mut dealer = Dealer::new(HashKey::new(1));
    let mut shards: Vec<Shard> = (0..SHARDS).map(|n| Shard::new(Caps::for_flows(1 << 16), n as u64)).collect();
    let mut witness = Addresses::default();
    loop {
        let more = file.next_block(&mut block).unwrap_or_else(|error| {
            out.failure = Some(error.to_string());
            false
        });
        dealer.clear();
        for (i, record) in block.records.iter().enumerate() {
            let frame = block.bytes(record);
            if let Some(error) = dealer.deal(record.link.0, frame, record.start, i as u32, record.ts, &mut witness) {
                out.errors.push(format!("frame {}: {error}", block.first_frame + i as u64));
            }
        }
        let place = |n: u32| Provenance { input: InputId(0), at: block.position(n as usize) };
        for (shard, batch) in shards.iter_mut().zip(&dealer.batches) {
            shard.apply(&block.data, batch, &place, &mut ());
        }
        if !more {
            break;
        }
    }
    out.packets = file.summary().packets;
    out.addresses = witness.0;
    for (&(kind, _, _, id), count) in shards.iter().flat_map(|s| &s.tunnels) {
        *out.tunnels.entry((kind, id)).or_default() += count.packets;
    }
    shards.iter_mut().for_each(|shard| shard.finish(&mut ()));
    for (_, _, chain) in shards.iter().flat_map(|s| s.heads.chains()) {
        let entries: Vec<&str> = chain.entries.iter().map(|e| &*e.text).collect();
        out.chains.insert(format!("{} {} > {}: {}", chain.kind.as_str(), chain.peer, chain.server, entries.join(", ")));
    }
    out.mails = shards.iter().flat_map(|s| s.heads.mails()).map(|(_, _, mail)| mail).collect();
    for ((_, (src, dst), addrs), _) in shards.iter().flat_map(|s| &s.listed) {
        out.listed.insert((src.unpack(), dst.unpack(), addrs.iter().map(|a| a.unpack()).collect()));
    }
    let mut quotes: Vec<_> = shards.into_iter().flat_map(|s| s.quotes).collect();
    quotes.sort_by_key(|(from, ..)| *from);
    out.quotes = quotes.into_iter().map(|(.., quote)| quote).collect();
    out
}

fn corpus() -> Option<PathBuf> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        println!("skipped: no corpus");
        return None;
    }
    Some(corpus)
}

/// Files of a kind with what is expected of them, by name.
fn files(corpus: &Path, kind: &str) -> BTreeMap<String, (PathBuf, Value)> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(corpus.join(kind)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let json = std::fs::read(corpus.join("expected").join(kind).join(format!("{name}.json"))).unwrap();
        let expected: Value = serde_json::from_slice(&json).unwrap();
        out.insert(name, (path, expected["expected"].clone()));
    }
    out
}

#[test]
fn packets_and_addresses_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for (name, (path, expected)) in KINDS.iter().flat_map(|kind| files(&corpus, kind)) {
        let got = read(&path);
        let difference = DIFFERENCES.iter().find(|d| d.file == name);
        let packets = difference.and_then(|d| d.packets).or(expected["tshark"]["packets"].as_u64());
        if Some(got.packets) != packets {
            wrong.push(format!("{name}: {} packets, not {packets:?}", got.packets));
        }
        if let Some(list) = expected["ip_addresses"]["list"].as_array() {
            let want: BTreeSet<IpAddr> = list.iter().map(|a| a.as_str().unwrap().parse().unwrap()).collect();
            if got.addresses != want {
                let (more, less): (Vec<_>, Vec<_>) =
                    (got.addresses.difference(&want).collect(), want.difference(&got.addresses).collect());
                wrong.push(format!("{name}: addresses {more:?} too many, {less:?} missing"));
            }
        }
        let unreadable = UNREADABLE.iter().find(|u| u.0 == name).map_or((0, None), |u| (u.1, Some(u.2)));
        if (got.errors.len(), got.errors.first().map(String::as_str)) != unreadable {
            wrong.push(format!("{name}: {} unreadable frames, {:?}", got.errors.len(), got.errors.first()));
        }
        if got.failure.is_some() != (name == "rusticata__err-eof.bin") {
            wrong.push(format!("{name}: {:?}", got.failure));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(DIFFERENCES.iter().all(|d| !d.why.is_empty()));
}

/// Numbers of tunnels, and how many packets have them.
#[test]
fn tunnels_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    let mut compared = 0;
    for (name, (path, expected)) in files(&corpus, "pcap-tunnel") {
        let got = read(&path).tunnels;
        for &(_, kind, packets) in COUNTED.iter().filter(|c| c.0 == name) {
            assert_eq!(got.iter().filter(|(k, _)| k.0 == kind).map(|(_, n)| n).sum::<u64>(), packets, "{name}: {kind:?}");
            compared += 1;
        }
        for (key, kinds) in NUMBERED {
            // Labels right above Ethernet are no tunnel between addresses.
            if key == "mpls.label" && name != "the-tcpdump-group__mpls-over-udp.pcap" {
                continue;
            }
            let Some(numbers) = expected["encapsulation_ids"][key].as_object() else { continue };
            let number = |text: &str| match text.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).unwrap(),
                None => text.parse().unwrap(),
            };
            let mut want: BTreeMap<u32, u64> =
                numbers.iter().map(|(n, packets)| (number(n), packets.as_u64().unwrap())).collect();
            for &(.., number, more) in MORE_FRAGMENTS.iter().filter(|m| m.0 == name) {
                *want.get_mut(&number).unwrap() += more;
            }
            let of_kind: BTreeMap<u32, u64> =
                got.iter().filter(|(k, _)| kinds.contains(&k.0)).filter_map(|(k, packets)| Some((k.1?, *packets))).collect();
            assert_eq!(of_kind, want, "{name}: {key}");
            compared += want.len();
        }
    }
    assert!(compared >= 20, "{compared}");
}

/// No tunnel is found in a file in which tshark dissects none of its kind.
#[test]
fn no_tunnel_is_invented() {
    let Some(corpus) = corpus() else { return };
    let mut files_seen = 0;
    for (name, (path, expected)) in KINDS.iter().chain(&["flow-netflow"]).flat_map(|kind| files(&corpus, kind)) {
        let chains: Vec<&String> = expected["protocol_chains"].as_object().into_iter().flat_map(|o| o.keys()).collect();
        for (kind, _) in read(&path).tunnels.keys() {
            let words: &[&str] = match kind {
                // Counted above. An IP header in another is what it is.
                TunnelKind::IpIp | TunnelKind::SixInFour | TunnelKind::SixInSix | TunnelKind::SixToFour => continue,
                TunnelKind::WireGuard => &["wg"],
                TunnelKind::VxlanGpe => &["vxlan"],
                TunnelKind::GtpU => &["gtp"],
                TunnelKind::Nvgre => &["gre"],
                TunnelKind::MplsUdp => &["mpls"],
                kind => &[kind.as_str()],
            };
            let known = chains.iter().any(|chain| chain.split(':').any(|protocol| words.contains(&protocol)));
            assert!(known, "{name}: {kind:?} in {chains:?}");
        }
        files_seen += 1;
    }
    assert!(files_seen >= 100, "{files_seen}");
}

/// A quote in the words of the expectation.
fn words(q: &Quote) -> String {
    let t = &q.quoted.tuple;
    let icmp = matches!(t.proto, IpProtocol::ICMP | IpProtocol::ICMPV6);
    let ports = if icmp || t.proto.has_ports() { format!(" {} {}", t.sport, t.dport) } else { String::new() };
    let labels: Vec<String> = q.mpls.iter().map(|l| format!("{}/{}", l.label, l.ttl)).collect();
    let (from, to, kind, code, ttl) = (q.from, q.to, q.icmp_type, q.icmp_code, q.quoted.ttl);
    format!("{from} -> {to} {kind}/{code}: {} -> {} ttl {ttl}{ports} [{}]", t.src, t.dst, labels.join(" "))
}

fn expected_words(e: &Value) -> String {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let q = &e["quoted"];
    let ttl = if q["ttl"].is_null() { &q["hlim"] } else { &q["ttl"] };
    let ports = match (&q["sport"], &q["ident"]) {
        (Value::Null, Value::Null) => String::new(),
        (Value::Null, ident) => format!(" {} {}", text(ident), text(&q["seq"])),
        (sport, _) => format!(" {} {}", text(sport), text(&q["dport"])),
    };
    let list = |key: &str| e[key].as_array().cloned().unwrap_or_default();
    let labels: Vec<String> =
        list("mpls_labels").iter().zip(list("mpls_ttl")).map(|(l, t)| format!("{}/{}", text(l), text(&t))).collect();
    format!(
        "{} -> {} {}/{}: {} -> {} ttl {}{ports} [{}]",
        text(&e["from_"]),
        text(&e["to"]),
        e["type"],
        e["code"],
        text(&q["src"]),
        text(&q["dst"]),
        text(ttl),
        labels.join(" ")
    )
}

#[test]
fn icmp_errors_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    let mut compared = 0;
    for (name, (path, expected)) in files(&corpus, "pcap-traceroute") {
        let mut want: Vec<String> = expected["icmp_errors"]["list"].as_array().unwrap().iter().map(expected_words).collect();
        for (file, from, labels) in UNEXPECTED_LABELS.iter().filter(|l| l.0 == name) {
            let mut found = 0;
            for line in want.iter_mut().filter(|w| w.starts_with(from)) {
                *line = line.replace("[]", labels);
                found += 1;
            }
            assert!(found > 0, "{file}: {from}");
        }
        let mut got: Vec<String> = read(&path).quotes.iter().map(words).collect();
        compared += got.len();
        want.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, want, "{name}");
    }
    assert!(compared >= 90, "{compared}");
}

/// RFC 5837 in the words of tcpdump's own expectation.
#[test]
fn the_interface_that_a_router_names() {
    let Some(corpus) = corpus() else { return };
    let got = read(&corpus.join("pcap-traceroute/the-tcpdump-group__icmp-rfc5837.pcap"));
    let interface = &got.quotes[0].interfaces[0];
    assert_eq!((interface.role, interface.index), (0, Some(15)));
    assert_eq!(interface.addr.unwrap().to_string(), "10.10.10.10");
    assert_eq!(interface.name.as_deref(), Some("This-is-the-name-of-the-Interface-that-we-are-looking-for-[:-)]"));
}

/// Chains of each file of proxies, as tshark's fields have them: `http.x_forwarded_for`, `http.request.uri`, `socks.*` with
/// the port told, `proxy.src.ipv4`, `sip.Via` without its branch.
const CHAINS: [(&str, &[&str]); 9] = [
    ("arkime__http-xff.pcap", &["x-forwarded-for 10.0.0.1 > 10.0.0.2: 10.000.000.03"]),
    (
        "arkime__socks4-https.pcap",
        &[
            "socks 10.0.0.1 > 10.0.0.2: login.live.com:443",
            "socks-reply 10.0.0.1 > 10.0.0.2: login.live.com:443, 131.253.61.80:443",
        ],
    ),
    (
        "arkime__socks5-rdp.pcap",
        &["socks 10.0.0.3 > 10.0.0.2: 10.0.0.1:3389", "socks-reply 10.0.0.3 > 10.0.0.2: 10.0.0.1:3389, 0.0.0.0:0"],
    ),
    ("ntop__haproxy.pcap", &["proxy-protocol 1.1.1.1 > 2.2.2.2: 11.111.11.111"]),
    ("zeek__connect-with-header.pcap", &["connect ::1 > ::1: secure.newegg.com:443"]),
    (
        "zeek__jupyter-websocket.pcap",
        &["client-ip 127.0.0.1 > 127.0.0.1: 192.168.122.1", "x-forwarded-for 127.0.0.1 > 127.0.0.1: 192.168.122.1"],
    ),
    ("zeek__proxy.pcap", &[]),
    (
        "zeek__socks.pcap",
        &["socks 127.0.0.1 > 127.0.0.1: 192.150.187.12:80", "socks-reply 127.0.0.1 > 127.0.0.1: 192.150.187.12:80, 0.0.0.0:0"],
    ),
    (
        "zeek__wireshark.pcap",
        &[
            "sip-via 192.168.1.2 > 200.68.120.81: 192.168.1.2",
            "sip-via 192.168.1.2 > 200.68.120.81: 192.168.1.2:5060",
            "sip-via 192.168.1.2 > 200.68.120.81: 192.168.1.2:5060;rport=5060;received=80.230.219.70",
            "sip-via 192.168.1.2 > 200.68.120.81: 192.168.1.2;rport=5060;received=80.230.219.70",
            "sip-via 192.168.1.2 > 212.242.33.35: 192.168.1.2",
            "sip-via 192.168.1.2 > 212.242.33.35: 192.168.1.2:5060",
            "sip-via 192.168.1.2 > 212.242.33.35: 192.168.1.2:5060;received=80.230.219.70;rport=5060",
            "sip-via 192.168.1.2 > 212.242.33.35: 192.168.1.2;received=80.230.219.70;rport=5060",
        ],
    ),
];

#[test]
fn proxies_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    for (name, (path, expected)) in files(&corpus, "pcap-proxy") {
        let got = read(&path).chains;
        let want: BTreeSet<String> = CHAINS.iter().find(|c| c.0 == name).unwrap().1.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(got, want, "{name}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let forwarded = expected["proxy_headers"]["list"].as_array().into_iter().flatten();
        let forwarded = forwarded.flat_map(|h| h["xff"].as_array().into_iter().flatten().map(text));
        let clients = expected["proxy_protocol"].as_array().into_iter().flatten();
        let clients = clients.flat_map(|h| h["proxy.src.ipv4"].as_array().into_iter().flatten().map(text));
        for entry in forwarded.chain(clients) {
            assert!(got.iter().any(|chain| chain.ends_with(&format!(": {entry}"))), "{name}: {entry}");
        }
    }
}

/// No proxy is found in a file in which tshark dissects none of its kind.
#[test]
fn no_proxy_is_invented() {
    let Some(corpus) = corpus() else { return };
    let kinds = KINDS.iter().chain(&["flow-netflow"]).filter(|kind| **kind != "pcap-proxy");
    for (name, (path, expected)) in kinds.flat_map(|kind| files(&corpus, kind)) {
        for chain in read(&path).chains {
            let known = |word: &str| expected["protocols"][word].is_u64();
            let word = match chain.split(' ').next() {
                Some("socks") => "socks",
                Some("proxy-protocol") => "proxy",
                Some("sip-via") => "sip",
                _ => "http",
            };
            assert!(known(word), "{name}: {chain}");
        }
    }
}

/// Received lines of mails in sessions, the texts before `by` and after it.
#[test]
fn mails_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    if rutter::decode::mail::head(b"Received: from a.example by b.example\r\n").received.is_empty() {
        println!("skipped: heads of mails are not read");
        return;
    }
    for (name, (path, expected)) in files(&corpus, "pcap-mail") {
        let mails = read(&path).mails;
        let want = expected["smtp_received"].as_array().unwrap();
        assert_eq!(mails.len(), want.len(), "{name}");
        for (mail, want) in mails.iter().zip(want) {
            let lines = want["received"].as_array().unwrap();
            assert_eq!(mail.received.len(), lines.len(), "{name}");
            for (line, text) in mail.received.iter().zip(lines) {
                let by = text.as_str().unwrap().split("by ").nth(1).and_then(|rest| rest.split(' ').next());
                assert_eq!(line.by.as_deref(), by, "{name}");
            }
            let session = mail.session.as_ref().unwrap();
            assert!(session.helo.is_some() && session.peer != session.server, "{name}");
        }
    }
}

/// Addresses in options and routing headers. A slot that no router filled holds none.
#[test]
fn listed_addresses_are_those_that_others_find() {
    let Some(corpus) = corpus() else { return };
    let addr = |text: &str| text.parse::<IpAddr>().unwrap();
    let in_headers = [
        ("zeek__ipv6-hbh-routing0.pcap", vec!["2001:78:1:32::1", "2001:78:1:32::2"]),
        ("the-tcpdump-group__ipv6-srh-ext-header.pcap", vec!["a:b:c:2::f1:0", "a:b:c:3::d6"]),
    ];
    for (name, (path, expected)) in files(&corpus, "pcap-ipopt-frag") {
        let got: BTreeSet<Vec<IpAddr>> = read(&path).listed.into_iter().map(|(.., addrs)| addrs).collect();
        let recorded = expected["ip_options"]["recorded"].as_array().into_iter().flatten();
        // Their source routes have one empty slot; tshark names the destination of the header in its place.
        let recorded = recorded
            .filter(|r| r["dst"] != "0.0.0.0")
            .map(|r| r["addresses"].as_array().unwrap().iter().map(|a| addr(a.as_str().unwrap())));
        let mut want: BTreeSet<Vec<IpAddr>> = recorded.map(|a| a.filter(|a| !a.is_unspecified()).collect()).collect();
        want.extend(in_headers.iter().filter(|h| h.0 == name).map(|h| h.1.iter().map(|a| addr(a)).collect()));
        assert_eq!(got, want, "{name}");
    }
}
