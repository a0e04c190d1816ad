//! The bounded table of flows of one shard.
//!
//! Open addressing over 8-byte slots (32 bits of hash, 32 bits of index), linear probing, backward-shift deletion:
//! a look-up costs one miss for the slot and one for the flow, and both can be prefetched for a whole batch.
//! Every flow stands in exactly one expiry queue: a first-in-first-out of the newly opened, whose patience is
//! shortest, or a timing wheel. Queues are lazy: a flow that got another packet is put back when its turn comes.

use std::collections::VecDeque;

use super::batch::Meta;
use super::flow::FlowState;
use super::slab::Slab;
use crate::model::cache::prefetch;
use crate::model::time::Timestamp;

/// Slots that are looked at when a flow is fetched ahead.
const PROBES_AHEAD: usize = 6;
/// Flows that are fetched ahead of the one whose time is up.
const LOOK_AHEAD: usize = 8;
/// Wheel slots of 2 s: 1,024 s, more than the longest patience (300 s).
const WHEEL: usize = 512;
const TICK_NS: i64 = 2_000_000_000;
/// A newly opened flow is looked at again after this time.
const OPENING_NS: i64 = 10_000_000_000;

/// Where a flow is in the table: valid until the next expiry or eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index(u32);

/// Where a flow that was fetched ahead most likely is.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    index: u32,
    removals: u32,
}

impl Guess {
    /// No idea.
    pub const NONE: Self = Self { index: u32::MAX, removals: 0 };
}

/// Flows of one shard.
#[derive(Debug)]
pub struct FlowTable {
    slots: Vec<u64>,
    mask: usize,
    flows: Slab,
    hashes: Vec<u32>,
    free: Vec<u32>,
    opening: VecDeque<u32>,
    wheel: Vec<Vec<u32>>,
    tick: i64,
    cap: usize,
    /// Flows removed so far, wrapping: what was guessed before a removal is void.
    removals: u32,
    /// Flows cut off to make room.
    pub evicted: u64,
}

fn pack(hash: u32, index: u32) -> u64 {
    u64::from(hash) << 32 | (u64::from(index) + 1)
}

impl FlowTable {
    /// A table that holds at most `cap` flows (at least 64).
    #[must_use]
    pub fn new(cap: usize) -> Self {
        Self {
            slots: vec![0; 1 << 10],
            mask: (1 << 10) - 1,
            flows: Slab::default(),
            hashes: Vec::new(),
            free: Vec::new(),
            opening: VecDeque::new(),
            wheel: vec![Vec::new(); WHEEL],
            tick: i64::MIN,
            cap: cap.clamp(64, 1 << 30),
            removals: 0,
            evicted: 0,
        }
    }

    /// Flows in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flows.len() - self.free.len()
    }

    /// No flow in the table?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the processor to fetch the slot of `hash`.
    #[inline]
    pub fn prefetch_slot(&self, hash: u32) {
        if let Some(slot) = self.slots.get(hash as usize & self.mask) {
            prefetch(std::ptr::from_ref(slot));
        }
    }

    /// Asks the processor to fetch the flow that `hash` most likely leads to, and says where that is.
    #[inline]
    #[must_use]
    pub fn prefetch_flow(&self, hash: u32) -> Guess {
        // A flow seldom stands farther from its first slot.
        for step in 0..PROBES_AHEAD {
            let slot = self.slots.get((hash as usize + step) & self.mask).copied().unwrap_or(0);
            if (slot >> 32) as u32 == hash {
                let index = (slot as u32).wrapping_sub(1);
                self.prefetch_at(index);
                return Guess { index, removals: self.removals };
            }
            if slot == 0 {
                break;
            }
        }
        Guess::NONE
    }

    /// Asks the processor to fetch what it takes to remove a flow: its slot.
    #[inline]
    fn prefetch_slot_of(&self, index: u32) {
        if let Some(hash) = self.hashes.get(index as usize) {
            self.prefetch_slot(*hash);
        }
    }

    /// Asks the processor to fetch the line of a flow that every packet changes.
    #[inline]
    fn prefetch_at(&self, index: u32) {
        if let Some(flow) = self.flows.get(index) {
            prefetch(std::ptr::from_ref(flow));
        }
    }

    /// The same for both lines.
    #[inline]
    fn prefetch_whole(&self, index: u32) {
        if let Some(flow) = self.flows.get(index) {
            prefetch(std::ptr::from_ref(flow));
            prefetch(std::ptr::from_ref(&flow.first));
        }
    }

    /// Finds the flow of a packet, and whether the packet goes from its lower to its higher end point. At once if the
    /// guess was right, which spares the way through the slots.
    #[inline]
    #[must_use]
    pub fn find(&self, m: &Meta, guess: Guess) -> Option<(Index, bool)> {
        // The place of a flow that was removed meanwhile still looks like it.
        if guess.removals == self.removals
            && let Some(low_to_high) = self.flows.get(guess.index).and_then(|flow| flow.direction_of(m))
        {
            return Some((Index(guess.index), low_to_high));
        }
        self.search(m)
    }

    fn search(&self, m: &Meta) -> Option<(Index, bool)> {
        let mut at = m.hash as usize & self.mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == m.hash {
                let index = slot as u32 - 1;
                if let Some(low_to_high) = self.flows.get(index)?.direction_of(m) {
                    return Some((Index(index), low_to_high));
                }
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The flow at `index`.
    #[inline]
    pub fn get_mut(&mut self, index: Index) -> Option<&mut FlowState> {
        self.flows.get_mut(index.0)
    }

    /// Puts a new flow in; makes room first if need be, and hands what had to go to `ended`.
    pub fn insert(&mut self, flow: FlowState, hash: u32, ended: &mut impl FnMut(&FlowState)) -> Index {
        if self.len() >= self.cap {
            self.make_room(ended);
        }
        let tag = hash;
        let index = if let Some(index) = self.free.pop() {
            *self.flows.at(index) = flow;
            self.hashes[index as usize] = tag;
            index
        } else {
            self.hashes.push(tag);
            self.flows.push(flow)
        };
        if (self.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.link_slot(tag, index);
        self.opening.push_back(index);
        Index(index)
    }

    fn link_slot(&mut self, tag: u32, index: u32) {
        let mut at = tag as usize & self.mask;
        while self.slots[at] != 0 {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = pack(tag, index);
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        self.mask = size - 1;
        for slot in old.into_iter().filter(|&s| s != 0) {
            self.link_slot((slot >> 32) as u32, slot as u32 - 1);
        }
    }

    /// Takes a flow out of the slots and frees its place; it must have left its queue already.
    fn remove(&mut self, index: u32) {
        let tag = self.hashes[index as usize];
        let wanted = pack(tag, index);
        let mut hole = tag as usize & self.mask;
        while self.slots[hole] != wanted {
            hole = (hole + 1) & self.mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            // A slot may move into the hole if the hole lies between its home and its place.
            let home = (slot >> 32) as usize & self.mask;
            if at.wrapping_sub(home) & self.mask >= at.wrapping_sub(hole) & self.mask {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = 0;
        self.free.push(index);
        self.removals = self.removals.wrapping_add(1);
    }

    fn enqueue(&mut self, index: u32) {
        let deadline = self.flows.at(index).deadline().0.div_euclid(TICK_NS);
        // Never into a slot that was just emptied: at least one tick ahead, at most one turn.
        let tick = deadline.clamp(self.tick.saturating_add(1), self.tick.saturating_add(WHEEL as i64 - 1));
        self.wheel[tick.rem_euclid(WHEEL as i64) as usize].push(index);
    }

    /// Lets flows go whose time is up at `now`. Time that runs backward lets nothing go.
    pub fn expire(&mut self, now: Timestamp, ended: &mut impl FnMut(&FlowState)) {
        if now.0 == i64::MIN {
            return; // nothing has happened yet
        }
        let tick = now.0.div_euclid(TICK_NS);
        if self.tick == i64::MIN {
            self.tick = tick;
        }
        while let Some(&index) = self.opening.front() {
            if let Some(later) = self.opening.get(LOOK_AHEAD) {
                self.prefetch_whole(*later);
                self.prefetch_slot_of(*later);
            }
            let flow = &*self.flows.at(index);
            if flow.first.0.saturating_add(OPENING_NS) > now.0 {
                break;
            }
            self.opening.pop_front();
            if flow.deadline() <= now {
                ended(flow);
                self.remove(index);
            } else {
                self.enqueue(index);
            }
        }
        // A jump of more than a turn visits every slot once.
        let first = self.tick.max(tick.saturating_sub(WHEEL as i64));
        for passed in first..tick {
            self.tick = passed + 1;
            let slot = (passed + 1).rem_euclid(WHEEL as i64) as usize;
            let mut due = std::mem::take(&mut self.wheel[slot]);
            for (n, &index) in due.iter().enumerate() {
                if let Some(later) = due.get(n + LOOK_AHEAD) {
                    self.prefetch_whole(*later);
                    self.prefetch_slot_of(*later);
                }
                let flow = &*self.flows.at(index);
                if flow.deadline() <= now {
                    ended(flow);
                    self.remove(index);
                } else {
                    self.enqueue(index);
                }
            }
            // Nothing was put back into this slot (see `enqueue`), so its memory can serve again.
            due.clear();
            due.shrink_to(1 << 12);
            self.wheel[slot] = due;
        }
        self.tick = self.tick.max(tick);
    }

    /// Evicts the oldest half-open flow, or the one that would expire first if none is half open: a flood must
    /// not push out what is established.
    fn make_room(&mut self, ended: &mut impl FnMut(&FlowState)) {
        for _ in 0..self.opening.len() {
            let Some(index) = self.opening.pop_front() else { break };
            if self.flows.at(index).is_half_open() {
                self.let_go(index, ended);
                return;
            }
            self.enqueue(index);
        }
        for ahead in 1..=WHEEL as i64 {
            let slot = (self.tick + ahead).rem_euclid(WHEEL as i64) as usize;
            if let Some(index) = self.wheel[slot].pop() {
                self.let_go(index, ended);
                return;
            }
        }
    }

    fn let_go(&mut self, index: u32, ended: &mut impl FnMut(&FlowState)) {
        let flow = self.flows.at(index);
        flow.evict();
        ended(flow);
        self.evicted += 1;
        self.remove(index);
    }

    /// Every flow still in the table, in no particular order.
    pub fn live(&self) -> impl Iterator<Item = &FlowState> {
        self.indices().filter_map(|index| self.flows.get(index))
    }

    fn indices(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().filter(|&&s| s != 0).map(|&s| (s as u32).wrapping_sub(1))
    }

    /// Every flow still in the table, in the order of their first packets.
    pub fn in_order(&self) -> impl Iterator<Item = &FlowState> {
        let mut order: Vec<((u16, u64), u32)> = Vec::with_capacity(self.len());
        order.extend(self.indices().filter_map(|index| Some((self.flows.get(index)?.place(), index))));
        order.sort_unstable();
        (0..order.len()).filter_map(move |n| {
            if let Some((_, later)) = order.get(n + LOOK_AHEAD) {
                self.prefetch_whole(*later);
            }
            self.flows.get(order.get(n)?.1)
        })
    }
}

#[cfg(test)]
mod tests;
