//! Error logs. Of many lines nothing is used but who the client was.
//!
//! * Apache: `[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] [pid 10:tid 140] [client 192.0.2.1:50229] AH01618: user x ...`,
//!   the groups in brackets at the beginning, then perhaps the source file and the system's error, then the client: all of that
//!   is Apache's. Behind the client anything may stand.
//! * nginx: `2022/01/24 16:33:06 [error] 334#334: *338 MESSAGE, client: 192.0.2.1, server: ..., request: "...", upstream: "...",
//!   host: "..."`. Nothing is escaped, and the client writes in the message (path, user name), in the request and behind it.
//!   A line that names two clients is rejected.

use super::scan::{authority, endpoint, number, word};
use super::{OTHER_FORMAT, say};
use crate::decode::clock::{self, Clock};
use crate::decode::record::Reject;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said};
use crate::model::time::Timestamp;

pub(super) fn apache(line: &[u8], clock: &mut Clock, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (time, rest) = group(line).ok_or(OTHER_FORMAT)?;
    let (_weekday, time) = word(time);
    let (time, []) = clock::bsd(time, clock).ok_or(OTHER_FORMAT)? else { return Err(OTHER_FORMAT) };
    if !rest.starts_with(b" [") {
        return Err(OTHER_FORMAT);
    }
    said_by_apache(rest, Some(time), out);
    Ok(())
}

/// The same without the time: `[auth_basic:error] [pid 10] [client 192.0.2.1:50229] ...`.
pub(super) fn apache_in_syslog(message: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) -> Result<(), Reject> {
    said_by_apache(message, time, out);
    Ok(())
}

fn said_by_apache(mut rest: &[u8], time: Option<Timestamp>, out: &mut Vec<Said>) {
    let client = loop {
        rest = rest.trim_ascii_start();
        let Some((inner, behind)) = group(rest) else {
            // `ssl_engine_io.c(1103): (70014)End of file found: ` may stand between.
            match past_system_error(past_source_file(rest)) {
                behind if behind.len() < rest.len() && behind.starts_with(b"[client ") => {
                    rest = behind;
                    continue;
                }
                _ => return,
            }
        };
        rest = behind;
        if let Some(client) = inner.strip_prefix(b"client ") {
            break endpoint(client);
        }
        // `[remote ...]` is the other side of a proxy; a message may begin with a bracket, too.
        if !inner.starts_with(b"pid ") && !inner.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-')) {
            return;
        }
    };
    // `user not found` and `password mismatch` of mod_auth_basic.
    let failed = [&b" AH01617: "[..], b" AH01618: "].iter().any(|code| rest.starts_with(code));
    if let Some(client) = client {
        say::contact(out, time, connection(client, failed));
    }
}

fn connection((src, sport): (std::net::IpAddr, u16), log_in_failed: bool) -> Contact {
    let (outcome, act) =
        if log_in_failed { (Outcome::Exchanged, Act::LoginFailed) } else { (Outcome::Established, Act::Connection) };
    Contact { src, sport, proto: IpProtocol::TCP, outcome, act, ..Contact::default() }
}

/// The text in the brackets at the beginning. An IPv6 address in it (`[client 2001:db8::1]:80`) has no brackets of its own,
/// or balanced ones.
fn group(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let mut end = memchr::memchr(b']', inner)?;
    if inner.get(..end)?.contains(&b'[') {
        end += 1 + memchr::memchr(b']', inner.get(end + 1..)?)?;
    }
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

fn past_source_file(text: &[u8]) -> &[u8] {
    let (file, rest) = word(text);
    let is_file = memchr::memmem::find(file, b".c(").is_some() && file.ends_with(b"):");
    if is_file { rest } else { text }
}

/// `(70014)End of file found: `: what the system calls an error holds no colon.
fn past_system_error(text: &[u8]) -> &[u8] {
    let parse = || {
        let inner = text.strip_prefix(b"(")?;
        let end = memchr::memchr(b')', inner)?;
        number(inner.get(..end)?)?;
        let at = memchr::memmem::find(inner, b": ")?;
        inner.get(at + 2..)
    };
    parse().unwrap_or(text)
}

pub(super) fn nginx(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (time, rest) = clock::iso(line, clock).ok_or(OTHER_FORMAT)?;
    let time = Some(time);
    let rest = rest.strip_prefix(b" [").ok_or(OTHER_FORMAT)?;
    let end = rest.iter().position(|&b| b == b']').filter(|&n| n < 8).ok_or(OTHER_FORMAT)?;
    // `334#334: ` are process and thread.
    let (process, rest) = rest.get(end + 1..).and_then(|r| r.strip_prefix(b" ")).map(word).ok_or(OTHER_FORMAT)?;
    let process = process.strip_suffix(b":").filter(|p| p.contains(&b'#')).ok_or(OTHER_FORMAT)?;
    if !process.iter().all(|b| b.is_ascii_digit() || *b == b'#') {
        return Err(OTHER_FORMAT);
    }
    let rest = match rest.strip_prefix(b"*").map(word) {
        Some((number_of, behind)) if number(number_of).is_some() => behind,
        _ => rest,
    };
    let client = client(rest)?;
    if let Some(client) = client {
        let failed = rest.starts_with(b"user \"")
            && [&b": password mismatch, client: "[..], b" was not found in \""]
                .iter()
                .any(|t| memchr::memmem::find(rest, t).is_some());
        let mut contact = connection(client, failed);
        contact.host = between(rest, b", host: \"").and_then(|name| host.name(name));
        say::contact(out, time, contact);
    }
    if let Some(upstream) = upstream(rest) {
        let outcome = if rest.starts_with(b"connect() failed (111: ") {
            Outcome::Refused
        } else if rest.starts_with(b"upstream timed out (110: ") && says(rest, b" while connecting to upstream, client: ") {
            Outcome::Unanswered
        } else {
            Outcome::Unknown
        };
        say::contact(out, time, say::onward(upstream, outcome));
    }
    Ok(())
}

fn says(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// The one client that is named, if there is one. A client on a Unix socket has no address, and is one.
fn client(text: &[u8]) -> Result<Option<(std::net::IpAddr, u16)>, Reject> {
    const MARK: &[u8] = b", client: ";
    let mut named: Option<&[u8]> = None;
    for at in memchr::memmem::find_iter(text, MARK) {
        let value = text.get(at + MARK.len()..).unwrap_or_default();
        let value = value.split(|b| matches!(b, b',' | b' ')).next().unwrap_or_default();
        if endpoint(value).is_none() && !value.starts_with(b"unix:") {
            continue;
        }
        if named.is_some_and(|n| n != value) {
            return Err(Reject("two clients are named"));
        }
        named = Some(value);
    }
    Ok(named.and_then(endpoint))
}

/// The text behind the only `mark`, up to the next quotation mark.
fn between<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text, mark)?;
    let value = text.get(at + mark.len()..)?;
    if says(value, mark) {
        return None;
    }
    value.get(..memchr::memchr(b'"', value)?)
}

/// The upstream server: `request: "GET / HTTP/1.1", upstream: "http://10.0.0.5:80/"`. nginx passes no request on whose line
/// goes on behind its version, so a client can't have written both the version and what follows it.
fn upstream(text: &[u8]) -> Option<(std::net::IpAddr, u16)> {
    const MARK: &[u8] = b", upstream: \"";
    let at = memchr::memmem::find(text, MARK)?;
    let url = between(text, MARK)?;
    let request = text.get(..at)?.strip_suffix(b"\"")?;
    let version = memchr::memmem::rfind(request, b" HTTP/").and_then(|v| request.get(v + 6..))?;
    let passed_on = version.len() <= 3 && version.first().is_some_and(u8::is_ascii_digit) && says(request, b", request: \"");
    if !passed_on || says(request, b" while reading client request ") {
        return None;
    }
    let name = authority(url)?;
    // Without a port it is the scheme's.
    endpoint(name).map(|(addr, given)| match (given, url.starts_with(b"https:")) {
        (0, true) => (addr, 443),
        (0, false) if url.starts_with(b"http:") => (addr, 80),
        _ => (addr, given),
    })
}
