//! Network identifiers: protocols, five-tuples, autonomous systems, states.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Two letters of ISO 3166-1 alpha-2 (and the user-assigned `XK`), upper case. It names a place or a legal
/// order, never an actor, and says nothing about whose a disputed place is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateCode([u8; 2]);

impl StateCode {
    /// Two ASCII letters, in either case; anything else is `None`.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        match code.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Debug for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for StateCode {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::new(s).ok_or_else(|| format!("{s:?} is no two-letter state code (ISO 3166-1 alpha-2)"))
    }
}

impl Serialize for StateCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StateCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An autonomous system number (RFC 6793).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Asn(pub u32);

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

/// An IP protocol number (IANA), of the last header of an IPv6 chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpProtocol(pub u8);

impl IpProtocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// SCTP.
    pub const SCTP: Self = Self(132);

    /// TCP, UDP or SCTP: the first four bytes of the header are two ports.
    #[must_use]
    pub fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP | Self::SCTP)
    }
}

/// `tcp`, `udp`, `icmp`, `icmp6`, `sctp`, `gre`, `esp`, `ah`, or `ip-proto-N`.
impl fmt::Display for IpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            1 => "icmp",
            2 => "igmp",
            4 => "ipip",
            6 => "tcp",
            17 => "udp",
            41 => "ipv6",
            47 => "gre",
            50 => "esp",
            51 => "ah",
            58 => "icmp6",
            89 => "ospf",
            132 => "sctp",
            n => return write!(f, "ip-proto-{n}"),
        };
        f.pad(name)
    }
}

impl Serialize for IpProtocol {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Who talks to whom. For ICMP `sport` and `dport` hold what Community ID v1 puts there: type and its
/// counterpart for request/reply types, type and code for the others; 0 where a protocol has no ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiveTuple {
    /// Sender of the first packet seen.
    pub src: IpAddr,
    /// Receiver of the first packet seen.
    pub dst: IpAddr,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// Transport protocol.
    pub proto: IpProtocol,
}

/// An IPv4-mapped IPv6 address as the IPv4 address that it is (RFC 4291 2.5.5.2); others unchanged.
#[must_use]
pub fn unmapped(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(addr, IpAddr::V4),
        IpAddr::V4(_) => addr,
    }
}

/// An address in 16 bytes, IPv4 as IPv4-mapped, in two words that hash and compare fast. Order is numeric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackedAddr {
    /// Upper 64 bits.
    pub hi: u64,
    /// Lower 64 bits.
    pub lo: u64,
}

const MAPPED: u64 = 0xffff_0000_0000;

impl PackedAddr {
    /// Packs an IPv4 address.
    #[inline]
    #[must_use]
    pub fn from_v4(addr: std::net::Ipv4Addr) -> Self {
        Self { hi: 0, lo: MAPPED | u64::from(u32::from(addr)) }
    }

    /// Packs an IPv6 address.
    #[inline]
    #[must_use]
    pub fn from_v6(addr: std::net::Ipv6Addr) -> Self {
        let n = u128::from(addr);
        Self { hi: (n >> 64) as u64, lo: n as u64 }
    }

    /// Packs the 16 bytes of an IPv6 address as a header holds them.
    #[inline]
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 16]) -> Self {
        let n = u128::from_be_bytes(*bytes);
        Self { hi: (n >> 64) as u64, lo: n as u64 }
    }

    /// Is it IPv4 (or IPv4-mapped)?
    #[inline]
    #[must_use]
    pub fn is_v4(self) -> bool {
        self.hi == 0 && self.lo & !0xffff_ffff == MAPPED
    }

    /// The address as the standard library has it.
    #[inline]
    #[must_use]
    pub fn unpack(self) -> IpAddr {
        if self.is_v4() {
            IpAddr::V4(std::net::Ipv4Addr::from(self.lo as u32))
        } else {
            IpAddr::V6(std::net::Ipv6Addr::from(u128::from(self.hi) << 64 | u128::from(self.lo)))
        }
    }
}

impl From<IpAddr> for PackedAddr {
    fn from(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(a) => Self::from_v4(a),
            IpAddr::V6(a) => Self::from_v6(a),
        }
    }
}
