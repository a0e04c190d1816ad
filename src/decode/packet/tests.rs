use super::{DecodeError, IpProtocol, LayerSink, ListKind, MAX_NESTING, PackedAddr, Packet, Transport, TunnelKind, dissect};
use crate::decode::testkit::*;

/// Everything a sink hears.
#[derive(Default)]
struct Heard {
    layers: Vec<(String, String)>,
    listed: Vec<String>,
    pieces: Vec<usize>,
    tunnels: Vec<(TunnelKind, String, String, Option<u32>)>,
}

impl LayerSink for Heard {
    fn ip(&mut self, src: PackedAddr, dst: PackedAddr) {
        self.layers.push((src.unpack().to_string(), dst.unpack().to_string()));
    }
    fn listed(&mut self, kind: ListKind, addr: PackedAddr) {
        self.listed.push(format!("{} {}", kind.as_str(), addr.unpack()));
    }
    fn fragment(&mut self, at: usize) {
        self.pieces.push(at);
    }
    fn tunnel(&mut self, kind: TunnelKind, outer: (PackedAddr, PackedAddr), id: Option<u32>) {
        self.tunnels.push((kind, outer.0.unpack().to_string(), outer.1.unpack().to_string(), id));
    }
}

#[track_caller]
fn read(frame: &[u8]) -> (Packet, Heard) {
    let mut heard = Heard::default();
    let packet = dissect(1, frame, &mut heard).unwrap().unwrap();
    (packet, heard)
}

fn ends(p: &Packet) -> (String, String, u16, u16) {
    (p.src.unpack().to_string(), p.dst.unpack().to_string(), p.sport, p.dport)
}

fn query() -> Vec<u8> {
    udp(40000, 53, b"question")
}

#[test]
fn tcp_over_ipv4_byte_for_byte() {
    let frame = on_ethernet(&ipv4_with("192.0.2.1", "198.51.100.9", 6, 57, 0xbeef, &[], &tcp(4711, 443, (1, 2), 18, b"hello")));
    let (p, heard) = read(&frame);
    assert_eq!(ends(&p), ("192.0.2.1".into(), "198.51.100.9".into(), 4711, 443));
    assert_eq!((p.transport, p.proto, p.ttl, p.tcp_flags, p.ip_id), (Transport::Tcp, IpProtocol::TCP, 57, 18, 0xbeef));
    assert_eq!((p.ip_at, p.l4_at, p.end, p.ip_len, p.l4_len), (14, 34, 59, 45, 25));
    assert_eq!((heard.layers.len(), heard.tunnels.len(), p.inner_error), (1, 0, None));
}

#[test]
fn link_padding_is_not_payload() {
    let mut frame = on_ethernet(&ipv4("192.0.2.1", "198.51.100.9", 17, &udp(1, 2, b"")));
    frame.resize(60, 0xee);
    assert_eq!(read(&frame).0.end, 42);
}

#[test]
fn a_total_length_of_zero_means_all_that_was_captured() {
    let mut ip = ipv4("192.0.2.1", "198.51.100.9", 17, &query());
    ip[2..4].fill(0);
    let (p, _) = read(&on_ethernet(&ip));
    assert_eq!((p.ip_len, p.end, p.transport), (36, 50, Transport::Udp));
    let mut ip = ipv6("2001:db8::1", "2001:db8::2", 17, &query());
    ip[4..6].fill(0);
    let (p, _) = read(&on_ethernet(&ip));
    assert_eq!((p.ip_len, p.end, p.transport), (56, 70, Transport::Udp));
}

#[test]
fn snapped_packets_keep_what_they_declared() {
    let frame = on_ethernet(&ipv4("192.0.2.1", "198.51.100.9", 6, &tcp(4711, 443, (1, 2), 16, &[0; 1000])));
    let (p, _) = read(&frame[..58]);
    assert_eq!((p.transport, p.ip_len, p.end), (Transport::Tcp, 1040, 58));
    let (p, _) = read(&frame[..42]);
    assert_eq!((p.transport, p.sport, p.dport), (Transport::Other, 4711, 443), "ports are there, the rest of the header is not");
    assert_eq!(dissect(1, &frame[..30], &mut ()).unwrap_err(), DecodeError::truncated("ipv4", 20, 16));
    assert_eq!(dissect(1, &frame[..14], &mut ()).unwrap_err(), DecodeError::truncated("ip", 20, 0));
}

#[test]
fn contradictions_are_errors() {
    let good = ipv4("192.0.2.1", "198.51.100.9", 17, &query());
    let mut short_header = good.clone();
    short_header[0] = 0x44;
    let mut short_total = good.clone();
    short_total[2..4].copy_from_slice(&[0, 19]);
    let mut version = good;
    version[0] = 0x75;
    for (ip, what) in [
        (short_header, "header length below 20"),
        (short_total, "total length below the header length"),
        (version, "version is neither 4 nor 6"),
    ] {
        match dissect(1, &ethernet(0x0800, &ip), &mut ()) {
            Err(DecodeError::Malformed { what: said, .. }) => assert_eq!(said, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn addresses_in_ipv4_options() {
    // Record route with two of three slots filled; then a strict source route, all of which lies ahead.
    let route = join(&[&[7, 15, 12], &v4("192.0.2.7"), &v4("192.0.2.8"), &v4("0.0.0.0"), &[1]]);
    let (p, heard) = read(&on_ethernet(&ipv4_with("192.0.2.1", "198.51.100.9", 17, 64, 1, &route, &query())));
    assert_eq!(heard.listed, ["record-route 192.0.2.7", "record-route 192.0.2.8"]);
    assert_eq!((p.l4_at, p.dport), (50, 53));
    let source_route = join(&[&[137, 7, 4], &v4("203.0.113.5"), &[0]]);
    let (_, heard) = read(&on_ethernet(&ipv4_with("192.0.2.1", "198.51.100.9", 17, 64, 1, &source_route, &query())));
    assert_eq!(heard.listed, ["strict-source-route 203.0.113.5"]);
    // Timestamps: two of three pairs filled; times alone hold no address.
    let pairs = join(&[&v4("192.0.2.7"), &[0, 0, 0, 9], &v4("192.0.2.8"), &[0, 0, 0, 9], &v4("192.0.2.9"), &[0; 4]]);
    for (flags, expected) in
        [(1, &["timestamp 192.0.2.7", "timestamp 192.0.2.8"][..]), (3, &["timestamp 192.0.2.7", "timestamp 192.0.2.8"]), (0, &[])]
    {
        let stamped = join(&[&[68, 28, 21, flags], &pairs]);
        let (_, heard) = read(&on_ethernet(&ipv4_with("192.0.2.1", "198.51.100.9", 17, 64, 1, &stamped, &query())));
        assert_eq!(heard.listed, expected);
    }
    for bad in [[7, 0, 4, 1], [7, 1, 4, 1], [7, 200, 4, 1]] {
        let (_, heard) = read(&on_ethernet(&ipv4_with("192.0.2.1", "198.51.100.9", 17, 64, 1, &bad, &query())));
        assert!(heard.listed.is_empty());
    }
}

/// RFC 8754 2: the last segment stands first, and something else may stand behind the list.
#[test]
fn segments_are_listed_in_order_of_travel() {
    let list = join(&[&[17, 5, 4, 1, 1, 0, 0, 0], &v6("2001:db8:9::2"), &v6("2001:db8:9::1"), &[9; 8]]);
    let (p, heard) = read(&on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 43, &join(&[&list, &query()]))));
    assert_eq!(heard.listed, ["routing-header 2001:db8:9::1", "routing-header 2001:db8:9::2"]);
    assert_eq!((p.transport, p.dport, heard.pieces.len()), (Transport::Udp, 53, 0));
}

#[test]
fn fragments() {
    let mut ip = ipv4("192.0.2.1", "198.51.100.9", 17, &query());
    ip[6] = 0x20; // more fragments follow the first
    let (p, heard) = read(&on_ethernet(&ip));
    assert_eq!((p.transport, heard.pieces), (Transport::Udp, vec![14]));
    ip[7] = 2; // 16 bytes in
    let (p, _) = read(&on_ethernet(&ip));
    assert_eq!((p.transport, p.sport, p.dport), (Transport::Fragment, 0, 0));

    let fragment = |offset: u8| ipv6("2001:db8::1", "2001:db8::2", 44, &join(&[&[17, 0, 0, offset, 0, 0, 0, 9], &query()]));
    let (p, _) = read(&on_ethernet(&fragment(1)));
    assert_eq!((p.transport, p.dport, p.l4_at), (Transport::Udp, 53, 62));
    assert_eq!(read(&on_ethernet(&fragment(8))).0.transport, Transport::Fragment);
}

#[test]
fn ipv6_extension_headers() {
    let hop_by_hop = [43, 0, 1, 4, 0, 0, 0, 0];
    let routing = join(&[&[60, 2, 0, 1, 0, 0, 0, 0], &v6("2001:db8:9::1")]);
    let options = [51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let authentication = join(&[&[17, 4, 0, 0], &[0; 20]]);
    let payload = join(&[&hop_by_hop, &routing, &options, &authentication, &query()]);
    let (p, heard) = read(&on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 0, &payload)));
    assert_eq!((p.proto, p.transport, p.dport), (IpProtocol::UDP, Transport::Udp, 53));
    assert_eq!((p.l4_at, p.l4_len), (14 + 40 + 8 + 24 + 16 + 24, 16));
    assert_eq!(heard.listed, ["routing-header 2001:db8:9::1"]);
    let cut = on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 0, &[6, 9, 0, 0]));
    assert_eq!(read(&cut).0.transport, Transport::Other, "a header that is longer than the packet");
}

#[test]
fn icmp_errors_and_others() {
    let error = on_ethernet(&ipv4("192.0.2.1", "198.51.100.9", 1, &icmp(11, 0, [0; 4], &query())));
    let (p, _) = read(&error);
    assert_eq!((p.transport, p.sport, p.dport), (Transport::IcmpError, 11, 0));
    let echo = on_ethernet(&ipv4("192.0.2.1", "198.51.100.9", 1, &icmp(8, 0, [0; 4], b"")));
    assert_eq!(read(&echo).0.transport, Transport::Icmp);
    let echo = on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 58, &icmp(128, 0, [0; 4], b"")));
    let (p, _) = read(&echo);
    assert_eq!((p.transport, p.sport, p.dport), (Transport::Icmp, 128, 129));
    let error = on_ethernet(&ipv6("2001:db8::1", "2001:db8::2", 58, &icmp(3, 0, [0; 4], b"")));
    assert_eq!(read(&error).0.transport, Transport::IcmpError);
}

#[test]
fn tunnels_lead_to_the_innermost_packet() {
    let four = ipv4("10.0.0.1", "10.0.0.2", 17, &query());
    let six = ipv6("2001:db8::1", "2001:db8::2", 17, &query());
    let outer4 = |proto, payload: &[u8]| ipv4("192.0.2.1", "192.0.2.2", proto, payload);
    let outer6 = |next, payload: &[u8]| ipv6("2001:db8:f::1", "2001:db8:f::2", next, payload);
    let gre = |head: &[u8], payload: &[u8]| outer4(47, &join(&[head, payload]));
    let ppp_in_pptp = join(&[&[0x30, 0x81, 0x88, 0x0b, 0, 4, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2], &[0xff, 3, 0, 0x21], &four]);
    let vxlan = join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &on_ethernet(&six)]);
    let geneve = join(&[&[1, 0, 8, 0, 0, 1, 0, 0, 1, 2, 3, 0], &four]);
    for (ip, kind, id, v6_inside) in [
        (outer4(4, &four), TunnelKind::IpIp, None, false),
        (outer4(41, &six), TunnelKind::SixInFour, None, true),
        (outer6(41, &six), TunnelKind::SixInSix, None, true),
        (outer6(4, &four), TunnelKind::IpIp, None, false),
        (gre(&[0, 0, 8, 0], &four), TunnelKind::Gre, None, false),
        (gre(&[0x20, 0, 0x86, 0xdd, 0, 0, 1, 2], &six), TunnelKind::Gre, Some(258), true),
        (gre(&[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1], &four), TunnelKind::Gre, Some(7), false),
        (gre(&[0, 0, 0x65, 0x58], &on_ethernet(&four)), TunnelKind::Gre, None, false),
        (gre(&join(&[&[0, 0, 0x88, 0x47], &label(5, true)]), &six), TunnelKind::Gre, None, true),
        (outer4(47, &ppp_in_pptp), TunnelKind::Gre, Some(0x0004_0009), false),
        (gre(&[0, 0, 0x88, 0xbe], &on_ethernet(&six)), TunnelKind::Erspan, None, true),
        (
            gre(&join(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10, 0, 0x42, 9, 0, 0, 0, 0]]), &on_ethernet(&four)),
            TunnelKind::Erspan,
            Some(521),
            false,
        ),
        (gre(&join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0; 12]]), &on_ethernet(&four)), TunnelKind::Erspan, Some(0), false),
        (
            gre(&join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0; 11], &[1; 9]]), &on_ethernet(&four)),
            TunnelKind::Erspan,
            Some(0),
            false,
        ),
        (outer4(17, &udp(50000, 4789, &vxlan)), TunnelKind::Vxlan, Some(42), true),
        (outer4(17, &udp(50000, 8472, &vxlan)), TunnelKind::Vxlan, Some(42), true),
        (outer6(17, &udp(50000, 6081, &geneve)), TunnelKind::Geneve, Some(256), false),
    ] {
        let (p, heard) = read(&on_ethernet(&ip));
        assert_eq!((p.transport, p.dport, p.inner_error), (Transport::Udp, 53, None), "{kind:?}");
        assert_eq!(!p.src.is_v4(), v6_inside, "{kind:?}");
        let outer = if ip[0] >> 4 == 6 { ("2001:db8:f::1", "2001:db8:f::2") } else { ("192.0.2.1", "192.0.2.2") };
        assert_eq!(heard.tunnels, [(kind, outer.0.to_owned(), outer.1.to_owned(), id)]);
        assert_eq!(heard.layers.len(), 2);
    }
}

#[test]
fn other_traffic_on_tunnel_ports_stays_what_it_is() {
    let no_vni = udp(50000, 4789, &join(&[&[0; 8], &on_ethernet(&ipv4("10.0.0.1", "10.0.0.2", 17, &query()))]));
    let (p, heard) = read(&on_ethernet(&ipv4("192.0.2.1", "192.0.2.2", 17, &no_vni)));
    assert_eq!((p.dport, heard.tunnels.len(), p.inner_error), (4789, 0, None));
    let arp_in_gre = join(&[&[0, 0, 8, 6], &[0; 28]]);
    let (p, heard) = read(&on_ethernet(&ipv4("192.0.2.1", "192.0.2.2", 47, &arp_in_gre)));
    assert_eq!((p.proto.0, heard.tunnels.len(), p.inner_error), (47, 0, None));
}

#[test]
fn an_unreadable_inner_packet_leaves_the_outer_one() {
    for (payload, proto, error) in [
        (vec![0x45, 0, 0, 40], 4, DecodeError::truncated("ipv4", 20, 4)),
        (vec![0, 7, 8, 0], 47, DecodeError::Malformed { layer: "gre", what: "version is neither 0 nor 1" }),
        (vec![0x20, 0, 8, 0, 1], 47, DecodeError::truncated("gre", 8, 5)),
    ] {
        let (p, heard) = read(&on_ethernet(&ipv4("192.0.2.1", "192.0.2.2", proto, &payload)));
        assert_eq!((p.inner_error, p.src.unpack().to_string(), heard.tunnels.len()), (Some(error), "192.0.2.1".into(), 0));
    }
}

#[test]
fn nesting_has_an_end() {
    let mut ip = ipv4("192.0.2.1", "192.0.2.2", 17, &query());
    for _ in 0..MAX_NESTING {
        ip = ipv4("192.0.2.1", "192.0.2.2", 4, &ip);
    }
    let (p, heard) = read(&on_ethernet(&ip));
    assert_eq!(
        (p.inner_error, p.dport, heard.tunnels.len()),
        (Some(DecodeError::Malformed { layer: "tunnel", what: "nested too deeply" }), 53, 8)
    );
    let (p, _) = read(&on_ethernet(&ip[20..]));
    assert_eq!((p.inner_error, p.dport), (None, 53));
}
