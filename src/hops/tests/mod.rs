//! Hand-made digests. Every test names what it would catch.

mod chains;
mod ends;
mod orphans;
mod traces;

use std::net::IpAddr;

use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{
    Direction, Evidence, EvidenceId, EvidenceItem, InputId, Name, NameHow, Position, ProbeMatch, Probing, Provenance, Quote,
    Quoted, Reached, SourceTrust,
};
use crate::model::hop::{Hop, Knowledge};
use crate::model::net::{FiveTuple, IpProtocol};
use crate::model::path::Segment;
use crate::model::route::Route;
use crate::model::time::{Span, Timestamp};

const MS: i64 = 1_000_000;
const SRC: &str = "10.9.1.1";
const DST: &str = "10.9.10.2";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A digest in the making.
#[derive(Default)]
struct Made {
    digest: Digest,
}

/// A probe and the reply to it, with the usual values filled in.
#[derive(Clone)]
struct Probe {
    src: IpAddr,
    dst: IpAddr,
    proto: IpProtocol,
    sport: u16,
    dport: u16,
    ttls: Vec<u8>,
    flow: u64,
    level: u8,
    sent_ms: i64,
    rtt_us: Option<i64>,
    icmp: (u8, u8),
    quoted_ttl: u8,
    reply_ttl: u8,
    to: Option<IpAddr>,
    seen: bool,
}

/// A UDP probe of flow `flow` with `ttl`, sent at `sent_ms`.
fn probe(ttl: u8, flow: u64, sent_ms: i64) -> Probe {
    Probe {
        src: ip(SRC),
        dst: ip(DST),
        proto: IpProtocol::UDP,
        sport: 40_000,
        dport: 33_434,
        ttls: vec![ttl],
        flow,
        level: 3,
        sent_ms,
        rtt_us: Some(100 * i64::from(ttl)),
        icmp: (11, 0),
        quoted_ttl: 1,
        reply_ttl: 65u8.saturating_sub(ttl),
        to: None,
        seen: true,
    }
}

impl Made {
    fn add(&mut self, time: Timestamp, fact: Evidence) -> EvidenceId {
        let n = self.digest.items.len() as u32 + 1;
        let at = Position::Frame { frame: u64::from(n), offset: u64::from(n) * 100 };
        let from = Provenance { input: InputId(0), at };
        self.digest.items.push(EvidenceItem { id: EvidenceId(n), from, time, fact });
        EvidenceId(n)
    }

    fn matched(p: &Probe) -> ProbeMatch {
        ProbeMatch {
            level: p.level,
            ttls: p.ttls.clone(),
            rtt: p.rtt_us.map(|us| us * 1000),
            flow_key: p.flow,
            sent: Timestamp(p.sent_ms * MS),
        }
    }

    fn time(p: &Probe) -> Timestamp {
        Timestamp(p.sent_ms * MS + p.rtt_us.unwrap_or(1) * 1000)
    }

    fn quote(p: &Probe, from: &str) -> Quote {
        Quote {
            from: ip(from),
            to: p.to.unwrap_or(p.src),
            reply_ttl: p.reply_ttl,
            icmp_type: p.icmp.0,
            icmp_code: p.icmp.1,
            quoted: Quoted {
                tuple: FiveTuple { src: p.src, dst: p.dst, sport: p.sport, dport: p.dport, proto: p.proto },
                ttl: p.quoted_ttl,
            },
            mpls: Vec::new(),
            interfaces: Vec::new(),
            probe: p.seen.then(|| Self::matched(p)),
        }
    }

    /// An ICMP error about `p` from `from`.
    fn error(&mut self, p: &Probe, from: &str) -> EvidenceId {
        self.add(Self::time(p), Evidence::Quote(Box::new(Self::quote(p, from))))
    }

    /// Port unreachable from the target.
    fn arrived(&mut self, p: &Probe) -> EvidenceId {
        let dst = p.dst.to_string();
        let port_unreachable = if p.dst.is_ipv4() { (3, 3) } else { (1, 4) };
        self.error(&Probe { icmp: port_unreachable, ..p.clone() }, &dst)
    }

    /// The target answers for itself.
    fn reached(&mut self, p: &Probe) -> EvidenceId {
        let probe = FiveTuple { src: p.src, dst: p.dst, sport: p.sport, dport: p.dport, proto: p.proto };
        let reached = Reached { probe, matched: Self::matched(p), reply_ttl: 60 };
        self.add(Self::time(p), Evidence::Reached(reached))
    }

    /// TTLs asked of the usual pair.
    fn asked(&mut self, ttls: impl IntoIterator<Item = u8>) {
        self.asked_of(&probe(1, 0, 0), ttls);
    }

    fn asked_of(&mut self, p: &Probe, ttls: impl IntoIterator<Item = u8>) {
        let mut sent = vec![0; 41];
        for ttl in ttls {
            sent[usize::from(ttl)] += 3;
        }
        let from = Provenance { input: InputId(0), at: Position::Frame { frame: 1, offset: 24 } };
        let seen = Span { first: Timestamp(0), last: Timestamp(1) };
        self.digest.probings.push(Probing { src: p.src, dst: p.dst, proto: p.proto, seen, sent, from });
    }

    fn name(&mut self, addr: &str, name: &str) -> EvidenceId {
        let name = Name { addr: ip(addr), name: name.into(), how: NameHow::Ptr, ttl_s: None };
        self.add(Timestamp(0), Evidence::Name(name))
    }

    fn traces(&self) -> Vec<Route> {
        let routes = super::traces(&self.digest);
        routes.iter().for_each(check);
        routes
    }
}

/// A conversation with 14 routers on the way to the sensor and none beyond it.
fn conversation(origin: &str, target: &str) -> Conversation {
    let direction = |ttl| Direction { packets: 10, bytes: 1000, ttl_min: ttl, ttl_max: ttl };
    Conversation {
        origin: ip(origin),
        target: ip(target),
        seen: Span { first: Timestamp(0), last: Timestamp(9 * MS) },
        flows: 3,
        completed: 3,
        half_open: 0,
        refused: 0,
        short: 0,
        proto: IpProtocol::TCP,
        port: 22,
        forward: direction(50),
        backward: direction(64),
        trust: SourceTrust::Proved,
        rtt_client: Some(31_200_000),
        rtt_server: None,
        host: None,
        because: vec![EvidenceId(1)],
    }
}

/// What every route promises.
fn check(route: &Route) {
    let n = route.hops.len();
    assert!(n >= 2, "{route:?}");
    assert!(route.hops.windows(2).all(|p| p[0].rank <= p[1].rank), "ranks rise: {route:?}");
    // A target that is only a name stands behind the last address.
    let last = route.hops.last().unwrap();
    let by_name = last.kind == Knowledge::Asserted && last.addr.is_none();
    assert_eq!(if by_name { route.hops[n - 2].addr } else { last.addr }, Some(route.target));
    for s in &route.segments {
        assert!(s.from < s.to && s.to < n && s.min <= s.max, "{s:?} of {n}");
    }
    assert!(route.segments.windows(2).all(|p| (p[0].from, p[0].to) < (p[1].from, p[1].to)), "{:?}", route.segments);
    // From every hop but the last something leads on, and to every hop but the first something leads; silent ones apart.
    for (i, hop) in route.hops.iter().enumerate() {
        let silent = hop.addr.is_none() && hop.kind == Knowledge::Gap;
        assert!(
            silent || i + 1 == n || route.segments.iter().any(|s| s.from == i) || unordered(route),
            "hop {i} leads nowhere: {route:#?}"
        );
        assert!(
            silent || i == 0 || route.segments.iter().any(|s| s.to == i) || unordered(route),
            "nothing leads to hop {i}: {route:#?}"
        );
    }
}

fn unordered(route: &Route) -> bool {
    route.remarks.iter().any(|r| r.contains("order unknown"))
}

fn at<'a>(route: &'a Route, addr: &str) -> &'a Hop {
    route.hops.iter().find(|h| h.addr == Some(ip(addr))).unwrap_or_else(|| panic!("no hop {addr}: {:#?}", route.hops))
}

fn index(route: &Route, addr: &str) -> usize {
    route.hops.iter().position(|h| h.addr == Some(ip(addr))).unwrap()
}

fn link<'a>(route: &'a Route, from: &str, to: &str) -> Option<&'a Segment> {
    let (from, to) = (index(route, from), index(route, to));
    route.segments.iter().find(|s| (s.from, s.to) == (from, to))
}

fn kind(route: &Route, from: &str, to: &str) -> Knowledge {
    link(route, from, to).unwrap_or_else(|| panic!("no link {from} {to}: {:#?}", route.segments)).kind
}

fn says(remarks: &[String], text: &str) -> bool {
    remarks.iter().any(|r| r.contains(text))
}
