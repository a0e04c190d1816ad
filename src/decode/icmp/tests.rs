use super::*;
use crate::decode::testkit::*;

fn probe() -> Vec<u8> {
    ipv4_with("198.51.100.1", "203.0.113.1", 17, 1, 7, &[], &udp(33000, 33435, b"probe"))
}

fn padded(quote: &[u8], len: usize) -> Vec<u8> {
    let mut out = quote.to_vec();
    out.resize(len, 0);
    out
}

fn stack() -> Vec<u8> {
    extension(&[object(1, 1, &join(&[&label(24015, false), &label(16, true)]))])
}

/// A time exceeded message with this byte in the place of the length.
fn exceeded(length: u8, parts: &[&[u8]]) -> Vec<u8> {
    icmp(11, 0, [0, length, 0, 0], &join(parts))
}

#[track_caller]
fn labels_of(body: &[u8]) -> (Extension, Vec<u32>, usize) {
    let error = parse_error(false, body).unwrap().unwrap();
    (error.extension, error.labels().iter().map(|l| l.label).collect(), error.quoted.len())
}

#[test]
fn a_plain_quote() {
    let body = exceeded(0, &[&probe()]);
    let error = parse_error(false, &body).unwrap().unwrap();
    assert_eq!((error.icmp_type, error.icmp_code, error.quoted), (11, 0, &probe()[..]));
    assert_eq!((error.extension, error.labels().len(), error.interfaces().len()), (Extension::None, 0, 0));
}

#[test]
fn objects_where_the_length_says() {
    let body = exceeded(32, &[&padded(&probe(), 128), &stack()]);
    assert_eq!(labels_of(&body), (Extension::Declared, vec![24015, 16], 128));
    let error = parse_error(false, &body).unwrap().unwrap();
    assert_eq!(
        error.labels().to_vec(),
        [LabelEntry { label: 24015, tc: 0, bottom: false, ttl: 64 }, LabelEntry { label: 16, tc: 0, bottom: true, ttl: 64 }]
    );
    // A longer quote, and a checksum that was not computed.
    let mut unchecked = stack();
    unchecked[2..4].fill(0);
    assert_eq!(labels_of(&exceeded(40, &[&padded(&probe(), 160), &unchecked])), (Extension::Declared, vec![24015, 16], 160));
}

#[test]
fn all_bits_of_a_label() {
    let body = exceeded(32, &[&padded(&probe(), 128), &extension(&[object(1, 1, &[0xff, 0xff, 0xfe, 0xfd])])]);
    let error = parse_error(false, &body).unwrap().unwrap();
    assert_eq!(error.labels()[0], LabelEntry { label: 0xf_ffff, tc: 7, bottom: false, ttl: 0xfd });
}

#[test]
fn objects_of_routers_from_before_the_length() {
    let body = exceeded(0, &[&padded(&probe(), 128), &stack()]);
    assert_eq!(labels_of(&body), (Extension::Legacy, vec![24015, 16], 128));
    // The place is a guess, so a checksum that is wrong or missing ends it.
    for sum in [[0, 0], [1, 2]] {
        let mut bad = stack();
        bad[2..4].copy_from_slice(&sum);
        let body = exceeded(0, &[&padded(&probe(), 128), &bad]);
        assert_eq!(labels_of(&body), (Extension::None, vec![], 128 + bad.len()));
    }
}

#[test]
fn objects_behind_a_wrong_length() {
    // 17 words: the quoted datagram without its padding, as backbone routers send it.
    let body = exceeded(17, &[&padded(&probe(), 128), &stack()]);
    assert_eq!(labels_of(&body), (Extension::WrongLength, vec![24015, 16], 128));
    let body = exceeded(255, &[&padded(&probe(), 128), &stack()]);
    assert_eq!(labels_of(&body), (Extension::WrongLength, vec![24015, 16], 128), "beyond the end");
    let body = exceeded(17, &[&padded(&probe(), 128)]);
    assert_eq!(labels_of(&body), (Extension::None, vec![], 128));
}

#[test]
fn a_bad_checksum_ends_trust_but_not_the_quote() {
    let mut bad = stack();
    bad[2] ^= 1;
    assert_eq!(labels_of(&exceeded(32, &[&padded(&probe(), 128), &bad])), (Extension::None, vec![], 128));
    let mut other_version = stack();
    other_version[0] = 0x10;
    let body = exceeded(32, &[&padded(&probe(), 128), &other_version]);
    assert_eq!(labels_of(&body).0, Extension::None);
}

#[test]
fn icmpv6_counts_in_eight_bytes() {
    let quote = padded(&ipv6("2001:db8::1", "2001:db8::2", 17, &udp(33000, 33435, b"probe")), 128);
    let body = icmp(3, 0, [16, 0, 0, 0], &join(&[&quote, &stack()]));
    let error = parse_error(true, &body).unwrap().unwrap();
    assert_eq!((error.extension, error.labels().len(), error.quoted.len()), (Extension::Declared, 2, 128));
    // In a packet too big message the same place holds the MTU.
    let body = icmp(2, 0, [0, 0, 5, 0], &join(&[&quote, &stack()]));
    assert_eq!(parse_error(true, &body).unwrap().unwrap().extension, Extension::None);
}

#[test]
fn interface_information() {
    let addr4 = join(&[&[0, 1, 0, 0], &v4("192.0.2.9")]);
    let addr6 = join(&[&[0, 2, 0, 0], &v6("2001:db8::9")]);
    let incoming = object(2, 0x0f, &join(&[&[0, 0, 2, 1], &addr4, b"\x0cxe-0/0/1\0\0\0", &[0, 0, 0x23, 0x28]]));
    let outgoing = object(2, 0x84, &addr6);
    let next_hop = object(2, 0xc0, &[]);
    let broken = object(2, 0x0c, &[0, 0, 0, 3, 0, 1]);
    let body =
        exceeded(32, &[&padded(&probe(), 128), &extension(&[object(3, 1, b"othr"), incoming, outgoing, next_hop, broken])]);
    let found = parse_error(false, &body).unwrap().unwrap().interfaces();
    let info = |role| InterfaceInfo { role, index: None, addr: None, name: None, mtu: None };
    assert_eq!(
        found,
        [
            InterfaceInfo {
                index: Some(513),
                addr: Some("192.0.2.9".parse().unwrap()),
                name: Some("xe-0/0/1".into()),
                mtu: Some(9000),
                ..info(0)
            },
            InterfaceInfo { addr: Some("2001:db8::9".parse().unwrap()), ..info(2) },
            info(3),
            InterfaceInfo { index: Some(3), ..info(0) },
        ]
    );
}

#[test]
fn objects_are_bounded() {
    let many = object(1, 1, &label(1, false).repeat(40));
    let body = exceeded(32, &[&padded(&probe(), 128), &extension(&[many])]);
    assert_eq!(labels_of(&body).1.len(), MAX_LABELS);
    let hoard: Vec<Vec<u8>> = (0..100).map(|_| object(2, 0, &[])).collect();
    let body = exceeded(32, &[&padded(&probe(), 128), &extension(&hoard)]);
    assert_eq!(parse_error(false, &body).unwrap().unwrap().interfaces().len(), MAX_INTERFACES);
    for length in [[0, 0], [0, 3], [0xff, 0xff]] {
        let bad = extension(&[object(1, 1, &label(9, true)), join(&[&length, &[1, 1], &label(8, true)])]);
        let body = exceeded(32, &[&padded(&probe(), 128), &bad]);
        assert_eq!(labels_of(&body).1, [9], "an object of length {length:?} ends the walk");
    }
}

#[test]
fn what_is_no_error_and_what_is_cut_off() {
    assert_eq!(parse_error(false, &icmp(8, 0, [0; 4], b"echo")), Ok(None));
    assert_eq!(parse_error(true, &icmp(11, 0, [0; 4], b"")), Ok(None), "11 is no error in ICMPv6");
    assert_eq!(parse_error(false, &[]), Err(DecodeError::truncated("icmp", 8, 0)));
    assert_eq!(parse_error(false, &[3, 1, 0, 0, 0]), Err(DecodeError::truncated("icmp error", 8, 5)));
    assert_eq!(parse_error(false, &icmp(5, 1, [10, 0, 0, 1], &probe())).unwrap().unwrap().quoted, probe());
}
