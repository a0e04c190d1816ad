//! Routes: ordered hops before anybody says where they are, each out of one kind of evidence.

use std::net::IpAddr;

use super::evidence::SourceTrust;
use super::hop::Hop;
use super::path::Segment;
use super::time::Span;

/// What a route was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteSource {
    /// ICMP errors that quote probes: a traceroute of the sensor or of somebody else.
    Traceroute,
    /// A forwarded chain in request heads.
    ForwardedChain,
    /// The Received lines of a mail.
    Mail,
    /// The two ends of a conversation and the tunnels around it.
    Flow,
}

/// Hops from an origin to a target, in order, with what lies between them.
#[derive(Clone, Debug)]
pub struct Route {
    /// What it was read from.
    pub source: RouteSource,
    /// Where it starts, as far as evidence reaches. A later stage decides whether it may be shown.
    pub origin: Option<IpAddr>,
    /// How far the origin's address can be believed.
    pub trust: SourceTrust,
    /// Where it goes.
    pub target: IpAddr,
    /// First and last packet.
    pub seen: Span,
    /// By rank, branches of one rank by address; the first is the origin, the last the target.
    pub hops: Vec<Hop>,
    /// Links between them, by index into `hops`, in order of `from`, then `to`.
    pub segments: Vec<Segment>,
    /// A traceroute: did its target answer? Anything else: `true`.
    pub complete: bool,
    /// Remarks on the route as a whole.
    pub remarks: Vec<String>,
}
