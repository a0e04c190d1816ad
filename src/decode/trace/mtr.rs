//! mtr in its five dresses. It keeps sums: a reply here is an address with its best round trip, and the probes without an
//! answer follow from the number sent and the loss.

use serde_json::Value;

use super::Read;
use super::json::{Place, number, unsigned, word};
use super::lines::{self, Line};
use super::parts::{self, MS, address};
use crate::model::traceroute::{TracedHop, Traceroute};

/// Columns of a report unless its heading says otherwise.
const COLUMNS: [&str; 7] = ["Loss%", "Snt", "Last", "Avg", "Best", "Wrst", "StDev"];

/// What one row says.
#[derive(Default)]
struct Row<'a> {
    host: &'a str,
    asn: Option<&'a str>,
    best: Option<i64>,
    sent: Option<f64>,
    loss: Option<f64>,
}

impl Row<'_> {
    /// `name (address)`, an address, a name, or `???`.
    fn add_to(&self, hop: &mut TracedHop) -> Result<(), &'static str> {
        let (sent, loss) = (self.sent.unwrap_or(0.0), self.loss.unwrap_or(0.0));
        let answered = self.best.is_some() && loss < 100.0;
        // Saturating, and NaN becomes 0.
        hop.silent = hop.silent.saturating_add((sent * loss / 100.0).round() as u16);
        let rtt = self.best.filter(|_| answered);
        let (before, inside) = match self.host.rsplit_once(" (") {
            Some((before, inside)) => (before.trim(), inside.strip_suffix(')')),
            None => (self.host, None),
        };
        if let Some(addr) = inside.and_then(address).or_else(|| address(self.host)) {
            let name = if inside.is_some() { parts::name(before) } else { None };
            let mut reply = parts::reply(addr, name, rtt);
            reply.asn = self.asn.and_then(parts::asn);
            return parts::answer(hop, reply);
        }
        match parts::name(self.host) {
            Some(name) if !self.host.contains(' ') => parts::answer_named(hop, name, rtt),
            _ => Ok(()),
        }
    }
}

// ---- report and screen ---------------------------------------------------------------------------------------------

/// The row above the hops: `HOST: name  Loss%  Snt ...`, or `Host  Loss%  Snt ...`.
pub(super) fn is_heading(line: &str) -> bool {
    columns(line).is_some()
}

fn columns(line: &str) -> Option<Vec<String>> {
    let start = line.trim_start();
    if !(start.starts_with("HOST:") || start.starts_with("Host ")) {
        return None;
    }
    let words: Vec<&str> = start.split_whitespace().collect();
    let first = words.iter().position(|w| *w == "Loss%" || *w == "Snt" || *w == "Best")?;
    let columns: Vec<String> = words.get(first..)?.iter().map(|w| (*w).to_owned()).collect();
    (columns.len() >= 2 && columns.len() <= 32).then_some(columns)
}

/// `  1.|-- host ...` or ` 1. host ...`: TTL and the rest.
fn split(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.trim_start().split_once('.')?;
    let right = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let rest = rest.strip_prefix("|--").unwrap_or(rest);
    if right && rest.starts_with([' ', '\t']) { Some((number.parse().ok()?, rest.trim())) } else { None }
}

pub(super) fn read_text(bytes: &[u8], out: &mut Read) {
    let mut state = Report::default();
    lines::each(bytes, out, |line, out| state.line(line, out));
    state.finish(out);
}

#[derive(Default)]
struct Report {
    current: Option<Traceroute>,
    /// What stood above the heading.
    above: Option<Traceroute>,
    columns: Vec<String>,
}

impl Report {
    fn finish(&mut self, out: &mut Read) {
        out.traceroutes.extend(self.current.take().map(closed));
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Read) {
        let text = line.text.as_ref();
        let start = text.trim_start();
        if let Some(columns) = columns(text) {
            self.finish(out);
            self.columns = columns;
            self.current = Some(self.above.take().unwrap_or_else(|| parts::empty("mtr")));
        } else if let Some(time) = start.strip_prefix("Start:") {
            self.above.get_or_insert_with(|| parts::empty("mtr")).started = parts::moment(time);
        } else if let Some((from, to)) = start.split_once(" -> ") {
            let trace = self.above.get_or_insert_with(|| parts::empty("mtr"));
            trace.src = from.rsplit_once('(').and_then(|(_, a)| address(a.trim_end().trim_end_matches(')')));
            let mut words = to.split_whitespace();
            let name = words.next().unwrap_or_default();
            parts::aim(trace, name);
            if let Some(addr) = words.next().and_then(|w| address(w.trim_matches(['(', ')']))) {
                trace.dst = Some(addr);
            }
        } else if let Some((ttl, rest)) = split(text) {
            let Some(ttl) = u8::try_from(ttl).ok().filter(|&ttl| ttl > 0) else {
                return line.reject(out, "a TTL outside 1 to 255");
            };
            if self.current.as_ref().and_then(|t| t.hops.last()).is_some_and(|last| ttl < last.ttl) {
                self.finish(out);
            }
            let trace = self.current.get_or_insert_with(|| parts::empty("mtr"));
            if let Err(why) = parts::hop(trace, ttl).and_then(|hop| row(rest, &self.columns).add_to(hop)) {
                line.reject(out, why);
            }
        } else if let Some(hop) = self.current.as_mut().and_then(|t| t.hops.last_mut()) {
            // Labels, and further hosts of the same hop.
            let inner = start.trim_start_matches(['|', '`', '+', '-', ' ']);
            let read = if inner.starts_with("[MPLS") {
                if let Some(last) = hop.replies.last_mut() {
                    last.mpls.extend(parts::labels(inner));
                    last.mpls.truncate(16);
                }
                Ok(())
            } else {
                let row = Row { host: inner.trim(), ..Row::default() };
                if address(row.host).is_some() || row.host.ends_with(')') { row.add_to(hop) } else { Err("no line of mtr") }
            };
            if let Err(why) = read {
                line.reject(out, why);
            }
        } else if !furniture(start) {
            line.reject(out, "no line of mtr");
        }
    }
}

fn furniture(line: &str) -> bool {
    lines::is_command(line) || ["My traceroute", "Keys:", "Packets", "Order of fields"].iter().any(|f| line.contains(f))
}

fn row<'a>(rest: &'a str, columns: &[String]) -> Row<'a> {
    let standard: Vec<String>;
    let columns = if columns.is_empty() {
        standard = COLUMNS.map(str::to_owned).to_vec();
        &standard
    } else {
        columns
    };
    // Fields stand at the right; what is left of them is the host.
    let mut host = rest;
    let mut fields: Vec<&str> = Vec::new();
    while fields.len() < columns.len()
        && let Some((left, field)) = host.trim_end().rsplit_once(char::is_whitespace)
        && parts::duration(field.trim_end_matches('%'), 1).is_some()
    {
        fields.push(field.trim_end_matches('%'));
        host = left;
    }
    fields.reverse();
    if fields.len() != columns.len() {
        // `(waiting for reply)`, or a host alone: no sums.
        fields.clear();
        host = rest;
    }
    let field = |name: &str| columns.iter().position(|c| c == name).and_then(|at| fields.get(at)).copied();
    let mut out = Row { host: host.trim(), ..Row::default() };
    if let Some((first, left)) = out.host.split_once(char::is_whitespace)
        && first.starts_with("AS")
        && (parts::asn(first).is_some() || first == "AS???")
    {
        (out.asn, out.host) = (Some(first), left.trim());
    }
    out.best = field("Best").or_else(|| field("Last")).and_then(|f| parts::duration(f, MS));
    let float = |f: &str| f.replace(',', ".").parse::<f64>().ok();
    out.sent = field("Snt").and_then(float);
    out.loss = field("Loss%").and_then(float);
    out
}

fn closed(mut trace: Traceroute) -> Traceroute {
    parts::close(&mut trace);
    trace
}

// ---- CSV -----------------------------------------------------------------------------------------------------------

/// `Mtr_Version,Start_Time,...`, or a row that begins with the version.
pub(super) fn is_csv(line: &str) -> bool {
    line.starts_with("Mtr_Version,") || line.starts_with("MTR.") && line.contains([',', ';'])
}

pub(super) fn read_csv(bytes: &[u8], out: &mut Read) {
    let mut current: Option<(String, Traceroute)> = None;
    let mut columns: Vec<String> =
        ["Mtr_Version", "Start_Time", "Status", "Host", "Hop", "Ip"].iter().map(|c| (*c).to_owned()).collect();
    lines::each(bytes, out, |line, out| {
        let text = line.text.as_ref();
        let separator = if text.contains(';') && !text.contains(',') { ';' } else { ',' };
        let fields: Vec<&str> = text.split(separator).map(str::trim).take(64).collect();
        if fields.first() == Some(&"Mtr_Version") {
            columns = fields.iter().map(|f| (*f).to_owned()).collect();
            return;
        }
        let field = |name: &str| columns.iter().position(|c| c == name).and_then(|at| fields.get(at)).copied();
        let ttl = field("Hop").and_then(|h| h.parse::<u8>().ok()).filter(|&ttl| ttl > 0);
        let (Some(ttl), Some(start), Some(target)) = (ttl, field("Start_Time"), field("Host")) else {
            return line.reject(out, "no row of mtr's CSV");
        };
        let key = format!("{start} {target}");
        let same = current.as_ref().is_some_and(|(k, t)| *k == key && t.hops.last().is_none_or(|h| h.ttl <= ttl));
        if !same {
            out.traceroutes.extend(current.take().map(|(_, t)| closed(t)));
        }
        let (_, trace) = current.get_or_insert_with(|| {
            let mut trace = parts::empty("mtr");
            parts::aim(&mut trace, target);
            trace.started = start.parse().ok().and_then(|s| parts::seconds(s, 0));
            (key, trace)
        });
        let float = |name: &str| field(name).and_then(|f| f.trim_end_matches('%').parse::<f64>().ok());
        let row = Row {
            host: field("Ip").unwrap_or_default(),
            asn: field("Asn"),
            best: field("Best").and_then(|f| parts::duration(f, MS)),
            sent: float("Snt"),
            loss: float("Loss%"),
        };
        if let Err(why) = parts::hop(trace, ttl).and_then(|hop| row.add_to(hop)) {
            line.reject(out, why);
        }
    });
    out.traceroutes.extend(current.map(|(_, t)| closed(t)));
}

// ---- XML -----------------------------------------------------------------------------------------------------------

pub(super) fn looks_like_xml(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|w| w == b"<MTR ")
}

/// Value of an attribute on a line.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// One tag a line, as mtr writes it: `Loss%` is no name of XML, so a reader of XML would refuse the file.
pub(super) fn read_xml(bytes: &[u8], out: &mut Read) {
    let mut current: Option<Traceroute> = None;
    let mut open: Option<(u8, String, Option<String>)> = None;
    let (mut best, mut sent, mut loss) = (None, None, None);
    lines::each(bytes, out, |line, out| {
        let text = line.text.trim();
        if text.starts_with("<?xml") {
        } else if text.starts_with("<MTR ") {
            out.traceroutes.extend(current.take().map(closed));
            let mut trace = parts::empty("mtr");
            trace.src = attribute(text, "SRC").and_then(address);
            parts::aim(&mut trace, attribute(text, "DST").unwrap_or_default());
            current = Some(trace);
            open = None;
        } else if text == "</MTR>" {
            out.traceroutes.extend(current.take().map(closed));
        } else if text.starts_with("<HUB ") {
            let ttl = attribute(text, "COUNT").and_then(|c| c.parse::<u8>().ok()).filter(|&ttl| ttl > 0);
            let (Some(ttl), Some(host)) = (ttl, attribute(text, "HOST")) else {
                open = None;
                return line.reject(out, "a hub without number or host");
            };
            open = Some((ttl, host.to_owned(), attribute(text, "ASN").map(str::to_owned)));
            (best, sent, loss) = (None, None, None);
        } else if text == "</HUB>" {
            let Some((ttl, host, asn)) = open.take() else { return };
            let row = Row { host: &host, asn: asn.as_deref(), best, sent, loss };
            let Some(trace) = current.as_mut() else { return line.reject(out, "a hub outside a trace") };
            if let Err(why) = parts::hop(trace, ttl).and_then(|hop| row.add_to(hop)) {
                line.reject(out, why);
            }
        } else if let Some((tag, rest)) = text.strip_prefix('<').and_then(|t| t.split_once('>'))
            && let Some((value, _)) = rest.split_once("</")
        {
            let value = value.trim().trim_end_matches('%');
            match tag {
                "Best" => best = parts::duration(value, MS),
                "Snt" => sent = value.parse().ok(),
                "Loss%" | "Loss" => loss = value.parse().ok(),
                _ => {}
            }
        } else {
            line.reject(out, "no line of mtr's XML");
        }
    });
    out.traceroutes.extend(current.map(closed));
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

pub(super) fn object(value: &Value, place: Place, out: &mut Read) {
    let report = &value["report"];
    let Some(hubs) = report["hubs"].as_array() else {
        return place.reject(out, "no report of mtr");
    };
    let mut trace = parts::empty("mtr");
    trace.src = report["mtr"]["src"].as_str().and_then(address);
    parts::aim(&mut trace, word(&report["mtr"]["dst"]));
    for hub in hubs {
        let Some(ttl) = unsigned(&hub["count"]).and_then(|n| u8::try_from(n).ok()).filter(|&ttl| ttl > 0) else {
            place.reject(out, "a TTL outside 1 to 255");
            continue;
        };
        let row = Row {
            host: word(&hub["host"]),
            asn: hub["ASN"].as_str(),
            best: number(&hub["Best"]).and_then(|v| parts::rounded(v, 1e6)),
            sent: number(&hub["Snt"]),
            loss: number(&hub["Loss%"]),
        };
        if let Err(why) = parts::hop(&mut trace, ttl).and_then(|hop| row.add_to(hop)) {
            place.reject(out, why);
        }
    }
    out.traceroutes.push(closed(trace));
}
