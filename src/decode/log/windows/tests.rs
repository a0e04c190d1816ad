use super::{Firewall, looks_like};
use crate::decode::log::Format;
use crate::decode::log::asa::testing::{Seen, clock, corpus, fixture, run};
use crate::decode::record::Lines;

fn read(log: &str) -> Seen {
    run(Box::new(Lines(Firewall::new(clock()))), log.as_bytes())
}

#[test]
fn the_fixture_says_what_its_readme_says() {
    let seen = fixture("windows-firewall.log", Format::WindowsFirewall);
    assert_eq!(
        seen.said,
        [
            "09:00:01Z 203.0.113.5 41230 > 192.0.2.10 3389 tcp Refused 1/52 0/0",
            "09:00:02Z 192.0.2.10 50112 > 203.0.113.80 443 tcp",
            "09:00:03Z 203.0.113.5 8 > 192.0.2.10 icmp",
            "09:00:04Z fe80::1 5353 > ff02::fb 5353 udp Refused 1/120 0/0",
            "09:00:05Z 203.0.113.1 > 224.0.0.1 igmp Refused 1/32 0/0",
        ]
    );
    assert_eq!(seen.records, 6);
    assert_eq!(seen.rejected, ["the action is none of the Windows firewall", "source or destination is no address"]);
}

#[test]
fn headings_say_where_the_fields_stand() {
    let log = "#Time Format: UTC\n#Fields: date time action protocol dst-ip src-ip dst-port src-port\n\
               2024-03-12 09:00:01 OPEN TCP 192.0.2.10 203.0.113.5 3389 41230\n";
    assert_eq!(read(log).said, ["09:00:01Z 203.0.113.5 41230 > 192.0.2.10 3389 tcp Established"]);
    assert_eq!(read("#Fields: date time x y z").rejected, ["a heading without time, action or addresses"]);
}

#[test]
fn local_time_is_noted() {
    let berlin = crate::decode::clock::Clock::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), 2024);
    let line = "2024-03-12 09:00:01 DROP TCP 203.0.113.5 192.0.2.10 41230 3389 52 S 1 0 64240 - - - RECEIVE";
    let seen = run(Box::new(Lines(Firewall::new(berlin))), line.as_bytes());
    assert_eq!(seen.said, ["08:00:01Z 203.0.113.5 41230 > 192.0.2.10 3389 tcp Refused 1/52 0/0"]);
}

#[test]
fn what_it_is_taken_for() {
    assert!(looks_like(b"2024-03-12 09:00:01 DROP TCP 203.0.113.5 192.0.2.10 41230 3389 52 S 1 0 64240 - - - RECEIVE\r\n"));
    for text in [
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method\n",
        "2024-03-12 09:00:01 DROP TCP 203.0.113.5",
        "#Fields:",
        "",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    for (path, bytes) in corpus() {
        assert!(!looks_like(&bytes), "{}", path.display());
    }
}
