//! One record of a MaxMind database: from bytes to the few facts that Rutter asks for.
//!
//! The bytes are decoded here and not through the reader's serde interface, because a record may be hostile: that
//! interface follows pointers 512 deep on the stack of the caller, which a pointer to itself turns into an overflow in a
//! small stack. Here nesting and the number of values are capped, and pointers may not lead to pointers, as the format
//! demands (MaxMind DB file format 2.0, "Output Data Section").

use std::collections::BTreeMap;
use std::sync::Arc;

use super::countries::Countries;
use crate::model::net::{Asn, StateCode};

/// Deepest nesting that is followed; real records need 4.
const DEEPEST: u8 = 16;
/// Most values of one record; real ones have a few dozen names in a dozen languages.
const MOST_VALUES: u32 = 4096;
/// Longest text that is kept, characters.
const LONGEST: usize = 120;

/// What a record says, in Rutter's terms.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// State of use.
    pub(super) state: Option<StateCode>,
    /// State of registration, where the vendor gives one.
    pub(super) registered: Option<StateCode>,
    /// State represented (a base or an embassy).
    pub(super) represented: Option<StateCode>,
    /// City.
    pub(super) city: Option<Arc<str>>,
    /// Degrees north, east.
    pub(super) at: Option<(f32, f32)>,
    /// Announcing system.
    pub(super) asn: Option<Asn>,
    /// Its name.
    pub(super) as_name: Option<Arc<str>>,
    /// The vendor says anycast.
    pub(super) anycast: bool,
}

/// A value, as far as some layout may hold a fact in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Text without control characters, at most 120 characters.
    Text(String),
    /// Any number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// By key in lower case.
    Map(BTreeMap<String, Node>),
    /// Bytes, arrays, 128-bit numbers.
    Other,
}

/// Decodes the record at `offset` of the data section; `None` if it is damaged or beyond the caps.
pub(super) fn decode(section: &[u8], offset: usize) -> Option<Node> {
    let mut decoder = Decoder { section, at: offset, left: MOST_VALUES };
    decoder.value(0, true)
}

struct Decoder<'a> {
    section: &'a [u8],
    at: usize,
    left: u32,
}

impl Decoder<'_> {
    fn take(&mut self, n: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(n)?;
        let bytes = self.section.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// Big-endian number of up to 8 bytes.
    fn number(&mut self, n: usize) -> Option<u64> {
        (n <= 8).then_some(())?;
        Some(self.take(n)?.iter().fold(0, |sum, &b| sum << 8 | u64::from(b)))
    }

    fn value(&mut self, depth: u8, pointers: bool) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        let control = self.number(1)?;
        let mut kind = control >> 5;
        if kind == 1 {
            return if pointers { self.pointer(control, depth) } else { None };
        }
        if kind == 0 {
            kind = self.number(1)? + 7;
        }
        // Booleans keep their value in the size.
        let size = match control & 0x1f {
            29 => 29 + self.number(1)?,
            30 => 285 + self.number(2)?,
            31 => 65_821 + self.number(3)?,
            n => n,
        };
        let length = usize::try_from(size).ok()?;
        Some(match kind {
            2 => Node::Text(
                std::str::from_utf8(self.take(length)?).ok()?.chars().filter(|c| !c.is_control()).take(LONGEST).collect(),
            ),
            3 if length == 8 => Node::Number(f64::from_bits(self.number(8)?)),
            15 if length == 4 => Node::Number(f64::from(f32::from_bits(self.number(4)? as u32))),
            5 | 6 | 9 => Node::Number(self.number(length)? as f64),
            8 if length <= 4 => Node::Number(f64::from(self.number(length)? as u32 as i32)),
            4 | 10 => {
                self.take(length)?;
                Node::Other
            }
            14 => Node::Flag(size == 1),
            7 => {
                let mut map = BTreeMap::new();
                for _ in 0..length {
                    let Node::Text(key) = self.value(depth + 1, true)? else { return None };
                    let value = self.value(depth + 1, true)?;
                    map.insert(key.to_ascii_lowercase(), value);
                }
                Node::Map(map)
            }
            11 => {
                for _ in 0..length {
                    self.value(depth + 1, true)?;
                }
                Node::Other
            }
            _ => return None,
        })
    }

    /// Follows a pointer and comes back behind it.
    fn pointer(&mut self, control: u64, depth: u8) -> Option<Node> {
        let high = control & 7;
        let target = match control >> 3 & 3 {
            0 => high << 8 | self.number(1)?,
            1 => (high << 16 | self.number(2)?) + 2048,
            2 => (high << 24 | self.number(3)?) + 526_336,
            _ => self.number(4)?,
        };
        let back = std::mem::replace(&mut self.at, usize::try_from(target).ok()?);
        let node = self.value(depth + 1, false)?;
        self.at = back;
        Some(node)
    }
}

impl Node {
    fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| match node {
            Self::Map(map) => map.get(*key),
            _ => None,
        })
    }

    /// The first of several paths that leads to text that is not empty.
    fn text(&self, paths: &[&[&str]]) -> Option<&str> {
        paths.iter().find_map(|p| match self.at(p)? {
            Self::Text(text) => Some(text.trim()).filter(|t| !t.is_empty() && *t != "-"),
            _ => None,
        })
    }

    fn number(&self, paths: &[&[&str]]) -> Option<f64> {
        paths.iter().find_map(|p| match self.at(p)? {
            Self::Number(n) => Some(*n),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    fn flag(&self, paths: &[&[&str]]) -> bool {
        paths.iter().any(|p| match self.at(p) {
            Some(Self::Flag(flag)) => *flag,
            Some(Self::Text(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        })
    }
}

impl Record {
    /// Finds the facts, whichever layout holds them.
    pub(super) fn read(node: &Node, countries: &Countries) -> Self {
        let code = |paths: &[&[&str]]| node.text(paths).and_then(StateCode::new).filter(|&s| countries.has(s));
        let state = code(&[
            &["country", "iso_code"],
            &["country", "code"],
            &["country_code"],
            &["countrycode"],
            &["country_iso_code"],
            &["country"],
            &["geo", "country_code"],
            &["geo", "country"],
        ]);
        let named =
            || node.text(&[&["country"], &["country_name"], &["country", "names", "en"]]).and_then(|n| countries.by_name(n));
        let loc = node.text(&[&["loc"], &["location"]]).and_then(|t| t.split_once(','));
        let lat = node.number(&[&["location", "latitude"], &["latitude"], &["lat"], &["geo", "latitude"]]);
        let lon = node.number(&[&["location", "longitude"], &["longitude"], &["lng"], &["lon"], &["geo", "longitude"]]);
        let point = lat.zip(lon).or_else(|| loc.and_then(|(a, b)| a.trim().parse().ok().zip(b.trim().parse().ok())));
        let number = |text: &str| text.trim_start_matches(['A', 'S', 'a', 's']).parse::<u32>().ok();
        let asn = node
            .number(&[&["autonomous_system_number"], &["asn"], &["traits", "autonomous_system_number"], &["as", "number"]])
            .filter(|n| n.fract() == 0.0 && (1.0..=4_294_967_295.0).contains(n))
            .map(|n| n as u32)
            .or_else(|| node.text(&[&["asn"], &["as", "number"]]).and_then(number))
            .filter(|&n| n != 0);
        Self {
            state: state.or_else(named),
            registered: code(&[&["registered_country", "iso_code"]]),
            represented: code(&[&["represented_country", "iso_code"]]),
            city: node
                .text(&[&["city", "names", "en"], &["city", "name"], &["city"], &["city_name"], &["geo", "city"]])
                .map(Into::into),
            at: point
                .filter(|(a, b)| (-90.0..=90.0).contains(a) && (-180.0..=180.0).contains(b))
                .map(|(a, b)| (a as f32, b as f32)),
            asn: asn.map(Asn),
            as_name: node
                .text(&[
                    &["autonomous_system_organization"],
                    &["as_name"],
                    &["as_organization"],
                    &["as_org"],
                    &["traits", "autonomous_system_organization"],
                    &["organization"],
                ])
                .map(Into::into),
            anycast: node.flag(&[&["traits", "is_anycast"], &["is_anycast"], &["anycast"]]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(node: Option<Node>) -> String {
        format!("{node:?}")
    }

    #[test]
    fn kinds_of_values() {
        assert_eq!(decode(&[0x42, b'D', b'E'], 0), Some(Node::Text("DE".into())));
        assert_eq!(decode(&[0xa2, 1, 0], 0), Some(Node::Number(256.0)));
        assert_eq!(decode(&[0x04, 1, 0xff, 0xff, 0xff, 0xfe], 0), Some(Node::Number(-2.0)), "int32");
        assert_eq!(decode(&[0x01, 7], 0), Some(Node::Flag(true)));
        assert_eq!(decode(&[0x04, 8, 0x3f, 0x80, 0, 0], 0), Some(Node::Number(1.0)), "float");
        assert_eq!(decode(&[0x02, 4, 0x41, b'a', 0x41, b'b'], 0), Some(Node::Other), "array");
        assert_eq!(decode(&[0x43, b'a', 0x1b, b'b'], 0), Some(Node::Text("ab".into())), "no control characters");
    }

    #[test]
    fn pointers_come_back_and_do_not_chain() {
        // A map whose key is behind a pointer; the value follows the pointer.
        let section = [0x41, b'k', 0xe1, 0x20, 0, 0x41, b'v'];
        assert!(map(decode(&section, 2)).contains("\"k\": Text(\"v\")"));
        assert_eq!(decode(&[0x20, 0], 0), None, "a pointer to itself");
        assert_eq!(decode(&[0x20, 2, 0x20, 0], 0), None, "a pointer to a pointer");
        assert_eq!(decode(&[0x20, 200], 0), None, "out of the section");
        assert_eq!(decode(&[0xe1, 0x41, b'k', 0x20, 0], 0), None, "a map that holds itself");
        // Arrays of pointers to one another: fan-out is capped by the number of values.
        assert_eq!(decode(&[0x1d, 4, 255, 0x20, 0, 0x20, 0], 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_none(bytes: Vec<u8>, offset in 0usize..70) {
            let _ = decode(&bytes, offset);
        }
    }
}
