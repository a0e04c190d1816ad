//! Addresses that are nowhere by definition (IANA special-purpose registries, RFC 6890), and IPv4 inside IPv6.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::embedded::SPECIAL_PURPOSE;
use super::prefixes::{self, Prefixes};

/// One block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Special {
    /// Name of the block.
    pub(super) name: &'static str,
    /// Its document.
    pub(super) reference: &'static str,
    /// A service at many places (AS112, AMT, PCP, TURN) rather than no place.
    pub(super) anycast: bool,
}

/// Reads the shipped list: prefix, name, reference, reachable.
pub(super) fn shipped() -> Vec<(IpNet, Special)> {
    let mut all: Vec<(IpNet, Special)> = SPECIAL_PURPOSE.text().lines().filter_map(row).collect();
    // 6bone's prefix went back to IANA (RFC 3701); old tables still name states for it.
    if let Some(net) = prefixes::parse("3ffe::/16") {
        all.push((net, Special { name: "6bone, returned to IANA", reference: "RFC 3701", anycast: false }));
    }
    all
}

fn row(line: &'static str) -> Option<(IpNet, Special)> {
    let mut fields = line.split('\t');
    let net = prefixes::parse(fields.next()?)?;
    let (name, reference, reachable) = (fields.next()?, fields.next()?, fields.next()?);
    let service = ["Anycast", "AS112", "AMT"].iter().any(|word| name.contains(word));
    Some((net, Special { name, reference, anycast: service && reachable.trim() == "yes" }))
}

/// How an IPv6 address carries an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Embedded {
    /// `64:ff9b::/96` (RFC 6052): stands for the IPv4 host, so that host's place is its place.
    Nat64(Ipv4Addr),
    /// `2002::/16` (RFC 3056): the site's router as the sender claims. Anybody may send such a source, relays may be
    /// anywhere: shown, not placed.
    SixToFour(Ipv4Addr),
    /// `2001::/32` (RFC 4380): the client's NAT as its Teredo server saw it, bits inverted. Shown, not placed.
    Teredo(Ipv4Addr),
}

impl Embedded {
    /// Finds it.
    pub(super) fn of(addr: IpAddr) -> Option<Self> {
        let IpAddr::V6(v6) = addr else { return None };
        let bits = u128::from(v6);
        let low = bits as u32;
        if bits >> 32 == 0x0064_ff9b_0000_0000_0000_0000 {
            Some(Self::Nat64(Ipv4Addr::from(low)))
        } else if bits >> 112 == 0x2002 {
            Some(Self::SixToFour(Ipv4Addr::from((bits >> 80) as u32)))
        } else if bits >> 96 == 0x2001_0000 {
            Some(Self::Teredo(Ipv4Addr::from(!low)))
        } else {
            None
        }
    }

    /// The flag in reports.
    pub(super) fn flag(self) -> String {
        match self {
            Self::Nat64(a) => format!("nat64:{a}"),
            Self::SixToFour(a) => format!("6to4:{a}"),
            Self::Teredo(a) => format!("teredo:{a}"),
        }
    }
}

/// The list for look-ups.
pub(super) fn table() -> Prefixes<Special> {
    Prefixes::new(shipped())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_their_names() {
        let table = table();
        let name = |a: &str| table.get(a.parse().unwrap()).map(|s| s.name);
        assert_eq!(name("10.1.2.3"), Some("Private-Use"));
        assert_eq!(name("100.64.0.1"), Some("Shared Address Space (CGN)"));
        assert_eq!(name("203.0.113.7"), Some("Documentation (TEST-NET-3)"));
        assert_eq!(name("8.8.8.8"), None);
        assert_eq!(name("fe80::1"), Some("Link-Local Unicast"));
        assert_eq!(name("2001:db8::1"), Some("Documentation"));
        assert_eq!(name("3ffe:501::1"), Some("6bone, returned to IANA"));
        assert_eq!(name("2a00:1450::1"), None);
        assert!(table.get("192.175.48.1".parse().unwrap()).unwrap().anycast);
        assert!(!table.get("192.88.99.1".parse().unwrap()).unwrap().anycast, "deprecated, not reachable");
    }

    #[test]
    fn embedded_addresses() {
        let of = |a: &str| Embedded::of(a.parse().unwrap());
        assert_eq!(of("64:ff9b::c000:221"), Some(Embedded::Nat64(Ipv4Addr::new(192, 0, 2, 33))));
        assert_eq!(of("2002:c000:0204::1"), Some(Embedded::SixToFour(Ipv4Addr::new(192, 0, 2, 4))));
        // The obfuscated address is the complement of the mapped one (RFC 4380 4): 3fff:fdd2 is 192.0.2.45.
        assert_eq!(of("2001:0:4136:e378:8000:63bf:3fff:fdd2"), Some(Embedded::Teredo(Ipv4Addr::new(192, 0, 2, 45))));
        assert_eq!(of("2001:db8::1"), None);
        assert_eq!(of("192.0.2.1"), None);
    }
}
