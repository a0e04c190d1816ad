//! Renderings of a view that somebody hostile filled.

use super::*;
use crate::report::terminal::Look;

fn hostile() -> StatusView {
    let evil = "<script>alert(1)</script>\u{1b}[2J\u{202e}\"' & [9]";
    StatusView {
        schema: schema::STATUS,
        row: StatusRow {
            instrument: evil.into(),
            state: "DE".into(),
            on: Day(20_000),
            status: Status::Unknown,
            in_force: None,
            since: None,
            grade: Grade::Unconfirmed,
            source: evil.into(),
            note: evil.into(),
            title: evil.into(),
            name: evil.into(),
            signed: Some(evil.into()),
            ratified: None,
            left: None,
            as_of: "unknown".into(),
            stale: true,
            official: Some(evil.into()),
            row_of: None,
        },
        basis: Basis { revised: "2026-01-01".into(), sha256: "0".into(), overlay: Some(evil.into()), on_given: false },
    }
}

#[test]
fn a_page_runs_and_loads_nothing() {
    let page = page(&hostile());
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;") && page.contains("default-src 'none'"));
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src=\""), "nothing is loaded");
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("href=\"#s1\"") && !page.contains("#s9"));
}

#[test]
fn text_gives_no_orders_and_says_unknown() {
    let text = text(&hostile(), Look::default());
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    assert!(text.contains("unknown") && text.contains("no --on was given"));
    assert!(text.contains("laid over"));
    assert!(super::text(&hostile(), Look { colour: true, width: 100 }).contains('\u{1b}'), "headings only, where allowed");
}

#[test]
fn unknown_is_null_for_programs() {
    let json = serde_json::to_value(hostile()).unwrap();
    assert!(json["in_force"].is_null() && json["since"].is_null());
    assert_eq!(json["status"], "unknown");
}
