//! Report to plan: who is asked, who is not, and in which order.

use serde_json::json;

use super::sample::{EVIL, code, hop, plan_of, report};
use super::{Ground, Group, Request, text};
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
            ("DE", Group::VictimEnd),
            ("NL", Group::Transit),
            ("BE", Group::Transit),
            ("US", Group::Subscriber),
            ("SG", Group::Subscriber),
        ]
    );
    assert_eq!(plan.requests.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(plan.requests[0].deadline.starts_with("unknown: no"));
    assert!(find(&plan.requests, "US", Group::Subscriber).deadline.starts_with("lost from 2026-06-15: 75 days after 2026-04-01"));
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
    assert!(plan.not_asked.iter().any(|n| n.why.starts_with("spoofed")));
    assert!(plan.not_asked.iter().any(|n| n.why.starts_with("a measurement was made towards it")));
    assert!(plan.requests.iter().all(|r| r.group != Group::Subscriber && r.group != Group::VictimEnd));
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
    assert_eq!(sg.first.as_ref().map(|c| &*c.kind), Some("24/7 network"));
    assert_eq!(sg.disclose.as_ref().map(|c| &*c.kind), Some("treaty request"));
    assert_eq!(sg.alternatives.iter().map(|c| &*c.kind).collect::<Vec<_>>(), ["suspended order", "unsure network"]);
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
    let uses: Vec<(u16, u16)> = sg.items[0].uses.iter().map(|u| (u.port, u.peer_port)).collect();
    assert_eq!(uses, [(40001, 22), (40002, 22)]);
    assert_eq!(sg.items[0].uses[0].time.to_string(), "2026-03-17T02:03:45.177207Z");
    assert_eq!(
        plan.findings.iter().map(|f| (f.path.as_str(), f.reason.as_str())).collect::<Vec<_>>(),
        [("p1", "120 short sessions")]
    );
    // Evidence without a time: the time of the finding.
    assert_eq!(find(&plan.requests, "DE", Group::SteppingStone).seen.unwrap().first.to_string(), "2026-03-17T02:00:00Z");
    assert!(find(&plan.requests, "DE", Group::SteppingStone).items[0].uses.is_empty());
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
