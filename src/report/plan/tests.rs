//! Report to plan: who is asked, who is not, and in which order.

use serde_json::json;

use super::sample::{EVIL, code, hop, incident, plan_of, plan_on, report};
use super::{Ground, Group, Plan, Request, text};
use crate::model::channel::{Channel, DataClass};
use crate::report::terminal::Look;

fn find<'a>(requests: &'a [Request], state: &str, group: Group) -> &'a Request {
    requests.iter().find(|r| r.state == code(state) && r.group == group).unwrap()
}

#[test]
fn what_may_be_gone_any_day_comes_first_and_then_what_is_lost_first() {
    let plan = plan_of(&report(), "FR");
    let order: Vec<(&str, Group)> = plan.requests.iter().map(|r| (r.state.as_str(), r.group)).collect();
    assert_eq!(
        order,
        [
            ("DE", Group::SteppingStone),
            ("NL", Group::Transit),
            ("BE", Group::Transit),
            ("US", Group::Subscriber),
            ("SG", Group::Subscriber),
            // Kept apart, and numbered in the order in which it is printed.
            ("DE", Group::VictimEnd),
        ]
    );
    assert_eq!(plan.requests.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(plan.requests[0].deadline.starts_with("unknown: no"));
    // What a duty covers in part only may be gone any day, and stands with that.
    let mut us = find(&plan.requests, "US", Group::Subscriber).retention.clone();
    assert!(us.first_lost().is_some());
    us.covered = vec![DataClass::Subscriber];
    assert_eq!((us.first_lost(), us.order().0), (None, None));
    assert!(
        find(&plan.requests, "US", Group::Subscriber)
            .deadline
            .starts_with("lost from 2026-06-15: 75 days after 2026-04-01, counted from 2026-03-17")
    );
}

#[test]
fn hops_that_nobody_vouches_for_are_not_asked_about() {
    let plan = plan_of(&report(), "FR");
    let why: Vec<(String, &str)> = plan.not_asked.iter().map(|n| (format!("{} {}", n.path, n.rank), n.why.as_str())).collect();
    assert_eq!(why.len(), 4, "{why:?}");
    assert!(why[0].1.starts_with("asserted by a header only"));
    assert!(why[1].1.starts_with("silent"));
    assert!(why[2].1.starts_with("origin withheld: "));
    assert_eq!(why[3].1, "source address not proved (plausible): it may be forged");
    assert!(
        plan.requests.iter().flat_map(|r| &r.items).all(|i| !["203.0.113.200", "192.0.2.66"].contains(&&*i.addr.to_string()))
    );
    // Spoofed, and a measurement.
    let mut other = report();
    other["paths"][0]["hops"][1]["why_unplaced"] = json!("spoofed: the address belongs to somebody else");
    other["paths"][0]["finding"] = json!("traceroute");
    let plan = plan_of(&other, "FR");
    assert!(plan.requests.is_empty() && plan.not_asked.iter().any(|n| n.why.starts_with("a measurement, no traffic")));
    other["paths"][0]["finding"] = json!("brute-force");
    let plan = plan_of(&other, "FR");
    assert!(plan.not_asked.iter().any(|n| n.why.starts_with("spoofed")));
    assert!(plan.requests.iter().all(|r| r.group != Group::Subscriber));
}

#[test]
fn uncertain_places_are_conditions_and_registers_are_no_places() {
    let plan = plan_of(&report(), "FR");
    let nl = find(&plan.requests, "NL", Group::Transit);
    let only_if = nl.only_if.as_deref().unwrap();
    assert!(
        only_if.contains("location is uncertain") && only_if.contains("p 0.60") && only_if.contains("BE p 0.30"),
        "{only_if}"
    );
    assert!(only_if.contains("(e2)"), "a probability has evidence beside it");
    assert!(plan.requests.iter().all(|r| r.state != code("LU")), "0.01 is below the least");
    assert!(plan.requests.iter().all(|r| r.state != code("EU")), "a registry's label is no state");
    let us = find(&plan.requests, "US", Group::Subscriber);
    assert_eq!(us.ground, Ground::Operator);
    assert!(us.only_if.as_deref().unwrap().starts_with("only if whoever runs the machine"));
    assert_eq!(find(&plan.requests, "SG", Group::Subscriber).only_if, None);
    // The victim's own provider is the victim's to ask.
    assert!(plan.requests.iter().all(|r| r.group != Group::VictimEnd || r.state == code("DE")));
}

#[test]
fn channels_are_picked_by_purpose_and_never_suspended_ones() {
    let plan = plan_of(&report(), "FR");
    let sg = find(&plan.requests, "SG", Group::Subscriber);
    assert_eq!(sg.first.as_ref().map(|c| &*c.kind), Some("preservation request over the 24/7 network"));
    assert_eq!(sg.disclose.as_ref().map(|c| &*c.kind), Some("MLA"));
    let rest: Vec<&str> = sg.alternatives.iter().map(|c| &*c.kind).collect();
    let expected = [
        "suspended order",
        "unsure network",
        "disclosure of the path",
        "UNTOC",
        "CERT-to-CERT",
        "INTERPOL",
        "UN points of contact",
    ];
    assert_eq!(rest, expected);
    assert!(find(&plan.requests, "BE", Group::Transit).first.is_none());
    // The own state is asked by nobody.
    let plan = plan_of(&report(), "SG");
    let own = find(&plan.requests, "SG", Group::Subscriber);
    assert!(own.domestic && own.first.is_none() && own.alternatives.is_empty());
    let shown = text::render(&plan, Look::default());
    assert!(shown.contains("production by your own authority"), "{shown}");
    assert!(plan.notices.iter().all(|n| n.state != code("SG")));
}

#[test]
fn ports_and_times_are_those_of_the_evidence() {
    let plan = plan_of(&report(), "FR");
    let sg = find(&plan.requests, "SG", Group::Subscriber);
    assert_eq!(sg.seen.unwrap().first.to_string(), "2026-03-17T02:00:00Z");
    let uses: Vec<_> = sg.items[0].uses.iter().map(|u| (u.port.unwrap(), u.peer_port.unwrap(), u.opened)).collect();
    assert_eq!(uses, [(40001, 22, true), (40002, 22, true)]);
    assert_eq!(sg.items[0].uses[0].time.to_string(), "2026-03-17T02:03:45.177207Z");
    assert_eq!(
        plan.findings.iter().map(|f| (f.path.as_str(), f.reason.as_str())).collect::<Vec<_>>(),
        [("p1", "120 short sessions")]
    );
    // Evidence without a time: unknown, beside the time of the traffic on the path.
    let stone = find(&plan.requests, "DE", Group::SteppingStone);
    assert_eq!((stone.seen, stone.traffic.unwrap().first.to_string().as_str()), (None, "2026-03-17T02:00:00Z"));
    // All evidence of the path that names the address counts, not only that of the hop.
    assert_eq!(stone.items[0].uses.iter().map(|u| (u.port.unwrap(), u.opened)).collect::<Vec<_>>(), [(22, false), (22, false)]);
    assert_eq!(plan.inputs[0].name, "in.pcap", "folders stay at home");
}

#[test]
fn notices_go_to_places_of_use_only() {
    let plan = plan_of(&report(), "FR");
    let told: Vec<&str> = plan.notices.iter().map(|n| n.state.as_str()).collect();
    assert_eq!(told, ["DE", "SG"], "no notice for transit, for the victim's end, for a seat");
    assert!(plan.notices.iter().flat_map(|n| &n.items).all(|i| i.addr.to_string() != "198.51.100.8"));
    // Below one half nobody is told.
    let mut unsure = report();
    unsure["paths"][0]["hops"][1] = hop(1, Some("192.0.2.1"), "origin", "observed", &[("SG", "territory", 0.4)], &["e1"]);
    assert!(plan_of(&unsure, "FR").notices.iter().all(|n| n.state != code("SG")));
}

#[test]
fn nothing_hostile_reaches_a_terminal_or_a_renderer() {
    let plan = plan_of(&report(), "FR");
    let shown = text::render(&plan, Look::default());
    let md = text::markdown(&plan);
    let json = crate::report::json::pretty(&plan).unwrap();
    for out in [&shown, &md, &json] {
        assert!(!out.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r', '\u{fffe}']), "{out}");
    }
    assert!(!md.contains("<script>") && !md.replace("\\]", "").contains("](http") && !md.contains("\n# H"), "{md}");
    assert!(shown.lines().all(|l| l.chars().count() <= 100 || !l.trim().contains(' ')), "{shown}");
    let evil = EVIL.split(' ').next().unwrap();
    assert!(!json.contains(evil));
}

#[test]
fn every_probability_stands_beside_evidence() {
    let plan = plan_of(&report(), "FR");
    let wide = Look { width: 60_000, ..Look::default() };
    for line in text::render(&plan, wide).lines().chain(text::markdown(&plan).lines()) {
        let has_p = line.match_indices(" p ").any(|(at, _)| line[at + 3..].starts_with(|c: char| c.is_ascii_digit() || c == '<'));
        let has_id = line.match_indices('e').any(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        assert!(!has_p || has_id, "{line}");
        assert!(!line.contains("100 %") && !line.contains("100%"), "{line}");
        // An instrument has its date and grade.
        assert!(!line.contains("ETS185") || (line.contains("as of") && line.contains("grade")), "{line}");
    }
}

#[test]
fn a_report_without_findings_gives_an_empty_plan() {
    let mut empty = report();
    empty["paths"] = json!([]);
    let plan = plan_of(&empty, "FR");
    assert!(plan.requests.is_empty() && plan.notices.is_empty() && plan.evidence.is_empty());
    assert!(text::render(&plan, Look::default()).contains("Nothing to ask"));
}

fn whole(plan: &Plan) -> String {
    text::render(plan, Look { width: 60_000, ..Look::default() })
}

#[test]
fn an_inferred_hop_has_no_time_of_its_own_and_says_so() {
    let plan = plan_of(&incident(), "EE");
    let nl = find(&plan.requests, "NL", Group::Transit);
    assert_eq!(nl.seen, None);
    assert_eq!(nl.traffic.unwrap().first.to_string(), "2026-03-17T14:31:50.000270Z");
    assert!(nl.only_if.as_deref().unwrap().contains("only if the traffic took this way: 203.0.113.12 is inferred"));
    let hop = &nl.items[0].hops[0];
    assert_eq!(nl.items[0].hops.len(), 1, "our own traceroute is no traffic: {:?}", nl.items[0].hops);
    assert!(hop.remarks[0].contains("the forward path may differ"));
    assert_eq!(hop.to.unwrap().to_string(), "198.51.100.12", "the end before the device that rewrites");
    assert!(
        whole(&plan).contains("unknown time: no record of it has one; the traffic on its path is of 2026-03-17T14:31:50.000270Z")
    );
    // A router that answered a probe did so then, whenever the traffic was.
    let mut timed = incident();
    timed["evidence"][2]["time"] = json!("2026-03-18T09:00:00Z");
    let plan = plan_of(&timed, "EE");
    assert_eq!(find(&plan.requests, "NL", Group::Transit).seen.unwrap().first.to_string(), "2026-03-18T09:00:00Z");
}

#[test]
fn a_conversation_in_two_inputs_is_one_and_a_clock_that_differs_is_corrected() {
    let plan = plan_of(&incident(), "EE");
    let clock = &plan.clocks[0];
    assert_eq!(
        (plan.clocks.len(), clock.input, clock.against, clock.milliseconds, clock.because.as_str()),
        (1, 2, 0, 36_680, "e26")
    );
    let uses = &find(&plan.requests, "SG", Group::Subscriber).items[0].uses;
    assert_eq!(uses.len(), 2, "{uses:?}");
    let (mail, web) = (&uses[0], &uses[1]);
    assert_eq!((mail.port, mail.because.as_str(), mail.corrected), (Some(51515), "e1", None));
    assert_eq!((mail.also[0].because.as_str(), mail.also[0].time.to_string().as_str()), ("e9", "2026-03-17T14:20:47.680Z"));
    // The port of the request stands on the device at the other end only.
    assert_eq!((web.port, web.peer.to_string().as_str(), web.peer_port), (Some(52000), "198.51.100.12", Some(443)));
    assert_eq!(web.time.to_string(), "2026-03-17T14:32:26.470Z");
    assert_eq!(web.corrected.unwrap().to_string(), "2026-03-17T14:31:49.790Z");
    let shown = whole(&plan);
    assert!(shown.contains("(clock of input 2 differs by +36.680 s; corrected: 2026-03-17T14:31:49.790Z)"), "{shown}");
    assert!(shown.contains("Which of the two was right is not recorded"), "{shown}");
    assert!(plan.evidence.iter().any(|e| e.id == "e8") && plan.evidence.iter().any(|e| e.id == "e26"), "what is named is there");
    // Seen by one clock.
    assert_eq!(find(&plan.requests, "SG", Group::Subscriber).seen.unwrap().last.to_string(), "2026-03-17T14:31:50.000270Z");
    // An offset that its own records do not show is none.
    let mut odd = incident();
    odd["evidence"][4]["time"] = json!("2026-03-17T14:25:00Z");
    assert!(plan_of(&odd, "EE").clocks.is_empty());
    // A port that no record names is none.
    let mut unknown = incident();
    unknown["evidence"][3]["what"] = json!("tcp 192.0.2.1 -> 198.51.100.12 port 0 -> 443: x");
    let plan = plan_of(&unknown, "EE");
    assert!(find(&plan.requests, "SG", Group::Subscriber).items[0].uses.iter().any(|u| u.port.is_none()));
    assert!(whole(&plan).contains("port not recorded") && !whole(&plan).contains("tcp 0"));
}

#[test]
fn the_device_of_the_addressed_end_is_asked_about_with_nobody() {
    let plan = plan_of(&incident(), "EE");
    assert!(plan.requests.iter().all(|r| r.group != Group::Translation));
    let why = |plan: &Plan| {
        plan.not_asked.iter().find(|n| n.addr.is_some_and(|a| a.to_string() == "198.51.100.12")).unwrap().why.clone()
    };
    assert!(why(&plan).starts_with("already known: e10 says what stood behind it (10.20.0.5 port 8443)"), "{}", why(&plan));
    let mut blind = incident();
    blind["evidence"][5]["what"] = json!("translation: not read");
    assert!(why(&plan_of(&blind, "EE")).starts_with("stands directly before an inside address (10.20.0.5)"));
    // One that stands before a host elsewhere is asked.
    blind["paths"][0]["hops"][3]["addr"] = json!("203.0.113.77");
    blind["paths"][0]["hops"][4]["addr"] = json!("203.0.113.78");
    assert!(plan_of(&blind, "EE").requests.iter().any(|r| r.group == Group::Translation));
}

#[test]
fn what_is_asked_decides_the_article() {
    let article =
        |c: &Option<Channel>| c.as_ref().map(|c| format!("{} {}", c.instrument.as_deref().unwrap_or("-"), c.article)).unwrap();
    let mut all = report();
    all["paths"][0]["hops"][2]["touches"][0]["state"] = json!("SE");
    let plan = plan_of(&all, "FR");
    let (sg, se) = (find(&plan.requests, "SG", Group::Subscriber), find(&plan.requests, "SE", Group::Transit));
    assert_eq!(article(&sg.disclose), "ETS185 31", "article 30 gives no subscriber data");
    assert_eq!(article(&se.disclose), "ETS185 30");
    assert_eq!(article(&se.mla), "ETS185 31", "the path alone is no evidence");
    // Preservation rests on article 29, and being awake is no limit.
    let first = sg.first.as_ref().unwrap();
    assert_eq!(article(&sg.first), "ETS185 29, through the contact point of art. 35");
    assert!(first.limit.starts_with("preservation of at least 60 days (art. 29(7))"), "{}", first.limit);
    assert!(!whole(&plan).contains("24 hours a day"));
    let ways = plan.ways.iter().find(|w| w.state == code("SG")).unwrap();
    assert!(ways.channels.iter().all(|c| !c.limit.contains("24 hours")));
    // e-Evidence goes to a provider, and is no channel to a state.
    all["paths"][0]["hops"][2]["touches"][0]["state"] = json!("IE");
    let plan = plan_of(&all, "FR");
    assert_eq!(find(&plan.requests, "IE", Group::Transit).first, None);
    let ie = plan.ways.iter().find(|w| w.state == code("IE")).unwrap();
    assert!(ie.channels[0].caveats[0].contains("not where the router or the server stands"));
    let plan = plan_on(&all, "FR", "2026-11-22", None);
    assert_eq!(find(&plan.requests, "IE", Group::Transit).first, None);
    assert!(plan.ways.iter().flat_map(|w| &w.channels).all(|c| c.instrument.as_deref() != Some("EEVID")));
    assert!(plan.instruments.iter().any(|i| i.id == "EEVID"));
}

/// A router in DE and one in NL that are one provider's: one order, and none of it hangs on where they were placed.
#[test]
fn an_order_goes_to_a_provider_wherever_its_machines_are() {
    let on = "2026-11-22";
    let plan = plan_on(&report(), "FR", on, None);
    let order = &plan.orders[0];
    assert_eq!((plan.orders.len(), order.number, order.asn), (1, 1, 64_500));
    // An image is content, or no stored data: the request to the state asks for it.
    assert!(order.parts.iter().flat_map(|p| &p.ask_for).all(|d| !d.contains("image")));
    assert!(plan.requests.iter().flat_map(|r| &r.ask_for).any(|d| d.contains("image")));
    let parts: Vec<(Group, Vec<String>)> =
        order.parts.iter().map(|p| (p.group, p.items.iter().map(|i| i.addr.to_string()).collect())).collect();
    assert_eq!(
        parts,
        [
            (Group::Subscriber, vec!["192.0.2.1".to_owned()]),
            (Group::SteppingStone, vec!["198.51.100.7".to_owned()]),
            (Group::Transit, vec!["192.0.2.9".to_owned()]),
        ],
        "the victim's end, what a header asserts and withheld origins have none"
    );
    let router = &order.parts[2];
    let placed: Vec<&str> = router.items[0].others.iter().map(|o| o.state.as_str()).collect();
    assert_eq!(placed, ["NL", "BE"]);
    assert!(router.only_if.as_deref().unwrap().starts_with("only if the traffic took this way"));
    assert!(order.addressee.contains("IN WHICH MEMBER STATE") && order.only_if.contains("offers services in the Union"));
    assert_eq!((order.preserve.article.as_ref(), order.produce.as_ref().map(|c| &*c.article)), ("11", Some("10")));
    // Before all requests; the requests to states are there as ever, with other channels.
    let shown = whole(&plan);
    let (orders, requests) = (shown.find("\nOrders to providers").unwrap(), shown.find("\nRequests").unwrap());
    assert!(orders < requests, "{shown}");
    let asked = &shown[orders..requests];
    for words in
        ["limit: 60 days", "8 hours in an emergency", "placed in NL p 0.60, BE p 0.30 (e2)", "AS64500-preservation-order"]
    {
        assert!(asked.contains(words), "no {words}: {asked}");
    }
    let offers = asked.find("Only if    the provider offers services in the Union");
    assert!(offers.is_some() && !asked.contains(", p 0.60"), "{asked}");
    assert!(shown[requests..].contains("Beside it  order 1 to AS64500"), "{shown}");
    assert_eq!(plan.requests.len(), plan_of(&report(), "FR").requests.len());
    // Not before the day, and not for others.
    assert!(plan_on(&report(), "FR", "2026-08-17", None).orders.is_empty());
    assert!(plan_on(&report(), "SG", on, None).orders.is_empty());
}

#[test]
fn who_holds_the_data_has_to_be_known() {
    let on = "2026-11-22";
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut r = report();
        change(&mut r["paths"][0]["hops"]);
        plan_on(&r, "FR", on, None)
    };
    let asked = |plan: &Plan, addr: &str| {
        plan.orders.iter().flat_map(|o| &o.parts).flat_map(|p| &p.items).any(|i| i.addr.to_string() == addr)
    };
    let unknown = with(&|hops| hops[2]["asn"] = json!(null));
    assert!(!asked(&unknown, "192.0.2.9") && unknown.requests.iter().any(|r| r.state == code("NL")));
    // Each provider has its own.
    let two = with(&|hops| hops[2]["asn"] = json!(64_501));
    let of: Vec<(usize, u32)> = two.orders.iter().map(|o| (o.number, o.asn)).collect();
    assert_eq!(of, [(1, 64_500), (2, 64_501)], "what was seen before what was inferred");
    // A machine that no table places has a provider all the same, and no state to ask.
    let nowhere = with(&|hops| hops[4]["touches"] = json!([]));
    assert!(asked(&nowhere, "198.51.100.7") && whole(&nowhere).contains("placed in no state"));
    assert!(nowhere.not_asked.iter().any(|n| n.why.ends_with("it stands in the order to AS64500")), "{:?}", nowhere.not_asked);
    for inside in ["10.0.0.7", "100.64.1.1", "fe80::1"] {
        assert!(!asked(&with(&|hops| hops[4]["addr"] = json!(inside)), inside), "{inside}");
    }
    let special = with(&|hops| hops[4]["why_unplaced"] = json!("special-purpose address: Benchmarking (RFC 2544)"));
    assert!(!asked(&special, "198.51.100.7"));
    let none = with(&|hops| hops[4]["because"] = json!([]));
    assert!(!asked(&none, "198.51.100.7"), "no evidence");
    // The victim's own device.
    assert!(!asked(&plan_on(&incident(), "EE", on, None), "198.51.100.12"));
}

/// What a request under article 29 announces is mutual assistance (29(2)(f)), under the treaty that governs (25(4), 27(1)).
#[test]
fn mutual_assistance_rests_on_the_treaty_that_governs() {
    let mut all = report();
    let mut to = |state: &str| {
        all["paths"][0]["hops"][2]["touches"][0]["state"] = json!(state);
        plan_of(&all, "FR")
    };
    let plan = to("BR");
    let r = find(&plan.requests, "BR", Group::Transit);
    let mla = r.mla.as_ref().unwrap();
    assert_eq!((mla.instrument.as_deref(), &*mla.kind), (Some("ETS30"), "MLA"), "a list for drugs governs nothing");
    assert_eq!(&*mla.article, "arts 1-20, read with art. 31 of ETS185");
    assert!(mla.caveats[0].contains("art. 25(4)") && mla.source.contains("/treaty; ") && mla.source.contains("/status"));
    assert_eq!(r.mla_sent_by.as_deref(), Some("the central authority of FR: Ministry of Justice of the asker"));
    let rest: Vec<&str> = r.alternatives.iter().map(|c| &*c.kind).collect();
    assert_eq!(rest, ["CLOUD Act agreement", "bilateral MLAT", "bilateral MLAT", "letter rogatory"], "none stands twice");
    let shown = whole(&plan);
    let block = shown.split("[ ] ").find(|b| b.contains("Brazil") || b.contains("BR: traffic")).unwrap();
    let steps: Vec<&str> = block.lines().map(str::trim).filter(|l| l.starts_with("First") || l.starts_with("Then")).collect();
    assert_eq!(steps.len(), 3, "{block}");
    assert!(steps[1].contains("ETS185, art. 30") && steps[1].contains("told unasked"), "{block}");
    assert!(steps[2].contains("MLA: ETS30, arts 1-20, read with art. 31 of ETS185 (rows as of"), "{block}");
    assert!(steps[2].contains("for the data themselves"), "{block}");
    let plan = to("KE");
    let r = find(&plan.requests, "KE", Group::Transit);
    assert_eq!(r.mla.as_ref().map(|c| &*c.article), Some("27, 31"), "where article 27 serves no treaty governs");
    // One step where the order that preserves is followed by one that hands over.
    let plan = plan_of(&report(), "EE");
    let nl = find(&plan.requests, "NL", Group::Transit);
    assert!(nl.mla.is_some() && nl.mla == nl.disclose);
}

/// What was put together from other records is read with those.
#[test]
fn evidence_that_is_cited_is_there() {
    let mut cited = incident();
    cited["evidence"][6]["what"] = json!("the same conversation in 2 inputs: x (e1, e11)");
    let more = json!({"id": "e11", "kind": "join", "input": 2, "at": {"record": 3}, "time": null, "what": "y (e12)"});
    let last = json!({"id": "e12", "kind": "flow", "input": 2, "at": {"record": 4}, "time": null, "what": "udp (e13)"});
    let other = json!({"id": "e13", "kind": "flow", "input": 2, "at": {"record": 5}, "time": null, "what": "not named"});
    cited["evidence"].as_array_mut().unwrap().extend([more, last, other]);
    let plan = plan_of(&cited, "EE");
    let there = |id: &str| plan.evidence.iter().any(|e| e.id == id);
    assert!(there("e26") && there("e11") && there("e12"));
    assert!(!there("e13"), "the words of other records cite nothing");
    let of = super::words::cited;
    assert_eq!(of("join", "a mail (<x@y>) says (e4, e9)"), [4, 9]);
    for none in ["(e4, x)", "(e4", "e4)", "", "()"] {
        assert!(of("join", none).is_empty(), "{none}");
    }
}

#[test]
fn who_sends_is_said() {
    let plan = plan_of(&report(), "FR");
    let sg = find(&plan.requests, "SG", Group::Subscriber);
    assert_eq!(sg.sent_by.as_deref(), Some("the contact point of FR on call day and night: Police of the asker"));
    assert_eq!(sg.disclose_sent_by.as_deref(), Some("the central authority of FR: Ministry of Justice of the asker"));
    let nl = find(&plan.requests, "NL", Group::Transit);
    assert!(nl.sent_by.as_deref().unwrap().starts_with("a judge, a court"));
    let shown = whole(&plan);
    assert!(shown.contains("A private person, a company or a response team can send none of them"), "{shown}");
    assert!(shown.contains("Sent by    the contact point of FR"), "{shown}");
}

#[test]
fn notices_go_under_no_treaty() {
    let plan = plan_of(&report(), "FR");
    assert!(!plan.notices.is_empty());
    for n in &plan.notices {
        let kinds: Vec<&str> = n.channel.iter().chain(&n.alternatives).map(|c| &*c.kind).collect();
        assert_eq!(kinds, ["UN points of contact", "CERT-to-CERT"]);
    }
    assert!(whole(&plan).contains("the foreign ministry, by the diplomatic channel"));
    let text = super::words::article;
    assert_eq!([text("29"), text("27, 31"), text("18 U.S.C. 2702")], ["art. 29", "arts 27, 31", "18 U.S.C. 2702"]);
}

#[test]
fn the_law_that_was_read_is_named() {
    let plan = plan_on(&incident(), "EE", "2026-04-01", Some("mine (2 files, SHA-256 00…)"));
    assert_eq!((plan.rule_book.date.as_str(), plan.law_overlay.as_deref()), ("2026-11-25", Some("mine (2 files, SHA-256 00…)")));
    for out in [whole(&plan), text::markdown(&plan)] {
        assert!(out.contains("folder of your own: mine") && out.contains(&"ef".repeat(32)), "{out}");
        assert!(
            out.contains(
                "the report was made with no folder of your own laid over the rule book, this plan with the folder mine"
            )
        );
    }
    let mut report = incident();
    report["question"]["law_overlay"] = json!("theirs");
    report["datasets"][1]["sha256"] = json!("00");
    let plan = plan_of(&report, "EE");
    assert!(
        plan.warnings[0].contains("the folder theirs") && plan.warnings[1].contains("with other contents"),
        "{:?}",
        plan.warnings
    );
    assert!(plan_of(&incident(), "EE").warnings.is_empty());
}

#[test]
fn the_day_of_asking_is_said() {
    let of_incident = whole(&plan_on(&incident(), "EE", "2026-03-17", None));
    assert!(
        of_incident.contains("Law as of 2026-03-17, the day of the incident") && of_incident.contains("--on DATE asks as of")
    );
    assert!(whole(&plan_of(&incident(), "EE")).contains("Law as of 2026-04-01, the day of asking"));
    let early = plan_on(&incident(), "EE", "2026-03-01", None);
    assert!(early.warnings[0].contains("2026-03-01, is before the incident, 2026-03-17"), "{:?}", early.warnings);
}

#[test]
fn states_are_known_by_one_code_and_nobody_is_asked_where_nobody_answers() {
    let mut odd = report();
    for (i, (a, b)) in [("UK", "GB"), ("QQ", "EU"), ("AQ", "ZZ"), ("GF", "AP")].into_iter().enumerate() {
        let id = format!("p{}", i + 4);
        let proxy = hop(0, Some("192.0.2.77"), "proxy", "observed", &[(a, "territory", 0.9), (b, "registration", 0.9)], &["e1"]);
        let mut path = odd["paths"][0].clone();
        (path["id"], path["hops"]) = (json!(id), json!([proxy]));
        odd["paths"].as_array_mut().unwrap().push(path);
    }
    let plan = plan_of(&odd, "FR");
    let states: Vec<&str> = plan.requests.iter().map(|r| r.state.as_str()).collect();
    assert!(states.contains(&"GB") && !states.iter().any(|s| ["UK", "QQ", "EU", "ZZ", "AP"].contains(s)), "{states:?}");
    assert!(plan.not_asked.iter().any(|n| n.path == "p5" && n.why == "QQ: no state or territory that the rule book knows"));
    let nobody = find(&plan.requests, "AQ", Group::SteppingStone);
    assert!(nobody.unanswered && nobody.first.is_none() && whole(&plan).contains("there is nobody to write to"));
    assert!(plan.notices.iter().all(|n| n.state != code("AQ") && n.state != code("GF")));
    // A part of the state that asks.
    assert!(find(&plan.requests, "GF", Group::SteppingStone).domestic);
    // Claims without evidence are not asked on.
    let mut bare = report();
    bare["paths"][0]["hops"][4]["because"] = json!([]);
    let plan = plan_of(&bare, "FR");
    assert!(plan.not_asked.iter().any(|n| n.why.starts_with("the claim has no evidence")));
    assert!(plan.requests.iter().all(|r| r.group != Group::SteppingStone));
}

#[test]
fn channels_stand_once_per_state() {
    let plan = plan_of(&incident(), "FR");
    assert!(plan.requests.iter().filter(|r| r.state == code("DE")).count() == 1);
    let mut two = report();
    two["paths"][0]["hops"][2]["touches"] = json!([]);
    let plan = plan_of(&two, "FR");
    assert!(plan.requests.iter().filter(|r| r.state == code("DE")).count() == 2);
    let shown = whole(&plan);
    let block = shown.split("Channels, state by state").nth(1).unwrap();
    assert_eq!(block.matches("UNTOC [disclose, act]").count(), 3, "DE, SG, US: {block}");
    assert_eq!(block.matches("dual criminality").count(), 3, "shared remarks once per state");
    assert!(!shown.split("Channels, state by state").next().unwrap().contains("https://"), "sources stand below");
}

/// Tables of the user's own may place private addresses: nobody outside the network can find such a host.
#[test]
fn addresses_of_special_purpose_are_asked_about_with_nobody() {
    for inside in ["10.0.0.7", "100.64.1.1", "127.0.0.1", "169.254.1.1", "fe80::1", "fd00::1", "::ffff:192.168.0.1"] {
        let mut r = report();
        r["paths"][0]["hops"] = json!([hop(0, Some(inside), "proxy", "observed", &[("SG", "territory", 0.9)], &["e1"])]);
        let plan = plan_of(&r, "FR");
        let asked = plan.requests.iter().flat_map(|q| &q.items).filter(|i| i.addr.to_string() == inside).count();
        assert_eq!(asked, 0, "{inside}");
        let told = plan.not_asked.iter().find(|n| n.addr.is_some_and(|a| a == inside.parse::<std::net::IpAddr>().unwrap()));
        assert!(told.is_some_and(|n| n.why.contains("special purpose")), "{inside}: {:?}", plan.not_asked);
    }
}

/// How long that takes, `cargo bench --bench law` prints.
#[test]
fn twenty_thousand_addresses_in_one_state_are_all_in_the_plan() {
    let addr = |i: u32| format!("2001:db8::{:x}:{:x}", i >> 16, i & 0xffff);
    let hops: Vec<_> =
        (0..20_000).map(|i| hop(i as u16, Some(&addr(i)), "proxy", "observed", &[("SG", "territory", 0.9)], &["e1"])).collect();
    let mut big = report();
    big["paths"][0]["hops"] = json!(hops);
    assert_eq!(plan_of(&big, "FR").notices[0].items.len(), 20_000);
}
