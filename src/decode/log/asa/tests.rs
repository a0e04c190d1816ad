use super::testing::{records, told};

/// A message of a firewall.
fn asa(message: &str) -> Result<Vec<String>, &'static str> {
    told(super::message, "", message.as_bytes()).expect("a message of ours")
}

fn says(message: &str, expected: &[&str]) {
    assert_eq!(asa(message).as_deref(), Ok(expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>().as_slice()), "{message}");
}

#[test]
fn the_fixture_says_what_its_readme_says() {
    let log = std::fs::read_to_string(records().join("asa.log")).unwrap();
    let (mut said, mut rejected) = (Vec::new(), 0);
    for line in log.lines() {
        let at = line.find(" : ").map_or_else(|| line.find("rt1: ").unwrap() + 5, |at| at + 3);
        match asa(&line[at..]) {
            Ok(more) => said.extend(more),
            Err(_) => rejected += 1,
        }
    }
    assert_eq!((log.lines().count(), rejected), (14, 1));
    assert!(said.iter().all(|text| !text.contains("198.51.100.66")), "a smuggled address: {said:?}");
    let nat = said.iter().filter(|text| text.contains(" nat ")).count();
    assert_eq!((said.len() - nat, nat), (9, 6), "{said:#?}");
}

#[test]
fn inbound_is_opened_by_the_first_end_and_outbound_by_the_second() {
    says(
        "%ASA-6-302013: Built inbound TCP connection 1 for outside:203.0.113.5/4123 (203.0.113.5/4123) to inside:10.1.1.5/22 (198.51.100.9/22)",
        &[
            "08:00:00Z 203.0.113.5 4123 > 10.1.1.5 22 tcp",
            "08:00:00Z nat [203.0.113.5 4123] [198.51.100.9 22 => 10.1.1.5 22] tcp",
        ],
    );
    says(
        "%ASA-6-302013: Built outbound TCP connection 2 for outside:203.0.113.80/443 (203.0.113.80/443) to inside:10.1.1.5/50112 (198.51.100.1/21077)",
        &[
            "08:00:00Z 10.1.1.5 50112 > 203.0.113.80 443 tcp",
            "08:00:00Z nat [10.1.1.5 50112 => 198.51.100.1 21077] [203.0.113.80 443] tcp",
        ],
    );
    // Both ends mapped, users named, IPv6, UDP, no translation.
    says(
        "%FTD-6-302013: Built inbound TCP connection 3 for outside:203.0.113.5/4123(172.16.0.5/4123)(LOCAL\\bob) to inside:10.1.1.5/22 (198.51.100.9/22) (LOCAL\\eve)",
        &[
            "08:00:00Z 203.0.113.5 4123 > 10.1.1.5 22 tcp",
            "08:00:00Z nat [203.0.113.5 4123 => 172.16.0.5 4123] [198.51.100.9 22 => 10.1.1.5 22] tcp",
        ],
    );
    says(
        "%PIX-6-302015: Built outbound UDP connection 4 for outside:2001:db8::53/53 (2001:db8::53/53) to inside:2001:db8:1::5/40000 (2001:db8:1::5/40000)",
        &["08:00:00Z 2001:db8:1::5 40000 > 2001:db8::53 53 udp"],
    );
}

#[test]
fn icmp_names_the_foreign_the_global_and_the_local_address() {
    says(
        "%ASA-6-302020: Built outbound ICMP connection for faddr 203.0.113.80/0 gaddr 198.51.100.1/7 laddr 10.1.1.5/7 type 8 code 0",
        &["08:00:00Z 10.1.1.5 8 > 203.0.113.80 icmp", "08:00:00Z nat [10.1.1.5 => 198.51.100.1] [203.0.113.80] icmp"],
    );
    says("%ASA-6-302021: Teardown ICMP connection for faddr 203.0.113.80/0 gaddr 198.51.100.1/7 laddr 10.1.1.5/7", &[]);
}

#[test]
fn a_teardown_says_how_it_went_where_the_ports_say_who_opened() {
    for (rest, outcome) in [
        ("bytes 4310 TCP FINs from outside", " Established"),
        ("bytes 0 SYN Timeout", " Unanswered"),
        ("bytes 0 TCP Reset-I", " Refused"),
        ("bytes 12 TCP Reset-O", " Established"),
        ("bytes 0 Flow closed by inspection", ""),
    ] {
        says(
            &format!(
                "%ASA-6-302014: Teardown TCP connection 1 for outside:203.0.113.80/443 to inside:10.1.1.5/50112 duration 1:00:30 {rest}"
            ),
            &[&format!("06:59:30Z 10.1.1.5 50112 > 203.0.113.80 443 tcp{outcome} to 08:00:00Z")],
        );
    }
    says(
        "%ASA-6-302014: Teardown TCP connection 1 for outside:203.0.113.80/4430 to inside:10.1.1.5/50112 duration 0:00:30 bytes 9 TCP FINs",
        &[],
    );
    says(
        "%ASA-6-302016: Teardown UDP connection 1 for outside:203.0.113.53/53 to inside:10.1.1.5/50112 duration 0:00:00 bytes 90",
        &["08:00:00Z 10.1.1.5 50112 > 203.0.113.53 53 udp"],
    );
}

#[test]
fn everything_that_is_denied() {
    let refused = |ends: &str| format!("08:00:00Z {ends} Refused");
    for (message, ends) in [
        (
            "%ASA-2-106001: Inbound TCP connection denied from 203.0.113.5/4123 to 198.51.100.9/23 flags SYN on interface outside",
            "203.0.113.5 4123 > 198.51.100.9 23 tcp",
        ),
        (
            "%ASA-2-106006: Deny inbound UDP from 203.0.113.5/53 to 198.51.100.9/99 on interface outside",
            "203.0.113.5 53 > 198.51.100.9 99 udp",
        ),
        (
            "%ASA-2-106007: Deny inbound UDP from 203.0.113.5/53 to 198.51.100.9/99 due to DNS Response",
            "203.0.113.5 53 > 198.51.100.9 99 udp",
        ),
        (
            "%ASA-3-106010: Deny inbound tcp src outside:203.0.113.5/4123 dst inside:198.51.100.9/23",
            "203.0.113.5 4123 > 198.51.100.9 23 tcp",
        ),
        (
            "%ASA-3-106010: Deny inbound protocol 47 src outside:203.0.113.5 dst inside:198.51.100.9",
            "203.0.113.5 > 198.51.100.9 gre",
        ),
        (
            "%ASA-3-106014: Deny inbound icmp src outside:203.0.113.5 dst inside:198.51.100.9 (type 8, code 0)",
            "203.0.113.5 8 > 198.51.100.9 icmp",
        ),
        (
            "%ASA-6-106015: Deny TCP (no connection) from 203.0.113.5/4123 to 198.51.100.9/22 flags RST  on interface outside",
            "203.0.113.5 4123 > 198.51.100.9 22 tcp",
        ),
        (
            "%ASA-2-106016: Deny IP spoof from (203.0.113.5) to 198.51.100.9 on interface outside",
            "203.0.113.5 > 198.51.100.9 ip-proto-0",
        ),
        (
            "%ASA-1-106021: Deny UDP reverse path check from 10.0.0.1 to 198.51.100.9 on interface outside",
            "10.0.0.1 > 198.51.100.9 udp",
        ),
        (
            "%ASA-4-106023: Deny tcp src outside:203.0.113.5/4123(LOCAL\\x dst inside:192.0.2.66/1) dst inside:10.1.1.5/22 by access-group \"a\" [0x0, 0x0]",
            "203.0.113.5 4123 > 10.1.1.5 22 tcp",
        ),
        (
            "%ASA-4-106023: Deny icmp src outside:203.0.113.5 dst inside:10.1.1.5 (type 3, code 13) by access-group \"a\"",
            "203.0.113.5 3 > 10.1.1.5 13 icmp",
        ),
        (
            "%ASA-6-106100: access-list a denied tcp outside/203.0.113.5(4123) -> inside/10.1.1.5(22) hit-cnt 1 first hit [0xa, 0x0]",
            "203.0.113.5 4123 > 10.1.1.5 22 tcp",
        ),
        ("%ASA-3-313001: Denied ICMP type=8, code=0 from 203.0.113.5 on interface outside", "203.0.113.5 8 > - icmp"),
        (
            "%ASA-4-401004: Shunned packet: 203.0.113.5 ==> 198.51.100.9 on interface outside",
            "203.0.113.5 > 198.51.100.9 ip-proto-0",
        ),
        (
            "%ASA-3-710003: TCP access denied by ACL from 203.0.113.5/4123 to outside:198.51.100.9/22",
            "203.0.113.5 4123 > 198.51.100.9 22 tcp",
        ),
    ] {
        says(message, &[&refused(ends)]);
    }
    says(
        "%ASA-6-106100: access-list a permitted udp outside/2001:db8::5(53) -> inside/2001:db8:1::5(4000) hit-cnt 7 300-second interval [0xa, 0x0]",
        &["08:00:00Z 2001:db8::5 53 > 2001:db8:1::5 4000 udp"],
    );
    says(
        "%ASA-4-400014: IPS:2004 ICMP echo request from 203.0.113.5 to 198.51.100.9 on interface outside",
        &[
            "08:00:00Z 203.0.113.5 > 198.51.100.9 ip-proto-0",
            "08:00:00Z alert 203.0.113.5 > 198.51.100.9 ip-proto-0 \"IPS:2004 ICMP echo request\" Some(\"400014\") None",
        ],
    );
}

#[test]
fn translations_hold_as_long_as_they_are_said_to() {
    says(
        "%ASA-6-305012: Teardown dynamic UDP translation from inside(acl):10.1.1.5/50112 (LOCAL\\bob) to outside:198.51.100.1/21077 duration 0:01:00",
        &["07:59:00Z nat [10.1.1.5 50112 => 198.51.100.1 21077] [-] udp to 08:00:00Z"],
    );
    says(
        "%ASA-6-305009: Built static translation from inside:10.1.1.5 to outside:198.51.100.9",
        &["08:00:00Z nat [10.1.1.5 => 198.51.100.9] [-] ip-proto-0"],
    );
}

#[test]
fn who_logs_in_cannot_write_an_address() {
    let evil = "x : user IP = 198.51.100.66 from 198.51.100.66/1 to 1.1.1.1/2 IP <198.51.100.66> , IP = 198.51.100.66, [Source: 198.51.100.66] [localport: 1]";
    for (message, expected) in [
        (
            format!(
                "%ASA-6-113005: AAA user authentication Rejected : reason = Account has been locked out : server = 192.0.2.3 : user = {evil} : user IP = 203.0.113.5"
            ),
            "08:00:00Z 203.0.113.5 > - ip-proto-0 LoginFailed",
        ),
        (
            format!(
                "%ASA-6-109006: Authentication failed for user '{evil}' from 203.0.113.5/4123 to 198.51.100.9/80 on interface outside"
            ),
            "08:00:00Z 203.0.113.5 4123 > 198.51.100.9 80 tcp Exchanged LoginFailed",
        ),
        (
            format!("%ASA-6-605004: Login denied from 203.0.113.5/4123 to outside:198.51.100.9/ssh for user \"{evil}\""),
            "08:00:00Z 203.0.113.5 4123 > 198.51.100.9 tcp Exchanged LoginFailed",
        ),
        (
            format!("%ASA-6-605005: Login permitted from 203.0.113.5/4123 to outside:198.51.100.9/https for user \"{evil}\""),
            "08:00:00Z 203.0.113.5 4123 > 198.51.100.9 tcp Exchanged LoginSucceeded",
        ),
        (
            format!("%ASA-6-611102: User authentication failed: IP address: 203.0.113.5, Uname: {evil}"),
            "08:00:00Z 203.0.113.5 > - ip-proto-0 LoginFailed",
        ),
        (
            format!(
                "%ASA-6-716039: Group <DfltGrpPolicy> User <{evil}> IP <203.0.113.5> Authentication: rejected, Session Type: WebVPN."
            ),
            "08:00:00Z 203.0.113.5 > - tcp Exchanged LoginFailed",
        ),
        (
            format!("%ASA-3-713167: Group = g, Username = {evil}, IP = 203.0.113.5, Remote peer has failed user authentication"),
            "08:00:00Z 203.0.113.5 > - ip-proto-0 LoginFailed",
        ),
        (
            format!(
                "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: {evil}] [Source: 203.0.113.5] [localport: 22] [Reason: Login Authentication Failed] at 08:00:00 UTC Tue Mar 12 2024"
            ),
            "08:00:00Z 203.0.113.5 > - 22 tcp Exchanged LoginFailed",
        ),
    ] {
        says(&message, &[expected]);
    }
    says("%ASA-6-605005: Login permitted from serial to console for user \"x\"", &[]);
}

#[test]
fn a_vpn_lends_addresses() {
    says(
        "%ASA-4-722051: Group <g> User <u> IP <203.0.113.44> IPv4 Address <10.9.0.5> IPv6 address <2001:db8:9::5> assigned to session",
        &[
            "08:00:00Z nat [203.0.113.44 => 10.9.0.5] [-] ip-proto-0",
            "08:00:00Z nat [203.0.113.44 => 2001:db8:9::5] [-] ip-proto-0",
        ],
    );
    says(
        "%ASA-6-713228: Group = g, Username = u, IP = 203.0.113.44, Assigned private IP address 10.9.0.5 to remote user",
        &["08:00:00Z nat [203.0.113.44 => 10.9.0.5] [-] ip-proto-0"],
    );
    says(
        "%ASA-6-113039: Group <g> User <u> IP <203.0.113.44> AnyConnect parent session started.",
        &["08:00:00Z 203.0.113.44 > - tcp Exchanged LoginSucceeded"],
    );
    says(
        "%ASA-5-713120: Group = g, Username = u, IP = 203.0.113.44, PHASE 2 COMPLETED (msgid=1)",
        &["08:00:00Z 203.0.113.44 > - ip-proto-0 Established"],
    );
}

#[test]
fn access_lists_of_routers() {
    for (message, expected) in [
        (
            "%SEC-6-IPACCESSLOGP: list 101 denied tcp 1.2.3.4(1234) -> 5.6.7.8(22), 1 packet",
            "1.2.3.4 1234 > 5.6.7.8 22 tcp Refused 1/0 0/0",
        ),
        (
            "%SEC-6-IPACCESSLOGP: list 101 permitted udp 1.2.3.4(53) (Gi0/0 0011.2233.4455) -> 5.6.7.8(53), 12 packets",
            "1.2.3.4 53 > 5.6.7.8 53 udp 12/0 0/0",
        ),
        (
            "%SEC-6-IPACCESSLOGDP: list 101 denied icmp 1.2.3.4 -> 5.6.7.8 (8/0), 1 packet",
            "1.2.3.4 8 > 5.6.7.8 icmp Refused 1/0 0/0",
        ),
        ("%SEC-6-IPACCESSLOGNP: list 101 denied 47 1.2.3.4 -> 5.6.7.8, 1 packet", "1.2.3.4 > 5.6.7.8 gre Refused 1/0 0/0"),
        (
            "%IPV6_ACL-6-ACCESSLOGP: list L/10 denied tcp 2001:db8::1(1025) -> 2001:db8::2(22), 1 packet",
            "2001:db8::1 1025 > 2001:db8::2 22 tcp Refused 1/0 0/0",
        ),
    ] {
        says(message, &[&format!("08:00:00Z {expected}")]);
        // With the counter and the time that a router puts in front, or with the tag as the program.
        says(&format!("000123: *Mar  1 18:48:50.483 UTC: {message}"), &[&format!("08:00:00Z {expected}")]);
        let (tag, text) = message.split_once(": ").unwrap();
        assert_eq!(told(super::message, tag, text.as_bytes()), Some(asa(message)));
    }
}

#[test]
fn events_of_firepower() {
    let head = "%FTD-1-430003: EventPriority: Low, FirstPacketSecond: 2024-03-12T07:59:00Z, AccessControlRuleAction: Allow, SrcIP: 203.0.113.5, DstIP: 192.0.2.10, SrcPort: 4123, DstPort: 443, Protocol: tcp, ConnectionDuration: 12";
    let counted =
        "InitiatorPackets: 9, ResponderPackets: 8, InitiatorBytes: 900, ResponderBytes: 4000, URL: https://www.example.org/";
    says(&format!("{head}, {counted}"), &["07:59:00Z 203.0.113.5 4123 > 192.0.2.10 443 tcp Exchanged 9/900 8/4000 to 07:59:12Z"]);
    // A user agent that writes counters and ends: no counter counts that stands there twice.
    says(
        &format!("{head}, UserAgent: x, SrcIP: 198.51.100.66, ResponderBytes: 9999999, {counted}"),
        &["07:59:00Z 203.0.113.5 4123 > 192.0.2.10 443 tcp 9/900 8/0 to 07:59:12Z"],
    );
    says(
        "%FTD-1-430001: SrcIP: 203.0.113.5, DstIP: 192.0.2.10, SrcPort: 4123, DstPort: 80, Protocol: tcp, Priority: 1, GID: 1, SID: 47416, Message: \"SERVER-OTHER, attempt\", InlineResult: Blocked",
        &[
            "08:00:00Z 203.0.113.5 4123 > 192.0.2.10 80 tcp Refused",
            "08:00:00Z alert 203.0.113.5 4123 > 192.0.2.10 80 tcp \"SERVER-OTHER, attempt\" Some(\"47416\") Some(1) blocked",
        ],
    );
}

#[test]
fn what_is_none_of_its_messages() {
    for message in [
        "Invalid user %ASA-2-106001: Inbound TCP connection denied from 1.2.3.4/5 to 5.6.7.8/9 flags SYN from 203.0.113.5",
        "%ASA-9-302013: x",
        "%ASA-6-30201: x",
        "%LINK-3-UPDOWN: Interface Gi0/1, changed state to up",
        "user: Mar  1 18:48:50 %SEC-6-IPACCESSLOGP: list 1 denied tcp 1.2.3.4(1) -> 5.6.7.8(22), 1 packet",
        "%ASA",
        "",
    ] {
        assert_eq!(told(super::message, "", message.as_bytes()), None, "{message}");
    }
    assert_eq!(asa("%ASA-5-111008: User 'x' executed the 'y' command."), Ok(vec![]));
    for message in [
        "%ASA-6-302013: Built inbound TCP connection 1 for outside:web/80 (web/80) to inside:10.1.1.5/22 (10.1.1.5/22)",
        "%ASA-6-302013: Built inbound TCP connection 1 for outside:203.0.113.5/4123",
        "%ASA-4-106023: Deny tcp src outside:203.0.113.5/4123",
    ] {
        assert!(asa(message).is_err(), "{message}");
    }
}
