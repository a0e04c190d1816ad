//! Packets inside packets: the first byte chooses an IP protocol or UDP port, and the lengths of the outer headers are right,
//! so that the reader looks at what is inside.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::{packet, tunnel};
use rutter_fuzz::{choice, layers};

const PROTOCOLS: [u8; 7] = [4, 41, 47, 50, 51, 97, 115];
const PORTS: [u16; 17] = [443, 1194, 1701, 2152, 3544, 4500, 4789, 4790, 5072, 5246, 5247, 6080, 6081, 6635, 8472, 51820, 40000];

fn outer(choice: usize, inside: &[u8]) -> Vec<u8> {
    let (proto, ports) = match PROTOCOLS.get(choice % 32) {
        Some(&proto) => (proto, None),
        None => (17, Some(PORTS[choice % 32 % PORTS.len()])),
    };
    let body: Vec<u8> = match ports {
        None => inside.to_vec(),
        Some(port) => {
            let (from, to) = if choice & 32 == 0 { (50_000, port) } else { (port, 50_000) };
            let length = (inside.len() + 8).min(0xffff) as u16;
            [&from.to_be_bytes()[..], &to.to_be_bytes(), &length.to_be_bytes(), &[0, 0], inside].concat()
        }
    };
    let six = choice & 64 != 0;
    let length = (body.len() + if six { 0 } else { 20 }).min(0xffff) as u16;
    let [high, low] = length.to_be_bytes();
    let header = if six {
        let mut header = vec![0x60, 0, 0, 0, high, low, proto, 64];
        header.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        header.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        header
    } else {
        vec![0x45, 0, high, low, 0, 1, 0, 0, 64, proto, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]
    };
    [header, body].concat()
}

fuzz_target!(|data: &[u8]| {
    let (kind, inside) = choice(data);
    let frame = outer(kind, inside);
    let mut told = layers::Layers::default();
    let Ok(innermost) = packet::from_ip(&frame, 0, &mut told) else { panic!("the outer header is sound") };
    layers::check(&innermost, &frame, &told);
    let mut first = layers::Layers::default();
    if let Ok(first) = packet::outermost(&frame, &mut first) {
        if told.tunnels > 0 {
            assert!(tunnel::may_hold(&frame, &first), "a tunnel in what can hold none");
        }
        if let Ok(Some(inner)) = tunnel::inner(&frame, &first) {
            assert!(inner.kind.is_sealed() || inner.at >= first.l4_at as usize);
        }
    }
    // The same over Ethernet, where the fast path must leave tunnels to the general reader.
    let kind: [u8; 2] = if frame[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
    layers::frame(1, &[&[2; 12][..], &kind, &frame].concat());
});
