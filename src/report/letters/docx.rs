//! A letter as a Word document: the least of Office Open XML (ECMA-376, ISO/IEC 29500-1) that has headlines, paragraphs,
//! lists and tables. The same letter gives the same bytes.

use std::fmt::Write as _;

use super::markdown::is_blank;
use super::{Block, Letter, zip};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;

const RELS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

const DOCUMENT_RELS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="21"/><w:lang w:val="en-GB"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:sz w:val="24"/></w:rPr></w:style></w:styles>"#;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;

/// A4, margins of 2 cm, in twentieths of a point.
const FOOT: &str = r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

/// Width between the margins.
const WIDTH: usize = 11_906 - 2 * 1134;

/// The bytes of the file.
#[must_use]
pub fn render(letter: &Letter) -> Vec<u8> {
    zip::archive(&[
        ("[Content_Types].xml", TYPES.into()),
        ("_rels/.rels", RELS.into()),
        ("word/document.xml", document(letter).into_bytes()),
        ("word/styles.xml", STYLES.into()),
        ("word/_rels/document.xml.rels", DOCUMENT_RELS.into()),
    ])
}

/// The main part.
pub(super) fn document(letter: &Letter) -> String {
    let mut out = String::from(HEAD);
    for block in &letter.blocks {
        match block {
            Block::Title(text) => paragraph(&mut out, r#"<w:pStyle w:val="Title"/>"#, "", text),
            Block::Heading(text) => paragraph(&mut out, r#"<w:pStyle w:val="Heading1"/>"#, "", text),
            Block::Para(text) => paragraph(&mut out, "", "", text),
            Block::Bullets(items) => {
                for item in items {
                    paragraph(&mut out, r#"<w:ind w:left="425" w:hanging="283"/>"#, "", &format!("\u{2022} {item}"));
                }
            }
            Block::Table { head, rows } => table(&mut out, head, rows),
        }
    }
    out.push_str(FOOT);
    out
}

fn paragraph(out: &mut String, properties: &str, run: &str, text: &str) {
    out.push_str("<w:p>");
    if !properties.is_empty() {
        let _ = write!(out, "<w:pPr>{properties}</w:pPr>");
    }
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("[[") {
        let Some((blank, after)) = tail.split_once("]]").filter(|(blank, _)| is_blank(blank)) else { break };
        runs(out, run, before);
        runs(
            out,
            &format!(r#"<w:b/>{}<w:highlight w:val="yellow"/>"#, run.trim_start_matches("<w:b/>")),
            &format!("[[{blank}]]"),
        );
        rest = after;
    }
    runs(out, run, rest);
    out.push_str("</w:p>");
}

fn runs(out: &mut String, properties: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push_str("<w:r>");
    if !properties.is_empty() {
        let _ = write!(out, "<w:rPr>{properties}</w:rPr>");
    }
    let _ = write!(out, r#"<w:t xml:space="preserve">{}</w:t></w:r>"#, xml(text));
}

fn table(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let column = WIDTH / head.len().max(1);
    out.push_str("<w:tbl><w:tblPr><w:tblW w:w=\"5000\" w:type=\"pct\"/><w:tblBorders>");
    for side in ["top", "left", "bottom", "right", "insideH", "insideV"] {
        let _ = write!(out, r#"<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>"#);
    }
    out.push_str("</w:tblBorders></w:tblPr><w:tblGrid>");
    for _ in head {
        let _ = write!(out, r#"<w:gridCol w:w="{column}"/>"#);
    }
    out.push_str("</w:tblGrid><w:tr><w:trPr><w:tblHeader/></w:trPr>");
    for cell in head {
        self::cell(out, column, "<w:b/><w:sz w:val=\"17\"/>", cell);
    }
    out.push_str("</w:tr>");
    for row in rows {
        out.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
        for text in row {
            self::cell(out, column, "<w:sz w:val=\"17\"/>", text);
        }
        out.push_str("</w:tr>");
    }
    // Two tables in a row would flow together.
    out.push_str("</w:tbl><w:p/>");
}

fn cell(out: &mut String, width: usize, run: &str, text: &str) {
    let _ = write!(out, r#"<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>"#);
    paragraph(out, r#"<w:spacing w:after="0"/>"#, run, text);
    out.push_str("</w:tc>");
}

/// Text in XML 1.0: markup escaped, and what is no character there (section 2.2) replaced.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
