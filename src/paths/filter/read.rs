//! Reads a filter from text: recursive descent, nesting counted, errors with their place.

use std::fmt;
use std::net::IpAddr;

use super::{Expr, MAX_DEPTH, MAX_LENGTH, Test};
use crate::model::evidence::SourceTrust;
use crate::model::net::{Asn, IpProtocol, StateCode};
use crate::paths::kinds;
use crate::paths::question::{is_plain, read_net, shown};

const KEYS: &str = "state, host, net, src, dst, port, proto, asn, trust, finding, name";

/// Reads a whole filter.
pub(super) fn filter(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_LENGTH {
        return Err(FilterError { text: String::new(), at: 0, expected: format!("longer than {MAX_LENGTH} bytes") });
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let root = reader.any()?;
    reader.space();
    match reader.rest().chars().next() {
        None => Ok(root),
        Some(')') => Err(reader.error("this `)` closes nothing")),
        Some(_) => Err(reader.error("expected a test such as state:DE")),
    }
}

/// Why a filter could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    text: String,
    at: usize,
    expected: String,
}

impl FilterError {
    /// Byte offset in the filter at which it stopped making sense.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }
}

/// Three lines: what is wrong, the text (or the part around the place), and a caret under the place.
impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter: {}", self.expected)?;
        if self.text.is_empty() {
            return Ok(());
        }
        const AROUND: usize = 40;
        let safe = |c: char| if is_plain(c) { c } else { '\u{FFFD}' };
        let before: Vec<char> = self.text.get(..self.at).unwrap_or_default().chars().map(safe).collect();
        let after: Vec<char> = self.text.get(self.at..).unwrap_or_default().chars().map(safe).collect();
        let (cut_before, cut_after) = (before.len() > AROUND, after.len() > AROUND);
        let before: String = before.iter().skip(before.len().saturating_sub(AROUND)).collect();
        let after: String = after.iter().take(AROUND).collect();
        let (left, right) = (if cut_before { "…" } else { "" }, if cut_after { "…" } else { "" });
        write!(f, "\n  {left}{before}{after}{right}\n  {:width$}^", "", width = left.chars().count() + before.chars().count())
    }
}

impl std::error::Error for FilterError {}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, expected: impl Into<String>) -> FilterError {
        self.error_at(self.at, expected)
    }

    fn error_at(&self, at: usize, expected: impl Into<String>) -> FilterError {
        FilterError { text: self.text.to_owned(), at, expected: expected.into() }
    }

    /// The word at the place: up to white space or a parenthesis.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        rest.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).next().unwrap_or(rest)
    }

    /// Takes a connecting word, if one of these is next.
    fn take(&mut self, words: [&str; 2]) -> bool {
        self.space();
        let word = self.word();
        let found = words.iter().any(|w| word.eq_ignore_ascii_case(w));
        if found {
            self.at += word.len();
        }
        found
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut list = vec![self.all()?];
        while self.take(["or", "||"]) {
            list.push(self.all()?);
        }
        Ok(one_or(list, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut list = vec![self.one()?];
        loop {
            let joined = self.take(["and", "&&"]);
            let next = self.word();
            let ends = self.rest().is_empty() || self.rest().starts_with(')') || next.eq_ignore_ascii_case("or") || next == "||";
            if !joined && ends {
                return Ok(one_or(list, Expr::All));
            }
            list.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Expr, FilterError> {
        self.space();
        let start = self.at;
        if self.take(["not", "!"]) || self.bang() {
            self.deeper(start)?;
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.rest().starts_with('(') {
            self.deeper(start)?;
            self.at += 1;
            let inner = self.any()?;
            self.space();
            if !self.rest().starts_with(')') {
                return Err(self.error_at(start, "this `(` is never closed"));
            }
            self.at += 1;
            self.depth -= 1;
            return Ok(inner);
        }
        self.test()
    }

    /// `!` directly before a test or a parenthesis.
    fn bang(&mut self) -> bool {
        let found = self.rest().starts_with('!');
        self.at += usize::from(found);
        found
    }

    fn deeper(&mut self, at: usize) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.error_at(at, format!("nested deeper than {MAX_DEPTH}"))) } else { Ok(()) }
    }

    fn test(&mut self) -> Result<Expr, FilterError> {
        let start = self.at;
        let word = self.word();
        let Some((key, _)) = word.split_once(':').filter(|(key, _)| key.bytes().all(|b| b.is_ascii_alphabetic())) else {
            return Err(self.error_at(start, bare(word)));
        };
        // `2001:db8::1` has a colon but no key; `dead:beef::1` looks as if it had one.
        if word.parse::<IpAddr>().is_ok() || key.is_empty() {
            return Err(self.error_at(start, bare(word)));
        }
        let value_at = start + key.len() + 1;
        let value = self.value(value_at)?;
        if value.is_empty() {
            return Err(self.error_at(value_at, format!("expected a value right after `{key}:`")));
        }
        read_test(&key.to_ascii_lowercase(), &value)
            .map(Expr::Is)
            .map_err(|(in_key, expected)| self.error_at(if in_key { start } else { value_at }, expected))
    }

    /// A word, or a quoted text with `\"` and `\\`; moves behind it.
    fn value(&mut self, at: usize) -> Result<String, FilterError> {
        self.at = at;
        if !self.rest().starts_with('"') {
            let word = self.word();
            self.at += word.len();
            return Ok(word.to_owned());
        }
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(value);
                }
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        Err(self.error_at(at, "this quotation mark is never closed"))
    }
}

fn one_or(mut list: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        Some(last) => {
            list.push(last);
            join(list)
        }
        None => join(list),
    }
}

/// What to say about a word without a key.
fn bare(word: &str) -> String {
    let is_code = word.len() == 2 && StateCode::new(word).is_some();
    let is_asn =
        word.len() > 2 && word.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("as")) && word[2..].parse::<u32>().is_ok();
    let lower = word.to_ascii_lowercase();
    let guess = match word {
        "" => return "expected a test such as state:DE".to_owned(),
        _ if matches!(lower.as_str(), "and" | "or" | "&&" | "||") => return format!("expected a test before `{lower}`"),
        _ if is_code => format!("state:{}", word.to_ascii_uppercase()),
        _ if word.parse::<IpAddr>().is_ok() => format!("host:{word}"),
        _ if word.contains('/') && read_net(word).is_ok() => format!("net:{word}"),
        _ if word.parse::<u16>().is_ok() => format!("port:{word}"),
        _ if is_asn => format!("asn:{}", &word[2..]),
        _ if protocol(word).is_some() => format!("proto:{lower}"),
        _ if trust(&lower).is_some() => format!("trust:{lower}"),
        _ if kind(&lower).is_some() => format!("finding:{lower}"),
        _ if word.contains('.') && word.chars().all(is_plain) && word.len() <= 64 => format!("name:{word}"),
        _ => return format!("expected key:value; keys are {KEYS}"),
    };
    format!("expected key:value; did you mean {guess}?")
}

/// `Err((true, _))` is about the key, `Err((false, _))` about the value.
fn read_test(key: &str, value: &str) -> Result<Test, (bool, String)> {
    let wrong = |what: &str| (false, format!("expected {what}, not {}", shown(value)));
    let net = |text: &str| read_net(text).map_err(|why| (false, format!("{}: {why}", shown(text))));
    match key {
        "state" => StateCode::new(value).map(Test::State).ok_or_else(|| wrong("a two-letter state code such as DE")),
        "host" if value.contains('/') => Err((false, "expected one address; for a prefix write net:".to_owned())),
        "host" | "net" => net(value).map(Test::Net),
        "src" => net(value).map(Test::Source),
        "dst" => net(value).map(Test::Destination),
        "port" => {
            let (low, high) = value.split_once('-').unwrap_or((value, value));
            match (low.parse(), high.parse()) {
                (Ok(low), Ok(high)) if low <= high => Ok(Test::Port(low, high)),
                _ => Err(wrong("a port (0 to 65535) or a range such as 1000-2000")),
            }
        }
        "proto" => {
            protocol(value).map(Test::Protocol).ok_or_else(|| wrong("a protocol such as tcp, udp, icmp, icmp6 or its number"))
        }
        "asn" => {
            let digits = if value.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("as")) { &value[2..] } else { value };
            digits.parse().map(|n| Test::Asn(Asn(n))).map_err(|_| wrong("an AS number such as 3320"))
        }
        "trust" => trust(&value.to_ascii_lowercase())
            .map(Test::Trust)
            .ok_or_else(|| wrong("proved, echoed, plausible, reflected, backscatter or impossible")),
        "finding" => kind(&value.to_ascii_lowercase())
            .map(Test::Finding)
            .ok_or_else(|| wrong(&format!("one of {}", kinds::NATURAL.join(", ")))),
        "name" => Ok(Test::Name(value.to_lowercase())),
        _ => Err((true, format!("there is no key {}; keys are {KEYS}", shown(key)))),
    }
}

fn protocol(text: &str) -> Option<IpProtocol> {
    let lower = text.to_ascii_lowercase();
    if let Ok(n) = lower.strip_prefix("ip-proto-").unwrap_or(&lower).parse::<u8>() {
        return Some(IpProtocol(n));
    }
    (0..=u8::MAX).map(IpProtocol).find(|p| p.to_string() == lower)
}

fn trust(text: &str) -> Option<SourceTrust> {
    use SourceTrust::{Backscatter, Echoed, Impossible, Plausible, Proved, Reflected};
    [Proved, Echoed, Plausible, Reflected, Backscatter, Impossible].into_iter().find(|t| t.as_str() == text)
}

fn kind(text: &str) -> Option<&'static str> {
    kinds::NATURAL.into_iter().find(|k| *k == text)
}
