//! What heads say: names and forwarded chains out of requests of HTTP/1 and SIP, names in TLS hellos, DNS answers, what
//! proxies say and are asked, heads of mails. Where in a connection a head is, `streams` finds out.

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;

use super::keyed::Keyed;
use crate::decode::{banner, dns, http, sip, tls};
use crate::model::evidence::{Banner, Chain, ChainEntry, ChainKind, Name, NameHow, Provenance};
use crate::model::net::PackedAddr;
use crate::model::record::Mail;
use crate::model::time::Timestamp;

type Map<K, V> = HashMap<K, V, Keyed>;

/// Header, peer, server and the texts of the entries: the same chain twice is one fact.
type ChainKey = (ChainKind, PackedAddr, PackedAddr, Box<str>);

/// A name that is said again is a fact of its own once the earlier saying ran out, and an hour passed: a day of
/// capture then shows at most 24 of each.
const SAID_AGAIN_NS: i64 = 3_600_000_000_000;

/// Is `name`, said at `said`, still enough at `now`?
fn still_said(said: Timestamp, name: &Name, now: Timestamp) -> bool {
    now.since(said) <= SAID_AGAIN_NS.max(i64::from(name.ttl_s.unwrap_or(0)) * 1_000_000_000)
}

/// A name that several resolvers' clients heard stands in several shards: once is enough. Sorted by address, kind,
/// name and time.
#[must_use]
pub fn said_once(mut names: Vec<(Provenance, Timestamp, Name)>) -> Vec<(Provenance, Timestamp, Name)> {
    names.sort_by(|(from_a, time_a, a), (from_b, time_b, b)| {
        (a.addr, a.how, &a.name, time_a, from_a).cmp(&(b.addr, b.how, &b.name, time_b, from_b))
    });
    names.dedup_by(|(_, time, name), (_, said, kept)| {
        (name.addr, name.how, &name.name) == (kept.addr, kept.how, &kept.name) && still_said(*said, kept, *time)
    });
    names
}

/// Bytes of chains kept per shard.
const CHAIN_BYTES: usize = 8 << 20;

/// Bytes of mails kept per shard.
const MAIL_BYTES: usize = 8 << 20;

/// What payloads of one shard said. Every list has the same cap.
#[derive(Debug)]
pub struct Heads {
    cap: usize,
    hosts: Vec<Arc<str>>,
    host_index: Map<Arc<str>, u32>,
    chains: Vec<(Provenance, Timestamp, Chain)>,
    chain_index: Map<ChainKey, u32>,
    /// Bytes that the chains take, roughly: a header may hold 64 entries of 256 bytes, and attackers write headers.
    chain_bytes: usize,
    names: Vec<(Provenance, Timestamp, Name)>,
    name_index: Map<(IpAddr, NameHow, Arc<str>), u32>,
    mails: Vec<(Provenance, Timestamp, Mail)>,
    /// Bytes that the mails take, roughly.
    mail_bytes: usize,
    banners: Vec<(Provenance, Timestamp, Banner)>,
    banner_index: hashbrown::HashSet<Banner, Keyed>,
    /// Facts left out because a list was full, or a chain or message too long.
    pub left_out: u64,
    /// DNS messages that contradict themselves or end early; what came before was read.
    pub damaged: u64,
}

impl Heads {
    /// Lists of at most `cap` hosts, chains, names, mails and banners each. The seed keys the hash tables.
    #[must_use]
    pub fn new(cap: usize, seed: u64) -> Self {
        let hasher = Keyed::new(seed);
        Self {
            cap: cap.clamp(1, u32::MAX as usize - 1),
            hosts: Vec::new(),
            host_index: HashMap::with_hasher(hasher),
            chains: Vec::new(),
            chain_index: HashMap::with_hasher(hasher),
            chain_bytes: 0,
            names: Vec::new(),
            name_index: HashMap::with_hasher(hasher),
            mails: Vec::new(),
            mail_bytes: 0,
            banners: Vec::new(),
            banner_index: hashbrown::HashSet::with_hasher(hasher),
            left_out: 0,
            damaged: 0,
        }
    }

    /// The host name with this number (index + 1); 0 is none.
    #[must_use]
    pub fn host(&self, number: u32) -> Option<&Arc<str>> {
        self.hosts.get((number as usize).checked_sub(1)?)
    }

    /// The number of the host that the ClientHello at the beginning of `payload` asks for.
    pub(super) fn hello(&mut self, payload: &[u8]) -> Option<u32> {
        self.intern(&tls::server_name(payload)?)
    }

    /// The number of the host that a request asks for whose head is not all there.
    pub(super) fn host_asked_for(&mut self, payload: &[u8]) -> Option<u32> {
        self.intern(http::request_head(payload)?.host.as_deref()?)
    }

    /// Reads the request head at the beginning of `payload` and gives the number of the host that it asks for. `ends` are
    /// the opener and the server.
    #[cold]
    pub(super) fn http(
        &mut self,
        payload: &[u8],
        ends: (PackedAddr, PackedAddr),
        ts: Timestamp,
        place: &impl Fn() -> Provenance,
    ) -> Option<u32> {
        let head = http::request_head(payload)?;
        let host = head.host.as_deref().and_then(|h| self.intern(h));
        for chain in head.chains {
            self.left_out += u64::from(chain.left_out);
            let said = Said { kind: chain.kind, ends, host, entries: chain.entries };
            self.chain(said, ts, place);
        }
        host
    }

    /// Reads the SIP message at the beginning of `payload`, which goes from the first of `ends` to the second. The lines of
    /// a response say whom its request passed, which went the other way.
    pub(super) fn sip(&mut self, payload: &[u8], (from, to): (PackedAddr, PackedAddr), ts: Timestamp, place: Provenance) {
        let Some(head) = sip::head(payload).filter(|head| !head.entries.is_empty()) else { return };
        self.left_out += u64::from(head.left_out);
        let host = head.host.as_deref().and_then(|h| self.intern(h));
        let ends = if head.response { (to, from) } else { (from, to) };
        self.chain(Said { kind: ChainKind::SipVia, ends, host, entries: head.entries }, ts, &|| place);
    }

    /// A proxy was asked to go on to `target`, or says whom it speaks for.
    pub(super) fn proxied(
        &mut self,
        kind: ChainKind,
        (entry, name): (ChainEntry, Option<&str>),
        ends: (PackedAddr, PackedAddr),
        (ts, place): (Timestamp, Provenance),
    ) -> Option<u32> {
        let host = name.and_then(|name| self.intern(name));
        self.chain(Said { kind, ends, host, entries: vec![entry] }, ts, &|| place);
        host
    }

    fn chain(&mut self, said: Said, ts: Timestamp, place: &impl Fn() -> Provenance) {
        let (opener, server) = said.ends;
        let texts: Vec<&str> = said.entries.iter().map(|e| &*e.text).collect();
        // Texts hold no control characters, so the joint is unambiguous.
        let key = (said.kind, opener, server, texts.join("\n").into_boxed_str());
        if let Some(&known) = self.chain_index.get(&key) {
            if let Some(kept) = self.chains.get_mut(known as usize)
                && place() < kept.0
            {
                (kept.0, kept.1) = (place(), ts);
            }
        } else if self.chains.len() < self.cap && self.chain_bytes < CHAIN_BYTES {
            // The text stands in the key and in the entries; an entry takes some words of its own.
            self.chain_bytes += 2 * key.3.len() + 64 * said.entries.len() + 256;
            self.chain_index.insert(key, self.chains.len() as u32);
            let fact = Chain {
                kind: said.kind,
                peer: opener.unpack(),
                server: server.unpack(),
                host: said.host.and_then(|h| self.host(h)).cloned(),
                entries: said.entries,
            };
            self.chains.push((place(), ts, fact));
        } else {
            self.left_out += 1;
        }
    }

    /// `way.0` said what it is to `way.1`.
    pub(super) fn banner(
        &mut self,
        said: banner::Banner,
        way: (PackedAddr, PackedAddr),
        port: u16,
        (ts, place): (Timestamp, Provenance),
    ) {
        let (who, to) = (way.0.unpack(), way.1.unpack());
        if let Some(name) = said.name {
            self.name(Name { addr: who, name: name.into(), how: NameHow::Banner, ttl_s: None }, ts, &|| place);
        }
        let fact = Banner { kind: said.kind, who, to, port, text: said.text.into() };
        if self.banner_index.contains(&fact) {
            return;
        }
        if self.banners.len() >= self.cap {
            self.left_out += 1;
            return;
        }
        self.banner_index.insert(fact.clone());
        self.banners.push((place, ts, fact));
    }

    /// A proxy says that it went on, and from where.
    pub(super) fn went_on(
        &mut self,
        (target, bound): (ChainEntry, ChainEntry),
        host: Option<u32>,
        ends: (PackedAddr, PackedAddr),
        (ts, place): (Timestamp, Provenance),
    ) {
        self.chain(Said { kind: ChainKind::SocksReply, ends, host, entries: vec![target, bound] }, ts, &|| place);
    }

    /// Keeps the head of a mail.
    pub(super) fn mail(&mut self, mail: Mail, ts: Timestamp, place: Provenance) {
        self.left_out += mail.left_out;
        if self.mails.len() >= self.cap || self.mail_bytes >= MAIL_BYTES {
            self.left_out += 1;
            return;
        }
        let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |t| t.len() + 16);
        let line = |r: &crate::model::record::Received| {
            size_of_val(r) + [&r.helo, &r.name, &r.by, &r.with, &r.id].into_iter().map(text).sum::<usize>()
        };
        self.mail_bytes += size_of::<Mail>()
            + text(&mail.message_id)
            + text(&mail.from)
            + mail.received.iter().map(line).sum::<usize>()
            + mail.originating.iter().map(|e| e.text.len() + 64).sum::<usize>()
            + mail.authentication.iter().map(|a| a.len() + 32).sum::<usize>();
        self.mails.push((place, ts, mail));
    }

    pub(super) fn intern(&mut self, host: &str) -> Option<u32> {
        if let Some(&number) = self.host_index.get(host) {
            return Some(number);
        }
        if self.hosts.len() >= self.cap {
            self.left_out += 1;
            return None;
        }
        let host: Arc<str> = host.into();
        self.hosts.push(host.clone());
        let number = self.hosts.len() as u32;
        self.host_index.insert(host, number);
        Some(number)
    }

    /// Takes names for addresses out of a DNS message that came from a server's port. `asked`: the other side had sent
    /// something before. What was not asked for adds nothing to the same said in an answer.
    pub fn dns(&mut self, message: &[u8], asked: bool, ts: Timestamp, place: &impl Fn() -> Provenance) {
        let Ok(Some(answers)) = dns::answers(message) else { return };
        self.left_out += u64::from(answers.left_out);
        self.damaged += u64::from(answers.damage.is_some());
        for name in answers.names {
            if !asked && self.is_said(&name, ts) {
                continue;
            }
            let how = if asked { name.how } else { NameHow::Unasked };
            self.name(Name { how, ..name }, ts, place);
        }
    }

    /// The same for a TCP payload, in which every message has its length in front. Messages that began in an earlier
    /// segment are not read.
    pub fn dns_over_tcp(&mut self, payload: &[u8], asked: bool, ts: Timestamp, place: &impl Fn() -> Provenance) {
        for message in dns::tcp_messages(payload) {
            self.dns(message, asked, ts, place);
        }
    }

    /// Was the same said before, and does it still hold?
    fn is_said(&self, name: &Name, ts: Timestamp) -> bool {
        let known = self.name_index.get(&(name.addr, name.how, name.name.clone()));
        known.and_then(|&n| self.names.get(n as usize)).is_some_and(|(_, said, kept)| still_said(*said, kept, ts))
    }

    fn name(&mut self, name: Name, ts: Timestamp, place: &impl Fn() -> Provenance) {
        if self.is_said(&name, ts) {
            return;
        }
        let key = (name.addr, name.how, name.name.clone());
        if self.names.len() < self.cap {
            self.name_index.insert(key, self.names.len() as u32);
            self.names.push((place(), ts, name));
        } else {
            self.left_out += 1;
        }
    }

    /// Takes in a chain that a record tells of.
    pub(super) fn said_chain(&mut self, chain: Chain, from: Provenance, time: Timestamp) {
        let texts: Vec<&str> = chain.entries.iter().map(|e| &*e.text).collect();
        let key = (chain.kind, chain.peer.into(), chain.server.into(), texts.join("\n").into_boxed_str());
        if self.chain_index.contains_key(&key) {
            return;
        }
        if self.chains.len() < self.cap && self.chain_bytes < CHAIN_BYTES {
            self.chain_bytes += 2 * key.3.len() + 64 * chain.entries.len() + 256;
            self.chain_index.insert(key, self.chains.len() as u32);
            self.chains.push((from, time, chain));
        } else {
            self.left_out += 1;
        }
    }

    /// Takes in a name that a record tells of.
    pub(super) fn said_name(&mut self, name: Name, from: Provenance, time: Timestamp) {
        self.name(name, time, &|| from);
    }

    /// Chains, each with the place and time of the first request that carried it.
    pub fn chains(&self) -> impl Iterator<Item = (Provenance, Timestamp, Chain)> {
        self.chains.iter().cloned()
    }

    /// What hosts said of themselves, each with the place and time at which it was first said.
    pub fn banners(&self) -> impl Iterator<Item = (Provenance, Timestamp, Banner)> {
        self.banners.iter().cloned()
    }

    /// Heads of mails, each with the place and time of the packet in which it ended.
    pub fn mails(&self) -> impl Iterator<Item = (Provenance, Timestamp, Mail)> {
        self.mails.iter().cloned()
    }

    /// Names, each with the place and time of the answer that gave it.
    pub fn names(&self) -> impl Iterator<Item = (Provenance, Timestamp, Name)> {
        self.names.iter().cloned()
    }
}

/// A chain, before it is known whether it was seen before.
struct Said {
    kind: ChainKind,
    ends: (PackedAddr, PackedAddr),
    host: Option<u32>,
    entries: Vec<ChainEntry>,
}

#[cfg(test)]
mod tests;
