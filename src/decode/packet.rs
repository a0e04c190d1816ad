//! The fast path: one captured frame down to its innermost readable transport header, without copying.
//!
//! Budget: about 14 ns per packet for plain Ethernet/IP/TCP. Headers are read through `pnet_packet` views, which
//! borrow; offsets are kept instead of slices so that the result can wait in a batch while its block lives.

use pnet::packet::Packet as _;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::TcpPacket;
use pnet::packet::udp::UdpPacket;

use super::error::DecodeError;
use super::link::{self, Network};
use super::tunnel;
use crate::model::evidence::{ListKind, TunnelKind};
use crate::model::net::{IpProtocol, PackedAddr};

/// IP headers inside IP headers that are followed; deeper ones end the visible path.
pub const MAX_NESTING: usize = 8;
/// IPv6 extension headers that are followed (RFC 8200 recommends each at most once).
const MAX_EXTENSIONS: usize = 16;

/// What stands above the innermost IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Transport {
    /// TCP with at least 20 captured bytes.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP or ICMPv6 error: quotes another packet.
    IcmpError,
    /// ICMP or ICMPv6, anything else.
    Icmp,
    /// A fragment that is not the first: no transport header.
    Fragment,
    /// Another protocol, or a header cut off by the snap length.
    #[default]
    Other,
}

/// A decoded packet. All offsets count from the start of the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packet {
    /// Source of the innermost IP header.
    pub src: PackedAddr,
    /// Destination of the innermost IP header.
    pub dst: PackedAddr,
    /// Source port, or ICMP type (see [`icmp_ports`]).
    pub sport: u16,
    /// Destination port, or ICMP code or counterpart.
    pub dport: u16,
    /// Protocol of the last header of the chain.
    pub proto: IpProtocol,
    /// TTL or hop limit of the innermost IP header.
    pub ttl: u8,
    /// TCP flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
    pub tcp_flags: u8,
    /// What kind.
    pub transport: Transport,
    /// Declared length of the innermost IP packet in bytes, header included.
    pub ip_len: u32,
    /// Offset of the innermost IP header.
    pub ip_at: u32,
    /// Offset of the transport header.
    pub l4_at: u32,
    /// Declared length from the transport header to the end of the packet.
    pub l4_len: u32,
    /// End of the captured bytes of this packet (link padding excluded).
    pub end: u32,
    /// IP identification (0 for IPv6), which quotes repeat.
    pub ip_id: u16,
    /// An inner header could not be read; the packet is the last readable one.
    pub inner_error: Option<DecodeError>,
}

/// Told about layers that the result itself no longer shows.
pub trait LayerSink {
    /// An IP header.
    fn ip(&mut self, _src: PackedAddr, _dst: PackedAddr) {}
    /// An address in an IP option or extension header of the packet just told about. Those of one list come in order of
    /// travel.
    fn listed(&mut self, _kind: ListKind, _addr: PackedAddr) {}
    /// The packet just told about, whose header begins at `at`, is a piece of a larger one.
    fn fragment(&mut self, _at: usize) {}
    /// Where a source-routed packet is going in the end: its header names only the next stop.
    fn bound_for(&mut self, _addr: PackedAddr) {}
    /// The packet just told about carries another one, or is where an encrypted tunnel hides it.
    fn tunnel(&mut self, _kind: TunnelKind, _outer: (PackedAddr, PackedAddr), _id: Option<u32>) {}
}

/// Nobody listens.
impl LayerSink for () {}

/// Decodes a frame of link type `link` (LINKTYPE number). `Ok(None)`: readable, but no IP in it (ARP, LLDP …).
///
/// # Errors
/// When not even the first IP header can be read.
pub fn dissect(link: u16, frame: &[u8], sink: &mut impl LayerSink) -> Result<Option<Packet>, DecodeError> {
    let mut packet = Packet::default();
    Ok(dissect_into(link, frame, &mut packet, sink)?.then_some(packet))
}

/// As [`dissect`], into a packet that is used again and again: a result of this size is not worth moving three times
/// a frame. `Ok(false)`: no IP in it.
///
/// # Errors
/// As [`dissect`]; `packet` then holds nothing of use.
#[inline]
pub fn dissect_into(link: u16, frame: &[u8], packet: &mut Packet, sink: &mut impl LayerSink) -> Result<bool, DecodeError> {
    let below = link::network_layer(link, frame)?;
    if !matches!(below.network, Network::Ipv4 | Network::Ipv6) {
        return Ok(false);
    }
    ip_header(frame, below.offset as usize, frame.len(), packet, sink)?;
    if tunnel::may_hold(frame, packet) {
        descend(frame, packet, sink);
    }
    Ok(true)
}

/// Decodes from an IP header at `at`; which version is read from its first nibble.
///
/// # Errors
/// When the first IP header can't be read. Errors further in are kept in [`Packet::inner_error`].
pub fn from_ip(frame: &[u8], at: usize, sink: &mut impl LayerSink) -> Result<Packet, DecodeError> {
    let mut packet = Packet::default();
    ip_header(frame, at, frame.len(), &mut packet, sink)?;
    descend(frame, &mut packet, sink);
    Ok(packet)
}

/// Follows tunnels to the innermost readable packet. Out of line: most packets are no tunnel.
#[inline(never)]
fn descend(frame: &[u8], packet: &mut Packet, sink: &mut impl LayerSink) {
    for _ in 0..MAX_NESTING {
        if !tunnel::may_hold(frame, packet) {
            return;
        }
        let mut found = Packet::default();
        let inner = tunnel::inner(frame, packet).and_then(|inner| {
            if let Some(inner) = inner.filter(|inner| !inner.kind.is_sealed()) {
                ip_header(frame, inner.at, packet.end as usize, &mut found, sink)?;
            }
            Ok(inner)
        });
        match inner {
            Ok(Some(inner)) => {
                sink.tunnel(inner.kind, (packet.src, packet.dst), inner.id);
                if inner.kind.is_sealed() {
                    return;
                }
                *packet = found;
            }
            Ok(None) => return,
            Err(error) => {
                packet.inner_error = Some(error);
                return;
            }
        }
    }
    packet.inner_error = Some(DecodeError::Malformed { layer: "tunnel", what: "nested too deeply" });
}

/// Decodes one IP header and what stands right above it, without following tunnels: what an ICMP error quotes.
/// Quotes are cut short; their declared lengths are kept as declared.
///
/// # Errors
/// When the IP header can't be read.
pub fn outermost(quote: &[u8], sink: &mut impl LayerSink) -> Result<Packet, DecodeError> {
    let mut packet = Packet::default();
    ip_header(quote, 0, quote.len(), &mut packet, sink)?;
    Ok(packet)
}

fn truncated(layer: &'static str, need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated { layer, need: need as u32, have: have as u32 }
}

#[inline(always)]
fn ip_header(frame: &[u8], at: usize, limit: usize, packet: &mut Packet, sink: &mut impl LayerSink) -> Result<(), DecodeError> {
    let bytes = frame.get(at..limit).unwrap_or_default();
    match bytes.first().map(|b| b >> 4) {
        Some(4) => ipv4(frame, at, bytes, packet, sink),
        Some(6) => ipv6(frame, at, bytes, packet, sink),
        Some(_) => Err(DecodeError::Malformed { layer: "ip", what: "version is neither 4 nor 6" }),
        None => Err(truncated("ip", 20, 0)),
    }
}

#[inline(always)]
fn ipv4(frame: &[u8], at: usize, bytes: &[u8], packet: &mut Packet, sink: &mut impl LayerSink) -> Result<(), DecodeError> {
    let Some(ip) = Ipv4Packet::new(bytes) else { return Err(truncated("ipv4", 20, bytes.len())) };
    let header = usize::from(ip.get_header_length()) * 4;
    let src = PackedAddr::from_v4(ip.get_source());
    let dst = PackedAddr::from_v4(ip.get_destination());
    // 0 comes from segmentation offload: the kernel had not filled it in yet.
    let declared = match usize::from(ip.get_total_length()) {
        0 => bytes.len(),
        n => n,
    };
    if header < 20 {
        return Err(DecodeError::Malformed { layer: "ipv4", what: "header length below 20" });
    }
    sink.ip(src, dst);
    if declared < header {
        return Err(DecodeError::Malformed { layer: "ipv4", what: "total length below the header length" });
    }
    if header > 20 {
        options(bytes.get(20..header).unwrap_or_default(), sink);
    }
    let captured = declared.min(bytes.len());
    *packet = Packet {
        src,
        dst,
        sport: 0,
        dport: 0,
        proto: IpProtocol(ip.get_next_level_protocol().0),
        ttl: ip.get_ttl(),
        tcp_flags: 0,
        transport: Transport::Other,
        ip_len: declared as u32,
        ip_at: at as u32,
        l4_at: (at + header) as u32,
        l4_len: (declared - header) as u32,
        end: (at + captured) as u32,
        ip_id: ip.get_identification(),
        inner_error: None,
    };
    if u16::from_be_bytes([bytes[6], bytes[7]]) & 0x3fff != 0 {
        sink.fragment(at);
    }
    if ip.get_fragment_offset() != 0 {
        packet.transport = Transport::Fragment;
    } else {
        transport(frame, packet);
    }
    Ok(())
}

/// Addresses that record route, source route and timestamp options list (RFC 791 3.1) are part of the path.
fn options(mut rest: &[u8], sink: &mut impl LayerSink) {
    while let [kind, tail @ ..] = rest {
        match (*kind, tail) {
            (0, _) => return,
            (1, _) => rest = tail,
            (kind, [len, ..]) if *len >= 2 && usize::from(*len) <= rest.len() => {
                let (option, after) = rest.split_at(usize::from(*len));
                option_addresses(kind, option, sink);
                rest = after;
            }
            _ => return,
        }
    }
}

/// One option, its two bytes of kind and length included. The pointer counts bytes of the option from 1.
fn option_addresses(kind: u8, option: &[u8], sink: &mut impl LayerSink) {
    let [_, _, pointer, rest @ ..] = option else { return };
    let filled = usize::from(*pointer);
    let list = match kind {
        7 => ListKind::RecordRoute,
        131 => ListKind::LooseSourceRoute,
        137 => ListKind::StrictSourceRoute,
        68 => {
            // The low bits of the flags: 1 and 3 pair every time with an address.
            if let [flags, pairs @ ..] = rest
                && matches!(flags & 15, 1 | 3)
            {
                for [a, b, c, d, ..] in pairs.as_chunks::<8>().0.iter().take(filled.saturating_sub(5) / 8) {
                    sink.listed(ListKind::Timestamp, PackedAddr::from_v4([*a, *b, *c, *d].into()));
                }
            }
            return;
        }
        _ => return,
    };
    let slots = rest.as_chunks::<4>().0;
    // Routers fill a recorded route up to the pointer; a source route is full from the beginning.
    let listed = if list == ListKind::RecordRoute { filled.saturating_sub(4) / 4 } else { usize::MAX };
    for slot in slots.iter().take(listed) {
        sink.listed(list, PackedAddr::from_v4((*slot).into()));
    }
    // RFC 791 3.1: while the pointer is not past the route, the last slot is the destination.
    if let (ListKind::LooseSourceRoute | ListKind::StrictSourceRoute, Some(last)) = (list, slots.last())
        && filled <= option.len()
    {
        sink.bound_for(PackedAddr::from_v4((*last).into()));
    }
}

#[inline(always)]
fn ipv6(frame: &[u8], at: usize, bytes: &[u8], packet: &mut Packet, sink: &mut impl LayerSink) -> Result<(), DecodeError> {
    let Some(ip) = Ipv6Packet::new(bytes) else { return Err(truncated("ipv6", 40, bytes.len())) };
    // Two words each; the view's getters assemble an address from eight halves.
    let address = |at: usize| PackedAddr::from_bytes(ip.packet().get(at..).and_then(|b| b.first_chunk()).unwrap_or(&[0; 16]));
    let (src, dst) = (address(8), address(24));
    sink.ip(src, dst);
    // 0 is a jumbogram (RFC 2675) or offload: what was captured is all there is to go by.
    let declared = match usize::from(ip.get_payload_length()) {
        0 => bytes.len(),
        n => n + 40,
    };
    let captured = declared.min(bytes.len());
    *packet = Packet {
        src,
        dst,
        sport: 0,
        dport: 0,
        proto: IpProtocol(ip.get_next_header().0),
        ttl: ip.get_hop_limit(),
        tcp_flags: 0,
        transport: Transport::Other,
        ip_len: declared as u32,
        ip_at: at as u32,
        l4_at: (at + 40) as u32,
        l4_len: (declared - 40) as u32,
        end: (at + captured) as u32,
        ip_id: 0,
        inner_error: None,
    };
    if !matches!(packet.proto, IpProtocol::TCP | IpProtocol::UDP | IpProtocol::ICMPV6) && extensions(frame, packet, sink) {
        packet.transport = Transport::Fragment;
        return Ok(());
    }
    transport(frame, packet);
    Ok(())
}

/// Walks the extension headers (RFC 8200 4); `true` if the packet is a fragment and not the first.
fn extensions(frame: &[u8], packet: &mut Packet, sink: &mut impl LayerSink) -> bool {
    let end = packet.end as usize;
    for _ in 0..MAX_EXTENSIONS {
        let at = packet.l4_at as usize;
        let rest = frame.get(at..end).unwrap_or_default();
        let [next, len, ..] = *rest else { return false };
        let size = match packet.proto.0 {
            0 | 43 | 60 | 135 | 139 | 140 => (usize::from(len) + 1) * 8,
            44 => 8,
            51 => (usize::from(len) + 2) * 4, // RFC 4302 counts in 4 bytes, less 2
            _ => return false,
        };
        if size > rest.len() {
            return false;
        }
        if packet.proto.0 == 43 {
            routing(rest.get(..size).unwrap_or_default(), sink);
        }
        // Offset and "more" (RFC 8200 4.5); neither in an atomic fragment (RFC 6946).
        let place = match *rest {
            [_, _, hi, lo, ..] if packet.proto.0 == 44 => u16::from_be_bytes([hi, lo]),
            _ => 0,
        };
        if place & 0xfff9 != 0 {
            sink.fragment(packet.ip_at as usize);
        }
        let later_fragment = place & 0xfff8 != 0;
        packet.proto = IpProtocol(next);
        packet.l4_at += size as u32;
        packet.l4_len = packet.l4_len.saturating_sub(size as u32);
        if later_fragment {
            return true;
        }
    }
    false
}

/// Addresses in a type 0 (RFC 2460) or segment routing header (type 4, RFC 8754), which has them last first and something
/// else behind them.
fn routing(header: &[u8], sink: &mut impl LayerSink) {
    match header {
        [_, _, 0, _, _, _, _, _, addresses @ ..] => {
            for addr in addresses.as_chunks::<16>().0 {
                sink.listed(ListKind::RoutingHeader, PackedAddr::from_v6((*addr).into()));
            }
        }
        [_, _, 4, _, last, _, _, _, addresses @ ..] => {
            let segments = addresses.as_chunks::<16>().0;
            for addr in segments.iter().take(usize::from(*last) + 1).rev() {
                sink.listed(ListKind::RoutingHeader, PackedAddr::from_v6((*addr).into()));
            }
        }
        _ => {}
    }
}

#[inline(always)]
fn transport(frame: &[u8], packet: &mut Packet) {
    let bytes = frame.get(packet.l4_at as usize..packet.end as usize).unwrap_or_default();
    match packet.proto {
        IpProtocol::TCP => {
            if let Some(tcp) = TcpPacket::new(bytes) {
                packet.sport = tcp.get_source();
                packet.dport = tcp.get_destination();
                packet.tcp_flags = tcp.get_flags();
                packet.transport = Transport::Tcp;
            } else {
                ports(bytes, packet);
            }
        }
        IpProtocol::UDP => {
            if let Some(udp) = UdpPacket::new(bytes) {
                packet.sport = udp.get_source();
                packet.dport = udp.get_destination();
                packet.transport = Transport::Udp;
            } else {
                ports(bytes, packet);
            }
        }
        IpProtocol::SCTP => ports(bytes, packet),
        IpProtocol::ICMP | IpProtocol::ICMPV6 => {
            if let [kind, code, ..] = *bytes {
                let v6 = packet.proto == IpProtocol::ICMPV6;
                (packet.sport, packet.dport) = icmp_ports(v6, kind, code);
                let error = if v6 { matches!(kind, 1..=4) } else { matches!(kind, 3 | 4 | 5 | 11 | 12) };
                packet.transport = if error { Transport::IcmpError } else { Transport::Icmp };
            }
        }
        IpProtocol(51) => authenticated(frame, packet),
        _ => {}
    }
}

/// IPv4 with authentication headers (RFC 4302), which hide nothing: what they stand in front of. With IPv6 they are
/// extension headers.
#[inline(never)]
fn authenticated(frame: &[u8], packet: &mut Packet) {
    for _ in 0..MAX_EXTENSIONS {
        if packet.proto.0 != 51 {
            transport(frame, packet);
            return;
        }
        let rest = frame.get(packet.l4_at as usize..packet.end as usize).unwrap_or_default();
        let [next, len, ..] = *rest else { return };
        let size = (usize::from(len) + 2) * 4;
        // Three fixed words.
        if size < 12 || size > rest.len() || !packet.src.is_v4() {
            return;
        }
        packet.proto = IpProtocol(next);
        packet.l4_at += size as u32;
        packet.l4_len = packet.l4_len.saturating_sub(size as u32);
    }
}

/// The ports of a transport header of which not all was captured.
fn ports(bytes: &[u8], packet: &mut Packet) {
    if let [a, b, c, d, ..] = *bytes {
        packet.sport = u16::from_be_bytes([a, b]);
        packet.dport = u16::from_be_bytes([c, d]);
    }
}

/// The two "ports" that Community ID v1 gives an ICMP message: request and reply types are each other's
/// counterparts, so both directions make one flow; other messages carry type and code.
#[must_use]
pub fn icmp_ports(v6: bool, kind: u8, code: u8) -> (u16, u16) {
    let counterpart = if v6 {
        match kind {
            128 => 129,
            129 => 128,
            133 => 134,
            134 => 133,
            135 => 136,
            136 => 135,
            130 => 131,
            131 => 130,
            144 => 145,
            145 => 144,
            139 => 140,
            140 => 139,
            _ => return (u16::from(kind), u16::from(code)),
        }
    } else {
        match kind {
            8 => 0,
            0 => 8,
            13 => 14,
            14 => 13,
            15 => 16,
            16 => 15,
            17 => 18,
            18 => 17,
            10 => 9,
            9 => 10,
            _ => return (u16::from(kind), u16::from(code)),
        }
    };
    (u16::from(kind), counterpart)
}

#[cfg(test)]
mod tests;
