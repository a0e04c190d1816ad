//! Sets: what NetFlow 9 (RFC 3954 5, "FlowSets") and IPFIX (RFC 7011 3.3) have in common. A datagram is a row of them, and
//! each holds templates or the records of one template.

use smallvec::SmallVec;

use super::bounded::Bounded;
use super::fields::Field;
use super::sampling::Domain;
use super::statement::{self, Head};
use super::template::{Key, MAX_FIELDS, Template};
use super::values::Values;
use super::{Datagram, Exporters, be16, be32, sampling};
use crate::model::record::Said;

/// Numbers below are templates or reserved.
pub(super) const FIRST_DATA: u16 = 256;

/// One datagram that is being read.
pub(super) struct Reading<'a> {
    templates: &'a mut Bounded<Key, Template>,
    domains: &'a mut Bounded<sampling::Key, Domain>,
    values: &'a mut Values,
    head: Head,
    domain: sampling::Key,
    out: &'a mut Vec<Said>,
    fields: Vec<(Field, u16)>,
    /// Records read of any kind, templates and options included.
    told: u32,
    done: Datagram,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        exporters: &'a mut Exporters,
        domain: sampling::Key,
        head: Head,
        done: Datagram,
        out: &'a mut Vec<Said>,
    ) -> Self {
        let Exporters { templates, domains, values } = exporters;
        Self { templates, domains, values, head, domain, out, fields: Vec::new(), told: 0, done }
    }

    fn is_ipfix(&self) -> bool {
        self.domain.1 == 10
    }

    fn key(&self, number: u16) -> Key {
        (self.domain.0, self.domain.1, self.domain.2, number)
    }

    /// Reads a row of sets. `count` is what the header of NetFlow 9 says of records.
    pub(super) fn sets(mut self, bytes: &[u8], count: Option<u16>) -> Datagram {
        // Exporters put data in front of the template that belongs to it, in one datagram.
        let mut waiting: SmallVec<[(u16, &[u8]); 8]> = SmallVec::new();
        let mut announced = false;
        let mut rest = bytes;
        while let (Some(id), Some(len)) = (be16(rest, 0), be16(rest, 2)) {
            let len = usize::from(len);
            if id < 2 && self.is_ipfix() && len == 0 {
                break; // zeros behind the last set
            }
            if len < 4 {
                self.done.rejected += 1;
                break;
            }
            if len > rest.len() {
                // Cut off: the records that are whole are read all the same.
                self.done.rejected += 1;
            }
            let (set, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            let body = set.get(4..).unwrap_or_default();
            match id {
                0 | 2 => self.templates(body, false),
                1 | 3 => self.templates(body, true),
                FIRST_DATA.. => {
                    if !self.data(id, body) {
                        waiting.push((id, body));
                    }
                }
                _ => self.done.rejected += 1,
            }
            announced |= id < FIRST_DATA;
            rest = behind;
        }
        if announced && !waiting.is_empty() {
            waiting.retain(|(id, body)| !self.data(*id, body));
        }
        self.done.without_template = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        if let (Some(count), false) = (count, waiting.is_empty()) {
            // A record takes a byte at least, however many the header claims.
            let most = waiting.iter().map(|(_, body)| body.len() as u32).sum();
            let missing = u32::from(count).saturating_sub(self.told).min(most);
            self.done.without_template = self.done.without_template.max(missing);
        }
        self.done
    }

    /// The records of a set; `false` if the template is not known.
    fn data(&mut self, id: u16, body: &[u8]) -> bool {
        let key = self.key(id);
        let Some(template) = self.templates.get(&key) else { return false };
        let mut rest = body;
        if template.options {
            while rest.len() >= template.shortest() {
                let Some(behind) = template.read(rest, self.values) else {
                    self.done.rejected += 1;
                    break;
                };
                rest = behind;
                self.told += 1;
                if Domain::worth_keeping(self.values) {
                    self.domains.change(self.domain, |domain| domain.learn(self.values));
                }
            }
            return true;
        }
        let domain = self.domains.get(&self.domain);
        while rest.len() >= template.shortest() {
            let Some(behind) = template.read(rest, self.values) else {
                self.done.rejected += 1;
                break;
            };
            // Sets are padded to four bytes, and some templates are shorter than that.
            if rest.len() < 4 && rest.iter().all(|b| *b == 0) {
                break;
            }
            rest = behind;
            self.told += 1;
            self.done.records += 1;
            statement::say(self.values, &self.head, domain, self.out);
        }
        true
    }

    /// The templates of a set. Zeros too few for a template are padding.
    fn templates(&mut self, body: &[u8], options: bool) {
        let mut rest = body;
        while let Some(id) = be16(rest, 0).filter(|id| *id != 0) {
            let read = if self.is_ipfix() { self.ipfix_template(rest, options) } else { self.netflow9_template(rest, options) };
            let Some(behind) = read else {
                // Whatever had this number before is not what its data is laid out like now.
                let key = self.key(id);
                self.templates.take(&key);
                self.done.rejected += 1;
                return;
            };
            rest = behind;
            self.told += 1;
        }
    }

    /// Keeps the template whose fields were just collected.
    fn announce(&mut self, id: u16, options: bool, fits: bool) {
        let key = self.key(id);
        let template = if fits && id >= FIRST_DATA { Template::new(options, self.is_ipfix(), &self.fields) } else { None };
        match template {
            Some(template) => self.templates.put(key, template),
            None => {
                self.templates.take(&key);
                self.done.rejected += 1;
            }
        }
    }

    /// RFC 3954 5.2 and 6.1: number and count of fields; with options number, bytes of scope fields, bytes of option fields.
    fn netflow9_template<'b>(&mut self, bytes: &'b [u8], options: bool) -> Option<&'b [u8]> {
        let id = be16(bytes, 0)?;
        let (scopes, fields, at) = if options {
            (usize::from(be16(bytes, 2)?) / 4, usize::from(be16(bytes, 4)?) / 4, 6)
        } else {
            (0, usize::from(be16(bytes, 2)?), 4)
        };
        let count = scopes + fields;
        let (specs, behind) = bytes.get(at..)?.split_at_checked(count * 4)?;
        self.fields.clear();
        for (n, spec) in specs.as_chunks::<4>().0.iter().take(MAX_FIELDS).enumerate() {
            let number = u16::from_be_bytes([spec[0], spec[1]]);
            let field = if n < scopes { Field::netflow9_scope(number) } else { Field::netflow9(number) };
            self.fields.push((field, u16::from_be_bytes([spec[2], spec[3]])));
        }
        self.announce(id, options, count <= MAX_FIELDS);
        Some(behind)
    }

    /// RFC 7011 3.4: number and count of fields, with options the count of scope fields among them; fields with the upper bit
    /// set are followed by the number of an enterprise. No fields at all: the template is withdrawn (8.1), and under the number
    /// of the set itself all of them.
    fn ipfix_template<'b>(&mut self, bytes: &'b [u8], options: bool) -> Option<&'b [u8]> {
        let (id, count) = (be16(bytes, 0)?, usize::from(be16(bytes, 2)?));
        if count == 0 {
            let numbers = if id < FIRST_DATA { FIRST_DATA..=u16::MAX } else { id..=id };
            self.templates.remove(self.key(*numbers.start())..=self.key(*numbers.end()), |t| t.options == options);
            return bytes.get(4..);
        }
        let mut rest = bytes.get(if options { 6 } else { 4 }..)?;
        self.fields.clear();
        for _ in 0..count {
            let (number, len) = (be16(rest, 0)?, be16(rest, 2)?);
            let enterprise = if number & 0x8000 == 0 { None } else { Some(be32(rest, 4)?) };
            rest = rest.get(if enterprise.is_some() { 8 } else { 4 }..)?;
            if self.fields.len() < MAX_FIELDS {
                self.fields.push((Field::ipfix(number & 0x7fff, enterprise), len));
            }
        }
        self.announce(id, options, count <= MAX_FIELDS);
        Some(rest)
    }
}
