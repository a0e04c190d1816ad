//! Path attributes (RFC 4271 4.3): the few that say where a route leads.

use std::net::IpAddr;

use super::super::record::Reject;
use super::bytes::{Bytes, named};
use super::path::{Path, Width};
use super::prefix::Family;

/// Stands for a four-byte number where only two bytes fit (RFC 6793 9).
const AS_TRANS: u16 = 23_456;

/// Attributes, each as it stands there; of a repeated one the first counts (RFC 7606 3 g).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes<'a> {
    as_path: Option<&'a [u8]>,
    as4_path: Option<&'a [u8]>,
    next_hop: Option<&'a [u8]>,
    aggregator: Option<&'a [u8]>,
    as4_aggregator: Option<&'a [u8]>,
    reach: Option<&'a [u8]>,
    unreach: Option<&'a [u8]>,
}

/// Prefixes in an attribute (RFC 4760).
#[derive(Clone, Copy, Debug)]
pub(super) struct Multiprotocol<'a> {
    /// Which kind; `None`: one that is not read.
    pub(super) family: Option<Family>,
    pub(super) next_hop: Option<IpAddr>,
    pub(super) prefixes: &'a [u8],
}

impl<'a> Attributes<'a> {
    #[inline]
    pub(super) fn read(list: &'a [u8]) -> Result<Self, Reject> {
        let (mut bytes, mut read) = (Bytes(list), Self::default());
        while !bytes.0.is_empty() {
            let [flags, kind] = bytes.array()?;
            let length = if flags & 0x10 == 0 { usize::from(bytes.u8()?) } else { usize::from(bytes.u16()?) };
            let value = bytes.take(length)?;
            let place = match kind {
                2 => &mut read.as_path,
                3 => &mut read.next_hop,
                7 => &mut read.aggregator,
                14 => &mut read.reach,
                15 => &mut read.unreach,
                17 => &mut read.as4_path,
                18 => &mut read.as4_aggregator,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        Ok(read)
    }

    /// The path, if its numbers are probably `width` bytes wide.
    #[inline]
    pub(super) fn path(&self, width: Width) -> Result<Path, Reject> {
        // RFC 6793 4.2.3: an aggregator that is not AS_TRANS was written by a speaker that did not know of the four-byte
        // attributes, which are out of date then.
        let stale = self.as4_aggregator.is_some()
            && self.aggregator.and_then(|a| a.first_chunk()).is_some_and(|a| u16::from_be_bytes(*a) != AS_TRANS);
        Path::read(self.as_path.unwrap_or_default(), self.as4_path.filter(|_| !stale), width)
    }

    /// NEXT_HOP.
    #[inline]
    pub(super) fn next_hop(&self) -> Option<IpAddr> {
        self.next_hop.and_then(hop)
    }

    /// MP_REACH_NLRI of an UPDATE.
    #[inline]
    pub(super) fn reach(&self) -> Result<Option<Multiprotocol<'a>>, Reject> {
        self.reach.map(reach).transpose()
    }

    /// MP_UNREACH_NLRI of an UPDATE.
    #[inline]
    pub(super) fn unreach(&self) -> Result<Option<Multiprotocol<'a>>, Reject> {
        let Some(value) = self.unreach else { return Ok(None) };
        let mut bytes = Bytes(value);
        let family = Family::of(bytes.u16()?, bytes.u8()?);
        Ok(Some(Multiprotocol { family, next_hop: None, prefixes: bytes.0 }))
    }

    /// Next hop of an entry of a table: from MP_REACH_NLRI, which is abbreviated there to the next hop with its length
    /// (RFC 6396 4.3.4), though some writers leave it whole; else from NEXT_HOP. A whole one begins with the zero of its
    /// address family.
    #[inline]
    pub(super) fn next_hop_in_table(&self, v6: bool) -> Option<IpAddr> {
        let plain = self.next_hop();
        if !v6 && plain.is_some() {
            return plain;
        }
        let multiprotocol = self.reach.and_then(|value| match value.split_first()? {
            (0, _) => reach(value).ok()?.next_hop,
            (&length, rest) => hop(rest.get(..usize::from(length))?),
        });
        multiprotocol.or(plain)
    }
}

fn reach(value: &[u8]) -> Result<Multiprotocol<'_>, Reject> {
    let mut bytes = Bytes(value);
    let family = Family::of(bytes.u16()?, bytes.u8()?);
    let length = bytes.u8()?;
    let next_hop = hop(bytes.take(usize::from(length))?);
    // Subnetwork points of attachment of RFC 2858, lengths in half bytes; a zero ever since.
    for _ in 0..bytes.u8()? {
        let length = bytes.u8()?;
        bytes.take(usize::from(length).div_ceil(2))?;
    }
    Ok(Multiprotocol { family, next_hop, prefixes: bytes.0 })
}

/// A next hop by its length: IPv4, IPv6, IPv6 with a link-local one behind it (RFC 2545 3), each with a route distinguisher
/// of eight zeros in front or without.
fn hop(bytes: &[u8]) -> Option<IpAddr> {
    let (skipped, v6) = match bytes.len() {
        4 => (0, false),
        12 => (8, false),
        16 | 32 => (0, true),
        24 | 48 => (8, true),
        _ => return None,
    };
    Bytes(bytes.get(skipped..)?).addr(v6).ok().and_then(named)
}
