//! An object a line. Fields that are not set are left out, so which log a line belongs to is told by `_path` (or what
//! somebody's collector calls it) or by the fields that are there.

use super::super::super::clock::Clock;
use super::super::super::record::{LineFormat, Piece, Reject};
use super::super::json::{Pieces, Reader, Value};
use super::fields::{Field, Row};
use super::rows::{self, Kind};
use crate::model::record::Said;

/// Reads it line by line.
#[derive(Debug)]
pub(in super::super) struct Json {
    clock: Clock,
    pieces: Pieces,
}

impl Json {
    pub(in super::super) fn new(clock: Clock) -> Self {
        Self { clock, pieces: Pieces::default() }
    }
}

impl LineFormat for Json {
    fn line(&mut self, line: &[u8], out: &mut Vec<Said>) -> Result<Piece, Reject> {
        let clock = &mut self.clock;
        self.pieces.line(line, |object| read(object, clock, out))
    }
}

fn read(object: &[u8], clock: &mut Clock, out: &mut Vec<Said>) -> Result<Piece, Reject> {
    let mut row = Row::json();
    let mut path = None;
    let mut reader = Reader::object(object)?;
    while let Some(key) = reader.key()? {
        if key.escaped {
            reader.skip()?;
            continue;
        }
        match Field::named(key.raw) {
            Some(field) if field.is_list() => {
                let cell = reader.raw()?;
                if cell.first() == Some(&b'[') {
                    row.set(field, cell);
                }
            }
            Some(field) => row.set(field, reader.cell()?),
            None => match key.raw {
                b"id" => match reader.value()? {
                    Value::Object => id(&mut reader, &mut row)?,
                    Value::Array => reader.leave()?,
                    _ => {}
                },
                b"_path" | b"@stream" => path = path_of(&mut reader)?,
                _ => reader.skip()?,
            },
        }
    }
    reader.end()?;
    let kind = path.unwrap_or_else(|| Kind::of_fields(|field| row.has(field)));
    if path.is_none() && kind == Kind::Other && !row.has(Field::Ts) && !row.has(Field::Uid) {
        return Err(Reject("no fields of a Zeek log"));
    }
    rows::tell(kind, &row, clock, out)?;
    Ok(Piece::RECORD)
}

/// The object `id`, entered: `{"orig_h": …}`.
fn id<'a>(reader: &mut Reader<'a>, row: &mut Row<'a>) -> Result<(), Reject> {
    while let Some(key) = reader.key()? {
        match (Field::of_id(key.raw), reader.value()?) {
            (_, Value::Object | Value::Array) => reader.leave()?,
            (Some(field), value) => row.set(field, value.plain()),
            (None, _) => {}
        }
    }
    Ok(())
}

fn path_of(reader: &mut Reader<'_>) -> Result<Option<Kind>, Reject> {
    match reader.value()? {
        Value::Text(text) => Ok(Some(Kind::named(text.raw))),
        Value::Object | Value::Array => reader.leave().map(|()| None),
        _ => Ok(None),
    }
}

/// An object with `ts` and what only Zeek has beside it: a connection's name and ends, or the log's name. It may be cut
/// off, and it may be pretty-printed or within an array.
pub(in super::super) fn looks_like_json(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let text = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    let Ok(mut reader) = Reader::object(text) else { return false };
    let (mut time, mut known, mut foreign, mut note) = (false, false, false, false);
    while let Ok(Some(key)) = reader.key() {
        let nested = match key.raw {
            b"ts" => {
                let Ok(value) = reader.value() else { break };
                time |= matches!(value, Value::Number(_) | Value::Text(_));
                matches!(value, Value::Object | Value::Array)
            }
            b"id" => {
                let Ok(value) = reader.value() else { break };
                if value == Value::Object {
                    while let Ok(Some(key)) = reader.key() {
                        known |= key.raw == b"orig_h";
                        if reader.skip().is_err() {
                            break;
                        }
                    }
                }
                value == Value::Array
            }
            b"uid" | b"id.orig_h" | b"id_orig_h" | b"_path" | b"_write_ts" | b"@stream" | b"fuid" => {
                known = true;
                matches!(reader.value(), Ok(Value::Object | Value::Array))
            }
            b"note" => {
                note = true;
                matches!(reader.value(), Ok(Value::Object | Value::Array))
            }
            b"actions" | b"certificate.version" => {
                known |= note || key.raw != b"actions";
                matches!(reader.value(), Ok(Value::Object | Value::Array))
            }
            b"event_type" | b"logger" | b"jsonPayload" | b"request" => {
                foreign = true;
                matches!(reader.value(), Ok(Value::Object | Value::Array))
            }
            _ => matches!(reader.value(), Ok(Value::Object | Value::Array)),
        };
        if nested && reader.leave().is_err() {
            break;
        }
    }
    time && known && !foreign
}
