//! Stage 4, `hops`: evidence to ordered candidate hops, before anybody says where they are.
//!
//! Four kinds of evidence lead to a [`Route`](crate::model::route::Route): ICMP errors that quote probes
//! ([`traces`]), forwarded chains in request heads ([`chains`]), the two ends of a conversation with the tunnels
//! around it ([`conversation`]), and what many one-sided flows add up to ([`flood`], [`scan`]). No packet is read
//! here and no table asked; everything follows from the [`Digest`](crate::model::digest::Digest).
//!
//! What is never done: a link is not called observed unless the same flow was answered at both of its ends; a
//! silent router is not left out; a TTL that fits two probes is not chosen; an address that a client wrote into a
//! header never becomes the origin; an address that somebody else can have spoofed is not believed.
//!
//! * `session`: replies to probes, per prober, target and run
//! * `sorting`: by distance and sender; `trace`: one run to hops; `links`: what lies between them; `hidden`: MPLS tunnels, loops and cycles
//! * `orphan`: errors whose probes nobody captured
//! * `written`: traceroutes that tools wrote down
//! * `chain`: requests through proxies; `rightmost`: the rule by which their headers are believed; `mail`: the same for Received lines
//! * `join`: which facts of several inputs belong together; `joined`: what that adds to a route
//! * `ends`: conversations, tunnels; `way`: traceroutes between their points; `crowd`: floods and scans
//! * `listed`: addresses in IP options and routing headers
//! * `routes`: who announced the prefix of a hop
//! * `icmp`, `names`, `parts`: words for ICMP codes, names for addresses, the pieces of a route

mod chain;
mod crowd;
mod ends;
mod hidden;
mod icmp;
mod join;
mod joined;
mod links;
mod listed;
mod mail;
mod names;
mod orphan;
mod parts;
mod rightmost;
mod routes;
mod session;
mod sorting;
#[cfg(test)]
mod tests;
mod trace;
mod way;
mod written;

pub use chain::chains;
pub use crowd::{flood, scan};
pub use ends::conversation;
pub use join::joins;
pub use joined::Joins;
pub use listed::listed;
pub use mail::mails;
pub use routes::Routes;
pub use trace::{protocol, traces};
pub use written::written;
