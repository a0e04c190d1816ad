//! STIX patterns (STIX 2.1 chapter 9), as far as they name addresses, prefixes and host names.
//!
//! Every value that a pattern wants to be there is taken by itself, whatever joins it to others: `[a AND b]` points at both.
//! What a pattern wants not to be there (`!=`, `NOT`) and what is compared by order or likeness (`<`, `LIKE`, `MATCHES`) is
//! not taken.

use std::borrow::Cow;

use super::entry;
use crate::decode::record::Reject;
use crate::decode::text;
use crate::model::record::Pattern;

/// A token of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// Keyword, number or object path.
    Word(&'a str),
    /// A quoted value, its escapes resolved.
    Value(Cow<'a, str>),
    /// A bracket, comma or operator.
    Sign(&'a str),
}

/// Calls `found` with everything that `pattern` points at.
///
/// # Errors
/// When a quoted value is never closed, or when a value that should be an address or a name is none; what stood before is
/// given nevertheless.
pub(super) fn read(pattern: &str, mut found: impl FnMut(Pattern)) -> Result<(), Reject> {
    let mut rest = pattern;
    let mut state = State::Nothing;
    let mut bad = None;
    while let Some(token) = next(&mut rest)? {
        state = match (state, token) {
            (state, Token::Word(word)) => match (state, Kind::of(word)) {
                (before, Some(kind)) => State::Path { kind, negated: matches!(before, State::Not) },
                (State::Path { kind, negated }, None) if word.eq_ignore_ascii_case("NOT") => {
                    State::Path { kind, negated: !negated }
                }
                (_, None) if word.eq_ignore_ascii_case("NOT") => State::Not,
                (State::Path { kind, negated: false }, None) if word.eq_ignore_ascii_case("ISSUBSET") => {
                    State::Wanted { kind, list: false }
                }
                (State::Path { kind, negated: false }, None) if word.eq_ignore_ascii_case("IN") => {
                    State::Wanted { kind, list: true }
                }
                _ => State::Nothing,
            },
            (State::Path { kind, negated: false }, Token::Sign("=" | "==")) => State::Wanted { kind, list: false },
            (State::Wanted { kind, list: true }, Token::Sign("(" | ",")) => State::Wanted { kind, list: true },
            (State::Wanted { kind, list }, Token::Value(value)) => {
                match kind.target(&value) {
                    Some(pattern) => found(pattern),
                    None => bad = Some(Reject("a pattern's value is neither an address nor a name")),
                }
                if list { State::Wanted { kind, list } } else { State::Nothing }
            }
            _ => State::Nothing,
        };
    }
    bad.map_or(Ok(()), Err)
}

/// Where in a comparison the reader is.
#[derive(Clone, Copy, Debug)]
enum State {
    Nothing,
    /// Behind a `NOT` that stands before a comparison.
    Not,
    /// Behind an object path that names a host.
    Path {
        kind: Kind,
        negated: bool,
    },
    /// Before a value that is wanted, or before one of several.
    Wanted {
        kind: Kind,
        list: bool,
    },
}

/// What the value of an object path, or of an observable, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address or a prefix.
    Address,
    /// A host name.
    Name,
    /// Either.
    Host,
}

impl Kind {
    /// Of an object path; `None` for those that name no host.
    fn of(path: &str) -> Option<Self> {
        match path {
            "ipv4-addr:value" | "ipv6-addr:value" => Some(Self::Address),
            "domain-name:value" => Some(Self::Name),
            "network-traffic:src_ref.value" | "network-traffic:dst_ref.value" | "domain-name:resolves_to_refs[*].value" => {
                Some(Self::Host)
            }
            _ => None,
        }
    }

    /// What a value points at. A name of one label is a name here: the path says so.
    pub(super) fn target(self, value: &str) -> Option<Pattern> {
        let value = value.trim().as_bytes();
        let net = || entry::net(value).map(Pattern::Net);
        let name = || {
            let plain = !value.is_empty() && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
            let number = value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
            (plain && !number).then(|| text::host_name(value).map(|name| Pattern::Name(name.into()))).flatten()
        };
        match self {
            Self::Address => net(),
            Self::Name => name(),
            Self::Host => net().or_else(name),
        }
    }
}

/// The next token.
fn next<'a>(rest: &mut &'a str) -> Result<Option<Token<'a>>, Reject> {
    let text = rest.trim_start();
    let Some(first) = text.bytes().next() else { return Ok(None) };
    if first == b'\'' {
        let (value, after) = quoted(text.get(1..).unwrap_or_default())?;
        *rest = after;
        return Ok(Some(Token::Value(value)));
    }
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.' | b'+') || b >= 0x80;
    if is_word(first) {
        let mut len = 0;
        while let Some(byte) = text.as_bytes().get(len).copied() {
            let tail = text.get(len..).unwrap_or_default();
            if is_word(byte) {
                len += 1;
            } else if byte == b'\'' && text.as_bytes().get(..len).is_some_and(|t| t.ends_with(b".") || t.ends_with(b":")) {
                // A quoted step of a path: `hashes.'SHA-256'`.
                let (_, after) = quoted(tail.get(1..).unwrap_or_default())?;
                len = text.len() - after.len();
            } else if let Some(index) = index_len(tail) {
                len += index;
            } else {
                break;
            }
        }
        // Every byte of other alphabets counts as part of a word, so this falls between characters.
        let (word, after) = text.split_at_checked(len).unwrap_or((text, ""));
        *rest = after;
        return Ok(Some(Token::Word(word)));
    }
    let two = text.get(..2).filter(|two| matches!(*two, "!=" | "<>" | "<=" | ">=" | "=="));
    let sign = two.or_else(|| text.get(..1)).unwrap_or(text);
    *rest = text.get(sign.len()..).unwrap_or_default();
    Ok(Some(Token::Sign(sign)))
}

/// `[*]` or `[3]` in a path: its length.
fn index_len(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let end = inner.bytes().take(12).position(|b| b == b']')?;
    let index = inner.get(..end)?;
    (index == "*" || !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit())).then_some(end + 2)
}

/// A quoted value behind its opening quote, and what follows it.
fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), Reject> {
    let mut escape = false;
    let end = text.bytes().position(|b| {
        let closes = b == b'\'' && !escape;
        escape = b == b'\\' && !escape;
        closes
    });
    let Some((inner, after)) = end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?))) else {
        return Err(Reject("a quoted value in a pattern is never closed"));
    };
    if !inner.contains('\\') {
        return Ok((inner.into(), after));
    }
    let mut escape = false;
    let plain: String = inner
        .chars()
        .filter(|&c| {
            escape = c == '\\' && !escape;
            !escape
        })
        .collect();
    Ok((plain.into(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str) -> String {
        let mut out = Vec::new();
        let end = read(pattern, |p| {
            out.push(match p {
                Pattern::Net(net) => net.to_string(),
                Pattern::Name(name) => name.to_string(),
            });
        });
        out.extend(end.err().map(|why| format!("!{}", why.0)));
        out.join(" ")
    }

    #[test]
    fn patterns_in_every_dress() {
        for (pattern, expected) in [
            ("[ipv4-addr:value = '198.51.100.1']", "198.51.100.1/32"),
            ("[ipv4-addr:value='198.51.100.1/32' OR ipv4-addr:value = '203.0.113.0/24']", "198.51.100.1/32 203.0.113.0/24"),
            ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "198.51.100.0/24"),
            ("[ipv6-addr:value IN ('2001:db8::1', '2001:db8::2')]", "2001:db8::1/128 2001:db8::2/128"),
            ("[network-traffic:dst_ref.value = 'Bad.Example.org' AND network-traffic:dst_port = 443]", "bad.example.org"),
            ("[network-traffic:protocols[*] = 'tcp' AND network-traffic:src_ref.value = '192.0.2.4']", "192.0.2.4/32"),
            (
                "[domain-name:value = 'a.example.org'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.5'] WITHIN 5 SECONDS",
                "a.example.org 192.0.2.5/32",
            ),
            ("([ipv4-addr:value = '192.0.2.5']) START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'", "192.0.2.5/32"),
            ("[file:hashes.'SHA-256' = 'ef53' OR domain-name:value = 'b.example.org']", "b.example.org"),
        ] {
            assert_eq!(words(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_a_pattern_does_not_want_or_only_mentions() {
        for pattern in [
            "[ipv4-addr:value != '198.51.100.1']",
            "[ipv4-addr:value NOT = '198.51.100.1']",
            "[ipv4-addr:value NOT IN ('198.51.100.1', '198.51.100.2')]",
            "[domain-name:value LIKE '%.example.org' OR domain-name:value MATCHES 'x']",
            "[url:value = 'http://198.51.100.1/']",
            "[file:name = 'ipv4-addr:value = \\'198.51.100.1\\'']",
            "[file:name = 'a\\\\' AND file:name != '] OR [ipv4-addr:value = ']",
        ] {
            assert_eq!(words(pattern), "", "{pattern}");
        }
    }

    #[test]
    fn damaged_patterns_are_said_to_be() {
        assert_eq!(
            words("[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'x"),
            "198.51.100.1/32 !a quoted value in a pattern is never closed"
        );
        assert_eq!(words("[ipv4-addr:value = 'name.example.org']"), "!a pattern's value is neither an address nor a name");
    }
}
