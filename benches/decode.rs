//! Decoding alone: frames of the realistic mix from memory, down to the innermost transport header.
//!
//! ```text
//! cargo bench --bench decode
//! ```
//! The counter shows frames per second; 1 divided by it is the time per frame.

#[path = "../xtask/src/perfgen/mod.rs"]
mod perfgen;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rutter::decode::packet::{self, Packet};
use rutter::evidence::batch::{Dealer, HashKey};
use rutter::source::block::Block;
use rutter::source::capture::{CaptureFile, OpenOptions};

fn main() {
    divan::main();
}

/// The first block of a small mix.
fn block() -> Block {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-decode.pcap");
    let args = ["mix".to_owned(), path.display().to_string(), "20_000".to_owned(), "2_000".to_owned()];
    let mut block = Block::default();
    let written = perfgen::run(&args).is_ok();
    let read = CaptureFile::open(&path, &OpenOptions::default()).and_then(|mut file| file.next_block(&mut block));
    assert!(written && read.is_ok() && block.records.len() > 500, "no frames to decode");
    block
}

/// Headers only.
#[divan::bench]
fn dissect(bencher: Bencher<'_, '_>) {
    let block = block();
    let mut packet = Packet::default();
    bencher.counter(ItemsCount::new(block.records.len())).bench_local(|| {
        for record in &block.records {
            let _ = black_box(packet::dissect_into(record.link.0, black_box(block.bytes(record)), &mut packet, &mut ()));
        }
    });
}

/// Headers, hash, and the deal to the shards.
#[divan::bench]
fn deal(bencher: Bencher<'_, '_>) {
    let block = block();
    let mut dealer = Dealer::new(HashKey::new(7));
    bencher.counter(ItemsCount::new(block.records.len())).bench_local(|| {
        dealer.clear();
        for (i, record) in block.records.iter().enumerate() {
            black_box(dealer.deal(record.link.0, block.bytes(record), record.start, i as u32, record.ts, &mut ()));
        }
    });
}
