//! Access logs: `client ident user [time] "request" status bytes "referer" "agent"`.
//!
//! The first quotation mark that is not escaped opens the request, as both servers escape those that a client sends; `[time]`
//! stands right before it, whatever a user name looks like. In front of the client there may be the name of the virtual host
//! (Apache's `vhost_combined`), or an `X-Forwarded-For` of several entries. Where `X-Forwarded-For` took the client's place
//! and has one entry, nothing in the line tells.
//!
//! Behind the agent only what is named or has its place in a format that is shipped is read (`tail`).

mod tail;

use std::net::IpAddr;

use super::scan::{self, count, endpoint, is_name, quote, status, word};
use super::{OTHER_FORMAT, say};
use crate::decode::clock::{self, Clock};
use crate::decode::record::Reject;
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Outcome, Said, UNNAMED};

const NOT_ESCAPED: Reject = Reject("quotation marks in the request are not escaped");

/// Who is named before the time.
struct Head<'a> {
    /// The client; `None` if it is named by its host name.
    client: Option<(IpAddr, u16)>,
    /// The virtual host; empty if there is none.
    vhost: &'a [u8],
    /// `X-Forwarded-For` in front of the client; empty if there is none.
    forwarded: &'a [u8],
}

#[inline]
pub(super) fn read(line: &[u8], clock: &mut Clock, host: &mut say::Host, out: &mut Vec<Said>) -> Result<(), Reject> {
    let (before, rest) = quote(line).and_then(|at| line.split_at_checked(at)).ok_or(OTHER_FORMAT)?;
    let before = before.strip_suffix(b"] ").ok_or(OTHER_FORMAT)?;
    let open = memchr::memrchr(b'[', before).ok_or(OTHER_FORMAT)?;
    let names = before.get(..open).and_then(|n| n.strip_suffix(b" ")).ok_or(OTHER_FORMAT)?;
    let (time, []) = clock::web(before.get(open + 1..).unwrap_or_default(), clock).ok_or(OTHER_FORMAT)? else {
        return Err(OTHER_FORMAT);
    };
    let time = Some(time);
    let head = head(names)?;
    let (request, rest) = scan::quoted(rest).ok_or(Reject("the request does not end"))?;
    let rest = rest.strip_prefix(b" ").ok_or(NOT_ESCAPED)?;
    let (text, rest) = word(rest);
    let status = status(text).ok_or(NOT_ESCAPED)?;
    let (text, rest) = word(rest);
    let sent = count(text).ok_or(Reject("no number of bytes behind the status"))?;
    let tail = if rest.is_empty() { tail::Tail::default() } else { tail::read(rest).ok_or(NOT_ESCAPED)? };
    let vhost = host.name(if tail.host.is_empty() { head.vhost } else { tail.host });
    if let Some(client) = head.client {
        let mut contact = say::request(client, scan::answered(status, sent), sent);
        if matches!(request, b"" | b"-") {
            // Nothing was asked: an open connection, or a scanner that sent nothing.
            (contact.act, contact.outcome) = (Act::Connection, Outcome::Established);
        } else if is_http3(request, status) {
            contact.proto = IpProtocol::UDP;
        }
        contact.forward.bytes = tail.received;
        contact.host.clone_from(&vhost);
        say::contact(out, time, contact);
    }
    let peer = head.client.map_or(UNNAMED, |(addr, _)| addr);
    for value in [head.forwarded, tail.forwarded].into_iter().filter(|v| !v.is_empty()) {
        say::forwarded_for(out, time, peer, vhost.as_ref(), value);
    }
    for upstream in tail.upstreams() {
        say::contact(out, time, say::onward(upstream, Outcome::Unknown));
    }
    Ok(())
}

/// HTTP/3 runs over UDP (RFC 9114 3). Who asks for it over TCP is turned away with 400 or 505.
#[inline]
fn is_http3(request: &[u8], status: u16) -> bool {
    (request.ends_with(b" HTTP/3.0") || request.ends_with(b" HTTP/3")) && !matches!(status, 0 | 400 | 505)
}

/// `client ident user`, `vhost client ident user`, `list, of, forwarders client ident user`. The user's name may hold blanks,
/// what stands before it may not.
#[inline]
fn head(names: &[u8]) -> Result<Head<'_>, Reject> {
    let (first, rest) = word(names);
    if first.ends_with(b",") {
        return forwarders_first(names);
    }
    let (second, rest) = word(rest);
    let client = endpoint(first);
    // The common case: no virtual host.
    if client.is_some() && matches!(second, b"-" | b"") {
        return Ok(Head { client, vhost: &[], forwarded: &[] });
    }
    let (third, user) = word(rest);
    if third == b"-" && !user.is_empty() && is_name(first) {
        if let Some(client) = endpoint(second) {
            // An address in the first place may be a host that was asked for by its address, or one forwarder: neither is said.
            let vhost = if endpoint(first).is_some_and(|(_, port)| port == 0) { &[][..] } else { first };
            return Ok(Head { client: Some(client), vhost, forwarded: &[] });
        }
        if client.is_none() && is_name(second) {
            return Ok(Head { client: None, vhost: first, forwarded: &[] });
        }
    }
    // Anything may stand where identd answers (RFC 1413), or the name of a virtual host (lighttpd).
    if client.is_some() {
        return Ok(Head { client, vhost: &[], forwarded: &[] });
    }
    if (second == b"-" && is_name(first)) || first.starts_with(b"unix:") {
        return Ok(Head { client: None, vhost: &[], forwarded: &[] });
    }
    Err(OTHER_FORMAT)
}

/// Words up to the first that does not end with a comma are the list.
fn forwarders_first(names: &[u8]) -> Result<Head<'_>, Reject> {
    let mut rest = names;
    loop {
        let (entry, behind) = word(rest);
        rest = behind;
        if !entry.ends_with(b",") {
            break;
        }
    }
    let list = names.get(..names.len() - rest.len()).unwrap_or_default().trim_ascii_end();
    if !scan::is_address_list(list) || rest.is_empty() {
        return Err(OTHER_FORMAT);
    }
    Ok(Head { client: endpoint(word(rest).0), vhost: &[], forwarded: list })
}
