use super::{PaloAlto, looks_like, message};
use crate::decode::log::Format;
use crate::decode::log::asa::testing::{Seen, clock, corpus, fixture, records, run, told};
use crate::decode::record::Lines;

fn read(line: &str) -> Seen {
    run(Box::new(Lines(PaloAlto::new(clock()))), line.as_bytes())
}

#[test]
fn the_fixture_says_what_its_readme_says() {
    let seen = fixture("paloalto.log", Format::PaloAlto);
    assert_eq!(
        seen.said,
        [
            "08:59:01Z nat [192.0.2.20 50112 => 198.51.100.1 21077] [203.0.113.80 443] tcp to 08:59:59Z",
            "08:59:01Z 192.0.2.20 50112 > 203.0.113.80 443 tcp Exchanged 40/4200 80/91000 to 08:59:59Z",
            "09:00:02Z 203.0.113.5 41230 > 198.51.100.9 3389 tcp Refused 1/60 0/0",
            "09:00:02Z nat [203.0.113.5 41231] [198.51.100.9 443 => 192.0.2.10 443] tcp",
            "09:00:02Z 203.0.113.5 41231 > 198.51.100.9 443 tcp 1/60 0/0",
            "09:00:03Z x-forwarded-for [\"198.51.100.7\", \"203.0.113.99\"] before 203.0.113.5 at 192.0.2.10",
            "09:00:03Z 203.0.113.5 46810 > 192.0.2.10 80 tcp Refused",
            "09:00:03Z alert 203.0.113.5 46810 > 192.0.2.10 80 tcp \"HTTP Directory Traversal Request Attempt\" Some(\"30844\") Some(2) blocked",
            "09:00:03Z 192.0.2.20 50113 > 203.0.113.80 80 tcp",
            // What was found came from the server.
            "09:00:03Z alert 203.0.113.80 80 > 192.0.2.20 50113 tcp \"Virus/Win32.generic\" Some(\"2000001\") Some(3)",
            "09:00:03Z 192.0.2.20 50114 > 203.0.113.80 443 tcp host www.example.org",
            "09:01:00Z 203.0.113.44 > - tcp Exchanged LoginFailed",
            "09:01:05Z 203.0.113.44 > - ip-proto-0",
            "09:01:05Z nat [203.0.113.44 => 192.0.2.201] [-] ip-proto-0",
        ]
    );
    assert_eq!(seen.records, 9);
    assert_eq!(seen.rejected, ["unknown protocol", "a traffic line that is cut off"]);
}

fn first_line() -> String {
    let log = std::fs::read_to_string(records().join("paloalto.log")).unwrap();
    log.lines().next().unwrap().to_owned()
}

#[test]
fn a_comma_in_quotes_moves_no_column() {
    let expected = read(&first_line()).said;
    for rule in ["\"a,198.51.100.66,b\"", "\"a\"\",\"\"198.51.100.66\"", "\"\""] {
        assert_eq!(read(&first_line().replace("allow out", rule)).said, expected, "{rule}");
    }
    // One that is never closed holds nothing back; one in the middle is no quote.
    assert_eq!(read(&first_line().replace("allow out", "\"open")).said, expected);
    assert_eq!(read(&first_line().replace("allow out", "a\"b")).said, expected);
}

#[test]
fn how_a_session_ended() {
    let counted = "4200,91000,120,2024/03/12 08:59:01";
    assert!(first_line().contains(counted) && first_line().contains(",40,80,tcp-fin,"));
    for (end, outcome) in [("tcp-fin", " Established"), ("tcp-rst-from-server", " Refused"), ("aged-out", "")] {
        let line =
            first_line().replace(counted, "120,60,3,2024/03/12 08:59:01").replace(",40,80,tcp-fin,", &format!(",2,1,{end},"));
        assert_eq!(
            read(&line).said[1],
            format!("08:59:01Z 192.0.2.20 50112 > 203.0.113.80 443 tcp{outcome} 2/120 1/60 to 08:59:59Z"),
            "{end}"
        );
    }
}

#[test]
fn exports_have_a_heading_and_syslog_an_envelope() {
    let text = format!("Domain,Receive Time,Serial #,Type,Threat/Content Type,Config Version\n{}\n", first_line());
    assert!(looks_like(text.as_bytes()));
    assert_eq!((read(&text).records, read(&text).said.len()), (1, 2));
    assert_eq!(told(message, "", first_line().as_bytes()).unwrap().unwrap().len(), 2);
    assert_eq!(told(message, "", b"1,2024/01/31 12:34:56,x,TRAFFIC"), None);
    assert_eq!(told(message, "cron", b"1,2,3"), None);
    for text in ["1,2024-01-31 12:34:56,x,TRAFFIC,end,,,,", "1,2024/01/31 12:34:56,x,OTHER,end,,,,", "a,b,c", ""] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
}

#[test]
fn no_file_of_the_corpus_is_taken() {
    for (path, bytes) in corpus() {
        assert!(!looks_like(&bytes), "{}", path.display());
    }
}
