//! Lawful ways to ask another state for data or action, and how long the data lasts.

use std::sync::Arc;

use serde::Serialize;

use super::hop::HopRole;
use super::law::Grade;
use super::net::StateCode;
use super::time::Day;

/// What a channel can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Keep data that would be lost.
    Preserve,
    /// Hand data over.
    Disclose,
    /// Stop or mitigate.
    Act,
    /// Tell somebody, and be told.
    Inform,
}

impl Purpose {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preserve => "preserve",
            Self::Disclose => "disclose",
            Self::Act => "act",
            Self::Inform => "inform",
        }
    }
}

/// Can the channel be used on the day?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usable {
    /// Its legal basis is in force for both.
    Yes,
    /// The tables do not settle whether it is.
    Unknown,
    /// Its basis is suspended, or one side does not use it.
    Suspended,
    /// One side has left its basis; it is listed since a reader may still find it in a list of treaties.
    Ended,
}

/// Every kind of channel. A ledger may name others; an export names these and no others.
pub const KINDS: &[&str] = &[
    "24/7 network",
    "CERT-to-CERT",
    "CLOUD Act agreement",
    "Commonwealth scheme",
    "EIO",
    "EU MLA Convention",
    "G7 24/7 network",
    "INTERPOL",
    "MLA",
    "Second Protocol",
    "UN points of contact",
    "UNTOC",
    "agreement on information security",
    "arrangement within one state",
    "bilateral MLAT",
    "disclosure of the path",
    "e-Evidence order",
    "letter rogatory",
    "preservation request",
    "regional MLA treaty",
    "regional directive",
    "voluntary disclosure by the provider",
];

/// A lawful way to ask, from one state to another on a day. The best comes first: what is in force before
/// what is unknown. All that they rest on stands beside them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// `24/7 network`, `EIO`, `letter rogatory` …
    pub kind: Arc<str>,
    /// What it is good for, in order.
    pub purposes: Vec<Purpose>,
    /// Id of the instrument; `null` where it rests on none (comity, practice).
    pub instrument: Option<Arc<str>>,
    /// Article, or what stands for it.
    pub article: Arc<str>,
    /// Limit in time, in words; blank where there is none.
    pub limit: Arc<str>,
    /// Who to write to in the requested state, as far as the tables know; else what kind of body.
    pub body: Arc<str>,
    /// On the day.
    pub usable: Usable,
    /// What the asker must know: dual criminality, reservations, sanctions, a list that is old.
    pub caveats: Vec<Arc<str>>,
    /// The worst grade of what it rests on.
    pub grade: Grade,
    /// As-of date of the rows it rests on, the oldest; `unknown` if one has none.
    pub as_of: Arc<str>,
    /// Where that can be checked.
    pub source: Arc<str>,
}

/// A class of data that a rule on retention can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataClass {
    /// Who used an address at a time; data of the contract.
    Subscriber,
    /// Connection and log-in logs of an access or hosting provider, and the addresses that it gave out.
    Connection,
    /// Traffic data in general; flow and translation logs, where the words name them.
    Traffic,
}

impl DataClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Subscriber, Self::Connection, Self::Traffic];

    /// The word in the table of national law.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber",
            Self::Connection => "connection",
            Self::Traffic => "traffic",
        }
    }

    /// In words.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber data",
            Self::Connection => "connection logs",
            Self::Traffic => "traffic data",
        }
    }
}

/// What kind of rule on retention a state has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionKind {
    /// Every provider must keep the data at least so long.
    Duty,
    /// At most so long, or only under a notice to an operator.
    Maximum,
    /// Targeted, or by order of a court.
    ByOrder,
}

impl RetentionKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Duty, Self::Maximum, Self::ByOrder];

    /// The word in the table of national law.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duty => "duty",
            Self::Maximum => "maximum",
            Self::ByOrder => "by-order",
        }
    }
}

/// What the operator of a hop is asked for: it depends on what the machine did on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedData {
    /// Who used the address of an origin.
    Subscriber,
    /// Who connected to a stepping stone.
    Connection,
    /// Flow records of a provider on the way.
    Flow,
    /// Which inner address stood behind an outer one.
    Translation,
    /// Logs of a server that passed a mail on.
    Mail,
    /// Logs of a host that answered forged packets.
    Reflector,
    /// What the addressed end holds itself.
    Victim,
}

impl AskedData {
    /// For each kind of hop on the way of an attack that a rule on retention may speak to.
    pub const OF_A_STATE: [Self; 3] = [Self::Subscriber, Self::Connection, Self::Flow];

    /// What a hop is asked for.
    #[must_use]
    pub fn of(role: HopRole, finding: &str) -> Self {
        match role {
            HopRole::Origin => Self::Subscriber,
            HopRole::Transit => Self::Flow,
            HopRole::Proxy if finding == "mail" => Self::Mail,
            HopRole::TunnelEntry | HopRole::TunnelExit | HopRole::Proxy => Self::Connection,
            HopRole::Translator => Self::Translation,
            HopRole::Reflector => Self::Reflector,
            HopRole::Target => Self::Victim,
        }
    }

    /// The classes of data in it. None, where no class is about it: mail logs, and what the victim's end holds itself.
    #[must_use]
    pub fn classes(self) -> &'static [DataClass] {
        match self {
            Self::Subscriber => &[DataClass::Subscriber, DataClass::Connection],
            Self::Connection => &[DataClass::Connection],
            Self::Flow | Self::Translation | Self::Reflector => &[DataClass::Traffic],
            Self::Mail | Self::Victim => &[],
        }
    }

    /// In words.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber data of an origin",
            Self::Connection => "connection logs of a stepping stone",
            Self::Flow => "flow records of a transit provider",
            Self::Translation => "translation (NAT) logs",
            Self::Mail => "mail logs",
            Self::Reflector => "flow records at a reflector",
            Self::Victim => "what the victim's end holds",
        }
    }
}

/// How long providers in a state keep the data that a hop is asked for, and when what was seen on a day is lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// The state.
    pub state: StateCode,
    /// What is asked for.
    pub asked: AskedData,
    /// The kind of the rule; `null` where there is none on providers of such data, or nobody knows it, or
    /// not for that day.
    pub kind: Option<RetentionKind>,
    /// What of it a duty covers.
    pub covered: Vec<DataClass>,
    /// Months for which every provider must keep what is covered; `null` where there is no such duty, or nobody knows it, or
    /// not for that day.
    pub months: Option<u16>,
    /// Months for which data are kept at most, where the rule is a maximum: they may be gone any day before.
    pub at_most: Option<u16>,
    /// The rule in words: also whether there is none.
    pub rule: Arc<str>,
    /// The first day on which the covered data may be gone; `null` where no duty of that day is known to cover what is asked
    /// for: it may be gone any day. Also `null` where nobody knows when the traffic was seen; the words say so.
    pub lost_from: Option<Day>,
    /// How well that is known.
    pub grade: Grade,
    /// Where it was read.
    pub source: Arc<str>,
}

impl Retention {
    /// Sorts by what is lost first: what may be gone any day comes before all.
    #[must_use]
    pub fn order(&self) -> (Option<Day>, Option<u16>) {
        (self.first_lost(), self.months)
    }

    /// What is asked for and when it is lost, in words.
    #[must_use]
    pub fn lost(&self) -> String {
        let rest = self.rest().map(|rest| format!("; {rest}")).unwrap_or_default();
        let kept = match (self.lost_from, self.months) {
            // The rule says the period: where it names several, the number of months need not be the one that was counted.
            (Some(day), _) => format!("kept by law for a time: may be gone from {day}{rest}"),
            (None, Some(months)) => {
                format!("kept {months} months by law; the day of the traffic is unknown, so that no last day can be given{rest}")
            }
            (None, None) => return self.any_day(),
        };
        format!("{}: {kept}", self.part().unwrap_or_else(|| self.asked.noun().to_owned()))
    }

    /// Why there is no last day, in words.
    #[must_use]
    pub fn any_day(&self) -> String {
        let noun = self.asked.noun();
        match (self.kind, self.at_most) {
            (Some(RetentionKind::Maximum), Some(months)) => {
                format!("{noun}: at most {months} months, and no duty of every provider: may be gone any day")
            }
            (Some(RetentionKind::Maximum), None) => {
                format!("{noun}: the rule is a maximum, and no duty of every provider: may be gone any day")
            }
            (Some(RetentionKind::ByOrder), _) => format!("{noun}: kept only by order: may be gone any day"),
            _ => format!("no duty is known to cover {noun}: may be gone any day"),
        }
    }

    /// The day on which the first of the data asked for may be lost; `None` if a part of them may be gone any day.
    #[must_use]
    pub fn first_lost(&self) -> Option<Day> {
        self.lost_from.filter(|_| self.rest().is_none())
    }

    /// What of the data asked for a duty covers, if that is only a part of it.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        let covered: Vec<&str> = self.covered.iter().map(|c| c.noun()).collect();
        self.rest().map(|_| covered.join(" and "))
    }

    /// What of the data asked for no duty covers, while one covers the rest.
    #[must_use]
    pub fn rest(&self) -> Option<String> {
        if self.covered.is_empty() {
            return None;
        }
        let rest: Vec<&str> = self.asked.classes().iter().filter(|c| !self.covered.contains(c)).map(|c| c.noun()).collect();
        (!rest.is_empty()).then(|| format!("{} may be gone any day", rest.join(" and ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(asked: AskedData, covered: &[DataClass], months: Option<u16>, lost_from: Option<&str>) -> Retention {
        Retention {
            state: StateCode::new("IT").unwrap(),
            asked,
            kind: Some(RetentionKind::Duty),
            covered: covered.to_vec(),
            months,
            at_most: None,
            rule: "a rule".into(),
            lost_from: lost_from.map(|day| day.parse().unwrap()),
            grade: Grade::Partly,
            source: "a page".into(),
        }
    }

    #[test]
    fn a_last_day_is_said_of_what_is_covered_only() {
        let all = [DataClass::Subscriber, DataClass::Connection];
        let words = |covered: &[DataClass], months, day| kept(AskedData::Subscriber, covered, months, day).lost();
        assert_eq!(
            words(&all, Some(12), Some("2027-01-01")),
            "subscriber data of an origin: kept by law for a time: may be gone from 2027-01-01"
        );
        assert_eq!(
            words(&all[..1], Some(60), Some("2031-01-01")),
            "subscriber data: kept by law for a time: may be gone from 2031-01-01; connection logs may be gone any day"
        );
        assert_eq!(
            words(&all, Some(12), None),
            "subscriber data of an origin: kept 12 months by law; the day of the traffic is unknown, so that no last day can be given"
        );
        assert_eq!(
            kept(AskedData::Flow, &[], None, None).lost(),
            "no duty is known to cover flow records of a transit provider: may be gone any day"
        );
        let maximum =
            Retention { kind: Some(RetentionKind::Maximum), at_most: Some(12), ..kept(AskedData::Flow, &[], None, None) };
        assert_eq!(
            maximum.lost(),
            "flow records of a transit provider: at most 12 months, and no duty of every provider: may be gone any day"
        );
        let order = Retention { kind: Some(RetentionKind::ByOrder), ..maximum };
        assert_eq!(order.lost(), "flow records of a transit provider: kept only by order: may be gone any day");
    }

    #[test]
    fn the_role_decides_what_is_asked_for() {
        assert_eq!(AskedData::of(HopRole::Proxy, "mail"), AskedData::Mail);
        assert_eq!(AskedData::of(HopRole::Proxy, "upload"), AskedData::Connection);
        assert_eq!(AskedData::of(HopRole::Transit, "mail").classes(), [DataClass::Traffic]);
        assert!(AskedData::of(HopRole::Target, "scan").classes().is_empty());
    }
}
