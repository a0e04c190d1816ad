//! Stage 7, path to touches: which states can claim a hop and on what ground, which instruments bind them on the day
//! of the incident, and which norms the hop engages.
//!
//! The facts are a rule book in `data/law`, one reviewed file per instrument, a row per state with source, as-of date
//! and grade; [`RuleBook::shipped`] is the one inside the program. The stage does no I/O and reads no clock: the day
//! comes from the evidence, and two runs give the same answer.
//!
//! * [`dates`]: days that may be known only to the month or the year
//! * [`rows`]: a row of a status table, and what its word means
//! * [`instruments`], [`territories`], [`norms`]: the rest of the vocabulary
//! * [`book`]: the rule book and its loader, which refuses a row that cannot be checked
//! * [`final_clauses`]: from deposit to entry into force
//! * [`status`]: how a state or a territory stands to an instrument on a day
//! * [`regimes`]: which instruments speak to a hop, and in which order they are shown
//! * [`touches`]: hop to touches
//! * [`tables`]: organisations, national law, votes, positions; with the rule book they are the [`Law`]
//!
//! Three rules hold everywhere. Unknown is an answer and never becomes "no". A territory's own row overrides that of
//! its state. Nothing here says that a state did anything: location is not responsibility.

mod as_of;
pub mod book;
pub mod channels;
pub mod check;
pub mod coverage;
mod dataset;
pub mod dates;
mod embedded;
pub mod faultlines;
mod fields;
pub mod final_clauses;
pub mod instruments;
mod law;
pub mod norms;
pub mod notices;
pub mod overlay;
pub mod path_law;
pub mod regimes;
pub mod retention;
pub mod roles;
pub mod rows;
pub mod status;
pub mod tables;
pub mod territories;
pub mod touches;

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod known_facts;
#[cfg(test)]
mod status_tests;
#[cfg(test)]
mod touch_tests;

pub use book::{LawError, RuleBook};
pub use law::Law;
pub use path_law::PathLaws;
pub use status::StatusOn;
pub use touches::{LawOfTheDay, VictimEnd, touch_path, touches};
