//! Objects of a JSON file, one at a time: a document, an array of objects, or an object a line, all read alike.

use serde_json::Value;

use super::{Format, Read};

/// Longest object in bytes; longer ones are rejected. Parsed, a number of two bytes takes 32.
const MAX_OBJECT: usize = 8 * 1024 * 1024;
/// Broken objects after which an object must end in its line: a file of opening braces must not be read again and again.
const MAX_BROKEN: u32 = 16;

/// Where an object begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    line: u64,
    offset: u64,
}

impl Place {
    /// Counts what is wrong with the object that begins here.
    pub(super) fn reject(self, out: &mut Read, why: &'static str) {
        out.reject(self.line, self.offset, why);
    }
}

/// A string, or nothing.
pub(super) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A number, also one in quotes.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(s) => s.trim().trim_end_matches('%').parse().ok(),
        other => other.as_f64(),
    }
}

/// A natural number, also one in quotes.
pub(super) fn unsigned(value: &Value) -> Option<u64> {
    match value {
        Value::String(s) => s.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// A TTL.
pub(super) fn ttl(value: &Value) -> Option<u8> {
    unsigned(value).and_then(|n| u8::try_from(n).ok()).filter(|&ttl| ttl > 0)
}

/// Length of the object at the beginning, braces included; `None` if it does not end within [`MAX_OBJECT`], or
/// within its line where it must.
fn object_len(bytes: &[u8], one_line: bool) -> Option<usize> {
    let (mut depth, mut string, mut escaped) = (0_u32, false, false);
    for (at, &b) in bytes.iter().take(MAX_OBJECT).enumerate() {
        if one_line && b == b'\n' {
            return None;
        }
        if string {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => string = false,
                _ => {}
            }
            continue;
        }
        match b {
            b'"' => string = true,
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Tells every object that is not inside another. Arrays around them, commas and blanks between them say nothing.
pub(super) fn read(bytes: &[u8], out: &mut Read, tell: fn(&Value, Place, &mut Read)) {
    let (mut at, mut line, mut broken) = (0, 1_u64, 0_u32);
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\n' => {
                line += 1;
                at += 1;
            }
            b'{' => {
                let place = Place { line, offset: at as u64 };
                let rest = bytes.get(at..).unwrap_or_default();
                let found = object_len(rest, broken >= MAX_BROKEN).and_then(|len| rest.get(..len));
                if let Some(object) = found
                    && let Ok(value) = serde_json::from_slice::<Value>(object)
                {
                    tell(&value, place, out);
                    at += object.len();
                    line += object.iter().filter(|&&b| b == b'\n').count() as u64;
                } else {
                    broken += 1;
                    place.reject(out, "no JSON object, or one that does not end");
                    at += line_len(rest);
                }
            }
            b' ' | b'\t' | b'\r' | b',' | b'[' | b']' | 0x1e => at += 1,
            _ => {
                Place { line, offset: at as u64 }.reject(out, "no JSON object");
                at += line_len(bytes.get(at..).unwrap_or_default());
            }
        }
    }
}

/// Up to the end of the line, not including it; at least 1.
fn line_len(rest: &[u8]) -> usize {
    rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()).max(1)
}

/// By the keys that stand at the beginning; the file may be cut off there.
pub(super) fn recognise(bytes: &[u8]) -> Option<Format> {
    let text: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let has = |needle: &str| text.windows(needle.len()).any(|w| w == needle.as_bytes());
    if has("\"TracerouteCallerVersion\":")
        || ["trace\"", "tracelb\"", "cycle-start\""].iter().any(|t| has(&format!("\"type\":\"{t}")))
    {
        Some(Format::Scamper)
    } else if has("\"prb_id\":")
        && has("\"msm_id\":")
        && (has("\"type\":\"traceroute\"") || has("\"hop\":") || has("\"result\":\"traceroute"))
    {
        Some(Format::Atlas)
    } else if has("\"mtr\":{") && has("\"hubs\":") {
        Some(Format::MtrJson)
    } else if has("\"probesCount\":") && has("\"type\":\"traceroute\"") || has("\"probesCount\":") && has("\"type\":\"mtr\"") {
        Some(Format::Globalping)
    } else if has("\"paths\":[[{") {
        Some(Format::PerfSonar)
    } else if has("\"Hops\":[[") {
        Some(Format::NextTrace)
    } else if has("\"info\":{\"target\":{") && (has("\"hops\":[") || has("\"loss_pct\":")) {
        Some(Format::Trippy)
    } else {
        None
    }
}
