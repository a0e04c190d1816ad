use super::super::syslog::tests::{clock, fixture, of, read};
use super::*;

#[test]
fn fixture_of_a_server() {
    let reading = read(OpenVpn::new(clock()), &fixture("openvpn.log"));
    assert_eq!(
        reading.text(),
        [
            "198.51.100.7:40001 > here:0 Connection Unknown ip-proto-0",
            "198.51.100.7:40001 > here:0 Connection Established ip-proto-0",
            "198.51.100.7:40001 = 10.8.0.6:0, here:0 = here:0",
            "198.51.100.7:40001 = 2001:db8:8::6:0, here:0 = here:0",
            "198.51.100.7:40001 = 10.8.0.6:0, here:0 = here:0",
            "198.51.100.8:40002 > 203.0.113.250:0 Connection Unknown ip-proto-0",
            "198.51.100.8:40002 > here:0 LoginFailed Established ip-proto-0",
            "198.51.100.8:40002 > here:0 LoginFailed Established ip-proto-0",
            "198.51.100.9:40003 > here:0 Connection Refused ip-proto-0",
            "198.51.100.10:40004 > here:0 Connection Established ip-proto-0",
        ]
    );
    assert_eq!(reading.counts(), (14, 7, 3, 2), "{:?}", reading.rejected);
    reading.never_names("192.0.2.9");
    let times: Vec<String> = reading.said.iter().filter_map(|s| s.time).map(|t| t.to_string()).collect();
    assert_eq!(times.get(5).map(String::as_str), Some("2024-01-31T06:25:19.250Z"));
}

#[test]
fn older_times_and_syslog() {
    let line = b"Wed Jan 31 06:25:17 2024 us=5 198.51.100.7:40001 [a] Peer Connection Initiated with [AF_INET]198.51.100.7:40001";
    let reading = read(OpenVpn::new(clock()), line);
    assert_eq!(reading.text(), ["198.51.100.7:40001 > here:0 Connection Established ip-proto-0"]);
    assert_eq!(reading.said.first().and_then(|s| s.time).map(|t| t.to_string()).as_deref(), Some("2024-01-31T06:25:17.000005Z"));
    for program in ["openvpn[1]", "ovpn-server[1]", "openvpn-server"] {
        let got = of(program, "a/198.51.100.7:40001 MULTI: Learn: 10.8.0.6 -> a/198.51.100.7:40001");
        assert_eq!(got, ["198.51.100.7:40001 = 10.8.0.6:0, here:0 = here:0"], "{program}");
    }
    assert_eq!(
        of("openvpn[1]", "[srv] Peer Connection Initiated with [AF_INET]198.51.100.1:1194"),
        ["here:0 > 198.51.100.1:1194 Connection Established ip-proto-0"],
        "a client's own log"
    );
}

#[test]
fn openvpn_is_strict() {
    for text in [
        "Wed Jan 31 06:25:17 2024 [pid 12] CONNECT: Client \"192.0.2.1\"\n",
        "2024-01-31 06:25:17 192.0.2.1 GET / - 80 - 192.0.2.2 x - 200\n",
        "2024-01-31 06:25:17 INFO OpenVPN is nice\n",
        "Wed Jan 31 06:25:17 2024 TLS: ok\nprose\n",
        "",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    assert!(looks_like(b"2024-01-31 06:25:17 OpenVPN 2.6.3 x86_64\n"));
    assert!(looks_like(b"Wed Jan 31 06:25:17 2024 UDPv4 link local (bound): [undef]\n"));
}
