//! The rightmost-untrusted rule (METHODS B.5).
//!
//! The socket peer is proved by its TCP handshake. Its header is believed only if the analyst trusts it; then the
//! address that it names is the next one to ask about, from right to left, until one is not trusted: that one is the
//! client. What stands left of it was written by the client itself and is a claim without weight. Taking the leftmost
//! entry instead is a known class of vulnerabilities.
//!
//! What is not a list from left to right is read as one: `X-Real-IP` and its like have one entry, `Via` of SIP stands the
//! other way round, and a PROXY header, which the nearest proxy wrote, stands right of what came through it.

use std::net::IpAddr;
use std::sync::Arc;

use super::parts::clean;
use crate::model::evidence::{Chain, ChainEntry, ChainKind, RECORD_ROUTE};
use crate::model::net::unmapped;

/// Most entries listed as claims, and most believed proxies in a row. Nobody runs so many; a header can hold more.
pub(super) const ENTRIES: usize = 64;
const CLAIM: &str = "claimed by the client; weight 0 for attribution";

/// Who sent the request.
pub(super) struct Peer<'a> {
    pub(super) addr: IpAddr,
    /// It speaks the PROXY protocol to this server: it passes connections on without reading what is in them.
    pub(super) passes_on: bool,
    /// Its own log names the client that it names (`join`): two witnesses where a header is one.
    pub(super) vouched: bool,
    pub(super) trusted: &'a dyn Fn(IpAddr) -> bool,
}

/// Where the walk from right to left ended, and why.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The peer, then what was believed, from right to left; the last is the client.
    pub(super) path: Vec<IpAddr>,
    /// Entries that were not used, from the left.
    left: usize,
    pub(super) stop: Stop,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The last address is not trusted: it is the client.
    Untrusted,
    /// A believed proxy does not name what is before it (`unknown`, `_obfuscated`, a host name).
    Unnamed(Arc<str>),
    /// All entries are believed.
    Exhausted,
    /// More believed proxies in a row than [`ENTRIES`].
    TooMany,
    /// A believed proxy did not read what it passed on: the header is not its own.
    Unread,
    /// Two headers of one request disagree from here on.
    Conflict,
}

/// An entry that was not believed, and why.
pub(super) struct Claim<'a> {
    pub(super) entry: &'a ChainEntry,
    pub(super) why: &'static str,
}

/// What the headers of a request come to.
pub(super) struct Verdict<'a> {
    pub(super) resolved: Resolved,
    /// Entries of the header that was followed, the nearest to the peer last.
    pub(super) followed: Vec<&'a ChainEntry>,
    pub(super) claims: Vec<Claim<'a>>,
    pub(super) remarks: Vec<String>,
}

/// The entries of a header, and where they lead.
struct Walk<'a> {
    kind: ChainKind,
    entries: Vec<&'a ChainEntry>,
    resolved: Resolved,
}

/// The rule.
fn resolve(peer: &Peer<'_>, entries: &[&ChainEntry]) -> Resolved {
    let mut path = vec![unmapped(peer.addr)];
    let mut left = entries.len();
    let stop = loop {
        let Some(&current) = path.last() else { break Stop::Untrusted };
        let believed = (peer.trusted)(current) || peer.vouched && path.len() == 1;
        if !believed {
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

/// Entries that name who is before the peer, the nearest last.
fn before(chain: &Chain) -> Vec<&ChainEntry> {
    match chain.kind {
        ChainKind::XForwardedFor | ChainKind::Forwarded | ChainKind::ProxyProtocol | ChainKind::ClientIp => {
            chain.entries.iter().collect()
        }
        // The first line is the peer's own.
        ChainKind::SipVia => senders(chain).skip(1).collect::<Vec<_>>().into_iter().rev().collect(),
        ChainKind::Via | ChainKind::Socks | ChainKind::Connect | ChainKind::SocksReply => Vec::new(),
    }
}

/// Who is named in `Via` lines of SIP, without the routes recorded behind them.
pub(super) fn senders(chain: &Chain) -> impl Iterator<Item = &ChainEntry> {
    chain.entries.iter().filter(|e| !e.text.starts_with(RECORD_ROUTE))
}

/// Resolves each header by itself. Those that agree strengthen each other. Of those that do not, a proxy keeps one and
/// passes the others on as the client wrote them, and which one is not known; so only what all say is believed.
pub(super) fn judge<'a>(peer: &Peer<'_>, headers: &[&'a Chain]) -> Verdict<'a> {
    let header = |kind: ChainKind| headers.iter().copied().find(|c| c.kind == kind);
    let mut remarks = intermediaries(peer, &header);
    let nearest = header(ChainKind::ProxyProtocol);
    let mut walks: Vec<Walk<'a>> = Vec::new();
    for kind in [ChainKind::Forwarded, ChainKind::XForwardedFor, ChainKind::ClientIp, ChainKind::SipVia] {
        let Some(chain) = header(kind) else { continue };
        let mut entries = before(chain);
        if kind == ChainKind::ClientIp && entries.iter().any(|e| e.addr != entries.first().and_then(|f| f.addr)) {
            remarks.push("client-ip: the headers name different clients, so none of them is believed".to_owned());
            continue;
        }
        entries.truncate(if kind == ChainKind::ClientIp { 1 } else { usize::MAX });
        entries.extend(nearest.iter().flat_map(|c| &c.entries));
        walks.push(Walk { kind, resolved: resolve(peer, &entries), entries });
    }
    if let (true, Some(chain)) = (walks.is_empty(), nearest) {
        let entries = before(chain);
        walks.push(Walk { kind: chain.kind, resolved: resolve(peer, &entries), entries });
    }
    let is_trusted = peer.vouched || (peer.trusted)(unmapped(peer.addr));
    if peer.passes_on && nearest.is_none() && is_trusted {
        // What it passed on was written by a client that is not known here.
        let all = walks.iter().flat_map(|w| &w.entries).map(|&entry| Claim { entry, why: CLAIM }).collect();
        let resolved = Resolved { path: vec![unmapped(peer.addr)], left: 0, stop: Stop::Unread };
        return Verdict { resolved, followed: Vec::new(), claims: all, remarks };
    }
    let mut walks = walks.into_iter();
    let Some(first) = walks.next() else {
        let stop = if is_trusted { Stop::Exhausted } else { Stop::Untrusted };
        let resolved = Resolved { path: vec![unmapped(peer.addr)], left: 0, stop };
        return Verdict { resolved, followed: Vec::new(), claims: Vec::new(), remarks };
    };
    let (agreeing, others): (Vec<Walk<'a>>, Vec<Walk<'a>>) = walks.partition(|walk| agree(&first, walk));
    if others.is_empty() {
        remarks.extend(agreeing.iter().map(|walk| format!("{} agrees on the client", walk.kind.as_str())));
        let Walk { entries, resolved, .. } = first;
        return Verdict { claims: claims(&entries, &resolved), resolved, followed: entries, remarks };
    }
    let all = std::iter::once(first).chain(agreeing).chain(others).collect();
    conflict(all, remarks)
}

/// Do two headers lead to the same client? One that names a single address may name a proxy that the other passes.
fn agree(a: &Walk<'_>, b: &Walk<'_>) -> bool {
    let (last_a, last_b) = (a.resolved.path.last(), b.resolved.path.last());
    last_a == last_b || b.kind == ChainKind::ClientIp && last_b.is_some_and(|addr| a.resolved.path.contains(addr))
}

/// Up to where they part.
fn conflict<'a>(walks: Vec<Walk<'a>>, mut remarks: Vec<String>) -> Verdict<'a> {
    let leads = |walk: &Walk<'_>| {
        let client = walk.resolved.path.last().map(ToString::to_string).unwrap_or_default();
        (walk.kind.as_str(), client)
    };
    let words: Vec<String> = walks
        .iter()
        .map(leads)
        .enumerate()
        .map(|(n, (kind, client))| format!("{kind} {}to {client}", if n == 0 { "leads " } else { "" }))
        .collect();
    let how_many = if walks.len() == 2 { "both" } else { "all" };
    remarks.push(format!("conflict: {}; only what {how_many} name is believed", words.join(", ")));
    let mut common: Vec<IpAddr> = walks.first().map(|w| w.resolved.path.clone()).unwrap_or_default();
    for walk in &walks {
        let same = common.iter().zip(&walk.resolved.path).take_while(|(x, y)| x == y).count();
        common.truncate(same);
    }
    let cut = |entries: &[&ChainEntry]| Resolved {
        left: entries.len().saturating_sub(common.len().saturating_sub(1)),
        path: common.clone(),
        stop: Stop::Conflict,
    };
    let mut out = Verdict { resolved: cut(&[]), followed: Vec::new(), claims: Vec::new(), remarks };
    for walk in walks {
        out.resolved = cut(&walk.entries);
        out.claims.extend(claims(&walk.entries, &out.resolved));
        out.followed = walk.entries;
    }
    out
}

/// Entries left of the boundary. The one next to it comes from a believed proxy if that proxy names no client.
fn claims<'a>(entries: &[&'a ChainEntry], resolved: &Resolved) -> Vec<Claim<'a>> {
    let entries = entries.get(..resolved.left).unwrap_or_default();
    let last = entries.len().saturating_sub(1);
    let why = |i: usize| match resolved.stop {
        Stop::Unnamed(_) if i == last => "a believed proxy names no client here; weight 0 for attribution",
        Stop::Conflict => "in one of two headers that contradict each other; weight 0 for attribution",
        _ => CLAIM,
    };
    entries.iter().enumerate().map(|(i, &entry)| Claim { entry, why: why(i) }).collect()
}

/// What `Via` says: who stood between, and how the server saw the peer.
fn intermediaries<'a>(peer: &Peer<'_>, header: &impl Fn(ChainKind) -> Option<&'a Chain>) -> Vec<String> {
    let mut remarks = Vec::new();
    for (kind, word) in [(ChainKind::Via, "via"), (ChainKind::SipVia, "sip-via")] {
        let Some(via) = header(kind) else { continue };
        let names: Vec<String> = via.entries.iter().take(ENTRIES).map(|e| clean(&e.text)).collect();
        remarks.push(format!("{word} names intermediaries, no client: {}", names.join(", ")));
    }
    let own = header(ChainKind::SipVia).and_then(|via| senders(via).next()).and_then(|e| e.addr).map(unmapped);
    if let Some(own) = own.filter(|own| *own != unmapped(peer.addr)) {
        remarks.push(format!("the peer {} is {own} in its own line of sip-via: its address is translated on the way", peer.addr));
    }
    remarks
}
