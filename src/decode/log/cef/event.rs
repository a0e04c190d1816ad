//! What an event says once it is out of its dress.
//!
//! `in` and `out` of CEF are bytes "relative to the source to destination relationship": `in` from the source to the
//! destination. Several products write them as the source sees them, the other way round; those are known by name. An
//! event is an alert if it was blocked or its severity is high (7 and above of 10).

use super::{number, some_address};
use crate::decode::clock::{self, Clock};
use crate::decode::http;
use crate::decode::log::asa::fields::{host_of_url, met, protocol, rewritten, say, short, since_1970, turned_away, went};
use crate::decode::text;
use crate::model::evidence::{Chain, ChainKind};
use crate::model::record::{Act, Alert, Contact, Endpoint, Outcome, Said, Saying, Volume};
use crate::model::time::Timestamp;
use jiff::tz::TimeZone;

/// The fields that are read, empty where the line has none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event<'a> {
    leef: bool,
    vendor: &'a [u8],
    id: &'a [u8],
    name: &'a [u8],
    severity: &'a [u8],
    src: &'a [u8],
    dst: &'a [u8],
    sport: &'a [u8],
    dport: &'a [u8],
    proto: &'a [u8],
    /// `in` and `out`, or `srcBytes` and `dstBytes`.
    bytes: [&'a [u8]; 2],
    packets: [&'a [u8]; 2],
    act: &'a [u8],
    received: &'a [u8],
    start: &'a [u8],
    end: &'a [u8],
    /// Name of the destination.
    dhost: &'a [u8],
    request: &'a [u8],
    method: &'a [u8],
    /// The device that saw it.
    device: &'a [u8],
    /// Addresses and ports after translation, and before it where the format has those: source, destination.
    after: [(&'a [u8], &'a [u8]); 2],
    before: [(&'a [u8], &'a [u8]); 2],
    /// IPv6 addresses of the source and the destination with their labels (`c6a2`, `c6a3`).
    six: [(&'a [u8], &'a [u8]); 2],
    /// Free texts and their labels (`cs1` to `cs6`).
    texts: [(&'a [u8], &'a [u8]); 6],
}

/// Puts a value into its field. `false` if another one is there.
fn put<'a>(field: &mut &'a [u8], value: &'a [u8]) -> bool {
    if !field.is_empty() && *field != value {
        return false;
    }
    *field = value;
    true
}

impl<'a> Event<'a> {
    /// With the header of CEF.
    pub(super) fn of_cef(vendor: &'a [u8], id: &'a [u8], name: &'a [u8], severity: &'a [u8]) -> Self {
        Self { vendor, id, name, severity, ..Self::default() }
    }

    /// With the header of LEEF, which has no name but that of the event.
    pub(super) fn of_leef(vendor: &'a [u8], id: &'a [u8]) -> Self {
        Self { leef: true, vendor, id, name: id, ..Self::default() }
    }

    /// A pair of CEF. `false`: the field holds something else already.
    pub(super) fn set_cef(&mut self, key: &[u8], value: &'a [u8]) -> bool {
        let field = match key {
            b"src" => &mut self.src,
            b"dst" => &mut self.dst,
            b"spt" => &mut self.sport,
            b"dpt" => &mut self.dport,
            b"proto" => &mut self.proto,
            b"in" => &mut self.bytes[0],
            b"out" => &mut self.bytes[1],
            b"act" => &mut self.act,
            b"rt" => &mut self.received,
            b"start" => &mut self.start,
            b"end" => &mut self.end,
            b"dhost" => &mut self.dhost,
            b"request" => &mut self.request,
            b"requestMethod" => &mut self.method,
            b"dvc" => &mut self.device,
            b"sourceTranslatedAddress" => &mut self.after[0].0,
            b"sourceTranslatedPort" => &mut self.after[0].1,
            b"destinationTranslatedAddress" => &mut self.after[1].0,
            b"destinationTranslatedPort" => &mut self.after[1].1,
            b"c6a2" => &mut self.six[0].0,
            b"c6a2Label" => &mut self.six[0].1,
            b"c6a3" => &mut self.six[1].0,
            b"c6a3Label" => &mut self.six[1].1,
            [b'c', b's', n @ b'1'..=b'6', label @ ..] if matches!(label, b"" | b"Label") => {
                let Some(text) = self.texts.get_mut(usize::from(n - b'1')) else { return true };
                if label.is_empty() { &mut text.0 } else { &mut text.1 }
            }
            _ => return true,
        };
        put(field, value)
    }

    /// A pair of LEEF.
    pub(super) fn set_leef(&mut self, key: &[u8], value: &'a [u8]) -> bool {
        let field = match key {
            b"src" => &mut self.src,
            b"dst" => &mut self.dst,
            b"srcPort" => &mut self.sport,
            b"dstPort" => &mut self.dport,
            b"proto" => &mut self.proto,
            b"srcBytes" => &mut self.bytes[0],
            b"dstBytes" => &mut self.bytes[1],
            b"srcPackets" => &mut self.packets[0],
            b"dstPackets" => &mut self.packets[1],
            b"action" | b"act" => &mut self.act,
            b"devTime" => &mut self.start,
            b"sev" => &mut self.severity,
            b"url" => &mut self.request,
            b"srcPreNAT" => &mut self.before[0].0,
            b"srcPreNATPort" => &mut self.before[0].1,
            b"srcPostNAT" => &mut self.after[0].0,
            b"srcPostNATPort" => &mut self.after[0].1,
            b"dstPreNAT" => &mut self.before[1].0,
            b"dstPreNATPort" => &mut self.before[1].1,
            b"dstPostNAT" => &mut self.after[1].0,
            b"dstPostNATPort" => &mut self.after[1].1,
            _ => return true,
        };
        put(field, value)
    }

    /// Takes the IPv6 fields where the others are empty.
    pub(super) fn six(&mut self) {
        let labelled = |(value, label): (&'a [u8], &'a [u8]), word: &[u8]| {
            let fits = label.is_empty() || memchr::memmem::find(&label.to_ascii_lowercase(), word).is_some();
            if fits { value } else { b"" }
        };
        if self.src.is_empty() {
            self.src = labelled(self.six[0], b"source");
        }
        if self.dst.is_empty() {
            self.dst = labelled(self.six[1], b"destination");
        }
    }

    /// What `X-Forwarded-For` said, in a text with a label that says so.
    fn forwarded(&self) -> &'a [u8] {
        let named = |label: &[u8]| {
            let start = |word: &[u8]| label.get(..word.len()).is_some_and(|l| l.eq_ignore_ascii_case(word));
            start(b"xff") || start(b"x-forwarded-for") || start(b"x forwarded for")
        };
        self.texts.iter().find(|(_, label)| named(label)).map_or(b"", |(value, _)| *value)
    }

    /// Does the product count `in` and `out` as the source sees them?
    fn counts_as_the_source(&self) -> bool {
        const VENDORS: [&[u8]; 4] = [b"Palo Alto Networks", b"Fortinet", b"Check Point", b"Zscaler"];
        VENDORS.iter().any(|vendor| self.vendor.get(..vendor.len()).is_some_and(|v| v.eq_ignore_ascii_case(vendor)))
    }
}

/// Says what the event says. An event without two ends that is no alert says nothing.
pub(super) fn tell(event: &Event<'_>, envelope: Option<Timestamp>, clock: &mut Clock, out: &mut Vec<Said>) {
    let time = time_of(event.start, clock).or_else(|| time_of(event.received, clock)).or(envelope);
    let ended = time_of(event.end, clock).filter(|end| time.is_some_and(|t| *end > t));
    let port = |text: &[u8]| number::<u16>(text).unwrap_or(0);
    let end = |addr: &[u8], port_: &[u8]| some_address(addr).map(|addr| Endpoint { addr, port: port(port_) });
    let (src, dst) = (end(event.src, event.sport), end(event.dst, event.dport));
    let proto = protocol(event.proto).unwrap_or_default();
    let blocked = turned_away(event.act);
    if let (Some(src), Some(dst)) = (src, dst) {
        let swapped = !event.leef && event.counts_as_the_source();
        let volume = |n: usize| Volume {
            packets: event.packets.get(n).and_then(|p| number(p)).unwrap_or(0),
            bytes: event.bytes.get(if swapped { 1 - n } else { n }).and_then(|b| number(b)).unwrap_or(0),
        };
        let (forward, backward) = (volume(0), volume(1));
        let outcome = match went(proto, forward, backward) {
            _ if blocked => Outcome::Refused,
            // One counter alone does not say that the other is zero.
            Outcome::Unanswered => Outcome::Unknown,
            other => other,
        };
        let named = |name: &[u8]| text::host_name(name).filter(|_| some_address(name).is_none()).map(Into::into);
        let host = host_of_url(event.request).or_else(|| named(event.dhost).filter(|_| event.request.starts_with(b"/")));
        if let Some(chain) = http::chain(ChainKind::XForwardedFor, std::iter::once(event.forwarded())) {
            let chain = Chain { kind: chain.kind, peer: src.addr, server: dst.addr, host: host.clone(), entries: chain.entries };
            say(out, time, Saying::Chain(Box::new(chain)));
        }
        let act = if event.method.is_empty() { Act::Connection } else { Act::Request };
        met(
            out,
            time,
            Contact {
                src: src.addr,
                dst: dst.addr,
                sport: src.port,
                dport: dst.port,
                proto,
                ended,
                forward,
                backward,
                outcome,
                act,
                host,
                observer: some_address(event.device),
                ..Contact::default()
            },
        );
        // Where only one side of a translation is given, the other one is the end itself.
        let pair = |n: usize, itself: Endpoint| {
            let given = |pairs: &[(&[u8], &[u8]); 2]| {
                let (addr, port_) = pairs.get(n)?;
                let addr = some_address(addr)?;
                Some(Endpoint { addr, port: number(port_).unwrap_or(itself.port) })
            };
            (given(&event.before).unwrap_or(itself), given(&event.after).unwrap_or(itself))
        };
        rewritten(out, time, proto, pair(0, src), pair(1, dst), ended);
    }
    let (severity, high) = severity(event.severity);
    if (blocked || high) && (src.is_some() || dst.is_some()) {
        let name = if event.name.is_empty() { event.id } else { event.name };
        let id = (!event.id.is_empty()).then(|| short(event.id));
        say(
            out,
            time,
            Saying::Alert(Box::new(Alert { src, dst, proto, signature: short(&unescaped(name)), id, severity, blocked })),
        );
    }
}

/// Without the backslashes that escape a bar, an equals sign or a backslash.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().min(1024));
    let mut rest = text.get(..1024).unwrap_or(text).iter();
    while let Some(&b) = rest.next() {
        match (b, rest.as_slice().first()) {
            (b'\\', Some(&next @ (b'|' | b'=' | b'\\'))) => {
                out.push(next);
                rest.next();
            }
            _ => out.push(b),
        }
    }
    out
}

/// 0 to 10, or a word; and whether that is high. Words have no number here: the formats give each a range.
fn severity(text: &[u8]) -> (Option<u8>, bool) {
    let number = number::<u8>(text).filter(|n| *n <= 10);
    let word = text.eq_ignore_ascii_case(b"high") || text.eq_ignore_ascii_case(b"very-high");
    (number, word || number.is_some_and(|n| n >= 7))
}

/// Milliseconds since 1970, `MMM dd yyyy HH:mm:ss.SSS zzz` with or without its ends, or ISO 8601.
fn time_of(text: &[u8], clock: &mut Clock) -> Option<Timestamp> {
    if let Some(time) = since_1970(text) {
        return Some(time);
    }
    // Read as UTC first: what follows says whether it is.
    let mut utc = Clock::new(TimeZone::UTC, 2000);
    let read = |clock: &mut Clock| match text.first()? {
        b'0'..=b'9' => clock::iso(text, clock),
        _ => clock::bsd(text, clock),
    };
    // 2000 was a leap year: every day without a year is one of it.
    let (time, zone) = read(&mut utc)?;
    if !utc.assumed().year() && (!utc.assumed().zone() || matches!(zone.trim_ascii(), b"UTC" | b"GMT" | b"Z")) {
        return Some(time);
    }
    read(clock).map(|(time, _)| time)
}
