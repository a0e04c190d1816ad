//! Dropbear, the SSH server of small devices (`svr-auth.c`, `svr-authpasswd.c`, `svr-authpubkey.c`, `svr-session.c`).

use super::super::syslog::{endpoint, holds, rcut};
use super::{Read, contact};
use crate::decode::record::Reject;
use crate::model::record::{Act, Outcome};

/// Reads a message. Its client stands at the end, behind the user name.
///
/// # Errors
/// When a log-in does not end with its client.
pub(super) fn read(m: &[u8]) -> Read {
    const FAILED: [&[u8]; 6] = [
        b"Bad password attempt for ",
        b"Bad PAM password attempt for ",
        b"Login attempt for nonexistent user",
        b"Login attempt with wrong user ",
        b"Max auth tries reached - user ",
        b"Pubkey auth attempt with unknown algo for ",
    ];
    const SUCCEEDED: [&[u8]; 3] =
        [b"Password auth succeeded for ", b"PAM password auth succeeded for ", b"Pubkey auth succeeded for "];
    let (act, outcome) = if FAILED.iter().any(|p| m.starts_with(p)) {
        (Act::LoginFailed, Outcome::Exchanged)
    } else if SUCCEEDED.iter().any(|p| m.starts_with(p)) {
        (Act::LoginSucceeded, Outcome::Exchanged)
    } else if m.starts_with(b"Child connection from ") {
        (Act::Connection, Outcome::Established)
    } else if m.starts_with(b"Exit ") && holds(m, b" from <") {
        // `Exit before auth from <192.0.2.1:4711>: reason`; the reason is dropbear's own.
        let client = rcut(m, b" from <").and_then(|(_, rest)| rcut(rest, b">")).and_then(|(client, _)| endpoint(client));
        return Ok(client.map(|c| contact((c.addr, c.port), Act::Connection, Outcome::Established)));
    } else {
        return Ok(None);
    };
    let client = rcut(m, b" from ").and_then(|(_, client)| endpoint(client));
    let client = client.ok_or(Reject("auth: the message does not end with its client"))?;
    Ok(Some(contact((client.addr, client.port), act, outcome)))
}
