//! Received lines (RFC 5321 4.4) in the dialects of the servers that write them.
//!
//! | server | from part | peer's address |
//! |---|---|---|
//! | Postfix, sendmail | `from HELO (name [addr])`, `(user@name [addr] (may be forged))` | at the end of the comment |
//! | qmail, Exchange | `from name (HELO x) (addr)`, `from x (addr)` | a comment of its own |
//! | Exim | `from name ([addr]:port helo=x)`, `from [addr] (helo=x)` | first in the comment, or in place of the name |
//! | CommuniGate | `from [addr] (HELO x)` | in place of the name |
//! | fetchmail, some gateways | `from name [addr]` | behind the name |
//! | web mail (SquirrelMail, `with HTTP`) | `from addr (… authenticated user …)` | in place of the name |
//!
//! The client chose the HELO name, and some servers let it hold blanks and parentheses: `x (y [192.0.2.1]) by z (`. A server
//! writes the client's address behind that name. So the from part goes up to the last `by`, the last comment in it that has
//! the form of an address counts, and a parenthesis that is never closed opens nothing. An address within the HELO name
//! counts only in the form `(HELO name [addr])`, which gateways use that write no other, and only if there is no other.

use std::net::IpAddr;
use std::sync::Arc;

use super::date;
use crate::decode::text::{self, MAX_NAME};
use crate::model::record::Received;

/// Semicolons behind which a date is looked for, from the right.
const MAX_SEMICOLONS: usize = 4;

/// A part of a structured header field (RFC 5322 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Bytes without blanks.
    Word(&'a [u8]),
    /// What stands in parentheses, which may hold others.
    Comment(&'a [u8]),
    /// `;`
    Semicolon,
}

/// Cuts a value into tokens. Each closing parenthesis belongs to the nearest open one before it; those left over stand for
/// nothing.
pub(super) fn tokens(value: &[u8]) -> Vec<Token<'_>> {
    let pairs = pairs(value);
    let mut pairs = pairs.iter().peekable();
    let mut tokens = Vec::new();
    let mut word: Option<usize> = None;
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        let start = at;
        at += 1;
        if !matches!(byte, b'(' | b')' | b';') && !byte.is_ascii_whitespace() {
            word.get_or_insert(start);
            if byte == b'<' {
                at += angled_len(value.get(at..).unwrap_or_default());
            }
            continue;
        }
        if let Some(from) = word.take() {
            tokens.push(Token::Word(value.get(from..start).unwrap_or_default()));
        }
        if byte == b';' {
            tokens.push(Token::Semicolon);
        } else if byte == b'(' {
            while pairs.next_if(|(open, _)| *open < start).is_some() {}
            if let Some(&(_, close)) = pairs.next_if(|(open, _)| *open == start) {
                tokens.push(Token::Comment(value.get(start + 1..close).unwrap_or_default()));
                at = close + 1;
            }
        }
    }
    if let Some(from) = word {
        tokens.push(Token::Word(value.get(from..).unwrap_or_default()));
    }
    tokens
}

/// Places of parentheses that belong together, by the opening one. Those in `<…>` are part of a mail address.
fn pairs(value: &[u8]) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        match byte {
            b'<' => at += angled_len(value.get(at + 1..).unwrap_or_default()),
            b'(' => open.push(at),
            b')' => pairs.extend(open.pop().map(|open| (open, at))),
            _ => {}
        }
        at += 1;
    }
    pairs.sort_unstable();
    pairs
}

/// Bytes up to and with the `>` of a mail address (RFC 5321 4.1.2), 0 if this is none. Its local part may be quoted and
/// hold anything; of `<` it may not, lest a client open one that a later address closes.
fn angled_len(rest: &[u8]) -> usize {
    let quoted = match rest.split_first() {
        Some((b'"', inner)) => match inner.iter().position(|b| matches!(b, b'"' | b'<')) {
            Some(end) if inner.get(end..end + 2) == Some(b"\"@") => end + 2,
            _ => return 0,
        },
        _ => 0,
    };
    let tail = rest.get(quoted..).unwrap_or_default();
    let end = tail.iter().position(|&b| matches!(b, b'<' | b'>') || b.is_ascii_whitespace());
    end.filter(|&end| tail.get(end) == Some(&b'>')).map_or(0, |end| quoted + end + 1)
}

/// The words among tokens.
pub(super) fn words<'a>(tokens: &[Token<'a>]) -> impl Iterator<Item = &'a [u8]> {
    tokens.iter().filter_map(|token| match token {
        Token::Word(word) => Some(*word),
        _ => None,
    })
}

fn comments<'a>(tokens: &[Token<'a>]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    tokens.iter().filter_map(|token| match token {
        Token::Comment(inner) => Some(inner.trim_ascii()),
        _ => None,
    })
}

/// An address literal in brackets (RFC 5321 4.1.3), perhaps with a port behind it.
pub(super) fn literal(word: &[u8]) -> Option<IpAddr> {
    let rest = word.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', rest)?;
    let port = rest.get(end + 1..)?;
    let digits = port.strip_prefix(b":").unwrap_or(port);
    if digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let inner = rest.get(..end)?;
    let tagged = inner.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"IPv6:"));
    text::node_address(if tagged { inner.get(5..)? } else { inner })
}

/// An address in brackets or without, and nothing else.
fn address(word: &[u8]) -> Option<IpAddr> {
    literal(word).or_else(|| text::node_address(word.strip_prefix(b"IPv6:").unwrap_or(word)))
}

fn short(word: &[u8]) -> Option<Arc<str>> {
    let text = text::escaped(word, MAX_NAME);
    (!text.is_empty()).then(|| text.into())
}

/// Reads the value of a Received field.
pub(super) fn read(value: &[u8]) -> Received {
    let tokens = tokens(value);
    let mut received = Received::default();
    // The rightmost date: what stands left of it, a client may have written.
    let semicolons =
        tokens.iter().enumerate().rev().filter(|(_, t)| **t == Token::Semicolon).map(|(n, _)| n).take(MAX_SEMICOLONS);
    let mut clauses = tokens.as_slice();
    for n in semicolons {
        let time = date::date(words(tokens.get(n + 1..).unwrap_or_default()));
        if time.is_some() || clauses.len() == tokens.len() {
            clauses = tokens.get(..n).unwrap_or_default();
        }
        if time.is_some() {
            received.time = time;
            break;
        }
    }
    let (from, by) = parts(clauses);
    receiver(by, &mut received);
    sender(from, by, &mut received);
    received
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.eq_ignore_ascii_case(word.as_bytes()))
}

/// What stands behind `from`, and what stands behind `by`. qmail-scanner's second one (`by uid 82`) names no host.
fn parts<'t, 'a>(tokens: &'t [Token<'a>]) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    let by = |tokens: &[Token<'_>]| tokens.iter().rposition(|token| is_word(token, "by"));
    let mut split = by(tokens);
    if let Some(second) = split
        && tokens.get(second + 1).is_some_and(|token| is_word(token, "uid"))
    {
        split = tokens.get(..second).and_then(by);
    }
    let end = split.or_else(|| tokens.iter().position(|t| ["with", "id", "for", "via"].into_iter().any(|w| is_word(t, w))));
    let from = tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default();
    let from = match from.split_first() {
        Some((first, rest)) if is_word(first, "from") => rest,
        _ => &[],
    };
    let by = split.and_then(|by| tokens.get(by + 1..)).or_else(|| end.and_then(|end| tokens.get(end..)));
    (from, by.unwrap_or_default())
}

/// Who received it, with which protocol, under which number.
fn receiver(tokens: &[Token<'_>], received: &mut Received) {
    const KEYWORDS: [&str; 5] = ["with", "id", "for", "via", "by"];
    let is_keyword = |token: &Token<'_>| KEYWORDS.into_iter().any(|word| is_word(token, word));
    let mut rest = tokens;
    let mut clause = "by";
    loop {
        let end = rest.iter().position(is_keyword).unwrap_or(rest.len());
        let (part, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let first = words(part).next();
        match clause {
            "by" if received.by.is_none() => {
                received.by = first.and_then(short);
                received.by_addr = first.and_then(address).or_else(|| comments(part).next().and_then(address));
            }
            "with" if received.with.is_none() => {
                received.with = short(&words(part).collect::<Vec<_>>().join(&b' '));
            }
            "id" if received.id.is_none() => received.id = first.and_then(short),
            _ => {}
        }
        let Some((keyword, next)) = after.split_first() else { return };
        clause = KEYWORDS.into_iter().find(|word| is_word(keyword, word)).unwrap_or("by");
        rest = next;
    }
}

/// Who gave it: what the client called itself, and what the server saw.
fn sender(from: &[Token<'_>], by: &[Token<'_>], received: &mut Received) {
    let first = words(from).next().filter(|word| !word.contains(&b'@'));
    let greeting = comments(from).find_map(greeting);
    let seen = comments(from).rev().find_map(seen);
    let bracketed = || words(from).filter(|word| literal(word).is_some()).last();
    let web = || {
        let http = |token: &Token<'_>| matches!(token, Token::Word(w) if starts_with(w, "http"));
        let web_mail = |c: &[u8]| starts_with(c, "SquirrelMail") || starts_with(c, "proxying for");
        by.windows(2).any(|pair| matches!(pair, [k, p] if (is_word(k, "with") || is_word(k, "via")) && http(p)))
            || comments(from).any(web_mail)
    };
    // In place of the name: then the word is no name.
    let mut in_place = None;
    if let Some(seen) = seen {
        received.addr = Some(seen.addr);
        received.name = seen.name.and_then(short);
    } else if let Some(word) = bracketed() {
        received.addr = literal(word);
        in_place = Some(word);
    } else if let Some(word) = first.filter(|word| text::node_address(word).is_some() && web()) {
        received.addr = text::node_address(word);
        in_place = Some(word);
    } else {
        received.addr = comments(from).find_map(greeted_address);
    }
    let name = first.filter(|word| in_place.is_none_or(|taken| taken != *word));
    match greeting {
        Some(helo) => {
            received.helo = short(helo);
            // qmail and Exim put the name that they found in front then.
            let found = name.filter(|word| is_found_name(word) && literal(word).is_none());
            received.name = received.name.take().or_else(|| found.and_then(short));
        }
        None => received.helo = name.and_then(short),
    }
}

fn starts_with(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Servers write these where they found no name.
fn is_found_name(word: &[u8]) -> bool {
    let none = ["unknown", "unverified", "nobody", "helo", "ehlo", "misconfigured"];
    !word.is_empty()
        && !none.iter().any(|n| word.eq_ignore_ascii_case(n.as_bytes()))
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Place of `helo=` or `ident=` in a comment: what stands behind it is the client's.
fn keyword_at(comment: &[u8], keyword: &str) -> Option<usize> {
    comment.windows(keyword.len()).enumerate().find_map(|(at, window)| {
        let begins = at == 0 || comment.get(at - 1).is_some_and(u8::is_ascii_whitespace);
        (begins && window.eq_ignore_ascii_case(keyword.as_bytes())).then_some(at)
    })
}

/// The HELO name in a comment that gives one.
fn greeting(comment: &[u8]) -> Option<&[u8]> {
    let rest = if starts_with(comment, "HELO ") || starts_with(comment, "EHLO ") {
        comment.get(5..)?
    } else {
        let at = keyword_at(comment, "helo=")
            .map(|at| at + 5)
            .or_else(|| starts_with(comment, "account ").then(|| keyword_at(comment, "HELO ")).flatten().map(|at| at + 5))?;
        comment.get(at..)?
    };
    rest.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())
}

/// `HELO name [addr]`, and nothing else.
fn greeted_address(comment: &[u8]) -> Option<IpAddr> {
    let rest = comment.get(5..).filter(|_| starts_with(comment, "HELO ") || starts_with(comment, "EHLO "))?;
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (_, addr) = (words.next()?, words.next()?);
    words.next().is_none().then(|| literal(addr)).flatten()
}

/// What a server saw of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen<'a> {
    addr: IpAddr,
    /// The name it found for the address.
    name: Option<&'a [u8]>,
}

/// Reads a comment of a from part that has the form of an address: `addr`, `[addr]:port helo=x`, `user@name [addr] (note)`.
fn seen(comment: &[u8]) -> Option<Seen<'_>> {
    if let Some(addr) = address(comment) {
        return Some(Seen { addr, name: None });
    }
    // What clients and their certificates and accounts say of themselves.
    const CLAIMS: [&str; 12] = [
        "helo",
        "ehlo",
        "account ",
        "authenticated",
        "auth",
        "client ",
        "using ",
        "envelope-",
        "no client",
        "proxying",
        "from ",
        "sender",
    ];
    if CLAIMS.iter().any(|claim| starts_with(comment, claim)) {
        return None;
    }
    let end = ["helo=", "ident="].into_iter().filter_map(|keyword| keyword_at(comment, keyword)).min();
    let text = end.and_then(|end| comment.get(..end)).unwrap_or(comment).trim_ascii();
    let (open, after) = last_brackets(text)?;
    let before = text.get(..open)?.trim_ascii();
    if !after.is_empty() {
        // Words behind the address: only where the address comes first.
        let word = text.split(u8::is_ascii_whitespace).next()?;
        return literal(word).map(|addr| Seen { addr, name: None });
    }
    let bracketed = text.get(open..)?.split(|b| b.is_ascii_whitespace() || *b == b'(').next()?;
    let addr = literal(bracketed)?;
    let found = before.rsplit(|b| b.is_ascii_whitespace() || *b == b'@').next();
    Some(Seen { addr, name: found.filter(|name| is_found_name(name)) })
}

/// Where the last brackets outside inner comments open, and what follows them outside inner comments, a port left out.
fn last_brackets(text: &[u8]) -> Option<(usize, &[u8])> {
    let mut depth = 0_usize;
    let mut last = None;
    let mut words_end = 0;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'[' if depth == 0 => last = Some(at),
            _ => {}
        }
        if depth == 0 && byte != b')' && !byte.is_ascii_whitespace() {
            words_end = at + 1;
        }
    }
    let open = last?;
    let close = open + memchr::memchr(b']', text.get(open..)?)?;
    let after = text.get(close + 1..words_end).unwrap_or_default();
    let port = after.strip_prefix(b":").filter(|port| port.iter().all(u8::is_ascii_digit));
    Some((open, if port.is_some() { &[] } else { after.trim_ascii() }))
}
