//! Packets for tests, layer by layer from the inside out.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(crate) fn v4(text: &str) -> [u8; 4] {
    text.parse::<Ipv4Addr>().unwrap().octets()
}

pub(crate) fn v6(text: &str) -> [u8; 16] {
    text.parse::<Ipv6Addr>().unwrap().octets()
}

pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Ones' complement checksum (RFC 1071).
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks(2).map(|c| u32::from(c[0]) << 8 | c.get(1).map_or(0, |&b| u32::from(b))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 packet with the given TTL and identification.
pub(crate) fn ipv4_with(src: &str, dst: &str, proto: u8, ttl: u8, id: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = 20 + options.len();
    let mut out = vec![0x40 | (header / 4) as u8, 0];
    out.extend(((header + payload.len()) as u16).to_be_bytes());
    out.extend(id.to_be_bytes());
    out.extend([0, 0, ttl, proto, 0, 0]);
    out.extend(v4(src));
    out.extend(v4(dst));
    out.extend(options);
    let sum = checksum(&out).to_be_bytes();
    out[10..12].copy_from_slice(&sum);
    out.extend(payload);
    out
}

pub(crate) fn ipv4(src: &str, dst: &str, proto: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(src, dst, proto, 64, 1, &[], payload)
}

pub(crate) fn ipv6(src: &str, dst: &str, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next, 64]);
    out.extend(v6(src));
    out.extend(v6(dst));
    out.extend(payload);
    out
}

pub(crate) fn udp(sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = sport.to_be_bytes().to_vec();
    out.extend(dport.to_be_bytes());
    out.extend(((8 + payload.len()) as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(payload);
    out
}

/// TCP without options; flags FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
pub(crate) fn tcp(sport: u16, dport: u16, (seq, ack): (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = sport.to_be_bytes().to_vec();
    out.extend(dport.to_be_bytes());
    out.extend(seq.to_be_bytes());
    out.extend(ack.to_be_bytes());
    out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend(payload);
    out
}

/// An ICMP message: type, code, the four bytes after the checksum, the rest.
pub(crate) fn icmp(kind: u8, code: u8, rest: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, code, 0, 0];
    out.extend(rest);
    out.extend(payload);
    let sum = checksum(&out).to_be_bytes();
    out[2..4].copy_from_slice(&sum);
    out
}

/// An RFC 4884 object.
pub(crate) fn object(class: u8, ctype: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = ((4 + payload.len()) as u16).to_be_bytes().to_vec();
    out.extend([class, ctype]);
    out.extend(payload);
    out
}

/// An RFC 4884 extension structure with a right checksum.
pub(crate) fn extension(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0x20, 0, 0, 0];
    out.extend(objects.concat());
    let sum = checksum(&out).to_be_bytes();
    out[2..4].copy_from_slice(&sum);
    out
}

pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    out.extend(ethertype.to_be_bytes());
    out.extend(payload);
    out
}

/// Ethernet around an IP packet of either version.
pub(crate) fn on_ethernet(ip: &[u8]) -> Vec<u8> {
    ethernet(if ip[0] >> 4 == 6 { 0x86dd } else { 0x0800 }, ip)
}

/// An MPLS label stack entry.
pub(crate) fn label(label: u32, bottom: bool) -> [u8; 4] {
    (label << 12 | u32::from(bottom) << 8 | 64).to_be_bytes()
}

/// A DNS name in wire form.
pub(crate) fn dns_name(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|l| !l.is_empty()) {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

/// A DNS record of class IN with an uncompressed owner.
pub(crate) fn dns_record(owner: &str, kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut out = dns_name(owner);
    out.extend(kind.to_be_bytes());
    out.extend([0, 1]);
    out.extend(ttl.to_be_bytes());
    out.extend((data.len() as u16).to_be_bytes());
    out.extend(data);
    out
}

/// A successful DNS response to one question.
pub(crate) fn dns_response(asked: &str, kind: u16, answers: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0x12, 0x34, 0x81, 0x80, 0, 1];
    out.extend((answers.len() as u16).to_be_bytes());
    out.extend([0, 0, 0, 0]);
    out.extend(dns_name(asked));
    out.extend(kind.to_be_bytes());
    out.extend([0, 1]);
    out.extend(answers.concat());
    out
}

/// A TLS 1.2-style record with a ClientHello that asks for `host`.
pub(crate) fn client_hello(host: &str) -> Vec<u8> {
    let vector16 = |body: &[u8]| join(&[&(body.len() as u16).to_be_bytes(), body]);
    let list = vector16(&join(&[&[0], &vector16(host.as_bytes())]));
    let grease = join(&[&[0x1a, 0x1a], &vector16(&[])]);
    let groups = join(&[&[0, 10], &vector16(&[0, 2, 0, 29])]);
    let extensions = vector16(&join(&[&grease, &groups, &[0, 0], &vector16(&list)]));
    let body = join(&[&[3, 3], &[7; 32], &[32], &[9; 32], &vector16(&[0x13, 1]), &[1, 0], &extensions]);
    let handshake = join(&[&[1, 0], &(body.len() as u16).to_be_bytes(), &body]);
    join(&[&[22, 3, 1], &vector16(&handshake)])
}
