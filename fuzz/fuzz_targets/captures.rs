//! Captures of every format, from the bytes of a file to a digest. The first byte says in which portions a pipe gives them.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use rutter::evidence::batch::{Dealer, HashKey, SHARDS};
use rutter::evidence::ledger::Records;
use rutter::evidence::merge::{self, Wanted};
use rutter::evidence::shard::{Caps, Shard};
use rutter::model::evidence::{InputId, Provenance};
use rutter::model::time::Timestamp;
use rutter::source::block::{Block, Reject};
use rutter::source::capture::{CaptureFile, InputSummary, OpenOptions};
use rutter_fuzz::choice;

/// Gives at most so many bytes at a time.
struct Drip(std::io::Cursor<Vec<u8>>, usize);

impl Read for Drip {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = buf.len().min(self.1);
        self.0.read(&mut buf[..n])
    }
}

/// Opens a capture that comes in such portions.
fn open(data: &[u8], portion: usize) -> Option<CaptureFile> {
    let options = OpenOptions { hash: false, unpack_cap: 1 << 20 };
    CaptureFile::from_reader("-", Box::new(Drip(std::io::Cursor::new(data.to_vec()), portion)), &options).ok()
}

/// Gives every block to `take`; was it read to its end?
fn blocks(file: &mut CaptureFile, mut take: impl FnMut(&Block)) -> bool {
    let mut block = Block::default();
    loop {
        let more = file.next_block(&mut block);
        for record in &block.records {
            assert_eq!(block.bytes(record).len(), record.caplen as usize, "a record that is not in its block");
        }
        take(&block);
        match more {
            Ok(true) => {}
            Ok(false) => return true,
            Err(_) => return false,
        }
    }
}

/// Everything that the packets say.
fn evidence(mut file: CaptureFile) {
    let caps = Caps { flows: 64, tallies: 64, probers: 16, quotes: 16, heads: 16, tunnels: 16 };
    let mut shards: Vec<Shard> = (0..SHARDS).map(|n| Shard::new(caps, n as u64)).collect();
    let mut dealer = Dealer::new(HashKey::new(7));
    let (mut packets, mut rejected) = (0, 0);
    blocks(&mut file, |block| {
        dealer.clear();
        for (n, record) in block.records.iter().enumerate() {
            dealer.deal(record.link.0, block.bytes(record), record.start, n as u32, record.ts, &mut ());
        }
        packets += block.records.len() as u64;
        rejected += block.rejected.len() as u64;
        let place = |n: u32| Provenance { input: InputId(0), at: block.position(n as usize) };
        for (shard, batch) in shards.iter_mut().zip(&dealer.batches) {
            shard.apply(&block.data, batch, &place, &mut ());
        }
    });
    shards.iter_mut().for_each(|shard| shard.finish(&mut ()));
    let digest = merge::digest(&shards.iter().collect::<Vec<_>>(), Records::default(), Wanted::All);
    assert!(digest.items.iter().zip(1..).all(|(item, n)| item.id.0 == n), "items out of order");
    let summary = file.summary();
    assert_eq!((summary.packets, summary.rejected), (packets, rejected), "records that nobody counted");
}

/// A record: its time, bytes and link type.
type Frame = (Timestamp, Vec<u8>, u16);

/// What is in the file; `None` if it is an archive that can't be unpacked to its end: how much of it is unpacked before the damage
/// depends on the portions.
fn frames(mut file: CaptureFile) -> Option<(InputSummary, Vec<Frame>, Vec<Reject>)> {
    let (mut frames, mut rejected) = (Vec::new(), Vec::new());
    let whole = blocks(&mut file, |block| {
        frames.extend(block.records.iter().map(|record| (record.ts, block.bytes(record).to_vec(), record.link.0)));
        rejected.extend_from_slice(&block.rejected);
    });
    whole.then(|| (file.summary(), frames, rejected))
}

fuzz_target!(|data: &[u8]| {
    let (portion, data) = choice(data);
    let portion = portion.max(data.len() / 256).max(1);
    let (Some(once), Some(whole), Some(cut)) = (open(data, usize::MAX), open(data, usize::MAX), open(data, portion)) else {
        return;
    };
    evidence(once);
    assert_eq!(frames(whole), frames(cut), "in portions of {portion} bytes it is something else");
});
