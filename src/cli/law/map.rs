//! A world map of an instrument or of a line of argument.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Outcome, place};
use crate::cli::output;
use crate::error::Error;
use crate::jurisdiction::coverage::home_of_bundle;
use crate::jurisdiction::faultlines::LinesOfTheDay;
use crate::jurisdiction::instruments::Instrument;
use crate::jurisdiction::{Law, StatusOn};
use crate::locate::Tables;
use crate::model::faultline::Line;
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::html::Atlas;
use crate::report::law_map::{Legend, MapText, MapValue, Spot, map};

/// Sources that stand under a map of a line; there is one for every vote and every text.
const SOURCES: usize = 8;

/// Draws it.
pub(super) fn run(law: &Law, what: &str, on: Day, path: Option<&Path>) -> Result<Outcome, Error> {
    if let Some(suffix) = path.and_then(Path::extension).filter(|suffix| !suffix.eq_ignore_ascii_case("svg")) {
        return Err(Error::Usage(format!("a map is an SVG picture: .{} is another format", suffix.display())));
    }
    let line = Line::ALL.into_iter().find(|line| line.as_str().eq_ignore_ascii_case(what.trim()));
    let svg = match line {
        Some(line) => of_line(law, line, on),
        None => of_instrument(law, place::instrument(law, what)?, on),
    }?;
    output::write(path, svg.as_bytes())?;
    Ok(Outcome::Done)
}

/// Places whose code has more than two letters: no outline is theirs, and the one in which they lie may be that of whoever
/// holds them. Code, latitude and longitude of a point in the middle, radius in pixels on the map of the world.
const SPOTS: &[(&str, (f32, f32), f32)] = &[
    ("CY-N", (35.3, 33.6), 1.6),
    ("GE-AB", (43.0, 41.1), 2.6),
    ("GE-AB", (42.3, 44.1), 2.0),
    ("MD-SN", (47.0, 29.5), 1.8),
    ("UA-43", (45.3, 34.4), 5.0),
];

fn spots(law: &Law, value: impl Fn(&str) -> Option<MapValue>) -> Vec<Spot> {
    let known = SPOTS.iter().filter_map(|(code, centre, radius)| Some((law.book.territory(code)?, *centre, *radius)));
    known
        .map(|(t, centre, radius)| Spot { code: t.code.clone(), name: t.name.to_string(), centre, radius, value: value(&t.code) })
        .collect()
}

/// States and territories that a map can show.
fn places(law: &Law) -> impl Iterator<Item = StateCode> {
    let territories = law.book.territories().filter(|t| t.alias_of.is_none()).filter_map(|t| StateCode::new(&t.code));
    law.book.states().map(|(code, _)| code).chain(territories.filter(|code| law.book.is_place(*code)))
}

fn of_instrument(law: &Law, i: &Instrument, on: Day) -> Result<String, Error> {
    let found: BTreeMap<StateCode, StatusOn> =
        places(law).filter_map(|code| Some((code, law.book.status(&i.id, code, on)?))).collect();
    let home = home_of_bundle(&i.id);
    let value = |s: &StatusOn| MapValue::Status { status: s.status, grade: s.grade };
    let values = found.iter().map(|(code, s)| (*code, if Some(*code) == home { MapValue::Home } else { value(s) })).collect();
    let spots = spots(law, |code| law.book.status_at(&i.id, code, on).as_ref().map(value));
    let graded = |grade: Grade| found.values().filter(|s| s.row_of.is_some() && s.grade == grade).count();
    let mut notes = vec![format!(
        "Answers that rest on a row: {} confirmed, {} partly, {} unconfirmed.",
        graded(Grade::Confirmed),
        graded(Grade::Partly),
        graded(Grade::Unconfirmed)
    )];
    notes.push("The numbers count territories that follow their state, too; the depositary counts states.".to_owned());
    notes.extend(overlay(law));
    let title = format!("{} ({})", i.title, i.id);
    let as_of = format!("As of {on}; the list as of {}", i.as_of);
    let sources: Vec<Arc<str>> = i.official.iter().cloned().collect();
    draw(&MapText { title: &title, as_of: &as_of, notes: &notes, sources: &sources, spots: &spots }, &values, Legend::Status)
}

fn of_line(law: &Law, line: Line, on: Day) -> Result<String, Error> {
    let lines = LinesOfTheDay::new(law, on);
    let (mut values, mut sources) = (BTreeMap::new(), BTreeSet::new());
    for (code, _) in law.book.states() {
        for standing in lines.standings(code).lines.into_iter().filter(|standing| standing.line == line) {
            values.insert(code, MapValue::Score { score: standing.score, n: standing.n });
            sources.extend(standing.items.into_iter().map(|item| item.source));
        }
    }
    let mut notes = vec![
        "Mean of what a state voted, signed and published. Near-identical items count as one family. No camp, and no evidence of who did \
         anything."
            .to_owned(),
    ];
    notes.extend(sources.len().checked_sub(SOURCES + 1).map(|n| format!("{} more sources: rutter law show STATE.", n + 1)));
    notes.extend(overlay(law));
    let sources: Vec<Arc<str>> = sources.into_iter().take(SOURCES).collect();
    let title = format!("Where states stand on {}", line.as_str());
    let as_of = format!("As of {on}");
    let spots = spots(law, |_| None);
    draw(&MapText { title: &title, as_of: &as_of, notes: &notes, sources: &sources, spots: &spots }, &values, Legend::Line(line))
}

fn overlay(law: &Law) -> Option<String> {
    law.overlay.as_ref().map(|name| format!("With the user's own law: {name}."))
}

fn draw(text: &MapText<'_>, values: &BTreeMap<StateCode, MapValue>, legend: Legend) -> Result<String, Error> {
    let tables = Tables::shipped();
    let atlas = Atlas {
        state_names: &|state| tables.state_name(state).map(str::to_owned),
        state_centres: &|state| tables.state_centre(state),
    };
    map(text, values, legend, &atlas).map_err(|e| Error::Render(e.to_string()))
}
