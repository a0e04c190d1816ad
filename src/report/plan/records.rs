//! What the lines of evidence say of conversations: who with whom, from which port, when, by which clock, and what an
//! address was rewritten to. A report has these as words; only words of the exact form count, anything else says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::read::{Evidence, Report};
use super::words::is_inside;
use super::{Also, ClockRef, Use};
use crate::model::time::Timestamp;

/// Below this two clocks are taken to agree.
const LEAST_OFFSET_NS: i64 = 1_000_000;
/// A pair of records shows an offset if its times differ by it within this; the rule that joined them has the same.
const SLACK_NS: i64 = 5_000_000_000;

/// An end; a port that no record names is none.
pub(super) type End = (IpAddr, Option<u16>);

struct Conversation {
    proto: String,
    src: End,
    dst: End,
}

struct Clock {
    against: usize,
    offset: i64,
    agree: u32,
    because: u32,
}

/// The evidence of a report, read once.
pub(super) struct Records<'a> {
    evidence: &'a BTreeMap<u32, Evidence>,
    conversations: BTreeMap<u32, Conversation>,
    by_addr: BTreeMap<IpAddr, Vec<u32>>,
    /// By input.
    clocks: BTreeMap<usize, Clock>,
    /// A record of a conversation that another record, in an earlier input, has too.
    same: BTreeMap<u32, u32>,
    /// Outer and inner end, by evidence.
    rewritten: BTreeMap<u32, (End, End)>,
    /// Outer ends by inner address.
    outer: BTreeMap<IpAddr, Vec<(End, End)>>,
}

impl<'a> Records<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let evidence = &report.evidence;
        let mut all = Self {
            evidence,
            conversations: BTreeMap::new(),
            by_addr: BTreeMap::new(),
            clocks: BTreeMap::new(),
            same: BTreeMap::new(),
            rewritten: BTreeMap::new(),
            outer: BTreeMap::new(),
        };
        for (&id, e) in evidence {
            match e.kind.as_str() {
                "flow" => all.flow(id, &e.what),
                "translation" => all.translation(id, &e.what),
                _ => {}
            }
        }
        for (&id, e) in evidence.iter().filter(|(_, e)| e.kind == "join") {
            all.join(id, &e.what);
        }
        all
    }

    fn flow(&mut self, id: u32, what: &str) {
        let Some(c) = conversation(what) else { return };
        let ends = BTreeSet::from([c.src.0, c.dst.0]);
        for addr in ends {
            self.by_addr.entry(addr).or_default().push(id);
        }
        self.conversations.insert(id, c);
    }

    /// `translation: 18.0.0.1:52000 -> 192.0.2.1:443 (rewritten to 10.0.0.5:8443)`.
    fn translation(&mut self, id: u32, what: &str) {
        let Some((a, b)) = what.strip_prefix("translation: ").and_then(|t| t.split_once(" -> ")) else { return };
        for side in [a, b] {
            let Some((before, after)) = side.split_once(" (rewritten to ") else { continue };
            let Some((before, after)) = end(before).zip(after.strip_suffix(')').and_then(end)) else { continue };
            // The inner end is the one that nobody outside sees, whichever way the device rewrote.
            let (outer, inner) = if is_inside(before.0) && !is_inside(after.0) { (after, before) } else { (before, after) };
            self.rewritten.insert(id, (outer, inner));
            self.outer.entry(inner.0).or_default().push((outer, inner));
        }
    }

    /// `the same conversation in 2 inputs: …; clock offset +36.680 s (1 agree) (e1, e9)`.
    fn join(&mut self, id: u32, what: &str) {
        let Some((offset, agree, of)) = same_conversation(what) else { return };
        let Some((&first, others)) = of.split_first() else { return };
        for &other in others {
            let both = self.conversations.get(&first).zip(self.conversations.get(&other));
            if both.is_some_and(|(a, b)| a.proto == b.proto && (a.src, a.dst) == (b.src, b.dst) || both.is_some_and(crossed)) {
                self.same.insert(other, first);
            }
        }
        let last = others.last().and_then(|last| self.evidence.get(last));
        let Some((a, b)) = self.evidence.get(&first).zip(last) else { return };
        let shown =
            a.time.is_known() && b.time.is_known() && b.time.since(a.time).saturating_sub(offset).saturating_abs() <= SLACK_NS;
        if shown && a.input < b.input && offset.saturating_abs() >= LEAST_OFFSET_NS {
            self.clocks.entry(b.input).or_insert(Clock { against: a.input, offset, agree, because: id });
        }
    }

    /// Clocks that differ.
    pub(super) fn clocks(&self) -> Vec<ClockRef> {
        let one = |(&input, c): (&usize, &Clock)| ClockRef {
            input,
            against: c.against,
            milliseconds: c.offset / 1_000_000,
            agree: c.agree,
            because: format!("e{}", c.because),
        };
        self.clocks.iter().map(one).collect()
    }

    /// The evidence that shows that the clock of an input differs.
    pub(super) fn because_of_clock(&self, input: usize) -> Option<u32> {
        self.clocks.get(&input).map(|c| c.because)
    }

    /// The time by the clock that this one is known to differ from.
    fn corrected(&self, e: &Evidence) -> Option<Timestamp> {
        let clock = self.clocks.get(&e.input)?;
        e.time.known().map(|t| Timestamp(t.0.saturating_sub(clock.offset)))
    }

    /// The time of a record, corrected as far as differences are known; `None` for what is no sighting or has no time.
    /// Evidence of names, lists and routes says nothing of when a host was used, and a join has only the time of a part.
    pub(super) fn sighted(&self, id: u32) -> Option<Timestamp> {
        let e = self.evidence.get(&id).filter(|e| !matches!(e.kind.as_str(), "name" | "route" | "indicator" | "join"))?;
        self.corrected(e).or_else(|| e.time.known())
    }

    /// Outer and inner end, if this piece of evidence tells what an address was rewritten to.
    pub(super) fn rewritten(&self, id: u32) -> Option<(End, End)> {
        self.rewritten.get(&id).copied()
    }

    /// An end as somebody outside saw it, as far as that is recorded.
    pub(super) fn outside(&self, (addr, port): End) -> End {
        if !is_inside(addr) {
            return (addr, port);
        }
        let fits = |inner: End| port.is_none() || inner.1.is_none() || inner.1 == port;
        let found = self.outer.get(&addr).into_iter().flatten().find(|(outer, inner)| fits(*inner) && !is_inside(outer.0));
        found.map_or((addr, port), |(outer, _)| *outer)
    }

    /// Conversations of an address among the evidence that `counts`; several records of one are one.
    pub(super) fn uses(&self, addr: IpAddr, counts: impl Fn(u32) -> bool, most: usize) -> Vec<Use> {
        let mut of: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for &id in self.by_addr.get(&addr).into_iter().flatten().filter(|id| counts(**id)) {
            let first = self.same.get(&id).copied().filter(|f| self.conversations.contains_key(f)).unwrap_or(id);
            of.entry(first).or_default().extend([first, id]);
        }
        let mut uses: Vec<Use> = of.into_iter().filter_map(|(first, all)| self.one_use(addr, first, &all)).collect();
        let at = |u: &Use| u.corrected.unwrap_or(u.time);
        uses.sort_by(|a, b| (at(a), a.port, &a.because).cmp(&(at(b), b.port, &b.because)));
        uses.truncate(most);
        uses
    }

    fn one_use(&self, addr: IpAddr, id: u32, all: &BTreeSet<u32>) -> Option<Use> {
        let (c, e) = (self.conversations.get(&id)?, self.evidence.get(&id)?);
        let opened = c.src.0 == addr;
        let (own, other) = if opened { (c.src, c.dst) } else { (c.dst, c.src) };
        let (peer, peer_port) = self.outside(other);
        let also = all.iter().filter(|other| **other != id).filter_map(|other| {
            let e = self.evidence.get(other)?;
            Some(Also { because: format!("e{other}"), input: e.input, time: e.time })
        });
        Some(Use {
            time: e.time,
            corrected: self.corrected(e),
            input: e.input,
            proto: c.proto.clone(),
            opened,
            port: own.1,
            peer,
            peer_port,
            because: format!("e{id}"),
            also: also.collect(),
        })
    }
}

/// Two records may have the two directions of one conversation.
fn crossed((a, b): (&Conversation, &Conversation)) -> bool {
    a.proto == b.proto && (a.src, a.dst) == (b.dst, b.src)
}

fn end(text: &str) -> Option<End> {
    match text.parse::<SocketAddr>() {
        Ok(at) => Some((at.ip(), Some(at.port()).filter(|p| *p != 0))),
        Err(_) => text.parse().ok().map(|addr| (addr, None)),
    }
}

/// A line like `tcp 192.0.2.1 -> 198.51.100.2 port 40000 -> 22: …`. Anything else has no ports that could be named for
/// certain.
fn conversation(what: &str) -> Option<Conversation> {
    let mut words = what.split_whitespace();
    let proto = words.next().filter(|w| matches!(*w, "tcp" | "udp" | "sctp"))?;
    let src: IpAddr = words.next()?.parse().ok()?;
    words.next().filter(|w| *w == "->")?;
    let dst = words.next()?;
    if let Some(dst) = dst.strip_suffix(':') {
        return Some(Conversation { proto: proto.to_owned(), src: (src, None), dst: (dst.parse().ok()?, None) });
    }
    let dst: IpAddr = dst.parse().ok()?;
    words.next().filter(|w| *w == "port")?;
    let sport = known_port(words.next()?)?;
    words.next().filter(|w| *w == "->")?;
    let dport = known_port(words.next()?.strip_suffix(':')?)?;
    Some(Conversation { proto: proto.to_owned(), src: (src, sport), dst: (dst, dport) })
}

/// A port; `?` where the record names none.
fn known_port(word: &str) -> Option<Option<u16>> {
    if word == "?" { Some(None) } else { word.parse().ok().map(|n: u16| Some(n).filter(|n| *n != 0)) }
}

/// Offset in nanoseconds, how many agree, and the records.
fn same_conversation(what: &str) -> Option<(i64, u32, Vec<u32>)> {
    let rest = what.strip_prefix("the same conversation in ")?;
    let (_, rest) = rest.split_once("; clock offset ")?;
    let (seconds, rest) = rest.split_once(" s (")?;
    let (agree, rest) = rest.split_once(" agree) (")?;
    let (sign, digits) = match seconds.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, seconds.strip_prefix('+')?),
    };
    let (whole, milli) = digits.split_once('.').filter(|(_, milli)| milli.len() == 3)?;
    let milliseconds = whole.parse::<u32>().ok().map(i64::from)? * 1000 + milli.parse::<u16>().ok().map(i64::from)?;
    let ids = rest.strip_suffix(')')?.split(", ").map(|id| id.strip_prefix('e')?.parse().ok());
    Some((sign * milliseconds * 1_000_000, agree.parse().ok()?, ids.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_exact_form_count() {
        let c = conversation("tcp 192.0.2.1 -> 198.51.100.2 port 40000 -> 22: 9 + 8 packets").unwrap();
        assert_eq!((c.src.1, c.dst.1), (Some(40_000), Some(22)));
        for bare in ["port 0 -> 22", "port ? -> 22"] {
            let c = conversation(&format!("tcp 192.0.2.1 -> 198.51.100.2 {bare}: x")).unwrap();
            assert_eq!((c.src.1, c.dst.1), (None, Some(22)), "{bare}");
        }
        let c = conversation("tcp 192.0.2.1 -> 2001:db8::2: x").unwrap();
        assert_eq!((c.src.1, c.dst), (None, ("2001:db8::2".parse().unwrap(), None)));
        for bad in ["icmp 192.0.2.1 -> 198.51.100.2: x", "tcp 192.0.2.1 -> the recording host port 0 -> 0: x", "x tcp 1", ""] {
            assert!(conversation(bad).is_none(), "{bad}");
        }
        let words = "the same conversation in 2 inputs: tcp 192.0.2.1 and 198.51.100.2 ports 4 and 25; clock offset -36.680 s (3 agree) (e1, e9)";
        assert_eq!(same_conversation(words), Some((-36_680_000_000, 3, vec![1, 9])));
        for bad in [&words[1..], &words.replace("-36", "36"), &words.replace("e9", "x"), &words.replace("680", "68")] {
            assert_eq!(same_conversation(bad), None, "{bad}");
        }
        assert_eq!(end("[2001:db8::1]:443"), Some(("2001:db8::1".parse().unwrap(), Some(443))));
        assert_eq!(end("192.0.2.1"), Some(("192.0.2.1".parse().unwrap(), None)));
    }
}
