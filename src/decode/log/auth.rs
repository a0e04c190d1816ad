//! Who logged in, or tried to: sshd, dropbear, PAM, FTP and mail servers, TCP wrappers, endlessh.
//!
//! The client writes its user name, its banner, its list of algorithms, its reason to leave; a mail client's HELO too. None of
//! that may become an address. Each message is therefore read from the side on which the server alone writes: a failed
//! password from its end (` from ADDRESS port N ssh2`), an offer of algorithms from its beginning. Where the client's text
//! can stand on both sides, every place that could be the address must hold the same one, else the line is rejected.
//!
//! One try can leave several lines (`Invalid user`, `Failed password`, `Connection closed by invalid user`): each says that a
//! log-in failed, and how many tries there were is not counted here. A host name instead of an address says nothing.
//! sshd's own messages are about port 22 unless they name another one; the host that wrote them is not named.

mod dropbear;
mod endlessh;
mod ftp;
mod mail;
mod pam;
mod sshd;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::super::clock::Clock;
use super::super::record::Reject;
use super::Envelope;
use super::syslog::{address, number, rcut, word};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Endpoint, Outcome, Said, Saying};

/// The contact that a message is about, if it names a client.
type Read = Result<Option<Contact>, Reject>;

/// Two places could hold the client's address, and the client may have written one of them.
const AMBIGUOUS: Reject = Reject("auth: two addresses, one of them may be the client's own text");

pub(super) fn message(e: &Envelope<'_>, _: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    let m = e.message;
    if e.program == b"endlessh" {
        return Some(endlessh::read(e, out));
    }
    let read = if m.starts_with(b"pam_") || e.program.ends_with(b"(pam_unix)") {
        pam::read(m)
    } else if let Some(rest) = m.strip_prefix(b"refused connect from ") {
        wrappers(rest, if is_sshd(e.program) { 22 } else { 0 })
    } else if is_sshd(e.program) {
        sshd::read(m)
    } else if e.program.starts_with(b"postfix") {
        mail::postfix(m)
    } else {
        match e.program {
            b"dropbear" => dropbear::read(m),
            b"vsftpd" => ftp::vsftpd(m),
            b"proftpd" => ftp::proftpd(m),
            b"dovecot" => mail::dovecot(m),
            b"imap-login" | b"pop3-login" | b"submission-login" | b"managesieve-login" => mail::dovecot_login(m),
            _ => return None,
        }
    };
    Some(read.map(|contact| out.extend(contact.map(|c| Said { time: e.time, fact: Saying::Contact(c) }))))
}

/// `sshd`; since OpenSSH 9.8 also `sshd-session`, since 10.0 `sshd-auth`.
fn is_sshd(program: &[u8]) -> bool {
    matches!(program, b"sshd" | b"sshd-session" | b"sshd-auth")
}

/// TCP wrappers: `NAME (ADDRESS)`, where the name is the client's as far as its reverse zone goes; or an address alone.
fn wrappers(text: &[u8], dport: u16) -> Read {
    let inner = text.strip_suffix(b")").and_then(|t| rcut(t, b"(")).map_or(text, |(_, inner)| inner);
    let refused = |addr| Contact { dport, ..contact((addr, 0), Act::Connection, Outcome::Refused) };
    Ok(address(inner).map(refused))
}

/// A contact over TCP with a client at `src`, and the recording host as the other end.
fn contact((src, sport): (IpAddr, u16), act: Act, outcome: Outcome) -> Contact {
    Contact { src, sport, proto: IpProtocol::TCP, act, outcome, ..Contact::default() }
}

/// A contact whose other end is named.
fn between(src: Endpoint, dst: Endpoint, outcome: Outcome) -> Contact {
    Contact { dst: dst.addr, dport: dst.port, ..contact((src.addr, src.port), Act::Connection, outcome) }
}

/// `ADDRESS` or `ADDRESS port N` at the beginning, and what follows; a colon may end either.
fn client_first(text: &[u8]) -> Option<((IpAddr, u16), &[u8])> {
    let (host, rest) = word(text);
    let without_colon = host.strip_suffix(b":").unwrap_or(host);
    // `2001:db8::` ends with a colon of its own.
    let addr = address(host).or_else(|| address(without_colon))?;
    let Some(behind) = rest.strip_prefix(b"port ") else { return Some(((addr, 0), rest)) };
    let digits = behind.iter().take_while(|b| b.is_ascii_digit()).count();
    let (port, after) = behind.split_at_checked(digits)?;
    Some(((addr, number(port)?), after))
}

/// Where a message ends with its client.
enum AtEnd<'a> {
    /// Text before it, the client.
    Client(&'a [u8], (IpAddr, u16)),
    /// A host name stands there.
    Named,
}

/// `... ADDRESS port N` or `... ADDRESS` at the end of the text.
fn client_last(text: &[u8]) -> Option<AtEnd<'_>> {
    let split = |text| rcut(text, b" ").unwrap_or((&[], text));
    let (before, last) = split(text);
    if let Some(port) = number(last) {
        let (before, b"port") = split(before) else { return None };
        let (before, host) = split(before);
        return Some(address(host).map_or(AtEnd::Named, |addr| AtEnd::Client(before, (addr, port))));
    }
    Some(address(last).map_or(AtEnd::Named, |addr| AtEnd::Client(before, (addr, 0))))
}

/// ` from ADDRESS[ port N]` at the end: `Ok(None)` if a host name stands there.
fn from_last(text: &[u8]) -> Result<Option<(IpAddr, u16)>, Reject> {
    match client_last(text) {
        Some(AtEnd::Client(before, client)) if before == b"from" || before.ends_with(b" from") => Ok(Some(client)),
        Some(AtEnd::Named) if rcut(text, b" from ").is_some() || text.starts_with(b"from ") => Ok(None),
        _ => Err(Reject("auth: the message does not end with its client")),
    }
}
