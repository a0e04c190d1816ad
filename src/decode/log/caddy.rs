//! Caddy's logs: an object a line, with the request in `request`.
//!
//! `remote_ip` and `remote_port` (before 2.5 `remote_addr`) are the peer of the connection; `client_ip` is whom Caddy takes for
//! the client by its own list of trusted proxies, and is handed on as a chain of one entry where no header explains it.
//! Headers are the client's, but they are values of their own: JSON leaves nothing to confuse.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::web::{say, scan};
use crate::model::evidence::ChainKind;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, UNNAMED, Volume};
use crate::model::time::Timestamp;

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Caddy {
    clock: Clock,
    host: say::Host,
}

impl Caddy {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, host: say::Host::default() }
    }
}

impl LineFormat for Caddy {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let entry: Entry<'_> = serde_json::from_slice(line).map_err(|_| Reject("no object of Caddy's"))?;
        let time = self.time(&entry.ts)?;
        if let Some(request) = &entry.request {
            self.say(&entry, request, time, out);
        }
        Ok(Piece::RECORD)
    }
}

impl Caddy {
    /// Seconds, milliseconds or nanoseconds since 1970, or one of the formats of Go that `time_format` offers; `None` for the
    /// rarer ones.
    fn time(&mut self, ts: &Ts<'_>) -> Result<Option<Timestamp>, Reject> {
        match ts {
            Ts::Number(n) => {
                // The shortest text that stands for this double is the one that was written, if that had 17 digits or fewer.
                let seconds = if n.abs() < 1e11 {
                    *n
                } else if n.abs() < 1e14 {
                    n / 1e3
                } else {
                    n / 1e9
                };
                clock::epoch(seconds.to_string().as_bytes()).map(Some).ok_or(Reject("no such time"))
            }
            Ts::Text(text) => {
                let text = text.as_bytes();
                let read = clock::iso(text, &mut self.clock).or_else(|| clock::web(text, &mut self.clock));
                Ok(read.filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time))
            }
        }
    }

    fn say(&mut self, entry: &Entry<'_>, request: &Request<'_>, time: Option<Timestamp>, out: &mut Vec<Said>) {
        let (addr, port) = match scan::endpoint(request.remote_ip.as_bytes()) {
            Some((addr, _)) => (Some(addr), scan::port(request.remote_port.as_bytes()).unwrap_or(0)),
            None => scan::endpoint(request.remote_addr.as_bytes()).map_or((None, 0), |(addr, port)| (Some(addr), port)),
        };
        let host = self.host.name(request.host.as_bytes());
        if let Some(src) = addr {
            // Only the access log has a status of an answer that was sent.
            let outcome = match entry.status {
                Some(status) if entry.logger.starts_with("http.log.access") => scan::answered(status, entry.size),
                _ => Outcome::Established,
            };
            let mut contact = say::request((src, port), outcome, entry.size);
            contact.forward = Volume { packets: 0, bytes: entry.bytes_read };
            contact.host.clone_from(&host);
            // HTTP/3 runs over UDP (RFC 9114 3).
            if request.proto.starts_with("HTTP/3") {
                contact.proto = IpProtocol::UDP;
            }
            say::contact(out, time, contact);
        }
        self.chains(request, addr, host.as_ref(), time, out);
        if entry.logger == "http.handlers.reverse_proxy"
            && let Some(upstream) = scan::endpoint(entry.upstream.as_bytes())
        {
            let outcome = if entry.status.is_some_and(|s| s >= 100) { Outcome::Exchanged } else { Outcome::Unknown };
            say::contact(out, time, Contact { host, ..say::onward(upstream, outcome) });
        }
    }

    fn chains(
        &self,
        request: &Request<'_>,
        addr: Option<IpAddr>,
        host: Option<&std::sync::Arc<str>>,
        time: Option<Timestamp>,
        out: &mut Vec<Said>,
    ) {
        let headers = &request.headers;
        let ends = (addr.unwrap_or(UNNAMED), UNNAMED);
        let kinds = [
            (ChainKind::XForwardedFor, &headers.forwarded_for),
            (ChainKind::Forwarded, &headers.forwarded),
            (ChainKind::Via, &headers.via),
        ];
        for (kind, lines) in kinds {
            say::chain(out, time, ends, host, kind, lines.iter().map(|line| line.as_bytes()));
        }
        let client = scan::endpoint(request.client_ip.as_bytes()).map(|(client, _)| client);
        if headers.forwarded_for.is_empty() && addr.is_some() && client.is_some() && client != addr {
            say::chain(out, time, ends, host, ChainKind::ClientIp, std::iter::once(request.client_ip.as_bytes()));
        }
    }
}

/// A line. Other keys are passed over.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    ts: Ts<'a>,
    #[serde(borrow)]
    level: Cow<'a, str>,
    #[serde(borrow, default)]
    logger: Cow<'a, str>,
    #[serde(borrow)]
    msg: Cow<'a, str>,
    #[serde(borrow, default)]
    request: Option<Request<'a>>,
    #[serde(default)]
    status: Option<u16>,
    /// Bytes of the answer.
    #[serde(default)]
    size: u64,
    /// Bytes of the request's body.
    #[serde(default)]
    bytes_read: u64,
    #[serde(borrow, default)]
    upstream: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ts<'a> {
    Number(f64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    remote_ip: Cow<'a, str>,
    #[serde(borrow, default)]
    remote_port: Cow<'a, str>,
    #[serde(borrow, default)]
    remote_addr: Cow<'a, str>,
    #[serde(borrow, default)]
    client_ip: Cow<'a, str>,
    #[serde(borrow, default)]
    proto: Cow<'a, str>,
    #[serde(borrow, default)]
    host: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Headers<'a>,
}

/// Go writes header names in one way (`textproto.CanonicalMIMEHeaderKey`).
#[derive(Default, Deserialize)]
struct Headers<'a> {
    #[serde(borrow, default, rename = "X-Forwarded-For")]
    forwarded_for: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "Forwarded")]
    forwarded: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "Via")]
    via: Vec<Cow<'a, str>>,
}

/// Most of the first lines are Caddy's, and one of them has a request in it.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    const LEVELS: [&str; 7] = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"];
    if !beginning.trim_ascii_start().starts_with(b"{") {
        return false;
    }
    let mut requests = 0;
    scan::mostly(beginning, |line| {
        let Ok(entry) = serde_json::from_slice::<Entry<'_>>(line) else { return false };
        let request = entry.request.as_ref().is_some_and(|r| !r.remote_ip.is_empty() || !r.remote_addr.is_empty());
        requests += usize::from(request);
        LEVELS.contains(&&*entry.level.to_ascii_lowercase()) && !entry.msg.is_empty()
    }) && requests > 0
}

#[cfg(test)]
mod tests {
    use super::super::web::testkit::{self, Read, clock};
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Read {
        Read::of(&mut Caddy::new(clock()), text.as_bytes())
    }

    const ACCESS: &str = r#"{"level":"info","ts":1773296701.5241024,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.5","remote_port":"41342","client_ip":"203.0.113.5","proto":"HTTP/2.0","method":"GET","host":"www.example.org","uri":"/","headers":{"User-Agent":["curl/8.5.0"],"Accept":["*/*"]},"tls":{"resumed":false,"server_name":"www.example.org"}},"bytes_read":12,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"]}}"#;

    #[test]
    fn access() {
        let read = read_all(ACCESS);
        assert_eq!(read.short(), ["203.0.113.5 41342>? 0 Exchanged 12/10900 www.example.org"]);
        assert_eq!(read.times(), ["2026-03-12T06:25:01.524102400Z"]);
        let old = ACCESS.replace(
            r#""remote_ip":"203.0.113.5","remote_port":"41342","client_ip":"203.0.113.5""#,
            r#""remote_addr":"[2001:db8::5]:41342""#,
        );
        assert_eq!(read_all(&old).short(), ["2001:db8::5 41342>? 0 Exchanged 12/10900 www.example.org"]);
        let aborted = read_all(&ACCESS.replace("\"status\":200", "\"status\":0").replace("HTTP/2.0", "HTTP/3.0"));
        assert_eq!((aborted.contacts()[0].outcome, aborted.contacts()[0].proto), (Outcome::Established, IpProtocol::UDP));
    }

    #[test]
    fn times_in_every_dress() {
        for (ts, expected) in [
            ("\"2026-03-12T06:25:01.524Z\"", "2026-03-12T06:25:01.524Z"),
            ("\"2026/03/12 06:25:01.524\"", "2026-03-12T06:25:01.524Z"),
            ("\"12/Mar/2026:07:25:01 +0100\"", "2026-03-12T06:25:01Z"),
            ("1773296701524", "2026-03-12T06:25:01.524Z"),
            ("1773296701524000000", "2026-03-12T06:25:01.524Z"),
            ("\"Thu, 12 Mar 2026 06:25:01 GMT\"", "-"),
        ] {
            assert_eq!(read_all(&ACCESS.replace("1773296701.5241024", ts)).times(), [expected], "{ts}");
        }
        for ts in ["1e300", "null", "[]"] {
            assert_eq!(read_all(&ACCESS.replace("1773296701.5241024", ts)).rejected.len(), 1, "{ts}");
        }
    }

    #[test]
    fn headers() {
        let with = |headers: &str| read_all(&ACCESS.replace("\"User-Agent\"", &format!("{headers},\"User-Agent\"")));
        let read = with(
            r#""X-Forwarded-For":["198.51.100.1, unknown","192.0.2.77"],"Forwarded":["for=\"[2001:db8::1]:80\""],"Via":["1.1 a.example.org"]"#,
        );
        assert_eq!(
            read.entries(),
            [vec!["198.51.100.1", "unknown", "192.0.2.77"], vec!["[2001:db8::1]:80"], vec!["a.example.org"]]
        );
        assert_eq!(read.chains()[0].peer.to_string(), "203.0.113.5");
        let judged = read_all(&ACCESS.replace(r#""client_ip":"203.0.113.5""#, r#""client_ip":"198.51.100.1""#));
        assert_eq!((judged.chains()[0].kind, judged.short()), (ChainKind::ClientIp, read.short()));
        assert_eq!(with(r#""X-Forwarded-For":"x""#).rejected.len(), 1);
    }

    #[test]
    fn upstream_and_other_loggers() {
        let proxied = ACCESS
            .replace("http.log.access.log0", "http.handlers.reverse_proxy")
            .replace("\"user_id\"", "\"upstream\":\"10.0.0.5:8080\",\"user_id\"");
        assert_eq!(
            read_all(&proxied).short(),
            ["203.0.113.5 41342>? 0 Established 12/10900 www.example.org", "? 0>10.0.0.5 8080 Exchanged 0/0 www.example.org"]
        );
        let other = read_all(
            r#"{"level":"info","ts":1773296701.5,"logger":"admin","msg":"admin endpoint started","address":"198.51.100.66:1"}"#,
        );
        assert_eq!((other.records, other.said.len()), (1, 0));
        assert_eq!(read_all(&ACCESS.replace("\"size\"", "size")).rejected.len(), 1);
    }

    #[test]
    fn fixture_and_corpus() {
        let read = Read::of(&mut Caddy::new(clock()), &testkit::fixture("caddy.json"));
        assert_eq!((read.records, read.contacts().len(), read.chains().len()), (7, 7, 4), "{:?}", read.short());
        assert_eq!(read.rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [8, 9]);
        assert!(read.contacts().iter().all(|c| c.src.to_string() != "198.51.100.66" && c.dst.to_string() != "198.51.100.66"));
        assert_eq!(testkit::taken(looks_like), testkit::there(&["fixtures/records/caddy.json"]));
        let cut = ACCESS.get(..200).unwrap();
        assert!(
            looks_like(ACCESS.as_bytes()) && looks_like(format!("{ACCESS}\n{cut}").as_bytes()) && !looks_like(cut.as_bytes())
        );
        assert!(!looks_like(br#"{"level":"info","ts":1.5,"msg":"a program of any kind"}"#));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), cut in any::<proptest::sample::Index>()) {
            let line = ACCESS.as_bytes();
            let at = cut.index(line.len());
            Read::of(&mut Caddy::new(clock()), &bytes);
            Read::of(&mut Caddy::new(clock()), &line[..at]);
            Read::of(&mut Caddy::new(clock()), &[&line[..at], &bytes[..], &line[at..]].concat());
            looks_like(&bytes);
        }
    }
}
