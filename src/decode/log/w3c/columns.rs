//! The columns of a W3C log: which of them matter, and a line's values in them.

use std::borrow::Cow;

use super::super::web::scan;
use crate::decode::clock;
use crate::model::time::Timestamp;

/// Columns of a line that are counted; a heading with more is read as one with so many.
const MOST: usize = 256;

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Date,
    Time,
    Src,
    Sport,
    Dst,
    Dport,
    Forwarded,
    Status,
    Sent,
    Received,
    Host,
    HostHeader,
    RemoteHost,
    Remote,
    RemotePort,
    Version,
    Other,
}

impl Column {
    /// By its name, in any case. Headers stand in parentheses (`cs(Host)`), behind `cs-` or by themselves.
    fn named(name: &[u8]) -> Self {
        let lower = name.to_ascii_lowercase();
        match lower.as_slice() {
            b"date" => Self::Date,
            b"time" => Self::Time,
            b"c-ip" => Self::Src,
            b"c-port" => Self::Sport,
            b"s-ip" => Self::Dst,
            b"s-port" => Self::Dport,
            b"x-forwarded-for" | b"cs(x-forwarded-for)" | b"x_forwarded_for" => Self::Forwarded,
            b"sc-status" => Self::Status,
            b"sc-bytes" => Self::Sent,
            b"cs-bytes" => Self::Received,
            // What CloudFront calls `cs(Host)` is its own name for the site.
            b"x-host-header" => Self::Host,
            b"cs-host" | b"cs(host)" => Self::HostHeader,
            b"r-host" => Self::RemoteHost,
            b"r-ip" => Self::Remote,
            b"r-port" => Self::RemotePort,
            b"cs-protocol-version" | b"cs-version" => Self::Version,
            _ => Self::Other,
        }
    }
}

/// The columns that a heading names.
#[derive(Debug)]
pub(super) struct Columns(Vec<Column>);

impl Columns {
    /// Names between blanks or tabs.
    pub(super) fn named(names: &[u8]) -> Self {
        let names = names.split(u8::is_ascii_whitespace).filter(|n| !n.is_empty());
        Self(names.take(MOST).map(Column::named).collect())
    }

    /// The 33 columns of CloudFront's standard logs.
    pub(super) fn cloudfront() -> Self {
        Self::named(
            b"date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
            cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
            x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
            fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
            sc-range-start sc-range-end",
        )
    }

    /// Is there a client and a time in them?
    pub(super) fn is_of_requests(&self) -> bool {
        self.0.contains(&Column::Src) && self.0.contains(&Column::Time)
    }

    /// The values of a line; `None` if it has not as many as there are columns.
    pub(super) fn values<'a>(&self, line: &'a [u8]) -> Option<Values<'a>> {
        let columns = self.0.len();
        if memchr::memchr(b'\t', line).is_some() {
            return self.assigned(line.split(|&b| b == b'\t'));
        }
        let blank = || line.split(|&b| b == b' ').filter(|f| !f.is_empty());
        if blank().take(columns + 1).count() == columns {
            return self.assigned(blank());
        }
        self.assigned(Quoted(line))
    }

    fn assigned<'a>(&self, mut fields: impl Iterator<Item = &'a [u8]>) -> Option<Values<'a>> {
        let mut values = Values::default();
        for column in &self.0 {
            let field = fields.next()?;
            *match column {
                Column::Date => &mut values.date,
                Column::Time => &mut values.time,
                Column::Src => &mut values.src,
                Column::Sport => &mut values.sport,
                Column::Dst => &mut values.dst,
                Column::Dport => &mut values.dport,
                Column::Forwarded => &mut values.forwarded,
                Column::Status => &mut values.status,
                Column::Sent => &mut values.sent,
                Column::Received => &mut values.received,
                Column::Host => &mut values.host,
                Column::HostHeader => &mut values.host_header,
                Column::RemoteHost => &mut values.remote_host,
                Column::Remote => &mut values.remote,
                Column::RemotePort => &mut values.remote_port,
                Column::Version => &mut values.version,
                Column::Other => continue,
            } = field;
        }
        fields.next().is_none().then_some(values)
    }
}

/// Fields between blanks; one that begins with a quotation mark ends with one, and has inner ones doubled.
struct Quoted<'a>(&'a [u8]);

impl<'a> Iterator for Quoted<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.0.trim_ascii_start();
        if text.is_empty() {
            return None;
        }
        let end = match text.strip_prefix(b"\"") {
            Some(inner) => 2 + closing(inner)?,
            None => memchr::memchr(b' ', text).unwrap_or(text.len()),
        };
        let (field, rest) = text.split_at_checked(end)?;
        if !matches!(rest.first(), None | Some(b' ')) {
            return None;
        }
        self.0 = rest;
        let bare = field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\""));
        Some(bare.unwrap_or(field))
    }
}

/// Place of the first quotation mark that is not one of a pair.
fn closing(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', text.get(from..)?)?;
        if text.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Values of a line; empty where there is no such column.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) date: &'a [u8],
    pub(super) time: &'a [u8],
    /// Client.
    pub(super) src: &'a [u8],
    pub(super) sport: &'a [u8],
    /// Server.
    pub(super) dst: &'a [u8],
    pub(super) dport: &'a [u8],
    pub(super) forwarded: &'a [u8],
    pub(super) status: &'a [u8],
    /// Bytes to the client.
    pub(super) sent: &'a [u8],
    /// Bytes from the client.
    pub(super) received: &'a [u8],
    pub(super) host: &'a [u8],
    pub(super) host_header: &'a [u8],
    /// Where a proxy went on to.
    pub(super) remote_host: &'a [u8],
    pub(super) remote: &'a [u8],
    pub(super) remote_port: &'a [u8],
    pub(super) version: &'a [u8],
}

impl Values<'_> {
    /// Date and time in GMT.
    pub(super) fn time(&self, headed: Option<(i32, u32, u32)>) -> Option<Timestamp> {
        let date = if self.date.is_empty() { headed? } else { date(self.date)? };
        let mut halves = self.time.splitn(2, |&b| b == b'.');
        let mut parts = halves.next()?.split(|&b| b == b':');
        let (h, m, s) = (two(parts.next()?)?, two(parts.next()?)?, two(parts.next()?)?);
        // A fraction of up to nine digits.
        let fraction = match halves.next() {
            Some(digits) if digits.len() <= 9 => scan::number(digits)? * 10_u64.pow(9 - u32::try_from(digits.len()).ok()?),
            Some(_) => return None,
            None => 0,
        };
        parts.next().is_none().then_some(())?;
        clock::utc(date, (h, m, s), u32::try_from(fraction).ok()?)
    }
}

fn two(text: &[u8]) -> Option<u32> {
    (text.len() == 2).then(|| scan::number(text)).flatten().and_then(|n| u32::try_from(n).ok())
}

/// `2026-03-12`.
pub(super) fn date(text: &[u8]) -> Option<(i32, u32, u32)> {
    let mut parts = text.split(|&b| b == b'-');
    let year = parts.next().filter(|y| y.len() == 4).and_then(scan::number)?;
    let (month, day) = (two(parts.next()?)?, two(parts.next()?)?);
    parts.next().is_none().then_some((i32::try_from(year).ok()?, month, day))
}

/// A line of CloudFront's standard log: date, time, an edge location (`FRA50-P2`, `CDG50`), and at least the 19 columns of
/// its first version.
pub(super) fn is_cloudfront(line: &[u8]) -> bool {
    let mut fields = line.split(|&b| b == b'\t');
    let (Some(day), Some(time), Some(edge), Some(bytes), Some(client)) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let values = Values { date: day, time, ..Values::default() };
    is_edge(edge)
        && values.time(None).is_some()
        && scan::count(bytes).is_some()
        && scan::endpoint(client).is_some()
        && fields.take(14).count() == 14
}

/// Three letters and a number, perhaps a dash, a letter and a number.
pub(super) fn is_edge(text: &[u8]) -> bool {
    let mut halves = text.splitn(2, |&b| b == b'-');
    let digits = |t: &[u8]| !t.is_empty() && t.iter().all(u8::is_ascii_digit);
    let of = |t: &[u8], letters: usize| {
        t.split_at_checked(letters).is_some_and(|(a, n)| a.iter().all(u8::is_ascii_uppercase) && digits(n))
    };
    halves.next().is_some_and(|t| of(t, 3)) && halves.next().is_none_or(|t| of(t, 1))
}

/// `%20` is a blank and `+` is one; CloudFront encodes the percent sign once more.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|b| matches!(b, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let behind = behind.strip_prefix(b"25").unwrap_or(behind);
            if let Some((hex, behind)) = behind.split_at_checked(2)
                && let Some(value) = std::str::from_utf8(hex).ok().and_then(|h| u8::from_str_radix(h, 16).ok())
            {
                out.push(value);
                rest = behind;
                continue;
            }
        }
        out.push(if byte == b'+' { b' ' } else { byte });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(&*decoded(b"192.0.2.1,%20192.0.2.2"), b"192.0.2.1, 192.0.2.2");
        assert_eq!(&*decoded(b"192.0.2.1,%2520x%"), b"192.0.2.1, x%");
        assert_eq!(&*decoded(b"a,+b%2"), b"a, b%2");
    }

    #[test]
    fn edges() {
        assert!(is_edge(b"FRA50-P2") && is_edge(b"CDG3"));
        assert!(!is_edge(b"FRA") && !is_edge(b"fra50-P2") && !is_edge(b"FRA50-") && !is_edge(b"203.0.113.5"));
    }
}
