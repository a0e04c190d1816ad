//! A world map of an instrument or of a line of argument.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Outcome, place};
use crate::cli::output;
use crate::error::Error;
use crate::jurisdiction::faultlines::LinesOfTheDay;
use crate::jurisdiction::instruments::Instrument;
use crate::jurisdiction::{Law, StatusOn};
use crate::locate::Tables;
use crate::model::faultline::Line;
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;
use crate::report::html::Atlas;
use crate::report::law_map::{Legend, MapText, MapValue, map};

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

/// States and territories that a map can show.
fn places(law: &Law) -> impl Iterator<Item = StateCode> {
    let territories = law.book.territories().filter(|t| t.alias_of.is_none()).filter_map(|t| StateCode::new(&t.code));
    law.book.states().map(|(code, _)| code).chain(territories.filter(|code| law.book.is_place(*code)))
}

fn of_instrument(law: &Law, i: &Instrument, on: Day) -> Result<String, Error> {
    let found: BTreeMap<StateCode, StatusOn> =
        places(law).filter_map(|code| Some((code, law.book.status(&i.id, code, on)?))).collect();
    let values = found.iter().map(|(code, s)| (*code, MapValue::Status { status: s.status, grade: s.grade })).collect();
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
    draw(&MapText { title: &title, as_of: &as_of, notes: &notes, sources: &sources }, &values, Legend::Status)
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
    draw(&MapText { title: &title, as_of: &as_of, notes: &notes, sources: &sources }, &values, Legend::Line(line))
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
