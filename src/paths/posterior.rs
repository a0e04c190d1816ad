//! The places of a path's hops, looked at together (METHODS D.4).
//!
//! A table is right about a router three times in four; but two routers 0.3 ms apart are not on two continents. The
//! hops of a path form a chain: each has candidates (what the locator said of it, and "unknown"), each pair of
//! neighbours a factor that falls with every kilometre that the round trips do not allow. Forward-backward gives the
//! candidates' probabilities in the light of the whole path, exactly. No candidate is ever added: a state that no
//! source named for a hop is never claimed for it, and what its candidates lose goes to "unknown" as well.
//!
//! `P(at least one hop in state)` is computed over whole chains (the weight of all chains that avoid the state), not
//! by multiplying the hops' probabilities, which would count one doubt many times.
//!
//! # Branches
//! Hops at one TTL are parallel. The chain runs through the first branch of every group; any other branch is judged
//! as if the chain ran through it at that TTL and through the first branches elsewhere. A state's probability is the
//! largest over these chains: a lower bound where doubtful branches of different TTLs lie in one state.

use std::collections::BTreeSet;

use super::earth::{KM_PER_MS, Point, distance_km, on_globe};
use super::rtt::{self, Timing};
use crate::model::net::StateCode;
use crate::model::place::Candidate;

/// Candidates that take part per hop; "unknown" comes on top. What further ones hold goes to "unknown".
pub const MAX_CANDIDATES: usize = 7;
/// No candidate is surer than this.
pub const MAX_P: f64 = 0.99;

/// A way farther than the round trips allow costs one unit (natural logarithm) per so many kilometres, after ...
const VIOLATION_KM: f64 = 250.0;
/// ... this slack.
const FREE_KM: f64 = 120.0;
/// Any way costs one unit per so many kilometres: neighbours tend to be near.
const DISTANCE_KM: f64 = 9_000.0;
/// A way from or to nowhere in particular costs as much as a permitted one of 2,250 km.
const NOWHERE: f64 = -0.25;

/// Does a hop count for the states that the path touches?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Yes.
    Always,
    /// It was seen on the way back: only if both ways are the same.
    IfSymmetric,
}

/// A hop in the chain.
#[derive(Clone, Debug)]
pub struct Node {
    /// What the locator said.
    pub candidates: Vec<Candidate>,
    /// Its round trip; without it the hop has no say about its neighbours' places.
    pub timing: Option<Timing>,
    /// Time in ms that proves how far from the vantage point it can be.
    pub bound_ms: Option<f64>,
    /// Does it count?
    pub counts: Counts,
}

/// The placed hops of a path, from the prober outward.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// Groups of parallel hops; none is empty.
    pub groups: Vec<Vec<Node>>,
    /// Where the prober is, if that is known well enough to exclude places by.
    pub vantage: Option<(f32, f32)>,
}

/// A [`Chain`] with its messages.
#[derive(Debug)]
pub struct Posterior<'a> {
    chain: &'a Chain,
    links: Vec<Vec<Links>>,
    open: Messages,
}

/// Of a node: weights of its own states and factors towards the first branches of the groups beside it.
#[derive(Debug)]
struct Links {
    own: Vec<f64>,
    /// `[state before][own state]`, empty in the first group.
    before: Vec<Vec<f64>>,
    /// `[own state][state after]`, empty in the last group.
    after: Vec<Vec<f64>>,
}

/// Messages along the first branches, each scaled to a sum of 1 with the logarithm of the scale.
#[derive(Debug)]
struct Messages {
    /// From the left, own weights included.
    forward: Vec<(Vec<f64>, f64)>,
    /// From the right, own weights included.
    backward: Vec<(Vec<f64>, f64)>,
}

impl Chain {
    /// Passes the messages. O(groups x branches x candidates squared).
    #[must_use]
    pub fn solve(&self) -> Posterior<'_> {
        let first = |k: usize| self.groups.get(k).and_then(|g| g.first());
        let links: Vec<Vec<Links>> = self
            .groups
            .iter()
            .enumerate()
            .map(|(k, group)| {
                let (left, right) = (k.checked_sub(1).and_then(first), first(k + 1));
                let link = |node: &Node| Links {
                    own: self.weights(node),
                    before: left.map(|l| factors(l, node)).unwrap_or_default(),
                    after: right.map(|r| factors(node, r)).unwrap_or_default(),
                };
                group.iter().map(link).collect()
            })
            .collect();
        let open = Messages::pass(&links, &|_, _| true);
        Posterior { chain: self, links, open }
    }

    /// Weights of a node's candidates, then of "unknown".
    fn weights(&self, node: &Node) -> Vec<f64> {
        let mut weights: Vec<f64> = node.candidates.iter().take(MAX_CANDIDATES).map(|c| sound(c.p)).collect();
        let sum: f64 = weights.iter().sum();
        if sum > MAX_P {
            weights.iter_mut().for_each(|w| *w *= MAX_P / sum);
        }
        let unknown = (1.0 - sum).max(1.0 - MAX_P);
        for (weight, candidate) in weights.iter_mut().zip(&node.candidates) {
            if self.excludes(candidate, node.bound_ms) {
                *weight = 0.0;
            }
        }
        weights.push(unknown);
        weights
    }

    /// Is the candidate farther from the vantage point than light can have been?
    #[must_use]
    pub fn excludes(&self, candidate: &Candidate, bound_ms: Option<f64>) -> bool {
        match (self.vantage, place(candidate), bound_ms) {
            (Some(vantage), Some(there), Some(ms)) => rtt::out_of_reach(distance_km(vantage, there), ms),
            _ => false,
        }
    }
}

fn sound(p: f32) -> f64 {
    if p.is_finite() { f64::from(p.clamp(0.0, 1.0)) } else { 0.0 }
}

fn place(candidate: &Candidate) -> Option<Point> {
    candidate.coordinates.filter(|p| on_globe(*p))
}

/// `[state of a][state of b]`, `a` being nearer to the prober.
fn factors(a: &Node, b: &Node) -> Vec<Vec<f64>> {
    let states = |n: &Node| n.candidates.iter().take(MAX_CANDIDATES).map(place).chain([None]).collect::<Vec<_>>();
    let (from, to) = (states(a), states(b));
    let Some(extra_ms) = a.timing.zip(b.timing).map(|(a, b)| (b.high - a.low).max(0.0)) else {
        return vec![vec![1.0; to.len()]; from.len()];
    };
    let log = |x: Option<Point>, y: Option<Point>| match (x, y) {
        (Some(x), Some(y)) => {
            let km = distance_km(x, y);
            -(km - KM_PER_MS * extra_ms - FREE_KM).max(0.0) / VIOLATION_KM - km / DISTANCE_KM
        }
        _ => NOWHERE,
    };
    from.iter().map(|x| to.iter().map(|y| log(*x, *y).exp()).collect()).collect()
}

impl Messages {
    /// `allow(group, state)` takes states of first branches out of the sum.
    fn pass(links: &[Vec<Links>], allow: &dyn Fn(usize, usize) -> bool) -> Self {
        let first: Vec<&Links> = links.iter().filter_map(|g| g.first()).collect();
        let own = |k: usize, l: &Links| -> Vec<f64> {
            l.own.iter().enumerate().map(|(s, w)| if allow(k, s) { *w } else { 0.0 }).collect()
        };
        let mut forward: Vec<(Vec<f64>, f64)> = Vec::with_capacity(first.len());
        for (k, l) in first.iter().enumerate() {
            let mut message = own(k, l);
            let mut log = 0.0;
            if let Some((left, scale)) = forward.last() {
                message.iter_mut().enumerate().for_each(|(s, m)| *m *= into(left, &l.before, s));
                log = *scale;
            }
            forward.push(scaled(message, log));
        }
        let mut backward: Vec<(Vec<f64>, f64)> = Vec::with_capacity(first.len());
        for (k, l) in first.iter().enumerate().rev() {
            let mut message = own(k, l);
            let mut log = 0.0;
            if let Some((right, scale)) = backward.last() {
                message.iter_mut().enumerate().for_each(|(s, m)| *m *= onto(&l.after, s, right));
                log = *scale;
            }
            backward.push(scaled(message, log));
        }
        backward.reverse();
        Self { forward, backward }
    }

    fn left(&self, k: usize) -> Option<&(Vec<f64>, f64)> {
        k.checked_sub(1).and_then(|k| self.forward.get(k))
    }

    fn right(&self, k: usize) -> Option<&(Vec<f64>, f64)> {
        self.backward.get(k + 1)
    }

    /// Weight of a state of a node in group `k`, the rest of the path summed over, and the logarithm of its scale.
    fn belief(&self, k: usize, node: &Links) -> (Vec<f64>, f64) {
        let mut weights = node.own.clone();
        let mut log = 0.0;
        if let Some((left, scale)) = self.left(k) {
            weights.iter_mut().enumerate().for_each(|(s, w)| *w *= into(left, &node.before, s));
            log += scale;
        }
        if let Some((right, scale)) = self.right(k) {
            weights.iter_mut().enumerate().for_each(|(s, w)| *w *= onto(&node.after, s, right));
            log += scale;
        }
        (weights, log)
    }
}

fn into(left: &[f64], before: &[Vec<f64>], state: usize) -> f64 {
    left.iter().zip(before).map(|(l, row)| l * row.get(state).copied().unwrap_or(1.0)).sum()
}

fn onto(after: &[Vec<f64>], state: usize, right: &[f64]) -> f64 {
    after.get(state).map_or(1.0, |row| row.iter().zip(right).map(|(f, r)| f * r).sum())
}

/// Scaled to a sum of 1. "Unknown" has weight in every node, so the sum is never 0 unless everything is excluded.
fn scaled(mut message: Vec<f64>, log: f64) -> (Vec<f64>, f64) {
    let sum: f64 = message.iter().sum();
    if sum > 0.0 {
        message.iter_mut().for_each(|m| *m /= sum);
    }
    (message, log + sum.ln())
}

impl Posterior<'_> {
    /// Probabilities of the candidates of branch `branch` in group `group`, in their order, then of "unknown"; they
    /// sum to 1. Empty if there is no such node.
    #[must_use]
    pub fn marginals(&self, group: usize, branch: usize) -> Vec<f64> {
        let Some(node) = self.links.get(group).and_then(|g| g.get(branch)) else { return Vec::new() };
        let (mut weights, _) = self.open.belief(group, node);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        weights
    }

    /// Probability that `branch` of `group` is in state `here` and branch `next` of the group after it is in `there`.
    #[must_use]
    pub fn joint(&self, group: usize, (branch, here): (usize, StateCode), (next, there): (usize, StateCode)) -> f64 {
        let node = |k: usize, b: usize| Some((self.chain.groups.get(k)?.get(b)?, self.links.get(k)?.get(b)?));
        let (Some((a, from)), Some((b, to))) = (node(group, branch), node(group + 1, next)) else { return 0.0 };
        let mut left = from.own.clone();
        if let Some((message, _)) = self.open.left(group) {
            left.iter_mut().enumerate().for_each(|(s, w)| *w *= into(message, &from.before, s));
        }
        let mut right = to.own.clone();
        if let Some((message, _)) = self.open.right(group + 1) {
            right.iter_mut().enumerate().for_each(|(s, w)| *w *= onto(&to.after, s, message));
        }
        let is = |n: &Node, s: usize, state: StateCode| {
            n.candidates.iter().take(MAX_CANDIDATES).nth(s).is_some_and(|c| c.state == state)
        };
        let (mut both, mut all) = (0.0, 0.0);
        for (s, (l, row)) in left.iter().zip(factors(a, b)).enumerate() {
            for (t, (r, f)) in right.iter().zip(row).enumerate() {
                let weight = l * f * r;
                all += weight;
                if is(a, s, here) && is(b, t, there) {
                    both += weight;
                }
            }
        }
        if all > 0.0 { both / all } else { 0.0 }
    }

    /// Probability per state that at least one hop of the path is there, by code. `symmetric`: the probability that
    /// the way back is the way there, for hops that count only then.
    #[must_use]
    pub fn states(&self, symmetric: f64) -> Vec<(StateCode, f64)> {
        let nodes = || self.chain.groups.iter().flatten();
        let all: BTreeSet<StateCode> = nodes().flat_map(|n| n.candidates.iter().take(MAX_CANDIDATES).map(|c| c.state)).collect();
        let partly = nodes().any(|n| n.counts == Counts::IfSymmetric);
        let touched = |state| {
            let with = self.touched(state, true);
            if partly { symmetric * with + (1.0 - symmetric) * self.touched(state, false) } else { with }
        };
        all.into_iter().map(|state| (state, touched(state))).collect()
    }

    /// 1 - P(no hop in `state`), the largest over the chains.
    fn touched(&self, state: StateCode, symmetric: bool) -> f64 {
        let blocks = |n: &Node, s: usize| {
            (symmetric || n.counts == Counts::Always)
                && n.candidates.iter().take(MAX_CANDIDATES).nth(s).is_some_and(|c| c.state == state)
        };
        let first = |k: usize| self.chain.groups.get(k).and_then(|g| g.first());
        let avoiding = Messages::pass(&self.links, &|k, s| first(k).is_none_or(|n| !blocks(n, s)));
        let mut most: f64 = 0.0;
        for (k, (group, links)) in self.chain.groups.iter().zip(&self.links).enumerate() {
            for (node, link) in group.iter().zip(links) {
                let (weights, log) = avoiding.belief(k, link);
                let avoid: f64 = weights.iter().enumerate().filter(|(s, _)| !blocks(node, *s)).map(|(_, w)| w).sum();
                let (weights, all_log) = self.open.belief(k, link);
                let all: f64 = weights.iter().sum();
                let p_avoid = (avoid.ln() + log - all.ln() - all_log).exp();
                if p_avoid.is_finite() {
                    most = most.max(1.0 - p_avoid);
                }
            }
        }
        most.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests;
