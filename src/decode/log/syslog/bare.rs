//! Lines that stand in such files without a syslog header, because the program writes the file itself: the kernel's ring
//! buffer (`dmesg`), `conntrack -E` and `-L`, and endlessh. They get the envelope that they would have had.

use super::super::super::clock::{self, Clock};
use super::super::Envelope;
use super::fields::{cut, holds, number, word};
use crate::model::time::Timestamp;

/// The envelope of a line without a header, if it is one of those.
pub(super) fn envelope<'a>(line: &'a [u8], clock: &mut Clock) -> Option<Envelope<'a>> {
    match line.first()? {
        b'[' => bracketed(line),
        b'I' | b'W' | b'E' => klog(line, clock),
        _ if is_conntrack(line) => Some(Envelope { time: None, program: b"conntrack", message: line }),
        _ => None,
    }
}

/// Is that what endlessh writes behind its own time?
pub(super) fn is_endlessh(message: &[u8]) -> bool {
    const EVENTS: [&[u8]; 3] = [b"ACCEPT host=", b"CLOSE host=", b"TOTALS connects="];
    const SETTINGS: [&[u8]; 5] = [b"Port", b"Delay", b"MaxLineLength", b"MaxClients", b"BindFamily"];
    let (first, rest) = word(message);
    EVENTS.iter().any(|e| message.starts_with(e))
        || (SETTINGS.contains(&first) && (number::<u64>(rest).is_some() || rest.starts_with(b"IPv")))
}

/// `[12345.678901] message` of the kernel, or an event of conntrack with or without a time of that kind.
fn bracketed(line: &[u8]) -> Option<Envelope<'_>> {
    if is_conntrack(line) {
        return Some(Envelope { time: None, program: b"conntrack", message: line });
    }
    let (stamp, rest) = since_start(line)?;
    if is_conntrack(rest) {
        return Some(Envelope { time: since_1970(stamp), program: b"conntrack", message: rest });
    }
    // Seconds since the machine started: no time of day.
    Some(Envelope { time: None, program: b"kernel", message: rest })
}

/// `[   12.345678] rest`: what stands in the brackets, and the rest.
pub(super) fn since_start(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (stamp, rest) = cut(line.strip_prefix(b"[")?, b"]")?;
    let stamp = stamp.trim_ascii_start();
    let (seconds, fraction) = cut(stamp, b".")?;
    number::<u64>(seconds)?;
    (fraction.len() == 6 && fraction.iter().all(u8::is_ascii_digit)).then_some((stamp, rest.trim_ascii_start()))
}

/// A time of day, not one since the start of the machine: ten digits of seconds.
fn since_1970(stamp: &[u8]) -> Option<Timestamp> {
    clock::epoch(stamp).filter(|t| t.0 >= 1_000_000_000 * 1_000_000_000)
}

/// `[NEW] tcp 6 120 SYN_SENT src=...`, `ipv4 2 udp 17 29 src=...`
fn is_conntrack(line: &[u8]) -> bool {
    const EVENTS: [&[u8]; 3] = [b"[NEW]", b"[UPDATE]", b"[DESTROY]"];
    const NAMES: [&[u8]; 9] = [b"tcp", b"udp", b"icmp", b"icmpv6", b"sctp", b"dccp", b"gre", b"udplite", b"unknown"];
    let rest = EVENTS.iter().find_map(|e| line.strip_prefix(*e)).unwrap_or(line).trim_ascii_start();
    let rest = match word(rest) {
        (b"ipv4" | b"ipv6", rest) => word(rest).1,
        _ => rest,
    };
    let (name, rest) = word(rest);
    NAMES.contains(&name) && number::<u8>(word(rest).0).is_some() && holds(rest, b" src=") && holds(rest, b" dst=")
}

/// `I0613 10:22:21.684962       1 client.go:58] ACCEPT host=...`: the log header of endlessh's Go edition, without a year.
fn klog<'a>(line: &'a [u8], clock: &mut Clock) -> Option<Envelope<'a>> {
    let (_, message) = cut(line, b"] ")?;
    if !is_endlessh(message) {
        return None;
    }
    let part = |from: usize, to: usize| number::<u32>(line.get(from..to)?);
    let at = |n: usize, byte: u8| line.get(n) == Some(&byte);
    if !(at(5, b' ') && at(8, b':') && at(11, b':') && at(14, b'.') && at(21, b' ')) {
        return None;
    }
    let time =
        clock.without_year((part(1, 3)?, part(3, 5)?), (part(6, 8)?, part(9, 11)?, part(12, 14)?), part(15, 21)? * 1000)?;
    Some(Envelope { time: Some(time), program: b"endlessh", message })
}
