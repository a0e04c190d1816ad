//! Zeek's logs, tab-separated ([`Tsv`]) or an object a line ([`Json`]); older ones say Bro.
//!
//! Both ways of writing come down to the same rows: which fields are known is in [`fields`], what a row of which log says
//! is in [`rows`] and, for names and mails, in [`wordy`]. Read are conn, dns, http, ssl, quic, ssh, smtp, tunnel, socks,
//! notice and traceroute; rows of all other logs are counted and say nothing.
//!
//! Zeek names the side that opened a connection `orig`, the other one `resp`. Whoever attacks writes host names, user
//! agents, mail headers and the like, but not the fields around them: Zeek escapes separators, quotes and what is not
//! printable.

mod fields;
mod json;
mod rows;
#[cfg(test)]
mod tests;
mod tsv;
mod wordy;

pub(super) use json::{Json, looks_like_json};
pub(super) use tsv::{Tsv, looks_like_tsv};
