//! What the evidence stage hands to the later ones: single facts, and what many packets add up to.

use std::net::IpAddr;
use std::sync::Arc;

use super::evidence::{Direction, EvidenceId, EvidenceItem, Probing, SourceTrust};
use super::net::IpProtocol;
use super::time::Span;

/// Everything that the packets of a run came to. All lists are sorted and free of hash order.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// Facts by id: `items[i].id.0 == i + 1`.
    pub items: Vec<EvidenceItem>,
    /// Address pairs, in order of first packet, then address.
    pub conversations: Vec<Conversation>,
    /// Targets of many half-open or one-way flows.
    pub floods: Vec<Flood>,
    /// Sources that tried many targets or ports.
    pub scans: Vec<Scan>,
    /// Who sent probes, towards whom, with which TTLs.
    pub probings: Vec<Probing>,
    /// Probers beyond those whose traces were put together, which are the ones that asked at the most distances.
    pub probers_left_out: u64,
    /// Were candidates dropped to keep memory bounded? Counts of what is shown are then lower bounds.
    pub sampled: bool,
}

impl Digest {
    /// The item with this id.
    #[must_use]
    pub fn item(&self, id: EvidenceId) -> Option<&EvidenceItem> {
        self.items.get((id.0 as usize).checked_sub(1)?)
    }
}

/// All flows that `origin` opened towards `target`.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Opened the flows, as far as was seen.
    pub origin: IpAddr,
    /// Was addressed.
    pub target: IpAddr,
    /// First and last packet.
    pub seen: Span,
    /// Number of flows.
    pub flows: u64,
    /// Of these: TCP, handshake completed.
    pub completed: u64,
    /// Of these: TCP, SYN without any answer.
    pub half_open: u64,
    /// Of these: TCP, answered by RST or an ICMP error.
    pub refused: u64,
    /// Of these: completed, at most a few kilobytes each way and over within 30 s: the shape of a log-in attempt.
    pub short: u64,
    /// Protocol of the flow with the most packets.
    pub proto: IpProtocol,
    /// Target port of the flow with the most packets; 0 where a protocol has none.
    pub port: u16,
    /// Origin to target, summed.
    pub forward: Direction,
    /// Target to origin, summed.
    pub backward: Direction,
    /// Best trust in `origin` that any flow of the pair earned.
    pub trust: SourceTrust,
    /// Smallest client-side handshake RTT, ns: sensor to origin and back.
    pub rtt_client: Option<i64>,
    /// Smallest server-side handshake RTT, ns: sensor to target and back.
    pub rtt_server: Option<i64>,
    /// First host name asked for (TLS SNI, HTTP Host).
    pub host: Option<Arc<str>>,
    /// Flows kept as examples (first and largest), at most 8, by id.
    pub because: Vec<EvidenceId>,
}

/// A target that many sources addressed without ever finishing a handshake.
#[derive(Clone, Debug)]
pub struct Flood {
    /// The host.
    pub target: IpAddr,
    /// Protocol.
    pub proto: IpProtocol,
    /// Most frequent target port.
    pub port: u16,
    /// First and last packet.
    pub seen: Span,
    /// Half-open or one-way flows.
    pub flows: u64,
    /// Distinct sources; exact up to 1,024, an estimate (HyperLogLog, about 2 %) above.
    pub sources: u64,
    /// Packets in these flows.
    pub packets: u64,
    /// The direction is reversed: unsolicited answers of `target`, which is itself the victim of somebody
    /// who spoofs the addresses that receive them (backscatter).
    pub backscatter: bool,
    /// Example flows, at most 8, by id.
    pub because: Vec<EvidenceId>,
}

/// A source that tried many targets or many ports and got few answers.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The source.
    pub source: IpAddr,
    /// First and last packet.
    pub seen: Span,
    /// Half-open or refused flows.
    pub flows: u64,
    /// Distinct targets; exact up to 1,024, an estimate above.
    pub targets: u64,
    /// Distinct target ports; exact up to 1,024, an estimate above.
    pub ports: u64,
    /// The target with the most flows.
    pub target: IpAddr,
    /// Example flows, at most 8, by id.
    pub because: Vec<EvidenceId>,
}
