//! A UDP port as if it were an interface: routers send their flow exports to it, and what arrives is handed on as the packet
//! that it was, so that nothing behind has to know the difference. No privilege is needed.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::live::{Frame, FrameSource};
use super::packet_socket;
use crate::model::net::unmapped;

/// What an interface is called that is a port: `udp:192.0.2.1:2055`, `udp:[::]:4739`.
const PREFIX: &str = "udp:";
/// Datagrams taken before anything else is looked at.
const AT_ONCE: usize = 512;
/// Longest UDP payload.
const LONGEST: usize = 65_535;
/// Bytes of the longest headers put in front: IPv6 and UDP.
const HEADERS: usize = 48;

/// The address of a port that is given as an interface; `None` if it is none.
#[must_use]
pub(super) fn address(name: &str) -> Option<Result<SocketAddr, String>> {
    let text = name.strip_prefix(PREFIX)?;
    Some(text.parse().map_err(|_| format!("{name}: expected {PREFIX}ADDRESS:PORT, for example {PREFIX}0.0.0.0:2055")))
}

/// A bound port.
#[derive(Debug)]
pub(super) struct Listener {
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Vec<u8>,
    dropped: u64,
}

impl Listener {
    /// Binds the port and asks for `bytes` of receive buffer.
    ///
    /// # Errors
    /// Those of the system calls.
    pub(super) fn bind(address: SocketAddr, bytes: usize) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX / 2);
        // Up to the system's limit; the default does too.
        let _ = packet_socket::set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, &bytes);
        // The first question switches the kernel's time stamps on.
        let _ = packet_socket::last_timestamp(&socket);
        let local = socket.local_addr()?;
        Ok(Self { socket, local, buffer: vec![0; HEADERS + LONGEST], dropped: 0 })
    }
}

/// Puts IP and UDP headers around the payload that lies behind [`HEADERS`] in `buffer`; where the packet begins. Checksums are
/// left out: the kernel has checked them.
fn wrap(buffer: &mut [u8], payload: usize, from: SocketAddr, to: SocketAddr) -> Option<usize> {
    let udp = u16::try_from(payload + 8).ok()?;
    let src = unmapped(from.ip());
    // Bound to all addresses of both families: the receiving one is not known.
    let dst = match unmapped(to.ip()) {
        dst if dst.is_ipv4() == src.is_ipv4() => dst,
        _ if src.is_ipv4() => IpAddr::from([0; 4]),
        _ => IpAddr::from([0_u16; 8]),
    };
    let head = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let total = u16::try_from(payload + 28).ok()?;
            let mut head = vec![0x45, 0];
            head.extend_from_slice(&total.to_be_bytes());
            head.extend_from_slice(&[0, 0, 0, 0, 64, 17, 0, 0]);
            head.extend_from_slice(&src.octets());
            head.extend_from_slice(&dst.octets());
            head
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let mut head = vec![0x60, 0, 0, 0];
            head.extend_from_slice(&udp.to_be_bytes());
            head.extend_from_slice(&[17, 64]);
            head.extend_from_slice(&src.octets());
            head.extend_from_slice(&dst.octets());
            head
        }
        _ => return None,
    };
    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes(), udp.to_be_bytes(), [0, 0]].concat();
    let start = HEADERS - head.len() - ports.len();
    buffer.get_mut(start..start + head.len())?.copy_from_slice(&head);
    buffer.get_mut(start + head.len()..HEADERS)?.copy_from_slice(&ports);
    Some(start)
}

impl FrameSource for Listener {
    fn wait(&mut self, patience: Duration, take: &mut dyn FnMut(&Frame<'_>)) -> io::Result<usize> {
        if !packet_socket::wait(&self.socket, patience)? {
            return Ok(0);
        }
        for taken in 0..AT_ONCE {
            let (n, from) = match self.socket.recv_from(self.buffer.get_mut(HEADERS..).unwrap_or_default()) {
                Ok(got) => got,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(taken),
                // Somebody refused a packet that we never sent: of no concern here.
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => continue,
                Err(e) => return Err(e),
            };
            let ts = packet_socket::last_timestamp(&self.socket)?;
            let Some(start) = wrap(&mut self.buffer, n, from, self.local) else { continue };
            let bytes = self.buffer.get(start..HEADERS + n).unwrap_or_default();
            take(&Frame { bytes, wirelen: bytes.len() as u32, ts, vlan: None });
        }
        Ok(AT_ONCE)
    }

    fn drops(&mut self) -> io::Result<u64> {
        let dropped = packet_socket::datagrams_dropped(&self.socket)?;
        let new = dropped.saturating_sub(self.dropped);
        self.dropped = dropped;
        Ok(new)
    }

    fn release(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_told_from_interfaces() {
        assert!(address("eth0").is_none());
        assert_eq!(address("udp:127.0.0.1:2055"), Some(Ok("127.0.0.1:2055".parse().unwrap())));
        assert_eq!(address("udp:[::1]:4739"), Some(Ok("[::1]:4739".parse().unwrap())));
        assert!(address("udp:2055").is_some_and(|a| a.is_err()));
    }

    #[test]
    fn a_datagram_comes_as_the_packet_that_it_was() {
        let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap(), 1 << 20).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"\x00\x05payload", listener.local).unwrap();
        let mut got: Vec<Vec<u8>> = Vec::new();
        for _ in 0..50 {
            listener
                .wait(Duration::from_millis(100), &mut |frame| {
                    assert!(frame.ts.0 > 0);
                    got.push(frame.bytes.to_vec());
                })
                .unwrap();
            if !got.is_empty() {
                break;
            }
        }
        assert_eq!((got[0].len(), got[0][0], got[0][9]), (28 + 9, 0x45, 17));
        assert_eq!(&got[0][12..16], &[127, 0, 0, 1]);
        assert_eq!(got[0][20..22], sender.local_addr().unwrap().port().to_be_bytes());
        assert_eq!(got[0][22..24], listener.local.port().to_be_bytes());
        assert_eq!(&got[0][28..], b"\x00\x05payload");
        assert_eq!(listener.drops().unwrap(), 0);
    }

    #[test]
    fn both_families_are_wrapped() {
        let mut buffer = vec![0; HEADERS + 4];
        let v6 = "[2001:db8::1]:9".parse().unwrap();
        let start = wrap(&mut buffer, 4, v6, "[::]:4739".parse().unwrap()).unwrap();
        assert_eq!((start, buffer[start] >> 4, buffer[start + 6]), (0, 6, 17));
        let mapped = "[::ffff:192.0.2.1]:9".parse().unwrap();
        let start = wrap(&mut buffer, 4, mapped, "[::]:4739".parse().unwrap()).unwrap();
        assert_eq!((buffer[start] >> 4, &buffer[start + 12..start + 16]), (4, &[192, 0, 2, 1][..]));
    }
}
