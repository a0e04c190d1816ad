//! Big-endian fields from the front of a slice; every length is checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::record::Reject;
use crate::model::net::unmapped;

const CUT: Reject = Reject("a length points past the end of its record");

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    #[inline]
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], Reject> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Reject> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(CUT)?;
        self.0 = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, Reject> {
        self.array().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, Reject> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, Reject> {
        self.array().map(u32::from_be_bytes)
    }

    /// An address of 4 or 16 bytes.
    #[inline]
    pub(super) fn addr(&mut self, v6: bool) -> Result<IpAddr, Reject> {
        if v6 {
            self.array::<16>().map(|b| IpAddr::V6(Ipv6Addr::from(b)))
        } else {
            self.array::<4>().map(|b| IpAddr::V4(Ipv4Addr::from(b)))
        }
    }
}

/// An address that a field names. The unspecified address is how writers leave the field empty.
#[inline]
pub(super) fn named(addr: IpAddr) -> Option<IpAddr> {
    Some(unmapped(addr)).filter(|a| !a.is_unspecified())
}
