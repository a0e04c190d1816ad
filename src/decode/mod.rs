//! Stage 2, `decode`: bytes to meaning, one packet or message at a time, without memory of earlier ones.
//!
//! * [`link`]: from the first byte of a captured frame to its network header
//! * [`packet`]: IP and transport headers
//! * [`plain`]: the same for what nearly all packets are, the fast path
//! * [`tunnel`]: packets inside packets
//! * [`icmp`]: what an ICMP error quotes and what RFC 4884 lets it add
//! * [`dns`], [`http`], [`tls`]: names and forwarded chains in payloads
//! * [`proxy_protocol`], [`socks`], [`sip`], [`smtp`]: whom a connection stands for, where it goes on to, whom a message passed
//! * [`banner`]: what hosts say of themselves when a connection begins
//! * [`trace`]: traceroutes that tools wrote down
//! * [`log`], [`flow`], [`mail`], [`routing`], [`list`]: records that are no packets; [`format`](self::format) is their registry,
//!   [`record`] what they share, [`clock`] how they write times
//! * [`text`](self::text): strings from the wire, made safe to print
//! * [`error`]: what can be wrong with bytes

pub mod banner;
pub mod clock;
pub mod dns;
pub mod error;
pub mod flow;
pub mod format;
pub mod http;
pub mod icmp;
pub mod link;
pub mod list;
pub mod log;
pub mod mail;
pub mod packet;
pub mod plain;
pub mod proxy_protocol;
pub mod record;
pub mod routing;
pub mod sip;
pub mod smtp;
pub mod socks;
pub mod text;
pub mod tls;
pub mod trace;
pub mod tunnel;
mod wireless;

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod testkit;
