//! Traceroutes that real tools wrote, none made by this project: hops, addresses and round trips against what independent
//! readers found in the same files. What differs is explained here, and must differ in just that way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rutter::decode::trace::{self, Format};
use rutter::model::net::unmapped;
use rutter::model::traceroute::{TracedHop, Traceroute};
use serde_json::Value;

/// Facts that differ from the expectation: file, the words of the difference, why.
const DIFFERENCES: [(&str, &str, &str); 6] = [
    ("pierky__win_tracert_3.txt", "hop 1 host 0 min: 1 instead of 0", LESS),
    ("pierky__win_tracert_3.txt", "hop 1 host 0 avg: 1 instead of 0", LESS),
    ("pierky__win_tracert_3.txt", "hop 1 host 0 max: 1 instead of 0", LESS),
    ("pierky__win_tracert_3.txt", "hop 2 host 0 min: 1 instead of 0", LESS),
    ("pierky__win_tracert_3.txt", "hop 2 host 0 avg: 1 instead of 0.667", LESS),
    (
        "ripe-atlas-results-even.jsonl",
        "10 hop 0 probes: 0 is missing",
        "the name could not be resolved: nothing was sent, so there is no hop",
    ),
];
const LESS: &str = "tracert printed <1 ms: 1 ms with the flag <, because 0 would be a false bound for distance";

/// What is rejected: file, number, first complaint. Nothing else is.
const REJECTED: [(&str, u64, &str); 4] = [
    // Their reader leaves them out too.
    ("ripe-atlas-results-even.jsonl", 15, "a late reply: it answers an earlier probe"),
    ("m-lab__invalid-last-line", 1, "an object of scamper that is no traceroute"),
    ("m-lab__valid.jsonl", 1, "a node of which no TTL is known"),
    ("dioptra-io__ping_google_dns_v4_default.warts", 1, "a record that is no traceroute"),
];

/// Which format each file must be recognised as.
const FORMATS: [(&str, Format); 20] = [
    ("dioptra-io__trace_google_dns_v4_default.txt", Format::WartsDump),
    ("pierky__bsd_1.txt", Format::Text),
    ("pierky__iosxr_1.txt", Format::Text),
    ("pierky__junos_1.txt", Format::MtrText),
    ("pierky__linux_1.txt", Format::Text),
    ("pierky__linux_3.txt", Format::Text),
    ("pierky__mtr_1.txt", Format::MtrText),
    ("pierky__mtr_interactive_1.txt", Format::MtrText),
    ("pierky__win_tracert_3.txt", Format::Tracert),
    ("dioptra-io__atlas.jsonl", Format::Atlas),
    ("m-lab__invalid-last-line", Format::Scamper),
    ("m-lab__valid-complex", Format::Scamper),
    ("m-lab__valid-simple-json", Format::Scamper),
    ("m-lab__valid.jsonl", Format::Scamper),
    ("perfsonar__trace-result.json", Format::PerfSonar),
    ("pierky__mtr_json_1.json", Format::MtrJson),
    ("ripe-atlas-results-even.jsonl", Format::Atlas),
    ("dioptra-io__ping_google_dns_v4_default.warts", Format::Warts),
    ("dioptra-io__trace_google_dns_v4_default.warts", Format::Warts),
    ("pantrace-traces-1-500.warts", Format::Warts),
];

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let there = path.join("expected").is_dir();
    if !there {
        println!("skipped: no corpus");
    }
    there.then_some(path)
}

/// A fact by its name: a number or a word.
#[derive(Clone, Debug, PartialEq)]
enum Fact {
    Number(f64),
    Word(String),
}

impl Fact {
    /// Round trips are given with three decimals, and averages are rounded.
    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a - b).abs() < 0.001_1,
            _ => self == other,
        }
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Word(w) => f.write_str(w),
        }
    }
}

type Facts = BTreeMap<String, Fact>;

fn put(facts: &mut Facts, name: String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Number(n) => drop(facts.insert(name, Fact::Number(n.as_f64().unwrap()))),
        // Addresses in one spelling, without IPv4-mapping.
        other => {
            let word = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            let word = word.parse().map_or(word, |a: IpAddr| unmapped(a).to_string());
            facts.insert(name, Fact::Word(word));
        }
    }
}

fn put_number(facts: &mut Facts, name: String, ns: Option<f64>) {
    if let Some(ns) = ns {
        facts.insert(name, Fact::Number(ns / 1e6));
    }
}

fn put_word(facts: &mut Facts, name: String, word: &str) {
    facts.insert(name, Fact::Word(word.to_owned()));
}

/// Hosts of a hop in the order in which they came, each with its round trips.
fn by_host(hop: &TracedHop) -> Vec<(String, Vec<i64>)> {
    let named = hop.named.iter().map(|n| (n.name.to_string(), n.rtt_ns));
    let mut hosts: Vec<(String, Vec<i64>)> = Vec::new();
    for (host, ns) in hop.replies.iter().map(|r| (r.addr.to_string(), r.rtt_ns)).chain(named) {
        match hosts.iter_mut().find(|h| h.0 == host) {
            Some(known) => known.1.extend(ns),
            None => hosts.push((host, ns.into_iter().collect())),
        }
    }
    hosts
}

/// Sums of every host, as the parser of the texts has them. mtr's own sums: the best one only, and the loss.
fn sums(trace: &Traceroute) -> Facts {
    let mut facts = Facts::new();
    for hop in &trace.hops {
        put_word(&mut facts, format!("hop {}", hop.ttl), "is there");
        for (n, (host, trips)) in by_host(hop).into_iter().enumerate() {
            let name = format!("hop {} host {n}", hop.ttl);
            put_word(&mut facts, name.clone(), &host);
            put_number(&mut facts, format!("{name} min"), trips.iter().min().map(|&n| n as f64));
            if trace.tool != "mtr" {
                let average = trips.iter().sum::<i64>() as f64 / trips.len() as f64;
                put_number(&mut facts, format!("{name} avg"), Some((average / 1e3).round() * 1e3));
                put_number(&mut facts, format!("{name} max"), trips.iter().max().map(|&n| n as f64));
            }
        }
    }
    facts
}

fn expected_sums(hops: &Value, mtr: bool) -> Facts {
    let mut facts = Facts::new();
    for (ttl, hosts) in hops.as_object().unwrap() {
        put_word(&mut facts, format!("hop {ttl}"), "is there");
        for (n, host) in hosts.as_array().unwrap().iter().enumerate() {
            let name = format!("hop {ttl} host {n}");
            put(&mut facts, name.clone(), &host["host"]);
            put(&mut facts, format!("{name} min"), &host["min_rtt"]);
            if !mtr {
                put(&mut facts, format!("{name} avg"), &host["avg_rtt"]);
                put(&mut facts, format!("{name} max"), &host["max_rtt"]);
            }
        }
    }
    facts
}

/// Every reply by itself: address, round trip, and what else is asked for.
fn replies(traces: &[Traceroute], labels: bool) -> Facts {
    let mut facts = Facts::new();
    for (n, trace) in traces.iter().enumerate() {
        for (key, addr) in [("src", trace.src), ("dst", trace.dst)] {
            if let Some(addr) = addr {
                put_word(&mut facts, format!("trace {n} {key}"), &addr.to_string());
            }
        }
        for hop in &trace.hops {
            for (i, reply) in hop.replies.iter().enumerate() {
                let name = format!("trace {n} hop {} reply {i}", hop.ttl);
                put_word(&mut facts, name.clone(), &reply.addr.to_string());
                put_number(&mut facts, format!("{name} rtt"), reply.rtt_ns.map(|n| n as f64));
                if labels && !reply.mpls.is_empty() {
                    let words: Vec<String> = reply.mpls.iter().map(|l| l.label.to_string()).collect();
                    put_word(&mut facts, format!("{name} mpls"), &words.join(" "));
                }
            }
        }
    }
    facts
}

/// Paths of sc_warts2json and of M-Lab.
fn expected_replies(paths: &[Value]) -> Facts {
    let mut facts = Facts::new();
    for (n, path) in paths.iter().enumerate() {
        put(&mut facts, format!("trace {n} src"), &path["src"]);
        put(&mut facts, format!("trace {n} dst"), &path["dst"]);
        let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
        for hop in path["hops"].as_array().unwrap() {
            let ttl = hop["ttl"].as_u64().unwrap();
            let i = seen.entry(ttl).or_default();
            let name = format!("trace {n} hop {ttl} reply {i}");
            put(&mut facts, name.clone(), &hop["addr"]);
            put(&mut facts, format!("{name} rtt"), &hop["rtt"]);
            let labels: Vec<String> = hop["mpls"].as_array().into_iter().flatten().map(label).collect();
            if !labels.is_empty() {
                put_word(&mut facts, format!("{name} mpls"), &labels.join(" "));
            }
            *i += 1;
        }
    }
    facts
}

fn label(entry: &Value) -> String {
    ["label", "mpls_label"].iter().find_map(|key| entry.get(*key)).unwrap_or(entry).to_string()
}

/// RIPE's own reader: addresses and round trips of every probe, with gaps where none answered.
fn atlas(traces: &[Traceroute], list: &[Value]) -> (Facts, Facts) {
    let (mut got, mut want) = (Facts::new(), Facts::new());
    put_word(&mut got, "results".into(), &traces.len().to_string());
    put_word(&mut want, "results".into(), &list.len().to_string());
    for (n, (trace, entry)) in traces.iter().zip(list).enumerate() {
        // Their reader failed at the labels of two results.
        if entry.get("error").is_some() {
            continue;
        }
        for (key, addr) in [("src", trace.src), ("dst", trace.dst)] {
            if let Some(addr) = addr {
                put_word(&mut got, format!("{n} {key}"), &addr.to_string());
            }
            put(&mut want, format!("{n} {key}"), &entry[key]);
        }
        let (Some(path), Some(rtts)) = (entry["ip_path"].as_array(), entry["rtts"].as_array()) else { continue };
        for (h, hop) in trace.hops.iter().enumerate() {
            for (i, reply) in hop.replies.iter().enumerate() {
                put_word(&mut got, format!("{n} hop {h} address {i}"), &reply.addr.to_string());
            }
            for (i, ns) in hop.replies.iter().filter_map(|r| r.rtt_ns).enumerate() {
                put_number(&mut got, format!("{n} hop {h} rtt {i}"), Some(ns as f64));
            }
            put_word(&mut got, format!("{n} hop {h} probes"), &(hop.replies.len() + usize::from(hop.silent)).to_string());
        }
        for (h, (addrs, trips)) in path.iter().zip(rtts).enumerate() {
            let there =
                |list: &Value| list.as_array().into_iter().flatten().filter(|v| !v.is_null()).cloned().collect::<Vec<_>>();
            for (i, addr) in there(addrs).iter().enumerate() {
                put(&mut want, format!("{n} hop {h} address {i}"), addr);
            }
            for (i, rtt) in there(trips).iter().enumerate() {
                put(&mut want, format!("{n} hop {h} rtt {i}"), rtt);
            }
            put_word(&mut want, format!("{n} hop {h} probes"), &addrs.as_array().unwrap().len().to_string());
        }
    }
    (got, want)
}

/// Links of a multipath trace: at the TTL of its probes, the far end answers with the least round trip.
fn links(trace: &Traceroute, links: &[Value]) -> (Facts, Facts) {
    let (mut got, mut want) = (Facts::new(), Facts::new());
    for link in links {
        for ttl in link["ttls"].as_array().unwrap() {
            let name = format!("hop {ttl} {}", link["to"].as_str().unwrap());
            put(&mut want, name.clone(), &link["min_rtt"]);
            let addr: IpAddr = link["to"].as_str().unwrap().parse().unwrap();
            let hop = trace.hops.iter().find(|h| Some(u64::from(h.ttl)) == ttl.as_u64());
            let trips = hop.into_iter().flat_map(|h| &h.replies).filter(|r| r.addr == addr).filter_map(|r| r.rtt_ns);
            put_number(&mut got, name, trips.min().map(|n| n as f64));
        }
    }
    (got, want)
}

fn perfsonar(paths: &Value) -> Facts {
    let mut facts = Facts::new();
    for (n, path) in paths.as_array().unwrap().iter().enumerate() {
        for hop in path.as_array().unwrap() {
            let name = format!("trace {n} hop {} reply 0", hop["ttl"]);
            put(&mut facts, name.clone(), &hop["ip"]);
            let seconds = hop["rtt"].as_str().and_then(|t| t.strip_prefix("PT")?.strip_suffix('S')?.parse::<f64>().ok());
            put_number(&mut facts, format!("{name} rtt"), seconds.map(|s| (s * 1e9).round()));
        }
    }
    facts
}

/// What was found, and what others found.
fn facts(name: &str, traces: &[Traceroute], expected: &Value, corpus: &Path) -> (Facts, Facts) {
    let e = &expected["expected"];
    let array = |v: &Value| v.as_array().cloned().unwrap_or_default();
    if let Some(hops) = e["rich_traceroute_expected"]["hops"].as_object() {
        let [trace] = traces else { panic!("{name}: {} traceroutes", traces.len()) };
        (sums(trace), expected_sums(&Value::Object(hops.clone()), trace.tool == "mtr"))
    } else if e["ripe_atlas_sagan"].is_object() {
        atlas(traces, &array(&e["ripe_atlas_sagan"]["list"]))
    } else if name == "perfsonar__trace-result.json" {
        (replies(traces, false), perfsonar(&e["paths"]))
    } else if e["hops"].is_array() {
        (replies(traces, false), expected_replies(std::slice::from_ref(e)))
    } else if e["links"].is_array() {
        let [trace] = traces else { panic!("{name}: {} traceroutes", traces.len()) };
        let (mut got, mut want) = links(trace, &array(&e["links"]));
        put_word(&mut got, "src".into(), &trace.src.unwrap().to_string());
        put(&mut want, "src".into(), &e["src"]);
        (got, want)
    } else {
        // The long text of a trace has no expectation of its own: its binary form has.
        let paths = match e["paths"].as_array() {
            Some(paths) => paths.clone(),
            None => {
                array(&json(&corpus.join("expected/tr-warts").join(name.replace(".txt", ".warts.json")))["expected"]["paths"])
            }
        };
        let paths: Vec<Value> = paths.into_iter().filter(|p| p["type"] != "ping").collect();
        // Of many traces the first ones are written out; the others are counted.
        let some = traces.get(..paths.len()).unwrap_or(traces);
        let (mut got, mut want) = (replies(some, true), expected_replies(&paths));
        if let Some(count) = e["sc_warts2json"]["types"].as_object() {
            put_word(&mut want, "traces".into(), &count.get("trace").map_or(0, |n| n.as_u64().unwrap()).to_string());
            put_word(&mut got, "traces".into(), &traces.len().to_string());
        }
        (got, want)
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn what_tools_wrote_is_read_as_others_read_it() {
    let Some(corpus) = corpus() else { return };
    let (mut compared, mut wrong, mut seen) = (0, Vec::new(), BTreeSet::new());
    for kind in ["tr-text", "tr-json", "tr-warts"] {
        let mut paths: Vec<PathBuf> = fs::read_dir(corpus.join(kind)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let expected = json(&corpus.join("expected").join(kind).join(format!("{name}.json")));
            let bytes = fs::read(&path).unwrap();
            let format = FORMATS.iter().find(|f| f.0 == name).map(|f| f.1);
            let recognised = trace::recognise(&bytes[..bytes.len().min(4096)]);
            assert!(format.is_none() || recognised == format, "{name}: {recognised:?}");
            let Some(recognised) = recognised else {
                wrong.push(format!("{name}: not recognised"));
                continue;
            };
            let read = trace::read(recognised, &bytes);
            let rejected = REJECTED.iter().find(|r| r.0 == name).map_or((0, None), |r| (r.1, Some(r.2)));
            if (read.rejected_total, read.rejected.first().map(|r| r.why)) != rejected {
                wrong.push(format!("{name}: {} rejected, {:?}", read.rejected_total, read.rejected.first()));
            }
            let (got, want) = facts(&name, &read.traceroutes, &expected, &corpus);
            let names: BTreeSet<&String> = got.keys().chain(want.keys()).collect();
            compared += names.len();
            for fact in names {
                let words = match (got.get(fact), want.get(fact)) {
                    (Some(a), Some(b)) if a.agrees(b) => continue,
                    (Some(a), Some(b)) => format!("{fact}: {a} instead of {b}"),
                    (Some(a), None) => format!("{fact}: {a} too much"),
                    (None, b) => format!("{fact}: {} is missing", b.unwrap()),
                };
                match DIFFERENCES.iter().position(|d| d.0 == name && d.1 == words) {
                    Some(at) => drop(seen.insert(at)),
                    None => wrong.push(format!("{name}: {words}")),
                }
            }
        }
    }
    println!("{compared} facts compared, {} differ for a reason", seen.len());
    assert!(wrong.is_empty(), "{} differ: {:#?}", wrong.len(), &wrong[..wrong.len().min(60)]);
    assert_eq!(seen.len(), DIFFERENCES.len(), "a difference that is none any more");
    assert!(compared > 1500, "{compared}");
}

/// What the tools of the lab printed beside its captures.
#[test]
fn the_texts_of_the_lab() {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    let Ok(entries) = fs::read_dir(&lab) else {
        println!("skipped: no lab");
        return;
    };
    let mut texts: Vec<PathBuf> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "txt")).collect();
    texts.sort();
    assert!(!texts.is_empty());
    for path in texts {
        let bytes = fs::read(&path).unwrap();
        let format = trace::recognise(&bytes).unwrap_or_else(|| panic!("{}: not recognised", path.display()));
        let read = trace::read(format, &bytes);
        assert_eq!(read.rejected, [], "{}", path.display());
        for trace in &read.traceroutes {
            let ttls: Vec<u8> = trace.hops.iter().map(|h| h.ttl).collect();
            assert_eq!(ttls, (1..=6).collect::<Vec<u8>>(), "{}", path.display());
            // mtr has no round trip for the further hosts of a hop.
            assert!(trace.hops.iter().all(|h| h.replies.first().is_some_and(|r| r.rtt_ns.is_some())), "{}", path.display());
            assert!(trace.complete || trace.dst.is_none(), "{}", path.display());
        }
        assert!(!read.traceroutes.is_empty(), "{}", path.display());
    }
}
