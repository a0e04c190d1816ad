//! Wires the stages: who runs where, what waits for what, what is counted.
//!
//! * [`inputs`]: what each input is, and their order; [`records`]: those without packets, record by record
//! * [`replay`]: files through the shards, on any number of threads, with the same result
//! * [`live`]: the same while packets arrive; [`news`]: which of its findings are new
//! * [`study`]: what a run looks at besides the digest: an overview by state, or everything there is
//! * [`answer`]: digest to located paths with their touches
//! * [`extract`], [`assemble`]: located paths and counters to the one report model
//! * [`inspect`]: what is in one input

pub mod answer;
pub mod assemble;
pub mod extract;
pub mod inputs;
pub mod inspect;
pub mod live;
pub mod news;
pub mod records;
pub mod replay;
pub mod study;
