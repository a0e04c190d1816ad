//! Syslog: the envelope, and who reads what is in it.
//!
//! Read are RFC 3164 (with and without `<PRI>`, with and without a host name, with the years of Cisco, with the ISO times of
//! rsyslog and `journalctl -o short-iso`, with the facility of BusyBox and OpenWrt), RFC 5424 (structured data is stepped
//! over) and both behind an octet count (RFC 6587 3.4.1). `bare` reads what some programs write without an envelope.
//!
//! The program's name is what stands in the tag, at the front of the line, where no client writes; a message that looks like
//! another program's is not asked for it. The time is the one of the host that wrote the line. rsyslog and sshd fold equal
//! messages into `message repeated N times: [ ... ]`: the inner message is read once. That the client came is said; the N
//! times have no time of their own and are not made up.

mod bare;
mod fields;
#[cfg(test)]
pub(super) mod tests;

use jiff::tz::TimeZone;

pub(super) use fields::{address, cut, endpoint, holds, number, rcut, word};

use super::super::clock::{self, Clock};
use super::super::record::{LineFormat, Piece, Reject};
use super::{Envelope, MESSAGE_READERS};
use crate::model::record::Said;
use crate::model::time::Timestamp;

/// Reads it line by line.
#[derive(Debug)]
pub(super) struct Syslog {
    clock: Clock,
}

impl Syslog {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl LineFormat for Syslog {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        if line.starts_with(b"-- ") {
            // journalctl: `-- Logs begin at ... --`, `-- Boot ... --`.
            return Ok(Piece::OTHER);
        }
        let mut envelope = open(line, &mut self.clock)?.envelope;
        envelope.message = once(envelope.message);
        for reader in MESSAGE_READERS {
            match reader(&envelope, &mut self.clock, out) {
                None => {}
                Some(Ok(())) => return Ok(Piece::RECORD),
                Some(Err(reject)) => {
                    out.clear();
                    return Err(reject);
                }
            }
        }
        Ok(Piece::RECORD)
    }
}

/// An envelope, and whether only syslog looks like that.
struct Opened<'a> {
    envelope: Envelope<'a>,
    sure: bool,
}

fn open<'a>(line: &'a [u8], clock: &mut Clock) -> Result<Opened<'a>, Reject> {
    let line = without_count(line);
    let (with_priority, rest) = priority(line);
    let mut opened = match rest.strip_prefix(b"1 ") {
        Some(rest) if with_priority || rest.first().is_some_and(u8::is_ascii_digit) => rfc5424(rest, clock)?,
        _ => match bare::envelope(rest, clock) {
            Some(envelope) => Opened { envelope, sure: true },
            None => rfc3164(rest, with_priority, clock)?,
        },
    };
    let e = &mut opened.envelope;
    if e.program == b"kernel" {
        e.message = bare::since_start(e.message).map_or(e.message, |(_, rest)| rest);
    }
    Ok(opened)
}

/// Without the octet count that frames a message over TCP: `147 <34>1 ...`.
fn without_count(line: &[u8]) -> &[u8] {
    let (count, rest) = word(line);
    if count.len() <= 7 && rest.first() == Some(&b'<') && number::<u32>(count).is_some() { rest } else { line }
}

/// `<PRI>`, at most 191 (RFC 5424 6.2.1), and what follows.
fn priority(line: &[u8]) -> (bool, &[u8]) {
    let cut = line.strip_prefix(b"<").and_then(|rest| cut(rest, b">"));
    match cut {
        Some((pri, rest)) if pri.len() <= 3 && number::<u16>(pri).is_some_and(|p| p <= 191) => (true, rest),
        _ => (false, line),
    }
}

/// Behind `<PRI>1 `: `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]` (RFC 5424 6).
fn rfc5424<'a>(text: &'a [u8], clock: &mut Clock) -> Result<Opened<'a>, Reject> {
    let (stamp, rest) = word(text);
    let time = if stamp == b"-" {
        None
    } else {
        match clock::iso(stamp, clock) {
            Some((time, [])) => Some(time),
            _ => return Err(Reject("syslog: the time is none")),
        }
    };
    let (_host, rest) = word(rest);
    let (program, rest) = word(rest);
    let (_process, rest) = word(rest);
    let (id, rest) = word(rest);
    if id.is_empty() {
        return Err(Reject("syslog: the header is cut off"));
    }
    let rest = match rest.strip_prefix(b"-") {
        Some(rest) => rest,
        None => structured_data(rest)?,
    };
    let message = rest.trim_ascii_start();
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let program = if program == b"-" { &[][..] } else { program };
    Ok(Opened { envelope: Envelope { time, program, message }, sure: true })
}

/// Steps over `[id name="value"...]...`: within the quotes a backslash takes away the meaning of what follows it
/// (RFC 5424 6.3.3).
fn structured_data(text: &[u8]) -> Result<&[u8], Reject> {
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix(b"[") {
        let (mut quoted, mut escaped) = (false, false);
        let end = inner.iter().position(|&byte| {
            let end = byte == b']' && !quoted;
            if escaped {
                escaped = false;
            } else {
                escaped = quoted && byte == b'\\';
                quoted ^= byte == b'"';
            }
            end
        });
        rest = end.and_then(|n| inner.get(n + 1..)).ok_or(Reject("syslog: structured data without an end"))?;
    }
    if rest.len() == text.len() { Err(Reject("syslog: no structured data")) } else { Ok(rest) }
}

/// How a time was written.
struct Stamp {
    time: Timestamp,
    /// A weekday stood before it (OpenWrt's logread, `journalctl -o short-full`).
    weekday: bool,
    /// A blank between date and time, as many other logs have it.
    loose: bool,
}

fn stamp<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Stamp, &'a [u8])> {
    const DAYS: [&[u8]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    let (weekday, text) = DAYS.iter().find_map(|d| text.strip_prefix(*d)).map_or((false, text), |rest| (true, rest));
    if !text.first()?.is_ascii_digit() {
        let (time, rest) = clock::bsd(text, clock)?;
        return Some((Stamp { time, weekday, loose: false }, rest));
    }
    if text.get(4) == Some(&b'-') {
        let (time, rest) = clock::iso(text, clock)?;
        return Some((Stamp { time, weekday, loose: text.get(10) != Some(&b'T') && !weekday }, rest));
    }
    // `journalctl -o short-unix`.
    let (seconds, rest) = word(text);
    if seconds.len() == 17 && seconds.get(10) == Some(&b'.') {
        let time = clock::epoch(seconds)?;
        return Some((Stamp { time, weekday, loose: false }, text.get(text.len() - rest.len() - 1..)?));
    }
    None
}

/// `[seq: ][*]TIME HOST TAG: message`, with most of it left out by somebody.
fn rfc3164<'a>(text: &'a [u8], with_priority: bool, clock: &mut Clock) -> Result<Opened<'a>, Reject> {
    // Cisco: a sequence number, and `*` or `.` where the clock isn't set.
    let unnumbered = cut(text, b": ").filter(|(n, _)| n.len() <= 10 && number::<u64>(n).is_some()).map_or(text, |(_, rest)| rest);
    let unmarked = match unnumbered.trim_ascii_start() {
        [b'*' | b'.' | b':', rest @ ..] => rest,
        rest => rest,
    };
    let Some((stamp, rest)) = stamp(unmarked, clock) else {
        return if with_priority { Ok(without_time(text)) } else { Err(Reject("syslog: the line begins with no time")) };
    };
    let time = Some(stamp.time);
    let opened = |program, message, sure| Ok(Opened { envelope: Envelope { time, program, message }, sure });
    let rest = match rest {
        [] => return opened(&[], &[], with_priority),
        // `: %ASA-6-...`, no host.
        [b':', rest @ ..] | [b' ', b':', rest @ ..] => {
            let message = rest.trim_ascii_start();
            return opened(&[], message, with_priority || message.starts_with(b"%"));
        }
        [b' ', rest @ ..] => rest.trim_ascii_start(),
        _ => return Err(Reject("syslog: no blank behind the time")),
    };
    if bare::is_endlessh(rest) {
        return opened(b"endlessh", rest, true);
    }
    // A name of a zone: Cisco puts a colon behind it, journalctl the host.
    let (first, after) = word(rest);
    let name = first.strip_suffix(b":").unwrap_or(first);
    let zone = (2..=5).contains(&name.len()) && name.iter().all(u8::is_ascii_uppercase);
    let rest = if zone && (stamp.weekday || first.len() > name.len() && after.starts_with(b"%")) { after } else { rest };
    if let Some(tag) = tag(rest) {
        // Many logs have a time and a word with a colon; these programs' names are words of no other kind.
        let known = matches!(tag.program, b"kernel" | b"filterlog" | b"sshd" | b"dovecot" | b"imap-login" | b"pop3-login");
        return opened(tag.program, tag.message, with_priority || tag.numbered || known);
    }
    let (host, after) = word(rest);
    if !may_be_host(host) {
        return opened(&[], rest, with_priority || is_known_body(rest));
    }
    let after = after.strip_prefix(b": ").unwrap_or(after).trim_ascii_start();
    let level = is_level(host);
    // BusyBox: `host auth.info sshd[12]: ...`.
    let (second, third) = word(after);
    let tagged = tag(after).or_else(|| is_facility(second).then(|| tag(third)).flatten());
    match tagged {
        Some(tag) => opened(tag.program, tag.message, with_priority || tag.numbered || !stamp.loose && !level),
        None => opened(&[], after, with_priority || is_known_body(after) || after.starts_with(b"last message repeated ")),
    }
}

/// `<PRI>` and no time: the local socket, or a device that has no clock.
fn without_time(text: &[u8]) -> Opened<'_> {
    let text = text.trim_ascii_start();
    let (program, message, sure) = match tag(text) {
        Some(tag) => (tag.program, tag.message, true),
        None => (&[][..], text, is_known_body(text)),
    };
    Opened { envelope: Envelope { time: None, program, message }, sure }
}

struct Tag<'a> {
    program: &'a [u8],
    message: &'a [u8],
    /// It has a process number.
    numbered: bool,
}

/// `program: message`, `program[123]: message`.
fn tag(text: &[u8]) -> Option<Tag<'_>> {
    let (token, after) = word(text);
    let (tag, message) = match token.strip_suffix(b":") {
        Some(tag) => (tag, after),
        None => {
            let (head, _) = cut(token, b"]:")?;
            (text.get(..=head.len())?, text.get(head.len() + 2..)?.trim_ascii_start())
        }
    };
    let (program, numbered) = match tag.strip_suffix(b"]").and_then(|t| rcut(t, b"[")) {
        Some((program, process)) => (program, number::<u64>(process).is_some()),
        None => (tag, false),
    };
    let named = program.iter().any(u8::is_ascii_alphabetic) && program.first() != Some(&b'%');
    let plain = program.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'=' | b'|' | b',' | b'"' | b'<' | b'>' | b'{'));
    (named && plain && program.len() <= 128).then_some(Tag { program, message, numbered })
}

/// No host is called like that; then the message begins here.
fn may_be_host(word: &[u8]) -> bool {
    !word.is_empty()
        && word.len() <= 255
        && !matches!(word.first(), Some(b'%' | b'['))
        && word.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'=' | b'|' | b',' | b'"' | b'<' | b'>' | b'{' | b'}'))
}

/// Other logs have a level where syslog has the host.
fn is_level(word: &[u8]) -> bool {
    const LEVELS: [&[u8]; 12] =
        [b"trace", b"debug", b"info", b"notice", b"warn", b"warning", b"error", b"err", b"fatal", b"critical", b"crit", b"panic"];
    LEVELS.iter().any(|l| word.eq_ignore_ascii_case(l))
}

/// `authpriv.info`
fn is_facility(word: &[u8]) -> bool {
    const LEVELS: [&[u8]; 10] =
        [b"emerg", b"alert", b"crit", b"err", b"error", b"warn", b"warning", b"notice", b"info", b"debug"];
    rcut(word, b".").is_some_and(|(facility, level)| facility.iter().all(u8::is_ascii_alphanumeric) && LEVELS.contains(&level))
}

/// Messages that firewalls send without a tag.
fn is_known_body(message: &[u8]) -> bool {
    const BODIES: [&[u8]; 5] = [b"%", b"CEF:", b"LEEF:", b"date=", b"1,20"];
    BODIES.iter().any(|b| message.starts_with(b))
}

/// What was folded into `message repeated N times: [ ... ]`, or the message itself.
fn once(message: &[u8]) -> &[u8] {
    let inner = message
        .strip_prefix(b"message repeated ")
        .and_then(|rest| cut(rest, b" times: ["))
        .filter(|(n, _)| number::<u64>(n).is_some())
        .and_then(|(_, rest)| rest.strip_suffix(b"]"));
    inner.map_or(message, <[u8]>::trim_ascii)
}

/// The first whole lines have an envelope that nothing else has: of the first 32, the first one and three in four.
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let mut clock = Clock::new(TimeZone::UTC, 2024);
    let (mut lines, mut sure) = (0, 0);
    for line in whole_lines(beginning).filter(|l| !l.starts_with(b"-- ")).take(32) {
        lines += 1;
        sure += usize::from(open(line, &mut clock).is_ok_and(|o| o.sure));
        if sure == 0 {
            return false;
        }
    }
    lines > 0 && sure * 4 >= lines * 3
}

/// Trimmed lines that are not empty and not cut off. A single line may lack its end.
pub(super) fn whole_lines(beginning: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = memchr::memrchr(b'\n', beginning).and_then(|end| beginning.get(..end)).unwrap_or(beginning);
    whole.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty())
}
