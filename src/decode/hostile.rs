//! No bytes may end a run: random and damaged input through every reader.

use proptest::prelude::*;

use super::packet::{self, LayerSink};
use super::testkit::*;
use super::{banner, dns, http, icmp, link, proxy_protocol, sip, smtp, socks, tls};
use crate::model::evidence::{ListKind, TunnelKind};
use crate::model::net::PackedAddr;

/// Every number that is read, and some that are not.
const LINKS: [u16; 37] = [
    0, 1, 6, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 163, 166, 189, 192, 195, 204, 205,
    206, 219, 220, 228, 229, 239, 249, 258, 276, 0x8003,
];

/// Counts what it is told, so that nothing is optimised away, and holds the promises of the sink.
#[derive(Default)]
struct Listener(usize);

impl LayerSink for Listener {
    fn ip(&mut self, _: PackedAddr, _: PackedAddr) {
        self.0 += 1;
    }
    fn listed(&mut self, _: ListKind, _: PackedAddr) {
        self.0 += 1;
    }
    fn tunnel(&mut self, _: TunnelKind, _: (PackedAddr, PackedAddr), _: Option<u32>) {
        self.0 += 1;
    }
}

fn read_everything(link: u16, frame: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(below) = link::network_layer(link, frame) {
        prop_assert!(below.offset as usize <= frame.len() + 4096, "an offset that has nothing to do with the frame");
    }
    let mut told = Listener::default();
    if let Ok(Some(p)) = packet::dissect(link, frame, &mut told) {
        prop_assert!(told.0 > 0, "a packet without a layer");
        prop_assert!(p.end as usize <= frame.len() && p.ip_at < p.end, "{p:?} of {} bytes", frame.len());
    }
    Ok(())
}

fn read_payload(bytes: &[u8]) -> Result<(), TestCaseError> {
    for v6 in [false, true] {
        if let Ok(Some(error)) = icmp::parse_error(v6, bytes) {
            prop_assert!(error.quoted.len() <= bytes.len());
            prop_assert!(error.labels().len() <= 32 && error.interfaces().len() <= 8);
            let _ = packet::outermost(error.quoted, &mut Listener::default());
        }
    }
    if let Ok(Some(answers)) = dns::answers(bytes) {
        prop_assert!(answers.names.len() <= 256);
        for name in &answers.names {
            prop_assert!(name.name.len() <= 253 && name.name.bytes().all(|b| (0x20..0x7f).contains(&b)));
        }
    }
    prop_assert!(dns::tcp_messages(bytes).map(<[u8]>::len).sum::<usize>() <= bytes.len());
    if let Some(head) = http::request_head(bytes) {
        for entry in head.chains.iter().flat_map(|c| &c.entries) {
            prop_assert!(entry.text.len() <= 256 && entry.text.bytes().all(|b| (0x20..0x7f).contains(&b)));
        }
    }
    read_conversation(bytes)?;
    if let Some(name) = tls::server_name(bytes) {
        prop_assert!(name.len() <= 253 && name.bytes().all(|b| (0x20..0x7f).contains(&b)));
    }
    Ok(())
}

fn read_conversation(bytes: &[u8]) -> Result<(), TestCaseError> {
    let entries = sip::head(bytes).map(|head| head.entries).unwrap_or_default();
    prop_assert!(entries.len() <= sip::MAX_ENTRIES);
    let request = socks::request(bytes).ok().flatten();
    prop_assert!(request.as_ref().is_none_or(|r| r.len <= bytes.len()));
    for version in [4, 5] {
        let reply = socks::reply(version, bytes).ok().flatten();
        prop_assert!(reply.is_none_or(|r| r.bound.text.len() <= 256));
    }
    for (port, full) in [(21, false), (25, true), (22, true)] {
        let banner = banner::read(bytes, port, full).flatten();
        prop_assert!(banner.is_none_or(|b| b.text.len() <= 253 && b.text.bytes().all(|b| (0x20..0x7f).contains(&b))));
    }
    let header = proxy_protocol::header(bytes).ok().flatten();
    prop_assert!(header.as_ref().is_none_or(|h| h.len <= bytes.len()));
    let said = entries.into_iter().chain(request.map(|r| r.target)).chain(header.and_then(|h| h.client));
    for entry in said {
        prop_assert!(entry.text.len() <= 256 && entry.text.bytes().all(|b| (0x20..0x7f).contains(&b)));
    }
    let (mut session, mut heads) = (smtp::Session::default(), 0);
    if let smtp::Progress::More(n) | smtp::Progress::Other(n) = session.read(bytes, false, &mut |head| heads += head.len()) {
        prop_assert!(n <= bytes.len());
    }
    prop_assert!(heads <= bytes.len());
    let _ = (tls::Extent::default().is_whole(bytes), http::goes_on(bytes), sip::is_whole(bytes), socks::looks_like(bytes));
    Ok(())
}

/// One of each kind, for damage.
fn samples() -> Vec<Vec<u8>> {
    let inner = ipv4("198.51.100.1", "203.0.113.1", 17, &udp(33000, 33435, b"probe"));
    let six = ipv6("2001:db8::1", "2001:db8::2", 58, &icmp(128, 0, [0, 1, 0, 2], b"echo"));
    let mut quote = inner.clone();
    quote.resize(128, 0);
    let ext = extension(&[
        object(1, 1, &label(16000, true)),
        object(2, 0x0e, &join(&[&[0, 0, 0, 7, 0, 1, 0, 0, 192, 0, 2, 1], b"\x08eth0\0\0\0"])),
    ]);
    let vxlan = udp(50000, 4789, &join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &on_ethernet(&inner)]));
    let geneve = udp(50000, 6081, &join(&[&[1, 0, 0x65, 0x58, 0, 0, 9, 0, 1, 2, 3, 0], &on_ethernet(&six)]));
    let gre = join(&[&[0x20, 0, 8, 0, 0, 0, 0, 7], &inner]);
    let extended = ipv6(
        "2001:db8::1",
        "2001:db8::2",
        0,
        &join(&[&[43, 0, 5, 2, 0, 0, 0, 0], &[17, 2, 0, 1, 0, 0, 0, 0], &v6("2001:db8::9"), &udp(1, 2, b"x")]),
    );
    let payloads = [
        inner.clone(),
        six,
        ipv4("192.0.2.1", "198.51.100.1", 1, &icmp(11, 0, [0, 32, 0, 0], &join(&[&quote, &ext]))),
        ipv4("192.0.2.1", "192.0.2.2", 17, &vxlan),
        ipv4("192.0.2.1", "192.0.2.2", 17, &geneve),
        ipv4("192.0.2.1", "192.0.2.2", 47, &gre),
        ipv4_with("192.0.2.1", "192.0.2.2", 6, 64, 1, &[7, 7, 8, 192, 0, 2, 9, 0], &tcp(1, 2, (3, 4), 2, b"")),
        extended,
    ];
    let payloads = payloads.into_iter().chain(super::tunnel::samples().into_iter().map(|(ip, ..)| ip)).collect::<Vec<_>>();
    let mut out: Vec<Vec<u8>> = payloads.iter().map(|p| on_ethernet(p)).collect();
    out.extend(
        payloads
            .iter()
            .map(|p| ethernet(0x88a8, &join(&[&[0, 5, 0x81, 0, 0, 6, 0x88, 0x47], &label(3, false), &label(4, true), p]))),
    );
    out
}

fn texts() -> Vec<Vec<u8>> {
    vec![
        b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1\r\nForwarded: for=\"[2001:db8::1]:1\";by=_x, for=unknown\r\nVia: 1.1 a (b, c), 1.0 d\r\n\r\n".to_vec(),
        client_hello("www.example.org"),
        b"INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;received=192.0.2.9, SIP/2.0/TCP a.example\r\nRecord-Route: <sip:a;lr>\r\n\r\n".to_vec(),
        b"EHLO a\r\nDATA\r\nFrom: a\r\n\r\nx\r\n.\r\nBDAT 9 LAST\r\nFrom: b\r\nSTARTTLS\r\n".to_vec(),
        join(&[&[5, 1, 0, 1, 1], b"u", &[1], b"p", &[5, 1, 0, 3, 11], b"example.org", &[1, 187]]),
        join(&[&[4, 1, 1, 187, 0, 0, 0, 1], b"me\0a.example\0"]),
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        b"220 ftp.example.org FTP server ready\r\n".to_vec(),
        join(&[&[5, 2, 1, 0, 5, 0, 0, 3, 11], b"example.org", &[1, 187]]),
        join(&[b"\r\n\r\n\0\r\nQUIT\n", &[0x21, 0x11, 0, 12], &[1; 12]]),
        dns_response("www.example.org", 1, &[dns_record("www.example.org", 5, 60, &dns_name("e.example")), dns_record("e.example", 1, 5, &[192, 0, 2, 1])]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(link in proptest::sample::select(&LINKS[..]), frame in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_everything(link, &frame)?;
        read_payload(&frame)?;
    }

    #[test]
    fn damaged_packets(which in any::<prop::sample::Index>(), cut in 0..400_usize, edits in proptest::collection::vec((0..400_usize, any::<u8>()), 0..6), link in proptest::sample::select(&LINKS[..])) {
        let samples = samples();
        let mut frame = samples[which.index(samples.len())].clone();
        for (at, byte) in edits {
            if let Some(b) = frame.get_mut(at) {
                *b = byte;
            }
        }
        frame.truncate(cut);
        read_everything(1, &frame)?;
        read_everything(link, &frame)?;
        read_payload(frame.get(34..).unwrap_or_default())?;
    }

    #[test]
    fn damaged_texts(which in 0..12_usize, cut in 0..400_usize, edits in proptest::collection::vec((0..300_usize, any::<u8>()), 0..6)) {
        let mut bytes = texts()[which].clone();
        for (at, byte) in edits {
            if let Some(b) = bytes.get_mut(at) {
                *b = byte;
            }
        }
        bytes.truncate(cut);
        read_payload(&bytes)?;
    }
}

#[test]
fn samples_are_what_they_claim() {
    for (n, frame) in samples().iter().enumerate() {
        let mut told = Listener::default();
        let p = packet::dissect(1, frame, &mut told).unwrap().unwrap();
        assert_eq!(p.inner_error, None, "sample {n}");
        assert!(told.0 >= 1, "sample {n}");
    }
    assert!(http::request_head(&texts()[0]).is_some() && tls::server_name(&texts()[1]).is_some());
}
