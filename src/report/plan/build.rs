//! Report and law to plan.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::read::{Evidence, Hop, Path, Report};
use super::{
    BasisP, EvidenceRef, FindingRef, Ground, Group, HopRef, InputRef, Item, LEAST_P, NO_ADVICE, NOTICE_P, Named, NotAsked,
    Notice, Plan, ReportRef, Request, SCHEMA, SURE_P, Seen, StateP, Use, p,
};
use crate::model::channel::{Channel, Purpose, Retention, Usable};
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::Basis;
use crate::model::net::StateCode;
use crate::model::time::{Day, Timestamp};
use crate::report::model::{ATTRIBUTION, NON_CLAIM};

/// Conversations that are listed per address; the evidence ids are all there.
const MOST_USES: usize = 40;

/// What is asked of the law, and for whom.
pub struct Means<'a> {
    /// Who asks.
    pub requesting: StateCode,
    /// On which day.
    pub on: Day,
    /// SHA-256 of the report's file.
    pub sha256: String,
    /// The channels from the requesting state to another on that day, fastest first.
    pub channels: &'a dyn Fn(StateCode) -> Vec<Channel>,
    /// How long data of something seen on a day lasts in a state.
    pub retention: &'a dyn Fn(StateCode, Day) -> Retention,
    /// The name of a state or territory.
    pub name: &'a dyn Fn(StateCode) -> Option<String>,
}

/// Codes of registries' lists that are no state.
const NO_STATE: [&str; 3] = ["AP", "EU", "ZZ"];

/// What gathers under one request.
type Key = (StateCode, Ground, Group);

/// An address while it is gathered.
#[derive(Default)]
struct Gathered {
    asn: Option<u32>,
    as_name: Option<String>,
    bases: BTreeMap<Basis, f32>,
    others: BTreeMap<StateCode, f32>,
    hops: Vec<HopRef>,
    because: BTreeSet<u32>,
    /// Of its paths: evidence is a sample of what a finding sums up.
    spans: Vec<(Timestamp, Timestamp)>,
    norm: Option<super::NormRef>,
    order: usize,
}

/// The plan.
#[must_use]
pub fn build(report: &Report, means: &Means<'_>) -> Plan {
    let mut groups: BTreeMap<Key, BTreeMap<IpAddr, Gathered>> = BTreeMap::new();
    let mut not_asked = Vec::new();
    let mut order = 0;
    for path in &report.paths {
        for hop in &path.hops {
            order += 1;
            match hop.addr.ok_or_else(|| why_silent(path, hop)).and_then(|addr| why_not(path, hop).map_or(Ok(addr), Err)) {
                Ok(addr) => gather(&mut groups, (path, hop, addr), order),
                Err(why) => not_asked.push(NotAsked {
                    path: path.id.clone(),
                    rank: hop.rank,
                    addr: hop.addr,
                    why,
                    because: words(&hop.because),
                }),
            }
        }
    }
    let notices = notices(report, means, &groups);
    let mut requests: Vec<Request> = groups.into_iter().map(|(key, found)| request(report, means, key, found)).collect();
    requests.sort_by(|a, b| {
        (a.retention.lost_from, a.ground)
            .cmp(&(b.retention.lost_from, b.ground))
            .then_with(|| b.p.total_cmp(&a.p))
            .then_with(|| (a.state, a.group).cmp(&(b.state, b.group)))
    });
    for (i, request) in requests.iter_mut().enumerate() {
        request.number = i + 1;
    }
    let named: BTreeSet<u32> = (requests.iter().flat_map(|r| &r.because))
        .chain(notices.iter().flat_map(|n| &n.because))
        .chain(not_asked.iter().flat_map(|n| &n.because))
        .filter_map(|id| id.get(1..)?.parse().ok())
        .collect();
    let on_paths: BTreeSet<&String> = requests.iter().flat_map(|r| &r.items).flat_map(|i| &i.hops).map(|h| &h.path).collect();
    let findings = report.paths.iter().filter(|p| on_paths.contains(&p.id)).map(|p| FindingRef {
        path: p.id.clone(),
        finding: p.finding.clone(),
        reason: p.reason.clone(),
        seen: p.seen.map(|(first, last)| Seen { first, last }),
    });
    let findings = findings.collect();
    Plan {
        schema: SCHEMA,
        report: ReportRef {
            sha256: means.sha256.clone(),
            tool: report.tool.clone(),
            on: report.on,
            reproduce: report.reproduce.clone(),
        },
        requesting: Named { state: means.requesting, name: name(means, means.requesting) },
        on: means.on,
        inputs: report.inputs.iter().map(input).collect(),
        findings,
        requests,
        notices,
        not_asked,
        evidence: named.into_iter().filter_map(|id| Some(evidence(id, report.evidence.get(&id)?))).collect(),
        warnings: report.warnings.clone(),
        non_claim: NON_CLAIM,
        no_advice: NO_ADVICE,
        attribution: ATTRIBUTION,
    }
}

fn name(means: &Means<'_>, state: StateCode) -> String {
    (means.name)(state).unwrap_or_else(|| state.to_string())
}

fn input(input: &super::read::Input) -> InputRef {
    let name = input.path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("(no name)");
    InputRef { name: name.to_owned(), sha256: input.sha256.clone(), format: input.format.clone() }
}

fn evidence(id: u32, e: &Evidence) -> EvidenceRef {
    EvidenceRef {
        id: format!("e{id}"),
        kind: e.kind.clone(),
        input: e.input,
        at: e.at.clone(),
        time: e.time,
        what: e.what.clone(),
    }
}

fn words<'a>(ids: impl IntoIterator<Item = &'a u32>) -> Vec<String> {
    ids.into_iter().map(|id| format!("e{id}")).collect()
}

/// Why a hop without an address gives no request.
fn why_silent(path: &Path, hop: &Hop) -> String {
    if hop.kind == Knowledge::Asserted {
        return "asserted by a header only, and without an address".into();
    }
    if hop.role == HopRole::Origin {
        let why = path.withheld.as_deref().unwrap_or("its source address is not proved");
        return format!("origin withheld: {why}");
    }
    "silent: no address to ask about".into()
}

/// Why a hop with an address gives none, if it does not.
fn why_not(path: &Path, hop: &Hop) -> Option<String> {
    if hop.kind == Knowledge::Asserted {
        return Some("asserted by a header only: no evidence vouches for it".into());
    }
    if let Some(why) = hop.why_unplaced.as_deref().filter(|w| w.starts_with("spoofed")) {
        return Some(why.to_owned());
    }
    if hop.role == HopRole::Origin && !is_shown(path) {
        return Some(format!("source address not proved ({}): it may be forged", path.trust));
    }
    if path.finding == "traceroute" && hop.role == HopRole::Origin {
        return Some("a measurement was made from here: nothing to ask".into());
    }
    if path.finding == "traceroute" && hop.role == HopRole::Target {
        return Some("a measurement was made towards it: nothing to ask".into());
    }
    if grounds(hop).is_empty() {
        return Some(hop.why_unplaced.clone().unwrap_or_else(|| "no state is known that could be asked".into()));
    }
    None
}

/// Is the origin's address believed?
fn is_shown(path: &Path) -> bool {
    matches!(path.trust.as_str(), "proved" | "echoed")
}

/// The states that can be asked about a hop: on which ground, and with which probability.
fn grounds(hop: &Hop) -> BTreeMap<StateCode, (Ground, f32)> {
    let mut out: BTreeMap<StateCode, (Ground, f32)> = BTreeMap::new();
    for touch in hop.touches.iter().filter(|t| !NO_STATE.contains(&t.state.as_str())) {
        let ground = match touch.basis {
            Basis::Territory | Basis::Flag if touch.p >= LEAST_P => Ground::Territory,
            // What the victim's own provider keeps, the victim can ask for without a state.
            Basis::OperatorSeat | Basis::Registration if hop.role != HopRole::Target => Ground::Operator,
            _ => continue,
        };
        let best = out.entry(touch.state).or_insert((ground, touch.p));
        if (ground, -touch.p) < (best.0, -best.1) {
            *best = (ground, touch.p);
        }
    }
    out
}

fn gather(groups: &mut BTreeMap<Key, BTreeMap<IpAddr, Gathered>>, (path, hop, addr): (&Path, &Hop, IpAddr), order: usize) {
    let group = Group::of(hop.role, &path.finding);
    let grounds = grounds(hop);
    for (&state, &(ground, share)) in &grounds {
        let into = groups.entry((state, ground, group)).or_default().entry(addr).or_default();
        if into.order == 0 {
            into.order = order;
        }
        into.asn = into.asn.or(hop.asn);
        into.as_name = into.as_name.take().or_else(|| hop.as_name.clone());
        for touch in hop.touches.iter().filter(|t| t.state == state && t.basis != Basis::Victim) {
            let best = into.bases.entry(touch.basis).or_insert(touch.p);
            *best = best.max(touch.p);
            into.norm = into.norm.take().or_else(|| touch.norm.clone());
        }
        for (&other, &(_, p)) in grounds.iter().filter(|(s, (g, _))| **s != state && *g == Ground::Territory) {
            let best = into.others.entry(other).or_insert(p);
            *best = best.max(p);
        }
        into.because.extend(&hop.because);
        into.spans.extend(path.seen);
        into.hops.push(HopRef {
            path: path.id.clone(),
            finding: path.finding.clone(),
            rank: hop.rank,
            role: hop.role,
            kind: hop.kind,
            from: path.origin.filter(|_| is_shown(path)),
            to: path.target,
            p: share,
            because: words(&hop.because),
        });
    }
}

/// Evidence of names, lists and routes says nothing of when a host was used.
fn is_sighting(e: &Evidence) -> bool {
    !matches!(e.kind.as_str(), "name" | "route" | "indicator")
}

fn seen<'a>(report: &Report, found: impl Iterator<Item = &'a Gathered>) -> Option<Seen> {
    let mut all: Option<Seen> = None;
    let mut add = |first: Timestamp, last: Timestamp| {
        all = Some(all.map_or(Seen { first, last }, |s| Seen { first: s.first.min(first), last: s.last.max(last) }));
    };
    for g in found {
        let facts = g.because.iter().filter_map(|id| report.evidence.get(id)).filter(|e| is_sighting(e));
        let times: Vec<Timestamp> = facts.filter_map(|e| e.time.known()).collect();
        times.iter().for_each(|&time| add(time, time));
        g.spans.iter().for_each(|&(first, last)| add(first, last));
    }
    all
}

fn items(report: &Report, found: &BTreeMap<IpAddr, Gathered>) -> Vec<Item> {
    let mut ordered: Vec<(&IpAddr, &Gathered)> = found.iter().collect();
    ordered.sort_by_key(|(_, g)| g.order);
    ordered
        .into_iter()
        .map(|(&addr, g)| {
            let mut others: Vec<StateP> = g.others.iter().map(|(&state, &p)| StateP { state, p }).collect();
            others.sort_by(|a, b| b.p.total_cmp(&a.p).then(a.state.cmp(&b.state)));
            let mut uses: Vec<Use> = g.because.iter().filter_map(|id| use_of(addr, *id, report.evidence.get(id)?)).collect();
            uses.sort_by(|a, b| (a.time, a.port, &a.because).cmp(&(b.time, b.port, &b.because)));
            uses.truncate(MOST_USES);
            Item {
                addr,
                asn: g.asn,
                as_name: g.as_name.clone(),
                bases: g.bases.iter().map(|(&basis, &p)| BasisP { basis, p }).collect(),
                seen: seen(report, std::iter::once(g)),
                others,
                uses,
                hops: g.hops.clone(),
            }
        })
        .collect()
}

/// A conversation of `addr` out of a line like `tcp 192.0.2.1 -> 198.51.100.2 port 40000 -> 22: …`. Anything else has no
/// ports that could be named for certain.
fn use_of(addr: IpAddr, id: u32, e: &Evidence) -> Option<Use> {
    if e.kind != "flow" {
        return None;
    }
    let mut words = e.what.split_whitespace();
    let proto = words.next().filter(|w| matches!(*w, "tcp" | "udp" | "sctp"))?;
    let src: IpAddr = words.next()?.parse().ok()?;
    words.next().filter(|w| *w == "->")?;
    let dst: IpAddr = words.next()?.parse().ok()?;
    words.next().filter(|w| *w == "port")?;
    let sport: u16 = words.next()?.parse().ok()?;
    words.next().filter(|w| *w == "->")?;
    let dport: u16 = words.next()?.strip_suffix(':')?.parse().ok()?;
    let (port, peer, peer_port) = if src == addr {
        (sport, dst, dport)
    } else if dst == addr {
        (dport, src, sport)
    } else {
        return None;
    };
    Some(Use { time: e.time, proto: proto.to_owned(), port, peer, peer_port, because: format!("e{id}") })
}

/// The first that is good for one of the purposes: in force before unknown, suspended never.
fn pick(channels: &[Channel], purposes: &[Purpose]) -> Option<usize> {
    [Usable::Yes, Usable::Unknown]
        .into_iter()
        .find_map(|usable| channels.iter().position(|c| c.usable == usable && c.purposes.iter().any(|p| purposes.contains(p))))
}

fn request(report: &Report, means: &Means<'_>, (state, ground, group): Key, found: BTreeMap<IpAddr, Gathered>) -> Request {
    let seen = seen(report, found.values());
    let items = items(report, &found);
    let p = items.iter().flat_map(|i| &i.hops).map(|h| h.p).fold(0.0, f32::max);
    let domestic = state == means.requesting;
    let mut channels = if domestic { Vec::new() } else { (means.channels)(state) };
    let at = |i: usize| channels.get(i).cloned();
    let preserve = pick(&channels, &[Purpose::Preserve])
        .or_else(|| pick(&channels, &[Purpose::Disclose]))
        .or_else(|| pick(&channels, &[Purpose::Act, Purpose::Inform]));
    let hand_over = pick(&channels, &[Purpose::Disclose]);
    let (first, disclose) = (preserve.and_then(at), hand_over.and_then(at));
    let mut place = 0;
    channels.retain(|_| {
        place += 1;
        Some(place - 1) != preserve && Some(place - 1) != hand_over
    });
    let mut retention = (means.retention)(state, seen.map_or(means.on, |s| s.first.day()));
    if seen.is_none() {
        retention.lost_from = None;
    }
    Request {
        number: 0,
        state,
        name: name(means, state),
        ground,
        group,
        domestic,
        p,
        only_if: only_if(state, ground, p, &items),
        seen,
        ask_for: group.data().to_vec(),
        deadline: deadline(&retention, seen.is_some(), means.on),
        retention,
        first,
        disclose,
        alternatives: channels,
        because: words(found.values().flat_map(|g| &g.because).collect::<BTreeSet<_>>()),
        items,
    }
}

fn only_if(state: StateCode, ground: Ground, best: f32, items: &[Item]) -> Option<String> {
    if ground == Ground::Operator {
        return Some(format!(
            "only if whoever runs the machine, or holds its address, keeps the data under its control from {state}: its seat or \
             its entry in a registry is there, the machine is placed elsewhere or nowhere"
        ));
    }
    let uncertain: Vec<String> = items
        .iter()
        .filter(|i| !i.others.is_empty() || i.hops.iter().all(|h| h.p < SURE_P))
        .take(6)
        .map(|i| {
            let here = i.hops.iter().map(|h| h.p).fold(0.0, f32::max);
            let because: Vec<String> = i.hops.iter().flat_map(|h| h.because.iter().cloned()).collect();
            let others: Vec<String> = i.others.iter().take(4).map(|o| format!("{} p {}", o.state, p(o.p))).collect();
            let others =
                if others.is_empty() { "the rest is unknown".to_owned() } else { format!("or in {}", others.join(", ")) };
            format!("{} in {state} p {}, {others} ({})", i.addr, p(here), super::ids(&because, 4))
        })
        .collect();
    if uncertain.is_empty() && best >= SURE_P {
        return None;
    }
    Some(format!("only if the machine is there: location is uncertain: {}", uncertain.join("; ")))
}

fn deadline(retention: &Retention, timed: bool, on: Day) -> String {
    match retention.lost_from {
        None if !timed => "unknown: no evidence says when it was seen; ask first".into(),
        None => "unknown: no retention duty known, it may be gone any day; ask first".into(),
        Some(day) if day <= on => format!("lost from {day}: that day is past or has come, ask whether anything is left"),
        Some(day) => {
            let left = day.days_since(on);
            format!("lost from {day}: {} after {on}", crate::report::terminal::plural(u64::from(left.unsigned_abs()), "day"))
        }
    }
}

fn notices(report: &Report, means: &Means<'_>, groups: &BTreeMap<Key, BTreeMap<IpAddr, Gathered>>) -> Vec<Notice> {
    let mut states: BTreeMap<StateCode, Vec<&BTreeMap<IpAddr, Gathered>>> = BTreeMap::new();
    for ((state, ground, group), found) in groups {
        if *ground == Ground::Territory && group.may_be_notified() && *state != means.requesting {
            states.entry(*state).or_default().push(found);
        }
    }
    let mut out = Vec::new();
    for (state, found) in states {
        let mut told: Vec<Item> = found.iter().flat_map(|f| items(report, f)).collect();
        told.retain(|i| i.hops.iter().any(|h| h.p >= NOTICE_P));
        if told.is_empty() {
            continue;
        }
        let of: Vec<&Gathered> =
            found.iter().flat_map(|f| f.iter()).filter(|(a, _)| told.iter().any(|i| i.addr == **a)).map(|(_, g)| g).collect();
        let channels = (means.channels)(state);
        out.push(Notice {
            state,
            name: name(means, state),
            p: told.iter().flat_map(|i| &i.hops).map(|h| h.p).fold(0.0, f32::max),
            seen: seen(report, of.iter().copied()),
            channel: pick(&channels, &[Purpose::Inform, Purpose::Act]).and_then(|i| channels.get(i).cloned()),
            norm: of.iter().find_map(|g| g.norm.clone()),
            because: words(of.iter().flat_map(|g| &g.because).collect::<BTreeSet<_>>()),
            items: told,
        });
    }
    out.sort_by(|a, b| b.p.total_cmp(&a.p).then(a.state.cmp(&b.state)));
    out
}
