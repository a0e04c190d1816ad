//! What one record of a log, a flow export, a mail, a routing table or a list says. Whoever wrote the record says it; no
//! packet of it was seen.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use smallvec::SmallVec;

use super::evidence::{Chain, ChainEntry, Name, Tunnel};
use super::net::{Asn, IpProtocol};
use super::time::{Span, Timestamp};
use super::traceroute::Traceroute;

/// Stands for the host that wrote the record where no record names its address: a web server's log names its clients and
/// not itself. The unspecified address says just that (RFC 4291 2.5.2).
pub const UNNAMED: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// One statement of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// When it happened, in UTC; `None` if the record has no time.
    pub time: Option<Timestamp>,
    /// What happened.
    pub fact: Saying,
}

/// What a record can say.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Saying {
    /// Two hosts met.
    Contact(Contact),
    /// A chain of forwarders.
    Chain(Box<Chain>),
    /// A mail came this way.
    Mail(Box<Mail>),
    /// A name for an address.
    Name(Name),
    /// A route to a prefix.
    Announcement(Box<Announcement>),
    /// A traceroute.
    Traceroute(Box<Traceroute>),
    /// Somebody's detector fired.
    Alert(Box<Alert>),
    /// An address, prefix or name on somebody's list.
    Indicator(Box<Indicator>),
    /// Addresses were rewritten.
    Translation(Box<Translation>),
    /// Traffic inside other traffic.
    Tunnel(Tunnel),
}

impl Saying {
    /// Calls `f` with every address that the statement names; one may come twice. [`UNNAMED`] is no address.
    pub fn each_address(&self, mut f: impl FnMut(IpAddr)) {
        let mut named = |addr: IpAddr| {
            if addr != UNNAMED {
                f(addr);
            }
        };
        match self {
            Self::Contact(c) => {
                named(c.src);
                named(c.dst);
                c.observer.into_iter().for_each(named);
            }
            Self::Chain(c) => {
                named(c.peer);
                named(c.server);
                c.entries.iter().filter_map(|e| e.addr).for_each(named);
            }
            Self::Mail(m) => {
                m.received.iter().flat_map(|r| [r.addr, r.by_addr]).flatten().for_each(&mut named);
                m.originating.iter().filter_map(|e| e.addr).for_each(named);
            }
            Self::Name(n) => named(n.addr),
            Self::Announcement(a) => a.peer.into_iter().chain(a.next_hop).for_each(named),
            Self::Traceroute(t) => {
                t.src.into_iter().chain(t.dst).for_each(&mut named);
                t.hops.iter().flat_map(|hop| &hop.replies).for_each(|reply| named(reply.addr));
            }
            Self::Alert(a) => a.src.into_iter().chain(a.dst).for_each(|end| named(end.addr)),
            Self::Indicator(i) => {
                if let Pattern::Net(net) = &i.pattern
                    && net.prefix_len() == net.max_prefix_len()
                {
                    named(net.addr());
                }
            }
            Self::Translation(t) => [t.src.0, t.src.1, t.dst.0, t.dst.1].into_iter().for_each(|end| named(end.addr)),
            Self::Tunnel(t) => [t.outer.0, t.outer.1, t.inner.0, t.inner.1].into_iter().for_each(named),
        }
    }
}

/// An address and a port; 0 where no port is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Address.
    pub addr: IpAddr,
    /// Port, 0 if unknown.
    pub port: u16,
}

/// Packets and bytes of one direction; 0 where the record does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// Bytes, at the layer that the recorder counts: its documentation says which.
    pub bytes: u64,
}

/// How a contact went, as the recorder saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The record does not say.
    #[default]
    Unknown,
    /// Data went both ways over a connection: a request was answered, a log-in was tried, a TCP connection carried data in
    /// both directions. The source address received what was sent to it.
    Exchanged,
    /// A connection was made; whether data went both ways is not said.
    Established,
    /// Opened, and nobody answered.
    Unanswered,
    /// Turned away by the target or by something before it: reset, unreachable, blocked, denied.
    Refused,
}

/// What kind of meeting it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    /// A connection or a flow.
    #[default]
    Connection,
    /// A request, one of perhaps many over a connection.
    Request,
    /// A log-in that failed.
    LoginFailed,
    /// A log-in that succeeded.
    LoginSucceeded,
}

/// Two hosts met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who opened it, as far as the recorder knows; [`UNNAMED`] for the recording host itself.
    pub src: IpAddr,
    /// Who was addressed; [`UNNAMED`] for the recording host itself.
    pub dst: IpAddr,
    /// Source port; 0 if not said. For ICMP: type.
    pub sport: u16,
    /// Destination port; 0 if not said. For ICMP: code.
    pub dport: u16,
    /// Transport protocol; `IpProtocol(0)` if not said.
    pub proto: IpProtocol,
    /// When it ended, if the record says so and it is later than [`Said::time`].
    pub ended: Option<Timestamp>,
    /// From `src` to `dst`, multiplied by the sampling rate if there is one.
    pub forward: Volume,
    /// From `dst` to `src`.
    pub backward: Volume,
    /// How it went.
    pub outcome: Outcome,
    /// What it was.
    pub act: Act,
    /// One packet in this many was looked at; 1 if all were.
    pub sampled: u32,
    /// Name of the host that was asked for (HTTP Host, TLS server name).
    pub host: Option<Arc<str>>,
    /// Who observed it, if that is neither end: the exporter of a flow record.
    pub observer: Option<IpAddr>,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            src: UNNAMED,
            dst: UNNAMED,
            sport: 0,
            dport: 0,
            proto: IpProtocol(0),
            ended: None,
            forward: Volume::default(),
            backward: Volume::default(),
            outcome: Outcome::Unknown,
            act: Act::Connection,
            sampled: 1,
            host: None,
            observer: None,
        }
    }
}

/// A Received line of a mail (RFC 5321 4.4), as far as it can be read. Texts are printable ASCII of at most 253 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Name that the client gave (HELO): anybody may say anything here.
    pub helo: Option<Arc<str>>,
    /// Name that the receiving server found for the client's address.
    pub name: Option<Arc<str>>,
    /// Address that the receiving server saw: the literal in the from part.
    pub addr: Option<IpAddr>,
    /// Who received it and wrote this line.
    pub by: Option<Arc<str>>,
    /// The receiver's address, if it wrote one.
    pub by_addr: Option<IpAddr>,
    /// Protocol: `ESMTPS` and the like.
    pub with: Option<Arc<str>>,
    /// Queue id.
    pub id: Option<Arc<str>>,
    /// When.
    pub time: Option<Timestamp>,
}

/// What the head of a mail says of its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// `Message-ID`, printable ASCII, at most 253 bytes.
    pub message_id: Option<Arc<str>>,
    /// `From`, likewise: what the sender wrote.
    pub from: Option<Arc<str>>,
    /// Received lines, the topmost (latest) first, at most 256.
    pub received: Vec<Received>,
    /// Received lines beyond.
    pub left_out: u64,
    /// `X-Originating-IP`, `X-Source-IP` and the like: what a server or a sender says of the client.
    pub originating: Vec<ChainEntry>,
    /// `Authentication-Results`, `ARC-Authentication-Results` and `Received-SPF`, printable ASCII, at most 512 bytes each,
    /// at most 16, in header order.
    pub authentication: Vec<Arc<str>>,
    /// The connection over which a capture saw it handed on; `None` for a mail out of a file.
    pub session: Option<Handover>,
}

/// A connection that handed a mail on (RFC 5321), as packets show it: what the receiving server will write into the next
/// Received line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Who sent the mail.
    pub peer: IpAddr,
    /// Who received it.
    pub server: IpAddr,
    /// Name that the peer gave (HELO), printable ASCII, at most 253 bytes: anybody may say anything here.
    pub helo: Option<Arc<str>>,
}

/// A route to a prefix at a time, as one peer told it (RFC 4271).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The prefix.
    pub prefix: IpNet,
    /// Path identifier (RFC 7911), if the session has them.
    pub path_id: Option<u32>,
    /// AS path, nearest first; an AS_SET contributes its members in the order in which they stand. Empty for a withdrawal.
    pub path: SmallVec<[Asn; 6]>,
    /// Members of the last segment if it is a set, else the last AS: who announces the prefix.
    pub origins: SmallVec<[Asn; 1]>,
    /// The peer that told it.
    pub peer: Option<IpAddr>,
    /// Its AS.
    pub peer_as: Option<Asn>,
    /// Next hop.
    pub next_hop: Option<IpAddr>,
    /// The route was taken back.
    pub withdrawn: bool,
}

/// Somebody's detector fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who is said to have acted; `None` if the alert names nobody.
    pub src: Option<Endpoint>,
    /// Towards whom.
    pub dst: Option<Endpoint>,
    /// Transport protocol; `IpProtocol(0)` if not said.
    pub proto: IpProtocol,
    /// What the detector calls it, printable ASCII, at most 253 bytes.
    pub signature: Arc<str>,
    /// Number or identifier of the signature.
    pub id: Option<Arc<str>>,
    /// Severity as the detector counts (Suricata: 1 is the highest).
    pub severity: Option<u8>,
    /// Did the sensor block it?
    pub blocked: bool,
}

/// What an indicator points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// An address or prefix.
    Net(IpNet),
    /// A host name, lower case.
    Name(Arc<str>),
}

/// An entry of a list: somebody says that whoever has this address or name matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Whom it points at.
    pub pattern: Pattern,
    /// Why, printable ASCII, at most 253 bytes.
    pub label: Arc<str>,
    /// From when to when it holds; the end may be open.
    pub valid: (Option<Timestamp>, Option<Timestamp>),
}

/// Addresses were rewritten (NAT), or an inner address was lent to an outer one (VPN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Source before and after; equal if it was not rewritten.
    pub src: (Endpoint, Endpoint),
    /// Destination before and after.
    pub dst: (Endpoint, Endpoint),
    /// Transport protocol; `IpProtocol(0)` if all.
    pub proto: IpProtocol,
    /// How long it held, as far as the record says.
    pub seen: Option<Span>,
}
