//! What the analyst asks for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::filter::Filter;
use crate::model::net::unmapped;

/// Which findings are wanted, and how many.
#[derive(Clone, Debug)]
pub struct Question {
    /// `--victim`: hosts or prefixes that were addressed. Empty: any.
    pub victims: Vec<IpNet>,
    /// `--attacker`: hosts or prefixes that the traffic came from. Empty: any.
    pub attackers: Vec<IpNet>,
    /// `--filter`.
    pub filter: Option<Filter>,
    /// How many findings to show; 10 unless told otherwise.
    pub top: usize,
}

impl Default for Question {
    fn default() -> Self {
        Self { victims: Vec::new(), attackers: Vec::new(), filter: None, top: 10 }
    }
}

impl Question {
    /// Did the analyst leave the choice to the ranking?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.victims.is_empty() && self.attackers.is_empty() && self.filter.is_none()
    }

    /// Was this address named with `--attacker`, alone or as part of a prefix?
    #[must_use]
    pub fn names_attacker(&self, addr: IpAddr) -> bool {
        self.attackers.iter().any(|net| net.contains(&unmapped(addr)))
    }

    /// Was this address named with `--victim`, alone or as part of a prefix?
    #[must_use]
    pub fn names_victim(&self, addr: IpAddr) -> bool {
        self.victims.iter().any(|net| net.contains(&unmapped(addr)))
    }
}

/// Why a text is neither an address nor a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANet {
    /// The option it was given to, such as `--victim`.
    pub option: String,
    /// The text, control characters escaped, at most 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for NotANet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.option, self.text, self.why)
    }
}

impl std::error::Error for NotANet {}

/// Reads `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. A bare address is a /32 or /128; host bits may be set; an
/// IPv4-mapped IPv6 address or prefix is the IPv4 one that it is.
///
/// # Errors
/// [`NotANet`] says for `option` what is wrong with `text`.
pub fn parse_net(option: &str, text: &str) -> Result<IpNet, NotANet> {
    read_net(text.trim()).map_err(|why| NotANet { option: option.to_owned(), text: shown(text.trim()), why })
}

/// [`parse_net`] without the name of an option.
pub(super) fn read_net(text: &str) -> Result<IpNet, &'static str> {
    let (addr, length) = match text.split_once('/') {
        Some((addr, length)) => (addr, Some(length)),
        None => (text, None),
    };
    let addr = read_addr(addr)?;
    let most: u8 = if addr.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => most,
        Some("") => return Err("the prefix length after `/` is missing"),
        Some(l) if l.parse::<Ipv4Addr>().is_ok() => return Err("netmasks are not read: write the prefix length as a number"),
        Some(l) if !l.bytes().all(|b| b.is_ascii_digit()) => return Err("the prefix length is no number"),
        Some(l) => match l.parse::<u8>() {
            Ok(n) if n <= most => n,
            _ if most == 32 => return Err("prefix length is above 32"),
            _ => return Err("prefix length is above 128"),
        },
    };
    let (addr, length) = match (unmapped(addr), length) {
        (IpAddr::V4(v4), n) if addr.is_ipv6() && n >= 96 => (IpAddr::V4(v4), n - 96),
        _ => (addr, length),
    };
    IpNet::new(addr, length).map(|net| net.trunc()).map_err(|_| "the prefix length does not fit the address")
}

/// An address as text, with a reason if it is none.
fn read_addr(text: &str) -> Result<IpAddr, &'static str> {
    if text.is_empty() {
        return Err("the address is missing");
    }
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Ok(addr);
    }
    if text.starts_with('[') {
        return Err("write the address without brackets and port");
    }
    if text.split_once('%').is_some_and(|(addr, _)| addr.parse::<Ipv6Addr>().is_ok()) {
        return Err("zone ids (`%eth0`) have no meaning in a capture: leave it out");
    }
    if text.split(['-', ',']).count() > 1 && text.split(['-', ',']).all(|t| t.parse::<IpAddr>().is_ok()) {
        return Err("ranges and lists are not read here: give one prefix, or the option several times");
    }
    Err("neither an address nor a prefix (such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32)")
}

/// A text safe for a terminal: control and direction characters escaped, cut to 64 characters.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == 64 {
            out.push('…');
            break;
        }
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

/// Neither a control character nor one that changes the direction or hides text (Unicode Bidi_Control, zero width).
pub(super) fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse_net("--victim", text).unwrap_err().to_string()
    }

    #[test]
    fn addresses_and_prefixes_are_read() {
        let read = |t: &str| parse_net("--victim", t).unwrap().to_string();
        assert_eq!(read("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(read("10.1.2.3/8"), "10.0.0.0/8");
        assert_eq!(read(" 2001:db8::1 "), "2001:db8::1/128");
        assert_eq!(read("2001:db8::1/32"), "2001:db8::/32");
        assert_eq!(read("::ffff:192.0.2.1"), "192.0.2.1/32");
        assert_eq!(read("::ffff:192.0.2.1/120"), "192.0.2.0/24");
        assert_eq!(read("0.0.0.0/0"), "0.0.0.0/0");
    }

    #[test]
    fn errors_name_option_text_and_reason() {
        assert_eq!(error("10.0.0.0/33"), "--victim 10.0.0.0/33: prefix length is above 32");
        assert_eq!(error("2001:db8::/129"), "--victim 2001:db8::/129: prefix length is above 128");
        assert_eq!(error("10.0.0.0/999"), "--victim 10.0.0.0/999: prefix length is above 32");
        assert_eq!(error("10.0.0.0/"), "--victim 10.0.0.0/: the prefix length after `/` is missing");
        assert_eq!(error("10.0.0.0/-1"), "--victim 10.0.0.0/-1: the prefix length is no number");
        assert!(error("10.0.0.0/255.0.0.0").contains("netmasks"));
        assert!(error("[::1]:80").contains("brackets"));
        assert!(error("fe80::1%eth0").contains("zone"));
        assert!(error("10.0.0.1-10.0.0.9").contains("ranges"));
        assert!(error("").contains("missing"));
        assert!(error("example.org").contains("neither an address nor a prefix"));
    }

    #[test]
    fn hostile_text_reaches_no_terminal() {
        let message = error(&format!("\u{1b}[2J\u{202e}{}", "x".repeat(5_000)));
        assert!(message.chars().all(is_plain) && message.len() < 300, "{message}");
    }

    #[test]
    fn mapped_addresses_match_their_ipv4_prefix() {
        let question = Question { attackers: vec![parse_net("--attacker", "192.0.2.0/24").unwrap()], ..Question::default() };
        assert!(question.names_attacker("::ffff:192.0.2.9".parse().unwrap()));
        assert!(
            !question.names_attacker("198.51.100.1".parse().unwrap()) && !question.is_open() && Question::default().top == 10
        );
    }
}
