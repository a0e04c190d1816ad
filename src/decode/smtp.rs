//! SMTP (RFC 5321, 3030) as the client speaks it: its name, and the heads of the mails that it hands over.
//!
//! Only what the client sent is read. So that a mail can't pretend to be a session of its own, its body is followed to
//! the end, wherever its lines stand in packets; nothing of it is kept.

use super::text::{self, MAX_NAME};

/// Bytes of a mail's head that are read.
pub const MAX_HEAD: usize = 64 << 10;
/// Longest command in bytes: authentication may need so much (RFC 4954 4).
const MAX_COMMAND: usize = 12_288;
/// Mails of one session.
const MAX_MAILS: u32 = 10_000;

/// Could this payload be the beginning of what a client says?
#[inline]
#[must_use]
pub fn looks_like(payload: &[u8]) -> bool {
    const GREETINGS: [[u8; 4]; 3] = [*b"EHLO", *b"HELO", *b"LHLO"];
    let verb = payload.first_chunk::<4>().map(|first| first.map(|b| b.to_ascii_uppercase()));
    verb.is_some_and(|verb| GREETINGS.contains(&verb)) && matches!(payload.get(4), Some(b' ' | b'\r' | b'\n'))
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Commands,
    /// Behind DATA: the head of a mail.
    Head,
    /// The rest of that mail.
    Body,
    /// Behind BDAT (RFC 3030): so many bytes of a mail. Its head is among them.
    ChunkWithHead(u64),
    /// The same; its head was read.
    Chunk(u64),
}

/// What one client says, from its greeting on.
#[derive(Clone, Debug, Default)]
pub struct Session {
    state: State,
    /// The mail in chunks at hand is not over: the next chunk goes on with it.
    in_chunks: bool,
    last_chunk: bool,
    mails: u32,
    /// Of the head at hand: where its last line begins, and how far it was looked through.
    looked_at: (usize, usize),
    /// The name that the client gave: printable ASCII, at most 253 bytes.
    pub helo: Option<String>,
}

/// How far the bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes are done with; more are to come.
    More(usize),
    /// So many were SMTP; behind them TLS begins, or the session again.
    Other(usize),
    /// The session is over, or it is no SMTP.
    Over,
}

impl Session {
    /// Reads on. `bytes` begin where the last call stopped. `head` is handed the head of each mail; it may be empty, or no
    /// head at all where a mail has none. Where the bytes are all that there will be (`full`: there is no room for more), a
    /// head ends with them.
    pub fn read(&mut self, bytes: &[u8], full: bool, head: &mut impl FnMut(&[u8])) -> Progress {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let before = (self.state, at);
            match self.state {
                State::Commands => {
                    let Some(end) = memchr::memchr(b'\n', rest) else {
                        return if rest.len() > MAX_COMMAND { Progress::Over } else { Progress::More(at) };
                    };
                    at += end + 1;
                    match self.command(rest.get(..end).unwrap_or_default().trim_ascii()) {
                        Command::Understood => {}
                        Command::StartTls => return Progress::Other(at),
                        Command::Over => return Progress::Over,
                    }
                }
                State::Head => {
                    if self.looked_at.0 == 0 && is_command(rest) {
                        self.state = State::Commands; // the server did not want the mail
                        continue;
                    }
                    match self.end_of_head(rest) {
                        Some(HeadEnd { len, after, over }) => {
                            self.mail(rest.get(..len).unwrap_or_default(), head);
                            at += after;
                            self.state = if over { State::Commands } else { State::Body };
                        }
                        None if full || rest.len() >= MAX_HEAD => {
                            self.mail(rest, head);
                            self.state = State::Body;
                        }
                        None => return Progress::More(at),
                    }
                }
                State::Body => match memchr::memmem::find(rest, b"\r\n.\r\n") {
                    Some(end) => {
                        at += end + 5;
                        self.state = State::Commands;
                    }
                    // The end may have begun.
                    None => return Progress::More(at + rest.len().saturating_sub(4)),
                },
                State::ChunkWithHead(left) => {
                    let chunk = rest.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(rest);
                    let whole = chunk.len() as u64 == left;
                    let len = self.end_of_head(chunk).map(|end| end.len);
                    if len.is_none() && !whole && !full && chunk.len() < MAX_HEAD {
                        return Progress::More(at);
                    }
                    self.mail(chunk.get(..len.unwrap_or(chunk.len())).unwrap_or_default(), head);
                    self.state = State::Chunk(left);
                }
                State::Chunk(left) => {
                    let here = (rest.len() as u64).min(left);
                    at += here as usize;
                    if here < left {
                        self.state = State::Chunk(left - here);
                        return Progress::More(at);
                    }
                    self.in_chunks = !self.last_chunk;
                    self.state = State::Commands;
                }
            }
            if before == (self.state, at) {
                return Progress::More(at);
            }
        }
    }

    /// Looks on for the end of the head that begins with `bytes`.
    fn end_of_head(&mut self, bytes: &[u8]) -> Option<HeadEnd> {
        let (mut start, mut seen) = self.looked_at;
        while let Some(end) = bytes.get(seen..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let (line, after) = (bytes.get(start..seen + end).unwrap_or_default(), seen + end + 1);
            match line.strip_suffix(b"\r").unwrap_or(line) {
                // The empty line stays: its end may be the beginning of the mail's.
                b"" => return Some(HeadEnd { len: start, after: start, over: false }),
                b"." => return Some(HeadEnd { len: start, after, over: true }),
                _ => (start, seen) = (after, after),
            }
        }
        self.looked_at = (start, bytes.len());
        None
    }

    fn mail(&mut self, bytes: &[u8], head: &mut impl FnMut(&[u8])) {
        self.looked_at = (0, 0);
        if self.mails < MAX_MAILS {
            self.mails += 1;
            head(bytes);
        }
    }

    fn command(&mut self, line: &[u8]) -> Command {
        if !line.iter().all(|b| (0x20..0x7f).contains(b) || *b == b'\t' || *b >= 0x80) {
            return Command::Over;
        }
        let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_slice() {
            b"EHLO" | b"HELO" | b"LHLO" => {
                let name = text::escaped(words.next().unwrap_or_default(), MAX_NAME);
                self.helo = (!name.is_empty()).then_some(name);
            }
            b"DATA" if words.next().is_none() => self.state = State::Head,
            b"BDAT" => {
                let size = words.next().and_then(|w| std::str::from_utf8(w).ok()?.parse::<u64>().ok());
                let Some(size) = size else { return Command::Over };
                self.last_chunk = words.next().is_some_and(|w| w.eq_ignore_ascii_case(b"LAST"));
                self.state = if self.in_chunks || size == 0 { State::Chunk(size) } else { State::ChunkWithHead(size) };
            }
            b"RSET" => self.in_chunks = false,
            b"STARTTLS" => return Command::StartTls,
            b"QUIT" => return Command::Over,
            _ => {}
        }
        Command::Understood
    }
}

enum Command {
    Understood,
    StartTls,
    Over,
}

/// Where a head ends.
struct HeadEnd {
    /// Bytes of the head, the end of its last line included.
    len: usize,
    /// Bytes that are done with.
    after: usize,
    /// The mail ends with it.
    over: bool,
}

/// Does a command stand here, where a head should begin? No header's name has a blank in it, and none stands without a
/// colon.
fn is_command(bytes: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', bytes) else { return false };
    let line = bytes.get(..end.min(64)).unwrap_or_default().trim_ascii().to_ascii_uppercase();
    matches!(line.as_slice(), b"RSET" | b"QUIT" | b"NOOP") || line.starts_with(b"MAIL FROM:") || line.starts_with(b"RCPT TO:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a session that arrives in pieces of `size` bytes: what is open, the heads, how it ended.
    fn read(text: &str, size: usize) -> (Session, Vec<String>, Option<Progress>) {
        let (mut session, mut heads, mut waiting) = (Session::default(), Vec::new(), Vec::new());
        for piece in text.as_bytes().chunks(size) {
            waiting.extend(piece);
            match session.read(&waiting, false, &mut |head| heads.push(String::from_utf8_lossy(head).into_owned())) {
                Progress::More(n) => drop(waiting.drain(..n)),
                end => return (session, heads, Some(end)),
            }
        }
        (session, heads, None)
    }

    #[test]
    fn a_session_is_followed_to_its_end_however_it_is_cut() {
        let text = "EHLO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n\
                    From: a\r\nSubject: x\r\n\r\nbody\r\nDATA\r\nFrom: forged\r\n\r\n..\r\n.\r\n\
                    DATA\r\nFrom: b\r\n.\r\nDATA\r\nFrom: c\r\n\r\n.\r\nRSET\r\n\
                    BDAT 12\r\nFrom: d\r\n\r\nDBDAT 9 LAST\r\nFrom: no\nBDAT 7 LAST\r\nFrom: eQUIT\r\n";
        for size in [1, 2, 3, 7, 20, 64, 1000] {
            let (session, heads, end) = read(text, size);
            assert_eq!((session.helo.as_deref(), end), (Some("client.example"), Some(Progress::Over)), "{size}");
            assert_eq!(heads, ["From: a\r\nSubject: x\r\n", "From: b\r\n", "From: c\r\n", "From: d\r\n", "From: e"], "{size}");
        }
    }

    #[test]
    fn tls_and_other_things_end_it() {
        assert_eq!(read("EHLO a\r\nSTARTTLS\r\n\x16\x03", 100).2, Some(Progress::Other(18)));
        assert_eq!(read("EHLO a\r\nQUIT\r\n", 100).2, Some(Progress::Over));
        assert_eq!(read("EHLO a\r\n\x01\x02\n", 100).2, Some(Progress::Over));
        assert_eq!(read("EHLO a\r\nBDAT x\r\n", 100).2, Some(Progress::Over));
        assert_eq!(read(&format!("EHLO a\r\n{}", "x".repeat(13_000)), 100).2, Some(Progress::Over));
    }

    #[test]
    fn a_refused_mail_is_no_head() {
        let (session, heads, end) = read("EHLO a\r\nDATA\r\nMAIL FROM:<x>\r\nRCPT TO:<y>\r\n", 5);
        assert_eq!((session.state, heads.len(), end), (State::Commands, 0, None));
    }

    #[test]
    fn a_head_ends_where_there_is_no_room() {
        let text = format!("EHLO a\r\nDATA\r\nFrom: a\r\n{}", "X: y\r\n".repeat(12_000));
        let (session, heads, _) = read(&text, 1400);
        assert_eq!((session.state, heads.len()), (State::Body, 1));
        assert!((MAX_HEAD..MAX_HEAD + 1400).contains(&heads[0].len()));
    }

    #[test]
    fn greetings_in_either_case() {
        assert!(looks_like(b"ehlo x\r\n") && looks_like(b"HELO x") && looks_like(b"Lhlo\r\n"));
        assert!(!looks_like(b"HELOX") && !looks_like(b"EHLO") && !looks_like(b"DATA\r\n"));
    }
}
