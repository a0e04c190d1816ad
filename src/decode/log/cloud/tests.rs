use super::{Aws, azure, gcp, looks_like_aws, looks_like_azure, looks_like_gcp};
use crate::decode::log::Format;
use crate::decode::log::asa::testing::{Seen, clock, corpus, fixture, run};
use crate::decode::record::Lines;

fn aws(log: &str) -> Seen {
    run(Box::new(Lines(Aws::new(clock()))), log.as_bytes())
}

#[test]
fn the_fixture_of_aws_says_what_its_readme_says() {
    let seen = fixture("aws-vpc.log", Format::AwsVpc);
    assert_eq!(
        seen.said,
        [
            "08:00:00Z 203.0.113.5 41230 > 192.0.2.10 22 tcp 20/4249 0/0 to 08:01:00Z",
            "08:00:00Z 192.0.2.10 22 > 203.0.113.5 41230 tcp 18/5249 0/0 to 08:01:00Z",
            "08:00:01Z 203.0.113.5 49761 > 192.0.2.10 3389 tcp Refused 2/120 0/0 to 08:01:01Z",
            "08:00:02Z 2001:db8:5::7 > 2001:db8:10::10 icmp6 1/104 0/0 to 08:01:02Z",
            // SYN and ACK: the answer to who opened it.
            "08:00:00Z 203.0.113.5 41230 > 192.0.2.10 22 tcp 0/0 18/5249 to 08:01:00Z",
            "08:00:00Z 192.0.2.50 50112 > 203.0.113.80 443 tcp 9/900 0/0 to 08:01:00Z",
        ]
    );
    assert_eq!(seen.records, 8);
    assert_eq!(seen.rejected, ["more or fewer fields than the format has", "srcaddr or dstaddr is no address"]);
}

const LINE: &str =
    "2 123456789010 eni-1235b8ca123456789 203.0.113.5 192.0.2.10 41230 22 6 20 4249 1710230400 1710230460 ACCEPT OK";

#[test]
fn aws_without_a_heading_from_cloudwatch_and_of_a_transit_gateway() {
    let expected = ["08:00:00Z 203.0.113.5 41230 > 192.0.2.10 22 tcp 20/4249 0/0 to 08:01:00Z"];
    for log in [LINE.to_owned(), format!("2024-03-12T08:00:00.000Z {LINE}")] {
        assert!(looks_like_aws(log.as_bytes()), "{log}");
        assert_eq!(aws(&log).said, expected);
    }
    let tgw = "version resource-type account-id tgw-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status\n\
               6 TransitGateway 123456789010 tgw-1 203.0.113.5 192.0.2.10 41230 22 6 20 4249 1710230400 1710230460 OK\n";
    assert!(looks_like_aws(tgw.as_bytes()));
    assert_eq!(aws(tgw).said, expected);
    for text in [
        "version srcaddr",
        "srcaddr and dstaddr are the names of two columns",
        &LINE.replace("eni-", "eth"),
        &LINE.replace("OK", "MAYBE"),
        &LINE.replacen('2', "3", 1),
        "",
    ] {
        assert!(!looks_like_aws(text.as_bytes()), "{text}");
    }
}

#[test]
fn the_fixture_of_google_says_what_its_readme_says() {
    let seen = fixture("gcp-flow.json", Format::Gcp);
    assert_eq!(
        seen.said,
        [
            "08:00:00.123456789Z 203.0.113.5 41230 > 192.0.2.10 22 tcp 20/4249 0/0 to 08:00:05.500Z",
            "08:00:00.200Z 192.0.2.10 22 > 203.0.113.5 41230 tcp 18/5249 0/0 to 08:00:05.600Z",
            "08:00:06Z 203.0.113.5 41999 > 192.0.2.10 3389 tcp Refused",
            "08:00:09Z 2001:db8:5::7 5 > 2001:db8:10::10 53 udp 1/100 0/0",
            "08:00:09Z 2001:db8:5::7 5 > 2001:db8:10::10 53 udp 1/100 0/0",
        ]
    );
    assert_eq!(seen.records, 6);
    assert_eq!(seen.rejected, ["src_ip or dest_ip is no address", "an object that is broken off"]);
}

#[test]
fn the_fixture_of_azure_says_what_its_readme_says() {
    let seen = fixture("azure-flow.json", Format::Azure);
    assert_eq!(
        seen.said,
        [
            "08:00:02Z 203.0.113.5 28746 > 192.0.2.10 3389 tcp Refused",
            "08:00:00Z 203.0.113.5 41230 > 192.0.2.10 22 tcp",
            "08:00:59Z 203.0.113.5 41230 > 192.0.2.10 22 tcp Exchanged 20/4249 18/5249",
            "08:01:00Z 192.0.2.10 40000 > 203.0.113.53 53 udp",
            "08:02:00.123Z 192.0.2.10 23956 > 203.0.113.80 443 tcp Exchanged 40/4200 80/91000",
            "08:02:01.123Z 2001:db8:5::7 23957 > 2001:db8:10::10 443 tcp Refused",
        ]
    );
    assert_eq!(seen.records, 6);
    assert_eq!(
        seen.rejected,
        ["a flow tuple that cannot be read", "a flow tuple that cannot be read", "a record of another category"]
    );
}

#[test]
fn deep_json_is_rejected() {
    let deep = format!("{{\"jsonPayload\":{}{}}}", "{\"x\":".repeat(5000), "}".repeat(5000));
    assert_eq!(run(gcp(clock()), deep.as_bytes()).rejected.len(), 1);
    let deep = format!("{{\"category\":{}{}}}", "{\"x\":".repeat(5000), "}".repeat(5000));
    assert_eq!(run(azure(clock()), deep.as_bytes()).rejected.len(), 1);
}

#[test]
fn json_of_other_kinds_is_not_taken() {
    for text in [
        "{\"jsonPayload\":{\"message\":\"connection src_ip dest_ip\"}}",
        "{\"connection\":{\"src_ip\":\"203.0.113.5\",\"dest_ip\":\"192.0.2.1\"}}",
        "{\"records\":[{\"category\":\"NetworkSecurityGroupEvent\",\"properties\":{\"flowTuples\":[]}}]}",
        "{\"event_type\":\"flow\",\"src_ip\":\"203.0.113.5\",\"dest_ip\":\"192.0.2.1\"}",
        "[1,2,3]",
        "[]",
        "",
    ] {
        assert!(!looks_like_gcp(text.as_bytes()) && !looks_like_azure(text.as_bytes()), "{text}");
    }
    for (path, bytes) in corpus() {
        let taken = [looks_like_aws(&bytes), looks_like_gcp(&bytes), looks_like_azure(&bytes)];
        assert_eq!(taken, [false; 3], "{}", path.display());
    }
}
