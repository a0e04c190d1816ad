//! Which probe does an ICMP error, or an answer of the target, belong to? (METHODS A.2)
//!
//! Matching on the five-tuple alone is unique for 59 % of errors; the whole quote less its mutable fields for
//! 97 %, and the rest are true duplicates. What stays ambiguous is kept ambiguous.

use std::collections::VecDeque;
use std::net::IpAddr;

use hashbrown::HashMap;

use super::batch::Meta;
use super::keyed::Keyed;
use crate::decode::packet::{Packet, Transport};
use crate::model::cache::prefetch;
use crate::model::evidence::{ProbeMatch, Probing, Provenance, Reached};
use crate::model::net::{FiveTuple, IpProtocol, PackedAddr};
use crate::model::time::{Span, Timestamp};

/// Ports that nobody listens on, taken by probes of traceroute (van Jacobson's 33434 and up).
pub const TRACEROUTE_PORTS: std::ops::RangeInclusive<u16> = 33434..=33534;

/// Nobody's traceroute goes farther; real packets have more left when they arrive.
pub const PROBE_TTL_MAX: u8 = 40;
/// A probe older than this is no longer answered.
const MAX_AGE_NS: i64 = 5_000_000_000;
/// Probes kept per (source, destination, protocol).
const RING: usize = 512;
/// Bytes of the transport header and payload kept per probe.
const HEAD: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Probe {
    sent: Timestamp,
    flow_key: u64,
    ip_id: u16,
    l4_len: u16,
    ttl: u8,
    len: u8,
    head: [u8; HEAD],
}

/// Does a probe pass?
type Test<'t> = &'t dyn Fn(&Probe) -> bool;

/// Source, destination and protocol of probes.
pub type Aim = (PackedAddr, PackedAddr, IpProtocol);

/// All probes of one source towards one destination.
#[derive(Debug)]
struct Prober {
    ring: VecDeque<Probe>,
    seen: Span,
    from: Provenance,
    sent: [u32; PROBE_TTL_MAX as usize + 1],
    reached: Vec<(Provenance, Timestamp, Reached)>,
}

impl Prober {
    fn distinct_ttls(&self) -> usize {
        self.sent.iter().filter(|&&n| n > 0).count()
    }
}

/// Probes kept per shard, of all probers: 6 MiB.
const MOST_PROBES: usize = 1 << 16;

/// Answers of a target kept per prober.
const REACHED_CAP: usize = 256;

/// Bits of the list of aims.
const BITS: usize = 1 << 16;

/// Which bit stands for an aim: word and bit. Who makes two aims share one gains a look-up.
#[inline]
fn bit((src, dst, proto): Aim) -> (usize, u64) {
    let ends = src.lo ^ src.hi.rotate_left(32) ^ (dst.lo ^ dst.hi.rotate_left(32)).rotate_left(17) ^ u64::from(proto.0) << 56;
    let mixed = ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    (mixed as usize / 64, 1 << (mixed % 64))
}

/// The probes of one shard.
#[derive(Debug)]
pub struct Probes {
    probers: HashMap<Aim, Prober, Keyed>,
    /// Bits by [`bit`] of every aim there is or was: most answers answer no probe, and this small list says so.
    aimed: Box<[u64; BITS / 64]>,
    cap: usize,
    /// Probes in all rings.
    kept: usize,
    /// Probers, or probes of a ring, forgotten to keep memory bounded.
    pub forgotten: u64,
}

/// Could this packet be a probe?
#[inline]
#[must_use]
pub fn is_probe_like(m: &Meta) -> bool {
    match m.transport {
        Transport::Udp => m.ttl <= PROBE_TTL_MAX || TRACEROUTE_PORTS.contains(&m.dport),
        Transport::Icmp => m.sport == if m.proto == IpProtocol::ICMP { 8 } else { 128 },
        Transport::Tcp => m.ttl <= PROBE_TTL_MAX && m.l4_len() <= 60,
        Transport::Other => m.ttl <= PROBE_TTL_MAX,
        Transport::IcmpError | Transport::Fragment => false,
    }
}

impl Probes {
    /// Probes of at most `cap` (source, destination, protocol) at a time.
    #[must_use]
    pub fn new(cap: usize, seed: u64) -> Self {
        Self {
            probers: HashMap::with_hasher(Keyed::new(seed)),
            aimed: Box::new([0; BITS / 64]),
            cap: cap.max(16),
            kept: 0,
            forgotten: 0,
        }
    }

    /// Notes a packet that [`is_probe_like`]. `ip` is the packet as captured.
    pub fn sent(&mut self, m: &Meta, ip: &[u8], from: Provenance) {
        let aim = (m.src, m.dst, m.proto);
        if self.probers.len() >= self.cap && !self.probers.contains_key(&aim) {
            self.make_room(m.ts);
        }
        if self.kept >= MOST_PROBES {
            self.thin(m.ts);
        }
        let l4 = ip.get(usize::from(m.header)..).unwrap_or_default();
        let mut head = [0; HEAD];
        let len = l4.len().min(HEAD);
        if let (Some(to), Some(bytes)) = (head.get_mut(..len), l4.get(..len)) {
            to.copy_from_slice(bytes);
        }
        let probe = Probe {
            sent: m.ts,
            flow_key: flow_key(m, ip, l4),
            ip_id: m.ip_id,
            l4_len: m.l4_len().min(u32::from(u16::MAX)) as u16,
            ttl: m.ttl,
            len: len as u8,
            head,
        };
        let prober = self.probers.entry(aim).or_insert_with(|| Prober {
            ring: VecDeque::new(),
            seen: Span::at(m.ts),
            from,
            sent: [0; PROBE_TTL_MAX as usize + 1],
            reached: Vec::new(),
        });
        let (word, bit) = bit(aim);
        self.aimed[word] |= bit;
        prober.seen = prober.seen.join(Span::at(m.ts));
        if let Some(count) = prober.sent.get_mut(usize::from(m.ttl)) {
            *count = count.saturating_add(1);
        }
        while prober.ring.front().is_some_and(|p| m.ts.since(p.sent) > 2 * MAX_AGE_NS) || prober.ring.len() >= RING {
            // Still fresh, but one too many.
            self.forgotten += u64::from(prober.ring.front().is_some_and(|p| m.ts.since(p.sent) <= MAX_AGE_NS));
            prober.ring.pop_front();
            self.kept -= 1;
        }
        prober.ring.push_back(probe);
        self.kept += 1;
    }

    /// Lets probes go that are too old for an answer; if that is not enough, the older half of every ring.
    fn thin(&mut self, now: Timestamp) {
        for half in [false, true] {
            for prober in self.probers.values_mut() {
                let old = prober.ring.iter().take_while(|p| now.since(p.sent) > MAX_AGE_NS).count();
                let go = if half { prober.ring.len().div_ceil(2) } else { old };
                prober.ring.drain(..go.min(prober.ring.len()));
                self.forgotten += if half { go as u64 } else { 0 };
            }
            self.kept = self.probers.values().map(|p| p.ring.len()).sum();
            if self.kept * 4 <= MOST_PROBES * 3 {
                return;
            }
        }
    }

    /// Forgets those that never were a traceroute and have been quiet; if none is, half of the plain ones.
    fn make_room(&mut self, now: Timestamp) {
        let before = self.probers.len();
        self.probers.retain(|_, p| p.distinct_ttls() > 1 || now.since(p.seen.last) < 2 * MAX_AGE_NS);
        if self.probers.len() * 4 > self.cap * 3 {
            let mut by_age: Vec<(usize, Timestamp, Aim)> =
                self.probers.iter().map(|(aim, p)| (p.distinct_ttls().min(2), p.seen.last, *aim)).collect();
            by_age.sort_unstable();
            for (_, _, aim) in by_age.into_iter().take(self.cap / 2) {
                self.probers.remove(&aim);
            }
        }
        self.kept = self.probers.values().map(|p| p.ring.len()).sum();
        self.forgotten += (before - self.probers.len()) as u64;
    }

    /// The probe or probes that a quote can belong to. `quoted` are the bytes of the quoted packet, `to` is who
    /// received the error. If a NAT rewrote the quoted source, what else it may have rewritten is not compared, and
    /// the match is of level 1 at most.
    #[must_use]
    pub fn match_quote(&self, quote: &Packet, quoted: &[u8], to: PackedAddr, at: Timestamp) -> Option<ProbeMatch> {
        let (prober, rewritten) = match self.probers.get(&(quote.src, quote.dst, quote.proto)) {
            Some(prober) => (prober, false),
            None => (self.probers.get(&(to, quote.dst, quote.proto))?, true),
        };
        let l4 = quoted.get(quote.l4_at as usize..quote.end as usize).unwrap_or_default();
        let fresh = || prober.ring.iter().filter(move |p| p.sent <= at && at.since(p.sent) <= MAX_AGE_NS);
        let v4 = quote.src.is_v4();
        let same_id = |p: &Probe| !v4 || p.ip_id == quote.ip_id;
        let same_len = |p: &Probe| u32::from(p.l4_len) == quote.l4_len;
        let tests: [(u8, Test<'_>); 5] = [
            (3, &|p| same_id(p) && same_len(p) && equal(p, l4, usize::MAX, Checksum::Strict)),
            // A sending host that leaves the checksum to its network card is captured before the card fills it in.
            (3, &|p| same_id(p) && same_len(p) && l4.len() > 8 && equal(p, l4, usize::MAX, Checksum::Ignored(quote.proto))),
            (2, &|p| same_id(p) && equal(p, l4, 8, Checksum::Ignored(quote.proto))),
            (1, &|p| equal_ports(p, l4, quote.proto)),
            (0, &|_| true),
        ];
        let behind_nat: [(u8, Test<'_>); 3] = [
            (1, &|p| same_id(p) && same_len(p) && equal_behind_nat(p, l4, quote.proto)),
            (1, &|p| equal_ports(p, l4, quote.proto)),
            (0, &|_| true),
        ];
        for &(level, test) in if rewritten { &behind_nat[..] } else { &tests[..] } {
            let found: Vec<&Probe> = fresh().filter(|p| test(p)).collect();
            if let Some(matched) = settle(level, &found, at) {
                return Some(matched);
            }
        }
        None
    }

    /// Asks the processor to fetch what [`Self::answered`] looks at first.
    #[inline]
    pub fn prefetch(&self, m: &Meta) {
        prefetch(std::ptr::from_ref(&self.aimed[bit((m.dst, m.src, m.proto)).0]));
    }

    /// An answer of the target itself: echo reply, SYN-ACK or RST, UDP answer. Noted if it answers a probe.
    pub fn answered(&mut self, m: &Meta, l4: &[u8], from: Provenance) {
        let aim = (m.dst, m.src, m.proto);
        let (word, bit) = bit(aim);
        if self.aimed[word] & bit == 0 {
            return;
        }
        let Some(prober) = self.probers.get_mut(&aim) else { return };
        if prober.reached.len() >= REACHED_CAP {
            self.forgotten += 1;
            return;
        }
        let found: Vec<&Probe> = prober
            .ring
            .iter()
            .filter(|p| p.ttl <= PROBE_TTL_MAX && p.sent <= m.ts && m.ts.since(p.sent) <= MAX_AGE_NS && answers(p, l4, m))
            .collect();
        let Some(matched) = settle(3, &found, m.ts) else { return };
        let (sport, dport) = match m.transport {
            Transport::Icmp => (m.dport, m.sport),
            _ => (m.dport, m.sport),
        };
        let probe = FiveTuple { src: m.dst.unpack(), dst: m.src.unpack(), sport, dport, proto: m.proto };
        prober.reached.push((from, m.ts, Reached { probe, matched, reply_ttl: m.ttl }));
    }

    /// Who probed with at least two TTLs: with how many, and since when. In no particular order.
    pub fn aims(&self) -> impl Iterator<Item = (usize, Provenance, Aim)> {
        self.probers.iter().map(|(aim, p)| (p.distinct_ttls(), p.from, *aim)).filter(|(ttls, ..)| *ttls > 1)
    }

    /// Of these, the ones that are `wanted`, sorted, and the answers of their targets.
    #[must_use]
    pub fn harvest(&self, wanted: &dyn Fn(&Aim) -> bool) -> (Vec<Probing>, Vec<(Provenance, Timestamp, Reached)>) {
        let mut probings = Vec::new();
        let mut reached = Vec::new();
        // In hash order; both lists are sorted below.
        for ((src, dst, proto), prober) in &self.probers {
            if prober.distinct_ttls() < 2 || !wanted(&(*src, *dst, *proto)) {
                continue;
            }
            reached.extend(prober.reached.iter().cloned());
            probings.push(Probing {
                src: src.unpack(),
                dst: dst.unpack(),
                proto: *proto,
                seen: prober.seen,
                sent: prober.sent.to_vec(),
                from: prober.from,
            });
        }
        probings.sort_unstable_by_key(|p| (p.from, p.src, p.dst, p.proto));
        reached.sort_by_key(|(from, _, r)| (*from, r.probe));
        (probings, reached)
    }
}

/// One candidate: a match. Several alike: a match without a round trip. Several TTLs: all of them are kept.
fn settle(level: u8, found: &[&Probe], at: Timestamp) -> Option<ProbeMatch> {
    let first = found.first()?;
    let mut ttls: Vec<u8> = found.iter().map(|p| p.ttl).collect();
    ttls.sort_unstable();
    ttls.dedup();
    let one_flow = found.iter().all(|p| p.flow_key == first.flow_key);
    Some(ProbeMatch {
        level,
        ttls,
        // Source and destination alone don't say that it was this probe, so nothing is timed by them.
        rtt: (found.len() == 1 && level > 0).then(|| at.since(first.sent)),
        // Candidates of different flows: no branch can be told, so no other reply may share this key.
        flow_key: if one_flow { first.flow_key } else { at.0 as u64 ^ 0x9e37_79b9_7f4a_7c15 },
        sent: first.sent,
    })
}

#[derive(Clone, Copy)]
enum Checksum {
    Strict,
    Ignored(IpProtocol),
}

/// Do the first `limit` bytes of the quote's transport part equal the probe's?
fn equal(probe: &Probe, quoted: &[u8], limit: usize, checksum: Checksum) -> bool {
    let n = quoted.len().min(limit).min(usize::from(probe.len));
    if n < 8.min(limit) {
        return false;
    }
    let (Some(a), Some(b)) = (probe.head.get(..n), quoted.get(..n)) else { return false };
    let skip = match checksum {
        Checksum::Strict => return a == b,
        Checksum::Ignored(IpProtocol::TCP) => 16..18,
        Checksum::Ignored(IpProtocol::UDP) => 6..8,
        Checksum::Ignored(IpProtocol::ICMP | IpProtocol::ICMPV6) => 2..4,
        Checksum::Ignored(_) => 0..0,
    };
    a.iter().zip(b).enumerate().all(|(i, (x, y))| x == y || skip.contains(&i))
}

/// Ports, or for ICMP type, identifier and sequence number.
fn equal_ports(probe: &Probe, quoted: &[u8], proto: IpProtocol) -> bool {
    let same = |r: std::ops::Range<usize>| matches!((probe.head.get(r.clone()), quoted.get(r)), (Some(a), Some(b)) if a == b);
    match proto {
        IpProtocol::ICMP | IpProtocol::ICMPV6 => same(0..1) && same(4..8),
        p if p.has_ports() => same(0..4),
        _ => false,
    }
}

/// Destination port, or for ICMP type and sequence number: a NAT that rewrites source port and identifier leaves them.
fn equal_behind_nat(probe: &Probe, quoted: &[u8], proto: IpProtocol) -> bool {
    let same = |r: std::ops::Range<usize>| matches!((probe.head.get(r.clone()), quoted.get(r)), (Some(a), Some(b)) if a == b);
    match proto {
        IpProtocol::ICMP | IpProtocol::ICMPV6 => same(0..1) && same(6..8),
        p if p.has_ports() => same(2..4),
        _ => false,
    }
}

/// Is `l4`, which came from the probe's target, an answer to `probe`?
fn answers(probe: &Probe, l4: &[u8], m: &Meta) -> bool {
    let word = |b: &[u8], at: usize| b.get(at..at + 4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]]));
    match m.transport {
        Transport::Icmp => {
            let reply = if m.proto == IpProtocol::ICMP { 0 } else { 129 };
            l4.first() == Some(&reply) && l4.get(4..8) == probe.head.get(4..8)
        }
        Transport::Tcp => {
            let ports = l4.get(0..2) == probe.head.get(2..4) && l4.get(2..4) == probe.head.get(0..2);
            let flags = probe.head.get(13).copied().unwrap_or(0);
            let (seq, ack) = (word(l4, 4), word(l4, 8));
            let (probe_seq, probe_ack) = (word(&probe.head, 4), word(&probe.head, 8));
            // A SYN is acknowledged by its number; a bare ACK is refused with the number that it acknowledged.
            ports
                && if flags & 2 != 0 {
                    ack == probe_seq.map(|s| s.wrapping_add(1))
                } else {
                    m.tcp_flags & 4 != 0 && seq == probe_ack
                }
        }
        Transport::Udp => l4.get(0..2) == probe.head.get(2..4) && l4.get(2..4) == probe.head.get(0..2),
        _ => false,
    }
}

/// What a load balancer hashes (METHODS A.4): addresses, protocol, ports or ICMP identifier and checksum, and the
/// IPv6 flow label. Equal keys took the same branch everywhere.
fn flow_key(m: &Meta, ip: &[u8], l4: &[u8]) -> u64 {
    let mut key = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |bytes: &[u8]| {
        for byte in bytes {
            key = (key ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for word in [m.src.hi, m.src.lo, m.dst.hi, m.dst.lo] {
        mix(&word.to_be_bytes());
    }
    mix(&[m.proto.0]);
    match m.transport {
        // Type, code and checksum, then the identifier: what the balancers of Paris traceroute's paper look at.
        Transport::Icmp => mix(l4.get(..6).unwrap_or_default()),
        _ => mix(l4.get(..4).unwrap_or_default()),
    }
    if let (false, Some(label)) = (m.src.is_v4(), ip.get(1..4)) {
        mix(&[label[0] & 0x0f, label[1], label[2]]);
    }
    key
}

/// Addresses of a quote for the model: identifiers take the place of ports for ICMP.
#[must_use]
pub fn quoted_tuple(quote: &Packet, quoted: &[u8]) -> FiveTuple {
    let (src, dst): (IpAddr, IpAddr) = (quote.src.unpack(), quote.dst.unpack());
    let (sport, dport) = match quote.proto {
        IpProtocol::ICMP | IpProtocol::ICMPV6 => match quoted.get(quote.l4_at as usize + 4..quote.l4_at as usize + 8) {
            Some(&[a, b, c, d]) => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            _ => (0, 0),
        },
        _ => (quote.sport, quote.dport),
    };
    FiveTuple { src, dst, sport, dport, proto: quote.proto }
}

#[cfg(test)]
mod tests;
