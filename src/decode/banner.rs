//! What a host says of itself when a connection begins: the version line of SSH (RFC 4253 4.2), which both ends send, and the
//! greeting of an FTP or SMTP server (RFC 959 5.4, RFC 5321 3.1), which often names the host and its software.
//!
//! It is the host's own word and can be anything. Only the first line is read; what follows it is not looked at.

use super::text;
use crate::model::evidence::BannerKind;

/// Bytes of a line that are looked at: RFC 4253 4.2 allows 255, its end included; RFC 5321 4.5.3.1.5 allows 512.
const LONGEST: usize = 512;
/// Ports of FTP, and of SMTP for servers and for those who submit mail.
const FTP: u16 = 21;
const SMTP: [u16; 2] = [25, 587];

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// By which protocol.
    pub kind: BannerKind,
    /// The line without its end, at most 253 bytes, printable ASCII with everything else escaped.
    pub text: String,
    /// The name that a greeting begins with, where it can be one of a host: lower case, with a dot in it.
    pub name: Option<String>,
}

/// Could this payload be the beginning of one?
#[inline]
#[must_use]
pub fn looks_like(payload: &[u8]) -> bool {
    matches!(payload, [b'S', b'S', b'H', b'-', ..] | [b'2', b'2', b'0', b' ' | b'-', ..])
}

/// Can only a server say this?
#[must_use]
pub fn is_greeting(payload: &[u8]) -> bool {
    payload.starts_with(b"220")
}

/// Reads the line at the beginning of what a host sent first; `None` while more of it is needed. `full`: this is all that
/// there will be. `port` is the server's.
#[must_use]
pub fn read(bytes: &[u8], port: u16, full: bool) -> Option<Option<Banner>> {
    let head = bytes.get(..LONGEST).unwrap_or(bytes);
    let line = match memchr::memchr(b'\n', head) {
        Some(end) => head.get(..end).unwrap_or_default(),
        None if full || head.len() == LONGEST => head,
        None => return None,
    };
    Some(banner(line.trim_ascii_end(), port))
}

fn banner(line: &[u8], port: u16) -> Option<Banner> {
    let text = text::escaped(line, text::MAX_NAME);
    if line.starts_with(b"SSH-") {
        return Some(Banner { kind: BannerKind::Ssh, text, name: None });
    }
    let said = line.get(4..)?;
    let says = |word: &[u8]| said.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word));
    // NNTP and others have replies of three digits too: a port, or the server's word.
    let kind = match port {
        FTP => BannerKind::Ftp,
        port if SMTP.contains(&port) => BannerKind::Smtp,
        _ if says(b"SMTP") => BannerKind::Smtp,
        _ if says(b"FTP") => BannerKind::Ftp,
        _ => return None,
    };
    let first = said.split(|b| b.is_ascii_whitespace()).find(|word| !word.is_empty());
    let name = first.filter(|word| is_host_name(word)).and_then(text::host_name);
    Some(Banner { kind, text, name })
}

/// Labels of letters, digits and hyphens, at least two of them, the last not of digits alone (RFC 1123 2.1).
fn is_host_name(word: &[u8]) -> bool {
    let word = word.strip_suffix(b".").unwrap_or(word);
    let label = |l: &[u8]| (1..=63).contains(&l.len()) && l.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    let mut labels = word.split(|&b| b == b'.').rev();
    let top = labels.next().is_some_and(|l| label(l) && l.iter().any(u8::is_ascii_alphabetic));
    top && word.contains(&b'.') && labels.all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8], port: u16) -> Option<(BannerKind, String, Option<String>)> {
        read(bytes, port, false).unwrap().map(|b| (b.kind, b.text, b.name))
    }

    #[test]
    fn who_says_what_it_is() {
        let ssh = said(b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n\0\0\x05\xdc", 2222);
        assert_eq!(ssh, Some((BannerKind::Ssh, "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13".into(), None)));
        let ftp = said(b"220 FTP.Example.org. FTP server (Version 6.4) ready.\r\n", 21);
        let name = Some("ftp.example.org".to_owned());
        assert_eq!(ftp, Some((BannerKind::Ftp, "220 FTP.Example.org. FTP server (Version 6.4) ready.".into(), name)));
        assert_eq!(said(b"220-Welcome\r\n220 (vsFTPd 3.0.5)\r\n", 21), Some((BannerKind::Ftp, "220-Welcome".into(), None)));
        let smtp = said(b"220 mx.example.org ESMTP Postfix\n", 2525);
        assert_eq!(smtp.map(|s| (s.0, s.2)), Some((BannerKind::Smtp, Some("mx.example.org".into()))));
        assert_eq!(said(b"220 pure-ftpd here\r\n", 2121).map(|s| s.0), Some(BannerKind::Ftp));
        assert_eq!(said(b"220 hello\r\n", 2121), None);
    }

    #[test]
    fn no_name_is_made_up() {
        for line in [
            "220 (vsFTPd 3.0.5)",
            "220 192.0.2.1 FTP",
            "220 localhost FTP",
            "220 -",
            "220",
            "220 a..b FTP",
            "220 a_b.example FTP",
        ] {
            let name = read(format!("{line}\r\n").as_bytes(), 21, false).unwrap().and_then(|b| b.name);
            assert_eq!(name, None, "{line}");
        }
    }

    #[test]
    fn a_line_is_waited_for_and_bounded() {
        assert_eq!(read(b"SSH-2.0-Open", 22, false), None);
        assert_eq!(read(b"SSH-2.0-Open", 22, true).unwrap().unwrap().text, "SSH-2.0-Open");
        let long = [b"SSH-2.0-".to_vec(), vec![b'x'; 4000]].concat();
        let text = read(&long, 22, false).unwrap().unwrap().text;
        assert_eq!((text.len(), text.starts_with("SSH-2.0-xxx")), (253, true));
        let hostile = said(b"SSH-2.0-\x1b]0;x\x07\xe2\x80\xae\r\n", 22).unwrap().1;
        assert_eq!(hostile, "SSH-2.0-\\x1b]0;x\\x07\\xe2\\x80\\xae");
    }

    #[test]
    fn only_these_beginnings() {
        assert!(looks_like(b"SSH-2.0-x") && looks_like(b"220 x") && looks_like(b"220-x"));
        for other in [&b"SSH"[..], b"SSH2", b"2200", b"221 x", b"", b"ssh-2.0"] {
            assert!(!looks_like(other), "{other:?}");
        }
        assert!(is_greeting(b"220 x") && !is_greeting(b"SSH-2.0-x"));
    }
}
