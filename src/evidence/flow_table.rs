//! The bounded table of flows of one shard.
//!
//! Open addressing over 8-byte slots (32 bits of hash, 32 bits of index), linear probing, backward-shift deletion:
//! a look-up costs one miss for the slot and one for the flow, and both can be prefetched for a whole batch.
//! Every flow stands in exactly one expiry queue: a first-in-first-out of the newly opened, whose patience is
//! shortest, or a timing wheel. Queues are lazy: a flow that got another packet is put back when its turn comes.

use std::collections::VecDeque;

use super::flow::{FlowKey, FlowState};
use super::slab::Slab;
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

    /// Asks the processor to fetch the flow that `hash` most likely leads to.
    #[inline]
    pub fn prefetch_flow(&self, hash: u32) {
        // At two thirds full nearly half of the flows do not stand in their first slot.
        for step in 0..PROBES_AHEAD {
            let slot = self.slots.get((hash as usize + step) & self.mask).copied().unwrap_or(0);
            if (slot >> 32) as u32 == hash {
                self.prefetch_at((slot as u32).wrapping_sub(1));
                return;
            }
            if slot == 0 {
                return;
            }
        }
    }

    /// Asks the processor to fetch a flow by its place.
    #[inline]
    fn prefetch_at(&self, index: u32) {
        if let Some(flow) = self.flows.get(index) {
            // Both of its cache lines, wherever the compiler has put which field.
            let line = std::ptr::from_ref(flow).cast::<[u8; 64]>();
            prefetch(line);
            prefetch(line.wrapping_add(1));
        }
    }

    /// Finds a flow.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &FlowKey, hash: u32) -> Option<Index> {
        let tag = hash;
        let mut at = tag as usize & self.mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == tag {
                let index = slot as u32 - 1;
                if self.flows.get(index)?.key == *key {
                    return Some(Index(index));
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
        if (self.len() + 1) * 3 > self.slots.len() * 2 {
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
                self.prefetch_at(*later);
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
                    self.prefetch_at(*later);
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
        self.slots.iter().filter(|&&s| s != 0).filter_map(|&s| self.flows.get((s as u32).wrapping_sub(1)))
    }
}

#[inline]
fn prefetch<T>(what: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and can't fault, whatever the address; SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(what.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}

#[cfg(test)]
mod tests;
