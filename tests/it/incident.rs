//! One incident out of five inputs: a capture, a proxy's log, a flow export, a mail and a traceroute become one path
//! (fixtures/README.md says what is in them).

use serde_json::Value;

use super::support::run;

const CLIENT: &str = "18.228.44.19";
const FORGED: &str = "8.8.8.8";

fn report(args: &[&str]) -> Value {
    let mut all = vec!["trace", "--format", "json"];
    all.extend_from_slice(args);
    let (code, out, err) = run(&all);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The path of the break-in: the one that ends at the backend.
fn break_in(report: &Value) -> &Value {
    let found: Vec<&Value> = list(&report["paths"]).iter().filter(|p| p["target"]["addr"] == "10.20.0.80").collect();
    assert_eq!(found.len(), 1, "one path to the backend: {}", report["paths"]);
    found[0]
}

#[test]
fn five_inputs_are_one_path() {
    let report = report(&["fixtures/incident/"]);
    let formats: Vec<&str> = list(&report["inputs"]).iter().map(|i| i["format"].as_str().unwrap()).collect();
    assert_eq!(formats.len(), 5, "{formats:?}");
    // The proxy's log and the mail's two copies are parts of what they tell of, not findings of their own.
    let kinds: Vec<&str> = list(&report["paths"]).iter().map(|p| p["finding"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["proxied-request", "mail", "traceroute"]);
    let path = break_in(&report);
    assert_eq!(path["finding"], "proxied-request");
    assert_eq!(path["origin"]["addr"], CLIENT);
    let hops: Vec<(&str, Option<&str>)> =
        list(&path["hops"]).iter().map(|h| (h["role"].as_str().unwrap(), h["addr"].as_str())).collect();
    assert_eq!(
        hops,
        [
            ("proxy", Some(FORGED)),
            ("origin", Some(CLIENT)),
            ("transit", None),
            ("transit", Some("129.250.6.147")),
            ("transit", Some("129.250.3.248")),
            ("transit", Some("129.250.7.12")),
            ("transit", Some("129.250.7.16")),
            ("transit", Some("10.20.0.1")),
            ("translator", Some("3.68.40.12")),
            ("proxy", Some("10.20.0.5")),
            ("target", Some("10.20.0.80")),
        ]
    );
    // What the client wrote into its header is there, as a claim, and nothing follows from it.
    assert_eq!(path["hops"][0]["kind"], "asserted");
    let states: Vec<&str> = list(&path["states"]).iter().map(|s| s["state"].as_str().unwrap()).collect();
    for state in ["BR", "US", "GB", "NL", "DE"] {
        assert!(states.contains(&state), "{state} is not in {states:?}");
    }
    // The clocks: the router's is 37 s ahead, as far as a header that counts whole seconds can say.
    let joins: Vec<&str> =
        list(&report["evidence"]).iter().filter(|e| e["kind"] == "join").map(|e| e["what"].as_str().unwrap()).collect();
    let said = |word: &str| joins.iter().any(|j| j.contains(word));
    assert!(said("clock offset +36.") || said("clock offset +37."), "{joins:#?}");
    assert!(said("begins to name 18.228.44.19"), "{joins:#?}");
    assert!(said("3.68.40.12 was rewritten to 10.20.0.5"), "{joins:#?}");
    assert!(said("handed it over"), "{joins:#?}");
}

#[test]
fn a_forged_header_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let with = report(&["fixtures/incident/"]);
    for name in ["inside.pcap", "proxy.log", "border.nf9", "phish.eml", "back.txt"] {
        let bytes = std::fs::read(super::support::repo("fixtures/incident").join(name)).unwrap();
        // The same length, so that the capture's lengths stay right: another forged address, or none.
        let bytes = match name {
            "inside.pcap" => replaced(&bytes, b"X-Forwarded-For: 8.8.8.8, ", b"X-Forwarded-For:          "),
            "phish.eml" => replaced(&bytes, b"[8.8.8.8]", b"[9.9.9.9]"),
            _ => bytes,
        };
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let without = report(&[folder.path().to_str().unwrap()]);
    let shape = |report: &Value| {
        let path = break_in(report);
        let believed: Vec<Value> = list(&path["hops"])
            .iter()
            .filter(|h| h["kind"] != "asserted")
            .map(|h| serde_json::json!([h["role"], h["addr"], h["locus"]]))
            .collect();
        (path["origin"].clone(), path["states"].clone(), believed)
    };
    assert_eq!(shape(&with), shape(&without));
    for path in list(&with["paths"]) {
        assert_ne!(path["origin"]["addr"], FORGED, "{path}");
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut found = 0;
    for at in 0..out.len().saturating_sub(from.len()) {
        if out[at..].starts_with(from) {
            out[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "{}", String::from_utf8_lossy(from));
    out
}

#[test]
fn a_hop_explains_itself() {
    let (code, out, err) = run(&["trace", "fixtures/incident/", "--explain", CLIENT]);
    assert_eq!(code, 0, "{err}");
    for word in ["origin", "by a record of its own side", "proxy.log", "inside.pcap", "border.nf9", "phish.eml", "clock offset"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (code, _, err) = run(&["trace", "fixtures/incident/", "--explain", "192.0.2.99"]);
    assert_eq!(code, 2);
    assert!(err.contains("no path that is shown has such a hop"), "{err}");
}
