//! Letters: what they carry, what they must not say, and that both renderings hold.

use std::collections::BTreeMap;

use super::{Block, Letter, docx, draft, markdown};
use crate::report::plan::sample::{code, hop, incident, plan_of, plan_on, report};

fn letters() -> Vec<Letter> {
    draft(&plan_of(&report(), "FR"))
}

fn text_of(letter: &Letter) -> String {
    letter
        .blocks
        .iter()
        .map(|b| match b {
            Block::Title(t) | Block::Heading(t) | Block::Para(t) => t.clone(),
            Block::Bullets(items) => items.join("\n"),
            Block::Table { rows, .. } => rows.iter().map(|r| r.join(" | ")).collect::<Vec<_>>().join("\n"),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn one_request_per_foreign_state_and_one_notice_per_place_of_use() {
    let names: Vec<String> = letters().into_iter().map(|l| l.name).collect();
    assert_eq!(
        names,
        [
            "BE-preservation-request",
            "DE-notification",
            "DE-preservation-request",
            "NL-preservation-request",
            "SG-notification",
            "SG-preservation-request",
            "US-preservation-request"
        ]
    );
    assert!(names.iter().all(|n| n.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')));
    let own: Vec<String> = draft(&plan_of(&report(), "DE")).into_iter().map(|l| l.name).collect();
    assert!(own.iter().all(|n| !n.starts_with("DE")), "no letter to oneself: {own:?}");
}

#[test]
fn facts_stand_in_and_blanks_are_marked() {
    let all = letters();
    let sg = all.iter().find(|l| l.name == "SG-preservation-request").unwrap();
    let text = text_of(sg);
    for fact in [
        "192.0.2.1",
        "tcp 192.0.2.1, port 40001",
        "2026-03-17T02:03:45.177207Z",
        "198.51.100.7, port 22",
        "e1",
        &"ab".repeat(32),
        &"cd".repeat(32),
        "p 0.97",
        "Convention on Cybercrime (ETS185), art. 29, through the contact point of art. 35",
        "rows as of 2026-11-22, grade partly",
        "at least 60 days",
        "Police of the asker",
        "[[CHECK]]",
        "MLA (Convention on Cybercrime (ETS185), art. 31)",
        "Location is not responsibility",
        "[[YOUR REFERENCE]]",
        "[[NAME AND OFFICE]]",
        "no legal advice",
    ] {
        assert!(text.contains(fact), "{fact} is not in\n{text}");
    }
    assert!(!text.contains("secret case"), "folders stay at home");
    let be = text_of(all.iter().find(|l| l.name == "BE-preservation-request").unwrap());
    assert!(be.contains("[[CHANNEL]]") && be.contains("[[COMPETENT BODY]]"));
    assert!(be.contains("only if the machine is there: location is uncertain"));
    let notice = text_of(all.iter().find(|l| l.name == "SG-notification").unwrap());
    assert!(notice.contains("a notice, not an accusation") && notice.contains("13(c)"));
    assert!(
        notice.contains("one of: UN points of contact") && notice.contains("the diplomatic channel: the foreign ministry of FR")
    );
    assert!(!notice.contains("Legal basis") && !notice.contains("UNTOC") && !notice.contains("ETS185"), "{notice}");
    assert!(notice.contains("geolocated in Singapore (SG)"));
}

/// What the recipient reads: all before the section that is taken out.
fn sent(letter: &Letter) -> String {
    let cut = letter.blocks.iter().position(|b| matches!(b, Block::Heading(h) if h.starts_with("For the writer only"))).unwrap();
    assert!(cut + 2 == letter.blocks.len(), "the last section");
    text_of(&Letter { name: letter.name.clone(), blocks: letter.blocks[..cut].to_vec() })
}

fn letter_of(all: &[Letter], name: &str) -> Letter {
    all.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn a_hop_that_was_inferred_is_not_told_as_seen() {
    let all = draft(&plan_of(&incident(), "EE"));
    let text = sent(&letter_of(&all, "NL-preservation-request"));
    assert!(text.contains("p1 hop 2: inferred, and not seen in the traffic (seen on the way back"), "{text}");
    assert!(text.contains("the forward path may differ"));
    assert!(text.contains("unknown time; the traffic on the path: 2026-03-17T14:31:50.000270Z"), "{text}");
    assert!(text.contains("No record that names these addresses has a time."), "{text}");
    assert!(!text.contains("Time of the records"));
    // The ends that its provider saw: no measurement of ours, no private address.
    assert!(text.contains("from 192.0.2.1 to 198.51.100.12"), "{text}");
    assert!(
        text.contains(
            "tcp 192.0.2.1, port 52000 | 198.51.100.12, port 443 | 2026-03-17T14:32:26.470Z | 2026-03-17T14:31:49.790Z"
        ),
        "{text}"
    );
    assert!(!text.contains("p3"), "our own traceroute is no traffic: {text}");
    assert!(!text.contains("192.0.2.1, port 51515"), "the mail went to another end: {text}");
    assert!(!text.contains("to 10.20.0.80;") && !text.contains("to 10.20.0.80:"), "{text}");
    assert!(text.contains("only if the traffic took this way"));
}

#[test]
fn an_inside_end_without_a_public_one_is_a_blank() {
    let mut blind = incident();
    blind["evidence"][3]["what"] = "tcp 192.0.2.1 -> 10.20.0.5 port 52000 -> 8443: x".into();
    let mapped = sent(&letter_of(&draft(&plan_of(&blind, "EE")), "SG-preservation-request"));
    assert!(mapped.contains("198.51.100.12, port 443") && !mapped.contains("10.20.0.5, port 8443"), "{mapped}");
    blind["evidence"][5]["what"] = "translation: not read".into();
    let text = sent(&letter_of(&draft(&plan_of(&blind, "EE")), "SG-preservation-request"));
    assert!(text.contains("[[PUBLIC ADDRESS AND PORT]] (inside: 10.20.0.5, port 8443)"), "{text}");
}

#[test]
fn ports_and_both_times_stand_in_the_letter_about_the_origin() {
    let text = sent(&letter_of(&draft(&plan_of(&incident(), "EE")), "SG-preservation-request"));
    assert!(text.contains("192.0.2.1, port 52000") && text.contains("192.0.2.1, port 51515"), "{text}");
    let rows = text.lines().filter(|l| l.contains("port 51515") && l.contains("port 25")).count();
    assert_eq!(rows, 1, "one conversation in two inputs is one row: {text}");
    assert!(text.contains("e1; also e9, recorded 2026-03-17T14:20:47.680Z by the clock of input 2"), "{text}");
    assert!(text.contains("2026-03-17T14:31:49.790Z (the clock of input 2 differs by +36.680 s)"), "{text}");
    assert!(text.contains("Which of the two was right is not recorded: [[CHECKED AGAINST UTC, AND HOW]]"), "{text}");
}

#[test]
fn each_form_is_headed_as_what_it_is() {
    let all = draft(&plan_of(&incident(), "EE"));
    let eio = letter_of(&all, "NL-preservation-request");
    assert!(matches!(&eio.blocks[0], Block::Title(t) if t.starts_with("Material for the form (Annex A)")));
    assert!(!text_of(&eio).contains("as long as your law allows") && sent(&eio).contains("issued, or validated, by a judge"));
    let epoc = letter_of(&draft(&plan_on(&incident(), "EE", "2026-11-22", None)), "AS64500-preservation-order");
    assert!(matches!(&epoc.blocks[0], Block::Title(t) if t.starts_with("Material for the certificate (EPOC-PR)")));
    assert!(!text_of(&epoc).contains("as long as your law allows"));
    let treaty = sent(&letter_of(&all, "SG-preservation-request"));
    assert!(treaty.contains("under article 29 of the Convention on Cybercrime") && treaty.contains("at least 60 days"));
    assert!(!treaty.contains("24 hours a day") && !treaty.contains("7 days a week"));
}

#[test]
fn sources_and_grades_are_for_the_writer_only() {
    for report in [report(), incident()] {
        let plan = plan_on(&report, "FR", "2026-04-01", Some("/home/me/mine (2 files, SHA-256 00…)"));
        for letter in draft(&plan) {
            let (text, whole) = (sent(&letter), text_of(&letter));
            for private in
                [", grade ", "(grade ", "https://www.example.org", "practice add", "rows as of", "/home/me", "dual criminality"]
            {
                assert!(!text.contains(private), "{}: {private} in {text}", letter.name);
            }
            for law in
                ["rule book of 2026-11-25", "a folder of your own: /home/me/mine", "practice add LEDGER", "can send none of them"]
            {
                assert!(whole.contains(law), "{}: no {law}", letter.name);
            }
        }
    }
    // The tables that places rest on are the recipient's business.
    let text = sent(&letter_of(&draft(&plan_of(&incident(), "EE")), "SG-preservation-request"));
    assert!(text.contains("placed with these tables: city-v4 (2026-09-01)") && !text.contains("rule-book"), "{text}");
}

#[test]
fn nobody_is_written_to_where_nobody_answers() {
    let mut odd = report();
    odd["paths"][0]["hops"][4] = hop(4, Some("198.51.100.7"), "proxy", "observed", &[("AQ", "territory", 0.9)], &["e3"]);
    let plan = plan_of(&odd, "FR");
    assert!(plan.requests.iter().any(|r| r.state == code("AQ")));
    assert!(draft(&plan).iter().all(|l| !l.name.starts_with("AQ")));
}

/// One order for a provider, with all its addresses and nobody's state as its ground; the letters to states stay.
#[test]
fn an_order_is_for_a_provider_and_not_for_a_state() {
    let plan = plan_on(&report(), "FR", "2026-11-22", None);
    let all = draft(&plan);
    let names: Vec<&str> = all.iter().map(|l| l.name.as_str()).filter(|n| !n.ends_with("-notification")).collect();
    assert_eq!(
        names,
        [
            "AS64500-preservation-order",
            "BE-preservation-request",
            "DE-preservation-request",
            "NL-preservation-request",
            "SG-preservation-request",
            "US-preservation-request"
        ]
    );
    let order = letter_of(&all, "AS64500-preservation-order");
    let text = sent(&order);
    for address in ["192.0.2.1 |", "192.0.2.9 |", "198.51.100.7 |"] {
        assert!(text.contains(address), "no {address}: {text}");
    }
    assert!(!text.contains("198.51.100.8 |") && !text.contains("victim's end"), "the victim's: {text}");
    for words in [
        "To | [[DESIGNATED ESTABLISHMENT OR LEGAL REPRESENTATIVE, AND IN WHICH MEMBER STATE]]",
        "Provider | AS64500",
        "It can be issued only if the provider offers services in the Union",
        "[[SERVICE THAT THE PROVIDER OFFERS IN THE UNION, AND HOW THAT IS KNOWN]]",
        "Time limit | 60 days",
        "10 days; 8 hours in an emergency",
        "placed in NL p 0.60, BE p 0.30 (e2)",
        "in whatever states their machines are",
        "This part is asked only if the traffic took this way",
    ] {
        assert!(text.contains(words), "no {words}: {text}");
    }
    assert!(!text.contains("eolocated in") && !text_of(&order).contains("in force for both"), "{text}");
    assert!(draft(&plan_of(&report(), "FR")).iter().all(|l| !l.name.ends_with("-order")), "not before the day");
}

/// Article 29(2)(f): a request for mutual assistance; what article 30 gives is told unasked.
#[test]
fn what_article_29_announces_is_mutual_assistance() {
    let mut all = report();
    for (state, basis) in [
        ("SE", "MLA (Convention on Cybercrime (ETS185), art. 31), by [[DATE]]"),
        (
            "BR",
            "MLA (European Convention on Mutual Assistance (ETS30), arts 1-20, read with art. 31 of the Convention on Cybercrime \
             (ETS185)), by [[DATE]]",
        ),
        ("KE", "MLA (Convention on Cybercrime (ETS185), arts 27, 31), by [[DATE]]"),
    ] {
        all["paths"][0]["hops"][2]["touches"][0]["state"] = state.into();
        let text = sent(&letter_of(&draft(&plan_of(&all, "FR")), &format!("{state}-preservation-request")));
        let points: Vec<&str> = text.lines().filter(|l| l.starts_with('(') && l.get(2..3) == Some(")")).collect();
        let letters: Vec<&str> = points.iter().filter_map(|l| l.get(1..2)).collect();
        assert_eq!(letters, ["a", "b", "c", "d", "e", "f"], "{text}");
        assert!(points[5].contains("request for mutual assistance") && points[5].contains(basis), "{state}: {}", points[5]);
        assert!(!points[5].contains("30") || state == "BR", "{}", points[5]);
        assert_eq!(text.matches("article 30)").count(), 1, "one sentence: {text}");
        assert!(!text.contains("disclosure of the path") && !text.contains("art. 30"), "{text}");
    }
}

/// What the forms ask for, in their order.
#[test]
fn the_forms_have_a_blank_for_all_that_they_ask() {
    let plan = plan_on(&incident(), "EE", "2026-11-22", None);
    let table = |letter: &Letter, first: &str| -> Vec<Vec<String>> {
        let found = letter.blocks.iter().find_map(|b| match b {
            Block::Table { head, rows } if head[0] == first => Some(rows.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no table of {first}"))
    };
    let all = draft(&plan);
    let eio = table(&letter_of(&all, "NL-preservation-request"), "Section of Annex A");
    let mut sections: Vec<&str> = eio.iter().map(|r| &r[0][..1]).collect();
    sections.dedup();
    assert_eq!(sections.concat(), "ABCDEFGHIJKL");
    let text = eio.concat().join("\n");
    for asked in ["earlier EIO", "persons concerned", "type of proceedings", "32 categories", "[[MAXIMUM PENALTY]]", "art. 6(1)"]
    {
        assert!(text.contains(asked), "no {asked}: {text}");
    }
    for asked in ["formalities", "legal remedies", "issued it", "validated it", "PROPORTIONALITY", "hand"] {
        assert!(text.contains(asked), "no {asked}: {text}");
    }
    let epoc = table(&letter_of(&all, "AS64500-preservation-order"), "Art. 6(4)");
    let letters: Vec<&str> = epoc.iter().map(|r| r[0].as_str()).collect();
    assert_eq!(letters, ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "(g)"]);
    let text = epoc.concat().join("\n");
    for asked in
        ["VALIDATING", "IN WHICH MEMBER STATE", "unique identifier", "art. 3(9)", "art. 3(10)", "art. 3(11)", "art. 3(12)"]
    {
        assert!(text.contains(asked), "no {asked}: {text}");
    }
    for row in epoc.iter().chain(eio.iter().filter(|r| r[0] != "A" && r[0] != "C")) {
        let here = row.last().unwrap();
        let blank = here.split_once("[[").and_then(|(_, t)| t.split_once("]]")).map(|(b, _)| b);
        assert!(blank.is_some_and(markdown::is_blank), "no blank that is marked in {row:?}");
    }
}

/// A row that was put together from others stands beside them; for a provider the words say where they are.
#[test]
fn what_a_piece_of_evidence_cites_is_in_the_table() {
    let mut cited = incident();
    let what = cited["evidence"][6]["what"].as_str().unwrap().replace("(e1, e9)", "(e1, e11, e9)");
    cited["evidence"][6]["what"] = what.into();
    let more =
        serde_json::json!({"id": "e11", "kind": "flow", "input": 2, "at": {"record": 3}, "time": null, "what": "of another"});
    cited["evidence"].as_array_mut().unwrap().push(more);
    let plan = plan_on(&cited, "EE", "2026-11-22", None);
    let ids = |name: &str| -> Vec<String> {
        let letter = letter_of(&draft(&plan), name);
        assert!(text_of(&letter).contains("has no row here stands in the report"));
        let rows = letter.blocks.iter().find_map(|b| match b {
            Block::Table { head, rows } if head[0] == "Id" => Some(rows.iter().map(|r| r[0].clone()).collect()),
            _ => None,
        });
        rows.unwrap()
    };
    let to_state = ids("SG-preservation-request");
    assert!(to_state.contains(&"e26".to_owned()) && to_state.contains(&"e11".to_owned()), "{to_state:?}");
    let by_clock = ids("NL-preservation-request");
    assert!(
        by_clock.contains(&"e26".to_owned()) && !by_clock.contains(&"e11".to_owned()),
        "the mail went another way: {by_clock:?}"
    );
    assert!(!ids("AS64500-preservation-order").contains(&"e11".to_owned()));
}

/// A state, its code, or a word for it, as the subject of what only people do.
#[test]
fn no_state_is_the_subject_of_an_attack_verb() {
    let verbs = [
        "attack",
        "hack",
        "launch",
        "breach",
        "infiltrat",
        "target",
        "compromis",
        "steal",
        "stole",
        "spied",
        "penetrat",
        "exploit",
        "is responsible",
        "is behind",
        "perpetrat",
        "committed",
        "guilty",
    ];
    for letter in letters() {
        let text = text_of(&letter).replace(crate::report::model::NON_CLAIM, "");
        for sentence in text.split(['.', '\n', '|', ';', ':']) {
            let lower = sentence.to_lowercase();
            let Some(at) = verbs.iter().filter_map(|v| lower.find(v)).min() else { continue };
            let before = &sentence[..at.min(sentence.len())];
            for subject in ["Singapore", "SG", "DE", "NL", "BE", "US", "State", "state", "government", "your "] {
                let named = before
                    .split(|c: char| !c.is_alphanumeric() && c != ' ')
                    .any(|part| part.split(' ').any(|w| w == subject.trim()));
                assert!(!named, "{}: {sentence}", letter.name);
            }
        }
        let lower = text.to_lowercase();
        for word in ["100 %", "100%", "confidence", "culprit is", "perpetrator"] {
            assert!(!lower.contains(word), "{}: {word}", letter.name);
        }
    }
}

#[test]
fn markdown_takes_no_orders() {
    for letter in letters() {
        let md = markdown::render(&letter);
        assert!(!md.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r', '\u{fffe}']));
        assert!(
            !md.contains("<script>")
                && !md.replace("\\]", "").contains("](http")
                && !md.contains("http://")
                && !md.contains("https://"),
            "{md}"
        );
        assert!(md.matches("**[[YOUR REFERENCE]]**").count() >= 1);
        // Every row of a table has the cells of its head.
        for table in md.split("\n\n").filter(|b| b.trim_start().starts_with('|')) {
            let cells = |l: &str| l.replace("\\|", "").matches('|').count();
            let mut lines = table.trim().lines();
            let head = cells(lines.next().unwrap());
            assert!(lines.all(|l| cells(l) == head), "{table}");
        }
    }
}

/// Reads a ZIP archive by its central directory, as APPNOTE 4.3 says, and checks sums and times.
fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()));
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let (count, size, mut at) = (u16_at(end + 10), u32_at(end + 12), u32_at(end + 16));
    assert_eq!(at + size, end);
    let mut out = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        assert_eq!((u16_at(at + 10), u16_at(at + 12), u16_at(at + 14)), (0, 0, 33), "stored, 1980-01-01");
        let (crc, length, name, local) = (u32_at(at + 16), u32_at(at + 24), u16_at(at + 28), u32_at(at + 42));
        let text = String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).unwrap();
        assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");
        assert_eq!(&bytes[local + 30..local + 30 + u16_at(local + 26)], text.as_bytes());
        let from = local + 30 + u16_at(local + 26) + u16_at(local + 28);
        let content = bytes[from..from + length].to_vec();
        let mut sum = flate2::Crc::new();
        sum.update(&content);
        assert_eq!(sum.sum() as usize, crc, "{text}");
        assert!(out.insert(text, content).is_none());
        at += 46 + name;
    }
    assert_eq!(at, end);
    out
}

/// Well-formed: every start tag has its end tag, in order, attributes are quoted, and `<` and `&` stand nowhere else.
fn well_formed(xml: &str) -> Result<usize, String> {
    let (mut open, mut rest, mut tags) =
        (Vec::new(), xml.strip_prefix("<?xml").and_then(|r| r.split_once("?>")).ok_or("head")?.1, 0);
    while let Some((text, tail)) = rest.split_once('<') {
        character_data(text)?;
        let (tag, after) = tail.split_once('>').ok_or("tag without end")?;
        tags += 1;
        if let Some(name) = tag.strip_prefix('/') {
            let last: &str = open.pop().ok_or_else(|| format!("</{name}> without start"))?;
            if last != name {
                return Err(format!("<{last}> closed by </{name}>"));
            }
        } else {
            let (body, alone) = tag.strip_suffix('/').map_or((tag, false), |b| (b, true));
            let (name, attributes) = body.split_once(' ').unwrap_or((body, ""));
            if name.is_empty()
                || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':')
                || attributes.matches('"').count() % 2 != 0
            {
                return Err(format!("<{tag}>"));
            }
            if !alone {
                open.push(name);
            }
        }
        rest = after;
    }
    character_data(rest)?;
    if open.is_empty() { Ok(tags) } else { Err(format!("open: {open:?}")) }
}

fn character_data(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('&') {
        if !["&amp;", "&lt;", "&gt;", "&quot;"].iter().any(|e| text[at..].starts_with(e)) {
            return Err(format!("& in {text}"));
        }
    }
    match text.chars().find(|&c| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        Some(c) => Err(format!("{c:?} in {text}")),
        None => Ok(()),
    }
}

#[test]
fn a_document_unzips_and_its_parts_are_well_formed() {
    for letter in letters() {
        let bytes = docx::render(&letter);
        let parts = unzip(&bytes);
        let names: Vec<&str> = parts.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels", "word/document.xml", "word/styles.xml"]
        );
        for (name, part) in &parts {
            let tags =
                well_formed(std::str::from_utf8(part).unwrap()).unwrap_or_else(|why| panic!("{} {name}: {why}", letter.name));
            assert!(tags > 2);
        }
        let document = std::str::from_utf8(&parts["word/document.xml"]).unwrap();
        assert!(document.contains("[[YOUR REFERENCE]]") && document.contains("w:val=\"yellow\""));
        assert!(!document.contains("<script>"));
        assert_eq!(bytes, docx::render(&letter), "the same letter gives the same bytes");
    }
}

#[test]
fn the_check_of_xml_can_fail() {
    let head = "<?xml version=\"1.0\"?>";
    assert!(well_formed(&format!("{head}<a><b/>x &amp; y</a>")).is_ok());
    for bad in ["<a><b></a></b>", "<a>", "<a>&</a>", "<a>\u{1b}</a>", "<a x=\"1></a>", "</a>"] {
        assert!(well_formed(&format!("{head}{bad}")).is_err(), "{bad}");
    }
    assert_eq!(docx::xml("a\u{1b}<&>\"\u{ffff}\n"), "a\u{fffd}&lt;&amp;&gt;&quot;\u{fffd} ");
}
