//! Connections as the kernel tracks them: `conntrack -E`, `conntrack -L`, `/proc/net/nf_conntrack`, ulogd.
//!
//! A line has two tuples: packets as they came, and the answers as they are expected. Where the second is not the mirror of
//! the first, addresses are rewritten: the answers' destination is the source that the other side sees, and their source is
//! the destination that was really addressed. Counts are those of IP packets (`nf_conntrack_acct`).

use std::net::IpAddr;

use super::super::super::record::Reject;
use super::super::Envelope;
use super::super::syslog::{address, cut, number};
use super::protocol;
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Endpoint, Outcome, Said, Saying, Translation, Volume};
use crate::model::time::Span;

/// One direction.
#[derive(Clone, Copy, Default)]
struct Tuple {
    src: Option<IpAddr>,
    dst: Option<IpAddr>,
    sport: u16,
    dport: u16,
    kind: u16,
    code: u16,
    volume: Volume,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Event {
    #[default]
    Listed,
    New,
    Update,
    Destroy,
}

/// Reads a line: a contact, and a translation if addresses are rewritten.
///
/// # Errors
/// When there are not two whole tuples.
pub(super) fn read(e: &Envelope<'_>, out: &mut Vec<Said>) -> Result<(), Reject> {
    let mut event = Event::Listed;
    let (mut proto, mut unreplied, mut assured) = (None, false, false);
    let mut state: &[u8] = &[];
    let mut tuples = [Tuple::default(); 2];
    let mut begun = 0_usize;
    for word in e.message.split(|&b| b == b' ').filter(|w| !w.is_empty()) {
        match word {
            b"[NEW]" => event = Event::New,
            b"[UPDATE]" => event = Event::Update,
            b"[DESTROY]" => event = Event::Destroy,
            b"[UNREPLIED]" => unreplied = true,
            b"[ASSURED]" => assured = true,
            b"ipv4" | b"ipv6" => {}
            _ => match cut(word, b"=") {
                Some((key, value)) => {
                    begun += usize::from(matches!(key, b"src" | b"SRC"));
                    if let Some(tuple) = begun.checked_sub(1).and_then(|n| tuples.get_mut(n)) {
                        fill(tuple, key, value);
                    }
                    if key == b"PROTO" && proto.is_none() {
                        proto = protocol(value);
                    }
                }
                None if begun == 0 && proto.is_none() => proto = protocol(word).filter(|_| !word.iter().all(u8::is_ascii_digit)),
                None if begun == 0 && word.iter().all(|b| b.is_ascii_uppercase() || *b == b'_' || *b == b'2') => state = word,
                None => {}
            },
        }
    }
    let [asked, answer] = tuples;
    let (Some(src), Some(dst), Some(back_src), Some(back_dst), 2) = (asked.src, asked.dst, answer.src, answer.dst, begun) else {
        // `conntrack v1.4.6 (conntrack-tools): 12 flow entries have been shown.`
        return if begun == 0 { Ok(()) } else { Err(Reject("conntrack: not two whole tuples")) };
    };
    let proto = proto.unwrap_or(IpProtocol(0));
    let icmp = matches!(proto, IpProtocol::ICMP | IpProtocol::ICMPV6);
    let answered = answer.volume.packets > 0;
    // While a connection is new, no answer is no news.
    let outcome = match event {
        Event::New => Outcome::Unknown,
        Event::Update if unreplied => Outcome::Unknown,
        _ if unreplied || (event == Event::Destroy && !answered && asked.volume.packets > 0) => Outcome::Unanswered,
        _ if assured || answered && state.is_empty() => Outcome::Established,
        _ if matches!(state, b"ESTABLISHED" | b"FIN_WAIT" | b"CLOSE_WAIT" | b"LAST_ACK" | b"TIME_WAIT") => Outcome::Established,
        _ => Outcome::Unknown,
    };
    let (sport, dport) = if icmp { (asked.kind, asked.code) } else { (asked.sport, asked.dport) };
    let found =
        Contact { src, dst, sport, dport, proto, forward: asked.volume, backward: answer.volume, outcome, ..Contact::default() };
    out.push(Said { time: e.time, fact: Saying::Contact(found) });

    let at = |addr, port| Endpoint { addr, port };
    let translation = Translation {
        src: (at(src, asked.sport), at(back_dst, answer.dport)),
        dst: (at(dst, asked.dport), at(back_src, answer.sport)),
        proto,
        seen: e.time.map(Span::at),
    };
    if translation.src.0 != translation.src.1 || translation.dst.0 != translation.dst.1 {
        out.push(Said { time: e.time, fact: Saying::Translation(Box::new(translation)) });
    }
    Ok(())
}

fn fill(tuple: &mut Tuple, key: &[u8], value: &[u8]) {
    let small = || number(value).unwrap_or(0);
    let large = || number(value).unwrap_or(0);
    match key {
        b"src" | b"SRC" => tuple.src = address(value),
        b"dst" | b"DST" => tuple.dst = address(value),
        b"sport" | b"SPT" => tuple.sport = small(),
        b"dport" | b"DPT" => tuple.dport = small(),
        b"type" | b"TYPE" => tuple.kind = small(),
        b"code" | b"CODE" => tuple.code = small(),
        b"packets" | b"PKTS" => tuple.volume.packets = large(),
        b"bytes" | b"BYTES" => tuple.volume.bytes = large(),
        _ => {}
    }
}
