//! Replies to probes, grouped by prober, target and protocol and cut into runs; and which of these are traceroutes
//! at all.
//!
//! A routing loop, a low initial TTL or spoofed traffic makes routers send the same errors as a traceroute does. A
//! traceroute is told from them by its sweep: it asks at several distances, and several routers answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::icmp;
use super::parts::LONGEST;
use crate::model::evidence::{Evidence, EvidenceId, EvidenceItem, ProbeMatch, Probing, Quote};
use crate::model::net::IpProtocol;
use crate::model::time::{Span, Timestamp};

const SECOND: i64 = 1_000_000_000;
/// A longer pause starts a new run.
const PAUSE: i64 = 30 * SECOND;
/// A longer pause starts a new run if the TTL starts over. The rounds of mtr are one second apart and stay one run.
const RESTART_PAUSE: i64 = 5 * SECOND;
/// What three probes at a silent router cost a tool that waits five seconds for each.
const SILENT_TTL: i64 = 15 * SECOND;
/// One or two routers that alone answer for at least so many pairs of addresses are a routing loop or sit in a stream
/// of spoofed packets.
const STORM: usize = 8;

/// Who probed, towards whom, with which protocol.
pub(super) type Aim = (IpAddr, IpAddr, IpProtocol);

/// What a reply says of the distance of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The probe died there: the sender is a router exactly that far away.
    Expired,
    /// The probe reached its target.
    Arrived,
    /// Somebody else would not pass it on: the sender is at most that far away.
    Refused,
}

/// A reply to one probe, or to one of several that are alike.
#[derive(Clone, Debug)]
pub(super) struct Reply<'a> {
    pub(super) id: EvidenceId,
    pub(super) time: Timestamp,
    pub(super) from: IpAddr,
    pub(super) meaning: Meaning,
    pub(super) matched: &'a ProbeMatch,
    /// TTLs of the probes that come into question: those of the match less those that [`exclude`] rules out.
    pub(super) ttls: Vec<u8>,
    /// `None` where the target answered for itself.
    pub(super) quote: Option<&'a Quote>,
}

impl Reply<'_> {
    /// The TTL of the probe, if only one comes into question.
    pub(super) fn ttl(&self) -> Option<u8> {
        match *self.ttls {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The smallest TTL that comes into question.
    pub(super) fn nearest(&self) -> u8 {
        self.ttls.iter().copied().min().unwrap_or(0)
    }

    /// Was the TTL found by ruling out all others?
    pub(super) fn by_exclusion(&self) -> bool {
        self.ttls.len() < self.matched.ttls.len()
    }

    /// When its probe was sent; where several come into question, the reply itself is the better witness.
    pub(super) fn sent(&self) -> Timestamp {
        if self.matched.ttls.len() == 1 { self.matched.sent } else { self.time }
    }

    /// The flow that the probe belonged to, where that is certain enough to build a link on.
    pub(super) fn flow(&self) -> Option<u64> {
        (self.matched.level > 0 && self.ttl().is_some()).then_some(self.matched.flow_key)
    }
}

/// TTLs that were asked: index is the TTL.
pub(super) type Asked = [bool; LONGEST as usize + 1];

/// One run of a traceroute.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) aim: Aim,
    /// In order of sending.
    pub(super) replies: Vec<Reply<'a>>,
    /// TTLs that were asked in all runs of this aim together.
    pub(super) asked: Asked,
    /// First and last packet.
    pub(super) seen: Span,
    /// Which run this is of how many, from 1.
    pub(super) run: (usize, usize),
}

/// The traceroutes among the replies, in order of their first fact.
pub(super) fn sessions<'a>(items: &[&'a EvidenceItem], probings: &[Probing]) -> Vec<Session<'a>> {
    let mut asked: BTreeMap<Aim, (Asked, Span)> = BTreeMap::new();
    let mut sent: BTreeMap<Aim, Sent> = BTreeMap::new();
    for probing in probings {
        let counts = sent.entry((probing.src, probing.dst, probing.proto)).or_insert([0; LONGEST as usize + 1]);
        for (sum, &count) in counts.iter_mut().zip(&probing.sent) {
            *sum = sum.saturating_add(count);
        }
        let entry =
            asked.entry((probing.src, probing.dst, probing.proto)).or_insert(([false; LONGEST as usize + 1], probing.seen));
        entry.1 = entry.1.join(probing.seen);
        for (flag, &count) in entry.0.iter_mut().zip(&probing.sent).skip(1) {
            *flag |= count > 0;
        }
    }
    let mut by_aim: BTreeMap<Aim, Vec<Reply<'a>>> = BTreeMap::new();
    for item in items {
        if let Some((aim, reply)) = reply(item) {
            by_aim.entry(aim).or_default().push(reply);
        }
    }
    let alone = lone_answerers(&by_aim);
    let mut found = Vec::new();
    for (aim, mut replies) in by_aim {
        exclude(&mut replies, sent.get(&aim));
        replies.sort_by_key(|r| (r.sent(), r.id));
        let known = asked.get(&aim);
        let mut all = known.map_or([false; LONGEST as usize + 1], |(asked, _)| *asked);
        for ttl in replies.iter().filter_map(Reply::ttl) {
            if let Some(flag) = all.get_mut(usize::from(ttl)) {
                *flag = true;
            }
        }
        let mut runs = split(replies);
        runs.retain(|run| is_trace(run, &all, &alone));
        let of = runs.len();
        for (replies, n) in runs.into_iter().zip(1..) {
            let Some(mut seen) = span(&replies) else { continue };
            if let (1, Some((_, probed))) = (of, known) {
                seen = seen.join(*probed);
            }
            found.push(Session { aim, replies, asked: all, seen, run: (n, of) });
        }
    }
    found.sort_by_key(|s| (s.replies.iter().map(|r| r.id).min(), s.aim));
    found
}

/// Reads a fact as a reply to a probe with a traceroute's TTL.
fn reply(item: &EvidenceItem) -> Option<(Aim, Reply<'_>)> {
    let (probe, from, meaning, matched, quote) = match &item.fact {
        Evidence::Reached(reached) => (&reached.probe, reached.probe.dst, Meaning::Arrived, &reached.matched, None),
        Evidence::Quote(quote) => {
            let to = quote.quoted.tuple.dst;
            let meaning = if quote.is_time_exceeded() {
                Meaning::Expired
            } else if quote.from == to && (icmp::is_unreachable(quote) || icmp::is_parameter_problem(quote)) {
                Meaning::Arrived
            } else if icmp::is_unreachable(quote) {
                Meaning::Refused
            } else {
                return None;
            };
            (&quote.quoted.tuple, quote.from, meaning, quote.probe.as_ref()?, Some(quote.as_ref()))
        }
        _ => return None,
    };
    // Probes with more than that were ordinary packets: their errors tell of no distance.
    let usable = matched.ttls.iter().all(|ttl| (1..=LONGEST).contains(ttl)) && !matched.ttls.is_empty();
    usable.then_some((
        (probe.src, probe.dst, probe.proto),
        Reply { id: item.id, time: item.time, from, meaning, matched, ttls: matched.ttls.clone(), quote },
    ))
}

/// Probes sent per TTL.
type Sent = [u32; LONGEST as usize + 1];

/// Narrows down replies that fit several TTLs. A probe is answered once: a TTL all of whose probes have certain
/// replies of their own cannot be the one that an uncertain reply answers. (TCP probes with one sequence number are
/// all alike to their target.)
fn exclude(replies: &mut [Reply<'_>], sent: Option<&Sent>) {
    let Some(sent) = sent else { return };
    let mut certain: BTreeMap<u8, BTreeSet<Timestamp>> = BTreeMap::new();
    for reply in replies.iter().filter(|r| r.matched.rtt.is_some() && r.matched.level > 1) {
        if let Some(ttl) = reply.ttl() {
            certain.entry(ttl).or_default().insert(reply.matched.sent);
        }
    }
    let spent = |ttl: u8| {
        let answered = certain.get(&ttl).map_or(0, BTreeSet::len);
        answered > 0 && sent.get(usize::from(ttl)).is_some_and(|&n| n as usize <= answered)
    };
    for reply in replies.iter_mut().filter(|r| r.ttls.len() > 1) {
        let left: Vec<u8> = reply.ttls.iter().copied().filter(|&ttl| !spent(ttl)).collect();
        // None left: the match itself is doubtful, and stays as doubtful as it was.
        if !left.is_empty() {
            reply.ttls = left;
        }
    }
}

/// The one or two routers that alone reported expired packets, with the number of aims for which they did.
type Lone = BTreeMap<Vec<IpAddr>, usize>;

fn routers_of(replies: &[Reply<'_>]) -> Vec<IpAddr> {
    let routers: BTreeSet<IpAddr> = replies.iter().filter(|r| r.meaning == Meaning::Expired).map(|r| r.from).collect();
    routers.into_iter().collect()
}

fn lone_answerers(by_aim: &BTreeMap<Aim, Vec<Reply<'_>>>) -> Lone {
    let mut alone = Lone::new();
    for routers in by_aim.values().map(|replies| routers_of(replies)).filter(|routers| (1..=2).contains(&routers.len())) {
        *alone.entry(routers).or_insert(0) += 1;
    }
    alone
}

/// Cuts replies, sorted by time of sending, where one run ends and the next begins.
fn split(replies: Vec<Reply<'_>>) -> Vec<Vec<Reply<'_>>> {
    let mut runs: Vec<Vec<Reply<'_>>> = Vec::new();
    // Lowest, highest and last TTL of the run so far, and when its last answered probe was sent.
    let mut state: Option<(u8, u8, u8, Timestamp)> = None;
    for reply in replies {
        let (ttl, sent) = (reply.nearest(), reply.sent());
        // A reply that fits several probes says nothing of the sequence.
        let certain = reply.matched.ttls.len() == 1;
        let starts = state.is_none_or(|(lowest, highest, last, before)| {
            let pause = sent.since(before);
            let skipped = i64::from(ttl.saturating_sub(highest).saturating_sub(1));
            let went_on = ttl > highest && pause <= PAUSE + SILENT_TTL * skipped;
            let restarted = certain && ttl < last && ttl <= lowest.saturating_add(1);
            (pause > PAUSE && !went_on) || (pause > RESTART_PAUSE && restarted)
        });
        match (runs.last_mut(), &mut state) {
            (Some(run), Some((lowest, highest, last, before))) if !starts => {
                if certain {
                    (*lowest, *highest, *last) = ((*lowest).min(ttl), (*highest).max(ttl), ttl);
                }
                *before = sent;
                run.push(reply);
            }
            _ => {
                state = Some((ttl, ttl, ttl, sent));
                runs.push(vec![reply]);
            }
        }
    }
    runs
}

/// Is this run of replies the trail of a traceroute?
fn is_trace(run: &[Reply<'_>], asked: &Asked, alone: &Lone) -> bool {
    let near: Vec<usize> = asked.iter().enumerate().filter(|(_, asked)| **asked).map(|(ttl, _)| ttl).collect();
    let from_the_door = near.first().is_some_and(|&ttl| ttl <= 5);
    let sweep = near.len() >= 3;
    if from_the_door && sweep {
        return true;
    }
    let routers = routers_of(run);
    let storm = alone.get(&routers).is_some_and(|&aims| aims >= STORM);
    if routers.is_empty() || storm {
        return false;
    }
    let answerers: BTreeSet<IpAddr> = run.iter().map(|r| r.from).collect();
    let distances: BTreeSet<&[u8]> = run.iter().map(|r| r.ttls.as_slice()).collect();
    // Ordinary packets arrive with whatever TTL is left, in a loop too: far from the door it takes more to convince.
    if from_the_door { answerers.len() >= 2 || distances.len() >= 2 } else { sweep && answerers.len() >= 2 }
}

/// From the first probe that was answered to the last answer.
fn span(replies: &[Reply<'_>]) -> Option<Span> {
    let first = replies.iter().map(|r| r.sent().min(r.time)).min()?;
    let last = replies.iter().map(|r| r.time).max()?;
    Some(Span { first, last: last.max(first) })
}
