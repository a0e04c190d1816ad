//! When the tables beside the instruments were last checked: `data/law/tables.toml`. Instruments carry their own dates.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Law;
use super::dates::AsOf;
use crate::model::time::Day;

const TABLES: &str = include_str!("../../data/law/tables.toml");

#[derive(Deserialize)]
struct File {
    #[serde(rename = "table")]
    tables: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    as_of: AsOf,
}

impl Law {
    /// Day of the last revision of the rule book inside the program: the last day on which anybody looked, and what stands
    /// for the day of the run where no clock may be read.
    #[must_use]
    pub fn revised() -> Day {
        static REVISED: OnceLock<Day> = OnceLock::new();
        *REVISED.get_or_init(|| Self::dataset().date.parse().unwrap_or_default())
    }

    /// As-of date of a table (`groups.csv`); unknown if nobody wrote it down.
    #[must_use]
    pub fn table_as_of(file: &str) -> AsOf {
        static DATES: OnceLock<BTreeMap<String, AsOf>> = OnceLock::new();
        let dates = DATES.get_or_init(|| {
            let parsed: Option<File> = toml::from_str(TABLES).ok();
            parsed.map(|f| f.tables.into_iter().map(|t| (t.file, t.as_of)).collect()).unwrap_or_default()
        });
        dates.get(file).copied().unwrap_or(AsOf::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES as CARRIED;
    use super::*;

    #[test]
    fn every_table_is_dated_or_said_to_be_undated() {
        let parsed: File = toml::from_str(TABLES).unwrap();
        for (name, _) in CARRIED {
            assert!(parsed.tables.iter().any(|t| t.file == *name), "{name} is not in tables.toml");
        }
        assert_eq!(Law::table_as_of("no-such.csv"), AsOf::Unknown);
        assert_eq!(Law::revised().to_string(), Law::dataset().date);
    }
}
