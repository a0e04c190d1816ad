//! The facts of one finding, as filters and `--victim`/`--attacker` ask for them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::filter::Facts;
use super::question::Question;
use crate::model::digest::{Conversation, Digest, Flood, Scan};
use crate::model::evidence::{Evidence, EvidenceId, SourceTrust};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::net::{Asn, IpProtocol, StateCode, unmapped};
use crate::model::route::Route;

/// What the ranking may ask the outside about an address.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) state_of: &'a dyn Fn(IpAddr) -> Option<StateCode>,
    pub(super) asn_of: &'a dyn Fn(IpAddr) -> Option<Asn>,
    pub(super) names: &'a BTreeMap<IpAddr, Vec<Arc<str>>>,
}

/// Names by address, out of the digest's items.
pub(super) fn names(digest: &Digest) -> BTreeMap<IpAddr, Vec<Arc<str>>> {
    let mut names: BTreeMap<IpAddr, Vec<Arc<str>>> = BTreeMap::new();
    for item in &digest.items {
        if let Evidence::Name(name) = &item.fact {
            names.entry(unmapped(name.addr)).or_default().push(name.name.clone());
        }
    }
    names
}

/// The facts of one finding.
pub(super) struct SubjectFacts<'a> {
    world: World<'a>,
    sources: Vec<IpAddr>,
    destinations: Vec<IpAddr>,
    between: Vec<IpAddr>,
    ports: Vec<u16>,
    protocols: Vec<IpProtocol>,
    trust: SourceTrust,
    finding: &'static str,
    /// Names and hosts that come with the finding itself.
    own_names: Vec<Arc<str>>,
}

impl<'a> SubjectFacts<'a> {
    fn new(world: World<'a>, trust: SourceTrust, finding: &'static str) -> Self {
        Self {
            world,
            sources: Vec::new(),
            destinations: Vec::new(),
            between: Vec::new(),
            ports: Vec::new(),
            protocols: Vec::new(),
            trust,
            finding,
            own_names: Vec::new(),
        }
    }

    pub(super) fn conversation(world: World<'a>, digest: &Digest, c: &Conversation, finding: &'static str) -> Self {
        let mut facts = Self::new(world, c.trust, finding);
        facts.sources.push(c.origin);
        facts.destinations.push(c.target);
        facts.carried(c.proto, c.port);
        facts.own_names.extend(c.host.clone());
        facts.examples(digest, &c.because, false);
        facts.tidy()
    }

    pub(super) fn flood(world: World<'a>, digest: &Digest, f: &Flood, finding: &'static str) -> Self {
        let trust = if f.backscatter { SourceTrust::Backscatter } else { SourceTrust::Impossible };
        let mut facts = Self::new(world, trust, finding);
        facts.destinations.push(f.target);
        facts.carried(f.proto, f.port);
        // What backscatter's flows call their target is somebody whose address was forged; nothing is gained by it.
        if !f.backscatter {
            facts.examples(digest, &f.because, true);
        }
        facts.tidy()
    }

    pub(super) fn scan(world: World<'a>, digest: &Digest, s: &Scan, finding: &'static str) -> Self {
        let mut facts = Self::new(world, SourceTrust::Plausible, finding);
        facts.sources.push(s.source);
        facts.destinations.push(s.target);
        facts.examples(digest, &s.because, true);
        let proved = |id: &EvidenceId| match digest.item(*id).map(|i| &i.fact) {
            Some(Evidence::Flow(flow)) => Some(flow.trust),
            _ => None,
        };
        facts.trust = s.because.iter().filter_map(proved).min().unwrap_or(SourceTrust::Plausible);
        facts.tidy()
    }

    pub(super) fn route(world: World<'a>, digest: &Digest, route: &Route, finding: &'static str) -> Self {
        let mut facts = Self::new(world, route.trust, finding);
        facts.sources.extend(route.origin);
        facts.destinations.push(route.target);
        for hop in &route.hops {
            facts.own_names.extend(hop.names.iter().map(|n| n.name.clone()));
            // A claim in a header is nobody's place and nobody's address.
            if hop.role != HopRole::Origin && hop.role != HopRole::Target && hop.kind != Knowledge::Asserted {
                facts.between.extend(hop.addr);
            }
        }
        for id in route.hops.iter().flat_map(|h| &h.because) {
            match digest.item(*id).map(|i| &i.fact) {
                Some(Evidence::Quote(q)) => facts.carried(q.quoted.tuple.proto, q.quoted.tuple.dport),
                Some(Evidence::Reached(r)) => facts.carried(r.probe.proto, r.probe.dport),
                Some(Evidence::Flow(f)) => facts.carried(f.tuple.proto, f.tuple.dport),
                Some(Evidence::Chain(c)) => {
                    facts.protocols.push(IpProtocol::TCP);
                    facts.own_names.extend(c.host.clone());
                }
                _ => {}
            }
        }
        facts.tidy()
    }

    /// A port counts only where the protocol has ports.
    fn carried(&mut self, proto: IpProtocol, port: u16) {
        self.protocols.push(proto);
        if proto.has_ports() {
            self.ports.push(port);
        }
    }

    /// Ports, protocols and hosts of the example flows; and who was addressed, for findings about many.
    fn examples(&mut self, digest: &Digest, because: &[EvidenceId], targets: bool) {
        for id in because {
            if let Some(Evidence::Flow(flow)) = digest.item(*id).map(|i| &i.fact) {
                self.carried(flow.tuple.proto, flow.tuple.dport);
                self.own_names.extend(flow.host.clone());
                if targets {
                    self.destinations.push(flow.tuple.dst);
                }
            }
        }
    }

    fn tidy(mut self) -> Self {
        for list in [&mut self.sources, &mut self.destinations, &mut self.between] {
            list.sort_unstable();
            list.dedup();
        }
        self.ports.sort_unstable();
        self.ports.dedup();
        self.protocols.sort_unstable();
        self.protocols.dedup();
        self
    }

    /// Does the finding answer the question? A victim is who was addressed, or who sent an unusual upload.
    pub(super) fn answers(&self, question: &Question) -> bool {
        let victim = |addrs: &[IpAddr]| addrs.iter().any(|a| question.names_victim(*a));
        let hit = question.victims.is_empty() || victim(&self.destinations) || self.finding == "upload" && victim(&self.sources);
        let by = question.attackers.is_empty() || self.sources.iter().any(|a| question.names_attacker(*a));
        hit && by && question.filter.as_ref().is_none_or(|f| f.matches(self))
    }
}

impl Facts for SubjectFacts<'_> {
    fn sources(&self) -> &[IpAddr] {
        &self.sources
    }

    fn destinations(&self) -> &[IpAddr] {
        &self.destinations
    }

    fn between(&self) -> &[IpAddr] {
        &self.between
    }

    fn state(&self, addr: IpAddr) -> Option<StateCode> {
        (self.world.state_of)(addr)
    }

    fn asn(&self, addr: IpAddr) -> Option<Asn> {
        (self.world.asn_of)(addr)
    }

    fn ports(&self) -> &[u16] {
        &self.ports
    }

    fn protocols(&self) -> &[IpProtocol] {
        &self.protocols
    }

    fn trust(&self) -> SourceTrust {
        self.trust
    }

    fn finding(&self) -> &str {
        self.finding
    }

    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        let listed =
            |addrs: &[IpAddr]| addrs.iter().filter_map(|a| self.world.names.get(&unmapped(*a))).flatten().any(|name| test(name));
        self.own_names.iter().any(|name| test(name))
            || listed(&self.sources)
            || listed(&self.destinations)
            || listed(&self.between)
    }
}
