//! Fault lines: where states read the rules differently. Three lines, each from -1 to +1, recomputed from the rows of the
//! tables for the day that is asked about, and the votes, texts and signatures on which the states of a path part.
//!
//! A score is the plain mean of its items ([`questions`]), weight 1 each; what is missing stays missing. It is published only
//! with three items or more, from two families or more, at least one of them an item on which a state can take either side.
//! Between the poles is the most common behaviour. A line is no camp, and says nothing of who did something.
//!
//! * [`questions`]: the items, which answers count on a day, and what they score
//! * [`interval`]: the 90 % interval of a mean of so few items

mod interval;
mod questions;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Law;
use crate::model::faultline::{Item, Line, Parting, Standing, Standings};
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;
use questions::{Answer, Question, UNDATED, questions};

/// Fewest items under a published score.
pub const LEAST_ITEMS: usize = 3;

/// Fewest families of items under a published score.
pub const LEAST_FAMILIES: usize = 2;

/// The fault lines on one day, with the tables already sorted by question: for many states or paths of a day.
#[derive(Debug)]
pub struct LinesOfTheDay<'a> {
    law: &'a Law,
    questions: Vec<Question<'a>>,
}

impl<'a> LinesOfTheDay<'a> {
    /// What had been voted, said and signed by the end of `on`.
    #[must_use]
    pub fn new(law: &'a Law, on: Day) -> Self {
        Self { law, questions: questions(&law.tables, on) }
    }

    /// Where a state stands on the three lines. A territory has no vote: all lines are without data.
    #[must_use]
    pub fn standings(&self, state: StateCode) -> Standings {
        let state = self.law.book.canonical(state);
        Standings { state, lines: Line::ALL.iter().map(|line| self.standing(state, *line)).collect() }
    }

    fn standing(&self, state: StateCode, line: Line) -> Standing {
        let mut items = Vec::new();
        let mut families: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
        let mut two_sided = false;
        for question in self.questions.iter().filter(|q| q.lines.contains(&line)) {
            let Some(answer) = question.answer(state) else { continue };
            let Some(score) = answer.score else { continue };
            let family = families.entry(&question.family).or_default();
            family.0 += f64::from(score);
            family.1 += 1;
            two_sided |= question.two_sided;
            items.push(Item {
                item: question.item.clone(),
                family: question.family.clone(),
                value: answer.word,
                date: answer.dated,
                score,
                grade: answer.grade,
                source: answer.source,
            });
        }
        let n = items.len();
        if n < LEAST_ITEMS || families.len() < LEAST_FAMILIES || !two_sided {
            return Standing { line, score: None, interval: None, n, items };
        }
        let families: Vec<(f64, usize)> = families.into_values().collect();
        let mean = families.iter().map(|(sum, _)| sum).sum::<f64>() / n as f64;
        let interval = interval::interval(mean, &families, interval::seed(state, line));
        Standing { line, score: Some(mean as f32), interval: Some(interval), n, items }
    }

    /// The votes, texts and signatures on which these states part: at least two of them are on record with different words.
    /// By date, then item. An absence is no word.
    #[must_use]
    pub fn partings(&self, states: &[StateCode]) -> Vec<Parting> {
        let mut seen = BTreeSet::new();
        let states: Vec<StateCode> = states.iter().map(|s| self.law.book.canonical(*s)).filter(|s| seen.insert(*s)).collect();
        let mut partings: Vec<(Day, Parting)> = self.questions.iter().filter_map(|q| parting(q, &states)).collect();
        partings.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.item.cmp(&y.item)));
        partings.into_iter().map(|(_, parting)| parting).collect()
    }
}

/// The question, if these states answer it differently; with the day by which it is sorted.
fn parting(question: &Question<'_>, states: &[StateCode]) -> Option<(Day, Parting)> {
    let mut answers: Vec<(StateCode, Answer)> = Vec::with_capacity(states.len());
    let mut unknown = Vec::new();
    for &state in states {
        match question.answer(state) {
            Some(answer) => answers.push((state, answer)),
            None => unknown.push(state),
        }
    }
    let (_, first) = answers.first()?;
    if answers.iter().all(|(_, a)| a.side == first.side) {
        return None;
    }
    let dated = || answers.iter().map(|(_, a)| a).filter(|a| a.day != UNDATED);
    let (date, day) = match (dated().min_by_key(|a| a.day), dated().max_by_key(|a| a.day)) {
        (Some(first), Some(last)) if first.dated == last.dated => (first.dated.clone(), first.day),
        (Some(first), Some(last)) => (format!("{} to {}", first.dated, last.dated).into(), first.day),
        _ => ("not dated".into(), UNDATED),
    };
    let mut sources: Vec<&Arc<str>> = Vec::new();
    for (_, answer) in &answers {
        if !sources.iter().any(|s| Arc::ptr_eq(s, &answer.source) || **s == answer.source) {
            sources.push(&answer.source);
        }
    }
    let source = match sources.as_slice() {
        [one] => Arc::clone(one),
        many => many.iter().map(|s| &***s).collect::<Vec<_>>().join(" ; ").into(),
    };
    let parting = Parting {
        line: question.lines.first().copied(),
        item: question.item.clone(),
        title: question.title.clone(),
        date,
        grade: answers.iter().map(|(_, a)| a.grade).max().unwrap_or(Grade::Unconfirmed),
        source,
        sides: answers.iter().map(|(state, a)| (*state, a.word.clone())).collect(),
        unknown,
    };
    Some((day, parting))
}

impl Law {
    /// Where a state stands on the three lines on a day. For many states make one [`LinesOfTheDay`].
    #[must_use]
    pub fn standings(&self, state: StateCode, on: Day) -> Standings {
        LinesOfTheDay::new(self, on).standings(state)
    }

    /// The votes, texts and signatures on which these states part. For many paths make one [`LinesOfTheDay`].
    #[must_use]
    pub fn partings(&self, states: &[StateCode], on: Day) -> Vec<Parting> {
        LinesOfTheDay::new(self, on).partings(states)
    }
}
