//! One conversation: who opened it, how the handshake went, how long it took, how far its source can be believed.

use std::sync::Arc;

use super::batch::Meta;
use crate::decode::packet::Transport;
use crate::model::evidence::{Direction, Flow, Handshake, InputId, Position, Provenance, SourceTrust};
use crate::model::net::{FiveTuple, IpProtocol, PackedAddr};
use crate::model::time::{Span, Timestamp};

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const ACK: u8 = 16;

/// Facts seen of a flow, as bits.
mod seen {
    /// The lower end point opened the flow.
    pub(super) const LOW_OPENED: u16 = 1;
    /// A SYN came twice: its answer can't be timed (Karn).
    pub(super) const SYN_AGAIN: u16 = 2;
    /// A SYN-ACK came twice.
    pub(super) const SYN_ACK_AGAIN: u16 = 4;
    /// FIN or RST.
    pub(super) const CLOSED: u16 = 8;
    /// The responder acknowledged data of the opener.
    pub(super) const FORWARD_ACKED: u16 = 16;
    /// The opener acknowledged data of the responder.
    pub(super) const BACKWARD_ACKED: u16 = 32;
    /// The last packet went backward.
    pub(super) const LAST_BACKWARD: u16 = 64;
    /// The opener's first bytes were read.
    pub(super) const HEAD_READ: u16 = 128;
    /// Cut off by the cap.
    pub(super) const EVICTED: u16 = 256;
    /// An ICMP error: no conversation of its own.
    pub(super) const ICMP_ERROR: u16 = 512;
}

/// Both end points of a flow in canonical order, lower (address, port) first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// Lower end point's address.
    pub low: PackedAddr,
    /// Higher end point's address.
    pub high: PackedAddr,
    /// Lower end point's port.
    pub low_port: u16,
    /// Higher end point's port.
    pub high_port: u16,
    /// Protocol.
    pub proto: IpProtocol,
}

impl FlowKey {
    /// The key of a packet, and whether the packet goes from the lower to the higher end point.
    #[inline]
    #[must_use]
    pub fn of(m: &Meta) -> (Self, bool) {
        // Without a branch: which end is lower is as good as random.
        let number = |a: PackedAddr| u128::from(a.hi) << 64 | u128::from(a.lo);
        let (src, dst) = (number(m.src), number(m.dst));
        let up = (src < dst) | ((src == dst) & (m.sport <= m.dport));
        let ends = [(m.src, m.sport), (m.dst, m.dport)];
        let ((low, low_port), (high, high_port)) = (ends[usize::from(!up)], ends[usize::from(up)]);
        (Self { low, high, low_port, high_port, proto: m.proto }, up)
    }
}

/// What the table keeps of a flow: two cache lines, where it is aligned to one (see `flow_table`). Index 0 of every pair is the lower end point's direction.
#[derive(Clone, Copy, Debug)]
pub struct FlowState {
    /// Who.
    pub key: FlowKey,
    /// Time of the first packet.
    pub first: Timestamp,
    /// Time of the last packet.
    pub last: Timestamp,
    bytes: [u64; 2],
    packets: [u32; 2],
    isn: [u32; 2],
    rtt_server: u32,
    rtt_client: u32,
    frame: u64,
    offset_low: u32,
    offset_high: u16,
    input: u16,
    /// Index + 1 into the shard's host names; 0 is none.
    pub host: u32,
    ttl_min: [u8; 2],
    ttl_max: [u8; 2],
    seen: u16,
    turns: u8,
    /// How the handshake went so far.
    pub handshake: Handshake,
}

const _: () = assert!(size_of::<FlowState>() == 128, "a flow is two cache lines");

/// What a packet did to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to note.
    Counted,
    /// The five-tuple is used again: this packet opens another flow.
    Reopens,
}

impl FlowState {
    /// The flow that `m` opens.
    #[inline]
    #[must_use]
    pub fn open(m: &Meta, key: FlowKey, low_to_high: bool, at: Provenance) -> Self {
        let (frame, offset) = match at.at {
            Position::Frame { frame, offset } => (frame, offset),
            Position::Line { line, offset } => (line, offset),
        };
        let mut state = Self {
            key,
            first: m.ts,
            last: m.ts,
            bytes: [0; 2],
            packets: [0; 2],
            isn: [0; 2],
            rtt_server: 0,
            rtt_client: 0,
            frame,
            offset_low: offset as u32,
            offset_high: (offset >> 32).min(u64::from(u16::MAX)) as u16,
            input: at.input.0,
            host: 0,
            ttl_min: [u8::MAX; 2],
            ttl_max: [0; 2],
            seen: 0,
            turns: 0,
            handshake: Handshake::Unseen,
        };
        let sender_opened = match (m.transport, m.tcp_flags & (SYN | ACK | RST)) {
            (Transport::Tcp, SYN) => {
                state.handshake = Handshake::HalfOpen;
                true
            }
            (Transport::Tcp, f) if f == SYN | ACK || f & RST != 0 => {
                // Nobody asked, as far as we saw. If the other side goes on, finish_handshake puts it right.
                state.handshake = Handshake::Unsolicited;
                true
            }
            (Transport::IcmpError, _) => {
                state.seen |= seen::ICMP_ERROR;
                true
            }
            // Captured from the middle: the well-known port is taken for the one that was addressed.
            (Transport::Tcp | Transport::Udp, _) => !(m.sport < 1024 && m.dport >= 1024),
            (Transport::Icmp, _) => !matches!((m.proto, m.sport), (IpProtocol::ICMP, 0) | (IpProtocol::ICMPV6, 129)),
            _ => true,
        };
        if sender_opened == low_to_high {
            state.seen |= seen::LOW_OPENED;
        }
        state
    }

    #[inline]
    fn forward_index(&self) -> usize {
        usize::from(self.seen & seen::LOW_OPENED == 0)
    }

    /// Counts a packet of this flow. `seq_ack` are the TCP numbers, 0 for others.
    #[inline]
    pub fn observe(&mut self, m: &Meta, low_to_high: bool, seq_ack: (u32, u32)) -> Outcome {
        let from = usize::from(!low_to_high);
        if m.transport == Transport::Tcp {
            let flags = m.tcp_flags;
            if flags & (SYN | RST | FIN) != 0 || self.handshake != Handshake::Completed {
                if self.handshake_step(m.ts, flags, from, seq_ack) == Outcome::Reopens {
                    return Outcome::Reopens;
                }
            } else if flags & ACK != 0 {
                self.acknowledge(from, seq_ack.1);
            }
        }
        let backward = from != self.forward_index();
        let last_backward = self.seen & seen::LAST_BACKWARD != 0;
        if backward != last_backward {
            self.turns = self.turns.saturating_add(1);
            self.seen ^= seen::LAST_BACKWARD;
        }
        self.last = self.last.max(m.ts);
        self.bytes[from] += u64::from(m.ip_len);
        self.packets[from] = self.packets[from].saturating_add(1);
        self.ttl_min[from] = self.ttl_min[from].min(m.ttl);
        self.ttl_max[from] = self.ttl_max[from].max(m.ttl);
        Outcome::Counted
    }

    /// Does `ack` from side `from` acknowledge data of the other side, within a window of 2^30?
    #[inline]
    fn acknowledge(&mut self, from: usize, ack: u32) {
        let beyond = ack.wrapping_sub(self.isn[1 - from].wrapping_add(1));
        if beyond != 0 && beyond < 1 << 30 {
            self.seen |= if from == self.forward_index() { seen::BACKWARD_ACKED } else { seen::FORWARD_ACKED };
        }
    }

    fn handshake_step(&mut self, ts: Timestamp, flags: u8, from: usize, (seq, ack): (u32, u32)) -> Outcome {
        let opener = self.forward_index();
        match flags & (SYN | ACK | RST) {
            SYN => match self.handshake {
                _ if self.packets == [0; 2] => self.isn[from] = seq,
                Handshake::HalfOpen if from == opener => {
                    self.seen |= seen::SYN_AGAIN;
                    self.isn[from] = seq;
                }
                Handshake::Answered if from == opener && self.isn[from] == seq => self.seen |= seen::SYN_AGAIN,
                // A new connection over the same ports; simultaneous open (RFC 9293 3.5) stays one flow.
                _ if self.seen & seen::CLOSED != 0 || self.isn[from] != seq && self.handshake != Handshake::HalfOpen => {
                    return Outcome::Reopens;
                }
                _ => {}
            },
            f if f == SYN | ACK => {
                let answers = ack == self.isn[opener].wrapping_add(1);
                if self.packets == [0; 2] {
                    self.isn[from] = seq;
                } else if self.handshake == Handshake::HalfOpen && from != opener && answers {
                    self.handshake = Handshake::Answered;
                    self.isn[from] = seq;
                    if self.seen & seen::SYN_AGAIN == 0 {
                        self.rtt_server = clamp_rtt(ts.since(self.first));
                    }
                } else if self.handshake == Handshake::Answered {
                    self.seen |= seen::SYN_ACK_AGAIN;
                }
            }
            f if f & RST != 0 => {
                if self.handshake == Handshake::HalfOpen && from != opener {
                    self.handshake = Handshake::Refused;
                }
                self.seen |= seen::CLOSED;
            }
            _ => {
                if flags & ACK != 0 {
                    self.third_packet(ts, from, ack);
                    if self.handshake == Handshake::Completed {
                        self.acknowledge(from, ack);
                    }
                }
                if flags & FIN != 0 {
                    self.seen |= seen::CLOSED;
                }
            }
        }
        Outcome::Counted
    }

    /// The ACK that proves its sender received the SYN-ACK: it repeats a number only that packet carried.
    fn third_packet(&mut self, ts: Timestamp, from: usize, ack: u32) {
        let opener = self.forward_index();
        let echoed = ack == self.isn[1 - from].wrapping_add(1);
        match self.handshake {
            Handshake::Answered if from == opener && echoed => {
                self.handshake = Handshake::Completed;
                if self.rtt_server != 0 && self.seen & seen::SYN_ACK_AGAIN == 0 {
                    self.rtt_client = clamp_rtt(ts.since(self.first) - i64::from(self.rtt_server));
                }
            }
            // The capture began between SYN and SYN-ACK: the side that acknowledges is the one that opened.
            Handshake::Unsolicited if from != opener && echoed && self.seen & seen::CLOSED == 0 => {
                self.handshake = Handshake::Completed;
                self.rtt_client = clamp_rtt(ts.since(self.first));
                self.seen ^= seen::LOW_OPENED;
            }
            _ => {}
        }
    }

    /// When this flow may be forgotten: its last packet plus the patience that its state deserves (METHODS G.2).
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let seconds = match (self.key.proto, self.handshake) {
            (IpProtocol::TCP, _) if self.seen & seen::CLOSED != 0 => 2,
            (IpProtocol::TCP, Handshake::HalfOpen | Handshake::Unsolicited | Handshake::Refused) => 10,
            (IpProtocol::TCP, _) => 300,
            _ => 60,
        };
        Timestamp(self.last.0.saturating_add(seconds * 1_000_000_000))
    }

    /// Was nothing but the opening seen? Such flows go first when room is needed.
    #[must_use]
    pub fn is_half_open(&self) -> bool {
        matches!(self.handshake, Handshake::HalfOpen | Handshake::Unsolicited | Handshake::Refused)
            || self.key.proto != IpProtocol::TCP && self.turns == 0
    }

    /// A UDP probe of a traceroute: one to a few packets to a port that nobody listens on (van Jacobson's 33434 and up).
    /// Its routers answer with ICMP errors, so it looks half open, and is neither flood nor scan.
    #[must_use]
    pub fn is_traceroute_probe(&self) -> bool {
        self.key.proto == IpProtocol::UDP
            && (33434..=33534).contains(&self.server_port())
            && self.packets() <= 3
            && self.turns == 0
    }

    /// Marks it as cut off by the cap.
    pub fn evict(&mut self) {
        self.seen |= seen::EVICTED;
    }

    /// An ICMP error, not a conversation.
    #[must_use]
    pub fn is_icmp_error(&self) -> bool {
        self.seen & seen::ICMP_ERROR != 0
    }

    /// Was the opener's request head looked for already? Marks it as read.
    #[inline]
    pub fn take_head(&mut self) -> bool {
        let first = self.seen & seen::HEAD_READ == 0;
        self.seen |= seen::HEAD_READ;
        first
    }

    /// Did the side that opened the flow send anything?
    #[inline]
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.packets[self.forward_index()] > 0
    }

    /// Does a packet of the direction `low_to_high` come from the side that opened the flow?
    #[inline]
    #[must_use]
    pub fn is_forward(&self, low_to_high: bool) -> bool {
        low_to_high == (self.seen & seen::LOW_OPENED != 0)
    }

    /// Who opened it, and who was addressed.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> (PackedAddr, PackedAddr) {
        if self.seen & seen::LOW_OPENED != 0 { (self.key.low, self.key.high) } else { (self.key.high, self.key.low) }
    }

    /// Port that was addressed.
    #[must_use]
    pub fn server_port(&self) -> u16 {
        match self.key.proto {
            p if !p.has_ports() => 0,
            _ if self.seen & seen::LOW_OPENED != 0 => self.key.high_port,
            _ => self.key.low_port,
        }
    }

    /// Packets in both directions.
    #[must_use]
    pub fn packets(&self) -> u64 {
        u64::from(self.packets[0]) + u64::from(self.packets[1])
    }

    /// IP bytes in both directions.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes[0] + self.bytes[1]
    }

    /// Forward and backward.
    #[must_use]
    pub fn directions(&self) -> (Direction, Direction) {
        let f = self.forward_index();
        (self.direction(f), self.direction(1 - f))
    }

    fn direction(&self, i: usize) -> Direction {
        Direction {
            packets: u64::from(self.packets[i]),
            bytes: self.bytes[i],
            ttl_min: if self.packets[i] == 0 { 0 } else { self.ttl_min[i] },
            ttl_max: self.ttl_max[i],
        }
    }

    /// Completed, small and over soon: the shape of a log-in attempt.
    #[must_use]
    pub fn is_short(&self) -> bool {
        const FEW_KILOBYTES: u64 = 8 << 10;
        self.handshake == Handshake::Completed
            && self.bytes[0] <= FEW_KILOBYTES
            && self.bytes[1] <= FEW_KILOBYTES
            && self.last.since(self.first) <= 30_000_000_000
    }

    /// How far the opener's address can be believed (METHODS C.1), from this flow alone.
    #[must_use]
    pub fn trust(&self) -> SourceTrust {
        let both_acked = seen::FORWARD_ACKED | seen::BACKWARD_ACKED;
        match (self.key.proto, self.handshake) {
            (IpProtocol::TCP, Handshake::Completed) if self.seen & both_acked == both_acked => SourceTrust::Proved,
            (IpProtocol::TCP, Handshake::Completed) => SourceTrust::Echoed,
            (IpProtocol::TCP, Handshake::Unsolicited) => SourceTrust::Backscatter,
            _ if is_bogon(self.ends().0) => SourceTrust::Impossible,
            // TCP from the middle of a connection whose two sides answer each other.
            (IpProtocol::TCP, Handshake::Unseen) if self.turns >= 4 => SourceTrust::Echoed,
            // A blind spoofer does not keep turns: request, answer, and requests that follow the answers.
            (IpProtocol::UDP, _) if self.turns >= 7 => SourceTrust::Echoed,
            _ => SourceTrust::Plausible,
        }
    }

    /// Where its first packet stands.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        Provenance {
            input: InputId(self.input),
            at: Position::Frame { frame: self.frame, offset: u64::from(self.offset_high) << 32 | u64::from(self.offset_low) },
        }
    }

    /// Client-side handshake RTT, ns.
    #[must_use]
    pub fn rtt_client(&self) -> Option<i64> {
        (self.rtt_client != 0).then_some(i64::from(self.rtt_client))
    }

    /// Server-side handshake RTT, ns.
    #[must_use]
    pub fn rtt_server(&self) -> Option<i64> {
        (self.rtt_server != 0).then_some(i64::from(self.rtt_server))
    }

    /// First and last packet.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { first: self.first, last: self.last }
    }

    /// Addresses and ports as seen from the opener.
    #[must_use]
    pub fn tuple(&self) -> FiveTuple {
        let low_opened = self.seen & seen::LOW_OPENED != 0;
        let k = &self.key;
        let (src, dst, sport, dport) =
            if low_opened { (k.low, k.high, k.low_port, k.high_port) } else { (k.high, k.low, k.high_port, k.low_port) };
        FiveTuple { src: src.unpack(), dst: dst.unpack(), sport, dport, proto: k.proto }
    }

    /// As a fact of its own.
    #[must_use]
    pub fn fact(&self, host: Option<Arc<str>>) -> Flow {
        let (forward, backward) = self.directions();
        Flow {
            tuple: self.tuple(),
            seen: self.span(),
            forward,
            backward,
            handshake: self.handshake,
            trust: self.trust(),
            rtt_server: self.rtt_server(),
            rtt_client: self.rtt_client(),
            host,
            evicted: self.seen & seen::EVICTED != 0,
        }
    }
}

/// Into the 32 bits a flow has for it: at least 1 (0 is "none"), at most 4.29 s; longer is no round trip.
fn clamp_rtt(ns: i64) -> u32 {
    u32::try_from(ns.max(1)).unwrap_or(0)
}

/// Can't be the source of a packet that crossed a network: "this network", loopback, multicast, reserved,
/// documentation (RFC 6890, 5771, 1112; RFC 4291). Private addresses can, inside a network.
fn is_bogon(addr: PackedAddr) -> bool {
    match addr.unpack() {
        std::net::IpAddr::V4(a) => {
            let [x, ..] = a.octets();
            x == 0 || x == 127 || x >= 224 || a.is_documentation()
        }
        std::net::IpAddr::V6(a) => {
            a.is_unspecified() || a.is_loopback() || a.is_multicast() || a.segments()[..2] == [0x2001, 0xdb8]
        }
    }
}

#[cfg(test)]
mod tests;
