//! Where `inspect` and other tools differ, and why; and what is not compared.

/// Facts that wait for a reader of what is carried in captures: kind, family of facts, words in the element (empty: all of
/// the family). They are counted and not compared. Taking a row out compares them.
pub(super) const PENDING: &[(&str, &str, &str)] = &[];

/// Facts that differ, reviewed: file, beginning of the words of the difference, how many differ so, why.
pub(super) const DEVIATIONS: &[(&str, &str, usize, &str)] = &[
    (
        "bgpkit__updates.20000325.0345.gz",
        "entries: 5378 instead of 2046",
        1,
        "two bytes are missing in the fourth record: bgpdump reads on at the wrong place and prints noise, here the next \
         record is found",
    ),
    ("bgpkit__updates.20000325.0345.gz", "peer: 0.5.0.3 missing", 1, "likewise: there is no such peer"),
    (
        "t2mune__openbgpd_rib_table-mp",
        "entries: 31 instead of 0",
        1,
        "bgpdump does not read BGP4MP_ENTRY; each of the 31 records, which mrtparse counts too, is an entry",
    ),
    (
        "cisco_asa_2__3__netflow9_test_cisco_asa_2_data.dat",
        "exported octets: 130362 instead of 0",
        1,
        "tshark sums octetDeltaCount, which the ASA does not send; initiatorOctets and responderOctets are summed here",
    ),
    (
        "juniper_mx80_v5__1__netflow5_test_juniper_mx80.dat",
        "exported octets: 3989000 instead of 3989",
        1,
        "one packet in 1,000 by the header: multiplied here and by nfdump, not by tshark",
    ),
    ("juniper_mx80_v5__1__netflow5_test_juniper_mx80.dat", "exported packets: 31000 instead of 31", 1, "likewise"),
    (
        "nf5_invalid01__1__netflow5_test_invalid01.dat",
        "exported records: 0 instead of 30",
        1,
        "the header claims 55,582 records: not taken for NetFlow here, and thrown away by nfdump",
    ),
    (
        "akvorado__data+templates.pcap",
        "exported records",
        2,
        "11 records stand in front of their template in the same datagram: tshark and nfdump drop them, the header counts them",
    ),
    ("akvorado__data+templates.pcap", "exported address: 120.120.", 15, BEFORE_TEMPLATE),
    ("akvorado__data+templates.pcap", "exported octets: 5832900 instead of 54592", 1, SAMPLED),
    ("akvorado__data+templates.pcap", "exported packets: 6600 instead of 48", 1, SAMPLED),
    ("akvorado__data+templates.pcap", "exported flow bytes", 9, SAMPLED),
    ("akvorado__data+templates.pcap", "exported flow packets", 9, SAMPLED),
    ("akvorado__data+templates.pcap", "exported flow last: 1684085312580 instead of 1684085312550", 1, BEFORE_TEMPLATE),
    (
        "akvorado__data+templates.pcap",
        "exported flow: nothing instead of 120.120.150.119:45654 120.120.15.78:80",
        1,
        "likewise: the first of its records is of the other direction",
    ),
    (
        "pmacct__101-NFv9-CISCO-cust_primitives_traffic-00.pcap",
        "exported address: :: missing",
        1,
        "records of IPv4 in a template for both families: tshark lists the empty IPv6 fields",
    ),
    ("pmacct__106-IPFIXv10-HUAWEI-vrf_name_traffic-00.pcap", "exported flow first", 2, BACKWARDS),
    ("pmacct__106-IPFIXv10-HUAWEI-vrf_name_traffic-00.pcap", "exported flow last", 2, BACKWARDS),
    ("FrankHassanabad__alerts-only.json", "first:", 1, UNSORTED),
    ("FrankHassanabad__alerts-only.json", "last:", 1, UNSORTED),
    ("FrankHassanabad__wrccdc-2018_alerts-only.json", "first:", 1, UNSORTED),
    ("FrankHassanabad__wrccdc-2018_alerts-only.json", "last:", 1, UNSORTED),
    (
        "crowdsecurity__apache2-logs.log",
        "valid requests: 9 instead of 4",
        1,
        "goaccess read with one format: two lines have a virtual host in front, one is in the common format, two are of the \
         error log",
    ),
    ("crowdsecurity__apache2-logs.log", "bandwidth: 12487 instead of 3208", 1, "likewise: the bytes of these lines"),
    ("crowdsecurity__apache2-logs.log", "last day: 16/Apr/2025 instead of 08/Jun/2020", 1, "likewise: the day of one of them"),
    (
        "spamassassin__easy-ham-1_00963.0cc9003be43ed6a642376156e98f5fb1.eml",
        "received from:  instead of cwg-exmh@DeepEddy.Com",
        1,
        SCANNER,
    ),
    (
        "spamassassin__easy-ham-1_01131.f0a4fc8a86ce5529ae7e96e86de6ad2f.eml",
        "received from:  instead of cwg-exmh@DeepEddy.Com",
        1,
        SCANNER,
    ),
    (
        "spamassassin__hard-ham-1_00007.d24e99a602ee7fb442714c0d448cd08e.eml",
        "received from:  instead of D-8-270241-5399979-2-24365-DE1-08ADF4DD@xmr3.com",
        1,
        SCANNER,
    ),
    (
        "the-tcpdump-group__timestamp_invalid_micro.pcap",
        "last: 1418147517483648 instead of 1418145370100000",
        1,
        "the field of microseconds holds 2^31: carried over into seconds here, cut to 1,000,000 there",
    ),
    (
        "seladb__ipv4-options.pcap",
        "IPv4: 0.0.0.0 10.0.0.6 missing",
        1,
        "source routes of two packets to 0.0.0.0: their last stop is 10.0.0.138, and the conversation is with that",
    ),
    (
        "zeek__ipv6-hbh-routing0.pcap",
        "udp: 2001:4f8:4:7:2e0:81ff:fe52:",
        2,
        "a routing header with stops left: tshark pairs the ports with the last stop of the header, here they go to the \
         destination of the packet, which is how tshark pairs the addresses",
    ),
    ("seladb__ip4_fragments.pcap", "udp: 10.118.213.211:0 10.118.213.212:0 too much", 1, FRAGMENTS),
    ("seladb__ip6_fragments.pcap", "udp: fe80::21f:f3ff:fecd:f617:0 ff02::fb:0 too much", 1, FRAGMENTS),
    ("seladb__ip6_fragments.pcap", "udp: fe80::2c23:b96c:78d:e116:0 ff02::c:0 too much", 1, FRAGMENTS),
    ("zeek__gtp1_gn_normal_incl_fragmentation.pcap", "udp: 239.114.155.111:0 63.94.149.181:0 too much", 1, FRAGMENTS),
    (
        "zeek__gtp1_gn_normal_incl_fragmentation.pcap",
        "gtp.teid 45751: 45 instead of 41",
        1,
        "tshark waits for the rest of four packets, which is not in the capture; their first fragments are counted here",
    ),
    (
        "zeek__socks.pcap",
        "socks: 4.1.0.80 missing",
        1,
        "04 01 00 50 are version, command and port of the request, which tshark takes for an address",
    ),
    ("chrissanders__icmp_traceroute.pcapng", "icmp labels: 12.122.133.110", 3, WRONG_LENGTH),
    ("trippy-issue-804-mpls-rfc4884-length.pcap", "icmp labels: 62.115.112.244", 1, WRONG_LENGTH),
    (
        "ntop__nintendo.pcap",
        "traceroute to: nothing instead of",
        3,
        "packets of a game that are sent with one low TTL to open a way through a NAT: one router at one TTL is no traceroute",
    ),
    ("arkime__gre-erspan-vxlan.pcap", "udp: 172.16.27.121:4790 172.16.27.131:4789 missing", 1, CARRIER),
    ("arkime__gtp-u.pcap", "udp: 192.168.40.178:2152 192.168.40.179:2152 missing", 1, CARRIER),
    ("the-tcpdump-group__mpls-over-udp.pcap", "udp: 10.100.12.170:", 2, CARRIER),
    ("zeek__Teredo.pcap", "udp: 192.168.2.16:3797", 3, CARRIER),
    (
        "zeek__Teredo.pcap",
        "tcp: 2001:0:4137:9e50:8000:f12a:b9c8:2815:1286 2001:4860:0:2001::68:80 too much",
        1,
        "the relay speaks on another port, where tshark leaves Teredo as data",
    ),
    ("zeek__ayiya3.pcap", "udp: 192.168.3.101:53796 216.14.98.22:5072 missing", 1, CARRIER),
    ("zeek__geneve.pcap", "udp: 20.0.0.1:", 2, CARRIER),
    ("zeek__gtp1_gn_normal_incl_fragmentation.pcap", "udp: 239.114.155.111:2152 63.94.149.181:2152 missing", 1, CARRIER),
    ("zeek__gtp8_teredo.pcap", "udp: 1", 15, CARRIER),
    ("zeek__vxlan-triple-v2.pcap", "udp: ", 3, CARRIER),
    ("pierky__win_tracert_3.txt", "hop 1 ", 3, LESS),
    ("pierky__win_tracert_3.txt", "hop 2 ", 2, LESS),
];
const BEFORE_TEMPLATE: &str = "likewise: what these records say";
const SAMPLED: &str =
    "the options say that one packet in 100 was looked at: multiplied here, not by tshark; nfdump reads it later";
const BACKWARDS: &str = "nfdump has the end in front of the start; here it is as tshark and pmacct have it";
const FRAGMENTS: &str = "later fragments have no ports: they are a conversation without ports here, and put together there";
const UNSORTED: &str =
    "theirs is the time of the first and last record of a file that is in no order; here it is the least and greatest";
const SCANNER: &str = "qmail-scanner writes the sender of the envelope behind from: that is no host";
const WRONG_LENGTH: &str =
    "the length of RFC 4884 is wrong: the labels stand behind 128 bytes with a right checksum, and tcpdump prints them";
const CARRIER: &str = "the packets that carry a tunnel are in `tunnels` by their addresses, and no conversation of their own";
const LESS: &str = "tracert printed <1 ms: 1 ms here, because 0 would be a false bound for distance";
