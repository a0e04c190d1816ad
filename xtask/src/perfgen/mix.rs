//! The realistic mix: heavy-tailed flows, both families, VLANs, tunnels and simulated traceroutes.

use super::pcap::Writer;
use super::rng::Rng;
use super::wire::{Addr, eth, ip, payload, seal, tcp_hdr, udp_hdr};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const START_US: u64 = 1_780_000_000_000_000;
const SPAN_US: f64 = 240e6;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tcp,
    Udp,
    Ping,
    Trace,
}

struct Flow {
    kind: Kind,
    c: Addr,
    s: Addr,
    sp: u16,
    dp: u16,
    left: u32,
    step: u32,
    seq: [u32; 2],
    said: [bool; 2],
    vlan: u8, // 0 none, 1 one tag, 2 two
    vid: u16,
    tun: u8, // 0 none, 1 GRE, 2 VXLAN, 3 IP in IP
    gap: f64,
    hops: u32,
    path: u32, // seed of the path's routers
    pkind: u8, // traceroute probe: 0 UDP, 1 ICMP echo, 2 TCP SYN
    ttl0: u8,
}

/// How much of it.
pub(crate) struct Params {
    pub(crate) packets: u64,
    pub(crate) flows: u64,
    pub(crate) seed: u64,
}

/// What was written, printed when done.
#[derive(Default, Debug)]
pub(crate) struct Stats {
    pub(crate) flows: u64,
    pub(crate) time_exceeded: u64,
    pub(crate) traceroutes: u64,
    pub v6: u64,
    pub(crate) vlan: u64,
    pub(crate) tunnelled: u64,
    pub(crate) tcp: u64,
    pub(crate) udp: u64,
    pub(crate) icmp: u64,
}

/// Payload bytes of one data packet: small packets by far the most, some 594, a few full frames.
fn size(r: &mut Rng) -> usize {
    match r.below(100) {
        0..=57 => r.range(0, 24) as usize,
        58..=81 => r.range(60, 300) as usize,
        82..=94 => r.range(450, 650) as usize,
        _ => 1420,
    }
}

struct Site {
    inside4: Vec<u32>,
    inside6: Vec<u128>,
    outside4: Vec<u32>,
    outside6: Vec<u128>,
    routers4: Vec<u32>,
    routers6: Vec<u128>,
}

/// Writes the mix.
///
/// # Errors
/// When the file can't be written.
pub(crate) fn run(p: &Params, w: &mut Writer) -> std::io::Result<Stats> {
    let mut r = Rng::new(p.seed);
    let mut st = Stats::default();
    // The monitored site has hosts in three public blocks; the rest of the world is popular by Zipf.
    let nets: Vec<u32> = (0..3).map(|_| r.v4() & 0xffff_0000).collect();
    let net6 = r.v6() >> 80 << 80;
    let site = Site {
        inside4: (0..20_000).map(|_| nets[r.below(3) as usize] | (r.u32() & 0xffff)).collect(),
        inside6: (0..5_000).map(|_| net6 | r.u64() as u128).collect(),
        outside4: (0..300_000).map(|_| r.v4()).collect(),
        outside6: (0..80_000).map(|_| r.v6()).collect(),
        routers4: (0..20_000).map(|_| r.v4()).collect(),
        routers6: (0..5_000).map(|_| r.v6()).collect(),
    };
    let traces = p.packets / 950; // about 12 hops each: 1 % of the packets are time-exceeded
    let normal = p.flows.saturating_sub(traces);
    let budget = p.packets - traces * 26;
    let mean = budget as f64 / normal as f64;

    // Flows wait by their start; active ones by their next packet.
    let mut starts: Vec<(u64, bool)> = Vec::with_capacity(p.flows as usize);
    for _ in 0..normal {
        starts.push(((r.f64() * SPAN_US) as u64, false));
    }
    for _ in 0..traces {
        starts.push(((r.f64() * SPAN_US) as u64, true));
    }
    starts.sort_unstable();
    let mut next_start = 0;
    let mut flows: Vec<Flow> = Vec::new();
    let mut free: Vec<u32> = Vec::new();
    let mut heap: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    let mut buf = Vec::with_capacity(2048);
    let mut inner = Vec::with_capacity(2048);
    let mut made = 0u64;

    loop {
        let t_heap = heap.peek().map(|x| x.0.0);
        let t_start = starts.get(next_start).map(|s| s.0);
        let start = match (t_heap, t_start) {
            (None, None) => break,
            (Some(h), Some(s)) => s <= h,
            (None, Some(_)) => true,
            (Some(_), None) => false,
        };
        if start {
            let (t, trace) = starts[next_start];
            next_start += 1;
            st.flows += 1;
            // keep close to the wanted number of packets although the tail is heavy
            let debt = if st.flows > 1000 && !trace {
                let want = (st.flows as f64) * mean;
                (want / (made.max(1) as f64)).clamp(0.5, 2.0)
            } else {
                1.0
            };
            let f = new_flow(&mut r, &site, trace, mean * debt, &mut st);
            let id = match free.pop() {
                Some(i) => {
                    flows[i as usize] = f;
                    i
                }
                None => {
                    flows.push(f);
                    flows.len() as u32 - 1
                }
            };
            heap.push(Reverse((t, id)));
            continue;
        }
        let Some(Reverse((t, id))) = heap.pop() else { break };
        let f = &mut flows[id as usize];
        emit(&mut r, &site, f, &mut buf, &mut inner, &mut st);
        w.packet(START_US + t, &buf)?;
        made += 1;
        f.left -= 1;
        if f.left == 0 {
            free.push(id);
        } else {
            let gap = r.exp(f.gap) as u64 + 1;
            heap.push(Reverse((t + gap, id)));
        }
    }
    Ok(st)
}

fn new_flow(r: &mut Rng, site: &Site, trace: bool, mean: f64, st: &mut Stats) -> Flow {
    let v6 = r.chance(0.25);
    let (inside, outside) = if v6 {
        (
            Addr::V6(site.inside6[r.zipf(site.inside6.len() as u64) as usize]),
            Addr::V6(site.outside6[r.zipf(site.outside6.len() as u64) as usize]),
        )
    } else {
        (
            Addr::V4(site.inside4[r.zipf(site.inside4.len() as u64) as usize]),
            Addr::V4(site.outside4[r.zipf(site.outside4.len() as u64) as usize]),
        )
    };
    let (c, s) = if trace || r.chance(0.6) { (inside, outside) } else { (outside, inside) };
    let tag = r.below(100);
    let vlan = if tag == 0 {
        2
    } else if tag < 12 {
        1
    } else {
        0
    };
    let tun = if trace {
        0
    } else {
        match r.below(100) {
            0 => 1,
            1 => 2,
            2 => 3,
            _ => 0,
        }
    };
    let k = r.below(1000);
    let kind = if trace {
        Kind::Trace
    } else if k < 700 {
        Kind::Tcp
    } else if k < 980 {
        Kind::Udp
    } else {
        Kind::Ping
    };
    let dp = match r.below(10) {
        0..=5 => 443,
        6 => 80,
        7 => {
            if kind == Kind::Udp {
                53
            } else {
                22
            }
        }
        8 => 53,
        _ => r.range(1024, 65535) as u16,
    };
    // Pareto (alpha 1.15, capped) around the wanted mean, at least two packets
    let u = 1.0 - r.f64();
    let mut left = (mean * 0.23 * u.powf(-1.0 / 1.15)) as u32;
    left = left.clamp(2, 200_000);
    if kind == Kind::Udp && dp == 53 {
        left = 2;
    }
    let mut hops = 0;
    let pkind = r.below(10);
    if trace {
        st.traceroutes += 1;
        hops = r.range(6, 18) as u32;
        left = hops * 2;
    }
    Flow {
        kind,
        c,
        s,
        sp: r.range(20000, 65000) as u16,
        dp,
        left,
        step: 0,
        seq: [r.u32(), r.u32()],
        said: [false; 2],
        vlan,
        vid: r.range(2, 4000) as u16,
        tun,
        gap: if trace { 20_000.0 } else { (4e6 / left as f64).clamp(200.0, 400_000.0) },
        hops,
        path: r.u32(),
        pkind: if pkind < 6 {
            0
        } else if pkind < 9 {
            1
        } else {
            2
        },
        ttl0: [64u8, 128, 255][r.below(3) as usize],
    }
}

/// Hop `h` of a path: routers near the site are shared by many paths, the far ones are not.
fn router(site: &Site, path: u32, h: u32, v6: bool) -> Addr {
    let near = if h < 4 { (path >> 28) % (1 << h) } else { path };
    let mut x = Rng::new((near as u64) << 8 | h as u64);
    if v6 {
        Addr::V6(site.routers6[x.zipf(site.routers6.len() as u64) as usize])
    } else {
        Addr::V4(site.routers4[x.zipf(site.routers4.len() as u64) as usize])
    }
}

fn probe(f: &Flow, ttl: u8, hop: u32, out: &mut Vec<u8>) {
    let v6 = f.c.is6();
    let at;
    match f.pkind {
        0 => {
            ip(out, f.c, f.s, 17, ttl, hop as u16, 8 + 32);
            at = out.len();
            udp_hdr(out, f.sp, 33434 + hop as u16, 32);
            out.resize(out.len() + 32, b'@');
            seal(out, at, 6, f.c, f.s, 17);
        }
        1 => {
            let p = if v6 { 58 } else { 1 };
            ip(out, f.c, f.s, p, ttl, hop as u16, 8 + 32);
            at = out.len();
            out.extend_from_slice(&[if v6 { 128 } else { 8 }, 0, 0, 0]);
            out.extend_from_slice(&f.sp.to_be_bytes());
            out.extend_from_slice(&(hop as u16).to_be_bytes());
            out.resize(out.len() + 32, b'@');
            seal(out, at, 2, f.c, f.s, p);
        }
        _ => {
            ip(out, f.c, f.s, 6, ttl, hop as u16, 20);
            at = out.len();
            tcp_hdr(out, f.sp, 443, f.seq[0].wrapping_add(hop), 0, 2, false);
            seal(out, at, 16, f.c, f.s, 6);
        }
    }
}

fn emit(r: &mut Rng, site: &Site, f: &mut Flow, out: &mut Vec<u8>, inner: &mut Vec<u8>, st: &mut Stats) {
    out.clear();
    inner.clear();
    let v6 = f.c.is6();
    st.v6 += v6 as u64;
    st.vlan += (f.vlan > 0) as u64;
    let vl = [f.vid, f.vid ^ 1];
    let vlans = &vl[..f.vlan as usize];

    if f.kind == Kind::Trace {
        let hop = f.step / 2 + 1;
        let answer = f.step % 2 == 1;
        f.step += 1;
        st.icmp += 1;
        if !answer {
            eth(out, false, vlans, v6);
            probe(f, hop as u8, hop, out);
            return;
        }
        let last = hop == f.hops;
        let src = if last { f.s } else { router(site, f.path, hop, v6) };
        eth(out, true, vlans, v6);
        // the quote: the probe as the router saw it, with TTL 1
        probe(f, 1, hop, inner);
        let quote = if v6 { inner.len().min(1232) } else { inner.len().min(28) };
        let mpls = !last && hop > 2 && (f.path ^ hop).is_multiple_of(10);
        let mut body: Vec<u8> = inner[..quote].to_vec();
        if mpls {
            body.resize(128, 0);
            // RFC 4884 extension structure with one MPLS label stack entry (RFC 4950)
            body.extend_from_slice(&[0x20, 0, 0, 0, 0, 8, 1, 1]);
            body.extend_from_slice(&(((f.path & 0xfffff) << 12) | 0x100 | 1).to_be_bytes());
        }
        let p = if v6 { 58 } else { 1 };
        ip(out, src, f.c, p, 64u8.saturating_sub(hop as u8), r.u32() as u16, 8 + body.len());
        let at = out.len();
        let (ty, code) = match (last, v6) {
            (false, false) => (11, 0),
            (false, true) => (3, 0),
            (true, false) => (3, 3),
            (true, true) => (1, 4),
        };
        st.time_exceeded += !last as u64;
        let mut h = [ty, code, 0, 0, 0, 0, 0, 0];
        if mpls {
            if v6 { h[4] = 16 } else { h[5] = 32 }
        }
        out.extend_from_slice(&h);
        out.extend_from_slice(&body);
        seal(out, at, 2, src, f.c, p);
        return;
    }

    // which way: TCP opens with its handshake, then the server says most
    let step = f.step;
    f.step += 1;
    let back = match (f.kind, step) {
        (Kind::Tcp, 0 | 2) => false,
        (Kind::Tcp, 1) => true,
        (Kind::Ping, n) => n % 2 == 1,
        (Kind::Udp, 0) => false,
        (Kind::Udp, 1) => true,
        _ => r.chance(0.55),
    };
    let (s, d, sp, dp) = if back { (f.s, f.c, f.dp, f.sp) } else { (f.c, f.s, f.sp, f.dp) };
    let ttl = if back { f.ttl0 - (f.path % 20) as u8 } else { 64 };
    let host = f.path;
    let dir = back as usize;
    match f.kind {
        Kind::Tcp => {
            st.tcp += 1;
            let hs = step < 3;
            let fin = f.left <= 2 && !hs;
            let n = if hs || fin { 0 } else { size(r) };
            let flags = match (step, fin) {
                (0, _) => 2,
                (1, _) => 0x12,
                (_, true) => 0x11,
                _ if n > 0 => 0x18,
                _ => 0x10,
            };
            inner.clear();
            ip(inner, s, d, 6, ttl, r.u32() as u16, 20 + 4 * (step < 2) as usize + n);
            let at = inner.len();
            tcp_hdr(inner, sp, dp, f.seq[dir], if step == 0 { 0 } else { f.seq[1 - dir] }, flags, step < 2);
            if n > 0 {
                payload(inner, r, f.dp, !f.said[dir], !back, host, n);
                f.said[dir] = true;
            }
            f.seq[dir] = f.seq[dir].wrapping_add(n as u32 + (step < 2 || fin) as u32);
            seal(inner, at, 16, s, d, 6);
        }
        Kind::Udp => {
            st.udp += 1;
            let n = size(r);
            let mut body = Vec::with_capacity(n);
            payload(&mut body, r, f.dp, !f.said[dir], !back, host, n);
            f.said[dir] = true;
            ip(inner, s, d, 17, ttl, r.u32() as u16, 8 + body.len());
            let at = inner.len();
            udp_hdr(inner, sp, dp, body.len());
            inner.extend_from_slice(&body);
            seal(inner, at, 6, s, d, 17);
        }
        _ => {
            st.icmp += 1;
            let p = if v6 { 58 } else { 1 };
            ip(inner, s, d, p, ttl, r.u32() as u16, 8 + 48);
            let at = inner.len();
            let ty = match (v6, back) {
                (false, false) => 8,
                (false, true) => 0,
                (true, false) => 128,
                (true, true) => 129,
            };
            inner.extend_from_slice(&[ty, 0, 0, 0]);
            inner.extend_from_slice(&f.sp.to_be_bytes());
            inner.extend_from_slice(&((step / 2) as u16).to_be_bytes());
            inner.resize(inner.len() + 48, 0x55);
            seal(inner, at, 2, s, d, p);
        }
    }
    if f.tun == 0 {
        eth(out, back, vlans, v6);
        out.extend_from_slice(inner);
        return;
    }
    // tunnel ends are two routers of the path; the outer header is IPv4
    st.tunnelled += 1;
    let (mut a, mut b) = (router(site, f.path, 5, false), router(site, f.path, 9, false));
    if back {
        std::mem::swap(&mut a, &mut b);
    }
    eth(out, back, vlans, false);
    match f.tun {
        1 => {
            ip(out, a, b, 47, 60, 1, 4 + inner.len());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&(if v6 { 0x86ddu16 } else { 0x0800 }).to_be_bytes());
        }
        2 => {
            ip(out, a, b, 17, 60, 1, 8 + 8 + 14 + inner.len());
            udp_hdr(out, 49152 | (f.path as u16 & 0x3fff), 4789, 8 + 14 + inner.len());
            out.extend_from_slice(&[8, 0, 0, 0, 0, (f.path >> 8) as u8, f.path as u8, 0]);
            eth(out, back, &[], v6);
        }
        _ => ip(out, a, b, if v6 { 41 } else { 4 }, 60, 1, inner.len()),
    }
    out.extend_from_slice(inner);
}

/// SYN flood: `packets` frames of 60 captured bytes from `sources` distinct sources at a few victims.
///
/// # Errors
/// When the file can't be written.
pub(crate) fn small(packets: u64, sources: u64, seed: u64, private: bool, w: &mut Writer) -> std::io::Result<()> {
    let mut r = Rng::new(seed);
    let victims: Vec<u32> = (0..16).map(|i| if private { 0x0a63_0200 + 1 + i } else { r.v4() }).collect();
    let mut src: Vec<u32> = Vec::with_capacity(sources as usize);
    let mut seen = std::collections::HashSet::with_capacity(sources as usize);
    while (src.len() as u64) < sources {
        let a = if private { 0x0a63_8000 + (r.u32() & 0x7fff) } else { r.v4() };
        if private || seen.insert(a) {
            src.push(a);
        }
    }
    drop(seen);
    let mut out = Vec::with_capacity(64);
    for i in 0..packets {
        // every source once first, then at random; its port follows from the source
        let k = if i < sources { i } else { r.below(sources) } as usize;
        let (s, d) = (Addr::V4(src[k]), Addr::V4(victims[k % 16]));
        out.clear();
        eth(&mut out, false, &[], false);
        ip(&mut out, s, d, 6, 50, i as u16, 24);
        let at = out.len();
        tcp_hdr(&mut out, 1024 + (k as u16 % 60000), 443, r.u32(), 0, 2, true);
        seal(&mut out, at, 16, s, d, 6);
        out.resize(60, 0);
        w.packet(START_US + i * 3, &out)?;
    }
    Ok(())
}
