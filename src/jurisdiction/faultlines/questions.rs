//! The items of the three lines and the two questions that cut across them: who answered what by a day, and what it
//! scores. +1 is "the existing law applies", "no right to block", "others take part"; -1 is the other pole.
//!
//! | line | item | score | family |
//! |---|---|---|---|
//! | F1 | texts of 2018-2020 tabled by RU | yes -1, abstain 0, no +1 | F1 votes, tabled by RU |
//! | F1 | texts of 2018-2020 tabled by US | yes +1, abstain 0, no -1 | F1 votes, tabled by US |
//! | F1 | own position on self-defence; on IHL, else that of the EU or the African Union | affirms +1, reserves 0, denies -1 | positions |
//! | F2 | 73/187, 74/247 | yes -1, abstain 0, no +1 | F2 votes, tabled by RU |
//! | F2 | member of the Freedom Online Coalition on the day | +1 | memberships |
//! | F3 | 77/36, 78/237 | yes -1, abstain 0, no +1 | F3 votes, tabled by RU |
//! | F3 | 77/37, 78/16 | yes +1, abstain 0, no -1 | F3 votes, tabled by FR |
//! | F3 | WCIT-12 | signed -1, not signed +1 | WCIT-12 |
//! | F2, F3 | Declaration for the Future of the Internet; code of conduct of 2011 and 2015, one item | +1; -1 | memberships |
//!
//! A regional text stands in once, on IHL, for a member that has published nothing of its own on it: a union that speaks once
//! for all its members must not weigh twice. Nothing later than the day counts, and nothing whose day is not known to
//! have come. A vote not cast, a silence and a blank are missing, and no answer on a list that names one side only means that
//! the state is not on that list, not that it is against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::dates::{When, has_come};
use super::super::norms::DUE_DILIGENCE;
use super::super::tables::{LawTables, RollCall, Statement, Vote};
use crate::model::faultline::Line;
use crate::model::law::Grade;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// As the table of positions has them.
pub(super) const SELF_DEFENCE: &str = "self-defence (art. 51) can apply to cyber operations";
/// As the table of positions has them.
pub(super) const IHL: &str = "international humanitarian law applies to cyber operations in armed conflict";
/// As the table of positions has them.
pub(super) const SOVEREIGNTY: &str = "violation of sovereignty is a rule of its own in cyberspace";
/// As the table of memberships has it.
pub(super) const COALITION: &str = "Freedom Online Coalition";
/// As the table of memberships has it.
pub(super) const DECLARATION: &str = "Declaration for the Future of the Internet";
/// Start of the two texts in the table of memberships.
pub(super) const CODE_OF_CONDUCT: &str = "SCO code of conduct";

/// The coalition was founded at The Hague in December 2011.
const COALITION_SINCE: (i32, u32, u32) = (2012, 1, 1);
/// Members that the table has without a date are those of the list of 2025.
const COALITION_LIST: (i32, u32, u32) = (2025, 1, 1);

/// Stands before every day.
pub(super) const UNDATED: Day = Day(i32::MIN);

const POSITIONS: &str = "positions";
const MEMBERSHIPS: &str = "memberships";

/// What a state said.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The word in the table, with who spoke if it was not the state itself.
    pub(super) word: Arc<str>,
    /// Answers with the same side do not part.
    pub(super) side: Arc<str>,
    /// The date as written.
    pub(super) dated: Arc<str>,
    /// The first day that it can mean, or [`UNDATED`].
    pub(super) day: Day,
    /// On the line; `None` if it counts for none.
    pub(super) score: Option<f32>,
    pub(super) grade: Grade,
    pub(super) source: Arc<str>,
}

/// An item.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// Empty if it cuts across the lines.
    pub(super) lines: &'static [Line],
    pub(super) item: Arc<str>,
    pub(super) title: Arc<str>,
    pub(super) family: Arc<str>,
    /// A state can take either side of it.
    pub(super) two_sided: bool,
    answers: Answers<'a>,
}

#[derive(Debug)]
enum Answers<'a> {
    Votes { call: &'a RollCall, plus: Vote, dated: Arc<str>, words: [Arc<str>; 3] },
    Said { own: BTreeMap<StateCode, Answer>, regional: Vec<(BTreeSet<StateCode>, Answer)> },
}

impl Question<'_> {
    /// The answer of a state, if there is one by the day.
    pub(super) fn answer(&self, state: StateCode) -> Option<Answer> {
        match &self.answers {
            Answers::Votes { call, plus, dated, words: [yes, no, abstain] } => {
                let (vote, grade) = *call.votes.get(&state)?;
                let (word, score) = match vote {
                    Vote::Abstain => (abstain, 0.0),
                    Vote::Yes => (yes, if *plus == vote { 1.0 } else { -1.0 }),
                    Vote::No => (no, if *plus == vote { 1.0 } else { -1.0 }),
                    Vote::Absent | Vote::Unknown => return None,
                };
                Some(Answer {
                    word: word.clone(),
                    side: word.clone(),
                    dated: dated.clone(),
                    day: call.date.first,
                    score: Some(score),
                    grade,
                    source: call.source.clone(),
                })
            }
            Answers::Said { own, regional } => {
                let by_region = || regional.iter().find(|(members, _)| members.contains(&state)).map(|(_, answer)| answer);
                own.get(&state).or_else(by_region).cloned()
            }
        }
    }
}

/// All items that lie on or before `on`.
pub(super) fn questions(tables: &LawTables, on: Day) -> Vec<Question<'_>> {
    let mut questions = votes(tables, on);
    questions.push(said(&[Line::F1], SELF_DEFENCE, SELF_DEFENCE, POSITIONS, own_positions(tables, SELF_DEFENCE, on)));
    let mut ihl = said(&[Line::F1], IHL, IHL, POSITIONS, own_positions(tables, IHL, on));
    if let Answers::Said { regional, .. } = &mut ihl.answers {
        *regional = regional_positions(tables, IHL, on);
    }
    questions.push(ihl);
    for item in [DUE_DILIGENCE, SOVEREIGNTY] {
        questions.push(said(&[], item, item, POSITIONS, own_positions(tables, item, on)));
    }
    questions.push(wcit(tables, on));
    let one_sided = |lines, item, title, own| Question { two_sided: false, ..said(lines, item, title, MEMBERSHIPS, own) };
    questions.push(one_sided(&[Line::F2], COALITION, "member of the coalition on this day", coalition(tables, on)));
    let declaration = listed(tables, |item| item == DECLARATION, "endorsed", 1.0, on);
    questions.push(one_sided(&[Line::F2, Line::F3], DECLARATION, "endorsed at its launch", declaration));
    let code = listed(tables, |item| item.starts_with(CODE_OF_CONDUCT), "co-sponsor", -1.0, on);
    let title = "International code of conduct for information security (A/66/359, A/69/723)";
    questions.push(one_sided(&[Line::F2, Line::F3], "SCO code of conduct 2011/2015", title, code));
    questions
}

fn said<'a>(lines: &'static [Line], item: &str, title: &str, family: &str, own: BTreeMap<StateCode, Answer>) -> Question<'a> {
    Question {
        lines,
        item: item.into(),
        title: title.into(),
        family: family.into(),
        two_sided: true,
        answers: Answers::Said { own, regional: Vec::new() },
    }
}

fn answer(s: &Statement, score: Option<f32>) -> Answer {
    Answer {
        word: s.value.clone(),
        side: s.value.clone(),
        dated: s.dated.clone(),
        day: s.date.map_or(UNDATED, |d| d.first),
        score,
        grade: s.cited.grade,
        source: s.cited.source.clone(),
    }
}

/// Roll calls that are items of a line, near-identical ones (same line, same sponsor) as one family.
fn votes(tables: &LawTables, on: Day) -> Vec<Question<'_>> {
    let words = [Vote::Yes, Vote::No, Vote::Abstain].map(|v| Arc::from(v.as_str()));
    let calls = tables.roll_calls.iter().filter(|c| !c.votes.is_empty() && has_come(Some(c.date), on));
    calls
        .filter_map(|call| {
            let lines: &'static [Line] = match &*call.line {
                "F1" => &[Line::F1],
                "F2" => &[Line::F2],
                "F3" => &[Line::F3],
                _ => return None,
            };
            Some(Question {
                lines,
                item: call.symbol.clone(),
                title: format!("{}; tabled by {}, {}", call.title, call.tabled_by, call.count).into(),
                family: format!("{} votes, tabled by {}", call.line, call.tabled_by).into(),
                two_sided: true,
                answers: Answers::Votes { call, plus: call.plus?, dated: call.date.to_string().into(), words: words.clone() },
            })
        })
        .collect()
}

fn stance(value: &str) -> Option<f32> {
    match value {
        "affirms" => Some(1.0),
        "reserves" => Some(0.0),
        "denies" => Some(-1.0),
        _ => None,
    }
}

fn positions<'a>(tables: &'a LawTables, item: &'a str, on: Day) -> impl Iterator<Item = (&'a Statement, f32)> {
    let rows = tables.positions.iter().filter(move |s| &*s.item == item && has_come(s.date, on));
    rows.filter_map(|s| stance(&s.value).map(|score| (s, score)))
}

fn own_positions(tables: &LawTables, item: &str, on: Day) -> BTreeMap<StateCode, Answer> {
    positions(tables, item, on).filter_map(|(s, score)| Some((s.state()?, answer(s, Some(score))))).collect()
}

/// Texts in which a union speaks for its members, with those who are known to belong to it on the day. The first row of a
/// union is its text.
fn regional_positions(tables: &LawTables, item: &str, on: Day) -> Vec<(BTreeSet<StateCode>, Answer)> {
    let mut seen = BTreeSet::new();
    positions(tables, item, on)
        .filter_map(|(s, score)| {
            let (group, name) = match &*s.who {
                "EU" => ("EU", "the European Union"),
                "x-AU" => ("African Union", "the African Union"),
                _ => return None,
            };
            if !seen.insert(group) {
                return None;
            }
            let rows = tables.groups.iter().filter(|m| &*m.group == group);
            let members = rows.filter(|m| m.is_member(on) == Some(true)).map(|m| m.state).collect();
            let word = format!("{} (text of {name})", s.value).into();
            Some((members, Answer { word, ..answer(s, Some(score)) }))
        })
        .collect()
}

fn wcit(tables: &LawTables, on: Day) -> Question<'_> {
    let score = |value: &str| match value {
        "signed" => Some(-1.0),
        "not_signed" => Some(1.0),
        _ => None,
    };
    let rows = tables.wcit12.iter().filter(|s| has_come(s.date, on));
    let own = rows.filter_map(|s| Some((s.state()?, answer(s, Some(score(&s.value)?))))).collect();
    let title = "Final Acts of the World Conference on International Telecommunications: signed at its close or not, which is not \
                 the same as opposing them";
    said(&[Line::F3], "WCIT-12", title, "WCIT-12", own)
}

/// The row of a state that left has the day on which it did; until then it was a member.
fn coalition(tables: &LawTables, on: Day) -> BTreeMap<StateCode, Answer> {
    let from = |(y, m, d)| Day::new(y, m, d).is_some_and(|day| on >= day);
    let rows = tables.memberships.iter().filter(|s| &*s.item == COALITION);
    rows.filter_map(|s| {
        let plain = answer(s, Some(1.0));
        let said = match (&*s.value, s.date.map(|d| d.when(on))) {
            ("member", Some(When::Since)) => plain,
            ("member", None) if s.dated.is_empty() && from(COALITION_LIST) => Answer { dated: "not dated".into(), ..plain },
            ("withdrawn", Some(When::Since)) => Answer { score: None, ..plain },
            ("withdrawn", Some(When::Before)) if from(COALITION_SINCE) => {
                let member: Arc<str> = "member".into();
                Answer { word: member.clone(), side: member, dated: format!("until {}", s.dated).into(), ..plain }
            }
            _ => return None,
        };
        Some((s.state()?, said))
    })
    .collect()
}

/// A list that names one side only, by the first dated entry of each state.
fn listed(tables: &LawTables, is_item: impl Fn(&str) -> bool, word: &str, score: f32, on: Day) -> BTreeMap<StateCode, Answer> {
    let mut rows: Vec<&Statement> =
        tables.memberships.iter().filter(|s| is_item(&s.item) && s.value.starts_with(word) && has_come(s.date, on)).collect();
    rows.sort_by_key(|s| s.date.map(|d| d.first));
    let mut own = BTreeMap::new();
    for s in rows {
        if let Some(state) = s.state() {
            own.entry(state).or_insert_with(|| Answer { word: word.into(), side: word.into(), ..answer(s, Some(score)) });
        }
    }
    own
}
