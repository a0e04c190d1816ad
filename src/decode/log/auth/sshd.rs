//! OpenSSH's sshd, releases 3 to 10. The texts are those of its sources (`auth.c`, `auth2.c`, `monitor.c`, `packet.c`,
//! `sshd.c`, `sshd-session.c`, `kex.c`).

use std::net::IpAddr;

use memchr::memmem;

use super::super::syslog::{address, cut, endpoint, holds, number, rcut, word};
use super::{AMBIGUOUS, AtEnd, Read, between, client_first, client_last, contact, from_last};
use crate::decode::record::Reject;
use crate::model::record::{Act, Contact, Outcome};

/// The client follows at once. sshd greets first, so whoever it read something from had received its banner.
const FIRST: [(&[u8], Act, Outcome); 12] = [
    (b"Unable to negotiate with ", Act::Connection, Outcome::Exchanged),
    (b"Received disconnect from ", Act::Connection, Outcome::Exchanged),
    (b"Protocol major versions differ for ", Act::Connection, Outcome::Exchanged),
    (b"scanned from ", Act::Connection, Outcome::Exchanged),
    (b"probed from ", Act::Connection, Outcome::Exchanged),
    (b"Timeout before authentication for connection from ", Act::Connection, Outcome::Established),
    (b"Timeout before authentication for ", Act::Connection, Outcome::Established),
    (b"Did not receive identification string from ", Act::Connection, Outcome::Established),
    (b"Could not write ident string to ", Act::Connection, Outcome::Established),
    (b"ROOT LOGIN REFUSED FROM ", Act::LoginFailed, Outcome::Exchanged),
    (b"Address ", Act::Connection, Outcome::Established),
    (b"Connection from ", Act::Connection, Outcome::Established),
];

/// Reads a message.
///
/// # Errors
/// When a message of a known kind has no client where one must be, or several that differ.
pub(super) fn read(message: &[u8]) -> Read {
    let m = core(message);
    let at_22 = |c: Contact| Contact { dport: if c.dport == 0 { 22 } else { c.dport }, ..c };
    Ok(known(m)?.map(at_22))
}

/// Without `error: ` before and ` [preauth]` behind.
fn core(message: &[u8]) -> &[u8] {
    let mut m = message.trim_ascii();
    while let Some(rest) = [&b"error: "[..], b"fatal: ", b"debug1: "].iter().find_map(|p| m.strip_prefix(*p)) {
        m = rest;
    }
    let m = m.strip_suffix(b" [preauth]").or_else(|| m.strip_suffix(b" [postauth]")).unwrap_or(m);
    m.trim_ascii_end()
}

fn known(m: &[u8]) -> Read {
    let exchanged = |act| move |client| contact(client, act, Outcome::Exchanged);
    let (verb, rest) = word(m);
    match verb {
        b"Failed" => return login(rest, Act::LoginFailed),
        b"Accepted" => return login(rest, Act::LoginSucceeded),
        b"Postponed" | b"Partial" => return login(rest, Act::Connection),
        b"Invalid" | b"Illegal" if rest.starts_with(b"user ") => {
            return Ok(from_last(rest)?.map(exchanged(Act::LoginFailed)));
        }
        b"User" => {
            // `User x not allowed because ...` names no client.
            let Some((who, _)) = rcut(rest, b" not allowed because ") else { return Ok(None) };
            return if holds(who, b" from ") { Ok(from_last(who)?.map(exchanged(Act::LoginFailed))) } else { Ok(None) };
        }
        b"PAM:" if holds(rest, b" for ") => return Ok(from_last(rest)?.map(exchanged(Act::LoginFailed))),
        b"Disconnecting" => return disconnecting(rest),
        b"ssh_dispatch_run_fatal:" => {
            // What follows the client is one of the library's own error texts.
            return Ok(places(rest).last.map(exchanged(Act::Connection)));
        }
        b"Starting" | b"Close" if rest.starts_with(b"session: ") => {
            let Some((rest, id)) = rcut(rest, b" id ") else { return Ok(None) };
            return if number::<u64>(id).is_some() { Ok(from_last(rest)?.map(exchanged(Act::Connection))) } else { Ok(None) };
        }
        _ => {}
    }
    if m.starts_with(b"maximum authentication attempts exceeded for ") {
        let head = m.strip_suffix(b" ssh2").or_else(|| m.strip_suffix(b" ssh1"));
        return Ok(from_last(head.unwrap_or(m))?.map(exchanged(Act::LoginFailed)));
    }
    if m.starts_with(b"Bad protocol version identification ") || m.starts_with(b"Magic value check failed ") {
        return Ok(from_last(m)?.map(exchanged(Act::Connection)));
    }
    for start in [&b"Connection closed by "[..], b"Connection reset by ", b"Disconnected from "] {
        if let Some(rest) = m.strip_prefix(start) {
            return closed(rest, start == b"Disconnected from ");
        }
    }
    if let Some(rest) = m.strip_prefix(b"drop connection #") {
        return Ok(dropped(rest));
    }
    if let Some(rest) = m.strip_prefix(b"banner exchange: Connection from ") {
        // The reason is sshd's own; with a wrong banner something was read.
        let outcome =
            |reason: &[u8]| if reason.ends_with(b": invalid format") { Outcome::Exchanged } else { Outcome::Established };
        return Ok(client_first(rest).map(|(client, reason)| contact(client, Act::Connection, outcome(reason))));
    }
    if m.starts_with(b"reverse mapping checking getaddrinfo for ") {
        let addr = rcut(m, b"] failed").and_then(|(head, _)| rcut(head, b"[")).and_then(|(_, addr)| address(addr));
        return Ok(addr.map(|a| contact((a, 0), Act::Connection, Outcome::Established)));
    }
    let Some((rest, act, outcome)) = FIRST.iter().find_map(|(p, a, o)| Some((m.strip_prefix(*p)?, *a, *o))) else {
        return Ok(None);
    };
    let Some((client, rest)) = client_first(rest) else { return Ok(None) };
    let mut found = contact(client, act, outcome);
    if let (b"Connection", Some(here)) = (verb, rest.strip_prefix(b" on "))
        && let Some(((dst, dport), _)) = client_first(here)
    {
        (found.dst, found.dport) = (dst, dport);
    }
    Ok(Some(found))
}

/// Behind `Failed ` and its like: `METHOD for [invalid user ]USER from ADDRESS port N ssh2[: KEY]`. The user name may hold
/// anything, a whole message like this one too; the method holds no blank.
fn login(text: &[u8], act: Act) -> Read {
    let (_method, rest) = word(text);
    // `Accepted key ...`, `Accepted certificate ID ...` are about keys.
    let Some(rest) = rest.strip_prefix(b"for ") else { return Ok(None) };
    let made = |client| contact(client, act, Outcome::Exchanged);
    if let Some(head) = rest.strip_suffix(b" ssh2").or_else(|| rest.strip_suffix(b" ssh1")) {
        return Ok(from_last(head)?.map(made));
    }
    let (mut first, mut last, mut agree, mut named) = (None, None, true, false);
    for at in memmem::find_iter(rest, b" from ") {
        let (host, behind) = word(rest.get(at + 6..).unwrap_or_default());
        let Some(behind) = behind.strip_prefix(b"port ") else { continue };
        let (port, behind) = word(behind);
        let Some(key) = behind.strip_prefix(b"ssh2: ").or_else(|| behind.strip_prefix(b"ssh1: ")) else { continue };
        let (Some(addr), Some(port)) = (address(host), number(port)) else {
            named = true;
            continue;
        };
        let client = (addr, port);
        agree &= first.is_none_or(|f| f == client);
        first = first.or(Some(client));
        last = Some((client, key));
    }
    match last {
        // A type and a fingerprint, and nothing that a client words: the place before them is sshd's.
        Some((client, key)) if is_plain_key(key) => Ok(Some(made(client))),
        // A certificate's name or the names of host-based log-in stand behind: the client may have chosen them.
        Some((client, _)) if agree => Ok(Some(made(client))),
        Some(_) => Err(AMBIGUOUS),
        None if named => Ok(None),
        None => Err(Reject("auth: a log-in without its client")),
    }
}

/// `RSA SHA256:...`: two words.
fn is_plain_key(key: &[u8]) -> bool {
    let (kind, print) = word(key);
    !kind.is_empty() && !print.is_empty() && !print.contains(&b' ') && (print.starts_with(b"SHA256:") || print.contains(&b':'))
}

/// Behind `Connection closed by ` and its like: `[authenticating user X |invalid user X |user X ]ADDRESS port N`.
fn closed(rest: &[u8], said_goodbye: bool) -> Read {
    let tried = rest.starts_with(b"authenticating user ") || rest.starts_with(b"invalid user ");
    match client_last(rest) {
        // A log-in was asked for, and the connection ended before one succeeded.
        Some(AtEnd::Client(_, client)) if tried => Ok(Some(contact(client, Act::LoginFailed, Outcome::Exchanged))),
        // A disconnect message came over the connection; or a user was in.
        Some(AtEnd::Client(_, client)) if said_goodbye || rest.starts_with(b"user ") => {
            Ok(Some(contact(client, Act::Connection, Outcome::Exchanged)))
        }
        Some(AtEnd::Client(_, client)) => Ok(Some(contact(client, Act::Connection, Outcome::Established))),
        // `Connection reset by peer`, `Connection closed by remote host`.
        Some(AtEnd::Named) => Ok(None),
        None => Err(Reject("auth: the message does not end with its client")),
    }
}

/// `[authenticating user X |invalid user X ]ADDRESS port N: REASON`, where the reason may quote user names.
fn disconnecting(rest: &[u8]) -> Read {
    let tried = rest.starts_with(b"authenticating user ") || rest.starts_with(b"invalid user ");
    let act = if tried { Act::LoginFailed } else { Act::Connection };
    let made = |client| contact(client, act, Outcome::Exchanged);
    if let Some(head) = rest.strip_suffix(b": Too many authentication failures") {
        return Ok(match client_last(head) {
            Some(AtEnd::Client(_, client)) => Some(made(client)),
            _ => None,
        });
    }
    let places = places(rest);
    if places.agree { Ok(places.last.map(made)) } else { Err(AMBIGUOUS) }
}

/// Places of the form `ADDRESS port N:`.
struct Places {
    last: Option<(IpAddr, u16)>,
    agree: bool,
}

fn places(text: &[u8]) -> Places {
    let mut found = Places { last: None, agree: true };
    for at in memmem::find_iter(text, b" port ") {
        let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at + 6..).unwrap_or_default());
        let Some(port) = word(behind).0.strip_suffix(b":").and_then(number) else { continue };
        let host = rcut(before, b" ").map_or(before, |(_, host)| host);
        let Some(addr) = address(host) else { continue };
        found.agree &= found.last.is_none_or(|l| l == (addr, port));
        found.last = Some((addr, port));
    }
    found
}

/// `11 from [192.0.2.1]:4711 on [198.51.100.1]:22 past MaxStartups`: turned away before anything was read.
fn dropped(rest: &[u8]) -> Option<Contact> {
    let (_, rest) = cut(rest, b" from ")?;
    let (src, rest) = word(rest);
    let (dst, _) = word(rest.strip_prefix(b"on ")?);
    Some(between(endpoint(src)?, endpoint(dst)?, Outcome::Refused))
}
