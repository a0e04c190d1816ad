//! The fast path: TCP or UDP over IP over Ethernet with at most two VLAN tags, no options, no extension headers, no
//! tunnel. That is most traffic; [`packet`](super::packet) reads all others, and would read these to the same result.
//!
//! Written so that a packet costs few instructions: every header is one array of known size, checked once, and nothing
//! that will be stored is kept in between. Branches on family, tags and protocol are meant: selecting without branching
//! was tried and costs 3 ns a packet more, as everything behind then waits for the selection. Reading and dealing took
//! 43 ns with the general reader alone, and take 37.

use super::packet::Transport;
use super::{banner, http, proxy_protocol, sip, smtp, socks, tls, tunnel};
use crate::model::net::{IpProtocol, PackedAddr};

/// A plain packet: what was found out to recognise it. Its fields are read where they are needed, since more of them
/// than a processor has registers would only be written down to be read again.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'f> {
    /// From the IP header on.
    ip: &'f [u8; 40],
    /// From the transport header to the end of the packet, as captured.
    l4: &'f [u8],
    /// The beginning of that.
    ports: &'f [u8; 20],
    at: usize,
    /// IPv6, not IPv4.
    six: bool,
    /// TCP, not UDP.
    tcp: bool,
}

/// Reads an Ethernet frame; `None` if it is not plain, or has not all of its headers: 40 bytes from the IP header on
/// and 20 from the transport header on, which even small UDP messages have.
#[inline(always)]
#[must_use]
pub fn read(frame: &[u8]) -> Option<Plain<'_>> {
    let ethernet = frame.first_chunk::<22>()?;
    let (mut at, mut ethertype) = (14, be16(ethernet, 12));
    if is_tag(ethertype) {
        (at, ethertype) = (18, be16(ethernet, 16));
        if is_tag(ethertype) {
            (at, ethertype) = (22, be16(ethernet, 20));
        }
    }
    let bytes = frame.get(at..)?;
    let ip = bytes.first_chunk::<40>()?;
    let (six, plain) = match ethertype {
        // Five words of header, and no fragment (RFC 791 3.1).
        0x0800 => (false, ip[0] == 0x45 && be16(ip, 6) & 0x3fff == 0),
        0x86dd => (true, ip[0] >> 4 == 6),
        _ => return None,
    };
    if !plain {
        return None;
    }
    let proto = ip[if six { 6 } else { 9 }];
    let header = if six { 40 } else { 20 };
    let l4 = bytes.get(header..ip_len(ip, six).min(bytes.len()))?;
    let ports = l4.first_chunk::<20>()?;
    let tcp = proto == 6;
    if !tcp && (proto != 17 || tunnel::suspect(ports)) {
        return None;
    }
    Some(Plain { ip, l4, ports, at, six, tcp })
}

#[inline(always)]
fn ip_len(ip: &[u8; 40], six: bool) -> usize {
    usize::from(be16(ip, if six { 4 } else { 2 })) + if six { 40 } else { 0 }
}

impl Plain<'_> {
    /// Source and destination.
    #[inline(always)]
    #[must_use]
    pub fn ends(&self) -> (PackedAddr, PackedAddr) {
        let address = |hi, lo6, lo4| PackedAddr {
            hi: if self.six { be64(self.ip, hi) } else { 0 },
            lo: if self.six { be64(self.ip, lo6) } else { PackedAddr::from_v4(be32(self.ip, lo4).into()).lo },
        };
        (address(8, 16, 12), address(24, 32, 16))
    }

    /// Source and destination port.
    #[inline(always)]
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        (be16(self.ports, 0), be16(self.ports, 2))
    }

    /// TCP or UDP.
    #[inline(always)]
    #[must_use]
    pub fn proto(&self) -> IpProtocol {
        if self.tcp { IpProtocol::TCP } else { IpProtocol::UDP }
    }

    /// The same.
    #[inline(always)]
    #[must_use]
    pub fn transport(&self) -> Transport {
        if self.tcp { Transport::Tcp } else { Transport::Udp }
    }

    /// TTL or hop limit.
    #[inline(always)]
    #[must_use]
    pub fn ttl(&self) -> u8 {
        self.ip[if self.six { 7 } else { 8 }]
    }

    /// IP identification (0 for IPv6).
    #[inline(always)]
    #[must_use]
    pub fn ip_id(&self) -> u16 {
        if self.six { 0 } else { be16(self.ip, 4) }
    }

    /// Declared length of the IP packet in bytes, header included.
    #[inline(always)]
    #[must_use]
    pub fn ip_len(&self) -> u32 {
        ip_len(self.ip, self.six) as u32
    }

    /// Offset of the IP header in the frame.
    #[inline(always)]
    #[must_use]
    pub fn ip_at(&self) -> u32 {
        self.at as u32
    }

    /// Bytes of the IP header.
    #[inline(always)]
    #[must_use]
    pub fn header(&self) -> u16 {
        if self.six { 40 } else { 20 }
    }

    /// Where its captured bytes end in the frame (link padding excluded).
    #[inline(always)]
    #[must_use]
    pub fn end(&self) -> u32 {
        self.ip_at() + u32::from(self.header()) + self.l4.len() as u32
    }

    /// TCP flags, 0 for UDP.
    #[inline(always)]
    #[must_use]
    pub fn tcp_flags(&self) -> u8 {
        if self.tcp { self.ports[13] } else { 0 }
    }

    /// TCP sequence number, 0 for UDP.
    #[inline(always)]
    #[must_use]
    pub fn seq(&self) -> u32 {
        if self.tcp { be32(self.ports, 4) } else { 0 }
    }

    /// TCP acknowledgement number, 0 for UDP.
    #[inline(always)]
    #[must_use]
    pub fn ack(&self) -> u32 {
        if self.tcp { be32(self.ports, 8) } else { 0 }
    }

    /// As [`speaks`] says of the TCP payload and [`exports`] of the UDP payload. A sieve turns nearly all away by their first four bytes: requests of HTTP
    /// and SIP and version 1 of the PROXY protocol begin with three capitals, TLS handshakes with record type 22 and version
    /// 3, SOCKS with its version and a small number; greetings of SMTP have LO in third place; what servers of FTP and SMTP
    /// say first begins with 220 and a blank or a hyphen. SSH's first line has three capitals too.
    #[inline(always)]
    #[must_use]
    pub fn speaks(&self) -> bool {
        if !self.tcp {
            return exports(self.l4);
        }
        let (offset, (sport, _)) = (usize::from(self.ports[12] >> 4) * 4, self.ports());
        let payload = self.l4.get(offset..).unwrap_or_default();
        let caught = match payload.first_chunk().map(|first| u32::from_be_bytes(*first)) {
            Some(first) => {
                (first & 0xe0e0_e000 == 0x4040_4000)
                    | (first >> 16 == 0x1603)
                    | (first & 0xfef0_0000 == 0x0400_0000)
                    | (first & 0xdfdf == 0x4c4f)
                    | (first & 0xffff_fff2 == 0x3232_3020)
                    | (first == 0x0d0a_0d0a)
                    | (first == u32::MAX)
                    | (sport == 53)
            }
            None => !payload.is_empty(),
        };
        caught && speaks(sport, self.l4, offset)
    }
}

/// Can the UDP payload begin an export of flows? NetFlow and IPFIX begin with a version of 5 to 10 in two bytes, sFlow with 5 in
/// four. Little else begins so; who looks closer is `flow::Exporters::recognise`.
#[inline(always)]
#[must_use]
pub fn exports(l4: &[u8]) -> bool {
    match l4.get(8..).and_then(|payload| payload.first_chunk()).map(|first| u32::from_be_bytes(*first)) {
        Some(first) => ((first >> 16).wrapping_sub(5) <= 5) | (first == 5),
        None => false,
    }
}

/// Is the TCP payload, at `offset` in what follows the IP header, worth a second look? It may begin with a request
/// head, a TLS hello, a DNS answer, or what begins a connection through a proxy, a mail session, a BGP message. Out of
/// line: a few packets of a flow come here.
#[inline(never)]
#[must_use]
pub fn speaks(sport: u16, l4: &[u8], offset: usize) -> bool {
    let payload = l4.get(offset..).unwrap_or_default();
    !payload.is_empty()
        && (sport == 53
            || http::looks_like_request(payload)
            || tls::looks_like_client_hello(payload)
            || sip::looks_like(payload)
            || smtp::looks_like(payload)
            || proxy_protocol::looks_like(payload)
            || socks::looks_like(payload)
            || banner::looks_like(payload)
            || looks_like_bgp(l4, payload))
}

/// BGP's port (RFC 4271 2).
const BGP: [u8; 2] = 179_u16.to_be_bytes();

/// On its port, with the marker of RFC 4271 4.1.
fn looks_like_bgp(l4: &[u8], payload: &[u8]) -> bool {
    payload.starts_with(&[0xff; 16]) && l4.first_chunk::<4>().is_some_and(|&[a, b, c, d]| [a, b] == BGP || [c, d] == BGP)
}

/// 802.1Q and 802.1ad. The older numbers are rare enough for the general reader.
#[inline(always)]
fn is_tag(ethertype: u16) -> bool {
    (ethertype == 0x8100) | (ethertype == 0x88a8)
}

// Constant offsets into arrays of known size: after inlining each is one load and one swap, without a check.

#[inline(always)]
fn be16<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[inline(always)]
fn be32<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from(be16(bytes, at)) << 16 | u32::from(be16(bytes, at + 2))
}

#[inline(always)]
fn be64<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    u64::from(be32(bytes, at)) << 32 | u64::from(be32(bytes, at + 4))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::packet::{self, LayerSink};
    use crate::decode::testkit::*;

    /// First payloads of what is looked at a second time.
    const OPENINGS: [&[u8]; 12] = [
        b"SSH-2.0-a\r\n",
        b"220 a\r\n",
        b"220-a\r\n",
        &[5, 1, 0],
        &[5, 8, 0, 1, 2, 3, 4, 5, 6, 7],
        &[4, 2, 0, 80, 192, 0, 2, 1, 0],
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        b"eHlO a\r\n",
        b"ACK sip:a SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        &[0xff; 19],
    ];

    /// Everything that goes into a decision of the fast path, in forms that are plain and forms that are not.
    fn frames() -> impl Strategy<Value = Vec<u8>> {
        let body = prop_oneof![
            Just(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
            Just(b"get / HTTP/1.1\r\n\r\n".to_vec()),
            Just(client_hello("www.example.org")),
            proptest::sample::select(OPENINGS.to_vec()).prop_map(<[u8]>::to_vec),
            proptest::collection::vec(any::<u8>(), 0..40),
        ];
        const TUNNELS: [u16; 15] = [443, 1194, 1701, 2152, 3544, 4500, 4789, 4790, 5072, 5247, 6080, 6081, 6635, 8472, 51820];
        let port = prop_oneof![Just(53_u16), Just(179), proptest::sample::select(&TUNNELS[..]), any::<u16>()];
        let proto = prop_oneof![Just(6_u8), Just(17), Just(1), Just(132), Just(47)];
        let tags = proptest::collection::vec(prop_oneof![Just(0x8100_u16), Just(0x88a8), Just(0x9100)], 0..4);
        (body, (port.clone(), port), proto, tags, any::<(bool, u32, u32, u8)>(), 0_usize..6).prop_map(
            |(body, (sport, dport), proto, tags, (six, seq, ack, flags), padding)| {
                let l4 = if proto == 6 { tcp(sport, dport, (seq, ack), flags, &body) } else { udp(sport, dport, &body) };
                let ip = if six {
                    ipv6("2001:db8::1", "2001:db8:5::2", proto, &l4)
                } else {
                    ipv4("192.0.2.1", "198.51.100.2", proto, &l4)
                };
                let mut frame = vec![2; 12];
                tags.iter().for_each(|tag| frame.extend([tag.to_be_bytes(), [0, 7]].concat()));
                frame.extend(if six { [0x86, 0xdd] } else { [0x08, 0x00] });
                frame.extend(ip);
                frame.resize(frame.len() + padding, 0);
                frame
            },
        )
    }

    #[derive(Default)]
    struct Tunnels(usize);

    impl LayerSink for Tunnels {
        fn tunnel(&mut self, _: crate::model::evidence::TunnelKind, _: (PackedAddr, PackedAddr), _: Option<u32>) {
            self.0 += 1;
        }
    }

    /// A plain packet is what the general reader makes of the frame, in every field.
    fn agrees(frame: &[u8]) -> Result<(), TestCaseError> {
        let Some(p) = read(frame) else { return Ok(()) };
        let mut tunnels = Tunnels::default();
        let Ok(Some(other)) = packet::dissect(1, frame, &mut tunnels) else {
            return Err(TestCaseError::fail("the general reader sees no packet"));
        };
        prop_assert_eq!((tunnels.0, other.inner_error), (0, None));
        prop_assert_eq!(p.ends(), (other.src, other.dst));
        prop_assert_eq!(p.ports(), (other.sport, other.dport));
        prop_assert_eq!((p.proto(), p.transport(), p.ttl()), (other.proto, other.transport, other.ttl));
        prop_assert_eq!((p.tcp_flags(), p.ip_id()), (other.tcp_flags, other.ip_id));
        prop_assert_eq!((p.ip_len(), p.ip_at(), p.end()), (other.ip_len, other.ip_at, other.end));
        prop_assert_eq!(u32::from(p.header()), other.l4_at - other.ip_at);
        let l4 = &frame[other.l4_at as usize..other.end as usize];
        let word = |at: usize| u32::from_be_bytes(*l4[at..].first_chunk().unwrap());
        let is_tcp = other.transport == Transport::Tcp;
        prop_assert_eq!((p.seq(), p.ack()), if is_tcp { (word(4), word(8)) } else { (0, 0) });
        let heard = if is_tcp { speaks(other.sport, l4, usize::from(l4[12] >> 4) * 4) } else { exports(l4) };
        prop_assert_eq!(p.speaks(), heard);
        Ok(())
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_general_reader(frame in frames()) {
            agrees(&frame)?;
        }

        #[test]
        fn it_agrees_on_damaged_frames(
            mut frame in frames(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in any::<prop::sample::Index>(),
        ) {
            for (at, byte) in damage {
                // In the headers, where it matters.
                let reach = frame.len().min(70);
                frame[at.index(reach)] = byte;
            }
            agrees(&frame)?;
            agrees(&frame[..cut.index(frame.len())])?;
        }
    }

    #[test]
    fn what_is_common_is_plain() {
        let numbers = (1, 2);
        for tags in [&[][..], &[0x81, 0, 0, 7], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8]] {
            for (kind, ip) in [
                (0x0800_u16, ipv4("192.0.2.1", "192.0.2.2", 6, &tcp(1024, 443, numbers, 16, b""))),
                (0x0800, ipv4("192.0.2.1", "192.0.2.2", 17, &udp(1024, 53, &[0; 12]))),
                (0x86dd, ipv6("2001:db8::1", "2001:db8::2", 6, &tcp(1024, 443, numbers, 16, b""))),
                (0x86dd, ipv6("2001:db8::1", "2001:db8::2", 17, &udp(1024, 53, &[0; 12]))),
            ] {
                assert!(read(&join(&[&[2; 12], tags, &kind.to_be_bytes(), &ip])).is_some(), "{kind:x} behind {tags:x?}");
            }
        }
    }

    #[test]
    fn a_sieve_lets_through_all_that_speaks() {
        let speaks_of = |sport, body: &[u8]| {
            let tcp = tcp(sport, 443, (1, 2), 24, body);
            read(&on_ethernet(&ipv4("192.0.2.1", "192.0.2.2", 6, &tcp))).unwrap().speaks()
        };
        assert!(speaks_of(1024, b"GET / HTTP/1.1\r\n"));
        assert!(speaks_of(1024, b"POST"));
        assert!(speaks_of(1024, &client_hello("www.example.org")));
        assert!(speaks_of(53, b"x"), "one byte of DNS");
        assert!(OPENINGS[..11].iter().all(|opening| speaks_of(1024, opening)));
        assert!(speaks_of(179, OPENINGS[11]) && !speaks_of(1024, OPENINGS[11]), "BGP on its port");
        assert!(!speaks_of(53, b"") && !speaks_of(1024, b"ABCD") && !speaks_of(1024, b"GE"));
    }
}
