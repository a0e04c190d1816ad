use super::*;
use crate::model::hop::HopRole;
use crate::model::law::{Grade, NormTouch};
use crate::model::path_law::PathLaw;
use crate::model::time::Timestamp;
use crate::report::model::{Origin, Target};

fn hop(role: HopRole, kind: Knowledge, addr: Option<&str>) -> Hop {
    Hop {
        rank: 0,
        ttl: None,
        addr: addr.map(Into::into),
        names: Vec::new(),
        role,
        kind,
        locus: Vec::new(),
        unknown_p: 1.0,
        why_unplaced: Some("no table has this address".into()),
        anycast: false,
        flags: Vec::new(),
        asn: None,
        as_name: None,
        as_state: None,
        registered_in: None,
        sources: Vec::new(),
        rtt_ms: Vec::new(),
        mpls: Vec::new(),
        touches: Vec::new(),
        remarks: Vec::new(),
        because: Vec::new(),
    }
}

fn path() -> Path {
    Path {
        id: "p1".into(),
        finding: "syn-flood",
        reason: "many".into(),
        origin: Origin { addr: None, trust: "impossible", withheld: Some("sources are drawn at random".into()) },
        target: Target { addr: Some("192.0.2.1".into()) },
        first: Timestamp(0),
        last: Timestamp(0),
        hops: vec![hop(HopRole::Origin, Knowledge::Gap, None), hop(HopRole::Target, Knowledge::Observed, Some("192.0.2.1"))],
        segments: Vec::new(),
        borders: Vec::new(),
        states: Vec::new(),
        remarks: Vec::new(),
        law: PathLaw::default(),
    }
}

#[test]
fn an_origin_that_is_not_shown_is_neither_an_arrow_nor_a_silent_hop() {
    let text = render_path(&path(), Look::default());
    assert!(text.starts_with("p1  syn-flood  to 192.0.2.1, origin not shown\n"), "{text}");
    assert_eq!(text.matches("->").count(), 0, "{text}");
    assert!(!text.contains('*') && !text.contains("gap"), "{text}");
    // A silent router is one.
    let mut silent = path();
    silent.hops[0].role = HopRole::Transit;
    let text = render_path(&silent, Look::default());
    assert!(text.contains('*') && text.contains("gap"), "{text}");
}

#[test]
fn no_sentence_stands_twice() {
    let mut path = path();
    path.hops[0].remarks = vec![
        "withheld: 1,998 sources in 2,000 flows".into(),
        "address withheld: sources are drawn at random".into(),
        "silent".into(),
    ];
    path.remarks = vec!["withheld: 1,998 sources in 2,000 flows".into(), "the path begins at the sensor".into()];
    let text = render_path(&path, Look::default());
    for once in ["1,998 sources", "drawn at random", "note: the path begins at the sensor"] {
        assert_eq!(text.matches(once).count(), 1, "{once}\n{text}");
    }
}

#[test]
fn an_operator_is_not_numbered_twice() {
    let mut hop = hop(HopRole::Transit, Knowledge::Observed, Some("192.0.2.1"));
    hop.asn = Some(crate::model::net::Asn(6453));
    for (name, shown) in [
        (Some("AS6453 - TATA"), "AS6453 TATA"),
        (Some("AS6453"), "AS6453 AS6453"),
        (Some("AS64530 - X"), "AS6453 AS64530 - X"),
        (None, "AS6453"),
    ] {
        hop.as_name = name.map(Into::into);
        assert_eq!(network(&hop).as_deref(), Some(shown));
    }
}

#[test]
fn each_state_has_its_line_under_a_norm_and_sentences_begin_with_capitals() {
    let touch = |state: &str, own: &str| Touch {
        state: state.parse().unwrap(),
        basis: Basis::Territory,
        p: 0.9,
        regimes: Vec::new(),
        norms: vec![NormTouch {
            norm: "13(c)".into(),
            title: "Territory".into(),
            state: "not engaged: no notice recorded".into(),
            reading: format!("knowledge is the trigger. Due diligence: {own}. Voluntary: a flag is no finding of breach").into(),
            source: "A/70/174".into(),
            grade: Grade::Partly,
        }],
    };
    let mut path = path();
    path.hops[1].touches = vec![touch("DE", "DE binding"), touch("SG", "SG unknown; victim's state DE binding")];
    let text = render_path(&path, Look::default());
    assert!(text.contains("    13(c)  not engaged: no notice recorded. Knowledge is the trigger.\n"), "{text}");
    assert!(text.contains("        DE  Due diligence: binding.\n        SG  Due diligence: unknown.\n"), "{text}");
    assert_eq!(text.matches("no finding of breach").count(), 1, "{text}");
}

#[test]
fn lines_keep_to_the_width() {
    let mut path = path();
    let long = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
    (path.finding, path.origin.addr, path.target.addr) = ("proxied-request", Some(long.into()), Some(long.into()));
    path.hops[1].addr = Some(long.into());
    path.hops[1].names = vec![format!("{}.example", "a".repeat(60))];
    path.hops[1].remarks = vec!["word ".repeat(60)];
    for width in [60, 80, 100] {
        let text = render_path(&path, Look { colour: false, width });
        let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= usize::from(width), "{widest} of {width}\n{text}");
        assert!(text.lines().count() < 40, "the places have room\n{text}");
    }
}

#[test]
fn one_is_no_plural() {
    assert_eq!([plural(0, "record"), plural(1, "record"), plural(1_000, "record")], ["0 records", "1 record", "1,000 records"]);
}
