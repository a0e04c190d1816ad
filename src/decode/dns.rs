//! Names for addresses in DNS answers (RFC 1035, RFC 3596): A and AAAA say what the holder of a name claims, PTR what
//! the holder of an address block claims. Only the answer section is read: what comes along unasked proves nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::DecodeError;
use super::text::{self, MAX_NAME};
use crate::model::evidence::{Name, NameHow};
use crate::model::net::unmapped;

const HEADER: usize = 12;
/// Answer records that are read of one message.
const MAX_RECORDS: usize = 256;
/// Links of a CNAME chain that are followed.
const MAX_CHAIN: usize = 16;
/// Compression pointers in one name; each must point backward, so this is a second rope.
const MAX_POINTERS: usize = 64;

const A: u16 = 1;
const CNAME: u16 = 5;
const PTR: u16 = 12;
const AAAA: u16 = 28;
const IN: u16 = 1;

/// What a message says, and what it could not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Names for addresses, in the order of the records.
    pub names: Vec<Name>,
    /// Records beyond the cap of 256, and records whose name can't be written down.
    pub left_out: u32,
    /// Where reading stopped early; `names` holds what came before.
    pub damage: Option<DecodeError>,
}

/// Reads a DNS message, a UDP payload. `None` unless it is a successful response to a standard query.
///
/// # Errors
/// When less than the header is there.
pub fn answers(message: &[u8]) -> Result<Option<Answers>, DecodeError> {
    let Some(&[_, _, f0, f1, q0, q1, a0, a1, ..]) = message.first_chunk::<HEADER>() else {
        return Err(DecodeError::truncated("dns", HEADER, message.len()));
    };
    let (response, opcode, rcode) = (f0 & 0x80 != 0, f0 >> 3 & 15, f1 & 15);
    if !response || opcode != 0 || rcode != 0 {
        return Ok(None);
    }
    let mut out = Answers::default();
    let counts = (u16::from_be_bytes([q0, q1]), u16::from_be_bytes([a0, a1]));
    if let Err(error) = read(message, counts, &mut out) {
        out.damage = Some(error);
    }
    Ok(Some(out))
}

/// The messages in a TCP payload that begins with one: each has its length in front (RFC 1035 4.2.2). The last may
/// be cut off.
pub fn tcp_messages(mut payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = payload.split_first_chunk::<2>()?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (message, after) = rest.split_at(len.min(rest.len()));
        payload = after;
        (message.len() >= HEADER).then_some(message)
    })
    .take(MAX_RECORDS)
}

/// A record of the answer section that can name something.
struct Record {
    owner: String,
    ttl: u32,
    data: Data,
}

enum Data {
    Address(IpAddr),
    Alias(String),
    Pointer(String),
}

fn read(message: &[u8], (questions, records): (u16, u16), out: &mut Answers) -> Result<(), DecodeError> {
    let mut at = HEADER;
    let mut asked = None;
    for _ in 0..usize::from(questions).min(MAX_RECORDS) {
        let (name, after) = name_at(message, at)?;
        asked = asked.or(name);
        at = after + 4;
    }
    let mut found = Vec::new();
    let mut result = Ok(());
    for n in 0..usize::from(records) {
        if n == MAX_RECORDS {
            out.left_out += u32::from(records) - MAX_RECORDS as u32;
            break;
        }
        match record_at(message, at) {
            Ok((record, after, unwritable)) => {
                found.extend(record);
                out.left_out += u32::from(unwritable);
                at = after;
            }
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    let chain = asked.map(|asked| alias_chain(asked, &found)).unwrap_or_default();
    for record in &found {
        // The name that was asked for, for whatever the chain of aliases that begins with it leads to.
        let alias =
            chain.iter().find(|(name, _)| *name == record.owner).and_then(|(_, ttl)| Some((chain.first()?.0.as_str(), *ttl)));
        let (owner, ttl) = alias.map_or((record.owner.as_str(), record.ttl), |(asked, ttl)| (asked, record.ttl.min(ttl)));
        match &record.data {
            Data::Address(addr) if !addr.is_unspecified() && !owner.is_empty() => {
                out.names.push(Name { addr: *addr, name: owner.into(), how: NameHow::Forward, ttl_s: Some(ttl) });
            }
            Data::Pointer(name) if !name.is_empty() => {
                if let Some(addr) = reverse_address(owner) {
                    out.names.push(Name { addr, name: name.as_str().into(), how: NameHow::Ptr, ttl_s: Some(ttl) });
                }
            }
            _ => {}
        }
    }
    result
}

/// The asked name and every name that CNAMEs lead to from it, each with the smallest TTL on the way.
fn alias_chain(asked: String, found: &[Record]) -> Vec<(String, u32)> {
    let mut chain = vec![(asked, u32::MAX)];
    while let Some((name, ttl)) = chain.last() {
        let next = found.iter().find_map(|r| match &r.data {
            Data::Alias(target) if r.owner == *name => Some((target.clone(), r.ttl.min(*ttl))),
            _ => None,
        });
        match next {
            Some(next) if chain.len() <= MAX_CHAIN && chain.iter().all(|(known, _)| *known != next.0) => chain.push(next),
            _ => break,
        }
    }
    chain
}

/// The record at `at`, where the next one begins, and whether it was left out because its name can't be written.
fn record_at(message: &[u8], at: usize) -> Result<(Option<Record>, usize, bool), DecodeError> {
    let (owner, at) = name_at(message, at)?;
    let Some(&[t0, t1, c0, c1, l0, l1, l2, l3, d0, d1]) = message.get(at..).and_then(|b| b.first_chunk::<10>()) else {
        return Err(DecodeError::truncated("dns record", at + 10, message.len()));
    };
    let (kind, class) = (u16::from_be_bytes([t0, t1]), u16::from_be_bytes([c0, c1]));
    let data_at = at + 10;
    let after = data_at + usize::from(u16::from_be_bytes([d0, d1]));
    let Some(data) = message.get(data_at..after) else {
        return Err(DecodeError::truncated("dns record", after, message.len()));
    };
    // The upper bit of the class is mDNS's "forget what you knew" (RFC 6762 10.2).
    if class & 0x7fff != IN {
        return Ok((None, after, false));
    }
    let data = match kind {
        A => data.first_chunk::<4>().filter(|_| data.len() == 4).map(|o| Some(Data::Address(Ipv4Addr::from(*o).into()))),
        AAAA => data
            .first_chunk::<16>()
            .filter(|_| data.len() == 16)
            .map(|o| Some(Data::Address(unmapped(Ipv6Addr::from(*o).into())))),
        CNAME => Some(name_at(message, data_at)?.0.map(Data::Alias)),
        PTR => Some(name_at(message, data_at)?.0.map(Data::Pointer)),
        _ => return Ok((None, after, false)),
    };
    let Some(data) = data else {
        return Err(DecodeError::Malformed { layer: "dns record", what: "an address of the wrong length" });
    };
    // RFC 2181 8: a TTL with its upper bit set counts as 0.
    let ttl = u32::from_be_bytes([l0, l1, l2, l3]);
    let ttl = if ttl >> 31 == 1 { 0 } else { ttl };
    match (owner, data) {
        (Some(owner), Some(data)) => Ok((Some(Record { owner, ttl, data }), after, false)),
        _ => Ok((None, after, true)),
    }
}

/// The name at `start` in lower case without the final dot (`None` if it takes more than 253 bytes), and where the
/// bytes behind it begin.
fn name_at(message: &[u8], start: usize) -> Result<(Option<String>, usize), DecodeError> {
    let cut_off = |at: usize| DecodeError::truncated("dns name", at + 1, message.len());
    let mut name = String::new();
    let mut wire = 0;
    let mut at = start;
    let mut after = None;
    let mut pointers = 0;
    let mut lowest = start;
    loop {
        let &len = message.get(at).ok_or_else(|| cut_off(at))?;
        match len >> 6 {
            0 if len == 0 => break,
            0 => {
                let end = at + 1 + usize::from(len);
                let label = message.get(at + 1..end).ok_or_else(|| cut_off(end))?;
                wire += label.len() + 1;
                if wire > 254 {
                    return Err(DecodeError::Malformed { layer: "dns name", what: "longer than 255 bytes" });
                }
                if !name.is_empty() {
                    name.push('.');
                }
                for &byte in label {
                    match byte {
                        // A dot inside a label is not a boundary of labels (RFC 4343 2.1).
                        b'.' => name.push_str("\\."),
                        _ => text::push_escaped(&mut name, byte.to_ascii_lowercase()),
                    }
                }
                at = end;
            }
            3 => {
                let &low = message.get(at + 1).ok_or_else(|| cut_off(at + 1))?;
                let target = usize::from(len & 0x3f) << 8 | usize::from(low);
                after = after.or(Some(at + 2));
                pointers += 1;
                // RFC 1035 4.1.4: a pointer goes to a prior occurrence, so every jump goes farther back.
                if target >= lowest || pointers > MAX_POINTERS {
                    return Err(DecodeError::Malformed {
                        layer: "dns name",
                        what: "compression pointer that does not point back",
                    });
                }
                lowest = target;
                at = target;
            }
            _ => return Err(DecodeError::Malformed { layer: "dns name", what: "label of an unknown kind" }),
        }
    }
    let after = after.unwrap_or(at + 1);
    Ok(((name.len() <= MAX_NAME).then_some(name), after))
}

/// The address that a name under in-addr.arpa (RFC 1035 3.5) or ip6.arpa (RFC 3596 2.5) stands for.
fn reverse_address(name: &str) -> Option<IpAddr> {
    if let Some(labels) = name.strip_suffix(".in-addr.arpa") {
        let mut octets = [0_u8; 4];
        let mut parts = labels.split('.');
        for octet in octets.iter_mut().rev() {
            let part = parts.next().filter(|p| p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()))?;
            *octet = part.parse().ok()?;
        }
        return parts.next().is_none().then(|| Ipv4Addr::from(octets).into());
    }
    let labels = name.strip_suffix(".ip6.arpa")?;
    let mut bits = 0_u128;
    let mut nibbles = 0;
    for label in labels.rsplit('.') {
        let digit = char::from(*label.as_bytes().first().filter(|_| label.len() == 1)?).to_digit(16)?;
        bits = bits << 4 | u128::from(digit);
        nibbles += 1;
        if nibbles > 32 {
            return None;
        }
    }
    (nibbles == 32).then(|| unmapped(Ipv6Addr::from(bits).into()))
}

#[cfg(test)]
mod tests;
