//! Each tunnel built by hand, and what is nearly one.

use proptest::prelude::*;

use super::{is_port, port};
use crate::decode::error::DecodeError;
use crate::decode::packet::{LayerSink, Packet, Transport, dissect};
use crate::decode::plain;
use crate::decode::testkit::*;
use crate::model::evidence::TunnelKind::{self, *};
use crate::model::net::PackedAddr;

#[derive(Default)]
struct Heard {
    layers: usize,
    tunnels: Vec<(TunnelKind, Option<u32>)>,
}

impl LayerSink for Heard {
    fn ip(&mut self, _: PackedAddr, _: PackedAddr) {
        self.layers += 1;
    }
    fn tunnel(&mut self, kind: TunnelKind, _: (PackedAddr, PackedAddr), id: Option<u32>) {
        self.tunnels.push((kind, id));
    }
}

fn read(ip: &[u8]) -> (Packet, Heard) {
    let mut heard = Heard::default();
    let packet = dissect(1, &on_ethernet(ip), &mut heard).unwrap().unwrap();
    (packet, heard)
}

fn four() -> Vec<u8> {
    ipv4("10.0.0.1", "10.0.0.2", 17, &udp(40000, 53, b"question"))
}

fn six(src: &str, dst: &str) -> Vec<u8> {
    ipv6(src, dst, 17, &udp(40000, 53, b"question"))
}

fn over_ip(proto: u8, payload: &[u8]) -> Vec<u8> {
    ipv4("192.0.2.1", "192.0.2.2", proto, payload)
}

fn over_udp(sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    over_ip(17, &udp(sport, dport, payload))
}

fn gtp(head: &[u8], rest: &[u8], inner: &[u8]) -> Vec<u8> {
    let [flags, kind] = *head else { unreachable!() };
    let size = ((rest.len() + inner.len()) as u16).to_be_bytes();
    join(&[&[flags, kind], &size, &[0, 0, 1, 2], rest, inner])
}

const SIX: (&str, &str) = ("2001:db8::1", "2001:db8::2");
const TEREDO: &str = "2001:0:c633:6401:8000:f12a:b9c8:2815";

/// Every tunnel over an outer IPv4 packet: packet, kind, number.
pub(in crate::decode) fn samples() -> Vec<(Vec<u8>, TunnelKind, Option<u32>)> {
    let (four, six, from_teredo) = (four(), six(SIX.0, SIX.1), six(TEREDO, SIX.0));
    let (frame, frame_6) = (on_ethernet(&four), on_ethernet(&six));
    let llc = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &four]);
    let wifi = join(&[&[0x08, 0x01, 0, 0], &[2; 18], &[0, 0], &llc]);
    let l2tp_sequenced = join(&[
        &[0x4a, 2],
        &((18 + four.len()) as u16).to_be_bytes(),
        &[0, 7, 0, 9, 0, 0, 0, 1, 0, 2, 0xee, 0xee],
        &[0, 0x21],
        &four,
    ]);
    let ayiya = |next: u8, inner: &[u8]| join(&[&[0x41, 0x52, 0x11, next, 0, 0, 0, 1], &[7; 36], inner]);
    let authenticated = join(&[&[0, 1, 4, 2, 1, 2, 3, 4, 5, 6], &[9; 8], &[0], &[0, 0, 0x55, 0x55, 1, 2, 3, 4], &from_teredo]);
    vec![
        (over_ip(47, &join(&[&[0x20, 0, 0x65, 0x58, 0, 0x12, 0x34, 5], &frame])), Nvgre, Some(0x1234)),
        (over_ip(47, &join(&[&[0x20, 0, 0x65, 0x58, 0, 0, 0x34, 5], &frame])), Gre, Some(0x3405)),
        (over_ip(47, &join(&[&[0x20, 0, 0x89, 0x09, 0, 0, 0, 40, 8, 0, 1, 1, 0, 1, 0, 0], &four])), Gre, Some(40)),
        (
            over_ip(47, &join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20, 5, 0, 7, 0, 0, 0, 0, 0, 0, 8, 0], &four])),
            Erspan,
            Some(7),
        ),
        (over_ip(97, &join(&[&[0x30, 0], &frame])), EtherIp, None),
        (over_ip(115, &join(&[&[0, 0, 0, 5], &frame])), L2tpV3, Some(5)),
        (over_ip(115, &join(&[&[0, 0, 0, 5], &[0xc0; 8], &[0x40, 0, 0, 1], &frame])), L2tpV3, Some(5)),
        (over_udp(1701, 1701, &join(&[&[0, 3, 0, 0, 0, 0, 0, 6], &[0xc0; 4], &frame_6])), L2tpV3, Some(6)),
        (over_udp(1701, 1701, &join(&[&[0, 2, 0, 7, 0, 9, 0xff, 3, 0, 0x21], &four])), L2tp, Some(0x0007_0009)),
        (over_udp(1701, 40000, &l2tp_sequenced), L2tp, Some(0x0007_0009)),
        (over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &four)), GtpU, Some(258)),
        (over_udp(2152, 2152, &gtp(&[0x32, 255], &[0, 1, 0, 0], &six)), GtpU, Some(258)),
        (
            over_udp(2152, 2152, &gtp(&[0x34, 255], &[0, 0, 0, 0x85, 1, 0, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0], &four)),
            GtpU,
            Some(258),
        ),
        (over_udp(50000, 4790, &join(&[&[0x0c, 0, 0, 1, 0, 0, 42, 0], &four])), VxlanGpe, Some(42)),
        (over_udp(50000, 4790, &join(&[&[0x0c, 0, 0, 3, 0, 0, 42, 0], &frame])), VxlanGpe, Some(42)),
        (
            over_udp(50000, 4790, &join(&[&[0x0c, 0, 0, 4, 0, 0, 42, 0], &[0x0f, 0xc2, 2, 2, 0, 0, 1, 255], &six])),
            VxlanGpe,
            Some(42),
        ),
        (over_udp(50000, 4790, &join(&[&[0x08, 0, 0, 0, 0, 0, 42, 0], &frame_6])), VxlanGpe, Some(42)),
        (over_udp(50000, 6635, &join(&[&label(21, false), &label(46, true), &four])), MplsUdp, Some(21)),
        (over_udp(50000, 6080, &join(&[&[1, 4, 0, 0, 1, 2, 3, 4], &four])), Gue, None),
        (over_udp(50000, 6080, &join(&[&[0, 41, 0, 0], &six])), Gue, None),
        (over_udp(50000, 6080, &six), Gue, None),
        (over_udp(3544, 40000, &from_teredo), Teredo, None),
        (over_udp(40000, 3544, &authenticated), Teredo, None),
        (over_udp(3797, 32900, &from_teredo), Teredo, None),
        (over_udp(40000, 5072, &ayiya(41, &six)), Ayiya, None),
        (over_udp(5072, 40000, &ayiya(4, &four)), Ayiya, None),
        (over_udp(5247, 40000, &join(&[&[0, 0x10, 0x42, 0, 0, 0, 0, 0], &frame])), Capwap, None),
        (over_udp(40000, 5247, &join(&[&[0, 0x20, 0x43, 0x10, 0, 0, 0, 0], &[6, 1, 2, 3, 4, 5, 6, 0], &wifi])), Capwap, None),
        (over_ip(41, &super::tests::six("2002:c000:201::1", SIX.0)), SixToFour, None),
        (over_ip(41, &super::tests::six("2002:c000:201::1", "2002:c000:202::1")), SixToFour, None),
        (over_ip(41, &super::tests::six("2002:c000:201::1", "2002:c000:203::1")), SixInFour, None),
        (over_ip(41, &super::tests::six(SIX.0, "2002:c000:201::1")), SixInFour, None),
    ]
}

/// Encrypted ones.
fn sealed() -> Vec<(Vec<u8>, TunnelKind)> {
    let wireguard = |kind: u8, size: usize| {
        let mut message = vec![0x77; size];
        message[..4].copy_from_slice(&[kind, 0, 0, 0]);
        over_udp(40000, 51820, &message)
    };
    let quic = |version: [u8; 4]| over_udp(40000, 443, &join(&[&[0xc3], &version, &[8], &[1; 8], &[0], &[9; 1200]]));
    vec![
        (over_ip(50, &join(&[&[0, 0, 1, 0, 0, 0, 0, 1], &[0xaa; 32]])), Esp),
        (over_udp(4500, 4500, &join(&[&[0xc1, 2, 3, 4, 0, 0, 0, 1], &[0xaa; 32]])), Esp),
        (wireguard(1, 148), WireGuard),
        (wireguard(2, 92), WireGuard),
        (wireguard(3, 64), WireGuard),
        (wireguard(4, 32), WireGuard),
        (over_udp(40000, 1194, &[0x38, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0]), OpenVpn),
        (over_udp(1194, 40000, &join(&[&[0x48, 0, 0, 1], &[0xaa; 32]])), OpenVpn),
        (quic([0, 0, 0, 1]), Quic),
        (quic([0x6b, 0x33, 0x43, 0xcf]), Quic),
        (quic([0xff, 0, 0, 29]), Quic),
    ]
}

#[test]
fn every_tunnel_leads_to_its_inner_packet() {
    for (n, (ip, kind, id)) in samples().into_iter().enumerate() {
        let (p, heard) = read(&ip);
        assert_eq!((heard.tunnels.as_slice(), heard.layers), (&[(kind, id)][..], 2), "{n}: {kind:?}");
        assert_eq!((p.transport, p.sport, p.dport, p.inner_error), (Transport::Udp, 40000, 53, None), "{n}: {kind:?}");
        assert!(plain::read(&on_ethernet(&ip)).is_none(), "{n}: {kind:?} is not plain");
    }
}

#[test]
fn over_ipv6_it_is_the_same() {
    for (ip, kind, id) in samples() {
        if matches!(kind, SixToFour | SixInFour) {
            continue; // protocol 41 in IPv6 is another tunnel
        }
        let (p, heard) = read(&ipv6("2001:db8:f::1", "2001:db8:f::2", ip[9], &ip[20..]));
        assert_eq!((heard.tunnels, p.dport, p.inner_error), (vec![(kind, id)], 53, None), "{kind:?}");
    }
}

#[test]
fn an_encrypted_tunnel_is_told_and_not_entered() {
    for (n, (ip, kind)) in sealed().into_iter().enumerate() {
        let (p, heard) = read(&ip);
        assert_eq!((heard.tunnels.as_slice(), heard.layers, p.inner_error), (&[(kind, None)][..], 1, None), "{n}: {kind:?}");
        assert_eq!(p.src.unpack().to_string(), "192.0.2.1");
        assert!(plain::read(&on_ethernet(&ip)).is_none(), "{n}: {kind:?} is not plain");
    }
}

#[test]
fn what_is_nearly_a_tunnel_is_none() {
    let (four, six, from_teredo) = (four(), six(SIX.0, SIX.1), six(TEREDO, SIX.0));
    let longer = join(&[&four, &[0]]);
    let shorter = &four[..four.len() - 1];
    let mut bad_checksum = on_ethernet(&four);
    bad_checksum[24] ^= 1;
    // Behind no cookie and behind one of four bytes there could be a frame.
    let twice = join(&[&[0, 0, 0, 5], &[2; 12], &[0x81, 0, 0, 1, 8, 0], &four]);
    let cases = [
        ("gtp: shorter than the packet", over_udp(2152, 2152, &gtp(&[0x30, 255], &[], shorter))),
        ("gtp: longer than the packet", over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &longer))),
        ("gtp: echo", over_udp(2152, 2152, &gtp(&[0x32, 1], &[0, 0, 0, 0], &four))),
        ("gtp: version 2", over_udp(2152, 2152, &gtp(&[0x50, 255], &[], &four))),
        ("gtp: empty extension", over_udp(2152, 2152, &gtp(&[0x34, 255], &[0, 0, 0, 0x85, 0, 0, 0, 0], &four))),
        ("gtp: no ip", over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &[0x11; 40]))),
        ("mpls: version", over_udp(50000, 6635, &join(&[&label(21, true), &[0x55; 40]]))),
        ("mpls: too short", over_udp(50000, 6635, &join(&[&label(21, true), shorter]))),
        ("mpls: sent from the port", over_udp(6635, 50000, &join(&[&label(21, true), &four]))),
        ("gpe: reserved", over_udp(50000, 4790, &join(&[&[0x0c, 1, 0, 1, 0, 0, 42, 0], &four]))),
        ("gpe: operation and maintenance", over_udp(50000, 4790, &join(&[&[0x0d, 0, 0, 1, 0, 0, 42, 0], &four]))),
        ("gue: control", over_udp(50000, 6080, &join(&[&[0x20, 4, 0, 0], &four]))),
        ("gue: protocol and version", over_udp(50000, 6080, &join(&[&[0, 41, 0, 0], &four]))),
        ("gue: too long", over_udp(50000, 6080, &longer)),
        ("teredo: other addresses", over_udp(3544, 40000, &six)),
        ("teredo: on another port with something behind", over_udp(3797, 32900, &join(&[&from_teredo, &[0]]))),
        ("teredo: on another port with other addresses", over_udp(3797, 32900, &six)),
        ("ayiya: no forwarding", over_udp(1, 5072, &join(&[&[0x41, 0x52, 0x10, 41, 0, 0, 0, 1], &[7; 36], &six]))),
        ("l2tp: control", over_udp(1701, 1701, &join(&[&[0xc8, 2, 0, 12, 0, 7, 0, 0, 0, 0, 0, 0], &four]))),
        ("l2tp: no session", over_udp(1701, 1701, &join(&[&[0, 2, 0, 7, 0, 0, 0xff, 3, 0, 0x21], &four]))),
        ("l2tpv3: control", over_ip(115, &join(&[&[0; 4], &on_ethernet(&four)]))),
        ("l2tpv3: checksum", over_ip(115, &join(&[&[0, 0, 0, 5], &bad_checksum]))),
        ("l2tpv3: two places", over_ip(115, &twice)),
        ("capwap: dtls", over_udp(5247, 1, &join(&[&[1, 0, 0, 0], &[22, 0xfe, 0xfd], &four]))),
        ("capwap: later fragment", over_udp(5247, 1, &join(&[&[0, 0x10, 0x42, 0x80, 0, 1, 0, 8], &on_ethernet(&four)]))),
        ("capwap: keep-alive", over_udp(5247, 1, &join(&[&[0, 0x10, 0x42, 8, 0, 0, 0, 0], &on_ethernet(&four)]))),
        ("etherip: version", over_ip(97, &join(&[&[0x20, 0], &on_ethernet(&four)]))),
        ("esp: reserved", over_ip(50, &join(&[&[0, 0, 0, 255, 0, 0, 0, 1], &[0xaa; 32]]))),
        ("vxlan: too short", over_udp(1, 4789, &join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &on_ethernet(shorter)]))),
        ("geneve: too short", over_udp(1, 6081, &join(&[&[0, 0, 8, 0, 0, 0, 42, 0], shorter]))),
        ("ike", over_udp(4500, 4500, &join(&[&[0, 0, 0, 0], &[0xaa; 32]]))),
        ("esp keep-alive", over_udp(4500, 4500, &[0xff])),
        ("wireguard: length", over_udp(1, 51820, &join(&[&[1, 0, 0, 0], &[0x77; 143]]))),
        ("wireguard: reserved", over_udp(1, 51820, &join(&[&[3, 0, 1, 0], &[0x77; 60]]))),
        ("openvpn: text", over_udp(1, 1194, b"HELO this is some other protocol\r\n")),
        ("quic: version", over_udp(1, 443, &join(&[&[0xc3, 0, 0, 0, 2, 8], &[1; 8], &[0], &[9; 40]]))),
        ("quic: connection number", over_udp(1, 443, &join(&[&[0xc3, 0, 0, 0, 1, 21], &[1; 21], &[0], &[9; 40]]))),
        ("quic: short header", over_udp(1, 443, &[0x43; 40])),
    ];
    for (what, ip) in cases {
        let (p, heard) = read(&ip);
        assert_eq!((heard.tunnels.as_slice(), heard.layers, p.inner_error), (&[][..], 1, None), "{what}");
    }
}

#[test]
fn a_first_fragment_is_as_long_as_its_datagram_says() {
    let whole = over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &ipv4("10.0.0.1", "10.0.0.2", 17, &udp(40000, 53, &[7; 400]))));
    let mut first = whole[..200].to_vec();
    first[2..4].copy_from_slice(&200_u16.to_be_bytes());
    first[6] = 0x20;
    let (p, heard) = read(&first);
    assert_eq!((heard.tunnels, p.dport, p.ip_len), (vec![(GtpU, Some(258))], 53, 428));
    first[7] = 1;
    assert_eq!(read(&first).1.tunnels, []);
}

#[test]
fn an_authentication_header_hides_nothing() {
    let header = [17, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    let ip = over_ip(51, &join(&[&header, &udp(40000, 53, b"question")]));
    let (p, heard) = read(&ip);
    assert_eq!((p.transport, p.dport, p.l4_at, p.proto.0, heard.tunnels.len()), (Transport::Udp, 53, 58, 17, 0));
    // In tunnel mode it stands in front of a packet.
    let mut header = header;
    header[0] = 4;
    let (p, heard) = read(&over_ip(51, &join(&[&header, &four()])));
    assert_eq!((p.dport, heard.tunnels), (53, vec![(IpIp, None)]));
    header[1] = 200;
    let (p, heard) = read(&over_ip(51, &join(&[&header, &four()])));
    assert_eq!((p.proto.0, p.transport, heard.tunnels.len()), (51, Transport::Other, 0));
    let mut endless = [51, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1].repeat(40);
    endless[1] = 1;
    assert_eq!(read(&over_ip(51, &endless)).0.proto.0, 51);
}

#[test]
fn tunnels_in_tunnels_are_all_told() {
    let teredo = over_udp(56528, 3544, &six(TEREDO, SIX.0));
    let (_, heard) = read(&over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &teredo)));
    assert_eq!(heard.tunnels, [(GtpU, Some(258)), (Teredo, None)]);
    let esp = over_ip(50, &join(&[&[0, 0, 1, 0, 0, 0, 0, 1], &[0xaa; 32]]));
    let (p, heard) = read(&over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &esp)));
    assert_eq!((heard.tunnels, p.proto.0), (vec![(GtpU, Some(258)), (Esp, None)], 50));
    let mut ip = four();
    for _ in 0..9 {
        ip = over_udp(2152, 2152, &gtp(&[0x30, 255], &[], &ip));
    }
    let (p, heard) = read(&ip);
    let deep = DecodeError::Malformed { layer: "tunnel", what: "nested too deeply" };
    assert_eq!((heard.tunnels.len(), p.inner_error), (8, Some(deep)));
}

#[test]
fn the_table_has_the_ports_and_no_other() {
    let found: Vec<u16> = (0..=u16::MAX).filter(|&p| is_port(p)).collect();
    assert_eq!(found, port::ALL);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random payloads on every port of a tunnel: what invents addresses is not found.
    #[test]
    fn noise_on_a_tunnel_port_is_no_tunnel(
        port in proptest::sample::select(&port::ALL[..]),
        back in any::<bool>(),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (sport, dport) = if back { (port, 40000) } else { (40000, port) };
        let (_, heard) = read(&over_udp(sport, dport, &payload));
        let invented = |kind: &TunnelKind| !kind.is_sealed() && !matches!(kind, Vxlan | Geneve);
        prop_assert!(!heard.tunnels.iter().any(|(kind, _)| invented(kind)), "{:?}", heard.tunnels);
    }

    /// Cut anywhere and changed anywhere: no panic, and no offset behind the frame.
    #[test]
    fn damage_is_survived(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
    ) {
        let all: Vec<Vec<u8>> = samples().into_iter().map(|s| s.0).chain(sealed().into_iter().map(|s| s.0)).collect();
        let mut frame = on_ethernet(&all[which.index(all.len())]);
        for (at, byte) in edits {
            let n = at.index(frame.len());
            frame[n] = byte;
        }
        frame.truncate(cut.index(frame.len() + 1));
        if let Ok(Some(p)) = dissect(1, &frame, &mut Heard::default()) {
            prop_assert!(p.end as usize <= frame.len() && p.ip_at < p.end);
        }
    }
}
