//! A conversation: its two ends, the tunnels that carried it, and what a traceroute tells of the way between.
//!
//! Outer and inner addresses are kept apart: the ends of a tunnel are hops of their own between the inner ends. A
//! traceroute that the target's side ran towards the origin shows the way back, which is evidence about the way
//! there and not the way itself (METHODS, decision 4).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::names::Names;
use super::parts::{LONGEST, in_order, milliseconds, point, seen_point, segment, sort_segments, thousands};
use super::way::Way;
use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{Direction, Evidence, EvidenceId, EvidenceItem, Provenance, SourceTrust, TunnelKind};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::path::Segment;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

/// Most tunnels shown around one conversation.
const TUNNELS: usize = 8;
/// A longer distance than half the Earth's circumference (km) is no bound.
const FARTHEST_KM: u64 = 20_037;
/// Light in fibre covers 100 km there and back in a millisecond.
const NS_PER_KM: u64 = 10_000;

/// The two ends of a conversation and what is known between them. `traces` are the routes of
/// [`traces`](super::traces()): one that runs between two neighbouring points fills the gap between them, reversed
/// and inferred if it ran from the far end (or its neighbourhood: the same IPv4 /24 or IPv6 /48). Elsewhere there is
/// one gap with the number of routers that the TTLs support.
///
/// If the sender is a reflector, the origin is unknown and the reflector is a hop of its own.
#[must_use]
pub fn conversation(digest: &Digest, conversation: &Conversation, traces: &[Route]) -> Route {
    let items = in_order(digest);
    let (tunnels, left_out) = tunnels(&items, conversation);
    let because = conversation.because.as_slice();
    let seen = conversation.seen;
    let reflected = conversation.trust == SourceTrust::Reflected;
    let mut remarks = Vec::new();
    let role = if reflected { HopRole::Reflector } else { HopRole::Origin };
    let mut sender = seen_point(Some(conversation.origin), role, Knowledge::Observed, seen, because);
    let mut target = seen_point(Some(conversation.target), HopRole::Target, Knowledge::Observed, seen, because);
    round_trips(conversation, &mut sender, &mut target);
    for (kind, ids) in sealed(&items, conversation) {
        for hop in [&mut sender, &mut target] {
            hop.remarks.push(format!("an end of {}: what is inside is encrypted, so the visible path ends here", a_tunnel(kind)));
            hop.because.extend(&ids);
            hop.because.sort_unstable();
            hop.because.dedup();
        }
    }
    if conversation.trust == SourceTrust::Backscatter {
        sender.remarks.push("its packets are unsolicited answers: somebody else used the target's address as source".to_owned());
    }

    let mut places: Vec<Vec<Hop>> = Vec::new();
    if reflected {
        let mut unknown = point(None, HopRole::Origin, Knowledge::Inferred);
        unknown.remarks.push("withheld: the sender is a reflector, addressed by somebody else in the target's name".to_owned());
        places.push(vec![unknown]);
    }
    let first = places.len();
    places.push(vec![sender]);
    if !tunnels.is_empty() {
        places.push(tunnels.iter().map(|t| tunnel_end(t, HopRole::TunnelEntry, &tunnels)).collect());
        places.push(tunnels.iter().map(|t| tunnel_end(t, HopRole::TunnelExit, &tunnels)).collect());
    }
    places.push(vec![target]);
    if left_out > 0 {
        remarks.push(format!("{left_out} more tunnels are left out"));
    }

    let mut course = Course { hops: Vec::new(), segments: Vec::new(), rank: 0, remarks };
    let mut before: Vec<usize> = Vec::new();
    let last = places.len() - 1;
    for (n, place) in places.into_iter().enumerate() {
        let side = match n {
            _ if n <= first && reflected => Side::BeforeReflector,
            _ if tunnels.is_empty() => Side::Whole,
            _ if n == first + 1 => Side::Near,
            _ if n == last => Side::Far,
            _ => Side::Inside,
        };
        before = course.advance(&before, place, side, conversation, traces);
    }
    let Course { mut hops, mut segments, remarks, .. } = course;
    let addresses: BTreeSet<IpAddr> = hops.iter().filter_map(|h| h.addr).collect();
    let names = Names::gather(&items, |addr| addresses.contains(&addr));
    hops.iter_mut().for_each(|hop| names.attach(hop));
    sort_segments(&mut segments);
    Route {
        source: RouteSource::Flow,
        origin: (!reflected).then_some(conversation.origin),
        trust: conversation.trust,
        target: conversation.target,
        seen,
        hops,
        segments,
        complete: true,
        remarks,
    }
}

/// Handshake round trips, as remarks: they are the sensor's, not a prober's, and bound the TCP ends from above
/// (METHODS D.2).
pub(super) fn round_trips(conversation: &Conversation, origin: &mut Hop, target: &mut Hop) {
    let note = |side: &str, rtt: Option<i64>, hop: &mut Hop| {
        let Some(ns) = rtt.filter(|&ns| ns >= 0) else { return };
        let km = (ns as u64).div_ceil(NS_PER_KM);
        let bound = if km < FARTHEST_KM {
            format!("the TCP end is within {} km of the sensor", thousands(km))
        } else {
            "too long to bound the distance".to_owned()
        };
        hop.remarks.push(format!("{side} handshake round trip {}: {bound}", milliseconds(ns)));
    };
    note("client-side", conversation.rtt_client, origin);
    note("server-side", conversation.rtt_server, target);
}

/// Routers that the TTLs of both directions support between the two ends, and why.
pub(super) fn gap_of(conversation: &Conversation) -> ((u8, u8), String) {
    let (near, far) = (routers(&conversation.forward), routers(&conversation.backward));
    match (near, far) {
        (Some(a), Some(b)) => {
            let range = (a.min.saturating_add(b.min).min(LONGEST), a.max.saturating_add(b.max).min(LONGEST));
            let other = if b.max > 0 { format!(", and {} beyond the sensor, from {}", about(&b), b.from) } else { String::new() };
            (range, format!("{}, from {}{other}", about(&a), a.from))
        }
        (Some(a), None) => {
            let why = format!("{} before the sensor, from {}; beyond it unknown", about(&a), a.from);
            ((a.min, LONGEST), why)
        }
        (None, Some(b)) => {
            let why = format!("{} beyond the sensor, from {}; before it unknown", about(&b), b.from);
            ((b.min, LONGEST), why)
        }
        (None, None) => ((0, LONGEST), "the TTLs fit no usual initial value: number of routers unknown".to_owned()),
    }
}

/// Routers between a sender and the sensor.
struct Away {
    min: u8,
    max: u8,
    from: String,
}

/// `about 14 routers hidden`, `no router hidden`.
fn about(away: &Away) -> String {
    match (away.min, away.max) {
        (_, 0) => "no router hidden".to_owned(),
        (1, 1) => "about 1 router hidden".to_owned(),
        (min, max) if min == max => format!("about {min} routers hidden"),
        (min, max) => format!("about {min} to {max} routers hidden"),
    }
}

/// From the usual initial TTLs; `None` if the direction was not seen or no usual value fits. A sender may choose any
/// TTL, so this is an estimate.
fn routers(direction: &Direction) -> Option<Away> {
    let initial = direction.initial_ttl()?;
    let min = direction.hops_away().filter(|&n| n <= LONGEST)?;
    let low = direction.ttl_min;
    let max = if low > 0 && initial.saturating_sub(low) <= LONGEST { initial - low } else { min };
    let seen = if max == min { direction.ttl_max.to_string() } else { format!("{low} to {}", direction.ttl_max) };
    Some(Away { min, max: max.max(min), from: format!("TTL {seen} of {initial}") })
}

/// A tunnel in the conversation's direction of travel.
struct Carrier {
    kind: TunnelKind,
    entry: IpAddr,
    exit: IpAddr,
    id: Option<u32>,
    /// Was it seen in the direction of travel?
    forward: bool,
    /// Another number in the other direction (PPTP and GTP-U number each direction by itself).
    back_id: Option<u32>,
    /// The first packet of it.
    first: Provenance,
    because: Vec<EvidenceId>,
    seen: Span,
}

/// Tunnels whose inner pair is the conversation's, either way round, and how many more there are.
fn tunnels(items: &[&EvidenceItem], conversation: &Conversation) -> (Vec<Carrier>, usize) {
    let pair = (conversation.origin, conversation.target);
    let mut found: BTreeMap<(TunnelKind, IpAddr, IpAddr, Option<u32>), Carrier> = BTreeMap::new();
    for item in items {
        let Evidence::Tunnel(tunnel) = &item.fact else { continue };
        if tunnel.kind.is_sealed() {
            continue; // its ends are those of the conversation, see `sealed`
        }
        let forward = tunnel.inner == pair;
        if !forward && tunnel.inner != (pair.1, pair.0) {
            continue;
        }
        let (entry, exit) = if forward { tunnel.outer } else { (tunnel.outer.1, tunnel.outer.0) };
        let now = Span::at(item.time);
        let carrier = found.entry((tunnel.kind, entry, exit, tunnel.id)).or_insert_with(|| Carrier {
            kind: tunnel.kind,
            entry,
            exit,
            id: tunnel.id,
            forward,
            back_id: None,
            first: item.from,
            because: Vec::new(),
            seen: now,
        });
        carrier.forward |= forward;
        carrier.because.push(item.id);
        carrier.seen = carrier.seen.join(now);
    }
    join_directions(&mut found);
    let mut carriers: Vec<Carrier> = found.into_values().collect();
    carriers.sort_by_key(|c| (c.because.first().copied(), c.entry, c.exit));
    let left_out = carriers.len().saturating_sub(TUNNELS);
    carriers.truncate(TUNNELS);
    (carriers, left_out)
}

/// Encrypted tunnels between the ends of the conversation: what they carry is not known, so they have no other ends.
fn sealed(items: &[&EvidenceItem], conversation: &Conversation) -> BTreeMap<TunnelKind, Vec<EvidenceId>> {
    let (origin, target) = (conversation.origin, conversation.target);
    let mut found: BTreeMap<TunnelKind, Vec<EvidenceId>> = BTreeMap::new();
    for item in items {
        let Evidence::Tunnel(tunnel) = &item.fact else { continue };
        if tunnel.kind.is_sealed() && [(origin, target), (target, origin)].contains(&tunnel.outer) {
            found.entry(tunnel.kind).or_default().push(item.id);
        }
    }
    found
}

/// The kind with its article. QUIC carries anything, a tunnel too.
fn a_tunnel(kind: TunnelKind) -> String {
    match kind {
        TunnelKind::Quic => "a quic connection".to_owned(),
        kind => {
            // Of a vowel, or of a letter whose name begins with one.
            let vowel = kind.as_str().starts_with(['a', 'e', 'i', 'l', 'm', 'n', 'o']);
            format!("{} {} tunnel", if vowel { "an" } else { "a" }, kind.as_str())
        }
    }
}

/// A tunnel seen in one direction only and one between the same ends seen in the other only are one tunnel.
fn join_directions(found: &mut BTreeMap<(TunnelKind, IpAddr, IpAddr, Option<u32>), Carrier>) {
    let keys: Vec<_> = found.keys().copied().collect();
    for key in keys {
        let ends = (key.0, key.1, key.2);
        let same: Vec<_> = found.keys().filter(|k| (k.0, k.1, k.2) == ends).copied().collect();
        let (there, back): (Vec<_>, Vec<_>) = same.into_iter().partition(|k| found.get(k).is_some_and(|c| c.forward));
        // With more than one each way, which belongs to which is not known.
        let ([there], [back]) = (there.as_slice(), back.as_slice()) else { continue };
        let Some(other) = found.remove(back) else { continue };
        if let Some(carrier) = found.get_mut(there) {
            carrier.back_id = other.id;
            carrier.because.extend(other.because);
            carrier.because.sort_unstable();
            carrier.seen = carrier.seen.join(other.seen);
        }
    }
}

fn tunnel_end(carrier: &Carrier, role: HopRole, all: &[Carrier]) -> Hop {
    let addr = if role == HopRole::TunnelEntry { carrier.entry } else { carrier.exit };
    let kind = if carrier.forward { Knowledge::Observed } else { Knowledge::Inferred };
    let mut hop = seen_point(Some(addr), role, kind, carrier.seen, &carrier.because);
    hop.remarks.push(format!("outer address of {}", carrier.words()));
    if !carrier.forward {
        hop.remarks.push("the tunnel was seen in the other direction only".to_owned());
    }
    if all.len() > 1 {
        let nested = all.iter().filter(|other| other.first == carrier.first).count() > 1;
        let how = if nested {
            "nested: they wrap the same packet, which is the outer one is not known"
        } else {
            "side by side, or in turn"
        };
        hop.remarks.push(format!("one of {} tunnels around this conversation, {how}", all.len()));
    }
    hop
}

impl Carrier {
    fn words(&self) -> String {
        let name = self.kind.id_name();
        let id = self.id.map(|id| format!(" with {name} {id}")).unwrap_or_default();
        let back = self.back_id.map(|id| format!(" ({name} {id} in the other direction)")).unwrap_or_default();
        format!("{}{id}{back}", a_tunnel(self.kind))
    }
}

/// Which part of the way lies before a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Origin to target, without a tunnel.
    Whole,
    /// Origin to tunnel entry: the inner TTL counted there.
    Near,
    /// Inside the tunnel.
    Inside,
    /// Tunnel exit to target.
    Far,
    /// Unknown origin to reflector.
    BeforeReflector,
}

/// The route while it is put together.
struct Course {
    hops: Vec<Hop>,
    segments: Vec<Segment>,
    rank: u16,
    remarks: Vec<String>,
}

impl Course {
    /// Adds the hops of one place behind those at `before`, with what lies between. Returns their indices.
    fn advance(&mut self, before: &[usize], place: Vec<Hop>, side: Side, c: &Conversation, traces: &[Route]) -> Vec<usize> {
        let ends = match (before, place.as_slice()) {
            (&[from], [to]) => self.hops.get(from).and_then(|h| h.addr).zip(to.addr).map(|pair| (from, pair)),
            _ => None,
        };
        let way = ends.and_then(|(from, (a, b))| Some((from, Way::find(traces, a, b)?)));
        if let Some((from, way)) = way {
            self.fill(from, &way);
            let at = self.place(place);
            for open in way.open {
                self.segments.extend(at.iter().map(|&to| Segment { from: from + open.from, to, ..open.clone() }));
            }
            return at;
        }
        let at = self.place(place);
        let (range, why) = match side {
            Side::Whole => gap_of(c),
            Side::Near => one_sided(&c.forward, "before the tunnel"),
            Side::Inside => ((0, LONGEST), "inside the tunnel: its routers do not count down the inner TTL".to_owned()),
            Side::Far => one_sided(&c.backward, "behind the tunnel"),
            Side::BeforeReflector => ((0, LONGEST), "the origin is unknown, so is the way".to_owned()),
        };
        // Ends of the same tunnel belong together; everything else meets everything.
        let tunnel = side == Side::Inside && before.len() == at.len();
        for (i, &from) in before.iter().enumerate() {
            for (j, &to) in at.iter().enumerate() {
                if !tunnel || i == j {
                    self.segments.push(segment(from, to, Knowledge::Gap, range, why.clone()));
                }
            }
        }
        at
    }

    /// All hops of one place share a rank.
    fn place(&mut self, place: Vec<Hop>) -> Vec<usize> {
        let start = self.hops.len();
        for mut hop in place {
            hop.rank = self.rank;
            self.hops.push(hop);
        }
        self.rank = self.rank.saturating_add(1);
        (start..self.hops.len()).collect()
    }

    /// Puts the hops of a traceroute behind hop `from`, and the segments among them.
    fn fill(&mut self, from: usize, way: &Way) {
        let base = self.rank;
        for hop in &way.hops {
            let mut hop = hop.clone();
            hop.rank = hop.rank.saturating_add(base);
            self.rank = self.rank.max(hop.rank.saturating_add(1));
            self.hops.push(hop);
        }
        self.segments.extend(way.segments.iter().map(|s| Segment { from: s.from + from, to: s.to + from, ..s.clone() }));
        self.remarks.push(way.remark.clone());
    }
}

fn one_sided(direction: &Direction, place: &str) -> ((u8, u8), String) {
    match routers(direction) {
        Some(away) => ((away.min, away.max), format!("{} {place}, from inner {}", about(&away), away.from)),
        None => ((0, LONGEST), format!("number of routers {place} unknown")),
    }
}
