//! What kind of finding a conversation, flood, scan, chain or trace is, how it scores, and the reason in words.
//!
//! # Scores
//! A score is a base weight per kind plus 10 for every factor of ten in the number that makes the finding (sessions,
//! half-open flows, addresses tried, megabytes sent, proxies passed, routers that answered). The base weights order
//! findings of equal size by how seldom such traffic has an innocent cause:
//!
//! | kind | base | counted |
//! |---|---|---|
//! | `alert` | 70 | times that a detector fired between the two ends |
//! | `listed` | 65 | nothing: an end is on a list that the analyst gave |
//! | `brute-force` | 60 | short sessions; plus 5 for every factor of ten in sessions a minute |
//! | `proxied-request` | 60 | forwarders passed or named |
//! | `syn-flood`, `flood` | 55 | half-open or one-way flows |
//! | `scan` | 50 | addresses or ports tried, whichever are more |
//! | `upload` | 50 | megabytes sent; plus 5 for every factor of ten in sent over received |
//! | `backscatter` | 45 | unsolicited answers |
//! | `mail` | 45 | Received lines, believed and claimed |
//! | `traceroute` | 40 | routers that answered; 2 more if the target did; 15 less for a second trace of the same pair |
//! | `chosen`, `conversation` | 0 | kilobytes, 5 for every factor of ten |
//!
//! The weights are a judgement, not a measurement: they order a list, they are no probability.
//! Reasons name no address: whether an origin may be shown is decided later.

use std::net::IpAddr;

use crate::model::digest::{Conversation, Flood, Scan};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::net::IpProtocol;
use crate::model::path::Finding;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

use super::words::{bytes, count, counted, distinct, duration, seconds};

/// Kinds that follow from the traffic alone; `chosen` is what the analyst adds.
pub(super) const NATURAL: [&str; 12] = [
    "brute-force",
    "syn-flood",
    "flood",
    "backscatter",
    "scan",
    "upload",
    "proxied-request",
    "traceroute",
    "conversation",
    "alert",
    "listed",
    "mail",
];

/// Ports where a person or a program logs in, and the fewest short sessions that look like guessing. Clients of
/// mail, files and data bases open many short sessions of their own accord, so more is asked of them.
const LOGIN_PORTS: [(u16, u64); 24] = [
    (21, 10),
    (22, 10),
    (23, 10),
    (25, 40),
    (110, 40),
    (143, 40),
    (389, 40),
    (445, 40),
    (465, 40),
    (587, 40),
    (993, 40),
    (995, 40),
    (1433, 40),
    (1521, 40),
    (2222, 10),
    (2323, 10),
    (3306, 40),
    (3389, 10),
    (5432, 40),
    (5900, 10),
    (5901, 10),
    (5985, 40),
    (6379, 40),
    (8080, 40),
];

/// Bytes from which on an upload is looked at.
const UPLOAD_BYTES: u64 = 1_000_000;
/// Sent over received.
const UPLOAD_RATIO: u64 = 5;
/// Times the median of the other conversations.
const UPLOAD_OVER_MEDIAN: u64 = 10;

fn decades(n: f64) -> f64 {
    n.max(0.0).ln_1p() / std::f64::consts::LN_10
}

fn port_of(proto: IpProtocol, port: u16) -> String {
    if proto.has_ports() && port != 0 { format!("{proto}/{port}") } else { proto.to_string() }
}

fn within(span: Span) -> String {
    format!("in {}", duration(span))
}

/// Bytes that origins sent, for "more than usual": the lower median of the two-way conversations.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usual {
    /// Two-way conversations.
    pub(super) conversations: usize,
    /// Median of bytes sent by their origins.
    pub(super) forward: u64,
}

impl Usual {
    pub(super) fn of(conversations: &[Conversation]) -> Self {
        let mut sent: Vec<u64> = conversations.iter().filter(|c| two_way(c)).map(|c| c.forward.bytes).collect();
        let middle = sent.len().saturating_sub(1) / 2;
        let forward = if sent.is_empty() { 0 } else { *sent.select_nth_unstable(middle).1 };
        Self { conversations: sent.len(), forward }
    }
}

fn two_way(c: &Conversation) -> bool {
    c.forward.packets > 0 && c.backward.packets > 0
}

/// What a conversation is on its own: `brute-force`, `upload`, or nothing special.
pub(super) fn conversation(c: &Conversation, usual: Usual) -> Option<Finding> {
    brute_force(c).or_else(|| upload(c, usual))
}

fn brute_force(c: &Conversation) -> Option<Finding> {
    let &(_, fewest) = LOGIN_PORTS.iter().find(|(port, _)| *port == c.port)?;
    if c.proto != IpProtocol::TCP || c.short < fewest || c.short.saturating_mul(2) < c.completed {
        return None;
    }
    let per_minute = c.short as f64 * 60.0 / seconds(c.seen).max(1.0);
    let reason = format!(
        "{} to {} {} ({:.1} a minute); typical of password guessing, and of a program that logs in over and over",
        counted(c.short, "short session", "short sessions"),
        port_of(c.proto, c.port),
        within(c.seen),
        per_minute,
    );
    let score = 60.0 + 10.0 * decades(c.short as f64) + 5.0 * decades(per_minute);
    Some(Finding { kind: "brute-force", score, reason })
}

fn upload(c: &Conversation, usual: Usual) -> Option<Finding> {
    let (sent, got) = (c.forward.bytes, c.backward.bytes);
    // The conversation is among those that the median is of, so three leave two others.
    let unusual = usual.conversations < 3 || sent >= usual.forward.saturating_mul(UPLOAD_OVER_MEDIAN);
    if !two_way(c) || sent <= UPLOAD_BYTES || sent < got.saturating_mul(UPLOAD_RATIO) || !unusual {
        return None;
    }
    let ratio = sent as f64 / got.max(1) as f64;
    let compared = if usual.conversations < 3 {
        "too few other conversations to compare with".to_owned()
    } else {
        format!(
            "the median of {} is {}",
            counted(usual.conversations as u64, "conversation", "conversations"),
            bytes(usual.forward)
        )
    };
    let reason = format!(
        "{} sent and {} received {} ({:.0} to 1) on {}; {compared}",
        bytes(sent),
        bytes(got),
        within(c.seen),
        ratio,
        port_of(c.proto, c.port),
    );
    Some(Finding { kind: "upload", score: 50.0 + 10.0 * decades(sent as f64 / 1e6) + 5.0 * decades(ratio), reason })
}

/// A conversation that is nothing special; `kind` is `conversation` or `chosen`.
pub(super) fn plain_conversation(c: &Conversation, kind: &'static str, remark: &str) -> Finding {
    let sum = c.forward.bytes.saturating_add(c.backward.bytes);
    let reason = format!(
        "{remark}{} on {} {}, {} sent and {} received",
        counted(c.flows, "flow", "flows"),
        port_of(c.proto, c.port),
        within(c.seen),
        bytes(c.forward.bytes),
        bytes(c.backward.bytes),
    );
    Finding { kind, score: 5.0 * decades(sum as f64 / 1e3), reason }
}

/// A target under many half-open or one-way flows, or the victim that answers forged packets.
pub(super) fn flood(f: &Flood) -> Finding {
    let port = port_of(f.proto, f.port);
    let others = distinct(f.sources, "address", "addresses");
    if f.backscatter {
        let reason = format!(
            "{} of one host ({port}) to {others} {}: somebody forges these addresses towards it, so that host is a victim",
            counted(f.flows, "unsolicited answer", "unsolicited answers"),
            within(f.seen),
        );
        return Finding { kind: "backscatter", score: 45.0 + 10.0 * decades(f.flows as f64), reason };
    }
    let tcp = f.proto == IpProtocol::TCP;
    let (kind, what, end) = if tcp {
        ("syn-flood", ("half-open flow", "half-open flows"), "no handshake completed; such sources are usually forged")
    } else {
        ("flood", ("one-way flow", "one-way flows"), "sources may be forged, or servers abused as reflectors")
    };
    let reason = format!("{} to {port} from {others} {}; {end}", counted(f.flows, what.0, what.1), within(f.seen));
    Finding { kind, score: 55.0 + 10.0 * decades(f.flows as f64), reason }
}

/// One source, many targets or ports.
pub(super) fn scan(s: &Scan) -> Finding {
    let reason = format!(
        "one source tried {} and {} {}: {} refused or without an answer",
        distinct(s.targets, "address", "addresses"),
        distinct(s.ports, "port", "ports"),
        within(s.seen),
        counted(s.flows, "flow", "flows"),
    );
    Finding { kind: "scan", score: 50.0 + 10.0 * decades(s.targets.max(s.ports) as f64), reason }
}

/// A mail and the servers that it came through.
fn mail(route: &Route) -> Finding {
    let claims = route.hops.iter().filter(|h| h.kind == Knowledge::Asserted).count() as u64;
    let servers = route.hops.len() as u64 - 1 - claims;
    let reason = format!(
        "a mail that came over {}, with {} that nobody vouches for",
        counted(servers, "server that is believed", "servers that are believed"),
        counted(claims, "line", "lines"),
    );
    Finding { kind: "mail", score: 45.0 + 10.0 * decades((servers + claims) as f64), reason }
}

/// The server of a chain, if it was asked to go on to the target: it stands before that.
pub(super) fn asked_to_go_on(route: &Route) -> Option<IpAddr> {
    let [.., server, target] = route.hops.as_slice() else { return None };
    (target.kind == Knowledge::Asserted && target.role == HopRole::Target).then_some(server.addr).flatten()
}

/// A request that says whom it was forwarded for or where it is to be forwarded to, or a mail that says through whom it came.
pub(super) fn chain(route: &Route) -> Finding {
    if route.source == RouteSource::Mail {
        return mail(route);
    }
    let onward = asked_to_go_on(route);
    // Entries in front of the origin are the client's own words; behind it stand the proxies that are believed.
    let claims = route.hops.iter().take_while(|h| h.role != HopRole::Origin).count() as u64;
    let proxies = route.hops.iter().skip_while(|h| h.role != HopRole::Origin).filter(|h| h.role == HopRole::Proxy).count() as u64;
    let proxies = proxies.saturating_sub(u64::from(onward.is_some()));
    let claimed = match claims {
        0 => "no further claims".to_owned(),
        n => format!("{} in its header that nobody vouches for", counted(n, "claim", "claims")),
    };
    let forwarded = match proxies {
        0 if onward.is_some() => "a request to a proxy to go on to another address".to_owned(),
        0 => "a request that says it was forwarded, by no proxy that is trusted (--trust)".to_owned(),
        n => format!("a request forwarded by {}", counted(n, "proxy that is believed", "proxies that are believed")),
    };
    let reason = format!("{forwarded}, with {claimed}");
    Finding { kind: "proxied-request", score: 60.0 + 10.0 * decades((proxies + claims) as f64), reason }
}

/// How much of a trace is there: did the target answer, and how many hops did?
pub(super) fn completeness(route: &Route) -> (bool, usize) {
    let answered = route.hops.iter().filter(|h| h.role == HopRole::Transit && h.addr.is_some()).count();
    (route.complete, answered)
}

/// A trace; `earlier` traces of the same pair stand before it.
pub(super) fn trace(route: &Route, earlier: usize) -> Finding {
    let (complete, answered) = completeness(route);
    let silent = route.hops.iter().filter(|h| h.role == HopRole::Transit && h.addr.is_none()).count();
    let target = if complete { "the target answered" } else { "the target did not answer" };
    let again = if earlier > 0 { "; a fuller or earlier trace of the same pair stands above" } else { "" };
    let reason = format!(
        "traceroute: {} answered, {} silent, {target}{again}",
        counted(answered as u64, "router address", "router addresses"),
        if silent == 0 { "none".to_owned() } else { count(silent as u64) },
    );
    let bonus = if complete { 2.0 } else { 0.0 };
    Finding { kind: "traceroute", score: 40.0 + 10.0 * decades(answered as f64) + bonus - 15.0 * earlier.min(1) as f64, reason }
}
