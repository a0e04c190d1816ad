//! `rutter.inspect/1`: what is in one input. Arrays are complete, sorted and unique.

use serde::Serialize;

use super::model::SkippedRow;
use crate::model::evidence::{Handshake, LabelEntry, Position, SourceTrust};
use crate::model::net::IpProtocol;
use crate::model::time::Timestamp;

/// Version of the contract.
pub const SCHEMA: &str = "rutter.inspect/1";

/// What is in one input.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// As given.
    pub path: String,
    /// SHA-256 of the bytes as they lie on disk; `null` if it was not computed.
    pub sha256: Option<String>,
    /// `pcap`, `pcapng`, `snoop`, or the word of another format (`rutter inspect --help` lists them).
    pub format: String,
    /// Link types, sorted.
    pub link_types: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Records of an input without packets; records of a capture that hold no packet.
    pub records: u64,
    /// Packets that were counted and not looked into, by link type; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedRow>,
    /// First packet.
    pub first: Option<Timestamp>,
    /// Last packet.
    pub last: Option<Timestamp>,
    /// Ended in the middle of a record, or in damage.
    pub truncated: bool,
    /// Every IP address of every layer, tunnelled and ICMP-quoted included.
    pub addresses: Vec<String>,
    /// Conversations.
    pub flows: Vec<FlowRow>,
    /// ICMP errors with what they quote.
    pub icmp_errors: Vec<IcmpErrorRow>,
    /// Probes put together to traceroutes.
    pub traceroutes: Vec<TracerouteRow>,
    /// Packets inside packets.
    pub tunnels: Vec<TunnelRow>,
    /// Forwarded chains of request heads.
    pub chains: Vec<ChainRow>,
    /// Received chains of mails.
    pub received: Vec<ReceivedRow>,
    /// Names for addresses.
    pub names: Vec<NameRow>,
    /// BGP routes.
    pub routes: u64,
    /// What hosts said of themselves when a connection began; left out if none did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub banners: Vec<BannerRow>,
    /// What detectors said; left out if they said nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertRow>,
    /// Rewritten addresses; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub translations: Vec<TranslationRow>,
    /// Entries of lists; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<IndicatorRow>,
    /// What had to be assumed while reading (zone, year); left out if nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The first rejected records with their place.
    pub rejected: Vec<RejectedRow>,
    /// All rejected records.
    pub rejected_total: u64,
    /// Flows, addresses, Received lines or facts left out because a list was full; 0 as a rule.
    pub left_out: u64,
    /// Beginnings of TCP streams of which a segment was missing; left out if 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub stream_gaps: u64,
    /// Datagrams whose fragments contradict each other; left out if 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub contradictory_fragments: u64,
    /// Templates and sampling rates of flow exporters that were forgotten; left out if 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub forgotten_templates: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// One conversation, from the side that opened it.
#[derive(Clone, Debug, Serialize)]
pub struct FlowRow {
    /// Protocol.
    pub proto: IpProtocol,
    /// Opener.
    pub src: String,
    /// Its port; ICMP type for ICMP.
    pub sport: u16,
    /// Addressed.
    pub dst: String,
    /// Its port; ICMP code or counterpart for ICMP.
    pub dport: u16,
    /// Packets in both directions.
    pub packets: u64,
    /// Bytes at the IP layer in both directions.
    pub bytes: u64,
    /// Community ID v1.
    pub community_id: String,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// How the TCP handshake went.
    pub handshake: Handshake,
    /// Trust in `src`.
    pub trust: SourceTrust,
    /// Client-side handshake round trip, ms.
    pub rtt_client_ms: Option<f64>,
    /// Server-side handshake round trip, ms.
    pub rtt_server_ms: Option<f64>,
    /// TLS server name or HTTP host.
    pub host: Option<String>,
    /// A record tells of it, no packet of it was seen. Left out if packets were seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
}

/// What a host said of itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BannerRow {
    /// `ssh`, `ftp`, `smtp`.
    pub kind: &'static str,
    /// Who.
    pub who: String,
    /// To whom.
    pub to: String,
    /// Port of the server.
    pub port: u16,
    /// The line, printable ASCII with everything else escaped.
    pub text: String,
}

/// An ICMP error.
#[derive(Clone, Debug, Serialize)]
pub struct IcmpErrorRow {
    /// Who sent it.
    pub from: String,
    /// ICMP type.
    #[serde(rename = "type")]
    pub icmp_type: u8,
    /// ICMP code.
    pub code: u8,
    /// The packet that died.
    pub quoted: QuotedRow,
    /// RFC 4950 labels.
    pub mpls: Vec<LabelEntry>,
    /// TTLs of the probes that it can answer; empty if no probe was seen.
    pub probe_ttls: Vec<u8>,
    /// Where it stands.
    pub at: Position,
}

/// What an ICMP error quotes. For ICMP the ports are identifier and sequence number.
#[derive(Clone, Debug, Serialize)]
pub struct QuotedRow {
    /// Protocol.
    pub proto: IpProtocol,
    /// Source.
    pub src: String,
    /// Destination.
    pub dst: String,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// TTL as quoted.
    pub ttl: u8,
}

/// One traceroute.
#[derive(Clone, Debug, Serialize)]
pub struct TracerouteRow {
    /// Prober.
    pub src: String,
    /// Destination.
    pub dst: String,
    /// Protocol of the probes; `null` if only answers were seen.
    pub proto: Option<IpProtocol>,
    /// Answers by TTL. A TTL that was asked and stayed silent has no addresses.
    pub hops: Vec<TraceHopRow>,
    /// Did the destination answer?
    pub complete: bool,
}

/// What answered at one TTL.
#[derive(Clone, Debug, Serialize)]
pub struct TraceHopRow {
    /// TTL; `null` where only the order of answers is known.
    pub ttl: Option<u8>,
    /// Addresses, sorted.
    pub addrs: Vec<String>,
    /// Round trips, ms.
    pub rtts_ms: Vec<f64>,
}

/// A tunnelled conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TunnelRow {
    /// `gre`, `vxlan` …
    pub kind: &'static str,
    /// Outer source and destination.
    pub outer: [String; 2],
    /// Inner source and destination; the outer ones again if `encrypted`.
    pub inner: [String; 2],
    /// GRE key, VNI and the like.
    pub id: Option<u32>,
    /// Packets.
    pub packets: u64,
    /// What is inside is encrypted. Left out if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
}

/// A forwarded chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChainRow {
    /// `x-forwarded-for`, `forwarded`, `via`.
    pub kind: &'static str,
    /// Socket peer that sent the request.
    pub peer: String,
    /// Server that received it.
    pub server: String,
    /// Host that was asked for.
    pub host: Option<String>,
    /// Entries, leftmost first, as written.
    pub entries: Vec<String>,
}

/// A Received line of a mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReceivedRow {
    /// From host.
    pub from: String,
    /// By host.
    pub by: String,
    /// Literal address.
    pub addr: Option<String>,
    /// Address of the receiver, if it wrote one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_addr: Option<String>,
    /// Time of the line.
    pub time: Option<Timestamp>,
}

/// An address and a port; an empty address is the recording host, port 0 is unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EndRow {
    /// Address.
    pub addr: String,
    /// Port.
    pub port: u16,
}

/// An alert.
#[derive(Clone, Debug, Serialize)]
pub struct AlertRow {
    /// Who is said to have acted.
    pub src: Option<EndRow>,
    /// Towards whom.
    pub dst: Option<EndRow>,
    /// Protocol.
    pub proto: IpProtocol,
    /// What the detector calls it.
    pub signature: String,
    /// Identifier of the signature.
    pub id: Option<String>,
    /// Severity as the detector counts.
    pub severity: Option<u8>,
    /// Did the sensor block it?
    pub blocked: bool,
    /// How often, between the same ends.
    pub times: u64,
}

/// Rewritten addresses, before and after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TranslationRow {
    /// Source.
    pub src: [EndRow; 2],
    /// Destination.
    pub dst: [EndRow; 2],
    /// Protocol.
    pub proto: IpProtocol,
}

/// An entry of a list.
#[derive(Clone, Debug, Serialize)]
pub struct IndicatorRow {
    /// Address, prefix or name.
    pub pattern: String,
    /// Why it is listed.
    pub label: String,
}

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NameRow {
    /// Address.
    pub addr: String,
    /// Name.
    pub name: String,
    /// `ptr`, `forward`.
    pub how: &'static str,
}

/// A record that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct RejectedRow {
    /// Where.
    pub at: Position,
    /// Why.
    pub why: String,
}
