//! One conversation: who opened it, how the handshake went, how long it took, how far its source can be believed.

use std::sync::Arc;

use super::batch::Meta;
use super::probes::TRACEROUTE_PORTS;
use crate::decode::packet::Transport;
use crate::model::evidence::{Direction, Flow, Handshake, InputId, Position, Provenance, SourceTrust};
use crate::model::net::{FiveTuple, IpProtocol, PackedAddr};
use crate::model::record::{self, Contact, UNNAMED};
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
    /// Both.
    pub(super) const BOTH_ACKED: u16 = FORWARD_ACKED | BACKWARD_ACKED;
    /// Cut off by the cap.
    pub(super) const EVICTED: u16 = 256;
    /// An ICMP error: no conversation of its own.
    pub(super) const ICMP_ERROR: u16 = 512;
    /// Its place is a line.
    pub(super) const AT_LINE: u16 = 1 << 13;
    /// Its place is a record.
    pub(super) const AT_RECORD: u16 = 1 << 14;
    /// A record tells of it, no packet was seen.
    pub(super) const RECORDED: u16 = 1 << 15;
    /// How often the direction changed, up to 7, in three bits from here on.
    pub(super) const TURNS: u32 = 10;
    /// What it says is being put together out of several segments.
    pub(super) const WATCHED: u16 = 1 << 13;
    /// What the opener sends next is a beginning again: a proxy was told where to go on to, or TLS is about to start.
    pub(super) const AGAIN: u16 = 1 << 14;
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

/// What the table keeps of a flow. Index 0 of every pair is the lower end point's direction.
///
/// Two cache lines. What every packet changes is in the first one; the second is for the opening, and for counters that
/// overflow.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct FlowState {
    low: PackedAddr,
    high: PackedAddr,
    /// Time of the last packet.
    pub last: Timestamp,
    bytes: [u32; 2],
    packets: [u16; 2],
    low_port: u16,
    high_port: u16,
    ttl_min: [u8; 2],
    ttl_max: [u8; 2],
    seen: u16,
    /// Protocol.
    pub proto: IpProtocol,
    /// How the handshake went so far.
    pub handshake: Handshake,

    /// Time of the first packet.
    pub first: Timestamp,
    frame: u64,
    isn: [u32; 2],
    rtt_server: u32,
    rtt_client: u32,
    offset_low: u32,
    /// Index + 1 into the shard's host names; 0 is none.
    pub host: u32,
    /// What did not fit into `bytes`, in units of 2^32.
    bytes_carry: [u32; 2],
    /// What did not fit into `packets`, in units of 2^16.
    packets_carry: [u16; 2],
    offset_high: u16,
    input: u16,
}

const _: () = assert!(size_of::<FlowState>() == 128, "a flow is two cache lines");
const _: () = assert!(std::mem::offset_of!(FlowState, first) == 64, "what every packet changes is in the first one");

/// How long a closed connection is remembered.
const SHORTEST_PATIENCE_NS: i64 = 2_000_000_000;

/// Changes of direction that are counted: what can be asked of them is whether there were 0, 4 or 7.
const MOST_TURNS: u16 = 7;

/// What a packet did to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to note.
    Counted,
    /// The five-tuple is used again: this packet opens another flow.
    Reopens,
}

impl FlowState {
    /// No flow: keeps a place.
    pub(super) const NONE: Self = Self {
        low: PackedAddr { hi: 0, lo: 0 },
        high: PackedAddr { hi: 0, lo: 0 },
        last: Timestamp(0),
        bytes: [0; 2],
        packets: [0; 2],
        low_port: 0,
        high_port: 0,
        ttl_min: [u8::MAX; 2],
        ttl_max: [0; 2],
        seen: 0,
        proto: IpProtocol(0),
        handshake: Handshake::Unseen,
        first: Timestamp(0),
        frame: 0,
        isn: [0; 2],
        rtt_server: 0,
        rtt_client: 0,
        offset_low: 0,
        host: 0,
        bytes_carry: [0; 2],
        packets_carry: [0; 2],
        offset_high: 0,
        input: 0,
    };

    /// The flow that `m` opens.
    #[inline]
    #[must_use]
    pub fn open(m: &Meta, key: FlowKey, low_to_high: bool, at: Provenance) -> Self {
        let (frame, offset) = match at.at {
            Position::Frame { frame, offset } => (frame, offset),
            Position::Line { line: n, offset } | Position::Record { record: n, offset } => (n, offset),
        };
        let mut state = Self {
            low: key.low,
            high: key.high,
            low_port: key.low_port,
            high_port: key.high_port,
            proto: key.proto,
            first: m.ts,
            last: m.ts,
            frame,
            offset_low: offset as u32,
            offset_high: (offset >> 32).min(u64::from(u16::MAX)) as u16,
            input: at.input.0,
            ..Self::NONE
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

    /// Who.
    #[inline]
    #[must_use]
    pub fn key(&self) -> FlowKey {
        FlowKey { low: self.low, high: self.high, low_port: self.low_port, high_port: self.high_port, proto: self.proto }
    }

    /// Is `m` of this flow, and does it go from the lower to the higher end point? Both directions are compared at once
    /// and without a branch between them: which one it is is as good as random.
    #[inline]
    #[must_use]
    pub fn direction_of(&self, m: &Meta) -> Option<bool> {
        let differ = |a: PackedAddr, b: PackedAddr| (a.hi ^ b.hi) | (a.lo ^ b.lo);
        let ports = |a: u16, b: u16| u64::from(a) << 16 | u64::from(b);
        let (ours, up, down) = (ports(self.low_port, self.high_port), ports(m.sport, m.dport), ports(m.dport, m.sport));
        let proto = u64::from(self.proto.0 ^ m.proto.0);
        let along = differ(self.low, m.src) | differ(self.high, m.dst) | (ours ^ up) | proto;
        let against = differ(self.low, m.dst) | differ(self.high, m.src) | (ours ^ down) | proto;
        ((along == 0) | (against == 0)).then_some(along == 0)
    }

    /// Nothing counted yet?
    fn is_new(&self) -> bool {
        self.packets_of(0) + self.packets_of(1) == 0
    }

    #[inline]
    fn turns(&self) -> u16 {
        self.seen >> seen::TURNS & MOST_TURNS
    }

    #[inline]
    fn packets_of(&self, i: usize) -> u64 {
        u64::from(self.packets_carry[i]) << 16 | u64::from(self.packets[i])
    }

    #[inline]
    fn bytes_of(&self, i: usize) -> u64 {
        u64::from(self.bytes_carry[i]) << 32 | u64::from(self.bytes[i])
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
        // Without a branch: whether the direction changes is as good as random.
        let backward = from != self.forward_index();
        let turned = u16::from(backward != (self.seen & seen::LAST_BACKWARD != 0));
        self.seen ^= turned * seen::LAST_BACKWARD;
        self.seen += (turned & u16::from(self.turns() < MOST_TURNS)) << seen::TURNS;
        self.last = self.last.max(m.ts);
        let (bytes, full) = self.bytes[from].overflowing_add(m.ip_len);
        self.bytes[from] = bytes;
        if full {
            match self.bytes_carry[from].checked_add(1) {
                Some(carry) => self.bytes_carry[from] = carry,
                None => self.bytes[from] = u32::MAX, // and stays there
            }
        }
        let (packets, full) = self.packets[from].overflowing_add(1);
        self.packets[from] = packets;
        if full {
            match self.packets_carry[from].checked_add(1) {
                Some(carry) => self.packets_carry[from] = carry,
                None => self.packets[from] = u16::MAX, // and stays there
            }
        }
        self.ttl_min[from] = self.ttl_min[from].min(m.ttl);
        self.ttl_max[from] = self.ttl_max[from].max(m.ttl);
        Outcome::Counted
    }

    /// Does `ack` from side `from` acknowledge data of the other side, within a window of 2^30?
    #[inline]
    fn acknowledge(&mut self, from: usize, ack: u32) {
        if self.seen & seen::BOTH_ACKED == seen::BOTH_ACKED {
            return; // known, and the second cache line stays untouched
        }
        let beyond = ack.wrapping_sub(self.isn[1 - from].wrapping_add(1));
        if beyond != 0 && beyond < 1 << 30 {
            self.seen |= if from == self.forward_index() { seen::BACKWARD_ACKED } else { seen::FORWARD_ACKED };
        }
    }

    fn handshake_step(&mut self, ts: Timestamp, flags: u8, from: usize, (seq, ack): (u32, u32)) -> Outcome {
        let opener = self.forward_index();
        match flags & (SYN | ACK | RST) {
            SYN => match self.handshake {
                _ if self.is_new() => self.isn[from] = seq,
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
                if self.is_new() {
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
        let echoed = |isn: &[u32; 2]| ack == isn[1 - from].wrapping_add(1);
        match self.handshake {
            Handshake::Answered if from == opener && echoed(&self.isn) => {
                self.handshake = Handshake::Completed;
                if self.rtt_server != 0 && self.seen & seen::SYN_ACK_AGAIN == 0 {
                    self.rtt_client = clamp_rtt(ts.since(self.first) - i64::from(self.rtt_server));
                }
            }
            // The capture began between SYN and SYN-ACK: the side that acknowledges is the one that opened.
            Handshake::Unsolicited if from != opener && echoed(&self.isn) && self.seen & seen::CLOSED == 0 => {
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
        let seconds = match (self.proto, self.handshake) {
            (IpProtocol::TCP, _) if self.seen & seen::CLOSED != 0 => SHORTEST_PATIENCE_NS / 1_000_000_000,
            (IpProtocol::TCP, Handshake::HalfOpen | Handshake::Unsolicited | Handshake::Refused) => 10,
            (IpProtocol::TCP, _) => 300,
            _ => 60,
        };
        Timestamp(self.last.0.saturating_add(seconds * 1_000_000_000))
    }

    /// Was its time up before `now`? Hardly ever, and the shortest patience settles nearly every case.
    #[inline]
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.last) > SHORTEST_PATIENCE_NS && self.deadline() < now
    }

    /// Was nothing but the opening seen? Such flows go first when room is needed.
    #[must_use]
    pub fn is_half_open(&self) -> bool {
        matches!(self.handshake, Handshake::HalfOpen | Handshake::Unsolicited | Handshake::Refused)
            || self.proto != IpProtocol::TCP && self.turns() == 0
    }

    /// A UDP probe of a traceroute: one to a few packets to a port that nobody listens on.
    /// Its routers answer with ICMP errors, so it looks half open, and is neither flood nor scan.
    #[must_use]
    pub fn is_traceroute_probe(&self) -> bool {
        self.proto == IpProtocol::UDP
            && TRACEROUTE_PORTS.contains(&self.server_port())
            && self.packets() <= 3
            && self.turns() == 0
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

    /// Is a head of this flow being put together?
    #[inline]
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.seen & seen::WATCHED != 0
    }

    /// Begins or ends that.
    pub(super) fn watch(&mut self, on: bool) {
        self.seen = self.seen & !seen::WATCHED | if on { seen::WATCHED } else { 0 };
    }

    /// What the opener sends next is looked at like the first bytes of a connection.
    pub(super) fn begin_again(&mut self) {
        self.seen |= seen::AGAIN;
    }

    /// Was that said? It holds for one payload.
    pub(super) fn take_again(&mut self) -> bool {
        let again = self.seen & seen::AGAIN != 0;
        self.seen &= !seen::AGAIN;
        again
    }

    /// Are these, after they were counted, the first payload bytes of their direction? Where the opening was not
    /// captured, the first packet is taken for it.
    pub(super) fn is_start(&self, low_to_high: bool, seq: u32) -> bool {
        let from = usize::from(!low_to_high);
        match (self.handshake, self.isn[from]) {
            (Handshake::HalfOpen | Handshake::Answered | Handshake::Completed, isn) if isn != 0 => seq == isn.wrapping_add(1),
            // The packet that completed the handshake came before.
            (Handshake::Completed, _) => self.packets_of(from) <= 2,
            _ => self.packets_of(from) <= 1,
        }
    }

    /// Did the side that opened the flow send anything?
    #[inline]
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.packets_of(self.forward_index()) > 0
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
        if self.seen & seen::LOW_OPENED != 0 { (self.low, self.high) } else { (self.high, self.low) }
    }

    /// Port that was addressed.
    #[must_use]
    pub fn server_port(&self) -> u16 {
        match self.proto {
            p if !p.has_ports() => 0,
            _ if self.seen & seen::LOW_OPENED != 0 => self.high_port,
            _ => self.low_port,
        }
    }

    /// Packets in both directions.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets_of(0) + self.packets_of(1)
    }

    /// IP bytes in both directions.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes_of(0) + self.bytes_of(1)
    }

    /// Forward and backward.
    #[must_use]
    pub fn directions(&self) -> (Direction, Direction) {
        let f = self.forward_index();
        (self.direction(f), self.direction(1 - f))
    }

    fn direction(&self, i: usize) -> Direction {
        Direction {
            packets: self.packets_of(i),
            bytes: self.bytes_of(i),
            ttl_min: if self.packets_of(i) == 0 { 0 } else { self.ttl_min[i] },
            ttl_max: self.ttl_max[i],
        }
    }

    /// Completed, small and over soon: the shape of a log-in attempt.
    #[must_use]
    pub fn is_short(&self) -> bool {
        const FEW_KILOBYTES: u64 = 8 << 10;
        self.handshake == Handshake::Completed
            && self.bytes_of(0) <= FEW_KILOBYTES
            && self.bytes_of(1) <= FEW_KILOBYTES
            && self.last.since(self.first) <= 30_000_000_000
    }

    /// How far the opener's address can be believed (METHODS C.1), from this flow alone.
    #[must_use]
    pub fn trust(&self) -> SourceTrust {
        match (self.proto, self.handshake) {
            (IpProtocol::TCP, Handshake::Completed) if self.seen & seen::BOTH_ACKED == seen::BOTH_ACKED => SourceTrust::Proved,
            (IpProtocol::TCP, Handshake::Completed) => SourceTrust::Echoed,
            (IpProtocol::TCP, Handshake::Unsolicited) => SourceTrust::Backscatter,
            // The host that keeps the record, which does not name itself.
            _ if self.is_recorded() && self.ends().0.unpack() == UNNAMED => SourceTrust::Plausible,
            _ if is_bogon(self.ends().0) => SourceTrust::Impossible,
            // TCP from the middle of a connection whose two sides answer each other.
            (IpProtocol::TCP, Handshake::Unseen) if self.turns() >= 4 => SourceTrust::Echoed,
            // A blind spoofer does not keep turns: request, answer, and requests that follow the answers.
            (IpProtocol::UDP, _) if self.turns() >= MOST_TURNS => SourceTrust::Echoed,
            _ => SourceTrust::Plausible,
        }
    }

    /// Where its first packet stands.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let offset = u64::from(self.offset_high) << 32 | u64::from(self.offset_low);
        Provenance {
            input: InputId(self.input),
            at: match self.seen & (seen::AT_LINE | seen::AT_RECORD) {
                0 => Position::Frame { frame: self.frame, offset },
                seen::AT_LINE => Position::Line { line: self.frame, offset },
                _ => Position::Record { record: self.frame, offset },
            },
        }
    }

    /// The flow that a record tells of. Its trust is what the recorder says; `host` as in [`Self::host`].
    #[must_use]
    pub fn recorded(contact: &Contact, seen: Span, at: Provenance, host: u32) -> Self {
        let (n, offset, place) = match at.at {
            Position::Frame { frame, offset } => (frame, offset, 0),
            Position::Line { line, offset } => (line, offset, seen::AT_LINE),
            Position::Record { record, offset } => (record, offset, seen::AT_RECORD),
        };
        let (src, dst) = (PackedAddr::from(contact.src), PackedAddr::from(contact.dst));
        let forward_low = (src, contact.sport) <= (dst, contact.dport);
        let (low, high) = if forward_low { (src, dst) } else { (dst, src) };
        let (low_port, high_port) = if forward_low { (contact.sport, contact.dport) } else { (contact.dport, contact.sport) };
        let volumes = if forward_low { [contact.forward, contact.backward] } else { [contact.backward, contact.forward] };
        let (handshake, both) = match contact.outcome {
            record::Outcome::Exchanged => (Handshake::Completed, seen::BOTH_ACKED),
            record::Outcome::Established => (Handshake::Completed, 0),
            record::Outcome::Unanswered => (Handshake::HalfOpen, 0),
            record::Outcome::Refused => (Handshake::Refused, 0),
            record::Outcome::Unknown => (Handshake::Unseen, 0),
        };
        // One direction is all that many exporters tell of: that alone makes nothing half open.
        let turned = 1 << seen::TURNS;
        let opened = if forward_low { seen::LOW_OPENED } else { 0 };
        let split = |n: u64| (n as u32, u32::try_from(n >> 32).unwrap_or(u32::MAX));
        let bytes = volumes.map(|v| split(v.bytes));
        // 32 bits of packets are kept in two halves.
        let packets = volumes.map(|v| u32::try_from(v.packets).unwrap_or(u32::MAX));
        Self {
            low,
            high,
            low_port,
            high_port,
            proto: contact.proto,
            first: seen.first,
            last: seen.last,
            handshake,
            seen: both | turned | opened | place | seen::RECORDED,
            bytes: bytes.map(|b| b.0),
            bytes_carry: bytes.map(|b| b.1),
            packets: packets.map(|p| p as u16),
            packets_carry: packets.map(|p| (p >> 16) as u16),
            frame: n,
            offset_low: offset as u32,
            offset_high: (offset >> 32).min(u64::from(u16::MAX)) as u16,
            input: at.input.0,
            host,
            ttl_min: [0; 2],
            ..Self::NONE
        }
    }

    /// Does a record tell of it, and no packet?
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.seen & seen::RECORDED != 0
    }

    /// Input and number of its first frame: no two flows of a shard share it.
    #[inline]
    pub(super) fn place(&self) -> (u16, u64) {
        (self.input, self.frame)
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
        let k = self.key();
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
            recorded: self.is_recorded(),
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
