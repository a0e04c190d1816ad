//! Forwarded chains: the rightmost-untrusted rule (METHODS B.5).
//!
//! The socket peer is proved by its TCP handshake. Its header is believed only if the analyst trusts it; then the
//! address that it names is the next one to ask about, from right to left, until one is not trusted: that one is the
//! client. What stands left of it was written by the client itself and is a claim without weight. Taking the leftmost
//! entry instead is a known class of vulnerabilities.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::ends::gap_of;
use super::joined::{Joins, cite};
use super::names::Names;
use super::parts::{LONGEST, ROUTES, clean, in_order, point, rest_on, seen_point, segment};
use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{Chain, ChainEntry, ChainKind, Evidence, EvidenceId, EvidenceItem, Provenance, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::unmapped;
use crate::model::path::Segment;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

/// Most entries listed as claims, and most trusted proxies in a row. Nobody runs so many; a header can hold more.
const ENTRIES: usize = 64;
/// Most examples kept per distinct chain.
const EXAMPLES: usize = 8;
const CLAIM: &str = "claimed by the client; weight 0 for attribution";

/// One route per distinct chain (peer, server and entries), in order of first sight; at most 4,096. `trusted` says
/// which addresses belong to proxies whose headers the analyst believes; a proxy whose own log says the same is believed too.
///
/// The hops stand in the order of the chain and ranks count from 0 in that order: first the client's own claims
/// (kind `asserted`, role `proxy`), then the origin (the one hop with role `origin`), the proxies, the server. So
/// `hops[0]` is the origin only if the chain holds no claims. The origin is the socket peer itself (`observed`) if it
/// is not trusted, otherwise what the trusted proxies name (`inferred`); a hop without an address if the last of them
/// does not name its client.
#[must_use]
pub fn chains(digest: &Digest, joins: &Joins<'_>, trusted: &dyn Fn(IpAddr) -> bool) -> Vec<Route> {
    let items = in_order(digest);
    let mut trust: BTreeMap<(IpAddr, IpAddr), &Conversation> = BTreeMap::new();
    for c in &digest.conversations {
        trust.entry((c.origin, c.target)).and_modify(|known| *known = if c.trust < known.trust { c } else { known }).or_insert(c);
    }
    let requests = distinct(&items);
    let mut addresses = BTreeSet::new();
    for request in requests.iter().take(ROUTES) {
        addresses.extend([request.peer, request.server]);
        let entries = request.headers.iter().flat_map(|chain| &chain.entries);
        addresses.extend(entries.filter_map(|e| e.addr).map(unmapped));
    }
    let names = Names::gather(&items, |addr| addresses.contains(&addr));
    let mut routes: Vec<Route> = requests
        .iter()
        .take(ROUTES)
        .map(|request| route(request, joins, trusted, trust.get(&(request.peer, request.server)).copied(), &names))
        .collect();
    if let (Some(last), true) = (routes.last_mut(), requests.len() > ROUTES) {
        last.remarks.push(format!("{} more chains are left out", requests.len() - ROUTES));
    }
    routes
}

/// Requests that brought the same chain headers.
struct Request<'a> {
    peer: IpAddr,
    server: IpAddr,
    /// One per kind at most, in the order of the kinds.
    headers: Vec<&'a Chain>,
    seen: Span,
    because: Vec<EvidenceId>,
    hosts: BTreeSet<Arc<str>>,
}

/// What makes two chains the same.
type Entries = Vec<(Option<IpAddr>, Arc<str>)>;
type Identity = (IpAddr, IpAddr, Vec<(ChainKind, Entries)>);

/// Puts the headers of one request together and equal requests into one.
fn distinct<'a>(items: &[&'a EvidenceItem]) -> Vec<Request<'a>> {
    type Found<'a> = Vec<(&'a EvidenceItem, &'a Chain)>;
    let mut by_request: BTreeMap<(Provenance, IpAddr, IpAddr), Found<'a>> = BTreeMap::new();
    for &item in items {
        if let Evidence::Chain(chain) = &item.fact
            && !chain.entries.is_empty()
        {
            by_request.entry((item.from, chain.peer, chain.server)).or_default().push((item, chain));
        }
    }
    let mut found: BTreeMap<Identity, Request<'a>> = BTreeMap::new();
    for headers in by_request.into_values() {
        let kinds: BTreeSet<ChainKind> = headers.iter().map(|(_, chain)| chain.kind).collect();
        // Several requests in one packet: which headers belong together is not known, so each stands alone.
        let together = kinds.len() == headers.len();
        for mut group in if together { vec![headers] } else { headers.into_iter().map(|h| vec![h]).collect() } {
            group.sort_by_key(|(_, chain)| chain.kind);
            note(&mut found, &group);
        }
    }
    let mut requests: Vec<Request<'a>> = found.into_values().collect();
    for request in &mut requests {
        request.because.sort_unstable();
        request.because.dedup();
    }
    requests.sort_by(|a, b| a.because.cmp(&b.because));
    requests.iter_mut().for_each(|r| r.because.truncate(EXAMPLES));
    requests
}

fn note<'a>(found: &mut BTreeMap<Identity, Request<'a>>, group: &[(&'a EvidenceItem, &'a Chain)]) {
    let Some((item, chain)) = group.first() else { return };
    let entries = |chain: &Chain| chain.entries.iter().map(|e| (e.addr, e.text.clone())).collect();
    let identity = (chain.peer, chain.server, group.iter().map(|(_, chain)| (chain.kind, entries(chain))).collect());
    let request = found.entry(identity).or_insert_with(|| Request {
        peer: chain.peer,
        server: chain.server,
        headers: group.iter().map(|(_, chain)| *chain).collect(),
        seen: Span::at(item.time),
        because: Vec::new(),
        hosts: BTreeSet::new(),
    });
    for (item, chain) in group {
        request.seen = request.seen.join(Span::at(item.time));
        request.because.push(item.id);
        if request.hosts.len() < EXAMPLES {
            request.hosts.extend(chain.host.clone());
        }
    }
}

/// Where the walk from right to left ended, and why.
#[derive(Debug)]
struct Resolved {
    /// The peer, then what was believed, from right to left; the last is the client.
    path: Vec<IpAddr>,
    /// Entries that were not used, from the left.
    left: usize,
    stop: Stop,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stop {
    /// The last address is not trusted: it is the client.
    Untrusted,
    /// A trusted proxy does not name what is before it (`unknown`, `_obfuscated`, a host name).
    Unnamed(Arc<str>),
    /// All entries are trusted.
    Exhausted,
    /// More trusted proxies in a row than [`ENTRIES`].
    TooMany,
    /// Two headers of one request disagree from here on.
    Conflict,
}

/// The rule of METHODS B.5. `vouched`: the peer's own log says what its entry says.
fn resolve(peer: IpAddr, entries: &[ChainEntry], vouched: bool, trusted: &dyn Fn(IpAddr) -> bool) -> Resolved {
    let mut path = vec![unmapped(peer)];
    let mut left = entries.len();
    let stop = loop {
        let Some(&current) = path.last() else { break Stop::Untrusted };
        // The peer's own log names the client that its entry names: of two witnesses one is not needed.
        let by_its_log = vouched && path.len() == 1;
        if !trusted(current) && !by_its_log {
            break Stop::Untrusted;
        }
        let Some(entry) = left.checked_sub(1).and_then(|i| entries.get(i)) else { break Stop::Exhausted };
        if path.len() > ENTRIES {
            break Stop::TooMany;
        }
        let Some(addr) = entry.addr else { break Stop::Unnamed(entry.text.clone()) };
        left -= 1;
        path.push(unmapped(addr));
    };
    Resolved { path, left, stop }
}

/// An entry that was not believed, and why.
struct Claim<'a> {
    entry: &'a ChainEntry,
    why: &'static str,
}

/// What the headers of a request come to.
struct Verdict<'a> {
    resolved: Resolved,
    /// The header that was followed.
    followed: Option<&'a Chain>,
    claims: Vec<Claim<'a>>,
    remarks: Vec<String>,
}

/// Resolves each header by itself. Two that agree strengthen each other. Two that do not: a proxy keeps one of them and
/// passes the other on as the client wrote it, and which one is not known; so only what both say is believed.
fn judge<'a>(request: &Request<'a>, vouched: bool, trusted: &dyn Fn(IpAddr) -> bool) -> Verdict<'a> {
    let header = |kind: ChainKind| request.headers.iter().copied().find(|c| c.kind == kind);
    let mut remarks = Vec::new();
    if let Some(via) = header(ChainKind::Via) {
        let names: Vec<String> = via.entries.iter().take(ENTRIES).map(|e| clean(&e.text)).collect();
        remarks.push(format!("via names intermediaries, no client: {}", names.join(", ")));
    }
    let walk = |chain: &'a Chain| (chain, resolve(request.peer, &chain.entries, vouched, trusted));
    let both = (header(ChainKind::Forwarded).map(walk), header(ChainKind::XForwardedFor).map(walk));
    match both {
        (None, None) => {
            let stop = if trusted(unmapped(request.peer)) { Stop::Exhausted } else { Stop::Untrusted };
            Verdict {
                resolved: Resolved { path: vec![unmapped(request.peer)], left: 0, stop },
                followed: None,
                claims: Vec::new(),
                remarks,
            }
        }
        (Some((chain, resolved)), None) | (None, Some((chain, resolved))) => {
            Verdict { claims: claims(chain, &resolved), resolved, followed: Some(chain), remarks }
        }
        (Some((forwarded, a)), Some((xff, b))) if a.path.last() == b.path.last() => {
            remarks.push(format!("{} agrees on the client", xff.kind.as_str()));
            Verdict { claims: claims(forwarded, &a), resolved: a, followed: Some(forwarded), remarks }
        }
        (Some((forwarded, a)), Some((xff, b))) => {
            let client = |r: &Resolved| r.path.last().map(ToString::to_string).unwrap_or_default();
            remarks.push(format!(
                "conflict: forwarded leads to {}, x-forwarded-for to {}; only what both name is believed",
                client(&a),
                client(&b)
            ));
            let common = a.path.iter().zip(&b.path).take_while(|(x, y)| x == y).count();
            let cut = |r: Resolved, chain: &Chain| Resolved {
                left: chain.entries.len().saturating_sub(common.saturating_sub(1)),
                path: r.path.into_iter().take(common).collect(),
                stop: Stop::Conflict,
            };
            let (a, b) = (cut(a, forwarded), cut(b, xff));
            let mut all = claims(forwarded, &a);
            all.extend(claims(xff, &b));
            Verdict { resolved: b, followed: Some(xff), claims: all, remarks }
        }
    }
}

/// Entries left of the boundary. The one next to it comes from a trusted proxy if that proxy names no client.
fn claims<'a>(chain: &'a Chain, resolved: &Resolved) -> Vec<Claim<'a>> {
    let entries = chain.entries.get(..resolved.left).unwrap_or_default();
    let last = entries.len().saturating_sub(1);
    let why = |i: usize| match resolved.stop {
        Stop::Unnamed(_) if i == last => "a trusted proxy names no client here; weight 0 for attribution",
        Stop::Conflict => "in one of two headers that contradict each other; weight 0 for attribution",
        _ => CLAIM,
    };
    entries.iter().enumerate().map(|(i, entry)| Claim { entry, why: why(i) }).collect()
}

fn route(
    request: &Request<'_>,
    joins: &Joins<'_>,
    trusted: &dyn Fn(IpAddr) -> bool,
    known: Option<&Conversation>,
    names: &Names<'_>,
) -> Route {
    let vouching = joins.vouching(&request.because);
    let Verdict { resolved, followed, claims, remarks: more } = judge(request, vouching.is_some(), trusted);
    let path = &resolved.path;
    let client = path.last().copied().unwrap_or(request.peer);
    let mut remarks = vec![outcome(request, &resolved)];
    remarks.extend(more);
    if !request.hosts.is_empty() {
        let hosts: Vec<String> = request.hosts.iter().map(|h| clean(h)).collect();
        remarks.push(format!("asked for {}", hosts.join(", ")));
    }
    let left_out = claims.len().saturating_sub(ENTRIES);
    if left_out > 0 {
        remarks.push(format!("{left_out} more claimed entries are left out"));
    }
    // The nearest to the boundary are kept: they are the ones that a proxy may have seen.
    let mut hops: Vec<Hop> = claims.iter().skip(left_out).map(claimed).collect();
    let origin = hops.len();
    // Entry of the followed header that named each address of the path; the peer has none.
    let written = |n: usize| -> Option<&ChainEntry> {
        let chain = followed?;
        chain.entries.get(chain.entries.len().checked_sub(n)?)
    };
    // A trusted proxy says that it will not say: the client is nobody that we know, least of all the proxy.
    let unnamed = matches!(resolved.stop, Stop::Unnamed(_));
    if unnamed {
        let mut hop = seen_point(None, HopRole::Origin, Knowledge::Inferred, request.seen, &request.because);
        hop.remarks.push("client behind the last trusted proxy, which does not name it".to_owned());
        hops.push(hop);
    }
    for (n, &addr) in path.iter().enumerate().rev() {
        let role = if n + 1 == path.len() && !unnamed { HopRole::Origin } else { HopRole::Proxy };
        let kind = match (n, role) {
            (0, _) => Knowledge::Observed,
            (_, HopRole::Origin) => Knowledge::Inferred,
            _ => Knowledge::Asserted,
        };
        let mut hop = seen_point(Some(addr), role, kind, request.seen, &request.because);
        if let (Some(entry), Some(by)) = (written(n).filter(|_| n > 0), n.checked_sub(1).and_then(|i| path.get(i))) {
            let named = match vouching.filter(|_| n == 1) {
                Some((id, join)) => {
                    cite(&mut hop, id, join);
                    format!("named by the proxy {by} in its header, and by a record of its own side")
                }
                None => format!("named by the trusted proxy {by}"),
            };
            hop.remarks.push(named);
            if *entry.text != *addr.to_string() {
                hop.remarks.push(format!("written as {}", clean(&entry.text)));
            }
        } else if let Some(conversation) = known {
            rest_on(&mut hop, conversation.because.iter().copied());
        }
        hops.push(hop);
    }
    hops.push(seen_point(Some(request.server), HopRole::Target, Knowledge::Observed, request.seen, &request.because));
    for (hop, rank) in hops.iter_mut().zip(0..) {
        hop.rank = rank;
        names.attach(hop);
    }
    for claim in hops.iter_mut().take(origin) {
        rest_on(claim, request.because.iter().copied());
        claim.seen = Some(request.seen);
    }
    // The handshake proves the peer. Whom a trusted proxy names is vouched for by it and has proved nothing to us.
    let of_peer = known.map_or(SourceTrust::Echoed, |c| c.trust);
    let trust = if path.len() > 1 || unnamed { of_peer.max(SourceTrust::Echoed) } else { of_peer };
    Route {
        source: RouteSource::ForwardedChain,
        origin: (!unnamed).then_some(client),
        trust,
        target: request.server,
        seen: request.seen,
        segments: segments(&hops, origin, known),
        hops,
        complete: true,
        remarks,
    }
}

fn claimed(claim: &Claim<'_>) -> Hop {
    let mut hop = point(claim.entry.addr.map(unmapped), HopRole::Proxy, Knowledge::Asserted);
    hop.remarks.push(claim.why.to_owned());
    if claim.entry.addr.is_none_or(|addr| *claim.entry.text != *addr.to_string()) {
        hop.remarks.push(format!("written as {}", clean(&claim.entry.text)));
    }
    hop
}

/// In words: who is the origin, and why the walk ended there.
fn outcome(request: &Request<'_>, resolved: &Resolved) -> String {
    let kinds: Vec<&str> = request.headers.iter().map(|c| c.kind.as_str()).collect();
    let kinds = kinds.join(", ");
    let proxies = resolved.path.len().saturating_sub(1);
    match &resolved.stop {
        Stop::Untrusted if proxies == 0 => {
            format!("{kinds}: the peer is no trusted proxy, so it is the origin and its header a claim")
        }
        Stop::Untrusted => format!(
            "{kinds}: client behind {}, vouched for by what they wrote and not by packets of its own",
            super::parts::count(proxies, "trusted proxy", "trusted proxies")
        ),
        Stop::Unnamed(text) => {
            format!("{kinds}: the last trusted proxy names no client (\"{}\"); the trace ends there", clean(text))
        }
        Stop::Exhausted => format!("{kinds}: every address is a trusted proxy; a client behind the last one is not named"),
        Stop::TooMany => format!("{kinds}: more than {ENTRIES} trusted proxies in a row; the trace ends there"),
        Stop::Conflict => format!("{kinds}: the headers contradict each other; the trace ends where they part"),
    }
}

/// Links in order of the chain. Only the last one is a connection that packets show, and its routers are hidden.
fn segments(hops: &[Hop], origin: usize, known: Option<&Conversation>) -> Vec<Segment> {
    let last = hops.len().saturating_sub(1);
    (0..last)
        .map(|i| {
            if i + 1 == last {
                let (range, why) = known.map_or(((0, LONGEST), "routers unknown".to_owned()), gap_of);
                return segment(i, last, Knowledge::Gap, range, format!("connection seen; {why}"));
            }
            let why = match hops.get(i + 1).and_then(|h| h.addr) {
                Some(proxy) if i >= origin => format!("named by the trusted proxy {proxy}"),
                _ => "not believed; weight 0 for attribution".to_owned(),
            };
            segment(i, i + 1, Knowledge::Asserted, (0, LONGEST), why)
        })
        .collect()
}
