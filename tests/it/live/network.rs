//! A network of its own for whoever captures: in a namespace, so nothing leaves the machine and nothing of the machine's
//! traffic is seen. Needs root (or `CAP_NET_RAW`, `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`) and `ip`. Shared with
//! `benches/loss.rs`.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

use rutter::source::block::Block;
use rutter::source::live::{Blocks, Next};

/// Where packets are sent to.
pub(crate) const PORT: u16 = 40_123;

/// Runs `test` on a thread that has a network of its own: `lo` (up), and `va` (10.99.0.1) wired to `vb`.
/// Whoever sends to 10.99.0.2 from `va` is heard on `vb`, where nobody answers.
pub(crate) fn in_private_network(test: impl FnOnce() + Send) {
    if Command::new("ip").arg("-V").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: no `ip` (iproute2)");
        return;
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: takes no pointer; changes the network namespace of this thread only.
            if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
                eprintln!("skipped: no network namespace: {}", std::io::Error::last_os_error());
                return;
            }
            for line in [
                "link set lo up",
                "link add va address 02:00:00:00:00:01 type veth peer name vb address 02:00:00:00:00:02",
                "addr add 10.99.0.1/24 dev va",
                "link set va up",
                "link set vb up",
                "neigh replace 10.99.0.2 lladdr 02:00:00:00:00:02 dev va nud permanent",
            ] {
                if !ip(line) {
                    eprintln!("skipped: ip {line} failed");
                    return;
                }
            }
            test();
        });
    });
}

pub(crate) fn ip(line: &str) -> bool {
    Command::new("ip").args(line.split(' ')).status().is_ok_and(|s| s.success())
}

/// A socket that sends to PORT of `host`.
pub(crate) fn sender(host: &str) -> UdpSocket {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect((host, PORT)).unwrap();
    socket
}

/// Sends numbered packets.
pub(crate) fn send(socket: &UdpSocket, count: u32) {
    for n in 0..count {
        let mut bytes = [0_u8; 60];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        // On loopback the answer "port unreachable" comes back as an error of the next send.
        while socket.send(&bytes).is_err() {}
    }
}

/// Numbers of our packets in a block: Ethernet, IPv4 without options, UDP to PORT.
pub(crate) fn ours(block: &Block) -> impl Iterator<Item = (u32, i64)> {
    block.records.iter().filter_map(|r| {
        let b = block.bytes(r);
        (b.get(12..14)? == [8, 0] && b.get(23)? == &17 && b.get(36..38)? == PORT.to_be_bytes())
            .then(|| Some((u32::from_be_bytes(b.get(42..46)?.try_into().ok()?), r.ts.0)))?
    })
}

/// Takes blocks until `count` of our packets came, or nothing more comes; their numbers and times.
pub(crate) fn collect(blocks: &Blocks, count: usize) -> Vec<(u32, i64)> {
    let mut seen = Vec::new();
    let mut quiet = 0;
    while seen.len() < count && quiet < 10 {
        match blocks.next(Duration::from_millis(100)) {
            Next::Block(captured) => {
                quiet = 0;
                seen.extend(ours(&captured.block));
                blocks.recycle(captured.block);
            }
            Next::Quiet => quiet += 1,
            Next::Ended => break,
        }
    }
    seen
}
