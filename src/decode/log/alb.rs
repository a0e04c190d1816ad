//! Access logs of AWS load balancers: fields between blanks, texts of clients in quotation marks and behind everything that is
//! used here but the request.
//!
//! * Application Load Balancer: `type time name client:port target:port three-times status target-status received sent "request" ...`
//! * Classic Load Balancer: the same without the type.
//! * Network Load Balancer with TLS: `tls 2.0 time name listener client:port destination:port time handshake received sent alert
//!   certificate serial cipher version group name ...`; the destination is the balancer's listener. Its times have no zone and
//!   are UTC like all of AWS's.
//!
//! None of them has a column for `X-Forwarded-For`.

use std::net::IpAddr;

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::web::{say, scan};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, Volume};
use crate::model::time::Timestamp;
use scan::{count, word};

const OTHER_FORMAT: Reject = Reject("no line of a load balancer of AWS");

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Alb {
    clock: Clock,
    host: say::Host,
}

impl Alb {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, host: say::Host::default() }
    }
}

impl LineFormat for Alb {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        read(line, &mut self.clock, &mut self.host, out).map(|()| Piece::RECORD)
    }
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut clock = Clock::new(jiff::tz::TimeZone::UTC, 1970);
    let (mut host, mut out) = (say::Host::default(), Vec::new());
    scan::mostly(beginning, |line| {
        out.clear();
        read(line, &mut clock, &mut host, &mut out).is_ok()
    })
}

fn read(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (first, rest) = word(line);
    match first {
        b"http" | b"https" | b"h2" | b"grpc" | b"grpcs" | b"ws" | b"wss" => requests(rest, clock, host, out),
        b"tls" => tls(rest, clock, host, out),
        [b'0'..=b'9', ..] => requests(line, clock, host, out),
        _ => Err(OTHER_FORMAT),
    }
}

fn time(text: &[u8], clock: &mut Clock) -> Option<Timestamp> {
    // All of AWS's times are UTC, with or without the letter.
    let whole = |text, clock: &mut Clock| clock::iso(text, clock).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time);
    if text.ends_with(b"Z") {
        return whole(text, clock);
    }
    let mut buffer = [0_u8; 40];
    let with_zone = buffer.get_mut(..=text.len())?;
    with_zone.get_mut(..text.len())?.copy_from_slice(text);
    *with_zone.last_mut()? = b'Z';
    whole(with_zone, clock)
}

/// Application and Classic Load Balancer, behind the type.
fn requests(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (text, rest) = word(line);
    let time = time(text, clock).ok_or(OTHER_FORMAT)?;
    let (_balancer, rest) = word(rest);
    let (client, rest) = word(rest);
    let client = scan::with_port(client).ok_or(OTHER_FORMAT)?;
    let (target, mut rest) = word(rest);
    if target != b"-" && scan::with_port(target).is_none() {
        return Err(OTHER_FORMAT);
    }
    let mut took = [&b""[..]; 3];
    for seconds in &mut took {
        (*seconds, rest) = word(rest);
        let seconds = seconds.strip_prefix(b"-").unwrap_or(seconds);
        if seconds.is_empty() || !seconds.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
            return Err(OTHER_FORMAT);
        }
    }
    let mut next = || {
        let field;
        (field, rest) = word(rest);
        field
    };
    let (status, target_status) = (next(), next());
    let (Some(status), Some(target_status)) = (scan::status(status), scan::status(target_status)) else {
        return Err(Reject("no status behind the times"));
    };
    let (Some(received), Some(sent)) = (count(next()), count(next())) else { return Err(Reject("no bytes behind the status")) };
    let (request, _) = scan::quoted(rest).ok_or(Reject("no request behind the bytes"))?;
    // `"- - - "` stands for connections of a TCP listener and for what could not be read as a request.
    let url = word(request).1;
    let asked = scan::authority(url).filter(|name| scan::is_name(name)).and_then(|name| host.name(name));
    let is_request = !request.starts_with(b"- ");
    let mut contact = say::request(client, scan::answered(status, sent), sent);
    if !is_request {
        contact.act = if status == 0 { Act::Connection } else { Act::Request };
        if received > 0 && sent > 0 {
            contact.outcome = Outcome::Exchanged;
        }
    }
    contact.forward.bytes = received;
    contact.host = asked;
    let act = contact.act;
    say::contact(out, Some(time), contact);
    if let Some(target) = scan::with_port(target) {
        let answered = if target_status >= 100 { Outcome::Exchanged } else { Outcome::Unknown };
        say::contact(out, Some(time), Contact { act, ..say::onward(target, answered) });
    }
    Ok(())
}

/// Network Load Balancer, behind `tls`.
fn tls(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut fields = line.split(|&b| b == b' ');
    let mut next = || fields.next().unwrap_or_default();
    if !next().contains(&b'.') {
        return Err(OTHER_FORMAT);
    }
    let end = time(next(), clock).ok_or(OTHER_FORMAT)?;
    let (_balancer, _listener) = (next(), next());
    let client = scan::with_port(next()).ok_or(OTHER_FORMAT)?;
    let (dst, dport): (IpAddr, u16) = scan::with_port(next()).ok_or(OTHER_FORMAT)?;
    let (Some(_took), Some(_handshake)) = (count(next()), count(next())) else { return Err(OTHER_FORMAT) };
    let (Some(received), Some(sent)) = (count(next()), count(next())) else { return Err(Reject("no bytes behind the times")) };
    // Alert, certificate, its serial, cipher, version, group.
    let name = fields.nth(6).unwrap_or_default();
    // Two kinds of ALPN, the client's list, then when the connection was made.
    let start = fields.nth(3).and_then(|text| time(text, clock)).filter(|start| *start <= end);
    let outcome = if received > 0 && sent > 0 { Outcome::Exchanged } else { Outcome::Established };
    let contact = Contact {
        src: client.0,
        sport: client.1,
        dst,
        dport,
        proto: IpProtocol::TCP,
        ended: Some(end).filter(|end| start.is_some_and(|s| s < *end)),
        forward: Volume { packets: 0, bytes: received },
        backward: Volume { packets: 0, bytes: sent },
        outcome,
        host: if scan::is_name(name) { host.name(name) } else { None },
        ..Contact::default()
    };
    say::contact(out, Some(start.unwrap_or(end)), contact);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::web::testkit::{self, Read, clock};
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Read {
        Read::of(&mut Alb::new(clock()), text.as_bytes())
    }

    const APPLICATION: &str = r#"https 2026-03-12T06:25:01.186641Z app/www/50dc6c495c0c9188 203.0.113.5:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 34 366 "GET https://www.example.org:443/a HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:x "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.org" "-" 1 2026-03-12T06:25:00.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#;
    const CLASSIC: &str = r#"2026-03-12T06:25:01.945958Z my-balancer 203.0.113.5:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.org:80/ HTTP/1.1" "curl/8.5.0" - -"#;
    const NETWORK: &str = "tls 2.0 2026-03-12T06:25:05 net/my-balancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 203.0.113.5:51341 172.31.0.9:443 5000 2 98 246 - arn:aws:acm:x - ECDHE-RSA-AES128-SHA tlsv12 - www.example.org h2 h2 \"h2\",\"http/1.1\" 2026-03-12T06:25:00";

    #[test]
    fn application_and_classic() {
        let target = "? 0>10.0.0.1 80 Exchanged 0/0 -";
        assert_eq!(read_all(APPLICATION).short(), ["203.0.113.5 2817>? 0 Exchanged 34/366 www.example.org", target]);
        assert_eq!(read_all(APPLICATION).times()[0], "2026-03-12T06:25:01.186641Z");
        assert_eq!(read_all(CLASSIC).short(), ["203.0.113.5 2817>? 0 Exchanged 0/29 www.example.org", target]);
        let none = APPLICATION.replace("10.0.0.1:80 0.086 0.048 0.037 200 200", "- -1 -1 -1 460 -").replace("34 366", "34 0");
        assert_eq!(read_all(&none).short(), ["203.0.113.5 2817>? 0 Established 34/0 www.example.org"]);
        let v6 = CLASSIC.replace("203.0.113.5:2817", "2001:db8::5:2817");
        assert_eq!(read_all(&v6).short()[0], "2001:db8::5 2817>? 0 Exchanged 0/29 www.example.org");
        let tcp = CLASSIC.replace("GET http://www.example.org:80/ HTTP/1.1", "- - - ").replace("200 200 0 29", "- - 82 305");
        assert_eq!(read_all(&tcp).short(), ["203.0.113.5 2817>? 0 Exchanged 82/305 -", "? 0>10.0.0.1 80 Unknown 0/0 -"]);
        assert_eq!(read_all(&tcp).contacts()[0].act, Act::Connection);
    }

    #[test]
    fn network() {
        let read = read_all(NETWORK);
        assert_eq!(read.short(), ["203.0.113.5 51341>172.31.0.9 443 Exchanged 98/246 www.example.org"]);
        assert_eq!(read.times(), ["2026-03-12T06:25:00Z"]);
        assert_eq!(read.contacts()[0].ended.map(|t| t.to_string()).as_deref(), Some("2026-03-12T06:25:05Z"));
        let mut alb = Alb::new(clock());
        assert!(alb.line(NETWORK.as_bytes(), &mut Vec::new()).is_ok() && !alb.clock.assumed().zone(), "AWS's times are UTC");
    }

    #[test]
    fn what_a_client_writes_is_not_taken_for_more() {
        for (from, to) in [
            ("curl/8.5.0", r#"x\" 198.51.100.66:80 \"y"#),
            ("/a HTTP", "/198.51.100.66:80 10.0.0.9:80 0.1 0.1 0.1 200 200 1 1 HTTP"),
            ("https://www", "https://198.51.100.66:1@www"),
        ] {
            let read = read_all(&APPLICATION.replace(from, to));
            assert_eq!(read.short(), read_all(APPLICATION).short(), "{to}");
        }
        for cut in ["203.0.113.5:2817", " 0.048", " 200 200", " 34 366", "HTTP/1.1"] {
            let start = APPLICATION.split_once(cut).map_or("", |(start, _)| start);
            assert_eq!(read_all(start).rejected.len(), 1, "{start}");
        }
    }

    #[test]
    fn fixture_and_corpus() {
        let read = Read::of(&mut Alb::new(clock()), &testkit::fixture("alb.log"));
        assert_eq!((read.records, read.contacts().len(), read.chains().len()), (7, 11, 0), "{:?}", read.short());
        assert_eq!(read.rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [8, 9]);
        assert!(read.contacts().iter().all(|c| c.src.to_string() != "198.51.100.66" && c.dst.to_string() != "198.51.100.66"));
        assert_eq!(testkit::taken(looks_like), testkit::there(&["fixtures/records/alb.log"]));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), which in 0..3_usize, cut in any::<proptest::sample::Index>()) {
            let line = [APPLICATION, CLASSIC, NETWORK][which].as_bytes();
            let at = cut.index(line.len());
            Read::of(&mut Alb::new(clock()), &bytes);
            Read::of(&mut Alb::new(clock()), &line[..at]);
            Read::of(&mut Alb::new(clock()), &[&line[..at], &bytes[..], &line[at..]].concat());
            looks_like(&bytes);
        }
    }
}
