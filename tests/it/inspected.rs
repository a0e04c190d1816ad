//! What `rutter inspect --format json` prints of every file of the corpus, against what independent tools found in them.
//!
//! One fact is one compared value: of two lists every different element of either is one (an address, a pair of a
//! conversation, an ICMP error with its quote, a round trip), of two numbers, times or words the value itself. A fact that
//! only one side can have is none: the other tool does not print it, or `inspect` does not. Every fact that differs stands in
//! [`DEVIATIONS`] with its reason and in its number, and no row of that table may be without use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::deviations::{DEVIATIONS, PENDING};
use self::traceroutes::traceroutes;
use super::support::rutter;

mod deviations;
mod traceroutes;

/// Kinds of the corpus that hold inputs. The remaining one, `groundtruth`, holds names and places.
const KINDS: [&str; 23] = [
    "bgp-mrt",
    "bgp-pcap",
    "flow-netflow",
    "flow-netflow-raw",
    "flow-sflow",
    "log-auth",
    "log-eve",
    "log-web",
    "log-zeek",
    "mail-eml",
    "pcap-attack",
    "pcap-bad",
    "pcap-groundtruth",
    "pcap-ipopt-frag",
    "pcap-linktype",
    "pcap-mail",
    "pcap-proxy",
    "pcap-traceroute",
    "pcap-tunnel",
    "pcapng-format",
    "tr-json",
    "tr-text",
    "tr-warts",
];

/// Facts of one file.
#[derive(Default)]
struct Sheet {
    kind: &'static str,
    file: String,
    compared: usize,
    agreed: usize,
    pending: usize,
    differ: Vec<String>,
}

impl Sheet {
    fn waits(&self, family: &str, element: &str) -> bool {
        PENDING.iter().any(|(kind, word, part)| *kind == self.kind && family.starts_with(word) && element.contains(part))
    }

    /// One value; `None` is that it should be there and is not.
    fn value(&mut self, family: &str, ours: Option<impl Display>, theirs: impl Display) {
        let ours = ours.map_or_else(|| "nothing".to_owned(), |o| o.to_string());
        let theirs = theirs.to_string();
        if self.waits(family, &theirs) {
            self.pending += 1;
            return;
        }
        self.compared += 1;
        if ours == theirs {
            self.agreed += 1;
        } else {
            self.differ.push(format!("{family}: {ours} instead of {theirs}"));
        }
    }

    /// Two lists without order: every different element is a fact, twice if it is there twice.
    fn list(&mut self, family: &str, ours: impl IntoIterator<Item = String>, theirs: impl IntoIterator<Item = String>) {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        ours.into_iter().for_each(|o| counts.entry(o).or_default().0 += 1);
        theirs.into_iter().for_each(|t| counts.entry(t).or_default().1 += 1);
        for (element, (ours, theirs)) in counts {
            if self.waits(family, &element) {
                self.pending += ours.max(theirs);
                continue;
            }
            self.compared += ours.max(theirs);
            self.agreed += ours.min(theirs);
            self.differ.extend((theirs..ours).map(|_| format!("{family}: {element} too much")));
            self.differ.extend((ours..theirs).map(|_| format!("{family}: {element} missing")));
        }
    }

    /// Two sets.
    fn set(&mut self, family: &str, ours: BTreeSet<String>, theirs: BTreeSet<String>) {
        self.list(family, ours, theirs);
    }

    /// Theirs is a part of the whole, so that more of ours says nothing.
    fn part(&mut self, family: &str, ours: &BTreeSet<String>, theirs: &BTreeSet<String>) {
        self.set(family, ours.intersection(theirs).cloned().collect(), theirs.clone());
    }

    /// Round trips in milliseconds, shortest first, to the rounding of tools.
    fn trips(&mut self, family: &str, mut ours: Vec<f64>, mut theirs: Vec<f64>) {
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        for n in 0..ours.len().max(theirs.len()) {
            match (ours.get(n), theirs.get(n)) {
                (Some(o), Some(t)) if (o - t).abs() < 0.001_1 => self.value(family, Some(t), t),
                (Some(o), Some(t)) => self.value(family, Some(o), t),
                (Some(o), None) => self.value(family, Some(o), "nothing"),
                (None, t) => self.value(family, None::<f64>, t.copied().unwrap_or_default()),
            }
        }
    }
}

fn array(v: &Value) -> &[Value] {
    v.as_array().map_or(&[], Vec::as_slice)
}

fn text(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

fn texts(v: &Value) -> BTreeSet<String> {
    array(v).iter().map(text).collect()
}

/// First columns of `[[word, count], …]`.
fn column(v: &Value) -> BTreeSet<String> {
    array(v).iter().map(|pair| text(&pair[0])).collect()
}

/// Is a list of theirs cut off?
fn whole(v: &Value, key: &str) -> bool {
    v["count"].as_u64() == Some(array(&v[key]).len() as u64)
}

/// One spelling, without IPv4-mapping; what is no address is left alone.
fn addr(word: &str) -> String {
    word.parse().map_or_else(|_| word.to_owned(), |a: IpAddr| rutter::model::net::unmapped(a).to_string())
}

/// Microseconds since 1970 of seconds with decimals.
fn micros(seconds: &str) -> Option<i64> {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let part: i64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000_000 + part)
}

/// Microseconds since 1970 of a time as `inspect` writes it.
fn time(v: &Value) -> Option<i64> {
    v.as_str().map(|t| t.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// Microseconds since 1970 of a time as others write it; one without a zone is in UTC.
fn their_time(text: &str) -> Option<i64> {
    let text = text.trim_end_matches("Z");
    let zoned = text.rfind(['+', '-']).is_some_and(|at| at > 10);
    format!("{text}{}", if zoned { "" } else { "Z" }).parse::<jiff::Timestamp>().ok().map(|t| t.as_microsecond())
}

fn ends(flow: &Value, ports: bool) -> String {
    let end = |addr: &str, port: &str| {
        let addr = text(&flow[addr]);
        if ports { format!("{addr}:{}", flow[port]) } else { addr }
    };
    pair(end("src", "sport"), end("dst", "dport"))
}

fn pair(a: String, b: String) -> String {
    if a <= b { format!("{a} {b}") } else { format!("{b} {a}") }
}

fn recorded(flow: &Value) -> bool {
    flow["recorded"] == true
}

/// Times of a whole capture, to the microsecond: the first and last packet if they are in order, else the least and the
/// greatest time.
fn span(sheet: &mut Sheet, got: &Value, want: &Value) {
    let info = &want["capinfos"]["info"];
    for (ours, packet, least) in [("first", "First packet time", "min_epoch"), ("last", "Last packet time", "max_epoch")] {
        let of_packet = info[packet].as_str().and_then(micros);
        let extreme = (!want[least].is_null()).then(|| micros(&text(&want[least]))).flatten();
        if let Some(theirs) = of_packet.or(extreme) {
            sheet.value(ours, time(&got[ours]), theirs);
        }
    }
}

fn capture(sheet: &mut Sheet, got: &Value, want: &Value) {
    let counted = want["capinfos"]["info"]["Number of packets"].as_str().and_then(|n| n.parse().ok());
    if let Some(packets) = counted.or(want["tshark"]["packets"].as_u64()) {
        sheet.value("packets", got["packets"].as_u64(), packets);
    }
    span(sheet, got, want);
    if let Some(list) = want.get("ip_addresses") {
        sheet.set("address", texts(&got["addresses"]), texts(&list["list"]));
    }
    conversations(sheet, got, &want["conversations"]);
    if let Some(errors) = want.get("icmp_errors") {
        icmp_errors(sheet, got, &errors["list"]);
    }
    if let Some(ids) = want.get("encapsulation_ids") {
        numbers_of_tunnels(sheet, got, ids);
    }
    chains(sheet, got, want);
    if let Some(mails) = want.get("smtp_received") {
        let lines: Vec<String> = array(mails).iter().flat_map(|m| array(&m["received"])).map(text).collect();
        sheet.value("received count", Some(array(&got["received"]).len()), lines.len());
        for (ours, line) in array(&got["received"]).iter().zip(&lines) {
            let literal = line.split('[').skip(1).filter_map(|l| l.split(']').next()).find(|l| l.parse::<IpAddr>().is_ok());
            if let Some(literal) = literal {
                sheet.value("received address", ours["addr"].as_str(), literal);
            }
        }
    }
    for trace in array(&want["traceroutes_derived"]) {
        derived(sheet, got, trace);
    }
    let hosts: BTreeSet<String> = array(&got["flows"]).iter().filter_map(|f| f["host"].as_str()).map(str::to_owned).collect();
    if let Some(names) = want["app_layer"]["tls_sni"].as_object() {
        sheet.part("server name", &hosts, &names.keys().cloned().collect());
    }
}

/// TCP and UDP by pairs of address and port; IP by pairs of addresses, those of tunnels and quotes among them.
fn conversations(sheet: &mut Sheet, got: &Value, want: &Value) {
    for (key, proto) in [("TCP", "tcp"), ("UDP", "udp")] {
        let ours: BTreeSet<String> =
            array(&got["flows"]).iter().filter(|f| f["proto"] == proto && !recorded(f)).map(|f| ends(f, true)).collect();
        pairs(sheet, proto, ours, &want[key]);
    }
    for (key, colon) in [("IPv4", false), ("IPv6", true)] {
        let flows = array(&got["flows"]).iter().filter(|f| !recorded(f)).map(|f| ends(f, false));
        let tunnels = array(&got["tunnels"])
            .iter()
            .flat_map(|t| [&t["outer"], &t["inner"]].map(|ends| pair(text(&ends[0]), text(&ends[1]))));
        let ours = flows.chain(tunnels).filter(|p| p.contains(':') == colon).collect();
        pairs(sheet, key, ours, &want[key]);
    }
}

fn pairs(sheet: &mut Sheet, family: &str, ours: BTreeSet<String>, want: &Value) {
    if want.is_null() {
        return;
    }
    let theirs: BTreeSet<String> = array(&want["pairs"]).iter().map(|p| pair(text(&p[0]), text(&p[1]))).collect();
    if whole(want, "pairs") {
        sheet.set(family, ours, theirs);
    } else {
        sheet.value(&format!("{family} pairs"), Some(ours.len()), &want["count"]);
        sheet.part(family, &ours, &theirs);
    }
}

/// Every error with its quote; of those with labels the labels too.
fn icmp_errors(sheet: &mut Sheet, got: &Value, want: &Value) {
    let words = |from: &Value, kind: &Value, code: &Value, q: [&Value; 5]| {
        let [src, dst, ttl, sport, dport] = q.map(text);
        format!("{} {kind}/{code}: {src} {sport} -> {dst} {dport} ttl {ttl}", text(from))
    };
    let (mut ours, mut our_labels) = (Vec::new(), Vec::new());
    for e in array(&got["icmp_errors"]) {
        let q = &e["quoted"];
        let line = words(&e["from"], &e["type"], &e["code"], [&q["src"], &q["dst"], &q["ttl"], &q["sport"], &q["dport"]]);
        let labels: Vec<String> = array(&e["mpls"]).iter().map(|l| format!("{}/{}", l["label"], l["ttl"])).collect();
        if !labels.is_empty() {
            our_labels.push(format!("{line} [{}]", labels.join(" ")));
        }
        ours.push(line);
    }
    let (mut theirs, mut their_labels) = (Vec::new(), Vec::new());
    for e in array(want) {
        let q = &e["quoted"];
        let one_of = |a: &'static str, b: &'static str| if q[a].is_null() { &q[b] } else { &q[a] };
        let zero = Value::from(0);
        let or_zero = |v: &'static str, w: &'static str| if one_of(v, w).is_null() { zero.clone() } else { one_of(v, w).clone() };
        let (sport, dport) = (or_zero("sport", "ident"), or_zero("dport", "seq"));
        let line = words(&e["from_"], &e["type"], &e["code"], [&q["src"], &q["dst"], one_of("ttl", "hlim"), &sport, &dport]);
        let labels: Vec<String> =
            array(&e["mpls_labels"]).iter().zip(array(&e["mpls_ttl"])).map(|(l, t)| format!("{}/{}", text(l), text(t))).collect();
        if !labels.is_empty() {
            their_labels.push(format!("{line} [{}]", labels.join(" ")));
        }
        theirs.push(line);
    }
    sheet.list("icmp error", ours, theirs);
    sheet.list("icmp labels", our_labels, their_labels);
}

/// Numbers of tunnels with the packets that had them.
fn numbers_of_tunnels(sheet: &mut Sheet, got: &Value, want: &Value) {
    for (key, kinds) in [
        ("gtp.teid", &["gtp-u"][..]),
        // One dissector of theirs reads both.
        ("vxlan.vni", &["vxlan", "vxlan-gpe"]),
        ("geneve.vni", &["geneve"]),
        ("erspan.spanid", &["erspan"]),
    ] {
        let mut ours: BTreeMap<String, u64> = BTreeMap::new();
        for t in array(&got["tunnels"]).iter().filter(|t| kinds.contains(&t["kind"].as_str().unwrap())) {
            if !t["id"].is_null() {
                *ours.entry(t["id"].to_string()).or_default() += t["packets"].as_u64().unwrap();
            }
        }
        let number = |n: &String| n.strip_prefix("0x").map_or(n.parse(), |hex| u64::from_str_radix(hex, 16)).unwrap();
        let theirs: BTreeMap<String, &Value> =
            want[key].as_object().into_iter().flatten().map(|(n, packets)| (number(n).to_string(), packets)).collect();
        for id in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            sheet.value(&format!("{key} {id}"), ours.get(id), theirs.get(id).map_or(&Value::Null, |packets| packets));
        }
    }
}

fn of_kind<'a>(got: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    array(&got["chains"]).iter().filter(move |c| c["kind"] == kind)
}

fn chains(sheet: &mut Sheet, got: &Value, want: &Value) {
    if let Some(heads) = want.get("proxy_headers") {
        let ours = of_kind(got, "x-forwarded-for").map(|c| {
            format!(
                "{} > {}: {}",
                text(&c["peer"]),
                text(&c["server"]),
                array(&c["entries"]).iter().map(text).collect::<Vec<_>>().join(", ")
            )
        });
        let theirs = array(&heads["list"]).iter().filter(|h| !array(&h["xff"]).is_empty()).map(|h| {
            format!(
                "{} > {}: {}",
                text(&h["src"]),
                text(&h["dst"]),
                array(&h["xff"]).iter().map(text).collect::<Vec<_>>().join(", ")
            )
        });
        sheet.set("x-forwarded-for", ours.collect(), theirs.collect());
    }
    if let Some(asked) = want["socks"].as_array() {
        let host = |entry: &Value| text(entry).rsplit_once(':').map_or_else(|| text(entry), |(host, _)| host.to_owned());
        let answered = of_kind(got, "socks-reply").flat_map(|c| array(&c["entries"]).iter().skip(1));
        let ours = of_kind(got, "socks").flat_map(|c| array(&c["entries"])).chain(answered).map(host);
        sheet.set("socks", ours.collect(), asked.iter().map(|s| text(&s["socks_dst"])).collect());
    }
    if let Some(heads) = want["proxy_protocol"].as_array() {
        let ours = of_kind(got, "proxy-protocol").flat_map(|c| array(&c["entries"])).map(text);
        let theirs = heads.iter().map(|h| text(&h["proxy.src.ipv4"][0]));
        sheet.set("proxy-protocol", ours.collect(), theirs.collect());
    }
}

/// Probes matched to quotes by somebody else.
fn derived(sheet: &mut Sheet, got: &Value, want: &Value) {
    let ours = array(&got["traceroutes"]).iter().find(|t| t["src"] == want["src"] && t["dst"] == want["dst"]);
    sheet.value("traceroute to", ours.map(|t| text(&t["dst"])), text(&want["dst"]));
    let Some(ours) = ours else { return };
    sheet.value("traceroute reached", ours["complete"].as_bool(), &want["reached"]);
    for hop in array(&want["path"]) {
        let replies = array(&hop["replies"]);
        one_hop(
            sheet,
            array(&ours["hops"]).iter().find(|h| h["ttl"] == hop["ttl"]),
            replies.iter().map(|r| text(&r["from_"])).collect(),
            replies.iter().filter_map(|r| r["rtt_ms"].as_f64()).collect(),
        );
    }
}

/// Addresses and round trips at one TTL.
fn one_hop(sheet: &mut Sheet, ours: Option<&Value>, addrs: BTreeSet<String>, trips: Vec<f64>) {
    let nothing = Value::Null;
    let ours = ours.unwrap_or(&nothing);
    let addrs = addrs.iter().map(|a| addr(a)).collect();
    sheet.set(&format!("hop {} address", ours["ttl"]), texts(&ours["addrs"]), addrs);
    let our_trips = array(&ours["rtts_ms"]).iter().filter_map(Value::as_f64).collect();
    sheet.trips(&format!("hop {} round trip", ours["ttl"]), our_trips, trips);
}

/// Flow exports; `exported` facts of a capture lie in its payloads.
fn netflow(sheet: &mut Sheet, got: &Value, want: &Value) {
    if sheet.kind == "flow-netflow" {
        capture(sheet, got, want);
    }
    let (shark, dump) = (&want["tshark_cflow"], &want["nfdump"]);
    if sheet.kind == "flow-netflow-raw" {
        let version = match got["format"].as_str() {
            Some("netflow5") => "5",
            Some("netflow9") => "9",
            Some("ipfix") => "10",
            other => other.unwrap_or("none"),
        };
        let versions: BTreeSet<String> = shark["versions"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
        sheet.set("version", BTreeSet::from([version.to_owned()]), versions);
    }
    let flows: Vec<&Value> = array(&got["flows"]).iter().filter(|f| recorded(f)).collect();
    sheet.value("exported records", got["records"].as_u64(), &shark["flow_records_with_src_address"]);
    sheet.value("exported records by nfdump", got["records"].as_u64(), &dump["flows"]);
    // The outer addresses of an exported tunnel are flow addresses to tshark.
    let outer = array(&got["tunnels"]).iter().flat_map(|t| texts(&t["outer"]));
    let hosts: BTreeSet<String> = flows.iter().flat_map(|f| [text(&f["src"]), text(&f["dst"])]).chain(outer).collect();
    if whole(&shark["flow_addresses"], "list") {
        sheet.set("exported address", hosts, texts(&shark["flow_addresses"]["list"]));
    }
    let sum = |key: &str| flows.iter().filter_map(|f| f[key].as_u64()).sum::<u64>();
    sheet.value("exported octets", Some(sum("bytes")), &shark["sum_octets"]);
    sheet.value("exported packets", Some(sum("packets")), &shark["sum_packets"]);
    // Record by record where its ports name one flow: packets and octets, first and last time.
    let ends = |r: &Value| {
        let side =
            |s: &str| text(if r[format!("{s}4_addr")].is_null() { &r[format!("{s}6_addr")] } else { &r[format!("{s}4_addr")] });
        let port = |s: &str| r[format!("{s}_port")].as_u64().unwrap_or_default();
        format!("{}:{} {}:{}", side("src"), port("src"), side("dst"), port("dst"))
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    array(&dump["records"]).iter().for_each(|r| *seen.entry(ends(r)).or_default() += 1);
    // The list of records ends at 40.
    let all = dump["flows"].as_u64() == Some(array(&dump["records"]).len() as u64);
    for record in array(&dump["records"]).iter().filter(|r| r["proto"] == 6 || r["proto"] == 17) {
        let name = ends(record);
        let ours =
            flows.iter().find(|f| format!("{}:{} {}:{}", text(&f["src"]), f["sport"], text(&f["dst"]), f["dport"]) == name);
        if !all || seen.get(&name) != Some(&1) {
            continue;
        }
        sheet.value("exported flow", ours.map(|_| &name), &name);
        let Some(ours) = ours else { continue };
        for (key, both) in [("bytes", ["in_bytes", "out_bytes"]), ("packets", ["in_packets", "out_packets"])] {
            let theirs: u64 = both.iter().filter_map(|k| record[*k].as_u64()).sum();
            sheet.value(&format!("exported flow {key}"), ours[key].as_u64(), theirs);
        }
        for key in ["first", "last"] {
            // nfdump's 1970 is that no time was exported.
            if let Some(theirs) = record[key].as_str().filter(|t| !t.starts_with("1970")).and_then(their_time) {
                sheet.value(&format!("exported flow {key}"), time(&ours[key]).map(|t| t / 1000), theirs / 1000);
            }
        }
    }
}

fn sflow(sheet: &mut Sheet, got: &Value, want: &Value) {
    capture(sheet, got, want);
    let shark = &want["tshark_sflow"];
    let samples: u64 = shark["sample_types"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    sheet.value("exported samples", got["records"].as_u64(), samples);
    let carriers: BTreeSet<String> =
        array(&got["flows"]).iter().filter(|f| !recorded(f)).flat_map(|f| [text(&f["src"]), text(&f["dst"])]).collect();
    let rest = |set: BTreeSet<String>| set.difference(&carriers).cloned().collect();
    sheet.set("exported address", rest(texts(&got["addresses"])), rest(texts(&shark["sampled_addresses"]["list"])));
}

fn sources(got: &Value) -> BTreeSet<String> {
    array(&got["flows"]).iter().map(|f| text(&f["src"])).filter(|a| !a.is_empty()).collect()
}

/// What stands in quotes behind `before` in lines of assertions.
fn asserted(lines: &Value, before: &str) -> BTreeSet<String> {
    let value = |l: &str| Some(l.split_once(before)?.1.split('"').next()?.to_owned());
    array(lines).iter().filter_map(|l| value(l.as_str()?)).filter(|a| a.parse::<IpAddr>().is_ok()).collect()
}

fn log(sheet: &mut Sheet, got: &Value, want: &Value) {
    let lines = got["records"].as_u64().unwrap() + got["rejected_total"].as_u64().unwrap();
    sheet.value("lines", Some(lines), &want["lines"]);
    let ours = sources(got);
    for before in ["[\"source_ip\"] == \"", "[\"remote_addr\"] == \"", "[\"client\"] == \""] {
        sheet.part("asserted source", &ours, &asserted(&want["crowdsec_parser_assert"]["lines"], before));
    }
    sheet.part("asserted offender", &ours, &asserted(&want["crowdsec_scenario_assert"]["lines"], ".IP == \""));
    sheet.part("offender", &ours, &column(&want["fail2ban_regex_sshd_aggressive"]["offenders"]["top"]));
    let strings = &want["ipv4_strings"];
    if whole(strings, "top") {
        let known = column(&strings["top"]);
        for address in texts(&got["addresses"]).iter().filter(|a| !a.contains(':')) {
            sheet.value("address in the text", known.get(address), address);
        }
    }
    if let Some(general) = want["goaccess"].get("general") {
        sheet.value("valid requests", got["records"].as_u64(), &general["valid_requests"]);
        sheet.part("top host", &ours, &array(&want["goaccess"]["top_hosts"]).iter().map(|h| text(&h["ip"])).collect());
        let bytes: u64 = array(&got["flows"]).iter().filter_map(|f| f["bytes"].as_u64()).sum();
        sheet.value("bandwidth", Some(bytes), &general["bandwidth"]);
        for (key, date) in [("first", "start_date"), ("last", "end_date")] {
            let ours = got[key].as_str().and_then(|t| t.get(..10)?.parse::<jiff::civil::Date>().ok());
            sheet.value(&format!("{key} day"), ours.map(|d| d.strftime("%d/%b/%Y").to_string()), text(&general[date]));
        }
    }
}

fn zeek(sheet: &mut Sheet, got: &Value, want: &Value) {
    sheet.value("records", got["records"].as_u64(), &want["records"]);
    let flows = array(&got["flows"]);
    for (key, end) in [("orig_hosts", "src"), ("resp_hosts", "dst")] {
        let ours: BTreeSet<String> = flows.iter().map(|f| text(&f[end])).collect();
        if whole(&want[key], "top") {
            sheet.set(key, ours, column(&want[key]["top"]));
        } else {
            sheet.value(&format!("{key} count"), Some(ours.len()), &want[key]["count"]);
            sheet.part(key, &ours, &column(&want[key]["top"]));
        }
    }
    sheet.value("five-tuples", Some(flows.len()), &want["five_tuples"]);
    sheet.part("address", &texts(&got["addresses"]), &texts(&want["global_addresses"]));
    let field = |row: &Value, name: &str| {
        let flat = name.replace('.', "_");
        text(if row[name].is_null() { &row[&flat] } else { &row[name] })
    };
    for row in array(&want["first"]) {
        let name = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"].map(|n| field(row, n)).join(" ");
        let ours: Option<&Value> =
            flows.iter().find(|f| [&f["src"], &f["sport"], &f["dst"], &f["dport"]].map(text).join(" ") == name);
        sheet.value("row", ours.map(|_| &name), &name);
        let Some(ours) = ours else { continue };
        if !row["orig_pkts"].is_null() {
            let sum = |keys: [&str; 2]| keys.iter().filter_map(|k| text(&row[*k]).parse::<u64>().ok()).sum::<u64>();
            sheet.value("row packets", ours["packets"].as_u64(), sum(["orig_pkts", "resp_pkts"]));
            sheet.value("row bytes", ours["bytes"].as_u64(), sum(["orig_ip_bytes", "resp_ip_bytes"]));
        }
        sheet.value("row first", time(&ours["first"]), micros(&text(&row["ts"])).unwrap());
    }
}

fn eve(sheet: &mut Sheet, got: &Value, want: &Value) {
    sheet.value("records", got["records"].as_u64(), &want["records"]);
    let alerts = array(&got["alerts"]);
    let times = |a: &Value| a["times"].as_u64().unwrap();
    sheet.value("alerts", Some(alerts.iter().map(times).sum::<u64>()), &want["event_types"]["alert"]);
    for (key, end) in [("src_ips", "src"), ("dest_ips", "dst")] {
        let flows = array(&got["flows"]).iter().map(|f| text(&f[end]));
        let ours: BTreeSet<String> =
            if want["event_types"].as_object().unwrap().len() == 1 { BTreeSet::new() } else { flows.collect() };
        let ours: BTreeSet<String> =
            ours.into_iter().chain(alerts.iter().map(|a| text(&a[end]["addr"]))).filter(|a| !a.is_empty()).collect();
        if whole(&want[key], "top") {
            sheet.set(key, ours, column(&want[key]["top"]));
        } else {
            sheet.value(&format!("{key} count"), Some(ours.len()), &want[key]["count"]);
            sheet.part(key, &ours, &column(&want[key]["top"]));
        }
    }
    for signature in array(&want["signatures"]) {
        let ours: u64 = alerts.iter().filter(|a| a["signature"] == signature[0]).map(times).sum();
        sheet.value("signature", Some(ours), &signature[1]);
    }
    sheet.set(
        "x-forwarded-for",
        of_kind(got, "x-forwarded-for").flat_map(|c| texts(&c["entries"])).collect(),
        column(&want["xff"]),
    );
    for (key, theirs) in [("first", "first_ts"), ("last", "last_ts")] {
        sheet.value(key, time(&got[key]), their_time(want[theirs].as_str().unwrap()).unwrap());
    }
}

fn mail(sheet: &mut Sheet, got: &Value, want: &Value) {
    let python = &want["python_email"];
    let ours = array(&got["received"]);
    sheet.value("received count", Some(ours.len()), &python["received_count"]);
    let mut others: Vec<&Value> = array(&want["spamscope_mail_parser"]["received_oldest_first"]).iter().collect();
    others.reverse();
    for (n, ours) in ours.iter().enumerate() {
        let line = text(&python["received_newest_first"][n]);
        let theirs: Vec<String> = array(&python["ips_per_received"][n])
            .iter()
            .map(text)
            // Version numbers of servers look like addresses with a leading zero, or stand behind "id".
            .filter(|a| a.parse::<IpAddr>().is_ok())
            .collect();
        // Who handed it over stands first; a line that names no client has none.
        let client = ours["addr"].as_str();
        if let Some(first) = theirs.first().filter(|_| line.starts_with("from ")) {
            sheet.value("received address", client, first);
        } else if let Some(client) = client {
            sheet.value("received address", Some(client), if line.contains(client) { client } else { "nothing" });
        }
        let other = others.get(n).copied().unwrap_or(&Value::Null);
        let date = other["date_utc"].as_str().filter(|d| *d != "None").and_then(their_time);
        if let Some(date) = date {
            sheet.value("received time", time(&ours["time"]), date);
        }
        if let Some(by) = other["by"].as_str().and_then(|b| b.split_whitespace().next()) {
            sheet.value("received by", ours["by"].as_str(), by);
        }
        if let Some(from) = other["from"].as_str() {
            // The name may be the one that was said or the one that was found; a client may have only an address.
            let name = ours["from"].as_str().filter(|n| !n.is_empty()).or(client).unwrap_or_default();
            sheet.value("received from", Some(name), if !name.is_empty() && from.contains(name) { name } else { from });
        }
    }
}

fn mrt(sheet: &mut Sheet, got: &Value, want: &Value) {
    let dump = &want["bgpdump"];
    sheet.value("entries", got["routes"].as_u64(), &dump["entries"]);
    if let Some(records) = want["mrtparse"]["records"].as_u64() {
        sheet.value("records", got["records"].as_u64(), records);
    }
    let peers = column(&dump["peers"]).into_iter().filter(|p| p != "0.0.0.0").collect();
    sheet.part("peer", &texts(&got["addresses"]), &peers);
    // The list of entries ends at 40.
    if dump["entries"].as_u64() == Some(array(&dump["sample_lines"]).len() as u64) || sheet.file.contains("bview") {
        let seconds = |line: &Value| text(line).split('|').nth(1).and_then(|s| s.parse::<i64>().ok());
        if let Some(first) = array(&dump["sample_lines"]).first().and_then(seconds) {
            sheet.value("first", time(&got["first"]), first * 1_000_000);
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap()["expected"].take()
}

/// What the program says of a file, or why not.
fn inspect(path: &Path) -> Result<Value, String> {
    let out = rutter().args(["inspect", "--format", "json", "--no-hash"]).arg(path).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    match out.status.code() {
        Some(0 | 3) => Ok(serde_json::from_slice(&out.stdout).unwrap()),
        Some(1) => Err(said),
        code => panic!("{}: {code:?}: {said}", path.display()),
    }
}

/// Compares a file; the sets of raw datagrams under the name of the last one.
fn compare(kind: &'static str, path: &Path, corpus: &Path) -> Option<Sheet> {
    let file = path.file_name().unwrap().to_str().unwrap().to_owned();
    let want = read(&corpus.join("expected").join(kind).join(format!("{file}.json")));
    let mut sheet = Sheet { kind, file, ..Sheet::default() };
    let folder = tempfile::tempdir().unwrap();
    let input = if kind == "flow-netflow-raw" {
        // The expectation of a set stands with its last datagram.
        let order = want.get("order_of_datagrams")?;
        let bytes: Vec<u8> = array(order).iter().flat_map(|name| fs::read(path.with_file_name(text(name))).unwrap()).collect();
        let joined = folder.path().join("set.bin");
        fs::write(&joined, bytes).unwrap();
        joined
    } else {
        path.to_owned()
    };
    let got = match inspect(&input) {
        Ok(got) => got,
        Err(said) => {
            assert!(said.contains("unknown format"), "{said}");
            if kind == "flow-netflow-raw" {
                sheet.value("exported records", Some(0), &want["tshark_cflow"]["flow_records_with_src_address"]);
                sheet.value("exported records by nfdump", Some(0), &want["nfdump"]["flows"]);
            } else {
                // capinfos knows no number of packets where it can't read a file.
                let theirs = want["capinfos"]["info"].get("Number of packets").is_some();
                sheet.value("can be read", Some(false), theirs);
            }
            return Some(sheet);
        }
    };
    let s = &mut sheet;
    match kind {
        "flow-netflow" | "flow-netflow-raw" => netflow(s, &got, &want),
        "flow-sflow" => sflow(s, &got, &want),
        "log-auth" | "log-web" => log(s, &got, &want),
        "log-zeek" => zeek(s, &got, &want),
        "log-eve" => eve(s, &got, &want),
        "mail-eml" => mail(s, &got, &want),
        "bgp-mrt" => mrt(s, &got, &want),
        "tr-json" | "tr-text" | "tr-warts" => traceroutes(s, &got, &want, corpus),
        _ => capture(s, &got, &want),
    }
    Some(sheet)
}

#[test]
fn inspect_agrees_with_independent_tools() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.join("expected").is_dir() {
        println!("skipped: no corpus");
        return;
    }
    let mut sheets = Vec::new();
    let folders = fs::read_dir(corpus.join("expected")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let missed: Vec<String> = folders.filter(|f| f != "groundtruth" && !KINDS.contains(&f.as_str())).collect();
    assert!(missed.is_empty(), "{missed:?}");
    for kind in KINDS {
        let mut paths: Vec<PathBuf> = fs::read_dir(corpus.join(kind)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        sheets.extend(paths.iter().filter_map(|path| compare(kind, path, &corpus)));
    }
    let (mut used, mut unexplained) = (vec![0; DEVIATIONS.len()], Vec::new());
    for sheet in &sheets {
        for words in &sheet.differ {
            match DEVIATIONS.iter().position(|d| d.0 == sheet.file && words.starts_with(d.1)) {
                Some(row) => used[row] += 1,
                None => unexplained.push(format!("{} {}: {words}", sheet.kind, sheet.file)),
            }
        }
    }
    println!("{:<18} {:>5} {:>9} {:>9} {:>8} {:>8}", "kind", "files", "compared", "agree", "%", "pending");
    let (mut compared, mut agreed) = (0, 0);
    for kind in KINDS {
        let of_kind: Vec<&Sheet> = sheets.iter().filter(|s| s.kind == kind).collect();
        let sum = |of: fn(&Sheet) -> usize| of_kind.iter().map(|s| of(s)).sum::<usize>();
        let (all, same, pending) = (sum(|s| s.compared), sum(|s| s.agreed), sum(|s| s.pending));
        if !of_kind.is_empty() {
            println!("{kind:<18} {:>5} {all:>9} {same:>9} {:>8.2} {pending:>8}", of_kind.len(), percent(same, all));
        }
        compared += all;
        agreed += same;
    }
    let pending: usize = sheets.iter().map(|s| s.pending).sum();
    println!("{:<18} {:>5} {compared:>9} {agreed:>9} {:>8.2} {pending:>8}", "all", sheets.len(), percent(agreed, compared));
    assert!(unexplained.is_empty(), "{} differ: {:#?}", unexplained.len(), &unexplained[..unexplained.len().min(400)]);
    for (row, used) in DEVIATIONS.iter().zip(used) {
        assert_eq!(used, row.2, "{} {}: {}", row.0, row.1, row.3);
    }
    assert!(percent(agreed, compared) >= 97.0, "{agreed} of {compared}");
    assert!(compared > 4400, "{compared}");
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
