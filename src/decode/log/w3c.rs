//! W3C extended log format (WD-logfile-960323): a `#Fields:` line says what the columns are. IIS, CloudFront, ISA and other
//! proxies write it.
//!
//! Columns are separated by tabs or blanks; which, the line shows by having as many fields as there are columns. A line with
//! another number of fields is rejected: a client's text with a separator in it would move addresses to other columns. Dates
//! and times are GMT, as the format demands.
//!
//! CloudFront's files are cut up on their way through many collections: its lines are known by their third field, an edge
//! location, even where the heading is missing. Version 2 of its logging also writes objects of JSON with the same names.

mod columns;
mod object;

use super::super::clock::Clock;
use super::super::record::{LineFormat, Piece, Reject};
use super::web::{say, scan};
use crate::model::evidence::ChainKind;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, UNNAMED, Volume};
use columns::{Columns, Values};

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct W3c {
    columns: Option<Columns>,
    /// `#Date`, for lines that have a time only.
    date: Option<(i32, u32, u32)>,
    host: say::Host,
}

impl W3c {
    pub(super) fn new(_clock: Clock) -> Self {
        Self { columns: None, date: None, host: say::Host::default() }
    }
}

impl LineFormat for W3c {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if let Some(heading) = line.strip_prefix(b"#") {
            if let Some(date) = directive(heading, b"date:") {
                self.date = columns::date(date.get(..10).unwrap_or(date));
            } else if let Some(names) = directive(heading, b"fields:") {
                self.columns = Some(Columns::named(names));
            }
            return Ok(Piece::OTHER);
        }
        if line.starts_with(b"{") {
            let record = object::read(line).ok_or(Reject("no object of CloudFront's"))?;
            say(&record.values(), None, &mut self.host, out)?;
            return Ok(Piece::RECORD);
        }
        let cloudfront = self.columns.is_none() && columns::is_cloudfront(line);
        if cloudfront {
            self.columns = Some(Columns::cloudfront());
        }
        let columns = self.columns.as_ref().ok_or(Reject("no #Fields before this line"))?;
        let values = columns.values(line).ok_or(Reject("as many fields as #Fields names are not there"))?;
        say(&values, self.date, &mut self.host, out)?;
        Ok(Piece::RECORD)
    }
}

fn directive<'a>(heading: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let heading = heading.trim_ascii_start();
    let (start, rest) = heading.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| rest.trim_ascii())
}

/// Says what the values of a line say.
fn say(v: &Values<'_>, date: Option<(i32, u32, u32)>, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let time = v.time(date).ok_or(Reject("no date and time"))?;
    let client = scan::endpoint(v.src);
    let port = |given: u16, column: &[u8]| if given == 0 { scan::port(column).unwrap_or(0) } else { given };
    let host = [v.host, v.host_header, v.remote_host].iter().find_map(|raw| host.name(raw));
    let (dst, dport) = scan::endpoint(v.dst).unwrap_or((UNNAMED, 0));
    let (received, sent) = (scan::count(v.received).unwrap_or(0), scan::count(v.sent).unwrap_or(0));
    if let Some((src, sport)) = client {
        let outcome = match scan::number(v.status).and_then(|n| u16::try_from(n).ok()) {
            Some(status) => scan::answered(status, sent),
            None if received > 0 && sent > 0 => Outcome::Exchanged,
            None => Outcome::Unknown,
        };
        // HTTP/3 runs over UDP (RFC 9114 3).
        let proto = if v.version.starts_with(b"HTTP/3") { IpProtocol::UDP } else { IpProtocol::TCP };
        let contact = Contact {
            src,
            dst,
            sport: port(sport, v.sport),
            dport: port(dport, v.dport),
            proto,
            forward: Volume { packets: 0, bytes: received },
            backward: Volume { packets: 0, bytes: sent },
            outcome,
            act: Act::Request,
            host: host.clone(),
            ..Contact::default()
        };
        say::contact(out, Some(time), contact);
    }
    if !matches!(v.forwarded, b"" | b"-") {
        let list = columns::decoded(v.forwarded);
        let peer = client.map_or(UNNAMED, |(addr, _)| addr);
        say::chain(out, Some(time), (peer, dst), host.as_ref(), ChainKind::XForwardedFor, std::iter::once(&*list));
    }
    // A proxy's line names the server that it went on to.
    if let Some((remote, given)) = scan::endpoint(v.remote) {
        let mut contact = say::onward((remote, port(given, v.remote_port)), Outcome::Unknown);
        (contact.src, contact.host) = (dst, host);
        say::contact(out, Some(time), contact);
    }
    Ok(())
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut lines = beginning.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
    let Some(first) = lines.next() else { return false };
    if first.starts_with(b"#") {
        // The heading is at the beginning, and its columns are a web server's or a proxy's.
        return std::iter::once(first)
            .chain(lines)
            .take_while(|l| l.starts_with(b"#"))
            .filter_map(|l| directive(l.get(1..)?, b"fields:"))
            .any(|names| Columns::named(names).is_of_requests());
    }
    scan::mostly(beginning, |line| columns::is_cloudfront(line) || object::read(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::web::testkit::{self, Read, clock};
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Read {
        Read::of(&mut W3c::new(clock()), text.as_bytes())
    }

    const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-12 00:00:01\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-bytes cs-bytes time-taken X-Forwarded-For cs-host\n";
    const IIS_LINE: &str = "2026-03-12 06:25:01 192.0.2.9 GET / - 443 - 203.0.113.5 Mozilla/5.0+(X11) - 200 1834 431 15 198.51.100.1,+192.0.2.77 www.example.org";

    #[test]
    fn iis() {
        let read = read_all(&format!("{IIS}{IIS_LINE}"));
        assert_eq!(read.rejected, []);
        assert_eq!(
            (read.records, read.short()),
            (1, vec!["203.0.113.5 0>192.0.2.9 443 Exchanged 431/1834 www.example.org".to_owned()])
        );
        assert_eq!(read.times()[0], "2026-03-12T06:25:01Z");
        assert_eq!(read.entries(), [["198.51.100.1", "192.0.2.77"]]);
        assert_eq!(
            (read.chains()[0].peer.to_string(), read.chains()[0].server.to_string()),
            ("203.0.113.5".into(), "192.0.2.9".into())
        );
        // Names in any case, `cs(...)` as IIS writes headers.
        let other = IIS.replace("X-Forwarded-For", "cs(X-FORWARDED-FOR)").replace("c-ip", "C-IP");
        assert_eq!(read_all(&format!("{other}{IIS_LINE}")).said, read.said);
    }

    #[test]
    fn columns_change_within_a_file() {
        let text = format!("{IIS}{IIS_LINE}\n#Fields: time c-ip sc-status\n06:25:02 203.0.113.6 0\n");
        let read = read_all(&text);
        assert_eq!(
            (read.short()[1].as_str(), read.times()[2].as_str()),
            ("203.0.113.6 0>? 0 Established 0/0 -", "2026-03-12T06:25:02Z")
        );
        assert_eq!(read_all("#Fields: time c-ip\n06:25:02 203.0.113.6\n").rejected, [(2, "no date and time")]);
        assert_eq!(read_all("2026-03-12 06:25:02 203.0.113.6\n").rejected.len(), 1);
    }

    #[test]
    fn a_blank_in_a_text_moves_no_address() {
        for agent in ["Mozilla 198.51.100.66", "\"x y\" z", "a b c d e"] {
            assert_eq!(read_all(&format!("{IIS}{}", IIS_LINE.replace("Mozilla/5.0+(X11)", agent))).rejected.len(), 1, "{agent}");
        }
        // Other servers put texts with blanks in quotation marks.
        let read = read_all(&format!("{IIS}{}", IIS_LINE.replace("Mozilla/5.0+(X11)", "\"a b \"\"c\"\" 198.51.100.66\"")));
        assert_eq!((read.rejected.len(), read.contacts()[0].src.to_string().as_str()), (0, "203.0.113.5"));
    }

    const ISA: &str = "#Fields: c-ip\tcs-username\tdate\ttime\tr-host\tr-ip\tr-port\tcs-bytes\tsc-bytes\tc-agent\n\
        192.0.2.31\tanonymous\t2026-03-12\t06:25:03\twww.example.net\t198.51.100.9\t443\t310\t5120\ta b\n";

    #[test]
    fn a_proxy_names_both_sides() {
        let read = read_all(ISA);
        assert_eq!(
            read.short(),
            ["192.0.2.31 0>? 0 Exchanged 310/5120 www.example.net", "? 0>198.51.100.9 443 Unknown 0/0 www.example.net"]
        );
    }

    const CLOUDFRONT: &str = "2026-03-12\t06:25:28\tFRA50-P2\t703\t203.0.113.5\tGET\td1.cloudfront.net\t/a\t200\t-\tcurl/8.5.0\tq=1\t-\tHit\tabc==\twww.example.org\thttps\t62\t0.113\t198.51.100.1,%20192.0.2.77\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t51754\t0.113\tHit\ttext/plain\t20\t-\t-";

    #[test]
    fn cloudfront_with_and_without_its_heading() {
        let heading = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n";
        let bare = read_all(CLOUDFRONT);
        assert_eq!(bare.short(), ["203.0.113.5 51754>? 0 Exchanged 62/703 www.example.org"]);
        assert_eq!(bare.entries(), [["198.51.100.1", "192.0.2.77"]]);
        assert_eq!(read_all(&format!("{heading}{CLOUDFRONT}")).said, bare.said);
        let v3 = read_all(&CLOUDFRONT.replace("HTTP/2.0", "HTTP/3.0").replace("\t200\t", "\t000\t"));
        assert_eq!((v3.contacts()[0].proto, v3.contacts()[0].outcome), (IpProtocol::UDP, Outcome::Established));
    }

    const OBJECT: &str = r#"{"date":"2026-03-12","time":"06:25:28","x-edge-location":"FRA50-P2","sc-bytes":"703","c-ip":"203.0.113.5","c-port":"51754","cs(Host)":"d1.cloudfront.net","x-host-header":"www.example.org","sc-status":"200","cs-bytes":"62","x-forwarded-for":"198.51.100.1, 192.0.2.77","cs-protocol-version":"HTTP/2.0","cs(User-Agent)":"\"c-ip\":\"198.51.100.66\"","asn":"64500","extra":null}"#;

    #[test]
    fn cloudfront_as_objects() {
        assert_eq!(read_all(OBJECT).said, read_all(CLOUDFRONT).said);
        assert_eq!(read_all(r#"{"date":"2026-03-12","time":"06:25:28"}"#).rejected.len(), 1);
    }

    #[test]
    fn fixtures() {
        let iis = Read::of(&mut W3c::new(clock()), &testkit::fixture("iis.log"));
        assert_eq!((iis.records, iis.contacts().len(), iis.chains().len()), (6, 5, 2), "{:?}", iis.short());
        assert_eq!(iis.rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [11, 12]);
        let cloudfront = Read::of(&mut W3c::new(clock()), &testkit::fixture("cloudfront.log"));
        assert_eq!(
            (cloudfront.records, cloudfront.contacts().len(), cloudfront.chains().len()),
            (5, 5, 2),
            "{:?}",
            cloudfront.short()
        );
        assert_eq!(cloudfront.rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [8, 9]);
        for read in [iis, cloudfront] {
            assert!(read.contacts().iter().all(|c| c.src.to_string() != "198.51.100.66"), "an address that only a client wrote");
        }
    }

    #[test]
    fn only_these_look_like_it() {
        let all =
            ["fixtures/records/cloudfront.log", "fixtures/records/iis.log", "log-web/crowdsecurity__aws-cloudfront-logs.log"];
        assert_eq!(testkit::taken(looks_like), testkit::there(&all));
        let firewall = "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\n";
        for other in [firewall, "#fields\tts\tuid\tid.orig_h\n", "# Fields: a list of addresses\n192.0.2.1\n", r#"{"date":"x"}"#]
        {
            assert!(!looks_like(other.as_bytes()), "{other}");
        }
        assert!(looks_like(IIS.as_bytes()) && looks_like(ISA.as_bytes()) && looks_like(OBJECT.as_bytes()));
    }

    #[test]
    fn corpus() {
        let file = "log-web/crowdsecurity__aws-cloudfront-logs.log";
        let Some((text, expected)) = testkit::corpus_file(file) else { return };
        let read = Read::of(&mut W3c::new(clock()), &text);
        assert_eq!((expected["expected"]["lines"].as_u64(), read.rejected.len()), (Some(read.records), 0));
        let clients = testkit::asserted(&expected, "crowdsecurity/aws-cloudfront", "source_ip", 2);
        assert_eq!(read.contacts().iter().map(|c| Some(c.src.to_string())).collect::<Vec<_>>(), clients);
        assert!(read.chains().is_empty(), "crowdsec: x_forwarded_for is -");
        assert!(read.contacts().iter().all(|c| c.host.as_deref() == Some("hub-cdn.crowdsec.net") && c.sport == 51754));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), which in 0..4_usize, cut in any::<proptest::sample::Index>()) {
            let iis = format!("{IIS}{IIS_LINE}");
            let text = [iis.as_str(), ISA, CLOUDFRONT, OBJECT][which].as_bytes();
            let at = cut.index(text.len());
            Read::of(&mut W3c::new(clock()), &bytes);
            Read::of(&mut W3c::new(clock()), &text[..at]);
            Read::of(&mut W3c::new(clock()), &[&text[..at], &bytes[..], &text[at..]].concat());
            looks_like(&bytes);
        }
    }
}
