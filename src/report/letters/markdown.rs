//! A letter as Markdown (CommonMark with the tables of GFM).

use std::fmt::Write as _;

use super::{Block, Letter};

/// The text of the file.
#[must_use]
pub fn render(letter: &Letter) -> String {
    let mut out = String::new();
    for block in &letter.blocks {
        match block {
            Block::Title(text) => {
                let _ = writeln!(out, "# {}\n", escaped(text));
            }
            Block::Heading(text) => {
                let _ = writeln!(out, "## {}\n", escaped(text));
            }
            Block::Para(text) => {
                let _ = writeln!(out, "{}\n", escaped(text));
            }
            Block::Bullets(items) => {
                for item in items {
                    let _ = writeln!(out, "- {}", escaped(item));
                }
                out.push('\n');
            }
            Block::Table { head, rows } => {
                let _ = writeln!(out, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(|c| escaped(c)).collect();
                    let _ = writeln!(out, "| {} |", cells.join(" | "));
                }
                out.push('\n');
            }
        }
    }
    out
}

/// Text that Markdown takes for nothing but text. Blanks (`[[…]]`) stay as they are: texts from outside have none, as the
/// reader of reports breaks their brackets. What some renderers turn into links by themselves is broken as well.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("[[") {
        let Some((blank, after)) = tail.split_once("]]").filter(|(blank, _)| is_blank(blank)) else { break };
        plain(&mut out, before);
        let _ = write!(out, "**[[{blank}]]**");
        rest = after;
    }
    plain(&mut out, rest);
    out
}

/// Capitals and marks only.
pub(super) fn is_blank(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || matches!(c, ' ' | ',' | '-' | '/' | '\''))
}

fn plain(out: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        let link = match c {
            ':' => text.get(at..).is_some_and(|t| t.starts_with("://")),
            '.' => text.get(at.saturating_sub(3)..at).is_some_and(|t| t.eq_ignore_ascii_case("www")),
            _ => false,
        };
        if link || matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '!' | '@' | '$') {
            out.push('\\');
        }
        // No text here has line breaks; if one came, it would end its paragraph or its row.
        out.push(if c.is_control() { ' ' } else { c });
    }
}
