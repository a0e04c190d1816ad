//! Real output against the published schemas.

use std::fs;

use serde_json::Value;

use super::support::{json, repo, run};

fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_slice(&fs::read(repo("schema").join(name)).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn complaints(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect()
}

fn captures() -> Vec<String> {
    let mut out = Vec::new();
    for folder in ["fixtures", "fixtures/lab", "fixtures/formats", "fixtures/bad"] {
        for entry in fs::read_dir(repo(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if [".pcap", ".pcapng", ".gz", ".zst", ".lz4"].iter().any(|suffix| name.ends_with(suffix)) {
                out.push(format!("{folder}/{name}"));
            }
        }
    }
    out.sort();
    assert!(out.len() > 30, "{out:?}");
    out
}

#[test]
fn every_document_keeps_its_contract() {
    let (report, inspect) = (validator("report-1.json"), validator("inspect-1.json"));
    for capture in captures() {
        for (command, schema) in [("trace", &report), ("inspect", &inspect)] {
            let (code, out, err) = run(&[command, "--format", "json", "--unpack-cap", "4000000", &capture]);
            if code == 1 {
                assert!(out.is_empty() && err.contains(&capture), "{command} {capture}: {err}");
                continue;
            }
            let value: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(complaints(schema, &value), Vec::<String>::new(), "{command} {capture}");
        }
    }
}

#[test]
fn a_look_up_keeps_its_contract() {
    let schema = validator("lookup-1.json");
    let (_, out, _) = run(&["lookup", "--format", "jsonl", "8.8.8.8", "2001:db8::1", "10.0.0.1", "193.0.0.1"]);
    assert_eq!(out.lines().count(), 4);
    for line in out.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(complaints(&schema, &value), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn the_contract_can_be_broken() {
    let schema = validator("report-1.json");
    let good = json(&["trace", "fixtures/backbone-v4.pcapng"]);
    assert!(schema.is_valid(&good));
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        !schema.is_valid(&bad)
    };
    assert!(broken(&|r| r["paths"][0]["hops"][0]["unknown_p"] = Value::from(1.2)));
    assert!(broken(&|r| r["schema"] = Value::from("rutter.report/2")));
    assert!(broken(&|r| {
        r["paths"][0].as_object_mut().unwrap().remove("borders");
    }));
    assert!(broken(&|r| r["inputs"][0]["sha256"] = Value::from("no hash")));
}

#[test]
fn json_lines_say_what_they_are() {
    let (_, out, _) = run(&["trace", "--format", "jsonl", "fixtures/backbone-v4.pcapng"]);
    let kinds: Vec<String> = out
        .lines()
        .map(|l| {
            let value: Value = serde_json::from_str(l).unwrap();
            assert_eq!(value["schema"], "rutter.report/1");
            value["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds.first().map(String::as_str), Some("input"));
    assert_eq!(kinds.last().map(String::as_str), Some("summary"));
    for kind in ["path", "finding", "evidence"] {
        assert!(kinds.iter().any(|k| k == kind), "no {kind} in {kinds:?}");
    }
    // An f32 that went through an f64 would show its noise.
    assert!(!out.contains("0000000"), "numbers carry noise");
}
