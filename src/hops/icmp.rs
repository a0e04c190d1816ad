//! Words for ICMP errors (IANA registries "ICMP Type Numbers" and "ICMPv6 Parameters").

use crate::model::evidence::Quote;

/// Does the error say that a packet could not be delivered? Fragmentation needed is left out: such a packet was
/// too large, which says nothing of the end of the path.
pub(super) fn is_unreachable(quote: &Quote) -> bool {
    if quote.from.is_ipv4() { quote.icmp_type == 3 && quote.icmp_code != 4 } else { quote.icmp_type == 1 }
}

/// Parameter problem (ICMP 12, ICMPv6 4): whoever sends it looked into the packet.
pub(super) fn is_parameter_problem(quote: &Quote) -> bool {
    quote.icmp_type == if quote.from.is_ipv4() { 12 } else { 4 }
}

/// Port unreachable: the usual answer of a target to a UDP probe.
pub(super) fn is_port_unreachable(quote: &Quote) -> bool {
    (quote.icmp_type, quote.icmp_code) == if quote.from.is_ipv4() { (3, 3) } else { (1, 4) }
}

/// `ICMP 3/13: communication administratively prohibited`.
pub(super) fn words(quote: &Quote) -> String {
    let (family, text) = if quote.from.is_ipv4() {
        ("ICMP", v4(quote.icmp_type, quote.icmp_code))
    } else {
        ("ICMPv6", v6(quote.icmp_type, quote.icmp_code))
    };
    format!("{family} {}/{}: {text}", quote.icmp_type, quote.icmp_code)
}

fn v4(icmp_type: u8, code: u8) -> &'static str {
    match (icmp_type, code) {
        (3, 0) => "network unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => "fragmentation needed",
        (3, 5) => "source route failed",
        (3, 6) => "destination network unknown",
        (3, 7) => "destination host unknown",
        (3, 8) => "source host isolated",
        (3, 9) => "network administratively prohibited",
        (3, 10) => "host administratively prohibited",
        (3, 11) => "network unreachable for this type of service",
        (3, 12) => "host unreachable for this type of service",
        (3, 13) => "communication administratively prohibited",
        (3, 14) => "host precedence violation",
        (3, 15) => "precedence cut-off in effect",
        (3, _) => "destination unreachable",
        (11, 0) => "time to live exceeded in transit",
        (11, _) => "fragment reassembly time exceeded",
        (12, _) => "parameter problem",
        _ => "error",
    }
}

fn v6(icmp_type: u8, code: u8) -> &'static str {
    match (icmp_type, code) {
        (1, 0) => "no route to destination",
        (1, 1) => "communication administratively prohibited",
        (1, 2) => "beyond scope of source address",
        (1, 3) => "address unreachable",
        (1, 4) => "port unreachable",
        (1, 5) => "source address failed ingress or egress policy",
        (1, 6) => "route rejected",
        (1, 7) => "error in source routing header",
        (1, _) => "destination unreachable",
        (2, _) => "packet too big",
        (3, 0) => "hop limit exceeded in transit",
        (3, _) => "fragment reassembly time exceeded",
        (4, _) => "parameter problem",
        _ => "error",
    }
}
