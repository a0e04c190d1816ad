//! Decoded packets on their way to the shards.

use crate::decode::packet::{self, Packet, Transport};
use crate::decode::{http, icmp, tls};
use crate::model::evidence::TunnelKind;
use crate::model::net::{IpProtocol, PackedAddr};
use crate::model::time::Timestamp;

/// Number of shards, whatever the number of threads: what comes out must not depend on how many cores there were.
pub const SHARDS: usize = 16;

/// What a shard needs to know of a packet. Offsets count from the start of the block.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// Packet time.
    pub ts: Timestamp,
    /// Innermost source.
    pub src: PackedAddr,
    /// Innermost destination.
    pub dst: PackedAddr,
    /// Keyed hash of the canonical five-tuple.
    pub hash: u32,
    /// Index of the record in its block.
    pub record: u32,
    /// Declared length of the innermost IP packet.
    pub ip_len: u32,
    /// Innermost IP header.
    pub ip_at: u32,
    /// End of the captured bytes.
    pub end: u32,
    /// Bytes of IP headers in front of the transport header: options and extension headers included.
    pub header: u16,
    /// Source port or ICMP type.
    pub sport: u16,
    /// Destination port or ICMP code or counterpart.
    pub dport: u16,
    /// IP identification.
    pub ip_id: u16,
    /// Protocol.
    pub proto: IpProtocol,
    /// TTL or hop limit.
    pub ttl: u8,
    /// TCP flags.
    pub tcp_flags: u8,
    /// Kind of transport header.
    pub transport: Transport,
    /// TCP payload that may begin with a request head, a TLS hello, or a DNS answer: only then is it looked at again.
    pub speaks: bool,
    /// TCP sequence number, 0 for others.
    pub seq: u32,
    /// TCP acknowledgement number, 0 for others.
    pub ack: u32,
}

// Every packet is written here once and read once: a field more is memory traffic for every packet.
const _: () = assert!(size_of::<Meta>() <= 88);

impl Meta {
    /// Declared bytes from the transport header on.
    #[inline]
    #[must_use]
    pub fn l4_len(&self) -> u32 {
        self.ip_len.saturating_sub(u32::from(self.header))
    }

    /// The captured bytes from the transport header on.
    #[inline]
    #[must_use]
    pub fn l4<'b>(&self, block: &'b [u8]) -> &'b [u8] {
        block.get(self.ip_at as usize + usize::from(self.header)..self.end as usize).unwrap_or_default()
    }

    /// The innermost IP packet as captured.
    #[inline]
    #[must_use]
    pub fn ip<'b>(&self, block: &'b [u8]) -> &'b [u8] {
        block.get(self.ip_at as usize..self.end as usize).unwrap_or_default()
    }
}

/// A layer of encapsulation around the packet `meta` of the same batch.
#[derive(Clone, Copy, Debug)]
pub struct Wrapped {
    /// Index into [`Batch::metas`].
    pub meta: u32,
    /// How.
    pub kind: TunnelKind,
    /// Outer addresses.
    pub outer: (PackedAddr, PackedAddr),
    /// GRE key or VNI.
    pub id: Option<u32>,
}

/// One shard's share of a block.
#[derive(Debug, Default)]
pub struct Batch {
    /// Packets in order of the capture.
    pub metas: Vec<Meta>,
    /// Time of the latest of them.
    pub now: Timestamp,
    /// Their wrappings, in the same order.
    pub wrapped: Vec<Wrapped>,
}

/// Secret of the flow hash. Attackers choose addresses and ports; without a key they could make them collide.
#[derive(Clone, Copy, Debug)]
pub struct HashKey([u64; 5]);

/// Folded multiply: both halves of the 128-bit product, as in wyhash.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl HashKey {
    /// Stretches a seed (SplitMix64).
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ z >> 31) | 1
        }))
    }

    /// For replay the seed comes from the beginning of the evidence: runs repeat, and whoever does not control
    /// the first bytes of a capture cannot aim at the table.
    #[must_use]
    pub fn from_evidence(bytes: &[u8]) -> Self {
        let mut state = bytes.len() as u64;
        for chunk in bytes.get(..bytes.len().min(4096)).unwrap_or_default().chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(w, c)| *w = *c);
            state = fold(state ^ u64::from_le_bytes(word) ^ 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
        }
        Self::new(state)
    }

    /// Same for both directions: a sum needs no order, and which end is lower is as good as random for a branch.
    #[inline]
    #[must_use]
    pub fn pair(&self, a: PackedAddr, b: PackedAddr) -> u64 {
        let end = |x: PackedAddr| fold(x.hi ^ self.0[0], x.lo ^ self.0[1]);
        end(a).wrapping_add(end(b))
    }

    /// Same for both directions, likewise.
    #[inline]
    fn flow(&self, m: &Packet) -> u32 {
        let end = |x: PackedAddr, port: u16| fold(x.hi ^ self.0[2] ^ u64::from(port) << 32, x.lo ^ self.0[3]);
        let ends = end(m.src, m.sport).wrapping_add(end(m.dst, m.dport));
        (fold(ends ^ u64::from(m.proto.0), self.0[4]) >> 32) as u32
    }
}

/// Told about what the batches no longer show: every address of every layer. Used by `inspect`.
pub trait Witness {
    /// Does it want addresses inside ICMP quotes too? They cost a second look at the packet.
    const QUOTES: bool;
    /// An address of some layer's header.
    fn address(&mut self, _addr: PackedAddr) {}
    /// An address in an option or extension header: a point of the way, but no sender and no receiver.
    fn listed(&mut self, _addr: PackedAddr) {}
}

/// Nobody watches.
impl Witness for () {
    const QUOTES: bool = false;
}

/// A layer of encapsulation on the way in.
type Wrap = (TunnelKind, (PackedAddr, PackedAddr), Option<u32>);

struct Layers<'w, W> {
    witness: &'w mut W,
    wraps: &'w mut Vec<Wrap>,
}

impl<W: Witness> packet::LayerSink for Layers<'_, W> {
    #[inline]
    fn ip(&mut self, src: PackedAddr, dst: PackedAddr) {
        self.witness.address(src);
        self.witness.address(dst);
    }

    #[inline]
    fn listed(&mut self, addr: PackedAddr) {
        self.witness.listed(addr);
    }

    #[inline]
    fn bound_for(&mut self, addr: PackedAddr) {
        self.witness.address(addr);
    }

    fn tunnel(&mut self, kind: TunnelKind, outer: (PackedAddr, PackedAddr), id: Option<u32>) {
        self.wraps.push((kind, outer, id));
    }
}

/// Deals packets to one batch per shard.
#[derive(Debug)]
pub struct Dealer {
    key: HashKey,
    /// By shard.
    pub batches: Vec<Batch>,
    wraps: Vec<Wrap>,
    /// The packet at hand; used again and again.
    packet: Packet,
}

impl Dealer {
    /// Empty batches.
    #[must_use]
    pub fn new(key: HashKey) -> Self {
        Self { key, batches: (0..SHARDS).map(|_| Batch::default()).collect(), wraps: Vec::new(), packet: Packet::default() }
    }

    /// Forgets the last block.
    pub fn clear(&mut self) {
        for batch in &mut self.batches {
            batch.metas.clear();
            batch.now = Timestamp(i64::MIN);
            batch.wrapped.clear();
        }
    }

    /// Decodes one frame that lies at `start` in its block, and deals it. The error of an unreadable frame or of
    /// an unreadable inner layer comes back for counting; in the second case the outer packet was dealt.
    #[inline]
    pub fn deal<W: Witness>(
        &mut self,
        link: u16,
        frame: &[u8],
        start: u32,
        record: u32,
        ts: Timestamp,
        witness: &mut W,
    ) -> Option<crate::decode::error::DecodeError> {
        self.wraps.clear();
        let mut layers = Layers { witness, wraps: &mut self.wraps };
        let p = &mut self.packet;
        match packet::dissect_into(link, frame, p, &mut layers) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(error),
        }
        let mut pair = self.key.pair(p.src, p.dst);
        let p = &self.packet;
        let mut quote_error = None;
        if p.transport == Transport::IcmpError {
            let body = frame.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
            match quoted_pair(p.proto, body) {
                // With the packets that it is about, not with other traffic of the router that sent it.
                Ok(Some(quoted)) => {
                    if W::QUOTES {
                        // Addresses of inner layers of the quote; errors in there are no surprise, it is cut off.
                        let _ = quoted_layers(p.proto, body, &mut layers);
                    }
                    // Who receives the error sent the probe, also where a NAT rewrote the source that is quoted.
                    pair = self.key.pair(p.dst, quoted.1);
                }
                Ok(None) => {}
                Err(e) => quote_error = Some(e),
            }
        }
        let (seq, ack, speaks) = if p.transport == Transport::Tcp { tcp(frame, p) } else { (0, 0, false) };
        let meta = Meta {
            hash: self.key.flow(p),
            ts,
            src: p.src,
            dst: p.dst,
            record,
            ip_len: p.ip_len,
            ip_at: start + p.ip_at,
            end: start + p.end,
            // At most 16 extension headers of 2,048 bytes each (decode::packet).
            header: (p.l4_at - p.ip_at).min(u32::from(u16::MAX)) as u16,
            sport: p.sport,
            dport: p.dport,
            ip_id: p.ip_id,
            proto: p.proto,
            ttl: p.ttl,
            tcp_flags: p.tcp_flags,
            transport: p.transport,
            speaks,
            seq,
            ack,
        };
        if let Some(batch) = self.batches.get_mut(pair as usize % SHARDS) {
            for &(kind, outer, id) in &self.wraps {
                batch.wrapped.push(Wrapped { meta: batch.metas.len() as u32, kind, outer, id });
            }
            batch.now = batch.now.max(ts);
            batch.metas.push(meta);
        }
        if quote_error.is_some() { quote_error } else { p.inner_error }
    }
}

/// Numbers of a TCP header, and whether its payload is worth a second look: read here, while the frame is in the
/// cache, so that the shards need not touch it again.
#[inline(always)]
fn tcp(frame: &[u8], p: &Packet) -> (u32, u32, bool) {
    let bytes = frame.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
    let Some(header) = bytes.first_chunk::<20>() else { return (0, 0, false) };
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let payload = bytes.get(usize::from(header[12] >> 4) * 4..).unwrap_or_default();
    let speaks =
        !payload.is_empty() && (p.sport == 53 || http::looks_like_request(payload) || tls::looks_like_client_hello(payload));
    (word(4), word(8), speaks)
}

fn quoted_pair(proto: IpProtocol, body: &[u8]) -> Result<Option<(PackedAddr, PackedAddr)>, crate::decode::error::DecodeError> {
    let Some(error) = icmp::parse_error(proto == IpProtocol::ICMPV6, body)? else { return Ok(None) };
    packet::outermost(error.quoted, &mut ()).map(|p| Some((p.src, p.dst)))
}

fn quoted_layers(
    proto: IpProtocol,
    body: &[u8],
    sink: &mut impl packet::LayerSink,
) -> Result<(), crate::decode::error::DecodeError> {
    if let Some(error) = icmp::parse_error(proto == IpProtocol::ICMPV6, body)? {
        packet::from_ip(error.quoted, 0, sink)?;
    }
    Ok(())
}
