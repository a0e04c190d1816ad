//! Real exports against what tshark and nfdump say of them.
#![expect(clippy::print_stdout, reason = "a skipped check says so")]

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::decode::packet;
use crate::model::record::{Contact, Outcome, Saying, Translation};
use crate::source::block::Block;
use crate::source::capture::{CaptureFile, OpenOptions};

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !path.is_dir() {
        println!("skipped: no corpus");
        return None;
    }
    Some(path)
}

fn files(corpus: &Path, kind: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(corpus.join(kind)).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

fn expected(corpus: &Path, file: &Path) -> Value {
    let kind = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let name = format!("{}.json", file.file_name().unwrap().to_str().unwrap());
    let text = fs::read_to_string(corpus.join("expected").join(kind).join(name)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["expected"].take()
}

/// Payloads of all UDP datagrams of a capture, with their senders.
fn payloads(file: &Path) -> Vec<(IpAddr, Vec<u8>, Timestamp)> {
    let mut capture = CaptureFile::open(file, &OpenOptions::default()).unwrap();
    let mut block = Block::default();
    let mut found = Vec::new();
    while capture.next_block(&mut block).unwrap() {
        for record in &block.records {
            let frame = block.bytes(record);
            if let Ok(Some(p)) = packet::dissect(record.link.0, frame, &mut ()) {
                assert_eq!(p.proto.0, 17, "only UDP is expected here");
                found.push((p.src.unpack(), frame[p.l4_at as usize + 8..p.end as usize].to_vec(), record.ts));
            }
        }
    }
    found
}

#[derive(Default)]
struct Sum {
    records: u64,
    without_template: u64,
    rejected: u64,
    said: Vec<Said>,
}

impl Sum {
    fn add(&mut self, done: Datagram) {
        self.records += u64::from(done.records);
        self.without_template += u64::from(done.without_template);
        self.rejected += u64::from(done.rejected);
    }

    fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.said.iter().filter_map(|s| match &s.fact {
            Saying::Contact(c) => Some(c),
            _ => None,
        })
    }

    fn translations(&self) -> impl Iterator<Item = &Translation> {
        self.said.iter().filter_map(|s| match &s.fact {
            Saying::Translation(t) => Some(&**t),
            _ => None,
        })
    }

    /// Every source and destination, sorted as text.
    fn addresses(&self) -> Vec<String> {
        let mut set = BTreeSet::new();
        for said in &self.said {
            match &said.fact {
                Saying::Contact(c) => set.extend([c.src.to_string(), c.dst.to_string()]),
                Saying::Tunnel(t) => set.extend([t.outer.0.to_string(), t.outer.1.to_string()]),
                _ => {}
            }
        }
        set.into_iter().collect()
    }

    /// Packets and octets as they were counted, before sampling is reckoned in.
    fn counted(&self) -> (u64, u64) {
        self.contacts().fold((0, 0), |(packets, bytes), c| {
            let rate = u64::from(c.sampled);
            assert!(c.forward.packets % rate == 0 && c.forward.bytes % rate == 0);
            (packets + c.forward.packets / rate, bytes + c.forward.bytes / rate)
        })
    }
}

fn list(value: &Value) -> Vec<String> {
    let mut list: Vec<String> = value.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect();
    list.sort();
    list
}

fn read(payloads: &[(IpAddr, Vec<u8>, Timestamp)]) -> Sum {
    let mut exporters = Exporters::default();
    let mut sum = Sum::default();
    for (exporter, payload, received) in payloads {
        assert!(Exporters::recognise(payload).is_some(), "an export is not recognised");
        let done = exporters.datagram(*exporter, payload, Some(*received), &mut sum.said).unwrap();
        sum.add(done);
    }
    sum
}

/// Every place where the answer is not the expected one, and why. Everything else must agree to the last octet.
const DEVIATIONS: [(&str, &str, &str); 7] = [
    (
        "akvorado__data+templates.pcap",
        "records 21, not 10; addresses; sums",
        "11 records stand in front of their template in the same datagram. tshark and nfdump drop them; the header counts 24, \
         which is these 21, two templates and one record of options",
    ),
    (
        "akvorado__data+templates.pcap",
        "volumes",
        "the options say that one packet in 100 was looked at: multiplied here, not by tshark; nfdump reads it later",
    ),
    (
        "pmacct__106-IPFIXv10-HUAWEI-vrf_name_traffic-00.pcap",
        "start of two records",
        "nfdump has the end in front of the start; here it is as tshark and pmacct have it",
    ),
    (
        "juniper_mx80_v5__1__netflow5_test_juniper_mx80.dat",
        "volumes",
        "one packet in 1,000 by the header: multiplied here and by nfdump, not by tshark",
    ),
    (
        "cisco_asa_2__3__netflow9_test_cisco_asa_2_data.dat",
        "octets 1,131, not 0",
        "tshark sums octetDeltaCount, which the ASA does not send; nfdump's are initiatorOctets, as here",
    ),
    (
        "nf5_invalid01__1__netflow5_test_invalid01.dat",
        "no record, not 30",
        "the header claims 55,582 records: rejected here and by nfdump",
    ),
    (
        "pmacct__101-NFv9-CISCO-cust_primitives_traffic-00.pcap",
        "19 addresses, without ::",
        "records of IPv4 in a template for both families: tshark lists the empty IPv6 fields as ::, nfdump makes ::a.b.c.d of them",
    ),
];

/// Does `what` of this file deviate?
fn deviates(name: &str, what: &str) -> bool {
    DEVIATIONS.iter().any(|(file, fact, _)| *file == name && fact.contains(what))
}

fn compare(name: &str, sum: &Sum, expected: &Value) {
    let tshark = &expected["tshark_cflow"];
    let number = |key: &str| tshark[key].as_u64().unwrap();
    let records = number("flow_records_with_src_address");
    assert_eq!((sum.rejected, sum.without_template), (0, 0), "{name}");
    assert_eq!(sum.contacts().count() as u64, sum.records, "{name}: contacts");
    assert_eq!(records, expected["nfdump"]["flows"].as_u64().unwrap(), "{name}: tshark and nfdump");
    if deviates(name, "records 21") {
        assert_eq!(sum.records, 21);
        let (ours, theirs) = (sum.addresses(), list(&tshark["flow_addresses"]["list"]));
        assert!(theirs.iter().all(|a| ours.contains(a)), "{name}: addresses");
        let their_part = Sum { said: sum.said[..10].to_vec(), ..Sum::default() };
        assert_eq!(their_part.counted(), (number("sum_packets"), number("sum_octets")), "{name}");
        return;
    }
    assert_eq!(sum.records, records, "{name}: records");
    let mut addresses = list(&tshark["flow_addresses"]["list"]);
    addresses.retain(|a| a != "::" || !deviates(name, "without ::"));
    assert_eq!(sum.addresses(), addresses, "{name}: addresses");
    if !deviates(name, "octets") {
        assert_eq!(sum.counted(), (number("sum_packets"), number("sum_octets")), "{name}: packets and octets");
    }
}

/// Start, end, ports, protocol and volumes record by record (nfdump's list has 40 at most), as far as nfdump has a time.
fn compare_records(name: &str, sum: &Sum, records: &[Value]) {
    let number = |record: &Value, key: &str| record[key].as_u64().unwrap_or_default();
    for (said, record) in sum.said.iter().filter(|s| matches!(s.fact, Saying::Contact(_))).zip(records) {
        let Saying::Contact(contact) = &said.fact else { continue };
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let addr = |side: &str| [format!("{side}4_addr"), format!("{side}6_addr")].map(|k| text(&k));
        assert!(addr("src").contains(&contact.src.to_string()), "{name}: {contact:?} {record}");
        assert!(addr("dst").contains(&contact.dst.to_string()), "{name}: {contact:?} {record}");
        assert_eq!(u64::from(contact.proto.0), number(record, "proto"), "{name}");
        if contact.proto.has_ports() {
            let ports = (number(record, "src_port"), number(record, "dst_port"));
            assert_eq!((u64::from(contact.sport), u64::from(contact.dport)), ports, "{name}");
        }
        // Where nfdump mixes up the two uptimes, it is the earlier one.
        let first = if deviates(name, "start") { text("first").min(text("last")) } else { text("first") };
        if !first.starts_with("1970") {
            let time = said.time.unwrap();
            let ms = Timestamp(time.0 - time.0.rem_euclid(1_000_000)).to_string();
            let padded = format!("{}.{:0<3}", ms.get(..19).unwrap(), ms.get(20..).unwrap_or_default().trim_end_matches('Z'));
            assert_eq!(padded, first, "{name}: first");
        }
        // nfdump multiplies for version 5 as we do, but not for options that come later.
        let scale = if number(record, "sampled") == 1 { 1 } else { u64::from(contact.sampled) };
        assert_eq!(contact.forward.bytes, number(record, "in_bytes") * scale, "{name}");
        assert_eq!(contact.forward.packets, number(record, "in_packets") * scale, "{name}");
    }
}

#[test]
fn captured_exports_agree_with_tshark_and_nfdump() {
    let Some(corpus) = corpus() else { return };
    let mut records = 0;
    for file in files(&corpus, "flow-netflow") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let (sum, expected) = (read(&payloads(&file)), expected(&corpus, &file));
        compare(name, &sum, &expected);
        compare_records(name, &sum, expected["nfdump"]["records"].as_array().unwrap());
        let exporters: BTreeSet<String> = sum.contacts().map(|c| c.observer.unwrap().to_string()).collect();
        let senders: BTreeSet<String> = list(&expected["tshark_cflow"]["exporters"]).into_iter().collect();
        assert!(exporters.is_subset(&senders), "{name}: {exporters:?}");
        records += sum.records;
    }
    assert_eq!(records, 21 + 29 + 12 + 51 + 3);
}

#[test]
fn sets_of_raw_datagrams_agree_with_tshark_and_nfdump() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("flow-netflow-raw");
    let received = Timestamp(0);
    let mut sets = 0;
    for file in files(&corpus, "flow-netflow-raw") {
        let expected = expected(&corpus, &file);
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some(order) = expected.get("order_of_datagrams") else { continue };
        if name.starts_with("nf5_invalid") {
            let bytes = fs::read(&file).unwrap();
            assert_eq!(Exporters::recognise(&bytes), None);
            assert!(Exporters::default().datagram(UNNAMED, &bytes, None, &mut Vec::new()).is_err());
            continue;
        }
        let order: Vec<_> = order.as_array().unwrap().iter().map(|n| folder.join(n.as_str().unwrap())).collect();
        let payloads: Vec<_> = order.iter().map(|f| ("192.0.2.1".parse().unwrap(), fs::read(f).unwrap(), received)).collect();
        let sum = read(&payloads);
        compare(name, &sum, &expected);
        compare_records(name, &sum, expected["nfdump"]["records"].as_array().unwrap());
        // The same as one file.
        let mut together = open(recognise(&payloads[0].1).unwrap());
        let bytes: Vec<u8> = payloads.iter().flat_map(|p| p.1.clone()).collect();
        let (records, rejected, said) = tests::whole(together.as_mut(), &bytes);
        assert_eq!((records, rejected), (sum.records, 0), "{name}: as a file");
        assert_eq!(said.len(), sum.said.len(), "{name}: as a file");
        sets += 1;
    }
    assert_eq!(sets, 5);
}

#[test]
fn what_firewalls_and_translators_export() {
    let Some(corpus) = corpus() else { return };
    let of = |prefix: &str| {
        let files = files(&corpus, "flow-netflow-raw");
        let of_set = files.iter().filter(|f| f.file_name().unwrap().to_str().unwrap().starts_with(prefix));
        read(&of_set.map(|f| ("192.0.2.1".parse().unwrap(), fs::read(f).unwrap(), Timestamp(0))).collect::<Vec<_>>())
    };
    let asa = of("cisco_asa_2");
    assert_eq!(asa.counted().1, 1131);
    let first = asa.contacts().next().unwrap();
    assert_eq!((first.forward.bytes, first.backward.bytes, first.outcome), (81, 763, Outcome::Exchanged));
    assert_eq!(first.ended.unwrap().to_string(), "2016-07-21T13:50:33.015Z");
    assert_eq!(asa.translations().count(), 0, "fields of translation that repeat the addresses are none");
    let mikrotik = of("mikrotik_ipfix");
    let first = mikrotik.translations().next().unwrap();
    assert_eq!(first.src.0.addr.to_string(), "10.10.8.197");
    assert_eq!(first.src.1, crate::model::record::Endpoint { addr: "192.168.230.216".parse().unwrap(), port: 0 });
    assert_eq!(first.dst.0, first.dst.1);
    // Without the time of the router's start, what counts from there has no time: the export's is all there is.
    assert_eq!(mikrotik.said[0].time.unwrap().to_string(), "2017-07-19T16:18:08Z");
}

#[test]
fn sampled_headers_hold_the_expected_addresses() {
    let Some(corpus) = corpus() else { return };
    for file in files(&corpus, "flow-sflow") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let (sum, expected) = (read(&payloads(&file)), expected(&corpus, &file));
        let tshark = &expected["tshark_sflow"];
        let samples: u64 = tshark["sample_types"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!((sum.records, sum.rejected), (samples, 0), "{name}");
        assert_eq!(sum.addresses(), list(&tshark["sampled_addresses"]["list"]), "{name}");
        assert!(sum.contacts().all(|c| c.sampled >= 1 && c.forward.packets >= u64::from(c.sampled)), "{name}");
    }
}

#[test]
fn nothing_else_in_the_corpus_is_an_export() {
    let Some(corpus) = corpus() else { return };
    let mut recognised = Vec::new();
    for folder in fs::read_dir(&corpus).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_dir()) {
        let kind = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in files(&corpus, &kind).into_iter().filter(|f| f.is_file()) {
            let bytes = fs::read(&file).unwrap();
            if recognise(&bytes[..bytes.len().min(1 << 16)]).is_some() {
                recognised.push(format!("{kind}/{}", file.file_name().unwrap().to_str().unwrap()));
            }
        }
    }
    let raw = files(&corpus, "flow-netflow-raw").into_iter().map(|f| f.file_name().unwrap().to_str().unwrap().to_owned());
    let wanted: Vec<String> = raw.filter(|f| !f.contains("invalid")).map(|f| format!("flow-netflow-raw/{f}")).collect();
    recognised.sort();
    assert_eq!(recognised, wanted);
}

#[test]
fn no_other_udp_payload_in_the_corpus_is_an_export() {
    let Some(corpus) = corpus() else { return };
    let mut asked = 0;
    for folder in fs::read_dir(&corpus).unwrap().map(|f| f.unwrap().path()) {
        let kind = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if !kind.starts_with("pcap") {
            continue;
        }
        for file in files(&corpus, &kind) {
            let Ok(mut capture) = CaptureFile::open(&file, &OpenOptions::default()) else { continue };
            let mut block = Block::default();
            while let Ok(true) = capture.next_block(&mut block) {
                for record in &block.records {
                    let frame = block.bytes(record);
                    if let Ok(Some(p)) = packet::dissect(record.link.0, frame, &mut ())
                        && let Some(payload) = frame.get(p.l4_at as usize + 8..p.end as usize)
                        && p.proto.0 == 17
                    {
                        asked += 1;
                        assert_eq!(Exporters::recognise(payload), None, "{}", file.display());
                    }
                }
            }
        }
    }
    assert!(asked > 1000, "{asked} payloads");
}
