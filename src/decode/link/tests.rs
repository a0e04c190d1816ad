use super::*;
use crate::decode::testkit::{ethernet, ipv4, ipv6, join, label, udp};

fn four() -> Vec<u8> {
    ipv4("192.0.2.1", "192.0.2.2", 17, &udp(1, 2, b"abc"))
}

fn six() -> Vec<u8> {
    ipv6("2001:db8::1", "2001:db8::2", 17, &udp(1, 2, b"abc"))
}

/// The headers `head` in front of IPv4 under `link` must lead exactly behind themselves.
#[track_caller]
fn leads_to_v4(link: u16, head: &[u8]) {
    let frame = join(&[head, &four()]);
    assert_eq!(network_layer(link, &frame), Ok(below(Network::Ipv4, head.len())), "link type {link}, {head:02x?}");
}

#[track_caller]
fn leads_to_v6(link: u16, head: &[u8]) {
    let frame = join(&[head, &six()]);
    assert_eq!(network_layer(link, &frame), Ok(below(Network::Ipv6, head.len())), "link type {link}, {head:02x?}");
}

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

fn mac(rest: &[u8]) -> Vec<u8> {
    join(&[&MACS, rest])
}

#[test]
fn ethernet_and_its_tags() {
    leads_to_v4(1, &mac(&[8, 0]));
    leads_to_v6(1, &mac(&[0x86, 0xdd]));
    leads_to_v4(1, &mac(&[0x81, 0, 0, 5, 8, 0]));
    leads_to_v6(1, &mac(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd]));
    leads_to_v4(1, &mac(&[0x91, 0, 0, 5, 0x92, 0, 0, 6, 8, 0]));
    leads_to_v4(1, &mac(&[0x89, 0x09, 1, 1, 0, 1, 0, 9, 8, 0]));
    leads_to_v6(1, &mac(&[0x81, 0, 0, 5, 0x89, 0x09, 1, 1, 0, 1, 0, 9, 0x86, 0xdd]));
    let other_version = mac(&[0x89, 0x09, 2, 1, 0, 1, 0, 9, 8, 0]);
    assert_eq!(network_layer(1, &other_version), Ok(below(Network::Other(0x8909), 14)));
    assert_eq!(network_layer(1, &mac(&[8, 6, 0, 1])), Ok(below(Network::Arp, 14)));
    assert_eq!(network_layer(1, &mac(&[0x88, 0xcc, 2, 7])), Ok(below(Network::Other(0x88cc), 14)), "LLDP");
    assert_eq!(network_layer(1, &MACS), Err(DecodeError::truncated("ethernet", 14, 12)));
    assert_eq!(network_layer(1, &mac(&[0x81, 0, 0])), Err(DecodeError::truncated("vlan", 18, 15)));
}

#[test]
fn ieee_802_3_with_llc_and_snap() {
    leads_to_v4(1, &mac(&[0, 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]));
    leads_to_v6(1, &mac(&[0, 60, 0xaa, 0xaa, 3, 0, 0, 0xf8, 0x86, 0xdd]));
    leads_to_v4(1, &mac(&[0, 60, 6, 6, 3]));
    let spanning_tree = mac(&[0, 38, 0x42, 0x42, 3, 0, 0]);
    assert_eq!(network_layer(1, &spanning_tree), Ok(below(Network::Other(0x4242), 14)));
    let cisco_discovery = mac(&[0, 60, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1]);
    assert_eq!(network_layer(1, &cisco_discovery), Ok(below(Network::Other(0x2000), 17)));
}

#[test]
fn tags_without_end() {
    let frame = mac(&[0x81, 0, 0, 1].repeat(40));
    assert_eq!(network_layer(1, &frame), Err(DecodeError::Malformed { layer: "link", what: "nested too deeply" }));
}

#[test]
fn mpls_labels() {
    leads_to_v4(1, &join(&[&mac(&[0x88, 0x47]), &label(16, true)]));
    leads_to_v6(1, &join(&[&mac(&[0x88, 0x48]), &label(16, false), &label(17, false), &label(2, true)]));
    let endless = join(&[&mac(&[0x88, 0x47]), &label(16, false).repeat(40)]);
    assert_eq!(network_layer(1, &endless), Err(DecodeError::Malformed { layer: "mpls", what: "label stack without end" }));
    let cut = join(&[&mac(&[0x88, 0x47]), &label(16, false)]);
    assert_eq!(network_layer(1, &cut), Err(DecodeError::truncated("mpls", 22, 18)));
    assert_eq!(mpls(&join(&[&label(1, true), &four()]), 0), Ok(Some(4)));
    assert_eq!(mpls(&join(&[&label(1, true), &[0x10, 0, 0, 0x21, 1, 2, 3, 4]]), 0), Ok(None), "an associated channel");
}

#[test]
fn ethernet_inside_mpls() {
    // With and without the control word of RFC 4448, tagged inside, and with a station address that begins like IPv4.
    leads_to_v4(1, &join(&[&mac(&[0x88, 0x47]), &label(16, true), &[0; 4], &mac(&[8, 0])]));
    leads_to_v6(1, &join(&[&mac(&[0x88, 0x47]), &label(16, true), &mac(&[0x81, 0, 0, 1, 0x86, 0xdd])]));
    let mut starts_like_ip = mac(&[8, 0]);
    starts_like_ip[0] = 0x40;
    leads_to_v4(1, &join(&[&mac(&[0x88, 0x47]), &label(16, true), &starts_like_ip]));
}

#[test]
fn ppp_in_every_dress() {
    leads_to_v4(9, &[0, 0x21]);
    leads_to_v4(9, &[0x21]);
    leads_to_v4(9, &[0xff, 3, 0, 0x21]);
    leads_to_v6(9, &[0xff, 3, 0x57]);
    leads_to_v4(50, &[0xff, 3, 0, 0x21]);
    leads_to_v4(50, &[0x0f, 0, 8, 0]);
    leads_to_v6(104, &[0x8f, 0, 0x86, 0xdd]);
    leads_to_v4(204, &[1, 0xff, 3, 0, 0x21]);
    leads_to_v4(204, &[0, 0, 0x21]);
    leads_to_v4(166, &[1, 3, 0, 0x21]);
    leads_to_v4(51, &[0x11, 0, 0, 1, 0, 33, 0, 0x21]);
    leads_to_v6(1, &mac(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 33, 0, 0x57]));
    leads_to_v4(9, &join(&[&[0x02, 0x81], &label(16, true)]));
    assert_eq!(network_layer(9, &[0xff, 3, 0xc0, 0x21, 1]), Ok(below(Network::Other(0xc021), 4)), "LCP");
    assert_eq!(network_layer(51, &[0x11, 9, 0, 0, 0, 0]), Ok(below(Network::Other(0x8863), 0)), "discovery");
    assert_eq!(
        network_layer(51, &[0x21, 0, 0, 0]),
        Err(DecodeError::Malformed { layer: "pppoe", what: "version and type are not 1" })
    );
    assert_eq!(network_layer(104, &[0x8f, 0, 0x80, 0x35, 0, 0]), Ok(below(Network::Other(0x8035), 4)), "keep-alive");
}

#[test]
fn loopback_in_either_byte_order() {
    leads_to_v4(0, &[2, 0, 0, 0]);
    leads_to_v4(0, &[0, 0, 0, 2]);
    leads_to_v4(108, &[0, 0, 0, 2]);
    for af_inet6 in [10, 23, 24, 28, 30] {
        leads_to_v6(0, &[af_inet6, 0, 0, 0]);
        leads_to_v6(108, &[0, 0, 0, af_inet6]);
    }
    assert_eq!(network_layer(0, &[23, 0, 0, 0, 0xff, 0xff]), Ok(below(Network::Other(23), 4)), "IPX");
    leads_to_v4(0, &[0x0f, 0, 8, 0]);
    leads_to_v4(0, &[0xff, 3, 0, 0x21]);
    assert_eq!(network_layer(0, &[7, 0, 0, 0, 1]), Ok(below(Network::Other(7), 4)), "OSI");
    assert_eq!(network_layer(0, &[2, 0, 0]), Err(DecodeError::truncated("null", 4, 3)));
}

#[test]
fn raw_ip() {
    for link in [12, 14, 101, 228] {
        leads_to_v4(link, &[]);
    }
    leads_to_v6(229, &[]);
    leads_to_v6(101, &[]);
    assert_eq!(network_layer(101, &[0x50]), Err(DecodeError::Malformed { layer: "raw ip", what: "version is neither 4 nor 6" }));
    assert_eq!(network_layer(101, &[]), Err(DecodeError::truncated("raw ip", 1, 0)));
}

#[test]
fn linux_cooked() {
    let v1 = |hardware: u8, protocol: [u8; 2]| join(&[&[0, 4, 0, hardware, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0], &protocol]);
    leads_to_v4(113, &v1(1, [8, 0]));
    leads_to_v6(113, &v1(1, [0x86, 0xdd]));
    leads_to_v4(113, &join(&[&v1(1, [0x81, 0]), &[0, 5, 8, 0]]));
    leads_to_v4(113, &join(&[&v1(1, [0, 4]), &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]]));
    let can = join(&[&[0, 1, 1, 24, 0, 0], &[0; 8], &[0, 12]]);
    assert_eq!(network_layer(113, &can), Ok(below(Network::Other(12), 16)));
    let v2 = |protocol: [u8; 2]| join(&[&protocol, &[0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0]]);
    leads_to_v4(276, &v2([8, 0]));
    leads_to_v6(276, &v2([0x86, 0xdd]));
    leads_to_v4(276, &join(&[&v2([0x88, 0x47]), &label(9, true)]));
    assert_eq!(network_layer(276, &v2([8, 0])[..19]), Err(DecodeError::truncated("sll2", 20, 19)));
}

#[test]
fn bsd_logs() {
    let enc = |af: [u8; 4]| join(&[&af, &[0, 0, 1, 0], &[0; 4]]);
    leads_to_v4(109, &enc([2, 0, 0, 0]));
    leads_to_v6(109, &enc([0, 0, 0, 24]));
    let mut pflog = vec![0; 64];
    (pflog[0], pflog[1]) = (61, 2);
    leads_to_v4(117, &pflog);
    let mut pflog = vec![0; 100];
    (pflog[0], pflog[1]) = (100, 28);
    leads_to_v6(117, &pflog);
    pflog[0] = 44;
    assert_eq!(network_layer(117, &pflog), Err(DecodeError::Malformed { layer: "pflog", what: "header length below 45" }));
}

#[test]
fn frame_relay_and_rings() {
    leads_to_v4(107, &[0x18, 0x41, 3, 0xcc]);
    leads_to_v6(107, &[0x18, 0x41, 3, 0x8e]);
    leads_to_v4(107, &[0x18, 0x40, 0x40, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0]);
    leads_to_v4(107, &join(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &mac(&[8, 0])]));
    leads_to_v4(107, &[0x18, 0x41, 8, 0]);
    leads_to_v4(107, &[0x18, 0x41, 3, 0xcf, 0, 0x21]);
    assert!(network_layer(107, &[0x01, 0x41, 3, 0xcc]).is_err());
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    leads_to_v4(10, &join(&[&[0x50], &MACS, &snap]));
    assert_eq!(network_layer(10, &join(&[&[0x41], &MACS, &snap])), Ok(below(Network::Other(0x41), 0)), "management");
    leads_to_v4(6, &join(&[&[0x10, 0x40], &MACS, &snap]));
    let mut routed = MACS;
    routed[6] |= 0x80;
    leads_to_v4(6, &join(&[&[0x10, 0x40], &routed, &[0x06, 0x30, 0, 1, 0, 2], &snap]));
}

#[test]
fn headers_in_front_of_another_link_type() {
    leads_to_v4(205, &[0, 0x0f, 0, 8, 0]);
    leads_to_v6(205, &[1, 0x8f, 0, 0x86, 0xdd]);
    leads_to_v4(206, &[1, 0x18, 0x41, 3, 0xcc]);
    leads_to_v4(100, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
    leads_to_v4(219, &join(&[&label(9, false), &label(10, true)]));
    assert_eq!(network_layer(206, &[]), Err(DecodeError::truncated("link", 1, 0)));
    let ppi = |link: u8, fields: &[u8]| join(&[&[0, 0, 8 + fields.len() as u8, 0, link, 0, 0, 0], fields]);
    leads_to_v4(192, &ppi(12, &[]));
    leads_to_v6(192, &join(&[&ppi(1, &[7; 12]), &mac(&[0x86, 0xdd])]));
    assert_eq!(network_layer(192, &ppi(189, &[])), Err(DecodeError::Unsupported { link: 189 }));
    assert!(network_layer(192, &ppi(192, &[])).is_err() && network_layer(192, ppi(2, &[]).split_at(7).0).is_err());
    assert!(network_layer(192, &[0, 0, 40, 0, 1, 0, 0, 0]).is_err(), "longer than the frame");
}

#[test]
fn netfilter_log_in_either_byte_order() {
    let head = [2, 0, 0, 5];
    // A prefix of 6 bytes and its padding, then the packet.
    let little = join(&[&head, &[10, 0, 10, 0], b"drop: ", &[0, 0], &[35, 0, 9, 0]]);
    let big = join(&[&head, &[0, 10, 0, 10], b"drop: ", &[0, 0], &[0, 35, 0, 9]]);
    leads_to_v4(239, &little);
    leads_to_v4(239, &big);
    assert_eq!(network_layer(239, &head), Ok(below(Network::Other(9), 4)), "no packet in it");
    assert!(network_layer(239, &join(&[&head, &[3, 0, 9, 0]])).is_err());
    assert!(network_layer(239, &[2, 1, 0, 0]).is_err(), "another version");
}

#[test]
fn darwin_pktap() {
    let mut head = vec![0; 108];
    (head[0], head[4], head[8]) = (108, 1, 1);
    leads_to_v4(258, &join(&[&head, &mac(&[8, 0])]));
    head[8] = 12;
    leads_to_v6(258, &head);
    (head[8], head[9]) = (2, 1);
    assert!(network_layer(258, &head).is_err(), "itself inside itself");
    assert!(network_layer(258, &[4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]).is_err(), "shorter than its fields");
}

#[test]
fn wireless_data_frames() {
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let dot11 = |control: [u8; 2], extra: &[u8]| join(&[&control, &[0, 0], &[0x11; 18], &[0x10, 0], extra, &snap]);
    leads_to_v4(105, &dot11([0x08, 0x01], &[]));
    leads_to_v4(105, &dot11([0x08, 0x03], &[0x22; 6]));
    leads_to_v4(105, &dot11([0x88, 0x02], &[0, 0]));
    leads_to_v4(105, &dot11([0x88, 0x82], &[0, 0, 1, 2, 3, 4]));
    leads_to_v4(105, &dot11([0x88, 0x02], &join(&[&[0x80, 0], &MACS, &[0, 60]])));
    let nothing = |frame: &[u8]| assert_eq!(network_layer(105, frame), Ok(below(Network::Other(0x890d), 0)), "{frame:02x?}");
    nothing(&dot11([0x08, 0x41], &[])); // encrypted
    nothing(&dot11([0x48, 0x01], &[])); // no data
    nothing(&dot11([0x80, 0x00], &[])); // a beacon
    let mut fragment = dot11([0x08, 0x01], &[]);
    fragment[22] |= 1;
    nothing(&fragment);

    leads_to_v4(127, &join(&[&[0, 0, 8, 0, 0, 0, 0, 0], &dot11([0x08, 0x01], &[])]));
    // TSFT and flags (with the padding bit) behind two presence words: 26 bytes of header become 28.
    let radiotap = join(&[&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0], &[0; 4], &[9; 8], &[0x20]]);
    leads_to_v4(127, &join(&[&radiotap, &dot11([0x88, 0x02], &[0, 0, 0, 0])]));
    assert_eq!(network_layer(127, &[0, 0, 9, 0, 0, 0, 0, 0]), Err(DecodeError::truncated("radiotap", 9, 8)));
    let mut prism = vec![0; 144];
    prism[0] = 0x44;
    leads_to_v4(119, &join(&[&prism, &dot11([0x08, 0x01], &[])]));
    let avs = join(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56]]);
    leads_to_v4(163, &join(&[&avs, &dot11([0x08, 0x01], &[])]));
    leads_to_v4(119, &join(&[&avs, &dot11([0x08, 0x01], &[])]));
}

#[test]
fn what_is_not_read_says_so() {
    for link in [187, 189, 190, 195, 201, 215, 220, 227, 230, 249, 253, 254, 283, 9999, 0x8003] {
        assert_eq!(network_layer(link, &ethernet(0x0800, &four())), Err(DecodeError::Unsupported { link }));
    }
}
