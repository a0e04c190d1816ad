//! What rests on an instrument, in the order in which it is worth trying.

use std::sync::Arc;

use super::super::instruments::{Instrument, Provision};
use super::beside::BUNDLES;
use super::bodies::Addressee::{self, Central, Judicial, OnCall, Provider, ProviderByDesignated};
use super::caveats::binding;
use super::pair::{Both, Pair, Standing, in_force_first, oldest, read_source};
use super::place::Side;
use crate::model::channel::Purpose::{self, Act, Disclose, Inform, Preserve};
use crate::model::channel::{Channel, Usable};
use crate::model::law::{Grade, Status};

/// One way under one instrument.
struct Way {
    instrument: &'static str,
    kind: &'static str,
    /// As a reader cites it.
    article: &'static str,
    /// The articles whose provisions are read for limit and grade; none: the instrument is cited as a whole.
    articles: &'static [u16],
    purposes: &'static [Purpose],
    to: Addressee,
    caveats: &'static [&'static str],
}

const HOURS: &str = "contact points are on call day and night; that is no limit for an answer";
const BILATERAL: &str = "bilateral MLAT";
const LIMITED: &str =
    "several treaties of this list are only for drug trafficking or the proceeds of crime, and the list does not say which";
const UNTOC_SCOPE: &str =
    "only for serious crime (punishable by 4 years or more) that is transnational and involves an organised criminal group";
const REFUSAL: &str = "grounds of refusal of the law of the requested state and of its treaties apply (art. 25(4)); dual criminality may be asked for (art. 25(5))";
const PERSONS: &str = "only for serious crime; no order of the other side may target a US person, wherever that is, nor anybody in the US \
                       (18 U.S.C. 2523(b)(4)(A)), and none of the US anybody in the other state";
const NETWORK: &str = "24/7 network";
const ADDRESSEE: &str =
    "the designated establishment or legal representative of the provider, in the Member State in which it has one";
const REPLACED: &str = "the European Investigation Order takes the place of what corresponds to it between its Member States";

/// In order of preference where all are in force. Ways of one instrument stand together.
const WAYS: &[Way] = &[
    way("EEVID", "e-Evidence order", "11", &[11], &[Preserve], Provider, &["European Preservation Order"]),
    way("EEVID", "e-Evidence order", "10", &[10], &[Disclose], Provider, &["European Production Order"]),
    way("EIO", "EIO", "32", &[32], &[Preserve], Judicial, &["provisional measure against the loss of evidence"]),
    way("EIO", "EIO", "1, 9, 12", &[1, 12], &[Disclose, Act], Judicial, &[]),
    way("CLOUDACT", "CLOUD Act agreement", "whole", &[], &[Disclose], ProviderByDesignated, &[PERSONS]),
    // The network carries the request; what it asks for rests on art. 29.
    way("ETS185", "preservation request", "29 (through the contact point of art. 35)", &[29], &[Preserve], OnCall, &[]),
    way("ETS185", NETWORK, "35", &[35], &[Preserve, Inform], OnCall, &[HOURS]),
    way(
        "ETS185",
        "disclosure of the path",
        "30",
        &[30],
        &[Disclose],
        OnCall,
        &["only what is needed to identify a provider of another state and the path; follows from a preservation request"],
    ),
    way("ETS185", "MLA", "31", &[31], &[Disclose], Central, &[REFUSAL]),
    way("CETS224", "Second Protocol", "9", &[9], &[Disclose], OnCall, &["only in an emergency"]),
    way("CETS224", "Second Protocol", "7", &[7], &[Disclose], ProviderByDesignated, &["only subscriber information"]),
    way("CETS224", "Second Protocol", "8", &[8], &[Disclose], Central, &["only subscriber information and traffic data"]),
    way("CETS224", "Second Protocol", "10", &[10], &[Disclose, Act], Central, &["only in an emergency"]),
    way("USMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[]),
    way("CHMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[]),
    way("INMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[]),
    way("JPMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[]),
    way("AUMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[]),
    way("GBMLAT", BILATERAL, "whole", &[], &[Disclose, Act], Central, &[LIMITED]),
    way("EUMLA2000", "EU MLA Convention", "whole", &[], &[Disclose, Act], Judicial, &[REPLACED]),
    way("ETS30", "regional MLA treaty", "1-20", &[1], &[Disclose, Act], Central, &[]),
    way("ARAB2010", "regional MLA treaty", "32-43", &[32], &[Preserve, Disclose, Act], Central, &[]),
    way("CIS2018", "regional MLA treaty", "5-9", &[5], &[Disclose, Act], Central, &[]),
    way("CIS2001", "regional MLA treaty", "whole", &[], &[Disclose, Act], Central, &[]),
    way("ASEANMLAT", "regional MLA treaty", "whole", &[], &[Disclose, Act], Central, &[]),
    way("OASA55", "regional MLA treaty", "whole", &[], &[Disclose, Act], Central, &[]),
    way(
        "MALABO",
        "regional MLA treaty",
        "28",
        &[28],
        &[Disclose, Inform],
        Central,
        &["a frame for cooperation: its article gives no procedure for evidence that was read"],
    ),
    way(
        "ECOWAS2011",
        "regional directive",
        "33",
        &[33],
        &[Disclose],
        Central,
        &["a directive works through the law of each member that has transposed it"],
    ),
    way(
        "HARARE",
        "Commonwealth scheme",
        "whole",
        &[],
        &[Preserve, Disclose, Act],
        Central,
        &["binds nobody: what may be done under it stands in the law of each member"],
    ),
    way(
        "SCO2009",
        "agreement on information security",
        "2-5",
        &[2],
        &[Inform],
        Central,
        &["cooperation in security between states: no procedure for evidence in it was read"],
    ),
    way("UNTOC", "UNTOC", "18", &[18], &[Disclose, Act], Central, &[UNTOC_SCOPE]),
];

const fn way(
    instrument: &'static str,
    kind: &'static str,
    article: &'static str,
    articles: &'static [u16],
    purposes: &'static [Purpose],
    to: Addressee,
    caveats: &'static [&'static str],
) -> Way {
    Way { instrument, kind, article, articles, purposes, to, caveats }
}

/// Treaties between both that art. 27 of the Budapest Convention leaves in place: it serves only where there is none. Those of the
/// United Kingdom are not among them: which of them are for crime in general is not in the table.
const MLA_TREATIES: &[&str] = &[
    "EUMLA2000",
    "USMLAT",
    "CHMLAT",
    "INMLAT",
    "JPMLAT",
    "AUMLAT",
    "ETS30",
    "ARAB2010",
    "CIS2018",
    "CIS2001",
    "ASEANMLAT",
    "OASA55",
];

impl Pair<'_> {
    /// All ways that rest on an instrument.
    pub(super) fn by_treaty(&self) -> Vec<Channel> {
        let mut channels: Vec<Channel> = Vec::new();
        let mut last: Option<(&str, Option<Both<'_>>)> = None;
        for way in WAYS {
            if last.as_ref().is_none_or(|(id, _)| *id != way.instrument) {
                last = Some((way.instrument, self.usable_together(way.instrument)));
            }
            let Some((_, Some(both))) = &last else { continue };
            let already = channels.last().is_some_and(|c| c.instrument.as_deref() == Some(way.instrument));
            // What is not known to be open is listed once, not once per article.
            if both.usable != Usable::Yes && already {
                continue;
            }
            channels.extend(self.channel(way, both));
        }
        in_force_first(&mut channels);
        channels
    }

    /// Orders to providers, as far as the side that asks decides: the other side is where the provider has its establishment
    /// or representative, and no packet shows that.
    pub(super) fn orders_to_providers(&self) -> Vec<Channel> {
        let Some(own) = self.status("EEVID", self.from).filter(|s| s.status == Status::Party) else { return Vec::new() };
        let both = Both { usable: Usable::Yes, statuses: vec![own] };
        let orders = WAYS.iter().filter(|w| w.instrument == "EEVID").filter_map(|w| self.channel(w, &both));
        orders.map(|c| Channel { body: ADDRESSEE.into(), ..c }).collect()
    }

    fn usable_together(&self, instrument: &str) -> Option<Both<'_>> {
        match instrument {
            // Lists of the others are not complete either, but there a pair without a row would be one of thousands that are open.
            "CLOUDACT" | "AUMLAT" | "CHMLAT" | "GBMLAT" | "INMLAT" | "JPMLAT" => {
                let both = self.with_the_home(instrument)?;
                let partner = both.statuses.first().and_then(|s| s.side.sovereign(&self.law.book))?;
                self.law.book.instrument(instrument)?.rows.contains_key(&partner).then_some(both).map(of_unread_scope)
            }
            "USMLAT" => self.with_the_home(instrument),
            // Open to parties of the Budapest Convention only, and not in force before enough of them have ratified: what the
            // tables do not say is not open.
            "CETS224" => self.both(instrument).filter(|b| b.usable == Usable::Yes),
            "CIS2001" => {
                // Superseded between those bound by the later one.
                let superseded = self.both("CIS2018").is_some_and(|b| b.usable == Usable::Yes);
                if superseded { None } else { self.both(instrument) }
            }
            _ => self.both(instrument),
        }
    }

    /// A bundle of agreements of one state, its home, with others: the row of the other decides. A territory of the home that
    /// asks or is asked is perhaps not reached.
    fn with_the_home(&self, instrument: &str) -> Option<Both<'_>> {
        let home = self.law.book.instrument(instrument)?.home()?;
        let is_home = |s: Side<'_>| s.sovereign(&self.law.book) == Some(home);
        let (here, other) = match (is_home(self.from), is_home(self.to)) {
            (true, false) => (self.from, self.to),
            (false, true) => (self.to, self.from),
            _ => return None,
        };
        let mut both = self.combined(instrument, vec![self.status(instrument, other)?])?;
        if here.as_str() != home.as_str() && both.usable == Usable::Yes {
            both.usable = Usable::Unknown;
        }
        Some(both)
    }

    fn channel(&self, way: &Way, both: &Both<'_>) -> Option<Channel> {
        let instrument = self.law.book.instrument(way.instrument)?;
        let lumped = way.instrument == "ETS185" && both.usable != Usable::Yes;
        let (kind, article, articles, purposes): (&str, &str, &[u16], &[Purpose]) = match (way.instrument, way.articles) {
            ("ETS185", _) if lumped => (NETWORK, "29, 30, 31, 35", &[29, 30, 31, 35], &[Preserve, Disclose, Inform]),
            ("ETS185", [31]) if !self.has_other_mla_treaty() => (way.kind, "27, 31", &[27, 31], way.purposes),
            _ => (way.kind, way.article, way.articles, way.purposes),
        };
        let provisions = provisions(instrument, articles);
        let mut grade = both.statuses.iter().map(|s| s.grade).max().unwrap_or(Grade::Unconfirmed);
        grade = provisions.iter().map(|p| p.grade).fold(grade, Ord::max);
        let mut caveats: Vec<String> = way.caveats.iter().map(|c| (*c).to_owned()).collect();
        if provisions.len() < articles.len() {
            grade = Grade::Unconfirmed;
            caveats.push("not every article is among the provisions of the rule book".to_owned());
        }
        let mut limits: Vec<&str> = provisions.iter().filter_map(|p| p.time_limit.as_deref()).collect();
        limits.dedup();
        let limit = match (way.instrument, way.articles) {
            // Limits of several articles at once would say of one what is true of another.
            _ if lumped => String::new(),
            // A day by which members had to change their laws is no limit for an answer.
            ("ECOWAS2011", _) => String::new(),
            _ => limits.join("; "),
        };
        self.of_the_article(way, &mut caveats);
        if way.instrument == "ETS185" && articles.contains(&27) {
            caveats.push(self.on_article_27());
        }
        if matches!(way.instrument, "ETS185" | "ETS30" | "CETS224") {
            caveats.extend(self.left_the_council());
        }
        if both.usable == Usable::Unknown {
            // Rows on something else may be confirmed; that it reaches both sides was not read.
            grade = Grade::Unconfirmed;
            caveats.insert(0, self.why_unknown(&both.statuses));
        }
        caveats.extend(both.statuses.iter().filter_map(of_the_row));
        caveats.extend(stale(&both.statuses));
        let of_the_row = (way.instrument == "ETS185").then(|| self.named_in_the_row(&both.statuses)).flatten();
        let body = of_the_row.unwrap_or_else(|| self.body(way.to));
        caveats.extend(body.caveat);
        Some(Channel {
            kind: kind.into(),
            purposes: purposes.to_vec(),
            instrument: Some(instrument.id.clone()),
            article: article.into(),
            limit: limit.into(),
            body: body.name.into(),
            usable: both.usable,
            caveats: caveats.into_iter().map(Arc::from).collect(),
            grade,
            as_of: oldest(both.statuses.iter().map(|s| s.as_of)).to_string().into(),
            source: source(instrument, &both.statuses),
        })
    }

    fn has_other_mla_treaty(&self) -> bool {
        MLA_TREATIES.iter().any(|id| self.usable_together(id).is_some_and(|b| b.usable == Usable::Yes))
    }

    fn on_article_27(&self) -> String {
        let open: Vec<&str> =
            MLA_TREATIES.iter().copied().chain(["GBMLAT"]).filter(|id| self.usable_together(id).is_some()).collect();
        let mut text = format!(
            "art. 27 serves only where no other treaty of mutual assistance is in force between {} and {}: none is known, and {BUNDLES}",
            self.from, self.to
        );
        if !open.is_empty() {
            text.push_str("; not settled: ");
            text.push_str(&open.join(", "));
        }
        text
    }

    fn of_the_article(&self, way: &Way, caveats: &mut Vec<String>) {
        let provision = |n: u16| self.law.book.instrument(way.instrument).and_then(|i| provisions(i, &[n]).first().copied());
        let words = |p: &Provision| match &p.time_limit {
            Some(limit) => format!("{}: {} ({limit}; {})", p.provision, p.effect, p.grade),
            None => format!("{}: {} ({})", p.provision, p.effect, p.grade),
        };
        match (way.instrument, way.articles) {
            ("EEVID", [10]) => caveats.extend([4, 8].into_iter().filter_map(provision).map(words)),
            ("ETS185", [29]) => {
                let reserved = self.status("ETS185", self.to).is_some_and(|s| s.note.contains("29(4)"));
                if !reserved {
                    caveats.push(format!(
                        "dual criminality is no condition of preservation unless the requested state has reserved art. 29(4); whether {} \
                         has is not in the tables",
                        self.to
                    ));
                }
                if self.to.as_str() == "US"
                    && let Some(row) = self.law.tables.us_law("18 U.S.C. 2703(f)")
                {
                    let limit = row.time_limit.as_deref().unwrap_or("no limit read");
                    caveats
                        .push(format!("in the US by {}, {}: {limit} ({}; {})", row.provision, row.effect, row.grade, row.source));
                }
            }
            ("EUMLA2000" | "ETS30", _) if self.both("EIO").is_none_or(|b| b.usable != Usable::Yes) => {
                caveats.retain(|c| c != REPLACED);
            }
            ("ETS30", _) => caveats.push(REPLACED.to_owned()),
            _ => {}
        }
    }

    fn why_unknown(&self, statuses: &[Standing<'_>]) -> String {
        let open: Vec<&str> = statuses.iter().filter(|s| s.status == Status::Unknown).map(|s| s.side.as_str()).collect();
        if let Some(s) = statuses.iter().find(|s| is_of_unread_scope(s)) {
            format!("whether the treaty with {} serves crime in general was not read", s.side)
        } else if open.is_empty() {
            format!("whether it reaches a territory of its home is not in the tables ({} asks {})", self.from, self.to)
        } else {
            format!("whether {} is bound on {} is not settled by the tables", open.join(" and "), self.on)
        }
    }
}

/// A treaty of a list that names no scope: some of them are for drug trafficking or for proceeds of crime only.
fn is_of_unread_scope(s: &Standing<'_>) -> bool {
    &*s.instrument == "GBMLAT" && ["limited to", "proceeds"].iter().any(|w| s.note.contains(w))
}

fn of_unread_scope(mut both: Both<'_>) -> Both<'_> {
    if both.usable == Usable::Yes && both.statuses.iter().any(is_of_unread_scope) {
        both.usable = Usable::Unknown;
    }
    both
}

/// How a side stands, if there is more to it than being bound.
fn of_the_row(s: &Standing<'_>) -> Option<String> {
    let mut parts = vec![match s.status {
        Status::Party => binding(s),
        Status::Unknown => format!("{} for {}: unknown, {}", s.instrument, s.side, s.grade),
        other => format!("{} for {}: {}, {}", s.instrument, s.side, other.as_str(), s.grade),
    }];
    if !s.note.is_empty() {
        parts.push(s.note.clone());
    }
    Some(parts.join("; "))
}

fn stale(statuses: &[Standing<'_>]) -> Option<String> {
    let old: Vec<String> = statuses.iter().filter(|s| s.stale).map(|s| format!("{} as of {}", s.side, s.as_of)).collect();
    (!old.is_empty()).then(|| format!("old rows ({}): a later change is not excluded", old.join(", ")))
}

fn source(instrument: &Instrument, statuses: &[Standing<'_>]) -> Arc<str> {
    if let Some(page) = &instrument.official {
        return page.clone();
    }
    let mut read: Vec<&str> = statuses.iter().map(|s| read_source(&s.source)).collect();
    read.dedup();
    read.join("; ").into()
}

/// The provisions that have these articles, in their order; what is not found is left out. Without articles: the one on
/// the whole, if there is one.
pub(super) fn provisions<'a>(instrument: &'a Instrument, articles: &[u16]) -> Vec<&'a Provision> {
    if articles.is_empty() {
        return instrument.provisions.iter().filter(|p| p.provision.starts_with("whole")).take(1).collect();
    }
    let find = |n: u16| {
        let own = format!("art. {n}");
        let exact = instrument.provisions.iter().find(|p| p.provision == own);
        exact.or_else(|| instrument.provisions.iter().find(|p| covers(&p.provision, n)))
    };
    articles.iter().filter_map(|n| find(*n)).collect()
}

/// Is article `n` among `arts 23-28, 32-43`?
fn covers(provision: &str, n: u16) -> bool {
    let number = |s: &str| {
        let digits: String = s.trim().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok()
    };
    let Some(list) = provision.strip_prefix("arts ").or_else(|| provision.strip_prefix("art. ")) else { return false };
    list.split([',', ';']).any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        matches!((number(first), number(last)), (Some(a), Some(b)) if (a..=b).contains(&n))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Law;
    use super::*;

    #[test]
    fn lists_of_articles_are_read() {
        for (text, n, is) in [
            ("arts 23-28, 32-43", 28, true),
            ("arts 23-28, 32-43", 29, false),
            ("art. 36(4), 37(2)", 37, true),
            ("art. 3", 30, false),
            ("whole (revised 2011)", 2, false),
        ] {
            assert_eq!(covers(text, n), is, "{text} {n}");
        }
    }

    /// A cited article must be in the rule book, so that a reader can look it up.
    #[test]
    fn every_cited_article_is_a_provision() {
        let book = &Law::shipped().unwrap().book;
        for w in WAYS {
            let instrument = book.instrument(w.instrument).unwrap_or_else(|| panic!("no {}", w.instrument));
            for n in w.articles {
                assert_eq!(provisions(instrument, &[*n]).len(), 1, "{} {n}", w.instrument);
            }
        }
    }

    #[test]
    fn ways_of_one_instrument_stand_together() {
        let mut ids: Vec<&str> = WAYS.iter().map(|w| w.instrument).collect();
        ids.dedup();
        let n = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n);
    }
}
