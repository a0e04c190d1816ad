//! Is a text a plain list? It is the last thing that a text can be, and many logs begin their lines with an address: a list
//! has next to nothing behind it.

use super::entry;
use super::plain::{self, Columns};
use crate::decode::format::BEGINNING;
use crate::model::record::Pattern;

/// Lines that decide.
const DECIDING_LINES: usize = 64;

/// Columns that no list of indicators has: those of logs, flow tables, measurements and geographic tables.
const OTHER_COLUMNS: [&str; 36] = [
    "method",
    "uri",
    "request",
    "status",
    "bytes",
    "packets",
    "user_agent",
    "useragent",
    "src_ip",
    "source_ip",
    "srcip",
    "src",
    "dst",
    "sport",
    "dport",
    "src_port",
    "query",
    "hop",
    "rtt",
    "rtt_ms",
    "mtr_version",
    "lat",
    "lon",
    "latitude",
    "longitude",
    "geoname_id",
    "city",
    "asn",
    "as_name",
    "site",
    "duration",
    "username",
    "user",
    "session",
    "message",
    "pid",
];

/// What a line is to this question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Address,
    Name,
    Else,
}

/// Are nearly all of the first lines entries, and most of them addresses or prefixes?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    if memchr::memchr(0, beginning).is_some() {
        return false;
    }
    let whole = match memchr::memrchr(b'\n', beginning) {
        Some(end) if beginning.len() >= BEGINNING => beginning.get(..end).unwrap_or_default(),
        _ => beginning,
    };
    let mut columns: Option<Columns> = None;
    let (mut lines, mut addresses, mut others) = (0, 0, 0);
    for line in whole.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        if lines == 0
            && let Some(found) = Columns::of(line)
        {
            if found.names.iter().any(|name| OTHER_COLUMNS.contains(&name.as_str())) {
                return false;
            }
            columns = Some(found);
            continue;
        }
        if plain::is_comment(line) || line.starts_with(b"create ") {
            continue;
        }
        lines += 1;
        let columns = columns.as_ref().filter(|columns| columns.fit(line));
        match columns.map_or_else(|| classify(line), |columns| of_entry(columns.entry(line))) {
            Line::Address => addresses += 1,
            Line::Name => {}
            Line::Else => others += 1,
        }
        if lines == DECIDING_LINES {
            break;
        }
    }
    addresses > 0 && addresses * 2 >= lines && others * 10 <= lines
}

fn of_entry(entry: Option<&[u8]>) -> Line {
    match entry.map(entry::read) {
        Some(Ok(Pattern::Net(_))) => Line::Address,
        Some(Ok(Pattern::Name(_))) => Line::Name,
        // Not read, but what lists have.
        Some(Err(entry::RANGE | entry::WILDCARD)) => Line::Name,
        Some(Err(_)) | None => Line::Else,
    }
}

fn classify(line: &[u8]) -> Line {
    if let Some(mut names) = plain::hosts(line) {
        return if names
            .all(|name| name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'%')))
        {
            Line::Address
        } else {
            Line::Else
        };
    }
    if let Some((entry, _)) = plain::ipset(line) {
        return of_entry(Some(entry));
    }
    let (token, rest) = plain::first_token(line);
    let kind = of_entry(Some(token));
    if kind == Line::Else || says_little(rest) { kind } else { Line::Else }
}

/// Is what stands behind an entry nothing, a comment, a word, or two columns without an address?
fn says_little(rest: &[u8]) -> bool {
    let text = rest.trim_ascii_start();
    if text.is_empty() || plain::is_comment(text) || rest.starts_with(b"#") {
        return true;
    }
    if let Some((delimiter @ (b',' | b'|'), columns)) = text.split_first() {
        let mut columns = columns.split(|b| b == delimiter);
        return columns.by_ref().take(2).all(|column| entry::net(column.trim_ascii()).is_none()) && columns.next().is_none();
    }
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let one = words.next().is_some_and(|word| entry::net(word).is_none() && !word.starts_with(b"-"));
    one && words.next().is_none_or(|word| word.starts_with(b"#"))
}
