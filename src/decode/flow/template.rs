//! Templates: how the records of one exporter are laid out. Read once, used for millions of records, so what matters is
//! worked out when one is announced: which fields are read, and how much lies between them.

use std::net::IpAddr;

use super::fields::Field;
use super::values::Values;

/// Who announced it: exporter, version, observation domain (NetFlow 9: source id), number.
pub(super) type Key = (IpAddr, u16, u32, u16);

/// Fields that a template may have; one with more is not kept.
pub(super) const MAX_FIELDS: usize = 256;

/// Says that each record has the length in front of the field (RFC 7011 7).
const VARIABLE: u16 = 0xffff;

/// A field and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spec {
    field: Field,
    /// Bytes, or [`VARIABLE`]. Neighbours that are skipped are one.
    len: u16,
}

/// A template, ready for use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Its records tell of the exporter, not of flows.
    pub(super) options: bool,
    specs: Box<[Spec]>,
    /// Bytes of the shortest record that it can have; at least 1.
    shortest: usize,
}

impl Template {
    /// `None` if it has too many fields, or if a record of it would take no bytes at all. Only IPFIX has fields of `variable`
    /// length.
    pub(super) fn new(options: bool, variable: bool, fields: &[(Field, u16)]) -> Option<Self> {
        if fields.len() > MAX_FIELDS {
            return None;
        }
        let mut specs: Vec<Spec> = Vec::with_capacity(fields.len());
        let mut shortest = 0;
        for &(field, len) in fields {
            let of_variable_length = variable && len == VARIABLE;
            if len == VARIABLE && !of_variable_length {
                // No datagram holds a field of 65,535 bytes.
                return None;
            }
            shortest += if of_variable_length { 1 } else { usize::from(len) };
            match specs.last_mut() {
                Some(last)
                    if field == Field::Skip && last.field == Field::Skip && !of_variable_length && last.len != VARIABLE =>
                {
                    // Together they would not fit into a datagram either.
                    last.len = last.len.checked_add(len).filter(|sum| *sum != VARIABLE)?;
                }
                _ => specs.push(Spec { field, len }),
            }
        }
        (shortest > 0).then(|| Self { options, specs: specs.into_boxed_slice(), shortest })
    }

    /// Bytes of the shortest record; fewer than these behind the last record are padding.
    #[inline]
    pub(super) fn shortest(&self) -> usize {
        self.shortest
    }

    /// Reads the record at the front of `bytes`: what is behind it, or `None` if it is cut off.
    #[inline]
    pub(super) fn read<'a>(&self, bytes: &'a [u8], values: &mut Values) -> Option<&'a [u8]> {
        values.clear();
        let mut rest = bytes;
        for spec in &self.specs {
            let len = if spec.len == VARIABLE {
                let (len, behind) = variable(rest)?;
                rest = behind;
                len
            } else {
                usize::from(spec.len)
            };
            let (field, behind) = rest.split_at_checked(len)?;
            values.set(spec.field, field);
            rest = behind;
        }
        Some(rest)
    }
}

/// A length in one byte, or in three if the first is 255, and what is behind it.
fn variable(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [255, a, b, rest @ ..] => Some((usize::from(u16::from_be_bytes([*a, *b])), rest)),
        [255, ..] | [] => None,
        [len, rest @ ..] => Some((usize::from(*len), rest)),
    }
}
