use super::{Fortinet, looks_like, message};
use crate::decode::log::Format;
use crate::decode::log::asa::testing::{Seen, clock, corpus, fixture, run, told};
use crate::decode::record::Lines;

fn read(line: &str) -> Seen {
    run(Box::new(Lines(Fortinet::new(clock()))), line.as_bytes())
}

const HEAD: &str = "date=2024-03-12 time=09:00:00 tz=\"+0100\" logid=\"0000000013\" type=\"traffic\" srcip=203.0.113.5 srcport=4123 dstip=198.51.100.9 dstport=443 proto=6";

#[test]
fn the_fixture_says_what_its_readme_says() {
    let seen = fixture("fortinet.log", Format::Fortinet);
    assert_eq!(
        seen.said,
        [
            "07:58:05.369913239Z 192.0.2.20 58012 > 203.0.113.80 80 tcp Exchanged 17/1188 16/12240 to 08:00:01.369913239Z",
            "07:58:05.369913239Z nat [192.0.2.20 58012 => 198.51.100.1 61012] [203.0.113.80 80] tcp to 08:00:01.369913239Z",
            "08:00:02Z 203.0.113.5 41230 > 198.51.100.9 3389 tcp Refused",
            "08:00:03Z 203.0.113.5 46810 > 192.0.2.10 80 tcp Refused host www.example.org",
            "08:00:03Z alert 203.0.113.5 46810 > 192.0.2.10 80 tcp \"Apache.Log4j.Error.Log.Remote.Code.Execution\" Some(\"51006\") Some(1) blocked",
            "08:00:04Z 203.0.113.44 > - ip-proto-0 Established",
            "08:00:04Z nat [203.0.113.44 => 192.0.2.201] [-] ip-proto-0",
            "08:00:05Z 203.0.113.5 > - tcp Exchanged LoginFailed",
        ]
    );
    assert_eq!(seen.records, 6);
    assert_eq!(seen.rejected, ["a field stands twice with different values", "a quote that is never closed"]);
}

#[test]
fn how_a_session_went() {
    for (rest, expected) in [
        ("action=\"close\" sentbyte=60 rcvdbyte=60 sentpkt=1 rcvdpkt=1", " Established 1/60 1/60"),
        ("action=\"server-rst\" sentbyte=60 rcvdbyte=40 sentpkt=1 rcvdpkt=1", " Refused 1/60 1/40"),
        ("action=\"server-rst\" sentbyte=600 rcvdbyte=4000 sentpkt=6 rcvdpkt=6", " Exchanged 6/600 6/4000"),
        ("action=\"timeout\" sentbyte=180 rcvdbyte=0 sentpkt=3 rcvdpkt=0", " Unanswered 3/180 0/0"),
        ("action=\"ip-conn\"", " Unanswered"),
        ("action=\"deny\"", " Refused"),
        ("action=\"start\" sentbyte=60", ""),
    ] {
        assert_eq!(
            read(&format!("{HEAD} {rest}")).said,
            [format!("08:00:00Z 203.0.113.5 4123 > 198.51.100.9 443 tcp{expected}")],
            "{rest}"
        );
    }
    let dnat = read(&format!("{HEAD} action=\"accept\" trandisp=\"dnat\" tranip=192.0.2.10 tranport=8443"));
    assert_eq!(dnat.said.last().unwrap(), "08:00:00Z nat [203.0.113.5 4123] [198.51.100.9 443 => 192.0.2.10 8443] tcp");
}

#[test]
fn times_in_every_unit_and_zone() {
    for (time, expected) in [
        ("eventtime=1710230400", "08:00:00Z"),
        ("eventtime=1710230400123456789", "08:00:00.123456789Z"),
        ("tz=\"-0330\"", "12:30:00Z"),
        ("vd=\"root\"", "09:00:00Z"),
    ] {
        let line = format!(
            "date=2024-03-12 time=09:00:00 {time} logid=\"1\" type=\"traffic\" srcip=203.0.113.5 dstip=192.0.2.1 proto=17"
        );
        assert_eq!(read(&line).said, [format!("{expected} 203.0.113.5 > 192.0.2.1 udp")], "{time}");
    }
}

#[test]
fn clients_smuggle_no_address() {
    let with = |url: &str| read(&format!("{HEAD} action=\"close\" {url}"));
    // A quote within the value, escaped or not, and keys behind it.
    for url in ["url=\"/a\\\" srcip=198.51.100.66 b=\\\"\"", "url=\"/a\"srcip=198.51.100.66 b\"c\""] {
        let seen = with(url);
        assert!(seen.rejected.is_empty() && seen.said.len() == 1 && !seen.said[0].contains("198.51.100.66"), "{url}: {seen:?}");
    }
    assert_eq!(with("url=\"/a\" srcip=198.51.100.66 b=\"\"").rejected, ["a field stands twice with different values"]);
    // The same value twice does no harm.
    assert_eq!(with("x=\"y\" srcip=203.0.113.5").said.len(), 1);
}

#[test]
fn administrators_log_in_and_proxies_forward() {
    let line = "date=2024-03-12 time=09:00:00 tz=\"+0100\" logid=\"0100032001\" type=\"event\" subtype=\"system\" user=\"admin\" ui=\"https(203.0.113.5)\" srcip=203.0.113.5 dstip=198.51.100.1 action=\"login\" status=\"success\"";
    assert_eq!(read(line).said, ["08:00:00Z 203.0.113.5 > 198.51.100.1 tcp Exchanged LoginSucceeded"]);
    let line = HEAD.replace("traffic", "utm")
        + " action=\"blocked\" hostname=\"www.example.org\" forwardedfor=\"198.51.100.7, 203.0.113.99\"";
    assert_eq!(
        read(&line).said,
        [
            "08:00:00Z x-forwarded-for [\"198.51.100.7\", \"203.0.113.99\"] before 203.0.113.5 at 198.51.100.9",
            "08:00:00Z 203.0.113.5 4123 > 198.51.100.9 443 tcp Refused host www.example.org",
        ]
    );
}

#[test]
fn with_a_priority_commas_or_an_envelope() {
    let line = format!("<189>{}", HEAD.replace(' ', ","));
    assert!(looks_like(line.as_bytes()));
    assert_eq!(read(&line).said, ["08:00:00Z 203.0.113.5 4123 > 198.51.100.9 443 tcp"]);
    assert_eq!(told(message, "", HEAD.as_bytes()).unwrap().unwrap().len(), 1);
    assert_eq!(told(message, "app", b"date=2024-03-12 user=x"), None);
    for text in ["date=2024-03-12 hello", "date=2024-03-12 time=09:00:00 srcip=1.2.3.4 type=\"x\"", "x", ""] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
}

#[test]
fn no_file_of_the_corpus_is_taken() {
    for (path, bytes) in corpus() {
        assert!(!looks_like(&bytes), "{}", path.display());
    }
}
