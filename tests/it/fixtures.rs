//! Every constructed capture against the expected answer beside it (fixtures/README.md explains the keys).

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::support::{repo, run, strings};

struct Fixture {
    file: String,
    want: Value,
}

fn fixtures() -> Vec<Fixture> {
    let mut out = Vec::new();
    for folder in ["fixtures", "fixtures/formats", "fixtures/bad"] {
        for entry in fs::read_dir(repo(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(file) = name.strip_suffix(".expected.json") else { continue };
            let want = serde_json::from_slice(&fs::read(repo(folder).join(&name)).unwrap()).unwrap();
            out.push(Fixture { file: format!("{folder}/{file}"), want });
        }
    }
    out.sort_by(|a, b| a.file.cmp(&b.file));
    assert!(out.len() >= 40, "{} fixtures", out.len());
    out
}

impl Fixture {
    fn options(&self, only: &[&str]) -> Vec<String> {
        let all = strings(&self.want["options"]);
        all.chunks(2).filter(|pair| only.is_empty() || only.contains(&pair[0].as_str())).flatten().cloned().collect()
    }

    fn json(&self, command: &str, options: &[String]) -> (i32, Value, String) {
        let mut args = vec![command, "--format", "json", &self.file];
        args.extend(options.iter().map(String::as_str));
        let (code, out, err) = run(&args);
        let value = if out.is_empty() { Value::Null } else { serde_json::from_str(&out).unwrap() };
        (code, value, err)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every `want` stands in `got` with the same values at the keys of `keys`.
fn contained(file: &str, what: &str, want: &Value, got: &Value, keys: &[&str]) {
    for row in list(want) {
        let found = list(got).iter().any(|g| keys.iter().all(|k| g[k] == row[k]));
        assert!(found, "{file}: {what} {row} is not in {got}");
    }
}

#[test]
fn inspections_say_what_was_put_in() {
    for f in fixtures() {
        let Fixture { file, want } = &f;
        let (code, got, err) = f.json("inspect", &f.options(&["--unpack-cap"]));
        if want["format"].is_null() {
            assert_eq!(code, 1, "{file}: {err}");
            continue;
        }
        for key in ["format", "link_types", "packets", "first", "last"] {
            assert_eq!(got[key], want[key], "{file}: {key}");
        }
        if let Some(rejected) = want["rejected"].as_u64() {
            let of_the_reader = got["rejected_total"].as_u64().unwrap();
            assert!(of_the_reader >= rejected, "{file}: {of_the_reader} rejected, expected {rejected}");
        }
        let set = |v: &Value| strings(v).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(set(&got["addresses"]), set(&want["addresses"]), "{file}: addresses");
        contained(file, "name", &want["names"], &got["names"], &["addr", "name", "how"]);
        contained(file, "tunnel", &want["tunnels"], &got["tunnels"], &["kind", "outer", "inner", "id", "packets"]);
        contained(file, "chain", &want["chains"], &got["chains"], &["kind", "peer", "server", "entries"]);
        traceroutes(file, want, &got);
    }
}

fn traceroutes(file: &str, want: &Value, got: &Value) {
    assert_eq!(list(&want["traceroutes"]).len(), list(&got["traceroutes"]).len(), "{file}: traceroutes");
    for trace in list(&want["traceroutes"]) {
        let found = list(&got["traceroutes"]).iter().find(|t| t["src"] == trace["src"] && t["dst"] == trace["dst"]);
        let found = found.unwrap_or_else(|| panic!("{file}: no traceroute {} -> {}", trace["src"], trace["dst"]));
        assert_eq!((&found["proto"], &found["complete"]), (&trace["proto"], &trace["reached"]), "{file}");
        assert_eq!(list(&found["hops"]).len(), list(&trace["hops"]).len(), "{file}: {}", found["hops"]);
        for (hop, found) in list(&trace["hops"]).iter().zip(list(&found["hops"])) {
            assert_eq!(found["ttl"], hop["ttl"], "{file}");
            let set = |v: &Value| strings(v).into_iter().collect::<BTreeSet<_>>();
            assert_eq!(set(&found["addrs"]), set(&hop["addrs"]), "{file}, TTL {}", hop["ttl"]);
            let rtts = |v: &Value| {
                let mut all: Vec<f64> = list(v).iter().map(|r| r.as_f64().unwrap()).collect();
                all.sort_by(f64::total_cmp);
                all
            };
            let (a, b) = (rtts(&found["rtts_ms"]), rtts(&hop["rtts_ms"]));
            assert_eq!(a.len(), b.len(), "{file}, TTL {}: round trips {a:?}, expected {b:?}", hop["ttl"]);
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 0.0015), "{file}, TTL {}: {a:?}, expected {b:?}", hop["ttl"]);
        }
    }
}

#[test]
fn traces_find_what_was_put_in() {
    for f in fixtures() {
        let Fixture { file, want } = &f;
        if want["format"].is_null() {
            continue;
        }
        let mut options = f.options(&["--unpack-cap", "--trust"]);
        options.extend(["--top".to_owned(), "50".to_owned()]);
        let (_, got, _) = f.json("trace", &options);
        let never: BTreeSet<String> = strings(&want["never_origin"]).into_iter().collect();
        for path in list(&got["paths"]) {
            let origin = path["origin"]["addr"].as_str().unwrap_or("");
            assert!(!never.contains(origin), "{file}: {origin} is shown as an origin: {}", path["reason"]);
        }
        for trace in list(&want["traceroutes"]) {
            path_of_trace(file, trace, &got);
        }
        for chain in list(&want["chains"]).iter().filter(|c| c["origin"].is_string()) {
            let seen = list(&got["paths"])
                .iter()
                .any(|p| p["origin"]["addr"] == chain["origin"] && p["target"]["addr"] == chain["server"]);
            assert!(seen, "{file}: no path from {} to {}", chain["origin"], chain["server"]);
        }
        for finding in list(&want["findings"]) {
            // Ordinary traffic is shown when it is asked for, or when there is nothing else.
            let asked = match (finding["kind"].as_str(), finding["origin"].as_str()) {
                (Some("conversation"), Some(origin)) => f.json("trace", &["--attacker".to_owned(), origin.to_owned()]).1,
                _ => got.clone(),
            };
            let same = |p: &&Value| p["target"]["addr"] == finding["target"] && p["origin"]["addr"] == finding["origin"];
            let path = list(&asked["paths"]).iter().find(same);
            let path = path.unwrap_or_else(|| panic!("{file}: no path for {finding}"));
            assert_eq!(path["origin"]["trust"], finding["trust"], "{file}: {finding}");
            if matches!(finding["kind"].as_str(), Some("syn-flood" | "backscatter"))
                || finding["kind"] == "brute-force" && list(&want["chains"]).is_empty()
            {
                assert_eq!(path["finding"], finding["kind"], "{file}: {}", path["reason"]);
            }
        }
    }
}

fn path_of_trace(file: &str, trace: &Value, got: &Value) {
    let path = list(&got["paths"]).iter().find(|p| p["finding"] == "traceroute" && p["target"]["addr"] == trace["dst"]);
    let path = path.unwrap_or_else(|| panic!("{file}: no path to {}", trace["dst"]));
    let hops = list(&path["hops"]);
    for hop in list(&trace["hops"]) {
        for (addr, names) in list(&hop["addrs"]).iter().zip(list(&hop["names"])) {
            let found = hops.iter().find(|h| h["addr"] == *addr && h["ttl"] == hop["ttl"]);
            let found = found.unwrap_or_else(|| panic!("{file}: {addr} is no hop at TTL {}", hop["ttl"]));
            if let Some(name) = names.as_str() {
                assert!(strings(&found["names"]).contains(&name.to_owned()), "{file}: {addr} has names {}", found["names"]);
            }
            match hop["state"].as_str() {
                Some(state) => assert_eq!(found["locus"][0]["state"], state, "{file}: {addr} is placed at {}", found["locus"]),
                None => {
                    assert!(!found["why_unplaced"].is_null() || found["unknown_p"].as_f64().unwrap() > 0.0, "{file}: {found}")
                }
            }
            if !list(&hop["mpls"]).is_empty() {
                assert_eq!(found["mpls"], hop["mpls"], "{file}: {addr}");
            }
        }
        if list(&hop["addrs"]).is_empty() {
            assert!(hops.iter().any(|h| h["ttl"] == hop["ttl"] && h["kind"] == "gap"), "{file}: TTL {} is missing", hop["ttl"]);
        }
    }
    // Every named state is on the path, and no other is likely.
    let states = strings(&trace["states"]);
    for state in &states {
        let p = list(&path["states"]).iter().find(|s| s["state"] == *state.as_str()).and_then(|s| s["p"].as_f64());
        assert!(p.is_some_and(|p| p > 0.8), "{file}: {state} has p {p:?} in {}", path["states"]);
    }
    for row in list(&path["states"]) {
        let state = row["state"].as_str().unwrap();
        assert!(states.iter().any(|s| s == state) || row["p"].as_f64().unwrap() < 0.5, "{file}: {row} was not crossed");
    }
    let observed = list(&path["segments"])
        .iter()
        .filter(|s| s["kind"] == "observed" && hops[s["from"].as_u64().unwrap() as usize]["ttl"].is_u64());
    match trace["flow"].as_str() {
        Some("classic") => assert_eq!(observed.count(), 0, "{file}: a link is called observed that no flow shows"),
        _ => assert!(observed.count() >= 5, "{file}: the links of one flow are observed"),
    }
}

/// What attackers wrote never reaches a terminal or a page as an order.
#[test]
fn nothing_hostile_is_printed_raw() {
    for f in fixtures() {
        let never = strings(&f.want["never_printed"]);
        for format in ["text", "html", "json"] {
            for text in &never {
                let (_, out, err) = run(&["trace", "--top", "50", "--format", format, &f.file]);
                // Markup is an order to a page only; JSON escapes control characters by itself.
                let plain = format != "html" && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
                assert!(plain || !out.contains(text.as_str()), "{}: {text:?} in {format}", f.file);
                assert!(!err.contains(text.as_str()), "{}: {text:?} on standard error", f.file);
            }
        }
    }
}

#[test]
fn damaged_inputs_are_complained_about_in_words() {
    for f in fixtures() {
        let words = strings(&f.want["complaint"]);
        if words.is_empty() {
            continue;
        }
        let mut args = vec!["inspect".to_owned(), f.file.clone()];
        args.extend(f.options(&["--unpack-cap"]));
        let (code, out, err) = run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(matches!(code, 1 | 3), "{}: exit code {code}", f.file);
        let said = out + &err;
        assert!(words.iter().any(|w| said.contains(w.as_str())), "{}: none of {words:?} in {said}", f.file);
    }
}
