//! Prefixes as BGP writes them (RFC 4271 4.3), with and without path identifiers (RFC 7911 3).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::record::Reject;
use super::bytes::Bytes;

/// What kind of prefix: address family and whether it is for multicast. The others are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) v6: bool,
    pub(super) multicast: bool,
}

impl Family {
    pub(super) const V4: Self = Self { v6: false, multicast: false };

    /// AFI 1 and 2 with SAFI 1 and 2 (RFC 4760).
    pub(super) fn of(afi: u16, safi: u8) -> Option<Self> {
        let v6 = is_v6(afi).ok()?;
        matches!(safi, 1 | 2).then_some(Self { v6, multicast: safi == 2 })
    }

    /// 0 to 3, to keep something for each.
    pub(super) fn index(self) -> usize {
        usize::from(self.v6) | usize::from(self.multicast) << 1
    }
}

/// Address family 1 or 2.
pub(super) fn is_v6(afi: u16) -> Result<bool, Reject> {
    match afi {
        1 => Ok(false),
        2 => Ok(true),
        _ => Err(Reject("an address family that is neither IPv4 nor IPv6")),
    }
}

/// One prefix: its length in bits, and as many bytes as that takes. Bits beyond the length are cleared.
#[inline]
pub(super) fn prefix(bytes: &mut Bytes<'_>, v6: bool) -> Result<IpNet, Reject> {
    const LONG: Reject = Reject("a prefix is longer than an address");
    let bits = bytes.u8()?;
    let n = usize::from(bits).div_ceil(8);
    if v6 {
        let mut addr = [0; 16];
        addr.get_mut(..n).ok_or(LONG)?.copy_from_slice(bytes.take(n)?);
        Ipv6Net::new(Ipv6Addr::from(addr), bits).map(|net| IpNet::V6(net.trunc())).map_err(|_| LONG)
    } else {
        let mut addr = [0; 4];
        addr.get_mut(..n).ok_or(LONG)?.copy_from_slice(bytes.take(n)?);
        Ipv4Net::new(Ipv4Addr::from(addr), bits).map(|net| IpNet::V4(net.trunc())).map_err(|_| LONG)
    }
}

/// Does a path identifier of four bytes stand in front of each prefix?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PathIds {
    /// No.
    Without,
    /// Yes.
    With,
    /// What was agreed is not known: see [`have_path_ids`].
    #[default]
    Unknown,
}

/// A list of prefixes with or without path identifiers: is it whole, and is the default route among them?
fn walk(list: &[u8], v6: bool, ids: bool) -> (bool, bool) {
    let (mut bytes, mut default) = (Bytes(list), false);
    let most = if v6 { 128 } else { 32 };
    while !bytes.0.is_empty() {
        let bits = if ids { bytes.u32().and_then(|_| bytes.u8()) } else { bytes.u8() };
        let Ok(bits) = bits else { return (false, default) };
        if bits > most || bytes.take(usize::from(bits).div_ceil(8)).is_err() {
            return (false, default);
        }
        default |= bits == 0;
    }
    (true, default)
}

/// Whether a list of prefixes has path identifiers. Where both readings fit, small identifiers give themselves away:
/// their leading zeros read as default routes beside other prefixes, which no plain list has.
pub(super) fn have_path_ids(list: &[u8], v6: bool, agreed: PathIds) -> Result<bool, Reject> {
    const BROKEN: Reject = Reject("a list of prefixes that does not end where it should");
    match agreed {
        PathIds::Without => walk(list, v6, false).0.then_some(false).ok_or(BROKEN),
        PathIds::With => walk(list, v6, true).0.then_some(true).ok_or(BROKEN),
        PathIds::Unknown => {
            let (plain, default) = walk(list, v6, false);
            match (plain, walk(list, v6, true).0) {
                _ if list.is_empty() => Ok(false),
                (false, false) => Err(BROKEN),
                (true, false) => Ok(false),
                (false, true) => Ok(true),
                (true, true) => Ok(default),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_cut_to_their_length() {
        for (bytes, v6, expected) in [
            (&[24, 192, 0, 2][..], false, Some("192.0.2.0/24")),
            (&[20, 198, 51, 0xff], false, Some("198.51.240.0/20")),
            (&[0], false, Some("0.0.0.0/0")),
            (&[0], true, Some("::/0")),
            (&[32, 0x20, 1, 0xd, 0xb8], true, Some("2001:db8::/32")),
            (&[33, 1, 2, 3, 4, 5], false, None),
            (&[129, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17], true, None),
            (&[255], true, None),
            (&[24, 192, 0], false, None),
            (&[], false, None),
        ] {
            let read = prefix(&mut Bytes(bytes), v6).ok();
            assert_eq!(read.map(|p| p.to_string()).as_deref(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn path_identifiers_show_by_what_fits() {
        let plain = [24, 192, 0, 2, 24, 203, 0, 113];
        let with = [0, 0, 0, 5, 24, 192, 0, 2, 0, 0, 1, 7, 24, 203, 0, 113];
        assert_eq!(have_path_ids(&plain, false, PathIds::Unknown), Ok(false));
        assert_eq!(have_path_ids(&with, false, PathIds::Unknown), Ok(true));
        assert_eq!(have_path_ids(&[0], false, PathIds::Unknown), Ok(false));
        // Both readings fit here, but the plain one has three default routes beside 24.0.0.0/5 and 0.0.0.0/10.
        assert_eq!(have_path_ids(&[0, 0, 0, 5, 24, 10, 0, 2], false, PathIds::Unknown), Ok(true));
        // What was agreed is not guessed at: two plain /24 are one /24 with an identifier, too.
        assert_eq!(have_path_ids(&plain, false, PathIds::With), Ok(true));
        assert!(have_path_ids(&plain[..7], false, PathIds::Unknown).is_err());
        assert!(have_path_ids(&[40, 1, 2, 3, 4, 5], false, PathIds::Without).is_err());
        assert_eq!(prefix(&mut Bytes(&with[4..]), false).unwrap().to_string(), "192.0.2.0/24");
    }
}
