//! FTP servers: vsftpd and proftpd.

use memchr::memmem;

use super::super::syslog::{address, holds, rcut, word};
use super::{AMBIGUOUS, Read, contact};
use crate::model::record::{Act, Outcome};

/// vsftpd: `[user] FAIL LOGIN: Client "192.0.2.1"`, `CONNECT: Client "192.0.2.1"`, `[ftp] OK LOGIN: Client "192.0.2.1", anon
/// password "x"`. The user name stands before the client, an anonymous user's password behind it.
///
/// # Errors
/// When several clients could be meant and they differ.
pub(super) fn vsftpd(m: &[u8]) -> Read {
    const MARK: &[u8] = b": Client \"";
    let mut found = None;
    for at in memmem::find_iter(m, MARK) {
        let text = m.get(at + MARK.len()..).unwrap_or_default();
        let Some(addr) = text.split(|&b| b == b'"').next().and_then(address) else { continue };
        let before = m.get(..at).unwrap_or_default();
        let meaning = if before.ends_with(b"FAIL LOGIN") {
            (Act::LoginFailed, Outcome::Exchanged)
        } else if before.ends_with(b"OK LOGIN") {
            (Act::LoginSucceeded, Outcome::Exchanged)
        } else if before.ends_with(b"CONNECT") {
            (Act::Connection, Outcome::Established)
        } else {
            // Uploads, downloads and the like are of users who are in.
            (Act::Connection, Outcome::Exchanged)
        };
        if found.is_some_and(|f| f != (addr, meaning)) {
            return Err(AMBIGUOUS);
        }
        found = Some((addr, meaning));
    }
    Ok(found.map(|(addr, (act, outcome))| contact((addr, 0), act, outcome)))
}

/// proftpd: `SERVER (NAME[192.0.2.1]) - USER x (Login failed): ...`. A name of the reverse zone holds no blank.
///
/// # Errors
/// Never.
pub(super) fn proftpd(m: &[u8]) -> Read {
    let (_server, rest) = word(m);
    let (client, rest) = word(rest);
    let inner = client.strip_prefix(b"(").and_then(|c| c.strip_suffix(b":").unwrap_or(c).strip_suffix(b"])"));
    let Some(addr) = inner.and_then(|c| rcut(c, b"[")).and_then(|(_, addr)| address(addr)) else { return Ok(None) };
    let (act, outcome) = if rest.ends_with(b": Login successful.") || rest.ends_with(b": Login successful") {
        (Act::LoginSucceeded, Outcome::Exchanged)
    } else if holds(rest, b"(Login failed)") || holds(rest, b": no such user") || holds(rest, b"Maximum login attempts") {
        (Act::LoginFailed, Outcome::Exchanged)
    } else {
        (Act::Connection, Outcome::Established)
    };
    Ok(Some(contact((addr, 0), act, outcome)))
}
