use std::slice::from_ref;

use proptest::prelude::*;

use super::*;
use crate::decode::record::{Counted, Step};
use crate::decode::testkit::{ethernet, icmp, ipv4, ipv6, join, on_ethernet, tcp, udp};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Saying, Translation, Volume};

const ROUTER: &str = "192.0.2.254";
/// 2026-03-01T00:00:00Z.
const NOW: u32 = 1_772_323_200;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Runs a decoder over an input that comes in small portions: records, rejected, statements.
pub(super) fn whole(format: &mut dyn RecordFormat, bytes: &[u8]) -> (u64, u64, Vec<Said>) {
    let (mut from, mut to, mut all) = (0, 0, (0, 0, Vec::new()));
    while from < bytes.len() {
        let mut out = Vec::new();
        let at_end = to == bytes.len();
        match format.step(&bytes[from..to.max(from + 1)], at_end, &mut out) {
            Step::More => {
                assert!(!at_end && to - from <= format.longest(), "asks for more than it may");
                to = (to.max(from) + 97).min(bytes.len());
            }
            Step::Piece { bytes, read } => {
                assert!(bytes > 0);
                from += bytes;
                let piece = read.unwrap_or(crate::decode::record::Piece { records: 0, rejected: 1, why: None });
                all.0 += piece.records;
                all.1 += piece.rejected;
                all.2.append(&mut out);
            }
        }
    }
    assert_eq!(format.counted(), Counted::Records);
    all
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

fn halves(halves: &[u16]) -> Vec<u8> {
    halves.iter().flat_map(|w| w.to_be_bytes()).collect()
}

// NetFlow 5 and 7.

fn v5_header(version: u16, count: u16, uptime: u32, sampling: u16) -> Vec<u8> {
    let last = if version == 5 { u32::from(sampling) } else { 0 };
    join(&[&halves(&[version, count]), &words(&[uptime, NOW, 500_000_000, 7, last])])
}

fn v5_record(version: u16, (first, last): (u32, u32), ports: (u16, u16), flags: u8, proto: u8) -> Vec<u8> {
    let ends = [[198, 51, 100, 7], [203, 0, 113, 9], [192, 0, 2, 1]].concat();
    let tail = [0, flags, proto, 0, 0, 0, 0, 0, 24, 24, 0, 0];
    let router: &[u8] = if version == 7 { &[192, 0, 2, 3] } else { &[] };
    join(&[&ends, &halves(&[1, 2]), &words(&[10, 1500, first, last]), &halves(&[ports.0, ports.1]), &tail, router])
}

fn contacts<'a>(said: &'a [Said]) -> Vec<(Option<Timestamp>, &'a Contact)> {
    let of = |s: &'a Said| match &s.fact {
        Saying::Contact(c) => Some((s.time, c)),
        _ => None,
    };
    said.iter().filter_map(of).collect()
}

fn translations(said: &[Said]) -> Vec<Translation> {
    let of = |s: &Said| match &s.fact {
        Saying::Translation(t) => Some(**t),
        _ => None,
    };
    said.iter().filter_map(of).collect()
}

fn read_one(exporters: &mut Exporters, payload: &[u8]) -> (Datagram, Vec<Said>) {
    let mut out = Vec::new();
    let done = exporters.datagram(ip(ROUTER), payload, Some(Timestamp(1)), &mut out).unwrap();
    (done, out)
}

#[test]
fn version_5_counts_times_from_the_routers_start_and_across_its_wrap() {
    let record = |first, last| v5_record(5, (first, last), (4711, 443), 0x1b, 6);
    // The router's clock wrapped a second ago; the flow began two seconds before that and ends a second later.
    let payload = join(&[&v5_header(5, 1, 1000, 0), &record(u32::MAX - 1999, 1000)]);
    assert_eq!(Exporters::recognise(&payload), Some(Format::NetFlow5));
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, done.rejected, done.bytes), (1, 0, 72));
    let [(time, contact)] = contacts(&said)[..] else { panic!() };
    assert_eq!(time.unwrap().to_string(), "2026-02-28T23:59:57.500Z");
    assert_eq!(contact.ended.unwrap().to_string(), "2026-03-01T00:00:00.500Z");
    assert_eq!((contact.src, contact.dst, contact.sport, contact.dport), (ip("198.51.100.7"), ip("203.0.113.9"), 4711, 443));
    assert_eq!((contact.forward, contact.backward), (Volume { packets: 10, bytes: 1500 }, Volume::default()));
    assert_eq!((contact.outcome, contact.observer, contact.sampled), (Outcome::Established, Some(ip(ROUTER)), 1));
}

#[test]
fn version_5_sampling_multiplies_and_forbids_conclusions_from_flags() {
    // Mode 1 in the upper two bits, one in 100.
    let payload = join(&[&v5_header(5, 1, 9000, 0x4064), &v5_record(5, (1000, 2000), (1, 2), 0x1b, 6)]);
    let (_, said) = read_one(&mut Exporters::default(), &payload);
    let (_, contact) = contacts(&said)[0];
    assert_eq!((contact.sampled, contact.forward), (100, Volume { packets: 1000, bytes: 150_000 }));
    assert_eq!(contact.outcome, Outcome::Unknown);
}

#[test]
fn icmp_has_type_and_code() {
    let payload = join(&[&v5_header(5, 1, 9000, 0), &v5_record(5, (1000, 2000), (0, 0x0301), 0, 1)]);
    let (_, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((contacts(&said)[0].1.sport, contacts(&said)[0].1.dport), (3, 1));
}

#[test]
fn version_7_has_longer_records() {
    let record = v5_record(7, (1000, 1000), (1, 2), 2, 6);
    let payload = join(&[&v5_header(7, 2, 9000, 0), &record, &record]);
    assert_eq!((payload.len(), Exporters::recognise(&payload)), (128, Some(Format::NetFlow7)));
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, contacts(&said).len()), (2, 2));
    assert!(
        contacts(&said).iter().all(|(_, c)| c.dst == ip("203.0.113.9") && c.outcome == Outcome::Unknown && c.ended.is_none())
    );
}

#[test]
fn a_cut_off_version_5_gives_its_whole_records() {
    let record = v5_record(5, (1000, 1000), (1, 2), 2, 6);
    let payload = join(&[&v5_header(5, 3, 9000, 0), &record, &record, &record[..40]]);
    assert_eq!(Exporters::recognise(&payload), None);
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, done.rejected, said.len()), (2, 1, 2));
}

// NetFlow 9 and IPFIX.

fn set(id: u16, body: &[u8]) -> Vec<u8> {
    join(&[&halves(&[id, body.len() as u16 + 4]), body])
}

fn v9(count: u16, uptime: u32, source: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    join(&[&halves(&[9, count]), &words(&[uptime, NOW, 1, source]), &sets.concat()])
}

fn v10(domain: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let sets = sets.concat();
    join(&[&halves(&[10, sets.len() as u16 + 16]), &words(&[NOW, 1, domain]), &sets])
}

/// A template of either protocol.
fn template(id: u16, fields: &[(u16, u16)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(number, len)| halves(&[*number, *len])).collect();
    join(&[&halves(&[id, (fields.len() / 4) as u16]), &fields])
}

/// A field under the number of an enterprise.
fn enterprise(number: u16, len: u16, pen: u32) -> Vec<u8> {
    join(&[&halves(&[number | 0x8000, len]), &words(&[pen])])
}

const ENDS: [(u16, u16); 2] = [(8, 4), (12, 4)];

fn ends() -> Vec<u8> {
    vec![198, 51, 100, 7, 203, 0, 113, 9]
}

/// Reads one record with these fields behind source and destination, as IPFIX; elements of enterprise 29305 are written with
/// their upper bit set.
fn ipfix_record(fields: &[(u16, Vec<u8>)]) -> Vec<Said> {
    let mut layout = [halves(&[8, 4]), halves(&[12, 4])].concat();
    for (number, value) in fields {
        let len = value.len() as u16;
        layout.extend(if number & 0x8000 == 0 { halves(&[*number, len]) } else { enterprise(*number, len, 29_305) });
    }
    let template = join(&[&halves(&[300, fields.len() as u16 + 2]), &layout]);
    let record = join(&[&ends(), &fields.iter().flat_map(|(_, v)| v.clone()).collect::<Vec<u8>>()]);
    let payload = v10(1, &[set(2, &template), set(300, &record)]);
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, done.rejected, done.without_template), (1, 0, 0));
    said
}

fn outcome_of(fields: &[(u16, Vec<u8>)]) -> Outcome {
    let tcp = [vec![(4, vec![6])], fields.to_vec()].concat();
    contacts(&ipfix_record(&tcp))[0].1.outcome
}

fn n32(n: u32) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

fn n64(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

const REV: u16 = 0x8000;

#[test]
fn what_is_concluded_of_how_it_went() {
    let biflow = |flags: u8, back: u8, packets: u32, back_packets: u32| {
        outcome_of(&[(6, vec![flags]), (REV | 6, vec![back]), (2, n32(packets)), (REV | 2, n32(back_packets))])
    };
    for (outcome, got) in [
        (Outcome::Unknown, outcome_of(&[])),
        (Outcome::Unknown, outcome_of(&[(6, vec![2]), (2, n32(1))])),
        (Outcome::Unknown, outcome_of(&[(6, vec![0x14]), (2, n32(1))])),
        (Outcome::Unknown, outcome_of(&[(6, vec![0x1b]), (2, n32(2))])),
        (Outcome::Established, outcome_of(&[(6, vec![0, 0x1b]), (2, n32(3))])),
        (Outcome::Unknown, outcome_of(&[(6, vec![0x1b]), (2, n32(3)), (34, n32(100))])),
        (Outcome::Unknown, outcome_of(&[(6, vec![0x1f]), (2, n32(3))])),
        (Outcome::Exchanged, biflow(0x1b, 0x1b, 9, 9)),
        (Outcome::Established, biflow(0x1b, 0x12, 9, 2)),
        (Outcome::Refused, biflow(2, 0x14, 1, 1)),
        (Outcome::Unanswered, biflow(2, 0, 3, 0)),
        (Outcome::Unknown, biflow(0x10, 0x14, 3, 1)),
        (Outcome::Exchanged, outcome_of(&[(2, n32(5)), (REV | 2, n32(5)), (REV | 1, n32(4000))])),
        // Answers of bare headers, as a spoofed SYN gets them.
        (Outcome::Unknown, outcome_of(&[(2, n32(5)), (REV | 2, n32(5)), (REV | 1, n32(300))])),
        (Outcome::Exchanged, outcome_of(&[(231, n32(81)), (232, n32(763))])),
        (Outcome::Unknown, outcome_of(&[(231, n32(81)), (232, n32(0))])),
        (Outcome::Refused, outcome_of(&[(233, vec![3]), (231, n32(0)), (232, n32(0))])),
        (Outcome::Refused, outcome_of(&[(89, vec![129])])),
        (Outcome::Refused, outcome_of(&[(89, n32(140))])),
        (Outcome::Unknown, outcome_of(&[(89, vec![64])])),
        // TTL ran out; policed.
        (Outcome::Unknown, outcome_of(&[(89, vec![137])])),
        (Outcome::Unknown, outcome_of(&[(89, vec![138])])),
    ] {
        assert_eq!(got, outcome);
    }
    let udp = ipfix_record(&[(4, vec![17]), (231, n32(81)), (232, n32(763))]);
    assert_eq!(contacts(&udp)[0].1.outcome, Outcome::Unknown, "payload both ways proves an address with TCP only");
}

#[test]
fn times_in_every_unit() {
    let ms = |s: &str| n64(u64::try_from(s.parse::<jiff::Timestamp>().unwrap().as_millisecond()).unwrap());
    let ntp = |s: &str, fraction: u32| {
        let seconds = s.parse::<jiff::Timestamp>().unwrap().as_second() + 2_208_988_800;
        join(&[&n32(u32::try_from(seconds).unwrap()), &n32(fraction)])
    };
    let (first, last) = ("2026-02-28T23:59:00Z", "2026-02-28T23:59:30Z");
    let seconds = |s: &str| n32(u32::try_from(s.parse::<jiff::Timestamp>().unwrap().as_second()).unwrap());
    let started = ms("2026-02-28T00:00:00Z");
    for fields in [
        vec![(150, seconds(first)), (151, seconds(last))],
        vec![(152, ms(first)), (153, ms(last))],
        vec![(154, ntp(first, 0)), (155, ntp(last, 0))],
        vec![(156, ntp(first, 0)), (157, ntp(last, 0))],
        vec![(158, n32(60_000_000)), (159, n32(30_000_000))],
        vec![(22, n32(86_340_000)), (21, n32(86_370_000)), (160, started.clone())],
        vec![(152, ms(first)), (161, n32(30_000))],
        vec![(162, n32(30_000_000)), (153, ms(last))],
        vec![(152, ms(first)), (323, ms(last))],
        // The absolute time goes before the one that counts from the start.
        vec![(22, n32(1)), (21, n32(2)), (152, ms(first)), (153, ms(last)), (160, started.clone())],
    ] {
        let said = ipfix_record(&fields);
        let (time, contact) = contacts(&said)[0];
        let got = (time.unwrap().to_string(), contact.ended.map(|t| t.to_string()));
        assert_eq!(got, (first.to_owned(), Some(last.to_owned())), "{fields:?}");
    }
    let half = ipfix_record(&[(154, ntp(first, 1 << 31))]);
    assert_eq!(half[0].time.unwrap().to_string(), "2026-02-28T23:59:00.500Z");
    for without in
        [vec![], vec![(22, n32(5)), (21, n32(9))], vec![(152, n64(0))], vec![(152, n64(u64::MAX))], vec![(154, n64(5))]]
    {
        let said = ipfix_record(&without);
        assert_eq!(said[0].time.unwrap().to_string(), "2026-03-01T00:00:00Z", "the export's, where the record has none");
    }
    let backwards = ipfix_record(&[(152, ms(last)), (153, ms(first))]);
    assert_eq!(contacts(&backwards)[0].1.ended, None);
}

#[test]
fn ports_icmp_and_both_families() {
    let said = ipfix_record(&[(4, vec![17]), (7, vec![0, 53]), (11, vec![0x1f, 0x90]), (1, vec![1, 0, 0]), (2, vec![7])]);
    let contact = contacts(&said)[0].1;
    assert_eq!((contact.sport, contact.dport, contact.forward), (53, 8080, Volume { packets: 7, bytes: 65_536 }));
    for fields in [
        vec![(4, vec![1]), (32, vec![8, 0])],
        vec![(4, vec![1]), (176, vec![8]), (177, vec![0])],
        vec![(4, vec![1]), (7, vec![0, 0]), (11, vec![8, 0])],
    ] {
        let said = ipfix_record(&fields);
        assert_eq!((contacts(&said)[0].1.sport, contacts(&said)[0].1.dport), (8, 0), "{fields:?}");
    }
    // One template for both families: the empty pair says nothing.
    let zeros = vec![0; 16];
    assert_eq!(contacts(&ipfix_record(&[(27, zeros.clone()), (28, zeros)]))[0].1.src, ip("198.51.100.7"));
    assert_eq!(contacts(&ipfix_record(&[]))[0].1.forward, Volume::default());
}

#[test]
fn addresses_of_both_families_are_one_packet_in_another() {
    let six = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec();
    let tunnel = |said: &[Said]| said.iter().find_map(|s| if let Saying::Tunnel(t) = s.fact { Some(t) } else { None }).unwrap();
    let v6 = [(27, six("2001:db8::1")), (28, six("2001:db8::2"))];
    // Behind IPv4, which `ipfix_record` puts in front: IPv6 is what is inside.
    let said = ipfix_record(&v6);
    let (contact, outside) = (contacts(&said)[0].1, tunnel(&said));
    assert_eq!((contacts(&said).len(), contact.src, contact.dst), (1, ip("2001:db8::1"), ip("2001:db8::2")));
    assert_eq!((outside.outer, outside.inner), ((ip("198.51.100.7"), ip("203.0.113.9")), (contact.src, contact.dst)));
    let layout = template(300, &[(27, 16), (28, 16), (8, 4), (12, 4)]);
    let record = join(&[&v6[0].1, &v6[1].1, &ends()]);
    let (_, said) = read_one(&mut Exporters::default(), &v10(1, &[set(2, &layout), set(300, &record)]));
    assert_eq!((contacts(&said)[0].1.src, tunnel(&said).outer.0), (ip("198.51.100.7"), ip("2001:db8::1")));
}

#[test]
fn a_biflow_that_the_destination_opened_is_turned_round() {
    let said =
        ipfix_record(&[(4, vec![6]), (7, vec![0, 80]), (11, vec![4, 0]), (1, n32(900)), (REV | 1, n32(100)), (239, vec![2])]);
    let contact = contacts(&said)[0].1;
    assert_eq!((contact.src, contact.sport, contact.dst, contact.dport), (ip("203.0.113.9"), 1024, ip("198.51.100.7"), 80));
    assert_eq!((contact.forward.bytes, contact.backward.bytes), (100, 900));
}

#[test]
fn variable_lengths_and_enterprises_are_stepped_over() {
    let layout = join(&[
        &halves(&[300, 5]),
        &halves(&[8, 4]),
        &halves(&[371, 0xffff]),
        &enterprise(110, 0xffff, 9),
        &enterprise(1, 8, 29_305),
        &halves(&[12, 4]),
    ]);
    let record = |user: &[u8], long: &[u8]| {
        let len = [&[255], &(long.len() as u16).to_be_bytes()[..]].concat();
        join(&[&[198, 51, 100, 7], &[user.len() as u8], user, &len, long, &n64(5), &[203, 0, 113, 9]])
    };
    let records = join(&[&record(b"", b""), &record(b"\x08\x00\x0c\x00192.0.2.66", &[192; 300])]);
    let payload = v10(1, &[set(2, &layout), set(300, &records)]);
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, done.rejected), (2, 0));
    for (_, contact) in contacts(&said) {
        assert_eq!((contact.src, contact.dst, contact.backward.bytes), (ip("198.51.100.7"), ip("203.0.113.9"), 5));
    }
    // A record whose length leads out of the set.
    let payload = v10(1, &[set(2, &layout), set(300, &join(&[&record(b"a", b"b"), &[198, 51, 100, 7, 200], &[0; 20]]))]);
    let (done, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!((done.records, done.rejected, said.len()), (1, 1, 1));
}

#[test]
fn translations_stand_beside_the_contact() {
    let ports = [(4, vec![6]), (7, vec![0xc0, 0]), (11, vec![0, 80])];
    let natted = [(225, vec![192, 0, 2, 33]), (227, vec![0x9c, 0x40]), (226, vec![203, 0, 113, 9]), (228, vec![0, 80])];
    let said = ipfix_record(&[ports.to_vec(), natted.to_vec()].concat());
    let end = |a: &str, port| Endpoint { addr: ip(a), port };
    let [t] = translations(&said)[..] else { panic!() };
    assert_eq!(t.src, (end("198.51.100.7", 0xc000), end("192.0.2.33", 40_000)));
    assert_eq!(t.dst, (end("203.0.113.9", 80), end("203.0.113.9", 80)));
    assert_eq!((t.proto, contacts(&said).len()), (IpProtocol::TCP, 1));
    // NAT64.
    let v6 = "2001:db8::33".parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec();
    let [t] = translations(&ipfix_record(&[ports.to_vec(), vec![(281, v6)]].concat()))[..] else { panic!() };
    assert_eq!(t.src.1, end("2001:db8::33", 0), "the port behind it is not said");
    // What repeats the addresses, and zeros of a denied flow.
    for nothing in [
        vec![(225, vec![198, 51, 100, 7]), (226, vec![203, 0, 113, 9]), (227, vec![0xc0, 0]), (228, vec![0, 80])],
        vec![(225, vec![0; 4]), (226, vec![0; 4]), (227, vec![0; 2]), (228, vec![0; 2])],
    ] {
        assert_eq!(translations(&ipfix_record(&[ports.to_vec(), nothing].concat())), []);
    }
    let ping = ipfix_record(&[(4, vec![1]), (176, vec![8]), (227, vec![0x12, 0x34])]);
    assert_eq!(translations(&ping), [], "an identifier of ICMP is no port");
}

#[test]
fn the_asas_old_fields_are_read_with_version_9_only() {
    let fields = [(8, 4), (12, 4), (4, 1), (40_001, 4), (40_002, 4), (40_003, 2), (40_004, 2), (40_005, 1)];
    let record = join(&[&ends(), &[6], &[192, 0, 2, 33], &[203, 0, 113, 9], &[0x10, 0, 0, 80], &[3], &[0; 2]]);
    let payload = v9(2, 9, 0, &[set(0, &template(256, &fields)), set(256, &record)]);
    let (_, said) = read_one(&mut Exporters::default(), &payload);
    assert_eq!(translations(&said)[0].src.1, Endpoint { addr: ip("192.0.2.33"), port: 4096 });
    assert_eq!(contacts(&said)[0].1.outcome, Outcome::Refused);
}

#[test]
fn a_translation_without_a_destination_is_no_contact() {
    let fields = [(230, 1), (8, 4), (225, 4), (7, 2), (227, 2)];
    let record = [4, 198, 51, 100, 7, 192, 0, 2, 33, 0xc0, 0, 0x9c, 0x40];
    let (_, said) = read_one(&mut Exporters::default(), &v10(1, &[set(2, &template(256, &fields)), set(256, &record)]));
    assert_eq!((contacts(&said).len(), translations(&said).len()), (0, 1));
    assert_eq!(translations(&said)[0].dst.0.addr, UNNAMED);
}

#[test]
fn templates_behind_their_data_are_used_within_a_datagram_and_not_across_exporters() {
    let data = set(256, &join(&[&ends(), &ends()]));
    let mut exporters = Exporters::default();
    let (done, said) = read_one(&mut exporters, &v9(2, 9, 5, from_ref(&data)));
    assert_eq!((done.records, done.without_template, said.len()), (0, 2, 0), "the header says how many there are");
    let (done, said) = read_one(&mut exporters, &v9(3, 9, 5, &[data.clone(), set(0, &template(256, &ENDS))]));
    assert_eq!((done.records, done.without_template, said.len()), (2, 0, 2));
    let known = |exporters: &mut Exporters, from: &str, payload: &[u8]| {
        exporters.datagram(ip(from), payload, None, &mut Vec::new()).unwrap().without_template == 0
    };
    assert!(known(&mut exporters, ROUTER, &v9(2, 9, 5, from_ref(&data))));
    assert!(known(&mut exporters, &format!("::ffff:{ROUTER}"), &v9(2, 9, 5, from_ref(&data))));
    assert!(!known(&mut exporters, ROUTER, &v9(2, 9, 6, from_ref(&data))), "another source id");
    assert!(!known(&mut exporters, "192.0.2.253", &v9(2, 9, 5, from_ref(&data))), "another exporter");
    assert!(!known(&mut exporters, ROUTER, &v10(5, &[data])), "another protocol");
}

#[test]
fn templates_are_withdrawn() {
    let data = set(256, &ends());
    let known = |exporters: &mut Exporters| read_one(exporters, &v10(1, from_ref(&data))).0.without_template == 0;
    let mut exporters = Exporters::default();
    let announce = v10(1, &[set(2, &template(256, &ENDS))]);
    for (withdrawal, gone) in [
        (v10(1, &[set(2, &halves(&[256, 0]))]), true),
        (v10(1, &[set(2, &halves(&[2, 0]))]), true),
        (v10(1, &[set(3, &halves(&[3, 0]))]), false),
        (v10(1, &[set(2, &halves(&[257, 0]))]), false),
        (v10(2, &[set(2, &halves(&[2, 0]))]), false),
    ] {
        read_one(&mut exporters, &announce);
        assert!(known(&mut exporters));
        read_one(&mut exporters, &withdrawal);
        assert_eq!(known(&mut exporters), !gone);
    }
}

#[test]
fn templates_that_lie_are_not_kept_and_take_the_old_one_along() {
    let data = set(256, &join(&[&ends(), &[0; 32]]));
    let many: Vec<(u16, u16)> = (0..257).map(|_| (8, 4)).collect();
    for lie in [
        set(0, &template(256, &[(8, 0), (12, 0)])),
        set(0, &template(256, &many)),
        set(0, &halves(&[256, 200, 8, 4])),
        set(0, &template(256, &[(8, 0xffff)])),
        set(1, &halves(&[256, 4, 0xfffc, 1, 4])),
    ] {
        let mut exporters = Exporters::default();
        read_one(&mut exporters, &v9(1, 9, 5, &[set(0, &template(256, &ENDS))]));
        let (done, _) = read_one(&mut exporters, &v9(1, 9, 5, from_ref(&lie)));
        assert_eq!(done.rejected, 1, "{lie:?}");
        let (done, said) = read_one(&mut exporters, &v9(1, 9, 5, from_ref(&data)));
        assert_eq!((done.records, said.len()), (0, 0), "{lie:?}");
        assert!(done.without_template > 0);
    }
}

/// Found by fuzzing: behind damage something of the right length was taken for a datagram if it reached beyond what was read.
#[test]
fn behind_damage_only_what_is_sound_is_read_however_little_is_there() {
    let good = join(&[&v5_header(5, 1, 9000, 0), &v5_record(5, (1000, 2000), (1, 2), 0x1b, 6)]);
    // More nanoseconds than a second has.
    let mut odd = good.clone();
    odd[12] = 0xff;
    let file = join(&[&good, &[0xff], &odd, &good, &good]);
    for portion in [1, 60, 61, 97, 140, 1000] {
        let (mut format, mut said, mut rejected) = (open(Format::NetFlow5), Vec::new(), 0);
        let (mut from, mut to) = (0, 0);
        while from < file.len() {
            let mut out = Vec::new();
            match format.step(&file[from..to.max(from + 1)], to >= file.len(), &mut out) {
                Step::More => to = (to.max(from) + portion).min(file.len()),
                Step::Piece { bytes, read } => {
                    (from, rejected) = (from + bytes, rejected + u64::from(read.is_err()));
                    said.append(&mut out);
                }
            }
        }
        assert_eq!((said.len(), rejected > 0), (3, true), "in portions of {portion} bytes");
    }
}

#[test]
fn templates_are_bounded_over_all_exporters() {
    let mut exporters = Exporters::default();
    let bare = template(300, &ENDS);
    for n in 0..5000_u32 {
        let from = IpAddr::V4(std::net::Ipv4Addr::from(0xc633_6400 + n));
        exporters.datagram(from, &v9(1, 9, n, &[set(0, &bare)]), None, &mut Vec::new()).unwrap();
    }
    assert_eq!(exporters.evicted(), 5000 - MAX_TEMPLATES as u64);
    let options = join(&[&halves(&[301, 4, 4, 1, 0, 34, 4])]);
    for n in 0..5000_u32 {
        let payload = v9(2, 9, n, &[set(1, &options), set(301, &n32(10))]);
        exporters.datagram(ip(ROUTER), &payload, None, &mut Vec::new()).unwrap();
    }
    assert_eq!(exporters.evicted(), 10_000 - MAX_TEMPLATES as u64 + 5000 - MAX_DOMAINS as u64);
}

#[test]
fn sampling_of_options_multiplies() {
    let flows = |extra: &[(u16, u16)]| set(0, &template(256, &[&ENDS[..], &[(1, 4)], extra].concat()));
    let record = |extra: &[u8]| set(256, &join(&[&ends(), &n32(100), extra]));
    let options = |fields: &[u16], scope: &[u16]| {
        set(1, &join(&[&halves(&[257, scope.len() as u16 * 2, fields.len() as u16 * 2]), &halves(scope), &halves(fields)]))
    };
    let rate = |payload: &[Vec<u8>]| {
        let (done, said) = read_one(&mut Exporters::default(), &v9(4, 9, 1, payload));
        assert_eq!((done.records, done.rejected), (1, 0));
        let contact = contacts(&said)[0].1;
        assert_eq!(contact.forward.bytes, 100 * u64::from(contact.sampled));
        contact.sampled
    };
    let system: &[u16] = &[1, 0];
    assert_eq!(rate(&[options(&[34, 4], system), set(257, &n32(512)), flows(&[]), record(&[])]), 512);
    assert_eq!(rate(&[options(&[50, 4], system), set(257, &n32(64)), flows(&[]), record(&[])]), 64);
    assert_eq!(rate(&[options(&[305, 4, 306, 4], system), set(257, &words(&[2, 998])), flows(&[]), record(&[])]), 500);
    assert_eq!(rate(&[options(&[34, 4], system), set(257, &n32(0)), flows(&[]), record(&[])]), 1);
    assert_eq!(rate(&[flows(&[(34, 4)]), record(&n32(7))]), 7, "in the record itself");
    // Two samplers: the record says which.
    let two = set(257, &[0, 1, 0, 0, 0, 10, 0, 2, 0, 0, 0, 20]);
    let samplers = options(&[48, 2, 34, 4], system);
    assert_eq!(rate(&[samplers.clone(), two.clone(), flows(&[(48, 2)]), record(&[0, 2])]), 20);
    assert_eq!(rate(&[samplers.clone(), two.clone(), flows(&[(48, 2)]), record(&[0, 3])]), 1);
    assert_eq!(rate(&[samplers, two, flows(&[]), record(&[])]), 1, "which of the two is not said");
    // By interface, as the scope.
    let by_interface = options(&[34, 4], &[2, 2]);
    assert_eq!(rate(&[by_interface, set(257, &[0, 9, 0, 0, 0, 30]), flows(&[(10, 4)]), record(&n32(9))]), 30);
}

#[test]
fn records_without_two_hosts_say_nothing() {
    let fields = [(27, 16), (28, 16)];
    let record = join(&[&[0; 16], &"ff02::1".parse::<std::net::Ipv6Addr>().unwrap().octets()]);
    let (done, said) = read_one(&mut Exporters::default(), &v10(1, &[set(2, &template(256, &fields)), set(256, &record)]));
    assert_eq!((done.records, said.len()), (1, 0));
    let (done, said) =
        read_one(&mut Exporters::default(), &v10(1, &[set(2, &template(256, &[(56, 6), (1, 4)])), set(256, &[0xff; 20])]));
    assert_eq!((done.records, done.rejected, said.len()), (2, 0, 0));
}

// sFlow.

fn opaque(bytes: &[u8]) -> Vec<u8> {
    let padding = vec![0; bytes.len().next_multiple_of(4) - bytes.len()];
    join(&[&n32(bytes.len() as u32), bytes, &padding])
}

fn sflow(samples: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let samples: Vec<Vec<u8>> = samples.iter().map(|(format, body)| join(&[&n32(*format), &opaque(body)])).collect();
    join(&[&words(&[5, 1, 0xc000_02fd, 0, 1, 1000, samples.len() as u32]), &samples.concat()])
}

fn flow_sample(expanded: bool, rate: u32, records: &[(u32, Vec<u8>)]) -> (u32, Vec<u8>) {
    let source: &[u32] = if expanded { &[9, 0, 7] } else { &[9, 7] };
    let interfaces: &[u32] = if expanded { &[0, 7, 0, 8] } else { &[7, 8] };
    let bodies: Vec<Vec<u8>> = records.iter().map(|(format, body)| join(&[&n32(*format), &opaque(body)])).collect();
    let head = [source, &[rate, 90_000, 0], interfaces, &[records.len() as u32]].concat();
    (if expanded { 3 } else { 1 }, join(&[&words(&head), &bodies.concat()]))
}

fn raw_header(protocol: u32, length: u32, frame: &[u8]) -> (u32, Vec<u8>) {
    (1, join(&[&words(&[protocol, length, 4]), &opaque(frame)]))
}

fn read_sflow(samples: &[(u32, Vec<u8>)]) -> (Datagram, Vec<Said>) {
    let payload = sflow(samples);
    assert_eq!(Exporters::recognise(&payload), Some(Format::SFlow));
    read_one(&mut Exporters::default(), &payload)
}

fn segment() -> Vec<u8> {
    ipv4("198.51.100.7", "203.0.113.9", 6, &tcp(4711, 443, (1, 1), 16, &[7; 60]))
}

#[test]
fn sampled_headers_are_decoded_and_multiplied() {
    for (protocol, frame) in
        [(1, on_ethernet(&segment())), (11, segment()), (1, ethernet(0x8100, &[&[0, 5, 8, 0], &segment()[..]].concat()))]
    {
        // Cut off as switches do it.
        let cut = &frame[..frame.len() - 40];
        for expanded in [false, true] {
            let (done, said) = read_sflow(&[flow_sample(expanded, 1000, &[raw_header(protocol, 1518, cut)]), (2, vec![0; 20])]);
            assert_eq!((done.records, done.rejected), (2, 0), "a counter is a sample as well");
            let [(time, contact)] = contacts(&said)[..] else { panic!("{protocol}") };
            assert_eq!((time, contact.observer), (Some(Timestamp(1)), Some(ip(ROUTER))));
            let ends = (contact.src, contact.sport, contact.dst, contact.dport);
            assert_eq!(ends, (ip("198.51.100.7"), 4711, ip("203.0.113.9"), 443));
            assert_eq!((contact.forward, contact.sampled), (Volume { packets: 1000, bytes: 1_518_000 }, 1000));
            assert_eq!(contact.outcome, Outcome::Unknown);
        }
    }
    let ping = on_ethernet(&ipv4("198.51.100.7", "203.0.113.9", 1, &icmp(8, 0, [0; 4], b"abcd")));
    let (_, said) = read_sflow(&[flow_sample(false, 1, &[raw_header(1, 60, &ping)])]);
    assert_eq!((contacts(&said)[0].1.sport, contacts(&said)[0].1.dport), (8, 0));
}

#[test]
fn a_sampled_tunnel_gives_outer_inner_and_the_tunnel() {
    let inner = ethernet(0x0800, &segment());
    let vxlan = udp(50_000, 4789, &join(&[&[8, 0, 0, 0, 0, 0x1b, 0x63, 0], &inner]));
    let frame = on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 17, &vxlan));
    let (_, said) = read_sflow(&[flow_sample(false, 10, &[raw_header(1, 300, &frame)])]);
    let [(_, outer), (_, within)] = contacts(&said)[..] else { panic!("{said:?}") };
    assert_eq!((outer.src, outer.dport, outer.forward.bytes), (ip("2001:db8::1"), 4789, 3000));
    assert_eq!((within.dst, within.dport, within.forward.bytes), (ip("203.0.113.9"), 443, 10 * segment().len() as u64));
    let tunnels: Vec<_> = said.iter().filter_map(|s| if let Saying::Tunnel(t) = s.fact { Some(t) } else { None }).collect();
    let [tunnel] = tunnels[..] else { panic!() };
    assert_eq!((tunnel.outer.0, tunnel.inner.1, tunnel.id), (ip("2001:db8::1"), ip("203.0.113.9"), Some(7011)));
}

#[test]
fn packets_that_the_switch_decoded_and_translated() {
    let decoded = join(&[&words(&[1400, 17]), &ends(), &words(&[53, 5353, 0, 0])]);
    let nat = words(&[1, 0xc000_0221, 1, 0xcb00_7109]);
    let (done, said) =
        read_sflow(&[flow_sample(false, 2, &[(3, decoded), (1007, nat), (1020, words(&[999, 5353])), (9999, vec![1])])]);
    assert_eq!((done.records, done.rejected), (1, 0));
    let contact = contacts(&said)[0].1;
    assert_eq!((contact.src, contact.sport, contact.forward.bytes), (ip("198.51.100.7"), 53, 2800));
    let [t] = translations(&said)[..] else { panic!() };
    assert_eq!(t.src.1, Endpoint { addr: ip("192.0.2.33"), port: 999 });
    assert_eq!(t.dst.0, t.dst.1);
    let six = join(&[
        &words(&[1400, 6]),
        &[0x20, 1, 0xd, 0xb8],
        &[0; 11],
        &[1],
        &[0x20, 1, 0xd, 0xb8],
        &[0; 11],
        &[2],
        &words(&[1, 2, 2, 0]),
    ]);
    let (_, said) = read_sflow(&[flow_sample(true, 2, &[(4, six)])]);
    assert_eq!((contacts(&said)[0].1.src, contacts(&said)[0].1.dport), (ip("2001:db8::1"), 2));
}

#[test]
fn samples_that_can_not_be_are_counted() {
    let good = flow_sample(false, 2, &[raw_header(11, 100, &segment())]);
    let (done, said) = read_sflow(&[good.clone(), (1, vec![0; 8]), (5, vec![0; 40]), good.clone()]);
    assert_eq!((done.records, done.rejected, said.len()), (3, 1, 2));
    let cut = sflow(&[good.clone(), good]);
    let (done, _) = read_one(&mut Exporters::default(), &cut[..cut.len() - 8]);
    assert_eq!((done.records, done.rejected), (1, 1));
    // No IP in it: read, and says nothing.
    let (done, said) = read_sflow(&[flow_sample(false, 2, &[raw_header(1, 64, &ethernet(0x88cc, &[0; 46]))])]);
    assert_eq!((done.records, done.rejected, said.len()), (1, 0, 0));
}

#[test]
fn without_a_sender_the_agent_is_the_observer() {
    let payload = sflow(&[flow_sample(false, 2, &[raw_header(11, 100, &segment())])]);
    let mut out = Vec::new();
    Exporters::default().datagram(UNNAMED, &payload, None, &mut out).unwrap();
    assert_eq!((contacts(&out)[0].1.observer, out[0].time), (Some(ip("192.0.2.253")), None));
}

// Recognition, and files.

fn samples() -> Vec<(Format, Vec<u8>)> {
    let record = |version| v5_record(version, (1000, 1000), (1, 2), 2, 6);
    vec![
        (Format::NetFlow5, join(&[&v5_header(5, 2, 9000, 0), &record(5), &record(5)])),
        (Format::NetFlow7, join(&[&v5_header(7, 1, 9000, 0), &record(7)])),
        (Format::NetFlow9, v9(3, 9, 5, &[set(0, &template(256, &ENDS)), set(256, &join(&[&ends(), &ends()]))])),
        (Format::Ipfix, v10(5, &[set(2, &template(256, &ENDS)), set(256, &join(&[&ends(), &ends()]))])),
        (Format::SFlow, sflow(&[flow_sample(false, 2, &[raw_header(1, 100, &on_ethernet(&segment()))])])),
    ]
}

#[test]
fn heads_must_agree_with_themselves() {
    for (format, payload) in samples() {
        assert_eq!(Exporters::recognise(&payload), Some(format));
        assert_eq!(Exporters::recognise(&payload[..payload.len() - 1]), None, "{format:?} cut off");
        assert_eq!(Exporters::recognise(&join(&[&payload, &[1]])), None, "{format:?} with more behind it");
        assert_eq!(recognise(&payload), Some(format));
        assert_eq!(recognise(&join(&[&payload, &payload[..7]])), Some(format), "{format:?} and the beginning of another");
        assert_eq!(recognise(&join(&[&payload, b"GET / HTTP/1.1"])), None);
    }
    // A question to a name server whose number happens to be 9.
    let dns =
        [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, b'e', b'x', b'a', b'm', b'p', b'l', b'e', 3, b'o', b'r', b'g', 0, 0, 1, 0, 1];
    assert_eq!(Exporters::recognise(&dns), None);
    assert_eq!(Exporters::recognise(&[]), None);
    assert!(Exporters::default().datagram(ip(ROUTER), &dns[2..], None, &mut Vec::new()).is_err());
}

#[test]
fn files_go_datagram_by_datagram() {
    for (format, payload) in samples() {
        let one = whole(open(format).as_mut(), &payload);
        assert!(one.0 > 0 && one.1 == 0, "{format:?}");
        let three = whole(open(format).as_mut(), &payload.repeat(3));
        assert_eq!((three.0, three.1), (one.0 * 3, 0), "{format:?}");
        // Damage between two datagrams costs itself only.
        let damaged = join(&[&payload, b"\0\0\xff damage \0\x09\0\x05", &payload, &payload[..payload.len() - 3]]);
        let read = whole(open(format).as_mut(), &damaged);
        assert!(read.0 >= one.0 * 2 && (1..=3).contains(&read.1), "{format:?}: {} {}", read.0, read.1);
        assert!(read.2.iter().all(|s| !matches!(&s.fact, Saying::Contact(c) if c.src == ip("0.0.0.0"))));
    }
}

#[test]
fn words_are_those_of_the_registry() {
    assert_eq!(Format::ALL.map(Format::as_str), ["netflow5", "netflow7", "netflow9", "ipfix", "sflow"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_end_a_run(version in 0_usize..6, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let front: &[u8] = [&[0, 5][..], &[0, 7], &[0, 9], &[0, 10], &[0, 0, 0, 5, 0, 0, 0, 1], &[]][version];
        let input = join(&[front, &bytes]);
        let _ = (recognise(&input), Exporters::recognise(&input));
        let mut exporters = Exporters::default();
        let _ = exporters.datagram(ip(ROUTER), &input, None, &mut Vec::new());
        for format in Format::ALL {
            whole(open(format).as_mut(), &input);
        }
    }

    #[test]
    fn no_damage_ends_a_run(n in 0_usize..5, edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6), cut in any::<proptest::sample::Index>()) {
        let (format, mut input) = samples().swap_remove(n);
        input.extend(samples().swap_remove(n).1);
        for (at, byte) in edits {
            let at = at.index(input.len());
            input[at] = byte;
        }
        input.truncate(cut.index(input.len()) + 1);
        let (_, _, said) = whole(open(format).as_mut(), &input);
        prop_assert!(said.len() <= input.len());
        let mut exporters = Exporters::default();
        let _ = exporters.datagram(ip(ROUTER), &input, None, &mut Vec::new());
    }
}

#[test]
fn fixtures_are_read_as_their_rows_say() {
    for (file, format, records, contacts_said, others, rejected) in [
        ("netflow5.bin", Format::NetFlow5, 5, 5, 0, 0),
        ("netflow9.bin", Format::NetFlow9, 5, 5, 1, 1),
        ("ipfix.bin", Format::Ipfix, 3, 3, 1, 0),
        ("sflow.bin", Format::SFlow, 4, 4, 1, 0),
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(file);
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(recognise(&bytes), Some(format), "{file}");
        let read = whole(open(format).as_mut(), &bytes);
        assert_eq!((read.0, read.1), (records, rejected), "{file}");
        let said = contacts(&read.2).len();
        assert_eq!((said, read.2.len() - said), (contacts_said, others), "{file}");
        let outcomes: Vec<Outcome> = contacts(&read.2).iter().map(|(_, c)| c.outcome).collect();
        match format {
            Format::NetFlow9 => assert_eq!(outcomes[2..4], [Outcome::Exchanged, Outcome::Refused]),
            Format::Ipfix => assert_eq!(outcomes[..2], [Outcome::Exchanged, Outcome::Refused]),
            _ => {}
        }
    }
}
