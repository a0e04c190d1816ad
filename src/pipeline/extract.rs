//! Located paths to the one report model: rounding, words, and only the evidence that something rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::answer::Answer;
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, Flow, Quote};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::path::{AttackPath, LocatedHop};
use crate::model::place::{Placement, WhyUnplaced};
use crate::model::quote::within_quotes;
use crate::model::record::{Alert, Endpoint, Mail, Pattern, UNNAMED};
use crate::report::model as report;
use crate::report::terminal::plural;

/// Why an origin without an address is nowhere although its trust would allow to place it.
const NO_ORIGIN: &str = "no packet shows an address of the origin";

/// Why a hop of a forwarded chain without an address (`unknown`, `_hidden`) is nowhere.
const NOT_NAMED: &str = "no address is named here";

/// Why a target without an address is nowhere.
const NO_TARGET: &str = "no record names the address of the host that wrote it";

/// Two decimals: more would claim a precision that no table has.
fn round(p: f32) -> f32 {
    (p.clamp(0.0, 0.99) * 100.0).round() / 100.0
}

/// What is left, so that the column adds up to 1 as printed.
fn rest(p: f32) -> f32 {
    (p.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

/// Nanoseconds to milliseconds with three decimals.
#[must_use]
pub fn milliseconds(ns: i64) -> f64 {
    (ns as f64 / 1000.0).round() / 1000.0
}

/// The paths as the report shows them.
#[must_use]
pub fn paths(paths: &[AttackPath]) -> Vec<report::Path> {
    paths.iter().zip(1..).map(|(p, n)| path(p, n)).collect()
}

fn path(p: &AttackPath, n: usize) -> report::Path {
    let show = |addr: Option<IpAddr>| addr.map(|a| a.to_string());
    report::Path {
        id: format!("p{n}"),
        finding: p.finding.kind,
        reason: p.finding.reason.clone(),
        origin: report::Origin { addr: show(p.origin), trust: p.trust.as_str(), withheld: p.origin_withheld.clone() },
        target: report::Target { addr: show(p.target) },
        first: p.seen.first,
        last: p.seen.last,
        hops: p.hops.iter().map(|h| hop(p, h)).collect(),
        segments: p
            .segments
            .iter()
            .map(|s| report::Segment { from: s.from, to: s.to, kind: s.kind, min: s.min, max: s.max, why: s.why.clone() })
            .collect(),
        borders: p
            .borders
            .iter()
            .map(|b| report::Border { from: b.from, to: b.to, leaves: b.leaves, enters: b.enters, p: round(b.p) })
            .collect(),
        states: p.states.iter().map(|&(state, p)| report::StateP { state, p: round(p) }).collect(),
        remarks: p.remarks.clone(),
        law: p.law.clone(),
    }
}

fn hop(path: &AttackPath, located: &LocatedHop) -> report::Hop {
    let LocatedHop { hop, placement, touches } = located;
    let why_unplaced = match placement {
        Some(place) => place.why_unplaced.as_ref().map(ToString::to_string),
        None if hop.kind == Knowledge::Asserted => Some(NOT_NAMED.to_owned()),
        None if hop.role == HopRole::Origin && path.trust.may_be_origin() => Some(NO_ORIGIN.to_owned()),
        None if hop.kind == Knowledge::Gap && hop.role != HopRole::Origin => Some(WhyUnplaced::Silent.to_string()),
        None if hop.role == HopRole::Target => Some(NO_TARGET.to_owned()),
        None => Some(WhyUnplaced::Unproved.to_string()),
    };
    let mut names: Vec<String> = hop.names.iter().map(|n| n.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let place = placement.as_ref();
    report::Hop {
        rank: hop.rank,
        ttl: hop.ttl,
        addr: hop.addr.map(|a| a.to_string()),
        names,
        role: hop.role,
        kind: hop.kind,
        locus: place.map(locus).unwrap_or_default(),
        unknown_p: rest(place.map_or(1.0, |p| p.locus.unknown_p())),
        why_unplaced,
        anycast: place.is_some_and(|p| p.anycast),
        flags: place.map(|p| p.flags.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        asn: place.and_then(|p| p.asn),
        as_name: place.and_then(|p| p.as_name.as_ref().map(ToString::to_string)),
        as_state: place.and_then(|p| p.as_state),
        registered_in: place.and_then(|p| p.registered_in),
        sources: place.map(sources).unwrap_or_default(),
        rtt_ms: hop.rtts.iter().map(|&ns| milliseconds(ns)).collect(),
        mpls: hop.mpls.clone(),
        touches: touches
            .iter()
            .map(|t| report::Touch {
                state: t.state,
                basis: t.basis,
                p: round(t.p),
                regimes: t.regimes.clone(),
                norms: t.norms.clone(),
            })
            .collect(),
        remarks: hop.remarks.clone(),
        because: hop.because.clone(),
    }
}

/// What the places of a placement leave, rounded.
#[must_use]
pub fn unknown_p(place: &Placement) -> f32 {
    rest(place.locus.unknown_p())
}

/// The places of a placement as rows.
#[must_use]
pub fn locus(place: &Placement) -> Vec<report::LocusRow> {
    place
        .locus
        .candidates
        .iter()
        .map(|c| report::LocusRow {
            state: c.state,
            p: round(c.p),
            city: c.city.as_ref().map(ToString::to_string),
            lat: c.coordinates.map(|(lat, _)| lat),
            lon: c.coordinates.map(|(_, lon)| lon),
        })
        .collect()
}

/// What each table said, as rows.
#[must_use]
pub fn sources(place: &Placement) -> Vec<report::SourceRow> {
    place
        .sources
        .iter()
        .map(|s| report::SourceRow {
            source: s.source.to_string(),
            state: s.state,
            date: s.date.to_string(),
            weight: rest(s.weight),
        })
        .collect()
}

/// The evidence that `paths` name, in order of id. `found` is the answer that they are of, `digest` what it was made from.
#[must_use]
pub fn evidence(paths: &[AttackPath], digest: &Digest, found: &Answer) -> Vec<report::EvidenceRow> {
    let named: BTreeSet<EvidenceId> = paths.iter().flat_map(|p| &p.hops).flat_map(|h| h.hop.because.iter().copied()).collect();
    named.into_iter().filter_map(|id| found.item(digest, id)).map(evidence_row).collect()
}

/// The ids of a live run. Every telling is made from a digest of its own, in which ids begin at 1; what is told counts on
/// over the run instead, so that an id names one thing only. A finding that is told again has new ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbering {
    paths: usize,
    evidence: u32,
}

impl Numbering {
    /// The next path of `found`, with the evidence that it names.
    pub fn tell(&mut self, told: &AttackPath, digest: &Digest, found: &Answer) -> (report::Path, Vec<report::EvidenceRow>) {
        self.paths += 1;
        let mut shown = path(told, self.paths);
        let mut rows = evidence(std::slice::from_ref(told), digest, found);
        let mut renamed: BTreeMap<EvidenceId, EvidenceId> = BTreeMap::new();
        for row in &mut rows {
            self.evidence = self.evidence.saturating_add(1);
            renamed.insert(row.id, EvidenceId(self.evidence));
            row.id = EvidenceId(self.evidence);
        }
        for hop in &mut shown.hops {
            hop.because = hop.because.iter().filter_map(|id| renamed.get(id).copied()).collect();
        }
        (shown, rows)
    }
}

fn evidence_row(item: &EvidenceItem) -> report::EvidenceRow {
    report::EvidenceRow {
        id: item.id,
        kind: item.fact.kind(),
        input: item.from.input.0,
        at: item.from.at,
        time: item.time,
        what: describe(&item.fact),
    }
}

/// A fact in one line.
#[must_use]
pub fn describe(fact: &Evidence) -> String {
    match fact {
        Evidence::Flow(flow) => describe_flow(flow),
        Evidence::Quote(quote) => describe_quote(quote),
        Evidence::Reached(r) => format!("{} answered a probe of {} (TTL {})", r.probe.dst, r.probe.src, ttls(&r.matched.ttls)),
        Evidence::Chain(c) => {
            let entries: Vec<&str> = c.entries.iter().map(|e| e.text.as_ref()).collect();
            format!("{} from {} to {}: {}", c.kind.as_str(), c.peer, c.server, entries.join(", "))
        }
        Evidence::Tunnel(t) if t.kind.is_sealed() => {
            let (from, to) = t.outer;
            format!("{} {from} -> {to}: what is inside is encrypted ({} packets)", t.kind.as_str(), t.packets)
        }
        Evidence::Tunnel(t) => {
            let id = t.id.map(|id| format!(" id {id}")).unwrap_or_default();
            format!(
                "{}{id} {} -> {} carries {} -> {} ({} packets)",
                t.kind.as_str(),
                t.outer.0,
                t.outer.1,
                t.inner.0,
                t.inner.1,
                t.packets
            )
        }
        Evidence::Name(n) => format!("{} is {} ({})", n.addr, n.name, n.how.as_str()),
        Evidence::Mail(mail) => describe_mail(mail),
        Evidence::Trace(t) => {
            let end = |addr: Option<IpAddr>| addr.map_or_else(|| "a host that is not named".to_owned(), |a| a.to_string());
            let answered = if t.complete { "its target answered" } else { "its target did not answer" };
            format!("{} from {} to {}: {} distances, {answered}", t.tool, end(t.src), end(t.dst), t.hops.len())
        }
        Evidence::Alert(alert, times) => describe_alert(alert, *times),
        Evidence::Indicator(i) => match &i.pattern {
            Pattern::Net(net) => format!("a list points at {net}: {}", i.label),
            Pattern::Name(name) => format!("a list points at {name}: {}", i.label),
        },
        Evidence::Translation(t) => {
            let side = |(before, after): (Endpoint, Endpoint)| {
                if before == after {
                    endpoint(before)
                } else {
                    format!("{} (rewritten to {})", endpoint(before), endpoint(after))
                }
            };
            format!("translation: {} -> {}", side(t.src), side(t.dst))
        }
        Evidence::Join(join) => {
            let of: Vec<String> = join.of.iter().map(ToString::to_string).collect();
            format!("{} ({})", join.words, of.join(", "))
        }
        Evidence::Route(r) => {
            let path: Vec<String> = r.path.iter().map(|asn| asn.0.to_string()).collect();
            let peer = r.peer.map(|p| format!(" from {p}")).unwrap_or_default();
            if r.withdrawn {
                format!("route to {} taken back{peer}", r.prefix)
            } else {
                format!("route to {}{peer}: AS path {}", r.prefix, path.join(" "))
            }
        }
        Evidence::Banner(b) => format!("{} says to {} by {} (port {}): {}", b.who, b.to, b.kind.as_str(), b.port, b.text),
        Evidence::Listed(l) => {
            let addrs: Vec<String> = l.addrs.iter().map(ToString::to_string).collect();
            format!("{} in a packet {} -> {}: {}", l.kind.as_str(), l.src, l.dst, addrs.join(", "))
        }
    }
}

fn endpoint(end: Endpoint) -> String {
    if end.addr == UNNAMED {
        return "the recording host".to_owned();
    }
    match (end.addr, end.port) {
        (addr, 0) => addr.to_string(),
        (IpAddr::V4(addr), port) => format!("{addr}:{port}"),
        (IpAddr::V6(addr), port) => format!("[{addr}]:{port}"),
    }
}

fn describe_mail(mail: &Mail) -> String {
    let id = mail.message_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let handed = mail.session.as_ref().map(|s| {
        let name = s.helo.as_ref().map(|h| format!(" (says it is {h})")).unwrap_or_default();
        format!(", handed by {}{name} to {}", s.peer, s.server)
    });
    let lines = mail.received.len() as u64 + mail.left_out;
    let lines = plural(lines, "Received line");
    format!("mail{id}{}: {lines}", handed.unwrap_or_default())
}

fn describe_alert(alert: &Alert, times: u64) -> String {
    let side = |end: Option<Endpoint>| end.map_or_else(|| "nobody named".to_owned(), endpoint);
    let blocked = if alert.blocked { ", blocked" } else { "" };
    let times = if times > 1 { format!(", {times} times") } else { String::new() };
    format!("alert \"{}\": {} -> {}{blocked}{times}", within_quotes(&alert.signature), side(alert.src), side(alert.dst))
}

fn describe_flow(f: &Flow) -> String {
    let t = &f.tuple;
    // A record that names no port has a 0 there; a packet with port 0 has one.
    let port = |n: u16| if f.recorded && n == 0 { "?".to_owned() } else { n.to_string() };
    let named = t.proto.has_ports() && !(f.recorded && t.sport == 0 && t.dport == 0);
    let ports = if named { format!(" port {} -> {}", port(t.sport), port(t.dport)) } else { String::new() };
    let rtt = f.rtt_client.map(|ns| format!(", client-side handshake {} ms", milliseconds(ns))).unwrap_or_default();
    let end = |addr: IpAddr| endpoint(Endpoint { addr, port: 0 });
    let (src, dst) = if f.recorded { (end(t.src), end(t.dst)) } else { (t.src.to_string(), t.dst.to_string()) };
    format!(
        "{} {src} -> {dst}{ports}: {} + {} packets, {} + {} bytes, {}{rtt}{}",
        t.proto,
        f.forward.packets,
        f.backward.packets,
        f.forward.bytes,
        f.backward.bytes,
        f.trust.as_str(),
        if f.recorded {
            ", as a record says"
        } else if f.evicted {
            ", cut off by the cap on flows"
        } else {
            ""
        },
    )
}

fn describe_quote(q: &Quote) -> String {
    let matched = match &q.probe {
        None => "no probe seen".to_owned(),
        Some(m) => {
            let rtt = m.rtt.map(|ns| format!(", {} ms", milliseconds(ns))).unwrap_or_default();
            format!("probe TTL {} (level {}{rtt})", ttls(&m.ttls), m.level)
        }
    };
    let labels = if q.mpls.is_empty() {
        String::new()
    } else {
        let labels: Vec<String> = q.mpls.iter().map(|l| l.label.to_string()).collect();
        format!(", MPLS {}", labels.join("/"))
    };
    format!(
        "ICMP {}/{} from {} quotes {} {} -> {}: {matched}{labels}",
        q.icmp_type, q.icmp_code, q.from, q.quoted.tuple.proto, q.quoted.tuple.src, q.quoted.tuple.dst
    )
}

fn ttls(ttls: &[u8]) -> String {
    let words: Vec<String> = ttls.iter().map(ToString::to_string).collect();
    words.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::{InputId, Name, NameHow, Position, Provenance, SourceTrust};
    use crate::model::hop::Hop;
    use crate::model::path::Finding;
    use crate::model::path_law::PathLaw;
    use crate::model::time::{Span, Timestamp};

    fn item(id: u32) -> EvidenceItem {
        let addr = IpAddr::from([192, 0, 2, 1]);
        EvidenceItem {
            id: EvidenceId(id),
            from: Provenance { input: InputId(0), at: Position::Line { line: u64::from(id), offset: 0 } },
            time: Timestamp(0),
            fact: Evidence::Name(Name { addr, name: format!("n{id}").into(), how: NameHow::File, ttl_s: None }),
        }
    }

    fn told(role: HopRole, trust: SourceTrust, because: &[u32]) -> AttackPath {
        let hop = Hop {
            rank: 0,
            ttl: None,
            addr: None,
            role,
            kind: Knowledge::Gap,
            seen: None,
            rtts: Vec::new(),
            mpls: Vec::new(),
            names: Vec::new(),
            remarks: Vec::new(),
            because: because.iter().map(|&n| EvidenceId(n)).collect(),
        };
        AttackPath {
            origin: None,
            trust,
            origin_withheld: None,
            target: None,
            seen: Span::at(Timestamp(0)),
            finding: Finding { kind: "scan", score: 1.0, reason: String::new() },
            hops: vec![LocatedHop { hop, placement: None, touches: Vec::new() }],
            segments: Vec::new(),
            borders: Vec::new(),
            states: Vec::new(),
            remarks: Vec::new(),
            law: PathLaw::default(),
        }
    }

    #[test]
    fn a_live_run_gives_no_id_twice_and_every_id_has_its_row() {
        let digest = Digest { items: (1..=9).map(item).collect(), ..Digest::default() };
        let (mut numbering, mut paths, mut ids) = (Numbering::default(), Vec::new(), Vec::new());
        for because in [[2, 5, 9], [2, 5, 9], [1, 2, 3]] {
            let (path, rows) =
                numbering.tell(&told(HopRole::Transit, SourceTrust::Proved, &because), &digest, &Answer::default());
            assert_eq!(path.hops[0].because, rows.iter().map(|r| r.id).collect::<Vec<_>>());
            let lines: Vec<Position> = because.iter().map(|&n| Position::Line { line: n.into(), offset: 0 }).collect();
            assert_eq!(rows.iter().map(|r| r.at).collect::<Vec<_>>(), lines, "the row is still of the same fact");
            paths.push(path.id);
            ids.extend(rows.iter().map(|r| r.id.0));
        }
        assert_eq!(paths, ["p1", "p2", "p3"]);
        assert_eq!(ids, (1..=9).collect::<Vec<u32>>());
    }

    #[test]
    fn an_origin_that_is_not_shown_is_not_called_silent() {
        let why = |role, trust| paths(&[told(role, trust, &[])])[0].hops[0].why_unplaced.clone();
        assert_eq!(why(HopRole::Origin, SourceTrust::Plausible), Some(WhyUnplaced::Unproved.to_string()));
        assert_eq!(why(HopRole::Origin, SourceTrust::Echoed).as_deref(), Some(NO_ORIGIN));
        assert_eq!(why(HopRole::Transit, SourceTrust::Echoed), Some(WhyUnplaced::Silent.to_string()));
    }
}
