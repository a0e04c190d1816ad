//! From outputs to sentences: markup off, data out of the way, paragraphs, cells, sentences, words.

/// What stands for data that was taken out of a text: a word without a meaning.
pub(super) const DATA: char = '_';
/// Between the cells of a row.
const CELL: char = '\t';

/// The text of an HTML page or an SVG picture, with attributes that are read out (`title`, `alt`, `aria-label`,
/// `content`) and without style and script. Rows and blocks become paragraphs; cells are parted by tabs; `<code>` and `<pre>` are data.
#[must_use]
pub fn text_of(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len() / 2);
    let mut rest = markup;
    let mut code = 0usize;
    while let Some(at) = rest.find('<') {
        push(&mut out, rest.get(..at).unwrap_or_default(), code > 0);
        let tag = rest.get(at..).unwrap_or_default();
        let end = tag_end(tag);
        let inside = tag.get(1..end.saturating_sub(1)).unwrap_or_default();
        rest = tag.get(end..).unwrap_or_default();
        let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        let closing = inside.starts_with('/');
        for attribute in ["title=\"", "alt=\"", "aria-label=\"", "content=\""] {
            if let Some(value) = inside.split_once(attribute).and_then(|(_, v)| v.split('"').next()) {
                out.push_str("\n\n");
                push(&mut out, value, false);
                out.push_str("\n\n");
            }
        }
        match name.as_str() {
            "style" | "script" if !closing => {
                let close = format!("</{name}");
                rest = rest.find(&close).and_then(|i| rest.get(i..)).unwrap_or_default();
            }
            "code" | "kbd" | "pre" | "samp" if closing => code = code.saturating_sub(1),
            "code" | "kbd" | "pre" | "samp" => code += 1,
            "td" | "th" => out.push(CELL),
            "br" => out.push('\n'),
            "a" | "abbr" | "b" | "cite" | "em" | "i" | "q" | "small" | "span" | "strong" | "sub" | "sup" | "time" | "tspan"
            | "u" | "var" | "wbr" => {}
            _ => out.push_str("\n\n"),
        }
    }
    push(&mut out, rest, code > 0);
    out
}

/// End of a tag that begins the text: `>` within quotes does not count.
fn tag_end(tag: &str) -> usize {
    if tag.starts_with("<!--") {
        return tag.find("-->").map_or(tag.len(), |i| i + 3);
    }
    let mut quote = None;
    for (i, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return i + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn push(out: &mut String, text: &str, data: bool) {
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    if data {
        out.extend(plain.chars().map(|c| if c.is_whitespace() { c } else { DATA }));
    } else {
        out.push_str(&plain);
    }
}

/// Paragraphs: parted by blank lines; within one, line ends are spaces, and tabs or runs of spaces part cells.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            paragraphs.push(String::new());
            continue;
        }
        let Some(last) = paragraphs.last_mut() else { continue };
        let line = line.trim();
        // List items and headings of Markdown do not run on.
        let own = line.starts_with(['#', '|', '>']) || ["- ", "* ", "+ "].iter().any(|m| line.starts_with(m)) || labelled(line);
        if !last.is_empty() {
            last.push(if own { CELL } else { ' ' });
        }
        let mut spaces = 0;
        for c in line.chars() {
            match c {
                ' ' => spaces += 1,
                '|' | CELL => {
                    last.push(CELL);
                    spaces = 0;
                }
                c => {
                    match spaces {
                        0 => {}
                        1 => last.push(' '),
                        _ => last.push(CELL),
                    }
                    spaces = 0;
                    last.push(c);
                }
            }
        }
    }
    paragraphs.retain(|p| !p.trim().is_empty());
    paragraphs
}

/// `Seen       2026-03-17`: a word or two, and what is said of them behind a gap.
fn labelled(line: &str) -> bool {
    line.split_once("  ").is_some_and(|(label, _)| label.len() <= 12 && label.split(' ').count() <= 2)
}

/// Quoted passages and names of hosts, mails, files, addresses: data, not words of the report.
pub(super) fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let close = match c {
            '"' => '"',
            '\u{201c}' => '\u{201d}',
            '\u{ab}' => '\u{bb}',
            '`' => '`',
            _ => '\0',
        };
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if close != '\0'
            && let Some(end) = closing(after, close).filter(|end| *end <= 600)
        {
            out.extend(std::iter::repeat_n(DATA, 3));
            rest = after.get(end + close.len_utf8()..).unwrap_or_default();
        } else {
            out.push(c);
            rest = after;
        }
    }
    out.split_inclusive(|c: char| c.is_whitespace())
        .map(|run| {
            let bare = run.trim_end();
            let tail = run.get(bare.len()..).unwrap_or_default();
            let core = bare.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '(' | ')' | '[' | ']' | '?' | '!'));
            if is_data(core) { format!("{}{tail}", bare.replacen(core, "___", 1)) } else { run.to_owned() }
        })
        .collect()
}

/// The next such mark that no backslash stands before.
fn closing(text: &str, mark: char) -> Option<usize> {
    text.match_indices(mark).map(|(at, _)| at).find(|at| {
        let slashes = text.get(..*at).unwrap_or_default().bytes().rev().take_while(|b| *b == b'\\').count();
        slashes % 2 == 0
    })
}

fn is_data(run: &str) -> bool {
    if matches!(run, "U.S" | "U.K" | "U.S.A" | "U.N") {
        return false;
    }
    // Numbers, shares and dates are the report's own.
    if run.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '%' | '-' | '+')) {
        return false;
    }
    // `P(DE)=0.9` too.
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '%'));
    if run.starts_with(['p', 'P']) && run.len() < 24 && run.split_once('=').is_some_and(|(_, after)| number(after)) {
        return false;
    }
    let inner = |mark: char| {
        let mut parts = run.split(mark);
        let before = parts.next().unwrap_or_default();
        parts.next().is_some_and(|after| !after.is_empty() && before.ends_with(char::is_alphanumeric))
    };
    run.contains("://") || run.contains('@') || inner('.') || inner(':') || inner('_') || run.contains('\\')
}

/// A word or a mark of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it stands.
    pub(super) shown: String,
    /// Lower case, without a possessive ending.
    pub(super) low: String,
    /// `Russia's`.
    pub(super) possessive: bool,
}

impl Word {
    fn new(shown: &str) -> Self {
        let mut low = shown.to_lowercase().replace('\u{2019}', "'");
        let possessive = low.ends_with("'s") || low.ends_with("s'");
        if let Some(bare) = low.strip_suffix("'s").or_else(|| low.strip_suffix('\'')) {
            low = bare.to_owned();
        }
        Self { shown: shown.to_owned(), low, possessive }
    }

    /// Begins with a capital.
    pub(super) fn is_capital(&self) -> bool {
        self.shown.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Abbreviations after which a full stop ends nothing.
const ABBREVIATIONS: [&str; 14] =
    ["art", "arts", "para", "paras", "no", "nos", "e.g", "i.e", "cf", "sec", "ch", "ss", "vs", "approx"];

/// Cells of a paragraph.
pub(super) fn cells(paragraph: &str) -> Vec<String> {
    paragraph.split(CELL).filter(|c| !c.trim().is_empty()).map(str::to_owned).collect()
}

/// Sentences of a paragraph, as text. A cell ends a sentence.
pub(super) fn sentences(paragraph: &str) -> Vec<String> {
    let mut out = Vec::new();
    for cell in paragraph.split(CELL) {
        let mut current = String::new();
        let mut words = cell.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
            let bare = word.trim_end_matches(['"', ')', ']', '\'']);
            let stop = bare.ends_with(['.', '?', '!']);
            let stem = bare.trim_end_matches(['.', '?', '!']).trim_start_matches(['(', '[', '"']).to_lowercase();
            let starts = words
                .peek()
                .and_then(|next| next.trim_start_matches(['"', '(', '[']).chars().next())
                .is_none_or(|c| c.is_uppercase() || c.is_numeric() || c == DATA);
            if stop && starts && !ABBREVIATIONS.contains(&stem.as_str()) && !matches!(stem.as_str(), "u.s" | "u.k") {
                out.push(std::mem::take(&mut current));
            }
        }
        if !current.trim().is_empty() {
            out.push(current);
        }
    }
    out
}

/// Words and marks of a sentence.
pub(super) fn words(sentence: &str) -> Vec<Word> {
    let plain = sentence.replace("U.S.A.", "USA").replace("U.S.", "US").replace("U.K.", "UK");
    let mut out = Vec::new();
    let mut current = String::new();
    for c in plain.chars() {
        // Soft hyphens and joiners are not seen, and part no word.
        if matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}') {
            continue;
        }
        if c.is_alphanumeric() || matches!(c, '-' | '\'' | '\u{2019}' | '_') {
            current.push(c);
            continue;
        }
        if !current.is_empty() {
            out.push(Word::new(&std::mem::take(&mut current)));
        }
        if !c.is_whitespace() && c != '[' && c != ']' && c != '*' {
            out.push(Word::new(c.encode_utf8(&mut [0; 4])));
        }
    }
    if !current.is_empty() {
        out.push(Word::new(&current));
    }
    out
}
