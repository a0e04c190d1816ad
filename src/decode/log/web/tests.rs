use super::testkit::{self, Read, clock};
use super::*;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Outcome};
use crate::model::time::Timestamp;
use proptest::prelude::*;

fn read_all(text: &str) -> Read {
    Read::of(&mut Web::new(clock()), text.as_bytes())
}

fn short(text: &str) -> Vec<String> {
    let read = read_all(text);
    assert_eq!(read.rejected, [], "{text}");
    read.short()
}

const COMBINED: &str =
    r#"203.0.113.5 - - [10/Oct/2023:13:55:36 +0200] "GET /a HTTP/1.1" 200 2326 "http://example.org/" "Mozilla/5.0 (X11)""#;
const INGRESS: &str = r#"203.0.113.5 - - [10/Oct/2023:13:55:36 +0000] "GET / HTTP/2.0" 200 612 "-" "curl/8.5.0" 431 0.005 [default-web-80] [] 10.1.2.3:8080 612 0.004 200 5d4f0a"#;
const MANAGER: &str = r#"[24/Jan/2022:16:51:02 +0000] - 404 404 - GET http www.example.org "/x" [Client 203.0.113.5] [Length 192] [Gzip 3.10] [Sent-to 10.0.0.5:8080] "Mozilla" "-""#;
const NGINX_ERROR: &str = r#"2022/01/24 16:33:06 [error] 334#334: *338 upstream timed out (110: Connection timed out) while connecting to upstream, client: 203.0.113.5, server: www.example.org, request: "GET /x HTTP/1.1", upstream: "http://10.0.0.5:8080/x", host: "www.example.org""#;
const APACHE_ERROR: &str = "[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] [pid 10:tid 140120579262208] [client 203.0.113.5:50229] AH01618: user sss not found: /";

#[test]
fn common_and_combined() {
    let read = read_all(COMBINED);
    assert_eq!(read.short(), ["203.0.113.5 0>? 0 Exchanged 0/2326 -"]);
    assert_eq!(read.times(), ["2023-10-10T11:55:36Z"]);
    assert_eq!((read.contacts()[0].act, read.contacts()[0].proto), (Act::Request, IpProtocol::TCP));
    let common = COMBINED.split_once(" \"http://").unwrap().0;
    assert_eq!(short(common), read.short());
    for (client, expected) in [
        ("2001:db8::5", "2001:db8::5 0"),
        ("[2001:db8::5]", "2001:db8::5 0"),
        ("[2001:db8::5]:4711", "2001:db8::5 4711"),
        ("::ffff:203.0.113.5", "203.0.113.5 0"),
        ("203.0.113.5:4711", "203.0.113.5 4711"),
    ] {
        assert_eq!(short(&COMBINED.replacen("203.0.113.5", client, 1)), [format!("{expected}>? 0 Exchanged 0/2326 -")]);
    }
}

#[test]
fn a_client_by_name_is_a_record_and_no_contact() {
    for client in ["gw.example.org", "unix:", "www.example.org gw.example.net"] {
        let read = read_all(&COMBINED.replacen("203.0.113.5", client, 1));
        assert_eq!((read.records, read.said.len()), (1, 0), "{client}");
    }
}

#[test]
fn a_virtual_host_in_front() {
    for (front, host) in [
        ("www.example.org", "www.example.org"),
        ("www.example.org:443", "www.example.org"),
        ("192.0.2.9:80", "192.0.2.9"),
        ("-", "-"),
        ("_", "-"),
        // A host asked for by its address, or one forwarder.
        ("198.51.100.66", "-"),
    ] {
        assert_eq!(short(&format!("{front} {COMBINED}")), [format!("203.0.113.5 0>? 0 Exchanged 0/2326 {host}")], "{front}");
    }
    // What identd says, and a user with blanks: the client is still the first word.
    for ident in ["198.51.100.66 -", "- 198.51.100.66 - -", "- a b c", "198.51.100.66 x y"] {
        let line = COMBINED.replacen("- -", ident, 1);
        assert_eq!(short(&line)[0].split(' ').next(), Some("203.0.113.5"), "{ident}");
    }
}

#[test]
fn forwarded_for() {
    let behind = |text: &str| read_all(&format!("{COMBINED} \"{text}\""));
    let read = behind("198.51.100.1, unknown, 10.000.000.03");
    assert_eq!(read.entries(), [["198.51.100.1", "unknown", "10.000.000.03"]]);
    let chain = read.chains()[0];
    assert_eq!((chain.peer.to_string().as_str(), chain.server), ("203.0.113.5", crate::model::record::UNNAMED));
    assert_eq!(chain.entries[2].addr.unwrap().to_string(), "10.0.0.3");
    for none in ["-", "", "0.003", "198.51.100.1; x", "from 198.51.100.1"] {
        assert_eq!(behind(none).chains().len(), 0, "{none}");
    }
    let front = read_all(&format!("198.51.100.1, 192.0.2.8 {COMBINED}"));
    assert_eq!((front.short(), front.entries()), (read.short(), vec![vec!["198.51.100.1", "192.0.2.8"]]));
    let instead = read_all(&COMBINED.replacen("203.0.113.5", "198.51.100.1, 192.0.2.8", 1));
    assert_eq!((instead.short().len(), instead.entries()), (0, vec![vec!["198.51.100.1", "192.0.2.8"]]));
}

#[test]
fn upstream_servers() {
    let client = "203.0.113.5 0>? 0 Exchanged 431/612 -";
    assert_eq!(short(INGRESS), [client, "? 0>10.1.2.3 8080 Unknown 0/0 -"]);
    let two = INGRESS.replace("10.1.2.3:8080", "10.1.2.9:8080, 10.1.2.3:8080");
    assert_eq!(short(&two), [client, "? 0>10.1.2.3 8080 Unknown 0/0 -"]);
    assert_eq!(short(&INGRESS.replace("10.1.2.3:8080", "-")), [client]);
    let named = |tail: &str| short(&format!("{COMBINED} {tail}"))[1..].to_vec();
    let expected = ["? 0>10.0.0.5 80 Unknown 0/0 -"];
    assert_eq!(named(r#"rt=0.005 ua="10.0.0.5:80" us="200""#), expected);
    assert_eq!(named(r#""-" upstream_addr=10.0.0.5:80"#), expected);
    assert_eq!(named(r#"12 "router@file" "http://10.0.0.5:80" 7ms"#), expected);
    assert_eq!(named(r#"ua="10.0.0.4:80, 10.0.0.5:80 : 10.0.0.6:80""#).len(), 3);
    // Without a name or a place in a shipped format it may be anything.
    for tail in [r#""10.0.0.5:80" 0.1"#, "10.0.0.5:80", r#""-" "10.0.0.5:80""#, r#"12 "http://10.0.0.5:80""#] {
        assert!(named(tail).is_empty(), "{tail}");
    }
    assert_eq!(
        short(&format!("{COMBINED} rt=0.1 host=\"www.example.org:80\"")),
        ["203.0.113.5 0>? 0 Exchanged 0/2326 www.example.org"]
    );
}

#[test]
fn how_it_went() {
    let with = |request: &str, rest: &str| {
        let read = read_all(&format!("203.0.113.5 - - [10/Oct/2023:13:55:36 +0200] \"{request}\" {rest}"));
        assert_eq!(read.rejected, [], "{request} {rest}");
        let contact = read.contacts()[0];
        (contact.outcome, contact.act, contact.proto.0)
    };
    let get = "GET / HTTP/1.1";
    assert_eq!(with(get, "403 0"), (Outcome::Exchanged, Act::Request, 6));
    assert_eq!(with(get, "304 -"), (Outcome::Exchanged, Act::Request, 6));
    assert_eq!(with(get, "444 0"), (Outcome::Established, Act::Request, 6));
    assert_eq!(with(get, "499 0"), (Outcome::Established, Act::Request, 6));
    assert_eq!(with(get, "499 1440"), (Outcome::Exchanged, Act::Request, 6));
    assert_eq!(with("-", "408 -"), (Outcome::Established, Act::Connection, 6));
    assert_eq!(with("", "400 150"), (Outcome::Established, Act::Connection, 6));
    assert_eq!(with(r"\x16\x03\x01\x02\x00\x01", "400 157 \"-\" \"-\""), (Outcome::Exchanged, Act::Request, 6));
    assert_eq!(with("GET / HTTP/3.0", "200 5"), (Outcome::Exchanged, Act::Request, 17));
    assert_eq!(with("GET / HTTP/3.0", "505 5"), (Outcome::Exchanged, Act::Request, 6));
}

#[test]
fn a_user_name_is_not_taken_for_more() {
    // Neither server lets a bare quotation mark through; blanks and brackets they do.
    for user in ["- [01/Jan/2000:00:00:00 +0000] 198.51.100.66", r#"\" 200 5 \"-"#, r"\x22 200", "] ", r"\\"] {
        let line = COMBINED.replacen("- - [", &format!("- {user} ["), 1);
        let read = read_all(&line);
        assert_eq!(read.short(), ["203.0.113.5 0>? 0 Exchanged 0/2326 -"], "{user}");
        assert_eq!(read.times(), ["2023-10-10T11:55:36Z"], "{user}");
    }
}

#[test]
fn a_request_that_is_not_escaped_is_rejected() {
    for request in [
        r#"GET /" 200 5"#,
        r#"GET /"x HTTP/1.1"#,
        r#"GET /" 200 5 "-" "agent" HTTP/1.1"#,
        r#"GET / HTTP/1.1" 200 5 "-" "x" "198.51.100.66" "/y HTTP/1.1"#,
        r#"GET / HTTP/1.1" 200 5 "-" "x HTTP/1.1"#,
        r#"GET / HTTP/1.1" 200 5 "x HTTP/1.1"#,
    ] {
        let read = read_all(&COMBINED.replace("GET /a HTTP/1.1", request));
        assert_eq!((read.records, read.rejected.len()), (0, 1), "{request}");
    }
    // Escaped, the same is a request like others.
    for request in [r#"GET /\" 200 5 \"-\" \"x\" \"198.51.100.66\" HTTP/1.1"#, r"GET /\x22 200 5 \x22-\x22 HTTP/1.1", r"GET /\\"]
    {
        assert_eq!(short(&COMBINED.replace("GET /a HTTP/1.1", request)), ["203.0.113.5 0>? 0 Exchanged 0/2326 -"], "{request}");
    }
    // An agent that looks like the end of a request hides nothing.
    assert_eq!(short(&COMBINED.replace("Mozilla/5.0 (X11)", "x HTTP/1.1")).len(), 1);
}

#[test]
fn a_line_that_is_cut_off() {
    for (end, good) in [(" (X11", true), ("200 2326", false), ("GET /a", false), ("[10/Oct", false)] {
        let line = COMBINED.split_once(end).unwrap().0;
        assert_eq!(read_all(line).rejected.is_empty(), good, "{line}");
    }
}

#[test]
fn proxy_manager() {
    let read = read_all(MANAGER);
    assert_eq!(read.short(), ["203.0.113.5 0>? 0 Exchanged 0/192 www.example.org", "? 0>10.0.0.5 8080 Unknown 0/0 -"]);
    assert_eq!(read.times()[0], "2022-01-24T16:51:02Z");
    // The path and the agent are the client's.
    for path in ["/ [Client 198.51.100.66] [Length 1] [Gzip -] ", r"/\x22 [Client 198.51.100.66]", "/ - 200 - "] {
        assert_eq!(short(&MANAGER.replace("/x", path)), read.short(), "{path}");
    }
    assert_eq!(
        short(&MANAGER.replace("Mozilla", "x [Client 198.51.100.66] [Length 1] [Gzip -] [Sent-to 198.51.100.66] ")),
        read.short()
    );
    assert_eq!(short(&MANAGER.replace("10.0.0.5:8080", "web")).len(), 1);
    assert_eq!(short(&MANAGER.replace("- 404 404", "HIT - 200"))[0], read.short()[0]);
    assert_eq!(short(&MANAGER.replace("- 404 404 - GET", "404 - -"))[0], read.short()[0], "no method");
    assert_eq!(short(&MANAGER.replace("203.0.113.5", "2001:db8::5")).len(), 2);
    assert_eq!(read_all(MANAGER.split_once("[Length").unwrap().0).rejected.len(), 1);
}

#[test]
fn apache_errors() {
    let read = read_all(APACHE_ERROR);
    assert_eq!(read.short(), ["203.0.113.5 50229>? 0 Exchanged 0/0 -"]);
    assert_eq!((read.contacts()[0].act, read.times()[0].as_str()), (Act::LoginFailed, "2022-10-13T12:24:49.880562Z"));
    let rest = |text: &str| short(&format!("[Wed Apr 16 16:09:40.056610 2025] [ssl:info] [pid 9:tid 9] {text}"));
    let one = ["203.0.113.5 17036>? 0 Established 0/0 -"];
    assert_eq!(rest("(70014)End of file found: [client 203.0.113.5:17036] AH02006: SSL handshake stopped"), one);
    assert_eq!(rest("mod_ssl.c(123): (70014)End of file found: [client 203.0.113.5:17036] x"), one);
    assert_eq!(rest("[client 203.0.113.5:17036] [client 198.51.100.66:1] x, referer: [client 198.51.100.66]"), one);
    assert_eq!(rest("[client [2001:db8::5]:17036] x"), ["2001:db8::5 17036>? 0 Established 0/0 -"]);
    for none in [
        "AH00094: Command line: 'apache2 [client 198.51.100.66]'",
        "(2)No such file: AH1: x: [client 198.51.100.66:1]",
        "script said: [client 198.51.100.66:1]",
        "[a message] [client 198.51.100.66:1]",
        "[remote 192.0.2.9:80] AH01102: error reading status line",
    ] {
        assert_eq!(rest(none), [""; 0], "{none}");
    }
    assert_eq!(short("[Wed Oct 11 14:32:52 2000] [error] [client 203.0.113.5] x"), ["203.0.113.5 0>? 0 Established 0/0 -"]);
}

#[test]
fn nginx_errors() {
    let both = ["203.0.113.5 0>? 0 Established 0/0 www.example.org", "? 0>10.0.0.5 8080 Unanswered 0/0 -"];
    assert_eq!(short(NGINX_ERROR), both);
    let refused = "connect() failed (111: Connection refused) while connecting to upstream";
    let timed_out = "upstream timed out (110: Connection timed out) while connecting to upstream";
    assert_eq!(short(&NGINX_ERROR.replace(timed_out, refused))[1], "? 0>10.0.0.5 8080 Refused 0/0 -");
    let failed = read_all(&NGINX_ERROR.replace(timed_out, "user \"toto\": password mismatch"));
    assert_eq!((failed.contacts()[0].act, failed.contacts()[0].outcome), (Act::LoginFailed, Outcome::Exchanged));
    // No client, no contact: messages of the server's own.
    assert_eq!(short("2022/01/24 16:33:06 [notice] 334#334: using the \"epoll\" event method"), [""; 0]);
    // Two clients: one of them is a path, a user name or a referer.
    for (from, to) in [
        (timed_out, "open() \"/srv/x, client: 198.51.100.66, server: a\" failed (2: No such file or directory)"),
        ("/x HTTP/1.1", "/x, client: 198.51.100.66, server: HTTP/1.1"),
    ] {
        assert_eq!(read_all(&NGINX_ERROR.replace(from, to)).rejected, [(1, "two clients are named")]);
    }
    // An upstream that only the request names.
    let asked = NGINX_ERROR.replace(", upstream: \"http://10.0.0.5:8080/x\"", "");
    for request in [r#"/x", upstream: "http://198.51.100.66/ HTTP/1.1"#, r#"/x HTTP/1.1", upstream: "http://198.51.100.66/"#] {
        let line = asked
            .replace("/x HTTP/1.1", request)
            .replace(timed_out, "client sent invalid request while reading client request line");
        assert_eq!(short(&line)[1..], [""; 0], "{line}");
    }
    assert_eq!(short(&NGINX_ERROR.replace("/x HTTP/1.1", r#"/x", upstream: "http://198.51.100.66/ HTTP/1.1"#)).len(), 1);
}

#[test]
fn zones_that_are_not_written_are_assumed() {
    for (line, assumed) in [(COMBINED, false), (MANAGER, false), (NGINX_ERROR, true), (APACHE_ERROR, true)] {
        let mut web = Web::new(clock());
        web.line(line.as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(web.clock.assumed().zone(), assumed, "{line}");
    }
}

#[test]
fn within_syslog() {
    let read = |program: &[u8], text: &str| {
        let mut out = Vec::new();
        let envelope = Envelope { time: Some(Timestamp(7)), program, message: text.as_bytes() };
        (message(&envelope, &mut clock(), &mut out), out)
    };
    for line in [COMBINED, INGRESS, MANAGER, NGINX_ERROR, APACHE_ERROR] {
        assert!(matches!(read(b"nginx", line), (Some(Ok(())), out) if !out.is_empty()), "{line}");
        assert!(matches!(read(b"sshd", line), (None, out) if out.is_empty()));
    }
    let without_time = APACHE_ERROR.split_once("2022] ").unwrap().1;
    let (_, out) = read(b"apache2", without_time);
    assert_eq!((out.len(), out[0].time), (1, Some(Timestamp(7))));
    assert!(matches!(read(b"nginx", "configuration file test is successful"), (None, _)));
    assert!(matches!(read(b"httpd", &COMBINED.replace(" 200", "x")), (Some(Err(_)), _)));
}

#[test]
fn fixtures() {
    let nginx = Read::of(&mut Web::new(clock()), &testkit::fixture("nginx.log"));
    assert_eq!((nginx.records, nginx.contacts().len(), nginx.chains().len()), (14, 14, 3), "{:?}", nginx.short());
    assert_eq!(nginx.rejected, [(13, NOT_ESCAPED), (14, "two clients are named")]);
    let apache = Read::of(&mut Web::new(clock()), &testkit::fixture("apache-vhost.log"));
    assert_eq!((apache.records, apache.contacts().len(), apache.chains().len()), (9, 8, 0), "{:?}", apache.short());
    assert_eq!(apache.rejected, [(10, NOT_ESCAPED), (11, OTHER_FORMAT.0)]);
    for read in [nginx, apache] {
        for contact in read.contacts() {
            assert_ne!(contact.src.to_string(), "198.51.100.66", "an address that only a client wrote");
            assert_ne!(contact.dst.to_string(), "198.51.100.66", "an address that only a client wrote");
        }
    }
}

const NOT_ESCAPED: &str = "quotation marks in the request are not escaped";

#[test]
fn only_these_look_like_it() {
    let all = [
        "fixtures/incident/proxy.log",
        "fixtures/records/apache-vhost.log",
        "fixtures/records/nginx.log",
        "log-web/crowdsecurity__apache2-logs.log",
        "log-web/crowdsecurity__nginx-proxy-manager-logs.log",
        "log-web/elastic__apache_logs",
    ];
    assert_eq!(testkit::taken(looks_like), testkit::there(&all));
    for other in [
        &format!("Jan  1 00:00:00 host nginx: {COMBINED}\n"),
        &format!("Jan 12 00:00:00 host nginx: {COMBINED}\n"),
        &format!("2024-01-01T00:00:00Z host nginx: {COMBINED}\n"),
        &format!("<34>1 2024-01-01T00:00:00Z host nginx - - - {COMBINED}\n"),
        "[2024-01-01] some text\n",
        "2022/01/24 16:33:06 MANAGEMENT: >STATE:1,CONNECTED\n",
        "He said: [a] \"no\" 200 5\n",
    ] {
        assert!(!looks_like(other.as_bytes()), "{other}");
    }
}

/// What goaccess 1.9 counts with its combined format, and why we count otherwise.
#[test]
fn corpus_counts() {
    // file, parser of crowdsec, lines that goaccess does not read and we do, why.
    let table = [
        ("log-web/elastic__apache_logs", "", 0, ""),
        (
            "log-web/crowdsecurity__apache2-logs.log",
            "crowdsecurity/apache2-logs",
            5,
            "two with a virtual host in front, one in the common format, two of the error log",
        ),
        (
            "log-web/crowdsecurity__nginx-proxy-manager-logs.log",
            "crowdsecurity/nginx-proxy-manager-logs",
            0,
            "not read by goaccess",
        ),
    ];
    for (file, parser, more, why) in table {
        let Some((text, expected)) = testkit::corpus_file(file) else { return };
        let read = Read::of(&mut Web::new(clock()), &text);
        let expected_lines = expected["expected"]["lines"].as_u64().unwrap();
        assert_eq!((read.records, read.rejected.len()), (expected_lines, 0), "{file}");
        if let Some(valid) = expected["expected"]["goaccess"]["general"]["valid_requests"].as_u64() {
            assert_eq!(read.records, valid + more, "{file}: {why}");
            for host in expected["expected"]["goaccess"]["top_hosts"].as_array().unwrap() {
                let hits = read.contacts().iter().filter(|c| host["ip"] == c.src.to_string() && c.host.is_none()).count();
                assert_eq!(host["hits"], hits, "{file}: {host}");
            }
        }
        if parser.is_empty() {
            continue;
        }
        let lines = usize::try_from(expected_lines).unwrap();
        for field in ["source_ip", "target_fqdn"] {
            for (n, value) in testkit::asserted(&expected, parser, field, lines).into_iter().enumerate() {
                let Some(value) = value else { continue };
                let first = read.lines.iter().position(|&l| l == n + 1).unwrap();
                let contact = read.contacts()[first];
                let found =
                    if field == "source_ip" { contact.src.to_string() } else { contact.host.as_deref().unwrap().to_owned() };
                assert_eq!(found, value, "{file}:{} {field}", n + 1);
            }
        }
    }
}

#[test]
fn corpus_volume() {
    let Some((text, expected)) = testkit::corpus_file("log-web/elastic__apache_logs") else { return };
    let read = Read::of(&mut Web::new(clock()), &text);
    let sum: u64 = read.contacts().iter().map(|c| c.backward.bytes).sum();
    assert_eq!(expected["expected"]["goaccess"]["general"]["bandwidth"], sum);
    let clients: std::collections::BTreeSet<_> = read.contacts().iter().map(|c| c.src).collect();
    assert_eq!(clients.len(), 1753);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), which in 0..6_usize, cut in any::<proptest::sample::Index>()) {
        let vhost = format!("www.example.org:80 {COMBINED} \"192.0.2.1, 192.0.2.2\" ua=\"10.0.0.1:80\"");
        let line = [COMBINED, INGRESS, MANAGER, NGINX_ERROR, APACHE_ERROR, &vhost][which].as_bytes();
        Read::of(&mut Web::new(clock()), &bytes);
        let at = cut.index(line.len());
        Read::of(&mut Web::new(clock()), &line[..at]);
        Read::of(&mut Web::new(clock()), &[&line[..at], &bytes[..], &line[at..]].concat());
        looks_like(&bytes);
    }

    #[test]
    fn a_request_moves_no_client(request in "[ -~]{0,60}") {
        let line = COMBINED.replace("GET /a HTTP/1.1", &request);
        for contact in read_all(&line).contacts() {
            prop_assert_eq!(contact.src.to_string(), "203.0.113.5");
        }
    }
}
