//! Stage 2, `decode`: bytes to meaning, one packet or message at a time, without memory of earlier ones.
//!
//! * [`link`]: from the first byte of a captured frame to its network header
//! * [`packet`]: IP and transport headers
//! * [`plain`]: the same for what nearly all packets are, the fast path
//! * [`tunnel`]: packets inside packets
//! * [`icmp`]: what an ICMP error quotes and what RFC 4884 lets it add
//! * [`dns`], [`http`], [`tls`]: names and forwarded chains in payloads
//! * [`trace`]: traceroutes that tools wrote down
//! * [`text`](self::text): strings from the wire, made safe to print
//! * [`error`]: what can be wrong with bytes

pub mod dns;
pub mod error;
pub mod http;
pub mod icmp;
pub mod link;
pub mod packet;
pub mod plain;
pub mod text;
pub mod tls;
pub mod trace;
pub mod tunnel;
mod wireless;

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod testkit;
