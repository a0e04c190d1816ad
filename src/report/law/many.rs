//! How comparisons, open questions and checks read.

use super::document::{Document, Readable, Section, joined};
use super::one::{lead, score};
use super::{Cell, CheckView, CompareView, QuestionsView};

/// Rows of a question that are named in text.
const MOST_SHOWN: usize = 40;

fn cell(d: &mut Document, c: &Cell) -> String {
    let Some(grade) = c.grade else { return c.value.clone() };
    let known = d.known(grade, &c.as_of, c.stale, &c.source);
    let day = match &c.date {
        Some(day) => day.clone(),
        // The day in what is known is that of the last look.
        None if c.value == "party" => "day unknown".to_owned(),
        None => String::new(),
    };
    format!("{}; {known}", joined(", ", [c.value.clone(), day]))
}

impl Readable for CompareView {
    fn document(&self) -> Document {
        let names: Vec<String> = self.states.iter().map(|p| format!("{} {}", p.state, p.name)).collect();
        let mut d = Document { title: names.join(", "), ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        d.lead.push("A star marks a line on which the known answers differ.".to_owned());
        for m in &self.matrices {
            let mut section = Section::new(capital(m.what));
            section.head = std::iter::once(m.what.to_owned()).chain(self.states.iter().map(|p| p.state.clone())).collect();
            for row in &m.rows {
                let name = joined(" ", [row.item.clone(), row.title.clone()]);
                let star = if row.differ { "* " } else { "" };
                let mut cells = vec![format!("{star}{name}")];
                cells.extend(row.cells.iter().map(|c| cell(&mut d, c)));
                section.rows.push(cells);
            }
            d.sections.push(section);
        }
        let mut section = Section::new("Standings")
            .say("Where votes, texts and signatures lie between two readings, from -1 to +1. No camp, and no evidence of who did something.");
        section.head = std::iter::once("line".to_owned()).chain(self.states.iter().map(|p| p.state.clone())).collect();
        for line in crate::model::faultline::Line::ALL {
            let mut cells = vec![format!("{} {}", line.as_str(), line.question())];
            for place in &self.states {
                let of = self.standings.iter().find(|s| s.state.as_str() == place.state);
                let standing = of.and_then(|s| s.lines.iter().find(|l| l.line == line));
                cells.push(standing.map_or_else(|| "no data".to_owned(), score));
            }
            section.rows.push(cells);
        }
        d.sections.push(section);
        if !self.partings.is_empty() {
            let rows = self
                .partings
                .iter()
                .map(|p| {
                    let sides: Vec<String> = p.sides.iter().map(|(state, what)| format!("{state}: {what}")).collect();
                    let unknown: Vec<String> = p.unknown.iter().map(ToString::to_string).collect();
                    let unknown = if unknown.is_empty() { String::new() } else { format!("unknown: {}", unknown.join(", ")) };
                    let line = p.line.map_or("apart", crate::model::faultline::Line::as_str);
                    let known = format!("{} {}", p.grade, d.cite(&p.source));
                    let item = joined(", ", [p.item.to_string(), p.title.to_string(), p.date.to_string()]);
                    [line.to_owned(), item, joined("; ", [sides.join("; "), unknown]), known]
                })
                .collect();
            d.sections.push(Section::new("Where they part").table(["line", "item", "sides", "known"], rows));
        }
        d
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

impl Readable for QuestionsView {
    fn document(&self) -> Document {
        let mut d = Document { title: "What is not settled, worst first".to_owned(), ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        d.lead.push("Each question names the page that would settle it. CONTRIBUTING.md says how to correct a row.".to_owned());
        for (n, q) in self.questions.iter().enumerate() {
            let rows: Vec<String> = q
                .rows
                .iter()
                .map(|r| if q.what == "partly" { r.key.clone() } else { joined(" ", [r.key.clone(), bracketed(&r.says)]) })
                .collect();
            let mut section = Section::new(format!("{}. {}: {} ({})", n + 1, q.file, q.title, q.what));
            if let Some(rest) = rows.len().checked_sub(MOST_SHOWN).filter(|rest| *rest > 0) {
                let shown = rows.get(..MOST_SHOWN).unwrap_or_default().join(", ");
                section = section.say(format!("{}: {shown} and {rest} more (--format json has all)", counted(rows.len())));
            } else if !rows.is_empty() {
                section = section.say(format!("{}: {}", counted(rows.len()), rows.join(", ")));
            }
            section = section.say(q.why.clone());
            if !q.confirm_at.is_empty() {
                section = section.say(format!("Confirm at: {}", q.confirm_at));
            }
            d.sections.push(section);
        }
        let share = |part: usize, all: usize| {
            (part * 100).checked_div(all).map(|of_100| format!("{part} ({of_100} of 100)")).unwrap_or_default()
        };
        let rows = self
            .files
            .iter()
            .map(|f| {
                [f.file.clone(), f.rows.to_string(), share(f.confirmed, f.rows), f.partly.to_string(), f.unconfirmed.to_string()]
            })
            .collect();
        d.sections.push(Section::new("Rows per file").table(["file", "rows", "confirmed", "partly", "unconfirmed"], rows));
        d
    }
}

fn bracketed(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("({text})") }
}

fn counted(n: usize) -> String {
    crate::report::terminal::plural(n as u64, "row")
}

impl Readable for CheckView {
    fn document(&self) -> Document {
        use crate::report::terminal::plural;
        let mut d = Document { title: "Check of the rule book".to_owned(), ..Document::default() };
        d.lead = lead(self.on, &self.basis);
        for (severity, title) in [("error", "Errors"), ("warning", "Warnings")] {
            let of: Vec<_> = self.complaints.iter().filter(|c| c.severity == severity).collect();
            if !of.is_empty() {
                let rows = of.iter().map(|c| [c.file.clone(), c.at.clone(), c.what.clone()]).collect();
                d.sections.push(Section::new(title).table(["file", "where", "what"], rows));
            }
        }
        let words = format!(
            "{}, {}, {}",
            plural(self.files as u64, "file"),
            plural(self.errors as u64, "error"),
            plural(self.warnings as u64, "warning")
        );
        d.sections.push(Section::new("Result").say(words));
        d
    }
}
