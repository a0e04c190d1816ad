//! One route and the reason why it is shown become one attack path: origin shown or withheld, hops placed one by
//! one, then together, states and borders with their probabilities.
//!
//! What counts for the states of a path:
//!
//! | hop | placed | counts |
//! |---|---|---|
//! | seen by packets, or inferred from packets of the same way | yes | yes |
//! | seen only on the way back (the sensor's trace towards the origin) | yes | as far as the two ways are the same |
//! | named only in somebody's header | yes, for information | no |
//! | target of a trace that did not answer | yes, for information | no |
//! | origin that is not proved | never | no |
//! | silent, special-purpose, anycast, unknown to all tables | no | no |

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::earth::on_globe;
use super::posterior::{Chain, Counts, MAX_CANDIDATES, MAX_P, Node, Posterior};
use super::question::Question;
use super::rtt::{self, SLACK_KM, Timing};
use super::veil::{self, Origin};
use super::words::counted;
use crate::model::hop::{Hop, HopRole, Knowledge};
use crate::model::net::StateCode;
use crate::model::path::{AttackPath, Border, Finding, LocatedHop};
use crate::model::path_law::PathLaw;
use crate::model::place::{Candidate, Locus, Placement, WhyUnplaced};
use crate::model::record::UNNAMED;
use crate::model::route::{Route, RouteSource};

/// A place that is known, and the round trip from there to the hop that is to be placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Degrees north.
    pub lat: f32,
    /// Degrees east.
    pub lon: f32,
    /// Nanoseconds, with the slack for places that are cities already added.
    pub rtt_ns: i64,
}

/// The locator that the caller hands in: a hop with an address (its role and names matter) and what bounds it.
/// `None` is "no table has it". It may be asked twice for one hop, the second time with bounds.
pub type Place<'a> = dyn FnMut(&Hop, &[Bound]) -> Option<Placement> + 'a;

/// Probability that the way back runs through the networks of the way there: 58 to 62 % of simulated pairs have
/// the same AS path both ways (METHODS, decision 4). Applies to hops seen only on the way back.
pub const SYMMETRIC: f64 = 0.6;
/// A prober is a vantage point for exclusion from this probability on.
const VANTAGE_P: f32 = 0.9;
/// States and candidates below this are not listed: they would be printed as 0.00.
const LEAST_P: f64 = 0.005;
/// A second state from this probability on makes a hop undetermined.
const ALTERNATIVE_P: f32 = 0.2;
/// A detour is remarked from this probability on, for the ends and for the state between (METHODS E.6).
const DETOUR_P: f32 = 0.8;

/// Builds the path of `route`. `place` is asked for every hop whose address may be placed; `question` says which
/// unproved origins the analyst named and so may see. `touches` stay empty: that is for the jurisdiction stage.
#[must_use]
pub fn build(mut route: Route, finding: Finding, question: &Question, place: &mut Place<'_>) -> AttackPath {
    let origin = Origin::of(&route, question);
    if let Origin::Withheld(why) = &origin {
        veil::draw(&mut route, why);
    }
    let reversed = is_reversed(&route);
    let groups = groups(&route, reversed);
    let timings = rtt::timings(&route.hops, &groups);
    let bounds = rtt::bounds(&route.hops, &route.segments, reversed);

    let mut placements: Vec<Option<Placement>> = route.hops.iter().map(|hop| placed(hop, &origin, &[], place)).collect();
    let prober = prober(&route, reversed);
    let (vantage, refused) = vantage(prober, &placements, &bounds, &groups);
    if let Some((lat, lon)) = vantage {
        for ((hop, slot), bound) in route.hops.iter().zip(&mut placements).zip(&bounds) {
            let has_place = slot.as_ref().is_some_and(|p| !p.locus.candidates.is_empty());
            if let Some(ms) = bound.filter(|_| has_place) {
                let rtt_ns = ((ms + SLACK_KM / super::earth::KM_PER_MS) * 1e6) as i64;
                *slot = placed(hop, &origin, &[Bound { lat, lon, rtt_ns }], place);
            }
        }
    }

    let members = members(&route, &groups, &placements);
    let chain = chain(&route, &members, &placements, &timings, &bounds, vantage.zip(prober), reversed);
    let posterior = chain.solve();
    let linked = chain.groups.iter().flatten().any(|n| n.timing.is_some());
    let mut hops: Vec<LocatedHop> = std::mem::take(&mut route.hops)
        .into_iter()
        .zip(placements)
        .map(|(hop, placement)| LocatedHop { hop, placement, touches: Vec::new() })
        .collect();
    if linked {
        reweigh(&mut hops, &members, &posterior);
    }
    hops.iter_mut().for_each(remark_alternatives);
    let borders = borders(&hops, &route, &members, &posterior, reversed);
    let states = states(&posterior);
    let mut path = AttackPath {
        origin: origin.addr(),
        trust: route.trust,
        origin_withheld: match origin {
            Origin::Withheld(why) => Some(why),
            Origin::Shown(_) | Origin::Named(_) => None,
        },
        target: (route.target != UNNAMED).then_some(route.target),
        seen: route.seen,
        finding,
        hops,
        segments: route.segments,
        borders,
        states,
        remarks: route.remarks,
        law: PathLaw::default(),
    };
    remark(&mut path, refused, reversed);
    path
}

/// Asks the locator, and makes sure of what it says.
fn placed(hop: &Hop, origin: &Origin, bounds: &[Bound], place: &mut Place<'_>) -> Option<Placement> {
    let addr = hop.addr?;
    if matches!(origin, Origin::Named(named) if *named == addr || hop.role == HopRole::Origin) {
        return Some(Placement::unplaced(addr, WhyUnplaced::Unproved));
    }
    let mut placement = place(hop, bounds).unwrap_or_else(|| Placement::unplaced(addr, WhyUnplaced::NoData));
    let candidates = &mut placement.locus.candidates;
    candidates.retain(|c| c.p.is_finite() && c.p > 0.0);
    let sum: f32 = candidates.iter().map(|c| c.p).sum();
    if sum > MAX_P as f32 {
        candidates.iter_mut().for_each(|c| c.p *= MAX_P as f32 / sum);
    }
    for candidate in candidates.iter_mut() {
        candidate.coordinates = candidate.coordinates.filter(|p| on_globe(*p));
    }
    sort(&mut placement.locus);
    Some(placement)
}

fn sort(locus: &mut Locus) {
    locus.candidates.sort_by(|a, b| b.p.total_cmp(&a.p).then_with(|| (a.state, &a.city).cmp(&(b.state, &b.city))));
}

/// Does the route hold hops of a trace that ran the other way? Such hops are inferred, and their round trips count
/// from the target's end.
fn is_reversed(route: &Route) -> bool {
    route.source == RouteSource::Flow && route.hops.iter().any(|h| way_back(h) && !h.rtts.is_empty())
}

fn way_back(hop: &Hop) -> bool {
    hop.role == HopRole::Transit && hop.kind == Knowledge::Inferred
}

/// Indices of hops by TTL from the prober outward: branches of one rank or TTL together.
fn groups(route: &Route, reversed: bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut before: Option<&Hop> = None;
    for (i, hop) in route.hops.iter().enumerate() {
        let beside = |b: &Hop| b.rank == hop.rank || b.ttl.is_some() && b.ttl == hop.ttl;
        match groups.last_mut() {
            Some(group) if before.is_some_and(beside) => group.push(i),
            _ => groups.push(vec![i]),
        }
        before = Some(hop);
    }
    if reversed {
        groups.reverse();
    }
    groups
}

/// Index of the hop that the round trips count from.
fn prober(route: &Route, reversed: bool) -> Option<usize> {
    let role = if reversed { HopRole::Target } else { HopRole::Origin };
    route.hops.iter().position(|h| h.role == role)
}

/// The prober's place, if it is known well and the round trips fit it. The flag says that they do not: then the
/// sensor stood elsewhere on the way and its clock measured from there, or the place is wrong.
fn vantage(
    prober: Option<usize>,
    placements: &[Option<Placement>],
    bounds: &[Option<f64>],
    groups: &[Vec<usize>],
) -> (Option<(f32, f32)>, bool) {
    let best = prober.and_then(|i| placements.get(i)?.as_ref()?.locus.best());
    let Some(at) = best.filter(|c| c.p >= VANTAGE_P).and_then(|c| c.coordinates) else { return (None, false) };
    let probe = Chain { groups: Vec::new(), vantage: Some(at) };
    let (mut tested, mut unfit) = (0_usize, 0_usize);
    for &i in groups.iter().flatten() {
        let (Some(Some(placement)), Some(Some(ms))) = (placements.get(i), bounds.get(i)) else { continue };
        let candidates = &placement.locus.candidates;
        let testable: f32 = candidates.iter().filter(|c| c.coordinates.is_some()).map(|c| c.p).sum();
        let excluded: f32 = candidates.iter().filter(|c| probe.excludes(c, Some(*ms))).map(|c| c.p).sum();
        if testable > 0.0 {
            tested += 1;
            unfit += usize::from(excluded * 2.0 >= testable);
        }
    }
    if unfit * 3 > tested { (None, true) } else { (Some(at), false) }
}

/// Do packets show the hop, or did it follow from packets? Somebody's header is not enough, unless a trusted proxy
/// vouches for the client: then it is the route's origin.
fn is_seen(hop: &Hop, origin: Option<IpAddr>) -> bool {
    match hop.kind {
        Knowledge::Observed | Knowledge::Inferred => true,
        Knowledge::Asserted => hop.role == HopRole::Origin && hop.addr.is_some() && hop.addr == origin,
        Knowledge::Gap => false,
    }
}

/// The hops that take part in the chain: placed, and on the path. Indices by group, empty groups left out.
fn members(route: &Route, groups: &[Vec<usize>], placements: &[Option<Placement>]) -> Vec<Vec<usize>> {
    let unreached = |h: &Hop| route.source == RouteSource::Traceroute && !route.complete && h.role == HopRole::Target;
    let takes_part = |i: &usize| {
        let has_place = placements.get(*i).and_then(Option::as_ref).is_some_and(|p| !p.locus.candidates.is_empty());
        has_place && route.hops.get(*i).is_some_and(|h| is_seen(h, route.origin) && !unreached(h))
    };
    groups.iter().map(|g| g.iter().copied().filter(takes_part).collect::<Vec<_>>()).filter(|g| !g.is_empty()).collect()
}

fn chain(
    route: &Route,
    members: &[Vec<usize>],
    placements: &[Option<Placement>],
    timings: &[Option<Timing>],
    bounds: &[Option<f64>],
    vantage: Option<((f32, f32), usize)>,
    reversed: bool,
) -> Chain {
    let node = |&i: &usize| {
        let candidates = placements.get(i).and_then(Option::as_ref).map(|p| p.locus.candidates.to_vec()).unwrap_or_default();
        // The prober is where its round trips start.
        let here = vantage.filter(|(_, prober)| *prober == i).map(|_| Timing { low: 0.0, high: 0.0 });
        let back = reversed && route.hops.get(i).is_some_and(way_back);
        Node {
            candidates,
            timing: here.or(timings.get(i).copied().flatten()),
            bound_ms: bounds.get(i).copied().flatten(),
            counts: if back { Counts::IfSymmetric } else { Counts::Always },
        }
    };
    Chain { groups: members.iter().map(|g| g.iter().map(node).collect()).collect(), vantage: vantage.map(|(at, _)| at) }
}

/// Replaces the candidates' probabilities by those that the whole path supports.
fn reweigh(hops: &mut [LocatedHop], members: &[Vec<usize>], posterior: &Posterior<'_>) {
    for (k, group) in members.iter().enumerate() {
        for (b, &i) in group.iter().enumerate() {
            let Some(placement) = hops.get_mut(i).and_then(|h| h.placement.as_mut()) else { continue };
            let old = std::mem::take(&mut placement.locus.candidates);
            let best = old.first().map(|c| c.state);
            let kept = old.into_iter().take(MAX_CANDIDATES).zip(posterior.marginals(k, b)).filter(|(_, p)| *p >= LEAST_P);
            placement.locus.candidates = kept.map(|(c, p)| Candidate { p: p.min(MAX_P) as f32, ..c }).collect();
            sort(&mut placement.locus);
            let now = placement.locus.best().map(|c| c.state);
            if now.is_none() {
                placement.why_unplaced = Some(WhyUnplaced::Excluded);
            }
            if let (Some(best), Some(hop)) = (best.filter(|b| Some(*b) != now), hops.get_mut(i)) {
                let now = now.map_or_else(|| "unknown".to_owned(), |s| s.to_string());
                hop.hop.remarks.push(format!("looked at alone: {best}; with its neighbours and their round trips: {now}"));
            }
        }
    }
}

/// Probabilities by state, most probable first, then by code.
fn by_state(locus: &Locus) -> Vec<(StateCode, f32)> {
    let mut states: Vec<(StateCode, f32)> = Vec::new();
    for candidate in &locus.candidates {
        match states.iter_mut().find(|(state, _)| *state == candidate.state) {
            Some((_, p)) => *p += candidate.p,
            None => states.push((candidate.state, candidate.p)),
        }
    }
    states.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    states
}

fn remark_alternatives(hop: &mut LocatedHop) {
    let Some(placement) = &hop.placement else { return };
    let states = by_state(&placement.locus);
    if states.iter().skip(1).any(|(_, p)| *p >= ALTERNATIVE_P) {
        let likely = states.iter().filter(|(_, p)| *p >= ALTERNATIVE_P);
        let words: Vec<String> = likely.map(|(state, p)| format!("{state} {p:.2}")).collect();
        hop.hop.remarks.push(format!("undetermined: {}", words.join(" or ")));
    }
}

fn best_state(hop: &LocatedHop) -> Option<(StateCode, f32)> {
    by_state(&hop.placement.as_ref()?.locus).first().copied()
}

/// Borders between neighbouring placed hops whose most probable states differ: of every pair that a segment links,
/// or of the first branches where no segment does (silent hops lie between).
fn borders(hops: &[LocatedHop], route: &Route, members: &[Vec<usize>], posterior: &Posterior<'_>, reversed: bool) -> Vec<Border> {
    let ends = |i: usize, j: usize| (i.min(j), i.max(j));
    let links: BTreeSet<(usize, usize)> = route.segments.iter().map(|s| ends(s.from, s.to)).collect();
    let mut out = Vec::new();
    for (k, pair) in members.windows(2).enumerate() {
        let [near, far] = pair else { continue };
        let all = || near.iter().enumerate().flat_map(|(a, &i)| far.iter().enumerate().map(move |(b, &j)| ((a, i), (b, j))));
        let mut pairs: Vec<_> = all().filter(|((_, i), (_, j))| links.contains(&ends(*i, *j))).collect();
        if pairs.is_empty() {
            pairs = all().take(1).collect();
        }
        for ((a, i), (b, j)) in pairs {
            let state = |i: usize| hops.get(i).and_then(best_state).map(|(state, _)| state);
            let (Some(here), Some(there)) = (state(i), state(j)) else { continue };
            if here == there {
                continue;
            }
            let back = reversed && [i, j].iter().any(|i| hops.get(*i).is_some_and(|h| way_back(&h.hop)));
            let p = posterior.joint(k, (a, here), (b, there)) * if back { SYMMETRIC } else { 1.0 };
            let p = p.min(MAX_P) as f32;
            out.push(if i < j {
                Border { from: i, to: j, leaves: here, enters: there, p }
            } else {
                Border { from: j, to: i, leaves: there, enters: here, p }
            });
        }
    }
    out.sort_by_key(|b| (b.from, b.to));
    out
}

fn states(posterior: &Posterior<'_>) -> Vec<(StateCode, f32)> {
    let listed = posterior.states(SYMMETRIC).into_iter().filter(|(_, p)| *p >= LEAST_P);
    let mut states: Vec<(StateCode, f32)> = listed.map(|(state, p)| (state, p.min(MAX_P) as f32)).collect();
    states.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    states
}

/// Remarks on the path as a whole.
fn remark(path: &mut AttackPath, refused: bool, reversed: bool) {
    let mut remarks = Vec::new();
    if path.origin.is_none() {
        remarks.push("the path begins at the edge of what the sensor saw: what lies before it is unknown".to_owned());
    }
    if path.origin.is_some() && !path.trust.may_be_origin() {
        remarks.push("the origin is shown because it was asked for; its address is not proved, so it is not placed".to_owned());
    }
    let is_claim = |h: &Hop| h.kind == Knowledge::Asserted && h.addr.is_some() && !is_seen(h, path.origin);
    let claims = path.hops.iter().filter(|h| is_claim(&h.hop)).count();
    if claims > 0 {
        remarks.push(format!(
            "{} known only from a header: placed for information, no weight for states and borders",
            counted(claims as u64, "hop is", "hops are"),
        ));
    }
    if reversed {
        remarks.push(format!(
            "hops seen on the way back count for {SYMMETRIC:.1}: that is how often both ways run through the same networks"
        ));
    }
    if refused {
        remarks.push(
            "round trips do not fit the prober's place, so they exclude nothing: the sensor may stand elsewhere on the way"
                .to_owned(),
        );
    }
    remarks.extend(detour(path));
    path.remarks.extend(remarks);
}

/// Both ends in one state, a third one between them. Needs a posterior on all three: a hop error of 5 % at 20 hops
/// makes a false detour of two paths in three.
fn detour(path: &AttackPath) -> Option<String> {
    let end = |role: HopRole| path.hops.iter().find(|h| h.hop.role == role && is_seen(&h.hop, path.origin)).and_then(best_state);
    let ((from, p_from), (to, p_to)) = (end(HopRole::Origin)?, end(HopRole::Target)?);
    if from != to || p_from < DETOUR_P || p_to < DETOUR_P {
        return None;
    }
    let away: Vec<String> = path
        .states
        .iter()
        .filter(|(state, p)| *state != from && *p >= DETOUR_P)
        .map(|(state, p)| format!("{state} (p {p:.2})"))
        .collect();
    if away.is_empty() {
        return None;
    }
    Some(format!(
        "detour: both ends are in {from}, the path touches {}; one hop placed wrongly would look the same",
        away.join(", ")
    ))
}

#[cfg(test)]
mod tests;
