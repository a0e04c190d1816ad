//! One fact with its provenance. Every hop in a report carries the ids of the evidence under it; links, borders and
//! states follow from hops.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::net::{FiveTuple, IpProtocol};
use super::record::{Alert, Announcement, Indicator, Mail, Translation};
use super::time::{Span, Timestamp};
use super::traceroute::Traceroute;

/// Which input, in the order in which they were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InputId(pub u16);

/// Where in an input a fact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// A captured frame: number from 1 within its input, byte offset of the record in the unpacked stream.
    #[serde(untagged)]
    Frame {
        /// Frame number, from 1.
        frame: u64,
        /// Byte offset of the record.
        offset: u64,
    },
    /// A line of text: number from 1, byte offset.
    #[serde(untagged)]
    Line {
        /// Line number, from 1.
        line: u64,
        /// Byte offset of the line.
        offset: u64,
    },
    /// A record of something that has neither frames nor lines: number from 1, byte offset.
    #[serde(untagged)]
    Record {
        /// Record number, from 1.
        record: u64,
        /// Byte offset of the record.
        offset: u64,
    },
}

/// Where a fact was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provenance {
    /// The input.
    pub input: InputId,
    /// The place in it.
    pub at: Position,
}

/// Printed as `e12`. Ids are given in the order of provenance, so they are the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvidenceId(pub u32);

impl fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

impl Serialize for EvidenceId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// A fact, where it stands and when it happened.
#[derive(Clone, Debug)]
pub struct EvidenceItem {
    /// Its number.
    pub id: EvidenceId,
    /// Where it was read.
    pub from: Provenance,
    /// Packet time, never the clock's.
    pub time: Timestamp,
    /// What it says.
    pub fact: Evidence,
}

/// What a piece of evidence says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Evidence {
    /// A conversation.
    Flow(Box<Flow>),
    /// An ICMP error that quotes a packet: somebody's probe died there.
    Quote(Box<Quote>),
    /// A probe's target answered.
    Reached(Reached),
    /// A forwarded chain out of a request head.
    Chain(Box<Chain>),
    /// Traffic inside other traffic.
    Tunnel(Tunnel),
    /// A name for an address.
    Name(Name),
    /// The head of a mail.
    Mail(Box<Mail>),
    /// A traceroute that a tool wrote down.
    Trace(Box<Traceroute>),
    /// A detector fired, so many times.
    Alert(Box<Alert>, u64),
    /// A list points at somebody.
    Indicator(Box<Indicator>),
    /// Addresses were rewritten.
    Translation(Box<Translation>),
    /// A route to a prefix.
    Route(Box<Announcement>),
    /// Facts of several inputs that belong together.
    Join(Box<Join>),
    /// Addresses that a packet lists in an option or a routing header.
    Listed(Box<Listed>),
    /// What a host said of itself at the beginning of a connection.
    Banner(Box<Banner>),
}

impl Evidence {
    /// The word in the report's `kind` field.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flow(_) => "flow",
            Self::Quote(_) => "quote",
            Self::Reached(_) => "reached",
            Self::Chain(_) => "chain",
            Self::Tunnel(_) => "tunnel",
            Self::Name(_) => "name",
            Self::Mail(_) => "mail",
            Self::Trace(_) => "trace",
            Self::Alert(..) => "alert",
            Self::Indicator(_) => "indicator",
            Self::Translation(_) => "translation",
            Self::Route(_) => "route",
            Self::Join(_) => "join",
            Self::Listed(_) => "listed",
            Self::Banner(_) => "banner",
        }
    }
}

/// Why facts of several inputs belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JoinKind {
    /// One conversation, seen from several places.
    SameConversation,
    /// A proxy's own log names the client that the proxy named to the server behind it.
    Proxied,
    /// A translation and the conversations on its two sides.
    Translated,
    /// A mail and the session in which it was handed over.
    Mailed,
}

/// Facts that belong together. Every one keeps its own provenance; that they belong together is a conclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Why.
    pub kind: JoinKind,
    /// The facts, by id, sorted.
    pub of: Vec<EvidenceId>,
    /// Offset between the clocks of the inputs in ns, where it could be estimated: later minus earlier input.
    pub offset_ns: Option<i64>,
    /// Address that the join is about: the peer that is vouched for, the translated address, the client.
    pub addr: IpAddr,
    /// What the address became or was called on the other side.
    pub other: Option<IpAddr>,
    /// Of a translation: who was at the other end. A join says nothing of anybody else's traffic.
    pub peer: Option<IpAddr>,
    /// In words.
    pub words: String,
}

/// How far the source address of traffic can be believed (METHODS C.1). Every claim about where an origin
/// is hangs from it. Ordered from the most to the least trustworthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceTrust {
    /// TCP handshake completed and data acknowledged both ways: the address received what we sent. It proves
    /// reachability at that time, not a place (hijack, NAT, VPN and anycast stay possible).
    Proved,
    /// A fresh value came back: SYN-ACK answered, echo or DNS id returned, no data acknowledged.
    Echoed,
    /// One-way traffic that passes the plausibility tests.
    Plausible,
    /// The sender is a reflector that somebody else addressed in the victim's name.
    Reflected,
    /// An unsolicited answer: the sender is itself the victim of somebody spoofing us.
    Backscatter,
    /// The source address cannot be a sender on the public Internet (bogon, martian), or belongs to a
    /// pattern of randomised sources.
    Impossible,
}

impl SourceTrust {
    /// May a report show this address as an origin, and place it?
    #[must_use]
    pub fn may_be_origin(self) -> bool {
        matches!(self, Self::Proved | Self::Echoed)
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Echoed => "echoed",
            Self::Plausible => "plausible",
            Self::Reflected => "reflected",
            Self::Backscatter => "backscatter",
            Self::Impossible => "impossible",
        }
    }
}

/// How a flow's TCP handshake went, or what stands for it in other protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handshake {
    /// No TCP, or the beginning was not captured.
    #[default]
    Unseen,
    /// SYN only.
    HalfOpen,
    /// SYN answered by RST or an ICMP error.
    Refused,
    /// SYN, SYN-ACK, no valid ACK seen.
    Answered,
    /// All three, with matching numbers.
    Completed,
    /// A SYN-ACK or RST that answers no SYN we saw.
    Unsolicited,
}

/// One direction of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    /// Packets.
    pub packets: u64,
    /// Bytes at the IP layer.
    pub bytes: u64,
    /// Smallest TTL or hop limit seen, 0 if none was.
    pub ttl_min: u8,
    /// Largest TTL or hop limit seen.
    pub ttl_max: u8,
}

impl Direction {
    /// The initial TTL that the sender most likely used: the smallest of 32, 64, 128, 255 not below what was seen.
    #[must_use]
    pub fn initial_ttl(&self) -> Option<u8> {
        initial_ttl(self.ttl_max)
    }

    /// Routers between the sender and the sensor, from [`Self::initial_ttl`].
    #[must_use]
    pub fn hops_away(&self) -> Option<u8> {
        self.initial_ttl().map(|init| init - self.ttl_max)
    }
}

/// The smallest usual initial TTL (32, 64, 128, 255) not below `ttl`; `None` for 0.
#[must_use]
pub fn initial_ttl(ttl: u8) -> Option<u8> {
    [32, 64, 128, 255].into_iter().find(|&init| ttl != 0 && ttl <= init)
}

/// A conversation between two end points, seen by the sensor.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Addresses and ports; `src` opened the conversation as far as was seen.
    pub tuple: FiveTuple,
    /// First and last packet.
    pub seen: Span,
    /// From `tuple.src` to `tuple.dst`.
    pub forward: Direction,
    /// From `tuple.dst` to `tuple.src`.
    pub backward: Direction,
    /// TCP handshake.
    pub handshake: Handshake,
    /// Trust in `tuple.src`.
    pub trust: SourceTrust,
    /// SYN to SYN-ACK in ns: from the sensor to the server and back.
    pub rtt_server: Option<i64>,
    /// SYN-ACK to ACK in ns: from the sensor to the client and back. It cannot be forged downward.
    pub rtt_client: Option<i64>,
    /// TLS server name or HTTP host that the client asked for.
    pub host: Option<Arc<str>>,
    /// Was the flow cut off by the cap on the table?
    pub evicted: bool,
    /// A record of a log or an exporter tells of it; no packet of it was seen.
    pub recorded: bool,
}

/// One entry of an MPLS label stack (RFC 4950).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LabelEntry {
    /// 20-bit label.
    pub label: u32,
    /// Traffic class (EXP), 3 bits.
    pub tc: u8,
    /// Bottom of stack.
    pub bottom: bool,
    /// TTL of the entry.
    pub ttl: u8,
}

/// RFC 5837 interface information: which interface of the router the packet came in by, went out by, …
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InterfaceInfo {
    /// 0 incoming IP interface, 1 sub-IP component, 2 outgoing, 3 next hop (RFC 5837 4.1).
    pub role: u8,
    /// ifIndex.
    pub index: Option<u32>,
    /// Address of the interface.
    pub addr: Option<IpAddr>,
    /// ifName, at most 63 bytes, as sent.
    pub name: Option<Arc<str>>,
    /// MTU in bytes.
    pub mtu: Option<u32>,
}

/// What an ICMP error quotes of the packet that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quoted {
    /// Addresses, ports and protocol of the quoted packet. For ICMP: `sport` is the identifier, `dport` the sequence number.
    pub tuple: FiveTuple,
    /// TTL or hop limit as quoted (1 as a rule; 0 is zero-TTL forwarding; more hints at MPLS).
    pub ttl: u8,
}

/// How sure a quote belongs to a probe that the sensor saw (METHODS A.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeMatch {
    /// 3 whole quote, 2 eight bytes and IP id, 1 ports or identifier, 0 destination only.
    pub level: u8,
    /// TTLs of the candidate probes, sorted, unique. More than one: ambiguous, and kept so.
    pub ttls: Vec<u8>,
    /// Round trip in ns; `None` where several probes are alike.
    pub rtt: Option<i64>,
    /// Digest of what load balancers hash (METHODS A.4): equal keys took the same branch at every router.
    pub flow_key: u64,
    /// When the probe was sent.
    pub sent: Timestamp,
}

/// An ICMP error: destination unreachable, time exceeded, packet too big, parameter problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Who sent the error.
    pub from: IpAddr,
    /// Who received it.
    pub to: IpAddr,
    /// TTL or hop limit of the error itself: what is left of the way back.
    pub reply_ttl: u8,
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub icmp_code: u8,
    /// The quoted packet.
    pub quoted: Quoted,
    /// RFC 4950 label stack.
    pub mpls: Vec<LabelEntry>,
    /// RFC 5837 interface information.
    pub interfaces: Vec<InterfaceInfo>,
    /// The probe it answers; `None` for an orphan.
    pub probe: Option<ProbeMatch>,
}

impl Quote {
    /// Time exceeded in transit (ICMP 11/0, ICMPv6 3/0): the sender is a router on the way.
    #[must_use]
    pub fn is_time_exceeded(&self) -> bool {
        match self.from {
            IpAddr::V4(_) => self.icmp_type == 11 && self.icmp_code == 0,
            IpAddr::V6(_) => self.icmp_type == 3 && self.icmp_code == 0,
        }
    }
}

/// The target of probes answered for itself (echo reply, SYN-ACK, RST, UDP answer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Source, destination and protocol of the probe.
    pub probe: FiveTuple,
    /// How it was matched.
    pub matched: ProbeMatch,
    /// TTL or hop limit of the answer.
    pub reply_ttl: u8,
}

/// Probes of one source towards one destination with a TTL small enough to die on the way: without them a
/// silent hop could not be told from a hop nobody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probing {
    /// Who probed.
    pub src: IpAddr,
    /// Towards whom.
    pub dst: IpAddr,
    /// With which protocol.
    pub proto: IpProtocol,
    /// First and last probe.
    pub seen: Span,
    /// Probes sent per TTL; index 0 is unused.
    pub sent: Vec<u32>,
    /// Frame of the first probe.
    pub from: Provenance,
}

/// Which header a chain came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainKind {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239), its `for=` parameters.
    Forwarded,
    /// `Via` (RFC 9110 7.6.3), the received-by parts.
    Via,
    /// `X-Real-IP`, and what content networks write in its place (`CF-Connecting-IP`, `True-Client-IP`, `Fastly-Client-IP`).
    ClientIp,
    /// PROXY protocol, version 1 or 2: the client in front of the proxy.
    ProxyProtocol,
    /// SOCKS 4 or 5: where the proxy was asked to go on to. The entries lie behind the server, not before the peer.
    Socks,
    /// HTTP CONNECT: likewise.
    Connect,
    /// A SOCKS proxy's answer that it did as asked: two entries, where it was asked to go on to, and the address and port that
    /// the answer names. That is where it goes on from (RFC 1928 6); many of version 4 repeat there where they go on to. Its
    /// own word.
    SocksReply,
    /// `Via` of SIP (RFC 3261 20.42), the last one first as there: whom the request passed.
    SipVia,
}

impl ChainKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
            Self::Via => "via",
            Self::ClientIp => "client-ip",
            Self::ProxyProtocol => "proxy-protocol",
            Self::Socks => "socks",
            Self::Connect => "connect",
            Self::SocksReply => "socks-reply",
            Self::SipVia => "sip-via",
        }
    }

    /// Do the entries say where the proxy went on to, and not who stands before the peer?
    #[must_use]
    pub fn leads_on(self) -> bool {
        matches!(self, Self::Socks | Self::Connect | Self::SocksReply)
    }
}

/// What stands in front of a URI of SIP's `Record-Route` among the entries of [`ChainKind::SipVia`]: who wants to stay on
/// the way, as text and without an address.
pub const RECORD_ROUTE: &str = "record-route ";

/// One entry of a chain, as the header wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEntry {
    /// The text, at most 256 bytes, control characters escaped.
    pub text: Arc<str>,
    /// The address in it; `None` for `unknown`, `_obfuscated`, host names and nonsense.
    pub addr: Option<IpAddr>,
}

/// A chain of forwarders, leftmost first, as one request head gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which header.
    pub kind: ChainKind,
    /// Socket peer that sent the request: proved by its TCP handshake, not by the header.
    pub peer: IpAddr,
    /// Server that received it.
    pub server: IpAddr,
    /// Host that was asked for.
    pub host: Option<Arc<str>>,
    /// Entries in header order, several header lines joined in order.
    pub entries: Vec<ChainEntry>,
}

/// Encapsulations: those whose inner packet Rutter reads, and those that it only recognises, as what they carry is
/// encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelKind {
    /// GRE (RFC 2784, 2890).
    Gre,
    /// IPv4 or IPv6 in IPv4, protocol 4 (RFC 2003), or IPv4 in IPv6 (RFC 2473).
    IpIp,
    /// IPv6 in IPv4, protocol 41 (RFC 4213).
    SixInFour,
    /// IPv6 in IPv6 (RFC 2473).
    SixInSix,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// GENEVE (RFC 8926).
    Geneve,
    /// VXLAN with another protocol than Ethernet inside (draft-ietf-nvo3-vxlan-gpe).
    VxlanGpe,
    /// NVGRE (RFC 7637).
    Nvgre,
    /// Mirrored frames in GRE (draft-foschiano-erspan).
    Erspan,
    /// MPLS in UDP (RFC 7510).
    MplsUdp,
    /// Teredo (RFC 4380).
    Teredo,
    /// IPv6 in IPv4 whose inner addresses name the outer ones (RFC 3056).
    SixToFour,
    /// User plane of mobile networks (3GPP TS 29.281).
    GtpU,
    /// L2TP version 2 (RFC 2661).
    L2tp,
    /// L2TP version 3 (RFC 3931).
    L2tpV3,
    /// AYIYA (draft-massar-v6ops-ayiya).
    Ayiya,
    /// Data of wireless access points (RFC 5415).
    Capwap,
    /// Generic UDP encapsulation (draft-ietf-intarea-gue).
    Gue,
    /// Ethernet in IP (RFC 3378).
    EtherIp,
    /// IPsec ESP (RFC 4303), also in UDP (RFC 3948). Encrypted.
    Esp,
    /// WireGuard. Encrypted.
    WireGuard,
    /// OpenVPN over UDP. Encrypted.
    OpenVpn,
    /// QUIC (RFC 9000), as far as its long headers show it. Encrypted.
    Quic,
}

impl TunnelKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gre => "gre",
            Self::IpIp => "ipip",
            Self::SixInFour => "6in4",
            Self::SixInSix => "6in6",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::VxlanGpe => "vxlan-gpe",
            Self::Nvgre => "nvgre",
            Self::Erspan => "erspan",
            Self::MplsUdp => "mpls-udp",
            Self::Teredo => "teredo",
            Self::SixToFour => "6to4",
            Self::GtpU => "gtp-u",
            Self::L2tp => "l2tp",
            Self::L2tpV3 => "l2tpv3",
            Self::Ayiya => "ayiya",
            Self::Capwap => "capwap",
            Self::Gue => "gue",
            Self::EtherIp => "etherip",
            Self::Esp => "esp",
            Self::WireGuard => "wireguard",
            Self::OpenVpn => "openvpn",
            Self::Quic => "quic",
        }
    }

    /// Is what it carries encrypted? Then the visible path ends with it: inner and outer addresses of such a
    /// [`Tunnel`] are the same, and who talks inside is unknown.
    #[must_use]
    pub fn is_sealed(self) -> bool {
        matches!(self, Self::Esp | Self::WireGuard | Self::OpenVpn | Self::Quic)
    }

    /// What its number is called.
    #[must_use]
    pub fn id_name(self) -> &'static str {
        match self {
            Self::Gre => "key",
            Self::Vxlan | Self::VxlanGpe | Self::Geneve => "VNI",
            Self::Nvgre => "VSID",
            Self::Erspan | Self::L2tpV3 => "session",
            Self::L2tp => "tunnel and session",
            Self::MplsUdp => "label",
            Self::GtpU => "TEID",
            _ => "id",
        }
    }
}

/// A conversation seen inside another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tunnel {
    /// Encapsulation.
    pub kind: TunnelKind,
    /// Outer source and destination.
    pub outer: (IpAddr, IpAddr),
    /// Inner source and destination; the outer ones again if what is inside is encrypted.
    pub inner: (IpAddr, IpAddr),
    /// GRE key, VNI and the like, see [`TunnelKind::id_name`].
    pub id: Option<u32>,
    /// Packets inside.
    pub packets: u64,
}

/// Where in a packet addresses are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Record route (RFC 791 3.1): routers that were passed.
    RecordRoute,
    /// Internet timestamp with addresses (RFC 791 3.1): routers that were passed.
    Timestamp,
    /// Loose source route (RFC 791 3.1): where the sender wants the packet to go by, or where it went.
    LooseSourceRoute,
    /// Strict source route (RFC 791 3.1): likewise.
    StrictSourceRoute,
    /// IPv6 routing header of type 0 (RFC 2460) or 4 (RFC 8754): likewise.
    RoutingHeader,
}

impl ListKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RecordRoute => "record-route",
            Self::Timestamp => "timestamp",
            Self::LooseSourceRoute => "loose-source-route",
            Self::StrictSourceRoute => "strict-source-route",
            Self::RoutingHeader => "routing-header",
        }
    }

    /// Do the addresses say by which routers a packet is to go? Else they say by which it went.
    #[must_use]
    pub fn is_wish(self) -> bool {
        matches!(self, Self::LooseSourceRoute | Self::StrictSourceRoute | Self::RoutingHeader)
    }
}

/// What a packet lists of its way. Whoever sent it can have written it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Where it stands.
    pub kind: ListKind,
    /// Source of the header that carries it.
    pub src: IpAddr,
    /// Destination of that header: with a source route, the next stop.
    pub dst: IpAddr,
    /// Addresses in order of travel, at most 64.
    pub addrs: Vec<IpAddr>,
}

/// By which protocol a host says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BannerKind {
    /// The version line of SSH (RFC 4253 4.2); both ends send one.
    Ssh,
    /// The greeting of an FTP server (RFC 959 5.4).
    Ftp,
    /// The greeting of an SMTP server (RFC 5321 3.1).
    Smtp,
}

impl BannerKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Ftp => "ftp",
            Self::Smtp => "smtp",
        }
    }
}

/// What a host said of itself when a connection began: software and version, as a rule. Its own word, which can be anything:
/// weight 0 for attribution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Banner {
    /// By which protocol.
    pub kind: BannerKind,
    /// Who said it.
    pub who: IpAddr,
    /// To whom.
    pub to: IpAddr,
    /// Port of the server, whichever of the two that is.
    pub port: u16,
    /// The line, at most 253 bytes, printable ASCII with everything else escaped.
    pub text: Arc<str>,
}

/// How a name became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameHow {
    /// PTR answer in the capture: what the holder of the prefix says of the address.
    Ptr,
    /// A or AAAA answer in the capture: what the holder of the name says.
    Forward,
    /// An answer in the capture that nobody was seen to ask for, or a multicast one: it may come from anybody, so it is
    /// shown and moves nothing.
    Unasked,
    /// What the host calls itself when it is connected to (the greeting of an FTP or SMTP server): shown, and moves nothing.
    Banner,
    /// `--names` file.
    File,
    /// Asked for with `--resolve`.
    Resolved,
}

impl NameHow {
    /// Can anybody, or the host itself, have said it? Such a name says nothing about where an address is.
    #[must_use]
    pub fn moves_nothing(self) -> bool {
        matches!(self, Self::Unasked | Self::Banner)
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ptr => "ptr",
            Self::Forward => "forward",
            Self::Unasked => "unasked",
            Self::Banner => "banner",
            Self::File => "file",
            Self::Resolved => "resolved",
        }
    }
}

/// A name for an address, and for how long it held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The address.
    pub addr: IpAddr,
    /// The name, lower case, without the final dot, at most 253 bytes, control characters escaped.
    pub name: Arc<str>,
    /// How it became known.
    pub how: NameHow,
    /// Seconds it may be believed after it was said (the record's TTL).
    pub ttl_s: Option<u32>,
}
