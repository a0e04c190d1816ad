//! Little captures for tests: frames with times, dealt and applied as the pipeline does.

pub(super) use super::flow::{ACK, FIN, SYN};

use super::batch::{Batch, Dealer, HashKey, Meta, SHARDS};
use super::merge;
use super::shard::{Caps, Shard};
use crate::decode::testkit::{ipv4, on_ethernet, tcp};
use crate::model::digest::Digest;
use crate::model::evidence::{InputId, Position, Provenance};
use crate::model::time::Timestamp;

pub(super) const CLIENT: (&str, u16) = ("198.51.0.10", 40000);
pub(super) const SERVER: (&str, u16) = ("203.0.7.80", 443);

/// Frames in order of the capture.
#[derive(Default)]
pub(super) struct Scene {
    frames: Vec<(Timestamp, Vec<u8>)>,
}

pub(super) fn caps(flows: usize) -> Caps {
    Caps { flows, tallies: 1 << 12, probers: 1 << 10, quotes: 1 << 10, heads: 1 << 10, tunnels: 1 << 10 }
}

pub(super) fn ms(n: i64) -> i64 {
    n * 1_000_000
}

impl Scene {
    /// An IP packet at `ns`.
    pub(super) fn ip(&mut self, ns: i64, packet: &[u8]) -> &mut Self {
        self.frames.push((Timestamp(1_700_000_000_000_000_000 + ns), on_ethernet(packet)));
        self
    }

    /// A TCP segment over IPv4.
    pub(super) fn tcp(
        &mut self,
        ns: i64,
        from: (&str, u16),
        to: (&str, u16),
        numbers: (u32, u32),
        flags: u8,
        payload: &[u8],
    ) -> &mut Self {
        self.ip(ns, &ipv4(from.0, to.0, 6, &tcp(from.1, to.1, numbers, flags, payload)))
    }

    /// SYN, SYN-ACK, ACK with initial numbers 100 and 500, 30 ms to the server and 50 ms to the client.
    pub(super) fn handshake(&mut self, ns: i64, client: (&str, u16), server: (&str, u16)) -> &mut Self {
        self.tcp(ns, client, server, (100, 0), SYN, b"").tcp(ns + ms(30), server, client, (500, 101), SYN | ACK, b"").tcp(
            ns + ms(80),
            client,
            server,
            (101, 501),
            ACK,
            b"",
        )
    }

    fn deal(&self, frames_per_block: usize, mut take: impl FnMut(&[u8], u64, &Dealer)) {
        let mut dealer = Dealer::new(HashKey::new(7));
        for (n, block) in self.frames.chunks(frames_per_block).enumerate() {
            dealer.clear();
            let mut data = Vec::new();
            for (record, (ts, frame)) in block.iter().enumerate() {
                let start = data.len() as u32;
                data.extend(frame);
                assert_eq!(dealer.deal(1, frame, start, record as u32, *ts, &mut ()), None);
            }
            take(&data, (n * frames_per_block) as u64, &dealer);
        }
    }

    /// What the dealer makes of the frames, in order, and the bytes that offsets count in.
    pub(super) fn metas(&self) -> (Vec<Meta>, Vec<u8>) {
        let (mut metas, mut bytes) = (Vec::new(), Vec::new());
        self.deal(usize::MAX, |data, _, dealer| {
            metas = dealer.batches.iter().flat_map(|b| b.metas.iter().copied()).collect();
            bytes = data.to_vec();
        });
        metas.sort_by_key(|m| m.record);
        (metas, bytes)
    }

    /// Applied to all shards, or all of it to a single one.
    pub(super) fn shards(&self, caps: Caps, frames_per_block: usize, single: bool) -> Vec<Shard> {
        let mut shards: Vec<Shard> = (0..if single { 1 } else { SHARDS }).map(|n| Shard::new(caps, n as u64)).collect();
        self.deal(frames_per_block, |data, before, dealer| {
            let place = |record: u32| place(before + u64::from(record));
            if single {
                let mut all = Batch::default();
                for batch in &dealer.batches {
                    let base = all.metas.len() as u32;
                    all.metas.extend(&batch.metas);
                    all.now = all.now.max(batch.now);
                    all.wrapped.extend(batch.wrapped.iter().map(|w| super::batch::Wrapped { meta: w.meta + base, ..*w }));
                }
                shards[0].apply(data, &all, &place, &mut ());
            } else {
                for (shard, batch) in shards.iter_mut().zip(&dealer.batches) {
                    shard.apply(data, batch, &place, &mut ());
                }
            }
        });
        for shard in &mut shards {
            shard.finish(&mut ());
        }
        shards
    }

    /// What the whole comes to.
    pub(super) fn digest(&self) -> Digest {
        let shards = self.shards(caps(1 << 12), 5, false);
        merge::digest(&shards.iter().collect::<Vec<_>>(), crate::evidence::ledger::Records::default(), merge::Wanted::All)
    }
}

/// Frame `record`, counted from 0.
pub(super) fn place(record: u64) -> Provenance {
    Provenance { input: InputId(0), at: Position::Frame { frame: record + 1, offset: 24 + 100 * record } }
}
