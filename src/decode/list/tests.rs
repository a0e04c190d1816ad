//! Lists in every form, what is no list, and bytes that want to do harm.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::decode::format::BEGINNING;
use crate::decode::record::{Piece, Step};
use crate::model::record::{Indicator, Pattern, Said, Saying};

/// Reads a whole input: every statement as `target: label`, every rejected record as `!why`, and the number of records.
fn read(format: Format, text: &[u8]) -> (Vec<String>, u64) {
    let (mut decoder, mut rest, mut words, mut records) = (open(format), text, Vec::new(), 0);
    while !rest.is_empty() {
        let mut out = Vec::new();
        let Step::Piece { bytes, read } = decoder.step(rest, true, &mut out) else { panic!("more at the end") };
        assert!(bytes > 0 && bytes <= rest.len());
        rest = &rest[bytes..];
        words.extend(out.iter().map(in_words));
        match read {
            Ok(Piece { records: n, rejected, why }) => {
                records += n;
                assert_eq!(rejected > 0, why.is_some());
                words.extend(why.map(|why| format!("!{} {}", rejected, why.0)));
            }
            Err(why) => words.push(format!("!{}", why.0)),
        }
    }
    (words, records)
}

fn in_words(said: &Said) -> String {
    let Saying::Indicator(indicator) = &said.fact else { panic!("{said:?}") };
    let Indicator { pattern, label, valid } = &**indicator;
    let target = match pattern {
        Pattern::Net(net) => net.to_string(),
        Pattern::Name(name) => name.to_string(),
    };
    let time = |t: Option<crate::model::time::Timestamp>| t.map(|t| t.to_string()).unwrap_or_default();
    match valid {
        (None, None) => format!("{target}: {label}"),
        (from, until) => format!("{target}: {label} {}..{}", time(*from), time(*until)),
    }
}

#[test]
fn lines_with_comments_and_columns() {
    let text = "\u{feff}; a list\n# of things\n192.0.2.0/24 ; SBL1\n\n198.51.100.7 # scanner\n203.0.113.9\tbot,net\r\n\
                2001:db8::/32;x\nbad[.]example[.]org | phishing\nhxxp://203[.]0[.]113[.]8/x.exe\n192.0.2.1-192.0.2.9\n\
                192.0.2.1 - 192.0.2.9\nwhat is this\n*.example.org\n198.51.100.8#4#2#Scanning Host\n";
    let (words, records) = read(Format::Plain, text.as_bytes());
    assert_eq!(
        words,
        [
            "192.0.2.0/24: SBL1",
            "198.51.100.7/32: scanner",
            "203.0.113.9/32: bot,net",
            "2001:db8::/32: x",
            "bad.example.org: phishing",
            "203.0.113.8/32: listed",
            "!a range of addresses, not a prefix",
            "!a range of addresses, not a prefix",
            "!neither an address nor a prefix nor a host name",
            "!a wildcard",
            "198.51.100.8/32: 4#2#Scanning Host",
        ]
    );
    assert_eq!(records, 7);
}

#[test]
fn csv_with_headings() {
    let text = "# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n\"2026-01-01 00:00:00\",\"192.0.2.4\",\"443\",\"Some, \x1bthing\"\n\"short\"\n";
    assert_eq!(
        read(Format::Plain, text.as_bytes()).0,
        ["192.0.2.4/32: Some, \\x1bthing", "!neither an address nor a prefix nor a host name"]
    );
    let text = "date;indicator;type;description\n2026-01-01;bad.example.org;domain;c2\n2026-01-01;;ip;\n2026-01-01\n";
    assert_eq!(
        read(Format::Plain, text.as_bytes()).0,
        ["bad.example.org: c2", "!neither an address nor a prefix nor a host name", "!a row without the column of the entry"]
    );
    // A row is no heading because one of its columns says `domain`.
    assert_eq!(read(Format::Plain, b"bad.example.org,domain,x\n").0, ["bad.example.org: domain,x"]);
    assert_eq!(read(Format::Plain, b"# ip, reason\n192.0.2.1\n192.0.2.2,x\n").0, ["192.0.2.1/32: listed", "192.0.2.2/32: x"]);
}

#[test]
fn hosts_files_and_ipset() {
    let text = "127.0.0.1 localhost localhost.localdomain\n255.255.255.255 broadcasthost\n::1 ip6-localhost\n\
                0.0.0.0 bad.example.org worse.example.org # both\n0.0.0.0 0.0.0.0\n";
    assert_eq!(
        read(Format::Plain, text.as_bytes()),
        (vec!["bad.example.org: listed".into(), "worse.example.org: listed".into()], 5)
    );
    let text = "create drop hash:net family inet\nadd drop 192.0.2.0/24 timeout 300\nadd drop 198.51.100.1\n";
    assert_eq!(
        read(Format::Plain, text.as_bytes()),
        (vec!["192.0.2.0/24: timeout 300".into(), "198.51.100.1/32: listed".into()], 2)
    );
}

const BUNDLE: &str = r#"{
  "type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
  "objects": [
    {"type": "identity", "id": "identity--5d0092c5-5f74-4287-9642-33f4c354e56d", "name": "192.0.2.99"},
    {"type": "indicator", "id": "indicator--5d0092c5-5f74-4287-9642-33f4c354e56d", "name": "C2\u001b[31m",
     "pattern_type": "stix", "pattern": "[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'it\\'s']",
     "valid_from": "2026-01-01T00:00:00.5Z", "valid_until": "2026-02-01T00:00:00Z"},
    {"type": "indicator", "id": "x", "pattern": "[ipv4-addr:value = '198.51.100.2']", "revoked": true},
    {"type": "indicator", "pattern_type": "snort", "pattern": "alert ip 192.0.2.3 any -> any any"},
    {"type": "ipv6-addr", "id": "ipv6-addr--5d0092c5-5f74-4287-9642-33f4c354e56d", "value": "2001:db8::1"},
    {"type": "domain-name", "value": "Bad.example.org", "name": 5},
    {"type": "ipv4-addr", "value": "nonsense"},
    {"type": "observed-data", "objects": {"0": {"type": "ipv4-addr", "value": "203.0.113.0/24"}}},
    {"no": "type"}, 17, "text", null
  ]
}"#;

#[test]
fn stix_bundles() {
    let (words, records) = read(Format::Stix, BUNDLE.as_bytes());
    assert_eq!(
        words,
        [
            "198.51.100.1/32: C2\\x1b[31m 2026-01-01T00:00:00.500Z..2026-02-01T00:00:00Z",
            "2001:db8::1/128: ipv6-addr--5d0092c5-5f74-4287-9642-33f4c354e56d",
            "bad.example.org: domain-name",
            "203.0.113.0/24: ipv4-addr",
            "!7 a pattern's value is neither an address nor a name",
        ]
    );
    // identity, the indicator of which half could be read, revoked, two observables, the one within observed-data and that
    // itself
    assert_eq!(records, 7);
}

#[test]
fn stix_in_other_forms() {
    let object = r#"{"type":"ipv4-addr","id":"ipv4-addr--5d0092c5-5f74-4287-9642-33f4c354e56d","value":"192.0.2.1"}"#;
    for text in [
        object.to_owned(),
        format!("[{object}]"),
        format!("{object}\n{object}\n"),
        format!(r#"{{"more":false,"objects":[{object}]}}"#),
    ] {
        assert!(recognise(text.as_bytes()) == Some(Format::Stix), "{text}");
        assert!(read(Format::Stix, text.as_bytes()).0[0].starts_with("192.0.2.1/32: ipv4-addr--"), "{text}");
    }
    // What stands before damage is kept.
    let cut = &BUNDLE[..BUNDLE.find("revoked").unwrap()];
    let (words, records) = read(Format::Stix, cut.as_bytes());
    assert!(words[0].starts_with("198.51.100.1/32"), "{words:?}");
    assert_eq!((words.len(), records), (2, 2));
    // Depth is bounded.
    assert_eq!(read(Format::Stix, "[".repeat(100_000).as_bytes()).0, ["!1 JSON is damaged or breaks off"]);
}

#[test]
fn recognition_is_strict() {
    for text in [
        "192.0.2.1\n",
        "192.0.2.1",
        "# x\n192.0.2.0/24 ; SBL1\n198.51.100.0/24 ; SBL2\n",
        "192.0.2.1\t10\n198.51.100.1\t9\n",
        "192.0.2.1,2026-01-01,bot\nbad.example.org,2026-01-01,bot\n",
        "0.0.0.0 bad.example.org\n0.0.0.0 worse.example.org\n",
        "create x hash:ip\nadd x 192.0.2.1\n",
        "ip,first_seen,malware\n192.0.2.1,2026-01-01,x\n",
        "192[.]0[.]2[.]1\n2001:db8::1\n",
    ] {
        assert_eq!(recognise(text.as_bytes()), Some(Format::Plain), "{text}");
    }
    for text in [
        "",
        "\n\n",
        "# only\n# comments\n",
        "bad.example.org\nworse.example.org\n",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5\n",
        "192.0.2.1 GET /index.html 200 5\n",
        "192.0.2.1,198.51.100.1,80\n",
        "192.0.2.1,1,2,3,4\n",
        "ip,method,uri\n192.0.2.1,GET,/\n",
        "src_ip,dst_ip\n192.0.2.1,198.51.100.1\n",
        "192.0.2.1-192.0.2.9\n",
        "#include <stdio.h>\nint main(void) { return 0; }\n",
        "An address: 192.0.2.1\n192.0.2.2 is another one of them\n",
        " 1  192.0.2.1  0.3 ms\n 2  192.0.2.2  0.5 ms\n",
        "a: 1\nb: 2\n",
        "key,value\na,1\n",
        "192.0.2.1\0\n",
        "{\"timestamp\":\"2026-01-01\",\"url\":\"\\\"id\\\":\\\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\\\"\"}\n",
        "{\"id\": \"17\", \"type\": \"bundle\"}",
        "{\"title\": \"id\", \"x\": \"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\"}",
    ] {
        assert_eq!(recognise(text.as_bytes()), None, "{text}");
    }
}

/// All files below a folder.
fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn no_file_of_the_corpus_is_a_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.exists() {
        println!("skipped: no corpus");
        return;
    }
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    assert!(paths.len() > 100);
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(recognise(&bytes[..bytes.len().min(BEGINNING)]), None, "{}", path.display());
    }
}

#[test]
fn fixtures_say_what_they_were_made_to_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records");
    for (name, format, statements, records, rejected) in
        [("stix.json", Format::Stix, 6, 6, 1), ("blocklist.txt", Format::Plain, 8, 8, 2)]
    {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(recognise(&bytes), Some(format), "{name}");
        let (words, n) = read(format, &bytes);
        let bad = words.iter().filter(|w| w.starts_with('!')).count();
        assert_eq!((words.len() - bad, n, bad), (statements, records, rejected), "{name}: {words:#?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(Format::Plain, &bytes);
        read(Format::Stix, &bytes);
        let _ = recognise(&bytes);
    }

    #[test]
    fn no_text_panics(text in "[0-9a-f.:/,;#\"'\\[\\]() |=a-zé\\\\\n-]{0,120}") {
        read(Format::Plain, text.as_bytes());
        let _ = pattern::read(&text, |_| {});
        let _ = pattern::read(&format!("[ipv4-addr:value = '{text}"), |_| {});
        let _ = recognise(text.as_bytes());
    }

    #[test]
    fn no_cut_panics(at in 0..BUNDLE.len(), byte in any::<u8>()) {
        read(Format::Stix, &BUNDLE.as_bytes()[..at]);
        let mut bytes = BUNDLE.as_bytes().to_vec();
        bytes[at] = byte;
        read(Format::Stix, &bytes);
    }
}
