//! What attackers choose (names, hosts, header entries) made harmless for a terminal, and for markup.

use std::borrow::Cow;

/// Control characters and bidirectional overrides as `\u{…}`: a terminal would act on the first and show the
/// second in a false order (CVE-2021-42574). Line breaks and tabs count as control characters too.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Escaped for element content and quoted attributes of HTML and SVG alike.
#[must_use]
pub fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn terminals_get_no_orders() {
        assert_eq!(visible("\u{1b}[31mred\u{9b}2J"), "\\u{1b}[31mred\\u{9b}2J");
        assert_eq!(visible("evil\u{202e}gpj.exe"), "evil\\u{202e}gpj.exe");
        assert_eq!(visible("a\r\nb"), "a\\u{d}\\u{a}b");
        assert_eq!(visible("münchen.example"), "münchen.example");
    }
}
