//! Messages and records for tests, from the inside out; and a reader of whole inputs.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::record::{RecordFormat, Step};
use super::{Format, open};
use crate::model::record::{Announcement, Said, Saying};

pub(super) fn octets(addr: &str) -> Vec<u8> {
    match addr.parse::<IpAddr>().unwrap() {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

pub(super) fn prefix(text: &str) -> Vec<u8> {
    let net: IpNet = text.parse().unwrap();
    let bits = net.prefix_len();
    let mut out = vec![bits];
    out.extend(&octets(&net.addr().to_string())[..usize::from(bits).div_ceil(8)]);
    out
}

pub(super) fn attribute(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![0x50, kind];
    out.extend((value.len() as u16).to_be_bytes());
    out.extend(value);
    out
}

/// An AS_SEQUENCE of four-byte numbers.
pub(super) fn sequence(ases: &[u32]) -> Vec<u8> {
    let mut out = vec![2, ases.len() as u8];
    out.extend(ases.iter().flat_map(|n| n.to_be_bytes()));
    out
}

/// The same of two-byte numbers.
pub(super) fn sequence2(ases: &[u16]) -> Vec<u8> {
    let mut out = vec![2, ases.len() as u8];
    out.extend(ases.iter().flat_map(|n| n.to_be_bytes()));
    out
}

/// ORIGIN, AS_PATH, NEXT_HOP.
pub(super) fn attributes(path: &[u8], hop: &str) -> Vec<u8> {
    [attribute(1, &[0]), attribute(2, path), attribute(3, &octets(hop))].concat()
}

pub(super) fn counted(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// Body of an UPDATE.
pub(super) fn update(withdrawn: &[u8], attributes: &[u8], announced: &[u8]) -> Vec<u8> {
    [counted(withdrawn), counted(attributes), announced.to_vec()].concat()
}

pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff; 16][..], &(body.len() as u16 + 19).to_be_bytes(), &[kind], body].concat()
}

/// An OPEN with capabilities, each a code and a value.
pub(super) fn open_message(asn: u16, capabilities: &[(u8, &[u8])]) -> Vec<u8> {
    let list: Vec<u8> = capabilities.iter().flat_map(|(code, value)| [&[*code, value.len() as u8], *value].concat()).collect();
    let mut body = vec![4];
    body.extend(asn.to_be_bytes());
    body.extend([0, 90, 192, 0, 2, 1, list.len() as u8 + 2, 2, list.len() as u8]);
    body.extend(list);
    message(1, &body)
}

pub(super) const TIME: u32 = 1_700_000_000;

pub(super) fn mrt(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut out = TIME.to_be_bytes().to_vec();
    out.extend(kind.to_be_bytes());
    out.extend(subtype.to_be_bytes());
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// BGP4MP_MESSAGE_AS4 and the like, of 198.51.100.1 in 64496 to a collector 198.51.100.2 in 64511.
pub(super) fn bgp4mp(subtype: u16, message: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for asn in [64496_u32, 64511] {
        let bytes = asn.to_be_bytes();
        body.extend(if matches!(subtype, 4 | 7 | 9 | 11) { &bytes[..] } else { &bytes[2..] });
    }
    body.extend([0, 0, 0, 1, 198, 51, 100, 1, 198, 51, 100, 2]);
    body.extend(message);
    mrt(16, subtype, &body)
}

/// PEER_INDEX_TABLE with 198.51.100.1 in 64496 and 2001:db8::2 in 4200000001.
pub(super) fn peers() -> Vec<u8> {
    let mut body = vec![192, 0, 2, 1, 0, 4];
    body.extend(b"view");
    body.extend([0, 2, 0, 10, 0, 0, 1, 198, 51, 100, 1]);
    body.extend(64496_u16.to_be_bytes());
    body.extend([3, 10, 0, 0, 2]);
    body.extend(octets("2001:db8::2"));
    body.extend(4_200_000_001_u32.to_be_bytes());
    mrt(13, 1, &body)
}

/// An entry of a table.
pub(super) fn entry(peer: u16, path_id: Option<u32>, attributes: &[u8]) -> Vec<u8> {
    let mut out = peer.to_be_bytes().to_vec();
    out.extend(TIME.to_be_bytes());
    out.extend(path_id.into_iter().flat_map(u32::to_be_bytes));
    out.extend(counted(attributes));
    out
}

/// RIB_IPV4_UNICAST and the like.
pub(super) fn rib(subtype: u16, net: &str, entries: &[Vec<u8>]) -> Vec<u8> {
    let body = [&[0, 0, 0, 7][..], &prefix(net), &(entries.len() as u16).to_be_bytes(), &entries.concat()].concat();
    mrt(13, subtype, &body)
}

pub(super) fn bmp(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[3][..], &(body.len() as u32 + 6).to_be_bytes(), &[kind], body].concat()
}

/// A per-peer head for 198.51.100.1 in 64496, or with flag 0x80 for 2001:db8::1.
pub(super) fn peer(kind: u8, flags: u8) -> Vec<u8> {
    let mut out = vec![kind, flags];
    out.extend([0; 8]);
    if flags & 0x80 == 0 {
        out.extend([0; 12]);
        out.extend(octets("198.51.100.1"));
    } else {
        out.extend(octets("2001:db8::1"));
    }
    out.extend(64496_u32.to_be_bytes());
    out.extend([192, 0, 2, 1]);
    out.extend(TIME.to_be_bytes());
    out.extend(500_000_u32.to_be_bytes());
    out
}

/// All that an input says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Whole {
    pub(super) records: u64,
    /// Offset and reason.
    pub(super) rejected: Vec<(usize, &'static str)>,
    pub(super) said: Vec<Said>,
}

impl Whole {
    pub(super) fn routes(&self) -> impl Iterator<Item = &Announcement> {
        self.said.iter().filter_map(|said| match &said.fact {
            Saying::Announcement(a) => Some(&**a),
            _ => None,
        })
    }

    /// In the style of bgpdump: `A prefix path`, `W prefix`, with `#id`.
    pub(super) fn lines(&self) -> Vec<String> {
        self.routes().map(line).collect()
    }
}

pub(super) fn line(a: &Announcement) -> String {
    let id = a.path_id.map(|id| format!("#{id}")).unwrap_or_default();
    let path: Vec<String> = a.path.iter().map(|n| n.0.to_string()).collect();
    format!("{} {}{id} {}", if a.withdrawn { "W" } else { "A" }, a.prefix, path.join(" ")).trim_end().to_owned()
}

/// Reads an input with a buffer that grows by `portion` bytes at a time.
pub(super) fn read(format: Format, input: &[u8], portion: usize) -> Whole {
    let mut decoder: Box<dyn RecordFormat> = open(format);
    let (mut whole, mut at, mut end, mut out) = (Whole::default(), 0, portion.min(input.len()), Vec::new());
    while at < input.len() {
        let at_end = end == input.len();
        if at == end {
            end = (end + portion).min(input.len());
            continue;
        }
        assert!(end - at <= decoder.longest() + portion, "asks for more than its longest record");
        match decoder.step(&input[at..end], at_end, &mut out) {
            Step::More => {
                assert!(!at_end, "asks for more at the end");
                end = (end + portion).min(input.len());
            }
            Step::Piece { bytes, read } => {
                assert!(bytes > 0 && bytes <= end - at, "a piece of {bytes} bytes out of {}", end - at);
                match read {
                    Ok(piece) => {
                        whole.records += piece.records;
                        if let Some(why) = piece.why {
                            assert_eq!(piece.rejected, 1);
                            whole.rejected.push((at, why.0));
                        }
                    }
                    Err(why) => {
                        assert!(out.is_empty(), "a rejected record that says something");
                        whole.rejected.push((at, why.0));
                    }
                }
                whole.said.append(&mut out);
                at += bytes;
            }
        }
    }
    whole
}
