//! The fields of one record. It is used again for every record: what was not set is told by a bit, not by clearing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fields::Field;
use crate::model::net::unmapped;

/// Addresses and numbers by field.
#[derive(Debug)]
pub(super) struct Values {
    seen: u64,
    /// The source of IPv4 came behind that of IPv6.
    v4_behind_v6: bool,
    addresses: [IpAddr; 16],
    numbers: [u64; 64],
}

impl Default for Values {
    fn default() -> Self {
        Self { seen: 0, v4_behind_v6: false, addresses: [IpAddr::V4(Ipv4Addr::UNSPECIFIED); 16], numbers: [0; 64] }
    }
}

/// A number of up to 8 bytes: exporters may write fewer than the element has (RFC 7011 6.2).
#[inline]
fn number(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_be_bytes([a, b]))),
        [a, b, c, d] => Some(u64::from(u32::from_be_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Some(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
        [] => None,
        _ if bytes.len() < 8 => Some(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))),
        _ => None,
    }
}

impl Values {
    #[inline]
    pub(super) fn clear(&mut self) {
        self.seen = 0;
    }

    /// A field of a length that it can't have stays unset.
    #[inline]
    pub(super) fn set(&mut self, field: Field, bytes: &[u8]) {
        if field == Field::Skip {
            return;
        }
        if field.is_address() {
            let addr = match bytes.len() {
                4 => bytes.first_chunk().map(|b: &[u8; 4]| IpAddr::V4(Ipv4Addr::from(*b))),
                16 => bytes.first_chunk().map(|b: &[u8; 16]| unmapped(IpAddr::V6(Ipv6Addr::from(*b)))),
                _ => None,
            };
            let Some(addr) = addr else { return };
            self.addresses[field as usize & 15] = addr;
            if field == Field::SrcV4 {
                self.v4_behind_v6 = self.any(Field::SrcV6.bit());
            }
        } else {
            let Some(number) = number(bytes) else { return };
            self.numbers[field as usize & 63] = number;
        }
        self.seen |= field.bit();
    }

    /// Is one of these fields there?
    #[inline]
    pub(super) fn any(&self, bits: u64) -> bool {
        self.seen & bits != 0
    }

    #[inline]
    pub(super) fn get(&self, field: Field) -> Option<u64> {
        self.any(field.bit()).then(|| self.numbers[field as usize & 63])
    }

    /// A number that is there and not 0.
    #[inline]
    pub(super) fn some(&self, field: Field) -> Option<u64> {
        self.get(field).filter(|n| *n != 0)
    }

    /// The first of these that is there.
    #[inline]
    pub(super) fn first<const N: usize>(&self, fields: [Field; N]) -> Option<u64> {
        fields.into_iter().find_map(|field| self.get(field))
    }

    #[inline]
    fn address(&self, field: Field) -> Option<IpAddr> {
        self.any(field.bit()).then(|| self.addresses[field as usize & 15])
    }

    /// Addresses of a field for either family; one of them empty is as if it were not there.
    #[inline]
    fn both(&self, v4: Field, v6: Field) -> (Option<IpAddr>, Option<IpAddr>) {
        match (self.address(v4), self.address(v6)) {
            (Some(a), Some(b)) if a.is_unspecified() && !b.is_unspecified() => (None, Some(b)),
            (Some(a), Some(b)) if b.is_unspecified() => (Some(a), None),
            found => found,
        }
    }

    /// One of two fields of which exporters with one template for both families leave one empty. If neither is, the packets
    /// have two headers, which stand in the record in their order (RFC 7011 8): the inner one counts.
    #[inline]
    pub(super) fn either(&self, v4: Field, v6: Field) -> Option<IpAddr> {
        match self.both(v4, v6) {
            (Some(a), Some(b)) => Some(if self.v4_behind_v6 { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// Source and destination of the outer header, where the record has two.
    #[inline]
    pub(super) fn outer(&self) -> Option<(IpAddr, IpAddr)> {
        let (Some(src), Some(dst)) = (self.outer_of(Field::SrcV4, Field::SrcV6), self.outer_of(Field::DstV4, Field::DstV6))
        else {
            return None;
        };
        Some((src, dst))
    }

    #[inline]
    fn outer_of(&self, v4: Field, v6: Field) -> Option<IpAddr> {
        let (Some(a), Some(b)) = self.both(v4, v6) else { return None };
        Some(if self.v4_behind_v6 { b } else { a })
    }
}
