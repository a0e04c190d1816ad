//! The flow table alone: updates of flows that are there, in an order that no cache likes.
//!
//! ```text
//! cargo bench --bench flow_table
//! ```
//! The counter shows updates per second. `live` is the number of flows in the table.

use std::net::Ipv4Addr;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rutter::decode::packet::Transport;
use rutter::evidence::batch::Meta;
use rutter::evidence::flow::{FlowKey, FlowState};
use rutter::evidence::flow_table::{FlowTable, Guess};
use rutter::model::evidence::{InputId, Position, Provenance};
use rutter::model::net::{IpProtocol, PackedAddr};
use rutter::model::time::Timestamp;

fn main() {
    divan::main();
}

/// A packet of flow `n`.
fn packet(n: u32) -> Meta {
    Meta {
        ts: Timestamp(1_780_000_000_000_000_000),
        src: PackedAddr::from_v4(Ipv4Addr::from(0x0a00_0000 | n)),
        dst: PackedAddr::from_v4(Ipv4Addr::new(192, 0, 2, 1)),
        hash: n.wrapping_mul(0x9e37_79b9),
        record: 0,
        ip_len: 60,
        ip_at: 14,
        end: 74,
        header: 20,
        sport: 40_000,
        dport: 443,
        ip_id: 0,
        proto: IpProtocol::TCP,
        ttl: 60,
        tcp_flags: 16,
        transport: Transport::Tcp,
        speaks: false,
        tells: false,
        seq: 1,
        ack: 1,
    }
}

/// Flows fetched ahead together.
const GROUP: usize = 16;

/// Look-up and count, fetched ahead in groups as the shards do.

#[divan::bench(args = [10_000, 100_000, 500_000])]
fn update(bencher: Bencher<'_, '_>, live: u32) {
    let from = Provenance { input: InputId(0), at: Position::Frame { frame: 1, offset: 24 } };
    let mut table = FlowTable::new(live as usize * 2);
    let packets: Vec<Meta> = (0..live).map(packet).collect();
    for m in &packets {
        let (key, up) = FlowKey::of(m);
        table.insert(FlowState::open(m, key, up, from), m.hash, &mut |_| ());
    }
    // An odd stride visits all, far apart; the packets themselves lie in the order of the visit, as in a block.
    let stride = |i: u32| (u64::from(i) * 48_271 % u64::from(live)) as usize;
    let packets: Vec<Meta> = (0..live).filter_map(|i| packets.get(stride(i)).copied()).collect();
    bencher.counter(ItemsCount::new(live)).bench_local(|| {
        for group in packets.chunks(GROUP) {
            let mut guesses = [Guess::NONE; GROUP];
            group.iter().for_each(|m| table.prefetch_slot(m.hash));
            guesses.iter_mut().zip(group).for_each(|(guess, m)| *guess = table.prefetch_flow(m.hash));
            for (m, guess) in group.iter().zip(guesses) {
                if let Some((index, up)) = table.find(m, guess)
                    && let Some(flow) = table.get_mut(index)
                {
                    black_box(flow.observe(m, up, (m.seq, m.ack)));
                }
            }
        }
    });
}
