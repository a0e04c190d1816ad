//! A `TPACKET_V3` ring (packet_mmap in the kernel's documentation): the kernel writes frames into memory that we
//! share, block by block, and a system call is needed only to sleep. One recvfrom(2) per packet falls behind at
//! some ten thousand packets a second; this does not.

use std::io;
use std::mem::{self, offset_of};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::live::{Frame, FrameSource};
use super::packet_socket::{self, PacketSocket};

/// Bytes of a block of the ring. No frame may be longer; the kernel cuts it and says so.
const BLOCK: usize = 1 << 20;
/// After so many milliseconds the kernel hands over a block that is not full.
const RETIRE_MS: u32 = 20;
/// Unit in which the kernel checks the geometry; frames of version 3 have any length.
const FRAME: usize = 2048;
/// Where a block's status word stands.
const STATUS: usize = offset_of!(libc::tpacket_block_desc, hdr) + offset_of!(libc::tpacket_hdr_v1, block_status);

/// Memory shared with the kernel.
#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone, and nothing in it is tied to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(fd: RawFd, length: usize) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses touches no memory of ours.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { start, length })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is what `new` mapped, and no slice of it outlives `&self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// A ring and our place in it.
#[derive(Debug)]
pub(super) struct Ring {
    // The mapping goes before the socket.
    map: Mapping,
    fd: OwnedFd,
    blocks: usize,
    next: usize,
}

impl Ring {
    /// Turns a socket into a ring of about `bytes` (at least four blocks), and joins the fanout group.
    ///
    /// # Errors
    /// Without memory for the ring, or from a kernel without `TPACKET_V3` (before 3.2).
    pub(super) fn new(socket: PacketSocket, bytes: usize, group: Option<u16>) -> io::Result<Self> {
        let blocks = (bytes / BLOCK).clamp(4, 4096);
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        packet_socket::set(&socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK as u32,
            tp_block_nr: blocks as u32,
            tp_frame_size: FRAME as u32,
            tp_frame_nr: (blocks * (BLOCK / FRAME)) as u32,
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        packet_socket::set(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        let map = Mapping::new(socket.as_raw_fd(), blocks * BLOCK)?;
        if let Some(group) = group {
            socket.join(group)?;
        }
        Ok(Self { map, fd: socket.into_fd(), blocks, next: 0 })
    }

    /// The status word of the block whose turn it is.
    fn status(&self) -> &AtomicU32 {
        // SAFETY: `next` < `blocks`, so the word lies inside the mapping; blocks are page-aligned and `STATUS` is a
        // multiple of four; kernel and program change it only as a whole word. It lives as long as `self`.
        unsafe { AtomicU32::from_ptr(self.map.start.as_ptr().add(self.next * BLOCK + STATUS).cast()) }
    }
}

impl FrameSource for Ring {
    fn wait(&mut self, patience: Duration, take: &mut dyn FnMut(&Frame<'_>)) -> io::Result<usize> {
        // Acquire: what the kernel wrote before it gave the block away must be seen.
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            packet_socket::wait(&self.fd, patience)?;
            if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                return Ok(0);
            }
        }
        let n = {
            // SAFETY: the block lies inside the mapping, and while its status says TP_STATUS_USER the kernel does not
            // write to it. The slice is gone before the status changes below.
            let block = unsafe { std::slice::from_raw_parts(self.map.start.as_ptr().add(self.next * BLOCK), BLOCK) };
            walk(block, take)
        };
        // Release: our reads must be over before the kernel may write again.
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.blocks;
        Ok(n)
    }

    fn drops(&mut self) -> io::Result<u64> {
        packet_socket::drops(&self.fd)
    }

    fn release(&mut self) -> io::Result<()> {
        packet_socket::release(&self.fd)
    }
}

/// Hands over every frame of a block; their number. Offsets are checked although it is the kernel that wrote them.
fn walk(block: &[u8], take: &mut dyn FnMut(&Frame<'_>)) -> usize {
    const HEAD: usize = offset_of!(libc::tpacket_block_desc, hdr);
    let count = word(block, HEAD + offset_of!(libc::tpacket_hdr_v1, num_pkts)).unwrap_or(0);
    let mut at = word(block, HEAD + offset_of!(libc::tpacket_hdr_v1, offset_to_first_pkt)).unwrap_or(0) as usize;
    let mut taken = 0;
    for _ in 0..count {
        let Some(header) = block.get(at..at.saturating_add(mem::size_of::<libc::tpacket3_hdr>())) else { break };
        let field = |offset| word(header, offset).unwrap_or(0);
        let mac = half(header, offset_of!(libc::tpacket3_hdr, tp_mac)).unwrap_or(0);
        let start = at + usize::from(mac);
        let Some(bytes) = block.get(start..start.saturating_add(field(offset_of!(libc::tpacket3_hdr, tp_snaplen)) as usize))
        else {
            break;
        };
        let status = field(offset_of!(libc::tpacket3_hdr, tp_status));
        let tag = offset_of!(libc::tpacket3_hdr, hv1);
        let vlan = (status & libc::TP_STATUS_VLAN_VALID != 0).then(|| {
            let tci = field(tag + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci)) as u16;
            let tpid = half(header, tag + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid));
            (tpid.filter(|_| status & libc::TP_STATUS_VLAN_TPID_VALID != 0).unwrap_or(0x8100), tci)
        });
        let ts = packet_socket::stamp(
            i64::from(field(offset_of!(libc::tpacket3_hdr, tp_sec))),
            i64::from(field(offset_of!(libc::tpacket3_hdr, tp_nsec))),
        );
        take(&Frame { bytes, wirelen: field(offset_of!(libc::tpacket3_hdr, tp_len)), ts, vlan });
        taken += 1;
        match field(offset_of!(libc::tpacket3_hdr, tp_next_offset)) {
            0 => break,
            step => at = at.saturating_add(step as usize),
        }
    }
    taken
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    /// What the walk saw: bytes, length on the wire, time, tag.
    type Seen = (Vec<u8>, u32, Timestamp, Option<(u16, u16)>);

    fn seen(block: &[u8]) -> Vec<Seen> {
        let mut all = Vec::new();
        walk(block, &mut |f| all.push((f.bytes.to_vec(), f.wirelen, f.ts, f.vlan)));
        all
    }

    fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
        block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Two frames: the second tagged and cut off.
    fn block() -> Vec<u8> {
        let mut b = vec![0; 512];
        put(&mut b, 12, &2_u32.to_ne_bytes());
        put(&mut b, 16, &48_u32.to_ne_bytes());
        for (at, next, sec, snap, len, status, data) in
            [(48, 128_u32, 7_u32, 4_u32, 4_u32, 1_u32, b"abcd"), (176, 0, 8, 4, 1500, 1 | 1 << 4 | 1 << 6, b"efgh")]
        {
            for (offset, value) in [(0, next), (4, sec), (8, 9), (12, snap), (16, len), (20, status)] {
                put(&mut b, at + offset, &value.to_ne_bytes());
            }
            put(&mut b, at + 24, &66_u16.to_ne_bytes());
            put(&mut b, at + 32, &0x2064_u32.to_ne_bytes());
            put(&mut b, at + 36, &0x88a8_u16.to_ne_bytes());
            put(&mut b, at + 66, data);
        }
        b
    }

    #[test]
    fn every_frame_of_a_block_is_seen_with_its_time_and_tag() {
        assert_eq!(
            seen(&block()),
            [
                (b"abcd".to_vec(), 4, Timestamp(7_000_000_009), None),
                (b"efgh".to_vec(), 1500, Timestamp(8_000_000_009), Some((0x88a8, 0x2064))),
            ]
        );
    }

    #[test]
    fn a_tag_without_its_protocol_is_8021q() {
        let mut b = block();
        put(&mut b, 176 + 20, &(1_u32 | 1 << 4).to_ne_bytes());
        assert_eq!(seen(&b).pop().unwrap().3, Some((0x8100, 0x2064)));
    }

    #[test]
    fn offsets_that_point_outside_end_the_walk() {
        for (at, value) in [(16, 500_u32), (16, u32::MAX), (48 + 12, 4000), (48 + 12, u32::MAX)] {
            let mut b = block();
            put(&mut b, at, &value.to_ne_bytes());
            assert_eq!(seen(&b), [], "{value} at {at}");
        }
        let mut b = block();
        put(&mut b, 48, &u32::MAX.to_ne_bytes());
        assert_eq!(seen(&b).len(), 1);
        put(&mut b, 12, &u32::MAX.to_ne_bytes());
        put(&mut b, 48, &128_u32.to_ne_bytes());
        assert_eq!(seen(&b).len(), 2, "a wrong count ends at the last frame");
        assert_eq!(seen(&[]), []);
    }
}
