//! Comparison with what bgpdump and mrtparse say of the corpus.

#![expect(clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::wire::{Whole, read};
use super::{Format, Session, messages, recognise};
use crate::decode::format::BEGINNING;
use crate::model::record::Announcement;
use crate::model::time::Timestamp;

/// Facts that differ, and why: file, fact, reason.
const EXPLAINED: [(&str, &str, &str); 11] = [
    ("openbgpd_rib_table-mp", "entries", "bgpdump does not read BGP4MP_ENTRY; each of the 31 records is an entry"),
    ("openbgpd_rib_table-mp", "prefixes", "likewise"),
    ("openbgpd_rib_table-mp", "peers", "likewise"),
    ("openbgpd_rib_table-mp", "mrtparse prefixes", "mrtparse's sample reader does not look into BGP4MP_ENTRY"),
    (
        "ipv4_unicast_add_path",
        "top origins",
        "the path identifier was taken for the path: the columns of TABLE_DUMP2_AP are shifted by one",
    ),
    (
        "updates.20000325",
        "entries",
        "two bytes are missing in the fourth record: bgpdump reads on at the wrong place and prints noise, this finds the next record",
    ),
    ("updates.20000325", "prefixes", "likewise"),
    ("updates.20000325", "peers", "likewise: there is no peer 0.5.0.3"),
    ("updates.20000325", "lines", "likewise; and it prints the peer's address for a withdrawn prefix of this type"),
    ("updates.20000325", "top origins", "likewise"),
    ("updates.20000325", "types", "likewise"),
];

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        println!("skipped: no corpus");
        return None;
    }
    Some(corpus)
}

#[expect(clippy::disallowed_types, reason = "a stage does not use the one before it; capped here")]
fn unpacked(path: &Path, most: u64) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes.into_iter().take(most as usize).collect();
    }
    let mut out = Vec::new();
    // Some are cut off on purpose: what came before counts.
    let _ = flate2::read::MultiGzDecoder::new(&bytes[..]).take(most).read_to_end(&mut out);
    out
}

/// Files below a folder, in order.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// As `bgpdump -m` writes it, up to the path.
fn bgpdump_line(a: &Announcement, seconds: i64, line: &str) -> String {
    let kind = line.split('|').next().unwrap();
    let letter = if a.withdrawn {
        "W"
    } else if kind.starts_with("TABLE") {
        "B"
    } else {
        "A"
    };
    let peer = a.peer.map_or_else(|| "0.0.0.0".to_owned(), |p| p.to_string());
    let mut out = format!("{kind}|{seconds}|{letter}|{peer}|{}|{}", a.peer_as.map_or(0, |n| n.0), a.prefix);
    if let Some(id) = a.path_id {
        out += &format!("|{id}");
    }
    if !a.withdrawn {
        let path: Vec<String> = a.path.iter().map(|n| n.0.to_string()).collect();
        out += &format!("|{}", path.join(" "));
    }
    out
}

/// The line of bgpdump, cut behind the path; a set without its braces.
fn cut(line: &str, path_ids: bool) -> String {
    let columns: Vec<&str> = line.split('|').take(if path_ids { 8 } else { 7 }).collect();
    columns.join("|").replace(['{', '}'], "").replace(',', " ")
}

fn pairs(value: &Value) -> BTreeSet<(String, String)> {
    value.as_array().unwrap().iter().map(|p| (p[0].as_str().unwrap().to_owned(), p[1].as_str().unwrap().to_owned())).collect()
}

/// Facts that agree, and those that differ.
fn compare(whole: &Whole, expected: &Value) -> (usize, Vec<(&'static str, String)>) {
    let (mut agree, mut differ) = (0, Vec::new());
    let mut fact = |name: &'static str, ours: String, theirs: String| {
        if ours == theirs { agree += 1 } else { differ.push((name, format!("{ours:.300} instead of {theirs:.300}"))) }
    };
    let dump = &expected["bgpdump"];
    fact("entries", whole.said.len().to_string(), dump["entries"].to_string());
    let withdrawn = whole.routes().filter(|a| a.withdrawn).count();
    let types = dump["types"].as_object().unwrap();
    let theirs: u64 = types.iter().filter(|(k, _)| k.ends_with("|W")).map(|(_, n)| n.as_u64().unwrap()).sum();
    fact("types", withdrawn.to_string(), theirs.to_string());
    let prefixes: BTreeSet<_> = whole.routes().map(|a| a.prefix).collect();
    fact("prefixes", prefixes.len().to_string(), dump["distinct_prefixes"].to_string());
    let peers: BTreeSet<_> = whole
        .routes()
        .map(|a| {
            let addr = a.peer.map_or_else(|| "0.0.0.0".to_owned(), |p| p.to_string());
            (addr, a.peer_as.map_or(0, |n| n.0).to_string())
        })
        .collect();
    fact("peers", format!("{peers:?}"), format!("{:?}", pairs(&dump["peers"])));
    let mut origins: BTreeMap<String, u64> = BTreeMap::new();
    for a in whole.routes() {
        if let [origin] = a.origins[..] {
            *origins.entry(origin.0.to_string()).or_default() += 1;
        }
    }
    let theirs: BTreeMap<String, u64> =
        dump["top_origins"].as_object().unwrap().iter().map(|(k, n)| (k.clone(), n.as_u64().unwrap())).collect();
    origins.retain(|k, _| theirs.contains_key(k));
    fact("top origins", format!("{origins:?}"), format!("{theirs:?}"));
    let mut lines: Vec<&str> = dump["sample_lines"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    if let Some(more) = expected.get("ripe_test_expect").and_then(|e| e["first_lines"].as_array()) {
        lines.extend(more.iter().map(|l| l.as_str().unwrap()));
    }
    if let Some(line) = lines.first() {
        let ours: BTreeSet<String> = whole
            .said
            .iter()
            .zip(whole.routes())
            .map(|(said, a)| bgpdump_line(a, said.time.unwrap().0 / 1_000_000_000, line))
            .collect();
        let missing: Vec<_> = lines.iter().map(|l| cut(l, l.contains("_AP|"))).filter(|l| !ours.contains(l)).collect();
        fact("lines", format!("{missing:?}"), "[]".to_owned());
    }
    if let Some(parse) = expected.get("mrtparse") {
        fact("records", whole.records.to_string(), parse["records"].to_string());
        let theirs: BTreeSet<_> = parse["prefixes"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().to_owned()).collect();
        let ours: BTreeSet<_> = prefixes.iter().map(|p| p.addr().to_string()).collect();
        fact("mrtparse prefixes", format!("{ours:?}"), format!("{theirs:?}"));
    }
    (agree, differ)
}

#[test]
fn tables_and_updates_as_others_read_them() {
    let Some(corpus) = corpus() else { return };
    let mut paths = Vec::new();
    files(&corpus.join("bgp-mrt"), &mut paths);
    let (mut agree, mut all, mut used) = (0, 0, BTreeSet::new());
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = std::fs::read(corpus.join(format!("expected/bgp-mrt/{name}.json"))).unwrap();
        let expected = &serde_json::from_slice::<Value>(&answer).unwrap()["expected"];
        let whole = read(Format::Mrt, &unpacked(path, 1 << 26), 1 << 16);
        let (same, differ) = compare(&whole, expected);
        println!("{name}: {} records, {} routes, {} rejected", whole.records, whole.said.len(), whole.rejected.len());
        (agree, all) = (agree + same, all + same + differ.len());
        for (fact, how) in differ {
            let row = EXPLAINED.iter().position(|(file, f, _)| name.contains(file) && *f == fact);
            println!("  {fact}: {how}");
            assert!(row.is_some(), "{name}, {fact}: {how}");
            used.insert(row.unwrap());
        }
        if name.contains("20000325") {
            // What bgpdump shows nothing of can be told from the file itself: these two are in its first record.
            assert!(
                whole.lines().iter().any(|l| l == "W 24.216.16.0/24") && whole.lines().iter().any(|l| l == "W 203.18.151.0/24")
            );
            assert!(whole.routes().all(|a| a.peer_as.is_some() && a.prefix.prefix_len() >= 8), "noise");
        } else {
            assert_eq!(whole.rejected, [], "{name}");
        }
    }
    println!("{agree} of {all} facts agree");
    assert_eq!(used.len(), EXPLAINED.len(), "a row that explains nothing: {used:?}");
}

#[test]
fn only_tables_and_updates_are_taken_for_such() {
    let Some(corpus) = corpus() else { return };
    let mut paths = Vec::new();
    files(&corpus, &mut paths);
    assert!(paths.len() > 300);
    for path in paths {
        let found = recognise(&unpacked(&path, BEGINNING as u64));
        let is_mrt = path.parent().is_some_and(|folder| folder == corpus.join("bgp-mrt"));
        assert_eq!(found, is_mrt.then_some(Format::Mrt), "{}", path.display());
    }
}

/// The payload of the one TCP direction in the capture, whose segments stand in order.
fn payload(capture: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), &capture[24..]);
    while let Some(head) = rest.get(..16) {
        let n = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        let tcp = &rest[16 + 54..16 + n];
        out.extend(&tcp[usize::from(tcp[12] >> 4) * 4..]);
        rest = &rest[16 + n..];
    }
    out
}

#[test]
fn a_captured_session() {
    let Some(corpus) = corpus() else { return };
    let name = "pmacct__302-BGP-IPv6-multiple-sources_traffic-00.pcap";
    let stream = payload(&std::fs::read(corpus.join("bgp-pcap").join(name)).unwrap());
    let answer = std::fs::read(corpus.join(format!("expected/bgp-pcap/{name}.json"))).unwrap();
    let expected = &serde_json::from_slice::<Value>(&answer).unwrap()["expected"]["bgp"];
    let (mut session, mut out) = (Session::default(), Vec::new());
    let peer = "2001:4d98:a100:401:0:923:f:1".parse().unwrap();
    let read = messages(&stream, &mut session, peer, Timestamp(0), &mut out);
    let read = read.unwrap();
    // The capture ends within a message.
    assert_eq!((read, session.rejected), (4285, 0));
    assert!(session.opened && session.four_byte_as && session.peer_as.unwrap().0 == 64969);
    // tshark names no prefix, and all of them are VPN prefixes (SAFI 128), which are not read.
    assert_eq!((expected["prefixes"].as_array().unwrap().len(), out.len()), (0, 0));
    let (mut types, mut at) = (BTreeMap::<String, u64>::new(), 0);
    while at < read {
        *types.entry(stream[at + 18].to_string()).or_default() += 1;
        at += usize::from(u16::from_be_bytes([stream[at + 16], stream[at + 17]]));
    }
    assert_eq!(serde_json::to_value(types).unwrap(), expected["message_types"]);
}
