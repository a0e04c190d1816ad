//! Flow exports as a collector keeps them: bare NetFlow 9 or IPFIX datagrams (RFC 3954, RFC 7011), one behind the other,
//! of one exporter. Templates come back every 64 datagrams.

use super::rng::Rng;
use std::fs::File;
use std::io::{BufWriter, Result, Write};

/// Records of one datagram: those between IPv4 addresses, and those between IPv6 ones.
const V4: usize = 20;
const V6: usize = 4;
/// Datagrams from one template to the next.
const TEMPLATES: u64 = 64;
/// Beginning, in seconds since 1970 (2026-06-01), and how long the exporter was up by then, in milliseconds.
const BEGIN: u64 = 1_780_272_000;
const UPTIME: u64 = 86_400_000;

/// Fields and their lengths: bytes, packets, first, last, source, destination, ports, protocol, TCP flags, interfaces. Times
/// are milliseconds, in NetFlow of uptime, in IPFIX since 1970.
fn fields(ipfix: bool, v6: bool) -> [(u16, u16); 12] {
    let (first, last, time) = if ipfix { (152, 153, 8) } else { (22, 21, 4) };
    let (src, dst, addr) = if v6 { (27, 28, 16) } else { (8, 12, 4) };
    [(1, 4), (2, 4), (first, time), (last, time), (src, addr), (dst, addr), (7, 2), (11, 2), (4, 1), (6, 1), (10, 4), (14, 4)]
}

/// Addresses, each 16 bytes; those of IPv4 use the last four.
struct Pool {
    v4: Vec<u128>,
    v6: Vec<u128>,
}

impl Pool {
    fn new(r: &mut Rng, n: usize) -> Self {
        Self { v4: (0..n).map(|_| u128::from(r.v4())).collect(), v6: (0..n / 8).map(|_| r.v6()).collect() }
    }

    fn pick(&self, r: &mut Rng, v6: bool) -> u128 {
        let from = if v6 { &self.v6 } else { &self.v4 };
        from[r.zipf(from.len() as u64) as usize]
    }
}

/// A set: its number, its length, what is in it, padding to four bytes.
fn set(out: &mut Vec<u8>, id: u16, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend(id.to_be_bytes());
    out.extend([0, 0]);
    body(out);
    while !(out.len() - at).is_multiple_of(4) {
        out.push(0);
    }
    let len = (out.len() - at) as u16;
    out[at + 2..at + 4].copy_from_slice(&len.to_be_bytes());
}

fn templates(out: &mut Vec<u8>, ipfix: bool) {
    set(out, if ipfix { 2 } else { 0 }, |out| {
        for (id, v6) in [(256_u16, false), (257, true)] {
            let fields = fields(ipfix, v6);
            out.extend(id.to_be_bytes());
            out.extend((fields.len() as u16).to_be_bytes());
            for (field, len) in fields {
                out.extend(field.to_be_bytes());
                out.extend(len.to_be_bytes());
            }
        }
    });
}

/// One flow that ended at `now`, in milliseconds since the beginning.
fn record(out: &mut Vec<u8>, r: &mut Rng, (ipfix, v6): (bool, bool), now: u64, (inside, outside): (&Pool, &Pool)) {
    let (a, b) = (inside.pick(r, v6), outside.pick(r, v6));
    let (src, dst) = if r.chance(0.5) { (a, b) } else { (b, a) };
    let (sport, dport) = (r.range(1024, 65_535) as u16, [443_u16, 80, 53, 22, 123, 8443][r.below(6) as usize]);
    let udp = matches!(dport, 53 | 123);
    let packets = r.below(40) + 1;
    let lasted = (r.exp(3000.0) as u64).min(60_000);
    out.extend((packets as u32 * (40 + r.below(1400) as u32)).to_be_bytes());
    out.extend((packets as u32).to_be_bytes());
    for time in [now - lasted, now] {
        if ipfix {
            out.extend((BEGIN * 1000 + time - UPTIME).to_be_bytes());
        } else {
            out.extend((time as u32).to_be_bytes());
        }
    }
    for addr in [src, dst] {
        out.extend(&addr.to_be_bytes()[if v6 { 0 } else { 12 }..]);
    }
    out.extend(sport.to_be_bytes());
    out.extend(dport.to_be_bytes());
    out.push(if udp { 17 } else { 6 });
    out.push(if udp { 0 } else { [0x1b, 0x02, 0x1a, 0x14][r.zipf(4) as usize] });
    for _ in 0..2 {
        out.extend((r.below(48) as u32 + 1).to_be_bytes());
    }
}

/// Writes at least so many records; records and bytes written.
///
/// # Errors
/// When the file can't be written.
pub(crate) fn write(ipfix: bool, path: &str, wanted: u64, seed: u64) -> Result<(u64, u64)> {
    let mut r = Rng::new(seed);
    let (outside, inside) = (Pool::new(&mut r, 500_000), Pool::new(&mut r, 5_000));
    let mut file = BufWriter::with_capacity(4 << 20, File::create(path)?);
    let mut out = Vec::with_capacity(4096);
    let (mut records, mut bytes) = (0, 0);
    for datagram in 0_u64.. {
        if records >= wanted {
            break;
        }
        out.clear();
        // Some 4,000 flows a second.
        let now = UPTIME + records / 4;
        let seconds = (BEGIN + (now - UPTIME) / 1000) as u32;
        let fresh = datagram.is_multiple_of(TEMPLATES);
        let count = (V4 + V6) as u16 + if fresh { 2 } else { 0 };
        out.extend(if ipfix { [0, 10] } else { [0, 9] });
        if ipfix {
            out.extend([0, 0]); // the length, below
            out.extend(seconds.to_be_bytes());
            out.extend((records as u32).to_be_bytes());
        } else {
            out.extend(count.to_be_bytes());
            out.extend((now as u32).to_be_bytes());
            out.extend(seconds.to_be_bytes());
            out.extend((datagram as u32).to_be_bytes());
        }
        out.extend(1_u32.to_be_bytes());
        if fresh {
            templates(&mut out, ipfix);
        }
        for (id, v6, n) in [(256, false, V4), (257, true, V6)] {
            set(&mut out, id, |out| {
                for _ in 0..n {
                    record(out, &mut r, (ipfix, v6), now, (&inside, &outside));
                }
            });
        }
        if ipfix {
            let len = (out.len() as u16).to_be_bytes();
            out[2..4].copy_from_slice(&len);
        }
        file.write_all(&out)?;
        records += (V4 + V6) as u64;
        bytes += out.len() as u64;
    }
    file.flush()?;
    Ok((records, bytes))
}
