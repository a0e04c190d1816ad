//! Objects `smtp` and `email`: a mail that was handed over, and what its head says where the sensor was told to keep that.

use super::super::super::record::Reject;
use super::super::super::text::MAX_NAME;
use super::super::json::values::{address, entry, host, label};
use super::super::json::{Reader, Text, Value};
use super::event::members;
use crate::model::record::{Mail, Received};

/// Received lines of one mail that are read.
const MAX_RECEIVED: usize = 256;

/// What `email` says of the way of the mail. `None` if it says nothing.
pub(super) fn mail(raw: &[u8]) -> Result<Option<Mail>, Reject> {
    if raw.is_empty() {
        return Ok(None);
    }
    let mut mail = Mail::default();
    members(&mut Reader::new(raw), |key, reader| {
        match key {
            b"from" => mail.from = label(&reader.any_scalar()?.text().bytes(), MAX_NAME),
            b"message_id" => mail.message_id = label(&reader.any_scalar()?.text().bytes(), MAX_NAME),
            b"x_originating_ip" => {
                let text = reader.any_scalar()?.text();
                if !text.raw.is_empty() {
                    mail.originating.push(entry(&text.bytes()));
                }
            }
            b"received" => match reader.value()? {
                Value::Array => {
                    while reader.item()? {
                        line(&mut mail, reader.any_scalar()?.text());
                    }
                }
                Value::Object => reader.leave()?,
                value => line(&mut mail, value.text()),
            },
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((mail != Mail::default()).then_some(mail))
}

/// Was a recipient named?
pub(super) fn has_recipient(raw: &[u8]) -> Result<bool, Reject> {
    if raw.is_empty() {
        return Ok(false);
    }
    let mut named = false;
    members(&mut Reader::new(raw), |key, reader| {
        let value = reader.raw()?;
        named |= key == b"rcpt_to" && !matches!(value, b"[]" | b"null" | b"\"\"");
        Ok(())
    })?;
    Ok(named)
}

fn line(mail: &mut Mail, text: Text<'_>) {
    if text.raw.is_empty() {
    } else if mail.received.len() < MAX_RECEIVED {
        mail.received.push(received(&text.bytes()));
    } else {
        mail.left_out += 1;
    }
}

/// `from HELO (NAME [ADDRESS]) by HOST …` (RFC 5321 4.4), as most servers write it; the client's part up to the parenthesis
/// is the client's own word, what stands within it the server's. Whatever looks otherwise is a line without an address.
fn received(line: &[u8]) -> Received {
    let mut found = Received::default();
    let word = |text: &'_ [u8]| text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let line = line.trim_ascii_start();
    let (from, rest) = line.split_at(word(line));
    if !from.eq_ignore_ascii_case(b"from") {
        return found;
    }
    let rest = rest.trim_ascii_start();
    let (helo, rest) = rest.split_at(word(rest));
    found.helo = label(helo, MAX_NAME);
    let rest = rest.trim_ascii_start();
    let Some(seen) = rest.strip_prefix(b"(") else { return found };
    let Some(close) = memchr::memchr(b')', seen) else { return found };
    let (seen, rest) = (seen.get(..close).unwrap_or_default(), seen.get(close + 1..).unwrap_or_default());
    if let Some(open) = memchr::memrchr(b'[', seen)
        && let Some(literal) = seen.get(open + 1..).and_then(|s| s.split(|&b| b == b']').next())
    {
        found.addr = address(literal.strip_prefix(b"IPv6:").unwrap_or(literal));
        found.name = seen.get(..open).map(<[u8]>::trim_ascii).filter(|n| !n.contains(&b' ')).and_then(host);
    }
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    if words.next().is_some_and(|w| w.eq_ignore_ascii_case(b"by")) {
        found.by = words.next().and_then(host);
    }
    found
}
