//! Small made-up traceroutes of every format, and bytes that want to do harm.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::model::net::IpProtocol;

/// A traceroute in one line: `TTL addr/name=rtt!flag{label:ttl}@asn ... ~silent`, hops divided by `|`.
fn words(t: &Traceroute) -> String {
    let mut out = String::new();
    for hop in &t.hops {
        write!(out, "{}{}", if out.is_empty() { "" } else { " | " }, hop.ttl).unwrap();
        for r in &hop.replies {
            write!(out, " {}", r.addr).unwrap();
            if let Some(name) = &r.name {
                write!(out, "/{name}").unwrap();
            }
            if let Some(ns) = r.rtt_ns {
                write!(out, "={}", ns as f64 / 1e6).unwrap();
            }
            if let Some(flag) = &r.flag {
                write!(out, " ({flag})").unwrap();
            }
            for l in &r.mpls {
                write!(out, " L{}.{}.{}.{}", l.label, l.tc, u8::from(l.bottom), l.ttl).unwrap();
            }
            if let Some(asn) = r.asn {
                write!(out, " {asn}").unwrap();
            }
        }
        for n in &hop.named {
            write!(out, " \"{}\"={:?}", n.name, n.rtt_ns).unwrap();
        }
        if hop.silent > 0 {
            write!(out, " ~{}", hop.silent).unwrap();
        }
    }
    out
}

/// Recognises, reads, wants one traceroute and nothing rejected.
fn only(format: Format, text: &str) -> Traceroute {
    let bytes = text.as_bytes();
    assert_eq!(recognise(bytes), Some(format), "{text}");
    let mut got = read(format, bytes);
    assert_eq!(got.rejected, [], "{text}");
    assert_eq!(got.traceroutes.len(), 1, "{text}");
    got.traceroutes.remove(0)
}

const LINUX: &str = "\
traceroute to www.example.net (203.0.113.9), 30 hops max, 60 byte packets
 1  gw.example.org (192.0.2.1) [AS64496]  0.400 ms  0.300 ms *
 2  4.69.1.2.example.net (192.0.2.7)  1.5 ms 192.0.2.8 (192.0.2.8)  2.25 ms !X  1 ms
 3  * * *
 4  198.51.100.9 (192.0.2.10) <MPLS:L=16000,E=1,S=0,T=2/L=17,E=0,S=1,T=1>  3 ms  4 ms !<13>
 5  www.example.net (203.0.113.9)  10.001 ms
";

#[test]
fn linux_and_what_a_reverse_name_pretends() {
    let t = only(Format::Text, LINUX);
    assert_eq!(
        words(&t),
        "1 192.0.2.1/gw.example.org=0.4 AS64496 192.0.2.1/gw.example.org=0.3 AS64496 ~1 | \
         2 192.0.2.7/4.69.1.2.example.net=1.5 192.0.2.8=2.25 (!X) 192.0.2.8=1 | 3 ~3 | \
         4 192.0.2.10=3 L16000.1.0.2 L17.0.1.1 192.0.2.10=4 (!<13>) L16000.1.0.2 L17.0.1.1 | \
         5 203.0.113.9/www.example.net=10.001"
    );
    assert_eq!((t.tool, t.dst, t.dst_name.as_deref()), ("traceroute", "203.0.113.9".parse().ok(), Some("www.example.net")));
    assert!(t.complete);
}

#[test]
fn bsd_continues_a_hop_in_the_next_line() {
    let t = only(
        Format::Text,
        "traceroute6 to example.net (2001:db8::9) from 2001:db8::1, 64 hops max, 12 byte packets\n \
         1  [AS64496] 2001:db8::2  1.0 ms\n    [AS64497] r.example (2001:db8::3)  2.0 ms  2.5 ms\n     [MPLS: Label 20 Exp 3]\n \
         2  * 2001:db8::4  3.0 ms !H\n",
    );
    assert_eq!(
        words(&t),
        "1 2001:db8::2=1 AS64496 2001:db8::3/r.example=2 L20.3.0.0 AS64497 2001:db8::3/r.example=2.5 L20.3.0.0 AS64497 | \
         2 2001:db8::4=3 (!H) ~1"
    );
    assert_eq!((t.src, t.complete), ("2001:db8::1".parse().ok(), false));
}

#[test]
fn routers() {
    let ios = only(
        Format::Text,
        "R1#traceroute 203.0.113.9\nSun Feb  7 10:10:49.532 utc\n\nType escape sequence to abort.\n\
         Tracing the route to www.example.net (203.0.113.9)\nVRF info: (vrf in name/id, vrf out name/id)\n\n \
         1 192.0.2.1 [AS 64496] [MPLS: Labels 16/17 Exp 0] 4 msec 0 msec *\n \
         2  192.0.2.2 [MPLS: Label 24001 Exp 5] 5 msec\n    192.0.2.3 6 msec !A\n 3   *  *  *\n 4 192.0.2.4 !A  *  !A\n",
    );
    assert_eq!(
        words(&ios),
        "1 192.0.2.1=4 L16.0.0.0 L17.0.0.0 AS64496 192.0.2.1=0 L16.0.0.0 L17.0.0.0 AS64496 ~1 | \
         2 192.0.2.2=5 L24001.5.0.0 192.0.2.3=6 (!A) | 3 ~3 | 4 192.0.2.4 (!A) 192.0.2.4 (!A) ~1"
    );
    let junos = only(
        Format::Text,
        "user@r1> traceroute 203.0.113.9\ntraceroute to 203.0.113.9 (203.0.113.9), 30 hops max, 52 byte packets\n \
         1  192.0.2.1 (192.0.2.1)  0.4 ms  0.5 ms\n     MPLS Label=300544 CoS=2 TTL=1 S=1\n 2  203.0.113.9 (203.0.113.9)  1 ms\n",
    );
    assert_eq!(words(&junos), "1 192.0.2.1=0.4 L300544.2.1.1 192.0.2.1=0.5 L300544.2.1.1 | 2 203.0.113.9=1");
    assert!(junos.complete && ios.dst_name.as_deref() == Some("www.example.net"));
}

#[test]
fn paris_and_scamper_text() {
    let paris = only(
        Format::Text,
        "traceroute [(192.0.2.1:33456) -> (203.0.113.9:33457)], protocol udp, algo hopbyhop, duration 3 s\n \
         1  P(6, 6) gw.example (192.0.2.2)  0.123/0.200/0.300/0.050 ms\n 2  P(6, 0) * * *\n",
    );
    assert_eq!(words(&paris), "1 192.0.2.2/gw.example=0.123 | 2 ~3");
    assert_eq!((paris.src, paris.proto), ("192.0.2.1".parse().ok(), Some(IpProtocol::UDP)));
    let scamper = only(Format::Text, "traceroute from 192.0.2.1 to 203.0.113.9\n 1  192.0.2.2  0.042 ms\n 2  *\n");
    assert_eq!((words(&scamper).as_str(), scamper.dst), ("1 192.0.2.2=0.042 | 2 ~1", "203.0.113.9".parse().ok()));
}

#[test]
fn several_runs_with_and_without_headings() {
    let text = format!("{LINUX}{LINUX} 1  192.0.2.1  1 ms\n");
    let got = read(Format::Text, text.as_bytes());
    assert_eq!(got.traceroutes.iter().map(|t| t.hops.len()).collect::<Vec<_>>(), [5, 5, 1]);
}

#[test]
fn lines_that_are_none_are_counted_with_their_place() {
    let text =
        "traceroute to 203.0.113.9 (203.0.113.9), 30 hops max\nwhat\n 0  192.0.2.1  1 ms\n 300  192.0.2.1  1 ms\n 1  5 ms\n";
    let got = read(Format::Text, text.as_bytes());
    let places: Vec<_> = got.rejected.iter().map(|r| (r.line, r.offset, r.why)).collect();
    assert_eq!(
        places,
        [
            (2, 53, "no line of a traceroute"),
            (3, 58, "a TTL outside 1 to 255"),
            (4, 78, "a TTL outside 1 to 255"),
            (5, 100, "a round trip without a host"),
        ]
    );
    assert_eq!(got.traceroutes[0].hops, []);
}

const TRACERT: &str = "\
C:\\>tracert www.example.net\r
\r
Tracing route to www.example.net [203.0.113.9]\r
over a maximum of 30 hops:\r
\r
  1    <1 ms    <1 ms     2 ms  192.0.2.1\r
  2     *       12 ms     *     4.69.1.2.example.org [192.0.2.2]\r
  3     *        *        *     Request timed out.\r
  4     3 ms     3 ms     3 ms  www.example.net [203.0.113.9]\r
\r
Trace complete.\r
";

#[test]
fn tracert_and_less_than_a_millisecond() {
    let t = only(Format::Tracert, TRACERT);
    assert_eq!(
        words(&t),
        "1 192.0.2.1=1 (<) 192.0.2.1=1 (<) 192.0.2.1=2 | 2 192.0.2.2/4.69.1.2.example.org=12 ~2 | 3 ~3 | \
         4 203.0.113.9/www.example.net=3 203.0.113.9/www.example.net=3 203.0.113.9/www.example.net=3"
    );
    assert_eq!((t.dst_name.as_deref(), t.complete, t.proto), (Some("www.example.net"), true, Some(IpProtocol::ICMP)));
}

#[test]
fn tracert_in_other_languages() {
    for (text, expected) in [
        (
            "Routenverfolgung zu example.net [203.0.113.9]\n\u{fc}ber maximal 30 Hops:\n\n  1     1 ms     1 ms    <1 ms  192.0.2.1 \n  \
             2     *        *        *     Zeit\u{fc}berschreitung der Anforderung.\n  \
             3  192.0.2.1  meldet: Zielhost nicht erreichbar.\n",
            "1 192.0.2.1=1 192.0.2.1=1 192.0.2.1=1 (<) | 2 ~3 | 3 192.0.2.1 (meldet: Zielhost nicht erreichbar.)",
        ),
        (
            "\u{422}\u{440}\u{430}\u{441}\u{441}\u{438}\u{440}\u{43e}\u{432}\u{43a}\u{430} \u{43c}\u{430}\u{440}\u{448}\u{440}\u{443}\u{442}\u{430} \u{43a} example.net [203.0.113.9]\n  \
             1    12 \u{43c}\u{441}     9 \u{43c}\u{441}     *     r.example [192.0.2.1]\n",
            "1 192.0.2.1/r.example=12 192.0.2.1/r.example=9 ~1",
        ),
        (
            "\u{901a}\u{8fc7}\u{6700}\u{591a} 30 \u{4e2a}\u{8dc3}\u{70b9}\u{8ddf}\u{8e2a}\n\u{5230} example.net [203.0.113.9] \u{7684}\u{8def}\u{7531}:\n\n  \
             1     1 ms     1 \u{6beb}\u{79d2}     1 ms  192.0.2.1\n  2     *        *        *     \u{8bf7}\u{6c42}\u{8d85}\u{65f6}\u{3002}\n",
            "1 192.0.2.1=1 192.0.2.1=1 192.0.2.1=1 | 2 ~3",
        ),
        (
            "D\u{e9}termination de l\u{2019}itin\u{e9}raire vers example.net [203.0.113.9]\navec un maximum de 30 sauts\u{a0}:\n\n  \
             1     *        *     192.0.2.1  rapports : Impossible de joindre l\u{2019}h\u{f4}te de destination.\n  2     4 ms     *        *     203.0.113.9\n",
            "1 192.0.2.1 (rapports : Impossible de joindre l\\xe2\\x80\\x99h\\xc3\\xb4te de des) ~2 | 2 203.0.113.9=4 ~2",
        ),
    ] {
        assert_eq!(recognise(text.as_bytes()), Some(Format::Tracert), "{text}");
        let got = read(Format::Tracert, text.as_bytes());
        assert_eq!(got.rejected, [], "{text}");
        assert_eq!(got.traceroutes.iter().map(words).collect::<Vec<_>>(), [expected], "{text}");
        assert_eq!(got.traceroutes[0].dst, "203.0.113.9".parse().ok(), "{text}");
    }
}

#[test]
fn utf_16_with_a_mark() {
    let units: Vec<u8> = [0xff, 0xfe].into_iter().chain(TRACERT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(recognise(&units), Some(Format::Tracert));
    assert_eq!(read(Format::Tracert, &units).traceroutes, read(Format::Tracert, TRACERT.as_bytes()).traceroutes);
}

#[test]
fn tracepath() {
    let t = only(
        Format::Tracepath,
        " 1?: [LOCALHOST]                      pmtu 1500\n 1:  gw.example (192.0.2.1)          0.345ms \n 1:  192.0.2.1     0.3ms \n \
         2:  no reply\n 3:  198.51.100.7    5.5ms asymm  4 \n 4:  _gateway    6ms pmtu 1400\n 5:  203.0.113.9   9.123ms reached\n     \
         Resume: pmtu 1400 hops 5 back 5 \n",
    );
    assert_eq!(
        words(&t),
        "1 192.0.2.1/gw.example=0.345 192.0.2.1=0.3 | 2 ~1 | 3 198.51.100.7=5.5 | 4 \"_gateway\"=Some(6000000) | 5 203.0.113.9=9.123"
    );
    assert!(t.complete);
}

#[test]
fn mtr_report() {
    let t = only(
        Format::MtrText,
        "Start: 2024-02-07T13:51:06+0100\nHOST: here                   Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
         1.|-- 192.0.2.1              0.0%    10    3.8   6.4   1.5   9.1   3.7\n        [MPLS: Lbl 24015 TC 1 S 1 TTL 2]\n    \
         |  `|-- 192.0.2.2\n  2.|-- ???                   100.0    10    0.0   0.0   0.0   0.0   0.0\n  \
         3.|-- AS64496  r.example (192.0.2.3)   20.0%    10   3.0   3.0   2.0   4.0   0.1\n  \
         4.|-- dns.example            0.0%    10    9.0   9.0   8.0   9.9   0.1\n",
    );
    assert_eq!(
        words(&t),
        "1 192.0.2.1=1.5 L24015.1.1.2 192.0.2.2 | 2 ~10 | 3 192.0.2.3/r.example=2 AS64496 ~2 | 4 \"dns.example\"=Some(8000000)"
    );
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2024-02-07T12:51:06Z"));
}

#[test]
fn mtr_screen_with_other_columns() {
    let t = only(
        Format::MtrText,
        "                             My traceroute  [v0.95]\nhere (192.0.2.5) -> www.example.net (203.0.113.9)  2024-02-07T13:51:06+0100\n\
         Keys:  Help   Display mode   Restart statistics   Order of fields   quit\n                 Packets               Pings\n \
         Host                     Snt  Best\n 1. 192.0.2.1             10   0.5\n 2. (waiting for reply)\n 3. 203.0.113.9            9  4.0\n",
    );
    assert_eq!(words(&t), "1 192.0.2.1=0.5 | 2 | 3 203.0.113.9=4");
    assert_eq!((t.src, t.complete), ("192.0.2.5".parse().ok(), true));
}

#[test]
fn mtr_for_programs() {
    let csv = only(
        Format::MtrCsv,
        "Mtr_Version,Start_Time,Status,Host,Hop,Ip,Asn,Loss%,Snt, ,Last,Avg,Best,Wrst,StDev,\n\
         MTR.0.95,1707310266,OK,www.example.net,1,192.0.2.1,AS64496,0.00,4,0,1.00,1.00,0.90,1.10,0.10\n\
         MTR.0.95,1707310266,OK,www.example.net,2,???,AS???,100.00,4,0,0.00,0.00,0.00,0.00,0.00\n",
    );
    assert_eq!(words(&csv), "1 192.0.2.1=0.9 AS64496 | 2 ~4");
    assert_eq!(csv.started.map(|s| s.to_string()).as_deref(), Some("2024-02-07T12:51:06Z"));
    let xml = only(
        Format::MtrXml,
        "<?xml version=\"1.0\"?>\n<MTR SRC=\"here\" DST=\"203.0.113.9\" TOS=\"0x0\" PSIZE=\"64\" TESTS=\"5\">\n    \
         <HUB COUNT=\"1\" HOST=\"r.example (192.0.2.1)\">\n        <Loss%>  20.0%</Loss%>\n        <Snt>     5</Snt>\n        \
         <Last>   1.1</Last>\n        <Best>   0.7</Best>\n    </HUB>\n    <HUB COUNT=\"2\" HOST=\"203.0.113.9\">\n        <Best>   3.0</Best>\n    </HUB>\n</MTR>\n",
    );
    assert_eq!((words(&xml).as_str(), xml.complete), ("1 192.0.2.1/r.example=0.7 ~1 | 2 203.0.113.9=3", true));
    let json = only(
        Format::MtrJson,
        r#"{"report":{"mtr":{"src":"here","dst":"203.0.113.9"},"hubs":[{"count":"1","host":"192.0.2.1","Loss%":50.0,"Snt":4,"Best":0.25},{"count":2,"host":"203.0.113.9","ASN":"AS64497","Loss%":0.0,"Snt":4,"Best":3.5}]}}"#,
    );
    assert_eq!((words(&json).as_str(), json.complete), ("1 192.0.2.1=0.25 ~2 | 2 203.0.113.9=3.5 AS64497", true));
}

const ATLAS: &str = r#"{"fw":4790,"type":"traceroute","msm_id":1,"prb_id":2,"timestamp":1707310266,"proto":"UDP","src_addr":"192.0.2.9","dst_addr":"203.0.113.9","dst_name":"www.example.net","from":"198.51.100.1","result":[{"hop":1,"result":[{"from":"192.0.2.1","rtt":1.01,"ttl":64},{"x":"*"},{"late":2,"from":"192.0.2.1"}]},{"hop":2,"error":"sendto failed"},{"hop":255,"result":[{"from":"198.51.100.2","rtt":9.5,"err":"H","icmpext":{"obj":[{"class":1,"type":1,"mpls":[{"exp":0,"label":301856,"s":1,"ttl":1}]}]}},{"err":13,"from":"198.51.100.2","rtt":9}]}]}"#;

#[test]
fn atlas() {
    assert_eq!(recognise(ATLAS.as_bytes()), Some(Format::Atlas));
    let got = read(Format::Atlas, ATLAS.as_bytes());
    let t = &got.traceroutes[0];
    assert_eq!((got.rejected_total, got.rejected[0].why), (1, "a late reply: it answers an earlier probe"));
    assert_eq!(words(t), "1 192.0.2.1=1.01 ~1 | 2 | 255 198.51.100.2=9.5 (!H) L301856.0.1.1 198.51.100.2=9 (!<13>)");
    assert_eq!((t.src, t.proto, t.complete), ("192.0.2.9".parse().ok(), Some(IpProtocol::UDP), false));
    let array = format!("[{ATLAS},\n {ATLAS}\n]");
    assert_eq!(read(Format::Atlas, array.as_bytes()).traceroutes.len(), 2);
    let first = r#"{"fw":1,"msm_id":1,"prb_id":2,"timestamp":1707310266,"result":"traceroute to 203.0.113.9 (203.0.113.9), 32 hops max\n 1  192.0.2.1  1.5 ms  *\n"}"#;
    assert_eq!(words(&only(Format::Atlas, first)), "1 192.0.2.1=1.5 ~1");
}

#[test]
fn scamper() {
    let lines = "{\"UUID\":\"x\",\"TracerouteCallerVersion\":\"y\"}\n{\"type\":\"cycle-start\"}\n{\"type\":\"trace\",\"method\":\"icmp-echo-paris\",\
        \"src\":\"::ffff:192.0.2.9\",\"dst\":\"::ffff:203.0.113.9\",\"stop_reason\":\"UNREACH\",\"start\":{\"sec\":1707310266,\"usec\":500000},\
        \"hops\":[{\"addr\":\"192.0.2.2\",\"probe_ttl\":2,\"rtt\":2.5,\"icmp_type\":3,\"icmp_code\":13},\
        {\"addr\":\"192.0.2.1\",\"name\":\"R.example\",\"probe_ttl\":1,\"rtt\":1.057,\"icmp_type\":11,\"icmp_code\":0,\
        \"icmpext\":[{\"ie_cn\":1,\"ie_ct\":1,\"mpls_labels\":[{\"mpls_ttl\":1,\"mpls_s\":1,\"mpls_exp\":0,\"mpls_label\":16}]}]}]}\n{\"type\":\"cycle-stop\"}\n";
    let t = only(Format::Scamper, lines);
    assert_eq!(words(&t), "1 192.0.2.1/r.example=1.057 L16.0.1.1 | 2 192.0.2.2=2.5 (!X)");
    assert_eq!((t.src, t.proto), ("192.0.2.9".parse().ok(), Some(IpProtocol::ICMP)));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2024-02-07T12:51:06.500Z"));
    let wrapped = r#"{"Metadata":{"TracerouteCallerVersion":"1"},"CycleStart":{"type":"cycle-start"},"Trace":{"type":"trace","dst":"203.0.113.9","stop_reason":"COMPLETED","hops":[]}}"#;
    assert!(only(Format::Scamper, wrapped).complete);
}

#[test]
fn multipath() {
    let link = |addr: &str, ttl: u8| {
        format!(r#"[{{"addr":"{addr}","probes":[{{"ttl":{ttl},"replies":[{{"rtt":1.5,"icmp_type":11,"icmp_code":0}}]}}]}}]"#)
    };
    let text = format!(
        r#"{{"type":"tracelb","dst":"203.0.113.9","nodes":[{{"addr":"192.0.2.1","links":[{},{}]}},{{"addr":"192.0.2.77","links":[[{{"addr":"*"}}]]}}]}}"#,
        link("192.0.2.2", 2),
        link("192.0.2.3", 2)
    );
    let got = read(Format::Scamper, text.as_bytes());
    assert_eq!(words(&got.traceroutes[0]), "1 192.0.2.1 | 2 192.0.2.2=1.5 192.0.2.3=1.5");
    assert_eq!((got.rejected_total, got.rejected[0].why), (1, "a node of which no TTL is known"));
}

#[test]
fn other_json() {
    let perfsonar = only(
        Format::PerfSonar,
        r#"{"succeeded":true,"paths":[[{"ip":"192.0.2.1","rtt":"PT0.0002S"},{},{"as":{"number":64496},"hostname":"a.example.","ip":"192.0.2.2","rtt":"PT0.0215S","error":"net-unreachable"}]]}"#,
    );
    assert_eq!(words(&perfsonar), "1 192.0.2.1=0.2 | 2 ~1 | 3 192.0.2.2/a.example=21.5 (net-unreachable) AS64496");
    let trippy = only(
        Format::Trippy,
        r#"{"info":{"target":{"ip":"203.0.113.9","hostname":"www.example.net"},"start_timestamp":"2024-02-07T12:51:06Z"},"hops":[{"ttl":1,"hosts":[{"ip":"192.0.2.1","hostname":"gw.example"}],"loss_pct":"20.00","sent":5,"recv":4,"best":"0.50"},{"ttl":2,"hosts":[{"ip":"192.0.2.2"},{"ip":"192.0.2.3"}],"sent":5,"recv":5,"best":"1.00"},{"ttl":3,"hosts":[],"sent":5,"recv":0,"best":"0.00"}]}"#,
    );
    assert_eq!(words(&trippy), "1 192.0.2.1/gw.example=0.5 ~1 | 2 192.0.2.2 192.0.2.3 | 3 ~5");
    let nexttrace = only(
        Format::NextTrace,
        r#"{"Hops":[[{"Success":true,"Address":{"IP":"192.0.2.1","Zone":""},"Hostname":"gw.example","TTL":1,"RTT":1500000,"Geo":{"asnumber":"64496"},"MPLS":["[MPLS: Lbl 16, TC 0, S 1, TTL 1]"]},{"Success":false,"Address":null,"TTL":1,"RTT":0}]],"TraceMapUrl":""}"#,
    );
    assert_eq!(words(&nexttrace), "1 192.0.2.1/gw.example=1.5 L16.0.1.1 AS64496 ~1");
    let globalping = only(
        Format::Globalping,
        r#"{"id":"x","type":"traceroute","status":"finished","createdAt":"2024-02-07T12:51:06.000Z","target":"www.example.net","probesCount":1,"results":[{"probe":{},"result":{"status":"finished","resolvedAddress":"203.0.113.9","hops":[{"resolvedHostname":"gw.example","resolvedAddress":"192.0.2.1","timings":[{"rtt":0.5},{"rtt":0.7}]},{"resolvedHostname":null,"resolvedAddress":null,"timings":[]},{"resolvedHostname":"203.0.113.9","resolvedAddress":"203.0.113.9","timings":[{"rtt":4}]}]}}]}"#,
    );
    assert_eq!(words(&globalping), "1 192.0.2.1/gw.example=0.5 192.0.2.1/gw.example=0.7 | 2 ~1 | 3 203.0.113.9=4");
    assert!(globalping.complete && globalping.dst_name.as_deref() == Some("www.example.net"));
}

const DUMP: &str = "\
list id 0, name default
cycle start, list default 0, cycle 0, time Tue Feb  8 14:35:19 2022
traceroute from 192.0.2.9 to 203.0.113.9
 start: Tue Feb  8 14:35:19 2022 811234
 type: udp paris, sport: 57352, dport: 33435
 stop reason: done
hop  1  192.0.2.1
 attempt: 1, tx: 0.000374s, rtt: 0.001057s, probe-size: 44
 icmp-type: 11, icmp-code: 0, q-ttl: 1, q-len: 44, q-tos 0
hop  3  4.69.1.2.example.net (203.0.113.9)
 attempt: 1, tx: 10.267924s, rtt: 0.001969s, probe-size: 44
 icmp-type: 3, icmp-code: 3, q-ttl: 1, q-len: 44, q-tos 128

cycle stop, list default 0, cycle 0, time Tue Feb  8 14:35:30 2022
";

#[test]
fn dumped_warts() {
    let t = only(Format::WartsDump, DUMP);
    assert_eq!(words(&t), "1 192.0.2.1=1.057 | 3 203.0.113.9=1.969");
    assert_eq!((t.proto, t.complete, t.started), (Some(IpProtocol::UDP), true, None));
}

/// A list record, then a trace of one hop: the ends in full, the hop with the destination's number and a label.
fn warts_file() -> Vec<u8> {
    let record = |kind: u8, body: &[u8]| {
        let mut out = vec![0x12, 0x05, 0, kind, 0, 0, 0, body.len() as u8];
        out.extend_from_slice(body);
        out
    };
    let mut trace = vec![0b1011_0000, 0b1000_1000, 0x80, 0b0011_0000, 0, 8 + 1 + 1 + 12];
    trace.extend_from_slice(&1_707_310_266_u32.to_be_bytes());
    trace.extend_from_slice(&500_000_u32.to_be_bytes());
    trace.extend_from_slice(&[1, 5]); // completed, udp paris
    trace.extend_from_slice(&[4, 1, 192, 0, 2, 9, 4, 1, 203, 0, 113, 9]);
    trace.extend_from_slice(&[0, 1]); // one reply
    trace.extend_from_slice(&[0b1010_0010, 0x80, 0b0000_1100, 0, 1 + 4 + 10 + 5]);
    trace.push(7);
    trace.extend_from_slice(&1057_u32.to_be_bytes());
    trace.extend_from_slice(&[0, 8, 0, 4, 1, 1, 0x03, 0xe8, 0x01, 0x01]);
    trace.extend_from_slice(&[0, 0, 0, 0, 1]);
    trace.extend_from_slice(&[0, 0]);
    [record(1, b"x"), record(6, &trace), record(7, b"ping")].concat()
}

#[test]
fn warts() {
    let bytes = warts_file();
    assert_eq!(recognise(&bytes), Some(Format::Warts));
    let got = read(Format::Warts, &bytes);
    assert_eq!(got.traceroutes.iter().map(words).collect::<Vec<_>>(), ["7 203.0.113.9=1.057 L16000.0.1.1"]);
    let t = &got.traceroutes[0];
    assert_eq!((t.src, t.proto, t.complete), ("192.0.2.9".parse().ok(), Some(IpProtocol::UDP), true));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2024-02-07T12:51:06.500Z"));
    assert_eq!(got.rejected.iter().map(|r| (r.line, r.why)).collect::<Vec<_>>(), [(3, "a record that is no traceroute")]);
    let cut = read(Format::Warts, &bytes[..bytes.len() - 20]);
    assert_eq!((cut.traceroutes.len(), cut.rejected[0].why), (0, "a record that ends behind the file"));
}

#[test]
fn what_wants_to_be_big_stays_bounded() {
    let mut text = String::from("traceroute to 203.0.113.9 (203.0.113.9), 30 hops max\n 1  192.0.2.1");
    text.push_str(&"  1 ms".repeat(100));
    text.push('\n');
    writeln!(text, " 2  {}", "*".repeat(70_000)).unwrap();
    let got = read(Format::Text, text.as_bytes());
    assert_eq!(got.traceroutes[0].hops[0].replies.len(), MAX_REPLIES);
    let why: Vec<_> = got.rejected.iter().map(|r| (r.line, r.why)).collect();
    assert_eq!(why, [(2, "more replies of one hop than are kept"), (3, "a line of more than 64 KiB")]);
    let junk = "x\n".repeat(1000);
    let got = read(Format::Text, junk.as_bytes());
    assert_eq!((got.rejected.len(), got.rejected_total), (MAX_REJECTED, 1000));
    let hops: Vec<String> = (0..300).map(|_| r#"{"ip":"192.0.2.1"}"#.to_owned()).collect();
    let got = read(Format::PerfSonar, format!(r#"{{"paths":[[{}]]}}"#, hops.join(",")).as_bytes());
    assert_eq!((got.traceroutes[0].hops.len(), got.rejected_total), (MAX_HOPS, 1));
}

#[test]
fn names_cannot_speak_to_a_terminal() {
    let t = only(Format::Text, "traceroute to 203.0.113.9 (203.0.113.9), 30 hops\n 1  a\u{1b}[2Jb (192.0.2.1)  1 ms\n");
    assert_eq!(t.hops[0].replies[0].name.as_deref(), Some("a\\x1b[2jb"));
}

#[test]
fn broken_json_costs_its_line_and_no_more() {
    let text = format!("{{\"type\":\n{ATLAS}\nnot json\n{{\"prb_id\":1\n{ATLAS}\n");
    let got = read(Format::Atlas, text.as_bytes());
    assert_eq!(got.traceroutes.len(), 2);
    // Lines 2 and 5 hold a late reply each.
    assert_eq!(got.rejected.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    // Quadratic if every brace were followed to the end.
    let braces = "{\"\n".repeat(300_000);
    assert_eq!(read(Format::Atlas, braces.as_bytes()).rejected_total, 300_000);
}

#[test]
fn what_is_something_else() {
    for text in [
        "",
        "\n\n",
        "192.0.2.1 - - [07/Feb/2024:12:51:06 +0000] \"GET / HTTP/1.1\" 200 5",
        "Feb  7 12:51:06 host sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2",
        "{\"timestamp\":\"2024-02-07\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\"}",
        "1 192.0.2.1 203.0.113.9\n2 192.0.2.1 203.0.113.9",
        "2 123456789010 eni-1 192.0.2.1 203.0.113.9 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "<html><body>MTR</body></html>",
        "a,b,c\n1,2,3",
        "12 40 packets 192.0.2.1",
        " 7: request took 5ms",
    ] {
        assert_eq!(recognise(text.as_bytes()), None, "{text}");
    }
}

fn check(format: Format, bytes: &[u8]) -> Result<(), TestCaseError> {
    let got = read(format, bytes);
    prop_assert!(got.rejected.len() <= MAX_REJECTED && got.rejected.len() as u64 <= got.rejected_total);
    for t in &got.traceroutes {
        prop_assert!(t.hops.len() <= MAX_HOPS);
        for hop in &t.hops {
            prop_assert!(hop.ttl > 0 && hop.replies.len() <= MAX_REPLIES && hop.named.len() <= MAX_REPLIES);
            let printed = hop.replies.iter().flat_map(|r| r.name.iter().chain(&r.flag)).chain(hop.named.iter().map(|n| &n.name));
            for text in printed.chain(&t.dst_name) {
                prop_assert!(text.len() <= 253 && text.bytes().all(|b| (0x20..0x7f).contains(&b)), "{text:?}");
            }
            for reply in &hop.replies {
                prop_assert!(reply.rtt_ns.is_none_or(|ns| ns >= 0) && reply.mpls.len() <= 32);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_end_a_run(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = recognise(&bytes);
        for format in Format::ALL {
            check(format, &bytes)?;
        }
    }

    #[test]
    fn no_damage_ends_a_run(
        which in 0_usize..5,
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        repeat in 1_usize..4,
    ) {
        let dump = DUMP.as_bytes().to_vec();
        let sample = match which { 0 => LINUX.into(), 1 => TRACERT.into(), 2 => ATLAS.into(), 3 => dump, _ => warts_file() };
        let mut bytes = sample.repeat(repeat);
        for (at, value) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = recognise(&bytes);
        for format in Format::ALL {
            check(format, &bytes)?;
        }
    }

    #[test]
    fn no_words_end_a_run(words in proptest::collection::vec(
        prop::sample::select(vec![
            "\n", "\n 1 ", "\n 2. ", "\n3: ", "1", "*", "!X", "ms", "1.5", "<1", "192.0.2.1", "(192.0.2.1)", "[192.0.2.1]", "a.example",
            "[AS1]", "[MPLS:", "Label", "16", "]", "<MPLS:L=1,E=1,S=1,T=1>", "P(", "reached", "HOST: x Loss% Snt Best", "0.0%", "???", "|",
            "traceroute to", "from", "->", "hop ", "\nhop 1 ", "attempt: 1, rtt: ", "MTR.1,", "asymm", "\n<HUB COUNT=\"1\" HOST=\"x\">", "\n</HUB>",
        ]), 0..60))
    {
        let bytes = words.join(" ").into_bytes();
        for format in Format::ALL {
            check(format, &bytes)?;
        }
    }
}
