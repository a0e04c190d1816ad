//! Cisco firewalls: `%ASA-6-302013: Built inbound TCP connection …`, also `%FTD-` and `%PIX-`, and the access lists and
//! log-ins of IOS (`%SEC-6-IPACCESSLOGP`). The texts are those of Cisco's "ASA Series Syslog Messages", "Firepower Threat
//! Defense Syslog Messages" and the IOS "System Message Guide"; messages that name no two ends are read and say nothing.
//!
//! * `connection`: 302013-302018, 302020, 302303 and the like; translations 305009-305012
//! * `denied`: 106xxx, 313001, 401004, 7100xx, and the signatures 4000xx
//! * `login`: 109005, 113005, 605004, 611101, 713xxx, 716xxx, 722051 and the like
//! * `ios`: access lists and log-ins of routers
//! * `event`: 430001-430003 of FTD, `Key: value` pairs
//! * `fields`: what all firewall logs share

mod connection;
mod denied;
mod event;
pub(super) mod fields;
#[cfg(test)]
mod hostile;
mod ios;
mod login;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::super::clock::{self, Clock};
use super::super::record::Reject;
use super::Envelope;
use crate::model::record::{Endpoint, Said};
use crate::model::time::Timestamp;

const DAMAGED: Reject = Reject("the ends of this firewall message cannot be read");

/// What a reader of one message gives: nothing where the message is damaged.
type Told = Option<()>;

/// Reads a message of a Cisco device. `None`: it is none.
pub(super) fn message(envelope: &Envelope<'_>, clock: &mut Clock, out: &mut Vec<Said>) -> Option<Result<(), Reject>> {
    // The tag is the program where the envelope's reader takes it for one.
    let (tag, text, own_time) = match tag_of(envelope.program) {
        Some(tag) => (tag, strip_colon(envelope.message), None),
        None => {
            let (message, own_time) = before_tag(envelope.message, clock);
            let end = memchr::memchr(b':', message.get(..64).unwrap_or(message))?;
            (tag_of(message.get(..end)?.trim_ascii_end())?, message.get(end + 1..)?.trim_ascii(), own_time)
        }
    };
    let before = out.len();
    let time = envelope.time.or(own_time);
    let told = match tag {
        Tag::Firewall(number) => firewall(number, text, time, clock, out),
        Tag::Ios(mnemonic) => ios::read(mnemonic, text, time, out),
    };
    Some(told.ok_or_else(|| {
        out.truncate(before);
        DAMAGED
    }))
}

fn firewall(number: u32, text: &[u8], time: Option<Timestamp>, clock: &mut Clock, out: &mut Vec<Said>) -> Told {
    match number {
        302_013..=302_018 | 302_035 | 302_036 | 302_303 | 302_304 => connection::read(text, time, out),
        302_020 | 302_021 => connection::icmp(text, time, out),
        305_009..=305_012 => connection::translation(text, time, out),
        106_001 | 106_006 | 106_007 | 106_010..=106_012 | 106_014..=106_017 | 106_021 | 106_023 => denied::read(text, time, out),
        106_100 => denied::access_list(text, time, out),
        313_001 | 313_008 => denied::icmp(text, time, out),
        400_000..=400_051 => denied::signature(number, text, time, out),
        401_004 => denied::shunned(text, time, out),
        710_002 | 710_003 | 710_005 => denied::to_the_box(number, text, time, out),
        109_005 | 109_006 | 113_005 | 113_015 | 315_011 | 605_004 | 605_005 | 611_101 | 611_102 => {
            login::read(number, text, time, out)
        }
        113_039 | 713_119 | 713_120 | 713_167 | 713_228 | 716_001 | 716_038 | 716_039 | 722_051 => {
            login::vpn(number, text, time, out)
        }
        430_001..=430_003 => event::read(number, text, time, clock, out),
        _ => Some(()),
    }
}

/// What a message is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag<'a> {
    /// `%ASA-6-302013`: the number.
    Firewall(u32),
    /// `%SEC-6-IPACCESSLOGP`: the mnemonic.
    Ios(&'a [u8]),
}

/// `%FACILITY-SEVERITY-MNEMONIC`; the firewalls may put a session class between (`%ASA-session-6-302013`).
fn tag_of(text: &[u8]) -> Option<Tag<'_>> {
    let mut parts = text.strip_prefix(b"%")?.split(|&b| b == b'-');
    let facility = parts.next()?;
    let second = parts.next()?;
    let severity = if matches!(facility, b"ASA" | b"FTD" | b"PIX") && second.len() > 1 { parts.next()? } else { second };
    let ([b'0'..=b'7'], mnemonic, None) = (severity, parts.next()?, parts.next()) else { return None };
    match facility {
        b"ASA" | b"FTD" | b"PIX" if mnemonic.len() == 6 => fields::number(mnemonic).map(Tag::Firewall),
        b"SEC" | b"IPV6_ACL" | b"SEC_LOGIN" => Some(Tag::Ios(mnemonic)),
        _ => None,
    }
}

fn strip_colon(text: &[u8]) -> &[u8] {
    text.strip_prefix(b":").unwrap_or(text).trim_ascii()
}

/// What stands before a tag in Cisco's syslog, no more than that: a counter (`000123: `), a time (`*Oct  9 13:55:36.123: `,
/// with a zone perhaps), and lone colons. Nothing that somebody else could have written is stepped over.
fn before_tag<'a>(message: &'a [u8], clock: &mut Clock) -> (&'a [u8], Option<Timestamp>) {
    let mut rest = strip_colon(message);
    if rest.starts_with(b"%") {
        return (rest, None);
    }
    let digits = rest.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    if digits > 0 && rest.get(digits) == Some(&b':') {
        rest = strip_colon(rest.get(digits..).unwrap_or_default());
    }
    // An asterisk: the clock was never set. A full stop: it lost its server.
    let timed = rest.strip_prefix(b"*").or_else(|| rest.strip_prefix(b".")).unwrap_or(rest);
    let Some(tag) = memchr::memchr(b'%', timed.get(..48.min(timed.len())).unwrap_or_default()) else { return (rest, None) };
    // Only where a tag follows is the time read: what is assumed about zone and year is noted by reading.
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b':' | b'.');
    if !timed.get(..tag).is_some_and(|head| head.iter().all(plain)) {
        return (rest, None);
    }
    match clock::bsd(timed, clock) {
        Some((time, behind)) => {
            let behind = memchr::memchr(b'%', behind).and_then(|at| behind.get(at..)).unwrap_or_default();
            (behind, Some(time))
        }
        None => (rest, None),
    }
}

/// Steps through a message from the left.
#[derive(Clone, Copy, Debug)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Steps over `word`, blanks before it too.
    fn eat(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.trim_ascii_start().strip_prefix(word)?;
        Some(())
    }

    /// The next word: to a blank.
    fn word(&mut self) -> Option<&'a [u8]> {
        self.up_to(|b| b == b' ')
    }

    fn up_to(&mut self, stops: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
        let text = self.0.trim_ascii_start();
        let end = text.iter().position(|&b| stops(b)).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Steps behind the first `word`.
    fn behind(&mut self, word: &[u8]) -> Option<&'a [u8]> {
        let at = memchr::memmem::find(self.0, word)?;
        let head = self.0.get(..at)?;
        self.0 = self.0.get(at + word.len()..)?;
        Some(head)
    }

    /// `interface:address/port`. The interface ends at the first colon, as the address may be IPv6.
    fn at_interface(&mut self) -> Option<Endpoint> {
        let token = self.up_to(|b| matches!(b, b' ' | b'('))?;
        let colon = memchr::memchr(b':', token)?;
        match token.get(colon + 1..)? {
            // `outside: 192.0.2.1/80` of some releases.
            [] => self.endpoint(),
            rest => endpoint(rest),
        }
    }

    /// `address/port`, perhaps in brackets, perhaps before a comma or a full stop.
    fn endpoint(&mut self) -> Option<Endpoint> {
        self.0 = self.0.trim_ascii_start();
        self.0 = self.0.strip_prefix(b"(").unwrap_or(self.0);
        let token = self.up_to(|b| matches!(b, b' ' | b'(' | b')' | b','))?;
        self.0 = self.0.strip_prefix(b")").unwrap_or(self.0);
        endpoint(token.strip_suffix(b".").unwrap_or(token))
    }

    /// What stands in the brackets that follow, if any do.
    fn brackets(&mut self) -> Option<&'a [u8]> {
        let inner = self.0.trim_ascii_start().strip_prefix(b"(")?;
        let end = memchr::memchr(b')', inner)?;
        self.0 = inner.get(end + 1..)?;
        inner.get(..end)
    }
}

/// `192.0.2.1/80`, or without a port. The name of a service in its place says nothing of the port.
fn endpoint(token: &[u8]) -> Option<Endpoint> {
    let (addr, port) = match memchr::memrchr(b'/', token) {
        Some(at) => (token.get(..at)?, token.get(at + 1..)?),
        None => (token, &[][..]),
    };
    let addr: IpAddr = fields::address(addr)?;
    Some(Endpoint { addr, port: fields::number(port).unwrap_or(0) })
}

/// `0:00:30` in seconds; hours may be many.
fn duration(text: &[u8]) -> Option<i64> {
    let mut parts = text.split(|&b| b == b':');
    let (h, m, s): (u32, u32, u32) =
        (fields::number(parts.next()?)?, fields::number(parts.next()?)?, fields::number(parts.next()?)?);
    parts.next().is_none().then(|| i64::from(h) * 3600 + i64::from(m) * 60 + i64::from(s))
}
