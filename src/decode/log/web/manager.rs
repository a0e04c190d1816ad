//! nginx-proxy-manager's access log:
//! `[time] - 404 404 - GET http www.example.org "/path" [Client 192.0.2.1] [Length 192] [Gzip -] [Sent-to 10.0.0.5:80] "agent" "referer"`.
//! The default host's lines have one status and no `Sent-to`.
//!
//! The request's path is the first quoted text, and nginx lets no quotation mark into it: the brackets right behind it are
//! nginx's own.

use super::scan::{self, count, endpoint, is_name, quote, status, word};
use super::{OTHER_FORMAT, say};
use crate::decode::clock::{self, Clock};
use crate::decode::record::Reject;
use crate::model::record::{Outcome, Said};

pub(super) fn read(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (time, rest) = clock::web(line.strip_prefix(b"[").ok_or(OTHER_FORMAT)?, clock).ok_or(OTHER_FORMAT)?;
    let time = Some(time);
    let rest = rest.strip_prefix(b"] ").ok_or(OTHER_FORMAT)?;
    let (before, rest) = quote(rest).and_then(|at| rest.split_at_checked(at)).ok_or(OTHER_FORMAT)?;
    let (states, asked) = split_states(before).ok_or(OTHER_FORMAT)?;
    let code = states.rsplit(|&b| b == b' ').next().and_then(status).ok_or(OTHER_FORMAT)?;
    let (_method, asked) = word(asked);
    let (_scheme, asked) = word(asked);
    let name = asked.trim_ascii_end();
    let (_, rest) = scan::quoted(rest).ok_or(Reject("the request does not end"))?;
    let (client, rest) = bracketed(rest, b" [Client ").ok_or(Reject("no client behind the request"))?;
    let (length, rest) = bracketed(rest, b" [Length ").ok_or(Reject("no length behind the client"))?;
    let sent = count(length).ok_or(Reject("no length behind the client"))?;
    let (_, rest) = bracketed(rest, b" [Gzip ").ok_or(Reject("no compression behind the length"))?;
    let upstream = bracketed(rest, b" [Sent-to ").and_then(|(text, _)| endpoint(text));
    let name = if is_name(name) { host.name(name) } else { None };
    if let Some(client) = endpoint(client) {
        let mut contact = say::request(client, scan::answered(code, sent), sent);
        contact.host = name;
        say::contact(out, time, contact);
    }
    if let Some(upstream) = upstream {
        say::contact(out, time, say::onward(upstream, Outcome::Unknown));
    }
    Ok(())
}

/// `- 404 404 - GET http name `: before and behind the last lone dash that a status stands before.
fn split_states(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = text.len();
    loop {
        let at = memchr::memmem::rfind(text.get(..end)?, b" - ")?;
        let states = text.get(..at)?;
        if states.len() >= 3 && states.get(at - 3..).is_some_and(|s| s.iter().all(u8::is_ascii_digit)) {
            return Some((states, text.get(at + 3..)?));
        }
        // The dash may belong to two pairs of blanks.
        end = at + 2;
    }
}

fn bracketed<'a>(text: &'a [u8], opening: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let inner = text.strip_prefix(opening)?;
    let end = memchr::memchr(b']', inner)?;
    // An IPv6 address has no brackets here.
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}
