//! Tables in MRT: TABLE_DUMP (RFC 6396 4.2), TABLE_DUMP_V2 (4.3) with path identifiers (RFC 8050 4), and the entry that old
//! OpenBGPD and Zebra wrote under BGP4MP (appendix B.2.2).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::record::Reject;
use super::attributes::Attributes;
use super::bytes::{Bytes, named};
use super::mrt::asn;
use super::path::Width;
use super::prefix::{Family, is_v6, prefix};
use super::update::Teller;
use crate::model::net::Asn;
use crate::model::record::Said;
use crate::model::time::Timestamp;

/// The peers that a table's entries point at; at most 65,535.
#[derive(Debug, Default)]
pub(super) struct Peers(Vec<(Option<IpAddr>, Option<Asn>)>);

impl Peers {
    /// PEER_INDEX_TABLE.
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Result<Self, Reject> {
        bytes.u32()?;
        let name = bytes.u16()?;
        bytes.take(usize::from(name))?;
        let count = bytes.u16()?;
        let mut peers = Vec::new();
        for _ in 0..count {
            let kind = bytes.u8()?;
            bytes.u32()?;
            let addr = bytes.addr(kind & 1 != 0)?;
            let number = if kind & 2 == 0 { u32::from(bytes.u16()?) } else { bytes.u32()? };
            peers.push((named(addr), asn(number)));
        }
        Ok(Self(peers))
    }

    /// Who has this index. A table whose list of peers is missing still has its routes.
    #[inline]
    fn teller(&self, index: u16, time: Option<Timestamp>) -> Teller {
        let (peer, peer_as) = self.0.get(usize::from(index)).copied().unwrap_or_default();
        Teller { time, peer, peer_as }
    }
}

/// TABLE_DUMP: one prefix of one peer.
pub(super) fn dump(
    mut bytes: Bytes<'_>,
    v6: bool,
    width: Width,
    mut teller: Teller,
    out: &mut Vec<Said>,
) -> Result<bool, Reject> {
    bytes.u32()?;
    let addr = bytes.addr(v6)?;
    let prefix = net(addr, bytes.u8()?)?;
    // Status, and when the route came.
    bytes.take(5)?;
    teller.peer = named(bytes.addr(v6)?);
    teller.peer_as = asn(match width {
        Width::Two => u32::from(bytes.u16()?),
        Width::Four => bytes.u32()?,
    });
    let length = bytes.u16()?;
    let attributes = Attributes::read(bytes.take(usize::from(length))?)?;
    out.push(teller.announces(prefix, None, &attributes.path(width)?, attributes.next_hop_in_table(v6)));
    Ok(bytes.0.is_empty())
}

/// AFI and SAFI specific records of TABLE_DUMP_V2: one prefix, and what each peer says of it.
pub(super) fn rib(
    mut bytes: Bytes<'_>,
    v6: bool,
    ids: bool,
    peers: &Peers,
    time: Option<Timestamp>,
    out: &mut Vec<Said>,
) -> Result<bool, Reject> {
    bytes.u32()?;
    let prefix = prefix(&mut bytes, v6)?;
    entries(bytes, (prefix, None), v6, ids, (peers, time), out)
}

/// RIB_GENERIC: the same for any kind of prefix. RFC 8050 4.3 puts the path identifier in front of the prefix; GoBGP and
/// OpenBGPD put one in each entry, as in the other records. The reading that ends with the record is the right one.
pub(super) fn generic(
    mut bytes: Bytes<'_>,
    ids: bool,
    peers: &Peers,
    time: Option<Timestamp>,
    out: &mut Vec<Said>,
) -> Result<bool, Reject> {
    bytes.u32()?;
    let (afi, safi) = (bytes.u16()?, bytes.u8()?);
    let Some(Family { v6, .. }) = Family::of(afi, safi) else { return Ok(true) };
    let mut read = |mut bytes: Bytes<'_>, in_front: bool, in_entries: bool| {
        out.clear();
        let id = if in_front { Some(bytes.u32()?) } else { None };
        let prefix = prefix(&mut bytes, v6)?;
        entries(bytes, (prefix, id), v6, in_entries, (peers, time), out)
    };
    match read(bytes, false, ids) {
        Ok(true) => Ok(true),
        _ if ids => read(bytes, true, false),
        otherwise => otherwise,
    }
}

/// The entries for one prefix, up to the end of the record.
fn entries(
    mut bytes: Bytes<'_>,
    (prefix, id): (IpNet, Option<u32>),
    v6: bool,
    ids: bool,
    (peers, time): (&Peers, Option<Timestamp>),
    out: &mut Vec<Said>,
) -> Result<bool, Reject> {
    for _ in 0..bytes.u16()? {
        let peer = bytes.u16()?;
        // When the route came.
        bytes.u32()?;
        let id = if ids { Some(bytes.u32()?) } else { id };
        let length = bytes.u16()?;
        let attributes = Attributes::read(bytes.take(usize::from(length))?)?;
        let path = attributes.path(Width::Four)?;
        out.push(peers.teller(peer, time).announces(prefix, id, &path, attributes.next_hop_in_table(v6)));
    }
    Ok(bytes.0.is_empty())
}

/// BGP4MP_ENTRY: one prefix of one peer, with two-byte numbers.
pub(super) fn session_entry(mut bytes: Bytes<'_>, mut teller: Teller, out: &mut Vec<Said>) -> Result<bool, Reject> {
    teller.peer_as = asn(u32::from(bytes.u16()?));
    // The collector's AS, the interface.
    bytes.take(4)?;
    let v6 = is_v6(bytes.u16()?)?;
    teller.peer = named(bytes.addr(v6)?);
    bytes.addr(v6)?;
    // View, status, when the route came.
    bytes.take(8)?;
    let (afi, safi) = (bytes.u16()?, bytes.u8()?);
    let length = bytes.u8()?;
    let hop = bytes.take(usize::from(length))?;
    let Some(Family { v6, .. }) = Family::of(afi, safi) else { return Ok(true) };
    let hop = matches!(hop.len(), 4 | 16).then(|| Bytes(hop).addr(hop.len() == 16).ok().and_then(named)).flatten();
    let prefix = prefix(&mut bytes, v6)?;
    let length = bytes.u16()?;
    let attributes = Attributes::read(bytes.take(usize::from(length))?)?;
    out.push(teller.announces(prefix, None, &attributes.path(Width::Two)?, hop.or(attributes.next_hop_in_table(v6))));
    Ok(bytes.0.is_empty())
}

/// A prefix from an address and a length; bits beyond the length are cleared.
fn net(addr: IpAddr, bits: u8) -> Result<IpNet, Reject> {
    match addr {
        IpAddr::V4(a) => Ipv4Net::new(a, bits).map(|net| IpNet::V4(net.trunc())),
        IpAddr::V6(a) => Ipv6Net::new(a, bits).map(|net| IpNet::V6(net.trunc())),
    }
    .map_err(|_| Reject("a prefix is longer than an address"))
}
