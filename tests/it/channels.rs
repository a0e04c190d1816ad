//! Ways to ask, pair by pair, as a reviewed list: `channel_pairs.txt` has a block per pair of states and day, with the
//! reason that the reviewer gave for what stands in it. Only the lines below a reason are computed.
//!
//! `RUTTER_REWRITE=1 cargo test --test it channels` writes the lines anew and keeps the headings and the reasons: a
//! change of the law tables shows as a diff of this file, and is reviewed there. A new pair needs a heading and a reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rutter::jurisdiction::Law;
use rutter::model::channel::{Channel, Usable};

use super::support::{json, run};

const FILE: &str = "tests/it/channel_pairs.txt";

struct Block {
    heading: String,
    reasons: Vec<String>,
    lines: Vec<String>,
}

fn blocks(text: &str) -> (String, Vec<Block>) {
    let mut head = String::new();
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("== ") {
            blocks.push(Block { heading: heading.to_owned(), reasons: Vec::new(), lines: Vec::new() });
        } else if let Some(block) = blocks.last_mut() {
            match line.strip_prefix("# ") {
                Some(reason) => block.reasons.push(reason.to_owned()),
                None if line.is_empty() => {}
                None => block.lines.push(line.to_owned()),
            }
        } else {
            let _ = writeln!(head, "{line}");
        }
    }
    (head, blocks)
}

fn channels(heading: &str) -> Vec<Channel> {
    let words: Vec<&str> = heading.split(' ').collect();
    let [from, to, on] = words.as_slice() else { panic!("no heading: {heading}") };
    let law = Law::shipped().unwrap();
    law.channels_at(from, to, on.parse().unwrap()).unwrap_or_else(|| panic!("no such place: {heading}"))
}

fn line(c: &Channel) -> String {
    let usable = match c.usable {
        Usable::Yes => "yes",
        Usable::Unknown => "unknown",
        Usable::Suspended => "suspended",
        Usable::Ended => "ended",
    };
    let instrument = c.instrument.as_deref().unwrap_or("-");
    let limit = if c.limit.is_empty() { "-" } else { &c.limit };
    format!("{} | {instrument} | {} | {usable} | {limit} | {}", c.kind, c.article, c.grade)
}

#[test]
fn the_reviewed_pairs_have_these_channels() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    let (head, mut blocks) = blocks(&text);
    let pairs: BTreeSet<&str> = blocks.iter().filter_map(|b| b.heading.rsplit_once(' ').map(|(pair, _)| pair)).collect();
    assert!(pairs.len() >= 40, "{} pairs", pairs.len());
    let headings: BTreeSet<&str> = blocks.iter().map(|b| b.heading.as_str()).collect();
    assert_eq!(headings.len(), blocks.len(), "a pair and day stands twice");
    for block in &blocks {
        assert!(block.reasons.iter().any(|r| r.len() > 20), "{}: nobody says why", block.heading);
    }
    let mut wrong = Vec::new();
    for block in &mut blocks {
        let now: Vec<String> = channels(&block.heading).iter().map(line).collect();
        if now != block.lines {
            let gone = block.lines.iter().filter(|l| !now.contains(l)).map(|l| format!("- {l}"));
            let new = now.iter().filter(|l| !block.lines.contains(l)).map(|l| format!("+ {l}"));
            wrong.push(format!("{}\n{}", block.heading, gone.chain(new).collect::<Vec<_>>().join("\n")));
        }
        block.lines = now;
    }
    if std::env::var_os("RUTTER_REWRITE").is_some() {
        let mut out = head;
        for (i, block) in blocks.iter().enumerate() {
            let _ = writeln!(out, "{}== {}", if i == 0 { "" } else { "\n" }, block.heading);
            for reason in &block.reasons {
                let _ = writeln!(out, "# {reason}");
            }
            for line in &block.lines {
                let _ = writeln!(out, "{line}");
            }
        }
        fs::write(&path, out).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "review and rewrite {FILE}:\n{}", wrong.join("\n\n"));
}

/// What a reader must be told about single pairs, wherever it stands in the list.
#[test]
fn caveats_say_what_the_asker_must_know() {
    for (heading, kind, words) in [
        ("US GB 2026-11-22", "CLOUD Act agreement", "may target a US person, wherever that is"),
        ("US DE 2026-11-22", "letter rogatory", "art. 48"),
        ("DE RU 2026-11-22", "regional MLA treaty", "has left the Council of Europe"),
        ("DE RU 2026-11-22", "letter rogatory", "cyber sanctions"),
        ("DE RU 2026-11-22", "letter rogatory", "localisation"),
        ("FR AT 2026-11-22", "preservation request", "29(4)"),
        ("FR NG 2026-11-22", "preservation request", "dual criminality"),
        ("FR NG 2026-11-22", "MLA", "of bilateral treaties the tables hold those of AU, CH, GB, IN, JP and US"),
        ("FR NG 2026-11-22", "24/7 network", "a later change is not excluded"),
        ("FR US 2026-11-22", "preservation request", "18 U.S.C. 2703(f)"),
        ("FR US 2026-11-22", "MLA", "representative in a Member State"),
        ("FR GP 2026-11-22", "", ""),
        ("DE GP 2026-11-22", "24/7 network", "as part of FR"),
        ("DE FO 2026-11-22", "letter rogatory", "not-extended"),
        ("US HK 2026-11-22", "bilateral MLAT", "suspended since"),
        ("GB FR 2026-11-22", "EU MLA Convention", "Trade and Cooperation Agreement"),
        ("JP KP 2026-11-22", "UNTOC", "organised criminal group"),
        ("TW US 2026-11-22", "bilateral MLAT", "AIT and TECRO"),
        ("US TW 2026-11-22", "letter rogatory", "whether the other side deals with authorities of TW"),
        ("FR CN 2026-11-22", "UNTOC", "bar handing evidence abroad"),
        ("RU UA-43 2026-11-22", "letter rogatory", "power in fact gives no right under a treaty"),
        ("FR CY-N 2026-11-22", "letter rogatory", "acquis suspended"),
        ("DE GI 2026-11-22", "letter rogatory", "are not taken for them"),
    ] {
        let list = channels(heading);
        if kind.is_empty() {
            assert!(list.is_empty(), "{heading}");
            continue;
        }
        let channel = list.iter().find(|c| &*c.kind == kind).unwrap_or_else(|| panic!("{heading}: no {kind}"));
        assert!(channel.caveats.iter().any(|c| c.contains(words)), "{heading} {kind}: {words:?} not in\n{:#?}", channel.caveats);
    }
}

/// Between parts of one state nothing is missing: there is nothing to ask of another.
#[test]
fn within_one_state_nothing_is_asked() {
    for (from, to) in [("DE", "DE"), ("FR", "RE"), ("AX", "FI"), ("GB", "UK"), ("UA", "UA-43")] {
        let (code, out, err) = run(&["law", "channel", from, to]);
        assert_eq!((code, err.as_str()), (0, ""), "{from} {to}");
        let words: String = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("its own authorities order what its law allows"), "{from} {to}: {out}");
        assert!(!words.contains("The tables know of none"), "{from} {to}: {out}");
        let v = json(&["law", "channel", from, to]);
        assert!(v["channels"].as_array().unwrap().is_empty());
        assert!(v["notes"].as_array().unwrap().iter().any(|n| n.as_str().unwrap().contains("its own authorities")));
    }
}

/// What a place is comes before the list, and the rule of the state that answers for it is not taken for its own.
#[test]
fn a_place_is_told_before_its_channels() {
    let v = json(&["law", "channel", "DE", "UA-43"]);
    assert!(v["notes"][0].as_str().unwrap().starts_with("UA-43, Crimea and Sevastopol: Ukrainian territory"), "{}", v["notes"]);
    assert!(v["retention"]["rule"].as_str().unwrap().contains("no row for UA-43"), "{}", v["retention"]);
    assert!(v["retention"]["lost_from"].is_null());
    let (_, out, _) = run(&["law", "channel", "RU", "UA-43"]);
    let (warning, list) = (out.find("the asker, RU").unwrap(), out.find("Channels, best first").unwrap());
    assert!(warning < list, "{out}");
}

/// A place without anybody who answers is a place; a code that is none is a mistake.
#[test]
fn nobody_answers_is_an_answer_whatever_the_length_of_the_code() {
    for place in ["XZ", "X-SAT", "X-AIR", "AQ"] {
        let v = json(&["law", "channel", "DE", place]);
        assert_eq!(v["channels"].as_array().map(Vec::len), Some(1), "{place}");
        assert_eq!(v["channels"][0]["body"], "nobody that the tables know of", "{place}");
        assert!(v["notes"][0].as_str().unwrap().starts_with(place), "{place}: {}", v["notes"]);
    }
    for code in ["QQ", "X-SET", "EU"] {
        assert_eq!(run(&["law", "channel", "DE", code]).0, 2, "{code}");
    }
}

/// The order is one of law, and nothing promises speed.
#[test]
fn no_word_promises_speed() {
    for args in [&["law", "channel", "FR", "DK"][..], &["law", "channel", "--help"], &["law", "--help"]] {
        assert!(!run(args).1.contains("fastest"), "{args:?}");
    }
    assert!(run(&["law", "channel", "FR", "DK"]).1.contains("what is in force before what is unknown"));
}
