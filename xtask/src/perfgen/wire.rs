//! Frame building: Ethernet, VLAN, IP, TCP, UDP, ICMP, tunnels; every checksum is right.

use super::rng::Rng;

#[derive(Clone, Copy)]
pub(crate) enum Addr {
    V4(u32),
    V6(u128),
}

impl Addr {
    pub(crate) fn is6(&self) -> bool {
        matches!(self, Addr::V6(_))
    }
}

fn sum(mut acc: u64, b: &[u8]) -> u64 {
    let mut it = b.chunks_exact(2);
    for c in &mut it {
        acc += u16::from_be_bytes([c[0], c[1]]) as u64;
    }
    if let [x] = it.remainder() {
        acc += (*x as u64) << 8;
    }
    acc
}

fn fold(mut a: u64) -> u16 {
    while a >> 16 != 0 {
        a = (a & 0xffff) + (a >> 16);
    }
    !(a as u16)
}

/// Appends an Ethernet header with up to two VLAN tags.
pub(crate) fn eth(out: &mut Vec<u8>, flip: bool, vlans: &[u16], v6: bool) {
    let (a, b) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (d, s) = if flip { (a, b) } else { (b, a) };
    out.extend_from_slice(&d);
    out.extend_from_slice(&s);
    for (i, v) in vlans.iter().enumerate() {
        let tpid: u16 = if vlans.len() == 2 && i == 0 { 0x88a8 } else { 0x8100 };
        out.extend_from_slice(&tpid.to_be_bytes());
        out.extend_from_slice(&v.to_be_bytes());
    }
    out.extend_from_slice(&(if v6 { 0x86ddu16 } else { 0x0800 }).to_be_bytes());
}

/// Appends an IP header for `len` bytes of payload.
pub(crate) fn ip(out: &mut Vec<u8>, s: Addr, d: Addr, proto: u8, ttl: u8, id: u16, len: usize) {
    match (s, d) {
        (Addr::V4(s), Addr::V4(d)) => {
            let at = out.len();
            out.extend_from_slice(&[0x45, 0]);
            out.extend_from_slice(&((20 + len) as u16).to_be_bytes());
            out.extend_from_slice(&id.to_be_bytes());
            out.extend_from_slice(&[0x40, 0, ttl, proto, 0, 0]);
            out.extend_from_slice(&s.to_be_bytes());
            out.extend_from_slice(&d.to_be_bytes());
            let c = fold(sum(0, &out[at..]));
            out[at + 10..at + 12].copy_from_slice(&c.to_be_bytes());
        }
        (Addr::V6(s), Addr::V6(d)) => {
            out.extend_from_slice(&[0x60, 0, 0, 0]);
            out.extend_from_slice(&(len as u16).to_be_bytes());
            out.extend_from_slice(&[proto, ttl]);
            out.extend_from_slice(&s.to_be_bytes());
            out.extend_from_slice(&d.to_be_bytes());
        }
        // A flow never mixes families.
        _ => {}
    }
}

fn pseudo(s: Addr, d: Addr, proto: u8, len: usize) -> u64 {
    let mut a = proto as u64 + len as u64;
    match (s, d) {
        (Addr::V4(s), Addr::V4(d)) => {
            a = sum(a, &s.to_be_bytes());
            sum(a, &d.to_be_bytes())
        }
        (Addr::V6(s), Addr::V6(d)) => {
            a = sum(a, &s.to_be_bytes());
            sum(a, &d.to_be_bytes())
        }
        _ => a,
    }
}

/// Writes the checksum of the transport segment out[at..] at offset `off`.
pub(crate) fn seal(out: &mut [u8], at: usize, off: usize, s: Addr, d: Addr, proto: u8) {
    let len = out.len() - at;
    let p = if proto == 1 { 0 } else { pseudo(s, d, proto, len) };
    let mut c = fold(sum(p, &out[at..]));
    if proto == 17 && c == 0 {
        c = 0xffff;
    }
    out[at + off..at + off + 2].copy_from_slice(&c.to_be_bytes());
}

/// Appends a TCP header; `opts` adds an MSS option.
pub(crate) fn tcp_hdr(out: &mut Vec<u8>, sp: u16, dp: u16, seq: u32, ack: u32, flags: u8, opts: bool) {
    out.extend_from_slice(&sp.to_be_bytes());
    out.extend_from_slice(&dp.to_be_bytes());
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&ack.to_be_bytes());
    out.push(if opts { 6 << 4 } else { 5 << 4 });
    out.push(flags);
    out.extend_from_slice(&64240u16.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    if opts {
        out.extend_from_slice(&[2, 4, 5, 0xb4]);
    }
}

/// Appends a UDP header for `len` bytes of payload.
pub(crate) fn udp_hdr(out: &mut Vec<u8>, sp: u16, dp: u16, len: usize) {
    out.extend_from_slice(&sp.to_be_bytes());
    out.extend_from_slice(&dp.to_be_bytes());
    out.extend_from_slice(&((8 + len) as u16).to_be_bytes());
    out.extend_from_slice(&[0, 0]);
}

/// Plausible application bytes, so that dissectors and DPI do their real work.
pub(crate) fn payload(out: &mut Vec<u8>, r: &mut Rng, port: u16, first: bool, from_client: bool, host: u32, n: usize) {
    let at = out.len();
    match (port, first, from_client) {
        (443, true, true) if n >= 90 => {
            let name = format!("h{host:08x}.example.net");
            let sni = name.as_bytes();
            let ext = 4 + 5 + sni.len();
            let body = 2 + 32 + 1 + 2 + 4 + 2 + 2 + ext;
            let hs = body + 4;
            out.extend_from_slice(&[0x16, 3, 1]);
            out.extend_from_slice(&(hs as u16).to_be_bytes());
            out.extend_from_slice(&[1, 0]);
            out.extend_from_slice(&(body as u16).to_be_bytes());
            out.extend_from_slice(&[3, 3]);
            let mut rnd = [0u8; 32];
            r.fill(&mut rnd);
            out.extend_from_slice(&rnd);
            out.extend_from_slice(&[0, 0, 4, 0x13, 1, 0x13, 2, 1, 0]);
            out.extend_from_slice(&(ext as u16).to_be_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&((5 + sni.len()) as u16).to_be_bytes());
            out.extend_from_slice(&((3 + sni.len()) as u16).to_be_bytes());
            out.push(0);
            out.extend_from_slice(&(sni.len() as u16).to_be_bytes());
            out.extend_from_slice(sni);
            out.truncate(at + n);
        }
        (443, _, _) if n > 5 => {
            out.extend_from_slice(&[0x17, 3, 3]);
            out.extend_from_slice(&((n - 5) as u16).to_be_bytes());
        }
        (80, true, true) => {
            let s = format!(
                "GET /a/{host:x} HTTP/1.1\r\nHost: h{host:08x}.example.net\r\nUser-Agent: gen/1\r\nX-Forwarded-For: {}.{}.{}.{}\r\n\r\n",
                host >> 24,
                (host >> 16) & 255,
                (host >> 8) & 255,
                host & 255
            );
            out.extend_from_slice(s.as_bytes());
            out.truncate(at + n);
        }
        (80, true, false) => {
            out.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n");
            out.truncate(at + n);
        }
        (53, _, _) => {
            // a query, or its answer with one A record
            out.extend_from_slice(&((host & 0xffff) as u16).to_be_bytes());
            out.extend_from_slice(if from_client {
                &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
            } else {
                &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
            });
            let label = format!("h{host:08x}");
            out.push(label.len() as u8);
            out.extend_from_slice(label.as_bytes());
            out.extend_from_slice(b"\x07example\x03net\x00\x00\x01\x00\x01");
            if !from_client {
                out.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4]);
                out.extend_from_slice(&host.to_be_bytes());
            }
            return; // DNS has its own length
        }
        _ => {}
    }
    let have = out.len() - at;
    if have < n {
        let from = out.len();
        out.resize(at + n, 0);
        r.fill(&mut out[from..]);
    }
}
