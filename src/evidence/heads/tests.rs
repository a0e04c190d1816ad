use super::*;
use crate::decode::testkit::*;
use crate::evidence::testkit::{place, *};
use crate::model::evidence::Evidence;

fn ends(last: u8) -> (PackedAddr, PackedAddr) {
    (PackedAddr::from_v4([198, 51, 0, last].into()), PackedAddr::from_v4([203, 0, 7, 80].into()))
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.9.1, 192.0.9.2\r\nVia: 1.1 p\r\n\r\n";

#[test]
fn the_same_chain_from_the_same_peer_is_one_fact() {
    let mut heads = Heads::new(10, 1);
    for n in [7, 3, 9] {
        let host = heads.http(REQUEST, ends(1), Timestamp(n), &|| place(n as u64));
        assert_eq!(heads.host(host.unwrap()).map(|h| &**h), Some("a.example"));
    }
    heads.http(REQUEST, ends(2), Timestamp(8), &|| place(8));
    let kept: Vec<_> = heads.chains().map(|(from, time, c)| (from, time.0, c.kind, c.peer.to_string())).collect();
    let chain = |n: i64, kind, peer: &str| (place(n as u64), n, kind, peer.to_owned());
    assert_eq!(
        kept,
        [
            chain(3, ChainKind::XForwardedFor, "198.51.0.1"),
            chain(3, ChainKind::Via, "198.51.0.1"),
            chain(8, ChainKind::XForwardedFor, "198.51.0.2"),
            chain(8, ChainKind::Via, "198.51.0.2"),
        ]
    );
    assert_eq!(heads.left_out, 0);
}

#[test]
fn entries_that_differ_in_their_joints_differ() {
    let mut heads = Heads::new(10, 1);
    for value in ["a, b", "\"a, b\"", "a b"] {
        let request = format!("GET / HTTP/1.1\r\nX-Forwarded-For: {value}\r\n\r\n");
        heads.http(request.as_bytes(), ends(1), Timestamp(0), &|| place(0));
    }
    assert_eq!(heads.chains().count(), 3);
}

#[test]
fn lists_are_bounded_and_losses_counted() {
    let mut heads = Heads::new(2, 1);
    for n in 0..5 {
        let request = format!("GET / HTTP/1.1\r\nHost: h{n}.example\r\nX-Forwarded-For: 192.0.9.{n}\r\n\r\n");
        let number = heads.http(request.as_bytes(), ends(1), Timestamp(0), &|| place(n));
        assert_eq!(number.is_some(), n < 2);
    }
    assert_eq!((heads.chains().count(), heads.left_out), (2, 6));
    let records: Vec<Vec<u8>> = (0..3).map(|n| dns_record("a.example", 1, 9, &[192, 0, 9, n])).collect();
    heads.dns(&dns_response("a.example", 1, &records), true, Timestamp(0), &|| place(0));
    assert_eq!((heads.names().count(), heads.left_out), (2, 7));
}

#[test]
fn names_are_said_again_when_they_ran_out() {
    let mut heads = Heads::new(10, 1);
    let hour = 3_600_000_000_000;
    let answer = |ttl| dns_response("a.example", 1, &[dns_record("a.example", 1, ttl, &[192, 0, 9, 1])]);
    for (time, ttl) in [(0, 60), (hour, 60), (hour + 1, 7200), (3 * hour, 7200), (3 * hour + 2, 60)] {
        heads.dns(&answer(ttl), true, Timestamp(time), &|| place(0));
    }
    let times: Vec<i64> = heads.names().map(|(_, time, _)| time.0).collect();
    assert_eq!(times, [0, hour + 1, 3 * hour + 2]);
}

#[test]
fn shards_that_heard_the_same_say_it_once() {
    let name = |text: &str, ttl| Name { addr: [192, 0, 9, 1].into(), name: text.into(), how: NameHow::Ptr, ttl_s: Some(ttl) };
    let heard = vec![
        (place(9), Timestamp(90), name("a", 60)),
        (place(2), Timestamp(20), name("a", 60)),
        (place(5), Timestamp(50), name("b", 60)),
        (place(7), Timestamp(SAID_AGAIN_NS + 21), name("a", 60)),
    ];
    let once: Vec<_> = said_once(heard).into_iter().map(|(from, _, n)| (from, n.name.to_string())).collect();
    assert_eq!(once, [(place(2), "a".to_owned()), (place(7), "a".to_owned()), (place(5), "b".to_owned())]);
}

#[test]
fn damaged_messages_are_counted() {
    let mut heads = Heads::new(10, 1);
    let good = dns_response(
        "a.example",
        1,
        &[dns_record("a.example", 1, 9, &[192, 0, 9, 1]), dns_record("b.example", 1, 9, &[192, 0, 9, 2])],
    );
    heads.dns(&good[..good.len() - 3], true, Timestamp(0), &|| place(0));
    heads.dns(b"not dns", true, Timestamp(0), &|| place(0));
    assert_eq!((heads.names().count(), heads.damaged, heads.left_out), (1, 1, 0));
}

/// Through a shard: keep-alive requests, DNS over UDP and TCP.
#[test]
fn a_shard_feeds_the_right_payloads() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    scene.tcp(ms(90), CLIENT, SERVER, (101, 501), ACK, b"GET /1 HTTP/1.1\r\nHost: one.example\r\n\r\n");
    scene.tcp(ms(91), SERVER, CLIENT, (501, 140), ACK, b"GET /x HTTP/1.1\r\nX-Forwarded-For: 192.0.9.66\r\n\r\n");
    scene.tcp(
        ms(92),
        CLIENT,
        SERVER,
        (140, 501),
        ACK,
        b"GET /2 HTTP/1.1\r\nHost: two.example\r\nX-Forwarded-For: 192.0.9.5\r\n\r\n",
    );
    let message = dns_response("t.example", 1, &[dns_record("t.example", 1, 9, &[192, 0, 9, 3])]);
    let framed = join(&[&(message.len() as u16).to_be_bytes(), &message]);
    scene.tcp(ms(100), ("192.0.5.53", 53), CLIENT, (1, 1), ACK, &framed);
    let message = dns_response("u.example", 1, &[dns_record("u.example", 1, 9, &[192, 0, 9, 4])]);
    scene.ip(ms(101), &ipv4("192.0.5.53", CLIENT.0, 17, &udp(53, 9999, &message)));
    let digest = scene.digest();
    let chains: Vec<_> =
        digest.items.iter().filter_map(|i| if let Evidence::Chain(c) = &i.fact { Some(c) } else { None }).collect();
    assert_eq!(chains.len(), 1, "what a server sends is no request");
    assert_eq!((&*chains[0].entries[0].text, chains[0].host.as_deref()), ("192.0.9.5", Some("two.example")));
    assert_eq!((chains[0].peer.to_string(), chains[0].server.to_string()), (CLIENT.0.to_owned(), SERVER.0.to_owned()));
    let mut names: Vec<_> =
        digest.items.iter().filter_map(|i| if let Evidence::Name(n) = &i.fact { Some(&*n.name) } else { None }).collect();
    names.sort_unstable();
    assert_eq!(names, ["t.example", "u.example"]);
    let hosts: Vec<_> = digest.conversations.iter().filter_map(|c| c.host.as_deref()).collect();
    assert_eq!(hosts, ["one.example"], "the first host of the flow");
}
