//! Words for numbers and for the vocabulary of the model. One place, so that the same thing is always called the same.

use crate::model::evidence::Position;
use crate::model::hop::{HopRole, Knowledge};
use crate::model::law::{Basis, Status};
pub(super) use crate::report::claims::likelihood;
use crate::report::model::Hop;

/// A probability as printed: two decimals, never 0 and never 1 unless it cannot be told apart from a plain number.
pub(super) fn p(p: f32) -> String {
    if !p.is_finite() {
        "unknown".into()
    } else if p < 0.005 {
        "<0.01".into()
    } else {
        format!("{:.2}", p.min(0.99))
    }
}

/// Shade 1 to 5 on the map; 0 is the hatch of an unknown probability.
pub(super) fn shade(p: f32) -> u8 {
    match p {
        p if !p.is_finite() || p <= 0.0 => 0,
        p if p >= 0.95 => 5,
        p if p >= 0.80 => 4,
        p if p >= 0.55 => 3,
        p if p >= 0.20 => 2,
        _ => 1,
    }
}

/// What a shade stands for.
pub(super) const SHADES: [(u8, &str); 6] =
    [(5, "0.95 or more"), (4, "0.80 to 0.95"), (3, "0.55 to 0.80"), (2, "0.20 to 0.55"), (1, "below 0.20"), (0, "unknown")];

/// Title of a finding's kind.
pub(super) fn finding(kind: &str) -> &str {
    match kind {
        "brute-force" => "Repeated log-in attempts",
        "syn-flood" => "Flood of half-open connections",
        "flood" => "Flood of one-way packets",
        "backscatter" => "Answers to forged packets (backscatter)",
        "scan" => "Scan",
        "upload" => "Unusual upload",
        "alert" => "Marked by a detector",
        "listed" => "On a list that was given",
        "mail" => "Way of a mail",
        "proxied-request" => "Request through proxies",
        "traceroute" => "Traceroute",
        "chosen" => "Chosen by the analyst",
        "conversation" => "Conversation",
        other => other,
    }
}

/// What a trust word means.
pub(super) fn trust(word: &str) -> &'static str {
    match word {
        "proved" => "handshake completed and data acknowledged both ways",
        "echoed" => "a fresh value came back from this address, no data acknowledged",
        "plausible" => "one-way traffic only; the source address may be forged",
        "reflected" => "the sender was addressed by somebody else in the victim's name",
        "backscatter" => "an unsolicited answer; the sender is itself a victim of forged addresses",
        "impossible" => "the source address cannot have sent this",
        _ => "meaning not known to this program",
    }
}

/// Role of a hop.
pub(super) fn role(role: HopRole) -> &'static str {
    match role {
        HopRole::Origin => "origin, as far as the evidence reaches",
        HopRole::Transit => "router on the way",
        HopRole::TunnelEntry => "tunnel entry",
        HopRole::TunnelExit => "tunnel exit",
        HopRole::Proxy => "proxy or relay that passed it on",
        HopRole::Translator => "address that was rewritten (NAT)",
        HopRole::Reflector => "host used to bounce traffic off",
        HopRole::Target => "target",
    }
}

/// What a way of knowing means.
pub(super) fn knowledge(kind: Knowledge) -> &'static str {
    match kind {
        Knowledge::Observed => "a packet shows it",
        Knowledge::Asserted => "somebody else's header says so",
        Knowledge::Inferred => "follows from other evidence, not from a packet on this path",
        Knowledge::Gap => "nobody answered",
    }
}

/// How a hop is known, and what that means. A withheld origin did not fail to answer: it is not shown.
pub(super) fn known(hop: &Hop) -> (&'static str, &'static str) {
    match hop.kind {
        Knowledge::Gap if hop.is_withheld() => ("not shown", "the reason stands above"),
        kind => (kind.as_str(), knowledge(kind)),
    }
}

/// Ground of a touch.
pub(super) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Territory => "territory",
        Basis::Registration => "registration of the prefix",
        Basis::OperatorSeat => "seat of the operator",
        Basis::Victim => "victim",
        Basis::Flag => "flag",
    }
}

/// Status of a state under an instrument.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Party => "party",
        Status::Signatory => "signed, not ratified",
        Status::Ratified => "ratified, not yet in force",
        Status::Denounced => "left",
        Status::Suspended => "suspended",
        Status::NotParty => "not a party",
        Status::NotExtended => "not extended to this territory",
        Status::Unknown => "unknown",
    }
}

/// A place in an input.
pub(super) fn position(at: Position) -> String {
    match at {
        Position::Frame { frame, offset } => format!("frame {}, byte {}", count(frame), count(offset)),
        Position::Line { line, offset } => format!("line {}, byte {}", count(line), count(offset)),
        Position::Record { record, offset } => format!("record {}, byte {}", count(record), count(offset)),
    }
}

/// A number with a comma at every thousand.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `n thing` or `n things`.
pub(super) fn several(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

/// How many routers a gap hides.
pub(super) fn hidden(min: u8, max: u8) -> String {
    match (min, max) {
        (0, 0) => "none".into(),
        (a, b) if a == b => a.to_string(),
        (a, b) => format!("{a} to {b}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_never_read_as_certain() {
        assert_eq!(p(1.0), "0.99");
        assert_eq!(p(0.996), "0.99");
        assert_eq!(p(0.0), "<0.01");
        assert_eq!(p(0.625), "0.62");
        assert_eq!(p(f32::NAN), "unknown");
        assert_eq!(likelihood(f32::NAN), "unknown");
        assert_eq!(shade(f32::NAN), 0);
    }

    #[test]
    fn thousands_have_commas() {
        assert_eq!(["0", "999", "1,000", "12,345,678"], [0, 999, 1_000, 12_345_678].map(count).as_slice());
        assert_eq!(several(1, "hop"), "1 hop");
        assert_eq!(several(0, "hop"), "0 hops");
    }
}
