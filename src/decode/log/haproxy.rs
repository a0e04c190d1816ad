//! HAProxy's logs (configuration manual, section 8.2): HTTP, TCP, errors, and the short default format.
//!
//! * HTTP: `client:port [accepted] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes cookie cookie state conns queues {captured} "request"`
//! * TCP: `client:port [accepted] frontend backend/server Tw/Tc/Tt bytes state conns queues`
//! * error: `client:port [accepted] frontend/bind: SSL handshake failure`
//! * default: `Connect from client:port to address:port (frontend/HTTP)`
//!
//! Everything up to the connection counts is HAProxy's own; captured headers and the request are the client's, with quotation
//! marks, braces and bars in them encoded. Which headers are captured the line does not say: one that is an address list and
//! nothing else is read as `X-Forwarded-For`. Times have no zone.

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::Envelope;
use super::web::{say, scan};
use crate::model::evidence::ChainKind;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, UNNAMED, Volume};
use crate::model::time::Timestamp;
use scan::{number, word};

const OTHER_FORMAT: Reject = Reject("no line of HAProxy");

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Haproxy {
    clock: Clock,
}

impl Haproxy {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for Haproxy {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        read(without_program(line), &mut self.clock, None, out).map(|()| Piece::RECORD)
    }
}

/// `haproxy[14389]: ` in front, where a log was cut out of syslog.
fn without_program(line: &[u8]) -> &[u8] {
    let (first, rest) = word(line);
    if first.starts_with(b"haproxy") && first.ends_with(b":") { rest } else { line }
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut clock = Clock::new(jiff::tz::TimeZone::UTC, 1970);
    let mut out = Vec::new();
    scan::mostly(beginning, |line| {
        out.clear();
        read(without_program(line), &mut clock, None, &mut out).is_ok()
    })
}

/// HAProxy's lines within syslog. It also says there that servers are up or down.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    if envelope.program != b"haproxy" {
        return None;
    }
    match read(envelope.message, clock, envelope.time, out) {
        Err(OTHER_FORMAT) => None,
        read => Some(read),
    }
}

fn read(line: &[u8], clock: &mut Clock, sent: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    if let Some(rest) = line.strip_prefix(b"Connect from ") {
        let (time, contact) = (sent, connect_from(rest).ok_or(OTHER_FORMAT)?);
        say::contact(out, time, contact);
        return Ok(());
    }
    let (client, rest) = word(line);
    // A client on a Unix socket has no address (`unix:1`).
    let client = match scan::with_port(client) {
        None if !client.starts_with(b"unix:") => return Err(OTHER_FORMAT),
        client => client,
    };
    let (time, rest) = clock::web(rest.strip_prefix(b"[").ok_or(OTHER_FORMAT)?, clock).ok_or(OTHER_FORMAT)?;
    let rest = rest.strip_prefix(b"] ").ok_or(OTHER_FORMAT)?;
    let (frontend, rest) = word(rest);
    if frontend.ends_with(b":") && frontend.contains(&b'/') {
        // `frontend/bind: SSL handshake failure`: how far the client came is not said.
        if let Some((src, sport)) = client {
            say::contact(out, Some(time), Contact { src, sport, proto: IpProtocol::TCP, ..Contact::default() });
        }
        return Ok(());
    }
    let (backend, rest) = word(rest);
    let (timers, rest) = word(rest);
    if frontend.is_empty() || !backend.contains(&b'/') {
        return Err(OTHER_FORMAT);
    }
    let (n, last) = timers_of(timers).ok_or(OTHER_FORMAT)?;
    let line = match n {
        3 => tcp(rest),
        5 => http(rest),
        _ => None,
    };
    let line = line.ok_or(Reject("fields of HAProxy's line are missing"))?;
    let Some((src, sport)) = client else { return Ok(()) };
    let ended = last.and_then(|ms| time.0.checked_add(ms.checked_mul(1_000_000)?)).map(Timestamp).filter(|end| *end > time);
    let host = line.host.filter(|h| scan::is_name(h)).and_then(|h| say::Host::default().name(h));
    let contact = Contact {
        src,
        sport,
        proto: IpProtocol::TCP,
        ended,
        backward: Volume { packets: 0, bytes: line.bytes },
        outcome: line.outcome,
        act: line.act,
        host,
        ..Contact::default()
    };
    let host = contact.host.clone();
    say::contact(out, Some(time), contact);
    if let Some(list) = line.forwarded {
        say::chain(out, Some(time), (src, UNNAMED), host.as_ref(), ChainKind::XForwardedFor, std::iter::once(list));
    }
    Ok(())
}

/// Timers between slashes: how many, and the last in milliseconds if it was reached. `+` says that the log was written early.
fn timers_of(text: &[u8]) -> Option<(usize, Option<i64>)> {
    let (mut n, mut last) = (0, None);
    for timer in text.split(|&b| b == b'/') {
        n += 1;
        let timer = timer.strip_prefix(b"+").unwrap_or(timer);
        last = if timer == b"-1" { None } else { Some(i64::try_from(number(timer)?).ok()?) };
    }
    (n > 1).then_some((n, last))
}

/// What is behind the timers.
struct Rest<'a> {
    bytes: u64,
    outcome: Outcome,
    act: Act,
    forwarded: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
}

/// `bytes state conns queues`.
fn tcp(rest: &[u8]) -> Option<Rest<'_>> {
    let (bytes, rest) = word(rest);
    let bytes = number(bytes.strip_prefix(b"+").unwrap_or(bytes))?;
    let (state, rest) = word(rest);
    if state.len() != 2 || !word(rest).0.contains(&b'/') {
        return None;
    }
    // `P`: HAProxy itself ended the session, by a rule or a limit (8.5). What the client sent is not counted in this format.
    let outcome = if state.starts_with(b"P") { Outcome::Refused } else { Outcome::Established };
    Some(Rest { bytes, outcome, act: Act::Connection, forwarded: None, host: None })
}

/// `status bytes cookie cookie state conns queues {captured} {captured} "request"`, and behind it `option httpslog`'s fields.
fn http(rest: &[u8]) -> Option<Rest<'_>> {
    let (status, rest) = word(rest);
    // -1: there was no answer.
    let status = if status == b"-1" { 0 } else { scan::status(status)? };
    let (bytes, rest) = word(rest);
    let bytes = number(bytes.strip_prefix(b"+").unwrap_or(bytes))?;
    let (_request_cookie, rest) = word(rest);
    let (_response_cookie, rest) = word(rest);
    let (state, rest) = word(rest);
    let (conns, rest) = word(rest);
    let (queues, mut rest) = word(rest);
    if state.len() != 4 || !conns.contains(&b'/') || !queues.contains(&b'/') {
        return None;
    }
    // The first braces are the request's: within them bars separate, and `}` is encoded.
    let mut forwarded = None;
    let mut first = true;
    while let Some(inner) = rest.strip_prefix(b"{") {
        let end = memchr::memchr(b'}', inner)?;
        if first {
            forwarded = inner.get(..end)?.split(|&b| b == b'|').find(|field| scan::is_address_list(field));
        }
        first = false;
        rest = inner.get(end + 1..)?.strip_prefix(b" ")?;
    }
    // A long request is cut off, its closing mark with it.
    let inner = rest.strip_prefix(b"\"")?;
    let (request, behind) = scan::quoted(rest).unwrap_or((inner, &[]));
    let outcome = match scan::answered(status, bytes) {
        // No request was read: who connected sent nothing, or something else.
        Outcome::Exchanged if request == b"<BADREQ>" => Outcome::Established,
        outcome => outcome,
    };
    // `errors name/TLSv1.3/cipher`.
    let mut names = behind.trim_ascii().rsplit(|&b| b == b' ').next().unwrap_or_default().split(|&b| b == b'/');
    let host = match (names.next(), names.next()) {
        (Some(name), Some(version)) if version.starts_with(b"TLSv") => Some(name),
        _ => None,
    };
    Some(Rest { bytes, outcome, act: Act::Request, forwarded, host })
}

/// `192.0.2.1:33312 to 192.0.2.9:443 (frontend/HTTP)`.
fn connect_from(rest: &[u8]) -> Option<Contact> {
    let (src, rest) = word(rest);
    let (dst, rest) = word(rest.strip_prefix(b"to ")?);
    let (src, sport) = scan::with_port(src)?;
    let (dst, dport) = scan::with_port(dst)?;
    let closed = rest.starts_with(b"(") && rest.ends_with(b")");
    closed.then(|| Contact {
        src,
        sport,
        dst,
        dport,
        proto: IpProtocol::TCP,
        outcome: Outcome::Established,
        ..Contact::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::web::testkit::{self, Read, clock};
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Read {
        Read::of(&mut Haproxy::new(clock()), text.as_bytes())
    }

    const HTTP: &str = r#"203.0.113.7:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example.org|198.51.100.1, 203.0.113.9} {} "GET /index.html HTTP/1.1""#;

    #[test]
    fn http() {
        let read = read_all(HTTP);
        assert_eq!(read.short(), ["203.0.113.7 33317>? 0 Exchanged 0/2750 -"]);
        assert_eq!(read.times()[0], "2009-02-06T12:14:14.655Z");
        assert_eq!(read.contacts()[0].ended.unwrap().to_string(), "2009-02-06T12:14:14.764Z");
        assert_eq!(read.entries(), [["198.51.100.1", "203.0.113.9"]]);
        assert_eq!(read.chains()[0].peer.to_string(), "203.0.113.7");
        let v6 = read_all(&HTTP.replace("203.0.113.7:33317", "2001:db8::7:33317").replace("200 2750", "-1 0"));
        assert_eq!(v6.short(), ["2001:db8::7 33317>? 0 Established 0/0 -"]);
        let bad = read_all(&HTTP.replace("GET /index.html HTTP/1.1", "<BADREQ>").replace("200 2750", "400 187"));
        assert_eq!(bad.short(), ["203.0.113.7 33317>? 0 Established 0/187 -"]);
        let tls = read_all(&format!("haproxy[14389]: {HTTP} 0/0/0/0/0 www.example.org/TLSv1.3/TLS_AES_256_GCM_SHA384"));
        assert_eq!(tls.short(), ["203.0.113.7 33317>? 0 Exchanged 0/2750 www.example.org"]);
    }

    #[test]
    fn tcp_errors_and_the_short_format() {
        let read = read_all(
            "192.0.2.1:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0\n\
             192.0.2.1:33314 [06/Feb/2009:12:12:52.443] fnt bck/<NOSRV> -1/-1/0 0 PR 0/0/0/0/3 0/0\n\
             192.0.2.1:33315 [06/Feb/2009:12:12:53.443] fnt/1: SSL handshake failure (error:0A00009C:SSL routines::http request)\n\
             Connect from 192.0.2.1:33316 to 192.0.2.9:443 (www/HTTP)\n\
             unix:1 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0\n",
        );
        assert_eq!(
            read.short(),
            [
                "192.0.2.1 33313>? 0 Established 0/212 -",
                "192.0.2.1 33314>? 0 Refused 0/0 -",
                "192.0.2.1 33315>? 0 Unknown 0/0 -",
                "192.0.2.1 33316>192.0.2.9 443 Established 0/0 -"
            ]
        );
        assert_eq!((read.records, read.rejected.len()), (5, 0));
    }

    #[test]
    fn what_a_client_writes_is_not_taken_for_more() {
        // A captured agent with an address in it, a request with a second line in it, an encoded brace.
        for (from, to) in [
            ("198.51.100.1, 203.0.113.9", "from 198.51.100.66"),
            ("198.51.100.1, 203.0.113.9", "#7D 198.51.100.66"),
            ("/index.html", "/198.51.100.66:1 [06/Feb/2009:12:14:14.655] a b/c 0/0/0 0 -- 0/0 0/0"),
        ] {
            let read = read_all(&HTTP.replace(from, to));
            assert_eq!(read.short(), ["203.0.113.7 33317>? 0 Exchanged 0/2750 -"], "{to}");
            assert!(read.entries().concat().iter().all(|e| !e.contains("198.51.100.66")), "{to}");
        }
        for broken in ["0/0 {", "---- 1", "[06/Feb", " static/srv1"] {
            let (start, _) = HTTP.split_once(broken).unwrap();
            assert_eq!(read_all(start).rejected.len(), 1, "{start}");
        }
    }

    #[test]
    fn syslog() {
        let message_of = |program: &[u8], text: &str| {
            let mut out = Vec::new();
            let envelope = Envelope { time: Some(Timestamp(5)), program, message: text.as_bytes() };
            (message(&envelope, &mut clock(), &mut out), out)
        };
        assert!(matches!(message_of(b"haproxy", HTTP), (Some(Ok(())), out) if out.len() == 2));
        assert!(matches!(message_of(b"nginx", HTTP), (None, _)));
        assert!(matches!(message_of(b"haproxy", "Server bck/srv1 is DOWN."), (None, _)));
        assert!(matches!(message_of(b"haproxy", HTTP.split_once(" 200").unwrap().0), (Some(Err(_)), _)));
        let (_, out) = message_of(b"haproxy", "Connect from 192.0.2.1:33316 to 192.0.2.9:443 (www/HTTP)");
        assert_eq!(out[0].time, Some(Timestamp(5)));
    }

    #[test]
    fn the_zone_is_assumed() {
        let mut clock = clock();
        let mut out = Vec::new();
        super::read(HTTP.as_bytes(), &mut clock, None, &mut out).unwrap();
        assert!(clock.assumed().zone());
    }

    #[test]
    fn fixture_and_corpus() {
        let read = Read::of(&mut Haproxy::new(clock()), &testkit::fixture("haproxy.log"));
        assert_eq!((read.records, read.contacts().len(), read.chains().len(), read.rejected.len()), (9, 9, 2, 2), "{read:?}");
        let all: Vec<String> = read.said.iter().map(|s| format!("{s:?}")).collect();
        assert!(!all.concat().contains("198.51.100.66"), "an address that only the client wrote");
        assert_eq!(testkit::taken(looks_like), testkit::there(&["fixtures/records/haproxy.log"]));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..HTTP.len()) {
            Read::of(&mut Haproxy::new(clock()), &bytes);
            Read::of(&mut Haproxy::new(clock()), &[&HTTP.as_bytes()[..cut], &bytes[..]].concat());
            looks_like(&bytes);
        }
    }
}
