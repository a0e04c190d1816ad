//! The linter of claims over everything that the program can say: its templates and string literals, the words of the
//! rule book, and what it prints about the fixtures. The rules themselves are proven in `src/report/claims/tests.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use rutter::jurisdiction::Law;
use rutter::model::net::StateCode;
use rutter::report::claims::{Fault, Names, Rule, lint, lint_rows, lint_strings, text_of};

use super::support::repo;

mod hostile;
mod printed;

/// Every state, territory and instrument that the rule book has a name for.
fn names() -> Names {
    let book = &Law::shipped().unwrap().book;
    let states = book.states().map(|(code, state)| (code, state.name.to_string()));
    let territories = book.territories().filter_map(|t| StateCode::new(&t.code).map(|code| (code, t.name.to_string())));
    let instruments = book.instruments().flat_map(|i| [i.id.to_string(), i.title.to_string()]);
    Names::new(states.chain(territories)).with_instruments(instruments)
}

fn complain(what: &str, faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|f| format!("{what}: {f}")).collect()
}

fn nothing(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} claims that may not stand:\n{}", faults.len(), faults.join("\n"));
}

// ---- what is written in the source ----

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// The string literals of Rust source up to its tests, escapes resolved. Comments and characters are no strings.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1
                }
            }
            '/' if at(i + 1) == '*' => {
                while i < chars.len() && !(at(i) == '*' && at(i + 1) == '/') {
                    i += 1
                }
                i += 2;
            }
            // A character or a lifetime.
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            'r' if matches!(at(i + 1), '"' | '#') && !at(i.wrapping_sub(1)).is_alphanumeric() => {
                let hashes = (i + 1..).take_while(|&j| at(j) == '#').count();
                let from = i + 1 + hashes;
                if at(from) != '"' {
                    i += 1;
                    continue;
                }
                let mut end = from + 1;
                while end < chars.len() && !(at(end) == '"' && (0..hashes).all(|h| at(end + 1 + h) == '#')) {
                    end += 1
                }
                found.push(chars[from + 1..end.min(chars.len())].iter().collect());
                i = end + 1 + hashes;
            }
            '"' => {
                let mut text = String::new();
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    if at(i) == '\\' {
                        i += 1;
                        match at(i) {
                            'n' => text.push('\n'),
                            't' => text.push('\t'),
                            '\n' => {
                                while at(i + 1).is_whitespace() {
                                    i += 1
                                }
                            }
                            'u' => {
                                let hex: String = (i + 2..).map(at).take_while(|c| *c != '}').collect();
                                text.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
                                i += hex.len() + 2;
                            }
                            c => text.push(c),
                        }
                    } else {
                        text.push(at(i));
                    }
                    i += 1;
                }
                found.push(text);
                i += 1;
            }
            _ => i += 1,
        }
    }
    found
}

/// A template with its blanks filled: whatever can stand in one may be a state.
fn filled(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(more) = from.strip_prefix("{{") {
            // A brace of Rust, or a blank of a page template.
            match more.split_once("}}") {
                Some((inside, after)) if inside.starts_with(' ') || inside.starts_with('-') => {
                    out.push_str("Germany");
                    rest = after;
                }
                _ => {
                    out.push('{');
                    rest = more;
                }
            }
        } else if let Some(more) = from.strip_prefix("{%") {
            rest = more.split_once("%}").map_or("", |(_, after)| after);
        } else {
            match from.split_once('}') {
                Some((inside, after)) if inside.len() < 60 => {
                    // Numbers are formatted, states are not.
                    out.push_str(if inside.contains(":.") || inside.contains(":0") { "0.5" } else { "Germany" });
                    rest = after;
                }
                _ => {
                    out.push('{');
                    rest = &from[1..];
                }
            }
        }
    }
    out + rest
}

#[test]
fn literals_and_blanks_are_found() {
    let source = "// \"comment\"\nlet a = \"one \\\"two\\\" \\\n   three\"; let c = '\"'; let l: &'a str = r#\"raw \"x\"\"#; /* \"no\" */ f(\"\\u{e9}\")\n\
                  #[cfg(test)]\nmod tests { \"not\" }";
    assert_eq!(literals(source), ["one \"two\" three", "raw \"x\"", "\u{e9}"]);
    assert_eq!(filled("{} attacked {name}, {p:.2}, {{x}}"), "Germany attacked Germany, 0.5, {x}}");
    assert_eq!(filled("{{ state }} attacked {% if x %}y{% endif %}"), "Germany attacked y");
    // The whole chain notices a bad template, for every rule that reads templates.
    for (template, rule) in [
        ("{state} attacked {target}", Rule::StateAsActor),
        ("it was attacked by {}", Rule::StateAsActor),
        ("{}'s attack on {target}", Rule::StateAsActor),
        ("attributed to {state}", Rule::StateAsActor),
        ("{a}/{b} hacked it", Rule::StateAsActor),
        ("seen in {state}; it attacked {target}", Rule::StateAsActor),
        ("{} is behind it", Rule::StateAsActor),
        ("{} is responsible for it", Rule::StateAsActor),
        ("this proves that {} was there", Rule::Certainty),
        ("{n} of {m}: one hundred percent", Rule::Certainty),
        ("{}: certainly", Rule::Certainty),
        ("almost certainly {}, with high confidence", Rule::LikelihoodWithConfidence),
        ("ETS185 binds {state}", Rule::InstrumentWithoutDateOrGrade),
    ] {
        let found: Vec<Rule> = literals(&format!("format!(\"{template}\")"))
            .iter()
            .flat_map(|l| lint(&filled(l), &names()))
            .map(|f| f.rule)
            .collect();
        assert_eq!(found, [rule], "{template}");
    }
}

/// Everything under `src` that can put words into a report: renderers, remarks, reasons, errors. The linter's own words
/// are lists of what may not be said.
#[test]
fn no_template_and_no_literal_claims_too_much() {
    let names = names();
    let mut all = Vec::new();
    files(&repo("src"), &mut all);
    files(&repo("data/letters"), &mut all);
    let (mut faults, mut read) = (Vec::new(), 0);
    for path in all {
        let name = path.strip_prefix(repo("")).unwrap().display().to_string();
        let test = path
            .file_stem()
            .is_some_and(|s| s.to_string_lossy().ends_with("tests") || s == "sample" || s == "testkit" || s == "known_facts");
        if test || name.starts_with("src/report/claims") || name.contains("/tests/") {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        match path.extension().and_then(|e| e.to_str()) {
            Some("rs") => {
                for literal in literals(&text) {
                    read += 1;
                    // Markup in a literal is markup.
                    let literal = if literal.contains("</") { text_of(&filled(&literal)) } else { filled(&literal) };
                    faults.extend(complain(&name, &lint(&literal, &names)));
                }
            }
            Some("html" | "svg") => faults.extend(complain(&name, &lint(&filled(&text_of(&text)), &names))),
            Some("md" | "txt" | "j2" | "jinja") => faults.extend(complain(&name, &lint(&filled(&text), &names))),
            _ => {}
        }
    }
    assert!(read > 2_000, "only {read} literals read");
    nothing(faults);
}

/// The page on the law is for readers too.
#[test]
fn the_page_on_the_law_keeps_to_the_rules() {
    let text = fs::read_to_string(repo("docs/law.md")).unwrap();
    let lines = text.lines().count();
    assert!((120..=280).contains(&lines), "{lines} lines");
    nothing(complain("docs/law.md", &lint(&text, &names())));
    for (a, b) in [("no legal advice", "is said"), ("confirmed", "grades"), ("hatched", "maps"), ("rutter law", "commands")] {
        assert!(text.to_lowercase().contains(a), "{b}: no {a:?}");
    }
}

/// Notes, readings and effects of the rule book are printed as they stand.
#[test]
fn the_words_of_the_rule_book_accuse_nobody() {
    let names = names();
    let mut faults = Vec::new();
    for (file, text) in Law::shipped_files() {
        for (n, line) in text.lines().enumerate() {
            let found = lint(&line.replace(',', " , "), &names).into_iter();
            // Rows have their dates and grades in columns, and a column for confidence.
            let found: Vec<Fault> = found.filter(|f| matches!(f.rule, Rule::StateAsActor | Rule::Certainty)).collect();
            faults.extend(complain(&format!("data/law/{file} line {}", n + 1), &found));
        }
    }
    nothing(faults);
}

// ---- what is printed: `printed`, and `hostile` for evidence that somebody wrote claims into ----

/// The provisions that speak to a role, for every state of the rule book, and the words around a map.
#[test]
fn provisions_and_maps_keep_to_the_rules() {
    use rutter::model::hop::HopRole;
    use rutter::report::law_map;
    let names = names();
    let law = Law::shipped().unwrap();
    let on = "2026-11-22".parse().unwrap();
    let mut faults = Vec::new();
    for (state, _) in law.book.states() {
        for role in [HopRole::Transit, HopRole::Proxy, HopRole::Target] {
            let rows = serde_json::to_value(law.provisions_for(role, state, on)).unwrap();
            let what = format!("{} in {state}", role.as_str());
            faults.extend(complain(&what, &lint_rows(&rows)));
            faults.extend(complain(&what, &lint_strings(&rows, &names)));
        }
    }
    faults.extend(complain("map", &lint(law_map::DISCLAIMER, &names)));
    faults.sort();
    faults.dedup();
    nothing(faults);
}
