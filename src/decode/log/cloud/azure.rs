//! Azure: flow tuples of network security groups and of virtual networks.
//!
//! A tuple of versions 1 and 2 is `seconds,src,dst,sport,dport,T|U,I|O,A|D`, and in version 2 `,B|C|E,packets,bytes,packets,bytes`;
//! one of virtual networks is `milliseconds,src,dst,sport,dport,protocol,I|O,B|C|E|D,encryption,packets,bytes,packets,bytes`. The
//! counters are of source to destination, then of the way back, since the last tuple of that flow. The source is who
//! opened it.

use std::borrow::Cow;

use serde::Deserialize;

use super::objects;
use crate::decode::log::asa::fields::{address, later, met, number, protocol, since_1970, went};
use crate::decode::record::{Piece, Reject};
use crate::model::net::IpProtocol;
use crate::model::record::{Contact, Outcome, Said, Volume};
use crate::model::time::Timestamp;

const NSG: &str = "NetworkSecurityGroupFlowEvent";
const VNET: &str = "FlowLogFlowEvent";

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    category: Cow<'a, str>,
    #[serde(borrow)]
    properties: Option<Properties<'a>>,
    #[serde(borrow, rename = "flowRecords")]
    flow_records: Option<FlowRecords<'a>>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow, default)]
    flows: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
struct Rule<'a> {
    #[serde(borrow, default)]
    flows: Vec<Tuples<'a>>,
}

#[derive(Deserialize)]
struct FlowRecords<'a> {
    #[serde(borrow, default)]
    flows: Vec<Groups<'a>>,
}

#[derive(Deserialize)]
struct Groups<'a> {
    #[serde(borrow, default, rename = "flowGroups")]
    groups: Vec<Tuples<'a>>,
}

#[derive(Deserialize)]
struct Tuples<'a> {
    #[serde(borrow, default, rename = "flowTuples")]
    tuples: Vec<Cow<'a, str>>,
}

/// Reads one record: every tuple in it is a record of its own.
pub(super) fn record(object: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
    let Ok(record) = serde_json::from_slice::<Record<'_>>(object) else { return Err(Reject("no record of Azure flows")) };
    let mut piece = Piece::OTHER;
    let mut read = |tuple: &str, read: fn(&[&[u8]], &mut Vec<Said>) -> Option<()>| {
        let mut fields = [&[][..]; 13];
        let mut found = 0;
        for part in tuple.as_bytes().split(|&b| b == b',') {
            if let Some(field) = fields.get_mut(found) {
                *field = part.trim_ascii();
            }
            found += 1;
        }
        match fields.get(..found).and_then(|fields| read(fields, out)) {
            Some(()) => piece.records += 1,
            None => {
                piece.rejected += 1;
                piece.why = piece.why.or(Some(Reject("a flow tuple that cannot be read")));
            }
        }
    };
    match &*record.category {
        NSG => {
            let rules = record.properties.iter().flat_map(|p| &p.flows).flat_map(|rule| &rule.flows);
            rules.flat_map(|flow| &flow.tuples).for_each(|tuple| read(tuple, security_group));
        }
        VNET => {
            let groups = record.flow_records.iter().flat_map(|r| &r.flows).flat_map(|flow| &flow.groups);
            groups.flat_map(|group| &group.tuples).for_each(|tuple| read(tuple, virtual_network));
        }
        _ => return Err(Reject("a record of another category")),
    }
    Ok(piece)
}

fn security_group(fields: &[&[u8]], out: &mut Vec<Said>) -> Option<()> {
    let (head, more) = fields.split_at_checked(8)?;
    let [time, src, dst, sport, dport, proto, direction, decision] = *head else { return None };
    let time = since_1970(time).or_else(|| later(Timestamp(0), number(time)?))?;
    let proto = match proto {
        b"T" => IpProtocol::TCP,
        b"U" => IpProtocol::UDP,
        _ => return None,
    };
    let refused = match decision {
        b"A" => false,
        b"D" => true,
        _ => return None,
    };
    let (state, counters) = match more {
        [] => (&b""[..], &[][..]),
        [state, counters @ ..] => (*state, counters),
    };
    if !matches!(direction, b"I" | b"O") || !matches!(state, b"" | b"B" | b"C" | b"E") {
        return None;
    }
    flow(time, (src, sport), (dst, dport), proto, refused, state, counters, out)
}

fn virtual_network(fields: &[&[u8]], out: &mut Vec<Said>) -> Option<()> {
    let (head, counters) = fields.split_at_checked(9)?;
    let [time, src, dst, sport, dport, proto, direction, state, _encryption] = *head else { return None };
    let time = since_1970(time)?;
    if !matches!(direction, b"I" | b"O") || !matches!(state, b"B" | b"C" | b"E" | b"D") {
        return None;
    }
    flow(time, (src, sport), (dst, dport), protocol(proto)?, state == b"D", state, counters, out)
}

#[expect(clippy::too_many_arguments, reason = "the fields of a tuple")]
fn flow(
    time: Timestamp,
    src: (&[u8], &[u8]),
    dst: (&[u8], &[u8]),
    proto: IpProtocol,
    refused: bool,
    state: &[u8],
    counters: &[&[u8]],
    out: &mut Vec<Said>,
) -> Option<()> {
    let count = |n: usize| match counters.get(n) {
        Some(text) if !text.is_empty() => number(text),
        _ => Some(0),
    };
    let forward = Volume { packets: count(0)?, bytes: count(1)? };
    let backward = Volume { packets: count(2)?, bytes: count(3)? };
    let outcome = match went(proto, forward, backward) {
        _ if refused => Outcome::Refused,
        // The counters are those since the last tuple: no answer in them is none since then.
        Outcome::Unanswered => Outcome::Unknown,
        _ if state == b"B" => Outcome::Unknown,
        other => other,
    };
    let (src, sport) = (address(src.0)?, number(src.1)?);
    let (dst, dport) = (address(dst.0)?, number(dst.1)?);
    met(out, Some(time), Contact { src, dst, sport, dport, proto, forward, backward, outcome, ..Contact::default() });
    Some(())
}

pub(super) fn looks_like(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let start = objects::list_head(text).unwrap_or(0);
    let text = text.get(start..).unwrap_or_default().trim_ascii_start();
    if text.first() != Some(&b'{') {
        return false;
    }
    if let Some(object) = objects::object_len(text).and_then(|len| text.get(..len)) {
        return serde_json::from_slice::<Record<'_>>(object).is_ok_and(|record| {
            *record.category == *NSG && record.properties.is_some() || *record.category == *VNET && record.flow_records.is_some()
        });
    }
    // The first record is longer than what is looked at.
    let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    (has(NSG) && has("\"properties\"") || has(VNET) && has("\"flowRecords\"")) && has("\"flowTuples\"")
}
