//! The rightmost-untrusted rule against forged headers.

use proptest::prelude::*;

use super::super::chains;
use super::*;
use crate::model::evidence::{Chain, ChainEntry, ChainKind};
use crate::model::hop::HopRole;

const PEER: &str = "10.0.0.5";
const SERVER: &str = "10.0.0.80";

fn entry(text: &str) -> ChainEntry {
    let bare = text.trim_start_matches('[');
    let addr = bare.split(']').next().and_then(|a| a.parse().ok());
    ChainEntry { text: text.into(), addr }
}

fn header(kind: ChainKind, peer: &str, entries: &[&str]) -> Evidence {
    let entries = entries.iter().map(|e| entry(e)).collect();
    Evidence::Chain(Box::new(Chain { kind, peer: ip(peer), server: ip(SERVER), host: Some("shop.example".into()), entries }))
}

fn xff(entries: &[&str]) -> Vec<Route> {
    let mut m = Made::default();
    m.add(Timestamp(5), header(ChainKind::XForwardedFor, PEER, entries));
    resolve(&m)
}

fn resolve(m: &Made) -> Vec<Route> {
    let routes = chains(&m.digest, &crate::hops::Joins::of(&m.digest), &trusted);
    routes.iter().for_each(check);
    routes
}

/// The site's proxies: 10.0.0.0/24.
fn trusted(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V4(a) if a.octets()[..3] == [10, 0, 0])
}

fn origin(route: &Route) -> &Hop {
    let origins: Vec<&Hop> = route.hops.iter().filter(|h| h.role == HopRole::Origin).collect();
    assert_eq!(origins.len(), 1, "{route:?}");
    assert_eq!(origins[0].addr, route.origin);
    origins[0]
}

#[test]
fn a_forged_leftmost_entry_never_is_the_origin() {
    let routes = xff(&["8.8.8.8", "198.51.100.7"]);
    let route = &routes[0];
    assert_eq!(route.origin, Some(ip("198.51.100.7")));
    let shape: Vec<_> = route.hops.iter().map(|h| (h.rank, h.addr.unwrap().to_string(), h.role, h.kind)).collect();
    assert_eq!(
        shape,
        [
            (0, "8.8.8.8".to_owned(), HopRole::Proxy, Knowledge::Asserted),
            (1, "198.51.100.7".to_owned(), HopRole::Origin, Knowledge::Inferred),
            (2, PEER.to_owned(), HopRole::Proxy, Knowledge::Observed),
            (3, SERVER.to_owned(), HopRole::Target, Knowledge::Observed),
        ]
    );
    assert!(says(&route.hops[0].remarks, "claimed by the client; weight 0 for attribution"));
    assert!(says(&route.hops[1].remarks, "named by the trusted proxy 10.0.0.5"));
    assert_eq!(route.segments[1].kind, Knowledge::Asserted);
    assert_eq!(route.segments[2].kind, Knowledge::Gap);
    assert_eq!(route.trust, SourceTrust::Echoed);
    assert!(says(&route.remarks, "asked for shop.example"));
}

#[test]
fn an_untrusted_peer_is_the_origin_and_its_header_a_claim() {
    let mut m = Made::default();
    m.add(Timestamp(5), header(ChainKind::XForwardedFor, "203.0.113.9", &["10.0.0.5", "10.0.0.6"]));
    m.digest.conversations.push(conversation("203.0.113.9", SERVER));
    let routes = resolve(&m);
    assert_eq!(routes[0].origin, Some(ip("203.0.113.9")));
    assert_eq!(routes[0].trust, SourceTrust::Proved, "the trust of the connection");
    assert_eq!(origin(&routes[0]).kind, Knowledge::Observed);
    assert!(routes[0].hops[..2].iter().all(|h| h.kind == Knowledge::Asserted));
    assert!(routes[0].segments[2].why.contains("about 14 routers hidden, from TTL 50 of 64"), "{:?}", routes[0].segments);
}

#[test]
fn several_trusted_proxies_are_walked_and_shown() {
    let routes = xff(&["1.1.1.1", "198.51.100.7", "10.0.0.7", "10.0.0.6"]);
    let addrs: Vec<String> = routes[0].hops.iter().map(|h| h.addr.unwrap().to_string()).collect();
    assert_eq!(addrs, ["1.1.1.1", "198.51.100.7", "10.0.0.7", "10.0.0.6", PEER, SERVER]);
    assert_eq!(origin(&routes[0]).addr, Some(ip("198.51.100.7")));
    assert_eq!(at(&routes[0], "10.0.0.6").kind, Knowledge::Asserted);
    assert_eq!(at(&routes[0], PEER).kind, Knowledge::Observed);
    assert!(says(&routes[0].remarks, "client behind 3 believed proxies"));
}

#[test]
fn duplicates_do_not_move_the_boundary() {
    // Two header lines are one chain in order; the forged one stands left.
    for entries in [["198.51.100.7", "198.51.100.7"], ["10.0.0.6", "198.51.100.7"]] {
        let routes = xff(&entries);
        assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
        assert_eq!(routes[0].hops.len(), 4);
    }
}

#[test]
fn what_names_no_address_stops_the_walk() {
    for text in ["unknown", "_hidden", "proxy.example", ""] {
        let routes = xff(&["8.8.8.8", text]);
        let route = &routes[0];
        assert_eq!(route.origin, None, "{text}: neither skipped nor the proxy");
        assert_eq!((origin(route).addr, route.hops[3].addr), (None, Some(ip(PEER))));
        assert_eq!(route.hops[1].addr, None);
        assert!(says(&route.hops[1].remarks, "a believed proxy names no client here"));
        assert!(says(&route.hops[0].remarks, "claimed by the client"));
        assert!(says(&route.remarks, "names no client"));
    }
}

#[test]
fn brackets_and_ports_are_kept_as_written() {
    let mut m = Made::default();
    m.add(Timestamp(5), header(ChainKind::Forwarded, PEER, &["unknown", "[2001:db8:cafe::17]:4711"]));
    let routes = resolve(&m);
    assert_eq!(routes[0].origin, Some(ip("2001:db8:cafe::17")));
    assert!(says(&origin(&routes[0]).remarks, "written as [2001:db8:cafe::17]:4711"));
    assert_eq!(routes[0].hops[0].addr, None);
}

#[test]
fn mapped_addresses_meet_the_same_rule() {
    let routes = xff(&["8.8.8.8", "198.51.100.7", "::ffff:10.0.0.6"]);
    assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
}

#[test]
fn a_chain_of_trusted_proxies_alone_says_so() {
    let routes = xff(&["10.0.0.7", "10.0.0.6"]);
    assert_eq!(routes[0].origin, Some(ip("10.0.0.7")));
    assert!(says(&routes[0].remarks, "a client behind the last one is not named"));
}

/// Two headers in one request: the same place in the input.
fn two(forwarded: &[&str], x: &[&str], via: Option<&str>) -> Route {
    let mut m = Made::default();
    m.add(Timestamp(5), header(ChainKind::Forwarded, PEER, forwarded));
    m.add(Timestamp(5), header(ChainKind::XForwardedFor, PEER, x));
    if let Some(via) = via {
        m.add(Timestamp(5), header(ChainKind::Via, PEER, &[via]));
    }
    let from = m.digest.items[0].from;
    m.digest.items.iter_mut().for_each(|i| i.from = from);
    let mut routes = resolve(&m);
    assert_eq!(routes.len(), 1, "one request");
    routes.remove(0)
}

#[test]
fn agreeing_headers_strengthen_each_other() {
    let route = two(&["8.8.8.8", "198.51.100.7"], &["198.51.100.7"], Some("1.1 cache\x1b.example"));
    assert_eq!(route.origin, Some(ip("198.51.100.7")));
    assert!(says(&route.remarks, "x-forwarded-for agrees"));
    assert!(says(&route.remarks, "via names intermediaries, no client: 1.1 cache\\u{1b}.example"));
    assert_eq!(route.hops.last().unwrap().because.len(), 3);
}

#[test]
fn contradicting_headers_lead_no_farther_than_both_go() {
    // The proxy keeps one of the two and passes the other on as the client wrote it.
    let route = two(&["6.6.6.6"], &["198.51.100.7", "10.0.0.6"], None);
    assert_eq!(route.origin, Some(ip(PEER)));
    assert!(says(&route.remarks, "conflict: forwarded leads to 6.6.6.6, x-forwarded-for to 198.51.100.7"));
    assert_eq!(route.hops.iter().filter(|h| h.kind == Knowledge::Asserted).count(), 3);
    let route = two(&["6.6.6.6", "10.0.0.6"], &["198.51.100.7", "10.0.0.6"], None);
    assert_eq!(route.origin, Some(ip("10.0.0.6")), "both name the second proxy");
}

#[test]
fn via_alone_names_no_client() {
    let mut m = Made::default();
    m.add(Timestamp(5), header(ChainKind::Via, PEER, &["1.1 8.8.8.8"]));
    let routes = resolve(&m);
    assert_eq!(routes[0].origin, Some(ip(PEER)));
    assert_eq!(routes[0].hops.len(), 2);
}

#[test]
fn equal_chains_are_one_route() {
    let mut m = Made::default();
    for t in 0..20 {
        m.add(Timestamp(t), header(ChainKind::XForwardedFor, PEER, &["198.51.100.7"]));
    }
    m.add(Timestamp(30), header(ChainKind::XForwardedFor, PEER, &["198.51.100.8"]));
    let expected = resolve(&m);
    assert_eq!(expected.len(), 2);
    assert_eq!(expected[0].seen, Span { first: Timestamp(0), last: Timestamp(19) });
    assert_eq!(expected[0].hops[0].because.len(), 8);
    m.digest.items.reverse();
    assert_eq!(format!("{:?}", resolve(&m)), format!("{expected:?}"));
}

#[test]
fn long_headers_are_capped_and_counted() {
    let claims: Vec<String> = (0..5000).map(|n| format!("9.{}.{}.1", n / 250, n % 250)).collect();
    let mut entries: Vec<&str> = claims.iter().map(String::as_str).collect();
    entries.push("198.51.100.7");
    let routes = xff(&entries);
    assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
    assert_eq!(routes[0].hops.len(), 64 + 3);
    assert!(says(&routes[0].remarks, "4936 more claimed entries are left out"));
    let routes = xff(&vec!["10.0.0.6"; 5000]);
    assert!(says(&routes[0].remarks, "more than 64 believed proxies in a row"));
}

proptest! {
    /// Whatever the client writes left of what a trusted proxy appended, the origin stays.
    #[test]
    fn nothing_that_the_client_writes_changes_the_origin(
        forged in prop::collection::vec(prop_oneof![
            any::<[u8; 4]>().prop_map(|a| IpAddr::from(a).to_string()),
            any::<[u8; 16]>().prop_map(|a| IpAddr::from(a).to_string()),
            Just("unknown".to_owned()), Just("10.0.0.5".to_owned()), ".{0,12}",
        ], 0..8),
    ) {
        let mut entries: Vec<&str> = forged.iter().map(String::as_str).collect();
        entries.push("198.51.100.7");
        let routes = xff(&entries);
        prop_assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
        prop_assert_eq!(origin(&routes[0]).kind, Knowledge::Inferred);
    }
}

fn one(kind: ChainKind, peer: &str, entries: &[&str]) -> Made {
    let mut m = Made::default();
    m.add(Timestamp(5), header(kind, peer, entries));
    m
}

/// Another header of the request that came last.
fn same(m: &mut Made, fact: Evidence) {
    let from = m.digest.items.last().unwrap().from;
    m.add(Timestamp(5), fact);
    m.digest.items.last_mut().unwrap().from = from;
}

fn addrs(route: &Route) -> Vec<String> {
    route.hops.iter().map(|h| h.addr.map_or("-".to_owned(), |a| a.to_string())).collect()
}

/// One address instead of a list: the same rule.
#[test]
fn a_single_address_is_believed_of_a_trusted_peer_only() {
    for kind in [ChainKind::ClientIp, ChainKind::ProxyProtocol] {
        let routes = resolve(&one(kind, PEER, &["198.51.100.7"]));
        assert_eq!((routes[0].origin, origin(&routes[0]).kind), (Some(ip("198.51.100.7")), Knowledge::Inferred), "{kind:?}");
        assert_eq!(addrs(&routes[0]), ["198.51.100.7", PEER, SERVER]);
        let routes = resolve(&one(kind, "203.0.113.9", &["198.51.100.7"]));
        assert_eq!(routes[0].origin, Some(ip("203.0.113.9")), "{kind:?}");
        assert!(says(&at(&routes[0], "198.51.100.7").remarks, "weight 0"));
    }
}

#[test]
fn single_addresses_that_differ_name_nobody() {
    let routes = resolve(&one(ChainKind::ClientIp, PEER, &["198.51.100.7", "8.8.8.8"]));
    assert!(says(&routes[0].remarks, "name different clients"));
    assert_eq!(routes[0].origin, Some(ip(PEER)));
}

#[test]
fn a_forged_single_address_does_not_become_the_origin() {
    let together = |client: &str, xff: &[&str]| {
        let mut m = one(ChainKind::XForwardedFor, PEER, xff);
        same(&mut m, header(ChainKind::ClientIp, PEER, &[client]));
        resolve(&m).remove(0)
    };
    let route = together("8.8.8.8", &["198.51.100.7"]);
    assert_eq!(route.origin, Some(ip(PEER)));
    assert!(says(&route.remarks, "conflict: x-forwarded-for leads to 198.51.100.7, client-ip to 8.8.8.8"));
    let route = together("198.51.100.7", &["198.51.100.7"]);
    assert_eq!(route.origin, Some(ip("198.51.100.7")));
    assert!(says(&route.remarks, "client-ip agrees"));
    // What the last proxy saw may be the proxy before it.
    let route = together("10.0.0.6", &["198.51.100.7", "10.0.0.6"]);
    assert_eq!(route.origin, Some(ip("198.51.100.7")));
}

/// Who passes bytes on unread vouches for no header in them.
#[test]
fn headers_behind_a_proxy_header_are_the_clients() {
    let mut m = one(ChainKind::ProxyProtocol, PEER, &["198.51.100.7"]);
    same(&mut m, header(ChainKind::XForwardedFor, PEER, &["8.8.8.8"]));
    m.add(Timestamp(6), header(ChainKind::XForwardedFor, PEER, &["9.9.9.9"]));
    let routes = resolve(&m);
    assert_eq!(routes.len(), 2);
    assert_eq!(addrs(&routes[0]), ["8.8.8.8", "198.51.100.7", PEER, SERVER]);
    assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
    // A later request of such a connection does not repeat the header.
    assert_eq!((routes[1].origin, addrs(&routes[1])), (None, vec!["9.9.9.9".to_owned(), "-".into(), PEER.into(), SERVER.into()]));
    assert!(says(&routes[1].remarks, "passes connections on unread"));
    // Two proxies, the outer one trusted too: it wrote the header.
    let mut m = one(ChainKind::ProxyProtocol, PEER, &["10.0.0.6"]);
    same(&mut m, header(ChainKind::XForwardedFor, PEER, &["198.51.100.7"]));
    assert_eq!(addrs(&resolve(&m)[0]), ["198.51.100.7", "10.0.0.6", PEER, SERVER]);
}

#[test]
fn where_a_proxy_is_asked_to_go_on_to_lies_behind_the_server() {
    for kind in [ChainKind::Socks, ChainKind::Connect] {
        let mut m = one(kind, "203.0.113.9", &["192.0.2.77"]);
        m.digest.conversations.push(conversation("203.0.113.9", SERVER));
        let routes = resolve(&m);
        let route = &routes[0];
        let shape: Vec<_> = route.hops.iter().map(|h| (h.addr.unwrap().to_string(), h.role, h.kind)).collect();
        assert_eq!(
            shape,
            [
                ("203.0.113.9".to_owned(), HopRole::Origin, Knowledge::Observed),
                (SERVER.to_owned(), HopRole::Proxy, Knowledge::Observed),
                ("192.0.2.77".to_owned(), HopRole::Target, Knowledge::Asserted),
            ]
        );
        assert_eq!((route.segments[0].kind, route.segments[1].kind), (Knowledge::Gap, Knowledge::Asserted));
        assert_eq!(route.target, ip("192.0.2.77"));
        // A name is no address.
        let routes = resolve(&one(kind, "203.0.113.9", &["www.example.org:443"]));
        let shape: Vec<_> = routes[0].hops.iter().map(|h| (h.role, h.kind)).collect();
        assert_eq!(addrs(&routes[0]), ["203.0.113.9", SERVER, "-"]);
        assert_eq!(shape[1..], [(HopRole::Proxy, Knowledge::Observed), (HopRole::Target, Knowledge::Asserted)]);
        assert_eq!(routes[0].target, ip(SERVER), "as far as an address is known");
        assert!(says(&routes[0].hops[2].remarks, "by name: www.example.org:443"));
        assert!(says(&routes[0].remarks, "asked to go on to www.example.org:443; whether it did is not seen here"));
    }
}

#[test]
fn a_proxys_answer_is_its_own_word() {
    let mut m = one(ChainKind::Socks, "203.0.113.9", &["192.0.2.77"]);
    let reply = m.add(Timestamp(9), header(ChainKind::SocksReply, "203.0.113.9", &["192.0.2.77", "198.51.100.44"]));
    // Of another request, and with nothing said.
    m.add(Timestamp(9), header(ChainKind::SocksReply, "203.0.113.9", &["192.0.2.78", "198.51.100.45"]));
    m.add(Timestamp(9), header(ChainKind::SocksReply, "203.0.113.8", &["192.0.2.77", "198.51.100.46"]));
    let routes = resolve(&m);
    assert_eq!(routes.len(), 1, "an answer is no request");
    let (server, target) = (&routes[0].hops[1], &routes[0].hops[2]);
    assert_eq!(addrs(&routes[0]), ["203.0.113.9", SERVER, "192.0.2.77"]);
    assert!(says(&server.remarks, "answers that it goes on, and names 198.51.100.44; weight 0 for attribution"));
    assert!(server.because.contains(&reply) && !target.because.contains(&reply));
    assert!(says(&routes[0].remarks, "asked to go on to 192.0.2.77; it says that it did"));
    let said = format!("{:?}", routes[0]);
    assert!(!said.contains("198.51.100.45") && !said.contains("198.51.100.46"), "{said}");
    let mut m = one(ChainKind::Socks, "203.0.113.9", &["192.0.2.77"]);
    let mut unsaid = header(ChainKind::SocksReply, "203.0.113.9", &["192.0.2.77", "0.0.0.0:0"]);
    if let Evidence::Chain(chain) = &mut unsaid {
        chain.entries[1].addr = None;
    }
    m.add(Timestamp(9), unsaid);
    let routes = resolve(&m);
    assert!(says(&routes[0].remarks, "it says that it did") && !says(&routes[0].hops[1].remarks, "answers"));
}

#[test]
fn what_a_host_says_of_itself_is_a_remark_on_its_hop() {
    use crate::model::evidence::{Banner, BannerKind};
    let mut m = one(ChainKind::XForwardedFor, PEER, &["198.51.100.7"]);
    let banner = |who: &str, text: &str| {
        Evidence::Banner(Box::new(Banner {
            kind: BannerKind::Ssh,
            who: ip(who),
            to: ip("192.0.2.1"),
            port: 22,
            text: text.into(),
        }))
    };
    let id = m.add(Timestamp(5), banner(SERVER, "SSH-2.0-OpenSSH_9.6"));
    m.add(Timestamp(5), banner("192.0.2.99", "SSH-2.0-other"));
    let routes = resolve(&m);
    let server = at(&routes[0], SERVER);
    assert_eq!(server.remarks, ["says of itself (ssh): \"SSH-2.0-OpenSSH_9.6\"; weight 0 for attribution"]);
    assert!(server.because.contains(&id));
    assert!(!format!("{:?}", routes[0]).contains("SSH-2.0-other"));
}

#[test]
fn lines_of_sip_stand_the_other_way_round() {
    let mut m = one(ChainKind::SipVia, PEER, &["10.0.0.9", "198.51.100.7", "8.8.8.8"]);
    let mut more = header(ChainKind::SipVia, "203.0.113.9", &["203.0.113.9", "192.0.2.5"]);
    if let Evidence::Chain(chain) = &mut more {
        chain.entries.push(ChainEntry { text: "record-route sip:192.0.2.5;lr".into(), addr: None });
    }
    m.add(Timestamp(6), more);
    m.add(Timestamp(7), header(ChainKind::SipVia, "203.0.113.10", &["203.0.113.10"]));
    let routes = resolve(&m);
    assert_eq!(routes.len(), 2, "who stands in the only line was forwarded by nobody");
    assert_eq!(addrs(&routes[0]), ["8.8.8.8", "198.51.100.7", PEER, SERVER]);
    assert_eq!(routes[0].origin, Some(ip("198.51.100.7")));
    assert!(says(&routes[0].remarks, "the peer 10.0.0.5 is 10.0.0.9 in its own line"));
    assert_eq!(addrs(&routes[1]), ["192.0.2.5", "203.0.113.9", SERVER]);
    assert_eq!(
        (routes[1].origin, routes[1].trust),
        (Some(ip("203.0.113.9")), SourceTrust::Plausible),
        "a datagram proves nothing"
    );
}
