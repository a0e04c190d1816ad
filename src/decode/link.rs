//! From the first byte of a captured frame to its network header.
//!
//! Numbers and layouts are those of <https://www.tcpdump.org/linktypes.html>. Ethernet is the fast path and is
//! inlined into the dissector; whatever else is found goes through [`upward`], which follows VLAN tags, MPLS labels,
//! PPPoE and PPP until something is no encapsulation any more.

use super::error::DecodeError;
use super::wireless;

/// Encapsulations below IP that are followed in one frame.
const MAX_LAYERS: usize = 16;
/// Entries of an MPLS label stack that are followed.
const MAX_LABELS: usize = 32;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// ARP (RFC 826).
    Arp,
    /// Something else, by the number that its header gave it: an EtherType, a PPP protocol, an address family or the
    /// two service access points of LLC. 0 where it has none.
    Other(u16),
}

/// A network header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Below {
    /// What it is, as the layer below says.
    pub network: Network,
    /// Where it begins in the frame.
    pub offset: u32,
}

type Found = Result<Below, DecodeError>;

/// Something that is not read any further.
pub(super) fn other(number: u16, at: usize) -> Found {
    Ok(below(Network::Other(number), at))
}

#[inline]
fn below(network: Network, at: usize) -> Below {
    Below { network, offset: u32::try_from(at).unwrap_or(u32::MAX) }
}

fn be16(frame: &[u8], at: usize, layer: &'static str) -> Result<u16, DecodeError> {
    match frame.get(at..).and_then(|b| b.first_chunk()) {
        Some(bytes) => Ok(u16::from_be_bytes(*bytes)),
        None => Err(DecodeError::truncated(layer, at + 2, frame.len())),
    }
}

fn byte(frame: &[u8], at: usize, layer: &'static str) -> Result<u8, DecodeError> {
    frame.get(at).copied().ok_or_else(|| DecodeError::truncated(layer, at + 1, frame.len()))
}

fn word(frame: &[u8], at: usize, layer: &'static str) -> Result<[u8; 4], DecodeError> {
    match frame.get(at..).and_then(|b| b.first_chunk()) {
        Some(bytes) => Ok(*bytes),
        None => Err(DecodeError::truncated(layer, at + 4, frame.len())),
    }
}

/// Finds the network header of a frame of link type `link` (LINKTYPE number).
///
/// # Errors
/// When a header below it is cut off or makes no sense, or when the link type is not read.
#[inline]
pub fn network_layer(link: u16, frame: &[u8]) -> Result<Below, DecodeError> {
    if link == 1
        && let Some(&[high, low]) = frame.get(12..14)
    {
        return match [high, low] {
            [0x08, 0x00] => Ok(below(Network::Ipv4, 14)),
            [0x86, 0xdd] => Ok(below(Network::Ipv6, 14)),
            number => upward(Step::EtherType(u16::from_be_bytes(number)), frame, 14),
        };
    }
    uncommon(link, frame)
}

fn uncommon(link: u16, frame: &[u8]) -> Found {
    match link {
        0 => null(frame),
        1 => upward(Step::Ethernet, frame, 0),
        6 => token_ring(frame),
        9 => upward(Step::Ppp, frame, 0),
        10 => fddi(frame),
        12 | 14 | 101 | 228 | 229 => by_version(frame, 0, "raw ip"),
        50 => hdlc(frame),
        51 => upward(Step::Pppoe, frame, 0),
        100 => upward(Step::Llc, frame, 0),
        104 => cisco_hdlc(frame),
        105 => wireless::ieee_802_11(frame, 0, false),
        107 => frame_relay(frame),
        108 => family(u32::from_be_bytes(word(frame, 0, "loop")?), frame, 4),
        109 => enc(frame),
        113 => cooked(frame),
        117 => pflog(frame),
        119 => wireless::prism(frame),
        127 => wireless::radiotap(frame),
        163 => wireless::avs(frame),
        166 => pppd(frame),
        192 => ppi(frame),
        // One byte of direction in front of PPP, Cisco's HDLC, frame relay.
        204 => upward(Step::Ppp, frame, 1),
        205 => behind(frame, 1, cisco_hdlc),
        206 => behind(frame, 1, frame_relay),
        219 => upward(Step::Labels, frame, 0),
        239 => nflog(frame),
        258 => pktap(frame),
        276 => cooked_2(frame),
        link => Err(DecodeError::Unsupported { link }),
    }
}

/// What `read` makes of the frame that begins `at` further on.
fn behind(frame: &[u8], at: usize, read: impl Fn(&[u8]) -> Found) -> Found {
    let Some(rest) = frame.get(at..) else { return Err(DecodeError::truncated("link", at, frame.len())) };
    let found = read(rest)?;
    Ok(below(found.network, at + found.offset as usize))
}

/// What stands at the place that [`upward`] has reached.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// An Ethernet header.
    Ethernet,
    /// What this EtherType (or 802.3 length) says.
    EtherType(u16),
    /// An LLC header (IEEE 802.2).
    Llc,
    /// OUI and protocol of SNAP.
    Snap,
    /// An MPLS label stack.
    Labels,
    /// A PPPoE session header.
    Pppoe,
    /// PPP, with or without address and control.
    Ppp,
}

/// Follows encapsulations from `at` on. Recursion is bounded: a label stack looks ahead for Ethernet at most once
/// per step.
pub(super) fn upward(step: Step, frame: &[u8], at: usize) -> Found {
    follow(step, frame, at, MAX_LAYERS)
}

fn follow(mut step: Step, frame: &[u8], mut at: usize, layers: usize) -> Found {
    for left in (0..layers).rev() {
        (step, at) = match step {
            Step::Ethernet => (Step::EtherType(be16(frame, at + 12, "ethernet")?), at + 14),
            Step::EtherType(number) => match number {
                0x0800 => return Ok(below(Network::Ipv4, at)),
                0x86dd => return Ok(below(Network::Ipv6, at)),
                0x0806 => return Ok(below(Network::Arp, at)),
                // 802.1Q, 802.1ad and the numbers that QinQ used before it: tag, then the next EtherType.
                0x8100 | 0x88a8 | 0x9100 | 0x9200 => (Step::EtherType(be16(frame, at + 2, "vlan")?), at + 4),
                0x8847 | 0x8848 => (Step::Labels, at),
                0x8864 => (Step::Pppoe, at),
                0x880b => (Step::Ppp, at),
                0x6558 => (Step::Ethernet, at),
                // Cisco's meta data: version 1, length 1, one option with a security group, EtherType of what follows.
                0x8909 if matches!(word(frame, at, "meta data")?, [1, 1, ..]) => {
                    (Step::EtherType(be16(frame, at + 6, "meta data")?), at + 8)
                }
                // IEEE 802.3: a length, LLC behind it.
                0..=0x05dc => (Step::Llc, at),
                number => return other(number, at),
            },
            Step::Llc => {
                let [dsap, ssap, control, _] = match word(frame, at, "llc") {
                    Ok(bytes) => bytes,
                    // Three bytes are a whole LLC header without payload.
                    Err(error) => return if frame.len() < at + 3 { Err(error) } else { other(be16(frame, at, "llc")?, at) },
                };
                match (dsap, ssap, control) {
                    (0xaa, 0xaa, 3) => (Step::Snap, at + 3),
                    (6, 6, 3) => return by_version(frame, at + 3, "llc"),
                    _ => return other(u16::from_be_bytes([dsap, ssap]), at),
                }
            }
            Step::Snap => {
                let [o0, o1, o2, p0] = word(frame, at, "snap")?;
                let protocol = u16::from_be_bytes([p0, byte(frame, at + 4, "snap")?]);
                match ([o0, o1, o2], protocol) {
                    // RFC 1042, and IEEE 802.1H for protocols with Ethernet-only translation.
                    ([0, 0, 0] | [0, 0, 0xf8], _) => (Step::EtherType(protocol.max(0x0600)), at + 5),
                    // RFC 2427 4.2, bridged Ethernet with and without checksum.
                    ([0, 0x80, 0xc2], 1 | 7) => (Step::Ethernet, at + 5),
                    _ => return other(protocol, at),
                }
            }
            Step::Labels => {
                return match labels(frame, at, left)? {
                    Some(inner) => by_version(frame, inner, "mpls"),
                    None => other(0x8847, at),
                };
            }
            Step::Pppoe => {
                let [version_type, code, ..] = word(frame, at, "pppoe")?;
                if version_type != 0x11 {
                    return Err(DecodeError::Malformed { layer: "pppoe", what: "version and type are not 1" });
                }
                if code != 0 {
                    return other(0x8863, at); // discovery, not a session (RFC 2516 4)
                }
                (Step::Ppp, at + 6)
            }
            Step::Ppp => return ppp(frame, at, left),
        };
    }
    Err(DecodeError::Malformed { layer: "link", what: "nested too deeply" })
}

/// The label stack at `at`: where the IP header behind it begins; `None` if what is behind it is no IP.
///
/// # Errors
/// When the stack is cut off or has no end.
pub fn mpls(frame: &[u8], at: usize) -> Result<Option<usize>, DecodeError> {
    labels(frame, at, MAX_LAYERS)
}

/// Labels do not say what they carry. IP is told by its version (RFC 4928 2); otherwise it may be Ethernet behind a
/// control word that begins with zero bits (RFC 4448 4.6), or Ethernet at once, and either must lead to IP.
fn labels(frame: &[u8], mut at: usize, layers: usize) -> Result<Option<usize>, DecodeError> {
    for n in 0.. {
        if n == MAX_LABELS {
            return Err(DecodeError::Malformed { layer: "mpls", what: "label stack without end" });
        }
        let [_, _, third, _] = word(frame, at, "mpls")?;
        at += 4;
        if third & 1 == 1 {
            break;
        }
    }
    let Some(&first) = frame.get(at) else { return Err(DecodeError::truncated("mpls", at + 1, frame.len())) };
    if is_ip(frame, at) {
        return Ok(Some(at));
    }
    let ethernet_at = |at: usize| match follow(Step::Ethernet, frame, at, layers) {
        Ok(Below { network: Network::Ipv4 | Network::Ipv6, offset }) if is_ip(frame, offset as usize) => Some(offset as usize),
        _ => None,
    };
    let behind_word = if first >> 4 == 0 { ethernet_at(at + 4) } else { None };
    Ok(behind_word.or_else(|| ethernet_at(at)))
}

/// The version of IP, and for IPv4 a header length that can be.
fn is_ip(frame: &[u8], at: usize) -> bool {
    frame.get(at).is_some_and(|b| matches!(b, 0x45..=0x4f | 0x60..=0x6f))
}

/// IP without a word about its version.
fn by_version(frame: &[u8], at: usize, layer: &'static str) -> Found {
    match byte(frame, at, layer)? >> 4 {
        4 => Ok(below(Network::Ipv4, at)),
        6 => Ok(below(Network::Ipv6, at)),
        _ => Err(DecodeError::Malformed { layer, what: "version is neither 4 nor 6" }),
    }
}

/// RFC 1661, RFC 1662: address and control may be left out, the protocol may take one byte (its last bit is set).
fn ppp(frame: &[u8], mut at: usize, layers: usize) -> Found {
    if matches!(frame.get(at..), Some([0xff, 0x03, ..])) {
        at += 2;
    }
    let first = byte(frame, at, "ppp")?;
    let (protocol, at) = if first & 1 == 1 { (u16::from(first), at + 1) } else { (be16(frame, at, "ppp")?, at + 2) };
    match protocol {
        0x0021 => Ok(below(Network::Ipv4, at)),
        0x0057 => Ok(below(Network::Ipv6, at)),
        0x0281 | 0x0283 => follow(Step::Labels, frame, at, layers),
        number => other(number, at),
    }
}

/// BSD loopback: the address family in the byte order of the host that captured.
fn null(frame: &[u8]) -> Found {
    match word(frame, 0, "null")? {
        // Met under this number although it is not: PPP, and Cisco's HDLC with its EtherType.
        [0xff, 0x03, ..] => upward(Step::Ppp, frame, 0),
        [0x0f | 0x8f, 0, 0x08, 0x00] | [0x0f | 0x8f, 0, 0x86, 0xdd] => by_version(frame, 4, "null"),
        bytes => family(in_host_order(bytes), frame, 4),
    }
}

/// Families are small numbers, so the half that is not zero tells the order.
fn in_host_order(bytes: [u8; 4]) -> u32 {
    if bytes[0] == 0 && bytes[1] == 0 { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

/// AF_INET is 2 everywhere; AF_INET6 is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on Darwin, and, where the packet
/// agrees because BSD gives these numbers to others, 10 on Linux and 23 on Windows.
fn family(number: u32, frame: &[u8], at: usize) -> Found {
    match number {
        2 => Ok(below(Network::Ipv4, at)),
        24 | 28 | 30 => Ok(below(Network::Ipv6, at)),
        10 | 23 if frame.get(at).is_some_and(|b| b >> 4 == 6) => Ok(below(Network::Ipv6, at)),
        // Some drivers write an EtherType here.
        0x0800 | 0x86dd => by_version(frame, at, "loop"),
        number => other(u16::try_from(number).unwrap_or(0), at),
    }
}

/// OpenBSD's view into IPsec: family in host order, SPI, flags.
fn enc(frame: &[u8]) -> Found {
    family(in_host_order(word(frame, 0, "enc")?), frame, 12)
}

/// pf's log: its length without padding to 4 bytes, then the address family.
fn pflog(frame: &[u8]) -> Found {
    let len = usize::from(byte(frame, 0, "pflog")?);
    let number = byte(frame, 1, "pflog")?;
    // The shortest header, OpenBSD's of 2003, has 45 bytes.
    if len < 45 {
        return Err(DecodeError::Malformed { layer: "pflog", what: "header length below 45" });
    }
    family(u32::from(number), frame, len.next_multiple_of(4))
}

/// Linux "cooked" capture: packet type, ARPHRD type, address length, address (8), protocol.
fn cooked(frame: &[u8]) -> Found {
    let hardware = be16(frame, 2, "sll")?;
    cooked_protocol(hardware, be16(frame, 14, "sll")?, frame, 16)
}

/// Version 2 of it: protocol, 2 reserved, interface (4), ARPHRD type, packet type, address length, address (8).
fn cooked_2(frame: &[u8]) -> Found {
    let hardware = be16(frame, 8, "sll2")?;
    let protocol = be16(frame, 0, "sll2")?;
    if frame.len() < 20 {
        return Err(DecodeError::truncated("sll2", 20, frame.len()));
    }
    cooked_protocol(hardware, protocol, frame, 20)
}

fn cooked_protocol(hardware: u16, protocol: u16, frame: &[u8], at: usize) -> Found {
    match (hardware, protocol) {
        (803, _) => wireless::radiotap_at(frame, at),
        // Netlink and CAN number their protocols in their own way.
        (824 | 280, number) => other(number, at),
        (_, 0x0004) => upward(Step::Llc, frame, at),
        // Numbers below 0x0600 are Linux's own here (ETH_P_802_3 …), not lengths.
        (_, number @ 0..=0x05ff) => other(number, at),
        (_, number) => upward(Step::EtherType(number), frame, at),
    }
}

/// RFC 1547 4.3.1: address (0x0f to one, 0x8f to all), control, EtherType.
fn cisco_hdlc(frame: &[u8]) -> Found {
    match be16(frame, 2, "c_hdlc")? {
        number @ 0..=0x05ff => other(number, 4),
        number => upward(Step::EtherType(number), frame, 4),
    }
}

/// PPP in HDLC-like framing, or Cisco's: the address tells.
fn hdlc(frame: &[u8]) -> Found {
    match byte(frame, 0, "ppp_hdlc")? {
        0x0f | 0x8f => cisco_hdlc(frame),
        _ => upward(Step::Ppp, frame, 0),
    }
}

/// pppd's log: HDLC-like framing in which the address byte is 0 for received and 1 for sent.
fn pppd(frame: &[u8]) -> Found {
    let at = if matches!(frame, [0 | 1 | 0xff, 3, ..]) { 2 } else { 0 };
    upward(Step::Ppp, frame, at)
}

/// FDDI: frame control, destination, source; LLC in asynchronous frames.
fn fddi(frame: &[u8]) -> Found {
    let control = byte(frame, 0, "fddi")?;
    if control & 0xf0 == 0x50 { upward(Step::Llc, frame, 13) } else { other(u16::from(control), 0) }
}

/// IEEE 802.5: access control, frame control, destination, source, routing information if the source says so.
fn token_ring(frame: &[u8]) -> Found {
    let (control, source) = (byte(frame, 1, "token ring")?, byte(frame, 8, "token ring")?);
    if control & 0xc0 != 0x40 {
        return other(u16::from(control), 0);
    }
    let routing = if source & 0x80 != 0 { usize::from(byte(frame, 14, "token ring")? & 0x1f) } else { 0 };
    upward(Step::Llc, frame, 14 + routing)
}

/// RFC 2427: Q.922 address of 2 to 4 bytes (the last has its lowest bit set), control, perhaps padding, NLPID.
fn frame_relay(frame: &[u8]) -> Found {
    let head = frame.get(..4).unwrap_or(frame);
    let len = match head.iter().position(|b| b & 1 == 1) {
        Some(last @ 1..=3) => last + 1,
        Some(_) => return Err(DecodeError::Malformed { layer: "frame relay", what: "address of one byte" }),
        None if head.len() < 4 => return Err(DecodeError::truncated("frame relay", 4, frame.len())),
        None => return Err(DecodeError::Malformed { layer: "frame relay", what: "address without end" }),
    };
    if byte(frame, len, "frame relay")? != 3 {
        // Cisco's own encapsulation has an EtherType here.
        return match be16(frame, len, "frame relay")? {
            number @ 0..=0x05ff => other(number, len),
            number => upward(Step::EtherType(number), frame, len + 2),
        };
    }
    let mut at = len + 1;
    if byte(frame, at, "frame relay")? == 0 {
        at += 1;
    }
    match byte(frame, at, "frame relay")? {
        0xcc => Ok(below(Network::Ipv4, at + 1)),
        0x8e => Ok(below(Network::Ipv6, at + 1)),
        0x80 => upward(Step::Snap, frame, at + 1),
        0xcf => upward(Step::Ppp, frame, at + 1),
        nlpid => other(u16::from(nlpid), at),
    }
}

/// netfilter's log: family, version, resource, then length and type (host order) and value, padded to 4; type 9 is
/// the packet.
fn nflog(frame: &[u8]) -> Found {
    const PAYLOAD: u16 = 9;
    let [_, version, ..] = word(frame, 0, "nflog")?;
    if version != 0 {
        return Err(DecodeError::Malformed { layer: "nflog", what: "version is not 0" });
    }
    let mut at = 4;
    while let Some(&[l0, l1, t0, t1]) = frame.get(at..).and_then(|b| b.first_chunk()) {
        // A length below 256 with its bytes the wrong way round is above any type's size, and so tells the order.
        let little = (u16::from_le_bytes([l0, l1]), u16::from_le_bytes([t0, t1]));
        let big = (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([t0, t1]));
        let (len, kind) = if t1 == 0 || t0 != 0 { little } else { big };
        if len < 4 {
            return Err(DecodeError::Malformed { layer: "nflog", what: "value of less than no bytes" });
        }
        if kind & 0x7fff == PAYLOAD {
            return by_version(frame, at + 4, "nflog");
        }
        at += usize::from(len).next_multiple_of(4);
    }
    other(PAYLOAD, at.min(frame.len()))
}

/// Darwin's header of captures on all interfaces: its length, what follows (1: a packet), and the packet's link type,
/// all little-endian as every Mac since 2006 writes them. Link type numbers are DLT ones; those in use are the same.
fn pktap(frame: &[u8]) -> Found {
    let field = |at| Ok::<_, DecodeError>(u32::from_le_bytes(word(frame, at, "pktap")?));
    let (len, next, link) = (field(0)? as usize, field(4)?, field(8)?);
    if next != 1 {
        return other(0, 0);
    }
    let inner = match u16::try_from(link) {
        Ok(link) if !matches!(link, 192 | 258) => link,
        _ => return Err(DecodeError::Malformed { layer: "pktap", what: "link type that cannot be" }),
    };
    if len < 12 || len > frame.len() {
        return Err(DecodeError::Malformed { layer: "pktap", what: "length that cannot be" });
    }
    behind(frame, len, |rest| network_layer(inner, rest))
}

/// Per-packet information: version, flags, length of all of it, and the packet's link type, little-endian. Of link types
/// that have a header of this kind themselves none is followed: two of them could hold each other without end.
fn ppi(frame: &[u8]) -> Found {
    let [version, _, l0, l1] = word(frame, 0, "ppi")?;
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    let inner = match u16::try_from(u32::from_le_bytes(word(frame, 4, "ppi")?)) {
        Ok(link) if !matches!(link, 192 | 258) => link,
        _ => return Err(DecodeError::Malformed { layer: "ppi", what: "link type that cannot be" }),
    };
    if version != 0 || len < 8 || len > frame.len() {
        return Err(DecodeError::Malformed { layer: "ppi", what: "version is not 0, or a length that cannot be" });
    }
    behind(frame, len, |rest| network_layer(inner, rest))
}

#[cfg(test)]
mod tests;
