use serde_json::json;

use self::bad::BAD;
use self::good::GOOD;
use super::*;

mod bad;
mod good;

fn names() -> Names {
    let states = [
        ("CN", "China"),
        ("DE", "Germany"),
        ("EE", "Estonia"),
        ("FR", "France"),
        ("GB", "United Kingdom"),
        ("GE", "Georgia"),
        ("IL", "Israel"),
        ("IR", "Iran (Islamic Republic of)"),
        ("IT", "Italy"),
        ("IS", "Iceland"),
        ("KP", "North Korea"),
        ("NL", "Netherlands"),
        ("RU", "Russian Federation"),
        ("TR", "T\u{fc}rkiye"),
        ("AS", "American Samoa"),
        ("KR", "Republic of Korea"),
        ("US", "United States"),
        ("EU", "European Union code in registries"),
        ("HK", "Hong Kong"),
        ("CH", "Switzerland"),
        ("JP", "Japan"),
        ("NO", "Norway"),
    ];
    Names::new(states.map(|(code, name)| (StateCode::new(code).unwrap(), name))).with_instruments([
        "ETS185",
        "EIO",
        "Convention on Cybercrime",
    ])
}

fn rules(text: &str) -> Vec<Rule> {
    lint(text, &names()).into_iter().map(|f| f.rule).collect()
}

#[test]
fn every_bad_sentence_is_red_for_its_reason() {
    let green: Vec<_> = BAD.iter().filter(|(rule, text)| !rules(text).contains(rule)).collect();
    assert!(green.is_empty(), "not red: {green:#?}");
}

/// Who acts, how the verb is reached, and what is done: each with each. The same said of a place is innocent.
#[test]
fn every_subject_with_every_deed_is_red_and_no_place_is() {
    let who = [
        "Russia",
        "The Russian Federation",
        "RU",
        "The Russians",
        "Russian threat actors",
        "Russia's GRU",
        "The GRU",
        "APT28 (Russia)",
        "Russian APT28",
        "The government of Russia",
        "A foreign government",
        "Moscow",
        "Iran and Russia",
        "That state",
    ];
    let places = [
        "A host in Russia",
        "Hosts in Germany and Russia",
        "Hosts in Germany, France and Russia",
        "192.0.2.1 (RU)",
        "AS64496 (Russia)",
        "Russian hosts",
        "The server of a bank in Moscow, Russia,",
        "Traffic from Russia",
        "A proxy in the Russian Federation",
        "The Russian network",
        "Somebody",
        "Malware on a machine in Russia",
    ];
    let deeds = [
        "attacked the bank.",
        "allegedly attacked the bank.",
        "has repeatedly hacked the bank.",
        "exploits the server.",
        "may intercept the traffic.",
        "is scanning the network.",
        "tried to hack the bank.",
        "took down the exchange.",
        "broke into the server.",
        "is believed to have hacked the bank.",
        "kept attacking the bank.",
        "carried out the intrusion.",
        "did not only scan, but flooded the server.",
        "will disrupt the exchange.",
        "brute-forced the log-in.",
    ];
    let (mut green, mut red) = (Vec::new(), Vec::new());
    for deed in deeds {
        for who in who {
            let said = format!("{who} {deed}");
            if !rules(&said).contains(&Rule::StateAsActor) {
                green.push(said);
            }
        }
        for place in places {
            let said = format!("{place} {deed}");
            if !rules(&said).is_empty() {
                red.push(said);
            }
        }
    }
    assert!(green.is_empty() && red.is_empty(), "not red: {green:#?}\nred: {red:#?}");
}

#[test]
fn no_innocent_sentence_is_red() {
    let red: Vec<Fault> = GOOD.iter().flat_map(|text| lint(text, &names())).collect();
    assert!(red.is_empty(), "red: {red:#?}");
}

/// A bad sentence stays bad among innocent ones, in a table, in markup and broken over lines.
#[test]
fn nothing_hides_in_a_crowd() {
    for (rule, text) in BAD {
        let crowd = format!("Traffic came from Germany. It was seen twice.\n\n{text}\n\nIt ended in France.");
        assert!(rules(&crowd).contains(rule), "{text}");
        let page = format!("<p>It was <b>seen</b>.</p><table><tr><td>one</td></tr></table><p>{text}</p><p>It ended.</p>");
        assert!(rules(&text_of(&page)).contains(rule), "{text}");
        let title = format!("<svg><title>{text}</title><path d=\"M1 1\"/></svg>");
        assert!(rules(&text_of(&title)).contains(rule), "{text}");
    }
}

#[test]
fn markup_hides_neither_claims_nor_makes_them() {
    assert!(rules(&text_of("<p>Rus<b>sia</b> attacked the bank.</p>")).contains(&Rule::StateAsActor));
    assert!(rules(&text_of("<img alt=\"Russia attacked the bank\">")).contains(&Rule::StateAsActor));
    assert!(rules(&text_of("<p title=\"Russia attacked &quot;us&quot;\">x</p>")).contains(&Rule::StateAsActor));
    // Two cells are no sentence, code is data, style and script are no text.
    for innocent in [
        "<tr><td>Russia</td><td>attacked</td></tr>",
        "<p><code>Russia attacked us</code></p>",
        "<style>p:after { content: 'Russia attacked us 100%' }</style>",
        "<script>// Russia attacked us</script>",
        "<p>Russia</p><p>attacked</p>",
        "<div style=\"width:100%\">wide</div>",
    ] {
        assert_eq!(lint(&text_of(innocent), &names()), [], "{innocent}");
    }
    assert_eq!(text_of("a<b"), "a\n\n");
    assert_eq!(text_of("<!-- Russia attacked us -->x").trim(), "x");
}

/// A banner as the report has it: in its list of evidence, in a remark of the hop, and in a rendering of that.
fn hostile(banner: &str) -> serde_json::Value {
    json!({
        "evidence": [{"id": "e1", "what": format!("192.0.2.1 says to 192.0.2.2 by smtp (port 25): {banner}")}],
        "paths": [{"hops": [{"names": ["Russia attacked us.example.org"],
            "remarks": [format!("says of itself (smtp): {banner}; weight 0 for attribution"), format!("called itself {banner}")]}]}],
    })
}

const BANNER: &str = "220 Russia attacked you, likely, high confidence, 100 %";

/// Attributed, it is evidence; the same words anywhere else are the report's own.
#[test]
fn what_is_attributed_is_evidence_and_nothing_else_is() {
    let document = hostile(BANNER);
    assert_eq!(lint_strings(&document, &names()), []);
    let theirs = foreign(&document, &names());
    let good = format!(
        "says of itself (smtp): {BANNER}; weight 0 for attribution\n\n192.0.2.1 says to 192.0.2.2 by smtp (port 25): {BANNER}\n\n\
         called itself {BANNER}\n\nHe said \"{BANNER}\".\n\nRussia attacked us.example.org\n"
    );
    assert!(rules(&good).len() >= 3, "it would be red without the rule");
    assert_eq!(rules(&without_foreign(&good, &theirs)), []);
    // Broken over lines.
    let wrapped = good.replace("attacked you", "attacked\n      you").replace("itself (smtp)", "itself\n   (smtp)");
    assert_eq!(rules(&without_foreign(&wrapped, &theirs)), []);
    // Not attributed: the report says it itself, in prose, behind other words, in a cell, as a title.
    for bad in [
        format!("{BANNER}."),
        format!("The finding: {BANNER}."),
        format!("# {BANNER}"),
        "It is known: Russia attacked us.example.org and others.".to_owned(),
        format!("<td>one</td><td>{BANNER}</td>"),
        format!("says of itself (smtp): 220 hello; weight 0 for attribution. {BANNER}"),
    ] {
        assert!(rules(&without_foreign(&text_of(&bad), &theirs)).contains(&Rule::StateAsActor), "{bad}");
    }
    // What the report adds is read.
    let mixed = format!("says of itself (smtp): {BANNER}; weight 0 for attribution. China attacked the mail server.");
    assert_eq!(rules(&without_foreign(&mixed, &theirs)), [Rule::StateAsActor]);
}

/// In a document too: by its keys and marks, and not because the words stand in it somewhere.
#[test]
fn a_document_is_not_silenced_by_what_it_quotes() {
    for (pointer, text) in [
        ("/paths/0/hops/0/remarks/0", BANNER.to_owned()),
        ("/paths/0/hops/0/remarks/0", format!("the host is {BANNER}")),
        // The mark needs its end.
        ("/paths/0/hops/0/remarks/0", format!("says of itself (smtp): {BANNER}")),
        ("/evidence/0/what", BANNER.to_owned()),
        ("/evidence/0/what", format!("{BANNER} says to 192.0.2.2 by smtp (port 25): 220 hello")),
        ("/evidence/0/what", format!("{BANNER} is a name (ptr)")),
    ] {
        let mut document = hostile(BANNER);
        *document.pointer_mut(pointer).unwrap() = json!(text);
        let rules: Vec<Rule> = lint_strings(&document, &names()).into_iter().map(|f| f.rule).collect();
        assert!(rules.contains(&Rule::StateAsActor), "{pointer}: {text}");
    }
    // Stray quotation marks in it open nothing, and close nothing.
    let document = hostile("220 \"hello");
    let text = "says of itself (smtp): 220 \"hello; weight 0 for attribution. Russia attacked the \"bank\".";
    assert_eq!(rules(&without_foreign(text, &foreign(&document, &names()))), [Rule::StateAsActor]);
    let mut document = hostile("220 x; weight 0 for attribution. Russia attacked \"us");
    assert_eq!(lint_strings(&document, &names()), [], "the last end counts");
    document["paths"][0]["remarks"] = json!(["says of itself (smtp): 220 x; weight 0 for attribution. Russia attacked us"]);
    assert_eq!(lint_strings(&document, &names()).len(), 1);
    // Every mark, with something hostile behind it.
    for text in [
        "Message-ID <Russia attacked us@evil.example>",
        "a header names Russia attacked us as the sending client: a claim of whoever wrote it",
        "mail <Russia attacked us>, handed by 192.0.2.1 (says it is China hacked us) to 192.0.2.2: 2 Received lines",
        "a mail (<Russia attacked us>) says that 192.0.2.1 handed it over",
        "x-forwarded-for from 192.0.2.1 to 192.0.2.2: Russia attacked us, 192.0.2.3",
        "192.0.2.1 is russia-attacked.example Russia attacked us (ptr)",
        "a list points at 192.0.2.0/24: Russia attacked us, 100 %",
        "a detector fired 3 times here: \"Russia \"attacked\" us\", \"China hacked us\" and 2 more",
        "alert \"a\" Russia attacked \"b\": 192.0.2.1 -> 192.0.2.2, blocked",
        "asked for shop.example and Russia attacked us",
        "authentication: Russia attacked us",
    ] {
        assert_eq!(lint_strings(&json!({"paths": [{"remarks": [text]}]}), &names()), [], "{text}");
        let said = format!("Note well. {text}");
        let first = text.split(' ').next().unwrap_or_default();
        if !["a", "alert"].contains(&first) {
            assert_ne!(lint_strings(&json!({"paths": [{"remarks": [said]}]}), &names()), [], "{said}: only at the beginning");
        }
    }
}

#[test]
fn tables_are_read_cell_by_cell() {
    let text = "Title\n\n  Prose of the table.\n   what       to whom; caveats     known\n   1. first   The Russian          partly,\n              \
                Federation is a      2025 [1]\n              place\n   2. other   somebody             confirmed\n\nSources\n";
    let read = of_tables(text);
    assert!(read.contains("\n1. first\tThe Russian Federation is a place\tpartly, 2025 [1]\n"), "{read}");
    assert!(read.contains("\n2. other\tsomebody\tconfirmed\n") && read.contains("Title\n\n  Prose of the table.\n"), "{read}");
    let bad = text.replace("is a      2025", "attacked  2025").replace("place", "us   ");
    assert_eq!(rules(&bad), [], "read by lines it is lost");
    assert_eq!(rules(&of_tables(&bad)), [Rule::StateAsActor]);
    // Neighbours make no sentence.
    let apart = "   state      what\n   Russia     attacked\n   Germany    was here\n";
    assert_eq!(rules(&of_tables(apart)), []);
    assert_eq!(of_tables("no table\n    Seen       then\n"), "no table\n    Seen       then\n");
    // A row that binds needs its date and grade in the row.
    let row = "   instrument   status   known\n   ETS185       party    confirmed\n   EIO          party    2017, partly\n";
    assert_eq!(rules(&of_tables(row)), [Rule::InstrumentWithoutDateOrGrade]);
}

#[test]
fn markdown_is_read_as_it_is_seen() {
    assert!(rules(&of_markdown("# Rus**sia** attacked the bank")).contains(&Rule::StateAsActor));
    assert!(rules(&of_markdown("- the bank\\: attacked by Russia\\!")).contains(&Rule::StateAsActor));
    assert_eq!(rules(&of_markdown("| Russia | attacked |\n|---|---|\n| a | b |\n")), []);
    assert_eq!(of_markdown("a\\_b\\\\c"), "a_b\\c\n\n");
    let document = hostile("220 Russia | attacked");
    let text = of_markdown("| e1 | 192.0.2.1 says to 192.0.2.2 by smtp (port 25): 220 Russia \\| attacked |");
    assert_eq!(rules(&without_foreign(&text, &foreign(&document, &names()))), []);
}

/// A number that is called a probability has evidence beside it.
#[test]
fn probabilities_in_outputs_rest_on_something() {
    let red = |text: &str, near| !lint_probabilities(text, &names(), near).is_empty();
    for bad in ["The hop is in Germany, p 0.93.", "probability of 0.9", "p = 0.5", "DE 0.93 Frankfurt", "p up to 0.97"] {
        assert!(red(bad, Near::Evidence) && red(bad, Near::Finding), "{bad}");
        assert!(red(&format!("It rests on e12.\n\n{bad}"), Near::Evidence), "another paragraph: {bad}");
        assert!(!red(&format!("{bad} (e12)"), Near::Evidence), "{bad}");
        assert!(!red(&format!("hop 3: {bad}"), Near::Finding) && red(&format!("hop 3: {bad}"), Near::Evidence), "{bad}");
    }
    for good in ["0.93", "p1 has four hops", "DE 2009", "90 % interval +0.20", "p 1 in 256"] {
        assert!(!red(good, Near::Evidence), "{good}");
    }
}

fn report() -> serde_json::Value {
    json!({
        "evidence": [{"id": "e1", "what": "192.0.2.1 says to 192.0.2.2 by smtp (port 25): 220 Russia attacked you"}],
        "paths": [{
            "hops": [
                {"kind": "asserted", "locus": [{"state": "US", "p": 0.9}], "touches": [], "because": []},
                {"kind": "observed", "names": ["a.example"], "locus": [{"state": "DE", "p": 0.93}], "because": ["e1"],
                 "remarks": ["says of itself (smtp): 220 Russia attacked you; weight 0 for attribution"],
                 "touches": [{"state": "DE", "basis": "territory", "p": 0.93, "regimes": [
                    {"instrument": "ETS185", "status": "party", "in_force": "2009-07-01", "grade": "confirmed",
                     "source": "https://www.coe.int", "note": ""},
                    {"instrument": "EIO", "status": "party", "in_force": null, "grade": "partly", "source": "s",
                     "note": "date unknown: listed as party on 2021"}]}]},
            ],
            "borders": [{"from": 1, "to": 1, "p": 0.9}],
            "states": [{"state": "DE", "p": 0.93}],
        }],
        "requests": [{"state": "DE", "p": 0.93, "because": ["e1"]}],
        "coverage": {"instruments": [{
            "instrument": "ETS185", "title": "Convention on Cybercrime", "force": "in force since 2004-07-01", "grade": "confirmed",
            "source": "https://www.coe.int", "cells": [
                {"state": "DE", "status": "party", "since": "2009-07-01", "grade": "confirmed", "as_of": "2025-10-28"},
                {"state": "FR", "status": "party", "since": null, "grade": "partly", "as_of": "unknown"},
                {"state": "RU", "status": "not-party", "since": null, "grade": "confirmed", "as_of": "2025-10-28"},
                {"state": "KP", "status": "unknown", "since": null, "grade": "unconfirmed", "as_of": "unknown"}]}]},
        "matrices": [{"what": "instruments", "rows": [{"item": "ETS185", "title": "Convention on Cybercrime", "cells": [
            {"value": "party", "date": "2009-07-01", "grade": "confirmed", "as_of": "2025-10-28", "source": "s"},
            {"value": "unknown", "date": null, "grade": null, "as_of": "unknown", "source": ""}]}]}],
        "channels": [{"instrument": "ETS185", "usable": "yes", "grade": "confirmed", "as_of": "2026-05", "source": "s"}],
    })
}

/// Changes one thing in a good report.
fn broken(pointer: &str, to: serde_json::Value) -> Vec<Rule> {
    let mut report = report();
    *report.pointer_mut(pointer).unwrap() = to;
    lint_rows(&report).into_iter().map(|f| f.rule).collect()
}

#[test]
fn rows_carry_evidence_dates_and_grades() {
    assert_eq!(lint_rows(&report()), []);
    let hop = "/paths/0/hops/1";
    let cover = |key: &str| format!("/coverage/instruments/0/{key}");
    let regime = |n: u8, key: &str| format!("{hop}/touches/0/regimes/{n}/{key}");
    for (pointer, to, rule) in [
        (format!("{hop}/because"), json!([]), Rule::ProbabilityWithoutEvidence),
        (format!("{hop}/because"), json!(["e7"]), Rule::ProbabilityWithoutEvidence),
        ("/paths/0/hops/0/touches".into(), json!([{"state": "US"}]), Rule::ProbabilityWithoutEvidence),
        ("/paths/0/hops/0/kind".into(), json!("observed"), Rule::ProbabilityWithoutEvidence),
        ("/paths/0/borders/0/from".into(), json!(0), Rule::ProbabilityWithoutEvidence),
        (format!("{hop}/locus/0/p"), json!(1.0), Rule::Certainty),
        ("/paths/0/states/0/p".into(), json!(1.0), Rule::Certainty),
        (regime(0, "grade"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (regime(0, "grade"), json!("sure"), Rule::InstrumentWithoutDateOrGrade),
        (regime(0, "source"), json!(" "), Rule::InstrumentWithoutDateOrGrade),
        (regime(0, "in_force"), json!(null), Rule::InstrumentWithoutDateOrGrade),
        (regime(1, "note"), json!("art. 32"), Rule::InstrumentWithoutDateOrGrade),
        ("/channels/0/as_of".into(), json!(""), Rule::InstrumentWithoutDateOrGrade),
        ("/requests/0/because".into(), json!([]), Rule::ProbabilityWithoutEvidence),
        ("/requests/0/because".into(), json!(["e9"]), Rule::ProbabilityWithoutEvidence),
        (cover("title"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (cover("force"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (cover("force"), json!("in force"), Rule::InstrumentWithoutDateOrGrade),
        (cover("grade"), json!(null), Rule::InstrumentWithoutDateOrGrade),
        (cover("source"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/0/since"), json!("soon"), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/0/grade"), json!("sure"), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/0/as_of"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/0/status"), json!(""), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/1/grade"), json!("confirmed"), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/2/since"), json!("2009-07-01"), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/3/grade"), json!("confirmed"), Rule::InstrumentWithoutDateOrGrade),
        (cover("cells/0"), json!({"status": "party", "grade": "partly", "as_of": "2020"}), Rule::InstrumentWithoutDateOrGrade),
        ("/matrices/0/rows/0/cells/0/grade".into(), json!(null), Rule::InstrumentWithoutDateOrGrade),
        ("/matrices/0/rows/0/cells/0/date".into(), json!("x"), Rule::InstrumentWithoutDateOrGrade),
    ] {
        assert!(broken(&pointer, to.clone()).contains(&rule), "{pointer} = {to}");
    }
}

#[test]
fn strings_of_a_document_are_read_where_they_are_its_own() {
    assert_eq!(lint_strings(&report(), &names()), []);
    let mut bad = report();
    bad["paths"][0]["remarks"] = json!(["Russia attacked the bank"]);
    assert_eq!(lint_strings(&bad, &names()).len(), 1);
    bad = report();
    bad["paths"][0]["hops"][1]["as_name"] = json!("Russia attacked Ltd");
    assert_eq!(lint_strings(&bad, &names()), []);
}

/// Names of states under the keys for names, and as a source, take no state out of the sentences of a document.
#[test]
fn a_name_in_a_row_silences_no_sentence() {
    for named in ["Russian Federation", "North Korea", "Iran (Islamic Republic of)", "the Russian Federation"] {
        let short = named.split(" (").next().unwrap();
        let claim = format!("{short} attacked the bank.");
        let document = json!({
            "name": named, "names": [named], "source": named, "sources": [{"name": named}], "remarks": [claim],
            "states": [{"state": "RU", "name": named, "sources": [{"name": named, "note": claim}]}],
        });
        let found: Vec<Rule> = lint_strings(&document, &names()).into_iter().map(|f| f.rule).collect();
        assert_eq!(found, [Rule::StateAsActor; 2], "{named}");
        let broken = format!("one\n{short}\nattacked the bank.");
        assert_eq!(rules(&without_foreign(&broken, &foreign(&document, &names()))), [Rule::StateAsActor], "{named}");
    }
}

#[test]
fn likelihood_changes_at_the_published_bounds() {
    let words: Vec<&str> = [0.02, 0.05, 0.2, 0.45, 0.55, 0.8, 0.95].map(likelihood).into();
    let table =
        ["almost no chance", "very unlikely", "unlikely", "roughly even chance", "likely", "very likely", "almost certain"];
    assert_eq!(words, table);
    assert_eq!([likelihood(0.049), likelihood(0.949), likelihood(f32::NAN)], ["almost no chance", "very likely", "unknown"]);
    // Each of them is a word of likelihood for the linter.
    for word in table {
        assert_eq!(rules(&format!("It is {word}, high confidence.")), [Rule::LikelihoodWithConfidence], "{word}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", markup in "[<>a-z\"'/ =!-]{0,80}") {
        let _ = lint(&text, &names());
        let _ = lint(&text_of(&markup), &names());
        let _ = lint(&of_tables(&of_markdown(&text)), &names());
        let _ = lint_probabilities(&text, &names(), Near::Evidence);
        let document = json!({"paths": [{"remarks": [text.clone(), format!("says of itself (x): {text}; weight 0 for attribution")]}]});
        let _ = lint_strings(&document, &names());
        let _ = without_foreign(&markup, &foreign(&document, &names()));
    }

    /// Whatever somebody writes into a banner is no claim of the report, and makes none of its neighbours vanish.
    #[test]
    fn no_banner_silences_or_is_a_claim(banner in "[ -~]{4,60}") {
        let document = hostile(&banner);
        let red: Vec<Fault> = lint_strings(&document, &names());
        proptest::prop_assert!(red.is_empty(), "{:?}", red);
        let text = format!("says of itself (smtp): {banner}; weight 0 for attribution\n\nRussia attacked the bank.");
        proptest::prop_assert!(rules(&without_foreign(&text, &foreign(&document, &names()))).contains(&Rule::StateAsActor));
    }
}
