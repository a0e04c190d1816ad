//! A format of the user's: a regular expression with named groups, from the configuration.
//!
//! The expression is tried on every line; a line that it does not match is rejected. Fields that the client writes should stand
//! between anchors that it can't write; that is in the hands of whoever writes the expression.

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Lines, Piece, RecordFormat, Reject};
use super::web::{say, scan};
use crate::decode::text::node_address;
use crate::model::evidence::ChainKind;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, UNNAMED, Volume};
use crate::model::time::Timestamp;

/// Most memory that a compiled expression may take, in bytes; likewise the cache of its automaton.
const SIZE_LIMIT: usize = 1 << 20;

/// Names that a group may have. `user` is allowed and not kept.
const FIELDS: [&str; 12] =
    ["time", "src", "sport", "dst", "dport", "proto", "host", "bytes", "bytes_back", "xff", "outcome", "user"];

/// A format of the user's: a regular expression with named fields.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Its name.
    pub name: String,
    regex: Regex,
    groups: Groups,
}

/// Number of the group of each field.
#[derive(Clone, Copy, Debug, Default)]
struct Groups {
    time: Option<usize>,
    src: Option<usize>,
    sport: Option<usize>,
    dst: Option<usize>,
    dport: Option<usize>,
    proto: Option<usize>,
    host: Option<usize>,
    bytes: Option<usize>,
    bytes_back: Option<usize>,
    xff: Option<usize>,
    outcome: Option<usize>,
}

impl Pattern {
    /// Compiles `regex`, in the syntax of the `regex` crate, for lines of bytes. Named groups say what is where:
    ///
    /// * `time`: ISO 8601, `10/Oct/2000:13:55:36 -0700`, `Oct  9 13:55:36` or seconds since 1970, tried in that order;
    /// * `src`, `dst`: addresses, with a port or without; `sport`, `dport`: ports;
    /// * `proto`: a name (`tcp`) or number; `host`: the name that was asked for;
    /// * `bytes`, `bytes_back`: from `src` to `dst` and back;
    /// * `xff`: a list as `X-Forwarded-For` has it;
    /// * `outcome`: a status of HTTP, or a word such as `allowed`, `denied`, `timeout`;
    /// * `user`: passed over.
    ///
    /// # Errors
    /// When it does not compile, takes more than 1 MiB, names a group otherwise, or has none of `src`, `dst`, `xff`.
    pub fn new(name: &str, regex: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(regex)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(SIZE_LIMIT)
            .build()
            .map_err(|e| format!("format {name:?}: {e}"))?;
        let mut groups = Groups::default();
        for (number, group) in regex.capture_names().enumerate() {
            let Some(group) = group else { continue };
            let place = match group {
                "time" => &mut groups.time,
                "src" => &mut groups.src,
                "sport" => &mut groups.sport,
                "dst" => &mut groups.dst,
                "dport" => &mut groups.dport,
                "proto" => &mut groups.proto,
                "host" => &mut groups.host,
                "bytes" => &mut groups.bytes,
                "bytes_back" => &mut groups.bytes_back,
                "xff" => &mut groups.xff,
                "outcome" => &mut groups.outcome,
                "user" => continue,
                _ => return Err(format!("format {name:?}: no field is called {group:?}; there are {}", FIELDS.join(", "))),
            };
            *place = Some(number);
        }
        if groups.src.is_none() && groups.dst.is_none() && groups.xff.is_none() {
            return Err(format!("format {name:?}: one of the groups src, dst, xff is needed"));
        }
        Ok(Self { name: name.to_owned(), regex, groups })
    }

    /// Does the expression match most of the first whole lines?
    #[must_use]
    pub fn looks_like(&self, beginning: &[u8]) -> bool {
        scan::mostly(beginning, |line| self.regex.is_match(line))
    }
}

/// A decoder for one input. Without a pattern nothing can be read, and every line is rejected.
#[must_use]
pub fn open(pattern: Option<&Pattern>, clock: Clock) -> Box<dyn RecordFormat> {
    Box::new(Lines(Custom {
        pattern: pattern.map(|p| (p.clone(), p.regex.capture_locations())),
        clock,
        host: say::Host::default(),
    }))
}

struct Custom {
    pattern: Option<(Pattern, CaptureLocations)>,
    clock: Clock,
    host: say::Host,
}

impl LineFormat for Custom {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let (pattern, places) = self.pattern.as_mut().ok_or(Reject("this format is not configured"))?;
        pattern.regex.captures_read(places, line).ok_or(Reject("the expression does not match"))?;
        let groups = pattern.groups;
        // Empty where there is no such group or it took no part.
        let field = |group: Option<usize>| -> &[u8] {
            group.and_then(|n| places.get(n)).and_then(|(from, to)| line.get(from..to)).unwrap_or_default().trim_ascii()
        };
        let time = match field(groups.time) {
            b"" | b"-" => None,
            text => Some(time(text, &mut self.clock).ok_or(Reject("the time can't be read"))?),
        };
        let host = self.host.name(field(groups.host));
        let (src, dst) = (address(field(groups.src)), address(field(groups.dst)));
        let port = |end: Option<(_, u16)>, group| match scan::port(field(group)) {
            Some(port) => port,
            None => end.map_or(0, |(_, port)| port),
        };
        let (peer, server) = (src.map_or(UNNAMED, |e| e.0), dst.map_or(UNNAMED, |e| e.0));
        if src.is_some() || dst.is_some() {
            let (outcome, act) = outcome(field(groups.outcome));
            let contact = Contact {
                src: peer,
                dst: server,
                sport: port(src, groups.sport),
                dport: port(dst, groups.dport),
                proto: protocol(field(groups.proto)),
                forward: Volume { packets: 0, bytes: scan::count(field(groups.bytes)).unwrap_or(0) },
                backward: Volume { packets: 0, bytes: scan::count(field(groups.bytes_back)).unwrap_or(0) },
                outcome,
                act,
                host: host.clone(),
                ..Contact::default()
            };
            say::contact(out, time, contact);
        }
        let list = field(groups.xff);
        if !matches!(list, b"" | b"-") {
            say::chain(out, time, (peer, server), host.as_ref(), ChainKind::XForwardedFor, std::iter::once(list));
        }
        Ok(Piece::RECORD)
    }
}

fn address(text: &[u8]) -> Option<(std::net::IpAddr, u16)> {
    scan::endpoint(text).or_else(|| node_address(text).map(|addr| (addr, 0)))
}

/// The whole text, in one of four formats.
fn time(text: &[u8], clock: &mut Clock) -> Option<Timestamp> {
    let whole = |read: Option<(Timestamp, &[u8])>| read.filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time);
    whole(clock::iso(text, clock))
        .or_else(|| whole(clock::web(text, clock)))
        .or_else(|| whole(clock::bsd(text, clock)))
        .or_else(|| clock::epoch(text))
}

/// IANA's numbers of the names that logs write.
fn protocol(text: &[u8]) -> IpProtocol {
    let number = match text.to_ascii_lowercase().as_slice() {
        b"icmp" => 1,
        b"igmp" => 2,
        b"tcp" | b"tcp4" | b"tcp6" => 6,
        b"udp" | b"udp4" | b"udp6" => 17,
        b"gre" => 47,
        b"esp" => 50,
        b"ah" => 51,
        b"icmp6" | b"icmpv6" | b"ipv6-icmp" => 58,
        b"sctp" => 132,
        _ => scan::number(text).and_then(|n| u8::try_from(n).ok()).unwrap_or(0),
    };
    IpProtocol(number)
}

/// A status of HTTP is an answered request. A word that is not known here says nothing.
fn outcome(text: &[u8]) -> (Outcome, Act) {
    if text.len() == 3
        && let Some(status) = scan::status(text)
    {
        return (scan::answered(status, 0), Act::Request);
    }
    let outcome = match text.to_ascii_lowercase().as_slice() {
        b"exchanged" => Outcome::Exchanged,
        b"established" | b"accept" | b"accepted" | b"allow" | b"allowed" | b"pass" | b"passed" | b"permit" | b"permitted" => {
            Outcome::Established
        }
        b"unanswered" | b"timeout" | b"no-answer" => Outcome::Unanswered,
        b"deny" | b"denied" | b"drop" | b"dropped" | b"block" | b"blocked" | b"reject" | b"rejected" | b"refuse" | b"refused"
        | b"reset" => Outcome::Refused,
        _ => Outcome::Unknown,
    };
    (outcome, Act::Connection)
}

#[cfg(test)]
mod tests {
    use super::super::web::testkit::{Read, clock};
    use super::*;
    use proptest::prelude::*;

    const FULL: &str = r"^(?P<time>\S+ \S+) (?P<outcome>\S+) (?P<proto>\S+) (?P<src>\S+):(?P<sport>\d+) -> (?P<dst>\S+):(?P<dport>\d+) (?P<bytes>\d+)/(?P<bytes_back>\d+) host=(?P<host>\S+) xff=\[(?P<xff>[^\]]*)\] user=(?P<user>.*)$";
    const LINE: &str = "2026-03-12 06:25:01Z allowed udp 203.0.113.5:4711 -> 192.0.2.9:53 100/200 host=www.example.org xff=[198.51.100.1, unknown] user=xff=[198.51.100.66]";

    fn read_all(pattern: &Pattern, text: &str) -> Read {
        let mut custom = Custom {
            pattern: Some((pattern.clone(), pattern.regex.capture_locations())),
            clock: clock(),
            host: say::Host::default(),
        };
        Read::of(&mut custom, text.as_bytes())
    }

    fn one(regex: &str, text: &str) -> Read {
        read_all(&Pattern::new("mine", regex).unwrap(), text)
    }

    #[test]
    fn every_field() {
        let read = one(FULL, LINE);
        assert_eq!(read.short(), ["203.0.113.5 4711>192.0.2.9 53 Established 100/200 www.example.org"]);
        assert_eq!((read.contacts()[0].proto, read.times()[0].as_str()), (IpProtocol::UDP, "2026-03-12T06:25:01Z"));
        assert_eq!(read.entries(), [["198.51.100.1", "unknown"]]);
        assert_eq!(read.chains()[0].server.to_string(), "192.0.2.9");
        assert_eq!(one(FULL, "something else").rejected, [(1, "the expression does not match")]);
    }

    #[test]
    fn few_fields() {
        assert_eq!(one(r"^from (?P<src>\S+)", "from [2001:db8::5]:80").short(), ["2001:db8::5 80>? 0 Unknown 0/0 -"]);
        assert_eq!(one(r"^to (?P<dst>\S+)", "to 192.0.2.9").short(), ["? 0>192.0.2.9 0 Unknown 0/0 -"]);
        let chain = one(r"^(?P<xff>.*)$", "198.51.100.1, 192.0.2.8");
        assert_eq!((chain.short().len(), chain.entries()), (0, vec![vec!["198.51.100.1", "192.0.2.8"]]));
        let name = one(
            r"^from (?P<src>\S+)( (?P<outcome>\d+))?",
            "from gw.example.org\nfrom 192.0.2.1\nfrom 192.0.2.1 404\nfrom 010.1.1.9",
        );
        assert_eq!(name.records, 4);
        assert_eq!(
            name.short(),
            ["192.0.2.1 0>? 0 Unknown 0/0 -", "192.0.2.1 0>? 0 Exchanged 0/0 -", "10.1.1.9 0>? 0 Unknown 0/0 -"]
        );
    }

    #[test]
    fn times_in_every_dress() {
        for (text, expected) in [
            ("2026-03-12T06:25:01+01:00", "2026-03-12T05:25:01Z"),
            ("12/Mar/2026:06:25:01 +0100", "2026-03-12T05:25:01Z"),
            ("Mar 12 06:25:01", "2024-03-12T06:25:01Z"),
            ("1773296701.5", "2026-03-12T06:25:01.500Z"),
        ] {
            assert_eq!(one(r"^\[(?P<time>[^\]]*)\] (?P<src>\S+)", &format!("[{text}] 192.0.2.1")).times(), [expected], "{text}");
        }
        assert_eq!(one(r"^\[(?P<time>[^\]]*)\] (?P<src>\S+)", "[noon] 192.0.2.1").rejected, [(1, "the time can't be read")]);
        assert_eq!(one(r"^\[(?P<time>[^\]]*)\] (?P<src>\S+)", "[-] 192.0.2.1").times(), ["-"]);
    }

    #[test]
    fn what_is_wrong_with_a_pattern() {
        let why = |regex: &str| Pattern::new("mine", regex).unwrap_err();
        assert!(why("(").contains("mine") && why("(").contains("unclosed group"));
        assert!(why("(?P<source>x)").contains("source") && FIELDS.iter().all(|f| why("(?P<source>x)").contains(f)));
        assert!(why("(?P<time>x)").contains("src"));
        assert!(why(r"(?P<src>\w{1000}){100}").contains("size"));
        for field in FIELDS {
            assert!(
                Pattern::new("mine", &format!("(?P<{field}>x)(?P<{}>y)", if field == "src" { "dst" } else { "src" })).is_ok()
            );
        }
    }

    #[test]
    fn without_a_pattern_nothing_is_read() {
        let mut out = Vec::new();
        let step = open(None, clock()).step(b"192.0.2.1\nx", true, &mut out);
        assert!(matches!(step, super::super::super::record::Step::Piece { bytes: 10, read: Err(_) }) && out.is_empty());
    }

    #[test]
    fn most_lines_must_match() {
        let pattern = Pattern::new("mine", r"^from (?P<src>\S+)$").unwrap();
        assert!(pattern.looks_like(b"from 192.0.2.1\nfrom 192.0.2.2\nx\nfrom 192.0.2.3 cut o"));
        assert!(!pattern.looks_like(b"from 192.0.2.1\nx\n") && !pattern.looks_like(b""));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), cut in any::<proptest::sample::Index>()) {
            let pattern = Pattern::new("mine", r"(?s-u)^(?P<time>.{0,20})(?P<src>.*) (?P<dst>.*) (?P<xff>.*),(?P<host>.*)").unwrap();
            let at = cut.index(LINE.len());
            let text = [&LINE.as_bytes()[..at], &bytes[..], &LINE.as_bytes()[at..]].concat();
            let mut custom = Custom { pattern: Some((pattern.clone(), pattern.regex.capture_locations())), clock: clock(), host: say::Host::default() };
            Read::of(&mut custom, &text);
            let _ = pattern.looks_like(&text);
        }
    }
}
