use proptest::prelude::*;

use super::*;
use crate::decode::testkit::*;
use crate::evidence::testkit::{Scene, place, *};
use crate::model::evidence::{Evidence, NameHow};

/// An IPv4 packet in pieces of `size` bytes (a multiple of 8).
fn pieces(whole: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, body) = whole.split_at(20);
    let last = body.len().div_ceil(size) - 1;
    body.chunks(size)
        .enumerate()
        .map(|(n, part)| {
            let mut out = header.to_vec();
            let total = (20 + part.len()) as u16;
            out[2..4].copy_from_slice(&total.to_be_bytes());
            let place = (n * size / 8) as u16 | if n < last { 0x2000 } else { 0 };
            out[6..8].copy_from_slice(&place.to_be_bytes());
            out.extend(part);
            out
        })
        .collect()
}

/// The same for IPv6.
fn pieces_6(whole: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, body) = whole.split_at(40);
    let last = body.len().div_ceil(size) - 1;
    body.chunks(size)
        .enumerate()
        .map(|(n, part)| {
            let place = (n * size) as u16 | u16::from(n < last);
            let mut out = header.to_vec();
            out[4..6].copy_from_slice(&((part.len() + 8) as u16).to_be_bytes());
            out[6] = 44;
            out.extend(join(&[&[header[6], 0], &place.to_be_bytes(), &[0, 0, 0, 7], part]));
            out
        })
        .collect()
}

fn datagram() -> Vec<u8> {
    let body: Vec<u8> = (0..100).collect();
    ipv4("192.0.9.1", "192.0.9.2", 17, &udp(1000, 2000, &body))
}

fn add_all<'p>(fragments: &mut Fragments, pieces: impl IntoIterator<Item = &'p Vec<u8>>) -> Vec<Whole> {
    pieces.into_iter().enumerate().filter_map(|(n, p)| fragments.add(p, Timestamp(n as i64), place(n as u64))).collect()
}

#[test]
fn any_order_and_twice() {
    let parts = pieces(&datagram(), 24);
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 2, 0, 4, 1]] {
        let mut fragments = Fragments::new(1);
        let mut whole = add_all(&mut fragments, order.iter().map(|&n: &usize| &parts[n]));
        whole.extend(fragments.add(&parts[3], Timestamp(9), place(9)));
        assert_eq!(whole.len(), 1, "{order:?}");
        assert_eq!((&whole[0].packet[20..], whole[0].from), (&datagram()[20..], place(0)));
        let p = packet::from_ip(&whole[0].packet, 0, &mut ()).unwrap();
        assert_eq!((p.sport, p.dport, p.l4_len), (1000, 2000, 108));
        assert_eq!(fragments.contradictory, 0);
    }
}

#[test]
fn ipv6_behind_other_headers() {
    let inner = join(&[&udp(1000, 2000, &[7; 60])]);
    let parts = pieces_6(&ipv6("2001:db8::1", "2001:db8::2", 17, &inner), 32);
    let behind = |part: &Vec<u8>| {
        let mut out = part.clone();
        out[5] += 8;
        out[6] = 0;
        out.splice(40..40, [44, 0, 1, 4, 0, 0, 0, 0]);
        out
    };
    for parts in [parts.clone(), parts.iter().map(behind).collect()] {
        let whole = add_all(&mut Fragments::new(1), &parts);
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].packet, ipv6("2001:db8::1", "2001:db8::2", 17, &inner));
    }
}

/// Teardrop and its kind: pieces that say two things about one place.
#[test]
fn overlaps_drop_the_datagram() {
    let parts = pieces(&datagram(), 24);
    let mut shifted = parts[1].clone();
    shifted[7] = 2;
    let mut other = parts[1].clone();
    other[30] ^= 1;
    let mut early_end = parts[4].clone();
    early_end[7] = 3;
    for bad in [shifted, other, early_end] {
        let mut fragments = Fragments::new(1);
        assert_eq!(add_all(&mut fragments, [&parts[0], &parts[1], &bad, &parts[2], &parts[3], &parts[4]]), []);
        assert_eq!((fragments.contradictory, fragments.bytes), (1, 0));
    }
    // The ping of death: beyond what a datagram can hold.
    let mut far = parts[4].clone();
    far[6..8].copy_from_slice(&0x1fff_u16.to_be_bytes());
    let mut fragments = Fragments::new(1);
    assert_eq!(add_all(&mut fragments, [&parts[0], &far]), []);
    assert_eq!(fragments.contradictory, 1);
}

#[test]
fn pieces_are_not_waited_for_for_ever() {
    let parts = pieces(&datagram(), 56);
    let mut fragments = Fragments::new(1);
    assert_eq!(fragments.add(&parts[0], Timestamp(0), place(0)), None);
    assert_eq!(fragments.add(&parts[1], Timestamp(PATIENCE_NS + 1), place(1)), None, "another datagram of the same number");
    for n in 0..OPEN as u16 + 5 {
        let mut part = parts[0].clone();
        part[4..6].copy_from_slice(&(n + 100).to_be_bytes());
        fragments.add(&part, Timestamp(PATIENCE_NS + 2), place(2));
    }
    assert_eq!((fragments.open.len(), fragments.order.len(), fragments.left_out), (OPEN, OPEN, 6));
}

#[test]
fn what_stands_in_a_datagram_is_read() {
    let mut scene = Scene::default();
    let records: Vec<Vec<u8>> = (0..20).map(|n| dns_record("a.example", 1, 60, &[192, 0, 9, n])).collect();
    let answer = udp(53, 4000, &dns_response("a.example", 1, &records));
    let invite = b"INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.9.5:5060\r\nVia: SIP/2.0/UDP 192.0.9.6\r\n\r\n";
    let request = b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.9.7\r\n\r\n";
    let inner = ipv4("198.51.0.1", "198.51.0.2", 6, &tcp(1, 80, (1, 1), 24, request));
    let gtp = udp(2152, 2152, &join(&[&[0x30, 255], &(inner.len() as u16).to_be_bytes(), &[0, 0, 0, 5], &inner]));
    for (src, dst, l4) in [
        ("203.0.7.53", "198.51.0.10", &answer),
        ("198.51.0.10", "203.0.7.60", &udp(5060, 5060, invite)),
        ("192.0.9.8", "192.0.9.9", &gtp),
    ] {
        for piece in pieces(&ipv4(src, dst, 17, l4), 80) {
            scene.ip(0, &piece);
        }
    }
    let digest = scene.digest();
    let names: Vec<NameHow> =
        digest.items.iter().filter_map(|i| if let Evidence::Name(n) = &i.fact { Some(n.how) } else { None }).collect();
    assert_eq!(names.len(), 20, "nobody was seen to ask: {names:?}");
    let chains: Vec<String> = digest
        .items
        .iter()
        .filter_map(|i| {
            if let Evidence::Chain(c) = &i.fact { Some(format!("{} {}", c.kind.as_str(), c.entries.len())) } else { None }
        })
        .collect();
    assert!(chains.contains(&"sip-via 2".to_owned()) && chains.contains(&"x-forwarded-for 1".to_owned()), "{chains:?}");
    let shards = scene.shards(caps(100), 4, false);
    assert_eq!(shards.iter().map(|s| s.fragments.open.len() + s.fragments.bytes).sum::<usize>(), 0);
}

proptest! {
    /// No pieces end a run or are counted twice.
    #[test]
    fn random_pieces(cuts in proptest::collection::vec((0..40_u16, 0..60_usize, any::<bool>(), 0..3_u8), 0..60)) {
        let mut fragments = Fragments::new(1);
        for (n, (at, len, more, id)) in cuts.into_iter().enumerate() {
            let mut ip = ipv4_with("192.0.9.1", "192.0.9.2", 17, 64, u16::from(id), &[], &vec![n as u8; len]);
            let place = at | if more { 0x2000 } else { 0 };
            ip[6..8].copy_from_slice(&place.to_be_bytes());
            if let Some(whole) = fragments.add(&ip, Timestamp(n as i64), super::tests::place(n as u64)) {
                look(&whole, &mut Heads::new(10, 1));
            }
            let kept: usize = fragments.open.values().map(|d| d.parts.values().map(Vec::len).sum::<usize>()).sum();
            prop_assert_eq!(kept, fragments.bytes);
            prop_assert_eq!(fragments.open.len(), fragments.order.len());
        }
    }

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..120), first in prop_oneof![Just(0x45_u8), Just(0x60), any::<u8>()]) {
        let mut bytes = bytes;
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        Fragments::new(1).add(&bytes, Timestamp(0), place(0));
    }
}
