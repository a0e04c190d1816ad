//! Notices and what came of them: a ledger of practice, and the states of norm 13(c) that follow from it.
//!
//! Norm 13(c) begins with knowledge: seen, notified, acknowledged, acted or not. Without a recorded notice about the
//! addresses at hand it is not engaged, whatever was seen. An entry that names no address is no notice of any one: it is
//! mentioned and moves nothing. That no action is recorded is a fact about the ledger, not about the state.
//!
//! A ledger is JSON Lines, one [`Entry`] a line. A damaged line is reported with its number and the rest is read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::RuleBook;
use crate::model::law::NormTouch;
use crate::model::net::StateCode;
use crate::model::path::AttackPath;
use crate::model::practice::{Entry, Step};
use crate::model::time::Day;

/// Version of the contract.
pub const SCHEMA: &str = "rutter.practice/1";

/// Longest line, in bytes.
pub const LONGEST_LINE: usize = 64 << 10;
/// Longest text of an entry, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Most addresses of an entry.
pub const MOST_ADDRESSES: usize = 1_000;

/// A ledger of practice.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// A line that is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// Where norm 13(c) stands for a state and some addresses on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Seen at most: no notice is recorded.
    Seen {
        /// Day of the first notice to that state that names no address.
        unnamed: Option<Day>,
        /// Day of the first notice that names one of the addresses, where it is later than the day asked about.
        later: Option<Day>,
    },
    /// Told, and nothing came back; nothing was seen after the notice.
    Notified(Told),
    /// It confirmed that it was told.
    Acknowledged(Told),
    /// It acted, or gave what was asked for.
    Acted(Told),
    /// The activity went on after the notice, and no action is recorded.
    NotActed(Told),
    /// It said that it will not act.
    Refused(Told),
}

/// The notice, and the last answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Day of the first notice.
    pub on: Day,
    /// Who told.
    pub by: StateCode,
    /// Through what.
    pub channel: Arc<str>,
    /// The answer that counts, and its day.
    pub answer: Option<(Step, Day)>,
    /// The last sighting, if it is later than the notice.
    pub went_on: Option<Day>,
}

impl Ledger {
    /// Entries of a ledger's text, and the lines that are none. Empty lines are passed over.
    #[must_use]
    pub fn read(bytes: &[u8]) -> (Self, Vec<Damaged>) {
        let mut ledger = Self::default();
        let mut damaged = Vec::new();
        for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match entry(line) {
                Ok(entry) => ledger.entries.push(entry),
                Err(why) => damaged.push(Damaged { line: i + 1, why }),
            }
        }
        (ledger, damaged)
    }

    /// With the codes of a rule book: a notice to `UK` is one to `GB`.
    #[must_use]
    pub fn canonical(mut self, book: &RuleBook) -> Self {
        for e in &mut self.entries {
            (e.state, e.by) = (book.canonical(e.state), book.canonical(e.by));
        }
        self
    }

    /// Both, sorted by day, state, asker, case and the rest; what is the same entry stands once.
    #[must_use]
    pub fn merge(ledgers: impl IntoIterator<Item = Self>) -> Self {
        let mut entries: Vec<Entry> = ledgers.into_iter().flat_map(|l| l.entries).collect();
        entries.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        entries.dedup();
        Self { entries }
    }

    /// Where norm 13(c) stands: only entries dated at or before `on` count, and only notices that name one of the
    /// addresses (itself or a prefix that holds it). `last_seen` is the day of the last sighting of the activity.
    #[must_use]
    pub fn standing(&self, state: StateCode, on: Day, addresses: &[IpAddr], last_seen: Option<Day>) -> Standing {
        let mut known: Vec<&Entry> = self.entries.iter().filter(|e| e.state == state && e.on <= on).collect();
        // Of one day the notice comes first: an answer cannot precede it.
        known.sort_by_key(|e| (e.on, e.step != Step::Notified));
        let about = |e: &&Entry| addresses.iter().any(|addr| e.addresses.iter().any(|net| holds(net, *addr)));
        let Some(notice) = known.iter().filter(|e| e.step == Step::Notified).find(|e| about(e)) else {
            let unnamed = known.iter().find(|e| e.step == Step::Notified && e.addresses.is_empty()).map(|e| e.on);
            let all = self.entries.iter().filter(|e| e.state == state && e.step == Step::Notified);
            let later = all.filter(about).map(|e| e.on).min();
            return Standing::Seen { unnamed, later };
        };
        // An answer is about the notice if it names one of the addresses, or belongs to the same case and names none.
        let answers = known.iter().filter(|e| {
            e.on >= notice.on && (about(e) || (e.case == notice.case && e.by == notice.by && e.addresses.is_empty()))
        });
        let last = |steps: &[Step]| answers.clone().rfind(|e| steps.contains(&e.step)).map(|e| (e.step, e.on));
        let went_on = last_seen.filter(|day| *day > notice.on);
        let decided = last(&[Step::Acted, Step::Given, Step::Refused]);
        let acknowledged = last(&[Step::Acknowledged]);
        let told =
            Told { on: notice.on, by: notice.by, channel: notice.channel.clone(), answer: decided.or(acknowledged), went_on };
        match decided {
            Some((Step::Refused, _)) => Standing::Refused(told),
            Some(_) => Standing::Acted(told),
            None if went_on.is_some() => Standing::NotActed(told),
            None if acknowledged.is_some() => Standing::Acknowledged(told),
            None => Standing::Notified(told),
        }
    }

    /// Writes into every hop of a path how norm 13(c) stands by this ledger. An empty one changes nothing.
    pub fn tell(&self, path: &mut AttackPath, on: Day) {
        if self.entries.is_empty() {
            return;
        }
        let last = path.seen.last.day();
        for hop in &mut path.hops {
            let addresses: Vec<IpAddr> = hop.hop.addr.into_iter().collect();
            let seen = hop.hop.seen.map_or(last, |span| span.last.day());
            for touch in &mut hop.touches {
                let state = touch.state;
                for norm in &mut touch.norms {
                    *norm = self.on_norm(norm, state, &addresses, on, Some(seen));
                }
            }
        }
    }

    /// Norm 13(c) for a hop, with its state as this ledger has it: `touch` is what the rule book says without one. Other
    /// norms are given back as they are.
    #[must_use]
    pub fn on_norm(
        &self,
        touch: &NormTouch,
        state: StateCode,
        addresses: &[IpAddr],
        on: Day,
        last_seen: Option<Day>,
    ) -> NormTouch {
        if &*touch.norm != "13(c)" {
            return touch.clone();
        }
        let standing = self.standing(state, on, addresses, last_seen);
        let mut touch = touch.clone();
        if let Some(citation) = standing.citation() {
            touch.source = format!("{}; {citation}", touch.source).into();
        }
        touch.state = standing.words().into();
        touch
    }
}

impl Standing {
    /// In words: the state of the norm as a report prints it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Seen { later: Some(day), .. } => {
                format!("not engaged on the day of the law: no notice recorded by then; one is recorded on {day}")
            }
            Self::Seen { unnamed: None, .. } => "not engaged: no notice recorded".into(),
            Self::Seen { unnamed: Some(day), .. } => {
                format!("not engaged: no notice recorded that names this address (one of {day} names none)")
            }
            Self::Notified(told) => format!("{}; no answer recorded", told.words()),
            Self::Acknowledged(told) => format!("acknowledged: {}", told.words()),
            Self::Acted(told) => format!("acted: {}", told.words()),
            Self::NotActed(told) => format!("not acted, as far as recorded: {}; no action recorded", told.words()),
            Self::Refused(told) => format!("refused: {}", told.words()),
        }
    }

    /// What the words rest on; `None` without a notice.
    #[must_use]
    pub fn citation(&self) -> Option<String> {
        let (Self::Notified(t) | Self::Acknowledged(t) | Self::Acted(t) | Self::NotActed(t) | Self::Refused(t)) = self else {
            return None;
        };
        Some(format!("practice ledger of the user: notice by {} on {} through {}", t.by, t.on, t.channel))
    }
}

impl Told {
    fn words(&self) -> String {
        let mut out = match self.answer {
            Some((step, day)) => {
                let word = match step {
                    Step::Given => "what was asked for was given",
                    other => other.as_str(),
                };
                format!("notice of {}, {word} {day}", self.on)
            }
            None => format!("notified {}", self.on),
        };
        if let Some(day) = self.went_on {
            let _ = write!(out, "; activity seen after the notice, last on {day}");
        }
        out
    }
}

/// Is `addr` the address or in the prefix?
fn holds(net: &str, addr: IpAddr) -> bool {
    match net.parse::<IpAddr>() {
        Ok(one) => one == addr,
        Err(_) => net.parse::<IpNet>().is_ok_and(|net| !is_too_wide(net) && net.contains(&addr)),
    }
}

/// A notice about half of the Internet is about no address: a prefix holds one if it is no shorter than what one holder gets
/// (IPv4 /16, IPv6 /29, the largest usual allocation of a registry).
fn is_too_wide(net: IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() < 16,
        IpNet::V6(net) => net.prefix_len() < 29,
    }
}

/// A prefix of an entry that engages nothing because it is too wide.
#[must_use]
pub fn too_wide(entry: &Entry) -> Option<&str> {
    entry.addresses.iter().map(|a| &**a).find(|a| a.parse::<IpNet>().is_ok_and(is_too_wide))
}

/// One line.
fn entry(line: &[u8]) -> Result<Entry, String> {
    if line.len() > LONGEST_LINE {
        return Err(format!("longer than {LONGEST_LINE} bytes"));
    }
    let text = std::str::from_utf8(line).map_err(|_| "no UTF-8".to_owned())?;
    let entry: Entry = serde_json::from_str(text).map_err(|e| e.to_string())?;
    check(&entry)?;
    Ok(normal(entry))
}

/// Does an entry keep its contract?
///
/// # Errors
/// What is wrong, in words.
pub fn check(entry: &Entry) -> Result<(), String> {
    if &*entry.schema != SCHEMA {
        return Err(format!("schema is {:?}, not {SCHEMA}", entry.schema));
    }
    if entry.state == entry.by {
        return Err(format!("{} stands on both sides", entry.state));
    }
    for (name, text) in [("case", &entry.case), ("channel", &entry.channel)] {
        if text.trim().is_empty() {
            return Err(format!("{name} is empty"));
        }
    }
    for (name, text) in [("case", &entry.case), ("channel", &entry.channel), ("note", &entry.note)] {
        if text.chars().count() > LONGEST_TEXT {
            return Err(format!("{name} is longer than {LONGEST_TEXT} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(format!("{name} has control characters"));
        }
    }
    if entry.addresses.len() > MOST_ADDRESSES {
        return Err(format!("more than {MOST_ADDRESSES} addresses"));
    }
    let odd = entry.addresses.iter().find(|a| a.parse::<IpAddr>().is_err() && a.parse::<IpNet>().is_err());
    odd.map_or(Ok(()), |odd| Err(format!("{odd:?} is no address and no prefix")))
}

/// The same entry written in one way: addresses and prefixes as RFC 5952 and their masks have them, sorted; no blanks around
/// texts.
#[must_use]
pub fn normal(mut entry: Entry) -> Entry {
    let written = |text: Arc<str>| match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
        (Ok(addr), _) => addr.to_string().into(),
        (_, Ok(net)) => net.trunc().to_string().into(),
        _ => text,
    };
    let addresses: BTreeSet<Arc<str>> = entry.addresses.into_iter().map(written).collect();
    entry.addresses = addresses.into_iter().collect();
    for text in [&mut entry.case, &mut entry.channel, &mut entry.note] {
        if text.trim().len() < text.len() {
            *text = text.trim().into();
        }
    }
    entry
}

type SortKey<'a> = (Day, StateCode, StateCode, &'a str, Step, &'a str, &'a [Arc<str>], &'a str);

fn sort_key(e: &Entry) -> SortKey<'_> {
    (e.on, e.state, e.by, &e.case, e.step, &e.channel, &e.addresses, &e.note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jurisdiction::Law;

    fn code(s: &str) -> StateCode {
        StateCode::new(s).unwrap()
    }

    fn day(s: &str) -> Day {
        s.parse().unwrap()
    }

    fn line(state: &str, step: &str, on: &str, rest: &str) -> String {
        format!(
            "{{\"schema\":\"rutter.practice/1\",\"case\":\"c1\",\"state\":\"{state}\",\"by\":\"FR\",\"step\":\"{step}\",\"on\":\"{on}\",\
             \"channel\":\"24/7 network\"{rest}}}\n"
        )
    }

    const HERE: &str = ",\"addresses\":[\"192.0.2.7\"]";

    fn ledger(lines: &[(&str, &str, &str)]) -> Ledger {
        let text: String = lines.iter().map(|(step, on, rest)| line("SG", step, on, rest)).collect();
        let (ledger, damaged) = Ledger::read(text.as_bytes());
        assert!(damaged.is_empty(), "{damaged:?}");
        ledger
    }

    fn standing(ledger: &Ledger, on: &str, last: &str) -> String {
        ledger.standing(code("SG"), day(on), &["192.0.2.7".parse().unwrap()], Some(day(last))).words()
    }

    #[test]
    fn the_norm_walks_through_its_states() {
        let none = Ledger::default();
        assert_eq!(standing(&none, "2026-04-01", "2026-03-01"), "not engaged: no notice recorded");
        let told = ledger(&[("notified", "2026-03-05", HERE)]);
        assert_eq!(standing(&told, "2026-04-01", "2026-03-05"), "notified 2026-03-05; no answer recorded");
        assert_eq!(
            standing(&told, "2026-03-04", "2026-03-01"),
            "not engaged on the day of the law: no notice recorded by then; one is recorded on 2026-03-05"
        );
        assert_eq!(
            standing(&told, "2026-04-01", "2026-03-06"),
            "not acted, as far as recorded: notified 2026-03-05; activity seen after the notice, last on 2026-03-06; no action recorded"
        );
        let answered = ledger(&[("notified", "2026-03-05", HERE), ("acknowledged", "2026-03-07", "")]);
        assert_eq!(
            standing(&answered, "2026-04-01", "2026-03-05"),
            "acknowledged: notice of 2026-03-05, acknowledged 2026-03-07"
        );
        assert!(standing(&answered, "2026-03-06", "2026-03-05").starts_with("notified"));
        assert!(standing(&answered, "2026-04-01", "2026-03-20").starts_with("not acted, as far as recorded"));
        let acted = ledger(&[("notified", "2026-03-05", HERE), ("acted", "2026-03-09", HERE)]);
        assert_eq!(standing(&acted, "2026-04-01", "2026-03-05"), "acted: notice of 2026-03-05, acted 2026-03-09");
        assert!(standing(&acted, "2026-04-01", "2026-03-20").ends_with("activity seen after the notice, last on 2026-03-20"));
        let refused =
            ledger(&[("notified", "2026-03-05", HERE), ("acknowledged", "2026-03-06", ""), ("refused", "2026-03-08", "")]);
        assert!(standing(&refused, "2026-04-01", "2026-03-05").starts_with("refused: notice of 2026-03-05, refused 2026-03-08"));
        // The last decision counts.
        let changed = ledger(&[("notified", "2026-03-05", HERE), ("given", "2026-03-12", ""), ("refused", "2026-03-08", "")]);
        assert!(standing(&changed, "2026-04-01", "2026-03-05").starts_with("acted"));
    }

    #[test]
    fn only_a_notice_about_the_address_engages() {
        let elsewhere = ledger(&[("notified", "2026-03-05", ",\"addresses\":[\"198.51.100.1\"]")]);
        assert_eq!(standing(&elsewhere, "2026-04-01", "2026-03-06"), "not engaged: no notice recorded");
        let unnamed = ledger(&[("notified", "2026-03-05", "")]);
        let words = standing(&unnamed, "2026-04-01", "2026-03-06");
        assert!(words.starts_with("not engaged") && words.contains("2026-03-05"), "{words}");
        let prefix = ledger(&[("notified", "2026-03-05", ",\"addresses\":[\"192.0.2.0/24\"]")]);
        assert!(standing(&prefix, "2026-04-01", "2026-03-05").starts_with("notified"));
        let half = ledger(&[("notified", "2026-03-05", ",\"addresses\":[\"0.0.0.0/0\",\"128.0.0.0/1\",\"2000::/3\"]")]);
        assert_eq!(standing(&half, "2026-04-01", "2026-03-06"), "not engaged: no notice recorded");
        assert_eq!(too_wide(&half.entries[0]), Some("0.0.0.0/0"));
        // A request is no notice, an answer without a notice engages nothing, and another state's ledger is another's.
        let asked = ledger(&[("asked", "2026-03-05", HERE), ("acted", "2026-03-06", HERE)]);
        assert_eq!(standing(&asked, "2026-04-01", "2026-03-06"), "not engaged: no notice recorded");
        let other = prefix.standing(code("DE"), day("2026-04-01"), &["192.0.2.7".parse().unwrap()], None);
        assert_eq!(other, Standing::Seen { unnamed: None, later: None });
    }

    #[test]
    fn one_thing_is_written_in_one_way() {
        let other = ",\"addresses\":[\"2001:DB8::7\",\"192.0.2.9/24\"]";
        let text = line("UK", "notified", "2026-03-05", other).replace("c1", "  c1 ");
        let (ledger, _) = Ledger::read(text.as_bytes());
        let entry = &ledger.canonical(&Law::shipped().unwrap().book).entries[0];
        assert_eq!((entry.state, &*entry.case), (code("GB"), "c1"));
        assert_eq!(entry.addresses.iter().map(|a| &**a).collect::<Vec<_>>(), ["192.0.2.0/24", "2001:db8::7"]);
    }

    #[test]
    fn a_touch_gets_its_state_and_its_citation() {
        let law = Law::shipped().unwrap();
        let touch = law.book.norm_on_territory(code("SG"), None, day("2026-04-01")).unwrap();
        let told = ledger(&[("notified", "2026-03-05", HERE)]);
        let here = ["192.0.2.7".parse().unwrap()];
        let with = told.on_norm(&touch, code("SG"), &here, day("2026-04-01"), None);
        assert_eq!(&*with.state, "notified 2026-03-05; no answer recorded");
        assert!(with.source.ends_with("practice ledger of the user: notice by FR on 2026-03-05 through 24/7 network"));
        assert_eq!((&with.reading, with.grade), (&touch.reading, touch.grade));
        assert_eq!(Ledger::default().on_norm(&touch, code("SG"), &here, day("2026-04-01"), None), touch);
        let b = law.book.norm_on_attribution().unwrap();
        assert_eq!(told.on_norm(&b, code("SG"), &here, day("2026-04-01"), None), b);
        assert!(!with.source.contains("c1"), "a report names no case");
    }

    #[test]
    fn damaged_lines_are_named_and_the_rest_is_read() {
        let mut text = line("SG", "notified", "2026-03-05", HERE).into_bytes();
        text.extend(b"\n{\"schema\":\"rutter.practice/1\"\n\xff\xfe\n");
        text.extend(line("SG", "notified", "2026-03-05", ",\"addresses\":[\"nobody\"]").into_bytes());
        text.extend(line("SG", "notified", "2026-02-30", "").into_bytes());
        text.extend(line("SG", "notified", "2026-03-05", ",\"colour\":1").into_bytes());
        text.extend(line("FR", "notified", "2026-03-05", "").into_bytes());
        text.extend(line("SG", "notified", "2026-03-05", ",\"note\":\"\\u001b[2J\"").into_bytes());
        text.extend(line("SG", "notified", "2026-03-05", &format!(",\"note\":\"{}\"", "x".repeat(70_000))).into_bytes());
        text.extend(line("SG", "acted", "2026-03-06", HERE).replace("practice/1", "practice/9").into_bytes());
        text.extend(line("SG", "acted", "2026-03-06", HERE).trim_end().as_bytes());
        let (ledger, damaged) = Ledger::read(&text);
        assert_eq!(ledger.entries.len(), 2);
        assert_eq!(damaged.iter().map(|d| d.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn merging_does_not_depend_on_the_order() {
        let a = ledger(&[("acted", "2026-03-09", HERE), ("notified", "2026-03-05", HERE)]);
        let b = ledger(&[("notified", "2026-03-05", HERE), ("refused", "2026-03-07", "")]);
        let one = Ledger::merge([a.clone(), b.clone()]);
        assert_eq!(one.entries.len(), 3);
        assert_eq!(one.entries, Ledger::merge([b, a]).entries);
        assert!(one.entries.is_sorted_by_key(|e| e.on));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let (ledger, damaged) = Ledger::read(&bytes);
            proptest::prop_assert!(ledger.entries.is_empty() || damaged.len() < bytes.len());
        }
    }
}
