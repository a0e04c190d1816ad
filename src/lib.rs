//! Rutter: packets in, jurisdiction report out.
//!
//! Rutter reads captures, finds the hops that traffic came through, says where each hop is and how sure that is, and
//! lists for every hop the states that can claim it and the instruments that speak to it on the day. It keeps four
//! claims apart: location, jurisdiction, the norm or regime touched, and responsibility. It never makes the last one.
//!
//! The binary `rutter` is [`cli::run`] and nothing else. A program that wants the findings themselves calls
//! [`pipeline`]:
//!
//! ```
//! use std::net::IpAddr;
//! use std::path::Path;
//!
//! use rutter::locate::{Locator, Tables};
//! use rutter::pipeline::answer::{self, Ask, Means};
//! use rutter::pipeline::inputs;
//! use rutter::pipeline::replay::{self, Options, Progress};
//! use rutter::pipeline::study::Overview;
//!
//! // Requests behind two reverse proxies; the client wrote a forged address into X-Forwarded-For.
//! let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/proxy-chain.pcap");
//! let (client, forged): (IpAddr, IpAddr) = ("18.228.44.19".parse()?, "8.8.4.4".parse()?);
//!
//! let options = Options::default();
//! let inputs = inputs::sort(vec![capture], &options.recognition, &options.open);
//! let study = Overview::new(Tables::shipped());
//! let reading = replay::replay(inputs, &options, study, &Progress::default());
//! let last = reading.inputs.iter().filter_map(|input| input.last).max();
//!
//! let locator = Locator::new(Tables::shipped(), Vec::new());
//! let means = Means { locator: &locator, law: answer::law()?, resolve: None };
//! let ask = Ask { trusted: vec!["34.32.140.0/28".parse()?], ..Ask::default() };
//! let found = answer::answer(&reading.digest, last, &ask, &means);
//!
//! let path = found.paths.iter().find(|path| path.origin == Some(client)).ok_or("no such path")?;
//! assert!(path.states.iter().any(|(state, p)| state.as_str() == "BR" && *p > 0.9));
//! assert!(found.paths.iter().all(|path| path.origin != Some(forged)));
//! // The forged hop is on the path, as somebody's claim: no state is touched through it.
//! assert!(path.hops.iter().any(|hop| hop.hop.addr == Some(forged) && hop.touches.is_empty()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//! In the order in which data flows; no stage uses a later one (`tests/it/architecture.rs`).
//!
//! | module | from | to |
//! |---|---|---|
//! | [`source`] | files, archives, interfaces | blocks of packets, streams of records |
//! | [`decode`] | bytes of one packet | headers, quotes, chains, names |
//! | [`evidence`] | many packets | facts with their place in the input, and sums: a digest |
//! | [`hops`] | the digest | routes: ordered hops and what lies between them |
//! | [`locate`] | an address | a distribution over places, operator and registration beside it |
//! | [`paths`] | routes and places | ranked attack paths with borders and states |
//! | [`jurisdiction`] | placed hops and a day | touches: states by basis, regimes, norms |
//! | [`report`] | one model | text, JSON, JSON Lines, HTML |
//!
//! Around them: [`model`] is the vocabulary that all of them speak, [`pipeline`] wires them, [`cli`] is the command
//! line, [`config`], [`error`] and [`telemetry`] are what their names say.

pub mod cli;
pub mod config;
pub mod decode;
pub mod error;
pub mod evidence;
pub mod hops;
pub mod jurisdiction;
pub mod locate;
pub mod model;
pub mod paths;
pub mod pipeline;
pub mod report;
pub mod source;
pub mod telemetry;
