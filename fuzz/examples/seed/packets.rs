//! Frames out of captures, and what is in them.

use std::path::Path;

use rutter::decode::flow::Exporters;
use rutter::decode::link::{self, Network};
use rutter::decode::packet::{self, Transport};
use rutter::decode::{http, tls};
use rutter::source::block::Block;
use rutter::source::capture::{CaptureFile, OpenOptions};
use rutter_fuzz::layers::LINKS;

use crate::{Corpus, Outcome};

/// Frames of a capture that are looked at.
const FRAMES: usize = 400;
/// IP protocols and UDP ports in the order in which the target `tunnel` has them.
const PROTOCOLS: [u8; 7] = [4, 41, 47, 50, 51, 97, 115];
const PORTS: [u16; 17] = [443, 1194, 1701, 2152, 3544, 4500, 4789, 4790, 5072, 5246, 5247, 6080, 6081, 6635, 8472, 51820, 40000];

pub(crate) fn add(corpus: &mut Corpus, path: &Path, bytes: &[u8]) -> Outcome {
    let Ok(mut file) = CaptureFile::open(path, &OpenOptions { hash: false, unpack_cap: 64 << 20 }) else { return Ok(()) };
    for portion in [255, 3] {
        corpus.add("captures", &[portion], bytes)?;
    }
    let (mut block, mut left) = (Block::default(), FRAMES);
    while left > 0 && file.next_block(&mut block).is_ok_and(|more| more) {
        for record in block.records.iter().take(left) {
            frame(corpus, record.link.0, block.bytes(record))?;
        }
        left = left.saturating_sub(block.records.len());
    }
    Ok(())
}

fn frame(corpus: &mut Corpus, link: u16, frame: &[u8]) -> Outcome {
    let Some(which) = LINKS.iter().position(|&l| l == link) else { return Ok(()) };
    corpus.add("packet", &[which as u8], frame)?;
    let Ok(below) = link::network_layer(link, frame) else { return Ok(()) };
    if !matches!(below.network, Network::Ipv4 | Network::Ipv6) {
        return Ok(());
    }
    let ip = frame.get(below.offset as usize..).unwrap_or_default();
    let Ok(p) = packet::outermost(ip, &mut ()) else { return Ok(()) };
    let l4 = ip.get(p.l4_at as usize..p.end as usize).unwrap_or_default();
    if let Some(at) = PROTOCOLS.iter().position(|&n| n == p.proto.0) {
        corpus.add("tunnel", &[at as u8], l4)?;
    }
    match p.transport {
        Transport::IcmpError => corpus.add("icmp", &[u8::from(!p.src.is_v4())], l4),
        Transport::Udp => {
            let payload = l4.get(8..).unwrap_or_default();
            if matches!((p.sport, p.dport), (53 | 5353, _) | (_, 53 | 5353)) {
                corpus.add("dns", &[], payload)?;
            }
            if Exporters::recognise(payload).is_some() {
                corpus.add("flow", &[0x55, 0x55], payload)?;
            }
            // 32 choices, of which the last 25 are ports in turn.
            match PORTS.iter().position(|&n| n == p.dport || n == p.sport) {
                Some(at) => corpus.add("tunnel", &[(7..32).find(|c| c % PORTS.len() == at).unwrap_or(31) as u8], payload),
                None => Ok(()),
            }
        }
        Transport::Tcp => {
            let payload = l4.get(l4.get(12).map_or(20, |b| usize::from(b >> 4) * 4)..).unwrap_or_default();
            if http::looks_like_request(payload) {
                corpus.add("http", &[], payload)?;
            }
            if tls::looks_like_client_hello(payload) {
                corpus.add("tls", &[], payload)?;
            }
            if p.sport == 53 && !payload.is_empty() {
                corpus.add("dns", &[], payload)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// BGP messages wherever they stand in a file: by their marker.
pub(crate) fn bgp(corpus: &mut Corpus, bytes: &[u8]) -> Outcome {
    let mut messages = Vec::new();
    for at in 0..bytes.len().saturating_sub(18) {
        let Some([marker @ .., high, low]) = bytes.get(at..at + 18).and_then(|b| b.first_chunk::<18>()) else { break };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if marker.iter().all(|&b| b == 0xff) && (19..4096).contains(&length) {
            messages.extend_from_slice(bytes.get(at..at + length).unwrap_or_default());
        }
        if messages.len() > 4096 {
            break;
        }
    }
    if messages.is_empty() { Ok(()) } else { corpus.add("routing", &[2, 255], &messages) }
}
