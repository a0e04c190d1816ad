//! UPDATE (RFC 4271 4.3): one statement per prefix that is announced or taken back.

use std::net::IpAddr;

use ipnet::IpNet;
use smallvec::SmallVec;

use super::super::record::Reject;
use super::attributes::Attributes;
use super::bytes::Bytes;
use super::path::{Path, Width};
use super::prefix::{Family, PathIds, have_path_ids, prefix};
use crate::model::net::Asn;
use crate::model::record::{Announcement, Said, Saying};
use crate::model::time::Timestamp;

/// Type of an UPDATE.
pub(super) const UPDATE: u8 = 2;
/// Length of the head of a BGP message: marker, length, type.
pub(super) const HEAD: usize = 19;

/// Who said it, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Teller {
    pub(super) time: Option<Timestamp>,
    pub(super) peer: Option<IpAddr>,
    pub(super) peer_as: Option<Asn>,
}

impl Teller {
    /// A route of this peer.
    #[inline]
    pub(super) fn announces(&self, prefix: IpNet, path_id: Option<u32>, path: &Path, next_hop: Option<IpAddr>) -> Said {
        self.says(Announcement {
            prefix,
            path_id,
            path: SmallVec::from_slice(&path.ases),
            origins: path.origins.clone(),
            peer: self.peer,
            peer_as: self.peer_as,
            next_hop,
            withdrawn: false,
        })
    }

    #[inline]
    fn withdraws(&self, prefix: IpNet, path_id: Option<u32>) -> Said {
        self.says(Announcement {
            prefix,
            path_id,
            path: SmallVec::new(),
            origins: SmallVec::new(),
            peer: self.peer,
            peer_as: self.peer_as,
            next_hop: None,
            withdrawn: true,
        })
    }

    #[inline]
    fn says(&self, announcement: Announcement) -> Said {
        Said { time: self.time, fact: Saying::Announcement(Box::new(announcement)) }
    }
}

/// How the two ends of a session write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    /// Width of AS numbers, unless only the other one fits.
    pub(super) width: Width,
    /// By [`Family::index`].
    pub(super) path_ids: [PathIds; 4],
}

impl Writing {
    pub(super) fn new(width: Width, path_ids: PathIds) -> Self {
        Self { width, path_ids: [path_ids; 4] }
    }

    fn path_ids(&self, family: Family) -> PathIds {
        self.path_ids.get(family.index()).copied().unwrap_or_default()
    }
}

/// Type and body of the BGP message at the front (RFC 4271 4.1). The marker is not looked at: what stands around it says that
/// there is a message.
pub(super) fn message<'a>(bytes: &mut Bytes<'a>) -> Result<(u8, &'a [u8]), Reject> {
    bytes.take(16)?;
    let length = usize::from(bytes.u16()?);
    let kind = bytes.u8()?;
    let body = length.checked_sub(HEAD).ok_or(Reject("a BGP message that is shorter than its head"))?;
    Ok((kind, bytes.take(body)?))
}

/// Reads the body of an UPDATE. Of a broken one nothing is said.
pub(super) fn update(body: &[u8], writing: &Writing, teller: &Teller, out: &mut Vec<Said>) -> Result<(), Reject> {
    let before = out.len();
    let read = whole_update(body, writing, teller, out);
    if read.is_err() {
        out.truncate(before);
    }
    read
}

fn whole_update(body: &[u8], writing: &Writing, teller: &Teller, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut bytes = Bytes(body);
    let n = usize::from(bytes.u16()?);
    let withdrawn = bytes.take(n)?;
    let n = usize::from(bytes.u16()?);
    let attributes = Attributes::read(bytes.take(n)?)?;
    let announced = bytes.0;

    each(withdrawn, Family::V4, writing, |prefix, id| out.push(teller.withdraws(prefix, id)))?;
    if let Some(unreach) = attributes.unreach()?
        && let Some(family) = unreach.family
    {
        each(unreach.prefixes, family, writing, |prefix, id| out.push(teller.withdraws(prefix, id)))?;
    }
    let reach = attributes.reach()?;
    if announced.is_empty() && reach.is_none() {
        return Ok(());
    }
    let path = attributes.path(writing.width)?;
    let next_hop = attributes.next_hop();
    each(announced, Family::V4, writing, |prefix, id| out.push(teller.announces(prefix, id, &path, next_hop)))?;
    if let Some(reach) = reach
        && let Some(family) = reach.family
    {
        each(reach.prefixes, family, writing, |prefix, id| out.push(teller.announces(prefix, id, &path, reach.next_hop)))?;
    }
    Ok(())
}

fn each(list: &[u8], family: Family, writing: &Writing, mut say: impl FnMut(IpNet, Option<u32>)) -> Result<(), Reject> {
    if list.is_empty() {
        return Ok(());
    }
    let ids = have_path_ids(list, family.v6, writing.path_ids(family))?;
    let mut bytes = Bytes(list);
    while !bytes.0.is_empty() {
        let id = if ids { Some(bytes.u32()?) } else { None };
        say(prefix(&mut bytes, family.v6)?, id);
    }
    Ok(())
}
