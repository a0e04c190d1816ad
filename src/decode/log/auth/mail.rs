//! Mail servers: dovecot's log-in processes, postfix' smtpd and postscreen.

use super::super::syslog::{address, cut, endpoint, holds, rcut, word};
use super::{Read, between, contact};
use crate::model::record::{Act, Contact, Outcome};

/// dovecot: `imap-login: Login: user=<x>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1, TLS, session=<...>`.
///
/// # Errors
/// Never.
pub(super) fn dovecot(m: &[u8]) -> Read {
    match cut(m, b": ") {
        Some((process, rest)) if process.ends_with(b"-login") => dovecot_login(rest),
        _ => Ok(None),
    }
}

/// The same behind the name of the process. The user name stands before `rip=`, and nothing of the client's behind it.
///
/// # Errors
/// Never.
pub(super) fn dovecot_login(m: &[u8]) -> Read {
    let m = m.strip_prefix(b"Info: ").unwrap_or(m);
    let Some((head, rest)) = rcut(m, b" rip=") else { return Ok(None) };
    let field = |text: &[u8]| address(text.split(|&b| b == b',').next().unwrap_or_default());
    let Some(rip) = field(rest) else { return Ok(None) };
    let said = cut(head, b": user=<").map_or(head, |(said, _)| said);
    let (act, outcome) = if m.starts_with(b"Login: ") {
        (Act::LoginSucceeded, Outcome::Exchanged)
    } else if holds(said, b"auth failed") || holds(said, b"auth_failed") {
        (Act::LoginFailed, Outcome::Exchanged)
    } else {
        (Act::Connection, Outcome::Established)
    };
    let lip = cut(rest, b" lip=").and_then(|(_, lip)| field(lip));
    let found = contact((rip, 0), act, outcome);
    Ok(Some(Contact { dst: lip.unwrap_or(found.dst), ..found }))
}

/// postfix. Its clients are written `name[address]`, where the name is checked (RFC 1123) and `unknown` else, or
/// `[address]:port` by postscreen.
///
/// # Errors
/// Never.
pub(super) fn postfix(m: &[u8]) -> Read {
    let made = |token: &[u8], act, outcome| client(token.strip_suffix(b":").unwrap_or(token)).map(|c| contact(c, act, outcome));
    let (first, rest) = word(m);
    Ok(match first {
        b"connect" => rest.strip_prefix(b"from ").and_then(|c| made(word(c).0, Act::Connection, Outcome::Established)),
        b"disconnect" => rest.strip_prefix(b"from ").and_then(|c| {
            let (token, counts) = word(c);
            let spoke = holds(counts, b"commands=") && !counts.ends_with(b"commands=0/0");
            made(token, Act::Connection, if spoke { Outcome::Exchanged } else { Outcome::Established })
        }),
        // `lost connection after AUTH from ...`: smtpd's own word for the stage.
        b"lost" | b"timeout" | b"too" | b"improper" => {
            let (head, token) = rcut(before_colon(m), b" from ").unwrap_or_default();
            let quiet = head.ends_with(b" CONNECT") || head.ends_with(b" UNKNOWN");
            made(token, Act::Connection, if quiet { Outcome::Established } else { Outcome::Exchanged })
        }
        b"warning:" => warning(rest),
        b"CONNECT" => postscreen_connect(rest),
        b"PREGREET" | b"HANGUP" | b"DNSBL" | b"COMMAND" | b"NON-SMTP" | b"BARE" => {
            // `PREGREET 11 after 0.1 from [192.0.2.1]:4711: EHLO x`: the client's text comes last.
            let token = cut(m, b" from ").or_else(|| cut(m, b" for ")).map_or(&[][..], |(_, rest)| word(rest).0);
            let outcome = if first == b"HANGUP" || first == b"DNSBL" { Outcome::Established } else { Outcome::Exchanged };
            made(token, Act::Connection, outcome)
        }
        b"PASS" => made(word(rest).1, Act::Connection, Outcome::Established),
        b"DISCONNECT" => made(word(rest).0, Act::Connection, Outcome::Established),
        b"Trusted" | b"Untrusted" | b"Anonymous" | b"Verified" => {
            let token = rest.strip_prefix(b"TLS connection established from ").map_or(&[][..], |c| word(c).0);
            made(token, Act::Connection, Outcome::Exchanged)
        }
        // A queue id or NOQUEUE.
        _ if first.ends_with(b":") => transaction(rest),
        _ => None,
    })
}

/// `reject: RCPT from unknown[192.0.2.1]: 554 ...`, `client=host[192.0.2.1], sasl_method=LOGIN, sasl_username=x`. A request
/// that was turned away was still asked and answered.
fn transaction(rest: &[u8]) -> Option<Contact> {
    if let Some(text) = rest.strip_prefix(b"client=") {
        let (token, more) = word(text);
        let act = if more.starts_with(b"sasl_method=") { Act::LoginSucceeded } else { Act::Request };
        return client(token.strip_suffix(b",").unwrap_or(token)).map(|c| contact(c, act, Outcome::Exchanged));
    }
    let (verb, rest) = word(rest);
    if !matches!(verb, b"reject:" | b"reject_warning:" | b"milter-reject:" | b"filter:" | b"warn:" | b"discard:" | b"hold:") {
        return None;
    }
    // `RCPT from`, `END-OF-MESSAGE from`, `CONNECT from`.
    let (_stage, rest) = cut(rest, b" from ").filter(|(stage, _)| stage.len() <= 32)?;
    let token = word(rest).0;
    client(token.strip_suffix(b":").unwrap_or(token)).map(|c| contact(c, Act::Request, Outcome::Exchanged))
}

/// `unknown[192.0.2.1]: SASL LOGIN authentication failed: ...`, `hostname NAME does not resolve to address 192.0.2.1`.
fn warning(rest: &[u8]) -> Option<Contact> {
    let (token, said) = word(rest);
    if token == b"hostname" {
        let (_, addr) = cut(said, b" does not resolve to address ")?;
        let addr = word(addr).0;
        let addr = address(addr).or_else(|| address(addr.strip_suffix(b":")?))?;
        return Some(contact((addr, 0), Act::Connection, Outcome::Established));
    }
    let client = client(token.strip_suffix(b":")?)?;
    let failed = said.starts_with(b"SASL ") && holds(said, b" authentication failed");
    let act = if failed { Act::LoginFailed } else { Act::Connection };
    let outcome = if failed { Outcome::Exchanged } else { Outcome::Established };
    Some(contact(client, act, outcome))
}

/// `from [192.0.2.1]:4711 to [198.51.100.1]:25`
fn postscreen_connect(rest: &[u8]) -> Option<Contact> {
    let (src, rest) = word(rest.strip_prefix(b"from ")?);
    let dst = rest.strip_prefix(b"to ")?;
    Some(between(endpoint(src)?, endpoint(dst)?, Outcome::Established))
}

/// Without what follows the client: `from unknown[192.0.2.1]: DATA`.
fn before_colon(m: &[u8]) -> &[u8] {
    cut(m, b"]: ").and_then(|(head, _)| m.get(..=head.len())).unwrap_or(m)
}

/// `name[address]`, `name[address]:port`, `[address]:port`.
fn client(token: &[u8]) -> Option<(std::net::IpAddr, u16)> {
    let (_, rest) = rcut(token, b"[")?;
    let (addr, behind) = cut(rest, b"]")?;
    let port = match behind.strip_prefix(b":") {
        Some(port) => super::number(port)?,
        None if behind.is_empty() => 0,
        None => return None,
    };
    Some((address(addr)?, port))
}
