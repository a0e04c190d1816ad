use super::super::syslog::Syslog;
use super::super::syslog::tests::{clock, fixture, of, read};

#[test]
fn fixture_of_packets_and_connections() {
    let reading = read(Syslog::new(clock()), &fixture("netfilter.log"));
    assert_eq!(
        reading.text(),
        [
            "198.51.100.7:52220 > 203.0.113.250:80 Connection Refused",
            "198.51.100.8:5000 > 203.0.113.250:123 Connection Refused udp",
            "203.0.113.250:40000 > 198.51.100.53:443 Connection Unknown",
            // SYN and ACK: the receiver opened it.
            "203.0.113.250:41000 > 198.51.100.9:443 Connection Unknown",
            // The quoted packet's ends are not this one's.
            "198.51.100.1:3 > 203.0.113.250:1 Connection Refused icmp",
            "2001:db8::5:50000 > 2001:db8::fa:22 Connection Refused",
            "10.0.0.5:40000 > 198.51.100.20:80 Connection Unknown",
            "10.0.0.5:40000 = 203.0.113.250:40000, 198.51.100.20:80 = 198.51.100.20:80",
            "10.0.0.5:40000 > 198.51.100.20:80 Connection Established",
            "10.0.0.5:40000 = 203.0.113.250:40000, 198.51.100.20:80 = 198.51.100.20:80",
            "198.51.100.21:5000 > 203.0.113.250:53 Connection Unanswered udp",
            "198.51.100.21:5000 = 198.51.100.21:5000, 203.0.113.250:53 = 10.0.0.53:53",
            "198.51.100.22:6000 > 203.0.113.250:25 Connection Unanswered",
        ]
    );
    assert_eq!(reading.counts(), (13, 10, 3, 1));
    assert_eq!(reading.rejected, [(7, "netfilter: an address is missing")]);
    reading.never_names("192.0.2.9");
    let mut contacts = reading.contacts();
    assert_eq!(contacts.next().map(|c| (c.forward.packets, c.forward.bytes)), Some((1, 44)));
    assert_eq!(contacts.next().map(|c| c.forward.bytes), Some(76), "the first LEN is the packet's");
    assert_eq!(contacts.nth(1).map(|c| (c.forward.packets, c.backward.bytes)), Some((0, 60)), "turned round with its ends");
    assert_eq!(contacts.nth(3).map(|c| (c.forward.bytes, c.backward.bytes)), Some((500, 900)));
    let event = reading.said.iter().find(|s| matches!(s.fact, crate::model::record::Saying::Translation(_)));
    assert_eq!(event.and_then(|s| s.time).map(|t| t.to_string()).as_deref(), Some("2024-01-31T06:25:27.000001Z"));
}

#[test]
fn prefixes() {
    let packet = "IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.250 LEN=44 PROTO=TCP SPT=1 DPT=2 SYN";
    for (prefix, outcome) in [
        ("[UFW BLOCK] ", "Refused"),
        ("[UFW LIMIT BLOCK] ", "Refused"),
        ("[UFW AUDIT] ", "Unknown"),
        ("FINAL_REJECT: ", "Refused"),
        ("ACCEPT all, no DROP ", "Unknown"),
        ("iptables denied: ", "Refused"),
        ("", "Unknown"),
    ] {
        let got = of("kernel", &format!("[ 12.345678] {prefix}{packet}"));
        assert_eq!(got, [format!("198.51.100.7:1 > 203.0.113.250:2 Connection {outcome}")], "{prefix}");
    }
}

#[test]
fn tuples_that_lack_something() {
    for line in [
        "tcp      6 10 ESTABLISHED src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2",
        "tcp      6 10 ESTABLISHED src=192.0.2.1 dst=x sport=1 dport=2 src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1",
        "tcp      6 10 src=192.0.2.1 dst=192.0.2.2 src=192.0.2.2 dst=192.0.2.1 src=192.0.2.2 dst=192.0.2.1",
    ] {
        assert_eq!(read(Syslog::new(clock()), line.as_bytes()).counts(), (0, 0, 0, 1), "{line}");
    }
    let ping =
        "icmp     1 29 src=192.0.2.1 dst=192.0.2.2 type=8 code=0 id=1 src=192.0.2.2 dst=192.0.2.1 type=0 code=0 id=1 mark=0";
    assert_eq!(read(Syslog::new(clock()), ping.as_bytes()).text(), ["192.0.2.1:8 > 192.0.2.2:0 Connection Unknown icmp"]);
}
