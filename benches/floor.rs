//! The floor: read a capture, find the five-tuple of every frame, hash it, update a table. Nothing else, one thread,
//! as fast as we know how. What `rutter trace` costs above it is the price of everything it does besides.
//!
//! `floor FILE.pcap` prints packets and flows; `whole` runs it beside `rutter trace`.

use std::fs::File;
use std::io::{self, Read};

const BLOCK: usize = 1 << 20;
const AHEAD: usize = 32;

/// Canonical five-tuple in 40 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Key {
    low: [u64; 2],
    high: [u64; 2],
    ports: u32,
    proto: u32,
}

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Flow {
    key: Key,
    packets: u32,
    bytes: u64,
    last: u32,
}

fn fold(a: u64, b: u64) -> u64 {
    let p = u128::from(a) * u128::from(b);
    p as u64 ^ (p >> 64) as u64
}

fn hash(k: &Key) -> u64 {
    const S: [u64; 5] =
        [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
    let pair = fold(k.low[0] ^ S[0], k.low[1] ^ S[1]) ^ fold(k.high[0] ^ S[2], k.high[1] ^ S[3]);
    fold(pair ^ (u64::from(k.ports) << 8 | u64::from(k.proto)), S[4])
}

/// Outermost IP header behind at most two VLAN tags.
fn five_tuple(f: &[u8]) -> Option<(Key, u32)> {
    let mut at = 12;
    let mut kind = u16::from_be_bytes([*f.get(at)?, *f.get(at + 1)?]);
    while matches!(kind, 0x8100 | 0x88a8) {
        at += 4;
        kind = u16::from_be_bytes([*f.get(at)?, *f.get(at + 1)?]);
    }
    let ip = f.get(at + 2..)?;
    let (a, b, proto, l4, len): ([u64; 2], [u64; 2], u8, usize, u32) = match kind {
        0x0800 => {
            let h = ip.first_chunk::<20>()?;
            let word = |i: usize| u64::from(u32::from_be_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]));
            let len = u32::from(u16::from_be_bytes([h[2], h[3]]));
            ([0, 0xffff_0000_0000 | word(12)], [0, 0xffff_0000_0000 | word(16)], h[9], usize::from(h[0] & 15) * 4, len)
        }
        0x86dd => {
            let h = ip.first_chunk::<40>()?;
            let long = |i: usize| h[i..i + 8].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
            let len = 40 + u32::from(u16::from_be_bytes([h[4], h[5]]));
            ([long(8), long(16)], [long(24), long(32)], h[6], 40, len)
        }
        _ => return None,
    };
    let (s, d) = match (proto, ip.get(l4..l4 + 4)) {
        (6 | 17, Some(p)) => (u16::from_be_bytes([p[0], p[1]]), u16::from_be_bytes([p[2], p[3]])),
        _ => (0, 0),
    };
    let proto = u32::from(proto);
    Some(if (a, s) <= (b, d) {
        (Key { low: a, high: b, ports: u32::from(s) << 16 | u32::from(d), proto }, len)
    } else {
        (Key { low: b, high: a, ports: u32::from(d) << 16 | u32::from(s), proto }, len)
    })
}

#[derive(Default)]
struct Table {
    slots: Vec<u64>,
    flows: Vec<Flow>,
}

impl Table {
    fn update(&mut self, key: &Key, hash: u64, len: u32, now: u32) {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> 32) as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                self.flows.push(Flow { key: *key, packets: 1, bytes: u64::from(len), last: now });
                self.slots[at] = hash & !0xffff_ffff | self.flows.len() as u64;
                if self.flows.len() * 3 > self.slots.len() * 2 {
                    self.grow();
                }
                return;
            }
            if slot >> 32 == hash >> 32 {
                let flow = &mut self.flows[slot as u32 as usize - 1];
                if flow.key == *key {
                    flow.packets += 1;
                    flow.bytes += u64::from(len);
                    flow.last = now;
                    return;
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        for slot in std::mem::replace(&mut self.slots, vec![0; size]).into_iter().filter(|&s| s != 0) {
            let mut at = (slot >> 32) as usize & (size - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }

    fn prefetch(&self, hash: u64) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch of a valid reference reads nothing; SSE is part of x86-64.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let slot = &self.slots[(hash >> 32) as usize & (self.slots.len() - 1)];
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(slot).cast());
        }
    }

    fn prefetch_flow(&self, hash: u64) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let slot = self.slots[(hash >> 32) as usize & (self.slots.len() - 1)];
            if let Some(flow) = self.flows.get((slot as u32).wrapping_sub(1) as usize) {
                _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(flow).cast());
            }
        }
    }
}

/// Packets and flows of a little-endian microsecond pcap.
///
/// # Errors
/// Those of the system.
pub(crate) fn run(path: &str) -> io::Result<(u64, usize)> {
    let mut file = File::open(path)?;
    let mut header = [0; 24];
    file.read_exact(&mut header)?;
    let mut block = vec![0; BLOCK + (1 << 18)];
    let mut table = Table { slots: vec![0; 1 << 10], flows: Vec::new() };
    let (mut kept, mut packets) = (0, 0);
    let mut batch: Vec<(Key, u64, u32, u32)> = Vec::with_capacity(AHEAD);
    loop {
        let n = file.read(&mut block[kept..kept + BLOCK])?;
        let filled = kept + n;
        let mut at = 0;
        while let Some(h) = block.get(at..at + 16).filter(|_| at + 16 <= filled) {
            let word = |i: usize| u32::from_le_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]);
            let (now, caplen) = (word(0), word(8) as usize);
            if at + 16 + caplen > filled {
                break;
            }
            packets += 1;
            if let Some((key, len)) = five_tuple(&block[at + 16..at + 16 + caplen]) {
                let hash = hash(&key);
                table.prefetch(hash);
                batch.push((key, hash, len, now));
                if batch.len() == AHEAD {
                    flush(&mut table, &mut batch);
                }
            }
            at += 16 + caplen;
        }
        flush(&mut table, &mut batch);
        if n == 0 {
            return Ok((packets, table.flows.len()));
        }
        block.copy_within(at..filled, 0);
        kept = filled - at;
    }
}

fn flush(table: &mut Table, batch: &mut Vec<(Key, u64, u32, u32)>) {
    for (_, hash, ..) in batch.iter() {
        table.prefetch_flow(*hash);
    }
    for (key, hash, len, now) in batch.drain(..) {
        table.update(&key, hash, len, now);
    }
}
