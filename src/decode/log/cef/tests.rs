use super::{Cef, looks_like, message};
use crate::decode::log::Format;
use crate::decode::log::asa::testing::{Seen, clock, corpus, fixture, run, told};
use crate::decode::record::Lines;

fn read(line: &str) -> Seen {
    run(Box::new(Lines(Cef::new(clock()))), line.as_bytes())
}

#[test]
fn the_fixtures_say_what_their_readme_says() {
    let seen = fixture("cef.log", Format::Cef);
    assert_eq!(
        seen.said,
        [
            "08:00:01Z 203.0.113.5 41230 > 192.0.2.10 22 tcp Refused",
            "08:00:01Z alert 203.0.113.5 41230 > 192.0.2.10 22 tcp \"SSH brute force | many tries\" Some(\"2024\") Some(8) blocked",
            "08:00:02Z x-forwarded-for [\"198.51.100.7\", \"203.0.113.99\"] before 203.0.113.5 at 192.0.2.10",
            "08:00:02Z 203.0.113.5 41231 > 192.0.2.10 443 tcp Exchanged Request 0/900 0/12000 to 08:00:04Z host www.example.org by 192.0.2.1",
            "08:00:03Z 192.0.2.20 50112 > 203.0.113.80 443 tcp Exchanged 0/1188 0/12240",
            "08:00:03Z nat [192.0.2.20 50112 => 198.51.100.1 21077] [203.0.113.80 443] tcp",
            "08:00:04Z 2001:db8:5::7 > 2001:db8:10::10 80 tcp",
            "08:00:04Z alert 2001:db8:5::7 > 2001:db8:10::10 80 tcp \"Six\" Some(\"7\") None",
        ]
    );
    assert_eq!(seen.records, 5);
    assert_eq!(seen.rejected, ["a field stands twice with different values", "the header of a CEF line is cut off"]);
    let seen = fixture("leef.log", Format::Cef);
    assert_eq!(
        seen.said,
        [
            "08:00:01Z 203.0.113.5 41230 > 192.0.2.10 3389 tcp Refused",
            "08:00:01Z alert 203.0.113.5 41230 > 192.0.2.10 3389 tcp \"DENY\" Some(\"DENY\") Some(8) blocked",
            "08:00:02Z 192.0.2.20 50112 > 203.0.113.80 443 tcp Exchanged 40/4200 80/91000",
            "08:00:02Z nat [192.0.2.20 50112 => 198.51.100.1 21077] [203.0.113.80 443] tcp",
            "? 2001:db8:5::7 > 2001:db8:10::10 icmp6",
        ]
    );
    assert_eq!(seen.records, 4);
    assert_eq!(seen.rejected, ["a field stands twice with different values", "the header of a LEEF line is cut off"]);
}

#[test]
fn escapes_hold_fields_together() {
    let head = "CEF:0|V|P|1|1|n|1|";
    for (extension, expected) in [
        ("src=203.0.113.5 dst=192.0.2.1 msg=a src\\=198.51.100.66 dpt\\=9", "? 203.0.113.5 > 192.0.2.1 ip-proto-0"),
        ("msg=a b c src=203.0.113.5 dst=192.0.2.1 dpt=80", "? 203.0.113.5 > 192.0.2.1 80 ip-proto-0"),
        // An equals sign that is not escaped, in a URL: no blank before its key.
        ("request=/?src=198.51.100.66&dst=1 src=203.0.113.5 dst=192.0.2.1", "? 203.0.113.5 > 192.0.2.1 ip-proto-0"),
        ("src=203.0.113.5 spt= dst=192.0.2.1", "? 203.0.113.5 > 192.0.2.1 ip-proto-0"),
    ] {
        assert_eq!(read(&format!("{head}{extension}")).said, [expected], "{extension}");
    }
    assert_eq!(read("CEF:0|V|P|1|1|a \\| b|src=203.0.113.5|8|src=203.0.113.5 dst=192.0.2.1").rejected.len(), 1, "a bar too many");
    assert_eq!(read(&format!("{head}src=203.0.113.5")).said, [""; 0], "half a contact is none");
}

#[test]
fn times_as_the_format_has_them() {
    for (time, expected) in [
        ("rt=1710230400123", "08:00:00.123Z"),
        ("rt=Mar 12 2024 08:00:00.500 UTC", "08:00:00.500Z"),
        ("rt=Mar 12 2024 08:00:00 GMT", "08:00:00Z"),
        ("rt=Mar 12 08:00:00", "08:00:00Z"),
        ("start=1710230400000 rt=1710230500000", "08:00:00Z"),
        ("rt=2024-03-12T09:00:00+01:00", "08:00:00Z"),
        ("rt=yesterday", "?"),
    ] {
        let line = format!("CEF:0|V|P|1|1|n|1|src=203.0.113.5 dst=192.0.2.1 {time}");
        assert_eq!(read(&line).said, [format!("{expected} 203.0.113.5 > 192.0.2.1 ip-proto-0")], "{time}");
    }
}

#[test]
fn delimiters_of_leef() {
    for (delimiter, between) in [("^|", "^"), ("x09|", "\t"), ("0x7c|", "|"), ("|", "\t"), ("", "\t"), ("", "#011")] {
        let line = format!("LEEF:2.0|V|P|1|E|{delimiter}src=203.0.113.5{between}dst=192.0.2.1{between}dstPort=22{between}x=y");
        assert_eq!(read(&line).said, ["? 203.0.113.5 > 192.0.2.1 22 ip-proto-0"], "{delimiter}");
    }
}

#[test]
fn within_an_envelope() {
    let line = b"CEF:0|V|P|1|1|n|1|src=203.0.113.5 dst=192.0.2.1";
    let expected = Some(Ok(vec!["08:00:00Z 203.0.113.5 > 192.0.2.1 ip-proto-0".to_owned()]));
    assert_eq!(told(message, "", line), expected);
    assert_eq!(told(message, "CEF", &line[4..]), expected);
    assert_eq!(told(message, "app", b"user CEF:0|V|P|1|1|n|1|src=203.0.113.5 dst=192.0.2.1"), None);
    for text in ["CEF:", "CEF:0|a|b", "CEF:2|V|P|1|1|n|1|", "LEEF:3.0|a|b|c|d|", "a CEF:0|V|P|1|1|n|1|", ""] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
}

#[test]
fn no_file_of_the_corpus_is_taken() {
    for (path, bytes) in corpus() {
        assert!(!looks_like(&bytes), "{}", path.display());
    }
}
