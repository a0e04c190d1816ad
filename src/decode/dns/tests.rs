use super::*;
use crate::decode::testkit::*;

#[track_caller]
fn names(message: &[u8]) -> Vec<String> {
    let answers = answers(message).unwrap().unwrap();
    assert_eq!(answers.damage, None);
    answers.names.iter().map(|n| format!("{} {} {} {}", n.addr, n.name, n.how.as_str(), n.ttl_s.unwrap())).collect()
}

#[test]
fn addresses_and_pointers() {
    let message = dns_response(
        "WWW.Example.org",
        1,
        &[dns_record("www.EXAMPLE.org", 1, 300, &[192, 0, 2, 80]), dns_record("www.example.org", 28, 60, &v6("2001:db8::80"))],
    );
    assert_eq!(names(&message), ["192.0.2.80 www.example.org forward 300", "2001:db8::80 www.example.org forward 60"]);

    let reverse4 = "80.2.0.192.in-addr.arpa";
    let message = dns_response(reverse4, 12, &[dns_record(reverse4, 12, 3600, &dns_name("AE1.Core.example.net"))]);
    assert_eq!(names(&message), ["192.0.2.80 ae1.core.example.net ptr 3600"]);

    let reverse6 = "0.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    let message = dns_response(reverse6, 12, &[dns_record(reverse6, 12, 5, &dns_name("r1.example.net"))]);
    assert_eq!(names(&message), ["2001:db8::80 r1.example.net ptr 5"]);
}

/// Found by fuzzing: an IPv4 address in an AAAA record or below ip6.arpa is an IPv4 address.
#[test]
fn mapped_addresses_are_unmapped() {
    let message = dns_response("www.example.org", 28, &[dns_record("www.example.org", 28, 60, &v6("::ffff:192.0.2.80"))]);
    assert_eq!(names(&message), ["192.0.2.80 www.example.org forward 60"]);
    let reverse = "0.5.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa";
    let message = dns_response(reverse, 12, &[dns_record(reverse, 12, 5, &dns_name("r1.example.net"))]);
    assert_eq!(names(&message), ["192.0.2.80 r1.example.net ptr 5"]);
    let message = dns_response("www.example.org", 28, &[dns_record("www.example.org", 28, 60, &v6("::ffff:0.0.0.0"))]);
    assert_eq!(names(&message), [""; 0]);
}

/// The bytes of a real kind of answer: compressed owner, alias, two addresses.
#[test]
fn compressed_names_and_aliases() {
    let mut message = dns_response("www.shop.example", 1, &[]);
    message[7] = 3;
    // c00c is the question's name; the alias's target "cdn.example" borrows ".example" at offset 12 + 9.
    message.extend([0xc0, 0x0c, 0, 5, 0, 1, 0, 0, 0, 30, 0, 6, 3, b'c', b'd', b'n', 0xc0, 21]);
    let target = message.len() as u8 - 6;
    for (host, ttl) in [(1, 99), (2, 10)] {
        message.extend([0xc0, target, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4, 192, 0, 2, host]);
    }
    // Whoever asked for the shop was sent there, for as long as the shortest of the records holds.
    assert_eq!(names(&message), ["192.0.2.1 www.shop.example forward 30", "192.0.2.2 www.shop.example forward 10"]);
}

#[test]
fn classless_delegation_names_the_address_that_was_asked_for() {
    let (asked, inner) = ("4.2.0.192.in-addr.arpa", "4.0-25.2.0.192.in-addr.arpa");
    let message = dns_response(
        asked,
        12,
        &[dns_record(asked, 5, 100, &dns_name(inner)), dns_record(inner, 12, 200, &dns_name("gw.example"))],
    );
    assert_eq!(names(&message), ["192.0.2.4 gw.example ptr 100"]);
}

#[test]
fn alias_loops_end() {
    let message = dns_response(
        "a.example",
        1,
        &[
            dns_record("a.example", 5, 1, &dns_name("b.example")),
            dns_record("b.example", 5, 1, &dns_name("a.example")),
            dns_record("b.example", 1, 9, &[192, 0, 2, 1]),
            dns_record("stranger.example", 1, 9, &[192, 0, 2, 2]),
        ],
    );
    assert_eq!(names(&message), ["192.0.2.1 a.example forward 1", "192.0.2.2 stranger.example forward 9"]);
}

#[test]
fn only_successful_answers_to_standard_queries() {
    let good = dns_response("a.example", 1, &[dns_record("a.example", 1, 9, &[192, 0, 2, 1])]);
    for (at, value) in [(2, 0x01), (2, 0xa0), (3, 0x83), (3, 0x02)] {
        let mut other = good.clone();
        other[at] = value;
        assert_eq!(answers(&other), Ok(None), "byte {at} = {value:#x}");
    }
    assert_eq!(answers(&good[..11]), Err(DecodeError::truncated("dns", 12, 11)));
}

#[test]
fn what_names_nothing_is_passed_over() {
    let message = dns_response(
        "a.example",
        255,
        &[
            dns_record("a.example", 16, 9, b"\x04text"),
            dns_record("a.example", 1, 9, &[0, 0, 0, 0]),
            dns_record("_http._tcp.local", 12, 9, &dns_name("printer._http._tcp.local")),
            dns_record("1.300.0.192.in-addr.arpa", 12, 9, &dns_name("x.example")),
            dns_record("1.0.192.in-addr.arpa", 12, 9, &dns_name("x.example")),
            dns_record("8.b.d.0.1.0.0.2.ip6.arpa", 12, 9, &dns_name("x.example")),
            dns_record("a.example", 1, 0x8000_0000, &[192, 0, 2, 1]),
        ],
    );
    assert_eq!(names(&message), ["192.0.2.1 a.example forward 0"], "and a negative TTL is none");
}

#[test]
fn mdns_flushes_and_asks_nothing() {
    let mut record = dns_record("laptop.local", 1, 120, &[192, 168, 1, 9]);
    record[16] |= 0x80;
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend(record);
    assert_eq!(names(&message), ["192.168.1.9 laptop.local forward 120"]);
}

#[test]
fn labels_hold_any_byte_but_names_do_not() {
    let mut record = vec![6, b'a', b'.', 0x1b, b'\\', 0xff, b'B', 0];
    record.extend([0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]);
    assert_eq!(names(&dns_response("q.example", 1, &[record])), ["192.0.2.1 a\\.\\x1b\\\\\\xffb forward 9"]);
    // 4 labels of 62 bytes that need escapes: a name on the wire, but none that can be written in 253 bytes.
    let mut record = [&[62][..], &[1; 62]].concat().repeat(4);
    record.extend([0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]);
    let answers = answers(&dns_response("q.example", 1, &[record])).unwrap().unwrap();
    assert_eq!((answers.names.len(), answers.left_out, answers.damage), (0, 1, None));
}

#[test]
fn damage_keeps_what_came_before() {
    let first = dns_record("a.example", 1, 9, &[192, 0, 2, 1]);
    let broken = |record: Vec<u8>| {
        let answers = answers(&dns_response("a.example", 1, &[first.clone(), record])).unwrap().unwrap();
        assert_eq!(answers.names.len(), 1);
        answers.damage.unwrap().to_string()
    };
    assert_eq!(broken(dns_record("a.example", 1, 9, &[192, 0, 2])), "dns record: an address of the wrong length");
    assert_eq!(broken(vec![0xc0, 0xff]), "dns name: compression pointer that does not point back");
    assert_eq!(broken(vec![0x80, 0]), "dns name: label of an unknown kind");
    assert_eq!(broken([&[63][..], &[b'a'; 63]].concat().repeat(5)), "dns name: longer than 255 bytes");
    let mut cut = dns_record("a.example", 1, 9, &[192, 0, 2, 1]);
    cut.truncate(16);
    assert!(broken(cut).starts_with("dns record: cut off"));
}

#[test]
fn pointers_can_not_be_made_to_loop() {
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend([0xc0, 12]);
    assert!(answers(&message).unwrap().unwrap().damage.is_some(), "at itself");
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend([0xc0, 14, 0xc0, 12]);
    assert!(answers(&message).unwrap().unwrap().damage.is_some(), "forward and back");
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend([0xc0, 24, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, b'a', 0, 1]);
    assert_eq!(answers(&message).unwrap().unwrap().names, [], "forward, though it would end");
}

#[test]
fn more_records_than_are_read() {
    let records: Vec<Vec<u8>> = (0..300_u32).map(|n| dns_record("a.example", 1, 9, &(0x0a00_0001 + n).to_be_bytes())).collect();
    let answers = answers(&dns_response("a.example", 1, &records)).unwrap().unwrap();
    assert_eq!((answers.names.len(), answers.left_out), (256, 44));
}

#[test]
fn messages_in_a_tcp_payload() {
    let message = dns_response("a.example", 1, &[dns_record("a.example", 1, 9, &[192, 0, 2, 1])]);
    let framed = join(&[&(message.len() as u16).to_be_bytes(), &message]);
    let payload = join(&[&framed, &framed, &framed[..30]]);
    let found: Vec<&[u8]> = tcp_messages(&payload).collect();
    assert_eq!(found, [&message[..], &message[..], &message[..28]]);
    assert_eq!(tcp_messages(&[0, 0, 0, 0, 0]).count(), 0);
}
