//! What reaches the page of a text that an attacker may have chosen: names, hosts, chain entries, paths.
//!
//! Two things can go wrong. Markup could be taken for markup, so it is escaped. And characters that nobody sees
//! could make a text read as something else (Unicode Technical Report 36, section 3; CVE-2021-42574 for bidirectional
//! controls), so those are printed as what they are: `\u{202E}`.

use std::fmt::Write as _;

use crate::report::escape::entities;

/// Longest text in characters that is printed whole; what is cut off is counted on the page.
pub(super) const LONGEST: usize = 2_000;

/// Is this a character that changes what the reader sees without being seen?
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD                      // soft hyphen
            | 0x034F                    // combining grapheme joiner
            | 0x061C                    // Arabic letter mark
            | 0x115F | 0x1160           // Hangul fillers
            | 0x17B4 | 0x17B5           // Khmer inherent vowels
            | 0x180B..=0x180F           // Mongolian selectors
            | 0x200B..=0x200F           // zero width, direction marks
            | 0x2028..=0x202E           // line and paragraph separator, embeddings, overrides
            | 0x2060..=0x206F           // word joiner, isolates, deprecated format characters
            | 0x3164 | 0xFFA0           // Hangul fillers
            | 0xFE00..=0xFE0F           // variation selectors
            | 0xFEFF                    // byte order mark
            | 0xFFF0..=0xFFFF           // interlinear annotation, replacement, non-characters
            | 0xE000..=0xF8FF           // private use
            | 0x1D173..=0x1D17A         // musical format characters
            | 0xE0000..=0x10FFFF        // tags, selectors, private use
        )
}

/// The text with everything unseen spelled out and at most `longest` characters of it.
pub(super) fn visible(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest.saturating_mul(4)));
    let mut chars = text.chars();
    for c in chars.by_ref().take(longest) {
        if unseen(c) {
            // Writing into a String cannot fail.
            let _ = write!(out, "\\u{{{:X}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    match chars.count() {
        0 => {}
        rest => {
            let _ = write!(out, " … [{rest} more characters]");
        }
    }
    out
}

/// [`visible`], then escaped for element content and quoted attributes alike.
pub(super) fn html(text: &str, longest: usize) -> String {
    entities(&visible(text, longest))
}

/// For labels in pictures: at most `longest` characters, the last one an ellipsis if any are missing.
pub(super) fn short(text: &str, longest: usize) -> String {
    let seen = visible(text, LONGEST);
    if seen.chars().count() <= longest {
        return seen;
    }
    let mut out: String = seen.chars().take(longest.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// May this text be the target of a link? Only absolute `http` and `https` addresses in plain ASCII, without
/// quotes, spaces, brackets of markup or credentials, at most 500 bytes.
pub(super) fn is_link(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    text.len() <= 500
        && host.contains('.')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unseen_and_no_markup_comes_through() {
        let text = "a\u{202E}b\u{0}\t<script>\"'&\u{200B}\u{FEFF}\u{E0041}";
        assert_eq!(html(text, 100), "a\\u{202E}b\\u{0}\\u{9}&lt;script&gt;&quot;&#39;&amp;\\u{200B}\\u{FEFF}\\u{E0041}");
        assert_eq!(html("Zürich, 東京, Đà Nẵng", 100), "Zürich, 東京, Đà Nẵng");
    }

    #[test]
    fn what_is_cut_is_counted() {
        assert_eq!(visible("abcdef", 4), "abcd … [2 more characters]");
        assert_eq!(short("Frankfurt am Main", 10), "Frankfurt…");
        assert_eq!(short("Paris", 5), "Paris");
    }

    #[test]
    fn only_plain_web_addresses_become_links() {
        for good in ["https://www.coe.int/en/web?a=1&b=2#x", "http://example.org/(read)"] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "https://",
            "https://a b.org",
            "https://user@example.org",
            "https://example.org/\"onclick=",
            "data:text/html,x",
            "//example.org",
            "https://exämple.org",
            "HTTPS://example.org",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }

    proptest::proptest! {
        /// Whatever comes in: no markup, nothing unseen, and nothing is lost without being counted.
        #[test]
        fn any_text_comes_out_harmless(text in ".{0,60}", more in proptest::collection::vec(proptest::char::any(), 0..60)) {
            let text: String = text.chars().chain(more).collect();
            let out = html(&text, 40);
            proptest::prop_assert!(!out.contains(['<', '>', '"', '\'']) && !out.chars().any(unseen));
            proptest::prop_assert_eq!(text.chars().count() > 40, out.ends_with(" more characters]"));
        }
    }
}
