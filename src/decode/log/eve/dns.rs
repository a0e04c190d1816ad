//! Object `dns`. Version 1 has one event for each answer, version 2 all answers of a message in one event, in detail or
//! grouped by type, version 3 questions in an array of their own.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::super::record::Reject;
use super::super::json::values::{address, host, reverse_address};
use super::super::json::{Reader, Text, Value, unsigned};
use super::event::members;
use crate::model::evidence::{Name, NameHow};
use crate::model::record::{Said, Saying};
use crate::model::time::Timestamp;

/// Answers of one event that are read.
const MAX_ANSWERS: usize = 256;

/// An answer, or a question without one.
#[derive(Clone, Copy, Debug, Default)]
struct Answer<'a> {
    name: Text<'a>,
    kind: &'a [u8],
    data: Text<'a>,
    ttl: Option<u32>,
}

impl<'a> Answer<'a> {
    fn member(&mut self, key: &[u8], reader: &mut Reader<'a>) -> Result<(), Reject> {
        match key {
            b"rrname" => self.name = reader.any_scalar()?.text(),
            b"rrtype" => self.kind = reader.plain()?,
            b"rdata" => self.data = reader.any_scalar()?.text(),
            b"ttl" => self.ttl = unsigned(reader.plain()?).and_then(|n| u32::try_from(n).ok()),
            _ => reader.skip()?,
        }
        Ok(())
    }
}

/// The object, its answers still to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Message<'a> {
    is_answer: bool,
    /// Version 1: the answer. After that: the question.
    asked: Answer<'a>,
    answers: &'a [u8],
    grouped: &'a [u8],
}

impl<'a> Message<'a> {
    /// Takes the object; anything else is left.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        let mut message = Self::default();
        let object = members(reader, |key, reader| match key {
            b"type" => {
                message.is_answer = matches!(reader.plain()?, b"answer" | b"response");
                Ok(())
            }
            b"answers" => reader.raw().map(|raw| message.answers = raw),
            b"grouped" => reader.raw().map(|raw| message.grouped = raw),
            b"queries" => question(reader, &mut message.asked),
            _ => message.asked.member(key, reader),
        })?;
        if object {
            *self = message;
        }
        Ok(())
    }

    /// Says the names for addresses in the answers. Is it an answer at all?
    pub(super) fn names(&self, at: Timestamp, out: &mut Vec<Said>) -> Result<bool, Reject> {
        if !self.is_answer {
            return Ok(false);
        }
        let Self { asked, answers, grouped, .. } = *self;
        let mut names = Names { asked: host(&asked.name.bytes()), at, left: MAX_ANSWERS, out };
        if answers.is_empty() && grouped.is_empty() {
            // Version 1.
            names.say(&asked);
        }
        items(&mut Reader::new(answers), |reader| {
            let mut answer = Answer::default();
            members(reader, |key, reader| answer.member(key, reader))?;
            names.say(&answer);
            Ok(())
        })?;
        if !grouped.is_empty() {
            members(&mut Reader::new(grouped), |kind, reader| {
                items(reader, |reader| {
                    names.say(&Answer { kind, data: reader.any_scalar()?.text(), ..Answer::default() });
                    Ok(())
                })
            })?;
        }
        Ok(true)
    }
}

/// The first of the questions.
fn question<'a>(reader: &mut Reader<'a>, asked: &mut Answer<'a>) -> Result<(), Reject> {
    let mut first = true;
    items(reader, |reader| {
        let mut answer = Answer::default();
        members(reader, |key, reader| answer.member(key, reader))?;
        if std::mem::take(&mut first) {
            *asked = answer;
        }
        Ok(())
    })
}

/// Takes the items of an array one by one; a value that is none is left, and nothing is nothing.
fn items<'a>(reader: &mut Reader<'a>, mut take: impl FnMut(&mut Reader<'a>) -> Result<(), Reject>) -> Result<(), Reject> {
    match reader.value() {
        Ok(Value::Array) => {
            while reader.item()? {
                take(reader)?;
            }
            Ok(())
        }
        Ok(Value::Object) => reader.leave(),
        Ok(_) => Ok(()),
        Err(_) if reader.at() == 0 => Ok(()),
        Err(why) => Err(why),
    }
}

/// Where names go.
struct Names<'o> {
    /// The name that was asked for: aliases on the way are left out.
    asked: Option<Arc<str>>,
    at: Timestamp,
    left: usize,
    out: &'o mut Vec<Said>,
}

impl Names<'_> {
    fn say(&mut self, answer: &Answer<'_>) {
        if self.left == 0 || answer.data.raw.is_empty() {
            return;
        }
        self.left -= 1;
        let owner = || self.asked.clone().or_else(|| host(&answer.name.bytes()));
        let data = answer.data.bytes();
        let named: Option<(IpAddr, Arc<str>, NameHow)> = match answer.kind {
            b"A" | b"AAAA" => {
                address(&data).filter(|addr| !addr.is_unspecified()).and_then(|addr| Some((addr, owner()?, NameHow::Forward)))
            }
            b"PTR" => owner().and_then(|name| reverse_address(&name)).and_then(|addr| Some((addr, host(&data)?, NameHow::Ptr))),
            _ => None,
        };
        if let Some((addr, name, how)) = named {
            let name = Name { addr, name, how, ttl_s: answer.ttl };
            self.out.push(Said { time: Some(self.at), fact: Saying::Name(name) });
        }
    }
}
