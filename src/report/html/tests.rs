use super::sample::{bare, centres, names, report, state};
use super::*;
use crate::model::hop::Knowledge;
use crate::report::model::{LocusRow, Segment};

const ATLAS: Atlas<'static> = Atlas { state_centres: &centres, state_names: &names };

fn page_of(report: &ReportModel) -> String {
    render(report, &ATLAS).unwrap()
}

/// Every attribute value that could fetch or run something.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let lead = format!("{name}=\"");
    page.match_indices(&lead).map(|(i, _)| page[i + lead.len()..].split('"').next().unwrap()).collect()
}

/// Renders the sample to the file that `RUTTER_HTML_SAMPLE` names, for looking at it in a browser.
#[test]
fn the_sample_renders_twice_to_the_same_bytes() {
    let page = page_of(&report());
    assert_eq!(page, page_of(&report()));
    if let Some(path) = std::env::var_os("RUTTER_HTML_SAMPLE") {
        std::fs::write(path, &page).unwrap();
    }
    for part in ["What was asked", "Summary", "Regimes by state", "Evidence", "Inputs", "Data sets", "Make this report again"] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("class=\"map\" viewBox").count(), 4);
    assert_eq!(page.matches("class=\"diagram\"").count(), 4);
    assert!(page.contains(&escape::html(crate::report::model::NON_CLAIM, 1_000)));
    assert!(!page.contains("100 %"));
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let page = page_of(&report());
    for bad in ["<script", "<img", "<link", "<iframe", "<object", "@import", " src=", "javascript:", " onload", " onclick"] {
        assert!(!page.contains(bad), "{bad}");
    }
    for url in page.match_indices("url(").map(|(i, _)| &page[i..i + 6]) {
        assert!(url.starts_with("url(#"), "{url}");
    }
    for tag in page.match_indices("href=\"http").map(|(i, _)| page[..i].rsplit('<').next().unwrap()) {
        assert!(tag.starts_with("a "), "{tag}");
    }
}

/// All element ids are there once, and every inner link has its target.
#[test]
fn inner_links_lead_somewhere() {
    let page = page_of(&report());
    let ids = attributes(&page, " id");
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(
        unique.len(),
        ids.len(),
        "{:?}",
        ids.iter().filter(|i| ids.iter().filter(|j| i == j).count() > 1).collect::<Vec<_>>()
    );
    for link in attributes(&page, " href").into_iter().filter_map(|h| h.strip_prefix('#')) {
        assert!(unique.contains(&link), "#{link}");
    }
}

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=y>\u{202E}\u{0}\u{1B}[31m\u{200B}&{{7*7}}{% raw %}";

/// Every text of the report, wherever serde finds one, becomes hostile.
fn poison(report: &mut ReportModel) {
    let evil = || HOSTILE.to_owned() + &"A".repeat(100_000);
    let arc = || std::sync::Arc::<str>::from(evil().as_str());
    let fixed: &'static str = Box::leak(evil().into_boxed_str());
    report.schema = fixed;
    report.tool.name = fixed;
    report.tool.version = fixed;
    report.non_claim = fixed;
    report.reproduce = evil();
    report.warnings = vec![evil()];
    let q = &mut report.question;
    q.text = evil();
    q.filter = Some(evil());
    (q.victims, q.attackers, q.trusted_proxies) = (vec![evil()], vec![evil()], vec![evil()]);
    for i in &mut report.inputs {
        (i.path, i.sha256, i.format, i.link_types) = (evil(), Some(evil()), evil(), vec![evil()]);
        i.skipped = vec![crate::report::model::SkippedRow { link_type: evil(), packets: 1 }];
    }
    for d in &mut report.datasets {
        (d.name, d.date, d.sha256, d.licence, d.attribution) = (evil(), evil(), evil(), evil(), evil());
    }
    for e in &mut report.evidence {
        (e.kind, e.what) = (fixed, evil());
    }
    for r in &mut report.rejected {
        r.why = evil();
    }
    for path in &mut report.paths {
        (path.id, path.finding, path.reason) = (evil(), fixed, evil());
        (path.origin.addr, path.origin.trust, path.origin.withheld) = (Some(evil()), fixed, Some(evil()));
        path.target.addr = Some(evil());
        path.remarks = vec![evil()];
        for s in &mut path.segments {
            s.why = evil();
        }
        for hop in &mut path.hops {
            hop.addr = Some(evil());
            (hop.names, hop.flags, hop.remarks) = (vec![evil()], vec![evil()], vec![evil()]);
            hop.as_name = Some(evil());
            hop.why_unplaced = hop.why_unplaced.as_ref().map(|_| evil());
            for l in &mut hop.locus {
                l.city = Some(evil());
            }
            for s in &mut hop.sources {
                (s.source, s.date) = (evil(), evil());
            }
            for t in &mut hop.touches {
                for r in &mut t.regimes {
                    (r.instrument, r.title, r.source, r.note) = (arc(), arc(), arc(), arc());
                }
                for n in &mut t.norms {
                    (n.norm, n.title, n.state, n.reading, n.source) = (arc(), arc(), arc(), arc(), arc());
                }
            }
        }
    }
}

#[test]
fn hostile_text_comes_through_nowhere() {
    let mut report = report();
    poison(&mut report);
    let evil_name = |_: crate::model::net::StateCode| Some(HOSTILE.to_owned());
    let page = render(&report, &Atlas { state_centres: &centres, state_names: &evil_name }).unwrap();
    for bad in ["<script", "<img", "\"'>", "\u{202E}", "\u{0}", "\u{1B}", "\u{200B}", "49{%"] {
        assert!(!page.contains(bad), "{bad:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x onerror=y&gt;\\u{202E}\\u{0}\\u{1B}[31m\\u{200B}&amp;{{7*7}}"));
    assert!(page.contains("more characters]"));
    // A text of 100,000 characters is cut, except the command.
    assert_eq!(page.matches(&"A".repeat(3_000)).count(), 33, "one text of 100,000 and none other of 3,000");
    // The page is still one page: every quote of every tag is closed, so tags hold no angle bracket.
    for tag in page.split('<').skip(1).filter(|t| t.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')) {
        let (tag, _) = tag.split_once('>').unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
}

/// Broken numbers and indices that lead nowhere must neither panic nor draw.
#[test]
fn absurd_values_are_survived() {
    let mut report = report();
    let path = &mut report.paths[0];
    path.segments.push(Segment { from: 99, to: 7_000, kind: Knowledge::Observed, min: 9, max: 1, why: String::new() });
    path.segments.push(Segment { from: 5, to: 5, kind: Knowledge::Gap, min: 0, max: 255, why: String::new() });
    path.segments.push(Segment { from: 6, to: 2, kind: Knowledge::Asserted, min: 0, max: 255, why: String::new() });
    path.borders[0].to = usize::MAX;
    path.borders[1].p = f32::NAN;
    path.states[0].p = f32::NAN;
    path.states[1].p = -1.0;
    path.hops[2].locus[0].lat = Some(f32::INFINITY);
    path.hops[3].locus[0].lon = Some(1e30);
    path.hops[4].rtt_ms = vec![f64::NAN, f64::NEG_INFINITY];
    path.hops[4].unknown_p = f32::NAN;
    path.hops[6].locus[0].p = f32::NAN;
    path.first = crate::model::time::Timestamp(i64::MIN);
    path.last = crate::model::time::Timestamp(i64::MAX);
    let page = page_of(&report);
    assert!(!page.contains("NaN") && !page.contains("inf\""));
    assert!(page.contains("class=\"s0\""), "an unknown probability is hatched");

    report.paths.clear();
    report.inputs.clear();
    report.datasets.clear();
    report.traffic.clear();
    report.evidence.clear();
    let page = page_of(&report);
    assert!(page.contains("The inputs hold no finding"));
}

#[test]
fn a_withheld_origin_has_no_address_and_a_reason() {
    let mut report = report();
    report.paths = vec![report.paths.remove(2)];
    let page = page_of(&report);
    assert!(page.contains("<code>withheld</code>"));
    assert!(page.contains("sources are spread evenly over all of the address space: forged"));
}

/// Nobody asked it, so it did not fail to answer.
#[test]
fn a_withheld_origin_is_no_silent_hop() {
    let mut report = report();
    report.paths = vec![report.paths.remove(2)];
    report.paths[0].hops.truncate(1);
    report.paths[0].hops[0].kind = Knowledge::Gap;
    assert!(report.paths[0].hops[0].is_withheld());
    let page = page_of(&report);
    assert!(page.contains("<td>not shown: the reason stands above"), "in the table of the hop");
    assert!(page.contains("no address (not shown)"), "in the diagram");
    assert!(!page.contains("gap: nobody answered"));
    report.paths[0].hops[0].role = crate::model::hop::HopRole::Transit;
    assert!(page_of(&report).contains("gap: nobody answered"));
}

#[test]
fn what_the_diagram_does_not_draw_is_counted_on_the_page() {
    let mut report = report();
    report.paths.truncate(1);
    report.paths[0].hops = (0..300).map(|r| bare(r, Some("192.0.2.1"), Some("no table has this address"))).collect();
    let stations = |page: &str| page.matches("<g class=\"station").count();
    let page = page_of(&report);
    assert_eq!(stations(&page), 140);
    assert!(page.contains("160 hops that come after are not drawn here."));
    report.paths[0].hops.truncate(140);
    let page = page_of(&report);
    assert_eq!(stations(&page), 140);
    assert!(!page.contains("not drawn here"));
}

/// Law is read as of the incident; tables are of whatever day they are.
#[test]
fn law_and_tables_have_dates_of_their_own() {
    let mut report = report();
    report.question.on = "2012-05-06".parse().ok();
    report.datasets.push(report.datasets[0].clone());
    for (d, date) in report.datasets.iter_mut().zip(["2026-09-16", "", "2026-07"]) {
        d.date = date.into();
    }
    let page = page_of(&report);
    assert!(page.contains("<dt>Law as of</dt><dd>2012-05-06</dd>"));
    assert!(page.contains("<dt>Tables as of</dt><dd>2026-07 to 2026-09-16 ("), "a list without a date has none");
    report.datasets.clear();
    assert!(page_of(&report).contains("<dt>Tables as of</dt><dd>unknown"));
}

#[test]
fn hops_without_any_place_leave_no_map_but_a_diagram() {
    let mut report = report();
    report.paths.truncate(1);
    report.paths[0].hops = (0..300).map(|r| bare(r, Some("192.0.2.1"), Some("no table has this address"))).collect();
    report.paths[0].states.clear();
    let page = page_of(&report);
    assert!(page.contains("so there is no map"));
    assert!(page.contains("class=\"diagram\""));
}

/// Ten findings of forty hops, each in another part of the world, stay below three megabytes.
#[test]
fn a_huge_report_stays_small() {
    let mut report = report();
    let model = report.paths[0].clone();
    report.paths = (0..10)
        .map(|n| {
            let mut path = model.clone();
            path.hops = (0..40u16)
                .map(|rank| {
                    let mut hop = model.hops[2].clone();
                    hop.rank = rank;
                    let (lat, lon) = (40.0 - f32::from(rank) / 3.0, n as f32 * 30.0 - 140.0 + f32::from(rank % 7));
                    hop.locus = vec![LocusRow {
                        state: state("DE"),
                        p: 0.9,
                        city: Some(format!("City {rank}")),
                        lat: Some(lat),
                        lon: Some(lon),
                    }];
                    hop
                })
                .collect();
            path.segments = (1..40)
                .map(|to| Segment { from: to - 1, to, kind: Knowledge::Observed, min: 0, max: 0, why: String::new() })
                .collect();
            path
        })
        .collect();
    let page = page_of(&report);
    assert!(page.len() < 3_000_000, "{}", page.len());
    // The same finding ten times costs its outlines once.
    let one = report.paths[0].clone();
    report.paths = vec![one; 10];
    let again = page_of(&report);
    assert_eq!(again.matches("-land\"><g transform").count(), 1);
    assert!(again.len() < page.len());
}
