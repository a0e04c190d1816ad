//! Everything that the program knows of law, in one place: the rule book and the tables beside it, and what a user's own
//! folder adds to them.

use std::sync::{Arc, OnceLock};

use super::book::{LawError, RuleBook};
use super::embedded::FILES;
use super::tables::{LawTables, TABLES};

/// The rule book, the tables, and the name of the folder that was laid over them.
#[derive(Clone, Debug)]
pub struct Law {
    /// Instruments, states, territories, norms.
    pub book: RuleBook,
    /// Organisations, national law, votes, positions.
    pub tables: LawTables,
    /// Name of the user's folder that was laid over it; a report names it.
    pub overlay: Option<Arc<str>>,
}

impl Law {
    /// The law inside the program, parsed at the first call (a few milliseconds).
    ///
    /// # Errors
    /// None in a program whose tests pass: one of them loads it.
    pub fn shipped() -> Result<&'static Self, &'static LawError> {
        static LAW: OnceLock<Result<Law, LawError>> = OnceLock::new();
        LAW.get_or_init(|| Ok(Self { book: RuleBook::from_files(FILES)?, tables: LawTables::from_files(TABLES)?, overlay: None }))
            .as_ref()
    }

    /// The names and texts of all files inside the program, rule book first.
    pub fn shipped_files() -> impl Iterator<Item = (&'static str, &'static str)> {
        FILES.iter().chain(TABLES.iter().filter(|(name, _)| !FILES.iter().any(|(n, _)| n == name))).copied()
    }
}
