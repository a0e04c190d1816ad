use super::*;
use crate::paths::question::is_plain;

struct Case {
    src: Vec<IpAddr>,
    dst: Vec<IpAddr>,
    between: Vec<IpAddr>,
    trust: SourceTrust,
}

/// 192.0.2.1 (IN, AS64500) over 198.51.100.1 (DE) to 203.0.113.7:22 (AS, AS3320).
fn case() -> Case {
    let addr = |s: &str| vec![s.parse().unwrap()];
    Case { src: addr("192.0.2.1"), dst: addr("203.0.113.7"), between: addr("198.51.100.1"), trust: SourceTrust::Proved }
}

impl Facts for Case {
    fn sources(&self) -> &[IpAddr] {
        &self.src
    }
    fn destinations(&self) -> &[IpAddr] {
        &self.dst
    }
    fn between(&self) -> &[IpAddr] {
        &self.between
    }
    fn state(&self, addr: IpAddr) -> Option<StateCode> {
        match addr.to_string().as_str() {
            "192.0.2.1" => StateCode::new("IN"),
            "198.51.100.1" => StateCode::new("DE"),
            _ => StateCode::new("AS"),
        }
    }
    fn asn(&self, addr: IpAddr) -> Option<Asn> {
        (self.dst.contains(&addr)).then_some(Asn(3320)).or(Some(Asn(64500)))
    }
    fn ports(&self) -> &[u16] {
        &[22]
    }
    fn protocols(&self) -> &[IpProtocol] {
        &[IpProtocol::TCP]
    }
    fn trust(&self) -> SourceTrust {
        self.trust
    }
    fn finding(&self) -> &str {
        "scan"
    }
    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        ["a.b.Example.org", "router.example.net"].into_iter().any(test)
    }
}

fn holds(text: &str) -> bool {
    Filter::parse(text).unwrap().matches(&case())
}

#[test]
fn every_key_tests_what_it_says() {
    for yes in [
        "state:in",
        "state:\"IN\"",
        "state:DE",
        "state:AS",
        "host:192.0.2.1",
        "host:198.51.100.1",
        "net:203.0.113.0/24",
        "src:192.0.2.0/24",
        "dst:203.0.113.7",
        "port:22",
        "port:20-30",
        "proto:tcp",
        "proto:6",
        "PROTO:TCP",
        "asn:3320",
        "asn:AS64500",
        "trust:proved",
        "finding:scan",
        "name:*.example.org",
        "name:router.example.ne?",
        "name:\"*\"",
    ] {
        assert!(holds(yes), "{yes}");
    }
    for no in [
        "state:FR",
        "host:192.0.2.2",
        "net:10.0.0.0/8",
        "src:203.0.113.7",
        "dst:192.0.2.1",
        "port:23",
        "port:23-65535",
        "proto:udp",
        "asn:1",
        "trust:echoed",
        "finding:flood",
        "name:example.org",
        "name:?.example.org",
    ] {
        assert!(!holds(no), "{no}");
    }
}

#[test]
fn not_binds_before_and_before_or() {
    assert!(holds("port:23 and port:24 or port:22"));
    assert!(holds("port:22 or port:23 and port:24"));
    assert!(!holds("(port:22 or port:23) and port:24"));
    assert!(!holds("not port:22 or port:23"));
    assert!(holds("not (port:22 port:23)"));
    assert!(holds("port:22 state:IN state:DE"), "side by side is and");
    assert!(!holds("port:22 state:FR"));
    assert!(holds("NOT port:1 AND port:22"));
    assert!(holds("!port:1 && (port:9 || !(port:10))"));
    assert!(holds("not not port:22"));
}

#[test]
fn states_are_never_words_of_the_language() {
    for code in ["IN", "IS", "AS", "TO", "OR", "NO"] {
        let filter = Filter::parse(&format!("state:{code} or not state:{code}")).unwrap();
        assert!(filter.matches(&case()), "{code}");
    }
}

#[test]
fn an_unproved_source_is_in_no_state() {
    let spoofed = Case { trust: SourceTrust::Plausible, ..case() };
    let asks = |text: &str| Filter::parse(text).unwrap().matches(&spoofed);
    assert!(!asks("state:IN") && !asks("asn:64500 not net:198.51.100.0/24"));
    assert!(asks("state:DE") && asks("src:192.0.2.1"), "its address can still be asked for");
}

fn error(text: &str) -> String {
    Filter::parse(text).unwrap_err().to_string()
}

#[test]
fn errors_point_at_the_place() {
    assert_eq!(
        error("port:22 and state:DEU"),
        "filter: expected a two-letter state code such as DE, not DEU\n  port:22 and state:DEU\n                    ^"
    );
    assert_eq!(error("DE"), "filter: expected key:value; did you mean state:DE?\n  DE\n  ^");
    for (text, says, at) in [
        ("10.0.0.1", "did you mean host:10.0.0.1?", 0),
        ("2001:db8::1", "did you mean host:2001:db8::1?", 0),
        ("dead:beef::1", "did you mean host:dead:beef::1?", 0),
        ("10.0.0.0/8", "did you mean net:10.0.0.0/8?", 0),
        ("port:1 22", "did you mean port:22?", 7),
        ("AS3320", "did you mean asn:3320?", 0),
        ("tcp", "did you mean proto:tcp?", 0),
        ("scan", "did you mean finding:scan?", 0),
        ("proved", "did you mean trust:proved?", 0),
        ("www.example.org", "did you mean name:www.example.org?", 0),
        ("hello", "keys are state, host", 0),
        ("", "expected a test", 0),
        ("   ", "expected a test", 3),
        ("port:22 and", "expected a test", 11),
        ("and port:22", "expected a test before `and`", 0),
        ("port:22 or or", "expected a test before `or`", 11),
        ("port:22 and or port:1", "expected a test before `or`", 12),
        ("not", "expected a test", 3),
        ("()", "expected a test", 1),
        ("(port:22", "never closed", 0),
        ("port:22)", "closes nothing", 7),
        ("state:", "right after `state:`", 6),
        ("state: DE", "right after `state:`", 6),
        ("name:\"abc", "quotation mark is never closed", 5),
        ("colour:red", "no key colour", 0),
        ("port:70000", "a port (0 to 65535)", 5),
        ("port:30-20", "a port (0 to 65535)", 5),
        ("proto:xyz", "a protocol", 6),
        ("asn:AS", "an AS number", 4),
        ("net:10.0.0.0/33", "prefix length is above 32", 4),
        ("host:10.0.0.0/8", "for a prefix write net:", 5),
        ("trust:yes", "proved, echoed", 6),
        ("finding:war", "one of brute-force", 8),
        ("état:FR", "keys are state", 0),
    ] {
        let e = Filter::parse(text).unwrap_err();
        assert!(e.to_string().contains(says), "{text}: {e}");
        assert_eq!(e.offset(), at, "{text}: {e}");
    }
}

#[test]
fn nesting_and_length_are_capped() {
    let nested = |n: usize| format!("{}port:22{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&nested(MAX_DEPTH)).is_ok());
    assert!(error(&nested(MAX_DEPTH + 1)).contains("nested deeper than 64"));
    assert!(error(&"not ".repeat(900)).contains("nested deeper"));
    assert!(Filter::parse(&"port:22 or ".repeat(300)).unwrap_err().to_string().contains("expected a test"));
    assert!(Filter::parse(&"port:22 ".repeat(500)).is_ok(), "a long list is not deep");
    assert_eq!(error(&"port:22 ".repeat(600)), "filter: longer than 4096 bytes");
}

#[test]
fn hostile_text_is_shown_harmless_and_short() {
    let message = error(&format!("{} state:\u{1b}[2J\u{202e} {}", "port:22 ".repeat(100), "port:1 ".repeat(100)));
    assert!(message.lines().all(|l| l.chars().all(is_plain) && l.chars().count() < 200), "{message}");
    let caret = message.lines().nth(2).unwrap().chars().count();
    assert_eq!(message.lines().nth(1).unwrap().chars().nth(caret - 1), Some('\u{FFFD}'), "{message}");
}

#[test]
fn stars_do_not_blow_up() {
    let glob = "*a".repeat(100);
    assert!(!glob_matches(&glob, &"a".repeat(99)));
    assert!(glob_matches(&glob, &"ab".repeat(200).replace('b', "")));
    assert!(
        glob_matches("*.de", "x.de") && !glob_matches("*.de", "x.de.org") && glob_matches("**", "") && !glob_matches("?", "")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(?s)([a-z]{2,8}:?|[()!\"\\\\ ]|state:|port:2|and |or |not |\\PC){0,30}") {
        match Filter::parse(&text) {
            Ok(filter) => { let _ = filter.matches(&case()); }
            Err(e) => {
                let shown = e.to_string();
                proptest::prop_assert!(shown.lines().count() <= 3, "{}", shown);
                proptest::prop_assert!(text.is_char_boundary(e.offset()));
            }
        }
    }
}
