//! An `AF_PACKET` socket of our own (packet(7)): what `pnet` does not offer is set and read here, through the same
//! file descriptor that is then mapped as a ring or handed to `pnet`.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use super::block::LinkType;
use crate::model::time::Timestamp;

/// `SIOCGSTAMPNS_NEW`: `_IOR(0x89, 0x07, long long[2])` in the usual encoding; Linux 5.1 and later.
const TIMESTAMP_OF_LAST: libc::c_ulong = 0x8010_8907;
/// `BPF_RET | BPF_K`: a filter program of this one instruction with k = 0 drops every packet.
const RETURN_CONSTANT: u16 = 0x06;

/// A socket that is bound to one interface and drops everything until it is [released](Self::release).
#[derive(Debug)]
pub(super) struct PacketSocket {
    fd: OwnedFd,
    link: LinkType,
}

impl PacketSocket {
    /// Opens the socket. Its protocol is 0 and a filter refuses everything, so that nothing of another interface
    /// comes in before `bind`, and nothing twice before all members of a fanout group have joined.
    ///
    /// # Errors
    /// Those of the system calls (`EPERM` without `CAP_NET_RAW`), or a hardware type without a link type.
    pub(super) fn open(index: u32, loopback: bool) -> io::Result<Self> {
        // SAFETY: socket(2) takes no pointer.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut nothing = [libc::sock_filter { code: RETURN_CONSTANT, jt: 0, jf: 0, k: 0 }];
        let program = libc::sock_fprog { len: 1, filter: nothing.as_mut_ptr() };
        set(&fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)?;
        if loopback {
            // On loopback every packet passes twice, out and in. Before Linux 4.20 it is then seen twice.
            let _ = set::<libc::c_int>(&fd, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1);
        }
        // SAFETY: sockaddr_ll is plain data for which all zeros is a value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        let mut length = mem::size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index as i32;
        // SAFETY: the pointer and length describe `address`.
        if unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: likewise; the kernel writes at most `length` bytes.
        if unsafe { libc::getsockname(fd.as_raw_fd(), (&raw mut address).cast(), &raw mut length) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let link = link_of_hardware(address.sll_hatype).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!("hardware type {} has no link type that Rutter knows", address.sll_hatype),
            )
        })?;
        Ok(Self { fd, link })
    }

    /// Link type of the frames.
    pub(super) fn link(&self) -> LinkType {
        self.link
    }

    /// Gives the descriptor away.
    pub(super) fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// Frames for other stations too, where the network delivers them.
    pub(super) fn promiscuous(&self, index: u32) -> io::Result<()> {
        let all = libc::packet_mreq {
            mr_ifindex: index as i32,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        set(&self.fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &all)
    }

    /// Asks for a receive buffer of `bytes`: beyond the system's limit if we may (`CAP_NET_ADMIN`), else up to it.
    pub(super) fn receive_buffer(&self, bytes: usize) -> io::Result<()> {
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX / 2);
        set(&self.fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes)
            .or_else(|_| set(&self.fd, libc::SOL_SOCKET, libc::SO_RCVBUF, &bytes))
    }

    /// Joins a fanout group: each packet goes to one member, all packets of a flow (both directions) to the same.
    pub(super) fn join(&self, group: u16) -> io::Result<()> {
        set(&self.fd, libc::SOL_PACKET, libc::PACKET_FANOUT, &(u32::from(group) | libc::PACKET_FANOUT_HASH << 16))
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// Lets packets in.
pub(super) fn release(fd: &impl AsRawFd) -> io::Result<()> {
    set::<libc::c_int>(fd, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &0)
}

/// A fanout group that no other program on this network uses: joining somebody else's would take packets from both.
/// The kernel chooses it for a socket that is closed again, because `pnet` can join a group but not ask for one.
pub(super) fn fresh_group(index: u32) -> io::Result<u16> {
    let scout = PacketSocket::open(index, false)?;
    let choose = (libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_UNIQUEID) << 16;
    match set(&scout.fd, libc::SOL_PACKET, libc::PACKET_FANOUT, &choose) {
        Ok(()) => get::<u32>(&scout.fd, libc::SOL_PACKET, libc::PACKET_FANOUT).map(|group| group as u16),
        // Before Linux 4.14 the number is the program's to choose.
        Err(_) => Ok(std::process::id() as u16),
    }
}

/// Packets that the kernel dropped for this socket since the last question (`PACKET_STATISTICS` starts anew).
pub(super) fn drops(fd: &impl AsRawFd) -> io::Result<u64> {
    // A version 1 socket fills in the first two fields only; the rest stays 0.
    get::<libc::tpacket_stats_v3>(fd, libc::SOL_PACKET, libc::PACKET_STATISTICS).map(|stats| u64::from(stats.tp_drops))
}

/// Datagrams that the kernel dropped for this UDP socket because its buffer was full, since it was opened (`SO_MEMINFO`, sock_diag(7)).
pub(super) fn datagrams_dropped(fd: &impl AsRawFd) -> io::Result<u64> {
    /// Index of the count among the nine words.
    const SK_MEMINFO_DROPS: usize = 8;
    let words = get::<[u32; 9]>(fd, libc::SOL_SOCKET, libc::SO_MEMINFO)?;
    Ok(u64::from(words[SK_MEMINFO_DROPS]))
}

/// The pending error of the socket, which is thereby cleared.
pub(super) fn pending_error(fd: &impl AsRawFd) -> Option<io::Error> {
    match get::<libc::c_int>(fd, libc::SOL_SOCKET, libc::SO_ERROR) {
        Ok(0) => None,
        Ok(code) => Some(io::Error::from_raw_os_error(code)),
        Err(error) => Some(error),
    }
}

/// When the kernel took in the packet that was received last. The first question switches the stamping on.
///
/// # Errors
/// `ENOENT` before the first packet; `ENOTTY` from a kernel that does not know the question (before 5.1).
pub(super) fn last_timestamp(fd: &impl AsRawFd) -> io::Result<Timestamp> {
    let mut at = [0_i64; 2];
    // SAFETY: this request writes two 64-bit words, seconds and nanoseconds, to the address given.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), TIMESTAMP_OF_LAST as _, at.as_mut_ptr()) };
    if done == 0 { Ok(stamp(at[0], at[1])) } else { Err(io::Error::last_os_error()) }
}

/// Seconds and nanoseconds since the epoch.
pub(super) fn stamp(seconds: i64, nanoseconds: i64) -> Timestamp {
    Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
}

/// Waits until there is something to read; `false` if nothing came in time.
///
/// # Errors
/// The pending error of the socket.
pub(super) fn wait(fd: &impl AsRawFd, patience: Duration) -> io::Result<bool> {
    let mut what = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let patience = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one pollfd at a valid address.
    let n = unsafe { libc::poll(&raw mut what, 1, patience) };
    if n < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok(false) } else { Err(error) };
    }
    if what.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0
        && let Some(error) = pending_error(fd)
    {
        return Err(error);
    }
    Ok(what.revents & libc::POLLIN != 0)
}

/// The link type that frames of a device of this hardware type (`ARPHRD_*`, if_arp.h) have on an `AF_PACKET` socket.
fn link_of_hardware(hardware: u16) -> Option<LinkType> {
    /// Numbers of if_arp.h that the binding lacks.
    const RAWIP: u16 = 519;
    const IP6GRE: u16 = 823;
    Some(LinkType(match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => 1,
        libc::ARPHRD_IEEE802 | libc::ARPHRD_IEEE802_TR => 6,
        libc::ARPHRD_FDDI => 10,
        // No header of their own, or an IP header around the packet: IP comes first in either case.
        libc::ARPHRD_NONE
        | libc::ARPHRD_PPP
        | RAWIP
        | libc::ARPHRD_TUNNEL
        | libc::ARPHRD_TUNNEL6
        | libc::ARPHRD_SIT
        | libc::ARPHRD_IPGRE
        | IP6GRE => 101,
        libc::ARPHRD_HDLC => 104,
        libc::ARPHRD_IEEE80211 => 105,
        libc::ARPHRD_IEEE80211_PRISM => 119,
        libc::ARPHRD_IEEE80211_RADIOTAP => 127,
        libc::ARPHRD_IEEE802154 => 195,
        _ => return None,
    }))
}

/// setsockopt(2).
pub(super) fn set<T>(fd: &impl AsRawFd, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = mem::size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes of `value`, which outlives the call.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Values that are plain integers throughout: every bit pattern is one of them.
pub(super) trait Plain: Copy {}
impl Plain for libc::c_int {}
impl Plain for u32 {}
impl Plain for [u32; 9] {}
impl Plain for libc::tpacket_stats_v3 {}

/// getsockopt(2).
fn get<T: Plain>(fd: &impl AsRawFd, level: libc::c_int, option: libc::c_int) -> io::Result<T> {
    // SAFETY: all zeros is a value of a plain type.
    let mut value: T = unsafe { mem::zeroed() };
    let mut length = mem::size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `value`.
    let done = unsafe { libc::getsockopt(fd.as_raw_fd(), level, option, (&raw mut value).cast(), &raw mut length) };
    if done == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_types_become_link_types() {
        assert_eq!(link_of_hardware(1), Some(LinkType(1)));
        assert_eq!(link_of_hardware(772), Some(LinkType(1)), "loopback frames have an Ethernet header");
        assert_eq!(link_of_hardware(0xfffe), Some(LinkType(101)), "tun");
        assert_eq!(link_of_hardware(512), Some(LinkType(101)), "ppp");
        assert_eq!(link_of_hardware(803), Some(LinkType(127)));
        assert_eq!(link_of_hardware(32), None, "InfiniBand");
    }

    #[test]
    fn stamps_saturate() {
        assert_eq!(stamp(1, 5), Timestamp(1_000_000_005));
        assert_eq!(stamp(i64::MAX, 5), Timestamp(i64::MAX));
    }
}
