//! What rests on no instrument: the letter rogatory, and what stands beside all law.

use std::sync::Arc;

use super::super::Law;
use super::super::dates::{AsOf, When};
use super::bodies::Addressee;
use super::pair::{Pair, in_force_first, read_source};
use super::place::Side;
use crate::model::channel::Purpose::{self, Act, Disclose, Inform, Preserve};
use crate::model::channel::{Channel, Usable};
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;

/// What the tables have of treaties between two states.
pub(super) const BUNDLES: &str = "of bilateral treaties the tables hold those of AU, CH, GB, IN, JP and US, as far as they were read, and of \
                                  agreements of the EU that with JP; of regional ones those of Minsk (1993) and Chisinau (2002), Riyadh (1983), \
                                  ECOWAS (1992), SADC, SAARC and Mercosur are not in them";
const PRACTICE: &str = "practice between states; no row of the tables";
const INTERPOL: &str = "INTERPOL";
const G7_NETWORK: &str = "G7 24/7 High Tech Crime Network";

/// A channel on no instrument, to be filled.
fn plain(kind: &str, purposes: &[Purpose], body: impl Into<Arc<str>>) -> Channel {
    Channel {
        kind: kind.into(),
        purposes: purposes.to_vec(),
        instrument: None,
        article: "".into(),
        limit: "".into(),
        body: body.into(),
        usable: Usable::Yes,
        caveats: Vec::new(),
        grade: Grade::Unconfirmed,
        as_of: "unknown".into(),
        source: PRACTICE.into(),
    }
}

/// What the tables say of a membership.
struct Member {
    is: Option<bool>,
    grade: Grade,
    source: String,
    caveat: Option<String>,
}

impl Pair<'_> {
    /// A court asks a court, through ministries and embassies.
    pub(super) fn letter(&self, general: &[Arc<str>]) -> Channel {
        let body = self.body(Addressee::Central);
        let mut c = plain("letter rogatory", &[Disclose, Act], body.name);
        c.article = "comity".into();
        c.caveats.push(
            "no duty to answer, and no limit in time; reciprocity and dual criminality as the law of the requested state asks"
                .into(),
        );
        c.caveats.extend(self.outside());
        if !self.with_us() {
            c.caveats.push(format!("{BUNDLES}: look into the treaty lists of {} and {}", self.from, self.to).into());
        }
        for side in self.sides() {
            if side.territory(&self.law.book).is_some_and(|t| t.parent.is_none()) {
                c.caveats.push(format!("whether the other side deals with authorities of {side} is not in the tables").into());
            }
        }
        c.caveats.extend(general.iter().cloned());
        c.caveats.extend(body.caveat.map(Arc::from));
        c
    }

    /// A reader looks for the widest treaties first, and for the law of the Union where a territory is no part of it: why
    /// one is not in the list.
    fn outside(&self) -> Vec<Arc<str>> {
        let mut out = Vec::new();
        for id in ["ETS185", "UNTOC", "USMLAT"].into_iter().take(if self.with_us() { 3 } else { 2 }) {
            let outside: Vec<String> = self
                .sides()
                .into_iter()
                .filter_map(|s| self.status(id, s))
                .filter(|s| matches!(s.status, Status::NotParty | Status::NotExtended | Status::Signatory | Status::Ratified))
                .map(|s| format!("{} {} ({}, as of {})", s.side, s.status.as_str(), s.grade, s.as_of))
                .collect();
            if !outside.is_empty() {
                out.push(format!("{id} not open on this day: {}", outside.join(", ")).into());
            }
        }
        for s in self.sides().into_iter().filter_map(|s| self.status("EEVID", s)) {
            let why = if s.status == Status::NotExtended {
                "not open on this day"
            } else if self.is_unsettled_eu_law("EEVID", &s) {
                "not taken as open"
            } else {
                continue;
            };
            out.push(
                format!("EEVID {why}: {} {} ({}, as of {}; {})", s.side, s.status.as_str(), s.grade, s.as_of, s.note).into(),
            );
        }
        out
    }

    /// Nobody answers for one of the places.
    pub(super) fn letter_to_nobody(&self) -> Channel {
        let mut c = plain("letter rogatory", &[Disclose, Act], "nobody that the tables know of");
        c.article = "comity".into();
        c.usable = Usable::Unknown;
        let book = &self.law.book;
        for side in self.sides().into_iter().filter(|s| !s.answers(book)) {
            match self.place(side) {
                Some(place) => c.caveats.push(place.into()),
                None => c.caveats.push(format!("{side}: no state or territory of the rule book").into()),
            }
        }
        c.caveats.extend(self.in_fact().into_iter().map(Arc::from));
        c
    }

    /// A state and its territory, or two territories of one state, are no parties to a treaty with each other.
    pub(super) fn within(&self, state: StateCode) -> Channel {
        let body = self.body(Addressee::Central);
        let mut c = plain("arrangement within one state", &[Preserve, Disclose, Act], body.name);
        c.article = format!("law of {state} between its parts").into();
        c.usable = Usable::Unknown;
        c.caveats.push(
            format!("{} and {} have laws of their own under {state}: treaties do not bind them to each other, and their own arrangements are not in the tables", self.from, self.to)
                .into(),
        );
        c.caveats.extend(self.sides().into_iter().filter_map(|s| self.place(s)).map(Arc::from));
        c.caveats.extend(body.caveat.map(Arc::from));
        c
    }

    /// Networks, CERTs, police information, points of contact, providers.
    pub(super) fn beside(&self) -> Vec<Channel> {
        let mut channels = Vec::new();
        channels.extend(self.g7());
        channels.push(self.cert());
        channels.extend(self.interpol());
        channels.extend(self.points_of_contact());
        channels.extend(self.provider_of_its_own_accord());
        in_force_first(&mut channels);
        channels
    }

    pub(super) fn cert(&self) -> Channel {
        // A state does not run the CERT of every territory that it answers for.
        let whole = self.to.whole(&self.law.book).state();
        let own = self.domestic().filter(|(_, of)| of.is_none() || *of == whole);
        let body = own.and_then(|_| self.named(|d| &d.cert));
        let name = body.as_ref().map_or_else(|| format!("national CERT or CSIRT of {}", self.to), |b| b.name.clone());
        let mut c = plain("CERT-to-CERT", &[Inform, Act], name);
        c.article = "practice".into();
        c.caveats.push("gives no evidence for a court; norm 13(k) of A/70/174: CERTs are kept out of any harm and misuse".into());
        match (own, body) {
            (Some((row, _)), Some(body)) => {
                c.grade = row.cited.grade;
                c.source = read_source(&row.cited.source).into();
                c.caveats.extend(body.caveat.map(Arc::from));
            }
            _ => {
                c.usable = Usable::Unknown;
                c.caveats.push(format!("the tables name no CERT of {}", self.to).into());
            }
        }
        c
    }

    fn interpol(&self) -> Option<Channel> {
        let members = self.wholes().map(|s| self.member_of_interpol(s));
        if members.iter().any(|m| m.is == Some(false)) {
            return None;
        }
        let own = members.iter().all(|m| m.is == Some(true));
        let mut c = plain("INTERPOL", &[Preserve, Inform], self.central_bureau(own));
        c.article = "I-24/7".into();
        c.caveats.push("police information, no evidence for a court; not for matters of a political, military, religious or racial character".into());
        self.fill(&mut c, members);
        Some(c)
    }

    /// Of the side that is asked; where another has power there, of the state that answers for it in law. Many territories have
    /// none of their own.
    fn central_bureau(&self, own: bool) -> String {
        let book = &self.law.book;
        let (to, parent) = (self.to, self.to.territory(book).and_then(|t| t.parent));
        let whole = to.whole(book).state().filter(|s| Some(*s) != to.state());
        match (to.in_law_only(book), whole, parent) {
            (Some(state), ..) => format!("National Central Bureau of {state}, which answers for {to} in law"),
            (None, Some(state), _) => format!("National Central Bureau of {state}"),
            (None, None, Some(state)) if !own => {
                format!("National Central Bureau that serves {to} (its own or that of {state}: not in the tables)")
            }
            _ => format!("National Central Bureau of {to}"),
        }
    }

    fn g7(&self) -> Option<Channel> {
        let members = self.wholes().map(|s| self.member_by_row(G7_NETWORK, s));
        let known = members.iter().filter(|m| m.is == Some(true)).count();
        // The list is not public: between two states of which nothing is known nothing is offered.
        if known == 0 || members.iter().any(|m| m.is == Some(false)) {
            return None;
        }
        let body = self.body(Addressee::OnCall);
        let mut c = plain("G7 24/7 network", &[Preserve, Inform], body.name);
        c.article = "practice".into();
        self.fill(&mut c, members);
        c.caveats.extend(body.caveat.map(Arc::from));
        Some(c)
    }

    fn fill(&self, c: &mut Channel, members: [Member; 2]) {
        c.grade = members.iter().map(|m| m.grade).max().unwrap_or(Grade::Unconfirmed);
        if members.iter().any(|m| m.is.is_none()) {
            c.usable = Usable::Unknown;
        }
        let mut sources: Vec<String> = members.iter().map(|m| m.source.clone()).collect();
        sources.dedup();
        c.source = sources.join("; ").into();
        let mut caveats: Vec<String> = members.into_iter().filter_map(|m| m.caveat).collect();
        caveats.dedup();
        c.caveats.extend(caveats.into_iter().map(Arc::from));
    }

    fn member_by_row(&self, group: &str, side: Side<'_>) -> Member {
        let tables = &self.law.tables;
        let found = side.state().and_then(|state| tables.groups.iter().find(|m| &*m.group == group && m.state == state));
        match found {
            Some(row) => {
                let is = tables.belongs(group, row.state, self.on).map(|(is, _)| is);
                let mut parts = Vec::new();
                if row.joined.is_none() && is == Some(true) {
                    parts.push("since when is not in the table".to_owned());
                }
                if is.is_none() {
                    parts.push(format!("listed as {}; whether on this day is not settled by the table", row.status));
                }
                if !row.cited.note.is_empty() {
                    parts.push(row.cited.note.to_string());
                }
                let caveat = (!parts.is_empty()).then(|| format!("{side} in {group}: {}", parts.join("; ")));
                Member { is, grade: row.cited.grade, source: read_source(&row.cited.source).to_owned(), caveat }
            }
            None => Member {
                is: None,
                grade: Grade::Unconfirmed,
                source: "no row".to_owned(),
                caveat: Some(format!("whether {side} takes part in {group} is not in the tables")),
            },
        }
    }

    /// The table has rows for those outside, those who joined late and those that were not in the list read; a member of the
    /// United Nations without a row is taken as a member from the date of the list on, and the channel says so.
    fn member_of_interpol(&self, side: Side<'_>) -> Member {
        let by_row = self.member_by_row(INTERPOL, side);
        let has_row = self.law.tables.groups.iter().any(|m| &*m.group == INTERPOL && Some(m.state) == side.state());
        if has_row || !self.is_un_member(side) {
            return by_row;
        }
        let outside = self.law.tables.groups.iter().find(|m| &*m.group == INTERPOL && &*m.status == "non-member");
        let list = Law::table_as_of("groups.csv");
        let listed = matches!(list, AsOf::On(d) if d.when(self.on) == When::Since);
        let caveat = if listed {
            "taken as a member because the table lists those outside and is otherwise a list of exceptions; since when is not in it".to_owned()
        } else {
            format!("{side} is taken as a member of {INTERPOL} by a list of {list}; whether already on this day is not in it")
        };
        Member {
            is: listed.then_some(true),
            grade: Grade::Unconfirmed,
            source: outside.map_or_else(|| "no row".to_owned(), |m| read_source(&m.cited.source).to_owned()),
            caveat: Some(caveat),
        }
    }

    fn is_un_member(&self, side: Side<'_>) -> bool {
        side.state().and_then(|s| self.law.book.state(s)).is_some_and(|s| &*s.un_status == "UN member")
    }

    fn points_of_contact(&self) -> Option<Channel> {
        let row = self.law.tables.directory()?;
        if row.date.is_none_or(|d| d.when(self.on) == When::Before) {
            return None;
        }
        if !self.wholes().into_iter().all(|s| self.is_un_member(s)) {
            return None;
        }
        let mut c = plain("UN points of contact", &[Inform], format!("point of contact of {}, if it has named one", self.to));
        c.article = "directory".into();
        c.usable = Usable::Unknown;
        c.grade = row.grade;
        c.source = row.source.clone();
        let since = row.date.map_or_else(|| "an unknown day".to_owned(), |d| d.to_string());
        c.caveats.push(format!("set up {since}: {}", row.what).into());
        c.caveats.push("between states, on the security of ICTs; no channel for evidence".into());
        Some(c)
    }

    /// Law of the United States lets a provider speak in an emergency.
    fn provider_of_its_own_accord(&self) -> Option<Channel> {
        if self.to.as_str() != "US" {
            return None;
        }
        let row = self.law.tables.us_law("18 U.S.C. 2702")?;
        let mut c = plain("voluntary disclosure by the provider", &[Disclose], "the provider in the US");
        c.article = row.provision.clone();
        c.limit = row.time_limit.as_deref().unwrap_or_default().into();
        c.usable = Usable::Unknown;
        c.grade = row.grade;
        c.source = read_source(&row.source).into();
        c.caveats.push(format!("{} ({})", row.effect, row.who.as_deref().unwrap_or("who: not read")).into());
        c.caveats.push(
            format!(
                "nobody can be made to; whether an authority of {} counts as a governmental entity is not in the tables",
                self.from
            )
            .into(),
        );
        Some(c)
    }
}
