//! What holds for every statement (`model::record`): texts can be printed and are bounded, addresses are what they are.

use std::net::IpAddr;

use rutter::model::evidence::ChainEntry;
use rutter::model::net::unmapped;
use rutter::model::record::{Pattern, Said, Saying};
use rutter::model::traceroute::Traceroute;

/// Longest name, and longest of most other texts, in bytes.
const NAME: usize = 253;

/// Printable ASCII of at most `max` bytes, and at least one.
pub fn text(what: &str, text: &str, max: usize) {
    assert!(text.len() <= max, "{what} of {} bytes: {text:?}", text.len());
    assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b)), "{what} is not printable ASCII: {text:?}");
}

/// A host name: printable, in lower case, not empty.
pub fn name(what: &str, name: &str) {
    text(what, name, NAME);
    assert!(!name.is_empty(), "{what} is empty");
    assert!(!name.bytes().any(|b| b.is_ascii_uppercase()), "{what} is not in lower case: {name:?}");
}

/// Addresses that are IPv4 are said as IPv4.
pub fn address(addr: IpAddr) {
    assert_eq!(unmapped(addr), addr, "an IPv4-mapped address");
}

/// Entries of a forwarded chain.
pub fn entries(entries: &[ChainEntry]) {
    for entry in entries {
        text("an entry", &entry.text, 256);
        entry.addr.into_iter().for_each(address);
    }
}

/// A statement.
pub fn check(said: &Said) {
    said.fact.each_address(address);
    match &said.fact {
        Saying::Contact(c) => {
            c.host.iter().for_each(|host| name("a host", host));
            c.observer.into_iter().for_each(address);
            assert!(c.sampled >= 1, "one packet in none: {c:?}");
            if let (Some(began), Some(ended)) = (said.time, c.ended) {
                assert!(ended > began, "it ended before it began: {said:?}");
            }
        }
        Saying::Chain(c) => {
            c.host.iter().for_each(|host| name("a host", host));
            entries(&c.entries);
        }
        Saying::Mail(m) => mail(m),
        Saying::Name(n) => name("a name", &n.name),
        Saying::Announcement(a) => {
            assert!(!a.withdrawn || a.path.is_empty() && a.origins.is_empty(), "a withdrawal with a path: {a:?}");
            assert_eq!(a.prefix, a.prefix.trunc(), "bits behind the prefix");
        }
        Saying::Traceroute(t) => traceroute(t),
        Saying::Alert(a) => {
            text("a signature", &a.signature, NAME);
            a.id.iter().for_each(|id| text("a signature's id", id, NAME));
        }
        Saying::Indicator(i) => {
            text("a label", &i.label, NAME);
            match &i.pattern {
                Pattern::Net(net) => {
                    address(net.addr());
                    assert_eq!(*net, net.trunc(), "bits behind the prefix");
                }
                Pattern::Name(n) => name("an indicator", n),
            }
        }
        Saying::Translation(t) => {
            if let Some(span) = t.seen {
                assert!(span.first <= span.last, "{span:?}");
            }
        }
        _ => {}
    }
}

/// The head of a mail.
pub fn mail(m: &rutter::model::record::Mail) {
    m.message_id.iter().for_each(|t| text("a message id", t, NAME));
    m.from.iter().for_each(|t| text("a sender", t, NAME));
    assert!(m.received.len() <= 256 && m.authentication.len() <= 16);
    for r in &m.received {
        for t in [&r.helo, &r.name, &r.by, &r.with, &r.id].into_iter().flatten() {
            text("a part of a Received line", t, NAME);
        }
        r.addr.into_iter().chain(r.by_addr).for_each(address);
    }
    entries(&m.originating);
    m.authentication.iter().for_each(|t| text("an authentication result", t, 512));
}

/// A traceroute.
pub fn traceroute(t: &Traceroute) {
    t.src.into_iter().chain(t.dst).for_each(address);
    t.dst_name.iter().for_each(|n| name("a destination", n));
    assert!(t.hops.len() <= 255, "{} hops", t.hops.len());
    for hop in &t.hops {
        assert!(hop.ttl >= 1, "a hop without a distance");
        assert!(hop.replies.len() <= 64 && hop.named.len() <= 64, "more replies than are kept");
        for reply in &hop.replies {
            address(reply.addr);
            reply.name.iter().for_each(|n| name("a hop's name", n));
            reply.flag.iter().for_each(|f| text("a flag", f, NAME));
            assert!(reply.rtt_ns.is_none_or(|ns| ns >= 0), "an answer before the question: {reply:?}");
            assert!(reply.mpls.len() <= 32, "{} labels", reply.mpls.len());
        }
        for reply in &hop.named {
            name("a hop's name", &reply.name);
            assert!(reply.rtt_ns.is_none_or(|ns| ns >= 0), "an answer before the question: {reply:?}");
        }
    }
}
