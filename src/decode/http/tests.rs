use super::*;

#[track_caller]
fn head(text: &str) -> Head {
    request_head(text.as_bytes()).unwrap()
}

/// Texts and addresses of the chain that one header line gives.
#[track_caller]
fn entries(line: &str) -> Vec<(String, Option<String>)> {
    let head = head(&format!("GET / HTTP/1.1\r\nHost: a.example\r\n{line}\r\n\r\n"));
    assert!(head.chains.len() <= 1);
    let entries = head.chains.into_iter().flat_map(|c| c.entries);
    entries.map(|e| (e.text.to_string(), e.addr.map(|a| a.to_string()))).collect()
}

fn some(text: &str, addr: &str) -> (String, Option<String>) {
    (text.to_owned(), Some(addr.to_owned()))
}

fn none(text: &str) -> (String, Option<String>) {
    (text.to_owned(), None)
}

#[test]
fn x_forwarded_for_as_it_is_met() {
    assert_eq!(
        entries("X-Forwarded-For: 203.0.113.195, 2001:db8:85a3::8a2e:370:7334,150.172.238.178:4711 , [2001:db8::1]:80"),
        [
            some("203.0.113.195", "203.0.113.195"),
            some("2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
            some("150.172.238.178:4711", "150.172.238.178"),
            some("[2001:db8::1]:80", "2001:db8::1"),
        ]
    );
    assert_eq!(
        entries("x-forwarded-for: 10.000.000.03, ::ffff:192.0.2.9, \"192.0.2.7\""),
        [some("10.000.000.03", "10.0.0.3"), some("::ffff:192.0.2.9", "192.0.2.9"), some("192.0.2.7", "192.0.2.7")]
    );
    assert_eq!(entries("X-Forwarded-For: unknown, , evil.example"), [none("unknown"), none("evil.example")]);
    assert_eq!(entries("X-Forwarded-For: "), []);
}

/// The examples of RFC 7239 4, 6 and 7.1, and what may be made of them.
#[test]
fn forwarded_with_quoted_strings() {
    assert_eq!(entries("Forwarded: for=\"_gazonk\""), [none("_gazonk")]);
    assert_eq!(entries("Forwarded: For=\"[2001:db8:cafe::17]:4711\""), [some("[2001:db8:cafe::17]:4711", "2001:db8:cafe::17")]);
    assert_eq!(entries("Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43"), [some("192.0.2.60", "192.0.2.60")]);
    assert_eq!(
        entries("Forwarded: for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com"),
        [some("192.0.2.43", "192.0.2.43"), some("198.51.100.17", "198.51.100.17")]
    );
    assert_eq!(
        entries("Forwarded: for=unknown, by=\"a,b;for=1.2.3.4\";proto=http, host=x; for = 192.0.2.1"),
        [none("unknown"), none("by=\"a,b;for=1.2.3.4\";proto=http"), some("192.0.2.1", "192.0.2.1")]
    );
    assert_eq!(
        entries("Forwarded: for=\"_a\\\"b, c\\\\\", for=192.0.2.1"),
        [none("_a\"b, c\\\\"), some("192.0.2.1", "192.0.2.1")]
    );
}

#[test]
fn an_open_quote_hides_nothing() {
    assert_eq!(
        entries("Forwarded: for=\"evil, for=192.0.2.1, for=192.0.2.2"),
        [none("\"evil"), some("192.0.2.1", "192.0.2.1"), some("192.0.2.2", "192.0.2.2")]
    );
    assert_eq!(entries("Via: 1.1 a (open, 1.1 b"), [none("a"), none("b")]);
}

#[test]
fn via_names_who_received_the_message() {
    assert_eq!(
        entries("Via: 1.0 fred, 1.1 p.example.net, HTTP/1.1 192.0.2.5:3128 (squid/5.7, (a, b)), 2 vegur"),
        [none("fred"), none("p.example.net"), some("192.0.2.5:3128", "192.0.2.5"), none("vegur")]
    );
    assert_eq!(entries("Via: odd"), [none("odd")]);
}

#[test]
fn lines_join_in_order() {
    let head = head(
        "GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\nVia: 1.1 a\r\nHost: a.example\r\nX-FORWARDED-FOR: 192.0.2.2,192.0.2.3\r\n\r\n",
    );
    let texts: Vec<(ChainKind, Vec<String>)> =
        head.chains.iter().map(|c| (c.kind, c.entries.iter().map(|e| e.text.to_string()).collect())).collect();
    assert_eq!(
        texts,
        [
            (ChainKind::XForwardedFor, vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned(), "192.0.2.3".to_owned()]),
            (ChainKind::Via, vec!["a".to_owned()]),
        ]
    );
}

#[test]
fn the_rightmost_entries_are_kept() {
    let list: Vec<String> = (0..100).map(|n| format!("192.0.2.{n}")).collect();
    let head = head(&format!("GET / HTTP/1.1\r\nX-Forwarded-For: {}\r\n\r\n", list.join(",")));
    let chain = &head.chains[0];
    assert_eq!((chain.left_out, chain.entries.len()), (36, 64));
    assert_eq!((&*chain.entries[0].text, &*chain.entries[63].text), ("192.0.2.36", "192.0.2.99"));
}

#[test]
fn hosts() {
    assert_eq!(head("GET / HTTP/1.1\r\nHost: WWW.Example.org:8080\r\n\r\n").host.as_deref(), Some("www.example.org"));
    assert_eq!(head("CONNECT Proxy.example:443 HTTP/1.1\r\n\r\n").host.as_deref(), Some("proxy.example"));
    let asked = |target: &str| head(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).chains.len();
    assert_eq!(
        ["proxy.example:443", "[2001:db8::1]:80", "/", "proxy.example", "http://a.example:80/"].map(asked),
        [1, 1, 0, 0, 0]
    );
    assert_eq!(head("GET http://u:p@Abs.example:81/x?y HTTP/1.0\r\n\r\n").host.as_deref(), Some("abs.example"));
    assert_eq!(head("GET /http://no.example/ HTTP/1.0\r\n\r\n").host, None);
    assert_eq!(head("POST / HTTP/1.1\r\nhOST:[2001:db8::1]:80\r\n\r\n").host.as_deref(), Some("2001:db8::1"));
}

#[test]
fn a_head_that_is_cut_off_gives_its_whole_lines() {
    let whole = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.22";
    let head = head(whole);
    assert!(head.incomplete);
    assert_eq!(head.host.as_deref(), Some("a.example"));
    assert_eq!(head.chains[0].entries.len(), 1, "the last line may go on");
    assert_eq!(request_head(b"GET /never-ending"), None);
}

#[test]
fn hostile_heads() {
    let bad_line = head("GET / HTTP/1.1\r\nbad line\r\n\x01: x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
    assert_eq!(bad_line.chains[0].entries.len(), 1, "a bad line does not hide a good one");
    let escape = head("GET / HTTP/1.1\r\nX-Forwarded-For: <b>\t\x1b[2J\u{e9}\r\n\r\n");
    assert!(escape.chains.is_empty() || !escape.chains[0].entries[0].text.contains('\x1b'));
    let bytes = [b"GET / HTTP/1.1\r\nX-Forwarded-For: a\xe9b\\\r\n\r\n".as_slice()].concat();
    assert_eq!(&*request_head(&bytes).unwrap().chains[0].entries[0].text, "a\\xe9b\\\\");
    let long = head(&format!("GET / HTTP/1.1\r\nX-Forwarded-For: {}\r\n\r\n", "a".repeat(1000)));
    assert_eq!(long.chains[0].entries[0].text.len(), 256);
    let many = head(&format!("GET / HTTP/1.1\r\nHost: a.example\r\n{}\r\n", "a: b\r\n".repeat(500)));
    assert_eq!((many.incomplete, many.host.as_deref()), (true, Some("a.example")));
    let huge = head(&format!("GET / HTTP/1.1\r\nHost: a.example\r\nX: {}\r\nVia: 1.1 late\r\n\r\n", "x".repeat(MAX_HEAD)));
    assert_eq!((huge.incomplete, huge.chains.len()), (true, 0));
}

#[test]
fn what_is_no_request() {
    for text in [
        "",
        "GET",
        "HTTP/1.1 200 OK\r\n\r\n",
        "GETTING / HTTP/1.1\r\n\r\n",
        "GET / SPDY/9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        assert_eq!(request_head(text.as_bytes()), None, "{text:?}");
    }
}
