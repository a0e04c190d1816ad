//! Information elements: which of the hundreds that IANA lists (<https://www.iana.org/assignments/ipfix>) are read.
//! NetFlow version 9 has the same numbers up to 127, and vendors have put more behind them.

/// What a field of a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    // Addresses; `Values` keeps them apart from numbers.
    SrcV4,
    SrcV6,
    DstV4,
    DstV6,
    /// After translation.
    NatSrcV4,
    NatSrcV6,
    NatDstV4,
    NatDstV6,
    ExporterV4,
    ExporterV6,
    // Numbers from here on.
    SrcPort,
    DstPort,
    Proto,
    TcpFlags,
    IcmpTypeCode,
    IcmpType,
    IcmpCode,
    Octets,
    Packets,
    OctetsTotal,
    PacketsTotal,
    /// Behind the observing device: NetFlow 9 counts there what leaves (23, 24).
    PostOctets,
    PostPackets,
    ReverseOctets,
    ReversePackets,
    ReverseOctetsTotal,
    ReversePacketsTotal,
    ReverseTcpFlags,
    /// Payload of layer 4 (231, 232).
    InitiatorOctets,
    ResponderOctets,
    InitiatorPackets,
    ResponderPackets,
    /// Milliseconds since the exporter's start.
    FirstUptime,
    LastUptime,
    StartSeconds,
    EndSeconds,
    StartMillis,
    EndMillis,
    /// NTP format: seconds since 1900 in 32 bits, and a fraction in 32 bits.
    StartNtp,
    EndNtp,
    /// Microseconds before the export.
    StartDelta,
    EndDelta,
    EventSeconds,
    EventMillis,
    EventNtp,
    DurationMillis,
    DurationMicros,
    /// When the exporter started, in milliseconds since 1970.
    InitMillis,
    SamplingInterval,
    RandomInterval,
    PacketInterval,
    PacketSpace,
    SamplingSize,
    SamplingPopulation,
    Sampler,
    Interface,
    ForwardingStatus,
    FirewallEvent,
    BiflowDirection,
    NatSrcPort,
    NatDstPort,
    /// Nothing that matters here.
    Skip,
}

/// Private enterprise number under which an element tells of the reverse direction (RFC 5103 6.1).
const REVERSE: u32 = 29_305;

/// Numbers above this one are in NetFlow 9 a vendor's own; with IPFIX the upper bit is the enterprise bit.
const ASA: u16 = 40_000;

/// Elements that both protocols have.
fn common(number: u16) -> Field {
    match number {
        1 => Field::Octets,
        2 => Field::Packets,
        4 => Field::Proto,
        6 => Field::TcpFlags,
        7 | 180 | 182 => Field::SrcPort,
        8 => Field::SrcV4,
        10 => Field::Interface,
        11 | 181 | 183 => Field::DstPort,
        12 => Field::DstV4,
        21 => Field::LastUptime,
        22 => Field::FirstUptime,
        23 => Field::PostOctets,
        24 => Field::PostPackets,
        27 => Field::SrcV6,
        28 => Field::DstV6,
        32 | 139 => Field::IcmpTypeCode,
        34 => Field::SamplingInterval,
        48 | 302 => Field::Sampler,
        50 => Field::RandomInterval,
        85 => Field::OctetsTotal,
        86 => Field::PacketsTotal,
        89 => Field::ForwardingStatus,
        130 => Field::ExporterV4,
        131 => Field::ExporterV6,
        150 => Field::StartSeconds,
        151 => Field::EndSeconds,
        152 => Field::StartMillis,
        153 => Field::EndMillis,
        154 | 156 => Field::StartNtp,
        155 | 157 => Field::EndNtp,
        158 => Field::StartDelta,
        159 => Field::EndDelta,
        160 => Field::InitMillis,
        161 => Field::DurationMillis,
        162 => Field::DurationMicros,
        176 | 178 => Field::IcmpType,
        177 | 179 => Field::IcmpCode,
        225 => Field::NatSrcV4,
        226 => Field::NatDstV4,
        227 => Field::NatSrcPort,
        228 => Field::NatDstPort,
        231 => Field::InitiatorOctets,
        232 => Field::ResponderOctets,
        233 => Field::FirewallEvent,
        239 => Field::BiflowDirection,
        281 => Field::NatSrcV6,
        282 => Field::NatDstV6,
        298 => Field::InitiatorPackets,
        299 => Field::ResponderPackets,
        305 => Field::PacketInterval,
        306 => Field::PacketSpace,
        309 => Field::SamplingSize,
        310 => Field::SamplingPopulation,
        322 => Field::EventSeconds,
        323 => Field::EventMillis,
        324 | 325 => Field::EventNtp,
        _ => Field::Skip,
    }
}

impl Field {
    /// A field type of NetFlow 9. From 40,001 on the ASA has put what it translates and decides; later versions of it use
    /// IANA's numbers instead.
    pub(super) fn netflow9(number: u16) -> Self {
        match number.wrapping_sub(ASA) {
            1 => Self::NatSrcV4,
            2 => Self::NatDstV4,
            3 => Self::NatSrcPort,
            4 => Self::NatDstPort,
            5 => Self::FirewallEvent,
            _ => common(number),
        }
    }

    /// What a scope of NetFlow 9 names (RFC 3954 6.1): only an interface matters, to which a sampling rate may belong.
    pub(super) fn netflow9_scope(number: u16) -> Self {
        if number == 2 { Self::Interface } else { Self::Skip }
    }

    /// An element of IPFIX, without the enterprise bit. Elements of enterprises are not read, but for those of the reverse
    /// direction.
    pub(super) fn ipfix(number: u16, enterprise: Option<u32>) -> Self {
        match enterprise {
            None => common(number),
            Some(REVERSE) => match number {
                1 => Self::ReverseOctets,
                2 => Self::ReversePackets,
                6 => Self::ReverseTcpFlags,
                85 => Self::ReverseOctetsTotal,
                86 => Self::ReversePacketsTotal,
                _ => Self::Skip,
            },
            Some(_) => Self::Skip,
        }
    }

    #[inline]
    pub(super) fn is_address(self) -> bool {
        (self as u8) < Self::SrcPort as u8
    }

    /// Its bit in a set of fields.
    #[inline]
    pub(super) const fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

// The set of fields is one word.
const _: () = assert!((Field::Skip as u8) < 64);
