use proptest::prelude::*;

use super::kind::bgp;
use super::*;
use crate::decode::testkit::{client_hello, join, v6};
use crate::decode::{routing, tls};
use crate::evidence::shard::Shard;
use crate::evidence::testkit::*;
use crate::model::digest::Digest;
use crate::model::evidence::{Chain, Evidence};
use crate::model::net::PackedAddr;

const HTTP: &[u8] =
    b"POST /very/long/path HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.9.1\r\nUser-Agent: much text\r\n\
                      X-Forwarded-For: 192.0.9.2\r\nX-Real-IP: 192.0.9.3\r\n\r\nbody";

fn server(port: u16) -> (&'static str, u16) {
    (SERVER.0, port)
}

/// A handshake, and then what each side says: forward or not, where in its stream, what.
fn told(port: u16, segments: &[(bool, u32, &[u8])]) -> Scene {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, server(port));
    for (n, &(forward, at, payload)) in segments.iter().enumerate() {
        let ns = ms(100 + n as i64);
        if forward {
            scene.tcp(ns, CLIENT, server(port), (101 + at, 501), ACK, payload);
        } else {
            scene.tcp(ns, server(port), CLIENT, (501 + at, 101), ACK, payload);
        }
    }
    scene
}

fn forward(port: u16, segments: &[(u32, &[u8])]) -> Scene {
    told(port, &segments.iter().map(|&(at, payload)| (true, at, payload)).collect::<Vec<_>>())
}

/// All of `bytes` in segments of `size`.
fn cut(port: u16, bytes: &[u8], size: usize) -> Scene {
    forward(port, &bytes.chunks(size).enumerate().map(|(n, piece)| ((n * size) as u32, piece)).collect::<Vec<_>>())
}

fn chains(digest: &Digest) -> Vec<Chain> {
    digest.items.iter().filter_map(|i| if let Evidence::Chain(c) = &i.fact { Some((**c).clone()) } else { None }).collect()
}

fn words(scene: &Scene) -> Vec<String> {
    let text = |c: Chain| {
        let entries: Vec<String> = c.entries.iter().map(|e| e.text.to_string()).collect();
        format!("{} {}", c.kind.as_str(), entries.join(" "))
    };
    let mut words: Vec<String> = chains(&scene.digest()).into_iter().map(text).collect();
    words.sort_unstable();
    words
}

fn host(scene: &Scene) -> Option<String> {
    scene.digest().conversations.first().and_then(|c| c.host.as_ref().map(ToString::to_string))
}

fn shard(scene: &Scene) -> Shard {
    scene.shards(caps(1 << 10), 3, true).remove(0)
}

#[test]
fn a_head_is_read_once_and_whole_however_it_is_cut() {
    for size in [4, 5, 7, 30, 64, 100, 1000] {
        let scene = cut(80, HTTP, size);
        assert_eq!(words(&scene), ["client-ip 192.0.9.3", "x-forwarded-for 192.0.9.1 192.0.9.2"], "{size}");
        assert_eq!(host(&scene).as_deref(), Some("a.example"));
        let facts = scene.digest();
        let first = facts.items.iter().find(|i| matches!(i.fact, Evidence::Chain(_))).unwrap();
        assert_eq!(first.from, place(3), "its place is that of its beginning");
        let shard = shard(&scene);
        assert_eq!((shard.streams.open.len(), shard.streams.bytes, shard.streams.left_out, shard.streams.gaps), (0, 0, 0, 0));
    }
}

#[test]
fn segments_out_of_order_and_again() {
    let (a, b, c, d) = (&HTTP[..20], &HTTP[20..50], &HTTP[50..90], &HTTP[90..]);
    let scene = forward(80, &[(0, a), (90, d), (50, c), (50, c), (0, a), (20, b), (20, b)]);
    assert_eq!(words(&scene), ["client-ip 192.0.9.3", "x-forwarded-for 192.0.9.1 192.0.9.2"]);
}

#[test]
fn of_two_that_overlap_the_first_counts() {
    let head = b"GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.9.1\r\n\r\n";
    let forged = b"X-Forwarded-For: 66.6.6.";
    // In order; out of order, where the forged one fills a hole and reaches into what came before it.
    for segments in [
        vec![(0, &head[..20]), (20, &head[20..40]), (16, &forged[..]), (40, &head[40..])],
        vec![(0, &head[..16]), (30, &head[30..]), (16, &forged[..]), (16, &head[16..30])],
    ] {
        assert_eq!(words(&forward(80, &segments)), ["x-forwarded-for 192.0.9.1"]);
    }
}

#[test]
fn a_gap_is_waited_for_and_then_given_up() {
    let mut segments: Vec<(u32, &[u8])> = vec![(0, &HTTP[..80])];
    segments.extend((0..9).map(|n| (100 + 10 * n, &b"0123456789"[..])));
    let scene = forward(80, &segments);
    let shard = shard(&scene);
    assert_eq!((shard.streams.gaps, shard.streams.open.len(), shard.streams.bytes), (1, 0, 0));
    assert_eq!(words(&scene), ["x-forwarded-for 192.0.9.1"], "the lines that are there in full");
    assert_eq!(host(&scene).as_deref(), Some("a.example"));
    // At the end of the capture likewise, and that is no gap.
    let scene = forward(80, &[(0, &HTTP[..80])]);
    assert_eq!((words(&scene).len(), self::shard(&scene).streams.gaps), (1, 0));
}

#[test]
fn streams_are_bounded_and_the_oldest_goes() {
    let mut heads = Heads::new(10, 1);
    let (mut routes, mut routes_seen) = (Vec::new(), 0);
    let mut streams = Streams::new(Caps { streams: 2, bytes: 1 << 20 }, 1);
    let part = b"GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.9.1\r\nX: ";
    let mut scene = Scene::default();
    for n in 0..4_u16 {
        scene.tcp(i64::from(n), (CLIENT.0, 40_000 + n), server(80), (1, 1), ACK, part);
    }
    let (metas, _) = scene.metas();
    let at = place(0);
    for m in &metas {
        let (key, low_to_high) = FlowKey::of(m);
        let mut flow = FlowState::open(m, key, low_to_high, at);
        flow.observe(m, low_to_high, (1, 1));
        let mut out = Out { heads: &mut heads, routes: &mut routes, routes_seen: &mut routes_seen };
        streams.segment(&mut flow, &Segment { m, payload: part, low_to_high, at }, &mut out);
        assert!(flow.is_watched());
    }
    assert_eq!((streams.open.len(), streams.left_out, streams.bytes), (2, 2, 2 * part.len()));
    assert_eq!(heads.chains().count(), 1, "what was there of them is read");
    streams.finish(&mut Out { heads: &mut heads, routes: &mut routes, routes_seen: &mut routes_seen });
    assert_eq!((streams.open.len(), streams.bytes, streams.order.len()), (0, 0, 0));
}

#[test]
fn no_head_grows_without_end() {
    let mut bytes = b"GET / HTTP/1.1\r\nHost: a.example\r\nX: ".to_vec();
    bytes.resize(HEAD + 3000, b'x');
    let scene = cut(80, &bytes, 1400);
    let shard = shard(&scene);
    assert_eq!((shard.streams.open.len(), shard.streams.bytes, host(&scene).as_deref()), (0, 0, Some("a.example")));
}

#[test]
fn a_hello_longer_than_a_segment() {
    // The name stands behind an extension that fills the first segment.
    let whole = client_hello("www.example.org");
    let groups = whole.windows(4).position(|w| w == [0, 10, 0, 4]).unwrap();
    let mut long = whole[..groups].to_vec();
    long.extend(join(&[&[0xaa, 0xaa], &2000_u16.to_be_bytes(), &[0; 2000]]));
    long.extend(&whole[groups..]);
    let more = |bytes: &mut Vec<u8>, at: usize| {
        let n = u16::from_be_bytes([bytes[at], bytes[at + 1]]) + 2004;
        bytes[at..at + 2].copy_from_slice(&n.to_be_bytes());
    };
    more(&mut long, 3); // record
    more(&mut long, 7); // handshake, the lower two of three bytes
    let extensions = 5 + 4 + 2 + 32 + 33 + 4 + 2;
    more(&mut long, extensions);
    assert_eq!(tls::server_name(&long).as_deref(), Some("www.example.org"), "the test makes a hello");
    assert_eq!(host(&cut(443, &long, 1400)).as_deref(), Some("www.example.org"));
    assert_eq!(host(&cut(443, &long[..long.len() - 4], 1400)), None);
}

#[test]
fn a_proxy_says_for_whom_it_speaks() {
    let line = b"PROXY TCP4 192.0.9.7 203.0.7.80 56324 80\r\n";
    let request = b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.9.1\r\n\r\n";
    let both = [&line[..], request].concat();
    for size in [10, 50, 1000] {
        let scene = cut(80, &both, size);
        assert_eq!(words(&scene).iter().filter(|w| *w == "proxy-protocol 192.0.9.7").count(), 1, "{size}");
        assert_eq!(words(&scene).len(), 2);
        assert_eq!(host(&scene).as_deref(), Some("a.example"));
    }
    let hello = [&line[..], &client_hello("tls.example")].concat();
    assert_eq!(host(&cut(443, &hello, 1000)).as_deref(), Some("tls.example"));
    // What a client says behind it, whether in the same segment or in the next.
    let forged = b"PROXY TCP4 192.0.9.66 203.0.7.80 56324 80\r\n";
    for scene in [cut(80, &[&line[..], forged].concat(), 1000), forward(80, &[(0, line), (line.len() as u32, forged)])] {
        assert_eq!(words(&scene), ["proxy-protocol 192.0.9.7"]);
    }
    assert_eq!(words(&told(80, &[(false, 0, forged)])), [""; 0], "a server stands behind nobody");
    let local = join(&[b"\r\n\r\n\0\r\nQUIT\n", &[0x20, 0x11, 0, 12], &[9; 12], request]);
    assert_eq!(words(&cut(80, &local, 1000)), ["x-forwarded-for 192.0.9.1"]);
}

#[test]
fn where_a_proxy_is_asked_to_go_on_to() {
    let named = join(&[&[5, 1, 0, 3, 11], b"example.org", &[1, 187]]);
    let greeted =
        told(42_356, &[(true, 0, &[5, 1, 0]), (false, 0, &[5, 0]), (true, 3, &named), (true, 21, &client_hello("tls.example"))]);
    assert_eq!(words(&greeted), ["socks example.org:443"]);
    assert_eq!(chains(&greeted.digest())[0].host.as_deref(), Some("example.org"));
    let logged_in = join(&[&[1, 1], b"u", &[1], b"p", &[5, 1, 0, 4], &v6("2001:db8::9"), &[0, 22]]);
    let scene =
        told(1080, &[(true, 0, &[5, 2, 0, 2]), (false, 0, &[5, 2]), (true, 4, &logged_in[..5]), (true, 9, &logged_in[5..])]);
    assert_eq!(words(&scene), ["socks [2001:db8::9]:22"]);
    // Of version 4 on another port the answer must be one.
    let four = [4, 1, 1, 187, 192, 0, 9, 9, 0];
    let answer = [0, 0x5a, 0, 0, 0, 0, 0, 0];
    let went = ["socks 192.0.9.9:443", "socks-reply 192.0.9.9:443 0.0.0.0:0"];
    assert_eq!(words(&told(9901, &[(true, 0, &four), (false, 0, &answer)])), went);
    assert_eq!(words(&told(9901, &[(true, 0, &four), (false, 0, b"220 hello")])), [""; 0]);
    assert_eq!(words(&told(9901, &[(true, 0, &four)])), [""; 0]);
    assert_eq!(words(&told(1080, &[(true, 0, &four)])), ["socks 192.0.9.9:443"]);
    // Not in the middle of a connection.
    assert_eq!(words(&told(1080, &[(true, 50, &four)])), [""; 0]);
    let connect = b"CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    assert_eq!(words(&cut(8080, connect, 20)), ["connect www.example.org:443"]);
}

#[test]
fn where_a_proxy_says_that_it_goes_on_from() {
    let named = join(&[&[5, 1, 0, 3, 11], b"example.org", &[1, 187]]);
    let bound = [5, 0, 0, 1, 198, 51, 0, 9, 4, 210];
    let both = ["socks example.org:443", "socks-reply example.org:443 198.51.0.9:1234"];
    let ask = |more: &[(bool, u32, &[u8])]| {
        let first: [(bool, u32, &[u8]); 3] = [(true, 0, &[5, 1, 0]), (false, 0, &[5, 0]), (true, 3, &named)];
        words(&told(1080, &[&first, more].concat()))
    };
    assert_eq!(ask(&[(false, 2, &bound)]), both);
    // In pieces; with what the other end says behind it; after the client went on without waiting.
    assert_eq!(ask(&[(false, 2, &bound[..4]), (false, 6, &bound[4..])]), both);
    assert_eq!(ask(&[(false, 2, &[&bound[..], b"220 mx ESMTP\r\n"].concat())]), both);
    assert_eq!(ask(&[(true, 21, b"GET / HTTP/1.1\r\n\r\n"), (false, 2, &bound)]), both);
    let hasty = join(&[&[5, 1, 0], &named]);
    let scene = told(1080, &[(true, 0, &[5, 1, 0]), (true, 3, &hasty[3..]), (false, 0, &join(&[&[5, 0], &bound]))]);
    assert_eq!(words(&scene), both, "the choice of a method is in front");
    assert_eq!(ask(&[(false, 2, &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])]), both[..1], "refused");
    assert_eq!(ask(&[(false, 2, b"HTTP/1.1 400\r\n\r\n")]), both[..1], "no answer");
    let four = [4, 1, 1, 187, 192, 0, 9, 9, 0];
    for port in [1080, 9901] {
        let scene = told(port, &[(true, 0, &four), (false, 0, &[0, 0x5a, 4, 210, 198, 51, 0, 9])]);
        assert_eq!(words(&scene), ["socks 192.0.9.9:443", "socks-reply 192.0.9.9:443 198.51.0.9:1234"], "{port}");
        let shard = shard(&scene);
        assert_eq!((shard.streams.open.len(), shard.streams.bytes), (0, 0));
    }
    // The place is that of the answer.
    let facts = told(1080, &[(true, 0, &four), (false, 0, &[0, 0x5a, 4, 210, 198, 51, 0, 9])]).digest();
    let reply = facts.items.iter().find(|i| matches!(&i.fact, Evidence::Chain(c) if c.kind.as_str() == "socks-reply")).unwrap();
    assert_eq!(reply.from, place(4));
}

fn banners(scene: &Scene) -> Vec<String> {
    let items = scene.digest().items;
    let banner = |fact: &Evidence| match fact {
        Evidence::Banner(b) => Some(format!("{} {} > {} {}: {}", b.kind.as_str(), b.who, b.to, b.port, b.text)),
        Evidence::Name(n) => Some(format!("{} is {} ({})", n.addr, n.name, n.how.as_str())),
        _ => None,
    };
    items.iter().filter_map(|item| banner(&item.fact)).collect()
}

#[test]
fn both_ends_of_ssh_say_what_they_are() {
    let (server, client) = (b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-2.0-Go\r\n");
    let want = ["ssh 203.0.7.80 > 198.51.0.10 2222: SSH-2.0-OpenSSH_9.6", "ssh 198.51.0.10 > 203.0.7.80 2222: SSH-2.0-Go"];
    assert_eq!(banners(&told(2222, &[(false, 0, server), (true, 0, client)])), want);
    let cut = told(2222, &[(false, 0, &server[..9]), (false, 9, &server[9..]), (true, 0, client)]);
    assert_eq!(banners(&cut), want);
    assert_eq!((shard(&cut).streams.open.len(), shard(&cut).streams.bytes), (0, 0));
    // Not in the middle of a connection, whoever says it.
    assert_eq!(banners(&told(2222, &[(false, 0, b"abc"), (false, 3, server), (true, 0, b"x"), (true, 1, client)])), [""; 0]);
    // A line that never ends is read as far as it may go.
    let endless = [b"SSH-2.0-".to_vec(), vec![b'x'; 3000]].concat();
    assert_eq!(banners(&told(22, &[(false, 0, &endless[..1400]), (false, 1400, &endless[1400..])]))[0].len(), 33 + 253);
}

#[test]
fn servers_of_ftp_and_mail_greet() {
    let greeting = b"220 FTP.example.org FTP server ready\r\n";
    let want =
        ["203.0.7.80 is ftp.example.org (banner)", "ftp 203.0.7.80 > 198.51.0.10 21: 220 FTP.example.org FTP server ready"];
    assert_eq!(banners(&told(21, &[(false, 0, greeting), (true, 0, b"USER a\r\n")])), want);
    assert_eq!(banners(&told(21, &[(true, 0, greeting)])), [""; 0], "a client does not greet");
    assert_eq!(banners(&told(8021, &[(false, 0, b"220 hello\r\n")])), [""; 0]);
    let mail = told(25, &[(false, 0, b"220 mx.example.org ESMTP\r\n"), (true, 0, b"EHLO me\r\n")]);
    assert_eq!(banners(&mail)[1], "smtp 203.0.7.80 > 198.51.0.10 25: 220 mx.example.org ESMTP");
    // The same again is no second fact.
    let mut twice = Scene::default();
    for n in 0..3 {
        let client = (CLIENT.0, 41_000 + n);
        twice.handshake(ms(200) * i64::from(n), client, server(21));
        twice.tcp(ms(200) * i64::from(n) + ms(90), server(21), client, (501, 101), ACK, greeting);
    }
    assert_eq!(banners(&twice), want);
}

#[test]
fn proxies_behind_proxies() {
    let on = |addr: [u8; 4]| join(&[&[5, 1, 0, 1], &addr, &[4, 56]]);
    let (second, third) = (on([192, 0, 9, 2]), on([192, 0, 9, 3]));
    let scene =
        told(1080, &[(true, 0, &[5, 1, 0]), (true, 3, &second), (false, 0, &[5, 0]), (true, 13, &[5, 1, 0]), (true, 16, &third)]);
    assert_eq!(words(&scene), ["socks 192.0.9.2:1080", "socks 192.0.9.3:1080"]);
}

#[test]
fn sip_over_tcp_both_ways() {
    let request = b"INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.9.5:5060;branch=z\r\n\r\n";
    let response = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.9.5:5060;received=198.51.0.10\r\n\r\n";
    let scene = told(5070, &[(true, 0, &request[..40]), (false, 0, response), (true, 40, &request[40..])]);
    assert_eq!(words(&scene), ["sip-via 192.0.9.5:5060", "sip-via 192.0.9.5:5060;received=198.51.0.10"]);
    assert!(chains(&scene.digest()).iter().all(|c| c.peer.to_string() == CLIENT.0), "the request's way");
}

#[test]
fn tls_begins_behind_starttls() {
    let hello = client_hello("mx.example");
    let scene = told(
        25,
        &[
            (false, 0, b"220 mx\r\n"),
            (true, 0, b"EHLO me\r\n"),
            (true, 9, b"STARTTLS\r\n"),
            (false, 8, b"220 go\r\n"),
            (true, 19, &hello),
        ],
    );
    assert_eq!(host(&scene).as_deref(), Some("mx.example"));
}

/// The decoder of BGP messages is not this file's; what reaches it is.
#[test]
fn bgp_messages_are_counted_off_whole() {
    let mut heads = Heads::new(10, 1);
    let (mut routes, mut routes_seen) = (Vec::new(), 0);
    let mut out = Out { heads: &mut heads, routes: &mut routes, routes_seen: &mut routes_seen };
    let nobody = (PackedAddr::default(), PackedAddr::default());
    let w = Where { ends: nobody, way: nobody, port: 179, from: place(0), time: Timestamp(0) };
    let mut session = routing::Session::default();
    let mut read = |bytes: &[u8]| bgp(bytes, &mut session, &w, (place(0), Timestamp(0)), &mut out);
    assert_eq!(read(&[0xff; 18]), Some(0), "not yet a header");
    assert_eq!(read(&join(&[&MARKER, &[0, 30, 1, 4]])), Some(0), "not yet a message");
    assert_eq!(read(&join(&[&MARKER, &[0, 18, 1]])), None, "shorter than its header");
    assert_eq!(read(&[0; 19]), None);
}

#[test]
fn the_same_ports_again_are_another_stream() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, server(80));
    scene.tcp(ms(90), CLIENT, server(80), (101, 501), ACK, b"GET /a HTTP/1.1\r\nX-Forwarded-For: 192.0.9.1\r\nX: ");
    scene.tcp(ms(95), CLIENT, server(80), (150, 501), FIN | ACK, b"");
    let again = ms(60_000);
    scene.tcp(again, CLIENT, server(80), (9100, 0), SYN, b"");
    scene.tcp(again + ms(1), server(80), CLIENT, (7500, 9101), SYN | ACK, b"");
    scene.tcp(again + ms(2), CLIENT, server(80), (9101, 7501), ACK, b"GET /b HTTP/1.1\r\nX-Forwarded-For: 192.0.9.2\r\nX: ");
    scene.tcp(again + ms(3), CLIENT, server(80), (9149, 7501), ACK, b"y\r\n\r\n");
    assert_eq!(words(&scene), ["x-forwarded-for 192.0.9.1", "x-forwarded-for 192.0.9.2"]);
}

fn stream() -> Stream {
    let nobody = (PackedAddr::default(), PackedAddr::default());
    let circumstances = Where { ends: nobody, way: nobody, port: 80, from: place(0), time: Timestamp(0) };
    Stream {
        serial: 0,
        born: (0, 0),
        circumstances,
        kind: Kind::Http { seen: 0 },
        next: 0xffff_ff00,
        bytes: Vec::new(),
        waiting: Vec::new(),
    }
}

proptest! {
    /// Whatever comes in whatever order: each byte is the one that came first for its place, and nothing is kept beyond
    /// the caps. The numbers run over.
    #[test]
    fn first_bytes_win(segments in proptest::collection::vec((0..300_u32, 1..60_usize), 1..40)) {
        let mut stream = stream();
        let mut first: Vec<Option<u8>> = vec![None; 400];
        let mut filled = 0;
        for (n, &(at, len)) in segments.iter().enumerate() {
            let payload = vec![n as u8; len];
            let waited = stream.waiting.len();
            let added = stream.add(0xffff_ff00_u32.wrapping_add(at), &payload);
            if matches!(added, Added::Gap) {
                prop_assert!(waited >= WAITING);
                break;
            }
            for place in first.iter_mut().skip(at as usize).take(len) {
                place.get_or_insert(n as u8);
            }
            filled = first.iter().position(Option::is_none).unwrap_or(first.len());
            prop_assert!(stream.waiting.len() <= WAITING + 1);
            prop_assert_eq!(stream.bytes.len(), filled);
        }
        let expected: Vec<u8> = first.into_iter().take(filled).flatten().collect();
        prop_assert_eq!(&stream.bytes, &expected);
    }

    /// No bytes end a run, in whatever pieces they come; nothing stays behind.
    #[test]
    fn random_conversations(
        which in 0..9_usize,
        port in proptest::sample::select(vec![21_u16, 25, 80, 179, 443, 1080, 5060]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        pieces in proptest::collection::vec((any::<bool>(), 0..200_u32, 0..80_usize), 1..12),
    ) {
        let mut text = match which {
            0 => HTTP.to_vec(),
            1 => client_hello("www.example.org"),
            2 => join(&[b"PROXY TCP4 192.0.9.7 203.0.7.80 1 2\r\n", HTTP]),
            3 => join(&[&[5, 1, 0, 5, 1, 0, 3, 11], b"example.org", &[1, 187], HTTP]),
            4 => b"EHLO a\r\nDATA\r\nFrom: a\r\n\r\nx\r\n.\r\nBDAT 20 LAST\r\nFrom: b\r\n\r\n0123456789QUIT\r\n".to_vec(),
            5 => b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.9.1\r\n\r\n".to_vec(),
            6 => b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
            7 => b"220-a.example FTP\r\n220 ready\r\n".to_vec(),
            _ => join(&[&MARKER, &[0, 19, 4], &MARKER, &[0, 23, 2, 0, 0, 0, 0]]),
        };
        for (at, byte) in edits {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text.resize(300, b'x');
        let segments: Vec<(bool, u32, &[u8])> = std::iter::once((true, 0, &text[..10]))
            .chain(pieces.iter().map(|&(up, at, len)| (up, at, &text[at as usize..at as usize + len])))
            .collect();
        let scene = told(port, &segments);
        let shard = shard(&scene);
        prop_assert_eq!((shard.streams.open.len(), shard.streams.bytes, shard.streams.order.len()), (0, 0, 0));
    }
}
