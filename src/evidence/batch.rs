//! Decoded packets on their way to the shards.

use smallvec::SmallVec;

use super::keyed::{fold, stretch};
use super::{flow, probes};
use crate::decode::error::DecodeError;
use crate::decode::packet::{self, Packet, Transport};
use crate::decode::{icmp, plain};
use crate::model::evidence::{ListKind, TunnelKind};
use crate::model::net::{IpProtocol, PackedAddr};
use crate::model::time::Timestamp;

/// Number of shards, whatever the number of threads: what comes out must not depend on how many cores there were. Each
/// more is a thread more that can work at the same time, and fewer packets in a row for the same tables: with 16 a run
/// on one thread took 3 % longer (seven pairs on the mix).
pub const SHARDS: usize = 8;

/// SIP's port (RFC 3261 18.1.1).
pub(super) const SIP: u16 = 5060;

/// What a shard needs to know of a packet. Offsets count from the start of the block.
#[derive(Clone, Copy, Debug, Default)]
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
    /// TCP payload that may begin with something worth reading: only then is it looked at again, and what follows it.
    pub speaks: bool,
    /// Is there more to do than to count it? Not for most.
    pub tells: bool,
    /// TCP sequence number, 0 for others.
    pub seq: u32,
    /// TCP acknowledgement number, 0 for others.
    pub ack: u32,
}

// Every packet is written here once and read once: a field more is memory traffic for every packet.
const _: () = assert!(size_of::<Meta>() <= 88);

impl Meta {
    /// Without its payload, can it be a probe, an answer to one, the opening or the end of a connection, or DNS?
    #[inline]
    fn is_telling(&self) -> bool {
        let opens_or_ends = self.tcp_flags & (flow::SYN | flow::RST) != 0;
        let answers =
            matches!(self.sport, 53 | SIP | 5353) | (self.dport == SIP) | probes::TRACEROUTE_PORTS.contains(&self.sport);
        probes::is_probe_like(self) | if self.transport == Transport::Udp { answers } else { opens_or_ends }
    }

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
    /// GRE key, VNI and the like.
    pub id: Option<u32>,
}

/// Addresses that a packet lists of its way.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Index of the record in its block.
    pub record: u32,
    /// Packet time.
    pub ts: Timestamp,
    /// Where they stand.
    pub kind: ListKind,
    /// Source and destination of the header that carries them.
    pub ends: (PackedAddr, PackedAddr),
    /// In order of travel, at most [`LISTED`].
    pub addrs: SmallVec<[PackedAddr; 9]>,
}

/// Addresses kept of one list: an IPv4 header has room for nine.
pub const LISTED: usize = 64;
/// Lists kept of one packet.
const LISTS: usize = 8;

/// An IP packet that is a fragment, in some layer of a frame. Offsets count from the start of the block.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Index of the record in its block.
    pub record: u32,
    /// Packet time.
    pub ts: Timestamp,
    /// Its header.
    pub ip_at: u32,
    /// End of the frame.
    pub end: u32,
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
    /// What options and routing headers list.
    pub listed: Vec<Listing>,
    /// Fragments between the addresses of this shard, whatever carries them.
    pub pieces: Vec<Piece>,
}

impl Batch {
    /// Nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty() && self.pieces.is_empty()
    }
}

/// Secret of the flow hash. Attackers choose addresses and ports; without a key they could make them collide.
#[derive(Clone, Copy, Debug)]
pub struct HashKey([u64; 4]);

impl HashKey {
    /// Of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(stretch(seed))
    }

    /// A seed for the tables of a shard.
    #[must_use]
    pub fn seed(&self, shard: usize) -> u64 {
        fold(self.0[0] ^ shard as u64, self.0[3])
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

    /// A hash of an address pair that is the same for both directions, and one of a five-tuple likewise: sums need no
    /// order, and which end is lower is as good as random for a branch.
    #[inline]
    #[must_use]
    pub fn of(&self, src: (PackedAddr, u16), dst: (PackedAddr, u16), proto: IpProtocol) -> (u64, u32) {
        let (from, to) = (self.end(src.0), self.end(dst.0));
        // The shift keeps ports of equal sum apart where both ends have the same address.
        let at = |end: u64, port: u16| {
            let mixed = (end ^ u64::from(port)).wrapping_mul(self.0[2]);
            mixed ^ mixed >> 32
        };
        let both = at(from, src.1).wrapping_add(at(to, dst.1));
        (from.wrapping_add(to), (fold(both ^ u64::from(proto.0), self.0[3]) >> 32) as u32)
    }

    /// The hash of an address pair alone.
    #[inline]
    #[must_use]
    pub fn pair(&self, a: PackedAddr, b: PackedAddr) -> u64 {
        self.end(a).wrapping_add(self.end(b))
    }

    #[inline]
    fn end(&self, addr: PackedAddr) -> u64 {
        fold(addr.hi ^ self.0[0], addr.lo ^ self.0[1])
    }
}

/// Told about what the batches no longer show: every address of every layer. Used by `inspect`.
pub trait Witness {
    /// Does it want addresses inside ICMP quotes too? They cost a second look at the packet.
    const QUOTES: bool;
    /// An address of some layer's header.
    fn address(&mut self, _addr: PackedAddr) {}
}

/// Nobody watches.
impl Witness for () {
    const QUOTES: bool = false;
}

/// Source and destination.
type Ends = (PackedAddr, PackedAddr);

/// A layer of encapsulation on the way in.
type Wrap = (TunnelKind, Ends, Option<u32>);

/// What a packet says beside its innermost headers; used again and again.
#[derive(Debug, Default)]
struct Beside {
    wraps: Vec<Wrap>,
    lists: Vec<(ListKind, Ends, SmallVec<[PackedAddr; 9]>)>,
    /// Fragments: their ends, and where they begin in the frame.
    pieces: Vec<(Ends, usize)>,
}

impl Beside {
    fn clear(&mut self) {
        self.wraps.clear();
        self.lists.clear();
        self.pieces.clear();
    }

    /// Forgets what came after so many of each.
    fn truncate(&mut self, (wraps, lists, pieces): (usize, usize, usize)) {
        self.wraps.truncate(wraps);
        self.lists.truncate(lists);
        self.pieces.truncate(pieces);
    }

    fn sizes(&self) -> (usize, usize, usize) {
        (self.wraps.len(), self.lists.len(), self.pieces.len())
    }
}

struct Layers<'w, W> {
    witness: &'w mut W,
    beside: &'w mut Beside,
    /// The layer at hand.
    ends: Ends,
}

impl<W: Witness> packet::LayerSink for Layers<'_, W> {
    #[inline]
    fn ip(&mut self, src: PackedAddr, dst: PackedAddr) {
        self.ends = (src, dst);
        self.witness.address(src);
        self.witness.address(dst);
    }

    fn listed(&mut self, kind: ListKind, addr: PackedAddr) {
        if addr.unpack().is_unspecified() {
            return; // a slot that nobody filled
        }
        let lists = &mut self.beside.lists;
        if lists.last().is_none_or(|(last, ends, _)| (*last, *ends) != (kind, self.ends)) {
            if lists.len() >= LISTS {
                return;
            }
            lists.push((kind, self.ends, SmallVec::new()));
        }
        if let Some((.., addrs)) = lists.last_mut()
            && addrs.len() < LISTED
        {
            addrs.push(addr);
        }
    }

    fn fragment(&mut self, at: usize) {
        self.beside.pieces.push((self.ends, at));
    }

    #[inline]
    fn bound_for(&mut self, addr: PackedAddr) {
        self.witness.address(addr);
    }

    fn tunnel(&mut self, kind: TunnelKind, outer: (PackedAddr, PackedAddr), id: Option<u32>) {
        self.beside.wraps.push((kind, outer, id));
    }
}

/// Deals packets to one batch per shard.
#[derive(Debug)]
pub struct Dealer {
    /// Secret of its hashes.
    pub key: HashKey,
    /// By shard.
    pub batches: [Batch; SHARDS],
    beside: Beside,
    /// The packet at hand; used again and again.
    packet: Packet,
}

impl Dealer {
    /// Empty batches.
    #[must_use]
    pub fn new(key: HashKey) -> Self {
        Self { key, batches: Default::default(), beside: Beside::default(), packet: Packet::default() }
    }

    /// Forgets the last block.
    pub fn clear(&mut self) {
        for batch in &mut self.batches {
            batch.metas.clear();
            batch.now = Timestamp(i64::MIN);
            batch.wrapped.clear();
            batch.listed.clear();
            batch.pieces.clear();
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
    ) -> Option<DecodeError> {
        let plain = if link == 1 { plain::read(frame) } else { None };
        let Some(p) = plain else { return self.deal_any(link, frame, (start, record, ts), witness) };
        let ((src, dst), (sport, dport)) = (p.ends(), p.ports());
        witness.address(src);
        witness.address(dst);
        let (pair, hash) = self.key.of((src, sport), (dst, dport), p.proto());
        let batch = &mut self.batches[pair as usize % SHARDS];
        batch.now = batch.now.max(ts);
        // Made room for first and filled in place: a call that may grow the list, between reading the fields and
        // writing them, would have them all written twice.
        batch.metas.push(Meta::default());
        let meta = batch.metas.last_mut()?;
        (meta.hash, meta.ts, meta.record) = (hash, ts, record);
        (meta.src, meta.dst, meta.sport, meta.dport) = (src, dst, sport, dport);
        (meta.ip_at, meta.header, meta.end) = (start + p.ip_at(), p.header(), start + p.end());
        (meta.proto, meta.transport) = (p.proto(), p.transport());
        meta.ip_len = p.ip_len();
        meta.ip_id = p.ip_id();
        meta.ttl = p.ttl();
        meta.tcp_flags = p.tcp_flags();
        meta.seq = p.seq();
        meta.ack = p.ack();
        meta.speaks = p.speaks();
        meta.tells = meta.speaks | meta.is_telling();
        None
    }

    /// The same for every kind of frame. Out of line, so that the few frames that need it take nothing from the others.
    #[inline(never)]
    fn deal_any<W: Witness>(
        &mut self,
        link: u16,
        frame: &[u8],
        (start, record, ts): (u32, u32, Timestamp),
        witness: &mut W,
    ) -> Option<DecodeError> {
        self.beside.clear();
        let mut layers = Layers { witness, beside: &mut self.beside, ends: Ends::default() };
        let p = &mut self.packet;
        match packet::dissect_into(link, frame, p, &mut layers) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(error),
        }
        let (mut pair, hash) = self.key.of((p.src, p.sport), (p.dst, p.dport), p.proto);
        let p = &self.packet;
        let mut quote_error = None;
        if p.transport == Transport::IcmpError {
            let body = frame.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
            match quoted_pair(p.proto, body) {
                // With the packets that it is about, not with other traffic of the router that sent it.
                Ok(Some(quoted)) => {
                    if W::QUOTES {
                        // Addresses of inner layers of the quote; errors in there are no surprise, it is cut off.
                        let carried = layers.beside.sizes();
                        let _ = quoted_layers(p.proto, body, &mut layers);
                        // A tunnel in a quote carried the quoted packet, not the error.
                        layers.beside.truncate(carried);
                    }
                    // Who receives the error sent the probe, also where a NAT rewrote the source that is quoted.
                    pair = self.key.pair(p.dst, quoted.1);
                }
                Ok(None) => {}
                Err(e) => quote_error = Some(e),
            }
        }
        let (seq, ack, speaks) = match p.transport {
            Transport::Tcp => tcp(frame, p),
            Transport::Udp => (0, 0, plain::exports(frame.get(p.l4_at as usize..p.end as usize).unwrap_or_default())),
            _ => (0, 0, false),
        };
        let meta = Meta {
            hash,
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
            tells: true,
            seq,
            ack,
        };
        let batch = &mut self.batches[pair as usize % SHARDS];
        for &(kind, outer, id) in &self.beside.wraps {
            batch.wrapped.push(Wrapped { meta: batch.metas.len() as u32, kind, outer, id });
        }
        for (kind, ends, addrs) in self.beside.lists.drain(..) {
            batch.listed.push(Listing { record, ts, kind, ends, addrs });
        }
        batch.now = batch.now.max(ts);
        batch.metas.push(meta);
        for &((src, dst), at) in &self.beside.pieces {
            // With its own addresses, not with those of what it carries: there the other pieces are.
            let batch = &mut self.batches[self.key.pair(src, dst) as usize % SHARDS];
            batch.pieces.push(Piece { record, ts, ip_at: start + at as u32, end: start + frame.len() as u32 });
        }
        if quote_error.is_some() { quote_error } else { p.inner_error }
    }
}

/// Numbers of a TCP header, and whether its payload is worth a second look: read here, while the frame is in the
/// cache, so that the shards need not touch it again.
fn tcp(frame: &[u8], p: &Packet) -> (u32, u32, bool) {
    let bytes = frame.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
    let Some(header) = bytes.first_chunk::<20>() else { return (0, 0, false) };
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    (word(4), word(8), plain::speaks(p.sport, bytes, usize::from(header[12] >> 4) * 4))
}

fn quoted_pair(proto: IpProtocol, body: &[u8]) -> Result<Option<(PackedAddr, PackedAddr)>, DecodeError> {
    let Some(error) = icmp::parse_error(proto == IpProtocol::ICMPV6, body)? else { return Ok(None) };
    packet::outermost(error.quoted, &mut ()).map(|p| Some((p.src, p.dst)))
}

fn quoted_layers(proto: IpProtocol, body: &[u8], sink: &mut impl packet::LayerSink) -> Result<(), DecodeError> {
    if let Some(error) = icmp::parse_error(proto == IpProtocol::ICMPV6, body)? {
        packet::from_ip(error.quoted, 0, sink)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testkit::{client_hello, icmp, ipv4, ipv6, on_ethernet, tcp, udp};

    /// The only packet in the batches, and which batch it is in.
    fn dealt(link: u16, frame: &[u8]) -> Option<(usize, Meta)> {
        let mut dealer = Dealer::new(HashKey::new(7));
        dealer.clear();
        assert_eq!(dealer.deal(link, frame, 1000, 5, Timestamp(9), &mut ()), None);
        dealer.batches.iter().enumerate().find_map(|(n, b)| b.metas.first().map(|m| (n, *m)))
    }

    struct Quotes(Vec<String>);

    impl Witness for Quotes {
        const QUOTES: bool = true;
        fn address(&mut self, addr: PackedAddr) {
            self.0.push(addr.unpack().to_string());
        }
    }

    #[test]
    fn a_tunnel_in_a_quote_is_not_around_the_error() {
        let inner = ipv4("10.0.0.1", "10.0.0.2", 17, &udp(1024, 53, &[7; 30]));
        let quoted = ipv4("192.0.2.1", "192.0.2.2", 4, &inner);
        let error = ipv4("203.0.113.1", "192.0.2.1", 1, &icmp(11, 0, [0; 4], &quoted));
        // The error itself may be in one.
        let carried = ipv4("203.0.113.8", "203.0.113.9", 4, &error);
        for (ip, tunnels) in [(&error, 0), (&carried, 1)] {
            let mut dealer = Dealer::new(HashKey::new(7));
            dealer.clear();
            let mut witness = Quotes(Vec::new());
            assert_eq!(dealer.deal(1, &on_ethernet(ip), 0, 0, Timestamp(9), &mut witness), None);
            assert!(witness.0.iter().any(|a| a == "10.0.0.2"), "addresses of the quote are told");
            assert_eq!(dealer.batches.iter().map(|b| b.wrapped.len()).sum::<usize>(), tunnels);
        }
    }

    #[test]
    fn the_fast_path_deals_as_the_general_one_does() {
        let hello = client_hello("www.example.org");
        for ip in [
            ipv4("192.0.2.1", "198.51.100.2", 6, &tcp(40000, 443, (0x0102_0304, 0x0506_0708), 0x1b, &hello)),
            ipv4("192.0.2.1", "198.51.100.2", 17, &udp(40000, 53, &[7; 30])),
            ipv6("2001:db8:1:2:3:4:5:6", "2001:db8::2", 6, &tcp(80, 40000, (0x0102_0304, 0x0506_0708), 0x11, b"")),
            ipv6("2001:db8:1:2:3:4:5:6", "2001:db8::2", 17, &udp(443, 40000, &[7; 30])),
        ] {
            // Raw IP is read by the general reader; Ethernet only puts 14 bytes in front.
            let (by_general, mut meta) = dealt(101, &ip).unwrap_or_default();
            (meta.ip_at, meta.end) = (meta.ip_at + 14, meta.end + 14);
            assert!(meta.tells, "the general reader leaves it to the shard");
            meta.tells = meta.speaks | meta.is_telling();
            let (by_fast, fast) = dealt(1, &on_ethernet(&ip)).unwrap_or_default();
            assert_eq!((by_fast, format!("{fast:?}")), (by_general, format!("{meta:?}")));
            assert!(fast.sport != 0 && fast.hash != 0, "it was dealt at all");
        }
    }
}
