//! Rows of two tables that are no part of the rule book: provisions of instruments without a file of their own, and
//! what the United Nations have set up.

use std::sync::OnceLock;

use serde::Deserialize;

use super::super::book::grade;
use super::super::dates::Dated;
use super::super::fields::Table;
use crate::model::law::Grade;

/// A provision of an instrument that has no file of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Elsewhere {
    pub(super) instrument: String,
    pub(super) provision: String,
    pub(super) effect: String,
    pub(super) time_limit: Option<String>,
    pub(super) who: Option<String>,
    pub(super) source: String,
    pub(super) grade: Grade,
    #[serde(rename = "confidence")]
    _confidence: Option<String>,
    #[serde(rename = "lowered")]
    _lowered: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "provision")]
    provisions: Vec<Elsewhere>,
}

/// Something that the United Nations have set up.
pub(super) struct SetUp {
    pub(super) since: Option<Dated>,
    pub(super) what: String,
    pub(super) source: String,
    pub(super) grade: Grade,
}

/// A provision of the law of the United States that begins with `section`.
pub(super) fn us_law(section: &str) -> Option<&'static Elsewhere> {
    static ROWS: OnceLock<Vec<Elsewhere>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let text = include_str!("../../../data/law/provisions-elsewhere.toml");
        // Checked by a test: a table inside the program that cannot be read is a mistake of the build, and then the
        // channels that rest on it are not offered.
        toml::from_str::<File>(text).map(|f| f.provisions).unwrap_or_default()
    });
    rows.iter().find(|r| r.instrument == "US law" && r.provision.starts_with(section))
}

/// The directory of points of contact of the United Nations.
pub(super) fn directory() -> Option<&'static SetUp> {
    static ROW: OnceLock<Option<SetUp>> = OnceLock::new();
    ROW.get_or_init(|| {
        let mut table = Table::new("un_instruments.csv", include_str!("../../../data/law/un_instruments.csv")).ok()?;
        while let Some(row) = table.next_row() {
            let row = row.ok()?;
            if row.get("symbol").ok()? == "Global POC directory" {
                return Some(SetUp {
                    since: row.optional("date").ok()?,
                    what: row.get("what").ok()?.to_owned(),
                    source: row.required("source").ok()?.to_owned(),
                    grade: grade(&row).ok()?,
                });
            }
        }
        None
    })
    .as_ref()
}
