//! The filter language of `--filter`.
//!
//! Every test is `key:value`, so that state codes such as `IN`, `IS`, `AS`, `TO` never clash with the words of the
//! language. Tests stand next to each other (all must hold) or are joined by `and`, `or`, `not` and parentheses;
//! `not` binds closest, then `and`, then `or`. A filter of `n` characters is read and asked in O(n).

use std::net::IpAddr;

use ipnet::IpNet;

pub use read::FilterError;

use crate::model::evidence::SourceTrust;
use crate::model::net::{Asn, IpProtocol, StateCode, unmapped};

mod read;

/// What a filter may ask of a finding.
pub trait Facts {
    /// Who sent the traffic, whether or not that is proved.
    fn sources(&self) -> &[IpAddr];
    /// Who was addressed.
    fn destinations(&self) -> &[IpAddr];
    /// Hops between them.
    fn between(&self) -> &[IpAddr];
    /// State in which the tables place an address.
    fn state(&self, addr: IpAddr) -> Option<StateCode>;
    /// Autonomous system that announces an address.
    fn asn(&self, addr: IpAddr) -> Option<Asn>;
    /// Ports that were addressed.
    fn ports(&self) -> &[u16];
    /// Protocols.
    fn protocols(&self) -> &[IpProtocol];
    /// Trust in the sources.
    fn trust(&self) -> SourceTrust;
    /// Kind of finding.
    fn finding(&self) -> &str;
    /// Does `test` hold for any name of any address, or for a host name that was asked for?
    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool;
}

/// Longest filter, bytes.
pub const MAX_LENGTH: usize = 4 << 10;
/// Deepest nesting of parentheses and `not`.
pub const MAX_DEPTH: usize = 64;

/// A filter that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    text: String,
    root: Expr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Is(Test),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    State(StateCode),
    Net(IpNet),
    Source(IpNet),
    Destination(IpNet),
    Port(u16, u16),
    Protocol(IpProtocol),
    Asn(Asn),
    Trust(SourceTrust),
    Finding(&'static str),
    Name(String),
}

impl Filter {
    /// One paragraph for `--help`.
    pub const HELP: &'static str = "A filter is a list of tests, each written key:value. Keys: state:DE (a state in which a sender that is \
proved, a hop or the target is placed), host:192.0.2.1 and net:10.0.0.0/8 (any address of the path), src: and dst: (address or prefix of the \
sender, of the target), port:22 or port:1000-2000 (addressed port), proto:tcp, asn:3320, trust:proved (or echoed, plausible, reflected, \
backscatter, impossible), finding:scan (or brute-force, syn-flood, flood, backscatter, upload, proxied-request, traceroute, conversation, \
alert, listed, mail), \
name:*.example.org (* any text, ? one character). Tests side by side must all hold; join them with and, or, not and parentheses. Quotes are \
allowed: state:\"IN\".";

    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] shows the text with a mark at the place, and says what was expected there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        read::filter(text).map(|root| Self { text: text.to_owned(), root })
    }

    /// The filter as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Does the finding pass?
    #[must_use]
    pub fn matches(&self, facts: &dyn Facts) -> bool {
        self.root.holds(facts)
    }
}

impl Expr {
    fn holds(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::All(list) => list.iter().all(|e| e.holds(facts)),
            Self::Any(list) => list.iter().any(|e| e.holds(facts)),
            Self::Not(e) => !e.holds(facts),
            Self::Is(test) => test.holds(facts),
        }
    }
}

impl Test {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let within = |net: &IpNet, addrs: &[IpAddr]| addrs.iter().any(|a| net.contains(&unmapped(*a)));
        // A source that is not proved is nowhere: its address may belong to anybody.
        let placed = || {
            let sources = if facts.trust().may_be_origin() { facts.sources() } else { &[] };
            sources.iter().chain(facts.between()).chain(facts.destinations()).copied()
        };
        match self {
            Self::State(state) => placed().any(|a| facts.state(a) == Some(*state)),
            Self::Asn(asn) => placed().any(|a| facts.asn(a) == Some(*asn)),
            Self::Net(net) => within(net, facts.sources()) || within(net, facts.destinations()) || within(net, facts.between()),
            Self::Source(net) => within(net, facts.sources()),
            Self::Destination(net) => within(net, facts.destinations()),
            Self::Port(low, high) => facts.ports().iter().any(|p| (low..=high).contains(&p)),
            Self::Protocol(proto) => facts.protocols().contains(proto),
            Self::Trust(trust) => facts.trust() == *trust,
            Self::Finding(kind) => facts.finding() == *kind,
            Self::Name(glob) => facts.any_name(&|name| glob_matches(glob, name)),
        }
    }
}

/// `*` stands for any text, `?` for one character; case does not matter. Only the last star is ever tried again,
/// so the cost is at most the product of the lengths, both of which are capped.
fn glob_matches(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let (mut g, mut n, mut retry) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                retry = Some((g + 1, n));
                g += 1;
            }
            Some(&c) if c == '?' || Some(&c) == name.get(n) => (g, n) = (g + 1, n + 1),
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    (g, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    glob.iter().skip(g).all(|&c| c == '*')
}

#[cfg(test)]
mod tests;
