use super::super::syslog::tests::{clock, fixture, of, read};
use super::*;

#[test]
fn fixture_of_both_formats() {
    let reading = read(Pf::new(clock()), &fixture("filterlog.log"));
    assert_eq!(
        reading.text(),
        [
            "198.51.100.7:52220 > 203.0.113.250:22 Connection Refused",
            "198.51.100.8:5000 > 203.0.113.250:123 Connection Unknown udp",
            "2001:db8::5:50000 > 2001:db8::fa:443 Connection Refused",
            "198.51.100.9:41000 > 203.0.113.250:443 Connection Unknown",
            "198.51.100.10:0 > 203.0.113.250:0 Connection Refused icmp",
            "198.51.100.11:5555 > 203.0.113.250:22 Connection Refused",
            "2001:db8::7:5555 > 2001:db8::fa:23 Connection Refused",
            "198.51.100.12:5353 > 203.0.113.250:53 Connection Unknown ip-proto-0",
        ]
    );
    assert_eq!(reading.counts(), (9, 8, 0, 2), "{:?}", reading.rejected);
    reading.never_names("192.0.2.9");
    let times: Vec<Option<String>> = reading.said.iter().map(|s| s.time.map(|t| t.to_string())).collect();
    assert_eq!(times[0], None, "filterlog leaves the time to syslog");
    assert_eq!(times[5].as_deref(), Some("2024-01-31T06:25:17.000001Z"));
    assert_eq!(times[6], None, "a time of day without a day is none");
    assert_eq!(times[7].as_deref(), Some("2024-01-31T06:25:19.000001Z"));
    assert_eq!(reading.contacts().next().map(|c| (c.forward.packets, c.forward.bytes)), Some((1, 44)));
}

#[test]
fn within_syslog() {
    let line =
        "5,,,1000000103,em0,match,block,in,4,0x0,,50,25313,0,none,6,tcp,44,198.51.100.7,203.0.113.250,52220,22,0,S,1,,1024,,mss";
    assert_eq!(of("filterlog[12]", line), ["198.51.100.7:52220 > 203.0.113.250:22 Connection Refused"]);
    assert!(of("app[12]", line).is_empty());
    assert!(of("filterlog", "5,,,x,em0,match,block,in").is_empty());
}

#[test]
fn pf_is_strict() {
    for text in [
        "1,2024/01/31 06:25:17,001122,TRAFFIC,end,1,2024/01/31,192.0.2.1,192.0.2.2,,,rule\n",
        "06:25:17.000001 IP 192.0.2.1.1 > 192.0.2.2.2: Flags [S], seq 1\n",
        "a rule 2/(match) that was never written block in on em0: 192.0.2.1 > 192.0.2.2: x\n",
        "rule of thumb\n",
        "1,2,3,4,5,6,7,8,9\n",
        "",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    assert!(looks_like(b"rule 2/0(match): block out on em0: 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 1, length 64"));
}
