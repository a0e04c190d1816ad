use std::collections::BTreeSet;

use serde_json::json;

use super::*;

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
        ("US", "United States"),
        ("EU", "European Union code in registries"),
        ("HK", "Hong Kong"),
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

/// Made-up bad sentences: each is red, and for the reason it was made for.
const BAD: &[(Rule, &str)] = &[
    (Rule::StateAsActor, "Russia attacked the bank."),
    (Rule::StateAsActor, "The Russian Federation has repeatedly attacked the bank."),
    (Rule::StateAsActor, "RU attacked 198.51.100.7."),
    (Rule::StateAsActor, "On 2026-03-17 China hacked into the ministry."),
    (Rule::StateAsActor, "China allegedly stole the mails."),
    (Rule::StateAsActor, "It is shown that Iran infiltrated the network."),
    (Rule::StateAsActor, "Iran, which denies it, launched the intrusion."),
    (Rule::StateAsActor, "North Korea (KP) carried out the theft."),
    (Rule::StateAsActor, "The government of Iran is behind the flood."),
    (Rule::StateAsActor, "The Chinese government ordered the operation."),
    (Rule::StateAsActor, "The intelligence services of the Netherlands infiltrated the servers."),
    (Rule::StateAsActor, "Israel's military struck the data centre."),
    (Rule::StateAsActor, "The Kremlin ordered the intrusion."),
    (Rule::StateAsActor, "Beijing sponsored the hackers."),
    (Rule::StateAsActor, "The U.S. attacked the router."),
    (Rule::StateAsActor, "The United\n    States\n    attacked the router."),
    (Rule::StateAsActor, "Germany, France and Italy attacked the router."),
    (Rule::StateAsActor, "In 2022, Russia attacked the exchange."),
    (Rule::StateAsActor, "The server was attacked by Russia."),
    (Rule::StateAsActor, "The server was attacked in March by the Russian military."),
    (Rule::StateAsActor, "An operation conducted by the Russian secret service."),
    (Rule::StateAsActor, "The flood was ordered by China."),
    (Rule::StateAsActor, "The exchange suffered an attack by Iran."),
    (Rule::StateAsActor, "Russian hackers were in the network."),
    (Rule::StateAsActor, "Chinese state hackers were in the network."),
    (Rule::StateAsActor, "This is China's cyberattack."),
    (Rule::StateAsActor, "Attackers from Iran were in the network."),
    (Rule::StateAsActor, "A Russia-backed group did it."),
    (Rule::StateAsActor, "The tools are those of state-sponsored hackers."),
    (Rule::StateAsActor, "A nation-state actor did it."),
    (Rule::StateAsActor, "The intrusion is attributed to North Korea."),
    (Rule::StateAsActor, "The scan was the work of Iran."),
    (Rule::StateAsActor, "Iran is responsible for the intrusion."),
    (Rule::StateAsActor, "Iran is the attacker."),
    (Rule::StateAsActor, "Georgia attacked the router."),
    (Rule::StateAsActor, "T\u{fc}rkiye hijacked the prefix."),
    (Rule::StateAsActor, "Turkey hijacked the prefix."),
    (Rule::StateAsActor, "Russia conducted the campaign."),
    (Rule::StateAsActor, "The attack was launched by Russian intelligence."),
    (Rule::LikelihoodWithConfidence, "The hop is likely in Germany (high confidence)."),
    (Rule::LikelihoodWithConfidence, "We are confident that it is probably a proxy."),
    (Rule::LikelihoodWithConfidence, "Almost certain, confidence: high."),
    (Rule::LikelihoodWithConfidence, "With moderate confidence it is very\n  unlikely that the hop is there."),
    (Rule::Certainty, "The hop is in Germany with 100 %."),
    (Rule::Certainty, "100% of packets came back."),
    (Rule::Certainty, "100 per cent of packets came back."),
    (Rule::Certainty, "100.0 % of packets came back."),
    (Rule::Certainty, "It is certain that the hop is there."),
    (Rule::Certainty, "The place is absolutely certain."),
    (Rule::Certainty, "The hop is certainly there."),
    (Rule::Certainty, "That is beyond doubt."),
    (Rule::Certainty, "It lies there with certainty."),
    (Rule::Certainty, "DE (p 1.00)"),
    (Rule::Certainty, "The probability is 1."),
    (Rule::Certainty, "probability = 1.0"),
    (Rule::InstrumentWithoutDateOrGrade, "ETS185 binds Germany."),
    (Rule::InstrumentWithoutDateOrGrade, "DE  ETS185 party [confirmed]"),
    (Rule::InstrumentWithoutDateOrGrade, "ETS185 party since 2009-07-01"),
    (
        Rule::InstrumentWithoutDateOrGrade,
        "NL  territory at hop 4\n        ETS185 party since 2007-03-01 [partly]; EIO party [partly]",
    ),
    (Rule::InstrumentWithoutDateOrGrade, "ETS185\tparty\tconfirmed"),
    (Rule::InstrumentWithoutDateOrGrade, "The Convention on Cybercrime is in force for it."),
    (Rule::InstrumentWithoutDateOrGrade, "ETS185 party since 2009-07-01 [confirmed]; EIO party [partly]"),
];

/// Innocent and close to it.
const GOOD: &[&str] = &[
    "Traffic from an address located in Russia reached the server.",
    "Targets in Germany were attacked.",
    "Hosts in Germany, France and Italy attacked the server.",
    "A host in Tbilisi, Georgia, attacked the server.",
    "The host in Frankfurt, Germany attacked nobody.",
    "Estonia was attacked in 2007.",
    "Estonia has been attacked.",
    "The server was attacked by hosts in Russia.",
    "The server was attacked by US hosts.",
    "The server was attacked from Russia.",
    "Georgia Tech launched a probe.",
    "Servers at a university in Georgia launched the probe.",
    "Location is not responsibility: that traffic was launched from, passed through or ended in a state's territory is not \
     sufficient to attribute it to that state.",
    "This letter does not attribute the intrusion to Germany.",
    "Nothing here says that the conduct is attributable to France.",
    "Denmark is responsible for the territory.",
    "Germany ordered preservation of the data on 2026-03-18.",
    "Russia sponsored resolution 73/27.",
    "France launched the Christchurch Call.",
    "The text was sponsored by Russia as a draft resolution.",
    "AS 64496 attacked nobody.",
    "IT ATTACKED hosts",
    "The polish of the page was attacked.",
    "It says of itself \"Russia attacked us, 100 % certain\".",
    "Host russia-attacked-us.example.org answered.",
    "Asked with the user agent `China hacked you with high confidence, likely`.",
    "Attackers who use hosts in Germany can be elsewhere.",
    "US orders go straight to providers.",
    "The German attack surface was measured.",
    "DE 0.93 Frankfurt am Main",
    "It is likely that the hop is in Germany. The sources agree: high confidence.",
    "almost certain\tlikely\tunlikely\thigh confidence",
    "90 % interval, equally likely",
    "A confidence interval is likely to be wide.",
    "0.100 % of packets, 2,100 % more, 1100%",
    "Nothing is certain.",
    "It is not certain that the hop is there.",
    "It is almost certain.",
    "There are certain kinds of hops.",
    "A certain host answered.",
    "p 0.93, p1, p 1 in 256, probability 1/2",
    "finding p1: probability 0.99",
    "ETS185 party since 2009-07-01 [confirmed]",
    "EIO party, date unknown [partly]",
    "ETS185 not-party [confirmed]",
    "FO is outside ETS185, which is in force for Denmark.",
    "ETS185\tparty\tsince 2009-07-01\tconfirmed",
    "CETS224 signatory [confirmed]; ETS185 party since 2009-07-01 [confirmed]",
    "ETS185 arts 17, 29, 30, 35: Party to Party.",
];

#[test]
fn every_bad_sentence_is_red_for_its_reason() {
    let green: Vec<_> = BAD.iter().filter(|(rule, text)| !rules(text).contains(rule)).collect();
    assert!(green.is_empty(), "not red: {green:#?}");
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

/// What attackers write is data wherever it stands; taken away, the rest of the sentence is still read.
#[test]
fn quoted_evidence_is_no_claim_of_the_report() {
    let banner = "220 Russia attacked you, likely, high confidence, 100 %".to_owned();
    let line = "says of itself (smtp): 220 Russia attacked you, likely,\n      high confidence, 100 %; weight 0 for attribution";
    assert!(rules(line).len() >= 3);
    let data = BTreeSet::from([banner]);
    assert_eq!(rules(&without_data(line, &data)), []);
    let mixed = format!("{line}. China attacked the mail server.");
    assert_eq!(rules(&without_data(&mixed, &data)), [Rule::StateAsActor]);
    assert_eq!(without_data("abc", &BTreeSet::from(["a".to_owned(), String::new()])), "abc");
}

fn report() -> serde_json::Value {
    json!({
        "evidence": [{"id": "e1", "what": "220 Russia attacked you"}],
        "paths": [{
            "hops": [
                {"kind": "asserted", "locus": [{"state": "US", "p": 0.9}], "touches": [], "because": []},
                {"kind": "observed", "names": ["a.example"], "locus": [{"state": "DE", "p": 0.93}], "because": ["e1"],
                 "remarks": ["says of itself: 220 Russia attacked you"],
                 "touches": [{"state": "DE", "basis": "territory", "p": 0.93, "regimes": [
                    {"instrument": "ETS185", "status": "party", "in_force": "2009-07-01", "grade": "confirmed",
                     "source": "https://www.coe.int", "note": ""},
                    {"instrument": "EIO", "status": "party", "in_force": null, "grade": "partly", "source": "s",
                     "note": "date unknown: listed as party on 2021"}]}]},
            ],
            "borders": [{"from": 1, "to": 1, "p": 0.9}],
            "states": [{"state": "DE", "p": 0.93}],
        }],
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
        let _ = without_data(&text, &BTreeSet::from([markup]));
    }
}
