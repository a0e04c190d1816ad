//! What others wrote: evidence where the report marks it as theirs, a claim of the report anywhere else.
//!
//! The rule. A text of somebody else (a banner, a header, a name, a signature, a subject) is evidence, and no claim, where
//! 1. it stands in quotation marks, with marks inside it escaped, or in `<code>`;
//! 2. it stands behind one of the marks of attribution below ("says of itself (smtp): …"), to the end that the mark has;
//! 3. it is a name, and has its cell or line for itself, or stands under a key for names in a document.
//!
//! The same words anywhere else are read like all others, so that nobody can write a sentence into a capture and have
//! the report say it unseen. What a mark opens is taken out before quotation marks are paired: a stray one in it opens
//! nothing. Citations of the rule book and of data sets are data wherever they stand; no attacker writes those.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;

use memchr::memmem;
use serde_json::Value;

use super::Names;
use super::text::DATA;

/// Keys of citations.
const CITED_KEYS: [&str; 6] = ["attribution", "licence", "reproduce", "sha256", "source", "sources"];
/// Keys of names: of hosts, operators, towns, files; and of what the analyst typed.
const NAME_KEYS: [&str; 7] = ["as_name", "city", "filter", "name", "names", "path", "text"];

/// Words behind which others speak. `*` in a word is any run, `#` is an address, a last word that ends in `^` is a prefix:
/// the quotation begins within the word. `head`: only at the beginning of a string. `close`: where the quotation ends, at
/// the last such place, as it can hold the same words; a mark that needs one and has none opens nothing.
struct Mark {
    words: &'static str,
    head: bool,
    close: Option<&'static str>,
}

const fn mark(words: &'static str, close: Option<&'static str>) -> Mark {
    Mark { words, head: false, close }
}

const fn head(words: &'static str, close: Option<&'static str>) -> Mark {
    Mark { words, head: true, close }
}

const MARKS: &[Mark] = &[
    mark("says of itself (*):", Some("; weight 0 for attribution")),
    mark("says to # by * (port *):", None),
    mark("is on a list that was given:", None),
    mark("a mail (^", Some(") says that ")),
    mark("fired * time here: \"^", Some("\"")),
    mark("fired * times here: \"^", Some("\"")),
    head("alert \"^", Some("\": ")),
    head("mail", Some(": ")),
    head("a list points at", None),
    head("# is", Some(" (")),
    head("called itself", None),
    head("calls itself", None),
    head("the receiving server found the name", None),
    head("received by", Some(" at ")),
    head("Message-ID", None),
    head("authentication:", None),
    head("a header names", Some(" as the sending client")),
    head("asked for", None),
    head("towards", None),
    head("x-forwarded-for from * to *:", None),
    head("forwarded from * to *:", None),
    head("via from * to *:", None),
    head("client-ip from * to *:", None),
    head("proxy-protocol from * to *:", None),
    head("socks from * to *:", None),
    head("connect from * to *:", None),
    head("socks-reply from * to *:", None),
    head("sip-via from * to *:", None),
];

/// Words before a name.
const NAME_MARKS: &[&str] = &["AS*", "Input:", "rejected:", "Data:", "input *,"];

/// What others wrote in a document.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    cited: BTreeSet<String>,
    names: BTreeSet<String>,
    said: BTreeSet<String>,
}

/// Collects what others wrote in a document: by its keys, and behind the marks in its strings. What states are called is
/// nobody's: as a name of a row it would take the state out of every sentence about it.
#[must_use]
pub fn foreign(document: &Value, states: &Names) -> Foreign {
    fn collect(value: &Value, key: &str, out: &mut Foreign) {
        match value {
            Value::String(text) if CITED_KEYS.contains(&key) => drop(out.cited.insert(text.clone())),
            Value::String(text) if NAME_KEYS.contains(&key) => drop(out.names.insert(text.clone())),
            Value::String(text) => {
                out.said.extend(said(text).into_iter().filter_map(|r| text.get(r)).map(str::to_owned));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, key, out)),
            Value::Object(fields) => {
                // An object under such a key has keys of its own.
                for (inner, field) in fields {
                    collect(field, inner, out);
                }
            }
            _ => {}
        }
    }
    let mut out = Foreign::default();
    collect(document, "", &mut out);
    // A word that a state is called by would take the states out of every sentence, a date the dates.
    let long = |text: &String| text.chars().filter(|c| c.is_alphanumeric()).count() > 3;
    let telling = |text: &String| text.contains(|c: char| !c.is_alphabetic()) && text.contains(char::is_alphabetic);
    out.cited.retain(|t| long(t) && telling(t) && !states.is_name(t));
    out.names.retain(|t| long(t) && telling(t) && !states.is_name(t));
    out.said.retain(|t| long(t) && !states.is_name(t));
    out
}

/// Is this key one under which others speak?
pub(super) fn is_foreign(key: &str) -> bool {
    CITED_KEYS.contains(&key) || NAME_KEYS.contains(&key)
}

/// A string of a document without what stands behind a mark in it, and without citations.
pub(super) fn own_words(text: &str, foreign: &Foreign) -> String {
    let mut out = text.to_owned();
    let mut ranges = said(text);
    ranges.sort_by_key(|r| std::cmp::Reverse(r.start));
    for range in ranges {
        if out.get(range.clone()).is_some() {
            out.replace_range(range, &mask());
        }
    }
    take_out(&mut out, &foreign.cited, &|_, _| true);
    out
}

/// A rendering of the document without what others wrote in it, where it is marked as theirs; also where it was broken
/// over lines.
#[must_use]
pub fn without_foreign(text: &str, foreign: &Foreign) -> String {
    let mut out = text.to_owned();
    take_out(&mut out, &foreign.said, &|before, _| MARKS.iter().any(|m| ends_with(before, m.words)));
    take_out(&mut out, &foreign.names, &|before, after| {
        NAME_MARKS.iter().any(|m| ends_with(before, m))
            || MARKS.iter().any(|m| ends_with(before, m.words))
            || alone(before, after)
    });
    take_out(&mut out, &foreign.cited, &|_, _| true);
    out
}

fn mask() -> String {
    DATA.to_string().repeat(3)
}

/// A word with the place where it begins.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices() {
        match (c.is_whitespace(), from) {
            (true, Some(start)) => {
                out.extend(text.get(start..at).map(|word| (start, word)));
                from = None;
            }
            (false, None) => from = Some(at),
            _ => {}
        }
    }
    out.extend(from.and_then(|start| text.get(start..).map(|word| (start, word))));
    out
}

fn fits(pattern: &str, word: &str) -> bool {
    if pattern == "#" {
        return word.parse::<IpAddr>().is_ok() || word == "-";
    }
    match pattern.split_once('*') {
        Some((before, after)) => word.len() >= before.len() + after.len() && word.starts_with(before) && word.ends_with(after),
        None => word == pattern,
    }
}

/// Where others speak in a string of a document. What lies in an earlier one of them opens nothing.
fn said(text: &str) -> Vec<Range<usize>> {
    let all = tokens(text);
    let mut out: Vec<Range<usize>> = Vec::new();
    for i in 0..all.len() {
        let Some(&(here, _)) = all.get(i) else { break };
        if out.last().is_some_and(|r| here < r.end) {
            continue;
        }
        let opened = MARKS.iter().filter(|m| !m.head || i == 0).find_map(|m| opens(text, &all, i, m));
        out.extend(opened);
    }
    out
}

fn opens(text: &str, all: &[(usize, &str)], i: usize, mark: &Mark) -> Option<Range<usize>> {
    let words: Vec<&str> = mark.words.split(' ').collect();
    let here = all.get(i..i + words.len())?;
    let (last, firsts) = (words.last()?, words.get(..words.len() - 1)?);
    if !firsts.iter().zip(here).all(|(pattern, (_, word))| fits(pattern, word)) {
        return None;
    }
    let &(at, word) = here.last()?;
    let start = match last.strip_suffix('^') {
        Some(prefix) => word.starts_with(prefix).then_some(at + prefix.len())?,
        None => fits(last, word).then(|| all.get(i + words.len()).map(|(at, _)| *at)).flatten()?,
    };
    let end = match mark.close {
        Some(close) => start + text.get(start..)?.rfind(close)?,
        None => text.len(),
    };
    (start < end).then_some(start..end)
}

/// Does a text end with the words of a mark?
fn ends_with(before: &str, mark: &str) -> bool {
    let words: Vec<&str> = mark.split(' ').collect();
    // A mark has at most eight words, and an address at most 45 characters.
    let from = before.char_indices().rev().nth(300).map_or(0, |(at, _)| at);
    let all = tokens(before.get(from..).unwrap_or_default());
    let Some(tail) = all.len().checked_sub(words.len()).and_then(|n| all.get(n..)) else { return false };
    let glued = !before.ends_with(char::is_whitespace);
    tail.iter().zip(&words).all(|((_, word), pattern)| match pattern.strip_suffix('^') {
        Some(prefix) => glued && *word == prefix,
        None => fits(pattern, word),
    }) && (glued == mark.ends_with('^'))
}

/// Does it have its cell or its line for itself?
fn alone(before: &str, after: &str) -> bool {
    let before = before.strip_suffix(' ').unwrap_or(before);
    let before = before.strip_suffix(['-', '*', '\u{2022}']).unwrap_or(before);
    let open = before.is_empty() || before.ends_with(['\n', '\t', '|']) || before.ends_with("  ");
    let after = after.strip_prefix(' ').unwrap_or(after);
    open && (after.is_empty() || after.starts_with(['\n', '\t', '|', ' ']))
}

/// Takes out every one of these texts where `theirs` finds it marked, given what stands before and after it.
fn take_out(out: &mut String, texts: &BTreeSet<String>, theirs: &dyn Fn(&str, &str) -> bool) {
    let mut longest: Vec<&String> = texts.iter().filter(|t| t.len() <= out.len()).collect();
    longest.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    for one in longest {
        let parts: Vec<&str> = one.split_whitespace().collect();
        let Some(first) = parts.first() else { continue };
        let mut from = 0;
        while let Some(at) = out.get(from..).and_then(|rest| memmem::find(rest.as_bytes(), first.as_bytes())).map(|i| i + from) {
            let length = spans(out.get(at..).unwrap_or_default(), &parts);
            let (before, after) = (out.get(..at).unwrap_or_default(), out.get(at + length.unwrap_or(0)..).unwrap_or_default());
            match length {
                Some(length) if theirs(before, after) => {
                    out.replace_range(at..at + length, &mask());
                    from = at + mask().len();
                }
                _ => from = at + first.len(),
            }
        }
    }
}

/// Length of the parts at the beginning of a text, with any white space between them.
fn spans(text: &str, parts: &[&str]) -> Option<usize> {
    let mut rest = text;
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            let trimmed = rest.trim_start();
            if trimmed.len() == rest.len() {
                return None;
            }
            rest = trimmed;
        }
        rest = rest.strip_prefix(part)?;
    }
    Some(text.len() - rest.len())
}
