//! Numbers as people read them.

use crate::model::time::Span;

/// `12,345`.
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

/// `1 flow`, `12 flows`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Distinct things: exact up to 1,024, an estimate above (see `model::digest`).
pub(super) fn distinct(n: u64, one: &str, many: &str) -> String {
    format!("{}{}", if n > 1_024 { "about " } else { "" }, counted(n, one, many))
}

/// `950 B`, `1.2 MB` (decimal prefixes).
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1_000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1_000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 999.95 would be printed as 1000.0.
        if value < 999.95 {
            break;
        }
        value /= 1_000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Length of a span in seconds; never negative.
pub(super) fn seconds(span: Span) -> f64 {
    (span.last.since(span.first).max(0)) as f64 / 1e9
}

/// `less than a second`, `58 s`, `12 min`, `3.4 h`, `2.1 days`.
pub(super) fn duration(span: Span) -> String {
    match seconds(span) {
        s if s < 1.0 => "less than a second".to_owned(),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

/// `text` with every whole occurrence of `needle` replaced: not where it is part of a longer address.
pub(super) fn without(text: &str, needle: &str, instead: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(needle).filter(|_| !needle.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + needle.len()..]);
        // A full stop ends a sentence or goes on with an address.
        let longer = before.ends_with(part) || before.ends_with('.') || {
            let mut next = after.chars();
            match next.next() {
                Some('.') => next.next().is_some_and(|c| c.is_ascii_digit()),
                Some(':') => next.next().is_some_and(|c| c.is_ascii_hexdigit() || c == ':') && needle.contains(':'),
                Some(c) => c.is_ascii_alphanumeric(),
                None => false,
            }
        };
        out.push_str(before);
        out.push_str(if longer { needle } else { instead });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(distinct(1_024, "host", "hosts"), "1,024 hosts");
        assert_eq!(distinct(9_800, "host", "hosts"), "about 9,800 hosts");
        assert_eq!([bytes(999), bytes(1_000), bytes(999_960), bytes(48_000_000)], ["999 B", "1.0 kB", "1.0 MB", "48.0 MB"]);
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
        let span = |s: i64| Span { first: Timestamp(0), last: Timestamp(s * 1_000_000_000) };
        assert_eq!(duration(span(0)), "less than a second");
        assert_eq!(duration(span(58)), "58 s");
        assert_eq!(duration(span(7_300)), "2.0 h");
        assert_eq!(seconds(Span { first: Timestamp(i64::MAX), last: Timestamp(i64::MIN) }), 0.0);
    }

    #[test]
    fn only_whole_addresses_are_taken_out() {
        let cut = |t: &str, n: &str| without(t, n, "(withheld)");
        assert_eq!(cut("from 10.0.0.1.", "10.0.0.1"), "from (withheld).");
        assert_eq!(cut("10.0.0.1:80 and 110.0.0.1, 10.0.0.12", "10.0.0.1"), "(withheld):80 and 110.0.0.1, 10.0.0.12");
        assert_eq!(cut("10.0.0.1.5 10.0.0.1", "10.0.0.1"), "10.0.0.1.5 (withheld)");
        assert_eq!(cut("2001:db8::1 2001:db8::1:2", "2001:db8::1"), "(withheld) 2001:db8::1:2");
        assert_eq!(cut("nothing", "10.0.0.1"), "nothing");
    }
}
