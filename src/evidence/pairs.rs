//! Address pairs: what flows of one opener towards one target add up to.
//!
//! A bounded open-addressing table like [`flow_table`](super::flow_table)'s, for the same reason: most flows that end
//! belong to a pair that is not in the processor's cache, and with slots and sums apart both can be fetched ahead. The
//! first and the largest flow of a pair lie elsewhere: a flow that ends changes the sum, and seldom more.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use super::flow::FlowState;
use super::keyed::Keyed;
use super::tally::least;
use crate::model::cache::prefetch;
use crate::model::evidence::{Direction, Handshake, SourceTrust};
use crate::model::net::PackedAddr;
use crate::model::time::{Span, Timestamp};

/// Opener and target.
pub type Ends = (PackedAddr, PackedAddr);

/// What flows of one opener towards one target add up to. What decides who stays when the table is full comes first.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Sum {
    /// Opener and target.
    pub ends: Ends,
    packets: [u64; 2],
    /// Flows; 0 only where the place is free.
    pub flows: u32,
    /// TCP with a completed handshake.
    pub completed: u32,
    /// Shaped like log-in attempts.
    pub short: u32,
    /// TCP SYN without any answer.
    pub half_open: u32,

    /// First and last packet.
    pub seen: Span,
    bytes: [u64; 2],
    /// TCP refused.
    pub refused: u32,
    rtt: [u32; 2],
    /// Packets of the largest flow.
    most: u32,
    ttl_min: [u8; 2],
    ttl_max: [u8; 2],
    /// Best trust in the opener.
    pub trust: SourceTrust,
    /// Is the largest flow another one than the first?
    has_largest: bool,
}

const _: () = assert!(size_of::<Sum>() == 128 && std::mem::offset_of!(Sum, seen) == 64);

/// What a flow is to its pair.
enum Became {
    First,
    Largest,
    Neither,
}

impl Sum {
    /// A free place.
    const FREE: Self = Self {
        ends: (PackedAddr { hi: 0, lo: 0 }, PackedAddr { hi: 0, lo: 0 }),
        packets: [0; 2],
        flows: 0,
        completed: 0,
        short: 0,
        half_open: 0,
        seen: Span { first: Timestamp(0), last: Timestamp(0) },
        bytes: [0; 2],
        refused: 0,
        rtt: [0; 2],
        most: 0,
        ttl_min: [0; 2],
        ttl_max: [0; 2],
        trust: SourceTrust::Impossible,
        has_largest: false,
    };

    /// Begins anew where it stands: a sum that is made elsewhere and copied waits for its own stores.
    #[inline]
    fn begin(&mut self, (opener, target): Ends, flow: &FlowState) {
        *self = Self::FREE;
        self.ends.0 = opener;
        self.ends.1 = target;
        self.seen = flow.span();
    }

    /// Adds a flow that ended.
    fn add(&mut self, flow: &FlowState) -> Became {
        let (forward, backward) = flow.directions();
        self.seen = self.seen.join(flow.span());
        self.flows = self.flows.saturating_add(1);
        match flow.handshake {
            Handshake::Completed => self.completed = self.completed.saturating_add(1),
            Handshake::HalfOpen => self.half_open = self.half_open.saturating_add(1),
            Handshake::Refused => self.refused = self.refused.saturating_add(1),
            _ => {}
        }
        self.short = self.short.saturating_add(u32::from(flow.is_short()));
        for (i, direction) in [forward, backward].into_iter().enumerate() {
            self.packets[i] += direction.packets;
            self.bytes[i] += direction.bytes;
            self.ttl_min[i] = least_ttl(self.ttl_min[i], direction.ttl_min);
            self.ttl_max[i] = self.ttl_max[i].max(direction.ttl_max);
        }
        self.trust = self.trust.min(flow.trust());
        for (sum, rtt) in self.rtt.iter_mut().zip([flow.rtt_client(), flow.rtt_server()]) {
            let both = least((*sum != 0).then_some(i64::from(*sum)), rtt);
            *sum = both.and_then(|ns| u32::try_from(ns).ok()).unwrap_or(0);
        }
        let packets = flow.packets().min(u64::from(u32::MAX)) as u32;
        let most = packets > self.most;
        self.most = self.most.max(packets);
        match (self.flows, most) {
            (1, _) => Became::First,
            (_, true) => {
                self.has_largest = true;
                Became::Largest
            }
            (_, false) => Became::Neither,
        }
    }

    fn direction(&self, i: usize) -> Direction {
        Direction { packets: self.packets[i], bytes: self.bytes[i], ttl_min: self.ttl_min[i], ttl_max: self.ttl_max[i] }
    }

    /// Opener to target.
    #[must_use]
    pub fn forward(&self) -> Direction {
        self.direction(0)
    }

    /// Target to opener.
    #[must_use]
    pub fn backward(&self) -> Direction {
        self.direction(1)
    }

    /// Packets in both directions.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets[0] + self.packets[1]
    }

    /// Smallest client-side RTT, ns.
    #[must_use]
    pub fn rtt_client(&self) -> Option<i64> {
        (self.rtt[0] != 0).then_some(i64::from(self.rtt[0]))
    }

    /// Smallest server-side RTT, ns.
    #[must_use]
    pub fn rtt_server(&self) -> Option<i64> {
        (self.rtt[1] != 0).then_some(i64::from(self.rtt[1]))
    }
}

/// A pair: the sum and the flows that stand for it.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// What the flows add up to.
    pub sum: &'a Sum,
    first: &'a FlowState,
    largest: Option<&'a FlowState>,
}

impl<'a> Pair<'a> {
    /// The flow with the most packets.
    #[must_use]
    pub fn main(&self) -> &'a FlowState {
        self.largest.unwrap_or(self.first)
    }

    /// The first flow, and the one with the most packets if it is another.
    pub fn examples(&self) -> impl Iterator<Item = &'a FlowState> + Clone + use<'a> {
        std::iter::once(self.first).chain(self.largest)
    }
}

/// 0 is "no packet".
fn least_ttl(a: u8, b: u8) -> u8 {
    match (a, b) {
        (0, x) | (x, 0) => x,
        _ => a.min(b),
    }
}

/// A bounded table of pairs. When it is full the weaker half goes (Misra and Gries).
#[derive(Clone, Debug)]
pub struct Pairs {
    /// 16 bits of hash, 16 bits of index + 1.
    slots: Vec<u32>,
    mask: usize,
    sums: Vec<Sum>,
    /// First flow of each sum.
    first: Vec<FlowState>,
    /// Largest flow of each sum, where it is not the first one.
    largest: Vec<FlowState>,
    free: Vec<u16>,
    cap: usize,
    hasher: Keyed,
}

impl Pairs {
    /// At most `cap` pairs, 64 to 32,768.
    #[must_use]
    pub fn new(cap: usize, seed: u64) -> Self {
        let cap = cap.clamp(64, 1 << 15);
        let size = (cap * 2).next_power_of_two();
        Self {
            slots: vec![0; size],
            mask: size - 1,
            sums: Vec::new(),
            first: Vec::new(),
            largest: Vec::new(),
            free: Vec::new(),
            cap,
            hasher: Keyed::new(seed),
        }
    }

    /// Pairs in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sums.len() - self.free.len()
    }

    /// No pair in the table?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table's hash of two ends.
    #[inline]
    #[must_use]
    pub fn hash(&self, ends: &Ends) -> u32 {
        (self.hasher.hash_one(ends) >> 32) as u32
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask
    }

    /// Asks the processor to fetch the slot of `hash`.
    #[inline]
    pub fn prefetch_slot(&self, hash: u32) {
        if let Some(slot) = self.slots.get(self.home(hash)) {
            prefetch(std::ptr::from_ref(slot));
        }
    }

    /// Asks the processor to fetch the sum that `hash` most likely leads to, or the place where a new one will stand if
    /// `new` others come before it. `true` if it will be a new one.
    #[inline]
    pub fn prefetch_sum(&self, hash: u32, new: usize) -> bool {
        let slot = self.slots.get(self.home(hash)).copied().unwrap_or(0);
        let index = match slot {
            0 => self.free.len().checked_sub(new + 1).and_then(|at| self.free.get(at)).map(|&i| usize::from(i)),
            slot => Some((slot & 0xffff) as usize - 1),
        };
        if let Some(sum) = index.and_then(|index| self.sums.get(index)) {
            prefetch(std::ptr::from_ref(sum));
            prefetch(std::ptr::from_ref(&sum.seen));
        }
        // A new pair's first flow is written, too.
        if let Some(flow) = index.filter(|_| slot == 0).and_then(|index| self.first.get(index)) {
            prefetch(std::ptr::from_ref(flow));
            prefetch(std::ptr::from_ref(&flow.first));
        }
        slot == 0
    }

    fn find(&self, ends: &Ends, hash: u32) -> Option<usize> {
        let mut at = self.home(hash);
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot >> 16 == hash >> 16 {
                let index = (slot & 0xffff) as usize - 1;
                if self.sums.get(index)?.ends == *ends {
                    return Some(index);
                }
            }
            at = (at + 1) & self.mask;
        }
    }

    fn pair(&self, index: usize) -> Option<Pair<'_>> {
        let sum = self.sums.get(index)?;
        let largest = if sum.has_largest { self.largest.get(index) } else { None };
        Some(Pair { sum, first: self.first.get(index)?, largest })
    }

    /// Is there a pair of these ends?
    #[must_use]
    pub fn has(&self, ends: &Ends, hash: u32) -> bool {
        self.find(ends, hash).is_some()
    }

    /// The pair of these ends.
    #[must_use]
    pub fn get(&self, ends: &Ends) -> Option<Pair<'_>> {
        self.pair(self.find(ends, self.hash(ends))?)
    }

    /// All pairs, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = Pair<'_>> {
        let taken = |(index, sum): (usize, &Sum)| (sum.flows > 0).then_some(index);
        self.sums.iter().enumerate().filter_map(taken).filter_map(|index| self.pair(index))
    }

    /// Adds a flow to its pair. `true` if others had to go for it.
    pub fn add(&mut self, ends: Ends, hash: u32, flow: &FlowState) -> bool {
        let (index, weeded) = match self.find(&ends, hash) {
            Some(index) => (index, false),
            None => {
                let opened = self.open(hash);
                if let Some(sum) = self.sums.get_mut(opened.0) {
                    sum.begin(ends, flow);
                }
                opened
            }
        };
        let became = self.sums.get_mut(index).map_or(Became::Neither, |sum| sum.add(flow));
        let place = match became {
            Became::First => self.first.get_mut(index),
            Became::Largest => self.largest.get_mut(index),
            Became::Neither => None,
        };
        if let Some(place) = place {
            *place = *flow;
        }
        weeded
    }

    /// A place for a new sum, to be begun, and whether others had to go for it.
    fn open(&mut self, hash: u32) -> (usize, bool) {
        let full = self.len() >= self.cap;
        if full {
            self.weed();
        }
        let index = if let Some(index) = self.free.pop() {
            usize::from(index)
        } else {
            if self.sums.is_empty() {
                // All at once: pages that are never written cost nothing, and growing would copy.
                self.sums.reserve_exact(self.cap);
                self.first.reserve_exact(self.cap);
                self.largest.reserve_exact(self.cap);
            }
            self.first.push(FlowState::NONE);
            self.largest.push(FlowState::NONE);
            self.sums.push(Sum::FREE);
            self.sums.len() - 1
        };
        self.link(hash, index);
        (index, full)
    }

    fn link(&mut self, hash: u32, index: usize) {
        let mut at = self.home(hash);
        while self.slots[at] != 0 {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = hash & 0xffff_0000 | (index as u32 + 1);
    }

    /// Keeps the heavier half; ties by address, so that it comes out the same in every run. Addresses are looked at only where
    /// the weight is that of the lightest one that stays: most of the work is done on 16 bytes a pair.
    fn weed(&mut self) {
        let weigh = |sum: &Sum| u64::from(sum.completed > 0) << 63 | sum.packets().min(u64::MAX >> 1);
        let taken = self.sums.iter().zip(0..).filter(|(sum, _)| sum.flows > 0);
        let mut order: Vec<(u64, u16)> = taken.map(|(sum, index)| (weigh(sum), index)).collect();
        let mut drop = order.len().saturating_sub(self.cap / 2);
        if drop == 0 {
            return;
        }
        let (_, &mut (least, _), _) = order.select_nth_unstable(drop);
        let (mut stay, mut tied) = (Vec::with_capacity(self.cap / 2), Vec::new());
        let mut gone = Vec::with_capacity(drop);
        for (weight, index) in order {
            match weight.cmp(&least) {
                Ordering::Less => gone.push(index),
                Ordering::Equal => tied.push(index),
                Ordering::Greater => stay.push(index),
            }
        }
        drop -= gone.len();
        if drop < tied.len() {
            tied.select_nth_unstable_by_key(drop, |&index| (self.sums.get(usize::from(index)).map(|sum| sum.ends), index));
        }
        gone.extend(tied.drain(..drop.min(tied.len())));
        for index in gone {
            if let Some(sum) = self.sums.get_mut(usize::from(index)) {
                sum.flows = 0;
            }
            self.free.push(index);
        }
        self.slots.fill(0);
        for index in stay.into_iter().chain(tied) {
            if let Some(ends) = self.sums.get(usize::from(index)).map(|sum| sum.ends) {
                self.link(self.hash(&ends), usize::from(index));
            }
        }
    }
}

#[cfg(test)]
mod tests;
