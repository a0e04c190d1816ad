//! A document as a self-contained page: no script, nothing fetched, light or dark as the reader's system is.

use std::fmt::Write as _;

use super::document::{Document, Readable};
use crate::report::escape::{entities, visible};

const STYLE: &str = include_str!("page.css");

/// The view as an HTML page. Every text of it is spelled out and escaped at one place.
#[must_use]
pub fn page(view: &impl Readable) -> String {
    let d = view.document();
    let mut out = String::with_capacity(16 << 10);
    let title = safe(&d.title);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<p class=\"kicker\">Rutter: law</p>\n\
         <h1>{title}</h1>\n"
    );
    for paragraph in &d.lead {
        let _ = writeln!(out, "<p>{}</p>", safe(paragraph));
    }
    out.push_str("</header>\n<main>\n");
    for section in &d.sections {
        let _ = writeln!(out, "<section>\n<h2>{}</h2>", safe(&section.title));
        for paragraph in &section.text {
            let _ = writeln!(out, "<p>{}</p>", safe(paragraph));
        }
        if !section.rows.is_empty() {
            out.push_str("<div class=\"wide\"><table>\n");
            if section.head.iter().any(|h| !h.is_empty()) {
                out.push_str("<thead><tr>");
                for head in &section.head {
                    let _ = write!(out, "<th scope=\"col\">{}</th>", safe(head));
                }
                out.push_str("</tr></thead>\n");
            }
            out.push_str("<tbody>\n");
            for row in &section.rows {
                out.push_str("<tr>");
                for (n, cell) in row.iter().enumerate() {
                    let cell = cited(&safe(cell), d.sources.len());
                    let _ = if n == 0 { write!(out, "<th scope=\"row\">{cell}</th>") } else { write!(out, "<td>{cell}</td>") };
                }
                out.push_str("</tr>\n");
            }
            out.push_str("</tbody>\n</table></div>\n");
        }
        out.push_str("</section>\n");
    }
    sources(&mut out, &d);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn sources(out: &mut String, d: &Document) {
    if d.sources.is_empty() {
        return;
    }
    out.push_str("<section>\n<h2>Sources</h2>\n<ol>\n");
    for (n, source) in d.sources.iter().enumerate() {
        let _ = writeln!(out, "<li id=\"s{}\">{}</li>", n + 1, safe(source));
    }
    out.push_str("</ol>\n</section>\n");
}

/// `[3]` at the end of an escaped text leads to the source.
fn cited(text: &str, most: usize) -> String {
    let number = text.rsplit_once('[').and_then(|(before, rest)| Some((before, rest.strip_suffix(']')?.parse::<usize>().ok()?)));
    match number {
        Some((before, n)) if (1..=most).contains(&n) => format!("{before}<a href=\"#s{n}\">[{n}]</a>"),
        _ => text.to_owned(),
    }
}

/// Nothing unseen, no markup.
fn safe(text: &str) -> String {
    entities(&visible(text))
}
