//! Forwarded chains to routes: who is behind a proxy, by the rule of [`rightmost`](super::rightmost), and where a proxy
//! was asked to go on to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::ends::gap_of;
use super::joined::{Joins, Vouching, cite};
use super::names::Names;
use super::parts::{LONGEST, ROUTES, clean, in_order, point, remark, rest_on, seen_point, segment};
use super::rightmost::{Claim, ENTRIES, Peer, Resolved, Stop, Verdict, judge, senders};
use crate::model::digest::{Conversation, Digest};
use crate::model::evidence::{Chain, ChainEntry, ChainKind, Evidence, EvidenceId, EvidenceItem, Provenance, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::unmapped;
use crate::model::path::Segment;
use crate::model::record::UNNAMED;
use crate::model::route::{Route, RouteSource};
use crate::model::time::Span;

/// Most examples kept per distinct chain.
const EXAMPLES: usize = 8;

/// One route per distinct chain (peer, server and entries), in order of first sight; at most 4,096. `trusted` says
/// which addresses belong to proxies whose headers the analyst believes; a proxy whose own log says the same is believed too.
///
/// The hops stand in the order of the chain and ranks count from 0 in that order: first the client's own claims
/// (kind `asserted`, role `proxy`), then the origin (the one hop with role `origin`), the proxies, the server. So
/// `hops[0]` is the origin only if the chain holds no claims. The origin is the socket peer itself (`observed`) if it
/// is not trusted, otherwise what the trusted proxies name (`inferred`); a hop without an address if the last of them
/// does not name its client. Where the server was asked to go on (SOCKS, CONNECT) that is one more hop, the target,
/// `asserted`, and the server is a proxy. A target that is only a name is a hop without an address, and the route then leads
/// to the server: that is as far as an address is known.
#[must_use]
pub fn chains(digest: &Digest, joins: &Joins<'_>, trusted: &dyn Fn(IpAddr) -> bool) -> Vec<Route> {
    let items = in_order(digest);
    let mut trust: BTreeMap<(IpAddr, IpAddr), &Conversation> = BTreeMap::new();
    for c in &digest.conversations {
        trust.entry((c.origin, c.target)).and_modify(|known| *known = if c.trust < known.trust { c } else { known }).or_insert(c);
    }
    let requests = distinct(&items);
    let passing: BTreeSet<(IpAddr, IpAddr)> = items.iter().filter_map(|item| passes_on(item)).collect();
    let mut addresses = BTreeSet::new();
    for request in requests.iter().take(ROUTES) {
        addresses.extend([request.peer, request.server]);
        let entries = request.headers.iter().flat_map(|chain| &chain.entries);
        addresses.extend(entries.filter_map(|e| e.addr).map(unmapped));
    }
    let names = Names::gather(&items, |addr| addresses.contains(&addr));
    let replies = Replies::gather(&items);
    let mut routes: Vec<(Route, bool)> = requests
        .iter()
        .take(ROUTES)
        .map(|request| {
            let pair = (request.peer, request.server);
            let vouching = joins.vouching(&request.because);
            let vouched = vouching.is_some();
            let peer = Peer { addr: request.peer, passes_on: passing.contains(&pair), vouched, trusted };
            (route(request, vouching, &peer, trust.get(&pair).copied(), (&names, &replies)), vouched)
        })
        .collect();
    absorb(&mut routes);
    let mut routes: Vec<Route> = routes.into_iter().map(|(route, _)| route).collect();
    if let (Some(last), true) = (routes.last_mut(), requests.len() > ROUTES) {
        last.remarks.push(format!("{} more chains are left out", requests.len() - ROUTES));
    }
    routes
}

/// A proxy's log tells of the same request as the server behind it, only without naming the proxy itself. Where a join says
/// so there is one route, and it rests on both.
fn absorb(routes: &mut Vec<(Route, bool)>) {
    let whole: Vec<Option<IpAddr>> = routes.iter().filter(|(_, vouched)| *vouched).map(|(route, _)| route.origin).collect();
    let whole: BTreeSet<Option<IpAddr>> = whole.into_iter().collect();
    let is_part = |route: &Route| route.target == UNNAMED && route.origin.is_some() && whole.contains(&route.origin);
    let (parts, mut rest): (Vec<_>, Vec<_>) =
        std::mem::take(routes).into_iter().partition(|(route, vouched)| !vouched && is_part(route));
    for (part, _) in parts {
        let ids: Vec<EvidenceId> = part.hops.iter().flat_map(|hop| hop.because.iter().copied()).collect();
        let of_it = rest.iter_mut().filter(|(route, vouched)| *vouched && route.origin == part.origin);
        for hop in of_it.flat_map(|(route, _)| &mut route.hops).filter(|hop| hop.role == HopRole::Origin) {
            rest_on(hop, ids.iter().copied());
        }
    }
    *routes = rest;
}

/// Peer and server, if the peer speaks the PROXY protocol.
fn passes_on(item: &EvidenceItem) -> Option<(IpAddr, IpAddr)> {
    match &item.fact {
        Evidence::Chain(chain) if chain.kind == ChainKind::ProxyProtocol => Some((chain.peer, chain.server)),
        _ => None,
    }
}

/// What proxies answered: by peer, server and what was asked for, the addresses that they name.
struct Replies<'a>(BTreeMap<(IpAddr, IpAddr, &'a str), Vec<Answer<'a>>>);

/// The address that an answer names, and the fact.
type Answer<'a> = (&'a ChainEntry, EvidenceId);

impl<'a> Replies<'a> {
    fn gather(items: &[&'a EvidenceItem]) -> Self {
        let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for item in items {
            if let Evidence::Chain(chain) = &item.fact
                && chain.kind == ChainKind::SocksReply
                && let [target, bound] = chain.entries.as_slice()
            {
                let of: &mut Vec<_> = out.entry((chain.peer, chain.server, &*target.text)).or_default();
                if of.len() < EXAMPLES {
                    of.push((bound, item.id));
                }
            }
        }
        Self(out)
    }

    fn to(&self, request: &Request<'_>, target: &str) -> Vec<Answer<'a>> {
        let of_socks = request.headers.iter().any(|chain| chain.kind == ChainKind::Socks);
        self.0.get(&(request.peer, request.server, target)).filter(|_| of_socks).cloned().unwrap_or_default()
    }
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
            && says_something(chain)
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

/// Is it a request that was forwarded or is to be? A SIP client that stands in the only line itself was forwarded by nobody.
fn says_something(chain: &Chain) -> bool {
    match chain.kind {
        // No request: it belongs to one.
        ChainKind::SocksReply => false,
        ChainKind::SipVia => senders(chain).nth(1).is_some(),
        _ => !chain.entries.is_empty(),
    }
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

fn route(
    request: &Request<'_>,
    vouching: Option<Vouching<'_>>,
    peer: &Peer<'_>,
    known: Option<&Conversation>,
    (names, replies): (&Names<'_>, &Replies<'_>),
) -> Route {
    let Verdict { resolved, followed, claims, remarks: more } = judge(peer, &request.headers);
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
    let written = |n: usize| -> Option<&ChainEntry> { followed.get(followed.len().checked_sub(n)?).copied() };
    // A believed proxy says that it will not say: the client is nobody that we know, least of all the proxy.
    let unnamed = matches!(resolved.stop, Stop::Unnamed(_) | Stop::Unread);
    if unnamed {
        let mut hop = seen_point(None, HopRole::Origin, Knowledge::Inferred, request.seen, &request.because);
        hop.remarks.push("client behind the last believed proxy, which does not name it".to_owned());
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
    let asked: Vec<&ChainEntry> = request.headers.iter().filter(|c| c.kind.leads_on()).flat_map(|c| &c.entries).collect();
    let destination = asked.iter().find_map(|entry| entry.addr).map(unmapped);
    let role = if asked.is_empty() { HopRole::Target } else { HopRole::Proxy };
    let server_at = hops.len();
    hops.push(seen_point(Some(request.server), role, Knowledge::Observed, request.seen, &request.because));
    for entry in &asked {
        let answers = replies.to(request, &entry.text);
        let went = if answers.is_empty() { "whether it did is not seen here" } else { "it says that it did" };
        remarks.push(format!("the server is asked to go on to {}; {went}", clean(&entry.text)));
        for (bound, id) in answers {
            if let Some(server) = hops.get_mut(server_at) {
                if bound.addr.is_some() {
                    let from = clean(&bound.text);
                    remark(&mut server.remarks, format!("answers that it goes on, and names {from}; weight 0 for attribution"));
                }
                rest_on(server, [id]);
            }
        }
    }
    if let Some(first) = asked.first() {
        let mut hop = point(destination, HopRole::Target, Knowledge::Asserted);
        hop.seen = Some(request.seen);
        rest_on(&mut hop, request.because.iter().copied());
        hop.remarks.push(match destination {
            Some(_) => "asked for by the client".to_owned(),
            None => format!("asked for by the client, by name: {}", clean(&first.text)),
        });
        hops.push(hop);
    }
    for (hop, rank) in hops.iter_mut().zip(0..) {
        hop.rank = rank;
        names.attach(hop);
    }
    for claim in hops.iter_mut().take(origin) {
        rest_on(claim, request.because.iter().copied());
        claim.seen = Some(request.seen);
    }
    // The handshake proves the peer. Whom a trusted proxy names is vouched for by it and has proved nothing to us.
    // A datagram (SIP) has no handshake.
    let least =
        if request.headers.iter().any(|c| c.kind == ChainKind::SipVia) { SourceTrust::Plausible } else { SourceTrust::Echoed };
    let of_peer = known.map_or(least, |c| c.trust);
    let trust = if path.len() > 1 || unnamed { of_peer.max(SourceTrust::Echoed) } else { of_peer };
    Route {
        source: RouteSource::ForwardedChain,
        origin: (!unnamed).then_some(client),
        trust,
        target: destination.unwrap_or(request.server),
        seen: request.seen,
        segments: segments(&hops, (origin, server_at), known),
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
    let leads_on = request.headers.iter().all(|c| c.kind.leads_on());
    match &resolved.stop {
        Stop::Untrusted if proxies == 0 && leads_on => format!("{kinds}: a request to a proxy"),
        Stop::Untrusted if proxies == 0 => {
            format!("{kinds}: the peer is no trusted proxy, so it is the origin and its header a claim")
        }
        Stop::Untrusted => format!(
            "{kinds}: client behind {}, vouched for by what they wrote and not by packets of its own",
            super::parts::count(proxies, "believed proxy", "believed proxies")
        ),
        Stop::Unnamed(text) => {
            format!("{kinds}: the last believed proxy names no client (\"{}\"); the trace ends there", clean(text))
        }
        Stop::Exhausted => format!("{kinds}: every address is a believed proxy; a client behind the last one is not named"),
        Stop::TooMany => format!("{kinds}: more than {ENTRIES} believed proxies in a row; the trace ends there"),
        Stop::Unread => format!(
            "{kinds}: the peer passes connections on unread (PROXY protocol), so the header is the client's own; the trace ends there"
        ),
        Stop::Conflict => format!("{kinds}: the headers contradict each other; the trace ends where they part"),
    }
}

/// Links in order of the chain. Only the one to the server is a connection that packets show, and its routers are hidden.
fn segments(hops: &[Hop], (origin, server_at): (usize, usize), known: Option<&Conversation>) -> Vec<Segment> {
    let last = hops.len().saturating_sub(1);
    (0..last)
        .map(|i| {
            if i + 1 == server_at {
                let (range, why) = known.map_or(((0, LONGEST), "routers unknown".to_owned()), gap_of);
                return segment(i, server_at, Knowledge::Gap, range, format!("connection seen; {why}"));
            }
            if i >= server_at {
                return segment(i, i + 1, Knowledge::Asserted, (0, LONGEST), "asked for by the client");
            }
            let why = match hops.get(i + 1).and_then(|h| h.addr) {
                Some(proxy) if i >= origin => format!("named by the proxy {proxy}"),
                _ => "not believed; weight 0 for attribution".to_owned(),
            };
            segment(i, i + 1, Knowledge::Asserted, (0, LONGEST), why)
        })
        .collect()
}
