//! Headings, tables, numbered sources: what text and page have in common.

use std::collections::BTreeMap;

use crate::model::law::Grade;

/// Something that people read as text or as a page.
pub trait Readable {
    /// As a document.
    fn document(&self) -> Document;
}

/// A document. Its texts are as they came: the renderings make them harmless.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// Paragraphs before the first section.
    pub lead: Vec<String>,
    /// The sections.
    pub sections: Vec<Section>,
    /// What `[1]`, `[2]` … stand for.
    pub sources: Vec<String>,
    /// Number of each source, from 1.
    pub(super) numbers: BTreeMap<String, usize>,
}

/// A part with a heading.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// Paragraphs.
    pub text: Vec<String>,
    /// Headings of the columns; empty if there is no table.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl Section {
    /// An empty section.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// With a paragraph.
    #[must_use]
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.text.push(text.into());
        self
    }

    /// With a table.
    #[must_use]
    pub fn table<const N: usize>(mut self, head: [&str; N], rows: Vec<[String; N]>) -> Self {
        self.head = head.map(str::to_owned).to_vec();
        self.rows = rows.into_iter().map(Vec::from).collect();
        self
    }
}

impl Document {
    /// The number of a source, new or old: `[3]`. Nothing for a blank.
    pub fn cite(&mut self, source: &str) -> String {
        if source.is_empty() {
            return String::new();
        }
        if let Some(n) = self.numbers.get(source) {
            return format!("[{n}]");
        }
        self.sources.push(source.to_owned());
        self.numbers.insert(source.to_owned(), self.sources.len());
        format!("[{}]", self.sources.len())
    }

    /// Grade, as-of date and source of a row: `confirmed, 2025-10-28 [3]`.
    pub fn known(&mut self, grade: Grade, as_of: &str, stale: bool, source: &str) -> String {
        let as_of = match as_of {
            "unknown" => "as of unknown".to_owned(),
            day if stale => format!("{day} (old)"),
            day => day.to_owned(),
        };
        let cite = self.cite(source);
        format!("{grade}, {as_of} {cite}").trim_end().to_owned()
    }
}

/// Texts that are not blank, with `between` between them.
pub(super) fn joined(between: &str, parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(between)
}

/// A text, or the word *unknown*.
pub(super) fn or_unknown(text: &str) -> String {
    if text.is_empty() { "unknown".to_owned() } else { text.to_owned() }
}
