//! STIX 2.1 and 2.0 in JSON: bundles, TAXII envelopes, single objects, arrays of them, or one object behind the other.
//!
//! Indicators with STIX patterns and the observables `ipv4-addr`, `ipv6-addr` and `domain-name` say something here; revoked
//! objects and all other types are stepped over. Objects are read one by one, so that a file of any size takes no memory
//! beyond its own, and what stands before damage is kept.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::pattern::{self, Kind};
use crate::decode::clock::{self, Clock};
use crate::decode::record::{Counted, LONGEST_WHOLE, Piece, RecordFormat, Reject, Step};
use crate::decode::text::{self, MAX_NAME};
use crate::model::record::{Indicator, Pattern, Said, Saying};
use crate::model::time::Timestamp;

/// Bytes of a beginning in which an identifier is looked for.
const LOOKED_AT: usize = 16 << 10;

/// Types of objects that say something here, and the bundle that holds them.
const TYPES: [&str; 5] = ["bundle", "indicator", "ipv4-addr", "ipv6-addr", "domain-name"];

/// Is it JSON with a STIX identifier (STIX 2.1 2.9) as an object's `id`?
pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.get(..LOOKED_AT).unwrap_or(beginning).trim_ascii_start();
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    // Walk over strings, so that an identifier within another text is not taken for one.
    let mut rest = text;
    let mut key = false;
    while let Some(open) = memchr::memchr(b'"', rest) {
        let between = rest.get(..open).unwrap_or_default();
        let inner = rest.get(open + 1..).unwrap_or_default();
        let mut escape = false;
        let end = inner.iter().position(|&b| {
            let closes = b == b'"' && !escape;
            escape = b == b'\\' && !escape;
            closes
        });
        let Some((string, after)) = end.and_then(|end| Some((inner.get(..end)?, inner.get(end + 1..)?))) else { return false };
        if key && between.trim_ascii() == b":" && is_identifier(string) {
            return true;
        }
        key = string == b"id";
        rest = after;
    }
    false
}

/// `type--UUID` of a type that matters here. A bundle may begin with objects of other types, but has an identifier itself.
fn is_identifier(text: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(text, b"--") else { return false };
    let (kind, uuid) = (text.get(..at).unwrap_or_default(), text.get(at + 2..).unwrap_or_default());
    let hyphens = [8, 13, 18, 23];
    TYPES.iter().any(|t| t.as_bytes() == kind)
        && uuid.len() == 36
        && uuid.iter().enumerate().all(|(n, b)| if hyphens.contains(&n) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Reads the file as a whole.
#[derive(Debug)]
pub(super) struct Stix;

impl RecordFormat for Stix {
    fn step(&mut self, buf: &[u8], at_end: bool, out: &mut Vec<Said>) -> Step {
        if !at_end {
            return Step::More;
        }
        let text = buf.strip_prefix(b"\xef\xbb\xbf").unwrap_or(buf);
        let mut sink = Sink { out, piece: Piece::OTHER };
        let mut json = serde_json::Deserializer::from_slice(text);
        while json.end().is_err() {
            if Node(&mut sink).deserialize(&mut json).is_err() {
                // Not to be resumed: where the next object begins nobody knows.
                sink.reject(Reject("JSON is damaged or breaks off"));
                break;
            }
        }
        let piece = sink.piece;
        Step::Piece { bytes: buf.len(), read: Ok(piece) }
    }

    fn longest(&self) -> usize {
        LONGEST_WHOLE
    }

    fn counted(&self) -> Counted {
        Counted::Records
    }
}

/// Where statements go.
struct Sink<'a> {
    out: &'a mut Vec<Said>,
    piece: Piece,
}

impl Sink<'_> {
    fn reject(&mut self, why: Reject) {
        self.piece.rejected += 1;
        self.piece.why.get_or_insert(why);
    }
}

/// A JSON value at a place where objects stand: an object, an array of them, or something that is stepped over.
struct Node<'s, 'o>(&'s mut Sink<'o>);

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Node(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let slot = match key.as_ref() {
                "objects" => {
                    object.holds = true;
                    map.next_value_seed(Objects(&mut *self.0))?;
                    continue;
                }
                "type" => &mut object.kind,
                "id" => &mut object.id,
                "name" => &mut object.name,
                "description" => &mut object.description,
                "pattern" => &mut object.pattern,
                "pattern_type" => &mut object.pattern_type,
                "value" => &mut object.value,
                "valid_from" => &mut object.valid_from,
                "valid_until" => &mut object.valid_until,
                "revoked" => {
                    object.revoked = map.next_value::<Value>()? == Value::Bool(true);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // A value of another kind than a text is as good as none.
            *slot = match map.next_value::<Value>()? {
                Value::String(text) => Some(text),
                _ => None,
            };
        }
        object.say(self.0);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.none()
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.none()
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.none()
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.none()
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.none()
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.none()
    }
}

impl Node<'_, '_> {
    /// What stands where an object should stand.
    fn none<E>(self) -> Result<(), E> {
        self.0.reject(Reject("no object where one should stand"));
        Ok(())
    }
}

/// What `objects` holds: an array in bundles, and in STIX 2.0 a table of observables.
struct Objects<'s, 'o>(&'s mut Sink<'o>);

impl<'de> DeserializeSeed<'de> for Objects<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Node(self.0).visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Node(&mut *self.0))?;
        }
        Ok(())
    }

    // Anything else under this name belongs to no bundle.
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The texts of an object that matter here.
#[derive(Debug, Default)]
struct Object {
    kind: Option<String>,
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    pattern: Option<String>,
    pattern_type: Option<String>,
    value: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    revoked: bool,
    holds: bool,
}

impl Object {
    fn say(self, sink: &mut Sink<'_>) {
        let Some(kind) = self.kind.as_deref() else {
            if !self.holds {
                sink.reject(Reject("an object without a type"));
            }
            return;
        };
        if kind == "bundle" {
            return;
        }
        if self.revoked {
            sink.piece.records += 1;
            return;
        }
        let before = sink.out.len();
        let label: Arc<str> = self.label(kind);
        let valid = (self.valid_from.as_deref().and_then(time), self.valid_until.as_deref().and_then(time));
        let point = |pattern: Pattern| {
            let indicator = Indicator { pattern, label: Arc::clone(&label), valid };
            sink.out.push(Said { time: None, fact: Saying::Indicator(Box::new(indicator)) });
        };
        let read = match kind {
            "indicator" => match (self.pattern.as_deref(), self.pattern_type.as_deref()) {
                (Some(text), None | Some("stix")) => pattern::read(text, point),
                (Some(_), Some(_)) => Err(Reject("a pattern in another language than STIX")),
                (None, _) => Err(Reject("an indicator without a pattern")),
            },
            "ipv4-addr" | "ipv6-addr" => self.observed(Kind::Address, point),
            "domain-name" => self.observed(Kind::Name, point),
            _ => Ok(()),
        };
        // Of a pattern with one bad value the others are said.
        if read.is_ok() || sink.out.len() > before {
            sink.piece.records += 1;
        }
        if let Err(why) = read {
            sink.reject(why);
        }
    }

    fn observed(&self, kind: Kind, point: impl FnOnce(Pattern)) -> Result<(), Reject> {
        let target = self.value.as_deref().and_then(|value| kind.target(value));
        target.map(point).ok_or(Reject("an observable without an address or name"))
    }

    fn label(&self, kind: &str) -> Arc<str> {
        let text = [&self.name, &self.description, &self.id].into_iter().flatten().map(|t| t.trim()).find(|t| !t.is_empty());
        text::escaped(text.unwrap_or(kind).as_bytes(), MAX_NAME).into()
    }
}

/// A time of STIX (RFC 3339, always with a zone).
fn time(text: &str) -> Option<Timestamp> {
    let mut clock = Clock::new(TimeZone::UTC, 1970);
    let (time, _) = clock::iso(text.as_bytes(), &mut clock)?;
    (!clock.assumed().zone()).then_some(time)
}
