//! A document for a terminal or a pipe.

use std::borrow::Cow;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::document::{Document, Readable, Section};
use crate::report::escape::visible;
use crate::report::terminal::Look;

/// The view as text. Colours only where `look` allows them; nothing in it can give a terminal an order.
#[must_use]
pub fn text(view: &impl Readable, look: Look) -> String {
    let document = view.document();
    let mut out = look.head(&visible(&document.title));
    out.push('\n');
    for paragraph in &document.lead {
        out.push_str(&look.wrap("", &visible(paragraph)));
    }
    for section in &document.sections {
        write_section(&mut out, look, section);
    }
    write_sources(&mut out, look, &document);
    out
}

fn write_section(out: &mut String, look: Look, section: &Section) {
    out.push('\n');
    out.push_str(&look.head(&visible(&section.title)));
    out.push('\n');
    for paragraph in &section.text {
        out.push_str(&look.wrap("  ", &visible(paragraph)));
    }
    if section.rows.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(look.width.max(60) - 3);
    if section.head.iter().any(|h| !h.is_empty()) {
        table.set_header(&section.head);
    }
    for row in &section.rows {
        table.add_row(row.iter().map(|cell| without_long_words(&visible(cell)).into_owned()));
    }
    keep_words_whole(&mut table, section, look);
    let mut text = table.to_string();
    let rows = section.rows.len() + usize::from(table.header().is_some());
    if text.lines().count() > rows {
        // Where cells go over several lines, a blank line says where a row ends.
        table.style_mut().row_separator.fill = Some(' ');
        table.style_mut().header_separator.fill = Some(' ');
        text = table.to_string();
    }
    for line in text.lines() {
        out.push_str(format!("  {}", line.trim_end()).trim_end());
        out.push('\n');
    }
}

/// Letters of a word that are shown: nothing that people read is longer, and a table breaks a word letter by letter.
const LONGEST_WORD: usize = 240;

/// The text with every word of more than [`LONGEST_WORD`] letters cut, and said to be.
fn without_long_words(text: &str) -> Cow<'_, str> {
    let is_long = |word: &str| word.len() > LONGEST_WORD && word.chars().nth(LONGEST_WORD).is_some();
    if !text.split(char::is_whitespace).any(is_long) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(1 << 16));
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        match word.char_indices().nth(LONGEST_WORD).filter(|_| is_long(word)) {
            Some((cut, _)) => {
                let (shown, rest) = word.split_at(cut);
                out.push_str(shown);
                out.push_str(&format!("\u{2026} [{} more letters cut]", rest.chars().count()));
                out.push_str(piece.get(word.len()..).unwrap_or_default());
            }
            None => out.push_str(piece),
        }
    }
    Cow::Owned(out)
}

/// A column is at least as wide as its longest word, if there is room for all of them.
fn keep_words_whole(table: &mut Table, section: &Section, look: Look) {
    const LONGEST: usize = 20;
    const PADDING: usize = 2;
    let longest = |n: usize| {
        let cells = section.rows.iter().filter_map(|row| row.get(n));
        let words = cells.flat_map(|cell| cell.split_whitespace()).map(|word| word.chars().count()).filter(|n| *n <= LONGEST);
        words.max().unwrap_or(1) + PADDING
    };
    let widths: Vec<usize> = (0..section.rows.first().map_or(0, Vec::len)).map(longest).collect();
    if widths.iter().sum::<usize>() + 3 > usize::from(look.width.max(60)) {
        return;
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(width).unwrap_or(u16::MAX))));
    }
}

fn write_sources(out: &mut String, look: Look, document: &Document) {
    if document.sources.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(&look.head("Sources"));
    out.push('\n');
    for (n, source) in document.sources.iter().enumerate() {
        out.push_str(&look.wrap("  ", &format!("[{}] {}", n + 1, visible(source))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(String);

    impl Readable for One {
        fn document(&self) -> Document {
            let section = Section::new("A table").table(["item", "words"], vec![["x".to_owned(), self.0.clone()]]);
            Document { title: "One".to_owned(), sections: vec![section], ..Document::default() }
        }
    }

    #[test]
    fn a_word_that_no_table_can_break_is_cut_and_said_to_be() {
        let shown = text(&One(format!("before {} after", "x".repeat(300_000))), Look::default());
        let plain = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains("before") && plain.contains("after"), "{shown}");
        assert!(plain.contains("[299760 more letters cut]"), "{shown}");
    }

    #[test]
    fn words_that_fit_stay_as_they_are() {
        let longest = "\u{e9}".repeat(LONGEST_WORD);
        for same in ["", " a  b\n", "https://example.org/", &*longest] {
            assert!(matches!(without_long_words(same), Cow::Borrowed(text) if text == same), "{same:?}");
        }
        let cut = without_long_words(&format!("{longest}\u{e9}\u{e9} b")).into_owned();
        assert_eq!(cut, format!("{longest}\u{2026} [2 more letters cut] b"));
    }
}
