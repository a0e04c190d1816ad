//! Why a hop is where the report puts it: everything that it rests on, for a reader who doubts it.

use std::fmt::Write as _;

use super::escape::visible;
use super::model::{EvidenceRow, Hop, Path, ReportModel};
use super::terminal::{Look, place_of};

/// The hops that `what` names: an address, or `PATH:NUMBER` as the report counts them (`p1:3`).
fn named<'a>(report: &'a ReportModel, what: &str) -> Vec<(&'a Path, usize, &'a Hop)> {
    let numbered = what.split_once(':').and_then(|(path, n)| Some((path, n.parse::<usize>().ok()?)));
    let is_named = |path: &Path, i: usize, hop: &Hop| match numbered {
        Some((id, n)) if path.id == id => i == n,
        _ => hop.addr.as_deref() == Some(what),
    };
    let all = report.paths.iter().flat_map(|path| path.hops.iter().enumerate().map(move |(i, hop)| (path, i, hop)));
    all.filter(|(path, i, hop)| is_named(path, *i, hop)).collect()
}

/// Everything behind the hops that `what` names; `None` if there is no such hop.
#[must_use]
pub fn render(report: &ReportModel, what: &str, look: Look) -> Option<String> {
    let hops = named(report, what);
    if hops.is_empty() {
        return None;
    }
    let mut out = String::new();
    for (path, i, hop) in hops {
        let address = hop.addr.as_deref().unwrap_or("no address");
        let _ = writeln!(out, "{}", look.head(&format!("{}:{i}  {}  {address}", path.id, hop.role.as_str())));
        let _ = writeln!(out, "  known by     {}", hop.kind.as_str());
        for place in &hop.locus {
            let city = place.city.as_deref().map(|c| format!(" {c}")).unwrap_or_default();
            let _ = writeln!(out, "  place        {} {:.2}{}", place.state, place.p, visible(&city));
        }
        let _ = writeln!(out, "  unknown      {:.2}", hop.unknown_p);
        if let Some(why) = &hop.why_unplaced {
            let _ = writeln!(out, "  not placed   {}", visible(why));
        }
        for s in &hop.sources {
            let state = s.state.map_or_else(|| "no state".to_owned(), |s| s.to_string());
            let _ =
                writeln!(out, "  source       {} of {}: {state}, weight {:.2}", visible(&s.source), visible(&s.date), s.weight);
        }
        for name in &hop.names {
            let _ = writeln!(out, "  name         {}", visible(name));
        }
        for remark in &hop.remarks {
            let _ = writeln!(out, "  remark       {}", visible(remark));
        }
        for s in path.segments.iter().filter(|s| s.from == i || s.to == i) {
            let _ = writeln!(out, "  link         {} to {}: {}, {}", s.from, s.to, s.kind.as_str(), visible(&s.why));
        }
        for row in report.evidence.iter().filter(|row| hop.because.contains(&row.id)) {
            evidence(&mut out, report, row);
        }
    }
    Some(out)
}

fn evidence(out: &mut String, report: &ReportModel, row: &EvidenceRow) {
    let input = report.inputs.get(usize::from(row.input)).map_or("an input", |i| i.path.as_str());
    let _ = writeln!(
        out,
        "  evidence     {} {}: {}\n               {}, {}, {}",
        row.id,
        row.kind,
        visible(&row.what),
        visible(input),
        place_of(row.at),
        row.time
    );
}
