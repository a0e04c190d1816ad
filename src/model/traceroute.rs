//! A traceroute as a tool wrote it down: an assertion of whoever ran the tool, not a measurement of ours.

use std::net::IpAddr;
use std::sync::Arc;

use super::evidence::LabelEntry;
use super::net::{Asn, IpProtocol};
use super::time::Timestamp;

/// One run of a tool towards one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traceroute {
    /// Which tool or family of tools wrote it.
    pub tool: &'static str,
    /// Where the probes came from, if the tool says so.
    pub src: Option<IpAddr>,
    /// Where they were sent, as an address.
    pub dst: Option<IpAddr>,
    /// Where they were sent, as a name; lower case, printable ASCII.
    pub dst_name: Option<Arc<str>>,
    /// Protocol of the probes, if the tool says so.
    pub proto: Option<IpProtocol>,
    /// When it began; `None` too if the tool printed a time without its zone.
    pub started: Option<Timestamp>,
    /// Hops in the order in which they were printed; a TTL that was not printed is not there.
    pub hops: Vec<TracedHop>,
    /// The destination answered: a reply came from [`Self::dst`] (or [`Self::dst_name`]), or the tool says so.
    pub complete: bool,
}

/// What came back for one TTL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracedHop {
    /// TTL or hop limit of the probes, 1 to 255 (RIPE Atlas: 255 is its last attempt to reach the destination).
    pub ttl: u8,
    /// Answers in the order in which they were printed, at most 64.
    pub replies: Vec<TracedReply>,
    /// Answers for which the tool printed a name and no address, at most 64. A name is no address: it may say anything.
    pub named: Vec<NamedReply>,
    /// Probes without an answer, as far as the tool counts them.
    pub silent: u16,
}

/// One answer, or for tools that only keep sums (mtr, Trippy) one answering address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedReply {
    /// The address that the tool printed for the hop, never one out of a name.
    pub addr: IpAddr,
    /// Reverse name; lower case, printable ASCII.
    pub name: Option<Arc<str>>,
    /// Round trip in nanoseconds; the best one where a tool keeps sums. 0 where a tool that counts whole milliseconds
    /// printed 0; 1,000,000 with the flag `<` where it printed `<1 ms`.
    pub rtt_ns: Option<i64>,
    /// What the tool remarked: `!H`, `!N`, `!X`, `!A` and the like, `<` (tracert, less than that), or
    /// words; printable ASCII.
    pub flag: Option<Arc<str>>,
    /// The autonomous system that the tool looked up for the address: its claim.
    pub asn: Option<Asn>,
    /// RFC 4950 label stack as the tool printed it.
    pub mpls: Vec<LabelEntry>,
}

/// An answer whose sender is only a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedReply {
    /// The name; lower case, printable ASCII.
    pub name: Arc<str>,
    /// As in [`TracedReply::rtt_ns`].
    pub rtt_ns: Option<i64>,
}
