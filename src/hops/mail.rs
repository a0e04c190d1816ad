//! The way of a mail: Received lines, from the top (METHODS B.5).
//!
//! Every server puts its line above those that are there, so the topmost one was written by the server that holds the mail.
//! It proves who handed the mail over to that server. The line below is believed only if the host that wrote it is the one
//! that handed the mail over, and that host is trusted (or is inside: private addresses). Everything below the first line
//! that is not believed may be forged, and forged lines are always below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::names::Names;
use super::parts::{LONGEST, ROUTES, clean, count, in_order, is_inside, point, rest_on, seen_point, segment};
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, JoinKind, SourceTrust};
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::unmapped;
use crate::model::quote::within_quotes;
use crate::model::record::{Mail, Received, UNNAMED};
use crate::model::route::{Route, RouteSource};
use crate::model::time::{Span, Timestamp};

/// Most lines shown on one route.
const LINES: usize = 64;
/// Mails of one Message-ID that are compared with each other.
const COPIES: usize = 16;
/// A line that is later than the one above it by more than this was not written on this way.
const BACKWARD_NS: i64 = 600 * 1_000_000_000;
const CLAIM: &str = "from a Received line that nobody vouches for; weight 0 for attribution";

/// One route per mail that names a client by its address, in order of the facts; at most 4,096. `trusted` says which
/// addresses belong to servers whose lines the analyst believes.
#[must_use]
pub fn mails(digest: &Digest, trusted: &dyn Fn(IpAddr) -> bool) -> Vec<Route> {
    let items = in_order(digest);
    let mut joined: BTreeMap<EvidenceId, Vec<EvidenceId>> = BTreeMap::new();
    for item in &items {
        if let Evidence::Join(join) = &item.fact
            && join.kind == JoinKind::Mailed
        {
            for id in &join.of {
                joined.entry(*id).or_default().push(item.id);
            }
        }
    }
    let all = items.iter().filter_map(|item| match &item.fact {
        Evidence::Mail(mail) if mail.session.is_some() || mail.received.iter().any(|r| r.addr.is_some()) => {
            Some((*item, mail.as_ref()))
        }
        _ => None,
    });
    // The same mail may lie in a mailbox and have been seen on its way: its Message-ID is a claim, but one that two inputs share.
    let mut same: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut mails: Vec<(&EvidenceItem, &Mail)> = Vec::new();
    let mut copies: Vec<Vec<EvidenceId>> = Vec::new();
    for (item, mail) in all {
        let Some(id) = mail.message_id.as_deref() else {
            mails.push((item, mail));
            copies.push(vec![item.id]);
            continue;
        };
        let places = same.entry(id).or_default();
        let known = places.iter().take(COPIES).copied().find(|&at| mails.get(at).is_some_and(|(_, known)| is_one(known, mail)));
        match known.and_then(|at| Some((mails.get_mut(at)?, copies.get_mut(at)?))) {
            Some((kept, ids)) => {
                ids.push(item.id);
                // The copy with the receiver's own line says most.
                if kept.1.session.is_some() && mail.session.is_none() {
                    *kept = (item, mail);
                }
            }
            None => {
                places.push(mails.len());
                mails.push((item, mail));
                copies.push(vec![item.id]);
            }
        }
    }
    let trust: BTreeMap<(IpAddr, IpAddr), SourceTrust> =
        digest.conversations.iter().map(|c| ((unmapped(c.origin), unmapped(c.target)), c.trust)).collect();
    let addresses: BTreeSet<IpAddr> = mails
        .iter()
        .flat_map(|(item, m)| lines(m, item.time))
        .flat_map(|r| [r.addr, r.by_addr])
        .flatten()
        .map(unmapped)
        .collect();
    let names = Names::gather(&items, |addr| addresses.contains(&addr));
    let mut routes: Vec<Route> = mails
        .iter()
        .take(ROUTES)
        .zip(&copies)
        .map(|((item, mail), copies)| {
            let mut because = copies.clone();
            because.extend(copies.iter().filter_map(|id| joined.get(id)).flatten());
            let mut route = route(item, mail, &because, trusted, &names);
            if let Some(session) = &mail.session {
                // A mail that was only seen on its way is as good as its connection.
                let ends = (unmapped(session.peer), unmapped(session.server));
                let of_session = trust.get(&ends).copied().unwrap_or(SourceTrust::Plausible);
                route.trust = if route.origin == Some(ends.0) { of_session } else { route.trust.max(of_session) };
            }
            if copies.len() > 1 {
                route.remarks.push(format!("the same Message-ID {} times among the inputs", copies.len()));
            }
            route
        })
        .collect();
    if let (Some(last), true) = (routes.last_mut(), mails.len() > ROUTES) {
        last.remarks.push(format!("{} more mails are left out", mails.len() - ROUTES));
    }
    routes
}

/// Are two mails of one Message-ID one mail? One was seen in the session that the other's topmost line tells of.
fn is_one(a: &Mail, b: &Mail) -> bool {
    let client = |mail: &Mail| {
        let of_session = mail.session.as_ref().map(|session| session.peer);
        of_session.or_else(|| mail.received.first().and_then(|line| line.addr)).map(unmapped)
    };
    client(a).is_some() && client(a) == client(b)
}

/// The Received lines from the top. A mail that was seen on its way has no line of its receiver yet: the session in which it
/// was handed over says what that line will say, and better, since packets show it.
pub(super) fn lines(mail: &Mail, time: Timestamp) -> Vec<Received> {
    let seen = mail.session.as_ref().map(|session| Received {
        helo: session.helo.clone(),
        addr: Some(session.peer),
        by_addr: Some(session.server),
        time: time.known(),
        ..Received::default()
    });
    seen.into_iter().chain(mail.received.iter().cloned()).collect()
}

/// Lines that are believed, from the top; the rest is claimed.
fn believed(lines: &[Received], trusted: &dyn Fn(IpAddr) -> bool) -> (usize, &'static str) {
    // Lines that name nobody (a queue run, a local pick-up) are passed over as long as what is above is believed.
    let mut accepted = 0;
    let mut client: Option<&Received> = None;
    for (n, line) in lines.iter().enumerate() {
        if let Some(above) = client {
            let ours = above.addr.map(unmapped).is_some_and(|addr| trusted(addr) || is_inside(addr));
            if !ours {
                return (accepted, "the client is no trusted server, so what is below its line is a claim");
            }
            if !wrote(above, line) {
                return (accepted, "the next line was not written by the host that handed the mail over");
            }
            if let (Some(earlier), Some(later)) = (line.time, above.time)
                && earlier.since(later) > BACKWARD_NS
            {
                return (accepted, "the next line is later than the one above it");
            }
        }
        accepted = n + 1;
        if line.addr.is_some() {
            client = Some(line);
        }
    }
    (accepted, "every line is believed")
}

/// Did the client of `above` write `line`? By its address, or by the name that the server found for it (never by the name
/// that it gave itself).
fn wrote(above: &Received, line: &Received) -> bool {
    let by_addr = above.addr.is_some() && line.by_addr.map(unmapped) == above.addr.map(unmapped);
    let by_name = above.name.is_some() && line.by == above.name;
    let by_literal =
        line.by.as_deref().and_then(|by| by.trim_matches(['[', ']']).parse().ok()).is_some_and(|a: IpAddr| Some(a) == above.addr);
    // A line without a host of its own (qmail) was written by whoever wrote the one above.
    by_addr || by_name || by_literal || line.by.is_none()
}

fn route(item: &EvidenceItem, mail: &Mail, because: &[EvidenceId], trusted: &dyn Fn(IpAddr) -> bool, names: &Names<'_>) -> Route {
    let lines = lines(mail, item.time);
    let (accepted, why) = believed(&lines, trusted);
    let times = lines.iter().take(accepted).filter_map(|r| r.time);
    let seen = times.map(Span::at).reduce(Span::join).unwrap_or(Span::at(item.time));
    let named: Vec<&Received> = lines.iter().filter(|r| r.addr.is_some()).collect();
    let kept = lines.iter().take(accepted).filter(|r| r.addr.is_some()).count();
    // From the bottom: claims first, then the client, then the servers up to the one that holds the mail.
    let mut hops: Vec<Hop> = Vec::new();
    let claims = named.len().saturating_sub(kept);
    for line in named.iter().skip(kept).take(LINES).rev() {
        let mut hop = point(line.addr.map(unmapped), HopRole::Proxy, Knowledge::Asserted);
        hop.remarks.push(CLAIM.to_owned());
        describe(&mut hop, line);
        rest_on(&mut hop, because.iter().copied());
        hops.push(hop);
    }
    let first = hops.len();
    for (n, line) in named.iter().take(kept).enumerate().rev() {
        let role = if n + 1 == kept { HopRole::Origin } else { HopRole::Proxy };
        let kind = if n == 0 { Knowledge::Observed } else { Knowledge::Inferred };
        let mut hop = seen_point(line.addr.map(unmapped), role, kind, line.time.map_or(seen, Span::at), because);
        hop.remarks.push(match n {
            0 if mail.session.is_some() => {
                "sent the mail in a session that packets show; whether the server took it is not said here".to_owned()
            }
            0 => "handed the mail over to the server that holds it: that server's word".to_owned(),
            _ => "named by a trusted server".to_owned(),
        });
        describe(&mut hop, line);
        hops.push(hop);
    }
    let top = lines.first();
    let target = top.and_then(|r| r.by_addr).map_or(UNNAMED, unmapped);
    let mut end = seen_point(Some(target), HopRole::Target, Knowledge::Observed, seen, because);
    if let Some(by) = top.and_then(|r| r.by.as_deref()) {
        end.remarks.push(format!("calls itself \"{}\"", within_quotes(&clean(by))));
    }
    hops.push(end);
    for (hop, rank) in hops.iter_mut().zip(0..) {
        hop.rank = rank;
        names.attach(hop);
    }
    let last = hops.len() - 1;
    let segments = (0..last)
        .map(|i| {
            if i >= first {
                segment(i, i + 1, Knowledge::Gap, (0, LONGEST), "handed over; routers unknown")
            } else {
                segment(i, i + 1, Knowledge::Asserted, (0, LONGEST), "not believed; weight 0 for attribution")
            }
        })
        .collect();
    let origin = hops.get(first).filter(|h| h.role == HopRole::Origin).and_then(|h| h.addr);
    Route {
        source: RouteSource::Mail,
        origin,
        trust: if origin.is_some() { SourceTrust::Echoed } else { SourceTrust::Plausible },
        target,
        seen,
        hops,
        segments,
        complete: true,
        remarks: remarks(mail, claims, why),
    }
}

fn describe(hop: &mut Hop, line: &Received) {
    if let Some(helo) = &line.helo {
        hop.remarks.push(format!("called itself \"{}\"", within_quotes(&clean(helo))));
    }
    if let Some(name) = &line.name {
        hop.remarks.push(format!("the receiving server found the name {}", clean(name)));
    }
    if let (Some(by), Some(time)) = (&line.by, line.time) {
        hop.remarks.push(format!("received by {} at {time}", clean(by)));
    }
}

fn remarks(mail: &Mail, claims: usize, why: &str) -> Vec<String> {
    let mut out = vec![why.to_owned()];
    if let Some(id) = &mail.message_id {
        out.push(format!("Message-ID \"{}\"", within_quotes(&clean(id))));
    }
    if claims > LINES {
        out.push(format!("{} are left out", count(claims - LINES, "more claimed line", "more claimed lines")));
    }
    if mail.left_out > 0 {
        out.push(format!("{} more Received lines were not read", mail.left_out));
    }
    for entry in mail.originating.iter().take(4) {
        out.push(format!("a header names {} as the sending client: a claim of whoever wrote it", clean(&entry.text)));
    }
    for result in mail.authentication.iter().take(4) {
        out.push(format!("authentication: {}", clean(result)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::{InputId, Position, Provenance};

    fn line(addr: Option<&str>, name: Option<&str>, by: &str, minute: i64) -> Received {
        Received {
            addr: addr.map(|a| a.parse().unwrap()),
            name: name.map(Into::into),
            by: Some(by.into()),
            time: Some(Timestamp(minute * 60_000_000_000)),
            ..Received::default()
        }
    }

    fn route_of(received: Vec<Received>, trusted: &[&str]) -> Route {
        let mail = Mail { received, ..Mail::default() };
        let from = Provenance { input: InputId(0), at: Position::Line { line: 1, offset: 0 } };
        let item = EvidenceItem { id: EvidenceId(1), from, time: Timestamp(0), fact: Evidence::Mail(Box::new(mail)) };
        let digest = Digest { items: vec![item], ..Digest::default() };
        let trusted: Vec<IpAddr> = trusted.iter().map(|a| a.parse().unwrap()).collect();
        mails(&digest, &|addr| trusted.contains(&addr)).remove(0)
    }

    fn forged() -> Vec<Received> {
        vec![
            line(Some("203.0.113.7"), Some("relay.example.net"), "mx.example.org", 10),
            line(Some("198.51.100.9"), None, "relay.example.net", 9),
            line(Some("192.0.2.66"), None, "innocent.example", 8),
        ]
    }

    #[test]
    fn lines_below_a_stranger_are_claims() {
        let route = route_of(forged(), &[]);
        assert_eq!(route.origin, Some("203.0.113.7".parse().unwrap()));
        let kinds: Vec<_> = route.hops.iter().map(|h| (h.role, h.kind)).collect();
        assert_eq!(
            kinds,
            [
                (HopRole::Proxy, Knowledge::Asserted),
                (HopRole::Proxy, Knowledge::Asserted),
                (HopRole::Origin, Knowledge::Observed),
                (HopRole::Target, Knowledge::Observed)
            ]
        );
    }

    #[test]
    fn a_trusted_relay_is_believed_as_far_as_it_wrote() {
        let route = route_of(forged(), &["203.0.113.7"]);
        assert_eq!(route.origin, Some("198.51.100.9".parse().unwrap()));
        // The third line names a host that the client of the second cannot be shown to be.
        let route = route_of(forged(), &["203.0.113.7", "198.51.100.9"]);
        assert_eq!(route.origin, Some("198.51.100.9".parse().unwrap()));
        assert!(route.remarks[0].contains("not written by"), "{:?}", route.remarks);
    }

    #[test]
    fn time_does_not_run_backward() {
        let mut lines = forged();
        lines[1].time = Some(Timestamp(60 * 60_000_000_000));
        assert_eq!(route_of(lines, &["203.0.113.7"]).origin, Some("203.0.113.7".parse().unwrap()));
    }

    #[test]
    fn a_captured_session_stands_above_all_lines() {
        let session = crate::model::record::Handover {
            peer: "203.0.113.99".parse().unwrap(),
            server: "198.51.100.25".parse().unwrap(),
            helo: None,
        };
        let mail = Mail { received: forged(), session: Some(session), ..Mail::default() };
        let from = Provenance { input: InputId(0), at: Position::Frame { frame: 1, offset: 0 } };
        let item = EvidenceItem { id: EvidenceId(1), from, time: Timestamp(0), fact: Evidence::Mail(Box::new(mail)) };
        let route = mails(&Digest { items: vec![item], ..Digest::default() }, &|_| false).remove(0);
        assert_eq!((route.origin, route.target), (Some("203.0.113.99".parse().unwrap()), "198.51.100.25".parse().unwrap()));
        assert_eq!(route.hops.iter().filter(|h| h.kind == Knowledge::Asserted).count(), 3, "the mail's own lines are claims");
    }

    #[test]
    fn relays_inside_are_passed() {
        let mut lines = forged();
        lines.insert(0, line(Some("10.0.0.2"), Some("mx.example.org"), "store.example.org", 11));
        assert_eq!(route_of(lines, &[]).origin, Some("203.0.113.7".parse().unwrap()));
    }
}
