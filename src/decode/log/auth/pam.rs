//! PAM: `authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root` (`pam_unix_auth`,
//! `support.c`), from whatever service asked.

use memchr::memmem;

use super::super::syslog::{address, cut, word};
use super::{AMBIGUOUS, Read, contact};
use crate::model::record::{Act, Contact, Outcome};

/// Reads a message. Before `ruser=` nothing is the client's; `ruser` is for some services, and `user`, the last, always.
///
/// # Errors
/// When several fields could be the remote host and they differ.
pub(super) fn read(m: &[u8]) -> Read {
    let Some((service, rest)) = cut(m, b"authentication failure; ") else { return Ok(None) };
    let dport = if service.ends_with(b"(sshd:auth): ") { 22 } else { 0 };
    let made = |addr| Contact { dport, ..contact((addr, 0), Act::LoginFailed, Outcome::Exchanged) };
    // Only the first `ruser=` is PAM's for certain. If it is empty, what follows it is too.
    let Some((_, rest)) = cut(rest, b" ruser=") else { return Ok(None) };
    if let Some(host) = rest.strip_prefix(b" rhost=") {
        return Ok(address(word(host).0).map(made));
    }
    let mut hosts = memmem::find_iter(rest, b" rhost=").map(|at| word(rest.get(at + 7..).unwrap_or_default()).0);
    let Some(host) = hosts.next() else { return Ok(None) };
    if hosts.any(|other| other != host) {
        return Err(AMBIGUOUS);
    }
    Ok(address(host).map(made))
}
