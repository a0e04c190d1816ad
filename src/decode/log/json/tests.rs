//! The pulled reader against a strict parser, and objects out of lines.

use proptest::prelude::*;
use serde_json::{Map, Value as Tree};

use super::*;
use crate::decode::record::{Piece, Reject};

/// The whole document as a tree, out of what the reader gives.
fn tree(bytes: &[u8]) -> Result<Tree, Reject> {
    fn branch(reader: &mut Reader<'_>) -> Result<Tree, Reject> {
        Ok(match reader.value()? {
            Value::Text(text) => Tree::String(String::from_utf8_lossy(&text.bytes()).into_owned()),
            Value::Number(raw) => serde_json::from_slice(raw).map_err(|_| Reject("a number that serde does not take"))?,
            Value::Bool(b) => Tree::Bool(b),
            Value::Null => Tree::Null,
            Value::Object => {
                let mut map = Map::new();
                while let Some(key) = reader.key()? {
                    let key = String::from_utf8_lossy(&key.bytes()).into_owned();
                    map.insert(key, branch(reader)?);
                }
                Tree::Object(map)
            }
            Value::Array => {
                let mut items = Vec::new();
                while reader.item()? {
                    items.push(branch(reader)?);
                }
                Tree::Array(items)
            }
        })
    }
    let mut reader = Reader::new(bytes);
    let tree = branch(&mut reader)?;
    reader.end()?;
    Ok(tree)
}

/// Is it accepted by somebody who looks at nothing?
fn skipped(bytes: &[u8]) -> Result<(), Reject> {
    let mut reader = Reader::new(bytes);
    reader.skip()?;
    reader.end()
}

fn trees() -> impl Strategy<Value = Tree> {
    let text = prop_oneof!["[a-z\"\\\\/{}\\[\\],: ]{0,24}", any::<String>()];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        text.clone().prop_map(Tree::String),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            prop::collection::vec((text.clone(), inner), 0..6).prop_map(|m| Tree::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_read_alike(tree_in in trees()) {
        for text in [serde_json::to_string(&tree_in).unwrap(), serde_json::to_string_pretty(&tree_in).unwrap()] {
            let strict: Tree = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(tree(text.as_bytes()), Ok(strict));
            prop_assert_eq!(skipped(text.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn what_is_accepted_is_accepted_by_serde_too(text in "[\\[\\]{}:,\"\\\\0-2eE.+ u-]{0,16}|[\\[{]{1,3}[\"a1,:\\]}]{1,12}") {
        let strict = serde_json::from_str::<Tree>(&text);
        match (tree(text.as_bytes()), strict) {
            (Ok(ours), Ok(strict)) => prop_assert_eq!(ours, strict),
            (Err(_), Err(_)) => {}
            // The exponent of a number has no limit here.
            (Err(Reject("a number that serde does not take")), _) => {}
            (ours, strict) => prop_assert!(false, "{} {:?} {:?}", text, ours, strict),
        }
        prop_assert_eq!(skipped(text.as_bytes()).is_ok(), !matches!(tree(text.as_bytes()), Err(Reject(why)) if why != "a number that serde does not take"));
    }

    #[test]
    fn damage_is_seen_as_serde_sees_it(tree_in in trees(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}:,\" x0]?") {
        let text = serde_json::to_string(&tree_in).unwrap();
        let at = at.index(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(at + 1));
        let damaged = format!("{}{put}{}", &text[..at], &text[at + 1..]);
        let strict = serde_json::from_str::<Tree>(&damaged);
        match tree(damaged.as_bytes()) {
            Ok(ours) => prop_assert_eq!(ours, strict.unwrap()),
            // Numbers beyond what fits, and surrogates without their half, are refused by serde only.
            Err(_) => prop_assert!(strict.is_err(), "{}", damaged),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"\\\\ux0-9a-f\n ]{0,200}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = (tree(bytes), skipped(bytes));
            let mut pieces = Pieces::default();
            for line in bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()) {
                let _ = pieces.line(line, |object| skipped(object).map(|()| Piece::RECORD));
            }
        }
    }

    #[test]
    fn objects_are_found_however_they_are_laid_out(objects in prop::collection::vec(trees(), 1..5)) {
        let objects: Vec<Tree> = objects.into_iter().map(|v| serde_json::json!({ "k": v, "n": [1, {"a": [{}]}] })).collect();
        let compact: Vec<String> = objects.iter().map(Tree::to_string).collect();
        let pretty: Vec<String> = objects.iter().map(|o| serde_json::to_string_pretty(o).unwrap()).collect();
        for text in [
            compact.join("\n"),
            format!("[{}]", compact.join(",")),
            format!("[\n{}\n]", compact.join(",\n")),
            format!("[{}]", compact.join(",\n")),
            format!("[{}]", compact.join("\n,")),
            pretty.join("\n"),
            serde_json::to_string_pretty(&objects).unwrap(),
        ] {
            prop_assert_eq!(laid_out(&text), (objects.clone(), 0, objects.len() as u64), "{}", text);
        }
    }
}

/// Objects, rejected ones, and records.
fn laid_out(text: &str) -> (Vec<Tree>, u64, u64) {
    let (mut pieces, mut found, mut rejected, mut records) = (Pieces::default(), Vec::new(), 0, 0);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let read = pieces.line(line.as_bytes(), |object| {
            found.push(tree(object)?);
            Ok(Piece::RECORD)
        });
        match read {
            Ok(piece) => (records, rejected) = (records + piece.records, rejected + piece.rejected),
            Err(_) => rejected += 1,
        }
    }
    (found, rejected, records)
}

#[test]
fn a_broken_object_does_not_take_the_next_ones_with_it() {
    let good = "{\n\"a\": 1\n}";
    for (broken, rejected) in [
        ("{\n\"a\": {\n\"b\": 1\n},\n", 1),
        ("{\n\"a\": {\n\"b\": 1\n", 1),
        ("{\n\"a\": \"b\n\"c\": 1\n},\n", 1),
        ("{\n\"a\": [1\n},\n\"b\": 2\n}\n", 1),
        ("{\"a\": {\"b\": 1\n", 1),
        ("{\"a\": 1,\n", 1),
        ("{\n\"a\" 1\n}\n", 1),
    ] {
        let (found, wrong, records) = laid_out(&format!("{good}\n{broken}{good}\n{good}"));
        assert_eq!((found.len(), wrong, records), (3, rejected, 3), "{broken}");
    }
    // Found by fuzzing: what was told of is a record, whatever stands behind it.
    assert_eq!(laid_out("{\n\"a\": 1\n} x").1, 1);
    assert_eq!(laid_out("{\n\"a\": 1\n} x").2, 1);
    assert_eq!(laid_out("[{\"a\":1},{\"a\":2},{\"a\":]").1, 1);
    assert_eq!(laid_out("[{\"a\":1},{\"a\":2},{\"a\":]").2, 2);
}

#[test]
fn attackers_can_not_hide_a_line() {
    // A control character, a lone surrogate, bytes that are no UTF-8.
    for text in
        [&b"{\"a\":\"\x00\x1b[31m\",\"b\":1}"[..], b"{\"a\":\"\\ud800 \\udc00\",\"b\":1}", b"{\"a\":\"\xff\xfe\",\"b\":1}"]
    {
        let mut reader = Reader::object(text).unwrap();
        assert_eq!(reader.key().unwrap().unwrap().raw, b"a");
        let _ = reader.value().unwrap().text().bytes();
        assert_eq!(reader.key().unwrap().unwrap().raw, b"b");
        assert_eq!(reader.value(), Ok(Value::Number(b"1")));
        assert_eq!(reader.key(), Ok(None));
        assert_eq!(reader.end(), Ok(()));
    }
    assert_eq!(unescaped(b"\\ud83d\\ude00\\ud83d\\u0041\\ude00"), "\u{1f600}\u{fffd}A\u{fffd}".as_bytes());
}

#[test]
fn depth_has_an_end() {
    let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    assert_eq!(skipped(&deep(64)), Ok(()));
    assert_eq!(skipped(&deep(65)), Err(TOO_DEEP));
    let pretty = "{\n\"a\":\n".repeat(80);
    assert_eq!(laid_out(&pretty).2, 0);
    assert!(laid_out(&pretty).1 >= 1);
}

#[test]
fn a_long_object_over_lines_is_given_up() {
    let text =
        format!("{{\n{}\"z\": 1\n}}\n{{\"b\": 2}}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 12345678,\n".repeat(25_000));
    let (found, rejected, records) = laid_out(&text);
    assert_eq!((found.len(), rejected, records), (1, 1, 1));
}

#[test]
fn numbers() {
    assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
    for text in ["", "18446744073709551616", "-1", "1.0", "1e3", "0x1", " 1"] {
        assert_eq!(unsigned(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn marks_are_found_wherever_they_stand() {
    for len in 0..80 {
        for mark in [&b"\""[..], b"\\\"\""] {
            let line = [b"{\"", vec![b'k'; len].as_slice(), b"\":\"", vec![b'v'; len].as_slice(), mark, b",\"z\":1}"].concat();
            let mut reader = Reader::object(&line).unwrap();
            let key = reader.key().unwrap().unwrap();
            assert_eq!((key.raw.len(), key.escaped), (len, false));
            let text = reader.value().unwrap().text();
            assert_eq!((text.raw.len(), text.escaped), (len + mark.len() - 1, mark.len() > 1));
            assert_eq!(reader.key().unwrap().unwrap().raw, b"z");
            assert_eq!(skipped(&line), Ok(()));
            // A key with an escape in it, and one that is not ended where it seems to be.
            let line = [b"{\"", vec![b'k'; len].as_slice(), b"\\\":\":1}"].concat();
            let key = Reader::object(&line).unwrap().key().unwrap().unwrap();
            assert_eq!((key.raw.len(), key.escaped), (len + 3, true));
        }
    }
}

#[test]
fn every_way_to_take_a_value_agrees() {
    let texts = [
        "\"a\"",
        "\"a\\n\"",
        "\"\"",
        "0",
        "00",
        "01",
        "-0",
        "12345678901",
        "1.5e3",
        "1x",
        "1 ",
        " 1",
        "true",
        "null",
        "[1,2]",
        "{\"a\":[]}",
        "\"",
        "12",
    ];
    for text in texts {
        for (before, behind) in [("{\"k\":", "}"), ("{\"k\":", ",\"l\":2}"), ("{\"k\" : ", " }")] {
            let line = format!("{before}{text}{behind}");
            let mut readers = [(); 4].map(|()| Reader::object(line.as_bytes()).unwrap());
            readers.iter_mut().for_each(|r| assert_eq!(r.key().unwrap().unwrap().raw, b"k"));
            let [a, b, c, d] = &mut readers;
            let value = a.any_scalar();
            assert_eq!(b.plain(), value.map(Value::plain), "{line}");
            assert_eq!(c.cell(), value.map(|v| if let Value::Text(text) = v { text.raw } else { v.plain() }), "{line}");
            assert_eq!(d.skip(), value.map(drop), "{line}");
            if value.is_ok() {
                assert_eq!((b.at(), c.at(), d.at()), (a.at(), a.at(), a.at()), "{line}");
            }
        }
    }
}

proptest! {
    #[test]
    fn digits_are_counted(text in "[0-9]{0,20}[ -~\u{80}-\u{ff}]{0,9}") {
        prop_assert_eq!(digits(text.as_bytes()), text.bytes().take_while(u8::is_ascii_digit).count());
    }
}
