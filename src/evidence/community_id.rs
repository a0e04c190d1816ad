//! Community ID v1: one portable name for a flow, the same in Zeek, Suricata and here.
//! <https://github.com/corelight/community-id-spec>

use std::net::IpAddr;

use sha1::{Digest, Sha1};

use crate::model::net::{FiveTuple, IpProtocol};

/// `1:` and the base64 of SHA-1 over seed 0, the ordered end points and the protocol.
#[must_use]
pub fn community_id(tuple: &FiveTuple) -> String {
    let (mut a, mut b) = ((tuple.src, tuple.sport), (tuple.dst, tuple.dport));
    let one_way_icmp = matches!(tuple.proto, IpProtocol::ICMP | IpProtocol::ICMPV6) && !has_counterpart(tuple);
    // Numerically lower end point first; one-way ICMP messages have a direction and keep it.
    if !one_way_icmp && b < a {
        std::mem::swap(&mut a, &mut b);
    }
    let mut sha = Sha1::new();
    sha.update([0, 0]);
    for addr in [a.0, b.0] {
        match addr {
            IpAddr::V4(v4) => sha.update(v4.octets()),
            IpAddr::V6(v6) => sha.update(v6.octets()),
        }
    }
    sha.update([tuple.proto.0, 0]);
    if tuple.proto.has_ports() || matches!(tuple.proto, IpProtocol::ICMP | IpProtocol::ICMPV6) {
        sha.update(a.1.to_be_bytes());
        sha.update(b.1.to_be_bytes());
    }
    format!("1:{}", base64(&sha.finalize()))
}

fn has_counterpart(tuple: &FiveTuple) -> bool {
    let kind = u8::try_from(tuple.sport).unwrap_or(u8::MAX);
    // A message without a counterpart keeps its code; a code above 3 never looks like a type here.
    crate::decode::packet::icmp_ports(tuple.proto == IpProtocol::ICMPV6, kind, u8::MAX).1 != u16::from(u8::MAX)
}

/// RFC 4648 base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0_u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let six = (word >> (18 - 6 * i) & 63) as usize;
            out.push(if i <= chunk.len() { char::from(ALPHABET[six]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(src: &str, dst: &str, sport: u16, dport: u16, proto: u8) -> String {
        let addr = |a: &str| a.parse().unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
        community_id(&FiveTuple { src: addr(src), dst: addr(dst), sport, dport, proto: IpProtocol(proto) })
    }

    /// Values published with the specification.
    #[test]
    fn baseline_values() {
        assert_eq!(id("128.232.110.120", "66.35.250.204", 34855, 80, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id("66.35.250.204", "128.232.110.120", 80, 34855, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id("192.168.1.52", "8.8.8.8", 54585, 53, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
        assert_eq!(id("192.168.0.89", "192.168.0.1", 8, 0, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
        assert_eq!(id("192.168.0.1", "192.168.0.89", 0, 8, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
    }
}
