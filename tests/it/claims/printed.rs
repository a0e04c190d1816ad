//! What the program prints about the fixtures, in every form: reports, answers on law, plans, letters, the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rutter::report::claims::{
    Fault, Foreign, Names, Near, Rule, foreign, lint, lint_probabilities, lint_rows, lint_strings, of_markdown, of_tables,
    text_of, without_foreign,
};
use serde_json::Value;

use super::super::support::run;
use super::{complain, names, nothing};

/// Runs a command that must say something and end so: nothing is skipped unread.
pub(super) fn said(args: &[&str], codes: &[i32]) -> String {
    let (code, out, err) = run(args);
    assert!(codes.contains(&code), "{args:?} ended with {code}: {err}");
    assert!(!out.trim().is_empty(), "{args:?} says nothing");
    out
}

/// Reads outputs, and keeps what is wrong with them and how many there were of each form.
pub(super) struct Reader {
    names: Names,
    faults: BTreeSet<String>,
    pub(super) read: BTreeMap<&'static str, usize>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { names: names(), faults: BTreeSet::new(), read: BTreeMap::new() }
    }

    fn note(&mut self, form: &'static str, what: &str, faults: &[Fault]) {
        *self.read.entry(form).or_default() += 1;
        self.faults.extend(complain(&format!("{what} as {form}"), faults));
    }

    /// A document of the program: its rows and its strings.
    pub(super) fn json(&mut self, what: &str, out: &str) -> Foreign {
        let json: Value = serde_json::from_str(out).unwrap_or_else(|e| panic!("{what}: no JSON: {e}"));
        let faults = [lint_rows(&json), lint_strings(&json, &self.names)].concat();
        self.note("json", what, &faults);
        foreign(&json, &self.names)
    }

    fn words(&mut self, form: &'static str, what: &str, text: &str, theirs: &Foreign, near: Option<Near>) {
        let own = without_foreign(text, theirs);
        let mut faults = lint(&own, &self.names);
        faults.extend(near.into_iter().flat_map(|near| lint_probabilities(&own, &self.names, near)));
        self.note(form, what, &faults);
    }

    /// For a terminal.
    pub(super) fn text(&mut self, what: &str, out: &str, theirs: &Foreign, near: Option<Near>) {
        self.words("text", what, &of_tables(out), theirs, near);
    }

    /// A page or a picture.
    pub(super) fn markup(&mut self, form: &'static str, what: &str, out: &str, theirs: &Foreign) {
        self.words(form, what, &text_of(out), theirs, None);
    }

    /// The page of a report: what is near on a page is in the same section.
    pub(super) fn page(&mut self, what: &str, out: &str, theirs: &Foreign) {
        self.markup("html", what, out, theirs);
        // The table of findings leads to each of them.
        let leads = |s: &&str| !s.contains("<a href=\"#f");
        for section in out.split("<section").skip(1).flat_map(|s| s.split("<article")).filter(leads) {
            let text = without_foreign(&text_of(&format!("<p {section}")), theirs);
            let one = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let faults = lint_probabilities(&one, &self.names, Near::Finding);
            self.faults.extend(complain(&format!("{what}, a section of the page"), &faults));
        }
    }

    pub(super) fn markdown(&mut self, what: &str, out: &str, theirs: &Foreign) {
        self.words("md", what, &of_markdown(out), theirs, Some(Near::Evidence));
    }

    pub(super) fn docx(&mut self, what: &str, bytes: &[u8], theirs: &Foreign) {
        self.words("docx", what, &text_of_docx(bytes), theirs, Some(Near::Evidence));
    }

    /// Everything that a plan comes to, for one requesting state: three forms, and the letters in two.
    pub(super) fn plan(&mut self, of: &str, report: &str, requesting: &str, folder: &Path) {
        let what = format!("plan of {of} for {requesting}");
        let plan = |format: &str, more: &[&str]| {
            let args = [&["plan", report, "--requesting", requesting, "--on", "2026-11-22", "--format", format], more].concat();
            said(&args, &[0])
        };
        let letters = folder.join(format!("letters-{requesting}"));
        let theirs = self.json(&what, &plan("json", &["--letters", &letters.display().to_string()]));
        self.text(&what, &plan("text", &[]), &theirs, Some(Near::Evidence));
        self.markdown(&what, &plan("md", &[]), &theirs);
        let mut files: Vec<_> = fs::read_dir(&letters).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        // A path that is only a measurement asks nobody.
        assert_eq!(files.is_empty(), of.contains("backbone"), "{what}: {} letters", files.len());
        for path in files {
            let name = format!("{what}, {}", path.file_name().unwrap().to_string_lossy());
            let bytes = fs::read(&path).unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                Some("md") => {
                    let text = String::from_utf8(bytes).unwrap();
                    self.markdown(&name, &text, &theirs);
                    // The Word file has the same words, to the letter.
                    let other = text_of_docx(&fs::read(path.with_extension("docx")).unwrap());
                    assert_eq!(letters_only(&of_markdown(&text)), letters_only(&other), "{name}: DOCX and Markdown differ");
                }
                Some("docx") => self.docx(&name, &bytes, &theirs),
                _ => panic!("{name}: what is that?"),
            }
        }
    }

    pub(super) fn done(self) {
        nothing(self.faults.into_iter().collect());
    }
}

fn letters_only(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The main part of a DOCX (stored, not packed), as text: a paragraph is one, a row of a table is one, cells are parted.
fn text_of_docx(bytes: &[u8]) -> String {
    let all = String::from_utf8_lossy(bytes);
    let (_, from) = all.split_once("<w:body>").expect("a body");
    let (body, _) = from.split_once("</w:body>").expect("its end");
    let mut out = String::new();
    let mut in_row = false;
    for part in body.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        match tag.split(' ').next().unwrap_or_default() {
            "w:tr" => in_row = true,
            "/w:tr" => {
                in_row = false;
                out.push_str("<p>");
            }
            "/w:tc" => out.push_str("<td>"),
            "/w:p" if !in_row => out.push_str("<p>"),
            _ => {}
        }
        out.push_str(text);
    }
    text_of(&out)
}

// ---- reports ----

/// Captures and folders whose reports are read: made-up ones, a whole incident, a laboratory's.
const INPUTS: [&str; 9] = [
    "fixtures/backbone-v4.pcapng",
    "fixtures/backbone-v6.pcapng",
    "fixtures/proxy-chain.pcap",
    "fixtures/ssh-bruteforce-gre.pcap.gz",
    "fixtures/syn-flood.pcap.zst",
    "fixtures/incident/",
    "fixtures/lab/tr4-udp.pcap",
    "fixtures/records/",
    "fixtures/bad/",
];

#[test]
fn no_report_on_a_fixture_claims_too_much() {
    let mut reader = Reader::new();
    for input in INPUTS {
        for more in [&[][..], &["--victim-state", "EE", "--on", "2026-11-22"][..]] {
            let ask = |format: &str| said(&[&["trace", "--format", format, input], more].concat(), &[0, 3]);
            let what = format!("{input} {more:?}");
            let theirs = reader.json(&what, &ask("json"));
            reader.text(&what, &ask("text"), &theirs, Some(Near::Finding));
            reader.page(&what, &ask("html"), &theirs);
        }
    }
    assert_eq!(reader.read, BTreeMap::from([("json", 18), ("text", 18), ("html", 18)]));
    reader.done();
}

/// What stands behind a hop, what was found in an input, what is known of an address.
#[test]
fn no_explanation_claims_too_much() {
    let mut reader = Reader::new();
    for input in ["fixtures/incident/inside.pcap", "fixtures/ssh-bruteforce-gre.pcap.gz", "fixtures/records/mail.eml"] {
        let json = said(&["inspect", input, "--format", "json"], &[0, 3]);
        let theirs = reader.json(input, &json);
        reader.text(input, &said(&["inspect", input], &[0, 3]), &theirs, None);
        let report = reader.json(input, &said(&["trace", input, "--format", "json"], &[0, 3]));
        reader.text(input, &said(&["trace", input, "--explain", "p1:1"], &[0, 3]), &report, None);
    }
    for addr in ["18.228.44.19", "129.250.6.147", "8.8.8.8"] {
        let theirs = reader.json(addr, &said(&["lookup", addr, "--format", "json"], &[0]));
        reader.text(addr, &said(&["lookup", addr], &[0]), &theirs, None);
    }
    reader.done();
}

// ---- law ----

/// Commands on law, and whether they write a page.
const LAW: [(&[&str], bool); 18] = [
    (&["status", "ETS185", "GB"], false),
    (&["status", "ETS185", "FO", "--on", "2020-01-01"], false),
    (&["status", "EIO", "DK"], false),
    (&["status", "ETS185", "XK"], false),
    (&["show", "DE"], true),
    (&["show", "RU"], true),
    (&["show", "HK", "--on", "2019-06-01"], true),
    (&["show", "XK"], true),
    (&["show", "PS"], true),
    (&["compare", "US", "RU", "CN"], true),
    (&["compare", "DE", "FR", "BR", "NG", "IN"], true),
    (&["channel", "FR", "NG"], true),
    (&["channel", "US", "RU"], true),
    (&["channel", "DE", "DK"], true),
    (&["channel", "BR", "KP"], true),
    (&["instrument", "ETS185"], true),
    (&["instrument", "EIO"], true),
    (&["questions"], false),
];

#[test]
fn no_answer_on_law_claims_too_much() {
    let mut reader = Reader::new();
    let nobody = Foreign::default();
    for (command, has_page) in LAW {
        let ask = |format: &'static str| [&["law"], command, &["--format", format]].concat();
        let what = command.join(" ");
        let theirs = reader.json(&what, &said(&ask("json"), &[0]));
        let text = said(&ask("text"), &[0]);
        reader.text(&what, &text, &theirs, None);
        if has_page {
            let page = said(&ask("html"), &[0]);
            reader.markup("html", &what, &page, &theirs);
            same_cells(&what, &text, &page);
        } else {
            let (code, out, err) = run(&ask("html"));
            assert!(code == 2 && out.is_empty() && err.contains("write a page"), "{what} as a page: {code} {err}");
        }
    }
    for what in ["ETS185", "F1", "F2", "F3"] {
        reader.markup("svg", what, &said(&["law", "map", what], &[0]), &nobody);
    }
    let check = said(&["law", "check"], &[0]);
    reader.text("law check", &check, &nobody, None);
    reader.json("law check", &said(&["law", "check", "--format", "json"], &[0]));
    assert_eq!(reader.read, BTreeMap::from([("json", 19), ("text", 19), ("html", 13), ("svg", 4)]));
    reader.done();
}

/// The tables of the text have the cells of the page: read so, none is missed, and none is mixed with its neighbour.
fn same_cells(what: &str, text: &str, page: &str) {
    let bare = |cell: &str| cell.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let read = of_tables(text);
    let cells: BTreeSet<String> = read.split(['\t', '\n']).map(bare).filter(|c| !c.is_empty()).collect();
    let mut seen = 0;
    for part in page.split("<td").skip(1).chain(page.split("<th scope").skip(1)) {
        let cell = part.split_once('>').and_then(|(_, rest)| rest.split("</t").next()).unwrap_or_default();
        let cell = bare(&text_of(cell));
        seen += usize::from(!cell.is_empty());
        assert!(cell.is_empty() || cells.contains(&cell), "{what}: the text has no cell {cell:?}\n{read}");
    }
    assert!(seen > 10, "{what}: {seen} cells");
}

/// A claim in one cell of the text of a view is found, though it is broken over lines between other columns.
#[test]
fn a_claim_in_a_column_is_found() {
    let text = said(&["law", "channel", "FR", "NG"], &[0]);
    let names = names();
    assert_eq!(lint(&of_tables(&text), &names), []);
    let bad = text.replacen("   Nigeria  ", "   Russian  ", 1).replacen("   Police  ", "   hacked  ", 1);
    assert_eq!(bad.len(), text.len());
    let accuses = |text: &str| lint(text, &names).iter().any(|f| f.rule == Rule::StateAsActor);
    assert!(!accuses(&bad), "line by line it is not seen");
    assert!(accuses(&of_tables(&bad)), "{}", of_tables(&bad));
}

// ---- plans and letters ----

#[test]
fn no_plan_and_no_letter_claims_too_much() {
    let mut reader = Reader::new();
    for input in [
        "fixtures/incident/",
        "fixtures/ssh-bruteforce-gre.pcap.gz",
        "fixtures/backbone-v4.pcapng",
        "fixtures/syn-flood.pcap.zst",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json").display().to_string();
        let (code, _, err) = run(&["trace", input, "-o", &report]);
        assert_eq!(code, 0, "{input}: {err}");
        for requesting in ["FR", "US", "NG", "RU"] {
            reader.plan(input, &report, requesting, folder.path());
        }
    }
    assert_eq!((reader.read["json"], reader.read["text"]), (16, 16));
    assert_eq!(reader.read["md"], reader.read["docx"] + 16);
    assert!(reader.read["docx"] >= 50, "{:?}", reader.read);
    reader.done();
}

// ---- the ledger ----

#[test]
fn the_ledger_of_practice_keeps_to_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let ledger = file("practice.jsonl");
    for n in 0..6 {
        for (step, day) in [("notified", "2026-03-05"), ("acknowledged", "2026-03-07"), ("acted", "2026-03-09")] {
            let case = format!("case {n}");
            let address = ["--address", "192.0.2.7"];
            let args = ["practice", "add", &ledger, "--case", &case, "--state", "SG", "--by", "FR", "--step", step, "--on", day];
            let (code, _, err) = run(&[&args[..], &["--channel", "24/7 network", "--note", "by telephone"], &address].concat());
            assert_eq!(code, 0, "{err}");
        }
    }
    for (state, step) in [("DE", "asked"), ("DE", "refused"), ("NG", "notified")] {
        let args = ["practice", "add", &ledger, "--case", "x", "--state", state, "--by", "FR", "--step", step];
        let (code, _, err) = run(&[&args[..], &["--on", "2026-04-01", "--channel", "MLA"]].concat());
        assert_eq!(code, 0, "{err}");
    }
    let mut reader = Reader::new();
    let nobody = Foreign::default();
    for command in ["list", "stats"] {
        for format in ["text", "json", "jsonl"] {
            let out = said(&["practice", command, &ledger, "--format", format], &[0]);
            match format {
                "text" => out.lines().for_each(|line| reader.text(command, line, &nobody, None)),
                "json" => drop(reader.json(command, &out)),
                _ => out.lines().for_each(|line| drop(reader.json(command, line))),
            }
        }
    }
    reader.text("check", &said(&["practice", "check", &ledger], &[0]), &nobody, None);
    reader.text("list of SG", &said(&["practice", "list", &ledger, "--state", "SG"], &[0]), &nobody, None);
    let table = file("practice.csv");
    let (code, _, err) = run(&["practice", "export", &ledger, "-o", &table]);
    assert_eq!(code, 0, "{err}");
    let rows = fs::read_to_string(table).unwrap();
    assert_eq!(rows.lines().count(), 5, "a heading, the cases, and three steps of a state with five cases");
    rows.lines().for_each(|line| reader.text("export", &line.replace(',', "\t"), &nobody, None));
    assert!(reader.read["text"] > 30 && reader.read["json"] > 20, "{:?}", reader.read);
    reader.done();
}
