//! One entry of a list: an address, a prefix or a host name, as it is or defanged (`198.51.100[.]7`, `hxxp://…`).

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::decode::record::Reject;
use crate::decode::text;
use crate::model::record::Pattern;

/// A range is no prefix, and to cut it into prefixes would be to write another list.
pub(super) const RANGE: Reject = Reject("a range of addresses, not a prefix");
/// Which names a wildcard stands for nobody can list.
pub(super) const WILDCARD: Reject = Reject("a wildcard");

/// Reads an entry.
///
/// # Errors
/// When it is a range, a wildcard, or neither an address nor a name.
pub(super) fn read(text: &[u8]) -> Result<Pattern, Reject> {
    let plain = refanged(text);
    let target = authority(&plain);
    if let Some(net) = net(target) {
        return Ok(Pattern::Net(net));
    }
    if is_range(target) {
        return Err(RANGE);
    }
    if target.contains(&b'*') {
        return Err(WILDCARD);
    }
    name(target).ok_or(Reject("neither an address nor a prefix nor a host name"))
}

/// The text as it was before somebody made it harmless.
fn refanged(text: &[u8]) -> Cow<'_, [u8]> {
    const DOTS: [&[u8]; 5] = [b"[.]", b"(.)", b"{.}", b"[dot]", b"(dot)"];
    if !text.iter().any(|b| matches!(b, b'[' | b'(' | b'{')) {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, next)) = rest.split_first() {
        let dot = DOTS.into_iter().find(|dot| rest.get(..dot.len()).is_some_and(|r| r.eq_ignore_ascii_case(dot)));
        if let Some(dot) = dot {
            out.push(b'.');
            rest = rest.get(dot.len()..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix(b"[:]") {
            out.push(b':');
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"[://]") {
            out.extend_from_slice(b"://");
            rest = after;
        } else {
            out.push(byte);
            rest = next;
        }
    }
    out.into()
}

/// The host in a URL, with its port; a text that is no URL as it is.
fn authority(text: &[u8]) -> &[u8] {
    let Some(scheme) = memchr::memmem::find(text, b"://") else { return text };
    let name = text.get(..scheme).unwrap_or_default();
    if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric()) {
        return text;
    }
    let rest = text.get(scheme + 3..).unwrap_or_default();
    let host = rest.split(|b| matches!(b, b'/' | b'?' | b'#')).next().unwrap_or_default();
    memchr::memrchr(b'@', host).and_then(|at| host.get(at + 1..)).unwrap_or(host)
}

/// An address (with a port or without) or a prefix; host bits of a prefix are cleared.
pub(super) fn net(text: &[u8]) -> Option<IpNet> {
    let Some(slash) = memchr::memchr(b'/', text) else { return text::node_address(text).map(IpNet::from) };
    let (addr, len) = (text.get(..slash)?, text.get(slash + 1..)?);
    if len.is_empty() || len.len() > 3 || !len.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let len: u8 = std::str::from_utf8(len).ok()?.parse().ok()?;
    // `::ffff:192.0.2.0/120` is 192.0.2.0/24 (RFC 4291 2.5.5.2).
    if addr.contains(&b':')
        && let Ok(IpAddr::V6(v6)) = std::str::from_utf8(addr).ok()?.parse()
        && let Some(v4) = v6.to_ipv4_mapped()
        && let Some(len) = len.checked_sub(96)
    {
        return Ipv4Net::new(v4, len).ok().map(|net| IpNet::V4(net.trunc()));
    }
    let addr = if addr.contains(&b':') { std::str::from_utf8(addr).ok()?.parse().ok()? } else { text::node_address(addr)? };
    IpNet::new(addr, len).ok().map(|net| net.trunc())
}

/// `address-address`.
fn is_range(text: &[u8]) -> bool {
    let Some(hyphen) = memchr::memchr(b'-', text) else { return false };
    let is_addr = |part: Option<&[u8]>| part.is_some_and(|part| text::node_address(part.trim_ascii()).is_some());
    is_addr(text.get(..hyphen)) && is_addr(text.get(hyphen + 1..))
}

/// A host name with at least one dot (RFC 1123 2.1; underscores occur); the last label is not a number.
pub(super) fn name(text: &[u8]) -> Option<Pattern> {
    let name = text::host_name(text)?;
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let (_, top) = name.rsplit_once('.')?;
    (name.split('.').all(label) && !top.bytes().all(|b| b.is_ascii_digit())).then(|| Pattern::Name(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        match read(text.as_bytes()) {
            Ok(Pattern::Net(net)) => net.to_string(),
            Ok(Pattern::Name(name)) => name.to_string(),
            Err(why) => format!("!{}", why.0),
        }
    }

    #[test]
    fn entries_in_every_dress() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.1:8080", "192.0.2.1/32"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("192.0.2[.]1", "192.0.2.1/32"),
            ("192[.]0[.]2(dot)1", "192.0.2.1/32"),
            ("hxxp://192.0.2[.]1:80/x.exe", "192.0.2.1/32"),
            ("hxxps[://]Bad[.]Example[.]org/?u=http://192.0.2.9/", "bad.example.org"),
            ("http://192.0.2.9@bad.example.org/", "bad.example.org"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8[:]:1", "2001:db8::1/128"),
            ("[2001:db8::1]:443", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("Bad.Example.org.", "bad.example.org"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_entry() {
        for text in
            ["", "localhost", "1.2.3", "1.2.3.4.5", "192.0.2.1/33", "192.0.2.1/x", "a b", "a..b", "-a.b", "x_y", "..", "é.org"]
        {
            assert_eq!(words(text), "!neither an address nor a prefix nor a host name", "{text}");
        }
        assert_eq!(words("192.0.2.1-192.0.2.9"), "!a range of addresses, not a prefix");
        assert_eq!(words("*.example.org"), "!a wildcard");
    }
}
