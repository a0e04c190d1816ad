//! What holds for every frame, whichever reader reads it.

use rutter::decode::packet::{self, LayerSink, MAX_NESTING, Packet, Transport};
use rutter::decode::plain;
use rutter::model::evidence::TunnelKind;
use rutter::model::net::PackedAddr;

/// Link types that are read, and some that are not.
pub const LINKS: [u16; 32] = [
    1, 0, 6, 9, 10, 12, 14, 50, 51, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 163, 166, 189, 195, 204, 220, 228, 229,
    239, 249, 258, 276, 0x8003,
];

/// Counts what it is told.
#[derive(Default)]
pub struct Layers {
    /// IP headers.
    pub headers: usize,
    /// Tunnels.
    pub tunnels: usize,
}

impl LayerSink for Layers {
    fn ip(&mut self, _: PackedAddr, _: PackedAddr) {
        self.headers += 1;
    }
    fn tunnel(&mut self, _: TunnelKind, _: (PackedAddr, PackedAddr), _: Option<u32>) {
        self.tunnels += 1;
    }
}

/// A packet lies within the bytes that it was read from.
pub fn check(packet: &Packet, frame: &[u8], told: &Layers) {
    assert!(told.headers > 0, "a packet without a header");
    assert!(told.tunnels <= MAX_NESTING && told.headers <= MAX_NESTING + 1, "nested too deeply");
    assert!(packet.end as usize <= frame.len() && packet.ip_at < packet.end, "{packet:?} of {} bytes", frame.len());
    assert!(packet.l4_at > packet.ip_at, "{packet:?}");
}

/// Reads a frame with the general reader and, where it is plain, with the fast one; both say the same.
pub fn frame(link: u16, frame: &[u8]) -> Option<Packet> {
    let mut told = Layers::default();
    let read = packet::dissect(link, frame, &mut told);
    if let Ok(Some(packet)) = &read {
        check(packet, frame, &told);
    }
    if let Some(fast) = plain::read(frame).filter(|_| link == 1) {
        let Ok(Some(general)) = &read else { panic!("the general reader sees no packet: {read:?}") };
        agree(&fast, general, frame, &told);
    }
    read.ok().flatten()
}

fn agree(fast: &plain::Plain<'_>, general: &Packet, frame: &[u8], told: &Layers) {
    assert_eq!((told.tunnels, general.inner_error), (0, None));
    assert_eq!(fast.ends(), (general.src, general.dst));
    assert_eq!(fast.ports(), (general.sport, general.dport));
    assert_eq!((fast.proto(), fast.transport(), fast.ttl()), (general.proto, general.transport, general.ttl));
    assert_eq!((fast.tcp_flags(), fast.ip_id()), (general.tcp_flags, general.ip_id));
    assert_eq!((fast.ip_len(), fast.ip_at(), fast.end()), (general.ip_len, general.ip_at, general.end));
    assert_eq!(u32::from(fast.header()), general.l4_at - general.ip_at);
    let l4 = &frame[general.l4_at as usize..general.end as usize];
    let word = |at: usize| u32::from_be_bytes([l4[at], l4[at + 1], l4[at + 2], l4[at + 3]]);
    let tcp = general.transport == Transport::Tcp;
    assert_eq!((fast.seq(), fast.ack()), if tcp { (word(4), word(8)) } else { (0, 0) });
    assert_eq!(fast.speaks(), tcp && plain::speaks(general.sport, l4, usize::from(l4[12] >> 4) * 4));
}
