//! The fields of Zeek's logs that matter here, and a row of them.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::super::json::{Reader, Text, Value};

/// Items of a list that are read: a DNS answer or a mail has fewer.
const MAX_ITEMS: usize = 256;

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident),+ $(,)?) => {
        /// A field, whatever the log calls it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Field { $($(#[$doc])* $field),+ }

        const COUNT: usize = [$(Field::$field),+].len();
    };
}

fields! {
    Ts, Uid, OrigH, OrigP, RespH, RespP, Proto,
    // conn
    ConnState, Duration, MissedBytes, OrigBytes, RespBytes, OrigPkts, RespPkts, OrigIpBytes, RespIpBytes,
    // dns
    TransId, Query, QtypeName, Answers, Ttls,
    // http, and sip, which is told from it by its call
    Method, Host, Uri, StatusCode, RequestBodyLen, ResponseBodyLen, Proxied, CallId,
    // ssl, quic
    Version, ServerName, Established, Resumed, Dcid,
    // ssh
    AuthSuccess, AuthAttempts, Client, Server,
    // smtp
    Helo, MailFrom, From, MsgId, OriginatingIp, LastReply, Path,
    // tunnel, socks
    TunnelType, RequestHost, RequestName, RequestP, BoundHost, BoundName, BoundP, Status,
    // notice, traceroute
    Note, Msg, Src, Dst, P, Actions, Dropped, Fuid,
}

impl Field {
    /// By its name in the log. Dots are underscores where somebody's database does not like dots.
    #[inline]
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        // By length first: that leaves few to compare with.
        Some(match name.len() {
            1 if name == b"p" => Self::P,
            2 if name == b"ts" => Self::Ts,
            3 => match name {
                b"uid" => Self::Uid,
                b"uri" => Self::Uri,
                b"msg" => Self::Msg,
                b"src" => Self::Src,
                b"dst" => Self::Dst,
                _ => return None,
            },
            4 => match name {
                b"TTLs" => Self::Ttls,
                b"host" => Self::Host,
                b"helo" => Self::Helo,
                b"from" => Self::From,
                b"path" => Self::Path,
                b"note" => Self::Note,
                b"fuid" => Self::Fuid,
                _ => return None,
            },
            5 => match name {
                b"proto" => Self::Proto,
                b"query" => Self::Query,
                _ => return None,
            },
            6 => match name {
                b"method" => Self::Method,
                b"client" => Self::Client,
                b"server" => Self::Server,
                b"msg_id" => Self::MsgId,
                b"status" => Self::Status,
                _ => return None,
            },
            7 => match name {
                b"answers" => Self::Answers,
                b"version" => Self::Version,
                b"proxied" => Self::Proxied,
                b"call_id" => Self::CallId,
                b"resumed" => Self::Resumed,
                b"bound_p" => Self::BoundP,
                b"actions" => Self::Actions,
                b"dropped" => Self::Dropped,
                _ => return None,
            },
            8 => match name {
                b"duration" => Self::Duration,
                b"trans_id" => Self::TransId,
                b"mailfrom" => Self::MailFrom,
                _ => return None,
            },
            9 => match name {
                b"id.orig_h" | b"id_orig_h" => Self::OrigH,
                b"id.orig_p" | b"id_orig_p" => Self::OrigP,
                b"id.resp_h" | b"id_resp_h" => Self::RespH,
                b"id.resp_p" | b"id_resp_p" => Self::RespP,
                b"orig_pkts" => Self::OrigPkts,
                b"resp_pkts" => Self::RespPkts,
                b"request_p" => Self::RequestP,
                _ => return None,
            },
            10 => match name {
                b"conn_state" => Self::ConnState,
                b"orig_bytes" => Self::OrigBytes,
                b"resp_bytes" => Self::RespBytes,
                b"qtype_name" => Self::QtypeName,
                b"last_reply" => Self::LastReply,
                b"bound.host" | b"bound_host" => Self::BoundHost,
                b"bound.name" | b"bound_name" => Self::BoundName,
                _ => return None,
            },
            11 => match name {
                b"server_name" => Self::ServerName,
                b"status_code" => Self::StatusCode,
                b"established" => Self::Established,
                b"tunnel_type" => Self::TunnelType,
                _ => return None,
            },
            12 => match name {
                b"missed_bytes" => Self::MissedBytes,
                b"auth_success" => Self::AuthSuccess,
                b"request.host" | b"request_host" => Self::RequestHost,
                b"request.name" | b"request_name" => Self::RequestName,
                _ => return None,
            },
            13 => match name {
                b"orig_ip_bytes" => Self::OrigIpBytes,
                b"resp_ip_bytes" => Self::RespIpBytes,
                b"auth_attempts" => Self::AuthAttempts,
                _ => return None,
            },
            16 => match name {
                b"request_body_len" => Self::RequestBodyLen,
                b"x_originating_ip" => Self::OriginatingIp,
                _ => return None,
            },
            17 if name == b"response_body_len" => Self::ResponseBodyLen,
            19 if name == b"client_initial_dcid" => Self::Dcid,
            _ => return None,
        })
    }

    /// Within the object `id`.
    pub(super) fn of_id(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"orig_h" => Self::OrigH,
            b"orig_p" => Self::OrigP,
            b"resp_h" => Self::RespH,
            b"resp_p" => Self::RespP,
            _ => return None,
        })
    }

    /// Does it hold a set or a vector?
    #[inline]
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Answers | Self::Ttls | Self::Proxied | Self::Path | Self::Actions)
    }
}

/// How cells are written.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// With `\xNN`, and lists with this byte between their items.
    Tsv { between: u8 },
    /// As in JSON; a list with its brackets.
    Json,
}

/// A row: the cells of known fields as they stand in the line. What is unset or empty is an empty slice.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    cells: [&'a [u8]; COUNT],
    style: Style,
}

impl<'a> Row<'a> {
    /// An empty row of a tab-separated log with this byte between the items of lists.
    #[inline]
    pub(super) fn tsv(between: u8) -> Self {
        Self { cells: [&[]; COUNT], style: Style::Tsv { between } }
    }

    /// An empty row of a JSON log.
    #[inline]
    pub(super) fn json() -> Self {
        Self { cells: [&[]; COUNT], style: Style::Json }
    }

    #[inline]
    pub(super) fn set(&mut self, field: Field, cell: &'a [u8]) {
        if let Some(place) = self.cells.get_mut(field as usize) {
            *place = cell;
        }
    }

    /// The cell as it is written: for numbers, addresses and words that need no escapes.
    #[inline]
    pub(super) fn get(&self, field: Field) -> &'a [u8] {
        self.cells.get(field as usize).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn has(&self, field: Field) -> bool {
        !self.get(field).is_empty()
    }

    /// `T` or `F`, `true` or `false`.
    pub(super) fn flag(&self, field: Field) -> Option<bool> {
        match self.get(field) {
            b"T" | b"true" => Some(true),
            b"F" | b"false" => Some(false),
            _ => None,
        }
    }

    /// What the cell says, without escapes.
    pub(super) fn text(&self, field: Field) -> Cow<'a, [u8]> {
        self.plain(self.get(field))
    }

    fn plain(&self, cell: &'a [u8]) -> Cow<'a, [u8]> {
        if memchr::memchr(b'\\', cell).is_none() {
            return cell.into();
        }
        match self.style {
            Style::Tsv { .. } => unescaped(cell).into(),
            Style::Json => Text { raw: cell, escaped: true }.bytes(),
        }
    }

    /// The items of a list without escapes, the first 256.
    pub(super) fn list(&self, field: Field) -> SmallVec<[Cow<'a, [u8]>; 4]> {
        let cell = self.get(field);
        let mut items = SmallVec::new();
        match self.style {
            _ if cell.is_empty() => {}
            Style::Tsv { between } => items.extend(cell.split(|&b| b == between).take(MAX_ITEMS).map(|item| self.plain(item))),
            Style::Json => {
                // The line has been read once already: this does not fail.
                let mut reader = Reader::new(cell);
                if reader.value() == Ok(Value::Array) {
                    while items.len() < MAX_ITEMS && reader.item() == Ok(true) {
                        match reader.value() {
                            Ok(Value::Text(text)) => items.push(text.bytes()),
                            Ok(value @ (Value::Number(_) | Value::Bool(_))) => items.push(value.plain().into()),
                            Ok(Value::Null) => items.push(Cow::Borrowed(&b""[..])),
                            Ok(Value::Object | Value::Array) if reader.leave().is_ok() => items.push(Cow::Borrowed(&b""[..])),
                            _ => break,
                        }
                    }
                }
            }
        }
        items
    }
}

/// Without `\xNN` and `\\`, which Zeek writes for separators, for a backslash, and for what is not printable.
pub(super) fn unescaped(cell: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cell.len());
    let mut rest = cell;
    while let Some((&b, after)) = rest.split_first() {
        let hex = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        rest = after;
        match (b, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(high), hex(low)) {
                    out.push(high << 4 | low);
                    rest = after;
                    continue;
                }
            }
            (b'\\', [b'\\', after @ ..]) => rest = after,
            _ => {}
        }
        out.push(b);
    }
    out
}
