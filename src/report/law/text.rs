//! A document for a terminal or a pipe.

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
        table.add_row(row.iter().map(|cell| visible(cell).into_owned()));
    }
    keep_words_whole(&mut table, section, look);
    for line in table.to_string().lines() {
        out.push_str(format!("  {}", line.trim_end()).trim_end());
        out.push('\n');
    }
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
