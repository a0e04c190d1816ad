//! An entry a line: an address, prefix or name with a comment or further columns behind it, CSV with or without a heading,
//! hosts files (`0.0.0.0 bad.example.org`), `ipset save`.

use std::net::IpAddr;
use std::sync::Arc;

use super::entry;
use crate::decode::record::{LineFormat, Piece, Reject};
use crate::decode::text::{self, MAX_NAME};
use crate::model::record::{Indicator, Pattern, Said, Saying};

/// Names of columns that hold the entry, the best first.
const ENTRY_COLUMNS: [&str; 17] = [
    "ip",
    "ip_address",
    "ipaddress",
    "ip_addr",
    "address",
    "indicator",
    "ioc",
    "ioc_value",
    "dst_ip",
    "cidr",
    "network",
    "prefix",
    "domain",
    "domain_name",
    "hostname",
    "fqdn",
    "host",
];
/// Names of columns that say why.
const LABEL_COLUMNS: [&str; 11] =
    ["label", "description", "name", "malware", "threat", "reason", "comment", "category", "tag", "tags", "list"];
/// Label of an entry of which the list says nothing.
const LISTED: &str = "listed";

/// Where a CSV file with a heading has what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    delimiter: u8,
    entry: usize,
    label: Option<usize>,
    /// The heading stood in a comment, which may have meant something else.
    commented: bool,
    /// Names of all columns: lower case, blanks and hyphens as `_`.
    pub(super) names: Vec<String>,
}

impl Columns {
    /// The columns that a heading names, if it names one for the entry and the line holds no entry itself. A comment sign in front
    /// is stepped over.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        const MOST: usize = 64;
        let line = line.trim_ascii_start();
        let marks = line.iter().take_while(|b| matches!(b, b'#' | b';' | b' ')).count();
        let line = line.get(marks..)?;
        let delimiter = line.iter().copied().find(|b| matches!(b, b',' | b'\t' | b';' | b'|'));
        // One word is a heading if it stands without a comment sign.
        if delimiter.is_none() && marks > 0 {
            return None;
        }
        let delimiter = delimiter.unwrap_or(b',');
        let mut names = Vec::new();
        for n in 0..MOST {
            let Some(field) = field(line, delimiter, n) else { break };
            if entry::read(field).is_ok() {
                return None;
            }
            let name = text::escaped(field, MAX_NAME).to_ascii_lowercase();
            names.push(name.replace([' ', '-'], "_"));
        }
        let place = |wanted: &[&str]| wanted.iter().find_map(|w| names.iter().position(|name| name == w));
        let entry = place(&ENTRY_COLUMNS)?;
        let label = place(&LABEL_COLUMNS).filter(|&label| label != entry);
        Some(Self { delimiter, entry, label, commented: marks > 0, names })
    }

    /// Can this be a row of them?
    pub(super) fn fit(&self, row: &[u8]) -> bool {
        !self.commented || row.contains(&self.delimiter)
    }

    /// The entry in a row.
    pub(super) fn entry<'a>(&self, row: &'a [u8]) -> Option<&'a [u8]> {
        field(row, self.delimiter, self.entry)
    }
}

/// The `n`th field of a row, without quotes around it; `None` if the row is shorter.
fn field(row: &[u8], delimiter: u8, n: usize) -> Option<&[u8]> {
    let mut rest = row;
    for _ in 0..n {
        rest = cut(rest, delimiter).1?;
    }
    Some(cut(rest, delimiter).0)
}

/// The first field and what follows its delimiter. A quote counts only at the beginning of a field, and only if it is closed
/// before a delimiter or the end (RFC 4180 2).
fn cut(row: &[u8], delimiter: u8) -> (&[u8], Option<&[u8]>) {
    if let Some(inner) = row.trim_ascii_start().strip_prefix(b"\"") {
        for end in memchr::memchr_iter(b'"', inner) {
            let after = inner.get(end + 1..).unwrap_or_default();
            let next = after.iter().position(|&b| b != b' ' || b == delimiter);
            match next.and_then(|n| after.get(n..)).and_then(<[u8]>::split_first) {
                None => return (inner.get(..end).unwrap_or_default(), None),
                Some((&b, rest)) if b == delimiter => return (inner.get(..end).unwrap_or_default(), Some(rest)),
                Some(_) => {}
            }
        }
    }
    match memchr::memchr(delimiter, row) {
        Some(end) => (row.get(..end).unwrap_or_default().trim_ascii(), row.get(end + 1..)),
        None => (row.trim_ascii(), None),
    }
}

/// Is it a comment line?
pub(super) fn is_comment(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'#' | b';')) || line.starts_with(b"//")
}

/// The first token of a line without columns, unquoted, and what follows it.
pub(super) fn first_token(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b',' | b';' | b'#' | b'|')).unwrap_or(line.len());
    let (token, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    let unquoted = token.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(token);
    (unquoted, rest)
}

/// The entry of a line of `ipset save` (`add SET ENTRY …`), and what follows it.
pub(super) fn ipset(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"add ").or_else(|| line.strip_prefix(b"-A "))?;
    let name = rest.iter().position(|&b| b == b' ')?;
    Some(first_token(rest.get(name..)?.trim_ascii_start()))
}

/// The names of a line of a hosts file that sends names nowhere or home.
pub(super) fn hosts(line: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let (first, rest) = first_token(line);
    text::node_address(first).filter(|addr| addr.is_loopback() || addr.is_unspecified() || *addr == BROADCAST)?;
    let names = rest.split(|&b| b == b'#').next()?;
    let separated = names.first().is_some_and(u8::is_ascii_whitespace) && !names.trim_ascii().is_empty();
    separated.then(|| names.split(u8::is_ascii_whitespace).filter(|name| !name.is_empty()))
}

const BROADCAST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::BROADCAST);

/// Reads lists.
#[derive(Debug, Default)]
pub(super) struct Plain {
    columns: Option<Columns>,
    /// An entry was read: no heading follows any more.
    begun: bool,
}

impl Plain {
    fn point(out: &mut Vec<Said>, pattern: Pattern, label: &[u8]) {
        let label = label.trim_ascii();
        let label: Arc<str> = if label.is_empty() { LISTED.into() } else { text::escaped(label, MAX_NAME).into() };
        let indicator = Indicator { pattern, label, valid: (None, None) };
        out.push(Said { time: None, fact: Saying::Indicator(Box::new(indicator)) });
    }

    fn row(columns: &Columns, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let entry = columns.entry(line).ok_or(Reject("a row without the column of the entry"))?;
        let label = columns.label.and_then(|n| field(line, columns.delimiter, n)).unwrap_or_default();
        Self::point(out, entry::read(entry)?, label);
        Ok(Piece::RECORD)
    }
}

impl LineFormat for Plain {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if !self.begun
            && let Some(columns) = Columns::of(line)
        {
            // A comment above the entries may be their heading; a later one is nearer to them.
            self.columns = Some(columns);
            self.begun = !is_comment(line);
            return Ok(Piece::OTHER);
        }
        if is_comment(line) {
            return Ok(Piece::OTHER);
        }
        self.begun = true;
        if let Some(columns) = self.columns.as_ref().filter(|columns| columns.fit(line)) {
            return Self::row(columns, line, out);
        }
        if line.starts_with(b"create ") || line.starts_with(b"-N ") {
            return Ok(Piece::OTHER);
        }
        if let Some(names) = hosts(line) {
            // `localhost` and its like have no dot.
            for name in names {
                if let Some(pattern) = entry::name(name).filter(|p| !matches!(p, Pattern::Name(n) if n.starts_with("localhost.")))
                {
                    Self::point(out, pattern, b"");
                }
            }
            return Ok(Piece::RECORD);
        }
        let (token, rest) = ipset(line).unwrap_or_else(|| first_token(line));
        let label = rest.trim_ascii_start();
        if let Some(end) = label.strip_prefix(b"-")
            && entry::net(token).is_some()
            && entry::net(first_token(end.trim_ascii_start()).0).is_some()
        {
            return Err(entry::RANGE);
        }
        let pattern = entry::read(token)?;
        let mark = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b';' | b'#' | b'|' | b'/');
        let signs = label.iter().take_while(|b| mark(b)).count();
        Self::point(out, pattern, label.get(signs..).unwrap_or_default());
        Ok(Piece::RECORD)
    }
}
