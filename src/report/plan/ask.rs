//! Which channel serves what is asked, and who sends it.
//!
//! A channel is picked by what is asked: article 30 of the Budapest Convention gives only as much traffic data as shows the
//! next provider and the path, some articles of its Second Protocol only subscriber information or only in an emergency.
//! Preservation rests on its article 29; article 35 is the network that carries it. What a request under article 29 announces
//! is mutual assistance (article 29(2)(f)): article 31, read with the treaty that governs between both (articles 25(4) and
//! 27(1)). A European order goes to a provider, so it is no channel to a state. A notice of what was seen is no request under
//! a treaty.

use std::sync::Arc;

use super::{Group, Named, Senders};
use crate::model::channel::Purpose::{Act, Disclose, Inform, Preserve};
use crate::model::channel::{Channel, Purpose, Usable};
use crate::model::net::StateCode;

/// What a channel has to be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Form {
    /// A request under articles 29 and 35 of the Budapest Convention.
    Budapest,
    /// The form of a European Investigation Order (Annex A).
    InvestigationOrder,
    /// The certificate of a European Preservation Order (EPOC-PR).
    PreservationCertificate,
    /// A letter.
    Letter,
}

pub(in crate::report) fn form(c: Option<&Channel>) -> Form {
    match c.and_then(|c| c.instrument.as_deref()) {
        Some("EIO") => Form::InvestigationOrder,
        Some("ETS185") if c.is_some_and(|c| cites(c, "29")) => Form::Budapest,
        _ => Form::Letter,
    }
}

/// Does the channel rest on this article (or among others on it)?
fn cites(c: &Channel, article: &str) -> bool {
    c.article.split(|x: char| !x.is_ascii_digit()).any(|n| n == article)
}

fn is(c: &Channel, instrument: &str, article: &str) -> bool {
    c.instrument.as_deref() == Some(instrument) && cites(c, article)
}

/// Parts of one state are no parties to a treaty with each other: neither is a foreign state to the other.
pub(super) fn is_within_one_state(c: &Channel) -> bool {
    &*c.kind == "arrangement within one state"
}

/// Nobody to write to.
pub(super) fn is_nobody(c: &Channel) -> bool {
    c.body.starts_with("nobody")
}

/// An order that goes straight to a provider.
fn is_order_to_provider(c: &Channel) -> bool {
    c.instrument.as_deref() == Some("EEVID")
}

/// What the requested Party tells unasked while it carries out article 29.
pub(super) fn is_path(c: &Channel) -> bool {
    is(c, "ETS185", "30") && !is(c, "ETS185", "31")
}

/// A list of treaties under one id: which of them it is between two states, a person has to say.
pub(in crate::report) fn is_bundle(c: &Channel) -> bool {
    matches!(c.instrument.as_deref(), Some("USMLAT" | "CHMLAT" | "INMLAT" | "JPMLAT" | "AUMLAT" | "GBMLAT"))
}

/// What every channel of a list needs before it is shown. Where the asker can send orders to providers, those stand in the
/// part of the plan that is about providers and in no list of a state.
pub(super) fn amended(mut channels: Vec<Channel>, orders: bool) -> Vec<Channel> {
    const SEAT: &str = "what decides is where the provider has its designated establishment or legal representative, not where the \
                        router or the server stands";
    channels.retain(|c| !orders || !is_order_to_provider(c));
    for c in &mut channels {
        // That a contact point is awake is no limit in time.
        if c.limit.contains("24 hours a day") {
            c.limit = "".into();
        }
        if is_order_to_provider(c) && !c.caveats.iter().any(|x| &**x == SEAT) {
            c.caveats.insert(0, SEAT.into());
        }
    }
    channels
}

/// A channel and the places in the list that it was made of.
pub(super) struct Picked {
    pub(super) channel: Channel,
    pub(super) used: Vec<usize>,
}

/// Can what this group holds be had by the channel? What is for emergencies only is nobody's first choice.
fn serves(c: &Channel, group: Group) -> bool {
    if is(c, "ETS185", "30") {
        return group == Group::Transit;
    }
    if c.instrument.as_deref() == Some("CETS224") {
        return match &*c.article {
            "7" => group == Group::Subscriber,
            "8" => group != Group::VictimEnd,
            _ => false,
        };
    }
    true
}

/// The first that is good for one of the purposes: in force before unknown, suspended never.
fn first(channels: &[Channel], purposes: &[Purpose], serves: impl Fn(&Channel) -> bool) -> Option<usize> {
    let fits =
        |c: &Channel| !is_nobody(c) && !is_order_to_provider(c) && serves(c) && c.purposes.iter().any(|p| purposes.contains(p));
    [Usable::Yes, Usable::Unknown].into_iter().find_map(|usable| channels.iter().position(|c| c.usable == usable && fits(c)))
}

/// The channel for having it kept; where there is none, for having it handed over; else for being heard at all.
pub(super) fn preserve(channels: &[Channel], group: Group) -> Option<Picked> {
    let at = first(channels, &[Preserve], |_| true)
        .or_else(|| first(channels, &[Disclose], |c| serves(c, group)))
        .or_else(|| first(channels, &[Act, Inform], |_| true))?;
    let channel = channels.get(at)?;
    if !is(channel, "ETS185", "29") && !is(channel, "ETS185", "35") {
        return Some(Picked { channel: channel.clone(), used: vec![at] });
    }
    let other = channels.iter().position(|c| c.usable == channel.usable && is(c, "ETS185", "29") && !is(c, "ETS185", "35"));
    let network = channels.iter().position(|c| c.usable == channel.usable && is(c, "ETS185", "35"));
    let used: Vec<usize> = [Some(at), other, network].into_iter().flatten().collect();
    let (basis, network) = (other.and_then(|i| channels.get(i)), network.and_then(|i| channels.get(i)));
    Some(Picked { channel: by_network(channel, basis, network), used })
}

/// Article 29 is what is asked on, the contact points of article 35 carry it.
fn by_network(picked: &Channel, basis: Option<&Channel>, network: Option<&Channel>) -> Channel {
    let mut c = basis.unwrap_or(picked).clone();
    if let Some(network) = network {
        if !network.body.is_empty() {
            c.body = network.body.clone();
        }
        c.grade = c.grade.max(network.grade);
        c.as_of = c.as_of.clone().min(network.as_of.clone());
        if !c.source.contains(&*network.source) {
            c.source = format!("{}; {}", c.source, network.source).into();
        }
        let more: Vec<Arc<str>> = network.caveats.iter().filter(|x| !c.caveats.contains(x)).cloned().collect();
        c.caveats.extend(more);
    }
    c.kind = "preservation request over the 24/7 network".into();
    c.article = "29, through the contact point of art. 35".into();
    if c.limit.is_empty() || c.limit.contains("60 days") {
        c.limit = "preservation of at least 60 days (art. 29(7)), and on until the request that follows is decided".into();
    }
    c.purposes = vec![Preserve];
    c
}

/// The channel for having it handed over.
pub(super) fn disclose(channels: &[Channel], group: Group) -> Option<Picked> {
    // To a transit provider the quick way is first the path, and nothing else is asked there.
    let path = if group == Group::Transit { first(channels, &[Disclose], |c| is(c, "ETS185", "30")) } else { None };
    let orders = |c: &Channel| matches!(c.instrument.as_deref(), Some("EIO" | "CLOUDACT"));
    let order = path.and_then(|_| first(channels, &[Disclose], |c| orders(c) && c.usable == Usable::Yes));
    let at = order.or(path).or_else(|| first(channels, &[Disclose], |c| serves(c, group)))?;
    governed(channels, at)
}

/// The channel for mutual assistance: what a request to preserve announces, and what hands over all that it kept.
pub(super) fn mutual_assistance(channels: &[Channel]) -> Option<Picked> {
    const KINDS: [&str; 9] = [
        "EIO",
        "MLA",
        "EU MLA Convention",
        "bilateral MLAT",
        "regional MLA treaty",
        "regional directive",
        "Commonwealth scheme",
        "UNTOC",
        "letter rogatory",
    ];
    let is_mla = |c: &Channel| KINDS.contains(&&*c.kind) && c.instrument.as_deref() != Some("MALABO");
    governed(channels, first(channels, &[Disclose], is_mla)?)
}

/// The channel at a place in the list; article 31 of the Budapest Convention together with the treaty that governs.
fn governed(channels: &[Channel], at: usize) -> Option<Picked> {
    const TREATIES: [&str; 3] = ["bilateral MLAT", "EU MLA Convention", "regional MLA treaty"];
    let channel = channels.get(at)?;
    // Where article 27 is cited no other treaty is in force. For crime in general: a list with treaties on drugs only, and a
    // frame without a procedure, govern nothing.
    let governs = |c: &Channel| {
        c.usable == Usable::Yes
            && TREATIES.contains(&&*c.kind)
            && !matches!(c.instrument.as_deref(), Some("GBMLAT" | "MALABO"))
            && c.purposes.contains(&Disclose)
    };
    let article_31 = is(channel, "ETS185", "31") && channel.usable == Usable::Yes && !cites(channel, "27");
    match channels.iter().position(governs).filter(|_| article_31) {
        Some(i) => Some(Picked { channel: under(channels.get(i)?, channel), used: vec![at, i] }),
        None => Some(Picked { channel: channel.clone(), used: vec![at] }),
    }
}

/// The treaty is what the request rests on and is made in the form of; article 31 says what can be asked for.
fn under(treaty: &Channel, article_31: &Channel) -> Channel {
    const WHY: &str = "art. 25(4) and art. 27(1) of ETS185 leave the treaty between both in place: it gives the basis and the form of \
                       the request, art. 31 says what can be asked for";
    const READ_WITH: &str = "read with art. 31 of ETS185";
    let article = super::words::article(&treaty.article);
    let article = if article.is_empty() { READ_WITH.to_owned() } else { format!("{article}, {READ_WITH}") };
    let limits: Vec<&str> = [&*treaty.limit, &*article_31.limit].into_iter().filter(|l| !l.is_empty()).collect();
    let mut c = treaty.clone();
    c.kind = article_31.kind.clone();
    c.article = article.into();
    c.limit = limits.join("; ").into();
    c.grade = treaty.grade.max(article_31.grade);
    c.as_of = treaty.as_of.clone().min(article_31.as_of.clone());
    if !treaty.source.contains(&*article_31.source) {
        c.source = format!("{}; {}", treaty.source, article_31.source).into();
    }
    c.caveats.insert(0, WHY.into());
    let more: Vec<Arc<str>> = article_31.caveats.iter().filter(|x| !c.caveats.contains(x)).cloned().collect();
    c.caveats.extend(more);
    c.purposes = vec![Disclose];
    c
}

/// Ways to tell a state of what was seen: points of contact and response teams, never a treaty. The diplomatic channel is
/// always there beside them.
pub(super) fn notify(channels: &[Channel]) -> Vec<Channel> {
    let kinds = ["UN points of contact", "CERT-to-CERT"];
    let of = |kind: &str| {
        let kind = kind.to_owned();
        channels
            .iter()
            .filter(move |c| *c.kind == *kind && c.instrument.is_none() && !matches!(c.usable, Usable::Suspended | Usable::Ended))
            .cloned()
    };
    kinds.into_iter().flat_map(of).collect()
}

/// Who in the requesting state sends by the channel. `by_way_of` answers for a territory that asks and has no row of its own.
pub(in crate::report) fn sent_by(c: &Channel, from: &Named, by_way_of: Option<StateCode>, senders: Option<&Senders>) -> String {
    let of = from.state;
    let named = |kind: String, name: Option<&String>| match name {
        Some(name) => format!("{kind}: {name}"),
        None => format!("{kind} (the tables do not name it)"),
    };
    // As on the side that is asked: a territory without a body of its own may have to go by way of its state.
    let own = |kind: String, name: Option<&String>| match (name, by_way_of) {
        (None, Some(parent)) => format!("{kind} (the tables do not name it; whether by way of {parent} is not in the tables)"),
        _ => named(kind, name),
    };
    let central = || own(format!("the central authority of {of}"), senders.and_then(|s| s.central.as_ref()));
    let on_call = || own(format!("the contact point of {of} on call day and night"), senders.and_then(|s| s.on_call.as_ref()));
    let judge = "a judge, a court, an investigating judge or a prosecutor";
    match (c.instrument.as_deref(), &*c.kind) {
        (Some("EIO"), _) => format!("{judge} of {of}, or another authority whose order one of them has validated"),
        (Some("EEVID"), _) => format!(
            "{judge} of {of}, or another authority whose order one of them has validated; a prosecutor only for preservation, \
             subscriber data and data only to identify the user"
        ),
        (Some("EUMLA2000"), _) => format!("a judicial authority of {of}"),
        (Some("CLOUDACT"), _) => format!("the authority of {of} that its agreement designates"),
        (Some("ETS185"), _) if ["29", "30", "35"].iter().any(|n| cites(c, n)) => on_call(),
        (Some("CETS224"), _) if cites(c, "9") => on_call(),
        (Some("CETS224"), _) if cites(c, "7") => format!("the competent authority of {of}"),
        (Some("SCO2009"), _) => format!("the body of {of} that the agreement names"),
        (Some(_), _) | (None, "arrangement within one state") => central(),
        (None, "letter rogatory") => format!("a court or prosecutor of {of}, through {}", central()),
        (None, "CERT-to-CERT") => named(format!("the national response team of {of}"), senders.and_then(|s| s.cert.as_ref())),
        (None, "INTERPOL") => format!("the police of {of}, through its National Central Bureau"),
        (None, "UN points of contact") => {
            format!("the point of contact that {of} has named in the directory, if it has named one")
        }
        (None, kind) if kind.contains("24/7") => on_call(),
        (None, _) => format!("an authority of {of}"),
    }
}
