//! What records say, as distinct from packets: logs, flow exports, mails, traceroutes, alerts.
//!
//! Several recorders may tell of the same traffic, and the capture may show it too. So that nothing is counted twice, each
//! recorder (a format, and the exporter where there is one) has a shard of its own, as if it were a sensor: `merge` takes
//! the counts of a pair from one of them and the evidence from all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;

use super::flow::FlowState;
use super::keyed::Keyed;
use super::shard::{Caps, FlowSink, Shard};
use crate::model::evidence::{Evidence, Provenance};
use crate::model::net::IpProtocol;
use crate::model::record::{Alert, Announcement, Contact, Endpoint, Said, Saying};
use crate::model::time::{Span, Timestamp};

/// Recorders told apart; the records of further exporters count as one.
const RECORDERS: usize = 64;
/// Mails, traceroutes, indicators, translations, alerts: kept of each.
const KEPT: usize = 1 << 16;
/// Routes kept: those that cover an address of interest.
const ROUTES: usize = 1 << 16;

/// Who recorded: the word of the format, and the exporter.
pub type Recorder = (&'static str, Option<IpAddr>);

/// What makes two alerts the same: who, towards whom, at which port, what.
type AlertKey = (Option<IpAddr>, Option<(IpAddr, u16)>, IpProtocol, Arc<str>);

/// Records of a run, added up. `K` is told of the flows of one recorder.
#[derive(Debug)]
pub struct Ledger<K> {
    caps: Caps,
    seed: u64,
    most: usize,
    /// In the order in which they were met.
    shards: Vec<(Shard, K)>,
    recorders: BTreeMap<Recorder, usize>,
    /// Who was asked for last.
    last: Option<(Recorder, usize)>,
    facts: Vec<(Provenance, Timestamp, Evidence)>,
    kept: BTreeMap<&'static str, usize>,
    /// Alerts: the first of its kind, and how many.
    alerts: HashMap<AlertKey, (Provenance, Timestamp, Alert, u64), Keyed>,
    /// Routes that were told.
    pub routes_seen: u64,
    routes: usize,
    /// Addresses whose routes are kept; `None`: no route is.
    pub routed: Option<BTreeSet<IpAddr>>,
    /// Facts left out because a list was full.
    pub left_out: u64,
}

/// What a ledger comes to.
#[derive(Debug, Default)]
pub struct Records<'a> {
    /// By recorder, in their order.
    pub recorders: Vec<&'a Shard>,
    /// Everything that is no contact, chain, name or tunnel.
    pub facts: Vec<(Provenance, Timestamp, Evidence)>,
    /// Facts left out because a list was full.
    pub left_out: u64,
}

impl<K: FlowSink> Ledger<K> {
    /// An empty one. The seed keys its hash tables.
    #[must_use]
    pub fn new(caps: Caps, seed: u64) -> Self {
        Self::with_recorders(caps, seed, RECORDERS)
    }

    /// The same with at most so many recorders told apart.
    #[must_use]
    pub fn with_recorders(caps: Caps, seed: u64, most: usize) -> Self {
        Self {
            caps,
            seed,
            most,
            shards: Vec::new(),
            recorders: BTreeMap::new(),
            last: None,
            facts: Vec::new(),
            kept: BTreeMap::new(),
            alerts: HashMap::with_hasher(Keyed::new(seed)),
            routes_seen: 0,
            routes: 0,
            routed: None,
            left_out: 0,
        }
    }

    /// The shard of a recorder. Most records follow one of the same recorder.
    #[inline]
    fn recorder(&mut self, word: &'static str, observer: Option<IpAddr>, sink: &dyn Fn() -> K) -> &mut (Shard, K) {
        let index = match self.last {
            Some(((last, by), index)) if by == observer && last == word => index,
            _ => self.find(word, observer, sink),
        };
        &mut self.shards[index]
    }

    fn find(&mut self, word: &'static str, observer: Option<IpAddr>, sink: &dyn Fn() -> K) -> usize {
        let known = self.recorders.contains_key(&(word, observer));
        let key = if known || self.recorders.len() < self.most { (word, observer) } else { (word, None) };
        let index = *self.recorders.entry(key).or_insert_with(|| {
            self.shards.push((Shard::new(self.caps, self.seed), sink()));
            self.shards.len() - 1
        });
        self.last = Some(((word, observer), index));
        index
    }

    /// Takes in a statement of a record of format `word`. `sink` makes one for a recorder that was not met before. Gives the
    /// flow that the statement tells of, if it tells of one; its host has a number of the recorder's own.
    pub fn note(&mut self, word: &'static str, from: Provenance, said: Said, sink: &dyn Fn() -> K) -> Option<FlowState> {
        let time = said.time.unwrap_or(Timestamp::UNKNOWN);
        match said.fact {
            Saying::Contact(contact) => return Some(self.contact(word, from, said.time, &contact, sink)),
            Saying::Chain(chain) => self.recorder(word, None, sink).0.heads.said_chain(*chain, from, time),
            Saying::Name(name) => self.recorder(word, None, sink).0.heads.said_name(name, from, time),
            Saying::Tunnel(tunnel) => self.recorder(word, None, sink).0.said_tunnel(&tunnel, from, time),
            Saying::Alert(alert) => self.alert(from, time, *alert),
            Saying::Announcement(route) => self.route(from, time, route),
            Saying::Mail(mail) => self.fact(from, time, Evidence::Mail(mail)),
            Saying::Traceroute(trace) => self.fact(from, time, Evidence::Trace(trace)),
            Saying::Indicator(indicator) => self.fact(from, time, Evidence::Indicator(indicator)),
            Saying::Translation(translation) => self.fact(from, time, Evidence::Translation(translation)),
        }
        None
    }

    /// Takes in a contact, as [`Ledger::note`] does.
    #[inline]
    pub fn contact(
        &mut self,
        word: &'static str,
        from: Provenance,
        time: Option<Timestamp>,
        contact: &Contact,
        sink: &dyn Fn() -> K,
    ) -> FlowState {
        let time = time.unwrap_or(Timestamp::UNKNOWN);
        let (shard, sink) = self.recorder(word, contact.observer, sink);
        let host = contact.host.as_deref().and_then(|host| shard.heads.intern(host)).unwrap_or(0);
        let seen = Span { first: time, last: contact.ended.filter(|end| time.is_known() && *end > time).unwrap_or(time) };
        let flow = FlowState::recorded(contact, seen, from, host);
        shard.recorded(&flow, sink);
        flow
    }

    fn fact(&mut self, from: Provenance, time: Timestamp, fact: Evidence) {
        let kept = self.kept.entry(fact.kind()).or_default();
        if *kept < KEPT {
            *kept += 1;
            self.facts.push((from, time, fact));
        } else {
            self.left_out += 1;
        }
    }

    fn alert(&mut self, from: Provenance, time: Timestamp, alert: Alert) {
        let addr = |e: Option<Endpoint>| e.map(|e| e.addr);
        let what = alert.id.as_ref().unwrap_or(&alert.signature).clone();
        let key = (addr(alert.src), alert.dst.map(|e| (e.addr, e.port)), alert.proto, what);
        if let Some((_, _, _, times)) = self.alerts.get_mut(&key) {
            *times += 1;
        } else if self.alerts.len() < KEPT {
            self.alerts.insert(key, (from, time, alert, 1));
        } else {
            self.left_out += 1;
        }
    }

    fn route(&mut self, from: Provenance, time: Timestamp, route: Box<Announcement>) {
        self.routes_seen += 1;
        let Some(wanted) = &self.routed else { return };
        let covers = match route.prefix {
            ipnet::IpNet::V4(net) if net.prefix_len() > 0 => {
                let (low, high) = (IpAddr::V4(net.network()), IpAddr::V4(net.broadcast()));
                wanted.range(low..=high).next().is_some()
            }
            ipnet::IpNet::V6(net) if net.prefix_len() > 0 => {
                let (low, high) = (IpAddr::V6(net.network()), IpAddr::V6(net.broadcast()));
                wanted.range(low..=high).next().is_some()
            }
            _ => false, // a default route says nothing of an address
        };
        if !covers {
            return;
        }
        if self.routes < ROUTES {
            self.routes += 1;
            self.facts.push((from, time, Evidence::Route(route)));
        } else {
            self.left_out += 1;
        }
    }

    /// The records are over: flows that wait to be counted are counted.
    pub fn finish(&mut self) {
        for (shard, sink) in &mut self.shards {
            shard.finish(sink);
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        let mut alerts: Vec<_> = self.alerts.iter().collect();
        alerts.sort_unstable_by_key(|(key, _)| *key);
        let alerts = alerts
            .into_iter()
            .map(|(_, (from, time, alert, times))| (*from, *time, Evidence::Alert(Box::new(alert.clone()), *times)));
        Records {
            recorders: self.recorders.values().map(|&index| &self.shards[index].0).collect(),
            facts: self.facts.iter().cloned().chain(alerts).collect(),
            left_out: self.left_out,
        }
    }

    /// The shards, to be dropped at leisure, and who was told of the flows, by recorder.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Shard>, Vec<K>) {
        let mut shards: Vec<Option<(Shard, K)>> = self.shards.into_iter().map(Some).collect();
        self.recorders.into_values().filter_map(|index| shards.get_mut(index)?.take()).unzip()
    }

    /// Addresses that records name: of conversations, chains, traceroutes, mails and alerts.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        let mut out = BTreeSet::new();
        for (_, _, fact) in &self.facts {
            match fact {
                Evidence::Trace(t) => {
                    out.extend(t.src.into_iter().chain(t.dst));
                    out.extend(t.hops.iter().flat_map(|hop| &hop.replies).map(|reply| reply.addr));
                }
                Evidence::Mail(mail) => out.extend(mail.received.iter().flat_map(|r| [r.addr, r.by_addr]).flatten()),
                _ => {}
            }
        }
        out.extend(self.alerts.keys().flat_map(|(src, dst, ..)| [*src, dst.map(|d| d.0)]).flatten());
        for (shard, _) in &self.shards {
            out.extend(shard.addresses());
        }
        out
    }
}
