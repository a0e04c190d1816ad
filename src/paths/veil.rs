//! May the origin be shown? Every claim about where traffic came from hangs from this file.

use std::net::IpAddr;

use super::question::Question;
use super::words::without;
use crate::model::evidence::SourceTrust;
use crate::model::hop::HopRole;
use crate::model::net::unmapped;
use crate::model::route::Route;

/// What stands in a text where an address stood.
const WITHHELD: &str = "(withheld)";

/// How an origin is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Proved: shown and placed.
    Shown(IpAddr),
    /// Not proved, but the analyst named it: shown, never placed.
    Named(IpAddr),
    /// Not shown, for this reason.
    Withheld(String),
}

impl Origin {
    /// Decides by trust, then by what the analyst named.
    pub(super) fn of(route: &Route, question: &Question) -> Self {
        match route.origin {
            Some(addr) if route.trust.may_be_origin() => Self::Shown(addr),
            Some(addr) if question.names_attacker(addr) => Self::Named(addr),
            None if route.trust.may_be_origin() => Self::Withheld("the evidence holds no address of an origin".to_owned()),
            _ => Self::Withheld(reason(route.trust).to_owned()),
        }
    }

    /// The address, if it is shown.
    pub(super) fn addr(&self) -> Option<IpAddr> {
        match self {
            Self::Shown(addr) | Self::Named(addr) => Some(*addr),
            Self::Withheld(_) => None,
        }
    }
}

fn reason(trust: SourceTrust) -> &'static str {
    match trust {
        SourceTrust::Proved | SourceTrust::Echoed => "the evidence holds no address of an origin",
        SourceTrust::Plausible => "source addresses are not proved: no handshake completed and nothing fresh came back",
        SourceTrust::Reflected => {
            "the senders are reflectors that somebody addressed in the target's name: who that was is unknown"
        }
        SourceTrust::Backscatter => {
            "the senders answer packets that were forged in our name: they are victims, and the forger is unknown"
        }
        SourceTrust::Impossible => "source addresses cannot be real senders: reserved, or drawn at random",
    }
}

/// Takes a withheld origin out of everything that a reader would see: its hop, other hops with the same address,
/// names, and remarks that spell it out.
pub(super) fn draw(route: &mut Route, why: &str) {
    let mut hidden: Vec<IpAddr> = route.origin.iter().copied().collect();
    hidden.extend(route.hops.iter().filter(|h| h.role == HopRole::Origin).filter_map(|h| h.addr));
    // Where somebody is both ends (a host that probes itself), the target stays: it was addressed, that is proved.
    hidden.retain(|a| unmapped(*a) != unmapped(route.target));
    route.origin = None;
    for hop in &mut route.hops {
        let is_hidden = hop.addr.is_some_and(|a| hidden.iter().any(|h| unmapped(*h) == unmapped(a)));
        if is_hidden || hop.role == HopRole::Origin {
            hop.addr = None;
            hop.names.clear();
            hop.remarks.push(format!("address withheld: {why}"));
        }
    }
    for addr in hidden {
        let texts = route.remarks.iter_mut().chain(route.hops.iter_mut().flat_map(|h| &mut h.remarks));
        for text in texts.chain(route.segments.iter_mut().map(|s| &mut s.why)) {
            *text = without(text, &addr.to_string(), WITHHELD);
        }
    }
}
