//! Mail: what the head of a message says of its way.
//!
//! * `stored`: messages in files, one (eml) or many (mbox, RFC 4155); `msg`: Outlook's compound file
//! * `head`: header fields of one message (RFC 5322)
//! * `received`: Received lines (RFC 5321 4.4) in the dialects of the servers that write them
//! * `date`: dates in mail, the obsolete forms included
//!
//! Only heads are read; a body is stepped over and never searched. Whoever sent a mail wrote its lower Received lines, and a
//! name in those that honest servers wrote: which entries hold is decided later (METHODS B.5), here they are read as they stand.

mod date;
mod head;
mod msg;
mod received;
mod stored;

#[cfg(test)]
mod tests;

use super::record::{RecordFormat, Reject};
use crate::model::record::{Mail, Said, Saying};

/// Bytes of a message's head that are read.
pub const MAX_HEAD: usize = 1 << 20;
/// Bytes of one header field that are read, its continuation lines included.
pub const MAX_FIELD: usize = 64 << 10;
/// Received lines that are kept; the others are counted.
pub const MAX_RECEIVED: usize = 256;

/// How mail is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One message (RFC 5322).
    Eml,
    /// Many, each behind a `From ` line (RFC 4155).
    Mbox,
    /// Outlook's message file.
    Msg,
}

impl Format {
    /// Every format, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Msg, Self::Mbox, Self::Eml];

    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eml => "eml",
            Self::Mbox => "mbox",
            Self::Msg => "msg",
        }
    }

    fn looks_like(self, beginning: &[u8]) -> bool {
        match self {
            Self::Eml => head::looks_like(beginning),
            Self::Mbox => stored::looks_like_mbox(beginning),
            Self::Msg => msg::looks_like(beginning),
        }
    }
}

/// Which kind of mail a file is, from its first bytes.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.looks_like(beginning))
}

/// A decoder for one input.
#[must_use]
pub fn open(format: Format) -> Box<dyn RecordFormat> {
    match format {
        Format::Eml => Box::new(stored::Messages::one()),
        Format::Mbox => Box::new(stored::Messages::many()),
        Format::Msg => Box::new(msg::Msg),
    }
}

/// Reads the header lines of one message; it ends with the first empty line or with the bytes. At most [`MAX_HEAD`] bytes
/// are read. Entries of [`Mail::authentication`] begin with the name of their field in lower case: `received-spf pass …`; of
/// an `ARC-Seal` only `arc-seal i=1 cv=pass` is said.
#[must_use]
pub fn head(bytes: &[u8]) -> Mail {
    head::read(bytes).mail
}

/// The statement of one head: at the time of its topmost Received line, or else its `Date`.
///
/// # Errors
/// When there is no header field in it.
fn said(bytes: &[u8], out: &mut Vec<Said>) -> Result<super::record::Piece, Reject> {
    let read = head::read(bytes);
    if read.fields == 0 {
        return Err(Reject("no header field in the head of a message"));
    }
    let time = read.mail.received.first().and_then(|r| r.time).or(read.date);
    out.push(Said { time, fact: Saying::Mail(Box::new(read.mail)) });
    Ok(super::record::Piece { records: 1, rejected: read.rejected, why: read.why })
}
