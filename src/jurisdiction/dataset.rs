//! The law as a table that answers rest on.

use sha2::{Digest, Sha256};

use super::Law;
use crate::model::place::Dataset;

/// Day of the last revision of `data/law` as a whole; every row carries its own date.
const REVISED: &str = "2026-11-25";

impl Law {
    /// Name, date and SHA-256 (over names and texts, each with its length) of the law inside the program.
    #[must_use]
    pub fn dataset() -> Dataset {
        let mut hash = Sha256::new();
        for part in Self::shipped_files().flat_map(|(name, text)| [name, text]) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Dataset {
            name: "rule-book".to_owned(),
            date: REVISED.to_owned(),
            sha256: hash.finalize().iter().map(|b| format!("{b:02x}")).collect(),
            licence: "MIT OR Apache-2.0 (own work, facts with sources)".to_owned(),
            attribution: String::new(),
        }
    }

    /// The same, and the folder that was laid over it, whose name tells its number of files and the beginning of its hash.
    #[must_use]
    pub fn datasets(&self) -> Vec<Dataset> {
        let overlay = self.overlay.as_ref().map(|name| Dataset {
            name: format!("law-overlay {name}"),
            date: String::new(),
            sha256: String::new(),
            licence: String::new(),
            attribution: String::new(),
        });
        std::iter::once(Self::dataset()).chain(overlay).collect()
    }
}
