//! Stage 3, `evidence`: what many packets together say.
//!
//! Packets are dealt to shards by their address pair, so that one shard sees both directions of every
//! conversation between two hosts, every probe between them and every ICMP error that quotes such a probe. A
//! shard owns its tables; nothing is locked per packet. All tables have a cap, and what a cap costs is counted.
//!
//! * [`batch`]: decoded packets of one block, dealt to shards
//! * [`flow`], [`flow_table`]: conversations: handshake, round trips, TTLs, trust; open addressing, expiry, cap; `slab`: where they lie
//! * [`probes`]: ICMP quotes and answers matched to the probes that they answer (METHODS A.2)
//! * [`heads`]: host names and forwarded chains in request heads, names in DNS answers, what proxies say, heads of mails
//! * [`streams`]: heads and conversations that lie in several TCP segments; [`fragments`]: datagrams in several IP fragments
//! * [`tally`], [`pairs`], [`spread`]: floods and scans; address pairs; distinct counting
//! * [`shard`]: the above for one share of the traffic
//! * [`ledger`]: what records say, each recorder by itself; [`exports`]: records of flows inside packets
//! * [`digest`](self::merge): what the shards found, merged, numbered and sorted
//! * [`community_id`]: the portable name of a flow
//! * [`keyed`]: hashing that nobody can aim at

pub mod batch;
pub mod community_id;
pub mod exports;
pub mod flow;
pub mod flow_table;
pub mod fragments;
pub mod heads;
pub mod keyed;
pub mod ledger;
pub mod merge;
pub mod pairs;
pub mod probes;
pub mod shard;
mod slab;
pub mod spread;
pub mod streams;
pub mod tally;

#[cfg(test)]
mod testkit;
