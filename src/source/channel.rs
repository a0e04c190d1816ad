//! The datalink channel of `pnet`: poll(2) and recvfrom(2) per packet. Slower than the ring, but it asks for
//! nothing but a packet socket. The socket is ours, so that the kernel's time stamps and drops can be read.
//!
//! What it cannot see: the VLAN tag that a network card has taken off, and the length of a frame that was cut.

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::time::Duration;

use pnet::datalink::{self, Channel, Config, DataLinkReceiver, FanoutOption, FanoutType, NetworkInterface};

use super::live::{Frame, FrameSource, PATIENCE, SNAP_LENGTH};
use super::packet_socket::{self, PacketSocket};

/// Frames taken before anything else is looked at.
const AT_ONCE: usize = 512;

/// The descriptor of a socket that `pnet` owns and closes.
struct Borrowed(RawFd);

impl AsRawFd for Borrowed {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// A receiving `pnet` channel.
pub(super) struct PnetChannel {
    receiver: Box<dyn DataLinkReceiver>,
    /// Valid as long as `receiver` lives.
    fd: Borrowed,
}

impl PnetChannel {
    /// Hands the socket to `pnet`, which joins the fanout group.
    ///
    /// # Errors
    /// Those of the system calls; a kernel before Linux 5.1.
    pub(super) fn new(
        socket: PacketSocket,
        interface: &NetworkInterface,
        promiscuous: bool,
        buffer: usize,
        group: Option<u16>,
    ) -> io::Result<Self> {
        socket.receive_buffer(buffer)?;
        // A packet without a time would be no evidence, so a kernel that does not tell it is refused here.
        match packet_socket::last_timestamp(&socket) {
            Err(e) if e.raw_os_error() != Some(libc::ENOENT) => return Err(e),
            _ => {}
        }
        let fd = Borrowed(socket.into_fd().into_raw_fd());
        let config = Config {
            write_buffer_size: 0,
            read_buffer_size: SNAP_LENGTH,
            read_timeout: Some(PATIENCE),
            linux_fanout: group.map(|group_id| FanoutOption {
                group_id,
                fanout_type: FanoutType::HASH,
                // Whole packets instead of the fragments that were on the wire would be another evidence.
                defrag: false,
                rollover: false,
            }),
            promiscuous,
            // From here on the descriptor is pnet's; it closes it when it fails, too.
            socket_fd: Some(fd.0),
            ..Config::default()
        };
        match datalink::channel(interface, config)? {
            Channel::Ethernet(_, receiver) => Ok(Self { receiver, fd }),
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }
}

impl FrameSource for PnetChannel {
    /// `pnet` fixes the patience when the channel is opened: [`PATIENCE`].
    fn wait(&mut self, _: Duration, take: &mut dyn FnMut(&Frame<'_>)) -> io::Result<usize> {
        for n in 0..AT_ONCE {
            match self.receiver.next() {
                Ok(bytes) => {
                    let ts = packet_socket::last_timestamp(&self.fd)?;
                    take(&Frame { bytes, wirelen: bytes.len() as u32, ts, vlan: None });
                }
                Err(e) if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    return Ok(n);
                }
                // pnet's own words for POLLERR hide the error, which is still pending.
                Err(e) => return Err(packet_socket::pending_error(&self.fd).unwrap_or(e)),
            }
        }
        Ok(AT_ONCE)
    }

    fn drops(&mut self) -> io::Result<u64> {
        packet_socket::drops(&self.fd)
    }

    fn release(&mut self) -> io::Result<()> {
        packet_socket::release(&self.fd)
    }
}
