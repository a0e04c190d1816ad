//! Messages, records and damage made by hand.

use proptest::prelude::*;

use super::wire::*;
use super::*;
use crate::model::record::Said;
use crate::model::time::Timestamp;

fn all(format: Format, input: &[u8]) -> Whole {
    read(format, input, usize::MAX / 2)
}

fn mrt_lines(records: &[Vec<u8>]) -> Vec<String> {
    let whole = all(Format::Mrt, &records.concat());
    assert_eq!(whole.rejected, []);
    whole.lines()
}

/// An UPDATE that announces two prefixes, takes one back, and has an IPv6 one of each.
fn rich_update() -> Vec<u8> {
    let hop = [&[0, 2, 1, 32][..], &octets("2001:db8::9"), &octets("fe80::9"), &[0]].concat();
    let attributes = [
        attributes(&sequence(&[64496, 4_200_000_001]), "198.51.100.9"),
        attribute(14, &[hop, prefix("2001:db8:a::/48")].concat()),
        attribute(15, &[vec![0, 2, 1], prefix("2001:db8:b::/48")].concat()),
    ]
    .concat();
    update(&prefix("203.0.113.0/25"), &attributes, &[prefix("192.0.2.0/24"), prefix("203.0.113.128/25")].concat())
}

#[test]
fn an_update_says_each_prefix_once() {
    let whole = all(Format::Mrt, &bgp4mp(4, &message(2, &rich_update())));
    assert_eq!((whole.records, &whole.rejected[..]), (1, &[][..]));
    assert_eq!(
        whole.lines(),
        [
            "W 203.0.113.0/25",
            "W 2001:db8:b::/48",
            "A 192.0.2.0/24 64496 4200000001",
            "A 203.0.113.128/25 64496 4200000001",
            "A 2001:db8:a::/48 64496 4200000001"
        ]
    );
    let hops: Vec<String> = whole.routes().filter_map(|a| a.next_hop).map(|a| a.to_string()).collect();
    assert_eq!(hops, ["198.51.100.9", "198.51.100.9", "2001:db8::9"]);
    for said in &whole.said {
        assert_eq!(said.time, Some(Timestamp(1_700_000_000_000_000_000)));
    }
    for a in whole.routes() {
        assert_eq!((a.peer.unwrap().to_string().as_str(), a.peer_as.unwrap().0), ("198.51.100.1", 64496));
        assert_eq!(a.origins.iter().map(|o| o.0).collect::<Vec<_>>(), if a.withdrawn { vec![] } else { vec![4_200_000_001] });
    }
}

#[test]
fn eight_dresses_of_a_message() {
    let narrow = attributes(&sequence2(&[64496, 64497]), "198.51.100.9");
    let wide = attributes(&sequence(&[64496, 64497]), "198.51.100.9");
    let plain = prefix("192.0.2.0/24");
    let with_id = [vec![0, 1, 0, 9], plain.clone()].concat();
    for (subtype, attributes, list, id, peer) in [
        (1, &narrow, &plain, None, "198.51.100.1"),
        (4, &wide, &plain, None, "198.51.100.1"),
        (6, &narrow, &plain, None, "198.51.100.2"),
        (7, &wide, &plain, None, "198.51.100.2"),
        (8, &narrow, &with_id, Some(65545), "198.51.100.1"),
        (9, &wide, &with_id, Some(65545), "198.51.100.1"),
        (10, &narrow, &with_id, Some(65545), "198.51.100.2"),
        (11, &wide, &with_id, Some(65545), "198.51.100.2"),
    ] {
        let whole = all(Format::Mrt, &bgp4mp(subtype, &message(2, &update(&[], attributes, list))));
        let a = whole.routes().next().unwrap();
        assert_eq!((a.path_id, a.peer.unwrap().to_string().as_str()), (id, peer), "{subtype}");
        assert_eq!(line(a).split_once(' ').unwrap().1.rsplit_once('/').unwrap().0, "192.0.2.0", "{subtype}");
        assert_eq!(a.path.len(), 2, "{subtype}");
        assert_eq!(a.peer_as.unwrap().0, if peer.ends_with('2') { 64511 } else { 64496 });
    }
    // Other messages and changes of state are records that say nothing.
    for record in [bgp4mp(4, &message(4, &[])), bgp4mp(5, &[0, 1, 0, 6]), bgp4mp(0, &[0, 1, 0, 6])] {
        let whole = all(Format::Mrt, &record);
        assert_eq!((whole.records, whole.rejected.len(), whole.said.len()), (1, 0, 0));
    }
    // Extended time.
    let mut record = bgp4mp(4, &message(2, &rich_update()));
    let body = [&[0, 0, 0x03, 0xe8], &record.split_off(12)[..]].concat();
    assert_eq!(all(Format::Mrt, &mrt(17, 4, &body)).said[0].time, Some(Timestamp(1_700_000_000_001_000_000)));
}

#[test]
fn tables_of_the_second_kind() {
    let v4 = attributes(&sequence(&[64496, 64497]), "198.51.100.9");
    let abbreviated = [attribute(2, &sequence(&[4_200_000_001])), attribute(14, &[&[16][..], &octets("2001:db8::9")].concat())];
    let full = [&[0, 2, 1, 16][..], &octets("2001:db8::8"), &[0], &prefix("2001:db8:a::/48")].concat();
    let full = [attribute(2, &sequence(&[4_200_000_001])), attribute(14, &full)];
    let input = [
        peers(),
        rib(2, "192.0.2.0/24", &[entry(0, None, &v4), entry(1, None, &v4)]),
        rib(4, "2001:db8:a::/48", &[entry(1, None, &abbreviated.concat()), entry(1, None, &full.concat())]),
        rib(8, "203.0.113.0/24", &[entry(0, Some(7), &v4)]),
        rib(3, "198.51.100.0/24", &[entry(9, None, &v4)]),
    ];
    let whole = all(Format::Mrt, &input.concat());
    assert_eq!((whole.records, &whole.rejected[..]), (5, &[][..]));
    assert_eq!(
        whole.lines(),
        [
            "A 192.0.2.0/24 64496 64497",
            "A 192.0.2.0/24 64496 64497",
            "A 2001:db8:a::/48 4200000001",
            "A 2001:db8:a::/48 4200000001",
            "A 203.0.113.0/24#7 64496 64497",
            "A 198.51.100.0/24 64496 64497"
        ]
    );
    let peers: Vec<_> = whole.routes().map(|a| a.peer.map(|p| p.to_string()).unwrap_or_default()).collect();
    // Nobody has index 9: the route is told by nobody known.
    assert_eq!(peers, ["198.51.100.1", "2001:db8::2", "2001:db8::2", "2001:db8::2", "198.51.100.1", ""]);
    let hops: Vec<_> = whole.routes().map(|a| a.next_hop.unwrap().to_string()).collect();
    assert_eq!(hops[1..4], ["198.51.100.9", "2001:db8::9", "2001:db8::8"]);
}

#[test]
fn generic_tables_in_both_ways_of_writing() {
    let attributes = attributes(&sequence(&[64496]), "198.51.100.9");
    let generic = |subtype, head: &[u8], entry: Vec<u8>| {
        mrt(13, subtype, &[&[0, 0, 0, 1, 0, 1, 1][..], head, &prefix("192.0.2.0/24"), &[0, 1], &entry].concat())
    };
    assert_eq!(
        mrt_lines(&[
            peers(),
            generic(6, &[], entry(0, None, &attributes)),
            generic(12, &[], entry(0, Some(5), &attributes)),
            generic(12, &[0, 0, 0, 6], entry(0, None, &attributes)),
            // VPN prefixes are not read.
            mrt(13, 6, &[0, 0, 0, 1, 0, 1, 128, 0, 0, 0]),
        ]),
        ["A 192.0.2.0/24 64496", "A 192.0.2.0/24#5 64496", "A 192.0.2.0/24#6 64496"]
    );
}

#[test]
fn tables_and_updates_of_old() {
    let attributes = attributes(&sequence2(&[64496, 64497]), "198.51.100.9");
    let head = |net: [u8; 5], v: &[u8]| {
        [&[0, 0, 0, 1][..], &net, &[1, 0, 0, 0, 9], &octets("198.51.100.1"), &64496_u16.to_be_bytes(), &counted(v)].concat()
    };
    let dump = mrt(12, 1, &head([192, 0, 2, 77, 24], &attributes));
    let mut entry = [64496_u16.to_be_bytes(), 64511_u16.to_be_bytes()].concat();
    entry.extend([0, 0, 0, 1, 198, 51, 100, 1, 198, 51, 100, 2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 1, 4, 198, 51, 100, 7]);
    entry.extend([prefix("203.0.113.0/24"), counted(&attribute(2, &sequence2(&[64496])))].concat());
    let mut bgp = 64496_u16.to_be_bytes().to_vec();
    bgp.extend([198, 51, 100, 1, 0, 9, 198, 51, 100, 2]);
    bgp.extend(update(&prefix("198.51.100.0/24"), &[], &[]));
    let input = [dump, mrt(16, 2, &entry), mrt(5, 1, &bgp)].concat();
    let whole = all(Format::Mrt, &input);
    assert_eq!(whole.lines(), ["A 192.0.2.0/24 64496 64497", "A 203.0.113.0/24 64496", "W 198.51.100.0/24"]);
    assert!(whole.routes().all(|a| a.peer.unwrap().to_string() == "198.51.100.1" && a.peer_as.unwrap().0 == 64496));
    assert_eq!(whole.routes().nth(1).unwrap().next_hop.unwrap().to_string(), "198.51.100.7");
}

#[test]
fn nobody_is_an_unspecified_address() {
    let record = bgp4mp(4, &message(2, &update(&[], &attributes(&[], "0.0.0.0"), &prefix("192.0.2.0/24"))));
    let mut record = record;
    record[12..16].fill(0);
    record[24..28].fill(0);
    let whole = all(Format::Mrt, &record);
    let a = whole.routes().next().unwrap();
    assert_eq!((a.peer, a.peer_as, a.next_hop, a.path.len(), a.origins.len()), (None, None, None, 0, 0));
}

#[test]
fn lying_lengths_inside_cost_their_record_only() {
    let good = bgp4mp(4, &message(2, &rich_update()));
    let mut lies = Vec::new();
    // Length of the BGP message, of the withdrawn prefixes, of the attributes, a prefix of 200 bits.
    for (at, value) in [(12 + 20 + 17, 0xff), (12 + 20 + 19, 0xff), (12 + 20 + 26, 0xff), (good.len() - 5, 200)] {
        let mut bad = good.clone();
        bad[at] = value;
        lies.push(bad);
    }
    for bad in &lies {
        let whole = all(Format::Mrt, &[&good[..], bad, &good].concat());
        assert_eq!((whole.records, whole.rejected.len(), whole.said.len()), (2, 1, 10), "{:?}", whole.rejected);
        assert_eq!(whole.rejected[0].0, good.len());
    }
}

#[test]
fn the_way_is_found_again_behind_lying_lengths_outside() {
    let good = bgp4mp(4, &message(2, &rich_update()));
    for length in [0_u32, 40, 5_000, 100_000, 20_000_000, u32::MAX] {
        let mut bad = good.clone();
        bad[8..12].copy_from_slice(&length.to_be_bytes());
        let input = [&good[..], &bad, &good, &good, &good].concat();
        for portion in [7, 100, 1 << 20] {
            let whole = read(Format::Mrt, &input, portion);
            assert_eq!(whole.rejected.len(), 1, "{length}: {:?}", whole.rejected);
            assert_eq!((whole.rejected[0].0, whole.records, whole.said.len()), (good.len(), 4, 20), "{length} by {portion}");
        }
    }
    // A head within the damage that nothing follows is not believed.
    let mut bad = good.clone();
    bad[8..12].fill(0xff);
    bad.extend(&mrt(16, 4, &[0; 60])[..12]);
    bad.extend([0x55; 100]);
    let whole = all(Format::Mrt, &[&good[..], &bad, &good, &good].concat());
    assert_eq!((whole.records, whole.rejected.len(), whole.said.len()), (3, 1, 15));
    // A record that says it holds the next one, too.
    let mut bad = good.clone();
    bad[8..12].copy_from_slice(&((2 * good.len() - 12) as u32).to_be_bytes());
    let whole = all(Format::Mrt, &[&good[..], &bad, &good, &good].concat());
    assert_eq!((whole.records, whole.rejected.len(), whole.said.len()), (3, 1, 15));
    // Nothing to be found: all of it is one rejected piece.
    let input = [&good[..], &[0xff; 5_000]].concat();
    for portion in [7, 100, 1 << 20] {
        let whole = read(Format::Mrt, &input, portion);
        assert_eq!((whole.rejected.len(), whole.records), (1, 1));
    }
    // Cut off.
    for n in 1..good.len() {
        let whole = all(Format::Mrt, &[&good[..], &good[..n]].concat());
        assert_eq!((whole.rejected.len(), whole.records, whole.said.len()), (1, 1, 5), "{n}");
    }
}

#[test]
fn portions_make_no_difference() {
    let update = bgp4mp(4, &message(2, &rich_update()));
    let v4 = attributes(&sequence(&[64496, 64497]), "198.51.100.9");
    let input = [peers(), rib(2, "192.0.2.0/24", &[entry(0, None, &v4), entry(1, None, &v4)]), update].concat();
    let whole = all(Format::Mrt, &input);
    assert_eq!(whole.said.len(), 7);
    for portion in [1, 2, 13, 64, 300] {
        assert_eq!(read(Format::Mrt, &input, portion), whole);
    }
}

fn bmp_up(kind: u8, router: &[(u8, &[u8])], far: &[(u8, &[u8])]) -> Vec<u8> {
    bmp(3, &[peer(kind, 0), vec![0; 20], open_message(64511, router), open_message(64496, far)].concat())
}

fn bmp_route(kind: u8, flags: u8, attributes: &[u8], list: &[u8]) -> Vec<u8> {
    bmp(0, &[peer(kind, flags), message(2, &update(&[], attributes, list))].concat())
}

#[test]
fn a_bmp_session() {
    let wide = attributes(&sequence(&[64496, 4_200_000_001]), "198.51.100.9");
    let narrow = attributes(&sequence2(&[64496, 64497]), "198.51.100.9");
    let plain = prefix("192.0.2.0/24");
    // Both readings fit, and neither holds a default route: only what was agreed tells.
    let with_id = [vec![24, 1, 1, 1], prefix("203.0.113.0/24")].concat();
    let (send, receive): (&[u8], &[u8]) = (&[0, 1, 1, 2], &[0, 1, 1, 1]);
    let input = [
        bmp(4, &[0, 2, 0, 2, b'r', b'1']),
        bmp_up(0, &[(69, receive)], &[(69, send)]),
        bmp_route(0, 0, &wide, &with_id),
        bmp_route(0, 0x20, &narrow, &with_id),
        // What the router sends has no identifiers, and is not told by the peer.
        bmp_route(0, 0x10, &wide, &[plain.clone(), plain.clone()].concat()),
        bmp(1, &[peer(0, 0), vec![0, 0, 0, 0]].concat()),
        bmp(2, &[peer(0, 0), vec![4]].concat()),
        bmp_route(0, 0, &wide, &with_id),
        bmp_route(3, 0x80, &wide, &plain),
        bmp(5, &[0, 1, 0, 2, 0, 0]),
    ];
    let whole = all(Format::Bmp, &input.concat());
    assert_eq!((whole.records, &whole.rejected[..]), (10, &[][..]));
    assert_eq!(
        whole.lines(),
        [
            "A 203.0.113.0/24#402718977 64496 4200000001",
            "A 203.0.113.0/24#402718977 64496 64497",
            "A 192.0.2.0/24 64496 4200000001",
            "A 192.0.2.0/24 64496 4200000001",
            "A 1.1.1.0/24 64496 4200000001",
            "A 203.0.113.0/24 64496 4200000001",
            "A 192.0.2.0/24 64496 4200000001",
        ]
    );
    let peers: Vec<_> =
        whole.routes().map(|a| (a.peer.map(|p| p.to_string()).unwrap_or_default(), a.peer_as.is_some())).collect();
    assert_eq!(peers[0], ("198.51.100.1".to_owned(), true));
    assert_eq!((&peers[2], &peers[6]), (&(String::new(), false), &(String::new(), true)));
    assert_eq!(whole.said[0].time, Some(Timestamp(1_700_000_000_500_000_000)));
    for portion in [1, 50, 333] {
        assert_eq!(read(Format::Bmp, &input.concat(), portion), whole);
    }
}

#[test]
fn bmp_with_lies() {
    let attributes = attributes(&sequence(&[64496]), "198.51.100.9");
    let good = bmp_route(0, 0, &attributes, &prefix("192.0.2.0/24"));
    for (at, value) in [(0, 4), (1, 0xff), (2, 0xff), (4, 0xff), (5, 77), (6, 9), (6 + 42 + 17, 0), (6 + 42 + 18, 4)] {
        let mut bad = good.clone();
        bad[at] = value;
        let whole = all(Format::Bmp, &[&good[..], &bad, &good, &good].concat());
        assert_eq!((whole.rejected.len(), whole.records, whole.said.len()), (1, 3, 3), "byte {at}: {:?}", whole.rejected);
    }
}

fn stream(bytes: &[u8], session: &mut Session) -> (Result<usize, crate::decode::record::Reject>, Vec<String>) {
    let mut out = Vec::new();
    let read = messages(bytes, session, "198.51.100.1".parse().unwrap(), Timestamp(5), &mut out);
    let whole = Whole { said: out, ..Whole::default() };
    assert!(whole.said.iter().all(|s| s.time == Some(Timestamp(5))));
    assert!(whole.routes().all(|a| a.peer_as == session.peer_as && a.peer.unwrap().to_string() == "198.51.100.1"));
    let lines = whole.lines();
    (read, lines)
}

#[test]
fn a_captured_session_from_its_beginning() {
    let open = open_message(23456, &[(1, &[0, 1, 0, 1]), (65, &4_200_000_009_u32.to_be_bytes()), (69, &[0, 1, 1, 3])]);
    let attributes = attributes(&sequence(&[4_200_000_009, 64497]), "198.51.100.1");
    let with_id = [vec![0, 0, 0, 3], prefix("192.0.2.0/24"), vec![0, 0, 0, 4], prefix("203.0.113.0/24")].concat();
    let routes = message(2, &update(&[], &attributes, &with_id));
    let bytes = [open, message(4, &[]), routes.clone(), message(3, &[6, 2])].concat();
    let mut session = Session::default();
    let (read, lines) = stream(&bytes, &mut session);
    assert_eq!(read, Ok(bytes.len()));
    assert_eq!(lines, ["A 192.0.2.0/24#3 4200000009 64497", "A 203.0.113.0/24#4 4200000009 64497"]);
    assert!(session.opened && session.four_byte_as && session.add_path && session.rejected == 0);
    assert_eq!(session.peer_as.unwrap().0, 4_200_000_009);
    // What is not whole stays.
    for n in 0..bytes.len() {
        let (read, _) = stream(&bytes[..n], &mut Session::default());
        assert!(read.is_ok_and(|read| read <= n), "{n}");
    }
    // An old speaker writes two bytes, and no identifiers.
    let narrow = attributes_of_two();
    let bytes =
        [open_message(64496, &[]), message(2, &update(&[], &narrow, &[prefix("192.0.2.0/24"), vec![0]].concat()))].concat();
    let mut session = Session::default();
    assert_eq!(stream(&bytes, &mut session).1, ["A 192.0.2.0/24 64496 64497", "A 0.0.0.0/0 64496 64497"]);
    assert!(session.opened && !session.four_byte_as && !session.add_path);
}

fn attributes_of_two() -> Vec<u8> {
    attributes(&sequence2(&[64496, 64497]), "198.51.100.1")
}

#[test]
fn a_captured_session_from_its_middle() {
    let bytes = [
        message(2, &update(&[], &attributes_of_two(), &prefix("192.0.2.0/24"))),
        message(2, &rich_update()),
        message(2, &update(&[], &attributes_of_two(), &[vec![0, 0, 0, 1], prefix("192.0.2.0/24")].concat())),
        message(2, &update(&[0xff], &[], &[])),
        message(2, &update(&prefix("192.0.2.0/24"), &[], &[])),
    ]
    .concat();
    let mut session = Session::default();
    let (read, lines) = stream(&bytes, &mut session);
    assert_eq!((read, session.rejected, session.opened), (Ok(bytes.len()), 1, false));
    assert_eq!((lines.len(), lines[0].as_str()), (8, "A 192.0.2.0/24 64496 64497"));
    assert_eq!(lines[6..], ["A 192.0.2.0/24#1 64496 64497", "W 192.0.2.0/24"]);
    // Other bytes are no BGP, and what stood in front of them is kept.
    let broken = [&message(4, &[])[..], b"GET / HTTP/1.1\r\n\r\n"].concat();
    assert_eq!(stream(&broken, &mut Session::default()).0, Ok(19));
    assert!(stream(&broken[19..], &mut Session::default()).0.is_err());
    assert!(stream(&message(9, &[]), &mut Session::default()).0.is_err());
    assert_eq!(stream(&[], &mut Session::default()).0, Ok(0));
}

#[test]
fn long_lists_of_open_parameters() {
    // RFC 9072: a length of 255, a type of 255, then two-byte lengths.
    let capabilities = [&[65, 4][..], &4_200_000_009_u32.to_be_bytes()].concat();
    let list = [&[2, 0, capabilities.len() as u8][..], &capabilities].concat();
    let body = [&[4, 0x5b, 0xa0, 0, 90, 192, 0, 2, 1, 255, 255][..], &counted(&list)].concat();
    let mut session = Session::default();
    assert!(stream(&message(1, &body), &mut session).0.is_ok());
    assert_eq!((session.peer_as.unwrap().0, session.rejected), (4_200_000_009, 0));
}

#[test]
fn what_is_recognised() {
    let good = bgp4mp(4, &message(2, &rich_update()));
    assert_eq!(recognise(&good), Some(Format::Mrt));
    assert_eq!(recognise(&[&good[..], &good[..5]].concat()), Some(Format::Mrt));
    assert_eq!(recognise(&[&good[..], b"something else"].concat()), None);
    assert_eq!(recognise(&good[..30]), None);
    let bmp = bmp(4, &[0, 2, 0, 2, b'r', b'1']);
    assert_eq!(recognise(&[&bmp[..], &bmp_route(0, 0, &[], &[])].concat()), Some(Format::Bmp));
    assert_eq!(recognise(&[&bmp[..], b"text behind"].concat()), None);
    for other in [
        &b"# comment\n192.0.2.1\n"[..],
        b"",
        b"\x03",
        &[0; 100],
        &[3; 100],
        &[0xff; 100],
        b"{\"a\":1}",
        b"int main(void) { return 0; }\n",
    ] {
        assert_eq!(recognise(other), None, "{other:?}");
    }
}

fn fixture(name: &str, format: Format) -> Whole {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records").join(name);
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(recognise(&bytes), Some(format), "{name}");
    all(format, &bytes)
}

#[test]
fn fixtures_say_what_their_readme_promises() {
    let rib = fixture("rib.mrt", Format::Mrt);
    assert_eq!((rib.records, &rib.rejected[..]), (5, &[][..]));
    assert_eq!(
        rib.lines(),
        [
            "A 192.0.2.0/24 64496 64500",
            "A 192.0.2.0/24 4200000001 64499 64500",
            "A 203.0.112.0/23 64496 64501 64502",
            "A 2001:db8:a::/48 4200000001 64500",
            "A 2001:db8:a::/48 4200000001 64500",
            "A 203.0.113.128/25#7 64496 64500",
            "A 203.0.113.128/25#8 64496 64501 64502",
        ]
    );
    assert!(rib.routes().all(|a| a.peer.is_some() && a.peer_as == a.path.first().copied() && a.next_hop.is_some()));
    assert_eq!(rib.routes().nth(2).unwrap().origins.len(), 2);
    let updates = fixture("updates.mrt", Format::Mrt);
    assert_eq!((updates.records, updates.rejected.len()), (7, 1));
    assert_eq!(
        updates.lines(),
        [
            "A 192.0.2.0/24 64496 4200000001",
            "A 198.51.100.0/24 64496 4200000001",
            "A 203.0.113.0/24 64496 64499 4200000001",
            "A 2001:db8:a::/48 64496 4200000001",
            "W 192.0.2.0/24",
            "W 2001:db8:a::/48",
        ]
    );
    let session = fixture("session.bmp", Format::Bmp);
    assert_eq!((session.records, &session.rejected[..]), (7, &[][..]));
    let lines = [
        "A 192.0.2.0/24#1 64496 64500",
        "A 203.0.113.0/24#2 64496 64500",
        "A 198.51.100.0/24 64496 64500",
        "A 192.0.2.0/24 64496 64500",
    ];
    assert_eq!(session.lines(), lines);
    assert_eq!(session.routes().map(|a| a.peer.is_some()).collect::<Vec<_>>(), [true, true, false, false]);
}

/// Cuts, changes and joins of good inputs.
fn damaged() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let v4 = attributes(&sequence(&[64496, 64497]), "198.51.100.9");
    let seeds = vec![
        [peers(), rib(2, "192.0.2.0/24", &[entry(0, None, &v4)]), rib(8, "192.0.2.0/24", &[entry(0, Some(1), &v4)])].concat(),
        [
            bgp4mp(4, &message(2, &rich_update())),
            bgp4mp(1, &message(2, &update(&[], &attributes_of_two(), &prefix("192.0.2.0/24")))),
        ]
        .concat(),
        [bmp(4, &[]), bmp_up(0, &[(69, &[0, 1, 1, 3])], &[(65, &[0; 4])]), bmp_route(0, 0, &v4, &prefix("192.0.2.0/24"))]
            .concat(),
        [open_message(64496, &[(65, &[0; 4]), (69, &[0, 1, 1, 3])]), message(2, &rich_update())].concat(),
    ];
    (
        proptest::sample::select(seeds),
        any::<(prop::sample::Index, prop::sample::Index)>(),
        any::<[(prop::sample::Index, u8); 3]>(),
        1_usize..200,
    )
        .prop_map(|(mut bytes, (from, to), changes, portion)| {
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len() + 1));
            let mut out = bytes.get(from..to).unwrap_or(&bytes).to_vec();
            out.extend(&bytes);
            (out, portion)
        })
}

fn read_in_every_way(bytes: &[u8], portion: usize) {
    let _ = recognise(bytes);
    for format in Format::ALL {
        let whole = read(format, bytes, portion);
        assert!(whole.routes().all(|a| a.path.len() <= 255 && a.prefix == a.prefix.trunc()));
    }
    let mut out: Vec<Said> = Vec::new();
    if let Ok(read) = messages(bytes, &mut Session::default(), "::1".parse().unwrap(), Timestamp(0), &mut out) {
        assert!(read <= bytes.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_end_a_run(bytes in proptest::collection::vec(any::<u8>(), 0..600), portion in 1_usize..200) {
        read_in_every_way(&bytes, portion);
        for kind in [&[12_u8, 0, 1][..], &[13, 0, 1], &[13, 0, 2], &[13, 0, 6], &[16, 0, 4], &[16, 0, 2], &[5, 0, 1]] {
            let head = [&[0x66, 0, 0, 0, 0], kind, &[0, 0, (bytes.len() >> 8) as u8, bytes.len() as u8]].concat();
            read_in_every_way(&[head, bytes.clone()].concat(), portion);
        }
        read_in_every_way(&message(2, &bytes), portion);
        read_in_every_way(&bmp(0, &bytes), portion);
    }

    #[test]
    fn no_damage_ends_a_run((bytes, portion) in damaged()) {
        read_in_every_way(&bytes, portion);
    }
}
